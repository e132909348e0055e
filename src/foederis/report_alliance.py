"""What a run found about the alliance: trust and why it moved, hedging, bystanders, the balance, whether it pays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import balance, words_names
from foederis.acts import ALL
from foederis.balance_phase import phase
from foederis.beliefs import learn
from foederis.ensemble_alliance import Alliance
from foederis.hedging import CAUSES
from foederis.report_findings import Number
from foederis.simulation_parameters import parameters

__all__ = ["MARKS", "AllianceFindings", "Bystander", "Driver", "annuity_defeat", "drivers", "find_alliance", "pins"]

Array = np.ndarray
MARKS = ("2028-Q4", "2035-Q4")  # the end of the term in which the acts of 2025 fall, and ten years after they began
CHANNEL_NAMES: Mapping[str, str] = {
    "tariff": "tariffs",
    "linkage": "linkage to defence",
    "unpredictability": "unpredictability",
    "host_nation_support": "host-nation support",
    "treaty_exit": "treaty exit",
    "reassurance": "reassurance",
    "restraint": "restraint",
    "court": "court rulings",
    "turnover": "change of leader",
    "others": "treatment of others",
    "structural": "structural trust and rapport",
}
SHOWN_DRIVERS = 6
PINS = 9


@dataclass(frozen=True)
class Bystander:
    """One bystander: change of its share with the patron against the reference, and its two parts apart (points)."""

    code: str
    name: str
    start: float
    change: Number
    own: Number
    watching: Number


@dataclass(frozen=True)
class Driver:
    """A parameter and its part of the spread of an outcome (squared rank correlation over their sum)."""

    name: str
    symbol: str
    moves: str
    correlation: float
    share: float
    badge: str


Part = tuple[float, float, float]  # mean, 5 % and 95 % quantile


@dataclass(frozen=True)
class AllianceFindings:
    """Everything about the alliance that the pages of a run print.

    `why_trust`: points of the poll share by channel at the first mark, with the interaction, as (mean, low, high); the
    means sum to the mean change. `terms`: the same for the balance in per cent; `effort` for the ally's effort beyond
    the programme, in log points at the last mark. `years`: one row for each year's last quarter.
    """

    poll: str
    marks: tuple[str, ...]
    variant: str
    draws: int
    numbers: Mapping[str, Number]
    why_trust: Mapping[str, Part]
    terms: Mapping[str, Part]
    effort: Mapping[str, Part]
    years: tuple[Mapping[str, Any], ...]
    pins: tuple[tuple[str, str], ...]  # date and title of the acts on the ally that told most
    phase: Mapping[str, list[Any]]
    cases: Mapping[str, float]
    self_defeat: float  # chance at the hazard-weighted price of power
    self_defeat_annuity: float  # chance at the price of a prize that is certain
    falls: float  # chance that the balance falls
    largest: tuple[Driver, ...]
    bystanders: tuple[Bystander, ...]
    rungs: tuple[
        tuple[str, float, str], ...
    ]  # title, chance that it is taken by the last mark, date where it is a fact
    laws: int
    equilibria: int
    interpolation: float
    priors: Mapping[str, Mapping[str, float]]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is not finite is None."""
        return _finite(self._plain())

    def _plain(self) -> dict[str, Any]:
        plain = {
            name: getattr(self, name)
            for name in ("poll", "marks", "variant", "draws", "self_defeat", "self_defeat_annuity", "falls", "laws")
        }
        return {
            **plain,
            "numbers": {key: n.as_dict() for key, n in self.numbers.items()},
            "why": {
                name: {part: dict(zip(("mean", "low", "high"), value, strict=True)) for part, value in parts.items()}
                for name, parts in (("trust", self.why_trust), ("balance", self.terms), ("effort", self.effort))
            },
            "years": [dict(row) for row in self.years],
            "acts": [{"date": date, "title": title} for date, title in self.pins],
            "phase": dict(self.phase),
            "cases": dict(self.cases),
            "largest_unknowns": [d.__dict__ for d in self.largest],
            "bystanders": [
                {
                    "code": b.code,
                    "name": b.name,
                    "start": b.start,
                    "change": b.change.as_dict(),
                    "own_treatment": b.own.as_dict(),
                    "watching": b.watching.as_dict(),
                }
                for b in self.bystanders
            ],
            "priors_on_leaders": {name: dict(row) for name, row in self.priors.items()},
            "rungs": [{"title": t, "chance": c, "taken": d} for t, c, d in self.rungs],
        }


def _finite(value: Any) -> Any:
    """The same with None for every number that is not finite."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def find_alliance(
    found: Alliance, vintage: str, others: Mapping[str, Mapping[str, float]] | None = None
) -> AllianceFindings:
    """The findings of an alliance run; `others` is what it says (`under`) with other priors, by their label."""
    first = MARKS[0] if MARKS[0] in found.quarters else found.quarters[-1]
    split = found.why_trust(first)
    terms = found.terms(first)
    case = np.bincount(found.case, minlength=len(balance.CASES)) / len(found.case)
    check = found.trade.check
    return AllianceFindings(
        poll=f"{found.poll.pollster}, {_question(found)}",
        marks=tuple(q for q in MARKS if q in found.quarters) or (found.quarters[-1],),
        variant=found.cast.label,
        draws=len(found.cast.numbers),
        numbers=_numbers(found, vintage),
        why_trust={
            **{CHANNEL_NAMES[name]: _part(100.0 * part) for name, part in split.parts.items()},
            "interaction": _part(100.0 * split.interaction),
        },
        terms={name.replace("_", " "): _part(100.0 * part) for name, part in terms.parts().items()},
        effort=_effort(found),
        years=_years(found),
        pins=pins(found),
        phase=_phase(found, first),
        cases=dict(zip(balance.CASES, case.tolist(), strict=True)),
        self_defeat=float((found.net < 0).mean()),
        self_defeat_annuity=annuity_defeat(found),
        falls=float((found.mean_balance < 0).mean()),
        largest=drivers(found, found.mean_balance)[:SHOWN_DRIVERS],
        bystanders=_bystanders(found, first, vintage),
        rungs=_rungs(found),
        laws=found.trade.laws,
        equilibria=found.trade.equilibria,
        interpolation=0.0 if check is None else check.worst,
        priors={found.cast.label: under(found), **{name: dict(said) for name, said in (others or {}).items()}},
    )


def under(found: Alliance) -> dict[str, float]:
    """What priors decide: the chance of a transactional leader, trust at the marks, bystanders, whether it pays."""
    n_X, n_P = found.scenario.trust.n_X[-1, :, 0], found.scenario.trust.n_P[-1, :, 0]
    t = found.scenario.at(MARKS[0] if MARKS[0] in found.quarters else found.quarters[-1])
    marks = {
        f"trust_{q}": 100.0 * float(np.median(found.trust[found.scenario.at(q)])) for q in MARKS if q in found.quarters
    }
    return {
        "transactional_start": float(np.median(found.cast.p["n_X0"] / (found.cast.p["n_X0"] + found.cast.p["n_P0"]))),
        "transactional_end": float(np.median(n_X / (n_X + n_P))),
        **marks,
        "siding": 100.0 * float(np.median(found.scenario.shares[t] - found.reference.shares[t], axis=0).mean()),
        "balance_pct": 100.0 * float(np.median(found.mean_balance)),
        "self_defeat": float((found.net < 0).mean()),
    }


def _question(found: Alliance) -> str:
    """What the survey asks, in words."""
    patron = words_names.country_in_text(found.cast.stage.dyad.patron)
    known = {"trust": f"trust in {patron}", "relations": f"relations with {patron} good", "affinity": f"{patron} liked"}
    return known.get(found.poll.wording, found.poll.measure.replace("_", " "))


def _part(draws: Array) -> Part:
    low, high = np.quantile(draws, [0.05, 0.95])
    return float(draws.mean()), float(low), float(high)


def _effort(found: Alliance) -> dict[str, Part]:
    """Log points of effort beyond the programme by cause, because of the acts on the ally, at the last mark."""
    last = next((q for q in reversed(MARKS) if q in found.quarters), found.quarters[-1])
    t = found.scenario.at(last)
    gap = 100.0 * (found.scenario.effort_causes[t] - found.exempt.effort_causes[t])
    return {name: _part(gap[:, k]) for k, name in enumerate(CAUSES)}


def _years(found: Alliance) -> tuple[dict[str, Any], ...]:
    """Median and 90 % interval at each year's last quarter: trust, effort, partners, access, balance, gain."""
    rows = []
    for t, quarter in enumerate(found.quarters):
        if not quarter.endswith("Q4"):
            continue
        mine = {
            "trust_pct": 100.0 * found.trust[t],
            "trust_reference_pct": 100.0 * found.trust_reference[t],
            "effort_pct_gdp": found.scenario.effort[t],
            "own_forces_usd_bn": found.scenario.own[t],
            "partners_share": found.scenario.partners[t],
            "access": found.scenario.access[t],
            "balance_change_pct": 100.0 * found.balance_change[t],
            "gain_usd_bn": found.trade.gain[t],
        }
        row: dict[str, Any] = {"quarter": quarter}
        for name, draws in mine.items():
            low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95]).tolist()
            row[name] = {"median": middle, "low": low, "high": high}
        rows.append(row)
    return tuple(rows)


def pins(found: Alliance) -> tuple[tuple[str, str], ...]:
    """The acts on the ally that told most, in order of date: at most `PINS`, one for each day."""
    arrays, ally = found.course.arrays, found.cast.stage.dyad.ally
    told = np.abs(learn(arrays, found.cast.p, found.switches.reading)).mean(axis=0) * arrays.zeta
    place = {name: k for k, name in enumerate(arrays.acts)}
    seen = arrays.seen[:, 0].sum(axis=0) > 0
    on_ally = [a for a in found.acts if a.id in place and seen[place[a.id]] and a.target in (ally, ALL)]
    ranked = sorted(on_ally, key=lambda a: -told[place[a.id]])
    kept: dict[str, str] = {}
    for act in ranked:
        if len(kept) < PINS:
            kept.setdefault(act.date.isoformat(), act.title)
    return tuple(sorted(kept.items()))


def _phase(found: Alliance, mark: str) -> dict[str, list[Any]]:
    """Median change of the balance and chance of self-defeat over the two axes that nobody has measured."""
    t, p = found.scenario.at(mark), found.cast.p
    r, moved = found.exempt.reliability[t], found.scenario.reliability[t] - found.exempt.reliability[t]
    grid = phase(found.exempt.sides[t], p, r, moved, found.mean_gain, found.price)
    return {
        "access": grid.access.tolist(),
        "rearmament": grid.rearmament.tolist(),
        "change_pct": (100.0 * grid.change).tolist(),
        "self_defeat": grid.defeat.tolist(),
    }


def annuity_defeat(found: Alliance) -> float:
    """Chance that coercion costs more than it earns at the price of a prize that is certain to be contested."""
    p, sides = found.cast.p, found.reference.sides[found.begin]
    win = 1.0 / (1.0 + np.exp(-p["contest_m"] * balance.log_balance(sides)))
    price = balance.price_of_power(p["prize"], found.cast.stage.dyad.patron_gdp_bn, win, p["contest_m"])
    return float((balance.net_gain(found.mean_gain, found.mean_balance, price) < 0).mean())


def _number(key: str, label: str, unit: str, draws: Array, badge: str, vintage: str, when: str) -> Number:
    # An infinite value is an answer (no price would make it a bad trade) and counts; it cannot be interpolated.
    low, middle, high = np.quantile(np.asarray(draws, dtype=float), [0.05, 0.5, 0.95], method="inverted_cdf").tolist()
    return Number(key, label, unit, middle, low, high, badge, vintage, when, tuple(draws.tolist()))


def _numbers(found: Alliance, vintage: str) -> dict[str, Number]:
    """The alliance's rows of the table."""
    plan = found.cast.stage.dyad
    us, jp = words_names.country(plan.patron), words_names.country(plan.ally)
    rows: list[tuple[str, str, str, Array, str]] = []
    for mark in (q for q in MARKS if q in found.quarters):
        t, year = found.scenario.at(mark), mark.replace("-", " ")
        rows += [
            (
                f"trust_{mark}",
                f"Trust in {words_names.country_in_text(plan.patron)} (poll), {year}",
                "% of people",
                100 * found.trust[t],
                mark,
            ),
            (
                f"trust_change_{mark}",
                "  against the reference",
                "pp",
                100 * (found.trust[t] - found.trust_reference[t]),
                mark,
            ),
        ]
    last = next((q for q in reversed(MARKS) if q in found.quarters), found.quarters[-1])
    t = found.scenario.at(last)
    run = f"{found.quarters[found.begin]} to {found.quarters[-1]}"
    rows += [
        ("effort", f"{jp}: defence effort, {last.replace('-', ' ')}", "% of GDP", found.scenario.effort[t], last),
        ("effort_change", "  because of the acts on it", "pp", found.scenario.effort[t] - found.exempt.effort[t], last),
        ("balance", "Coalition balance, from the acts on it", "%", 100 * found.mean_balance, run),
        ("gain_path", f"{us}: gain from taxing {jp}, average", "bn USD", found.mean_gain, run),
        ("break_even", "Break-even price of power", "bn USD", found.break_even, run),
        ("price", "Price of power, prior", "bn USD", found.price, run),
        ("net", f"{us}: gain plus power gained or lost", "bn USD", found.net, run),
    ]
    return {key: _number(key, label, unit, draws, "A", vintage, when) for key, label, unit, draws, when in rows}


def _bystanders(found: Alliance, mark: str, vintage: str) -> tuple[Bystander, ...]:
    t = found.scenario.at(mark)
    mine, other = found.scenario.channels[mark], found.reference.channels[mark]
    change = 100.0 * (found.scenario.shares[t] - found.reference.shares[t])
    rows = []
    for i, code in enumerate(found.scenario.bystanders):
        name = words_names.country(code)
        parts = 100.0 * (mine[:, i] - other[:, i])
        rows.append(
            Bystander(
                code=code,
                name=name,
                start=100.0 * float(np.median(found.reference.shares[found.begin][:, i])),
                change=_number(code, name, "pp", change[:, i], "A", vintage, mark),
                own=_number(code, name, "pp", parts[:, 0], "A", vintage, mark),
                watching=_number(code, name, "pp", parts[:, 1], "A", vintage, mark),
            )
        )
    return tuple(rows)


def _rungs(found: Alliance) -> tuple[tuple[str, float, str], ...]:
    last = found.scenario.rungs[-1]
    return tuple(
        (rung.title, float(last[:, k].mean()), rung.reached or "")
        for k, rung in enumerate(found.cast.stage.dyad.ladder)
    )


def drivers(found: Alliance, outcome: Float[Array, " draw"]) -> tuple[Driver, ...]:
    """What the spread of an outcome comes from: squared rank correlations with every drawn parameter, as shares.

    None where the outcome does not vary. Rank correlations see monotone effects of one parameter at a time; what works
    jointly is not in them.
    """
    if not np.ptp(outcome) > 0:
        return ()
    target = _ranks(outcome)
    table = parameters()
    pairs = [
        (name, float(np.corrcoef(_ranks(value), target)[0, 1]))
        for name, value in found.cast.p.items()
        if np.ptp(value) > 0
    ]
    total = sum(r * r for _, r in pairs) or 1.0
    ordered = sorted(pairs, key=lambda pair: -abs(pair[1]))
    return tuple(
        Driver(name, table[name].symbol, table[name].moves, r, r * r / total, table[name].badge) for name, r in ordered
    )


def _ranks(values: Array) -> Array:
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values), dtype=float)
    return ranks
