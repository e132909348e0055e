"""The application: routes, guard, what is loaded at the start.

    app = create_app(Settings(out=Path("runs")))        # then: uvicorn.run(app), one worker

The server answers at once and says in /healthz whether it is ready; data, emulators, the renderer of charts and the job
process load meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

import foederis
from foederis.web import assets, docs, errors, openapi, routes_about, routes_live, routes_runs
from foederis.web.limits import API, Guard, Settings
from foederis.web.runs import Runs
from foederis.web.site import Site, answer

__all__ = ["create_app"]

LOG = logging.getLogger("foederis.web")
ABOUT = (
    "What economic coercion does to an alliance, and whether it pays on the coercer's own terms. Answers are medians "
    "with 90 % intervals and a mark: D data, L literature, A assumption. Nothing leaves this machine; there are no "
    "cookies."
)


def create_app(settings: Settings | None = None, runs: Runs | None = None) -> FastAPI:
    """The application of one server; `runs` is for tests."""
    site = Site(Settings() if settings is None else settings, runs)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        site.runs.start()
        warming = asyncio.create_task(_warm(site))
        try:
            yield
        finally:
            warming.cancel()
            with suppress(asyncio.CancelledError):
                await warming
            await site.close()

    app = FastAPI(
        title="foederis API",
        version=foederis.__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    app.state.site = site
    errors.install(app)
    openapi.install(app)
    for router in (routes_about.router, routes_live.router, routes_runs.router):
        app.include_router(router, prefix=API)
    app.include_router(assets.router)
    _add_pages(app)
    app.add_middleware(Guard, settings=site.settings)
    return app


def _add_pages(app: FastAPI) -> None:
    """The pages: that of the interface, health, and the page itself."""
    site: Site = app.state.site

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        return answer(routes_about.health_of(site))

    @app.get(f"{API}/openapi.json", include_in_schema=False)
    def openapi_document() -> Response:
        return answer(app.openapi())

    @app.get("/api/", include_in_schema=False)
    def api_page(request: Request) -> Response:
        return HTMLResponse(docs.page(app.openapi(), f"http://{request.headers['host']}"))

    if find_spec("foederis.web.page") is not None:
        from importlib import import_module

        app.include_router(import_module("foederis.web.page").router())


async def _warm(site: Site) -> None:
    """Load what makes first answers slow, then say that the server is ready. What fails is logged and asked again by
    the request that needs it, which then says what is wrong."""
    if site.settings.warm:
        for name, load in _loads(site):
            try:
                await asyncio.to_thread(load)
            except Exception as error:  # the server runs without it; whoever needs it is told
                LOG.error("%s could not be loaded", name, exc_info=error)
        await site.runs.warm()
        gc.collect()
        gc.freeze()  # what is loaded stays: else it is looked through again and again while people drag
    site.ready = True


def _loads(site: Site) -> tuple[tuple[str, Callable[[], object]], ...]:
    from foederis import emulator, ledger, scenario, world
    from foederis.scenario_levers import PAGE_PRESETS, State, legal
    from foederis.web import answers

    return (
        ("the world", world.load),
        ("the ledger", ledger.load),
        ("scenarios", scenario.presets),
        ("levers", lambda: [legal(name) for name in PAGE_PRESETS]),
        ("emulators", lambda: [emulator.load(name) for name in PAGE_PRESETS]),
        ("first answers", lambda: [answers.live(site, State(), lang) for lang in ("en", "ja")]),
        ("the renderer", assets.bundle),
    )
