r"""Hedging by the ally: effort, partners, accommodation, capability, caps, rungs, posture (H1-H6), one quarter a step.

Effort follows the announced programme times exp(deviation), from the quarter where actual spending figures end; the
deviation is the panel form H5 (default) or the optimum H1 (`effort="optimum"`). Partners and accommodation chase the
optimum given effort. Signs are free: in the optimum the slope of effort in reliability is negative when aid adds to own
forces, positive when it is matched against a stronger rival, and reversed where the odds are hopeless; in the panel
form it is the prior of b_r, which has mass on both sides.

Off (`Settings(hedging=False)`): effort follows the programme, partners and accommodation stay, capability still ages.

The security loss is handed in (`value`), so that this block knows the form of the contest only through its slopes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from foederis.dyad import Dyad
from foederis.errors import UsageError
from foederis.hedging_equations import (
    CAUSES,
    RELIABILITY_UNIT,
    adjust,
    adoption_chance,
    capability,
    effort_change,
    performativity,
    posture,
    quarterly,
    raise_chance,
    reliability_kept,
    steady_pipeline,
)
from foederis.hedging_optimum import ENTRAPMENT_RATIO, Choice, Loss, Problem, ally_optimum, calibrate
from foederis.numerics import namespace
from foederis.priors import Parameter

__all__ = ["CAUSES", "PRIORS", "Inputs", "Settings", "State", "Trace", "Value", "exogenous", "initial",
           "performativity", "problem_of", "settings_of", "step"]  # fmt: skip

Array = Any  # numpy.ndarray or jax.Array
Draws = Mapping[str, Array]
Value = Callable[[Array, Array, Array, Draws], tuple[Array, Array, Array, Array]]  # security.challenge_loss

PRIORS: tuple[Parameter, ...] = (
    Parameter("cap_share", "s", "uniform", (0.0, 0.5), "P", "A", "hedging",
              "share of the wish for effort that the cap, not cost, held back in the base quarter", "assumed"),
    Parameter("entrapment", "γ", "positive_normal", (0.10, 0.10), "P", "L", "hedging",
              "reliability lost per unit of partners beyond 1.5 times own forces",
              "threshold: Grant (2012); size assumed"),
    Parameter("matched", "κ_m", "uniform", (0.0, 0.2), "P", "A", "hedging",
              "share of the patron's help that is matched to the ally's effort", "assumed; turns the sign of effort"),
    Parameter("partners_0", "m_0", "triangular", (0.05, 0.10, 0.20), "P", "A", "hedging",
              "share of potential partners pooled in the base quarter", "assumed"),
    Parameter("accommodation_0", "a_0", "triangular", (0.02, 0.05, 0.15), "P", "A", "hedging",
              "accommodation of the rival in the base quarter", "assumed"),
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """Switches and constants, none of them per draw. `rung_odds` are yearly, `rung_needs` caps (% of GDP, official)."""

    hedging: bool = True
    effort: Literal["panel", "optimum"] = "panel"
    cap_ladder: tuple[float, ...] = (1.0, 2.0, 3.5)
    rung_odds: tuple[float, ...] = ()
    rung_needs: tuple[float, ...] = ()
    independence: float = 1.0  # caps and rungs rise with distrust; -1: with trust (Sukin 2020)

    def __post_init__(self) -> None:
        if self.effort not in ("panel", "optimum"):
            raise UsageError(f"effort rule {self.effort!r} is unknown; take 'panel' or 'optimum'")
        if len(self.rung_odds) != len(self.rung_needs):
            raise UsageError("rung_odds and rung_needs must have one number for each rung")


@dataclass(frozen=True)
class Inputs:
    """One quarter, each [draw] unless said otherwise.

    `programme` announced effort (% of GDP, narrow count) and `recount` (official over narrow); `cap_known` the cap in
    force (% of GDP, official; NaN: unknown, the ratchet decides with `uniform`); `effort_limit` fiscal or recruiting
    cap (% of GDP, narrow); `threat_log`, `threat_standard` changes since the base; `demand` log of the effort demanded
    over the programme, not below 0; `fiscal` log of fiscal room; `patron` effective forces, `rival` and
    `partners_potential` forces in the theatre, bn; `gdp` bn; `rapport`, `pli`, `stake` for posture; `rungs_reached`
    [rung] 1 if taken by now; `rungs_known` 1 in quarters whose rungs are on record; `open` 0 in quarters whose
    spending is on record. The record holds whatever threat and distrust did to effort by then, so the deviation starts
    when it ends: `threat_log` must be the change since that quarter.
    """

    reliability: Float[Array, " draw"]
    threat_log: Float[Array, " draw"]
    threat_standard: Float[Array, " draw"]
    demand: Float[Array, " draw"]
    fiscal: Float[Array, " draw"]
    programme: Float[Array, " draw"]
    recount: Float[Array, " draw"]
    cap_known: Float[Array, " draw"]
    effort_limit: Float[Array, " draw"]
    uniform: Float[Array, " draw"]
    patron: Float[Array, " draw"]
    rival: Float[Array, " draw"]
    partners_potential: Float[Array, " draw"]
    gdp: Float[Array, " draw"]
    rapport: Float[Array, " draw"]
    pli: Float[Array, " draw"]
    stake: Float[Array, " draw"]
    rungs_reached: Float[Array, " rung"]
    rungs_known: Float[Array, ""]
    open: Float[Array, ""]


@dataclass(frozen=True)
class State:
    """What rolls from quarter to quarter: deviations of log effort by cause, the portfolio, stocks, cap, rungs; and
    the base (reliability, partners, accommodation, effort, costs) against which all is measured."""

    deviation: Float[Array, "draw cause"]
    partners: Float[Array, " draw"]
    partners_ready: Float[Array, " draw"]
    accommodation: Float[Array, " draw"]
    own: Float[Array, " draw"]
    pipeline: Float[Array, "draw stage"]
    cap: Float[Array, " draw"]
    rungs: Float[Array, "draw rung"]
    value: Float[Array, " draw"]
    wished: Float[Array, " draw"]
    reliability_open: Float[Array, " draw"]
    wished_open: Float[Array, " draw"]
    reliability_base: Float[Array, " draw"]
    effort_base: Float[Array, " draw"]
    value_base: Float[Array, " draw"]
    cost_effort: Float[Array, " draw"]
    cost_partners: Float[Array, " draw"]
    cost_accommodation: Float[Array, " draw"]


@dataclass(frozen=True)
class Trace:
    """Results of a quarter. Effort in % of GDP (`effort` narrow, `effort_official`), forces in bn USD a year.

    `causes` [draw, cause] are the parts of log effort beyond the programme (zero axis sums when the optimum rules:
    there the whole deviation stands under the first cause); `partners_forces` what ready partners add before
    follow-through; `gain` the challenger's gain left by accommodation; `kept` the patron's reliability left after
    entrapment; `rungs` chances that each is taken by now; `hedge` the private index (deviation + changes of partners
    and accommodation, equal weights); `value` relative shadow price of capability.
    """

    effort: Float[Array, " draw"]
    effort_official: Float[Array, " draw"]
    cap: Float[Array, " draw"]
    cap_chance: Float[Array, " draw"]
    causes: Float[Array, "draw cause"]
    partners: Float[Array, " draw"]
    partners_target: Float[Array, " draw"]
    partners_forces: Float[Array, " draw"]
    accommodation: Float[Array, " draw"]
    gain: Float[Array, " draw"]
    own: Float[Array, " draw"]
    kept: Float[Array, " draw"]
    rungs: Float[Array, "draw rung"]
    hedge: Float[Array, " draw"]
    posture: Float[Array, " draw"]
    gap: Float[Array, " draw"]
    value: Float[Array, " draw"]


def settings_of(dyad: Dyad, hedging: bool = True, effort: Literal["panel", "optimum"] = "panel") -> Settings:
    """Settings with the caps and rungs of a dyad."""
    odds, needs = tuple(r.yearly_odds for r in dyad.ladder), tuple(r.needs_effort for r in dyad.ladder)
    return Settings(hedging, effort, dyad.cap_ladder, odds, needs)


def exogenous(
    dyad: Dyad, years: Float[Array, " quarter"], known_until: float = 2026.25, record_until: float = 2025.0
) -> dict[str, Array]:
    """Paths that no block makes, by the names of `Inputs`: [quarter], and [quarter, rung] for `rungs_reached`.

    `known_until`: nothing dated later is used (budgets, caps, rungs, threat); set it to the cut-off of a backtest.
    `record_until`: the end of actual spending figures, from which deviations run.
    """
    programme, recount = dyad.programme(years, known_until)
    log, standard = dyad.threat(years, known_until)
    opened = min(record_until, known_until)
    at_opening = dyad.threat(np.array([opened - 0.25]), known_until)[0]
    forces = dyad.in_theatre(years)
    dates = [np.inf if r.reached is None else _year_of(r.reached) for r in dyad.ladder]
    return {
        "programme": programme,
        "recount": recount,
        "cap_known": dyad.caps(years, known_until),
        "threat_log": np.where(years < opened, 0.0, log - at_opening),
        "threat_standard": standard,
        "rival": forces[dyad.rival],
        "partners_potential": np.asarray(sum(forces[c] for c in PARTNERS if c in forces)),
        "gdp": np.full(years.shape, dyad.gdp_bn),
        "rungs_reached": (np.minimum(years + 0.25, known_until)[:, None] > np.array(dates)[None, :]).astype(float),
        "rungs_known": (years < known_until).astype(float),
        "open": (years >= opened).astype(float),
    }


PARTNERS = ("AUS", "GBR", "FRA", "IND", "PHL", "KOR")  # with whom pacts exist or are talked about


def problem_of(state: State, inputs: Inputs, p: Draws, low: Array, high: Array) -> Problem:
    """The ally's problem this quarter, with effort between `low` and `high` (% of GDP)."""
    xp = namespace(inputs.reliability)
    help_ = inputs.reliability * inputs.patron
    ratio = inputs.partners_potential / state.own  # partners in multiples of own forces at m = 1
    return Problem(
        fixed=help_ * (1.0 - p["matched"]),
        per_effort=inputs.gdp / 100.0 + p["matched"] * help_ / state.effort_base,
        per_partners=p["p_m"] * inputs.partners_potential,
        kink=ENTRAPMENT_RATIO / ratio,
        loss_beyond=p["entrapment"] * help_ * ratio,
        cost_effort=state.cost_effort,
        cost_partners=state.cost_partners,
        cost_accommodation=state.cost_accommodation,
        effort_low=low,
        effort_high=high,
        partners_high=xp.ones_like(high),
    )


def initial(inputs: Inputs, p: Draws, settings: Settings, value: Value) -> State:
    """The base quarter in steady state: orders of this size always under way, costs that make its choice the best."""
    xp = namespace(inputs.reliability)
    one = xp.ones_like(inputs.reliability)
    effort, own = inputs.programme * one, inputs.gdp * inputs.programme / 100.0 * one
    partners, accommodation = p["partners_0"] * one, p["accommodation_0"] * one
    cap = xp.where(xp.isnan(inputs.cap_known), settings.cap_ladder[0], inputs.cap_known) * one
    shape = (*one.shape, len(settings.rung_odds))
    bare = State(
        deviation=xp.zeros((*one.shape, len(CAUSES))),
        partners=partners,
        partners_ready=partners,
        accommodation=accommodation,
        own=own,
        pipeline=steady_pipeline(own, p["lag_own"]),
        cap=cap,
        rungs=xp.broadcast_to(inputs.rungs_reached, shape) * xp.ones(shape),
        value=one,
        wished=effort,
        reliability_open=inputs.reliability * one,
        wished_open=effort,
        reliability_base=inputs.reliability * one,
        effort_base=effort,
        value_base=one,
        cost_effort=one,
        cost_partners=one,
        cost_accommodation=one,
    )
    problem = problem_of(bare, inputs, p, 0.0 * one, cap / inputs.recount)
    costs, choice = calibrate(problem, _loss(value, inputs, p), effort, partners, accommodation, p["cap_share"])
    return _with(
        bare,
        value=choice.value,
        value_base=choice.value,
        cost_effort=costs.cost_effort,
        cost_partners=costs.cost_partners,
        cost_accommodation=costs.cost_accommodation,
    )


def step(state: State, inputs: Inputs, p: Draws, *, settings: Settings, value: Value) -> tuple[State, Trace]:
    """One quarter: cap (H4), effort (H5 or H1), partners, accommodation (H1, H2), capability (H3), posture (H6)."""
    xp = namespace(inputs.reliability)
    distrust = settings.independence * (state.reliability_base - inputs.reliability)
    cap, chance = _cap(state, inputs, p, settings, distrust)
    ceiling = xp.minimum(cap / inputs.recount, inputs.effort_limit)
    deviation = _deviation(state, inputs, p, settings)
    effort = xp.minimum(inputs.programme * xp.exp(deviation.sum(axis=1)), ceiling)
    choice = _choice(state, inputs, p, settings, value, effort, ceiling)
    partners, accommodation = state.partners, state.accommodation
    if settings.hedging:
        partners = adjust(partners, choice.partners, p["Phi"])
        accommodation = adjust(accommodation, choice.accommodation, p["Phi"])
    own, pipeline = capability(state.own, state.pipeline, inputs.gdp * effort / 100.0, p["lag_own"], p["delta_K"])
    ready = state.partners_ready + (partners - state.partners_ready) / (1.0 + 4.0 * p["lag_partner"])
    rungs = _rungs(state, inputs, p, settings, cap, distrust)
    closed = inputs.open == 0.0
    new = _with(
        state, deviation=deviation, partners=partners, partners_ready=ready, accommodation=accommodation, own=own,
        pipeline=pipeline, cap=cap, rungs=rungs, value=choice.value, wished=choice.effort,
        reliability_open=xp.where(closed, inputs.reliability, state.reliability_open),
        wished_open=xp.where(closed, choice.effort, state.wished_open),
    )  # fmt: skip
    return new, _trace(new, inputs, p, effort, chance, choice)


def _trace(new: State, inputs: Inputs, p: Draws, effort: Array, chance: Array, choice: Choice) -> Trace:
    hedge = new.deviation.sum(axis=1) + (new.partners - p["partners_0"]) + (new.accommodation - p["accommodation_0"])
    public, gap = posture(-hedge, p["chi_R"], inputs.rapport, p["chi_F"], inputs.pli, inputs.stake)
    forces = new.partners_ready * inputs.partners_potential
    return Trace(
        effort=effort,
        effort_official=effort * inputs.recount,
        cap=new.cap,
        cap_chance=chance,
        causes=new.deviation,
        partners=new.partners,
        partners_target=choice.partners,
        partners_forces=forces,
        accommodation=new.accommodation,
        gain=(1.0 - new.accommodation) / (1.0 - p["accommodation_0"]),
        own=new.own,
        kept=reliability_kept(new.partners * inputs.partners_potential, new.own, p["entrapment"]),
        rungs=new.rungs,
        hedge=hedge,
        posture=public,
        gap=gap,
        value=new.value / new.value_base,
    )


def _loss(value: Value, inputs: Inputs, p: Draws) -> Loss:
    return lambda A, a: value(A, a, inputs.rival, p)


def _cap(state: State, inputs: Inputs, p: Draws, settings: Settings, distrust: Array) -> tuple[Array, Array]:
    """The cap after this quarter: the known one, or one rung up if the quarter's draw says so. Never down."""
    xp = namespace(state.cap)
    chance = raise_chance(p["rho_0"], p["rho_1"], p["rho_2"], inputs.threat_standard, distrust / RELIABILITY_UNIT)
    above = 0.0 * state.cap + settings.cap_ladder[-1]
    for rung in reversed(settings.cap_ladder):
        above = xp.where(rung > state.cap, rung, above)
    drawn = xp.where(inputs.uniform < chance, xp.maximum(above, state.cap), state.cap)
    return xp.where(xp.isnan(inputs.cap_known), drawn, inputs.cap_known + 0.0 * drawn), chance


def _deviation(state: State, inputs: Inputs, p: Draws, settings: Settings) -> Array:
    """Log effort beyond the programme, by cause, after this quarter; nil while spending is on record."""
    xp = namespace(inputs.reliability)
    if not settings.hedging:
        return 0.0 * state.deviation
    if settings.effort == "optimum":
        wish = xp.log(state.wished / state.wished_open)
        whole = inputs.open * adjust(state.deviation.sum(axis=1), wish, p["Phi"])
        return xp.stack([whole] + [0.0 * whole] * (len(CAUSES) - 1), axis=1)
    distrust = state.reliability_open - inputs.reliability
    one = xp.ones_like(distrust)
    loading = xp.stack([p["b_Z"], p["b_r"], p["b_d"], p["b_y"]], axis=1)
    regressor = xp.stack([inputs.threat_log * one, distrust, inputs.demand * one, inputs.fiscal * one], axis=1)
    return inputs.open * (state.deviation + effort_change(state.deviation, loading, regressor, p["Phi"]))


def _choice(
    state: State, inputs: Inputs, p: Draws, settings: Settings, value: Value, effort: Array, ceiling: Array
) -> Choice:
    """The optimum: with effort given where the panel rules, with effort free where the optimum does."""
    free = settings.effort == "optimum"
    low, high = (0.0 * effort, ceiling + 0.0 * effort) if free else (effort, effort)
    start = Choice(effort, state.partners, state.accommodation, state.value)
    return ally_optimum(problem_of(state, inputs, p, low, high), _loss(value, inputs, p), state.value_base, start)


def _rungs(state: State, inputs: Inputs, p: Draws, settings: Settings, cap: Array, distrust: Array) -> Array:
    """Chance that each rung is taken by now: the record where there is one, then the hazard, where the cap allows."""
    xp = namespace(cap)
    if not settings.rung_odds:
        return state.rungs
    odds = xp.asarray(quarterly(np.array(settings.rung_odds)))
    chance = adoption_chance(
        odds, p["rho_1"], p["rho_2"], inputs.threat_standard + 0.0 * cap, distrust / RELIABILITY_UNIT
    )
    open_ = (cap[:, None] >= xp.asarray(settings.rung_needs)[None, :]) * float(settings.hedging)
    expected = state.rungs + (1.0 - state.rungs) * chance * open_
    return inputs.rungs_known * inputs.rungs_reached[None, :] + (1.0 - inputs.rungs_known) * expected


def _with(state: State, **changes: Array) -> State:
    return State(**{**{name: getattr(state, name) for name in State.__dataclass_fields__}, **changes})


def _year_of(date: str) -> float:
    year, month = (*date.split("-"), "1")[:2]
    return int(year) + (int(month) - 1) / 12.0
