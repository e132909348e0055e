"""The commands that show or check something: check, new, codes, ledger, data, validate, doctor. All return text."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from foederis import words, words_names
from foederis.errors import EXIT_DATA, EXIT_SCENARIO, DataError, FoederisError, ScenarioError, UsageError

__all__ = ["check", "codes", "columns", "data", "doctor", "ledger", "new", "validate"]

Rows = list[tuple[str, str]]


def check(names: Sequence[str]) -> tuple[str, int, list[dict[str, Any]]]:
    """Check scenarios: the text, the exit code (0: all good), and the faults as plain values."""
    from foederis import scenario, world

    table = world.load()
    lines, report, code = [], [], 0
    for name in names:
        try:
            found = scenario.load(name)
            found.tariff_cut(table)
            notes = "".join(f"\n  note: {text}" for text in found.unused())
            lines.append(
                f"{name}: good ({found.id}, {len(found.measures(table)):,} measures, sha {found.sha256[:8]}){notes}"
            )
            report.append({"file": name, "ok": True, "id": found.id, "sha256": found.sha256, "faults": []})
        except ScenarioError as error:
            lines.append(str(error))
            faults = [
                {
                    "line": f.line,
                    "column": f.column,
                    "code": f.code,
                    "message": f.message,
                    "help": f.help,
                    "file": f.file,
                }
                for f in error.faults
            ]
            report.append({"file": name, "ok": False, "faults": faults})
            code = EXIT_SCENARIO
        except DataError as error:
            lines.append(f"{name}: error: {error}")
            report.append({"file": name, "ok": False, "faults": [{"message": str(error)}]})
            code = code or EXIT_DATA
    return "\n".join(lines), code, report


def new(name: str, out: Path | None) -> str:
    """Write a starter file; UsageError when the id is no id or the file exists."""
    from foederis import scenario, store

    target = Path(f"{name}.yaml") if out is None else out
    if target.exists():
        raise UsageError(f"{target} exists; choose another name or --out")
    store.write_text(target, scenario.template(name))
    return f"wrote {target}\n  Next   foederis check {target} | foederis run {target}"


def codes(what: str | None, contains: str | None) -> Rows:
    """Codes and names of one list; without one, the lists there are. UsageError on an unknown list."""
    lists = _lists()
    if what is None:
        return [(name, text) for name, (text, _) in lists.items()]
    if what not in lists:
        from difflib import get_close_matches

        near = get_close_matches(what, list(lists), 1)
        raise UsageError(
            f"no list {what!r}; {f'did you mean {near[0]!r}?' if near else 'there are ' + ', '.join(lists)}"
        )
    rows = lists[what][1]()
    if contains:
        wanted = contains.lower()
        rows = [row for row in rows if wanted in row[0].lower() or wanted in row[1].lower()]
    return rows


def _lists() -> Mapping[str, tuple[str, Any]]:
    from foederis import goods, scenario, scenario_codes, world_file

    def elasticities() -> Rows:
        _, card = world_file.read_raw("icio2022")
        return [(name, f"{e['citation']} ({e['convention']})") for name, e in card["elasticities"].items()]

    return {
        "countries": (
            "economies of the world table",
            lambda: [(c, words_names.country(c)) for c in scenario_codes.COUNTRIES],
        ),
        "groups": ("named groups of economies", lambda: list(scenario_codes.GROUP_NOTES.items())),
        "sectors": ("sectors of the world table", lambda: list(words_names.SECTOR.items())),
        "authorities": ("legal authorities of a measure", lambda: list(words_names.AUTHORITY.items())),
        "goods": ("named carve-outs", lambda: list(goods.names().items())),
        "elasticities": ("published sets of trade elasticities", elasticities),
        "presets": ("scenarios that are shipped", lambda: [(p.id, f"{p.title}: {p.note}") for p in scenario.presets()]),
    }


def columns(rows: Rows) -> str:
    """Two columns, the second folded to the page."""
    import textwrap

    width = max((len(code) for code, _ in rows), default=0)
    lines = []
    for code, name in rows:
        folded = textwrap.wrap(name, 96 - width) or [""]
        lines += [f"{code if i == 0 else '':<{width}}  {part}".rstrip() for i, part in enumerate(folded)]
    return "\n".join(lines) if rows else "nothing found"


def ledger(partner: str, first: str, last: str | None, clock: str) -> tuple[str, list[dict[str, Any]]]:
    """The tariff path of a partner with statutes: text and plain rows."""
    from foederis import ledger as book
    from foederis.cli import day

    if clock not in ("law", "panel"):
        raise UsageError(f"clock is {clock!r}; choose law or panel")
    start = day(first)
    end = day(last, last=True) if last else book.load().end
    known = (*book.load().partners, *words_names.COUNTRY)
    if partner.upper() not in known:
        from difflib import get_close_matches

        near = get_close_matches(partner.upper(), known, 1)
        hint = f"did you mean {near[0]!r}?" if near else "list them with: foederis codes countries"
        raise UsageError(f"partner {partner!r} is not in the ledger; {hint}")
    if end < start:
        raise UsageError(f"--to {end} is before --from {start}")
    steps = book.load().path(partner.upper(), start, end, clock)
    from foederis import report_text

    rows, plain = [], []
    for step in steps:
        by = ", ".join(
            f"{words_names.authority(a).split(' (')[0]} {words.number(r, decimals=1)}"
            for a, r in step.by_authority.items()
            if abs(r) > 0.005
        )
        rows.append((step.date.isoformat(), words.percent(step.total, decimals=1), by))
        plain.append(
            {
                "date": step.date.isoformat(),
                "total": step.total,
                "by_authority": dict(step.by_authority),
                "statutes": list(step.statutes),
            }
        )
    lines = report_text.table(("from", "total", "points by authority"), rows, left=(0, 2)).splitlines()
    text = [lines[0]]
    for line, step in zip(lines[1:], steps, strict=True):
        text += [line, *(f"  {'':<10}    {statute}" for statute in step.statutes)]
    name = words_names.country(partner.upper())
    head = f"United States: average tariff on goods from {name}, weighted with 2024 imports ({clock} dates)"
    return "\n".join([head, "", *text]), plain


def data() -> tuple[str, dict[str, Any]]:
    """What the embedded data are, as text and plain values."""
    from foederis import world, world_report

    facts = world_report.facts(world.load())
    return "\n".join(world_report.lines(facts)), facts


def validate(studies: tuple[str, ...], targets: Path | None, all_rows: bool) -> tuple[str, dict[str, Any], bool]:
    """Published results against ours: text, plain values, and whether anything missed."""
    from foederis import validate as validation

    report = validation.run(studies, targets=targets)
    return validation.render(report, all_rows=all_rows), validation.as_dict(report), report.failed


def doctor() -> tuple[str, dict[str, Any], bool]:
    """Checks of the installation: text, plain values, and whether one failed."""
    checks = [_guard(name, check) for name, check in _checks()]
    width = max(len(name) for name, _, _ in checks)
    lines = [f"  {'ok  ' if good else 'FAIL'}  {name:<{width}}  {text}" for name, good, text in checks]
    broken = any(not good for _, good, _ in checks)
    lines.append("" if broken else "\n  all good")
    plain = {"ok": not broken, "checks": [{"name": n, "ok": g, "detail": t} for n, g, t in checks]}
    return "\n".join(lines), plain, broken


def _guard(name: str, check: Any) -> tuple[str, bool, str]:
    try:
        return name, True, str(check())
    except (FoederisError, OSError, ImportError, RuntimeError, ValueError) as error:
        return name, False, f"{error}"


def _checks() -> Iterable[tuple[str, Any]]:
    yield (
        "version",
        lambda: f"foederis {metadata.version('foederis')}, Python {platform.python_version()}, {platform.system()}",
    )
    yield "libraries", _libraries
    yield "world", _world
    yield "ledger", _ledger
    yield "presets", _presets
    yield "solve", _small_solve
    yield "charts", _render
    yield "files", _files


def _libraries() -> str:
    names = ("numpy", "jax", "pandas", "pyarrow", "xarray", "h5netcdf", "pydantic", "ruamel.yaml", "typer", "altair")
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)


def _world() -> str:
    from foederis import world

    table = world.load()
    worst = max(table.check().values())
    return f"{len(table.countries)} regions x {len(table.sectors)} sectors, checksum good, identities to {worst:.0e}"


def _ledger() -> str:
    from foederis import ledger as book

    found = book.load()
    return f"{len(found.measures()):,} measures, checksum good"


def _presets() -> str:
    from foederis import scenario

    return f"{len([scenario.load(p.id) for p in scenario.presets()])} load"


def _small_solve() -> str:
    from foederis import trade, world
    from foederis.world import INDO_PACIFIC_21

    economy = trade.calibrate(world.load().aggregate(INDO_PACIFIC_21))
    tariff = economy.tariff.copy()
    tariff[economy.index("USA"), economy.index("JPN"), :-1] += 0.10
    found = trade.solve(economy, trade.Shock(tariff=tariff))
    return f"worst residual {max(found.residuals.values()):.0e} after {found.passes} passes"


def _render() -> str:
    import altair as alt
    import pandas as pd

    from foederis import charts

    frame = pd.DataFrame({"x": [0, 1], "y": [0, 1]})
    return f"a PNG of {len(charts.png(alt.Chart(frame).mark_line().encode(x='x', y='y'))):,} bytes"


def _files() -> str:
    with tempfile.TemporaryDirectory(dir=os.getcwd()):
        return f"this folder can be written; stdout is {sys.stdout.encoding or 'of unknown encoding'}"
