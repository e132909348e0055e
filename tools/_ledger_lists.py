"""Customs lists turned into shares of 2024 imports: HTS codes -> HS6 -> partner x sector.

HS10 weights are not at hand. A list of codes covers of an HS6 heading the share of its HTS-8 lines that the list names
(a code shorter than eight digits names all lines under it), and HS6 headings are weighted with 2024 customs values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from _world_raw import MERGED

Array = np.ndarray

STEEL_2018 = (
    *(str(c) for c in range(7206, 7216)),
    *["72161", "72162", "72163", "72164", "72165", "721699"],
    *(str(c) for c in range(7217, 7230)),
    *["730110", "730210", "730240", "730290", "7304", "7305", "7306"],
)
ALUMINIUM_2018 = ("7601", "7604", "7605", "7606", "7607", "7608", "7609")
SOLAR = ("854142", "854143")
WASHERS = ("845011", "845020", "845090")
VEHICLES = ("8703", "8704")
CAR_HEADINGS = ("8703", "8704", "8706", "8707", "8708")
TIERS = {"metals_annex_ia": 0.50, "metals_annex_ib": 0.25, "metals_annex_iii_temporary": 0.15}
TIERS_GBR = {"metals_annex_ia": 0.25, "metals_annex_ib": 0.15, "metals_annex_iii_temporary": 0.15}
TYPICAL_TIER = 0.25  # where no listed heading of the sector is imported


@dataclass(frozen=True)
class Lists:
    """2024 imports by partner, HS6 and sector, and the HTS-8 lines of each HS6 heading."""

    partners: tuple[str, ...]
    sectors: tuple[str, ...]
    imports: pd.DataFrame
    lines: Mapping[str, tuple[str, ...]]
    folder: Path

    @classmethod
    def read(cls, folder: Path, partners: Sequence[str], sectors: Sequence[str]) -> Lists:
        imports = pd.read_parquet(folder / "us_imports_2024_hs6.parquet")
        imports = imports.astype({"iso3": str, "HS6": str, "sector": str}).replace({"sector": MERGED})
        lines = pd.read_csv(folder / "us_mfn_hs8_2025.csv", dtype={"hs8": str}).hs8
        grouped = lines.groupby(lines.str[:6]).agg(tuple)
        return cls(tuple(partners), tuple(sectors), imports, dict(grouped), folder)

    def codes(self, name: str) -> list[str]:
        """The codes of a product list of the raw folder."""
        return [str(c) for c in pd.read_csv(self.folder / "product_lists" / f"{name}.csv", dtype=str).iloc[:, 0]]

    def heading_share(self, rate_of: Mapping[str, float]) -> dict[str, float]:
        """Mean over the HTS-8 lines of each HS6 heading of the rate of the code that covers the line (0: none)."""
        by_length: dict[int, dict[str, float]] = {}
        for code, rate in rate_of.items():
            by_length.setdefault(min(len(code), 8), {})[code[:8]] = rate
        share = {}
        for heading, lines in self.lines.items():
            rates = [max((t.get(line[:n], 0.0) for n, t in by_length.items()), default=0.0) for line in lines]
            share[heading] = sum(rates) / len(rates)
        return {h: s for h, s in share.items() if s > 0}

    def sector_mean(self, by_heading: Mapping[str, float]) -> Array:
        """Import-weighted mean of a number by heading (0 where absent), [partner, sector]."""
        data = self.imports.assign(worth=self.imports.HS6.map(by_heading).fillna(0) * self.imports.customs_value_usd)
        table = data.groupby(["iso3", "sector"])[["worth", "customs_value_usd"]].sum()
        table = table.reindex(pd.MultiIndex.from_product([self.partners, self.sectors]), fill_value=0.0)
        worth, value = (table[c].to_numpy().reshape(len(self.partners), -1) for c in table)
        return np.divide(worth, value, out=np.zeros_like(worth), where=value > 0)

    def coverage(self, codes: Iterable[str]) -> Array:
        """Share of imports that the codes cover, [partner, sector]."""
        return self.sector_mean(self.heading_share(dict.fromkeys(codes, 1.0)))

    def tier_rate(self, partner: str) -> Array:
        """Mean rate of the April 2026 metals tiers over the listed goods, by sector."""
        tiers = TIERS_GBR if partner == "GBR" else TIERS
        rates = {code: rate for name, rate in tiers.items() for code in self.codes(name)}
        row = self.partners.index(partner)
        paid = self.sector_mean(self.heading_share(rates))[row]
        listed = self.sector_mean(self.heading_share(dict.fromkeys(rates, 1.0)))[row]
        return np.divide(paid, listed, out=np.full_like(paid, TYPICAL_TIER), where=listed > 0)

    def vehicle_share(self, partner: str) -> float:
        """Share of finished vehicles in imports of vehicles and their parts (headings 8703, 8704, 8706-8708)."""
        mine = self.imports[self.imports.iso3 == partner]
        by_four = mine.groupby(mine.HS6.str[:4]).customs_value_usd.sum()
        whole, cars = by_four.reindex(CAR_HEADINGS).fillna(0).sum(), by_four.reindex(VEHICLES).fillna(0).sum()
        return float(cars / whole) if whole else 0.0
