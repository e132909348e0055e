"""How numbers, likelihoods and dates are written: the one place where values become English text.

Rules: the true minus sign (U+2212); a thin space (U+2009) before %; two significant figures, a third only where two
would hide the width of an interval; ranges as "6–10", and as "−3.2 … +0.2" once a sign is involved; likelihood words
of US Intelligence Community Directive 203, always with the number, and never "0 %" or "100 %" for a likelihood;
quarters as "2027 Q1". Chart, table and sentence call the same functions, so that they cannot disagree.

Functions take the number in the unit they print: `percent(-0.15)` is "−0.15 %". A likelihood is a fraction (0.36).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

__all__ = [
    "ELLIPSIS",
    "EN_DASH",
    "MINUS",
    "THIN_SPACE",
    "ascii_only",
    "change",
    "day",
    "estimate",
    "interval",
    "it_is",
    "joined",
    "likelihood",
    "likely",
    "money",
    "money_estimate",
    "number",
    "percent",
    "points",
    "probability",
    "quarter",
    "shown",
    "sparkline",
]

MINUS = "−"
THIN_SPACE = "\u2009"
EN_DASH = "–"
ELLIPSIS = "…"

# Upper bounds in whole per cent, upper bound excluded, except that "roughly even" keeps both ends so that the words for
# p and 1 - p mirror each other: 45 and 55 are roughly even, 20 is unlikely as 80 is likely.
_ICD203 = (
    (5, "almost no chance"),
    (20, "very unlikely"),
    (45, "unlikely"),
    (56, "roughly even"),
    (81, "likely"),
    (96, "very likely"),
)
_BLOCKS = "▁▂▃▄▅▆▇█"
_LONG = 7  # characters of a magnitude that are no significant figure ("0.000"), and two figures more
_LEAST_CHANGE_PERCENT = Decimal("0.001")
_SCALES = ((1e3, "tn", 1e-3), (1.0, "bn", 1.0), (0.0, "m", 1e3))  # from this many bn USD on: name, factor


def number(value: float, *, decimals: int | None = None, signed: bool = False) -> str:
    """A number with two significant figures, or with the given decimals (negative: rounded to tens, hundreds ...).

    Thousands are set off by commas; a value that rounds to zero carries no sign; `signed` adds "+" to positive values.
    A value that is not finite is "n/a", never a figure.
    """
    if not math.isfinite(value):
        return "n/a"
    figures = _figures(abs(value), _decimals(abs(value), 2) if decimals is None else decimals)
    if not figures.strip("0."):
        return figures
    return (MINUS if value < 0 else "+" if signed else "") + figures


def interval(low: float, high: float, *, decimals: int | None = None, signed: bool = False) -> str:
    """A range: "6–10" when neither end is negative, otherwise (or when `signed`) "−3.2 … +0.2"."""
    places = _shared_decimals((low, high)) if decimals is None else decimals
    ends = [number(end, decimals=places, signed=True) for end in (low, high)]
    if signed or any(end.startswith(MINUS) for end in ends):
        return f" {ELLIPSIS} ".join(ends)
    return EN_DASH.join(end.removeprefix("+") for end in ends)


def estimate(median: float, low: float, high: float, unit: str = "", *, signed: bool = False) -> str:
    """A median with its interval, all three with the same decimals: "−0.15 % (−0.21 … −0.10)".

    `unit` follows the median: "%" after a thin space, any other unit after a space.
    """
    places = _shared_decimals((median, low, high))
    middle = _with_unit(number(median, decimals=places, signed=signed), unit)
    return f"{middle} ({interval(low, high, decimals=places, signed=signed)})"


def percent(value: float, *, decimals: int | None = None, signed: bool = False) -> str:
    """A value already in per cent: 15 is "15 %"."""
    return _with_unit(number(value, decimals=decimals, signed=signed), "%")


def points(value: float, *, decimals: int | None = None, signed: bool = False) -> str:
    """A difference of two percentages, in percentage points: 12.5 is "12 pp"."""
    return _with_unit(number(value, decimals=decimals, signed=signed), "pp")


def money(usd_bn: float, *, signed: bool = False) -> str:
    """Billion USD in the scale that reads best: "$9.1 bn", "−$350 m", "$1.2 tn"."""
    scale, factor = _scale(abs(usd_bn))
    return _dollars(number(usd_bn * factor, signed=signed), scale)


def money_estimate(median: float, low: float, high: float) -> str:
    """Billion USD with an interval in the same scale and decimals: "$9 bn (7–11)"."""
    scale, factor = _scale(max(abs(median), abs(low), abs(high)))
    ends = [value * factor for value in (median, low, high)]
    places = _shared_decimals(ends)
    middle = _dollars(number(ends[0], decimals=places), scale)
    return f"{middle} ({interval(ends[1], ends[2], decimals=places)})"


def change(value_percent: float, low: float | None = None, high: float | None = None) -> str:
    """A verb phrase for a change in per cent: "falls by 0.15 %", "rises by 2.0 %", or "does not change".

    With the ends of its interval the digits follow the interval, as in `estimate`. A change that rounds to zero with
    those digits, or that is below 0.001 %, is none.
    """
    if not math.isfinite(value_percent):
        return "is not known"
    places = _shared_decimals([value_percent, *(end for end in (low, high) if end is not None)])
    rounded = _rounded(value_percent, places)
    if rounded == 0 or abs(rounded) < _LEAST_CHANGE_PERCENT:
        return "does not change"
    return f"{'rises' if rounded > 0 else 'falls'} by {percent(abs(value_percent), decimals=places)}"


def probability(fraction: float) -> str:
    """A likelihood in whole per cent, never certain: "36 %", "<1 %", ">99 %"; ValueError outside 0..1."""
    whole = _whole_percent(fraction)
    if whole < 1:
        return _with_unit("<1", "%")
    if whole > 99:
        return _with_unit(">99", "%")
    return _with_unit(str(whole), "%")


def likelihood(fraction: float) -> str:
    """The word of ICD 203 for a likelihood; it belongs to the whole per cent that `probability` prints."""
    whole = _whole_percent(fraction)
    for bound, word in _ICD203:
        if whole < bound:
            return word
    return "almost certain"


def likely(fraction: float) -> str:
    """Word and number together: "unlikely (36 %)"."""
    return f"{likelihood(fraction)} ({probability(fraction)})"


def it_is(fraction: float) -> str:
    """A likelihood as the beginning of a sentence: "It is unlikely (36 %)", "There is almost no chance (4 %)"."""
    text = likely(fraction)
    if text.startswith("almost no chance"):
        return f"There is {text}"
    return f"The chances are {text}" if text.startswith("roughly even") else f"It is {text}"


def quarter(when: dt.date | str) -> str:
    """A quarter as "2027 Q1", from a day or from "2027-Q1" (ValueError if the text is neither that nor an ISO date)."""
    if isinstance(when, str):
        year, _, rest = when.strip().replace(" ", "-").partition("-")
        if len(year) == 4 and year.isdigit() and rest in {"Q1", "Q2", "Q3", "Q4"}:
            return f"{year} {rest}"
        when = dt.date.fromisoformat(when)
    return f"{when.year} Q{(when.month + 2) // 3}"


def day(when: dt.date) -> str:
    """A day as "7 Aug 2025", the same in every locale."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{when.day} {months[when.month - 1]} {when.year}"


def joined(items: Iterable[str], last: str = "and") -> str:
    """A list in words: "a", "a and b", "a, b and c"."""
    words = list(items)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def sparkline(draws: Sequence[float], bins: int = 6) -> str:
    """The shape of a set of draws as one line of blocks: a histogram between its 1st and 99th percentile.

    Values that are not finite are left out; an empty set is an empty string, draws that are all equal one full block.
    """
    kept = sorted(value for value in map(float, draws) if math.isfinite(value))
    if not kept:
        return ""
    low, high = kept[int(0.01 * (len(kept) - 1))], kept[math.ceil(0.99 * (len(kept) - 1))]
    if low == high:
        return _BLOCKS[-1]
    counts = [0] * bins
    for value in kept:
        if low <= value <= high:
            counts[min(bins - 1, int(bins * (value - low) / (high - low)))] += 1
    return "".join(_BLOCKS[round((len(_BLOCKS) - 1) * count / max(counts))] for count in counts)


def ascii_only(text: str) -> str:
    """The same text in ASCII for a terminal or a file that cannot show the signs; blocks become "." to "#"."""
    signs: dict[str, str | int | None] = {
        MINUS: "-",
        THIN_SPACE: " ",
        EN_DASH: "-",
        ELLIPSIS: "...",
        "—": "-",
        "·": "-",
        "×": "x",
        "→": "->",
    }
    signs.update(zip(_BLOCKS, "..::++##", strict=True))
    plain = text.translate(str.maketrans(signs))
    return plain.encode("ascii", "replace").decode("ascii")


def shown(text: str, encoding: str | None) -> str:
    """The text itself where the encoding can carry it, its ASCII form where it cannot."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ascii_only(text)
    return text


def _decimals(magnitude: float, figures: int) -> int:
    """Decimals that show this many significant figures of a magnitude, after rounding (9.96 to two figures is 10)."""
    if magnitude == 0 or not math.isfinite(magnitude):
        return 0
    if len(repr(float(magnitude))) > figures + _LONG and 1e-4 <= magnitude < 1e16:  # no tie, as in `_figures`
        return figures - 1 - int(f"{magnitude:.{figures - 1}e}".partition("e")[2])
    exponent = Decimal(repr(magnitude)).adjusted()
    places = figures - 1 - exponent
    grown = abs(_rounded(magnitude, places)).adjusted() > exponent
    return places - 1 if grown else places


def _shared_decimals(values: Sequence[float]) -> int:
    """Decimals for numbers printed together: two figures of the largest, three where two make unlike ends alike."""
    finite = [value for value in values if math.isfinite(value)]
    largest = max((abs(value) for value in finite), default=0.0)
    places = _decimals(largest, 2)
    hidden = len({number(value, decimals=places) for value in finite}) < len(set(finite))
    width = max(finite, default=0.0) - min(finite, default=0.0)
    return places + 1 if hidden and width > 0 and _rounded(width, places) == 0 else places


def _figures(magnitude: float, places: int) -> str:
    """A magnitude rounded as by `_rounded`, as text with commas; binary rounding, ten times faster, where it agrees.

    It does unless the shortest decimal form is a tie: were one between the float and that form, it would be shorter.
    """
    text = repr(float(magnitude))
    if places >= 0 and "e" not in text and len(text) - text.find(".") - 1 > places + 1:
        return f"{magnitude:,.{places}f}"
    return _decimal_figures(magnitude, places)


@lru_cache(maxsize=4096)  # short forms come again: prices, zeros
def _decimal_figures(magnitude: float, places: int) -> str:
    return f"{_rounded(magnitude, places):,f}"


def _rounded(value: float, places: int) -> Decimal:
    """Round half to even on the shortest decimal form of the float, so that 0.125 and its text agree."""
    quantum = Decimal(1).scaleb(-places)
    result = Decimal(repr(float(value))).quantize(quantum, rounding=ROUND_HALF_EVEN)
    return result.quantize(Decimal(1)) if places < 0 else result


def _with_unit(text: str, unit: str) -> str:
    if not unit:
        return text
    return f"{text}{THIN_SPACE if unit == '%' else ' '}{unit}"


def _scale(usd_bn: float) -> tuple[str, float]:
    for least, name, factor in _SCALES:
        if usd_bn >= least:
            return name, factor
    return "bn", 1.0  # not a number


def _dollars(text: str, scale: str) -> str:
    if text == "n/a":
        return text
    sign = text[0] if text[0] in (MINUS, "+") else ""
    return f"{sign}${text[len(sign) :]} {scale}"


def _whole_percent(fraction: float) -> int:
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"a likelihood lies between 0 and 1, not at {fraction}")
    return int(_rounded(100.0 * fraction, 0))
