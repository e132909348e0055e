"""Scoring rules for forecasts as draws: CRPS, log score, coverage, and skill with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError
from foederis.published.scores import crps, skill

__all__ = ["Skill", "Standing", "coverage", "level", "log_score", "standing", "with_bootstrap"]

Array = np.ndarray
LEAST_BANDWIDTH = 1e-6
RESAMPLES = 2_000
LEAST_CLUSTERS = 5
LEAST_SKILL = 0.02  # the same fit sampled anew moves skill by up to 0.01; two fits are compared


@dataclass(frozen=True)
class Standing:
    """How one forecast did over the cells of a contest; CRPS: lower is better, log score: higher is better."""

    name: str
    crps: float
    log_score: float
    coverage_50: float
    coverage_90: float
    mae: float
    cells: int
    by_cell: tuple[float, ...]


@dataclass(frozen=True)
class Skill:
    """1 - CRPS / CRPS of a rival, with a 90 % bootstrap interval over clusters of cells; above 0 we did better."""

    rival: str
    value: float
    low: float
    high: float
    clusters: int

    @property
    def told(self) -> str:
        """Whether the interval leaves zero out: `better`, `worse` or `not told apart`; few clusters tell nothing.

        A difference below LEAST_SKILL that the bootstrap tells apart is `too small to matter`: the bootstrap is over
        countries and does not see what the sampler would have drawn another time.
        """
        if self.clusters < LEAST_CLUSTERS:
            return "too few countries to tell"
        if self.low <= 0.0 <= self.high:
            return "not told apart"
        if abs(self.value) < LEAST_SKILL:
            return "too small to matter"
        return "better" if self.low > 0.0 else "worse"


def log_score(draws: Float[Array, "draw cell"], seen: Float[Array, " cell"]) -> Float[Array, " cell"]:
    """Log density at the outcome, by a normal kernel over the draws with Silverman's bandwidth."""
    size = len(draws)
    spread = np.minimum(draws.std(axis=0), (np.subtract(*np.quantile(draws, [0.75, 0.25], axis=0))) / 1.349)
    width = np.maximum(0.9 * spread * size**-0.2, LEAST_BANDWIDTH)
    z = (seen - draws) / width
    top = (-0.5 * z**2).max(axis=0)
    total = np.exp(-0.5 * z**2 - top).sum(axis=0)
    return np.asarray(top + np.log(total) - np.log(size * width * np.sqrt(2.0 * np.pi)))


def coverage(draws: Float[Array, "draw cell"], seen: Float[Array, " cell"], level: float) -> float:
    """Share of outcomes inside the central interval of that level."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return float(((seen >= low) & (seen <= high)).mean())


def level(draws: Float[Array, "draw cell"], seen: Float[Array, " cell"]) -> Float[Array, " cell"]:
    """Predictive level of each outcome (PIT): share of the draws below it, half of those equal to it."""
    return np.asarray((draws < seen).mean(axis=0) + 0.5 * (draws == seen).mean(axis=0))


def standing(name: str, draws: Float[Array, "draw cell"], seen: Float[Array, " cell"]) -> Standing:
    """Scores of one forecast; DataError when shapes do not fit or a draw is not finite."""
    if draws.ndim != 2 or draws.shape[1:] != seen.shape or len(draws) < 20:
        raise DataError(f"score {name!r}: draws {draws.shape} and outcomes {seen.shape} do not fit")
    if not np.isfinite(draws).all() or not np.isfinite(seen).all():
        raise DataError(f"score {name!r}: a draw or an outcome is not finite")
    each = crps(draws, seen)
    return Standing(
        name, float(each.mean()), float(log_score(draws, seen).mean()), coverage(draws, seen, 0.5),
        coverage(draws, seen, 0.9), float(np.abs(np.median(draws, axis=0) - seen).mean()), len(seen),
        tuple(float(v) for v in each),
    )  # fmt: skip


def with_bootstrap(ours: Standing, rival: Standing, cluster: Mapping[int, int] | Array, seed: int = 0) -> Skill:
    """Skill against a rival; whole clusters (countries) are resampled, since cells of one country move together."""
    mine, theirs = np.array(ours.by_cell), np.array(rival.by_cell)
    code = np.unique(np.asarray(cluster), return_inverse=True)[1]
    groups = int(code.max()) + 1
    a, b = np.bincount(code, mine, groups), np.bincount(code, theirs, groups)
    picks = np.random.default_rng(seed).integers(0, groups, (RESAMPLES, groups))
    total = b[picks].sum(axis=1)
    ratio = 1.0 - a[picks].sum(axis=1) / np.where(total > 0, total, np.nan)
    low, high = np.nanquantile(ratio, [0.05, 0.95])
    return Skill(rival.name, skill(ours.crps, rival.crps), float(low), float(high), groups)
