"""Scores of point and interval forecasts, weighted by import value. All in percentage points unless said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError

Array = np.ndarray


@dataclass(frozen=True)
class Score:
    """How good one forecast is: lower is better for all but `rank`."""

    name: str
    mae: float
    rmse: float
    bias: float
    rank: float  # Spearman's rank correlation, -1..1; NaN for a constant forecast
    crps: float
    cells: int
    coverage: float  # share of weight inside the central 90 % interval; NaN for a point forecast


def score(
    name: str,
    forecast: Float[Array, "draw cell"],
    seen: Float[Array, " cell"],
    weight: Float[Array, " cell"],
) -> Score:
    """Score draws of a forecast (one draw: a point forecast) against what was seen. The median is the point forecast.

    Cells with weight zero or an outcome that is not finite are left out. Raises DataError on wrong shapes, a forecast
    that is not finite, or no cell left.
    """
    if forecast.ndim != 2 or forecast.shape[1:] != seen.shape or weight.shape != seen.shape:
        raise DataError(f"score {name!r}: shapes {forecast.shape}, {seen.shape}, {weight.shape} do not fit")
    use = (weight > 0.0) & np.isfinite(seen)
    if not use.any():
        raise DataError(f"score {name!r}: no cell with weight and outcome")
    draws, outcome, share = forecast[:, use], seen[use], weight[use] / weight[use].sum()
    if not np.isfinite(draws).all():
        raise DataError(f"score {name!r}: the forecast holds values that are not finite")
    point = np.median(draws, axis=0)
    error = point - outcome
    return Score(
        name,
        mae=float(share @ np.abs(error)),
        rmse=float(np.sqrt(share @ error**2)),
        bias=float(share @ error),
        rank=rank_correlation(point, outcome),
        crps=float(share @ crps(draws, outcome)),
        cells=int(use.sum()),
        coverage=_coverage(draws, outcome, share),
    )


def crps(draws: Float[Array, "draw cell"], seen: Float[Array, " cell"]) -> Float[Array, " cell"]:
    r"""Continuous ranked probability score of an ensemble: $E|x - y| - E|x - x'|/2$ (Gneiting & Raftery 2007, eq. 21).

    $E|x-x'|$ over all pairs, through sorted draws; for one draw it is the absolute error.
    """
    size = len(draws)
    ordered = np.sort(draws, axis=0)
    rank = 2.0 * np.arange(1, size + 1) - size - 1.0
    spread = 2.0 * (rank[:, None] * ordered).sum(axis=0) / size**2
    result: Float[Array, " cell"] = np.abs(draws - seen).mean(axis=0) - 0.5 * spread
    return result


def rank_correlation(a: Float[Array, " cell"], b: Float[Array, " cell"]) -> float:
    """Spearman's rank correlation, ties at their mean rank; NaN if either is constant."""
    x, y = _ranks(a), _ranks(b)
    if len(x) < 2 or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def skill(ours: float, rival: float) -> float:
    """1 - ours / rival: the share of the rival's error saved; 0 if both are nil, -inf if only the rival's is."""
    if rival > 0.0:
        return 1.0 - ours / rival
    return 0.0 if ours <= 0.0 else float("-inf")


def _ranks(values: Float[Array, " cell"]) -> Float[Array, " cell"]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count - 1) / 2.0
    ranks: Float[Array, " cell"] = mean_rank[place]
    return ranks


def _coverage(draws: Float[Array, "draw cell"], seen: Float[Array, " cell"], share: Float[Array, " cell"]) -> float:
    if len(draws) < 2:
        return float("nan")
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    return float(share[(seen >= low) & (seen <= high)].sum())
