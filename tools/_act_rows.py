"""How the events of the raw list become typed acts: facts only (level before and after, who decided, what was tied).

`TYPED` maps an event of the raw list to the fields of one act or of several; title, date, precision, source and
confidence come from the raw row. `MORE` are acts the raw list lacks, each with the page it was read on. `LEFT_OUT` says
why an event of the patron is no act of its own.
"""

from __future__ import annotations

from typing import Any

# coverage: a named part of a partner's exports to the United States in 2024 (see build_acts.coverage), or a number.
Row = dict[str, Any]

TYPED: dict[str, list[Row]] = {
    "E005": [{"kind": "reassurance", "domain": "security"}],
    "E008": [{"kind": "surprise", "domain": "political"}],
    "E009": [{"kind": "tariff", "magnitude": 10, "unit": "%", "surprise": True}],
    "E010": [{"kind": "tariff", "magnitude": 0, "before": 10, "unit": "%"}],
    "E011": [{"kind": "reassurance", "domain": "security"}],
    "E012": [{"kind": "reassurance", "domain": "security"}],
    "E013": [{"kind": "dispute"}],
    "E014": [{"kind": "dispute"}],
    "E017": [{"kind": "agreement"}],
    "E020": [{"kind": "agreement"}],
    "E022": [{"kind": "tariff", "magnitude": 100, "unit": "%", "coverage": 0.0036, "carried_out": False}],
    "E023": [{"kind": "tariff", "magnitude": 100, "unit": "%", "coverage": 0.0036}],
    "E024": [{"kind": "tariff", "magnitude": 83, "before": 100, "unit": "%", "coverage": 0.0036}],
    "E027": [{"kind": "agreement", "domain": "security"}],
    "E028": [{"kind": "agreement", "domain": "security"}],
    "E030": [{"kind": "reassurance", "domain": "security"}],
    "E034": [{"kind": "agreement", "domain": "security"}],
    "E036": [
        {
            "kind": "exit",
            "magnitude": 12,
            "unit": "signatories",
            "also": ("AUS", "NZL", "SGP", "MYS", "VNM", "CAN", "MEX"),
        }
    ],
    "E038": [{"kind": "dispute"}],
    "E039": [{"kind": "tariff", "magnitude": 25, "unit": "%", "coverage": "steel"}],
    "E043": [
        {
            "kind": "tariff",
            "magnitude": 25,
            "unit": "%",
            "coverage": "autos",
            "carried_out": False,
            "note": "25 % is the rate the administration named in public; the finding itself is not public",
        }
    ],
    "E044": [
        {
            "kind": "demand",
            "magnitude": 8,
            "before": 1.8,
            "unit": "USD bn per year",
            "tied": True,
            "carried_out": False,
            "note": "conveyed in private; the public learned of it in June 2020",
        }
    ],
    "E045": [
        {
            "kind": "demand",
            "magnitude": 5,
            "before": 0.9,
            "unit": "USD bn per year",
            "tied": True,
            "carried_out": False,
            "note": "about 1,039 bn won were paid in 2019, 0.9 bn USD",
        }
    ],
    "E046": [{"kind": "agreement"}],
    "E056": [{"kind": "tariff", "magnitude": 0, "before": 25, "unit": "%", "coverage": "steel"}],
    "E068": [{"kind": "summit"}],
    "E076": [
        {
            "actor": "USA",
            "target": "JPN",
            "kind": "demand",
            "magnitude": 3.5,
            "before": 1.8,
            "unit": "% of GDP",
            "title": "Reported demand for 3.5% of GDP on defence; Japan cancels the 1 July 2+2",
        }
    ],
    "E079": [
        {"kind": "tariff", "magnitude": 15, "before": 10, "unit": "%", "coverage": "reciprocal", "payment": 160},
        {
            "suffix": "autos",
            "kind": "tariff",
            "magnitude": 15,
            "before": 27.5,
            "unit": "%",
            "coverage": "autos",
            "title": "Deal: autos from 27.5% to 15%, in force 16 September",
        },
    ],
    "E087": [
        {"kind": "tariff", "magnitude": 15, "before": 10, "unit": "%", "coverage": "reciprocal", "payment": 100},
        {
            "suffix": "autos",
            "kind": "tariff",
            "magnitude": 15,
            "before": 25,
            "unit": "%",
            "coverage": "autos",
            "title": "Summit with Korea: autos from 25% to 15%",
        },
    ],
    "E090": [
        {"kind": "reassurance", "payment": 33, "note": "consent to nuclear-powered submarines, paid for"},
    ],
}

# Rates by country on one day, from the list of tariff facts: event, date in that list, level before.
BY_COUNTRY: dict[str, tuple[str, float | None, Row]] = {
    "E070": ("2025-04-02", 0.0, {"kind": "tariff", "unit": "%", "coverage": "reciprocal", "surprise": True}),
    "E078": ("2025-07-07", 10.0, {"kind": "tariff", "unit": "%", "coverage": "reciprocal", "carried_out": False}),
    "E081": ("2025-08-07", 10.0, {"kind": "tariff", "unit": "%", "coverage": "reciprocal"}),
}
SUSPENDED = "E073"  # the rates of 2 April go back to 10 %, without notice
FOR_ALL: dict[str, Row] = {
    "E069": {"kind": "tariff", "magnitude": 25, "unit": "%", "coverage": "autos"},
    "E095": {"kind": "ruling", "coverage": "reciprocal", "zeta": 0.0, "unit": "%"},
    "E096": {"kind": "tariff", "magnitude": 10, "unit": "%", "coverage": "section 122"},
}
LEVEL_BEFORE_RULING = {
    "JPN": 15,
    "KOR": 15,
    "DEU": 15,
    "FRA": 15,
    "TWN": 20,
    "VNM": 20,
    "THA": 19,
    "IDN": 19,
    "MYS": 19,
    "PHL": 19,
}

LEFT_OUT = {
    "E019": "decided by five governments together",
    "E035": "an election; the turnover is in the table of leaders",
    "E042": "a settlement that Korea paid for, initialled jointly: no choice of the patron alone",
    "E047": "signature of what E046 agreed",
    "E048": "entry into force of what E046 agreed",
    "E066": "said by a candidate; he was not in office",
    "E071": "collection of what E069 proclaimed",
    "E083": "carries out E079",
    "E085": "carries out E079",
}

_SUMMIT: Row = {"actor": "USA", "domain": "political", "kind": "summit", "zeta": 1.0}
_FORCES: Row = {"actor": "USA", "domain": "security", "kind": "reassurance", "zeta": 1.0}
_DISPUTE: Row = {"actor": "USA", "domain": "trade", "kind": "dispute", "zeta": 1.0}
_RAISED: Row = {"actor": "USA", "domain": "security", "kind": "demand", "zeta": 1.0, "tied": True, "carried_out": False}

_MORE: list[tuple[Row, str, str, str, str, str]] = [
    (_SUMMIT, "M01", "2017-02-10", "JPN", "Abe-Trump summit, Washington and Palm Beach",
     "mofa.go.jp/na/na1/us/page4e_000582.html"),
    (_SUMMIT, "M02", "2017-11-06", "JPN", "Abe-Trump summit, Tokyo", "thenewstribune.com (AP photo, 6 November 2017)"),
    (_SUMMIT, "M03", "2018-04-17", "JPN", "Abe-Trump summit, Florida", "thenewstribune.com (AP, visit of 17-20 April)"),
    (_SUMMIT, "M04", "2019-04-26", "JPN", "Abe-Trump summit, Washington", "apnews.com, 25 April 2019"),
    (_SUMMIT, "M05", "2019-05-27", "JPN", "State visit of President Trump, 25-28 May", "apnews.com, 25 April 2019"),
    (_SUMMIT, "M06", "2021-04-16", "JPN", "Suga-Biden summit; joint statement names Taiwan",
     "nippon.com yjj2021041700177; docslib.org"),
    (_SUMMIT, "M07", "2022-05-23", "JPN", "Kishida-Biden summit, Tokyo", "Reuters photo of 23 May 2022"),
    (_SUMMIT, "M08", "2023-01-13", "JPN", "Kishida-Biden summit, Washington", "exbulletin.com (AP), 11 January 2023"),
    (_SUMMIT, "M09", "2024-04-10", "JPN", "Kishida-Biden summit and state dinner",
     "japannews.yomiuri.co.jp 20240126-164621"),
    (_SUMMIT, "M10", "2025-10-28", "JPN", "Takaichi-Trump summit, Tokyo", "japannews.yomiuri.co.jp, 28 October 2025"),
    (_FORCES, "M20", "2021-09-15", "AUS", "AUKUS: nuclear-powered submarines for Australia",
     "adbr.com.au, 15 September 2021"),
    (_FORCES, "M21", "2023-01-11", "JPN", "Marine littoral regiment with anti-ship missiles for Okinawa",
     "defense.gov transcript 3265802; nippon.com yjj2023011300237"),
    (_FORCES, "M22", "2023-02-02", "PHL", "Four more sites for forces and 82 mn USD for works",
     "newsgram.com, 2 February 2023; AP"),
    (_FORCES, "M23", "2023-04-26", "KOR", "Washington Declaration: nuclear consultative group, submarine visits",
     "defense.gov 3375770; president.go.kr"),
    (_FORCES, "M24", "2024-07-28", "JPN", "Forces in Japan to become a joint force headquarters",
     "finanznachrichten.de (dpa-AFX), 29 July 2024"),
    (_DISPUTE, "M30", "2025-01-03", "JPN", "Order blocks the purchase of U.S. Steel by Nippon Steel",
     "thompsonhinesmartrade.com, January 2025"),
    (_RAISED, "M31", "2025-04-16", "JPN", "Cost of military support raised in the tariff talks",
     "world.kbs.co.kr 192437; asahi ajw 15713929"),
]  # fmt: skip
MORE: list[Row] = [
    {**fields, "id": key, "date": date, "target": target, "title": title, "source": source}
    for fields, key, date, target, title, source in _MORE
]

LEADERS: list[tuple[str, str, str, str, bool]] = [
    ("USA", "Truman", "1945-04-12", "1953-01-20", True),
    ("USA", "Eisenhower", "1953-01-20", "1961-01-20", True),
    ("USA", "Kennedy", "1961-01-20", "1963-11-22", True),
    ("USA", "Johnson", "1963-11-22", "1969-01-20", True),
    ("USA", "Nixon", "1969-01-20", "1974-08-09", True),
    ("USA", "Ford", "1974-08-09", "1977-01-20", True),
    ("USA", "Carter", "1977-01-20", "1981-01-20", True),
    ("USA", "Reagan", "1981-01-20", "1989-01-20", True),
    ("USA", "Bush", "1989-01-20", "1993-01-20", True),
    ("USA", "Clinton", "1993-01-20", "2001-01-20", True),
    ("USA", "Bush the younger", "2001-01-20", "2009-01-20", True),
    ("USA", "Obama", "2009-01-20", "2017-01-20", True),
    ("USA", "Trump", "2017-01-20", "2021-01-20", True),
    ("USA", "Biden", "2021-01-20", "2025-01-20", True),
    ("USA", "Trump", "2025-01-20", "2029-01-20", True),
    ("USA", "the president of 2029", "2029-01-20", "2033-01-20", False),
    ("USA", "the president of 2033", "2033-01-20", "2037-01-20", False),
    ("JPN", "Abe", "2012-12-26", "2020-09-16", True),
    ("JPN", "Suga", "2020-09-16", "2021-10-04", True),
    ("JPN", "Kishida", "2021-10-04", "2024-10-01", True),
    ("JPN", "Ishiba", "2024-10-01", "2025-10-21", True),
    ("JPN", "Takaichi", "2025-10-21", "2037-01-01", True),
]
