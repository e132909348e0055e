"""Tidy evidence with two doors: `training` for what calibration may read, `holdout` for what tests are scored on.

Tables: country_year, poll_obs, event, coercion_case, trade_obs. Every row carries the key of its source. Rows of 2025
and later are held out from everything; a test holds out its own window too:

    A       frozen at the end of 2016            every row of 2017 and later
    B       frozen at the end of 2024            every row of 2025 and later
    C       leaves out five allies               rows of LEFT_OUT from 2017 on, and all rows of 2022 and later
    C:XXX   leaves out one ally, e.g. C:AUS      the same for that country
    D       coercion cases frozen at 1989        cases of 1990 and later
    to:Y    frozen at the end of a year          every row after that year, e.g. to:2013

`require_training` is the guard of every fit: it refuses a table that holds a row it must not see.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Int

from foederis import store
from foederis.errors import DataError, UsageError

__all__ = ["FREEZE", "HOLDOUT_FROM", "LEFT_OUT", "TABLES", "Table", "card", "held", "held_for", "holdout",
           "is_holdout", "load", "require_training", "training"]  # fmt: skip

Array = np.ndarray
Name = Literal["country_year", "poll_obs", "event", "coercion_case", "trade_obs"]
TABLES: tuple[str, ...] = get_args(Name)
HOLDOUT_FROM = 2025
FREEZE: Mapping[str, int] = MappingProxyType({"A": 2016, "B": 2024, "C": 2021, "D": 1989})  # last year that is read
LEFT_OUT = ("AUS", "KOR", "PHL", "CAN", "DEU")  # allies of test C
_ALLY_FROM = 2017  # test C holds out the ally's rows from this year on
_FILE = "evidence.npz"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of one table: columns by name, all of one length. Numbers are NaN where a source has none."""

    name: str
    columns: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.columns["source"])

    def __getitem__(self, column: str) -> Array:
        if column not in self.columns:
            raise UsageError(f"table {self.name} has no column {column!r}; it has {', '.join(self.columns)}")
        return self.columns[column]

    def where(self, keep: Bool[Array, " row"]) -> Table:
        """The rows for which `keep` is true, in order."""
        return Table(self.name, MappingProxyType({name: values[keep] for name, values in self.columns.items()}))

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, the same for equal rows in the same order."""
        digest = hashlib.sha256(self.name.encode())
        for name, values in sorted(self.columns.items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()


def is_holdout(year: Int[Array, " row"]) -> Bool[Array, " row"]:
    """Whether rows of these years are held out from every calibration."""
    return np.asarray(year) >= HOLDOUT_FROM


def held_for(name: str, year: Int[Array, " row"]) -> Array:
    """The tests with a fixed window in which each row lies, as text such as `A B`."""
    tests = ["A", "B", *(["D"] if name == "coercion_case" else [])]
    masks = {test: np.asarray(year) > FREEZE[test] for test in tests}
    return np.array([" ".join(test for test in tests if masks[test][k]) for k in range(len(year))])


def held(table: Table, test: str | None = None) -> Bool[Array, " row"]:
    """Which rows a fit for this test must not see (without a test: the rows held out from everything).

    Raises UsageError on an unknown test.
    """
    base = is_holdout(table["year"])
    if test is None:
        return base
    found = re.fullmatch(r"to:(\d{4})|C:([A-Z0-9]{3,8})|[ABCD]", test)
    if found is None:
        raise UsageError(f"no test {test!r}; there are A, B, C, C:ALLY (such as C:AUS), D and to:YEAR")
    year = table["year"]
    if found[1]:
        return base | (year > int(found[1]))
    if test == "D" and table.name != "coercion_case":
        return base
    if not test.startswith("C"):
        return base | (year > FREEZE[test])
    allies = [found[2]] if found[2] else list(LEFT_OUT)
    place = next((c for c in ("iso3", "target") if c in table.columns), None)
    mine = np.zeros(len(table), bool) if place is None else np.isin(table[place], allies) & (year >= _ALLY_FROM)
    return base | mine | (year > FREEZE["C"])


def training(name: Name, test: str | None = None) -> Table:
    """The rows that a calibration may read; with a test, those outside its window. Never a row held out.

    Raises UsageError on an unknown table or test, DataError when the file is missing or damaged.
    """
    table = load(name)
    return table.where(~held(table, test))


def holdout(name: Name, test: str | None = None) -> Table:
    """The other door: the rows kept for testing (and, with a test, those of its window). For scoring only."""
    table = load(name)
    return table.where(held(table, test))


def require_training(table: Table, test: str | None = None) -> Table:
    """The table, if a calibration may read every row of it; DataError naming the first row it may not."""
    bad = held(table, test)
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        what = ", ".join(str(table[c][k]) for c in table.columns if c in ("iso3", "target", "measure", "case", "year"))
        window = f"the window of test {test}" if test else f"the years from {HOLDOUT_FROM} on"
        raise DataError(
            f"calibration was handed {int(bad.sum())} rows of {table.name} that are held out ({window}), the first:"
            f" {what}; read them with evidence.training"
        )
    return table


def load(name: Name) -> Table:
    """All rows of a table, for looking at; calibration goes through `training`. Raises as `training` does."""
    if name not in TABLES:
        raise UsageError(f"no table {name!r}; there are {', '.join(TABLES)}")
    return _event() if name == "event" else _stored()[name]


@cache
def card() -> Mapping[str, Any]:
    """The card of the file: sources, decisions, tables."""
    raw = store.shipped("evidence.json")
    found: Mapping[str, Any] = json.loads(raw)
    return found


@cache
def _stored() -> Mapping[str, Table]:
    with np.load(io.BytesIO(store.shipped(_FILE)), allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    found: dict[str, dict[str, Array]] = {}
    for key, values in arrays.items():
        table, column, *part = key.split("/")
        if part == ["texts"]:
            continue
        texts = arrays.get(f"{table}/{column}/texts")
        found.setdefault(table, {})[column] = values if texts is None else texts[values]
    tables = {name: Table(name, MappingProxyType(columns)) for name, columns in found.items()}
    for table in tables.values():
        _check(table)
    return MappingProxyType(tables)


def _check(table: Table) -> None:
    """Refuse a row without a source, and marks that do not follow the rules."""
    known = {row["key"] for row in card()["sources"]}
    used = {key for text in np.unique(table["source"]) for key in str(text).split(";")}
    if used - known:
        raise DataError(f"{_FILE}, {table.name}: rows with the unknown source {sorted(used - known)[0]!r}")
    if (table["holdout"] != is_holdout(table["year"])).any():
        raise DataError(f"{_FILE}, {table.name}: a holdout mark does not fit the year of its row; build the file again")
    if (table["held_for"] != held_for(table.name, table["year"])).any():
        raise DataError(f"{_FILE}, {table.name}: the tests of a row do not fit its year; build the file again")


@cache
def _event() -> Table:
    from foederis import acts

    rows = acts.load()
    columns: dict[str, Array] = {
        name: np.array([getattr(act, name) for act in rows])
        for name in ("id", "actor", "target", "domain", "kind", "unit", "confidence", "source", "zeta", "holdout")
    }
    columns["date"] = np.array([act.date.isoformat() for act in rows])
    columns["year"] = np.array([act.date.year for act in rows])
    columns["magnitude"] = np.array([np.nan if act.magnitude is None else act.magnitude for act in rows])
    columns["held_for"] = held_for("event", columns["year"])
    if (columns["source"] == "").any():
        raise DataError("an act without a source; build the list of acts again")
    return Table("event", MappingProxyType(columns))
