"""The charts of a score report: reliability of all contests, and fans of what was forecast in three of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from foederis import charts_scores, charts_style, words_names
from foederis.score import OURS, Contest, Report

if TYPE_CHECKING:
    import altair as alt

__all__ = ["FANS", "charts", "save"]

SOURCE = "frozen posteriors and held-out rows, foederis score"
SHORT: Mapping[str, str] = {
    "A-allies": "Polls of three allies 2017-20",
    "A-publics": "Polls of all publics 2017-20",
    "polls-2020": "Polls of all publics 2021-24",
    "B-polls": "Polls of 2025",
    "effort-2013": "Effort of allies in 2016",
    "A-effort": "Effort of allies in 2019",
    "B-effort": "Effort of allies in 2024",
    "C-publics": "Views of an ally left out",
    "C-together": "Views of allies left out together",
    "C-effort": "Effort of an ally left out",
}
FANS: Mapping[str, tuple[str, str, int, str, str]] = {  # file: contest, series, freeze, title, unit
    "score-fan-favourable": (
        "A-publics", "favourable_us", 2016, "Favourable views of the United States, forecast and found", "% of people",
    ),
    "score-fan-confidence": (
        "A-publics", "confidence_us_president", 2016, "Confidence in the president, forecast and found", "% of people",
    ),
    "score-fan-effort": ("B-effort", "effort", 2021, "Defence effort of allies, forecast and found", "% of GDP"),
}  # fmt: skip
RELIABILITY = "score-reliability"
NAMES: Mapping[str, str] = {  # publics that are no region of the world's table
    "GHA": "Ghana", "KEN": "Kenya", "LBN": "Lebanon", "TZA": "Tanzania", "VEN": "Venezuela",
}  # fmt: skip
DIGITS = 4  # of what is drawn: the last bits of a logarithm differ between machines, a picture must not


def charts(report: Report) -> dict[str, alt.VConcatChart]:
    """The charts that the contests of a report allow, by name of file."""
    by_name = {contest.name: contest for contest in report.contests}
    found = {}
    shown = [contest for contest in report.contests if contest.name in SHORT]
    if shown:
        found[RELIABILITY] = _reliability(shown)
    for name, (contest, series, freeze, title, unit) in FANS.items():
        if contest in by_name:
            found[name] = _fan(by_name[contest], series, freeze, title, unit)
    return found


def save(report: Report, folder: str | Path, formats: tuple[str, ...] = ("png", "svg")) -> tuple[Path, ...]:
    """Write the charts into a folder; returns the paths. DataError if a file cannot be written."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = [charts_style.save(chart, Path(folder) / name, formats) for name, chart in charts(report).items()]
    return tuple(path for some in paths for path in some)


def _reliability(contests: list[Contest]) -> alt.VConcatChart:
    import pandas as pd

    rows = [
        (SHORT[contest.name], model, place.country, round(level, DIGITS))
        for contest in contests
        for model in dict.fromkeys((OURS, contest.winner))
        for place, level in zip(contest.places, contest.levels[model], strict=True)
    ]
    return charts_scores.reliability(
        pd.DataFrame(rows, columns=["contest", "model", "country", "level"]), source=SOURCE
    )


def _fan(contest: Contest, series: str, freeze: int, title: str, unit: str) -> alt.VConcatChart:
    import pandas as pd

    of = math.exp if series == "effort" else float
    cells: list[tuple[str | float, ...]] = []
    history: dict[tuple[str, int], float] = {}
    for place, outcome, band in zip(contest.places, contest.outcomes, contest.quantiles[OURS], strict=True):
        if place.series == series:
            name = NAMES.get(place.country) or words_names.country(place.country)
            cells.append((name, place.year, *(round(of(v), DIGITS) for v in (*band, outcome))))
            history |= {(name, year): round(of(value), DIGITS) for year, value in place.before}
    columns = ["country", "year", "low90", "low50", "median", "high50", "high90", "outcome"]
    past = [(name, year, value) for (name, year), value in history.items()]
    return charts_scores.fan(
        pd.DataFrame(cells, columns=columns), pd.DataFrame(past, columns=["country", "year", "value"]),
        freeze=freeze, title=title, unit=unit, source=SOURCE,
    )  # fmt: skip
