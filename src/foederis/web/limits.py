"""What is refused before it costs anything, and what every answer carries: host, origin, size, load, headers.

The server listens on this machine alone and knows no users. What remains are pages of other sites in the same browser:
a name that resolves to this machine (refused by the host), a form or script that posts here (refused by the origin and
by the media type); and mistakes: bodies too large, too many requests at once.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from foederis.web.errors import Problem, unexpected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["API", "CSP", "HEADERS", "YAML_TYPES", "Gate", "Guard", "Settings"]

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": CSP,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
)
WILDCARDS = ("", "0.0.0.0", "::")
YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")
DRAINED = 16  # of a body too large, as many times the limit are read and dropped: who still sends would miss the answer
API = "/api/v1"
POSTS: Mapping[str, tuple[str, ...]] = (
    MappingProxyType(  # what is posted where; a form of another site can send neither
        {
            f"{API}/runs": ("application/json",),
            f"{API}/compare": ("application/json",),
            f"{API}/sweep": ("application/json",),
            f"{API}/check": ("application/json", *YAML_TYPES),
        }
    )
)


@dataclass(frozen=True)
class Settings:
    """What a server allows. Sizes in bytes, times in seconds; `out`: a folder in which exact runs are kept as well."""

    host: str = "127.0.0.1"
    port: int = 8000
    out: Path | None = None
    body: int = 262_144
    body_s: float = 10.0
    concurrency: int = 256  # requests at once
    queue: int = 8  # exact runs waiting
    kept: int = 16  # results kept in memory
    run_s: float = 300.0  # one exact run; a comparison has twice, a sweep once per point
    sweep_points: int = 16
    warm: bool = True  # load data, charts and the job process at the start

    def hosts(self) -> frozenset[str]:
        """Names under which this server is addressed, lower case."""
        own = {self.host.lower().strip("[]")} - set(WILDCARDS)
        return frozenset({"localhost", "127.0.0.1", "::1", *own, *self._names()})

    def _names(self) -> set[str]:
        """The machine's own name where the server listens on every interface."""
        return {socket.gethostname().lower()} if self.host in WILDCARDS else set()

    def answers_for(self, authority: str) -> bool:
        """Whether a Host header is ours. Listening on every interface, any address is: it cannot be rebound."""
        name = _host_of(authority)
        if name is None:
            return False
        return name in self.hosts() or (self.host in WILDCARDS and _is_address(name))


def _host_of(authority: str) -> str | None:
    """The host of an authority, lower case; None when it is none."""
    if not authority or any(c in authority for c in "/\\@?# \t"):
        return None
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Gate:
    """At most `most` pieces of heavy work at once, and at most `waiting` that wait for a place; more are refused."""

    def __init__(self, most: int, waiting: int, what: str):
        self._places = asyncio.Semaphore(most)
        self._waiting, self._most, self._what = 0, waiting, what

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for a block; Problem `busy` when too many wait already."""
        if self._waiting >= self._most:
            raise Problem("busy", f"too many {self._what} at once", hint="ask again in a moment", retry_after=1)
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()

    async def run(self, work: Callable[[], T]) -> T:
        """Do work in a thread, in its turn."""
        async with self.place():
            return await asyncio.to_thread(work)


class Guard:
    """Checks every request before the application sees it, and completes every answer."""

    def __init__(self, app: App, settings: Settings):
        self._app, self._settings, self._busy = app, settings, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sender = _Sender(send)
        self._busy += 1
        try:
            self._require_allowed(scope)
            taken = await self._whole(scope, receive)
            # An answer to HEAD is that to GET; the server underneath leaves the body out.
            await self._app({**scope, "method": "GET"} if scope["method"] == "HEAD" else scope, taken, sender)
        except Problem as problem:
            await sender.refuse(scope, receive, problem)
        except Exception as error:
            if sender.begun:
                raise
            await sender.refuse(scope, receive, unexpected(error))
        finally:
            self._busy -= 1

    def _require_allowed(self, scope: Scope) -> None:
        headers = _headers(scope)
        if not self._settings.answers_for(headers.get("host", "")):
            detail = f"this server does not answer for {headers.get('host', '')[:80]!r}"
            raise Problem("host", detail, hint=f"open http://{self._shown()}/", loc=("header", "Host"))
        if self._busy > self._settings.concurrency:
            raise Problem("busy", "too many requests at once", hint="ask again in a moment", retry_after=1)
        if scope["method"] in ("GET", "HEAD"):
            return
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers["host"]:
            raise Problem("origin", f"a page of {origin[:80]!r} asked", loc=("header", "Origin"))
        if scope["method"] == "POST":
            _require_media_type(scope["path"], headers.get("content-type", ""))

    def _shown(self) -> str:
        host = "127.0.0.1" if self._settings.host in WILDCARDS else self._settings.host
        return f"{f'[{host}]' if ':' in host else host}:{self._settings.port}"

    async def _whole(self, scope: Scope, receive: Receive) -> Receive:
        """The body read whole, within size and time; what is given back replays it."""
        if scope["method"] in ("GET", "HEAD"):
            return receive
        limit, taken, size = self._settings.body, bytearray(), 0
        try:
            async with asyncio.timeout(self._settings.body_s):
                while size <= DRAINED * limit:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        break
                    part = message.get("body", b"")
                    size += len(part)
                    if size <= limit:
                        taken += part
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            detail = f"the body did not arrive within {self._settings.body_s:g} s"
            raise Problem("slow", detail, hint="send it again", headers={"Connection": "close"}) from None
        if size > limit:
            close = {"Connection": "close"}
            raise Problem("too-large", f"the body is larger than {limit:,} bytes", hint="send less", headers=close)
        whole: Message | None = {"type": "http.request", "body": bytes(taken), "more_body": False}

        async def replay() -> Message:
            nonlocal whole
            if whole is None:
                return await receive()
            message, whole = whole, None
            return message

        return replay


class _Sender:
    """Sends an answer with the headers that every answer has."""

    def __init__(self, send: Send):
        self._send, self.begun = send, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            present = {name.lower() for name, _ in message["headers"]}
            more = {**HEADERS, "Cache-Control": "no-store"}
            added = [
                (name.encode(), value.encode()) for name, value in more.items() if name.lower().encode() not in present
            ]
            message = {**message, "headers": [*message["headers"], *added]}
        await self._send(message)

    async def refuse(self, scope: Scope, receive: Receive, problem: Problem) -> None:
        """Answer with a problem document."""
        await problem.response()(scope, receive, self)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _require_media_type(path: str, given: str) -> None:
    media = given.partition(";")[0].strip().lower()
    allowed = POSTS.get(path)
    if allowed is not None and media not in allowed:
        detail = f"the body is {media[:60] or 'of no named type'}"
        raise Problem("media-type", detail, hint=f"send {' or '.join(allowed)}", loc=("header", "Content-Type"))
