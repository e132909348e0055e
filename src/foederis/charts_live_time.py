"""Live charts over time: the tariff by legal authority, trust in the patron, what the ally's security rests on."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from foederis import words_page as words
from foederis.charts_live_parts import (
    AXIS,
    SPAN,
    TEXT,
    Answer,
    Names,
    Room,
    Rows,
    axis_rows,
    bracketed,
    dodged,
    finished_live,
    ms,
    named,
    nice_top,
    pixel,
    share_y,
    text_pixels,
    time_x,
    titles,
    wide,
)
from foederis.charts_parts import apart
from foederis.words_charts import say
from foederis.words_palette import AUTHORITY_COLOUR, AUTHORITY_ORDER

__all__ = [
    "PARTS", "hedging_rows", "hedging_spec", "static_rows", "strip_rows", "strip_spec", "trust_rows", "trust_spec",
]  # fmt: skip

Look = Mapping[str, str]
PARTS = ("patron", "own_forces", "partners")  # from the bottom of the stack to its top
_PART_COLOUR = {"patron": "blue", "own_forces": "amber", "partners": "green"}
_LEFT, _RIGHT, _RIGHT_WIDE = 38, 60, 96  # margins that strip and trust share, so that their years stand in line
_STRIP_HEIGHT, _TRUST_HEIGHT, _HEDGING_HEIGHT = 96, 190, 180
_LEAST_TARIFF, _LEAST_TRUST = 10.0, 40.0  # axes never end lower: they keep still while one drags
_PIN_GAP, _PIN = 15.0, 7.0
_NARROW, _WIDE = 345 - _LEFT - _RIGHT, 770 - _LEFT - _RIGHT_WIDE  # plots on which places are worked out


def _room(width: int, height: int, top: int, bottom: int = 24) -> Room:
    return Room(width, _LEFT, _RIGHT_WIDE if wide(width) else _RIGHT, top, bottom, height)


def _ahead(look: Look, name: str, room: Room) -> Any:
    """A grey ground behind the days after the evaluated one."""
    import altair as alt

    ground = alt.Chart(named(name)).mark_rect(color=look["grid"], opacity=0.55)
    return ground.encode(x=time_x("from", room), x2="to:Q")


def _ends(name: str, room: Room) -> Any:
    """Invisible marks at the ends of both axes."""
    import altair as alt

    return alt.Chart(named(name)).mark_point(opacity=0, size=0).encode(x=time_x("t", room), y=share_y("end"))


def strip_spec(look: Look, width: int, lang: str, who: Names, title: bool) -> Any:
    """The tariff on the target's goods: steps stacked by authority, the other scenario's total dashed."""
    import altair as alt

    room = _room(width, _STRIP_HEIGHT, 46)
    x, height = time_x("x", room), share_y("high")
    colours = alt.Scale(domain=list(AUTHORITY_ORDER), range=[look[AUTHORITY_COLOUR[code]] for code in AUTHORITY_ORDER])
    colour = alt.Color("authority:N", scale=colours, legend=None)
    total = alt.Chart(named("strip_total"))
    step: Any = {"interpolate": "step-after", "clip": True}
    dashed: Any = (
        {"color": look["card"], "strokeWidth": 3.2, "opacity": 0.75},
        {"color": look["reference"], "strokeWidth": 1.6, "strokeDash": [4, 3]},
    )
    place = "wide" if wide(width) else "narrow"
    key = alt.Chart(named("strip_key"))
    tip = [alt.Tooltip(f"{field}:N", title=say(f"tip.{field}", lang)) for field in ("day", "total", "parts")]
    layers = [
        _ends("strip_axis", room),
        _ahead(look, "strip_ahead", room),
        alt.Chart(named("strip"))
        .mark_area(**step)
        .encode(x=time_x("x", room), y=height, y2="low:Q", color=colour, order="order:Q"),
        total.mark_line(**step, color=look["ink"], strokeWidth=1.2).encode(x=x, y=height),
        *(alt.Chart(named("strip_b")).mark_line(**step, **line).encode(x=x, y=height) for line in dashed),
        total.mark_rect(opacity=0, clip=True).encode(x=x, x2="until:Q", tooltip=tip),
        alt.Chart(named("strip_label"))
        .mark_text(align="left", dx=5, fontSize=TEXT, fontWeight="bold", baseline="middle", color=look["ink"])
        .encode(x=alt.value(room.width), y=height, text="text:N"),
        key.mark_point(shape="square", filled=True, size=80, opacity=1).encode(
            x=pixel(f"{place}_x", "x"), y=pixel(f"{place}_y"), color=colour
        ),
        key.mark_text(align="left", baseline="middle", dx=8, fontSize=AXIS, color=look["muted"]).encode(
            x=pixel(f"{place}_x", "x"), y=pixel(f"{place}_y"), text="text:N"
        ),
    ]
    return finished_live(layers, room, look, titles("strip", lang, who), title)


def strip_rows(answer: Answer, lang: str, versus: Answer | None = None) -> dict[str, Rows]:
    """Steps with their ends, the total with its parts in words, a key of the authorities in force, the end's label."""
    steps = _steps(answer)
    order = [code for code in AUTHORITY_ORDER if any(rates.get(code, 0.0) > 0.005 for _, rates in steps)]
    last = ms(SPAN[1])
    ends = [*(ms(day) for day, _ in steps[1:]), last]
    rows, totals = [], []
    for (day, rates), until in zip(steps, ends, strict=True):
        at = 0.0
        for place, code in enumerate(order):
            rate = rates.get(code, 0.0)
            rows.append({"x": ms(day), "authority": code, "order": place, "low": at, "high": at + rate})
            at += rate
        parts = [
            f"{words.authority(code, lang, short=True)} {words.number(rates[code], lang, decimals=1)}"
            for code in order
            if rates.get(code, 0.0) > 0.05
        ]
        totals.append({
            "x": ms(day), "until": until, "high": at, "day": words.day(day, lang), "parts": " · ".join(parts),
            "total": words.percent(at, lang, decimals=1),
        })  # fmt: skip
    closing = [{**row, "x": last} for row in rows[-len(order) :]] if order else []
    other = _totals(versus) if versus is not None else []
    highest = max([row["high"] for row in [*totals, *other]], default=0.0)
    return {
        "strip": rows + closing,
        "strip_total": [*totals, {**totals[-1], "x": last}] if totals else [],
        "strip_b": other,
        "strip_axis": axis_rows(0.0, nice_top(highest, _LEAST_TARIFF)),
        "strip_ahead": [{"from": ms(answer.date), "to": last}],
        "strip_label": [{"high": totals[-1]["high"], "text": totals[-1]["total"]}] if totals else [],
        "strip_key": _key([(code, words.authority(code, lang, short=True)) for code in order]),
    }


def _steps(answer: Answer) -> list[tuple[str, dict[str, float]]]:
    """Rates by authority from each day on; a day on which nothing changes is left out."""
    found: list[tuple[str, dict[str, float]]] = []
    for day, rows in groupby(answer.frames["tariff"], key=itemgetter("t")):
        rates = {row["authority"]: float(row["rate"]) for row in rows}
        if not found or rates != found[-1][1]:
            found.append((day, rates))
    return found


def _totals(answer: Answer) -> Rows:
    rows: Rows = [{"x": ms(day), "high": sum(rates.values())} for day, rates in _steps(answer)]
    return [*rows, {**rows[-1], "x": ms(SPAN[1])}] if rows else []


def _key(names: list[tuple[str, str]]) -> Rows:
    """The key of the strip above its plot: places for a narrow and a wide chart, two lines where one is too short."""
    rows: Rows = [{"authority": code, "text": text} for code, text in names]
    for place, room in (("narrow", _NARROW + _LEFT + _RIGHT - 8), ("wide", _WIDE + _LEFT + _RIGHT_WIDE - 8)):
        x, line, lines = 0.0, 0, []
        for row in rows:
            need = text_pixels(row["text"], AXIS) + 30
            if x + need > room and x > 0:
                x, line = 0.0, line + 1
            lines.append(line)
            row[f"{place}_x"] = x - _LEFT + 12
            x += need
        for row, at in zip(rows, lines, strict=True):
            row[f"{place}_y"] = -17.0 - 15.0 * (line - at)
    return rows


def trust_spec(look: Look, width: int, lang: str, who: Names, title: bool) -> Any:
    """Polls as dots, the fan of the next poll, what it would be without the scenario, acts as numbered pins."""
    import altair as alt

    room = _room(width, _TRUST_HEIGHT, 26)
    x = time_x("x", room)
    fan = alt.Chart(named("trust"))
    tip = [alt.Tooltip(f"{field}:N", title=say(f"tip.{field}", lang)) for field in ("quarter", "expected", "without")]
    layers = [
        _ends("trust_axis", room),
        _ahead(look, "trust_ahead", room),
        *(
            fan.mark_area(color=look[f"interval_{share}"], opacity=1, clip=True).encode(
                x=x, y=share_y(f"low{share}"), y2=f"high{share}:Q"
            )
            for share in (90, 50)
        ),
        *_pins(look, room, lang),
        _line("trust_reference", look["reference"], [2, 3], x),
        _line("trust_b", look["reference"], [6, 3], x),
        _line("trust_known", look["blue"], [1, 0], x),
        _line("trust_next", look["blue"], [6, 3], x),
        fan.mark_rule(opacity=0, strokeWidth=9, clip=True).encode(
            x=x, y=alt.value(0), y2=alt.value(room.height), tooltip=tip
        ),
        *_dots(look, x, lang),
        *_end_labels(look, room),
    ]
    return finished_live(layers, room, look, titles("trust", lang, who), title)


def _line(name: str, colour: str, dash: list[int], x: Any) -> Any:
    import altair as alt

    mark = alt.Chart(named(name)).mark_line(color=colour, strokeWidth=2, strokeDash=dash, clip=True)
    return mark.encode(x=x, y=share_y("median"))


def _dots(look: Look, x: Any, lang: str) -> list[Any]:
    """A dot per poll, hollow where it was kept for testing, shaped by pollster, with a halo of the card."""
    import altair as alt

    base = alt.Chart(named("trust_polls"))
    shape = alt.Shape(
        "kind:N",
        scale=alt.Scale(domain=[0, 1, 2, 3], range=["circle", "square", "diamond", "triangle-up"]),
        legend=None,
    )
    fill = alt.Fill("holdout:N", scale=alt.Scale(domain=[True, False], range=[look["card"], look["ink"]]), legend=None)
    tip = [alt.Tooltip(f"{field}:N", title=say(f"tip.{field}", lang)) for field in ("date", "poll", "share")]
    return [
        base.mark_point(size=46, stroke=colour, strokeWidth=stroke, opacity=1).encode(
            x=x, y=share_y("value"), shape=shape, fill=fill, tooltip=tip
        )
        for colour, stroke in ((look["card"], 4), (look["ink"], 1.5))
    ]


def _pins(look: Look, room: Room, lang: str) -> list[Any]:
    """Numbered circles above the plot, kept apart, each with a line down to its day."""
    import altair as alt

    base = alt.Chart(named("trust_pins"))
    place = time_x("wide" if wide(room.total) else "narrow", room)
    x, ink = time_x("x", room), look["muted"]
    tip = [alt.Tooltip("number:N", title=say("col.number", lang)), alt.Tooltip("event:N", title=say("tip.event", lang))]
    at = alt.value(-13)
    return [
        base.mark_rule(color=ink, strokeWidth=1, strokeDash=[1.5, 3]).encode(
            x=x, y=alt.value(0), y2=alt.value(room.height)
        ),
        base.mark_rule(color=ink, strokeWidth=1).encode(x=place, x2="x:Q", y=alt.value(-6), y2=alt.value(0)),
        base.mark_circle(size=4 * _PIN**2, color=look["card"], stroke=look["ink"], strokeWidth=1, opacity=1).encode(
            x=place, y=at, tooltip=tip
        ),
        base.mark_text(fontSize=AXIS - 1, fontWeight="bold", baseline="middle", color=look["ink"]).encode(
            x=place, y=at, text="number:N", tooltip=tip
        ),
    ]


def _end_labels(look: Look, room: Room) -> list[Any]:
    """Right of the plot: the last median with its interval, and where the path without the scenario ends."""
    import altair as alt

    base = alt.Chart(named("trust_labels"))
    kinds = ["here", "reference", "b"]
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=kinds, range=[look["blue"], look["reference"], look["reference"]]),
        legend=None,
    )
    note = "note" if wide(room.total) else "note_narrow"
    at: Any = {"x": alt.value(room.width), "y": share_y("place"), "color": colour}
    return [
        base.mark_text(align="left", dx=5, dy=-6, baseline="middle", fontSize=TEXT, fontWeight="bold").encode(
            **at, text="figure:N"
        ),
        base.mark_text(align="left", dx=5, dy=7, baseline="middle", fontSize=AXIS - 1).encode(**at, text=f"{note}:N"),
    ]


def trust_rows(answer: Answer, lang: str, versus: Answer | None = None) -> dict[str, Rows]:
    """The fan by quarter, the median before and after the evaluated day, polls, pins, and the labels at the end."""
    rows, today, dash = answer.frames["trust"], answer.date, "〜" if lang == "ja" else "–"
    fan: Rows = [
        {
            "x": ms(row["t"]),
            **{name: row[name] for name in ("low90", "low50", "median", "high50", "high90")},
            "quarter": words.quarter(row["t"], lang),
            "expected": f"{row['median']:.0f} ({row['low90']:.0f}{dash}{row['high90']:.0f})",
            "without": "" if row["reference"] is None else f"{row['reference']:.0f}",
        }
        for row in rows
    ]
    split = sum(row["t"] <= today for row in rows)
    middle = [{"x": row["x"], "median": row["median"]} for row in fan]
    reference = [{"x": ms(row["t"]), "median": row["reference"]} for row in rows if row["reference"] is not None]
    other = [] if versus is None else [{"x": ms(r["t"]), "median": r["median"]} for r in versus.frames["trust"]]
    shares = [row["share"] for row in answer.frames["polls"]]
    highest = max(
        [*(row["high90"] for row in rows), *shares, *(row["median"] for row in [*reference, *other])], default=0
    )
    top = min(100.0, nice_top(highest, _LEAST_TRUST))
    return {
        "trust": fan,
        "trust_known": middle[:split],
        "trust_next": middle[max(0, split - 1) :],
        "trust_reference": reference,
        "trust_b": other,
        "trust_axis": axis_rows(0.0, top),
        "trust_ahead": [{"from": ms(today), "to": ms(SPAN[1])}],
        "trust_labels": _trust_labels(fan, reference, other, top, lang),
        **static_rows(answer, lang),
    }


def _trust_labels(fan: Rows, reference: Rows, other: Rows, top: float, lang: str) -> Rows:
    if not fan:
        return []
    last = fan[-1]
    interval = bracketed(words.interval(last["low90"], last["high90"], lang, decimals=0), lang)
    labels = [("here", last["median"], interval, interval)]
    for kind, line in (("reference", reference), ("b", other)):
        if line:
            labels.append((kind, line[-1]["median"], say(f"end.{kind}", lang), say(f"end.{kind}.short", lang)))
    placed = dodged([value for _, value, *_ in labels], _TRUST_HEIGHT, 0.0, top, 28)
    return [
        {
            "kind": kind,
            "place": place,
            "figure": words.percent(value, lang, decimals=0),
            "note": note,
            "note_narrow": narrow,
        }
        for (kind, value, note, narrow), place in zip(labels, placed, strict=True)
    ]


def static_rows(answer: Answer, lang: str) -> dict[str, Rows]:
    """Polls and pins: they do not change while levers move."""
    return {"trust_polls": _poll_rows(answer, lang), "trust_pins": _pin_rows(answer, lang)}


def _poll_rows(answer: Answer, lang: str) -> Rows:
    rows = answer.frames["polls"]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["pollster"]] = counts.get(row["pollster"], 0) + 1
    shapes = {name: min(k, 3) for k, name in enumerate(sorted(counts, key=lambda name: (-counts[name], name)))}
    return [
        {
            "x": ms(row["t"]), "kind": shapes[row["pollster"]], "holdout": bool(row["holdout"]),
            "date": words.day(row["t"], lang), "poll": row["pollster"], "value": row["share"],
            "share": words.percent(row["share"], lang, decimals=0),
        }
        for row in rows
    ]  # fmt: skip


def _pin_rows(answer: Answer, lang: str) -> Rows:
    rows = sorted(answer.frames["pins"], key=lambda row: (row["t"], row["number"]))
    times = [ms(row["t"]) for row in rows]
    first, last = (ms(day) for day in SPAN)
    places = {}
    for name, width in (("narrow", _NARROW), ("wide", _WIDE)):
        scale = width / (last - first)
        placed = apart([(t - first) * scale for t in times], _PIN_GAP, _PIN - 4, width - _PIN)
        places[name] = [first + x / scale for x in placed]
    return [
        {
            "x": at, "narrow": narrow, "wide": broad, "number": str(row["number"]),
            "event": bracketed(words.day(row["t"], lang), lang, words.pin(row["label"], lang)),
        }
        for row, at, narrow, broad in zip(rows, times, places["narrow"], places["wide"], strict=True)
    ]  # fmt: skip


def hedging_spec(look: Look, width: int, lang: str, who: Names, title: bool) -> Any:
    """What the ally's security rests on, shares stacked by year, with a label for each part at its right end."""
    import altair as alt

    room = Room(width, _LEFT, 170 if wide(width) else 84, 10, 24, _HEDGING_HEIGHT)
    x = time_x("x", room)
    scale = alt.Scale(domain=list(PARTS), range=[look[_PART_COLOUR[part]] for part in PARTS])
    colour = alt.Color("part:N", scale=scale, legend=None)
    figure, name = ("figures", "name") if wide(width) else ("share", "short")
    stack, labels = alt.Chart(named("hedging")), alt.Chart(named("hedging_labels"))
    tip = [alt.Tooltip(f"{field}:N", title=say(f"tip.{field}", lang)) for field in ("year", "part", "share", "amount")]
    layers = [
        _ends("hedging_axis", room),
        stack.mark_area(clip=True, stroke=look["card"], strokeWidth=1).encode(
            x=time_x("x", room), y=share_y("high"), y2="low:Q", order="order:Q",
            color=alt.Color("code:N", scale=scale, legend=None)),
        alt.Chart(named("hedging_b")).mark_line(
            color=look["ink"], strokeWidth=1.4, strokeDash=[4, 3], clip=True).encode(
            x=x, y=share_y("high"), detail="code:N"),
        stack.mark_bar(opacity=0, width=10, clip=True).encode(
            x=x, y=share_y("high"), y2="low:Q", tooltip=tip),
        labels.mark_rule(color=look["muted"], strokeWidth=1).encode(
            x=alt.value(room.width + 1), x2=alt.value(room.width + 9), y=share_y("from"), y2="place:Q"),
        labels.mark_text(align="left", dx=12, dy=-7, baseline="middle", fontSize=TEXT, fontWeight="bold").encode(
            x=alt.value(room.width), y=share_y("place"), text=f"{figure}:N", color=colour),
        labels.mark_text(align="left", dx=12, dy=7, baseline="middle", fontSize=AXIS - 1, color=look["ink"]).encode(
            x=alt.value(room.width), y=share_y("place"), text=f"{name}:N"),
    ]  # fmt: skip
    return finished_live(layers, room, look, titles("hedging", lang, who), title)


def hedging_rows(answer: Answer, lang: str, versus: Answer | None = None) -> dict[str, Rows]:
    """Layers by year with their ends in per cent, the other scenario's upper edges, and a label for each part."""
    rows = _layers(answer, lang)
    other = [] if versus is None else _layers(versus, lang)
    last = rows[-len(PARTS) :]
    middles = [(row["low"] + row["high"]) / 2 for row in last]
    placed = dodged(middles, _HEDGING_HEIGHT, 0.0, 100.0, 30)
    labels = [
        {
            "part": row["code"], "from": at, "place": place, "share": row["share"],
            "figures": f"{row['share']} · {row['amount']}",
            "name": row["part"], "short": say(f"part.{row['code']}.short", lang),
        }
        for row, at, place in zip(last, middles, placed, strict=True)
    ]  # fmt: skip
    return {
        "hedging": rows,
        "hedging_b": [{"x": row["x"], "code": row["code"], "high": row["high"]} for row in other],
        "hedging_axis": axis_rows(0.0, 100.0),
        "hedging_labels": labels,
    }


def _layers(answer: Answer, lang: str) -> Rows:
    names = {part: words.part(part, lang) for part in PARTS}
    rows: Rows = []
    for day, given in groupby(answer.frames["hedging"], key=itemgetter("t")):
        found, at = {row["part"]: row for row in given}, 0.0
        for order, code in enumerate(PARTS):
            share = float(found[code]["share"])
            rows.append({
                "x": ms(day), "code": code, "order": order, "low": at, "high": at + share, "year": day[:4],
                "part": names[code], "share": words.percent(share, lang, decimals=0),
                "amount": words.money(float(found[code]["value"]), lang),
            })  # fmt: skip
            at += share
    return rows
