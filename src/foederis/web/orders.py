"""What may be asked of the job process: one scenario, two compared, a sweep, the audit. Checked here, run there.

An order names its scenarios by preset and settings or by text, never by path: nothing that arrives over HTTP opens a
file. Equal orders have equal ids, so that an answer at hand is found before anything is run.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl

from foederis import store
from foederis.errors import FoederisError
from foederis.web.errors import Problem, of_error

if TYPE_CHECKING:
    from foederis.scenario import Scenario
    from foederis.scenario_levers import State

__all__ = [
    "ALLIANCE_DRAWS",
    "DRAWS",
    "SEED",
    "Order",
    "Source",
    "audit",
    "compare",
    "run",
    "source",
    "state_of",
    "sweep",
]

Kind = Literal["run", "compare", "sweep", "audit"]
Loc = tuple[str | int, ...]
DRAWS, ALLIANCE_DRAWS, SEED = 500, 2000, 1  # those of the command line
MOST_QUERY = 2000  # characters of a state


@dataclass(frozen=True)
class Source:
    """Where a scenario comes from: a preset with settings, or a text. `state` is the query that gave the settings."""

    preset: str = ""
    settings: tuple[str, ...] = ()
    text: str = ""
    state: str = ""

    @property
    def name(self) -> str:
        """What a comparison calls it: the preset, with the levers that were moved."""
        moved = self.state.partition("&")[2]
        return f"{self.preset}?{moved}" if moved else self.preset

    def load(self) -> Scenario:
        """The scenario; ScenarioError with every fault."""
        from foederis import scenario

        return scenario.load(self.text.encode("utf-8", "replace") if self.text else self.preset, settings=self.settings)


@dataclass(frozen=True)
class Order:
    """Work for the job process. `labels` name the sources ("" for its own id), `points` are those of a sweep."""

    kind: Kind
    sources: tuple[Source, ...] = ()
    labels: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()  # of the scenarios
    draws: int = DRAWS
    alliance_draws: int = ALLIANCE_DRAWS
    seed: int = SEED
    points: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits; equal for equal work."""
        said = [self.kind, list(self.labels), list(self.hashes), self.draws, self.alliance_draws, self.seed]
        return store.sha256_json([*said, [dict(point) for point in self.points]])[:12]

    @property
    def state(self) -> str:
        """The state of the page that a plain run answers, or ""."""
        return self.sources[0].state if self.kind == "run" else ""


def state_of(query: str, loc: Loc = ("body", "state")) -> State:
    """A state from its query; Problem naming the parameter when it is none."""
    from foederis.scenario_levers import State

    if len(query) > MOST_QUERY:
        raise Problem("invalid", f"a state has at most {MOST_QUERY} characters", loc=loc)
    try:
        return State.parse(dict(parse_qsl(query.lstrip("?"), keep_blank_values=True, max_num_fields=40)))
    except FoederisError as error:
        raise of_error(error, loc) from None
    except ValueError:
        raise Problem("invalid", "a state has at most 40 parameters", loc=loc) from None


def source(scenario: str | None, state: str | None, loc: Loc = ("body",)) -> Source:
    """What a request names: a preset, the text of a scenario, or a state. Problem when it names none, or two."""
    from foederis.scenario_files import preset_names

    if scenario is not None and scenario not in preset_names():
        if state is not None:
            hint = "give the text alone, or a state whose p is the preset"
            raise Problem(
                "invalid", "a state moves the levers of a preset, not of a text", hint=hint, loc=(*loc, "state")
            )
        return _text(scenario, (*loc, "scenario"))
    if state is None:
        if scenario is None:
            hint = "give a preset (see /api/v1/scenarios), the text of a scenario, or a state"
            raise Problem("invalid", "no scenario was given", hint=hint, loc=(*loc, "scenario"))
        return _of_state(state_of(f"p={scenario}"))
    found = state_of(state, (*loc, "state"))
    if scenario is not None and found.preset != scenario:
        detail = f"the state starts from {found.preset!r}, the scenario is {scenario!r}"
        raise Problem("invalid", detail, hint="leave one of them out", loc=(*loc, "state"))
    return _of_state(found)


def _of_state(state: State) -> Source:
    from foederis.scenario_levers import State

    # what it is compared with on the page does not change the run
    alone = State(state.preset, state.levers, None, state.assumptions)
    return Source(state.preset, alone.settings(), state=alone.query())


def _text(text: str, loc: Loc) -> Source:
    from foederis.scenario_codes import nearest
    from foederis.scenario_files import is_text, preset_names

    if not is_text(text):
        hint = (
            nearest(text, preset_names()) or "list the presets with /api/v1/scenarios, or send the text of a scenario"
        )
        raise Problem("invalid", f"there is no scenario {text[:60]!r}", hint=hint, loc=loc)
    return Source(text=text)


def _loaded(one: Source, loc: Loc) -> Scenario:
    try:
        return one.load()
    except FoederisError as error:
        raise of_error(error, loc) from None


def run(one: Source, draws: int = DRAWS, alliance_draws: int = ALLIANCE_DRAWS, seed: int = SEED) -> Order:
    """The order of one scenario; Problem with every fault when it does not load."""
    loaded = _loaded(one, ("body", "scenario"))
    return Order("run", (one,), ("",), (loaded.sha256,), draws, alliance_draws, seed)


def compare(two: Sequence[Source], draws: int, alliance_draws: int, seed: int) -> Order:
    """The order of two scenarios with the same draws, against the first one's reference."""
    loaded = [_loaded(one, ("body", name)) for one, name in zip(two, ("first", "second"), strict=True)]
    labels = tuple(one.name or scenario.id for one, scenario in zip(two, loaded, strict=True))
    if labels[0] == labels[1]:
        hint = "give two that differ in their id or in a lever"
        raise Problem("invalid", f"both scenarios are {labels[0]}", hint=hint, loc=("body", "second"))
    hashes = tuple(scenario.sha256 for scenario in loaded)
    return Order("compare", tuple(two), labels, hashes, draws, alliance_draws, seed)


def sweep(
    base: Source, grid: Mapping[str, Sequence[str | float]], most: int, draws: int, alliance_draws: int, seed: int
) -> Order:
    """The order of every point of a grid: settings such as `tariffs.flat.rate` or levers such as `tariff` by value."""
    count = 1
    for name, values in grid.items():
        if not values:
            raise Problem("invalid", f"{name[:60]} has no value", loc=("body", "grid", name))
        count *= len(values)
    if not grid or count > most:
        detail = f"the grid has {count} points; 1 to {most} are run at once" if grid else "the grid has no axis"
        raise Problem("invalid", detail, hint="leave values out, or use the library", loc=("body", "grid"))
    points = [dict(zip(grid, chosen, strict=True)) for chosen in itertools.product(*grid.values())]
    sources = tuple(_moved(base, point) for point in points)
    hashes = tuple(_loaded(one, ("body", "grid")).sha256 for one in sources)
    return Order("sweep", sources, ("",) * count, hashes, draws, alliance_draws, seed, tuple(points))


def _moved(base: Source, point: Mapping[str, str | float]) -> Source:
    """A source with the values of a point on top of it."""
    from foederis.scenario_levers import LEVERS, State

    levers = {name: value for name, value in point.items() if name in LEVERS}
    if levers and not base.preset:
        hint = "name a preset, or sweep a setting such as tariffs.flat.rate"
        raise Problem("invalid", "levers are moved from a preset, not from a text", hint=hint, loc=("body", "grid"))
    settings = tuple(f"{name}={value}" for name, value in point.items() if name not in LEVERS)
    if not levers:
        return _set(base, settings)
    loc = ("body", "grid", *levers)
    try:
        start = state_of(base.state or f"p={base.preset}")
        numbers = {name: float(value) for name, value in levers.items()}
        moved = State(base.preset, {**start.levers, **numbers}, None, start.assumptions)
    except ValueError:
        raise Problem("invalid", "a lever takes a number in its unit", hint="see /api/v1/levers", loc=loc) from None
    except FoederisError as error:
        raise of_error(error, loc) from None
    return _set(_of_state(moved), settings)


def _set(base: Source, settings: tuple[str, ...]) -> Source:
    """A source with free settings: as a text, because settings on a preset could name files of this machine."""
    if not settings:
        return base
    from foederis import scenario

    text = base.text or scenario.dump(_loaded(base, ("body", "scenario")))
    return Source(text=text, settings=(*(base.settings if base.text else ()), *settings))


def audit() -> Order:
    """The order of the audit of the essay's claims."""
    return Order("audit")
