"""How goods divide over sectors: named carve-outs, product headings, and the parts of a joined sector.

The weights are US goods imports of 2024 by partner (US Census Bureau): share of a sector's imports from a partner that
a named list covers, the value of each four-digit heading by sector, and the value of each sector by partner. They are
used for every importer, because no product detail is shipped for the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from foederis.errors import DataError

EU27_CARD = "EU27"  # the source books the European Union as one partner


@cache
def card() -> Mapping[str, Any]:
    """The shipped table; raises DataError when it is missing or damaged."""
    try:
        text = resources.files("foederis").joinpath("data/goods-us2024.json").read_text(encoding="utf-8")
        found: Mapping[str, Any] = json.loads(text)
        return found
    except (OSError, ValueError) as error:
        raise DataError(f"the table of goods cannot be read ({error}); install foederis again") from None


def names() -> Mapping[str, str]:
    """Named carve-outs and what each is."""
    notes: Mapping[str, str] = card()["notes"]
    return notes


def sector_value(partner: str, sector: str, european: bool = False) -> float:
    """US imports of a sector from a partner in 2024, million USD; all partners together for one the table lacks."""
    table = card()["imports"]
    row = table.get(partner) or (table[EU27_CARD] if european else None)
    return float(row.get(sector, 0.0)) if row is not None else _all_partners().get(sector, 0.0)


def covered(name: str, partner: str, sector: str, european: bool = False) -> float:
    """Share (0..1) of a sector's imports from a partner that a named carve-out takes out.

    A partner the table lacks gets the average of all partners, weighted by their trade.
    """
    table, imports = card()["goods"][name], card()["imports"]
    key = partner if partner in imports else EU27_CARD if european else ""
    if key:
        return float(table.get(key, {}).get(sector, 0.0))
    whole = sum(row.get(sector, 0.0) for row in imports.values())
    part = sum(row.get(sector, 0.0) * table.get(who, {}).get(sector, 0.0) for who, row in imports.items())
    return part / whole if whole > 0 else 0.0


def headings(prefixes: Iterable[str]) -> dict[str, float]:
    """Share of each sector's imports under these Harmonized System chapters (2 digits) and headings (4 digits)."""
    chosen = tuple(prefixes)
    part: dict[str, float] = {}
    whole: dict[str, float] = {}
    for heading, row in card()["products"].items():
        for sector, value in row.items():
            whole[sector] = whole.get(sector, 0.0) + value
            if heading.startswith(chosen):
                part[sector] = part.get(sector, 0.0) + value
    return {sector: min(1.0, value / whole[sector]) for sector, value in part.items()}


def is_heading(prefix: str) -> bool:
    """Whether any imports of 2024 fall under a chapter or heading."""
    return any(heading.startswith(prefix) for heading in card()["products"])


@cache
def _all_partners() -> Mapping[str, float]:
    total: dict[str, float] = {}
    for row in card()["imports"].values():
        for sector, value in row.items():
            total[sector] = total.get(sector, 0.0) + value
    return total
