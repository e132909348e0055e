"""The assembled run: what is common to its worlds, what each switch moves, what must sum, what never shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from alliance_case import (
    BASELINE,
    DRAWS,
    HEAD,
    PATHS,
    SEED,
    SET,
    TRADE,
    again,
    cast,
    differing,
    main_run,
    plan_of,
    table,
)
from foederis import acts_arrays, balance, beliefs, beliefs_channels, dyad, ensemble_alliance, priors, region_data
from foederis import simulation_parameters as parameters
from foederis.ensemble_alliance import Alliance, cast_of, run_alliance
from foederis.ensemble_surface import TOLERANCE
from foederis.errors import DataError, UsageError
from foederis.report_alliance import MARKS, find_alliance
from foederis.simulation_alliance import Switches, run, theatre

MARK = "2028-Q4"
BELIEF = {f"trust.{name}" for name in ("L", "n_X", "n_P", "mu", "r")} | {"reliability", "linkage"}
HEDGE = {"effort", "effort_causes", "own", "partners", "accommodation", "hedge", "rungs"}
RISK = {"hazard_ratio", "security"}
REGION = {"shares", "courtship"}
# Which paths of the scenario each switch moves; all others must be equal to the bit.
MOVED: dict[str, tuple[Switches, set[str]]] = {
    "signalling": (
        Switches(signalling=False),
        BELIEF | HEDGE | RISK | REGION | {"access", "cap", "posture", "gap"},
    ),
    "hedging": (Switches(hedging=False), HEDGE | RISK | {"posture"}),
    "region": (Switches(region=False), REGION),
    "watching": (Switches(watching=False), REGION),
    "own treatment": (Switches(own_treatment=False), REGION),
    "rival acts": (Switches(rival_acts=False), REGION),
    "bases": (Switches(bases=False), {"partners", "accommodation", "hedge", "posture"} | RISK),
    "effort by the optimum": (Switches(effort="optimum"), (HEDGE - {"rungs"}) | RISK | {"posture"}),
}


@cache
def without(name: str) -> Alliance:
    return again(MOVED[name][0])


def news(found: Alliance) -> np.ndarray:
    """Log odds that the ally's belief stands at, [quarter, draw]."""
    return found.scenario.trust.L[:, :, 0]


# What is common


def test_the_same_scenario_gives_the_reference_to_the_bit() -> None:
    """Nothing done: the three worlds are one, nothing is gained, nothing has a price."""
    still = run_alliance(plan_of(BASELINE), cast(), elasticities=SET, workers=1)
    assert differing(still.scenario, still.reference) == differing(still.exempt, still.reference) == set()
    assert still.trade.laws == 0
    assert not still.balance_change.any()
    assert not still.net.any()
    assert {balance.CASES[k] for k in still.case} == {"no change"}
    assert not np.isfinite(still.break_even).any()
    assert np.array_equal(still.trust, still.trust_reference)


def test_where_nothing_differs_no_channel_moves_trust() -> None:
    still = run_alliance(plan_of(BASELINE), cast(), elasticities=SET, workers=1)
    largest = max(float(np.abs(part).max()) for part in still.why_trust(MARK).parts.values())
    assert largest < 1e-12


def test_the_worlds_are_equal_before_the_scenario_begins_and_differ_after() -> None:
    found = main_run()
    assert found.quarters[found.begin] == "2025-Q1"
    assert differing(found.scenario, found.reference, until=found.begin) == set()
    assert differing(found.scenario, found.exempt, until=found.begin) == set()
    assert not found.balance_change[: found.begin].any()
    for name in TRADE:
        assert not getattr(found.trade, name)[: found.begin].any(), name
    later = differing(found.scenario, found.reference)
    assert {"trust.L", "effort", "shares", "access"} <= later
    assert differing(found.scenario, found.exempt) >= {"trust.L", "effort", "access"}


def test_sparing_the_ally_leaves_what_was_done_to_the_bystanders() -> None:
    """The exempt world differs in the ally's treatment: bystanders see the same duties on themselves."""
    found = main_run()
    t = found.scenario.at(MARK)
    mine, spared = (world.channels[MARK] for world in (found.scenario, found.exempt))
    assert np.median(news(found)[t]) < np.median(found.exempt.trust.L[t, :, 0]) - 1.0
    assert np.abs(mine[..., 1]).max() > np.abs(spared[..., 1]).max()  # watching
    assert np.abs(spared[..., 0]).max() > 0  # own treatment stays


# What a court decides, what is only threatened


def test_a_court_ruling_moves_the_tariff_and_its_gain_and_not_belief() -> None:
    """The ledger frozen on the eve of the ruling of 20 February 2026 and on its morrow: one duty less, one belief."""
    eve, morrow = (
        run_alliance(plan_of(f"{HEAD}ledger: {{clock: law, frozen_on: {day}}}\n"), cast(), elasticities=SET, workers=1)
        for day in ("2026-02-19", "2026-02-21")
    )
    assert {a.id for a in morrow.acts} - {a.id for a in eve.acts} >= {"E095-JPN"}
    t = eve.scenario.at("2026-Q2")
    assert (morrow.trade.gain[t] < 0.6 * eve.trade.gain[t]).all()
    assert (morrow.trade.income[t] > eve.trade.income[t]).all()
    assert (morrow.course.treatment[t] > eve.course.treatment[t]).all()
    assert np.array_equal(news(eve), news(morrow))
    assert not differing(eve.scenario, morrow.scenario) & {"trust.L", "trust.mu", "linkage", "trust.n_X"}
    assert eve.scenario.at("2025-Q4") < t
    # Reliability moves only as far as the deficit does (B7), not with the ruling.
    assert np.abs(morrow.scenario.reliability - eve.scenario.reliability).max() < 0.05


def test_a_threat_alone_moves_belief_and_no_trade() -> None:
    threat = (
        "acts:\n  - {id: threat, date: 2025-05-01, kind: tariff, before: 2%, magnitude: 27%, carried_out: false,\n"
        "     title: A tariff threatened, zeta: 1, source: assumed}\n"
    )
    found = run_alliance(plan_of(HEAD + threat), cast(), elasticities=SET, workers=1)
    assert found.trade.laws == 0
    assert not any(getattr(found.trade, name).any() for name in TRADE)
    assert not found.course.treatment.any()
    fall = news(found) - found.reference.trust.L[:, :, 0]
    t = found.scenario.at("2025-Q2")
    assert not fall[:t].any()
    assert (fall[t] < 0).all()
    assert np.median(fall[t]) < -0.5
    assert {"effort", "access", "shares"} <= differing(found.scenario, found.reference)
    no_gain = {balance.CASES[k] for k in found.case}
    assert no_gain <= {"dominated", "buys power"}


# Ablations


@pytest.mark.parametrize("name", MOVED)
def test_a_switch_moves_what_it_should_and_nothing_else(name: str) -> None:
    """The table MOVED, to the bit; trade never moves, and the rest runs on to finite numbers."""
    whole, less = main_run(), without(name)
    assert differing(whole.scenario, less.scenario) == MOVED[name][1]
    assert not np.array_equal(whole.balance_change, less.balance_change)
    for path in ("reliability", "own", "shares", "security", "posture"):
        assert np.isfinite(getattr(less.scenario, path)).all(), path
    assert np.array_equal(whole.mean_gain, less.mean_gain)
    assert np.array_equal(whole.trust, less.trust) is (name != "signalling")
    assert np.allclose(sum(less.terms(MARK).parts().values()), less.terms(MARK).total, atol=1e-12)


def test_without_signalling_belief_stays_and_only_money_moves_reliability() -> None:
    found = without("signalling")
    assert np.ptp(found.scenario.trust.L, axis=0).max() == 0.0
    assert np.ptp(found.scenario.linkage, axis=0).max() < 1e-12
    moved = found.scenario.reliability - found.reference.reliability
    assert np.abs(moved).max() > 0  # the deficit and the pledge (B7)
    assert np.abs(moved).max() < np.abs(main_run().scenario.reliability - main_run().reference.reliability).max()


def test_without_hedging_effort_is_the_programme() -> None:
    found = without("hedging")
    given = found.cast.stage.exogenous
    official = np.minimum(given["programme"][:, None] * given["recount"][:, None], found.scenario.cap)
    np.testing.assert_allclose(found.scenario.effort, official)
    assert np.ptp(found.scenario.partners, axis=0).max() == np.ptp(found.scenario.accommodation, axis=0).max() == 0.0
    t = found.scenario.at(MARK)
    assert not found.terms(MARK).rearmament.any()
    assert np.ptp(found.scenario.access[: t + 1], axis=0).max() > 0  # bases answer to trust all the same


def test_without_the_region_shares_stay_and_each_part_of_it_is_one_channel() -> None:
    off = without("region")
    assert np.ptp(off.scenario.shares, axis=0).max() == 0.0
    assert not off.terms(MARK).bystanders.any()
    channels = {name: without(name).scenario.channels[MARK] for name in ("watching", "own treatment", "rival acts")}
    assert not channels["watching"][..., 1].any()
    assert not channels["own treatment"][..., 0].any()
    assert not channels["rival acts"][..., 3:5].any()
    assert channels["watching"][..., 0].any()
    assert channels["own treatment"][..., 1].any()


def test_without_bases_there_is_no_access_term() -> None:
    found = without("bases")
    assert np.abs(found.terms(MARK).access).max() < 1e-14
    assert np.median(np.abs(main_run().terms(MARK).access)) > 1e-3
    assert np.array_equal(found.scenario.access, main_run().scenario.access)  # it is still seen, and does not count


# Rival readings and both priors


def test_the_reading_without_learning_is_signalling_off() -> None:
    assert differing(again(Switches(reading="none")).scenario, without("signalling").scenario) == set()


def test_the_reading_of_henry_hears_defence_only() -> None:
    found = again(Switches(reading="henry"))
    t = found.scenario.at("2025-Q4")
    assert {"trust.L", "access", "shares"} <= differing(found.scenario, main_run().scenario)
    assert np.median(news(found)[t]) > np.median(news(main_run())[t])  # most acts of 2025 were about trade
    parts = found.why_trust(MARK).parts
    assert np.abs(parts["linkage"]).max() > 0


def test_the_reading_of_sukin_turns_the_steps_to_independence_round() -> None:
    found, usual = again(Switches(reading="sukin")), main_run()
    assert {"rungs"} <= differing(found.scenario, usual.scenario) <= {*HEDGE, *RISK, "cap", "posture", "gap", "access"}
    t = found.scenario.at(MARK)
    distrust = usual.scenario.reliability[t] < np.quantile(usual.scenario.reliability[t], 0.3)
    free = usual.scenario.rungs[t][:, -1]  # the last rung waits for nobody's record
    assert found.scenario.rungs[t][distrust, -1].mean() != free[distrust].mean()


def test_an_unknown_reading_is_refused() -> None:
    with pytest.raises(UsageError, match="no reading 'wishful'"):
        again(Switches(reading="wishful"))  # type: ignore[arg-type]


def test_both_priors_on_leaders_run_and_differ() -> None:
    other = again(on=cast(variant="Beta(3, 8)"))
    one = main_run()
    share = [(a.scenario.trust.n_X / (a.scenario.trust.n_X + a.scenario.trust.n_P))[:, :, 0] for a in (one, other)]
    np.testing.assert_allclose(share[0][0], 1 / 13)
    np.testing.assert_allclose(share[1][0], 3 / 11)
    end = one.scenario.at("2035-Q4")
    rise = [np.log(s[end] / (1 - s[end])) - np.log(s[0] / (1 - s[0])) for s in share]
    assert np.median(rise[0]) > np.median(rise[1]) > 0
    assert set(parameters.VARIANTS) == {"Beta(1, 12)", "Beta(3, 8)"} == set(beliefs.STRUCTURAL)
    with pytest.raises(UsageError, match="no prior on leaders"):
        parameters.draw(1, [0], "Beta(0, 0)")


# Draws


def test_draws_do_not_depend_on_others_nor_on_the_number_of_workers() -> None:
    """Half the draws in two processes are the first half of all of them in one, to the bit."""
    half = DRAWS // 2
    few = run_alliance(plan_of("us-japan-2025"), cast(half), elasticities=SET, workers=2)
    whole = main_run()
    for name in TRADE:
        value = getattr(whole.trade, name)
        expected = value if name == "pull" else value[:, :half]
        assert np.array_equal(getattr(few.trade, name), expected), name
    for name in PATHS:
        assert np.array_equal(getattr(few.scenario, name), getattr(whole.scenario, name)[:, :half]), name
    for name in ("price", "mean_balance", "mean_gain", "net", "case"):
        assert np.array_equal(getattr(few, name), getattr(whole, name)[:half]), name
    assert np.array_equal(few.trust_next, whole.trust_next[:, :half])


def test_trade_of_every_quarter_is_read_within_the_bound() -> None:
    path = main_run().trade
    assert path.laws >= 6
    assert path.check is not None
    assert path.check.worst < 0.05
    assert max(path.residuals.values()) <= TOLERANCE


def test_which_parameters_move_nothing_in_a_run() -> None:
    """One run in which each draw has one parameter moved, all else being one draw of the prior; five such draws.

    The list says what is in the prior table and moves nothing in a run with all on: what has its own figures, rival
    readings, the optimum's cap, and inputs for which nothing is measured.
    """
    dead = {
        *("tau_theta", "mu_fall", "epsilon_e"),  # trade draws its own; the phase diagram and the priors-only figures
        *("henry_reversal", "cap_share"),  # rival reading; effort by the optimum
        *("b_2", "b_y"),  # no path of the ally's own alignment, none of fiscal room
        "entrapment",  # partners stay below 1.5 times own forces
    }
    apart = {"kappa_sign", "n_X0", "n_P0"}  # a point each in the prior table
    outside = {name for name in parameters.parameters() if name.startswith("poll_")}
    outside |= {"omega_1", "omega_2", "omega_3", "prize", "contest_rate", "disbursed"}  # used outside the block loop
    table_ = {n: q for n, q in parameters.parameters().items() if n not in outside | apart}
    found, each = main_run(), len(table_) + 1
    drawn = parameters.draw(SEED, range(5))
    p = {name: np.repeat(value, each) for name, value in drawn.items()}
    for k, (name, parameter) in enumerate(table_.items(), 1):
        low, high = priors.quantile(parameter, np.array([0.2, 0.8]))
        p[name][k::each] = np.where(np.abs(high - drawn[name]) > np.abs(low - drawn[name]), high, low)
    numbers = np.repeat(np.arange(5), each)
    stage = theatre(dyad.load(), region_data.load(), found.quarters, SEED, numbers)
    course = replace(
        found.course, grievance=found.course.grievance[:, numbers], concession=found.course.concession[:, numbers]
    )
    path = run(stage, course, p)
    seen = [np.moveaxis(getattr(path, name), 1, 0).reshape(len(numbers), -1) for name in PATHS]
    both = np.stack([balance.log_balance(s) for s in path.sides], axis=1)
    value = np.concatenate([*seen, both, path.trust.R_mass[:, :, 0].T], axis=1).reshape(5, each, -1)
    same = {name for k, name in enumerate(table_, 1) if np.array_equal(value[:, k], value[:, 0])}
    assert same == dead


# Sums and cases


def test_the_parts_of_the_balance_sum_to_its_change() -> None:
    found = main_run()
    for mark in MARKS:
        terms = found.terms(mark)
        np.testing.assert_allclose(sum(terms.parts().values()), terms.total, atol=1e-14)
        np.testing.assert_allclose(terms.total, found.balance_change[found.scenario.at(mark)], atol=1e-14)


def test_the_channels_of_trust_sum_to_its_change() -> None:
    """In log odds by channel, exactly; in points of the poll with the interaction shown."""
    found = main_run()
    t = found.scenario.at(MARK)
    split = found.why_trust(MARK)
    change = found.trust[t] - found.trust_reference[t]
    np.testing.assert_allclose(sum(split.parts.values()) + split.interaction, change, atol=1e-12)
    assert np.abs(split.interaction).max() > 1e-3
    assert set(split.parts) == {*beliefs_channels.WHOLE, "structural"}
    arrays = ensemble_alliance.replace_observer(found.course.arrays, "JPN")
    parts = beliefs_channels.by_channel(arrays, found.cast.p, found.scenario.trust, "JPN", found.begin, t)
    L = found.scenario.trust.L[:, :, 0]
    np.testing.assert_allclose(sum(parts.values()), L[t] - L[found.begin - 1], atol=1e-9)
    assert not parts["court"].any()  # not chosen, not heard


def test_the_channels_of_each_bystander_sum_to_its_change() -> None:
    found = main_run()
    for mark in MARKS:
        t = found.scenario.at(mark)
        moved = found.scenario.shares[t] - found.cast.stage.surveys.start
        np.testing.assert_allclose(found.scenario.channels[mark].sum(axis=-1), moved, atol=1e-9)


def test_cases_break_even_and_net_gain_say_the_same() -> None:
    found = main_run()
    gain, change, price, net = found.mean_gain, found.mean_balance, found.price, found.net
    assert (price > 0).all()
    for k, name in enumerate(found.case):
        case = balance.CASES[name]
        expected = {
            "pays": gain[k] > 0 > change[k] and net[k] >= 0,
            "self-defeating": gain[k] > 0 > change[k] and net[k] < 0,
            "both gain": gain[k] > 0 and change[k] >= 0,
            "dominated": gain[k] <= 0 and change[k] < 0,
            "buys power": gain[k] <= 0 < change[k],
            "no change": gain[k] == 0 == change[k],
        }
        assert expected[case], case
    falls = (gain > 0) & (change < 0)
    assert falls.any()
    assert np.array_equal(found.break_even[falls] < price[falls], net[falls] < 0)
    assert np.isinf(found.break_even[(gain > 0) & (change >= 0)]).all()


# What reports may say


def test_no_level_of_war_leaves_the_run() -> None:
    """Ratios of the hazard are paths; a chance of winning or of war is in no path, no finding and no text of one."""
    found = main_run()
    names = {field.name for field in fields(found.scenario)}
    assert not {name for name in names if "win" in name or ("hazard" in name and "ratio" not in name)}
    # The base lies before the first quarter, whose acts may have moved it already.
    assert np.all(found.scenario.hazard_ratio > 0)
    assert np.median(found.scenario.hazard_ratio[0]) == pytest.approx(1.0, abs=0.1)
    told = find_alliance(found, "test").as_dict()
    assert not {key for key in keys(told) if re.search(r"win(_|$)|hazard(?!_ratio)|war(_|$)", key)}
    assert not re.search(r"(chance|probability|risk) of (war|winning|victory)", json.dumps(told, default=str).lower())


def keys(value: Any) -> Iterator[str]:
    """Every key of nested plain values."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key).lower()
            yield from keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from keys(inner)


def test_findings_repeat_the_run() -> None:
    found = main_run()
    told = find_alliance(found, "test")
    assert told.self_defeat == pytest.approx((found.net < 0).mean())
    assert sum(told.cases.values()) == pytest.approx(1.0)
    total = 100 * float(found.terms(MARK).total.mean())
    assert sum(part[0] for part in told.terms.values()) == pytest.approx(total, abs=1e-9)
    t = found.scenario.at(MARK)
    change = 100 * float((found.trust[t] - found.trust_reference[t]).mean())
    assert sum(part[0] for part in told.why_trust.values()) == pytest.approx(change, abs=1e-9)
    assert [b.code for b in told.bystanders] == list(found.scenario.bystanders)


# Faults


def test_a_pair_without_its_own_data_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="USA-KOR") as refused:
        cast_of("USA", "KOR", draws=DRAWS)
    assert "security-usa-kor.json" in str(refused.value)
    assert "borrowed" in str(refused.value)


def test_acts_seen_by_others_are_refused() -> None:
    found = main_run()
    stranger = acts_arrays.act_arrays(found.acts, found.quarters, ("JPN", "BRA"))
    from foederis.simulation_alliance import course_of

    with pytest.raises(DataError, match="do not fit the ally and its bystanders"):
        course_of(found.cast.stage, stranger, DRAWS)


def test_a_result_that_is_not_finite_is_refused() -> None:
    found = main_run()
    broken = {**found.cast.p, "r_P": np.full(DRAWS, np.nan)}
    with pytest.raises(DataError, match="reliability is not finite"):
        run(found.cast.stage, found.course, broken)


def test_the_observers_are_the_ally_and_its_bystanders() -> None:
    found = main_run()
    assert found.course.arrays.observers == ("JPN", *found.scenario.bystanders)
    assert set(found.scenario.bystanders) <= set(table().countries)
