"""Open questions, the rules that answer them, and the ledger that cannot be rewritten unseen."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance_case import main_run
from foederis import forecast, forecast_ledger, forecast_rules, ledger, store
from foederis.errors import DataError, UsageError
from foederis.forecast_rules import Context
from foederis.published import scores

DAY = dt.datetime(2026, 9, 1, 12, 0, tzinfo=dt.UTC)
BASE_RATES = {"special-measures-2027", "three-documents-2026", "s301-japan-2027"}


def at(day: str | dt.datetime) -> Callable[[], dt.datetime]:
    moment = day if isinstance(day, dt.datetime) else dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
    return lambda: moment


@cache
def made_bytes() -> bytes:
    """A ledger with every question, made once."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.jsonl"
        forecast.make(path, main_run(), clock=at(DAY))
        return path.read_bytes()


@pytest.fixture
def full(tmp_path: Path) -> Path:
    path = tmp_path / "forecasts.jsonl"
    path.write_bytes(made_bytes())
    return path


# Questions and rules


def test_every_question_has_dates_a_rule_a_source_and_a_baseline() -> None:
    found = forecast.targets()
    assert len(found) == 8
    for target in found.values():
        assert target.closes <= target.due
        assert target.question.endswith("?")
        assert len(target.settled) > 40
        assert target.look
        assert target.baselines
        assert (target.kind == "quantity") == bool(target.unit)
        for case in target.rule.get("cases", ()):
            assert case["source"], case
        # No probability is typed in for a question; even odds are a baseline only.
        assert target.rule["name"] != "constant"
    assert {t.id for t in found.values() if not t.needs_run} == BASE_RATES


def test_a_base_rate_counts_its_cases() -> None:
    context = Context(DAY.date(), None, 1, "x")
    cases = [{"held": True}] * 6 + [{"held": False}]
    assert forecast_rules.chance({"name": "cases", "cases": cases}, context) == pytest.approx(7 / 9)
    assert forecast_rules.chance({"name": "cases", "cases": []}, context) == 0.5
    flipped = [{"held": not c["held"]} for c in cases]
    assert forecast_rules.chance({"name": "cases", "cases": flipped}, context) == pytest.approx(2 / 9)


def test_a_rate_falls_to_nothing_as_the_year_ends() -> None:
    rule = {"name": "rate", "events": 2, "years": 50}
    early, late = (forecast_rules.chance(rule, Context(dt.date(2026, m, 1), None, 1, "x")) for m in (1, 12))
    assert early == pytest.approx(1 - np.exp(-0.04 * 364 / 365.25))
    assert 0 < late < early / 10


def test_persistence_is_counted_in_the_ledger() -> None:
    rule = forecast.targets()["s301-japan-2027"].rule
    near, far = (
        forecast_rules.chance({**rule, "until": until}, Context(DAY.date(), None, 1, "x"))
        for until in ("2026-10-01", "2029-09-01")
    )
    assert 0.5 < near < 1
    assert far < near
    # One duty counted by hand: the section 301 duty on China, a month at a time, in 2023.
    alone = {**rule, "partners": ["CHN"], "authorities": ["s301"], "from": "2023-01-01", "until": "2023-07-30"}
    context = Context(dt.date(2023, 7, 1), None, 1, "x")
    steps = ledger.load().path("CHN", dt.date(2023, 1, 1), dt.date(2023, 7, 1))
    rates = [s.by_authority["s301"] for s in steps]
    assert max(rates) / min(rates) < 1.1
    assert forecast_rules.chance(alone, context) == pytest.approx(7 / 8)
    with pytest.raises(DataError, match="no duty"):
        forecast_rules.chance({**alone, "authorities": ["s338"]}, context)


def test_rules_of_a_run_read_its_draws() -> None:
    run = main_run()
    context = Context(DAY.date(), run, 1, "x")
    t = run.scenario.at("2026-Q4")
    share = 100 * run.trust_next[t]
    np.testing.assert_array_equal(forecast_rules.distribution({"name": "poll", "quarter": "2026-Q4"}, context), share)
    below = forecast_rules.chance({"name": "poll_below", "quarter": "2026-Q4", "level": 30.0}, context)
    assert below == pytest.approx(((share < 30).sum() + 1) / (len(share) + 2))
    low = replace(run, scenario=replace(run.scenario, cap=np.where(np.arange(len(run.quarters))[:, None] < t, 2.0, 3.5)
                                        + 0.0 * run.scenario.cap))  # fmt: skip
    cap = {"name": "cap_reaches", "level": 3.5, "quarter": "2026-Q4"}
    assert forecast_rules.chance(cap, Context(DAY.date(), low, 1, "x")) == pytest.approx(65 / 66)
    never = replace(run, scenario=replace(run.scenario, cap=0.0 * run.scenario.cap + 2.0))
    assert forecast_rules.chance(cap, Context(DAY.date(), never, 1, "x")) == pytest.approx(1 / 66)


def test_the_draft_budget_follows_effort_and_the_baseline_the_year_before() -> None:
    run, target = main_run(), forecast.targets()["defence-draft-fy2027"]
    context = Context(DAY.date(), run, 1, target.id)
    draws = forecast_rules.distribution(target.rule, context)
    growth = run.scenario.effort[run.scenario.at("2027-Q2")] / run.scenario.effort[run.scenario.at("2026-Q2")]
    assert np.median(draws) == pytest.approx(9.04 * np.median(growth) * 664.8 / 637.3, rel=0.02)
    flat, last = (np.median(forecast_rules.distribution(rule, context)) for _, rule in target.baselines)
    assert flat == pytest.approx(9.04, rel=0.005)
    assert last == pytest.approx(9.04**2 / 8.7, rel=0.005)


def test_a_walk_starts_at_the_last_wave_on_record() -> None:
    target = forecast.targets()["yomiuri-trust-2026"]
    rule = target.baselines[0][1]
    after, before = (
        forecast_rules.distribution(rule, Context(dt.date.fromisoformat(day), None, 1, "x"))
        for day in ("2026-09-01", "2025-01-01")
    )
    assert np.median(after) == pytest.approx(22, abs=0.5)  # June 2025
    assert np.median(before) == pytest.approx(34, abs=0.5)  # November 2024
    assert np.ptp(after) > 10


def test_rules_that_do_not_exist_or_lack_their_run_are_refused() -> None:
    with pytest.raises(UsageError, match="no rule 'oracle'"):
        forecast_rules.chance({"name": "oracle"}, Context(DAY.date(), None, 1, "x"))
    with pytest.raises(UsageError, match="answered by a run"):
        forecast_rules.distribution({"name": "poll", "quarter": "2026-Q4"}, Context(DAY.date(), None, 1, "x"))


# Making forecasts


def test_forecasts_are_the_same_for_the_same_run_and_seed(full: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    forecast.make(again, main_run(), clock=at(DAY))
    assert again.read_bytes() == full.read_bytes()
    entries = forecast.list_(full, clock=at(DAY))
    assert [e.target for e in entries] == list(forecast.targets())
    for entry in entries:
        body = entry.record.body
        assert entry.state == "open"
        assert body["from"]["version"]
        assert len(body["from"]["code_sha256"]) == 64
        values = [body["forecast"], *body["baselines"].values()]
        if body["kind"] == "event":
            assert all(0 < v < 1 for v in values)
        else:
            assert all(len(v) == forecast_rules.QUANTILES and v == sorted(v) for v in values)


def test_without_a_run_only_base_rates_are_given(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    assert {r.body["target"] for r in forecast.make(path, clock=at(DAY))} == BASE_RATES
    with pytest.raises(UsageError, match="answered by a run"):
        forecast.make(path, ids=["yomiuri-trust-2026"], clock=at(DAY))
    with pytest.raises(UsageError, match="no question 'war'"):
        forecast.make(path, ids=["war"], clock=at(DAY))


def test_a_closed_question_takes_no_forecast(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    with pytest.raises(UsageError, match="closed on 2026-12-10"):
        forecast.make(path, ids=["three-documents-2026"], clock=at("2026-12-11"))
    forecast.make(path, ids=["three-documents-2026"], clock=at("2026-12-10"))
    with pytest.raises(UsageError, match="no question is open"):
        forecast.make(path, main_run(), clock=at("2028-01-01"))
    states = [forecast.list_(path, clock=at(day))[0].state for day in ("2026-12-10", "2026-12-31", "2027-01-01")]
    assert states == ["open", "waiting", "overdue"]


# Scores


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=30), st.floats(-50, 50))
def test_crps_is_that_of_the_published_scores(values: list[float], seen: float) -> None:
    expected = scores.crps(np.array(values)[:, None], np.array([seen]))[0]
    assert forecast.crps(values, seen) == pytest.approx(expected, abs=1e-9)


def test_scores_of_known_cases() -> None:
    assert forecast.brier(0.8, 1.0) == pytest.approx(0.04)
    assert forecast.brier(0.8, 0.0) == pytest.approx(0.64)
    assert forecast.crps([3.0], 5.0) == 2.0
    grid = (np.arange(2000) + 0.5) / 2000
    assert forecast.crps(grid, 0.5) == pytest.approx(1 / 12, abs=1e-4)  # uniform 0..1 at its middle


def test_what_is_settled_is_scored_beside_its_baselines(full: Path) -> None:
    later = at("2027-02-01")
    assert forecast.score(full, clock=later).rows == ()
    forecast.settle(full, "three-documents-2026", True, known="2026-12-18", source="Cabinet Office", clock=later)
    forecast.settle(full, "yomiuri-trust-2026", 24.0, known="2026-12-20", source="The Japan News", clock=later)
    found = forecast.score(full, clock=later)
    assert {row.target for row in found.rows} == {"three-documents-2026", "yomiuri-trust-2026"}
    assert len(found.unsettled) == 6
    event, quantity = found.rows
    assert (event.measure, quantity.measure) == ("Brier", "CRPS")
    assert event.score == pytest.approx((1 - 0.75) ** 2)
    assert event.baselines == {"even odds": 0.25}
    assert found.brier == event.score
    body = next(e for e in forecast.list_(full, clock=later) if e.target == "yomiuri-trust-2026").record.body
    assert quantity.score == pytest.approx(forecast.crps(body["forecast"], 24.0))
    assert quantity.baselines["last value"] == pytest.approx(forecast.crps(body["baselines"]["last value"], 24.0))
    assert found.beaten == 1 + (quantity.score < quantity.baselines["last value"])
    text = forecast.render(found)
    assert "mean Brier score 0.062" in text or "mean Brier score 0.063" in text
    assert found.head in text
    assert "came out yes (Cabinet Office)" in forecast.render(forecast.list_(full, clock=later))
    plain = json.loads(store.json_text(forecast.as_dict(found)))
    assert plain["brier"] == pytest.approx(event.score)


def test_outcomes_that_cannot_be_are_refused(full: Path) -> None:
    before, later = full.read_bytes(), at("2027-02-01")

    def settle(target: str, outcome: float, known: str, source: str = "page") -> None:
        forecast.settle(full, target, outcome, known=known, source=source, clock=later)

    with pytest.raises(UsageError, match="still to come"):
        settle("three-documents-2026", 1, "2027-02-02")
    with pytest.raises(UsageError, match="not before its outcome"):
        settle("three-documents-2026", 1, "2026-09-01")
    with pytest.raises(UsageError, match=r"1 \(yes\) or 0 \(no\)"):
        settle("three-documents-2026", 0.5, "2026-12-18")
    with pytest.raises(UsageError, match="no forecast of 'war'"):
        settle("war", 1, "2026-12-18")
    with pytest.raises(UsageError, match="needs its source"):
        settle("three-documents-2026", 1, "2026-12-18", " ")
    with pytest.raises(UsageError, match="finite"):
        settle("yomiuri-trust-2026", float("nan"), "2026-12-18")
    assert full.read_bytes() == before
    settle("three-documents-2026", 0, "2026-12-18")
    with pytest.raises(UsageError, match="is settled"):
        settle("three-documents-2026", 1, "2026-12-19")
    with pytest.raises(UsageError, match="closed"):
        forecast.make(full, ids=["three-documents-2026"], clock=later)


def test_a_forecast_made_after_the_outcome_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    forecast.make(path, ids=["special-measures-2027"], clock=at("2026-09-01"))
    forecast.make(path, ids=["special-measures-2027"], clock=at("2027-01-20"))
    forecast.settle(path, "special-measures-2027", 1, known="2027-01-10", source="x", clock=at("2027-01-21"))
    found = forecast.score(path, clock=at("2027-01-21"))
    assert [row.number for row in found.rows] == [1]
    assert [entry.record.number for entry in found.late] == [2]
    with pytest.raises(UsageError, match="is settled; a forecast of it would come after the fact"):
        forecast.make(path, ids=["special-measures-2027"], clock=at("2027-01-22"))


# The ledger


def test_what_was_written_is_kept_to_the_byte(full: Path) -> None:
    before = full.read_bytes()
    forecast.make(full, clock=at("2026-10-01"))
    assert full.read_bytes().startswith(before)
    assert len(forecast.read(full)) == 8 + 3
    assert forecast.read(full, forecast_ledger.read(full)[7].sha256)


def test_no_record_is_dated_back(full: Path) -> None:
    before = full.read_bytes()
    with pytest.raises(DataError, match="later than the clock"):
        forecast.make(full, clock=at("2026-08-31"))
    with pytest.raises(DataError, match="no time zone"):
        forecast_ledger.append(full, lambda r: [("outcome", {})], lambda: dt.datetime(2026, 10, 1))
    assert full.read_bytes() == before


def _change(line: bytes, number: int) -> bytes:
    row = json.loads(line)
    row["body"]["forecast"] = 0.99
    return store.canonical_json(row).encode()


def _rehash(line: bytes, number: int) -> bytes:
    """A careful forger: the record's own checksum is made to fit again."""
    row = json.loads(_change(line, number))
    row["sha256"] = store.sha256_json({k: v for k, v in row.items() if k != "sha256"})
    return store.canonical_json(row).encode()


@pytest.mark.parametrize("how", [_change, _rehash])
@pytest.mark.parametrize("number", [1, 4, 7])
def test_a_changed_record_is_found(full: Path, how: Callable[[bytes, int], bytes], number: int) -> None:
    lines = full.read_bytes().splitlines()
    lines[number - 1] = how(lines[number - 1], number)
    full.write_bytes(b"\n".join(lines) + b"\n")
    where = number if how is _change else number + 1
    with pytest.raises(DataError, match=f"line {where}"):
        forecast.list_(full)
    before = full.read_bytes()
    with pytest.raises(DataError, match=f"line {where}"):
        forecast.make(full, clock=at("2026-10-01"))
    assert full.read_bytes() == before


def test_removed_inserted_exchanged_and_broken_records_are_found(full: Path) -> None:
    lines = full.read_bytes().splitlines()
    for bad in (lines[1:], [*lines[:3], *lines[4:]], [*lines[:2], lines[1], *lines[2:]], [lines[1], lines[0]]):
        full.write_bytes(b"\n".join(bad) + b"\n")
        with pytest.raises(DataError, match="removed, inserted or exchanged"):
            forecast.read(full)
    full.write_bytes(b"\n".join(lines)[:-5])
    with pytest.raises(DataError, match="middle of a record"):
        forecast.read(full)
    full.write_bytes(b"{}\n")
    with pytest.raises(DataError, match="no record of a ledger"):
        forecast.read(full)
    full.write_bytes(lines[0].replace(b"forecast/v1", b"forecast/v9") + b"\n")
    with pytest.raises(DataError, match="another schema"):
        forecast.read(full)


def test_cutting_off_the_end_is_found_by_the_last_checksum(full: Path, tmp_path: Path) -> None:
    noted = forecast.head(full)
    assert forecast.read(full, noted)
    full.write_bytes(b"\n".join(full.read_bytes().splitlines()[:-1]) + b"\n")
    assert len(forecast.read(full)) == 7
    with pytest.raises(DataError, match="rewritten or cut off"):
        forecast.read(full, noted)
    with pytest.raises(DataError, match="does not exist"):
        forecast.read(tmp_path / "none.jsonl", noted)
    assert forecast.read(tmp_path / "none.jsonl") == ()
    assert forecast.render(forecast.list_(tmp_path / "none.jsonl")).startswith("no forecast yet")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_any_changed_byte_is_found(place: int, flip: int) -> None:
    raw = bytearray(made_bytes())
    where = place * 7919 % len(raw)
    raw[where] ^= flip
    with pytest.raises(DataError):
        forecast_ledger._records(Path("ledger"), bytes(raw))


def _many(path: str, count: int) -> None:
    for k in range(count):
        forecast_ledger.append(path, lambda records, k=k: [("forecast", {"k": k, "seen": len(records)})])


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "f.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_many, args=(str(path), 6)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    records = forecast.read(path)
    assert [r.body["seen"] for r in records] == list(range(18))
    assert sorted(r.body["k"] for r in records) == sorted([*range(6)] * 3)


def test_a_write_that_fails_leaves_the_ledger(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = full.read_bytes()

    def full_disk(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full_disk)
    with pytest.raises(DataError, match="No space left"):
        forecast.make(full, clock=at("2026-10-01"))
    monkeypatch.undo()
    assert full.read_bytes() == before
    assert len(forecast.make(full, clock=at("2026-10-01"))) == 3


def test_the_ledger_of_the_repository_is_whole() -> None:
    """Records may be added; those made on the first day stay as they were."""
    path = Path(__file__).resolve().parents[1] / "forecasts.jsonl"
    records = forecast.read(path)
    assert [r.kind for r in records[:8]] == ["forecast"] * 8
    assert {r.body["target"] for r in records[:8]} == set(forecast.targets())
    assert records[7].sha256 == "b4432019628e585d4d9ec3758efdf17719ac1a8ce449e9cb35be0f5cc08fa3af"
