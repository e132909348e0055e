"""The shipped file of bystanders: checks, holdout rows, draws that do not move, and agreement with the raw data."""

from __future__ import annotations

import copy
import csv
import json
from pathlib import Path

import numpy as np
import pytest

from foederis import region, region_data
from foederis.errors import DataError, UsageError

YEARS = np.arange(2017.0, 2027.0, 0.25)


@pytest.fixture(scope="module")
def record() -> region_data.Region:
    return region_data.load()


def test_every_bystander_has_a_share_distances_and_a_value(record: region_data.Region) -> None:
    assert len(record.bystanders) == 14
    assert record.setting().distance.shape == record.setting().value.shape == (14,)
    assert record.value().mean() == pytest.approx(1.0, abs=1e-4)
    assert record.distance(["JPN"])[0] == region_data.WATCHES_ITSELF
    distance = dict(zip(record.bystanders, record.distance(), strict=True))
    assert distance["KOR"] < distance["AUS"] < distance["VNM"]


def test_rows_of_the_testing_years_are_marked_and_left_out(record: region_data.Region) -> None:
    for table in region_data.TABLES:
        for row in record.rows(table, holdout=True):
            dates = [str(row[key]) for key in ("quarter", "date", "start") if key in row]
            assert row["holdout"] == any(int(date[:4]) >= 2025 for date in dates)
    assert len(record.rows("shares")) < len(record.rows("shares", holdout=True))
    assert record.share("SGP", 2030.0) == pytest.approx(0.615)
    assert not any(row["holdout"] for row in record.rows("shares"))


def test_the_start_is_the_last_survey_before_or_the_first_after(record: region_data.Region) -> None:
    assert record.share("IDN", 2017.0) == record.share("IDN", 2022.0) == 0.56
    assert record.share("IDN", 2024.0) == 0.268
    paths = record.paths(YEARS, range(3000), 1)
    at = record.bystanders.index("IDN")
    assert np.median(paths.start[:, at]) == pytest.approx(0.56, abs=0.01)
    assert paths.start[:, at].std() == pytest.approx(0.05, abs=0.005)
    followed = YEARS[paths.known[:, at] > 0]
    np.testing.assert_array_equal(followed, [2022.0, 2023.0, 2024.0])
    later = record.paths(YEARS, range(3), 1, holdout=True)
    assert 2025.0 in YEARS[later.known[:, at] > 0]
    np.testing.assert_array_equal(paths.observed[paths.known[:, at] == 0][:, :, at], 0.5)


def test_values_of_a_draw_do_not_depend_on_the_others(record: region_data.Region) -> None:
    all_of_them = record.paths(YEARS, range(20), 5)
    some = record.paths(YEARS[20:], [3, 17], 5, ["VNM", "KOR"])
    order = [record.bystanders.index("VNM"), record.bystanders.index("KOR")]
    np.testing.assert_array_equal(all_of_them.observed[21:][:, [3, 17]][:, :, order], some.observed[1:])
    assert not np.array_equal(some.start, record.paths(YEARS[20:], [3, 17], 6, ["VNM", "KOR"]).start)


def test_a_proxy_misses_by_one_error_per_country(record: region_data.Region) -> None:
    """The error of transfer is lasting, so that changes of the proxy are followed as they are."""
    paths = record.paths(YEARS, range(50), 2, ["DEU"])
    odds = np.log(paths.observed / (1 - paths.observed))[:, :, 0]
    waves = np.flatnonzero(paths.known[:, 0])
    gap = odds[waves[0]] - odds[waves[-1]]
    np.testing.assert_allclose(gap, gap[0], atol=1e-9)
    assert odds[waves[0]].std() > 0.5


def test_units_come_from_the_swings_on_record(record: region_data.Region) -> None:
    """A prior of sd 1 on 15 points of duty, or on 0.125 of reliability, is as wide as the swings before 2025."""
    waves: dict[str, list[float]] = {}
    for row in record.rows("shares"):
        if row["kind"] == "survey":
            waves.setdefault(row["country"], []).append(np.log(row["share"] / (1 - row["share"])))
    swing = np.sqrt(np.mean(np.concatenate([np.diff(odds) for odds in waves.values()]) ** 2))
    now = record.setting()
    assert 15.0 / now.treatment_unit == pytest.approx(swing, rel=0.01)
    assert 0.125 / now.trust_unit == pytest.approx(swing, rel=0.01)
    P = np.array([[record.share(code, 2017.0) for code in record.bystanders]])
    k = region.courtship(P, now.value, now.cost, np.ones((1, 1)), now.sigma)
    assert k.mean() == pytest.approx(swing, rel=0.01)


def test_sticks_are_on_while_they_last(record: region_data.Region) -> None:
    codes = ("KOR", "AUS", "JPN", "SGP")
    on = dict(zip(codes, record.coercion(YEARS, codes).T, strict=True))
    assert YEARS[on["KOR"] > 0].tolist() == [2017.0, 2017.25, 2017.5, 2017.75]
    assert YEARS[on["AUS"] > 0][[0, -1]].tolist() == [2020.25, 2024.0]
    assert {2023.5, 2025.0, 2025.75, 2026.0} <= set(YEARS[on["JPN"] > 0].tolist())
    assert not on["SGP"].any()
    assert 0.25 < record.usual_stick() < 3.0


def test_unknown_names_are_refused(record: region_data.Region) -> None:
    with pytest.raises(UsageError, match=r"'FIN' is no bystander of USA-JPN"):
        record.setting(["FIN"])
    with pytest.raises(UsageError, match="no table 'polls'"):
        record.rows("polls")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"no bystanders for USA-KOR: region-usa-kor\.json is missing"):
        region_data.load("USA", "KOR")


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("shares", {"share": 1.0}, "out of range"),
        ("shares", {"source": "hearsay"}, "without a known source"),
        ("distances", {"regime": 1.2}, "part outside"),
        ("distances", {"threat_source": "hearsay"}, "without a known source"),
        ("value", {"country": "XXX"}, "nothing for JPN"),
        ("sticks", {"source": ""}, "without a known source"),
    ],
)
def test_a_damaged_file_is_refused(
    record: region_data.Region, table: str, change: dict[str, object], message: str
) -> None:
    card = copy.deepcopy(dict(record.card))
    card[table] = [{**card[table][0], **change}, *card[table][1:]]
    with pytest.raises(DataError, match=message):
        region_data.read(card, "", "test.json")
    del card[table]
    with pytest.raises(DataError, match="damaged"):
        region_data.read(card, "", "test.json")


def test_shares_are_those_of_the_survey(record: region_data.Region, shared_data: Path) -> None:
    with (shared_data / "security" / "iseas_forced_alignment.csv").open(encoding="utf-8") as stream:
        raw = {(row["iso3"], f"{row['year']}-Q1"): float(row["align_us_pct"]) for row in csv.DictReader(stream)}
    surveys = [row for row in record.rows("shares", holdout=True) if row["kind"] == "survey"]
    assert len(surveys) == 24
    for row in surveys:
        assert 100.0 * row["share"] == pytest.approx(raw[row["country"], row["quarter"]], abs=0.01)


def test_the_proxy_was_measured_before_the_testing_years(record: region_data.Region) -> None:
    pairs = record.card["proxy"]["pairs"]
    assert len(pairs) >= 5
    assert all(pair["survey_quarter"] < "2025" and pair["proxy_quarter"] < "2025" for pair in pairs)
    rms = np.sqrt(np.mean([pair["miss"] ** 2 for pair in pairs]))
    assert record.card["proxy"]["error"] == pytest.approx(rms, abs=1e-3)
    assert all(row["error"] == record.card["proxy"]["error"] for row in record.rows("shares") if row["kind"] == "proxy")
    assert json.dumps(record.card["decisions"])
