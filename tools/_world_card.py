"""The words of the card: what the world is, its sources with licences, and the decisions taken."""

from __future__ import annotations

from typing import Any

WORDS = {
    "vintage": "flows 2022, technology 2020, US tariffs collected in 2024, GDP and population 2022",
    "what": "77 regions (76 economies and the rest of the world) by 25 sectors (24 goods sectors and all services)",
    "licence": "derived, aggregated and rebalanced tables; attributions in NOTICE; see sources",
}

OECD = "OECD, Inter-Country Input-Output tables, CC BY 4.0"
CENSUS = "United States Census Bureau, public domain"
ARTICLES = "facts from published articles; cite the articles"
WORLD_BANK = "World Bank, World Development Indicators, CC BY 4.0"

SOURCES: dict[str, dict[str, Any]] = {
    "icio/icio_trade_2011_2022.parquet": {
        "publisher": OECD,
        "edition": "2025 edition, 2022",
        "class": "B",
        "used_for": "flows between economies and at home, 28 sectors",
    },
    "icio/io_coefficients_2020.parquet": {
        "publisher": OECD,
        "edition": "2023 edition, 2020",
        "class": "B",
        "used_for": "input shares, 45 industries",
    },
    "icio/io_shares_2020.csv": {
        "publisher": OECD,
        "edition": "2023 edition, 2020",
        "class": "B",
        "used_for": "country list, output weights of the service industries",
    },
    "us/us_imports_2024_hs6.parquet": {
        "publisher": CENSUS,
        "edition": "calendar 2024, imports for consumption",
        "class": "A",
        "used_for": "collected duty rates, product shares within NAICS-3",
    },
    "us/us_imports_monthly_naics3_2013_2025.parquet": {
        "publisher": CENSUS,
        "edition": "months of 2022 and 2024",
        "class": "A",
        "used_for": "customs values of 2022",
    },
    "elasticities/trade_elasticities_icio28.csv": {
        "publisher": ARTICLES,
        "edition": "see elasticities",
        "class": "A",
        "used_for": "trade elasticities by sector",
    },
    "elasticities/elasticity_by_horizon_blpn2023.csv": {
        "publisher": ARTICLES,
        "edition": "Boehm, Levchenko & Pandalai-Nayar (2023)",
        "class": "A",
        "used_for": "long-run trade elasticity",
    },
    "macro/wdi_gdp_population_1995_2024.csv": {
        "publisher": WORLD_BANK,
        "edition": "2022",
        "class": "A",
        "used_for": "GDP and population",
    },
    "macro/icio_output_value_added_2011_2022.csv": {
        "publisher": OECD,
        "edition": "2022",
        "class": "B",
        "used_for": "GDP of Taiwan, absent from the World Bank table",
    },
}

DECISIONS = [
    "Angola, the United Arab Emirates, the Democratic Republic of the Congo and Sao Tome have flows but no"
    " technology table; they are part of the rest of the world.",
    "Services, utilities and construction are one sector in the flows. Their 23 technology rows are summed and"
    " their columns averaged with output weights.",
    "Basic metals (C24) and other transport (C30) are one industry each in the technology and two in the flows."
    " Both parts use the same inputs; purchases of them divide as the country's total purchases do.",
    "Value-added shares that the source set to zero (negative in the year of the pandemic) are raised to 1 %,"
    " inputs scaled down in proportion.",
    "US imports at customs values: each goods cell is set to the 2022 customs value, but scaled by no less than"
    " 0.25 and no more than 4; beyond that the two sources classify differently and scaling would invent an"
    " industry. Services imports make room by one factor for all partners, because the table books trade and"
    " transport margins as services: total US imports and the US deficit stay those of the table. Domestic sales"
    " and all other flows stay; output, expenditure and value added follow from the flows.",
    "Customs values outside the sectors (scrap, used and returned goods, special provisions) are not assigned."
    " Mining support (B09) is no customs good and stays at the level of the table.",
    "2020 technology on 2022 flows asks for more of some products than a country buys. The use table of that"
    " country is moved as little as possible, column sums (value added by industry) kept, until final demand of"
    " every product is positive. Flows are not touched; what was moved is listed below by economy.",
    "US tariffs are duty collected over customs value in 2024 by partner and sector. They include duties then in"
    " force under sections 232 and 301. EU members share the rates of the EU-27.",
    "Tariffs of other importers: no source that may be shipped was found; they are zero. A tariff file can be"
    " given at loading. Results that turn on other countries' tariffs should not be read without one.",
    "Taiwan's GDP is value added implied by the input-output table; Taiwan's population is missing (not a"
    " number). The rest of the world has neither.",
    "Published elasticities are taken as the trade elasticity theta unless the source is read as an elasticity of"
    " tariff-exclusive flows (theta + 1), which is converted and refused where theta would not be positive. One-"
    " year responses never enter.",
]
