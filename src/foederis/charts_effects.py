"""Effects with their uncertainty: sectors as bars, economies as dots, each with its 50 % and 90 % interval."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis import words, words_names
from foederis.charts_style import finished, source_line
from foederis.words_palette import LIGHT, ROLE_COLOUR, ROLE_SHAPE

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["axis_limits", "sector_effects", "welfare_by_country"]

_PLOT_WIDTH = 520
_ROW = 34
_LABEL_CHARACTERS = 38
_ENDS = ("low90", "low50", "median", "high50", "high90")
_KEY = "Thick line: half of the draws; thin line: 90 % of them; figures: median and 90 % interval."


def sector_effects(
    frame: pd.DataFrame,
    *,
    measure: str,
    who: str,
    top: int = 9,
    chosen_by: str = "",
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """Change by sector: sorted bars with 50 % and 90 % whiskers, the `top` sectors by absolute median.

    `frame` has columns sector (code), name, median, low90, low50, high50, high90 in per cent, and optionally horizon:
    one panel per horizon then, the sectors chosen and sorted by the first. Whiskers beyond the axis end in an arrow.
    `measure` says what changes, as in mid-sentence ("exports to the United States"), `who` whose it is, `chosen_by` how
    the caller chose the sectors of the frame, as a sentence.
    """
    import altair as alt

    horizons = list(dict.fromkeys(frame["horizon"])) if "horizon" in frame else [None]
    _require_ordered(frame, "sector")
    first = frame if horizons[0] is None else frame[frame["horizon"] == horizons[0]]
    chosen = first.reindex(first["median"].abs().sort_values(ascending=False, kind="stable").index).head(top)
    chosen = chosen.sort_values("median", kind="stable")
    order = dict(zip(chosen["sector"], chosen["name"], strict=True))
    kept = frame[frame["sector"].isin(order)]
    limits = axis_limits(kept)
    width = _PLOT_WIDTH if len(horizons) == 1 else int(_PLOT_WIDTH * 0.62)
    panels = [
        _bar_panel(kept if h is None else kept[kept["horizon"] == h], order, limits, width, h, labels=i == 0)
        for i, h in enumerate(horizons)
    ]
    chart = panels[0] if len(panels) == 1 else alt.hconcat(*panels, spacing=28)
    count = "" if len(first) <= top else f" The {len(order)} largest of {len(first)} sectors."
    return finished(
        chart,
        title=f"{who}: {measure}, by sector",
        subtitle=f"Change in per cent.{count}{' ' * bool(chosen_by)}{chosen_by}",
        caption=_caption([_KEY, _clip_note(kept, limits)], source, run_id),
    )


def welfare_by_country(
    frame: pd.DataFrame,
    *,
    measure: str = "Welfare (real income)",
    top: int = 20,
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """Change in welfare by economy: dots with 50 % and 90 % intervals, sorted, coloured and shaped by role.

    `frame` has columns country (code), role (coercer, target, rival or bystander), median, low90, low50, high50, high90
    in per cent. Coercer, target and rival are always shown, bystanders by absolute median up to `top` rows in all. A
    hollow mark says that the 90 % interval includes zero.
    """
    import altair as alt

    _require_ordered(frame, "country")
    kept = _most_telling(frame, top)
    kept = kept.assign(
        name=[words_names.country(code) for code in kept["country"]],
        role_name=[words_names.role(role) for role in kept["role"]],
        unsure=(kept["low90"] <= 0) & (kept["high90"] >= 0),
    ).sort_values("median", ascending=False, kind="stable")
    limits = axis_limits(kept)
    chart = alt.layer(*_dots(kept, limits)).properties(width=_PLOT_WIDTH, height=alt.Step(26))
    few = len(kept) < len(frame)
    count = f" {len(kept)} of {len(frame)} economies: those with a part, and the others that move most." if few else ""
    return finished(
        chart,
        title=f"{measure} by economy",
        subtitle=f"Change in per cent.{count}",
        caption=_caption(
            [_KEY, "Hollow mark: the 90 % interval includes zero.", _clip_note(kept, limits)], source, run_id
        ),
    )


def _dots(kept: pd.DataFrame, limits: tuple[float, float]) -> list[alt.Chart]:
    """Zero rule, whiskers, a mark by role (hollow where the sign is unsure) and the figures, one row per economy."""
    import altair as alt

    roles = [role for role in ROLE_COLOUR if role in set(kept["role"])]
    names = [words_names.role(role) for role in roles]
    colours = alt.Scale(domain=names, range=[LIGHT[ROLE_COLOUR[role]] for role in roles])
    shapes = alt.Scale(domain=names, range=[ROLE_SHAPE[role] for role in roles])
    legend = alt.Legend(orient="top", symbolSize=130, columnPadding=26, offset=14)
    colour = alt.Color("role_name:N", scale=colours, sort=names, legend=legend)
    shape = alt.Shape("role_name:N", scale=shapes, sort=names)
    base = alt.Chart(_drawn(kept, limits))
    x, y = _x(limits, "median:Q"), _y("country", dict(zip(kept["country"], kept["name"], strict=True)), labels=True)
    dots = base.mark_point(filled=True, size=130, opacity=1).encode(x=x, y=y, color=colour, shape=shape)
    hollow = base.transform_filter("datum.unsure").mark_point(filled=True, size=36, opacity=1, color=LIGHT["card"])
    return [
        _zero_rule(limits),
        *_whiskers(base, y, limits, colour),
        dots,
        hollow.encode(x=x, y=y, shape=shape),
        *_figures(base, y, _PLOT_WIDTH),
    ]


def axis_limits(frame: pd.DataFrame) -> tuple[float, float]:
    """Ends of the axis, zero included: all 90 % whiskers, unless a few long ones would squeeze the rest.

    Beyond zero and the medians the axis reaches at most three quarters of their span, or one and a half times the
    typical half-width of an interval; whiskers that go further are clipped and marked.
    """
    median_low, median_high = min(0.0, float(frame["median"].min())), max(0.0, float(frame["median"].max()))
    typical = float(((frame["high90"] - frame["low90"]) / 2).median())
    reach = max(0.75 * (median_high - median_low), 1.5 * typical)
    low = max(min(0.0, float(frame["low90"].min())), median_low - reach)
    high = min(max(0.0, float(frame["high90"].max())), median_high + reach)
    margin = 0.04 * ((high - low) or 1.0)
    return low - margin, high + margin


def _bar_panel(
    frame: pd.DataFrame,
    order: Mapping[str, str],
    limits: tuple[float, float],
    width: int,
    horizon: str | None,
    labels: bool,
) -> Any:
    import altair as alt

    base = alt.Chart(_drawn(frame, limits))
    y = _y("sector", order, labels)
    colour = alt.Color("sign:N", scale=None, legend=None)
    bars = base.mark_bar(opacity=0.38, height=18).encode(x=_x(limits, "median:Q"), x2=alt.datum(0), y=y, color=colour)
    tick = base.mark_tick(color=LIGHT["ink"], thickness=2.5, height=18, opacity=1).encode(x="median:Q", y=y)
    layers = [_zero_rule(limits), bars, *_whiskers(base, y, limits, colour), tick, *_figures(base, y, width)]
    chart = alt.layer(*layers).properties(width=width, height=alt.Step(_ROW))
    return chart if horizon is None else chart.properties(title=alt.TitleParams(str(horizon), fontSize=14, offset=8))


def _whiskers(base: alt.Chart, y: Any, limits: tuple[float, float], colour: Any) -> list[alt.Chart]:
    """Thin 90 % and thick 50 % lines, and an arrowhead where a line was cut at the end of the axis."""
    import altair as alt

    thin = base.mark_rule(strokeWidth=1.6).encode(x=_x(limits, "low90_shown:Q"), x2="high90_shown:Q", y=y, color=colour)
    thick = base.mark_rule(strokeWidth=5).encode(x=_x(limits, "low50_shown:Q"), x2="high50_shown:Q", y=y, color=colour)
    arrows = [
        base.transform_filter(f"datum.{flag}")
        .mark_point(shape=shape, filled=True, size=90, opacity=1)
        .encode(x=alt.datum(end), y=y, color=colour)
        for flag, shape, end in (
            ("cut_low", "triangle-left", limits[0]),
            ("cut_high", "triangle-right", limits[1]),
        )
    ]
    return [thin, thick, *arrows]


def _figures(base: alt.Chart, y: Any, width: int) -> list[alt.Chart]:
    """Median and interval in figures, in a column to the right of the plot."""
    return [
        base.mark_text(align="left", fontSize=12.5, color=LIGHT["ink"]).encode(
            x={"value": width + 16}, y=y, text="figures:N"
        )
    ]


def _zero_rule(limits: tuple[float, float]) -> alt.Chart:
    import altair as alt
    import pandas as pd

    base = alt.Chart(pd.DataFrame({"zero": [0.0]}))
    rule: alt.Chart = base.mark_rule(color=LIGHT["muted"], strokeWidth=1.2).encode(x=_x(limits, "zero:Q"))
    return rule


def _x(limits: tuple[float, float], field: str) -> alt.X:
    import altair as alt

    scale = alt.Scale(domain=list(limits), nice=False, zero=False)
    return alt.X(field, scale=scale, title="change in per cent", axis=alt.Axis(tickCount=7))


def _y(key: str, order: Mapping[str, str], labels: bool) -> alt.Y:
    """Rows by code, in the order of `order` (code to name); what is shown is the name."""
    import altair as alt

    shown = json.dumps({code: _label(name, code) for code, name in order.items()})
    axis = alt.Axis(
        labelExpr=f"({shown})[datum.value]", labelLimit=300, ticks=False, domain=False, labels=labels, labelPadding=12
    )
    return alt.Y(f"{key}:N", sort=list(order), title=None, axis=axis)


def _drawn(frame: pd.DataFrame, limits: tuple[float, float]) -> pd.DataFrame:
    """The frame with what the marks need: whisker ends inside the axis, whether one was cut, sign, figures."""
    low, high = limits
    shown = {f"{end}_shown": frame[end].clip(low, high) for end in _ENDS if end != "median"}
    return frame.assign(
        **shown,
        cut_low=frame["low90"] < low,
        cut_high=frame["high90"] > high,
        sign=[LIGHT["loss"] if value < 0 else LIGHT["gain"] for value in frame["median"]],
        figures=[_estimate(*row) for row in zip(frame["median"], frame["low90"], frame["high90"], strict=True)],
    )


def _estimate(median: float, low: float, high: float) -> str:
    """Median and interval in words; the median alone where there was one draw only."""
    return words.percent(median, signed=True) if low == high else words.estimate(median, low, high, "%", signed=True)


def _label(name: str, code: str) -> str:
    """The name of a row; one that is too long is cut and carries its code."""
    return name if len(name) <= _LABEL_CHARACTERS else f"{name[: _LABEL_CHARACTERS - 8].rstrip()}… ({code})"


def _most_telling(frame: pd.DataFrame, top: int) -> pd.DataFrame:
    """Every actor with a part in the scenario, then the bystanders that are moved most."""
    actors = frame[frame["role"] != "bystander"]
    others = frame[frame["role"] == "bystander"]
    largest = others.reindex(others["median"].abs().sort_values(ascending=False, kind="stable").index)
    import pandas as pd

    return pd.concat([actors, largest.head(max(0, top - len(actors)))])


def _require_ordered(frame: pd.DataFrame, key: str) -> None:
    """ValueError unless there is a row, each code comes once per panel, and each interval is finite and in order."""
    missing = [column for column in (key, *_ENDS) if column not in frame]
    if missing or frame.empty:
        raise ValueError(f"a chart of effects needs rows with {', '.join([key, *_ENDS])}; {missing or 'rows'} missing")
    twice = frame[frame.duplicated([key, "horizon"] if "horizon" in frame else [key])]
    if not twice.empty:
        raise ValueError(f"{key} given twice: {', '.join(map(str, twice[key]))}")
    ends = frame[list(_ENDS)]
    if not np.isfinite(ends.to_numpy(dtype=float)).all() or (ends.diff(axis=1).iloc[:, 1:] < 0).any().any():
        raise ValueError("each row needs finite low90 <= low50 <= median <= high50 <= high90")


def _clip_note(frame: pd.DataFrame, limits: tuple[float, float]) -> str:
    cut = (frame["low90"] < limits[0]).any() or (frame["high90"] > limits[1]).any()
    return "Arrowhead: the interval goes on beyond the axis." if cut else ""


def _caption(notes: Sequence[str], source: str, run_id: str) -> tuple[str, str]:
    return " ".join(note for note in notes if note), source_line(source, run_id)
