"""What the live charts share: their theme, geometry, time scale, named data, and texts kept apart.

A live chart is a specification whose structure does not depend on values: the data are named and come later, again and
again, without a new specification. So the size of the plot and its margins are fixed (`Room`), nothing is laid out by
the renderer, and where a text needs a place it is worked out here, in Python, and travels as a column.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from foederis import words_page
from foederis.charts_parts import apart
from foederis.words_palette import DARK, LIGHT

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "AXIS", "FONTS", "NARROW", "SPAN", "TEXT", "THEMES", "Answer", "Names", "Room", "Rows", "axis_rows", "bracketed",
    "cut", "dodged", "finished_live", "ms", "named", "nice_top", "pixel", "share_y", "text_pixels", "time_x", "titles",
    "wide",
]  # fmt: skip

Rows = list[dict[str, Any]]
FONTS = '"Source Sans 3", "Noto Sans", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic UI", system-ui, sans-serif'
TEXT, AXIS, _TITLE, _LINE = 12, 11, 13, 17  # sizes of text in and around the plot, and of a line of the title
NARROW = 560  # below this width a chart is laid out for a phone
SPAN = ("2017-01-01", "2037-01-01")  # the common time axis of strip, trust and hedging
THEMES: Mapping[str, Mapping[str, str]] = {"light": LIGHT, "dark": DARK}
_EM, _WIDE_EM = 0.53, 1.0  # mean advance of a character, as a share of the size


class Answer(Protocol):
    """What the charts need of an answer (`report_page.PageData`)."""

    @property
    def scenario(self) -> str: ...
    @property
    def date(self) -> str: ...
    @property
    def coercer(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def rival(self) -> str: ...
    @property
    def marks(self) -> tuple[str, ...]: ...
    @property
    def numbers(self) -> Mapping[str, Any]: ...
    @property
    def chances(self) -> Mapping[str, float]: ...
    @property
    def frames(self) -> Mapping[str, list[dict[str, Any]]]: ...


@dataclass(frozen=True)
class Names:
    """Who coerces whom, and the quarters looked at: all that a specification takes of an answer."""

    coercer: str
    target: str
    rival: str
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Room:
    """The geometry of a chart in pixels: `total` width given, margins and height of the plot chosen by the chart."""

    total: int
    left: int
    right: int
    top: int
    bottom: int
    height: int

    @property
    def width(self) -> int:
        """Width of the plot."""
        return self.total - self.left - self.right


def wide(width: int) -> bool:
    """Whether a chart of this width is laid out for a desk rather than a phone."""
    return width >= NARROW


def named(name: str) -> alt.NamedData:
    """Data that come later, taken as they are: nothing is parsed, times are numbers."""
    import altair as alt

    return alt.NamedData(name=name)


def titles(name: str, lang: str, who: Names) -> tuple[str, str]:
    """Title of a chart and its description for those who do not see it."""
    names = {
        "coercer": words_page.country(who.coercer, lang, short=True),
        "target": words_page.country(who.target, lang, short=True),
        "rival": words_page.country(who.rival, lang, short=True),
        "year": words_page.year(who.marks[0], lang),
    }
    return words_page.say(f"chart.{name}.title", lang, **names), words_page.say(f"chart.{name}.alt", lang, **names)


def bracketed(text: str, lang: str, before: str = "") -> str:
    """A text in the brackets of its language, after another text where one is given; nothing for an empty one."""
    if not text:
        return before
    return f"{before}（{text}）" if lang == "ja" else f"{before}{' ' * bool(before)}({text})"


def finished_live(
    layers: Sequence[Any], room: Room, look: Mapping[str, str], texts: tuple[str, str], title: bool
) -> Any:
    """The layers as one chart of fixed geometry with the theme; `texts` are title and description.

    The title is drawn only where nothing around the chart carries it.
    """
    import altair as alt

    lines = _folded(texts[0], room.total - 12) if title else []
    head = _LINE * len(lines) + 6 if lines else 0
    above = [_heading(lines, room, look, head)] if lines else []
    chart = alt.layer(*layers, *above).properties(
        width=room.width,
        height=room.height,
        autosize=alt.AutoSizeParams(type="none"),
        padding={"left": room.left, "right": room.right, "top": room.top + head, "bottom": room.bottom},
        background=look["card"],
        description=texts[1],
    )
    # Colours mean something else in each layer; one scale for all would mix them up.
    return chart.resolve_scale(color="independent", stroke="independent").configure(**_theme(look))


def _heading(lines: list[str], room: Room, look: Mapping[str, str], head: int) -> Any:
    """The title as a mark: titles of the renderer stand where it likes, on the key of a chart for one."""
    import altair as alt

    mark: Any = {"text": lines, "fontSize": _TITLE, "lineHeight": _LINE, "fontWeight": "bold", "color": look["ink"]}
    one = alt.Chart(alt.sequence(0, 1)).mark_text(**mark, align="left", baseline="top")
    return one.encode(x=alt.value(6 - room.left), y=alt.value(4 - room.top - head))


def _folded(text: str, width: float) -> list[str]:
    """Lines of at most this many pixels; Japanese breaks anywhere, other text at spaces."""
    lines, line = [], ""
    for piece in re.findall(r"[\x21-\x7e\u00a0-\u2fff]+ ?|.", text):
        if line and text_pixels(line + piece.rstrip(), _TITLE) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line]


def _theme(look: Mapping[str, str]) -> dict[str, Any]:
    return {
        "font": FONTS,
        "view": {"stroke": None},
        "mark": {"aria": False},  # what a chart says is in its description and its table, not in every mark
        "axis": {
            "labelColor": look["muted"], "titleColor": look["muted"], "labelFontSize": AXIS, "titleFontSize": AXIS,
            "titleFontWeight": "normal", "gridColor": look["grid"], "domainColor": look["muted"],
            "tickColor": look["muted"], "tickSize": 4,
        },
        "text": {"fontSize": TEXT, "color": look["ink"]},
    }  # fmt: skip


@lru_cache(maxsize=4096)
def ms(day: str) -> int:
    """An ISO day as milliseconds since 1970, UTC."""
    return (dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days * 86_400_000


def time_x(field: str, room: Room) -> Any:
    """The common time scale on a field in milliseconds, with a tick for as many years as fit.

    Its ends come from the axis rows, as those of the value axis do, and its ticks from an interval: dates in a
    specification are calls of `datetime`, which the renderer's interpreter gets wrong.
    """
    import altair as alt

    first, last = (int(day[:4]) for day in SPAN)
    step = next(k for k in (1, 2, 5) if (last - first) / k * 34 <= room.width)
    every: Any = {"interval": "year", "step": step}
    ticks: Any = alt.Axis(tickCount=every, format="%Y", grid=False, labelFlush=False, title=None)
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc", nice=False), axis=ticks)


def share_y(field: str) -> Any:
    """A scale of per cent whose ends come from the chart's own axis rows (`axis_rows`), never from the renderer."""
    import altair as alt

    axis = alt.Axis(tickCount=4, title=None, domain=False, ticks=False, labelPadding=6)
    return alt.Y(f"{field}:Q", scale=alt.Scale(nice=False, zero=False), axis=axis, stack=None)


def pixel(field: str, axis: str = "y") -> Any:
    """A column that counts in pixels from the upper left corner of the plot."""
    import altair as alt

    return (alt.Y if axis == "y" else alt.X)(f"{field}:Q", scale=None, axis=None)


def axis_rows(low: float, high: float) -> Rows:
    """Two rows that hold the ends of a value axis and of time; an invisible mark on them makes the scales."""
    return [{"t": ms(day), "end": end} for day, end in zip(SPAN, (low, high), strict=True)]


def nice_top(highest: float, floor: float) -> float:
    """The next round number above: 1, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten, at least `floor`."""
    wanted = max(highest, floor)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(k * power for k in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if k * power >= wanted * (1 - 1e-9))


def text_pixels(text: str, size: float = TEXT) -> float:
    """About how many pixels wide a text is; a Japanese character is as wide as it is high."""
    return size * sum(map(_advance, text))


@cache
def _advance(character: str) -> float:
    return _WIDE_EM if unicodedata.east_asian_width(character) in "WFA" else _EM


def cut(text: str, pixels: float, size: float = TEXT) -> str:
    """The text, shortened with an ellipsis where it is wider than this."""
    if text_pixels(text, size) <= pixels:
        return text
    while text and text_pixels(text + "…", size) > pixels:
        text = text[:-1]
    return text.rstrip() + "…"


def dodged(values: Sequence[float], height: float, low: float, high: float, gap: float) -> list[float]:
    """Values moved so that texts at them stand `gap` pixels apart on an axis of `height` pixels from low to high."""
    scale = height / (high - low)
    placed = apart([(high - value) * scale for value in values], gap, gap / 2, height - gap / 2)
    return [high - y / scale for y in placed]
