"""The series of the alliance by name: what `run.summary("trust", at="2035-Q4")` and the data file hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float

from foederis.ensemble_alliance import Alliance
from foederis.errors import UsageError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["SERIES", "Series", "dataset", "values"]

Array = np.ndarray


class Series(NamedTuple):
    """A series of the alliance: unit, what it is, its mark, and how it is read off a run [quarter, draw]."""

    units: str
    long_name: str
    badge: str
    read: Callable[[Alliance], Float[Array, "quarter draw"]]


SERIES: Mapping[str, Series] = MappingProxyType(
    {
        "trust": Series("%", "share of respondents that trust the patron", "A", lambda a: 100.0 * a.trust),
        "trust_reference": Series("%", "the same under the reference", "A", lambda a: 100.0 * a.trust_reference),
        "log_odds": Series("1", "log odds that the leader is principled", "A", lambda a: a.scenario.trust.L[:, :, 0]),
        "reliability": Series("1", "chance the promise is kept, to the ally", "A", lambda a: a.scenario.reliability),
        "linkage": Series("1", "perceived-linkage index", "A", lambda a: a.scenario.linkage),
        "effort": Series("% of GDP", "defence effort, official count", "A", lambda a: a.scenario.effort),
        "own_forces": Series("bn USD 2023", "the ally's forces", "A", lambda a: a.scenario.own),
        "partners": Series("1", "share of potential partners pooled", "A", lambda a: a.scenario.partners),
        "accommodation": Series("1", "accommodation of the rival", "A", lambda a: a.scenario.accommodation),
        "posture": Series("1", "public posture towards the patron", "A", lambda a: a.scenario.posture),
        "access": Series("1", "base access", "A", lambda a: a.scenario.access),
        "hazard_ratio": Series("1", "risk of a challenge, base = 1", "A", lambda a: a.scenario.hazard_ratio),
        "balance_change": Series("%", "change of the balance from the acts", "A", lambda a: 100.0 * a.balance_change),
        "trade_gain": Series("bn USD", "coercer's gain from taxing the target, yearly", "L", lambda a: a.trade.gain),
    }
)  # fmt: skip


def values(found: Alliance, name: str, at: str | None) -> tuple[str, Float[Array, " draw"]]:
    """The quarter and the draws of a series at it (None: the last); UsageError when the run has no such quarter."""
    quarter = found.quarters[-1] if at is None else at.replace(" ", "-")
    if quarter not in found.quarters:
        raise UsageError(f"{at!r} is no quarter of the run; choose from {found.quarters[0]} to {found.quarters[-1]}")
    return quarter, SERIES[name].read(found)[found.quarters.index(quarter)]


def dataset(found: Alliance) -> xr.Dataset:
    """All series by quarter and draw, the bystanders' shares at each year's end, and the drawn parameters."""
    import xarray as xr

    from foederis.simulation_parameters import parameters

    names = {"D": "data", "L": "literature", "A": "assumption"}

    def attrs(units: str, long_name: str, badge: str) -> dict[str, str]:
        return {"units": units, "long_name": long_name, "provenance": names[badge]}

    variables: dict[str, Any] = {
        name: (("quarter", "draw"), one.read(found).astype(np.float32), attrs(one.units, one.long_name, one.badge))
        for name, one in SERIES.items()
    }
    years = [t for t, quarter in enumerate(found.quarters) if quarter.endswith("Q4")]
    for name, path in (("share", found.scenario), ("share_reference", found.reference)):
        variables[name] = (
            ("year_end", "draw", "bystander"),
            path.shares[years].astype(np.float32),
            attrs("1", "share that would side with the patron", "A"),
        )
    table = parameters()
    for name, value in found.cast.p.items():
        variables[f"parameter_{name}"] = (("draw",), value, attrs("1", table[name].moves, table[name].badge))
    coords = {
        "quarter": list(found.quarters),
        "year_end": [found.quarters[t] for t in years],
        "draw": found.cast.numbers,
        "bystander": list(found.scenario.bystanders),
    }
    return xr.Dataset(variables, coords=coords)
