"""The commands that confront the model with data: calibrate, score, audit, sensitivity, forecast."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foederis import words
from foederis.cli_run import progress
from foederis.errors import UsageError

if TYPE_CHECKING:
    from foederis.sensitivity import Report

__all__ = [
    "audit",
    "calibrate",
    "forecast_list",
    "forecast_make",
    "forecast_score",
    "forecast_settle",
    "score",
    "sensitivity",
]

Answer = tuple[str, Any]


def calibrate(
    folder: Path | None, vintages: tuple[str, ...], samples: int | None, warmup: int | None, quiet: bool
) -> tuple[str, Any, bool]:
    """Fit the blocks; fits kept in the folder are found again. The last is whether a fit was refused."""
    from dataclasses import replace

    from foederis import calibrate as engine
    from foederis import calibrate_render
    from foederis.calibrate_fit import Sampling

    asked = {name: n for name, n in (("samples", samples), ("warmup", warmup)) if n is not None}
    report = engine.run(folder, vintages=vintages or None, sampling=replace(Sampling(), **asked), progress=_told(quiet))
    return calibrate_render.render(report), calibrate_render.as_dict(report), report.failed


def score(contests: tuple[str, ...], seed: int | None, charts: Path | None, quiet: bool) -> Answer:
    """Forecasts frozen before the rows they forecast, beside naive rivals; charts on request."""
    from foederis import score as engine
    from foederis import score_render

    report = engine.run(contests or None, seed=engine.SEED if seed is None else seed, progress=_told(quiet))
    text = score_render.render(report)
    if charts is not None:
        from foederis import score_charts

        text += "\n\nCharts:   " + ", ".join(str(file) for file in score_charts.save(report, charts))
    return text, score_render.as_dict(report)


def audit(claims: tuple[str, ...], text: Path | None, details: bool, quiet: bool) -> Answer:
    """Verdicts on the claims of the essay, or on those of a file that binds its own claims to the same tests."""
    from foederis import audit as engine
    from foederis import audit_render

    if text is None:
        found = engine.run(claims or None, progress=_told(quiet))
    elif claims:
        raise UsageError("give claims by number or a file with --text, not both")
    else:
        found = engine.user_claims(text)
    return audit_render.render(found, details=details), audit_render.as_dict(found)


def sensitivity(
    name: str,
    scenario: str,
    *,
    draws: int,
    seed: int,
    samples: int,
    all_rows: bool,
    chart: Path | None,
    workers: int | None,
    quiet: bool,
) -> Answer:
    """Which unknowns and which choices of form decide an outcome of a scenario; a tornado chart on request."""
    from foederis import sensitivity as engine
    from foederis import sensitivity_render, sensitivity_space

    sensitivity_space.variable(name)  # an unknown outcome is said before anything is solved
    from foederis import ensemble, report, simulation
    from foederis import scenario as scenarios
    from foederis import world as worlds
    from foederis.ensemble_alliance import cast_of
    from foederis.ensemble_path import solve_path

    loaded = scenarios.load(scenario)
    reference = scenarios.load(loaded.compare_to or report.BASE)
    plan = simulation.plan(loaded, reference, worlds.load(**loaded.world_options()), horizons=("long run",))
    with progress(quiet) as stage:
        cast = cast_of(plan.coercer, plan.target, draws=draws, seed=seed)
        drawn = tuple(ensemble.draw_parameters(plan.world, cast.seed, int(k)) for k in cast.numbers)
        if stage is not None:
            stage("trade", 1, 1)
        path = solve_path(plan, cast.stage.quarters, drawn, cast.stage.bystanders)
        found = engine.run(
            name,
            plan,
            cast,
            path,
            samples=samples,
            contraction=engine.contractions(),
            workers=workers,
            progress=stage,
        )
    text = sensitivity_render.render(found, all_rows=all_rows)
    if chart is not None:
        text += "\n\nCharts:   " + ", ".join(str(file) for file in _tornado(found, chart))
    return text, sensitivity_render.as_dict(found)


def _tornado(found: Report, stem: Path) -> tuple[Path, ...]:
    from foederis import charts_sensitivity, charts_style

    return charts_style.save(charts_sensitivity.of_report(found), stem)


def forecast_make(path: Path, ids: tuple[str, ...], scenario: str | None, seed: int, quiet: bool) -> Answer:
    """Forecast open questions and write them to the ledger; a scenario answers those that need a run."""
    from foederis import forecast

    run = None
    if scenario is not None:
        from foederis import report
        from foederis import scenario as scenarios

        with progress(quiet) as stage:
            found = report.simulate(scenarios.load(scenario), seed=seed, stage=stage)
        (result,) = found.results.values()
        if result.alliance is None:
            raise UsageError(f"{scenario} has no alliance; choose a scenario of a pair that has data of its own")
        run = result.alliance
    made = {record.number for record in forecast.make(path, run, ids=ids or None, seed=seed)}
    entries = [entry for entry in forecast.list_(path) if entry.record.number in made]
    return forecast.render(entries), forecast.as_dict(entries)


def forecast_list(path: Path) -> Answer:
    """Every forecast of the ledger and how it stands."""
    from foederis import forecast

    entries = forecast.list_(path)
    return forecast.render(entries), forecast.as_dict(entries)


def forecast_score(path: Path) -> Answer:
    """Brier and CRPS of what is settled."""
    from foederis import forecast

    found = forecast.score(path)
    return forecast.render(found), forecast.as_dict(found)


def forecast_settle(path: Path, target: str, outcome: float, known: str, source: str) -> Answer:
    """Write down how a question came out, with the day on which it was known and where it is to be read."""
    from foederis import forecast

    try:
        record = forecast.settle(path, target, outcome, known=known, source=source)
    except ValueError:
        raise UsageError(f"{known!r} is not a day; write it as 2026-12-18") from None
    text = f"{target}: outcome {outcome:g}, known {known}, is record {record.number} of {path}"
    return text, {"target": target, "outcome": outcome, "known": known, "source": source, "record": record.number}


def _told(quiet: bool) -> Callable[[str], None] | None:
    """What is being done, on stderr."""
    if quiet:
        return None

    def tell(text: str) -> None:
        sys.stderr.write(words.shown(f"  {text}", sys.stderr.encoding) + "\n")
        sys.stderr.flush()

    return tell
