"""What the tests of the assembled run share: one small run with trade, and runs that take its trade again."""

from __future__ import annotations

from functools import cache
from unittest.mock import patch

import numpy as np

from foederis import ensemble_alliance, scenario, simulation, world
from foederis.ensemble_alliance import Alliance, Cast, cast_of, run_alliance
from foederis.ensemble_path import TradePath
from foederis.simulation import Plan
from foederis.simulation_alliance import ALL_ON, Path, Switches
from foederis.trade import Economy, calibrate
from foederis.world import World

DRAWS = 64
SEED = 5
SET = "LL"  # one set of moderate elasticities: a run of seconds
BASELINE = "us-japan-baseline"
HEAD = f"schema: foederis/scenario/v1\nid: case\nextends: {BASELINE}\n"
PATHS = (
    *("reliability", "linkage", "rapport", "effort", "effort_causes", "cap", "own", "partners", "accommodation"),
    *("hedge", "posture", "gap", "rungs", "access", "hazard_ratio", "security", "shares", "courtship"),
)
TRADE = ("gain", "income", "deficit", "deficit_added", "revenue", "pull")


@cache
def table() -> World:
    return world.load()


@cache
def economy() -> Economy:
    return calibrate(table())


def plan_of(name: str, *settings: str, against: str = BASELINE) -> Plan:
    """The plan of a preset or of the text of a scenario, long run only."""
    loaded = scenario.load(name, settings)
    return simulation.plan(loaded, scenario.load(against), table(), horizons=("long run",))


@cache
def cast(draws: int = DRAWS, variant: str = "Beta(1, 12)") -> Cast:
    return cast_of("USA", "JPN", draws=draws, seed=SEED, variant=variant)


@cache
def main_run() -> Alliance:
    """The main job, all on, with trade solved for one set of elasticities."""
    return run_alliance(plan_of("us-japan-2025"), cast(), elasticities=SET, workers=1)


def again(
    switches: Switches = ALL_ON,
    *,
    plan: Plan | None = None,
    on: Cast | None = None,
    trade: TradePath | None = None,
) -> Alliance:
    """The alliance run again on a path of trade that is known (that of the main run unless another is given)."""
    path = main_run().trade if trade is None else trade
    with patch.object(ensemble_alliance, "solve_path", return_value=path):
        return run_alliance(plan or main_run_plan(), on or cast(), elasticities=SET, switches=switches, workers=1)


@cache
def main_run_plan() -> Plan:
    return plan_of("us-japan-2025")


def differing(one: Path, other: Path, until: int | None = None) -> set[str]:
    """Names of the paths in which two runs are not equal to the bit."""
    same = slice(None, until)
    found = {n for n in PATHS if not np.array_equal(getattr(one, n)[same], getattr(other, n)[same], equal_nan=True)}
    for name in ("L", "n_X", "n_P", "R_mass", "r", "mu"):
        if not np.array_equal(getattr(one.trust, name)[same], getattr(other.trust, name)[same]):
            found.add(f"trust.{name}")
    return found
