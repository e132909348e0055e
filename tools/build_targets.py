"""Build the target data that the package ships, from the raw data folder.

    python tools/build_targets.py [--raw FOLDER] [--out FOLDER]

Raw data: FOEDERIS_RAW_DATA or ../shared/data. Writes targets-liberation-day and targets-real-2025 (.npz with a .json
card each) into src/foederis/data. The same input gives the same bytes.
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
import pandas as pd

from foederis.published.real_2025 import CONCORDANCE, MONTHS, PARTNERS, WINDOW_DAYS

ROOT = Path(__file__).resolve().parents[1]
TWO_DECIMALS = ("welfare", "employment", "USTR", "optimal", "optimal retaliation", "reciprocal retaliation")
ICIO_JOINED = {"A01": "A01_02", "A02": "A01_02", "B05": "B05_06", "B06": "B05_06", "B07": "B07_08", "B08": "B07_08"}


def write(folder: Path, name: str, arrays: dict[str, np.ndarray], card: dict[str, Any]) -> None:
    """Write the arrays (deflated, fixed time stamps) and the card with the checksum."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key, value in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(value), allow_pickle=False)
            info = zipfile.ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    raw = buffer.getvalue()
    (folder / f"targets-{name}.npz").write_bytes(raw)
    card = {**card, "sha256": hashlib.sha256(raw).hexdigest()}
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (folder / f"targets-{name}.json").write_text(text, encoding="utf-8")
    print(f"{name}: {len(raw) / 1000:.0f} kB, {', '.join(f'{k} {v.shape}' for k, v in arrays.items())}")


def text_array(values: Any) -> np.ndarray:
    """Labels as fixed-width ASCII, which needs no pickle."""
    return np.array([str(v) for v in values], dtype="S")


def printed_decimals(table: int, unit: str, outcome: str) -> int:
    """Digits after the point in the article: two for welfare, employment and revenue, one elsewhere (one exception)."""
    if table == 10 and unit == "non-US" and outcome == "imports_gdp":
        return 2
    return 2 if outcome in TWO_DECIMALS else 1


def liberation_day(raw: Path, out: Path) -> None:
    """Trade matrix, GDP, announced US rates, and the printed tables."""
    source = raw / "trade" / "targets" / "liberation_day"
    countries = pd.read_csv(source / "countries.csv", keep_default_na=False)
    trade = pd.read_parquet(source / "baci_totals_2023.parquet")
    position = {code: k for k, code in enumerate(countries.iso3)}
    n = len(position)
    flow = np.zeros((n, n))
    flow[trade.importer.map(position).astype(int), trade.exporter.map(position).astype(int)] = trade.value_kusd
    np.fill_diagonal(flow, 0.0)
    tables = pd.read_csv(source / "published_tables.csv", keep_default_na=False)
    rows = [
        [str(table), case, unit, outcome, float(value), printed_decimals(int(table), unit, outcome)]
        for table, case, unit, outcome, value in tables.itertuples(index=False, name=None)
    ]
    arrays = {
        "iso3": text_array(countries.iso3),
        "gdp_musd": countries.gdp_usd.to_numpy() / 1e6,
        "announced_us_rate": countries.us_tariff_apr2025.to_numpy(dtype=float),
        "flow_kusd": flow.astype(np.float32),
    }
    card = {
        "title": "Inputs and printed results of the Liberation Day study",
        "study": "Ignatenko, Lashkaripour, Macedoni & Simonovska (2025), Journal of International Economics 157,"
        " 104138, doi:10.1016/j.jinteco.2025.104138 (printed numbers quoted as facts)",
        "sources": [
            {
                "what": "flow_kusd: goods trade totals 2023 by importer and exporter, thousand USD",
                "publisher": "CEPII, BACI HS22 edition 202501 (Gaulier & Zignago 2010)",
                "licence": "Etalab 2.0",
                "change": "sums over products, 194 economies",
            },
            {
                "what": "gdp_musd: GDP 2023 or the latest year before, million current USD",
                "publisher": "World Bank, World Development Indicators",
                "licence": "CC BY 4.0",
                "change": "selection",
            },
            {
                "what": "announced_us_rate: US rates by country, April 2025 (fraction)",
                "publisher": "United States Trade Representative",
                "licence": "public domain",
                "change": "none",
            },
        ],
        "index_order": "[importer, exporter]",
        "published_columns": ["table", "case", "unit", "outcome", "value_pct", "decimals"],
        "published": rows,
    }
    write(out, "liberation-day", arrays, card)


def window_totals(raw: Path, codes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Customs value and duty, [partner, product, year 2024/2025], USD, April to November."""
    frame = pd.read_parquet(raw / "trade" / "us" / "us_imports_monthly_naics3_2013_2025.parquet")
    month = frame.month.astype(str)
    labels = {name: frame[name].astype(str) for name in ("iso3", "naics3")}
    frame = frame.assign(year=month.str[:4], moon=month.str[5:7], **labels)
    frame = frame[frame.year.isin(["2024", "2025"]) & frame.moon.isin(MONTHS) & frame.iso3.isin(PARTNERS)]
    seen = frame.groupby(["iso3", "year"]).moon.nunique()
    if not (seen == len(MONTHS)).all():
        raise SystemExit(f"months are missing: {seen[seen != len(MONTHS)]}")
    total = frame.groupby(["iso3", "naics3", "year"])[["customs_value_usd", "calc_duty_usd"]].sum()
    grid = pd.MultiIndex.from_product([PARTNERS, codes, ["2024", "2025"]], names=total.index.names)
    total = total.reindex(grid, fill_value=0)
    shape = (len(PARTNERS), len(codes), 2)
    return (
        total.customs_value_usd.to_numpy(dtype=float).reshape(shape),
        total.calc_duty_usd.to_numpy(dtype=float).reshape(shape),
    )


def sector_values_2024(raw: Path) -> pd.DataFrame:
    """US imports 2024 by partner (WORLD: all of them) and ICIO sector, USD."""
    frame = pd.read_parquet(raw / "trade" / "us" / "us_imports_2024_hs6.parquet")
    frame = frame.assign(iso3=frame.iso3.astype(str), sector=frame.sector.astype(str))
    table = frame.pivot_table(index="iso3", columns="sector", values="customs_value_usd", aggfunc="sum").fillna(0.0)
    table.loc["WORLD"] = table.sum()
    return table.loc[list(PARTNERS)]


def concordance_weights(raw: Path, codes: list[str], sectors: list[str]) -> np.ndarray:
    """Share of each world sector in a product group, [partner, product, sector]; rows sum to 1 or 0 (2024 imports)."""
    values = sector_values_2024(raw)
    weight = np.zeros((len(PARTNERS), len(codes), len(sectors)))
    for p, partner in enumerate(PARTNERS):
        for k, code in enumerate(codes):
            parts = CONCORDANCE.get(code, {})
            size = {s: sum(values.loc[partner].get(i, 0.0) for i in icio) for s, icio in parts.items()}
            total = sum(size.values())
            for s in parts:
                weight[p, k, sectors.index(s)] = size[s] / total if total > 0 else 1.0 / len(parts)
    return weight


def average_tariff(raw: Path, sectors: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Scheduled US tariff [partner, sector]: 2024 applied, and the daily mean of April to November 2025 (fractions)."""
    path = raw / "trade" / "us" / "us_tariff_by_partner_sector_date.csv"
    frame = pd.read_csv(path, parse_dates=["date"])
    frame = frame.assign(sector=frame.sector.replace(ICIO_JOINED))
    days = pd.date_range(*WINDOW_DAYS)
    before, after = (np.full((len(PARTNERS), len(sectors)), np.nan) for _ in range(2))
    for p, partner in enumerate(PARTNERS):
        for j, sector in enumerate(sectors):
            here = frame.iso3 == partner if partner != "WORLD" else frame.iso3.notna()
            cell = frame[here & (frame.sector == sector)]
            if cell.empty:
                continue
            value = cell.customs_value_2024_usd.clip(lower=1.0)
            cell = cell.assign(base=cell.applied_2024_pct * value, step=cell.increment_adj_pct * value, size=value)
            dated = cell.groupby("date")[["base", "step", "size"]].sum()
            dated = dated.reindex(dated.index.union(days)).ffill().loc[days]
            before[p, j] = float((dated.base / dated["size"]).iloc[0]) / 100.0
            after[p, j] = before[p, j] + float((dated.step / dated["size"]).mean()) / 100.0
    return before, after


def real_2025(raw: Path, out: Path) -> None:
    """What was collected, the concordance weights, and the scheduled tariffs that the naive rivals need."""
    labels = pd.read_csv(raw / "trade" / "us" / "naics3_labels.csv", dtype=str)
    codes = ["00", *sorted(CONCORDANCE), "910", "930", "980", "990"]
    names = {code: text.split(",", 1)[-1].strip().lower() for code, text in labels.itertuples(index=False)}
    sectors = sorted({s for parts in CONCORDANCE.values() for s in parts})
    value, duty = window_totals(raw, codes)
    before, after = average_tariff(raw, sectors)
    arrays = {
        "partner": text_array(PARTNERS),
        "naics3": text_array(codes),
        "sector": text_array(sectors),
        "customs_value_usd": value,
        "duty_usd": duty,
        "concordance": concordance_weights(raw, codes, sectors),
        "tariff_2024": before,
        "tariff_2025": after,
    }
    card = {
        "title": "Collected change in United States imports, April to November 2025 against 2024",
        "sources": [
            {
                "what": "customs_value_usd, duty_usd [partner, naics3, (2024, 2025)]: sums of eight months",
                "publisher": "United States Census Bureau, imports for consumption (through"
                " tradewartracker/us-imports-hs2, MIT)",
                "licence": "public domain",
                "change": "sums over months",
            },
            {
                "what": "concordance [partner, naics3, sector]: 2024 imports by product",
                "publisher": "United States Census Bureau (through tradewartracker/trade-war-redux-2025, MIT)",
                "licence": "public domain",
                "change": "shares of sectors within a product group",
            },
            {
                "what": "tariff_2024, tariff_2025 [partner, sector]: applied 2024, scheduled daily mean of the window",
                "publisher": "Federal Register and USITC schedules (through tradewartracker/trade-war-redux-2025, MIT),"
                " corrected for primary metals, Japanese and Korean autos and the all-in ceilings",
                "licence": "public domain",
                "change": "aggregated to sectors and days",
            },
        ],
        "naics3_names": {code: names.get(code.lstrip("0") or "0", names.get(code, "all products")) for code in codes},
    }
    write(out, "real-2025", arrays, card)


def main() -> None:
    """Build both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("FOEDERIS_RAW_DATA", str(ROOT.parent / "shared" / "data"))
    parser.add_argument("--raw", type=Path, default=Path(default))
    parser.add_argument("--out", type=Path, default=ROOT / "src" / "foederis" / "data")
    arguments = parser.parse_args()
    liberation_day(arguments.raw, arguments.out)
    real_2025(arguments.raw, arguments.out)


if __name__ == "__main__":
    main()
