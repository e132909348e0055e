"""Facts of the bystanders that stand in no raw table: regimes, treaties, sticks and courting, with sources.

A fact has a source key (see SOURCES); what is assumed is marked A and says so.
"""

from __future__ import annotations

from typing import Any

BYSTANDERS = ("KOR", "TWN", "AUS", "IND", "PHL", "VNM", "THA", "IDN", "MYS", "SGP", "NZL", "GBR", "FRA", "DEU")
ALLY, PATRON, RIVAL = "JPN", "USA", "CHN"

# code: (score 0..100, edition, source, note). Freedom in the World; the newest edition at hand for each state.
REGIME: dict[str, tuple[int, int, str, str]] = {
    "JPN": (96, 2023, "fh-2023", ""),
    "KOR": (83, 2019, "fh-2019", ""),
    "TWN": (93, 2019, "fh-2019", ""),
    "AUS": (95, 2023, "fh-2023", ""),
    "IND": (75, 2019, "fh-2019", "lower in later editions"),
    "PHL": (58, 2023, "fh-2023", ""),
    "VNM": (20, 2019, "fh-2019", ""),
    "THA": (30, 2019, "fh-2019", ""),
    "IDN": (58, 2023, "fh-idn", ""),
    "MYS": (53, 2023, "fh-2023", ""),
    "SGP": (51, 2019, "fh-2019", ""),
    "NZL": (99, 2023, "fh-2023", ""),
    "GBR": (93, 2019, "fh-2019", "the source says above 90; the value is assumed"),
    "FRA": (93, 2019, "fh-2019", "the source says above 90; the value is assumed"),
    "DEU": (93, 2019, "fh-2019", "the source says above 90; the value is assumed"),
}

# Where the treaty data say less than the law: code: (difference from the ally, why)
TREATY: dict[str, tuple[float, str]] = {
    "TWN": (0.5, "no treaty since 1980; Taiwan Relations Act (assumed half way)"),
    "NZL": (0.5, "ANZUS stands; the patron's obligation suspended in 1986 (assumed half way)"),
}

# target, start, end ("" where no day is recorded), what, red line, source, confidence, note
STICKS: tuple[tuple[str, str, str, str, str, str, str, str], ...] = (
    ("JPN", "2010-09-07", "", "curbs on exports and visits (rare earths)", "arrest after a collision at sea",
     "hitchings-2020", "medium", "end not recorded"),
    ("JPN", "2012-09", "", "boycotts and curbs", "purchase of disputed islands", "hitchings-2020", "medium",
     "the source gives the year; end not recorded"),
    ("PHL", "2012-04", "2012-05-29", "bananas held at the border, travel advice", "stand-off at Scarborough Shoal",
     "datquy-2023", "low", "other reports have checks going on for years"),
    ("GBR", "2012-05", "", "contacts cut", "prime minister met the Dalai Lama", "hitchings-2020", "medium",
     "the source gives the year; end not recorded"),
    ("TWN", "2016-05", "", "group travel cut", "election of Tsai Ing-wen", "hitchings-2020", "medium",
     "the source gives the year; end not recorded"),
    ("KOR", "2017-03", "2017-10-31", "group tours and shops", "missile defence of the patron deployed", "kor-2017",
     "high", "eased from the agreement of 31 October 2017"),
    ("AUS", "2020-05", "2024-03-29", "duties and bans on barley, wine, coal, lobster",
     "call for an inquiry into the origin of COVID-19", "aus-2024", "high", "barley lifted August 2023, wine last"),
    ("JPN", "2023-08", "2025-06", "imports of seafood banned", "release of treated water (stated ground)", "jpn-2025",
     "medium", "stated as food safety; counted because it was lifted and set again with politics"),
    ("JPN", "2025-11-14", "", "travel advice, seafood banned again (19 November)",
     "prime minister on a Taiwan emergency, 7 November 2025", "jpn-2025", "high", "in force"),
    ("JPN", "2026-01-06", "", "exports of dual-use goods banned", "the same remarks", "jpn-2026", "high", "in force"),
)  # fmt: skip

# target, date, what, size, unit, source, confidence
COURTING: tuple[tuple[str, str, str, float, str, str, str], ...] = (
    ("VNM", "2025-04-14", "visit of the head of state, agreements signed", 45, "agreements", "events", "high"),
    ("MYS", "2025-04-15", "visit of the head of state, agreements signed", 31, "agreements", "events", "high"),
    ("KOR", "2026-01-07", "the president received on a state visit", 1, "visit", "underlines-2026", "medium"),
)

# key: (class, publisher, licence, used for)
SOURCES: dict[str, tuple[str, str, str, str]] = {
    "iseas": ("A", "ISEAS - Yusof Ishak Institute, State of Southeast Asia, as quoted on the page of each row",
              "facts of public record", "shares of Southeast Asian elites"),
    "pew": ("A", "Pew Research Center, Global Attitudes microdata as harmonised by C. Grasland; shares derived",
            "free with attribution; Pew bears no responsibility for the analysis", "favourable views of both powers"),
    "lowy": ("A", "Lowy Institute Poll, as quoted on the page of each row", "facts of public record",
             "trust in both powers, Australia"),
    "atop": ("A", "ATOP 5.1, Leeds, Ritter, Mitchell & Long (2002)", "free with citation", "defence obligations, 2018"),
    "tss": ("A", "Thompson, Sakuwa & Suhas strategic rivalries, as in peacesciencer", "free with citation", "threat"),
    "gml": ("A", "Gibler, Miller & Little (2016) militarised disputes 2.2.1", "free with citation", "threat"),
    "sipri": ("B", "SIPRI Military Expenditure Database, 2025 release",
              "single figures quoted as public record with attribution; the database is not shipped",
              "value to the rival"),
    "world": ("A", "the embedded world (its own sources: see that file)", "derived", "surplus with the patron"),
    "fh-2023": ("A", "Freedom House, Freedom in the World 2023, freedomhouse.org press release on Asia-Pacific",
                "facts of public record", "regime"),
    "fh-2019": ("A", "Freedom House, Freedom in the World 2019, as reported by chinascope.org 17618 (LTN, 5 Feb 2019)",
                "facts of public record", "regime"),
    "fh-idn": ("A", "Freedom House, Freedom in the World 2023, as reported by databoks.katadata.co.id",
               "facts of public record", "regime"),
    "events": ("A", "tribuneindia.com (Reuters), ir-ia.com, page.ke (El Pais), April 2025", "facts of public record",
               "courting"),
    "underlines-2026": ("A", "underlines.news, 7 Jan 2026", "facts of public record", "courting"),
    "hitchings-2020": ("A", "Hitchings, Case Studies in Chinese Economic Pressure (17 June 2020), docslib.org 9694536",
                       "facts of public record", "sticks"),
    "datquy-2023": ("A", "datquy.com, 24 Dec 2023", "facts of public record", "sticks"),
    "kor-2017": ("A", "centreforaviation.com 733669 and world.kbs.co.kr, Oct-Dec 2017", "facts of public record",
                 "sticks"),
    "aus-2024": ("A", "chinapulse.com 28 Mar 2024; scmp.com 3229967; theage.com.au", "public record", "sticks"),
    "jpn-2025": ("A", "koreajoongangdaily.joins.com 2458101 (Kyodo, 19 Nov 2025)", "facts of public record", "sticks"),
    "jpn-2026": ("A", "nippon.com yjj2026010600844 (Jiji, 6 Jan 2026); channelnewsasia.com 5822951",
                 "facts of public record", "sticks"),
}  # fmt: skip


def rows(table: tuple[tuple[Any, ...], ...], names: str) -> list[dict[str, Any]]:
    """A table of tuples as dictionaries."""
    return [dict(zip(names.split(), row, strict=True)) for row in table]
