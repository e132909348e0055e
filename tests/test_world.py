"""The embedded world: figures, identities, options, integrity, speed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from hypothesis import given

from foederis import world, world_file
from foederis.errors import DataError
from foederis.world import World
from strategies import build_world, worlds


@pytest.fixture(scope="module")
def full() -> World:
    return world.load()


@pytest.fixture(scope="module")
def icio() -> World:
    return world.load(us_imports="icio")


def flow_bn(w: World, importer: str, exporter: str, sector: str) -> float:
    return float(w.flow[w.country(importer), w.country(exporter), w.sector(sector)]) / 1e3


def test_shape_and_labels(full: World) -> None:
    assert len(full.countries) == 77
    assert len(full.sectors) == 25
    assert len(set(full.countries)) == 77
    assert "ROW" in full.countries
    assert not {"AGO", "ARE", "COD", "STP"} & set(full.countries)


@pytest.mark.parametrize("us_imports", ["customs", "icio"])
def test_identities_hold_and_final_demand_is_positive(us_imports: str) -> None:
    w = world.load(us_imports=us_imports)
    found = w.check()
    assert max(found.values()) < 1e-9, found
    assert (w.final_demand > 0).all()
    assert (w.value_added_share >= 0.01 - 1e-6).all()
    assert abs(w.deficit.sum()) < 1e-9 * w.value_added.sum()


def test_published_totals_at_table_levels(icio: World) -> None:
    assert icio.output.sum() / 1e6 == pytest.approx(199.69, abs=0.005)
    assert flow_bn(icio, "USA", "JPN", "C29") == pytest.approx(48.0, abs=0.1)
    transport = sum(flow_bn(icio, "USA", "JPN", s) for s in ("C29", "C301", "C302T309"))
    assert transport == pytest.approx(51.002, abs=0.01)
    goods = icio.flow[icio.country("USA"), icio.country("JPN"), :-1].sum() / 1e3
    assert goods == pytest.approx(110.0, abs=0.5)
    expected = {"USA": 25.6, "JPN": 4.29, "DEU": 3.94, "KOR": 1.78, "TWN": 0.73}
    for code, value in expected.items():
        assert icio.value_added[icio.country(code)] / 1e6 == pytest.approx(value, abs=0.011), code


def test_customs_option_changes_the_us_import_block_only(full: World, icio: World) -> None:
    us = full.country("USA")
    others = np.arange(77) != us
    np.testing.assert_array_equal(full.flow[others], icio.flow[others])
    np.testing.assert_array_equal(full.flow[us, us], icio.flow[us, us])
    assert flow_bn(full, "USA", "JPN", "C28") > 1.5 * flow_bn(icio, "USA", "JPN", "C28")
    # Mining support is no customs good: it stays at the level of the table.
    np.testing.assert_array_equal(full.flow[us, :, full.sector("B09")], icio.flow[us, :, icio.sector("B09")])
    ratio = full.flow[us, others, :-1] / np.where(icio.flow[us, others, :-1] > 0, icio.flow[us, others, :-1], 1)
    assert ratio.max() <= 4.0 + 1e-5
    # Services make room: total imports, and the deficit with them, stay.
    assert full.deficit[us] == pytest.approx(icio.deficit[us], rel=1e-6)
    assert full.meta["us_imports"] == "customs"
    assert icio.meta["us_imports"] == "icio"
    assert full.meta["balance"] != icio.meta["balance"]


def test_customs_levels_of_japan_are_the_census_values(full: World) -> None:
    japan = full.meta["customs"]["by_partner"]["JPN"]
    used = full.flow[full.country("USA"), full.country("JPN"), :-1].sum()
    assert used == pytest.approx(japan["goods_used_musd"], rel=1e-5)
    assert used == pytest.approx(japan["goods_customs_musd"], rel=0.01)
    transport = sum(flow_bn(full, "USA", "JPN", s) for s in ("C29", "C301", "C302T309"))
    assert transport == pytest.approx(51.0, abs=0.3)


def test_balance_is_recorded_by_country(full: World) -> None:
    balance = full.meta["balance"]
    total = sum(row["negative_final_demand_musd"] for row in balance["by_country"].values())
    assert total == pytest.approx(balance["negative_final_demand_musd"], rel=1e-6)
    assert total / full.output.sum() < 0.01
    assert "VNM" in balance["by_country"]


def test_tariffs_are_those_of_the_united_states_only(full: World) -> None:
    us = full.country("USA")
    assert (np.delete(full.tariff, us, axis=0) == 0).all()
    assert (full.tariff[us, us] == 0).all()
    assert (full.tariff[us, :, full.sector("SERV")] == 0).all()
    assert full.tariff[us].max() < 0.5
    # EU members share the EU-27 row; China pays section 301, Japan does not.
    np.testing.assert_array_equal(full.tariff[us, full.country("DEU")], full.tariff[us, full.country("POL")])
    assert full.tariff[us, full.country("CHN"), full.sector("C29")] == pytest.approx(0.264, abs=0.001)
    assert full.tariff[us, full.country("JPN"), full.sector("C29")] == pytest.approx(0.025, abs=0.001)
    assert set(full.meta["us_tariff_rules"]) == set(full.countries) - {"USA"}


def test_elasticity_sets(full: World) -> None:
    sets = full.elasticity_sets
    assert {"CP", "FGO", "GYY", "Shap", "LL", "BSY", "IS", "U4", "BLPN", "FGO_fob"} <= set(sets)
    assert set(full.meta["elasticities"]) == set(sets)
    car = full.sector("C29")
    assert sets["CP"][car] == pytest.approx(1.84)
    assert sets["FGO"][car] == pytest.approx(8.92)
    np.testing.assert_array_equal(full.trade_elasticity, sets["FGO"])
    np.testing.assert_allclose(sets["FGO_fob"][:-1], sets["FGO"][:-1] - 1.0)
    for name, theta in {"BLPN_low": 0.75, "BLPN": 1.0, "BLPN_high": 1.25}.items():
        np.testing.assert_allclose(sets[name][:-1], theta)
    assert full.with_elasticities("CP").trade_elasticity[car] == pytest.approx(1.84)
    with pytest.raises(DataError, match="no elasticity set 'XX'"):
        full.with_elasticities("XX")


def test_gdp_and_population(full: World) -> None:
    assert full.gdp_usd_bn is not None
    assert full.population is not None
    assert full.gdp_usd_bn[full.country("JPN")] == pytest.approx(4260, rel=0.02)
    assert full.gdp_usd_bn[full.country("TWN")] == pytest.approx(733.7, rel=0.001)
    assert "TWN" in full.meta["gdp_flags"]
    missing = [c for c, p in zip(full.countries, full.population, strict=True) if np.isnan(p)]
    assert missing == full.meta["population_missing"] == ["ROW", "TWN"] or set(missing) == {"ROW", "TWN"}


def test_arrays_are_read_only(full: World) -> None:
    with pytest.raises(ValueError, match="read-only"):
        full.flow[0, 0, 0] = 1.0


def test_card_names_every_source_with_checksum(full: World) -> None:
    for source in full.meta["sources"]:
        assert len(source["sha256"]) == 64
        assert source["class"] in "AB"
        assert source["publisher"]
    text = json.dumps(full.meta)
    assert "/work" not in text
    assert "shared" not in text


def shipped() -> tuple[bytes, str]:
    folder = resources.files("foederis") / "data"
    card = (folder / "world-icio2022.json").read_text(encoding="utf-8")
    return (folder / "world-icio2022.npz").read_bytes(), card


def test_damage_is_noticed() -> None:
    raw, card = shipped()
    assert len(raw) < 2_000_000
    flipped = bytearray(raw)
    flipped[len(raw) // 2] ^= 1
    with pytest.raises(DataError, match="damaged: checksum"):
        world_file.unpack("icio2022", bytes(flipped), card)
    with pytest.raises(DataError, match="damaged"):
        world_file.unpack("icio2022", raw[:1000], card)
    with pytest.raises(DataError, match="card cannot be read"):
        world_file.unpack("icio2022", raw, card[:100])


def test_unknown_name_or_option() -> None:
    with pytest.raises(DataError, match="not in this installation"):
        world.load("gtap")
    with pytest.raises(DataError, match="us_imports"):
        world.load(us_imports="census")  # type: ignore[arg-type]


def test_load_is_light() -> None:
    code = (
        "import sys; from foederis import world; world.load();"
        " print([m for m in ('pandas', 'jax', 'xarray', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=280)
    assert done.stdout.strip() == "[]"


@given(worlds(unused=True))
def test_any_consistent_table_is_a_world(w: World) -> None:
    assert max(w.check().values()) < 1e-12
    np.testing.assert_allclose(w.trade_share.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(w.final_share.sum(axis=1), 1.0, rtol=0, atol=1e-12)


def test_unused_cell_is_all_domestic() -> None:
    w = build_world(3, 2, 7, unused=True)
    assert w.expenditure[0, 1] == 0
    assert w.trade_share[0, 0, 1] == 1
    assert w.trade_share[0, 1:, 1].sum() == 0
    assert np.isfinite(w.final_share).all()


def test_autarky_and_no_intermediates() -> None:
    flow = np.zeros((2, 2, 1))
    flow[0, 0, 0], flow[1, 1, 0] = 3.0, 5.0
    w = World(("A", "B"), ("S",), flow, np.zeros((2, 2, 1)), np.zeros((2, 1, 1)), np.array([4.0]))
    np.testing.assert_array_equal(w.value_added, [3.0, 5.0])
    np.testing.assert_array_equal(w.deficit, [0.0, 0.0])


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        ("flow", lambda v: -v, "flow is -"),
        ("flow", lambda v: v * np.nan, "flow is nan"),
        ("flow", lambda v: v[:, :, :1], "flow has shape"),
        ("tariff", lambda v: v - 0.1, "tariff is -0.1"),
        ("input_share", lambda v: v + 0.5, "value added must stay positive"),
        ("trade_elasticity", lambda v: 0 * v, "finite positive"),
        ("countries", lambda v: ("A", "A", "B"), "given twice"),
    ],
)
def test_wrong_primitives_are_refused(field: str, change, message: str) -> None:
    w = build_world(3, 2, 3, tariffs=False)
    with pytest.raises(DataError, match=message):
        replace(w, **{field: change(getattr(w, field))})


def test_negative_final_demand_and_missing_supplier_are_refused() -> None:
    w = build_world(2, 2, 5, intermediates=False)
    share = np.zeros((2, 2, 2))
    share[0, 0, 1] = 0.9
    flow = np.array(w.flow)
    flow[:, 0, 1] *= 1000
    with pytest.raises(DataError, match=r"C00 S00 is -.*rebalance"):
        replace(w, flow=flow, input_share=share)
    flow[0, :, 0] = 0.0
    with pytest.raises(DataError, match="nobody supplies it"):
        replace(w, flow=flow, input_share=share)
