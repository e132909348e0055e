"""Worlds from a user's own table, and every fault in one named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from foederis.errors import DataError
from foederis.world import World
from foederis.world_balance import FINAL_FLOOR, cap_input_use
from foederis.world_table import TableError
from strategies import build_world, worlds

WIOD_FINAL = ("CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN")


def long_flows(w: World) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([w.countries, w.countries, w.sectors], names=["importer", "exporter", "sector"])
    return pd.DataFrame({"value": w.flow.ravel(), "tariff": w.tariff.ravel()}, index=index).reset_index()


def long_inputs(w: World) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([w.countries, w.sectors, w.sectors], names=["country", "input", "output"])
    return pd.DataFrame({"coef": w.input_share.ravel()}, index=index).reset_index()


def test_wiod_2011(shared_data: Path) -> None:
    path = shared_data / "trade" / "wiod" / "wiod2013_full_2011.parquet"
    w = World.from_table(path, final_uses=WIOD_FINAL, columns={"value_musd": "value"}, name="WIOD 2011")
    assert (len(w.countries), len(w.sectors)) == (41, 35)
    assert max(w.check().values()) < 1e-9
    assert w.value_added[w.country("USA")] / 1e6 == pytest.approx(15.16, abs=0.01)
    assert w.value_added[w.country("JPN")] / 1e6 == pytest.approx(5.90, abs=0.01)
    published = pd.read_csv(shared_data / "trade" / "wiod" / "wiod2013_output_2011.csv")
    output = (
        published.set_index(["country", "industry"])["output_musd"].unstack().loc[list(w.countries), list(w.sectors)]
    )
    gap = np.abs(w.output - output.to_numpy())
    removed = w.meta["removed"]
    assert gap.max() < 110 - removed["negative_flows_set_to_zero_musd"]
    assert removed["negative_final_use_musd"] == -170065.0
    assert removed["negative_flows_set_to_zero_musd"] == -1361.0
    assert removed["by_country_musd"]["JPN"] == 7206.0


def test_wiod_needs_its_final_uses_declared(shared_data: Path) -> None:
    path = shared_data / "trade" / "wiod" / "wiod2013_full_2011.parquet"
    with pytest.raises(TableError, match="INVEN") as caught:
        World.from_table(path, final_uses=WIOD_FINAL[:-1], columns={"value_musd": "value"})
    assert caught.value.faults[0].line >= 1


@given(worlds(unused=True))
def test_caliendo_parro_round_trip(w: World) -> None:
    theta = dict(zip(w.sectors, w.trade_elasticity, strict=True))
    again = World.from_table(long_flows(w), "caliendo_parro", inputs=long_inputs(w), trade_elasticity=theta)
    assert (again.countries, again.sectors) == (w.countries, w.sectors)
    for name in ("flow", "tariff", "input_share", "trade_elasticity"):
        np.testing.assert_allclose(getattr(again, name), getattr(w, name), rtol=1e-14, err_msg=name)


def test_round_trip_through_files(tmp_path: Path) -> None:
    w = build_world(3, 2, 11)
    long_flows(w).to_csv(tmp_path / "flows.csv", index=False)
    long_inputs(w).to_parquet(tmp_path / "inputs.parquet")
    again = World.from_table(tmp_path / "flows.csv", "caliendo_parro", inputs=tmp_path / "inputs.parquet")
    np.testing.assert_allclose(again.flow, w.flow)
    np.testing.assert_allclose(again.input_share, w.input_share)


def test_one_sector_without_intermediates_or_tariffs() -> None:
    rows = pd.DataFrame(
        [("A", "A", "all", 10), ("A", "B", "all", 1), ("B", "B", "all", 20)],
        columns=["importer", "exporter", "sector", "value"],
    )
    w = World.from_table(rows, "caliendo_parro", trade_elasticity=5, unit=1000.0)
    np.testing.assert_allclose(w.value_added, [10_000, 21_000])
    np.testing.assert_allclose(w.deficit, [1000, -1000])


def test_numeric_codes_are_labels() -> None:
    rows = pd.DataFrame([(1, 1, 7, 2.0), (2, 2, 7, 3.0)], columns=["importer", "exporter", "sector", "value"])
    assert World.from_table(rows, "caliendo_parro").countries == ("1", "2")


def test_input_output_table_with_inventories() -> None:
    rows = [
        ("A", "g", "A", "s", 20.0),
        ("A", "g", "A", "C", 60.0),
        ("A", "g", "A", "INV", -5.0),
        ("A", "s", "A", "g", 15.0),
        ("A", "s", "A", "C", 40.0),
        ("B", "g", "B", "C", 30.0),
        ("B", "g", "A", "INV", -2.0),
        ("B", "s", "B", "C", 30.0),
    ]
    frame = pd.DataFrame(rows, columns=["origin", "industry", "dest", "use", "value"])
    w = World.from_table(frame, final_uses=("C", "INV"))
    assert w.output[0, 0] == pytest.approx(75.0)
    assert w.value_added[0] == pytest.approx(75 - 15 + 55 - 20)
    assert w.meta["removed"]["negative_final_use_musd"] == -7.0
    assert w.meta["removed"]["negative_flows_set_to_zero_musd"] == -2.0
    assert w.flow[0, 1, 0] == 0.0


def test_balancing_keeps_value_added_and_caps_use() -> None:
    w = build_world(3, 3, 4, tariffs=False)
    share = np.array(w.input_share)
    share[0, 1, :] = 0.0
    short = w.expenditure[0, 1] * 1.3 / w.output[0].sum()
    share[0, 1, :] = short
    share[0] *= 0.95 / max(0.95, share[0].sum(axis=0).max())
    use = (share[0, 1] * w.output[0]).sum()
    assert use > w.expenditure[0, 1]
    done = cap_input_use(w.flow, w.tariff, share, w.countries)
    np.testing.assert_allclose(done.input_share.sum(axis=1), share.sum(axis=1), rtol=1e-10)
    np.testing.assert_array_equal(done.input_share[1:], share[1:])
    left = w.expenditure[0] - done.input_share[0] @ w.output[0]
    assert left.min() >= 0.99 * FINAL_FLOOR * w.expenditure[0].min()
    assert done.negative_removed[0] == pytest.approx(use - w.expenditure[0, 1])
    assert done.moved[0] >= done.negative_removed[0]


def test_balance_can_be_refused() -> None:
    rows = [
        ("A", "g", "A", "s", 20.0),
        ("A", "g", "A", "C", 2.0),
        ("A", "g", "A", "I", -5.0),
        ("A", "s", "A", "C", 90.0),
    ]
    frame = pd.DataFrame(rows, columns=["origin", "industry", "dest", "use", "value"])
    with pytest.raises(DataError, match="final demand for A g"):
        World.from_table(frame, final_uses=("C", "I"), balance=False)
    w = World.from_table(frame, final_uses=("C", "I"))
    assert w.meta["removed"]["by_country_musd"] == {"A": 3.0}
    # s has no input but g: what it cannot have becomes its value added.
    assert w.value_added[0] == pytest.approx(17 + 90 - (1 - FINAL_FLOOR) * 17)
    assert w.meta["removed"]["to_value_added_musd"] == pytest.approx(3.0, abs=0.01)


def test_every_fault_is_collected_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "importer,exporter,sector,value,tariff\n"
        "JPN,JPN,car,100,0\n"
        "JPN,USA,car,-3,0\n"
        "USA,USA,car,many,0\n"
        "USA,JPNN,car,5,0\n"
        "USA,JPN,car,5,250\n"
        "USA,JPN,car,6,0\n"
        "USA,,car,6,0\n"
    )
    with pytest.raises(TableError) as caught:
        World.from_table(path, "caliendo_parro")
    faults = {(f.line, f.column) for f in caught.value.faults}
    assert {(3, 4), (4, 4), (5, 2), (6, 5), (7, 1), (8, 2)} <= faults
    text = str(caught.value)
    assert f"{path}:3:4" in text
    assert "did you mean 'JPN'" in text
    assert "was given before" in text
    assert isinstance(caught.value, DataError)


def test_missing_column_and_wrong_calls(tmp_path: Path) -> None:
    frame = pd.DataFrame({"importer": ["A"], "exporter": ["A"], "sectr": ["s"], "value": [1.0]})
    with pytest.raises(TableError, match=r"column 'sector' is missing.*\n.*rename 'sectr'"):
        World.from_table(frame, "caliendo_parro")
    good = frame.rename(columns={"sectr": "sector"})
    with pytest.raises(DataError, match="layout 'io'"):
        World.from_table(good, "io")
    with pytest.raises(DataError, match="no theta for s"):
        World.from_table(good, "caliendo_parro", trade_elasticity={"x": 1.0})
    with pytest.raises(DataError, match="unit is -1"):
        World.from_table(good, "caliendo_parro", unit=-1)
    with pytest.raises(DataError, match="no such file"):
        World.from_table(tmp_path / "none.csv", "caliendo_parro")
    with pytest.raises(DataError, match=r"\.csv or \.parquet"):
        World.from_table(tmp_path / "none.xlsx", "caliendo_parro")
    (tmp_path / "bad.parquet").write_bytes(b"not parquet")
    with pytest.raises(DataError, match="cannot be read as parquet"):
        World.from_table(tmp_path / "bad.parquet", "caliendo_parro")
    with pytest.raises(TableError, match="no rows"):
        World.from_table(good[:0], "caliendo_parro")


def test_inputs_that_leave_no_value_added_are_a_fault() -> None:
    flows = pd.DataFrame({"importer": ["A"], "exporter": ["A"], "sector": ["s"], "value": [1.0]})
    inputs = pd.DataFrame({"country": ["A"], "input": ["s"], "output": ["s"], "coef": [1.0]})
    with pytest.raises(TableError, match="sum to 1"):
        World.from_table(flows, "caliendo_parro", inputs=inputs)
    inputs["output"] = "x"
    with pytest.raises(TableError, match="'x' is not among the sectors"):
        World.from_table(flows, "caliendo_parro", inputs=inputs)
