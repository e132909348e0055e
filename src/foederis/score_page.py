"""The page "How good is it?": a score report as Markdown, with tables of winners, coverage and the ladder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from foederis import words
from foederis.score_ladder import RUNGS, UNDEFINED, rung_of
from foederis.score_render import verdict
from foederis.score_rules import LEAST_SKILL

if TYPE_CHECKING:
    from foederis.score import Contest, Report

__all__ = ["PICTURES", "markdown"]

_ADDED: Mapping[str, str] = {"b_y": "fiscal room", "b_r": "distrust", "b_d": "the dated demand"}
PICTURES: Mapping[str, str] = {  # file in docs/img: what stands under it
    "score-reliability": "Share of outcomes below each predictive level, by contest",
    "score-fan-favourable": "Favourable views, frozen at the end of 2016",
    "score-fan-confidence": "Confidence in the president, frozen at the end of 2016",
    "score-fan-effort": "Defence effort in 2024, frozen at the end of 2021",
}


def markdown(report: Report) -> str:
    """The report as a page; the pictures are those of `score_charts`, in docs/img."""
    parts = [
        "# How good is it?",
        "Written by `tools/make_scores_page.py` from the shipped posteriors: `foederis score` prints the same, and"
        " `foederis score --charts FOLDER` draws it. Do not edit by hand.",
        _summary(report),
        "## How sure it was",
        _coverage(report),
        _picture("score-reliability"),
        "## What was forecast, and what came",
        *(_picture(name) for name in PICTURES if name != "score-reliability"),
        "## The ladder",
        "How much each part of the model earns: "
        + ", ".join(f"{rung} {text}" for rung, text in RUNGS.items())
        + ". Each rung is fitted by itself and frozen like the whole. CRPS (Brier score for coercion cases), lower is"
        " better; bold: the best rung and what lies within 2 % of it, none where all do.",
        _ladder(report),
        "\n".join(f"* {key}: {text}." for key, text in UNDEFINED.items()),
        _alike(report),
        "The rungs beyond threat only, and the contests frozen at 2013 and at 2020 or with one ally left out, were"
        " added when the first scores were known. Their fits were committed before their scores, once, and the"
        " forecasts of foederis in the older contests did not change by a bit.",
        "## How allies are left out",
        "Test C refits the model without the ally's rows from 2017 on and keeps everybody else's to 2021: one fit an"
        " ally, not five allies at once and no reweighting (the polls an ally loses pin latent states of their own, so"
        " that importance weights would rest on a few draws). For polls the presidents' effects on all publics are"
        " given, yearly shocks common to all are not handed on; for effort what moved all allies in a year is given.",
    ]
    for contest in report.contests:
        parts += _section(contest)
    if report.sharp is not None:
        parts += ["## The sharp test of A", report.sharp.verdict]
    parts += ["## Not scored", "\n".join(f"* {k}: {text}" for k, text in report.not_scored.items())]
    return "\n\n".join(parts) + "\n"


def _section(contest: Contest) -> list[str]:
    head = f"| rung | model | {_measure(contest)} | log score | 50 % covers | 90 % covers |\n|---|---|---|---|---|---|"
    rows = [
        f"| {rung_of(contest.name, s.name)} | {s.name} | {s.crps:.3f} | {s.log_score:.3f} | {_percent(s.coverage_50)} |"
        f" {_percent(s.coverage_90)} |"
        for s in contest.standings
    ]
    skills = [f"* against {k.rival}: {k.value:+.2f} ({k.low:+.2f} to {k.high:+.2f}), {k.told}" for k in contest.skills]
    told = "Skill (share of the rival's error saved, 90 % interval over countries):"
    return [f"## {contest.title}", "\n".join([head, *rows]), f"**{verdict(contest)}**", told, "\n".join(skills)]


def _summary(report: Report) -> str:
    """Who won how often, and where a loss is told apart from chance."""
    won = [c for c in report.contests if c.winner == "foederis"]
    winners = {c.winner: sum(o.winner == c.winner for o in report.contests) for c in report.contests}
    tally = words.joined([f"{name} {count}" for name, count in sorted(winners.items(), key=lambda i: (-i[1], i[0]))])
    lines = [f"Of {len(report.contests)} contests foederis wins {len(won)}. Winners: {tally}."]
    for told, text in (
        ("worse", "A rival is better, told apart from chance, in:"),
        ("better", "Foederis is better in:"),
    ):
        found = [(c.title, [k.rival for k in c.skills if k.told == told]) for c in report.contests]
        listed = [f"* {title}: {words.joined(rivals)}" for title, rivals in found if rivals]
        lines += ["", text, "", *listed] if listed else []
    return "\n".join(lines)


def _coverage(report: Report) -> str:
    """How often intervals held, by contest, and what a binomial of the cells would hardly give."""
    rows = []
    for c in report.contests:
        ours = next(s for s in c.standings if s.name == "foederis")
        if math.isnan(ours.coverage_90):
            continue
        below = sum(v < 0.5 for v in c.levels["foederis"]) / ours.cells
        told = (
            words.joined(_odd(ours.coverage_50, ours.coverage_90, below, ours.cells)) or "nothing odd in so few cells"
        )
        figures = " | ".join(_percent(v) for v in (ours.coverage_50, ours.coverage_90, below))
        rows.append(f"| {c.title} | {figures} | {told} |")
    head = "| contest | 50 % covers | 90 % covers | below the median | what is odd |\n|---|---|---|---|---|"
    told = (
        "Odd is what lies outside 90 % of a binomial with as many independent cells. Cells of a country move together,"
        " so it is said too often; where it is not said, little was tested."
    )
    return "\n".join([head, *rows, "", told])


def _odd(half: float, most: float, below: float, cells: int) -> list[str]:
    """What lies outside 90 % of a binomial with that many independent cells."""
    from scipy.stats import binom

    def ends(p: float) -> tuple[float, float]:
        return float(binom.ppf(0.05, cells, p)) / cells, float(binom.ppf(0.95, cells, p)) / cells

    found = []
    if half > ends(0.5)[1] or most > ends(0.9)[1]:
        found.append("intervals too wide")
    if half < ends(0.5)[0] or most < ends(0.9)[0]:
        found.append("intervals too narrow")
    low, high = ends(0.5)
    if not low <= below <= high:
        found.append(f"outcomes {'higher' if below < low else 'lower'} than forecast")
    return found


def _ladder(report: Report) -> str:
    rows = []
    for contest in report.contests:
        by_rung = {rung_of(contest.name, s.name): s.crps for s in contest.standings if rung_of(contest.name, s.name)}
        near = {rung for rung, v in by_rung.items() if v <= min(by_rung.values()) * (1.0 + LEAST_SKILL)}
        bold = near if len(near) < len(by_rung) else set()
        cells = [
            f"**{by_rung[rung]:.3f}**" if rung in bold else f"{by_rung[rung]:.3f}" if rung in by_rung else ""
            for rung in RUNGS
        ]
        best = f"{contest.winner} {contest.standings[0].crps:.3f}"
        rows.append(f"| {contest.title} | {' | '.join(cells)} | {best} |")
    head = "| contest | " + " | ".join(RUNGS) + " | winner of all |\n|" + "---|" * (len(RUNGS) + 2)
    return "\n".join([head, *rows])


def _alike(report: Report) -> str:
    """How far apart the rungs of effort lie, and what the data said of the causes that higher rungs add."""
    from foederis import posterior

    gaps = []
    for c in (c for c in report.contests if "effort" in c.name):
        rungs = [s.crps for s in c.standings if rung_of(c.name, s.name)]
        gaps.append(100.0 * (max(rungs) / min(rungs) - 1.0))
    told = posterior.load().estimates
    shrunk = words.joined(
        [f"{cause} {words.percent(100.0 * told[name].contraction, decimals=0)}" for name, cause in _ADDED.items()]
    )
    return (
        f"In no contest of effort do the rungs differ by more than {words.percent(max(gaps), decimals=1)} of CRPS. What"
        f" data took off the prior's standard deviation of the causes that higher rungs add (rows to 2024): {shrunk}."
        " A cause that stays as wide as its prior adds little else ([what we do not know](not-known.md))."
    )


def _picture(name: str) -> str:
    return f"![{PICTURES[name]}](img/{name}.svg)"


def _measure(contest: Contest) -> str:
    return contest.unit if contest.unit == "Brier score" else f"CRPS, {contest.unit}"


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %" if math.isfinite(value) else ""
