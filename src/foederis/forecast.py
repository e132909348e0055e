"""Forecasts that can be wrong in public: dated, in a ledger that only grows, scored when the day has come.

    forecast.make(ledger_path, run)                           # open questions; run: an `Alliance`, or None
    forecast.list_(ledger_path)
    forecast.settle(ledger_path, "yomiuri-trust-2026", 24.0, known="2026-12-20", source="...")
    forecast.score(ledger_path)                               # Brier for events, CRPS for quantities

Questions, the rule by which each is settled and the rule that gives its probability travel with the package. Baselines
are computed and written down when a forecast is made, and scored beside it: one that does no better is of no use.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import numpy as np

from foederis import acts, ledger, words
from foederis.ensemble_alliance import Alliance
from foederis.errors import DataError, UsageError
from foederis.forecast_ledger import Clock, Record, append, head, now, read
from foederis.forecast_rules import MODEL_RULES, Context, chance, distribution, quantiles
from foederis.store_manifest import code_sha256

__all__ = [
    "Entry",
    "Score",
    "Scores",
    "Target",
    "as_dict",
    "head",
    "list_",
    "make",
    "read",
    "render",
    "score",
    "settle",
    "targets",
]

State = Literal["open", "waiting", "overdue", "settled"]
SEED = 1


@dataclass(frozen=True)
class Target:
    """An open question. `closes`: last day for a forecast; `due`: day by which it is settled; `settled`: how."""

    id: str
    kind: Literal["event", "quantity"]
    question: str
    unit: str
    closes: dt.date
    due: dt.date
    settled: str
    look: tuple[str, ...]
    rule: Mapping[str, Any]
    baselines: tuple[tuple[str, Mapping[str, Any]], ...]

    @property
    def needs_run(self) -> bool:
        """Whether its forecast or a baseline is read from the run of a scenario."""
        return any(rule["name"] in MODEL_RULES for rule in (self.rule, *(rule for _, rule in self.baselines)))


@dataclass(frozen=True)
class Entry:
    """A forecast of the ledger with what became of it. `waiting`: no more forecasts, not yet due."""

    record: Record
    state: State
    outcome: float | None
    source: str

    @property
    def target(self) -> str:
        """The question."""
        return str(self.record.body["target"])


@dataclass(frozen=True)
class Score:
    """A settled forecast: its score and those of its baselines. Lower is better; Brier 0..1, CRPS in the unit."""

    target: str
    number: int
    measure: Literal["Brier", "CRPS"]
    unit: str
    outcome: float
    score: float
    baselines: Mapping[str, float]


@dataclass(frozen=True)
class Scores:
    """All settled forecasts, and what is not scored: not settled yet, or made when the outcome was known (`late`)."""

    rows: tuple[Score, ...]
    unsettled: tuple[Entry, ...]
    late: tuple[Entry, ...]
    head: str

    @property
    def brier(self) -> float | None:
        """Mean Brier score of the events; None where none is settled."""
        found = [row.score for row in self.rows if row.measure == "Brier"]
        return float(np.mean(found)) if found else None

    @property
    def beaten(self) -> int:
        """How many settled forecasts score better than each of their baselines."""
        return sum(all(row.score < rival for rival in row.baselines.values()) for row in self.rows)


@cache
def targets() -> Mapping[str, Target]:
    """The shipped questions by id; DataError when the file is missing, damaged or contradicts itself."""
    found: dict[str, Target] = {}
    for row in acts.shipped("forecast-targets.json")["targets"]:
        target = Target(
            row["id"], row["kind"], row["question"], row.get("unit", ""), dt.date.fromisoformat(row["closes"]),
            dt.date.fromisoformat(row["due"]), row["settled"], tuple(row["look"]), row["rule"],
            tuple((b["name"], b["rule"]) for b in row["baselines"]),
        )  # fmt: skip
        if target.closes > target.due or not target.baselines or target.id in found:
            raise DataError(f"question {target.id!r} closes after it is due, has no baseline, or stands twice")
        found[target.id] = target
    return found


def make(
    path: str | Path,
    run: Alliance | None = None,
    *,
    ids: Sequence[str] | None = None,
    seed: int = SEED,
    clock: Clock = now,
) -> tuple[Record, ...]:
    """Forecast open questions (default: all that are still open) and write them down; returns the new records.

    Without a run only the questions that need none are taken. A question may be forecast again until it closes; each
    forecast stands. Raises UsageError on an unknown or closed question, or where one that is named needs a run.
    """
    day = clock().astimezone(dt.UTC).date()
    chosen = _chosen(ids, run, day)
    about = {
        "version": metadata.version("foederis"),
        "code_sha256": code_sha256(),
        "law_known_to": max(ledger.load().dates("law")),
        "seed": seed,
        "run": None if run is None else _about(run),
    }
    bodies = [{**_forecast(target, Context(day, run, seed, target.id)), "from": about} for target in chosen]
    return append(path, lambda records: _still_open(chosen, bodies, records), clock)


def _chosen(ids: Sequence[str] | None, run: Alliance | None, day: dt.date) -> list[Target]:
    if ids is None:
        found = [t for t in targets().values() if day <= t.closes and (run is not None or not t.needs_run)]
        if not found:
            raise UsageError("no question is open; see their dates with: foederis forecast list")
        return found
    chosen = [_target(name) for name in ids]
    for target in chosen:
        if day > target.closes:
            raise UsageError(f"question {target.id!r} closed on {target.closes}: its answer may be known; none is made")
        if target.needs_run and run is None:
            raise UsageError(f"question {target.id!r} is answered by a run; run a scenario with an alliance first")
    return chosen


def _target(name: str) -> Target:
    if name not in targets():
        raise UsageError(f"no question {name!r}; there are {', '.join(targets())}")
    return targets()[name]


def _still_open(
    chosen: Sequence[Target], bodies: Sequence[Mapping[str, Any]], records: tuple[Record, ...]
) -> list[tuple[str, Mapping[str, Any]]]:
    settled = {r.body["target"] for r in records if r.kind == "outcome"}
    late = [target.id for target in chosen if target.id in settled]
    if late:
        raise UsageError(f"question {late[0]!r} is settled; a forecast of it would come after the fact")
    return [("forecast", body) for body in bodies]


def _forecast(target: Target, context: Context) -> dict[str, Any]:
    """The body of a record: the question as it was asked, the forecast and its baselines."""
    names = [("forecast", target.rule), *target.baselines]
    if target.kind == "event":
        values: dict[str, Any] = {name: round(chance(rule, context), 6) for name, rule in names}
    else:
        values = {name: quantiles(distribution(rule, context)) for name, rule in names}
    return {
        "target": target.id,
        "kind": target.kind,
        "question": target.question,
        "unit": target.unit,
        "closes": target.closes,
        "due": target.due,
        "settled": target.settled,
        "rule": target.rule["name"],
        "by": "run" if target.rule["name"] in MODEL_RULES else "base rate",
        "forecast": values.pop("forecast"),
        "baselines": values,
    }


def _about(run: Alliance) -> dict[str, Any]:
    dyad = run.cast.stage.dyad
    return {
        "patron": dyad.patron,
        "ally": dyad.ally,
        "draws": len(run.cast.numbers),
        "seed": run.cast.seed,
        "variant": run.cast.variant,
        "last_act": max((act.date for act in run.acts), default=None),
    }


def settle(
    path: str | Path, target: str, outcome: float | bool, *, known: dt.date | str, source: str, clock: Clock = now
) -> Record:
    """Write down how a question came out. `known`: the day on which it was known; `source`: where it is to be read.

    Raises UsageError when there is no forecast of it, it is settled already, the day lies in the future or before the
    forecast was made, or an event is neither 0 nor 1.
    """
    day = dt.date.fromisoformat(known) if isinstance(known, str) else known
    value = float(outcome)
    if not source.strip():
        raise UsageError("an outcome needs its source; say where it is to be read")
    if not np.isfinite(value):
        raise UsageError(f"outcome {outcome} is no finite number")
    if day > clock().astimezone(dt.UTC).date():
        raise UsageError(f"outcome of {target!r} is of {day}, which is still to come")

    def build(records: tuple[Record, ...]) -> list[tuple[str, Mapping[str, Any]]]:
        asked = [r for r in records if r.kind == "forecast" and r.body["target"] == target]
        if not asked:
            raise UsageError(f"the ledger has no forecast of {target!r}; list it with: foederis forecast list")
        if any(r.kind == "outcome" and r.body["target"] == target for r in records):
            raise UsageError(f"question {target!r} is settled; the ledger is not rewritten")
        if asked[0].body["kind"] == "event" and value not in (0.0, 1.0):
            raise UsageError(f"question {target!r} is answered by 1 (yes) or 0 (no), not {value:g}")
        if day <= asked[0].made.date():
            raise UsageError(
                f"question {target!r} was asked on {asked[0].made.date()}, not before its outcome of {day}"
            )
        return [("outcome", {"target": target, "outcome": value, "known": day, "source": source.strip()})]

    return append(path, build, clock)[0]


def list_(path: str | Path, *, clock: Clock = now) -> tuple[Entry, ...]:
    """Every forecast of a ledger with its state, in the order in which they were made."""
    records = read(path)
    outcomes = {r.body["target"]: r.body for r in records if r.kind == "outcome"}
    today = clock().astimezone(dt.UTC).date()
    found = []
    for record in records:
        if record.kind == "forecast":
            done = outcomes.get(record.body["target"])
            value, source = (None, "") if done is None else (float(done["outcome"]), str(done["source"]))
            found.append(Entry(record, _state(record, done is not None, today), value, source))
    return tuple(found)


def _state(record: Record, done: bool, today: dt.date) -> State:
    if done:
        return "settled"
    if today > dt.date.fromisoformat(record.body["due"]):
        return "overdue"
    return "open" if today <= dt.date.fromisoformat(record.body["closes"]) else "waiting"


def score(path: str | Path, *, clock: Clock = now) -> Scores:
    """Score what is settled: Brier (1950) for events, CRPS for quantities (Gneiting & Raftery 2007, eq. 21).

    A forecast made on or after the day on which the outcome was known is not scored but listed as late.
    """
    rows, unsettled, late = [], [], []
    known = {r.body["target"]: r.body["known"] for r in read(path) if r.kind == "outcome"}
    for entry in list_(path, clock=clock):
        if entry.outcome is None:
            unsettled.append(entry)
        elif entry.record.made.date() < dt.date.fromisoformat(known[entry.target]):
            rows.append(_scored(entry, entry.outcome))
        else:
            late.append(entry)
    return Scores(tuple(rows), tuple(unsettled), tuple(late), head(path))


def _scored(entry: Entry, outcome: float) -> Score:
    body = entry.record.body
    event = body["kind"] == "event"
    given = {"": body["forecast"], **body["baselines"]}
    values = {name: brier(v, outcome) if event else crps(v, outcome) for name, v in given.items()}
    own = values.pop("")
    return Score(entry.target, entry.record.number, "Brier" if event else "CRPS", body["unit"], outcome, own, values)


def brier(probability: float, outcome: float) -> float:
    """Squared distance of a probability from what happened (Brier 1950): 0 sure and right, 1 sure and wrong."""
    return (probability - outcome) ** 2


def crps(values: Sequence[float], outcome: float) -> float:
    """Continuous ranked probability score of equally likely values: mean |x - y| - mean |x - x'| / 2."""
    x = np.sort(np.asarray(values, dtype=float))
    rank = 2.0 * np.arange(1, len(x) + 1) - len(x) - 1.0
    return float(np.abs(x - outcome).mean() - (rank * x).sum() / len(x) ** 2)


def render(found: Scores | Sequence[Entry]) -> str:
    """A list of forecasts, or their scores, as text."""
    if isinstance(found, Scores):
        return _render_scores(found)
    if not found:
        return "no forecast yet; make them with: foederis forecast make\n"
    lines = []
    for entry in found:
        body = entry.record.body
        made = entry.record.made.date().isoformat()
        rivals = "; ".join(f"{name} {_figure(v, body)}" for name, v in body["baselines"].items())
        came = "" if entry.outcome is None else f"  came out {_outcome(entry.outcome, body)} ({entry.source})"
        lines += [
            f"{entry.record.number:>3}  {made}  {entry.target}  {entry.state}, due {body['due']}{came}",
            f"     {body['question']}",
            f"     {_figure(body['forecast'], body)}, by {body['by']}; baselines: {rivals}",
        ]
    return "\n".join(lines) + "\n"


def _render_scores(found: Scores) -> str:
    lines = [f"{'':<28}{'score':>9}  baselines"]
    for row in found.rows:
        rivals = ", ".join(f"{name} {words.number(v, decimals=3)}" for name, v in row.baselines.items())
        lines.append(f"{row.target:<28}{words.number(row.score, decimals=3):>9}  {row.measure} {row.unit}; {rivals}")
    if not found.rows:
        lines = ["nothing is settled yet"]
    else:
        lines.append(f"{found.beaten} of {len(found.rows)} do better than each of their baselines")
    if found.brier is not None:
        lines.append(f"mean Brier score {words.number(found.brier, decimals=3)}")
    waiting = [f"{e.target} (due {e.record.body['due']})" for e in found.unsettled]
    lines += [f"not settled: {', '.join(dict.fromkeys(waiting))}"] if waiting else []
    if found.late:
        lines.append(f"made too late to count: {', '.join(f'{e.target} ({e.record.number})' for e in found.late)}")
    return "\n".join([*lines, f"last checksum {found.head}"]) + "\n"


def _figure(value: Any, body: Mapping[str, Any]) -> str:
    """A probability in per cent, or median and 90 % interval of a distribution."""
    if body["kind"] == "event":
        return words.probability(float(value))
    low, middle, high = np.quantile(np.asarray(value, dtype=float), [0.05, 0.5, 0.95]).tolist()
    places = 0 if high - low >= 10 else 1 if high - low >= 2 else 2
    band = words.interval(low, high, decimals=places)
    return f"{words.number(middle, decimals=places)} ({band}) {body['unit']}"


def _outcome(value: float, body: Mapping[str, Any]) -> str:
    return ("yes" if value else "no") if body["kind"] == "event" else f"{words.number(value)} {body['unit']}"


def as_dict(found: Scores | Sequence[Entry]) -> dict[str, Any]:
    """A list of forecasts, or their scores, as values that `json.dumps` takes."""
    if isinstance(found, Scores):
        return {
            "scores": [row.__dict__ for row in found.rows],
            "brier": found.brier,
            "beaten": found.beaten,
            "unsettled": [entry.target for entry in found.unsettled],
            "late": [entry.record.number for entry in found.late],
            "head": found.head,
        }
    return {
        "forecasts": [
            {"number": e.record.number, "made": e.record.made, "state": e.state, "outcome": e.outcome, **e.record.body}
            for e in found
        ]
    }
