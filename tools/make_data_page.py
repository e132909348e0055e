"""Write docs/data.md from the cards of the shipped data, and the list of their checksums.

    python tools/make_data_page.py [--out FILE] [--check]

Run it after any change of a file in src/foederis/data: it also writes SHA256SUMS there, against which an installation
checks its files. --check writes nothing and fails when the page or the list on disk is not the one the cards give.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from _data_cards import sections
from foederis.world_file import read_raw
from foederis.world_report import CHECKSUMS

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "src" / "foederis" / "data"
MAIN = ("USA", "JPN", "CHN", "DEU", "KOR", "TWN", "VNM", "GBR", "FRA", "IND")
PARTNERS = ("JPN", "KOR", "CHN", "TWN", "VNM", "DEU", "GBR", "CAN", "MEX")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def figures(card: dict[str, Any]) -> str:
    """Headline figures of the two variants."""
    both = [card["figures"][v] for v in ("customs", "icio")]
    rows = [
        ("World gross output, tn USD", *(f["world_output_usd_tn"] for f in both)),
        *((f"Value added {c}, tn USD", *(f["value_added_usd_tn"][c] for f in both)) for c in MAIN),
        ("US goods imports, bn USD", *(f["us_goods_imports_usd_bn"] for f in both)),
        ("US trade deficit, bn USD", *(f["us_deficit_usd_bn"] for f in both)),
        ("US tariff revenue at 2024 rates, bn USD", *(f["us_tariff_revenue_usd_bn"] for f in both)),
        ("Japan to US, all goods, bn USD", *(f["japan_to_us_goods_usd_bn"] for f in both)),
        ("Japan to US, motor vehicles, bn USD", *(f["japan_to_us_motor_vehicles_usd_bn"] for f in both)),
        ("US rate on Japan's goods, per cent", *(f["us_rate_on_japan_pct"] for f in both)),
    ]
    return table(("", "customs values (default)", "table levels"), rows)


def residuals(card: dict[str, Any]) -> str:
    """Accounting identities, worst relative residual."""
    both = [card["figures"][v]["residuals"] for v in ("customs", "icio")]
    return table(("identity", "customs", "table"), [(k, f"{both[0][k]:.1e}", f"{both[1][k]:.1e}") for k in both[0]])


def balance(card: dict[str, Any]) -> str:
    """Negative final demand removed, the largest countries."""
    report = card["balance"]["customs"]
    rows = list(report["by_country"].items())[:12]
    total = report["negative_final_demand_musd"] / 1e3
    output = card["figures"]["customs"]["world_output_usd_tn"]
    cells = [
        (c, f"{r['negative_final_demand_musd'] / 1e3:.1f}", f"{r['input_use_moved_musd'] / 1e3:.1f}", r["products"])
        for c, r in rows
    ]
    text = (
        f"In all, {total:.0f} bn USD in {report['countries']} economies"
        f" ({total / 10 / output:.2f} % of world output),"
        f" of which {report['to_value_added_musd'] / 1e3:.1f} bn became value added. The largest:"
    )
    return (
        text
        + "\n\n"
        + table(("economy", "negative final demand, bn USD", "input use moved, bn USD", "products"), cells)
    )


def customs(card: dict[str, Any]) -> str:
    """Levels of the US import block for the main partners."""
    report = card["customs"]
    widest = report["widest_gaps_musd"]
    rows = []
    for code in PARTNERS:
        row = report["by_partner"][code]
        goods = [f"{row[f'goods_{k}_musd'] / 1e3:.1f}" for k in ("icio", "customs", "used")]
        services = [f"{row[f'services_{k}_musd'] / 1e3:.1f}" for k in ("icio", "used")]
        rows.append((code, row["basis"], *goods, *services))
    head = ("partner", "basis", "goods, table", "goods, customs", "goods, used", "services, table", "services, used")
    factors = ", ".join(f"{k} {v:g}" for k, v in report["factors_japan"].items())
    gaps = ", ".join(f"{c} {s} ({a / 1e3:.1f} to {b / 1e3:.1f}, used {u / 1e3:.1f})" for c, s, a, b, u in widest)
    basis: dict[str, list[str]] = {}
    for code, row in report["by_partner"].items():
        basis.setdefault(row["basis"], []).append(code)
    kinds = "\n".join(f"* {name}: {', '.join(codes)}" for name, codes in basis.items())
    return (
        f"bn USD. {report['cells_limited']} cells met a limit of the scale factor; together they are"
        f" {report['limited_absolute_musd'] / 1e3:.0f} bn USD off their customs value (of"
        f" {report['total_customs_musd'] / 1e3:.0f} bn). Services from all partners are scaled by"
        f" {report['services_factor']:g}.\n\n{table(head, rows)}\n\n"
        f"Widest gaps left (table to customs value): {gaps}.\n\nScale factors for Japan: {factors}.\n\nWhat the"
        f" 2022 customs value of a partner rests on:\n\n{kinds}\n\n"
        "`published`: monthly figures by NAICS-3. `EU remainder`: the EU-27 less the members published, divided as"
        " the table does. `bridged`: 2024 values taken back to 2022 with the change of all partners without monthly"
        " figures. `remainder`: what then remains of the world total, divided as the table does."
    )


def tariff_rules(card: dict[str, Any]) -> str:
    """By which rule each partner got its US rates."""
    rules: dict[str, list[str]] = {}
    for code, rule in card["us_tariff_rules"].items():
        rules.setdefault(rule, []).append(code)
    return "\n".join(f"* {rule} ({len(codes)}): {', '.join(codes)}" for rule, codes in rules.items())


def page(card: dict[str, Any]) -> str:
    """The whole page."""
    sources = table(
        ("file", "class", "publisher and licence", "edition", "used for", "sha256"),
        [
            (s["file"], s["class"], s["publisher"], s["edition"], s["used_for"], f"`{s['sha256'][:16]}`")
            for s in card["sources"]
        ],
    )
    elasticities = table(
        ("set", "source", "convention"),
        [(k, v["citation"], v["convention"]) for k, v in card["elasticities"].items()],
    )
    decisions = "\n".join(f"{k}. {text}" for k, text in enumerate(card["decisions"], 1))
    flags = "; ".join(f"{code}: {text}" for code, text in card["gdp_flags"].items())
    floor = card["value_added_floor"]
    return f"""# Data

Written by `tools/make_data_page.py` from the cards that travel with the data. Do not edit by hand. Licence classes: A
open licence or public domain; B published openly, shipped as derived tables with attribution (NOTICE). Nothing else is
shipped.

# The embedded world

**{card["name"]}**: {card["what"]}; {card["vintage"]}.
File: {card["bytes"] / 1000:.0f} kB, sha256 `{card["sha256"]}`; the checksum is verified at every load.

## Figures

{figures(card)}

## Accounting identities

Only flows, tariffs, input shares and elasticities are stored; the rest is derived, so the identities hold to rounding.

{residuals(card)}

## Decisions

{decisions}

## Negative final demand

{balance(card)}

{int(floor["cells"])} industries had value added raised to 1 % of output ({floor["value_added_musd"] / 1e3:.1f} bn USD).

## US imports at customs values

{customs(card)}

## US tariffs

Duty collected over customs value, 2024, by partner and sector
({card["us_tariff_cells_filled"]} cells filled by the rule below):

{tariff_rules(card)}

Where a partner sold nothing of a sector in 2024, the import-weighted rate of its group (partners that pay MFN, or those
with a free trade agreement) stands in. Tariffs of all other importers are zero unless a file is given:
`--tariffs FILE`, or `world.load(tariffs=...)`, a long table (importer, exporter, sector or
group, tariff as a fraction).

## Trade elasticities

Default: **{card["elasticity_default"]}**. {card["services_elasticity"]}.

{elasticities}

## GDP and population

{flags}. Population missing: {", ".join(card["population_missing"])}.

## Sources

Licence: {card["licence"]}.

{sources}

{sections(DATA)}
"""


def checksums() -> str:
    """SHA-256 of every data file in the usual two columns, which `sha256sum --check` also reads."""
    files = sorted(path for path in DATA.iterdir() if path.is_file() and path.name != CHECKSUMS)
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "data.md")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    made = {options.out: page(read_raw("icio2022")[1]), DATA / CHECKSUMS: checksums()}
    for path, text in made.items():
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            print(f"{path} is not what the data give; run python tools/make_data_page.py", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
