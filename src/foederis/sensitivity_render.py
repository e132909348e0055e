"""A sensitivity report as text for a terminal, and as plain values for JSON."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from foederis import words

if TYPE_CHECKING:
    from foederis.sensitivity import Index, Report
    from foederis.sensitivity_switches import Switched

__all__ = ["as_dict", "render"]

SHOWN = 15
SMALL = 0.01  # a total share below this is not printed as a row of its own
BADGES = {"D": "data", "L": "literature", "A": "assumption"}


def render(report: Report, *, all_rows: bool = False) -> str:
    """The report as text: the outcome, what its spread comes from, what choices of form do, how it was computed."""
    lines = [_head(report), "", *_shares(report, all_rows), "", *_switches(report), *_foot(report)]
    return "\n".join(lines) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The report as values that `json.dumps` takes."""
    return {**asdict(report), "alone": report.alone, "prior_driven": report.prior_driven}


def _places(report: Report) -> int:
    width = abs(report.high - report.low)
    return 3 if width < 0.2 else 2 if width < 2 else 1 if width < 20 else 0


def _head(report: Report) -> str:
    n = _places(report)
    middle = words.number(report.median, decimals=n)
    band = words.interval(report.low, report.high, decimals=n)
    return (
        f"{report.scenario}: {report.label}, {report.mark}\n"
        f"  {middle} {report.unit} ({band}); prior on leaders {report.variant}"
    )


def _shares(report: Report, all_rows: bool) -> list[str]:
    what = "ranks of the outcome" if report.ranked else "outcome"
    n = _places(report)
    title = f"What its spread comes from: shares of the variance of the {what}, 90 % intervals"
    head = f"  {'':<52}{'alone':>6} {'':<12}{'in all':>6} {'':<12}{'lowest → highest tenth':<24}source"
    shown = report.indices if all_rows else [i for i in report.indices if i.total >= SMALL][:SHOWN]
    lines = [title, head, *(_share(index, n) for index in shown)]
    left = len(report.indices) - len(shown)
    if left:
        lines.append(f"  {left} more inputs, the largest with {_pct(report.indices[len(shown)].total)} in all")
    joint = max(0.0, 1.0 - report.alone)
    lines.append(
        f"  Each by itself explains {_pct(report.alone)}, together beyond that {_pct(joint)};"
        f" {_pct(report.prior_driven)} by inputs marked *, which are prior-driven."
    )
    return lines


def _share(index: Index, decimals: int) -> str:
    mark = "*" if index.prior_driven else " "
    label = f"{mark} {index.label} {index.symbol}".rstrip()
    label = label if len(label) <= 51 else f"{label[:50].rstrip()}…"
    swing = ""
    if index.low_mean is not None and index.high_mean is not None:
        ends = (words.number(v, decimals=decimals) for v in (index.low_mean, index.high_mean))
        swing = " → ".join(ends)
    first, total = (_band(pair) for pair in (index.first_interval, index.total_interval))
    return (
        f"  {label:<52}{_pct(index.first):>6} {first:<12}{_pct(index.total):>6} {total:<12}{swing:<24}"
        f"{BADGES[index.badge]}"
    )


def _pct(share: float) -> str:
    """A share in per cent; an estimate below zero is noise around nothing and printed as zero."""
    return words.percent(100.0 * max(share, 0.0), decimals=0)


def _band(pair: tuple[float, float]) -> str:
    low, high = (words.number(100.0 * max(v, 0.0), decimals=0) for v in pair)
    return f"({low}…{high})"


def _switches(report: Report) -> list[str]:
    if not report.switched:
        return []
    n = _places(report) + 1  # medians lie closer together than the ends of the interval
    lines = [
        "What choices of form do: outcome under each, shift of its median, and that in widths of the 90 % interval",
        f"  {'':<56}{'median':>9}  {'90 % interval':<20}{'shift':>9}{'widths':>8}",
    ]
    for group, rows in groupby(report.switched, key=lambda s: s.group):
        lines += [f"  {group}", *(_switch(row, n) for row in rows)]
    largest = max(report.switched, key=lambda s: s.ratio)
    return [
        *lines,
        f"  The largest shift is that of {largest.group} ({largest.name}), {words.number(largest.ratio, decimals=2)} of"
        " the width of the interval.",
        "",
    ]


def _switch(row: Switched, decimals: int) -> str:
    name = row.name if len(row.name) <= 54 else f"{row.name[:53].rstrip()}…"
    shift = words.number(row.shift, decimals=decimals, signed=True)
    ratio = words.number(row.ratio, decimals=2)
    band = words.interval(row.low, row.high, decimals=decimals - 1)
    return f"    {name:<54}{words.number(row.median, decimals=decimals):>9}  ({band + ')':<19}{shift:>9}{ratio:>8}"


def _foot(report: Report) -> list[str]:
    kept = sum(row.kept for row in report.screened)
    return [
        f"Screening: {report.trajectories} trajectories over {len(report.screened)} inputs, {kept} kept one by one."
        f" Shares: {report.samples:,} base points, {report.evaluations:,} runs, seed {report.seed}.",
        "Inputs are drawn independently. Trade is an input through its draws; it is not solved again.",
    ]
