"""Outcomes as a smooth surface over what is drawn: exact equilibria at nodes, polynomials between them, checked.

A draw moves the equilibrium along two continuous directions only: one factor on all elasticities of a published set,
and the labour mobility of the short run. So each set gets exact solutions at Chebyshev nodes of the log factor (and at
three mobilities), and every draw is read off the interpolating polynomial. The error is measured against exact
solutions of draws that the nodes have not seen, in units of the 90 % interval of each outcome; beyond the bound the run
is refused. Nodes depend on no seed, draw or worker: results are equal to the bit for any number of workers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import simulation
from foederis.ensemble_work import one_thread
from foederis.errors import SolveError
from foederis.simulation import VARIABLES, Horizon, Parameters, Plan
from foederis.trade import Economy, Equilibrium, purge
from foederis.trade.solver import chord_of

__all__ = [
    "ERROR_BOUND",
    "RANGE",
    "Check",
    "Seed",
    "Surface",
    "barycentric",
    "economy_at",
    "nodes",
    "patches",
    "prepare",
]

Array = np.ndarray
RANGE = 1.26  # log factor: 3.6 standard deviations of the prior; draws beyond are solved exactly
DEGREE: Mapping[str, int] = {"long run": 7, "short run": 6}
STEEP = 11.0  # sets with a larger elasticity bend more and get STEEP_EXTRA more nodes
STEEP_EXTRA = 3
MOBILITIES = (1.2, 4 / 3, 1.5)
STARTS = ("labour_income_hat", "cost_hat", "wage_hat", "expenditure_new")  # what a solve starts from
TOLERANCE = 1e-8  # of the nodes: far below the error of reading between them
KEPT_SETS = 16  # elasticity sets whose economies are kept: all published ones
NOTHING = 1e-12  # of the base: what is left of a flow counts as no less
ERROR_BOUND = 0.05  # of the half-width of an outcome's 90 % interval


def nodes(degree: int) -> Float[Array, " node"]:
    """Chebyshev points of the second kind on the range of the log factor, ascending."""
    return np.asarray(-RANGE * np.cos(np.pi * np.arange(degree + 1) / degree))


def barycentric(x: Float[Array, " draw"], at: Float[Array, " node"]) -> Float[Array, "draw node"]:
    """Weights of the polynomial through the nodes at each x (Berrut & Trefethen 2004, eq. 4.2); rows sum to 1."""
    sign = np.where(np.arange(len(at)) % 2 == 0, 1.0, -1.0)
    sign[[0, -1]] *= 0.5
    gap = x[:, None] - at
    exact = gap == 0.0
    raw = sign / np.where(exact, 1.0, gap)
    hit = exact.any(axis=1)
    raw[hit] = exact[hit]
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class Patch:
    """Exact outcomes of one elasticity set at one horizon: `values[name]` is [mobility, node, ...]."""

    elasticity_set: str
    horizon: Horizon
    at: Float[Array, " node"]
    values: Mapping[str, Array]
    residuals: Mapping[str, float]
    passes: int
    equilibria: int


@dataclass(frozen=True, eq=False)
class Seed:
    """A plan, and equilibria of it to start from, by case."""

    plan: Plan
    start: Mapping[str, Equilibrium]


def patches(
    seeds: Sequence[Seed], horizon: Horizon, name: str, theta: Float[Array, " sector"], extra: int = 0
) -> list[Patch]:
    """Solve the nodes of one set at one horizon for several plans of one economy; `extra` nodes sharpen the surface.

    From the middle outwards, each node from its neighbour: the worlds of all plans, mobilities and both directions are
    solved side by side. Raises SolveError naming the case.
    """
    economy = economy_at(seeds[0].plan.economy, theta)
    at = nodes(DEGREE[horizon] + extra + (STEEP_EXTRA if theta.max() > STEEP else 0))
    middle, last = len(at) // 2, len(at) - 1
    mobilities = (math.inf,) if horizon == "long run" else MOBILITIES
    lanes = [
        _Lane(replace(seed.plan, economy=economy), horizon, name, theta, at, mobility, {middle: seed.start})
        for seed in seeds
        for mobility in mobilities
    ]
    _advance([(lane, middle, middle) for lane in lanes])
    for away in range(1, max(middle, last - middle) + 1):
        ends = [(middle + away, 1), (middle - away, -1)]
        _advance([(lane, k, k - way) for lane in lanes for k, way in ends if 0 <= k <= last])
    found = []
    for number, seed in enumerate(seeds):
        mine = lanes[number * len(mobilities) : (number + 1) * len(mobilities)]
        values = {v: np.array([[lane.values[k][v] for k in range(len(at))] for lane in mine]) for v in VARIABLES}
        residuals: dict[str, float] = {}
        for market, size in (pair for lane in mine for pair in lane.worst.items()):
            residuals[market] = max(size, residuals.get(market, 0.0))
        count = len(mine) * len(at) * seed.plan.cases(horizon)
        found.append(Patch(name, horizon, at, values, residuals, max(lane.passes for lane in mine), count))
    return found


def economy_at(economy: Economy, theta: Float[Array, " sector"]) -> Economy:
    """An economy at other elasticities, kept with it: the solver makes its chord at the economy's own, once."""
    kept: dict[bytes, Economy] = economy.kept.setdefault("at elasticities", {})
    key = theta.tobytes()
    if key not in kept:
        if len(kept) >= KEPT_SETS:
            kept.pop(next(iter(kept)))
        kept[key] = replace(economy, trade_elasticity=theta)
    return kept[key]


def prepare(plan: Plan, thetas: Iterable[Float[Array, " sector"]]) -> None:
    """Make what the solver needs at each of these elasticities here, so that processes forked from now on share it."""
    with one_thread():
        for theta in thetas:
            economy = economy_at(plan.economy, theta)
            chord_of(purge(economy) if plan.closure == "purged" else economy)


@dataclass(eq=False)
class _Lane:
    """The nodes of one plan at one mobility: what is solved, the outcomes, the worst residuals met."""

    plan: Plan
    horizon: Horizon
    name: str
    theta: Float[Array, " sector"]
    at: Float[Array, " node"]
    mobility: float
    solved: dict[int, Mapping[str, Equilibrium]]
    values: dict[int, dict[str, Array]] = field(default_factory=dict)
    worst: dict[str, float] = field(default_factory=dict)
    passes: int = 0

    def ask(self, k: int, near: int) -> simulation.Ask:
        """Node k, started at its neighbour; where two lie behind it, at where they point."""
        start, behind = self.solved[near], self.solved.get(2 * near - k)
        if behind is not None and behind is not start:
            step = (self.at[k] - self.at[near]) / (self.at[near] - self.at[2 * near - k])
            start = _ahead(behind, start, float(step))
        parameters = Parameters(self.theta, float(self.at[k]), self.mobility, self.name)
        return simulation.Ask(self.plan, parameters, self.horizon, start)

    def take(self, k: int, solved: simulation.Solved) -> None:
        """Keep what was solved at node k."""
        self.solved[k] = solved.by_case
        self.passes = max(self.passes, solved.passes)
        self.worst = {market: max(r, self.worst.get(market, 0.0)) for market, r in solved.residuals.items()}
        self.values[k] = simulation.values(self.plan, solved)


def _advance(tasks: Sequence[tuple[_Lane, int, int]]) -> None:
    """Solve (lane, node, neighbour) side by side."""
    solved = simulation.solve_beside([lane.ask(k, near) for lane, k, near in tasks], tolerance=TOLERANCE)
    for (lane, k, _), one in zip(tasks, solved, strict=True):
        lane.take(k, one)


def _ahead(behind: Mapping[str, Equilibrium], near: Mapping[str, Equilibrium], step: float) -> dict[str, Equilibrium]:
    """Where the next node should lie: the last two carried on in logs. Only a place to start from."""

    def on(one: Equilibrium, two: Equilibrium, name: str) -> Array:
        a, b = getattr(one, name), getattr(two, name)
        ratio = np.divide(b, a, out=np.ones_like(b), where=(a > 0) & (b > 0))
        return np.asarray(b * np.clip(ratio, 0.5, 2.0) ** step)

    def moved(case: str) -> Equilibrium:
        changes: dict[str, Any] = {name: on(behind[case], near[case], name) for name in STARTS}
        return replace(near[case], **changes)

    return {case: moved(case) for case in near}


@dataclass(frozen=True, eq=False)
class Surface:
    """All patches of a plan, by set and horizon.

    `logs`: changes in per cent are read between their logs. Where a duty of half the price falls away, exports rise
    many times over at high elasticities, as an exponential that a polynomial misses.
    """

    patches: Mapping[tuple[str, str], Patch]
    logs: bool = False

    def read(
        self,
        horizon: Horizon,
        sets: Sequence[str],
        log_factor: Float[Array, " draw"],
        mobility: Float[Array, " draw"],
    ) -> dict[str, Array]:
        """Outcomes [draw, ...] of draws, by interpolation; NaN for draws beyond the range of the nodes."""
        names = np.array(sets)
        out: dict[str, Array] = {}
        for name in dict.fromkeys(sets):
            mine = np.flatnonzero(names == name)
            part = self.patches[name, horizon]
            weight = barycentric(log_factor[mine], part.at)
            for variable, value in part.values.items():
                bent = self.logs and VARIABLES[variable].units == "%"
                known = np.log(np.maximum(1.0 + value / 100.0, NOTHING)) if bent else value
                along = np.tensordot(weight, known, axes=(1, 1))  # draw, mobility, ...
                read = along[:, 0] if len(value) == 1 else _between(along, mobility[mine])
                read = 100.0 * np.expm1(read) if bent else read
                out.setdefault(variable, np.full((len(sets), *read.shape[1:]), np.nan))[mine] = read
        outside = np.abs(log_factor) > RANGE
        for value in out.values():
            value[outside] = np.nan
        return out

    @property
    def residuals(self) -> dict[str, float]:
        """The worst residual of each market over all nodes."""
        found: dict[str, float] = {}
        for part in self.patches.values():
            for market, value in part.residuals.items():
                found[market] = max(value, found.get(market, 0.0))
        return found


def _between(along: Float[Array, "draw mobility *rest"], mobility: Float[Array, " draw"]) -> Array:
    """The quadratic in 1 / mobility, the exponent of T7, through the mobilities that were solved."""
    at = 1.0 / np.array(MOBILITIES)
    weight = np.ones((len(mobility), len(at)))
    for m, here in enumerate(at):
        for other in np.delete(at, m):
            weight[:, m] *= (1.0 / mobility - other) / (here - other)
    return np.asarray(np.einsum("dm,dm...->d...", weight, along))


@dataclass(frozen=True)
class Check:
    """The surface against exact solutions of unseen draws: the worst error, in half-widths of the 90 % interval."""

    draws: int
    worst: float
    variable: str

    @property
    def good(self) -> bool:
        """Whether the error is within the bound (NaN never is)."""
        return self.worst <= ERROR_BOUND

    def require(self) -> None:
        """Raise SolveError beyond the bound."""
        if not self.good:
            raise SolveError(
                f"the interpolated outcomes are off by {self.worst:.1%} of an interval ({self.variable}), allowed"
                f" {ERROR_BOUND:.0%}; choose exact solutions with --exact"
            )
