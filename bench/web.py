"""How fast the server answers while people drag: percentiles of many clients at once.

    python bench/web.py [--clients 1 8 64] [--seconds 5] [--path /api/v1/live]

Each client moves one lever to and fro and asks for the next answer as soon as it has the last, on a connection of its
own, as the page does. Every client is a task of this one process, so that little is taken from the server.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

COMMAND = (sys.executable, "-m", "foederis", "serve", "--no-open", "--port", "0")
LEVERS = ("tariff", "autos", "china")  # what a client moves; where another stands sets it apart from its neighbours
PRESETS = ("july-2025-deal", "current-law", "us-japan-2025")


@dataclass(frozen=True)
class Drag:
    """What many clients found: times of every answer in milliseconds, and what was no good answer."""

    clients: int
    seconds: float
    times: tuple[float, ...]
    errors: tuple[str, ...]

    def percentile(self, share: float) -> float:
        """A percentile of the times, ms."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def line(self) -> str:
        """One line of text."""
        p = [f"p{round(100 * share)} {self.percentile(share):6.1f} ms" for share in (0.5, 0.95, 0.99)]
        rate = len(self.times) / self.seconds
        return f"{self.clients:>3} clients  {'  '.join(p)}  {rate:6.0f} answers/s  {len(self.errors)} errors"


@contextmanager
def serving(command: tuple[str, ...] = COMMAND, ready_s: float = 120.0) -> Iterator[tuple[str, int]]:
    """Host and port of a server in a process of its own, once it is ready."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"http://([^:/]+):(\d+)/", process.stderr.readline())
            assert found is not None, "the server did not say where it listens"
            host, port = found[1], int(found[2])
            asyncio.run(_await_ready(host, port, ready_s))
            yield host, port
        finally:
            process.terminate()
            process.wait(60)


async def _await_ready(host: str, port: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            line = await _Line.to(host, port)
            _, body = await line.get("/healthz")
            await line.close()
            if b'"ready":true' in body:
                return
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError(f"not ready after {seconds:g} s")


class _Line:
    """One connection that is kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str):
        self._reader, self._writer, self._host = reader, writer, host

    @classmethod
    async def to(cls, host: str, port: int) -> _Line:
        return cls(*await asyncio.open_connection(host, port), f"{host}:{port}")

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; a connection that was closed while it rested is opened again, as browsers do."""
        try:
            head = await self._ask(path)
        except (asyncio.IncompleteReadError, ConnectionError) as closed:
            if getattr(closed, "partial", b""):
                raise
            host, _, port = self._host.rpartition(":")
            await self.close()
            self._reader, self._writer = await asyncio.open_connection(host, int(port))
            head = await self._ask(path)
        length = re.search(r"(?i)^content-length: (\d+)", head, flags=re.MULTILINE)
        assert length is not None, head
        return int(head.split(" ", 2)[1]), await self._reader.readexactly(int(length[1]))

    async def _ask(self, path: str) -> str:
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
        return (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


async def drag(host: str, port: int, clients: int, seconds: float, path: str = "/api/v1/live") -> Drag:
    """Let clients drag for so long; the first answer of each is a rehearsal."""
    times: list[float] = []
    errors: list[str] = []
    begun = time.perf_counter()

    async def one(k: int) -> None:
        line = await _Line.to(host, port)
        lever, preset, lang = LEVERS[k % len(LEVERS)], PRESETS[k // 3 % len(PRESETS)], ("en", "ja")[k % 2]
        there = [(7 * k + step) % 51 for step in range(51)]
        for number, value in enumerate(itertools.cycle([*there, *reversed(there)])):
            asked = time.perf_counter()
            if asked - begun > seconds:
                break
            status, body = await line.get(f"{path}?p={preset}&{lever}={value}&hns={k % 25 / 2:g}&lang={lang}")
            if status != 200 or not body.startswith(b"{"):
                errors.append(f"{status}: {body[:200]!r}")
            if number:
                times.append(1e3 * (time.perf_counter() - asked))
        await line.close()

    found = await asyncio.gather(*(one(k) for k in range(clients)), return_exceptions=True)
    errors += [repr(error) for error in found if error is not None]
    return Drag(clients, time.perf_counter() - begun, tuple(times), tuple(errors))


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--path", default="/api/v1/live")
    options = parser.parse_args()
    failed = 0
    with serving() as (host, port):
        for clients in options.clients:
            found = asyncio.run(drag(host, port, clients, options.seconds, options.path))
            print(found.line(), f"  mean {statistics.fmean(found.times):.1f} ms", flush=True)
            for error in found.errors[:3]:
                print(f"    {error}")
            failed += len(found.errors)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
