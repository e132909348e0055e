"""Intervals of the audit: 90 % everywhere, resampling with fixed seeds, survey errors twice those of pure sampling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from foederis.audit_rules import Statistic

__all__ = ["LEVEL", "TOTAL_ERROR", "against_ordinary", "count", "draws", "fact", "half_life", "mean_difference",
           "modes", "none", "poll_change", "rank_correlation", "rate_ratio", "share", "slope"]  # fmt: skip

Array = np.ndarray
LEVEL = (0.05, 0.95)
TOTAL_ERROR = 2.0  # real survey error over sampling error: Shirani-Mehr, Rothschild, Goel & Gelman (2018)
RESAMPLES = 999
Z90 = 1.6448536269514722


def none(what: str, unit: str = "") -> Statistic:
    """A statistic without rows."""
    return Statistic(what, np.nan, np.nan, np.nan, 0, unit)


def fact(what: str, value: float, n: int = 1, unit: str = "", decimals: int = 2) -> Statistic:
    """A number without sampling error."""
    return Statistic(what, float(value), float(value), float(value), n, unit, decimals)


def count(what: str, value: int, of: int = 1) -> Statistic:
    """A count among rows that were looked through (`of`: how many there were; 0 means that nothing was there)."""
    return fact(what, float(value), of)


def draws(what: str, values: Float[Array, " draw"], unit: str = "", decimals: int = 2) -> Statistic:
    """Median and interval of draws. Infinite values count."""
    low, middle, high = np.quantile(np.asarray(values, float), [LEVEL[0], 0.5, LEVEL[1]], method="inverted_cdf")
    return Statistic(what, float(middle), float(low), float(high), len(values), unit, decimals)


def poll_change(
    what: str, before: tuple[float, float] | None, after: tuple[float, float] | None, unit: str = "points"
) -> Statistic:
    """Change between two waves, each (share, respondents), in points."""
    if before is None or after is None:
        return none(what, unit)
    error = np.hypot(*(TOTAL_ERROR * np.sqrt(p * (1.0 - p) / n) for p, n in (before, after)))
    change = 100.0 * (after[0] - before[0])
    half = 100.0 * Z90 * error
    return Statistic(what, change, change - half, change + half, 2, unit, 1)


def share(what: str, hits: int, of: int) -> Statistic:
    """Share of hits with the Jeffreys interval."""
    from scipy.stats import beta

    if of == 0:
        return none(what)
    low, high = beta.ppf(LEVEL, hits + 0.5, of - hits + 0.5)
    return Statistic(what, hits / of, float(low), float(high), of)


def rate_ratio(what: str, hits: int, years: float, hits_before: int, years_before: float) -> Statistic:
    """Ratio of two Poisson rates under Jeffreys priors; no rows where either time is nil."""
    from scipy.stats import betaprime

    if years <= 0 or years_before <= 0 or hits + hits_before == 0:
        return none(what)
    middle, low, high = (years_before / years) * betaprime.ppf([0.5, *LEVEL], hits + 0.5, hits_before + 0.5)
    return Statistic(what, float(middle), float(low), float(high), hits + hits_before, "times", 1)


def against_ordinary(
    what: str, value: float, past: Sequence[float] | Array, unit: str = "", decimals: int = 2
) -> Statistic:
    """A change less the median of ordinary ones; the interval holds zero unless it lies outside their middle 90 %."""
    usual = np.asarray(past, float)
    usual = usual[np.isfinite(usual)]
    if len(usual) < 3 or not np.isfinite(value):
        return none(what, unit)
    low, middle, high = np.quantile(usual, [LEVEL[0], 0.5, LEVEL[1]])
    return Statistic(what, float(value - middle), float(value - high), float(value - low), len(usual), unit, decimals)


def mean_difference(what: str, one: Sequence[float], other: Sequence[float], unit: str = "points") -> Statistic:
    """Difference of means with Welch's interval; no rows where either has fewer than two."""
    from scipy.stats import t

    a, b = np.asarray(one, float), np.asarray(other, float)
    if len(a) < 2 or len(b) < 2:
        return none(what, unit)
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    if va + vb == 0:
        return fact(what, a.mean() - b.mean(), len(a) + len(b), unit)
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    half = float(t.ppf(LEVEL[1], freedom) * np.sqrt(va + vb))
    gap = float(a.mean() - b.mean())
    return Statistic(what, gap, gap - half, gap + half, len(a) + len(b), unit)


def slope(
    what: str, y: Array, x: Float[Array, "row regressor"], groups: Array, unit: str = "", decimals: int = 3
) -> Statistic:
    """Least-squares coefficient of the first regressor; whole groups are resampled."""
    keep = np.isfinite(y) & np.isfinite(x).all(axis=1)
    y, x, groups = y[keep], x[keep], np.asarray(groups)[keep]
    names = np.unique(groups)
    if len(names) < 4 or len(y) <= x.shape[1]:
        return none(what, unit)
    rows = {name: np.flatnonzero(groups == name) for name in names}
    rng = np.random.default_rng(7)
    found: list[float] = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([rows[name] for name in rng.choice(names, len(names))])
        found.append(float(np.linalg.lstsq(x[chosen], y[chosen], rcond=None)[0][0]))
    value = float(np.linalg.lstsq(x, y, rcond=None)[0][0])
    low, high = np.quantile(found, LEVEL)
    return Statistic(what, value, float(low), float(high), len(y), unit, decimals)


def rank_correlation(what: str, one: Sequence[float], other: Sequence[float]) -> Statistic:
    """Spearman's correlation with a bootstrap interval; no rows below five pairs."""
    from scipy.stats import rankdata

    a, b = np.asarray(one, float), np.asarray(other, float)
    if len(a) < 5 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return none(what)
    rng = np.random.default_rng(7)
    found: list[float] = []
    while len(found) < RESAMPLES:
        k = rng.integers(0, len(a), len(a))
        if np.ptp(a[k]) > 0 and np.ptp(b[k]) > 0:
            found.append(float(np.corrcoef(rankdata(a[k]), rankdata(b[k]))[0, 1]))
    low, high = np.quantile(found, LEVEL)
    return Statistic(what, float(np.corrcoef(rankdata(a), rankdata(b))[0, 1]), float(low), float(high), len(a))


def half_life(rows: Sequence[tuple[str, int, float]], span: int = 1) -> Float[Array, " resample"]:
    """Half-life in years of departures from each country's own mean; whole countries are resampled. Infinite where
    departures do not fade. Empty when fewer than five countries have pairs of waves `span` years apart."""
    table: dict[str, dict[int, float]] = {}
    for code, year, value in rows:
        if np.isfinite(value):
            table.setdefault(code, {})[year] = value
    pairs = {}
    for code, series in table.items():
        mean = float(np.mean(list(series.values())))
        both = [(series[t] - mean, series[t + span] - mean) for t in series if t + span in series]
        if len(both) >= 3:
            pairs[code] = np.array(both)
    if len(pairs) < 5:
        return np.zeros(0)
    names, rng, found = sorted(pairs), np.random.default_rng(7), []
    for _ in range(RESAMPLES):
        b = np.concatenate([pairs[name] for name in rng.choice(names, len(names))])
        rho = float(b[:, 0] @ b[:, 1] / (b[:, 0] @ b[:, 0]))
        found.append(span * np.log(0.5) / np.log(rho) if 0 < rho < 1 else (0.0 if rho <= 0 else np.inf))
    return np.array(found)


def modes(values: Float[Array, " draw"], resamples: int = 99) -> float:
    """P-value of one mode: Silverman's (1981) smoothed bootstrap. Small: more than one. 1 for a constant."""
    x = np.asarray(values, float)
    if np.ptp(x) < 1e-12:
        return 1.0
    h = _critical(x)
    rng, spread = np.random.default_rng(7), x.std()
    hits = 0
    for _ in range(resamples):
        y = rng.choice(x, len(x)) + h * rng.standard_normal(len(x))
        y = x.mean() + (y - x.mean()) / np.sqrt(1.0 + (h / spread) ** 2)
        hits += _peaks(y, h) > 1
    return (hits + 1) / (resamples + 1)


def _peaks(x: Array, h: float) -> int:
    grid = np.linspace(x.min() - 3 * h, x.max() + 3 * h, 200)
    density = np.exp(-0.5 * ((grid[:, None] - x[None, :]) / h) ** 2).sum(axis=1)
    step = np.sign(np.diff(density))
    step = step[step != 0]
    return int(((step[:-1] > 0) & (step[1:] < 0)).sum())


def _critical(x: Array) -> float:
    low, high = 1e-3 * float(np.ptp(x)), float(np.ptp(x))
    for _ in range(25):
        middle = np.sqrt(low * high)
        low, high = (low, middle) if _peaks(x, middle) <= 1 else (middle, high)
    return float(high)
