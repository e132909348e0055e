"""After the last date of the panel: what the source's partner totals and the list of actions tell.

On 24 July 2026 the surcharge of section 122 lapsed and section 301 duties took its place (dockets USTR-2026-0265 and
0266: 12.5 %, 10 % for 18 economies). Their scope is taken from the surcharge of 6 April, scaled so that each partner's
total moves as the source's does. Two more steps of the source name no instrument.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from _ledger_tracks import LAPSED, Cover, Point, Track

Array = np.ndarray

HIGH, LOW = 0.125, 0.10
BETWEEN = 1.10  # total after over total before of the surcharge goods: near 1.25 where the rate is 12.5 %, else about 1
UNNAMED = {"BRA": ("brazil-2026", "2026-07-22"), "CAN": ("canada-2026", "2026-08-19")}
SMALLEST = 1e-5
NOTE_301 = (
    "rate class and scope inferred: the surcharge's goods, scaled so that the partner's total moves as in the source"
)
NOTE_UNNAMED = "the source raises its total on this day and names no instrument; spread over goods outside s.232"


def totals(path: Path) -> dict[str, dict[str, float]]:
    """The source's totals by partner and date, as fractions on top of 2024."""
    frame = pd.read_csv(path)
    wide = frame.pivot_table(index="iso3", columns="date", values="increment_pct") / 100
    return {str(code): {str(d): float(v) for d, v in row.items()} for code, row in wide.iterrows()}


def tracks(cover: Cover, clock: str, weight: Array, total: dict[str, float]) -> list[Track]:
    """Measures of one partner that begin after the panel ends; `weight`: its 2024 imports by sector."""
    share = weight / weight.sum()
    april = "2026-04-06"
    found = _section301(cover, clock, share, total)
    if cover.split.partner in UNNAMED:
        family, day = UNNAMED[cover.split.partner]
        before = max(d for d in total if d < day)
        scope = cover.split.s122[april] / 0.10
        if not scope.any():  # Canada: what the fentanyl duty covered
            scope = cover.split.ieepa["2025-12-04"] / 0.45
        rate = (total[day] - total[before]) / float(share @ scope)
        points: list[Point] = [(day, cover.gross(scope, april), rate, "add", None)]
        found.append(Track(family, "other", cover.split.partner, clock, points, None, ("s232",), "total", NOTE_UNNAMED))
    return found


def _section301(cover: Cover, clock: str, share: Array, total: dict[str, float]) -> list[Track]:
    worth = cover.split.s122["2026-04-06"]
    before = float(share @ worth)
    if before < SMALLEST:
        return []
    after = before + total[LAPSED] - total["2026-07-22"]
    rate = HIGH if after / before > BETWEEN else LOW
    room = np.maximum(0.0, 1.0 - cover.section232("2026-04-06"))
    scope = _scaled(worth / 0.10, room, share, after / rate)
    points: list[Point] = [(LAPSED, cover.gross(scope, "2026-04-06"), rate, "add", None)]
    return [Track("s301-forced-labour", "s301", cover.split.partner, clock, points, None, ("s232",), "total", NOTE_301)]


def _scaled(scope: Array, room: Array, share: Array, wanted: float) -> Array:
    """The scope times one factor, at most `room` in each sector, so that its import-weighted mean is `wanted`."""
    low, high = 0.0, 1e4
    for _ in range(80):
        factor = (low + high) / 2
        short = float(share @ np.minimum(room, factor * scope)) < wanted
        low, high = (factor, high) if short else (low, factor)
    return np.minimum(room, high * scope)


def pooled_totals(members: dict[str, float], each: dict[str, dict[str, float]]) -> dict[str, float]:
    """Totals of a pool: the mean of its members' weighted with their imports."""
    whole = sum(members.values())
    dates = next(iter(each.values())).keys()
    return {d: sum(members[p] * each[p][d] for p in members) / whole for d in dates}
