"""The average tariff on one partner by date: its parts by legal authority, and which statutes changed.

Averages are over all goods, weighted with US imports of 2024, in percentage points of customs value.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import words, words_names
from foederis.measures import Measure, Rule, additions

Array = np.ndarray

CONTENT = "-content"  # derivative articles on which two statutes fall: part of the family of that name
SHOWN = 0.005  # points: a smaller change is none
NEAR = 3  # days between a date of the panel and the legal date it stands for
ORDER = ("mfn", "s201", "s232", "s301", "ieepa", "s122", "other")
TAKEOVER = "base: the duty collected in 2024, which holds the measures of 2018 to 2024"


@dataclass(frozen=True)
class Step:
    """What a partner's goods pay on average from a date on.

    `total` is the sum of `by_authority`, both in percentage points; "mfn" is the normal duty, the other authorities
    hold their part of the 2024 base as well. `statutes`: in the first step of a path what is in force, later what
    changed, each with its legal reference. `source`: those references alone.
    """

    date: dt.date
    total: float
    by_authority: Mapping[str, float]
    statutes: tuple[str, ...]
    source: str

    def row(self) -> dict[str, Any]:
        """The step as plain values for a table or JSON."""
        return {
            "date": self.date.isoformat(),
            "total": self.total,
            "by_authority": dict(self.by_authority),
            "statutes": list(self.statutes),
            "source": self.source,
        }


@dataclass(frozen=True)
class Detail:
    """One measure in force on a day and the points it adds to the average on its partner."""

    measure: Measure
    family: str
    points: float


@dataclass(frozen=True)
class Books:
    """What the ledger knows of one partner: sectors, import weights (they sum to 1), base rate and its parts."""

    sectors: tuple[str, ...]
    weight: Float[Array, " sector"]
    base: Float[Array, " sector"]
    inside: Mapping[str, Float[Array, " sector"]]
    takeover: dt.date  # the day from which measures of before are parts of the base

    def normal(self) -> Float[Array, " sector"]:
        """The base without the measures of before 2025 that it holds."""
        return np.asarray(np.maximum(0.0, self.base - sum(self.inside.values(), np.zeros_like(self.base))))


@dataclass(frozen=True)
class Names:
    """How families and references read: name by family, references (day, text) by family for this partner."""

    name: Mapping[str, str]
    reference: Mapping[str, Sequence[tuple[dt.date, str]]]

    def cited(self, family: str, date: dt.date) -> str:
        """The reference in force on a day: the last that has begun, the first before that."""
        rows = self.reference[family]
        return rows[max(0, bisect_right([day for day, _ in rows], date) - 1)][1]

    def dated(self, family: str, date: dt.date) -> bool:
        """Whether a new reference of the family begins on this day or up to three days before."""
        rows = self.reference[family]
        near = [k for k, (day, _) in enumerate(rows) if 0 <= (date - day).days <= NEAR]
        return any(k == 0 or rows[k][1] != rows[k - 1][1] for k in near)


def details(measures: Sequence[tuple[str, Measure]], date: dt.date, books: Books) -> tuple[Detail, ...]:
    """Measures (family, measure) of one pair in force on a day with the points each adds, largest first."""
    live = [(family, m) for family, m in measures if m.in_force(date)]
    column = {sector: k for k, sector in enumerate(books.sectors)}
    added = additions([m for _, m in live], date, books.base, column)
    rows = [
        Detail(m, family, 100.0 * float(books.weight @ value))
        for (family, _), (m, value) in zip(live, added, strict=True)
    ]
    return tuple(sorted(rows, key=lambda r: (-abs(r.points), r.measure.id)))


def authorities(rows: Sequence[Detail], date: dt.date, books: Books) -> dict[str, float]:
    """Points by authority on a day; from the takeover on the parts of the base count under their authority."""
    taken = date >= books.takeover
    found = {"mfn": 100.0 * float(books.weight @ books.normal())}
    if taken:
        for authority, part in books.inside.items():
            found[authority] = found.get(authority, 0.0) + 100.0 * float(books.weight @ part)
    for row in rows:
        found[row.measure.authority] = found.get(row.measure.authority, 0.0) + row.points
    return {a: found[a] for a in sorted(found, key=_rank) if a == "mfn" or abs(found[a]) > 1e-9}


def path(
    measures: Sequence[tuple[str, Measure]],
    books: Books,
    names: Names,
    start: dt.date,
    end: dt.date,
    changes: Sequence[dt.date],
) -> tuple[Step, ...]:
    """One step at `start` and one for each day up to `end` on which something changes."""
    days = [start, *sorted(day for day in {*changes, books.takeover} if start < day <= end)]
    steps: list[Step] = []
    before: dict[str, _State] = {}
    for k, day in enumerate(days):
        rows = details(measures, day, books)
        now = _states(rows, day)
        found = [*_in_force(now, names, day), *_inside(books, day)] if k == 0 else _changed(before, now, names, day)
        if k and day == books.takeover:
            found = [(TAKEOVER, ""), *(f for f in found if not f[0].endswith(_ENDED))]
        before = now
        by = authorities(rows, day, books)
        total = sum(by.values())
        if k and not found and abs(total - steps[-1].total) < SHOWN:
            continue
        cited = tuple(dict.fromkeys(reference for _, reference in found if reference))
        steps.append(Step(day, total, by, tuple(_with(text, ref) for text, ref in found), "; ".join(cited)))
    return tuple(steps)


_ENDED = " ended"


@dataclass(frozen=True)
class _State:
    rate: float
    rule: Rule
    points: float

    def text(self) -> str:
        places = next((k for k in (0, 1) if abs(100 * self.rate - round(100 * self.rate, k)) < 1e-6), 2)
        shown = words.percent(100 * self.rate, decimals=places)
        return shown if self.rule == "add" else f"{shown} in all"


def _states(rows: Sequence[Detail], date: dt.date) -> dict[str, _State]:
    found: dict[str, _State] = {}
    for row in rows:
        family = row.family.removesuffix(CONTENT)
        rate, rule = row.measure.rate_on(date), row.measure.rule_on(date)
        old = found.get(family)
        if old is not None and row.family.endswith(CONTENT):
            rate, rule = old.rate, old.rule
        found[family] = _State(rate, rule, row.points + (old.points if old else 0.0))
    return {family: state for family, state in found.items() if abs(state.points) >= SHOWN}


def _in_force(now: Mapping[str, _State], names: Names, date: dt.date) -> list[tuple[str, str]]:
    return [(f"{names.name[f]} {state.text()}", names.cited(f, date)) for f, state in now.items()]


def _inside(books: Books, date: dt.date) -> list[tuple[str, str]]:
    """What the base holds of the measures of before, by authority."""
    if date < books.takeover:
        return []
    shown = [a for a, part in books.inside.items() if 100.0 * float(books.weight @ part) >= SHOWN]
    return [(f"{words_names.authority(a).split(' (')[0]} of 2018 to 2024, inside the base", "") for a in shown]


def _changed(
    before: Mapping[str, _State], now: Mapping[str, _State], names: Names, date: dt.date
) -> list[tuple[str, str]]:
    found = []
    for family in dict.fromkeys([*now, *before]):
        old, new = before.get(family), now.get(family)
        name, cited = names.name[family], names.cited(family, date)
        if old is None and new is not None:
            found.append((f"{name} {new.text()}", cited))
        elif new is None:
            found.append((f"{name}{_ENDED}", cited))
        elif old is not None and old.text() != new.text():
            found.append((f"{name} {old.text()} to {new.text()}", cited))
        elif old is not None and abs(old.points - new.points) >= SHOWN and names.dated(family, date):
            found.append((f"{name}: scope changed", cited))
    return found


def _with(text: str, reference: str) -> str:
    return f"{text} ({reference})" if reference else text


def _rank(authority: str) -> tuple[int, str]:
    return (ORDER.index(authority) if authority in ORDER else len(ORDER), authority)
