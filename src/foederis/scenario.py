"""Scenarios: what is done to whom, when and by what right, read from YAML and resolved against a world.

`load` takes the name of a preset, a path, or a text, and raises `ScenarioError` with every fault it found. The surface
of the language is in `scenario_model`, values in `scenario_fields` and `scenario_units`, inheritance in
`scenario_files`, faults in `scenario_check` and `scenario_rules`, tariffs in `scenario_tariffs`.

pydantic, NumPy and the ledger are imported when they are needed, so that importing this module costs little.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from foederis import scenario_files
from foederis.errors import Fault, ScenarioError
from foederis.scenario_fields import Words

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from foederis.acts import Act
    from foederis.measures import Measure, TariffCut
    from foederis.scenario_acts import DemandPath, Threat
    from foederis.scenario_model import Actors, Economics, Horizon, ScenarioFile
    from foederis.scenario_units import Distribution, Quantity
    from foederis.world import World
    from foederis.yamlsource import Node

__all__ = ["PresetInfo", "Scenario", "dump", "json_schema", "load", "presets", "template"]

Language = Literal["en", "ja"]
MOST_FAULTS = 40  # of one file that an error shows


@dataclass(frozen=True)
class PresetInfo:
    """A shipped scenario: its id, its title and a note of one sentence, in English and in Japanese."""

    id: str
    title: str
    note: str
    title_ja: str
    note_ja: str


@dataclass(frozen=True)
class Scenario:
    """A checked scenario with nothing left to inherit. Two scenarios are equal when they say the same.

    `file` holds everything as written; `origin` and `extends` say where it came from and are not compared.
    """

    file: ScenarioFile
    origin: scenario_files.Origin = field(compare=False)
    extends: tuple[str, ...] = field(default=(), compare=False)

    def __hash__(self) -> int:
        return hash(self.sha256)

    @property
    def id(self) -> str:
        """The name of the scenario."""
        return self.file.id

    def title(self, language: Language = "en") -> str:
        """The title in a language (English where there is no other); the id where there is none."""
        return self._filled(self.file.title, language) or self.id

    @property
    def note(self) -> str:
        """One sentence in English on what the scenario is; empty where there is none."""
        return self.note_in("en")

    def note_in(self, language: Language) -> str:
        """The note in a language (English where there is no other)."""
        return self._filled(self.file.note, language)

    def _filled(self, words: Words | None, language: Language) -> str:
        text = "" if words is None else words(language)
        return text.replace("{date}", self.evaluate.isoformat()) if "{date}" in text else text

    @property
    def horizon(self) -> Horizon:
        """First and last quarter of a dynamic run."""
        return self.file.horizon

    @property
    def actors(self) -> Actors:
        """Coercer, target, rival and bystanders."""
        return self.file.actors

    @property
    def economics(self) -> Economics:
        """Closure, numeraire, labour mobility, elasticity set, and which world the run starts from."""
        return self.file.economics

    @property
    def compare_to(self) -> str | None:
        """The scenario that the results are set against, as `load` takes it; None when the file names none.

        A file is given with its path from here, not from the file that names it.
        """
        name = self.file.compare_to
        if name is None or name in scenario_files.preset_names() or self.origin.folder is None:
            return name
        return str(self.origin.folder / name)

    @cached_property
    def evaluate(self) -> dt.date:
        """The day whose tariffs a static run takes.

        Without `evaluate` in the file: the day on which the last of its own measures begins or changes; without any,
        the newest date of the ledger if it uses the ledger; else the first day of the horizon.
        """
        from foederis import scenario_day

        if isinstance(self.file.evaluate, dt.date):
            return self.file.evaluate
        own = None if self.file.evaluate == "latest" else scenario_day.last_change(self.file)
        if own is not None:
            return own
        if self.file.evaluate == "latest" or self.file.ledger is not None:
            from foederis import ledger

            clock = "law" if self.file.ledger is None else self.file.ledger.clock
            newest: dt.date = max(ledger.load().dates(clock))
            return newest
        return self.horizon.start.first_day

    @cached_property
    def sha256(self) -> str:
        """Hash of what the scenario says; comments, layout and the order of keys do not change it."""
        from foederis import scenario_text

        return scenario_text.sha256(self.file)

    def world_options(self) -> dict[str, Any]:
        """The options of `foederis.world.load` that the scenario asks for: us_imports, tariffs."""
        options: dict[str, Any] = {"us_imports": self.economics.us_imports}
        if self.economics.tariffs is not None:
            folder = self.origin.folder
            options["tariffs"] = Path(self.economics.tariffs) if folder is None else folder / self.economics.tariffs
        return options

    def measures(self, world: World) -> tuple[Measure, ...]:
        """Every measure in a world, one for each pair of economies: ledger, own measures, retaliation in kind.

        Raises DataError when a measure does not fit the world.
        """
        return _measures(self, world, False)

    def tariff_cut(self, world: World, date: dt.date | None = None) -> TariffCut:
        """Tariffs in force on a day (default: `evaluate`): base rates of the world and what each authority adds.

        Raises DataError when a measure does not fit the world.
        """
        from foederis import scenario_tariffs

        day = self.evaluate if date is None else date
        return scenario_tariffs.tariff_cut(self.file, world, day, lambda past: _measures(self, world, past))

    def iceberg_hat(
        self, world: World, date: dt.date | None = None
    ) -> Float[np.ndarray, "importer exporter sector"] | None:
        """Trade costs on a day (default: `evaluate`), new over old, tariffs apart; None where nothing changes.

        Infinity under an embargo. Raises DataError when a trade cost does not fit the world.
        """
        from foederis import scenario_tariffs

        return scenario_tariffs.iceberg_hat(self.file, world, self.evaluate if date is None else date)

    def acts(self, world: World, observers: Sequence[str] | None = None) -> tuple[Act, ...]:
        """The dated acts of the coercer towards the target and the bystanders (or `observers`), in order of time.

        Recorded acts as far as the scenario shares them, acts derived from its measures, acts of the file (see
        `scenario_acts`). Raises DataError when the pair has no record of its own.
        """
        from foederis import scenario_acts

        return scenario_acts.acts(self.file, world, observers)

    @property
    def recorded_until(self) -> dt.date:
        """The last day of the record of acts that the scenario takes; later quarters without an act tell nothing."""
        from foederis import scenario_acts

        return scenario_acts.record_until(self.file)

    def threats(self, world: World, observers: Sequence[str] | None = None) -> tuple[Threat, ...]:
        """The contingent events: hazard per quarter, and the acts of each on the day on which it happens."""
        from foederis import scenario_acts

        return scenario_acts.threats(self, world, observers)

    @property
    def assumptions(self) -> Mapping[str, float]:
        """Parameters of the alliance that the scenario holds at a value, by name."""
        return {name: float(value) for name, value in self.file.assumptions.items()}

    @property
    def linkage(self) -> Quantity | Distribution | None:
        """How far defence is conditioned on trade, 0 to 1: a share, a distribution, or None where it is not said."""
        return None if self.file.security is None else self.file.security.linkage

    def demand_path(self, quarters: Sequence[object]) -> DemandPath | None:
        """What is paid and asked for the troops by quarter, bn USD a year; None where the scenario does not say."""
        from foederis import scenario_acts

        return scenario_acts.demand_path(self.file, quarters)

    def exempting(self, country: str) -> Scenario:
        """The same scenario without the coercer's measures on one partner, trade costs included; base duties stay.

        Retaliation in kind by that partner then falls away by itself. Raises ScenarioError on an unknown country.
        """
        before = self.file.exempt_partners
        names = [country] if before is None else [*before.codes, country]
        return self.with_settings(f"exempt_partners=[{', '.join(dict.fromkeys(names))}]")

    def with_settings(self, *settings: str) -> Scenario:
        """The same scenario with settings such as `tariffs.flat.rate=15%` on top; raises ScenarioError on a bad one."""
        node = scenario_files.gather(dump(self), tuple(settings))
        return _checked(node, origin=self.origin, extends=self.extends)

    def unused(self, alliance: bool = False, hazards: bool = False) -> tuple[str, ...]:
        """What the scenario says and a run does not use, one sentence each.

        By default a static trade run. `alliance`: a run over quarters, which uses measures by their dates, acts and
        security; `hazards`: it also draws the contingent events.
        """
        from foederis import scenario_day

        return tuple(scenario_day.sentences(self.file, self.evaluate, alliance, hazards))


@lru_cache(maxsize=32)
def _measures(scenario: Scenario, world: World, past: bool) -> tuple[Measure, ...]:
    """The measures of a scenario, resolved once: a run over quarters cuts the tariffs of a dozen days."""
    from foederis import scenario_tariffs

    return scenario_tariffs.measures(scenario.file, world, past)


def load(source: str | bytes | Path, settings: Iterable[str] = ()) -> Scenario:
    """Load a scenario by the name of a preset, by path, or from its text.

    `settings` change it before it is checked: `path=value`, entries of lists by their id (`tariffs.flat.rate=15%`).
    Raises ScenarioError with every fault: file, line, column, code, cure.
    """
    return _checked(scenario_files.gather(source, tuple(settings)))


def _checked(
    gathered: scenario_files.Gathered,
    origin: scenario_files.Origin | None = None,
    extends: tuple[str, ...] | None = None,
) -> Scenario:
    from foederis import scenario_check

    faults: list[Fault] = list(gathered.faults)
    file = None
    if gathered.node is not None:
        file, found = scenario_check.check(gathered.node, gathered.whole)
        read = {(fault.file, fault.line, fault.column) for fault in faults}
        found += _files_named(gathered.node, gathered.origin if origin is None else origin)
        faults += [f for f in found if (f.file, f.line, f.column) not in read]  # a value misread has no other fault
    if faults or file is None:
        raise ScenarioError(_once(faults))
    chain = gathered.chain if extends is None else extends
    return Scenario(file, gathered.origin if origin is None else origin, chain)


def _once(faults: list[Fault]) -> list[Fault]:
    """The faults, each once; the first `MOST_FAULTS` of each file and a last one that counts the others."""
    kept: list[Fault] = []
    for file in dict.fromkeys(fault.file for fault in faults):
        here = sorted(
            dict.fromkeys(fault for fault in faults if fault.file == file), key=lambda f: (f.line, f.column, f.code)
        )
        kept += here[:MOST_FAULTS]
        if len(here) > MOST_FAULTS:
            last = here[MOST_FAULTS]
            message = f"{len(here) - MOST_FAULTS} more faults are not shown"
            kept.append(Fault(file, last.line, last.column, "more", message, "mend the first ones, then check again"))
    return kept


def _files_named(node: Node, origin: scenario_files.Origin) -> list[Fault]:
    """The faults of `compare_to` and `economics.tariffs`: no such scenario, itself, a file named by a text."""
    compared, own = node.entries().get("compare_to"), node.entries().get("id")
    found: list[Fault] = []
    if compared is not None and isinstance(compared.data, str):
        if own is not None and own.data == compared.data:
            message = f"{compared.data!r} is this scenario itself"
            found.append(compared.fault("compare", message, "name another one, or write null"))
        else:
            other = scenario_files.named(compared, origin)
            found += [other] if isinstance(other, Fault) else []
    economics = node.entries().get("economics")
    tariffs = economics.entries().get("tariffs") if economics is not None else None
    if origin.is_text and tariffs is not None and tariffs.data is not None:
        message = "a scenario given as text cannot read files"
        found.append(tariffs.fault("file", message, "save the scenario as a file, or give the tariffs with --tariffs"))
    return found


@cache
def presets() -> tuple[PresetInfo, ...]:
    """The shipped scenarios, in order of their ids."""
    return tuple(_info(name) for name in scenario_files.preset_names())


def _info(name: str) -> PresetInfo:
    scenario = load(name)
    return PresetInfo(name, scenario.title(), scenario.note, scenario.title("ja"), scenario.note_in("ja"))


def dump(scenario: Scenario) -> str:
    """The scenario as YAML with nothing left to inherit; `load(dump(scenario)) == scenario`."""
    from foederis import scenario_text

    return scenario_text.dump(scenario.file)


def json_schema() -> Mapping[str, Any]:
    """JSON Schema (2020-12) of a scenario file, for editors; `extends` and entries with `remove` are part of it."""
    from foederis import scenario_schema

    schema: Mapping[str, Any] = scenario_schema.json_schema()
    return schema


def template(name: str, case: tuple[str, str] | None = None) -> str:
    """A commented scenario to start from; raises ScenarioError when the name is no id.

    `case`: coercer and target of another pair of allies; a name of two codes such as `usa-kor` means one. The file then
    lists the data that are missing for the pair.
    """
    from foederis import scenario_case, scenario_text
    from foederis.scenario_fields import parse_slug
    from foederis.scenario_units import Fail
    from foederis.yamlsource import Source

    try:
        pair = scenario_case.parse(name) if case is None else case
        if pair is not None:
            return scenario_case.template(parse_slug(name), *pair)
        return scenario_text.template(parse_slug(name))
    except Fail as fail:
        raise ScenarioError([Source("<name>", name).fault(1, 1, fail.code, fail.message, fail.help)]) from None
