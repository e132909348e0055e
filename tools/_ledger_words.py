"""The words of the ledger: what each family of measures is, the legal references by date, and what is not known."""

from __future__ import annotations

from collections.abc import Iterable

DEALS = ("JPN", "EU27", "KOR", "CHE")

# family: (authority, name)
FAMILIES: dict[str, tuple[str, str]] = {
    "s201-solar": ("s201", "solar cells safeguard"),
    "s201-washers": ("s201", "washing machines safeguard"),
    "s232-steel-2018": ("s232", "steel duty of 2018"),
    "s232-aluminium-2018": ("s232", "aluminium duty of 2018"),
    "s232-metals": ("s232", "steel, aluminium and derivatives"),
    "s232-derivatives": ("s232", "further metal derivatives"),
    "s232-cars": ("s232", "cars and light trucks"),
    "s232-parts": ("s232", "car parts"),
    "s232-copper": ("s232", "copper and derivatives"),
    "s301-list-1": ("s301", "China list 1"),
    "s301-list-2": ("s301", "China list 2"),
    "s301-list-3": ("s301", "China list 3"),
    "s301-list-4a": ("s301", "China list 4A"),
    "s301-review": ("s301", "four-year review of the China lists"),
    "s301-review-2025": ("s301", "review of the China lists: chips and wafers"),
    "s301-review-2026": ("s301", "review of the China lists: batteries, graphite, magnets"),
    "s301-forced-labour": ("s301", "forced-labour duty"),
    "ieepa-fentanyl": ("ieepa", "fentanyl duty"),
    "ieepa-reciprocal": ("ieepa", "reciprocal duty"),
    "ieepa-brazil": ("ieepa", "duty on Brazil"),
    "ieepa-russia-oil": ("ieepa", "duty for Russian oil"),
    "s122-surcharge": ("s122", "balance-of-payments surcharge"),
    "brazil-2026": ("other", "further duty on Brazil, statute not named"),
    "canada-2026": ("other", "further duty on Canada, statute not named"),
}

COURT = "Supreme Court, 20 February 2026; EO Ending Certain Tariff Actions"
TRACKER = "partner totals of trade-war-redux-2025; no instrument named"
DOCKET = "dockets USTR-2026-0265, USTR-2026-0266"

# family: (from, partners or none for all, reference); the last that has begun and fits is meant. The last entry of a
# family with reference "end" names what ended it.
References = tuple[tuple[str, tuple[str, ...] | None, str], ...]
REFERENCES: dict[str, References] = {
    "s201-solar": (
        ("2018-02-07", None, "Proc. 9693"),
        ("2020-10-25", None, "Proc. 10101"),
        ("2022-02-07", None, "Proc. 10339"),
    ),
    "s201-washers": (("2018-02-07", None, "Proc. 9694"), ("2021-02-07", None, "Proc. 10133")),
    "s232-steel-2018": (
        ("2018-03-23", None, "Proc. 9705"),
        ("2018-06-01", ("CAN", "MEX", "EU27", "GBR"), "Proc. 9759"),
        ("2018-08-13", ("TUR",), "Proc. 9772"),
        ("2019-05-20", ("CAN", "MEX"), "Proc. 9894"),
        ("2019-05-21", ("TUR",), "Proc. 9886"),
        ("2022-01-01", ("EU27",), "Proc. 10328"),
        ("2022-04-01", ("JPN",), "Proc. 10356"),
        ("2022-06-01", ("GBR",), "Proc. 10406"),
    ),
    "s232-aluminium-2018": (
        ("2018-03-23", None, "Proc. 9704"),
        ("2018-05-01", ("KOR",), "Proc. 9739"),
        ("2018-06-01", ("CAN", "MEX", "EU27", "GBR", "BRA"), "Proc. 9758"),
        ("2019-05-20", ("CAN", "MEX"), "Proc. 9893"),
        ("2022-01-01", ("EU27",), "Proc. 10327"),
        ("2022-06-01", ("GBR",), "Proc. 10405"),
        ("2023-03-10", ("RUS",), "Proc. 10522"),
    ),
    "s301-list-1": (("2018-07-06", None, "83 FR 28710"),),
    "s301-list-2": (("2018-08-23", None, "83 FR 40823"),),
    "s301-list-3": (("2018-09-24", None, "83 FR 47974"), ("2019-05-10", None, "84 FR 20459")),
    "s301-list-4a": (("2019-09-01", None, "84 FR 43304"), ("2020-02-14", None, "85 FR 3741")),
    "s301-review": (("2024-09-27", None, "89 FR 76581"),),
    "s301-review-2025": (("2025-01-01", None, "89 FR 76581"),),
    "s301-review-2026": (("2026-01-01", None, "89 FR 76581"),),
    "s301-forced-labour": (("2026-07-24", None, DOCKET),),
    "s232-metals": (
        ("2025-03-12", None, "Proc. 10895, 10896"),
        ("2025-06-03", None, "Proc. 10947"),
        ("2026-04-06", None, "Proclamation of 2 April 2026"),
    ),
    "s232-derivatives": (
        ("2025-08-07", None, "Proc. 10947 and its inclusions"),
        ("2026-02-20", None, "list of the source"),
    ),
    "s232-cars": (
        ("2025-04-03", None, "Proc. 10908"),
        ("2025-06-30", ("GBR",), "EO 14309"),
        ("2025-08-01", ("EU27",), "EU framework agreement, 21 August 2025"),
        ("2025-09-16", ("JPN",), "EO 14345"),
        ("2025-11-01", ("KOR",), "90 FR 55964"),
    ),
    "s232-copper": (("2025-08-01", None, "Proc. 10962"), ("2026-04-06", None, "Proclamation of 2 April 2026")),
    "ieepa-fentanyl": (
        ("2025-02-04", ("CHN", "HKG"), "EO 14195"),
        ("2025-03-04", ("CHN", "HKG"), "EO 14228"),
        ("2025-03-04", ("CAN",), "EO 14193"),
        ("2025-03-04", ("MEX",), "EO 14194"),
        ("2025-08-01", ("CAN",), "EO 14325"),
        ("2025-11-01", ("CHN", "HKG"), "EO 14357"),
        ("2026-02-20", None, COURT),
    ),
    "ieepa-reciprocal": (
        ("2025-04-05", None, "EO 14257"),
        ("2025-04-08", ("CHN", "HKG"), "EO 14259"),
        ("2025-04-10", None, "EO 14266"),
        ("2025-04-11", None, "EO 14266; memorandum of 11 April 2025"),
        ("2025-05-12", ("CHN", "HKG"), "EO 14298"),
        ("2025-08-06", None, "EO 14326"),
        ("2025-08-07", ("JPN",), "EO 14345 (back to 7 August 2025)"),
        ("2025-08-07", ("CHN", "HKG"), "EO 14298"),
        ("2025-11-13", None, "EO 14360"),
        ("2025-11-13", ("CHN", "HKG"), "EO 14358, 14360"),
        ("2025-11-14", ("CHE",), "US-Switzerland statement"),
        ("2025-11-14", ("KOR",), "90 FR 55964"),
        ("2026-02-07", ("IND",), "order suspending EO 14329"),
        ("2026-02-20", None, COURT),
    ),
    "ieepa-brazil": (("2025-08-06", None, "EO 14323"), ("2025-11-13", None, "EO 14361"), ("2026-02-20", None, COURT)),
    "ieepa-russia-oil": (("2025-08-07", None, "EO 14329"), ("2026-02-07", None, "order suspending EO 14329")),
    "s122-surcharge": (
        ("2026-02-24", None, "Proclamation of 20 February 2026"),
        ("2026-04-06", None, "Proclamations of 20 February and 2 April 2026"),
        ("2026-07-24", None, "150 days ended"),
    ),
    "brazil-2026": (("2026-07-22", None, TRACKER),),
    "canada-2026": (("2026-08-19", None, TRACKER),),
}
REFERENCES["s232-parts"] = REFERENCES["s232-cars"]

NOTES = (
    "Rates are averages over goods by sector, weighted with US imports for consumption of 2024.",
    "Base: the duty collected in 2024. It holds what was in force then: safeguards, the steel and aluminium duties of"
    " 2018, the China lists. From 1 January 2025 those are parts of the base (`inside`) and are not added again; before"
    " that day they are dated measures on top of the base without them.",
    "Listed and collected differ (exclusions, quotas, preferences). Measures in force in 2024 are scaled, by partner"
    " and sector, to what was collected above the mean normal duty; earlier ones (steel of CAN, MEX, EU27, GBR, JPN)"
    " are as listed. The scale of 2024 is used for all years, and the normal duty of 2024 stands for all"
    " earlier years.",
    "The increments of section 232 from 12 March 2025 on are net of the 25 and 10 % that a partner already paid.",
    "Metals from 6 April 2026: the tiers of 50, 25 and 15 % are one rate of 50 % (GBR 25 %) on fewer goods.",
    "Car rates: the panel has no separate parts; cars and parts divide by headings 8703, 8704 against 8706 to 8708.",
    "Derivative articles pay section 232 on their metal content and the country rate on the rest: families with the"
    " ending -content hold what both cover together.",
    "Legal references: those of `actions` are from the raw list; others (safeguard steps, spells of the metal duties of"
    " 2018 by partner, EO 14228, 14259, 14323, 14325, 14361, the date of the Union's car rate) and their dates"
    " are compiled by hand from the legal texts as known, without a stored copy to check them against.",
    "The normal duty of goods under a 15 % ceiling is what the panel's totals imply, by sector.",
    "Canada and Mexico: the share outside USMCA is constant on each clock; in fact it fell through 2025. Section 232 on"
    " their goods is the panel's; what was collected on Canadian goods is lower still (see the checks of the ledger).",
    "Members of the European Union pay the Union's rates by sector; AUT, BEL, DEU, ESP, FRA, IRL, ITA, NLD and SWE (as"
    " far as monthly data name them) are averaged with their own imports by sector, the others with the Union's.",
    "Not quantified, because no list or weight is at hand: derivatives of February 2020 (Proc. 9980), the US-Japan"
    " agreement of 2020 (Proc. 9974), timber and furniture of October 2025 (Proc. 10976), heavy trucks and buses of"
    " November 2025 (Proc. 10984), chips of January 2026 (Proc. 11002), aircraft parts and other free goods of the"
    " deals beyond what the panel holds, the stay of section 301 exclusions, duty-free treatment of small parcels.",
    "Solar panels: bifacial ones were exempt for most of 2019 to 2024; the scale of 2024 holds part of it. The"
    " safeguard lapsed on 6 February 2026; the base keeps it. Washing machines: the rate within the quota.",
    "Four-year review of section 301: in the law clock only, the panel leaves it out; non-car batteries and other goods"
    " of January 2026 at the line level.",
    "After 6 April 2026 there are partner totals of the source (to 19 August 2026), no sectors. Rate classes and scope"
    " of the section 301 duty of 24 July 2026 are inferred from them; the ceiling net of the normal duty for Japan and"
    " what other partners were promised are inside the scope. A higher surcharge of 15 % under section 122 was"
    " announced; no notice that put it into force is known. Nothing after 19 August 2026 is known.",
    "Collected over the law of the month, June to November 2025: JPN 0.82 to 0.97, KOR 0.74 to 0.98, CHN 0.89 to 0.96,"
    " DEU 0.66 to 0.93, EU27 0.56 to 0.78, CAN 0.44 to 0.71. Due is not paid: goods on the water, claims"
    " and exclusions, quantities that leave taxed goods (weights here are of 2024), USMCA content of cars and"
    " metals, and late Union imports of medicines.",
    "20 February 2026 is the day of the judgment; collection of the IEEPA duties ended on 24 February 2026. Refunds are"
    " not modelled.",
)
PROVENANCE = {
    "us/us_tariff_by_partner_sector_date.csv": "panel of increments, 50 partners, 19 dates: trade-war-redux-2025 (MIT)"
    " with four corrections; Census values of 2024",
    "us/tracker_country_by_time.csv": "partner totals to 19 August 2026: trade-war-redux-2025 (MIT)",
    "us/us_tariff_actions_2018_2026.csv": "dated actions with legal reference",
    "us/us_imports_2024_hs6.parquet": "US Census Bureau, imports for consumption 2024 (public domain)",
    "us/us_imports_monthly_naics3_2013_2025.parquet": "US Census Bureau, imports by NAICS-3 (public domain)",
    "us/us_mfn_hs8_2025.csv": "USITC, tariff lines (public domain); conversion of Budget Lab at Yale (MIT)",
    "us/section301_china_lists_hs8.csv": "Federal Register (public domain); list of Budget Lab at Yale (MIT)",
    "us/product_lists/metals_annex_ia.csv": "Federal Register (public domain)",
    "us/product_lists/metals_annex_ib.csv": "Federal Register (public domain)",
    "us/product_lists/metals_annex_iii_temporary.csv": "Federal Register (public domain)",
    "us/product_lists/annex_ii_exemptions.csv": "EO 14257 annex II (public domain)",
    "us/product_lists/annex_ii_exemptions_nov14.csv": "EO 14360 (public domain)",
    "us/product_lists/consumer_electronics_eo14257_apr11.csv": "memorandum of 11 April 2025 (public domain)",
    "us/product_lists/reciprocal_tariffs_annex_i.csv": "EO 14257 annex I (public domain)",
    "us/product_lists/clean_august_7_tariffs.csv": "EO 14326 annex I (public domain)",
}


def references(family: str, partner: str) -> list[tuple[str, str]]:
    """The legal references of a family that hold for a partner, by date; a later one replaces one of the same day."""
    rows: Iterable[tuple[str, tuple[str, ...] | None, str]] = REFERENCES[family.removesuffix("-content")]
    mine: dict[str, str] = {}
    for day, partners, text in rows:
        if partners is None or partner in partners:
            mine[day] = text
    return sorted(mine.items())
