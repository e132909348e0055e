"""Build the ledger of US tariff measures from the raw data folder.

    python tools/build_ledger.py [--raw FOLDER] [--out FOLDER]

Raw data: FOEDERIS_RAW_DATA or ../shared/data. Writes ledger-us.json into src/foederis/data: one measure a line, after
a line with the checksum of all that follows it. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import _ledger_after as after
import _ledger_history as history
import _ledger_pools as pools
import _ledger_usmca as usmca
import _ledger_words as words
from _ledger_lists import Lists
from _ledger_panel import DATES, Panel, Split, split
from _ledger_tracks import CLOCK_NOTES, Cover, Segment, Track, emergency, section232, segments, surcharge, within_scope
from _world_raw import EU27, MERGED
from foederis.published.real_2025 import CONCORDANCE

ROOT = Path(__file__).resolve().parents[1]
NAME = "ledger-us.json"
TOLERANCE = 1e-6  # of a rate: a segment goes on while it would not change by 0.0001 points
DIGITS = 8
UNION = "EU27"
LAST_KNOWN = "2026-08-19"


@dataclass(frozen=True)
class Inputs:
    """What every step reads."""

    raw: Path
    panel: Panel
    lists: Lists
    splits: dict[str, Split]
    totals: dict[str, dict[str, float]]
    listed: tuple[np.ndarray, np.ndarray]  # share outside the reciprocal rate in spring and November [partner, sector]
    outside: dict[str, np.ndarray]  # share that did not claim USMCA

    @classmethod
    def read(cls, raw: Path) -> Inputs:
        """Read the raw folder and split the panel, economies outside it included."""
        us = raw / "trade" / "us"
        panel = Panel.read(str(us / "us_tariff_by_partner_sector_date.csv"))
        lists = Lists.read(us, panel.partners, panel.sectors)
        splits = {p: split(panel, p, lists.tier_rate(p)) for p in panel.partners}
        april = named_rates(us / "product_lists" / "reciprocal_tariffs_annex_i.csv")
        august = named_rates(us / "product_lists" / "clean_august_7_tariffs.csv")
        splits |= pools.pools(panel, splits, april, august)
        codes = lists.codes
        spring, late = (
            lists.coverage([*codes(name), *codes("consumer_electronics_eo14257_apr11")])
            for name in ("annex_ii_exemptions", "annex_ii_exemptions_nov14")
        )
        outside = usmca.outside(us / "us_imports_monthly_naics3_2013_2025.parquet", panel.sectors)
        totals = after.totals(us / "tracker_country_by_time.csv")
        return cls(us, panel, lists, splits, totals, (spring, late), outside)

    def exempt(self, code: str) -> tuple[np.ndarray, np.ndarray]:
        """What the lists take out of the reciprocal rate, spring and November 2025; a pool: its mean."""
        names = self.members(code) or tuple(p for p in self.panel.partners if p not in pools.OWN_TERMS)
        rows = [self.panel.partners.index(p) for p in names]
        spring, late = (pools.mean(table[rows], self.panel.weight[rows]) for table in self.listed)
        return spring, late

    def weight(self, code: str) -> np.ndarray:
        """Imports of 2024 by sector that stand for an economy."""
        return self.panel.weight[[self.panel.partners.index(p) for p in self.members(code)]].sum(axis=0)

    def members(self, code: str) -> tuple[str, ...]:
        """The partners of the panel behind an economy."""
        return (code,) if code in self.panel.partners else pools.INSIDE_ROW if code == "ROW" else ()


def named_rates(path: Path) -> dict[str, float]:
    """Rates by lower-case country name, as fractions."""
    with path.open(encoding="utf-8") as stream:
        return {row[0].strip().lower(): float(row[1]) / 100 for row in csv.reader(stream) if row[1][:1].isdigit()}


def tracks(inputs: Inputs, code: str, clock: str) -> list[Track]:
    """Every track of one economy from 2025 on."""
    found = inputs.splits[code]
    cover = Cover(found, vehicle_share(inputs, code), *inputs.exempt(code), inputs.outside.get(code))
    every = [*section232(cover, clock), *emergency(cover, clock), *surcharge(cover, clock)]
    members = inputs.members(code)
    if code in pools.COLUMN_2:
        every = [t for t in every if t.authority != "ieepa"]
    if members:
        totals = {p: inputs.totals[p] for p in members}
        weights = {p: float(inputs.weight(p).sum()) for p in members}
        every += after.tracks(cover, clock, inputs.weight(code), after.pooled_totals(weights, totals))
    return [part for track in every for part in within_scope(track)]


def vehicle_share(inputs: Inputs, code: str) -> float:
    """Share of finished vehicles in cars and parts; economies outside the panel: the mean of its partners."""
    members = inputs.members(code) or tuple(p for p in inputs.panel.partners if p not in pools.OWN_TERMS)
    weight = [inputs.weight(p)[inputs.panel.sectors.index("C29")] for p in members]
    share = [inputs.lists.vehicle_share(p) for p in members]
    return float(np.average(share, weights=weight)) if sum(weight) > 0 else 0.0


def record(track: Track, part: Segment, sectors: tuple[str, ...]) -> dict[str, Any]:
    """One measure as plain values, all but its clock."""
    out: dict[str, Any] = {"family": track.family, "partner": track.partner, "start": part.start, "end": part.end}
    out["coverage"] = by_sector(np.minimum(part.coverage, 1.0), sectors)
    out["rate"] = [[day, round(rate, DIGITS)] for day, rate in part.rate]
    out["rule"] = [list(step) for step in part.rule]
    if part.normal is not None:
        kept = np.where(part.coverage > 0, part.normal, 0.0)
        out["normal"] = {s: round(float(v), DIGITS) for s, v in zip(sectors, kept, strict=True) if s in out["coverage"]}
    if track.yields_to:
        out["yields_to"] = list(track.yields_to)
    if track.note:
        out["note"] = track.note
    return out


def by_sector(values: np.ndarray, sectors: tuple[str, ...], digits: int = DIGITS) -> dict[str, float]:
    """What is not zero, by sector."""
    rounded = np.round(values, digits)
    return {s: float(v) for s, v in zip(sectors, rounded, strict=True) if v > 0}


def modern(inputs: Inputs) -> Iterator[dict[str, Any]]:
    """Measures since 2025; those alike on both clocks once."""
    for code in inputs.splits:
        by_clock = {}
        for clock in ("panel", "law"):
            found = tracks(inputs, code, clock)
            rows = [record(t, s, inputs.panel.sectors) for t in found for s in segments(t, TOLERANCE)]
            by_clock[clock] = {json.dumps(row, sort_keys=True): row for row in rows if row["coverage"]}
        for key, row in by_clock["panel"].items():
            yield {**row, "clock": "both" if key in by_clock["law"] else "panel"}
        for key, row in by_clock["law"].items():
            if key not in by_clock["panel"]:
                yield {**row, "clock": "law"}


def plain(measure: history.Old, sectors: tuple[str, ...], clock: str) -> dict[str, Any]:
    """A measure of before 2025 as plain values."""
    coverage = by_sector(measure.coverage, sectors)
    rate = [list(step) for step in measure.rate]
    kept = {"family": measure.family, "partner": measure.partner, "start": measure.start, "end": measure.end}
    return {**kept, "coverage": coverage, "rate": rate, "rule": [[measure.start, "add"]], "clock": clock}


def card(inputs: Inputs, inside: dict[str, dict[str, np.ndarray]], raw: Path) -> dict[str, Any]:
    """Everything but the measures."""
    panel, sectors = inputs.panel, inputs.panel.sectors
    union = {p: [p] for p in EU27}
    shares = {group: tuple({MERGED.get(s, s): 0 for s in parts}) for group, parts in CONCORDANCE.items()}
    weights = {p: by_sector(panel.weight[k] / 1e6, sectors, 3) for k, p in enumerate(panel.partners)}
    own = history.member_weights(inputs.lists, inputs.raw, shares, union)
    weights |= {code: by_sector(row, sectors, 3) for code, row in own.items()}
    weights["ROW"] = by_sector(inputs.weight("ROW") / 1e6, sectors, 3)
    base = {p: by_sector(panel.base[k], sectors) for k, p in enumerate(panel.partners)}
    rows = [panel.partners.index(p) for p in pools.INSIDE_ROW]
    whole = panel.weight[rows].sum(axis=0)
    mean = (panel.base[rows] * panel.weight[rows]).sum(axis=0) / np.where(whole > 0, whole, 1.0)
    base["ROW"] = by_sector(mean, sectors)
    with (inputs.raw / "us_tariff_actions_2018_2026.csv").open(encoding="utf-8") as stream:
        actions = list(csv.DictReader(stream))
    return {
        "what": "US tariff measures on 50 partners, 2018 to 2026, by legal authority, with scope by sector",
        "vintage": f"law known to {LAST_KNOWN}; scope and weights: US imports for consumption of 2024",
        "last_known": LAST_KNOWN,
        "base_year": 2024,
        "licence": "derived from public-domain data of the United States and MIT-licensed lists; see sources",
        "sources": [{"file": n, "what": t, "sha256": digest(raw / "trade" / n)} for n, t in words.PROVENANCE.items()],
        "notes": list(words.NOTES),
        "clock_notes": list(CLOCK_NOTES),
        "partners": list(panel.partners),
        "union": {UNION: list(EU27)},
        "economies": sorted({*EU27, *inputs.splits} - {UNION, *pools.INSIDE_ROW}),
        "regions": {code: pools.RULES[pools.rule_of(code)] for code in inputs.splits if code not in panel.partners},
        "sectors": list(sectors),
        "panel_dates": DATES,
        "families": {f: {"authority": a, "name": n} for f, (a, n) in words.FAMILIES.items()},
        "references": references(inputs),
        "weights": weights,
        "base": base,
        "inside": {p: {a: by_sector(v, sectors) for a, v in parts.items()} for p, parts in inside.items() if parts},
        "actions": actions,
    }


def references(inputs: Inputs) -> dict[str, dict[str, list[list[str]]]]:
    """Legal references by family: under "" for every partner, under a code where the partner differs."""
    out: dict[str, dict[str, list[list[str]]]] = {}
    for family in words.FAMILIES:
        usual = [list(step) for step in words.references(family, "")]
        out[family] = {"": usual}
        for code in inputs.panel.partners:
            mine = [list(step) for step in words.references(family, code)]
            if mine != usual:
                out[family][code] = mine
    return out


def digest(path: Path) -> str:
    """Checksum of a raw file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def text_of(head: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """The file: its checksum, then every key of the card on a line of its own, then one measure a line."""
    lines = [f"{json.dumps(key)}: {compact(value)}," for key, value in head.items()]
    body = ",\n".join(compact(row) for row in rows)
    rest = "\n".join([*lines, '"measures": [', body, "]}"]) + "\n"
    return f'{{"sha256": "{hashlib.sha256(rest.encode()).hexdigest()}",\n{rest}'


def compact(value: Any) -> str:
    """JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def build(raw: Path) -> str:
    """The text of the ledger."""
    inputs = Inputs.read(raw)
    sectors = inputs.panel.sectors
    old, later, inside = history.measures(inputs.lists, inputs.panel)
    rows = [plain(m, sectors, "before") for m in old] + [plain(m, sectors, "law") for m in later]
    rows = [row for row in rows if row["coverage"]] + list(modern(inputs))
    rows.sort(key=lambda r: (r["partner"], r["family"], r["start"], r["clock"]))
    return text_of(card(inputs, inside, raw), rows)


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
    print(f"{NAME}: {len(text.encode()) / 1000:.0f} kB, {text.count('family')} measures")


if __name__ == "__main__":
    main()
