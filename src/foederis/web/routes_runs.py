"""Exact runs over HTTP: ask, look, take data, reasons, manifest. The run id is that of the command line."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from fastapi import Path as InPath
from starlette.responses import FileResponse, Response

from foederis.audit_render import in_japanese
from foederis.web import export, orders, schemas
from foederis.web.errors import Problem
from foederis.web.limits import API
from foederis.web.runs import Entry
from foederis.web.site import Here, Language, Site, answer, described

__all__ = ["document", "router"]

router = APIRouter()
Responses = dict[int | str, dict[str, Any]]
Id = Annotated[str, InPath(max_length=40, description="Id of the order, or run id.")]
Name = Annotated[str, InPath(max_length=60)]
Scenario = Annotated[str, Query(max_length=400, description="Of a comparison: which of the two.")]
Wait = Annotated[float, Query(ge=0, le=25, description="Seconds to wait for a change before answering.")]
Client = Annotated[
    str,
    Header(
        alias="X-Client",
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]*$",
        description="Any name that one page keeps: its newer order takes the place of an older one that still waits.",
    ),
]
NOT_YET: Responses = {202: {"model": schemas.RunDocument, "description": "Under way; `Location` is where to look."}}
RUN: Responses = {**described(schemas.RunDocument, "The run, with its answer."), **NOT_YET}
NETCDF_S = 60.0
BRIEF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


def document(site: Site, entry: Entry, full: bool = True) -> dict[str, Any]:
    """A run as its document says it; `full` with the answer."""
    order, kept = entry.order, entry.kept
    what, done, of = entry.stage
    here = f"{API}/runs/{order.id}"
    links = {"self": here}
    if kept is not None and kept.pages:
        links |= {"manifest": f"{here}/manifest.json", "netcdf": f"{here}/results.nc"}
    plain: dict[str, Any] = {
        "id": order.id,
        "run_id": kept.run_id or None if kept is not None else None,
        "kind": order.kind,
        "status": entry.status,
        "progress": {
            "what": what,
            "done": done,
            "of": of,
            "seconds": round(entry.seconds, 3),
            "position": site.runs.position(entry),
        },
        "scenarios": list(kept.pages) if kept is not None else [one.name or "text" for one in order.sources],
        "state": order.state,
        "draws": order.draws,
        "alliance_draws": order.alliance_draws,
        "seed": order.seed,
        "links": links,
        "problem": entry.problem,
        "folder": kept.folder if kept is not None else "",
    }
    if kept is None or not full:
        return plain
    pages = {label: page.as_dict() for label, page in kept.pages.items()}
    plain["sentence"] = {label: kept.report["scenarios"][label]["sentence"] for label in pages}
    plain["page"] = next(iter(pages.values()), None)
    plain["pages"] = pages if len(pages) > 1 else {}
    plain["differences"] = list(kept.differences)
    plain["table"] = list(kept.table)
    return plain


def _accepted(site: Site, entry: Entry) -> Response:
    """200 with the answer when it is there, else 202 with where to look."""
    if entry.status == "done":
        return answer(document(site, entry))
    return answer(document(site, entry), 202, {"Location": f"{API}/runs/{entry.order.id}"})


@router.post("/runs", tags=["runs"], responses=RUN)
async def post_run(asked: schemas.RunRequest, site: Here, client: Client = "") -> Response:
    """Ask for an exact run of a preset, of a scenario's text, or of a state of the page."""
    order = await site.reading.run(
        lambda: orders.run(orders.source(asked.scenario, asked.state), asked.draws, asked.alliance_draws, asked.seed)
    )
    return _accepted(site, site.runs.submit(order, client))


@router.post("/compare", tags=["runs"], responses=RUN)
async def post_compare(asked: schemas.CompareRequest, site: Here, client: Client = "") -> Response:
    """Ask for an exact run of two scenarios with the same draws, and their difference draw by draw."""

    def ordered() -> orders.Order:
        two = [
            orders.source(one.scenario, one.state, ("body", name))
            for name, one in (("first", asked.first), ("second", asked.second))
        ]
        return orders.compare(two, asked.draws, asked.alliance_draws, asked.seed)

    return _accepted(site, site.runs.submit(await site.reading.run(ordered), client))


@router.post("/sweep", tags=["runs"], responses=RUN)
async def post_sweep(asked: schemas.SweepRequest, site: Here, client: Client = "") -> Response:
    """Ask for exact runs over a small grid of levers or settings; the answer is a table."""

    def ordered() -> orders.Order:
        base = orders.source(asked.scenario, asked.state)
        return orders.sweep(base, asked.grid, site.settings.sweep_points, asked.draws, asked.alliance_draws, asked.seed)

    return _accepted(site, site.runs.submit(await site.reading.run(ordered), client))


@router.get("/runs", tags=["runs"], responses=described(list[schemas.RunDocument], "Runs, the latest first."))
async def get_runs(site: Here, state: schemas.Query = "") -> Response:
    """List the runs that are known, without their answers; with `state`, the latest of that state alone."""
    if state:
        entry = site.runs.of_state(orders.source(None, state, ("query",)).state)
        found = [] if entry is None else [entry]
    else:
        found = site.runs.known()
    return answer([document(site, entry, full=False) for entry in found])


@router.get("/runs/{id}", tags=["runs"], responses=described(schemas.RunDocument, "The run."))
async def get_run(id: Id, site: Here, wait: Wait = 0) -> Response:
    """How far a run is, and the answer when it is there."""
    entry = site.runs.get(id)
    await site.runs.wait(entry, wait)
    return answer(document(site, entry))


@router.get("/audit", tags=["runs"], responses={**described(dict[str, Any], "The audit."), **NOT_YET})
async def get_audit(site: Here, wait: Wait = 0, lang: Language = "en") -> Response:
    """The claims of the essay with their verdicts, computed once after the first request (about ten seconds).

    In Japanese the claims and what would change the verdicts are told so; reasons and statistics stay English."""
    entry = site.runs.submit(orders.audit())
    await site.runs.finish(entry, wait)
    if entry.kept is not None and entry.kept.audit is not None:
        return answer(in_japanese(entry.kept.audit) if lang == "ja" else entry.kept.audit)
    return _accepted(site, entry)


@router.get(
    "/runs/{id}/manifest.json",
    tags=["data"],
    responses={200: {"model": dict[str, Any], "description": "The manifest."}},
)
async def get_manifest(id: Id, site: Here) -> Response:
    """What a run was made from: versions, checksums, seed, draws, residuals."""
    kept = export.kept_of(site.runs.get(id))
    export.label_of(kept, "")
    return answer(kept.manifest)


@router.get("/runs/{id}/why", tags=["data"], responses=described(schemas.Why, "Parts that sum."))
async def get_why(
    id: Id,
    site: Here,
    var: Annotated[Literal["trust", "balance", "effort"], Query()] = "trust",
    at: Annotated[str, Query(max_length=10, description="A quarter, such as 2028-Q4.")] = "",
    scenario: Scenario = "",
) -> Response:
    """Why trust, the balance or effort moved by a quarter: channels whose means sum, with 90 % intervals."""
    kept = export.kept_of(site.runs.get(id))
    label = export.label_of(kept, scenario)
    if label not in kept.why:
        raise Problem("not-found", "this run has no alliance", hint="run a pair that has data of its own")
    told = kept.why[label][var]
    quarter = at.replace(" ", "-") or next(iter(told))
    if quarter not in told:
        hint = f"there are {', '.join(told)}"
        raise Problem("not-found", f"{var} is not explained at {at!r}", hint=hint, loc=("query", "at"))
    unit = {"trust": "pp", "balance": "%", "effort": "log points"}[var]
    about = {"run_id": kept.run_id, "scenario": label, "variable": var, "at": quarter, "unit": unit}
    return answer({**about, "parts": told[quarter]})


@router.get(
    "/runs/{id}/brief.{form}",
    tags=["data"],
    responses={
        200: {
            "description": "The brief.",
            "content": {
                "text/html": {"schema": {"type": "string"}},
                "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def get_brief(
    id: Id,
    form: Annotated[Literal["html", "pdf"], InPath()],
    site: Here,
    scenario: Scenario = "",
    lang: Language = "en",
) -> Response:
    """The run on one A4 page, as HTML or PDF, in English or Japanese."""
    kept = export.kept_of(site.runs.get(id))
    label = export.label_of(kept, scenario)
    data = await site.drawing.run(lambda: export.brief(kept, label, lang, form))
    headers = {"Content-Disposition": f'inline; filename="{kept.run_id}-brief.{form}"', "X-Run-Id": kept.run_id}
    if form == "html":  # it brings its own style and drawings, and nothing else
        headers["Content-Security-Policy"] = BRIEF_POLICY
    return Response(data, headers=headers, media_type=export.BRIEF_TYPES[form])


CONTENT = {
    "application/json": {"schema": {"type": "object"}},
    "text/csv": {"schema": {"type": "string"}},
    "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
    "application/x-netcdf": {"schema": {"type": "string", "format": "binary"}},
    "image/svg+xml": {"schema": {"type": "string"}},
    "image/png": {"schema": {"type": "string", "format": "binary"}},
}


@router.get(
    "/runs/{id}/{variable}.{form}",
    tags=["data"],
    responses={200: {"description": "The data.", "content": CONTENT}},
)
async def get_variable(
    id: Id,
    variable: Name,
    form: Annotated[Literal["csv", "parquet", "json", "svg", "png", "nc"], InPath()],
    site: Here,
    scenario: Scenario = "",
    series: Annotated[bool, Query(description="The series by quarter where a data set has its name.")] = False,
    lang: Language = "en",
    theme: Annotated[Literal["light", "dark"], Query()] = "light",
    width: Annotated[int, Query(ge=240, le=2000)] = 720,
) -> Response:
    """A data set, a series or `numbers` as CSV, Parquet or JSON; a chart as SVG or PNG; the run with all draws as
    netCDF."""
    entry = site.runs.get(id)
    kept = export.kept_of(entry)
    if form == "nc":
        return await _netcdf(site, entry)
    name = f"{kept.run_id or entry.order.id}-{variable}.{form}"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "X-Run-Id": kept.run_id}
    if form in export.IMAGE_TYPES:
        export.require_chart(variable)
        drawn = await site.drawing.run(lambda: export.chart(kept, variable, scenario, lang, theme, width, form))
        return Response(drawn, headers=headers, media_type=export.IMAGE_TYPES[form])
    found = export.table(kept, variable, scenario, series)
    data = await asyncio.to_thread(export.written, found, form, kept.manifest)
    return Response(data, headers=headers, media_type=export.TABLE_TYPES[form])


async def _netcdf(site: Site, entry: Entry) -> Response:
    """The run with all draws, written when it is first asked for."""
    kept = export.kept_of(entry)
    export.label_of(kept, "")
    path = site.spool / f"{entry.order.id}.nc"
    if not path.exists():
        await site.runs.netcdf(entry, path, NETCDF_S)
    return FileResponse(path, media_type="application/x-netcdf", filename=f"{kept.run_id}.nc")
