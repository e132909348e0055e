"""What the tests of charts, brief and page share: the answer of one small run, and one that differs in every value."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import foederis as fo
from foederis import report_page
from foederis.report import Run
from foederis.report_page import Estimate, PageData

DEAL = "july-2025-deal"
DRAWS = 100


@cache
def run() -> Run:
    return fo.simulate(DEAL, draws=DRAWS, alliance_draws=DRAWS)


@cache
def answer() -> PageData:
    """The answer of the run, with two ready-made policies beside it on the frontier."""
    one = run()
    page = report_page.page_data(one.results[DEAL], one.paths[DEAL], one.run_id)
    here = page.frames["frontier"]
    presets = [
        {"scenario": "full-decoupling", "gain": -38.6, "trust_change": -19.6},
        {"scenario": "liberation-day", "gain": 5.8, "trust_change": -6.8},
        {**here[0], "scenario": DEAL},
        {"scenario": "before-2025", "gain": 0.0, "trust_change": 0.0},
    ]
    return replace(page, frames={**page.frames, "frontier": [*presets, *here]})


_KEPT = {"t", "number", "price", "holdout", "projected", "start", "end"}


@cache
def other() -> PageData:
    """The same with every value halved: another answer of the same form."""
    page = answer()
    frames = {name: _chained([{k: _half(k, v) for k, v in row.items()} for row in rows])
              for name, rows in page.frames.items()}  # fmt: skip
    numbers = {key: Estimate(*(0.5 * value for value in one)) for key, one in page.numbers.items()}
    chances = {key: 0.5 * value for key, value in page.chances.items()}
    return replace(page, frames=frames, numbers=numbers, chances=chances, run_id="other")


def _half(key: str, value: Any) -> Any:
    return 0.5 * value if isinstance(value, float) and key not in _KEPT else value


def _chained(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ends of waterfalls follow their values."""
    return [{**row, "start": 0.5 * row["start"], "end": 0.5 * row["end"]} if "end" in row else row for row in rows]
