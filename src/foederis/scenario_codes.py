"""The codes a scenario may use: economies and groups, sectors, authorities, carve-outs; and "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from foederis import words_names

_EU27 = "AUT BEL BGR CYP CZE DEU DNK ESP EST FIN FRA GRC HRV HUN IRL ITA LTU LUX LVA MLT NLD POL PRT ROU SVK SVN SWE"
EU27 = tuple(_EU27.split())
_NATO = (
    "BEL BGR CAN HRV CZE DNK EST FIN FRA DEU GRC HUN ISL ITA LVA LTU LUX NLD NOR POL PRT ROU SVK SVN ESP SWE TUR GBR"
)

# Regions that words_names describes and that are no single economy.
_REGIONS = frozenset({"EU27", "REU"})

COUNTRIES = tuple(sorted(code for code in words_names.COUNTRY if code not in _REGIONS))

# Members that are in the world table; treaty allies are those of the United States: NATO, and the bilateral and ANZUS
# treaties in force (New Zealand's part of ANZUS is suspended).
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "world": COUNTRIES,
        "eu27": EU27,
        "asean": tuple("BRN IDN KHM LAO MMR MYS PHL SGP THA VNM".split()),
        "g7": tuple("CAN DEU FRA GBR ITA JPN USA".split()),
        "quad": tuple("AUS IND JPN USA".split()),
        "usmca": tuple("CAN MEX USA".split()),
        "nato": (*_NATO.split(), "USA"),
        "treaty_allies": (*_NATO.split(), "AUS", "JPN", "KOR", "PHL", "THA"),
        "indo_pacific_allies": tuple("AUS JPN KOR PHL THA".split()),
    }
)

GROUP_NOTES: Mapping[str, str] = MappingProxyType(
    {
        "world": "every economy and the rest of the world, the importer itself left out",
        "eu27": "the European Union; its members do not tax each other",
        "asean": "Association of Southeast Asian Nations",
        "g7": "Group of Seven",
        "quad": "Australia, India, Japan, United States",
        "usmca": "Canada, Mexico, United States",
        "nato": "North Atlantic Treaty (members in the world table)",
        "treaty_allies": "defence treaty partners of the United States: NATO, AUS, JPN, KOR, PHL, THA",
        "indo_pacific_allies": "Australia, Japan, Korea, Philippines, Thailand",
    }
)

AUTHORITIES: tuple[str, ...] = tuple(words_names.AUTHORITY)  # those of measures.Authority, which would import numpy
US_AUTHORITIES = frozenset({"s122", "s201", "s232", "s301", "s338", "ieepa"})  # statutes of the United States

RULES: Mapping[str, str] = MappingProxyType(
    {
        "add": "the rate comes on top of every other duty",
        "all_in": "the rate is a ceiling that includes the normal duty: max(normal duty, rate)",
    }
)

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "25%": "a rate, ad valorem",
        "5pp": "a rate, in percentage points",
        "+75%": "a relative change, with its sign",
        "0.8": "a share, from 0 to 1 (or 80%)",
        "550 bn USD": "an amount of money: k, m, bn or tn, and a currency",
        "8 bn USD/yr": "a flow of money: per yr, quarter or month",
        "2025-04-03": "a day",
        "2025-Q1": "a quarter",
        "{dist: beta, a: 2, b: 5}": "a distribution: beta, triangular, normal, lognormal, uniform",
        '{formula: "min(10pp, 0.25 * surplus / imports)"}': "a rate by formula of trade flows",
    }
)

# Sets of trade elasticities of the world table; those of one-year responses are no trade elasticities.
ELASTICITIES = tuple("CP FGO FGO_fob GYY Shap LL BSY IS U4 BLPN_low BLPN BLPN_high".split())

_GOODS = (
    "A01 A02 A03 B05 B06 B07 B08 B09 C10T12 C13T15 C16 C17_18 C19 C20 C21 C22 C23 C24A C24B C25 C26 C27 C28 C29 C301 "
    "C302T309 C31T33"
)
GOODS = tuple(_GOODS.split())  # goods activities of the OECD ICIO tables, 50-activity edition
SERVICES = tuple("D E F G H49 H50 H51 H52 H53 I J58T60 J61 J62_63 K L M N O P Q R S T SERV".split())
_MINING = ("B05", "B06", "B07", "B08", "B09")

# Codes that join activities: those of the world table and of the older, shorter editions.
JOINED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "A01_02": ("A01", "A02"),
        "B05_06": ("B05", "B06"),
        "B07_08": ("B07", "B08"),
        "C24": ("C24A", "C24B"),
        "C30": ("C301", "C302T309"),
        "A": ("A01", "A02", "A03"),
        "B": _MINING,
    }
)
SECTORS = (*GOODS, *JOINED)

_ACTIVITY: Mapping[str, str] = MappingProxyType(
    {
        "A01": "Crop and animal production",
        "A02": "Forestry",
        "B05": "Coal",
        "B06": "Oil and gas",
        "B07": "Metal ores",
        "B08": "Other mining and quarrying",
        "C24": "Basic metals",
        "C30": "Other transport equipment",
        "A": "Agriculture, forestry, fishing",
        "B": "Mining",
    }
)


# Named lists of goods that share products: what two of them cover together is not known.
_ANNEXES = ("annex-ii", "annex-ii-2025-11", "section-122-exemptions")
OVERLAPPING = (
    frozenset({*_ANNEXES, "generic-pharma"}),
    frozenset({*_ANNEXES, "copper"}),
    frozenset({"annex-ii-2025-11", "section-122-exemptions", "consumer-electronics"}),
    frozenset({"autos", "auto-parts"}),
    frozenset({"auto-parts", "consumer-electronics"}),
)


@dataclass(frozen=True)
class Code:
    """One row of a code table."""

    code: str
    name: str
    members: tuple[str, ...] = ()


def table(kind: str) -> tuple[Code, ...]:
    """A code table: sectors, countries, groups, authorities, goods, rules, units; raises KeyError on another name."""
    rows: tuple[Code, ...] = TABLES[kind]()
    return rows


def _sectors() -> tuple[Code, ...]:
    return tuple(Code(code, _ACTIVITY.get(code, words_names.sector(code)), JOINED.get(code, ())) for code in SECTORS)


def _goods() -> tuple[Code, ...]:
    from foederis import goods

    return tuple(Code(name, note) for name, note in sorted(goods.names().items()))


TABLES: Mapping[str, Any] = MappingProxyType(
    {
        "sectors": _sectors,
        "countries": lambda: tuple(Code(code, words_names.country(code)) for code in COUNTRIES),
        "groups": lambda: tuple(Code(name, GROUP_NOTES[name], members) for name, members in GROUPS.items()),
        "authorities": lambda: tuple(Code(code, words_names.authority(code)) for code in AUTHORITIES),
        "goods": _goods,
        "rules": lambda: tuple(Code(code, note) for code, note in RULES.items()),
        "units": lambda: tuple(Code(example, what) for example, what in UNITS.items()),
    }
)


def activities(code: str) -> tuple[str, ...]:
    """The goods activities that a sector code stands for; empty for a code that is none."""
    return (code,) if code in GOODS else JOINED.get(code, ())


def nearest(word: str, known: Iterable[str]) -> str:
    """ "did you mean 'C301'?", or nothing when no known word is near."""
    candidates = {k.lower(): k for k in known}
    near = get_close_matches(word[:60].lower(), candidates, n=1, cutoff=0.6)
    return f"did you mean {candidates[near[0]]!r}?" if near else ""


def country_by_name(word: str) -> str:
    """The code of an economy given by its English name; nothing when there is none."""
    for code in COUNTRIES:
        if words_names.COUNTRY[code].lower() == word.lower():
            return code
    return ""
