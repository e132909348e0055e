"""An answer for tests of the page: made up, small, with every data set in its form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from foederis.report_page import FRAMES, Estimate, PageData
from foederis.web.kept import Kept

NUMBERS = {
    "gain": Estimate(7.26, 3.6, 11.3),
    "target_income": Estimate(-0.0857, -0.1129, -0.0535),
    "coercer_income": Estimate(-0.06, -0.27, 0.22),
    "trust": Estimate(18.0, 0.0, 53.0),
    "trust_change": Estimate(-8.0, -21.8, -0.3),
    "trust_late": Estimate(33.9, 14.0, 43.6),
    "trust_late_change": Estimate(-0.7, -6.4, 0.0),
    "effort": Estimate(2.0, 1.89, 2.1),
    "effort_change": Estimate(0.0, -0.07, 0.05),
    "balance": Estimate(0.15, -3.3, 5.4),
    "break_even": Estimate(float("inf"), 2.0, float("inf")),
    "price": Estimate(2.7, 0.6, 9.2),
    "net": Estimate(7.6, -5.5, 26.5),
}


def _waterfall(name: str, codes: tuple[str, ...], values: tuple[float, ...]) -> list[dict[str, Any]]:
    rows, at = [], 0.0
    for code, value in zip(codes, values, strict=True):
        rows.append({name: code, "value": value, "low": value - 2, "high": value + 2, "start": at, "end": at + value})
        at += value
    return [*rows, {name: "total", "value": at, "low": None, "high": None, "start": 0.0, "end": at}]


def _bystander(code: str, change: float) -> dict[str, Any]:
    row = {"country": code, "start": 70.0, "change": change, "low": change - 9, "high": change + 9}
    return {**row, "own": change, "own_low": change - 8, "own_high": change + 8, "watching": 0.1,
            "watching_low": -1.0, "watching_high": 1.2}  # fmt: skip


def answer(**more: Any) -> PageData:
    """A made-up answer; `more` takes the place of its fields."""
    quarters = [f"{year}-{month:02d}-01" for year in range(2017, 2037) for month in (1, 4, 7, 10)]
    band = {"low50": 12.0, "median": 18.0, "high50": 27.0, "high90": 53.0}
    sectors = [("C29", -14.0), ("C28", -30.0), ("C26", -22.0)]
    frames: dict[str, list[dict[str, Any]]] = {
        "trust": [{"t": t, "low90": 1.0, **band, "reference": 30.0 if t >= "2025" else None} for t in quarters],
        "polls": [
            {"t": "2017-11-15", "share": 39.0, "pollster": "Yomiuri-Gallup joint survey", "holdout": False},
            {"t": "2025-06-15", "share": 22.0, "pollster": "Yomiuri nationwide poll", "holdout": True},
        ],
        "pins": [
            {"number": 1, "t": "2017-01-23", "label": "Memorandum withdrawing the US from the TPP"},
            {"number": 2, "t": "2025-04-02", "label": "Rate of 2 April 2025: 24%"},
        ],
        "tariff": [
            {"t": t, "authority": code, "rate": rate, "projected": t > "2025-09-16"}
            for t, rates in (("2017-01-01", (1.6, 0.0)), ("2025-09-16", (1.6, 6.4)), ("2036-12-31", (1.6, 6.4)))
            for code, rate in zip(("mfn", "s232"), rates, strict=True)
        ],
        "why": _waterfall("channel", ("tariff", "linkage", "interaction"), (-3.66, -6.85, 1.71)),
        "worth": [{"price": float(k), "probability": min(1.0, k / 50)} for k in range(41)],
        "sectors": [
            {"sector": code, "low90": m - 20, "low50": m - 6, "median": m, "high50": m + 3, "high90": m + 6}
            for code, m in sectors
        ],
        "hedging": [
            {"t": f"{year}-12-31", "part": part, "value": value, "share": value / 4}
            for year in (2017, 2036)
            for part, value in (("own_forces", 60.0), ("partners", 20.0), ("patron", 320.0))
        ],
        "bystanders": [_bystander("KOR", -1.5), _bystander("AUS", 0.4)],
        "balance": _waterfall("term", ("access", "remainder"), (1.7, -0.18)),
        "frontier": [{"scenario": "this", "gain": 7.26, "trust_change": -8.0}],
    }
    frames["sectors_all"] = frames["sectors"]
    made = PageData(
        scenario="july-2025-deal", date="2025-09-16", coercer="USA", target="JPN", rival="CHN", source="exact",
        run_id="227d942c", draws=100, vintage="2022 flows, law of 2025-09-16", marks=("2028-Q4", "2035-Q4"),
        taxes_target=True, numbers=NUMBERS, frames={name: frames[name] for name in FRAMES},
        chances={"self_defeat": 0.09, "self_defeat_annuity": 0.15, "falls": 0.36, "probability_gain": 0.997},
    )  # fmt: skip
    return replace(made, **more)


def kept(preset: str = "july-2025-deal") -> Kept:
    """The made-up answer as the server keeps a run."""
    report = {"scenarios": {preset: {"sentence": "Washington earns $7 bn a year from taxing Japan."}}}
    return Kept(run_id="227d942c", pages={preset: answer(scenario=preset)}, report=report)
