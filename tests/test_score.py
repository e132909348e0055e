"""Scoring: rules against closed forms, frozen inputs, reproducibility to the bit, and a winner that can be a rival."""

from __future__ import annotations

import json

import numpy as np
import pytest

from foederis import calibrate_coercion as coercion
from foederis import evidence, posterior, score, score_budgets, score_polls, score_rules
from foederis.errors import DataError, UsageError
from foederis.published.scores import crps


def test_log_score_and_crps_of_normal_draws_are_those_of_the_normal():
    from scipy.stats import norm

    draws = np.random.default_rng(0).normal(size=(20_000, 3))
    seen = np.array([0.0, 1.0, -2.0])
    np.testing.assert_allclose(score_rules.log_score(draws, seen), norm.logpdf(seen), atol=0.08)
    closed = seen * (2 * norm.cdf(seen) - 1) + 2 * norm.pdf(seen) - 1 / np.sqrt(np.pi)
    np.testing.assert_allclose(crps(draws, seen), closed, atol=0.02)
    assert score_rules.coverage(draws, seen, 0.9) == pytest.approx(2 / 3)


def test_a_better_forecast_wins_and_is_told_apart_a_copy_is_not():
    rng = np.random.default_rng(1)
    seen = rng.normal(size=40)
    good = seen + 0.1 * rng.normal(size=(200, 40))
    bad = seen + 2.0 + rng.normal(size=(200, 40))
    a, b = score_rules.standing("good", good, seen), score_rules.standing("bad", bad, seen)
    told = score_rules.with_bootstrap(a, b, np.arange(40) // 4)
    assert told.value > 0.8
    assert told.told == "better"
    assert score_rules.with_bootstrap(b, a, np.arange(40) // 4).told == "worse"
    assert score_rules.with_bootstrap(a, b, np.arange(40) // 20).told == "too few countries to tell"
    same = score_rules.with_bootstrap(a, a, np.arange(40) // 4)
    assert (same.value, same.low, same.high) == pytest.approx((0.0, 0.0, 0.0))


def test_wrong_shapes_and_numbers_are_refused():
    with pytest.raises(DataError, match="do not fit"):
        score_rules.standing("x", np.zeros((30, 2)), np.zeros(3))
    with pytest.raises(DataError, match="not finite"):
        score_rules.standing("x", np.full((30, 2), np.nan), np.zeros(2))
    with pytest.raises(UsageError, match="no contest"):
        score.run(["E"])


def test_cells_lie_in_the_window_and_their_past_before_it():
    cells = score_polls.cells("A", 2016, 2020)
    assert {c.year for c in cells} == {2017, 2018, 2019, 2020}
    assert all(year <= 2016 for c in cells for year, _ in c.before)
    japan = {(c.measure, c.year): c for c in cells if c.country == "JPN"}
    assert japan["confidence_us_president", 2017].outcome == pytest.approx(0.24)
    assert japan["trust_us", 2018].outcome == pytest.approx(0.30)
    later = score_polls.cells("B", 2024, 2025)
    assert {c.year for c in later} == {2025}
    assert any(c.outcome == pytest.approx(0.22) and c.country == "JPN" for c in later)


def test_forecasts_of_the_window_do_not_change_with_its_polls(monkeypatch):
    """Flip every held-out poll: the draws of every model stay the same bits."""
    cells = score_polls.cells("A", 2016, 2020, ("JPN",))[:4]
    before = score_polls.forecasts(cells, "A", 2016, 1, 50)
    flipped = [
        type(c)(*(1 - c.outcome if f == "outcome" else getattr(c, f) for f in c.__dataclass_fields__)) for c in cells
    ]
    after = score_polls.forecasts(flipped, "A", 2016, 1, 50)
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])


def test_a_fall_in_trust_follows_from_acts_and_nothing_from_none():
    cells = [c for c in score_polls.cells("A", 2016, 2020, ("JPN",)) if c.measure == "favourable_us"]
    moved = score_polls._events(cells, "A", 2016, 3, 200)
    assert (np.median(moved, axis=0) < 0).all()


def test_budget_cells_are_three_years_apart():
    cells = score_budgets.outcomes(2016)
    assert len(cells) >= 20
    japan = next(c for c in cells if c.country == "JPN")
    table = evidence.load("country_year")
    at = (table["iso3"] == "JPN") & (table["year"] == 2019)
    assert np.exp(japan.outcome) == pytest.approx(float(table["milex_share_gdp"][at][0]))


def test_scores_are_the_same_bits_twice_and_can_be_read_by_machines():
    names = ["A-allies", "D-coercion"]
    first, second = score.as_dict(score.run(names)), score.as_dict(score.run(names))
    assert json.dumps(first, allow_nan=False) == json.dumps(second, allow_nan=False)
    assert first["posterior"] == posterior.load().sha256
    for contest in first["contests"]:
        best = min(contest["standings"], key=lambda s: s["crps"])
        assert contest["winner"] == best["model"]
    text = score.render(score.run(names))
    assert "Winner:" in text
    assert "sharp test" in text


def test_the_winner_is_the_rival_when_the_rival_is_better():
    seen = np.arange(6.0)
    rng = np.random.default_rng(0)
    drawn = {"foederis": 9.0 + rng.normal(size=(50, 6)), "random walk": seen + 0.1 * rng.normal(size=(50, 6))}
    places = [score.Place(c, c, "favourable_us", 2017) for c in "abcdef"]
    contest = score._contest("A-allies", "points", drawn, seen, places, 0)
    assert contest.winner == "random walk"
    from foederis.score_render import verdict

    assert verdict(contest) == "Winner: random walk, over 6 cells; foederis loses to it (worse)."


def test_the_coercion_contest_scores_cases_of_its_window_only():
    held = evidence.holdout("coercion_case", "D")
    assert held["year"].min() == 1990
    contest = score.run(["D-coercion"]).contests[0]
    assert contest.standings[0].cells == int((coercion.ends(held) >= 0).sum())
    uniform = next(s for s in contest.standings if s.name == "uniform")
    assert uniform.crps == pytest.approx(0.75)
    assert uniform.log_score == pytest.approx(np.log(0.25))


def test_draws_of_a_posterior_are_fixed_by_seed_and_number():
    after = posterior.load()
    a, b = after.take(5, [0, 1, 2, 7]), after.take(5, [7])
    for name in after.names:
        assert a[name][3] == b[name][0]
    with pytest.raises(UsageError, match="no posterior"):
        after.take(5, [0], ["psi"])
    with pytest.raises(UsageError, match="no posterior of x"):
        after.draws("full", "x")
    known = after.estimates["Phi"]
    drawn = after.take(1, np.arange(2_000), ["Phi"])["Phi"]
    assert drawn.mean() == pytest.approx(known.mean, rel=0.05)
    assert known.contraction == pytest.approx(1 - known.sd / known.prior_sd)


def test_a_posterior_of_another_card_is_refused():
    from importlib import resources

    folder = resources.files("foederis") / "data"
    raw, text = (folder / "posterior.npz").read_bytes(), (folder / "posterior.json").read_bytes()
    posterior.read(raw, text)
    with pytest.raises(DataError, match="do not belong together"):
        posterior.read(raw, text.replace(posterior.load().sha256.encode(), b"0" * 64))


def test_a_difference_that_the_sampler_could_make_is_not_called_better():
    assert score_rules.Skill("x", 0.010, 0.004, 0.020, 30).told == "too small to matter"
    assert score_rules.Skill("x", -0.010, -0.020, -0.004, 30).told == "too small to matter"
    assert score_rules.Skill("x", 0.030, 0.004, 0.060, 30).told == "better"
    assert score_rules.Skill("x", 0.010, -0.400, 0.200, 30).told == "not told apart"


def test_levels_of_calibrated_draws_are_uniform_and_ties_count_half():
    rng = np.random.default_rng(3)
    level = score_rules.level(rng.normal(size=(2_000, 2_000)), rng.normal(size=2_000))
    assert abs(level.mean() - 0.5) < 0.03
    assert np.quantile(level, 0.9) == pytest.approx(0.9, abs=0.03)
    assert score_rules.level(np.ones((20, 1)), np.ones(1))[0] == 0.5


def test_allies_are_left_out_one_at_a_time():
    """Each cell of test C comes from the fit that left out its own ally, with what the others did given."""
    one, together = score.run(["C-publics", "C-together"]).contests
    assert {p.country for p in one.places} == set(evidence.LEFT_OUT) - {"PHL"}
    assert set(one.labels) == set(together.labels)
    assert one.medians["foederis"] != together.medians["foederis"]
    assert all(year <= 2016 for p in one.places for year, _ in p.before)
    effort = score.run(["C-effort"]).contests[0]
    assert [(p.country, p.year) for p in effort.places] == [(a, y) for a in evidence.LEFT_OUT for y in (2019, 2021)]
    assert "others" in effort.medians


def test_forecasts_of_effort_do_not_change_with_the_effort_of_the_window():
    cells = score_budgets.outcomes(2016, (3, 5), ["KOR"])
    other = [type(c)(c.country, c.label, -9.0, c.last, c.before, c.year, c.ahead) for c in cells]
    for vintage in ("C:KOR", "A"):
        one = score_budgets.forecasts(cells, vintage, 2016, 1, 50)
        two = score_budgets.forecasts(other, vintage, 2016, 1, 50)
        for name, values in one.items():
            assert values.shape == (50, 2)
            np.testing.assert_array_equal(values, two[name])


def test_year_effects_of_the_others_move_the_ally_left_out(monkeypatch):
    cells = score_budgets.outcomes(2016, (3,), ["KOR"])
    before = score_budgets.forecasts(cells, "C:KOR", 2016, 1, 50)["foederis"]
    whole = score_budgets.score_freeze.draws

    def raised(vintage, block):
        found = whole(vintage, block)
        return found | {"year_effect": found["year_effect"] + 0.1}

    monkeypatch.setattr(score_budgets.score_freeze, "draws", raised)
    after = score_budgets.forecasts(cells, "C:KOR", 2016, 1, 50)["foederis"]
    assert np.median(after - before) == pytest.approx(0.3, abs=0.02)  # three years, hardly pulled back


def test_the_poll_of_a_rung_is_scored_in_every_contest_of_polls():
    for contest in score.run(["A-allies", "B-polls", "polls-2020"]).contests:
        assert {"threat only", "threat and trade", "trust, no acts", "foederis"} <= set(contest.medians)
    years = {p.year for p in score.run(["polls-2020"]).contests[0].places}
    assert years == {2021, 2022, 2023, 2024}
    first = score.run(["effort-2013"]).contests[0]
    assert {p.year for p in first.places} == {2016}
    assert max(y for p in first.places for y, _ in p.before) == 2013
