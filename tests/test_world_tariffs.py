"""A user's tariff file on top of the embedded world."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foederis import world
from foederis.world import World
from foederis.world_table import TableError


@pytest.fixture(scope="module")
def base() -> World:
    return world.load()


def write(path: Path, rows: list[tuple], columns: list[str]) -> Path:
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


SECTOR = ["importer", "exporter", "sector", "tariff"]


def test_sectors_and_merged_codes(tmp_path: Path, base: World) -> None:
    rows = [("JPN", "USA", "C10T12", 0.12), ("JPN", "USA", "A01", 0.10), ("JPN", "USA", "A02", 0.02)]
    w = world.load(tariffs=write(tmp_path / "t.csv", rows, SECTOR))
    japan, us = w.country("JPN"), w.country("USA")
    assert w.tariff[japan, us, w.sector("C10T12")] == pytest.approx(0.12)
    weight = base.meta["merged_weight"]
    expected = 0.10 * weight["A01"] + 0.02 * weight["A02"]
    assert w.tariff[japan, us, w.sector("A01_02")] == pytest.approx(expected)
    assert (w.tariff[japan] > 0).sum() == 2
    np.testing.assert_array_equal(w.tariff[us], base.tariff[us])
    assert max(w.check().values()) < 1e-9
    assert w.tariff_revenue[japan] > 0
    report = w.meta["user_tariffs"]
    assert report["importers"] == ["JPN"]
    assert "DEU" in report["importers_without_rates"]


def test_the_collected_us_rates_stay_unless_asked(tmp_path: Path, base: World) -> None:
    path = write(tmp_path / "t.csv", [("USA", "JPN", "C29", 0.15)], SECTOR)
    us, japan, car = base.country("USA"), base.country("JPN"), base.sector("C29")
    assert world.load(tariffs=path).tariff[us, japan, car] == base.tariff[us, japan, car]
    overruled = world.load(tariffs=path, us_tariffs="file")
    assert overruled.tariff[us, japan, car] == pytest.approx(0.15)
    assert overruled.tariff[us].sum() == pytest.approx(0.15)


def test_groups_and_years(tmp_path: Path) -> None:
    columns = ["year", "importer", "exporter", "group", "tariff"]
    rows = [(2020, "IND", "JPN", 14, 0.5), (2021, "IND", "JPN", 14, 0.4), (2023, "IND", "JPN", 14, 0.3)]
    w = world.load(tariffs=write(tmp_path / "t.csv", rows, columns))
    at = w.tariff[w.country("IND"), w.country("JPN")]
    for sector in ("C29", "C301", "C302T309"):
        assert at[w.sector(sector)] == pytest.approx(0.4)
    assert w.meta["user_tariffs"]["year"] == 2021


def test_global_tariff_database(shared_data: Path) -> None:
    path = shared_data / "trade" / "icio" / "tariffs_gtd_2011_2021.parquet"
    w = world.load(tariffs=path)
    report = w.meta["user_tariffs"]
    assert report["year"] == 2021
    assert len(report["importers"]) == 74
    assert max(w.check().values()) < 1e-9
    raw = pd.read_parquet(path)
    pair = (raw["importer"] == "JPN") & (raw["exporter"] == "CHN") & (raw["year"] == 2021) & (raw["group"] == 4)
    rate = float(raw.loc[pair, "tariff"].iloc[0])
    assert rate > 0
    assert w.tariff[w.country("JPN"), w.country("CHN"), w.sector("C13T15")] == pytest.approx(rate, rel=1e-6)
    assert (np.einsum("nnj->nj", w.tariff) == 0).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("JPN", "USA", "C99", 0.1)], "'C99' is not among the sectors"),
        ([("JAP", "USA", "C29", 0.1)], "did you mean 'JPN'"),
        ([("JPN", "USA", "C29", "15%")], "'15%' is not a number"),
        ([("JPN", "USA", "C29", -0.1)], "is not a number in"),
        ([("JPN", "USA", "C29", 0.1), ("JPN", "USA", "C29", 0.2)], "was given before"),
        ([("JPN", "JPN", "C29", 0.1)], "taxes its own sales"),
        ([("JPN", "USA", "A01", 0.1), ("JPN", "USA", "A01_02", 0.2)], "both merged and in parts"),
    ],
)
def test_faults_name_file_row_and_column(tmp_path: Path, rows: list[tuple], message: str) -> None:
    path = write(tmp_path / "t.csv", rows, SECTOR)
    with pytest.raises(TableError, match=message) as caught:
        world.load(tariffs=path)
    assert caught.value.faults[0].file == str(path)
    assert caught.value.exit_code == 4


def test_missing_column(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", [("JPN", "USA", 0.1)], ["importer", "exporter", "tariff"])
    with pytest.raises(TableError, match="column 'sector' is missing"):
        world.load(tariffs=path)
