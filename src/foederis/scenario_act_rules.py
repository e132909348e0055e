"""Acts of a scenario: what a well-read act may still have wrong, and the act that it stands for.

The single values are read by the models. Here are the rules that join several of them: dates within the horizon, units
that fit the kind of act, a leader in office, countries that do not act on themselves. The rules of `acts_check` apply
to every act, of the shipped record and of a scenario alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from foederis import acts_check
from foederis import scenario_codes as codes
from foederis import scenario_units as units
from foederis.acts import ALL, Act, from_row
from foederis.acts import load as load_record
from foederis.scenario_model import Actors, DatedAct
from foederis.scenario_units import ActLevel, Fail, Fails

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, Fail]]

RATE_KINDS = ("tariff", "renege", "ruling")  # kinds whose size is a tariff before and after
DOMAINS = {"demand": "security", "reassurance": "security", "surprise": "political", "words": "political"}
DOMAINS = {**DOMAINS, "summit": "political"}  # what an act is about when the file does not say: else trade
_CODES = {"leader": "leader", "date": "leader", "zeta": "range", "magnitude": "range", "before": "range"}
_USD = "USD bn per year"


def broken(data: Mapping[str, Any]) -> Found:
    """Every breach of a rule by an act, with the path to the value that breaks it."""
    actors = data.get("actors")
    roles = actors if isinstance(actors, Mapping) else {}
    for k, item in enumerate(_list(data.get("acts"))):
        for path, fail in _act(item, roles, _horizon(data)):
            yield ("acts", k, *path), fail
    for k, event in enumerate(_list(data.get("contingent"))):
        then = event.get("then") if isinstance(event, Mapping) else None
        if isinstance(then, Mapping):
            for path, fail in _then(then, roles):
                yield ("contingent", k, "then", *path), fail
    known = None
    for k, name in enumerate(_list(data.get("without_acts"))):
        known = {act.id for act in load_record()} if known is None else known
        if isinstance(name, str) and name not in known:
            cure = codes.nearest(name, known) or "ids stand in the record of acts, e.g. E079"
            yield ("without_acts", k), Fail("unknown-id", f"{name[:60]!r} is no act of the record", cure)


def _then(then: Mapping[str, Any], roles: Mapping[str, Any]) -> Found:
    if not then.get("set") and not then.get("acts"):
        cure = "write set: {flat.rate: 25%}, or acts: [...]"
        yield (), Fail("missing", "the event does nothing: 'set' and 'acts' are missing", cure)
    seen: set[str] = set()
    for k, item in enumerate(_list(then.get("acts"))):
        for path, fail in _act(item, roles, None):
            yield ("acts", k, *path), fail
        name = item.get("id") if isinstance(item, Mapping) else None
        if isinstance(name, str) and name in seen:
            yield ("acts", k, "id"), Fail("duplicate-id", f"{name!r} stands here twice", "give each its own id")
        seen.add(str(name))


def _act(item: Any, roles: Mapping[str, Any], horizon: tuple[dt.date, dt.date] | None) -> Found:
    """The faults of one act whose values can all be read; `horizon` None: the act of an event, which has no date."""
    try:
        act = DatedAct.model_validate(item)
    except ValidationError:
        return  # the single values are told by the models
    own = [*_dates(act, horizon), *_sizes(act), *_sides(act, roles)]
    yield from own
    if own:
        return  # what follows from a wrong date or unit is no fault of its own
    dated = act if act.date is not None else act.model_copy(update={"date": dt.date(2025, 6, 30)})
    named = [roles.get(role) if code is None else code for role, code in (("coercer", act.actor),)]
    if not all(isinstance(code, str) and code in codes.COUNTRIES for code in named):
        return
    for fault in acts_check.faults(_row(dated, act.id, str(named[0]), ALL)):
        name = _CODES.get(fault.field, "act")
        if not (act.date is None and name == "leader"):
            yield (fault.field,), Fail(name, fault.message, fault.help or "mend the date of the act")


def _dates(act: DatedAct, horizon: tuple[dt.date, dt.date] | None) -> Found:
    if horizon is None:
        if act.date is not None:
            cure = "take date out; to give it a date, write it under acts"
            yield ("date",), Fail("dates", "the act of an event takes the day of the event", cure)
        if act.to is not None:
            yield ("to",), Fail("dates", "the act of an event has no end", "take `to` out")
        return
    if act.date is None:
        yield (), Fail("missing", "'date' is missing", "write date: 2027-03-01")
        return
    first, last = horizon
    if not first <= act.date <= last:
        message = f"the act of {act.date} is outside the horizon, {first} to {last}"
        yield ("date",), Fail("horizon", message, "mend the date, or the horizon; earlier acts are in the record")
    if act.to is not None and act.to <= act.date:
        message = f"ends on {act.to}, not after its start {act.date}"
        yield ("to",), Fail("dates", message, "`to` is the first day on which the act no longer applies")
    if act.to is not None and (act.kind != "tariff" or not act.carried_out):
        yield ("to",), Fail("dates", f"kind {act.kind} that {_state(act)} does not lapse", "take `to` out")


def _state(act: DatedAct) -> str:
    return "was carried out" if act.carried_out else "was not carried out"


def _sizes(act: DatedAct) -> Found:
    """Units of `magnitude` and `before` that the kind of act does not have, money in other currencies."""
    allowed, example = _units(act.kind)
    for name in ("magnitude", "before"):
        size: ActLevel | None = getattr(act, name)
        if size is not None and not allowed:
            yield (name,), Fail("act", f"an act of kind {act.kind} has no {name}", "take it out")
        elif size is not None and size.unit not in allowed:
            yield (name,), Fail("unit", f"{name} {size} does not fit kind {act.kind}", f"write {name}: {example}")
    units_of = {size.unit for size in (act.magnitude, act.before) if size is not None}
    if len(units_of) > 1 and units_of <= set(allowed):
        yield ("before",), Fail("unit", f"{act.before} and {act.magnitude} have two units", "write both in one")
    if act.payment is not None and act.payment.currency != "USD":
        yield ("payment",), Fail("unit", f"{act.payment} is not in USD", "write it in USD")


def _units(kind: str) -> tuple[tuple[str, ...], str]:
    if kind in RATE_KINDS:
        return ("%",), "25%"
    if kind == "demand":
        return (_USD, "% of GDP"), "8 bn USD/yr, or 3.5% of GDP"
    return (("",), "12") if kind == "exit" else ((), "")


def _sides(act: DatedAct, roles: Mapping[str, Any]) -> Found:
    actor = act.actor or roles.get("coercer")
    if act.target is not None and not act.target.everyone and actor in act.target.codes:
        yield ("target",), Fail("self", f"{actor} acts on itself", "name another country")
    if act.target is None and actor is not None and actor == roles.get("target"):
        yield ("actor",), Fail("self", f"{actor} acts on itself", "name the target of the act")


def written(
    act: DatedAct, actors: Actors, date: dt.date | None = None, until: dt.date = dt.date.max
) -> tuple[Act, ...]:
    """The acts that an entry stands for: one for each target, and the lapse of a tariff that ends.

    `date` dates the act of an event; lapses after `until` are left out. Targets of a list
    or group get ids of their own: `id-kor`.
    """
    dated = act if date is None else act.model_copy(update={"date": date})
    actor, found = act.actor or actors.coercer, []
    for target in _targets(dated, actors, actor):
        name = act.id if len(_targets(dated, actors, actor)) == 1 else f"{act.id}-{target.lower()}"
        row = _row(dated, name, actor, target)
        found.append(from_row(row))
        if dated.to is not None and dated.to <= until:
            lapse = {"id": f"{name}.lapse", "date": dated.to, "kind": "ruling", "zeta": 0.0, "tied": False}
            ends = {"magnitude": row.get("before", 0.0), "before": row["magnitude"], "payment": 0.0, "surprise": False}
            title = {"title": f"{act.title}: lapsed", "feasible": (), "leader": ""}
            found.append(from_row({**row, **lapse, **ends, **title}))
    return tuple(found)


def _targets(act: DatedAct, actors: Actors, actor: str) -> tuple[str, ...]:
    if act.target is None:
        return (actors.target,)
    if "world" in act.target.names and not act.target.all_but:
        return (ALL,)
    return tuple(code for code in act.target.codes if code != actor)


def _row(act: DatedAct, name: str, actor: str, target: str) -> dict[str, Any]:
    """The act in the fields of `acts.Act`."""
    row: dict[str, Any] = {
        "id": name,
        "date": act.date,
        "precision": act.precision,
        "actor": actor,
        "target": target,
        "domain": act.domain or DOMAINS.get(act.kind, "trade"),
        "kind": act.kind,
        "title": act.title,
        "zeta": float(act.zeta),
        "source": act.source,
        "coverage": float(act.coverage),
        "tied": act.tied,
        "surprise": act.surprise,
        "carried_out": act.carried_out,
        "feasible": act.feasible,
        "leader": act.leader or "",
        "confidence": act.confidence,
        "note": act.note or "",
    }
    sizes = {"magnitude": act.magnitude, "before": act.before}
    row |= {key: size.number for key, size in sizes.items() if size is not None}
    if act.magnitude is not None:
        row["unit"] = act.magnitude.unit or "signatories"
    if act.chance is not None:
        row["chance"] = float(act.chance)
    if act.payment is not None:
        row["payment"] = act.payment.amount / 1e9
    return row


def _horizon(data: Mapping[str, Any]) -> tuple[dt.date, dt.date]:
    horizon = data.get("horizon")
    days = []
    for key, other in (("start", dt.date.min), ("end", dt.date.max)):
        try:
            quarter = units.quarter(horizon.get(key)) if isinstance(horizon, Mapping) else None
        except (Fail, Fails):
            quarter = None
        days.append(other if quarter is None else quarter.first_day if key == "start" else quarter.last_day)
    return days[0], days[1]


def _list(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()
