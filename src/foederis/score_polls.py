"""Forecasts of polls frozen before their window: latent trust, trust with acts, and the naive rivals.

Every forecast is a set of draws of the share that the poll would find, sampling and scatter included. What happened in
the window (who was president, which acts) is given, as it is to a scenario; no poll of the window is.

    foederis        latent trust (L2) carried on, a new president's effect unknown (a returning one remembered in part),
                    plus what the acts of the window say through B1-B8
    trust, no acts  the same without the acts: M2 against M3 of the ladder (M0 and M1 are in `score_ladder`)
    random walk     the last poll of the series, spread as polls of the training years moved
    AR(1)           pulled to the mean of the series
    leader dummy    the mean of the series under the same president, or of presidents at large for a new one
    others          (test C) the last poll moved as the median of the other publics moved
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from jaxtyping import Float

from foederis import acts, beliefs, evidence, posterior, priors, score_freeze
from foederis import calibrate_trust as trust
from foederis.acts_arrays import act_arrays, quarter_range
from foederis.beliefs_equations import poll_index
from foederis.beliefs_polls import PRIORS as POLL_PRIORS
from foederis.beliefs_polls import WORDINGS
from foederis.errors import DataError
from foederis.evidence import Table

__all__ = ["MODELS", "Cell", "as_others", "cells", "forecasts", "kind", "normals", "series", "share"]

Array = np.ndarray
MODELS = ("foederis", "trust, no acts", "random walk", "AR(1)", "leader dummy")
EVENT_START = 2017
SERIES_JOINED: Mapping[str, str] = {"Yomiuri nationwide poll": "Yomiuri-Gallup joint survey"}  # same wording


@dataclass(frozen=True)
class Cell:
    """One poll of the window with what the series said before: log odds and years of its training polls."""

    country: str
    label: str
    measure: str
    year: int
    month: int
    outcome: float
    n: float
    before: tuple[tuple[int, float], ...]


def cells(test: str, freeze: int, last: int, countries: Sequence[str] | None = None) -> tuple[Cell, ...]:
    """Polls held out by the test, up to the year `last`, whose series has a training poll and whose public L2 knows."""
    known = trust.panel(evidence.training("poll_obs", _test(test)), _test(test)).countries
    held = evidence.holdout("poll_obs", test)
    past = series(evidence.training("poll_obs", _test(test)))
    found = []
    for code, pollster, measure, mode, year, date, value, n in _rows(held):
        key = (code, SERIES_JOINED.get(pollster, pollster), measure, mode)
        wording = trust.WORDING.get(measure, measure)
        if wording not in trust.MEASURES or code not in known or not freeze < year <= last or key not in past:
            continue
        if countries is None or code in countries:
            label = f"{code} {pollster.split()[0]} {measure.replace('_', ' ')} {year}"
            found.append(Cell(code, label, measure, year, int(date[5:7]), value, n, tuple(past[key])))
    return tuple(sorted(found, key=lambda c: (c.country, c.measure, c.year, c.label)))


def _test(test: str) -> str | None:
    return None if test == "B" else test


def _rows(table: Table) -> list[tuple[str, str, str, str, int, str, float, float]]:
    names = ("iso3", "pollster", "measure", "mode", "year", "date", "value", "n")
    return [
        (str(a), str(b), str(c), str(d), int(e), str(f), float(g), float(h))
        for a, b, c, d, e, f, g, h in zip(*(table[name] for name in names), strict=True)
    ]


def series(table: Table) -> dict[tuple[str, str, str, str], list[tuple[int, float]]]:
    """Year and log odds of the polls of each series: country, pollster, measure, mode."""
    found: dict[tuple[str, str, str, str], list[tuple[int, float]]] = {}
    for code, pollster, measure, mode, year, _, value, _ in sorted(_rows(table), key=lambda r: r[5]):
        found.setdefault((code, pollster, measure, mode), []).append((year, float(np.log(value / (1 - value)))))
    return found


def forecasts(
    chosen: Sequence[Cell], test: str, freeze: int, seed: int, draws: int = 400
) -> dict[str, Float[Array, "draw cell"]]:
    """Draws of every model for the cells, frozen at the end of `freeze`."""
    vintage = posterior.FULL if test == "B" else test
    kept = score_freeze.draws(vintage, "trust")
    panel = trust.panel(evidence.training("poll_obs", _test(test)), _test(test))
    codes = score_freeze.countries(vintage, "trust", panel.countries)
    walk, persistence, spread = _movement(evidence.training("poll_obs", _test(test)))
    found: dict[str, list[Array]] = {name: [] for name in MODELS}
    moved = _events(chosen, test, freeze, seed, draws)
    for k, cell in enumerate(chosen):
        z = normals(seed, f"{test} {cell.label}", draws, 6)
        latent = _latent(cell, codes.index(cell.country), panel.years[-1], kept, z)
        scatter = kept["spread"][:draws, kind(cell.measure)].astype(float)
        found["foederis"].append(_answer(latent + moved[:, k], cell.n, scatter, z[:, 5]))
        found["trust, no acts"].append(_answer(latent, cell.n, scatter, z[:, 5]))
        for name, values in _naive(cell, walk, persistence, spread, z).items():
            found[name].append(share(values))
    return {name: np.stack(columns, axis=1) for name, columns in found.items()}


def kind(measure: str) -> int:
    """Whether a wording is a favourable view (0), confidence in the president (1) or another (2)."""
    return 0 if measure == "favourable_us" else 1 if measure == "confidence_us_president" else 2


def _latent(cell: Cell, c: int, last: int, kept: Mapping[str, Array], z: Array) -> Array:
    """Log odds [draw] of the cell: country part carried on from the last year of the fit, leader part as far as it is
    known. `c` is the country's column in the draws."""
    d = len(z)
    p = {name: kept[name][:d].astype(float) for name in kept}
    years = p["since"][:, c] + cell.year - last
    left = p["trust.persistence"] ** years
    sd = np.hypot(p["trust.shock"], p["trust.common"]) / np.sqrt(1.0 - p["trust.persistence"] ** 2)
    C = p["mean"][:, c] + left * (p["state"][:, c] - p["mean"][:, c]) + sd * np.sqrt(1.0 - left**2) * z[:, 0]
    lead = _lead(cell, p, c, z)
    wording = trust.WORDING.get(cell.measure, cell.measure)
    if wording == "favourable_us":
        return C + p["leader.share"] * lead
    if wording == "confidence_us_president":
        return p["leader.country_part"] * C + lead
    w = trust.MEASURES.index(wording) - 2
    offset = np.array([odds for _, odds in cell.before]).mean()
    level = _level_then(cell, p, c, w)
    moved = p["wording_slope"][:, w] * C + p["wording_lead"][:, w] * lead - level
    return offset + moved + 0.15 * z[:, 4]


def _level_then(cell: Cell, p: Mapping[str, Array], c: int, w: int) -> Array:
    """What the latent parts say of the wording on average when the series was asked in the training years."""
    lead = np.mean([_known_lead(p, c, year) for year, _ in cell.before], axis=0)
    weight = 0.5 if len(cell.before) > 1 else 1.0
    C = p["mean"][:, c] + weight * (p["state"][:, c] - p["mean"][:, c])
    return p["wording_slope"][:, w] * C + p["wording_lead"][:, w] * lead


def _known_lead(p: Mapping[str, Array], c: int, year: int) -> Array:
    leader = max(trust.leader_of(year), 0)
    effect = p["effects"][:, c, min(leader, p["effects"].shape[2] - 1)]
    tenure = max(year - trust.TOOK_OFFICE[leader], 0)
    return p["confidence_level"] + (effect - p["confidence_level"]) * p["leader.keep"] ** tenure


def _lead(cell: Cell, p: Mapping[str, Array], c: int, z: Array) -> Array:
    """Leader part of the cell's president: as fitted, remembered in part if he returns, else a draw of a new one."""
    leader = trust.leader_of(cell.year)
    tenure = cell.year - trust.TOOK_OFFICE[leader]
    level, keep = p["confidence_level"], p["leader.keep"]
    fresh = level + p["leader.effect"] * z[:, 1] + p["leader.country"] * z[:, 2]
    if leader < p["effects"].shape[2]:
        effect = p["effects"][:, c, leader]
    elif trust.LEADERS[leader] == "Trump again" and p["effects"].shape[2] > 2:
        memory = (np.arange(len(z)) + 0.5) / len(z)  # uniform, as the prior of leader_memory
        effect = fresh + memory * (p["effects"][:, c, 2] - fresh)
    else:
        effect = fresh
    return np.asarray(level + (effect - level) * keep**tenure)


def _events(chosen: Sequence[Cell], test: str, freeze: int, seed: int, draws: int) -> Float[Array, "draw cell"]:
    """What the acts since the freeze add to the log odds of each cell, by the equations of belief."""
    codes = tuple(dict.fromkeys(cell.country for cell in chosen))
    last = max(cell.year for cell in chosen)
    quarters = quarter_range(f"{EVENT_START}-Q1", f"{last}-Q4")
    arrays = act_arrays([a for a in acts.load() if a.date.year <= last], quarters, codes)
    table = {**priors.PARAMETERS, **{q.name: q for q in (*beliefs.PRIORS, *POLL_PRIORS)}}
    numbers = np.arange(draws)
    p = {name: priors.quantile(q, _uniforms(seed, name, draws)) for name, q in table.items()}
    if test == "B":
        after = posterior.load()
        p |= after.take(seed, numbers, [n for n in after.names if after.estimates[n].block == "events"])
    path = beliefs.run(arrays, p)
    omega = (p["omega_1"], p["omega_2"], p["omega_3"])
    start = path.start
    index = [poll_index(*omega, start.L, start.n_X, start.n_P, start.R_mass)]
    index += [poll_index(*omega, *at) for at in zip(path.L, path.n_X, path.n_P, path.R_mass, strict=True)]
    frozen = index[max(4 * (freeze - EVENT_START + 1), 0)]
    found = []
    for cell in chosen:
        t = 4 * (cell.year - EVENT_START) + (cell.month - 1) // 3
        slope = p[f"poll_b.{WORDINGS.get(cell.measure, 'affinity')}"]
        found.append(slope * (index[t + 1] - frozen)[:, codes.index(cell.country)])
    return np.stack(found, axis=1)


def _movement(table: Table) -> tuple[float, float, float]:
    """From favourable views of the training years: yearly sd of a walk, AR(1) persistence and spread, in log odds."""
    steps, pairs, residuals = [], [], []
    for key, points in series(table).items():
        if key[2] != "favourable_us" or len(points) < 4:
            continue
        values = np.array([odds for _, odds in points])
        gap = np.diff([year for year, _ in points])
        steps += list(np.diff(values)[gap == 1])
        centred = values - values.mean()
        pairs += [(a, b) for a, b, g in zip(centred[:-1], centred[1:], gap, strict=True) if g == 1]
        residuals += list(centred)
    a, b = np.array(pairs).T
    return float(np.std(steps)), float(np.clip(a @ b / (a @ a), 0.0, 0.99)), float(np.std(residuals))


def _naive(cell: Cell, walk: float, persistence: float, spread: float, z: Array) -> dict[str, Array]:
    """Log odds [draw] of the rivals; confidence moves farther than favourable views."""
    year, last = cell.before[-1]
    values = np.array([odds for _, odds in cell.before])
    scale = CONFIDENCE_SCALE if cell.measure == "confidence_us_president" else 1.0
    gap = max(cell.year - year, 1)
    mean = values.mean() if len(values) > 2 else last
    left = persistence**gap
    leader = trust.LEADERS[trust.leader_of(cell.year)].removesuffix(" again")
    same = [
        odds for y, odds in cell.before if trust.LEADERS[max(trust.leader_of(y), 0)].removesuffix(" again") == leader
    ]
    dummy = np.mean(same) if same else values.mean()
    wide = spread * scale * (1.0 if same else np.sqrt(2.0))
    return {
        "random walk": last + walk * scale * np.sqrt(gap) * z[:, 3],
        "AR(1)": mean + left * (last - mean) + spread * scale * np.sqrt(1.0 - left**2) * z[:, 3],
        "leader dummy": dummy + wide * z[:, 3],
    }


CONFIDENCE_SCALE = 1.7  # one-year changes of confidence over those of favourable views, training years


def share(odds: Array) -> Array:
    """Log odds as shares."""
    return 1.0 / (1.0 + np.exp(-odds))


def _answer(odds: Array, n: float, scatter: Array, z: Array) -> Array:
    """The share a poll finds: scatter of the beta-binomial as a normal of its variance, kept inside 0 and 1."""
    mean = share(odds)
    sd = np.sqrt(mean * (1.0 - mean) * (1.0 / n + scatter))
    return np.clip(mean + sd * z, 0.001, 0.999)


def _uniforms(seed: int, stream: str, draws: int, columns: int = 1) -> Array:
    bits = np.random.Philox(key=[np.uint64(seed), np.uint64(crc32(f"score {stream}".encode()))])
    raw = ((bits.random_raw(draws * columns) >> np.uint64(11)).astype(float) + 0.5) / 2.0**53
    return raw.reshape(draws, columns) if columns > 1 else raw


def normals(seed: int, stream: str, draws: int, columns: int) -> Float[Array, "draw column"]:
    """Standard normal numbers that depend on the seed, the name of the stream and their place only."""
    from scipy.special import ndtri

    return np.asarray(ndtri(_uniforms(seed, stream, draws, columns)))


def as_others(chosen: Sequence[Cell], test: str, seed: int, draws: int) -> Float[Array, "draw cell"]:
    """Test C: the last poll of each left-out public moved as the median of the other publics moved since that year."""
    table = evidence.training("poll_obs", test)
    asked = {key: dict(points) for key, points in series(table).items() if key[2] == "favourable_us"}
    columns = []
    for cell in chosen:
        year, last = cell.before[-1]
        moves = [
            s[cell.year] - s[year]
            for key, s in asked.items()
            if key[0] != cell.country and year in s and cell.year in s
        ]
        if len(moves) < 5:
            raise DataError(f"score: fewer than five publics were asked in both {year} and {cell.year}")
        z = normals(seed, f"others {cell.label}", draws, 1)
        columns.append(share(last + float(np.median(moves)) + float(np.std(moves)) * z.reshape(-1)))
    return np.stack(columns, axis=1)
