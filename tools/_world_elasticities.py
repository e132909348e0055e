"""Trade elasticities by sector: the published sets, each with its citation and its convention."""

from __future__ import annotations

import numpy as np
import pandas as pd

from _world_raw import MERGED, SECTORS, Raw
from foederis.trade.elasticity import theta_from_eps_fob

DEFAULT = "FGO"
SERVICES = 4.0
SERVICES_SOURCE = (
    "4 for services in every set: Simonovska & Waugh (2014) JIE 92(1), all trade; the trade-weighted bulk of Ahmad &"
    " Schreiber (2024) service sectors lies at 3.7-4.5 (trade, land transport, finance, construction)"
)
FINE = {"CP": "CP_fine", "FGO": "FGO_fine", "BSY": "BSY_fine", "LL": "LL_fine"}
AS_PUBLISHED = "theta as published"
CARDS: dict[str, tuple[str, str]] = {
    "CP": ("Caliendo & Parro (2015) REStud 82(1), Table 1, 99 % sample", AS_PUBLISHED),
    "FGO": (
        "Fontagne, Guimbard & Orefice (2022) JIE 137, Table 8",
        "ambiguous: a tariff coefficient on tariff-exclusive import values, which in theory is theta + 1, but used as"
        " theta by those who tabulate it; taken as theta here, see FGO_fob for the other reading",
    ),
    "FGO_fob": (
        "Fontagne, Guimbard & Orefice (2022) JIE 137, Table 8",
        "read as eps_fob: theta = published value - 1",
    ),
    "GYY": ("Giri, Yi & Yilmazkuday (2021) JIE 129", AS_PUBLISHED),
    "Shap": ("Shapiro (2016) AEJ: Economic Policy 8(4), Table 2", AS_PUBLISHED),
    "LL": ("Lashkaripour & Lugovskyy (2023) AER 113(10), Table 3", AS_PUBLISHED),
    "BSY": ("Bagwell, Staiger & Yurukoglu (2021) Econometrica", AS_PUBLISHED),
    "IS": (
        "tariffwar data set (Lashkaripour): triple differences as in Caliendo & Parro on these tables, 2011-2022",
        "theta; machinery, electronics, transport and other manufacturing are its fallback value of 4, not estimates",
    ),
    "U4": ("uniform 4: Simonovska & Waugh (2014) JIE 92(1)", AS_PUBLISHED),
    "BLPN_low": ("Boehm, Levchenko & Pandalai-Nayar (2023) AER 113(4), 7-10 years", "eps_fob 1.75: theta = 0.75"),
    "BLPN": ("Boehm, Levchenko & Pandalai-Nayar (2023) AER 113(4), 7-10 years", "eps_fob 2.00: theta = 1.00"),
    "BLPN_high": ("Boehm, Levchenko & Pandalai-Nayar (2023) AER 113(4), 7-10 years", "eps_fob 2.25: theta = 1.25"),
}


def sets(raw: Raw) -> dict[str, np.ndarray]:
    """Theta by sector for each set; goods from the source, services as stated."""
    table = raw.csv("elasticities/trade_elasticities_icio28.csv").set_index("sector").rename(index=MERGED)
    out = {}
    for name in CARDS:
        if name.startswith("BLPN") or name == "FGO_fob":
            continue
        out[name] = _column(table, FINE.get(name, name))
    out["FGO_fob"] = theta_from_eps_fob(out["FGO"]).value.copy()
    low, high = _horizon(raw)
    for name, eps in (("BLPN_low", low), ("BLPN", (low + high) / 2), ("BLPN_high", high)):
        out[name] = theta_from_eps_fob(np.full(len(SECTORS), eps)).value.copy()
    for values in out.values():
        values[SECTORS.index("SERV")] = SERVICES
    return {name: out[name] for name in CARDS}


def _column(table: pd.DataFrame, column: str) -> np.ndarray:
    """One source's values on our sectors; merged sectors must agree, so that nothing is averaged silently."""
    grouped = table[column].groupby(level=0)
    if (grouped.max() - grouped.min()).max() > 0:
        raise SystemExit(f"{column}: sectors that are merged differ; decide how to average")
    return grouped.first().loc[list(SECTORS)].to_numpy(dtype=float).copy()


def _horizon(raw: Raw) -> tuple[float, float]:
    """The two long-run values of the horizon table (eps_fob); the one-year value has no admissible theta."""
    table = raw.csv("elasticities/elasticity_by_horizon_blpn2023.csv")
    long_run = table[table["years"] >= 7]["elasticity_low"]
    return float(long_run.min()), float(long_run.max())
