"""A run: scenarios put through the model together, with everything that people take away from it.

run = simulate({"deal": deal, "letter": letter}, draws=500, seed=1)
run.findings["deal"], run.text(), run.tree, run.summary("welfare", of="JPN"), run.save("runs"), run.plot("welfare")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import numpy as np

from foederis import (
    ensemble,
    ensemble_alliance,
    ensemble_work,
    ledger,
    report_alliance,
    report_findings,
    report_series,
    report_text,
    store,
)
from foederis import scenario as scenarios
from foederis import simulation as engine
from foederis import world as worlds
from foederis.ensemble_alliance import Alliance
from foederis.ensemble_path import TradePath, first_draws
from foederis.errors import DataError, UsageError
from foederis.report_alliance import AllianceFindings
from foederis.report_findings import Findings, Path, Result
from foederis.scenario import Scenario
from foederis.simulation import VARIABLES
from foederis.store_manifest import Manifest
from foederis.world import World

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd
    import xarray as xr

    from foederis.report_page import PageData

__all__ = ["DRAWS", "Run", "Stage", "simulate"]

DRAWS = 500
OTHER_PRIOR_DRAWS = 500
BASE = "us-japan-baseline"  # what a scenario without a reference is compared with
Stage = Callable[[str, int, int], None]  # what is being done, done so far, of how many


@dataclass(frozen=True, eq=False)
class Run:
    """Scenarios simulated with the same draws. `results` is by label; `manifest` says what they were made from."""

    results: Mapping[str, Result]
    manifest: Manifest
    paths: Mapping[str, Path] = field(repr=False)

    @property
    def run_id(self) -> str:
        """Eight hexadecimal digits: the same inputs give the same id on any machine."""
        return self.manifest.run_id

    @cached_property
    def findings(self) -> Mapping[str, Findings]:
        """What each scenario's run found, by label."""
        return {label: report_findings.find(r, self.paths[label]) for label, r in self.results.items()}

    @cached_property
    def alliance(self) -> Mapping[str, AllianceFindings]:
        """What each scenario's run found about the alliance, by label; scenarios without an alliance are left out."""
        return {
            label: report_alliance.find_alliance(r.alliance, report_findings.vintage(r.plan), r.under)
            for label, r in self.results.items()
            if r.alliance is not None
        }

    @cached_property
    def tree(self) -> xr.DataTree:
        """The run as labelled data (groups and dims in `foederis.report_tree`)."""
        from foederis import report_tree

        attrs = {
            "run_id": self.run_id,
            "foederis_version": self.manifest.version,
            "scenario_sha256": self.manifest.scenario_sha256,
            "seed": self.manifest.seed,
            **{f"residual_{market}": value for market, value in self.manifest.residuals.items()},
        }
        return report_tree.tree(self.results, self.paths, attrs)

    def summary(
        self,
        variable: str,
        *,
        of: str | Sequence[str] | None = None,
        horizon: str | None = None,
        at: str | None = None,
        prob: float = 0.9,
    ) -> pd.DataFrame:
        """Median and interval of one outcome: a row per scenario, horizon and country or sector.

        Columns scenario, horizon, of, median, low, high, p_below_zero, unit, badge, vintage. `of` keeps some countries
        or sectors, `horizon` one horizon; `at` is the day or quarter evaluated (trade has one). A series of the
        alliance (`report_series.SERIES`: trust, effort, balance_change ...) is taken at the quarter `at`, such as
        2035-Q4.
        Raises UsageError on an unknown variable, country, sector, horizon or day.
        """
        import pandas as pd

        if variable in report_series.SERIES:
            return self._series(variable, at, prob)
        known = _known(variable, {**VARIABLES, **report_series.SERIES}, "variable")
        if not 0.0 < prob < 1.0:
            raise UsageError(f"prob is {prob}; choose a value between 0 and 1, such as 0.9")
        rows = []
        for label, result in self.results.items():
            _require_evaluated(at, result)
            for chosen in [horizon] if horizon is not None else list(result.plan.horizons):
                _known(str(chosen), dict.fromkeys(result.plan.horizons), "horizon")
                rows += [
                    {"scenario": label, "horizon": chosen, "of": name}
                    | _summary(result.of(variable, str(chosen), name), prob)
                    | {"unit": known.units, "badge": known.badge, "vintage": report_findings.vintage(result.plan)}
                    for name in _chosen(result, known.dims, of)
                ]
        return pd.DataFrame(rows)

    def _series(self, name: str, at: str | None, prob: float) -> pd.DataFrame:
        """A series of the alliance at one quarter (the last by default), a row per scenario."""
        import pandas as pd

        one = report_series.SERIES[name]
        rows = []
        for label, result in self.results.items():
            if result.alliance is None:
                raise UsageError(f"{label}: no alliance in this run ({result.no_alliance})")
            quarter, draws = report_series.values(result.alliance, name, at)
            row = {
                "scenario": label,
                "quarter": quarter,
                **_summary(draws, prob),
                "unit": one.units,
                "badge": one.badge,
            }
            rows.append({**row, "vintage": report_findings.vintage(result.plan)})
        return pd.DataFrame(rows)

    def why(self, variable: str = "trust", scenario: str | None = None) -> pd.DataFrame:
        """Why trust, balance or effort moved: part, mean, low, high (90 %); the means sum. UsageError when unknown."""
        import pandas as pd

        label = next(iter(self.results)) if scenario is None else scenario
        _known(label, self.alliance, "scenario with an alliance")
        page = self.alliance[label]
        parts = _known(variable, {"trust": page.why_trust, "balance": page.terms, "effort": page.effort}, "variable")
        return pd.DataFrame([{"part": n, "mean": m, "low": lo, "high": hi} for n, (m, lo, hi) in parts.items()])

    def plot(self, name: str, scenario: str | None = None) -> alt.VConcatChart:
        """A chart by name: those of `report_charts.CHARTS` and, with an alliance, of `ALLIANCE_CHARTS`."""
        from foederis import report_charts, report_charts_alliance

        label = next(iter(self.results)) if scenario is None else scenario
        result: Result = _known(label, self.results, "scenario")
        if result.alliance is not None and name in report_charts_alliance.ALLIANCE_CHARTS:
            return report_charts_alliance.draw_alliance(
                name, result.alliance, self.alliance[label], result.plan.date, self.run_id
            )
        _known(name, dict.fromkeys(report_charts.CHARTS), "chart")
        return report_charts.draw(name, self.results[label], self.paths[label], self.run_id)

    def text(self, folder: str | None = None) -> str:
        """The run as the terminal shows it."""
        pages = (
            report_text.render(found, self.alliance.get(label), folder, self.results[label].no_alliance)
            for label, found in self.findings.items()
        )
        return "\n".join(pages)

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON shows it."""
        pages = {
            label: {
                "sentence": report_text.sentence(found, self.alliance.get(label)),
                **found.as_dict(),
                "alliance": self.alliance[label].as_dict() if label in self.alliance else None,
            }
            for label, found in self.findings.items()
        }
        return {"run_id": self.run_id, "scenarios": pages, "manifest": self.manifest.as_dict()}

    def to_parquet(self, folder: str | File) -> File:
        """Write the tidy table of quantiles as `results.parquet` in a folder; returns the file."""
        from foederis import report_tree

        file = File(folder) / "results.parquet"
        store.write_parquet(file, report_tree.long_table(self.results))
        return file

    def save(self, folder: str | File = "runs", charts: bool = True, stage: Stage | None = None) -> File:
        """Write the run folder (netCDF, Parquet, charts, page, scenario, manifest) and return it.

        It appears whole under `folder` or not at all. Raises DataError when it cannot be written.
        """
        from foederis import report_charts

        tell = stage or _silent
        target = File(folder) / self.manifest.folder_name
        steps = 3 if charts else 2
        with (
            store.run_folder(target, self.manifest.as_dict()) as partial,
            report_charts.drawing(self.results if charts else {}, self.paths, self.alliance, self.run_id) as pictures,
        ):
            store.write_netcdf(partial / "results.nc", self.tree)
            tell("saving", 1, steps)
            self.to_parquet(partial)
            store.write_text(partial / "report.txt", self.text(str(target)))
            store.write_json(partial / "report.json", self.as_dict())
            for label, result in self.results.items():
                store.write_text(partial / f"{_file_name(label)}.yaml", scenarios.dump(result.plan.scenario))
            tell("saving", 2, steps)
            for label, name, svg, png in pictures:
                below = partial / "charts" / (_file_name(label) if len(self.results) > 1 else "")
                store.write_text(below / f"{name}.svg", svg)
                store.write_bytes(below / f"{name}.png", png)
            if charts:
                tell("saving", 3, steps)
        return target

    def page(self, scenario: str | None = None) -> PageData:
        """The answer of a scenario (the first by default) in the form that page, brief and charts share."""
        from foederis import report_page

        label = next(iter(self.results)) if scenario is None else scenario
        result: Result = _known(label, self.results, "scenario")
        return report_page.page_data(result, self.paths[label], self.run_id)

    def brief(self, path: str | File, lang: str = "en", scenario: str | None = None) -> File:
        """Write a scenario on one A4 page, as .html or .pdf by the name of the file; returns it.

        Raises UsageError on another kind of file or language, DataError when a PDF cannot be made here.
        """
        from foederis import report_brief, report_brief_files

        file = File(path)
        report_brief_files.require(file.suffix, lang)
        label = next(iter(self.results)) if scenario is None else scenario
        result: Result = _known(label, self.results, "scenario")
        allied = self.alliance.get(label)
        content = report_brief.content(result, self.paths[label], self.findings[label], allied, self.manifest, lang)
        store.write_bytes(file, report_brief_files.written(content, file.suffix))
        return file

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """A notebook shows the sentence of each scenario and its charts, drawn where the run was made."""
        from foederis import report_notebook

        return {"text/plain": self.text(), "text/html": report_notebook.html(self)}


def simulate(
    given: Scenario | str | Mapping[str, Scenario | str],
    *,
    draws: int = DRAWS,
    seed: int = 1,
    world: World | None = None,
    compared_with: Scenario | str | None = None,
    elasticities: str | None = None,
    workers: int | None = None,
    exact: bool = False,
    alliance: bool = True,
    alliance_draws: int = ensemble_alliance.DRAWS,
    variant: str = "Beta(1, 12)",
    fitted: bool = False,
    stage: Stage | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Run:
    """Simulate one scenario or several under labels, with the same draws: trade on the day evaluated, and the alliance
    over quarters (`alliance_draws` draws; `variant` is the prior on leaders; `fitted` takes parameters that calibration
    informs from its draws instead of their priors) where the dyad has data of its own.

    A scenario is an object, a preset id or a path; each is compared with `compared_with`, by default what it names
    under `compare_to` (the base year's tariffs where it names nothing). `world` defaults to the embedded one, with the
    options that the scenario names. `exact` solves every draw instead of interpolating between exact solutions. `stage`
    is told how far the work is; `meanwhile` is called, once a scenario, while other processes work.

    Raises ScenarioError, UsageError, DataError or SolveError; nothing is returned that did not converge.
    """
    labelled = _labelled(given)
    tell = stage or _silent
    results, paths = {}, {}
    for label, scenario in labelled.items():
        table = _world_of(scenario) if world is None else world
        against = _against(scenario, compared_with)
        plan = engine.plan(scenario, against, table)
        chosen = elasticities if elasticities is not None else scenario.economics.elasticities
        central = ensemble.central_solutions(plan, chosen)
        tell(f"central elasticities: {_first_answer(plan, central)}", 1, 1)

        def progress(done: int, of: int, label: str = label) -> None:
            tell(f"equilibria {label}", done, of)

        beside: list[tuple[ensemble.Variant, ...]] = []

        def between(plan: engine.Plan = plan, chosen: str | None = chosen, beside: list[Any] = beside) -> None:
            beside.append(ensemble.variants(plan, chosen))
            if meanwhile is not None:
                meanwhile()

        found = ensemble.run_draws(
            plan,
            draws=draws,
            seed=seed,
            elasticities=chosen,
            central=central,
            workers=workers,
            progress=progress,
            exact=exact,
            meanwhile=between,
        )
        settings = {"draws": alliance_draws, "seed": seed, "variant": variant, "fitted": fitted}
        allied, reason = _alliance(plan, chosen, alliance, settings, workers, tell)
        results[label] = Result(plan, central, found, beside[0], *allied, no_alliance=reason)
        paths[label] = report_findings.tariff_path(plan)
    return Run(results, _manifest(results, seed, draws), paths)


def fetch_libraries(charts: bool) -> None:
    """Import what `Run.save` will need, while other processes work."""
    import h5netcdf  # noqa: F401
    import pandas as pd  # noqa: F401
    import xarray as xr  # noqa: F401

    if charts:
        import altair as alt  # noqa: F401
        import vl_convert  # noqa: F401


def _alliance(
    plan: engine.Plan,
    elasticities: str | None,
    wanted: bool,
    settings: Mapping[str, Any],
    workers: int | None,
    tell: Stage,
) -> tuple[tuple[Alliance | None, Mapping[str, Mapping[str, float]]], str]:
    """The alliance of a plan as asked for, and what it says under the other prior on leaders and with parameters fitted
    where they were not (or the reverse); or why it was not run: data of another dyad are never borrowed."""
    if not wanted:
        return (None, {}), "not asked for"
    try:
        settings = {**settings, "fixed": plan.scenario.assumptions}
        cast = ensemble_alliance.cast_of(plan.coercer, plan.target, **settings)
    except DataError as missing:
        return (None, {}), str(missing)
    absent = [code for code in cast.stage.bystanders if code not in plan.world.countries]
    if absent:
        return (None, {}), f"the world has no {', '.join(absent)}, on which the alliance's bystanders rest"
    label = plan.scenario.id

    def progress(done: int, of: int) -> None:
        tell(f"quarters {label}", done, of)

    before: list[Any] = []
    trade = ensemble_alliance.trade_of(
        plan,
        cast,
        elasticities=elasticities,
        workers=workers,
        progress=progress,
        meanwhile=lambda: before.append(ensemble_alliance.reference_path(plan, cast)),
    )
    fewer = min(settings["draws"], OTHER_PRIOR_DRAWS)
    again = _Again(plan, {**settings, "draws": fewer}, first_draws(trade, fewer))
    variant = next(name for name in ensemble_alliance.VARIANTS if name != settings["variant"])
    changes = [{"variant": variant}, {"fitted": not settings["fitted"]}]
    with ensemble_work.beside(again, "under", changes, workers) as others:
        found = ensemble_alliance.run_alliance(plan, cast, trade=trade, before=before[0] if before else None)
        said = dict(sorted(others))
    tell(f"alliance {label}, {settings['draws']:,} draws x {len(found.quarters)} quarters", 1, 1)
    return (found, dict(said.values())), ""


@dataclass(frozen=True, eq=False)
class _Again:
    """The alliance with fewer draws and other settings: only what it says travels between processes."""

    plan: engine.Plan
    settings: Mapping[str, Any]
    trade: TradePath

    def under(self, changed: Mapping[str, Any]) -> tuple[str, dict[str, float]]:
        """The label of what was drawn, and what the alliance says then."""
        cast = ensemble_alliance.cast_of(self.plan.coercer, self.plan.target, **{**self.settings, **changed})
        found = ensemble_alliance.run_alliance(self.plan, cast, trade=self.trade)
        return cast.label, report_alliance.under(found)


def _labelled(given: Scenario | str | Mapping[str, Scenario | str]) -> dict[str, Scenario]:
    if not isinstance(given, Mapping):
        one = scenarios.load(given) if isinstance(given, str) else given
        return {one.id: one}
    if not given:
        raise UsageError("no scenario was given; name at least one, for example us-japan-2025")
    return {label: scenarios.load(s) if isinstance(s, str) else s for label, s in given.items()}


def _against(scenario: Scenario, given: Scenario | str | None) -> Scenario:
    name = given if given is not None else scenario.compare_to or BASE
    return scenarios.load(name) if isinstance(name, str) else name


def _world_of(scenario: Scenario) -> World:
    return worlds.load(**scenario.world_options())


def _manifest(results: Mapping[str, Result], seed: int, draws: int) -> Manifest:
    plans = [r.plan for r in results.values()]
    first = plans[0]
    pairs = [(label, r.plan.scenario.sha256, r.plan.compared_with.sha256) for label, r in results.items()]
    hashes = [p.scenario.sha256 for p in plans]
    data = {"world": str(first.world.meta.get("sha256", "user table")), "ledger": ledger.load().sha256}
    return Manifest(
        scenario_id="-vs-".join(results) if len(results) > 1 else first.scenario.id,
        scenario_sha256=hashes[0] if len(hashes) == 1 else store.sha256_json(hashes),
        data=data,
        seed=seed,
        draws=draws,
        options={
            "compared": [list(pair) for pair in pairs],
            "evaluated": [p.date.isoformat() for p in plans],
            "closure": [p.closure for p in plans],
            "elasticities": [r.draws.elasticities or "published sets" for r in results.values()],
            "horizons": list(first.horizons),
            "us_imports": str(first.world.meta.get("us_imports", "")),
            "alliance_draws": [0 if r.alliance is None else len(r.alliance.cast.numbers) for r in results.values()],
            "variant": [None if r.alliance is None else r.alliance.cast.variant for r in results.values()],
            "fitted": [None if r.alliance is None else r.alliance.cast.fitted for r in results.values()],
            "user_tariffs": first.world.meta.get("user_tariffs"),
        },
        residuals=_worst([r.draws.residuals for r in results.values()]),
    )


def _worst(residuals: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {market: max(r[market] for r in residuals) for market in residuals[0]}


def _first_answer(plan: engine.Plan, central: Mapping[str, engine.Solved]) -> str:
    """The answer at the central elasticities in a few words, while the draws run."""
    from foederis import words, words_names

    found = engine.values(plan, central[plan.horizons[0]])
    us, jp = plan.world.country(plan.coercer), plan.world.country(plan.target)
    income = words.percent(float(found["welfare"][jp]), signed=True)
    gain = words.money(float(found["adds_welfare_usd_bn"][us]), signed=True)
    names = words_names.country(plan.target), words_names.country(plan.coercer)
    return f"{names[0]}'s real income {income}, {names[1]}'s gain from taxing it {gain} a year"


def _known(name: str, known: Mapping[str, Any], what: str) -> Any:
    from difflib import get_close_matches

    if name not in known:
        near = get_close_matches(name, list(known), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise UsageError(f"no {what} {name!r}; {hint}")
    return known[name]


def _chosen(result: Result, dims: tuple[str, ...], of: str | Sequence[str] | None) -> list[str | None]:
    if not dims:
        return [None]
    labels = result.labels(dims[0])
    wanted = labels if of is None else [of] if isinstance(of, str) else list(of)
    for name in wanted:
        _known(name, dict.fromkeys(labels), dims[0])
    return list(wanted)


def _require_evaluated(at: str | None, result: Result) -> None:
    from foederis import words

    day = result.plan.date
    if at is not None and at not in (day.isoformat(), words.quarter(day), words.quarter(day).replace(" ", "-")):
        raise UsageError(f"this run has one day, {day.isoformat()} ({words.quarter(day)}); leave `at` out or name it")


def _summary(draws: np.ndarray, prob: float) -> dict[str, float]:
    kept = draws[np.isfinite(draws)]
    if not kept.size:
        return dict.fromkeys(("median", "low", "high", "p_below_zero"), float("nan"))
    low, median, high = np.quantile(kept, [(1 - prob) / 2, 0.5, (1 + prob) / 2])
    return {"median": float(median), "low": float(low), "high": float(high), "p_below_zero": float((kept < 0).mean())}


def _file_name(label: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in label) or "scenario"


def _silent(what: str, done: int, of: int) -> None:
    return None
