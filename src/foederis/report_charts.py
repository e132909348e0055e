"""The charts of a run from its results: the data frames that the chart module takes, and the files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foederis import ensemble_work, words_names
from foederis.report_alliance import AllianceFindings
from foederis.report_charts_alliance import charts_of, draw_alliance
from foederis.report_findings import Path, Result, chosen_sectors, quantiles, vintage

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

__all__ = ["CHARTS", "draw", "drawing", "path_frame", "sector_frame", "welfare_frame"]

CHARTS = ("tariff-path", "sector-effects", "welfare")
SOURCES = "OECD, US Census Bureau, Federal Register, published trade elasticities; own computation"


def path_frame(path: Path) -> pd.DataFrame:
    """Rows date, authority, rate (percentage points) for the chart of the tariff path."""
    import pandas as pd

    rows = [
        (date, name, max(0.0, float(path.rate[k, a])))
        for k, date in enumerate(path.dates)
        for a, name in enumerate(path.authorities)
    ]
    return pd.DataFrame(rows, columns=["date", "authority", "rate"])


def sector_frame(result: Result) -> pd.DataFrame:
    """The target's exports to the coercer by sector and horizon, per cent, with intervals: the sectors of the table."""
    import pandas as pd

    rows = []
    for horizon in result.plan.horizons:
        for code in chosen_sectors(result):
            found = quantiles(result.of("target_exports_to_coercer", horizon, code))
            rows.append({"sector": code, "name": words_names.sector(code), "horizon": horizon, **found})
    return pd.DataFrame(rows)


def welfare_frame(result: Result, horizon: str = "long run") -> pd.DataFrame:
    """Change in real income by economy, per cent, with intervals and the role of each in the scenario."""
    import pandas as pd

    actors = result.plan.scenario.actors
    roles = {actors.coercer: "coercer", actors.target: "target"}
    if actors.rival:
        roles.setdefault(actors.rival, "rival")
    rows = [
        {"country": code, "role": roles.get(code, "bystander"), **quantiles(result.of("welfare", horizon, code))}
        for code in result.labels("country")
    ]
    return pd.DataFrame(rows)


def draw(name: str, result: Result, path: Path, run_id: str = "") -> alt.VConcatChart:
    """One chart of a run by name; ValueError on an unknown one."""
    from foederis import charts

    plan = result.plan
    us, jp = words_names.country_in_text(plan.coercer), words_names.country(plan.target)
    source = f"{SOURCES} ({vintage(plan)})"
    if name == "tariff-path":
        end = min(plan.scenario.horizon.end.last_day, max(*path.dates, plan.date) + dt.timedelta(days=120))
        return charts.tariff_path(
            path_frame(path),
            partner=jp,
            importer=words_names.country(plan.coercer),
            evaluated=plan.date,
            end=end,
            source=SOURCES,
            run_id=run_id,
        )
    if name == "sector-effects":
        return charts.sector_effects(
            sector_frame(result),
            measure=f"exports to {us}",
            who=jp,
            chosen_by="The sectors that move most in dollars.",
            source=source,
            run_id=run_id,
        )
    if name == "welfare":
        return charts.welfare_by_country(
            welfare_frame(result), measure="Real income in the long run", source=source, run_id=run_id
        )
    raise ValueError(f"no chart {name!r}; there are {', '.join(CHARTS)}")


@contextmanager
def drawing(
    results: Mapping[str, Result],
    paths: Mapping[str, Path],
    findings: Mapping[str, AllianceFindings],
    run_id: str,
    workers: int | None = None,
) -> Iterator[Iterator[tuple[str, str, str, bytes]]]:
    """Every chart of every scenario of a run, those of the alliance too where there is one, drawn while the block does
    something else: (scenario, chart, SVG text, PNG bytes) in the order in which they are asked for or done."""
    tasks = [
        (label, name)
        for label, result in results.items()
        for name in (*CHARTS, *(() if result.alliance is None or label not in findings else charts_of(result.alliance)))
    ]
    studio = _Studio(results, paths, findings, run_id)
    with ensemble_work.beside(studio, "render", tasks, workers) as done:
        yield ((*tasks[k], svg, png) for k, (svg, png) in done)


@dataclass(frozen=True, eq=False)
class _Studio:
    """What the processes that draw work on."""

    results: Mapping[str, Result]
    paths: Mapping[str, Path]
    findings: Mapping[str, AllianceFindings]
    run_id: str

    def render(self, task: tuple[str, str]) -> tuple[str, bytes]:
        """A chart of a scenario as SVG text and PNG bytes."""
        from altair.utils.schemapi import debug_mode

        from foederis import charts

        label, name = task
        result = self.results[label]
        with debug_mode(False):  # tests hold every chart against the schema; doing it again takes a quarter of the time
            if name in CHARTS:
                return charts.both(draw(name, result, self.paths[label], self.run_id))
            assert result.alliance is not None
            page = self.findings[label]
            return charts.both(draw_alliance(name, result.alliance, page, result.plan.date, self.run_id))
