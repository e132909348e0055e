"""Build `acts-usa-jpn.json` and `polls-usa-jpn.json` in src/foederis/data from the raw data folder.

    python tools/build_acts.py [RAW_DATA_FOLDER]

Acts: typed facts of the patron, each with its source; the same input gives the same bytes. Polls: what publics said
about the United States. Rows of 2025 and later carry `holdout: true`. Afterwards run tools/make_data_page.py.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _act_rows import BY_COUNTRY, FOR_ALL, LEADERS, LEFT_OUT, LEVEL_BEFORE_RULING, MORE, SUSPENDED, TYPED
from foederis import goods

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "src" / "foederis" / "data"
HOLDOUT_FROM = 2025
WATCHED = "JPN KOR TWN AUS IND PHL VNM THA IDN MYS SGP NZL GBR FRA DEU".split()
MAINLAND = (*WATCHED, "KHM", "LAO", "MMR", "BRN")
EUROPEAN = ("DEU", "FRA")
METALS = {"steel": ("C24A",)}
DECISIONS = [
    "An act is a fact: level before and after, who decided, what was tied to it. What it tells follows from the rules"
    " of foederis.acts_rules, the same for every act.",
    "The share of exports that a tariff covers is computed from the United States imports of 2024 (goods-us2024), for"
    " earlier years too: no older product detail is shipped. 1987: 300 mn USD over 84.6 bn of imports (Census Bureau).",
    "The reciprocal tariff covers all goods outside annex II, autos and parts, and iron and steel. Aluminium and later"
    " metals are left in: the list of sectors does not part them.",
    "What carries out an earlier decision is no act of its own (left_out says which). What a candidate said is no act.",
    "The demand of 2019 is dated when it was made, in private; the public learned of it in June 2020.",
    "Rates of April, July and August 2025 are those of the list of tariff facts. Countries it lacks have no such act.",
    "The rate that the ruling of February 2026 ended is the last one in that list; for Germany and France 15 %.",
    "Costly reassurance is compiled by hand from public pages; it is thinner than the list of coercion.",
    "The president of 2033 is a new person: re-election is not forecast.",
    "A payment of 550 bn USD (Japan) or 350 bn (Korea) is spread over the remaining three and a half years.",
]
POLLS = (
    "trust_us relations_good relations_good_us affinity_us confidence_us_president us_trustworthy"
    " us_trustworthy_ally_yes trust_us_responsible us_will_protect_japan us_would_defend_australia favourable_us"
).split()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    raw = folder / "security"
    for name, card in (("acts", acts_card(raw)), ("polls", polls_card(raw))):
        write(f"{name}-usa-jpn.json", card)
        held = sum(row["holdout"] for row in card[name])
        print(f"{name}: {len(card[name])} rows, {held} of them held out")


def write(name: str, card: dict[str, Any]) -> None:
    (DATA / name).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def acts_card(raw: Path) -> dict[str, Any]:
    events = {row["event_id"]: row for row in table(raw / "events_alliance_1951_2026.csv")}
    facts = table(raw / "us_tariff_facts_2025_2026.csv")
    rows = [*typed(events), *by_country(events, facts), *for_all(events), *MORE]
    known = {"E" + f"{k:03d}" for k in range(1, 98)}
    patron = {
        key for key in known if events[key]["actor"] == "USA" and events[key]["type"] not in ("indicator", "basing")
    }
    missing = patron - {row["id"].split("-")[0] for row in rows} - set(LEFT_OUT) - {"E001", "E004", "E006"}
    if missing:
        raise SystemExit(f"events of the patron that are neither typed nor left out: {', '.join(sorted(missing))}")
    return {
        "title": "Dated acts of the patron",
        "what": "What the United States did to its allies since 1968: tariffs, threats, demands, exits, reassurance and"
        " rulings, typed, each with its source; leaders in office",
        "patron": "USA",
        "recorded_until": "2026-04-30",
        "holdout_from": HOLDOUT_FROM,
        "sources": [
            {"publisher": "Compiled facts with the page they were read on, in each row", "licence": "public record"},
            {"publisher": "Terms of presidents and prime ministers", "licence": "public record"},
            {"publisher": "United States Census Bureau, imports 2024 (coverage)", "licence": "public domain"},
        ],
        "decisions": DECISIONS,
        "left_out": LEFT_OUT,
        "leaders": [dict(zip(("country", "person", "start", "end", "known"), row, strict=True)) for row in LEADERS],
        "acts": sorted((tidy(row) for row in rows), key=lambda row: (row["date"], row["id"])),
    }


def typed(events: dict[str, dict[str, str]]) -> Iterator[dict[str, Any]]:
    for key, parts in TYPED.items():
        for part in parts:
            fields = {k: v for k, v in part.items() if k not in ("suffix", "also")}
            base = {**common(events[key]), **fields}
            name = f"{key}-{part['suffix']}" if "suffix" in part else key
            yield {**base, "id": name, "coverage": coverage(base.get("coverage", 1.0), base["target"])}
            for code in part.get("also", ()):
                yield {**base, "id": f"{name}-{code}", "target": code}


def by_country(events: dict[str, dict[str, str]], facts: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    for key, (date, before, fields) in BY_COUNTRY.items():
        for row in facts:
            code, rate = row["target_iso3"], row["rate_pct"]
            if row["date"] != date or code not in MAINLAND or not rate:
                continue
            if key == "E081" and code == "JPN":  # the deal of 22 July is an act of its own
                continue
            if float(rate) == before:
                continue
            share = coverage(fields["coverage"], code)
            title = {"E070": "Rate of 2 April 2025", "E078": "Letter: rate for 1 August", "E081": "Rate from 7 August"}[
                key
            ]
            yield {
                **common(events[key]), **fields, "id": f"{key}-{code}", "target": code, "magnitude": float(rate),
                "before": before, "coverage": share, "title": f"{title}: {float(rate):g}%",
                "source": row["source"], "confidence": row["confidence"],
            }  # fmt: skip
            if key == "E070" and float(rate) > 10:
                yield {
                    **common(events[SUSPENDED]), "kind": "tariff", "id": f"{SUSPENDED}-{code}", "target": code,
                    "magnitude": 10.0, "before": float(rate), "unit": "%", "coverage": share, "surprise": True,
                    "title": f"Rate of {float(rate):g}% suspended; 10% stays",
                }  # fmt: skip


def for_all(events: dict[str, dict[str, str]]) -> Iterator[dict[str, Any]]:
    for key, fields in FOR_ALL.items():
        for code in WATCHED:
            base = {**common(events[key]), **fields, "target": code, "id": f"{key}-{code}"}
            if key == "E095":
                base |= {"before": float(LEVEL_BEFORE_RULING.get(code, 10)), "magnitude": 0.0}
            share = coverage(fields["coverage"], code)
            if share > 0.0005:
                yield {**base, "coverage": share}


def common(event: dict[str, str]) -> dict[str, Any]:
    date, precision = event["date"], event["precision"]
    full = {"year": f"{date}-01-01", "month": f"{date}-01", "day": date}[precision]
    domain = {"monetary": "trade"}.get(event["domain"], event["domain"])
    return {
        "date": full, "precision": precision, "actor": event["actor"], "target": event["target"], "domain": domain,
        "title": event["title"], "zeta": 1.0, "source": event["source"], "confidence": event["confidence"],
        "note": event["note"],
    }  # fmt: skip


def coverage(part: str | float, country: str) -> float:
    """Share of the United States imports of 2024 from a country that a part of the goods makes up."""
    if not isinstance(part, str):
        return float(part)
    row = goods.card()["imports"].get("EU27" if country in EUROPEAN else country)
    if row is None:
        rows = goods.card()["imports"].values()
        row = {s: sum(r.get(s, 0.0) for r in rows) for s in {s for r in rows for s in r}}
    european = country in EUROPEAN
    total = sum(row.values())
    share = 0.0
    for sector, value in row.items():
        autos = goods.covered("autos", country, sector, european)
        steel = float(sector in METALS["steel"])
        annex = goods.covered("annex-ii", country, sector, european)
        exempt = goods.covered("section-122-exemptions", country, sector, european)
        kept = {
            "autos": autos,
            "steel": steel,
            "reciprocal": max(0.0, 1.0 - min(1.0, autos + steel) - annex),
            "section 122": max(0.0, 1.0 - min(1.0, autos + steel) - exempt),
        }[part]
        share += value * kept
    return round(share / total, 4)


def tidy(row: dict[str, Any]) -> dict[str, Any]:
    """Fields that say nothing are left out; the rest in one order."""
    from foederis.acts_check import FIELDS

    kept = {name: row[name] for name in FIELDS if row.get(name) not in (None, "", ())}
    kept["holdout"] = int(row["date"][:4]) >= HOLDOUT_FROM
    return kept


def polls_card(raw: Path) -> dict[str, Any]:
    rows = [r for r in table(raw / "polls_compiled.csv") if r["measure"] in POLLS and len(r["iso3"]) == 3]
    found = [
        {
            "country": r["iso3"],
            "pollster": r["pollster"],
            "measure": r["measure"],
            "date": middle(r["fieldwork"], int(r["year"])),
            "fieldwork": r["fieldwork"],
            "share": round(float(r["value_pct"]) / 100, 4),
            "n": int(float(r["n"])) if r["n"] else None,
            "mode": "mail" if "Cabinet" in r["pollster"] and int(r["year"]) >= 2020 else "",
            "source": r["source"],
            "confidence": r["confidence"],
            "note": r["note"],
            "holdout": int(r["year"]) >= HOLDOUT_FROM,
        }
        for r in rows
    ]
    return {
        "title": "What publics say about the United States",
        "what": "Shares that trust the United States or its president, by country, pollster and wording, 2003-2025",
        "holdout_from": HOLDOUT_FROM,
        "sources": [
            {"publisher": "Pollsters named in each row, single figures from public pages", "licence": "public record"}
        ],
        "decisions": [
            "The Cabinet Office survey went from interviews to mail in 2020: two series.",
            "The Yomiuri poll of June 2025 is not the joint survey of earlier years: a series of its own offset.",
            "Dates are the middle of the fieldwork as printed; a year alone means its middle.",
        ],
        "polls": sorted(found, key=lambda r: (r["country"], r["pollster"], r["measure"], r["date"])),
    }


SEASON = {"spring": "04", "summer": "07"}


def middle(fieldwork: str, year: int) -> str:
    """ISO date of the first printed month of the fieldwork (day 15), or the middle of the year."""
    for word, month in SEASON.items():
        if word in fieldwork:
            return f"{year}-{month}-15"
    parts = fieldwork.split("-")
    if len(parts) > 1 and parts[1][:2].isdigit():
        return f"{parts[0]}-{parts[1][:2]}-15"
    return f"{year}-07-01"


if __name__ == "__main__":
    main()
