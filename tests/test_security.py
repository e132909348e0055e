"""S1-S5: signs, limits, invariance, NumPy = JAX; rows of the mission table that rest on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import balance, dyad, security
from foederis.balance_phase import base_sides
from hedge_draws import medians, parameters, registered

force = st.floats(1.0, 2000.0)
share = st.floats(0.0, 1.0)


def one(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


@pytest.mark.eq("S1")
@given(force, force, share, share, force)
def test_expected_capability_is_a_sum_discounted_by_doubt(
    own: float, partners: float, p: float, r: float, us: float
) -> None:
    A = security.expected_capability(*one(own, partners, p, r, us))[0]
    assert own <= A <= own + partners + us + 1e-9
    assert pytest.approx(own + p * partners + r * us) == A


@pytest.mark.eq("S2")
@given(force, force, st.floats(0.2, 3.0))
def test_the_contest_is_symmetric_homogeneous_and_rising(A: float, Z: float, m: float) -> None:
    win = security.win_chance(*one(A, Z, m))[0]
    assert win == pytest.approx(A**m / (A**m + Z**m), rel=1e-9)
    assert win + security.win_chance(*one(Z, A, m))[0] == pytest.approx(1.0)
    assert security.win_chance(*one(3 * A, 3 * Z, m))[0] == pytest.approx(win)
    assert security.win_chance(*one(A * 1.01, Z, m))[0] > win


@pytest.mark.eq("S2")
@pytest.mark.parametrize(
    ("m", "ratio", "convex"), [(1.0, 0.05, False), (0.8, 0.05, False), (2.0, 0.3, True), (2.0, 0.9, False)]
)
def test_the_contest_is_convex_only_where_odds_are_hopeless(m: float, ratio: float, convex: bool) -> None:
    A = 100.0 * ratio * np.array([0.99, 1.0, 1.01])
    low, middle, high = security.win_chance(A, np.full(3, 100.0), np.full(3, m))
    assert (low + high - 2 * middle > 0) == convex
    assert convex == (ratio**m < (m - 1) / (m + 1))


@pytest.mark.eq("S3")
@given(share, share, st.floats(-0.5, 0.5), st.floats(0.0, 3.0))
def test_only_ratios_of_the_hazard_exist(lose: float, base: float, cost: float, eta: float) -> None:
    ratio = security.hazard_ratio(*one(lose, 1.0, base, 1.0, cost, eta))[0]
    assert ratio > 0
    assert security.hazard_ratio(*one(base, 1.0, base, 1.0, 0.0, eta))[0] == 1.0
    back = security.hazard_ratio(*one(base, 1.0, lose, 1.0, -cost, eta))[0]
    assert ratio * back == pytest.approx(1.0)
    assert security.hazard_ratio(*one(lose, 1.0, base, 1.0, cost, 0.0))[0] == 1.0  # switched off
    assert security.hazard_ratio(*one(lose, 1.0, base, 1.0, cost + 0.1, eta))[0] <= ratio


@pytest.mark.eq("S4")
def test_security_is_minus_risk_times_loss() -> None:
    h, win = one(1.3, 0.6)
    assert security.security_utility(h, win)[0] == pytest.approx(-1.3 * 0.4)
    # The stake is a unit: it scales every value alike, so relative changes are free of it.
    assert security.security_utility(h, win, 7.0)[0] / security.security_utility(h, win)[0] == pytest.approx(7.0)


@pytest.mark.eq("S5")
@given(force, share, share)
def test_bases_are_a_complement(K: float, psi: float, b: float) -> None:
    found = security.effective_forces(*one(K, psi, b))[0]
    assert K * (1 - psi) - 1e-9 <= found <= K
    assert security.effective_forces(*one(K, 0.0, b))[0] == K  # bases off
    assert security.effective_forces(*one(K, psi, 1.0))[0] == K


@given(st.floats(0.5, 3.5), st.floats(0.0, 1.0))
def test_the_access_response_is_a_slope_per_unit_of_reliability(b_0: float, b_1: float) -> None:
    step = 1e-5
    ends = [security.base_access(*one(b_0, b_1, 0.3, h, 0.0))[0] for h in (-step, step)]
    assert (ends[1] - ends[0]) / (2 * step) == pytest.approx(b_1, rel=1e-5, abs=1e-9)
    assert 0 < security.base_access(*one(b_0, b_1, 0.3, -1.0, -1.0))[0] < 1


@given(st.floats(0.3, 2.5), st.floats(0.0, 2.0), st.floats(20.0, 800.0), st.floats(0.0, 0.9))
def test_slopes_of_the_loss_are_its_derivatives(m: float, eta: float, A: float, a: float) -> None:
    p = {"contest_m": np.array([m]), "eta_h": np.array([eta])}
    Z = np.array([300.0])

    def loss(x: float, y: float) -> float:
        return float(security.challenge_loss(np.array([x]), np.array([y]), Z, p)[0][0])

    _, in_A, in_a, curvature = (v[0] for v in security.challenge_loss(np.array([A]), np.array([a]), Z, p))
    h = 1e-4 * A
    assert (loss(A + h, a) - loss(A - h, a)) / (2 * h) == pytest.approx(in_A, rel=1e-4, abs=1e-10)
    assert (loss(A, a + 1e-4) - loss(A, a - 1e-4)) / 2e-4 == pytest.approx(in_a, rel=1e-4, abs=1e-9)
    second = security.challenge_loss(np.array([A]), np.array([a + 1e-4]), Z, p)[2][0]
    assert (second - in_a) / 1e-4 == pytest.approx(curvature, rel=1e-2, abs=1e-7)


def test_the_loss_of_the_optimum_is_the_loss_of_the_equations() -> None:
    p = {"contest_m": np.array([1.2]), "eta_h": np.array([0.8])}
    A, Z, a = np.array([400.0]), np.array([300.0]), np.array([0.2])
    win = security.win_chance(A, Z, p["contest_m"])
    zero = 0.0 * A
    ratio = security.hazard_ratio(1 - win, 1 - a, zero, zero, zero, p["eta_h"])
    assert security.challenge_loss(A, a, Z, p)[0] == pytest.approx(-security.security_utility(ratio, win))


def quarter(draws: int, reliability: float = 0.75, alignment: float = 0.9) -> security.Inputs:
    values = {"own": 40.0, "partners": 9.0, "reliability": reliability, "alignment": alignment, "patron": 430.0}
    values |= {"rival": 270.0, "gain": 1.0, "cost_change": 0.0}
    return security.Inputs(**{name: np.full(draws, value) for name, value in values.items()})


def test_the_base_quarter_has_ratio_one_and_less_trust_means_more_risk() -> None:
    p = parameters(200)
    state = security.initial(quarter(200), p)
    _, base = security.step(state, quarter(200), p)
    np.testing.assert_allclose(base.hazard_ratio, 1.0, rtol=1e-14)
    _, later = security.step(state, quarter(200, reliability=0.6), p)
    assert (later.access <= base.access).all()
    assert (later.capability < base.capability).all()
    assert (later.hazard_ratio > 1.0).all()
    assert (later.security < base.security).all()


def test_row_1_without_the_ally_more_is_lost_than_its_own_forces_if_bases_matter() -> None:
    """Removing the ally takes its forces and its bases; the excess is the complement, and is nil without one."""
    pair = dyad.load()
    p = medians(psi=0.4)
    for psi in (0.0, 0.1, 0.4):
        with_psi = p | {"psi": np.array([psi])}
        before = base_sides(pair, with_psi)
        full = with_psi["theatre_share"] * pair.actors["USA"].at(np.array([2024.0]))
        no_bases = security.effective_forces(full, with_psi["psi"], np.array([0.0]))
        access = security.base_access(with_psi["b_0"], *one(0.0, 0.0, 0.0, 0.0))
        np.testing.assert_allclose(security.effective_forces(full, with_psi["psi"], access), before.patron)
        after = balance.Sides(**{**vars(before), "ally": 0.0 * before.ally, "patron": no_bases})
        lost = balance.log_balance(before) - balance.log_balance(after)
        own_share = -np.log(1.0 - before.pooled * before.ally / before.coalition)
        assert (lost > own_share + 1e-12).all() == (psi > 0)


def test_numpy_and_jax_agree() -> None:
    import jax
    import jax.numpy as jnp

    from foederis import numerics_jax  # noqa: F401  64 bits

    registered(security.State, security.Inputs, security.Trace)
    p = parameters(50)
    inputs = quarter(50, reliability=0.6)
    state = security.initial(quarter(50), p)
    _, here = security.step(state, inputs, p)
    there = jax.jit(security.step)(*jax.tree.map(jnp.asarray, (state, inputs, p)))[1]
    for name in vars(here):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name), rtol=1e-12, err_msg=name)
