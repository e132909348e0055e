"""NAFTA as Caliendo & Parro (2015) studied it: 31 countries, 40 sectors, tariffs of 1993 and 2005.

The inputs are the article's replication files; they carry no licence to redistribute and are read from a folder: the
one given (option `--targets`), else the one that FOEDERIS_TARGETS names, else `../shared/data/trade/targets` beside the
repository. A folder that is given or named and lacks the files is an error: no other is tried.

The experiment (section 5.1 of the article): aggregate deficits are set to zero at 1993 tariffs, the model is solved and
moved there; then tariffs among Canada, Mexico and the United States go to their 2005 level, all others stay.

Treatment of the data as in the article's programs: output is at least exports (domestic sales are not negative);
negative final demand is set to zero and shares are rescaled, so that the data themselves are not an equilibrium.
Published welfare is a first-order formula; the exact change in real income from the same equilibrium stands beside it.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError
from foederis.published.rows import Row

if TYPE_CHECKING:
    from foederis import trade
    from foederis.trade.economy import Economy

Array = np.ndarray
STUDY = "nafta"
MEMBERS = ("MEX", "CAN", "USA")
NON_TRADED_THETA = 5.0  # any positive number gives the same answer: nothing of these sectors crosses a border
FILES = ("trade_tariffs_1993.csv", "va_output_1993.csv", "io_coefficients_1993.csv", "theta.csv")
ENVIRONMENT = "FOEDERIS_TARGETS"

# Printed in the article (tables 2 and 3), per cent; two decimals.
PUBLISHED = {
    "welfare": {"MEX": 1.31, "CAN": -0.06, "USA": 0.08},
    "terms of trade": {"MEX": -0.41, "CAN": -0.11, "USA": 0.04},
    "volume of trade": {"MEX": 1.72, "CAN": 0.04, "USA": 0.04},
    "real wage": {"MEX": 1.72, "CAN": 0.32, "USA": 0.11},
}
# The same formula from a public solver run to 1e-11 on these files (paulofelipe/cp2015): eight decimals.
REFERENCE_WELFARE = {"MEX": 1.31211370, "CAN": -0.06381631, "USA": 0.08475332}
REFERENCE_REAL_INCOME = {"MEX": 0.007, "CAN": -0.110, "USA": 0.074}
REFERENCE_TOLERANCE = 1e-6  # percentage points, for the eight decimals; two solvers at 1e-10 agree to 1e-8


@dataclass(frozen=True, eq=False)
class NaftaData:
    """The study's data as shares and levels, million USD; fields as in `trade.Economy`, and the new tariffs."""

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    flow: Float[Array, "importer exporter sector"]  # tariff-exclusive, domestic sales on the diagonal
    tariff: Float[Array, "importer exporter sector"]  # 1993
    tariff_nafta: Float[Array, "importer exporter sector"]  # 1993, and 2005 among the three
    tariff_2005: Float[Array, "importer exporter sector"]
    input_share: Float[Array, "country input output"]
    value_added_share: Float[Array, "country sector"]
    final_share: Float[Array, "country sector"]
    trade_elasticity: Float[Array, " sector"]
    clipped: float  # negative final demand set to zero, share of world final demand
    lifted: float  # exports above output, share of world output

    @property
    def expenditure(self) -> Float[Array, "country sector"]:
        """Spending with tariffs, million USD."""
        return np.asarray(((1.0 + self.tariff) * self.flow).sum(axis=1))

    @property
    def trade_share(self) -> Float[Array, "importer exporter sector"]:
        """Shares of spending with tariffs; they sum to 1 over exporters."""
        return np.asarray((1.0 + self.tariff) * self.flow / self.expenditure[:, None, :])

    @property
    def output(self) -> Float[Array, "country sector"]:
        """Gross output, million USD."""
        return np.asarray(self.flow.sum(axis=0))

    @property
    def value_added(self) -> Float[Array, " country"]:
        """Value added, million USD."""
        return np.asarray((self.value_added_share * self.output).sum(axis=1))

    @property
    def deficit(self) -> Float[Array, " country"]:
        """Imports minus exports without tariffs, million USD."""
        return np.asarray(self.flow.sum(axis=(1, 2)) - self.flow.sum(axis=(0, 2)))

    def economy(self) -> Economy:
        """The data as the engine takes them (imports the engine)."""
        from foederis.trade.economy import Economy

        names = ("trade_share", "tariff", "input_share", "value_added_share", "final_share", "value_added", "deficit")
        fields = {name: getattr(self, name) for name in (*names, "trade_elasticity", "expenditure")}
        return Economy(countries=self.countries, sectors=self.sectors, **fields)


def folder(given: Path | None = None) -> Path:
    """The folder of the study's files: given, from FOEDERIS_TARGETS, or beside the repository. DataError if absent."""
    beside = Path(__file__).parent.joinpath("../../../../shared/data/trade/targets").resolve()
    root = Path(given or os.environ.get(ENVIRONMENT) or beside)
    tried = (root / "cp_nafta", root)
    for place in tried:
        if all((place / name).is_file() for name in FILES):
            return place
    raise DataError(
        f"the NAFTA files ({', '.join(FILES)}) are not shipped and not found; looked in"
        f" {', '.join(str(p) for p in tried)}; pass --targets FOLDER or set {ENVIRONMENT}"
    )


def read(place: Path | None = None) -> NaftaData:
    """Read the study's files. Raises DataError if one is missing, incomplete or does not add up."""
    source = folder(place)
    theta = {line["sector"]: float(line["theta"]) for line in _lines(source / "theta.csv")}
    accounts = _lines(source / "va_output_1993.csv")
    sectors = tuple(dict.fromkeys(line["sector"] for line in accounts))
    countries = tuple(sorted({line["country"] for line in accounts}))
    if tuple(theta) != sectors[: len(theta)]:
        raise DataError("nafta: the traded sectors of theta.csv are not the first sectors of va_output_1993.csv")
    n, j = len(countries), len(sectors)
    at = {name: k for k, name in enumerate(countries)}, {name: k for k, name in enumerate(sectors)}
    share, gross = np.full((n, j), np.nan), np.full((n, j), np.nan)
    for line in accounts:
        cell = at[0][line["country"]], at[1][line["sector"]]
        share[cell], gross[cell] = float(line["value_added_share"]), float(line["gross_output_usd"]) / 1e6
    trade, tariff, tariff_2005 = _trade(source, at)
    for name, array in (("value added", share), ("output", gross)):
        if not np.isfinite(array).all():
            raise DataError(f"nafta: {name} is missing for a country and sector")
    cost = _input_costs(source, at, share)
    elasticity = np.array([theta.get(sector, NON_TRADED_THETA) for sector in sectors])
    return _assemble(countries, sectors, trade, gross, tariff, tariff_2005, share, cost, elasticity)


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _trade(source: Path, at: tuple[dict[str, int], dict[str, int]]) -> tuple[Array, Array, Array]:
    """Imports (million USD), tariffs of 1993 and of 2005 (rates), each [importer, exporter, sector]."""
    shape = (len(at[0]), len(at[0]), len(at[1]))
    trade, tariff, later = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for line in _lines(source / "trade_tariffs_1993.csv"):
        cell = at[0][line["importer"]], at[0][line["exporter"]], at[1][line["sector"]]
        trade[cell] = float(line["value_kusd"]) / 1e3
        tariff[cell], later[cell] = float(line["tariff1993_pct"]) / 100.0, float(line["tariff2005_pct"]) / 100.0
    home = np.arange(shape[0])
    for array in (trade, tariff, later):
        array[home, home] = 0.0
    return trade, tariff, later


def _input_costs(
    source: Path, at: tuple[dict[str, int], dict[str, int]], value_added_share: Float[Array, "country sector"]
) -> Float[Array, "country input output"]:
    """Shares of intermediate costs, summing to 1 over inputs (checked, rounding removed); nil where there are none."""
    cost = np.zeros((len(at[0]), len(at[1]), len(at[1])))
    for line in _lines(source / "io_coefficients_1993.csv"):
        cost[at[0][line["country"]], at[1][line["row_sector"]], at[1][line["col_sector"]]] = float(line["coef"])
    total = cost.sum(axis=1)
    buys = value_added_share < 1.0  # private households and, in two countries, the public sector are labour alone
    if not buys.any() or np.abs(total[buys] - 1.0).max() > 1e-4 or np.any(total[~buys] != 0.0):
        raise DataError("nafta: input cost shares do not sum to 1 for every sector that buys inputs")
    return np.asarray(cost / np.where(buys, total, 1.0)[:, None, :])


def _assemble(
    countries: tuple[str, ...],
    sectors: tuple[str, ...],
    trade: Float[Array, "importer exporter sector"],
    gross: Float[Array, "country sector"],
    tariff: Float[Array, "importer exporter sector"],
    tariff_2005: Float[Array, "importer exporter sector"],
    value_added_share: Float[Array, "country sector"],
    cost: Float[Array, "country input output"],
    elasticity: Float[Array, " sector"],
) -> NaftaData:
    """Domestic sales, input shares and final shares as the article's programs make them."""
    home = np.arange(len(countries))
    exports = trade.sum(axis=0)
    domestic = np.maximum(gross - exports, 0.0)
    flow = trade.copy()
    flow[home, home] = domestic
    output = exports + domestic
    input_share = (1.0 - value_added_share)[:, None, :] * cost
    spending = ((1.0 + tariff) * flow).sum(axis=1)
    final = spending - np.einsum("nkj,nj->nk", input_share, output)
    positive = np.maximum(final, 0.0)
    return NaftaData(
        countries=countries,
        sectors=sectors,
        flow=flow,
        tariff=tariff,
        tariff_nafta=nafta_tariffs(countries, tariff, tariff_2005),
        tariff_2005=tariff_2005,
        input_share=input_share,
        value_added_share=value_added_share,
        final_share=positive / positive.sum(axis=1, keepdims=True),
        trade_elasticity=elasticity,
        clipped=float(-np.minimum(final, 0.0).sum() / positive.sum()),
        lifted=float((output - gross).sum() / output.sum()),
    )


def nafta_tariffs(
    countries: tuple[str, ...],
    before: Float[Array, "importer exporter sector"],
    after: Float[Array, "importer exporter sector"],
) -> Float[Array, "importer exporter sector"]:
    """Tariffs of 1993 everywhere, of 2005 among Canada, Mexico and the United States."""
    members = [countries.index(code) for code in MEMBERS]
    inside = np.ix_(members, members)
    tariff = before.copy()
    tariff[inside] = after[inside]
    return tariff


@dataclass(frozen=True, eq=False)
class NaftaOutcome:
    """What an engine found, by country, per cent."""

    countries: tuple[str, ...]
    terms_of_trade: Float[Array, " country"]
    volume_of_trade: Float[Array, " country"]
    real_wage: Float[Array, " country"]
    real_income: Float[Array, " country"]  # exact
    residuals: Mapping[str, float]  # the certificate of the equilibrium


def solve(data: NaftaData, engine: trade.Engine = "numpy") -> NaftaOutcome:
    """The experiment by one of the engines of `trade`; raises SolveError if the equilibrium cannot be certified."""
    from foederis import trade

    found = trade.solve(data.economy(), trade.Shock(tariff=data.tariff_nafta, closure="purged"), engine=engine)
    return NaftaOutcome(
        countries=data.countries,
        terms_of_trade=100.0 * found.terms_of_trade,
        volume_of_trade=100.0 * found.volume_of_trade,
        real_wage=100.0 * (found.real_wage_hat - 1.0),
        real_income=100.0 * (found.welfare_hat - 1.0),
        residuals=found.residuals,
    )


def compare(outcome: NaftaOutcome) -> list[Row]:
    """The published numbers beside an engine's: as printed, and those of a public solver on the same files."""
    ours: Mapping[str, Float[Array, " country"]] = {
        "welfare": outcome.terms_of_trade + outcome.volume_of_trade,
        "terms of trade": outcome.terms_of_trade,
        "volume of trade": outcome.volume_of_trade,
        "real wage": outcome.real_wage,
    }
    case = "zero aggregate deficits"
    rows = []
    for outcome_name, printed in PUBLISHED.items():
        for code, value in printed.items():
            number = float(ours[outcome_name][outcome.countries.index(code)])
            rows.append(Row(STUDY, "2, 3", case, code, outcome_name, value, number, 2))
    for label, table, decimals, allowed, values in (
        ("welfare, first-order formula", REFERENCE_WELFARE, 8, REFERENCE_TOLERANCE, ours["welfare"]),
        ("real income, exact", REFERENCE_REAL_INCOME, 3, None, outcome.real_income),
    ):
        for code, value in table.items():
            number = float(values[outcome.countries.index(code)])
            rows.append(Row(STUDY, "reference", case, code, label, value, number, decimals, tolerance_given=allowed))
    return rows
