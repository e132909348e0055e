"""The OpenAPI document: what FastAPI writes of the routes, and every problem that any of them may answer with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from foederis.web.errors import KINDS, MEDIA_TYPE
from foederis.web.limits import POSTS
from foederis.web.schemas import CheckRequest, ProblemDocument

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["document", "install"]

SCHEMAS = "#/components/schemas/{model}"
TAGS = (
    ("server", "Whether it is ready, what it is made of."),
    ("words", "Codes, words, assumptions."),
    ("scenarios", "Scenarios, levers, states; checks."),
    ("live", "Answers while someone drags, and the charts they go into."),
    ("runs", "Exact runs: ask, look."),
    ("data", "Results as data, reasons, files."),
)
ALWAYS = ("method", "host", "busy", "failed", "invalid")  # what any route may answer
POSTED = ("origin", "slow", "too-large", "media-type", "scenario")
DRAWN = ("not-found", "not-done", "timeout")  # of what rests on a run


def install(app: FastAPI) -> None:
    """Let an application serve the document."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an application."""
    found: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS],
    )
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for model in (ProblemDocument, CheckRequest):
        schema = model.model_json_schema(ref_template=SCHEMAS)
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            kinds = [*ALWAYS, *_named(path, method)]
            operation["responses"] = {**operation["responses"], **_problems(kinds)}
    return found


def _named(path: str, method: str) -> tuple[str, ...]:
    """What a route may answer beyond what any may."""
    queued = path.endswith("/audit") or (path in POSTS and not path.endswith("/check"))
    return (
        *(POSTED if method == "post" else ()),
        *(DRAWN if "{" in path else ()),
        *(("not-found",) if path.endswith("/frontier") else ()),
        *(("queue-full",) if queued else ()),
    )


def _problems(kinds: Iterable[str]) -> dict[str, Any]:
    """The responses of problems, those of one status together."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for name in dict.fromkeys(kinds):
        by_status[KINDS[name].status].append(name)
    content = {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS.format(model="ProblemDocument")}}}
    return {
        str(status): {
            "description": " ".join(f"{KINDS[name].title}: {KINDS[name].meaning}" for name in names),
            "content": content,
        }
        for status, names in sorted(by_status.items())
    }
