"""Beliefs: the labelled equations, the laws of learning, rivals, channels, and both engines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belief_cases import QUARTERS, act, arrays, parameters
from foederis import acts, acts_rules, beliefs, beliefs_channels, beliefs_equations
from foederis.acts_arrays import act_arrays
from foederis.errors import DataError, UsageError

numbers = st.floats(-3, 3)
one = np.ones(1)


@st.composite
def menus(draw: Any) -> tuple[np.ndarray, np.ndarray]:
    """Gain and harm of one decision with two to six options."""
    size = draw(st.integers(2, 6))
    values = draw(st.lists(numbers, min_size=2 * size, max_size=2 * size))
    return np.array([values[:size]]), np.array([values[size:]])


@pytest.mark.eq("B1")
def test_the_structural_share_is_the_mean_of_its_beta() -> None:
    share = beliefs_equations.structural_share(np.array([[1.0]]), np.array([[12.0]]))
    assert share[0, 0] == pytest.approx(1 / 13)


@pytest.mark.eq("B2")
@given(menus(), st.floats(0, 3), st.floats(0, 3))
def test_choices_are_a_logit_of_gain_less_weighted_harm(
    menu: tuple[np.ndarray, np.ndarray], sharp: float, w: float
) -> None:
    gain, harm = menu
    allowed = np.ones_like(gain, dtype=bool)
    found = beliefs_equations.choice_log_probability(sharp * one, w * one, gain, harm, allowed)
    direct = np.exp(sharp * (gain - w * harm))
    np.testing.assert_allclose(np.exp(found)[0], direct / direct.sum(axis=1, keepdims=True), rtol=1e-10)
    allowed[0, 0] = False
    without = beliefs_equations.choice_log_probability(sharp * one, w * one, gain, harm, allowed)
    assert without[0, 0, 0] == -np.inf
    assert np.exp(without).sum() == pytest.approx(1.0)


@pytest.mark.eq("B3")
@given(menus(), st.floats(0, 3), st.floats(0, 3), st.floats(0, 3))
def test_evidence_is_the_log_likelihood_ratio(
    menu: tuple[np.ndarray, np.ndarray], sharp: float, w_P: float, w_X: float
) -> None:
    """The two forms of B3 agree: the ratio of chances, and lambda (w_X - w_P) h less the difference of log sums."""
    gain, harm = menu
    allowed = np.ones_like(gain, dtype=bool)
    size = gain.shape[1]
    all_of = [np.repeat(x, size, axis=0) for x in (gain, harm, allowed)]
    found = beliefs_equations.evidence(sharp * one, w_P * one, w_X * one, *all_of, np.arange(size))
    log_Z = [np.log(np.exp(sharp * (gain - w * harm)).sum()) for w in (w_P, w_X)]
    direct = sharp * (w_X - w_P) * harm[0] - (log_Z[0] - log_Z[1])
    np.testing.assert_allclose(found[0], direct, rtol=1e-9, atol=1e-9)


def test_an_act_without_alternative_tells_nothing() -> None:
    found = beliefs_equations.evidence(one, 2 * one, 0.4 * one, one[None], 5 * one[None], one[None] > 0, np.array([0]))
    assert found[0, 0] == 0.0


@pytest.mark.eq("B4")
def test_trust_adds_what_was_chosen_and_kappa_weighs_bad_news_only() -> None:
    L, ell = np.array([[2.0, 2.0]]), np.array([[0.5, -1.0]])
    seen = np.array([[1.0, 1.0], [1.0, 0.0]])
    zeta = np.array([1.0, 0.5])
    np.testing.assert_allclose(beliefs_equations.leader_trust(L, one, zeta, ell, seen), [[2.0, 2.5]])
    doubled = beliefs_equations.leader_trust(L, 2 * one, zeta, ell, seen)
    np.testing.assert_allclose(doubled, [[1.5, 2.5]])
    silent = beliefs_equations.leader_trust(L, one, 0.0 * zeta, ell, seen)
    np.testing.assert_array_equal(silent, L)


@pytest.mark.eq("B5")
def test_turnover_counts_the_leader_as_he_was_believed_and_starts_anew() -> None:
    L, n_X, n_P = np.full((1, 1), -30.0), np.full((1, 1), 1.0), np.full((1, 1), 12.0)
    nil = np.zeros((1, 1))
    stays = beliefs_equations.turnover(L, n_X, n_P, np.zeros(()), nil, one)
    np.testing.assert_array_equal(stays[0], L)
    L, n_X, n_P = beliefs_equations.turnover(L, n_X, n_P, np.ones(()), nil, one)
    assert (n_X[0, 0], n_P[0, 0]) == pytest.approx((2.0, 12.0))
    assert L[0, 0] == pytest.approx(np.log(12 / 2))
    recalled, _, _ = beliefs_equations.turnover(L, n_X, n_P, np.ones(()), nil - 4.0, 0.5 * one)
    fresh, _, _ = beliefs_equations.turnover(L, n_X, n_P, np.ones(()), nil, one)
    assert recalled[0, 0] == pytest.approx(fresh[0, 0] - 2.0)


@given(st.floats(0.05, 20), st.floats(0.05, 20))
def test_the_structural_belief_is_a_martingale_where_the_leader_is_as_expected(n_X: float, n_P: float) -> None:
    """A leader believed to be of each type with the chance the counts give leaves the expected share where it was."""
    counts = np.full((1, 1), n_X), np.full((1, 1), n_P)
    share = beliefs_equations.structural_share(*counts)
    L = beliefs_equations.logit(1.0 - share)
    _, new_X, new_P = beliefs_equations.turnover(L, *counts, np.ones(()), np.zeros((1, 1)), one)
    np.testing.assert_allclose(beliefs_equations.structural_share(new_X, new_P), share, rtol=1e-10)


@given(menus(), st.floats(0, 2), st.floats(0, 3), st.floats(0, 3), st.floats(-4, 4))
def test_belief_in_the_leader_is_a_martingale(
    menu: tuple[np.ndarray, np.ndarray], sharp: float, w_P: float, w_X: float, L: float
) -> None:
    """Averaged over what he may do, as the observer expects it, the next belief is today's."""
    gain, harm = menu
    size = gain.shape[1]
    allowed = np.ones_like(gain, dtype=bool)
    all_of = [np.repeat(x, size, axis=0) for x in (gain, harm, allowed)]
    ell = beliefs_equations.evidence(sharp * one, w_P * one, w_X * one, *all_of, np.arange(size))[0]
    chance = [
        np.exp(beliefs_equations.choice_log_probability(sharp * one, w * one, gain, harm, allowed))[0, 0]
        for w in (w_P, w_X)
    ]
    mu = float(beliefs_equations.logistic(np.array(L)))
    expected = mu * chance[0] + (1 - mu) * chance[1]
    assert (expected * beliefs_equations.logistic(L + ell)).sum() == pytest.approx(mu, abs=1e-10)


@pytest.mark.eq("B6")
def test_rapport_adds_visits_and_fades() -> None:
    R = beliefs_equations.rapport(np.array([[2.0, 0.0]]), 0.05 * one, np.array([0.0, 1.0]))
    np.testing.assert_allclose(R, [[0.1, 1.0]])


@pytest.mark.eq("B7")
@given(st.floats(0, 1), st.floats(0.05, 0.95), st.floats(0.05, 0.95), numbers, numbers)
def test_reliability_is_a_mixture_and_falls_with_grievance(
    mu: float, r_P: float, r_X: float, G: float, c: float
) -> None:
    def r(grievance: float, concession: float) -> float:
        cell = np.full((1, 1), mu), r_P * one, r_X * one, 0.5 * one, 0.3 * one
        return float(
            beliefs_equations.reliability(*cell, np.full((1, 1), grievance), np.full((1, 1), concession))[0, 0]
        )

    assert r(0.0, 0.0) == pytest.approx(mu * r_P + (1 - mu) * r_X)
    assert r(G + 0.5, c) <= r(G, c) + 1e-12
    assert r(G, c + 0.5) >= r(G, c) - 1e-12
    assert 0 <= r(G, c) <= 1


@pytest.mark.eq("B8")
def test_polls_read_trust_structure_and_rapport() -> None:
    cell = np.full((1, 1), 1.2), np.ones((1, 1)), np.full((1, 1), 3.0), np.full((1, 1), 0.5)
    found = beliefs_equations.poll_share(np.full((1, 1), -1.0), np.full((1, 1), 0.4), one, 0.5 * one, 2 * one, *cell)
    direct = -1.0 + 0.4 * (1.2 + 0.5 * np.log(3.0) + 2 * 0.5)
    assert found[0, 0] == pytest.approx(1 / (1 + np.exp(-direct)))


@settings(max_examples=25)
@given(st.data())
def test_probabilities_stay_within_bounds_on_random_paths(data: st.DataObject) -> None:
    """Any acts with any share, any parameters in the support: every belief, reliability and share lies in 0 to 1."""
    kinds = st.sampled_from(["tariff", "dispute", "agreement", "reassurance", "summit", "surprise", "exit"])
    rows = data.draw(
        st.lists(st.tuples(kinds, st.integers(2017, 2036), st.floats(0, 1), st.floats(1, 300)), max_size=12)
    )
    made = [
        act(f"X{k}", kind=kind, date=f"{year}-05-05", zeta=zeta, magnitude=max(size, 2.0))
        for k, (kind, year, zeta, size) in enumerate(rows)
    ]
    p = parameters(20, seed=data.draw(st.integers(0, 99)))
    rival = data.draw(st.sampled_from(beliefs.RIVALS))
    path = beliefs.run(arrays(*made, quiet=True), p, rival=rival)
    for values in (path.mu, path.r, path.n_X / (path.n_X + path.n_P)):
        assert ((values >= 0) & (values <= 1)).all()
    assert np.isfinite(path.L).all()
    assert (path.n_X + path.n_P).max() <= 1 + 12 + 4 + 1e-9


def test_the_three_rivals_hear_different_acts() -> None:
    tariff, forces = act("T"), act("F", kind="reassurance", domain="security", date="2019-05-05")
    made = arrays(tariff, forces)
    p = parameters()
    heard = {rival: beliefs.learn(made, p, rival)[0] for rival in beliefs.RIVALS}
    assert heard["bayes"][1] < 0 < heard["bayes"][2]
    assert not heard["none"].any()
    assert heard["henry"][1] == 0 < heard["henry"][2] == heard["bayes"][2]
    np.testing.assert_array_equal(heard["sukin"], heard["bayes"])
    with pytest.raises(UsageError, match="no reading 'mercer'"):
        beliefs.learn(made, p, "mercer")  # type: ignore[arg-type]


def test_without_learning_nothing_moves_at_all() -> None:
    path = beliefs.run(act_arrays(acts.load(), QUARTERS, ("JPN",)), parameters(50), rival="none")
    assert (path.L == path.start.L).all()
    assert (path.n_X == path.start.n_X).all()
    assert (path.R_mass > 0).any()  # leaders still meet


def test_disloyalty_to_others_reassures_in_the_reading_of_henry() -> None:
    made = arrays()
    watched = np.full((len(QUARTERS), 1, 1), -0.5)
    p = parameters(henry_reversal=0.4)
    plain = beliefs.run(made, p, watched=watched).L[3, 0, 0]
    henry = beliefs.run(made, p, watched=watched, rival="henry").L[3, 0, 0]
    start = beliefs.run(made, p).start.L[0, 0]
    assert plain == pytest.approx(start - 4 * 0.5)
    assert henry == pytest.approx(start + 4 * 0.4 * 0.5)


def test_a_credible_guarantee_raises_the_wish_to_stand_alone_in_the_reading_of_sukin() -> None:
    low, high = np.array([[0.3]]), np.array([[0.8]])
    assert beliefs.independence_wish(high) < beliefs.independence_wish(low)
    assert beliefs.independence_wish(high, "sukin") > beliefs.independence_wish(low, "sukin")


def test_a_returning_leader_is_remembered_as_far_as_the_parameter_says() -> None:
    made = arrays(act(magnitude=20.0))
    start = QUARTERS.index("2025-Q1")
    last = QUARTERS.index("2020-Q4")
    none, half, full = (beliefs.run(made, parameters(leader_memory=m)) for m in (0.0, 0.5, 1.0))
    fresh = np.log(none.n_P / none.n_X)[start, 0, 0]
    assert none.L[start, 0, 0] == pytest.approx(fresh)
    gone = full.L[last, 0, 0] - np.log(12.0)  # the prior's start in 2017
    assert full.L[start, 0, 0] == pytest.approx(fresh + gone)
    assert half.L[start, 0, 0] == pytest.approx(fresh + gone / 2)


def test_an_act_may_happen_in_some_draws_only() -> None:
    made = arrays(act(date="2030-05-05"))
    p = parameters(2, seed=1, lambda_U=1.5, w_P=2.0, w_X=0.4, leader_memory=0.0)
    occurs = np.array([[1.0, 0.0], [1.0, 1.0]])
    found = beliefs.run(made, p, occurs=occurs)
    assert found.news[:, 0].any() == False  # noqa: E712
    assert found.news[QUARTERS.index("2030-Q2"), 1, 0] < -2


def test_missing_parameters_are_named() -> None:
    p = parameters()
    del p["rho_R_mass"], p["w_X"]
    with pytest.raises(UsageError, match="w_X, rho_R_mass"):
        beliefs.initial(p, 1, 1)


def test_a_result_that_is_not_finite_is_refused() -> None:
    with pytest.raises(DataError, match="not finite in 2018-Q2"):
        beliefs.run(arrays(act()), parameters(lambda_U=float("nan")))


@pytest.fixture(scope="module")
def real() -> tuple[Any, dict[str, np.ndarray], beliefs.Path]:
    made = act_arrays(acts.load(), QUARTERS, ("JPN", "KOR", "VNM"))
    p = parameters(200)
    rng = np.random.default_rng(0)
    watched = rng.normal(0, 0.05, (len(QUARTERS), 200, 3))
    return made, p, beliefs.run(made, p, watched=watched)


@pytest.mark.parametrize("country", ["JPN", "KOR", "VNM"])
@pytest.mark.parametrize("window", [(0, 15), (16, 40), (32, 79), (0, 79)])
def test_channels_sum_to_the_whole_change(real: Any, country: str, window: tuple[int, int]) -> None:
    made, p, path = real
    c = made.observers.index(country)
    parts = beliefs_channels.by_channel(made, p, path, country, *window)
    assert tuple(parts) == beliefs_channels.WHOLE
    before = path.start.L[:, c] if window[0] == 0 else path.L[window[0] - 1, :, c]
    np.testing.assert_allclose(sum(parts.values()), path.L[window[1], :, c] - before, rtol=1e-9, atol=1e-9)
    assert not parts["court"].any()


def test_channels_sum_with_kappa_and_in_the_reading_of_henry(real: Any) -> None:
    made, p, _ = real
    p = {**p, "kappa_sign": np.full(200, 1.7)}
    for rival in ("bayes", "henry"):
        path = beliefs.run(made, p, rival=rival)
        parts = beliefs_channels.by_channel(made, p, path, "JPN", rival=rival)
        np.testing.assert_allclose(sum(parts.values()), path.L[-1, :, 0] - path.start.L[:, 0], rtol=1e-9, atol=1e-9)


def test_the_split_of_a_share_shows_its_interaction(real: Any) -> None:
    made, p, path = real
    parts = beliefs_channels.by_channel(made, p, path, "JPN", 32, 40)
    found = beliefs_channels.split(beliefs_equations.logistic, path.L[31, :, 0], parts)
    np.testing.assert_allclose(found.after, path.mu[40, :, 0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.before + sum(found.parts.values()) + found.interaction, found.after, atol=1e-12)
    assert np.abs(found.interaction).max() > 0.05
    alone = beliefs_channels.split(beliefs_equations.logistic, path.L[31, :, 0], {"tariff": parts["tariff"]})
    np.testing.assert_allclose(alone.interaction, 0.0, atol=1e-15)
    groups = {"acts": acts.CHANNELS, "rest": ("turnover", "others")}
    joined = beliefs_channels.split(beliefs_equations.logistic, path.L[31, :, 0], parts, groups)
    np.testing.assert_allclose(joined.after, found.after)
    assert set(joined.parts) == {"acts", "rest"}


def test_numpy_and_a_compiled_scan_agree(real: Any) -> None:
    import jax
    import jax.numpy as jnp

    from foederis import numerics_jax  # noqa: F401  64 bits

    made, p, _ = real
    here = beliefs.run(made, p)
    beliefs.register()
    beliefs.register()
    stacked = [beliefs.inputs(made, t) for t in range(len(QUARTERS))]
    xs = jax.tree.map(lambda *rows: jnp.stack([jnp.asarray(r) for r in rows]), *stacked)
    q = {name: jnp.asarray(value) for name, value in p.items()}
    start = jax.tree.map(jnp.asarray, beliefs.initial(q, 3, len(made.persons)))
    ell = beliefs.learn(made, q)
    zeta = jnp.asarray(made.zeta)

    @jax.jit
    def scan(state: Any, ell: Any) -> Any:
        return jax.lax.scan(
            lambda s, x: (lambda new, trace: (new, (new.L, trace.r)))(*beliefs.step(s, x, q, ell, zeta)), state, xs
        )

    last, (L, r) = scan(start, ell)
    np.testing.assert_allclose(np.asarray(L), here.L, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.asarray(r), here.r, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.asarray(last.n_X), here.n_X[-1], rtol=1e-9)


def test_skipping_the_turnover_step_changes_nothing_without_one() -> None:
    made = arrays(act(), quiet=True)
    p = parameters(5)
    state = beliefs.initial(p, 1, len(made.persons))
    ell = beliefs.learn(made, p)
    quarter = beliefs.inputs(made, 5)
    full, _ = beliefs.step(state, quarter, p, ell, made.zeta)
    short, _ = beliefs.step(state, quarter, p, ell, made.zeta, turning=False)
    for name in vars(full):
        np.testing.assert_array_equal(getattr(full, name), getattr(short, name))


def test_grievance_and_concession_reach_reliability_only() -> None:
    made = arrays()
    p = parameters()
    path = np.full((len(QUARTERS), 1), 1.5)
    worse = beliefs.run(made, p, grievance=path)
    eased = beliefs.run(made, p, grievance=path, concession=path)
    plain = beliefs.run(made, p)
    assert worse.r[3, 0, 0] < eased.r[3, 0, 0] < plain.r[3, 0, 0]
    np.testing.assert_array_equal(worse.L, plain.L)


def test_draws_do_not_see_one_another() -> None:
    made = act_arrays(acts.load(), QUARTERS, ("JPN", "KOR"))
    p = parameters(40)
    whole = beliefs.run(made, p)
    part = beliefs.run(made, {name: value[10:20] for name, value in p.items()})
    np.testing.assert_allclose(whole.L[:, 10:20], part.L, rtol=1e-12, atol=1e-12)


def test_the_menu_of_the_worked_example_is_the_standing_one() -> None:
    names = {choice.name for choice in acts_rules.reference_menu()}
    assert names == {"restraint", "consultation", "dispute", "reassurance", "reference", "reference_tied"}
    quarter = beliefs.inputs(arrays(), 0)
    assert replace(quarter, leaves=np.ones(())).leaves == 1.0
