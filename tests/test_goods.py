"""The table of goods: shares, averages for partners it lacks, and the build from the raw data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from foederis import goods
from foederis.errors import DataError

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "src" / "foederis" / "data" / "goods-us2024.json"


def test_every_share_is_a_share_of_imports_that_exist() -> None:
    card = goods.card()
    assert set(goods.names()) == set(card["goods"])
    for table in card["goods"].values():
        for partner, row in table.items():
            assert set(row) <= set(card["imports"][partner])
            assert all(0 < share <= 1 for share in row.values())


@pytest.mark.parametrize("name", ["annex-ii", "autos", "civil-aircraft", "consumer-electronics"])
def test_a_partner_outside_the_table_gets_the_average(name: str) -> None:
    imports = goods.card()["imports"]
    for sector in ("C26", "C21", "C29", "C302T309"):
        part = sum(row.get(sector, 0.0) * goods.covered(name, who, sector) for who, row in imports.items())
        whole = sum(row.get(sector, 0.0) for row in imports.values())
        assert goods.covered(name, "XXX", sector) == pytest.approx(part / whole)
        assert goods.sector_value("XXX", sector) == pytest.approx(whole)


def test_members_of_the_union_are_the_union() -> None:
    assert goods.covered("autos", "DEU", "C29", european=True) == goods.covered("autos", "EU27", "C29")
    assert goods.sector_value("DEU", "C29", european=True) == goods.sector_value("EU27", "C29")
    assert goods.sector_value("DEU", "C29") > goods.sector_value("EU27", "C29")


def test_headings_are_shares_that_add_up() -> None:
    chapter = goods.headings(["87"])
    four = [h for h in goods.card()["products"] if h.startswith("87")]
    assert chapter["C29"] == pytest.approx(sum(goods.headings([h]).get("C29", 0.0) for h in four))
    assert 0.85 < chapter["C29"] <= 1.0
    assert goods.headings(["8703", "8703"]) == goods.headings(["8703"])
    assert goods.headings([]) == {}
    assert goods.is_heading("87")
    assert goods.is_heading("8703")
    assert not goods.is_heading("9999")


def test_lists_reach_the_goods_they_name() -> None:
    assert goods.covered("autos", "JPN", "C29") > 0.5
    assert goods.covered("civil-aircraft", "JPN", "C302T309") > 0.5
    assert goods.covered("annex-ii", "EU27", "C21") > 0.8
    assert goods.covered("consumer-electronics", "CHN", "C26") > 0.5
    assert goods.covered("autos", "JPN", "C13T15") == 0.0


def test_a_missing_or_damaged_table_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    goods.card.cache_clear()
    monkeypatch.setattr(goods.resources, "files", lambda _: tmp_path)
    try:
        with pytest.raises(DataError, match="cannot be read"):
            goods.card()
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "goods-us2024.json").write_text("{", encoding="utf-8")
        with pytest.raises(DataError, match="cannot be read"):
            goods.card()
    finally:
        goods.card.cache_clear()


def test_the_build_gives_the_shipped_bytes(shared_data: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "tools" / "build_goods.py"),
        "--raw",
        str(shared_data),
        "--out",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / FILE.name).read_bytes() == FILE.read_bytes(), "run tools/build_goods.py"


def test_values_are_those_of_the_product_file(shared_data: Path) -> None:
    raw = pd.read_parquet(shared_data / "trade" / "us" / "us_imports_2024_hs6.parquet")
    raw = raw.astype({"iso3": str, "sector": str})
    value = raw[raw["sector"] != "OTH"].groupby("iso3")["customs_value_usd"].sum() / 1e6
    for partner, row in json.loads(FILE.read_text(encoding="utf-8"))["imports"].items():
        assert sum(row.values()) == pytest.approx(value[partner], rel=1e-6, abs=0.05)
