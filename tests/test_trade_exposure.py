"""Friend-enemy matrices against finite differences of the solved model; measures of power against their meaning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given

from foederis import world
from foederis.errors import SolveError, UsageError
from foederis.trade import Economy, Shock, calibrate, equations, purge, solve
from foederis.trade import exposure as exposures
from strategies import build_world, worlds

STEP = 1e-4


def one_sector(seed: int, n: int = 6) -> Economy:
    """An economy of the friend-enemy model: one sector, no inputs, no tariffs."""
    return calibrate(build_world(n, 1, seed, intermediates=False, tariffs=False))


def responses(economy: Economy, source: int) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of log income and log welfare in a country's productivity, by central differences."""
    found = []
    for sign in (1.0, -1.0):
        iceberg = np.ones_like(economy.trade_share)
        iceberg[:, source] = np.exp(-sign * STEP)
        eq = solve(economy, Shock(iceberg_hat=iceberg, closure="purged"), tolerance=1e-13)
        found.append((np.log(eq.income_new / eq.economy.income), np.log(eq.welfare_hat)))
    return tuple((up - down) / (2 * STEP) for up, down in zip(*found, strict=True))  # type: ignore[return-value]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_exposures_are_the_derivatives_of_the_nonlinear_model(seed: int) -> None:
    economy = one_sector(seed)
    found = exposures.friend_enemy(economy)
    assert abs(economy.deficit).max() > 1.0  # purging matters
    for source in range(6):
        income, welfare = responses(economy, source)
        np.testing.assert_allclose(found.W[:, source], income, atol=2e-8)
        np.testing.assert_allclose(found.U[:, source], welfare, atol=2e-8)


@given(base=worlds(max_sectors=2))
def test_matrices_have_their_accounting(base: world.World) -> None:
    """Rows of S and T sum to one; growth everywhere alike raises welfare one for one and moves no income."""
    economy = calibrate(base)
    try:
        found = exposures.friend_enemy(economy, 3.0)
    except SolveError:  # trade runs one way only and cannot be purged, or does not link all countries
        assume(False)
    for share in (found.S, found.T):
        np.testing.assert_allclose(share.sum(axis=1), 1.0, atol=1e-9)
    np.testing.assert_allclose(found.q @ found.T, found.q, atol=1e-9)
    np.testing.assert_allclose(found.Q @ found.W, 0.0, atol=1e-7)
    np.testing.assert_allclose(found.W.sum(axis=1), 0.0, atol=1e-6)
    np.testing.assert_allclose(found.U.sum(axis=1), 1.0, atol=1e-6)


def test_countries_that_no_trade_links_have_no_exposure_to_each_other() -> None:
    flow = np.diag([40.0, 50.0, 60.0])[:, :, None]
    flow[0, 1] = flow[1, 0] = 3.0
    base = world.World(("A", "B", "C"), ("x",), flow, np.zeros((3, 3, 1)), np.zeros((3, 1, 1)), np.array([4.0]))
    with pytest.raises(SolveError, match="no chain of trade links A and C"):
        exposures.friend_enemy(calibrate(base))


def test_matrices_are_the_published_formulas() -> None:
    found = exposures.friend_enemy(one_sector(4), 5.0)
    n = len(found.q)
    one, theta = np.ones((n, 1)), 5.0
    np.testing.assert_allclose(found.M, found.T @ found.S - np.eye(n), atol=1e-14)
    np.testing.assert_allclose(found.Q, one @ found.q[None, :], atol=1e-15)
    V = np.eye(n) - (found.T + theta * found.T @ found.S) / (theta + 1) + found.Q
    np.testing.assert_allclose(found.W, -theta / (theta + 1) * np.linalg.inv(V) @ found.M, atol=1e-10)
    np.testing.assert_allclose(found.U, (np.eye(n) - found.S) @ found.W + found.S, atol=1e-12)


def test_the_pull_of_the_whole_model_is_the_friend_enemy_one_where_they_are_the_same_model() -> None:
    economy = one_sector(5)
    found = exposures.friend_enemy(economy).pull("C01", "C02")
    np.testing.assert_allclose(exposures.model_pull(economy, "C01", "C02"), found, atol=1e-6)


def test_a_tariff_of_the_patron_lowers_its_pull_on_who_is_hit() -> None:
    """A duty on one country takes the patron's market from it, so growth of the patron helps it less."""
    economy = one_sector(6)
    tariff = np.zeros_like(economy.tariff)
    tariff[0, 3] = 0.5
    eq = solve(economy, Shock(tariff=tariff, closure="purged"))
    moved = exposures.pull_change(eq, "C00", "C01")
    assert moved[3] < -1e-4
    assert moved[3] == min(moved[[2, 3, 4, 5]])
    still = solve(economy, Shock(closure="purged"))
    np.testing.assert_allclose(exposures.pull_change(still, "C00", "C01"), 0.0, atol=1e-9)
    np.testing.assert_allclose(exposures.pull_change(still, "C00", "C01", "model"), 0.0, atol=1e-9)


def test_supply_power_is_the_ces_loss_of_a_supplier() -> None:
    """Without inputs: the exact rise of the price level at given costs when a supplier is cut off."""
    economy = calibrate(build_world(4, 3, 7, intermediates=False))
    cut = np.ones_like(economy.trade_share)
    cut[:, 2] = np.inf
    price = equations.price_index(economy.trade_share, cut, np.ones((4, 3)), economy.trade_elasticity)
    loss = np.log(equations.price_level(price, economy.final_share))
    loss[2] = 0.0
    np.testing.assert_allclose(exposures.supply_power(economy, ["C02"]), loss, rtol=1e-12)


def test_supply_power_carries_prices_through_home_made_inputs() -> None:
    """With inputs: the fixed point of home costs, to first order in the part that goes through them."""
    economy = calibrate(build_world(3, 3, 8))
    shock = -np.log1p(-economy.trade_share[:, 1]) / economy.trade_elasticity
    home = np.einsum("nnj->nj", economy.trade_share)
    price = shock.copy()
    for _ in range(500):
        price = shock + home * np.einsum("nkj,nk->nj", economy.input_share, price)
    loss = (economy.final_share * price).sum(axis=1)
    loss[1] = 0.0
    np.testing.assert_allclose(exposures.supply_power(economy, ["C01"]), loss, rtol=1e-10)
    direct = (economy.final_share * shock).sum(axis=1)
    assert (loss >= direct - 1e-15)[[0, 2]].all()


def test_supply_power_explodes_near_monopoly() -> None:
    economy = calibrate(build_world(3, 2, 9, specialised=True, intermediates=False))
    near = replace(economy, trade_share=_with_share(economy, 0.9))
    nearer = replace(economy, trade_share=_with_share(economy, 0.9999))
    only = replace(economy, trade_share=_with_share(economy, 1.0))
    values = [exposures.supply_power(e, ["C01"])[0] for e in (near, nearer, only)]
    assert values[1] > 3.0 * values[0] > 0.0
    assert values[2] == np.inf


def _with_share(economy: Economy, share: float) -> np.ndarray:
    """Trade shares of the first country when the second supplies that share of everything it buys."""
    pi = economy.trade_share.copy()
    pi[0], pi[0, 1], pi[0, 0] = 0.0, share, 1.0 - share
    return pi


def test_market_access_power_is_the_loss_of_a_closed_market() -> None:
    economy = calibrate(build_world(4, 2, 10))
    alone = exposures.market_access_power(economy, ["C01"], "C00")
    both = exposures.market_access_power(economy, ["C01", "C02"], "C00")
    assert 0.0 < alone < both
    iceberg = np.ones_like(economy.trade_share)
    iceberg[1, 0] = 1e4
    far = -np.log(solve(economy, Shock(iceberg_hat=iceberg, closure="purged")).welfare_hat[0])
    assert alone == pytest.approx(far, rel=1e-4)


@given(base=worlds(min_countries=3))
def test_influence_is_antisymmetric_and_concentration_between_its_bounds(base: world.World) -> None:
    economy = calibrate(base)
    trade = economy.flow.sum(axis=2) - np.diag(np.diag(economy.flow.sum(axis=2)))
    if not (trade.sum(axis=0) > 0).all() or not (trade.sum(axis=1) > 0).all():
        with pytest.raises(UsageError, match=r"has no (exports|imports)"):
            exposures.influence(economy)
        return
    found = exposures.influence(economy)
    np.testing.assert_allclose(found, -found.T, atol=1e-15)
    assert np.abs(found).max() <= 1.0
    for index in exposures.concentration(economy):
        assert (index >= 1.0 / (len(economy.countries) - 1) - 1e-12).all()
        assert (index <= 1.0 + 1e-12).all()


def test_influence_and_concentration_by_hand() -> None:
    economy = one_sector(11, 3)
    flow = economy.flow[:, :, 0]
    exports = flow[1, 0] + flow[2, 0], flow[0, 1] + flow[2, 1]
    expected = flow[1, 0] / exports[0] - flow[0, 1] / exports[1]
    assert exposures.influence(economy)[0, 1] == pytest.approx(expected)
    share = flow[1, 0] / exports[0]
    assert exposures.concentration(economy)[0][0] == pytest.approx(share**2 + (1 - share) ** 2)


def test_the_table_is_labelled_and_of_the_same_numbers() -> None:
    economy = calibrate(build_world(4, 2, 12))
    table = exposures.power(economy, exposures.MEASURES, ["C00", "C03"], ["C01", "C02", "C03"])
    assert set(table) == set(exposures.MEASURES)
    found = exposures.friend_enemy(economy)
    assert float(table["welfare_exposure"].sel(country="C03", partner="C01")) == found.U[3, 1]
    assert float(table["supply_power"].sel(country="C00", partner="C02")) == exposures.supply_power(economy, ["C02"])[0]
    assert float(table["import_concentration"].sel(country="C03")) == exposures.concentration(economy)[1][3]
    assert float(table["market_access_power"].sel(country="C03", partner="C03")) == 0.0
    access = exposures.market_access_power(economy, ["C02"], "C00")
    assert float(table["market_access_power"].sel(country="C00", partner="C02")) == pytest.approx(access, rel=1e-9)
    for variable in table.values():
        assert variable.attrs["units"]
        assert variable.attrs["long_name"]


def test_wrong_calls_are_refused() -> None:
    economy = one_sector(13, 3)
    with pytest.raises(UsageError, match="no measure 'hard power'"):
        exposures.power(economy, ["hard power"])
    with pytest.raises(UsageError, match="no country 'XXX'"):
        exposures.supply_power(economy, ["XXX"])
    with pytest.raises(UsageError, match="needs a member"):
        exposures.supply_power(economy, [])
    with pytest.raises(UsageError, match="not hold its target"):
        exposures.market_access_power(economy, ["C00"], "C00")
    with pytest.raises(UsageError, match="must be positive"):
        exposures.friend_enemy(economy, 0.0)
    with pytest.raises(UsageError, match="no method 'guess'"):
        exposures.pull_change(solve(economy, Shock()), "C00", "C01", "guess")  # type: ignore[arg-type]


def test_the_shipped_world_has_the_known_dependencies() -> None:
    """Vietnam needs the American market more than Japan does; Australia leans on China; deficits are purged."""
    economy = calibrate(world.load())
    at = economy.index
    influence = exposures.influence(economy)
    assert influence[at("VNM"), at("USA")] > influence[at("JPN"), at("USA")] > 0.0
    assert influence[at("AUS"), at("CHN")] > influence[at("AUS"), at("USA")]
    found = exposures.friend_enemy(economy)
    np.testing.assert_allclose(found.q, purge(economy).output.sum(axis=1) / purge(economy).output.sum(), atol=1e-12)
    assert (found.U[:, at("CHN")] > 0.0).mean() > 0.5
    for partner in ("USA", "CHN"):
        assert exposures.supply_power(economy, [partner])[at("VNM")] > 0.0
