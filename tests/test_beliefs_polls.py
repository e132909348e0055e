"""Polls: anchors from before 2017 only, chances of answers, predictive draws, and what the series say of 2017-2024."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from belief_cases import QUARTERS, arrays, parameters
from foederis import acts, beliefs, beliefs_polls
from foederis.acts_arrays import act_arrays
from foederis.errors import DataError

SERIES = {one.name: one for one in beliefs_polls.series()}
YOMIURI = SERIES["JPN · Yomiuri-Gallup joint survey · trust_us"]


@pytest.fixture(scope="module")
def path() -> beliefs.Path:
    return beliefs.run(act_arrays(acts.load(), QUARTERS, ("JPN", "AUS", "PHL")), parameters(400))


def test_every_observation_has_its_source_and_its_holdout_mark() -> None:
    polls = [(one, poll) for one in SERIES.values() for poll in one.polls]
    assert len(polls) > 60
    for one, poll in polls:
        assert poll.source, one.name
        assert 0 < poll.share < 1
        assert poll.holdout == (poll.date.year >= 2025)
        assert poll.n == beliefs_polls.ASSUMED_N or not poll.assumed_n


def test_a_change_of_mode_makes_a_new_series() -> None:
    interviews = SERIES["JPN · Cabinet Office survey on diplomacy · affinity_us"]
    mail = SERIES["JPN · Cabinet Office survey on diplomacy · affinity_us · mail"]
    assert max(p.date.year for p in interviews.polls) == 2018
    assert min(p.date.year for p in mail.polls) == 2020
    assert beliefs_polls.offset_sd(mail) > beliefs_polls.offset_sd(interviews) + 0.3


def test_no_observation_from_2017_on_can_move_an_anchor(path: beliefs.Path) -> None:
    """Wrong numbers in every later poll of a series leave its expected shares as they were."""
    p = parameters(400)
    before = beliefs_polls.expected(YOMIURI, path, p)
    spoiled = tuple(replace(poll, share=0.99) if poll.date.year >= 2017 else poll for poll in YOMIURI.polls)
    np.testing.assert_array_equal(beliefs_polls.expected(replace(YOMIURI, polls=spoiled), path, p), before)
    early = tuple(replace(poll, share=0.6) for poll in YOMIURI.polls)
    assert (beliefs_polls.expected(replace(YOMIURI, polls=early), path, p) > before).all()


def test_the_anchor_is_the_level_where_belief_is_that_of_the_prior() -> None:
    """With nobody learning the expected share stays at the anchor, but for the doubt about it."""
    p = parameters(4000)
    still = beliefs.run(arrays(), p, rival="none")
    shares = beliefs_polls.expected(YOMIURI, still, p)
    assert np.median(shares[0]) == pytest.approx(0.395, abs=0.01)
    np.testing.assert_allclose(shares[0], shares[-1], rtol=1e-12)


def test_a_series_without_kin_before_2017_is_refused(path: beliefs.Path) -> None:
    with pytest.raises(DataError, match=r"us_will_protect_japan: no observation before 2017"):
        beliefs_polls.expected(SERIES["JPN · Asahi Shimbun mail poll · us_will_protect_japan"], path, parameters(400))


@given(st.floats(0.02, 0.98), st.floats(0.001, 0.2), st.integers(5, 60))
def test_the_chances_of_all_answers_sum_to_one(share: float, spread: float, n: int) -> None:
    poll = replace(YOMIURI.polls[0], n=n)
    cell = np.array([share]), np.array([spread])
    each = [beliefs_polls.log_likelihood(*cell, replace(poll, share=k / n))[0] for k in range(n + 1)]
    assert np.exp(each).sum() == pytest.approx(1.0, abs=1e-8)
    mean = sum(k / n * np.exp(value) for k, value in enumerate(each))
    assert mean == pytest.approx(share, abs=1e-6)


def test_predictive_draws_have_the_mean_and_scatter_they_should() -> None:
    share, spread, n = np.full(20_000, 0.3), np.full(20_000, 0.006), 1000
    drawn = beliefs_polls.sample(share, spread, n)
    assert drawn.mean() == pytest.approx(0.3, abs=0.002)
    expected = 0.3 * 0.7 * (1 + (n - 1) * 0.006) / n
    assert drawn.var() == pytest.approx(expected, rel=0.05)


def test_a_predictive_draw_depends_on_its_number_only() -> None:
    share, spread = np.full(50, 0.3), np.full(50, 0.006)
    whole = beliefs_polls.sample(share, spread, numbers=np.arange(50))
    part = beliefs_polls.sample(share[20:30], spread[20:30], numbers=np.arange(20, 30))
    np.testing.assert_array_equal(whole[20:30], part)
    assert (beliefs_polls.sample(share, spread, stream="other") != whole).any()
    assert (beliefs_polls.sample(share, spread, seed=1) != whole).any()


def test_anchors_and_levels_depend_on_the_number_of_a_draw_only(path: beliefs.Path) -> None:
    p = parameters(400)
    whole = beliefs_polls.expected(YOMIURI, path, p, numbers=np.arange(400))
    cut = slice(100, 110)
    start = replace(path.start, **{n: getattr(path.start, n)[cut] for n in ("L", "n_X", "n_P")})
    part = replace(path, start=start, **{n: getattr(path, n)[:, cut] for n in ("L", "n_X", "n_P", "R_mass")})
    q = {name: value[cut] for name, value in p.items()}
    np.testing.assert_allclose(beliefs_polls.expected(YOMIURI, part, q, numbers=np.arange(100, 110)), whole[:, cut])


def test_the_prior_covers_the_observations_of_2017_to_2024_and_is_wide(path: beliefs.Path) -> None:
    """A record, not a fit: nine in ten or more lie in their bands, and the bands are honest about how wide they are."""
    p = parameters(400)
    inside, width = [], []
    for one in SERIES.values():
        if one.country not in path.observers:
            continue
        try:
            shares = beliefs_polls.expected(one, path, p)
        except DataError:
            continue
        for poll in one.polls:
            if not 2017 <= poll.date.year <= 2024:
                continue
            t = 4 * (poll.date.year - 2017) + (poll.date.month - 1) // 3
            low, high = np.quantile(beliefs_polls.sample(shares[t], p["poll_spread"], poll.n), [0.05, 0.95])
            inside.append(low <= poll.share <= high)
            width.append(high - low)
    assert len(inside) > 20
    assert np.mean(inside) >= 0.85
    assert 0.2 < np.median(width) < 0.9


def test_wordings_have_priors_of_one_width() -> None:
    slopes = [one for one in beliefs_polls.PRIORS if one.name.startswith("poll_b.")]
    assert {one.name.removeprefix("poll_b.") for one in slopes} == set(beliefs_polls.WORDINGS.values())
    assert len({one.args for one in slopes}) == 1
