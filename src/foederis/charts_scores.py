"""How forecasts did: reliability (predictive level against how often outcomes lay below it), and fans with outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis import words
from foederis.charts_parts import LABEL, ordered, required
from foederis.charts_style import finished
from foederis.words_palette import LIGHT

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["fan", "reliability"]

GRID = tuple(np.round(np.arange(0.0, 1.0001, 0.05), 2))  # predictive levels at which frequencies are read
OURS = "foederis"
_SIDE, _COLUMNS = 172, 4
_FAN_WIDTH, _FAN_HEIGHT, _FAN_COLUMNS, _BAR = 118, 88, 6, 5
_WRAP = 27  # characters of a panel's title a line


def reliability(levels: pd.DataFrame, *, source: str = "") -> alt.VConcatChart:
    """Observed frequency below each predictive level, one panel a contest, with binomial bands around the diagonal.

    `levels` has one row a cell: contest, model (`foederis` and at most one other a contest), country, level (share of
    the forecast's draws below the outcome, 0 to 1). The pale band is where 90 % of calibrated forecasts would lie if
    each country were one independent outcome, the darker one if each cell were. Raises ValueError on a missing column,
    no row, or a level outside 0 to 1.
    """
    import altair as alt

    required(levels, "reliability", ("level",), ("contest", "model", "country"))
    if not levels["level"].between(0.0, 1.0).all():
        raise ValueError("reliability: a level lies outside 0 to 1")
    panels = [_reliability_panel(rows, str(name)) for name, rows in levels.groupby("contest", sort=False)]
    grid = alt.concat(*panels, columns=_COLUMNS, spacing=18).resolve_scale(color="independent")
    return finished(
        grid,
        title="Were the frozen forecasts as sure as they should be?",
        subtitle="Share of outcomes below each predictive level, %; on the diagonal a forecast is calibrated",
        caption=(
            "Blue: foederis. Amber, dashed: the winner of the contest where that is another. A line that is steep in"
            " the middle: outcomes fell near the median, intervals were too wide; flat in the middle: too narrow."
            " Above the diagonal: outcomes were lower than forecast.",
            "Bands: 90 % of calibrated forecasts would stay inside at any one level, if each cell (darker) or each"
            " country (paler) were one independent outcome. Cells of a country move together: the truth lies between.",
            f"Source: {source}." if source else "",
        ),
    )


def _reliability_panel(rows: pd.DataFrame, name: str) -> Any:
    import altair as alt
    import pandas as pd

    ours = rows[rows["model"] == OURS]
    band = pd.DataFrame({"p": [100 * p for p in GRID], **_bands(len(ours), "cells"),
                         **_bands(ours["country"].nunique(), "countries")})  # fmt: skip
    line = pd.concat(
        [pd.DataFrame({"model": model, "p": [100 * p for p in GRID], "seen": frequencies(part["level"].to_numpy())})
         for model, part in rows.groupby("model", sort=False)]
    )  # fmt: skip
    x = alt.X("p:Q", scale=alt.Scale(domain=[0, 100], nice=False), title=None, axis=alt.Axis(values=[0, 50, 100]))

    def y(field: str) -> alt.Y:
        axis = alt.Axis(values=[0, 50, 100])
        return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[0, 100], nice=False), title=None, axis=axis)

    area = alt.Chart(band)
    wide = area.mark_area(color=LIGHT["interval_90"], opacity=0.6).encode(x=x, y=y("countries_low"),
                                                                          y2="countries_high:Q")  # fmt: skip
    near = area.mark_area(color=LIGHT["interval_50"], opacity=0.55).encode(x=x, y=y("cells_low"), y2="cells_high:Q")
    even = area.mark_line(color=LIGHT["muted"], strokeWidth=1).encode(x=x, y=y("p"))
    ink = {OURS: LIGHT["blue"]}
    marks = [
        alt.Chart(part).mark_line(
            color=ink.get(str(model), LIGHT["amber"]), strokeWidth=2.4 if model == OURS else 1.8,
            strokeDash=[1, 0] if model == OURS else [5, 3],
        ).encode(x=x, y=y("seen"))
        for model, part in line.groupby("model", sort=False)
    ]  # fmt: skip
    other = [str(model) for model in rows["model"].unique() if model != OURS]
    told = f"{len(ours)} cells, {ours['country'].nunique()} countries"
    head = alt.TitleParams(
        _wrapped(name), subtitle=[told, f"amber: {other[0]}" if other else "foederis won"], anchor="start",
        fontSize=LABEL, subtitleFontSize=11, offset=6,
    )  # fmt: skip
    drawn: Any = alt.layer(wide, near, even, *marks).properties(width=_SIDE, height=_SIDE, title=head)
    return drawn


def frequencies(levels: Sequence[float] | np.ndarray) -> list[float]:
    """Share of outcomes at or below each level of GRID, in per cent."""
    held = np.asarray(levels, dtype=float)
    return [float(100.0 * (held <= p).mean()) for p in GRID]


def _bands(size: int, what: str) -> dict[str, list[float]]:
    """Where 90 % of binomial frequencies lie, in per cent."""
    from scipy.stats import binom

    return {
        f"{what}_low": [float(100.0 * binom.ppf(0.05, size, p) / size) if p > 0 else 0.0 for p in GRID],
        f"{what}_high": [float(100.0 * binom.ppf(0.95, size, p) / size) if p > 0 else 0.0 for p in GRID],
    }


def fan(
    cells: pd.DataFrame, history: pd.DataFrame, *, freeze: int, title: str, unit: str, source: str = ""
) -> alt.VConcatChart:
    """Outcomes against the forecast, one panel a country, the farthest off first.

    `cells`: country (a name), year, low90, low50, median, high50, high90, outcome. `history`: country, year, value,
    of the same series before the freeze (years without a poll are left out). Outcomes outside 90 % are open diamonds.
    Raises ValueError on a missing column, no row, a number that is not finite, or quantiles that do not rise.
    """
    import altair as alt

    ends = ("low90", "low50", "median", "high50", "high90")
    required(cells, "fan", ("year", *ends, "outcome"), ("country",))
    ordered(cells, "fan", ends)
    required(history, "fan, history", ("year", "value"), ("country",))
    told = cells.assign(
        off=(cells["outcome"] - cells["median"]).abs(),
        missed=(cells["outcome"] < cells["low90"]) | (cells["outcome"] > cells["high90"]),
    )
    order = told.groupby("country")["off"].mean().sort_values(ascending=False, kind="stable").index
    span = (min(history["year"].min(), freeze) - 0.8, told["year"].max() + 0.8)
    values = [*told["low90"], *told["high90"], *told["outcome"], *history["value"]]
    domain = (0.0, max(values) * 1.04) if min(values) >= 0 else (min(values), max(values))
    panels = [
        _fan_panel(told[told["country"] == name], history[history["country"] == name], str(name), freeze, span, domain)
        for name in order
    ]
    grid = alt.concat(*panels, columns=_FAN_COLUMNS, spacing=14)
    inside = 100.0 * (1.0 - told["missed"].mean())
    half = 100.0 * ((told["outcome"] >= told["low50"]) & (told["outcome"] <= told["high50"])).mean()
    rate = [words.percent(v, decimals=0) for v in (half, inside)]
    return finished(
        grid,
        title=title,
        subtitle=f"{unit}. Frozen at the end of {freeze} (line). Of {len(told)} outcomes {rate[0]} lie inside 50 %,"
        f" {rate[1]} inside 90 %",
        caption=(
            "Bars: predictive 90 % (pale) and 50 % (dark), white tick: median. Dots: outcomes; open diamonds: outcomes"
            " outside 90 %. Grey: the series before the freeze. Panels by mean distance of outcome from median, the"
            " farthest off first.",
            f"Source: {source}." if source else "",
        ),
    )


def _fan_panel(
    cells: pd.DataFrame, history: pd.DataFrame, name: str, freeze: int, span: tuple[float, float],
    domain: tuple[float, float],
) -> Any:  # fmt: skip
    import altair as alt
    import pandas as pd

    step = 5 if span[1] - span[0] < 16 else 10
    ticks = [year for year in range(int(span[0]) + 1, int(span[1]) + 1) if year % step == 0]
    years = alt.Axis(values=ticks, format="d", labelFontSize=10.5, grid=False, aria=False)
    x = alt.X("year:Q", scale=alt.Scale(domain=list(span), nice=False, zero=False), title=None, axis=years)
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)

    def y(field: str) -> Any:
        return alt.Y(f"{field}:Q", scale=scale, title=None, axis=alt.Axis(tickCount=4, labelFontSize=10.5, aria=False))

    quiet: dict[str, Any] = {"aria": False}  # thirty panels of marks, each read aloud, say less than the caption
    line = alt.Chart(pd.DataFrame({"year": [freeze + 0.45]}))
    bars, past = alt.Chart(cells), alt.Chart(history)
    hit, off = alt.Chart(cells[~cells["missed"]]), alt.Chart(cells[cells["missed"]])
    layers = [
        line.mark_rule(color=LIGHT["muted"], strokeDash=[2, 2], **quiet).encode(x=x),
        bars.mark_bar(size=_BAR, color=LIGHT["interval_90"], **quiet).encode(x=x, y=y("low90"), y2="high90:Q"),
        bars.mark_bar(size=_BAR, color=LIGHT["interval_50"], **quiet).encode(x=x, y=y("low50"), y2="high50:Q"),
        bars.mark_tick(size=_BAR, color=LIGHT["card"], thickness=1.6, orient="horizontal", **quiet).encode(
            x=x, y=y("median")
        ),
        past.mark_line(color=LIGHT["reference"], strokeWidth=1, opacity=0.6, **quiet).encode(x=x, y=y("value")),
        past.mark_circle(color=LIGHT["reference"], size=12, opacity=1, **quiet).encode(x=x, y=y("value")),
        hit.mark_circle(color=LIGHT["ink"], size=26, opacity=1, **quiet).encode(x=x, y=y("outcome")),
        off.mark_point(
            shape="diamond", filled=False, color=LIGHT["loss"], fill=LIGHT["card"], size=46, strokeWidth=1.8, opacity=1,
            **quiet,
        ).encode(x=x, y=y("outcome")),
    ]  # fmt: skip
    head = alt.TitleParams(name, anchor="start", fontSize=11.5, offset=4, aria=False)
    drawn: Any = alt.layer(*layers).properties(width=_FAN_WIDTH, height=_FAN_HEIGHT, title=head)
    return drawn


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, _WRAP)
