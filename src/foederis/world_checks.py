"""What a world must satisfy: labels, shapes, signs, and the accounting identities with their residuals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from foederis.errors import DataError

Array = np.ndarray
ROUNDING = 1e-9  # relative size below which a negative final demand is rounding


class Accounts(Protocol):
    """What the checks and the grouping read of a world (the same names as `foederis.world.World`)."""

    @property
    def countries(self) -> tuple[str, ...]: ...
    @property
    def sectors(self) -> tuple[str, ...]: ...
    @property
    def flow(self) -> Array: ...
    @property
    def tariff(self) -> Array: ...
    @property
    def input_share(self) -> Array: ...
    @property
    def trade_elasticity(self) -> Array: ...
    @property
    def elasticity_sets(self) -> Mapping[str, Array]: ...
    @property
    def gdp_usd_bn(self) -> Array | None: ...
    @property
    def population(self) -> Array | None: ...
    @property
    def value_added_share(self) -> Array: ...
    @property
    def output(self) -> Array: ...
    @property
    def expenditure(self) -> Array: ...
    @property
    def trade_share(self) -> Array: ...
    @property
    def value_added(self) -> Array: ...
    @property
    def deficit(self) -> Array: ...
    @property
    def income(self) -> Array: ...
    @property
    def final_demand(self) -> Array: ...
    @property
    def final_share(self) -> Array: ...


def require_primitives(world: Accounts) -> None:
    """Raise DataError unless labels are unique and the stored arrays have the right shape, sign and range."""
    for what, labels in (("country", world.countries), ("sector", world.sectors)):
        if not labels:
            raise DataError(f"world: no {what} at all")
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise DataError(f"world: {what} codes given twice: {', '.join(twice)}")
    n, j = len(world.countries), len(world.sectors)
    _require(world.flow, "flow", (n, n, j), world)
    _require(world.tariff, "tariff", (n, n, j), world)
    _require(world.input_share, "input_share", (n, j, j), world)
    for name, theta in {"trade_elasticity": world.trade_elasticity, **world.elasticity_sets}.items():
        if theta.shape != (j,) or not (np.isfinite(theta).all() and (theta > 0).all()):
            raise DataError(f"world: elasticities {name!r} must be {j} finite positive numbers, one per sector")
    for name in ("gdp_usd_bn", "population"):
        value = getattr(world, name)
        if value is not None and value.shape != (n,):
            raise DataError(f"world: {name} has shape {value.shape}, expected ({n},)")
    spent = world.input_share.sum(axis=1)
    if (spent >= 1.0).any():
        at = _worst(spent)
        raise DataError(
            f"world: inputs take {spent[at]:.6g} of output for {_label(at, world)}; value added must stay positive"
        )


def require_consistent(world: Accounts) -> None:
    """Raise DataError where demand has no supplier, final demand is negative, or a country has no value added."""
    used = world.expenditure - world.final_demand
    stranded = (world.expenditure == 0) & (used > 0)
    if stranded.any():
        at = _worst(np.where(stranded, used, -1.0))
        raise DataError(
            f"world: {_label(at, world)} is used as an input ({used[at]:.6g} million USD) but nobody supplies it;"
            " give the buyer a supplier or set its input shares to zero"
        )
    short = -world.final_demand / np.maximum(world.expenditure, 1e-300)
    short[world.expenditure == 0] = 0.0
    if short.max() > ROUNDING:
        at = _worst(short)
        raise DataError(
            f"world: final demand for {_label(at, world)} is {world.final_demand[at]:.6g} million USD: more is used"
            " as an input than is bought; rebalance the table first (foederis.world_balance.cap_input_use)"
        )
    for what, value in (("value added", world.value_added), ("final income", world.income)):
        if not (value > 0).all():
            worst = int(value.argmin())
            raise DataError(f"world: {what} of {world.countries[worst]} is {value[worst]:.6g}; it must be positive")


def residuals(world: Accounts) -> dict[str, float]:
    """Largest relative residual of each identity, recomputed from the primitives by a second route."""
    use = np.einsum("nkj,nj->nkj", world.input_share, world.output)
    received = world.value_added.sum() + use.sum()
    share_sum = world.trade_share.sum(axis=1)
    costs = world.value_added_share * world.output + use.sum(axis=1)
    market = world.final_demand + use.sum(axis=2)
    spending = world.final_demand.sum(axis=1)
    trade = world.deficit + world.flow.sum(axis=(0, 2)) - world.flow.sum(axis=(1, 2))
    found = {
        "world output = value added + inputs": abs(world.output.sum() - received) / received,
        "output = value added + inputs": _relative(world.output - costs, world.output),
        "expenditure = final demand + inputs": _relative(world.expenditure - market, world.expenditure),
        "final demand = income": _relative(spending - world.income, world.income),
        "deficit = imports - exports": _relative(trade, world.income),
        "deficits sum to zero": abs(world.deficit.sum()) / world.value_added.sum(),
        "trade shares sum to one": float(np.abs(share_sum - 1.0).max()),
        "final shares sum to one": float(np.abs(world.final_share.sum(axis=1) - 1.0).max()),
        "negative final demand": float(np.maximum(-world.final_demand, 0.0).max() / world.expenditure.max()),
    }
    return {name: float(value) for name, value in found.items()}


def _relative(gap: Array, size: Array) -> float:
    """The largest gap against the largest size on the country axis: tiny cells cannot hide or inflate a residual."""
    scale = size.max(axis=tuple(range(1, size.ndim)), keepdims=True)
    return float(np.abs(gap / scale).max())


def _require(value: Array, name: str, shape: tuple[int, ...], world: Accounts) -> None:
    if value.shape != shape:
        raise DataError(f"world: {name} has shape {value.shape}, expected {shape}")
    bad = ~np.isfinite(value) | (value < 0)
    if bad.any():
        at = tuple(int(k) for k in np.argwhere(bad)[0])
        raise DataError(
            f"world: {name} is {value[at]:g} at {_label(at, world)} ({int(bad.sum())} such cells);"
            " it must be finite and not negative"
        )


def _worst(value: Array) -> tuple[int, ...]:
    return tuple(int(k) for k in np.unravel_index(int(value.argmax()), value.shape))


def _label(at: tuple[int, ...], world: Accounts) -> str:
    """Country and sector labels of a position: [country, sector], [importer, exporter, sector] or technology."""
    if len(at) == 2:
        return f"{world.countries[at[0]]} {world.sectors[at[1]]}"
    middle = world.countries if world.input_share.shape != world.flow.shape else (*world.countries, *world.sectors)
    second = middle[at[1]] if at[1] < len(middle) else str(at[1])
    return f"{world.countries[at[0]]} / {second} / {world.sectors[at[2]]}"
