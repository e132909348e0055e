"""A score report as text for a terminal, as Markdown for a page, and as plain values for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foederis.score import Contest, Report


def render(report: Report) -> str:
    """The report as text: for each contest the scores, best first, our skill against each rival, and who won."""
    lines: list[str] = []
    for contest in report.contests:
        lines += [contest.title, "-" * len(contest.title), _head(contest)]
        for s in contest.standings:
            cover = "" if math.isnan(s.coverage_50) else f"{100 * s.coverage_50:6.0f} % {100 * s.coverage_90:6.0f} %"
            lines.append(f"  {s.name:20} {s.crps:9.3f} {s.log_score:10.3f} {s.mae:9.3f}  {cover}")
        lines += [
            f"  skill against {k.rival}: {k.value:+.2f} ({k.low:+.2f} to {k.high:+.2f}), {k.told}"
            for k in contest.skills
        ]
        lines += [f"  {verdict(contest)}", ""]
    if report.sharp is not None:
        lines += ["The sharp test of A", "-------------------", f"  {report.sharp.verdict}", ""]
    lines += ["Not scored", "----------", *(f"  {k}: {text}" for k, text in report.not_scored.items()), ""]
    return "\n".join([*lines, f"Posterior {report.posterior[:12]}, seed {report.seed}, {report.draws} draws."])


def verdict(contest: Contest) -> str:
    """Who won, and whether the win is told apart from chance."""
    cells = contest.standings[0].cells
    if contest.winner == "foederis":
        told = [k.rival for k in contest.skills if k.told == "better"]
        return f"Winner: foederis, over {cells} cells; told apart from {', '.join(told) if told else 'no rival'}."
    against = next(k for k in contest.skills if k.rival == contest.winner)
    return f"Winner: {contest.winner}, over {cells} cells; foederis loses to it ({against.told})."


def markdown(report: Report) -> str:
    """The report as a page."""
    parts = [
        "# How good is it?",
        "Written by `tools/make_scores_page.py` from the shipped posterior. Do not edit by hand.",
    ]
    for contest in report.contests:
        head = f"| model | {_measure(contest)} | log score | 50 % covers | 90 % covers |\n|---|---|---|---|---|"
        rows = [
            f"| {s.name} | {s.crps:.3f} | {s.log_score:.3f} | {_percent(s.coverage_50)} | {_percent(s.coverage_90)} |"
            for s in contest.standings
        ]
        skills = [
            f"* against {k.rival}: {k.value:+.2f} ({k.low:+.2f} to {k.high:+.2f}), {k.told}" for k in contest.skills
        ]
        told = "Skill (share of the rival's error saved, 90 % interval over countries):"
        parts += [f"## {contest.title}", "\n".join([head, *rows]), f"**{verdict(contest)}**", told, "\n".join(skills)]
    if report.sharp is not None:
        parts += ["## The sharp test of A", report.sharp.verdict]
    parts += ["## Not scored", "\n".join(f"* {k}: {text}" for k, text in report.not_scored.items())]
    return "\n\n".join(parts) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The report as values that `json.dumps` takes; numbers that are not finite become None."""
    return {
        "posterior": report.posterior,
        "seed": report.seed,
        "draws": report.draws,
        "contests": [_contest_dict(contest) for contest in report.contests],
        "sharp": None if report.sharp is None else {"verdict": report.sharp.verdict, "inside": report.sharp.inside,
                                                    "chance": report.sharp.chance},
        "not_scored": dict(report.not_scored),
    }  # fmt: skip


def _contest_dict(contest: Contest) -> dict[str, Any]:
    return {
        "name": contest.name,
        "title": contest.title,
        "unit": contest.unit,
        "winner": contest.winner,
        "verdict": verdict(contest),
        "standings": [
            {"model": s.name, "crps": s.crps, "log_score": s.log_score, "coverage_50": _finite(s.coverage_50),
             "coverage_90": _finite(s.coverage_90), "mae": s.mae, "cells": s.cells}
            for s in contest.standings
        ],
        "skills": [{"rival": k.rival, "skill": k.value, "low": k.low, "high": k.high, "told": k.told}
                   for k in contest.skills],
        "cells": [
            {"label": label, "outcome": outcome, **{m: values[k] for m, values in contest.medians.items()}}
            for k, (label, outcome) in enumerate(zip(contest.labels, contest.outcomes, strict=True))
        ],
    }  # fmt: skip


def _measure(contest: Contest) -> str:
    return contest.unit if contest.unit == "Brier score" else f"CRPS, {contest.unit}"


def _head(contest: Contest) -> str:
    error = "missed" if contest.unit == "Brier score" else "abs error"
    first = "Brier" if contest.unit == "Brier score" else "CRPS"
    return f"  {'':20} {first:>9} {'log score':>10} {error:>9}  {'50 %':>8} {'90 %':>8}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %" if math.isfinite(value) else ""
