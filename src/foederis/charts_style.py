"""How every chart looks and is written to a file: theme, title and caption, rendering without a network.

Light theme only: files are printed and pasted into documents. The font is one that the renderer carries and that has
the widths of Arial and Helvetica, so that a chart looks the same on every machine and in every browser.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foederis import store
from foederis.words_palette import LIGHT

if TYPE_CHECKING:
    import altair as alt

__all__ = ["FONT", "both", "finished", "ink_on", "png", "save", "source_line", "svg", "text_width", "vega_lite_version"]

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_CAPTION_CHARACTERS = 150
_NO_BREAK = "\u00a0"
_PIXELS_PER_CHARACTER = 0.56  # mean advance of the font, as a share of its size


def finished(chart: Any, *, title: str, subtitle: str, caption: Sequence[str]) -> alt.VConcatChart:
    """A chart with its title (what is measured) and subtitle (unit, scope) above, its caption (key, source) below.

    Each paragraph of the caption starts a line; empty ones are left out.
    """
    import altair as alt

    head = alt.TitleParams(
        title, subtitle=subtitle, anchor="start", frame="bounds", fontSize=18, subtitleFontSize=13, offset=14
    )
    foot = alt.TitleParams(
        [line for paragraph in caption for line in textwrap.wrap(paragraph, _CAPTION_CHARACTERS)],
        orient="bottom",
        anchor="start",
        frame="bounds",
        fontSize=11.5,
        fontWeight="normal",
        color=LIGHT["muted"],
        lineHeight=16,
        offset=12,
    )
    whole: alt.VConcatChart = alt.vconcat(
        chart.properties(title=head), title=foot, background=LIGHT["card"], padding=18
    )
    # Without this the legend would be lifted out of the chart and end up above its title.
    whole = whole.resolve_legend(color="independent", shape="independent")
    whole = whole.properties(description=f"{title}. {subtitle}").configure(**_theme())
    return whole


def source_line(source: str, run_id: str) -> str:
    """The last paragraph of a caption: where the figures come from, and the run."""
    run = f"foederis run {run_id}.".replace(" ", _NO_BREAK) if run_id else ""
    return " ".join(part for part in (f"Source: {source}." if source else "", run) if part)


def svg(chart: alt.VConcatChart) -> str:
    """A chart as SVG text; the same chart gives the same text."""
    import vl_convert

    # Held against the schema when it was made, and in the tests.
    text: str = vl_convert.vegalite_to_svg(chart.to_dict(validate=False), vl_version=vega_lite_version())
    return text


def png(chart: alt.VConcatChart, scale: float = 2.0) -> bytes:
    """A chart as PNG bytes, `scale` pixels per unit; the same chart gives the same bytes."""
    import vl_convert

    data: bytes = vl_convert.svg_to_png(svg(chart), scale=scale)
    return data


def both(chart: alt.VConcatChart) -> tuple[str, bytes]:
    """A chart as SVG text and as PNG bytes: drawn once, the PNG is the same picture, rastered."""
    import vl_convert

    text = svg(chart)
    data: bytes = vl_convert.svg_to_png(text, scale=2.0)
    return text, data


def save(chart: alt.VConcatChart, path_stem: str | Path, formats: Sequence[str] = ("png", "svg")) -> tuple[Path, ...]:
    """Write a chart as `path_stem`.png and .svg, atomically; returns the paths.

    Raises ValueError on a format that is neither, DataError if a file cannot be written.
    """
    unknown = [name for name in formats if name not in ("png", "svg")]
    if unknown:
        raise ValueError(f"unknown chart format {unknown[0]!r}; there are png and svg")
    text, data = both(chart)
    paths = tuple(Path(f"{path_stem}.{name}") for name in formats)
    for path in paths:
        if path.suffix == ".svg":
            store.write_text(path, text)
        else:
            store.write_bytes(path, data)
    return paths


def text_width(text: str, size: float) -> float:
    """About how many units wide a text is, for deciding whether a label fits."""
    return _PIXELS_PER_CHARACTER * size * len(text)


def ink_on(colour: str) -> str:
    """White or ink, whichever reads better on a colour (WCAG 2 relative luminance)."""
    luminance = _luminance(colour)
    on_white = 1.05 / (luminance + 0.05)
    on_ink = (luminance + 0.05) / (_luminance(LIGHT["ink"]) + 0.05)
    return LIGHT["card"] if on_white >= on_ink else LIGHT["ink"]


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def vega_lite_version() -> str:
    """The Vega-Lite version that Altair writes, in the renderer's form ("6.4")."""
    import altair as alt

    major, minor = alt.SCHEMA_VERSION.lstrip("v").split(".")[:2]
    return f"{major}.{minor}"


def _theme() -> dict[str, Any]:
    axis = {
        "labelColor": LIGHT["ink"],
        "titleColor": LIGHT["muted"],
        "labelFontSize": 12.5,
        "titleFontSize": 12.5,
        "titleFontWeight": "normal",
        "gridColor": LIGHT["grid"],
        "domainColor": LIGHT["muted"],
        "tickColor": LIGHT["muted"],
    }
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "legend": {"labelFontSize": 12.5, "labelColor": LIGHT["ink"], "labelLimit": 260, "title": None},
        "title": {"color": LIGHT["ink"], "subtitleColor": LIGHT["muted"], "subtitlePadding": 6},
    }
