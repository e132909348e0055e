"""The process that runs the model for the server: one order after the other, with the world loaded once.

    python -P -c "from foederis.web.job import main; main()"

Orders come pickled on stdin, messages go pickled to stdout: ("ready",), ("stage", what, done, of), ("done", answer),
("failed", problem). Only the server that started the process speaks to it. When the server is gone the process ends
itself and everything it started: writing to a closed pipe is how it finds out.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from foederis.errors import FoederisError
from foederis.web.orders import Order

if TYPE_CHECKING:
    from foederis.report import Run
    from foederis.scenario import Scenario
    from foederis.web.kept import Kept

__all__ = ["Export", "Task", "main", "perform"]

Tell = Callable[[str, int, int], None]
LOG = logging.getLogger("foederis.web.job")
NICE = 5  # below the server, which answers while someone drags


@dataclass(frozen=True)
class Task:
    """An order, and the folder in which run folders are kept (None: nowhere)."""

    order: Order
    out: Path | None = None


@dataclass(frozen=True)
class Export:
    """Ask for the netCDF file of an order's run, written to `path`."""

    order: Order
    path: Path


class Bench:
    """What the process keeps between orders: the last run, because its file is asked for after its numbers."""

    def __init__(self) -> None:
        self._last: tuple[str, Run] | None = None

    def answer(self, asked: Task | Export, tell: Tell) -> Kept | None:
        """Do what is asked. Raises what the library raises."""
        if isinstance(asked, Export):
            from foederis import store

            store.write_netcdf(asked.path, self._run(asked.order, tell).tree)
            return None
        if asked.order.kind in ("run", "compare"):
            from dataclasses import replace

            from foederis.web.kept import keep

            run = self._run(asked.order, tell)
            found = keep(run)
            if asked.order.kind == "compare":
                from foederis import report_compare

                found = replace(found, differences=tuple(d.as_dict() for d in report_compare.compare(run)))
            if asked.out is not None:
                found = replace(found, folder=str(run.save(asked.out, charts=False, stage=tell)))
            return found
        return perform(asked.order, tell)

    def _run(self, order: Order, tell: Tell) -> Run:
        if self._last is None or self._last[0] != order.id:
            self._last = None  # the memory of one run, not of two
            self._last = (order.id, simulate(order, tell))
        return self._last[1]


def simulate(order: Order, tell: Tell | None = None) -> Run:
    """The run of an order of one scenario or of two: as `foederis run` and `foederis compare` make it."""
    from foederis import report

    loaded = [one.load() for one in order.sources]
    given: dict[str, Scenario | str] = {
        label or scenario.id: scenario for label, scenario in zip(order.labels, loaded, strict=True)
    }
    reference = (loaded[0].compare_to or report.BASE) if order.kind == "compare" else None
    return report.simulate(
        given,
        draws=order.draws,
        alliance_draws=order.alliance_draws,
        seed=order.seed,
        compared_with=reference,
        stage=tell,
    )


def perform(order: Order, tell: Tell) -> Kept:
    """A sweep or the audit."""
    from foederis.web.kept import Kept

    if order.kind == "audit":
        from foederis import audit, audit_render

        tell("the model under what happened", 0, 1)
        return Kept(audit=audit_render.as_dict(audit.run()))
    return Kept(table=[row for k in range(len(order.sources)) for row in _point(order, k, tell)])


def _point(order: Order, k: int, tell: Tell) -> list[dict[str, Any]]:
    """The numbers of one point of a sweep: a row for each, with the run id that the point has by itself."""
    import math

    from foederis.report_page import NUMBERS
    from foederis.web.kept import keep

    tell("points of the sweep", k, len(order.sources))
    alone = Order("run", (order.sources[k],), ("",), (order.hashes[k],), order.draws, order.alliance_draws, order.seed)
    found = keep(simulate(alone))
    rows = [(key, tuple(value), NUMBERS[key].unit, NUMBERS[key].badge) for key, value in found.page.numbers.items()]
    chances = [(key, (value, None, None), "1", "A") for key, value in found.page.chances.items()]
    tell("points of the sweep", k + 1, len(order.sources))
    return [
        {
            **order.points[k],
            "number": key,
            **{
                name: value if value is None or math.isfinite(value) else None
                for name, value in zip(("median", "low", "high"), values, strict=True)
            },
            "unit": unit,
            "badge": badge,
            "run_id": found.run_id,
        }
        for key, values, unit, badge in [*rows, *chances]
    ]


def main() -> None:
    """Serve orders until stdin ends."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints goes to the log, not between the messages
    sys.argv = ["foederis", "serve"]  # what manifests call the command
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)
    _warm()
    bench = Bench()
    _send(out, ("ready",))
    while True:
        try:
            asked = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        _send(out, _answered(bench, asked, lambda what, done, of: _send(out, ("stage", what, done, of))))


def _answered(bench: Bench, asked: Task | Export, tell: Tell) -> tuple[Any, ...]:
    from foederis.web.errors import of_error, unexpected

    try:
        return ("done", bench.answer(asked, tell))
    except FoederisError as error:
        return ("failed", of_error(error).as_dict())
    except MemoryError as error:
        LOG.error("out of memory", exc_info=error)
        return ("failed", {**unexpected(error).as_dict(), "detail": "this machine has not enough memory for the run"})
    except Exception as error:
        return ("failed", unexpected(error).as_dict())


def _warm() -> None:
    """Load what every order needs."""
    from foederis import ledger, report, world

    assert report.DRAWS
    ledger.load()
    world.load()


def _send(out: IO[bytes], message: tuple[Any, ...]) -> None:
    try:
        pickle.dump(message, out, protocol=pickle.HIGHEST_PROTOCOL)
        out.flush()
    except OSError:  # the server is gone
        if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)
