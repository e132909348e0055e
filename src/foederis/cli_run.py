"""`run` and `compare`: load the scenarios, simulate with progress on stderr, write the run folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from foederis import report, words
from foederis import scenario as scenarios
from foederis import world as worlds
from foederis.errors import UsageError
from foederis.report import Run, Stage

__all__ = ["progress", "simulate"]


def simulate(
    given: Mapping[str | None, tuple[str, tuple[str, ...]]],
    *,
    draws: int,
    seed: int,
    against: str | None,
    tariffs: Path | None,
    elasticities: str | None,
    alliance: bool,
    alliance_draws: int,
    variant: str,
    fitted: bool,
    exact: bool,
    workers: int | None,
    out: Path | None,
    charts: bool,
    quiet: bool,
) -> tuple[Run, str | None]:
    """Run scenarios given as (name, settings) by label (None: their own id); returns the run and its folder.

    Two scenarios are compared with the first one's reference, so that their difference is theirs alone.
    """
    loaded = [(label, scenarios.load(name, settings=settings)) for label, (name, settings) in given.items()]
    labelled = {
        scenario.id if label is None else Path(label).stem if "/" in label else label: scenario
        for label, scenario in loaded
    }
    if len(labelled) < len(loaded):
        raise UsageError(f"both scenarios have the same name, {next(iter(labelled))}; give two different ones")
    world = None
    if tariffs is not None:
        world = worlds.load(**{**loaded[0][1].world_options(), "tariffs": tariffs})
    reference = against
    if reference is None and len(loaded) > 1:
        reference = loaded[0][1].compare_to or report.BASE
    with progress(quiet) as stage:
        found = report.simulate(
            labelled,
            draws=draws,
            seed=seed,
            world=world,
            compared_with=reference,
            elasticities=elasticities,
            alliance=alliance,
            alliance_draws=alliance_draws,
            variant=variant,
            fitted=fitted,
            exact=exact,
            workers=workers,
            stage=stage,
            meanwhile=None if out is None else lambda: report.fetch_libraries(charts),
        )
        folder = None if out is None else str(found.save(out, charts=charts, stage=stage))
    return found, folder


@contextmanager
def progress(quiet: bool) -> Iterator[Stage | None]:
    """A stage reporter on stderr: bars on a terminal, a line for each finished stage elsewhere."""
    if quiet:
        yield None
        return
    if sys.stderr.isatty():
        with _bars() as stage:
            yield stage
        return
    begun = time.perf_counter()

    def plain(what: str, done: int, of: int) -> None:
        if done >= of:
            count = f" {done}/{of}" if of > 1 else ""
            line = f"  {what}{count}  {time.perf_counter() - begun:.1f} s"
            sys.stderr.write(words.shown(line, sys.stderr.encoding) + "\n")
            sys.stderr.flush()

    yield plain


@contextmanager
def _bars() -> Iterator[Stage]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    shown = Progress(
        TextColumn("  {task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    tasks: dict[str, TaskID] = {}
    with shown:

        def stage(what: str, done: int, of: int) -> None:
            if of == 1:
                console.print(f"  {what}", highlight=False, markup=False)
                return
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=of)
            shown.update(tasks[what], completed=done)

        yield stage
