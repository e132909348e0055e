"""Dated acts: who did what to whom, how much of it the leader chose, and what else could have been done.

An act is a fact with a source. What it tells about the leader follows from rules in its magnitudes (`acts_rules`),
never from a number typed in for the event. `act_arrays` (in `acts_arrays`) turns a list of acts into arrays of fixed
shape for the model. A scenario adds future acts in the same fields; `acts_check.faults` says what is wrong with one.

`zeta` is the share of the act that the leader chose: 1 a proclamation, 0 a court ruling or the lapse of a statute.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from foederis import store
from foederis.errors import DataError

__all__ = [
    "ALL",
    "CHANNELS",
    "DOMAINS",
    "KINDS",
    "OPTIONS",
    "Act",
    "card",
    "from_row",
    "load",
    "recorded_until",
    "shipped",
]

Precision = Literal["day", "month", "year"]
Domain = Literal["trade", "security", "political"]
Kind = Literal[
    "tariff", "demand", "exit", "renege", "surprise", "dispute", "agreement", "reassurance", "words", "summit", "ruling"
]
Channel = Literal[
    "tariff",
    "linkage",
    "unpredictability",
    "host_nation_support",
    "treaty_exit",
    "reassurance",
    "restraint",
    "court",
]
Option = Literal[
    "restraint",
    "consultation",
    "dispute",
    "reassurance",
    "reference",
    "reference_tied",
    "act",
    "other_framing",
    "carry_out",
]

KINDS: tuple[str, ...] = get_args(Kind)
DOMAINS: tuple[str, ...] = get_args(Domain)
CHANNELS: tuple[str, ...] = get_args(Channel)
OPTIONS: tuple[str, ...] = get_args(Option)
ALL = "ALL"  # every country but the actor
HOLDOUT_FROM = 2025  # rows of this year and later are shown and simulated, never calibrated on


@dataclass(frozen=True)
class Act:
    """One act of one country towards another (or towards ALL).

    kind: tariff (raised, cut, or threatened: `carried_out` false), demand (money or effort asked of the ally), exit
    (leaving a treaty), renege (breaking a promise), surprise (a decision that affects the ally, taken without notice),
    dispute (an ordinary complaint), agreement (a settlement by talks), reassurance (costly: forces, binding duties),
    words, summit (words, and rapport), ruling (a court or the lapse of a statute decided).

    `before` and `magnitude` are the level before and after (tariff: per cent of value; demand: what was paid or spent
    and what is asked, in `unit`; exit: `magnitude` is the number of signatories). `coverage` is the share of the
    target's exports to the actor that a tariff covers, or how much of a full reassurance was given. `tied` says
    that defence was made part of it (a share where it is partly so); `surprise` that it came without notice or
    reversed a decision just made; `payment` is what the target pays for it, billion USD a year. `chance` is the
    chance that a threat is carried out (None: the base rate). `feasible` names what else could have been done
    (`OPTIONS`; empty: by rule). `leader` may name who acted; he must have been in office.
    """

    id: str
    date: dt.date
    precision: Precision
    actor: str
    target: str
    domain: Domain
    kind: Kind
    title: str
    zeta: float
    source: str
    magnitude: float | None = None
    before: float = 0.0
    unit: str = ""
    coverage: float = 1.0
    tied: float = 0.0
    surprise: bool = False
    carried_out: bool = True
    chance: float | None = None
    payment: float = 0.0
    feasible: tuple[str, ...] = ()
    leader: str = ""
    confidence: str = "high"
    note: str = ""

    @property
    def holdout(self) -> bool:
        """Whether the act is of the years that are never calibrated on (2025 and later)."""
        return self.date.year >= HOLDOUT_FROM

    @property
    def chosen_by_leader(self) -> bool:
        """Whether any part of the act was the leader's choice."""
        return self.zeta > 0

    @property
    def points(self) -> float:
        """Change of the average tariff on the target's exports to the actor, percentage points, if carried out."""
        if self.kind not in ("tariff", "renege", "ruling") or self.magnitude is None:
            return 0.0
        return (self.magnitude - self.before) * self.coverage

    @property
    def coercive(self) -> bool:
        """Whether the act takes something from the target: higher tariffs, demands, exits, broken promises."""
        return self.kind in ("demand", "exit", "renege", "surprise") or (self.kind == "tariff" and self.points > 0)


@cache
def card() -> Mapping[str, Any]:
    """The shipped list of acts, leaders and sources; raises DataError when it is missing or damaged."""
    return shipped("acts-usa-jpn.json")


def shipped(name: str) -> Mapping[str, Any]:
    """A shipped JSON file, checked against the list of checksums; DataError when it is missing or was changed."""
    found: Mapping[str, Any] = json.loads(store.shipped(name))
    return found


@cache
def load() -> tuple[Act, ...]:
    """The shipped acts in the order of their dates; DataError when a row is not a valid act."""
    found = []
    for row in card()["acts"]:
        act = from_row({name: value for name, value in row.items() if name != "holdout"})
        if act.holdout is not row.get("holdout"):
            raise DataError(f"act {act.id!r}: its holdout mark does not fit its date; build the list again")
        found.append(act)
    return tuple(sorted(found, key=lambda act: (act.date, act.id)))


def recorded_until() -> dt.date:
    """The last day the shipped list claims to cover."""
    return dt.date.fromisoformat(card()["recorded_until"])


def from_row(row: Mapping[str, Any]) -> Act:
    """An act from a mapping of its fields (dates as dates or ISO text); DataError naming every fault."""
    from foederis.acts_check import faults

    found = faults(row)
    if found:
        raise DataError(f"act {row.get('id', '?')!r}: " + "; ".join(fault.text for fault in found))
    values = {**row, "date": _day(row["date"])}
    values.setdefault("precision", "day")
    values["feasible"] = tuple(row.get("feasible", ()))
    values["tied"] = float(row.get("tied", False))
    return Act(**values)


def _day(value: dt.date | str) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
