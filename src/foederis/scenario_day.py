"""A scenario and a run of one day: which day that is, and what the scenario says beyond it.

A static trade run does not use everything that a scenario may say; what it leaves aside is kept, checked, and told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foederis.scenario_model import ScenarioFile


def sentences(file: ScenarioFile, day: dt.date, alliance: bool = False, hazards: bool = False) -> Iterator[str]:
    """One sentence for each part that a run leaves aside: a trade run of one day, or one with the `alliance`.

    `hazards`: the run draws the contingent events.
    """
    if not alliance:
        yield from _not_in_force(file, day)
        yield from _dated_acts(file)
    for event in () if hazards else file.contingent:
        changes = ", ".join([*event.then.set, *(act.id for act in event.then.acts)])
        yield f"contingent.{event.id}: a threat; the run takes the law as it stands and does not set {changes}."
    payments = file.side_payments
    if payments is not None and payments.investment is not None:
        money = payments.investment
        pledge = f"{money.amount} from {money.from_} to {money.to}"
        yield f"side_payments.investment: {pledge} is no flow of the trade equilibrium."
    if payments is not None and payments.purchases:
        goods = ", ".join(item.good for item in payments.purchases)
        yield f"side_payments.purchases: pledges to buy ({goods}) do not bind trade flows."
    if file.security is not None and not alliance:
        parts = ", ".join(sorted(file.security.model_fields_set))
        yield f"security ({parts}): a matter of the alliance; a trade run does not use it."
    modelled = [code for code, answer in file.responses.items() if answer.hedging == "model"]
    if modelled and not alliance:
        yield f"responses: hedging of {', '.join(modelled)} is not part of a trade run; counter-measures are."
    if file.assumptions and not alliance:
        yield f"assumptions: {', '.join(file.assumptions)}; parameters of the alliance, a trade run has none of them."
    if file.sweep:
        count = " x ".join(str(len(values)) for values in file.sweep.values())
        yield f"sweep: {', '.join(file.sweep)} ({count} values) are for a sweep; a run takes the values of the file."


def _dated_acts(file: ScenarioFile) -> Iterator[str]:
    if file.acts:
        yield f"acts: {len(file.acts)} dated acts; a matter of the alliance, a trade run does not use them."
    if file.without_acts:
        yield f"without_acts: {', '.join(file.without_acts)}; a trade run does not use the record of acts."


def _not_in_force(file: ScenarioFile, day: dt.date) -> Iterator[str]:
    """Measures that begin after the day or have ended by then."""
    starts = [(f"tariffs.{m.id}", m.from_ or m.rate.steps[0][0], m.to) for m in file.tariffs]
    starts += [(f"trade_costs.{m.id}", m.from_, m.to) for m in file.trade_costs]
    starts += [(f"ledger.changes.{m.id}", m.from_, m.to) for m in (file.ledger.changes if file.ledger else ())]
    starts += [(f"retaliation.{m.id}", m.from_, m.to) for m in file.retaliation]
    starts += [] if file.levers is None else [("levers", file.levers.from_, None)]
    for name, start, end in starts:
        if start is not None and start > day:
            yield f"{name}: begins on {start}, after {day}, the day of the run; change it with --set evaluate={start}."
        elif end is not None and end <= day:
            yield f"{name}: no longer in force on {day}, the day of the run; it ended on {end}."


def last_change(file: ScenarioFile) -> dt.date | None:
    """The latest day on which a measure of the scenario itself starts or changes its rate; None without measures."""
    days = [day for tariff in file.tariffs for day in (tariff.from_, *(step[0] for step in tariff.rate.steps)) if day]
    days += [cost.from_ for cost in file.trade_costs]
    days += [item.from_ for item in file.retaliation if item.from_]
    days += [change.from_ for change in file.ledger.changes] if file.ledger else []
    days += [file.levers.from_] if file.levers is not None else []
    return max(days, default=None)
