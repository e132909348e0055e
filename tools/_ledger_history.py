"""Measures of 2018 to 2024, and how much of each is inside the duty collected in 2024.

The base of every later date is the duty collected in 2024; it already holds the safeguard duties, the old steel and
aluminium duties and the China lists. So each of them is a dated measure for the years before 2025, and from 2025 on a
part of the base: `inside` says how much of the base rate belongs to which authority. What was listed and what was
collected differ (exclusions, quotas, preferences); the listed coverage is scaled, by partner and sector, to what the
2024 duty leaves above the normal duty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from _ledger_lists import ALUMINIUM_2018, SOLAR, STEEL_2018, WASHERS, Lists
from _ledger_panel import Panel
from _world_customs import AGREEMENT

Array = np.ndarray
Rates = tuple[tuple[str, float], ...]

YEAR = ("2024-01-01", "2025-01-01")
SCALE_LIMIT = 1.5  # of listed coverage: the lists of a line or two are incomplete
REVIEW, REVIEW_2025, REVIEW_2026 = "2024-09-27", "2025-01-01", "2026-01-01"
REVIEW_UNIT = 0.25
CHINA_LISTS: dict[str, tuple[tuple[str, ...], Rates]] = {
    "s301-list-1": (("1",), (("2018-07-06", 0.25),)),
    "s301-list-2": (("2",), (("2018-08-23", 0.25),)),
    "s301-list-3": (("3", "3_addl"), (("2018-09-24", 0.10), ("2019-05-10", 0.25))),
    "s301-list-4a": (("4A",), (("2019-09-01", 0.15), ("2020-02-14", 0.075))),
}
# Lists of the four-year review: date, new rate, rate before where the line is on none of the lists above.
REVIEWS = {
    "biden_100": (REVIEW, 1.00, 0.25),
    "biden_50": (REVIEW, 0.50, 0.25),
    "biden_25": (REVIEW, 0.25, 0.075),
    "biden_50_jan25": (REVIEW_2025, 0.50, 0.25),
    "biden_25_jan25": (REVIEW_2025, 0.25, 0.0),
    "biden_jan26": (REVIEW_2026, 0.25, 0.075),
}
SOLAR_RATES: Rates = (
    ("2018-02-07", 0.30),
    ("2019-02-07", 0.25),
    ("2020-02-07", 0.20),
    ("2020-10-25", 0.18),
    ("2022-02-07", 0.1475),
    ("2023-02-07", 0.145),
    ("2024-02-07", 0.1425),
)
WASHER_RATES: Rates = (
    ("2018-02-07", 0.20),
    ("2019-02-07", 0.18),
    ("2020-02-07", 0.16),
    ("2021-02-07", 0.15),
    ("2022-02-07", 0.14),
)
# Partners outside the metals duties of 2018, or not all the time: (from, until); None: until the new duties of 2025.
STEEL_SPELLS: dict[str, tuple[tuple[str, str | None], ...]] = {
    "AUS": (),
    "ARG": (),
    "BRA": (),
    "KOR": (),
    "CAN": (("2018-06-01", "2019-05-20"),),
    "MEX": (("2018-06-01", "2019-05-20"),),
    "EU27": (("2018-06-01", "2022-01-01"),),
    "GBR": (("2018-06-01", "2022-06-01"),),
    "JPN": (("2018-03-23", "2022-04-01"),),
}
ALUMINIUM_SPELLS: dict[str, tuple[tuple[str, str | None], ...]] = {
    **{code: STEEL_SPELLS[code] for code in ("AUS", "ARG", "CAN", "MEX", "EU27", "GBR")},
    "BRA": (("2018-06-01", None),),
    "KOR": (("2018-05-01", None),),
}
ALWAYS: tuple[tuple[str, str | None], ...] = (("2018-03-23", None),)
TURKISH_STEEL: Rates = (("2018-03-23", 0.25), ("2018-08-13", 0.50), ("2019-05-21", 0.25))
RUSSIAN_ALUMINIUM: Rates = (("2018-03-23", 0.10), ("2023-03-10", 2.00))
ENDED = "2025-03-12"
SOLAR_ENDED, WASHERS_ENDED = "2026-02-07", "2023-02-07"


@dataclass(frozen=True)
class Old:
    """A measure of before 2025 on one partner: coverage by sector, dated rates, its last day excluded."""

    family: str
    authority: str
    partner: str
    coverage: Array
    rate: Rates
    end: str | None

    @property
    def start(self) -> str:
        return self.rate[0][0]

    def mean_2024(self) -> float:
        """Mean over the days of 2024 of the rate in force."""
        days = pd.date_range(*YEAR, inclusive="left").strftime("%Y-%m-%d")
        return float(np.mean([self._on(day) for day in days]))

    def _on(self, day: str) -> float:
        if day < self.start or (self.end is not None and day >= self.end):
            return 0.0
        return [rate for first, rate in self.rate if first <= day][-1]


def measures(lists: Lists, panel: Panel) -> tuple[list[Old], list[Old], dict[str, dict[str, Array]]]:
    """Measures before 2025, what the review adds from 2025 on, and the parts of the base by partner and authority."""
    listed = [*_safeguards(lists), *_metals(lists), *_china(lists)]
    found: list[Old] = []
    inside: dict[str, dict[str, Array]] = {}
    later: list[Old] = []
    normal = normal_duty(lists)
    for k, partner in enumerate(panel.partners):
        mine = [m for m in listed if m.partner == partner and m.coverage.any()]
        worth = {m.family: m.coverage * m.mean_2024() for m in mine}
        whole = sum(worth.values(), np.zeros(len(panel.sectors)))
        above = np.maximum(0.0, panel.base[k] - (0.0 if partner in AGREEMENT else normal[k]))
        highest = SCALE_LIMIT if partner == "CHN" else 1.0
        scale = np.clip(np.divide(above, whole, out=np.zeros_like(above), where=whole > 0), 0.0, highest)
        parts: dict[str, Array] = {}
        for m in mine:
            in_2024 = bool(worth[m.family].any())
            coverage = np.minimum(1.0, m.coverage * np.where(in_2024, scale, 1.0))
            found.append(Old(m.family, m.authority, partner, coverage, m.rate, m.end))
            if in_2024:
                parts[m.authority] = parts.get(m.authority, np.zeros(len(above))) + coverage * m.mean_2024()
        inside[partner] = {a: np.minimum(v, panel.base[k]) for a, v in parts.items() if v.max() > 1e-7}
    later = [_rest_of_review(m) for m in found if m.family == "s301-review"]
    later += _reviews_after(lists)
    return [m for m in found if m.start < YEAR[1]], later, inside


def normal_duty(lists: Lists) -> Array:
    """Mean normal (MFN) ad valorem duty of what each partner sold in 2024, [partner, sector]."""
    frame = pd.read_csv(lists.folder / "us_mfn_hs8_2025.csv", dtype={"hs8": str})
    by_heading = frame.mfn_rate.fillna(0.0).groupby(frame.hs8.str[:6]).mean()
    return lists.sector_mean(by_heading.to_dict())


def _safeguards(lists: Lists) -> list[Old]:
    solar, washers = lists.coverage(SOLAR), lists.coverage(WASHERS)
    found = []
    for k, partner in enumerate(lists.partners):
        if partner != "CAN":
            found.append(Old("s201-solar", "s201", partner, solar[k], SOLAR_RATES, SOLAR_ENDED))
            found.append(Old("s201-washers", "s201", partner, washers[k], WASHER_RATES, WASHERS_ENDED))
    return found


def _metals(lists: Lists) -> list[Old]:
    steel, aluminium = lists.coverage(STEEL_2018), lists.coverage(ALUMINIUM_2018)
    found = []
    for k, partner in enumerate(lists.partners):
        for spell in STEEL_SPELLS.get(partner, ALWAYS):
            rates = TURKISH_STEEL if partner == "TUR" else ((spell[0], 0.25),)
            found.append(Old("s232-steel-2018", "s232", partner, steel[k], rates, spell[1] or ENDED))
        for spell in ALUMINIUM_SPELLS.get(partner, ALWAYS):
            rates = RUSSIAN_ALUMINIUM if partner == "RUS" else ((spell[0], 0.10),)
            found.append(Old("s232-aluminium-2018", "s232", partner, aluminium[k], rates, spell[1] or ENDED))
    return found


def _china(lists: Lists) -> list[Old]:
    row, frame = lists.partners.index("CHN"), _lines(lists.folder)
    found = []
    for family, (names, rates) in CHINA_LISTS.items():
        found.append(Old(family, "s301", "CHN", lists.coverage(_on(frame, names))[row], rates, None))
    extra = lists.sector_mean(lists.heading_share(_review_gap(frame, REVIEW)))[row]
    return [*found, Old("s301-review", "s301", "CHN", extra / REVIEW_UNIT, ((REVIEW, REVIEW_UNIT),), None)]


def _rest_of_review(review: Old) -> Old:
    """The part of the review of September 2024 that the year's duty does not hold: the months before it."""
    missing = 1.0 - review.mean_2024() / REVIEW_UNIT
    return Old("s301-review", "s301", "CHN", review.coverage * missing, ((REVIEW_2025, REVIEW_UNIT),), None)


def _reviews_after(lists: Lists) -> list[Old]:
    row, frame = lists.partners.index("CHN"), _lines(lists.folder)
    found = []
    for day in (REVIEW_2025, REVIEW_2026):
        extra = lists.sector_mean(lists.heading_share(_review_gap(frame, day)))[row]
        found.append(Old(f"s301-review-{day[:4]}", "s301", "CHN", extra / REVIEW_UNIT, ((day, REVIEW_UNIT),), None))
    return found


def _lines(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "section301_china_lists_hs8.csv", dtype=str)
    return frame[frame.hts8.str.fullmatch(r"\d{8}")]


def _on(frame: pd.DataFrame, names: Iterable[str]) -> list[str]:
    return sorted(frame[frame.list.isin(list(names))].hts8.unique())


def _review_gap(frame: pd.DataFrame, day: str) -> dict[str, float]:
    """New rate less the rate before, by tariff line, of the lists of the review that take effect on a day."""
    before: dict[str, float] = {}
    for names, rates in CHINA_LISTS.values():
        before |= dict.fromkeys(_on(frame, names), rates[-1][1])
    gap = {}
    for name, (start, rate, usual) in REVIEWS.items():
        if start == day:
            gap |= {code: max(0.0, rate - before.get(code, usual)) for code in _on(frame, (name,))}
    return gap


def member_weights(
    lists: Lists, raw: Path, shares: Mapping[str, tuple[str, ...]], members: Iterable[str]
) -> dict[str, Array]:
    """Imports of 2024 by sector from members of the European Union with monthly data, million USD.

    Product groups of several sectors are divided with the proportions of the Union as a whole.
    """
    frame = pd.read_parquet(raw / "us_imports_monthly_naics3_2013_2025.parquet")
    frame = frame.astype({"iso3": str, "naics3": str, "month": str})
    frame = frame[frame.month.str.startswith("2024") & frame.iso3.isin(list(members))]
    value = frame.groupby(["iso3", "naics3"]).customs_value_usd.sum() / 1e6
    union = lists.imports[lists.imports.iso3 == "EU27"].groupby("sector").customs_value_usd.sum()
    found = {}
    for code in sorted(frame.iso3.unique()):
        row = np.zeros(len(lists.sectors))
        rest = float(value.get((code, "00"), 0.0))
        for group, sectors in shares.items():
            part = float(value.get((code, group), 0.0))
            weight = np.array([float(union.get(s, 0.0)) for s in sectors])
            for sector, piece in zip(sectors, weight / weight.sum(), strict=True):
                row[lists.sectors.index(sector)] += part * piece
            rest -= part
        row[lists.sectors.index("OTH")] += max(rest, 0.0)
        found[code] = row
    return found
