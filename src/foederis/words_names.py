"""English names of the codes: economies, sectors, legal authorities, roles."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["AUTHORITY", "COUNTRY", "ROLE", "SECTOR", "authority", "country", "country_in_text", "role", "sector"]

COUNTRY: Mapping[str, str] = MappingProxyType(
    {
        "ARG": "Argentina",
        "AUS": "Australia",
        "AUT": "Austria",
        "BEL": "Belgium",
        "BGD": "Bangladesh",
        "BGR": "Bulgaria",
        "BLR": "Belarus",
        "BRA": "Brazil",
        "BRN": "Brunei",
        "CAN": "Canada",
        "CHE": "Switzerland",
        "CHL": "Chile",
        "CHN": "China",
        "CIV": "Côte d’Ivoire",
        "CMR": "Cameroon",
        "COL": "Colombia",
        "CRI": "Costa Rica",
        "CYP": "Cyprus",
        "CZE": "Czechia",
        "DEU": "Germany",
        "DNK": "Denmark",
        "EGY": "Egypt",
        "ESP": "Spain",
        "EST": "Estonia",
        "EU27": "European Union",
        "FIN": "Finland",
        "FRA": "France",
        "GBR": "United Kingdom",
        "GRC": "Greece",
        "HKG": "Hong Kong",
        "HRV": "Croatia",
        "HUN": "Hungary",
        "IDN": "Indonesia",
        "IND": "India",
        "IRL": "Ireland",
        "ISL": "Iceland",
        "ISR": "Israel",
        "ITA": "Italy",
        "JOR": "Jordan",
        "JPN": "Japan",
        "KAZ": "Kazakhstan",
        "KHM": "Cambodia",
        "KOR": "South Korea",
        "LAO": "Laos",
        "LTU": "Lithuania",
        "LUX": "Luxembourg",
        "LVA": "Latvia",
        "MAR": "Morocco",
        "MEX": "Mexico",
        "MLT": "Malta",
        "MMR": "Myanmar",
        "MYS": "Malaysia",
        "NGA": "Nigeria",
        "NLD": "Netherlands",
        "NOR": "Norway",
        "NZL": "New Zealand",
        "PAK": "Pakistan",
        "PER": "Peru",
        "PHL": "Philippines",
        "POL": "Poland",
        "PRT": "Portugal",
        "REU": "Rest of the European Union",
        "ROU": "Romania",
        "ROW": "Rest of world",
        "RUS": "Russia",
        "SAU": "Saudi Arabia",
        "SEN": "Senegal",
        "SGP": "Singapore",
        "SVK": "Slovakia",
        "SVN": "Slovenia",
        "SWE": "Sweden",
        "THA": "Thailand",
        "TUN": "Tunisia",
        "TUR": "Türkiye",
        "TWN": "Taiwan",
        "UKR": "Ukraine",
        "USA": "United States",
        "VNM": "Viet Nam",
        "ZAF": "South Africa",
    }
)

SECTOR: Mapping[str, str] = MappingProxyType(
    {
        "A01_02": "Farming and forestry",
        "A03": "Fishing",
        "B05_06": "Coal, oil and gas",
        "B07_08": "Ores and other mining",
        "B09": "Mining support",
        "C10T12": "Food, drink and tobacco",
        "C13T15": "Textiles and leather",
        "C16": "Wood products",
        "C17_18": "Paper and printing",
        "C19": "Refined petroleum",
        "C20": "Chemicals",
        "C21": "Pharmaceuticals",
        "C22": "Rubber and plastics",
        "C23": "Glass, cement, ceramics",
        "C24A": "Iron and steel",
        "C24B": "Non-ferrous metals",
        "C25": "Metal products",
        "C26": "Electronics and optics",
        "C27": "Electrical equipment",
        "C28": "Machinery",
        "C29": "Motor vehicles",
        "C301": "Ships and boats",
        "C302T309": "Aircraft, rail, other transport",
        "C31T33": "Furniture, other manufactures",
        "SERV": "Services",
    }
)

AUTHORITY: Mapping[str, str] = MappingProxyType(
    {
        "mfn": "Normal duty (2024, collected)",
        "s122": "Section 122 (balance of payments)",
        "s201": "Section 201 (safeguard)",
        "s232": "Section 232 (national security)",
        "s301": "Section 301 (unfair practices)",
        "s338": "Section 338 (discrimination)",
        "ieepa": "IEEPA (emergency powers)",
        "agreement": "Agreement",
        "retaliation": "Retaliation",
        "other": "Other",
    }
)

ROLE: Mapping[str, str] = MappingProxyType(
    {"coercer": "Coercer", "target": "Target", "rival": "Rival", "bystander": "Bystander"}
)


_WITH_ARTICLE = frozenset({"USA", "GBR", "NLD", "PHL", "ROW", "REU", "EU27"})


def country(code: str) -> str:
    """English name of an economy or region; the code itself where there is none (a user's own region)."""
    return COUNTRY.get(code, code)


def country_in_text(code: str) -> str:
    """English name of an economy as it stands inside a sentence: "the United States", "Japan"."""
    name = country(code)
    return f"the {name}" if code in _WITH_ARTICLE else name


def sector(code: str) -> str:
    """English name of a sector; the code itself where there is none (a user's own sector)."""
    return SECTOR.get(code, code)


def authority(code: str) -> str:
    """English name of a legal authority; the code itself where there is none."""
    return AUTHORITY.get(code, code)


def role(code: str) -> str:
    """English name of a role in a scenario; the code itself where there is none."""
    return ROLE.get(code, code)
