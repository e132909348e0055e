"""The levers of a scenario: a policy of a few numbers that takes the place of what the scenario has from a day on.

A lever that is not named leaves everything as it is. One that is named ends what the coercer has under that head on the
day `from`, and puts one flat rate, on top of the normal duty, in its place:

    tariff      on the target's goods other than motor vehicles; goods under section 232 do not pay it
    autos       on the target's motor vehicles and parts (ISIC 29), section 232 included
    surcharge   on the goods of every economy whose goods surplus with the coercer is above `SURPLUS`
    china       on the goods of the rival, all else on it since 2025 included
    counter     duties of the target in kind, as a share of what it faces
    exempt_allies   nothing on treaty allies, levers included

The other three are acts towards the target on that day: more asked for the troops than is paid, defence tied to trade,
costly reassurance. Each has a size, so that half of it tells half as much.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from foederis import scenario_codes as codes
from foederis import scenario_scope as scope
from foederis.measures import Measure
from foederis.scenario_fields import Goods, Party, SurplusWith
from foederis.scenario_model import Levers, Retaliation, ScenarioFile
from foederis.scenario_units import Money, Quantity, money
from foederis.world import World

__all__ = ["ALLIES", "CARS", "SURPLUS", "acts", "answer", "applied", "asked", "changed_from", "paid", "surplus_ids"]

CARS = "C29"
ALLIES = "treaty_allies"
SURPLUS = "20 bn USD/yr"
PAID = "211 bn JPY/yr"  # what the host pays where the scenario does not say: Special Measures Agreement of 2022, mean
PREFIX = "lever-"
SOURCE = "a lever of the scenario"


def allies(file: ScenarioFile) -> frozenset[str]:
    """The economies that `exempt_allies` spares."""
    return frozenset(codes.GROUPS[ALLIES]) - {file.actors.coercer}


def changed_from(file: ScenarioFile, country: str) -> dt.date | None:
    """The day from which levers change what the coercer takes from a country; None where they do not."""
    use = file.levers
    if use is None:
        return None
    mine = country == file.actors.target and (use.tariff is not None or use.autos is not None)
    rival = country == file.actors.rival and use.china is not None
    spared = use.exempt_allies and country in allies(file)
    return use.from_ if mine or rival or spared or use.surcharge is not None else None


def applied(file: ScenarioFile, world: World, direct: Sequence[Measure]) -> tuple[Measure, ...]:
    """The measures with the levers in force: what they replace ends on their day, what they set begins then."""
    use = file.levers
    if use is None:
        return tuple(direct)
    kept = [part for measure in direct for part in _left(file, use, world, measure)]
    return (*kept, *_set(file, use, world))


def _left(file: ScenarioFile, use: Levers, world: World, measure: Measure) -> Iterator[Measure]:
    """What a measure is from the day on: whole, without some of its sectors, or ended."""
    ends = [code for code in measure.coverage if _replaced(file, use, measure, code)]
    if not ends or (measure.end is not None and measure.end <= use.from_):
        yield measure
        return
    if measure.start < use.from_:
        yield replace(measure, end=use.from_)
    rest = {code: share for code, share in measure.coverage.items() if code not in ends}
    if rest:
        yield replace(measure, coverage=rest, start=max(measure.start, use.from_))


def _replaced(file: ScenarioFile, use: Levers, measure: Measure, sector: str) -> bool:
    if measure.importer != file.actors.coercer:
        return False
    if use.exempt_allies and measure.exporter in allies(file):
        return True
    if measure.id in surplus_ids(file):
        return use.surcharge is not None
    if measure.exporter == file.actors.rival and use.china is not None:
        return True
    if measure.exporter != file.actors.target:
        return False
    if sector == CARS:
        return use.autos is not None
    return use.tariff is not None and measure.authority != "s232"


def surplus_ids(file: ScenarioFile) -> frozenset[str]:
    """The scenario's own measures on countries with a surplus: what the surcharge takes the place of."""
    return frozenset(tariff.id for tariff in file.tariffs if isinstance(tariff.exporter, SurplusWith))


def _set(file: ScenarioFile, use: Levers, world: World) -> Iterator[Measure]:
    coercer, target, rival = file.actors.coercer, file.actors.target, file.actors.rival
    spared = allies(file) if use.exempt_allies else frozenset()
    rows: list[tuple[str, str, Quantity, Goods, tuple[str, ...]]] = []
    if use.tariff is not None:
        rows.append(("tariff", target, use.tariff, Goods("except", (CARS,)), ("s232",)))
    if use.autos is not None:
        rows.append(("autos", target, use.autos, Goods("sectors", (CARS,)), ()))
    if use.china is not None and rival is not None:
        rows.append(("china", rival, use.china, Goods("all"), ()))
    if use.surcharge is not None:
        selector = SurplusWith(coercer, money(SURPLUS, flow=True))
        for code in scope.surplus_countries(world, selector):
            rows.append(("surcharge", code, use.surcharge, Goods("all"), ()))
    for name, exporter, rate, chosen, yields_to in rows:
        what = f"scenario {file.id}, levers.{name}"
        for _, code in scope.pairs(world, Party((coercer,)), Party((exporter,)), what):
            if code not in spared and float(rate) > 0:
                yield Measure(
                    id=f"{PREFIX}{name}",
                    authority="other",
                    importer=coercer,
                    exporter=code,
                    coverage=scope.coverage(world, code, chosen),
                    rate=((use.from_, float(rate)),),
                    rule=((use.from_, "add"),),
                    start=use.from_,
                    end=None,
                    source=SOURCE,
                    yields_to=yields_to,
                )


def answer(file: ScenarioFile) -> Retaliation | None:
    """The target's counter-measures that the lever sets, None where it does not."""
    use = file.levers
    if use is None or use.counter is None or float(use.counter) == 0.0:
        return None
    return Retaliation.model_construct(share=use.counter, from_=use.from_, source=SOURCE)


def paid(file: ScenarioFile) -> Money:
    """What the host pays for the troops, as the scenario says, else the agreement in force."""
    support = None if file.security is None else file.security.host_nation_support
    return support.paid if support is not None and support.paid is not None else money(PAID, flow=True)


def asked(file: ScenarioFile) -> Money:
    """What the scenario itself asks for the troops, or what is paid where it asks for nothing."""
    support = None if file.security is None else file.security.host_nation_support
    return support.asked if support is not None and support.asked is not None else paid(file)


def acts(file: ScenarioFile, demanded: float, given: float) -> Iterator[Mapping[str, Any]]:
    """The rows of the acts that levers stand for: `demanded` and `given` are bn USD a year for the troops."""
    use = file.levers
    if use is None or use.from_ > file.horizon.end.last_day:
        return
    row = {"date": use.from_, "actor": file.actors.coercer, "target": file.actors.target, "domain": "security"}
    row |= {"zeta": 1.0, "source": f"scenario {file.id}, levers"}
    day = use.from_.isoformat()
    if use.support_asked is not None and demanded > given:
        size = {"magnitude": round(demanded, 3), "before": round(given, 3), "unit": "USD bn per year"}
        title = f"{use.support_asked} asked for the troops; {paid(file)} is paid"
        yield {**row, **size, "id": f"lever.support.{day}", "kind": "demand", "title": title}
    if use.linkage is not None and float(use.linkage) > 0:
        title = f"Defence tied to trade, at {float(use.linkage):.0%}"
        yield {**row, "id": f"lever.linkage.{day}", "kind": "demand", "title": title, "tied": float(use.linkage)}
    if use.reassurance is not None and float(use.reassurance) > 0:
        title = f"Costly reassurance, at {float(use.reassurance):.0%} of its full size"
        yield {
            **row,
            "id": f"lever.reassurance.{day}",
            "kind": "reassurance",
            "title": title,
            "coverage": float(use.reassurance),
        }
