"""What moved a result, as a waterfall that adds up; and whether the policy is worth it, as a strip of prices."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foederis import words
from foederis.charts_parts import LABEL, ends_of, places, required
from foederis.charts_style import finished, source_line, text_width
from foederis.words_palette import LIGHT

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["break_even_strip", "waterfall_rows", "why_waterfall"]

_WIDTH, _ROW, _BAR = 520, 34, 0.31  # plot; pixels a row; half a bar in rows
_NAME_CHARACTERS = 40
_STRIP, _STRIP_HEIGHT, _PRICE_AT, _HEIGHT = 720, 34, 98, 124
_REACH, _PAD = 200.0, 1.6  # how far beyond the medians the price axis may go, and its margin, as factors
_ONE_SCALE = 300.0  # prices further apart than this factor are printed each in its own scale
_ROUNDING = 1e-6


def why_waterfall(
    frame: pd.DataFrame,
    *,
    before: float,
    after: float,
    unit: str,
    what: str,
    rest: str = "Interaction",
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """A horizontal waterfall from `before` to `after`: one bar per channel, the rest as a row of its own.

    `frame` has rows in order: channel (its label), value, low90, high90, all in `unit` ("points", "per cent"). If no
    row is named `rest` one is added with what the others leave, without an interval. `before` = 0 means that levels say
    nothing: then there is no first row, and the last is the total. `what` stands in the title: "trust in the United
    States". Values must add up, so take means over draws or one draw, not medians. Raises ValueError when a row named
    `rest` is given and the rows do not sum to after - before, or on a number that is not finite.
    """
    import altair as alt

    before, after = float(before), float(after)
    rows = waterfall_rows(frame, before=before, after=after, rest=rest)
    limits = _waterfall_limits(rows)
    places_ = places([*rows["value"], after - before])
    rows = _waterfall_drawn(rows, limits, places_, before)
    y = _row_axis(rows["label"])
    layers = [
        _rule_at(before, limits, unit),
        *_bars(rows, limits, unit),
        *_interval_marks(rows, limits, unit, y),
        alt.Chart(rows)
        .mark_text(align="left", baseline="middle", fontSize=LABEL, color=LIGHT["ink"])
        .encode(x=alt.value(_WIDTH + 16), y=y, text="figures:N"),
    ]
    level = (
        f"From {words.number(before, decimals=places_)} to {words.number(after, decimals=places_)}. " if before else ""
    )
    cut = bool((rows["cut_low"] | rows["cut_high"]).any())
    note = "Arrowhead: the interval goes on beyond the axis." if cut else ""
    key = f"Bars add up to the change; {rest.lower()}: what the channels do together beyond the sum of what each does."
    return finished(
        alt.layer(*layers).properties(width=_WIDTH, height=_ROW * len(rows)),
        title=f"Why {what} changes, by channel",
        subtitle=f"{level}Change in {unit}.",
        caption=(f"{key} Line: 90 % of the draws. Figures are rounded one by one. {note}", source_line(source, run_id)),
    )


def waterfall_rows(frame: pd.DataFrame, *, before: float, after: float, rest: str = "Interaction") -> pd.DataFrame:
    """The rows of the waterfall: label, value, low90, high90, start, stop, kind (level, part or total), in order.

    start and stop are levels: each part begins where the one before it stops, the last at `after`.
    """
    import pandas as pd

    required(frame, "waterfall", ("value", "low90", "high90"), ("channel",))
    if not (math.isfinite(before) and math.isfinite(after)):
        raise ValueError(f"waterfall: before ({before}) and after ({after}) must be finite numbers")
    if (frame["low90"] > frame["high90"]).any():
        raise ValueError("waterfall: low90 <= high90 does not hold in every row")
    parts = [(str(r["channel"]), r["value"], r["low90"], r["high90"], "part") for r in frame.to_dict("records")]
    gap = after - before - sum(value for _, value, *_ in parts)
    if rest.lower() in (label.lower() for label, *_ in parts):
        size = max(abs(before), abs(after), *(abs(value) for _, value, *_ in parts))
        if abs(gap) > _ROUNDING * size:
            raise ValueError(
                f"waterfall: the rows sum to {after - before - gap:g}, the change is {after - before:g};"
                f" means over draws add up, medians do not; or leave out the row {rest!r} and it is computed"
            )
    else:
        parts.append((rest, gap, math.nan, math.nan, "part"))
    first = [("Before", 0.0, math.nan, math.nan, "level")] if before else []
    last = ("After" if before else "Total", after - before, math.nan, math.nan, "total")
    rows = pd.DataFrame([*first, *parts, last], columns=["label", "value", "low90", "high90", "kind"])
    inside = rows["kind"] == "part"
    stop = before + rows["value"].where(inside, 0.0).cumsum()
    rows = rows.assign(start=stop.shift(fill_value=before), stop=stop)
    rows.loc[rows.index[-1], ["start", "stop"]] = [before, after]
    return rows


def _waterfall_limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Ends of the axis: every bar, and whiskers up to three quarters of their span beyond them."""
    low, high = float(rows[["start", "stop"]].min().min()), float(rows[["start", "stop"]].max().max())
    ends = rows[rows["low90"].notna()]
    whiskers = [*(ends["start"] + ends["low90"]), *(ends["start"] + ends["high90"]), low, high]
    typical = float(((ends["high90"] - ends["low90"]) / 2).median()) if len(ends) else 0.0
    reach = max(0.75 * (high - low), 1.5 * typical)
    left, right = max(min(whiskers), low - reach), min(max(whiskers), high + reach)
    margin = 0.04 * ((right - left) or 1.0)
    return left - margin, right + margin


def _waterfall_drawn(rows: pd.DataFrame, limits: tuple[float, float], decimals: int, before: float) -> pd.DataFrame:
    """The rows with what the marks need: places, colours, whiskers inside the axis, figures in words."""
    low, high = rows["start"] + rows["low90"], rows["start"] + rows["high90"]
    bar = {"level": LIGHT["slate"], "total": LIGHT["slate"]}
    signs = [LIGHT["loss"] if v < 0 else LIGHT["gain"] if v > 0 else LIGHT["muted"] for v in rows["value"]]
    return rows.assign(
        row=range(len(rows)),
        top=[k - _BAR for k in range(len(rows))],
        bottom=[k + _BAR for k in range(len(rows))],
        next=[k + 1 - _BAR for k in range(len(rows))],
        colour=[bar.get(kind, sign) for kind, sign in zip(rows["kind"], signs, strict=True)],
        low_shown=low.clip(*limits),
        high_shown=high.clip(*limits),
        cut_low=low < limits[0],
        cut_high=high > limits[1],
        figures=[_figures(row, decimals, before) for row in rows.to_dict("records")],
    )


def _figures(row: Mapping[Any, Any], decimals: int, before: float) -> str:
    value = words.number(row["value"], decimals=decimals, signed=True)
    if row["kind"] == "level":
        return words.number(row["stop"], decimals=decimals)
    if row["kind"] == "total":
        return f"{words.number(row['stop'], decimals=decimals)} ({value})" if before else value
    if math.isnan(row["low90"]) or row["low90"] == row["high90"]:
        return value
    return f"{value} ({words.interval(row['low90'], row['high90'], decimals=decimals, signed=True)})"


def _bars(rows: pd.DataFrame, limits: tuple[float, float], unit: str) -> list[alt.Chart]:
    """The bars, the dotted lines that hand one on to the next, and a mark where the waterfall starts."""
    import altair as alt

    base = alt.Chart(rows)
    colour = alt.Color("colour:N", scale=None, legend=None)
    stop = _level_axis("stop", limits, unit)
    bars = base.transform_filter("datum.kind != 'level'").mark_rect(opacity=0.9)
    links = alt.Chart(rows.iloc[:-1]).mark_rule(color=LIGHT["muted"], strokeDash=[2, 2], strokeWidth=1)
    # A bar of no width is a line: without this tick a change of zero would leave its row empty.
    ticks = base.mark_rule(strokeWidth=2)
    edges: Any = {"y": _row_axis(rows["label"], "top"), "y2": "bottom:Q"}
    return [
        links.encode(x=stop, y=_row_axis(rows["label"], "bottom"), y2="next:Q"),
        bars.encode(x=_level_axis("start", limits, unit), x2="stop:Q", color=colour, **edges),
        ticks.encode(x=stop, color=colour, **edges),
    ]


def _interval_marks(rows: pd.DataFrame, limits: tuple[float, float], unit: str, y: Any) -> list[alt.Chart]:
    """The 90 % interval of each part across the end of its bar, an arrowhead where it is cut."""
    import altair as alt

    base = alt.Chart(rows[rows["low90"].notna()])
    line: Any = {"y": y, "x": _level_axis("low_shown", limits, unit), "x2": "high_shown:Q"}
    arrows = [
        base.transform_filter(f"datum.{flag}")
        .mark_point(shape=shape, filled=True, size=70, opacity=1, color=LIGHT["ink"])
        .encode(x=alt.datum(end), y=y)
        for flag, shape, end in (("cut_low", "triangle-left", limits[0]), ("cut_high", "triangle-right", limits[1]))
    ]
    return [
        base.mark_rule(color=LIGHT["card"], strokeWidth=4, opacity=0.8).encode(**line),
        base.mark_rule(color=LIGHT["ink"], strokeWidth=1.6).encode(**line),
        *arrows,
    ]


def _rule_at(before: float, limits: tuple[float, float], unit: str) -> alt.Chart:
    import altair as alt
    import pandas as pd

    base = alt.Chart(pd.DataFrame({"before": [before]})).mark_rule(color=LIGHT["muted"], strokeWidth=1.2)
    rule: alt.Chart = base.encode(x=_level_axis("before", limits, unit))
    return rule


def _level_axis(field: str, limits: tuple[float, float], unit: str) -> alt.X:
    import altair as alt

    scale = alt.Scale(domain=list(limits), nice=False, zero=False)
    return alt.X(f"{field}:Q", scale=scale, title=f"running sum, {unit}", axis=alt.Axis(tickCount=6))


def _row_axis(labels: Iterable[str], field: str = "row") -> alt.Y:
    """Rows counted from the top, each with its name, a long one cut."""
    import altair as alt

    names = [_short(label) for label in labels]
    shown = json.dumps(names, ensure_ascii=False)
    axis = alt.Axis(
        values=list(range(len(names))), labelExpr=f"({shown})[datum.value]", ticks=False, domain=False, grid=False,
        labelPadding=12, labelLimit=300,
    )  # fmt: skip
    scale = alt.Scale(domain=[-0.5, len(names) - 0.5], reverse=True, nice=False, zero=False)
    return alt.Y(f"{field}:Q", scale=scale, axis=axis, title=None)


def _short(label: str) -> str:
    return label if len(label) <= _NAME_CHARACTERS else f"{label[: _NAME_CHARACTERS - 1].rstrip()}…"


def break_even_strip(
    *,
    gain: Mapping[str, float],
    change: Mapping[str, float],
    break_even: Mapping[str, float],
    price: Mapping[str, float],
    probability: float,
    coercer: str = "the coercer",
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """Is it worth it: the price of power at which the policy breaks even, against what power may be worth.

    Each argument but the last maps low90, low50, median, high50, high90: `gain` in bn USD a year, `change` of coalition
    power in per cent, `break_even` and `price` (the prior of the price of power) in bn USD a year for 1 % of coalition
    power. `break_even` may be infinite (there is no price at which it loses) or 0 (it loses at any). `probability` that
    the policy costs the coercer more than it earns, a fraction. Where the median gain is negative and power rises, the
    policy buys power: then the ends of the strip change places. Raises ValueError on a negative price or a quantile
    that is missing, out of order or not a number.
    """
    import altair as alt

    gain, change = ends_of(gain, "gain"), ends_of(change, "change of power")
    even, worth = ends_of(break_even, "break-even price", infinite=True), ends_of(price, "price of power")
    if even["low90"] < 0 or worth["low90"] < 0:
        raise ValueError("a price of power is negative; prices are in bn USD a year for 1 % of coalition power")
    domain = _price_domain(even, worth)
    buys = gain["median"] < 0 < change["median"]
    layers = [*_zones(even, domain, buys), *_even_marks(even, domain), *_worth_marks(worth, domain)]
    is_ = "There is" if words.likelihood(probability) == "almost no chance" else "It is"
    verdict = f"{is_} {words.likely(probability)} that this costs {coercer} more than it earns."
    layers.append(_say(verdict, 0, -46, "left", 14))
    facts = [
        f"Gain: {words.money_estimate(gain['median'], gain['low90'], gain['high90'])} a year.",
        "Change of coalition power:"
        f" {words.estimate(change['median'], change['low90'], change['high90'], '%', signed=True)}.",
        _meaning(even, buys),
        "Thick line: half of the draws; thin line and pale zone: 90 % of them.",
        *_beyond(even, worth, domain),
    ]
    return finished(
        alt.layer(*layers).properties(width=_STRIP, height=_HEIGHT),
        title="Is it worth it? Break-even price of power",
        subtitle="Billion dollars a year for 1 % of coalition power, log scale.",
        caption=(" ".join(filter(None, facts)), source_line(source, run_id)),
    )


def _meaning(even: Mapping[str, float], buys: bool) -> str:
    """What the break-even price says; empty where there is none."""
    if even["low90"] == math.inf or even["high90"] == 0:
        return ""
    if buys:
        return "Power is bought at a loss: above the break-even price it is worth what it costs."
    return "Below the break-even price the loss of power is worth less than the gain."


def _price_domain(even: Mapping[str, float], worth: Mapping[str, float]) -> tuple[float, float]:
    """Ends of the log axis: all finite prices, unless they are more than a factor of 200 from every median."""
    usable = [v for v in (*even.values(), *worth.values()) if 0 < v < math.inf] or [1.0]
    medians = [v for v in (even["median"], worth["median"]) if 0 < v < math.inf] or usable
    low, high = max(min(usable), min(medians) / _REACH), min(max(usable), max(medians) * _REACH)
    widen = max(1.0, math.sqrt(10.0 / (high / low)))
    return low / widen / _PAD, high * widen * _PAD


def _zones(even: Mapping[str, float], domain: tuple[float, float], buys: bool) -> list[alt.Chart]:
    """The strip: pays, depends on the draw, self-defeating, with a word under each end that there is."""
    import altair as alt
    import pandas as pd

    edges = [domain[0], *(_inside(even[end], domain) for end in ("low90", "high90")), domain[1]]
    pays, loses = (LIGHT["gain"], "pays"), (LIGHT["loss"], "self-defeating")
    left, right = ((loses[0], "does not pay"), pays) if buys else (pays, loses)
    colours = (left[0], "#F0CDB4", right[0])
    data = pd.DataFrame(
        [(a, b, c) for a, b, c in zip(edges, edges[1:], colours, strict=False) if b > a], columns=["from", "to", "fill"]
    )
    strip = alt.Chart(data).mark_rect().encode(
        x=_price_axis("from", domain), x2="to:Q", y=alt.value(0), y2=alt.value(_STRIP_HEIGHT),
        color=alt.Color("fill:N", scale=None, legend=None),
    )  # fmt: skip
    ends = []
    for start, stop, (ink, word), x, align in (
        (edges[0], edges[1], left, 0, "left"),
        (edges[2], edges[3], right, _STRIP, "right"),
    ):
        if stop > start:
            whole = " at any price shown" if (start, stop) == domain else ""
            ends.append(_say(word + whole, x, 50, align, ink=ink))
    between = (_pixel(edges[1], domain) + _pixel(edges[2], domain)) / 2
    wide = _pixel(edges[2], domain) - _pixel(edges[1], domain)
    note = "depends on the draw"
    clear = min(between, _STRIP - between) > text_width(note, LABEL) / 2 + text_width("self-defeating", LABEL) + 16
    if wide > text_width(note, LABEL) and clear:
        ends.append(_say(note, between, 50, "center", ink=LIGHT["muted"]))
    return [strip, *ends]


def _even_marks(even: Mapping[str, float], domain: tuple[float, float]) -> list[alt.Chart]:
    """On the strip: half of the draws, the median, and the price in words above it."""
    marks = [_span(even["low50"], even["high50"], _STRIP_HEIGHT / 2, domain, 5, LIGHT["ink"])]
    if domain[0] <= even["median"] <= domain[1]:
        marks.append(_tick(even["median"], -5, _STRIP_HEIGHT + 5, domain))
    marks += _arrows(even, _STRIP_HEIGHT / 2, domain, LIGHT["ink"])
    x = _pixel(_inside(even["median"], domain), domain)
    return [*marks, _beside(f"break-even price: {_price_text(even)}", x, -16)]


def _worth_marks(worth: Mapping[str, float], domain: tuple[float, float]) -> list[alt.Chart]:
    """Below the strip: what power may be worth, as an interval with its median, and in words."""
    marks = [
        _span(worth["low90"], worth["high90"], _PRICE_AT, domain, 1.8, LIGHT["slate"]),
        _span(worth["low50"], worth["high50"], _PRICE_AT, domain, 6, LIGHT["slate"]),
        *_arrows(worth, _PRICE_AT, domain, LIGHT["slate"]),
    ]
    if domain[0] <= worth["median"] <= domain[1]:
        marks.append(_tick(worth["median"], _PRICE_AT - 9, _PRICE_AT + 9, domain))
    x = _pixel(_inside(worth["median"], domain), domain)
    return [*marks, _beside(f"what power may be worth (prior): {_price_text(worth)}", x, _PRICE_AT - 20)]


def _price_text(ends: Mapping[str, float]) -> str:
    """A price with its 90 % interval in words, where either may be infinite or zero."""
    low, median, high = ends["low90"], ends["median"], ends["high90"]
    if low == math.inf:
        return "none, no price at which it loses"
    if median == math.inf:
        return f"{words.money(low)} or more, in half of the draws or more none at which it loses"
    if high == math.inf:
        return f"{words.money(median)} ({words.money(low)} or more)" if low else f"{words.money(median)} (0 or more)"
    if high == 0:
        return "none, it loses at any price"
    if high > _ONE_SCALE * low:
        return f"{words.money(median)} ({words.money(low) if low else 0} to {words.money(high)})"
    return words.money_estimate(median, low, high)


def _beyond(even: Mapping[str, float], worth: Mapping[str, float], domain: tuple[float, float]) -> list[str]:
    """What the arrowheads mean, where there are any."""
    notes = []
    if any(not domain[0] <= ends[name] <= domain[1] for ends in (even, worth) for name in ("low90", "high90")):
        notes.append("Arrowhead: goes on beyond the axis.")
    if even["high90"] == math.inf:
        notes.append("In at least 5 % of the draws there is no price at which it loses.")
    if even["low90"] == 0:
        notes.append("In at least 5 % of the draws it loses at any price.")
    return notes


def _inside(value: float, domain: tuple[float, float]) -> float:
    return min(max(value, domain[0]), domain[1])


def _pixel(value: float, domain: tuple[float, float]) -> float:
    return _STRIP * math.log(value / domain[0]) / math.log(domain[1] / domain[0])


def _price_axis(field: str, domain: tuple[float, float]) -> alt.X:
    """The log scale, with ticks at 1, 2 and 5 times powers of ten, or at powers of ten where that is too many."""
    import altair as alt

    steps: Sequence[int] = (1, 2, 5) if domain[1] / domain[0] < 300 else (1,)
    powers = range(math.floor(math.log10(domain[0])), math.ceil(math.log10(domain[1])) + 1)
    ticks = [s * 10.0**p for p in powers for s in steps if domain[0] <= s * 10.0**p <= domain[1]]
    if len(ticks) > 12:
        ticks = ticks[:: math.ceil(len(ticks) / 12)]
    shown = json.dumps([words.money(tick) for tick in ticks], ensure_ascii=False)
    axis = alt.Axis(values=ticks, labelExpr=f"({shown})[round(datum.index * {len(ticks) - 1})]", grid=True)
    scale = alt.Scale(type="log", domain=list(domain), nice=False)
    return alt.X(f"{field}:Q", scale=scale, axis=axis, title="bn USD a year for 1 % of coalition power")


def _span(low: float, high: float, y: float, domain: tuple[float, float], width: float, colour: str) -> alt.Chart:
    import altair as alt
    import pandas as pd

    data = pd.DataFrame({"from": [_inside(low, domain)], "to": [_inside(high, domain)]})
    rule = alt.Chart(data).mark_rule(color=colour, strokeWidth=width, strokeCap="butt")
    drawn: alt.Chart = rule.encode(x=_price_axis("from", domain), x2="to:Q", y=alt.value(y))
    return drawn


def _tick(value: float, top: float, bottom: float, domain: tuple[float, float]) -> alt.Chart:
    import altair as alt
    import pandas as pd

    rule = alt.Chart(pd.DataFrame({"median": [value]})).mark_rule(color=LIGHT["ink"], strokeWidth=3)
    drawn: alt.Chart = rule.encode(x=_price_axis("median", domain), y=alt.value(top), y2=alt.value(bottom))
    return drawn


def _arrows(ends: Mapping[str, float], y: float, domain: tuple[float, float], colour: str) -> list[alt.Chart]:
    """An arrowhead at each end of the axis beyond which the 90 % interval goes."""
    import altair as alt
    import pandas as pd

    beyond = ((ends["low90"] < domain[0], "triangle-left", 0), (ends["high90"] > domain[1], "triangle-right", 1))
    return [
        alt.Chart(pd.DataFrame({"end": [domain[k]]}))
        .mark_point(shape=shape, filled=True, size=130, opacity=1, color=colour)
        .encode(x=_price_axis("end", domain), y=alt.value(y))
        for cut, shape, k in beyond
        if cut
    ]


def _beside(text: str, x: float, y: float) -> alt.Chart:
    """A text centred on a place, moved to the end of the strip where it would stick out."""
    half = text_width(text, LABEL) / 2
    if x < half:
        return _say(text, 0, y, "left")
    return _say(text, _STRIP, y, "right") if x > _STRIP - half else _say(text, x, y, "center")


def _say(text: str, x: float, y: float, align: str, size: float = LABEL, ink: str = LIGHT["ink"]) -> alt.Chart:
    import altair as alt
    import pandas as pd

    mark: Any = {"align": align, "baseline": "middle", "fontSize": size, "fontWeight": "bold", "color": ink}
    base = alt.Chart(pd.DataFrame({"text": [text]})).mark_text(**mark)
    drawn: alt.Chart = base.encode(x=alt.value(x), y=alt.value(y), text="text:N")
    return drawn
