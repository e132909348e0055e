"""A run as labelled data: one `xarray.DataTree` with the group names of ArviZ, and tidy long tables.

    /prior              the draws: trade elasticities, labour mobility, the set each draw took
    /prior_predictive   outcomes by scenario, horizon, draw and country or sector
    /constant_data      the base year: flows, output, value added, base tariffs
    /scenario           tariffs in force, and the coercer's tariff on the target by date and authority
    /central            equilibrium at the central elasticities, long run: flows, prices, wages
    /variants           long-run outcomes under each published elasticity set and each deficit closure
    /alliance           trust, hedging, access, balance by quarter and draw; bystanders; the drawn parameters

The outcomes stand under prior_predictive because no parameter has been fitted to data here: they are priors pushed
through the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis import report_series
from foederis.report_findings import QUANTILES, Path, Result, vintage
from foederis.simulation import VARIABLES

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["long_table", "tree"]

Array = np.ndarray
PROVENANCE = {"D": "data", "L": "literature", "A": "assumption"}
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def tree(results: Mapping[str, Result], paths: Mapping[str, Path], attrs: Mapping[str, Any]) -> xr.DataTree:
    """The whole run. Results share world, draws and horizons; `attrs` go to the root (run id, version, residuals)."""
    import xarray as xr

    groups = {
        "prior": _prior(results),
        "prior_predictive": _outcomes(results),
        "constant_data": _constant(results),
        "scenario": _tariffs(results),
        "central": _central(results),
    }
    root = xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})
    for label, path in paths.items():
        root[f"scenario/path_{_safe(label)}"] = xr.DataTree(_path(path))
    for label, result in results.items():
        if result.variants:
            root[f"variants/{_safe(label)}"] = xr.DataTree(_variants(result))
        if result.alliance is not None:
            root[f"alliance/{_safe(label)}"] = xr.DataTree(report_series.dataset(result.alliance))
    root.attrs.update(attrs)
    return root


def _first(results: Mapping[str, Result]) -> Result:
    return next(iter(results.values()))


def _prior(results: Mapping[str, Result]) -> xr.Dataset:
    import xarray as xr

    labels, draws = list(results), [r.draws for r in results.values()]
    theta = np.array([d.trade_elasticity for d in draws])
    mobility = np.array([d.mobility for d in draws])
    sets = np.array([d.elasticity_set for d in draws], dtype=str)
    first = _first(results)
    return xr.Dataset(
        {
            "trade_elasticity": (("scenario", "draw", "sector"), theta, _attrs("1", "trade elasticity theta", "L")),
            "mobility": (("scenario", "draw"), mobility, _attrs("1", "labour mobility nu, short run", "A")),
            "elasticity_set": (("scenario", "draw"), sets, {"long_name": "published set of the draw"}),
        },
        coords={"scenario": labels, "draw": np.arange(draws[0].size), "sector": list(first.labels("sector"))},
    )


def _attrs(units: str, long_name: str, badge: str) -> dict[str, str]:
    return {"units": units, "long_name": long_name, "provenance": PROVENANCE[badge]}


def _outcomes(results: Mapping[str, Result]) -> xr.Dataset:
    import xarray as xr

    first = _first(results)
    variables = {
        name: (
            ("scenario", "draw", "horizon", *known.dims),
            np.stack([r.draws.values[name] for r in results.values()]),
            {**_attrs(known.units, known.long_name, known.badge), "vintage": vintage(first.plan)},
        )
        for name, known in VARIABLES.items()
    }
    coords = {
        "scenario": list(results),
        "draw": np.arange(first.draws.size),
        "horizon": list(first.plan.horizons),
        "country": list(first.labels("country")),
        "sector": list(first.labels("sector")),
    }
    return xr.Dataset(variables, coords=coords)


def _constant(results: Mapping[str, Result]) -> xr.Dataset:
    import xarray as xr

    economy = _first(results).plan.economy
    trade_dims, pair = ("importer", "exporter", "sector"), ("country", "sector")
    return xr.Dataset(
        {
            "flow": (
                trade_dims,
                economy.flow,
                _attrs("million USD", "trade without tariffs; diagonal: home sales", "D"),
            ),
            "tariff": (trade_dims, economy.tariff, _attrs("1", "ad valorem rate of the base year", "D")),
            "output": (pair, economy.output, _attrs("million USD", "gross output", "D")),
            "value_added_share": (pair, economy.value_added_share, _attrs("1", "value added over output", "D")),
            "income": (("country",), economy.income, _attrs("million USD", "final income", "D")),
        },
        coords=_world_coords(economy),
    )


def _world_coords(economy: Any) -> dict[str, list[str]]:
    countries = list(economy.countries)
    return {"importer": countries, "exporter": countries, "country": countries, "sector": list(economy.sectors)}


def _tariffs(results: Mapping[str, Result]) -> xr.Dataset:
    import xarray as xr

    first = _first(results)
    tariff = np.stack([r.plan.case.tariff for r in results.values()])
    dims = ("scenario", "importer", "exporter", "sector")
    coords = {"scenario": list(results), **_world_coords(first.plan.economy)}
    coords.pop("country")
    dates = [r.plan.date.isoformat() for r in results.values()]
    return xr.Dataset(
        {
            "tariff": (dims, tariff, _attrs("1", "ad valorem rate in force on the day evaluated", "D")),
            "evaluated": (("scenario",), np.array(dates, dtype=str), {"long_name": "day whose tariffs are used"}),
        },
        coords=coords,
    )


def _path(path: Path) -> xr.Dataset:
    import xarray as xr

    dates = np.array(path.dates, dtype="datetime64[D]").astype("datetime64[ns]")
    attrs = _attrs("%", "coercer's tariff on the target's goods, by authority, from this date on", "D")
    return xr.Dataset(
        {"tariff": (("date", "authority"), path.rate, attrs)},
        coords={"date": dates, "authority": list(path.authorities)},
    )


def _central(results: Mapping[str, Result]) -> xr.Dataset:
    import xarray as xr

    parts = [r.central[r.plan.horizons[0]].scenario.to_dataset() for r in results.values()]
    joined = xr.concat(parts, dim="scenario", combine_attrs="drop_conflicts").assign_coords(scenario=list(results))
    joined.attrs["horizon"] = _first(results).plan.horizons[0]
    return joined


def _variants(result: Result) -> xr.Dataset:
    import xarray as xr

    names = [f"{v.kind}: {v.name}" for v in result.variants]
    variables = {
        name: (
            ("variant", *known.dims),
            np.stack([v.values[name] for v in result.variants]),
            _attrs(known.units, known.long_name, known.badge),
        )
        for name, known in VARIABLES.items()
    }
    coords = {"variant": names, "country": list(result.labels("country")), "sector": list(result.labels("sector"))}
    return xr.Dataset(variables, coords=coords)


def _safe(label: str) -> str:
    """A scenario's label as a group name."""
    return label.replace("/", "_")


def long_table(results: Mapping[str, Result]) -> pd.DataFrame:
    """Quantiles of every outcome, one row per number: the tidy default table.

    Columns scenario, time, horizon, area, partner, activity, variable, quantile, value, unit, badge, vintage. `area` is
    whose number it is, `partner` the other side where the variable has one.
    """
    import pandas as pd

    frames = []
    for label, result in results.items():
        for name in VARIABLES:
            frames.append(_rows(label, result, name))
    return pd.concat(frames, ignore_index=True)


def _rows(label: str, result: Result, name: str) -> pd.DataFrame:
    import pandas as pd

    known, plan = VARIABLES[name], result.plan
    value = result.draws.values[name]
    with np.errstate(invalid="ignore"):
        found = _nanquantile(value)  # quantile, horizon, label...
    axes: Any = [list(LEVELS), list(plan.horizons)] + [list(result.labels(d)) for d in known.dims]
    names = ["quantile", "horizon", *known.dims]
    frame = pd.DataFrame({"value": found.ravel()}, index=pd.MultiIndex.from_product(axes, names=names)).reset_index()
    owner, partner = _sides(name, plan.coercer, plan.target)
    frame["area"] = frame["country"] if "country" in known.dims else owner
    frame["partner"] = partner
    frame["activity"] = frame["sector"] if "sector" in known.dims else "total"
    frame["scenario"], frame["variable"], frame["unit"] = label, name, known.units
    frame["time"], frame["badge"], frame["vintage"] = plan.date.isoformat(), known.badge, vintage(plan)
    columns = ["scenario", "time", "horizon", "area", "partner", "activity", "variable", "quantile", "value", "unit"]
    return frame[[*columns, "badge", "vintage"]]


def _sides(name: str, coercer: str, target: str) -> tuple[str, str]:
    """Whose number a variable is, and who is on the other side ("" where nobody is)."""
    owner = target if name.startswith("target") else coercer
    if "exports_to_coercer" in name:
        return owner, coercer
    return owner, target if name == "revenue_from_target_usd_bn" else ""


def _nanquantile(value: Array) -> Array:
    """Quantiles over draws, NaN where no draw is finite (without NumPy's warning for it)."""
    empty = ~np.isfinite(value).any(axis=0)
    filled = np.where(empty, 0.0, value)
    found = np.nanquantile(filled, LEVELS, axis=0)
    found[:, empty] = np.nan
    return np.asarray(found)


assert tuple(QUANTILES.values()) == LEVELS
