"""A validation report as text for a terminal, and as plain values for JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from foederis import words, words_names

if TYPE_CHECKING:
    from foederis.published.real_2025 import Contest
    from foederis.published.rows import Row
    from foederis.published.scores import Score
    from foederis.validate import Prediction, Report, Study

STATUSES = ("match", "known", "out of scope", "miss")
CELLS_SHOWN = 20  # product groups printed; JSON has all
SHORT_TABLE = 40  # a study with more rows is cut to welfare and to what differs, unless all rows are asked for


def render(report: Report, *, all_rows: bool = False) -> str:
    """The report as text: rows by study and table, scores, counts, and last whether anything missed.

    Without `all_rows` a long study shows its welfare rows and the computed rows that differ; all rows are counted.
    """
    lines: list[str] = []
    for study in report.studies:
        lines += ["", study.title, _underline(study.title)]
        if study.state != "done":
            lines.append(f"{study.state.upper()}: {study.reason}")
        shown = study.rows if all_rows or len(study.rows) <= SHORT_TABLE else _headline(study.rows)
        lines += _tables(shown)
        if len(shown) < len(study.rows):
            lines.append(f"  {len(study.rows) - len(shown)} of {len(study.rows)} rows are not shown here, but counted")
        if study.prediction is not None:
            lines += _prediction(study.prediction)
        lines += [f"  note: {note}" for note in study.notes]
    return "\n".join([*lines[1:], "", *_reasons(report.rows), *_counts(report), "", verdict(report)])


def verdict(report: Report) -> str:
    """One sentence: whether anything missed."""
    bad = [f"{len(report.missed)} of {len(report.rows)} rows miss"] if report.missed else []
    bad += [f"{study.name} could not be carried out" for study in report.refused]
    if bad:
        return f"Not valid: {'; '.join(bad)}."
    counts = report.counts
    skipped = [study.name for study in report.studies if study.state == "skipped"]
    left = f" Skipped: {', '.join(skipped)}." if skipped else ""
    verb = "differs" if counts["known"] == 1 else "differ"
    known = f", {counts['known']} {verb} for a stated reason" if counts["known"] else ""
    return f"Valid: {counts['match']} rows match{known}, none misses.{left}"


def as_dict(report: Report) -> dict[str, Any]:
    """The report as values that `json.dumps` takes; numbers that are not finite become None."""
    return {
        "failed": report.failed,
        "verdict": verdict(report),
        "seconds": report.seconds,
        "counts": report.counts,
        "studies": [_study_dict(study) for study in report.studies],
    }


def _underline(title: str) -> str:
    """A line under a heading."""
    return "-" * len(title)


def _headline(rows: Sequence[Row]) -> list[Row]:
    computed = [row for row in rows if row.ours is not None]
    return [row for row in computed if row.outcome == "welfare" or row.status != "match"]


def _tables(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    lines = [_line("", "published", "ours", "difference", "allowed", "status")]
    for (table, case), group in groupby(rows, key=_heading):
        name = table if not table[:1].isdigit() else f"table {table}"
        lines += [f"  {name}: {case}" if case else f"  {name}", *(_row_line(row) for row in group)]
    return [*lines, ""]


def _heading(row: Row) -> tuple[str, str]:
    return (row.table, "") if row.study == "laws" else (row.table, row.case)


def _row_line(row: Row) -> str:
    label = row.case if row.study == "laws" else f"{row.unit} {row.outcome}"
    exact = row.study == "laws"
    places = min(row.decimals + 2, 8)
    ours = "" if row.ours is None else _figure(row.ours, places, exact)
    gap = "" if row.difference is None else _figure(row.difference, places, exact, signed=True)
    allowed = f"{row.tolerance:.1g}"
    return _line(label, _figure(row.published, row.decimals, exact), ours, gap, allowed, row.status)


def _figure(value: float, decimals: int, exact: bool, signed: bool = False) -> str:
    if exact and value == 0.0:
        return "0"
    if exact:
        return f"{value:{'+' if signed else ''}.6g}".replace("-", words.MINUS) if abs(value) > 0.1 else f"{value:.1e}"
    return words.number(value, decimals=decimals, signed=signed)


def _line(label: str, published: str, ours: str, difference: str, allowed: str, status: str) -> str:
    return f"    {label:<58}{published:>12}{ours:>14}{difference:>14}{allowed:>9}  {status}".rstrip()


def _prediction(prediction: Prediction) -> list[str]:
    found = prediction.forecast
    lines = ["", *_scores("Scores over all cells, weighted by 2024 imports (percentage points)", found.contest)]
    lines += [_standing(found.contest), ""]
    for partner, contest in found.by_partner.items():
        lines += _scores(words_names.country(partner), contest)
    lines += _cells(prediction)
    return lines


def _scores(title: str, contest: Contest) -> list[str]:
    head = f"    {'forecast':<42}{'MAE':>8}{'RMSE':>8}{'bias':>9}{'CRPS':>8}{'rank':>8}{'in 90 %':>9}"
    lines = [f"  {title}, {contest.scores[0].cells} cells", head, *(_score_line(s) for s in contest.scores)]
    won: dict[str, list[str]] = {}
    for metric, name in contest.winner.items():
        won.setdefault(name, []).append(metric if metric == "rank" else metric.upper())
    best = "; ".join(f"{', '.join(metrics)}: {name}" for name, metrics in won.items())
    return [*lines, f"    best by {best}", ""]


def _standing(contest: Contest) -> str:
    """One sentence: which forecasts the tested one beats by CRPS over all cells, and which beat it."""
    tested, others = contest.scores[0], contest.scores[1:]
    better = [s.name for s in others if s.crps > tested.crps]
    worse = [s.name for s in others if s.crps < tested.crps]
    parts = [f"does better than {words.joined(better)}"] if better else []
    parts += [f"does worse than {words.joined(worse)}"] if worse else []
    return f"  By CRPS the forecast that is tested, {tested.name}, {' and '.join(parts) or 'equals all others'}."


def _score_line(s: Score) -> str:
    numbers = "".join(f"{words.number(v, decimals=1):>8}" for v in (s.mae, s.rmse))
    numbers += f"{words.number(s.bias, decimals=1, signed=True):>9}{words.number(s.crps, decimals=1):>8}"
    cover = "" if math.isnan(s.coverage) else words.percent(100.0 * s.coverage, decimals=0)
    rank = "" if math.isnan(s.rank) else words.number(s.rank, decimals=2, signed=True)
    return f"    {s.name:<42}{numbers}{rank:>8}{cover:>9}"


def _cells(prediction: Prediction) -> list[str]:
    names = list(prediction.forecast.predicted_pct)
    ours, plain = names[0], next(name for name in names if name.startswith("constant"))
    head = f"    {'':<44}{'$ bn 2024':>10}{'collected':>11}{'predicted':>11}  {'90 % interval':<18}{'constant e.':>12}"
    lines = [f"  Change in imports, per cent: the {CELLS_SHOWN} largest of {len(prediction.cells)} cells", head]
    for cell in prediction.cells[:CELLS_SHOWN]:
        median, low, high = cell.forecasts[ours]
        label = f"{cell.partner} {cell.product} {cell.name}"[:43]
        numbers = f"{words.number(cell.value_2024_bn, decimals=1):>10}"
        numbers += "".join(f"{words.number(v, decimals=1, signed=True):>11}" for v in (cell.collected_pct, median))
        band = words.interval(low, high, decimals=0, signed=True)
        rival = words.number(cell.forecasts[plain][0], decimals=1, signed=True)
        lines.append(f"    {label:<44}{numbers}  {band:<18}{rival:>12}")
    return [*lines, ""]


def _reasons(rows: Iterable[Row]) -> list[str]:
    """Each reason for a row that is known to differ or out of scope, with the number of rows it explains."""
    found: dict[tuple[str, str, str], int] = {}
    for row in rows:
        if row.status in ("known", "out of scope"):
            key = (row.study, row.status, row.out_of_scope or row.expected_miss)
            found[key] = found.get(key, 0) + 1
    lines = [f"  {study}, {n} {status}: {reason}" for (study, status, reason), n in found.items()]
    return ["Why rows differ or are left out", *lines, ""] if lines else []


def _counts(report: Report) -> list[str]:
    head = f"{'study':<18}{'rows':>6}" + "".join(f"{status:>14}" for status in STATUSES) + f"{'seconds':>10}"
    lines = [head]
    for study in report.studies:
        lines.append(_count_line(study.name, study.counts, study.seconds, study.state))
    return [*lines, _count_line("all", report.counts, report.seconds, "done")]


def _count_line(name: str, counts: Mapping[str, int], seconds: float, state: str) -> str:
    numbers = "".join(f"{counts[status]:>14}" for status in STATUSES)
    tail = "" if state == "done" else f"  {state}"
    return f"{name:<18}{sum(counts.values()):>6}{numbers}{seconds:>10.1f}{tail}"


def _study_dict(study: Study) -> dict[str, Any]:
    return {
        "name": study.name,
        "title": study.title,
        "state": study.state,
        "reason": study.reason,
        "seconds": study.seconds,
        "counts": study.counts,
        "notes": list(study.notes),
        "rows": [_row_dict(row) for row in study.rows],
        "forecast": None if study.prediction is None else _prediction_dict(study.prediction),
    }


def _row_dict(row: Row) -> dict[str, Any]:
    names = ("study", "table", "case", "unit", "outcome", "status", "note")
    numbers = ("published", "ours", "difference", "tolerance")
    return {
        **{name: getattr(row, name) for name in names},
        **{name: _finite(getattr(row, name)) for name in numbers},
        "reason": row.out_of_scope or (row.expected_miss if row.status == "known" else ""),
    }


def _prediction_dict(prediction: Prediction) -> dict[str, Any]:
    found = prediction.forecast
    return {
        "draws": prediction.draws,
        "seed": prediction.seed,
        "equilibria": found.equilibria,
        "largest_residual": found.residual,
        "mean_us_tariff": {partner: list(pair) for partner, pair in found.mean_tariff.items()},
        "all": _contest_dict(found.contest),
        "by_partner": {partner: _contest_dict(contest) for partner, contest in found.by_partner.items()},
        "cells": [
            {
                "partner": cell.partner,
                "naics3": cell.product,
                "name": cell.name,
                "value_2024_bn_usd": cell.value_2024_bn,
                "collected_pct": cell.collected_pct,
                "forecasts_pct": {
                    name: dict(zip(("median", "p05", "p95"), band, strict=True))
                    for name, band in cell.forecasts.items()
                },
            }
            for cell in prediction.cells
        ],
    }


def _contest_dict(contest: Contest) -> dict[str, Any]:
    names = ("mae", "rmse", "bias", "crps", "rank", "coverage")
    return {
        "scores": [
            {"forecast": s.name, "cells": s.cells, **{name: _finite(getattr(s, name)) for name in names}}
            for s in contest.scores
        ],
        "skill": {rival: {m: _finite(v) for m, v in each.items()} for rival, each in contest.skill.items()},
        "best": dict(contest.winner),
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
