"""Build `evidence.npz` and its card in src/foederis/data: the tidy rows that calibration and scoring read.

    python tools/build_evidence.py [RAW_DATA_FOLDER]

Tables: country_year, poll_obs, coercion_case, trade_obs (the fifth, event, is read from the shipped acts). The rules
that say which rows are held out are those of `foederis.evidence`, written beside every row. The same input gives the
same bytes. Afterwards run tools/make_data_page.py.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from _evidence_card import DECISIONS, SOURCES
from foederis import evidence

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "src" / "foederis" / "data"
ALLIES = (
    "AUS BEL BGR CAN CZE DEU DNK ESP EST FRA GBR GRC HRV HUN ITA JPN KOR LTU LVA NLD NOR NZL PHL POL PRT ROU SVK SVN"
    " THA TUR"
).split()
OTHERS = "USA CHN RUS PRK TWN IND IDN MYS SGP VNM".split()
ASSUMED_N = 1000
AGGREGATES = ("WORLD", "EU27", "USMCA")
PEW = "Pew Global Attitudes"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    raw = folder / "security"
    made = {
        "country_year": country_year(raw, folder / "trade"),
        "poll_obs": poll_obs(raw),
        "coercion_case": coercion_case(raw),
        "trade_obs": trade_obs(folder / "trade" / "us" / "us_imports_monthly_naics3_2013_2025.parquet"),
    }
    arrays: dict[str, np.ndarray] = {}
    for name, frame in made.items():
        arrays |= columns(name, frame)
    data = packed(arrays)
    (DATA / "evidence.npz").write_bytes(data)
    (DATA / "evidence.json").write_text(json.dumps(card(made, data), indent=1, ensure_ascii=False) + "\n", "utf-8")
    for name, frame in made.items():
        print(f"{name}: {len(frame)} rows, {int(frame.holdout.sum())} held out")
    print(f"{len(data) / 1000:.0f} kB")


def card(made: dict[str, pd.DataFrame], data: bytes) -> dict[str, Any]:
    return {
        "title": "Tidy evidence",
        "what": "What calibration may read and what tests are scored on: country-years, polls, coercion cases, imports",
        "sha256": hashlib.sha256(data).hexdigest(),
        "holdout_from": evidence.HOLDOUT_FROM,
        "tables": {
            name: {"rows": len(frame), "held_out": int(frame.holdout.sum()), "columns": list(frame.columns)}
            for name, frame in made.items()
        },
        "sources": SOURCES,
        "decisions": DECISIONS,
    }


def columns(name: str, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns of a table as arrays; texts as codes into a list of their values."""
    found: dict[str, np.ndarray] = {}
    for column in frame:
        values = frame[column]
        if values.dtype.kind in "OUT" or isinstance(values.dtype, pd.StringDtype):
            texts, codes = np.unique(values.fillna("").to_numpy(dtype=str), return_inverse=True)
            small = np.min_scalar_type(max(len(texts) - 1, 0))
            found[f"{name}/{column}/texts"], found[f"{name}/{column}/codes"] = texts, codes.astype(small)
        else:
            found[f"{name}/{column}"] = values.to_numpy()
    return found


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """A compressed NumPy archive with fixed dates, so that equal arrays give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, values in sorted(arrays.items()):
            inner = io.BytesIO()
            np.lib.format.write_array(inner, np.ascontiguousarray(values), allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), inner.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def marked(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Write beside each row whether, and for which tests, it is held out; refuse a row without a source."""
    if (frame.source.fillna("") == "").any():
        raise SystemExit(f"{name}: a row without a source")
    known = {row["key"] for row in SOURCES}
    used = {key for text in frame.source.unique() for key in text.split(";")}
    if used - known:
        raise SystemExit(f"{name}: sources {sorted(used - known)} are not in the card")
    year = frame.year.to_numpy()
    frame = frame.assign(holdout=evidence.is_holdout(year), held_for=evidence.held_for(name, year))
    return frame.reset_index(drop=True)


def country_year(raw: Path, trade: Path) -> pd.DataFrame:
    codes = [*ALLIES, *OTHERS]
    index = pd.MultiIndex.from_product([codes, range(1960, 2025)], names=["iso3", "year"])
    frame = pd.DataFrame(index=index)
    wdi = pd.read_csv(raw / "milex_wdi.csv").query("series == 'MS.MIL.XPND.GD.ZS'")
    frame["milex_share_gdp"] = wdi.groupby(["iso3", "year"]).value.first()
    frame["milex_source"] = np.where(frame.milex_share_gdp.notna(), "wdi", "")
    sipri = pd.read_csv(raw / "milex_sipri_1949_2024.csv").groupby(["iso3", "year"]).share_gdp_pct.first()
    late = frame.milex_share_gdp.isna() & (frame.index.get_level_values("year") >= 2023)
    frame.loc[late, "milex_share_gdp"] = sipri.reindex(frame.index[late])
    frame.loc[late & frame.milex_share_gdp.notna(), "milex_source"] = "sipri"
    macro = pd.read_csv(trade / "macro" / "wdi_gdp_population_1995_2024.csv")
    gdp = macro.groupby(["iso3", "year"]).gdp_constant2015_usd.first().sort_index()
    frame["gdp_growth"] = np.log(gdp).groupby("iso3").diff().reindex(frame.index)
    troops = pd.read_csv(raw / "us_troops_country_year_1950_2025.csv").groupby(["iso3", "year"]).troops_ad.first()
    frame["us_troops"] = troops.reindex(frame.index)
    gpr = pd.read_parquet(raw / "gpr_country_monthly.parquet")
    gpr["year"] = pd.to_datetime(gpr.month).dt.year
    frame["gpr"] = gpr.groupby(["iso3", "year"], observed=True).gprhc.mean().reindex(frame.index)
    frame["cinc"] = pd.read_csv(raw / "cow_nmc_v7.csv").groupby(["iso3", "year"]).cinc.first().reindex(frame.index)
    points = pd.read_parquet(raw / "unga_ideal_points_1946_2024.parquet")
    frame = frame.join(ideal_distances(points))
    frame["us_import_share_arms"] = arms_share(raw).reindex(frame.index)
    frame["us_defence_pact"] = pacts(raw).reindex(frame.index)
    frame = frame.join(export_shares(trade / "icio" / "icio_trade_2011_2022.parquet"))
    frame = frame.reset_index()
    keys = {
        "gdp_growth": "wdi-gdp", "us_troops": "troops", "gpr": "gpr", "cinc": "nmc", "dist_us": "unga",
        "us_import_share_arms": "sipri-arms", "us_defence_pact": "atop", "exports_us": "icio",
    }  # fmt: skip
    parts = [frame.milex_source.where(frame.milex_source != "", "")]
    parts += [pd.Series(np.where(frame[c].notna(), key, ""), frame.index) for c, key in keys.items()]
    frame["source"] = [";".join(p for p in row if p) for row in zip(*parts, strict=True)]
    return marked("country_year", frame[frame.source != ""])


def ideal_distances(points: pd.DataFrame) -> pd.DataFrame:
    column = next(c for c in points if c.lower() in ("idealpointfp", "ideal_point_fp", "idealpoint_fp"))
    wide = points.pivot_table(index="year", columns="iso3", values=column, observed=True)
    found = {"dist_us": wide.sub(wide["USA"], axis=0).abs(), "dist_cn": wide.sub(wide["CHN"], axis=0).abs()}
    return pd.DataFrame({k: v.stack().swaplevel() for k, v in found.items()}).rename_axis(["iso3", "year"])


def arms_share(raw: Path) -> pd.Series:
    """Share of the United States in five years of delivered major arms (derived)."""
    flows = pd.read_csv(raw / "arms_transfers_tiv_recipient_supplier_year.csv")
    total = flows.groupby(["recipient_iso3", "year"]).tiv_m.sum().unstack("year").fillna(0.0)
    mine = flows[flows.supplier_iso3 == "USA"].groupby(["recipient_iso3", "year"]).tiv_m.sum().unstack("year")
    mine = mine.reindex_like(total).fillna(0.0)
    five = {k: frame.T.rolling(5, min_periods=5).sum().T for k, frame in (("a", mine), ("b", total))}
    share = (five["a"] / five["b"].where(five["b"] > 0)).round(4)
    return share.stack().rename_axis(["iso3", "year"])


def export_shares(path: Path) -> pd.DataFrame:
    """Shares of the United States and of China in an economy's exports of all sectors (derived)."""
    flows = pd.read_parquet(path)
    flows = flows[flows.exporter != flows.importer]
    total = flows.groupby(["exporter", "year"], observed=True).value_musd.sum()
    found = {}
    for name, code in (("exports_us", "USA"), ("exports_cn", "CHN")):
        part = flows[flows.importer == code].groupby(["exporter", "year"], observed=True).value_musd.sum()
        found[name] = (part / total).astype(float).round(5)
    return pd.DataFrame(found).rename_axis(["iso3", "year"])


def pacts(raw: Path) -> pd.Series:
    atop = pd.read_parquet(raw / "atop_v51_directed_dyad_year.parquet").query("iso3_1 == 'USA'")
    found = atop.groupby(["iso3_2", "year"], observed=True).atop_defense.max().rename_axis(["iso3", "year"])
    return found.astype(float)


def poll_obs(raw: Path) -> pd.DataFrame:
    frame = pd.concat([pew(raw), confidence(raw), compiled(raw), iseas(raw)], ignore_index=True)
    keys = ["iso3", "pollster", "measure", "date"]
    frame = frame.drop_duplicates(keys).drop_duplicates(["iso3", "pollster", "measure", "year", "source"])
    early = frame[frame.source == "pew-538"].set_index(["iso3", "measure", "year"]).index
    twice = (frame.source == "polls") & (frame.pollster == PEW)
    twice &= pd.MultiIndex.from_frame(frame[["iso3", "measure", "year"]]).isin(early)
    frame = frame[~twice]
    mode = np.where(frame.pollster.str.startswith("Cabinet Office") & (frame.year >= 2020), "mail", "")
    mode = np.where(frame.pollster.str.startswith("Cabinet Office") & (frame.year < 2020), "face to face", mode)
    frame = frame.assign(mode=mode, assumed_n=frame.n.isna(), n=frame.n.fillna(ASSUMED_N).astype(float))
    frame["offset_group"] = frame.iso3 + " · " + frame.pollster + " · " + frame.measure + " · " + frame["mode"]
    return marked("poll_obs", frame.sort_values(["iso3", "pollster", "measure", "date"]))


def pew(raw: Path) -> pd.DataFrame:
    table = pd.read_csv(raw / "pew_favourability_2002_2023.csv")
    table = table[table.target.isin(["USA", "CHN"]) & (table.iso3 != table.target)]
    return pd.DataFrame({
        "iso3": table.iso3, "pollster": PEW, "year": table.year, "date": table.year.astype(str) + "-04",
        "measure": np.where(table.target == "USA", "favourable_us", "favourable_china"),
        "value": table.fav / 100.0, "n": table.n_eff.round(1), "source": "pew", "page": "", "confidence": "high",
    })  # fmt: skip


def confidence(raw: Path) -> pd.DataFrame:
    table = pd.read_csv(raw / "pew_us_image_and_confidence_2000_2017.csv").query(
        "measure == 'confidence_us_president_pct' and iso3 != 'USA'"
    )
    return pd.DataFrame({
        "iso3": table.iso3, "pollster": PEW, "measure": "confidence_us_president", "year": table.year,
        "date": table.year.astype(str) + "-04", "value": table.value / 100.0, "n": np.nan, "source": "pew-538",
        "page": "", "confidence": "high",
    }).dropna(subset=["value"])  # fmt: skip


def compiled(raw: Path) -> pd.DataFrame:
    table = pd.read_csv(raw / "polls_compiled.csv")
    dates = [iso_month(text, year, pollster) for text, year, pollster in
             zip(table.fieldwork.astype(str), table.year, table.pollster, strict=True)]  # fmt: skip
    return pd.DataFrame({
        "iso3": table.iso3, "pollster": table.pollster, "measure": table.measure, "year": table.year, "date": dates,
        "value": table.value_pct / 100.0, "n": table.n, "source": "polls", "page": table.source,
        "confidence": table.confidence,
    })  # fmt: skip


def iso_month(text: str, year: int, pollster: str) -> str:
    """The first month of the fieldwork, or the month in which that pollster usually asks."""
    found = re.match(r"(\d{4})-(\d{2})", text)
    usual = "04" if pollster == PEW or "spring" in text else "11" if "Yomiuri" in pollster else "06"
    return f"{found[1]}-{found[2]}" if found else f"{year}-{usual}"


def iseas(raw: Path) -> pd.DataFrame:
    table = pd.read_csv(raw / "iseas_forced_alignment.csv")
    n = table.note.fillna("").str.extract(r"n(?: about |=)(\d+)")[0].astype(float)
    return pd.DataFrame({
        "iso3": table.iso3, "pollster": "ISEAS State of Southeast Asia (elite sample)", "measure": "align_us",
        "year": table.year, "date": table.year.astype(str) + "-01", "value": table.align_us_pct / 100.0,
        "n": n.fillna(150.0), "source": "iseas", "page": table.source, "confidence": table.confidence,
    })  # fmt: skip


def coercion_case(raw: Path) -> pd.DataFrame:
    table = pd.read_csv(raw / "ties_us_sender_partners_decoded.csv")
    bound = pacts(raw)
    pact = [float(bound.get((iso3, year), 0.0)) for iso3, year in zip(table.target_iso3, table.startyear, strict=True)]
    frame = pd.DataFrame({
        "case": table.caseid.astype(str), "sender": "USA", "target": table.target_iso3, "year": table.startyear,
        "issue": table.issue, "threat": table.threat.fillna(0).astype(int),
        "imposed": table.imposition.fillna(0).astype(int),
        "stage": table.stage.fillna("not coded"), "outcome": table.outcome,
        "target_costs": table.targetcosts.fillna(table.anticipatedtargetcosts),
        "sender_costs": table.sendercosts.fillna(table.anticipatedsendercosts),
        "defence_pact": pact, "source": "ties",
    })  # fmt: skip
    return marked("coercion_case", frame.sort_values(["year", "case"]))


def trade_obs(path: Path) -> pd.DataFrame:
    table = pd.read_parquet(path)
    table = table[~table.iso3.isin(AGGREGATES) & (table.naics3.astype(str) != "00") & (table.customs_value_usd > 0)]
    frame = pd.DataFrame({
        "iso3": table.iso3.astype(str), "naics3": table.naics3.astype(str), "month": table.month.astype(str),
        "year": table.month.astype(str).str[:4].astype(int),
        "value_musd": (table.customs_value_usd / 1e6).astype("float32"),
        "duty_musd": (table.calc_duty_usd / 1e6).astype("float32"), "source": "census",
    })  # fmt: skip
    return marked("trade_obs", frame.sort_values(["iso3", "naics3", "month"]))


if __name__ == "__main__":
    main()
