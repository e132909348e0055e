"""From a scenario to measures, tariffs in force and trade costs in a world.

The measures of a scenario are those of the ledger (if it uses it, with its departures), its own, and retaliation. All
come on top of the base rates of the world and stack by the rules of `foederis.measures`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import numpy as np
from jaxtyping import Float

from foederis import scenario_lever_rules as levers
from foederis import scenario_scope as scope
from foederis.errors import DataError
from foederis.measures import Authority, Measure, TariffCut, additions, applied_tariff
from foederis.scenario_fields import Party, RatePath, RulePath
from foederis.scenario_model import Ledger, LedgerChange, Retaliation, ScenarioFile, Tariff, TradeCost
from foederis.scenario_units import MAX_RATE_PERCENT, Quantity
from foederis.world import World

Array = np.ndarray
Pair = tuple[str, str]

BASE_YEAR = 2025  # from here on the base rates hold the duty collected in 2024, and the ledger what came later
SAME_RATE = 1e-12  # steps of a mirrored rate smaller than this are rounding


def tariff_cut(
    file: ScenarioFile, world: World, date: dt.date, known: Callable[[bool], tuple[Measure, ...]] | None = None
) -> TariffCut:
    """Tariffs in force on a day: base rates of the world and every measure of the scenario.

    For a day before 2025 a scenario that uses the ledger takes its dated measures of that time instead of what the base
    rates hold of them. `known`: measures at hand, by `past`. Raises DataError when a measure does not fit the world.
    """
    base, past = world.tariff, file.ledger is not None and date.year < BASE_YEAR
    if past:
        from foederis import ledger

        base = ledger.load().base(world, date)
    rows = measures(file, world, past) if known is None else known(past)
    return applied_tariff(rows, date, base, world.countries, world.sectors)


def measures(file: ScenarioFile, world: World, past: bool = False) -> tuple[Measure, ...]:
    """Every measure of the scenario in a world, one for each pair: ledger, own measures, retaliation.

    `past`: with the measures of the ledger from before 2025 in the place of those since.
    """
    direct = levers.applied(file, world, (*ledger_measures(file, past), *own_measures(file, world)))
    spared = exempt_pairs(file)
    kept = tuple(m for m in direct if (m.importer, m.exporter) not in spared)
    return (*kept, *retaliation_measures(file, world, kept))


def exempt_pairs(file: ScenarioFile) -> frozenset[Pair]:
    """(coercer, partner) of the partners on whom the coercer's measures do not count."""
    if file.exempt_partners is None:
        return frozenset()
    return frozenset((file.actors.coercer, code) for code in file.exempt_partners.codes)


def own_measures(file: ScenarioFile, world: World) -> tuple[Measure, ...]:
    """The measures that the scenario itself writes down, for each pair that they mean."""
    found: list[Measure] = []
    for tariff in file.tariffs:
        what = f"scenario {file.id}, measure {tariff.id}"
        for pair in scope.pairs(world, tariff.importer, tariff.exporter, what):
            measure = _measure(tariff, world, pair, what)
            if measure is not None:
                found.append(measure)
    return tuple(found)


def _measure(tariff: Tariff, world: World, pair: Pair, what: str) -> Measure | None:
    """One measure on one pair; None where the exporter sells nothing and the rate depends on what it sells."""
    importer, exporter = pair
    flows = scope.amounts(world, importer, exporter)
    if flows["imports"] <= 0 and any(not isinstance(rate, Quantity) for _, rate in tariff.rate.steps):
        return None
    start = tariff.from_ or cast(dt.date, tariff.rate.steps[0][0])
    return Measure(
        id=tariff.id,
        authority=cast(Authority, tariff.authority),
        importer=importer,
        exporter=exporter,
        coverage=scope.coverage(world, exporter, tariff.sectors, tariff.exempt),
        rate=_rates(tariff.rate, start, flows, f"{what}, {importer} on {exporter}"),
        rule=_rules(tariff.rule, start),
        start=start,
        end=tariff.to,
        source=tariff.source,
        yields_to=tariff.yields_to,
        note=tariff.note or "",
    )


def _rates(path: RatePath, start: dt.date, flows: dict[str, float], what: str) -> tuple[tuple[dt.date, float], ...]:
    found = []
    for day, rate in path.steps:
        try:
            value = float(rate) if isinstance(rate, Quantity) else rate.rate(flows)
        except ZeroDivisionError:
            raise DataError(f"{what}: the formula divides by zero; its flows are {_shown(flows)}") from None
        if not 0 <= value <= MAX_RATE_PERCENT / 100:
            cure = "bound the formula by max(0%, ...) and min(...)"
            raise DataError(f"{what}: the formula gives {value:.4g}, outside 0 to {MAX_RATE_PERCENT} %; {cure}")
        found.append((day or start, value))
    return tuple(found)


def _rules(path: RulePath, start: dt.date) -> Any:
    return tuple((day or start, rule) for day, rule in path.steps)


def _shown(flows: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g} bn USD" for name, value in flows.items())


def ledger_measures(file: ScenarioFile, past: bool = False) -> tuple[Measure, ...]:
    """The measures of the dated ledger that the scenario uses, with its departures; `past`: those from before 2025."""
    use = file.ledger
    if use is None:
        return ()
    from foederis import ledger  # here, so that a scenario without it does not read the ledger

    book, partners = ledger.load(), None
    if use.partners is not None and "world" not in use.partners.names:
        partners = tuple(code for code in use.partners.codes if code != ledger.IMPORTER)
    authorities = use.authorities or None
    found: Sequence[Measure] = (
        book.history(partners, authorities) if past else book.measures(use.clock, partners, authorities)
    )
    if use.frozen_on is not None:
        found = [m for measure in found for m in _frozen(measure, use.frozen_on)]
    found = [m for measure in found for m in _clipped(measure, use)]
    for change in use.changes:
        found = [m for measure in found for m in _changed(measure, change)]
    return tuple(found)


def _frozen(measure: Measure, day: dt.date) -> Iterator[Measure]:
    """The measure as the law stood on a day: what began later is gone, what was in force stays as it was."""
    if measure.start > day:
        return
    if not measure.in_force(day):
        yield measure
        return
    rate = tuple(step for step in measure.rate if step[0] <= day)
    rule = tuple(step for step in measure.rule if step[0] <= day)
    yield replace(measure, rate=rate, rule=rule, end=None)


def _clipped(measure: Measure, use: Ledger) -> Iterator[Measure]:
    """The measure within the days that the scenario takes from the ledger."""
    start = max(measure.start, use.from_) if use.from_ else measure.start
    ends = [day for day in (measure.end, use.until) if day is not None]
    end = min(ends) if ends else None
    if end is None or end > start:
        whole = (start, end) == (measure.start, measure.end)  # most are, and a checked copy of each costs half the time
        yield measure if whole else replace(measure, start=start, end=end)


def _changed(measure: Measure, change: LedgerChange) -> Iterator[Measure]:
    """The measure cut into before, during and after a departure, with the new rate in between."""
    wanted = measure.exporter in change.partners.codes or "world" in change.partners.names
    if not wanted or (change.authorities and measure.authority not in change.authorities):
        yield measure
        return
    start = max(measure.start, change.from_)
    ends = [day for day in (measure.end, change.to) if day is not None]
    end = min(ends) if ends else None
    if end is not None and end <= start:
        yield measure
        return
    if measure.start < start:
        yield replace(measure, end=start)
    rate, rule = _rates(change.rate, change.from_, {}, change.id), _rules(change.rule, change.from_)
    yield replace(
        measure, start=start, end=end, rate=rate, rule=rule, source=change.source, note=change.note or measure.note
    )
    if end is not None and (measure.end is None or end < measure.end):
        yield replace(measure, start=end)


def retaliation_measures(file: ScenarioFile, world: World, direct: Sequence[Measure]) -> tuple[Measure, ...]:
    """Duties in kind: what the coercer adds on the retaliator's goods, times the share, sector by sector and by day."""
    found: list[Measure] = []
    for name, by, against, answer in _answers(file):
        what = f"scenario {file.id}, retaliation {name}"
        party = Party((against,))
        for retaliator, target in scope.pairs(world, by, party, what):
            faced = [m for m in direct if (m.importer, m.exporter) == (target, retaliator)]
            if faced:
                found += _mirrored(name, (retaliator, target), answer, faced, world)
    return tuple(found)


def _answers(file: ScenarioFile) -> Iterator[tuple[str, Party, str, Retaliation]]:
    for item in file.retaliation:
        yield item.id, item.by, item.against or file.actors.coercer, item
    for code, response in file.responses.items():
        if response.counter_measures is not None:
            if code == file.actors.target and file.levers is not None and file.levers.counter is not None:
                yield (
                    _name(code),
                    Party((code,)),
                    file.actors.coercer,
                    _until(response.counter_measures, file.levers.from_),
                )
            else:
                yield _name(code), Party((code,)), file.actors.coercer, response.counter_measures
    set_by_lever = levers.answer(file)
    if set_by_lever is not None:
        yield "lever-counter", Party((file.actors.target,)), file.actors.coercer, set_by_lever


def _name(code: str) -> str:
    return f"counter-measures-{code.lower()}"


def _until(answer: Retaliation, day: dt.date) -> Retaliation:
    """The same, ended on a day at the latest."""
    return answer if answer.to is not None and answer.to <= day else answer.model_copy(update={"to": day})


def _mirrored(name: str, pair: Pair, answer: Retaliation, faced: list[Measure], world: World) -> list[Measure]:
    """The measures of one retaliator: for each sector the dated path of `share` times what it faces there."""
    retaliator, target = pair
    coverage = scope.coverage(world, target, answer.sectors)
    days = _days(faced, answer)
    path = np.array([_faced(faced, day, world, (target, retaliator)) for day in days]) * float(answer.share)
    found = []
    for sector, share in coverage.items():
        rates = path[:, world.sector(sector)]
        steps = [(days[0], rates[0])]
        steps += [
            (day, new) for (old, new), day in zip(pairwise(rates), days[1:], strict=True) if abs(new - old) > SAME_RATE
        ]
        if any(rate > 0 for _, rate in steps):
            found.append(_in_kind(f"{name}-{sector.lower()}", pair, answer, (sector, share), steps))
    return found


def _in_kind(
    name: str, pair: Pair, answer: Retaliation, covered: tuple[str, float], steps: list[tuple[dt.date, Any]]
) -> Measure:
    return Measure(
        id=name,
        authority="retaliation",
        importer=pair[0],
        exporter=pair[1],
        coverage=dict([covered]),
        rate=tuple((day, float(rate)) for day, rate in steps),
        rule=((steps[0][0], "add"),),
        start=steps[0][0],
        end=answer.to,
        source=answer.source or f"in kind, {float(answer.share):.0%} of what {pair[1]} adds",
    )


def _days(faced: list[Measure], answer: Retaliation) -> list[dt.date]:
    """The days on which the mirrored rate may change, within the life of the retaliation."""
    days = {day for measure in faced for day in measure.changes()}
    start = answer.from_ or min(days)
    return sorted({start} | {day for day in days if day > start and (answer.to is None or day < answer.to)})


def _faced(faced: list[Measure], day: dt.date, world: World, pair: Pair) -> Float[Array, " sector"]:
    """What the measures on one pair add to the base rate of each sector on a day, at least 0."""
    column = {code: k for k, code in enumerate(world.sectors)}
    base = world.tariff[world.country(pair[0]), world.country(pair[1])]
    in_force = [measure for measure in faced if measure.in_force(day)]
    added = [extra for _, extra in additions(in_force, day, base, column)]
    return np.maximum(0.0, np.sum(added, axis=0)) if added else np.zeros(len(column))


def iceberg_hat(file: ScenarioFile, world: World, date: dt.date) -> Float[Array, "importer exporter sector"] | None:
    """Cost of trading on a day over that of the base year, tariffs apart; infinity under an embargo; None: no change.

    Several changes of one cell multiply. A change of part of a sector counts by its share of the sector's trade.
    """
    hat = np.ones_like(world.tariff)
    for cost in file.trade_costs:
        if cost.from_ <= date and (cost.to is None or date < cost.to):
            for importer, exporter in _cost_pairs(file, cost, world):
                row = hat[world.country(importer), world.country(exporter)]
                for sector, share in scope.coverage(world, exporter, cost.sectors).items():
                    row[world.sector(sector)] *= _mixed(cost.change.ratio, share)
    return None if np.array_equal(hat, np.ones_like(hat)) else hat


def _mixed(ratio: float, share: float) -> float:
    return ratio if share >= 1 else 1 + share * (ratio - 1)


def _cost_pairs(file: ScenarioFile, cost: TradeCost, world: World) -> set[Pair]:
    spared = exempt_pairs(file)
    found = scope.pairs(world, cost.importer, cost.exporter, f"scenario {file.id}, trade cost {cost.id}")
    kept = {pair for pair in found if pair not in spared}
    return kept | {(exporter, importer) for importer, exporter in kept} if cost.both_ways else kept
