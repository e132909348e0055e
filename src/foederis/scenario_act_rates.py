"""The average rate of the coercer on a partner by day, and the days on which it changes: what tariff acts derive from.

Averages are over goods, weighted with the flows of the base year of the world. A higher cost of trading that the
coercer imposes counts as the tariff of equal effect on the price, an embargo as a rate of 100 %.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import scenario_lever_rules as levers
from foederis import scenario_scope as scope
from foederis import scenario_tariffs as tariffs
from foederis import words_names
from foederis.acts import ALL
from foederis.measures import Measure, additions
from foederis.scenario_fields import SERVICES
from foederis.scenario_model import ScenarioFile, TradeCost
from foederis.world import World

Array = np.ndarray

SHOWN = 2.5e-3  # a smaller change of the average rate is bookkeeping and no act
ALIKE = 1e-4  # changes of two partners that differ by less are one
EMBARGO = 1.0  # the rate that stands for an embargo
RECENT = dt.date(2025, 1, 1)
IEEPA_VOID = dt.date(2026, 2, 20)  # the Supreme Court voided the duties under IEEPA


@dataclass(frozen=True)
class Change:
    """A change of the average rate on a country (a share of value), by choice or because `lapsed` did (a statute)."""

    country: str
    before: float
    after: float
    lapsed: str = ""

    @property
    def lapse(self) -> bool:
        """Whether the change was nobody's choice."""
        return bool(self.lapsed)

    @property
    def shown(self) -> bool:
        """Whether the change is large enough to be an act."""
        return abs(self.after - self.before) > SHOWN


def own_from(file: ScenarioFile, country: str) -> dt.date | None:
    """The day from which the tariffs on a country are not those of the record although the ledger is used."""
    use, moved = file.ledger, levers.changed_from(file, country)
    if use is None:
        return moved
    if (file.exempt_partners is not None and country in file.exempt_partners.codes) or use.authorities or use.from_:
        return RECENT
    changed = [c.from_ for c in use.changes if c.partners.everyone or country in c.partners.codes]
    return min([*changed, *([] if moved is None else [moved])], default=None)


def lapses(measure: Measure, day: dt.date) -> bool:
    """Whether a measure ends on a day by law and not by choice: after its 150 days, or by the ruling of 2026."""
    if measure.end != day:
        return False
    return measure.authority == "s122" or (measure.authority == "ieepa" and day == IEEPA_VOID)


class Averages:
    """Average rates of the coercer of one scenario in one world."""

    def __init__(self, file: ScenarioFile, world: World):
        self.file, self.world = file, world
        self._goods = np.array([sector != SERVICES for sector in world.sectors])
        self._column = {code: k for k, code in enumerate(world.sectors)}

    @cached_property
    def _measures(self) -> dict[str, list[Measure]]:
        found: dict[str, list[Measure]] = {}
        for measure in tariffs.measures(self.file, self.world):
            if measure.importer == self.file.actors.coercer:
                found.setdefault(measure.exporter, []).append(measure)
        return found

    @cached_property
    def _costs(self) -> dict[str, list[TradeCost]]:
        """Costs of trading that the coercer imposes on its imports, by partner."""
        found: dict[str, list[TradeCost]] = {}
        spared = tariffs.exempt_pairs(self.file)
        for cost in self.file.trade_costs:
            what = f"scenario {self.file.id}, trade cost {cost.id}"
            for importer, exporter in scope.pairs(self.world, cost.importer, cost.exporter, what):
                if importer == self.file.actors.coercer and (importer, exporter) not in spared:
                    found.setdefault(exporter, []).append(cost)
        return found

    def on(self, country: str, day: dt.date, but: Sequence[Measure] = ()) -> float:
        """The average rate on a country on a day, a share of value; `but`: measures taken out."""
        n, i = self.world.country(self.file.actors.coercer), self.world.country(country)
        weight = self.world.flow[n, i] * self._goods
        if weight.sum() <= 0:
            return 0.0
        base = self.world.tariff[n, i]
        live = [m for m in self._measures.get(country, ()) if m.in_force(day) and m not in but]
        rate = base + sum((extra for _, extra in additions(live, day, base, self._column)), np.zeros_like(base))
        for cost in self._costs.get(country, ()):
            if cost.from_ <= day and (cost.to is None or day < cost.to):
                rate = self._with_cost(rate, cost, country)
        return float(rate @ weight / weight.sum())

    def _with_cost(self, rate: Float[Array, " sector"], cost: TradeCost, country: str) -> Float[Array, " sector"]:
        result = rate.copy()
        for sector, share in scope.coverage(self.world, country, cost.sectors).items():
            k, ratio = self._column[sector], cost.change.ratio
            full = EMBARGO if np.isinf(ratio) else (1.0 + rate[k]) * ratio - 1.0
            result[k] += share * (full - rate[k])
        return result

    def days(self, observers: Sequence[str], recorded: dt.date) -> list[dt.date]:
        """The days on which the rate on an observer may change in a way that the record does not tell."""
        found: set[dt.date] = set()
        for country in observers:
            found |= self._own_days(country)
            found |= {day for m in self._measures.get(country, ()) for day in m.changes() if day > recorded}
        return sorted(found)

    def _own_days(self, country: str) -> set[dt.date]:
        own = {item.id for item in self.file.tariffs}
        start = own_from(self.file, country)
        mine = [m for m in self._measures.get(country, ()) if m.id in own or start is not None]
        found = {
            day for m in mine for day in m.changes() if m.id in own or (start is not None and day >= max(start, RECENT))
        }
        costs = self._costs.get(country, ())
        return found | {day for cost in costs for day in (cost.from_, cost.to) if day is not None}

    def changes(self, observers: Sequence[str], day: dt.date, recorded: dt.date) -> list[Change]:
        """What changes for the observers on a day: lapses first, then what was chosen on what is left."""
        found: list[Change] = []
        for country in observers:
            if day > recorded or day in self._own_days(country):
                found += self._parts(country, day)
        return found

    def _parts(self, country: str, day: dt.date) -> list[Change]:
        eve = day - dt.timedelta(days=1)
        gone = [m for m in self._measures.get(country, ()) if lapses(m, day) and m.in_force(eve)]
        before, after = self.on(country, eve), self.on(country, day)
        left = self.on(country, eve, but=gone) if gone else before
        names = ", ".join(dict.fromkeys(words_names.authority(m.authority) for m in gone))
        parts = [Change(country, before, left, names or "a statute"), Change(country, left, after)]
        return [part for part in parts if part.shown]

    def joined(self, changes: Sequence[Change], day: dt.date) -> list[Change]:
        """The changes with one for ALL in the place of many, where the rate on every economy changes alike."""
        found: list[Change] = []
        for lapse in (True, False):
            group = [change for change in changes if change.lapse is lapse]
            if group and self._alike(group, day):
                first = group[0]
                group = [Change(ALL, first.before, first.after, first.lapsed)]
            found += group
        return found

    def _alike(self, group: Sequence[Change], day: dt.date) -> bool:
        step = group[0].after - group[0].before
        if len(group) < 2 or any(abs(c.after - c.before - step) > ALIKE for c in group):
            return False
        coercer = self.world.country(self.file.actors.coercer)
        for country in self.world.countries:
            sells = (self.world.flow[coercer, self.world.country(country)] * self._goods).sum() > 0
            if country == self.file.actors.coercer or not sells:
                continue
            parts = [p for p in self._parts(country, day) if p.lapse is group[0].lapse]
            if len(parts) != 1 or abs(parts[0].after - parts[0].before - step) > ALIKE:
                return False
        return True

    def source(self, change: Change, day: dt.date) -> str:
        """The sources of the measures behind a change on a day; for ALL those on the target."""
        code = self.file.actors.target if change.country == ALL else change.country
        moved = [m for m in self._measures.get(code, ()) if day in m.changes()]
        rows: list[Any] = [m for m in moved if lapses(m, day) is change.lapse]
        rows += [c for c in self._costs.get(code, ()) if day in (c.from_, c.to)]
        named = dict.fromkeys(f"{row.id}: {row.source}" for row in rows)
        return "; ".join(named) or f"scenario {self.file.id}"
