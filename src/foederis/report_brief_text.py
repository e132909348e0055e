"""The words of the brief, computed from a run: three findings, three things that change the verdict.

Nothing here is typed in: which finding or unknown is named follows from the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from foederis import words_page
from foederis.report_alliance import AllianceFindings
from foederis.report_findings import Findings
from foederis.report_page import PageData
from foederis.report_sentence import joined, names
from foederis.words_brief import say

__all__ = ["changes", "findings"]

_HALF = 0.5


def findings(page: PageData, found: Findings, allied: AllianceFindings | None, lang: str) -> list[str]:
    """Three findings: the sector that moves most; the channel of trust; how much is known of the bystanders.

    Without an alliance: who sells more instead, and real incomes, in the place of the last two.
    """
    rows = [_sectors(page, lang)] if page.frames["sectors"] else []
    if allied is None:
        return [*rows, *_diversion(page, found, lang), _incomes(page, lang)]
    return [*rows, _channel(page, lang), _bystanders(page, lang)]


def _sectors(page: PageData, lang: str) -> str:
    rows = page.frames["sectors"]
    most = max(rows, key=lambda row: abs(row["median"]))

    def words_of(row: Mapping[str, float | str]) -> dict[str, str]:
        ends = (float(row["median"]), float(row["low90"]), float(row["high90"]))
        change, span = words_page.figure(*ends, "%", "A", lang)
        return {"sector": _lower(words_page.sector(str(row["sector"]), lang), lang), "change": change, "range": span}

    text = say("find.sector", lang, **names(page, lang), **words_of(most))
    return text if most is rows[0] else text + say("find.sector.first", lang, **words_of(rows[0]))


def _lower(name: str, lang: str) -> str:
    """A name as it stands within an English sentence."""
    return name[:1].lower() + name[1:] if lang == "en" else name


def _channel(page: PageData, lang: str) -> str:
    *parts, total = page.frames["why"]
    parts = [row for row in parts if row["channel"] != "interaction"]
    most = max(parts, key=lambda row: abs(row["value"]))
    if abs(most["value"]) < 0.05:
        return say("find.channel.none", lang)
    name = _lower(words_page.channel(most["channel"], lang), lang)
    value, whole = (words_page.points(row["value"], lang, decimals=1, signed=True) for row in (most, total))
    return say("find.channel", lang, channel=name, value=value, total=whole, **names(page, lang))


def _bystanders(page: PageData, lang: str) -> str:
    rows = page.frames["bystanders"]
    known = sum(not row["low"] <= 0.0 <= row["high"] for row in rows)
    widest = max(rows, key=lambda row: row["high"] - row["low"])
    decimals = 0 if widest["high"] - widest["low"] >= 10 else 1
    span = words_page.interval(widest["low"], widest["high"], lang, decimals=decimals, signed=True)
    country = words_page.country(widest["country"], lang)
    return say("find.bystanders", lang, known=known, all=len(rows), country=country, range=_points(span, lang))


def _points(span: str, lang: str) -> str:
    return f"{span}ポイント" if lang == "ja" else f"{span} points"


def _diversion(page: PageData, found: Findings, lang: str) -> list[str]:
    gainers = [
        f"{words_page.country(number.key, lang) if number.key.isupper() else number.label}"
        f" {words_page.money(number.median, lang, signed=True)}"
        for number in found.gainers[:3]
    ]
    if not gainers:
        return []
    return [say("find.gainers", lang, **names(page, lang), names=words_page.joined(gainers, lang))]


def _incomes(page: PageData, lang: str) -> str:
    target, coercer = (
        words_page.estimate(*page.numbers[key], "%", lang, signed=True) for key in ("target_income", "coercer_income")
    )
    return say("find.income", lang, **{**names(page, lang), "change": target, "change_coercer": coercer})


def changes(page: PageData, found: Findings, allied: AllianceFindings | None, lang: str) -> list[str]:
    """Three things that would change the verdict: the largest unknown, the priors side by side, the trade model."""
    if allied is None:
        return [_variants(found, lang)]
    return [_driver(allied, lang), joined([_priors(allied, lang), _price(page, lang)], lang), _variants(found, lang)]


def _driver(allied: AllianceFindings, lang: str) -> str:
    if not allied.largest:
        return say("turn.driver.none", lang)
    one = allied.largest[0]
    return say(
        "turn.driver", lang, name=words_page.unknown(one.name, one.moves, lang),
        badge=words_page.say(f"badge.{one.badge}", lang), share=words_page.percent(100 * one.share, lang, decimals=0),
        way=say("turn.driver.up" if one.correlation > 0 else "turn.driver.down", lang),
    )  # fmt: skip


def _priors(allied: AllianceFindings, lang: str) -> str:
    """The chance of self-defeat under each prior on leaders, and with the rest fitted to data."""
    told = []
    for name, row in allied.priors.items():
        chance = words_page.probability(row["self_defeat"], lang)
        fitted = name.endswith(", fitted")
        told.append(say("turn.prior.fitted" if fitted else "turn.prior", lang, chance=chance, prior=name))
    return say("turn.priors", lang, chances=words_page.joined(told, lang))


def _price(page: PageData, lang: str) -> str:
    rows = page.frames["worth"]
    first = next((row["price"] for row in rows if row["probability"] > _HALF), None)
    key, price = ("turn.price.never", rows[-1]["price"]) if first is None else ("turn.price", first)
    return say(key, lang, price=words_page.money(price, lang))


def _variants(found: Findings, lang: str) -> str:
    """From which to which published set of elasticities or rule for deficits the gain goes."""
    ordered = sorted(found.turns_on, key=lambda row: row[2])
    if not found.taxes_target or not ordered or ordered[-1][2] - ordered[0][2] < 0.05:
        return say("turn.variants.none", lang)
    (low_kind, low_name, low, _), (high_kind, high_name, high, _) = ordered[0], ordered[-1]
    text = say(
        "turn.variants", lang, low=words_page.money(low, lang), high=words_page.money(high, lang),
        low_name=say(f"kind.{low_kind}", lang, name=low_name.replace("_", " ")),
        high_name=say(f"kind.{high_kind}", lang, name=high_name.replace("_", " ")),
    )  # fmt: skip
    return text + say("turn.variants.sign", lang) if low < 0 < high else text
