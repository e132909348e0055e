"""The numbers of an answer as cards of the page: label, value, 90 % interval, mark, all written out.

The same cards are in the page that the server draws first, and in what it answers while someone drags.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from foederis import words_page as words
from foederis.report_page import NUMBERS, Estimate, PageData

__all__ = ["FIRST", "Card", "cards", "chip", "names"]

FIRST = ("gain", "target_income", "trust", "balance", "self_defeat")  # on the first screen
CHANCES = frozenset({"self_defeat"})


class Card(NamedTuple):
    """A number of the page in a language. `word`: of ICD 203 for a chance, else what the value counts.

    `compared` is the value of the other scenario, `difference` that of the medians (points for a chance); both empty
    where nothing is compared.
    """

    key: str
    label: str
    value: str
    interval: str
    badge: str
    word: str
    compared: str = ""
    difference: str = ""


def names(page: PageData, lang: str) -> dict[str, str]:
    """What the texts of the catalogue ask for: the three powers by their short names, and the year of the marks."""
    return {
        "coercer": words.country(page.coercer, lang, short=True),
        "target": words.country(page.target, lang, short=True),
        "rival": words.country(page.rival, lang, short=True),
        "year": words.year(page.marks[0], lang),
    }


def chip(page: PageData | None, lang: str) -> str:
    """Where an answer comes from: the exact run by its id, or the emulator with its largest error."""
    if page is None:
        return words.say("chip.none", lang)
    if page.source == "exact":
        return words.say("chip.exact", lang, run=page.run_id)
    return words.say("chip.emulator.error", lang, error=words.number(100.0 * page.error, lang, decimals=0))


def cards(page: PageData, lang: str, versus: PageData | None = None, keys: Sequence[str] = FIRST) -> list[Card]:
    """The cards of an answer, in the order of `keys`; a number that the answer does not have is left out."""
    known = {**names(page, lang)}
    late = {**known, "year": words.year(page.marks[-1], lang)}
    found = []
    for key in keys:
        if key in page.chances:
            found.append(_chance(page, key, lang, versus, known))
        elif key in page.numbers:
            found.append(_number(page, key, lang, versus, late if "_late" in key else known))
    return found


def _chance(page: PageData, key: str, lang: str, versus: PageData | None, known: Mapping[str, str]) -> Card:
    here = page.chances[key]
    there = None if versus is None else versus.chances.get(key)
    return Card(
        key=key,
        label=words.say(f"number.{key}", lang, **known),
        value=words.probability(here, lang),
        interval="",
        badge="A",
        word=words.likelihood(here, lang),
        compared="" if there is None else words.probability(there, lang),
        difference="" if there is None else words.points(100.0 * (here - there), lang, decimals=0, signed=True),
    )


def _number(page: PageData, key: str, lang: str, versus: PageData | None, known: Mapping[str, str]) -> Card:
    info, here = NUMBERS[key], page.numbers[key]
    value, interval = words.figure(*here, info.unit, info.badge, lang)
    there = None if versus is None else versus.numbers.get(key)
    note = f"number.{key}.note"
    return Card(
        key=key,
        label=words.say(f"number.{key}", lang, **known).strip("\u3000 "),
        value=value,
        interval=interval,
        badge=info.badge,
        word=words.say(note, lang, **known) if note in words.TEXTS[lang] else "",
        compared="" if there is None else words.figure(*there, info.unit, info.badge, lang)[0],
        difference="" if there is None else _difference(here, there, info.unit, lang),
    )


def _difference(here: Estimate, there: Estimate, unit: str, lang: str) -> str:
    """Difference of two medians, in the digits that the wider interval supports; points where both are per cent."""
    moved = here.median - there.median
    if not math.isfinite(moved):
        return words.say("none", lang)
    width = max(abs(here.high - here.low), abs(there.high - there.low))
    places = 0 if width >= 10 else 1 if width >= 1 else 2
    if unit == "bn USD":
        return words.money(moved, lang, signed=True, decimals=places)
    return words.points(moved, lang, decimals=places, signed=True)
