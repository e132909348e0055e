"""The rules that turn an open question into a probability or a distribution: from draws of a run, or from base rates.

A rule is named in the file of questions with its numbers; nothing is typed in for one question. Rules with a run take
the predictive draws of its scenario; the others take recorded cases, the ledger of duties, or past waves of a survey.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zlib import crc32

import numpy as np
from jaxtyping import Float

from foederis import beliefs_polls, ledger
from foederis.ensemble_alliance import Alliance
from foederis.errors import DataError, UsageError

__all__ = ["MODEL_RULES", "QUANTILES", "Context", "chance", "distribution", "quantiles"]

Array = np.ndarray
Spec = Mapping[str, object]
T = TypeVar("T")
QUANTILES = 199
MODEL_RULES = frozenset(("cap_reaches", "budget", "budget_growth", "region_mean", "region_walk", "poll", "poll_below"))
WALK_DRAWS = 4000


@dataclass(frozen=True, eq=False)
class Context:
    """What a rule may look at: the day of the forecast, the run of the scenario (None: not at hand), the seed."""

    day: dt.date
    run: Alliance | None
    seed: int
    stream: str  # name of the question: walks of two questions do not share random numbers

    def alliance(self) -> Alliance:
        """The run; UsageError when there is none."""
        if self.run is None:
            raise UsageError(f"question {self.stream!r} is answered by a run; run a scenario with an alliance first")
        return self.run

    def normal(self, size: int, what: str) -> Float[Array, " draw"]:
        """Standard normal numbers of the question."""
        words = f"{self.stream} {what}".encode()
        return np.random.default_rng([self.seed, crc32(words)]).standard_normal(size)


def chance(rule: Spec, context: Context) -> float:
    """The probability of an event under a rule, strictly between 0 and 1; UsageError on an unknown rule."""
    return float(_named(EVENTS, rule)(rule, context))


def distribution(rule: Spec, context: Context) -> Float[Array, " draw"]:
    """Draws of a quantity under a rule; UsageError on an unknown rule."""
    draws = np.asarray(_named(QUANTITIES, rule)(rule, context), dtype=float)
    if not np.isfinite(draws).all():
        raise DataError(f"question {context.stream!r}: rule {rule['name']!r} gives numbers that are not finite")
    return draws


def quantiles(draws: Float[Array, " draw"]) -> list[float]:
    """The draws as quantiles at equal steps, which is what a ledger keeps and scores."""
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return [round(float(v), 6) for v in np.quantile(draws, at)]


def succession(hits: int, trials: int) -> float:
    """Laplace's rule of succession (1814): (k + 1) / (n + 2)."""
    return (hits + 1.0) / (trials + 2.0)


# Events


def _constant(rule: Spec, context: Context) -> float:
    return _number(rule, "p")


def _cases(rule: Spec, context: Context) -> float:
    held = [bool(case["held"]) for case in _rows(rule, "cases")]
    return succession(sum(held), len(held))


def _rate(rule: Spec, context: Context) -> float:
    """The chance of at least one event by the end of the year of the forecast, at a constant yearly rate."""
    left = (dt.date(context.day.year, 12, 31) - context.day).days / 365.25
    return 1.0 - math.exp(-_number(rule, "events") / _number(rule, "years") * max(left, 1 / 365.25))


def _cap_reaches(rule: Spec, context: Context) -> float:
    """Of the draws in which the cap was below the level in the quarter before the forecast, those that reach it."""
    run = context.alliance()
    level, at = _number(rule, "level") - 1e-9, run.scenario.at(str(rule["quarter"]))
    today = f"{context.day.year}-Q{(context.day.month + 2) // 3}"
    before = max(min(run.scenario.at(today), at) - 1, 0)
    still = run.scenario.cap[before] < level
    return succession(int((run.scenario.cap[at][still] >= level).sum()), int(still.sum()))


def _poll_below(rule: Spec, context: Context) -> float:
    share = _poll(rule, context)
    return succession(int((share < _number(rule, "level")).sum()), len(share))


def _poll_walk_below(rule: Spec, context: Context) -> float:
    share = _poll_walk(rule, context)
    return succession(int((share < _number(rule, "level")).sum()), len(share))


def _persistence(rule: Spec, context: Context) -> float:
    """Share of months in which a duty in force stood unchanged for as long as from the forecast to `until`.

    A duty is an authority's average rate on a partner's goods; unchanged: within `tolerance` of itself all the time.
    """
    months = max(1, math.ceil((_date(rule, "until") - context.day).days / 30.44))
    book = ledger.load()
    last = min(context.day, max(book.dates("law")))
    held = total = 0
    for partner in _names(rule, "partners"):
        for authority in _names(rule, "authorities"):
            rates = _monthly(book, partner, authority, _date(rule, "from"), last)
            for start in range(len(rates) - months):
                if rates[start] > 0:
                    stretch = rates[start : start + months + 1]
                    held += bool((np.abs(stretch / rates[start] - 1.0) <= _number(rule, "tolerance")).all())
                    total += 1
    if not total:
        raise DataError(f"question {context.stream!r}: the ledger has no duty that was in force for {months} months")
    return succession(held, total)


def _monthly(book: ledger.Ledger, partner: str, authority: str, first: dt.date, last: dt.date) -> Float[Array, " m"]:
    """An authority's rate on a partner on the first day of each month."""
    steps = book.path(partner, first, last)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    days = [dt.date(first.year + (first.month - 1 + k) // 12, (first.month - 1 + k) % 12 + 1, 1) for k in range(count)]
    found = []
    for day in days:
        current = [s for s in steps if s.date <= day]
        found.append(current[-1].by_authority.get(authority, 0.0) if current else 0.0)
    return np.array(found)


# Quantities


def _poll(rule: Spec, context: Context) -> Float[Array, " draw"]:
    run = context.alliance()
    return np.asarray(100.0 * run.trust_next[run.scenario.at(str(rule["quarter"]))])


def _poll_walk(rule: Spec, context: Context) -> Float[Array, " draw"]:
    """A random walk from the last wave on record before the forecast, with the variance of past differences."""
    waves = sorted(
        (poll.date, 100.0 * poll.share)
        for one in beliefs_polls.series()
        if one.pollster in _names(rule, "pollsters") and one.measure == rule["measure"]
        for poll in one.polls
        if poll.date < context.day
    )
    times = [_years(day) for day, _ in waves]
    return np.clip(_walk(times, [share for _, share in waves], _quarter(str(rule["quarter"])), context), 0.0, 100.0)


def _region_mean(rule: Spec, context: Context) -> Float[Array, " draw"]:
    """Mean over countries of the shares of the run, each with the error of a survey."""
    run, codes = context.alliance(), _names(rule, "countries")
    t = run.scenario.at(str(rule["quarter"]))
    place = [run.scenario.bystanders.index(code) for code in codes]
    shares = 100.0 * run.scenario.shares[t][:, place].mean(axis=1)
    error = _number(rule, "error_points") / math.sqrt(len(codes))
    return np.clip(shares + error * context.normal(len(shares), "survey"), 0.0, 100.0)


def _region_walk(rule: Spec, context: Context) -> Float[Array, " draw"]:
    """A random walk of the mean over countries, from the last wave in which all of them are on record."""
    codes = _names(rule, "countries")
    rows = [r for r in context.alliance().cast.stage.facts.rows("shares", True) if r["source"] == "iseas"]
    waves: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["country"] in codes:
            waves.setdefault(row["quarter"], {})[row["country"]] = 100.0 * row["share"]
    whole = sorted(q for q, found in waves.items() if len(found) == len(codes))
    times, values = [_quarter(q) for q in whole], [float(np.mean(list(waves[q].values()))) for q in whole]
    return np.clip(_walk(times, values, _quarter(str(rule["quarter"])), context), 0.0, 100.0)


def _budget(rule: Spec, context: Context) -> Float[Array, " draw"]:
    """The last draft times the growth of effort in the run and of GDP, with the yearly scatter of effort."""
    run = context.alliance()
    before, after = (run.scenario.at(q) for q in _names(rule, "quarters"))
    growth = np.log(run.scenario.effort[after] / run.scenario.effort[before]) + _gdp_growth(run)
    last = _draft(run, str(rule["item"]), str(rule["last"]))
    return np.asarray(last * np.exp(growth + _scatter(run) * context.normal(len(growth), "budget")))


def _budget_growth(rule: Spec, context: Context) -> Float[Array, " draw"]:
    """The last draft, at the growth of the year before where `before` is named, with the same scatter."""
    run = context.alliance()
    last = _draft(run, str(rule["item"]), str(rule["last"]))
    growth = math.log(last / _draft(run, "budget_initial", str(rule["before"]))) if rule["before"] else 0.0
    return np.asarray(last * np.exp(growth + _scatter(run) * context.normal(WALK_DRAWS, "budget")))


def _draft(run: Alliance, item: str, period: str) -> float:
    rows = [r for r in run.cast.stage.dyad.rows("budgets", True) if (r["item"], r["period"]) == (item, period)]
    ours = [float(r["value"]) for r in rows if r["iso3"] == run.cast.stage.dyad.ally]
    if len(ours) != 1:
        raise DataError(f"the file of the dyad has {len(ours)} rows for {item} {period}; one is needed")
    return ours[0]


def _gdp_growth(run: Alliance) -> float:
    """Yearly log growth of nominal GDP as the file of the dyad carries it on."""
    levels = {int(y): float(v) for y, v in run.cast.stage.dyad.card["gdp"]["trn_yen"].items()}
    last = max(levels)
    return math.log(levels[last] / levels[last - 1])


def _scatter(run: Alliance) -> float:
    """Standard deviation of yearly log changes of effort before the present programme."""
    values = [float(r["value"]) for r in run.cast.stage.dyad.rows("effort") if int(r["year"]) <= 2022]
    return float(np.diff(np.log(values)).std(ddof=1))


def _walk(times: Sequence[float], values: Sequence[float], at: float, context: Context) -> Float[Array, " draw"]:
    """Normal around the last value; variance a year: mean of squared differences over the years between them."""
    if len(values) < 3:
        raise DataError(f"question {context.stream!r}: {len(values)} past values; a walk needs three")
    steps = np.diff(values) ** 2 / np.maximum(np.diff(times), 0.25)
    spread = math.sqrt(float(steps.mean()) * max(at - times[-1], 0.25))
    return np.asarray(values[-1] + spread * context.normal(WALK_DRAWS, "walk"))


Event = Callable[[Spec, Context], float]
Quantity = Callable[[Spec, Context], Array]
EVENTS: Mapping[str, Event] = {
    "constant": _constant,
    "cases": _cases,
    "rate": _rate,
    "cap_reaches": _cap_reaches,
    "poll_below": _poll_below,
    "poll_walk_below": _poll_walk_below,
    "persistence": _persistence,
}
QUANTITIES: Mapping[str, Quantity] = {
    "poll": _poll,
    "poll_walk": _poll_walk,
    "region_mean": _region_mean,
    "region_walk": _region_walk,
    "budget": _budget,
    "budget_growth": _budget_growth,
}


def _named(table: Mapping[str, T], rule: Spec) -> T:
    name = str(rule.get("name"))
    if name not in table:
        raise UsageError(f"no rule {name!r}; there are {', '.join(table)}")
    return table[name]


def _number(rule: Spec, key: str) -> float:
    value = rule[key]
    assert isinstance(value, int | float)
    return float(value)


def _names(rule: Spec, key: str) -> tuple[str, ...]:
    value = rule[key]
    assert isinstance(value, list)
    return tuple(str(v) for v in value)


def _rows(rule: Spec, key: str) -> list[Mapping[str, object]]:
    value = rule[key]
    assert isinstance(value, list)
    return value


def _date(rule: Spec, key: str) -> dt.date:
    return dt.date.fromisoformat(str(rule[key]))


def _years(day: dt.date) -> float:
    return day.year + (day.timetuple().tm_yday - 1) / 365.25


def _quarter(text: str) -> float:
    """The middle of a quarter such as 2026-Q4, in years."""
    return int(text[:4]) + (int(text[-1]) - 0.5) / 4.0
