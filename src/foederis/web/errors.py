"""How everything is refused: problem documents of RFC 9457, never a traceback.

A problem has type (an address on the page of the interface), title, status, detail (what is wrong), `loc` (where: the
parameter, or the path into the body), `hint` (the cure) and, for a scenario, `errors` with line and column.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from foederis.errors import DataError, Fault, FoederisError, ScenarioError, SolveError, UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["KINDS", "MEDIA_TYPE", "Kind", "Problem", "fault_dict", "install", "of_error", "unexpected"]

MEDIA_TYPE = "application/problem+json"
LOG = logging.getLogger("foederis.web")


class Kind(NamedTuple):
    """A kind of problem: HTTP status, title, and what it means in one sentence."""

    status: int
    title: str
    meaning: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "origin": Kind(403, "Another site asked", "A page of another site made the request; it may not."),
        "not-found": Kind(404, "Not found", "There is no such address, run, list, scenario or variable."),
        "method": Kind(405, "Method not allowed", "The address exists; this method does not apply to it."),
        "slow": Kind(408, "Too slow", "The body of the request did not arrive in time."),
        "not-here": Kind(409, "Not possible here", "The machine lacks what this needs; `detail` names it."),
        "not-done": Kind(409, "Not done", "The run has no result yet, or ended without one; ask for the run itself."),
        "too-large": Kind(413, "Too large", "The body of the request is larger than this server reads."),
        "media-type": Kind(415, "Unsupported media type", "Bodies are JSON (or YAML where a scenario is checked)."),
        "host": Kind(421, "Unknown host", "The request names a host that this server does not answer for."),
        "invalid": Kind(422, "Invalid request", "A parameter or a field cannot be read or is out of range."),
        "scenario": Kind(422, "Invalid scenario", "The scenario has faults; each is listed with its line and column."),
        "queue-full": Kind(429, "Too many runs", "The queue of exact runs is full; ask again later."),
        "failed": Kind(500, "Failed", "A fault of this program; the log of the server has the details."),
        "busy": Kind(503, "Busy", "The server is starting, or has all it can do at once; ask again later."),
        "timeout": Kind(503, "Timed out", "The work took longer than this server allows and was stopped."),
        "not-converged": Kind(503, "Not converged", "An equilibrium was refused; nothing is shown of such a run."),
    }
)  # fmt: skip


class Problem(Exception):
    """A refusal with everything its document says; `kind` is a key of `KINDS`."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        hint: str = "",
        loc: Sequence[str | int] = (),
        errors: Sequence[Mapping[str, Any]] = (),
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(detail)
        self.kind, self.detail, self.hint, self.loc = kind, detail, hint, tuple(loc)
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, round(retry_after)))

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind].status

    def as_dict(self) -> dict[str, Any]:
        """The document."""
        plain: dict[str, Any] = {
            "type": f"/api/#problem-{self.kind}",
            "title": KINDS[self.kind].title,
            "status": self.status,
            "detail": self.detail,
            "loc": list(self.loc),
            "hint": self.hint,
        }
        return {**plain, "errors": [dict(e) for e in self.errors]} if self.errors else plain

    def response(self) -> Response:
        """The document as a response."""
        return Response(orjson.dumps(self.as_dict()), self.status, self.headers, MEDIA_TYPE)


def fault_dict(fault: Fault) -> dict[str, Any]:
    """A fault of a scenario as plain values, with the line it stands in."""
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "code": fault.code,
        "detail": fault.message,
        "hint": fault.help,
        "excerpt": fault.excerpt,
    }


def of_error(error: FoederisError, loc: Sequence[str | int] = ()) -> Problem:
    """The problem that an error of the library is; its message says what, where and, after a semicolon, the cure."""
    if isinstance(error, ScenarioError):
        faults = [fault_dict(fault) for fault in error.faults]
        if not faults:
            return Problem("scenario", str(error), loc=loc)
        first = error.faults[0]
        count = f"{len(faults)} faults; the first: " if len(faults) > 1 else ""
        detail = f"{count}line {first.line}, column {first.column}: {first.message}"
        return Problem("scenario", detail, hint=first.help, loc=loc, errors=faults)
    detail, _, cure = str(error).partition("; ")
    kind = {UsageError: "invalid", DataError: "invalid", SolveError: "not-converged"}.get(type(error), "failed")
    return Problem(kind, detail, hint=cure, loc=loc)


def install(app: FastAPI) -> None:
    """Answer what an application refuses with a problem document; what it does not foresee is for `limits.Guard`."""
    app.add_exception_handler(Problem, _refused)
    app.add_exception_handler(FoederisError, _library)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _library(_: Request, error: Exception) -> Response:
    assert isinstance(error, FoederisError)
    return of_error(error).response()


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {"loc": [part for part in one["loc"] if isinstance(part, str | int)], "detail": str(one["msg"])}
        for one in error.errors()
    ]
    first = found[0]
    where = ".".join(map(str, first["loc"][1:])) or first["loc"][0]
    problem = Problem(
        "invalid",
        f"{where}: {first['detail']}",
        hint="the page /api/ lists what each address takes",
        loc=first["loc"],
        errors=found if len(found) > 1 else (),
    )
    return problem.response()


async def _http(request: Request, error: Exception) -> Response:
    """What the router itself refuses."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        path = request.url.path[:120]
        return Problem("not-found", f"there is nothing at {path}", hint="the page /api/ lists the addresses").response()
    if error.status_code == 405:
        allowed = ", ".join(_methods(request))
        detail = f"{request.method[:20]} does not apply to {request.url.path[:120]}"
        return Problem("method", detail, hint=f"use {allowed}", headers={"Allow": allowed}).response()
    kind = next((name for name, k in KINDS.items() if k.status == error.status_code), "invalid")
    return Problem(kind, str(error.detail)).response()


def _methods(request: Request) -> list[str]:
    """The methods that apply to an address, over all its routes; HEAD goes wherever GET does."""

    def applies(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    found = [method for method in ("GET", "POST") if applies(method)]
    return ["GET", "HEAD", *found[1:]] if "GET" in found else found


def unexpected(error: BaseException) -> Problem:
    """A fault of ours: the details go to the log under a number, the answer carries the number only."""
    number = secrets.token_hex(4)
    LOG.error("fault %s", number, exc_info=error)
    detail = f"a fault of this program, number {number} in the log of the server"
    return Problem("failed", detail, hint="please report it with the log")
