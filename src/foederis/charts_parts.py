"""What the charts of the alliance share: checks of their tables, time, digits of a column, labels kept apart."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis import words

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["LABEL", "apart", "ends_of", "is_quarter_start", "milliseconds", "ordered", "places", "quarter_of",
           "required", "time_axis", "years_axis"]  # fmt: skip

LABEL = 12.5  # size of text inside a plot
_YEAR_STEPS = (1, 2, 5, 10, 20, 50)


def required(frame: pd.DataFrame, what: str, numbers: Sequence[str], others: Sequence[str] = ()) -> None:
    """ValueError unless the table has rows, the columns, and a finite number in every cell of `numbers`."""
    columns = [*others, *numbers]
    missing = [column for column in columns if column not in frame]
    if missing:
        raise ValueError(f"{what}: column {', '.join(missing)} missing; it takes {', '.join(columns)}")
    if frame.empty:
        raise ValueError(f"{what}: no rows; it takes at least one with {', '.join(columns)}")
    for column in numbers:
        bad = ~np.isfinite(frame[column].to_numpy(dtype=float))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            where = f"row {row + 1}" + (f" ({frame[others[0]].iloc[row]})" if others else "")
            raise ValueError(
                f"{what}: {column} is not a finite number in {bad.sum()} of {len(frame)} rows, first in {where};"
                " leave such rows out"
            )
    for column in others:
        if frame[column].isna().any():
            raise ValueError(f"{what}: {column} is empty in {int(frame[column].isna().sum())} of {len(frame)} rows")


def ordered(frame: pd.DataFrame, what: str, ends: Sequence[str]) -> None:
    """ValueError unless the columns rise from left to right in every row."""
    falls = (np.diff(frame[list(ends)].to_numpy(dtype=float), axis=1) < 0).any(axis=1)
    if falls.any():
        row = int(np.flatnonzero(falls)[0])
        raise ValueError(f"{what}: {' <= '.join(ends)} does not hold in row {row + 1}")


def milliseconds(dates: Iterable[Any]) -> list[int]:
    """Days as milliseconds since 1970, UTC: what the time scale counts in, free of the machine's time zone."""
    import pandas as pd

    return [int(pd.Timestamp(date).timestamp() * 1000) for date in dates]


def time_axis(domain: Sequence[int], width: float) -> alt.Axis:
    """Ticks at the beginnings of years, as many as fit; of quarters where the span is below three years."""
    import altair as alt
    import pandas as pd

    first, last = (pd.Timestamp(ms, unit="ms") for ms in domain)
    if (last - first).days < 3 * 365:
        ticks, text = pd.date_range(first, last, freq="QS"), "utcyear(datum.value) + ' Q' + utcquarter(datum.value)"
    else:
        years = last.year - first.year + 1
        step = next((k for k in _YEAR_STEPS if years / k * 46 <= width), _YEAR_STEPS[-1])
        ticks = pd.date_range(first, last, freq="YS")
        ticks, text = ticks[(ticks.year % step) == 0], "'' + utcyear(datum.value)"
    return alt.Axis(values=milliseconds(ticks), labelExpr=text, grid=False, labelFlush=False)


def years_axis(domain: Sequence[int], width: float, field: str) -> alt.X:
    """The time scale of a chart on `field`, in milliseconds, with its axis."""
    import altair as alt

    scale = alt.Scale(type="utc", domain=list(domain), nice=False)
    return alt.X(f"{field}:T", scale=scale, axis=time_axis(domain, width), title=None)


def places(values: Iterable[float], figures: int = 2) -> int:
    """Decimals with which the largest of the values shows this many figures, at most 6 and at least 0.

    A column printed with one number of decimals can be added up by eye.
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return 0 if largest == 0 else min(6, max(0, figures - 1 - math.floor(math.log10(largest) + 1e-9)))


def apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near as possible to those wanted, in the same order, at least `gap` apart, between low and high.

    Least squares by pooling neighbours. Where there is no room for the gap it shrinks to what fits.
    """
    count = len(wanted)
    if count == 0:
        return []
    gap = min(gap, (high - low) / max(1, count - 1))
    order = sorted(range(count), key=lambda k: wanted[k])
    pools: list[tuple[float, int]] = []  # mean, size
    for rank, k in enumerate(order):
        pools.append((wanted[k] - rank * gap, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (first, m), (second, n) = pools[-2:]
            pools[-2:] = [((m * first + n * second) / (m + n), m + n)]
    level = [mean for mean, size in pools for _ in range(size)]
    found = [0.0] * count
    for rank, k in enumerate(order):
        found[k] = min(max(level[rank], low), high - (count - 1) * gap) + rank * gap
    return found


def quarter_of(date: Any) -> str:
    """The quarter of a day in words, "2027 Q1"."""
    import pandas as pd

    return words.quarter(pd.Timestamp(date).date())


def is_quarter_start(date: Any) -> bool:
    """Whether a day is the first of a quarter."""
    import pandas as pd

    day: dt.date = pd.Timestamp(date).date()
    return day.day == 1 and day.month % 3 == 1


def ends_of(quantiles: Mapping[str, float], what: str, *, infinite: bool = False) -> dict[str, float]:
    """low90, low50, median, high50, high90 of a mapping, checked; ValueError where one is missing or out of order."""
    names = ("low90", "low50", "median", "high50", "high90")
    missing = [name for name in names if name not in quantiles]
    if missing:
        raise ValueError(f"{what}: {', '.join(missing)} missing; it takes {', '.join(names)}")
    values = [float(quantiles[name]) for name in names]
    if any(math.isnan(v) or (math.isinf(v) and not infinite) for v in values):
        raise ValueError(f"{what}: not a number among {values}")
    if any(second < first for first, second in pairwise(values)):
        raise ValueError(f"{what}: low90 <= low50 <= median <= high50 <= high90 does not hold in {values}")
    return dict(zip(names, values, strict=True))
