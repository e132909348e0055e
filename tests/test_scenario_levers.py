"""Levers: what each replaces and what it leaves, the acts they are, faults with their place, a state as text."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import scenario
from foederis import world as worlds
from foederis.errors import ScenarioError, UsageError
from foederis.scenario_levers import LEVERS, PAGE_PRESETS, State, legal, snapped

DEAL = "july-2025-deal"
DAY = dt.date(2025, 9, 17)


@pytest.fixture(scope="module")
def world():
    return worlds.load()


def moved(text: str, preset: str = DEAL):
    return scenario.load(preset, settings=[f"levers={{from: 2025-09-17, {text}}}"])


def added(found, world, exporter: str, day: dt.date = DAY) -> dict[str, np.ndarray]:
    cut = found.tariff_cut(world, day)
    where = world.country("USA"), world.country(exporter)
    return {name: value[where] for name, value in cut.by_authority.items()}


def test_baseline_tariff_replaces_the_reciprocal_rate_and_spares_cars_and_metals(world):
    before, after = added(scenario.load(DEAL), world, "JPN"), added(moved("tariff: 20%"), world, "JPN")
    cars, steel, machines = (world.sector(code) for code in ("C29", "C24A", "C28"))
    assert before["ieepa"][machines] > 0.05
    assert np.allclose(np.delete(after["ieepa"], cars), 0.0)
    assert after["other"][cars] == 0.0
    assert np.allclose(after["s232"], before["s232"])
    assert after["other"][steel] < 0.05  # nearly all of it is under section 232
    assert 0.15 < after["other"][machines] <= 0.20
    assert np.allclose(added(moved("tariff: 20%"), world, "JPN", dt.date(2025, 9, 16))["other"], 0.0)


def test_autos_replaces_section_232_on_cars_alone(world):
    before, after = added(scenario.load(DEAL), world, "JPN"), added(moved("autos: 30%"), world, "JPN")
    cars = world.sector("C29")
    assert before["s232"][cars] > 0.1
    assert after["s232"][cars] == 0.0
    assert after["other"][cars] == pytest.approx(0.30)
    others = np.arange(len(world.sectors)) != cars
    assert np.allclose(after["s232"][others], before["s232"][others])
    assert np.allclose(after["ieepa"][others], before["ieepa"][others])


def test_surcharge_falls_on_surplus_countries_and_replaces_the_one_of_the_scenario(world):
    found = moved("surcharge: 5pp")
    assert np.allclose(added(found, world, "JPN")["other"][: len(world.sectors) - 1], 0.05, atol=1e-9)
    assert np.allclose(added(found, world, "AUS")["other"], 0.0)
    day = dt.date(2026, 1, 1)
    linked = scenario.load("ten-percent-linked", settings=["levers={from: 2026-01-01, surcharge: 5pp}"])
    assert added(linked, world, "JPN", day)["other"][world.sector("C28")] == pytest.approx(0.15)
    assert added(linked, world, "JPN", day - dt.timedelta(days=1))["other"][world.sector("C28")] > 0.19


def test_china_and_allies(world):
    china = added(moved("china: 40%"), world, "CHN")
    assert np.allclose(china["other"][: len(world.sectors) - 1], 0.40)
    assert sum(float(np.abs(value).max()) for name, value in china.items() if name != "other") == 0.0
    spared = moved("exempt_allies: true, tariff: 30%")
    for code in ("JPN", "KOR", "DEU"):
        assert sum(float(np.abs(value).max()) for value in added(spared, world, code).values()) == 0.0
    assert sum(float(value.max()) for value in added(spared, world, "VNM").values()) > 0.1


def test_counter_measures_answer_in_kind(world):
    found = moved("tariff: 20%, counter: 50%")
    cut = found.tariff_cut(world, DAY)
    mine, faced = (cut.total - cut.base)[world.country("JPN"), world.country("USA")], added(found, world, "JPN")
    rate = sum(faced.values())[world.sector("C28")]
    assert mine[world.sector("C28")] == pytest.approx(0.5 * rate, rel=1e-6)
    assert np.allclose(moved("tariff: 20%, counter: 0").tariff_cut(world, DAY).by_authority.get("retaliation", 0.0), 0)


def test_acts_of_levers_have_a_size(world):
    found = moved("support_asked: 8 bn USD/yr, linkage: 40%, reassurance: 30%, tariff: 25%")
    new = {act.id: act for act in found.acts(world) if act.date >= DAY}
    demand, tie = new["lever.support.2025-09-17"], new["lever.linkage.2025-09-17"]
    assert (demand.kind, demand.magnitude, demand.tied) == ("demand", 8.0, 0.0)
    assert 1.0 < demand.before < 2.0
    assert (tie.kind, tie.tied) == ("demand", 0.4)
    assert new["lever.reassurance.2025-09-17"].coverage == 0.3
    assert new["tariff.2025-09-17.JPN"].points > 5
    assert not [a for a in moved("support_asked: 1 bn USD/yr").acts(world) if a.date >= DAY]  # less than is paid


def test_a_lever_replaces_the_demand_of_the_scenario(world):
    settings = ["levers={from: 2026-01-01, support_asked: 4 bn USD/yr}"]
    found = scenario.load("ten-percent-linked", settings=settings).acts(world)
    assert [a.magnitude for a in found if a.kind == "demand" and a.date.year >= 2026] == [4.0]


def test_levers_left_alone_change_nothing(world):
    assert State(DEAL).scenario() == scenario.load(DEAL)
    assert np.array_equal(
        moved("linkage: 50%").tariff_cut(world, DAY).total, scenario.load(DEAL).tariff_cut(world, DAY).total
    )


@pytest.mark.parametrize(
    ("text", "column", "code"),
    [
        ("levers={from: 2024-01-01, tariff: 10%}", 15, "dates"),
        ("levers={from: 2040-01-01, tariff: 10%}", 15, "dates"),
        ("levers={from: 2025-09-17}", 8, "empty"),
        ("levers={tariff: 10%}", 8, "missing"),
        ("levers={from: 2025-09-17, tariff: 10}", 35, "unit"),
        ("levers={from: 2025-09-17, tarif: 10%}", 27, "unknown-key"),
        ("levers={from: 2025-09-17, linkage: 180%}", 36, "range"),
    ],
)
def test_faults_have_their_place(text, column, code):
    with pytest.raises(ScenarioError) as caught:
        scenario.load(DEAL, settings=[text])
    assert (column, code) in {(fault.column, fault.code) for fault in caught.value.faults}


@pytest.mark.parametrize("preset", PAGE_PRESETS)
def test_todays_values_are_on_the_sliders(preset):
    for key, value in legal(preset).items():
        assert snapped(LEVERS[key], value) == value


def test_the_law_of_a_preset_is_read_as_a_flat_rate(world):
    deal = legal(DEAL)
    assert 8 <= deal["tariff"] <= 15  # 15 % all-in less the normal duty, exemptions taken out
    assert 12 <= deal["autos"] <= 14  # 15 % all-in on cars that paid 2.5 %, some parts less
    assert legal("before-2025")["tariff"] == 0.0
    assert legal("ten-percent-linked")["linkage"] == 80.0
    assert legal("ten-percent-linked")["hns"] == 8.0
    flat = State(DEAL, {"tariff": deal["tariff"]}).scenario()
    weight = world.flow[world.country("USA"), world.country("JPN")]
    both = [sum(added(s, world, "JPN").values()) @ weight / weight.sum() for s in (flat, scenario.load(DEAL))]
    assert both[0] == pytest.approx(both[1], abs=0.005)  # within the step of the lever


STATES = st.builds(
    lambda preset, values, versus: State(preset, {k: snapped(LEVERS[k], v) for k, v in values.items()}, versus),
    st.sampled_from(PAGE_PRESETS),
    st.dictionaries(st.sampled_from(list(LEVERS)), st.floats(0, 100)),
    st.none() | st.sampled_from(PAGE_PRESETS),
)


@given(STATES)
def test_the_address_holds_the_state(state):
    from urllib.parse import parse_qsl

    query = state.query()
    assert State.parse(dict(parse_qsl(query))) == state
    assert len(query) < 2000
    assert State.parse({**dict(parse_qsl(query)), "lang": "ja"}).query() == query


def test_yaml_command_line_and_python_give_the_same_scenario():
    state = State(DEAL, {"hns": 8, "tariff": 10, "exempt": 1})
    from_yaml = scenario.load(state.yaml().encode())
    assert from_yaml.file.levers == state.scenario().file.levers
    assert from_yaml.evaluate == state.scenario().evaluate
    import shlex

    words = shlex.split(state.cli())
    settings = [words[k + 1] for k, word in enumerate(words) if word == "--set"]
    assert scenario.load(words[2], settings=settings) == state.scenario()
    names: dict[str, object] = {}
    exec(state.python().replace("run = fo.simulate(scenario)\nprint(run.text())\n", ""), names)
    assert names["scenario"] == state.scenario()


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"tariff": "x"}, "tariff="),
        ({"tariff": "99"}, "0 to 50 %"),
        ({"p": "july"}, "no preset"),
        ({"hns": "nan"}, "hns"),
    ],
)
def test_a_bad_address_is_told(query, word):
    with pytest.raises(UsageError, match=word):
        State.parse(query)


def test_assumptions_are_part_of_a_state_and_of_the_scenario():
    state = State.parse({"p": DEAL, "tariff": "10", "a.w_P": "2.5", "a.b_1": "3"})
    assert dict(state.assumptions) == {"b_1": 3.0, "w_P": 2.5}
    assert state.scenario().assumptions == {"b_1": 3.0, "w_P": 2.5}
    assert State(DEAL, {}, None, {"w_P": 2.5}).scenario().assumptions == {"w_P": 2.5}
    assert scenario.load(state.yaml().encode()).assumptions == state.scenario().assumptions
    assert "a.w_P=2.5" in state.query()
    with pytest.raises(UsageError, match="no assumption"):
        State(DEAL, {}, None, {"w P": 1.0})
    with pytest.raises(ScenarioError) as caught:
        scenario.load(DEAL, settings=["assumptions={w_P: many}"])
    assert caught.value.faults[0].column == 19


def test_an_assumption_holds_a_parameter_in_every_draw():
    from foederis.ensemble_alliance import cast_of

    for fitted in (False, True):
        cast = cast_of("USA", "JPN", draws=100, fixed={"w_P": 2.5}, fitted=fitted)
        assert set(cast.p["w_P"].tolist()) == {2.5}
        assert len(set(cast.p["w_X"].tolist())) > 50
    with pytest.raises(UsageError, match="did you mean 'w_P'"):
        cast_of("USA", "JPN", draws=100, fixed={"wP": 2.5})
    with pytest.raises(UsageError, match="outside its prior"):
        cast_of("USA", "JPN", draws=100, fixed={"w_P": -1.0})
