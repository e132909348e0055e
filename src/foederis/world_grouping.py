"""Coarser regions and sectors, exactly: flows and values add up, rates and technology are weighted averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foederis.errors import DataError
from foederis.world_checks import Accounts

Array = np.ndarray
Mapped = Mapping[str, Sequence[str]]

_SINGLE = "USA JPN KOR AUS TWN IND PHL THA VNM IDN MYS SGP CHN GBR DEU FRA ITA CAN MEX"
_REST_OF_EU = "AUT BEL BGR CYP CZE DNK ESP EST FIN GRC HRV HUN IRL LTU LUX LVA MLT NLD POL PRT ROU SVK SVN SWE"
_REST = (
    "ARG BGD BLR BRA BRN CHE CHL CIV CMR COL CRI EGY HKG ISL ISR JOR KAZ KHM LAO MAR MMR NGA NOR NZL PAK PER RUS SAU"
    " SEN TUN TUR UKR ZAF ROW"
)

# The theatre of the alliance case: 19 economies on their own, the rest of the European Union, everyone else.
INDO_PACIFIC_21: Mapped = {
    **{code: (code,) for code in _SINGLE.split()},
    "REU": tuple(_REST_OF_EU.split()),
    "ROW": tuple(_REST.split()),
}


@dataclass(frozen=True, eq=False)
class Grouping:
    """Membership of each country and sector: `region[r, n]` and `group[g, j]` are 1 where a member belongs."""

    regions: tuple[str, ...]
    groups: tuple[str, ...]
    region: Array
    group: Array
    members: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(
        cls, countries: tuple[str, ...], sectors: tuple[str, ...], regions: Mapped | None, groups: Mapped | None
    ) -> Grouping:
        """The grouping of these labels; raises DataError unless every label is in exactly one group."""
        by_region = {c: (c,) for c in countries} if regions is None else regions
        by_group = {s: (s,) for s in sectors} if groups is None else groups
        members = {k: tuple(v) for part in (by_region, by_group) for k, v in part.items() if tuple(v) != (k,)}
        return cls(
            tuple(by_region),
            tuple(by_group),
            _membership(by_region, countries, "country"),
            _membership(by_group, sectors, "sector"),
            members,
        )

    def describe(self) -> dict[str, list[str]]:
        """Groups with more than one member (or a new name) and their members."""
        return {name: list(codes) for name, codes in self.members.items()}

    def flows(self, value: Array) -> Array:
        """Sum an [importer, exporter, sector] array over the groups."""
        summed: Array = np.einsum("rn,se,gj,nej->rsg", self.region, self.region, self.group, value, optimize=True)
        return summed

    def by_country_sector(self, value: Array) -> Array:
        """Sum a [country, sector] array over the groups."""
        summed: Array = self.region @ value @ self.group.T
        return summed

    def weighted_rate(self, rate: Array, flow: Array) -> Array:
        """Average rates with flows as weights; where nothing flows the plain mean stands in and multiplies nothing."""
        if rate.shape != flow.shape:
            raise DataError(f"a rate of shape {rate.shape} does not fit a world of shape {flow.shape}")
        weight = self.flows(flow)
        plain = self.flows(rate) / self.flows(np.ones_like(rate))
        paid = self.flows(rate * flow) / np.where(weight > 0, weight, 1.0)
        return np.where(weight > 0, paid, plain)

    def technology(self, input_share: Array, output: Array) -> Array:
        """Average input shares with output as weights (plain mean for a sector that no member makes)."""
        use = self._technology_sum(input_share * output[:, None, :])
        made = self.by_country_sector(output)
        count = self.by_country_sector(np.ones_like(output))
        plain = self._technology_sum(input_share) / count[:, None, :]
        safe = np.where(made > 0, made, 1.0)
        return np.where(made[:, None, :] > 0, use / safe[:, None, :], plain)

    def _technology_sum(self, value: Array) -> Array:
        summed: Array = np.einsum("rn,hk,gj,nkj->rhg", self.region, self.group, self.group, value, optimize=True)
        return summed

    def elasticity(self, theta: Array, flow: Array) -> Array:
        """Average elasticities with world trade (sales across borders) as weights; output where nothing is traded."""
        domestic = np.einsum("nnj->j", flow)
        traded = flow.sum(axis=(0, 1)) - domestic
        for weight in (traded, domestic, np.ones_like(domestic)):
            total = self.group @ weight
            if (total > 0).all():
                averaged: Array = self.group @ (weight * theta) / total
                return averaged
        raise DataError("a sector group has no member")  # unreachable for a checked grouping


def aggregate_arrays(world: Accounts, grouping: Grouping) -> dict[str, Any]:
    """The fields of the aggregated world."""
    sets = {name: grouping.elasticity(theta, world.flow) for name, theta in world.elasticity_sets.items()}
    return {
        "countries": grouping.regions,
        "sectors": grouping.groups,
        "flow": grouping.flows(world.flow),
        "tariff": grouping.weighted_rate(world.tariff, world.flow),
        "input_share": grouping.technology(world.input_share, world.output),
        "trade_elasticity": grouping.elasticity(world.trade_elasticity, world.flow),
        "elasticity_sets": sets,
        "gdp_usd_bn": None if world.gdp_usd_bn is None else _sum_known(grouping.region, world.gdp_usd_bn),
        "population": None if world.population is None else _sum_known(grouping.region, world.population),
    }


def _sum_known(region: Array, value: Array) -> Array:
    """Totals by region; a region with an unknown member is unknown (NaN), the others are not touched by it."""
    total: Array = region @ np.nan_to_num(value)
    total[(region @ np.isnan(value)) > 0] = np.nan
    return total


def _membership(groups: Mapped, labels: tuple[str, ...], what: str) -> Array:
    position = {label: k for k, label in enumerate(labels)}
    matrix = np.zeros((len(groups), len(labels)))
    for row, (name, members) in enumerate(groups.items()):
        if isinstance(members, str) or not members:
            raise DataError(f"{what} group {name!r}: give a non-empty list of codes, got {members!r}")
        for code in members:
            if code not in position:
                raise DataError(f"{what} group {name!r}: {code!r} is not in this world")
            matrix[row, position[code]] += 1
    count = matrix.sum(axis=0)
    for code, times in zip(labels, count, strict=True):
        if times != 1:
            cure = "put it in one" if times == 0 else "take it out of all but one"
            raise DataError(f"{what} {code!r} is in {int(times)} groups: {cure}")
    return matrix
