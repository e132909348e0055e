"""United States goods imports at 2022 customs values, and the duty collected in 2024, by partner and sector.

Customs values of 2022 exist by NAICS-3 for 21 single partners, the EU-27, nine of its members and the world; by product
(HS6) only for 2024 and 49 partners and the EU-27. NAICS-3 groups that hold several sectors are divided with the
partner's 2024 product shares (EU members, which the product file does not tell apart: with the proportions of the
input-output table). What is not published for 2022 is bridged:

* other EU members: the EU-27 less the nine members, divided by the input-output table's proportions;
* partners in the 2024 product file only: their 2024 values times the change 2024 to 2022 of the world less all
  partners with monthly data, by NAICS-3;
* everyone else: what then remains of the world, again in the table's proportions.

The table books trade and transport margins on goods as services of the seller's country; customs values contain them.
So services make room, by one factor for all partners: total imports of the United States, and with them its deficit,
stay those of the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from _world_raw import EU27, MERGED, SECTORS, US, YEAR, Raw, cube
from foederis.published.real_2025 import CONCORDANCE

GOODS = SECTORS[:-1]
COVERED = {sector for sectors in CONCORDANCE.values() for sector in sectors}  # mining support (B09) is no customs good
PRODUCT_YEAR = 2024
LOWEST, HIGHEST = 0.25, 4.0  # a cell is not scaled beyond these factors: beyond them the two sources differ in kind
# Partners with a free trade agreement (their collected rate is preferential) and those that pay far above MFN.
AGREEMENT = ("AUS", "CAN", "CHL", "COL", "CRI", "DOM", "GTM", "HND", "ISR", "KOR", "MEX", "NIC", "PER", "SGP", "SLV")
ABOVE_MFN = ("CHN", "RUS")
AGREEMENT_WITHOUT_ROW = ("JOR", "MAR")
OTHER = "OTH"  # scrap, returned goods, special provisions: in no sector of the table


@dataclass(frozen=True)
class Customs:
    """Targets for the US import block and what they rest on."""

    block: np.ndarray  # [exporter, sector] million USD, services and the United States itself untouched
    target: np.ndarray  # the customs value aimed at, before the limits on the factor
    basis: dict[str, str]  # partner -> published | EU remainder | bridged | remainder


def products(raw: Raw) -> pd.DataFrame:
    """The 2024 product file: partner, sector (25 labels or OTH), value and duty in million USD."""
    frame = raw.parquet("us/us_imports_2024_hs6.parquet")
    frame["sector"] = frame["sector"].replace(MERGED)
    frame[["value", "duty"]] = frame[["customs_value_usd", "calc_duty_usd"]].astype(float) / 1e6
    return frame.groupby(["iso3", "sector"], as_index=False)[["value", "duty"]].sum()


def monthly(raw: Raw) -> dict[int, pd.DataFrame]:
    """Calendar-year customs values by partner (rows) and NAICS-3 (columns), million USD."""
    frame = raw.parquet("us/us_imports_monthly_naics3_2013_2025.parquet")
    frame["year"] = frame["month"].astype(str).str[:4].astype(int)
    frame["value"] = frame["customs_value_usd"].astype(float) / 1e6
    wide = {}
    for year in (YEAR, PRODUCT_YEAR):
        part = frame[(frame["year"] == year) & frame["naics3"].isin(list(CONCORDANCE))]
        wide[year] = part.pivot_table(index="iso3", columns="naics3", values="value", aggfunc="sum", fill_value=0.0)
    return wide


def scaled_block(raw: Raw, labels: tuple[str, ...], flow: np.ndarray) -> Customs:
    """The US import block at customs values of 2022."""
    us = labels.index(US)
    table = flow[us, :, : len(GOODS)]
    target, basis = _targets(products(raw), monthly(raw), labels, table)
    ratio = np.where(table > 0, target / np.where(table > 0, table, 1.0), 1.0)
    block = flow[us].copy()
    block[:, : len(GOODS)] = table * np.clip(ratio, LOWEST, HIGHEST)
    block[us] = flow[us, us]
    foreign = np.arange(len(labels)) != us
    gain = (block[foreign] - flow[us, foreign]).sum()
    block[foreign, -1] *= 1.0 - gain / flow[us, foreign, -1].sum()
    full = flow[us].copy()
    full[:, : len(GOODS)] = target
    full[us] = flow[us, us]
    return Customs(block, full, basis)


def _targets(
    product: pd.DataFrame, years: dict[int, pd.DataFrame], labels: tuple[str, ...], table: np.ndarray
) -> tuple[np.ndarray, dict[str, str]]:
    """Customs value aimed at by partner and goods sector."""
    shares = product.pivot(index="iso3", columns="sector", values="value").fillna(0.0)
    for sector in GOODS:
        shares[sector] = shares.get(sector, 0.0)
    now = years[YEAR]
    single = [c for c in labels if c in now.index]
    members = [c for c in single if c in EU27]
    outside = [c for c in single if c not in EU27]
    target = np.zeros_like(table)
    basis: dict[str, str] = {}
    for code in single:
        own = shares.loc[code] if code in shares.index else pd.Series(table[labels.index(code)], index=GOODS)
        target[labels.index(code)] = _by_sector(now.loc[code], own)
        basis[code] = "published"
    rest_eu = [c for c in EU27 if c not in members]
    eu = now.loc["EU27"] - now.loc[members].sum()
    in_table = pd.Series(table[[labels.index(c) for c in rest_eu]].sum(axis=0), index=GOODS)
    _spread(target, labels, table, rest_eu, _by_sector(eu, in_table), basis, "EU remainder")
    rest = {y: w.loc["WORLD"] - w.loc["EU27"] - w.loc[outside].sum() for y, w in years.items()}
    pooled = shares.loc[[c for c in shares.index if c not in single and c != "EU27"]]
    rest_now, rest_then = (_by_sector(rest[y], pooled.sum()) for y in (YEAR, PRODUCT_YEAR))
    change = np.where(rest_then > 0, rest_now / np.where(rest_then > 0, rest_then, 1.0), 1.0)
    bridged = [c for c in labels if c in shares.index and c not in single]
    for code in bridged:
        target[labels.index(code)] = shares.loc[code, list(GOODS)].to_numpy() * change
        basis[code] = "bridged"
    left = np.maximum(rest_now - sum(target[labels.index(c)] for c in bridged), 0.0)
    others = [c for c in labels if c not in basis and c != US]
    _spread(target, labels, table, others, left, basis, "remainder")
    uncovered = [k for k, sector in enumerate(GOODS) if sector not in COVERED]
    target[:, uncovered] = table[:, uncovered]
    return target, basis


def _by_sector(naics: pd.Series, shares: pd.Series) -> np.ndarray:
    """NAICS-3 values as sectors; a group of several sectors is divided by the partner's product shares."""
    out = dict.fromkeys(GOODS, 0.0)
    for code, sectors in CONCORDANCE.items():
        value = float(naics.get(code, 0.0))
        weight = np.array([float(shares.get(s, 0.0)) for s in sectors])
        if weight.sum() == 0:
            weight = np.ones(len(sectors))
        for sector, part in zip(sectors, weight / weight.sum(), strict=True):
            out[sector] += max(value, 0.0) * float(part)
    return np.array([out[s] for s in GOODS])


def _spread(
    target: np.ndarray,
    labels: tuple[str, ...],
    table: np.ndarray,
    codes: list[str],
    total: np.ndarray,
    basis: dict[str, str],
    name: str,
) -> None:
    """Divide a group's total by sector in the proportions of the input-output table."""
    rows = [labels.index(c) for c in codes]
    weight = table[rows].sum(axis=0)
    target[rows] = table[rows] * np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), 0.0)
    basis.update(dict.fromkeys(codes, name))


def collected_rates(raw: Raw, labels: tuple[str, ...]) -> tuple[np.ndarray, dict[str, str], int]:
    """Duty over customs value in 2024 [exporter, sector], the rule by which each partner got its row, cells filled.

    Where a partner sold nothing of a sector in 2024 the rate of its group stands in: all partners that pay MFN, or
    those with a free trade agreement.
    """
    product = products(raw)
    partners = tuple(sorted(set(product["iso3"])))
    axes = {"iso3": partners, "sector": (*GOODS, OTHER)}
    value, duty = cube(product, "value", axes), cube(product, "duty", axes)
    value, duty = value[:, : len(GOODS)], duty[:, : len(GOODS)]
    mfn = [p for p in partners if p not in AGREEMENT and p not in ABOVE_MFN]
    pools = {
        "MFN": _rate(value, duty, [partners.index(p) for p in mfn]),
        "agreement": _rate(value, duty, [partners.index(p) for p in AGREEMENT]),
    }
    rates = np.zeros((len(labels), len(SECTORS)))
    rules: dict[str, str] = {}
    filled = 0
    for n, code in enumerate(labels):
        rows, rule = _rows_for(code, partners, labels)
        pool = pools["agreement" if code in (*AGREEMENT, *AGREEMENT_WITHOUT_ROW) else "MFN"]
        if code != US:
            sold = value[rows].sum(axis=0) > 0
            rates[n, : len(GOODS)] = np.where(sold, _rate(value, duty, rows), pool)
            filled += int((~sold).sum())
            rules[code] = rule
    return rates, rules, filled


def _rows_for(code: str, partners: tuple[str, ...], labels: tuple[str, ...]) -> tuple[list[int], str]:
    """Rows of the product file behind an economy's rates, and the rule in words."""
    if code in partners:
        return [partners.index(code)], "own imports"
    if code in EU27:
        return [partners.index("EU27")], "EU-27 as one partner"
    if code == "ROW":
        inside = [p for p in partners if p not in labels and p != "EU27"]
        return [partners.index(p) for p in inside], "partners inside the rest of the world, import-weighted"
    if code in AGREEMENT_WITHOUT_ROW:
        return [], "no row: import-weighted rate of partners with a free trade agreement"
    return [], "no row: import-weighted rate of partners that pay MFN"


def _rate(value: np.ndarray, duty: np.ndarray, rows: list[int]) -> np.ndarray:
    total = value[rows].sum(axis=0)
    return np.where(total > 0, duty[rows].sum(axis=0) / np.where(total > 0, total, 1.0), 0.0)
