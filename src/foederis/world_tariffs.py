"""A user's tariffs: a long table read onto the labels of a world, every fault named.

Columns: `importer`, `exporter`, `tariff` (a fraction: 0.05 = 5 %) and one of

* `sector`: codes of the world (C29) or of the 28-sector table behind it (A01, A02, B05 ... are averaged with world
  trade as weights);
* `group`: the 15 tariff groups of the Global Tariff Database (a number from 1 to 15).

A `year` column is allowed: the latest year up to the world's year counts. A pair that the file leaves out of an
importer's rows pays nothing; an importer that the file leaves out keeps what the world has.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis.world_rows import Faults, faults_of, read_frame

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray
US = "USA"
HIGHEST = 100.0  # a fraction above this (10,000 %) is a mistake of units
GROUPS: Mapping[int, tuple[str, ...]] = {
    1: ("A01_02", "A03"),
    2: ("B05_06", "B07_08", "B09"),
    3: ("C10T12",),
    4: ("C13T15",),
    5: ("C16", "C17_18"),
    6: ("C19",),
    7: ("C20", "C21"),
    8: ("C22", "C23"),
    9: ("C24A", "C24B"),
    10: ("C25",),
    11: ("C26",),
    12: ("C27",),
    13: ("C28",),
    14: ("C29", "C301", "C302T309"),
    15: ("C31T33",),
}
MERGED = {"A01": "A01_02", "A02": "A01_02", "B05": "B05_06", "B06": "B05_06", "B07": "B07_08", "B08": "B07_08"}


def merged(
    path: Path,
    countries: tuple[str, ...],
    sectors: tuple[str, ...],
    base: Array,
    card: Mapping[str, Any],
    us_tariffs: str,
) -> tuple[Array, dict[str, Any]]:
    """The base tariffs with the file's in their place [importer, exporter, sector], and what was read.

    Raises TableError (a DataError) listing every fault of the file.
    """
    import pandas as pd

    frame = read_frame(path)
    faults = faults_of(path)
    by_group = "group" in frame.columns and "sector" not in frame.columns
    faults.require_columns(frame, ("importer", "exporter", "tariff", "group" if by_group else "sector"))
    frame, year = _latest_year(frame, int(card["year"]), faults)
    folded = set(card["folded_into_row"])
    keep = ~(frame["importer"].isin(folded) | frame["exporter"].isin(folded))
    dropped = int((~keep).sum())
    frame = frame[keep]
    for column in ("importer", "exporter"):
        faults.require_known(frame, column, countries, "countries of the world")
    cells = _long(frame, by_group, sectors, card["merged_weight"], faults)
    faults.require_number(frame, "tariff", 0.0, HIGHEST, "a fraction, 0.05 for 5 %")
    frame = frame.assign(tariff=pd.to_numeric(frame["tariff"], errors="coerce"))
    key = "group" if by_group else "sector"
    faults.require_unique(frame, ["importer", "exporter", key])
    _require_free_home(frame, faults)
    faults.raise_if_any()
    rate = _dense(cells, countries, sectors)
    given = sorted(set(frame["importer"]) - ({US} if us_tariffs == "collected" else set()))
    out = base.copy()
    rows = [countries.index(code) for code in given]
    out[rows] = rate[rows]
    report = {
        "file": path.name,
        "year": year,
        "importers": given,
        "importers_without_rates": sorted(set(countries) - set(given) - {US}),
        "us_tariffs": us_tariffs,
        "rows_of_folded_economies_ignored": dropped,
    }
    return out, report


def _latest_year(frame: pd.DataFrame, world_year: int, faults: Faults) -> tuple[pd.DataFrame, int | None]:
    """Rows of the latest year not after the world's."""
    if "year" not in frame.columns:
        return frame, None
    faults.require_number(frame, "year", 1900, 2200, "a calendar year")
    faults.raise_if_any()
    years = frame["year"].astype(int)
    past = years[years <= world_year]
    if past.empty:
        faults.add(0, "year", f"all years are after {world_year}", "give rates of that year or an earlier one")
        faults.raise_if_any()
    latest = int(past.max())
    return frame[years == latest], latest


def _long(
    frame: pd.DataFrame, by_group: bool, sectors: tuple[str, ...], weight: Mapping[str, float], faults: Faults
) -> pd.DataFrame:
    """One row per cell of the world, with the weight of the row in it."""
    import pandas as pd

    if by_group:
        faults.require_known(frame, "group", tuple(GROUPS), "tariff groups")
        table = [(g, s, 1.0) for g, members in GROUPS.items() for s in members]
        return frame.merge(pd.DataFrame(table, columns=["group", "target", "weight"]), on="group")
    faults.require_known(frame, "sector", (*sectors, *MERGED), "sectors of the world or of the 28-sector table")
    table28 = [(s, MERGED.get(s, s), weight.get(s, 1.0)) for s in (*sectors, *MERGED)]
    joined = frame.merge(pd.DataFrame(table28, columns=["sector", "target", "weight"]), on="sector")
    part = joined["sector"].isin(MERGED)
    kinds = part.groupby([joined["importer"], joined["exporter"], joined["target"]]).transform("nunique")
    for code in sorted(set(joined.loc[kinds > 1, "target"])):
        faults.add(0, "sector", f"{code} is given both merged and in parts", "give either the merged code or its parts")
    return joined


def _dense(cells: pd.DataFrame, countries: tuple[str, ...], sectors: tuple[str, ...]) -> Array:
    """Rates on the world's labels: weighted by the parts given."""
    import pandas as pd

    rate = np.zeros((len(countries), len(countries), len(sectors)))
    if cells.empty:
        return rate
    at = tuple(
        pd.Categorical(cells[column], categories=list(labels)).codes.astype(int)
        for column, labels in (("importer", countries), ("exporter", countries), ("target", sectors))
    )
    np.add.at(rate, at, cells["tariff"].to_numpy(dtype=float) * cells["weight"].to_numpy(dtype=float))
    return rate


def _require_free_home(frame: pd.DataFrame, faults: Faults) -> None:
    """A country does not tax its own sales."""
    home = frame[(frame["importer"] == frame["exporter"]) & (frame["tariff"] != 0)]
    for row in home.index:
        faults.add(
            int(row), "tariff", f"{frame.loc[row, 'importer']} taxes its own sales", "leave domestic rows out or at 0"
        )
