"""Trust over time: polls as dots, what the run expects of the next poll as a fan, acts as numbered pins."""

from __future__ import annotations

import datetime as dt
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis import words
from foederis.charts_parts import (
    LABEL,
    apart,
    is_quarter_start,
    milliseconds,
    ordered,
    quarter_of,
    required,
    years_axis,
)
from foederis.charts_style import finished, source_line, text_width
from foederis.words_palette import LIGHT

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["pin_lines", "pin_places", "trust_fan"]

_WIDTH, _HEIGHT, _MARGIN = 770, 340, 150  # plot; the margin is for labels at the right end
_ENDS = ("low90", "low50", "median", "high50", "high90")
_SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
_OTHERS = "other pollsters"
_PIN, _PIN_GAP, _PIN_HEIGHT, _LEADER = 9.0, 21.0, -30.0, -21.0  # radius, pixels between centres, places above the plot
_LINE, _TWO_COLUMNS_FROM = 18, 5


def trust_fan(
    fan: pd.DataFrame,
    polls: pd.DataFrame,
    pins: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    title_who: str,
    wording: str,
    evaluated: dt.date,
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """Share that trusts: polls, the fan of the next poll, the path without the acts, and the acts as numbered pins.

    `fan` has a row per quarter: date (its first day), median, low50, high50, low90, high90, in per cent of respondents.
    `polls` has date, share (per cent), pollster, holdout (hollow: kept for testing); `pins` number, date, label;
    `reference` date, median: dashed grey. The last three may have no rows. The median is solid up to and including the
    quarter of `evaluated`, dashed afterwards. `title_who` is the title ("Japanese who trust the United States"),
    `wording` the question asked. Raises ValueError on a share outside 0..100 or on a table that cannot be drawn.
    """
    import altair as alt

    _check(fan, polls, pins, reference)
    domain = _domain(fan, polls, pins, reference)
    top = _top(fan, polls, reference)
    layers = [
        *_ahead(evaluated, fan, domain),
        *_bands(fan, domain, top),
        *_pins(pins, domain),
        *_lines(fan, reference, evaluated, domain, top),
        *_dots(polls, domain, top),
        *_end_labels(fan, reference, top),
    ]
    plot = alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT)
    chart: Any = plot if pins.empty else alt.vconcat(plot, _pin_list(pins), spacing=14)
    return finished(
        chart,
        title=title_who,
        subtitle=f"Per cent of respondents. Question: {wording}",
        caption=(_key(polls, reference, evaluated), source_line(source, run_id)),
    )


def pin_places(dates: list[int], domain: list[int]) -> list[float]:
    """Where the pins stand, in milliseconds: at their dates, moved apart as far as their circles need."""
    scale = _WIDTH / (domain[1] - domain[0])
    placed = apart([(date - domain[0]) * scale for date in dates], _PIN_GAP, _PIN, _WIDTH - _PIN)
    return [domain[0] + x / scale for x in placed]


def pin_lines(pins: pd.DataFrame) -> pd.DataFrame:
    """The list under the plot: rows column, line, text, number (on the first line of each pin, else empty).

    One column up to four pins, two beyond; the second starts where half of the lines are used up.
    """
    import pandas as pd

    two = len(pins) >= _TWO_COLUMNS_FROM
    width = (_WIDTH + _MARGIN) / (2 if two else 1) - 44
    texts = []
    for pin in pins.sort_values("number", kind="stable").to_dict("records"):
        day = words.day(pd.Timestamp(pin["date"]).date()).replace(" ", "\u00a0")
        lines = textwrap.wrap(f"{pin['label']} ({day})", int(width / text_width("x", 0.92 * LABEL)))
        texts.append((str(int(pin["number"])), lines))
    half = sum(len(lines) for _, lines in texts) / 2
    used, rows = [0, 0], []
    for number, lines in texts:
        column = int(two and used[0] >= half)
        rows += [(column, used[column] + k, line, number if k == 0 else "") for k, line in enumerate(lines)]
        used[column] += len(lines)
    return pd.DataFrame(rows, columns=["column", "line", "text", "number"])


def _check(fan: pd.DataFrame, polls: pd.DataFrame, pins: pd.DataFrame, reference: pd.DataFrame) -> None:
    required(fan, "fan of trust", _ENDS, ("date",))
    ordered(fan, "fan of trust", _ENDS)
    if len(fan) < 2 or fan["date"].duplicated().any() or not all(is_quarter_start(date) for date in fan["date"]):
        raise ValueError("fan of trust: it takes two quarters or more, each once, dated on its first day")
    for frame, what, numbers, others in (
        (polls, "polls of trust", ("share",), ("date", "pollster", "holdout")),
        (reference, "path without the acts", ("median",), ("date",)),
        (pins, "pins", ("number",), ("date", "label")),
    ):
        if not frame.empty:
            required(frame, what, numbers, others)
    if not pins.empty and pins["number"].duplicated().any():
        raise ValueError("pins: a number is given twice; number them 1, 2, 3 ...")
    shares = [fan["low90"], fan["high90"], *(f[c] for f, c in ((polls, "share"), (reference, "median")) if not f.empty)]
    if any((column < 0).any() or (column > 100).any() for column in shares):
        raise ValueError("trust: a share is outside 0 to 100; it is in per cent of respondents")


def _domain(*frames: pd.DataFrame) -> list[int]:
    dates = [ms for frame in frames if not frame.empty for ms in milliseconds(frame["date"])]
    return [min(dates), max(dates)]


def _top(fan: pd.DataFrame, polls: pd.DataFrame, reference: pd.DataFrame) -> float:
    """Upper end of the axis: the next ten above everything drawn."""
    highest = max(float(f[c].max()) for f, c in ((fan, "high90"), (polls, "share"), (reference, "median")) if len(f))
    return min(100.0, 10.0 * np.ceil((highest + 1.0) / 10.0))


def _y(field: str, top: float) -> alt.Y:
    import altair as alt

    axis = alt.Axis(tickCount=6, tickMinStep=1)
    return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[0, top], nice=False), title="per cent of respondents", axis=axis)


def _timed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame in order of time with `t` in milliseconds and the day in words, without the date itself."""
    import pandas as pd

    rows = frame.assign(t=milliseconds(frame["date"])).sort_values("t", kind="stable")
    rows["day"] = [words.day(pd.Timestamp(date).date()) for date in rows["date"]]
    return rows.drop(columns="date")


def _ahead(evaluated: dt.date, fan: pd.DataFrame, domain: list[int]) -> list[alt.Chart]:
    """A grey ground behind the quarters after the evaluated one."""
    import altair as alt
    import pandas as pd

    start, end = milliseconds([evaluated])[0], max(milliseconds(fan["date"]))
    if start >= end:
        return []
    data = pd.DataFrame({"from": [max(start, domain[0])], "to": [end]})
    ground = alt.Chart(data).mark_rect(color=LIGHT["grid"], opacity=0.35)
    return [ground.encode(x=years_axis(domain, _WIDTH, "from"), x2="to:T")]


def _bands(fan: pd.DataFrame, domain: list[int], top: float) -> list[alt.Chart]:
    import altair as alt

    base = alt.Chart(_timed(fan).assign(quarter=[quarter_of(d) for d in fan.sort_values("date")["date"]]))
    x = years_axis(domain, _WIDTH, "t")
    return [
        base.mark_area(color=LIGHT[f"interval_{share}"], opacity=1).encode(
            x=x, y=_y(f"low{share}", top), y2=f"high{share}"
        )
        for share in (90, 50)
    ]


def _lines(
    fan: pd.DataFrame, reference: pd.DataFrame, evaluated: dt.date, domain: list[int], top: float
) -> list[alt.Chart]:
    """The path without the acts, and the median: solid up to the evaluated quarter, dashed from there."""
    import altair as alt

    x, y = years_axis(domain, _WIDTH, "t"), _y("median", top)
    rows = _timed(fan)[["t", "day", "median"]]
    known = rows["t"] <= milliseconds([evaluated])[0]
    last = rows.loc[known, "t"].max()
    layers = []
    if not reference.empty:
        grey = alt.Chart(_timed(reference)).mark_line(color=LIGHT["reference"], strokeWidth=2, strokeDash=[2, 3])
        layers.append(grey.encode(x=x, y=y))
    for part, dash in ((rows[known], [1, 0]), (rows[~known | (rows["t"] == last)], [7, 4])):
        if len(part) > 1:
            line = alt.Chart(part).mark_line(color=LIGHT["blue"], strokeWidth=2.4, strokeDash=dash)
            layers.append(line.encode(x=x, y=y))
    return layers


def _dots(polls: pd.DataFrame, domain: list[int], top: float) -> list[alt.Chart]:
    """A dot per poll, shaped by pollster, hollow where it was kept for testing."""
    import altair as alt

    if polls.empty:
        return []
    names = _pollsters(polls)
    rows = _timed(polls)
    rows["mark"] = [name if name in names else _OTHERS for name in rows["pollster"]]
    rows["fill"] = [LIGHT["card"] if held else LIGHT["ink"] for held in rows["holdout"].astype(bool)]
    legend = alt.Legend(
        orient="bottom", symbolFillColor=LIGHT["ink"], symbolStrokeColor=LIGHT["ink"], columns=3, offset=12,
        symbolSize=80, columnPadding=24,
    )  # fmt: skip
    shape = alt.Shape(
        "mark:N", sort=names, scale=alt.Scale(domain=names, range=list(_SHAPES[: len(names)])),
        legend=legend if len(names) > 1 else None,
    )  # fmt: skip
    return [
        alt.Chart(rows)
        .mark_point(size=62, stroke=colour, strokeWidth=width, opacity=1)
        .encode(
            x=years_axis(domain, _WIDTH, "t"),
            y=_y("share", top),
            shape=shape,
            fill=alt.Fill("fill:N", scale=None, legend=None),
            tooltip=["day:N", "pollster:N", "share:Q"],
        )
        for colour, width in ((LIGHT["card"], 4.5), (LIGHT["ink"], 1.7))
    ]


def _pollsters(polls: pd.DataFrame) -> list[str]:
    """Pollsters with a shape of their own, those with most polls first; the rest are one group."""
    counted = polls["pollster"].value_counts(sort=True)
    names = [str(name) for name in counted.sort_values(ascending=False, kind="stable").index]
    return names if len(names) <= len(_SHAPES) else [*names[: len(_SHAPES) - 1], _OTHERS]


def _pins(pins: pd.DataFrame, domain: list[int]) -> list[alt.Chart]:
    """Numbered circles above the plot, kept apart, each with a line down to its date."""
    import altair as alt

    if pins.empty:
        return []
    rows = _timed(pins).sort_values(["t", "number"], kind="stable")
    rows["place"] = pin_places(list(rows["t"]), domain)
    rows["figure"] = rows["number"].astype(int).astype(str)
    base = alt.Chart(rows)
    x, place = years_axis(domain, _WIDTH, "t"), years_axis(domain, _WIDTH, "place")
    line: Any = {"color": LIGHT["muted"], "strokeWidth": 1}
    return [
        base.mark_rule(**line, strokeDash=[1.5, 3], opacity=0.8).encode(x=x, y=alt.value(0), y2=alt.value(_HEIGHT)),
        base.mark_rule(**line).encode(x=place, x2="t:T", y=alt.value(_LEADER), y2=alt.value(0)),
        base.mark_circle(size=4 * _PIN**2, color=LIGHT["card"], stroke=LIGHT["ink"], strokeWidth=1.1, opacity=1).encode(
            x=place, y=alt.value(_PIN_HEIGHT)
        ),
        base.mark_text(fontSize=10.5, fontWeight="bold", baseline="middle", color=LIGHT["ink"]).encode(
            x=place, y=alt.value(_PIN_HEIGHT), text="figure:N"
        ),
    ]


def _end_labels(fan: pd.DataFrame, reference: pd.DataFrame, top: float) -> list[alt.Chart]:
    """Right of the plot: the median and interval of the last quarter, and where the path without the acts ends."""
    import altair as alt
    import pandas as pd

    last = fan.sort_values("date").iloc[-1]
    median, low, high = (float(last[name]) for name in ("median", "low90", "high90"))
    figure, _, interval = words.estimate(median, low, high, "%").partition(" (")
    labels = [(median, figure, f"{interval.rstrip(')')} in {quarter_of(last['date'])}", LIGHT["blue"])]
    if not reference.empty:
        end = float(reference.sort_values("date")["median"].iloc[-1])
        labels.append((end, words.percent(end), "without the acts", LIGHT["reference"]))
    wanted = [_HEIGHT * (1 - value / top) for value, *_ in labels]
    rows = pd.DataFrame(labels, columns=["value", "figure", "note", "ink"])
    placed = np.array(apart(wanted, 36, 6, _HEIGHT - 20))
    rows["place"], rows["below"] = top * (1 - placed / _HEIGHT), top * (1 - (placed + 16) / _HEIGHT)
    base = alt.Chart(rows)
    colour = alt.Color("ink:N", scale=None, legend=None)
    texts: Any = (("place", "figure", LABEL + 1.5, "bold"), ("below", "note", LABEL - 1, "normal"))
    return [
        base.mark_text(align="left", baseline="middle", fontSize=size, fontWeight=weight).encode(
            x=alt.value(_WIDTH + 10), y=_y(y, top), text=f"{text}:N", color=colour
        )
        for y, text, size, weight in texts
    ]


def _pin_list(pins: pd.DataFrame) -> Any:
    """The labels of the pins in order, in one or two columns of text."""
    import altair as alt

    rows = pin_lines(pins)
    column = (_WIDTH + _MARGIN) / 2
    rows = rows.assign(x=rows["column"] * column + 26, dot=rows["column"] * column + 10, y=(rows["line"] + 0.5) * _LINE)
    height = int(rows["y"].max() + _LINE / 2)
    text = alt.Chart(rows).mark_text(align="left", baseline="middle", fontSize=LABEL, color=LIGHT["ink"])
    numbered = alt.Chart(rows[rows["number"] != ""])
    figure = numbered.mark_text(baseline="middle", fontSize=10, fontWeight="bold", color=LIGHT["ink"])
    circle = numbered.mark_circle(size=210, color=LIGHT["card"], stroke=LIGHT["ink"], strokeWidth=1, opacity=1)
    y = alt.Y("y:Q", scale=None, axis=None)
    x, dot = alt.X("x:Q", scale=None, axis=None), alt.X("dot:Q", scale=None, axis=None)
    layers = [
        circle.encode(x=dot, y=y),
        figure.encode(x=dot, y=y, text="number:N"),
        text.encode(x=x, y=y, text="text:N"),
    ]
    return alt.layer(*layers).properties(width=_WIDTH, height=height)


def _key(polls: pd.DataFrame, reference: pd.DataFrame, evaluated: dt.date) -> str:
    parts = [
        f"Blue line: median of what the run expects of a poll, solid to {quarter_of(evaluated)}, dashed after it;"
        " dark band: half of the draws; light band: 90 % of them."
    ]
    if not reference.empty:
        parts.append("Grey dashes: the median without the acts.")
    if not polls.empty:
        names = _pollsters(polls)
        parts.append(f"Dots: polls{f' of {names[0]}' if len(names) == 1 else ''}.")
        if polls["holdout"].astype(bool).any():
            parts.append("Hollow: kept for testing, not used to set the model.")
    return " ".join(parts)
