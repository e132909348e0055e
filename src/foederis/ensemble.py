"""Many draws of what is uncertain, each through the same equilibria: the intervals of a run.

A draw is fixed by the seed and its number alone, is solved from the same start whatever was solved before it, and with
one thread of linear algebra: results are equal to the bit for any number of workers.

What is drawn (prior table of the model page):

* trade elasticities: one of the published sets, with equal chances (or the one set that the scenario names), times one
  factor for all sectors, lognormal with median 1 and sigma 0.35;
* labour mobility of the short run: uniform from 1.2 to 1.5.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from foederis import simulate, trade
from foederis.errors import SolveError, UsageError
from foederis.simulate import VARIABLES, Parameters, Plan
from foederis.trade import Equilibrium
from foederis.world import World

__all__ = [
    "MIN_DRAWS",
    "SETS",
    "Draws",
    "Variant",
    "central_parameters",
    "central_solutions",
    "draw_parameters",
    "run_draws",
    "variants",
]

Array = np.ndarray
Progress = Callable[[int], None]

# The published sets that a draw may take; other readings of the same papers are variants, not draws.
SETS = ("CP", "FGO", "GYY", "Shap", "LL", "BSY", "IS", "U4", "BLPN")
SIGMA = 0.35
MOBILITY = (1.2, 1.5)
MIN_DRAWS = 20  # fewer cannot show a 90 % interval
MAX_DRAWS = 100_000
CHUNK = 25


def central_parameters(world: World, elasticities: str | None = None) -> Parameters:
    """The set named (default: the world's own), unscaled, and the middle of the mobility range."""
    name = world.meta.get("elasticity_default", "table") if elasticities is None else elasticities
    theta = world.trade_elasticity if elasticities is None else _set(world, elasticities)
    return Parameters(theta, sum(MOBILITY) / 2, str(name))


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
    return Parameters(theta * factor, float(mobility), name)


def _set(world: World, name: str) -> Float[Array, " sector"]:
    try:
        return world.elasticity_sets[name]
    except KeyError:
        raise UsageError(f"no elasticity set {name!r}; there are {', '.join(world.elasticity_sets)}") from None


@dataclass(frozen=True, eq=False)
class Draws:
    """Outcomes of all draws: `values[name]` is [draw, horizon, ...] with the dims of the variable after that."""

    plan: Plan
    seed: int
    elasticities: str | None
    values: Mapping[str, Array]
    trade_elasticity: Float[Array, "draw sector"]
    mobility: Float[Array, " draw"]
    elasticity_set: tuple[str, ...]
    residuals: Mapping[str, float]  # worst over all equilibria
    passes: Int[Array, "draw horizon"]

    @property
    def size(self) -> int:
        """Number of draws."""
        return len(self.mobility)


def central_solutions(plan: Plan, elasticities: str | None = None) -> dict[str, simulate.Solved]:
    """The equilibria at the central parameters, by horizon: the first answer, and where every draw starts."""
    parameters = central_parameters(plan.world, elasticities)
    with _one_thread():
        return {horizon: simulate.solve_cases(plan, parameters, horizon) for horizon in plan.horizons}


def run_draws(
    plan: Plan,
    *,
    draws: int,
    seed: int,
    elasticities: str | None = None,
    central: Mapping[str, simulate.Solved] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Draws:
    """Solve every draw. `workers` defaults to the number of usable cores; `progress` is called with draws just done.

    Raises UsageError on a senseless number of draws, SolveError naming the draws that were refused.
    """
    if not MIN_DRAWS <= draws <= MAX_DRAWS:
        raise UsageError(f"draws is {draws}; choose {MIN_DRAWS} to {MAX_DRAWS:,}")
    start = central_solutions(plan, elasticities) if central is None else central
    job = _Job(plan, seed, elasticities, {h: _start(s) for h, s in start.items()})
    chunks = [range(k, min(k + CHUNK, draws)) for k in range(0, draws, CHUNK)]
    count = max(1, min(workers if workers is not None else _cores(), len(chunks)))
    parts: dict[int, list[_One]] = {}
    for chunk, done in _map(job, chunks, count):
        parts[chunk.start] = done
        if progress is not None:
            progress(len(done))
    return _gather(job, [one for first in sorted(parts) for one in parts[first]])


@dataclass(frozen=True, eq=False)
class _Job:
    plan: Plan
    seed: int
    elasticities: str | None
    start: Mapping[str, Mapping[str, Equilibrium]]


@dataclass(frozen=True, eq=False)
class _One:
    parameters: Parameters
    values: list[dict[str, Array]]  # by horizon
    residuals: list[Mapping[str, float]]
    passes: list[int]
    refused: str = ""


def _start(solved: simulate.Solved) -> dict[str, Equilibrium]:
    return {"scenario": solved.scenario, "exempt": solved.exempt, "reference": solved.reference}


def _solve(job: _Job, number: int) -> _One:
    parameters = draw_parameters(job.plan.world, job.seed, number, job.elasticities)
    one = _One(parameters, [], [], [])
    for horizon in job.plan.horizons:
        try:
            try:
                solved = simulate.solve_cases(job.plan, parameters, horizon, start=job.start[horizon])
            except SolveError:  # a start far from the solution can mislead; the base year is the other one we have
                solved = simulate.solve_cases(job.plan, parameters, horizon)
        except SolveError as refused:
            return _One(parameters, [], [], [], refused=f"draw {number}: {refused}")
        one.values.append(simulate.values(job.plan, solved))
        one.residuals.append(solved.residuals)
        one.passes.append(solved.passes)
    return one


def _map(job: _Job, chunks: Sequence[range], workers: int) -> Iterator[tuple[range, list[_One]]]:
    if workers == 1:
        with _one_thread():
            for chunk in chunks:
                yield chunk, [_solve(job, number) for number in chunk]
        return
    # Forking shares the world without copying it; a process that runs JAX has threads and must not be forked.
    import multiprocessing

    forkable = sys.platform == "linux" and "jax" not in sys.modules
    context = multiprocessing.get_context("fork" if forkable else "spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(job,)) as pool:
        futures = {pool.submit(_chunk, chunk): chunk for chunk in chunks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_job: _Job | None = None  # what a worker process works on


def _begin(job: _Job) -> None:
    global _job
    _job = job


def _chunk(numbers: range) -> list[_One]:
    assert _job is not None
    with _one_thread():
        return [_solve(_job, number) for number in numbers]


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread of linear algebra: more are slower on matrices of this size and change the last bits."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _gather(job: _Job, done: Sequence[_One]) -> Draws:
    refused = [one.refused for one in done if one.refused]
    if refused:
        raise SolveError(f"{len(refused)} of {len(done)} draws were refused; the first: {refused[0]}")
    horizons = range(len(job.plan.horizons))
    stacked = {
        name: np.array([[np.asarray(one.values[h][name]) for h in horizons] for one in done]) for name in VARIABLES
    }
    found = [residuals for one in done for residuals in one.residuals]
    return Draws(
        plan=job.plan,
        seed=job.seed,
        elasticities=job.elasticities,
        values=stacked,
        trade_elasticity=np.array([one.parameters.trade_elasticity for one in done]),
        mobility=np.array([one.parameters.mobility for one in done]),
        elasticity_set=tuple(one.parameters.elasticity_set for one in done),
        residuals={market: max(r[market] for r in found) for market in found[0]},
        passes=np.array([one.passes for one in done]),
    )


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
    with _one_thread():
        for name in names:
            parameters = Parameters(world.elasticity_sets[name], math.inf, name)
            found.append(Variant("elasticities", name, _long_run(plan, parameters, plan.closure)))
        for closure in trade.CLOSURES:
            found.append(Variant("closure", closure, _long_run(plan, central, closure)))
    return tuple(found)


def _long_run(plan: Plan, parameters: Parameters, closure: trade.Closure) -> dict[str, Array]:
    return simulate.values(plan, simulate.solve_cases(plan, parameters, "long run", closure=closure))
