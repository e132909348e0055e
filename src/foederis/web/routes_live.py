"""Answers to a state of the page without a run: what it is in every form, where the presets stand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from starlette.responses import Response

from foederis import charts_live
from foederis.errors import FoederisError
from foederis.report_page import PageData
from foederis.scenario_levers import DEFAULT, LEVERS, State
from foederis.web import answers, export, schemas
from foederis.web.errors import Problem, of_error
from foederis.web.orders import MOST_QUERY
from foederis.web.site import Here, Language, answer, described, packed

__all__ = ["router", "state_in"]

router = APIRouter()
CASE = "usa-jpn"
CaseName = Annotated[str, Query(max_length=40, description="Coercer and ally.")]


def _number(key: str) -> dict[str, Any]:
    lever = LEVERS[key]
    schema: dict[str, Any] = {"type": "number", "minimum": lever.low, "maximum": lever.high}
    words = f"Lever, {lever.unit or '0 or 1'}; left out: as the preset's law has it."
    return {"name": key, "in": "query", "required": False, "schema": schema, "description": words}


def _preset(key: str, words: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": 120}
    return {"name": key, "in": "query", "required": False, "schema": schema, "description": words}


STATE: Mapping[str, Any] = {
    "parameters": [
        _preset("p", f"The preset, by default {DEFAULT}."),
        *(_number(key) for key in LEVERS),
        _preset("vs", "The preset that it is compared with."),
    ]
}


def state_in(request: Request) -> State:
    """The state that the query of a request names; Problem naming the parameter when it is none."""
    if len(request.url.query) > MOST_QUERY:
        raise Problem("invalid", f"a state has at most {MOST_QUERY} characters", loc=("query",))
    try:
        return State.parse(request.query_params)
    except FoederisError as error:
        words = str(error)
        name = next((key for key in ("vs", *LEVERS) if words.startswith(key)), "p")
        raise of_error(error, ("query", name)) from None


@router.get(
    "/state", tags=["live"], responses=described(schemas.StateDocument, "The state."), openapi_extra=dict(STATE)
)
async def get_state(request: Request, site: Here) -> Response:
    """A state with everything that gives the same run: query, settings, YAML, command line, Python."""
    state = state_in(request)
    return answer(await site.reading.run(lambda: _said(state)))


@router.get("/live", tags=["live"], responses=described(schemas.Live, "The answer."), openapi_extra=dict(STATE))
async def get_live(request: Request, site: Here, lang: Language = "en") -> Response:
    """The answer to a state at once: worded, with the data of every chart; `source` says where it comes from."""
    return Response(answers.live(site, state_in(request), lang), media_type="application/json")


@router.get("/charts/{name}.json", tags=["live"], responses=described(dict[str, Any], "A Vega-Lite specification."))
async def get_chart(
    name: Annotated[str, InPath(max_length=40)],
    site: Here,
    lang: Language = "en",
    theme: Annotated[Literal["light", "dark"], Query()] = "light",
    width: Annotated[int, Query(ge=240, le=2000)] = 720,
    p: Annotated[str, Query(max_length=120, description="A preset of the page.")] = DEFAULT,
) -> Response:
    """A chart as a specification whose data are named and come with `/live`, again and again."""
    export.require_chart(name)
    try:
        state = State(p)
    except FoederisError as error:
        raise of_error(error, ("query", "p")) from None
    found = answers.page_of(site, state)
    if found is None:
        hint = "ask for its run first: POST /api/v1/runs"
        raise Problem("not-done", f"there is no answer for {p} yet", hint=hint, loc=("query", "p"))
    key = (name, lang, theme, str(width), p, found.run_id)
    said = site.said.get(key)
    if said is None:
        async with site.drawing.place():  # whoever waited for the same chart finds it made
            said = site.said.get(key)
            if said is None:
                said = site.said.keep(key, await asyncio.to_thread(_spec, found, name, lang, theme, width))
    return Response(said, media_type="application/json")


def _spec(found: PageData, name: str, lang: str, theme: str, width: int) -> bytes:
    return packed(charts_live.spec(name, lang=lang, theme=theme, width=width, data=found))


@router.get("/frontier", tags=["live"], responses=described(schemas.Frontier, "Points."))
def get_frontier(
    site: Here, case: Annotated[str, Query(max_length=40, description="Coercer and ally.")] = CASE
) -> Response:
    """What the coercer can have: each preset of the page as a point of gain and change of trust, as far as answered."""
    if case.lower() != CASE:
        raise Problem("not-found", f"no presets for {case[:40]!r}", hint=f"there is {CASE}", loc=("query", "case"))
    return answer({"case": CASE, **answers.frontier(site)})


@lru_cache(maxsize=256)
def _sha256(preset: str, settings: tuple[str, ...]) -> str:
    from foederis import scenario

    return scenario.load(preset, settings=settings).sha256


def _said(state: State) -> dict[str, Any]:
    try:
        digest = _sha256(state.preset, state.settings())
    except FoederisError as error:
        raise of_error(error, ("query",)) from None
    return {
        "query": state.query(),
        "preset": state.preset,
        "levers": dict(state.levers),
        "versus": state.versus,
        "settings": list(state.settings()),
        "scenario_sha256": digest,
        "yaml": state.yaml(),
        "cli": state.cli(),
        "python": state.python(),
    }
