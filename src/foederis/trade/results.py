"""An equilibrium as a labelled xarray dataset: dimensions by name and code, units and plain names on every variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from foederis.trade.equilibrium import Equilibrium

if TYPE_CHECKING:
    import xarray as xr

RATIO = "1"
USD = "million USD per year"
BY_COUNTRY = ("country",)
BY_SECTOR = ("country", "sector")
BILATERAL = ("importer", "exporter", "sector")

# variable: (attribute of Equilibrium, dimensions, units, long name)
VARIABLES: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "welfare_hat": ("welfare_hat", BY_COUNTRY, RATIO, "real income, new over old (exact, T9)"),
    "terms_of_trade": ("terms_of_trade", BY_COUNTRY, "fraction of income", "welfare: terms of trade (first order)"),
    "volume_of_trade": ("volume_of_trade", BY_COUNTRY, "fraction of income", "welfare: volume of trade (first order)"),
    "real_wage_hat": ("real_wage_hat", BY_COUNTRY, RATIO, "labour income over consumer prices, new over old"),
    "price_level_hat": ("price_level_hat", BY_COUNTRY, RATIO, "consumer price index, new over old"),
    "labour_income_hat": ("labour_income_hat", BY_COUNTRY, RATIO, "labour income, new over old"),
    "income_new": ("income_new", BY_COUNTRY, USD, "final income: value added, tariff revenue, deficit"),
    "tariff_revenue_new": ("tariff_revenue_new", BY_COUNTRY, USD, "tariff revenue"),
    "deficit_new": ("deficit_new", BY_COUNTRY, USD, "trade deficit, imports less exports"),
    "wage_hat": ("wage_hat", BY_SECTOR, RATIO, "wage per efficiency unit, new over old"),
    "cost_hat": ("cost_hat", BY_SECTOR, RATIO, "unit cost, new over old"),
    "price_hat": ("price_hat", BY_SECTOR, RATIO, "price index of the sector's goods, new over old"),
    "output_new": ("output_new", BY_SECTOR, USD, "gross output"),
    "value_added_new": ("value_added_new", BY_SECTOR, USD, "value added"),
    "expenditure_new": ("expenditure_new", BY_SECTOR, USD, "expenditure, tariffs included"),
    "flow_new": ("flow_new", BILATERAL, USD, "trade, tariffs excluded; home sales where importer is exporter"),
    "trade_share_new": ("trade_share_new", BILATERAL, RATIO, "share of expenditure by origin, tariffs included"),
    "tariff_new": ("tariff_new", BILATERAL, RATIO, "ad valorem tariff rate"),
}

# the same of the base year: variable: (attribute of Economy, dimensions, units, long name)
BASE_VARIABLES: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "income": ("income", BY_COUNTRY, USD, "final income of the base year"),
    "tariff_revenue": ("tariff_revenue", BY_COUNTRY, USD, "tariff revenue of the base year"),
    "deficit": ("deficit", BY_COUNTRY, USD, "trade deficit of the base year"),
    "output": ("output", BY_SECTOR, USD, "gross output of the base year"),
    "flow": ("flow", BILATERAL, USD, "trade of the base year, tariffs excluded"),
    "tariff": ("tariff", BILATERAL, RATIO, "ad valorem tariff rate of the base year"),
}


def dataset(equilibrium: Equilibrium) -> xr.Dataset:
    """The equilibrium and its base year as a dataset; attributes hold the closure, the horizon and the certificate."""
    import xarray as xr

    shock, economy = equilibrium.shock, equilibrium.economy
    labels: dict[str, Any] = {name: list(economy.countries) for name in ("country", "importer", "exporter")}
    labels["sector"] = list(economy.sectors)
    tables = ((VARIABLES, equilibrium), (BASE_VARIABLES, economy))
    variables = {
        name: (dims, np.asarray(getattr(source, attribute)), {"units": units, "long_name": text})
        for table, source in tables
        for name, (attribute, dims, units, text) in table.items()
    }
    elasticity = {"units": RATIO, "long_name": "trade elasticity theta"}
    variables["trade_elasticity"] = (("sector",), equilibrium.trade_elasticity, elasticity)
    attributes = {
        "engine": equilibrium.engine,
        "closure": shock.closure,
        "numeraire": "world value added",
        "deficit_numeraire": shock.numeraire,
        "labour_mobility": float(shock.mobility),
        "passes": equilibrium.passes,
        **{f"residual_{name}": value for name, value in equilibrium.residuals.items()},
    }
    return xr.Dataset(variables, coords=labels, attrs=attributes)
