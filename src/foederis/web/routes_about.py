"""What can be asked without a run: health, what the server is made of, codes, words, scenarios, levers, checks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from starlette.responses import Response

from foederis.errors import FoederisError, ScenarioError, UsageError
from foederis.web import schemas
from foederis.web.errors import Problem, fault_dict, of_error
from foederis.web.limits import YAML_TYPES
from foederis.web.site import Here, Language, Site, answer, described

__all__ = ["router"]

router = APIRouter()
Id = Annotated[str, InPath(max_length=120)]
PAIRS = 6_000  # of importer and exporter over all measures: about 0.3 s, the whole world once
SCENARIO = {"schema": {"type": "string"}}


@router.get("/health", tags=["server"], responses=described(schemas.Health, "Whether the server is ready."))
async def health(site: Here) -> Response:
    """Say whether the server is ready."""
    return answer(health_of(site))


def health_of(site: Site) -> dict[str, Any]:
    """The answer to a question about health."""
    import foederis

    return {
        "ready": site.ready,
        "version": foederis.__version__,
        "seconds": round(time.monotonic() - site.started, 3),
        "waiting": site.runs.waiting,
    }


@router.get("/meta", tags=["server"], responses=described(schemas.Meta, "Versions, data, limits, names."))
def meta(site: Here) -> Response:
    """Say what the server is made of, what it allows, and which variables and charts there are."""
    import foederis
    from foederis import charts_live, ledger, store_manifest, world
    from foederis.report_page import FRAMES, MARKS
    from foederis.report_series import SERIES
    from foederis.scenario_levers import DEFAULT, PAGE_PRESETS
    from foederis.web import answers
    from foederis.web.orders import ALLIANCE_DRAWS, DRAWS, SEED
    from foederis.words_page import LANGUAGES

    book, allowed = ledger.load(), site.settings
    return answer(
        {
            "version": foederis.__version__,
            "code_sha256": store_manifest.code_sha256(),
            "data": {"world": str(world.load().meta["sha256"]), "ledger": book.sha256},
            "ledger_until": book.end.isoformat(),
            "default": DEFAULT,
            "presets": list(PAGE_PRESETS),
            "languages": list(LANGUAGES),
            "marks": list(MARKS),
            "draws": {"draws": DRAWS, "alliance_draws": ALLIANCE_DRAWS, "seed": SEED},
            "limits": {
                "body_bytes": allowed.body,
                "queue": allowed.queue,
                "kept": allowed.kept,
                "run_seconds": allowed.run_s,
                "sweep_points": allowed.sweep_points,
            },
            "charts": list(charts_live.CHARTS),
            "emulated": answers.errors(),
            "variables": {"page": list(FRAMES), "series": list(SERIES)},
        }
    )


@router.get("/codes/{name}", tags=["words"], responses=described(list[schemas.Code], "Codes with names."))
def codes(name: Id, find: Annotated[str, Query(max_length=80)] = "") -> Response:
    """List the codes that a scenario may use: countries, groups, sectors, authorities, goods, elasticities, presets."""
    from foederis import cli_show

    try:
        rows = cli_show.codes(name, find or None)
    except UsageError as error:
        detail, _, hint = str(error).partition("; ")
        raise Problem("not-found", detail[:200], hint=hint, loc=("path", "name")) from None
    return answer([{"code": code, "name": text} for code, text in rows])


@router.get("/glossary", tags=["words"], responses=described(schemas.Glossary, "Words by key."))
async def glossary(lang: Language = "en") -> Response:
    """The words of page, charts and brief in a language, by key."""
    from foederis.words_page import TEXTS

    return answer({"lang": lang, "words": dict(TEXTS[lang])})


@router.get("/assumptions", tags=["words"], responses=described(list[schemas.Parameter], "Parameters."))
def assumptions(
    block: Annotated[str | None, Query(max_length=40)] = None, find: Annotated[str, Query(max_length=80)] = ""
) -> Response:
    """List every parameter of the alliance: prior, mark, source, what it moves."""
    from foederis import cli_alliance

    try:
        return answer(cli_alliance.assumptions(block, find or None)[1])
    except UsageError as error:
        raise of_error(error, ("query", "block")) from None


@router.get("/cases", tags=["scenarios"], responses=described(list[schemas.Case], "Cases."))
def cases() -> Response:
    """List the pairs of allies of the shipped scenarios, and what data an alliance run of each would lack."""
    from foederis import scenario, scenario_case

    pairs: dict[tuple[str, str], Any] = {}
    for preset in scenario.presets():
        actors = scenario.load(preset.id).actors
        pairs.setdefault((actors.coercer, actors.target), actors)
    rows = [
        {
            "case": f"{coercer}-{target}".lower(),
            "coercer": coercer,
            "target": target,
            "rival": actors.rival,
            "bystanders": list(actors.bystanders),
            "missing": list(scenario_case.missing(coercer, target)),
        }
        for (coercer, target), actors in pairs.items()
    ]
    return answer(rows)


@router.get("/scenarios", tags=["scenarios"], responses=described(list[schemas.ScenarioSummary], "Scenarios."))
def scenarios() -> Response:
    """List the shipped scenarios; those of the page come first, in its order."""
    return answer(list(_summaries().values()))


def _summaries() -> Mapping[str, dict[str, Any]]:
    from foederis import scenario
    from foederis.scenario_levers import PAGE_PRESETS

    known = {preset.id: preset for preset in scenario.presets()}
    order = [*PAGE_PRESETS, *(name for name in known if name not in PAGE_PRESETS)]
    return {
        name: {
            "id": name,
            "title": {"en": known[name].title, "ja": known[name].title_ja},
            "note": {"en": known[name].note, "ja": known[name].note_ja},
            "on_page": name in PAGE_PRESETS,
        }
        for name in order
    }


@router.get(
    "/scenarios/{id}.yaml",
    tags=["scenarios"],
    responses={200: {"description": "The scenario as YAML.", "content": {"application/yaml": SCENARIO}}},
)
def scenario_yaml(id: Id) -> Response:
    """A shipped scenario as a file with nothing left to inherit."""
    from foederis import scenario

    _require_preset(id)
    headers = {"Content-Disposition": f'inline; filename="{id}.yaml"'}
    return Response(scenario.dump(scenario.load(id)), headers=headers, media_type="application/yaml")


@router.get("/scenarios/{id}", tags=["scenarios"], responses=described(schemas.ScenarioDocument, "The scenario."))
def scenario_document(id: Id) -> Response:
    """A shipped scenario with what it says and what a run does not use of it."""
    from foederis import scenario

    _require_preset(id)
    found = scenario.load(id)
    actors, horizon = found.actors, found.horizon
    return answer(
        {
            **_summaries()[id],
            "sha256": found.sha256,
            "evaluate": found.evaluate.isoformat(),
            "compare_to": found.compare_to,
            "extends": list(found.extends),
            "actors": {
                "coercer": actors.coercer,
                "target": actors.target,
                "rival": actors.rival,
                "bystanders": list(actors.bystanders),
            },
            "horizon": {"start": str(horizon.start), "end": str(horizon.end)},
            "unused": list(found.unused(alliance=True, hazards=True)),
            "yaml": scenario.dump(found),
        }
    )


def _require_preset(id: str) -> None:
    from foederis.scenario_codes import nearest
    from foederis.scenario_files import preset_names

    if id not in preset_names():
        hint = nearest(id, preset_names()) or "list them with /api/v1/scenarios"
        raise Problem("not-found", f"there is no scenario {id[:60]!r}", hint=hint, loc=("path", "id"))


@router.get("/levers", tags=["scenarios"], responses=described(schemas.LeverList, "Levers."))
def levers(p: Annotated[str, Query(max_length=120, description="A preset of the page.")] = "") -> Response:
    """The levers of the page: range, step, unit, and where each stands under the law of a preset."""
    from foederis.scenario_levers import DEFAULT, LEVERS, legal

    preset = p or DEFAULT
    try:
        stands = legal(preset)
    except UsageError as error:
        raise of_error(error, ("query", "p")) from None
    rows = [
        {
            "key": lever.key,
            "unit": lever.unit,
            "low": lever.low,
            "high": lever.high,
            "step": lever.step,
            "legal": stands[lever.key],
        }
        for lever in LEVERS.values()
    ]
    return answer({"preset": preset, "levers": rows})


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/CheckRequest"}},
            YAML_TYPES[0]: {"schema": {"description": "A scenario, good or not: that is the question."}},
        },
    }
}


@router.post(
    "/check",
    tags=["scenarios"],
    responses=described(schemas.CheckAnswer, "Faults, none when good."),
    openapi_extra=BODY,
)
async def check(request: Request, site: Here) -> Response:
    """Check a scenario, sent as YAML or in a field of JSON: every fault with line and column, and the cure."""
    given = await _given(request)
    return answer(await site.reading.run(lambda: _checked(given)))


async def _given(request: Request) -> bytes:
    """The text of the scenario that a request carries."""
    from pydantic import ValidationError

    from foederis.scenario_files import preset_names, preset_text

    body = await request.body()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() in YAML_TYPES:
        return body
    try:
        text = schemas.CheckRequest.model_validate_json(body).scenario
    except ValidationError as error:
        first = error.errors()[0]
        loc = ("body", *first["loc"])
        hint = 'send {"scenario": "..."}, or YAML as application/yaml'
        raise Problem("invalid", f"{'.'.join(map(str, loc))}: {first['msg']}", hint=hint, loc=loc) from None
    return preset_text(text) if text in preset_names() else text.encode("utf-8", "replace")


def _checked(text: bytes) -> dict[str, Any]:
    from foederis import scenario, scenario_scope, world

    notes = []
    try:
        found = scenario.load(text)
        table = world.load(**found.world_options())
        pairs = [scenario_scope.pairs(table, one.importer, one.exporter, one.id) for one in found.file.tariffs]
        if (count := sum(map(len, pairs))) <= PAIRS:
            found.tariff_cut(table)
        else:
            notes.append(f"its rates on {count:,} pairs were not added up here; a run does that")
    except ScenarioError as error:
        faults = [fault_dict(fault) for fault in error.faults]
        return {"ok": False, "id": None, "sha256": None, "faults": faults, "notes": []}
    except FoederisError as error:
        plain = {"line": 1, "column": 1, "code": "data", "detail": str(error), "hint": "", "excerpt": ""}
        return {"ok": False, "id": None, "sha256": None, "faults": [{"file": "<text>", **plain}], "notes": []}
    notes += found.unused(alliance=True, hazards=True)
    return {"ok": True, "id": found.id, "sha256": found.sha256, "faults": [], "notes": notes}
