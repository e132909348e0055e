"""Gradients against central differences, under every closure; what they mean; what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from foederis.errors import DataError, SolveError, UsageError
from foederis.trade import CLOSURES, Economy, Outcome, Shock, calibrate, gradient, purge, solve
from foederis.trade.adjoint import outcome_of
from foederis.trade.chord import Wedge, markets, problem_of, unpack
from foederis.trade.solver import state_vector
from strategies import build_world

RELATIVE = 1e-6
TIGHT = 1e-13  # tolerance of the solves that are differenced
DIRECTIONS = 3


@pytest.fixture(scope="module")
def economy() -> Economy:
    return calibrate(build_world(3, 2, 1))


def shock_on(economy: Economy, **options: object) -> Shock:
    rng = np.random.default_rng(5)
    shape, home = economy.tariff.shape, np.arange(len(economy.countries))
    tariff, iceberg = economy.tariff + 0.3 * rng.random(shape), np.exp(rng.normal(0.0, 0.1, shape))
    tariff[home, home], iceberg[home, home] = 0.0, 1.0
    transfer = 0.01 * economy.value_added[0] * np.array([1.0, -1.0, 0.0])
    theta = 1.1 * economy.trade_elasticity
    return Shock(tariff=tariff, iceberg_hat=iceberg, trade_elasticity=theta, transfer=transfer, **options)  # type: ignore[arg-type]


def slope(function: Callable[[float], float], step: float) -> float:
    """Central difference of fourth order."""
    one, two = function(step) - function(-step), function(2 * step) - function(-2 * step)
    return (8.0 * one - two) / (12.0 * step)


def welfare(economy: Economy, shock: Shock, country: int = 0) -> float:
    return float(np.log(solve(economy, shock, tolerance=TIGHT).welfare_hat[country]))


@pytest.mark.parametrize(
    ("closure", "mobility"),
    [*((closure, 1.5) for closure in (*CLOSURES, "in a wage")), ("fixed_share", np.inf), ("fixed_nominal", np.inf)],
)  # each kind of closure and mobility is a program to compile; these cover both ways through each
def test_gradient_is_the_central_difference(economy: Economy, closure: str, mobility: float) -> None:
    """In random directions of all tariffs, iceberg costs, elasticities and transfers together and apart."""
    options: dict[str, object] = {"closure": closure, "mobility": mobility}
    if closure == "in a wage":
        options = {"closure": "fixed_nominal", "numeraire": "C02", "mobility": mobility}
    shock = shock_on(economy, **options)
    found = gradient(economy, shock, "C00", tolerance=TIGHT)
    assert found.value == pytest.approx(welfare(economy, shock), abs=1e-11)
    rng = np.random.default_rng(0)
    scale = {"tariff": 1e-3, "iceberg_hat": 1e-3, "trade_elasticity": 1e-2, "transfer": 1e-3 * economy.value_added[0]}
    for name, size in scale.items():
        base = np.asarray(getattr(shock, name))
        for _ in range(DIRECTIONS):
            way = rng.normal(size=base.shape)
            way = way - way.mean() if name == "transfer" else way

            def along(step: float, name: str = name, base: np.ndarray = base, way: np.ndarray = way) -> float:
                return welfare(economy, replace(shock, **{name: base + step * way}))

            expected = slope(along, size)
            ours = float((np.asarray(getattr(found, name)) * way).sum())
            assert ours == pytest.approx(expected, rel=RELATIVE, abs=1e-9 / size * 1e-3), name


def test_every_single_tariff_is_right(economy: Economy) -> None:
    shock = shock_on(economy, closure="fixed_share")
    found = gradient(economy, shock, "C00", wrt=("tariff",), tolerance=TIGHT)
    assert found.tariff is not None
    assert found.trade_elasticity is None
    assert found.transfer is None
    tariff = np.asarray(shock.tariff)
    for cell in np.ndindex(tariff.shape):
        one = np.zeros_like(tariff)
        one[cell] = 1.0
        expected = slope(lambda step, one=one: welfare(economy, replace(shock, tariff=tariff + step * one)), 1e-3)
        assert found.tariff[cell] == pytest.approx(expected, rel=RELATIVE, abs=1e-10)


def test_purged_tariff_gradients_do_not_need_the_base_to_move(economy: Economy) -> None:
    shock = shock_on(economy, closure="purged", mobility=1.5)
    whole = gradient(economy, shock, "C01")
    part = gradient(economy, shock, "C01", wrt=("tariff", "iceberg_hat", "transfer"))
    np.testing.assert_allclose(part.tariff, whole.tariff, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(part.transfer, whole.transfer, rtol=1e-7, atol=1e-15)
    assert part.trade_elasticity is None


def test_objectives_may_be_weights_or_any_function(economy: Economy) -> None:
    shock = shock_on(economy, closure="fixed_share")
    one, other = gradient(economy, shock, "C00"), gradient(economy, shock, "C02")
    both = gradient(economy, shock, {"C00": 2.0, "C02": -1.0})
    np.testing.assert_allclose(both.tariff, 2.0 * one.tariff - other.tariff, rtol=1e-7, atol=1e-12)

    def revenue_and_exports(outcome: Outcome) -> jnp.ndarray:
        return outcome.tariff_revenue_new[0] + outcome.flow_new[1, 0].sum() + 10.0 * outcome.real_wage_hat[2]

    found = gradient(economy, shock, revenue_and_exports, tolerance=TIGHT)
    tariff = np.asarray(shock.tariff)
    way = np.random.default_rng(1).normal(size=tariff.shape)

    def along(step: float) -> float:
        end = solve(economy, replace(shock, tariff=tariff + step * way), tolerance=TIGHT)
        return float(end.tariff_revenue_new[0] + end.flow_new[1, 0].sum() + 10.0 * end.real_wage_hat[2])

    assert found.value == pytest.approx(along(0.0), rel=1e-10)
    assert float((found.tariff * way).sum()) == pytest.approx(slope(along, 1e-3), rel=RELATIVE)


def test_outcome_is_the_equilibrium(economy: Economy) -> None:
    """Every field of the differentiable outcome equals the certified one."""
    for mobility in (1.5, np.inf):
        end = solve(economy, shock_on(economy, closure="fixed_share", mobility=mobility))
        weight = Wedge.of(economy, end.shock).weights(economy, end.trade_elasticity)
        problem = jax.tree_util.tree_map(jnp.asarray, problem_of(economy, end.shock, weight))
        state = unpack(problem, jnp.asarray(state_vector(end, economy, mobility)))
        found = outcome_of(problem, state, markets(problem, state), jnp.asarray(economy.income))
        for name in Outcome._fields:
            np.testing.assert_allclose(getattr(found, name), getattr(end, name), rtol=1e-9, err_msg=name)


def test_cells_without_trade_have_no_slope() -> None:
    economy = calibrate(build_world(3, 2, 2, zero_flows=True))
    cut = np.ones_like(economy.tariff)
    cut[0, 1, 0] = np.inf
    found = gradient(economy, Shock(iceberg_hat=cut), "C00")
    empty = economy.trade_share == 0.0
    empty[0, 1, 0] = True
    assert found.tariff is not None
    assert found.iceberg_hat is not None
    assert empty.sum() > 1
    assert np.all(found.tariff[empty] == 0.0)
    assert np.all(found.iceberg_hat[empty] == 0.0)
    assert np.all(np.isfinite(found.tariff))
    assert found.trade_elasticity is not None
    assert np.all(np.isfinite(found.trade_elasticity))


def test_a_small_tariff_helps_who_levies_it_and_hurts_who_pays(economy: Economy) -> None:
    """At free trade the own tariff raises welfare (terms of trade); the partner's lowers it."""
    free = purge(calibrate(replace(build_world(3, 2, 1, tariffs=False))))
    found = gradient(free, Shock(), "C00")
    assert found.tariff is not None
    abroad = [1, 2]
    assert np.all(found.tariff[0, abroad] > 0.0)
    assert np.all(found.tariff[abroad, 0] < 0.0)
    assert found.transfer is not None
    assert found.transfer[0] > 0.0 > found.transfer[1]
    assert found.iceberg_hat is not None
    assert np.all(found.iceberg_hat[0, abroad] < 0.0)


def test_bad_requests_are_named(economy: Economy) -> None:
    with pytest.raises(UsageError, match="unknown input 'theta'"):
        gradient(economy, Shock(), "C00", wrt=("theta",))
    with pytest.raises(DataError, match="country 'XYZ'"):
        gradient(economy, Shock(), "XYZ")
    with pytest.raises(SolveError, match="no equilibrium"):
        gradient(economy, shock_on(economy), "C00", tolerance=1e-19)
    with pytest.raises(SolveError, match="derivatives"):
        gradient(economy, shock_on(economy, closure="fixed_share"), {"C00": float("nan")})
