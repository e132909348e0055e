"""Many draws of what is uncertain, each with its own equilibria: the intervals of a run.

A draw is fixed by the seed and its number alone. By default outcomes are read off exact solutions at nodes (see
`ensemble_surface`, the error is checked on unseen draws); `exact` solves every draw. Either way no solve depends on how
the work is spread, and linear algebra has one thread: results are equal to the bit for any number of workers.

What is drawn (prior table of the model page):

* trade elasticities: one of the published sets, with equal chances (or the one set that the scenario names), times one
  factor for all sectors, lognormal with median 1 and sigma 0.35;
* labour mobility of the short run: uniform from 1.2 to 1.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import simulation, trade
from foederis.ensemble_surface import RANGE, Check, Patch, Seed, Surface, patches, prepare
from foederis.ensemble_work import beside, one_thread, spread
from foederis.errors import SolveError, UsageError
from foederis.simulation import VARIABLES, Horizon, Parameters, Plan
from foederis.trade import Equilibrium
from foederis.world import World

__all__ = [
    "MIN_DRAWS",
    "SETS",
    "Draws",
    "Variant",
    "beside",
    "central_parameters",
    "central_solutions",
    "draw_parameters",
    "one_thread",
    "run_draws",
    "spread",
    "variants",
    "worst",
]

Array = np.ndarray
Progress = Callable[[int, int], None]

# The published sets that a draw may take; other readings of the same papers are variants, not draws.
SETS = ("CP", "FGO", "GYY", "Shap", "LL", "BSY", "IS", "U4", "BLPN")
SIGMA = 0.35
MOBILITY = (1.2, 1.5)
MIN_DRAWS = 20  # fewer cannot show a 90 % interval
MAX_DRAWS = 100_000
CHUNK = 25
SHARPER = (0, 3)  # nodes added to every surface: none, then more where the check fails
PROBES = 10  # draws solved exactly to measure the error of the interpolation
LEAST_WIDTH = 1e-4  # per cent or bn USD: intervals narrower than this count as this wide


def central_parameters(world: World, elasticities: str | None = None) -> Parameters:
    """The set named (default: the world's own), unscaled, and the middle of the mobility range."""
    name = world.meta.get("elasticity_default", "table") if elasticities is None else elasticities
    theta = world.trade_elasticity if elasticities is None else _set(world, elasticities)
    return Parameters(theta, 0.0, sum(MOBILITY) / 2, str(name))


def draw_parameters(world: World, seed: int, number: int, elasticities: str | None = None) -> Parameters:
    """Draw `number` of a seed. `elasticities` keeps to one set; a world without published sets keeps its own."""
    rng = np.random.default_rng([seed, number])
    known = [name for name in SETS if name in world.elasticity_sets]
    pick, factor, mobility = rng.random(), rng.lognormal(0.0, SIGMA), rng.uniform(*MOBILITY)
    if elasticities is not None:
        name, theta = elasticities, _set(world, elasticities)
    elif known:
        name = known[int(pick * len(known))]
        theta = world.elasticity_sets[name]
    else:
        name, theta = "table", world.trade_elasticity
    return Parameters(theta, math.log(factor), float(mobility), name)


def _set(world: World, name: str) -> Float[Array, " sector"]:
    try:
        return world.elasticity_sets[name]
    except KeyError:
        raise UsageError(f"no elasticity set {name!r}; there are {', '.join(world.elasticity_sets)}") from None


@dataclass(frozen=True, eq=False)
class Draws:
    """Outcomes of all draws: `values[name]` is [draw, horizon, ...] with the dims of the variable after that.

    `check` is the error of the interpolation and `surface` what was read (None: every draw was solved); `equilibria`
    counts the exact solutions.
    """

    plan: Plan
    seed: int
    elasticities: str | None
    values: Mapping[str, Array]
    trade_elasticity: Float[Array, "draw sector"]
    mobility: Float[Array, " draw"]
    elasticity_set: tuple[str, ...]
    residuals: Mapping[str, float]  # worst over all equilibria
    equilibria: int
    check: Check | None
    surface: Surface | None

    @property
    def size(self) -> int:
        """Number of draws."""
        return len(self.mobility)


def central_solutions(plan: Plan, elasticities: str | None = None) -> dict[str, simulation.Solved]:
    """The equilibria at the central parameters, by horizon: the first answer, and where every solve starts."""
    parameters = central_parameters(plan.world, elasticities)
    with one_thread():
        return {horizon: simulation.solve_cases(plan, parameters, horizon) for horizon in plan.horizons}


def run_draws(
    plan: Plan,
    *,
    draws: int,
    seed: int,
    elasticities: str | None = None,
    central: Mapping[str, simulation.Solved] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    exact: bool = False,
    meanwhile: Callable[[], None] | None = None,
) -> Draws:
    """The outcomes of every draw. `workers` defaults to the number of usable cores; `progress` gets (done, of);
    `meanwhile` is called in this process while others solve.

    Raises UsageError on a senseless number of draws, SolveError naming what was refused.
    """
    if not MIN_DRAWS <= draws <= MAX_DRAWS:
        raise UsageError(f"draws is {draws}; choose {MIN_DRAWS} to {MAX_DRAWS:,}")
    start = central_solutions(plan, elasticities) if central is None else central
    parameters = [draw_parameters(plan.world, seed, k, elasticities) for k in range(draws)]
    job = Job(plan, {h: s.by_case for h, s in start.items()}, tuple(parameters))
    if exact:
        return _exact(job, seed, elasticities, workers, progress, meanwhile)
    return _interpolated(job, seed, elasticities, workers, progress, meanwhile)


@dataclass(frozen=True, eq=False)
class Job:
    """What the workers work on."""

    plan: Plan
    start: Mapping[str, Mapping[str, Equilibrium]]
    parameters: tuple[Parameters, ...]

    def part(self, task: tuple[str, Any]) -> Any:
        """A task that names its method, for work of several kinds at once."""
        verb, what = task
        return getattr(self, verb)(what)

    def solve(self, number: int) -> One:
        """Solve one draw exactly at every horizon; a refusal is noted, not raised."""
        parameters = self.parameters[number]
        one = One([], {})
        for horizon in self.plan.horizons:
            try:
                try:
                    solved = simulation.solve_cases(self.plan, parameters, horizon, start=self.start[horizon])
                except SolveError:  # a start far from the solution can mislead; the base year is the other one
                    solved = simulation.solve_cases(self.plan, parameters, horizon)
            except SolveError as refused:
                return One([], {}, refused=f"draw {number}: {refused}")
            one.values.append(simulation.values(self.plan, solved))
            for market, value in solved.residuals.items():
                one.residuals[market] = max(value, one.residuals.get(market, 0.0))
        return one

    def chunk(self, numbers: range) -> list[One]:
        """Solve some draws exactly."""
        return [self.solve(number) for number in numbers]

    def patch(self, task: tuple[Horizon, str, Float[Array, " sector"], int]) -> Patch:
        """Solve the nodes of one set at one horizon."""
        horizon, name, theta, extra = task
        return patches([Seed(self.plan, self.start[horizon])], horizon, name, theta, extra)[0]


@dataclass(eq=False)
class One:
    """One draw solved: outcomes by horizon, the worst residual of each market."""

    values: list[dict[str, Array]]
    residuals: dict[str, float]
    refused: str = ""


def _exact(
    job: Job,
    seed: int,
    elasticities: str | None,
    workers: int | None,
    progress: Progress | None,
    meanwhile: Callable[[], None] | None,
) -> Draws:
    draws = len(job.parameters)
    chunks = [range(k, min(k + CHUNK, draws)) for k in range(0, draws, CHUNK)]
    parts: dict[int, list[One]] = {}
    for k, done in spread(job, "chunk", chunks, workers, meanwhile):
        parts[k] = done
        if progress is not None:
            progress(sum(map(len, parts.values())), draws)
    every = [one for k in sorted(parts) for one in parts[k]]
    _require(every)
    values = {name: _stacked(every, name, len(job.plan.horizons)) for name in VARIABLES}
    count = draws * sum(job.plan.cases(h) for h in job.plan.horizons)
    return _draws(job, seed, elasticities, values, worst([o.residuals for o in every]), count, None, None)


def _require(every: Sequence[One]) -> None:
    refused = [one.refused for one in every if one.refused]
    if refused:
        raise SolveError(f"{len(refused)} of {len(every)} draws were refused; the first: {refused[0]}")


def _stacked(every: Sequence[One], name: str, horizons: int) -> Array:
    return np.array([[np.asarray(one.values[h][name]) for h in range(horizons)] for one in every])


def _interpolated(
    job: Job,
    seed: int,
    elasticities: str | None,
    workers: int | None,
    progress: Progress | None,
    meanwhile: Callable[[], None] | None,
) -> Draws:
    """Surfaces first, then the draws that need or check them; where the check fails, read in logs, then sharper."""
    plan = job.plan
    factor = np.array([p.log_factor for p in job.parameters])
    outside = np.flatnonzero(np.abs(factor) > RANGE).tolist()
    probes = _probes(len(factor), outside)
    numbers = [*outside, *probes]
    count = len(numbers) * sum(plan.cases(h) for h in plan.horizons)
    exact: list[One] = []
    for extra in SHARPER:
        surface, solved = _surface(job, extra, [] if exact else numbers, workers, progress, meanwhile)
        meanwhile = None
        exact = exact or solved
        _require(exact)
        count += sum(p.equilibria for p in surface.patches.values())
        for logs in (False, True):
            surface = replace(surface, logs=logs)
            values = _read(job, surface, factor)
            check = _check(values, probes, exact[len(outside) :], len(plan.horizons))
            if check.good:
                break
        if check.good:
            break
    check.require()
    for number, one in zip(outside, exact, strict=False):
        for name in VARIABLES:
            values[name][number] = _stacked([one], name, len(plan.horizons))[0]
    residuals = worst([surface.residuals, *(one.residuals for one in exact)])
    return _draws(job, seed, elasticities, values, residuals, count, check, surface)


def _surface(
    job: Job,
    extra: int,
    numbers: Sequence[int],
    workers: int | None,
    progress: Progress | None,
    meanwhile: Callable[[], None] | None,
) -> tuple[Surface, list[One]]:
    """The surface, and the draws of these numbers solved exactly beside it."""
    bases = {p.elasticity_set: p.base for p in job.parameters}
    prepare(job.plan, bases.values())
    # The short run and the steep sets first: they take longest, and the rest then fills the gaps between workers.
    horizons = sorted(job.plan.horizons, reverse=True)
    order = sorted(bases, key=lambda name: (-bases[name].max(), name))
    tasks: list[tuple[str, Any]] = [("patch", (h, name, bases[name], extra)) for h in horizons for name in order]
    most = len(tasks)
    tasks += [("solve", number) for number in numbers]
    patches: dict[tuple[str, str], Patch] = {}
    solved: dict[int, One] = {}
    for k, part in spread(job, "part", tasks, workers, meanwhile):
        if k >= most:
            solved[k - most] = part
            continue
        patches[part.elasticity_set, part.horizon] = part
        if progress is not None:
            progress(len(patches), most)
    return Surface(patches), [solved[k] for k in range(len(numbers))]


def _read(job: Job, surface: Surface, factor: Float[Array, " draw"]) -> dict[str, Array]:
    sets = [p.elasticity_set for p in job.parameters]
    mobility = np.array([p.mobility for p in job.parameters])
    read = [surface.read(horizon, sets, factor, mobility) for horizon in job.plan.horizons]
    return {name: np.stack([r[name] for r in read], axis=1) for name in VARIABLES}


def _probes(draws: int, outside: Sequence[int]) -> list[int]:
    """The draws that are also solved exactly: evenly spread, inside the range of the nodes."""
    taken = set(outside)
    wanted = np.unique(np.linspace(0, draws - 1, PROBES).round().astype(int))
    return [int(k) for k in wanted if int(k) not in taken]


def _check(values: Mapping[str, Array], probes: Sequence[int], exact: Sequence[One], horizons: int) -> Check:
    worst, where = 0.0, ""
    for name, value in values.items():
        low, high = np.nanquantile(np.nan_to_num(value), [0.05, 0.95], axis=0)
        width = np.maximum((high - low) / 2, LEAST_WIDTH)
        gap = np.nan_to_num(np.abs(value[list(probes)] - _stacked(exact, name, horizons)) / width)
        if gap.size and gap.max() > worst:
            worst, where = float(gap.max()), name
    return Check(len(probes), worst, where)


def _draws(
    job: Job,
    seed: int,
    elasticities: str | None,
    values: Mapping[str, Array],
    residuals: Mapping[str, float],
    equilibria: int,
    check: Check | None,
    surface: Surface | None,
) -> Draws:
    return Draws(
        plan=job.plan,
        seed=seed,
        elasticities=elasticities,
        values=values,
        trade_elasticity=np.array([p.trade_elasticity for p in job.parameters]),
        mobility=np.array([p.mobility for p in job.parameters]),
        elasticity_set=tuple(p.elasticity_set for p in job.parameters),
        residuals=residuals,
        equilibria=equilibria,
        check=check,
        surface=surface,
    )


def worst(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The largest residual of each market."""
    markets = dict.fromkeys(market for residuals in found for market in residuals)
    return {market: max(r.get(market, 0.0) for r in found) for market in markets}


@dataclass(frozen=True, eq=False)
class Variant:
    """The long-run outcomes under another structural choice: an elasticity set, a deficit closure, a horizon."""

    kind: str  # "elasticities" | "closure"
    name: str
    values: Mapping[str, Array]


def variants(plan: Plan, elasticities: str | None = None) -> tuple[Variant, ...]:
    """The same long run under each published elasticity set, unscaled, and under each deficit closure.

    Structural choices move answers more than parameters do: they are printed beside the interval.
    """
    world = plan.world
    names = [name for name in world.elasticity_sets if elasticities is None or name == elasticities]
    central = central_parameters(world, elasticities)
    found = []
    with one_thread():
        for name in names:
            parameters = Parameters(world.elasticity_sets[name], 0.0, math.inf, name)
            found.append(Variant("elasticities", name, _long_run(plan, parameters, plan.closure)))
        for closure in trade.CLOSURES:
            found.append(Variant("closure", closure, _long_run(plan, central, closure)))
    return tuple(found)


def _long_run(plan: Plan, parameters: Parameters, closure: trade.Closure) -> dict[str, Array]:
    return simulation.values(plan, simulation.solve_cases(plan, parameters, "long run", closure=closure))
