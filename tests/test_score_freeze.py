"""Fits that only scores read, and the ladder: what they saw, whose columns they keep, closed forms."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from foederis import calibrate_hedging as hedging
from foederis import evidence, posterior, score_freeze, score_ladder, score_polls
from foederis.calibrate_fit import Diagnostics
from foederis.errors import SolveError, UsageError


def test_every_fit_that_scores_read_travels_and_was_good() -> None:
    told = {(row["vintage"], row["block"]): row for row in score_freeze.load().card["diagnostics"]}
    assert set(told) == {(v, b) for v, blocks in score_freeze.VINTAGES.items() for b in blocks}
    names = ("rhat", "rhat_of", "ess", "ess_of", "divergences", "draws")
    for (vintage, block), row in told.items():
        assert Diagnostics(**{n: row[n] for n in names}).faults == (), (vintage, block)
        drawn = score_freeze.draws(vintage, block)
        assert all(len(v) == score_freeze.KEPT and np.isfinite(v).all() for v in drawn.values()), (vintage, block)


def test_an_ally_left_out_has_its_own_column_and_no_poll_after_2016() -> None:
    for ally in evidence.LEFT_OUT:
        codes = score_freeze.countries(f"C:{ally}", "trust", ())
        assert codes == (() if ally == "PHL" else (ally,))
        drawn = score_freeze.draws(f"C:{ally}", "hedging")
        assert drawn["resting"].shape == (score_freeze.KEPT, 1)
        assert drawn["year_effect"].shape == (score_freeze.KEPT, 5)
        shares = score_freeze.latent(f"C:{ally}")
        assert max((y for c, y in shares if c == ally), default=0) <= 2016
        assert max(y for c, y in shares if c == "FRA") > 2016


def test_the_last_poll_of_a_fit_lies_where_the_training_rows_end() -> None:
    """`since` counts from the last year of the panel: with the ally's polls of 2017-21 in sight it would be 0."""
    since = score_freeze.draws("C:AUS", "trust")["since"]
    known = evidence.training("poll_obs", "C:AUS")
    mine = known["iso3"] == "AUS"
    assert (2021 - since == known["year"][mine].max()).all()
    assert known["year"][mine].max() <= 2016


def test_draws_of_a_run_come_from_its_own_file() -> None:
    np.testing.assert_array_equal(
        score_freeze.draws("A", "hedging")["Phi"], posterior.load().draws("A", "hedging")["Phi"]
    )
    assert score_freeze.countries("A", "hedging", ("X",)) == ("X",)
    with pytest.raises(UsageError, match="no posterior"):
        score_freeze.draws("B", "trust")
    with pytest.raises(UsageError, match="no vintage 'B' for scores"):
        score_freeze.fit(vintages=["B"])


def test_a_rung_leaves_its_causes_at_their_priors() -> None:
    """A cause that a rung switches off keeps the sd of its prior; one that is on does not have to."""
    for vintage in ("to:2013", "A", "to:2021"):
        drawn = score_freeze.draws(vintage, "hedging-trade")
        assert drawn["b_d"].std() == pytest.approx(0.2, rel=0.15)
        assert drawn["b_r"].std() == pytest.approx(0.35, rel=0.15)
    assert score_freeze.draws("to:2021", "hedging-trade")["b_Z"].std() < 0.17  # prior 0.2


def test_a_fit_with_bad_diagnostics_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Diagnostics(1.2, "x", 999.0, "x", 0, 1000)
    monkeypatch.setattr(score_freeze.coercion, "fit", lambda data, how: ({}, bad))
    with pytest.raises(SolveError, match=r"the fit of coercion-trade is refused: R-hat of x is 1.200"):
        score_freeze.fit(vintages=["D"])


def test_a_rung_is_fitted_to_its_own_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Level and trade issue for the lowest rung of coercion cases; the pact comes with the next; the stage never."""
    seen = []

    def note(data, how):
        seen.append(data)
        drawn = {name: np.zeros(20) for name in score_freeze.coercion.PARAMETERS}
        return drawn, Diagnostics(1.0, "x", 999.0, "x", 0, 1000)

    monkeypatch.setattr(score_freeze.coercion, "fit", note)
    score_freeze.fit(vintages=["D"])
    on = [np.abs(data.x).sum(axis=0) > 0 for data in seen]
    assert [list(map(bool, row)) for row in on] == [[True, False, False, True], [True, False, True, True]]
    assert [bool(np.abs(data.threat_x[:, 1]).sum() > 0) for data in seen] == [False, True]


def test_narrowing_keeps_the_column_of_the_ally() -> None:
    draws = {"mean": np.arange(6.0).reshape(2, 3), "trust.shock": np.ones(2)}
    good = Diagnostics(1.0, "x", 999.0, "x", 0, 1000)
    found = score_freeze._narrowed(score_freeze.Frozen("C:KOR", "trust", draws, ("AUS", "KOR", "PHL"), {}, good))
    np.testing.assert_array_equal(found.draws["mean"], [[1.0], [4.0]])
    assert found.countries == ("KOR",)
    whole = score_freeze.Frozen("A", "trust", draws, ("AUS", "KOR", "PHL"), {}, good)
    assert score_freeze._narrowed(whole) is whole


def test_slopes_of_the_rungs_are_those_of_least_squares() -> None:
    """With many rows the prior does not matter: the slope that made the polls comes back."""
    rng = np.random.default_rng(2)
    causes = {(f"P{k}", y): rng.normal() for k in range(40) for y in range(20)}
    asked = {
        (f"P{k}", "Pew", measure, "phone"): [
            (y, rng.normal() * noise + level + 0.7 * causes[f"P{k}", y]) for y in range(20)
        ]
        for k in range(40)
        for measure, noise, level in (("favourable_us", 0.3, 1.0), ("confidence_us_president", 0.6, -2.0))
    }
    mean, root, sd = score_ladder._regression(asked, (lambda code, year: causes[code, year],))
    assert mean[0] == pytest.approx(0.7, abs=4 * root[0, 0])
    assert root[0, 0] == pytest.approx(0.3 / np.sqrt(760 * (1 + 0.25)), rel=0.1)
    np.testing.assert_allclose(sd, [0.3, 0.6], rtol=0.08)


def test_rungs_of_polls_do_not_change_with_the_polls_of_the_window() -> None:
    cells = score_polls.cells("A", 2016, 2020, ("JPN",))[:4]
    flipped = [
        type(c)(*(1 - c.outcome if f == "outcome" else getattr(c, f) for f in c.__dataclass_fields__)) for c in cells
    ]
    rows = evidence.training("poll_obs", "A"), evidence.training("country_year", "A")
    one, two = (score_ladder.poll_rungs(c, *rows, 1, 50) for c in (cells, flipped))
    for name, values in one.items():
        assert values.shape == (50, 4)
        np.testing.assert_array_equal(values, two[name])


def test_causes_of_the_window_stay_at_their_last_values() -> None:
    states = evidence.training("country_year", "A")
    threat, pull = score_ladder._Threat(states), score_ladder._Pull(states)
    assert threat("JPN", 2017) == threat("JPN", 2020) != threat("JPN", 2010)
    assert threat("JPN", 2017) == float(hedging.grid(states).threat["JPN"][-1])
    assert pull("JPN", 2017) == pull("JPN", 2020) == score_ladder.pull(states)["JPN", 2016]
    assert threat("XXX", 2017) == pull("XXX", 2017) == 0.0
    empty = evidence.Table("country_year", MappingProxyType({n: v[:0] for n, v in states.columns.items()}))
    assert score_ladder.pull(empty) == {}


def test_each_model_has_one_rung_or_none() -> None:
    assert score_ladder.rung_of("A-effort", "foederis") == "M3"
    assert score_ladder.rung_of("A-effort", "threat, trade and trust") == "M2"
    assert score_ladder.rung_of("D-coercion", "foederis") == "M4"
    assert score_ladder.rung_of("B-polls", "trust, no acts") == "M2"
    assert score_ladder.rung_of("B-polls", "random walk") == ""
