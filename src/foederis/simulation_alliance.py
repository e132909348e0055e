"""The alliance over quarters: beliefs, hedging, security, bystanders and the balance, in the order of the clock.

Inside a quarter: the patron acts and tariffs are in force (given); ally and bystanders learn (beliefs); the ally hedges
on what it now believes and on last quarter's access; forces and access follow (security); bystanders choose and the
rival courts (region); both sides are counted (balance). The path of tariffs and what trade earns are given: trade is
solved before, and nothing the alliance does feeds back into it within the horizon.

All draws of one parameter vector run side by side; one quarter is one call of each block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from foederis import balance, beliefs, hedging, region, region_data, security
from foederis.acts_arrays import ActArrays
from foederis.balance import Sides
from foederis.beliefs_equations import logistic, reliability, weighted_evidence
from foederis.dyad import Dyad
from foederis.errors import DataError

__all__ = ["ALL_ON", "Course", "Path", "Switches", "Theatre", "course_of", "run", "theatre"]

Array = np.ndarray
Draws = Mapping[str, Array]
NO_LIMIT = 9.0  # per cent of GDP: no fiscal cap beyond the political one
RECORD_UNTIL = 2025.0  # surveys and spending from here on are kept for testing and are not followed


@dataclass(frozen=True)
class Switches:
    """What is switched on. A module that is off leaves its numbers where they start; the rest runs on."""

    signalling: bool = True
    hedging: bool = True
    region: bool = True
    watching: bool = True
    own_treatment: bool = True
    rival_acts: bool = True
    bases: bool = True
    reading: beliefs.Rival = "bayes"
    effort: Literal["panel", "optimum"] = "panel"


ALL_ON = Switches()


@dataclass(frozen=True, eq=False)
class Theatre:
    """What the world gives and no act changes: facts of the dyad, surveys of bystanders, random numbers."""

    dyad: Dyad
    facts: region_data.Region
    quarters: tuple[str, ...]
    years: Float[Array, " quarter"]
    bystanders: tuple[str, ...]
    exogenous: Mapping[str, Array]
    surveys: region_data.Paths
    setting: region.Setting
    uniform: Float[Array, "quarter draw"]


@dataclass(frozen=True, eq=False)
class Course:
    """What one scenario does, quarter by quarter. Axis `observer` is the ally, then the bystanders.

    `treatment`: coercer's average rate on each bystander, points above the start, negated (a higher duty is < 0).
    `pull`: change of the economic pull in standard deviations across countries. `grievance`, `concession`: the ally's
    bilateral balance and payments in standard deviations. `demand`: log of the effort demanded over the programme.
    `occurs`: 1 where an act happens in a draw (None: all in every draw), for contingent ones.
    """

    arrays: ActArrays
    treatment: Float[Array, "quarter country"]
    pull: Float[Array, "quarter country"]
    grievance: Float[Array, "quarter draw"]
    concession: Float[Array, "quarter draw"]
    demand: Float[Array, " quarter"]
    occurs: Float[Array, "draw act"] | None = None


@dataclass(frozen=True, eq=False)
class Path:
    """The alliance of one scenario, all draws; forces in bn constant 2023 USD a year, effort in % of GDP.

    `trust` is the belief path of the ally alone (`beliefs.Path` with one observer), which polls and channels read.
    `sides` holds both sides at every quarter, `channels` the parts of each share's change at the `marks` (the last
    quarter of every year), `innovation` the remainder of bystanders for a paired run (None when this run was paired).
    """

    quarters: tuple[str, ...]
    bystanders: tuple[str, ...]
    trust: beliefs.Path
    reliability: Float[Array, "quarter draw"]
    linkage: Float[Array, "quarter draw"]
    rapport: Float[Array, "quarter draw"]
    effort: Float[Array, "quarter draw"]
    effort_causes: Float[Array, "quarter draw cause"]
    cap: Float[Array, "quarter draw"]
    own: Float[Array, "quarter draw"]
    partners: Float[Array, "quarter draw"]
    accommodation: Float[Array, "quarter draw"]
    hedge: Float[Array, "quarter draw"]
    posture: Float[Array, "quarter draw"]
    gap: Float[Array, "quarter draw"]
    rungs: Float[Array, "quarter draw rung"]
    access: Float[Array, "quarter draw"]
    hazard_ratio: Float[Array, "quarter draw"]
    security: Float[Array, "quarter draw"]
    shares: Float[Array, "quarter draw country"]
    courtship: Float[Array, "quarter draw country"]
    channels: Mapping[str, Float[Array, "draw country channel"]]
    innovation: Float[Array, "quarter draw country"] | None
    sides: tuple[Sides, ...]

    def at(self, quarter: str) -> int:
        """Position of a quarter; DataError when it is outside the run."""
        if quarter not in self.quarters:
            raise DataError(f"{quarter} is outside the run, {self.quarters[0]} to {self.quarters[-1]}")
        return self.quarters.index(quarter)


def theatre(
    dyad: Dyad,
    bystanders_file: region_data.Region,
    quarters: tuple[str, ...],
    seed: int,
    numbers: Array,
    bystanders: tuple[str, ...] | None = None,
) -> Theatre:
    """Assemble the world of a dyad over the quarters for these draw numbers.

    Random numbers depend on seed, draw number and quarter only.
    """
    years = np.array([int(q[:4]) + (int(q[-1]) - 1) / 4.0 for q in quarters])
    codes = bystanders_file.bystanders if bystanders is None else bystanders
    return Theatre(
        dyad=dyad,
        facts=bystanders_file,
        quarters=quarters,
        years=years,
        bystanders=codes,
        exogenous=hedging.exogenous(dyad, years, record_until=RECORD_UNTIL),
        surveys=bystanders_file.paths(years, numbers, seed, codes),
        setting=bystanders_file.setting(codes, years[0]),
        uniform=np.stack([np.random.default_rng([seed, 7, int(k)]).random(len(quarters)) for k in numbers], axis=1),
    )


def course_of(
    stage: Theatre,
    arrays: ActArrays,
    draws: int,
    *,
    rates: Float[Array, "quarter observer"] | None = None,
    pull: Float[Array, "quarter country"] | None = None,
    grievance: Float[Array, "quarter draw"] | None = None,
    concession: Float[Array, "quarter draw"] | None = None,
    demanded: Float[Array, " quarter"] | None = None,
    occurs: Float[Array, "draw act"] | None = None,
) -> Course:
    """The course of a scenario; what is not given does not move. `rates` are the coercer's average tariffs on the
    observers in points, `demanded` the effort asked of the ally in % of GDP (official count; NaN: none asked).

    Raises DataError when the observers of the acts are not the ally and the bystanders.
    """
    if arrays.observers != (stage.dyad.ally, *stage.bystanders):
        raise DataError(f"acts seen by {', '.join(arrays.observers)} do not fit the ally and its bystanders")
    count = len(stage.quarters), len(stage.bystanders)
    zero = np.zeros(count)
    treatment = zero if rates is None else -(rates[:, 1:] - rates[0, 1:])
    official = stage.exogenous["programme"] * stage.exogenous["recount"]
    asked = np.full(count[0], np.nan) if demanded is None else demanded
    return Course(
        arrays=arrays,
        treatment=treatment,
        pull=zero if pull is None else pull,
        grievance=np.zeros((count[0], draws)) if grievance is None else grievance,
        concession=np.zeros((count[0], draws)) if concession is None else concession,
        demand=np.nan_to_num(np.maximum(np.log(asked / official), 0.0)),
        occurs=occurs,
    )


@dataclass
class _Now:
    """What one quarter hands to the next."""

    belief: beliefs.State
    hedge: hedging.State | None
    safety: security.State | None
    choice: region.State
    kept: Array
    patron: Array
    start: Array  # reliability before the first quarter: the base of all changes


def run(
    stage: Theatre,
    course: Course,
    p: Draws,
    switches: Switches = ALL_ON,
    *,
    innovation: Float[Array, "quarter draw country"] | None = None,
) -> Path:
    """Run the alliance through all quarters.

    `innovation`: the remainder of bystanders from a paired run (its surveys are then not fitted again). Raises
    DataError when a result is not finite.
    """
    p = {**p, "psi": p["psi"] * float(switches.bases)}
    reading: beliefs.Rival = switches.reading if switches.signalling else "none"
    ell = beliefs.learn(course.arrays, p, reading)
    if course.occurs is not None:
        ell = ell * course.occurs
    draws = len(p["psi"])
    settings = hedging.settings_of(stage.dyad, switches.hedging, switches.effort)
    settings = replace(settings, independence=-1.0 if reading == "sukin" else 1.0)
    told = weighted_evidence(p["kappa_sign"], course.arrays.zeta, ell)
    if reading == "henry":
        told = -p["henry_reversal"][:, None] * told  # disloyalty to others reassures
    on = {
        "region": switches.region,
        "watching": switches.watching,
        "own_treatment": switches.own_treatment,
        "china": switches.rival_acts,
    }
    watched = region.watched(course.arrays.seen, 0, np.arange(1, len(course.arrays.observers)))
    forces = _patron_forces(stage, p)
    now = _begin(stage, course, p)
    start = now.start
    kept: dict[str, list[Array]] = {}
    channels: dict[str, Array] = {}
    sides: list[Sides] = []
    for t in range(len(stage.quarters)):
        trace = _believe(now, course, p, ell, reading, t)
        mine = _hedge(now, stage, course, p, settings, trace, forces[t], t)
        chosen = _choose(now, stage, course, p, on, trace, told, watched[t], innovation, t)
        both = _sides(stage, p, mine, chosen, trace, start, t)
        sides.append(both)
        for name, value in _record(trace, mine, chosen, now).items():
            kept.setdefault(name, []).append(value)
        if innovation is None:
            kept.setdefault("innovation", []).append(chosen.innovation)
        if stage.quarters[t].endswith("Q4"):
            channels[stage.quarters[t]] = chosen.channels
    stacked = {name: np.stack(values) for name, values in kept.items()}
    for name in ("reliability", "own", "shares"):
        if not np.isfinite(stacked[name]).all():
            raise DataError(f"alliance: {name} is not finite; check parameters and acts")
    trust = _trust_path(stage, course, p, stacked, draws)
    fields: dict[str, Any] = {name: value for name, value in stacked.items() if not name.startswith("_")}
    fields.setdefault("innovation", None)
    return Path(
        quarters=stage.quarters,
        bystanders=stage.bystanders,
        trust=trust,
        channels=channels,
        sides=tuple(sides),
        **fields,
    )


def _patron_forces(stage: Theatre, p: Draws) -> Float[Array, "quarter draw"]:
    """The patron's forces that count in the theatre: its spending times the drawn share of it."""
    patron = stage.dyad.actors[stage.dyad.patron]
    return patron.at(stage.years)[:, None] * p["theatre_share"][None, :]


def _begin(stage: Theatre, course: Course, p: Draws) -> _Now:
    belief = beliefs.initial(p, len(course.arrays.observers), len(course.arrays.persons))
    access = 1.0 / (1.0 + np.exp(-p["b_0"]))
    patron = _patron_forces(stage, p)[0] * (1.0 - p["psi"] * (1.0 - access))
    fresh = belief.L[:, 0]
    choice = region.initial(stage.surveys.start, fresh, stage.surveys.coercion[0], stage.setting, p)
    mu = logistic(belief.L)
    zero = np.zeros_like(mu)
    grieved = zero + course.grievance[0][:, None]
    start = reliability(mu, p["r_P"], p["r_X0"], p["lambda_G"], p["lambda_c"], grieved, zero)[:, 0]
    return _Now(belief, None, None, choice, np.ones(len(patron)), patron, start)


def _believe(now: _Now, course: Course, p: Draws, ell: Array, reading: beliefs.Rival, t: int) -> beliefs.Trace:
    arrays = course.arrays
    quarter = beliefs.inputs(arrays, t)
    made = np.flatnonzero(quarter.seen.any(axis=0))  # only decisions of this quarter can tell anything
    observers = len(arrays.observers)
    grievance, concession = np.zeros((2, len(p["psi"]), observers))
    grievance[:, 0], concession[:, 0] = course.grievance[t], course.concession[t]
    quarter = replace(quarter, seen=quarter.seen[:, made], grievance=grievance, concession=concession)
    turning = bool(arrays.turnover[t])
    now.belief, trace = beliefs.step(now.belief, quarter, p, ell[:, made], arrays.zeta[made], reading, turning)
    return trace


@dataclass(frozen=True)
class _Mine:
    hedge: hedging.Trace
    safety: security.Trace


def _hedge(
    now: _Now,
    stage: Theatre,
    course: Course,
    p: Draws,
    settings: hedging.Settings,
    trace: beliefs.Trace,
    forces: Float[Array, " draw"],
    t: int,
) -> _Mine:
    r = trace.r[:, 0] * now.kept
    given = {name: path[t] + 0.0 * r if np.ndim(path[t]) == 0 else path[t] for name, path in stage.exogenous.items()}
    given["open"], given["rungs_known"] = stage.exogenous["open"][t], stage.exogenous["rungs_known"][t]
    quarter = hedging.Inputs(
        reliability=r,
        demand=course.demand[t] + 0.0 * r,
        fiscal=0.0 * r,
        effort_limit=NO_LIMIT + 0.0 * r,
        uniform=stage.uniform[t],
        patron=now.patron,
        rapport=now.belief.R_elite[:, 0],
        pli=trace.pli[:, 0],
        stake=1.0 + 0.0 * r,
        **given,
    )
    if now.hedge is None:
        before = replace(quarter, reliability=now.start)
        now.hedge = hedging.initial(before, p, settings, security.challenge_loss)
    now.hedge, hedge = hedging.step(now.hedge, quarter, p, settings=settings, value=security.challenge_loss)
    threatened = security.Inputs(
        own=hedge.own,
        partners=hedge.partners_forces,
        reliability=r,
        alignment=0.0 * r,
        patron=forces,
        rival=given["rival"],
        gain=hedge.gain,
        cost_change=0.0 * r,
    )
    if now.safety is None:
        now.safety = security.initial(replace(threatened, reliability=now.start), p)
    now.safety, safety = security.step(now.safety, threatened, p)
    now.kept, now.patron = hedge.kept, safety.effective_forces
    return _Mine(hedge, safety)


def _choose(
    now: _Now,
    stage: Theatre,
    course: Course,
    p: Draws,
    on: Mapping[str, bool],
    trace: beliefs.Trace,
    told: Float[Array, "draw act"],
    watched: Float[Array, "country act"],
    innovation: Array | None,
    t: int,
) -> region.Trace:
    arrays, surveys = course.arrays, stage.surveys
    own = trace.news[:, 1:]
    ally = told @ watched.T
    known = surveys.known[t] if innovation is None else 0.0 * surveys.known[t]
    fresh = np.log((1.0 - trace.E_q[:, 0]) / trace.E_q[:, 0])
    quarter = region.Inputs(
        treatment=course.treatment[t] + 0.0 * own,
        own_signal=own,
        ally_signal=ally,
        pull=course.pull[t] + 0.0 * own,
        coercion=surveys.coercion[t],
        turnover=arrays.turnover[t],
        fresh_belief=fresh,
        shock=0.0 * own if innovation is None else innovation[t],
        observed=surveys.observed[t],
        known=known,
    )
    now.choice, chosen = region.step(now.choice, quarter, p, stage.setting, on)
    return chosen


def _sides(
    stage: Theatre, p: Draws, mine: _Mine, chosen: region.Trace, trace: beliefs.Trace, start: Array, t: int
) -> Sides:
    """Both sides this quarter; pooling moves with reliability since `start`, that before the first quarter."""
    actors = stage.dyad.actors
    year = stage.years[t : t + 1]
    forces = np.array(
        [actors[c].theatre_weight * actors[c].at(year)[0] if c in actors else 0.0 for c in stage.bystanders]
    )
    change = trace.r[:, 0] - start
    return Sides(
        patron=mine.safety.effective_forces,
        ally=mine.hedge.own,
        pooled=np.clip(p["pi_J"] + p["eta_pi"] * change, 0.0, 1.0),
        bystander=forces + 0.0 * chosen.share,
        with_patron=chosen.share,
        with_rival=1.0 - chosen.share,
        rival=stage.exogenous["rival"][t] + 0.0 * mine.hedge.own,
    )


def _record(trace: beliefs.Trace, mine: _Mine, chosen: region.Trace, now: _Now) -> dict[str, Array]:
    belief, hedge, safety = now.belief, mine.hedge, mine.safety
    ally = {name: getattr(belief, name)[:, :1] for name in ("L", "n_X", "n_P", "R_mass")}
    told = {name: getattr(trace, name)[:, :1] for name in ("r", "mu", "news", "watched", "reset")}
    return {
        **{f"_{name}": value for name, value in {**ally, **told}.items()},
        "reliability": trace.r[:, 0],
        "linkage": trace.pli[:, 0],
        "rapport": belief.R_elite[:, 0],
        "effort": hedge.effort_official,
        "effort_causes": hedge.causes,
        "cap": hedge.cap,
        "own": hedge.own,
        "partners": hedge.partners,
        "accommodation": hedge.accommodation,
        "hedge": hedge.hedge,
        "posture": hedge.posture,
        "gap": hedge.gap,
        "rungs": hedge.rungs,
        "access": safety.access,
        "hazard_ratio": safety.hazard_ratio,
        "security": safety.security,
        "shares": chosen.share,
        "courtship": chosen.courtship,
    }


def _trust_path(stage: Theatre, course: Course, p: Draws, stacked: Mapping[str, Array], draws: int) -> beliefs.Path:
    """The belief path of the ally alone."""
    whole = beliefs.initial(p, 1, len(course.arrays.persons))
    names = ("L", "n_X", "n_P", "R_mass", "r", "mu", "news", "watched", "reset")
    return beliefs.Path(stage.quarters, (stage.dyad.ally,), whole, **{name: stacked[f"_{name}"] for name in names})


def quarters_of(first: str, last: str) -> Iterator[str]:
    """Quarters from one to another, both included, as 2017-Q1."""
    year, quarter = int(first[:4]), int(first[-1])
    while (year, quarter) <= (int(last[:4]), int(last[-1])):
        yield f"{year}-Q{quarter}"
        year, quarter = (year + 1, 1) if quarter == 4 else (year, quarter + 1)


assert balance.CASES[1] == "self-defeating"
