"""H1: the optimum against a general solver, first-order conditions, caps, and the signs that stay free."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foederis import security
from foederis.hedging_optimum import Choice, Loss, Problem, ally_optimum, calibrate, capability_of, objective


def loss_of(rival: float, m: float = 1.0, eta: float = 1.0) -> Loss:
    p = {"contest_m": np.array([m]), "eta_h": np.array([eta])}
    return lambda A, a: security.challenge_loss(A, a, np.array([rival]), p)


def problem(help_: float = 300.0, matched: float = 0.0, **changes: float) -> Problem:
    """An ally with 42 bn per point of GDP, 80 bn of potential partners; costs as given or placeholders."""
    values = {
        "fixed": help_ * (1 - matched), "per_effort": 42.0 + matched * help_, "per_partners": 36.0, "kink": 0.7,
        "loss_beyond": 20.0, "cost_effort": 1.0, "cost_partners": 1.0, "cost_accommodation": 1.0, "effort_low": 0.0,
        "effort_high": 9.0, "partners_high": 1.0,
    } | changes  # fmt: skip
    return Problem(**{name: np.array([value]) for name, value in values.items()})


def calibrated(loss: Loss, help_: float = 300.0, matched: float = 0.0) -> tuple[Problem, Choice]:
    return calibrate(problem(help_, matched), loss, *(np.array([v]) for v in (1.0, 0.1, 0.05, 0.0)))


def solve(found: Problem, loss: Loss, scale: np.ndarray) -> tuple[float, float, float]:
    choice = ally_optimum(found, loss, scale)
    return float(choice.effort[0]), float(choice.partners[0]), float(choice.accommodation[0])


@pytest.mark.eq("H1")
@example(m=0.75, eta=1.0, rival=30.0, help_=1.0, dear=1.0, cap=0.5)  # the second optimum, beyond the kink, is the best
@given(
    st.floats(0.3, 2.5), st.floats(0.1, 2.0), st.floats(30.0, 900.0), st.floats(1.0, 600.0), st.floats(0.3, 4.0),
    st.floats(0.5, 5.0),
)  # fmt: skip
def test_no_other_choice_is_better(m: float, eta: float, rival: float, help_: float, dear: float, cap: float) -> None:
    """Against a fine grid over effort, partners and accommodation, also where the problem is not concave."""
    loss = loss_of(rival, m, eta)
    found, base = calibrated(loss)
    found = replace(found, fixed=np.array([help_]), cost_effort=dear * found.cost_effort, effort_high=np.array([cap]))
    choice = ally_optimum(found, loss, base.value)
    best = objective(found, loss, choice.effort, choice.partners, choice.accommodation)[0]
    e, k, a = np.meshgrid(np.linspace(0, cap, 31), np.linspace(0, 1, 31), np.linspace(0, 1, 21), indexing="ij")
    others = objective(found, loss, e.ravel(), k.ravel(), a.ravel()).min()
    assert best <= others + 1e-7 * abs(others)
    assert 0 <= choice.effort[0] <= cap
    assert 0 <= choice.partners[0] <= 1
    assert 0 <= choice.accommodation[0] <= 1


@pytest.mark.eq("H1")
def test_a_general_solver_finds_the_same_optimum() -> None:
    from scipy.optimize import minimize

    loss = loss_of(270.0, 1.2)
    found, base = calibrated(loss)
    found = replace(found, fixed=np.array([150.0]), effort_high=np.array([1.05]))

    def value(x: np.ndarray) -> float:
        return 1e3 * float(objective(found, loss, x[:1], x[1:2], x[2:])[0])

    other = minimize(value, [0.9, 0.1, 0.05], bounds=[(0, 1.05), (0, 1), (0, 1)], method="L-BFGS-B", tol=1e-14)
    np.testing.assert_allclose(solve(found, loss, base.value), other.x, rtol=2e-4)
    assert solve(found, loss, base.value)[0] == 1.05  # the cap binds


@pytest.mark.eq("H1")
@given(st.floats(0.3, 1.0), st.floats(0.1, 2.0), st.floats(50.0, 900.0))
def test_the_base_choice_is_the_best_one_at_the_base(m: float, eta: float, rival: float) -> None:
    """Costs are read off the base, so the level of risk and stake never matters."""
    loss = loss_of(rival, m, eta)
    found, base = calibrated(loss)
    np.testing.assert_allclose(solve(found, loss, base.value), (1.0, 0.1, 0.05), rtol=1e-6)
    scaled: Loss = lambda A, a: tuple(17.0 * part for part in loss(A, a))  # type: ignore[return-value] # noqa: E731
    again, base_again = calibrated(scaled)
    shocked, shocked_again = (replace(x, fixed=np.array([200.0])) for x in (found, again))
    np.testing.assert_allclose(
        solve(shocked, loss, base.value), solve(shocked_again, scaled, base_again.value), rtol=1e-6
    )


def test_following_from_last_quarter_reaches_the_optimum() -> None:
    loss = loss_of(270.0, 1.3)
    found, base = calibrated(loss)
    shocked = replace(found, fixed=np.array([280.0]))
    exact = ally_optimum(shocked, loss, base.value)
    followed = ally_optimum(shocked, loss, base.value, base)
    for name in ("effort", "partners", "accommodation", "value"):
        np.testing.assert_allclose(getattr(followed, name), getattr(exact, name), rtol=1e-8)


def test_a_cap_that_held_effort_back_lets_it_rise_when_it_goes() -> None:
    loss = loss_of(270.0)
    base = tuple(np.array([v]) for v in (1.0, 0.1, 0.05))
    held, _ = calibrate(problem(effort_high=1.0), loss, *base, np.array([0.3]))
    _, choice = calibrate(problem(), loss, *base, np.array([0.0]))
    assert solve(held, loss, choice.value)[0] == pytest.approx(1.0)
    assert solve(replace(held, effort_high=np.array([2.0])), loss, choice.value)[0] > 1.2


def slope(help_: float, matched: float, loss: Loss, found: Problem, scale: np.ndarray) -> tuple[float, float]:
    """Change of (effort, accommodation) when the patron's expected help rises by a tenth."""
    ends = []
    for h in (help_, 1.1 * help_):
        shocked = replace(found, fixed=np.array([h * (1 - matched)]), per_effort=np.array([42.0 + matched * h]))
        ends.append(solve(shocked, loss, scale))
    return ends[1][0] - ends[0][0], ends[1][2] - ends[0][2]


@given(st.floats(0.4, 1.0), st.floats(0.2, 2.0), st.floats(100.0, 800.0), st.floats(50.0, 600.0))
def test_added_aid_and_a_concave_contest_distrust_means_more_effort(
    m: float, eta: float, rival: float, help_: float
) -> None:
    """Rows 21 and 28b: with additive help effort falls in reliability (free riding; distrust means rearming)."""
    loss = loss_of(rival, m, eta)
    found, base = calibrated(loss)
    effort, accommodation = slope(help_, 0.0, loss, found, base.value)
    assert effort < 0
    assert accommodation < 0


@given(st.floats(0.4, 1.0), st.floats(800.0, 3000.0), st.floats(50.0, 300.0))
def test_matched_aid_turns_the_sign_where_the_rival_is_stronger(m: float, rival: float, help_: float) -> None:
    """Help matched to effort makes effort go further: worth more of it as long as A is below Z, not beyond."""
    loss = loss_of(rival, m, eta=0.2)
    found, base = calibrated(loss, help_, matched=1.0)
    assert slope(help_, 1.0, loss, replace(found, effort_high=np.array([50.0])), base.value)[0] > 0


def test_matched_aid_leaves_the_sign_where_the_rival_is_weaker() -> None:
    loss = loss_of(100.0)
    found, base = calibrated(loss, 300.0, matched=1.0)
    assert slope(300.0, 1.0, loss, found, base.value)[0] < 0


def test_hopeless_odds_turn_the_sign_and_bring_accommodation() -> None:
    """In the convex region of S2 distrust means less arms and more accommodation."""
    loss = loss_of(900.0, m=3.0, eta=0.2)
    found, base = calibrated(loss, help_=300.0)
    found = replace(found, cost_effort=0.7 * found.cost_effort)
    effort, accommodation = slope(150.0, 0.0, loss, found, base.value)
    assert (150.0 + 42.0) / 900.0 < ((3 - 1) / (3 + 1)) ** (1 / 3)
    assert effort > 0
    assert accommodation < 0


def test_row_44_an_interior_optimum_of_leaning_on_partners_exists() -> None:
    """Partners for nothing: without doubt in the patron all of them are taken, with it the ally stops at the kink."""
    loss = loss_of(270.0)
    found, base = calibrated(loss)
    free = replace(found, cost_partners=np.array([1e-6]), effort_low=np.array([1.0]), effort_high=np.array([1.0]))
    mild, severe = (replace(free, loss_beyond=np.array([v])) for v in (0.0, 60.0))
    assert solve(mild, loss, base.value)[1] == pytest.approx(1.0)
    assert solve(severe, loss, base.value)[1] == pytest.approx(0.7)
    shares = np.linspace(0, 1, 101)
    capability = capability_of(severe, np.ones(101), shares)
    assert 0 < int(np.argmax(capability)) < 100
