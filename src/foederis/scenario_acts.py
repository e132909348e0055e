"""The dated acts of a scenario: recorded ones that it shares, ones that follow from its measures, its own.

* The past is common to all: every scenario takes the shipped record up to the change of presidents in 2025. One that
  uses the ledger of tariffs takes it further: to its end, or up to the day (not included) on which the ledger is frozen
  or left.
* Where the ledger is not taken as it is (other rates on a partner, some authorities only), and after the end of the
  record, tariff acts are derived from the measures; so are those of the scenario's own measures.
* A demand follows from what is asked for the troops, a reassurance from a level above half of its scale. What is not
  there is no act.

A derived act is left out where the record or an act of the file stands on the same day towards the same country.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from foederis import acts as records
from foederis import scenario_act_rates as rates
from foederis import scenario_act_rules, scenario_case, scenario_lever_rules, words_names
from foederis.acts import ALL, Act
from foederis.errors import DataError
from foederis.scenario_act_rules import RATE_KINDS
from foederis.scenario_model import ScenarioFile
from foederis.scenario_units import Distribution, Money, Quantity

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Bool, Float

    from foederis.scenario import Scenario
    from foederis.world import World

__all__ = ["DemandPath", "Threat", "acts", "demand_path", "in_dollars", "mean", "quantile", "record_until", "threats"]

COMMON_PAST = dt.date(2024, 12, 31)  # the last quarter of the record that every scenario shares ends here
COMMON_ACTS = dt.date(2025, 1, 19)  # acts until then are those of the outgoing president and count in that quarter
TIED_FROM = 0.5  # linkage from which an act counts as tied to defence
REASSURING_FROM = 0.5  # share of its scale above which reassurance is an act


@dataclass(frozen=True)
class DemandPath:
    """What the host pays for the troops and what is asked of it, bn USD a year; without a demand both are equal."""

    paid: Float[np.ndarray, " quarter"]
    asked: Float[np.ndarray, " quarter"]


@dataclass(frozen=True)
class Threat:
    """A contingent event: its hazard per quarter (a share or a distribution of it), and what happens with it."""

    id: str
    hazard: Quantity | Distribution
    source: str
    scenario: Scenario
    world: World
    observers: tuple[str, ...]

    def happens(
        self,
        quarters: Sequence[object],
        u_hazard: Float[np.ndarray, " draw"],
        u: Float[np.ndarray, "quarter draw"],
    ) -> Bool[np.ndarray, "quarter draw"]:
        """In which quarter of the scenario's horizon the event happens in each draw: true once at most.

        `u_hazard` picks the hazard of a draw, `u` whether it strikes in a quarter (uniform numbers, 0..1).
        """
        import numpy as np

        from foederis.scenario_units import quarter

        horizon = self.scenario.horizon
        open_ = np.array([horizon.start <= quarter(str(q)) <= horizon.end for q in quarters])
        strikes = (u < quantile(self.hazard, u_hazard)) & open_[:, None]
        return np.asarray(strikes & (np.cumsum(strikes, axis=0) == 1))

    def acts_on(self, day: dt.date) -> tuple[Act, ...]:
        """The acts of the event if it happens on a day: those written under `then`, and the tariffs that it sets."""
        (event,) = [item for item in self.scenario.file.contingent if item.id == self.id]
        actors = self.scenario.actors
        explicit = [a for item in event.then.acts for a in scenario_act_rules.written(item, actors, day)]
        if not event.then.set:
            return tuple(explicit)
        changed = self.scenario.with_settings(*_settings(event.then.set))
        before = rates.Averages(self.scenario.file, self.world)
        after = rates.Averages(changed.file, self.world)
        moved = [rates.Change(code, before.on(code, day), after.on(code, day)) for code in self.observers]
        source = self.source or f"scenario {self.scenario.id}, contingent.{self.id}"
        derived = [
            replace(_tariff_act(self.scenario.file, day, change, source), id=f"tariff.{self.id}.{change.country}")
            for change in moved
            if change.shown
        ]
        return (*explicit, *_without_doubles(derived, explicit))


def acts(file: ScenarioFile, world: World, observers: Sequence[str] | None = None) -> tuple[Act, ...]:
    """The acts of the coercer towards `observers` (default: target and bystanders), by date and id.

    Raises DataError when the dyad has no record of its own, or an amount of money cannot be put into dollars.
    """
    scenario_case.require_record(file.actors.coercer, file.actors.target)
    seen = _observers(file, observers)
    last = file.horizon.end.last_day
    explicit = [a for item in file.acts for a in scenario_act_rules.written(item, file.actors, until=last)]
    firm = [*_recorded(file, seen), *(a for a in explicit if a.target == ALL or a.target in seen)]
    derived = [*_tariffs(file, world, seen), *_demand(file), *_reassurance(file), *_levers(file)]
    found = [*firm, *_without_doubles(derived, firm)]
    return tuple(sorted(found, key=lambda act: (act.date, act.id)))


def _observers(file: ScenarioFile, observers: Sequence[str] | None) -> tuple[str, ...]:
    named = (file.actors.target, *file.actors.bystanders) if observers is None else observers
    return tuple(dict.fromkeys(code for code in named if code != file.actors.coercer))


def record_until(file: ScenarioFile) -> dt.date:
    """The last day of the shipped record that the scenario takes; after it a quarter without an act tells nothing."""
    use, last = file.ledger, records.recorded_until()
    if use is None or not _in_ledger(file, file.actors.target):
        return COMMON_PAST
    ends = [day - dt.timedelta(days=1) for day in (use.frozen_on, use.until) if day is not None]
    return max(COMMON_PAST, min([last, *ends]))


def _told_until(file: ScenarioFile) -> dt.date:
    """The last day on which changes of the ledger are told by the record, mostly ahead of their day.

    What the ledger holds on the day it is frozen was announced before, so that day is told as well.
    """
    frozen = None if file.ledger is None else file.ledger.frozen_on
    if frozen is not None and frozen <= records.recorded_until():
        return max(record_until(file), frozen)
    return record_until(file)


def _recorded(file: ScenarioFile, observers: Sequence[str]) -> Iterator[Act]:
    """The acts of the record that belong to the scenario."""
    last = record_until(file)
    for act in records.load():
        if act.actor != file.actors.coercer or act.target not in (ALL, *observers) or act.id in file.without_acts:
            continue
        shared = act.date <= last and _in_ledger(file, act.target) and not _replaced(file, act)
        if act.date <= COMMON_ACTS or shared:
            yield act


def _in_ledger(file: ScenarioFile, country: str) -> bool:
    partners = None if file.ledger is None else file.ledger.partners
    return file.ledger is not None and (partners is None or partners.everyone or country in partners.codes)


def _replaced(file: ScenarioFile, act: Act) -> bool:
    """Whether the scenario has other tariffs than those that a recent act of the record speaks of."""
    if act.kind not in RATE_KINDS or not act.carried_out:
        return False
    start = rates.own_from(file, act.target)
    return start is not None and act.date >= start


def _tariffs(file: ScenarioFile, world: World, observers: Sequence[str]) -> Iterator[Act]:
    """One act for each day and country on which the average rate changes; for all at once where all change alike."""
    averages, told = rates.Averages(file, world), _told_until(file)
    for day in averages.days(observers, told):
        if COMMON_PAST < day <= file.horizon.end.last_day:
            for change in averages.joined(averages.changes(observers, day, told), day):
                yield _tariff_act(file, day, change, averages.source(change, day))


def _tariff_act(file: ScenarioFile, day: dt.date, change: rates.Change, source: str) -> Act:
    """The change of an average rate as an act; the lapse of a statute is no choice of the leader."""
    who = "all partners" if change.country == ALL else words_names.country(change.country)
    moved = f"{100 * change.before:.1f} to {100 * change.after:.1f} %"
    what = f"{change.lapsed} lapses: " if change.lapse else ""
    kind = "lapse" if change.lapse else "tariff"
    return records.from_row(
        {
            "id": f"{kind}.{day.isoformat()}.{change.country}",
            "date": day,
            "actor": file.actors.coercer,
            "target": change.country,
            "domain": "trade",
            "kind": "ruling" if change.lapse else "tariff",
            "title": f"{what}average tariff on {who} from {moved}",
            "zeta": 0.0 if change.lapse else 1.0,
            "source": source,
            "magnitude": round(100 * change.after, 2),
            "before": round(100 * change.before, 2),
            "unit": "%",
            "tied": not change.lapse and change.after > change.before and tied(file, day),
        }
    )


def tied(file: ScenarioFile, day: dt.date) -> bool:
    """Whether defence is part of what the coercer does on a day: linkage of one half or more, or defence set by the
    balance. From the day on which a lever sets the linkage it is an act of its own, and nothing else is tied.
    """
    security = file.security
    if file.levers is not None and file.levers.linkage is not None and day >= file.levers.from_:
        return False
    if security is None:
        return False
    linked = security.linkage is not None and mean(security.linkage) >= TIED_FROM
    return linked or security.conditions_on == "bilateral_balance"


def _demand(file: ScenarioFile) -> Iterator[Act]:
    """The demand for more host-nation support, on its day (else: the start of the measures)."""
    support = None if file.security is None else file.security.host_nation_support
    if support is None or support.asked is None:
        return
    if support.paid is None:
        raise DataError(
            f"scenario {file.id}: security.host_nation_support asks for {support.asked} and does not say what is paid;"
            " write paid: 211 bn JPY/yr"
        )
    paid, asked = in_dollars(file, support.paid), in_dollars(file, support.asked)
    day = support.from_ or _start(file)
    use = file.levers
    replaced = use is not None and use.support_asked is not None and day >= use.from_
    if asked <= paid or day > file.horizon.end.last_day or replaced:
        return
    yield records.from_row(
        {
            "id": f"demand.{day.isoformat()}.{file.actors.target}",
            "date": day,
            "actor": file.actors.coercer,
            "target": file.actors.target,
            "domain": "security",
            "kind": "demand",
            "title": f"{support.asked} asked for the troops; {support.paid} is paid",
            "zeta": 1.0,
            "source": support.source or f"scenario {file.id}, security.host_nation_support",
            "magnitude": round(asked, 3),
            "before": round(paid, 3),
            "unit": "USD bn per year",
            "tied": tied(file, day),
        }
    )


def _reassurance(file: ScenarioFile) -> Iterator[Act]:
    """Costly reassurance at the start of the measures, when its level is above half of its scale."""
    effort = None if file.security is None else file.security.reassurance
    if effort is None or float(effort.level) / float(effort.of) <= REASSURING_FROM:
        return
    day = _start(file)
    yield records.from_row(
        {
            "id": f"reassurance.{day.isoformat()}.{file.actors.target}",
            "date": day,
            "actor": file.actors.coercer,
            "target": file.actors.target,
            "domain": "security",
            "kind": "reassurance",
            "title": f"Reassurance at {effort.level} of {effort.of}",
            "zeta": 1.0,
            "source": f"scenario {file.id}, security.reassurance",
        }
    )


def _levers(file: ScenarioFile) -> Iterator[Act]:
    """The acts that levers stand for: what is asked for the troops, defence tied to trade, reassurance."""
    use = file.levers
    if use is None:
        return
    given = in_dollars(file, scenario_lever_rules.paid(file))
    asked = given if use.support_asked is None else in_dollars(file, use.support_asked)
    for row in scenario_lever_rules.acts(file, asked, given):
        yield records.from_row(row)


def _start(file: ScenarioFile) -> dt.date:
    """The first day of the scenario's own measures; without any, of its horizon. Never in the common past."""
    days = [measure.from_ or measure.rate.steps[0][0] for measure in file.tariffs]
    days += [cost.from_ for cost in file.trade_costs]
    days += [act.date for act in file.acts]
    days += [change.from_ for change in file.ledger.changes] if file.ledger else []
    own = [day for day in days if day is not None and day > COMMON_PAST]
    return min(own, default=max(file.horizon.start.first_day, COMMON_PAST + dt.timedelta(days=1)))


def _without_doubles(derived: Iterable[Act], firm: Sequence[Act]) -> Iterator[Act]:
    """The derived acts, without those for which a firm one stands: same day, country and kind."""
    for act in derived:
        if not any(_same(act, other) for other in firm):
            yield act


def _same(act: Act, other: Act) -> bool:
    if act.date != other.date or (act.target != other.target and ALL not in (act.target, other.target)):
        return False
    if act.kind in RATE_KINDS:
        return other.kind in RATE_KINDS and other.carried_out
    return act.kind == other.kind


def threats(scenario: Scenario, world: World, observers: Sequence[str] | None = None) -> tuple[Threat, ...]:
    """The contingent events of a scenario, in the order of the file."""
    seen = _observers(scenario.file, observers)
    return tuple(
        Threat(event.id, event.hazard_per_quarter, event.source or "", scenario, world, seen)
        for event in scenario.file.contingent
    )


def _settings(values: Mapping[str, Any]) -> list[str]:
    from foederis import scenario_text

    top = ScenarioFile.model_fields
    return [
        f"{path if path.split('.')[0] in top else f'tariffs.{path}'}={scenario_text.inline(value)}"
        for path, value in values.items()
    ]


def demand_path(file: ScenarioFile, quarters: Sequence[object]) -> DemandPath | None:
    """What is paid and asked for the troops in each quarter (texts such as 2026-Q4); None where nothing is said."""
    import numpy as np

    from foederis.scenario_units import quarter

    support = None if file.security is None else file.security.host_nation_support
    if support is None or support.paid is None:
        return None
    paid = in_dollars(file, support.paid)
    asked = paid if support.asked is None else max(paid, in_dollars(file, support.asked))
    start = support.from_ or _start(file)
    ends = [quarter(str(q)).last_day for q in quarters]
    return DemandPath(np.full(len(ends), paid), np.array([asked if day >= start else paid for day in ends]))


def in_dollars(file: ScenarioFile, money: Money) -> float:
    """A flow of money, bn USD a year. Yen at the ratio of the GDP of 2023 in both currencies, from the dyad's file."""
    if money.currency == "USD":
        return money.amount / 1e9
    if money.currency == "JPY":
        from foederis import dyad

        gdp = dyad.load().card["gdp"]
        return money.amount / 1e9 * float(gdp["bn_usd_2023"]) / (1e3 * float(gdp["trn_yen"]["2023"]))
    raise DataError(f"scenario {file.id}: no exchange rate for {money.currency} is known; write {money} in USD")


def mean(value: Quantity | Distribution) -> float:
    """A number, or the mean of a distribution."""
    import math

    if isinstance(value, Quantity):
        return float(value)
    v = {name: float(quantity) for name, quantity in value.parameters}
    if value.dist == "beta":
        return v["a"] / (v["a"] + v["b"])
    if value.dist == "normal":
        return v["mean"]
    if value.dist == "lognormal":
        return v["median"] * math.exp(v["sigma"] * v["sigma"] / 2.0)
    if value.dist == "uniform":
        return (v["low"] + v["high"]) / 2.0
    return (v["low"] + v["mode"] + v["high"]) / 3.0


def quantile(value: Quantity | Distribution, u: Float[np.ndarray, " draw"]) -> Float[np.ndarray, " draw"]:
    """The values at the chances `u` (0..1): a number for every draw, or the quantiles of a distribution."""
    import numpy as np
    from scipy import special

    if isinstance(value, Quantity):
        return np.full(np.shape(u), float(value))
    v = {name: float(quantity) for name, quantity in value.parameters}
    if value.dist == "beta":
        return np.asarray(special.betaincinv(v["a"], v["b"], u))
    if value.dist == "normal":
        return np.asarray(v["mean"] + v["sd"] * special.ndtri(u))
    if value.dist == "lognormal":
        return np.asarray(v["median"] * np.exp(v["sigma"] * special.ndtri(u)))
    if value.dist == "uniform":
        return np.asarray(v["low"] + (v["high"] - v["low"]) * u)
    low, mode, high = v["low"], v["mode"], v["high"]
    up = low + np.sqrt(u * (high - low) * (mode - low))
    down = high - np.sqrt((1.0 - u) * (high - low) * (high - mode))
    return np.asarray(np.where(u < (mode - low) / (high - low), up, down))
