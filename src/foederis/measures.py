"""A trade-policy measure and how measures stack: the shared type of the tariff ledger and of scenarios.

A measure says who taxes whom, on which part of which sectors, at what rate and since when, under which authority.
Stacking follows the law as it was written:

* ``add``: the rate comes on top of everything else;
* ``all_in``: the rate is a ceiling that includes the normal (MFN) duty: the addition is max(0, rate - normal duty);
* ``yields_to``: goods covered by a measure of one of these authorities (or with one of these ids) are not covered by
  this one (section 232 goods do not pay the reciprocal rate).

`coverage` is the scope before yielding, so that taking a measure away gives its goods back to those that yield to it:

    covered = max(0, coverage - min(1, sum of the coverage of the measures it yields to))
    added   = covered * rate                                 (add)
            = covered * max(0, rate - normal duty)           (all_in)

All intervals are half open: a measure is in force from `start` until the day before `end`.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeVar

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError

Array = np.ndarray
Authority = Literal["mfn", "s122", "s201", "s232", "s301", "s338", "ieepa", "agreement", "retaliation", "other"]
Rule = Literal["add", "all_in"]
Value = TypeVar("Value")

COVERAGE_SLACK = 1e-9  # coverage may exceed 1 by rounding, not more
NEGATIVE_SLACK = 1e-12  # a total below zero beyond this is an error, not rounding


@dataclass(frozen=True)
class Measure:
    """One measure of one importer against one exporter.

    `coverage` maps a sector to the share (0..1) of that sector's trade that the measure covers, scope and exemptions
    taken into account, goods that yield to another measure still counted. `rate` and `rule` are dated paths, in force
    from their date on (before the first date: rate 0, rule ``add``); `end` is the first day on which the measure is no
    longer in force (None: open). `normal_duty` is the normal duty of the covered goods by sector, to which ``all_in``
    compares its rate; a sector it does not name, and None, mean the base rate of the sector.

    Raises DataError when a share is outside [0, 1], a number is not finite, a path is empty or out of order, the
    measure ends before it starts, or a country taxes itself.
    """

    id: str
    authority: Authority
    importer: str
    exporter: str
    coverage: Mapping[str, float]
    rate: tuple[tuple[dt.date, float], ...]  # ad valorem rate, 0.25 = 25 %
    rule: tuple[tuple[dt.date, Rule], ...]
    start: dt.date
    end: dt.date | None
    source: str
    yields_to: tuple[str, ...] = ()
    note: str = ""
    normal_duty: Mapping[str, float] | None = None  # ad valorem rate by sector

    def __post_init__(self) -> None:
        for fault in _faults(self):
            raise DataError(f"measure {self.id!r}: {fault}")

    def in_force(self, date: dt.date) -> bool:
        """Whether the measure applies on a day: start <= day < end."""
        return self.start <= date and (self.end is None or date < self.end)

    def rate_on(self, date: dt.date) -> float:
        """The rate of the dated path on a day (0 before its first date), in force or not."""
        return _step(self.rate, date, 0.0)

    def rule_on(self, date: dt.date) -> Rule:
        """The stacking rule on a day (``add`` before the first date of its path)."""
        return _step(self.rule, date, "add")

    def changes(self) -> tuple[dt.date, ...]:
        """The days on which the measure itself changes: start, end, and steps of its paths while in force."""
        steps = {date for date, _ in (*self.rate, *self.rule) if self.in_force(date)}
        ends = set() if self.end is None else {self.end}
        return tuple(sorted(steps | {self.start} | ends))


@dataclass(frozen=True)
class TariffCut:
    """Tariffs in force on one day: the total rate and the part each authority adds to the base.

    `total = base + sum over authorities of by_authority`.
    """

    date: dt.date
    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    base: Float[Array, "importer exporter sector"]
    total: Float[Array, "importer exporter sector"]
    by_authority: Mapping[str, Float[Array, "importer exporter sector"]]


def applied_tariff(
    measures: Sequence[Measure],
    date: dt.date,
    base: Float[Array, "importer exporter sector"],
    countries: tuple[str, ...],
    sectors: tuple[str, ...],
) -> TariffCut:
    """Stack the measures in force on a day on top of the base rates.

    `by_authority` has one array for each authority among `measures`, zero where none of its measures is in force.
    Raises DataError when the shapes disagree, a measure in force names a country or sector that is not there, or a
    total is negative.
    """
    base = np.asarray(base, dtype=float)
    if base.shape != (len(countries), len(countries), len(sectors)):
        raise DataError(
            f"base rates of shape {base.shape} do not fit {len(countries)} countries, {len(sectors)} sectors"
        )
    place = {code: k for k, code in enumerate(countries)}
    column = {code: k for k, code in enumerate(sectors)}
    by_authority: dict[str, Array] = {a: np.zeros_like(base) for a in dict.fromkeys(m.authority for m in measures)}
    for (importer, exporter), group in by_pair(measures, date).items():
        n, i = _index(place, importer, group[0], "country"), _index(place, exporter, group[0], "country")
        for measure, added in additions(group, date, base[n, i], column):
            by_authority[measure.authority][n, i] += added
    total = base + sum(by_authority.values(), np.zeros_like(base))
    _require_not_negative(total, date, countries, sectors)
    return TariffCut(date, tuple(countries), tuple(sectors), base, total, by_authority)


def by_pair(measures: Sequence[Measure], date: dt.date) -> dict[tuple[str, str], list[Measure]]:
    """The measures in force on a day, by importer and exporter."""
    pairs: defaultdict[tuple[str, str], list[Measure]] = defaultdict(list)
    for measure in measures:
        if measure.in_force(date):
            pairs[measure.importer, measure.exporter].append(measure)
    return dict(pairs)


def additions(
    measures: Sequence[Measure], date: dt.date, base: Float[Array, " sector"], column: Mapping[str, int]
) -> list[tuple[Measure, Float[Array, " sector"]]]:
    """What each of the measures of one pair, all in force on a day, adds to the base rate of each sector.

    `column` maps a sector to its position in `base`. Raises DataError on a sector that is not there.
    """
    scope = [_vector(m.coverage, m, column) for m in measures]
    result = []
    for measure, gross in zip(measures, scope, strict=True):
        ahead = [c for other, c in zip(measures, scope, strict=True) if yields(measure, other)]
        covered = np.maximum(0.0, gross - np.minimum(1.0, sum(ahead))) if ahead else gross
        result.append((measure, covered * _headline(measure, date, base, column)))
    return result


def yields(measure: Measure, other: Measure) -> bool:
    """Whether goods covered by `other` are taken out of the scope of `measure`."""
    return other is not measure and (other.authority in measure.yields_to or other.id in measure.yields_to)


def breakpoints(measures: Sequence[Measure]) -> tuple[dt.date, ...]:
    """The days on which any of the measures changes, in order."""
    return tuple(sorted({date for measure in measures for date in measure.changes()}))


def _require_not_negative(total: Array, date: dt.date, countries: Sequence[str], sectors: Sequence[str]) -> None:
    if total.size and total.min() < -NEGATIVE_SLACK:
        n, i, j = (int(k) for k in np.unravel_index(total.argmin(), total.shape))
        where = f"{countries[n]} on {countries[i]} {sectors[j]}"
        raise DataError(f"the rate of {where} on {date} is {total[n, i, j]:.4f}, below zero")


def _headline(measure: Measure, date: dt.date, base: Array, column: Mapping[str, int]) -> Array | float:
    rate = measure.rate_on(date)
    if measure.rule_on(date) == "add":
        return rate
    normal = base
    if measure.normal_duty is not None:
        normal = base.copy()
        for sector, duty in measure.normal_duty.items():
            normal[_index(column, sector, measure, "sector")] = duty
    return np.maximum(0.0, rate - normal)


def _vector(values: Mapping[str, float], measure: Measure, column: Mapping[str, int]) -> Array:
    vector = np.zeros(len(column))
    for sector, value in values.items():
        vector[_index(column, sector, measure, "sector")] = min(value, 1.0)
    return vector


def _index(position: Mapping[str, int], code: str, measure: Measure, what: str) -> int:
    try:
        return position[code]
    except KeyError:
        raise DataError(f"measure {measure.id!r}: {what} {code!r} is not in this world") from None


def _step(path: tuple[tuple[dt.date, Value], ...], date: dt.date, before: Value) -> Value:
    k = bisect_right([day for day, _ in path], date)
    return path[k - 1][1] if k else before


def _faults(measure: Measure) -> list[str]:
    found = []
    if measure.importer == measure.exporter:
        found.append(f"{measure.importer} cannot tax its own goods")
    if measure.end is not None and measure.end <= measure.start:
        found.append(f"ends on {measure.end}, not after its start {measure.start}")
    paths: tuple[tuple[str, tuple[tuple[dt.date, Any], ...]], ...] = (("rate", measure.rate), ("rule", measure.rule))
    for name, path in paths:
        days = [day for day, _ in path]
        if not days or any(a >= b for a, b in pairwise(days)):
            found.append(f"the dates of its {name} path must increase and there must be one at least")
    if not all(math.isfinite(rate) for _, rate in measure.rate):
        found.append("a rate is not a finite number")
    for sector, share in measure.coverage.items():
        if not 0 <= share <= 1 + COVERAGE_SLACK:
            found.append(f"covers {share!r} of {sector}, not a share between 0 and 1")
    if measure.normal_duty is not None and not all(math.isfinite(d) for d in measure.normal_duty.values()):
        found.append("a normal duty is not a finite number")
    return found
