"""Two scenarios side by side: each outcome under both, and the difference draw by draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from foederis import report_text, report_text_alliance, words, words_names
from foederis.errors import UsageError
from foederis.report import Run
from foederis.report_findings import Number, Result, number, quantiles

__all__ = ["Difference", "compare", "render"]

ROWS = (
    ("coercer_income", "{us}: real income", "welfare", "long run", "coercer"),
    ("target_income", "{jp}: real income", "welfare", "long run", "target"),
    ("rival_income", "{cn}: real income", "welfare", "long run", "rival"),
    ("gain", "{us}: gain from taxing {jp}", "adds_welfare_usd_bn", "long run", "coercer"),
    ("revenue", "{us}: tariff revenue", "revenue_usd_bn", "long run", None),
    ("revenue_target", "  of it on goods from {jp}", "revenue_from_target_usd_bn", "long run", None),
    ("exports", "{jp}: exports to {us}", "exports_to_coercer", "long run", "target"),
    ("coercer_income_short", "{us}: real income, short run", "welfare", "short run", "coercer"),
    ("target_income_short", "{jp}: real income, short run", "welfare", "short run", "target"),
)
KEPT = ("trust_2028-Q4", "trust_2035-Q4", "effort", "balance", "gain_path", "net")  # numbers of the alliance


@dataclass(frozen=True)
class Difference:
    """One outcome under two scenarios; `median`, `low`, `high` are of the second minus the first, draw by draw."""

    first: Number
    second: Number
    median: float
    low: float
    high: float
    probability_higher: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        gap = {"median": self.median, "low": self.low, "high": self.high, "p_higher": self.probability_higher}
        return {"first": self.first.as_dict(), "second": self.second.as_dict(), "difference": gap}


def compare(run: Run) -> tuple[Difference, ...]:
    """The differences of a run of two scenarios with the same coercer and target; UsageError otherwise."""
    if len(run.results) != 2:
        raise UsageError(f"compare takes two scenarios, not {len(run.results)}")
    first, second = run.results.values()
    if (first.plan.coercer, first.plan.target) != (second.plan.coercer, second.plan.target):
        raise UsageError("the two scenarios have different coercers or targets and cannot be compared")
    actors = first.plan.scenario.actors
    codes = {"coercer": actors.coercer, "target": actors.target, "rival": actors.rival}
    names = {
        "us": words_names.country(actors.coercer),
        "jp": words_names.country(actors.target),
        "cn": words_names.country(actors.rival or ""),
    }
    found = []
    for key, label, variable, horizon, role in ROWS:
        code = None if role is None else codes[role]
        if role is not None and not code:
            continue
        found.append(_difference(first, second, (key, label.format(**names), variable, horizon, code)))
    return (*found, *_allied(run))


def _allied(run: Run) -> Iterator[Difference]:
    """What the alliance has under both: every number of its table, with the difference draw by draw."""
    pages = [run.alliance.get(label) for label in run.results]
    if pages[0] is None or pages[1] is None:
        return
    for key in KEPT:
        if key in pages[0].numbers and key in pages[1].numbers:
            first, second = pages[0].numbers[key], pages[1].numbers[key]
            gap = np.array(second.draws) - np.array(first.draws)
            q = quantiles(gap)
            higher = float((gap > 0).mean())
            yield Difference(first, second, q["median"], q["low90"], q["high90"], higher)


def _difference(first: Result, second: Result, row: tuple[str, str, str, str, str | None]) -> Difference:
    key, label, variable, horizon, code = row
    gap = second.of(variable, horizon, code) - first.of(variable, horizon, code)
    kept = gap[np.isfinite(gap)]
    q = quantiles(gap)
    sides = [number(result, key, label, variable, horizon, code) for result in (first, second)]
    higher = float((kept > 0).mean()) if kept.size else float("nan")
    return Difference(sides[0], sides[1], q["median"], q["low90"], q["high90"], higher)


def render(run: Run, differences: tuple[Difference, ...], folder: str | None = None) -> str:
    """Both sentences, then a table: outcome, first, second, difference with interval."""
    labels = list(run.results)
    found = list(run.findings.values())
    head = f"{labels[0]}  vs  {labels[1]}      {found[0].draws:,} draws  seed {found[0].seed}  {found[0].vintage}"
    rates = [
        f"  {label}: tariff on {words_names.country(f.target)} {words.percent(f.rate_after, decimals=1)}"
        f" on {words.day(f.date)}"
        for label, f in run.findings.items()
    ]
    rows = [
        (
            d.first.label,
            report_text_alliance.shown(d.first),
            report_text_alliance.shown(d.second),
            _gap(d),
            words.probability(d.probability_higher) if np.isfinite(d.probability_higher) else "n/a",
        )
        for d in differences
    ]
    table = report_text.table(
        ("Outcome, per year", labels[0], labels[1], "second minus first (90 %)", "P(higher)"), rows
    )
    sentences = [f"{label}: {report_text.sentence(f, run.alliance.get(label))}" for label, f in run.findings.items()]
    saved = f"  Saved       {folder}/" if folder else ""
    return (
        "\n\n".join(
            part for part in (head, *map(report_text.wrapped, sentences), "\n".join(rates), table, saved) if part
        )
        + "\n"
    )


def _gap(d: Difference) -> str:
    if d.median == d.low == d.high == 0:
        return "the same"
    unit = "pp" if d.first.unit.startswith("%") else d.first.unit
    return words.estimate(d.median, d.low, d.high, unit, signed=True)
