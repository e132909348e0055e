"""How an emulator is made: exact runs at well-spread states of the levers, a surface through them, and its check.

A state of the design moves each lever with chance one half, to a value of a Sobol sequence (scrambled with a fixed
seed). All runs share the draws, so that nothing differs but the levers; they take `DRAWS` draws of the alliance and of
trade. The shipped surface is set off by what the run of the command line, with more draws, differs from that where no
lever is moved. States that the surface has not seen are run exactly too, and tell its error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis import emulator, ensemble, ensemble_alliance, ensemble_path, report_findings, report_page, scenario
from foederis import emulator_kriging as kriging
from foederis import simulation as engine
from foederis.emulator import Emulator, Part, Piece
from foederis.ensemble_alliance import Cast
from foederis.report_page import Estimate, PageData
from foederis.scenario import Scenario
from foederis.scenario_levers import LEVERS, State, begins, snapped
from foederis.simulation import Parameters, Plan
from foederis.simulation_alliance import Path
from foederis.world import World

__all__ = ["CHECKED", "DRAWS", "STATES", "Laboratory", "alone", "answers", "checked", "design", "fit", "laboratory"]

Array = np.ndarray
DRAWS = 500
STATES, CHECKED = 320, 40
SEED = 20261125
MOVED, SPARED = 0.5, 0.25  # chance that a lever moves, and that treaty allies are spared
# Share of the variance of a group's outputs that its basis leaves out: incomes move least and are asked to most digits.
LEFT_OUT = {"trade": 1e-7, "trust": 1e-4, "power": 1e-4}
SHIPPED = np.float16
FIRST_SCREEN = ("gain", "target_income", "trust", "balance")
MOSTLY = 0.95
LEAST = 0.02  # half-widths below this are not told apart, in the number's unit


def design(preset: str, count: int, seed: int = SEED) -> list[State]:
    """Well-spread states: which levers move, and where to."""
    from scipy.stats import qmc

    keys = list(LEVERS)
    points = qmc.Sobol(2 * len(keys), rng=seed).random(1 << (count - 1).bit_length())[:count]
    found = []
    for row in points:
        values = {
            key: snapped(LEVERS[key], LEVERS[key].low + row[k] * (LEVERS[key].high - LEVERS[key].low))
            for k, key in enumerate(keys)
            if LEVERS[key].unit and row[len(keys) + k] < MOVED
        }
        if row[len(keys) + keys.index("exempt")] < SPARED:
            values["exempt"] = 1.0
        found.append(State(preset, values))
    return found


@dataclass(frozen=True, eq=False)
class Laboratory:
    """What all states of a preset share: the world, the draws, the reference's path, the laws solved so far."""

    preset: str
    world: World
    reference: Scenario
    cast: Cast
    parameters: tuple[Parameters, ...]
    before: Path
    kept: ensemble_path.Kept = field(default_factory=ensemble_path.Kept)

    def answer(self, state: State) -> PageData:
        """The exact answer of a state with the draws of the design."""
        plan = engine.plan(state.scenario(), self.reference, self.world, horizons=("long run",))
        bystanders = self.cast.stage.bystanders
        trade = ensemble_path.with_kept(plan, self.cast.stage.quarters, self.parameters, bystanders, self.kept)
        found = ensemble_alliance.run_alliance(plan, self.cast, trade=trade, before=self.before)
        values, _ = self.kept.of(plan, self.parameters)
        return _page(self.preset, plan, values, found)


def _page(preset: str, plan: Plan, values: Mapping[str, Array], found: ensemble_alliance.Alliance) -> PageData:
    def of(variable: str, label: str | None) -> Float[Array, " draw"]:
        value, dims = values[variable], engine.VARIABLES[variable].dims
        if not dims:
            return np.asarray(value)
        labels = plan.world.countries if dims[0] == "country" else plan.world.sectors
        return np.asarray(value[:, labels.index(str(label))])

    numbers, chances = report_page.alliance_numbers(found)
    chances = {"probability_gain": float((of("adds_welfare_usd_bn", plan.coercer) > 0).mean()), **chances}
    path = report_findings.tariff_path(plan)
    frames = {**report_page.trade_frames(plan, of, path), **report_page.alliance_frames(found)}
    frames["tariff"] = _gridded(preset, plan, path)
    both = {**report_page.trade_numbers(plan, of), **numbers}
    return report_page.assemble(plan, both, chances, frames, draws=len(found.cast.numbers))


def laboratory(preset: str, draws: int = DRAWS) -> Laboratory:
    """Prepare the design of a preset."""
    chosen = scenario.load(preset)
    reference = scenario.load(chosen.compare_to or "us-japan-baseline")
    from foederis import world as worlds

    table = worlds.load(**chosen.world_options())
    actors = chosen.actors
    cast = ensemble_alliance.cast_of(actors.coercer, actors.target, draws=draws)
    parameters = tuple(
        ensemble.draw_parameters(table, cast.seed, int(k), chosen.economics.elasticities) for k in cast.numbers
    )
    plan = engine.plan(chosen, reference, table, horizons=("long run",))
    return Laboratory(preset, table, reference, cast, parameters, ensemble_alliance.reference_path(plan, cast))


def _gridded(preset: str, plan: Plan, path: report_findings.Path) -> report_page.Rows:
    """The path of the tariff on dates and authorities that no lever changes."""
    base = _base_path(preset)
    dates = tuple(sorted({*base.dates, begins(scenario.load(preset))}))
    names = tuple(dict.fromkeys([*base.authorities, "other"]))
    rate = np.array([[path.on(date).get(name, 0.0) for name in names] for date in dates])
    return report_page.tariff_rows(plan, report_findings.Path(dates, names, rate))


_paths: dict[str, report_findings.Path] = {}


def _base_path(preset: str) -> report_findings.Path:
    if preset not in _paths:
        from foederis import world as worlds

        chosen = scenario.load(preset)
        table = worlds.load(**chosen.world_options())
        reference = scenario.load(chosen.compare_to or "us-japan-baseline")
        _paths[preset] = report_findings.tariff_path(engine.plan(chosen, reference, table, horizons=("long run",)))
    return _paths[preset]


@dataclass(frozen=True, eq=False)
class _Bench:
    """What the processes that run the design work on."""

    lab: Laboratory

    def run(self, state: State) -> PageData:
        return self.lab.answer(state)


def answers(
    lab: Laboratory, states: list[State], workers: int | None = None, told: Callable[[int, int], None] | None = None
) -> list[PageData]:
    """The exact answers of states, in their order."""
    lab.answer(State(lab.preset))  # what all share is solved here once, and the processes start with it
    found: dict[int, PageData] = {}
    for k, page in ensemble.spread(_Bench(lab), "run", states, workers):
        found[k] = page
        if told is not None:
            told(len(found), len(states))
    return [found[k] for k in range(len(states))]


def fit(preset: str, exact: PageData, base: PageData, states: list[State], pages: list[PageData]) -> Emulator:
    """The emulator through exact answers. `exact` is the run of the command line with no lever moved, `base` the same
    with the draws of the design: where the target is not spared, the surface is set off by their difference."""
    where = emulator.slots(base)
    everyone = [(State(preset), base), *zip(states, pages, strict=True)]
    parts = {}
    for name, wanted in (("taxed", False), ("free", True)):
        mine = [(state, page) for state, page in everyone if emulator.spared(state.levers) is wanted]
        inputs = np.stack([emulator.scaled(preset, state.levers) for state, _ in mine])
        outputs = np.stack([emulator.read(page, where) for _, page in mine])
        pieces = {group: _piece(group, inputs, outputs, own) for group, own in emulator.groups(where).items()}
        parts[name] = Part(pieces)
    shift = emulator.read(_as(exact, base), where) - emulator.read(base, where)
    pieces = {g: replace(p, offset=p.offset + shift[p.outputs]) for g, p in parts["taxed"].pieces.items()}
    first = next((page for state, page in zip(states, pages, strict=True) if state.levers), base)
    moved = replace(base, draws=exact.draws, vintage=first.vintage, date=first.date)
    pays = any(page.taxes_target for state, page in everyone if emulator.spared(state.levers))
    return Emulator(preset, exact, moved, where, Part(pieces), parts["free"], {}, {}, 0, pays)


def _piece(
    group: str, inputs: Float[Array, "state input"], outputs: Float[Array, "state output"], own: Int[Array, " mine"]
) -> Piece:
    """The surface of a group, over the principal parts that hold all but a trace of its variance."""
    mine, used = outputs[:, own], emulator.inputs_of(group)
    middle = mine.mean(axis=0)
    scale = np.maximum(mine.std(axis=0), 1e-9)
    left, size, basis = np.linalg.svd((mine - middle) / scale, full_matrices=False)
    kept = int(np.searchsorted(np.cumsum(size**2) / (size**2).sum(), 1.0 - LEFT_OUT[group])) + 1
    surface = kriging.fitted(inputs[:, used], _rounded(left[:, :kept] * size[:kept]))
    return Piece(used, own, surface, scale, _rounded(basis[:kept]), middle)


def _rounded(values: Array) -> Array:
    """As they are shipped, so that the error checked is that of the shipped surface."""
    return values.astype(SHIPPED).astype(float)


def _as(exact: PageData, form: PageData) -> PageData:
    """The exact answer on the rows of the design's form: the path of the tariff has other dates there."""
    return replace(exact, frames={**exact.frames, "tariff": form.frames["tariff"]})


def checked(made: Emulator, base: PageData, states: list[State], pages: list[PageData]) -> Emulator:
    """The emulator with the errors found on states it has not seen, against the design's own draws.

    Of each state the worst of median and both ends counts; `errors` holds for `MOSTLY` of the states.
    """
    shift = emulator.read(base, made.where) - emulator.read(_as(made.base, base), made.where)
    found: dict[str, list[float]] = {key: [] for key in (*FIRST_SCREEN, "self_defeat")}
    for state, page in zip(states, pages, strict=True):
        own = 0.0 if emulator.spared(state.levers) else shift
        said = made.said(made.values(state.levers) + own, state.levers)
        for key in FIRST_SCREEN:
            found[key].append(_off(said.numbers[key], page.numbers[key], made.base.numbers[key]))
        found["self_defeat"].append(abs(said.chances["self_defeat"] - page.chances["self_defeat"]))
    mostly = {key: round(float(np.quantile(off, MOSTLY)), 4) for key, off in found.items()}
    worst = {key: round(max(off), 4) for key, off in found.items()}
    return replace(made, errors=mostly, worst=worst, checked=len(states))


def _off(said: Estimate, true: Estimate, still: Estimate) -> float:
    """Largest error of median and ends, in half-widths of the interval (of the unmoved one where that is wider)."""
    width = max((true.high - true.low) / 2.0, (still.high - still.low) / 2.0, LEAST)
    return max(abs(a - b) for a, b in zip(said, true, strict=True)) / width


def alone(exact: PageData) -> dict[str, Array]:
    """What is shipped of a preset without a surface: its exact answer."""
    return {"pages": _packed(exact, exact)}


def _packed(base: PageData, moved: PageData) -> Array:
    pages = json.dumps({"base": base.as_dict(), "moved": moved.as_dict()}, separators=(",", ":"))
    return np.frombuffer(pages.encode(), dtype=np.uint8)


def plain(made: Emulator) -> tuple[dict[str, Array], Mapping[str, Any]]:
    """The arrays and the card that are shipped."""
    arrays: dict[str, Array] = {"pages": _packed(made.base, made.moved)}
    for name, part in (("taxed", made.taxed), ("free", made.free)):
        arrays[f"{name}_nodes"] = part.pieces["power"].surface.nodes.astype(np.float32)  # it has every input
        for group, piece in part.pieces.items():
            head, surface = f"{name}_{group}", piece.surface
            arrays |= {
                f"{head}_parts": kriging.met(surface).astype(SHIPPED),
                f"{head}_settings": np.array([surface.length, surface.weight, surface.nugget]),
                f"{head}_scale": piece.scale.astype(np.float32),
                f"{head}_basis": piece.basis.astype(SHIPPED),
                f"{head}_offset": piece.offset.astype(np.float32),
            }
    states = len(arrays["taxed_nodes"]) + len(arrays["free_nodes"])
    errors = {"errors": dict(made.errors), "worst": dict(made.worst), "checked": made.checked}
    return arrays, {**errors, "states": states, "spared_pays": made.spared_pays}
