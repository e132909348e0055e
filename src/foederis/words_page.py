"""Every text of the page, the live charts and the brief in English and Japanese, and how they write numbers.

    say("number.trust", "ja", coercer="米国", target="日本", year="2028")
    money(7.26, "ja")                                    # 73億ドル
    figure(7.26, 3.6, 11.3, "bn USD", "L", "en")         # ("$7.3 bn", "3.6–11.3")

The catalogue is one table a language (`words_page_*` and `words_guide_*`) with the same keys and the same placeholders.
English numbers are those of `words`; Japanese ones keep its signs, digits and rounding and differ in the units: money
is counted in 億 and 兆, ranges carry 〜 where English has an en dash. Functions take the number in the unit they print.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from foederis import (
    words,
    words_guide_en,
    words_guide_ja,
    words_names,
    words_names_ja,
    words_page_en,
    words_page_ja,
)

__all__ = [
    "AUTHORITY_SHORT_EN",
    "COUNTRY_SHORT_EN",
    "LANGUAGES",
    "TEXTS",
    "authority",
    "channel",
    "country",
    "day",
    "estimate",
    "figure",
    "interval",
    "joined",
    "lever",
    "lever_value",
    "likelihood",
    "likely",
    "money",
    "number",
    "part",
    "percent",
    "pin",
    "points",
    "preset",
    "probability",
    "quarter",
    "say",
    "saying",
    "sector",
    "term",
    "unknown",
    "vintage",
    "year",
]

LANGUAGES = ("en", "ja")
TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": MappingProxyType({**words_page_en.TEXTS, **words_guide_en.TEXTS}),
        "ja": MappingProxyType({**words_page_ja.TEXTS, **words_guide_ja.TEXTS}),
    }
)
COUNTRY_SHORT_EN: Mapping[str, str] = MappingProxyType({"USA": "US", "GBR": "UK", "EU27": "EU"})
AUTHORITY_SHORT_EN: Mapping[str, str] = MappingProxyType(
    {
        "mfn": "MFN",
        "s122": "s.122",
        "s201": "s.201",
        "s232": "s.232",
        "s301": "s.301",
        "s338": "s.338",
        "ieepa": "IEEPA",
        "agreement": "agreement",
        "retaliation": "retaliation",
        "other": "scenario",
    }
)
_ICD203_JA = MappingProxyType(
    {
        "almost no chance": "ほぼあり得ない",
        "very unlikely": "可能性は非常に低い",
        "unlikely": "可能性は低い",
        "roughly even": "五分五分",
        "likely": "可能性が高い",
        "very likely": "可能性が非常に高い",
        "almost certain": "ほぼ確実",
    }
)
_TILDE = "〜"
_HUGE = 1e12  # a price beyond it is none


def say(key: str, lang: str, **values: object) -> str:
    """The text of a key with its placeholders filled; KeyError on an unknown key, language or a missing value."""
    text = _texts(lang)[key]
    return text.format(**values) if values or "{" in text else text


def saying(own: Mapping[str, Mapping[str, str]]) -> Callable[..., str]:
    """`say` for a table of its own, whose texts come before those of the common catalogue."""

    def say_own(key: str, lang: str, **values: object) -> str:
        """The text of a key of this table or of the common catalogue; KeyError where neither has it."""
        found = own.get(lang, {}).get(key)
        return say(key, lang, **values) if found is None else found.format(**values)

    return say_own


def _texts(lang: str) -> Mapping[str, str]:
    if lang not in TEXTS:
        raise KeyError(f"no language {lang!r}; there are {' and '.join(LANGUAGES)}")
    return TEXTS[lang]


def country(code: str, lang: str, *, short: bool = False) -> str:
    """Name of an economy ("United States", "US" when short); the code itself where there is none."""
    if lang == "ja":
        name = words_names_ja.COUNTRY.get(code, code)
        return words_names_ja.COUNTRY_SHORT.get(code, name) if short else name
    return COUNTRY_SHORT_EN.get(code, words_names.country(code)) if short else words_names.country(code)


def sector(code: str, lang: str) -> str:
    """Name of a sector; the code itself where there is none."""
    return words_names_ja.SECTOR.get(code, code) if lang == "ja" else words_names.sector(code)


def authority(code: str, lang: str, *, short: bool = False) -> str:
    """Name of a legal authority ("Section 232 (national security)", "s.232" when short)."""
    if lang == "ja":
        table = words_names_ja.AUTHORITY_SHORT if short else words_names_ja.AUTHORITY
        return table.get(code, code)
    return AUTHORITY_SHORT_EN.get(code, code) if short else words_names.authority(code)


def channel(code: str, lang: str) -> str:
    """Name of a channel through which trust moves."""
    return _named("channel", code, lang)


def part(code: str, lang: str) -> str:
    """Name of a part of what the ally's security rests on."""
    return _named("part", code, lang)


def term(code: str, lang: str) -> str:
    """Name of a term of the change of the balance."""
    return _named("term", code, lang)


def lever(key: str, lang: str) -> str:
    """Name of a lever."""
    return _named("lever", key, lang)


def _named(group: str, code: str, lang: str) -> str:
    return _texts(lang).get(f"{group}.{code}", code)


def pin(label: str, lang: str) -> str:
    """The title of a recorded act in a language; the title itself where it is not translated (a user's act)."""
    return words_page_ja.PINS.get(label, label) if lang == "ja" else label


def preset(name: str, title: str, lang: str) -> str:
    """The short name of a preset; its title where there is none (a user's own)."""
    return _texts(lang).get(f"preset.{name}", title)


def unknown(name: str, moves: str, lang: str) -> str:
    """What an unknown of the table of priors is; `moves`, the English text of the table, where not translated."""
    return words_guide_ja.UNKNOWNS.get(name, moves) if lang == "ja" else moves


def number(value: float, lang: str = "en", *, decimals: int | None = None, signed: bool = False) -> str:
    """A number with two significant figures or the given decimals; the same in both languages, but for "n/a"."""
    text = words.number(value, decimals=decimals, signed=signed)
    return _texts(lang)["none"] if text == "n/a" else text


def percent(value: float, lang: str = "en", *, decimals: int | None = None, signed: bool = False) -> str:
    """A value already in per cent: 15 is "15 %"."""
    return f"{number(value, lang, decimals=decimals, signed=signed)}{words.THIN_SPACE}%"


def points(value: float, lang: str = "en", *, decimals: int | None = None, signed: bool = False) -> str:
    """A difference of two percentages: "12 pp", "12ポイント"."""
    text = number(value, lang, decimals=decimals, signed=signed)
    return f"{text}ポイント" if lang == "ja" else f"{text} pp"


def interval(low: float, high: float, lang: str = "en", *, decimals: int | None = None, signed: bool = False) -> str:
    """A range: "6–10", "−3.2 … +0.2"; Japanese "6〜10", "−3.2〜+0.2"."""
    text = words.interval(low, high, decimals=decimals, signed=signed)
    if lang == "ja":
        text = text.replace(f" {words.ELLIPSIS} ", _TILDE).replace(words.EN_DASH, _TILDE)
        text = text.replace("n/a", _texts(lang)["none"])
    return text


def estimate(median: float, low: float, high: float, unit: str = "", lang: str = "en", *, signed: bool = False) -> str:
    """A median with its interval, all with the decimals of `words.estimate`: "−0.15 % (−0.21 … −0.10)"."""
    text = words.estimate(median, low, high, unit, signed=signed)
    if lang == "ja":
        text = text.replace(f" {words.ELLIPSIS} ", _TILDE).replace(words.EN_DASH, _TILDE).replace(" pp", "ポイント")
        text = text.replace(" (", "（").replace(")", "）")
    return text


def money(usd_bn: float, lang: str = "en", *, signed: bool = False, decimals: int | None = None) -> str:
    """Billion USD: "$7.3 bn"; Japanese in 億 (from 1 trillion on in 兆, below 10 million in 万): "73億ドル".

    `decimals` counts those of billion USD in both languages, so that both show the same figures.
    """
    if lang != "ja":
        if decimals is None:
            return words.money(usd_bn, signed=signed)
        text = words.number(usd_bn, decimals=decimals, signed=signed)
        sign = text[0] if text[0] in (words.MINUS, "+") else ""
        return text if text == "n/a" else f"{sign}${text[len(sign) :]} bn"
    if decimals is not None:
        return f"{number(10.0 * usd_bn, 'ja', decimals=decimals - 1, signed=signed)}億ドル"
    if not math.isfinite(usd_bn):
        return _texts(lang)["none"]
    if abs(usd_bn) >= 1e3:
        return f"{number(usd_bn / 1e3, 'ja', signed=signed)}兆ドル"
    if 0 < abs(usd_bn) < 0.1:
        return f"{number(1e5 * usd_bn, 'ja', signed=signed)}万ドル"
    return f"{number(10.0 * usd_bn, 'ja', signed=signed)}億ドル"


def probability(fraction: float, lang: str = "en") -> str:
    """A likelihood in whole per cent, never certain: "36 %", "<1 %", ">99 %"; Japanese "1 %未満", "99 %超"."""
    text = words.probability(fraction)
    if lang == "ja" and text[0] in "<>":
        return f"{text[1:]}{'未満' if text[0] == '<' else '超'}"
    return text


def likelihood(fraction: float, lang: str = "en") -> str:
    """The word of ICD 203 for a likelihood."""
    word = words.likelihood(fraction)
    return _ICD203_JA[word] if lang == "ja" else word


def likely(fraction: float, lang: str = "en") -> str:
    """Word and number together: "unlikely (36 %)", "可能性は低い（36 %）"."""
    if lang == "ja":
        return f"{likelihood(fraction, lang)}（{probability(fraction, lang)}）"
    return words.likely(fraction)


def figure(median: float, low: float, high: float, unit: str, badge: str, lang: str = "en") -> tuple[str, str]:
    """The median with its unit, and its interval, as the terminal's table prints them.

    `unit` and `badge` are those of `report_page.NUMBERS`. An infinite amount is "no such price", a median that is not
    a number "nothing moves" (with no interval).
    """
    if math.isnan(median):
        return say("figure.nothing", lang), ""
    places, signed = _places(low, high, unit, badge), unit in ("pp", "%")
    if unit == "bn USD":
        middle = money(median, lang, decimals=places) if abs(median) < _HUGE else say("figure.no_price", lang)
        return middle, _money_interval(low, high, places, lang)
    write = points if unit == "pp" else percent
    return write(median, lang, decimals=places, signed=signed), interval(
        low, high, lang, decimals=places, signed=signed
    )


def _money_interval(low: float, high: float, places: int, lang: str) -> str:
    factor, shift = (10.0, 1) if lang == "ja" else (1.0, 0)
    if abs(high) < _HUGE:
        text = interval(factor * low, factor * high, lang, decimals=places - shift)
        return f"{text}億" if lang == "ja" else text
    start = say("figure.no_price", lang)
    if abs(low) < _HUGE:
        start = number(factor * low, lang, decimals=1 - shift) + ("億" if lang == "ja" else "")
    return f"{start} {words.ELLIPSIS} {say('figure.none', lang)}"


def _places(low: float, high: float, unit: str, badge: str) -> int:
    """Decimals that an interval supports, by the rules of the terminal's tables (money and trade; the alliance)."""
    width = abs(high - low)
    if badge != "L" and unit != "bn USD":
        return 0 if width >= 10 else 1 if width >= 1 else 2
    if not width > 0:
        return 2
    return 0 if width >= 10 else 1 if width >= 1 else 2 if width >= 0.1 else 3


def lever_value(value: float, unit: str, lang: str = "en") -> str:
    """Where a lever stands, in its own unit (those of `scenario_levers.LEVERS`): "15 %", "$8 bn a year"; a switch
    (unit "") is "yes" or "no"."""
    if not unit:
        return say("unit.yes" if value else "unit.no", lang)
    factor = 10.0 if unit == "bn USD/yr" and lang == "ja" else 1.0
    return say(f"unit.{unit}", lang, value=f"{factor * value:g}".replace("-", words.MINUS))


def year(when: str, lang: str = "en") -> str:
    """The end of the year of a quarter's mark: "2028-Q4" is "end of 2028", "2028年末"."""
    return say("year.end", lang, year=when[:4])


@lru_cache(maxsize=4096)
def quarter(when: dt.date | str, lang: str = "en") -> str:
    """A quarter: "2027 Q1", "2027年第1四半期"."""
    text = words.quarter(when)
    return f"{text[:4]}年第{text[-1]}四半期" if lang == "ja" else text


@lru_cache(maxsize=4096)
def day(when: dt.date | str, lang: str = "en") -> str:
    """A day: "7 Aug 2025", "2025年8月7日"."""
    date = dt.date.fromisoformat(when) if isinstance(when, str) else when
    return f"{date.year}年{date.month}月{date.day}日" if lang == "ja" else words.day(date)


_VINTAGE = re.compile(r"(\d{4}) flows, law of (\d{4}-\d{2}-\d{2})")


def vintage(text: str, lang: str) -> str:
    """The years of what numbers rest on; a table of a user's own keeps its name."""
    known = _VINTAGE.fullmatch(text)
    if known is None:
        return text
    return say("vintage", lang, year=known[1], day=day(known[2], lang))


def joined(items: Iterable[str], lang: str = "en") -> str:
    """A list in words: "a, b and c", "a、b、c"."""
    return "、".join(items) if lang == "ja" else words.joined(items)
