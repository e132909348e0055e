"""The numbers of every chart as tables of text, for those who want to read or hear them rather than see them.

Made from the same answer as the charts, written by the same functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from foederis import words_page as words
from foederis.report_page import PageData
from foederis.web.cards import names
from foederis.words_palette import AUTHORITY_ORDER

__all__ = ["CHARTS", "CHART_FRAMES", "Table", "pins", "tables"]

CHARTS = ("strip", "trust", "why", "worth", "sectors", "hedging", "bystanders", "balance", "frontier")
# The data set that a chart's files hold.
CHART_FRAMES: Mapping[str, str] = MappingProxyType(
    {**{name: name for name in CHARTS}, "strip": "tariff", "sectors": "sectors_all"}
)
PARTS = ("own_forces", "partners", "patron")
Rows = list[dict[str, Any]]


class Table(NamedTuple):
    """A table: what it is, its columns, its rows of text (the first cell of a row names it)."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def tables(page: PageData, name: str, lang: str) -> list[Table]:
    """The tables of a chart; none where the answer has no such data."""
    return [table for table in _MAKERS[name](page, lang) if table.rows]


def pins(page: PageData, lang: str) -> list[dict[str, str]]:
    """The numbered events below the chart of trust."""
    return [
        {"t": row["t"], "year": row["t"][:4], "label": words.pin(row["label"], lang)} for row in page.frames["pins"]
    ]


def _col(key: str, lang: str) -> str:
    return words.say(f"col.{key}", lang)


def _title(page: PageData, name: str, lang: str) -> str:
    return words.say(f"chart.{name}.title", lang, **names(page, lang))


def _plain(value: float | None, lang: str, decimals: int, signed: bool = False) -> str:
    return "" if value is None or math.isnan(value) else words.number(value, lang, decimals=decimals, signed=signed)


def _between(low: float | None, high: float | None, lang: str, decimals: int, signed: bool = False) -> str:
    if low is None or high is None:
        return ""
    return words.interval(low, high, lang, decimals=decimals, signed=signed)


def _strip(page: PageData, lang: str) -> list[Table]:
    rows = page.frames["tariff"]
    present = {row["authority"] for row in rows}
    order = [code for code in AUTHORITY_ORDER if code in present]
    body = []
    for day, group in groupby(rows, key=itemgetter("t")):
        rates = {row["authority"]: row["rate"] for row in group}
        cells = [_plain(rates.get(code), lang, 1) for code in order]
        body.append((words.day(day, lang), *cells, _plain(sum(rates.values()), lang, 1)))
    head = (_col("t", lang), *(words.authority(code, lang, short=True) for code in order), words.channel("total", lang))
    return [Table(_title(page, "strip", lang), head, body)]


def _trust(page: PageData, lang: str) -> list[Table]:
    fan = [
        (
            words.quarter(row["t"], lang),
            _plain(row["median"], lang, 0),
            _between(row["low90"], row["high90"], lang, 0),
            _plain(row["reference"], lang, 0),
        )
        for row in page.frames["trust"]
    ]
    polls = [
        (words.day(row["t"], lang), row["pollster"], _plain(row["share"], lang, 0), _yes(row["holdout"], lang))
        for row in page.frames["polls"]
    ]
    return [
        Table(_title(page, "trust", lang), tuple(_col(k, lang) for k in ("t", "median", "interval", "reference")), fan),
        Table(
            words.say("chart.trust.poll", lang),
            tuple(_col(k, lang) for k in ("t", "pollster", "share", "holdout")),
            polls,
        ),
    ]


def _yes(value: bool, lang: str) -> str:
    return words.say("unit.yes" if value else "unit.no", lang)


def _waterfall(name: str, code: str, name_of: Callable[[str, str], str], decimals: int) -> Callable[..., list[Table]]:
    def made(page: PageData, lang: str) -> list[Table]:
        rows = [
            (
                name_of(row[code], lang),
                _plain(row["value"], lang, decimals, signed=True),
                _between(row["low"], row["high"], lang, decimals, signed=True),
            )
            for row in page.frames[name]
        ]
        head = tuple(_col(k, lang) for k in (code, "value", "interval"))
        return [Table(_title(page, name, lang), head, rows)]

    return made


def _worth(page: PageData, lang: str) -> list[Table]:
    factor = 10.0 if lang == "ja" else 1.0
    rows = [
        (words.number(factor * row["price"], lang, decimals=0), words.probability(row["probability"], lang))
        for row in page.frames["worth"]
    ]
    head = (_col("price", lang), _col("probability", lang))
    return [Table(_title(page, "worth", lang), head, rows)]


def _sectors(page: PageData, lang: str) -> list[Table]:
    rows = [
        (
            words.sector(row["sector"], lang),
            _plain(row["median"], lang, 0, signed=True),
            _between(row["low50"], row["high50"], lang, 0, signed=True),
            _between(row["low90"], row["high90"], lang, 0, signed=True),
        )
        for row in sorted(page.frames["sectors_all"], key=itemgetter("median"))
    ]
    half = _col("interval", lang).replace("90", "50")
    return [
        Table(
            _title(page, "sectors", lang),
            (_col("sector", lang), _col("median", lang), half, _col("interval", lang)),
            rows,
        )
    ]


def _hedging(page: PageData, lang: str) -> list[Table]:
    body = []
    for day, group in groupby(page.frames["hedging"], key=itemgetter("t")):
        shares = {row["part"]: row["share"] for row in group}
        body.append((day[:4], *(_plain(shares.get(part), lang, 0) for part in PARTS)))
    head = (_col("t", lang), *(words.part(part, lang) for part in PARTS))
    return [Table(_title(page, "hedging", lang), head, body)]


def _bystanders(page: PageData, lang: str) -> list[Table]:
    def pair(row: Mapping[str, Any], key: str, low: str, high: str) -> str:
        band = _between(row[low], row[high], lang, 1, signed=True)
        around = f"（{band}）" if lang == "ja" else f" ({band})"
        return f"{_plain(row[key], lang, 1, signed=True)}{around}"

    rows = [
        (
            words.country(row["country"], lang),
            _plain(row["start"], lang, 0),
            pair(row, "change", "low", "high"),
            pair(row, "own", "own_low", "own_high"),
            pair(row, "watching", "watching_low", "watching_high"),
        )
        for row in page.frames["bystanders"]
    ]
    head = tuple(_col(k, lang) for k in ("country", "start", "change", "own", "watching"))
    return [Table(_title(page, "bystanders", lang), head, rows)]


def _frontier(page: PageData, lang: str) -> list[Table]:
    factor = 10.0 if lang == "ja" else 1.0
    rows = [
        (
            words.say("chart.frontier.this", lang)
            if row["scenario"] == "this"
            else words.preset(row["scenario"], row["scenario"], lang),
            _plain(factor * row["gain"], lang, 0 if lang == "ja" else 1),
            _plain(row["trust_change"], lang, 1, signed=True),
        )
        for row in page.frames["frontier"]
    ]
    head = tuple(_col(k, lang) for k in ("scenario", "gain", "trust_change"))
    return [Table(words.say("chart.frontier.title", lang), head, rows)]


_MAKERS: Mapping[str, Callable[[PageData, str], list[Table]]] = MappingProxyType(
    {
        "strip": _strip,
        "trust": _trust,
        "why": _waterfall("why", "channel", words.channel, 1),
        "worth": _worth,
        "sectors": _sectors,
        "hedging": _hedging,
        "bystanders": _bystanders,
        "balance": _waterfall("balance", "term", words.term, 2),
        "frontier": _frontier,
    }
)
