"""Tests of claims about hedging: threat, steps with others and alone, effort and its causes, leverage, the anchor."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np

from foederis.audit_inputs import ALLY, FIRST_TERM, Inputs, year_of
from foederis.audit_measure import against_ordinary, count, draws, fact, mean_difference, none, rate_ratio
from foederis.audit_rules import (
    CONTRADICTED,
    NOT_IDENTIFIED,
    NOT_YET_DUE,
    REFINED,
    SUPPORTED,
    Case,
    Rule,
    Statistic,
    Statistics,
    test,
)
from foederis.audit_tests_trust import exits
from foederis.hedging_equations import CAUSES

FIRST_PACT = 2010.0
ALONE = ("principle-three", "propulsion", "latent")  # rungs that mean strategic independence
MARK = "2028-Q4"
DOUBLED = 1.9  # cap after over cap before
MIN_YEARS = 2  # of outturn before an acceleration is judged
OUTTURN_DUE = 2027  # the year in which two years of outturn since 2025 are published
MIN_EPISODES = 6
LOST_ARMS, LOST_FORCES = -0.05, -0.10  # falls of the patron's part in deliveries, and of log forces, that mean drift
LASTING = 3  # years over which changes are compared


@test(
    "25",
    rule=Rule(
        (
            Case(SUPPORTED, lambda s: s["trend"].low > 0.0, "The index of threat rose by {trend}."),
            Case(CONTRADICTED, lambda s: s["trend"].high < 0.0, "The index of threat fell: {trend}."),
        ),
        ("trend",),
        "The index of threat moved by {trend}: no trend is possible.",
    ),
    data="threat index of the defence file (geopolitical risk, spending of the rival, scrambles)",
    window="2010 to 2024",
)
def threat_grew(e: Inputs) -> dict[str, Statistic]:
    """Least-squares trend of the log threat index, with the interval of a regression on years."""
    from scipy.stats import linregress, t

    rows = [(r["year"], r["log"]) for r in e.dyad["threat"]["index"] if not r["holdout"]]
    if len(rows) < 5:
        return {"trend": none("trend of threat")}
    x, y = np.array(rows).T
    fit = linregress(x, y)
    half = float(t.ppf(0.95, len(rows) - 2) * fit.stderr)
    return {
        "trend": Statistic(
            "trend of the log threat index",
            fit.slope,
            fit.slope - half,
            fit.slope + half,
            len(rows),
            "log points a year",
            3,
        )
    }


def _pact_ratio(e: Inputs) -> Statistic:
    """Rate of signing in the years of the returned leader over other years since 2010."""
    first = dt.date(2010, 1, 1)
    mine = e.years_of(first, e.as_of)
    rest = (e.as_of - first).days / 365.25 - mine
    hits = sum(
        mine > 0 and e.years_of(_day(r["when"]), _day(r["when"] + 0.01)) > 0
        for r in e.signed
        if r["when"] >= FIRST_PACT
    )
    total = sum(r["when"] >= FIRST_PACT for r in e.signed)
    return rate_ratio("agreements a year under the returned leader over other years", hits, mine, total - hits, rest)


def _day(when: float) -> dt.date:
    return dt.date(int(when), 1, 1) + dt.timedelta(days=int((when % 1) * 365.25))


def _reached(e: Inputs, rung: str) -> bool:
    return any(r["id"] == rung and r["date"] for r in e.dyad["rungs"]["reached"])


@test(
    "28",
    rule=Rule(
        (
            Case(CONTRADICTED, lambda s: s["steps"].value == 0, "None of the three steps was taken."),
            Case(
                SUPPORTED,
                lambda s: s["steps"].value >= 2 and s["ratio"].low > 1.0,
                "{steps} of three steps were taken, and agreements with others came faster under the leader who "
                "is distrusted ({ratio}).",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["ratio"].high < 1.0,
                "{steps} of three steps were taken, but agreements with others came more slowly under the leader "
                "who is distrusted ({ratio}).",
            ),
            Case(
                REFINED,
                lambda s: s["steps"].value >= 1,
                "{steps} of three steps were taken (partners {partners}, own strike {own}, independence {alone}),"
                " at a pace that did not change with the leader ({ratio}): they began before and went on after.",
            ),
        ),
        ("steps", "ratio"),
        "Undecided: {ratio}.",
    ),
    data="agreements and rungs of the defence file",
    window="2010 to the last recorded act (holdout rows read)",
)
def three_steps(e: Inputs) -> dict[str, Statistic]:
    """Steps taken (agreements with others in force, stand-off strike decided, a nuclear rung), and the rate of signing
    under the returned leader over that of other years since 2010."""
    partners, own, alone = len(e.signed) > 0, _reached(e, "standoff"), any(_reached(e, r) for r in ALONE)
    listed = len(e.dyad["rungs"]["ladder"])
    return {
        "steps": count("steps taken", partners + own + alone, listed),
        "partners": count("agreements with others", len(e.signed), listed),
        "own": count("stand-off strike decided", int(own), listed),
        "alone": count("rungs of independence", int(alone), listed),
        "ratio": _pact_ratio(e),
    }


@test(
    "29",
    rule=Rule(
        (
            Case(CONTRADICTED, lambda s: s["cap"].value < DOUBLED, "The cap was not doubled: {cap} times."),
            Case(
                SUPPORTED,
                lambda s: s["change"].low > 0.0 and s["before"].value < 0.5 * s["change"].value,
                "The cap rose {cap}-fold and effort by {change} in three years, beyond all ordinary changes; the "
                "eight years before brought {before}.",
            ),
            Case(
                REFINED,
                lambda s: s["cap"].value >= DOUBLED,
                "The cap rose {cap}-fold, but effort moved by {change} in three years, within what it had done "
                "before, or on a trend ({before} in eight years).",
            ),
        ),
        ("cap", "change", "before"),
        "Undecided: {change}.",
    ),
    data="caps of the defence file; military expenditure (World Bank, SIPRI)",
    window="1960 to 2024",
)
def break_of_2022(e: Inputs) -> dict[str, Statistic]:
    """Cap set in 2022 over the one before; change of effort from 2021 to 2024 less the ally's ordinary changes over
    three years since 1960; change from 2013 to 2021."""
    caps = sorted((r["date"], float(r["value"])) for r in e.dyad["caps"]["rows"])
    last = [v for d, v in caps if year_of(d) <= 2022]
    ratio = last[-1] / last[-2] if len(last) > 1 else float("nan")
    effort = e.series("milex_share_gdp", ALLY)
    past = [effort[y + LASTING] - effort[y] for y in range(1960, 2019) if y in effort and y + LASTING in effort]
    known = {2013, 2021, 2024} <= set(effort)
    change = effort[2024] - effort[2021] if known else float("nan")
    early = (
        fact("change from 2013 to 2021", effort[2021] - effort[2013], 2, "points of GDP")
        if known
        else none("change from 2013 to 2021")
    )
    return {
        "cap": fact("cap of 2022 over the one before", ratio, len(last), "", 1),
        "change": against_ordinary("change of effort, 2021 to 2024, less ordinary ones", change, past, "points of GDP"),
        "before": early,
    }


@test(
    "30",
    rule=Rule(
        (
            Case(
                NOT_IDENTIFIED,
                lambda s: s["informed"].value == 0,
                "The panel of allies tells how effort follows threat ({b_Z}) and next to nothing on distrust ({b_r}) "
                "and demands ({b_d}): their priors are as wide after the data as before.",
            ),
            Case(
                SUPPORTED,
                lambda s: s["distrust"].low > 0.0 and s["demand"].low > 0.0,
                "Both work: distrust {distrust}, pressure {demand}.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["distrust"].high <= 0.0 and s["demand"].high <= 0.0,
                "Neither raises effort: distrust {distrust}, pressure {demand}.",
            ),
            Case(
                REFINED,
                lambda s: s["distrust"].low > 0.0 or s["demand"].low > 0.0,
                "One works, the other need not: distrust {distrust}, pressure {demand}.",
            ),
        ),
        ("distrust", "demand", "b_Z", "b_r", "b_d"),
        "Threat adds {threat}; distrust {distrust} and pressure {demand} may have either sign.",
    ),
    data="posterior of the panel of allies; assembled model (Shapley parts of log effort beyond the programme)",
    window="1960 to 2024; 2025 to 2028, simulated",
)
def causes_of_effort(e: Inputs) -> dict[str, Statistic]:
    """What the panel of allies taught of the responses of effort to threat, distrust and demands, and whether data
    inform any of the last two; parts of the ally's effort beyond its programme at the end of 2028 by cause."""
    at = e.run.scenario.effort_causes[e.run.scenario.at(MARK)]
    parts = {name: draws(f"part of {name}", 100 * at[:, k], "log points", 1) for k, name in enumerate(CAUSES)}
    learnt = {
        name: Statistic(f"posterior: {k.what}", k.mean, k.low, k.high, 1)
        for name in ("b_Z", "b_r", "b_d")
        if (k := e.known.get(name)) is not None
    }
    informed = sum(e.informed(name) for name in ("b_r", "b_d"))
    return {"informed": count("responses to distrust and demands that data inform", informed, 2), **learnt, **parts}


def _too_early(s: Statistics) -> bool:
    return s["outturn"].value < MIN_YEARS and s["wait"].value > 0


@test(
    "31",
    rule=Rule(
        (
            Case(
                NOT_YET_DUE,
                _too_early,
                "Outturn of {outturn} years since 2025 is published, two are needed; budgets alone give a change "
                "of pace of {pace} in the narrow count ({official} in the official one).",
            ),
            Case(
                SUPPORTED,
                lambda s: s["pace"].value > 0.0 and s["outturn"].value >= MIN_YEARS,
                "Effort grows faster since 2025: {pace}.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["pace"].value <= 0.0 and s["outturn"].value >= MIN_YEARS,
                "Effort does not grow faster since 2025: {pace}.",
            ),
        ),
        ("pace", "official"),
        "Outturn since 2025 is missing though it is due: {outturn} years.",
    ),
    data="effort and programme of the defence file, narrow and official count",
    window="2023 to 2025 (holdout rows read)",
)
def acceleration(e: Inputs) -> dict[str, Statistic]:
    """Years of outturn since 2025; growth of effort in 2025 less that in 2024, in the narrow and in the official count,
    by budgets; years until two years of outturn are due."""
    rows = {r["year"]: r for r in e.dyad["programme"]}
    done = [r for r in e.dyad["effort"] if r["year"] >= 2025]

    def pace(column: str) -> Statistic:
        if not {2023, 2024, 2025} <= set(rows):
            return none("change of pace")
        a, b, c = (float(rows[y][column]) for y in (2023, 2024, 2025))
        return fact(f"change of pace, {column}", (c - b) - (b - a), 3, "points of GDP")

    return {
        "outturn": count("years of outturn since 2025", len(done), len(e.dyad["effort"])),
        "wait": fact("years until two years of outturn are due", max(0, OUTTURN_DUE - e.as_of.year)),
        "pace": pace("value"),
        "official": pace("official"),
    }


def _growth(e: Inputs) -> list[tuple[float, bool]]:
    """Growth of host-nation support by agreement, per cent, and whether the returned leader led when it was made."""
    averages: list[tuple[int, float]] = []
    for row in e.dyad["host_nation_support"]:
        if row["payer_iso3"] == ALLY and row["kind"].startswith("agreement") and row["amount"]:
            first, last = (int(y[2:]) for y in row["period"].split("-"))
            years = last - first + 1 if row["kind"].endswith("total") else 1
            averages.append((first, row["amount"] / years))
        elif row["payer_iso3"] == ALLY and "one-year extension" in row["description"]:
            averages.append((int(row["period"][2:]), row["amount"]))
    averages.sort()
    pairs = itertools.pairwise(averages)
    return [
        (100 * (b / a - 1), e.years_of(dt.date(year - 1, 7, 1), dt.date(year, 1, 1)) > 0) for (_, a), (year, b) in pairs
    ]


@test(
    "43",
    rule=Rule(
        (
            Case(
                NOT_IDENTIFIED,
                lambda s: s["episodes"].value < MIN_EPISODES,
                "Only {episodes} agreements can be told apart by who led, six are needed.",
            ),
            Case(SUPPORTED, lambda s: s["gap"].high < 0.0, "Firm demands brought less than talks: {gap}."),
            Case(CONTRADICTED, lambda s: s["gap"].low > 0.0, "Firm demands brought more than talks: {gap}."),
        ),
        ("episodes",),
        "Firm demands and talks differ by {gap}: both signs are possible.",
    ),
    data="host-nation support of the ally",
    window="FY2011 to FY2026",
)
def respect_and_leverage(e: Inputs) -> dict[str, Statistic]:
    """Growth of host-nation support over agreements made under the returned leader less that under others."""
    rows = _growth(e)
    firm, soft = ([g for g, hard in rows if hard is wanted] for wanted in (True, False))
    return {
        "episodes": count("agreements", len(rows), len(e.dyad["host_nation_support"])),
        "gap": mean_difference("growth under firm demands less under talks", firm, soft, "%"),
    }


def _kept(s: Statistics) -> int:
    return (s["arms"].value >= LOST_ARMS) + (s["forces"].value >= LOST_FORCES) + (s["exits"].value == 0)


@test(
    "44",
    rule=Rule(
        (
            Case(NOT_IDENTIFIED, lambda s: s["hedges"].value == 0, "No hedge is on record."),
            Case(
                SUPPORTED,
                lambda s: _kept(s) == 3,
                "So far: {hedges} agreements with others since 2017, while the patron's part in deliveries "
                "changed by {arms}, its forces by {forces}, and no obligation was left.",
            ),
            Case(
                CONTRADICTED,
                lambda s: _kept(s) == 0,
                "The anchor went: deliveries {arms}, forces {forces}, {exits} obligations left.",
            ),
            Case(
                REFINED,
                lambda s: _kept(s) in (1, 2),
                "{hedges} agreements with others; the anchor holds in part: deliveries {arms}, forces {forces}, "
                "{exits} obligations left.",
            ),
        ),
        ("hedges", "arms", "forces", "exits"),
        "Undecided.",
    ),
    data="agreements of the ally; arms deliveries; forces by host; list of acts",
    window="2016 to 2024, agreements to the last recorded act (holdout rows read)",
)
def anchor_holds(e: Inputs) -> dict[str, Statistic]:
    """Agreements with others since 2017, and three signs of the anchor: the patron's part in arms deliveries, forces
    in the country (log change since 2016), security obligations left."""

    def change(column: str, log: bool, what: str) -> Statistic:
        series = e.series(column, ALLY)
        if not {2016, 2024} <= set(series):
            return none(what)
        a, b = series[2016], series[2024]
        return fact(what, float(np.log(b / a)) if log else b - a, 2)

    since = [r for r in e.signed if r["when"] >= FIRST_TERM.year]
    return {
        "hedges": count("agreements with others since 2017", len(since), len(e.signed)),
        "arms": change("us_import_share_arms", False, "change of the patron's part in deliveries since 2016"),
        "forces": change("us_troops", True, "log change of forces since 2016"),
        "exits": exits(e),
    }
