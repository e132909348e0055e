"""The file of a dyad: sources, holdout, paths, refusals, and that it comes from the raw data."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT
from foederis import dyad
from foederis.errors import DataError, UsageError

TABLES = (
    "effort",
    "programme",
    "budgets",
    "caps",
    "pacts",
    "reached",
    "host_nation_support",
    "troops",
    "threat",
    "tension",
)


@pytest.fixture(scope="module")
def pair() -> dyad.Dyad:
    return dyad.load()


def test_every_row_is_sourced_and_years_kept_for_testing_are_left_out(pair: dyad.Dyad) -> None:
    for table in TABLES:
        shown, whole = pair.rows(table), pair.rows(table, holdout=True)  # type: ignore[arg-type]
        assert shown, table
        assert all(not row["holdout"] for row in shown)
        for row in whole:
            date = str(row.get("year") or row.get("date") or row.get("signed") or row.get("period"))
            year = next(int(date[i : i + 4]) for i in range(len(date)) if date[i : i + 4].isdigit())
            assert row["holdout"] == (year >= 2025), row
    assert len(pair.rows("programme", holdout=True)) > len(pair.rows("programme"))
    with pytest.raises(UsageError, match="no table 'poems'"):
        pair.rows("poems")  # type: ignore[arg-type]


def test_the_file_is_what_the_raw_data_give(pair: dyad.Dyad, shared_data: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    (tmp_path / "src" / "foederis" / "data").mkdir(parents=True)
    tools.mkdir()
    for name in ("build_security.py", "_security_facts.py"):
        shutil.copy(ROOT / "tools" / name, tools)
    command = [sys.executable, str(tools / "build_security.py"), str(shared_data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    made = (tmp_path / "src" / "foederis" / "data" / "security-usa-jpn.json").read_text("utf-8")
    assert json.loads(made) == json.loads(json.dumps(dict(pair.card)))


def test_only_single_figures_of_the_closed_database_are_shipped(pair: dyad.Dyad) -> None:
    figures = [year for actor in pair.actors.values() for year in actor.spending]
    assert set(figures) == {2016, 2020, 2024}
    assert len(figures) < 60
    assert {row["source"] for row in pair.rows("effort") if row["year"] <= 2022} == {"wdi"}


def test_the_programme_is_the_record_then_the_budget_then_flat(pair: dyad.Dyad) -> None:
    years = dyad.quarters()
    effort, recount = pair.programme(years)
    assert effort[0] == pytest.approx(0.9295, abs=1e-4)  # fiscal 2016 runs to March 2017
    assert effort[years == 2024.5][0] == 1.37
    assert effort[-1] == effort[years == 2026.5][0]
    assert recount[years == 2022.0][0] == 1.0
    assert effort[-1] * recount[-1] == pytest.approx(2.0, abs=0.05)


def test_row_31_the_re_count_makes_growth_look_larger(pair: dyad.Dyad) -> None:
    effort, recount = pair.programme(np.array([2022.5, 2025.5]))
    narrow, official = np.diff(np.log(effort))[0], np.diff(np.log(effort * recount))[0]
    assert official > narrow > 0
    assert official - narrow == pytest.approx(np.log(recount[1]), abs=1e-12)


def test_a_backtest_sees_nothing_after_its_cut_off(pair: dyad.Dyad) -> None:
    years = dyad.quarters()
    effort, _ = pair.programme(years, known_until=2023.0)
    full, _ = pair.programme(years)
    early = years < 2023.25
    assert np.array_equal(effort[early], full[early])
    assert not np.array_equal(effort, full)
    assert effort[-1] == pytest.approx(2.0)  # the target of December 2022, taken at its word
    before, _ = pair.programme(years, known_until=2022.5)
    assert before.max() < 1.09  # no target was known then
    log, _ = pair.threat(years, known_until=2020.0)
    assert len(set(log[years >= 2020.0])) == 1


def test_caps_step_at_their_dates_and_end_in_the_unknown(pair: dyad.Dyad) -> None:
    years = dyad.quarters()
    caps = pair.caps(years)
    assert caps[years == 2022.5][0] == 1.0
    assert caps[years == 2022.75][0] == 2.0
    assert np.isnan(caps[years >= 2026.25]).all()
    assert not np.isnan(caps[years < 2026.25]).any()
    with pytest.raises(UsageError, match="no cap is known before 1976"):
        pair.caps(np.array([1950.0]))


def test_threat_is_a_change_since_the_base_year(pair: dyad.Dyad) -> None:
    log, standard = pair.threat(np.array([2016.0, 2022.0]))
    assert log[0] == standard[0] == 0.0
    assert log[1] > 0.2
    assert standard[1] > 0.5


def test_forces_weigh_by_theatre_and_rungs_are_in_order(pair: dyad.Dyad) -> None:
    forces = pair.in_theatre(np.array([2016.0, 2018.0, 2024.0, 2030.0]))
    assert forces["JPN"][2] == forces["JPN"][3] == pytest.approx(58.4)
    assert forces["JPN"][0] < forces["JPN"][1] < forces["JPN"][2]
    assert forces["USA"][2] == pytest.approx(0.45 * 968.38)
    assert (
        0.03 < forces["JPN"][2] / sum(a.at(np.array([2024.0]))[0] for c, a in pair.actors.items() if c != "CHN") < 0.06
    )
    assert pair.of_role("rival") == ("CHN",)
    ids = [rung.id for rung in pair.ladder]
    assert (
        ids.index("acsa")
        < ids.index("access")
        < ids.index("co-production")
        < ids.index("three-and-half")
        < ids.index("latent")
    )
    taken = {rung.id: rung.reached for rung in pair.ladder if rung.reached}
    assert taken["access"] == "2023-08-13"
    assert "three-and-half" not in taken


def test_row_7_demands_pass_through_to_a_few_per_cent(pair: dyad.Dyad) -> None:
    rows = {(r["kind"], r["period"]): r["amount"] for r in pair.rows("host_nation_support") if r["payer_iso3"] == "JPN"}
    yen_per_dollar = 110.0  # 2019
    conceded = rows["agreement_total", "FY2022-FY2026"] / 5.0 - rows["agreement_total", "FY2016-FY2020"] / 5.0
    demanded = rows["us_demand", "2019-07"] * yen_per_dollar - rows["actual", "FY2019"]
    assert 0.0 < conceded / demanded < 0.10


def test_another_dyad_is_refused_with_what_is_missing() -> None:
    with pytest.raises(
        DataError, match=r"no defence data for USA-KOR: security-usa-kor\.json is missing; it needs effort"
    ):
        dyad.load("USA", "KOR")
    with pytest.raises(UsageError, match="'2017' is no quarter"):
        dyad.quarters("2017")


def test_a_damaged_file_is_refused(pair: dyad.Dyad) -> None:
    card = json.loads(json.dumps(dict(pair.card)))
    for damage, message in (
        (lambda c: c["effort"][0].pop("source"), "without a known source"),
        (lambda c: c["forces"][0]["values"].update({"2016": -1.0}), "forces or a weight out of range"),
        (lambda c: c["caps"].update(ladder=[2.0, 1.0]), "ladder must rise"),
        (lambda c: c.pop("threat") and c.pop("gdp"), "is damaged"),
    ):
        broken = json.loads(json.dumps(card))
        damage(broken)
        with pytest.raises(DataError, match=message):
            dyad._dyad(broken, "", "file.json")


def test_a_file_that_is_not_the_listed_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    source = ROOT / "src" / "foederis" / "data"
    shutil.copy(source / "SHA256SUMS", data)
    (data / "security-usa-jpn.json").write_bytes((source / "security-usa-jpn.json").read_bytes() + b" ")
    monkeypatch.setattr("importlib.resources.files", lambda name: tmp_path)
    with pytest.raises(DataError, match="not the file of the list of checksums"):
        dyad.load.__wrapped__()


def test_the_dyad_is_frozen(pair: dyad.Dyad) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        pair.patron = "CHN"  # type: ignore[misc]
