"""Forecasts of allies' defence effort three years ahead: the panel (H5), threat only, and the naive rivals.

Outcome: log of military expenditure over GDP, three years after the freeze. Causes stay at their last known values:
nothing of the window is given.

    foederis        H5 with threat, distrust, demand and fiscal room
    threat only     H5 with threat alone, fitted alone: M0
    random walk     the last value, spread as three-year changes of the training years
    AR(1)           pulled to the mean of the last ten years
    official plan   members of NATO below 2 % reach it on a line by 2024 (Wales pledge); others keep the last value
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from foederis import calibrate_hedging as hedging
from foederis import evidence, posterior
from foederis.score_polls import normals

__all__ = ["MODELS", "Cell", "forecasts", "outcomes"]

Array = np.ndarray
MODELS = ("foederis", "threat only", "random walk", "AR(1)", "official plan")
AHEAD = 3
PLAN_BY = 2024


@dataclass(frozen=True)
class Cell:
    """One ally: log effort at the freeze and three years later, and the ten years before the freeze."""

    country: str
    label: str
    outcome: float
    last: float
    before: tuple[float, ...]


def outcomes(freeze: int) -> tuple[Cell, ...]:
    """Allies of the panel with effort on record at the freeze and three years later."""
    whole = evidence.load("country_year")
    effort = {
        (str(c), int(y)): float(np.log(v))
        for c, y, v in zip(whole["iso3"], whole["year"], whole["milex_share_gdp"], strict=True)
        if np.isfinite(v) and v > 0
    }
    found = []
    for code in sorted({c for c, _ in effort} - set(hedging.OUTSIDE)):
        then, later = effort.get((code, freeze)), effort.get((code, freeze + AHEAD))
        before = tuple(effort[code, y] for y in range(freeze - 9, freeze + 1) if (code, y) in effort)
        if then is not None and later is not None and len(before) == 10:
            found.append(Cell(code, f"{code} {freeze + AHEAD}", later, then, before))
    return tuple(found)


def forecasts(
    cells: tuple[Cell, ...], vintage: str, freeze: int, seed: int, draws: int = 400
) -> dict[str, Float[Array, "draw cell"]]:
    """Draws of log effort of every model, frozen at the end of `freeze`."""
    test = vintage
    table = evidence.training("country_year", test)
    panel = hedging.panel(table, _trust(vintage, test), test)
    grid = hedging.grid(table)
    shares = _trust(vintage, test)
    walk, persistence, spread = _movement(table)
    kept = {name: posterior.load().draws(vintage, block) for name, block in
            (("foederis", "hedging"), ("threat only", "hedging-threat"))}  # fmt: skip
    found: dict[str, list[Array]] = {name: [] for name in MODELS}
    for cell in cells:
        z = normals(seed, f"budgets {vintage} {cell.label}", draws, 8)
        x = np.array(grid.causes(cell.country, freeze + 1, shares))
        for name, p in kept.items():
            on = x if name == "foederis" else x * np.array([1.0, 0.0, 0.0, 0.0])
            found[name].append(_simulated(cell, panel, p, on, z))
        mean = float(np.mean(cell.before))
        left = persistence**AHEAD
        found["random walk"].append(cell.last + walk * np.sqrt(AHEAD) * z[:, 6])
        wide = spread * np.sqrt((1.0 - left**2) / (1.0 - persistence**2))
        found["AR(1)"].append(mean + left * (cell.last - mean) + wide * z[:, 6])
        found["official plan"].append(_plan(cell, freeze) + walk * np.sqrt(AHEAD) * z[:, 6])
    return {name: np.stack(columns, axis=1) for name, columns in found.items()}


def _trust(vintage: str, test: str) -> dict[tuple[str, int], float]:
    """Latent favourable shares of the vintage: what was kept at its last fit, by country and year."""
    kept = posterior.load().card["latent"][vintage]
    return {(code, int(year)): share for code, years in kept.items() for year, share in years.items()}


def _simulated(cell: Cell, panel: hedging.Panel, p: Mapping[str, Array], x: Array, z: Array) -> Array:
    """Log effort after three yearly steps of H5 with causes held, Student-t errors and year shocks."""
    d = len(z)
    p = {name: values[:d].astype(float) for name, values in p.items()}
    k = panel.countries.index(cell.country)
    level = np.full(d, cell.last)
    sd = p["scale"] * p["scale_ratio"][:, k] * np.sqrt(hedging.FREEDOM / (hedging.FREEDOM - 2.0))
    for step in range(AHEAD):
        shock = sd * z[:, step] + p["year_spread"] * z[:, 3 + step]
        level = level + hedging.expected_change(p, k, x, level) + shock
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
    return float(cell.last + (goal - cell.last) * min(1.0, AHEAD / max(PLAN_BY - freeze, 1)))
