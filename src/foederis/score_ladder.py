"""The ladder M0 to M4: which forecast is which rung in which contest, where a rung is not defined, and why.

    M0 threat only    M1 + trade    M2 + trust    M3 + linkage    M4 + strategy

For polls the two lowest rungs are made here: the level of a series moved by threat (M0), and by threat and the pull of
trade (M1), by a regression on the training polls within series, in closed form:

    odds[s,t] = level[s] + g' (x[c,t] - mean of x over the polls of s) + e,   g ~ N(0, 1),  e ~ N(0, sd of the wording)

Threat is that of the panel of effort (H5); pull is exports to the United States less exports to China, shares of all
exports (L5). Both stay at their last known values in the window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from foederis import calibrate_hedging as hedging
from foederis.evidence import Table
from foederis.score_polls import Cell, kind, normals, series, share

__all__ = ["POLL_RUNGS", "RUNGS", "UNDEFINED", "poll_rungs", "pull", "rung_of"]

Array = np.ndarray
PASSES = 20  # of the sd of each wording given the slopes, and back
RUNGS: Mapping[str, str] = {
    "M0": "threat only",
    "M1": "threat and trade",
    "M2": "with trust",
    "M3": "with linkage",
    "M4": "with strategy",
}
POLL_RUNGS: Mapping[str, str] = {
    "M0": "threat only",
    "M1": "threat and trade",
    "M2": "trust, no acts",
    "M3": "foederis",
}
EFFORT_RUNGS: Mapping[str, str] = {
    "M0": "threat only", "M1": "threat and trade", "M2": "threat, trade and trust", "M3": "foederis",
}  # fmt: skip
COERCION_RUNGS: Mapping[str, str] = {"M1": "trade issue", "M3": "trade issue and pact", "M4": "foederis"}
UNDEFINED: Mapping[str, str] = {
    "M4, polls and effort": "no block in which the patron or the ally answers the other's choice is fitted: neither"
    " optimises against the other in this model, so there is nothing to freeze",
    "M0, coercion": "no measure of threat stands in the cases",
    "M2, coercion": "no poll reaches back before 1990",
    "M0 and M1 for polls": "are not nested in M2: latent trust holds neither threat nor trade, so going from M1 to M2"
    " adds the latent state and its leaders and takes these two away",
    "M1 for polls": "shares of exports begin in 2011: frozen at 2016, six years teach what trade does",
    "M1 for effort": "fiscal room stands for trade: the income through which a tariff would reach a budget",
}


def rung_of(contest: str, model: str) -> str:
    """The rung of a model in a contest such as `A-effort`; empty for naive rivals."""
    kinds = {"effort": EFFORT_RUNGS, "coercion": COERCION_RUNGS}
    rungs = next((found for key, found in kinds.items() if key in contest), POLL_RUNGS)
    return next((rung for rung, name in rungs.items() if name == model), "")


def pull(states: Table) -> dict[tuple[str, int], float]:
    """Exports to the United States less those to China, shares of all exports, by country and year."""
    gap = states["exports_us"] - states["exports_cn"]
    known = np.isfinite(gap)
    return {
        (str(c), int(y)): float(g)
        for c, y, g in zip(states["iso3"][known], states["year"][known], gap[known], strict=True)
    }


def poll_rungs(
    chosen: Sequence[Cell], polls: Table, states: Table, seed: int, draws: int
) -> dict[str, Float[Array, "draw cell"]]:
    """Draws of shares [draw, cell] of M0 and M1, learned from these training polls and country-years only."""
    asked = {key: points for key, points in series(polls).items() if len(points) > 1 and kind(key[2]) < 2}
    found = {}
    for name, causes in (("threat only", (_Threat(states),)), ("threat and trade", (_Threat(states), _Pull(states)))):
        mean, root, sd = _regression(asked, causes)
        columns = []
        for cell in chosen:
            z = normals(seed, f"rungs {name} {cell.label}", draws, len(causes) + 1)
            g = mean + z[:, :-1] @ root.T
            years, odds = np.array([y for y, _ in cell.before]), np.array([o for _, o in cell.before])
            then = np.mean([[cause(cell.country, int(y)) for cause in causes] for y in years], axis=0)
            now = np.array([cause(cell.country, cell.year) for cause in causes])
            wide = sd[min(kind(cell.measure), 1)] * np.sqrt(1.0 + 1.0 / len(odds))
            columns.append(share(odds.mean() + g @ (now - then) + wide * z[:, -1]))
        found[name] = np.stack(columns, axis=1)
    return found


class _Threat:
    """Threat of a country in a year, of the year before as in H5; beyond the rows its last value, without rows zero."""

    def __init__(self, states: Table) -> None:
        self.grid = hedging.grid(states)

    def __call__(self, code: str, year: int) -> float:
        k = min(year - 1, self.grid.last) - self.grid.first
        return float(self.grid.threat[code][k]) if code in self.grid.threat else 0.0


class _Pull:
    """Pull of trade; outside the years on record the nearest, in countries without a record zero."""

    def __init__(self, states: Table) -> None:
        self.known: dict[str, list[tuple[int, float]]] = {}
        for (code, year), value in sorted(pull(states).items()):
            self.known.setdefault(code, []).append((year, value))

    def __call__(self, code: str, year: int) -> float:
        points = self.known.get(code)
        if not points:
            return 0.0
        return float(np.interp(year, [y for y, _ in points], [v for _, v in points]))


def _regression(
    asked: Mapping[tuple[str, str, str, str], Sequence[tuple[int, float]]], causes: Sequence[_Threat | _Pull]
) -> tuple[Array, Array, Array]:
    """Mean and root of the covariance of the slopes, and residual sd of favourable views and of confidence."""
    y, x, of = [], [], []
    room = np.zeros(2)
    for key, points in asked.items():
        odds = np.array([o for _, o in points])
        values = np.array([[cause(key[0], year) for cause in causes] for year, _ in points])
        y.append(odds - odds.mean())
        x.append(values - values.mean(axis=0))
        of.append(np.full(len(odds), kind(key[2])))
        room[kind(key[2])] += len(odds) - 1
    left, design, which = np.concatenate(y), np.concatenate(x), np.concatenate(of)
    mean, precision = np.zeros(len(causes)), np.eye(len(causes))
    for _ in range(PASSES):
        rest = left - design @ mean
        sd = np.sqrt([(rest[which == k] ** 2).sum() / room[k] for k in (0, 1)])
        weight = 1.0 / sd[which] ** 2
        precision = design.T @ (weight[:, None] * design) + np.eye(len(causes))
        mean = np.linalg.solve(precision, design.T @ (weight * left))
    return mean, np.linalg.cholesky(np.linalg.inv(precision)), sd
