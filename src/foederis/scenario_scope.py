"""What a selector of a scenario means in a world: pairs of economies, and the share of each sector's trade it covers.

Shares come from US goods imports of 2024 (`foederis.goods`), for every importer: no product detail of other importers
is shipped. Trade flows in selectors and formulas are goods flows of the base year of the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np

from foederis import goods
from foederis import scenario_codes as codes
from foederis.errors import DataError
from foederis.scenario_fields import SERVICES, Goods, Party, SurplusWith
from foederis.world import World

MILLION_PER_BILLION = 1e3


def pairs(world: World, importer: Party, exporter: Party | SurplusWith, what: str) -> list[tuple[str, str]]:
    """(importer, exporter) of every pair that a selector means, in the order of the world; nobody taxes itself, and
    members of the European Union do not tax each other. Raises DataError when a named economy is not in the world.
    """
    sellers = (
        surplus_countries(world, exporter) if isinstance(exporter, SurplusWith) else _members(world, exporter, what)
    )
    found = []
    for n in _members(world, importer, what):
        found += [(n, i) for i in sellers if i != n and not (n in codes.EU27 and i in codes.EU27)]
    return found


def surplus_countries(world: World, selector: SurplusWith) -> list[str]:
    """The economies whose yearly goods surplus with one country is above the threshold."""
    found = []
    for code in world.countries:
        if code != selector.country:
            surplus = amounts(world, selector.country, code)["surplus"]
            if surplus * 1e9 > selector.over.amount:
                found.append(code)
    return found


def amounts(world: World, importer: str, exporter: str) -> dict[str, float]:
    """What the names of a formula mean for a pair: goods flows of the base year, billion USD, tariff-exclusive."""
    n, i = world.country(importer), world.country(exporter)
    traded = np.array([sector != SERVICES for sector in world.sectors])
    imports = float(world.flow[n, i, traded].sum()) / MILLION_PER_BILLION
    exports = float(world.flow[i, n, traded].sum()) / MILLION_PER_BILLION
    return {"imports": imports, "exports": exports, "surplus": imports - exports, "deficit": imports - exports}


def coverage(world: World, exporter: str, chosen: Goods, exempt: Iterable[str] = ()) -> dict[str, float]:
    """Share (0..1) of each sector's trade that a choice of goods covers, carve-outs taken out; sectors at 0 left out.

    Raises DataError when the world has sectors that are not built from the activities of the ICIO tables.
    """
    european = exporter in codes.EU27
    taken, named = _chosen(exporter, chosen, european), tuple(exempt)
    found = {}
    for sector in world.sectors:
        if sector == SERVICES:
            share = float(chosen.kind == "everything" or (chosen.kind == "sectors" and SERVICES in chosen.codes))
        else:
            weights = _weights(exporter, _activities(sector), european)
            share = sum(
                w * max(0.0, taken.get(a, 0.0) - _carved(named, exporter, a, european)) for a, w in weights.items()
            )
        if share > 0:
            found[sector] = min(1.0, share)
    return found


def _chosen(exporter: str, chosen: Goods, european: bool) -> dict[str, float]:
    """Share of each activity that a choice of goods takes, carve-outs apart."""
    if chosen.kind in ("all", "everything"):
        return dict.fromkeys(codes.GOODS, 1.0)
    if chosen.kind == "hs":
        return goods.headings(chosen.codes)
    if chosen.kind == "goods":
        return {
            a: min(1.0, sum(goods.covered(name, exporter, a, european) for name in chosen.codes)) for a in codes.GOODS
        }
    named = {activity for code in chosen.codes for activity in codes.activities(code)}
    return {a: 1.0 for a in codes.GOODS if (a in named) == (chosen.kind == "sectors")}


def _carved(names: tuple[str, ...], exporter: str, activity: str, european: bool) -> float:
    """Share of an activity that carve-outs take. The lists are taken not to overlap; the sum stops at 1."""
    return min(1.0, sum(goods.covered(name, exporter, activity, european) for name in names))


def _activities(sector: str) -> tuple[str, ...]:
    found = codes.activities(sector)
    if not found:
        raise DataError(
            f"sector {sector!r} of this world is no ICIO activity, so a scenario cannot say what it covers; "
            "build the tariffs on the full world and aggregate them with world.aggregation(...).rate"
        )
    return found


def _weights(exporter: str, activities: tuple[str, ...], european: bool) -> Mapping[str, float]:
    """Weight of each activity in a joined sector, by US imports from the exporter; equal where it sells nothing."""
    if len(activities) == 1:
        return {activities[0]: 1.0}
    return _split(exporter, activities, european)


@cache
def _split(exporter: str, activities: tuple[str, ...], european: bool) -> Mapping[str, float]:
    values = {a: goods.sector_value(exporter, a, european) for a in activities}
    whole = sum(values.values())
    return {a: v / whole if whole > 0 else 1 / len(activities) for a, v in values.items()}


def _members(world: World, party: Party, what: str) -> list[str]:
    """The economies of a party that are in the world; a whole-world party means every economy of this world."""
    if party.all_but:
        _require(world, party.names, what)
        out = {c for name in party.names for c in codes.GROUPS.get(name, (name,))}
        return [c for c in world.countries if c not in out]
    if "world" in party.names:
        return list(world.countries)
    _require(world, party.names, what)
    named = set(party.codes)
    return [c for c in world.countries if c in named]


def _require(world: World, names: tuple[str, ...], what: str) -> None:
    for name in names:
        members = codes.GROUPS.get(name, (name,))
        missing = [code for code in members if code not in world.countries]
        if missing and name != "world":
            whose = f"of {name} " if name in codes.GROUPS else ""
            raise DataError(
                f"{what}: {', '.join(missing[:8])} {whose}not in this world; "
                "build the tariffs on the full world and aggregate them with world.aggregation(...).rate"
            )
