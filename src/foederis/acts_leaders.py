"""Leaders in office by date: whose act it is, and when beliefs about one leader end.

Terms are half open: a leader is in office from `start` until the day before `end`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from foederis.acts import card
from foederis.errors import DataError

__all__ = ["Leader", "countries", "in_office", "terms"]


@dataclass(frozen=True)
class Leader:
    """A term in office. `person` is the same for two terms of one person; `known` is false for one not yet elected."""

    country: str
    person: str
    start: dt.date
    end: dt.date
    known: bool = True


@cache
def _table() -> tuple[Leader, ...]:
    rows = card()["leaders"]
    found = [
        Leader(
            r["country"], r["person"], dt.date.fromisoformat(r["start"]), dt.date.fromisoformat(r["end"]), r["known"]
        )
        for r in rows
    ]
    return tuple(sorted(found, key=lambda term: (term.country, term.start)))


def countries() -> tuple[str, ...]:
    """Countries with a table of leaders."""
    return tuple(sorted({term.country for term in _table()}))


def terms(country: str) -> tuple[Leader, ...]:
    """The terms of a country's leaders in order; DataError when there is no table for it."""
    found = tuple(term for term in _table() if term.country == country)
    if not found:
        raise DataError(f"no table of leaders for {country}; there is one for {', '.join(countries())}")
    return found


def in_office(country: str, date: dt.date, table: Sequence[Leader] | None = None) -> Leader:
    """Who was in office on a day; DataError when the table does not reach that day."""
    for term in terms(country) if table is None else table:
        if term.start <= date < term.end:
            return term
    raise DataError(f"no leader of {country} on {date}: the table of leaders does not reach that day")
