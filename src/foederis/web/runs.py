"""Exact runs: what was asked, how far it is, what came out. One runs, a few wait, the last results are kept.

Everything here happens in the event loop of the server, so nothing is locked. A run is found by the id of its order or,
once it is there, by its run id, which is that of the command line and of Python.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from foederis.web.errors import Problem
from foederis.web.job import Export, Task
from foederis.web.kept import Kept
from foederis.web.limits import Settings
from foederis.web.orders import Order
from foederis.web.worker import Failed, Worker

__all__ = ["Entry", "Runs"]

Status = Literal["queued", "running", "done", "failed", "cancelled"]
FINISHED = ("done", "failed", "cancelled")
USUAL_S = 12.0  # one run, until one was timed


class Performs(Protocol):
    """What carries out work; see `worker.Worker`."""

    async def perform(self, asked: Task | Export, tell: Any, seconds: float) -> Kept | None: ...
    async def start(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(eq=False)
class Entry:
    """An order and what became of it. `stage`: what is being done, done so far, of how many."""

    order: Order
    status: Status = "queued"
    clients: set[str] = field(default_factory=set)
    stage: tuple[str, int, int] = ("", 0, 0)
    submitted: float = field(default_factory=time.monotonic)
    begun: float | None = None
    ended: float | None = None
    kept: Kept | None = None
    problem: Mapping[str, Any] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        if self.begun is None:
            return 0.0
        return (time.monotonic() if self.ended is None else self.ended) - self.begun

    def tell(self) -> None:
        """Wake everyone who waits for a change."""
        self.changed.set()
        self.changed = asyncio.Event()


class Runs:
    """The queue, the process behind it, and the results that are kept."""

    def __init__(self, settings: Settings, worker: Performs | None = None):
        self._settings = settings
        self._worker: Performs = Worker() if worker is None else worker
        self._entries: OrderedDict[str, Entry] = OrderedDict()  # by order id, the least recently used first
        self._queue: list[Entry | _Filing] = []
        self._filings: dict[Path, _Filing] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._usual = USUAL_S

    def start(self) -> None:
        """Begin to work on what is asked."""
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def warm(self) -> None:
        """Have the process ready before the first order; a process that does not come up is told to who orders."""
        with contextlib.suppress(Failed):
            await self._worker.start()

    async def close(self) -> None:
        """Stop working; what runs is stopped."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._worker.stop()

    @property
    def waiting(self) -> int:
        """How many orders wait."""
        return sum(isinstance(one, Entry) for one in self._queue)

    def submit(self, order: Order, client: str = "") -> Entry:
        """Ask for a run: the one at hand when there is one, else a place in the queue. A run that only this client
        waits for gives way to its newer one; a run that has begun goes on. Problem `queue-full` when there is no place.
        """
        known = self._entries.get(order.id)
        if known is not None and known.status not in ("failed", "cancelled"):
            self._entries.move_to_end(order.id)
            if client and known.status not in FINISHED:
                known.clients.add(client)
            return known
        if client:
            self._give_way(client)
        if self.waiting >= self._settings.queue:
            raise Problem(
                "queue-full",
                f"{self.waiting} runs wait already",
                hint="wait for them, or use the command line",
                retry_after=self._usual,
            )
        entry = Entry(order, clients={client} if client else set())
        self._entries[order.id] = entry
        self._entries.move_to_end(order.id)
        self._queue.append(entry)
        self._wake.set()
        self._forget()
        return entry

    def _give_way(self, client: str) -> None:
        for entry in [one for one in self._queue if isinstance(one, Entry) and one.clients == {client}]:
            self._queue.remove(entry)
            entry.status = "cancelled"
            entry.tell()

    def _forget(self) -> None:
        """Keep the latest results only."""
        finished = [key for key, entry in self._entries.items() if entry.status in FINISHED]
        for key in finished[: max(0, len(finished) - self._settings.kept)]:
            del self._entries[key]

    def get(self, id: str) -> Entry:
        """An order by its id, or a result by its run id; Problem `not-found` when it is not known (any more)."""
        if id in self._entries:
            self._entries.move_to_end(id)
            return self._entries[id]
        for key, entry in reversed(self._entries.items()):
            if entry.kept is not None and entry.kept.run_id == id:
                self._entries.move_to_end(key)
                return entry
        hint = f"the last {self._settings.kept} results are kept; ask for the run again with POST /api/v1/runs"
        raise Problem("not-found", f"there is no run {id[:40]!r}", hint=hint, loc=("path", "id"))

    def known(self) -> list[Entry]:
        """Everything that is known, the latest first."""
        return list(reversed(self._entries.values()))

    def of_state(self, query: str) -> Entry | None:
        """The latest run of a state with the draws of the command line, whatever became of it."""
        from foederis.web.orders import ALLIANCE_DRAWS, DRAWS, SEED

        usual = (DRAWS, ALLIANCE_DRAWS, SEED)
        for entry in reversed(self._entries.values()):
            order = entry.order
            if order.state == query and (order.draws, order.alliance_draws, order.seed) == usual:
                return entry
        return None

    def position(self, entry: Entry) -> int:
        """How many orders are before it, the one that runs among them: 0 when it is next, runs or has ended."""
        waiting = [one for one in self._queue if isinstance(one, Entry)]
        running = sum(one.status == "running" for one in self._entries.values())
        return waiting.index(entry) + running if entry in waiting else 0

    async def wait(self, entry: Entry, seconds: float) -> None:
        """Wait until an order changes or has ended, at most so long."""
        if entry.status in FINISHED or seconds <= 0:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(entry.changed.wait(), seconds)

    async def finish(self, entry: Entry, seconds: float) -> None:
        """Wait until an order has ended, at most so long."""
        until = time.monotonic() + seconds
        while entry.status not in FINISHED and time.monotonic() < until:
            await self.wait(entry, until - time.monotonic())

    async def netcdf(self, entry: Entry, path: Path, seconds: float) -> None:
        """Write the netCDF file of a run, in the process that has it; Problem when that takes too long."""
        filing = self._filings.get(path)
        if filing is None:
            filing = _Filing(Export(entry.order, path), asyncio.get_running_loop().create_future())
            self._filings[path] = filing
            self._queue.insert(0, filing)
            self._wake.set()
        try:
            await asyncio.wait_for(asyncio.shield(filing.written), seconds)
        except TimeoutError:
            hint = "another run is under way; ask again"
            raise Problem("busy", "the file is not there yet", hint=hint, retry_after=self._usual) from None
        except Failed as failed:
            raise Problem("timeout", str(failed.problem["detail"]), hint=str(failed.problem["hint"])) from None

    def limit(self, order: Order) -> float:
        """Seconds that an order may take."""
        return self._settings.run_s * {"compare": 2, "sweep": max(1, len(order.sources))}.get(order.kind, 1)

    async def _work(self) -> None:
        while True:
            while not self._queue:
                self._wake.clear()
                await self._wake.wait()
            one = self._queue.pop(0)
            if isinstance(one, _Filing):
                await self._file(one)
            else:
                await self._run(one)

    async def _run(self, entry: Entry) -> None:
        entry.status, entry.begun = "running", time.monotonic()
        entry.tell()

        def stage(what: str, done: int, of: int) -> None:
            entry.stage = (what, done, of)
            entry.tell()

        try:
            entry.kept = await self._worker.perform(
                Task(entry.order, self._settings.out), stage, self.limit(entry.order)
            )
            entry.status = "done"
        except Failed as failed:
            entry.status, entry.problem = "failed", failed.problem
        finally:
            entry.ended = time.monotonic()
            if entry.status == "running":
                entry.status = "cancelled"
            entry.tell()
        if entry.status == "done" and entry.order.kind == "run":
            self._usual = 0.5 * (self._usual + entry.seconds)
        self._forget()

    async def _file(self, filing: _Filing) -> None:
        try:
            await self._worker.perform(filing.export, lambda *_: None, self.limit(filing.export.order))
            filing.written.set_result(None)
        except Failed as failed:
            filing.written.set_exception(failed)
            filing.written.exception()  # whoever asked may have gone
        finally:
            del self._filings[filing.export.path]


@dataclass(eq=False)
class _Filing:
    """A file that is asked for; files go before runs, because a run that is known only needs to be written."""

    export: Export
    written: asyncio.Future[None]
