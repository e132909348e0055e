"""The outcomes of a run: what each is, in which unit, how it follows from two equilibria, and what it rests on.

Money is in billion dollars of the base year; changes are in per cent. Welfare in money is the equivalent variation at
base prices: base income times the difference of real-income ratios.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from jaxtyping import Float

from foederis.trade import Equilibrium

__all__ = ["VARIABLES", "Pair", "Variable", "outcomes"]

Array = np.ndarray
Badge = Literal["D", "L", "A"]  # data, literature, assumption


@dataclass(frozen=True)
class Variable:
    """One outcome: its axes, unit, what it is, and what it rests on (D data, L literature, A assumption)."""

    dims: tuple[str, ...]
    units: str
    long_name: str
    badge: Badge


@dataclass(frozen=True, eq=False)
class Pair:
    """Two equilibria of one economy, `new` against `old`."""

    new: Equilibrium
    old: Equilibrium

    def welfare(self) -> Float[Array, " country"]:
        """Change in exact real income, per cent."""
        return 100.0 * (self.new.welfare_hat / self.old.welfare_hat - 1.0)

    def equivalent_variation(self) -> Float[Array, " country"]:
        """Change in real income at base prices, bn USD of the base year."""
        return self.new.economy.income * (self.new.welfare_hat - self.old.welfare_hat) / 1e3

    def exports_to(self, importer: int) -> Float[Array, "country sector"]:
        """Change in tariff-exclusive exports to one importer by origin and sector, bn USD."""
        return (self.new.flow_to(importer) - self.old.flow_to(importer)) / 1e3

    def revenue_from(self, importer: int) -> Float[Array, " country"]:
        """Change in one importer's tariff revenue by origin, bn USD."""
        both = [(eq.tariff_new[importer] * eq.flow_to(importer)).sum(axis=1) for eq in (self.new, self.old)]
        return (both[0] - both[1]) / 1e3


_TO_COERCER = "exports to the coercer"
_ADDS = "what the measures on the target add"
VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        "welfare": Variable(("country",), "%", "real income, exact", "L"),
        "real_wage": Variable(("country",), "%", "labour income over the price level", "L"),
        "price_level": Variable(("country",), "%", "consumer prices relative to world value added", "L"),
        "welfare_usd_bn": Variable(("country",), "bn USD", "real income at base prices", "L"),
        "exports_to_coercer": Variable(("country",), "%", f"{_TO_COERCER}, value without tariffs", "L"),
        "exports_to_coercer_usd_bn": Variable(("country",), "bn USD", f"{_TO_COERCER}, value without tariffs", "L"),
        "revenue_usd_bn": Variable((), "bn USD", "the coercer's tariff revenue", "L"),
        "revenue_from_target_usd_bn": Variable((), "bn USD", "the coercer's tariff revenue on the target's goods", "L"),
        "deficit_with_target_usd_bn": Variable((), "bn USD", "the coercer's trade deficit with the target", "L"),
        "target_exports_to_coercer": Variable(("sector",), "%", "the target's exports to the coercer", "L"),
        "target_exports": Variable(("sector",), "%", "the target's exports to all countries", "L"),
        "target_output": Variable(("sector",), "%", "the target's output, volume", "L"),
        "target_value_added": Variable(("sector",), "%", "the target's value added at its own price level", "L"),
        "coercer_output": Variable(("sector",), "%", "the coercer's output, volume", "L"),
        "adds_welfare": Variable(("country",), "%", f"real income, {_ADDS}", "L"),
        "adds_welfare_usd_bn": Variable(("country",), "bn USD", f"real income at base prices, {_ADDS}", "L"),
        "adds_exports_to_coercer_usd_bn": Variable(("country",), "bn USD", f"{_TO_COERCER}, {_ADDS}", "L"),
        "adds_revenue_usd_bn": Variable((), "bn USD", f"the coercer's tariff revenue, {_ADDS}", "L"),
        "adds_deficit_with_target_usd_bn": Variable(
            (), "bn USD", f"the coercer's trade deficit with the target, {_ADDS}", "L"
        ),
    }
)


def outcomes(change: Pair, adds: Pair, *, coercer: int, target: int) -> dict[str, Array]:
    """Every variable of `VARIABLES` from the scenario against its reference, and against itself without the measures
    on the target. `coercer` and `target` are positions. A sector with nothing to compare with is NaN.
    """
    new, old = change.new, change.old
    sales = [_without_home(eq.flow_to(coercer), coercer) for eq in (new, old)]
    found: dict[str, Array] = {
        "welfare": change.welfare(),
        "real_wage": _percent(new.real_wage_hat, old.real_wage_hat),
        "price_level": _percent(new.price_level_hat, old.price_level_hat),
        "welfare_usd_bn": change.equivalent_variation(),
        "exports_to_coercer": _percent(sales[0].sum(axis=1), sales[1].sum(axis=1)),
        "exports_to_coercer_usd_bn": _without_home(change.exports_to(coercer), coercer).sum(axis=1),
        "revenue_usd_bn": change.revenue_from(coercer).sum(),
        "revenue_from_target_usd_bn": change.revenue_from(coercer)[target],
        "deficit_with_target_usd_bn": _deficit(new, coercer, target) - _deficit(old, coercer, target),
        "target_exports_to_coercer": _percent(sales[0][target], sales[1][target]),
        "target_exports": _percent(_exports(new, target), _exports(old, target)),
        "target_output": _percent(_volume(new, target), _volume(old, target)),
        "target_value_added": _percent(_real_value_added(new, target), _real_value_added(old, target)),
        "coercer_output": _percent(_volume(new, coercer), _volume(old, coercer)),
        "adds_welfare": adds.welfare(),
        "adds_welfare_usd_bn": adds.equivalent_variation(),
        "adds_exports_to_coercer_usd_bn": _without_home(adds.exports_to(coercer), coercer).sum(axis=1),
        "adds_revenue_usd_bn": adds.revenue_from(coercer).sum(),
        "adds_deficit_with_target_usd_bn": _deficit(adds.new, coercer, target) - _deficit(adds.old, coercer, target),
    }
    return found


def _percent(new: Array, old: Array) -> Array:
    ratio = np.divide(new, old, out=np.full(np.shape(new), np.nan), where=np.asarray(old) > 0)
    return np.asarray(100.0 * (ratio - 1.0))


def _without_home(flow: Array, country: int) -> Array:
    """Flows into one country with its own sales set to zero."""
    abroad = flow.copy()
    abroad[country] = 0.0
    return abroad


def _exports(eq: Equilibrium, country: int) -> Array:
    """A country's exports by sector to all others."""
    sold = eq.flow_from(country)
    return np.asarray(sold.sum(axis=0) - sold[country])


def _deficit(eq: Equilibrium, country: int, partner: int) -> Array:
    """One country's imports from a partner less its exports to it, all goods and services, bn USD."""
    return np.asarray((eq.flow_to(country)[partner].sum() - eq.flow_to(partner)[country].sum()) / 1e3)


def _volume(eq: Equilibrium, country: int) -> Array:
    """Output by sector at base prices."""
    return np.asarray(eq.output_new[country] / eq.cost_hat[country])


def _real_value_added(eq: Equilibrium, country: int) -> Array:
    """Value added by sector over the country's price level."""
    return np.asarray(eq.value_added_new[country] / eq.price_level_hat[country])
