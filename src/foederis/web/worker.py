"""The server's end of the job process: start it, hand it one piece of work at a time, stop it when it is too slow."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foederis.web.errors import Problem

if TYPE_CHECKING:
    from foederis.web.job import Export, Task
    from foederis.web.kept import Kept

__all__ = ["Failed", "Worker"]

Tell = Callable[[str, int, int], None]
COMMAND = (sys.executable, "-P", "-c", "from foederis.web.job import main; main()")
START_S = 120.0


class Failed(Exception):
    """The work was refused; `problem` is the document that says why."""

    def __init__(self, problem: dict[str, Any]):
        super().__init__(problem["detail"])
        self.problem = problem


class Worker:
    """One job process, started when it is first needed and again after it was lost. Used from one event loop."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._messages: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start the process and wait until it has loaded what it needs; Failed when it does not come up."""
        if self.alive:
            return
        self.stop()
        self._messages = asyncio.Queue()
        # A session of its own: an interrupt at the terminal is for the server, which then stops the whole group.
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=os.name == "posix"
        )
        reader = threading.Thread(
            target=_read, args=(self._process, asyncio.get_running_loop(), self._messages), daemon=True
        )
        reader.start()
        try:
            async with asyncio.timeout(START_S):
                message = await self._messages.get()
        except TimeoutError:
            self.stop()
            raise _lost(f"the job process did not start within {START_S:g} s") from None
        if message[0] != "ready":
            self.stop()
            raise _lost("the job process did not start; the log of the server says why")

    async def perform(self, asked: Task | Export, tell: Tell, seconds: float) -> Kept | None:
        """Do a piece of work; Failed when it is refused, takes longer than `seconds`, or the process is lost."""
        await self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            pickle.dump(asked, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
        except OSError:
            self.stop()
            raise _lost("the job process was lost") from None
        try:
            async with asyncio.timeout(seconds):
                return await self._answer(tell)
        except TimeoutError:
            self.stop()
            hint = "ask for fewer draws, or run it with: foederis run"
            problem = Problem("timeout", f"stopped after {seconds:g} s", hint=hint)
            raise Failed(problem.as_dict()) from None
        except asyncio.CancelledError:
            self.stop()
            raise

    async def _answer(self, tell: Tell) -> Kept | None:
        while True:
            kind, *rest = await self._messages.get()
            if kind == "stage":
                tell(*rest)
            elif kind == "done":
                found: Kept | None = rest[0]
                return found
            elif kind == "failed":
                raise Failed(rest[0])
            else:
                self.stop()
                raise _lost(f"the job process ended ({_reason(rest[0])}); this machine may be short of memory")

    def stop(self) -> None:
        """End the process and everything it started."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        process.wait()


def _read(
    process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop, messages: asyncio.Queue[tuple[Any, ...]]
) -> None:
    """Carry messages into the event loop until the process ends."""
    assert process.stdout is not None
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
        while True:
            try:
                message = pickle.load(process.stdout)
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                break
            loop.call_soon_threadsafe(messages.put_nowait, message)
        process.stdout.close()
        loop.call_soon_threadsafe(messages.put_nowait, ("gone", process.wait()))


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _lost(detail: str) -> Failed:
    return Failed(Problem("failed", detail, hint="ask again; see the log of the server").as_dict())
