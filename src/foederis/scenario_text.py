"""A scenario written out: as YAML that loads again, as the canonical form that is hashed, and a file to start from."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from foederis import scenario_units
from foederis.scenario_fields import plain

if TYPE_CHECKING:
    from foederis.scenario_model import Part, ScenarioFile

WIDTH = 100  # from this many signs on a mapping or list is written over several lines

HEADINGS = ("schema", "id", "title", "note")


def tree(part: Part) -> dict[str, Any]:
    """A part of a scenario as plain data under the keys of the file; keys that hold their default are left out."""
    found: dict[str, Any] = {}
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        if value != info.get_default(call_default_factory=True):
            found[info.alias or name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    from foederis.scenario_model import Part

    if isinstance(value, Part):
        return tree(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, float):
        return "long run" if math.isinf(value) else Decimal(repr(value))
    return plain(value)


def sha256(file: ScenarioFile) -> str:
    """Hash of the canonical form: what the scenario says, whatever the order of keys, the comments and the layout."""
    canonical = json.dumps(tree(file), sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_number)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _number(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"number {scenario_units.decimal_text(value)}"
    raise TypeError(f"{type(value).__name__} in a scenario")


def dump(file: ScenarioFile) -> str:
    """The scenario as YAML with nothing left to inherit; it loads to the same scenario."""
    return "".join(_entry(key, value, 0) for key, value in tree(file).items())


def _entry(key: str, value: Any, indent: int) -> str:
    pad = "  " * indent
    line = f"{pad}{_scalar(key)}: {_flow(value)}\n"
    if len(line) <= WIDTH or not isinstance(value, list | dict) or not value:
        return line
    if isinstance(value, dict):
        return f"{pad}{_scalar(key)}:\n" + "".join(_entry(k, v, indent + 1) for k, v in value.items())
    return f"{pad}{_scalar(key)}:\n" + "".join(_bullet(item, indent + 1) for item in value)


def inline(value: Any) -> str:
    """A plain value on one line, as a setting may hold it."""
    return _flow(_plain(value))


def _bullet(value: Any, indent: int) -> str:
    pad = "  " * indent
    line = f"{pad}- {_flow(value)}\n"
    if len(line) <= WIDTH or not isinstance(value, dict) or not value:
        return line
    text = "".join(_entry(k, v, indent + 1) for k, v in value.items())
    return f"{pad}- {text[2 * indent + 2 :]}"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A value as YAML: numbers, true, false and null bare; texts bare where they are plain words, else in quotes."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | Decimal):
        return scenario_units.decimal_text(Decimal(value))
    if _bare(value):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _bare(text: str) -> bool:
    from foederis import yamlsource

    if not text or not text.isascii() or not all(sign.isalnum() or sign in " .%/_+-" for sign in text):
        return False
    if not (text[0].isalnum() or text[0] == "+") or text.endswith(" ") or "  " in text:
        return False
    faults: list[Any] = []
    node = yamlsource.scalar(yamlsource.Source("", text), 1, 1, text, True, faults)
    return not faults and node.data == text


TEMPLATE = """\
# {id}.yaml: a scenario of foederis. Check it: foederis check {id}.yaml    Run it: foederis run {id}.yaml
# A rate carries its unit: 15% or 5pp. Codes: foederis codes countries (groups, sectors, authorities, goods, units)
schema: foederis/scenario/v1
id: {id}
title: {en: "My scenario", ja: "シナリオ"}
extends: us-japan-baseline        # duties of 2024, actors and horizon; only differences are listed below
compare_to: us-japan-baseline     # what the results are set against
evaluate: 2025-12-31              # the day whose tariffs a run takes

# ledger: {clock: law}            # the real US measures since 2025, by date, as well

tariffs:                          # who taxes whom, on what, how much, how it stacks, since when, and why we believe it
  - id: flat
    authority: other              # or s232, s122, s301, ieepa, agreement, retaliation ...
    importer: USA
    exporter: JPN                 # a code, a group, world, a list, {all_except: [CAN, MEX]},
                                  # or {surplus_with: USA, over: 20 bn USD/yr}
    sectors: all_goods            # or [C29], {all_goods_except: [C29]}, {hs: [8703]}, {goods: [autos]}
    rate: 10%                     # or by date: {2025-04-05: 10%, 2025-08-07: 15%}
    rule: add                     # add: on top of other duties; all_in: a ceiling that includes the normal duty
    from: 2025-04-05
    source: "assumption"

# acts: [{id: talks, date: 2026-03-01, kind: agreement, title: Talks opened, zeta: 1, source: assumption}]
# responses: {JPN: {counter_measures: {share: 50%}}}     # in kind: half of what Japan faces, on US goods
# sweep: {tariffs.flat.rate: [0%, 5%, 10%, 15%, 20%]}
"""


def template(name: str) -> str:
    """A commented scenario to start from, under a name; it loads as it is."""
    return TEMPLATE.replace("{id}", name)
