"""Tests of claims about trust: polls through the shocks, what is heard in words, how deep and how lasting."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator

import numpy as np

from foederis.audit_inputs import ALLY, EU, SECOND_TERM, Inputs, year_of
from foederis.audit_measure import (
    count,
    draws,
    half_life,
    mean_difference,
    none,
    poll_change,
    slope,
)
from foederis.audit_rules import (
    CONTRADICTED,
    NOT_IDENTIFIED,
    REFINED,
    SUPPORTED,
    Case,
    Rule,
    Statistic,
    Statistics,
    test,
)
from foederis.beliefs import learn
from foederis.scenario_codes import EU27

YOMIURI, CABINET = "Yomiuri", "Cabinet Office"
MOST = 0.5  # a rebound by more than half of the fall is no lasting bruise
MIN_PAIRS = 10  # countries below which a dose and a response cannot be told from chance
MIN_THREATS = 3
DOSE = 0.1  # points of trust per point of tariff that would count
SURE = 0.8  # probability above which an ordering or a depth is claimed
TRUST_ITEMS = (
    "trust_us",
    "affinity_us",
    "relations_good_us",
    "relations_good",
    "favourable_us",
    "confidence_us_president",
)
COSTLY, WARM = ("reassurance",), ("summit", "words")
LONGEST = 2.1  # years between two waves that are compared
RESPONSE_ITEMS = ("favourable_us", "trust_us", "trust_us_responsible", "affinity_us")


def falls(e: Inputs) -> dict[str, Statistic]:
    """The two polls of the ally that were asked in 2024 and 2025."""
    return {
        "trust": poll_change(
            "trust in the United States, Yomiuri, 2024 to 2025",
            e.poll(ALLY, "trust_us", 2024, YOMIURI),
            e.poll(ALLY, "trust_us", 2025, YOMIURI),
        ),
        "affinity": poll_change(
            "affinity, Cabinet Office, 2024 to 2025",
            e.poll(ALLY, "affinity_us", 2024, CABINET, "mail"),
            e.poll(ALLY, "affinity_us", 2025, CABINET, "mail"),
        ),
    }


def exits(e: Inputs) -> Statistic:
    """Security treaties with the ally that the patron left, among all acts listed."""
    gone = [a for a in e.on_ally("exit", "renege") if a.domain == "security"]
    return count("security obligations left or broken", len(gone), len(e.acts))


def _fell(s: Statistics) -> bool:
    return s["trust"].high < 0.0 and s["affinity"].high < 0.0


def _flat(s: Statistics) -> bool:
    return s["trust"].high >= 0.0 and s["affinity"].high >= 0.0


@test(
    "4",
    rule=Rule(
        (
            Case(
                CONTRADICTED,
                lambda s: s["exits"].value > 0,
                "The alliance did not survive on paper: {exits} obligations were left.",
            ),
            Case(CONTRADICTED, _flat, "Trust did not fall: {trust}, affinity {affinity}."),
            Case(
                SUPPORTED,
                lambda s: _fell(s) and s["effort"].value > 0.0,
                "No obligation was left, trust fell ({trust}; affinity {affinity}), and own effort rose by "
                "{effort} since 2016.",
            ),
            Case(
                REFINED,
                lambda s: s["effort"].value <= 0.0 or s["trust"].high < 0.0 or s["affinity"].high < 0.0,
                "One poll fell and the other did not: {trust}, affinity {affinity}.",
            ),
        ),
        ("exits", "trust", "affinity", "effort"),
        "The polls do not decide: {trust}, affinity {affinity}.",
    ),
    data="list of acts; Yomiuri and Cabinet Office polls; military expenditure (World Bank, SIPRI)",
    window="2016 to 2025 (holdout rows read)",
)
def paper_and_trust(e: Inputs) -> dict[str, Statistic]:
    """Security obligations left by the patron; change of two polls of trust from 2024 to 2025; change of the ally's
    effort from 2016 to 2024."""
    effort = e.series("milex_share_gdp", ALLY)
    change = effort[2024] - effort[2016] if {2016, 2024} <= set(effort) else float("nan")
    risen = (
        count("rise of effort since 2016", 0, 0)
        if change != change
        else Statistic("rise of effort since 2016", change, change, change, 2, "points of GDP")
    )
    return {"exits": exits(e), **falls(e), "effort": risen}


@test(
    "5",
    rule=Rule(
        (
            Case(CONTRADICTED, lambda s: s["favourable"].high >= 0.0, "The image did not fall: {favourable}."),
            Case(
                REFINED,
                lambda s: s["rebound"].low > MOST,
                "Confidence in the president moved by {confidence} and the country's image by {favourable}, but of"
                " the image lost among allies {rebound} came back with the next president.",
            ),
            Case(
                SUPPORTED,
                lambda s: s["rebound"].high < MOST,
                "The image moved by {favourable} and less than half of it came back ({rebound}).",
            ),
        ),
        ("favourable", "confidence", "rebound"),
        "The image moved by {favourable}; the part that came back ({rebound}) cannot be told from half.",
    ),
    data="Pew Global Attitudes, the ally and all allies polled",
    window="2016 to 2021",
)
def first_term_image(e: Inputs) -> dict[str, Statistic]:
    """Fall of confidence in the president and of favourable views of the ally from 2016 to 2017; over all allies,
    the part of the mean fall of 2017-20 that was back in 2021 (allies are resampled)."""
    image, confidence = (
        [e.poll(ALLY, item, y, "Pew") for y in (2016, 2017)] for item in ("favourable_us", "confidence_us_president")
    )
    ally = {year: w[0] for year in range(2016, 2022) if (w := e.poll(ALLY, "favourable_us", year, "Pew"))}
    low = [ally[y] for y in range(2017, 2021) if y in ally]
    own = none("the ally's own part")
    if {2016, 2021} <= set(ally) and low and ally[2016] > np.mean(low):
        share = (ally[2021] - np.mean(low)) / (ally[2016] - np.mean(low))
        own = Statistic("the ally's own part", float(share), float(share), float(share), len(ally))
    return {
        "favourable": poll_change("favourable views, 2016 to 2017", image[0], image[1]),
        "confidence": poll_change("confidence in the president, 2016 to 2017", confidence[0], confidence[1]),
        "rebound": _rebound(e),
        "own": own,
    }


def _rebound(e: Inputs) -> Statistic:
    """Sum over allies of what came back in 2021 over the sum of what had been lost."""
    what = "part of the fall in image that came back by 2021, all allies"
    moves = []
    for code in e.allies:
        ally = {year: w[0] for year in range(2015, 2022) if (w := e.poll(code, "favourable_us", year, "Pew"))}
        low = [ally[y] for y in range(2017, 2021) if y in ally]
        before = ally.get(2016, ally.get(2015))
        if before is not None and low and 2021 in ally:
            moves.append((ally[2021] - np.mean(low), before - np.mean(low)))
    if len(moves) < 5:
        return none(what)
    table, rng = np.array(moves), np.random.default_rng(7)
    sums = np.array([table[rng.integers(0, len(table), len(table))].sum(axis=0) for _ in range(999)])
    low_, high = np.quantile(sums[:, 0] / sums[:, 1], [0.05, 0.95])
    value = table[:, 0].sum() / table[:, 1].sum()
    return Statistic(what, float(value), float(low_), float(high), len(moves))


TONE = Rule((), ("tone",), "Statements are on record ({tone}), but no measure of their tone.")


@test("6", rule=TONE, data="list of acts (kind: words)", window="1968 to the last recorded act")
def rhetoric(e: Inputs) -> dict[str, Statistic]:
    """Hostile statements of the patron about the ally's burden, as coded acts, to be set against polls and budgets."""
    words = [a for a in e.on_ally("words") if a.zeta > 0]
    return {"tone": count("coded statements of the patron about the ally", len(words), len(words))}


@test("9", rule=TONE, data="list of acts (kind: words, actor: the ally)", window="1968 to the last recorded act")
def guarded_tone(e: Inputs) -> dict[str, Statistic]:
    """Statements of the ally's leaders with a coded tone, to be set against what they did."""
    return {"tone": _said_by_ally(e)}


@test(
    "12",
    rule=TONE,
    data="list of acts (kind: words, actor: the ally); assembled model",
    window="1968 to the last recorded act",
)
def performance(e: Inputs) -> dict[str, Statistic]:
    """Part of public posture that rapport and fear explain: needs a series of posture; the model's gap beside it rests
    on priors alone."""
    gap = e.run.scenario.gap[e.run.scenario.at("2028-Q4")]
    return {
        "tone": _said_by_ally(e),
        "gap": draws("gap of posture over private alignment in the model, 2028 (priors)", gap),
    }


@test(
    "41",
    rule=TONE,
    data="list of acts (kind: words, actor: the ally); assembled model",
    window="1968 to the last recorded act",
)
def posture_gap(e: Inputs) -> dict[str, Statistic]:
    """Trend of the gap between public tone and private preparation: needs a series of tone."""
    path = e.run.scenario
    change = path.gap[path.at("2028-Q4")] - path.gap[path.at("2024-Q4")]
    return {"tone": _said_by_ally(e), "gap": draws("change of the gap in the model, 2024 to 2028 (priors)", change)}


def _said_by_ally(e: Inputs) -> Statistic:
    said = [a for a in e.acts if a.actor == ALLY and a.kind == "words"]
    return count("statements of the ally with a coded tone", len(said), len(said))


@test(
    "27",
    rule=Rule(
        (
            Case(
                NOT_IDENTIFIED,
                lambda s: s["pairs"].value < MIN_PAIRS,
                "Only {pairs} countries were asked the same question in 2024 and 2025; ten are needed to tell a "
                "dose from chance.",
            ),
            Case(SUPPORTED, lambda s: s["dose"].high < 0.0, "Trust moved by {dose} for each point of tariff."),
            Case(
                CONTRADICTED, lambda s: s["dose"].low > -DOSE, "Trust does not fall with the tariff: {dose} per point."
            ),
        ),
        ("pairs",),
        "Dose and response are {dose}: both signs are possible.",
    ),
    data="Pew, Lowy, Yomiuri, Cabinet Office; tariff ledger",
    window="2024 and 2025 (holdout rows read)",
)
def dose_and_response(e: Inputs) -> dict[str, Statistic]:
    """Change of trust from 2024 to 2025 by country on the points that the tariff rose, both years asked alike."""
    table = e.tables["poll_obs"]
    change, dose, where = [], [], []
    for code in np.unique(table["iso3"][table["year"] == 2025]):
        partner = str(code) if str(code) in e.ledger.partners else (EU if str(code) in EU27 else "")
        for item in RESPONSE_ITEMS:
            before, after = e.poll(str(code), item, 2024), e.poll(str(code), item, 2025)
            if before and after and partner:
                change.append(100 * (after[0] - before[0]))
                dose.append(e.added(dt.date(2025, 6, 1), partner))
                where.append(str(code))
    x = np.column_stack([dose, np.ones(len(dose))]) if dose else np.zeros((0, 2))
    return {
        "pairs": count("countries with both waves", len(set(where)), len(table)),
        "dose": slope("change of trust per point of tariff", np.array(change), x, np.array(where), "points"),
    }


def waves(e: Inputs) -> Iterator[tuple[float, float, float]]:
    """Pairs of waves of the ally's polls, same question and mode: their dates and the change in points."""
    t = e.tables["poll_obs"]
    keep = (t["iso3"] == ALLY) & np.isin(t["measure"], TRUST_ITEMS)
    for group in np.unique(t["offset_group"][keep]):
        rows = np.flatnonzero(keep & (t["offset_group"] == group))
        rows = rows[np.argsort(t["date"][rows])]
        for a, b in itertools.pairwise(rows):
            first, last = (_decimal(str(t["date"][k])) for k in (a, b))
            if last - first <= LONGEST:
                yield first, last, 100 * float(t["value"][b] - t["value"][a])


def _decimal(date: str) -> float:
    return year_of(date) + (int(date[5:7]) - 0.5) / 12 if len(date) > 4 else year_of(date) + 0.5


def _between(e: Inputs, first: float, last: float) -> list[str]:
    mine = [(a.date.year + (a.date.timetuple().tm_yday - 1) / 365.25, a) for a in e.on_ally()]
    return ["coercive" if a.coercive else a.kind for when, a in mine if first < when <= last]


@test(
    "37",
    rule=Rule(
        (
            Case(
                SUPPORTED,
                lambda s: s["polls"].low > 0.0,
                "Polls rose by {polls} more after costly reassurance than after summits and words.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["polls"].high < 0.0,
                "Polls rose less after costly reassurance than after words: {polls}.",
            ),
        ),
        ("polls",),
        "After costly reassurance polls moved by {polls} more than after words: both signs are possible. In the "
        "model it tells more by {model} (by its rules).",
    ),
    data="polls of the ally; list of acts; assembled model",
    window="2002 to 2025 (holdout rows read)",
)
def costly_against_words(e: Inputs) -> dict[str, Statistic]:
    """Mean change of polls between waves with costly reassurance and nothing coercive, less that between waves with
    summits or words alone; beside it the evidence that the model takes from each."""
    costly, warm = [], []
    for first, last, change in waves(e):
        kinds = _between(e, first, last)
        if "coercive" in kinds:
            continue
        if any(k in COSTLY for k in kinds):
            costly.append(change)
        elif any(k in WARM for k in kinds):
            warm.append(change)
    arrays, p = e.run.course.arrays, e.run.cast.p
    told = learn(arrays, p, e.run.switches.reading)
    kind = {a.id: a.kind for a in e.run.acts}
    mine = [k for k, name in enumerate(arrays.acts) if kind.get(name) in COSTLY]
    words = [k for k, name in enumerate(arrays.acts) if kind.get(name) in WARM]
    gap = told[:, mine].mean(axis=1) - told[:, words].mean(axis=1) if mine and words else np.zeros(0)
    return {
        "polls": mean_difference("polls after costly reassurance less after words", costly, warm),
        "model": draws("log odds, costly less words, in the model", gap) if len(gap) else none("the model's reading"),
    }


@test(
    "39",
    rule=Rule(
        (
            Case(
                NOT_IDENTIFIED,
                lambda s: s["storms"].value < 1,
                "No earlier storm was polled in the same words: of those listed, {storms}.",
            ),
            Case(
                SUPPORTED,
                lambda s: s["deeper"].value > SURE and s["storms"].value >= 2,
                "The fall of 2025 is deeper than {storms} earlier ones with probability {deeper}.",
            ),
            Case(
                REFINED,
                lambda s: s["deeper"].value > SURE,
                "Deeper than in the first term with probability {deeper}; older storms were not polled in the "
                "same words.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["deeper"].value < 1.0 - SURE,
                "The fall of 2025 is not deeper than that of the first term: probability {deeper}.",
            ),
        ),
        ("deeper", "storms"),
        "The fall of 2025 differs from that of the first term by {gap} on the same questions; deeper with "
        "probability {deeper}, and storms before 2017 were not polled.",
    ),
    data="Yomiuri and Cabinet Office polls; list of acts (storms since 1971)",
    window="2016 to 2018 against 2024 to 2025 (holdout rows read)",
)
def deeper_break(e: Inputs) -> dict[str, Statistic]:
    """Mean over questions of the fall of 2025 less that of the first term, and the probability that it is deeper; how
    many years with a storm (a surprise or a tariff on all or most) were polled before and after in the same words."""
    pairs = [
        (
            e.poll(ALLY, "affinity_us", 2016, CABINET),
            e.poll(ALLY, "affinity_us", 2018, CABINET),
            "affinity_us",
            CABINET,
        ),
        (e.poll(ALLY, "trust_us", 2017, YOMIURI), e.poll(ALLY, "trust_us", 2018, YOMIURI), "trust_us", YOMIURI),
    ]
    rng = np.random.default_rng(7)
    gaps = []
    for before, after, item, who in pairs:
        both = (before, after, e.poll(ALLY, item, 2024, who), e.poll(ALLY, item, 2025, who))
        if all(both):
            drawn = [w[0] + 2.0 * np.sqrt(w[0] * (1 - w[0]) / w[1]) * rng.standard_normal(4000) for w in both if w]
            gaps.append(100 * ((drawn[3] - drawn[2]) - (drawn[1] - drawn[0])))
    years = sorted(
        {a.date.year for a in e.on_ally("surprise", "tariff", "exit") if a.coercive and a.date.year < SECOND_TERM.year}
    )
    polled = [y for y in years if any(first < y + 1 and last > y for first, last, _ in waves(e))]
    spells = len({e.in_office(dt.date(y, 7, 1)) for y in polled})
    if not gaps:
        return {
            "deeper": none("probability"),
            "gap": none("gap"),
            "storms": count("earlier storms with polls", spells, len(years)),
        }
    gap = np.mean(gaps, axis=0)
    deeper = float((gap < 0).mean())
    return {
        "deeper": Statistic("probability that 2025 is deeper", deeper, deeper, deeper, len(gaps)),
        "gap": draws("fall of 2025 less fall of the first term", gap, "points", 1),
        "storms": count("leaders whose storms were polled", spells, len(years)),
    }


@test(
    "40",
    rule=Rule(
        (
            Case(
                NOT_IDENTIFIED,
                lambda s: s["threats"].value < MIN_THREATS,
                "Of {listed} threats without execution only {threats} fall between two waves with no tariff in "
                "force between them; three are needed.",
            ),
            Case(SUPPORTED, lambda s: s["change"].high < 0.0, "Polls moved by {change} on threats alone."),
            Case(CONTRADICTED, lambda s: s["change"].low > 0.0, "Polls rose on threats alone: {change}."),
        ),
        ("listed",),
        "Polls moved by {change} on threats alone: both signs are possible.",
    ),
    data="list of acts; polls of the ally",
    window="1987 to 2025 (holdout rows read)",
)
def threats_alone(e: Inputs) -> dict[str, Statistic]:
    """Change of polls between waves with a tariff that was threatened and never imposed, and no tariff imposed."""
    threats = [a for a in e.on_ally("tariff") if not a.carried_out and a.points > 0]
    imposed = [a for a in e.on_ally("tariff", "exit") if a.carried_out and a.coercive]
    changes: list[float] = []
    clean = set()
    for first, last, change in waves(e):
        inside = [a for a in threats if first < _when(a.date) <= last]
        if inside and not any(first < _when(a.date) <= last for a in imposed):
            changes.append(change)
            clean |= {a.id for a in inside}
    return {
        "threats": count("threats alone between two waves", len(clean), len(threats)),
        "listed": count("threats without execution", len(threats), len(e.acts)),
        "change": mean_difference("change of polls on threats alone", changes, [0.0, 0.0]),
    }


def _when(day: dt.date) -> float:
    return day.year + (day.timetuple().tm_yday - 1) / 365.25


@test(
    "45",
    rule=Rule(
        (
            Case(CONTRADICTED, lambda s: s["exits"].value > 0, "An obligation was left at once: {exits}."),
            Case(CONTRADICTED, _flat, "There are no waves: trust {trust}, affinity {affinity}."),
            Case(
                SUPPORTED,
                lambda s: _fell(s) and s["ordered"].value > SURE,
                "No obligation was left, trust fell ({trust}), and moods fade sooner than budgets and forces "
                "({ordered} of resamples).",
            ),
            Case(
                REFINED,
                _fell,
                "No obligation was left and trust fell ({trust}), but the order of speeds is less clear "
                "({ordered} of resamples).",
            ),
        ),
        ("exits", "trust", "affinity", "ordered"),
        "The polls do not decide: {trust}, affinity {affinity}.",
    ),
    data="list of acts; polls; Pew panel 2001-24, military expenditure and capabilities 1960-2024",
    window="1960 to 2025 (holdout rows read for the fall alone)",
)
def waves_not_collapse(e: Inputs) -> dict[str, Statistic]:
    """Obligations left, the fall of two polls, and the share of resamples in which half-lives are ordered: confidence
    in the president, military effort, capability. Departures are from each country's own mean."""
    polls, years = e.tables["poll_obs"], e.tables["country_year"]
    keep = (polls["measure"] == "confidence_us_president") & (polls["year"] < SECOND_TERM.year)
    mood = half_life(
        list(zip(polls["iso3"][keep], polls["year"][keep].tolist(), polls["value"][keep].tolist(), strict=True))
    )
    effort, force = (
        half_life([(c, int(y), float(v)) for c, y, v in zip(years["iso3"], years["year"], years[name], strict=True)])
        for name in ("milex_share_gdp", "cinc")
    )
    found = {"exits": exits(e), **falls(e)}
    if not (len(mood) and len(effort) and len(force)):
        return {**found, "ordered": none("order of speeds")}
    ordered = float(((mood < effort) & (effort < force)).mean())
    return {
        **found,
        "ordered": Statistic(
            "share of resamples with mood before budgets before forces", ordered, ordered, ordered, len(mood)
        ),
        "mood": draws("half-life of confidence in the president", mood, "years", 1),
        "budgets": draws("half-life of military effort", effort, "years", 1),
        "forces": draws("half-life of capability", force, "years", 1),
    }
