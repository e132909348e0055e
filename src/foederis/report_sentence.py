"""The sentence of an answer, in English or Japanese: what coercion earns, what that costs, whether it is worth it.

It is made of the numbers of the answer alone, can come out either way, and says how likely the verdict is.
"""

from __future__ import annotations

from collections.abc import Mapping

from foederis import words, words_page
from foederis.report_page import NUMBERS, Estimate, PageData
from foederis.words_brief import say

__all__ = ["chance", "joined", "names", "sentence"]


def names(page: PageData, lang: str) -> dict[str, str]:
    """Coercer, target and rival as they stand in a sentence, and the first mark."""
    found = {
        role: words_page.country(code, lang, short=True)
        for role, code in (("coercer", page.coercer), ("target", page.target), ("rival", page.rival))
    }
    if lang == "en":
        found = {role: f"the {name}" if name in ("US", "UK", "EU") else name for role, name in found.items()}
    return {**found, "year": words_page.year(page.marks[0], lang)}


def sentence(page: PageData, lang: str) -> str:
    """What the run says, in a few sentences that can come out either way."""
    who = names(page, lang)
    parts = [_gain(page, who, lang)]
    if "self_defeat" in page.chances:
        parts += [_trust(page, who, lang), chance("sentence.verdict", page.chances["self_defeat"], who, lang)]
    elif page.taxes_target:
        parts.append(chance("sentence.gain", page.chances["probability_gain"], who, lang))
    return joined([text[:1].upper() + text[1:] for text in parts], lang)


def joined(parts: list[str], lang: str) -> str:
    """Sentences one after the other; Japanese takes no space between them."""
    return ("" if lang == "ja" else " ").join(parts)


def _gain(page: PageData, who: Mapping[str, str], lang: str) -> str:
    if not page.taxes_target:
        return say("sentence.untaxed", lang, **who)
    gain = page.numbers["gain"]
    costs = gain.median < 0
    low, high = (-gain.high, -gain.low) if costs else (gain.low, gain.high)
    size, span = words_page.figure(abs(gain.median), low, high, "bn USD", NUMBERS["gain"].badge, lang)
    ends = span.replace("億", "").split("〜" if lang == "ja" else " … " if " … " in span else words.EN_DASH)
    verb = say("sentence.costs.verb" if costs else "sentence.earns.verb", lang)
    unit = "億" if "億" in span else ""
    return say("sentence.earns", lang, **who, verb=verb, size=size, low=ends[0], high=f"{ends[1]}{unit}")


def _trust(page: PageData, who: Mapping[str, str], lang: str) -> str:
    level, moved, balance = (page.numbers[key] for key in ("trust", "trust_change", "balance"))
    share, span = words_page.figure(*level, NUMBERS["trust"].unit, "A", lang)
    change, change_span = words_page.figure(*moved, "pp", "A", lang)
    return say(
        "sentence.trust", lang, **who, share=share, range=span, change=change, change_range=change_span,
        balance=_moves(balance, lang),
    )  # fmt: skip


def _moves(change: Estimate, lang: str) -> str:
    """A change in per cent as a verb phrase with its interval."""
    size, span = words_page.figure(*change, "%", "A", lang)
    bare = size.lstrip(f"+{words.MINUS}")
    if not any(digit in bare for digit in "123456789"):
        return say("sentence.still", lang)
    return say("sentence.falls" if size.startswith(words.MINUS) else "sentence.rises", lang, size=bare, range=span)


def chance(key: str, fraction: float, who: Mapping[str, str], lang: str) -> str:
    """A likelihood with its word, joined to what is likely as the language does it."""
    if lang != "ja":
        return say(key, lang, **who, it_is=words.it_is(fraction))
    text = words_page.likely(fraction, lang)
    link = "" if text.startswith("可能性") else "かどうかは" if text.startswith("五分") else "ことは"
    return say(key, lang, **who, it_is=f"{link}{text}")
