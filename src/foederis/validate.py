"""Hold foederis against published studies, against what was collected, and against the laws of equilibrium.

    report = validate.run()                         # all studies
    report = validate.run(["nafta"], targets=folder)
    print(validate.render(report))                  # or validate.as_dict(report) for JSON
    report.failed                                   # True if a row misses or a study could not be carried out

Nothing is printed here. A row is a match within half a unit of its last printed digit (or the tolerance it states),
`known` if it is beyond that for a stated reason, `out of scope` if it is not computed for a stated reason, and else a
miss. The scores of a forecast are reported whatever they are; they are no pass mark.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from foederis.errors import DataError, FoederisError, SolveError, UsageError
from foederis.published.rows import Row, count, missed
from foederis.validate_render import as_dict, render

if TYPE_CHECKING:
    from foederis.published.real_2025_forecast import Cell, Forecast

__all__ = ["STUDIES", "Prediction", "Report", "Study", "as_dict", "render", "run"]

State = Literal["done", "skipped", "failed"]
Progress = Callable[[str], None]

STUDIES = {
    "nafta": "NAFTA: Caliendo & Parro (2015), 31 countries, 40 sectors",
    "liberation-day": "Liberation Day: Ignatenko, Lashkaripour, Macedoni & Simonovska (2025), 194 economies",
    "real-2025": "Real 2025: United States imports from Japan, Korea and China, April to November",
    "laws": "Laws of equilibrium on the shipped world",
}


@dataclass(frozen=True, eq=False)
class Prediction:
    """A forecast with its scores, and what was predicted and collected cell by cell."""

    forecast: Forecast
    cells: tuple[Cell, ...]
    draws: int
    seed: int


@dataclass(frozen=True, eq=False)
class Study:
    """One study: its rows, its forecast if it has one, how long it took; `reason` if it was not carried out."""

    name: str
    title: str
    rows: tuple[Row, ...]
    seconds: float
    prediction: Prediction | None = None
    notes: tuple[str, ...] = ()
    state: State = "done"
    reason: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows by status."""
        return count(self.rows)


@dataclass(frozen=True, eq=False)
class Report:
    """The outcome of a validation."""

    studies: tuple[Study, ...]
    seconds: float

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows of all studies."""
        return tuple(row for study in self.studies for row in study.rows)

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows by status over all studies."""
        return count(self.rows)

    @property
    def missed(self) -> tuple[Row, ...]:
        """The rows that differ without a stated reason."""
        return tuple(missed(self.rows))

    @property
    def refused(self) -> tuple[Study, ...]:
        """The studies that could not be carried out and must be."""
        return tuple(study for study in self.studies if study.state == "failed")

    @property
    def failed(self) -> bool:
        """True if a row misses or a study that must be carried out was not."""
        return bool(self.missed or self.refused)


@dataclass
class _Work:
    """What a study hands back."""

    rows: list[Row]
    prediction: Prediction | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Options:
    targets: Path | None
    draws: int
    seed: int
    required: bool  # absent files are a failure, not a skip


class _Absent(FoederisError):
    """Files that are not shipped are not here."""


def run(
    studies: Sequence[str] | None = None,
    *,
    targets: str | Path | None = None,
    draws: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Carry out studies (names of `STUDIES`; none named: all) and report. `progress` gets a study's title as it starts.

    `targets` is the folder of the files that are not shipped (NAFTA). Where they are absent the study is skipped and
    says so; it fails if a folder was given or named by FOEDERIS_TARGETS, if the study was asked for by name, or on a
    test server (CI=true). `draws` and `seed` belong to the forecast of 2025.

    A study that is refused (SolveError, DataError) is reported as failed and the others go on. Raises UsageError on an
    unknown study or fewer than 20 draws.
    """
    from foederis.published import real_2025_forecast

    chosen = list(dict.fromkeys(studies or STUDIES))
    unknown = [name for name in chosen if name not in STUDIES]
    if unknown:
        raise UsageError(f"no study {', '.join(map(repr, unknown))}; there are {', '.join(STUDIES)}")
    drawn = real_2025_forecast.DRAWS if draws is None else draws
    if drawn < 20:
        raise UsageError(f"{drawn} draws cannot show a 90 % interval; choose 20 or more")
    options = _Options(
        targets=None if targets is None else Path(targets),
        draws=drawn,
        seed=real_2025_forecast.SEED if seed is None else seed,
        required=bool(studies) or _demanded(targets),
    )
    began = time.perf_counter()
    done = []
    for name in chosen:
        if progress is not None:
            progress(STUDIES[name])
        done.append(_carry_out(name, options))
    return Report(tuple(done), time.perf_counter() - began)


def _demanded(targets: str | Path | None) -> bool:
    """Whether the files that are not shipped must be here: a folder was named, or this is a test server."""
    from foederis.published.nafta import ENVIRONMENT

    return bool(targets or os.environ.get(ENVIRONMENT)) or os.environ.get("CI") == "true"


def _carry_out(name: str, options: _Options) -> Study:
    work = {"nafta": _nafta, "liberation-day": _liberation_day, "real-2025": _real_2025, "laws": _laws}[name]
    began = time.perf_counter()
    try:
        found = work(options)
    except _Absent as absent:
        state: State = "failed" if options.required else "skipped"
        return Study(name, STUDIES[name], (), time.perf_counter() - began, state=state, reason=str(absent))
    except (DataError, SolveError) as refused:
        return Study(name, STUDIES[name], (), time.perf_counter() - began, state="failed", reason=str(refused))
    seconds = time.perf_counter() - began
    return Study(name, STUDIES[name], tuple(found.rows), seconds, found.prediction, tuple(found.notes))


def _nafta(options: _Options) -> _Work:
    from foederis.published import nafta

    try:
        place = nafta.folder(options.targets)
    except DataError as absent:
        raise _Absent(str(absent)) from None
    data = nafta.read(place)
    outcome = nafta.solve(data)
    notes = [
        f"inputs read from {place}; not shipped, their licence does not allow it",
        "the published welfare is the first-order formula, terms of trade plus volume of trade; the exact change in"
        " real income from the same equilibrium is in the rows 'real income, exact'",
        f"largest residual of the equilibrium {max(outcome.residuals.values()):.1e}",
    ]
    return _Work(nafta.compare(outcome), notes=notes)


def _liberation_day(options: _Options) -> _Work:
    from foederis.published import liberation_day, liberation_tables

    inputs = liberation_day.read()
    scenarios = liberation_day.Scenarios(inputs)
    rows = liberation_tables.compare(inputs, scenarios)
    worst = max(max(scenarios.outcome(name).residuals.values()) for name in scenarios.names)
    return _Work(
        rows, notes=[f"largest residual of {len(scenarios.names)} equilibria {worst:.1e}", *liberation_tables.NOTES]
    )


def _real_2025(options: _Options) -> _Work:
    from foederis import ledger, world
    from foederis.published import real_2025
    from foederis.published import real_2025_forecast as forecasting

    base, data = world.load(), real_2025.read()
    first, last = (dt.date.fromisoformat(day) for day in real_2025.WINDOW_DAYS)
    tariff = forecasting.window_tariff(ledger.load(), base, first, last)
    found = forecasting.forecast(base, tariff, data, draws=options.draws, seed=options.seed)
    prediction = Prediction(found, forecasting.cells(found, data), options.draws, options.seed)
    return _Work(real_2025.stated_rows(data), prediction, list(forecasting.notes(found)))


def _laws(options: _Options) -> _Work:
    from foederis import world
    from foederis.published import laws

    return _Work(laws.compare(world.load()))
