"""What the routes of one server share: its settings, the runs, places for heavy work, how answers are written."""

from __future__ import annotations

import tempfile
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import orjson
from fastapi import Depends, Query, Request
from starlette.responses import Response

from foederis.web.limits import Gate, Settings
from foederis.web.runs import Runs

__all__ = ["LANGUAGES", "Here", "Language", "Site", "answer", "described", "packed", "site_of"]

LANGUAGES = ("en", "ja")
Language = Annotated[Literal["en", "ja"], Query(description="Language of words.")]
JSON = "application/json"
SAID = 512  # answers of about 40 kB


class Said:
    """The last answers as they were sent, by what was asked."""

    def __init__(self, most: int):
        self._most = most
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()

    def get(self, key: tuple[str, ...]) -> bytes | None:
        """An answer, or None where it was not given or was forgotten."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, key: tuple[str, ...], said: bytes) -> bytes:
        """Keep an answer, and give it back."""
        self._kept[key] = said
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return said


class Site:
    """One server. `ready` turns true when everything that makes the first answers slow has been loaded."""

    def __init__(self, settings: Settings, runs: Runs | None = None):
        self.settings = settings
        self.runs = Runs(settings) if runs is None else runs
        self.started = time.monotonic()
        self.ready = False
        self.drawing = Gate(1, 200, "charts to draw")
        self.reading = Gate(1, 16, "scenarios to read")
        self.said = Said(SAID)
        self._spool: tempfile.TemporaryDirectory[str] | None = None

    @property
    def spool(self) -> Path:
        """A folder for files made on request, gone with the server."""
        if self._spool is None:
            self._spool = tempfile.TemporaryDirectory(prefix="foederis-")
        return Path(self._spool.name)

    async def close(self) -> None:
        """Stop the runs and remove the files."""
        await self.runs.close()
        if self._spool is not None:
            self._spool.cleanup()


def site_of(request: Request) -> Site:
    """The server that a request came to."""
    return cast(Site, request.app.state.site)


async def _here(request: Request) -> Site:
    return site_of(request)


Here = Annotated[Site, Depends(_here)]  # asynchronous: for a plain function each request would wait on a thread


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = JSON) -> Response:
    """A value as JSON; a number that is not finite is null."""
    return Response(packed(value), status, dict(headers or {}), media_type)


def packed(value: Any) -> bytes:
    """JSON of a value."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def described(model: Any, description: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a model."""
    return {status: {"model": model, "description": description}}
