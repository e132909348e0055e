"""Which unknowns an outcome turns on: a tornado of inputs, and choices of the model's form on the same axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from foederis import words
from foederis.charts_parts import LABEL, places, required
from foederis.charts_style import finished, source_line
from foederis.words_palette import LIGHT

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from foederis.sensitivity import Report

__all__ = ["of_report", "tornado"]

_WIDTH, _ROW, _BAR = 470, 26, 0.32
_INPUTS, _CHOICES, _NAME = 10, 8, 52
_LEAST = 0.005  # a share, or a shift in widths of the interval, that would be printed as nothing
_GAP = 1.2  # rows between inputs and choices


def tornado(
    inputs: pd.DataFrame,
    choices: pd.DataFrame,
    *,
    what: str,
    unit: str,
    median: float,
    low90: float,
    high90: float,
    ranked: bool = False,
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """A tornado of the largest inputs by total share, and below it the choices of form that move the median most.

    `inputs` has rows: label, low_mean, high_mean (mean outcome in the lowest and highest tenth of the input), first and
    total (shares of the variance, fractions), prior_driven. `choices`: label, median. `what` stands in the title.
    Raises ValueError on a missing column, no input, or a number that is not finite.
    """
    import altair as alt
    import pandas as pd

    required(inputs, "tornado", ("low_mean", "high_mean", "first", "total"), ("label", "prior_driven"))
    if len(choices):
        required(choices, "choices", ("median",), ("label",))
    if not all(math.isfinite(v) for v in (median, low90, high90)):
        raise ValueError("tornado: median and interval must be finite numbers")
    rows = inputs.sort_values("total", ascending=False, kind="stable").head(_INPUTS).reset_index(drop=True)
    dots = choices
    if len(choices):
        far = (choices["median"] - median).abs().sort_values(ascending=False, kind="stable").index
        dots = choices.loc[far].head(_CHOICES).reset_index(drop=True)
    decimals = places([*rows["low_mean"], *rows["high_mean"], median])
    ends = [*rows["low_mean"], *rows["high_mean"], *(dots["median"] if len(dots) else []), low90, high90]
    domain = _domain(ends)
    bars = _bars(rows)
    shift = len(rows) + _GAP
    names: list[tuple[float, str]] = [(k, _short(str(v))) for k, v in enumerate(rows["label"])]
    height = len(rows) + (_GAP + len(dots) if len(dots) else 0.0)
    span = (-0.9, height - 0.5)
    base = pd.DataFrame({"from": [low90], "to": [high90], "median": [median], "top": [span[0]], "bottom": [span[1]]})
    x = _x(domain, unit)
    zone = alt.Chart(base).mark_rect(color=LIGHT["interval_90"], opacity=0.35)
    rule = alt.Chart(base).mark_rule(color=LIGHT["ink"], strokeWidth=1.4)
    y = _y(span)
    layers = [
        zone.encode(x=x("from"), x2="to:Q", y=y("top"), y2="bottom:Q"),
        rule.encode(x=x("median"), y=y("top"), y2="bottom:Q"),
        *_tornado_marks(bars, x, y),
    ]
    if len(dots):
        placed = dots.assign(row=[shift + k for k in range(len(dots))])
        names += [(shift + k, _short(str(v))) for k, v in enumerate(dots["label"])]
        layers += _choice_marks(placed, x, y, median, decimals)
    layers.append(_names(names, y))
    measure = "ranks of the outcome" if ranked else "outcome"
    key = (
        f"Bars: mean from the lowest (open end) to the highest tenth (dot) of the input, all others anywhere. At the"
        f" right: share of the variance of the {measure} by itself, and with all it does jointly. Grey: taken from its"
        " prior."
    )
    below = "Diamonds: median under another choice of form." if len(dots) else ""
    band = "Pale zone: 90 % of the draws; line: their median."
    return finished(
        alt.layer(*layers).properties(width=_WIDTH, height=_ROW * (height + 0.4)),
        title=f"What it turns on: {what}",
        subtitle=f"{unit}. Median {words.estimate(median, low90, high90)}.",
        caption=(f"{key} {below} {band}", source_line(source, run_id)),
    )


def of_report(report: Report, *, source: str = "", run_id: str = "") -> alt.VConcatChart:
    """The tornado of a sensitivity report; what moves nothing is left out. ValueError where no input moves anything."""
    import pandas as pd

    inputs = pd.DataFrame(
        [
            (i.label, i.low_mean, i.high_mean, i.first, i.total, i.prior_driven)
            for i in report.indices
            if i.low_mean is not None and i.total >= _LEAST
        ],
        columns=["label", "low_mean", "high_mean", "first", "total", "prior_driven"],
    )
    # A choice is drawn at its shift from its own base, so that all start from the one line.
    choices = pd.DataFrame(
        [(f"{s.group}: {s.name}", report.median + s.shift) for s in report.switched if s.ratio >= _LEAST],
        columns=["label", "median"],
    )
    return tornado(
        inputs,
        choices,
        what=f"{report.label}, {report.mark}",
        unit=report.unit,
        median=report.median,
        low90=report.low,
        high90=report.high,
        ranked=report.ranked,
        source=source,
        run_id=run_id,
    )


def _domain(ends: Sequence[float]) -> tuple[float, float]:
    low, high = min(ends), max(ends)
    margin = 0.04 * ((high - low) or 1.0)
    return low - margin, high + margin


def _bars(rows: pd.DataFrame) -> pd.DataFrame:
    """Inputs with their places, colours and figures."""
    shares = [
        f"{words.percent(100 * max(a, 0.0), decimals=0)} · {words.percent(100 * max(b, 0.0), decimals=0)}"
        for a, b in zip(rows["first"], rows["total"], strict=True)
    ]
    return rows.assign(
        row=range(len(rows)),
        top=[k - _BAR for k in range(len(rows))],
        bottom=[k + _BAR for k in range(len(rows))],
        colour=[LIGHT["reference"] if driven else LIGHT["blue"] for driven in rows["prior_driven"]],
        figures=shares,
    )


def _tornado_marks(bars: pd.DataFrame, x: Any, y: Any) -> list[alt.Chart]:
    """Bars from the mean at the lowest tenth to that at the highest, and the shares beside them."""
    import altair as alt
    import pandas as pd

    base = alt.Chart(bars)
    colour = alt.Color("colour:N", scale=None, legend=None)
    head = alt.Chart(pd.DataFrame({"row": [-0.75], "text": ["alone · in all"]}))
    beside: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": LABEL}
    return [
        base.mark_rect(opacity=0.55).encode(x=x("low_mean"), x2="high_mean:Q", y=y("top"), y2="bottom:Q", color=colour),
        base.mark_point(shape="circle", filled=False, size=46, strokeWidth=1.6, opacity=1, fill=LIGHT["card"]).encode(
            x=x("low_mean"), y=y("row"), color=colour
        ),
        base.mark_point(shape="circle", filled=True, size=60, opacity=1).encode(
            x=x("high_mean"), y=y("row"), color=colour
        ),
        base.mark_text(color=LIGHT["ink"], **beside).encode(x=alt.value(_WIDTH + 14), y=y("row"), text="figures:N"),
        head.mark_text(color=LIGHT["muted"], **beside).encode(x=alt.value(_WIDTH + 14), y=y("row"), text="text:N"),
    ]


def _choice_marks(dots: pd.DataFrame, x: Any, y: Any, median: float, decimals: int) -> list[alt.Chart]:
    import altair as alt

    figures = [words.number(v - median, decimals=decimals + 1, signed=True) for v in dots["median"]]
    base = alt.Chart(dots.assign(centre=median, figures=figures))
    beside: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": LABEL, "color": LIGHT["ink"]}
    return [
        base.mark_rule(color=LIGHT["amber"], strokeWidth=2).encode(x=x("centre"), x2="median:Q", y=y("row")),
        base.mark_point(shape="diamond", filled=True, size=90, opacity=1, color=LIGHT["amber"]).encode(
            x=x("median"), y=y("row")
        ),
        base.mark_text(**beside).encode(x=alt.value(_WIDTH + 14), y=y("row"), text="figures:N"),
    ]


def _names(names: Sequence[tuple[float, str]], y: Any) -> alt.Chart:
    import altair as alt
    import pandas as pd

    data = pd.DataFrame(names, columns=["row", "text"])
    mark = alt.Chart(data).mark_text(align="right", baseline="middle", fontSize=LABEL, color=LIGHT["ink"])
    drawn: alt.Chart = mark.encode(x=alt.value(-14), y=y("row"), text="text:N")
    return drawn


def _x(domain: tuple[float, float], unit: str) -> Any:
    import altair as alt

    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    return lambda field: alt.X(f"{field}:Q", scale=scale, title=unit, axis=alt.Axis(tickCount=6))


def _y(span: tuple[float, float]) -> Any:
    import altair as alt

    scale = alt.Scale(domain=list(span), reverse=True, nice=False, zero=False)
    return lambda field: alt.Y(f"{field}:Q", scale=scale, axis=None, title=None)


def _short(label: str) -> str:
    return label if len(label) <= _NAME else f"{label[: _NAME - 1].rstrip()}…"
