"""The value types of the scenario models: each joins a parser with the JSON Schema of what it reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic_core import core_schema

from foederis import scenario_codes as codes
from foederis import scenario_fields as fields
from foederis import scenario_units as units
from foederis.scenario_fields import CostChange, Goods, Party, RatePath, RulePath, SurplusWith, Words
from foederis.scenario_units import ActLevel, Distribution, Fail, Money, Quantity, Quarter

Json: TypeAlias = dict[str, Any]

LONG_RUN = "long run"
WORLD_VALUE_ADDED = "world_value_added"  # the numeraire of the trade equilibrium where no country is named
ADD = RulePath(((None, "add"),))
WHOLE = Quantity(Decimal(1))
ALL_GOODS = Goods("all")

_NUMBER = r"[-+]?[0-9]+(\.[0-9]+)?"


def _closed(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _dated(value: Json) -> Json:
    steps = {"type": "object", "propertyNames": _DAY, "additionalProperties": value, "minProperties": 1}
    return {"anyOf": [value, steps]}


def _items(value: Json) -> Json:
    return {"type": "array", "items": value, "minItems": 1}


_TEXT: Json = {"type": "string", "minLength": 1, "maxLength": fields.MAX_TEXT}
_NAME: Json = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}
_DAY: Json = {"type": "string", "format": "date"}
_FLOW: Json = {"type": "string", "examples": ["8 bn USD/yr"]}
_STOCK: Json = {"type": "string", "examples": ["550 bn USD"]}
_NUMERIC: Json = {"type": "number"}
_PERCENT: Json = {"type": "string", "pattern": rf"^{_NUMBER} ?%$", "examples": ["80%"]}
_SHARE: Json = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, _PERCENT]}
_RATE: Json = {"type": "string", "pattern": rf"^{_NUMBER} ?(%|pp)$", "examples": ["15%", "5pp"]}
_FORMULA: Json = _closed(formula={"type": "string", "examples": ["min(10pp, 0.25 * surplus / imports)"]})
_DISTRIBUTION: Json = {
    "type": "object",
    "properties": {"dist": {"enum": list(units.DISTRIBUTIONS)}},
    "required": ["dist"],
    "description": "; ".join(f"{name}: {', '.join(entry[0])}" for name, entry in units.DISTRIBUTIONS.items()),
}
_COUNTRY: Json = {"enum": list(codes.COUNTRIES)}
_ECONOMY: Json = {"enum": [*codes.GROUPS, *codes.COUNTRIES]}
_PARTY: Json = {"anyOf": [_ECONOMY, _items(_ECONOMY), _closed(all_except={"anyOf": [_ECONOMY, _items(_ECONOMY)]})]}
_EXPORTER: Json = {"anyOf": [*_PARTY["anyOf"], _closed(surplus_with=_COUNTRY, over=_FLOW)]}
_SECTORS: Json = _items({"enum": list(codes.SECTORS)})
_GOODS: Json = {
    "anyOf": [
        {"const": "all_goods"},
        _SECTORS,
        _closed(all_goods_except=_SECTORS),
        _closed(hs=_items({"type": ["string", "integer"]})),
        _closed(goods=_items(_TEXT)),
    ]
}
_COSTLY: Json = {
    "anyOf": [{"const": "everything"}, *_GOODS["anyOf"], _items({"enum": [*codes.SECTORS, fields.SERVICES]})]
}
_WORDS: Json = {
    "anyOf": [
        _TEXT,
        {"type": "object", "properties": {"en": _TEXT, "ja": _TEXT}, "required": ["en"], "additionalProperties": False},
    ]
}
_SETTINGS: Json = {"type": "object", "minProperties": 1}


@dataclass(frozen=True, eq=False)
class Reads:
    """Marks a type of the models: the parser of its values, and the JSON Schema of what that parser reads."""

    parse: Callable[[Any], Any]
    schema: Json

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: Any) -> Json:
        return dict(self.schema)


def mobility(value: Any) -> float:
    """Labour mobility of T7: 1 keeps labour in its sector, `long run` (infinity) is one wage per country."""
    if value == LONG_RUN:
        return float("inf")
    cure = f"write a number from 1 (specific factors) on, or {LONG_RUN}"
    try:
        found = units.number(value, "mobility")
    except Fail as fail:
        raise Fail(fail.code, fail.message, cure) from None
    if found.number < 1:
        raise Fail("range", f"mobility {found} is below 1", cure)
    return float(found)


def evaluate(value: Any) -> dt.date | Literal["latest"]:
    """A day, or `latest`: the newest day on which the ledger changes."""
    try:
        return "latest" if value == "latest" else units.date(value)
    except Fail as fail:
        raise Fail(fail.code, fail.message, f"{fail.help}; or latest, the newest date of the ledger") from None


def numeraire(value: Any) -> str:
    """`world_value_added`, or the economy whose wage is held fixed."""
    return WORLD_VALUE_ADDED if value == WORLD_VALUE_ADDED else fields.parse_country(value)


def elasticities(value: Any) -> str:
    """The name of a published set of trade elasticities."""
    text = fields.parse_text(value)
    if text not in codes.ELASTICITIES:
        cure = codes.nearest(text, codes.ELASTICITIES) or f"known: {', '.join(codes.ELASTICITIES)}"
        raise Fail("choice", f"{text[:40]!r} is not a set of trade elasticities", cure)
    return text


def settings(value: Any) -> Mapping[str, Any]:
    """A mapping from the path of a setting to its value, kept as written."""
    if not isinstance(value, Mapping) or not value:
        raise Fail("type", "a mapping from settings to values is expected", "write {reciprocal.rate: 25%}")
    return dict(value)


def assumptions(value: Any) -> Mapping[str, Quantity]:
    """A mapping from the name of a parameter to the number at which it is held; names are checked by the run."""
    if not isinstance(value, Mapping) or not value:
        raise Fail("type", "a mapping from parameters to numbers is expected", "write {w_P: 2.5}")
    found, wrong = {}, []
    for name, text in value.items():
        try:
            found[str(name)] = units.number(text, f"{str(name)[:40]!r}")
        except Fail as fail:
            wrong.append(Fail(fail.code, fail.message, fail.help, (name,)))
    if wrong:
        raise units.Fails(wrong)
    return found


def sweep(value: Any) -> Mapping[str, tuple[Any, ...]]:
    """A mapping from the path of a setting to the list of values it takes."""
    found = settings(value)
    wrong = [path for path, values in found.items() if not isinstance(values, tuple) or not values]
    if wrong:
        raise units.Fails([Fail("type", "a list of values is expected", "write [0%, 5%, 10%]", (p,)) for p in wrong])
    return found


def counter_measures(value: Any) -> Any:
    """`none` as None, `in_kind` as a retaliation without departures; a mapping stays what it is."""
    if value is None or value == "none":
        return None
    if value == "in_kind":
        return {}
    if isinstance(value, Mapping):
        return value
    cure = codes.nearest(str(value), ("none", "in_kind")) or "write none, in_kind or {share: 50%}"
    raise Fail("choice", f"{str(value)[:40]!r} is no kind of counter-measure", cure)


def level(value: Any) -> Quantity:
    """A number that is not negative."""
    found = units.number(value, "level")
    if found.number < 0:
        raise Fail("range", f"level {found} is below zero", "write a number from 0 on")
    return found


Text = Annotated[str, Reads(fields.parse_text, _TEXT)]
Slug = Annotated[str, Reads(fields.parse_slug, _NAME)]
Title = Annotated[Words, Reads(fields.parse_words, _WORDS)]
Country = Annotated[str, Reads(fields.parse_country, _COUNTRY)]
Authority = Annotated[str, Reads(fields.parse_authority, {"enum": list(codes.AUTHORITIES)})]
GoodsName = Annotated[str, Reads(fields.parse_goods_name, _TEXT)]
Partners = Annotated[Party, Reads(fields.parse_party, _PARTY)]
Exporter = Annotated[Party | SurplusWith, Reads(fields.parse_exporter, _EXPORTER)]
GoodsChoice = Annotated[Goods, Reads(fields.parse_goods, _GOODS)]
CostlyGoods = Annotated[Goods, Reads(fields.parse_costly_goods, _COSTLY)]
Day = Annotated[dt.date, Reads(units.date, _DAY)]
DayOrLatest = Annotated[dt.date | Literal["latest"], Reads(evaluate, {"anyOf": [_DAY, {"const": "latest"}]})]
QuarterOf = Annotated[Quarter, Reads(units.quarter, {"type": "string", "pattern": "^[0-9]{4}-Q[1-4]$"})]
FlatRate = Annotated[Quantity, Reads(units.rate, _RATE)]
Rate = Annotated[RatePath, Reads(fields.parse_rate_path, _dated({"anyOf": [_RATE, _FORMULA]}))]
Rule = Annotated[RulePath, Reads(fields.parse_rule_path, _dated({"enum": list(codes.RULES)}))]
Cost = Annotated[
    CostChange,
    Reads(fields.parse_cost_change, {"anyOf": [{"const": "embargo"}, _PERCENT]}),
]
Change = Annotated[Quantity, Reads(units.change, _RATE)]
Share = Annotated[Quantity, Reads(units.share, _SHARE)]
UncertainShare = Annotated[
    Quantity | Distribution,
    Reads(units.share_or_distribution, {"anyOf": [*_SHARE["anyOf"], _DISTRIBUTION]}),
]
Flow = Annotated[Money, Reads(lambda value: units.money(value, flow=True), _FLOW)]
Stock = Annotated[Money, Reads(lambda value: units.money(value, flow=False), _STOCK)]
Level = Annotated[Quantity, Reads(level, {**_NUMERIC, "minimum": 0})]
ActSize = Annotated[
    ActLevel,
    Reads(
        units.act_level,
        {"anyOf": [{**_NUMERIC, "minimum": 0}, {"type": "string", "examples": ["25%", "8 bn USD/yr", "3.5% of GDP"]}]},
    ),
]
Mobility = Annotated[
    float,
    Reads(mobility, {"anyOf": [{"const": LONG_RUN}, {**_NUMERIC, "minimum": 1}]}),
]
Numeraire = Annotated[str, Reads(numeraire, {"enum": [WORLD_VALUE_ADDED, *codes.COUNTRIES]})]
Elasticities = Annotated[str, Reads(elasticities, {"enum": list(codes.ELASTICITIES)})]
Settings = Annotated[Mapping[str, Any], Reads(settings, _SETTINGS)]
Assumptions = Annotated[
    Mapping[str, Quantity],
    Reads(assumptions, {**_SETTINGS, "additionalProperties": _NUMERIC}),
]
Sweep = Annotated[
    Mapping[str, tuple[Any, ...]],
    Reads(sweep, {**_SETTINGS, "additionalProperties": _items({})}),
]
