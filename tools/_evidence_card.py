"""Sources and decisions of the tidy evidence, for its card."""

SOURCES = [
    {"key": "wdi", "class": "A", "publisher": "World Bank, World Development Indicators, MS.MIL.XPND.GD.ZS",
     "licence": "CC BY 4.0", "used_for": "military expenditure, % of GDP, 1960-2022"},
    {"key": "sipri", "class": "B", "publisher": "SIPRI Military Expenditure Database, 2025 release",
     "licence": "single figures quoted as public record with attribution; the database is not shipped",
     "used_for": "military expenditure, % of GDP, 2023 and 2024, focal states"},
    {"key": "sipri-arms", "class": "B", "publisher": "SIPRI Arms Transfers Database",
     "licence": "derived shares with attribution; the register is not shipped",
     "used_for": "share of the United States in five years of arms deliveries"},
    {"key": "wdi-gdp", "class": "A", "publisher": "World Bank, World Development Indicators, GDP",
     "licence": "CC BY 4.0", "used_for": "growth of GDP at constant prices"},
    {"key": "troops", "class": "A", "publisher": "United States Department of Defense, compiled by Allen, Flynn &"
     " Machain", "licence": "public domain", "used_for": "United States forces by host"},
    {"key": "gpr", "class": "A", "publisher": "Caldara & Iacoviello (2022), geopolitical risk by country",
     "licence": "free with citation", "used_for": "threat"},
    {"key": "nmc", "class": "A", "publisher": "Correlates of War, National Material Capabilities 7.0",
     "licence": "free with citation", "used_for": "composite capability (cinc)"},
    {"key": "unga", "class": "A", "publisher": "Bailey, Strezhnev & Voeten, ideal points in the UN General Assembly,"
     " July 2025", "licence": "free with citation", "used_for": "distances to the United States and China"},
    {"key": "atop", "class": "A", "publisher": "ATOP 5.1, Leeds, Ritter, Mitchell & Long (2002)",
     "licence": "free with citation", "used_for": "defence obligation of the United States, to 2018"},
    {
        "key": "icio",
        "class": "B",
        "publisher": "OECD, Inter-Country Input-Output tables, 2025 edition; shares derived",
        "licence": "CC BY 4.0",
        "used_for": "shares of the United States and China in exports, 2011-2022",
    },
    {"key": "pew", "class": "A", "publisher": "Pew Research Center, Global Attitudes microdata as harmonised by C."
     " Grasland; shares derived", "licence": "free with attribution; Pew bears no responsibility for the analysis",
     "used_for": "favourable views of the United States and China, 2002-2023"},
    {"key": "pew-538", "class": "A", "publisher": "Pew Research Center via FiveThirtyEight",
     "licence": "CC BY 4.0", "used_for": "confidence in the president, 2001-2017"},
    {"key": "polls", "class": "A", "publisher": "Single published figures of pollsters, with the page of each",
     "licence": "facts of public record", "used_for": "trust, relations, affinity, confidence"},
    {"key": "iseas", "class": "A", "publisher": "ISEAS - Yusof Ishak Institute, State of Southeast Asia, as quoted on"
     " the page of each row", "licence": "facts of public record", "used_for": "choice between the powers"},
    {"key": "ties", "class": "A", "publisher": "TIES 4.1: Morgan, Bapat & Kobayashi (2014)",
     "licence": "free with citation", "used_for": "threats and sanctions of the United States, 18 partners, decoded"},
    {"key": "census", "class": "A", "publisher": "United States Census Bureau, imports for consumption",
     "licence": "public domain", "used_for": "imports and duties by partner, NAICS-3 and month, 2013-2025"},
]  # fmt: skip
DECISIONS = [
    "A row of 2025 or later carries `holdout`; `held_for` names the tests whose window it lies in (A from 2017, B from"
    " 2025, D from 1990 for coercion cases). Test C leaves out one ally and is marked when it is read.",
    "Military expenditure is from the World Bank to 2022. 2023 and 2024 are single figures of SIPRI for the states"
    " listed; the full tables are not shipped. Germany before 1991 is the west.",
    "Polls without a printed number of respondents are taken as 1000 (`assumed_n`), ISEAS as 150. Pew carries the"
    " effective number. The Cabinet Office changed from interviews to mail in 2020: two offset groups.",
    "Where the fieldwork month is not printed the pollster's usual month stands (Pew April, Yomiuri November).",
    "ATOP ends in 2018; later years of `us_defence_pact` are empty, not carried on.",
    "The table `event` is not stored twice: it is read from acts-usa-jpn.",
    "Aggregates (world, European Union, USMCA) and the line of all goods are left out of the imports; so are cells"
    " without imports. Some partners end in March 2025.",
    "Trade-policy uncertainty, elite trust and the price of promises have no row: no source was found.",
]
