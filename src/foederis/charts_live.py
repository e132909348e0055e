"""The live charts of page, brief and notebook: specifications with named data, and the data for them.

    spec(name, lang="ja", theme="dark", width=345, data=answer)    what is drawn, without any value in it
    datasets(name, answer, "ja", versus=other)                     the rows that go into it, again and again
    filled(name, answer, lang="en", width=770)                     both together, with a title: for files

Nothing in a specification depends on values, so a page puts new rows into the view and the marks move in place. Texts
such as "14 % (7–20)" are columns. The other scenario of a comparison is drawn grey and dashed from `<name>_b`, empty
where there is none. Expressions are such as the renderer's interpreter without `eval` can run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from foederis import charts_live_effects as effects
from foederis import charts_live_time as time
from foederis import charts_live_why as why
from foederis.charts_live_parts import THEMES, Answer, Names, Rows
from foederis.errors import UsageError

__all__ = ["CHARTS", "STATIC", "datasets", "embedded", "filled", "png", "spec", "svg", "with_own_ids"]

CHARTS = ("strip", "trust", "why", "worth", "sectors", "hedging", "bystanders", "balance", "frontier")
STATIC = ("trust_polls", "trust_pins")  # data that do not change while levers move
LEAST_WIDTH, MOST_WIDTH = 280, 1600  # pixels
_LANGUAGES = ("en", "ja")

_SPECS: Mapping[str, Callable[..., Any]] = {
    "strip": time.strip_spec,
    "trust": time.trust_spec,
    "why": partial(why.waterfall_spec, "why"),
    "worth": why.worth_spec,
    "sectors": effects.sectors_spec,
    "hedging": time.hedging_spec,
    "bystanders": effects.bystanders_spec,
    "balance": partial(why.waterfall_spec, "balance"),
    "frontier": effects.frontier_spec,
}
_ROWS: Mapping[str, Callable[..., dict[str, Rows]]] = {
    "strip": time.strip_rows,
    "trust": time.trust_rows,
    "why": partial(why.waterfall_rows, "why"),
    "worth": why.worth_rows,
    "sectors": effects.sectors_rows,
    "hedging": time.hedging_rows,
    "bystanders": effects.bystanders_rows,
    "balance": partial(why.waterfall_rows, "balance"),
    "frontier": effects.frontier_rows,
}


def spec(
    name: str, *, lang: str = "en", theme: str = "light", width: int = 770, data: Answer, title: bool = False
) -> dict[str, Any]:
    """A chart as a Vega-Lite specification with named data, `width` pixels wide in all.

    Of `data` only names are taken (who coerces whom, the years of the marks), never a value. The title is left out,
    unless asked for, because the page has it as a heading. Raises UsageError on an unknown chart, language or theme,
    and on a width below 280 or above 1,600.
    """
    _known(name, CHARTS, "chart")
    _known(lang, _LANGUAGES, "language")
    _known(theme, tuple(THEMES), "theme")
    if not LEAST_WIDTH <= width <= MOST_WIDTH:
        raise UsageError(f"width is {width}; choose {LEAST_WIDTH} to {MOST_WIDTH:,} pixels")
    who = Names(data.coercer, data.target, data.rival, tuple(data.marks))
    found: dict[str, Any] = json.loads(_built(name, lang, theme, int(width), who, title))
    return found


@lru_cache(maxsize=256)
def _built(name: str, lang: str, theme: str, width: int, who: Names, title: bool) -> str:
    chart = _SPECS[name](THEMES[theme], width, lang, who, title)
    return str(chart.to_json(indent=None))


def datasets(name: str, data: Answer, lang: str = "en", versus: Answer | None = None) -> dict[str, Rows]:
    """The rows of a chart by the name of the data set, with labels and figures in the language.

    `versus` is the other scenario of a comparison. Raises UsageError on an unknown chart or language.
    """
    _known(name, CHARTS, "chart")
    _known(lang, _LANGUAGES, "language")
    return _ROWS[name](data, lang, versus)


def filled(
    name: str,
    data: Answer,
    *,
    lang: str = "en",
    theme: str = "light",
    width: int = 770,
    versus: Answer | None = None,
    title: bool = True,
) -> dict[str, Any]:
    """A chart with its data in it, complete in itself: what a brief, a notebook or a file takes."""
    found = spec(name, lang=lang, theme=theme, width=width, data=data, title=title)
    found["datasets"] = datasets(name, data, lang, versus)
    return found


def svg(chart: Mapping[str, Any]) -> str:
    """A filled chart as SVG text."""
    import vl_convert

    from foederis.charts_style import vega_lite_version

    text: str = vl_convert.vegalite_to_svg(dict(chart), vl_version=vega_lite_version())
    return text


def embedded(
    name: str,
    data: Answer,
    *,
    lang: str = "en",
    theme: str = "light",
    width: int = 770,
    prefix: str = "",
    title: bool = True,
) -> str:
    """A chart as SVG that can stand beside others in one page of HTML: its ids are its own."""
    return with_own_ids(svg(filled(name, data, lang=lang, theme=theme, width=width, title=title)), f"{prefix}{name}")


def with_own_ids(drawing: str, name: str) -> str:
    """An SVG whose ids begin with a name: two of them in one page would cut each other's marks off otherwise."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", drawing)


def png(chart: Mapping[str, Any], scale: float = 2.0) -> bytes:
    """A filled chart as PNG bytes, `scale` pixels per unit."""
    import vl_convert

    found: bytes = vl_convert.svg_to_png(svg(chart), scale=scale)
    return found


def _known(value: str, choices: tuple[str, ...], what: str) -> None:
    if value not in choices:
        raise UsageError(f"no {what} {value!r}; there are {', '.join(choices)}")
