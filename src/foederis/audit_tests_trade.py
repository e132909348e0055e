"""Tests of claims about tariffs and trade: rates in force, exposure, what the target loses, what it stocked up."""

from __future__ import annotations

import datetime as dt

import numpy as np

from foederis.audit_inputs import ALLY, EU, PATRON, RIVAL, Inputs
from foederis.audit_measure import against_ordinary, count, draws, fact, none, rank_correlation, slope
from foederis.audit_rules import CONTRADICTED, REFINED, SUPPORTED, Case, Rule, Statistic, test

APRIL = dt.date(2025, 4, 9)  # the one day on which the rates by country of 2 April were collected
AUGUST = dt.date(2025, 9, 16)  # rates by country after the deals
SURCHARGE = dt.date(2026, 3, 1)  # the uniform surcharge after the ruling
PROMISED, SLACK = 10.0, 2.0  # points announced in the campaign, and how near counts as that
SMALL_INCOME = 0.5  # per cent of real income: a loss below it is small for an economy
QUARTER = "2025-Q4"
AUTOS = ("336",)
SENSITIVE = ("333", "334", "336")
NARROW = 5.0  # points: an interval of the ally coefficient no wider than this on either side counts as nil
APART = (RIVAL, "RUS")  # rates on these answer to rivalry and sanctions
YEARS_LEFT = 3.4375  # of the term when the deal was made: 550 bn at 160 bn a year
LETTER, DEAL = 25.0, 15.0
NORMAL_YEARS = (*range(2015, 2020), 2023, 2024)  # without pandemic and without new tariffs on the ally's cars


@test(
    "3",
    rule=Rule(
        (
            Case(
                CONTRADICTED,
                lambda s: s["ratio"].high < 1.0,
                "The loss from the tariff is {ratio} of what standing alone would cost a year: far from the point"
                " of leaving.",
            ),
            Case(
                SUPPORTED,
                lambda s: s["ratio"].low > 1.0,
                "The loss from the tariff is {ratio} of what standing alone would cost a year.",
            ),
        ),
        ("ratio",),
        "The loss is {ratio} of what standing alone would cost: the interval holds the point of leaving.",
    ),
    data="assembled model; cost of the rung of 3.5 % of GDP in the defence file (assumed)",
    window="law of the fourth quarter of 2025",
)
def distance_to_leaving(e: Inputs) -> dict[str, Statistic]:
    """What the ally loses by the tariff, over the yearly cost of arming to do without the patron (3.5 % of GDP)."""
    rung = next(r for r in e.dyad["rungs"]["ladder"] if r["id"] == "three-and-half")
    gdp = float(e.dyad["gdp"]["bn_usd_2023"])
    income = e.run.trade.income[e.run.trade.quarters.index(QUARTER)]
    loss = -income / 100.0 * gdp
    return {
        "ratio": draws("yearly loss from the tariff over the cost of standing alone", loss / rung["cost_bn_usd"]),
        "loss": draws("loss from the tariff", loss, "bn USD a year", 1),
    }


@test(
    "14",
    rule=Rule(
        (
            Case(CONTRADICTED, lambda s: s["added"].high <= 0.0, "No duty was added."),
            Case(
                SUPPORTED,
                lambda s: (
                    abs(s["added"].low - PROMISED) < SLACK
                    and abs(s["added"].high - PROMISED) < SLACK
                    and s["spread"].value < SLACK
                ),
                "Rates rose by {added}, nearly the same on everybody.",
            ),
            Case(
                REFINED,
                lambda s: s["added"].value > 0.0,
                "A tariff on all goods came, but not of ten points across the board: {added} on the ally since "
                "April 2025 and a spread of {spread} between partners.",
            ),
        ),
        ("added", "spread"),
        "The rates do not fit any case: {added}.",
    ),
    data="tariff ledger, weights of 2024",
    window="April 2025 to the last known law (holdout rows read)",
)
def across_the_board(e: Inputs) -> dict[str, Statistic]:
    """Points added to the ally's average tariff since April 2025 (mean over days, least and most), and the standard
    deviation between partners in September 2025."""
    last = min(e.as_of, e.ledger.end)
    days = [dt.date(2025, 4, 5) + dt.timedelta(k) for k in range((last - dt.date(2025, 4, 5)).days)]
    values = [e.added(day) for day in days]
    added = Statistic(
        "points added to the ally's average tariff",
        float(np.mean(values)),
        min(values),
        max(values),
        len(days),
        "points",
        1,
    )
    spread = float(np.std([e.added(AUGUST, code) for code in e.ledger.partners]))
    return {"added": added, "spread": fact("spread between partners", spread, len(e.ledger.partners), "points", 1)}


@test(
    "15",
    rule=Rule(
        (
            Case(
                CONTRADICTED,
                lambda s: s["april"].high < 0.0,
                "Partners with larger surpluses got lower rates: correlation {april}.",
            ),
            Case(
                SUPPORTED,
                lambda s: s["april"].low > 0.0 and s["surcharge"].low > 0.0,
                "Rates rose with the surplus in April 2025 ({april}) and still do ({surcharge}).",
            ),
            Case(
                REFINED,
                lambda s: s["april"].low > 0.0,
                "Rates rose with the surplus in April 2025 ({april}); under the law of March 2026 the correlation"
                " is {surcharge}.",
            ),
        ),
        ("april", "surcharge"),
        "The correlation of rates with surpluses holds both signs: {april}.",
    ),
    data="tariff ledger; bilateral goods balances of the embedded world",
    window="April 2025, September 2025, March 2026 (holdout rows read)",
)
def harder_on_surplus(e: Inputs) -> dict[str, Statistic]:
    """Rank correlation over partners between the patron's deficit over its imports and the points added, three laws."""
    ratios = {code: e.deficit_ratio(code) for code in e.ledger.partners if code not in APART}
    known = [code for code, ratio in ratios.items() if np.isfinite(ratio)]
    found = {}
    for name, day in (("april", APRIL), ("september", AUGUST), ("surcharge", SURCHARGE)):
        rates = [e.added(day, code) for code in known]
        found[name] = rank_correlation(f"rates and surpluses, {day.isoformat()}", rates, [ratios[c] for c in known])
    return found


def _change(e: Inputs, months: range, industries: tuple[str, ...], what: str) -> Statistic:
    """Log change of imports of 2025 over 2024 less ordinary years, per cent."""

    def log_change(year: int) -> float:
        return 100.0 * float(np.log(e.imports(year, months, industries) / e.imports(year - 1, months, industries)))

    return against_ordinary(what, log_change(2025), [log_change(year) for year in NORMAL_YEARS], "%", 1)


@test(
    "16",
    rule=Rule(
        (
            Case(SUPPORTED, lambda s: s["income"].high < -SMALL_INCOME, "Real income falls by {income}."),
            Case(
                REFINED,
                lambda s: s["income"].low > -SMALL_INCOME and s["autos"].high < 0.0,
                "The economy as a whole loses little ({income} of real income); car exports fell beyond the "
                "ordinary ({autos}).",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["income"].low > -SMALL_INCOME and s["autos"].low <= 0.0 <= s["autos"].high,
                "Neither the economy ({income}) nor car exports ({autos}) moved beyond the ordinary.",
            ),
        ),
        ("income", "autos"),
        "Income {income} and car exports {autos} do not decide it.",
    ),
    data="assembled model; Census imports by NAICS-3, months",
    window="law of the fourth quarter of 2025; imports April to November 2025 (holdout rows read)",
)
def export_economy(e: Inputs) -> dict[str, Statistic]:
    """Long-run change of the ally's real income, and imports of its transport equipment (NAICS 336) from April to
    November 2025 against ordinary years."""
    income = e.run.trade.income[e.run.trade.quarters.index(QUARTER)]
    return {
        "income": draws("change of the ally's real income", income, "%"),
        "autos": _change(e, range(4, 12), AUTOS, "imports of cars and parts from the ally, less ordinary changes"),
        "all": _change(e, range(4, 12), (), "all imports from the ally, less ordinary changes"),
    }


@test(
    "17",
    rule=Rule(
        (
            Case(
                SUPPORTED,
                lambda s: s["leads"].value == 3,
                "In all three sectors more goes to the United States than to China, and more than of exports at large.",
            ),
            Case(
                REFINED,
                lambda s: 0 < s["leads"].value < 3,
                "True of {leads} of three sectors: cars {cars}, electronics {electronics}, machinery {machinery} "
                "(share to the United States less share to China, points).",
            ),
            Case(
                CONTRADICTED, lambda s: s["leads"].value == 0, "In none of the three does the United States come first."
            ),
        ),
        ("leads",),
        "Undecided.",
    ),
    data="embedded world (input-output flows, gross exports)",
    window="base year of the world, 2022",
)
def sectors_depend(e: Inputs) -> dict[str, Statistic]:
    """Share of the ally's exports of a sector that goes to the patron, less the share that goes to the rival; a sector
    counts where the difference is positive and the share is above that of all goods."""
    w = e.world
    jp, us, cn = w.country(ALLY), w.country(PATRON), w.country(RIVAL)
    abroad = np.delete(w.flow[:, jp], jp, axis=0)
    at = {"cars": "C29", "electronics": "C26", "machinery": "C28"}
    goods = [j for j, code in enumerate(w.sectors) if code != "SERV"]
    usual = float(w.flow[us, jp][goods].sum() / abroad[:, goods].sum())
    found, leads = {}, 0
    for name, code in at.items():
        j = w.sector(code)
        mine, other = w.flow[us, jp, j] / abroad[:, j].sum(), w.flow[cn, jp, j] / abroad[:, j].sum()
        leads += bool(mine > other and mine > usual)
        found[name] = fact(
            f"{name}: share to the United States less share to China", 100 * (mine - other), 1, "points", 1
        )
    return {"leads": count("sectors in which the United States leads", leads, 3), **found}


@test(
    "18",
    rule=Rule(
        (
            Case(
                SUPPORTED,
                lambda s: s["ahead"].low > 0.0,
                "Shipments ran ahead of the tariffs: {ahead} in the first quarter of 2025 beyond ordinary years.",
            ),
            Case(CONTRADICTED, lambda s: s["ahead"].high < 0.0, "Shipments fell before the tariffs: {ahead}."),
        ),
        ("ahead",),
        "Shipments before the tariffs ({ahead}) lie within ordinary years, and no series of prices, orders or "
        "investment is shipped.",
    ),
    data="Census imports by NAICS-3 (machinery, electronics, transport equipment), months",
    window="January to March 2025 against 2015-19 and 2023-24 (holdout rows read)",
)
def gearing_up(e: Inputs) -> dict[str, Statistic]:
    """Growth of the patron's imports from the ally's three sensitive sectors in the quarter before the tariffs, against
    the same quarter of ordinary years."""
    return {"ahead": _change(e, range(1, 4), SENSITIVE, "imports before the tariffs, less ordinary changes")}


@test(
    "24",
    rule=Rule(
        (
            Case(
                CONTRADICTED,
                lambda s: s["april"].high < 0.0 and s["september"].high < 0.0,
                "Allies got lower rates than others with the same balance: {april} in April, {september} in "
                "September 2025.",
            ),
            Case(
                REFINED,
                lambda s: s["april"].high < 0.0 or s["september"].high < 0.0,
                "An ally's discount shows at one time and not at the other: {april} in April, {september} in "
                "September 2025.",
            ),
            Case(
                SUPPORTED,
                lambda s: min(s["april"].low, s["september"].low) > -NARROW,
                "No ally's discount: {april} in April and {september} in September 2025 at a given balance.",
            ),
        ),
        ("april", "september"),
        "Coefficients of {april} and {september} leave room for a discount of more than five points.",
    ),
    data="tariff ledger; balances of the embedded world; defence obligations of ATOP (2018)",
    window="April and September 2025 (holdout rows read)",
)
def loyalty_discount(e: Inputs) -> dict[str, Statistic]:
    """Coefficient of being a treaty ally in a regression over partners of the points added on the rate of the formula
    (half the deficit ratio, at least ten points); partners are resampled. The Union is one partner."""
    pact = {**{c: owed for c, owed in e.pact.items() if c in e.ledger.partners}, EU: e.pact.get("DEU", False)}
    codes = [c for c in pact if c not in APART and np.isfinite(e.deficit_ratio(c))]
    ally = np.array([float(pact[c]) for c in codes])
    rule = np.array([max(10.0, 50.0 * e.deficit_ratio(c)) for c in codes])
    x = np.column_stack([ally, rule, np.ones(len(codes))])
    found = {}
    for name, day in (("april", APRIL), ("september", AUGUST)):
        y = np.array([e.added(day, c) for c in codes])
        found[name] = slope(f"ally coefficient, {day.isoformat()}", y, x, np.array(codes), "points", 1)
    return found


@test(
    "26",
    rule=Rule(
        (
            Case(
                SUPPORTED,
                lambda s: s["terms"].low > s["breakeven"].high,
                "What was given away ({terms}) is above what trade alone was worth ({breakeven}).",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["terms"].high < s["breakeven"].low,
                "What was given away ({terms}) is below what trade alone was worth ({breakeven}).",
            ),
        ),
        ("terms", "breakeven"),
        "What was given away ({terms}) cannot be told from what trade alone was worth ({breakeven}).",
    ),
    data="assembled model; list of acts",
    window="July 2025 to the end of the term (holdout rows read)",
)
def priced_security(e: Inputs) -> dict[str, Statistic]:
    """Share of the pledge that must be a gift before trade alone does not explain it: the loss avoided by 15 instead of
    25 % until the end of the term, over the pledge; against the terms on which the pledge is paid out."""
    deal = next((a for a in e.on_ally("tariff") if a.payment > 0), None)
    if deal is None:
        return {"breakeven": none("the pledge"), "terms": none("terms of the pledge")}
    t = e.run.trade.quarters.index(QUARTER)
    points = e.added(dt.date(2025, 11, 15))
    gdp = float(e.dyad["gdp"]["bn_usd_2023"])
    avoided = -e.run.trade.income[t] / 100.0 * gdp / points * (LETTER - DEAL) * deal.coverage * YEARS_LEFT
    pledged = deal.payment * YEARS_LEFT
    known = [a.magnitude for a in e.acts if a.unit == "grant share" and a.magnitude is not None]
    terms = (
        draws("share of the pledge that is a gift", np.array(known), "%")
        if known
        else none("terms on which the pledge is paid out (share that is a gift)")
    )
    return {
        "breakeven": draws("gift at which trade alone breaks even", 100 * avoided / pledged, "% of the pledge", 1),
        "terms": terms,
    }
