"""One run for one set of parameters: a scenario and what it is compared with, put through the trade equilibrium.

A run solves up to three worlds from the same base year:

    reference   what the scenario is compared with (by default the tariffs of the base year)
    exempt      the scenario without the coercer's measures on the target: what taxing the target adds
    scenario    the scenario itself

each at two horizons: the long run (one wage per country) and the short run (labour moves little between sectors, T7).
The long-run elasticities hold at both; published one-year responses are no trade elasticity and never enter.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Float

from foederis import trade
from foederis.errors import DataError, SolveError, UsageError
from foederis.simulation_outcomes import VARIABLES, Pair, outcomes
from foederis.trade import Economy, Equilibrium, Shock
from foederis.world import World

if TYPE_CHECKING:
    from foederis.scenario import Scenario

__all__ = [
    "HORIZONS",
    "VARIABLES",
    "Ask",
    "Case",
    "Parameters",
    "Plan",
    "Solved",
    "on_day",
    "plan",
    "solve_beside",
    "solve_cases",
    "values",
]

Array = np.ndarray
Horizon = Literal["long run", "short run"]
HORIZONS: tuple[Horizon, ...] = ("long run", "short run")
TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Parameters:
    """One draw of what is uncertain: a published set of trade elasticities (theta) times one factor, and the labour
    mobility of the short run (nu of T7)."""

    base: Float[Array, " sector"]
    log_factor: float
    mobility: float
    elasticity_set: str

    @property
    def trade_elasticity(self) -> Float[Array, " sector"]:
        """Theta of the draw."""
        return self.base * math.exp(self.log_factor)


@dataclass(frozen=True, eq=False)
class Case:
    """One world to solve: tariffs in force and changes of other trade costs (None: none)."""

    name: str
    tariff: Float[Array, "importer exporter sector"]
    iceberg_hat: Float[Array, "importer exporter sector"] | None


@dataclass(frozen=True, eq=False)
class Plan:
    """A scenario resolved against a world: who coerces whom, and the worlds to solve.

    `reference` or `exempt` is None where it is the same world as another one: the base year, or the scenario itself.
    """

    scenario: Scenario
    spared: Scenario  # the scenario without the coercer's measures on the target
    compared_with: Scenario
    date: dt.date
    world: World
    economy: Economy
    coercer: str
    target: str
    case: Case
    reference: Case | None
    exempt: Case | None
    closure: trade.Closure
    numeraire: str
    mobility: float  # of the long run; infinite unless the scenario says otherwise
    horizons: tuple[Horizon, ...] = HORIZONS

    def cases(self, horizon: Horizon) -> int:
        """Number of worlds to solve at a horizon."""
        asked = self.exempt is not None and horizon == "long run"
        return 1 + asked + (self.reference is not None)

    @property
    def size(self) -> Mapping[str, int]:
        """Length of each axis of the outcomes."""
        return {"country": len(self.world.countries), "sector": len(self.world.sectors)}


def plan(
    scenario: Scenario,
    compared_with: Scenario,
    world: World,
    date: dt.date | None = None,
    horizons: tuple[Horizon, ...] = HORIZONS,
) -> Plan:
    """Resolve a scenario and its reference on one day (default: the scenario's own `evaluate`).

    Raises UsageError when coercer and target are no two different economies of the world, ScenarioError or DataError
    when a measure does not fit the world.
    """
    day = scenario.evaluate if date is None else date
    coercer, target = scenario.actors.coercer, scenario.actors.target
    for role, code in (("coercer", coercer), ("target", target)):
        if code not in world.countries:
            raise UsageError(
                f"{role} {code!r} is not an economy of this world; list them with: foederis codes countries"
            )
    if coercer == target:
        raise UsageError(f"coercer and target are both {coercer}; name two different economies under `actors`")
    spared = scenario.exempting(target)
    case = _case("scenario", scenario, world, day)
    exempt = _case("exempt", spared, world, day)
    reference = _case("reference", compared_with, world, day)
    economics = scenario.economics
    return Plan(
        scenario=scenario,
        spared=spared,
        compared_with=compared_with,
        date=day,
        world=world,
        economy=_economy(world),
        coercer=coercer,
        target=target,
        case=case,
        reference=None if _same(reference, Case("base", world.tariff, None)) else reference,
        exempt=None if _same(exempt, case) else exempt,
        closure=economics.closure,
        numeraire=economics.numeraire,
        mobility=economics.mobility,
        horizons=horizons,
    )


_ECONOMIES: WeakKeyDictionary[World, Economy] = WeakKeyDictionary()


def _economy(world: World) -> Economy:
    """The calibrated economy of a world, one for all its plans: the solver keeps with it what it has worked out."""
    if world not in _ECONOMIES:
        _ECONOMIES[world] = trade.calibrate(world)
    return _ECONOMIES[world]


def on_day(plan: Plan, day: dt.date) -> Plan:
    """The same plan under the law of another day, long run only; the calibrated economy is shared."""
    case = _case("scenario", plan.scenario, plan.world, day)
    exempt = _case("exempt", plan.spared, plan.world, day)
    reference = _case("reference", plan.compared_with, plan.world, day)
    return replace(
        plan,
        date=day,
        case=case,
        reference=None if _same(reference, Case("base", plan.world.tariff, None)) else reference,
        exempt=None if _same(exempt, case) else exempt,
        horizons=("long run",),
    )


def _case(name: str, scenario: Scenario, world: World, day: dt.date) -> Case:
    return Case(name, scenario.tariff_cut(world, day).total, scenario.iceberg_hat(world, day))


def _same(one: Case, other: Case) -> bool:
    if not np.array_equal(one.tariff, other.tariff):
        return False
    mine, theirs = (np.ones(1) if c.iceberg_hat is None else c.iceberg_hat for c in (one, other))
    return bool(np.all(mine == theirs))


@dataclass(frozen=True, eq=False)
class Solved:
    """The equilibria of one horizon, and the worst residual of each market among them."""

    scenario: Equilibrium
    reference: Equilibrium
    exempt: Equilibrium
    residuals: Mapping[str, float]
    passes: int

    @property
    def by_case(self) -> dict[str, Equilibrium]:
        """The equilibria by case, as a solve takes them to start from."""
        return {"scenario": self.scenario, "exempt": self.exempt, "reference": self.reference}


def solve_cases(
    plan: Plan,
    parameters: Parameters,
    horizon: Horizon,
    *,
    closure: trade.Closure | None = None,
    engine: trade.Engine = "numpy",
    tolerance: float = TOLERANCE,
    start: Mapping[str, Equilibrium] | None = None,
) -> Solved:
    """Solve the worlds of a plan at one horizon. `start` holds equilibria near the solution, by case, to save time.

    Raises SolveError when one of them is refused; the message names the case.
    """
    chosen = plan.closure if closure is None else closure
    warm = {} if start is None else start
    found = {}
    for name, shock in _shocks(plan, parameters, horizon, chosen, warm).items():
        try:
            found[name] = trade.solve(plan.economy, shock, engine=engine, tolerance=tolerance, start=warm.get(name))
        except SolveError as refused:
            raise _refused(name, horizon, refused) from None
    return _gathered(found, warm)


@dataclass(frozen=True, eq=False)
class Ask:
    """The worlds of one plan for one set of parameters, with equilibria near the solution by case."""

    plan: Plan
    parameters: Parameters
    horizon: Horizon
    start: Mapping[str, Equilibrium]


def solve_beside(asks: Sequence[Ask], *, tolerance: float = TOLERANCE) -> list[Solved]:
    """`solve_cases` for several plans of one economy, or several parameters, side by side in one block (`trade.block`).

    The members of the block decide the last bits of each. Raises SolveError when one is refused; the message names the
    case.
    """
    shocks = [_shocks(ask.plan, ask.parameters, ask.horizon, ask.plan.closure, ask.start) for ask in asks]
    members = [(k, name) for k, mine in enumerate(shocks) for name in mine]
    try:
        solved = trade.solve_block(
            asks[0].plan.economy,
            [shocks[k][name] for k, name in members],
            [asks[k].start.get(name) for k, name in members],
            tolerance=tolerance,
        )
    except trade.MemberRefused as refused:
        k, name = members[refused.member]
        raise _refused(name, asks[k].horizon, refused.refusal) from None
    found: list[dict[str, Equilibrium]] = [{} for _ in asks]
    for (k, name), equilibrium in zip(members, solved, strict=True):
        found[k][name] = equilibrium
    return [_gathered(mine, ask.start) for mine, ask in zip(found, asks, strict=True)]


def _shocks(
    plan: Plan, parameters: Parameters, horizon: Horizon, closure: trade.Closure, warm: Mapping[str, Equilibrium]
) -> dict[str, Shock]:
    """The shock of every world that has to be solved, by case."""
    cases: dict[str, Case | None] = {"scenario": plan.case}
    # What the measures on the target add is asked of the long run alone.
    if plan.exempt is not None and horizon == "long run":
        cases["exempt"] = plan.exempt
    # At the base year's tariffs nothing changes, whatever the elasticities: one solution serves all draws. Purging is a
    # change of its own and depends on them.
    if plan.reference is not None or closure == "purged" or "reference" not in warm:
        cases["reference"] = plan.reference
    mobility = plan.mobility if horizon == "long run" else parameters.mobility
    return {
        name: Shock(
            tariff=None if case is None else case.tariff,
            iceberg_hat=None if case is None else case.iceberg_hat,
            trade_elasticity=parameters.trade_elasticity,
            mobility=mobility,
            closure=closure,
            numeraire=plan.numeraire,
        )
        for name, case in cases.items()
    }


def _refused(name: str, horizon: Horizon, refused: SolveError) -> SolveError:
    return SolveError(f"case {name!r}, {horizon}: {refused}", residuals=refused.residuals, where=refused.where)


def _gathered(found: Mapping[str, Equilibrium], warm: Mapping[str, Equilibrium]) -> Solved:
    """The equilibria of the three worlds; one that was not solved is that of the scenario, or known."""
    scenario = found["scenario"]
    exempt = found.get("exempt", scenario)
    reference = found["reference"] if "reference" in found else warm["reference"]
    every = (scenario, exempt, reference)
    worst = {market: max(eq.residuals[market] for eq in every) for market in scenario.residuals}
    return Solved(scenario, reference, exempt, worst, sum(eq.passes for eq in every))


def values(plan: Plan, solved: Solved) -> dict[str, Array]:
    """The outcomes of one horizon by variable name (`VARIABLES` states dims and units of each).

    What the measures on the target add is NaN in the short run, where it is not asked.
    """
    unasked = plan.exempt is not None and solved.exempt is solved.scenario
    found = outcomes(
        Pair(solved.scenario, solved.reference),
        Pair(solved.scenario, solved.exempt),
        coercer=plan.world.country(plan.coercer),
        target=plan.world.country(plan.target),
    )
    if unasked:
        found |= {name: np.full(np.shape(v), np.nan) for name, v in found.items() if name.startswith("adds_")}
    for name, value in found.items():
        expected = tuple(plan.size[dim] for dim in VARIABLES[name].dims)
        if np.shape(value) != expected:
            raise DataError(f"outcome {name!r} has shape {np.shape(value)}, expected {expected}")
    return found
