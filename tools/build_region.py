"""Build `src/foederis/data/region-usa-jpn.json`: bystanders between the United States and China, as seen from Japan.

    python tools/build_region.py [RAW_DATA_FOLDER]

Shares with the patron, distances from the ally, value to the rival, sticks and courting, each with its source. Rows
from 2025 on carry `holdout: true`: they may be shown and simulated, never calibrated on.
"""

from __future__ import annotations

import json
import math
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from _region_facts import ALLY, BYSTANDERS, COURTING, PATRON, REGIME, RIVAL, SOURCES, STICKS, TREATY, rows
from _security_facts import ACTORS
from foederis import world

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "src" / "foederis" / "data" / "region-usa-jpn.json"
HOLDOUT_FROM = 2025
CODES = (ALLY, *BYSTANDERS)
SURVEY_ERROR = 0.05  # sd of a share from an elite sample of 40-400
DISPUTES_FROM = 1990  # militarised disputes with the rival counted from here
USUAL_DUTY, USUAL_FALL = 15.0, 0.125  # a rise of duties in points, a fall of perceived reliability: large but not rare
SPEED, SIGMA = 0.25, 1.0
DECISIONS = (
    "A share is the chance of siding with the patron when forced to choose between it and the rival. ISEAS asks just"
    " that of elites in Southeast Asia. Elsewhere it is a proxy: favourable (or trusting) views of the patron over the"
    " sum of those of both powers. Where both exist (years before 2025) the proxy misses the survey by `proxy.error`"
    " (log odds, root mean square), which is the error given to every proxy.",
    "Survey shares carry an error of 5 points (sd): samples of 40 to 400, two sources that sometimes differ.",
    "One pollster a year: Lowy's question on trust fills in for Australia only where Pew did not ask.",
    "Surveys of a year count in the first quarter (ISEAS, Lowy) or the second (Pew) of that year.",
    "Distance from the ally adds four differences, each 0 to 1: alliance type (defence obligation 0, half obligation"
    " 0.5, none 1), regime (Freedom House score / 100), surplus with the patron (deficit over imports, goods of the"
    " base year of the embedded world, cut to -1..1), threat (0 strategic rivalry with the rival, 0.5 a"
    " militarised dispute with it since 1990 or rivalry with North Korea, 1 none). Equal weights are an assumption.",
    "Value to the rival is capability (SIPRI 2024 or the last figure before it) times the assumed theatre weight of the"
    " defence file, scaled to mean 1 over bystanders.",
    "A stick without a recorded end lasts as long as the median of those with one.",
    "`units` say what counts as 1 in R1, where every beta has a prior of sd 1. They are set so that a rise of duties by"
    " 15 points, or a fall of reliability by 0.125 (half the gap between the two types), has a prior effect whose sd is"
    " `swing`: the root mean square of the yearly change of the survey's log odds before 2025. A wider unit would let"
    " one act move shares more than any year on record. The size of the two acts is an assumption.",
    "The cost of courtship is set so that its mean over bystanders at the start is `swing` when beta_C is 1.",
    "Choice noise is 1, and the rival goes a quarter of the way to its best courtship in a quarter: assumptions.",
)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    raw = folder / "security"
    proxy, shares = all_shares(raw)
    card: dict[str, Any] = {
        "title": "Bystanders of the United States-Japan dyad",
        "what": "Alignment, distance from the ally, value to the rival, sticks and courting, each with its source",
        "patron": PATRON,
        "ally": ALLY,
        "rival": RIVAL,
        "bystanders": BYSTANDERS,
        "holdout_from": HOLDOUT_FROM,
        "units": units(shares),
        "proxy": proxy,
        "shares": shares,
        "aggregate": aggregate(raw / "iseas_forced_alignment.csv"),
        "distances": distances(raw),
        "value": value(pd.read_csv(raw / "milex_sipri_1949_2024.csv")),
        "sticks": dated(rows(STICKS, "country start end what red_line source confidence note"), "start"),
        "courting": dated(rows(COURTING, "country date what size unit source confidence"), "date"),
        "decisions": DECISIONS,
        "sources": [
            {"key": key, "class": s[0], "publisher": s[1], "licence": s[2], "used_for": s[3]}
            for key, s in SOURCES.items()
        ],
    }
    OUT.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{OUT.relative_to(ROOT)}: {OUT.stat().st_size:,} bytes; now run python tools/make_data_page.py")


def dated(found: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Rows with their mark for testing years."""
    return [{**row, "holdout": int(re.findall(r"\d{4}", str(row[key]))[0]) >= HOLDOUT_FROM} for row in found]


def logit(p: float) -> float:
    return math.log(p / (1.0 - p))


def all_shares(raw: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Shares with the patron by country and quarter, and how well the proxy does where there is a survey."""
    surveys = iseas(raw / "iseas_forced_alignment.csv")
    proxies = pew(raw / "pew_favourability_2002_2023.csv")
    years = {row["quarter"][:4] for row in proxies if row["country"] == "AUS"}
    proxies += [row for row in lowy(raw / "polls_compiled.csv") if row["quarter"][:4] not in years]
    pairs = calibration(surveys, proxies)
    error = math.sqrt(sum(row["miss"] ** 2 for row in pairs) / len(pairs))
    elites = {row["country"] for row in surveys}
    kept = surveys + [dict(row, error=round(error, 4)) for row in proxies if row["country"] not in elites]
    kept.sort(key=lambda row: (CODES.index(row["country"]), row["quarter"]))
    return {"error": round(error, 4), "unit": "log odds, root mean square", "pairs": pairs}, kept


def iseas(path: Path) -> list[dict[str, Any]]:
    data = pd.read_csv(path)
    found = []
    for row in data[data["iso3"].isin(BYSTANDERS)].to_dict("records"):
        p = float(row["align_us_pct"]) / 100.0
        found.append(
            {"country": row["iso3"], "quarter": f"{row['year']}-Q1", "share": round(p, 4), "kind": "survey"}
            | {"error": round(SURVEY_ERROR / (p * (1.0 - p)), 4), "mark": "D", "source": "iseas"}
            | {"page": page(row["source"]), "confidence": row["confidence"], "note": str(row["note"])}
        )
    return dated(found, "quarter")


def page(text: str) -> str:
    """The page of a row, without the name of a folder of a mirror."""
    return "CSIS, Poling & Natalegawa (7 August 2023)" if "CSIS" in text else text


def pew(path: Path) -> list[dict[str, Any]]:
    data = pd.read_csv(path)
    data = data[data["iso3"].isin(CODES) & data["target"].isin([PATRON, RIVAL]) & (data["year"] >= 2014)]
    table = data.pivot(index=["iso3", "year"], columns="target", values="fav").dropna()
    return [
        proxy_row(code, f"{year}-Q2", row[PATRON], row[RIVAL], "pew", "favourable views")
        for (code, year), row in table.iterrows()
    ]


def lowy(path: Path) -> list[dict[str, Any]]:
    data = pd.read_csv(path)
    data = data[data["pollster"] == "Lowy Institute Poll"]
    both = data.pivot_table(index="year", columns="measure", values="value_pct")
    both = both[["trust_us_responsible", "trust_china_responsible"]].dropna()
    return [
        proxy_row("AUS", f"{year}-Q1", us, cn, "lowy", "trust to act responsibly") for year, us, cn in both.itertuples()
    ]


def proxy_row(code: str, quarter: str, patron: float, rival: float, source: str, what: str) -> dict[str, Any]:
    row = {"country": code, "quarter": quarter, "share": round(patron / (patron + rival), 4), "kind": "proxy"}
    row |= {"mark": "A", "source": source, "page": "", "confidence": "medium"}
    row |= {"note": f"{what}: {patron:.1f} % of the patron, {rival:.1f} % of the rival"}
    return dated([row], "quarter")[0]


def units(shares: list[dict[str, Any]]) -> dict[str, Any]:
    """What counts as 1 in R1, from the swings on record."""
    waves = [row for row in shares if row["kind"] == "survey" and not row["holdout"]]
    pairs = [(a, b) for a, b in pairwise(waves) if a["country"] == b["country"]]
    assert all(int(b["quarter"][:4]) - int(a["quarter"][:4]) == 1 for a, b in pairs), "yearly waves expected"
    swing = math.sqrt(sum((logit(b["share"]) - logit(a["share"])) ** 2 for a, b in pairs) / len(pairs))
    return {
        "treatment_points": round(USUAL_DUTY / swing, 1),
        "trust": round(USUAL_FALL / swing, 3),
        "swing": round(swing, 4),
        "swings": len(pairs),
        "courtship_speed": SPEED,
        "sigma": SIGMA,
        "mark": "A",
    }


def calibration(surveys: list[dict[str, Any]], proxies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last proxy of each state that has a survey too, beside the survey nearest in time; no testing years."""
    found = []
    for code in BYSTANDERS:
        mine = [row for row in proxies if row["country"] == code and not row["holdout"]]
        asked = [row for row in surveys if row["country"] == code and not row["holdout"]]
        if mine and asked:
            last = mine[-1]
            near = min(asked, key=lambda row: abs(int(row["quarter"][:4]) - int(last["quarter"][:4])))
            miss = logit(last["share"]) - logit(near["share"])
            found.append(
                {"country": code, "proxy_quarter": last["quarter"], "proxy": last["share"]}
                | {"survey_quarter": near["quarter"], "survey": near["share"], "miss": round(miss, 4)}
            )
    return found


def aggregate(path: Path) -> list[dict[str, Any]]:
    """The survey's own mean over the ten states of ASEAN."""
    data = pd.read_csv(path)
    found = [
        {"quarter": f"{row['year']}-Q1", "share": round(row["align_us_pct"] / 100.0, 4), "source": "iseas"}
        | {"page": row["source"], "confidence": row["confidence"]}
        for row in data[data["iso3"] == "ASEAN10"].to_dict("records")
    ]
    return dated(found, "quarter")


def distances(raw: Path) -> list[dict[str, Any]]:
    """Differences from the ally, each 0 to 1, and what they come from."""
    atop = pd.read_parquet(raw / "atop_v51_directed_dyad_year.parquet")
    pledged = set(atop[(atop["iso3_1"] == PATRON) & (atop["year"] == 2018) & (atop["atop_defense"] == 1)]["iso3_2"])
    surplus, threats = surpluses(), threat(raw)
    found = []
    for code in CODES:
        treaty, why = TREATY.get(
            code, (0.0 if code in pledged else 1.0, "defence obligation" if code in pledged else "none")
        )
        score, edition, source, note = REGIME[code]
        found.append(
            {"country": code, "holdout": False}
            | {"alliance": treaty, "alliance_why": why, "alliance_source": "atop"}
            | {
                "regime": round(abs(score - REGIME[ALLY][0]) / 100.0, 3),
                "regime_score": score,
                "regime_edition": edition,
            }
            | {"regime_source": source, "regime_note": note}
            | {
                "surplus": round(min(abs(surplus[code] - surplus[ALLY]), 1.0), 3),
                "deficit_ratio": round(surplus[code], 3),
            }
            | {"surplus_source": "world", "threat": threats[code][0], "threat_why": threats[code][1]}
            | {"threat_source": threats[code][2]}
        )
    return found


def surpluses() -> dict[str, float]:
    """Deficit of the patron with each state over its imports from it, goods, cut to -1..1."""
    base = world.load()
    goods = [k for k, name in enumerate(base.sectors) if name != "services" and not name.lower().startswith("serv")]
    assert len(goods) == len(base.sectors) - 1, "one sector of services expected"
    us = base.country(PATRON)
    found = {}
    for code in CODES:
        n = base.country(code)
        imports, exports = (float(base.flow[i, j, goods].sum()) for i, j in ((us, n), (n, us)))
        found[code] = max(min((imports - exports) / imports, 1.0), -1.0)
    return found


def threat(raw: Path) -> dict[str, tuple[float, str, str]]:
    """0 a strategic rivalry with the rival, 0.5 a militarised dispute with it or rivalry with North Korea, 1 none."""
    tss = pd.read_csv(raw / "tss_rivalries.csv")
    tss = tss[tss["end"] == tss["end"].max()]
    disputes = pd.read_csv(raw / "gml_mids_focal_dyads_1950_2010.csv")
    disputes = disputes[disputes["year"] >= DISPUTES_FROM]
    pairs = set(zip(disputes["iso3_1"], disputes["iso3_2"], strict=True))
    number = {"KOR": 732, "TWN": 713, "AUS": 900, "IND": 750, "PHL": 840, "VNM": 816, "THA": 800, "IDN": 850,
              "MYS": 820, "SGP": 830, "NZL": 920, "GBR": 200, "FRA": 220, "DEU": 255, "JPN": 740}  # fmt: skip
    rivals = {frozenset(pair) for pair in zip(tss["ccode1"].astype(int), tss["ccode2"].astype(int), strict=True)}
    found = {}
    for code in CODES:
        if frozenset((710, number[code])) in rivals:
            found[code] = (0.0, "strategic rivalry with the rival", "tss")
        elif frozenset((731, number[code])) in rivals:
            found[code] = (0.5, "strategic rivalry with North Korea", "tss")
        elif (code, RIVAL) in pairs or (RIVAL, code) in pairs:
            found[code] = (0.5, f"militarised dispute with the rival since {DISPUTES_FROM}", "gml")
        else:
            found[code] = (1.0, "none", "gml")
    return found


def value(sipri: pd.DataFrame) -> list[dict[str, Any]]:
    """Capability times theatre weight, mean 1 over bystanders."""
    found = {}
    for code in CODES:
        mine = sipri[(sipri["iso3"] == code) & sipri["milex_const2023_musd"].notna()].sort_values("year").iloc[-1]
        found[code] = (int(mine["year"]), float(mine["milex_const2023_musd"]) / 1e3, ACTORS[code][1])
    mean = sum(bn * weight for code, (_, bn, weight) in found.items() if code != ALLY) / len(BYSTANDERS)
    return [
        {"country": code, "value": round(bn * weight / mean, 4), "bn_usd_2023": round(bn, 2), "year": year}
        | {"theatre_weight": weight, "source": "sipri", "mark": "A", "holdout": False}
        for code, (year, bn, weight) in found.items()
    ]


if __name__ == "__main__":
    main()
