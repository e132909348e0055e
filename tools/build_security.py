"""Build `src/foederis/data/security-usa-jpn.json`: what is known about defence in the United States-Japan dyad.

    python tools/build_security.py [RAW_DATA_FOLDER]

Every row has a source key and, from 2025 on, `holdout: true`: such rows may be shown and simulated, never fitted.
From SIPRI only single figures are taken; the long series is the World Bank's.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from _security_facts import ACTORS, CAP_LADDER, CAPS, PACTS, REACHED, RUNGS, SOURCES, rows

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "src" / "foederis" / "data" / "security-usa-jpn.json"
HOLDOUT_FROM = 2025
FORCE_YEARS = (2016, 2020, 2024)
BASE = (2014, 2015, 2016)  # years whose mean is 1 in the threat index
DANGER = ("CHN", "KOR", "TWN", "JPN")
DECISIONS = (
    "Capability is measured in constant 2023 USD a year: the spending that would keep a stock of that size. Market"
    " exchange rates understate forces of cheaper economies; only changes of the balance are used.",
    "Weights in the theatre are assumptions (mark A). The patron's is the prior theatre_share.",
    "Effort is in the narrow count (own forces, GDP of the year). The official 2 % counts related outlays and divides"
    " by the GDP of FY2022; `recount` is official over narrow, 1 before FY2023.",
    "Effort of FY2025 in the narrow count is initial plus supplementary budget over GDP carried on at the growth of"
    " 2022-24. It is held through FY2027, the end of the programme, and after it: no later programme is announced.",
    "After 2024 forces stay at the level of 2024: they are not forecast.",
    "The threat index is the mean log of three ratios to 2014-16: geopolitical risk of the region, China's spending,"
    " scrambles against China. A year without a figure keeps the last one (before the first: the first). Counts of"
    " missiles differ by compiler and stay out of it.",
    "Annual odds of adopting a rung, and costs marked A, are assumptions.",
)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    raw = folder / "security"
    sipri = pd.read_csv(raw / "milex_sipri_1949_2024.csv").set_index(["iso3", "year"])
    wdi = pd.read_csv(raw / "milex_wdi.csv")
    facts = table(raw / "defence_budget_facts.csv")
    card: dict[str, Any] = {
        "title": "Defence of the United States-Japan dyad",
        "what": "Effort, budgets, rungs of hedging, host-nation support, troops, forces, threat, each with its source",
        "patron": "USA",
        "ally": "JPN",
        "rival": "CHN",
        "base": {"year": 2016, "quarter": "2017-Q1"},
        "holdout_from": HOLDOUT_FROM,
        "gdp": gdp(sipri),
        "effort": effort(wdi, sipri),
        "programme": programme(wdi, sipri, facts),
        "budgets": marked([r for r in facts if r["iso3"] == "JPN"], "budget-facts", "period"),
        "caps": {"ladder": CAP_LADDER, "rows": dated(rows(CAPS, "date value source confidence note"), "date")},
        "rungs": rungs(raw / "defence_agreements_facts.csv"),
        "host_nation_support": marked(table(raw / "host_nation_support.csv"), "hns", "period"),
        "troops": troops(raw / "us_troops_country_year_1950_2025.csv"),
        "forces": forces(sipri),
        "threat": threat(raw, sipri),
        "decisions": DECISIONS,
        "sources": [
            {"key": key, "class": s[0], "publisher": s[1], "licence": s[2], "used_for": s[3]}
            for key, s in SOURCES.items()
        ],
    }
    OUT.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{OUT.relative_to(ROOT)}: {OUT.stat().st_size:,} bytes; now run python tools/make_data_page.py")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def held_out(text: str) -> bool:
    """Whether a date or period lies in the years kept for testing, by its first year."""
    found = re.search(r"\d{4}", text)
    return bool(found) and int(found[0]) >= HOLDOUT_FROM  # type: ignore[index]


def dated(found: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [{**row, "holdout": held_out(str(row[key]))} for row in found]


def marked(found: list[dict[str, str]], source: str, key: str) -> list[dict[str, Any]]:
    """Facts with the source key beside the page they name, numbers as numbers."""
    rows_ = [{**row, "page": row["source"], "source": source} for row in found]
    for row in rows_:
        for name in ("value", "amount"):
            if name in row:
                row[name] = float(row[name]) if row[name] else None  # type: ignore[assignment]
    return dated(rows_, key)


def gdp(sipri: pd.DataFrame) -> dict[str, Any]:
    """GDP implied by expenditure and its share: bn constant 2023 USD (2024), trn yen by year."""
    yen = {y: float(r["milex_lcu"]) / r["share_gdp_pct"] / 1e10 for y, r in sipri.loc["JPN"].iterrows() if y >= 2022}
    growth = (yen[2024] / yen[2022]) ** 0.5
    yen |= {2025: yen[2024] * growth, 2026: yen[2024] * growth**2}
    last = sipri.loc[("JPN", 2024)]
    dollars = last["milex_const2023_musd"] / last["share_gdp_pct"] / 10.0
    patron = sipri.loc[("USA", 2024)]
    return {
        "bn_usd_2023": round(dollars, 0),
        "patron_bn_usd_2023": round(patron["milex_const2023_musd"] / patron["share_gdp_pct"] / 10.0, 0),
        "trn_yen": {str(y): round(v, 1) for y, v in yen.items()},
        "source": "sipri",
        "note": "implied by expenditure over its share; 2025 and 2026 carried on at the growth of 2022-24 (mark A)",
    }


def effort(wdi: pd.DataFrame, sipri: pd.DataFrame) -> list[dict[str, Any]]:
    """Defence effort of the ally, % of GDP, narrow count."""
    share = wdi[(wdi["iso3"] == "JPN") & (wdi["series"] == "MS.MIL.XPND.GD.ZS")].set_index("year")["value"]
    found = [{"year": y, "value": round(float(share[y]), 4), "source": "wdi"} for y in range(2010, 2023)]
    found += [
        {"year": y, "value": float(sipri.loc[("JPN", y), "share_gdp_pct"]), "source": "sipri"} for y in (2023, 2024)
    ]
    return [{**row, "unit": "% of GDP", "count": "narrow", "holdout": row["year"] >= HOLDOUT_FROM} for row in found]


def programme(wdi: pd.DataFrame, sipri: pd.DataFrame, facts: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The announced path by year: narrow effort, official over narrow, official effort, mark."""
    yen = {int(y): v for y, v in gdp(sipri)["trn_yen"].items()}
    value = {(r["iso3"], r["item"], r["period"]): float(r["value"]) for r in facts if r["value"]}
    core = value["JPN", "budget_initial", "FY2025"] + value["JPN", "budget_supplementary", "FY2025"]
    related = 11.0 / core  # FY2025 total "about 11 trn including related outlays", same row
    narrow = {row["year"]: row["value"] for row in effort(wdi, sipri) if row["year"] >= 2016}
    narrow |= dict.fromkeys((2025, 2026, 2027), 100.0 * core / yen[2025])
    found = []
    for year, share in narrow.items():
        count = related * yen[min(year, 2025)] / yen[2022] if year >= 2023 else 1.0
        mark = "D" if year <= 2024 else "A"
        found.append(
            {"year": year, "value": round(share, 4), "recount": round(count, 4), "official": round(share * count, 3)}
            | {
                "unit": "% of GDP",
                "mark": mark,
                "source": "budget-facts" if year >= 2025 else "wdi" if year <= 2022 else "sipri",
            }
            | {"holdout": year >= HOLDOUT_FROM}
        )
    return found


def rungs(agreements: Path) -> dict[str, Any]:
    """The ladder, when each rung was reached, and every dated pact on it."""
    names = "id title kind cost_bn_usd lag_years needs_effort reversible yearly_odds mark note"
    pacts = dated(rows(PACTS, "kind title partner signed in_force source confidence"), "signed")
    for row in table(agreements):
        if (row["party_a"] == "JPN" and row["type"] != "alliance") or row["party_b"] == "JPN":
            pacts.append(
                {
                    "kind": row["type"],
                    "title": row["agreement"],
                    "partner": row["party_b"] if row["party_a"] == "JPN" else row["party_a"],
                }
                | {"date": row["date"], "event": row["event"], "source": "agreements", "page": row["source"]}
                | {"confidence": row["confidence"], "holdout": held_out(row["date"])}
            )
    reached = dated(rows(REACHED, "id date source confidence note"), "date")
    return {"ladder": rows(RUNGS, names), "reached": reached, "pacts": pacts}


def troops(path: Path) -> list[dict[str, Any]]:
    found = [r for r in table(path) if r["iso3"] == "JPN" and int(r["year"]) >= 2010]
    return [
        {"year": int(r["year"]), "value": int(float(r["troops_ad"])), "unit": "active duty", "source": "troops"}
        | {"flag": r["flag"], "holdout": int(r["year"]) >= HOLDOUT_FROM}
        for r in found
    ]


def forces(sipri: pd.DataFrame) -> list[dict[str, Any]]:
    """Spending by actor, bn constant 2023 USD, with its role and weight in the theatre."""
    found = []
    for code, (role, weight, alignment, mark, why) in ACTORS.items():
        years = [
            y
            for y in FORCE_YEARS
            if (code, y) in sipri.index and not math.isnan(sipri.loc[(code, y), "milex_const2023_musd"])
        ]
        note = "" if len(years) == len(FORCE_YEARS) else f"no figure after {max(years)}; carried on"
        values = {str(y): round(sipri.loc[(code, y), "milex_const2023_musd"] / 1e3, 2) for y in years}
        found.append(
            {
                "actor": code,
                "role": role,
                "values": values,
                "unit": "bn constant 2023 USD",
                "source": "sipri",
                "note": note,
            }
            | {
                "theatre_weight": weight,
                "alignment": alignment,
                "weight_mark": mark,
                "weight_why": why,
                "holdout": False,
            }
        )
    return found


def threat(raw: Path, sipri: pd.DataFrame) -> dict[str, Any]:
    """The three series as log ratios to 2014-16, their mean, the standard score, and single facts beside them."""
    gpr = pd.read_parquet(raw / "gpr_country_monthly.parquet")
    gpr = gpr[gpr["iso3"].isin(DANGER)].assign(year=gpr["month"].dt.year)
    risk = gpr[gpr["year"].between(2010, 2025)].groupby("year")["gprc"].mean()
    china = sipri.loc["CHN"]["milex_const2023_musd"]
    jets = {
        int(r["fiscal_year"]): float(r["china"]) for r in table(raw / "japan_scrambles_fiscal_year.csv") if r["china"]
    }
    series = {
        "gpr": risk.to_dict(),
        "rival_spending": {y: float(china[y]) for y in range(2010, 2025)},
        "scrambles": jets,
    }
    keys = {"gpr": "gpr", "rival_spending": "sipri", "scrambles": "scrambles"}
    index = []
    for year in range(2010, 2026):
        parts = {n: math.log(_carried(s, year) / _base(s)) for n, s in series.items()}
        mean = sum(parts.values()) / len(parts)
        index.append({"year": year, "log": round(mean, 4), "parts": {n: round(v, 4) for n, v in parts.items()}})
    seen = [row["log"] for row in index if row["year"] < HOLDOUT_FROM]
    spread = pd.Series(seen).std()
    for row in index:
        row |= {"standard": round(row["log"] / spread, 4), "holdout": row["year"] >= HOLDOUT_FROM}
    facts = marked(table(raw / "tension_and_power_facts.csv"), "tension", "period")
    kept = [r for r in facts if r["series"].startswith(("senkaku", "nk_"))]
    return {"index": index, "spread": round(float(spread), 4), "parts_from": keys, "facts": kept}


def _carried(series: dict[int, float], year: int) -> float:
    """The figure of the year, or the last before it, or the first there is: parts must not come and go."""
    return series[max((y for y in series if y <= year), default=min(series))]


def _base(series: dict[int, float]) -> float:
    known = [series[y] for y in BASE if y in series]
    return sum(known) / len(known)


if __name__ == "__main__":
    main()
