"""Live charts of who is moved: sectors of the target, bystanders as a map of tiles; and what the coercer can have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
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
    cut,
    finished_live,
    named,
    pixel,
    text_pixels,
    titles,
    wide,
)
from foederis.charts_parts import places
from foederis.charts_region import PLACES, step_of
from foederis.charts_style import ink_on
from foederis.words_charts import say
from foederis.words_palette import DIVERGING

__all__ = [
    "bystanders_rows", "bystanders_spec", "frontier_rows", "frontier_spec", "sectors_rows", "sectors_spec",
]  # fmt: skip

Look = Mapping[str, str]
Box = tuple[float, float, float, float]  # left, right, top, foot in pixels
_ROW, _BAR, _SECTORS = 22, 13, 9
_NAMES = (126, 190)  # room for names of sectors, narrow and wide
_LEAST_SECTOR = 5.0  # per cent: the axis never ends nearer to zero
_TILE, _TILE_WIDE, _GAP, _COLUMNS, _TILE_ROWS = 54, 88, 4, 6, 4
_KEY = 30  # height of the key of the tiles
_TEXTS = ("before", "change", "own", "watching", "figure", "range", "own_text", "watching_text")
_ENDS = ("low90", "low50", "median", "high50", "high90")
_FRONTIER_HEIGHT = 250
_NARROW_PLOT, _WIDE_PLOT = 345 - 46 - 14, 770 - 46 - 14
_NEAR = 15.0  # pixels from a point beyond which its name gets a line to it
_FAR = 1.5  # a point this many times further out than the others stand is drawn at the edge, with an arrow


def sectors_spec(look: Look, width: int, lang: str, who: Names, title: bool) -> Any:
    """The target's exports by sector: bars of medians, 50 and 90 % whiskers, an arrowhead where one is cut."""
    import altair as alt

    large = wide(width)
    left, right = (_NAMES[1], 150) if large else (_NAMES[0], 104)
    size, small = (TEXT, AXIS) if large else (AXIS, AXIS - 1)
    room = Room(width, left, right, 6, 24, _ROW * _SECTORS)
    rows, y = alt.Chart(named("sectors")), pixel("y")
    axis = alt.Axis(tickCount=4, title=None, domain=False, ticks=False, labelExpr="datum.label + '\u2009%'")
    spare: Any = {"scale": alt.Scale(nice=False, zero=False), "axis": axis}
    colours = alt.Scale(domain=["loss", "gain"], range=[look["loss"], look["gain"]])
    colour: Any = {"color": alt.Color("kind:N", scale=colours, legend=None)}
    tip = [alt.Tooltip(f"{f}:N", title=say(f"tip.{f}", lang)) for f in ("sector", "change", "interval", "half")]
    ends = alt.Chart(named("sectors_axis"))
    text: Any = {"baseline": "middle"}
    layers = [
        ends.mark_rule(color=look["muted"], strokeWidth=1).encode(x=alt.X("zero:Q", **spare)),
        ends.mark_point(opacity=0, size=0).encode(x=alt.X("end:Q", **spare)),
        rows.mark_rect(opacity=0.4).encode(
            x=alt.X("zero:Q", **spare), x2="median:Q", y=pixel("top"), y2="bottom:Q", **colour, tooltip=tip),
        *(
            rows.mark_rule(strokeWidth=stroke).encode(
                x=alt.X(f"low{share}:Q", **spare), x2=f"high{share}:Q", y=y, **colour, tooltip=tip)
            for share, stroke in ((90, 1.5), (50, 4.5))
        ),
        rows.mark_rule(color=look["ink"], strokeWidth=2.5).encode(
            x=alt.X("median:Q", **spare), y=pixel("top"), y2="bottom:Q", tooltip=tip),
        *(
            rows.mark_point(shape=f"triangle-{way}", filled=True, size=44, opacity=1).encode(
                x=alt.X(f"beyond_{way}:Q", **spare), y=y, **colour)
            for way in ("left", "right")
        ),
        alt.Chart(named("sectors_b")).mark_rule(color=look["reference"], strokeWidth=2, strokeDash=[3, 2]).encode(
            x=alt.X("median:Q", **spare), y=pixel("top"), y2="bottom:Q"),
        rows.mark_text(**text, align="right", dx=-8, fontSize=size, color=look["ink"]).encode(
            x=alt.value(0), y=y, text=f"{'name' if large else 'short'}:N", tooltip=tip),
        rows.mark_text(**text, align="left", dx=8, fontSize=size, fontWeight="bold", color=look["ink"]).encode(
            x=alt.value(room.width), y=y, text="change:N"),
        rows.mark_text(**text, align="right", dx=right - 4, fontSize=small, color=look["muted"]).encode(
            x=alt.value(room.width), y=y, text="interval:N"),
    ]  # fmt: skip
    return finished_live(layers, room, look, titles("sectors", lang, who), title)


def sectors_rows(answer: Answer, lang: str, versus: Answer | None = None) -> dict[str, Rows]:
    """A row for each sector in the answer's order, whiskers inside the axis, figures in words."""
    given = answer.frames["sectors"][:_SECTORS]
    if not given:
        return {"sectors": [], "sectors_b": [], "sectors_axis": []}
    low, high = _limits(given)
    rows: Rows = []
    for k, row in enumerate(given):
        y, name = (k + 0.5) * _ROW, words.sector(row["sector"], lang)
        decimals = 0 if row["high90"] - row["low90"] >= 5 or abs(row["median"]) >= 10 else 1
        rows.append({
            "code": row["sector"], "sector": name, "name": cut(name, _NAMES[1] - 12),
            "short": cut(name, _NAMES[0] - 12, AXIS), "y": y, "top": y - _BAR / 2, "bottom": y + _BAR / 2, "zero": 0.0,
            **{end: min(max(row[end], low), high) for end in _ENDS},
            "beyond_left": low if row["low90"] < low else None, "beyond_right": high if row["high90"] > high else None,
            "kind": "loss" if row["median"] < 0 else "gain",
            "change": words.percent(row["median"], lang, decimals=decimals, signed=True),
            **{
                key: _interval(row[a], row[b], decimals, lang)
                for key, a, b in (("interval", "low90", "high90"), ("half", "low50", "high50"))
            },
        })  # fmt: skip
    there = {} if versus is None else {row["sector"]: row["median"] for row in versus.frames["sectors"]}
    other = [
        {"median": min(max(there[row["code"]], low), high), "top": row["top"] - 2, "bottom": row["bottom"] + 2}
        for row in rows
        if row["code"] in there
    ]
    margin = 0.03 * (high - low)
    axis = [{"end": low - margin, "zero": 0.0}, {"end": high + margin, "zero": 0.0}]
    return {"sectors": rows, "sectors_b": other, "sectors_axis": axis}


def _interval(low: float, high: float, decimals: int, lang: str) -> str:
    """The interval in brackets; nothing where both ends are printed alike."""
    if words.number(low, lang, decimals=decimals) == words.number(high, lang, decimals=decimals):
        return ""
    return bracketed(words.interval(low, high, lang, decimals=decimals, signed=True), lang)


def _limits(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Ends of the axis, zero included: all whiskers, unless a few long ones would squeeze the rest."""
    low = min(0.0, *(row["median"] for row in rows))
    high = max(0.0, *(row["median"] for row in rows))
    reach = max(0.75 * (high - low), 1.5 * median((row["high90"] - row["low90"]) / 2 for row in rows))
    left = max(min(0.0, *(row["low90"] for row in rows)), low - reach)
    right = min(max(0.0, *(row["high90"] for row in rows)), high + reach)
    return min(left, -_LEAST_SECTOR if right <= _LEAST_SECTOR else left), right


def bystanders_spec(look: Look, width: int, lang: str, who: Names, title: bool) -> Any:
    """A tile for each bystander, roughly where it lies: colour and arrow say where it leans, figures how much."""
    import altair as alt

    large = wide(width)
    high = _TILE_WIDE if large else _TILE
    room = Room(width, 6, 6, 6, 8 + _KEY, _TILE_ROWS * high)
    inside: Any = {"axis": None, "scale": alt.Scale(domain=[0, _COLUMNS], range=[0, room.width], nice=False)}
    down: Any = {"axis": None, "scale": alt.Scale(domain=[0, _TILE_ROWS], range=[0, room.height], nice=False)}
    x, y = alt.X("left:Q", **inside), alt.Y("top:Q", **down)
    edges: Any = {"x": x, "x2": "right:Q", "y": y, "y2": "bottom:Q"}
    tiles, key = alt.Chart(named("bystanders")), alt.Chart(named("bystanders_key"))
    steps = alt.Scale(domain=[-1, *range(7)], range=[look["page"], *DIVERGING])
    fill = alt.Color("step:O", scale=steps, legend=None)
    inks = alt.Scale(domain=["muted", *"0123456"], range=[look["muted"], *(ink_on(colour) for colour in DIVERGING)])
    ink: Any = {"color": alt.Color("ink:N", scale=inks, legend=None)}
    stroke = alt.Stroke("ink:N", scale=inks, legend=None)
    names = {"target": words.country(who.target, lang, short=True)}
    tip = [
        alt.Tooltip(f"{f}:N", title=say(f"tip.{f}", lang, **names))
        for f in ("country", "before", "change", "own", "watching")
    ]
    texts: Any = (
        (("name", 14, TEXT, "bold"), ("figure", 33, 15, "bold"), ("range", 49, AXIS, "normal"),
         ("own_text", 61, AXIS - 1, "normal"), ("watching_text", 74, AXIS - 1, "normal"))
        if large
        else (("short", 13, AXIS, "normal"), ("figure", 29, 13, "bold"))
    )  # fmt: skip
    borders: Any = (
        ("sure", {"cornerRadius": 3, "strokeWidth": 0.5}),
        ("unsure", {"cornerRadius": 3, "strokeWidth": 1.4, "strokeDash": [4, 3]}),
    )
    sides: Any = (("rival", "right", -5), ("patron", "left", 5))
    was, arrow = (67, 33) if large else (44, 29)
    layers = [
        tiles.mark_rect(cornerRadius=4).encode(**edges, color=fill),
        *(
            tiles.mark_rect(fillOpacity=0, xOffset=2, x2Offset=-2, yOffset=2, y2Offset=-2, **border).encode(
                **{**edges, "x": alt.X(f"{known}:Q", **inside)}, stroke=stroke, tooltip=tip)
            for known, border in borders
        ),
        *(
            tiles.mark_text(dy=at, fontSize=size, fontWeight=weight, baseline="middle").encode(
                x=alt.X("centre:Q", **inside), y=y, text=f"{field}:N", **ink)
            for field, at, size, weight in texts
        ),
        *(
            tiles.mark_point(shape=f"triangle-{way}", filled=True, size=60 if large else 36, opacity=1, yOffset=arrow)
            .encode(x=alt.X(f"to_{way}:Q", **inside), y=y, **ink)
            for way in ("left", "right")
        ),
        alt.Chart(named("bystanders_b")).mark_text(dy=was, fontSize=AXIS - 1, baseline="middle").encode(
            x=alt.X("centre:Q", **inside), y=y, text=f"{'text' if large else 'short'}:N", **ink),
        key.mark_rect(yOffset=room.height, y2Offset=room.height).encode(
            x=alt.X("left:Q", **inside), x2="right:Q", y=alt.value(6), y2=alt.value(_KEY - 6), color=fill),
        key.mark_text(fontSize=AXIS - 1, baseline="middle").encode(
            x=alt.X("centre:Q", **inside), y=alt.value(room.height + _KEY / 2), text="text:N", **ink),
        *(
            key.mark_text(fontSize=AXIS, align=align, dx=dx, baseline="middle", color=look["muted"]).encode(
                x=alt.X(f"{field}_at:Q", **inside), y=alt.value(room.height + _KEY / 2), text=f"{field}:N")
            for field, align, dx in sides
        ),
    ]  # fmt: skip
    return finished_live(layers, room, look, titles("bystanders", lang, who), title)


def bystanders_rows(answer: Answer, lang: str, versus: Answer | None = None) -> dict[str, Rows]:
    """Tiles with places, steps of colour and figures; ally and rival as empty tiles for orientation; the key."""
    given = answer.frames["bystanders"]
    if not given:
        return {"bystanders": [], "bystanders_b": [], "bystanders_key": []}
    width = median(row["high"] - row["low"] for row in given)
    # Colours and digits follow what the intervals can tell apart, not the noise of medians close to zero.
    step = max(step_of([row["change"] for row in given]), step_of([3.5 * width / 50.0]) if width > 0 else 0.0)
    decimals = min(places([row["change"] for row in given]), places([width]))
    step = max(step, 10.0**-decimals)
    where = _tile_places([row["country"] for row in given])
    rows = [_tile(row, where[row["country"]], step, decimals, lang) for row in given]
    rows += [
        {
            **_place(PLACES[code]), **_tile_name(code, lang), **dict.fromkeys(_TEXTS, ""),
            "country": words.country(code, lang), "step": -1, "ink": "muted", "sure": _place(PLACES[code])["left"],
            "unsure": None,
        }
        for code in (answer.rival, answer.target)
        if code in PLACES and code not in where
    ]  # fmt: skip
    there = [] if versus is None else versus.frames["bystanders"]
    ink = {row["code"]: row["ink"] for row in rows}
    other: Rows = []
    for row in there:
        if row["country"] in where:
            was = words.number(row["change"], lang, decimals=decimals, signed=True)
            texts = {"text": say("tiles.was", lang, value=was), "short": bracketed(was, lang)}
            other.append({**_place(where[row["country"]]), "ink": ink[row["country"]], **texts})
    for row in rows if other else ():  # the other scenario's figure takes the place of the two parts
        row["own_text"] = row["watching_text"] = ""
    return {"bystanders": rows, "bystanders_b": other, "bystanders_key": _steps_key(answer, step, lang)}


def _tile_places(codes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Column and row of each country: on the map, or in a cell that the map leaves free."""
    found = {code: PLACES[code] for code in codes if code in PLACES}
    taken = set(PLACES.values())
    free = [(c, r) for r in reversed(range(_TILE_ROWS)) for c in range(_COLUMNS) if (c, r) not in taken]
    others = [code for code in codes if code not in PLACES]
    if len(others) > len(free):
        raise ValueError(f"the map has {len(free)} free tiles for {len(others)} countries without a place of their own")
    return found | dict(zip(others, free, strict=False))


def _place(cell: tuple[int, int]) -> dict[str, float]:
    column, row = cell
    gap = _GAP / 120
    return {
        "left": column + gap, "right": column + 1 - gap, "centre": column + 0.5,
        "top": row + gap, "bottom": row + 1 - gap,
    }  # fmt: skip


def _tile_name(code: str, lang: str) -> dict[str, str]:
    """The code of a country and its name where it fits into a tile, wide and narrow."""
    name = words.country(code, lang, short=True)
    fits = {place: text_pixels(name, size) <= room for place, size, room in (("name", TEXT, 118), ("short", AXIS, 51))}
    return {"code": code, **{place: name if fit else code for place, fit in fits.items()}}


def _tile(row: Mapping[str, Any], cell: tuple[int, int], step: float, decimals: int, lang: str) -> dict[str, Any]:
    place = _place(cell)
    figures = {
        key: words.number(row[key], lang, decimals=decimals, signed=True) for key in ("change", "own", "watching")
    }
    ends = {
        "change": ("low", "high"), "own": ("own_low", "own_high"), "watching": ("watching_low", "watching_high"),
    }  # fmt: skip
    ranges = {
        key: bracketed(words.interval(row[a], row[b], lang, decimals=decimals, signed=True), lang)
        for key, (a, b) in ends.items()
    }
    leans = -1 if figures["change"].startswith("−") else 1 if figures["change"].startswith("+") else 0
    level, unsure = _step(round(float(row["change"]), decimals), step), row["low"] <= 0 <= row["high"]
    return {
        **place,
        **_tile_name(row["country"], lang),
        "country": words.country(row["country"], lang),
        "before": words.percent(row["start"], lang, decimals=0),
        **{key: f"{figures[key]} {ranges[key]}" for key in figures},
        "figure": figures["change"],
        "range": ranges["change"],
        "own_text": say("tiles.own", lang, value=figures["own"]),
        "watching_text": say("tiles.watching", lang, value=figures["watching"]),
        "step": level,
        "ink": str(level),
        "sure": None if unsure else place["left"],
        "unsure": place["left"] if unsure else None,
        "to_left": place["left"] + 0.1 if leans < 0 else None,
        "to_right": place["right"] - 0.1 if leans > 0 else None,
    }


def _step(change: float, step: float) -> int:
    """Which of the seven colours a change takes: the nearest multiple of the step, a half towards zero."""
    size = min(3, max(0, math.ceil(abs(change) / step - 0.5 - 1e-9)))
    return 3 + (size if change > 0 else -size)


def _steps_key(answer: Answer, step: float, lang: str) -> Rows:
    decimals = max(0, -math.floor(math.log10(step)))
    rows: Rows = []
    for k in range(7):
        left = 1.25 + 0.5 * k
        rows.append({
            "left": left, "right": left + 0.5, "centre": left + 0.25, "step": k, "ink": str(k),
            "text": words.number((k - 3) * step, lang, decimals=decimals, signed=True),
        })  # fmt: skip
    sides = (("rival", answer.rival, 0, "left"), ("patron", answer.coercer, 6, "right"))
    for name, code, k, end in sides:
        rows[k][name] = say("tiles.towards", lang, country=words.country(code, lang, short=True))
        rows[k][f"{name}_at"] = rows[k][end]
    return rows


def frontier_spec(look: Look, width: int, lang: str, who: Names, title: bool) -> Any:
    """Gain against change of trust: the ready-made policies as circles, this one as a triangle, each with its name."""
    import altair as alt

    room = Room(width, 46, 14, 12, 38, _FRONTIER_HEIGHT)
    size = "wide" if wide(width) else "narrow"
    grid: Any = {"domain": False, "ticks": False, "tickCount": 5, "labelPadding": 5}
    in_oku: Any = {"labelExpr": "format(datum.value * 10, ',')"} if lang == "ja" else {}
    axis = alt.Axis(**grid, **in_oku, title=say("frontier.x", lang), titlePadding=4)
    x: Any = {"scale": alt.Scale(nice=False, zero=False), "axis": axis}
    y: Any = {
        "scale": alt.Scale(nice=False, zero=False),
        "axis": alt.Axis(**grid, title=say("frontier.y", lang), titlePadding=6),
    }
    ends, points, labels = (alt.Chart(named(f"frontier{part}")) for part in ("_axis", "", "_labels"))
    kinds = ["preset", "left", "right", "this", "b"]
    shapes = ["circle", "triangle-left", "triangle-right", "triangle-up", "triangle-up"]
    shape = alt.Shape("kind:N", legend=None, scale=alt.Scale(domain=kinds, range=shapes))
    colour = alt.Color(
        "kind:N", legend=None,
        scale=alt.Scale(domain=kinds, range=[*[look["blue"]] * 3, look["amber"], look["reference"]]),
    )  # fmt: skip
    big = alt.Size("kind:O", scale=alt.Scale(domain=kinds, range=[60, 60, 60, 150, 110]), legend=None)
    tip = [alt.Tooltip(f"{field}:N", title=say(f"tip.{field}", lang)) for field in ("policy", "gain", "trust")]
    rule: Any = {"color": look["muted"], "strokeWidth": 1}
    layers = [
        ends.mark_point(opacity=0, size=0).encode(x=alt.X("x:Q", **x), y=alt.Y("y:Q", **y)),
        ends.mark_rule(**rule).encode(x=alt.X("zero:Q", **x)),
        ends.mark_rule(**rule).encode(y=alt.Y("zero:Q", **y)),
        alt.Chart(named("frontier_line")).mark_line(
            color=look["reference"], strokeWidth=1.2, strokeDash=[2, 3]).encode(
            x=alt.X("x:Q", **x), y=alt.Y("y:Q", **y), order="order:Q"),
        labels.mark_rule(color=look["muted"], strokeWidth=0.7).encode(
            x=alt.X("from_x:Q", **x), x2=f"{size}_foot:Q", y=alt.Y("from_y:Q", **y), y2=f"{size}_leader:Q"),
        points.mark_point(filled=True, opacity=1, stroke=look["card"], strokeWidth=1).encode(
            x=alt.X("x:Q", **x), y=alt.Y("y:Q", **y), shape=shape, color=colour, size=big, tooltip=tip),
        labels.mark_text(
            align="left", baseline="middle", fontSize=AXIS, stroke=look["card"], strokeWidth=3, color=look["card"]
        ).encode(x=alt.X(f"{size}_x:Q", **x), y=alt.Y(f"{size}_y:Q", **y), text="text:N"),
        labels.mark_text(align="left", baseline="middle", fontSize=AXIS).encode(
            x=alt.X(f"{size}_x:Q", **x), y=alt.Y(f"{size}_y:Q", **y), text="text:N",
            color=alt.Color("ink:N", scale=alt.Scale(domain=["plain", "this", "b"],
                            range=[look["ink"], look["amber"] if look["page"] != "#FBFAF7" else "#8F5200",
                                   look["reference"]]), legend=None)),
    ]  # fmt: skip
    return finished_live(layers, room, look, titles("frontier", lang, who), title)


def frontier_rows(answer: Answer, lang: str, versus: Answer | None = None) -> dict[str, Rows]:
    """Points inside the axes, the line through those that no other beats, names where there is room for them."""
    given = [dict(row, kind="preset") for row in answer.frames["frontier"] if row["scenario"] != "this"]
    given += [dict(row, kind="this") for row in answer.frames["frontier"] if row["scenario"] == "this"]
    if versus is not None:
        given += [dict(row, kind="b") for row in versus.frames["frontier"] if row["scenario"] == "this"]
    given = [row for row in given if math.isfinite(row["gain"]) and math.isfinite(row["trust_change"])]
    if not given:
        return {"frontier": [], "frontier_axis": [], "frontier_line": [], "frontier_labels": []}
    (left, right), (low, high) = _span([r["gain"] for r in given]), _span([r["trust_change"] for r in given])
    points: Rows = []
    for row in given:
        x, y = min(max(row["gain"], left), right), min(max(row["trust_change"], low), high)
        out = "left" if row["gain"] < left else "right" if row["gain"] > right else ""
        name = _policy(row, lang)
        gain = words.money(row["gain"], lang)
        points.append({
            "scenario": row["scenario"], "x": x, "y": y, "policy": name, "gain": gain,
            "trust": words.points(row["trust_change"], lang, decimals=1, signed=True),
            "kind": out if out and row["kind"] == "preset" else row["kind"],
            "text": bracketed(gain, lang, name) if out else name,
            "ink": {"this": "this", "b": "b"}.get(row["kind"], "plain"),
        })  # fmt: skip
    pad_x, pad_y = 0.06 * (right - left), 0.06 * (high - low)
    box = (left - pad_x, right + pad_x, low - pad_y, high + pad_y)
    line = _best([p for p in points if p["kind"] == "preset"])
    _name_once(points)
    return {
        "frontier": points,
        "frontier_axis": [{"x": box[0], "y": box[2], "zero": 0.0}, {"x": box[1], "y": box[3], "zero": 0.0}],
        "frontier_line": [{"x": p["x"], "y": p["y"], "order": k} for k, p in enumerate(line)],
        "frontier_labels": _names(points, box),
    }


def _name_once(points: Rows) -> None:
    """Where this policy, or the other, is a preset, one name says it, in the ink of this policy."""
    for point in points:
        for twin in points:
            if (
                point["kind"] in ("this", "b")
                and twin["ink"] == "plain"
                and (point["x"], point["y"]) == (twin["x"], twin["y"])
            ):
                point["text"], twin["ink"] = "", point["ink"]


def _policy(row: Mapping[str, Any], lang: str) -> str:
    if row["kind"] != "preset":
        return say("chart.frontier.this" if row["kind"] == "this" else "end.b", lang)
    return words.preset(row["scenario"], row["scenario"], lang)


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Ends that hold zero and the values, but not one that stands much further out than the rest."""
    ordered = sorted({0.0, *(round(value, 3) for value in values)})
    low, high = min(0.0, *values), max(0.0, *values)
    if len(ordered) > 3:
        low, high = (
            max(low, -max(-_FAR * ordered[1], 0.8 * high, 1.0)), min(high, max(_FAR * ordered[-2], -0.8 * low, 1.0))
        )  # fmt: skip
    return (low, high) if high - low > 1.0 else (low - 0.5, high + 0.5)


def _best(points: Rows) -> Rows:
    """Those that no other point beats in both, from the least gain to the largest."""
    kept, best = [], -math.inf
    for point in sorted(points, key=lambda p: (-p["x"], -p["y"])):
        if point["y"] > best:
            kept.append(point)
            best = point["y"]
    return kept[::-1]


_TRIES = tuple(
    (dx, dy) for reach in (0, 14, 26, 38, 52) for dx, dy in (
        (10 + 0.4 * reach, 0), (-10 - 0.4 * reach, 0), (0, -13 - reach), (0, 13 + reach), (9, -11 - reach),
        (9, 11 + reach), (-9, -11 - reach), (-9, 11 + reach),
    )
)  # fmt: skip


def _names(points: Rows, box: tuple[float, float, float, float]) -> Rows:
    """The names beside their points where they cover no other name or point, for a narrow and a wide plot."""
    rows: Rows = [
        {"text": p["text"], "ink": p["ink"], "from_x": p["x"], "from_y": p["y"]} for p in points if p["text"]
    ]  # fmt: skip
    left, right, low, high = box
    down = (high - low) / _FRONTIER_HEIGHT
    for size, width in (("narrow", _NARROW_PLOT), ("wide", _WIDE_PLOT)):
        across = (right - left) / width
        at = [((row["from_x"] - left) / across, (high - row["from_y"]) / down) for row in rows]
        for row, (x, y) in zip(rows, _placed([row["text"] for row in rows], at, width), strict=True):
            need = text_pixels(row["text"], AXIS)
            row[f"{size}_x"], row[f"{size}_y"] = left + x * across, high - y * down
            foot = min(max(row["from_x"], row[f"{size}_x"]), left + (x + need) * across)
            far = math.hypot((foot - row["from_x"]) / across, (row[f"{size}_y"] - row["from_y"]) / down) > _NEAR
            row[f"{size}_foot"] = foot if far else row["from_x"]
            row[f"{size}_leader"] = row[f"{size}_y"] if far else row["from_y"]
    return rows


def _covered(spot: Box, taken: Sequence[Box]) -> float:
    """Square pixels of a box that others cover."""
    left, right, top, foot = spot
    lost = 0.0
    for a, b, c, d in taken:
        if c < foot and d > top and a < right and b > left:
            lost += (min(right, b) - max(left, a)) * (min(foot, d) - max(top, c))
    return lost


def _placed(texts: Sequence[str], at: Sequence[tuple[float, float]], width: float) -> list[tuple[float, float]]:
    """Left ends and middles of texts in pixels, one after the other at the first place tried that is free."""
    taken: list[Box] = [(x - 5, x + 5, y - 5, y + 5) for x, y in at]
    found = []
    for text, (x, y) in zip(texts, at, strict=True):
        need, best = text_pixels(text, AXIS), None
        for dx, dy in _TRIES:
            left = x + dx if dx > 0 else x + dx - need if dx < 0 else x - need / 2
            left = min(max(left, 2.0), width - need)
            spot = (left - 2, left + need + 2, y + dy - 7, y + dy + 7)
            if spot[2] < -6 or spot[3] > _FRONTIER_HEIGHT + 6:
                continue
            lost = _covered(spot, taken)
            if best is None or lost < best[0]:
                best = (lost, left, y + dy, spot)
            if lost == 0:
                break
        assert best is not None  # the first try is within the plot
        taken.append(best[3])
        found.append((best[1], best[2]))
    return found
