"""A run on one A4 page, in English or Japanese: what it says, on what it rests, what would change it, how to repeat it.

`content` gathers the page as plain values; `report_brief_files` writes it as HTML or PDF.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from foederis import charts_live, measures, report_page, words, words_page
from foederis import report_brief_text as text
from foederis.errors import UsageError
from foederis.report_alliance import AllianceFindings
from foederis.report_findings import Findings, Path, Result
from foederis.report_page import NUMBERS, PageData
from foederis.report_sentence import sentence
from foederis.scenario import Scenario
from foederis.scenario_levers import LEVERS, State
from foederis.simulation import Plan
from foederis.store_manifest import Manifest
from foederis.words_brief import say

__all__ = ["content", "reproduction", "state_of"]

FIVE = ("gain", "target_income", "trust", "balance", "self_defeat")
CHARTS = {"strip": 430, "trust": 430, "worth": 300}  # width in pixels
WITHOUT_ALLIANCE = {"strip": 430, "sectors": 430}
MEASURES = 7
LEAVES = 8
NARROW_SPACE = "\u202f"
_MOST_GOODS, _ALL_GOODS = 12, 20  # sectors


def content(
    result: Result,
    path: Path,
    found: Findings,
    allied: AllianceFindings | None,
    manifest: Manifest,
    lang: str = "en",
) -> dict[str, Any]:
    """Everything on the page as plain values: texts in the language, charts as SVG.

    Raises UsageError on an unknown language.
    """
    page = report_page.page_data(result, path, manifest.run_id)
    return drawn(written(page, result, found, allied, manifest, lang), page)


def drawn(texts: Mapping[str, Any], page: PageData) -> dict[str, Any]:
    """The page with its charts, from its texts: what is kept of a run is enough for it."""
    return {**texts, "charts": _charts(page, texts["lang"], bool(page.frames["trust"]))}


def written(
    page: PageData,
    result: Result,
    found: Findings,
    allied: AllianceFindings | None,
    manifest: Manifest,
    lang: str = "en",
) -> dict[str, Any]:
    """The texts of the page as plain values, in the language; UsageError on an unknown one."""
    if lang not in words_page.LANGUAGES:
        raise UsageError(f"no language {lang!r}; there are {', '.join(words_page.LANGUAGES)}")
    plan, scenario = result.plan, result.plan.scenario
    day = words_page.day(page.date, lang)
    meta = say(
        "brief.meta",
        lang,
        date=day,
        versus=_title(plan.compared_with, lang),
        run=manifest.run_id,
        draws=_draws(page, allied),
        seed=manifest.seed,
        version=manifest.version,
    )
    command, address = reproduction(scenario, manifest)
    whole: dict[str, Any] = {
        "lang": lang,
        "title": _title(scenario, lang),
        "line": scenario.note_in("ja" if lang == "ja" else "en"),
        "meta": meta,
        "sentence": sentence(page, lang),
        "numbers": _numbers(page, lang),
        "badges": say("brief.badges", lang),
        "pins": [
            {
                "number": row["number"],
                "text": words_page.pin(row["label"], lang),
                "day": words_page.day(row["t"], lang),
            }
            for row in page.frames["pins"]
        ],
        "findings": text.findings(page, found, allied, lang),
        "changes": text.changes(page, found, allied, lang),
        "measures": _measures(plan, lang),
        "leaves": [say(f"leaves.{k + 1}", lang) for k in range(LEAVES)],
        "command": command,
        "address": say("brief.page", lang, address=f"{address}&lang={lang}") if address else say("brief.file", lang),
        "without": "" if allied is not None else say("brief.without", lang, reason=result.no_alliance),
        "foot": say("brief.foot", lang, vintage=words_page.vintage(page.vintage, lang)),
        "labels": {
            key: say(f"brief.{key}", lang, date=day)
            for key in ("numbers", "findings", "changes", "measures", "leaves", "reproduce")
        },
    }
    return _held(whole)


def _held(value: Any) -> Any:
    """The same with the thin space before a per cent sign one at which no line breaks; charts are left alone."""
    if isinstance(value, dict):
        return {key: item if key == "svg" else _held(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_held(item) for item in value]
    return value.replace(words.THIN_SPACE, NARROW_SPACE) if isinstance(value, str) else value


def _draws(page: PageData, allied: AllianceFindings | None) -> str:
    return f"{page.draws:,}" if allied is None else f"{page.draws:,} / {allied.draws:,}"


def _title(scenario: Scenario, lang: str) -> str:
    return scenario.title("ja" if lang == "ja" else "en")


def _numbers(page: PageData, lang: str) -> list[dict[str, str]]:
    """The five numbers of the first screen, as far as the run has them."""
    short = {
        role: words_page.country(code, lang, short=True)
        for role, code in (("coercer", page.coercer), ("target", page.target), ("rival", page.rival))
    }
    who = {**short, "year": words_page.year(page.marks[0], lang)}
    rows = []
    for key in FIVE:
        label = say(f"number.{key}", lang, **who)
        if key in page.chances:
            chance = page.chances[key]
            value, interval, badge = words_page.probability(chance, lang), words_page.likelihood(chance, lang), "A"
        elif key in page.numbers:
            info = NUMBERS[key]
            value, interval = words_page.figure(*page.numbers[key], info.unit, info.badge, lang)
            badge = info.badge
        else:
            continue
        word = say(f"badge.{badge}", lang)
        rows.append({"key": key, "label": label, "value": value, "interval": interval, "badge": badge, "word": word})
    return rows


def _charts(page: PageData, lang: str, allied: bool) -> list[dict[str, str]]:
    """The charts as SVG, each with its title and a description."""
    found = []
    for name, width in (CHARTS if allied else WITHOUT_ALLIANCE).items():
        spec = charts_live.filled(name, page, lang=lang, width=width, title=False)
        title = words_page.say(f"chart.{name}.title", lang, **_who(page, lang))
        found.append({"name": name, "title": title, "alt": spec["description"], "svg": charts_live.svg(spec)})
    return found


def _who(page: PageData, lang: str) -> dict[str, str]:
    roles = {"coercer": page.coercer, "target": page.target, "rival": page.rival}
    short = {role: words_page.country(code, lang, short=True) for role, code in roles.items()}
    return {**short, "year": words_page.year(page.marks[0], lang)}


def _measures(plan: Plan, lang: str) -> dict[str, Any]:
    """The coercer's measures on the target on the day evaluated, with legal sources; then what else the file does."""
    rows = [*_duties(plan, lang), *_others(plan.scenario, lang)]
    kept, more = rows[:MEASURES], rows[MEASURES:]
    head = [say(f"brief.measures.{key}", lang) for key in ("law", "rate", "goods", "since", "source")]
    note = "" if rows else say("brief.measures.none", lang)
    if more:
        rates = sorted(row["size"] for row in more)
        least, most = (words_page.percent(100 * rate, lang, decimals=0) for rate in (rates[0], rates[-1]))
        note = say("brief.measures.more", lang, count=len(more), least=least, most=most)
    cells = [[row[key] for key in ("law", "rate", "goods", "since", "source")] for row in kept]
    return {"head": head, "rows": cells, "note": note}


def _duties(plan: Plan, lang: str) -> list[dict[str, Any]]:
    """One row for measures of one law, rate and source, those that weigh most first."""
    grouped: dict[tuple[str, float, str], list[measures.Measure]] = {}
    for one in plan.scenario.measures(plan.world):
        if (one.importer, one.exporter) == (plan.coercer, plan.target) and one.in_force(plan.date):
            grouped.setdefault((one.authority, one.rate_on(plan.date), one.source), []).append(one)
    flow = plan.world.flow[plan.world.country(plan.coercer), plan.world.country(plan.target)]
    rows = []
    for (authority, rate, source), group in grouped.items():
        covered = {code: max(one.coverage.get(code, 0.0) for one in group) for one in group for code in one.coverage}
        weight = sum(share * float(flow[plan.world.sector(code)]) for code, share in covered.items())
        rows.append({
            "law": words_page.authority(authority, lang, short=True), "size": rate, "weight": rate * weight,
            "rate": words_page.percent(100 * rate, lang, decimals=0 if round(100 * rate, 1).is_integer() else 1),
            "goods": _goods(covered, plan, lang), "source": source,
            "since": words_page.day(min(one.start for one in group), lang),
        })  # fmt: skip
    return sorted(rows, key=lambda row: -row["weight"])


def _goods(covered: Mapping[str, float], plan: Plan, lang: str) -> str:
    """What is covered: how much of all goods, or the sector with most of the trade covered and how many more."""
    touched = [code for code, share in covered.items() if share > 0.01]
    if len(touched) >= _ALL_GOODS and min(covered.values()) > 0.99:
        return say("brief.goods.all", lang)
    if len(touched) >= _MOST_GOODS:
        return say("brief.goods.most", lang)
    flow = plan.world.flow[plan.world.country(plan.coercer), plan.world.country(plan.target)]
    most = max(touched, key=lambda code: covered[code] * float(flow[plan.world.sector(code)]))
    name = words_page.sector(most, lang)
    return name if len(touched) == 1 else say("brief.goods.some", lang, sector=name, count=len(touched) - 1)


def _others(scenario: Scenario, lang: str) -> list[dict[str, Any]]:
    """Costs of trade between the two, and what is asked for the troops, as the file has them."""
    file, rows = scenario.file, []
    for cost in file.trade_costs:
        change = cost.change.change
        rate = say("brief.measures.embargo", lang) if change is None else str(change)
        rows.append({
            "law": say("brief.measures.trade", lang), "size": 0.0, "rate": rate, "goods": say("brief.goods.all", lang),
            "since": words_page.day(cost.from_, lang), "source": cost.source,
        })  # fmt: skip
    support = None if file.security is None else file.security.host_nation_support
    if support is not None and support.asked is not None and support.from_ is not None:
        rows.append({
            "law": say("brief.measures.support", lang), "size": 0.0, "rate": str(support.asked), "goods": "",
            "since": words_page.day(support.from_, lang), "source": support.source or "",
        })  # fmt: skip
    return rows


def reproduction(scenario: Scenario, manifest: Manifest) -> tuple[str, str]:
    """The command line that gives the same run, and the address on the page; the latter empty for a scenario of one's
    own file."""
    state = state_of(scenario)
    if state is None:
        name = shlex.quote(f"{scenario.id}.yaml")
        command = f"foederis run {name}"
    else:
        command = state.cli()
    options = manifest.options
    more: Sequence[tuple[str, Any, Any]] = (
        ("--draws", manifest.draws, 500),
        ("--seed", manifest.seed, 1),
        ("--alliance-draws", _single(options.get("alliance_draws")), 2000),
        ("--leaders", _single(options.get("variant")), "Beta(1, 12)"),
    )
    added = [part for flag, value, default in more if value not in (None, default) for part in (flag, str(value))]
    if _single(options.get("fitted")):
        added.append("--fitted")
    return " ".join([command, shlex.join(added)]).strip(), "" if state is None else f"/?{state.query()}"


def _single(value: Any) -> Any:
    """The one value of an option that a run has for each of its scenarios."""
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else None


def state_of(scenario: Scenario) -> State | None:
    """The state of the page that gives this very scenario; None where no preset with moved levers does."""
    from foederis.errors import FoederisError

    try:
        state = State(scenario.id, _moved(scenario))
        return state if state.scenario().sha256 == scenario.sha256 else None
    except FoederisError:
        return None


def _moved(scenario: Scenario) -> dict[str, float]:
    levers = scenario.file.levers
    if levers is None:
        return {}
    moved = {}
    for key, lever in LEVERS.items():
        value = getattr(levers, lever.sets)
        if value is not None and value is not False:
            moved[key] = _plain(value, lever.unit)
    return moved


def _plain(value: Any, unit: str) -> float:
    """A lever's value in its own unit."""
    if unit == "":
        return float(bool(value))
    if unit == "bn USD/yr":
        return float(value.amount) / 1e9
    number = float(value.number)
    return 100.0 * number if value.unit == "" else number
