"""The values that a scenario is made of besides quantities: words, parties, goods, dated paths, responses.

Each `parse_*` takes the plain value of the file and returns a frozen value or raises `Fail` (or `Fails`) with the place
below the value; `plain` turns any value back into what a file would hold.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeVar, cast

from foederis import scenario_codes as codes
from foederis import scenario_formula, scenario_units
from foederis.scenario_formula import Formula
from foederis.scenario_units import KEY, ActLevel, Distribution, Fail, Fails, Money, Quantity, Quarter

Value = TypeVar("Value")
Rule = Literal["add", "all_in"]

MAX_TEXT = 2_000
SERVICES = "SERV"  # the sector of the world table that no tariff reaches

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HEADING = re.compile(r"[0-9]{2}|[0-9]{4}")
QUOTA = re.compile(r"quotas?|trqs?|tariff_rate_quotas?|vers?|(in|over)_quota(_rate)?", re.IGNORECASE)


def not_yet(word: str) -> Fail:
    """The refusal of a quota, whatever it is called."""
    message = f"{word[:60]!r}: quotas, tariff-rate quotas and export restraints are not read yet"
    return Fail("not-yet", message, "write the rate paid beyond the quota as a measure, or leave the quota out")


@dataclass(frozen=True)
class Words:
    """A text in English and, where there is one, in Japanese."""

    en: str
    ja: str = ""

    def __call__(self, language: str = "en") -> str:
        """The text in a language; English where that one is missing."""
        return (self.ja or self.en) if language == "ja" else self.en


@dataclass(frozen=True)
class Party:
    """Economies by name: codes and groups, or every economy but these."""

    names: tuple[str, ...]
    all_but: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """The members of the world table, groups resolved, in the order of writing."""
        named = tuple(dict.fromkeys(c for name in self.names for c in codes.GROUPS.get(name, (name,))))
        return tuple(c for c in codes.COUNTRIES if c not in named) if self.all_but else named

    @property
    def everyone(self) -> bool:
        """Whether the party is the whole world, itself or minus some."""
        return self.all_but or "world" in self.names


@dataclass(frozen=True)
class SurplusWith:
    """The economies whose goods trade with `country` shows a surplus (theirs) of more than `over` a year."""

    country: str
    over: Money


@dataclass(frozen=True)
class Goods:
    """Which goods: `all` (services never), `sectors` (codes), `except` (all goods but these codes), `hs` (headings of
    the Harmonized System) or `goods` (named lists)."""

    kind: Literal["all", "sectors", "except", "hs", "goods", "everything"]
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RatePath:
    """A rate, or dated steps of it; a step without a date holds from the start of the measure."""

    steps: tuple[tuple[dt.date | None, Quantity | Formula], ...]


@dataclass(frozen=True)
class RulePath:
    """A stacking rule, or dated steps of it; a step without a date holds from the start of the measure."""

    steps: tuple[tuple[dt.date | None, Rule], ...]


@dataclass(frozen=True)
class CostChange:
    """A change of the cost of trading, tariffs apart: a relative change, or an embargo (a cost without bound)."""

    change: Quantity | None

    @property
    def ratio(self) -> float:
        """New cost over old: 1.2 for +20%, infinity for an embargo."""
        return float("inf") if self.change is None else 1.0 + float(self.change)


def parse_slug(value: Any) -> str:
    """A name of small letters, digits, - and _."""
    text = parse_text(value)
    if not _SLUG.fullmatch(text):
        message = f"{_short(text)} is not a name"
        raise Fail("name", message, "use small letters, digits, - and _, for example autos-232; 64 signs at most")
    if text in ("true", "false", "null"):
        raise Fail("name", f"{text!r} cannot be a name", "choose another one")
    return text


def parse_text(value: Any) -> str:
    """A text of one line or more, not empty."""
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise Fail("type", "a text is expected here", "write words, in quotes if need be")
    text = str(value).strip()
    if not text:
        raise Fail("empty", "an empty text", "write it, or take the key out")
    if len(text) > MAX_TEXT:
        raise Fail("range", f"a text of {len(text)} signs", f"at most {MAX_TEXT}")
    return text


def parse_words(value: Any) -> Words:
    """A text, or `{en: ..., ja: ...}`."""
    if not isinstance(value, Mapping):
        return Words(parse_text(value))
    _only(value, ("en", "ja"), "a text by language")
    if "en" not in value:
        raise Fail("missing", "the English text is missing", "write {en: ..., ja: ...}")
    found = _each(((key, value[key]) for key in value), parse_text)
    return Words(**found)


def parse_country(value: Any) -> str:
    """The ISO 3166 alpha-3 code of an economy of the world table."""
    text = parse_text(value)
    if text not in codes.COUNTRIES:
        named = codes.country_by_name(text)
        message = f"{_short(text)} is not an economy of the world table"
        if text.lower() in codes.GROUPS:
            raise Fail(
                "unknown-country", f"{text!r} is a group; one economy is expected here", "name one of its members"
            )
        near = f"did you mean {named!r}?" if named else codes.nearest(text, codes.COUNTRIES)
        raise Fail("unknown-country", message, _listed(near, "countries"))
    return text


def parse_party(value: Any) -> Party:
    """A country, a group, a list of them, or `{all_except: [...]}`."""
    if isinstance(value, Mapping):
        _only(value, ("all_except",), "a party", hint={"surplus_with": "surplus_with selects exporters only"})
        named = _names(value["all_except"], ("all_except",))
        if not Party(named, True).codes:
            raise Fail("empty", "no economy is left", "except fewer", ("all_except",))
        return Party(named, True)
    return Party(_names(value, ()))


def parse_exporter(value: Any) -> Party | SurplusWith:
    """A party, or `{surplus_with: USA, over: 20 bn USD/yr}`."""
    if not (isinstance(value, Mapping) and ("surplus_with" in value or "over" in value)):
        return parse_party(value)
    _only(value, ("surplus_with", "over"), "this selector")
    for key in ("surplus_with", "over"):
        if key not in value:
            raise Fail("missing", f"{key!r} is missing", "write {surplus_with: USA, over: 20 bn USD/yr}")
    parsers: Mapping[str, Callable[[Any], Any]] = {"surplus_with": parse_country, "over": _usd_flow}
    found = _each(((key, (parsers[key], value[key])) for key in parsers), lambda pair: pair[0](pair[1]))
    return SurplusWith(found["surplus_with"], found["over"])


def parse_goods(value: Any) -> Goods:
    """`all_goods`, a list of sector codes, `{all_goods_except: [...]}`, `{hs: [...]}` or `{goods: [...]}`."""
    if isinstance(value, Mapping):
        keys = ("all_goods_except", "hs", "goods")
        _only(value, keys, "a choice of goods")
        if len(value) != 1:
            raise Fail("choice", "one choice of goods is expected", f"one of {', '.join(keys)}")
        key = next(iter(value))
        parse = {"all_goods_except": _sector, "hs": _heading, "goods": parse_goods_name}[key]
        return _goods(key, _list(value[key], parse, (key,)))
    if value == "all_goods":
        return Goods("all")
    if isinstance(value, str) and value in codes.SECTORS:
        raise Fail("type", "a list of sectors is expected", f"write [{value}]")
    if isinstance(value, str):
        meant = "did you mean 'all_goods'?" if value.lower().startswith("all") else codes.nearest(value, codes.SECTORS)
        cure = "write all_goods, a list such as [C29], {hs: [8703]} or {goods: [autos]}"
        raise Fail("unknown-sector", f"{_short(value)} is no choice of goods", f"{meant} {cure}".strip())
    return Goods("sectors", _list(value, _sector, ()))


def parse_costly_goods(value: Any) -> Goods:
    """What `trade_costs` may reach: goods as for a tariff, `everything`, and the services sector in a list."""
    if value == "everything":
        return Goods("everything")
    if isinstance(value, tuple) and SERVICES in value:
        others = tuple(item for item in value if item != SERVICES)
        named = _list(others, _sector, ()) if others else ()
        return Goods("sectors", (*named, SERVICES))
    return parse_goods(value)


def parse_goods_name(value: Any) -> str:
    """The name of a list of goods."""
    from foederis import goods

    text, known = parse_text(value), goods.names()
    if text not in known:
        raise Fail(
            "unknown-goods",
            f"{_short(text)} is not a named list of goods",
            _listed(codes.nearest(text, known), "goods"),
        )
    return text


def parse_authority(value: Any) -> str:
    """The authority of a measure."""
    text = parse_text(value)
    if text not in codes.AUTHORITIES:
        near = codes.nearest(re.sub(r"^(section|sec\.?|s\.?) *", "s", text.lower()), codes.AUTHORITIES)
        raise Fail("unknown-authority", f"{_short(text)} is not an authority", _listed(near, "authorities"))
    return text


def parse_rate(value: Any) -> Quantity | Formula:
    """A rate with its unit, or `{formula: "..."}`."""
    if not isinstance(value, Mapping):
        return scenario_units.rate(value)
    quoted = dict.fromkeys(value, 'a formula stands in quotes: {formula: "min(10pp, 0.25 * surplus / imports)"}')
    _only(value, ("formula",), "a rate", hint=quoted if "formula" in value else None)
    if not isinstance(value["formula"], str):
        raise Fail(
            "type", "a formula is a text", 'write {formula: "min(10pp, 0.25 * surplus / imports)"}', ("formula",)
        )
    try:
        return scenario_formula.parse(value["formula"])
    except Fail as fail:
        raise Fail(fail.code, fail.message, fail.help, ("formula",)) from None


def parse_rate_path(value: Any) -> RatePath:
    """A rate, or a mapping from day to rate in order of time."""
    if isinstance(value, Mapping) and not any(codes.nearest(key, ("formula",)) for key in value):
        return RatePath(_steps(value, parse_rate))
    return RatePath(((None, parse_rate(value)),))


def parse_rule(value: Any) -> Rule:
    """`add` or `all_in`."""
    text = parse_text(value)
    if text in codes.RULES:
        return cast(Rule, text)
    if QUOTA.fullmatch(text):
        raise not_yet(text)
    near = codes.nearest(text, codes.RULES) or f"known: {', '.join(codes.RULES)}"
    raise Fail("choice", f"{_short(text)} is not a stacking rule", near)


def parse_rule_path(value: Any) -> RulePath:
    """A stacking rule, or a mapping from day to rule in order of time."""
    if isinstance(value, Mapping):
        return RulePath(_steps(value, parse_rule))
    return RulePath(((None, parse_rule(value)),))


def parse_cost_change(value: Any) -> CostChange:
    """A relative change such as `+20%`, or `embargo`."""
    if value == "embargo":
        return CostChange(None)
    found = scenario_units.change(value)
    if found.unit != "%":
        raise Fail("unit", f"change {found} is not relative", "write it as '+20%'")
    if found.number <= -100:
        raise Fail("range", f"a change of {found} leaves no cost at all", "write a change above -100%")
    return CostChange(found)


def plain(value: Any) -> Any:
    """The value as a file would hold it: text, number, list, mapping; the opposite of the parsers."""
    if isinstance(value, Quantity):
        return str(value) if value.unit else value.number
    if isinstance(value, ActLevel):
        bare = isinstance(value.value, Quantity) and not value.value.unit
        return value.value.number if bare and isinstance(value.value, Quantity) else str(value)
    if isinstance(value, Money | Quarter):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Distribution):
        return {"dist": value.dist, **{name: plain(quantity) for name, quantity in value.parameters}}
    if isinstance(value, Formula):
        return {"formula": value.text}
    if isinstance(value, Words):
        return {"en": value.en, "ja": value.ja} if value.ja else value.en
    if isinstance(value, Party):
        return {"all_except": list(value.names)} if value.all_but else _short_list(value.names)
    if isinstance(value, SurplusWith):
        return {"surplus_with": value.country, "over": str(value.over)}
    if isinstance(value, Goods):
        return _plain_goods(value)
    if isinstance(value, RatePath | RulePath):
        return _plain_path(value.steps)
    if isinstance(value, CostChange):
        return "embargo" if value.change is None else str(value.change)
    return value


def _plain_goods(goods: Goods) -> Any:
    if goods.kind == "sectors":
        return list(goods.codes)
    if goods.kind in ("all", "everything"):
        return {"all": "all_goods", "everything": "everything"}[goods.kind]
    return {{"except": "all_goods_except"}.get(goods.kind, goods.kind): list(goods.codes)}


def _plain_path(steps: Iterable[tuple[dt.date | None, Any]]) -> Any:
    first = next(iter(steps))
    if first[0] is None:
        return plain(first[1])
    return {cast(dt.date, day).isoformat(): plain(value) for day, value in steps}


def _short_list(names: tuple[str, ...]) -> Any:
    return names[0] if len(names) == 1 else list(names)


def _goods(key: str, found: tuple[str, ...]) -> Goods:
    kind = "except" if key == "all_goods_except" else key
    if kind == "except":
        out = {activity for code in found for activity in codes.activities(code)}
        if out >= set(codes.GOODS):
            raise Fail("empty", "no goods are left", "except fewer sectors", (key,))
    return Goods(cast(Any, kind), found)


def _sector(value: Any) -> str:
    text = parse_text(value)
    if text in codes.SECTORS:
        return text
    if text in codes.SERVICES:
        raise Fail("services", f"{text!r} is a services activity; tariffs are on goods", _listed("", "sectors"))
    message = f"{_short(text)} is not a goods sector of the ICIO tables"
    if _HEADING.fullmatch(text):
        raise Fail("unknown-sector", message, f"headings go in: {{hs: [{text}]}}")
    raise Fail("unknown-sector", message, _listed(codes.nearest(text, codes.SECTORS), "sectors"))


def _heading(value: Any) -> str:
    from foederis import goods

    text = parse_text(value)
    if not _HEADING.fullmatch(text):
        raise Fail("hs", f"{_short(text)} is not a chapter or heading", "write 2 or 4 digits: 87 or 8703")
    if not goods.is_heading(text):
        raise Fail("hs", f"no imports fall under {text!r}", "check the chapter or heading")
    return text


def _usd_flow(value: Any) -> Money:
    found = scenario_units.money(value, flow=True)
    if found.currency != "USD":
        raise Fail("unit", f"{found} is not in USD, the currency of the trade table", "write it in USD")
    return found


def _names(value: Any, at: tuple[str | int, ...]) -> tuple[str, ...]:
    """Codes and groups from one name or a list."""
    if isinstance(value, tuple):
        return _list(value, _name, at)
    try:
        return (_name(value),)
    except Fail as fail:
        raise Fail(fail.code, fail.message, fail.help, (*at, *fail.at)) from None


def _name(value: Any) -> str:
    text = parse_text(value)
    if text in codes.GROUPS:
        return text
    if text.lower() in codes.GROUPS:
        raise Fail("unknown-country", f"{text!r} is not an economy", f"did you mean {text.lower()!r}?")
    if text in codes.COUNTRIES:
        return text
    named = codes.country_by_name(text)
    near = f"did you mean {named!r}?" if named else codes.nearest(text, (*codes.COUNTRIES, *codes.GROUPS))
    raise Fail("unknown-country", f"{_short(text)} is neither an economy nor a group", _listed(near, "countries"))


def _list(value: Any, parse: Callable[[Any], Value], at: tuple[str | int, ...]) -> tuple[Value, ...]:
    if not isinstance(value, tuple):
        raise Fail("type", "a list is expected here", "write [a, b]", at)
    if not value:
        raise Fail("empty", "an empty list", "name at least one", at)
    found = tuple(_each(((k, item) for k, item in enumerate(value)), parse, at).values())
    for k, item in enumerate(found):
        if item in found[:k]:
            raise Fail("duplicate", f"{_short(str(item))} stands twice in the list", "keep one", (*at, k))
    return found


def _steps(value: Mapping[str, Any], parse: Callable[[Any], Value]) -> tuple[tuple[dt.date, Value], ...]:
    if not value:
        raise Fail("empty", "a path without steps", "write {2025-04-05: ..., 2025-08-07: ...}")
    fails: list[Fail] = []
    steps: list[tuple[dt.date, Value]] = []
    before: dt.date | None = None
    for key, item in value.items():
        try:
            day = _day(key)
            if before is not None and day <= before:
                fails.append(Fail("dates", f"{key} comes after {before}", "put the dates in order of time", (key, KEY)))
            before = day
            steps.append((day, parse(item)))
        except (Fail, Fails) as error:
            fails += error.below(key)
    if fails:
        raise Fails(fails)
    return tuple(steps)


def _day(key: str) -> dt.date:
    if QUOTA.fullmatch(key):
        raise not_yet(key).below(KEY)[0]
    try:
        return scenario_units.date(key)
    except Fail as fail:
        cure = "a path maps days to values: {2025-04-05: 10%, 2025-08-07: 15%}"
        raise Fail(fail.code, fail.message, cure, (KEY,)) from None


def _each(
    items: Iterable[tuple[Any, Any]], parse: Callable[[Any], Any], at: tuple[str | int, ...] = ()
) -> dict[Any, Any]:
    """Parse each item; one `Fails` with every fault."""
    fails: list[Fail] = []
    found = {}
    for key, item in items:
        try:
            found[key] = parse(item)
        except (Fail, Fails) as error:
            fails += error.below(*at, key)
    if fails:
        raise Fails(fails)
    return found


def _only(value: Mapping[str, Any], keys: tuple[str, ...], what: str, hint: Mapping[str, str] | None = None) -> None:
    fails = []
    for key in value:
        if key not in keys:
            cure = (hint or {}).get(key) or codes.nearest(key, keys) or f"allowed: {', '.join(keys)}"
            fails.append(Fail("unknown-key", f"{_short(key)} is no key of {what}", cure, (key, KEY)))
    if not value:
        fails.append(Fail("missing", "an empty mapping", f"allowed: {', '.join(keys)}"))
    if fails:
        raise Fails(fails)


def _listed(near: str, table: str) -> str:
    return f"{near} list them with: foederis codes {table}".strip()


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
