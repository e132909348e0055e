"""The Liberation Day study reproduced: its calibration, its scenarios, its printed tables.

Source: Ignatenko, Lashkaripour, Macedoni & Simonovska (2025), Journal of International Economics 157, 104138. Table
numbers are those of the study's replication package (its tables 8, 9, 10 stand in the article's online appendix).

What a reader of the tables should know, found by reproducing them:

* `revenue` is printed as a share of GDP but divided by base expenditure.
* "EU" is 25 countries: Czechia and Slovakia are not in the average.
* Retaliation "at the optimum" puts factor income where Proposition 2 has expenditure; so does the optimal US tariff
  when partners retaliate, but not when they do not (18.5 % against 21.8 %).
* Table 10, balanced trade: the transfers taken out do not sum to zero, and the gap (1.2 times the US transfer) lands
  on the one country whose market is not cleared, Zimbabwe. The published average welfare of case 4 repeats case 3.
* The published welfare leaves out that work costs more effort when hours rise on a lower tax: with the article's own
  utility the headline gain of 1.13 % is 0.63 % (`Outcome.utility_pct`).

`tests/test_published_liberation_claims.py` computes each of these.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError, SolveError
from foederis.published import shipped
from foederis.published.liberation_model import LiberationEconomy, Outcome, Parameters, optimal_tariff, transfer
from foederis.published.liberation_solver import LiberationSolver

Array = np.ndarray
STUDY = "liberation-day"
US, CHINA = "USA", "CHN"
# fmt: off
EU25 = (
    "AUT", "BEL", "BGR", "CYP", "DEU", "DNK", "ESP", "EST", "FIN", "FRA", "GRC", "HRV", "HUN",
    "IRL", "ITA", "LTU", "LUX", "LVA", "MLT", "NLD", "POL", "PRT", "ROU", "SVN", "SWE",
)
# fmt: on
LOCAL_COST_SHARE = {"non-US": 0.12, "US": 0.26}  # selling costs in sales of firms, by home market (appendix F.4)
INTERMEDIATE_BETA = 0.49  # value-added share of the input-output variant (appendix A.3)
FLOOR = 0.10  # lowest announced rate


@dataclass(frozen=True, eq=False)
class Inputs:
    """Data of the study: labels, GDP and trade (million USD), announced US rates."""

    countries: tuple[str, ...]
    gdp: Float[Array, " country"]
    imports: Float[Array, "importer exporter"]  # no domestic sales
    announced: Float[Array, " exporter"]
    published: tuple[tuple[str, str, str, str, float, int], ...]

    @cached_property
    def us(self) -> int:
        """Position of the United States."""
        return self.countries.index(US)

    @cached_property
    def abroad(self) -> Array:
        """Positions of all other countries."""
        return np.delete(np.arange(len(self.countries)), self.us)


def read() -> Inputs:
    """The inputs that the package ships."""
    data = shipped.load("liberation-day")
    rows = tuple((str(t), str(c), str(u), str(o), float(v), int(d)) for t, c, u, o, v, d in data.card["published"])
    return Inputs(
        tuple(code.decode() for code in data.arrays["iso3"]),
        data.arrays["gdp_musd"],
        data.arrays["flow_kusd"].astype(float) / 1e3,
        data.arrays["announced_us_rate"],
        rows,
    )


def offshore_share(inputs: Inputs) -> Float[Array, " country"]:
    r"""Shares $\nu$ (non-US, US) that make firms at home pay the observed share of sales for selling (appendix F.4).

    With $r_i$ the share of a region's sales made at home, $r_i \nu_i + (1-r_i)\nu_{-i}$ = 0.12 (non-US) and 0.26 (US);
    $r_i$ depends on $\nu$ through transfers (8). Two regions, solved by fixed-point iteration to 1e-14.
    """
    us, abroad = inputs.us, inputs.abroad
    to_us, from_us = inputs.imports[us].sum(), inputs.imports[:, us].sum()
    within = inputs.imports[np.ix_(abroad, abroad)].sum()
    X = np.array([[within, from_us], [to_us, 0.0]])  # importer, exporter; 0 = non-US, 1 = US
    gdp = np.array([inputs.gdp[abroad].sum(), inputs.gdp[us]])
    target = np.array([LOCAL_COST_SHARE["non-US"], LOCAL_COST_SHARE["US"]])
    nu = target.copy()
    for _ in range(500):
        home = gdp + transfer(X, nu) - np.array([from_us, to_us])
        at_home = home / (home + np.array([to_us, from_us]))
        new = np.linalg.solve(np.array([[at_home[0], 1 - at_home[0]], [1 - at_home[1], at_home[1]]]), target)
        if np.abs(new - nu).max() < 1e-14:
            return np.maximum(new, 0.0)
        nu = new
    raise SolveError("liberation day: the calibration of local selling costs did not settle")


def calibrate(inputs: Inputs, *, beta: float = 1.0, nu: Float[Array, " two"] | None = None) -> LiberationEconomy:
    """Base year of the model; `nu` as (non-US, US), by default `offshore_share`.

    Domestic sales are what is left of expenditure, and zero where imports exceed it. With `beta` below 1 domestic sales
    are grossed up by 1/beta and income is split between labour and inputs.
    """
    pair = offshore_share(inputs) if nu is None else nu
    shares = np.full(len(inputs.countries), pair[0])
    shares[inputs.us] = pair[1]
    spending = inputs.gdp + transfer(inputs.imports, shares)
    X = inputs.imports + np.diag(np.maximum(spending - inputs.imports.sum(axis=1), 0.0) / beta)
    sales = ((1.0 - shares)[:, None] * X).sum(axis=0)
    income = beta * sales + shares * X.sum(axis=1)
    received = X.sum(axis=1) - income - (1.0 - beta) * sales
    return LiberationEconomy(inputs.countries, X, shares, income, received, beta)


def without_local_costs(economy: LiberationEconomy) -> LiberationEconomy:
    """The same trade with nu = 0: income is sales, transfers are the whole deficit (Eaton-Kortum-Krugman)."""
    income = economy.X.sum(axis=0)
    return replace(economy, nu=np.zeros_like(economy.nu), Y=income, T=economy.E - income)


def announced_tariff(inputs: Inputs) -> Float[Array, "importer exporter"]:
    """US rates of April 2025: the announced rate of each country, at least 10 %."""
    tariff = np.zeros((len(inputs.countries),) * 2)
    tariff[inputs.us] = np.maximum(inputs.announced, FLOOR)
    tariff[inputs.us, inputs.us] = 0.0
    return tariff


def reciprocal(tariff: Float[Array, "importer exporter"], us: int) -> Float[Array, "importer exporter"]:
    """Every partner answers with the rate it faces."""
    answered = tariff.copy()
    answered[:, us] = tariff[us]
    return answered


def optimal_us_rate(economy: LiberationEconomy, us: int, p: Parameters, *, on_income: bool) -> float:
    """Proposition 2 for the United States; `on_income` puts factor income where the article has expenditure."""
    power = optimal_tariff(economy.X, economy.Y if on_income else economy.E, economy.nu, p.eps)[us]
    return float(1.0 / ((1.0 + power) * p.passthrough(economy.nu)[us] - 1.0))


def optimal_retaliation(economy: LiberationEconomy, us: int, p: Parameters) -> Float[Array, " country"]:
    """Rate of each partner on US goods: Proposition 2 for all partners as one region (on factor income)."""
    n = len(economy.countries)
    to_region = np.zeros((2, n))
    to_region[0] = 1.0
    to_region[:, us] = (0.0, 1.0)
    first_abroad = 0 if us != 0 else 1
    nu = np.array([economy.nu[first_abroad], economy.nu[us]])
    power = optimal_tariff(to_region @ economy.X @ to_region.T, to_region @ economy.Y, nu, p.eps)[0]
    rates: Float[Array, " country"] = 1.0 / ((1.0 + power) * p.passthrough(economy.nu) - 1.0)
    return rates


def tariff_war(
    announced: Float[Array, "importer exporter"], us: int, at_war: Mapping[int, float | None]
) -> Float[Array, "importer exporter"]:
    """Table 8: 10 % both ways with everyone, and with some countries the announced rate or a given one, both ways."""
    tariff = np.zeros_like(announced)
    tariff[us] = FLOOR
    for country, rate in at_war.items():
        tariff[us, country] = announced[us, country] if rate is None else rate
    tariff[us, us] = 0.0
    return reciprocal(tariff, us)


def balanced_transfers(economy: LiberationEconomy, us: int) -> Float[Array, " country"]:
    """Table 10, balanced trade: transfers less the bilateral deficit with the United States; none for it.

    As published, this leaves transfers that do not sum to zero: local selling costs are part of the deficit.
    """
    bilateral = economy.X[:, us] - economy.X[us]
    received: Float[Array, " country"] = economy.T - bilateral
    received[us] = 0.0
    return received


class Scenarios:
    """The scenarios of the study, each solved once; `outcome(name)` by the names in `CASES`."""

    def __init__(self, inputs: Inputs, nu: Float[Array, " two"] | None = None):
        self.inputs = inputs
        self.us = inputs.us
        self.base = calibrate(inputs, nu=nu)
        self.io = calibrate(inputs, beta=INTERMEDIATE_BETA, nu=nu)
        self.ekk = without_local_costs(self.base)
        self.announced = announced_tariff(inputs)
        self._solvers: dict[str, LiberationSolver] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._cases: dict[str, Callable[[], Outcome]] = {
            "ustr": lambda: self._on("base", self.announced),
            "lump sum": lambda: self._on("lump sum", self.announced),
            "optimal": lambda: self._on("base", self._with_us(self._optimal_rate(on_income=False))),
            "reciprocal": lambda: self._on("base", reciprocal(self.announced, self.us)),
            "optimal retaliation": lambda: self._on("base", self._answered(self.announced)),
            "optimal both": lambda: self._on("base", self._answered(self._with_us(self._optimal_rate(on_income=True)))),
            "war EU China": lambda: self._on("base", self._war([CHINA, *EU25], None)),
            "war China": lambda: self._on("base", self._war([CHINA], None)),
            "war China 108": lambda: self._on("base", self._war([CHINA], 1.08)),
            "passthrough 0.25": lambda: self._on("passthrough 0.25", self.announced),
            "eps 8": lambda: self._on("eps 8", self.announced),
            "ekk": lambda: self._on("ekk", self.announced),
            "ekk retaliation": lambda: self._on("ekk", self._answered_at(1.0 / Parameters().eps)),
            "balanced base": lambda: self._on("balanced", np.zeros_like(self.announced)),
            "balanced": lambda: self._on("balanced", self.announced),
            "balanced retaliation": lambda: self._on("balanced", self._answered_at(self._simple_rate())),
            "io": lambda: self._on("io", self.announced),
            "io reciprocal": lambda: self._on("io", reciprocal(self.announced, self.us)),
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the scenarios."""
        return tuple(self._cases)

    def outcome(self, name: str) -> Outcome:
        """The equilibrium of a scenario; raises DataError on an unknown name, SolveError if it cannot be certified."""
        if name not in self._cases:
            raise DataError(f"liberation day: no scenario {name!r}; there are {', '.join(self._cases)}")
        if name not in self._outcomes:
            self._outcomes[name] = self._cases[name]()
        return self._outcomes[name]

    def _on(self, variant: str, tariff: Float[Array, "importer exporter"]) -> Outcome:
        if variant not in self._solvers:
            solver = self._variant(variant)
            if variant == "balanced":  # transfers have moved: the base is itself an equilibrium to be found
                solver.move_home(solver.solve(np.zeros_like(tariff)))
            self._solvers[variant] = solver
        return self._solvers[variant].solve(tariff)

    def _variant(self, name: str) -> LiberationSolver:
        p = Parameters()
        if name == "balanced":
            economy = replace(self.base, T=balanced_transfers(self.base, self.us))
            return LiberationSolver(economy, p)
        variants = {
            "base": (self.base, p),
            "lump sum": (self.base, replace(p, rebate="lump_sum")),
            "passthrough 0.25": (self.base, replace(p, firm_passthrough=0.25)),
            "eps 8": (self.base, replace(p, eps=8.0)),  # the scale elasticity stays at 0.67/4
            "ekk": (self.ekk, replace(p, phi_is_one=True)),
            "io": (self.io, p),
        }
        economy, parameters = variants[name]
        return LiberationSolver(economy, parameters, "wages" if name == "io" else "prices")

    def _optimal_rate(self, *, on_income: bool) -> float:
        return optimal_us_rate(self.base, self.us, Parameters(), on_income=on_income)

    def _with_us(self, rate: float) -> Float[Array, "importer exporter"]:
        tariff = np.zeros_like(self.announced)
        tariff[self.us, self.inputs.abroad] = rate
        return tariff

    def _answered(self, tariff: Float[Array, "importer exporter"]) -> Float[Array, "importer exporter"]:
        answered = tariff.copy()
        answered[:, self.us] = optimal_retaliation(self.base, self.us, Parameters())
        answered[self.us, self.us] = 0.0
        return answered

    def _answered_at(self, rate: float) -> Float[Array, "importer exporter"]:
        answered = self.announced.copy()
        answered[self.inputs.abroad, self.us] = rate
        return answered

    def _simple_rate(self) -> float:
        """Table 10, case 4: partners' rate for a small economy, 1 / ((1 + eps) phi_US - 1)."""
        p = Parameters()
        return float(1.0 / ((1.0 + p.eps) * p.passthrough(self.base.nu)[self.us] - 1.0))

    def _war(self, partners: Sequence[str], rate: float | None) -> Float[Array, "importer exporter"]:
        return tariff_war(self.announced, self.us, {self.base.index(code): rate for code in partners})


def by_country(outcome: Outcome) -> dict[str, dict[str, float]]:
    """The seven columns of the published country files, by country (per cent; revenue per cent of expenditure)."""
    table = outcome.table()
    return {
        code: {column: float(values[k]) for column, values in table.items()}
        for k, code in enumerate(outcome.economy.countries)
    }


def largest_gap_by_country(outcome: Outcome, file: Path) -> dict[str, tuple[float, str]]:
    """Largest difference from a published country file, by column: (percentage points, country).

    The deficit is compared relative to 1 + its absolute change, because tiny deficits change by thousands of per cent.
    """
    ours = by_country(outcome)
    worst: dict[str, tuple[float, str]] = {}
    with file.open(encoding="utf-8", newline="") as handle:
        for line in csv.DictReader(handle):
            for column, value in _published_columns(line).items():
                gap = abs(ours[line["iso3"]][column] - value)
                if column == "deficit":
                    gap /= 1.0 + abs(value)
                if gap > worst.get(column, (-1.0, ""))[0]:
                    worst[column] = (gap, line["iso3"])
    return worst


def _published_columns(line: Mapping[str, str]) -> dict[str, float]:
    names = ("welfare", "deficit", "exports_gdp", "imports_gdp", "employment", "prices")
    columns = {name: float(line[f"{name}_pct"]) for name in names}
    return {**columns, "revenue": 100.0 * float(line["tariff_revenue_share_gdp"])}
