"""H2-H6 and the block: signs, limits, switches, speeds, caps, rungs, rows of the mission table, NumPy = JAX."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foederis import dyad, hedging, priors, security
from foederis.errors import UsageError
from foederis.hedging_equations import (
    CAUSES,
    adjust,
    adoption_chance,
    capability,
    effort_change,
    performativity,
    posture,
    quarterly,
    raise_chance,
    reliability_kept,
    steady_pipeline,
)
from hedge_draws import at, fall, medians, parameters, paths, registered, simulate

OPEN = 32  # the quarter in which the record of spending ends, 2025-Q1
share = st.floats(0.0, 0.95)


def one(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


def half_life(path: np.ndarray) -> float:
    """Years until a path that starts at 0 and goes to 1 is half way."""
    return float(np.argmax(path >= 0.5)) / 4.0


@pytest.mark.eq("H2")
@given(st.floats(-2, 2), st.floats(-2, 2), share)
def test_adjustment_closes_a_share_of_the_gap_a_year(x: float, target: float, Phi: float) -> None:
    value = np.array([x])
    for _ in range(4):
        value = adjust(value, *one(target, Phi))
    assert value[0] == pytest.approx(target + (x - target) * (1 - Phi), abs=1e-12)


@pytest.mark.eq("H3")
@given(st.floats(10, 100), st.floats(0.0, 12.0), st.floats(0.01, 0.3))
def test_steady_orders_keep_capability_and_money_is_not_lost(spend: float, lag: float, delta: float) -> None:
    I, L, d = one(spend, lag, delta)
    K, pipe = capability(I, steady_pipeline(I, L), I, L, d)
    np.testing.assert_allclose(K, I, rtol=1e-12)
    np.testing.assert_allclose(pipe, steady_pipeline(I, L), rtol=1e-12, atol=1e-12)


@pytest.mark.eq("H3")
@pytest.mark.parametrize("lag", [0.0, 2.0, 7.0])
def test_the_delivery_lag_has_the_mean_it_is_given(lag: float) -> None:
    """One quarter's orders: delivered in all, after `lag` years on average."""
    K, pipe, L, d = np.zeros(1), np.zeros((1, 3)), *one(lag, 0.07)
    arrivals, rate = [], quarterly(0.07)
    for quarter in range(600):
        new, pipe = capability(K, pipe, np.array([1.0 if quarter == 0 else 0.0]), L, d)
        arrivals.append(((new - (1 - rate) * K) / rate)[0])
        K = new
    assert sum(arrivals) == pytest.approx(1.0, abs=1e-9)
    assert np.dot(np.arange(600), arrivals) / 4.0 == pytest.approx(lag, abs=1e-6)


felt = st.floats(-1, 2).filter(lambda r: r == 0.0 or abs(r) > 1e-12)  # the rest is below what a float tells apart


@pytest.mark.eq("H4")
@given(st.floats(-6, -3), felt, felt, st.floats(-3, 3), st.floats(-3, 3))
def test_the_cap_chance_is_a_probability_with_free_signs(r0: float, r1: float, r2: float, z: float, d: float) -> None:
    base = raise_chance(*one(r0, r1, r2, z, d))[0]
    assert 0 < base < 1
    assert (raise_chance(*one(r0, r1, r2, z + 0.1, d))[0] > base) == (r1 > 0)
    assert (raise_chance(*one(r0, r1, r2, z, d + 0.1))[0] > base) == (r2 > 0)
    yearly = 1 - (1 - raise_chance(*one(-4.6, 0.0, 0.0, 0.0, 0.0))[0]) ** 4
    assert yearly == pytest.approx(2 / 50, rel=0.05)  # two rises in fifty years


@pytest.mark.eq("H5")
@given(st.lists(st.floats(-0.5, 0.5), min_size=4, max_size=4), st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_row_30_the_parts_by_cause_add_up_and_are_their_shapley_shares(b: list[float], x: list[float]) -> None:
    """The form is linear, so what a cause adds does not depend on which others are on."""
    loading, regressor, a = np.array([b]), np.array([x]), np.array([0.25])
    zero = np.zeros((1, 4))
    whole = effort_change(zero, loading, regressor, a)
    for k in range(4):
        for others in (np.zeros(4), np.ones(4)):
            on = np.where(np.arange(4) == k, 1.0, others)
            off = np.where(np.arange(4) == k, 0.0, others)
            added = (
                effort_change(zero, loading, regressor * on, a).sum()
                - effort_change(zero, loading, regressor * off, a).sum()
            )
            assert added == pytest.approx(whole[0, k], abs=1e-14)
    rest = effort_change(loading * regressor, loading, regressor, a)
    np.testing.assert_allclose(rest, 0.0, atol=1e-15)  # at its target effort stays


@pytest.mark.eq("H6")
@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), share, st.floats(0, 2))
def test_row_41_the_gap_is_what_rapport_and_fear_add(a: float, R: float, pli: float, chi: float, stake: float) -> None:
    public, gap = posture(*one(a, chi, R, chi, pli, stake))
    assert public[0] - a == pytest.approx(gap[0])
    assert gap[0] == pytest.approx(chi * R + chi * pli * stake)
    assert posture(*one(a, 0.0, R, 0.0, pli, stake))[1][0] == 0.0


def test_row_12_performance_is_nil_without_rapport_or_fear_in_public() -> None:
    rng = np.random.default_rng(1)
    private, rapport = rng.normal(size=(3, 80)), rng.normal(size=(3, 80))
    for chi, low, high in ((0.0, 0.0, 0.0), (5.0, 0.9, 1.2)):
        public = private + chi * rapport
        share_ = performativity(chi * rapport, public)
        assert (share_ >= low).all()
        assert (share_ <= high).all()
    assert (performativity(np.zeros((2, 5)), np.zeros((2, 5))) == 0).all()


def test_row_28c_independence_may_rise_or_fall_with_reliability() -> None:
    """The sign of the nuclear rungs' and of effort's response is free: it follows the draw, and priors have both."""
    odds, z = np.array([0.01, 0.005]), np.zeros(2)
    for rho, sign in ((0.5, 1), (-0.5, -1), (0.0, 0)):
        calm, worried = (adoption_chance(odds, z, np.full(2, rho), z, np.full(2, d)) for d in (0.0, 1.0))
        assert (np.sign(np.round(worried - calm, 12)) == sign).all()
        np.testing.assert_allclose(calm, np.broadcast_to(odds, (2, 2)))
    drawn = priors.draw(3, range(2000), ["b_r", "rho_2"])
    for name in drawn:
        assert 0.05 < np.mean(drawn[name] < 0) < 0.45, name


def test_entrapment_starts_at_one_and_a_half_times_own_forces() -> None:
    own, gamma = np.full(4, 40.0), np.full(4, 0.1)
    kept = reliability_kept(np.array([0.0, 60.0, 80.0, 800.0]), own, gamma)
    np.testing.assert_allclose(kept, [1.0, 1.0, 0.95, 0.0])


def test_nothing_moves_in_the_base_and_the_optimum_keeps_it() -> None:
    p = parameters(100)
    still = paths(fall(100, drop=0.0))
    still = {
        n: np.repeat(path[:1], 80, axis=0) if n not in ("uniform", "open", "rungs_known") else path
        for n, path in still.items()
    }
    still["uniform"] = np.ones((80, 100))
    state, traces = simulate(still, p)
    for name in ("effort", "partners", "accommodation", "own", "kept", "value"):
        np.testing.assert_allclose(getattr(traces[-1], name), getattr(traces[0], name), rtol=1e-7, err_msg=name)
    np.testing.assert_allclose(traces[-1].hedge, 0.0, atol=1e-8)
    np.testing.assert_allclose(state.partners, p["partners_0"], rtol=1e-7)


def test_the_record_is_followed_and_deviations_start_when_it_ends() -> None:
    p = parameters(200)
    found = paths(fall(200, start=8))
    _, traces = simulate(found, p)
    for quarter in (0, 10, OPEN - 1):
        np.testing.assert_allclose(traces[quarter].effort, found["programme"][quarter], rtol=1e-12)
        assert (traces[quarter].causes == 0).all()
    later = simulate(paths(fall(200)), p)[1][-1]
    assert np.sign(later.causes[:, CAUSES.index("distrust")]).tolist() == np.sign(p["b_r"]).tolist()


def test_hedging_off_follows_the_programme() -> None:
    p = parameters(100)
    found = paths(fall(100, drop=0.3))
    off = dataclasses.replace(hedging.settings_of(dyad.load()), hedging=False)
    _, traces = simulate(found, p, off)
    ceiling = traces[-1].cap / found["recount"][-1]
    np.testing.assert_allclose(traces[-1].effort, np.minimum(found["programme"][-1], ceiling))
    np.testing.assert_allclose(traces[-1].partners, p["partners_0"])
    np.testing.assert_allclose(traces[-1].accommodation, p["accommodation_0"])
    assert (traces[-1].hedge == 0).all()
    on = simulate(found, p)[1][-1]
    assert (on.partners > traces[-1].partners).all()
    assert (on.hedge != 0).all()


def test_row_25_threat_alone_can_explain_hedging() -> None:
    """The null M0: reliability never moves, the rival grows, and effort, partners and accommodation respond."""
    p = medians(3, b_Z=0.3)
    calm = paths(fall(3, drop=0.0))
    grown = {
        **calm,
        "threat_log": calm["threat_log"] + 0.3 * calm["open"][:, None],
        "rival": calm["rival"] * np.where(calm["open"], 1.3, 1.0)[:, None],
    }
    a, b = (simulate(found, p)[1][-1] for found in (calm, grown))
    assert (b.effort > a.effort).all()
    assert (b.partners > a.partners).all()
    assert (b.accommodation > a.accommodation).all()
    assert (b.causes[:, CAUSES.index("distrust")] == 0).all()
    np.testing.assert_allclose(b.causes.sum(axis=1) - a.causes.sum(axis=1), 0.3 * 0.3, rtol=0.06)


def test_row_7_a_demand_has_no_response_at_the_median_prior_and_a_free_sign() -> None:
    found = paths(fall(3, drop=0.0))
    asked = {**found, "demand": np.log(3.5 / 2.0) * found["open"][:, None] * np.ones((80, 3))}
    quiet, loud = (simulate(x, medians(3, rho_0=-30.0))[1][-1].effort for x in (found, asked))
    assert np.abs(np.log(loud / quiet)).max() < 0.1 * np.log(3.5 / 2.0)
    b_d = priors.draw(1, range(500), ["b_d"])["b_d"]
    assert 0.3 < np.mean(b_d < 0) < 0.7


def test_row_29_caps_are_data_while_known_then_a_ratchet_that_never_falls() -> None:
    p = parameters(500)
    found = paths(fall(500))
    _, traces = simulate(found, p)
    caps = np.stack([trace.cap for trace in traces])
    assert (caps[:23] == 1.0).all()
    assert (caps[23:37] == 2.0).all()  # 2022-Q4 to the end of the record
    assert (np.diff(caps, axis=0) >= 0).all()
    assert set(np.unique(caps)) <= {1.0, 2.0, 3.5}
    assert 0.1 < np.mean(caps[-1] == 3.5) < 0.9
    for trace, recount in zip(traces, found["recount"], strict=True):
        assert (trace.effort * recount <= trace.cap + 1e-9).all()
    never = simulate({**found, "uniform": np.ones((80, 500))}, p)[1][-1]
    assert (never.cap == 2.0).all()


def test_effort_obeys_fiscal_and_recruiting_limits() -> None:
    found = paths(fall(50, drop=0.3), effort_limit=np.full((80, 50), 1.2))
    assert max(trace.effort.max() for trace in simulate(found, parameters(50))[1]) <= 1.2


def test_rungs_are_the_record_then_chances_that_rise_and_wait_for_the_cap() -> None:
    p = parameters(200)
    ladder = [rung.id for rung in dyad.load().ladder]
    _, traces = simulate(paths(fall(200)), p)
    before, after = traces[20].rungs, traces[28].rungs
    assert (before[:, ladder.index("acsa")] == 1).all()
    assert (before[:, ladder.index("access")] == 0).all()  # 2022-Q1: signed, not in force
    assert (after[:, ladder.index("access")] == 1).all()
    last = np.stack([trace.rungs for trace in traces])[37:]
    assert (np.diff(last, axis=0) >= -1e-12).all()
    assert last.min() >= 0
    assert last.max() <= 1
    capped = traces[-1].cap < 3.5
    assert (traces[-1].rungs[capped, ladder.index("three-and-half")] == 0).all()
    assert (traces[-1].rungs[~capped, ladder.index("three-and-half")] > 0).all()
    late = traces[-1].rungs.mean(axis=0)
    assert late[ladder.index("latent")] < late[ladder.index("principle-three")] < 1


def test_row_44_a_hedge_that_outruns_own_forces_costs_reliability() -> None:
    """The same turn to partners, fast or slow: own capability takes years, so speed is what entraps."""
    common = {"p_m": 0.9, "entrapment": 0.0, "partners_0": 0.10, "lag_own": 7.0, "b_r": 2.0, "rho_0": 0.0}
    found = paths(fall(2, drop=0.6, before=0.7), partners_potential=np.full((80, 2), 400.0))
    found["cap_known"][:] = np.nan
    paces = {}
    for pace in (0.02, 0.9):
        _, traces = simulate(found, medians(2, Phi=pace, **common))
        ratio = np.array([(t.partners * 400.0 / t.own)[0] for t in traces])
        paces[pace] = reliability_kept(ratio * 40.0, np.full(80, 40.0), np.full(80, 0.1)).min()
    assert paces[0.9] < paces[0.02] <= 1.0
    assert paces[0.9] < 0.98


def test_row_45_budgets_are_faster_than_capability() -> None:
    p = parameters(400)
    budget = np.log(2) / -np.log(1 - p["Phi"])
    K, pipe, path = np.zeros(400), np.zeros((400, 3)), []
    for _ in range(400):
        K, pipe = capability(K, pipe, np.ones(400), p["lag_own"], p["delta_K"])
        path.append(K)
    stock = np.argmax(np.array(path) >= 0.5, axis=0) / 4.0
    assert np.median(budget) < 4.0 < np.median(stock)
    assert np.mean(budget < stock) > 0.95
    ready = np.log(2) * p["lag_partner"]
    assert np.median(ready) < np.median(stock)
    assert 12 < np.median(stock) < 20  # docs/model.md says about 16


def test_the_optimum_can_rule_effort_with_the_same_free_signs() -> None:
    settings = hedging.settings_of(dyad.load(), effort="optimum")
    low = medians(2, matched=0.0, contest_m=0.9)
    calm, worried = (simulate(paths(fall(2, drop=d)), low, settings)[1][-1].effort for d in (0.0, 0.3))
    assert (worried > calm).all()
    high = medians(2, matched=0.9, contest_m=0.9, eta_h=0.2)  # help matched to effort, against a stronger rival
    outmatched = np.full((80, 2), 2000.0)
    calm, worried = (
        simulate(paths(fall(2, drop=d), rival=outmatched), high, settings)[1][-1].effort for d in (0.0, 0.3)
    )
    assert (worried < calm).all()
    with pytest.raises(UsageError, match="effort rule 'guess' is unknown"):
        hedging.Settings(effort="guess")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="one number for each rung"):
        hedging.Settings(rung_odds=(0.1,))


def test_numpy_and_a_compiled_scan_agree() -> None:
    import jax
    import jax.numpy as jnp

    from foederis import numerics_jax  # noqa: F401  64 bits

    registered(hedging.State, hedging.Inputs, hedging.Trace)
    draws = 40
    p, found = parameters(draws), paths(fall(draws))
    for effort in ("panel", "optimum"):
        rules = hedging.settings_of(dyad.load(), effort=effort)  # type: ignore[arg-type]
        state, traces = simulate(found, p, rules)
        inputs = hedging.Inputs(**{name: jnp.asarray(path) for name, path in found.items()})
        q = jax.tree.map(jnp.asarray, p)
        base = hedging.initial(at(found, 0), p, rules, security.challenge_loss)
        start = jax.tree.map(jnp.asarray, base)

        def body(carry: hedging.State, row: hedging.Inputs, q=q, rules=rules):  # type: ignore[no-untyped-def]
            return hedging.step(carry, row, q, settings=rules, value=security.challenge_loss)

        end, path = jax.jit(lambda s, x, body=body: jax.lax.scan(body, s, x))(start, inputs)
        for name in vars(state):
            np.testing.assert_allclose(getattr(end, name), getattr(state, name), rtol=1e-8, atol=1e-11, err_msg=name)
        for name in ("effort", "causes", "hedge", "posture", "rungs"):
            mine = np.stack([getattr(trace, name) for trace in traces])
            np.testing.assert_allclose(getattr(path, name), mine, rtol=1e-8, atol=1e-11, err_msg=name)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.05, 20.0), st.floats(-1.0, 2.0))
@settings(max_examples=15)
def test_extremes_stay_finite_and_within_bounds(r: float, later: float, rival: float, threat: float) -> None:
    path = fall(60, quarters=48, before=r, drop=r - later)
    found = paths(path, quarters=48)
    found |= {"rival": rival * found["rival"], "threat_log": np.full((48, 60), threat)}
    state, traces = simulate(found, parameters(60))
    for trace in (traces[0], traces[-1]):
        for name, value in vars(trace).items():
            assert np.isfinite(value).all(), name
        assert (trace.partners >= 0).all()
        assert (trace.partners <= 1).all()
        assert (trace.accommodation >= 0).all()
        assert (trace.accommodation <= 1).all()
        assert (trace.effort > 0).all()
    assert np.isfinite(state.pipeline).all()
