r"""The model of the Liberation Day study: one sector, labour supply, scale economies, costs paid where goods are sold.

Source: Ignatenko, Lashkaripour, Macedoni & Simonovska (2025), "Making America great again? The economic impacts of
Liberation Day tariffs", Journal of International Economics 157, 104138; equation numbers are the article's.

Letters are the paper's: `w` wage, `E` expenditure, `L` employment, `P` price index, `Y` factor income, `lam` trade
share, `X` trade, `R` tariff revenue, `T` transfer received, `eps` trade elasticity, `psi` scale elasticity, `kappa`
labour supply elasticity, `phi` pass-through of a tariff to the import price index, `nu` share of sales that pays for
local labour at the place of sale, `beta` value-added share (1: no intermediates). `_hat` is new over old. Trade is
[importer, exporter], money is in million USD. Tariffs are rates.

The scheme is the usual one in changes: each equilibrium condition needs base shares, elasticities, new tariffs only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError

Array = np.ndarray
Rebate = Literal["income_tax", "lump_sum"]


@dataclass(frozen=True)
class Parameters:
    """Elasticities of the study (section 4): eps = 4, kappa = 0.5, eps psi = 0.67, full pass-through at the firm.

    `rebate` says what tariff revenue does: it relieves the tax on labour, or it is handed out. `firm_passthrough` is
    the article's phi tilde. `phi_is_one` switches all overshifting off (the Eaton-Kortum-Krugman case).
    """

    eps: float = 4.0
    kappa: float = 0.5
    psi: float = 0.67 / 4.0
    firm_passthrough: float = 1.0
    phi_is_one: bool = False
    rebate: Rebate = "income_tax"

    def passthrough(self, nu: Float[Array, " country"]) -> Float[Array, " country"]:
        r"""Pass-through to prices, $\varphi_i = \tilde\varphi + \frac{\nu_i}{1-\nu_i}(1 + \psi)$ (section 4)."""
        if self.phi_is_one:
            return np.ones_like(nu)
        return self.firm_passthrough + nu / (1.0 - nu) * (1.0 + self.psi)


@dataclass(frozen=True, eq=False)
class LiberationEconomy:
    """Base year of the study: trade with domestic sales on the diagonal, factor income, transfers.

    Raises DataError when shapes disagree or expenditure or factor income is not positive.
    """

    countries: tuple[str, ...]
    X: Float[Array, "importer exporter"]  # million USD
    nu: Float[Array, " country"]
    Y: Float[Array, " country"]  # factor income, million USD
    T: Float[Array, " country"]  # transfer received, million USD
    beta: float = 1.0

    def __post_init__(self) -> None:
        n = len(self.countries)
        if self.X.shape != (n, n) or any(v.shape != (n,) for v in (self.nu, self.Y, self.T)):
            raise DataError("liberation day: arrays do not match the list of countries")
        if not (np.all(self.E > 0.0) and np.all(self.Y > 0.0)):
            raise DataError("liberation day: a country has no expenditure or no factor income")

    @property
    def E(self) -> Float[Array, " country"]:
        """Expenditure on goods, million USD: imports plus domestic sales."""
        return np.asarray(self.X.sum(axis=1))

    @property
    def lam(self) -> Float[Array, "importer exporter"]:
        """Trade shares (9): $\\lambda_{ni} = X_{ni} / E_n$."""
        return np.asarray(self.X / self.E[:, None])

    @property
    def deficit(self) -> Float[Array, " country"]:
        """Imports minus exports, million USD."""
        return np.asarray(self.X.sum(axis=1) - self.X.sum(axis=0))

    def index(self, country: str) -> int:
        """Position of a country; DataError when it is not there."""
        if country not in self.countries:
            raise DataError(f"liberation day: no country {country!r}")
        return self.countries.index(country)


def log_unit_cost(w: Any, P: Any, L: Any, beta: float, psi: float) -> Any:
    r"""Log change of unit cost with round-about production (appendix A.3; beta = 1 is the baseline).

    $\hat c_i = \hat w_i^\beta \hat P_i^{1-\beta} / [(\hat w_i/\hat P_i)^{1-\beta} \hat L_i]^\psi$; arguments are logs.
    """
    return beta * w + (1.0 - beta) * P - psi * ((1.0 - beta) * (w - P) + L)


def tariff_weight(
    lam: Float[Array, "importer exporter"],
    tariff: Float[Array, "importer exporter"],
    eps: float,
    phi: Float[Array, " importer"],
) -> Float[Array, "importer exporter"]:
    r"""The part of (1) that tariffs decide: $\lambda_{ni} (1 + t_{ni})^{-\varphi_n \varepsilon}$."""
    return np.asarray(lam * np.exp(-eps * phi[:, None] * np.log1p(tariff)))


def labour_income(
    X: Float[Array, "importer exporter"], nu: Float[Array, " country"], beta: float
) -> tuple[Float[Array, " country"], Float[Array, " country"]]:
    r"""(2) What buyers pay for a country's labour: (from sales of its firms, from sales on its market).

    $\beta \sum_n (1-\nu_n) X_{ni}$ and $\nu_i \sum_m X_{im}$, with X net of tariffs.
    """
    return beta * ((1.0 - nu)[:, None] * X).sum(axis=0), nu * X.sum(axis=1)


def log_labour_supply(w: Any, P: Any, log_tax_relief: Any, kappa: float) -> Any:
    r"""(3) $\hat L_i = [\frac{1-\tau'}{1-\tau} \hat w_i / \hat P_i]^\kappa$; arguments are logs."""
    return kappa * (log_tax_relief + w - P)


def log_price_index(E: Any, w: Any, log_sum: Any, phi: Any, eps: float) -> Any:
    r"""(4) $\hat P_i = (\hat E_i/\hat w_i)^{1-\varphi_i} [\sum_n \lambda_{in} (\cdot)]^{-1/\varepsilon}$; in logs."""
    return (1.0 - phi) * (E - w) - log_sum / eps


def transfer(X: Float[Array, "importer exporter"], nu: Float[Array, " country"]) -> Float[Array, " country"]:
    r"""(8) Transfers that square GDP with trade: $\bar T_i = (1-\nu_i) [\sum_n X_{in} - \sum_n (1-\nu_n) X_{ni}]$.

    X without domestic sales, million USD.
    """
    return np.asarray((1.0 - nu) * (X.sum(axis=1) - ((1.0 - nu)[:, None] * X).sum(axis=0)))


def optimal_tariff(
    X: Float[Array, "importer exporter"],
    spending: Float[Array, " country"],
    nu: Float[Array, " country"],
    eps: float,
) -> Float[Array, " country"]:
    r"""Proposition 2: the inverse export supply elasticity that a country's uniform optimal tariff exploits.

    $\mathcal E_i = \varepsilon \sum_{n \ne i} (1-\nu_n) X_{ni} (1 - \lambda_{ni}) / [(1-\nu_i) (Z_i - X_{ii})]$ and
    $t^*_i = 1/[(1 + \mathcal E_i) \varphi_i - 1]$. The article has imports in the denominator (Z = E); its tables use
    Z = E for the optimal US tariff alone and Z = Y (factor income) wherever partners retaliate optimally.
    """
    abroad = X * (1.0 - np.eye(len(X)))
    share = X / X.sum(axis=1, keepdims=True)
    pull = ((1.0 - nu)[:, None] * abroad * (1.0 - share)).sum(axis=0)
    return np.asarray(eps * pull / ((1.0 - nu) * (spending - np.diag(X))))


@dataclass(frozen=True, eq=False)
class Outcome:
    """An equilibrium of the model: changes (hats), levels (million USD), and its certificate."""

    economy: LiberationEconomy
    parameters: Parameters
    tariff: Float[Array, "importer exporter"]
    w: Float[Array, " country"]
    E: Float[Array, " country"]
    L: Float[Array, " country"]
    P: Float[Array, " country"]
    X: Float[Array, "importer exporter"]  # net of tariffs
    R: Float[Array, " country"]
    residuals: dict[str, float]
    passes: int

    @property
    def world_income_hat(self) -> float:
        """Change of world factor income, the scale of transfers."""
        return float((self.economy.Y * self.w * self.L).sum() / self.economy.Y.sum())

    @property
    def tax_share(self) -> Float[Array, " country"]:
        """Income tax that the revenue replaces, share of new factor income (0 under a lump-sum rebate)."""
        if self.parameters.rebate == "lump_sum":
            return np.zeros_like(self.R)
        return np.asarray(self.R / (self.economy.Y * self.w * self.L))

    @property
    def consumption_hat(self) -> Float[Array, " country"]:
        """Change of spending on consumption: expenditure without intermediates."""
        if self.economy.beta == 1.0:
            return self.E
        e = self.economy
        return np.asarray((self.R + e.Y * self.w * self.L + e.T * self.world_income_hat) / (e.Y + e.T))

    def welfare_pct(self) -> Float[Array, " country"]:
        r"""Welfare as published, per cent: $\delta \hat C/\hat P + (1-\delta) \hat w \hat L/\hat P$.

        $\delta = C / [C - \frac{\kappa}{1+\kappa} (1-\tau) Y]$ from $U = C - \frac{\kappa}{1+\kappa} L^{1+1/\kappa}$
        (section 2). The second term leaves out the change of the tax rate; `utility_pct` keeps it.
        """
        delta = self._consumption_weight()
        return np.asarray(
            100.0 * (delta * self.consumption_hat / self.P + (1.0 - delta) * self.w * self.L / self.P - 1.0)
        )

    def utility_pct(self) -> Float[Array, " country"]:
        r"""The change in the article's utility, per cent: the disutility of work moves with $\hat L^{1+1/\kappa}$."""
        delta = self._consumption_weight()
        work = self.L ** (1.0 + 1.0 / self.parameters.kappa)
        return np.asarray(100.0 * (delta * self.consumption_hat / self.P + (1.0 - delta) * work - 1.0))

    def _consumption_weight(self) -> Float[Array, " country"]:
        e, kappa = self.economy, self.parameters.kappa
        consumption = e.E if e.beta == 1.0 else e.Y + e.T
        return np.asarray(consumption / (consumption - kappa / (1.0 + kappa) * (1.0 - self.tax_share) * e.Y))

    def table(self) -> dict[str, Float[Array, " country"]]:
        """The columns of the published tables by country, per cent; `revenue` is per cent of base expenditure."""
        e = self.economy
        off = 1.0 - np.eye(len(e.countries))
        income_hat = self.w * self.L
        deficit = self.X.sum(axis=1) - self.X.sum(axis=0)
        exports = (self.X * off).sum(axis=0) / (e.X * off).sum(axis=0) / income_hat
        imports = (self.X * off).sum(axis=1) / (e.X * off).sum(axis=1) / income_hat
        return {
            "welfare": self.welfare_pct(),
            "deficit": 100.0 * (deficit - e.deficit) / np.abs(e.deficit),
            "exports_gdp": 100.0 * (exports - 1.0),
            "imports_gdp": 100.0 * (imports - 1.0),
            "employment": 100.0 * (self.L - 1.0),
            "prices": 100.0 * (self.P - 1.0),
            "revenue": 100.0 * self.R / e.E,
        }
