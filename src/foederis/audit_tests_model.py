"""Tests of claims that the assembled model carries: keystone, structural trust, self-defeat, the fork in the road."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from foederis import balance
from foederis.audit_inputs import Inputs
from foederis.audit_measure import count, draws, fact, modes
from foederis.audit_rules import (
    CONTRADICTED,
    NOT_IDENTIFIED,
    NOT_YET_DUE,
    REFINED,
    SUPPORTED,
    Case,
    Rule,
    Statistic,
    test,
)
from foederis.ensemble_alliance import Alliance

MIN_SPELLS = 3
EVEN = 0.5
LIKELY = 0.8
ONE_MODE = 0.10  # p-value below which one mode is given up


@test(
    "1",
    rule=Rule(
        (
            Case(
                NOT_IDENTIFIED,
                lambda s: s["informed"].value == 0,
                "Without the ally the balance falls by {total}, of which {complement} is not its own forces; but "
                "that part rests on a share of theatre power that needs bases which no data inform.",
            ),
            Case(
                SUPPORTED, lambda s: s["complement"].low > 0.0, "More is lost than the ally's own forces: {complement}."
            ),
            Case(
                CONTRADICTED,
                lambda s: s["complement"].high <= 0.0,
                "No more is lost than the ally's own forces: {complement}.",
            ),
        ),
        ("complement",),
        "What is lost beyond own forces is {complement}: it may be nothing.",
    ),
    data="assembled model; contraction of the parameter psi from prior to posterior",
    window="2025, simulated",
)
def keystone(e: Inputs) -> dict[str, Statistic]:
    """Fall of the log balance if ally and bases were gone, less that from the ally's forces alone, per cent."""
    run = e.run
    t = run.begin
    sides, p = run.reference.sides[t], run.cast.p
    psi, access = p["psi"] * float(run.switches.bases), run.reference.access[t]
    nothing = np.zeros_like(sides.ally)
    bare = sides.patron * (1.0 - psi) / (1.0 - psi * (1.0 - access))
    whole = balance.log_balance(sides)
    alone = whole - balance.log_balance(replace(sides, ally=nothing))
    total = whole - balance.log_balance(replace(sides, ally=nothing, patron=bare))
    return {
        "informed": count("whether data inform the share that needs bases", int(e.informed("psi"))),
        "total": draws("fall of the balance without ally and bases", 100 * total, "%", 1),
        "complement": draws("part beyond the ally's own forces", 100 * (total - alone), "%", 1),
    }


def _structural(found: Alliance, quarter: str) -> np.ndarray:
    t = found.scenario.at(quarter)
    n_X, n_P = found.scenario.trust.n_X[t, :, 0], found.scenario.trust.n_P[t, :, 0]
    return np.asarray(n_X / (n_X + n_P))


@test(
    "13",
    rule=Rule(
        (
            Case(
                NOT_IDENTIFIED,
                lambda s: s["spells"].value < MIN_SPELLS,
                "Two priors give {ours} and {other} for the share of leaders who bargain over defence; {spells} "
                "terms of one such leader cannot tell them apart, three are the least.",
            ),
            Case(
                SUPPORTED,
                lambda s: min(s["ours"].low, s["other"].low) > EVEN,
                "Most leaders are expected to bargain over defence: {ours} and {other}.",
            ),
            Case(
                REFINED,
                lambda s: s["rise"].low > 0.0 and max(s["ours"].high, s["other"].high) < EVEN,
                "The expected share rises by {rise} and stays a minority: {ours} and {other}.",
            ),
            Case(CONTRADICTED, lambda s: s["rise"].high <= 0.0, "The expected share does not rise: {rise}."),
        ),
        ("ours", "other", "spells"),
        "The prior decides: {ours} and {other}.",
    ),
    data="assembled model under both priors on leaders; table of leaders",
    window="2017 to 2028, simulated; terms that have begun",
)
def structural_trust(e: Inputs) -> dict[str, Statistic]:
    """Expected share of leaders who bargain over defence at the end of 2028 under each prior, its rise since 2017, and
    terms of the returned leader that have begun."""
    mark = "2028-Q4"
    first = e.run.scenario.quarters[0]
    rise = _structural(e.run, mark) - _structural(e.run, first)
    return {
        "ours": draws(f"expected share, {e.run.cast.variant}", _structural(e.run, mark)),
        "other": draws(f"expected share, {e.other.cast.variant}", _structural(e.other, mark)),
        "rise": draws("rise since 2017", rise),
        "spells": count("terms of such a leader", e.spells, len(e.leaders)),
    }


def _annuity(found: Alliance) -> np.ndarray:
    """Net gain where the prize is certain to be contested, bn USD a year."""
    p, sides = found.cast.p, found.reference.sides[found.begin]
    win = 1.0 / (1.0 + np.exp(-p["contest_m"] * balance.log_balance(sides)))
    price = balance.price_of_power(p["prize"], found.cast.stage.dyad.patron_gdp_bn, win, p["contest_m"])
    return np.asarray(balance.net_gain(found.mean_gain, found.mean_balance, price))


def _by_thirds(e: Inputs, found: Alliance, hit: np.ndarray) -> list[float]:
    """Share of draws that hit within each third of each parameter that varies and that no data inform."""
    chances = []
    for name, value in found.cast.p.items():
        if np.ptp(value) > 0 and not e.informed(name):
            third = np.digitize(value, np.quantile(value, [1 / 3, 2 / 3]))
            chances += [float(hit[third == k].mean()) for k in range(3) if (third == k).any()]
    return chances


@test(
    "35",
    rule=Rule(
        (
            Case(SUPPORTED, lambda s: s["reach"].low > LIKELY, "The policy defeats itself with probability {defeat}."),
            Case(
                CONTRADICTED,
                lambda s: s["reach"].high < 1.0 - LIKELY,
                "On the coercer's own terms it is a net loss with probability {defeat} only.",
            ),
        ),
        ("defeat", "reach"),
        "A net loss has probability {defeat} by the price of power and the prior on leaders, and {reach} within thirds "
        "of a parameter that no data inform; the balance falls with probability {falls}.",
    ),
    data="assembled model, two priors on leaders, two prices of power",
    window="2025 to 2036, simulated",
)
def self_defeat(e: Inputs) -> dict[str, Statistic]:
    """Probability that gain less the value of power lost is negative; least and most over two priors on leaders and two
    prices of power (a contest that may come, and one that is certain); least and most also within the lower, middle or
    upper third of any one parameter that no data inform. The verdict must hold there too."""
    both = [(a, x) for a in (e.run, e.other) for x in (a.net, _annuity(a))]
    chances = [float((x < 0).mean()) for _, x in both]
    n = len(e.run.cast.numbers)
    within = [chance for a, x in both for chance in _by_thirds(e, a, x < 0)] or chances
    falls = [float((a.mean_balance < 0).mean()) for a in (e.run, e.other)]
    return {
        "defeat": Statistic("probability of a net loss", float(np.mean(chances)), min(chances), max(chances), n),
        "falls": Statistic("probability that the balance falls", float(np.mean(falls)), min(falls), max(falls), n),
        "reach": Statistic("the same within thirds of parameters", float(np.mean(within)), min(within), max(within), n),
        "gain": draws("yearly gain from taxing the ally", e.run.mean_gain, "bn USD", 1),
    }


@test(
    "36",
    rule=Rule(
        (
            Case(
                SUPPORTED, lambda s: s["falls"].low > LIKELY, "The coalition's balance falls with probability {falls}."
            ),
            Case(
                CONTRADICTED,
                lambda s: s["falls"].high < 1.0 - LIKELY,
                "The coalition's balance falls with probability {falls} only.",
            ),
        ),
        ("falls", "change"),
        "The balance changes by {change}: access {access} against rearmament {rearmament}; it falls with "
        "probability {falls}.",
    ),
    data="assembled model, two priors on leaders",
    window="2025 to 2036, simulated; terms at the end of 2028",
)
def rival_gains(e: Inputs) -> dict[str, Statistic]:
    """Change of the log balance that the acts on the ally make, the probability that it falls under two priors, and its
    terms of access and rearmament."""
    falls = [float((a.mean_balance < 0).mean()) for a in (e.run, e.other)]
    terms = e.run.terms("2028-Q4")
    return {
        "falls": Statistic(
            "probability that the balance falls", float(np.mean(falls)), min(falls), max(falls), len(e.run.cast.numbers)
        ),
        "change": draws("change of the balance", 100 * e.run.mean_balance, "%"),
        "access": draws("access", 100 * np.asarray(terms.access), "%"),
        "rearmament": draws("rearmament", 100 * np.asarray(terms.rearmament), "%"),
    }


@test(
    "42",
    rule=Rule(
        (
            Case(
                NOT_YET_DUE,
                lambda s: s["one"].value < ONE_MODE,
                "The paths of the model end in more than one state (one mode: p = {one}); which one it will be is"
                " not yet due.",
            ),
            Case(
                REFINED,
                lambda s: s["one"].value >= ONE_MODE,
                "No fork in the road: the paths of the model end in one state with a spread ({trust}; one mode: p"
                " = {one}).",
            ),
        ),
        ("one",),
        "Undecided.",
    ),
    data="assembled model",
    window="end of 2036, simulated",
)
def fork(e: Inputs) -> dict[str, Statistic]:
    """Silverman's test of one mode of the patron's perceived reliability at the end of the run, over draws."""
    last = e.run.scenario.reliability[-1]
    return {
        "one": fact("p-value of one mode", modes(last[:300]), min(300, len(last))),
        "trust": draws("perceived reliability at the end of 2036", last),
    }
