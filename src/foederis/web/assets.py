"""Files of the page: those of the package, and the renderer of charts, bundled once from the library that draws them.

Everything is served from memory with an ETag, so that a browser asks once and then only whether it changed.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fastapi import APIRouter, Request
from starlette.responses import Response

from foederis.web.errors import Problem

__all__ = ["Asset", "bundle", "files", "router"]

router = APIRouter(include_in_schema=False)
BUNDLE = "vega.js"
GLOBALS = "window.vegaEmbed = vegaEmbed; window.vegaLite = vegaLite; window.vega = vega;"
TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
}


@dataclass(frozen=True)
class Asset:
    """A file: its bytes, the same compressed, its type and its ETag."""

    data: bytes
    packed: bytes
    media_type: str
    etag: str


def asset(name: str, data: bytes) -> Asset:
    """A file in memory."""
    suffix = name[name.rfind(".") :]
    media = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(data, gzip.compress(data, mtime=0), media, f'"{hashlib.sha256(data).hexdigest()[:20]}"')


@cache
def files() -> Mapping[str, Asset]:
    """The files of the package by name."""
    folder = resources.files("foederis") / "web" / "static"
    return {file.name: asset(file.name, file.read_bytes()) for file in folder.iterdir() if file.is_file()}


@cache
def bundle() -> Asset:
    """Vega, Vega-Lite and their embedding as one script, from the renderer: no network, no second version."""
    import altair as alt
    import vl_convert

    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])  # the one that our charts are written in
    text: str = vl_convert.javascript_bundle(GLOBALS, vl_version=version)
    return asset(BUNDLE, text.encode("utf-8"))


def found(name: str) -> Asset:
    """A file by name; Problem when there is none."""
    if name == BUNDLE:
        return bundle()
    if name not in files():
        raise Problem("not-found", f"there is no file {name[:60]!r}", loc=("path", "name"))
    return files()[name]


@router.get("/static/{name}")
def static(name: str, request: Request) -> Response:
    """A file of the page."""
    return served(found(name), request)


@router.get("/favicon.ico")
def favicon(request: Request) -> Response:
    """The icon that browsers ask for by this name."""
    return served(found("favicon.svg"), request)


def served(one: Asset, request: Request) -> Response:
    """A file with its ETag: 304 when the browser has it, compressed when the browser reads that."""
    headers = {"ETag": one.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if one.etag in (request.headers.get("if-none-match") or ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(one.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=one.media_type)
    return Response(one.data, headers=headers, media_type=one.media_type)
