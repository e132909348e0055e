"""What `foederis data` says: computed from the data, complete, and honest about damage and gaps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foederis import world, world_report
from foederis.errors import DataError
from foederis.world import INDO_PACIFIC_21, World
from strategies import build_world


@pytest.fixture(scope="module")
def found() -> dict:
    return world_report.facts(world.load())


def text(facts: dict) -> str:
    return "\n".join(world_report.lines(facts))


def test_the_facts_are_plain_json_and_come_from_the_arrays(found: dict) -> None:
    w = world.load()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["figures"]["value_added_usd_bn"]["JPN"] == pytest.approx(w.value_added[w.country("JPN")] / 1e3)
    abroad = sum(w.flow[n, i].sum() for n in range(77) for i in range(77) if n != i)
    assert found["figures"]["world_trade_usd_bn"] == pytest.approx(abroad / 1e3, rel=1e-12)
    assert found["checks"] == w.check()
    assert max(found["checks"].values()) < world_report.TOLERANCE


def test_the_text_says_what_it_is_and_where_it_comes_from(found: dict) -> None:
    shown = text(found)
    assert "flows 2022, technology 2020" in shown
    assert found["sha256"] in shown
    for source in found["sources"]:
        assert source["file"] in shown
        assert source["publisher"] in shown
    for name in found["checks"]:
        assert name in shown
    assert "at 2022 customs values" in shown
    assert "--tariffs FILE" in shown
    assert "CC BY 4.0" in shown


def test_the_imbalance_removed_is_shown_by_economy(found: dict) -> None:
    shown = text(found)
    balance = found["removed"]["balance"]
    assert f"in {balance['countries']} economies" in shown
    largest = next(iter(balance["by_country"]))
    assert f"{largest} {balance['by_country'][largest]['negative_final_demand_musd'] / 1e3:.0f}" in shown
    total = sum(row["negative_final_demand_musd"] for row in balance["by_country"].values())
    assert balance["share_of_world_output"] == pytest.approx(total / world.load().output.sum(), rel=1e-6)


def test_options_change_what_is_said() -> None:
    icio = world_report.facts(world.load(us_imports="icio"))
    assert "us_imports" not in icio["removed"]
    assert "at the levels of the input-output table" in text(icio)
    other = world_report.facts(world.load().with_elasticities("CP"))
    assert other["elasticities"]["in_use"] == "CP"
    assert "In use     CP, " in text(other)
    assert "trade surplus" in text(other)
    coarse = world_report.facts(world.load().aggregate(INDO_PACIFIC_21))
    assert len(coarse["countries"]) == 21
    assert "21 regions by 25 sectors" in text(coarse)


def test_a_tariff_file_is_reported_with_its_gaps(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    pd.DataFrame([("JPN", "USA", "C29", 0.1)], columns=["importer", "exporter", "sector", "tariff"]).to_csv(path)
    facts = world_report.facts(world.load(tariffs=path))
    assert facts["tariffs"]["importers"] == ["JPN", "USA"]
    assert "From your file" in text(facts)
    assert "From your file        JPN" in text(facts)


def test_a_users_own_table_has_fewer_lines_but_the_same_checks() -> None:
    facts = world_report.facts(build_world(3, 2, 5))
    assert facts["removed"] == {}
    assert facts["sources"] == []
    shown = text(facts)
    assert shown.startswith("World random")
    assert "3 regions by 2 sectors" in shown
    assert "Sources" not in shown
    rows = [("A", "g", "A", "C", 60.0), ("A", "g", "A", "INV", -5.0), ("A", "g", "A", "g", 20.0)]
    table = pd.DataFrame(rows, columns=["origin", "industry", "dest", "use", "value"])
    own = world_report.facts(World.from_table(table, final_uses=("C", "INV")))
    assert own["removed"]["user_table"]["negative_final_use_musd"] == -5.0
    assert "Negative final use" in text(own)


def test_an_inconsistent_world_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    w = build_world(2, 1, 3)
    monkeypatch.setattr(World, "check", lambda self: {"deficits sum to zero": 1e-6})
    with pytest.raises(DataError, match="deficits sum to zero is off by"):
        world_report.facts(w)


def test_every_file_is_listed_and_verified(found: dict) -> None:
    folder = Path(world_report.__file__).parent / "data"
    assert {f["file"] for f in found["files"]} == {p.name for p in folder.iterdir()} - {world_report.CHECKSUMS}
    by_name = {f["file"]: f for f in found["files"]}
    assert by_name["world-icio2022.npz"]["sha256"] == found["sha256"]


def test_damage_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(world_report.resources, "files", lambda package: tmp_path)
    with pytest.raises(DataError, match="list of checksums cannot be read"):
        world_report.shipped()
    (tmp_path / "data" / "SHA256SUMS").write_text("0" * 64 + "  a.npz\n")
    with pytest.raises(DataError, match=r"a\.npz is missing"):
        world_report.shipped()
    (tmp_path / "data" / "a.npz").write_bytes(b"x")
    with pytest.raises(DataError, match=r"a\.npz is damaged: checksum 2d711642b726"):
        world_report.shipped()


def test_zero_tariffs_everywhere_is_said() -> None:
    w = build_world(2, 1, 3)
    facts = world_report.facts(replace(w, tariff=np.zeros_like(w.tariff)))
    assert facts["tariffs"]["importers"] == []
    assert "Importers with tariffs  0" in text(facts)
