"""Rows and scores: statuses, tolerances, CRPS and rank correlation against formulas written out or SciPy's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from foederis.errors import DataError
from foederis.published.rows import Row, count, missed
from foederis.published.scores import Score, crps, rank_correlation, score, skill

ROW = Row("study", "1", "case", "USA", "welfare", 1.13, 1.1307, 2)


@pytest.mark.parametrize(
    ("published", "ours", "decimals", "status"),
    [
        (1.13, 1.1307, 2, "match"),
        (1.13, 1.13501, 2, "miss"),
        (1.13, 1.13499, 2, "match"),
        (1.13, 1.125, 2, "match"),  # half a unit of the last digit, exactly
        (-18.1, -18.149, 1, "match"),
        (-18.1, -18.151, 1, "miss"),
        (1.0, float("nan"), 2, "miss"),
        (1.0, float("inf"), 2, "miss"),
    ],
)
def test_a_row_matches_within_half_a_unit_of_its_last_digit(published, ours, decimals, status):
    assert replace(ROW, published=published, ours=ours, decimals=decimals).status == status


def test_a_stated_reason_turns_a_miss_into_known_but_never_hides_a_match():
    far = replace(ROW, ours=2.0, expected_miss="misprint")
    assert far.status == "known"
    assert replace(far, ours=1.13).status == "match"
    assert replace(far, expected_miss="").status == "miss"


def test_a_stated_tolerance_replaces_the_printed_one():
    row = replace(ROW, ours=1.1345, tolerance_given=1e-3)
    assert row.status == "miss"
    assert replace(row, tolerance_given=5e-3).status == "match"


def test_counts_and_misses():
    outside = replace(ROW, ours=None, out_of_scope="no data")
    rows = [ROW, replace(ROW, ours=2.0), replace(ROW, ours=2.0, expected_miss="misprint"), outside]
    assert count(rows) == {"match": 1, "miss": 1, "known": 1, "out of scope": 1}
    assert missed(rows) == [rows[1]]
    assert outside.difference is None


@given(
    st.integers(1, 40).flatmap(
        lambda n: st.tuples(st.lists(st.floats(-1e3, 1e3), min_size=n, max_size=n), st.floats(-1e3, 1e3))
    )
)
def test_crps_is_the_mean_distance_less_half_the_mean_spread(case):
    draws, seen = np.array(case[0]), case[1]
    brute = np.mean([abs(x - seen) for x in draws]) - 0.5 * np.mean([abs(a - b) for a in draws for b in draws])
    assert crps(draws[:, None], np.array([seen]))[0] == pytest.approx(brute, rel=1e-9, abs=1e-9)


def test_crps_of_many_normal_draws_is_the_closed_form():
    draws = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)[:, None]
    for y in (0.0, 0.7, -2.5):
        closed = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
        assert crps(draws, np.array([y]))[0] == pytest.approx(closed, abs=1e-4)


def test_crps_of_one_draw_is_the_absolute_error():
    assert crps(np.array([[2.0, -1.0]]), np.array([5.0, -1.0])) == pytest.approx([3.0, 0.0])


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=30))
def test_rank_correlation_is_spearmans_with_ties(pairs):
    a, b = np.array(pairs, dtype=float).T
    ours = rank_correlation(a, b)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)


def test_scores_are_weighted_means_of_the_median_forecast():
    forecast = np.array([[0.0, 10.0], [2.0, 30.0], [1.0, 20.0]])
    seen, weight = np.array([3.0, 20.0]), np.array([3.0, 1.0])
    found = score("f", forecast, seen, weight)
    assert found.mae == pytest.approx(0.75 * 2.0)
    assert found.bias == pytest.approx(0.75 * -2.0)
    assert found.rmse == pytest.approx(np.sqrt(0.75 * 4.0))
    assert found.coverage == pytest.approx(0.25)
    assert found.cells == 2


def test_cells_without_weight_or_outcome_are_left_out():
    forecast = np.array([[1.0, 5.0, 7.0]])
    found = score("f", forecast, np.array([1.0, np.nan, 0.0]), np.array([2.0, 1.0, 0.0]))
    assert (found.cells, found.mae) == (1, 0.0)
    assert np.isnan(found.coverage)


@pytest.mark.parametrize(
    ("forecast", "seen", "weight", "what"),
    [
        (np.ones((2, 3)), np.ones(2), np.ones(2), "shapes"),
        (np.ones((2, 2)), np.full(2, np.nan), np.ones(2), "no cell"),
        (np.ones((2, 2)), np.ones(2), np.zeros(2), "no cell"),
        (np.array([[1.0, np.nan]]), np.ones(2), np.ones(2), "not finite"),
    ],
)
def test_a_forecast_that_cannot_be_scored_is_refused(forecast, seen, weight, what):
    with pytest.raises(DataError, match=what):
        score("f", forecast, seen, weight)


def test_skill_is_the_share_of_the_error_saved():
    assert skill(6.0, 8.0) == pytest.approx(0.25)
    assert skill(8.0, 6.0) < 0
    assert skill(0.0, 0.0) == 0.0
    assert skill(1.0, 0.0) == float("-inf")
    assert isinstance(score("f", np.ones((1, 1)), np.ones(1), np.ones(1)), Score)
