"""How the ally insures itself over time: its efforts stacked, each with its name at the right end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from foederis import words
from foederis.charts_parts import LABEL, apart, milliseconds, quarter_of, required, years_axis
from foederis.charts_style import finished, source_line
from foederis.words_palette import LIGHT

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["hedging_stack", "stack_of"]

_WIDTH, _HEIGHT = 640, 340
_CHARACTERS = 42
_COLOURS = ("blue", "amber", "green", "pink", "slate", "interval_50", "reference")
# A component keeps its colour from chart to chart: the first word of the list that its name contains decides.
_BY_NAME = (("alliance", "blue"), ("own", "amber"), ("partner", "green"), ("accommodation", "pink"), ("trade", "pink"),
            ("autonomy", "slate"))  # fmt: skip


def hedging_stack(
    frame: pd.DataFrame,
    *,
    unit: str,
    who: str = "the ally",
    programme: pd.DataFrame | None = None,
    statistic: str = "medians of the draws",
    source: str = "",
    run_id: str = "",
) -> alt.VConcatChart:
    """What the ally puts into each way of insuring itself, as a stacked area with direct labels.

    `frame` has a row per date and component: date, component (its label), value (0 or more) in `unit`; the first
    component is the lowest layer. `programme`, optional, has date and value in the same unit: the announced programme,
    a dashed line on the same axis. `who` stands in the title, `statistic` says what of the draws is shown. Raises
    ValueError on a negative value, more than seven components, fewer than two dates or a component without a value on
    some date.
    """
    import altair as alt

    stack = stack_of(frame)
    if programme is not None:
        required(programme, "announced programme", ("value",), ("date",))
    times = [*stack["t"], *(milliseconds(programme["date"]) if programme is not None else [])]
    domain = [min(times), max(times)]
    ends = [stack["high"].max(), programme["value"].max() if programme is not None else 0.0]
    top = 1.05 * float(max(ends)) or 1.0
    axis: Any = {"domain": domain, "top": top, "unit": unit}
    layers = [*_areas(stack, **axis), *_programme(programme, **axis), *_names(stack, programme, domain, top, unit)]
    dashes = " Dashed line: the announced programme." if programme is not None else ""
    return finished(
        alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT),
        title=f"How {who} insures itself",
        subtitle=f"In {unit}, {statistic}.",
        caption=(
            f"Figures at the right: {quarter_of(frame['date'].max())}.{dashes}",
            source_line(source, run_id),
        ),
    )


def stack_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The layers: t (ms since 1970), order, component, value, low and high (where the layer begins and ends)."""
    import pandas as pd

    required(frame, "hedging stack", ("value",), ("date", "component"))
    order = list(dict.fromkeys(str(name) for name in frame["component"]))
    if len(order) > len(_COLOURS):
        raise ValueError(
            f"hedging stack: {len(order)} components; at most {len(_COLOURS)} can be told apart, join some"
        )
    if (frame["value"] < 0).any():
        raise ValueError("hedging stack: a value is negative; layers can only be stacked from 0 up")
    rows = frame.assign(t=milliseconds(frame["date"]), component=frame["component"].astype(str))
    if rows.duplicated(["t", "component"]).any() or len(rows) != rows["t"].nunique() * len(order):
        raise ValueError("hedging stack: each component needs one value on each date")
    if rows["t"].nunique() < 2:
        raise ValueError("hedging stack: it takes two dates or more")
    rows["order"] = [order.index(name) for name in rows["component"]]
    rows = rows.sort_values(["t", "order"], kind="stable")
    high = rows.groupby("t")["value"].cumsum()
    stack: pd.DataFrame = pd.DataFrame(rows[["t", "order", "component", "value"]]).assign(
        low=high - rows["value"], high=high
    )
    return stack.reset_index(drop=True)


def _colours(names: Sequence[str]) -> list[str]:
    """A colour per component, by its name where one is kept for it, otherwise the next that is free."""
    taken: dict[str, str] = {}
    for name in names:
        kept = next((colour for word, colour in _BY_NAME if word in name.lower()), None)
        if kept and kept not in taken.values():
            taken[name] = kept
    free = iter([colour for colour in _COLOURS if colour not in taken.values()])
    return [LIGHT[taken.get(name) or next(free)] for name in names]


def _value_axis(field: str, top: float, unit: str) -> alt.Y:
    import altair as alt

    return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[0, top], nice=False), title=unit, axis=alt.Axis(tickCount=6))


def _areas(stack: pd.DataFrame, domain: Sequence[int], top: float, unit: str) -> list[alt.Chart]:
    """One area a component, with a white line between neighbours."""
    import altair as alt

    names = list(dict.fromkeys(stack["component"]))
    colour = alt.Color("component:N", sort=names, scale=alt.Scale(domain=names, range=_colours(names)), legend=None)
    base = alt.Chart(stack)
    x = years_axis(domain, _WIDTH, "t")
    area = base.mark_area(opacity=1).encode(x=x, y=_value_axis("low", top, unit), y2="high:Q", color=colour)
    edge = base.mark_line(color=LIGHT["card"], strokeWidth=1.2).encode(
        x=x, y=_value_axis("high", top, unit), detail="component:N"
    )
    return [area, edge]


def _programme(programme: pd.DataFrame | None, domain: Sequence[int], top: float, unit: str) -> list[alt.Chart]:
    import altair as alt
    import pandas as pd

    if programme is None:
        return []
    rows = pd.DataFrame({"t": milliseconds(programme["date"]), "value": list(programme["value"])}).sort_values("t")
    base = alt.Chart(rows)
    at: Any = {"x": years_axis(domain, _WIDTH, "t"), "y": _value_axis("value", top, unit)}
    return [
        base.mark_line(color=LIGHT["card"], strokeWidth=4.5).encode(**at),
        base.mark_line(color=LIGHT["ink"], strokeWidth=2.2, strokeDash=[7, 4]).encode(**at),
    ]


def _names(
    stack: pd.DataFrame, programme: pd.DataFrame | None, domain: Sequence[int], top: float, unit: str
) -> list[alt.Chart]:
    """Name and last value of each layer and of the programme, beside their right ends and kept apart, with a leader."""
    import altair as alt
    import pandas as pd

    last = stack[stack["t"] == stack["t"].max()].sort_values("order")
    rows = [(r["component"], float(r["value"]), (r["low"] + r["high"]) / 2) for r in last.to_dict("records")]
    inks = [LIGHT["ink"]] * len(rows)
    if programme is not None:
        end = float(programme.sort_values("date")["value"].iloc[-1])
        rows.append(("Announced programme", end, end))
        inks.append(LIGHT["muted"])
    per_cent = unit.lower().startswith(("per cent", "%"))
    data = pd.DataFrame({"from": [at for *_, at in rows], "ink": inks, "end": domain[1]})
    data["text"] = [
        f"{_short(name)} {words.percent(value) if per_cent else words.number(value)}" for name, value, _ in rows
    ]
    placed = apart([_HEIGHT * (1 - at / top) for *_, at in rows], 18, 4, _HEIGHT - 4)
    data["place"] = [top * (1 - y / _HEIGHT) for y in placed]
    base = alt.Chart(data)
    text = base.mark_text(align="left", baseline="middle", fontSize=LABEL)
    leader = base.mark_rule(color=LIGHT["muted"], strokeWidth=1)
    ink: Any = alt.Color("ink:N", scale=None, legend=None)
    return [
        leader.encode(
            x=alt.value(_WIDTH + 2), x2=alt.value(_WIDTH + 16), y=_value_axis("from", top, unit), y2="place:Q"
        ),
        text.encode(x=alt.value(_WIDTH + 20), y=_value_axis("place", top, unit), text="text:N", color=ink),
    ]


def _short(name: str) -> str:
    return name if len(name) <= _CHARACTERS else f"{name[: _CHARACTERS - 1].rstrip()}…"
