"""What is known about the bystanders of a pair of allies: shares with the patron, distances, value, sticks.

The facts travel in one checked file per dyad. Rows from the years kept for testing carry `holdout` and stay out unless
asked for. `Region.setting` and `Region.paths` turn the file into the arrays that `region.step` takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal
from zlib import crc32

import numpy as np
from jaxtyping import Float, Int

from foederis import store
from foederis.errors import DataError, UsageError
from foederis.region import Setting

__all__ = ["Paths", "Region", "load"]

Array = np.ndarray
Table = Literal["shares", "aggregate", "distances", "value", "sticks", "courting"]
TABLES: tuple[Table, ...] = ("shares", "aggregate", "distances", "value", "sticks", "courting")
UNITS = ("courtship_speed", "treatment_points", "trust")
DISTANCES = ("alliance", "regime", "surplus", "threat")
WATCHES_ITSELF = 1e3  # distance of the ally from itself: it learns from acts on it as its own, not by watching


@dataclass(frozen=True, eq=False)
class Paths:
    """Surveys and sticks over the quarters of a run, for the codes of the country axis.

    `start`: share at the first quarter. `observed`: share in quarters with a survey (0.5 where there is none), with its
    error drawn; `known`: 1 there. `coercion`: 1 in quarters in which a stick of the rival is in force.
    """

    start: Float[Array, "draw country"]
    observed: Float[Array, "quarter draw country"]
    known: Float[Array, "quarter country"]
    coercion: Float[Array, "quarter country"]


@dataclass(frozen=True)
class Region:
    """The file of a dyad's bystanders, read and checked. `card` is its raw content."""

    patron: str
    ally: str
    rival: str
    bystanders: tuple[str, ...]
    sha256: str
    card: Mapping[str, Any]

    def rows(self, table: Table, holdout: bool = False) -> tuple[Mapping[str, Any], ...]:
        """Rows of a table; those kept for testing only with `holdout=True`. Raises UsageError on an unknown table."""
        if table not in TABLES:
            raise UsageError(f"no table {table!r} in the file of bystanders; there are {', '.join(TABLES)}")
        return tuple(row for row in self.card[table] if holdout or not row["holdout"])

    def distance(self, codes: Sequence[str] | None = None) -> Float[Array, " country"]:
        """Distance from the ally: the sum of its four parts, 0 to 4. The ally itself is out of its own sight."""
        table = {row["country"]: row for row in self.rows("distances")}
        total = [sum(table[code][part] for part in DISTANCES) for code in self._codes(codes)]
        away = [WATCHES_ITSELF if code == self.ally else d for code, d in zip(self._codes(codes), total, strict=True)]
        return np.array(away, dtype=float)

    def value(self, codes: Sequence[str] | None = None) -> Float[Array, " country"]:
        """What each is worth to the rival: capability times weight in the theatre, mean 1 over bystanders."""
        table = {row["country"]: row["value"] for row in self.rows("value")}
        return np.array([table[code] for code in self._codes(codes)], dtype=float)

    def share(self, code: str, year: float) -> float:
        """The last survey or proxy at or before a year, else the first after it; testing years left out."""
        mine = [(_decimal(row["quarter"]), row["share"]) for row in self.rows("shares") if row["country"] == code]
        before = [share for when, share in mine if when <= year + 1e-9]
        return float(before[-1] if before else mine[0][1])

    def setting(self, codes: Sequence[str] | None = None, start: float = 2017.0) -> Setting:
        """Constants of `region.step` for these codes (default: the bystanders).

        The cost of courtship makes the mean of k over the bystanders at `start` the file's `swing` when beta_C is one:
        all courtship there is has then a prior effect as wide as the swings on record.
        """
        units = self.card["units"]
        P = np.array([self.share(code, start) for code in self.bystanders])
        cost = float(np.mean(self.value() * P * (1.0 - P) / units["sigma"])) / units["swing"]
        sigma = np.full(len(self._codes(codes)), float(units["sigma"]))
        numbers = (np.asarray(x, dtype=float) for x in (cost, *(units[k] for k in UNITS)))
        return Setting(self.distance(codes), self.value(codes), sigma, *numbers)

    def paths(
        self,
        years: Float[Array, " quarter"],
        numbers: Sequence[int] | Int[Array, " draw"],
        seed: int,
        codes: Sequence[str] | None = None,
        holdout: bool = False,
    ) -> Paths:
        """Surveys with drawn errors and sticks in force at the quarters that begin at `years` (2017.0, 2017.25, ...).

        A proxy misses by one error per country, a survey by one per wave; both in log odds. A value depends on seed,
        country, wave and draw number only. With `holdout=True` the surveys of the testing years are followed too: for
        looking back, never for a forecast.
        """
        chosen = self._codes(codes)
        shape = (len(years), len(numbers), len(chosen))
        observed, known = np.full(shape, 0.5), np.zeros((len(years), len(chosen)))
        start = np.empty(shape[1:])
        for c, code in enumerate(chosen):
            waves = [row for row in self.rows("shares", holdout) if row["country"] == code]
            before = [row for row in waves if _decimal(row["quarter"]) <= years[0] + 1e-9]
            start[:, c] = _drawn(before[-1] if before else waves[0], numbers, seed)
            for row in waves:
                t = int(np.searchsorted(years, _decimal(row["quarter"]) + 1e-9, side="right")) - 1
                if t > 0 and _decimal(row["quarter"]) < years[-1] + 0.25:
                    observed[t, :, c], known[t, c] = _drawn(row, numbers, seed), 1.0
        return Paths(start, observed, known, self.coercion(years, chosen))

    def coercion(
        self, years: Float[Array, " quarter"], codes: Sequence[str] | None = None
    ) -> Float[Array, "quarter country"]:
        """1 in each quarter in which a stick of the rival is in force; without a recorded end: for the usual time."""
        usual = self.usual_stick()
        found = np.zeros((len(years), len(self._codes(codes))))
        for row in self.rows("sticks", holdout=True):
            if row["country"] in self._codes(codes):
                first = _decimal(row["start"])
                last = _decimal(row["end"]) if row["end"] else first + usual
                on = (years < last) & (years + 0.25 > first)
                found[on, self._codes(codes).index(row["country"])] = 1.0
        return found

    def usual_stick(self) -> float:
        """Median length of the sticks whose end is recorded, years; testing years left out."""
        ended = [_decimal(row["end"]) - _decimal(row["start"]) for row in self.rows("sticks") if row["end"]]
        return float(np.median(ended))

    def _codes(self, codes: Sequence[str] | None) -> tuple[str, ...]:
        chosen = self.bystanders if codes is None else tuple(codes)
        unknown = [code for code in chosen if code not in (self.ally, *self.bystanders)]
        if unknown:
            raise UsageError(
                f"{unknown[0]!r} is no bystander of {self.patron}-{self.ally}: {', '.join(self.bystanders)}"
            )
        return chosen


@cache
def load(patron: str = "USA", ally: str = "JPN") -> Region:
    """The shipped file of a dyad's bystanders; raises DataError if there is none, or if it is damaged."""
    name = f"region-{patron.lower()}-{ally.lower()}.json"
    raw = store.shipped(
        name,
        f"no bystanders for {patron}-{ally}: {name} is missing; it needs shares, distances from that ally, values"
        " and sticks, none of which may be borrowed from another dyad",
    )
    return read(json.loads(raw), store.sha256_bytes(raw), name)


def read(card: dict[str, Any], digest: str, name: str) -> Region:
    """A region from its card; raises DataError on what is missing or cannot be true."""
    try:
        found = Region(
            card["patron"], card["ally"], card["rival"], tuple(card["bystanders"]), digest, MappingProxyType(card)
        )
        _check(found, name)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{name} is damaged ({type(error).__name__}: {error}); build it again") from None
    return found


def _check(found: Region, name: str) -> None:
    """Refuse rows without a known source, shares outside 0..1, parts of distance outside 0..1, states left out."""
    keys = {row["key"] for row in found.card["sources"]}
    everyone = {found.ally, *found.bystanders}
    for table in TABLES:
        for row in found.rows(table, holdout=True):
            named = [value for key, value in row.items() if key == "source" or key.endswith("_source")]
            if not named or not set(named) <= keys:
                raise DataError(f"{name}, {table}: a row without a known source: {dict(row)}")
    for row in found.rows("shares", holdout=True):
        if not 0.0 < row["share"] < 1.0 or not row["error"] > 0.0:
            raise DataError(f"{name}, shares: {row['country']} {row['quarter']} is out of range")
    for row in found.rows("distances"):
        if not all(0.0 <= row[part] <= 1.0 for part in DISTANCES):
            raise DataError(f"{name}, distances: {row['country']} has a part outside 0..1")
    for table in ("shares", "distances", "value"):
        lacking = sorted(everyone - {row["country"] for row in found.rows(table)})
        if lacking:
            raise DataError(f"{name}, {table}: nothing for {', '.join(lacking)}")


def _decimal(date: str) -> float:
    """A date (2012, 2012-05, 2012-05-29) or quarter (2012-Q2) as a decimal year; the beginning of what it names."""
    year, _, rest = date.partition("-")
    if rest.startswith("Q"):
        return int(year) + (int(rest[1:]) - 1) / 4.0
    month, _, day = rest.partition("-")
    return int(year) + (int(month or 1) - 1) / 12.0 + (int(day or 1) - 1) / 365.0


def _drawn(row: Mapping[str, Any], numbers: Sequence[int] | Array, seed: int) -> Float[Array, " draw"]:
    """The share of a row with its error drawn in log odds."""
    wave = row["quarter"] if row["kind"] == "survey" else "proxy"
    odds = np.log(row["share"] / (1.0 - row["share"])) + row["error"] * _normal(
        seed, f"region {row['country']} {wave}", numbers
    )
    return 0.5 * (1.0 + np.tanh(0.5 * odds))


def _normal(seed: int, name: str, numbers: Sequence[int] | Array) -> Float[Array, " draw"]:
    """One standard normal number for each draw, from a counter-based stream of the seed and a name (as in `priors`)."""
    from scipy.special import ndtri

    index = np.asarray(numbers, dtype=np.int64)
    raw = np.random.Philox(key=[np.uint64(seed), np.uint64(crc32(name.encode()))]).random_raw(int(index.max()) + 1)
    return np.asarray(ndtri(((raw[index] >> np.uint64(11)).astype(float) + 0.5) / 2.0**53))
