"""The calibrated economy that the equilibrium is solved from, and the shock it is hit with.

An `Economy` is the Caliendo-Parro data in shares: what the equations of `equations.py` take. It comes from a `World`
(`calibrate`), where the accounting identities hold, or from a published parameter set, where they may not: then the
equilibrium at unchanged tariffs is itself a move away from hats = 1, and `rebase` puts the economy there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError
from foederis.world import World

Array = np.ndarray
Closure = Literal["purged", "fixed_share", "fixed_nominal"]
CLOSURES: tuple[Closure, ...] = ("purged", "fixed_share", "fixed_nominal")
WORLD_VALUE_ADDED = "world_value_added"


@dataclass(frozen=True, eq=False)
class Economy:
    """Shares, levels and elasticities of one base year; labels name every axis.

    Raises DataError at construction when shapes disagree, shares do not sum to one (1e-9), a value is not finite, or
    deficits do not sum to zero.
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    trade_share: Float[Array, "importer exporter sector"]  # tariff-inclusive, sums to 1 over exporter
    tariff: Float[Array, "importer exporter sector"]  # base rate
    input_share: Float[Array, "country input output"]
    value_added_share: Float[Array, "country sector"]
    final_share: Float[Array, "country sector"]  # sums to 1 over sector
    value_added: Float[Array, " country"]  # million USD
    deficit: Float[Array, " country"]  # million USD, imports minus exports
    trade_elasticity: Float[Array, " sector"]
    expenditure: Float[Array, "country sector"]  # million USD, tariff-inclusive

    def __post_init__(self) -> None:
        n, j = len(self.countries), len(self.sectors)
        shapes = {
            "trade_share": (n, n, j),
            "tariff": (n, n, j),
            "input_share": (n, j, j),
            "value_added_share": (n, j),
            "final_share": (n, j),
            "value_added": (n,),
            "deficit": (n,),
            "trade_elasticity": (j,),
            "expenditure": (n, j),
        }
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value.shape != shape:
                raise DataError(f"economy: {name} has shape {value.shape}, expected {shape}")
            if not np.isfinite(value).all():
                raise DataError(f"economy: {name} holds values that are not finite")
        self._check_shares()

    def _check_shares(self) -> None:
        sums = {
            "trade_share over exporters": self.trade_share.sum(axis=1),
            "value_added_share + input_share over inputs": self.value_added_share + self.input_share.sum(axis=1),
            "final_share over sectors": self.final_share.sum(axis=1),
        }
        for name, total in sums.items():
            worst = np.abs(total - 1.0)
            if worst.max() > 1e-9:
                where = np.unravel_index(worst.argmax(), worst.shape)
                label = ", ".join([self.countries[where[0]], *(self.sectors[k] for k in where[1:])])
                raise DataError(f"economy: {name} is {total[where]:.12g} for {label}, expected 1; rebalance the table")
        if np.any(self.value_added <= 0):
            raise DataError(f"economy: value added of {self.countries[int(self.value_added.argmin())]} is not positive")
        if np.any(self.trade_elasticity <= 0):
            raise DataError(f"economy: trade elasticity of {self.sectors[int(self.trade_elasticity.argmin())]} <= 0")
        if abs(self.deficit.sum()) > 1e-9 * self.value_added.sum():
            raise DataError(f"economy: deficits sum to {self.deficit.sum():.6g} million USD, expected 0")

    @cached_property
    def flow(self) -> Float[Array, "importer exporter sector"]:
        """Tariff-exclusive trade at the base, million USD."""
        return np.asarray(self.trade_share * self.expenditure[:, None, :] / (1.0 + self.tariff))

    @cached_property
    def output(self) -> Float[Array, "country sector"]:
        """Gross output at the base, million USD."""
        return np.asarray(self.flow.sum(axis=0))

    @cached_property
    def tariff_revenue(self) -> Float[Array, " country"]:
        """Tariff revenue at the base, million USD."""
        return np.asarray((self.tariff * self.flow).sum(axis=(1, 2)))

    @cached_property
    def income(self) -> Float[Array, " country"]:
        """Final income at the base, million USD."""
        return np.asarray(self.value_added + self.tariff_revenue + self.deficit)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """Things worked out once from this economy and kept with it: array layouts, chords, the purged economy."""
        return {}

    @cached_property
    def no_iceberg(self) -> Float[Array, "importer exporter sector"]:
        """Iceberg costs that change nothing: ones."""
        return np.ones_like(self.trade_share)

    def index(self, country: str) -> int:
        """Position of a country; raises DataError naming it when absent."""
        try:
            return self.countries.index(country)
        except ValueError:
            raise DataError(f"country {country!r} is not in this economy ({len(self.countries)} countries)") from None


def calibrate(world: World) -> Economy:
    """The economy of a balanced world: shares from its flows, tariffs and technology."""
    return Economy(
        countries=world.countries,
        sectors=world.sectors,
        trade_share=world.trade_share,
        tariff=world.tariff,
        input_share=world.input_share,
        value_added_share=world.value_added_share,
        final_share=world.final_share,
        value_added=world.value_added,
        deficit=world.deficit,
        trade_elasticity=world.trade_elasticity,
        expenditure=world.expenditure,
    )


@dataclass(frozen=True, eq=False)
class Shock:
    """What changes: new tariffs (levels of the rate), iceberg costs (ratios), elasticities, the horizon, the closure.

    `mobility` is the labour mobility of T7: 1 specific factors, infinity one wage per country. `closure` says what
    deficits do: `purged` (removed before the experiment), `fixed_share` (a fixed share of world GDP) or
    `fixed_nominal` (fixed in units of the numeraire: world value added, or the wage of a named country). `transfer` is
    a payment received after the shock on top of what the closure says, in million USD of the numeraire world value
    added; it sums to zero over countries.
    """

    tariff: Float[Array, "importer exporter sector"] | None = None
    iceberg_hat: Float[Array, "importer exporter sector"] | None = None
    trade_elasticity: Float[Array, " sector"] | None = None
    mobility: float = float("inf")
    closure: Closure = "fixed_share"
    numeraire: str = WORLD_VALUE_ADDED
    transfer: Float[Array, " country"] | None = None

    def check(self, economy: Economy) -> Shock:
        """The shock with its defaults filled in; raises DataError on a wrong shape, sign, closure or numeraire."""
        n, j = len(economy.countries), len(economy.sectors)
        tariff = economy.tariff if self.tariff is None else np.asarray(self.tariff, dtype=float)
        iceberg = economy.no_iceberg if self.iceberg_hat is None else np.asarray(self.iceberg_hat, dtype=float)
        theta = economy.trade_elasticity if self.trade_elasticity is None else np.asarray(self.trade_elasticity, float)
        for name, value, shape in (
            ("tariff", tariff, (n, n, j)),
            ("iceberg_hat", iceberg, (n, n, j)),
            ("theta", theta, (j,)),
        ):
            if value.shape != shape:
                raise DataError(f"shock: {name} has shape {value.shape}, expected {shape}")
            if np.isnan(value).any():
                raise DataError(f"shock: {name} holds NaN")
        if np.any(tariff <= -1.0) or not np.isfinite(tariff).all():
            raise DataError("shock: a tariff must be finite and above -100 %; block trade by an infinite iceberg cost")
        if np.any(iceberg <= 0.0):
            raise DataError("shock: iceberg_hat is a ratio and must be positive")
        if np.any(theta <= 0.0) or not np.isfinite(theta).all():
            raise DataError("shock: trade elasticities must be finite and positive")
        if not self.mobility >= 1.0:
            raise DataError(f"shock: mobility {self.mobility:g} is below 1 (1 = specific factors, infinity = one wage)")
        if self.closure not in CLOSURES:
            raise DataError(f"shock: closure {self.closure!r} is not one of {', '.join(CLOSURES)}")
        if self.numeraire != WORLD_VALUE_ADDED:
            economy.index(self.numeraire)
        transfer = np.zeros(n) if self.transfer is None else np.asarray(self.transfer, dtype=float)
        if transfer.shape != (n,) or not np.isfinite(transfer).all():
            raise DataError(f"shock: transfer must be finite and have shape ({n},), got shape {transfer.shape}")
        if abs(transfer.sum()) > 1e-9 * economy.value_added.sum():
            raise DataError(f"shock: transfers sum to {transfer.sum():.6g} million USD, expected 0; name who pays")
        return replace(self, tariff=tariff, iceberg_hat=iceberg, trade_elasticity=theta, transfer=transfer)


@dataclass(frozen=True, eq=False)
class DeficitRule:
    """Deficits after the shock: constant + share of world GDP + multiple of one country's wage, all by country.

    World GDP is value added plus tariff revenue. The three parts each sum to zero over countries.
    """

    constant: Float[Array, " country"]
    share: Float[Array, " country"]
    by_wage: Float[Array, " country"]
    wage_of: Float[Array, " country"]  # one-hot: the numeraire country


def deficit_rule(economy: Economy, shock: Shock) -> DeficitRule:
    """The deficit rule of a closure (Dekle, Eaton & Kortum 2007; Ossa 2014 for purging first).

    `purged` expects an economy whose deficits are already zero (see `solve`).
    """
    zero = np.zeros(len(economy.countries))
    transfer = zero if shock.transfer is None else shock.transfer
    if shock.closure == "fixed_share":
        world_gdp = economy.value_added.sum() + economy.tariff_revenue.sum()
        return DeficitRule(transfer, economy.deficit / world_gdp, zero, zero)
    if shock.closure == "fixed_nominal" and shock.numeraire != WORLD_VALUE_ADDED:
        one_hot = zero.copy()
        one_hot[economy.index(shock.numeraire)] = 1.0
        return DeficitRule(transfer, zero, economy.deficit, one_hot)
    return DeficitRule(economy.deficit + transfer, zero, zero, zero)
