"""The levers of the page: what each is, today's value of each under a preset's law, and a state as text.

A state is a preset and the levers that were moved. It is the same thing as a readable query (`?p=july-2025-deal&
tariff=10`), as settings of a scenario, as YAML, as a command line and as Python; each gives the same scenario, and so
the same run. A lever that was not moved leaves the preset's law as it is.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from foederis.errors import UsageError
from foederis.scenario_codes import nearest

if TYPE_CHECKING:
    import numpy as np

    from foederis.measures import Measure
    from foederis.scenario import Scenario
    from foederis.world import World

__all__ = ["DEFAULT", "LEVERS", "PAGE_PRESETS", "Lever", "State", "begins", "legal", "paid", "snapped"]

DEFAULT = "july-2025-deal"
HELD = "a."  # begins the parameters of an address that hold a parameter of the model at a value
_NAME = re.compile(r"[A-Za-z][\w.]{0,60}")
PAGE_PRESETS: tuple[str, ...] = (
    "july-2025-deal",
    "current-law",
    "liberation-day",
    "letter-25",
    "us-japan-2025",
    "ten-percent-linked",
    "full-decoupling",
    "firm-and-respectful",
    "before-2025",
)


@dataclass(frozen=True)
class Lever:
    """One lever: its key in the query, the unit of its value, its range and step, and the key it sets.

    Units: "%" and "pp" of value, "bn USD/yr", "" (a switch: 0 or 1).
    """

    key: str
    unit: str
    low: float
    high: float
    step: float
    sets: str

    def written(self, value: float) -> str:
        """The value as the scenario writes it: 10%, 5pp, 8 bn USD/yr, true."""
        if not self.unit:
            return "true" if value else "false"
        return f"{_plain(value)}{'' if self.unit in ('%', 'pp') else ' '}{self.unit}"


LEVERS: Mapping[str, Lever] = MappingProxyType(
    {
        lever.key: lever
        for lever in (
            Lever("tariff", "%", 0, 50, 1, "tariff"),
            Lever("autos", "%", 0, 50, 1, "autos"),
            Lever("surcharge", "pp", 0, 25, 1, "surcharge"),
            Lever("hns", "bn USD/yr", 0, 12, 0.5, "support_asked"),
            Lever("reassurance", "%", 0, 100, 5, "reassurance"),
            Lever("linkage", "%", 0, 100, 5, "linkage"),
            Lever("counter", "%", 0, 100, 10, "counter"),
            Lever("china", "%", 0, 100, 5, "china"),
            Lever("exempt", "", 0, 1, 1, "exempt_allies"),
        )
    }
)


def snapped(lever: Lever, value: float) -> float:
    """The nearest value that the lever can take."""
    steps = round((min(max(value, lever.low), lever.high) - lever.low) / lever.step)
    return lever.low + steps * lever.step


def begins(scenario: Scenario) -> dt.date:
    """The day on which moved levers begin to act: the day after the one that the scenario evaluates."""
    return scenario.evaluate + dt.timedelta(days=1)


@dataclass(frozen=True)
class State:
    """A preset, the levers that were moved, what it is compared with on the page (None: its own reference), and the
    parameters of the model that are held at a value."""

    preset: str = DEFAULT
    levers: Mapping[str, float] = field(default_factory=dict)
    versus: str | None = None
    assumptions: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no lever can be; UsageError names the lever, its range and the cure."""
        for name in (self.preset, *([] if self.versus is None else [self.versus])):
            _require_preset(name)
        for key, value in self.levers.items():
            lever = _lever(key)
            if not lever.low <= value <= lever.high:
                span = f"{_plain(lever.low)} to {_plain(lever.high)}{lever.unit and ' '}{lever.unit}"
                raise UsageError(f"{key} is {_plain(value)}; the lever goes from {span}")
        ordered = {key: float(self.levers[key]) for key in LEVERS if key in self.levers}
        object.__setattr__(self, "levers", MappingProxyType(ordered))
        held = {name: float(self.assumptions[name]) for name in sorted(self.assumptions)}
        for name, value in held.items():
            if not _NAME.fullmatch(name) or not math.isfinite(value):
                raise UsageError(f"no assumption {name[:40]!r} at {value!r}; write for example {HELD}w_P=2.5")
        object.__setattr__(self, "assumptions", MappingProxyType(held))

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> State:
        """A state from the parameters of an address; others (`lang`, `theme`) are left to whom they belong.

        Raises UsageError naming the parameter, what is wrong and how to mend it.
        """
        levers = {}
        for key in LEVERS:
            if key in query:
                levers[key] = _number(key, query[key])
        held = {key.removeprefix(HELD): _number(key, text) for key, text in query.items() if key.startswith(HELD)}
        return cls(query.get("p", DEFAULT), levers, query.get("vs"), held)

    def __hash__(self) -> int:
        return hash(self.query())

    def query(self) -> str:
        """The state as the query of an address, in one order: the preset, the levers, what it is compared with."""
        pairs = [("p", self.preset), *((key, _plain(value)) for key, value in self.levers.items())]
        pairs += [(f"{HELD}{name}", _plain(value)) for name, value in self.assumptions.items()]
        return urlencode([*pairs, *([] if self.versus is None else [("vs", self.versus)])])

    def settings(self) -> tuple[str, ...]:
        """What turns the preset into the scenario: the day evaluated and the levers; nothing where none was moved."""
        held = ", ".join(f"{name}: {_plain(value)}" for name, value in self.assumptions.items())
        more = (f"assumptions={{{held}}}",) if held else ()
        if not self.levers:
            return more
        day = _begins(self.preset)
        parts = [f"from: {day}", *(f"{LEVERS[k].sets}: {LEVERS[k].written(v)}" for k, v in self.levers.items())]
        return f"evaluate={day}", f"levers={{{', '.join(parts)}}}", *more

    def scenario(self) -> Scenario:
        """The scenario of the state."""
        from foederis import scenario

        return scenario.load(self.preset, settings=self.settings())

    def yaml(self) -> str:
        """A scenario file that extends the preset; it runs as it is."""
        held = "".join(f"  {name}: {_plain(value)}\n" for name, value in self.assumptions.items())
        held = f"assumptions:\n{held}" if held else ""
        if not self.levers:
            return f"schema: foederis/scenario/v1\nid: {self.preset}-copy\nextends: {self.preset}\n{held}"
        day = _begins(self.preset)
        rows = "".join(f"  {LEVERS[k].sets}: {LEVERS[k].written(v)}\n" for k, v in self.levers.items())
        head = f"schema: foederis/scenario/v1\nid: {self.preset}-moved\nextends: {self.preset}\n"
        return f"{head}evaluate: {day}\nlevers:\n  from: {day}\n{rows}{held}"

    def cli(self) -> str:
        """The command line that gives the same run."""
        return shlex.join(["foederis", "run", self.preset, *(p for s in self.settings() for p in ("--set", s))])

    def python(self) -> str:
        """The Python that gives the same run."""
        chosen = "".join(f"    {setting!r},\n" for setting in self.settings())
        moved = f".with_settings(\n{chosen})" if chosen else ""
        return (
            "import foederis as fo\n\n"
            f"scenario = fo.load({self.preset!r}){moved}\n"
            "run = fo.simulate(scenario)\nprint(run.text())\n"
        )


def legal(preset: str) -> Mapping[str, float]:
    """Where each lever stands under the law of a preset, on the day evaluated: the mark on its slider.

    A rate is the flat one that takes as much as the law does, on the goods that the lever covers.
    """
    return _legal(preset)


@cache
def _legal(preset: str) -> Mapping[str, float]:
    from foederis import scenario, scenario_acts, scenario_lever_rules, world

    _require_preset(preset)
    chosen = scenario.load(preset)
    file, table = chosen.file, world.load(**chosen.world_options())
    counter = file.responses.get(file.actors.target)
    share = 0.0 if counter is None or counter.counter_measures is None else float(counter.counter_measures.share)
    rates, linkage = _rates(chosen, table), chosen.linkage
    found = {
        **rates,
        "hns": scenario_acts.in_dollars(file, scenario_lever_rules.asked(file)),
        "reassurance": 0.0,
        "linkage": 0.0 if linkage is None else 100.0 * scenario_acts.mean(linkage),
        "counter": 100.0 * share,
        "exempt": 0.0,
    }
    return MappingProxyType({key: snapped(LEVERS[key], found[key]) for key in LEVERS})


@cache
def paid(preset: str) -> float:
    """What the target pays for the troops under a preset, bn USD a year: a demand up to it is none."""
    from foederis import scenario, scenario_acts, scenario_lever_rules

    file = scenario.load(preset).file
    return scenario_acts.in_dollars(file, scenario_lever_rules.paid(file))


def _rates(chosen: Scenario, table: World) -> dict[str, float]:
    """Per cent on top of the normal duty, by rate lever."""
    import numpy as np

    from foederis import scenario_lever_rules
    from foederis.measures import additions
    from foederis.scenario_fields import SERVICES

    actors, day = chosen.actors, chosen.evaluate
    column = {code: k for k, code in enumerate(table.sectors)}
    goods = np.array([code != SERVICES for code in table.sectors])
    cars = np.array([code == scenario_lever_rules.CARS for code in table.sectors])
    surplus = scenario_lever_rules.surplus_ids(chosen.file)
    measures = [m for m in chosen.measures(table) if m.importer == actors.coercer and m.in_force(day)]
    zero = np.zeros(len(table.sectors))

    def added(country: str) -> list[tuple[str, str, np.ndarray]]:
        mine = [m for m in measures if m.exporter == country]
        base = table.tariff[table.country(actors.coercer), table.country(country)]
        return [(m.id, m.authority, extra) for m, extra in additions(mine, day, base, column)]

    def share(value: np.ndarray, over: np.ndarray, country: str) -> float:
        weight = table.flow[table.country(actors.coercer), table.country(country)] * over
        return float(value @ weight / weight.sum()) if weight.sum() > 0 else 0.0

    on_target, rest = added(actors.target), goods & ~cars
    free = 1.0 - np.minimum(1.0, sum((_covered(m, column) for m in measures
                                      if m.exporter == actors.target and m.authority == "s232"), zero))  # fmt: skip
    flat = sum((x for name, law, x in on_target if law != "s232" and name not in surplus), zero)
    on_cars = sum((x for name, _, x in on_target if name not in surplus), zero)
    more = sum((x for name, _, x in on_target if name in surplus), zero)
    open_share = share(free, rest, actors.target)
    found = {
        "tariff": share(flat, rest, actors.target) / open_share if open_share > 0 else 0.0,
        "autos": share(on_cars, cars, actors.target),
        "surcharge": share(more, goods, actors.target),
        "china": 0.0,
    }
    if actors.rival is not None:
        on_rival = sum((x for name, _, x in added(actors.rival) if name not in surplus), zero)
        found["china"] = share(on_rival, goods, actors.rival)
    return {key: 100.0 * value for key, value in found.items()}


def _covered(measure: Measure, column: Mapping[str, int]) -> np.ndarray:
    import numpy as np

    found = np.zeros(len(column))
    for code, part in measure.coverage.items():
        found[column[code]] = part
    return found


def _begins(preset: str) -> str:
    from foederis import scenario

    return begins(scenario.load(preset)).isoformat()


def _plain(value: float) -> str:
    return f"{value:g}"


def _number(key: str, text: str) -> float:
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        raise UsageError(f"{key}={text[:40]!r} is not a number; write for example {key}={_example(key)}") from None
    if not found.is_finite():
        raise UsageError(f"{key}={text[:40]!r} is not a number; write for example {key}={_example(key)}")
    return float(found)


def _example(key: str) -> str:
    return _plain(LEVERS[key].high / 2) if key in LEVERS else "0.5"


def _lever(key: str) -> Lever:
    if key not in LEVERS:
        raise UsageError(f"no lever {key[:40]!r}; {nearest(key, LEVERS) or 'there are ' + ', '.join(LEVERS)}")
    return LEVERS[key]


def _require_preset(name: str) -> None:
    from foederis.scenario_files import preset_names

    if name not in preset_names():
        known = nearest(name, preset_names()) or f"there are {', '.join(PAGE_PRESETS)}"
        raise UsageError(f"no preset {name[:60]!r}; {known}")
