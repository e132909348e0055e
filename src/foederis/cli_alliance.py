"""The commands that read the alliance of a run: why, breakeven, spillover, hedge; and the table of assumptions.

They read the newest run folder (or the one named), so that they answer at once; without one they say how to make it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foederis import posterior, report_text, store, words
from foederis.errors import DataError, UsageError

__all__ = ["assumptions", "breakeven", "hedge", "newest", "spillover", "why"]

WHY = ("trust", "balance", "effort")
Report = Mapping[str, Any]


def newest(run: Path | None, runs: Path = Path("runs")) -> tuple[Path, str, Report]:
    """The report of a run folder, or of the newest one that has an alliance: folder, scenario, its page.

    Raises UsageError when there is none, DataError when a report cannot be read.
    """
    if run is not None:
        return (run, *_page(run))
    found = sorted(runs.glob("*/report.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in found:
        try:
            return (file.parent, *_page(file.parent))
        except UsageError:
            continue
    raise UsageError(f"no run with an alliance in {runs}/; make one with: foederis run us-japan-2025")


def _page(folder: Path) -> tuple[str, Report]:
    report = store.read_json(folder / "report.json")
    try:
        pages = report["scenarios"]
        for label, page in pages.items():
            if page["alliance"] is None:
                continue
            for key in ("why", "phase", "years", "acts", "rungs", "bystanders"):
                page["alliance"][key]  # a report of another version has not all of them
            return label, page
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{folder}/report.json is of another version ({error}); run the scenario again") from None
    raise UsageError(f"the run in {folder} has no alliance; run a scenario of a pair that has data of its own")


def _head(folder: Path, label: str, page: Report) -> str:
    return f"{label}  ({folder})      {page['alliance']['draws']:,} draws  {page['vintage']}"


def why(variable: str, run: Path | None) -> tuple[str, Report]:
    """Why a variable moved: parts with intervals that sum, the interaction explicit; then the acts that told most."""
    if variable not in WHY:
        raise UsageError(f"why does not know {variable!r}; choose one of {', '.join(WHY)}")
    folder, label, page = newest(run)
    allied = page["alliance"]
    parts = allied["why"][variable]
    unit, what = {
        "trust": ("points", f"trust at {allied['marks'][0]}, {allied['poll']}, against the reference"),
        "balance": ("per cent", f"the coalition's balance at {allied['marks'][0]}, from the acts on the ally"),
        "effort": ("log points", f"effort beyond the programme at {allied['marks'][-1]}, from the acts on the ally"),
    }[variable]
    places = 1 if variable == "trust" else 2
    rows = [
        (name, words.number(p["mean"], decimals=places, signed=True), words.interval(p["low"], p["high"], signed=True))
        for name, p in parts.items()
    ]
    total = sum(p["mean"] for p in parts.values())
    rows.append(("sum", words.number(total, decimals=places, signed=True), ""))
    table = report_text.table((f"Why {what}", f"mean {unit}", "90 % interval"), rows)
    acts = "\n".join(f"    {act['date']}  {act['title']}" for act in allied["acts"])
    after = posterior.load()
    unknown = report_text.fill(
        [
            f"{d['moves']} {words.percent(100 * d['share'], decimals=0)}{' *' if after.prior_driven(d['name']) else ''}"
            for d in allied["largest_unknowns"]
        ],
        report_text.WIDTH - 4,
    )
    lines, head = "\n".join(f"    {line}" for line in unknown), "Largest unknowns (* prior-driven)"
    text = f"{_head(folder, label, page)}\n\n{table}\n\n  Acts that told most\n{acts}\n\n  {head}\n{lines}"
    return text, {"scenario": label, "variable": variable, "parts": parts, "acts": allied["acts"]}


def breakeven(coercer: str, target: str, run: Path | None) -> tuple[str, Report]:
    """The price of power at which coercion stops paying, and the answer over the two axes that nobody has measured."""
    folder, label, page = newest(run)
    if (page["coercer"], page["target"]) != (coercer.upper(), target.upper()):
        raise UsageError(
            f"the run in {folder} is of {page['coercer']} and {page['target']};"
            f" run a scenario of {coercer} and {target}"
        )
    allied = page["alliance"]
    n = allied["numbers"]
    rows = [
        ("gain from taxing the ally, average", _money(n["gain_path"])),
        ("change of the coalition's balance", _percent(n["balance"])),
        ("break-even price of power, per 1 % of balance", _money(n["break_even"])),
        ("price of power, prior, per 1 % of balance", _money(n["price"])),
        ("gain plus power gained or lost", _money(n["net"])),
    ]
    lines = [f"  {name:<48}{text}" for name, text in rows]
    cases = ", ".join(f"{k} {words.probability(v)}" for k, v in allied["cases"].items() if v > 0.005)
    verdict = [
        f"  costs more than it earns                        {words.likely(allied['self_defeat'])};"
        f" at the price of a contest that is certain {words.probability(allied['self_defeat_annuity'])}",
        f"  of the draws                                    {cases}",
    ]
    grid = _grid(allied["phase"])
    text = "\n".join([_head(folder, label, page), "", *lines, *verdict, "", grid])
    return text, {"scenario": label, "numbers": n, "cases": allied["cases"], "phase": allied["phase"]}


def _grid(phase: Report) -> str:
    """Chance that coercion costs more than it earns, by response of access (rows) and of rearmament (columns)."""
    columns = list(range(0, len(phase["rearmament"]), 2))
    head = (
        "access response \\ rearmament",
        *(f"{phase['rearmament'][k]:+.2f}".replace("-", words.MINUS) for k in columns),
    )
    rows = [
        (f"{a:.1f}", *(words.probability(phase["self_defeat"][i][k]) for k in columns))
        for i, a in enumerate(phase["access"])
        if i % 2 == 0
    ]
    title = "  Chance that it costs more than it earns, over the two responses that nobody has measured"
    return f"{title}\n{report_text.table(head, rows)}"


def _money(n: Report) -> str:
    return f"{_bn(n['median'])} ({_bn(n['low'])} to {_bn(n['high'])})"


def _bn(value: float | None) -> str:
    return "no such price" if value is None or math.isinf(value) else words.money(value)


def _percent(n: Report) -> str:
    return words.estimate(n["median"], n["low"], n["high"], "%", signed=True)


def spillover(source: str, run: Path | None) -> tuple[str, Report]:
    """How bystanders move: own treatment apart from watching the ally, points of the share siding with the patron."""
    folder, label, page = newest(run)
    if page["target"] != source.upper():
        raise UsageError(f"the run in {folder} is about {page['target']}, not {source}; run a scenario of {source}")
    allied = page["alliance"]
    rows = [
        (
            b["name"],
            words.percent(b["start"], decimals=0),
            *(_points(b[k]) for k in ("change", "own_treatment", "watching")),
        )
        for b in allied["bystanders"]
    ]
    head = (
        f"Siding with the patron, {allied['marks'][0]}",
        "before",
        "change, points",
        "own treatment",
        "watching the ally",
    )
    known = sum(b["change"]["low"] > 0 or b["change"]["high"] < 0 for b in allied["bystanders"])
    note = (
        f"  The sign is known for {known} of {len(rows)}. How bystanders answer has not been measured; the priors leave"
        " both signs open.\n  What moves them is their own treatment, not what they see happen to the ally."
        if _own_dominates(allied["bystanders"])
        else f"  The sign is known for {known} of {len(rows)}."
    )
    return f"{_head(folder, label, page)}\n\n{report_text.table(head, rows)}\n{note}", {
        "bystanders": allied["bystanders"]
    }


def _own_dominates(rows: Sequence[Report]) -> bool:
    def width(n: Report) -> float:
        return float(n["high"] - n["low"])

    return sum(width(b["own_treatment"]) for b in rows) > 2.0 * sum(width(b["watching"]) for b in rows)


def _points(n: Report) -> str:
    middle = words.number(n["median"], decimals=1, signed=True)
    return f"{middle} ({words.interval(n['low'], n['high'], decimals=1, signed=True)})"


def hedge(ally: str, run: Path | None) -> tuple[str, Report]:
    """How the ally hedges: effort, forces, partners by year, and the rungs it may take."""
    folder, label, page = newest(run)
    if page["target"] != ally.upper():
        raise UsageError(f"the run in {folder} is about {page['target']}, not {ally}; run a scenario of {ally}")
    allied = page["alliance"]
    rows = [
        (
            row["quarter"][:4],
            _span(row["trust_pct"], 0),
            _span(row["effort_pct_gdp"], 2),
            _span(row["own_forces_usd_bn"], 0),
            _span({k: 100 * v for k, v in row["partners_share"].items()}, 0),
            _span({k: 100 * v for k, v in row["access"].items()}, 0),
        )
        for row in allied["years"]
    ]
    head = ("Year's end", "trust, %", "effort, % of GDP", "own forces, bn USD", "partners pooled, %", "base access, %")
    rungs = [
        (r["title"], f"taken {r['taken']}" if r["taken"] else words.probability(r["chance"])) for r in allied["rungs"]
    ]
    ladder = report_text.table(
        ("Rungs away from reliance on the patron", "taken, or chance by the end"), rungs, left=(0, 1)
    )
    return f"{_head(folder, label, page)}\n\n{report_text.table(head, rows)}\n\n{ladder}", {
        "years": allied["years"],
        "rungs": allied["rungs"],
    }


def _span(n: Report, decimals: int) -> str:
    return f"{words.number(n['median'], decimals=decimals)} ({words.interval(n['low'], n['high'], decimals=decimals)})"


def assumptions(block: str | None, contains: str | None) -> tuple[str, list[dict[str, Any]]]:
    """Every parameter: prior, mark, what data did to it, source, what it moves. UsageError on an unknown block."""
    from foederis.simulation_parameters import parameters

    fitted = {known.known: known for known in posterior.load().estimates.values() if known.known}
    table = list(parameters().values())
    blocks = list(dict.fromkeys(p.block for p in table))
    if block is not None and block not in blocks:
        raise UsageError(f"no block {block!r}; there are {', '.join(blocks)}")
    kept = [
        p
        for p in table
        if (block is None or p.block == block)
        and (not contains or contains.lower() in f"{p.name} {p.moves} {p.source}".lower())
    ]
    lines: list[str] = []
    for name in blocks:
        mine = [p for p in kept if p.block == name]
        if mine:
            lines += ["", name, *(line for p in mine for line in _parameter(p, fitted.get(p.name)))]
    plain = [
        {
            "name": p.name, "symbol": p.symbol, "prior": p.describe(), "mode": p.mode, "badge": p.badge,
            "block": p.block, "moves": p.moves, "source": p.source, "note": p.note,
            **_after(p, fitted.get(p.name)),
        }
        for p in kept
    ]  # fmt: skip
    return "\n".join(lines).lstrip("\n") or "nothing found", plain


def _after(p: Any, known: Any) -> dict[str, Any]:
    """What calibration made of a parameter (None: never fitted) and whether it is prior-driven (never a fixed one)."""
    learned = None
    if known is not None:
        learned = {"mean": known.mean, "sd": known.sd, "contraction": known.contraction}
    return {"posterior": learned, "prior_driven": p.family != "fixed" and (known is None or known.prior_driven)}


def _parameter(p: Any, known: Any) -> list[str]:
    import textwrap

    after = _after(p, known)
    mark = report_text.BADGES[p.badge] + (", prior-driven" if after["prior_driven"] else "")
    note = f"; {p.note}" if p.note else ""
    head = f"  {p.name:<18}{p.symbol:<10}{p.describe():<34}{mark}"
    text = f"{p.moves}. {p.source}{note}"
    if known is not None:
        taken = words.percent(100 * max(0.0, known.contraction), decimals=0)
        text += f". After data to 2024: {known.mean:.3g} ± {known.sd:.2g}; they took away {taken} of the spread"
    body = textwrap.wrap(text, report_text.WIDTH - 6)
    return [head, *(f"      {line}" for line in body)]
