"""Economies of the world that the panel lacks: what they pay, by a stated rule.

Members of the European Union are the Union. The rest of the world is the import-weighted mean of the partners of the
panel that lie inside it. Any other economy gets the mean scope of the panel's partners of its kind (with a free trade
agreement or without), and its own reciprocal rate from the annexes of the orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from _ledger_panel import DATES, Panel, Split
from _ledger_tracks import headline
from _world_customs import AGREEMENT, AGREEMENT_WITHOUT_ROW

Array = np.ndarray

# Own terms or not under EO 14257: not typical of a partner that paid the plain reciprocal rate.
OWN_TERMS = ("CHN", "HKG", "CAN", "MEX", "IND", "BRA", "RUS", "EU27", "JPN", "KOR", "CHE", "GBR")
INSIDE_ROW = (*("AGO", "ARE", "VEN", "IRQ", "ECU", "DOM", "HND", "GTM", "TTO", "NIC", "KWT", "DZA", "LKA", "SLV"),)
# Rates of 9 April 2025 (EO 14257 annex I) and of 7 August 2025 (EO 14326 annex I), by the names of the raw lists.
NAMES = {
    "BRN": "brunei",
    "CIV": "côte d`ivoire",
    "CMR": "cameroon",
    "ISL": "iceland",
    "JOR": "jordan",
    "KAZ": "kazakhstan",
    "LAO": "laos",
    "MAR": "morocco",
    "MMR": "myanmar (burma)",
    "SEN": "senegal",
    "TUN": "tunisia",
    "UKR": "ukraine",
}
COLUMN_2 = ("BLR",)  # outside EO 14257, as Russia
UNIFORM = 0.10
RULES = {
    "ROW": "import-weighted mean of the partners of the panel inside the rest of the world: " + ", ".join(INSIDE_ROW),
    "FTA": "mean scope of the panel's partners with a free trade agreement (Canada, Mexico, Korea apart), own rate",
    "MFN": "mean scope of the panel's partners that paid the plain reciprocal rate, own rate",
    "BLR": "mean scope of the panel's partners that paid the plain reciprocal rate, no reciprocal rate (column 2)",
}


def pools(
    panel: Panel, splits: Mapping[str, Split], april: Mapping[str, float], august: Mapping[str, float]
) -> dict[str, Split]:
    """A split for each economy that the panel lacks; `april`, `august`: rates by lower-case name."""
    plain = [p for p in panel.partners if p not in OWN_TERMS]
    free = [p for p in plain if p in AGREEMENT]
    duty = [p for p in plain if p not in AGREEMENT]
    found = {}
    for code, name in NAMES.items():
        members = free if code in AGREEMENT_WITHOUT_ROW else duty
        rates = {"2025-04-05": april.get(name, UNIFORM), "2025-04-09": UNIFORM, "2025-08-07": august.get(name, UNIFORM)}
        found[code] = pooled(code, panel, splits, members, rates)
    for code in COLUMN_2:
        found[code] = pooled(code, panel, splits, duty, {"2025-04-05": UNIFORM})
    found["ROW"] = pooled("ROW", panel, splits, INSIDE_ROW, None)
    return found


def rule_of(code: str) -> str:
    """Which rule of RULES gave an economy its measures."""
    return code if code in RULES else "FTA" if code in AGREEMENT_WITHOUT_ROW else "MFN"


def pooled(
    code: str, panel: Panel, splits: Mapping[str, Split], members: Sequence[str], rates: Mapping[str, float] | None
) -> Split:
    """Import-weighted mean of the members' splits; `rates` None: the mean of their reciprocal rates as well."""
    rows = [panel.partners.index(p) for p in members]
    weight = panel.weight[rows]
    each = [splits[p] for p in members]
    rate = {p: {d: headline(splits[p], d) for d in DATES[4:16]} for p in members}
    total = weight.sum(axis=1)
    if rates is None:
        rates = {d: float(np.average([rate[p][d] for p in members], weights=total)) for d in DATES[4:16]}
    out = replace(each[0], partner=code, inc={}, rates=dict(rates))
    for name in ("s232", "s122", "metals", "cars", "copper"):
        parts = [getattr(s, name) for s in each]
        setattr(out, name, {d: mean([part[d] for part in parts], weight) for d in parts[0]})
    out.ieepa = {d: np.zeros(len(panel.sectors)) for d in DATES[:16]}
    for d in DATES[4:16]:
        scope = mean([np.minimum(1.0, s.ieepa[d] / rate[s.partner][d]) for s in each], weight)
        out.ieepa[d] = scope * headline(out, d)
    return out


def mean(values: Sequence[Array] | Array, weight: Array) -> Array:
    """Mean over members by sector, weighted with imports (plain where nobody sells)."""
    table, whole = np.array(values), weight.sum(axis=0)
    weighted = (table * weight).sum(axis=0) / np.where(whole > 0, whole, 1.0)
    return np.where(whole > 0, weighted, table.mean(axis=0))
