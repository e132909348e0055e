"""Flows of 2022 and technology of 2020 on the labels of the world."""

from __future__ import annotations

import numpy as np
import pandas as pd

from _world_raw import FOLDED, MERGED, SECTORS, SPLIT, YEAR, Raw, cube

VALUE_ADDED_FLOOR = 0.01  # the source writes zero where value added was negative; an industry keeps at least 1 %


def countries(raw: Raw) -> tuple[str, ...]:
    """The 76 economies and ROW, in the order of the technology table (alphabetical)."""
    return tuple(dict.fromkeys(raw.csv("icio/io_shares_2020.csv")["country"]))


def flows(raw: Raw, labels: tuple[str, ...]) -> tuple[np.ndarray, dict[str, float]]:
    """Flows [importer, exporter, sector], million USD, and the world shares of the sectors that were merged."""
    long = raw.parquet("icio/icio_trade_2011_2022.parquet", filters=[("year", "=", YEAR)])
    abroad = long[long["importer"] != long["exporter"]]
    traded = abroad[abroad["sector"].isin(MERGED)].groupby("sector")["value_musd"].sum()
    group = pd.Series(MERGED)
    weight = {s: float(traded[s] / traded[group.index[group == MERGED[s]]].sum()) for s in MERGED}
    for column in ("importer", "exporter"):
        long[column] = long[column].where(~long[column].isin(FOLDED), "ROW")
    long["sector"] = long["sector"].replace(MERGED)
    axes = {"importer": labels, "exporter": labels, "sector": SECTORS}
    return cube(long, "value_musd", axes), weight


def technology(raw: Raw, labels: tuple[str, ...], flow: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """Input shares [country, input, output] at 25 sectors, and how many value-added shares were raised to the floor."""
    shares = raw.csv("icio/io_shares_2020.csv")
    industries = tuple(dict.fromkeys(shares["sector"]))
    long = raw.parquet("icio/io_coefficients_2020.parquet")
    full = cube(long, "coef", {"country": labels, "input": industries, "using": industries})
    weight = shares.pivot(index="country", columns="sector", values="service_output_weight")
    wide = weight.loc[list(labels), list(industries)].to_numpy()
    collapsed, names = _collapse_services(full, wide, industries)
    return _split_rows_and_columns(collapsed, names, flow)


def _collapse_services(
    full: np.ndarray, weight: np.ndarray, industries: tuple[str, ...]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Service rows summed, service columns averaged with their output weights."""
    service = ~np.isnan(weight).all(axis=0)
    goods = np.nonzero(~service)[0]
    size = len(goods) + 1
    share = np.nan_to_num(weight)
    share /= share.sum(axis=1, keepdims=True)
    rows = np.concatenate([full[:, goods, :], full[:, service, :].sum(axis=1, keepdims=True)], axis=1)
    column = np.einsum("nks,ns->nk", rows, share)
    out = np.concatenate([rows[:, :, goods], column[:, :, None]], axis=2)
    if out.shape[1:] != (size, size):
        raise SystemExit(f"technology collapsed to {out.shape}")
    return out, (*(industries[k] for k in goods), "SERV")


def _split_rows_and_columns(
    share: np.ndarray, names: tuple[str, ...], flow: np.ndarray
) -> tuple[np.ndarray, dict[str, float]]:
    """C24 and C30 in two: the same column for both parts, the row divided as the country's purchases are."""
    bought = flow.sum(axis=1)
    parent = {part: whole for whole, parts in SPLIT.items() for part in parts}
    out = np.zeros((share.shape[0], len(SECTORS), len(SECTORS)))
    source = [names.index(parent.get(s, s)) for s in SECTORS]
    for k, sector in enumerate(SECTORS):
        part = np.ones(share.shape[0])
        if sector in parent:
            siblings = [SECTORS.index(p) for p in SPLIT[parent[sector]]]
            part = bought[:, k] / bought[:, siblings].sum(axis=1)
        out[:, k, :] = part[:, None] * share[:, source[k], :][:, source]
    spent = out.sum(axis=1)
    low = spent > 1.0 - VALUE_ADDED_FLOOR
    raised = np.where(low, spent - (1.0 - VALUE_ADDED_FLOOR), 0.0)
    factor = np.where(low, (1.0 - VALUE_ADDED_FLOOR) / np.where(spent > 0, spent, 1.0), 1.0)
    report = {"cells": float(low.sum()), "value_added_musd": float((raised * flow.sum(axis=0)).sum())}
    return out * factor[:, None, :], report
