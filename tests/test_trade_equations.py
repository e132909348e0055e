"""The labelled equations against direct sums, limits and the elasticities they must have."""

from __future__ import annotations

import numpy as np
import pytest

from foederis.trade import Theta, equations

CLOSE = {"rtol": 1e-12, "atol": 0.0}


@pytest.fixture(scope="module")
def numbers() -> dict[str, np.ndarray]:
    """Three countries, two sectors; shares that sum to one, a cell without trade."""
    rng = np.random.default_rng(3)
    pi = rng.random((3, 3, 2)) + 0.1
    pi[0, 2, 1] = 0.0
    pi /= pi.sum(axis=1, keepdims=True)
    gamma = rng.random((3, 2, 2))
    gamma *= 0.5 / gamma.sum(axis=1, keepdims=True)
    alpha = rng.random((3, 2))
    return {
        "pi": pi,
        "gamma": gamma,
        "beta": 1.0 - gamma.sum(axis=1),
        "alpha": alpha / alpha.sum(axis=1, keepdims=True),
        "theta": np.array([4.0, 7.5]),
        "w": np.exp(rng.normal(0, 0.1, (3, 2))),
        "P": np.exp(rng.normal(0, 0.1, (3, 2))),
        "c": np.exp(rng.normal(0, 0.1, (3, 2))),
        "kappa": np.exp(rng.normal(0, 0.1, (3, 3, 2))),
        "tau": 1.0 + rng.random((3, 3, 2)),
        "X": 100.0 * rng.random((3, 2)) + 10.0,
    }


@pytest.mark.eq("T1")
def test_unit_cost_is_the_cobb_douglas_index(numbers: dict[str, np.ndarray]) -> None:
    cost = equations.unit_cost(numbers["w"], numbers["P"], numbers["beta"], numbers["gamma"])
    direct = numbers["w"] ** numbers["beta"]
    for k in range(2):
        direct = direct * numbers["P"][:, k, None] ** numbers["gamma"][:, k, :]
    np.testing.assert_allclose(cost, direct, **CLOSE)
    doubled = equations.unit_cost(2 * numbers["w"], 2 * numbers["P"], numbers["beta"], numbers["gamma"])
    np.testing.assert_allclose(doubled, 2 * cost, **CLOSE)  # shares sum to one: homogeneous of degree one


@pytest.mark.eq("T2")
def test_price_index_is_the_ces_sum_and_drops_cut_cells(numbers: dict[str, np.ndarray]) -> None:
    pi, kappa, c, theta = (numbers[name] for name in ("pi", "kappa", "c", "theta"))
    price = equations.price_index(pi, kappa, c, theta)
    direct = (pi * (kappa * c[None]) ** -theta).sum(axis=1) ** (-1.0 / theta)
    np.testing.assert_allclose(price, direct, **CLOSE)
    cut = kappa.copy()
    cut[1, 0, :] = np.inf
    without = pi.copy()
    without[1, 0, :] = 0.0
    np.testing.assert_allclose(
        equations.price_index(pi, cut, c, theta), equations.price_index(without, kappa, c, theta), **CLOSE
    )


@pytest.mark.eq("T3")
def test_shares_sum_to_one_and_answer_tariffs_by_theta(numbers: dict[str, np.ndarray]) -> None:
    """In partial equilibrium d ln share / d ln tau = -theta (1 - share)."""
    pi, kappa, c, theta = (numbers[name] for name in ("pi", "kappa", "c", "theta"))
    price = equations.price_index(pi, kappa, c, theta)
    share = equations.trade_share(pi, kappa, c, price, theta)
    np.testing.assert_allclose(share.sum(axis=1), 1.0, rtol=1e-14)
    assert share[0, 2, 1] == 0.0
    step = 1e-5
    for importer, exporter, sector in ((0, 1, 0), (2, 2, 1), (1, 0, 1)):
        logs = []
        for sign in (1.0, -1.0):
            moved = kappa.copy()
            moved[importer, exporter, sector] *= np.exp(sign * step)
            new = equations.trade_share(pi, moved, c, equations.price_index(pi, moved, c, theta), theta)
            logs.append(np.log(new[importer, exporter, sector]))
        slope = (logs[0] - logs[1]) / (2 * step)
        expected = -theta[sector] * (1.0 - share[importer, exporter, sector])
        assert slope == pytest.approx(expected, rel=1e-8)


@pytest.mark.eq("T4")
@pytest.mark.eq("T5")
def test_spending_is_inputs_plus_final_demand_and_income_adds_up(numbers: dict[str, np.ndarray]) -> None:
    labour, revenue, deficit = np.array([5.0, 6.0, 7.0]), np.array([1.0, 0.0, 2.0]), np.array([-1.0, 3.0, -2.0])
    income = equations.income(labour, revenue, deficit)
    np.testing.assert_allclose(income, [5.0, 9.0, 7.0], **CLOSE)
    Y = numbers["X"]
    spending = equations.expenditure(Y, income, numbers["gamma"], numbers["alpha"])
    for n in range(3):
        for j in range(2):
            inputs = sum(numbers["gamma"][n, j, k] * Y[n, k] for k in range(2))
            assert spending[n, j] == pytest.approx(inputs + numbers["alpha"][n, j] * income[n], rel=1e-12)
    value_added = (numbers["beta"] * Y).sum(axis=1)
    np.testing.assert_allclose(spending.sum(axis=1), Y.sum(axis=1) - value_added + income, **CLOSE)


@pytest.mark.eq("T6")
def test_trade_balance_is_imports_less_exports_less_deficit(numbers: dict[str, np.ndarray]) -> None:
    pi, tau, X = (numbers[name] for name in ("pi", "tau", "X"))
    deficit = np.array([1.0, -3.0, 2.0])
    balance = equations.trade_balance(pi, tau, X, deficit)
    flow = pi / tau * X[:, None, :]
    for n in range(3):
        abroad = [m for m in range(3) if m != n]
        assert balance[n] == pytest.approx(flow[n, abroad].sum() - flow[abroad, n].sum() - deficit[n], rel=1e-11)
    assert balance.sum() == pytest.approx(-deficit.sum(), abs=1e-10)
    output = equations.output(pi, tau, X)
    revenue = equations.tariff_revenue(pi, tau, X)
    np.testing.assert_allclose(output, flow.sum(axis=0), **CLOSE)
    np.testing.assert_allclose(revenue, ((tau - 1.0) * flow).sum(axis=(1, 2)), **CLOSE)
    assert output.sum() + revenue.sum() == pytest.approx(X.sum(), rel=1e-12)


@pytest.mark.eq("T7")
def test_sector_wages_between_specific_factors_and_one_wage() -> None:
    country, sector = np.array([1.1, 0.9]), np.array([[1.3, 0.8], [0.7, 1.2]])
    np.testing.assert_allclose(equations.sector_wage(country, sector, 1.0), sector, **CLOSE)
    np.testing.assert_allclose(equations.sector_wage(country, sector, 1e12), country[:, None] * np.ones(2), rtol=1e-11)
    wage = equations.sector_wage(country, sector, 1.5)
    phi = (country**1.5)[:, None]  # Phi = VA_hat^nu
    np.testing.assert_allclose(wage**1.5 * phi ** (1 / 1.5 - 1), sector, **CLOSE)


@pytest.mark.eq("T8")
def test_elasticity_runs_from_short_to_long() -> None:
    short, long_ = np.array([1.0, 2.0]), np.array([5.0, 8.0])
    at = [equations.elasticity_at_horizon(short, long_, years, 3.0) for years in (0.0, 7.0, 1e3)]
    np.testing.assert_allclose(at[0], short, **CLOSE)
    np.testing.assert_allclose((at[1] - short) / (long_ - short), 1 - np.exp(-7 / 3), **CLOSE)  # 90 % by 7 years
    np.testing.assert_allclose(at[2], long_, **CLOSE)
    assert Theta(at[1]).value is at[1]


@pytest.mark.eq("T9")
def test_welfare_is_income_over_the_consumer_price_index(numbers: dict[str, np.ndarray]) -> None:
    income = np.array([1.1, 1.0, 0.9])
    index = np.prod(numbers["P"] ** numbers["alpha"], axis=1)
    np.testing.assert_allclose(equations.price_level(numbers["P"], numbers["alpha"]), index, **CLOSE)
    np.testing.assert_allclose(equations.welfare(income, numbers["P"], numbers["alpha"]), income / index, **CLOSE)


@pytest.mark.eq("T9")
def test_first_order_welfare_is_the_derivative_of_exact_welfare() -> None:
    """For a small tariff change the formula and the exact change agree to second order."""
    from foederis.trade import Shock, calibrate, purge, solve
    from strategies import build_world

    economy = purge(calibrate(build_world(3, 2, 11)))
    errors = []
    for step in (1e-3, 5e-4):
        tariff = economy.tariff.copy()
        tariff[0, 1, 0] += step
        found = solve(economy, Shock(tariff=tariff), tolerance=1e-12)
        formula = found.terms_of_trade + found.volume_of_trade
        errors.append(np.abs(formula - np.log(found.welfare_hat)).max())
    assert errors[0] < 1e-6
    assert errors[1] < errors[0] / 3.0
