"""The whole chain for every draw: trade by quarter, then the alliance in three worlds.

    scenario     what the patron does, to everybody
    exempt       the same without what it does to the target: what coercing the ally adds is the difference
    reference    what the scenario is compared with; the past up to the scenario's beginning is common to all three

All run with the same draws, surveys and random numbers. Whether coercion pays is asked on the coercer's own terms and
for one policy at a time: its gain from taxing the target against the change of the coalition's balance that its acts
on the target make, at the price of power that would turn it into a bad trade, and at the prior of that price.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from zlib import crc32

import numpy as np
from jaxtyping import Float

from foederis import (
    acts,
    acts_arrays,
    balance,
    beliefs_channels,
    beliefs_polls,
    dyad,
    ensemble,
    posterior,
    region_data,
    scenario_case,
)
from foederis import simulation_parameters as parameters
from foederis.acts import Act
from foederis.balance import Terms
from foederis.beliefs_equations import logistic
from foederis.beliefs_polls import Series
from foederis.ensemble_path import TradePath, average_rates, middle_of, solve_path
from foederis.errors import UsageError
from foederis.simulation import Plan
from foederis.simulation_alliance import ALL_ON, Course, Path, Switches, Theatre, course_of, run, theatre
from foederis.trade import Economy

__all__ = ["DRAWS", "FIRST", "VARIANTS", "Alliance", "Cast", "cast_of", "reference_path", "run_alliance"]

Array = np.ndarray
DRAWS = 2000
VARIANTS = parameters.VARIANTS
FIRST = "2017-Q1"  # the past that beliefs rest on
LAST = "2036-Q4"
HEADLINE = ("Yomiuri-Gallup joint survey", "trust_us")  # the poll that trust is shown in
PERCENT_OF_GDP = "% of GDP"
TAKING = (
    "tariff",
    "demand",
    "exit",
    "renege",
    "surprise",
    "dispute",
    "agreement",
    "ruling",
)  # what coercion is made of
TINY = 1e-12
WAVE_DRAWS = 500


@dataclass(frozen=True, eq=False)
class Cast:
    """The common ground of scenario and reference: the theatre, the drawn parameters, the draw numbers.

    `fitted`: parameters that calibration informs come from its draws; else all come from their priors.
    """

    stage: Theatre
    p: Mapping[str, Float[Array, " draw"]]
    numbers: Array
    seed: int
    variant: str
    fitted: bool = False

    @property
    def label(self) -> str:
        """The prior on leaders, and whether the other parameters are fitted."""
        return f"{self.variant}, fitted" if self.fitted else self.variant


@dataclass(frozen=True, eq=False)
class Alliance:
    """The three worlds for all draws, and what coercing the ally is worth.

    `begin` is the position of the first quarter in which they may differ; money is bn USD a year.
    """

    cast: Cast
    scenario: Path
    exempt: Path
    reference: Path
    course: Course
    trade: TradePath
    begin: int
    acts: tuple[Act, ...]
    switches: Switches

    @property
    def quarters(self) -> tuple[str, ...]:
        """Quarters of the run."""
        return self.scenario.quarters

    @cached_property
    def price(self) -> Float[Array, " draw"]:
        """Prior of the price of power, bn USD a year for 1 % of the balance: the prize at the odds of the start."""
        p, sides = self.cast.p, self.reference.sides[self.begin]
        win = 1.0 / (1.0 + np.exp(-p["contest_m"] * balance.log_balance(sides)))
        return np.asarray(
            balance.price_of_power(
                p["prize"], self.cast.stage.dyad.patron_gdp_bn, win, p["contest_m"], p["contest_rate"]
            )
        )

    @cached_property
    def balance_change(self) -> Float[Array, "quarter draw"]:
        """Change of the log balance that the acts on the target make, quarter by quarter."""
        both = zip(self.scenario.sides, self.exempt.sides, strict=True)
        return np.stack([balance.log_balance(s) - balance.log_balance(r) for s, r in both])

    @cached_property
    def mean_balance(self) -> Float[Array, " draw"]:
        """Average change of the log balance from the scenario's beginning to the end of the run."""
        return np.asarray(self.balance_change[self.begin :].mean(axis=0))

    @cached_property
    def mean_gain(self) -> Float[Array, " draw"]:
        """Average yearly gain from taxing the target over the same quarters."""
        return np.asarray(self.trade.gain[self.begin :].mean(axis=0))

    @cached_property
    def break_even(self) -> Float[Array, " draw"]:
        """Price of power above which the policy is a bad trade (P2), on averages over the run."""
        return np.asarray(balance.break_even_price(self.mean_gain, self.mean_balance))

    @cached_property
    def case(self) -> Array:
        """Which of `balance.CASES` holds at the prior of the price, by draw."""
        return np.asarray(balance.case_of(self.mean_gain, self.mean_balance, self.price))

    @cached_property
    def net(self) -> Float[Array, " draw"]:
        """Gain plus the value of the change of power, bn USD a year: negative means self-defeat."""
        return np.asarray(balance.net_gain(self.mean_gain, self.mean_balance, self.price))

    def terms(self, quarter: str) -> Terms:
        """What the acts on the target do to the log balance at a quarter, in five terms and a remainder (P4)."""
        t = self.scenario.at(quarter)
        return balance.decompose(self.exempt.sides[t], self.scenario.sides[t])

    @cached_property
    def poll(self) -> Series:
        """The survey that trust is shown in; UsageError when the ally has none with an anchor."""
        ally = self.cast.stage.dyad.ally
        found = [s for s in beliefs_polls.series(ally) if s.early]
        exact = [s for s in found if (s.pollster, s.measure) == HEADLINE]
        if not found:
            raise UsageError(f"no survey of trust in the patron with an anchor before 2017 for {ally}")
        return (exact or found)[0]

    @cached_property
    def trust(self) -> Float[Array, "quarter draw"]:
        """Share of respondents that trust the patron, as the survey would find it on average, under the scenario."""
        return beliefs_polls.expected(self.poll, self.scenario.trust, self.cast.p, self.cast.seed, self.cast.numbers)

    @cached_property
    def trust_reference(self) -> Float[Array, "quarter draw"]:
        """The same under the reference."""
        return beliefs_polls.expected(self.poll, self.reference.trust, self.cast.p, self.cast.seed, self.cast.numbers)

    @cached_property
    def trust_next(self) -> Float[Array, "quarter draw"]:
        """What one wave of the survey would print under the scenario: the expected share with sampling and scatter.

        For the first draws alone (`WAVE_DRAWS`): enough for the fan of a chart.
        """
        kept = slice(0, WAVE_DRAWS)
        spread, numbers = self.cast.p["poll_spread"][kept], self.cast.numbers[kept]
        return np.stack(
            [
                beliefs_polls.sample(
                    share[kept], spread, seed=self.cast.seed, stream=f"{self.poll.name} {quarter}", numbers=numbers
                )
                for quarter, share in zip(self.quarters, self.trust, strict=True)
            ]
        )

    def why_trust(self, quarter: str) -> beliefs_channels.Split:
        """Why the poll share differs from the reference's at a quarter: channels that sum, interaction explicit."""
        t, ally = self.scenario.at(quarter), self.cast.stage.dyad.ally
        p, path = self.cast.p, self.scenario.trust
        arrays = replace_observer(self.course.arrays, ally)
        parts = beliefs_channels.by_channel(arrays, p, path, ally, self.begin, t, self.switches.reading)
        still = beliefs_channels.by_channel(
            arrays_without(arrays, self.begin), p, self.reference.trust, ally, self.begin, t, self.switches.reading
        )
        slope = p[f"poll_b.{self.poll.wording}"]
        start, end = (_logit(np.clip(share[t], TINY, 1.0 - TINY)) for share in (self.trust_reference, self.trust))
        moved = {name: slope * p["omega_1"] * (parts[name] - still[name]) for name in parts}
        moved["structural"] = end - start - sum(moved.values(), np.zeros_like(start))
        return beliefs_channels.split(logistic, start, moved)


def _logit(share: Float[Array, " draw"]) -> Float[Array, " draw"]:
    return np.asarray(np.log(share) - np.log1p(-share))


def replace_observer(arrays: acts_arrays.ActArrays, ally: str) -> acts_arrays.ActArrays:
    """The acts as the ally alone sees them."""
    k = arrays.observers.index(ally)
    return replace(
        arrays,
        observers=(ally,),
        seen=arrays.seen[:, k : k + 1],
        visits=arrays.visits[:, k : k + 1],
        points=arrays.points[:, k : k + 1],
    )


def arrays_without(arrays: acts_arrays.ActArrays, begin: int) -> acts_arrays.ActArrays:
    """The same with nothing seen from a quarter on."""
    seen = arrays.seen.copy()
    seen[begin:] = 0.0
    return replace(arrays, seen=seen)


def cast_of(
    coercer: str,
    target: str,
    *,
    draws: int = DRAWS,
    seed: int = 1,
    variant: str = "Beta(1, 12)",
    fitted: bool = False,
    fixed: Mapping[str, float] | None = None,
    last: str = LAST,
) -> Cast:
    """Theatre and parameters of a dyad; `fitted` takes what data inform from the shipped posterior, `fixed` holds some
    parameters at a value.

    Raises DataError naming what is missing for a dyad without its own data, or when the posterior is damaged.
    """
    if not ensemble.MIN_DRAWS <= draws <= ensemble.MAX_DRAWS:
        raise UsageError(f"alliance draws is {draws}; choose {ensemble.MIN_DRAWS} to {ensemble.MAX_DRAWS:,}")
    scenario_case.require(coercer, target)
    numbers = np.arange(draws)
    quarters = acts_arrays.quarter_range(FIRST, last)
    stage = theatre(dyad.load(coercer, target), region_data.load(coercer, target), quarters, seed, numbers)
    held = parameters.held(fixed or {}, len(numbers))
    p = {**parameters.draw(seed, numbers, variant), **held}
    if fitted:
        p = {**p, **posterior.load().take(seed, numbers), **held}
    p = parameters.coherent(p)
    return Cast(stage, p, numbers, seed, variant, fitted)


def run_alliance(
    plan: Plan,
    cast: Cast,
    *,
    elasticities: str | None = None,
    switches: Switches = ALL_ON,
    trade: TradePath | None = None,
    before: Path | None = None,
    workers: int | None = None,
    progress: ensemble.Progress | None = None,
) -> Alliance:
    """Run the three worlds for every draw. `trade` is the trade path of the same plan and draws, `before` the path of
    the same reference, cast and switches, where they are at hand.

    Raises DataError or SolveError; nothing is returned that did not converge.
    """
    stage, draws = cast.stage, len(cast.numbers)

    def look_back() -> None:
        nonlocal before
        before = reference_path(plan, cast, switches) if before is None else before

    if trade is None:
        trade = trade_of(plan, cast, elasticities=elasticities, workers=workers, progress=progress, meanwhile=look_back)
    begin = min(_begin(plan, stage.quarters), len(stage.quarters) - 1)
    observers = (plan.target, *stage.bystanders)
    own = plan.scenario.acts(plan.world, observers)
    look_back()
    assert before is not None
    course = _course(plan, cast, own, trade, draws)
    after = run(stage, course, cast.p, switches, innovation=before.innovation)
    spared = run(stage, _spared(plan, course, own, trade, begin), cast.p, switches, innovation=before.innovation)
    return Alliance(cast, after, spared, before, course, trade, begin, own, switches)


def trade_of(
    plan: Plan,
    cast: Cast,
    *,
    elasticities: str | None = None,
    workers: int | None = None,
    progress: ensemble.Progress | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> TradePath:
    """The trade of every quarter for the draws of a cast (see `ensemble_path.solve_path`)."""
    drawn = tuple(ensemble.draw_parameters(plan.world, cast.seed, int(k), elasticities) for k in cast.numbers)
    stage = cast.stage
    return solve_path(
        plan, stage.quarters, drawn, stage.bystanders, workers=workers, progress=progress, meanwhile=meanwhile
    )


def reference_path(plan: Plan, cast: Cast, switches: Switches = ALL_ON) -> Path:
    """The path of what the scenario is compared with: the same for every scenario with that reference."""
    other = plan.compared_with.acts(plan.world, (plan.target, *cast.stage.bystanders))
    return run(cast.stage, _course(plan, cast, other, None, len(cast.numbers)), cast.p, switches)


def _spared(plan: Plan, course: Course, done: Sequence[Act], trade: TradePath, begin: int) -> Course:
    """The course without what the patron does to the target from `begin` on; warm words and summits stay."""
    arrays = course.arrays
    taking = {act.id for act in done if act.kind in TAKING}
    gone = np.array([name in taking for name in arrays.acts])
    seen = arrays.seen.copy()
    seen[begin:, 0, gone] = 0.0
    spread, _ = _bilateral(plan.economy, plan.coercer, plan.target)
    still = np.where(np.arange(len(course.demand)) < begin, 1.0, 0.0)
    return replace(
        course,
        arrays=replace(arrays, seen=seen),
        grievance=course.grievance - trade.deficit_added / spread,
        concession=course.concession * still[:, None],
        demand=course.demand * still,
    )


def _begin(plan: Plan, quarters: Sequence[str]) -> int:
    return quarters.index(str(plan.scenario.horizon.start)) if str(plan.scenario.horizon.start) in quarters else 0


def _course(plan: Plan, cast: Cast, done: Sequence[Act], trade: TradePath | None, draws: int) -> Course:
    stage = cast.stage
    observers = (plan.target, *stage.bystanders)
    scenario = plan.compared_with if trade is None else plan.scenario
    threats, happens = ((), ()) if trade is None else _threats(plan, cast, observers)
    arrays = acts_arrays.act_arrays(
        [*done, *threats], stage.quarters, observers, patron=plan.coercer, recorded_until=scenario.recorded_until
    )
    spread, level = _bilateral(plan.economy, plan.coercer, plan.target)
    moved = np.zeros((len(stage.quarters), draws)) if trade is None else trade.deficit
    return course_of(
        stage,
        arrays,
        draws,
        rates=average_rates(scenario, plan.world, stage.quarters, observers),
        pull=None if trade is None else trade.pull,
        grievance=(level + moved) / spread,
        concession=_payments(done, plan.target, arrays)[:, None] * cast.p["disbursed"] / spread,
        demanded=_demanded(done, plan.target, arrays),
        occurs=_occurs(arrays, threats, happens, draws),
    )


def _threats(
    plan: Plan, cast: Cast, observers: tuple[str, ...]
) -> tuple[tuple[Act, ...], tuple[Float[Array, " draw"], ...]]:
    """Contingent acts, one copy for each quarter in which each may come, and the draws in which it comes then."""
    stage = cast.stage
    found: list[Act] = []
    when: list[Array] = []
    for threat in plan.scenario.threats(plan.world, observers):
        rng = [np.random.default_rng([cast.seed, crc32(threat.id.encode()), int(k)]) for k in cast.numbers]
        u = np.array([g.random(1 + len(stage.quarters)) for g in rng])
        comes = threat.happens(stage.quarters, u[:, 0], u[:, 1:].T)
        for t, quarter in enumerate(stage.quarters):
            if comes[t].any():
                for act in threat.acts_on(middle_of(quarter)):
                    found.append(replace(act, id=f"{act.id}.{quarter}"))
                    when.append(comes[t].astype(float))
    return tuple(found), tuple(when)


def _occurs(
    arrays: acts_arrays.ActArrays, threats: Sequence[Act], happens: Sequence[Array], draws: int
) -> Float[Array, "draw act"] | None:
    """1 where an act happens in a draw: always, but for contingent ones."""
    if not threats:
        return None
    by_id = dict(zip((a.id for a in threats), happens, strict=True))
    return np.stack([by_id.get(name, np.ones(draws)) for name in arrays.acts], axis=1)


def _bilateral(economy: Economy, coercer: str, target: str) -> tuple[float, float]:
    """Spread over partners of the coercer's bilateral deficits in the base year, and that with the target, bn USD."""
    us = economy.index(coercer)
    deficits = (economy.flow[us].sum(axis=1) - economy.flow[:, us].sum(axis=1)) / 1e3
    return float(np.delete(deficits, us).std()), float(deficits[economy.index(target)])


def _payments(done: Sequence[Act], target: str, arrays: acts_arrays.ActArrays) -> Float[Array, " quarter"]:
    """What the target pledges for agreements, bn USD a year, while the leader who got the pledge is in office."""
    paid = np.zeros(len(arrays.quarters))
    for act in done:
        if act.target == target and act.payment > 0:
            paid[_in_office_after(act, arrays)] += act.payment
    return paid


def _in_office_after(act: Act, arrays: acts_arrays.ActArrays) -> list[int]:
    """Quarters from an act on in which the leader of that quarter is in office without a break."""
    first = next((t for t, q in enumerate(arrays.quarters) if q >= _quarter(act)), len(arrays.quarters))
    found: list[int] = []
    for t in range(first, len(arrays.quarters)):
        if arrays.leader[t] != arrays.leader[first]:
            break
        found.append(t)
    return found


def _demanded(done: Sequence[Act], target: str, arrays: acts_arrays.ActArrays) -> Float[Array, " quarter"]:
    """Effort asked of the target, % of GDP: the last demand of the leader in office; NaN where none stands."""
    asked = np.full(len(arrays.quarters), np.nan)
    for act in sorted(done, key=lambda a: a.date):
        if act.target in (target, acts.ALL) and act.kind == "demand" and act.unit == PERCENT_OF_GDP and act.magnitude:
            asked[_in_office_after(act, arrays)] = act.magnitude
    return asked


def _quarter(act: Act) -> str:
    return f"{act.date.year}-Q{(act.date.month + 2) // 3}"
