"""Rules that join several values of a scenario: dates in order, names that exist, powers a country has.

The rules read the plain data of the merged file and look only at values that parse, so that they speak up beside the
faults of single values and not instead of them. Each yields faults with the path to the value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from foederis import scenario_act_rules
from foederis import scenario_codes as codes
from foederis import scenario_fields as fields
from foederis import scenario_units as units
from foederis.scenario_fields import Goods, Party
from foederis.scenario_units import KEY, Fail, Fails

Value = TypeVar("Value")
Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, Fail]]


def broken(data: Mapping[str, Any], ids: Iterable[str] = ()) -> Found:
    """Every breach of a rule, with the path to the value that breaks it; `ids`: measures beside those of `data`."""
    yield from _tariffs(data, set(ids))
    yield from scenario_act_rules.broken(data)
    for rule in (
        _horizon,
        _actors,
        _trade_costs,
        _retaliation,
        _ledger,
        _security,
        _economics,
        _side_payments,
        _levers,
    ):
        yield from rule(data)


def _horizon(data: Mapping[str, Any]) -> Found:
    horizon = _mapping(data, "horizon")
    start, end = (_read(units.quarter, horizon.get(key)) for key in ("start", "end"))
    if start is not None and end is not None and end < start:
        yield (
            ("horizon", "end"),
            Fail("dates", f"the horizon ends in {end}, before it starts in {start}", "swap the two"),
        )


def _actors(data: Mapping[str, Any]) -> Found:
    actors = _mapping(data, "actors")
    seen: dict[str, str] = {}
    for role in ("coercer", "target", "rival"):
        code = actors.get(role)
        if not isinstance(code, str):
            continue
        if code in seen:
            yield ("actors", role), Fail("actors", f"{code} is the {seen[code]} already", "name another economy")
        seen.setdefault(code, role)
    for k, code in enumerate(_items(actors, "bystanders")):
        if not isinstance(code, str):
            continue
        if code in seen:
            message = f"{code} is {_role(seen[code])} already"
            yield ("actors", "bystanders", k), Fail("actors", message, "take it out of the list")
        seen.setdefault(code, "bystander")


def _tariffs(data: Mapping[str, Any], beside: set[str]) -> Found:
    measures = _items(data, "tariffs")
    ids = beside | {item["id"] for item in measures if isinstance(item, Mapping) and isinstance(item.get("id"), str)}
    for k, item in enumerate(measures):
        if isinstance(item, Mapping):
            for path, fail in _tariff(item, ids):
                yield ("tariffs", k, *path), fail


def _tariff(item: Mapping[str, Any], ids: set[str]) -> Found:
    yield from _life(item, dated=("rate", "rule"))
    yield from _parties(item)
    yield from _power(item)
    for k, name in enumerate(_items(item, "yields_to")):
        if isinstance(name, str) and name not in ids and name not in codes.AUTHORITIES:
            near = codes.nearest(name, (*ids, *codes.AUTHORITIES))
            cure = near or "name an authority, or the id of a measure of this scenario"
            yield ("yields_to", k), Fail("unknown-id", f"{name[:60]!r} is no authority and no measure", cure)
        elif isinstance(name, str) and name == item.get("id"):
            yield ("yields_to", k), Fail("unknown-id", f"{name!r} cannot yield to itself", "take it out")
    yield from _exemptions(item)


def _exemptions(item: Mapping[str, Any]) -> Found:
    goods, exempt = _read(fields.parse_goods, item.get("sectors")), _items(item, "exempt")
    if isinstance(goods, Goods) and goods.kind in ("hs", "goods") and exempt:
        message = "an exemption cannot be taken out of headings or named lists"
        yield ("exempt",), Fail("exempt", message, "write the scope as sectors, or leave the exemption out")
    yield from _overlaps(exempt, ("exempt",))
    if isinstance(goods, Goods) and goods.kind == "goods":
        yield from _overlaps(goods.codes, ("sectors", "goods"))


def _overlaps(names: tuple[Any, ...], at: Path) -> Found:
    """Named lists that stand twice or share products with one before them."""
    names = tuple(name for name in names if isinstance(name, str))
    for k, name in enumerate(names):
        before = [other for other in names[:k] if any({name, other} <= family for family in codes.OVERLAPPING)]
        if name in names[:k]:
            yield (*at, k), Fail("duplicate", f"{name!r} stands twice in the list", "keep one")
        elif before:
            message = f"{name!r} shares products with {before[0]!r}, and what the two cover together is not known"
            yield (*at, k), Fail("overlap", message, "keep the wider list")


def _life(item: Mapping[str, Any], dated: tuple[str, ...] = ()) -> Found:
    """Start and end of a measure, and its dated paths within them."""
    start, end = _read(units.date, item.get("from")), _read(units.date, item.get("to"))
    paths = {key: _days(item.get(key)) for key in dated}
    if "rate" in paths and item.get("from") is None and not paths["rate"]:
        yield (), Fail("missing", "'from' is missing", "write the first day of the measure: from: 2025-04-05")
    if start is None and item.get("from") is None and paths.get("rate"):
        start = paths["rate"][0][0]
    if start is not None and end is not None and end <= start:
        message = f"ends on {end}, not after its start {start}"
        yield ("to",), Fail("dates", message, "`to` is the first day on which the measure no longer applies")
    for key, steps in paths.items():
        for place, (day, written) in enumerate(steps):
            at = (key, written, KEY)
            if start is not None and place == 0 and day > start:
                cure = f"begin the path on {start}, or the measure on {day}"
                yield at, Fail("dates", f"the {key} path begins on {day}, after the measure on {start}", cure)
            elif start is not None and place > 0 and day <= start:
                yield at, Fail("dates", f"{day} is not after the start {start}", "take out steps before the start")
            elif end is not None and day >= end:
                message = f"ends on {end}, before the {key} path is through: it has a step on {day}"
                yield ("to",), Fail("dates", message, f"take out steps from the end on, or write {key} anew")


def _parties(item: Mapping[str, Any]) -> Found:
    importer = _read(fields.parse_party, item.get("importer"))
    exporter = _read(fields.parse_exporter, item.get("exporter"))
    if isinstance(importer, Party) and isinstance(exporter, Party) and not _pairs(importer, exporter):
        inside = set(importer.codes) | set(exporter.codes) <= set(codes.EU27)
        why = "is a customs union" if inside else "cannot tax its own goods"
        who = "the European Union" if inside else importer.codes[0]
        yield ("exporter",), Fail("self", f"{who} {why}", "name another exporter or importer")


def _pairs(importer: Party, exporter: Party) -> bool:
    """Whether some importer meets some exporter that it can tax."""
    return any(n != i and not (n in codes.EU27 and i in codes.EU27) for n in importer.codes for i in exporter.codes)


def _power(item: Mapping[str, Any]) -> Found:
    authority, importer = item.get("authority"), _read(fields.parse_party, item.get("importer"))
    if isinstance(importer, Party) and str(authority) in codes.US_AUTHORITIES and importer.codes != ("USA",):
        cure = "use authority: retaliation, agreement or other"
        message = f"{authority} is a statute of the United States; the importer is not USA alone"
        yield ("authority",), Fail("authority", message, cure)


def _trade_costs(data: Mapping[str, Any]) -> Found:
    for k, item in enumerate(_items(data, "trade_costs")):
        if not isinstance(item, Mapping):
            continue
        goods = _read(fields.parse_costly_goods, item.get("sectors"))
        partial = isinstance(goods, Goods) and goods.kind in ("hs", "goods")
        for path, fail in (*_life(item), *_parties(item)):
            yield ("trade_costs", k, *path), fail
        if item.get("change") == "embargo" and partial:
            message = "an embargo on part of a sector leaves the rest of the sector unpriced"
            yield ("trade_costs", k, "sectors"), Fail("embargo", message, "embargo whole sectors")


def _retaliation(data: Mapping[str, Any]) -> Found:
    coercer = _mapping(data, "actors").get("coercer")
    for k, item in enumerate(_items(data, "retaliation")):
        if not isinstance(item, Mapping):
            continue
        by, against = _read(fields.parse_party, item.get("by")), item.get("against") or coercer
        if isinstance(by, Party) and by.codes == (against,):
            message = f"{against} cannot retaliate against itself"
            yield ("retaliation", k, "by"), Fail("self", message, "name another country")
        for path, fail in _life(item):
            yield ("retaliation", k, *path), fail
    for code, answer in _mapping(data, "responses").items():
        counter = answer.get("counter_measures") if isinstance(answer, Mapping) else None
        at: Path = ("responses", code)
        if code == coercer and counter not in (None, "none"):
            message = f"{code} is the coercer; its own measures are under `tariffs`"
            yield (*at, "counter_measures"), Fail("self", message, "take the counter-measures out")
        for path, fail in _life(counter) if isinstance(counter, Mapping) else ():
            yield (*at, "counter_measures", *path), fail


def _ledger(data: Mapping[str, Any]) -> Found:
    ledger = _mapping(data, "ledger")
    start, end = _read(units.date, ledger.get("from")), _read(units.date, ledger.get("until"))
    if start is not None and end is not None and end <= start:
        yield ("ledger", "until"), Fail("dates", f"ends on {end}, not after its start {start}", "swap the two")
    partners = _read(fields.parse_party, ledger.get("partners"))
    if isinstance(partners, Party) and partners.codes == ("USA",):
        yield ("ledger", "partners"), Fail("self", "the ledger holds measures of USA on others", "name another economy")
    yield from _since_2025(ledger.get("frozen_on"), ("ledger", "frozen_on"))
    for k, item in enumerate(_items(ledger, "changes")):
        if isinstance(item, Mapping):
            yield from _since_2025(item.get("from"), ("ledger", "changes", k, "from"))
        if isinstance(item, Mapping):
            for path, fail in _life(item, dated=("rate", "rule")):
                yield ("ledger", "changes", k, *path), fail
            rate = _read(fields.parse_rate_path, item.get("rate"))
            if rate is not None and any(not isinstance(value, units.Quantity) for _, value in rate.steps):
                fail = Fail(
                    "formula", "a ledger rate cannot be a formula", "write the formula as a measure under tariffs"
                )
                yield ("ledger", "changes", k, "rate"), fail


def _since_2025(value: Any, at: Path) -> Found:
    day = _read(units.date, value)
    if day is not None and day.year < 2025:
        message = f"{day}: what came before 2025 is part of the duty collected in 2024 and cannot be changed"
        yield at, Fail("dates", message, "write a day from 2025-01-01 on")


def _security(data: Mapping[str, Any]) -> Found:
    reassurance = _mapping(_mapping(data, "security"), "reassurance")
    level, most = (_read(lambda v: units.number(v, "level"), reassurance.get(key)) for key in ("level", "of"))
    if most is not None and most.number <= 0:
        yield ("security", "reassurance", "of"), Fail("range", f"a scale up to {most}", "write a number above zero")
    elif level is not None and most is not None and level.number > most.number:
        fail = Fail("range", f"level {level} is above its maximum {most}", "write a level within the scale")
        yield ("security", "reassurance", "level"), fail


def _levers(data: Mapping[str, Any]) -> Found:
    """Levers act within the horizon, after the common past, and set something."""
    use = _mapping(data, "levers")
    day = _read(units.date, use.get("from"))
    yield from _since_2025(use.get("from"), ("levers", "from"))
    end = _read(units.quarter, _mapping(data, "horizon").get("end"))
    if day is not None and end is not None and day > end.last_day:
        message = f"the levers act from {day}, after the horizon ends in {end}"
        yield ("levers", "from"), Fail("dates", message, "write a day within the horizon")
    if use and set(use) <= {"from"}:
        fail = Fail("empty", "no lever is set", "name one, for example tariff: 10%, or take `levers` out")
        yield ("levers",), fail


def _economics(data: Mapping[str, Any]) -> Found:
    economics = _mapping(data, "economics")
    numeraire, closure = economics.get("numeraire"), economics.get("closure")
    if numeraire not in (None, "world_value_added") and closure != "fixed_nominal":
        fail = Fail(
            "numeraire", "a numeraire matters only for closure: fixed_nominal", "set that closure, or take it out"
        )
        yield ("economics", "numeraire"), fail


def _side_payments(data: Mapping[str, Any]) -> Found:
    payments = _mapping(data, "side_payments")
    investment = _mapping(payments, "investment")
    if investment.get("from") is not None and investment.get("from") == investment.get("to"):
        fail = Fail("self", f"{investment['to']} pays itself", "name payer and receiver")
        yield ("side_payments", "investment", "to"), fail
    for k, item in enumerate(_items(payments, "purchases")):
        if isinstance(item, Mapping) and (item.get("amount") is None) == (item.get("change") is None):
            fail = Fail("choice", "a purchase needs an amount or a change, one of the two", "write amount: 8 bn USD/yr")
            yield ("side_payments", "purchases", k), fail


def _days(value: Any) -> list[tuple[dt.date, str]]:
    """The days of a dated path as written, as far as they are days in order."""
    if not isinstance(value, Mapping) or "formula" in value:
        return []
    days: list[tuple[dt.date, str]] = []
    for key in value:
        day = _read(units.date, key)
        if day is None or (days and day <= days[-1][0]):
            return []
        days.append((day, key))
    return days


def _read(parse: Callable[[Any], Value], value: Any) -> Value | None:
    """The parsed value, or None where it is absent or wrong in itself."""
    try:
        return None if value is None else parse(value)
    except (Fail, Fails):
        return None


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _items(data: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    value = data.get(key)
    return value if isinstance(value, tuple) else ()


def _role(role: str) -> str:
    return "a bystander" if role == "bystander" else f"the {role}"
