"""Facts of the United States-Japan file that stand in no raw table: rungs of the ladder, caps, theatre weights.

A fact has a source key (see SOURCES in build_security.py); what is assumed is marked A and says so.
"""

from __future__ import annotations

from typing import Any

# kind, title, partner, signed, in force, source, confidence: the dated, countable steps.
PACTS: tuple[tuple[str, str, str, str, str, str, str], ...] = (
    ("acsa", "Acquisition and cross-servicing agreement", "AUS", "2010", "2013-01-31", "globaltimes-2013", "high"),
    ("acsa", "Acquisition and cross-servicing agreement", "GBR", "2017-01", "", "topwar-2017", "medium"),
    ("acsa", "Acquisition and cross-servicing agreement", "CAN", "2018-04-21", "", "canada-2018", "high"),
    ("acsa", "Acquisition and cross-servicing agreement", "FRA", "2018", "", "yomiuri-2024", "medium"),
    ("acsa", "Acquisition and cross-servicing agreement", "IND", "2020", "", "yomiuri-2024", "medium"),
    ("acsa", "Acquisition and cross-servicing agreement", "DEU", "2024-01-29", "", "yomiuri-2024", "high"),
    ("acsa", "Acquisition and cross-servicing agreement", "ITA", "2024-11-25", "", "defencesentinel", "medium"),
)

# id, title, kind, cost bn USD a year, lag years, effort it needs (% of GDP, official count), reversible, base odds of
# adoption a year if not adopted, mark of the cost, note.
RUNGS: tuple[tuple[str, str, str, float, float, float, str, float, str, str], ...] = (
    ("acsa", "Supply and service agreements", "acsa", 0.05, 0.5, 1.0, "on notice", 0.50, "A", "one more partner"),
    (
        "access",
        "Reciprocal access agreements",
        "access",
        0.2,
        1.5,
        1.0,
        "on notice",
        0.35,
        "A",
        "Australia, United Kingdom, Philippines; one more partner",
    ),
    (
        "co-production",
        "Co-development and co-production",
        "co-development",
        1.0,
        12.0,
        1.0,
        "costly",
        0.20,
        "D",
        "next fighter over 160 bn yen in the FY2026 draft; in service 2035",
    ),
    (
        "standoff",
        "Stand-off strike",
        "capability",
        6.2,
        4.0,
        2.0,
        "slow",
        0.10,
        "D",
        "stand-off missiles over 970 bn yen in the FY2026 draft",
    ),
    ("export", "Export rule opened", "arms-export rule", 0.0, 2.0, 1.0, "by decision", 0.10, "A", "a rule, no outlay"),
    ("two-percent", "2 % of GDP", "effort", 42.0, 3.0, 2.0, "slow", 0.04, "D", "one more point of GDP"),
    ("three-and-half", "3.5 % of GDP", "effort", 64.0, 6.0, 3.5, "slow", 0.04, "A", "one and a half more points"),
    (
        "principle-three",
        "Third non-nuclear principle dropped",
        "nuclear",
        0.0,
        1.0,
        2.0,
        "by decision",
        0.02,
        "A",
        "allows entry of the patron's weapons",
    ),
    (
        "propulsion",
        "Nuclear-propelled submarines",
        "nuclear",
        4.0,
        12.0,
        3.5,
        "costly",
        0.01,
        "A",
        "order of AUKUS costs",
    ),
    ("latent", "Latent deterrent", "nuclear", 5.0, 8.0, 3.5, "hard", 0.005, "A", "no estimate in public; assumed"),
)

# rung id, date it was reached, source, confidence, note
REACHED: tuple[tuple[str, str, str, str, str], ...] = (
    ("acsa", "2013-01-31", "globaltimes-2013", "high", "first beside the patron's"),
    ("access", "2023-08-13", "agreements", "high", "Australia in force; talks began 2014"),
    ("co-production", "2022-12-09", "agreements", "high", "GCAP with the United Kingdom and Italy"),
    ("standoff", "2022-12-16", "budget-facts", "high", "counterstrike in the National Security Strategy"),
    ("export", "2026-04-21", "agreements", "medium", "lethal exports in principle; a first step in 2014"),
    ("two-percent", "2022-12-16", "budget-facts", "high", "decided; met in FY2025 by the official count"),
)

# date, cap % of GDP in the official count, source, confidence, note
CAPS: tuple[tuple[str, float, str, str, str], ...] = (
    ("1976", 1.0, "csm-1986", "high", "cabinet decision: below 1 % of national product"),
    ("1986-12-30", 1.0, "csm-1986", "high", "formally dropped; practice stayed at 1 % (first budget 1.004 %)"),
    ("2022-12-16", 2.0, "budget-facts", "high", "National Security Strategy: 2 % in FY2027"),
)
CAP_LADDER = (1.0, 2.0, 3.5)

# actor: (role, weight in the theatre, chance of siding with the patron before any shock, mark of both, why the weight)
ACTORS: dict[str, tuple[str, float, float, str, str]] = {
    "USA": ("patron", 0.45, 1.0, "A", "prior theatre_share"),
    "JPN": ("ally", 1.0, 1.0, "A", "at home"),
    "CHN": ("rival", 0.85, 0.0, "A", "most forces face the theatre"),
    "KOR": ("bystander", 0.5, 0.9, "A", "tied to the peninsula"),
    "TWN": ("bystander", 1.0, 0.95, "A", "at home"),
    "AUS": ("bystander", 0.7, 0.95, "A", "expeditionary"),
    "IND": ("bystander", 0.25, 0.55, "A", "another front"),
    "PHL": ("bystander", 1.0, 0.85, "A", "at home"),
    "VNM": ("bystander", 1.0, 0.5, "A", "at home"),
    "THA": ("bystander", 0.5, 0.4, "A", "little reach"),
    "IDN": ("bystander", 0.5, 0.4, "A", "little reach"),
    "MYS": ("bystander", 0.5, 0.35, "A", "little reach"),
    "SGP": ("bystander", 0.7, 0.6, "A", "small and modern"),
    "NZL": ("bystander", 0.5, 0.9, "A", "expeditionary"),
    "GBR": ("bystander", 0.10, 0.95, "A", "far away"),
    "FRA": ("bystander", 0.10, 0.85, "A", "far away, some territories"),
    "DEU": ("bystander", 0.03, 0.9, "A", "far away"),
}

SOURCES: dict[str, tuple[str, str, str, str]] = {
    # key: (class, publisher, licence, used for)
    "wdi": ("A", "World Bank, World Development Indicators, MS.MIL.XPND.GD.ZS", "CC BY 4.0", "effort 2010-2022"),
    "sipri": (
        "B",
        "SIPRI Military Expenditure Database, 2025 release",
        "single figures quoted as public record with attribution; the database is not shipped",
        "effort 2023-24, forces 2016, 2020, 2024",
    ),
    "gpr": (
        "A",
        "Caldara & Iacoviello (2022), American Economic Review 112(4), country indices",
        "free with citation, replication archive CC BY 4.0; yearly means",
        "threat",
    ),
    "troops": (
        "A",
        "US Department of Defense, DMDC, as compiled by Allen, Flynn & Machain",
        "public domain (US government)",
        "troops in the ally's country",
    ),
    "scrambles": ("A", "Ministry of Defense of Japan, in the press", "facts of public record", "threat"),
    "tension": ("A", "press, think tanks and ministries, named in each row", "facts of public record", "threat"),
    "budget-facts": ("A", "press and ministries, named in each row", "facts of public record", "budgets, targets"),
    "agreements": ("A", "ministries and press, named in each row", "facts of public record", "rungs"),
    "hns": ("A", "ministries and press, named in each row", "facts of public record", "host-nation support"),
    "globaltimes-2013": (
        "A",
        "globaltimes.cn/content/759410.shtml (Xinhua, 31 Jan 2013)",
        "facts of public record",
        "rungs",
    ),
    "topwar-2017": (
        "A",
        "hi.topwar.ru/108074 (Ministry of Foreign Affairs of Japan, Jan 2017)",
        "facts of public record",
        "rungs",
    ),
    "canada-2018": ("A", "canada.ca, Global Affairs Canada, 21 Apr 2018", "facts of public record", "rungs"),
    "yomiuri-2024": ("A", "japannews.yomiuri.co.jp 20240130-165687", "facts of public record", "rungs"),
    "defencesentinel": ("A", "defencesentinel.com ?p=1927", "facts of public record", "rungs"),
    "csm-1986": ("A", "csmonitor.com/1986/1231; articles.philly.com 31 Dec 1986", "facts of public record", "caps"),
}


def rows(table: tuple[tuple[Any, ...], ...], names: str) -> list[dict[str, Any]]:
    """A table of tuples as dictionaries."""
    return [dict(zip(names.split(), row, strict=True)) for row in table]
