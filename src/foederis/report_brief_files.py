"""The brief as a file: HTML that needs nothing else, or PDF through Typst (extra `pdf`), which needs no system library.

Japanese text in a PDF needs a font that has it, because its glyphs are put into the file. Where none is found nothing
is written, rather than a page of empty boxes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from foederis import charts_live
from foederis.charts_live_parts import FONTS
from foederis.errors import DataError, UsageError

__all__ = ["JAPANESE_FONTS", "LATIN_FONTS", "fonts", "html", "pdf", "require", "written"]

LATIN_FONTS = (
    "Source Sans 3", "Noto Sans", "Liberation Sans", "Arial", "Helvetica", "Noto Sans CJK JP", "Segoe UI",
    "DejaVu Sans", "Libertinus Serif",
)  # fmt: skip
JAPANESE_FONTS = (
    "Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "Source Han Sans", "Hiragino Sans",
    "Hiragino Kaku Gothic ProN", "Yu Gothic UI", "Yu Gothic", "Meiryo", "BIZ UDPGothic", "MS Gothic", "IPAexGothic",
    "IPAGothic", "IPAPGothic", "TakaoPGothic", "VL PGothic", "WenQuanYi Zen Hei", "Droid Sans Fallback",
    "Noto Serif CJK JP", "IPAexMincho",
)  # fmt: skip
NO_FONT = (
    "Japanese text in a PDF needs a font that has it, and none was found; install one (Debian and Ubuntu:"
    " fonts-noto-cjk; Fedora: google-noto-sans-cjk-fonts; macOS and Windows have one), or write HTML instead:"
    " -o brief.html"
)
NO_TYPST = "PDF needs the extra pdf; install it with: pip install 'foederis[pdf]', or write HTML instead: -o brief.html"


def written(content: Mapping[str, Any], suffix: str) -> bytes:
    """The brief as the bytes of a file of this kind: ".html" or ".pdf"; raises what `require` does."""
    require(suffix, content["lang"])
    return html(content).encode() if suffix.lower() == ".html" else pdf(content)


def require(suffix: str, lang: str) -> None:
    """Whether a brief of this kind can be written here, before anything is computed for it.

    Raises UsageError on a kind other than ".html" and ".pdf", DataError where a PDF cannot be made on this machine.
    """
    kind = suffix.lower()
    if kind not in (".html", ".pdf"):
        raise UsageError(f"a brief is written as .html or .pdf, not as {suffix or 'a file without a suffix'}")
    if kind == ".pdf":
        fonts(lang, _families())


def html(content: Mapping[str, Any]) -> str:
    """The brief as one HTML file with its charts in it; it asks for nothing from elsewhere."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("foederis", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    charts = [{**one, "svg": _inline(one["svg"], one["name"])} for one in content["charts"]]
    return environment.get_template("brief.html").render({**content, "charts": charts})


def _inline(svg: str, name: str) -> str:
    """An SVG that can stand beside others in one page, its size left to the page."""
    own = charts_live.with_own_ids(svg, name)
    return re.sub(r'(<svg[^>]*?) width="[\d.]+" height="[\d.]+"', r"\1", own, count=1)


def pdf(content: Mapping[str, Any]) -> bytes:
    """The brief as a tagged PDF of one A4 page; the same content gives the same bytes.

    Raises DataError where Typst is not installed, or no font has the letters of the language.
    """
    chosen = fonts(content["lang"], _families())
    import typst

    charts = [{**one, "svg": _in_font(one["svg"], chosen)} for one in content["charts"]]
    data = json.dumps({**content, "charts": charts, "fonts": list(chosen)}, ensure_ascii=False)
    template = resources.files("foederis").joinpath("templates/brief.typ").read_bytes()
    try:
        found: bytes = typst.compile(template, format="pdf", sys_inputs={"data": data}, timestamp=0)
    except typst.TypstError as error:
        raise DataError(f"the PDF of the brief could not be made: {error}") from None
    return found


def fonts(lang: str, families: Iterable[str]) -> tuple[str, ...]:
    """The fonts of a PDF in order, of those that there are: one for Latin letters, and for Japanese one that has them.

    Raises DataError, naming packages, where there is no Japanese one.
    """
    there = set(families)
    latin = [name for name in LATIN_FONTS if name in there][:1]
    if lang != "ja":
        return tuple(latin)
    japanese = [name for name in JAPANESE_FONTS if name in there][:1]
    if not japanese:
        raise DataError(NO_FONT)
    return tuple(japanese)  # it has Latin letters too, made to go with the others


@cache
def _families() -> tuple[str, ...]:
    """Fonts of this machine and those that Typst brings."""
    try:
        import typst
    except ImportError:
        raise DataError(NO_TYPST) from None
    return tuple(typst.Fonts().families())


def _in_font(svg: str, chosen: Iterable[str]) -> str:
    """The SVG with the fonts of the PDF instead of those of the page."""
    stack = ", ".join(chosen)
    return svg.replace(FONTS.replace('"', "&quot;"), stack).replace(FONTS, stack)
