"""Build `src/foederis/data/goods-us2024.json`: how US goods imports of 2024 divide over products, sectors, partners.

    python tools/build_goods.py [--raw FOLDER] [--out FOLDER]

Sources (public domain): US Census imports for consumption 2024 by six-digit product and partner; the product lists
of the legal instruments. A list names eight- or ten-digit lines, the trade data stop at six digits: a six-digit
product counts as covered to the extent that its eight-digit tariff lines are listed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections import defaultdict
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
NAME = "goods-us2024.json"

# name: (product list, prefixes that a line must have, what it is)
LISTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "annex-ii": ("annex_ii_exemptions.csv", (), "EO 14257 annex II: medicines, lumber, copper, energy, minerals"),
    "consumer-electronics": (
        "consumer_electronics_eo14257_apr11.csv",
        (),
        "memorandum of 11 April 2025: phones, computers, chips",
    ),
    "annex-ii-2025-11": (
        "annex_ii_exemptions_nov14.csv",
        (),
        "annex II as revised by EO 14360 of 14 November 2025 (farm goods added)",
    ),
    "section-122-exemptions": (
        "section122_product_exemptions.csv",
        (),
        "Proclamation of 20 February 2026, exempt products",
    ),
    "generic-pharma": (
        "annex_ii_exemptions.csv",
        ("30",),
        "medicines on annex II; the list does not part generics from brands",
    ),
    "autos": ("auto_tariffs.csv", (), "Proclamation 10908: passenger vehicles, light trucks, parts"),
    "auto-parts": ("budgetlab_s232_auto_parts.txt", (), "Proclamation 10908: automobile parts"),
    "copper": ("copper_list.csv", (), "Proclamation 10962: semi-finished copper and derivatives"),
}
CIVIL_AIRCRAFT = (
    "880110 8802 8803 8805 8806 8807 840710 840910 841111 841112 841121 841122 841181 841182 841191".split()
)


def build(raw: Path) -> str:
    """The text of the table."""
    us = raw / "trade" / "us"
    trade = pd.read_parquet(us / "us_imports_2024_hs6.parquet")
    trade = trade[trade["sector"] != "OTH"]
    lines = _lines_by_product(us / "us_mfn_hs8_2025.csv")
    shares = {name: _share(us / "product_lists" / spec[0], spec[1], lines) for name, spec in LISTS.items()}
    shares["civil-aircraft"] = {p: 1.0 for p in trade["HS6"].unique() if p.startswith(tuple(CIVIL_AIRCRAFT))}
    notes = {name: spec[2] for name, spec in LISTS.items()}
    notes["civil-aircraft"] = (
        "aircraft, their parts and engines (chapter 88, turbines of 8411, aircraft engines of 8407)"
    )
    card = {
        "what": "US goods imports 2024, million USD: by partner and sector; by four-digit product and sector; "
        "share of named goods by partner and sector",
        "source": "US Census Bureau, imports for consumption 2024; Federal Register product lists (public domain)",
        "notes": notes,
        "imports": _by_partner(trade),
        "products": _by_product(trade),
        "goods": {name: _by_goods(trade, share) for name, share in shares.items()},
    }
    return json.dumps(card, indent=None, separators=(",", ":"), sort_keys=True) + "\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("FOEDERIS_RAW_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--raw", type=Path, default=Path(default))
    parser.add_argument("--out", type=Path, default=ROOT / "src" / "foederis" / "data")
    options = parser.parse_args()
    text = build(options.raw)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / NAME).write_text(text, encoding="utf-8")
    print(f"{NAME}: {len(text.encode()):,} bytes")


def _lines_by_product(path: Path) -> dict[str, int]:
    count: dict[str, int] = defaultdict(int)
    with path.open() as stream:
        for row in csv.DictReader(stream):
            count[row["hs8"].zfill(8)[:6]] += 1
    return dict(count)


def _share(path: Path, prefixes: tuple[str, ...], lines: dict[str, int]) -> dict[str, float]:
    """Six-digit product: share of its eight-digit lines on the list (an entry of 4 or 6 digits covers all of them)."""
    listed: dict[str, set[str]] = defaultdict(set)
    whole: set[str] = set()
    with path.open() as stream:
        for row in csv.reader(stream):
            code = row[0].strip()
            if not code.isdigit() or (prefixes and not code.startswith(prefixes)):
                continue
            if len(code) < 8:
                whole |= {product for product in lines if product.startswith(code)}
            else:
                listed[code[:6]].add(code[:8])
    share = {product: min(1.0, len(codes) / lines.get(product, len(codes))) for product, codes in listed.items()}
    return {**share, **dict.fromkeys(whole, 1.0)}


def _by_partner(trade: pd.DataFrame) -> dict[str, dict[str, float]]:
    table = trade.groupby(["iso3", "sector"])["customs_value_usd"].sum() / 1e6
    return _nested(table)


def _by_product(trade: pd.DataFrame) -> dict[str, dict[str, float]]:
    table = trade.assign(hs4=trade["HS6"].str[:4]).groupby(["hs4", "sector"])["customs_value_usd"].sum() / 1e6
    return _nested(table)


def _by_goods(trade: pd.DataFrame, share: dict[str, float]) -> dict[str, dict[str, float]]:
    value = trade["customs_value_usd"]
    part = (value * trade["HS6"].map(share).fillna(0.0)).groupby([trade["iso3"], trade["sector"]]).sum()
    whole = value.groupby([trade["iso3"], trade["sector"]]).sum()
    return _nested((part / whole.where(whole > 0)).fillna(0.0), 5)


def _nested(table: pd.Series, digits: int = 3) -> dict[str, dict[str, float]]:
    nested: dict[str, dict[str, float]] = defaultdict(dict)
    for (first, second), value in table.items():  # type: ignore[misc]
        if round(value, digits) > 0:
            nested[first][second] = round(float(value), digits)
    return dict(nested)


if __name__ == "__main__":
    main()
