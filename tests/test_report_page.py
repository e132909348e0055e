"""The form of an answer that page, brief and charts share: the numbers of the terminal, tables that sum, codes only."""

from __future__ import annotations

import itertools
import json
import math

import pytest

import foederis as fo
from foederis import report_page

DEAL = "july-2025-deal"


@pytest.fixture(scope="module")
def run():
    return fo.simulate(DEAL, draws=100, alliance_draws=100)


@pytest.fixture(scope="module")
def page(run):
    return report_page.page_data(run.results[DEAL], run.paths[DEAL], run.run_id)


def test_numbers_are_those_of_the_terminal(run, page):
    found, allied = run.findings[DEAL].numbers, run.alliance[DEAL].numbers
    pairs = {"gain": found["gain"], "target_income": found["target_income"], "coercer_income": found["coercer_income"]}
    pairs |= {"trust": allied["trust_2028-Q4"], "trust_late_change": allied["trust_change_2035-Q4"]}
    pairs |= {key: allied[key] for key in ("effort", "effort_change", "balance", "break_even", "price", "net")}
    for key, number in pairs.items():
        assert page.numbers[key] == (number.median, number.low, number.high), key
        assert report_page.NUMBERS[key].badge == number.badge
        assert report_page.NUMBERS[key].unit == number.unit
    assert page.chances["self_defeat"] == run.alliance[DEAL].self_defeat
    assert page.chances["self_defeat_annuity"] == run.alliance[DEAL].self_defeat_annuity


def test_every_frame_has_its_columns_and_is_filled(page):
    assert set(page.frames) == set(report_page.FRAMES)
    for name, rows in page.frames.items():
        assert rows, name
        assert all(tuple(row) == report_page.FRAMES[name] for row in rows), name


@pytest.mark.parametrize(("name", "column"), [("why", "channel"), ("balance", "term")])
def test_waterfalls_sum_and_follow_one_another(page, name, column):
    *parts, total = page.frames[name]
    assert total[column] == "total"
    assert math.fsum(row["value"] for row in parts) == pytest.approx(total["value"], abs=1e-9)
    assert parts[0]["start"] == 0.0
    assert all(b["start"] == a["end"] for a, b in itertools.pairwise(parts))
    assert total["end"] == pytest.approx(parts[-1]["end"])


def test_the_chance_of_a_bad_trade_is_that_of_the_draws_at_each_price(run, page):
    found = run.results[DEAL].alliance
    rows = page.frames["worth"]
    assert rows[0]["probability"] == float((found.mean_gain < 0).mean())
    at_ten = found.mean_gain + 10.0 * 100.0 * found.mean_balance
    assert rows[10]["probability"] == float((at_ten < 0).mean())


def test_the_strip_is_the_path_of_the_tariff(run, page):
    path = run.paths[DEAL]
    last = max(row["t"] for row in page.frames["tariff"])
    ends = {row["authority"]: row["rate"] for row in page.frames["tariff"] if row["t"] == last}
    assert ends == pytest.approx({name: float(path.rate[-1, k]) for k, name in enumerate(path.authorities)})
    assert {row["projected"] for row in page.frames["tariff"]} == {True, False}


def test_bands_are_in_order_and_hedging_shares_are_whole(page):
    for name in ("trust", "sectors", "sectors_all"):
        for row in page.frames[name]:
            assert row["low90"] <= row["low50"] <= row["median"] <= row["high50"] <= row["high90"]
    for t in {row["t"] for row in page.frames["hedging"]}:
        assert sum(row["share"] for row in page.frames["hedging"] if row["t"] == t) == pytest.approx(100.0)


def test_plain_values_are_json_without_infinities(page):
    text = json.dumps(page.as_dict(), allow_nan=False)
    assert json.loads(text)["numbers"]["break_even"]["high"] is None  # no price makes it a bad trade in some draws


def test_without_an_alliance_the_frames_of_trade_remain():
    run = fo.simulate(DEAL, draws=100, alliance=False)
    page = report_page.page_data(run.results[DEAL], run.paths[DEAL], run.run_id)
    assert page.frames["sectors"]
    assert not page.frames["trust"]
    assert set(page.numbers) == {"gain", "target_income", "coercer_income"}
