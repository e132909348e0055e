"""P1-P4: identities, cases, the phase diagram, the answer of the priors alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import balance, balance_phase, dyad
from foederis.balance import CASES, Sides
from hedge_draws import parameters, registered

DRAWS = 300
money = st.floats(-50.0, 50.0)
small = st.floats(-0.2, 0.2)
price = st.floats(0.1, 40.0)


@pytest.fixture(scope="module")
def p() -> dict[str, np.ndarray]:
    return parameters(DRAWS)


@pytest.fixture(scope="module")
def base(p: dict[str, np.ndarray]) -> Sides:
    return balance_phase.base_sides(dyad.load(), p)


def one(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


@pytest.mark.eq("P1")
def test_log_balance_is_free_of_units_and_antisymmetric(base: Sides) -> None:
    lnB = balance.log_balance(base)
    scaled = replace(base, **{n: 7.0 * getattr(base, n) for n in ("patron", "ally", "bystander", "rival")})
    np.testing.assert_allclose(balance.log_balance(scaled), lnB, rtol=1e-12)
    swapped = replace(
        base, patron=base.rival, rival=base.patron + base.pooled * base.ally, ally=0 * base.ally,
        with_patron=base.with_rival, with_rival=base.with_patron,
    )  # fmt: skip
    np.testing.assert_allclose(balance.log_balance(swapped), -lnB, rtol=1e-12)
    np.testing.assert_allclose(np.exp(lnB), base.coalition / base.opposed)


@pytest.mark.eq("P2")
@given(st.floats(0.1, 50.0), st.floats(-0.2, -1e-4))
def test_at_the_break_even_price_the_policy_is_worth_nothing(gain: float, change: float) -> None:
    g, c = one(gain, change)
    chi = balance.break_even_price(g, c)
    assert balance.net_gain(g, c, chi)[0] == pytest.approx(0.0, abs=1e-9)
    assert balance.self_defeat_index(g, c, chi)[0] == pytest.approx(1.0)
    assert balance.net_gain(g, c, 1.1 * chi)[0] < 0 < balance.net_gain(g, c, 0.9 * chi)[0]


@pytest.mark.eq("P2")
def test_break_even_in_the_other_cases() -> None:
    assert balance.break_even_price(*one(9.0, -0.01))[0] == pytest.approx(9.0)  # 9 bn for 1 %
    assert balance.break_even_price(*one(9.0, 0.01))[0] == np.inf
    assert balance.break_even_price(*one(9.0, 0.0))[0] == np.inf
    assert balance.break_even_price(*one(-9.0, -0.01))[0] == 0.0
    assert balance.break_even_price(*one(-9.0, 0.01))[0] == pytest.approx(9.0)
    assert np.isnan(balance.break_even_price(*one(0.0, 0.0))[0])


@pytest.mark.eq("P3")
@given(money, small, price)
def test_index_and_cases_agree_with_the_net_gain(gain: float, change: float, chi: float) -> None:
    args = one(gain, change, chi)
    index, net = balance.self_defeat_index(*args)[0], balance.net_gain(*args)[0]
    case = CASES[int(balance.case_of(*args)[0])]
    if case in ("pays", "self-defeating"):
        assert gain > 0 > change
        assert (index > 1) == (case == "self-defeating")
        if abs(net) > 1e-9:
            assert (index > 1) == (net < 0)
    elif case == "dominated":
        assert index == np.inf
        assert net < 0 or change == 0
    elif case == "both gain":
        assert index == 0
        assert net > 0
    else:
        assert gain <= 0 <= change
        assert np.isnan(index)


@pytest.mark.eq("P4")
@given(
    st.floats(0.6, 1.4), st.floats(0.6, 1.4), st.floats(-0.3, 0.15), st.floats(-0.3, 0.05), st.floats(-0.3, 0.3),
    st.floats(0.7, 1.3),
)  # fmt: skip
def test_row_36_the_parts_sum_to_the_change(
    patron: float, ally: float, pooled: float, with_patron: float, with_rival: float, rival: float
) -> None:
    before = balance_phase.base_sides(dyad.load(), parameters(5))
    after = replace(
        before, patron=patron * before.patron, ally=ally * before.ally, pooled=before.pooled + pooled,
        with_patron=np.clip(before.with_patron + with_patron, 0, 1),
        with_rival=np.clip(before.with_rival + with_rival, 0, 1), rival=rival * before.rival,
    )  # fmt: skip
    terms = balance.decompose(before, after)
    np.testing.assert_allclose(sum(terms.parts().values()), terms.total, atol=1e-13)
    np.testing.assert_allclose(terms.total, balance.log_balance(after) - balance.log_balance(before), atol=1e-13)
    assert list(terms.parts()) == ["access", "rearmament", "pooling", "bystanders", "rival", "remainder"]


@pytest.mark.eq("P4")
def test_terms_are_the_formula_in_elasticities_for_small_shocks(p: dict[str, np.ndarray], base: Sides) -> None:
    r, dr = np.full(DRAWS, 0.75), np.full(DRAWS, -1e-4)
    terms = balance.decompose(base, balance_phase.respond(base, p, r, dr))
    A, P = base.coalition, base.with_patron
    access_base = 1 / (1 + np.exp(-p["b_0"]))
    full = base.patron / (1 - p["psi"] * (1 - access_base))
    expected = {
        "access": full * p["psi"] * p["b_1"] * dr / A,
        "rearmament": base.pooled * base.ally * p["epsilon_e"] * (-dr / r) / A,
        "pooling": base.ally * p["eta_pi"] * dr / A,
        "bystanders": (base.bystander * P * (1 - P)).sum(axis=1) * p["beta_S"] * p["omega_0"] * dr / A,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(terms, name), value, rtol=1e-3, atol=1e-12, err_msg=name)
    assert np.abs(terms.remainder).max() < 1e-7  # second order


def test_no_change_no_terms_and_no_bases_no_access(p: dict[str, np.ndarray], base: Sides) -> None:
    still = balance.decompose(base, base)
    assert all((part == 0).all() for part in still.parts().values())
    off = p | {"psi": np.zeros(DRAWS)}
    before = balance_phase.base_sides(dyad.load(), off)
    after = balance_phase.respond(before, off, np.full(DRAWS, 0.75), np.full(DRAWS, -0.1))
    assert (balance.decompose(before, after).access == 0).all()


def test_row_36_rearmament_can_dominate(p: dict[str, np.ndarray], base: Sides) -> None:
    """The essay can be wrong: where access hardly responds and the ally rearms, distrust raises the balance."""
    r, dr = np.full(DRAWS, 0.75), np.full(DRAWS, -0.1)
    strong = p | {"b_1": np.zeros(DRAWS), "epsilon_e": np.full(DRAWS, 1.0)}
    terms = balance.decompose(base, balance_phase.respond(base, strong, r, dr))
    assert (terms.rearmament > 0).all()
    assert np.mean(terms.total > 0) > 0.5
    weak = p | {"b_1": np.full(DRAWS, 0.8), "epsilon_e": np.zeros(DRAWS)}
    assert np.mean(balance.decompose(base, balance_phase.respond(base, weak, r, dr)).total < 0) > 0.9


def test_the_phase_diagram_falls_in_access_and_rises_in_rearmament(p: dict[str, np.ndarray], base: Sides) -> None:
    r, dr, gain = np.full(DRAWS, 0.75), np.full(DRAWS, -0.1), np.full(DRAWS, 9.0)
    found = balance_phase.phase(base, p, r, dr, gain, np.full(DRAWS, 6.0), (0.0, 0.3, 0.9), (-0.5, 0.25, 1.0))
    assert (np.diff(found.change, axis=0) < 0).all()
    assert (np.diff(found.change, axis=1) > 0).all()
    assert (np.diff(found.defeat, axis=0) >= 0).all()
    assert (np.diff(found.defeat, axis=1) <= 0).all()
    assert found.defeat[0, 2] < 0.2 < 0.8 < found.defeat[2, 0]


def within(value: float, expected: float, factor: float = 3.0) -> bool:
    return expected / factor <= value <= expected * factor


def test_row_35_the_priors_alone_say_likely_a_fall_and_unlikely_a_net_loss() -> None:
    """Orders of the prototype: median -1.2 %, 90 % -4.7 to 0.4, P(<0) .90, P(net loss) .23-.44, tipping 1-1.5 %."""
    found = balance_phase.prior_predictive(dyad.load(), draws=4000)
    s = found.summary()
    assert within(-s["median_pct"], 1.2)
    assert within(-s["low_pct"], 4.7)
    assert -0.4 < s["high_pct"] < 1.2
    assert 0.8 < s["p_fall"] < 0.97
    assert within(s["p_net_loss_annuity"], 0.44)
    assert within(s["p_net_loss_hazard"], 0.23)
    assert s["p_net_loss_hazard"] < s["p_net_loss_annuity"] < 0.5
    assert within(s["tipping_pct"], 1.25)
    assert within(s["chi_bn_per_pct"], 7.0)
    from scipy.stats import spearmanr

    rank = {n: spearmanr(found.parameters[n], found.terms.total)[0] for n in ("b_1", "epsilon_e", "contest_rate")}
    assert rank["b_1"] < -0.3
    assert rank["epsilon_e"] > 0.2
    assert abs(rank["contest_rate"]) < 0.06
    assert spearmanr(found.r_change, found.terms.total)[0] > 0.4


def test_prior_predictive_is_fixed_by_its_seed() -> None:
    first, again, other = (balance_phase.prior_predictive(dyad.load(), s, 50).summary() for s in (1, 1, 2))
    assert first == again != other


def test_numpy_and_jax_agree(p: dict[str, np.ndarray], base: Sides) -> None:
    import jax
    import jax.numpy as jnp

    from foederis import numerics_jax  # noqa: F401  64 bits

    registered(Sides, balance.Inputs, balance.Terms, balance.Trace)
    after = balance_phase.respond(base, p, np.full(DRAWS, 0.75), np.full(DRAWS, -0.1))
    inputs = balance.Inputs(after, np.linspace(-5, 20, DRAWS))
    draws = p | {"chi": np.full(DRAWS, 6.0)}
    _, here = balance.step(balance.initial(base), inputs, draws)
    there = jax.jit(balance.step)(*jax.tree.map(jnp.asarray, (base, inputs, draws)))[1]
    for name in ("log_balance", "break_even", "index", "case", "net_gain"):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name), rtol=1e-10, err_msg=name)
    np.testing.assert_allclose(there.terms.remainder, here.terms.remainder, atol=1e-13)
