"""One run of the trade chain: which worlds are solved, and how outcomes follow from them."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from foederis import ensemble, scenario, simulation, world
from foederis.errors import DataError, UsageError
from foederis.simulation import VARIABLES, Plan
from foederis.world import World


@pytest.fixture(scope="module")
def table() -> World:
    return world.load()


def plan_of(table: World, *settings: str, name: str = "ten-percent-linked") -> Plan:
    return simulation.plan(scenario.load(name, settings), scenario.load("us-japan-baseline"), table)


def central(plan: Plan, horizon: simulation.Horizon = "long run") -> dict[str, np.ndarray]:
    parameters = ensemble.central_parameters(plan.world)
    return simulation.values(plan, simulation.solve_cases(plan, parameters, horizon))


def test_the_reference_against_itself_changes_nothing(table: World) -> None:
    plan = plan_of(table, name="us-japan-baseline")
    assert (plan.reference, plan.exempt, plan.cases("long run")) == (None, None, 1)
    for name, value in central(plan).items():
        assert np.nanmax(np.abs(np.atleast_1d(value))) < 1e-7, name


def test_what_taxing_the_target_adds_is_the_difference_of_two_scenarios(table: World) -> None:
    plan = plan_of(table)
    values = central(plan)
    spared = plan_of(table, "exempt_partners=[JPN]")
    assert spared.exempt is None
    without = central(spared)
    jp, us = table.country("JPN"), table.country("USA")
    ratio = (1 + values["welfare"] / 100) / (1 + without["welfare"] / 100)
    assert np.allclose(values["adds_welfare"], 100 * (ratio - 1), atol=1e-7)
    assert values["adds_welfare"][jp] < 0
    assert values["adds_revenue_usd_bn"] == pytest.approx(
        values["revenue_usd_bn"] - without["revenue_usd_bn"], abs=1e-5
    )
    assert values["adds_welfare_usd_bn"][us] != 0
    assert np.all(np.atleast_1d(without["adds_welfare_usd_bn"]) == 0)


def test_being_taxed_alone_costs_the_target_more(table: World) -> None:
    jp = table.country("JPN")
    alone = plan_of(table, "tariffs.flat.exporter=JPN", "tariffs.surplus.exporter=JPN")
    everyone = plan_of(table)
    assert central(alone)["welfare"][jp] < central(everyone)["welfare"][jp]


def test_the_short_run_moves_output_less_than_the_long_run(table: World) -> None:
    plan = plan_of(table)
    long, short = central(plan), central(plan, "short run")
    goods = [k for k, code in enumerate(table.sectors) if code != "SERV"]
    assert np.abs(short["target_output"][goods]).mean() < np.abs(long["target_output"][goods]).mean()


def test_revenue_is_rate_times_value(table: World) -> None:
    plan = plan_of(table)
    solved = simulation.solve_cases(plan, ensemble.central_parameters(table), "long run")
    us = table.country("USA")
    value = solved.scenario.flow_new[us]
    rate = plan.case.tariff[us]
    base = (table.tariff[us] * table.flow[us]).sum()
    assert simulation.values(plan, solved)["revenue_usd_bn"] == pytest.approx(((rate * value).sum() - base) / 1e3)


def test_a_finite_mobility_of_the_scenario_holds_in_its_long_run(table: World) -> None:
    plan = plan_of(table, "economics.mobility=1.2")
    assert plan.mobility == 1.2
    assert not np.allclose(central(plan)["target_output"], central(plan_of(table))["target_output"])
    assert math.isinf(plan_of(table).mobility)


def test_the_day_decides_which_measures_count(table: World) -> None:
    before = simulation.plan(
        scenario.load("ten-percent-linked"), scenario.load("us-japan-baseline"), table, dt.date(2025, 1, 1)
    )
    assert before.cases("long run") == 1


def test_coercer_and_target_must_be_economies_of_the_world(table: World) -> None:
    small = table.aggregate({"USA": ["USA"], "REST": [code for code in table.countries if code != "USA"]})
    with pytest.raises((UsageError, DataError), match="JPN"):
        plan_of(small)


def test_every_variable_says_what_it_is(table: World) -> None:
    found = central(plan_of(table))
    assert set(found) == set(VARIABLES)
    for known in VARIABLES.values():
        assert known.units in ("%", "bn USD")
        assert known.long_name
        assert known.badge in "DLA"
