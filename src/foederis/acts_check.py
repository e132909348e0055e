"""What is wrong with an act, field by field, in words a user can act on. No dependency beyond the standard library.

`FIELDS` is what a scenario may write under an act; `faults` returns every fault with the field it belongs to, so that a
reader of files can point to the line.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from foederis.acts import ALL, DOMAINS, KINDS, OPTIONS, Act
from foederis.errors import DataError

__all__ = ["FIELDS", "ActFault", "faults"]

FIELDS: Mapping[str, str] = {
    "id": "a name of its own, e.g. tariff-2027",
    "date": "day of the act, e.g. 2027-03-01",
    "precision": "day, month or year (default day)",
    "actor": "three-letter code of who acts",
    "target": f"three-letter code of whom it is done to, or {ALL}",
    "domain": ", ".join(DOMAINS),
    "kind": ", ".join(KINDS),
    "title": "what happened, in a few words",
    "zeta": "share of the act that the leader chose, 0 (court ruling, lapse) to 1 (proclamation)",
    "source": "where the fact stands; for a future act: assumed",
    "magnitude": "level after: tariff in per cent, demand in its unit, signatories of a treaty left",
    "before": "level before, same unit (default 0)",
    "unit": "unit of magnitude and before",
    "coverage": "share of the target's exports that a tariff covers, or of a full reassurance, 0 to 1 (default 1)",
    "tied": "true when defence was made part of it, or the share to which it was, 0 to 1",
    "surprise": "true when it came without notice or reversed a decision just made",
    "carried_out": "false for a threat or a promise that was not carried out",
    "chance": "chance that a threat is carried out, 0 to 1 (default: the base rate)",
    "payment": "what the target pays for it, billion USD a year (default 0)",
    "feasible": f"what else could have been done: {', '.join(OPTIONS)} (default: by rule)",
    "leader": "who acted; must have been in office",
    "confidence": "high, medium or low",
    "note": "anything else",
}
REQUIRED = ("id", "date", "actor", "target", "domain", "kind", "title", "zeta", "source")
NEEDS_MAGNITUDE = ("tariff", "renege")
SHARES = ("zeta", "coverage", "chance")
NUMBERS = ("zeta", "magnitude", "before", "coverage", "chance", "payment")
SWITCHES = ("tied", "surprise", "carried_out")
assert set(FIELDS) == {field.name for field in fields(Act)}


@dataclass(frozen=True)
class ActFault:
    """One fault: the field it belongs to, what is wrong, how to mend it."""

    field: str
    message: str
    help: str = ""

    @property
    def text(self) -> str:
        """Message and cure on one line."""
        return f"{self.message} ({self.help})" if self.help else self.message


def faults(row: Mapping[str, Any]) -> tuple[ActFault, ...]:
    """Every fault of an act given as a mapping; empty when it is sound. Unknown fields are faults too."""
    found = [*_unknown(row), *_missing(row), *_numbers(row), *_words(row)]
    day = _day(row, found)
    if not found and day is not None:
        found += [*_magnitudes(row), *_leader(row, day)]
    return tuple(found)


def _unknown(row: Mapping[str, Any]) -> list[ActFault]:
    from difflib import get_close_matches

    found = []
    for name in row:
        if name not in FIELDS:
            near = get_close_matches(str(name), list(FIELDS), 1)
            found.append(
                ActFault(str(name), f"no field {name!r} in an act", f"did you mean {near[0]!r}?" if near else "")
            )
    return found


def _missing(row: Mapping[str, Any]) -> list[ActFault]:
    return [ActFault(name, f"{name} is missing", FIELDS[name]) for name in REQUIRED if row.get(name) in (None, "")]


def _numbers(row: Mapping[str, Any]) -> list[ActFault]:
    found = []
    for name in NUMBERS:
        value = row.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            found.append(ActFault(name, f"{name} is {value!r}, not a number", FIELDS[name]))
        elif name in SHARES and not 0 <= value <= 1:
            found.append(ActFault(name, f"{name} is {value:g}, outside 0 to 1", FIELDS[name]))
        elif name not in SHARES and value < 0:
            found.append(ActFault(name, f"{name} is {value:g}, below zero", FIELDS[name]))
    return found


def _words(row: Mapping[str, Any]) -> list[ActFault]:
    found = []
    allowed = {
        "kind": KINDS,
        "domain": DOMAINS,
        "precision": ("day", "month", "year"),
        "confidence": ("high", "medium", "low"),
    }
    for name, known in allowed.items():
        if row.get(name) not in (None, "", *known):
            found.append(ActFault(name, f"{name} is {row[name]!r}", f"one of {', '.join(known)}"))
    for name in ("actor", "target"):
        code = row.get(name)
        if code and code != ALL and not re.fullmatch(r"[A-Z]{3}", str(code)):
            found.append(ActFault(name, f"{name} is {code!r}, not a three-letter code", "e.g. JPN"))
    if row.get("actor") and row.get("actor") == row.get("target"):
        found.append(ActFault("target", f"{row['actor']} acts on itself", "name another country"))
    for name in SWITCHES:
        if name in row and not isinstance(row[name], bool) and not (name == "tied" and _is_share(row[name])):
            found.append(ActFault(name, f"{name} is {row[name]!r}", "true or false"))
    return found + _options(row)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _options(row: Mapping[str, Any]) -> list[ActFault]:
    options = row.get("feasible") or ()
    if isinstance(options, str) or not all(option in OPTIONS for option in options):
        return [ActFault("feasible", f"feasible is {options!r}", f"a list of {', '.join(OPTIONS)}")]
    if options and "act" not in options:
        return [ActFault("feasible", "what was done is not among what could be done", "add act to the list")]
    return []


def _day(row: Mapping[str, Any], found: list[ActFault]) -> dt.date | None:
    value = row.get("date")
    if isinstance(value, dt.date) or value is None:
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        found.append(ActFault("date", f"date is {value!r}", "a day of the calendar such as 2027-03-01"))
        return None


def _magnitudes(row: Mapping[str, Any]) -> list[ActFault]:
    kind, size, before = row["kind"], row.get("magnitude"), row.get("before", 0)
    found = []
    if kind in NEEDS_MAGNITUDE and size is None:
        found.append(ActFault("magnitude", f"a {kind} needs the rate after it", "e.g. magnitude: 24, unit: %"))
    if kind == "tariff" and size is not None and size == before:
        found.append(ActFault("magnitude", f"the tariff is {size:g} before and after: nothing was done", "give both"))
    if kind == "demand" and size is not None and not size > before > 0:
        found.append(
            ActFault("before", f"a demand of {size:g} on {before:g} asks for nothing that can be measured",
                     "before is what is paid now, above zero; magnitude is what is asked, above it")
        )  # fmt: skip
    if kind == "exit" and (size is None or size < 2):
        found.append(ActFault("magnitude", "a treaty has two signatories at least", "their number before the exit"))
    if kind == "ruling" and row["zeta"] != 0:
        found.append(ActFault("zeta", "a ruling is not chosen by the leader", "zeta: 0, or another kind of act"))
    return found


def _leader(row: Mapping[str, Any], day: dt.date) -> list[ActFault]:
    from foederis.acts_leaders import countries, in_office

    name, actor = row.get("leader"), row["actor"]
    if actor not in countries():
        return [ActFault("leader", f"no table of leaders for {actor}", "leave leader out")] if name else []
    try:
        holder = in_office(actor, day).person
    except DataError as error:
        return [ActFault("date", str(error), "")]
    if name and name != holder:
        return [ActFault("leader", f"{name} was not in office on {day}; {holder} was", "mend the date or the leader")]
    return []
