"""The result of a solve: what changed, the levels after it, and the certificate that it is an equilibrium.

An `Equilibrium` holds the solved prices, costs, wages and spending with the residuals of every market, computed anew
from them after the loop has ended. Everything else follows by the labelled equations and is worked out when asked for.
No equilibrium leaves the engine with a residual above tolerance: `refuse` raises SolveError naming the worst market.

Levels are in million USD of the base year with world value added as the numeraire: it is the same after the shock.
Blocs that do not trade with each other each keep their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from foederis.errors import SolveError
from foederis.trade import equations
from foederis.trade.chord import Markets, Problem, State, by_country
from foederis.trade.economy import Economy, Shock

if TYPE_CHECKING:
    import xarray as xr

Array = np.ndarray
MARKETS = {
    "price": "unit costs and prices (T1, T2)",
    "expenditure": "goods markets (T4)",
    "labour": "labour markets",
    "trade_balance": "trade balance (T6)",
    "sector_wage": "sector labour markets (T7)",
    "numeraire": "world value added",
}


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """A certified equilibrium; hats are new over old, `_new` are levels after the shock.

    `economy` is the base it is measured from (deficits removed when the closure is `purged`), `shock` has its defaults
    filled in, `residuals` is the certificate: the largest relative error of each market (see `certificate`).
    """

    economy: Economy
    shock: Shock
    engine: str
    passes: int
    residuals: Mapping[str, float]
    wage_hat: Float[Array, "country sector"]  # wage per efficiency unit
    labour_income_hat: Float[Array, " country"]  # the wage bill, which is value added
    cost_hat: Float[Array, "country sector"]
    price_hat: Float[Array, "country sector"]
    expenditure_new: Float[Array, "country sector"]  # million USD, tariff-inclusive
    output_new: Float[Array, "country sector"]  # million USD
    tariff_revenue_new: Float[Array, " country"]  # million USD
    deficit_new: Float[Array, " country"]  # million USD

    @property
    def trade_elasticity(self) -> Float[Array, " sector"]:
        """Trade elasticities of this solve."""
        assert self.shock.trade_elasticity is not None
        return self.shock.trade_elasticity

    @property
    def tariff_new(self) -> Float[Array, "importer exporter sector"]:
        """Tariff rates after the shock."""
        assert self.shock.tariff is not None
        return self.shock.tariff

    @cached_property
    def kappa_hat(self) -> Float[Array, "importer exporter sector"]:
        """Change of trade costs: tariff factor times iceberg cost."""
        assert self.shock.iceberg_hat is not None
        kappa: Array = (1.0 + self.tariff_new) / (1.0 + self.economy.tariff) * self.shock.iceberg_hat
        return kappa

    @cached_property
    def trade_share_new(self) -> Float[Array, "importer exporter sector"]:
        """Trade shares after the shock (T3), tariff-inclusive."""
        share: Array = equations.trade_share(
            self.economy.trade_share, self.kappa_hat, self.cost_hat, self.price_hat, self.trade_elasticity
        )
        return share

    @cached_property
    def flow_new(self) -> Float[Array, "importer exporter sector"]:
        """Trade after the shock, million USD, tariff-exclusive; the diagonal is domestic sales."""
        flow: Array = self.trade_share_new * self.expenditure_new[:, None, :] / (1.0 + self.tariff_new)
        return flow

    def flow_to(self, importer: int) -> Float[Array, "exporter sector"]:
        """`flow_new` into one country, worked out alone."""
        return self._flow_at(slice(importer, importer + 1), slice(None))[0]

    def flow_from(self, exporter: int) -> Float[Array, "importer sector"]:
        """`flow_new` out of one country, worked out alone."""
        return self._flow_at(slice(None), slice(exporter, exporter + 1))[:, 0]

    def _flow_at(self, importers: slice, exporters: slice) -> Float[Array, "importer exporter sector"]:
        key = importers.start, exporters.start
        if key not in self._flows:
            assert self.shock.iceberg_hat is not None
            base, tau_new = self.economy, 1.0 + self.tariff_new[importers, exporters]
            kappa = tau_new / (1.0 + base.tariff[importers, exporters]) * self.shock.iceberg_hat[importers, exporters]
            share = equations.trade_share(
                base.trade_share[importers, exporters],
                kappa,
                self.cost_hat[exporters],
                self.price_hat[importers],
                self.trade_elasticity,
            )
            self._flows[key] = np.asarray(share * self.expenditure_new[importers, None, :] / tau_new)
        return self._flows[key]

    @cached_property
    def _flows(self) -> dict[tuple[int | None, int | None], Array]:
        return {}

    @cached_property
    def value_added_new(self) -> Float[Array, "country sector"]:
        """Value added by sector, million USD."""
        value: Array = self.economy.value_added_share * self.output_new
        return value

    @cached_property
    def labour_income_new(self) -> Float[Array, " country"]:
        """Labour income (value added of the country), million USD."""
        value: Array = self.labour_income_hat * self.economy.value_added
        return value

    @cached_property
    def income_new(self) -> Float[Array, " country"]:
        """Final income (T5): labour income, tariff revenue, deficit, million USD."""
        value: Array = equations.income(self.labour_income_new, self.tariff_revenue_new, self.deficit_new)
        return value

    @cached_property
    def price_level_hat(self) -> Float[Array, " country"]:
        """Change of the consumer price index, in the numeraire."""
        value: Array = equations.price_level(self.price_hat, self.economy.final_share)
        return value

    @cached_property
    def welfare_hat(self) -> Float[Array, " country"]:
        """Exact change of real income (T9)."""
        value: Array = equations.welfare(
            self.income_new / self.economy.income, self.price_hat, self.economy.final_share
        )
        return value

    @cached_property
    def real_wage_hat(self) -> Float[Array, " country"]:
        """Change of labour income over the consumer price index."""
        value: Array = self.labour_income_hat / self.price_level_hat
        return value

    @property
    def terms_of_trade(self) -> Float[Array, " country"]:
        """First-order terms-of-trade part of the welfare change, fraction of income."""
        return self._first_order[0]

    @property
    def volume_of_trade(self) -> Float[Array, " country"]:
        """First-order volume-of-trade part of the welfare change, fraction of income."""
        return self._first_order[1]

    @cached_property
    def _first_order(self) -> tuple[Float[Array, " country"], Float[Array, " country"]]:
        old = self.economy.flow
        hat = np.divide(self.flow_new, old, out=np.ones_like(old), where=old > 0)
        parts: tuple[Array, Array] = equations.welfare_first_order(
            old, self.economy.tariff, self.economy.income, self.cost_hat, hat
        )
        return parts

    def to_dataset(self) -> xr.Dataset:
        """The equilibrium as a labelled xarray dataset with units and names (see `results`)."""
        from foederis.trade.results import dataset

        return dataset(self)


def equilibrium_of(
    economy: Economy,
    shock: Shock,
    engine: str,
    passes: int,
    state: State,
    at: Markets,
    residuals: Mapping[str, Array],
) -> Equilibrium:
    """An equilibrium from a certified state of the loop."""
    log_wage = np.broadcast_to(state.log_income, state.log_cost.shape)
    log_wage = log_wage if state.log_wage is None else log_wage + state.log_wage
    return Equilibrium(
        economy=economy,
        shock=shock,
        engine=engine,
        passes=passes,
        residuals={name: float(np.abs(part).max()) for name, part in residuals.items()},
        wage_hat=_country_first(np.exp(log_wage)),
        labour_income_hat=np.exp(state.log_income),
        cost_hat=_country_first(np.exp(state.log_cost)),
        price_hat=_country_first(np.exp(at.log_price)),
        expenditure_new=_country_first(at.expenditure),
        output_new=_country_first(at.output),
        tariff_revenue_new=at.revenue,
        deficit_new=at.deficit,
    )


def _country_first(values: Float[Array, "sector country"]) -> Float[Array, "country sector"]:
    return np.ascontiguousarray(values.T)


def certificate(problem: Problem, state: State, at: Markets) -> dict[str, Array]:
    """The residual of every equation, by market; zero in equilibrium. Uses no matrix of the solver.

    price: log unit cost less T1 at the prices of T2 [sector, country]. expenditure: T4, over value added of the country
    [sector, country]. labour: labour demand over labour income, less 1 [country]; all countries, so that the one market
    that Walras' law makes redundant is checked like the others. trade_balance: T6 over value added [country].
    sector_wage (finite mobility): T7 in logs [sector, country]. numeraire: value added of the country's bloc (the
    world, unless trade falls apart) over its base, less 1 [country].
    """
    inputs = problem.input_share  # [country, output, input]: rows times prices; its transpose times output
    log_wage = state.log_income if state.log_wage is None else state.log_income + state.log_wage
    cost = problem.value_added_share * log_wage + by_country(inputs, at.log_price)
    income = at.labour_income + at.revenue + at.deficit
    spending = by_country(inputs.transpose(0, 2, 1), at.output) + problem.final_share * income
    balance = at.imports - at.deficit - at.output.sum(axis=0)
    parts = {
        "price": state.log_cost - cost,
        "expenditure": (at.expenditure - spending) / problem.value_added,
        "labour": at.labour_demand / at.labour_income - 1.0,
        "trade_balance": balance / problem.value_added,
        "numeraire": problem.numeraire @ at.labour_income - 1.0,
    }
    if at.wage_gap is not None:
        parts["sector_wage"] = at.wage_gap
    return parts


def refuse(economy: Economy, parts: Mapping[str, Array], tolerance: float, passes: int) -> SolveError:
    """The refusal of a state that is no equilibrium: names the worst market, its country and sector, and the cure."""
    residuals = {name: float(np.abs(part).max()) for name, part in parts.items()}
    bad = {name: value for name, value in residuals.items() if not value <= tolerance}
    worst = max(bad, key=lambda name: np.inf if np.isnan(bad[name]) else bad[name])
    where = _label(economy, np.abs(np.nan_to_num(parts[worst], nan=np.inf)))
    country = where.split(",")[0]
    return SolveError(
        f"no equilibrium found in {passes} passes: {MARKETS[worst]}, {where}, off by {residuals[worst]:.1e}"
        f" (tolerance {tolerance:.0e}); lower the tariffs or trade costs of {country}, or raise the tolerance",
        residuals=residuals,
        where=f"{worst}: {where}",
    )


def _label(economy: Economy, size: Array) -> str:
    """Country, or country and sector, of the largest entry."""
    at = np.unravel_index(int(size.argmax()), size.shape)
    if size.ndim == 2:  # [sector, country]
        return f"{economy.countries[at[1]]}, {economy.sectors[at[0]]}"
    return economy.countries[at[0]]
