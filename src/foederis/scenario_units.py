"""Quantities as a scenario writes them: rates, shares, money, quarters, dates, distributions.

Every parser takes the plain value of the file, returns a frozen value that keeps the decimal number and its unit as
written (so that a file can be written out again), and raises `Fail` with a code, a sentence and a cure.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

MAX_RATE_PERCENT = 10_000
YEARS = (1990, 2100)
CURRENCIES = ("USD", "JPY", "EUR", "GBP", "CNY", "KRW", "TWD", "AUD", "CAD", "CHF", "INR", "MXN")
SCALES: Mapping[str, Decimal] = {"": Decimal(1), "k": Decimal(10) ** 3, "m": Decimal(10) ** 6, "bn": Decimal(10) ** 9}
SCALES = {**SCALES, "tn": Decimal(10) ** 12}
PERIODS: Mapping[str, int] = {"yr": 1, "quarter": 4, "month": 12}  # how many there are in a year

_NUMBER = r"[-+]?(?:[0-9]{1,20}(?:\.[0-9]{1,20})?|\.[0-9]{1,20})(?:[eE][-+]?[0-9]{1,2})?"
_PERCENT = re.compile(rf"({_NUMBER}) ?(%|pp)")
_OF_GDP = re.compile(rf"({_NUMBER}) ?% of GDP")
_BARE = re.compile(_NUMBER)
_MONEY = re.compile(rf"({_NUMBER}) ?(k|m|bn|tn)? ?([A-Z]{{3}})(?: ?/ ?(yr|quarter|month))?")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAN = re.compile(r"[-+.]*(nan|inf|infinity)\b.*", re.IGNORECASE)

Unit = Literal["", "%", "pp"]


KEY = "[key]"  # the last step of a path that means the key before it and not the value under that key


class Fail(ValueError):
    """A value that cannot be read: `code` of the fault, what is wrong, how to mend it, and where below the value."""

    def __init__(self, code: str, message: str, help: str = "", at: tuple[str | int, ...] = ()):
        super().__init__(message)
        self.code, self.message, self.help, self.at = code, message, help, at

    def below(self, *place: str | int) -> list[Fail]:
        """The same fault seen from further up: `place` leads to the value."""
        return [Fail(self.code, self.message, self.help, (*place, *self.at))]


class Fails(ValueError):
    """Several faults in one value."""

    def __init__(self, fails: list[Fail]):
        super().__init__("; ".join(fail.message for fail in fails))
        self.fails = tuple(fails)

    def below(self, *place: str | int) -> list[Fail]:
        """The same faults seen from further up: `place` leads to the value."""
        return [moved for fail in self.fails for moved in fail.below(*place)]


@dataclass(frozen=True)
class Quantity:
    """A number with the unit it was written with: "" (a pure number), "%" or "pp"."""

    number: Decimal
    unit: Unit = ""

    def __float__(self) -> float:
        """The value as a pure number: 15 % is 0.15."""
        return float(self.number / 100 if self.unit else self.number)

    def __str__(self) -> str:
        return f"{decimal_text(self.number)}{self.unit}"


@dataclass(frozen=True)
class Money:
    """An amount of money, or a flow of it (`per` a year, quarter or month)."""

    number: Decimal
    scale: str
    currency: str
    per: str = ""

    @property
    def amount(self) -> float:
        """Units of the currency; a flow is given per year."""
        return float(self.number * SCALES[self.scale] * (PERIODS[self.per] if self.per else 1))

    def __str__(self) -> str:
        words = [decimal_text(self.number), self.scale, self.currency]
        return " ".join(word for word in words if word) + (f"/{self.per}" if self.per else "")


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter."""

    year: int
    number: int

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> dt.date:
        return self.next.first_day - dt.timedelta(days=1)

    @property
    def next(self) -> Quarter:
        return Quarter(self.year + (self.number == 4), self.number % 4 + 1)

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"


@dataclass(frozen=True)
class Distribution:
    """A probability distribution with named parameters, in the order of `DISTRIBUTIONS`."""

    dist: str
    parameters: tuple[tuple[str, Quantity], ...]

    def __getitem__(self, name: str) -> float:
        return float(dict(self.parameters)[name])


@dataclass(frozen=True)
class ActLevel:
    """The size of an act as written: a rate (25%), money (8 bn USD/yr), a share of GDP (3.5% of GDP), a plain count."""

    value: Quantity | Money
    of_gdp: bool = False

    @property
    def unit(self) -> str:
        """The unit in the words of `acts.Act`: %, USD bn per year, % of GDP; empty for a count."""
        if isinstance(self.value, Money):
            return f"{self.value.currency} bn per year"
        return "% of GDP" if self.of_gdp else "%" if self.value.unit else ""

    @property
    def number(self) -> float:
        """The number in its unit: per cent, billions a year, or a count."""
        return self.value.amount / 1e9 if isinstance(self.value, Money) else float(self.value.number)

    def __str__(self) -> str:
        return f"{self.value} of GDP" if self.of_gdp else str(self.value)


def decimal_text(number: Decimal) -> str:
    """The shortest plain text of a decimal: 15, 0.8, 12.5, never with an exponent."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def rate(value: Any) -> Quantity:
    """An ad valorem rate with its unit, 0 to 10 000 %: `15%` or `5pp`."""
    found = percent(value, "rate")
    return within(found, Decimal(0), Decimal(MAX_RATE_PERCENT), "rate", f"0% to {MAX_RATE_PERCENT}%")


def percent(value: Any, what: str) -> Quantity:
    """A number with % or pp; raises Fail("unit") without one."""
    text = _text(value, what)
    match = _PERCENT.fullmatch(text)
    if match:
        return Quantity(_decimal(match[1], what), "%" if match[2] == "%" else "pp")
    _refuse_nan(text, what)
    if _BARE.fullmatch(text):
        cure = f"write '{text}%' (ad valorem) or '{text}pp' (percentage points)"
        if 0 < abs(float(text)) < 1:
            shown = decimal_text(Decimal(text) * 100)
            cure = f"write '{shown}%' if {shown} per cent is meant"
        raise Fail("unit", f"{what} {text!r} has no unit", cure)
    raise Fail("unit", f"{what} {_short(text)} is not a number with a unit", "write it as '15%' or '5pp'")


def change(value: Any) -> Quantity:
    """A relative change with its sign and unit: `+75%`."""
    found = percent(value, "change")
    return within(found, Decimal(-100), Decimal(MAX_RATE_PERCENT), "change", f"-100% to {MAX_RATE_PERCENT}%")


def share(value: Any) -> Quantity:
    """A share from 0 to 1, as a pure number (0.8) or in per cent (80%)."""
    found = number(value, "share", percent_too=True)
    return within(found, Decimal(0), Decimal(100 if found.unit else 1), "share", "0 to 1, or 0% to 100%")


def number(value: Any, what: str, percent_too: bool = False) -> Quantity:
    """A pure number; with `percent_too` also one in per cent."""
    text = _text(value, what)
    _refuse_nan(text, what)
    match = _PERCENT.fullmatch(text)
    if percent_too and match and match[2] == "%":
        return Quantity(_decimal(match[1], what), "%")
    if _BARE.fullmatch(text):
        return Quantity(_decimal(text, what))
    raise Fail("type", f"{what} {_short(text)} is not a number", "write a number such as 0.8")


def within(found: Quantity, low: Decimal, high: Decimal, what: str, allowed: str) -> Quantity:
    """The quantity itself, or Fail("range")."""
    if not low <= found.number <= high:
        raise Fail("range", f"{what} {_short(str(found))} is out of range", f"allowed: {allowed}")
    return found


def money(value: Any, flow: bool | None = None) -> Money:
    """An amount with its currency: `550 bn USD` (flow False), `8 bn USD/yr` (flow True), either (None)."""
    text = _text(value, "amount")
    match = _MONEY.fullmatch(text)
    cure = "write it as '8 bn USD/yr'" if flow else "write it as '550 bn USD'"
    if not match:
        _refuse_nan(text, "amount")
        raise Fail("unit", f"amount {_short(text)} has no currency or cannot be read", cure)
    if match[3] not in CURRENCIES:
        raise Fail("unit", f"{match[3]!r} is not a known currency", f"known: {', '.join(CURRENCIES)}")
    amount = Money(_decimal(match[1], "amount"), match[2] or "", match[3], match[4] or "")
    if flow is not None and flow != bool(amount.per):
        raise Fail("unit", f"amount {_short(text)} is {'a stock, not a flow' if flow else 'a flow, not a stock'}", cure)
    if amount.number < 0:
        raise Fail("range", f"amount {_short(text)} is negative", "turn payer and receiver round instead")
    return amount


def act_level(value: Any) -> ActLevel:
    """The size of an act: `25%`, `8 bn USD/yr`, `3.5% of GDP`, or a number such as 12. Never below zero."""
    text = _text(value, "magnitude")
    _refuse_nan(text, "magnitude")
    if match := _OF_GDP.fullmatch(text):
        return ActLevel(_not_negative(Quantity(_decimal(match[1], "magnitude"), "%")), of_gdp=True)
    if match := _PERCENT.fullmatch(text):
        return ActLevel(_not_negative(Quantity(_decimal(match[1], "magnitude"), "%")))
    if _BARE.fullmatch(text):
        return ActLevel(_not_negative(Quantity(_decimal(text, "magnitude"))))
    if _MONEY.fullmatch(text):
        return ActLevel(money(text, flow=True))
    cure = "write a rate (25%), a flow of money (8 bn USD/yr), a share (3.5% of GDP) or a number (12)"
    raise Fail("unit", f"magnitude {_short(text)} cannot be read", cure)


def _not_negative(found: Quantity) -> Quantity:
    return within(found, Decimal(0), Decimal(MAX_RATE_PERCENT), "magnitude", f"0 to {MAX_RATE_PERCENT}")


def quarter(value: Any) -> Quarter:
    """A quarter such as `2025-Q1`."""
    match = _QUARTER.fullmatch(_text(value, "quarter"))
    if not match:
        raise Fail("quarter", f"{_short(str(value))} is not a quarter", "write it as 2025-Q1")
    found = Quarter(int(match[1]), int(match[2]))
    _within_years(found.year, str(found))
    return found


def date(value: Any) -> dt.date:
    """A day such as `2025-04-03`."""
    text = _text(value, "date")
    try:
        found = dt.date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise Fail("date", f"{_short(text)} is not a date", "write it as 2025-04-03, a day that exists")
    _within_years(found.year, text)
    return found


# Parameters of each distribution, in order, and the rule that they must obey.
DISTRIBUTIONS: Mapping[str, tuple[tuple[str, ...], Callable[..., bool], str]] = {
    "beta": (("a", "b"), lambda a, b: a > 0 and b > 0, "a > 0 and b > 0"),
    "triangular": (("low", "mode", "high"), lambda lo, m, hi: lo <= m <= hi and lo < hi, "low <= mode <= high"),
    "normal": (("mean", "sd"), lambda mean, sd: sd > 0, "sd > 0"),
    "lognormal": (("median", "sigma"), lambda median, sigma: median > 0 and sigma > 0, "median > 0 and sigma > 0"),
    "uniform": (("low", "high"), lambda lo, hi: lo < hi, "low < high"),
}


def distribution(value: Any) -> Distribution:
    """A distribution: `{dist: beta, a: 2, b: 5}`; collects every fault in it."""
    from foederis.scenario_codes import nearest

    kind = value.get("dist")
    if not isinstance(kind, str) or kind not in DISTRIBUTIONS:
        cure = nearest(str(kind), DISTRIBUTIONS) or f"known: {', '.join(DISTRIBUTIONS)}"
        raise Fail("choice", f"{_short(str(kind))} is not a distribution", cure, ("dist",) if "dist" in value else ())
    names, rule, sentence = DISTRIBUTIONS[kind]
    fails = [
        Fail("unknown-key", f"{key!r} is no parameter of {kind}", f"it has {', '.join(names)}", (key, KEY))
        for key in value
        if key not in (*names, "dist")
    ]
    found: list[tuple[str, Quantity]] = []
    for name in names:
        try:
            if name not in value:
                raise Fail("missing", f"{kind} needs {name!r}", f"it has {', '.join(names)}")
            found.append((name, number(value[name], name, percent_too=True)))
        except Fail as fail:
            fails.append(Fail(fail.code, fail.message, fail.help, (name,) if name in value else ()))
    if not fails and not rule(*(float(quantity) for _, quantity in found)):
        fails.append(Fail("range", f"the parameters of {kind} must satisfy {sentence}", "mend the numbers"))
    if fails:
        raise Fails(fails)
    return Distribution(kind, tuple(found))


def share_or_distribution(value: Any) -> Quantity | Distribution:
    """A share, or a distribution over shares whose support lies in [0, 1]."""
    if not isinstance(value, Mapping):
        return share(value)
    found = distribution(value)
    if found.dist in ("triangular", "uniform"):
        for name, quantity in found.parameters:
            if not 0 <= float(quantity) <= 1:
                raise Fail("range", f"{name} {quantity} is no share", "allowed: 0 to 1, or 0% to 100%", (name,))
    return found


def _text(value: Any, what: str) -> str:
    """The text of a scalar; Fail("type") for anything else."""
    if isinstance(value, bool) or value is None or not isinstance(value, str | int | Decimal):
        compound = isinstance(value, Mapping | tuple)
        shown = "a list or a mapping" if compound else "empty" if value is None else str(value).lower()
        raise Fail("type", f"{what} is {shown}", f"write one value for {what}")
    return decimal_text(value) if isinstance(value, Decimal) and abs(value.adjusted()) < 40 else str(value)


def _decimal(text: str, what: str) -> Decimal:
    value = Decimal(text)
    if value and abs(value.adjusted()) > 20:
        raise Fail("range", f"{what} {text} is out of range", "write a number people can read")
    return value.normalize() if value else Decimal(0)


def _refuse_nan(text: str, what: str) -> None:
    if _NAN.fullmatch(text):
        raise Fail("nan", f"{what} {_short(text)} is not a finite number", "write a finite number with its unit")


def _within_years(year: int, text: str) -> None:
    if not YEARS[0] <= year <= YEARS[1]:
        raise Fail("range", f"{text} is outside {YEARS[0]} to {YEARS[1]}", "check the year")


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
