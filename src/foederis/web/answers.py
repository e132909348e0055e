"""The answer to a state that the server has without running anything: the exact run it keeps, else the emulator."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from foederis import charts_live, emulator, report_sentence, words_page
from foederis.report_page import NUMBERS, PageData, Rows
from foederis.scenario_levers import PAGE_PRESETS, State
from foederis.web.cards import cards, chip
from foederis.web.site import Site, packed

__all__ = ["errors", "frontier", "live", "page_of"]

AXES = ("gain", "trust_change")


def page_of(site: Site, state: State) -> PageData | None:
    """The exact run of a state with the draws of the command line, where it is kept; else what the emulator of its
    preset says; None where there is neither. What it is compared with on the page does not matter."""
    entry = site.runs.of_state(State(state.preset, state.levers, None, state.assumptions).query())
    if entry is not None and entry.kept is not None:
        return entry.kept.page
    if state.assumptions:  # surfaces are over the levers alone
        return None
    if not state.levers:
        return emulator.exact(state.preset)
    known = emulator.load(state.preset)
    return None if known is None else known.answer(state.levers)


def errors() -> dict[str, float]:
    """Presets with an emulator, and the largest error found when it was checked, in half-widths of an interval."""
    found = {name: emulator.load(name) for name in PAGE_PRESETS}
    return {name: one.error for name, one in found.items() if one is not None}


def live(site: Site, state: State, lang: str) -> bytes:
    """The answer to a state in a language, worded, with the data of every chart, as JSON."""
    found = page_of(site, state)
    versus = None if state.versus is None else page_of(site, State(state.versus))
    key = (state.query(), lang, *("" if one is None else one.run_id for one in (found, versus)))
    return site.said.get(key) or site.said.keep(key, packed(_live(state, found, versus, lang)))


def _live(state: State, found: PageData | None, versus: PageData | None, lang: str) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "state": state.query(), "source": "none", "chip": chip(found, lang), "error": 0.0, "sentence": "", "status": "",
        "numbers": [], "data": {}, "run_id": "",
    }  # fmt: skip
    if found is None:
        return {**plain, "sentence": words_page.say("page.waiting", lang)}
    data: dict[str, Any] = {}
    found = replace(found, frames={**found.frames, "frontier": [*_presets(), *found.frames["frontier"]]})
    for name in charts_live.CHARTS:
        data |= charts_live.datasets(name, found, lang, versus)
    return {
        **plain,
        "source": found.source,
        "error": found.error,
        "sentence": report_sentence.sentence(found, lang),
        "numbers": [card._asdict() for card in cards(found, lang, versus)],
        "data": data,
        "run_id": found.run_id,
    }


@cache
def _presets() -> Rows:
    """Each preset as a point of the frontier: its exact run, as shipped."""
    bases = {name: emulator.exact(name) for name in PAGE_PRESETS}
    return [
        {"scenario": name, **{axis: one.numbers[axis].median for axis in AXES}}
        for name, one in bases.items()
        if one is not None
    ]


def frontier(site: Site) -> dict[str, Any]:
    """Every preset of the page as a point of gain and change of trust, with intervals; the others by name."""
    from foederis import scenario

    titles = {preset.id: {"en": preset.title, "ja": preset.title_ja} for preset in scenario.presets()}
    found = {name: page_of(site, State(name)) for name in PAGE_PRESETS}
    points = [
        {"scenario": name, "title": titles[name], "source": page.source, "run_id": page.run_id, **_point(page)}
        for name, page in found.items()
        if page is not None and set(AXES) <= set(page.numbers)
    ]
    there = {point["scenario"] for point in points}
    return {
        "unit": {axis: NUMBERS[axis].unit for axis in AXES},
        "points": points,
        "missing": [name for name in PAGE_PRESETS if name not in there],
    }


def _point(page: PageData) -> dict[str, float]:
    return {
        f"{axis}{end}": value
        for axis in AXES
        for end, value in zip(("", "_low", "_high"), page.numbers[axis], strict=True)
    }
