"""The build: what is shipped is what the tool makes from the raw data, byte for byte; published totals hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foederis import world

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "src" / "foederis" / "data"


def test_build_is_deterministic_and_is_what_is_shipped(shared_data: Path, tmp_path: Path) -> None:
    tool = ROOT / "tools" / "build_world.py"
    for run in ("first", "second"):
        command = [sys.executable, str(tool), "--raw", str(shared_data), "--out", str(tmp_path / run)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
        assert done.returncode == 0, done.stderr
    for name in ("world-icio2022.npz", "world-icio2022.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    # Against the shipped file a tolerance: another processor may round differently in the last place.
    with np.load(tmp_path / "first" / "world-icio2022.npz") as new, np.load(DATA / "world-icio2022.npz") as old:
        assert new.files == old.files
        for key in new.files:
            if new[key].dtype.kind == "S":
                np.testing.assert_array_equal(new[key], old[key])
            else:
                np.testing.assert_allclose(new[key], old[key], rtol=1e-5, err_msg=f"{key}: run tools/build_world.py")
    cards = [json.loads((f / "world-icio2022.json").read_text()) for f in (tmp_path / "first", DATA)]
    for key in ("sources", "decisions", "elasticities", "us_tariff_rules", "merged_weight"):
        assert cards[0][key] == cards[1][key], key


def test_data_page_is_current() -> None:
    command = [sys.executable, str(ROOT / "tools" / "make_data_page.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr


def test_collected_rates_against_the_product_file(shared_data: Path) -> None:
    raw = pd.read_parquet(shared_data / "trade" / "us" / "us_imports_2024_hs6.parquet")
    japan = raw[raw["iso3"] == "JPN"]
    assert 100 * japan["calc_duty_usd"].sum() / japan["customs_value_usd"].sum() == pytest.approx(1.51, abs=0.005)
    w = world.load()
    rates = w.tariff[w.country("USA"), w.country("JPN")]
    by_sector = japan.groupby(japan["sector"].astype(str))[["customs_value_usd", "calc_duty_usd"]].sum()
    for sector in ("C26", "C28", "C29", "C24A", "C302T309"):
        row = by_sector.loc[sector]
        assert rates[w.sector(sector)] == pytest.approx(row["calc_duty_usd"] / row["customs_value_usd"], rel=1e-5)


def test_customs_totals_against_the_monthly_file(shared_data: Path) -> None:
    raw = pd.read_parquet(shared_data / "trade" / "us" / "us_imports_monthly_naics3_2013_2025.parquet")
    year = raw[raw["month"].astype(str).str.startswith("2022")]
    table = year.groupby([year["iso3"].astype(str), year["naics3"].astype(str)])["customs_value_usd"].sum() / 1e6
    assert table["JPN"]["00"] == pytest.approx(154_400, rel=0.001)
    w = world.load()
    partners = w.meta["customs"]["by_partner"]
    support = w.flow[w.country("USA"), :, w.sector("B09")].copy()
    support[w.country("USA")] = 0.0
    unassigned = [code for code in table["JPN"].index if code == "00" or code.startswith("9")]
    for code in ("JPN", "KOR", "CHN", "MEX"):
        # Mining support is no customs good and stays at the level of the table.
        expected = table[code].drop(unassigned).sum() + support[w.country(code)]
        assert partners[code]["goods_customs_musd"] == pytest.approx(expected, rel=1e-5)
    world_total = table["WORLD"].drop(unassigned).sum() + support.sum()
    assert sum(p["goods_customs_musd"] for p in partners.values()) == pytest.approx(world_total, rel=1e-3)


def test_flows_are_the_raw_cube(shared_data: Path) -> None:
    path = shared_data / "trade" / "icio" / "icio_trade_2011_2022.parquet"
    raw = pd.read_parquet(path, filters=[("year", "=", 2022)])
    w = world.load(us_imports="icio")
    cell = raw[(raw["importer"] == "DEU") & (raw["exporter"] == "POL") & (raw["sector"].isin(["A01", "A02"]))]
    got = w.flow[w.country("DEU"), w.country("POL"), w.sector("A01_02")]
    assert got == pytest.approx(cell["value_musd"].sum(), rel=1e-6)
    assert w.flow.sum() == pytest.approx(raw["value_musd"].astype(np.float64).sum(), rel=1e-7)
