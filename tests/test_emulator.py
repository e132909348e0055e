"""The emulator: its surface, its range, its check; and that what it says is near an exact run that it has not seen."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import foederis as fo
from foederis import emulator, emulator_design, emulator_kriging, store
from foederis.emulator_design import DRAWS, FIRST_SCREEN
from foederis.errors import DataError, UsageError
from foederis.report_page import FRAMES, page_data
from foederis.scenario_levers import DEFAULT, LEVERS, PAGE_PRESETS, State, legal


@pytest.fixture(scope="module")
def made():
    return emulator.load(DEFAULT)


@pytest.fixture(scope="module")
def lab():
    return emulator_design.laboratory(DEFAULT)


def smooth(x: np.ndarray) -> np.ndarray:
    return np.stack([1 + x[:, 0] - 0.5 * x[:, 1] ** 2 + 0.3 * x[:, 0] * x[:, 1], np.exp(0.4 * x[:, 0])], axis=1)


def test_kriging_meets_a_smooth_function_between_its_nodes():
    rng = np.random.default_rng(1)
    nodes = np.hstack([rng.uniform(-1, 1, (80, 2)), np.ones((80, 2))])
    surface = emulator_kriging.fitted(nodes, smooth(nodes))
    fresh = np.hstack([rng.uniform(-0.9, 0.9, (50, 2)), np.ones((50, 2))])
    off = np.abs(np.array([surface.at(x) for x in fresh]) - smooth(fresh))
    assert off.max() < 0.01
    again = emulator_kriging.fitted(
        nodes, emulator_kriging.met(surface), [(surface.length, surface.weight, surface.nugget)]
    )
    assert np.allclose(again.weights, surface.weights, atol=1e-6 * np.abs(surface.weights).max())


def test_kriging_does_not_meet_noise():
    rng = np.random.default_rng(2)
    nodes = np.hstack([rng.uniform(-1, 1, (80, 2)), np.ones((80, 2))])
    noise = rng.normal(size=(80, 1))
    surface = emulator_kriging.fitted(nodes, noise)
    assert surface.nugget == max(emulator_kriging.NUGGETS)  # the check by leaving one out sees that there is nothing


def test_no_lever_moved_is_the_exact_answer(made):
    assert made.answer({}) is made.base
    assert made.base.source == "exact"
    assert len(made.base.run_id) == 8


def test_the_shipped_answer_is_the_run_of_today(made):
    run = fo.simulate(DEFAULT)
    now = page_data(run.results[DEFAULT], run.paths[DEFAULT], run.run_id)
    assert now.run_id == made.base.run_id
    for key, value in now.numbers.items():
        assert made.base.numbers[key] == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True), key
    assert dict(made.base.chances) == pytest.approx(dict(now.chances))
    assert [row["median"] for row in made.base.frames["trust"]] == pytest.approx(
        [row["median"] for row in now.frames["trust"]], abs=1e-6
    )


@pytest.mark.parametrize("levers", [{"tariff": 22.0, "linkage": 60.0}, {"exempt": 1.0, "hns": 6.0}])
def test_it_is_near_exact_runs_that_it_has_not_seen(made, lab, levers):
    state = State(DEFAULT, levers)
    assert state not in emulator_design.design(DEFAULT, emulator_design.STATES + emulator_design.CHECKED)
    exact = lab.answer(state)
    said = made.answer(levers)
    for key in FIRST_SCREEN:
        still = made.base.numbers[key]
        width = max((exact.numbers[key].high - exact.numbers[key].low) / 2, (still.high - still.low) / 2)
        # fewer draws than the run of the command line move it too: that difference is not the emulator's
        shift = (
            0.0
            if levers.get("exempt")
            else made.base.numbers[key].median - lab.answer(State(DEFAULT)).numbers[key].median
        )
        assert (
            abs(said.numbers[key].median - shift - exact.numbers[key].median) < 1.5 * made.worst[key] * width + 1e-9
        ), key
    assert abs(said.chances["self_defeat"] - exact.chances["self_defeat"]) < 2 * made.worst["self_defeat"] + 0.02


def test_the_laboratory_is_the_run_with_fewer_draws(lab):
    run = fo.simulate(DEFAULT, draws=DRAWS, alliance_draws=DRAWS)
    exact = page_data(run.results[DEFAULT], run.paths[DEFAULT], run.run_id)
    mine = lab.answer(State(DEFAULT))
    for key, value in exact.numbers.items():
        width = max(value.high - value.low, 1e-3)
        assert np.allclose(mine.numbers[key], value, atol=0.03 * width if math.isfinite(width) else 0.2), key
    assert mine.chances["self_defeat"] == pytest.approx(exact.chances["self_defeat"], abs=0.005)


def test_answers_have_the_form_and_the_range_of_exact_ones(made):
    rng = np.random.default_rng(3)
    for _ in range(40):
        levers = {k: float(rng.uniform(v.low, v.high)) for k, v in LEVERS.items() if rng.random() < 0.5 and v.unit}
        page = made.answer(levers | ({"exempt": 1.0} if rng.random() < 0.3 else {}))
        assert page.source == ("emulator" if levers or page is not made.base else "exact")
        assert all(tuple(row) == FRAMES[name] for name, rows in page.frames.items() for row in rows)
        assert all(0.0 <= chance <= 1.0 for chance in page.chances.values())
        assert all(value.low <= value.high for value in page.numbers.values())
        for row in page.frames["trust"]:
            assert 0 <= row["low90"] <= row["low50"] <= row["median"] <= row["high50"] <= row["high90"] <= 100
        *parts, total = page.frames["why"]
        assert math.fsum(row["value"] for row in parts) == pytest.approx(total["value"])
        json.dumps(page.as_dict(), allow_nan=False)


def test_a_spared_target_pays_and_earns_nothing(made):
    page = made.answer({"exempt": 1.0, "tariff": 40.0})
    assert page.numbers["gain"].median == pytest.approx(0.0, abs=1e-6)
    assert not page.taxes_target
    assert page.numbers == made.answer({"exempt": 1.0}).numbers


def test_a_demand_below_what_is_paid_is_none(made):
    still = legal(DEFAULT)["hns"]
    tariff = {"tariff": 20.0}
    assert made.answer({**tariff, "hns": still - 0.5}).numbers == made.answer(tariff).numbers
    assert made.answer({**tariff, "hns": 8.0}).numbers != made.answer(tariff).numbers


def test_a_demand_below_what_is_paid_takes_back_what_the_preset_asks():
    none = [emulator.scaled("ten-percent-linked", {"hns": value}) for value in (0.0, 1.0, 1.5)]
    assert np.array_equal(none[0], none[1])
    assert np.array_equal(none[0], none[2])
    asked = [emulator.scaled("ten-percent-linked", levers) for levers in ({}, {"hns": 8.0}, {"hns": 4.0})]
    assert all(not np.array_equal(none[0], one) for one in asked)


def test_an_embargo_takes_from_a_spared_target_too():
    found = emulator.load("full-decoupling")
    page = found.answer({"exempt": 1.0})
    assert page.taxes_target
    assert page.numbers["gain"].high < 0.0


def test_where_nothing_is_taken_asked_or_tied_coercion_moves_nothing():
    found = emulator.load("before-2025")
    for levers in ({"reassurance": 60.0}, {"china": 80.0, "hns": 1.0}, {"tariff": 30.0, "exempt": 1.0}):
        page = found.answer(levers)
        assert not found.coerces(levers)
        assert page.numbers["balance"] == page.numbers["net"] == (0.0, 0.0, 0.0)
        assert page.chances["self_defeat"] == 0.0
    assert found.answer({"reassurance": 60.0}).numbers["trust"].median > found.base.numbers["trust"].median
    assert any(found.answer({"tariff": 30.0}).numbers["balance"])


def test_higher_demands_cost_trust_and_a_higher_tariff_costs_the_target(made):
    trust = [made.answer({"hns": x}).numbers["trust"].median for x in (2.0, 6.0, 12.0)]
    assert trust[0] > trust[-1]
    income = [made.answer({"tariff": x}).numbers["target_income"].median for x in (1.0, 15.0, 40.0)]
    assert income[0] > income[1] > income[2]


def test_bad_levers_are_refused(made):
    with pytest.raises(UsageError, match="0 to 50"):
        made.answer({"tariff": 60.0})
    with pytest.raises(UsageError, match="no lever"):
        made.answer({"tarif": 10.0})


def test_the_checked_error_is_shipped_and_bounds_what_is_used(monkeypatch):
    card = json.loads(store.shipped("emulators.json"))["presets"]
    assert set(card) <= set(PAGE_PRESETS)
    for preset, found in card.items():
        assert (found["checked"] >= 20) is bool(found["errors"])
        assert all(found["errors"][key] <= found["worst"][key] for key in found["errors"])
        assert (emulator.load(preset) is None) is (max(found["errors"].values(), default=np.inf) > emulator.BOUND)
        exact = emulator.exact(preset)
        assert exact is not None
        assert (exact.source, exact.run_id, exact.scenario) == ("exact", found["run_id"], preset)
    monkeypatch.setattr(emulator, "BOUND", 0.0)
    emulator.load.cache_clear()
    assert emulator.load(DEFAULT) is None
    emulator.load.cache_clear()


def test_damage_is_told(monkeypatch):
    monkeypatch.setattr(emulator, "slots", lambda page: [])
    emulator.load.cache_clear()
    with pytest.raises(DataError, match="does not fit"):
        emulator.load(DEFAULT)
    emulator.load.cache_clear()


def test_the_check_finds_a_wrong_surface(lab, made):
    states = [State(DEFAULT, {"tariff": 30.0}), State(DEFAULT, {"hns": 9.0, "china": 60.0})]
    pages = [lab.answer(state) for state in states]
    base = lab.answer(State(DEFAULT))
    true = emulator_design.checked(made, base, states, pages)
    piece = made.taxed.pieces["trade"]
    bent = replace(
        made, taxed=replace(made.taxed, pieces={**made.taxed.pieces, "trade": replace(piece, scale=2 * piece.scale)})
    )
    assert emulator_design.checked(bent, base, states, pages).worst["gain"] > 3 * true.worst["gain"]
