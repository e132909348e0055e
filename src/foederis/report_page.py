"""A run in the form that page, brief, notebook and charts share: numbers, chances and small tables of codes.

Nothing here is worded: countries, sectors, channels and authorities stand as codes, so that one answer serves every
language. An answer that an emulator gives has the same form (`foederis.emulator`), with the error that was checked.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from foederis import balance, report_alliance, report_findings
from foederis.beliefs_polls import series
from foederis.ensemble_alliance import Alliance
from foederis.report_findings import NAMED_SECTORS, QUANTILES, TOP_SECTORS, Path, Result
from foederis.scenario_codes import SERVICES
from foederis.simulation import Plan

__all__ = [
    "FRAMES", "MARKS", "NUMBERS", "PRICES", "Estimate", "NumberInfo", "PageData", "Rows", "alliance_frames",
    "alliance_numbers", "assemble", "page_data", "shown_sectors", "tariff_rows", "trade_frames",
    "trade_numbers", "waterfall",
]  # fmt: skip

Array = np.ndarray
Rows = list[dict[str, Any]]
Trade = Callable[[str, str | None], Float[Array, " draw"]]  # variable and country or sector -> draws, long run
MARKS = report_alliance.MARKS
PRICES = tuple(float(price) for price in range(41))  # bn USD a year for 1 % of the balance
SHOWN_FROM = 2017


class Estimate(NamedTuple):
    """A median with its 90 % interval; infinite or not a number where there is no such value."""

    median: float
    low: float
    high: float


class NumberInfo(NamedTuple):
    """Unit and mark of a number: L rests on literature, A on assumptions."""

    unit: str
    badge: str


NUMBERS: Mapping[str, NumberInfo] = MappingProxyType(
    {
        "gain": NumberInfo("bn USD", "L"),
        "target_income": NumberInfo("%", "L"),
        "coercer_income": NumberInfo("%", "L"),
        "trust": NumberInfo("% of people", "A"),
        "trust_change": NumberInfo("pp", "A"),
        "trust_late": NumberInfo("% of people", "A"),
        "trust_late_change": NumberInfo("pp", "A"),
        "effort": NumberInfo("% of GDP", "A"),
        "effort_change": NumberInfo("pp", "A"),
        "balance": NumberInfo("%", "A"),
        "break_even": NumberInfo("bn USD", "A"),
        "price": NumberInfo("bn USD", "A"),
        "net": NumberInfo("bn USD", "A"),
    }
)
FRAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "trust": ("t", "low90", "low50", "median", "high50", "high90", "reference"),
        "polls": ("t", "share", "pollster", "holdout"),
        "pins": ("number", "t", "label"),
        "tariff": ("t", "authority", "rate", "projected"),
        "why": ("channel", "value", "low", "high", "start", "end"),
        "worth": ("price", "probability"),
        "sectors": ("sector", "low90", "low50", "median", "high50", "high90"),
        "sectors_all": ("sector", "low90", "low50", "median", "high50", "high90"),
        "hedging": ("t", "part", "value", "share"),
        "bystanders": ("country", "start", "change", "low", "high", "own", "own_low", "own_high", "watching",
                       "watching_low", "watching_high"),
        "balance": ("term", "value", "low", "high", "start", "end"),
        "frontier": ("scenario", "gain", "trust_change"),
    }
)  # fmt: skip


@dataclass(frozen=True)
class PageData:
    """One answer: what is shown of a scenario. `error`: of an emulated answer, the largest error found when it was
    checked, in half-widths of the 90 % interval; 0 for an exact run. `frames` hold rows of codes (see `FRAMES`)."""

    scenario: str
    date: str
    coercer: str
    target: str
    rival: str
    source: str  # "exact" or "emulator"
    run_id: str
    draws: int
    vintage: str
    marks: tuple[str, ...]
    taxes_target: bool
    numbers: Mapping[str, Estimate]
    chances: Mapping[str, float]
    frames: Mapping[str, Rows] = field(repr=False)
    error: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is not finite is None."""
        plain = {name: getattr(self, name) for name in ("scenario", "date", "coercer", "target", "rival", "source")}
        numbers = {
            key: {**value._asdict(), "unit": NUMBERS[key].unit, "badge": NUMBERS[key].badge}
            for key, value in self.numbers.items()
        }
        rest = {
            "run_id": self.run_id,
            "draws": self.draws,
            "vintage": self.vintage,
            "marks": list(self.marks),
            "taxes_target": self.taxes_target,
            "numbers": numbers,
            "chances": dict(self.chances),
            "frames": {name: [dict(row) for row in rows] for name, rows in self.frames.items()},
            "error": self.error,
        }
        found: dict[str, Any] = _finite({**plain, **rest})
        return found


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def page_data(result: Result, path: Path, run_id: str) -> PageData:
    """The answer of an exact run; without an alliance the numbers and frames of trade alone."""
    plan, found = result.plan, result.alliance

    def trade(variable: str, label: str | None) -> Float[Array, " draw"]:
        return result.of(variable, "long run", label)

    numbers, frames, chances = trade_numbers(plan, trade), trade_frames(plan, trade, path), {}
    chances["probability_gain"] = float((trade("adds_welfare_usd_bn", plan.coercer) > 0).mean())
    if found is not None:
        more, odds = alliance_numbers(found)
        numbers, chances = {**numbers, **more}, {**chances, **odds}
        frames = {**frames, **alliance_frames(found)}
    return assemble(plan, numbers, chances, frames, run_id=run_id, draws=result.draws.size)


def assemble(
    plan: Plan,
    numbers: Mapping[str, Estimate],
    chances: Mapping[str, float],
    frames: Mapping[str, Rows],
    *,
    run_id: str = "",
    draws: int,
    source: str = "exact",
    error: float = 0.0,
) -> PageData:
    """Put the parts of an answer together; the scenario's own point of the frontier comes from the numbers."""
    rows = dict(frames)
    if "trust_change" in numbers:
        here = {"gain": numbers["gain"].median, "trust_change": numbers["trust_change"].median}
        rows["frontier"] = [{"scenario": "this", **here}]
    return PageData(
        scenario=plan.scenario.id,
        date=plan.date.isoformat(),
        coercer=plan.coercer,
        target=plan.target,
        rival=plan.scenario.actors.rival or "",
        source=source,
        run_id=run_id,
        draws=draws,
        vintage=report_findings.vintage(plan),
        marks=MARKS,
        taxes_target=plan.exempt is not None,
        numbers=numbers,
        chances=chances,
        frames={name: rows.get(name, []) for name in FRAMES},
        error=error,
    )


def trade_numbers(plan: Plan, trade: Trade) -> dict[str, Estimate]:
    """Gain from taxing the target, and both real incomes, on the day evaluated."""
    rows = {
        "gain": ("adds_welfare_usd_bn", plan.coercer),
        "target_income": ("welfare", plan.target),
        "coercer_income": ("welfare", plan.coercer),
    }
    found = {key: report_findings.quantiles(trade(variable, label)) for key, (variable, label) in rows.items()}
    return {key: Estimate(q["median"], q["low90"], q["high90"]) for key, q in found.items()}


def trade_frames(plan: Plan, trade: Trade, path: Path) -> dict[str, Rows]:
    """The path of the tariff by authority, and the target's exports to the coercer by sector."""
    goods = [code for code in plan.world.sectors if code not in SERVICES]
    rows: Rows = [
        {"sector": code, **report_findings.quantiles(trade("target_exports_to_coercer", code))} for code in goods
    ]
    sold = [row for row in rows if math.isfinite(row["median"])]
    chosen = shown_sectors(plan)
    return {
        "tariff": tariff_rows(plan, path),
        "sectors": [row for code in chosen for row in sold if row["sector"] == code],
        "sectors_all": sold,
    }


def shown_sectors(plan: Plan) -> tuple[str, ...]:
    """The goods sectors of the chart: the named ones and those that the target sells most of, largest first.

    By the base year's sales, so that the rows stay where they are while a tariff moves.
    """
    base = plan.economy.flow[plan.world.country(plan.coercer), plan.world.country(plan.target)]
    order = [plan.world.sectors[k] for k in np.argsort(-base, kind="stable") if base[k] > 0]
    goods = [code for code in order if code not in SERVICES]
    named = [code for code in NAMED_SECTORS if code in goods]
    kept = [*named, *(code for code in goods if code not in named)][:TOP_SECTORS]
    return tuple(sorted(kept, key=goods.index))


def tariff_rows(plan: Plan, path: Path) -> Rows:
    """Rate by authority from each date on; the last rows repeat the law at the end of the horizon."""
    start, end = plan.scenario.horizon.start.first_day, plan.scenario.horizon.end.last_day
    first = dt.date(SHOWN_FROM, 1, 1)
    steps = [(day, path.rate[k]) for k, day in enumerate(path.dates)]
    if first < start:
        before = np.array([float(path.rate[0, a]) if name == "mfn" else 0.0 for a, name in enumerate(path.authorities)])
        steps = [(first, before), *steps]
    steps.append((end, steps[-1][1]))
    return [
        {"t": day.isoformat(), "authority": name, "rate": max(0.0, float(rate[a])), "projected": day > plan.date}
        for day, rate in steps
        for a, name in enumerate(path.authorities)
    ]


def _estimate(draws: Float[Array, " draw"]) -> Estimate:
    """Median and 90 % interval; an infinite value is an answer (no such price) and cannot be interpolated."""
    low, middle, high = np.quantile(np.asarray(draws, dtype=float), [0.05, 0.5, 0.95], method="inverted_cdf").tolist()
    return Estimate(middle, low, high)


def alliance_numbers(found: Alliance) -> tuple[dict[str, Estimate], dict[str, float]]:
    """The numbers of the alliance and the chances, with the quantiles of the terminal's table."""
    numbers: dict[str, Estimate] = {}
    for key, mark in zip(("trust", "trust_late"), MARKS, strict=True):
        t = found.scenario.at(mark)
        numbers[key] = _estimate(100.0 * found.trust[t])
        numbers[f"{key}_change"] = _estimate(100.0 * (found.trust[t] - found.trust_reference[t]))
    t = found.scenario.at(MARKS[1])
    numbers |= {
        "effort": _estimate(found.scenario.effort[t]),
        "effort_change": _estimate(found.scenario.effort[t] - found.exempt.effort[t]),
        "balance": _estimate(100.0 * found.mean_balance),
        "break_even": _estimate(found.break_even),
        "price": _estimate(found.price),
        "net": _estimate(found.net),
    }
    chances = {
        "self_defeat": float((found.net < 0).mean()),
        "self_defeat_annuity": report_alliance.annuity_defeat(found),
        "falls": float((found.mean_balance < 0).mean()),
    }
    return numbers, chances


def alliance_frames(found: Alliance) -> dict[str, Rows]:
    """Trust with polls and pins, why it moved, the price at which it is a bad trade, hedging, bystanders, balance."""
    return {
        "trust": _trust(found),
        "polls": _polls(found),
        "pins": [
            {"number": k + 1, "t": day, "label": label} for k, (day, label) in enumerate(report_alliance.pins(found))
        ],
        "why": _why(found),
        "worth": _worth(found),
        "hedging": _hedging(found),
        "bystanders": _bystanders(found),
        "balance": waterfall("term", {n: _part(100.0 * d) for n, d in found.terms(MARKS[0]).parts().items()}),
    }


def _first_day(quarter: str) -> str:
    return f"{quarter[:4]}-{3 * int(quarter[-1]) - 2:02d}-01"


def _trust(found: Alliance) -> Rows:
    q = np.quantile(100.0 * found.trust_next, list(QUANTILES.values()), axis=1).T
    middle = 100.0 * np.median(found.trust_reference, axis=1)
    return [
        {
            "t": _first_day(quarter),
            **dict(zip(QUANTILES, q[t].tolist(), strict=True)),
            "reference": float(middle[t]) if t >= found.begin else None,
        }
        for t, quarter in enumerate(found.quarters)
    ]


def _polls(found: Alliance) -> Rows:
    """What the survey found, held-out waves marked."""
    wording = found.poll.wording
    rows = [
        {"t": poll.date.isoformat(), "share": 100.0 * poll.share, "pollster": one.pollster, "holdout": poll.holdout}
        for one in series(found.cast.stage.dyad.ally)
        if one.wording == wording
        for poll in one.polls
        if poll.date.year >= SHOWN_FROM
    ]
    return sorted(rows, key=lambda row: (row["t"], row["pollster"]))


def _worth(found: Alliance) -> Rows:
    """At each price of power, the share of draws in which coercion costs the coercer more than it earns."""
    defeats = [balance.net_gain(found.mean_gain, found.mean_balance, price) < 0 for price in PRICES]
    return [{"price": price, "probability": float(lost.mean())} for price, lost in zip(PRICES, defeats, strict=True)]


def _why(found: Alliance) -> Rows:
    split = found.why_trust(MARKS[0])
    parts = {name: _part(100.0 * part) for name, part in split.parts.items()}
    return waterfall("channel", {**parts, "interaction": _part(100.0 * split.interaction)})


def _part(draws: Float[Array, " draw"]) -> tuple[float, float, float]:
    low, high = np.quantile(draws, [0.05, 0.95])
    return float(draws.mean()), float(low), float(high)


def waterfall(name: str, parts: Mapping[str, tuple[float, float, float]]) -> Rows:
    """Rows of a waterfall: each part from where the one before ended, then the total from zero; means, so they sum."""
    rows, at = [], 0.0
    for code, (value, low, high) in parts.items():
        rows.append({name: code, "value": value, "low": low, "high": high, "start": at, "end": at + value})
        at += value
    rows.append({name: "total", "value": at, "low": None, "high": None, "start": 0.0, "end": at})
    return rows


def _hedging(found: Alliance) -> Rows:
    """What the ally's security rests on at each year's end: own forces, partners and patron as far as trusted."""
    potential, rows = found.cast.stage.exogenous["partners_potential"], []
    for t, quarter in enumerate(found.quarters):
        if not quarter.endswith("Q4"):
            continue
        parts = {
            "own_forces": float(np.median(found.scenario.own[t])),
            "partners": float(np.median(found.cast.p["p_m"] * found.scenario.partners[t] * potential[t])),
            "patron": float(np.median(found.scenario.reliability[t] * found.scenario.sides[t].patron)),
        }
        whole = sum(parts.values())
        rows += [
            {"t": f"{quarter[:4]}-12-31", "part": part, "value": value, "share": 100.0 * value / whole}
            for part, value in parts.items()
        ]
    return rows


def _bystanders(found: Alliance) -> Rows:
    """Change of each bystander's share with the patron against the reference, and its two parts."""
    t = found.scenario.at(MARKS[0])
    mine, other = found.scenario.channels[MARKS[0]], found.reference.channels[MARKS[0]]
    change = 100.0 * (found.scenario.shares[t] - found.reference.shares[t])
    rows = []
    for i, code in enumerate(found.scenario.bystanders):
        parts = 100.0 * (mine[:, i] - other[:, i])
        ends = [_estimate(change[:, i]), _estimate(parts[:, 0]), _estimate(parts[:, 1])]
        named: Sequence[tuple[str, str, str]] = (
            ("change", "low", "high"), ("own", "own_low", "own_high"), ("watching", "watching_low", "watching_high"),
        )  # fmt: skip
        row: dict[str, Any] = {
            "country": code,
            "start": 100.0 * float(np.median(found.reference.shares[found.begin][:, i])),
        }
        for names, estimate in zip(named, ends, strict=True):
            row |= dict(zip(names, estimate, strict=True))
        rows.append(row)
    return rows
