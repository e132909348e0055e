"""Acts of a scenario: those of the record that it shares, those derived from its measures, its own; threats; cases."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from foederis import acts as records
from foederis import scenario, scenario_act_rates, scenario_acts, scenario_case, scenario_files
from foederis import world as worlds
from foederis.acts import ALL, Act
from foederis.acts_arrays import act_arrays, quarter_range
from foederis.errors import DataError, ScenarioError
from foederis.scenario import Scenario
from foederis.scenario_units import ActLevel, Distribution, Fail, Money, Quantity, act_level, distribution
from foederis.world import World

HEAD = "schema: foederis/scenario/v1\nid: case\nextends: us-japan-baseline\n"
QUARTERS = quarter_range("2017-Q1", "2036-Q4")
COMMON = dt.date(2024, 12, 31)
FLAT = (
    "tariffs:\n  - {id: flat, authority: other, importer: USA, exporter: %s, sectors: all_goods, rate: %s,\n"
    "     from: 2025-04-05, source: test}\n"
)


@pytest.fixture(scope="module")
def world() -> World:
    return worlds.load()


def recent(case: Scenario, world: World) -> list[Act]:
    """The acts after the common past."""
    return [act for act in case.acts(world) if act.date > scenario_acts.COMMON_ACTS]


def on_target(found: list[Act]) -> list[Act]:
    return [act for act in found if act.target in ("JPN", ALL)]


# The record


def test_the_past_is_common_to_all(world: World):
    pasts = []
    for name in scenario_files.preset_names():
        acts = scenario.load(name).acts(world)
        pasts.append([act.id for act in acts if act.date <= scenario_acts.COMMON_ACTS])
    assert all(past == pasts[0] for past in pasts)
    assert {"E036", "E044"} <= set(pasts[0])
    assert "E036-CAN" not in pasts[0]  # Canada neither is the target nor watches


def test_a_scenario_that_uses_the_ledger_takes_the_record_to_its_end(world: World):
    case = scenario.load("us-japan-2025")
    shared = {act.id for act in recent(case, world)} & {act.id for act in records.load()}
    late = [act for act in records.load() if act.date > scenario_acts.COMMON_ACTS]
    expected = {a.id for a in late if a.target in ("JPN", *case.actors.bystanders)}
    assert shared == expected
    assert case.recorded_until == records.recorded_until()


def test_a_scenario_without_the_ledger_ends_with_the_common_past(world: World):
    case = scenario.load("before-2025")
    assert max(act.date for act in case.acts(world)) == dt.date(2025, 1, 3)  # of the outgoing president
    assert recent(case, world) == []
    assert case.recorded_until == COMMON


def test_a_frozen_ledger_ends_the_record_on_the_eve(world: World):
    case = scenario.load("liberation-day")
    found = recent(case, world)
    assert case.recorded_until == dt.date(2025, 4, 8)
    assert max(act.date for act in found) == dt.date(2025, 4, 2)  # E073, the suspension of 9 April, did not happen
    assert "E070-JPN" in {act.id for act in found}
    deal = {act.id for act in recent(scenario.load("july-2025-deal"), world)}
    assert {"E079", "E079-autos"} <= deal
    assert not any(name.startswith(("E095", "E096", "tariff.", "lapse.")) for name in deal)


def test_a_ledger_that_is_left_ends_the_record_and_the_end_is_an_act(world: World):
    case = scenario.load(HEAD + "ledger: {until: 2025-12-01}\n")
    assert case.recorded_until == dt.date(2025, 11, 30)
    last = on_target(recent(case, world))[-1]
    assert (last.date, last.kind, last.zeta) == (dt.date(2025, 12, 1), "tariff", 1.0)
    assert last.magnitude == pytest.approx(
        100 * scenario_act_rates.Averages(case.file, world).on("JPN", COMMON), abs=0.01
    )


def test_the_ledger_on_some_partners_tells_of_these_alone(world: World):
    found = recent(scenario.load(HEAD + "ledger: {partners: KOR}\n"), world)
    assert {act.target for act in found} == {"KOR"}
    firm = recent(scenario.load("firm-and-respectful"), world)
    assert not any(act.id.startswith(("E", "M")) for act in firm)


def test_acts_of_the_record_can_be_taken_out(world: World):
    case = scenario.load("us-japan-2025", ["without_acts=[E079, M10]"])
    gone = {act.id for act in scenario.load("us-japan-2025").acts(world)} - {act.id for act in case.acts(world)}
    assert gone == {"E079", "M10"}


def test_a_ledger_of_some_authorities_gives_derived_acts(world: World):
    found = recent(scenario.load(HEAD + "ledger: {authorities: [ieepa]}\n"), world)
    tariffs = [act for act in on_target(found) if act.kind in ("tariff", "ruling") and act.carried_out]
    assert all(act.id.startswith(("tariff.", "lapse.")) for act in tariffs)
    assert "E076" in {act.id for act in found}
    (ruling,) = [act for act in tariffs if act.kind == "ruling"]
    assert (ruling.date, ruling.zeta) == (dt.date(2026, 2, 20), 0.0)


def test_exempting_the_target_takes_its_tariff_acts_out(world: World):
    case = scenario.load("us-japan-2025").exempting("JPN")
    rates = [a for a in recent(case, world) if a.target == "JPN" and a.kind in ("tariff", "ruling") and a.carried_out]
    assert rates == []
    assert any(a.target == "KOR" and a.kind == "tariff" for a in recent(case, world))
    flat = scenario.load("ten-percent-surplus").exempting("JPN")
    assert {a.target for a in recent(flat, world) if a.kind == "tariff"} >= {"KOR", "VNM"}
    assert on_target(recent(flat, world)) == []


# Derived acts


def test_a_measure_on_everyone_is_one_act_for_all(world: World):
    flat, *surplus = [act for act in recent(scenario.load("ten-percent-surplus"), world) if act.kind == "tariff"]
    assert (flat.target, flat.date, flat.zeta, flat.coverage) == (ALL, dt.date(2025, 4, 5), 1.0, 1.0)
    assert flat.points == pytest.approx(10.0, abs=0.01)
    assert "campaign proposal" in flat.source
    assert {act.date for act in surplus} == {dt.date(2025, 10, 1)}
    assert "AUS" not in {act.target for act in surplus}  # no surplus with the United States
    (japan,) = [act for act in surplus if act.target == "JPN"]
    assert japan.before == pytest.approx(flat.magnitude or 0.0, abs=0.01)


def test_the_act_states_the_average_rate_before_and_after(world: World):
    case = scenario.load(HEAD + FLAT % ("JPN", "{2025-04-05: 10%, 2026-01-01: 4%}"))
    up, down = recent(case, world)
    for act, eve in ((up, dt.date(2025, 4, 4)), (down, dt.date(2025, 12, 31))):
        n, i = world.country("USA"), world.country("JPN")
        goods = np.array([code != "SERV" for code in world.sectors])
        weight = world.flow[n, i] * goods / (world.flow[n, i] * goods).sum()
        for value, day in ((act.before, eve), (act.magnitude, act.date)):
            rate = case.tariff_cut(world, day).total[n, i]
            assert value == pytest.approx(100 * float(rate @ weight), abs=0.005)
    assert up.coercive
    assert not down.coercive
    assert up.points == pytest.approx(10.0, abs=0.01)


def test_a_change_too_small_to_notice_is_no_act(world: World):
    assert recent(scenario.load(HEAD + FLAT % ("JPN", "0.2%")), world) == []
    assert len(recent(scenario.load(HEAD + FLAT % ("JPN", "0.3%")), world)) == 1


def test_nothing_is_derived_after_the_horizon(world: World):
    case = scenario.load(HEAD + FLAT % ("JPN", "{2025-04-05: 10%, 2031-01-01: 4%}"), ["horizon.end=2030-Q4"])
    assert len(recent(case, world)) == 1


def test_the_court_and_the_lapse_of_a_statute_are_nobodys_choice(world: World):
    found = on_target(recent(scenario.load("us-japan-2025-deal"), world))
    lapses = [act for act in found if act.kind == "ruling"]
    assert [str(act.date) for act in lapses] == ["2026-02-20", "2026-07-24"]
    assert all(act.zeta == 0.0 and act.points < 0 for act in lapses)
    assert not any(act.kind == "tariff" and act.date in {lapse.date for lapse in lapses} for act in found)


def test_a_lapse_and_a_choice_of_one_day_are_two_acts(world: World):
    day = dt.date(2026, 7, 24)
    ruling, tariff = [
        act for act in recent(scenario.load("us-japan-2025"), world) if (act.date, act.target) == (day, "JPN")
    ]
    assert (ruling.kind, tariff.kind) == ("ruling", "tariff")
    assert ruling.magnitude == tariff.before
    assert ruling.points < 0 < tariff.points


def test_an_embargo_stands_as_a_rate_of_one_hundred_per_cent(world: World):
    (tariff,) = [act for act in recent(scenario.load("full-decoupling"), world) if act.kind == "tariff"]
    assert (tariff.target, tariff.magnitude) == ("JPN", 100.0)
    dearer = scenario.load("full-decoupling", ["trade_costs.embargo.change=+20%"])
    (tariff,) = [act for act in recent(dearer, world) if act.kind == "tariff"]
    assert tariff.magnitude == pytest.approx(100 * ((1 + tariff.before / 100) * 1.2 - 1), abs=0.01)


def test_the_carried_out_letter_replaces_the_deal(world: World):
    found = on_target(recent(scenario.load("letter-25"), world))
    assert not {"E079", "E079-autos"} & {act.id for act in found}
    assert "E078-JPN" in {act.id for act in found}
    last = found[-1]
    assert (str(last.date), last.kind, last.carried_out) == ("2025-08-01", "tariff", True)
    assert 5 < last.points < 10  # 15 points more on somewhat more than half of the goods


def test_a_derived_act_does_not_stand_beside_a_written_one(world: World):
    written = (
        "acts:\n  - {id: mine, date: 2025-04-05, kind: tariff, title: mine, zeta: 0.5, before: 1%%, magnitude: 11%%,\n"
        "     source: test%s}\n"
    )
    case = scenario.load(HEAD + FLAT % ("JPN", "10%") + written % "")
    assert [act.id for act in recent(case, world)] == ["mine"]
    threat = scenario.load(HEAD + FLAT % ("JPN", "10%") + written % ", carried_out: false")
    assert len(recent(threat, world)) == 2  # a threat is no change of a rate
    other = scenario.load(HEAD + FLAT % ("JPN", "10%") + written % ", target: KOR")
    assert len(recent(other, world)) == 2


def test_observers_may_be_named(world: World):
    case = scenario.load("ten-percent-surplus")
    seen = {act.target for act in case.acts(world, ("JPN", "THA", "DEU")) if act.kind == "tariff" and act.date > COMMON}
    assert seen == {ALL, "JPN", "THA", "DEU"}


# Security


@pytest.mark.parametrize(
    ("linkage", "tied"),
    [("0.4", False), ("0.5", True), ("{dist: beta, a: 2, b: 5}", False), ("{dist: beta, a: 5, b: 2}", True)],
)
def test_linkage_of_one_half_ties_what_takes(world: World, linkage: str, tied: bool):
    case = scenario.load(HEAD + FLAT % ("JPN", "{2025-04-05: 10%, 2026-01-01: 4%}"), [f"security.linkage={linkage}"])
    up, down = recent(case, world)
    assert up.tied == tied
    assert not down.tied
    balance = case.with_settings("security.linkage=0", "security.conditions_on=bilateral_balance")
    assert recent(balance, world)[0].tied


def test_what_is_asked_for_the_troops_is_a_demand_on_its_day(world: World):
    case = scenario.load("ten-percent-linked")
    (demand,) = [act for act in recent(case, world) if act.kind == "demand"]
    assert (str(demand.date), demand.target, demand.magnitude, demand.unit) == (
        "2026-10-01",
        "JPN",
        8.0,
        "USD bn per year",
    )
    assert demand.tied
    assert demand.before == pytest.approx(211 / (592.7 / 4.263), abs=0.001)  # yen at GDP of 2023 in both currencies
    assert [a.kind for a in recent(case.with_settings("security.host_nation_support.asked=1 bn USD/yr"), world)].count(
        "demand"
    ) == 0


def test_a_demand_without_what_is_paid_or_in_a_strange_currency_is_refused(world: World):
    with pytest.raises(DataError, match="does not say what is paid"):
        scenario.load(HEAD, ["security.host_nation_support.asked=8 bn USD/yr"]).acts(world)
    with pytest.raises(DataError, match="no exchange rate for KRW"):
        scenario.load(HEAD, ["security.host_nation_support={paid: 1500 bn KRW/yr, asked: 8 bn USD/yr}"]).acts(world)


def test_only_a_high_level_of_reassurance_is_an_act(world: World):
    for level, count in ((20, 0), (50, 0), (51, 1)):
        case = scenario.load(HEAD + FLAT % ("JPN", "10%"), [f"security.reassurance={{level: {level}, of: 100}}"])
        found = [act for act in recent(case, world) if act.kind == "reassurance"]
        assert [str(act.date) for act in found] == ["2025-04-05"] * count


def test_demand_path():
    path = scenario.load("ten-percent-linked").demand_path(("2026-Q3", "2026-Q4", "2027-Q1"))
    assert path is not None
    np.testing.assert_allclose(path.paid, path.paid[0])
    np.testing.assert_allclose(path.asked, [path.paid[0], 8.0, 8.0])
    assert scenario.load("us-japan-baseline").demand_path(QUARTERS) is None


def test_the_firm_and_respectful_policy_asks_much_and_ties_nothing(world: World):
    case = scenario.load("firm-and-respectful")
    found = recent(case, world)
    assert not any(act.tied or act.kind == "tariff" for act in found)
    kinds = [act.kind for act in found]
    assert kinds.count("demand") == 2
    assert kinds.count("reassurance") == 2
    assert "agreement" in kinds
    n, i = world.country("USA"), world.country("JPN")
    np.testing.assert_array_equal(case.tariff_cut(world).total[n, i], world.tariff[n, i])
    assert (case.tariff_cut(world).total[n, world.country("CHN")] >= world.tariff[n, world.country("CHN")]).any()


# Acts that a file writes


def test_written_acts_become_acts_of_the_model(world: World):
    case = scenario.load(
        HEAD + "acts:\n"
        "  - {id: surcharge, date: 2027-03-01, to: 2028-03-01, kind: tariff, title: Surcharge, zeta: 1, before: 2%,\n"
        "     magnitude: 12%, coverage: 40%, leader: Trump, source: test}\n"
        "  - {id: bill, date: 2027-06-01, kind: demand, title: Bill, zeta: 80%, target: [JPN, KOR], tied: true,\n"
        "     before: 2 bn USD/yr, magnitude: 8 bn USD/yr, source: test}\n"
        "  - {id: exit, date: 2028-01-01, kind: exit, title: Exit, zeta: 1, target: world, magnitude: 12, source: s}\n"
    )
    found = {act.id: act for act in recent(case, world)}
    assert set(found) == {"surcharge", "surcharge.lapse", "bill-jpn", "bill-kor", "exit"}
    assert found["surcharge"].points == pytest.approx(4.0)
    assert (found["surcharge.lapse"].zeta, found["surcharge.lapse"].points) == (0.0, pytest.approx(-4.0))
    assert (found["bill-kor"].zeta, found["bill-kor"].domain, found["bill-kor"].tied) == (0.8, "security", True)
    assert (found["exit"].target, found["exit"].unit) == (ALL, "signatories")
    arrays = act_arrays(case.acts(world), QUARTERS, ("JPN", *case.actors.bystanders))
    assert set(found) <= set(arrays.acts)


def test_a_lapse_after_the_horizon_is_left_out(world: World):
    text = (
        "acts: [{id: a, date: 2036-12-01, to: 2050-01-01, kind: tariff, title: x, zeta: 1, magnitude: 9%, source: s}]\n"
    )
    assert [act.id for act in recent(scenario.load(HEAD + text), world)] == ["a"]


def test_acts_are_inherited_changed_and_removed_by_id():
    child = scenario.load(
        "schema: foederis/scenario/v1\nid: child\nextends: us-japan-2025-deal\n"
        "acts: [{id: summit, remove: true}, {id: deal, zeta: 0.5}]\n"
    )
    assert [act.id for act in child.file.acts] == ["bill", "defence-target", "letter", "deal"]
    assert scenario.load(scenario.dump(child)) == child
    assert float(child.file.acts[-1].zeta) == 0.5
    assert float(child.with_settings("acts.deal.zeta=25%").file.acts[-1].zeta) == 0.25


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [("25%", "%", 25), ("8 bn USD/yr", "USD bn per year", 8), ("3.5% of GDP", "% of GDP", 3.5), ("12", "", 12)],
)
def test_sizes_of_acts_are_read_and_written(text: str, unit: str, number: float):
    size = act_level(text)
    assert (size.unit, size.number, str(size)) == (unit, number, text)
    assert act_level(str(size)) == size


@pytest.mark.parametrize("text", ["-1%", "-1", "8 bn USD", "nan%", "five", True, None, "-2% of GDP"])
def test_sizes_that_cannot_be(text: object):
    with pytest.raises(Fail):
        act_level(text)


def test_sizes_of_acts_tell_types_apart():
    assert act_level("3.5%") != act_level("3.5% of GDP")
    assert isinstance(act_level("8 bn USD/yr").value, Money)
    assert isinstance(act_level("25%"), ActLevel)


# Threats


def test_a_threat_gives_its_acts_on_the_day_it_happens(world: World):
    (snapback,) = scenario.load("us-japan-2025-deal").threats(world)
    assert isinstance(snapback.hazard, Distribution)
    (act,) = snapback.acts_on(dt.date(2026, 1, 15))
    assert (act.target, act.kind, str(act.date)) == ("JPN", "tariff", "2026-01-15")
    assert 5 < act.points < 10
    (late,) = snapback.acts_on(dt.date(2026, 3, 1))  # the reciprocal duty is void by then: cars alone
    assert 0 < late.points < act.points


def test_a_threat_may_carry_acts(world: World):
    case = scenario.load(
        HEAD + "contingent:\n  - id: quarrel\n    hazard_per_quarter: 5%\n    then:\n      acts:\n"
        "        - {id: leave, kind: exit, title: Leaves, zeta: 1, target: world, magnitude: 5, source: test}\n"
    )
    (quarrel,) = case.threats(world)
    (act,) = quarrel.acts_on(dt.date(2031, 5, 1))
    assert (act.id, act.target, act.date) == ("leave", ALL, dt.date(2031, 5, 1))
    assert recent(case, world) == []  # a hazard, not a fact
    assert scenario.load(scenario.dump(case)) == case
    assert any(text.startswith("contingent.quarrel:") and "leave" in text for text in case.unused())


def test_a_threat_strikes_once_at_the_rate_of_its_hazard(world: World):
    (snapback,) = scenario.load("us-japan-2025-deal", ["contingent.snapback.hazard_per_quarter=4%"]).threats(world)
    rng = np.random.default_rng(7)
    u = rng.random((len(QUARTERS), 4000))
    struck = snapback.happens(QUARTERS, rng.random(4000), u)
    assert struck.sum(axis=0).max() == 1
    assert not struck[: QUARTERS.index("2025-Q1")].any()
    assert struck.any(axis=0).mean() == pytest.approx(1 - 0.96**48, abs=0.02)


def test_presets_rank_as_they_treat_the_ally(world: World):
    from foederis import beliefs, region_data, simulation_parameters

    observers = ("JPN", *region_data.load().bystanders)
    p = simulation_parameters.draw(1, np.arange(200))
    at = QUARTERS.index("2026-Q4")
    reliability = {}
    for name in scenario_files.preset_names():
        case = scenario.load(name)
        arrays = act_arrays(case.acts(world, observers), QUARTERS, observers, recorded_until=case.recorded_until)
        path = beliefs.run(arrays, p)
        reliability[name] = float(np.median(path.r[at, :, 0]))
        past = float(np.median(path.r[QUARTERS.index("2024-Q4"), :, 0]))
        assert past == pytest.approx(reliability.setdefault("past", past), abs=1e-12)
    order = "firm-and-respectful before-2025 ten-percent-surplus us-japan-2025 ten-percent-linked".split()
    assert sorted(order, key=lambda name: -reliability[name]) == order
    assert reliability["full-decoupling"] < reliability["liberation-day"] < reliability["before-2025"]
    assert reliability["letter-25"] < reliability["july-2025-deal"]


@pytest.mark.parametrize(
    "value",
    [
        {"dist": "beta", "a": 2, "b": 5},
        {"dist": "triangular", "low": "3%", "mode": "15%", "high": "60%"},
        {"dist": "normal", "mean": "0.4", "sd": "0.1"},
        {"dist": "lognormal", "median": "0.3", "sigma": "0.5"},
        {"dist": "uniform", "low": 0, "high": 1},
    ],
)
def test_quantiles_of_a_distribution_have_its_mean(value: dict[str, object]):
    found = distribution(value)
    u = (np.arange(20_000) + 0.5) / 20_000
    drawn = scenario_acts.quantile(found, u)
    assert (np.diff(drawn) > 0).all()
    assert drawn.mean() == pytest.approx(scenario_acts.mean(found), rel=2e-3)


def test_a_number_is_its_own_quantile():
    half = scenario.load(HEAD, ["security.linkage=50%"]).linkage
    assert isinstance(half, Quantity)
    np.testing.assert_array_equal(scenario_acts.quantile(half, np.array([0.1, 0.9])), [0.5, 0.5])
    assert scenario.load(HEAD).linkage is None


# What a run with the alliance does not use


def test_a_run_with_the_alliance_uses_more():
    case = scenario.load("us-japan-2025-deal")
    trade, alliance = "\n".join(case.unused()), "\n".join(case.unused(alliance=True))
    for part in ("security (", "responses:", "acts:", "tariffs.autos-232:"):
        assert part in trade
        assert part not in alliance
    assert "contingent.snapback" in alliance
    assert "contingent" not in "\n".join(case.unused(alliance=True, hazards=True))
    assert "side_payments.purchases" in alliance


def test_the_baseline_spans_the_dynamic_run():
    horizon = scenario.load("us-japan-baseline").horizon
    assert (str(horizon.start), str(horizon.end)) == ("2025-Q1", "2036-Q4")


# Cases of other pairs


def test_nothing_is_missing_for_the_pair_that_is_shipped():
    assert scenario_case.missing("USA", "JPN") == ()
    scenario_case.require("USA", "JPN")


def test_what_is_missing_for_another_pair_is_named_with_what_would_supply_it(world: World):
    lacking = scenario_case.missing("USA", "KOR")
    for part in ("defence", "acts", "polls", "bystanders", "leaders of South Korea"):
        assert any(text.startswith(part) for text in lacking)
    assert all("it would come from" in text for text in lacking)
    assert len(scenario_case.missing("JPN", "KOR")) == 5
    assert len(scenario_case.missing("GBR", "FRA")) == 6
    with pytest.raises(DataError) as caught:
        scenario.load(scenario.template("usa-kor")).acts(world)
    assert all(text in str(caught.value) for text in lacking)


def test_the_files_that_a_pair_needs_are_those_that_are_read():
    from foederis import dyad, region_data

    for load, what in ((dyad.load, "security-usa-kor.json"), (region_data.load, "region-usa-kor.json")):
        with pytest.raises(DataError, match=what):
            load("USA", "KOR")
        assert any(what in text for text in scenario_case.missing("USA", "KOR"))


def test_the_file_of_a_case_loads_and_its_trade_part_runs(world: World):
    text = scenario.template("usa-kor")
    case = scenario.load(text)
    assert (case.actors.coercer, case.actors.target, case.actors.rival) == ("USA", "KOR", "CHN")
    assert "JPN" in case.actors.bystanders
    assert "KOR" not in case.actors.bystanders
    n, i = world.country("USA"), world.country("KOR")
    assert (case.tariff_cut(world).total[n, i, :-1] > world.tariff[n, i, :-1]).all()
    for what in scenario_case.missing("USA", "KOR"):
        assert what.split(";")[0] in text
    commented = [line for line in text.splitlines() if line.startswith(("# ledger:", "# acts:", "#   - {", "# resp"))]
    assert len(commented) == 4
    whole = scenario.load(
        text + "\n".join(line.removeprefix("# ").replace("#   -", "  -") for line in commented) + "\n"
    )
    assert whole.file.ledger is not None
    assert [act.id for act in whole.file.acts] == ["talks"]


@pytest.mark.parametrize(
    ("pair", "rival"),
    [(("GBR", "DEU"), "RUS"), (("JPN", "CHN"), "USA"), (("CHN", "USA"), None), (("AUS", "NZL"), "CHN")],
)
def test_rivals_of_a_case(pair: tuple[str, str], rival: str | None):
    found = scenario_case.case_of(*pair)
    assert found.rival == rival
    assert not {*pair, rival} & set(found.bystanders)
    case = scenario.load(scenario.template("-".join(pair).lower()))
    assert case.actors.rival == rival


def test_names_that_are_no_pair_make_a_plain_scenario():
    for name in ("my-scenario", "usa-usa", "usa-xyz", "usa", "usa-kor-2"):
        assert scenario_case.parse(name) is None
        assert scenario.load(scenario.template(name)).actors.target == "JPN"
    assert scenario.load(scenario.template("mine", case=("USA", "AUS"))).actors.target == "AUS"
    with pytest.raises(DataError, match="is not an economy"):
        scenario.template("mine", case=("USA", "XYZ"))
    with pytest.raises(DataError, match="customs union"):
        scenario.template("deu-fra")
    with pytest.raises(ScenarioError, match="is not a name"):
        scenario.template("USA-KOR")


def test_the_corpus_of_wrong_acts():
    corpus = Path(__file__).parent / "bad_scenarios"
    told = {path.read_text().split("\n", 1)[0].split()[-1] for path in corpus.glob("act-*.yaml")}
    assert {"unknown-country", "dates", "range", "leader", "choice", "duplicate-id", "horizon", "self"} <= told
