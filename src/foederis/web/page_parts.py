"""What the page shows beside the answer: presets, levers, assumptions, what drives the uncertainty, words.

Every function gives plain values in one language for the templates; nothing here knows HTML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from foederis import words_page as words
from foederis.priors import Parameter, quantile
from foederis.scenario_levers import LEVERS, PAGE_PRESETS, Lever, State, legal

__all__ = ["GLOSSARY", "address", "assumptions", "drivers", "glossary", "levers", "presets", "setup", "shortcuts"]

# In the order of the page.
GLOSSARY = (
    "gain", "target_income", "trust", "balance", "self_defeat", "interval", "reference", "exact", "strip", "why",
    "worth", "sectors", "hedging", "bystanders", "frontier",
)  # fmt: skip
_KEYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("tab", ("Tab",)),
    ("arrows", ("key.name.arrows",)),
    ("page", ("key.name.page",)),
    ("compare", ("c",)),
    ("delta", ("d",)),
    ("undo", ("u",)),
    ("tables", ("t",)),
    ("help", ("?",)),
    ("escape", ("Esc",)),
)
# Texts that the script needs to say itself.
_SPOKEN = (
    "act.compare", "act.compare.off", "act.table", "act.chart", "act.delta", "act.copy", "act.open_levers",
    "act.close_levers", "act.exact", "say.copied", "say.not_copied", "say.undone", "say.nothing_to_undo",
    "chip.computing", "chip.queued", "chip.stale", "chip.none", "error.offline", "error.run", "error.busy",
    "error.state", "error.chart", "data.needs_run", "unit.yes", "unit.no", "assumptions.count", "audit.supported",
    "audit.refined", "audit.contradicted", "audit.not identified", "audit.not yet due", "lever.legal", "page.ready",
    "page.loading", "compare.dashed", "data.all", "assumptions.drawn",
)  # fmt: skip


def address(state: State, lang: str) -> str:
    """The address of a state of the page."""
    return f"/?{state.query()}&lang={lang}" if lang != "en" else f"/?{state.query()}"


def presets(lang: str, versus: str | None = None) -> list[dict[str, str]]:
    """The ready-made policies: id, short name, note, address (what is compared stays)."""
    from foederis import scenario

    known = {one.id: one for one in scenario.presets()}
    return [
        {
            "id": name,
            "title": words.preset(name, known[name].title_ja if lang == "ja" else known[name].title, lang),
            "note": known[name].note_ja if lang == "ja" else known[name].note,
            "href": address(State(name, {}, versus), lang),
        }
        for name in PAGE_PRESETS
    ]


def levers(state: State, lang: str) -> list[dict[str, Any]]:
    """Every lever where it stands: moved, or at the law of the preset."""
    law = legal(state.preset)
    return [_lever(one, law[one.key], state.levers.get(one.key), lang) for one in LEVERS.values()]


def _lever(one: Lever, law: float, moved: float | None, lang: str) -> dict[str, Any]:
    value = law if moved is None else moved
    return {
        "key": one.key,
        "label": words.lever(one.key, lang),
        "help": words.say(f"lever.{one.key}.help", lang),
        "switch": not one.unit,
        "low": f"{one.low:g}",
        "high": f"{one.high:g}",
        "step": f"{one.step:g}",
        "value": f"{value:g}" if one.unit else bool(value),
        "legal": f"{law:g}",
        "moved": moved is not None,
        "text": words.lever_value(value, one.unit, lang),
        "legal_text": words.say("lever.legal", lang, value=words.lever_value(law, one.unit, lang)),
    }


def setup(state: State, lang: str) -> dict[str, Any]:
    """What the script starts from: the state, the levers with their law under every preset, the texts it says."""
    units = {
        one.key: {"low": one.low, "high": one.high, "step": one.step, **_written(one, lang)} for one in LEVERS.values()
    }
    return {
        "lang": lang,
        "state": {"preset": state.preset, "levers": dict(state.levers), "versus": state.versus},
        "levers": units,
        "law": {name: dict(legal(name)) for name in (*PAGE_PRESETS, state.preset)},
        "words": {key: words.TEXTS[lang][key] for key in _SPOKEN},
    }


def _written(one: Lever, lang: str) -> dict[str, Any]:
    """How the script writes a lever's value: a text with a place for the number, and a factor on it."""
    if not one.unit:
        return {"text": "", "factor": 1}
    factor = 10 if one.unit == "bn USD/yr" and lang == "ja" else 1
    return {"text": words.TEXTS[lang][f"unit.{one.unit}"], "factor": factor}


@cache
def assumptions(lang: str) -> tuple[Mapping[str, Any], ...]:
    """Every unknown with prior, mark, part of the model and source; `find` is what the search looks into."""
    from foederis.simulation_parameters import parameters

    rows: list[dict[str, Any]] = []
    for one in parameters().values():
        moves, block = words.unknown(one.name, one.moves, lang), words.say(f"block.{one.block}", lang)
        row: dict[str, Any] = {
            "name": one.name,
            "symbol": one.symbol,
            "prior": one.describe(),
            "badge": one.badge,
            "moves": moves,
        }
        row["span"] = None if one.family == "fixed" else _span(one)
        find = " ".join((one.name, one.symbol, moves, one.moves, block, one.source)).lower()
        rows.append({**row, "block": block, "source": one.source, "note": one.note, "find": find})
    return tuple(rows)


def _span(one: Parameter) -> dict[str, str]:
    """Of the slider that holds an unknown at a value: the middle 98 % of its prior, fifty steps, the median."""
    low, middle, high = quantile(one, np.array([0.01, 0.5, 0.99])).tolist()
    return {name: f"{value:.4g}" for name, value in (("low", low), ("middle", middle), ("high", high))} | {
        "step": f"{(high - low) / 50:.2g}"
    }


@cache
def drivers(lang: str) -> tuple[Mapping[str, Any], ...]:
    """What the spread of the main outcomes comes from: shares of variance by unknown, largest first.

    From the file that `tools/make_sensitivity.py` writes, which says what was run.
    """
    listed = {row["name"] for row in assumptions(lang)}
    found = []
    for one in _shares()["outcomes"]:
        rows = [
            {
                "label": words.unknown(row["name"], row["label"], lang),
                "anchor": f"a-{row['name']}" if row["name"] in listed else "",
                "prior": row["prior_driven"],
                "total": words.percent(100.0 * max(0.0, row["total"]), lang, decimals=0),
                "alone": words.percent(100.0 * max(0.0, row["first"]), lang, decimals=0),
                "meter": round(100.0 * min(1.0, max(0.0, row["total"]))),
            }
            for row in one["rows"]
        ]
        outcome = words.say(f"drivers.{one['variable']}", lang)
        found.append({"caption": words.say("drivers.of", lang, outcome=outcome), "rows": rows})
    return tuple(found)


@cache
def _shares() -> dict[str, Any]:
    file = resources.files("foederis") / "web" / "drivers.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def glossary(lang: str) -> list[dict[str, str]]:
    """Words of the page with what they mean."""
    return [
        {"key": key, "title": words.say(f"gloss.{key}.title", lang), "text": words.say(f"gloss.{key}", lang)}
        for key in GLOSSARY
    ]


def shortcuts(lang: str) -> list[dict[str, Any]]:
    """The keys of the page with what they do."""
    return [
        {
            "names": [words.say(key, lang) if key.startswith("key.") else key for key in keys],
            "text": words.say(f"key.{name}", lang),
        }
        for name, keys in _KEYS
    ]
