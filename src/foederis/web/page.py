"""The page: HTML with the answer in it, so that sentence, numbers and levers are there before any script.

    app.include_router(page.router())

The script then keeps it up to date in place (`static/app.js`); without it, presets and addresses work all the same.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from foederis import words_page as words
from foederis.errors import UsageError
from foederis.report_page import PageData
from foederis.report_sentence import sentence
from foederis.scenario_levers import State
from foederis.web import equations, page_parts, tables
from foederis.web.answers import page_of
from foederis.web.cards import FIRST, cards, chip, names
from foederis.web.site import Site, site_of

__all__ = ["fragment", "language", "render", "router"]

ACTORS = {"coercer": "USA", "target": "JPN", "rival": "CHN"}  # of the presets, where there is no answer yet
YEAR = "2028-Q4"
BRIEF = "/api/v1/runs/{id}/brief"  # the link to it is shown where the server makes it


def router() -> APIRouter:
    """The routes of the page and of the parts of it that the script asks for again."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def page(request: Request) -> Response:
        site, lang = site_of(request), language(request)
        try:
            state, fault, status = State.parse(request.query_params), "", 200
        except UsageError as error:
            state, fault, status = State(), words.say("error.state", lang, reason=str(error)), 422
        found, versus = _answers(site, state)
        brief = any(path.startswith(BRIEF) for path in request.app.openapi()["paths"])
        html = await asyncio.to_thread(render, state, found, versus, lang, fault, brief)
        return HTMLResponse(html, status)

    @routes.get("/tables/{chart}")
    async def table(chart: str, request: Request) -> Response:
        lang = language(request)
        found, _ = _answers(site_of(request), State.parse(request.query_params))
        if found is None or chart not in tables.CHARTS:
            return Response(status_code=204)
        return HTMLResponse(fragment(found, chart, lang))

    return routes


def language(request: Request) -> str:
    """The language asked for in the address, else the first of ours that the browser prefers."""
    asked = request.query_params.get("lang")
    if asked in words.LANGUAGES:
        return asked
    preferred = re.findall(r"[a-z]{2}(?=[-,;]|$)", request.headers.get("accept-language", "").lower())
    return next((lang for lang in preferred if lang in words.LANGUAGES), "en")


def _answers(site: Site, state: State) -> tuple[PageData | None, PageData | None]:
    """The answer of a state and of what it is compared with; None where there is none without a run."""
    versus = None if state.versus is None else page_of(site, State(state.versus))
    return page_of(site, state), versus


def render(
    state: State, found: PageData | None, versus: PageData | None, lang: str, fault: str = "", brief: bool = False
) -> str:
    """The whole page as HTML."""
    return _environment(lang).get_template("page.html").render(context(state, found, versus, lang, fault, brief))


def fragment(found: PageData, chart: str, lang: str) -> str:
    """The tables of a chart as HTML."""
    parts: Any = _environment(lang).get_template("parts.html").module
    return str(parts.tables(tables.tables(found, chart, lang)))


def context(
    state: State, found: PageData | None, versus: PageData | None, lang: str, fault: str = "", brief: bool = False
) -> dict[str, Any]:
    """What the templates are filled with."""
    ready = page_parts.presets(lang, state.versus)
    chosen = next((one for one in ready if one["id"] == state.preset), {"title": state.preset, "note": ""})
    return {
        "lang": lang,
        "title": f"{chosen['title']} · foederis",
        "state": state,
        "fault": fault,
        "answer": worded(found, versus, lang),
        "keys": FIRST,
        "labels": {key: words.say(f"number.{key}", lang, **_names(found, lang)) for key in FIRST},
        "policy": _policy(state, found, chosen["title"], lang),
        "vintage": "" if found is None else words.say("foot.source", lang, vintage=words.vintage(found.vintage, lang)),
        "presets": ready,
        "levers": page_parts.levers(state, lang),
        "charts": {name: _chart(found, name, lang) for name in tables.CHARTS},
        "drivers": page_parts.drivers(lang),
        "assumptions": page_parts.assumptions(lang),
        "equations": [(key, equations.mathml(line)) for key, line in equations.EQUATIONS],
        "glossary": page_parts.glossary(lang),
        "leaves": _numbered("leaves", lang),
        "reading": _numbered("help.reading", lang),
        "shortcuts": page_parts.shortcuts(lang),
        "other_language": f"/?{state.query()}&lang={'en' if lang == 'ja' else 'ja'}",
        "has_brief": brief,
        "setup": page_parts.setup(state, lang),
    }


def worded(found: PageData | None, versus: PageData | None, lang: str) -> dict[str, Any]:
    """The answer in words: where it comes from, the sentence, the cards by key; empty where there is none."""
    if found is None:
        return {"source": "none", "chip": chip(None, lang), "sentence": words.say("page.waiting", lang), "numbers": {}}
    numbers = {card.key: card._asdict() for card in cards(found, lang, versus)}
    return {"source": found.source, "chip": chip(found, lang), "sentence": sentence(found, lang), "numbers": numbers}


def _names(found: PageData | None, lang: str) -> dict[str, str]:
    if found is not None:
        return names(found, lang)
    short = {role: words.country(code, lang, short=True) for role, code in ACTORS.items()}
    return {**short, "year": words.year(YEAR, lang)}


def _policy(state: State, found: PageData | None, title: str, lang: str) -> str:
    """Which law this is, and since when."""
    law = "" if found is None else words.say("chip.law", lang, date=words.day(found.date, lang))
    moved = words.say("lever.moved", lang) if state.levers else ""
    return " · ".join(part for part in (title, moved, law) if part)


def _chart(found: PageData | None, name: str, lang: str) -> dict[str, Any]:
    said, note = _names(found, lang), f"chart.{name}.note"
    return {
        "name": name,
        "title": words.say(f"chart.{name}.title", lang, **said),
        "alt": words.say(f"chart.{name}.alt", lang, **said),
        "note": words.say(note, lang, **said) if note in words.TEXTS[lang] else "",
        "frame": tables.CHART_FRAMES[name],
        "tables": [] if found is None else tables.tables(found, name, lang),
        "pins": tables.pins(found, lang) if found is not None and name == "trust" else [],
    }


def _numbered(group: str, lang: str) -> list[str]:
    """The texts `group.1`, `group.2` and so on."""
    found: list[str] = []
    while (key := f"{group}.{len(found) + 1}") in words.TEXTS[lang]:
        found.append(words.TEXTS[lang][key])
    return found


@cache
def _environment(lang: str) -> Any:
    """The templates in a language; everything that is not HTML of ours is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("foederis.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.globals["say"] = lambda key, **values: words.say(key, lang, **values)
    made.filters["emphasised"] = emphasised
    made.filters["data"] = _data
    return made


def emphasised(text: str, numbers: Mapping[str, Mapping[str, str]]) -> Any:
    """A sentence as HTML in which what the cards say too is strong."""
    from markupsafe import Markup, escape

    said = sorted({card[k] for card in numbers.values() for k in ("value", "word") if card[k]}, key=len, reverse=True)
    if not said:
        return escape(text)
    pieces = re.split("(" + "|".join(map(re.escape, said)) + ")", text)
    return Markup("").join(
        Markup("<strong>{}</strong>").format(piece) if k % 2 else escape(piece) for k, piece in enumerate(pieces)
    )


def _data(value: Any) -> Any:
    """A value as JSON inside a script element: no character of it can end the element."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
