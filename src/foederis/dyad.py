"""What is known about the defence of a pair of allies: effort, budgets, caps, rungs, troops, forces, threat.

The facts travel in one checked file per dyad. Rows from the years kept for testing carry `holdout`; `rows` leaves them
out unless asked, so that a fit cannot read them by accident. Levels of forces are constant 2023 USD a year at market
exchange rates and serve changes of the balance only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from foederis import store
from foederis.errors import DataError, UsageError

__all__ = ["Actor", "Dyad", "Rung", "load", "quarters"]

Array = np.ndarray
Table = Literal["effort", "programme", "budgets", "caps", "pacts", "reached", "host_nation_support", "troops", "threat",
                "tension"]  # fmt: skip
_FISCAL_START = 0.25  # the fiscal year begins in April
_MET = 2025  # the fiscal year in which the announced target was met by the official count


@dataclass(frozen=True)
class Actor:
    """A state in the theatre: role, spending by year (bn constant 2023 USD), theatre weight (0..1) and alignment.

    `alignment` is the assumed chance of siding with the patron before any shock; the regional block replaces it.
    """

    code: str
    role: Literal["patron", "ally", "rival", "bystander"]
    spending: Mapping[int, float]
    theatre_weight: float
    alignment: float
    note: str

    def at(self, years: Float[Array, " quarter"]) -> Float[Array, " quarter"]:
        """Spending in bn a year, log-linear between the figures and flat outside them."""
        known = sorted(self.spending)
        return np.exp(np.interp(years, known, np.log([self.spending[y] for y in known])))


@dataclass(frozen=True)
class Rung:
    """A countable step away from reliance on the patron: cost (bn USD a year), lag (years), what it needs.

    `needs_effort` is the cap (% of GDP, official count) without which it is out of reach; `yearly_odds` the assumed
    chance of a first adoption in a year; `reached` the date it was taken, or None.
    """

    id: str
    title: str
    kind: str
    cost_bn_usd: float
    lag_years: float
    needs_effort: float
    reversible: str
    yearly_odds: float
    mark: Literal["D", "A"]
    note: str
    reached: str | None
    holdout: bool


@dataclass(frozen=True)
class Dyad:
    """The file of a dyad, read and checked. `card` is its raw content, for the tables of a page."""

    patron: str
    ally: str
    rival: str
    gdp_bn: float
    patron_gdp_bn: float
    actors: Mapping[str, Actor]
    ladder: tuple[Rung, ...]
    cap_ladder: tuple[float, ...]
    sha256: str
    card: Mapping[str, Any]

    def rows(self, table: Table, holdout: bool = False) -> tuple[Mapping[str, Any], ...]:
        """Rows of a table; those kept for testing only with `holdout=True`. Raises UsageError on an unknown table."""
        places = {"caps": ("caps", "rows"), "pacts": ("rungs", "pacts"), "reached": ("rungs", "reached"),
                  "threat": ("threat", "index"), "tension": ("threat", "facts")}  # fmt: skip
        found: Any = self.card
        for key in places.get(table, (table,)):
            if key not in found:
                raise UsageError(f"no table {table!r} in the file of {self.patron}-{self.ally}")
            found = found[key]
        return tuple(row for row in found if holdout or not row["holdout"])

    def programme(
        self, years: Float[Array, " quarter"], known_until: float = 2026.25
    ) -> tuple[Float[Array, " quarter"], Float[Array, " quarter"]]:
        """(effort announced, % of GDP in the narrow count; official over narrow count) by fiscal year.

        Fiscal years that began by `known_until` as observed or budgeted. Later ones run straight to the cap then in
        force (over the last re-count) in the programme's last year, if that is more, and stay there.
        """
        table = {int(row["year"]): row for row in self.rows("programme", holdout=True)}
        known = [y for y in sorted(table) if y + _FISCAL_START <= known_until]
        last, end = table[known[-1]], max(table)
        goal = max(last["value"], self.caps(np.array([known_until - 0.25]), known_until)[0] / last["recount"])
        if known[-1] >= _MET:
            goal = last["value"]
        fiscal = np.maximum(np.floor(years - _FISCAL_START), known[0])
        observed = np.interp(fiscal, known, [table[y]["value"] for y in known])
        ahead = np.interp(fiscal, [known[-1], max(end, known[-1] + 1)], [last["value"], goal])
        recount = np.interp(fiscal, known, [table[y]["recount"] for y in known])
        return np.where(fiscal > known[-1], ahead, observed), recount

    def caps(self, years: Float[Array, " quarter"], known_until: float = 2026.25) -> Float[Array, " quarter"]:
        """The cap on effort in force (% of GDP, official count); NaN from `known_until` on: the ratchet decides."""
        dated = sorted((_decimal(row["date"]), row["value"]) for row in self.rows("caps", holdout=True))
        index = np.searchsorted([d for d, _ in dated], years + 0.25, side="left") - 1
        if (index < 0).any():
            raise UsageError(f"no cap is known before {dated[0][0]:.0f}")
        return np.where(years < known_until, np.array([v for _, v in dated])[index], np.nan)

    def threat(
        self, years: Float[Array, " quarter"], known_until: float = 2026.25
    ) -> tuple[Float[Array, " quarter"], Float[Array, " quarter"]]:
        """(log threat, standard score), each as the change since the base year; the last known year is carried on."""
        table = [row for row in self.rows("threat", holdout=True) if row["year"] + 1 <= known_until]
        known = [row["year"] for row in table]
        base = known.index(self.card["base"]["year"])
        index = np.clip(np.searchsorted(known, years, side="right") - 1, 0, len(known) - 1)
        log = np.array([row["log"] for row in table])
        return log[index] - log[base], (log[index] - log[base]) / float(self.card["threat"]["spread"])

    def in_theatre(self, years: Float[Array, " quarter"]) -> dict[str, Float[Array, " quarter"]]:
        """Forces that count in the theatre by actor: spending times weight, bn constant 2023 USD."""
        return {code: actor.theatre_weight * actor.at(years) for code, actor in self.actors.items()}

    def of_role(self, role: str) -> tuple[str, ...]:
        """Codes of the actors with a role, in the order of the file."""
        return tuple(code for code, actor in self.actors.items() if actor.role == role)


def quarters(start: str = "2017-Q1", count: int = 80) -> Float[Array, " quarter"]:
    """Beginnings of quarters as decimal years: 2017.0, 2017.25, ..."""
    year, _, quarter = start.partition("-Q")
    if not (year.isdigit() and quarter in ("1", "2", "3", "4")):
        raise UsageError(f"{start!r} is no quarter; write it like 2017-Q1")
    return int(year) + (int(quarter) - 1) / 4.0 + np.arange(count) / 4.0


@cache
def load(patron: str = "USA", ally: str = "JPN") -> Dyad:
    """The shipped file of a dyad; raises DataError if there is none, or if it is damaged."""
    name = f"security-{patron.lower()}-{ally.lower()}.json"
    raw = store.shipped(
        name,
        f"no defence data for {patron}-{ally}: {name} is missing; it needs effort, programme, caps, rungs, forces"
        " and threat of that ally, none of which may be borrowed from another dyad",
    )
    return _dyad(json.loads(raw), store.sha256_bytes(raw), name)


def _dyad(card: dict[str, Any], digest: str, name: str) -> Dyad:
    try:
        actors = {row["actor"]: _actor(row) for row in card["forces"]}
        reached = {row["id"]: row for row in card["rungs"]["reached"]}
        ladder = tuple(_rung(row, reached.get(row["id"])) for row in card["rungs"]["ladder"])
        found = Dyad(
            patron=card["patron"],
            ally=card["ally"],
            rival=card["rival"],
            gdp_bn=float(card["gdp"]["bn_usd_2023"]),
            patron_gdp_bn=float(card["gdp"]["patron_bn_usd_2023"]),
            actors=MappingProxyType(actors),
            ladder=ladder,
            cap_ladder=tuple(card["caps"]["ladder"]),
            sha256=digest,
            card=MappingProxyType(card),
        )
        _check(found, name)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{name} is damaged ({type(error).__name__}: {error}); build it again") from None
    return found


def _actor(row: Mapping[str, Any]) -> Actor:
    spending = {int(year): float(value) for year, value in row["values"].items()}
    return Actor(row["actor"], row["role"], spending, row["theatre_weight"], row["alignment"], row["note"])


def _rung(row: Mapping[str, Any], reached: Mapping[str, Any] | None) -> Rung:
    date, holdout = (reached["date"], reached["holdout"]) if reached else (None, False)
    return Rung(**row, reached=date, holdout=holdout)


def _check(found: Dyad, name: str) -> None:
    """Refuse what cannot be true: rows without a source, forces or effort not positive, caps that fall."""
    keys = {row["key"] for row in found.card["sources"]}
    for table in ("effort", "programme", "budgets", "caps", "pacts", "reached", "host_nation_support", "troops"):
        for row in found.rows(table, holdout=True):
            if row.get("source") not in keys:
                raise DataError(f"{name}, {table}: a row without a known source: {dict(row)}")
    for code, actor in found.actors.items():
        if not all(value > 0 for value in actor.spending.values()) or not 0 < actor.theatre_weight <= 1:
            raise DataError(f"{name}, forces: {code} has forces or a weight out of range")
    if any(row["value"] <= 0 or row["recount"] < 1 for row in found.rows("programme", holdout=True)):
        raise DataError(f"{name}, programme: effort must be positive and a re-count at least 1")
    if list(found.cap_ladder) != sorted(set(found.cap_ladder)):
        raise DataError(f"{name}, caps: the ladder must rise")


def _decimal(date: str) -> float:
    """A date (year, year-month or day) as a decimal year; a bare year is its beginning."""
    parts: Sequence[str] = date.split("-")
    month = int(parts[1]) if len(parts) > 1 else 1
    day = int(parts[2]) if len(parts) > 2 else 1
    return int(parts[0]) + (month - 1) / 12.0 + (day - 1) / 365.0
