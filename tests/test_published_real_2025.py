"""Collected US imports of 2025: the shipped totals, the concordance, the naive rivals, the forecast."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from foederis import world
from foederis.errors import DataError
from foederis.published import real_2025, real_2025_forecast
from foederis.published.rows import count

PARTNERS = real_2025_forecast.PARTNERS


@pytest.fixture(scope="module")
def data():
    return real_2025.read()


@pytest.fixture(scope="module")
def base():
    return world.load()


def test_the_changes_stated_with_the_source_are_those_of_the_shipped_totals(data):
    rows = real_2025.stated_rows(data)
    assert len(rows) == 11
    assert count(rows) == {"match": 11, "miss": 0, "known": 0, "out of scope": 0}


def test_another_total_turns_a_match_into_a_miss(data):
    value = data.value.copy()
    value[0, 0, 1] *= 1.01
    assert count(real_2025.stated_rows(replace(data, value=value)))["miss"] == 1


def test_the_shipped_totals_are_those_of_the_raw_file(data, shared_data):
    import pandas as pd

    frame = pd.read_parquet(shared_data / "trade" / "us" / "us_imports_monthly_naics3_2013_2025.parquet")
    month = frame.month.astype(str)
    for year, k in (("2024", 0), ("2025", 1)):
        for partner, product in (("JPN", "336"), ("CHN", "334"), ("KOR", "00")):
            here = (frame.iso3 == partner) & (frame.naics3.astype(str) == product)
            inside = month.str.startswith(year) & month.str[5:7].between("04", "11")
            total = frame[here & inside].customs_value_usd.sum()
            assert data.value[data.partners.index(partner), data.products.index(product), k] == pytest.approx(total)


def test_product_groups_add_up_to_all_goods(data):
    whole = data.products.index("00")
    parts = data.value[:, np.arange(len(data.products)) != whole].sum(axis=1)
    np.testing.assert_allclose(parts, data.value[:, whole], rtol=1e-6)


def test_weights_of_a_product_group_sum_to_one_or_it_is_outside_the_model(data):
    total = data.concordance.sum(axis=2)
    inside = np.isin(np.array(data.products), list(real_2025.CONCORDANCE))
    np.testing.assert_allclose(total[:, inside], 1.0, rtol=1e-12)
    np.testing.assert_array_equal(total[:, ~inside], 0.0)
    assert (data.concordance >= 0).all()
    assert [data.products[k] for k in data.scored] == sorted(real_2025.CONCORDANCE)


def test_cars_weigh_what_they_weigh_in_transport_equipment(data, shared_data):
    import pandas as pd

    frame = pd.read_parquet(shared_data / "trade" / "us" / "us_imports_2024_hs6.parquet")
    japan = frame[frame.iso3 == "JPN"].groupby("sector", observed=True).customs_value_usd.sum()
    share = japan["C29"] / japan[["C29", "C301", "C302T309"]].sum()
    here = data.partners.index("JPN"), data.products.index("336"), data.sectors.index("C29")
    assert data.concordance[here] == pytest.approx(share)


def test_rebuilding_from_the_raw_data_gives_the_same_bytes(shared_data, tmp_path):
    """Every array of both files, byte by byte, and both cards (their checksum may differ with the zlib at hand)."""
    root = Path(__file__).resolve().parents[1]
    tool = [sys.executable, str(root / "tools" / "build_targets.py")]
    subprocess.run([*tool, "--raw", str(shared_data), "--out", str(tmp_path)], check=True, capture_output=True)
    for name in ("liberation-day", "real-2025"):
        new, old = tmp_path / f"targets-{name}.npz", root / "src" / "foederis" / "data" / f"targets-{name}.npz"
        with zipfile.ZipFile(new) as built, zipfile.ZipFile(old) as shipped:
            assert built.namelist() == shipped.namelist()
            for member in shipped.namelist():
                assert built.read(member) == shipped.read(member), f"{name} {member}: run tools/build_targets.py"
        cards = [json.loads(file.with_suffix(".json").read_text(encoding="utf-8")) for file in (new, old)]
        assert cards[0] | {"sha256": ""} == cards[1] | {"sha256": ""}


def test_changes_by_sector_are_carried_with_the_weights(data):
    hat = np.ones((1, 1, len(data.sectors)))
    hat[0, 0, data.sectors.index("C29")] = 0.5
    products = real_2025.to_products(data, hat, ["JPN"], data.sectors)[0, 0]
    cars = data.concordance[data.partners.index("JPN"), data.products.index("336"), data.sectors.index("C29")]
    assert products[data.products.index("336")] == pytest.approx(-50.0 * cars)
    assert products[data.products.index("334")] == pytest.approx(0.0)
    assert np.isnan(products[data.products.index("990")])


def test_predictions_in_another_order_of_sectors_give_the_same(data):
    rng = np.random.default_rng(1)
    hat = rng.uniform(0.5, 1.5, (2, 1, len(data.sectors)))
    turned = real_2025.to_products(data, hat[:, :, ::-1], ["KOR"], data.sectors[::-1])
    np.testing.assert_allclose(turned, real_2025.to_products(data, hat, ["KOR"], data.sectors))


def test_a_prediction_that_does_not_fit_is_refused(data):
    hat = np.ones((1, 1, len(data.sectors)))
    with pytest.raises(DataError, match="do not fit"):
        real_2025.to_products(data, hat[0], ["JPN"], data.sectors)
    with pytest.raises(DataError, match="XXX"):
        real_2025.to_products(data, hat, ["XXX"], data.sectors)
    with pytest.raises(DataError, match="C29"):
        real_2025.to_products(data, hat[:, :, 1:], ["JPN"], [s if s != "C29" else "C99" for s in data.sectors[1:]])


def test_the_naive_rival_is_a_power_of_the_tariff_factor():
    before, after = np.array([[0.02, 0.0]]), np.array([[0.27, 0.0]])
    hat = real_2025.constant_elasticity(before, after, np.array([5.0, 5.0]))
    np.testing.assert_allclose(hat, [[[(1.27 / 1.02) ** -5.0, 1.0]]])
    many = real_2025.constant_elasticity(before, after, np.array([[5.0, 5.0], [2.0, 2.0]]))
    np.testing.assert_allclose(many[:, 0, 0], [(1.27 / 1.02) ** -5.0, (1.27 / 1.02) ** -2.0])
    np.testing.assert_allclose(real_2025.constant_elasticity(before, after, 0.76)[0, 0, 0], (1.27 / 1.02) ** -0.76)


def test_rivals_use_theta_plus_one(data):
    theta = np.full(len(data.sectors), 4.0)
    rates = np.zeros((1, len(data.sectors))), np.full((1, len(data.sectors)), 0.25)
    forecasts = real_2025.rivals(data, ["JPN"], theta, rates)
    k = data.products.index("334")
    assert forecasts["no change"][0, 0, k] == 0.0
    assert forecasts["constant elasticity"][0, 0, k] == pytest.approx(100 * (1.25**-5 - 1))
    assert forecasts["constant elasticity first year (0.76)"][0, 0, k] == pytest.approx(100 * (1.25**-0.76 - 1))


def test_a_perfect_forecast_wins_and_a_contest_names_the_winner(data):
    truth = data.change_pct[[data.partners.index(p) for p in PARTNERS]][None]
    right = np.nan_to_num(truth)
    found = real_2025.contest(data, PARTNERS, {"right": right, "off": right + 5.0, "far": right - 20.0})
    assert found.scores[0].mae == pytest.approx(0.0, abs=1e-12)
    assert found.scores[1].mae == pytest.approx(5.0)
    assert set(found.winner.values()) == {"right"}
    assert found.skill["far"]["mae"] == pytest.approx(1.0)


class Book:
    """A ledger of two rates: `low` until 1 July, `high` from then on, on Japanese cars."""

    def __init__(self, low, high):
        self.rates = low, high

    def dates(self, clock):
        assert clock == "law"
        return (dt.date(2025, 1, 1), dt.date(2025, 7, 1), dt.date(2026, 1, 1))

    def cut(self, base, day, clock):
        rate = self.rates[day >= dt.date(2025, 7, 1)]
        total = base.tariff.copy()
        total[base.country("USA"), base.country("JPN"), base.sector("C29")] += rate
        return SimpleNamespace(total=total)


def test_tariffs_are_averaged_over_the_days_of_the_window(base):
    first, last = dt.date(2025, 4, 1), dt.date(2025, 11, 30)
    added = real_2025_forecast.window_tariff(Book(0.1, 0.3), base, first, last) - base.tariff
    cell = base.country("USA"), base.country("JPN"), base.sector("C29")
    assert added[cell] == pytest.approx((91 * 0.1 + 153 * 0.3) / 244)  # April to June, July to November
    assert np.count_nonzero(np.abs(added) > 1e-15) == 1


@pytest.fixture(scope="module")
def forecast(base, data):
    tariff = base.tariff.copy()
    us = base.country("USA")
    goods = [k for k, s in enumerate(base.sectors) if s != "SERV"]
    for code, rate in (("JPN", 0.15), ("KOR", 0.15), ("CHN", 0.4)):
        tariff[us, base.country(code), goods] += rate
    return real_2025_forecast.forecast(base, tariff, data, draws=20, seed=7)


def test_a_tariff_lowers_imports_more_in_the_long_run_than_in_the_short(forecast, data):
    cars = forecast.products.index("336")
    median = {name: float(np.median(draws[:, 0, cars])) for name, draws in forecast.predicted_pct.items()}
    assert median[real_2025_forecast.LONG_RUN] < median[real_2025_forecast.SHORT_RUN] < 0
    assert median["no change"] == 0
    assert forecast.residual < 1e-10
    assert forecast.equilibria == 60
    before, after = forecast.mean_tariff["JPN"]
    assert after - before == pytest.approx(0.15)
    assert 0.01 < before < 0.03
    assert forecast.contest.scores[0].name == real_2025_forecast.SHORT_RUN
    assert set(forecast.by_partner) == set(PARTNERS)


def test_the_forecast_is_equal_to_the_bit_for_the_same_seed(forecast, base, data):
    tariff = base.tariff.copy()
    us = base.country("USA")
    goods = [k for k, s in enumerate(base.sectors) if s != "SERV"]
    for code, rate in (("JPN", 0.15), ("KOR", 0.15), ("CHN", 0.4)):
        tariff[us, base.country(code), goods] += rate
    again = real_2025_forecast.forecast(base, tariff, data, draws=20, seed=7)
    for name, draws in forecast.predicted_pct.items():
        np.testing.assert_array_equal(again.predicted_pct[name], draws)


def test_cells_hold_what_was_collected_largest_first(forecast, data):
    cells = real_2025_forecast.cells(forecast, data)
    values = [cell.value_2024_bn for cell in cells]
    assert values == sorted(values, reverse=True)
    cars = next(cell for cell in cells if (cell.partner, cell.product) == ("JPN", "336"))
    assert cars.collected_pct == pytest.approx(-12.0, abs=0.05)
    low, high = (cars.forecasts[real_2025_forecast.SHORT_RUN][k] for k in (1, 2))
    assert low < cars.forecasts[real_2025_forecast.SHORT_RUN][0] < high
    assert len(cells) == forecast.contest.scores[0].cells
