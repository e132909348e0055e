"""A result as files: tables as CSV, Parquet or JSON that say unit, mark, run and source; charts as SVG or PNG."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from foederis.errors import DataError
from foederis.web.errors import Problem
from foederis.web.runs import Entry
from foederis.web.site import packed

if TYPE_CHECKING:
    from foederis.report_page import Rows
    from foederis.web.kept import Kept

__all__ = [
    "BRIEF_TYPES",
    "IMAGE_TYPES",
    "TABLE_TYPES",
    "Table",
    "brief",
    "chart",
    "kept_of",
    "label_of",
    "require_chart",
    "table",
    "variables",
    "written",
]

TABLE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "csv": "text/csv; charset=utf-8",
        "parquet": "application/vnd.apache.parquet",
        "json": "application/json",
    }
)
BRIEF_TYPES: Mapping[str, str] = MappingProxyType({"html": "text/html; charset=utf-8", "pdf": "application/pdf"})
IMAGE_TYPES: Mapping[str, str] = MappingProxyType({"svg": "image/svg+xml", "png": "image/png"})
TRADE = "OECD, US Census Bureau, Federal Register, published trade elasticities; own computation"
ALLIED = "published polls, defence data, stated priors; own computation"
FRAMES: Mapping[str, tuple[str, str, str]] = MappingProxyType(  # unit, mark, source
    {
        "trust": ("% of people", "A", ALLIED),
        "polls": ("% of people", "D", "published polls"),
        "pins": ("", "D", "recorded acts"),
        "tariff": ("%", "D", TRADE),
        "why": ("pp", "A", ALLIED),
        "worth": ("share of draws", "A", ALLIED),
        "sectors": ("%", "L", TRADE),
        "sectors_all": ("%", "L", TRADE),
        "hedging": ("bn USD 2023; share in %", "A", ALLIED),
        "bystanders": ("pp", "A", ALLIED),
        "balance": ("%", "A", ALLIED),
        "frontier": ("gain in bn USD; trust_change in pp", "A", ALLIED),
    }
)


@dataclass(frozen=True)
class Table:
    """Rows with what must travel with them. `own` says that rows carry unit and mark themselves."""

    name: str
    rows: Rows
    unit: str
    badge: str
    run_id: str
    scenario: str
    source: str
    vintage: str
    own: bool = False

    def whole(self) -> Rows:
        """Rows with unit, badge, scenario, run_id, source as columns of their own."""
        marks = {} if self.own else {"unit": self.unit, "badge": self.badge}
        run = {"run_id": self.run_id} if self.run_id else {}
        rest = {**marks, "scenario": self.scenario, **run, "source": f"{self.source} ({self.vintage})"}
        return [{**row, **rest} for row in self.rows]


def kept_of(entry: Entry) -> Kept:
    """The result of an order; Problem `not-done` when there is none (yet)."""
    if entry.kept is None:
        raise Problem(
            "not-done",
            f"the run is {entry.status}",
            hint=f"see /api/v1/runs/{entry.order.id}",
            loc=("path", "id"),
            retry_after=2 if entry.status in ("queued", "running") else None,
        )
    return entry.kept


def label_of(kept: Kept, scenario: str) -> str:
    """The label of a scenario of a run (the first where none is named); Problem when it is not in it."""
    if not kept.pages:
        raise Problem("not-found", "this run has no pages: it is a sweep or the audit", loc=("path", "id"))
    if scenario and scenario not in kept.pages:
        hint = f"there are {', '.join(kept.pages)}"
        raise Problem("not-found", f"no scenario {scenario[:60]!r} in this run", hint=hint, loc=("query", "scenario"))
    return scenario or next(iter(kept.pages))


def variables(kept: Kept) -> tuple[str, ...]:
    """The tables that a result has."""
    if kept.table:
        return ("table",)
    if not kept.pages:
        return ()
    label = next(iter(kept.pages))
    filled = [name for name, rows in kept.pages[label].frames.items() if rows]
    series = [name for name in kept.series.get(label, {}) if name not in filled]
    return ("numbers", *filled, *series, *(("differences",) if kept.differences else ()))


def table(kept: Kept, name: str, scenario: str = "", series: bool = False) -> Table:
    """A table of a result by name: a data set of the page, a series of the run by quarter, the numbers, differences,
    the table of a sweep. `series` takes the series where a data set has the same name. Problem when there is none."""
    if kept.table and name == "table":
        return Table(name, kept.table, "", "", "", "sweep", f"{TRADE}; {ALLIED}", "each row with its run id", own=True)
    if name not in variables(kept):
        from foederis.scenario_codes import nearest

        hint = nearest(name, variables(kept)) or f"there are {', '.join(variables(kept))}"
        raise Problem("not-found", f"no variable {name[:60]!r} in this run", hint=hint, loc=("path", "variable"))
    label = label_of(kept, scenario)
    page = kept.pages[label]
    about = (kept.run_id, label)
    if name == "numbers":
        plain = page.as_dict()
        rows = [{"number": key, **value} for key, value in plain["numbers"].items()]
        rows += [
            {"number": key, "median": value, "low": None, "high": None, "unit": "1", "badge": "A"}
            for key, value in plain["chances"].items()
        ]
        return Table(name, rows, "", "", *about, f"L: {TRADE}; A: {ALLIED}", page.vintage, own=True)
    if name == "differences":
        return Table(name, _differences(kept), "", "", *about, f"{TRADE}; {ALLIED}", page.vintage, own=True)
    if name in page.frames and page.frames[name] and not series:
        unit, badge, source = FRAMES[name]
        return Table(name, page.as_dict()["frames"][name], unit, badge, *about, source, page.vintage)
    from foederis.report_series import SERIES

    known = SERIES[name]
    rows = kept.series[label][name]
    return Table(name, rows, known.units, known.badge, *about, TRADE if known.badge == "L" else ALLIED, page.vintage)


def _differences(kept: Kept) -> Rows:
    """One row per outcome: both medians and the difference, draw by draw."""
    return [
        {
            "outcome": d["first"]["key"],
            "label": d["first"]["label"].strip(),
            "first": d["first"]["median"],
            "second": d["second"]["median"],
            **d["difference"],
            "unit": d["first"]["unit"],
            "badge": d["first"]["badge"],
        }
        for d in kept.differences
    ]


def written(found: Table, form: str, manifest: Mapping[str, Any]) -> bytes:
    """A table as CSV, Parquet (the manifest in its metadata) or JSON."""
    if form == "json":
        about = {
            "variable": found.name,
            "scenario": found.scenario,
            "run_id": found.run_id,
            "unit": found.unit,
            "badge": found.badge,
            "source": found.source,
            "vintage": found.vintage,
            "rows": found.rows,
        }
        return packed(about)
    return _csv(found.whole()) if form == "csv" else _parquet(found, manifest)


def _csv(rows: Rows) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["empty"], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return out.getvalue().encode("utf-8")


def _cell(value: Any) -> Any:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value


def _parquet(found: Table, manifest: Mapping[str, Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = found.whole()
    columns = {name: _one_kind([row[name] for row in rows]) for name in rows[0]} if rows else {}
    data = pa.table(columns)
    about = {"variable": found.name, "run_id": found.run_id, "unit": found.unit, "badge": found.badge}
    meta = {**about, "source": found.source, "vintage": found.vintage, "manifest": packed(manifest).decode()}
    sink = io.BytesIO()
    pq.write_table(
        data.replace_schema_metadata({f"foederis.{k}": v for k, v in meta.items()}), sink, compression="zstd"
    )
    return sink.getvalue()


def _one_kind(values: list[Any]) -> list[Any]:
    """A column of one type: numbers as floats; as text where some are numbers and some are not."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in there) or all(isinstance(value, str) for value in there):
        return values
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in there):
        return [None if value is None else float(value) for value in values]
    return [None if value is None else str(value) for value in values]


def require_chart(name: str) -> None:
    """Refuse a chart that there is not: Problem."""
    from foederis import charts_live
    from foederis.scenario_codes import nearest

    if name not in charts_live.CHARTS:
        hint = nearest(name, charts_live.CHARTS) or f"there are {', '.join(charts_live.CHARTS)}"
        raise Problem("not-found", f"no chart {name[:60]!r}", hint=hint, loc=("path", "variable"))


def chart(kept: Kept, name: str, scenario: str, lang: str, theme: str, width: int, form: str) -> bytes:
    """A chart of a result as SVG text or PNG bytes."""
    import vl_convert

    from foederis import charts_live

    page = kept.pages[label_of(kept, scenario)]
    spec = charts_live.filled(name, data=page, lang=lang, theme=theme, width=width)
    text: str = vl_convert.vegalite_to_svg(spec, vl_version="6.4")
    if form == "svg":
        return text.encode("utf-8")
    drawn: bytes = vl_convert.svg_to_png(text, scale=2.0)
    return drawn


def brief(kept: Kept, label: str, lang: str, form: str) -> bytes:
    """The one-page brief of a run; Problem where a PDF cannot be made on this machine."""
    from foederis import report_brief, report_brief_files

    try:
        content = report_brief.drawn(kept.briefs[label][lang], kept.pages[label])
        found: bytes = report_brief_files.written(content, f".{form}")
    except DataError as error:
        raise Problem("not-here", str(error), hint="ask for brief.html instead") from None
    return found
