"""One comparison of a published number with ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

ROUNDING_SLACK = 1e-9  # floating-point slack on top of half a unit of the last printed digit


@dataclass(frozen=True)
class Row:
    """A published number, ours, and how far apart they may be.

    `decimals` are the printed ones: the tolerance is half a unit of the last, or `tolerance_given` where a study states
    its numbers exactly. `out_of_scope` holds the reason why a number is not computed; `ours` is then None. `note` says
    what a reader must know to use the number; `expected_miss` is the reason why a computed number is known to differ.
    """

    study: str
    table: str
    case: str
    unit: str
    outcome: str
    published: float
    ours: float | None
    decimals: int
    tolerance_given: float | None = None
    out_of_scope: str = ""
    expected_miss: str = ""
    note: str = ""

    @property
    def tolerance(self) -> float:
        """How far ours may be from the published number."""
        if self.tolerance_given is not None:
            return self.tolerance_given
        return 0.5 * 10.0**-self.decimals + ROUNDING_SLACK

    @property
    def difference(self) -> float | None:
        """Ours minus published."""
        return None if self.ours is None else self.ours - self.published

    @property
    def status(self) -> str:
        """`match`, `miss`, `known` (a miss with a stated reason) or `out of scope`."""
        if self.out_of_scope:
            return "out of scope"
        if self.difference is not None and np.isfinite(self.difference) and abs(self.difference) <= self.tolerance:
            return "match"
        return "known" if self.expected_miss else "miss"


def missed(rows: Iterable[Row]) -> list[Row]:
    """The rows that fail a validation: computed, beyond tolerance, and not explained."""
    return [row for row in rows if row.status == "miss"]


def count(rows: Iterable[Row]) -> dict[str, int]:
    """Number of rows by status."""
    total = {"match": 0, "miss": 0, "known": 0, "out of scope": 0}
    for row in rows:
        total[row.status] += 1
    return total
