"""Tests of claims about what was usual before: bargains, institutions, linkage, burdens, promises."""

from __future__ import annotations

import datetime as dt

import numpy as np

from foederis.audit_inputs import ALLY, FIRST_TERM, PATRON, RETURNED, Inputs
from foederis.audit_measure import (
    count,
    fact,
    none,
    rank_correlation,
    rate_ratio,
    share,
    slope,
)
from foederis.audit_rules import CONTRADICTED, NOT_IDENTIFIED, REFINED, SUPPORTED, Case, Rule, Statistic, test

SECURITY_ISSUES = (
    "retaliate for alignment choice",
    "contain military behaviour",
    "contain political influence",
    "deny strategic materials",
    "proliferation",
)
OLD_CASES = 5  # earlier cases of the same kind above which a practice is not new
PAID_LITTLE = 0.10  # of what was asked
MIN_ALLIES = 5  # with any act of the kind, below which a correlation over allies rests on one or two of them
WIDE = 0.8  # a correlation whose interval is wider than this says nothing
MARGIN = 0.10  # change of distance in the United Nations that would count as faltering, per case
HALF = 0.5
FIRST_LISTED = dt.date(1968, 1, 1)
STEEL = dt.date(2018, 4, 15)  # after steel duties came and before later settlements
PARTNERS_OF_2018 = ("AUS", "CAN", "EU27", "GBR", "KOR", "NOR", "PHL", "THA", "TUR")  # with a defence obligation


@test(
    "2",
    rule=Rule(
        (
            Case(
                SUPPORTED,
                lambda s: s["votes"].high < 0.0,
                "Where more forces are stationed, votes stand nearer: {votes}.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["votes"].low > 0.0,
                "Where more forces are stationed, votes stand further apart: {votes}.",
            ),
            Case(
                REFINED,
                lambda s: s["votes"].high - s["votes"].low < WIDE,
                "Votes in the United Nations do not move with forces ({votes}): a common policy is not part of "
                "the exchange; bases and arms are ({arms} of deliveries).",
            ),
        ),
        ("votes",),
        "Votes and forces: {votes}, too wide to say.",
    ),
    data="United Nations ideal points (July 2025), forces by host, arms deliveries; allies",
    window="1990 to 2024",
)
def bargain_moves_together(e: Inputs) -> dict[str, Statistic]:
    """Coefficient of log forces stationed in a regression of the distance to the patron in United Nations votes, treaty
    allies, effects of country and year taken out; countries are resampled. Beside it its part in deliveries."""
    t = e.tables["country_year"]
    keep = np.isin(t["iso3"], e.allies) & (t["year"] >= 1990) & np.isfinite(t["dist_us"]) & np.isfinite(t["us_troops"])
    code, year = t["iso3"][keep], t["year"][keep]
    y, x = (_demeaned(v, code, year) for v in (t["dist_us"][keep], np.log1p(t["us_troops"][keep])))
    arms = e.series("us_import_share_arms", ALLY)
    last = (
        fact("the patron's part in the ally's arms deliveries", arms[max(arms)], len(arms))
        if arms
        else none("deliveries")
    )
    return {"votes": slope("distance per log of forces", y, x[:, None], code), "arms": last}


def _demeaned(values: np.ndarray, code: np.ndarray, year: np.ndarray) -> np.ndarray:
    out = np.array(values, float)
    for _ in range(30):
        for axis in (code, year):
            names, place = np.unique(axis, return_inverse=True)
            out = out - (np.bincount(place, out, len(names)) / np.bincount(place, minlength=len(names)))[place]
    return out


@test(
    "7",
    rule=Rule(
        (
            Case(CONTRADICTED, lambda s: s["demands"].value < 2, "Demands were not repeated: {demands} on record."),
            Case(
                SUPPORTED,
                lambda s: s["passed"].low > PAID_LITTLE,
                "Demands were repeated ({demands}) and paid to {passed}.",
            ),
            Case(
                REFINED,
                lambda s: s["passed"].high < PAID_LITTLE,
                "Demands were repeated ({demands} on record) and moved next to nothing: {passed} of what was "
                "asked on top.",
            ),
        ),
        ("demands", "passed"),
        "What was paid of the demands ({passed}) cannot be told from a tenth.",
    ),
    data="list of acts; host-nation support",
    window="2016 to 2026 (holdout rows read for demands alone)",
)
def demands_and_payment(e: Inputs) -> dict[str, Statistic]:
    """Demands on the ally on record; rise of the yearly average of the agreements of FY2016-20 and FY2022-26 over what
    was asked in 2019 on top of the budget; the interval is that of rounded sums."""
    demands = e.on_ally("demand")
    asked = next((a for a in demands if a.unit == "USD bn per year" and a.magnitude), None)
    rows = [e.support(ALLY, p) for p in ("FY2016-FY2020", "FY2022-FY2026", "FY2019")]
    found = count("demands on record", len(demands), len(e.acts))
    if asked is None or asked.magnitude is None or None in rows:
        return {"demands": found, "passed": none("part of the demand that was paid")}
    before, after, budget = (float(r["amount"]) for r in rows if r)
    yen = budget / asked.before  # billion yen per billion dollars in the budget of the year of the demand
    ratio = [
        (after / 5 - before / 5 + d) / (yen * (asked.magnitude + m) - budget) for d, m in ((0, 0), (-1, 0.5), (1, -0.5))
    ]
    return {"demands": found, "passed": Statistic("part of the demand that was paid", ratio[0], ratio[1], ratio[2], 3)}


def _placebo(e: Inputs, what: str, early: range, late: range) -> Statistic:
    """Change of the ally's mean distance to the patron less that of each other ally."""
    moves = {}
    for code in e.allies:
        series = e.series("dist_us", code)
        a, b = ([series[y] for y in span if y in series] for span in (early, late))
        if a and b:
            moves[code] = float(np.mean(b) - np.mean(a))
    if ALLY not in moves or len(moves) < 6:
        return none(what)
    others = np.array([v for code, v in moves.items() if code != ALLY])
    value = moves[ALLY] - others.mean()
    low, high = np.quantile(others - others.mean(), [0.05, 0.95])
    return Statistic(what, float(value), float(value - high), float(value - low), len(moves))


@test(
    "8",
    rule=Rule(
        (
            Case(NOT_IDENTIFIED, lambda s: s["exit"].value == 0, "No exit from a trade treaty is on record."),
            Case(
                SUPPORTED,
                lambda s: s["distance"].low > 0.0,
                "After the exit the ally moved away from the patron: {distance}.",
            ),
            Case(
                REFINED,
                lambda s: s["built"].value > 0,
                "The exit is on record; the ally built with others ({built} agreements in the term) and moved "
                "away no further than other allies did ({distance}).",
            ),
        ),
        ("exit", "distance"),
        "The exit is on record, without a response that can be seen: {distance}.",
    ),
    data="list of acts; agreements of the ally; United Nations ideal points",
    window="2013 to 2020",
)
def treaty_exit(e: Inputs) -> dict[str, Statistic]:
    """Exits from trade treaties with the ally; security agreements with others signed in the first term; change of the
    distance to the patron from 2013-16 to 2017-20 less that of other allies, with the spread among them."""
    built = [r for r in e.signed if 2017.05 <= r["when"] < 2021.05]
    return {
        "exit": count(
            "exits from trade treaties", len([a for a in e.on_ally("exit") if a.domain == "trade"]), len(e.acts)
        ),
        "built": count("agreements signed with others in the first term", len(built), len(e.signed)),
        "distance": _placebo(e, "distance in votes against other allies", range(2013, 2017), range(2017, 2021)),
    }


@test(
    "10",
    rule=Rule(
        (
            Case(NOT_IDENTIFIED, lambda s: s["summits"].value == 0, "No summit came before the steel duties."),
            Case(
                CONTRADICTED,
                lambda s: s["spared"].low > HALF,
                "After {summits} summits the ally paid the steel duties while {spared} of other allies paid less.",
            ),
            Case(
                SUPPORTED,
                lambda s: s["spared"].high < HALF,
                "After {summits} summits the ally paid less than most: {spared} of other allies paid less.",
            ),
            Case(
                REFINED,
                lambda s: s["own"].value > 0.0,
                "After {summits} summits the ally paid the steel duties ({own}); {spared} of other allies paid "
                "less: a shield with holes, if one.",
            ),
        ),
        ("summits", "spared", "own"),
        "{spared} of other allies paid less.",
    ),
    data="list of acts; tariff ledger of 2018",
    window="2017 to April 2018",
)
def chemistry_as_shield(e: Inputs) -> dict[str, Statistic]:
    """Summits of the ally's and the patron's leaders before the steel duties of March 2018, and the share of other
    treaty allies that bore less of them in April 2018."""
    met = [a for a in e.on_ally("summit") if FIRST_TERM <= a.date < STEEL]
    duty = {c: e.ledger.path(c, STEEL, STEEL)[0].by_authority.get("s232", 0.0) for c in (ALLY, *PARTNERS_OF_2018)}
    less = sum(duty[c] < duty[ALLY] for c in PARTNERS_OF_2018)
    return {
        "summits": count("summits before the duties", len(met), len(e.acts)),
        "spared": share("share of other allies with less", less, len(PARTNERS_OF_2018)),
        "own": fact("the ally's steel duties on all its goods", duty[ALLY], 1, "points"),
    }


@test(
    "11",
    rule=Rule(
        (
            Case(NOT_IDENTIFIED, lambda s: s["summits"].value == 0, "No summits on record."),
            Case(
                SUPPORTED,
                lambda s: s["distance"].high < 0.0,
                "The ally's votes drew nearer than those of other allies: {distance}.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["distance"].low > 0.0,
                "The ally's votes moved away more than those of other allies: {distance}.",
            ),
        ),
        ("summits", "distance"),
        "The ally's votes moved by {distance} against other allies, within their spread; only one courted ally is"
        " on record.",
    ),
    data="list of acts; United Nations ideal points",
    window="2013-16 against 2017-20",
)
def charm_and_alignment(e: Inputs) -> dict[str, Statistic]:
    """Change of the ally's distance to the patron in votes in the first term, less that of other allies, with the
    spread among them; summits in the term."""
    met = [a for a in e.on_ally("summit") if FIRST_TERM <= a.date < dt.date(2021, 1, 20)]
    return {
        "summits": count("summits in the first term", len(met), len(e.acts)),
        "distance": _placebo(e, "distance in votes against other allies", range(2013, 2017), range(2017, 2021)),
    }


def linked(e: Inputs, first: dt.date, last: dt.date, code: str = "") -> int:
    """Acts in which defence was made part of an economic matter, or was paid for."""
    return sum(
        first <= a.date < last and (a.tied or (a.domain == "security" and a.payment > 0)) and code in ("", a.target)
        for a in e.acts
    )


def old_cases(e: Inputs) -> int:
    """Economic threats and sanctions of the patron on treaty allies for a reason of security."""
    t = e.tables["coercion_case"]
    return int(((t["defence_pact"] == 1) & np.isin(t["issue"], SECURITY_ISSUES)).sum())


@test(
    "20",
    rule=Rule(
        (
            Case(CONTRADICTED, lambda s: s["ratio"].high < 1.0, "Linkage became rarer: {ratio}."),
            Case(
                REFINED,
                lambda s: s["ratio"].low > 1.0 and s["old"].value >= OLD_CASES,
                "Linkage became more frequent ({ratio} as often in the list of acts), but it is not new: {old} "
                "earlier cases of economic pressure on allies for reasons of security.",
            ),
            Case(
                SUPPORTED,
                lambda s: s["ratio"].low > 1.0,
                "Linkage became more frequent ({ratio}), and hardly any earlier case is on record ({old}).",
            ),
        ),
        ("ratio", "old"),
        "The rate of linkage changed by {ratio}: no change is possible.",
    ),
    data="list of acts; TIES 4.1",
    window="1945 to the last recorded act (holdout rows read)",
)
def departure(e: Inputs) -> dict[str, Statistic]:
    """Rate of acts on the ally that tie defence to an economic matter since 2017 over that of 1968-2016, and cases in
    TIES of economic pressure on treaty allies for reasons of security."""
    late = linked(e, FIRST_TERM, e.as_of, ALLY)
    early = linked(e, FIRST_LISTED, FIRST_TERM, ALLY)
    years = [(b - a).days / 365.25 for a, b in ((FIRST_TERM, e.as_of), (FIRST_LISTED, FIRST_TERM))]
    cases = e.tables["coercion_case"]
    return {
        "ratio": rate_ratio("rate of linkage since 2017 over before", late, years[0], early, years[1]),
        "old": count("earlier cases against allies", old_cases(e), len(cases)),
    }


@test(
    "21",
    rule=Rule(
        (
            Case(
                SUPPORTED,
                lambda s: s["early"].low > 0.0 and s["late"].low > 0.0,
                "Larger allies carried more throughout: {early} to 1990, {late} since.",
            ),
            Case(
                REFINED,
                lambda s: s["early"].low > 0.0 or s["late"].low > 0.0,
                "Burdens look like those of a public good at one time only: {early} to 1990, {late} since.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["early"].high < 0.0 and s["late"].high < 0.0,
                "Larger allies carried less: {early} to 1990, {late} since.",
            ),
        ),
        ("early", "late"),
        "Size and burden: {early} to 1990, {late} since; both signs are possible, as with a joint product.",
    ),
    data="military expenditure (World Bank, SIPRI), capabilities (Correlates of War); treaty allies and the patron",
    window="1960-90 and 1991-2016",
)
def public_good(e: Inputs) -> dict[str, Statistic]:
    """Rank correlation over allies (and the patron) between capability and effort in % of GDP, means of two periods;
    countries are resampled. Positive where the great are exploited by the small (Olson & Zeckhauser 1966)."""
    found = {}
    for name, span in (("early", range(1960, 1991)), ("late", range(1991, 2017))):
        size, effort = [], []
        for code in (PATRON, *e.allies):
            a, b = e.series("cinc", code), e.series("milex_share_gdp", code)
            years = [y for y in span if y in a and y in b]
            if len(years) >= 5:
                size.append(float(np.mean([a[y] for y in years])))
                effort.append(float(np.mean([b[y] for y in years])))
        found[name] = rank_correlation(f"size and effort, {span[0]}-{span[-1]}", size, effort)
    return found


@test(
    "22",
    rule=Rule(
        (
            Case(
                CONTRADICTED,
                lambda s: s["apart"].high < HALF,
                "Most disputes were bundled with security: {apart} apart.",
            ),
            Case(
                SUPPORTED,
                lambda s: s["apart"].low > HALF and s["talked"].low > HALF,
                "Disputes stayed apart from security ({apart}) and most never came to sanctions ({talked}).",
            ),
            Case(
                REFINED,
                lambda s: s["apart"].low > HALF,
                "Disputes stayed apart from security ({apart}), but threats and sanctions were common: {talked} "
                "of trade cases never came to sanctions.",
            ),
        ),
        ("apart", "talked"),
        "Apart from security: {apart}; without sanctions: {talked}.",
    ),
    data="TIES 4.1, cases of the patron against the ally and other treaty allies",
    window="1945 to 2005",
)
def institutions(e: Inputs) -> dict[str, Statistic]:
    """Share of cases against treaty allies whose issue is not security; share of trade cases against the ally in which
    no sanction was imposed."""
    t = e.tables["coercion_case"]
    pact = t["defence_pact"] == 1
    trade = (t["target"] == ALLY) & (t["issue"] == "trade practices")
    return {
        "apart": share(
            "share of cases apart from security",
            int((pact & ~np.isin(t["issue"], SECURITY_ISSUES)).sum()),
            int(pact.sum()),
        ),
        "talked": share(
            "share of trade cases with the ally without sanction",
            int((trade & (t["imposed"] == 0)).sum()),
            int(trade.sum()),
        ),
    }


@test(
    "23",
    rule=Rule(
        (
            Case(CONTRADICTED, lambda s: s["now"].value == 0, "No act of his ties defence to payment."),
            Case(
                SUPPORTED,
                lambda s: s["ratio"].low > 1.0,
                "Acts that sell or tie defence are {ratio} as frequent under him ({now} against {before} under "
                "all others since 1968).",
            ),
            Case(
                REFINED,
                lambda s: s["now"].value > 0,
                "{now} acts of his sell or tie defence, against {before} of others; the rates differ by {ratio}.",
            ),
        ),
        ("now", "before"),
        "Undecided: {ratio}.",
    ),
    data="list of acts, all targets",
    window="1968 to the last recorded act (holdout rows read)",
)
def defence_for_sale(e: Inputs) -> dict[str, Statistic]:
    """Acts on any ally in which defence was tied to an economic matter or paid for: number and rate under the returned
    leader and under all others since 1968."""
    total = linked(e, FIRST_LISTED, e.as_of)
    his = sum(linked(e, t.start, min(t.end, e.as_of)) for t in e.leaders if t.person == RETURNED)
    mine = e.years_of(FIRST_LISTED, e.as_of)
    rest = (e.as_of - FIRST_LISTED).days / 365.25 - mine
    return {
        "now": count("acts under the returned leader", his, len(e.acts)),
        "before": count("acts under others since 1968", total - his, len(e.acts)),
        "ratio": rate_ratio("rate under the returned leader over others", his, mine, total - his, rest),
    }


@test(
    "19",
    rule=Rule(
        (
            Case(
                CONTRADICTED, lambda s: s["tied"].value == 0, "No act on the ally ties defence to an economic matter."
            ),
            Case(
                NOT_IDENTIFIED,
                lambda s: s["treated"].value < MIN_ALLIES,
                "{tied} acts on the ally tie the two, against {before} before 2017; whether promises follow the "
                "balance cannot be told: only {treated} allies had any such act.",
            ),
            Case(
                SUPPORTED,
                lambda s: s["tied"].value >= 2 and s["balance"].high < 0.0,
                "{tied} acts on the ally tie the two, and allies with larger surpluses got less reassurance "
                "({balance}).",
            ),
            Case(
                REFINED,
                lambda s: s["tied"].value >= 2 and s["balance"].high - s["balance"].low < WIDE,
                "{tied} acts tie the two, but reassurance does not follow the balance ({balance}).",
            ),
        ),
        ("tied", "treated"),
        "{tied} acts on the ally tie the two; whether promises follow the balance over allies cannot be told "
        "({balance}).",
    ),
    data="list of acts; bilateral balances of the embedded world",
    window="2017 to the last recorded act (holdout rows read)",
)
def perceived_linkage(e: Inputs) -> dict[str, Statistic]:
    """Acts on the ally since 2017 that tie defence to an economic matter; rank correlation over allies between the
    patron's deficit ratio and reassurance less tied demands under the returned leader."""
    codes = [r["country"] for r in e.region["distances"] if r["alliance"] < 1 and r["country"] in e.world.countries]
    mine = [a for a in e.acts if e.in_office(a.date) == RETURNED]
    acts_on = {c: [a for a in mine if a.target == c and (a.kind == "reassurance" or a.tied)] for c in codes}
    net = [sum((a.kind == "reassurance") - a.tied for a in acts_on[c]) for c in codes]
    return {
        "treated": count("allies with reassurance or tied demands", sum(bool(x) for x in acts_on.values()), len(codes)),
        "before": count("such acts before 2017", linked(e, FIRST_LISTED, FIRST_TERM, ALLY), len(e.acts)),
        "tied": count("acts on the ally that tie defence", linked(e, FIRST_TERM, e.as_of, ALLY), len(e.acts)),
        "balance": rank_correlation(
            "reassurance and deficit ratio", [float(n) for n in net], [e.deficit_ratio(c) for c in codes]
        ),
    }


@test(
    "38",
    rule=Rule(
        (
            Case(
                SUPPORTED,
                lambda s: s["distance"].low > 0.0,
                "After economic sanctions allies moved away: {distance} per case in three years.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["distance"].high < MARGIN,
                "After economic sanctions allies did not move away: {distance} per case in three years, which "
                "excludes {margin}.",
            ),
        ),
        ("distance",),
        "After economic sanctions allies moved by {distance} per case in three years: a shift of {margin} cannot "
        "be excluded.",
    ),
    data="TIES 4.1; United Nations ideal points; treaty allies",
    window="1960 to 2005 (sanctions), to 2008 (votes)",
)
def commitment_after_coercion(e: Inputs) -> dict[str, Statistic]:
    """Coefficient of the number of sanctions imposed on an ally in a year in a regression of the change of its distance
    to the patron in votes over the next three years, year effects taken out; countries are resampled."""
    t = e.tables["coercion_case"]
    hit = {(str(c), int(y)): 0 for c, y in zip(t["target"], t["year"], strict=True)}
    for c, y, i in zip(t["target"], t["year"], t["imposed"], strict=True):
        hit[str(c), int(y)] += int(i)
    rows = []
    for code in e.allies:
        series = e.series("dist_us", code)
        if any(c == code for c, _ in hit):
            rows += [
                (code, y, hit.get((code, y), 0), series[y + 3] - series[y])
                for y in range(1960, 2006)
                if y in series and y + 3 in series
            ]
    margin = fact("shift that would count", MARGIN)
    if not rows:
        return {"distance": none("change of distance per case"), "margin": margin}
    places, year = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    x, y = (_demeaned(np.array([r[k] for r in rows], float), np.zeros(len(rows)), year) for k in (2, 3))
    return {"distance": slope("change of distance per case", y, x[:, None], places), "margin": margin}
