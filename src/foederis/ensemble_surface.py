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
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import simulation
from foederis.ensemble_work import one_thread
from foederis.errors import SolveError
from foederis.simulation import VARIABLES, Horizon, Parameters, Plan
from foederis.trade import Economy, Equilibrium, purge
from foederis.trade.solver import chord_of

__all__ = ["ERROR_BOUND", "RANGE", "Check", "Surface", "barycentric", "economy_at", "nodes", "patch", "prepare"]

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


def patch(
    plan: Plan,
    horizon: Horizon,
    name: str,
    theta: Float[Array, " sector"],
    start: Mapping[str, Equilibrium],
    extra: int = 0,
) -> Patch:
    """Solve the nodes of one set at one horizon, each from its neighbour; `extra` nodes sharpen the surface.

    Raises SolveError naming the case.
    """
    plan = replace(plan, economy=economy_at(plan.economy, theta))
    at = nodes(DEGREE[horizon] + extra + (STEEP_EXTRA if theta.max() > STEEP else 0))
    mobilities = (math.inf,) if horizon == "long run" else MOBILITIES
    walk = _Walk(plan, theta, name, horizon)
    middle = len(at) // 2
    found: dict[tuple[int, int], dict[str, Array]] = {}
    first = start
    for m, mobility in enumerate(mobilities):
        walk.begin(first)
        found[m, middle] = walk.to(float(at[middle]), mobility)
        first = walk.last
        for order in (range(middle + 1, len(at)), range(middle - 1, -1, -1)):
            walk.begin(first, float(at[middle]))
            for k in order:
                found[m, k] = walk.to(float(at[k]), mobility)
    shape = (len(mobilities), len(at))
    values = {v: np.array([[found[m, k][v] for k in range(shape[1])] for m in range(shape[0])]) for v in VARIABLES}
    count = shape[0] * shape[1] * plan.cases(horizon)
    return Patch(name, horizon, at, values, walk.worst, walk.passes, count)


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


class _Walk:
    """From node to node, each started where the last two point; keeps the worst residuals met."""

    def __init__(self, plan: Plan, theta: Float[Array, " sector"], name: str, horizon: Horizon):
        self.plan, self.theta, self.name, self.horizon = plan, theta, name, horizon
        self.worst: dict[str, float] = {}
        self.passes = 0
        self.last: Mapping[str, Equilibrium] = {}
        self.trail: list[tuple[float, Mapping[str, Equilibrium]]] = []

    def begin(self, start: Mapping[str, Equilibrium], at: float | None = None) -> None:
        """Start a stretch from known equilibria, at a log factor where they belong to this set."""
        self.last = start
        self.trail = [] if at is None else [(at, start)]

    def to(self, at: float, mobility: float) -> dict[str, Array]:
        """Solve the node at a log factor; returns its outcomes."""
        near = self.last
        if len(self.trail) > 1:
            (x0, behind), (x1, here) = self.trail[-2:]
            near = _ahead(behind, here, (at - x1) / (x1 - x0))
        solved = _solved(self.plan, Parameters(self.theta, at, mobility, self.name), self.horizon, near)
        self.last = {"scenario": solved.scenario, "exempt": solved.exempt, "reference": solved.reference}
        self.trail.append((at, self.last))
        self.passes = max(self.passes, solved.passes)
        self.worst = {market: max(r, self.worst.get(market, 0.0)) for market, r in solved.residuals.items()}
        return simulation.values(self.plan, solved)


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


def _solved(plan: Plan, parameters: Parameters, horizon: Horizon, near: Mapping[str, Equilibrium]) -> simulation.Solved:
    try:
        return simulation.solve_cases(plan, parameters, horizon, tolerance=TOLERANCE, start=near)
    except SolveError:  # a start far from the solution can mislead; the base year is the other one we have
        return simulation.solve_cases(plan, parameters, horizon, tolerance=TOLERANCE)


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
