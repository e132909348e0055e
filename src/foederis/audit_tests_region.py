"""Tests of claims about bystanders and the rival: who watches whom, what moved Southeast Asia, whom China courted."""

from __future__ import annotations

import datetime as dt
import itertools

from foederis.audit_inputs import ALLY, Inputs, year_of
from foederis.audit_measure import count, draws, mean_difference, none, poll_change
from foederis.audit_rules import CONTRADICTED, NOT_IDENTIFIED, REFINED, SUPPORTED, Case, Rule, Statistic, test

MIN_SPELLS = 3  # leaders (or their terms) under whom the ally alone was treated, below which watching is not told apart
NEAR_DAYS = 30
REGION = "ASEAN10"
MARK = "2028-Q4"


def _with_bystanders(e: Inputs) -> tuple[int, int]:
    """Coercive acts on the ally, and those of them with one on a bystander within thirty days."""
    others = set(e.region["bystanders"])
    mine = [a for a in e.on_ally() if a.coercive]
    near = sum(
        any(b.target in others and b.coercive and abs((a.date - b.date).days) <= NEAR_DAYS for b in e.acts)
        for a in mine
    )
    return len(mine), near


@test(
    "32",
    rule=Rule(
        (
            Case(
                NOT_IDENTIFIED,
                lambda s: s["spells"].value < MIN_SPELLS,
                "Watching cannot be told from own treatment: {together} of {coercive} coercive acts on the ally "
                "came with one on bystanders, and the ally was treated alone under too few leaders ({spells}; "
                "three are the least).",
            ),
            Case(
                SUPPORTED,
                lambda s: s["moved"].high < 0.0,
                "Bystanders turned away when the ally alone was treated: {moved}.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["moved"].low > 0.0,
                "Bystanders came nearer when the ally alone was treated: {moved}.",
            ),
        ),
        ("coercive", "spells"),
        "Bystanders moved by {moved} when the ally alone was treated: both signs are possible.",
    ),
    data="list of acts; Pew, favourable views of bystanders; assembled model",
    window="2002 to the last recorded act (holdout rows read)",
)
def watching(e: Inputs) -> dict[str, Statistic]:
    """Coercive acts on the ally that came with one on bystanders; leaders under whom it was treated alone since 2002;
    change of bystanders' views in those years less in others; own treatment and watching in the model."""
    others = tuple(e.region["bystanders"])
    total, near = _with_bystanders(e)
    alone = [
        a for a in e.on_ally() if a.coercive and a.date.year >= 2002
        and not any(b.target in others and b.coercive and abs((a.date - b.date).days) <= NEAR_DAYS for b in e.acts)
    ]  # fmt: skip
    years = {a.date.year for a in alone}
    treated: list[float] = []
    quiet: list[float] = []
    for code in others:
        for year in range(2003, 2024):
            a, b = e.poll(code, "favourable_us", year - 1, "Pew"), e.poll(code, "favourable_us", year, "Pew")
            if a and b:
                (treated if year in years else quiet).append(100 * (b[0] - a[0]))
    mine = e.run.scenario.channels[MARK] - e.run.reference.channels[MARK]
    return {
        "coercive": count("coercive acts on the ally", total, len(e.acts)),
        "together": count("of them with one on a bystander", near, len(e.acts)),
        "spells": count(
            "leaders who treated the ally alone since 2002", len({e.in_office(a.date) for a in alone}), len(e.acts)
        ),
        "moved": mean_difference("views of bystanders in years in which the ally alone was treated", treated, quiet),
        "own": draws("own treatment in the model, 2028", 100 * mine[:, :, 0].mean(axis=1), "points", 1),
        "watched": draws("watching in the model, 2028", 100 * mine[:, :, 1].mean(axis=1), "points", 1),
    }


def _waves(e: Inputs) -> list[tuple[int, tuple[float, float]]]:
    """Regional shares by year; respondents are those of the members surveyed, where their numbers are known."""
    table = e.tables["poll_obs"]
    found = []
    for year in range(2019, 2030):
        wave = e.poll(REGION, "align_us", year)
        members = (table["measure"] == "align_us") & (table["year"] == year) & (table["iso3"] != REGION)
        if wave:
            found.append((year, (wave[0], float(table["n"][members].sum()) if members.any() else wave[1])))
    return found


@test(
    "33",
    rule=Rule(
        (
            Case(
                SUPPORTED,
                lambda s: s["since"].value > 0 and s["after"].high < 0.0,
                "Since the tariffs the share fell: {after}.",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["since"].value > 0 and s["after"].low > 0.0,
                "Since the tariffs the share rose: {after}.",
            ),
            Case(
                REFINED,
                lambda s: s["since"].value == 0 and s["largest"].high < 0.0 and s["return"].value > 0.0,
                "The largest swing on record ({largest}) came before any tariff and the next wave went back "
                "({return}); no wave has been taken since the tariffs.",
            ),
        ),
        ("largest", "return", "since"),
        "Waves since the tariffs: {since}; change {after}.",
    ),
    data="ISEAS, State of Southeast Asia, share that would side with the patron; list of acts",
    window="2020 to 2025 (holdout rows read; the wave of 2025 was fielded in January and February)",
)
def region_turns(e: Inputs) -> dict[str, Statistic]:
    """The largest yearly fall of the regional share before the first tariff on a member, the change in the wave after
    it, and waves since the tariffs."""
    waves = _waves(e)
    members = {r["country"] for r in e.region["shares"] if r["kind"] == "survey"} & set(e.region["bystanders"])
    tariffs = [a.date for a in e.acts if a.kind == "tariff" and a.carried_out and a.coercive and a.target in members]
    first = min(tariffs) if tariffs else dt.date.max
    dates = {year: dt.date(year, 2, 1) for year, _ in waves}
    pairs = [(b[0], a[1], b[1]) for a, b in itertools.pairwise(waves)]
    early = [p for p in pairs if dates[p[0]] <= first]
    since = [y for y in dates if dates[y] > first]
    found = {"since": count("waves since the first tariff", len(since), max(len(waves), 0))}
    if len(early) < 2:
        return {
            **found,
            "largest": none("largest fall before"),
            "return": none("wave after it"),
            "after": none("change since"),
        }
    k = min(range(len(early)), key=lambda i: early[i][2][0] - early[i][1][0])
    year, a, b = early[k]
    following = early[k + 1] if k + 1 < len(early) else None
    late = [p for p in pairs if dates[p[0]] > first]
    return {
        **found,
        "largest": poll_change(f"largest fall before tariffs, to {year}", a, b),
        "return": poll_change("change in the wave after", following[1], following[2])
        if following
        else none("wave after it"),
        "after": poll_change("change since tariffs", late[0][1], late[-1][2]) if late else none("change since tariffs"),
    }


@test(
    "34",
    rule=Rule(
        (
            Case(
                SUPPORTED,
                lambda s: s["ally"].value > 0 and s["others"].value > 0,
                "China courted the ally ({ally} more carrots than sticks) and others ({others}).",
            ),
            Case(
                REFINED,
                lambda s: s["ally"].value < 0 < s["others"].value,
                "The ally met sticks ({ally} on balance since 2025), others carrots ({others}); courted states "
                "were no nearer to the fence than the rest ({swing}).",
            ),
            Case(
                CONTRADICTED,
                lambda s: s["ally"].value <= 0 and s["others"].value <= 0,
                "Sticks on balance: ally {ally}, others {others}.",
            ),
        ),
        ("ally", "others"),
        "Carrots less sticks: ally {ally}, others {others}.",
    ),
    data="sticks and courting in the file of bystanders",
    window="2025 to the last recorded act (holdout rows read)",
)
def courtship(e: Inputs) -> dict[str, Statistic]:
    """Carrots less sticks of the rival since 2025, for the ally and for others; closeness to the fence, P(1 - P), of
    courted bystanders less that of the rest."""
    carrots = [r for r in e.region["courting"] if year_of(r["date"]) >= 2025]
    sticks = [r for r in e.region["sticks"] if year_of(r["start"]) >= 2025]
    rows = len(carrots) + len(sticks)
    net = {True: 0, False: 0}
    for row in carrots:
        net[row["country"] == ALLY] += 1
    for row in sticks:
        net[row["country"] == ALLY] -= 1
    last: dict[str, float] = {}
    for row in e.region["shares"]:
        last[row["country"]] = row["share"] * (1 - row["share"])
    courted = {r["country"] for r in carrots}
    near = [v for c, v in last.items() if c in courted]
    rest = [v for c, v in last.items() if c not in courted and c != ALLY]
    return {
        "ally": count("carrots less sticks, ally", net[True], rows),
        "others": count("carrots less sticks, others", net[False], rows),
        "swing": mean_difference("closeness to the fence, courted less others", near, rest, ""),
    }
