"""Forecasts of allies' defence effort: the panel (H5) rung by rung, and the naive rivals.

Outcome: log of military expenditure over GDP, three years after the freeze (test C: in 2019 and 2021). Causes stay at
their last known values: nothing of the window is given. Test C leaves out one ally from 2017 on and keeps the others,
so that what moved all allies in a year is given; what moved this one is not.

    foederis                   H5 with threat, fiscal room, distrust and the dated demand: M3
    threat, trade and trust    without the demand: M2
    threat and trade           without distrust as well; trade reaches a budget through income, by fiscal room: M1
    threat only                threat alone: M0
    random walk                the last value, spread as changes over as many years in the training rows
    AR(1)                      pulled to the mean of the last ten years
    official plan              members of NATO below 2 % reach it on a line by 2024 (Wales pledge, from the budgets of
                               2015); others keep the last value
    others                     (test C) the last value moved as the median of the other allies moved

Each rung is fitted by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from foederis import calibrate_hedging as hedging
from foederis import evidence, score_freeze
from foederis.score_polls import normals

__all__ = ["RUNGS", "Cell", "as_others", "forecasts", "outcomes"]

Array = np.ndarray
RUNGS: Mapping[str, str] = {  # name of the forecast: block of the fit
    "foederis": "hedging",
    "threat, trade and trust": "hedging-trust",
    "threat and trade": "hedging-trade",
    "threat only": "hedging-threat",
}
AHEAD = 3
PLAN_BY = 2024
WINDOW = 10  # years before the freeze that a cell must have


@dataclass(frozen=True)
class Cell:
    """One ally: log effort at the freeze and `ahead` years later, and the ten years before the freeze."""

    country: str
    label: str
    outcome: float
    last: float
    before: tuple[float, ...]
    year: int
    ahead: int


def outcomes(freeze: int, ahead: Sequence[int] = (AHEAD,), only: Sequence[str] | None = None) -> tuple[Cell, ...]:
    """Allies of the panel with effort on record at the freeze and so many years later."""
    whole = evidence.load("country_year")
    effort = {
        (str(c), int(y)): float(np.log(v))
        for c, y, v in zip(whole["iso3"], whole["year"], whole["milex_share_gdp"], strict=True)
        if np.isfinite(v) and v > 0
    }
    found = []
    for code in sorted({c for c, _ in effort} - set(hedging.OUTSIDE)):
        if only is not None and code not in only:
            continue
        then = effort.get((code, freeze))
        before = tuple(effort[code, y] for y in range(freeze - WINDOW + 1, freeze + 1) if (code, y) in effort)
        for years in ahead:
            later = effort.get((code, freeze + years))
            if then is not None and later is not None and len(before) == WINDOW:
                year = freeze + years
                found.append(Cell(code, f"{code} {year}", later, then, before, year, years))
    return tuple(found)


def forecasts(
    cells: Sequence[Cell], vintage: str, freeze: int, seed: int, draws: int = 400
) -> dict[str, Float[Array, "draw cell"]]:
    """Draws of log effort of every model, frozen at the end of `freeze`."""
    table = evidence.training("country_year", vintage)
    shares = score_freeze.latent(vintage)
    codes = hedging.panel(table, shares, vintage).countries
    grid = hedging.grid(table)
    walk, persistence, spread = _movement(table)
    kept = {name: score_freeze.draws(vintage, block) for name, block in RUNGS.items()}
    column = {name: score_freeze.countries(vintage, block, codes) for name, block in RUNGS.items()}
    found: dict[str, list[Array]] = {name: [] for name in (*RUNGS, "random walk", "AR(1)", "official plan")}
    for cell in cells:
        z = normals(seed, f"budgets {vintage} {cell.label}", draws, 2 * cell.ahead + 2)
        x = np.array(grid.causes(cell.country, freeze + 1, shares))
        for name, p in kept.items():
            off = score_freeze.RUNGS[RUNGS[name]]
            on = x * np.array([cause not in off for cause in hedging.CAUSES])
            given = p["year_effect"] if vintage.startswith("C:") else None
            found[name].append(_simulated(cell, column[name].index(cell.country), p, on, z, given))
        mean = float(np.mean(cell.before))
        left = persistence**cell.ahead
        naive, wander = z[:, 2 * cell.ahead], walk * np.sqrt(cell.ahead)
        found["random walk"].append(cell.last + wander * naive)
        wide = spread * np.sqrt((1.0 - left**2) / (1.0 - persistence**2))
        found["AR(1)"].append(mean + left * (cell.last - mean) + wide * naive)
        found["official plan"].append(_plan(cell, freeze) + wander * naive)
    return {name: np.stack(columns, axis=1) for name, columns in found.items()}


def as_others(cells: Sequence[Cell], vintage: str, freeze: int, seed: int, draws: int) -> Float[Array, "draw cell"]:
    """Test C: the last value of each left-out ally moved as the median of the other allies moved, with their spread."""
    grid = hedging.grid(evidence.training("country_year", vintage))
    columns = []
    for cell in cells:
        rest = [c for c in grid.codes if c not in hedging.OUTSIDE and c != cell.country]
        moves = np.array([grid.log(c, cell.year) - grid.log(c, freeze) for c in rest])
        z = normals(seed, f"budgets others {cell.label}", draws, 1).reshape(-1)
        columns.append(cell.last + float(np.nanmedian(moves)) + float(np.nanstd(moves)) * z)
    return np.stack(columns, axis=1)


def _simulated(cell: Cell, k: int, p: Mapping[str, Array], x: Array, z: Array, given: Array | None) -> Array:
    """Log effort after yearly steps of H5 with causes held, Student-t errors and year effects: drawn, or given."""
    d = len(z)
    p = {name: values[:d].astype(float) for name, values in p.items()}
    level = np.full(d, cell.last)
    sd = p["scale"] * p["scale_ratio"][:, k] * np.sqrt(hedging.FREEDOM / (hedging.FREEDOM - 2.0))
    for step in range(cell.ahead):
        common = p["year_spread"] * z[:, cell.ahead + step] if given is None else given[:d, step].astype(float)
        level = level + hedging.expected_change(p, k, x, level) + sd * z[:, step] + common
    return level


def _movement(table: evidence.Table) -> tuple[float, float, float]:
    """Yearly sd of a walk; persistence around ten-year means and sd of its yearly shocks; training years from 1990."""
    grid = hedging.grid(table)
    steps, pairs = [], []
    for code in grid.codes:
        if code in hedging.OUTSIDE:
            continue
        values = np.array([grid.log(code, y) for y in range(max(1990, grid.first), grid.last + 1)])
        steps += list(np.diff(values))
        for t in range(9, len(values) - 1):
            mean = values[t - 9 : t + 1].mean()
            pairs.append((values[t] - mean, values[t + 1] - mean))
    known = np.array([q for q in pairs if np.isfinite(q).all()])
    persistence = float(np.clip(known[:, 0] @ known[:, 1] / (known[:, 0] @ known[:, 0]), 0.0, 0.99))
    return float(np.nanstd(steps)), persistence, float(np.std(known[:, 1] - persistence * known[:, 0]))


def _plan(cell: Cell, freeze: int) -> float:
    goal = np.log(hedging.PLEDGE)
    if cell.country in hedging.ASIA or cell.last >= goal or freeze < hedging.PLEDGE_FROM - 1:
        return cell.last
    return float(cell.last + (goal - cell.last) * min(1.0, cell.ahead / max(PLAN_BY - freeze, 1)))
