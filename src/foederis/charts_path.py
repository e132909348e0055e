"""The tariff a partner faces, by date and legal authority: a stacked step chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from foederis import words, words_names
from foederis.charts_style import finished, ink_on, source_line, text_width
from foederis.words_palette import AUTHORITY_COLOUR, AUTHORITY_ORDER, LIGHT

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["stacked", "tariff_path"]

_WIDTH, _HEIGHT = 920, 380
_LABEL = 12.5
_TICKS = (  # longest span in days, then pandas' step and the label
    (183.0, ("MS", "utcFormat(datum.value, '%b %Y')")),
    (3 * 366.0, ("QS", "utcyear(datum.value) + ' Q' + utcquarter(datum.value)")),
    (float("inf"), ("YS", "'' + utcyear(datum.value)")),
)
_SHORT = {
    "mfn": "normal duty",
    "s122": "s.122",
    "s201": "s.201",
    "s232": "s.232",
    "s301": "s.301",
    "s338": "s.338",
    "ieepa": "IEEPA",
}


def tariff_path(
    frame: pd.DataFrame,
    *,
    partner: str,
    evaluated: dt.date,
    importer: str = "United States",
    end: dt.date | None = None,
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """Tariff of the importer on one partner's goods, stacked by legal authority, stepping at the dates given.

    `frame` has one row per date and authority in force on and after that date: `date`, `authority` (a code), `rate` in
    percentage points of customs value; an authority without a row on a date is not in force from that date on. The base
    (`mfn`, the duty collected in 2024) is the lowest layer. A grey rule marks `evaluated`, the date whose tariffs the
    run used. The last step is drawn to `end` (default: a tenth of the span further on).
    """
    import altair as alt

    steps = stacked(frame, end=end, evaluated=evaluated)
    totals = _totals(steps)
    x_domain = [_ms(totals["date"].min()), _ms(totals["until"].max())]
    top = max(1.0, 1.15 * float(totals["total"].max()))
    layers = [
        *_areas(steps, totals, x_domain, top),
        *_labels(steps, totals, evaluated, x_domain, top),
        *_rule(totals, evaluated, x_domain),
    ]
    return finished(
        alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT),
        title=f"{importer}: tariff on goods from {partner}, by legal authority",
        subtitle="Average over all goods, weighted with 2024 imports, in per cent of customs value. Line: total.",
        caption=("Duties of different authorities are stacked as the law stacks them.", source_line(source, run_id)),
    )


def stacked(frame: pd.DataFrame, *, end: dt.date | None, evaluated: dt.date) -> pd.DataFrame:
    """The steps of the chart: per date and authority the rate and where its layer begins and ends.

    Columns date, until, order, authority, name, rate, low, high (points). Every authority that ever applies has a row
    for every date; its rate is 0 where it is not in force. ValueError on an empty frame or a negative rate.
    """
    import pandas as pd

    if frame.empty or (frame["rate"] < 0).any():
        raise ValueError("a tariff path needs at least one row, and rates of zero or more")
    known = [code for code in AUTHORITY_ORDER if code in set(frame["authority"])]
    unknown = set(frame["authority"]) - set(known)
    if unknown:
        raise ValueError(f"unknown authorities in a tariff path: {', '.join(sorted(unknown))}")
    day = pd.to_datetime(frame["date"])
    wide = frame.assign(date=day).pivot_table(index="date", columns="authority", values="rate", aggfunc="sum")
    wide = wide.reindex(columns=known).fillna(0.0).sort_index()
    high = wide.cumsum(axis=1)
    until = [*wide.index[1:], _end(wide.index, end, evaluated)]
    rows = [
        (date, stop, order, code, words_names.authority(code), wide.at[date, code], high.at[date, code])
        for date, stop in zip(wide.index, until, strict=True)
        for order, code in enumerate(known)
    ]
    steps: pd.DataFrame = pd.DataFrame(rows, columns=["date", "until", "order", "authority", "name", "rate", "high"])
    return steps.assign(low=steps["high"] - steps["rate"], day=[words.day(d.date()) for d in steps["date"]])


def _end(dates: Any, end: dt.date | None, evaluated: dt.date) -> Any:
    """Where the last step stops: the given end, or far enough past the last date for that step to be seen."""
    import pandas as pd

    last = max(dates[-1], pd.Timestamp(evaluated))
    if end is not None and pd.Timestamp(end) > dates[-1]:
        return pd.Timestamp(end)
    return last + max((last - dates[0]) / 10, pd.Timedelta(days=30))


def _totals(steps: pd.DataFrame) -> pd.DataFrame:
    totals: pd.DataFrame = steps.groupby(["date", "until"], as_index=False).agg(total=("rate", "sum"))
    return totals


def _corners(steps: pd.DataFrame) -> pd.DataFrame:
    """Points for a step-after line: every start, and the end of the last step; `t` in ms since 1970, UTC."""
    import pandas as pd

    last = steps[steps["until"] == steps["until"].max()]
    points: pd.DataFrame = pd.concat([steps.assign(t=steps["date"].map(_ms)), last.assign(t=last["until"].map(_ms))])
    del points["date"], points["until"]
    return points


def _areas(steps: pd.DataFrame, totals: pd.DataFrame, x_domain: list[int], top: float) -> list[alt.Chart]:
    """The layers by authority, oldest law lowest, and the line of the total."""
    import altair as alt

    x = alt.X("t:T", scale=alt.Scale(type="utc", domain=x_domain), axis=_time_axis(x_domain), title=None)
    scale = alt.Scale(domain=[0, top], nice=False)
    y = alt.Y("high:Q", scale=scale, title="per cent of customs value", axis=alt.Axis(tickCount=6))
    present = [code for code in AUTHORITY_ORDER if code in set(steps["authority"])]
    names = [words_names.authority(code) for code in present]
    colour = alt.Color(
        "name:N",
        sort=names,
        scale=alt.Scale(domain=names, range=[LIGHT[AUTHORITY_COLOUR[code]] for code in present]),
        legend=alt.Legend(orient="top", offset=26, columns=3, symbolType="square", symbolSize=160, columnPadding=24),
    )
    tooltip = ["day:N", "name:N", alt.Tooltip("rate:Q", format=".2f", title="points")]
    area = alt.Chart(_corners(steps)).mark_area(interpolate="step-after", opacity=1.0)
    line = alt.Chart(_corners(totals.assign(high=totals["total"]))).mark_line(
        interpolate="step-after", color=LIGHT["ink"], strokeWidth=1.6
    )
    return [area.encode(x=x, y=y, y2="low:Q", color=colour, order="order:Q", tooltip=tooltip), line.encode(x=x, y=y)]


def _labels(
    steps: pd.DataFrame, totals: pd.DataFrame, evaluated: dt.date, x_domain: list[int], top: float
) -> list[alt.Chart]:
    """The total over each step and the authority inside each layer, wherever there is room."""
    import altair as alt
    import pandas as pd

    position = {
        "x": alt.X("t:T", scale=alt.Scale(type="utc", domain=x_domain)),
        "y": alt.Y("y:Q", scale=alt.Scale(domain=[0, top])),
        "text": "text:N",
    }
    rule = _ms(pd.Timestamp(evaluated))
    inside = pd.DataFrame(_roomiest(steps, rule, x_domain, top), columns=["t", "y", "text", "ink"])
    over = pd.DataFrame(_plateaus(totals, evaluated, x_domain, top), columns=["t", "y", "text"])
    return [
        alt.Chart(inside)
        .mark_text(fontSize=_LABEL, fontWeight="bold")
        .encode(**position, color=alt.Color("ink:N", scale=None, legend=None)),
        alt.Chart(over).mark_text(fontSize=_LABEL, baseline="bottom", dy=-4, color=LIGHT["ink"]).encode(**position),
    ]


def _plateaus(
    totals: pd.DataFrame, evaluated: dt.date, x_domain: list[int], top: float
) -> list[tuple[float, float, str]]:
    """Labels of the total (centre, height, text) for the steps wide enough to carry one, and for the peak in any case.

    Equal neighbours are labelled once. A label keeps clear of the rule: it moves to the wider side of it, or is left
    out, since the note on the rule gives that total.
    """
    import pandas as pd

    per_ms, per_point = _WIDTH / (x_domain[1] - x_domain[0]), _HEIGHT / top
    rule = _ms(pd.Timestamp(evaluated))
    peak = _percent(float(totals["total"].max()))
    placed: list[tuple[float, float, str]] = []
    for start, stop, total, text in sorted(_runs(totals), key=lambda run: (run[3] != peak, -run[2])):
        need = (text_width(text, _LABEL) + 6) / per_ms
        sides = [(start, stop)]
        if abs((start + stop) / 2 - rule) < need / 2 and start <= rule <= stop:
            sides = [max((start, rule), (rule, stop), key=lambda side: side[1] - side[0])]
        centre, room = sum(sides[0]) / 2, sides[0][1] - sides[0][0]
        free = all(abs(centre - x) > need or abs(total - y) * per_point > 18 for x, y, _ in placed)
        fits = room > need or (text == peak and not start <= rule <= stop)
        if free and fits:
            placed.append((centre, total, text))
    return placed


def _runs(totals: pd.DataFrame) -> list[tuple[int, int, float, str]]:
    """Start, end (ms), total and its text of each stretch over which the printed total does not change."""
    runs: list[tuple[int, int, float, str]] = []
    for row in totals.to_dict("records"):
        start, stop, total = _ms(row["date"]), _ms(row["until"]), float(row["total"])
        if runs and runs[-1][3] == _percent(total):
            start, _, earlier, _ = runs.pop()
            total = max(earlier, total)
        runs.append((start, stop, total, _percent(total)))
    return runs


def _percent(rate: float) -> str:
    """A tariff is law or collected duty, not an estimate: one decimal."""
    return words.percent(rate, decimals=1)


def _roomiest(steps: pd.DataFrame, rule: int, x_domain: list[int], top: float) -> list[tuple[float, float, str, str]]:
    """Per authority the largest upright rectangle inside its layer, on one side of the rule, if its name fits."""
    per_ms, per_point = _WIDTH / (x_domain[1] - x_domain[0]), _HEIGHT / top
    found = []
    for code, layer in steps.groupby("authority"):
        text = _SHORT.get(str(code), words_names.authority(str(code)))
        need = text_width(text, _LABEL) + 8
        best = (0.0, 0.0, 0.0)
        for start, stop, low, high in _beside(rule, _rectangles(layer), need / per_ms):
            width, height = (stop - start) * per_ms, (high - low) * per_point
            score = min(width / need, 3.0) * min(height / 18, 3.0)
            if width >= need and height >= 18 and score > best[0]:
                best = (score, (start + stop) / 2, (low + high) / 2)
        if best[0] > 0:
            found.append((best[1], best[2], text, ink_on(LIGHT[AUTHORITY_COLOUR[str(code)]])))
    return found


def _beside(
    rule: int, rectangles: Iterator[tuple[int, int, float, float]], need: float
) -> Iterator[tuple[int, int, float, float]]:
    """The rectangles, those whose middle the rule crosses cut in two at it."""
    for start, stop, low, high in rectangles:
        if start < rule < stop and abs((start + stop) / 2 - rule) < need / 2:
            yield start, rule, low, high
            yield rule, stop, low, high
        else:
            yield start, stop, low, high


def _rectangles(layer: pd.DataFrame) -> Iterator[tuple[int, int, float, float]]:
    """Every upright rectangle inside one layer: start, end (ms), low, high (points)."""
    rows = layer.to_dict("records")
    for first in range(len(rows)):
        low, high = 0.0, float("inf")
        for row in rows[first:]:
            low, high = max(low, row["low"]), min(high, row["high"])
            if high <= low:
                break
            yield _ms(rows[first]["date"]), _ms(row["until"]), low, high


def _rule(totals: pd.DataFrame, evaluated: dt.date, x_domain: list[int]) -> list[alt.Chart]:
    """The grey rule at the evaluation date, with the total in force on it written above the plot."""
    import altair as alt
    import pandas as pd

    when = _ms(pd.Timestamp(evaluated))
    if not x_domain[0] <= when <= x_domain[1]:
        return []
    before = totals[totals["date"] <= pd.Timestamp(evaluated)]
    text = f"evaluated on {words.day(evaluated)}: {_percent(float(before['total'].iloc[-1]))}"
    data = pd.DataFrame({"t": [when], "text": [text]})
    x = alt.X("t:T", scale=alt.Scale(type="utc", domain=x_domain))
    align: Any = "right" if when > sum(x_domain) / 2 else "left"
    halo = alt.Chart(data).mark_rule(color=LIGHT["card"], strokeWidth=4, opacity=0.75)
    rule = alt.Chart(data).mark_rule(color=LIGHT["reference"], strokeWidth=2, strokeDash=[5, 3])
    note = alt.Chart(data).mark_text(
        fontSize=_LABEL, fontWeight="bold", color=LIGHT["reference"], align=align, baseline="bottom", dy=-4
    )
    return [halo.encode(x=x), rule.encode(x=x), note.encode(x=x, y=alt.value(0), text="text:N")]


def _time_axis(x_domain: list[int]) -> alt.Axis:
    """Ticks at quarters; at years where the span exceeds three years, at months where it is below half a year."""
    import altair as alt
    import pandas as pd

    span = [pd.Timestamp(ms, unit="ms") for ms in x_domain]
    days = (span[1] - span[0]).days
    step, expression = next(ticking for longest, ticking in _TICKS if days <= longest)
    ticks = pd.date_range(span[0], span[1], freq=step)
    return alt.Axis(values=[_ms(tick) for tick in ticks], labelExpr=expression, grid=False, labelFlush=False)


def _ms(when: Any) -> int:
    """Milliseconds since 1970, UTC: what the chart's time scale counts in, free of the machine's time zone."""
    return int(when.timestamp() * 1000)  # days: exact
