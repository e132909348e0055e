"""A score report as text for a terminal and as plain values for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from foederis.score_ladder import RUNGS, UNDEFINED, rung_of

if TYPE_CHECKING:
    from foederis.score import Contest, Report


def render(report: Report) -> str:
    """The report as text: for each contest the scores, best first, our skill against each rival, and who won."""
    lines: list[str] = []
    for contest in report.contests:
        lines += [contest.title, "-" * len(contest.title), _head(contest)]
        for s in contest.standings:
            cover = "" if math.isnan(s.coverage_50) else f"{100 * s.coverage_50:6.0f} % {100 * s.coverage_90:6.0f} %"
            rung = rung_of(contest.name, s.name)
            lines.append(f"  {rung:2} {s.name:24} {s.crps:9.3f} {s.log_score:10.3f} {s.mae:9.3f}  {cover}".rstrip())
        lines += [
            f"  skill against {k.rival}: {k.value:+.2f} ({k.low:+.2f} to {k.high:+.2f}), {k.told}"
            for k in contest.skills
        ]
        lines += [f"  {verdict(contest)}", ""]
    if report.sharp is not None:
        lines += ["The sharp test of A", "-------------------", f"  {report.sharp.verdict}", ""]
    if report.contests:
        lines += ["The ladder", "----------", *(f"  {k}: {text}" for k, text in UNDEFINED.items()), ""]
    lines += ["Not scored", "----------", *(f"  {k}: {text}" for k, text in report.not_scored.items()), ""]
    rests = f"Posterior {report.posterior[:12]}, posterior for scores {report.frozen[:12]}"
    return "\n".join([*lines, f"{rests}, seed {report.seed}, {report.draws} draws."])


def verdict(contest: Contest) -> str:
    """Who won, and whether the win is told apart from chance."""
    cells = contest.standings[0].cells
    if contest.winner == "foederis":
        told = [k.rival for k in contest.skills if k.told == "better"]
        return f"Winner: foederis, over {cells} cells; told apart from {', '.join(told) if told else 'no rival'}."
    against = next(k for k in contest.skills if k.rival == contest.winner)
    return f"Winner: {contest.winner}, over {cells} cells; foederis loses to it ({against.told})."


def as_dict(report: Report) -> dict[str, Any]:
    """The report as values that `json.dumps` takes; numbers that are not finite become None."""
    return {
        "posterior": report.posterior,
        "posterior_for_scores": report.frozen,
        "seed": report.seed,
        "draws": report.draws,
        "contests": [_contest_dict(contest) for contest in report.contests],
        "sharp": None if report.sharp is None else {"verdict": report.sharp.verdict, "inside": report.sharp.inside,
                                                    "chance": report.sharp.chance},
        "not_scored": dict(report.not_scored),
        "rungs": dict(RUNGS),
        "rungs_not_defined": dict(UNDEFINED),
    }  # fmt: skip


def _contest_dict(contest: Contest) -> dict[str, Any]:
    return {
        "name": contest.name,
        "title": contest.title,
        "unit": contest.unit,
        "winner": contest.winner,
        "verdict": verdict(contest),
        "standings": [
            {"model": s.name, "rung": rung_of(contest.name, s.name), "crps": s.crps, "log_score": s.log_score,
             "coverage_50": _finite(s.coverage_50), "coverage_90": _finite(s.coverage_90), "mae": s.mae,
             "cells": s.cells}
            for s in contest.standings
        ],
        "skills": [{"rival": k.rival, "skill": k.value, "low": k.low, "high": k.high, "told": k.told}
                   for k in contest.skills],
        "cells": [
            {"label": label, "outcome": outcome, **{m: values[k] for m, values in contest.medians.items()},
             "levels": {m: values[k] for m, values in contest.levels.items()},
             "quantiles": {m: list(values[k]) for m, values in contest.quantiles.items()}}
            for k, (label, outcome) in enumerate(zip(contest.labels, contest.outcomes, strict=True))
        ],
    }  # fmt: skip


def _head(contest: Contest) -> str:
    error = "missed" if contest.unit == "Brier score" else "abs error"
    first = "Brier" if contest.unit == "Brier score" else "CRPS"
    return f"     {'':24} {first:>9} {'log score':>10} {error:>9}  {'50 %':>8} {'90 %':>8}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
