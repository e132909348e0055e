"""The engine on real numbers: the shipped world, its Indo-Pacific aggregate, and NAFTA as published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foederis import world as worlds
from foederis.published import nafta
from foederis.trade import CLOSURES, Economy, Shock, calibrate, purge, solve
from foederis.trade.reference import audit
from foederis.world import INDO_PACIFIC_21

ACCURATE = 1e-6  # percentage points of welfare, against a public solver run to 1e-11
TOLERANCE = 1e-10
THETA = 4.0
FACTOR = 2.0  # how far one-sector orders of magnitude may lie from a seventeen-region prototype


@pytest.fixture(scope="module")
def economy() -> Economy:
    return calibrate(worlds.load())


@pytest.fixture(scope="module")
def one_sector() -> Economy:
    """21 regions, one sector, theta 4: the size of the prototype whose orders of magnitude are known."""
    world = worlds.load()
    small = world.aggregate(regions=INDO_PACIFIC_21, sectors={"ALL": world.sectors})
    return replace(calibrate(small), trade_elasticity=np.array([THETA]))


def us_tariff(economy: Economy, **rates: float) -> np.ndarray:
    """Base tariffs and a US rate on the goods of some countries; `everyone` for the rest."""
    tariff = economy.tariff.copy()
    usa = economy.index("USA")
    goods = [k for k, sector in enumerate(economy.sectors) if sector != "SERV"]
    for k, country in enumerate(economy.countries):
        if k != usa:
            tariff[usa, k, goods] += rates.get(country, rates.get("everyone", 0.0))
    return tariff


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("mobility", [1.0, 1.2, 1.5, 3.0, np.inf])
def test_the_real_world_solves_at_every_horizon(economy: Economy, closure: str, mobility: float) -> None:
    shock = Shock(tariff=us_tariff(economy, everyone=0.1, CHN=0.3, JPN=0.15), closure=closure, mobility=mobility)  # type: ignore[arg-type]
    found = solve(economy, shock)
    assert max(found.residuals.values()) <= TOLERANCE
    assert max(np.abs(part).max() for part in audit(found).values()) <= 2 * TOLERANCE
    assert found.passes <= 60  # no new chord
    assert found.welfare_hat[economy.index("CHN")] < 1.0
    assert found.tariff_revenue_new[economy.index("USA")] > 1e5  # million USD
    if np.isfinite(mobility):
        assert np.ptp(found.wage_hat[economy.index("CHN")]) > 1e-4


def test_the_engines_agree_on_the_real_world(economy: Economy) -> None:
    for mobility in (1.5, np.inf):
        shock = Shock(tariff=us_tariff(economy, everyone=0.1), mobility=mobility)
        found = [solve(economy, shock, engine=engine) for engine in ("reference", "numpy", "jax")]
        for other in (found[0], found[2]):
            np.testing.assert_allclose(other.welfare_hat, found[1].welfare_hat, rtol=1e-9)
            np.testing.assert_allclose(other.wage_hat, found[1].wage_hat, rtol=1e-9)
            np.testing.assert_allclose(other.output_new, found[1].output_new, rtol=1e-8, atol=1e-3)


@pytest.mark.parametrize("rate", [5.0, 20.0])
def test_prohibitive_tariffs_on_the_real_world(economy: Economy, rate: float) -> None:
    tariff = np.full_like(economy.tariff, rate)
    home = np.arange(len(economy.countries))
    tariff[home, home] = 0.0
    found = solve(economy, Shock(tariff=tariff, closure="purged"))
    assert np.all(found.welfare_hat < 1.0)
    assert found.welfare_hat[economy.index("USA")] > found.welfare_hat[economy.index("VNM")]


# Rows of a one-sector prototype (17 regions, GDP and goods trade of 2023-24, theta 4, fixed deficits): 100 times log
# change of welfare, US revenue in billion USD, exports of Japan to the United States in log points.
PROTOTYPE = {
    "15 % on Japan only": ({"JPN": 0.15}, {"JPN": -0.19}, 11.0, -63.0),
    "10 % on everyone": ({"everyone": 0.1}, {"USA": 0.35, "JPN": -0.10, "CHN": -0.22}, 247.0, -16.0),
}


@pytest.mark.parametrize("name", PROTOTYPE)
def test_orders_of_magnitude_of_tariffs(one_sector: Economy, name: str) -> None:
    rates, welfare, revenue, exports = PROTOTYPE[name]
    found = solve(one_sector, Shock(tariff=us_tariff(one_sector, **rates), closure="fixed_nominal"))
    usa, jpn = one_sector.index("USA"), one_sector.index("JPN")
    for country, expected in welfare.items():
        ours = 100.0 * np.log(found.welfare_hat[one_sector.index(country)])
        assert 1.0 / FACTOR <= ours / expected <= FACTOR, (country, ours)
    raised = (found.tariff_revenue_new - one_sector.tariff_revenue)[usa] / 1e3
    assert 1.0 / FACTOR <= raised / revenue <= FACTOR, raised
    shipped = 100.0 * np.log(found.flow_new[usa, jpn].sum() / one_sector.flow[usa, jpn].sum())
    assert 1.0 / FACTOR <= shipped / exports <= FACTOR, shipped


@pytest.mark.parametrize(("partner", "prototype"), [("USA", -0.64), ("CHN", -0.90)])
def test_orders_of_magnitude_of_embargoes(one_sector: Economy, partner: str, prototype: float) -> None:
    """Cutting all trade of Japan with a partner; China's cut-off hurts Japan more than America's."""
    iceberg = np.ones_like(one_sector.tariff)
    pair = [one_sector.index("JPN"), one_sector.index(partner)]
    iceberg[pair[0], pair[1]] = iceberg[pair[1], pair[0]] = np.inf
    found = solve(one_sector, Shock(iceberg_hat=iceberg, closure="fixed_nominal"))
    ours = 100.0 * np.log(found.welfare_hat[pair[0]])
    assert 1.0 / FACTOR <= ours / prototype <= FACTOR, ours
    assert found.flow_new[pair[0], pair[1]].sum() == 0.0


def test_being_taxed_alone_costs_more_than_being_taxed_with_all(economy: Economy) -> None:
    """Rivals of Japan that are taxed too shield it."""
    jpn = economy.index("JPN")
    alone = solve(economy, Shock(tariff=us_tariff(economy, JPN=0.15)))
    together = solve(economy, Shock(tariff=us_tariff(economy, JPN=0.15, everyone=0.15)))
    assert alone.welfare_hat[jpn] < together.welfare_hat[jpn] < 1.0


def test_purging_takes_out_every_deficit(economy: Economy) -> None:
    purged = purge(economy)
    assert np.abs(purged.deficit).max() == 0.0
    imbalance = purged.flow.sum(axis=(1, 2)) - purged.flow.sum(axis=(0, 2))
    assert np.abs(imbalance / purged.value_added).max() <= 1e-11
    np.testing.assert_allclose(purged.value_added.sum(), economy.value_added.sum(), rtol=1e-11)


def test_a_result_is_a_labelled_dataset(economy: Economy) -> None:
    found = solve(economy, Shock(tariff=us_tariff(economy, JPN=0.15), mobility=1.5))
    data = found.to_dataset()
    assert data.sizes == {"country": 77, "importer": 77, "exporter": 77, "sector": 25}
    assert float(data["welfare_hat"].sel(country="JPN")) == found.welfare_hat[economy.index("JPN")]
    cars = {"importer": "USA", "exporter": "JPN", "sector": "C29"}
    place = economy.index("USA"), economy.index("JPN"), economy.sectors.index("C29")
    assert float(data["flow_new"].sel(cars)) == found.flow_new[place]
    assert float(data["flow"].sel(cars)) == economy.flow[place]
    for name, variable in data.data_vars.items():
        assert variable.attrs["units"], name
        assert variable.attrs["long_name"], name
        assert np.isfinite(variable).all(), name
    assert data.attrs["closure"] == "fixed_share"
    assert data.attrs["labour_mobility"] == 1.5
    assert data.attrs["residual_price"] <= TOLERANCE
    assert set(data.attrs) >= {f"residual_{market}" for market in found.residuals}


@pytest.mark.parametrize("engine", ["reference", "numpy", "jax"])
def test_nafta_welfare_is_that_of_the_public_solver(engine: str, shared_data: Path) -> None:
    """31 countries, 40 sectors, deficits purged: the published formula to 1e-6 points, by every engine."""
    data = nafta.read(shared_data / "trade" / "targets")
    found = solve(data.economy(), Shock(tariff=data.tariff_nafta, closure="purged"), engine=engine)
    formula = 100.0 * (found.terms_of_trade + found.volume_of_trade)
    for country, expected in nafta.REFERENCE_WELFARE.items():
        assert formula[data.countries.index(country)] == pytest.approx(expected, abs=ACCURATE)
    for country, expected in nafta.REFERENCE_REAL_INCOME.items():
        exact = 100.0 * (found.welfare_hat[data.countries.index(country)] - 1.0)
        assert exact == pytest.approx(expected, abs=1e-3)
    wage = {"MEX": 1.72, "CAN": 0.32, "USA": 0.11}  # as printed in the article
    for country, expected in wage.items():
        ours = 100.0 * (found.real_wage_hat[data.countries.index(country)] - 1.0)
        assert ours == pytest.approx(expected, abs=0.006)
