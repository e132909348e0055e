"""The world economy in one year: a balanced Caliendo-Parro table, labelled and frozen.

Notation (one index order everywhere): n importer, i exporter, j sector; flows are [importer, exporter, sector],
technology is [country, input, output]. Flows are in million USD a year at basic prices, tariff-exclusive; the
diagonal importer = exporter is domestic sales. `tariff` is the ad valorem rate (0.25 = 25 %), never the factor.

Only primitives are stored (flow, tariff, input_share, trade_elasticity); output, value added, final demand, deficits
and shares are derived from them, so the accounting identities hold by construction:

    Y_n^j  = sum_m flow[m, n, j]                     gross output
    X_n^j  = sum_i (1 + t_ni^j) flow[n, i, j]        expenditure, tariff-inclusive
    VA_n   = sum_j value_added_share_n^j Y_n^j       value added
    I_n    = VA_n + R_n + D_n                        final income: value added + tariff revenue + deficit
    alpha  = (X_n^j - sum_k input_share[n, j, k] Y_n^k) / I_n
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from foederis import world_checks, world_file
from foederis.errors import DataError
from foederis.world_grouping import INDO_PACIFIC_21, Grouping, Mapped, aggregate_arrays

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["INDO_PACIFIC_21", "Aggregation", "World", "aggregate_rate", "load"]

Array = np.ndarray
UsImports = Literal["customs", "icio"]
UsTariffs = Literal["collected", "file"]


@dataclass(frozen=True, eq=False)
class World:
    """A balanced world: labels, flows, tariffs, technology, elasticities.

    Any Caliendo-Parro table is valid: one sector, no intermediates, zero flows, a sector that a country neither makes
    nor buys (its trade shares are then all domestic). The arrays are copied and made read-only.

    Raises DataError at construction when shapes disagree, a value is not finite or is negative, an input share is
    outside [0, 1), a buyer has no supplier, or final demand is negative beyond rounding (see `check`).
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    flow: Float[Array, "importer exporter sector"]  # million USD per year, tariff-exclusive
    tariff: Float[Array, "importer exporter sector"]  # ad valorem rate, 0.25 = 25 %
    input_share: Float[Array, "country input output"]  # share of the gross output of `output` spent on `input`
    trade_elasticity: Float[Array, " sector"]  # theta of the default set, > 0
    elasticity_sets: Mapping[str, Float[Array, " sector"]] = field(default_factory=dict)  # theta by published source
    gdp_usd_bn: Float[Array, " country"] | None = None
    population: Float[Array, " country"] | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)  # name, vintage, sources, imbalance removed, checksum

    def __post_init__(self) -> None:
        for name in ("flow", "tariff", "input_share", "trade_elasticity", "gdp_usd_bn", "population"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _frozen(value))
        object.__setattr__(self, "countries", tuple(self.countries))
        object.__setattr__(self, "sectors", tuple(self.sectors))
        object.__setattr__(self, "elasticity_sets", {k: _frozen(v) for k, v in self.elasticity_sets.items()})
        world_checks.require_primitives(self)
        world_checks.require_consistent(self)

    @cached_property
    def value_added_share(self) -> Float[Array, "country sector"]:
        """Share of gross output that is value added: 1 - sum over inputs of input_share."""
        return np.asarray(1.0 - self.input_share.sum(axis=1))

    @cached_property
    def output(self) -> Float[Array, "country sector"]:
        """Gross output, million USD: all sales of a country's sector."""
        return np.asarray(self.flow.sum(axis=0))

    @cached_property
    def expenditure(self) -> Float[Array, "country sector"]:
        """Expenditure on a sector's goods, million USD, tariffs included."""
        return np.asarray(((1.0 + self.tariff) * self.flow).sum(axis=1))

    @cached_property
    def trade_share(self) -> Float[Array, "importer exporter sector"]:
        """Share of a buyer's expenditure by origin, tariff-inclusive; sums to 1 over exporter.

        Where a country buys nothing of a sector the share is all domestic, so that no row is empty.
        """
        bought = self.expenditure > 0
        spent = np.where(bought, self.expenditure, 1.0)
        share = (1.0 + self.tariff) * self.flow / spent[:, None, :]
        country, sector = np.nonzero(~bought)
        share[country, country, sector] = 1.0
        return np.asarray(share)

    @cached_property
    def value_added(self) -> Float[Array, " country"]:
        """Value added, million USD."""
        return np.asarray((self.value_added_share * self.output).sum(axis=1))

    @cached_property
    def tariff_revenue(self) -> Float[Array, " country"]:
        """Tariff revenue, million USD."""
        return np.asarray((self.tariff * self.flow).sum(axis=(1, 2)))

    @cached_property
    def deficit(self) -> Float[Array, " country"]:
        """Trade deficit (imports minus exports), million USD; sums to zero over countries."""
        return np.asarray(self.flow.sum(axis=(1, 2)) - self.flow.sum(axis=(0, 2)))

    @cached_property
    def income(self) -> Float[Array, " country"]:
        """Final income: value added + tariff revenue + deficit, million USD."""
        return np.asarray(self.value_added + self.tariff_revenue + self.deficit)

    @cached_property
    def final_demand(self) -> Float[Array, "country sector"]:
        """Final demand by sector, million USD: expenditure minus intermediate use."""
        return np.asarray(self.expenditure - np.einsum("nkj,nj->nk", self.input_share, self.output))

    @cached_property
    def final_share(self) -> Float[Array, "country sector"]:
        """Share of final income spent on a sector; sums to 1 over sectors."""
        return np.asarray(self.final_demand / self.income[:, None])

    def country(self, code: str) -> int:
        """Position of a country; raises DataError naming it when absent."""
        return _position(self.countries, code, "country")

    def sector(self, code: str) -> int:
        """Position of a sector; raises DataError naming it when absent."""
        return _position(self.sectors, code, "sector")

    def check(self) -> dict[str, float]:
        """Residuals of the accounting identities, each relative to the size of what it adds up; 0 is exact."""
        return world_checks.residuals(self)

    def with_elasticities(self, name: str) -> World:
        """The same world with the elasticities of a named set as its default; raises DataError on an unknown name."""
        if name not in self.elasticity_sets:
            raise DataError(f"no elasticity set {name!r}; there are {', '.join(self.elasticity_sets)}")
        return replace(self, trade_elasticity=self.elasticity_sets[name])

    def aggregation(self, regions: Mapped | None = None, sectors: Mapped | None = None) -> Aggregation:
        """A grouping of this world's countries and sectors; None keeps that axis as it is."""
        return Aggregation(self, Grouping.of(self.countries, self.sectors, regions, sectors))

    def aggregate(self, regions: Mapped | None = None, sectors: Mapped | None = None) -> World:
        """The world in coarser regions or sectors, exactly: flows, output, value added, revenue and deficits add up.

        `regions` maps a region to its member codes, `sectors` a sector to its member sectors; None keeps that axis.
        Trade inside a region becomes domestic sales. Raises DataError unless each member is used exactly once.
        """
        return self.aggregation(regions, sectors).world()

    @classmethod
    def from_table(cls, source: str | Path | pd.DataFrame, layout: str = "input_output", **options: Any) -> World:
        """A world from a user's long table (CSV, Parquet or data frame); see `foederis.world_table` for the layouts.

        Raises `world_table.TableError` (a DataError) with every fault found: file, row, column and cure.
        """
        from foederis import world_table

        return cls(**world_table.read(source, layout, **options))


@dataclass(frozen=True, eq=False)
class Aggregation:
    """A world and a grouping of its countries and sectors: maps the world, and arrays of its size, to the groups."""

    source: World
    grouping: Grouping

    def world(self) -> World:
        """The aggregated world: flows summed, tariffs weighted by flows, technology by output."""
        kept = dict(self.source.meta)
        kept["aggregation"] = self.grouping.describe()
        return World(**aggregate_arrays(self.source, self.grouping), meta=kept)

    def rate(self, rate: Float[Array, "importer exporter sector"]) -> Float[Array, "region region group"]:
        """An array of rates at the source's size, averaged with the source's flows (plain mean where none flow)."""
        return self.grouping.weighted_rate(np.asarray(rate, dtype=float), self.source.flow)


def aggregate_rate(
    rate: Float[Array, "importer exporter sector"], world: World, regions: Mapped | None, sectors: Mapped | None = None
) -> Float[Array, "region region group"]:
    """Rates of a full-size world averaged to groups with its flows, so that duties paid on those flows add up."""
    return world.aggregation(regions, sectors).rate(rate)


def load(
    name: str = "icio2022",
    us_imports: UsImports = "customs",
    tariffs: str | Path | None = None,
    us_tariffs: UsTariffs = "collected",
) -> World:
    """The embedded world.

    `us_imports`: "customs" puts goods imports of the United States at 2022 customs values, "icio" keeps the levels of
    the input-output table. `tariffs`: a long CSV or Parquet file of the tariffs of other importers (see
    `foederis.world_tariffs`); without one they are zero. `us_tariffs`: "collected" keeps the duty collected in 2024
    whatever the file says, "file" lets the file overrule it.

    Raises DataError when the shipped file is missing or damaged, or the tariff file has a fault.
    """
    fields, card = world_file.read(name, us_imports)
    if tariffs is not None:
        from foederis import world_tariffs

        fields["tariff"], report = world_tariffs.merged(
            Path(tariffs), fields["countries"], fields["sectors"], fields["tariff"], card, us_tariffs
        )
        card = {**card, "user_tariffs": report}
    return World(**fields, meta=card)


def _frozen(value: Any) -> Array:
    array = np.array(value, dtype=float)
    array.setflags(write=False)
    return array


def _position(labels: tuple[str, ...], code: str, what: str) -> int:
    try:
        return labels.index(code)
    except ValueError:
        raise DataError(f"{what} {code!r} is not in this world; it has {', '.join(labels)}") from None
