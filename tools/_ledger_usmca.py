"""The share of Canadian and Mexican goods that paid the fentanyl duty because they did not claim USMCA, as collected.

In product groups without section 232 goods the duty of April to November 2025 above the rate of 2024 is the fentanyl
duty, so its share of what the full rate would bring is the share outside USMCA. Mexico is USMCA less Canada: its own
months end in March 2025.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from foederis.published.real_2025 import CONCORDANCE

Array = np.ndarray

FULL = {"CAN": {"04": 0.25, "08": 0.35}, "MEX": {"04": 0.25}}
FIRST, LAST = "2025-04", "2025-11"
WITH_232 = ("331", "332", "333", "334", "335", "336", "337", "321")
MANUFACTURES = ("311", "312", "313", "314", "315", "316", "322", "323", "325", "326", "327", "339")


def outside(path: Path, sectors: tuple[str, ...]) -> dict[str, Array]:
    """Share outside USMCA by sector, Canada and Mexico; sectors with section 232 goods: the mean of manufactures."""
    frame = pd.read_parquet(path).astype({"iso3": str, "naics3": str, "month": str})
    keys = ["month", "naics3"]
    pick = {
        code: frame[frame.iso3 == code].set_index(keys)[["customs_value_usd", "calc_duty_usd"]].astype(float)
        for code in ("CAN", "MEX", "USMCA")
    }
    late = {"CAN": pick["CAN"], "MEX": pick["USMCA"].sub(pick["CAN"], fill_value=0.0)}
    return {code: _by_sector(code, late[code], pick[code], sectors) for code in late}


def _by_sector(code: str, late: pd.DataFrame, own: pd.DataFrame, sectors: tuple[str, ...]) -> Array:
    excess, full = {}, {}
    for group in (g for g in CONCORDANCE if g not in WITH_232):
        year = own[own.index.get_level_values("month").str.startswith("2024")].xs(group, level="naics3").sum()
        usual = year.calc_duty_usd / year.customs_value_usd if year.customs_value_usd > 0 else 0.0
        window = late.xs(group, level="naics3")
        window = window[(window.index >= FIRST) & (window.index <= LAST)]
        rate = np.array([_rate(code, str(month)[-2:]) for month in window.index])
        excess[group] = max(0.0, float((window.calc_duty_usd - usual * window.customs_value_usd).sum()))
        full[group] = float((rate * window.customs_value_usd).sum())
    typical = sum(excess[g] for g in MANUFACTURES) / sum(full[g] for g in MANUFACTURES)
    share = np.full(len(sectors), typical)
    for k, sector in enumerate(sectors):
        groups = [g for g, parts in CONCORDANCE.items() if sector in parts and g not in WITH_232]
        whole = sum(full[g] for g in groups)
        if whole > 0:
            share[k] = min(1.0, sum(excess[g] for g in groups) / whole)
    return share


def _rate(code: str, month: str) -> float:
    return [rate for first, rate in FULL[code].items() if first <= month][-1]
