"""What trade earns quarter by quarter: long-run equilibria under the law of each quarter, read off for every draw.

Quarters under the same law share one set of exact solutions. Each set of elasticities is solved at a few nodes of the
log factor; the error of reading draws off them is measured on exact solutions of unseen draws, printed, and refused
beyond the bound. Before the scenario begins nothing differs from the common past, and nothing is solved.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import ensemble, goods, measures, simulation
from foederis.ensemble_surface import Check, Patch, Surface, patch
from foederis.scenario import Scenario
from foederis.scenario_codes import EU27
from foederis.simulation import Parameters, Plan
from foederis.trade import Economy, Equilibrium, rebase
from foederis.trade.exposure import model_pull
from foederis.world import World

__all__ = ["TradePath", "average_rates", "first_draws", "middle_of", "solve_path"]

Array = np.ndarray
# Nodes more or less than a run of one day has: few numbers are read here; more nodes where the check fails.
SHARPER = (-3, 0, 4)
READ = (
    *("adds_welfare_usd_bn", "welfare", "deficit_with_target_usd_bn", "adds_revenue_usd_bn"),
    "adds_deficit_with_target_usd_bn",
)
PROBES = 3


@dataclass(frozen=True, eq=False)
class TradePath:
    """Trade by quarter: yearly rates under the law of the quarter, bn USD of the base year and per cent.

    `gain`: what taxing the target adds to the coercer's real income; `income`: change of the target's real income
    against the reference; `deficit`: change of the coercer's deficit with the target, `deficit_added` the part of it
    that the measures on the target add; `revenue`: tariff revenue that they add. `pull` [quarter, country]: change of
    the economic pull at central elasticities.
    """

    quarters: tuple[str, ...]
    gain: Float[Array, "quarter draw"]
    income: Float[Array, "quarter draw"]
    deficit: Float[Array, "quarter draw"]
    deficit_added: Float[Array, "quarter draw"]
    revenue: Float[Array, "quarter draw"]
    pull: Float[Array, "quarter country"]
    laws: int
    equilibria: int
    check: Check | None
    residuals: Mapping[str, float]


def first_draws(path: TradePath, draws: int) -> TradePath:
    """The same path for the first draws alone."""
    names = ("gain", "income", "deficit", "deficit_added", "revenue")
    kept: dict[str, Any] = {name: getattr(path, name)[:, :draws] for name in names}
    return replace(path, **kept)


def middle_of(quarter: str) -> dt.date:
    """The fifteenth day of the middle month of a quarter such as 2025-Q2."""
    return dt.date(int(quarter[:4]), 3 * int(quarter[-1]) - 1, 15)


def average_rates(
    scenario: Scenario, world: World, quarters: Sequence[str], observers: Sequence[str]
) -> Float[Array, "quarter observer"]:
    """The coercer's average rate on each observer's goods in the middle of each quarter, per cent.

    Weighted with 2024 imports where the coercer is the United States, else with the flows of the world.
    """
    coercer = scenario.actors.coercer
    mine = [m for m in scenario.measures(world) if m.importer == coercer and m.exporter in observers]
    changes = measures.breakpoints(mine)
    place = world.country(coercer), [world.country(code) for code in observers]
    weight = np.stack([_weight(world, coercer, code) for code in observers])
    rates, known = np.zeros((len(quarters), len(observers))), {}
    for t, quarter in enumerate(quarters):
        day = middle_of(quarter)
        law = bisect_right(changes, day)
        if law not in known:
            cut = measures.applied_tariff(mine, day, world.tariff, world.countries, world.sectors)
            known[law] = 100.0 * (cut.total[place[0]][place[1]] * weight).sum(axis=1)
        rates[t] = known[law]
    return rates


def _weight(world: World, coercer: str, partner: str) -> Float[Array, " sector"]:
    if coercer == "USA" and world.meta.get("tariff_year") == 2024:
        raw = np.array([goods.sector_value(partner, code, partner in EU27) for code in world.sectors])
    else:
        raw = np.array(world.flow[world.country(coercer), world.country(partner)])
    return raw / raw.sum() if raw.sum() > 0 else np.full(len(raw), 1.0 / len(raw))


@dataclass(frozen=True, eq=False)
class _Job:
    plans: Mapping[int, Plan]
    start: Mapping[int, Mapping[str, Equilibrium]]
    parameters: tuple[Parameters, ...]
    economies: dict[str, Economy] = field(default_factory=dict)  # by elasticity set, filled in each process

    def patch(self, task: tuple[int, str, Float[Array, " sector"], int]) -> tuple[int, Patch]:
        """Solve the nodes of one set under one law."""
        law, name, theta, extra = task
        return law, patch(self.plans[law], "long run", name, theta, self.start[law], extra, self.economies)

    def pull(self, task: tuple[Plan, Equilibrium | None]) -> Float[Array, " country"]:
        """The economic pull of coercer over rival on every country, at the base year or after an equilibrium."""
        plan, after = task
        rival = plan.scenario.actors.rival
        assert rival is not None
        return model_pull(plan.economy if after is None else rebase(after), plan.coercer, rival)

    def probe(self, task: tuple[int, int]) -> dict[str, Array]:
        """One draw under one law, exactly."""
        law, number = task
        plan = self.plans[law]
        return simulation.values(plan, simulation.solve_cases(plan, self.parameters[number], "long run"))


def solve_path(
    plan: Plan,
    quarters: Sequence[str],
    parameters: tuple[Parameters, ...],
    bystanders: Sequence[str],
    *,
    workers: int | None = None,
    progress: ensemble.Progress | None = None,
) -> TradePath:
    """Solve the trade of every quarter from the start of the scenario's horizon on, for all draws.

    Raises SolveError when an equilibrium is refused or the interpolation is off.
    """
    laws, plans = _laws(plan, quarters)
    central = ensemble.central_parameters(plan.world, plan.scenario.economics.elasticities)
    with ensemble.one_thread():
        solved = {law: simulation.solve_cases(p, central, "long run") for law, p in plans.items()}
    job = _Job(plans, {law: _start(s) for law, s in solved.items()}, parameters)
    everyone: list[Patch] = []
    check: Check | None = None
    read: dict[int, dict[str, Array]] = {}
    for extra in SHARPER if plans else ():
        surfaces = _surfaces(job, extra, workers, progress)
        everyone += [p for parts in surfaces.values() for p in parts.values()]
        read = {law: _read(Surface(parts), parameters) for law, parts in surfaces.items()}
        check = _check(job, read, workers)
        if check.good:
            break
    if check is not None:
        check.require()
    values = {name: _by_quarter(laws, read, name, plan, len(parameters)) for name in READ}
    return TradePath(
        quarters=tuple(quarters),
        gain=values["adds_welfare_usd_bn"],
        income=values["welfare"],
        deficit=values["deficit_with_target_usd_bn"],
        deficit_added=values["adds_deficit_with_target_usd_bn"],
        revenue=values["adds_revenue_usd_bn"],
        pull=_pull(job, plan, laws, solved, bystanders, workers),
        laws=len(plans),
        equilibria=sum(p.equilibria for p in everyone),
        check=check,
        residuals=ensemble.worst([p.residuals for p in everyone]) if everyone else {},
    )


def _surfaces(
    job: _Job, extra: int, workers: int | None, progress: ensemble.Progress | None
) -> dict[int, dict[tuple[str, str], Patch]]:
    """The patches of every law, by set and horizon."""
    bases = {p.elasticity_set: p.base for p in job.parameters}
    tasks = [(law, name, theta, extra) for law in job.plans for name, theta in bases.items()]
    found: dict[int, dict[tuple[str, str], Patch]] = {law: {} for law in job.plans}
    for k, (_, (law, part)) in enumerate(ensemble.spread(job, "patch", tasks, workers)):
        found[law][part.elasticity_set, "long run"] = part
        if progress is not None:
            progress(k + 1, len(tasks))
    return found


def _laws(plan: Plan, quarters: Sequence[str]) -> tuple[list[int | None], dict[int, Plan]]:
    """For each quarter the number of its law (None: the common past, or nothing in force), and the plan of each law."""
    first = plan.scenario.horizon.start.first_day
    found: list[int | None] = []
    plans: dict[int, Plan] = {}
    both = [*plan.scenario.measures(plan.world), *plan.compared_with.measures(plan.world)]
    changes = measures.breakpoints(both)
    seen: dict[int, int | None] = {}
    for quarter in quarters:
        day = middle_of(quarter)
        if day < first:
            found.append(None)
            continue
        stretch = bisect_right(changes, day)
        if stretch not in seen:
            mine = simulation.on_day(plan, day)
            moved = mine.exempt is not None or mine.reference is not None or not _is_base(mine)
            seen[stretch] = stretch if moved else None
            if moved:
                plans[stretch] = mine
        found.append(seen[stretch])
    return found, plans


def _is_base(plan: Plan) -> bool:
    return plan.case.iceberg_hat is None and np.array_equal(plan.case.tariff, plan.world.tariff)


def _start(solved: simulation.Solved) -> dict[str, Equilibrium]:
    return {"scenario": solved.scenario, "exempt": solved.exempt, "reference": solved.reference}


def _read(surface: Surface, parameters: tuple[Parameters, ...]) -> dict[str, Array]:
    """Outcomes of all draws; a draw beyond the nodes takes the nearest end (three in ten thousand do)."""
    edge = 1.26
    factor = np.clip(np.array([p.log_factor for p in parameters]), -edge, edge)
    mobility = np.array([p.mobility for p in parameters])
    return surface.read("long run", [p.elasticity_set for p in parameters], factor, mobility)


def _by_quarter(
    laws: Sequence[int | None], read: Mapping[int, Mapping[str, Array]], name: str, plan: Plan, draws: int
) -> Float[Array, "quarter draw"]:
    found = {law: _pick(name, plan, values[name]) for law, values in read.items()}
    return np.stack([np.zeros(draws) if law is None else found[law] for law in laws])


def _check(job: _Job, read: Mapping[int, Mapping[str, Array]], workers: int | None) -> Check:
    """Exact solutions of a few draws under every law against what was read; in half-widths of each interval."""
    draws = len(job.parameters)
    numbers = [int(k) for k in np.linspace(0.13, 0.87, PROBES) * (draws - 1)]
    tasks = [(law, number) for law in read for number in numbers]
    gap, where = 0.0, ""
    for k, exact in ensemble.spread(job, "probe", tasks, workers):
        law, number = tasks[k]
        for name in READ:
            value, target = _pick(name, job.plans[law], read[law][name]), _pick(name, job.plans[law], exact[name])
            low, high = np.quantile(value, [0.05, 0.95])
            off = float(abs(value[number] - target) / max((high - low) / 2, ensemble.LEAST_WIDTH))
            if not off <= gap:
                gap, where = off, name
    return Check(len(tasks), gap, where)


def _pick(name: str, plan: Plan, value: Array) -> Array:
    """The column of an outcome that is read: the coercer's gain, the target's income; the whole where there is one."""
    who = {"adds_welfare_usd_bn": plan.coercer, "welfare": plan.target}.get(name)
    return value if who is None else np.asarray(value[..., plan.world.country(who)])


def _pull(
    job: _Job,
    plan: Plan,
    laws: Sequence[int | None],
    solved: Mapping[int, simulation.Solved],
    bystanders: Sequence[str],
    workers: int | None,
) -> Float[Array, "quarter country"]:
    """Change of the economic pull of coercer over rival, standard deviations across bystanders, at the centre."""
    rival = plan.scenario.actors.rival
    still = np.zeros(len(bystanders))
    if not rival or rival not in plan.world.countries or not solved:
        return np.tile(still, (len(laws), 1))
    place = [plan.world.country(code) for code in bystanders]
    tasks = [(plan, None), *((job.plans[law], s.scenario) for law, s in solved.items())]
    found = {k: value[place] for k, value in ensemble.spread(job, "pull", tasks, workers)}
    moved = {law: (found[k + 1] - found[0]) / np.std(found[0]) for k, law in enumerate(solved)}
    return np.stack([still if law is None else moved[law] for law in laws])
