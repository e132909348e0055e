"""Write docs/sensitivity.md: which unknowns the main outcomes turn on, by the code; and the same shares for the page.

    python tools/make_sensitivity.py [--check]

Takes two to three minutes. --check writes nothing and fails when either file is not what the code gives now.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from foederis import ensemble, scenario, sensitivity, simulation, words, world
from foederis.ensemble_alliance import cast_of
from foederis.ensemble_path import solve_path
from foederis.errors import DataError
from foederis.sensitivity import KEEP, SAMPLES, TRAJECTORIES, VARIABLES, Report
from make_magnitudes import differences

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "sensitivity.md"
SHARES = ROOT / "src" / "foederis" / "web" / "drivers.json"
SCENARIO, REFERENCE = "us-japan-2025", "us-japan-baseline"
SHOWN = ("balance", "trust", "net")
ROWS, CHOICES = 10, 8
DRAWS = 2000
LEAST = 0.005  # a share, or a shift in widths of the interval, that would be printed as nothing


def prose() -> str:
    """What the page says that no number of a run enters."""
    listed = "\n".join(f"- `{v.name}`: {v.label}, {v.unit}" for v in VARIABLES.values())
    ranked = words.joined([f"`{v.name}`" for v in VARIABLES.values() if v.ranked])
    return f"""# Which unknowns decide

Written by `tools/make_sensitivity.py`. `foederis sensitivity VAR` prints the whole of it for one outcome:

{listed}

**How.** Every parameter that varies is screened first: {TRAJECTORIES} random paths move one input at a time over half
of its probability (Morris 1991). The {KEEP} with the largest mean effect go into variance shares (Sobol' 1993, with
the estimators of Saltelli et al. 2010), from {SAMPLES} base points; the others together are one more input, so that
what was left out is seen. *Alone* is the share of the variance that an input explains by itself, *in all* adds what it
does jointly with others; the second column of each is a 90 % bootstrap interval. Shares in all can sum to more than
1. For {ranked} they are shares of the variance of ranks, since a few runs make up most of the variance itself.

**Inputs beside parameters.** *Trade elasticities*: the draws of trade, in the order of the gain; trade is not solved
again for each run. *Chance*: errors of surveys, and when caps and rungs move. Inputs are drawn independently, also
those that data made dependent.

**Choices of form** are not inputs: each is run on the same draws as its base. Closures are compared at central
elasticities. A parameter with a tenth or more of its prior on each side of zero is held at the median of each side.

Inputs marked \\* are prior-driven: the run takes them from their priors, or data have narrowed them by less than a
tenth of the prior's standard deviation. Where they lead, the answer is a prior."""


def reports() -> list[Report]:
    """The outcomes of the page, each with its shares."""
    plan = simulation.plan(
        scenario.load(SCENARIO), scenario.load(REFERENCE), world.load(), horizons=("long run",)
    )  # fmt: skip
    cast = cast_of(plan.coercer, plan.target, draws=DRAWS)
    drawn = tuple(ensemble.draw_parameters(plan.world, cast.seed, int(k)) for k in cast.numbers)
    trade = solve_path(plan, cast.stage.quarters, drawn, cast.stage.bystanders)
    try:
        known = sensitivity.contractions()
    except DataError:
        known = {}
    return [sensitivity.run(name, plan, cast, trade, contraction=known) for name in SHOWN]


def page(found: Sequence[Report]) -> str:
    """The whole page."""
    return "\n\n".join([prose(), *(section(report) for report in found)]) + "\n"


def shares(found: Sequence[Report]) -> str:
    """What the page of the server shows: the largest shares of each outcome, as JSON."""
    about = {"made_by": "tools/make_sensitivity.py", "scenario": SCENARIO, "draws": DRAWS}
    return (
        json.dumps({**about, "outcomes": [_outcome(report) for report in found]}, indent=1, ensure_ascii=False) + "\n"
    )


def _outcome(report: Report) -> dict[str, Any]:
    rows = [
        {
            "name": i.name,
            "label": i.label,
            "symbol": i.symbol,
            "first": round(i.first, 3),
            "total": round(i.total, 3),
            "prior_driven": i.prior_driven,
        }
        for i in report.indices[:ROWS]
        if i.total >= LEAST
    ]
    return {"variable": report.variable, "label": report.label, "mark": report.mark, "rows": rows}


def section(report: Report) -> str:
    """One outcome: the shares, the choices, and what the two say."""
    places = 2 if report.high - report.low < 10 else 1

    def number(value: float | None) -> str:
        return "" if value is None else words.number(value, decimals=places)

    inputs = [
        (
            f"{i.label} {i.symbol}".strip() + (" \\*" if i.prior_driven else ""),
            _share(i.first), _band(i.first_interval), _share(i.total), _band(i.total_interval),
            number(i.low_mean), number(i.high_mean),
        )
        for i in report.indices[:ROWS]
        if i.total >= LEAST
    ]  # fmt: skip
    far = sorted((s for s in report.switched if s.ratio >= LEAST), key=lambda s: -abs(s.shift))[:CHOICES]
    choices = [(f"{s.group}: {s.name}", number(s.median), number(s.shift), f"{s.ratio:.2f}") for s in far]
    head = ("input", "alone", "", "in all", "", "mean, lowest tenth", "highest tenth")
    return "\n\n".join(
        [
            f"## {report.label[0].upper()}{report.label[1:]}",
            f"`{report.variable}`, {report.scenario}, {report.mark}: {number(report.median)} {report.unit},"
            f" 90 % from {number(report.low)} to {number(report.high)}.",
            _table(head, inputs),
            f"Alone, the inputs explain {_share(report.alone)}; {_share(report.prior_driven)} is by prior-driven"
            " inputs.",
            _table(("choice of form", "median", "shift", "in widths of the interval"), choices),
        ]
    )


def _share(value: float) -> str:
    return words.percent(100.0 * max(value, 0.0), decimals=0).replace(" ", " ")


def _band(pair: tuple[float, float]) -> str:
    return "–".join(words.number(100.0 * max(v, 0.0), decimals=0) for v in pair)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main() -> int:
    """Write the page, or check it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true")
    checks, found = options.parse_args().check, reports()
    if not checks:
        PAGE.write_text(page(found), encoding="utf-8")
        SHARES.write_text(shares(found), encoding="utf-8")
        return 0
    off = differences(PAGE.read_text(encoding="utf-8"), page(found), relative=0.02)
    off += differences(SHARES.read_text(encoding="utf-8"), shares(found), relative=0.02)
    print("\n".join(off) or "docs/sensitivity.md and the shares of the page are what the code gives")
    return int(bool(off))


if __name__ == "__main__":
    sys.exit(main())
