"""From a list of acts to arrays of fixed shape for the model: decisions, who saw them, leaders, visits, tariffs.

Decisions do not depend on the draw or on time, so each is stored once ([act, option]) and quarters only say which
decision was made towards whom ([quarter, country, act]). Row 0 is restraint: in a quarter of the record in which the
leader did nothing to a country, restraint was what he chose.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from foederis.acts import ALL, CHANNELS, Act
from foederis.acts import recorded_until as _recorded_until
from foederis.acts_leaders import Leader, terms
from foederis.acts_rules import Choice, main_channel, menu, reference_menu
from foederis.errors import DataError

__all__ = ["ActArrays", "act_arrays", "quarter_range"]

Array = np.ndarray
RESTRAINT = "restraint"


@dataclass(frozen=True)
class ActArrays:
    """Acts of one patron as arrays. Unit of `gain` and `harm`: the patron's payoff (see `acts_rules`).

    `seen[t, c, a]` is how often decision a was made towards country c in quarter t; `visits` counts summits; `leader`
    is the person in office (a position in `persons`); `turnover` is 1 in the first quarter of a new term (never in the
    first quarter of the range). `points` is the change of the average tariff on a country's exports since the start,
    percentage points, from acts that were carried out, whoever decided them.
    """

    quarters: tuple[str, ...]
    observers: tuple[str, ...]
    acts: tuple[str, ...]
    gain: Float[Array, "act option"]
    harm: Float[Array, "act option"]
    allowed: Bool[Array, "act option"]
    chosen: Int[Array, " act"]
    zeta: Float[Array, " act"]
    security: Float[Array, " act"]  # 1 where the act is about defence, or ties it
    channel_harm: Float[Array, "act channel"]  # harm of what was done, by channel
    channel_main: Float[Array, "act channel"]  # 1 in the channel that takes what the alternatives tell
    seen: Float[Array, "quarter country act"]
    visits: Float[Array, "quarter country"]
    turnover: Float[Array, " quarter"]
    leader: Int[Array, " quarter"]
    persons: tuple[str, ...]
    points: Float[Array, "quarter country"]


def quarter_range(start: str, end: str) -> tuple[str, ...]:
    """Quarters from `2017-Q1` to `2036-Q4`, both included; DataError on anything else."""
    first, last = (_parse(text) for text in (start, end))
    found = tuple(f"{k // 4}-Q{k % 4 + 1}" for k in range(first, last + 1))
    if not found:
        raise DataError(f"the quarters end ({end}) before they start ({start})")
    return found


def act_arrays(
    acts: Sequence[Act],
    quarters: Sequence[Any],
    observers: Sequence[str],
    *,
    patron: str = "USA",
    recorded_until: dt.date | None = None,
    leaders: Sequence[Leader] | None = None,
) -> ActArrays:
    """Arrays of the acts of `patron` towards the observers.

    `quarters` are texts such as 2017-Q1, or objects that print so, in order without a gap. After `recorded_until`
    (default: the end of the shipped record) a quarter without an act tells nothing: the record is silent. An act of the
    outgoing leader in the quarter of a turnover counts in the quarter before, unless that is the first. Acts outside
    the quarters, of others, or towards others are left out. Raises DataError on quarters with a gap, an act that stands
    twice, or a quarter that no leader covers.
    """
    index = _ordered(quarters)
    place = {code: k for k, code in enumerate(observers)}
    table = tuple(leaders) if leaders is not None else terms(patron)
    persons, leader, turnover = _offices(index, table)
    mine = [act for act in acts if act.actor == patron and set(_targets(act, place, patron))]
    _require_once(mine)
    kept = [(act, t) for act in mine if (t := _quarter_of(act, index, table)) is not None]
    seen, visits, points = _placed(kept, index, place, patron)
    last = _last_day(recorded_until or _recorded_until(), index)
    told = np.array([False, *(act.zeta > 0 for act, _ in kept)])
    quiet = np.logical_not(seen[:, :, told].any(axis=2))
    seen[:last, :, 0] = quiet[:last]
    menus = [(reference_menu(), 1.0, RESTRAINT, 0.0)]
    menus += [(menu(act), act.zeta, main_channel(act), float(act.domain == "security" or act.tied)) for act, _ in kept]
    gain, harm, allowed, chosen = _options([options for options, *_ in menus])
    return ActArrays(
        quarters=tuple(str(q) for q in quarters),
        observers=tuple(observers),
        acts=(RESTRAINT, *(act.id for act, _ in kept)),
        gain=gain,
        harm=harm,
        allowed=allowed,
        chosen=chosen,
        zeta=np.array([zeta for _, zeta, _, _ in menus]),
        security=np.array([security for *_, security in menus]),
        channel_harm=np.array([options[-1].by_channel for options, *_ in menus]),
        channel_main=np.array([[float(c == main) for c in CHANNELS] for _, _, main, _ in menus]),
        seen=seen,
        visits=visits,
        turnover=turnover,
        leader=leader,
        persons=persons,
        points=points,
    )


def _options(menus: Sequence[Sequence[Choice]]) -> tuple[Array, Array, Array, Array]:
    """Gain, harm, whether allowed [act, option], and which option was done [act]: the last of its menu."""
    width = max(len(options) for options in menus)
    gain, harm = np.zeros((len(menus), width)), np.zeros((len(menus), width))
    allowed = np.zeros((len(menus), width), dtype=bool)
    for k, options in enumerate(menus):
        gain[k, : len(options)] = [choice.gain for choice in options]
        harm[k, : len(options)] = [choice.harm for choice in options]
        allowed[k, : len(options)] = True
    return gain, harm, allowed, np.array([len(options) - 1 for options in menus])


def _placed(
    kept: Sequence[tuple[Act, int]], index: Sequence[int], place: dict[str, int], patron: str
) -> tuple[Array, Array, Array]:
    seen = np.zeros((len(index), len(place), len(kept) + 1))
    visits = np.zeros((len(index), len(place)))
    points = np.zeros((len(index), len(place)))
    for k, (act, t) in enumerate(kept, 1):
        for code in _targets(act, place, patron):
            seen[t, place[code], k] = 1.0
            visits[t, place[code]] += act.kind == "summit"
            points[t:, place[code]] += act.points if act.carried_out else 0.0
    return seen, visits, points


def _targets(act: Act, place: dict[str, int], patron: str) -> list[str]:
    if act.target == ALL:
        return [code for code in place if code != patron]
    return [act.target] if act.target in place else []


def _quarter_of(act: Act, index: Sequence[int], table: Sequence[Leader]) -> int | None:
    t = _number(act.date) - index[0]
    starts = [term.start for term in table if _number(term.start) == t + index[0]]
    if starts and act.date < starts[0] and t > 0:
        t -= 1  # the quarter of a turnover belongs to the new leader
    return t if 0 <= t < len(index) else None


def _offices(index: Sequence[int], table: Sequence[Leader]) -> tuple[tuple[str, ...], Array, Array]:
    """Persons in order of their first term, who holds each quarter, and 1 where a new term of another person begins."""
    holders = []
    for number in index:
        last = dt.date(number // 4, 3 * (number % 4) + 3, 28)
        found = [term for term in table if term.start <= last < term.end]
        if not found:
            raise DataError(f"no leader covers {number // 4}-Q{number % 4 + 1}; extend the table of leaders")
        holders.append(found[0])
    persons = tuple(dict.fromkeys(term.person for term in holders))
    leader = np.array([persons.index(term.person) for term in holders])
    turnover = np.array([0.0, *(float(a.person != b.person) for a, b in pairwise(holders))])
    return persons, leader, turnover


def _last_day(day: dt.date, index: Sequence[int]) -> int:
    """How many of the quarters the record covers, the one of its last day included."""
    return max(0, min(len(index), _number(day) - index[0] + 1))


def _require_once(acts: Sequence[Act]) -> None:
    names = [act.id for act in acts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"acts {', '.join(twice)} stand twice; give each an id of its own")


def _ordered(quarters: Sequence[Any]) -> list[int]:
    index = [_parse(str(q)) for q in quarters]
    if not index or index != list(range(index[0], index[0] + len(index))):
        raise DataError("quarters must follow one another without a gap, e.g. 2017-Q1, 2017-Q2")
    return index


def _parse(text: str) -> int:
    found = re.fullmatch(r"(\d{4})-Q([1-4])", text)
    if not found:
        raise DataError(f"{text!r} is not a quarter such as 2017-Q1")
    return 4 * int(found[1]) + int(found[2]) - 1


def _number(day: dt.date) -> int:
    return 4 * day.year + (day.month - 1) // 3
