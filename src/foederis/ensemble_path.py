"""What trade earns quarter by quarter: long-run equilibria under the law of each quarter, read off for every draw.

Quarters under the same law share one set of exact solutions. Each set of elasticities is solved at a few nodes of the
log factor; the error of reading draws off them is measured on exact solutions of unseen draws, printed, and refused
beyond the bound. Before the scenario begins nothing differs from the common past, and nothing is solved.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import ensemble, goods, measures, simulation
from foederis.ensemble_surface import Check, Patch, Seed, Surface, patches, prepare
from foederis.scenario import Scenario
from foederis.scenario_codes import EU27
from foederis.simulation import Parameters, Plan
from foederis.trade import Equilibrium, lend_chord, rebase
from foederis.trade.exposure import model_pull
from foederis.world import World

__all__ = ["Kept", "TradePath", "average_rates", "first_draws", "middle_of", "read_surface", "solve_path", "with_kept"]

Array = np.ndarray
# Nodes more or less than a run of one day has: few numbers are read here; more nodes where the check fails.
SHARPER = (-3, 0, 4)
READ = (
    *("adds_welfare_usd_bn", "welfare", "deficit_with_target_usd_bn", "adds_revenue_usd_bn"),
    "adds_deficit_with_target_usd_bn",
)
PROBES = 3
BESIDE = 4  # laws solved side by side


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

    def part(self, task: tuple[str, Any]) -> Any:
        """A task that names its method: patches, exact draws and pulls share one set of processes."""
        verb, what = task
        return getattr(self, verb)(what)

    def patches(self, task: tuple[Sequence[int], str, Float[Array, " sector"], int]) -> dict[int, Patch]:
        """Solve the nodes of one set under some laws."""
        laws, name, theta, extra = task
        seeds = [Seed(self.plans[law], self.start[law]) for law in laws]
        return dict(zip(laws, patches(seeds, "long run", name, theta, extra), strict=True))

    def pull(self, law: int | None) -> Float[Array, " country"]:
        """The economic pull of coercer over rival on every country: under a law at the centre, or in the base year."""
        plan = next(iter(self.plans.values()))
        rival = plan.scenario.actors.rival
        assert rival is not None
        economy = plan.economy
        if law is not None:
            economy = lend_chord(economy, to=rebase(self.start[law]["scenario"]))
        return model_pull(economy, plan.coercer, rival)

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
    meanwhile: Callable[[], None] | None = None,
) -> TradePath:
    """Solve the trade of every quarter from the start of the scenario's horizon on, for all draws; `meanwhile` is
    called in this process while others solve.

    Raises SolveError when an equilibrium is refused or the interpolation is off.
    """
    laws, plans = _laws(plan, quarters)
    central = ensemble.central_parameters(plan.world, plan.scenario.economics.elasticities)
    with ensemble.one_thread():
        solved = {law: simulation.solve_cases(p, central, "long run") for law, p in plans.items()}
    job = _Job(plans, {law: s.by_case for law, s in solved.items()}, parameters)
    # What the surfaces do not need is done beside the first of them.
    extras = [*(("probe", task) for task in _probes(job)), *(("pull", task) for task in _pulls(plan, plans))]
    everyone: list[Patch] = []
    check: Check | None = None
    read: dict[int, dict[str, Array]] = {}
    done: dict[str, list[Any]] = {}
    for extra in SHARPER if plans else ():
        surfaces, found = _surfaces(job, extra, [] if done else extras, workers, progress, meanwhile)
        done, meanwhile = done or found, None
        everyone += [p for parts in surfaces.values() for p in parts.values()]
        read = {law: read_surface(Surface(parts), parameters) for law, parts in surfaces.items()}
        check = _check(job, read, done["probe"])
        if check.good:
            break
    if check is not None:
        check.require()
    pulls = dict(zip(_pulls(plan, plans), done.get("pull", []), strict=True))
    path = _along(plan, quarters, laws, read, pulls, bystanders, len(parameters))
    return replace(
        path,
        equilibria=sum(p.equilibria for p in everyone),
        check=check,
        residuals=ensemble.worst([p.residuals for p in everyone]) if everyone else {},
    )


def with_kept(
    plan: Plan,
    quarters: Sequence[str],
    parameters: tuple[Parameters, ...],
    bystanders: Sequence[str],
    kept: Kept,
) -> TradePath:
    """The same from a store of laws that were solved: for many scenarios that share most of their laws.

    A law that is not there is solved in this process with the fewest nodes and put there; nothing is checked here.
    """
    laws, plans = _laws(plan, quarters)
    read = {law: kept.of(mine, parameters) for law, mine in plans.items()}
    pulls: dict[int | None, Array] = {}
    if read and _pulls(plan, plans):
        pulls = {None: kept.base_pull(plan), **{law: pull for law, (_, pull) in read.items()}}
    outcomes = {law: found for law, (found, _) in read.items()}
    return _along(plan, quarters, laws, outcomes, pulls, bystanders, len(parameters))


def _along(
    plan: Plan,
    quarters: Sequence[str],
    laws: Sequence[int | None],
    read: Mapping[int, Mapping[str, Array]],
    pulls: Mapping[int | None, Float[Array, " country"]],
    bystanders: Sequence[str],
    draws: int,
) -> TradePath:
    """The path from the outcomes of all draws under each law, and the pulls; nothing is said of how it was solved."""
    values = {name: _by_quarter(laws, read, name, plan, draws) for name in READ}
    return TradePath(
        quarters=tuple(quarters),
        gain=values["adds_welfare_usd_bn"],
        income=values["welfare"],
        deficit=values["deficit_with_target_usd_bn"],
        deficit_added=values["adds_deficit_with_target_usd_bn"],
        revenue=values["adds_revenue_usd_bn"],
        pull=_pull(plan, laws, pulls, bystanders),
        laws=len(read),
        equilibria=0,
        check=None,
        residuals={},
    )


class Kept:
    """Outcomes of all draws and the pull under laws already solved, by the tariffs of the law; the last `most`."""

    def __init__(self, most: int = 24):
        self._most = most
        self._found: OrderedDict[bytes, tuple[dict[str, Array], Array]] = OrderedDict()
        self._base: Array | None = None

    def of(self, plan: Plan, parameters: tuple[Parameters, ...]) -> tuple[dict[str, Array], Float[Array, " country"]]:
        """Outcomes by variable [draw, ...] and the pull on every country under the law of a plan of one day."""
        key = _digest(plan)
        if key not in self._found:
            self._found[key] = self._solved(plan, parameters)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return self._found[key]

    def _solved(self, plan: Plan, parameters: tuple[Parameters, ...]) -> tuple[dict[str, Array], Array]:
        central = ensemble.central_parameters(plan.world, plan.scenario.economics.elasticities)
        bases = {p.elasticity_set: p.base for p in parameters}
        with ensemble.one_thread():
            start = simulation.solve_cases(plan, central, "long run").by_case
            job = _Job({0: plan}, {0: start}, parameters)
            parts = {
                (name, "long run"): job.patches(((0,), name, theta, SHARPER[0]))[0] for name, theta in bases.items()
            }
            pull = job.pull(0) if _pulls(plan, {0: plan}) else np.zeros(len(plan.world.countries))
        return read_surface(Surface(parts), parameters), pull

    def base_pull(self, plan: Plan) -> Float[Array, " country"]:
        """The pull in the base year, solved once."""
        if self._base is None:
            self._base = _Job({0: plan}, {}, ()).pull(None)
        return self._base


def _digest(plan: Plan) -> bytes:
    """What tells two laws apart: tariffs and trade costs of all worlds that are solved."""
    found = sha256()
    for case in (plan.case, plan.exempt, plan.reference):
        if case is None:
            found.update(b"none")
            continue
        found.update(np.ascontiguousarray(case.tariff).tobytes())
        found.update(b"" if case.iceberg_hat is None else np.ascontiguousarray(case.iceberg_hat).tobytes())
    return found.digest()


def _surfaces(
    job: _Job,
    extra: int,
    others: Sequence[tuple[str, Any]],
    workers: int | None,
    progress: ensemble.Progress | None,
    meanwhile: Callable[[], None] | None,
) -> tuple[dict[int, dict[tuple[str, str], Patch]], dict[str, list[Any]]]:
    """The patches of every law, by set and horizon; beside them the results of other tasks in their order, by verb."""
    bases = {p.elasticity_set: p.base for p in job.parameters}
    prepare(next(iter(job.plans.values())), bases.values())
    laws = list(job.plans)
    groups = [laws[k : k + BESIDE] for k in range(0, len(laws), BESIDE)]
    tasks = [("patches", (group, name, theta, extra)) for group in groups for name, theta in bases.items()]
    found: dict[int, dict[tuple[str, str], Patch]] = {law: {} for law in laws}
    rest: dict[int, Any] = {}
    for k, done in ensemble.spread(job, "part", [*tasks, *others], workers, meanwhile):
        if k >= len(tasks):
            rest[k - len(tasks)] = done
            continue
        for law, part in done.items():
            found[law][part.elasticity_set, "long run"] = part
        if progress is not None:
            progress(sum(map(len, found.values())), len(laws) * len(bases))
    by_verb: dict[str, list[Any]] = {"probe": [], "pull": []} if others else {}
    for k, (verb, _) in enumerate(others):
        by_verb[verb].append(rest[k])
    return found, by_verb


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


def read_surface(surface: Surface, parameters: tuple[Parameters, ...]) -> dict[str, Array]:
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


def _probes(job: _Job) -> list[tuple[int, int]]:
    """(law, draw) of what is solved exactly: a few draws under every law."""
    draws = len(job.parameters)
    numbers = [int(k) for k in np.linspace(0.13, 0.87, PROBES) * (draws - 1)]
    return [(law, number) for law in job.plans for number in numbers]


def _check(job: _Job, read: Mapping[int, Mapping[str, Array]], solved: Sequence[Mapping[str, Array]]) -> Check:
    """Exact solutions of `_probes` against what was read; in half-widths of each interval."""
    gap, where = 0.0, ""
    tasks = _probes(job)
    for (law, number), exact in zip(tasks, solved, strict=True):
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


def _pulls(plan: Plan, plans: Mapping[int, Plan]) -> list[int | None]:
    """The laws whose pull is asked for, after the base year (None); nothing where the scenario has no rival."""
    rival = plan.scenario.actors.rival
    return [None, *plans] if rival and rival in plan.world.countries and plans else []


def _pull(
    plan: Plan,
    laws: Sequence[int | None],
    pulls: Mapping[int | None, Float[Array, " country"]],
    bystanders: Sequence[str],
) -> Float[Array, "quarter country"]:
    """Change of the economic pull of coercer over rival, standard deviations across bystanders, at the centre."""
    still = np.zeros(len(bystanders))
    if not pulls:
        return np.tile(still, (len(laws), 1))
    at = [plan.world.country(code) for code in bystanders]
    base = pulls[None][at]
    moved = {law: (value[at] - base) / np.std(base) for law, value in pulls.items()}
    return np.stack([still if law is None else moved[law] for law in laws])
