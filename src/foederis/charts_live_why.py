"""Live charts that explain: why trust or the balance moves, as waterfalls; whether it is worth it, by price."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from foederis import words_page as words
from foederis.charts_live_parts import (
    AXIS,
    TEXT,
    Answer,
    Names,
    Room,
    Rows,
    bracketed,
    finished_live,
    named,
    pixel,
    titles,
    wide,
)
from foederis.charts_parts import places
from foederis.words_charts import say

__all__ = ["CHANNELS", "TERMS", "waterfall_rows", "waterfall_spec", "worth_rows", "worth_spec"]

Look = Mapping[str, str]
CHANNELS = (
    "tariff", "linkage", "unpredictability", "host_nation_support", "treaty_exit", "reassurance", "restraint", "court",
    "turnover", "others", "structural", "interaction", "total",
)  # fmt: skip
TERMS = ("access", "rearmament", "pooling", "bystanders", "rival", "remainder", "total")
_CODES = {"why": ("channel", CHANNELS), "balance": ("term", TERMS)}
_ROW, _BAR = 19, 12
_LEAST = {"why": 2.0, "balance": 1.0}  # half of the least span of the axis
GOOD, BAD = 0.2, 0.8  # below: very unlikely that it is a bad trade; above: very likely (ICD 203)
_WORTH_HEIGHT, _ROWS = 88, 62  # the plot, and below its axis the two rows of prices
_MOST = 40.0  # bn USD a year for 1 % of the balance: the end of the axis


def waterfall_spec(name: str, look: Look, width: int, lang: str, who: Names, title: bool) -> Any:
    """A waterfall of fixed rows: each part from where the one before ended, the total from zero, figures beside."""
    import altair as alt

    large = wide(width)
    left, right = (150, 150) if large else (118, 110)
    size, small = (TEXT, AXIS) if large else (AXIS, AXIS - 1)
    room = Room(width, left, right, 6, 24, _ROW * len(_CODES[name][1]))
    rows, y, edges = alt.Chart(named(name)), pixel("y"), {"y": pixel("top"), "y2": "bottom:Q"}
    kinds = alt.Scale(
        domain=["loss", "none", "gain", "total"], range=[look[c] for c in ("loss", "muted", "gain", "slate")]
    )
    colour: Any = {"color": alt.Color("kind:N", scale=kinds, legend=None)}
    axis = alt.Axis(tickCount=4, title=None, domain=False, ticks=False)
    spare: Any = {"scale": alt.Scale(nice=False, zero=False), "axis": axis}
    x, x2 = alt.X("start:Q", **spare), "end:Q"
    dotted: Any = {"color": look["muted"], "strokeWidth": 1, "strokeDash": [2, 2]}
    outline: Any = {"fillOpacity": 0, "stroke": look["reference"], "strokeWidth": 1.3, "strokeDash": [3, 2]}
    tip = [alt.Tooltip(f"{field}:N", title=say(f"tip.{field}", lang)) for field in ("channel", "change", "interval")]
    here = alt.value(room.width)
    bold: Any = {"fontSize": size, "fontWeight": "bold"}
    layers = [
        alt.Chart(named(f"{name}_axis")).mark_rule(color=look["muted"], strokeWidth=1).encode(
            x=alt.X("zero:Q", **spare)),
        alt.Chart(named(f"{name}_axis")).mark_point(opacity=0, size=0).encode(x=alt.X("end:Q", **spare)),
        rows.mark_rule(**dotted).encode(x=alt.X("end:Q", **spare), y=pixel("bottom"), y2="next:Q"),
        rows.mark_rect().encode(x=x, x2=x2, **edges, **colour, tooltip=tip),
        # A bar of no width is a line: without this a change of zero would leave its row empty.
        rows.mark_rule(strokeWidth=2).encode(x=alt.X("end:Q", **spare), **edges, **colour),
        alt.Chart(named(f"{name}_b")).mark_rect(**outline).encode(x=x, x2=x2, y=pixel("top"), y2="bottom:Q"),
        rows.mark_text(align="right", dx=-8, baseline="middle", fontSize=size, color=look["ink"]).encode(
            x=alt.value(0), y=y, text="channel:N", tooltip=tip),
        rows.mark_text(**bold, align="left", baseline="middle", dx=8, color=look["ink"]).encode(
            x=here, y=y, text="change:N"),
        rows.mark_text(align="right", baseline="middle", dx=right - 4, fontSize=small, color=look["muted"]).encode(
            x=here, y=y, text="interval:N"),
    ]  # fmt: skip
    return finished_live(layers, room, look, titles(name, lang, who), title)


def waterfall_rows(name: str, answer: Answer, lang: str, versus: Answer | None = None) -> dict[str, Rows]:
    """The bars with their places and figures in words, the other scenario's bars, the ends of the axis."""
    rows = _bars(name, answer, lang)
    other = [] if versus is None else _bars(name, versus, lang)
    ends = [row[end] for row in [*rows, *other] for end in ("start", "end")]
    low, high = (min([-_LEAST[name], *ends]), max([_LEAST[name], *ends]))
    margin = 0.05 * (high - low)
    return {
        name: rows,
        f"{name}_b": [{key: row[key] for key in ("start", "end", "top", "bottom")} for row in other],
        f"{name}_axis": [{"end": low - margin, "zero": 0.0}, {"end": high + margin, "zero": 0.0}],
    }


def _bars(name: str, answer: Answer, lang: str) -> Rows:
    """A row for each code, in the fixed order; one that the answer does not have stands at zero."""
    column, codes = _CODES[name]
    found = {row[column]: row for row in answer.frames[name]}
    if not found:
        return []
    decimals = min(2, places([row["value"] for row in found.values()]))
    word = words.channel if column == "channel" else words.term
    rows, at = [], 0.0
    for k, code in enumerate(codes):
        given = found.get(code, {"value": 0.0, "low": None, "high": None, "start": at, "end": at})
        at, value = float(given["end"]), float(given["value"])
        middle = (k + 0.5) * _ROW
        change, interval = words.number(value, lang, decimals=decimals, signed=True), ""
        if not _nothing(given, decimals):
            interval = _interval(given["low"], given["high"], decimals, lang)
        kind = "total" if code == "total" else "gain" if value > 0 else "loss" if value < 0 else "none"
        rows.append({
            "code": code, "channel": word(code, lang), "start": float(given["start"]), "end": at, "y": middle,
            "top": middle - _BAR / 2, "bottom": middle + _BAR / 2, "kind": kind, "change": change,
            "next": middle + _BAR / 2 + (_ROW - _BAR if k < len(codes) - 2 else 0),
            "interval": interval,
        })  # fmt: skip
    return rows


def _nothing(row: Mapping[str, Any], decimals: int) -> bool:
    """Whether the value and both ends of its interval are printed as zero."""
    return all(abs(row[key] or 0.0) < 0.5 * 10.0**-decimals for key in ("value", "low", "high"))


def _interval(low: float | None, high: float | None, decimals: int, lang: str) -> str:
    if low is None or high is None:
        return ""
    return bracketed(words.interval(low, high, lang, decimals=decimals, signed=True), lang)


def worth_spec(look: Look, width: int, lang: str, who: Names, title: bool) -> Any:
    """At each price of power the share of draws in which it is a bad trade, on a strip: pays, depends, costs more.

    Below it the break-even price and the prior of the price, each with its 90 % interval.
    """
    import altair as alt

    large = wide(width)
    left = 150 if large else 72
    room = Room(width, left, 24, 24, 38, _WORTH_HEIGHT + _ROWS)
    scale = alt.Scale(domain=[0, _MOST], nice=False)
    axis = alt.Axis(
        values=[0, 10, 20, 30, 40], grid=False, title=say("worth.x", lang), titlePadding=4,
        labelExpr="datum.value * 10" if lang == "ja" else "datum.value",
    )  # fmt: skip
    spare: Any = {"scale": scale, "axis": axis}
    strip, zones, prices = (alt.Chart(named(f"worth{part}")) for part in ("", "_zones", "_prices"))
    kinds = alt.Scale(domain=["good", "open", "bad"], range=[look["gain"], look["reference"], look["loss"]])
    zone: Any = {"color": alt.Color("kind:N", scale=kinds, legend=None)}
    y = alt.Y(
        "share:Q", scale=alt.Scale(domain=[0, 100], range=[_WORTH_HEIGHT, 0], nice=False),
        axis=alt.Axis(values=[0, 50, 100], title=None, domain=False, ticks=False, labelPadding=6,
                      labelExpr="datum.value + '\u2009%'"),
    )  # fmt: skip
    tip = [alt.Tooltip(f"{field}:N", title=say(f"tip.{field}", lang)) for field in ("price", "chance")]
    dashed: Any = {"color": look["reference"], "strokeWidth": 1.6, "strokeDash": [4, 3]}
    top: Any = {"y": alt.value(0), "y2": alt.value(_WORTH_HEIGHT)}
    whisker: Any = {"x": alt.X("low:Q", **spare), "x2": "high:Q", "y": pixel("y")}
    ink: Any = {"color": look["ink"]}
    layers = [
        zones.mark_rect(opacity=0.22).encode(x=alt.X("from:Q", **spare), x2="to:Q", **top, **zone),
        zones.mark_rect(opacity=1, height=5).encode(
            x=alt.X("from:Q", **spare), x2="to:Q", y=alt.value(_WORTH_HEIGHT - 2), y2=alt.value(_WORTH_HEIGHT + 4),
            **zone),
        alt.Chart(named("worth_b")).mark_line(**dashed).encode(x=alt.X("at:Q", **spare), y=y),
        strip.mark_line(color=look["ink"], strokeWidth=2).encode(x=alt.X("at:Q", **spare), y=y),
        strip.mark_rule(opacity=0, strokeWidth=room.width / 40).encode(x=alt.X("at:Q", **spare), **top, tooltip=tip),
        zones.mark_text(baseline="bottom", dy=-5, fontSize=TEXT, fontWeight="bold").encode(
            x=alt.X("middle:Q", **spare), y=alt.value(0), text="text:N", **zone),
        alt.Chart(named("worth_line")).mark_text(align="right", fontSize=AXIS, baseline="middle", **ink).encode(
            x=alt.X("at:Q", **spare), y=y, text="text:N"),
        prices.mark_rule(**ink, strokeWidth=1.6).encode(**whisker),
        prices.mark_point(filled=True, size=56, opacity=1, **ink).encode(
            x=alt.X("median:Q", **spare), y=pixel("y"),
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=["even", "prior"], range=["circle", "diamond"]),
                            legend=None)),
        prices.mark_point(shape="triangle-right", filled=True, size=46, opacity=1, **ink).encode(
            x=alt.X("beyond:Q", **spare), y=pixel("y")),
        prices.mark_text(align="right", dx=-8, baseline="middle", fontSize=AXIS, color=look["ink"]).encode(
            x=alt.value(0), y=pixel("y"), text=f"{'name' if large else 'short'}:N"),
        prices.mark_text(align="left", dx=6, dy=-10, baseline="middle", fontSize=AXIS, color=look["muted"]).encode(
            x=alt.value(0), y=pixel("y"), text="text:N"),
    ]  # fmt: skip
    return finished_live(layers, room, look, titles("worth", lang, who), title)


def worth_rows(answer: Answer, lang: str, versus: Answer | None = None) -> dict[str, Rows]:
    """Chances by price in per cent, the zones of the strip, and the two prices with their intervals."""
    rows = [
        {
            "at": row["price"], "share": 100.0 * row["probability"], "price": words.money(row["price"], lang),
            "chance": words.probability(row["probability"], lang),
        }
        for row in answer.frames["worth"]
    ]  # fmt: skip
    other = [] if versus is None else versus.frames["worth"]
    return {
        "worth": rows,
        "worth_b": [{"at": row["price"], "share": 100.0 * row["probability"]} for row in other],
        "worth_zones": _zones(rows, lang),
        "worth_line": _line_label(rows, lang),
        "worth_prices": _prices(answer, lang),
    }


def _zones(rows: Rows, lang: str) -> Rows:
    """Stretches of prices at which it pays, depends, or costs more; each from half a step before to half after."""
    zones: Rows = []
    for row in rows:
        share = row["share"] / 100.0
        kind = "good" if share < GOOD else "bad" if share > BAD else "open"
        if zones and zones[-1]["kind"] == kind:
            zones[-1]["to"] = row["at"] + 0.5
        else:
            zones.append({"kind": kind, "from": row["at"] - 0.5, "to": row["at"] + 0.5})
    for zone in zones:
        zone["from"], zone["to"] = max(0.0, zone["from"]), min(_MOST, zone["to"])
        zone["middle"] = (zone["from"] + zone["to"]) / 2
        zone["text"] = say(f"worth.{zone['kind']}", lang)
    return zones


def _line_label(rows: Rows, lang: str) -> Rows:
    """What the curve is, above or below its right end."""
    if not rows:
        return []
    last = max(row["share"] for row in rows[len(rows) // 2 :])
    least = min(row["share"] for row in rows[len(rows) // 2 :])
    share = last + 11.0 if last < 80 else least - 11.0
    return [{"at": _MOST - 0.5, "share": share, "text": say("worth.line", lang, share=rows[-1]["chance"])}]


def _prices(answer: Answer, lang: str) -> Rows:
    """Break-even price and prior: whiskers inside the axis, an arrow where they go on, the figures in words."""
    rows: Rows = []
    for k, (kind, key) in enumerate((("even", "break_even"), ("prior", "price"))):
        found = answer.numbers.get(key)
        if found is None:
            continue
        median, low, high = found
        y, known = _WORTH_HEIGHT + 27.0 + 26.0 * k, not math.isnan(median)
        text, span = words.figure(median, low, high, "bn USD", "A", lang)
        rows.append({
            "kind": kind, "y": y, "name": say(f"worth.{kind}", lang), "short": say(f"worth.{kind}.short", lang),
            "text": bracketed(span, lang, text),
            "low": _inside(low) if known else None, "high": _inside(high) if known else None,
            "median": median if 0.0 <= median <= _MOST else None, "beyond": _MOST if known and high > _MOST else None,
        })  # fmt: skip
    return rows


def _inside(price: float) -> float:
    return min(max(price, 0.0), _MOST)
