"""A user's own table as a world: long files with named columns, in one of two layouts.

`input_output`: an inter-country input-output table, one row per cell.

    origin, industry, dest, use, value     value in million USD (see `unit`); `use` is an industry or a final use

    Final uses are declared (`final_uses`); inventories among them may be negative. Flows are sums over uses; input
    shares are intermediate use over output. What cannot enter a Caliendo-Parro table is removed and reported in `meta`:
    flows that are negative in sum (set to zero), industries without value added (inputs scaled to leave 1 %), and
    final demand that is negative in sum (see `foederis.world_balance`).

`caliendo_parro`: flows and technology as a Caliendo-Parro table has them.

    importer, exporter, sector, value [, tariff]       value tariff-exclusive; the diagonal is domestic sales
    inputs = country, input, output, coef              share of output's gross output; None: no intermediates

Elasticities are one number, or a mapping from sector to theta. Every fault is collected: file, row, column, cure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis.errors import DataError
from foederis.world_balance import cap_input_use
from foederis.world_rows import Faults, TableError, faults_of, read_frame

if TYPE_CHECKING:
    import pandas as pd

    Source = str | Path | pd.DataFrame

__all__ = ["LAYOUTS", "TableError", "read"]

Array = np.ndarray
LAYOUTS = ("input_output", "caliendo_parro")
VALUE_ADDED_FLOOR = 0.01
HUGE = 1e15


def read(
    source: Source,
    layout: str,
    *,
    trade_elasticity: float | Mapping[str, float] = 4.0,
    columns: Mapping[str, str] | None = None,
    unit: float = 1.0,
    name: str = "user table",
    final_uses: Sequence[str] = (),
    inputs: Source | None = None,
    balance: bool = True,
) -> dict[str, Any]:
    """The fields of a world. `columns` renames the file's columns, `unit` is million USD per unit of `value`.

    `final_uses` belongs to input_output, `inputs` to caliendo_parro. `balance=False` refuses negative final demand
    instead of removing it. Raises TableError with every fault, or DataError for a wrong call or an unreadable file.
    """
    if layout not in LAYOUTS:
        raise DataError(f"layout {layout!r} is not one of {', '.join(LAYOUTS)}")
    if not (np.isfinite(unit) and unit > 0):
        raise DataError(f"unit is {unit!r}; give million USD per unit of value, as a positive number")
    frame = read_frame(source).rename(columns=dict(columns or {}))
    faults = faults_of(source)
    if layout == "input_output":
        if inputs is not None:
            raise DataError("inputs are part of an input-output table; give them only with layout 'caliendo_parro'")
        fields, removed = _input_output(frame, faults, tuple(final_uses), unit)
    else:
        if final_uses:
            raise DataError("final uses belong to layout 'input_output'")
        fields, removed = _caliendo_parro(frame, faults, inputs, unit)
    fields["trade_elasticity"] = _elasticities(trade_elasticity, fields["sectors"])
    if balance:
        removed |= _balance(fields)
    file = str(source) if isinstance(source, str | Path) else "table in memory"
    fields["meta"] = {"name": name, "file": file, "layout": layout, "removed": removed}
    return fields


def _input_output(
    frame: pd.DataFrame, faults: Faults, final_uses: tuple[str, ...], unit: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Flows and technology from an inter-country input-output table."""
    faults.require_columns(frame, ("origin", "industry", "dest", "use", "value"))
    if not final_uses:
        raise DataError("declare the final uses, for example final_uses=('CONS_h', 'GFCF', 'INVEN')")
    frame = _texts(frame, ("origin", "industry", "dest", "use"), faults)
    faults.require_number(frame, "value", -HUGE, HUGE, "an amount (an absent cell is zero)")
    industries = _labels(frame, "industry")
    both = sorted(set(industries) & set(final_uses))
    if both:
        raise DataError(f"{', '.join(both)} is both an industry and a declared final use")
    faults.require_known(frame, "use", (*industries, *final_uses), "industries and declared final uses")
    faults.require_unique(frame, ["origin", "industry", "dest", "use"])
    countries = _labels(frame, "origin")
    faults.require_known(frame, "dest", countries, "origins (every buyer is also a seller)")
    intermediate = frame["use"].isin(industries)
    frame = _numbers(frame, "value")
    negative = frame.index[intermediate & (frame["value"] < 0)]
    for row in negative[:20]:
        faults.add(int(row), "value", "intermediate use is negative", "only final uses such as inventories may be")
    faults.raise_if_any()
    flow = unit * _cube(frame, {"dest": countries, "origin": countries, "industry": industries})
    use = unit * _cube(frame[intermediate], {"dest": countries, "industry": industries, "use": industries})
    negative_flow = np.minimum(flow, 0.0)
    flow = np.maximum(flow, 0.0)
    share, floor = _input_shares(use, flow.sum(axis=0))
    fields = {
        "countries": countries,
        "sectors": industries,
        "flow": flow,
        "tariff": np.zeros_like(flow),
        "input_share": share,
    }
    removed = {
        "negative_final_use_musd": round(unit * float(frame["value"].clip(upper=0).sum()), 6),
        "negative_flows_set_to_zero_musd": round(float(negative_flow.sum()), 6),
        "negative_flows": int((negative_flow < 0).sum()),
        **floor,
    }
    return fields, removed


def _input_shares(use: Array, output: Array) -> tuple[Array, dict[str, Any]]:
    """Intermediate use over output, leaving at least the floor to value added; zero for what is not made."""
    made = output > 0
    share = np.where(made[:, None, :], use / np.where(made, output, 1.0)[:, None, :], 0.0)
    spent = share.sum(axis=1)
    over = spent > 1.0 - VALUE_ADDED_FLOOR
    factor = np.where(over, (1.0 - VALUE_ADDED_FLOOR) / np.where(over, spent, 1.0), 1.0)
    cut = (spent * (1.0 - factor) * output).sum()
    stranded = float(use.sum(axis=1)[~made].sum())
    return share * factor[:, None, :], {
        "industries_without_value_added": int(over.sum()),
        "inputs_cut_for_value_added_musd": round(float(cut), 6),
        "inputs_of_industries_without_output_musd": round(stranded, 6),
    }


def _caliendo_parro(
    frame: pd.DataFrame, faults: Faults, inputs: Source | None, unit: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Flows, tariffs and technology from a Caliendo-Parro table."""
    faults.require_columns(frame, ("importer", "exporter", "sector", "value"))
    frame = _texts(frame, ("importer", "exporter", "sector"), faults)
    faults.require_number(frame, "value", 0.0, HUGE, "a tariff-exclusive amount, zero or more")
    if "tariff" in frame.columns:
        faults.require_number(frame, "tariff", 0.0, 100.0, "a fraction, 0.05 for 5 %")
    faults.require_unique(frame, ["importer", "exporter", "sector"])
    countries, sectors = _labels(frame, "importer"), _labels(frame, "sector")
    faults.require_known(frame, "exporter", countries, "importers (every seller is also a buyer)")
    share = _technology(inputs, countries, sectors, faults)
    faults.raise_if_any()
    frame = _numbers(frame, "value", "tariff")
    axes = {"importer": countries, "exporter": countries, "sector": sectors}
    flow = unit * _cube(frame, axes)
    tariff = _cube(frame, axes, "tariff") if "tariff" in frame.columns else np.zeros_like(flow)
    fields = {"countries": countries, "sectors": sectors, "flow": flow, "tariff": tariff, "input_share": share}
    return fields, {}


def _technology(inputs: Source | None, countries: tuple[str, ...], sectors: tuple[str, ...], faults: Faults) -> Array:
    """Input shares from a long table, its faults added to those of the flows."""
    if inputs is None:
        return np.zeros((len(countries), len(sectors), len(sectors)))
    frame = read_frame(inputs)
    mine = faults_of(inputs)
    mine.file = mine.file if isinstance(inputs, str | Path) else "inputs"
    mine.require_columns(frame, ("country", "input", "output", "coef"))
    frame = _texts(frame, ("country", "input", "output"), mine)
    mine.require_known(frame, "country", countries, "countries of the flows")
    for column in ("input", "output"):
        mine.require_known(frame, column, sectors, "sectors of the flows")
    mine.require_number(frame, "coef", 0.0, 1.0, "a share of gross output")
    mine.require_unique(frame, ["country", "input", "output"])
    if mine.found:
        faults.found.extend(mine.found)
        return np.zeros((len(countries), len(sectors), len(sectors)))
    frame = _numbers(frame, "coef")
    share = _cube(frame, {"country": countries, "input": sectors, "output": sectors}, "coef")
    for n, j in np.argwhere(share.sum(axis=1) >= 1.0):
        rows = frame.index[(frame["country"] == countries[n]) & (frame["output"] == sectors[j])]
        text = f"inputs of {countries[n]} / {sectors[j]} sum to {share[n, :, j].sum():.6g}"
        mine.add(int(rows[0]), "coef", text, "they must leave something for value added: scale them below 1")
    faults.found.extend(mine.found)
    return share


def _balance(fields: dict[str, Any]) -> dict[str, Any]:
    """Remove negative final demand and say how much."""
    done = cap_input_use(fields["flow"], fields["tariff"], fields["input_share"], fields["countries"])
    fields["input_share"] = done.input_share
    worst = np.argsort(-done.negative_removed)
    return {
        "negative_final_demand_musd": round(float(done.negative_removed.sum()), 6),
        "input_use_moved_musd": round(float(done.moved.sum()), 6),
        "to_value_added_musd": round(float(done.value_added_change.sum()), 6),
        "by_country_musd": {
            fields["countries"][int(k)]: round(float(done.negative_removed[k]), 6)
            for k in worst
            if done.negative_removed[k] > 0
        },
    }


def _elasticities(given: float | Mapping[str, float], sectors: tuple[str, ...]) -> Array:
    """Theta by sector from one number or a mapping that names every sector."""
    if not isinstance(given, Mapping):
        return np.full(len(sectors), float(given))
    missing = [s for s in sectors if s not in given]
    unknown = [s for s in given if s not in sectors]
    if missing or unknown:
        parts = [f"no theta for {', '.join(missing[:8])}"] * bool(missing)
        parts += [f"unknown sectors {', '.join(unknown[:8])}"] * bool(unknown)
        raise DataError("trade elasticities: " + "; ".join(parts))
    return np.array([float(given[s]) for s in sectors])


def _labels(frame: pd.DataFrame, column: str) -> tuple[str, ...]:
    """Labels in order of first appearance."""
    return tuple(dict.fromkeys(frame[column].dropna()))


def _cube(frame: pd.DataFrame, axes: Mapping[str, tuple[str, ...]], value: str = "value") -> Array:
    """A dense array of the sums of `value`, one axis per column."""
    import pandas as pd

    out = np.zeros([len(labels) for labels in axes.values()])
    at = tuple(pd.Categorical(frame[c], categories=list(labels)).codes.astype(int) for c, labels in axes.items())
    np.add.at(out, at, frame[value].to_numpy(dtype=float))
    return out


def _texts(frame: pd.DataFrame, columns: tuple[str, ...], faults: Faults) -> pd.DataFrame:
    """Label columns as text (codes may be numbers in the file); empty ones are faults."""
    for column in columns:
        faults.require_text(frame, column)
    return frame.assign(**{c: frame[c].where(frame[c].isna(), frame[c].astype(str)) for c in columns})


def _numbers(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Columns as numbers (what is none has been noted as a fault)."""
    import pandas as pd

    return frame.assign(**{c: pd.to_numeric(frame[c], errors="coerce") for c in columns if c in frame.columns})
