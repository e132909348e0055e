"""Build the embedded world from the raw data folder.

    python tools/build_world.py [--raw FOLDER] [--out FOLDER]

Raw data: FOEDERIS_RAW_DATA or ../shared/data. Writes world-icio2022.npz and its card world-icio2022.json into
src/foederis/data. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from _world_card import DECISIONS, SOURCES, WORDS
from _world_customs import Customs, collected_rates, scaled_block
from _world_elasticities import CARDS, DEFAULT, SERVICES_SOURCE, sets
from _world_flows import countries, flows, technology
from _world_raw import FOLDED, SECTORS, US, YEAR, Raw
from foederis.world import World
from foederis.world_balance import Balanced, cap_input_use
from foederis.world_file import fields_from

ROOT = Path(__file__).resolve().parents[1]
NAME = "icio2022"
TAIWAN = "TWN"


def macro(raw: Raw, labels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """GDP (billion USD) and population of 2022; ROW is unknown, Taiwan's GDP is the table's value added."""
    frame = raw.csv("macro/wdi_gdp_population_1995_2024.csv")
    frame = frame[(frame["year"] == YEAR) & frame["iso3"].notna()].set_index("iso3")
    gdp = frame["gdp_current_usd"].reindex(list(labels)).to_numpy(dtype=float) / 1e9
    people = frame["population"].reindex(list(labels)).to_numpy(dtype=float)
    table = raw.csv("macro/icio_output_value_added_2011_2022.csv").set_index(["iso3", "year"])
    flags = {labels[k]: "missing" for k in np.nonzero(np.isnan(gdp))[0]}
    gdp[labels.index(TAIWAN)] = table.loc[(TAIWAN, YEAR), "implied_value_added_musd"] / 1e3
    flags[TAIWAN] = "value added implied by the input-output table, not the World Bank"
    return gdp, people, flags


def balance_report(labels: tuple[str, ...], done: Balanced) -> dict[str, Any]:
    """What balancing removed, by country, million USD, largest first."""
    order = [int(k) for k in np.argsort(-done.negative_removed) if done.negative_removed[k] > 0]
    return {
        "negative_final_demand_musd": round(float(done.negative_removed.sum()), 3),
        "input_use_moved_musd": round(float(done.moved.sum()), 3),
        "to_value_added_musd": round(float(done.value_added_change.sum()), 3),
        "countries": len(order),
        "by_country": {
            labels[k]: {
                "negative_final_demand_musd": round(float(done.negative_removed[k]), 3),
                "input_use_moved_musd": round(float(done.moved[k]), 3),
                "products": int(done.cells[k]),
            }
            for k in order
        },
    }


def customs_report(labels: tuple[str, ...], flow: np.ndarray, customs: Customs) -> dict[str, Any]:
    """Levels before and after, factors, and what the limits on the factor left unmatched, by partner."""
    us = labels.index(US)
    before, after = flow[us, :, :-1].copy(), customs.block[:, :-1].copy()
    goal = customs.target[:, :-1].copy()
    before[us] = after[us] = goal[us] = 0.0
    rows = {}
    for n, code in enumerate(labels):
        if code != US:
            rows[code] = {
                "basis": customs.basis[code],
                "goods_icio_musd": round(float(before[n].sum()), 1),
                "goods_customs_musd": round(float(goal[n].sum()), 1),
                "goods_used_musd": round(float(after[n].sum()), 1),
                "services_icio_musd": round(float(flow[us, n, -1]), 1),
                "services_used_musd": round(float(customs.block[n, -1]), 1),
            }
    japan = labels.index("JPN")
    factors = {s: round(float(after[japan, k] / before[japan, k]), 3) for k, s in enumerate(SECTORS[:-1])}
    gap = np.abs(goal - after)
    limited = gap > 1e-6 * goal.max()
    widest = [np.unravel_index(int(k), gap.shape) for k in np.argsort(-gap, axis=None, kind="stable")[:12]]
    return {
        "total_icio_musd": round(float(before.sum()), 1),
        "total_customs_musd": round(float(goal.sum()), 1),
        "total_used_musd": round(float(after.sum()), 1),
        "cells_limited": int(limited.sum()),
        "limited_absolute_musd": round(float(gap.sum()), 1),
        "services_factor": round(float(customs.block[japan, -1] / flow[us, japan, -1]), 4),
        "factors_japan": factors,
        "widest_gaps_musd": [
            [labels[n], SECTORS[k], *(round(float(v[n, k]), 1) for v in (before, goal, after))] for n, k in widest
        ],
        "by_partner": rows,
    }


def assemble(raw: Raw) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the card."""
    labels = countries(raw)
    flow, merged_weight = flows(raw, labels)
    share, floor = technology(raw, labels, flow)
    customs = scaled_block(raw, labels, flow)
    us_tariff, rules, filled = collected_rates(raw, labels)
    theta = sets(raw)
    gdp, people, flags = macro(raw, labels)
    us = labels.index(US)
    stored = flow.astype(np.float32)
    us_block = customs.block.astype(np.float32)
    arrays: dict[str, np.ndarray] = {
        "countries": np.array(labels, dtype="S"),
        "sectors": np.array(SECTORS, dtype="S"),
        "flow_icio": stored,
        "us_flow_customs": us_block,
        "us_tariff": us_tariff.astype(np.float32),
        "elasticity_names": np.array(list(theta), dtype="S"),
        "elasticities": np.array(list(theta.values())),
        "gdp_usd_bn": gdp,
        "population": people,
    }
    balance = {}
    for variant in ("icio", "customs"):
        levels = stored.astype(float)
        if variant == "customs":
            levels[us] = us_block
        tariff = np.zeros_like(levels)
        tariff[us] = arrays["us_tariff"]
        done = cap_input_use(levels, tariff, share, labels)
        arrays[f"input_share_{variant}"] = done.input_share.astype(np.float32)
        balance[variant] = balance_report(labels, done)
    card = {
        "name": NAME,
        "vintage": WORDS["vintage"],
        "year": YEAR,
        "technology_year": 2020,
        "tariff_year": 2024,
        "what": WORDS["what"],
        "licence": WORDS["licence"],
        "folded_into_row": list(FOLDED),
        "merged_weight": {k: round(v, 6) for k, v in merged_weight.items()},
        "elasticity_default": DEFAULT,
        "elasticities": {k: {"citation": c, "convention": v} for k, (c, v) in CARDS.items()},
        "services_elasticity": SERVICES_SOURCE,
        "value_added_floor": floor,
        "us_tariff_rules": rules,
        "us_tariff_cells_filled": filled,
        "gdp_flags": flags,
        "population_missing": [labels[k] for k in np.nonzero(np.isnan(people))[0]],
        "customs": customs_report(labels, flow, customs),
        "balance": balance,
        "decisions": DECISIONS,
        "sources": [{**SOURCES[name], "file": name, "sha256": raw.sha256[name]} for name in sorted(raw.sha256)],
    }
    return arrays, card


def figures(arrays: dict[str, np.ndarray], card: dict[str, Any]) -> dict[str, Any]:
    """Headline figures and residuals of both variants, from the arrays as stored."""
    out = {}
    for variant in ("icio", "customs"):
        world = World(**fields_from(arrays, card, variant))
        us, jp = world.country(US), world.country("JPN")
        goods = slice(0, len(SECTORS) - 1)
        picked = ("USA", "CHN", "DEU", "JPN", "IND", "GBR", "FRA", "KOR", "TWN", "VNM")
        flow = world.flow[us, jp, goods]
        out[variant] = {
            "world_output_usd_tn": round(float(world.output.sum()) / 1e6, 3),
            "value_added_usd_tn": {c: round(float(world.value_added[world.country(c)]) / 1e6, 4) for c in picked},
            "japan_to_us_motor_vehicles_usd_bn": round(float(world.flow[us, jp, world.sector("C29")]) / 1e3, 2),
            "japan_to_us_goods_usd_bn": round(float(flow.sum()) / 1e3, 2),
            "us_goods_imports_usd_bn": round(
                float(world.flow[us].sum(axis=0)[goods].sum() - world.flow[us, us, goods].sum()) / 1e3, 1
            ),
            "us_deficit_usd_bn": round(float(world.deficit[us]) / 1e3, 1),
            "us_tariff_revenue_usd_bn": round(float(world.tariff_revenue[us]) / 1e3, 2),
            "us_rate_on_japan_pct": round(100 * float((world.tariff[us, jp, goods] * flow).sum() / flow.sum()), 3),
            "residuals": {k: float(f"{v:.2e}") for k, v in world.check().items()},
        }
    return out


def write(folder: Path, arrays: dict[str, np.ndarray], card: dict[str, Any]) -> int:
    """Write the arrays (deflated, fixed time stamps) and the card with the checksum; the size in bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key, value in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(value), allow_pickle=False)
            info = zipfile.ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    raw = buffer.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"world-{NAME}.npz").write_bytes(raw)
    card = {**card, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    (folder / f"world-{NAME}.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(raw)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("FOEDERIS_RAW_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--raw", type=Path, default=Path(default))
    parser.add_argument("--out", type=Path, default=ROOT / "src" / "foederis" / "data")
    options = parser.parse_args()
    arrays, card = assemble(Raw(options.raw))
    card["figures"] = figures(arrays, card)
    size = write(options.out, arrays, card)
    print(f"world-{NAME}.npz: {size / 1000:.0f} kB")
    print(json.dumps(card["figures"], indent=1))
    for variant, report in card["balance"].items():
        print(variant, {k: v for k, v in report.items() if k != "by_country"})
        for code, row in list(report["by_country"].items())[:12]:
            print("  ", code, row)
    print("customs", {k: v for k, v in card["customs"].items() if k != "by_partner"})
    for code in ("JPN", "KOR", "CHN", "DEU", "MEX", "CAN", "TWN", "VNM", "GBR"):
        print(code, card["customs"]["by_partner"][code])


if __name__ == "__main__":
    main()
