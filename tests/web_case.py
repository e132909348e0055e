"""A server for tests: the application behind uvicorn in a thread, on a free port; a stand-in for the job process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import uvicorn

from foederis.web.app import create_app
from foederis.web.job import Export, Task
from foederis.web.kept import Kept
from foederis.web.limits import Settings
from foederis.web.runs import Runs
from foederis.web.worker import Failed


class Stand:
    """Does what the job process does, in no time: holds work back until `let` is set, fails where it is told to."""

    def __init__(self, kept: Kept | None = None):
        self.kept = Kept() if kept is None else kept
        self.let = threading.Event()
        self.problem: dict[str, Any] | None = None
        self.begun: list[Any] = []

    async def start(self) -> None:
        return None

    def stop(self) -> None:
        self.let.set()

    async def perform(self, asked: Task | Export, tell: Any, seconds: float) -> Kept | None:
        self.begun.append(asked)
        tell("equilibria", 1, 2)
        while not self.let.is_set():
            await asyncio.sleep(0.005)
        if self.problem is not None:
            raise Failed(self.problem)
        if isinstance(asked, Export):
            asked.path.write_bytes(b"netcdf")
            return None
        return self.kept


@contextlib.contextmanager
def serving(settings: Settings | None = None, worker: Any = None) -> Iterator[httpx.Client]:
    """A client of a server that runs as long as the block; `worker` takes the place of the job process."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = listening.getsockname()[1]
        chosen = Settings(port=port, warm=False) if settings is None else settings
        app = create_app(chosen, None if worker is None else Runs(chosen, worker))
        config = uvicorn.Config(
            app,
            log_level="critical",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=900,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=200) as client:
                _await_answer(client)
                yield client
        finally:
            if worker is not None:
                worker.stop()
            server.should_exit = True
            thread.join(20)


def _await_answer(client: httpx.Client) -> None:
    until = time.monotonic() + 120
    while True:
        with contextlib.suppress(httpx.TransportError):
            client.get("/healthz")
            return
        assert time.monotonic() < until, "the server does not answer"


def finished(client: httpx.Client, id: str, seconds: float = 600.0) -> dict[str, Any]:
    """The document of a run that has ended."""
    until = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = client.get(f"/api/v1/runs/{id}", params={"wait": 5}).json()
        if found["status"] in ("done", "failed", "cancelled"):
            return found
        assert time.monotonic() < until, found
