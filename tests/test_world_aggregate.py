"""Aggregation: everything that is a value adds up exactly, every rate keeps the payments it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import world
from foederis.errors import DataError
from foederis.world import INDO_PACIFIC_21, World, aggregate_rate
from strategies import build_world, worlds

SECTORS = {
    "primary": ["A01_02", "A03", "B05_06", "B07_08", "B09"],
    "vehicles": ["C29"],
    "electronics": ["C26", "C27"],
    "SERV": ["SERV"],
}


@pytest.fixture(scope="module")
def full() -> World:
    return world.load()


def other_goods(w: World) -> list[str]:
    used = {s for members in SECTORS.values() for s in members}
    return [s for s in w.sectors if s not in used]


def assert_adds_up(fine: World, coarse: World, regions: dict[str, list[str]], sectors: dict[str, list[str]]) -> None:
    r = np.array([[c in members for c in fine.countries] for members in regions.values()], dtype=float)
    s = np.array([[k in members for k in fine.sectors] for members in sectors.values()], dtype=float)
    scale = fine.output.sum()
    for name in ("output", "expenditure", "final_demand"):
        np.testing.assert_allclose(
            getattr(coarse, name), r @ getattr(fine, name) @ s.T, atol=1e-12 * scale, err_msg=name
        )
    for name in ("value_added", "deficit", "tariff_revenue", "income"):
        np.testing.assert_allclose(getattr(coarse, name), r @ getattr(fine, name), atol=1e-12 * scale, err_msg=name)
    exports = np.einsum("rn,se,gj,nej->rsg", r, r, s, fine.flow, optimize=True)
    np.testing.assert_allclose(coarse.flow, exports, atol=1e-12 * scale)
    assert max(coarse.check().values()) < 1e-9


def test_indo_pacific(full: World) -> None:
    coarse = full.aggregate(INDO_PACIFIC_21)
    assert len(coarse.countries) == 21
    assert_adds_up(full, coarse, {k: list(v) for k, v in INDO_PACIFIC_21.items()}, {s: [s] for s in full.sectors})
    us, japan, car = coarse.country("USA"), coarse.country("JPN"), coarse.sector("C29")
    assert coarse.flow[us, japan, car] == full.flow[full.country("USA"), full.country("JPN"), full.sector("C29")]
    assert coarse.population is not None
    assert np.isnan(coarse.population[coarse.country("TWN")])
    assert coarse.population[coarse.country("JPN")] == pytest.approx(125e6, rel=0.01)


def test_regions_and_sectors_together(full: World) -> None:
    sectors = {**SECTORS, "other": other_goods(full)}
    coarse = full.aggregate(INDO_PACIFIC_21, sectors)
    assert coarse.sectors == tuple(sectors)
    assert_adds_up(full, coarse, {k: list(v) for k, v in INDO_PACIFIC_21.items()}, sectors)
    assert coarse.trade_elasticity[1] == pytest.approx(full.trade_elasticity[full.sector("C29")])
    inside = full.elasticity_sets["CP"][[full.sector("C26"), full.sector("C27")]]
    assert inside.min() < coarse.elasticity_sets["CP"][2] < inside.max()
    assert coarse.meta["aggregation"]["electronics"] == ["C26", "C27"]


def test_elasticities_use_world_trade_as_weights(full: World) -> None:
    coarse = full.aggregate(None, {**SECTORS, "other": other_goods(full)})
    pair = [full.sector("C26"), full.sector("C27")]
    traded = full.flow.sum(axis=(0, 1)) - np.einsum("nnj->j", full.flow)
    expected = np.average(full.trade_elasticity[pair], weights=traded[pair])
    assert coarse.trade_elasticity[2] == pytest.approx(expected, rel=1e-12)


def test_whole_world_in_one_cell(full: World) -> None:
    one = full.aggregate({"WLD": full.countries}, {"ALL": full.sectors})
    assert one.value_added[0] == pytest.approx(full.value_added.sum(), rel=1e-12)
    assert one.deficit[0] == pytest.approx(0.0, abs=1e-9)
    assert one.tariff_revenue[0] == pytest.approx(full.tariff_revenue.sum(), rel=1e-12)


def test_identity_grouping_changes_nothing(full: World) -> None:
    same = full.aggregate()
    np.testing.assert_allclose(same.flow, full.flow)
    np.testing.assert_allclose(same.tariff, full.tariff)
    np.testing.assert_allclose(same.input_share, full.input_share, atol=1e-15)


def test_aggregate_rate_keeps_the_duties(full: World) -> None:
    rate = np.random.default_rng(1).random(full.flow.shape)
    coarse = full.aggregate(INDO_PACIFIC_21)
    averaged = aggregate_rate(rate, full, INDO_PACIFIC_21)
    assert (averaged * coarse.flow).sum() == pytest.approx((rate * full.flow).sum(), rel=1e-12)
    np.testing.assert_allclose(full.aggregation(INDO_PACIFIC_21).rate(full.tariff), coarse.tariff)
    constant = aggregate_rate(np.full(full.flow.shape, 0.25), full, INDO_PACIFIC_21)
    np.testing.assert_allclose(constant, 0.25)
    with pytest.raises(DataError, match="does not fit"):
        aggregate_rate(rate[:3], full, INDO_PACIFIC_21)


@given(worlds(max_countries=5, max_sectors=4, unused=True), st.data())
def test_adding_up_on_random_worlds(w: World, data: st.DataObject) -> None:
    regions = _partition(w.countries, data)
    sectors = _partition(w.sectors, data)
    assert_adds_up(w, w.aggregate(regions, sectors), regions, sectors)


def _partition(labels: tuple[str, ...], data: st.DataObject) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(f"G{data.draw(st.integers(0, 2))}", []).append(label)
    return groups


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ({"X": ["C00", "C01"]}, "'C02' is in 0 groups"),
        ({"X": ["C00", "C01", "C02"], "Y": ["C02"]}, "'C02' is in 2 groups"),
        ({"X": ["C00", "C01", "C02", "ZZZ"]}, "'ZZZ' is not in this world"),
        ({"X": ["C00", "C01", "C02"], "Y": []}, "non-empty list"),
        ({"X": "C00"}, "non-empty list"),
    ],
)
def test_groups_must_be_a_partition(regions: dict[str, list[str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        build_world(3, 2, 1).aggregate(regions)
