"""Structural switches: how far a choice of the model's form moves an outcome's median, beside its parameters.

Each switch is run on the same draws as its base, so the difference is the choice alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from foederis import beliefs, ensemble, measures, priors, simulation, trade
from foederis import simulation_parameters as parameters
from foederis.ensemble_path import TradePath, middle_of
from foederis.sensitivity_space import Case, Space
from foederis.simulation_alliance import Switches

__all__ = ["Switched", "run_switches", "signs"]

Array = np.ndarray
ROWS = 500
SIDE_BY_SIDE = 4
LEAST_MASS = 0.10  # of a prior on each side of zero: then its sign counts as free
READINGS = {
    "none": "nobody learns from acts",
    "henry": "only acts about defence tell",
    "sukin": "guarantees raise the wish for independence",
}


@dataclass(frozen=True)
class Switched:
    """One choice: median and 90 % interval of the outcome under it, and how far it moves the median.

    `shift` is in the unit of the outcome; `ratio` is the size of the shift over the width of the 90 % interval that the
    parameters give.
    """

    group: str
    name: str
    median: float
    low: float
    high: float
    shift: float
    ratio: float


@dataclass(frozen=True, eq=False)
class _Task:
    group: str
    name: str
    case: Case
    against: str = "base"  # which base it is compared with


@dataclass(frozen=True, eq=False)
class _Job:
    space: Space
    rows: int

    def run(self, cases: tuple[Case, ...]) -> Float[Array, "case draw"]:
        """The outcome of choices at the draws of the cast."""
        return self.space.drawn(self.rows, cases)

    def closed(self, closure: trade.Closure) -> TradePath:
        """Trade under a closure at central elasticities."""
        return _central_path(self.space, closure)


def run_switches(
    space: Space,
    *,
    elasticities: str | None = None,
    workers: int | None = None,
    progress: ensemble.Progress | None = None,
) -> tuple[Switched, ...]:
    """Every choice against its base, in the order of the groups. `elasticities`: the set that trade was solved with.

    Raises SolveError when an equilibrium of a closure is refused.
    """
    job = _Job(space, min(ROWS, len(space.cast.numbers)))
    closures = list(trade.CLOSURES)
    paths = {closures[k]: path for k, path in ensemble.spread(job, "closed", closures, workers)}
    tasks = [_Task("base", "base", Case()), *_tasks(space, paths, elasticities)]
    packs = _packs(tasks)
    found: dict[int, Array] = {}
    for done, (k, outcome) in enumerate(
        ensemble.spread(job, "run", [tuple(tasks[i].case for i in pack) for pack in packs], workers), 1
    ):
        found |= dict(zip(packs[k], outcome, strict=True))
        if progress is not None:
            progress(done, len(packs))
    bases = {task.name: found[k] for k, task in enumerate(tasks) if task.group == "base"}
    low, high = np.quantile(bases["base"], [0.05, 0.95])
    width = float(high - low)
    return tuple(
        _switched(task, found[k], bases[task.against], width) for k, task in enumerate(tasks) if task.group != "base"
    )


def _packs(tasks: Sequence[_Task]) -> list[list[int]]:
    """Positions of tasks that can run side by side: a few with the same switches, since a run has a fixed cost."""
    by_switches: dict[Switches, list[int]] = {}
    for k, task in enumerate(tasks):
        by_switches.setdefault(task.case.switches, []).append(k)
    return [same[k : k + SIDE_BY_SIDE] for same in by_switches.values() for k in range(0, len(same), SIDE_BY_SIDE)]


def _switched(task: _Task, outcome: Array, base: Array, width: float) -> Switched:
    low, middle, high = np.quantile(outcome, [0.05, 0.5, 0.95]).tolist()
    shift = middle - float(np.median(base))
    return Switched(task.group, task.name, middle, low, high, shift, abs(shift) / width if width > 0 else 0.0)


def _tasks(space: Space, paths: Mapping[trade.Closure, TradePath], elasticities: str | None) -> Iterator[_Task]:
    own = space.plan.closure
    yield _Task("base", "closure", Case(trade=paths[own]))
    for closure, path in paths.items():
        if closure != own:
            yield _Task("closure of trade", closure.replace("_", " "), Case(trade=path), "closure")
    for name, which in _sets(space, elasticities).items():
        yield _Task("elasticities", name, Case(taken=which))
    for variant, (n_X, n_P) in parameters.VARIANTS.items():
        if variant != space.cast.variant:
            yield _Task("prior on leaders", variant, Case(fixed={"n_X0": n_X, "n_P0": n_P}))
    for reading in (name for name in beliefs.RIVALS if name != "bayes"):
        chosen = Switches(reading=reading)  # type: ignore[arg-type]
        yield _Task("reading of acts", f"{reading}: {READINGS[reading]}", Case(chosen))
    yield _Task("effort", "by the optimum, not by the panel", Case(Switches(effort="optimum")))
    for chosen, name in (
        (Switches(bases=False), "access to bases does not count"),
        (Switches(hedging=False), "effort follows the programme"),
        (Switches(region=False), "bystanders stay"),
        (Switches(watching=False), "bystanders do not watch the ally"),
        (Switches(own_treatment=False), "bystanders ignore their own treatment"),
        (Switches(rival_acts=False), "the rival does not court"),
    ):
        yield _Task("switched off", name, Case(chosen))
    for name, (minus, plus) in signs(space).items():
        label = parameters.parameters()[name].moves.removesuffix(", sign free")
        yield _Task("sign", f"{label}: negative", Case(fixed={name: minus}))
        yield _Task("sign", f"{label}: positive", Case(fixed={name: plus}))


def signs(space: Space) -> dict[str, tuple[float, float]]:
    """For each parameter whose sign is free: the medians of its negative and of its positive part."""
    found = {}
    for name in space.names:
        prior = parameters.parameters().get(name)
        if prior is None or name not in space.from_priors or prior.family != "normal":
            continue
        below = float(_mass_below_zero(prior))
        if LEAST_MASS <= below <= 1.0 - LEAST_MASS:
            minus, plus = priors.quantile(prior, np.array([below / 2.0, (1.0 + below) / 2.0])).tolist()
            found[name] = (minus, plus)
    return found


def _mass_below_zero(prior: priors.Parameter) -> float:
    from scipy.special import ndtr

    mean, sd = prior.args
    return float(ndtr(-mean / sd))


def _sets(space: Space, elasticities: str | None) -> dict[str, tuple[int, ...]]:
    """Draws of the trade path by published set; nothing to compare where trade was solved with one."""
    if elasticities is not None:
        return {}
    rows = space.trade.gain.shape[1]
    drawn = [
        ensemble.draw_parameters(space.plan.world, space.cast.seed, int(k)).elasticity_set
        for k in space.cast.numbers[:rows]
    ]
    names = dict.fromkeys(drawn)
    if len(names) < 2:
        return {}
    return {name: tuple(k for k, n in enumerate(drawn) if n == name) for name in sorted(names)}


def _central_path(space: Space, closure: trade.Closure) -> TradePath:
    """Trade by quarter under a closure, one draw: central elasticities. The economic pull is that of the base."""
    plan, path = space.plan, space.trade
    central = ensemble.central_parameters(plan.world, plan.scenario.economics.elasticities)
    both = [*plan.scenario.measures(plan.world), *plan.compared_with.measures(plan.world)]
    changes = measures.breakpoints(both)
    first = plan.scenario.horizon.start.first_day
    us, them = plan.world.country(plan.coercer), plan.world.country(plan.target)
    zero = dict.fromkeys(("gain", "income", "deficit", "deficit_added", "revenue"), 0.0)
    laws: dict[int, dict[str, float]] = {}
    rows = []
    for day in (middle_of(quarter) for quarter in path.quarters):
        law = bisect_right(changes, day)
        if day >= first and law not in laws:
            mine = simulation.on_day(plan, day)
            v = simulation.values(mine, simulation.solve_cases(mine, central, "long run", closure=closure))
            laws[law] = {
                "gain": float(v["adds_welfare_usd_bn"][us]),
                "income": float(v["welfare"][them]),
                "deficit": float(v["deficit_with_target_usd_bn"]),
                "deficit_added": float(v["adds_deficit_with_target_usd_bn"]),
                "revenue": float(v["adds_revenue_usd_bn"]),
            }
        rows.append(laws[law] if day >= first else zero)
    columns = {name: np.array([[row[name]] for row in rows]) for name in zero}
    return replace(path, **columns)  # type: ignore[arg-type]
