"""Average tariffs of the ledger by date, against the panel, the published steps, and the duty that was collected."""

from __future__ import annotations

import calendar
import csv
import datetime as dt
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import ledger

BOOK = ledger.load()
FIRST, LAST = dt.date(2018, 1, 1), dt.date(2026, 11, 30)
AVERAGED = (*BOOK.partners, "DEU", "ROW")

# Additional rate on Japan in points of value: the steps as the source publishes them, and ours on the panel's dates.
JAPAN = (
    ("2025-04-05", 24.4, 24.4, "alike"),
    ("2025-04-09", 16.0, 16.2, "primary steel and aluminium, which the source leaves out"),
    ("2025-04-11", 15.3, 15.5, "primary steel and aluminium"),
    ("2025-08-07", 15.4, 19.1, "cars 25 % until 16 September (the source: 15 %), primary metals at 50 %, ceilings"),
    ("2025-09-16", 15.4, 14.5, "ceilings of 15 % include the normal duty; primary metals at 50 %"),
    ("2025-11-14", 14.3, 13.5, "ceilings, primary metals"),
    ("2026-02-20", 6.6, 6.3, "the ceiling on cars includes the normal duty; primary metals"),
    ("2026-02-24", 11.5, 11.0, "section 232 as on 20 February; metals do not pay the surcharge"),
    ("2026-04-06", 12.7, 11.8, "section 232 as on 20 February; tiers of metals"),
    ("2026-07-24", 13.7, 12.8, "the step of 1.0 is the source's"),
)

# Collected over the law of the month, each month of June to November 2025: (lowest, highest). Goods on the water pay
# the old rate, claims and exclusions lower what is due, quantities leave what is taxed; weights here are of 2024.
BANDS = {"JPN": (0.80, 1.00), "KOR": (0.72, 1.00), "CHN": (0.87, 1.00), "DEU": (0.64, 0.95), "EU27": (0.54, 0.80)}
BANDS["CAN"] = (0.42, 0.75)


@pytest.fixture(scope="module")
def collected(shared_data: Path) -> pd.DataFrame:
    frame = pd.read_parquet(shared_data / "trade" / "us" / "us_imports_monthly_naics3_2013_2025.parquet")
    frame = frame.astype({"iso3": str, "naics3": str, "month": str})
    frame = frame[frame["naics3"] == "00"].set_index(["iso3", "month"])
    frame["rate"] = 100 * frame["calc_duty_usd"] / frame["customs_value_usd"]
    return frame


def said(step: ledger.Step) -> list[str]:
    """The statutes of a step with plain spaces."""
    return [text.replace("\u2009", " ") for text in step.statutes]


def of_month(partner: str, year: int, month: int) -> float:
    """Mean over the days of a month of the rate by law."""
    first = dt.date(year, month, 1)
    end = dt.date(year, month, calendar.monthrange(year, month)[1])
    steps = BOOK.path(partner, first, end)
    days = [*(step.date for step in steps), end + dt.timedelta(1)]
    return sum(step.total * (b - a).days for step, (a, b) in zip(steps, pairwise(days), strict=True)) / end.day


def test_partner_averages_are_those_of_the_panel(shared_data: Path) -> None:
    with (shared_data / "trade" / "us" / "us_tariff_by_partner_date.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 50 * 19
    for row in rows:
        day = dt.date.fromisoformat(row["date"])
        added = sum(detail.points for detail in BOOK.measures_on(row["iso3"], day, "panel"))
        assert added == pytest.approx(float(row["increment_adj_pct"]), abs=2.5e-4), row
        (step,) = BOOK.path(row["iso3"], day, day, "panel")
        whole = float(row["applied_2024_pct"]) + float(row["increment_adj_pct"])
        assert step.total == pytest.approx(whole, abs=4e-4), row


@pytest.mark.parametrize(("date", "published", "ours", "why"), JAPAN)
def test_steps_on_japan_beside_the_published_ones(
    shared_data: Path, date: str, published: float, ours: float, why: str
) -> None:
    day = dt.date.fromisoformat(date)
    added = sum(detail.points for detail in BOOK.measures_on("JPN", day, "panel"))
    assert added == pytest.approx(ours, abs=0.051)
    totals = pd.read_csv(shared_data / "trade" / "us" / "tracker_country_by_time.csv").query("iso3 == 'JPN'")
    source = totals[totals["date"] <= date].iloc[-1]["increment_pct"]
    assert source == pytest.approx(published, abs=0.051)
    assert why


def test_after_the_panel_partners_move_as_in_the_source(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "trade" / "us" / "tracker_country_by_time.csv")
    totals = frame.pivot_table(index="iso3", columns="date", values="increment_pct")
    for partner in BOOK.partners:
        for before, after in (("2026-04-06", "2026-07-22"), ("2026-07-22", "2026-07-24"), ("2026-07-31", "2026-08-19")):
            one, two = (BOOK.path(partner, *[dt.date.fromisoformat(day)] * 2)[0].total for day in (before, after))
            moved = totals.loc[partner, after] - totals.loc[partner, before]
            assert two - one == pytest.approx(moved, abs=0.02), (partner, after)


@pytest.mark.parametrize("partner", BANDS)
def test_what_was_collected_lies_in_the_band_of_collection(collected: pd.DataFrame, partner: str) -> None:
    lowest, highest = BANDS[partner]
    for month in range(6, 12):
        ratio = collected.loc[(partner, f"2025-{month:02d}"), "rate"] / of_month(partner, 2025, month)
        assert lowest <= ratio <= highest, (month, ratio)


def test_japan_april_to_november(collected: pd.DataFrame) -> None:
    """August 16.9 and November 14.3 % as published, in the band; April and May are months of goods on the water."""
    ratio = {}
    for month in range(4, 12):
        ratio[month] = collected.loc[("JPN", f"2025-{month:02d}"), "rate"] / of_month("JPN", 2025, month)
    assert collected.loc[("JPN", "2025-08"), "rate"] == pytest.approx(16.9, abs=0.05)
    assert collected.loc[("JPN", "2025-11"), "rate"] == pytest.approx(14.3, abs=0.05)
    assert 0.60 < ratio[4] < ratio[5] < 1.0
    assert all(0.80 <= ratio[month] <= 1.0 for month in range(5, 12)), ratio
    assert sum(ratio.values()) / 8 == pytest.approx(0.87, abs=0.02)


@pytest.mark.parametrize(
    ("partner", "points"), [("JPN", 0.35), ("EU27", 0.25), ("CHN", 0.45), ("KOR", 0.15), ("CAN", 0.15), ("MEX", 0.20)]
)
def test_the_years_before_2025_beside_what_was_collected(collected: pd.DataFrame, partner: str, points: float) -> None:
    """Yearly means; China in 2020 apart (exclusions that ended with that year)."""
    yearly = collected.loc[partner].copy()
    yearly["year"] = yearly.index.str[:4]
    yearly = yearly.groupby("year")[["calc_duty_usd", "customs_value_usd"]].sum()
    for year in range(2018, 2025):
        ours = sum(of_month(partner, year, month) for month in range(1, 13)) / 12
        paid = 100 * yearly.loc[str(year), "calc_duty_usd"] / yearly.loc[str(year), "customs_value_usd"]
        slack = 1.25 if (partner, year) == ("CHN", 2020) else points
        assert ours == pytest.approx(paid, abs=slack), (year, ours, paid)


@pytest.mark.parametrize("clock", ledger.CLOCKS)
def test_the_authorities_add_up_to_the_total(clock: str) -> None:
    for partner in AVERAGED:
        steps = BOOK.path(partner, FIRST, LAST, clock)
        assert steps[0].date == FIRST
        assert all(a.date < b.date for a, b in pairwise(steps))
        for step in steps:
            assert step.total == pytest.approx(sum(step.by_authority.values()), abs=1e-12)
            assert min(step.by_authority.values()) >= 0
            assert set(step.by_authority) <= {"mfn", "s201", "s232", "s301", "ieepa", "s122", "other"}
            assert step.row()["total"] == step.total


@given(st.sampled_from(AVERAGED), st.dates(FIRST, LAST), st.dates(FIRST, LAST), st.sampled_from(ledger.CLOCKS))
def test_a_path_says_the_same_wherever_it_begins(partner: str, a: dt.date, b: dt.date, clock: str) -> None:
    first, last = sorted((a, b))
    steps = BOOK.path(partner, first, last, clock)
    (alone,) = BOOK.path(partner, last, last, clock)
    assert alone.total == pytest.approx(
        steps[-1].total, abs=0.006 * len(steps)
    )  # steps below 0.005 points are left out
    whole = {step.date: step for step in BOOK.path(partner, FIRST, LAST, clock)}
    for step in steps[1:]:
        if step.date in whole:
            assert step.total == pytest.approx(whole[step.date].total)


def test_the_step_into_2025_is_no_change_of_law() -> None:
    for partner in AVERAGED:
        old, new = (BOOK.path(partner, *[day] * 2)[0].total for day in (dt.date(2024, 12, 31), ledger.TAKEOVER))
        assert abs(new - old) < (0.15 if partner == "CHN" else 0.03), partner


def test_japan_reads_as_the_law_was() -> None:
    steps = {step.date.isoformat(): step for step in BOOK.path("JPN", dt.date(2025, 1, 1), LAST)}
    assert list(steps) == [
        *("2025-01-01", "2025-03-12", "2025-04-03", "2025-04-05", "2025-04-09", "2025-04-10", "2025-05-03"),
        *("2025-06-04", "2025-08-01", "2025-08-07", "2025-09-16", "2025-11-13", "2026-02-20", "2026-02-24"),
        *("2026-04-06", "2026-07-24"),
    ]
    assert said(steps["2025-04-03"]) == ["cars and light trucks 25 % (Proc. 10908)"]
    assert steps["2025-04-03"].source == "Proc. 10908"
    assert "reciprocal duty 10 % to 24 % (EO 14257)" in said(steps["2025-04-09"])
    assert "reciprocal duty 24 % to 10 % (EO 14266)" in said(steps["2025-04-10"])
    assert "cars and light trucks 25 % to 15 % in all (EO 14345)" in said(steps["2025-09-16"])
    assert any("ended (Supreme Court" in text for text in steps["2026-02-20"].statutes)
    assert steps["2026-02-20"].by_authority.get("ieepa", 0.0) == 0.0


def test_the_first_step_names_what_is_in_force() -> None:
    (step,) = BOOK.path("CHN", *[dt.date(2025, 6, 10)] * 2)
    assert "fentanyl duty 20 % (EO 14228)" in said(step)
    assert "reciprocal duty 10 % (EO 14298)" in said(step)
    assert "Section 301 of 2018 to 2024, inside the base" in said(step)
    (old,) = BOOK.path("CHN", *[dt.date(2019, 6, 10)] * 2)
    assert "China list 3 25 % (84 FR 20459)" in said(old)


def test_china_pays_the_lists_after_2025_too_and_once() -> None:
    before, after = (BOOK.path("CHN", *[day] * 2, "panel")[0] for day in (dt.date(2024, 6, 1), dt.date(2025, 2, 3)))
    assert after.by_authority["s301"] == pytest.approx(before.by_authority["s301"], abs=0.05)
    assert 7.5 < after.by_authority["s301"] < 9.5
    assert after.total == pytest.approx(10.866, abs=0.001)


def test_details_name_each_measure_with_its_points() -> None:
    day = dt.date(2025, 10, 1)
    rows = BOOK.measures_on("JPN", day)
    assert [abs(row.points) for row in rows] == sorted((abs(row.points) for row in rows), reverse=True)
    (step,) = BOOK.path("JPN", day, day)
    for authority in ("s232", "ieepa"):
        mine = sum(row.points for row in rows if row.measure.authority == authority)
        assert mine == pytest.approx(step.by_authority[authority], abs=0.01)
    assert {row.family for row in rows} >= {"s232-cars", "s232-metals", "ieepa-reciprocal"}


def test_germany_is_averaged_with_its_own_imports() -> None:
    day = dt.date(2025, 7, 1)
    german, union, greek = (BOOK.path(code, day, day)[0] for code in ("DEU", "EU27", "GRC"))
    assert german.by_authority["s232"] > union.by_authority["s232"] + 1.0  # cars and machines
    assert greek.total == pytest.approx(union.total)
