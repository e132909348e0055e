"""A run as a notebook shows it: the sentence of each scenario, and its live charts drawn once, as SVG in the page.

The charts need no script, no extension of the notebook and no network, and stay when the notebook is exported.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from foederis import charts_live, words_page
from foederis.report_sentence import sentence

if TYPE_CHECKING:
    from foederis.report import Run

__all__ = ["html"]

CHARTS = ("strip", "trust", "why", "worth")
WITHOUT_ALLIANCE = ("strip", "sectors")
WIDTH = 720  # pixels


def html(run: Run, lang: str = "en") -> str:
    """Sentence, charts and numbered events of every scenario of a run, as one piece of HTML."""
    parts = []
    for k, label in enumerate(run.results):
        page = run.page(label)
        head = f"<h3>{escape(label)}</h3>" if len(run.results) > 1 else ""
        names = CHARTS if label in run.alliance else WITHOUT_ALLIANCE
        drawings = [charts_live.embedded(name, page, lang=lang, width=WIDTH, prefix=f"s{k}-") for name in names]
        events = "".join(f"<li>{escape(words_page.pin(pin['label'], lang))} ({words_page.day(pin['t'], lang)})</li>"
                         for pin in page.frames["pins"])  # fmt: skip
        if events:
            drawings.insert(2, f"<ol style='font-size: 12px'>{events}</ol>")
        parts.append(f"{head}<p>{escape(sentence(page, lang))}</p>{''.join(drawings)}")
    return f"<div style='max-width: {WIDTH}px'>{''.join(parts)}</div>"
