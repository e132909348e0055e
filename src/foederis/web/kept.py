"""What stays of a run in the server: the answer as pages and tables show it, without the draws.

Made in the job process, where the run is; small enough to travel and to be kept by the dozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from foederis.report_page import PageData, Rows

if TYPE_CHECKING:
    from foederis.ensemble_alliance import Alliance
    from foederis.report import Run

__all__ = ["WHY", "Kept", "keep"]

WHY = ("trust", "balance", "effort")


@dataclass(frozen=True, eq=False)
class Kept:
    """The result of an order. `pages`, `series` and `why` are by the label of a scenario.

    `series`: quantiles of `report_series.SERIES` by quarter; `why`: variable, then quarter, then rows part, mean, low,
    high; `report`: the run as `foederis run --json` prints it; `differences`: of a comparison; `table`: of a sweep, a
    row per point and number; `audit`: of an audit; `briefs`: the texts of the one-page brief by language.
    """

    run_id: str = ""
    pages: Mapping[str, PageData] = field(default_factory=dict)
    series: Mapping[str, Mapping[str, Rows]] = field(default_factory=dict)
    why: Mapping[str, Mapping[str, Mapping[str, Rows]]] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    differences: tuple[Mapping[str, Any], ...] = ()
    table: Rows = field(default_factory=list)
    briefs: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    audit: Mapping[str, Any] | None = None
    folder: str = ""  # the run folder, where one was written

    @property
    def page(self) -> PageData:
        """The answer of a run of one scenario (of a comparison: the first)."""
        return next(iter(self.pages.values()))


def keep(run: Run) -> Kept:
    """What stays of a run."""
    from foederis import report_page

    pages = {label: report_page.page_data(r, run.paths[label], run.run_id) for label, r in run.results.items()}
    allied = {label: r.alliance for label, r in run.results.items() if r.alliance is not None}
    return Kept(
        run_id=run.run_id,
        pages=pages,
        series={label: _series(found) for label, found in allied.items()},
        why={label: _why(run, label, found) for label, found in allied.items()},
        report=run.as_dict(),
        manifest=run.manifest.as_dict(),
        briefs={label: _briefs(run, label, page) for label, page in pages.items()},
    )


def _briefs(run: Run, label: str, page: PageData) -> dict[str, Mapping[str, Any]]:
    """The texts of the brief in each language; its charts are drawn when it is asked for."""
    from foederis import report_brief, words_page

    parts = run.results[label], run.findings[label], run.alliance.get(label), run.manifest
    return {lang: report_brief.written(page, *parts, lang) for lang in words_page.LANGUAGES}


def _series(found: Alliance) -> dict[str, Rows]:
    """Quantiles of every series by quarter."""
    import numpy as np

    from foederis.report_findings import QUANTILES
    from foederis.report_series import SERIES

    return {
        name: [
            {"quarter": quarter, **dict(zip(QUANTILES, row, strict=True))}
            for quarter, row in zip(
                found.quarters, np.quantile(one.read(found), list(QUANTILES.values()), axis=1).T.tolist(), strict=True
            )
        ]
        for name, one in SERIES.items()
    }


def _why(run: Run, label: str, found: Alliance) -> dict[str, dict[str, Rows]]:
    """Why a variable moved, at each mark at which the run says it: trust and balance at both, effort at the last."""
    from foederis.report_page import MARKS

    marks = [mark for mark in MARKS if mark in found.quarters] or [found.quarters[-1]]
    rows: dict[str, dict[str, Rows]] = {"trust": {}, "balance": {}}
    for mark in marks:
        split = found.why_trust(mark)
        parts = {**split.parts, "interaction": split.interaction}
        rows["trust"][mark] = [_part(name, 100.0 * draws) for name, draws in parts.items()]
        rows["balance"][mark] = [_part(name, 100.0 * draws) for name, draws in found.terms(mark).parts().items()]
    effort = run.alliance[label].effort
    rows["effort"] = {
        marks[-1]: [
            {"part": name, "mean": mean, "low": low, "high": high} for name, (mean, low, high) in effort.items()
        ]
    }
    return rows


def _part(name: str, draws: Any) -> dict[str, Any]:
    import numpy as np

    low, high = np.quantile(draws, [0.05, 0.95]).tolist()
    return {"part": name, "mean": float(draws.mean()), "low": low, "high": high}
