"""From a name, a file or a text to one tree: the chain of `extends`, merged, with the settings of the caller on top.

Merging works on nodes, so that every value keeps the file, line and column where it was written:

* mappings such as `actors` or `security` merge key by key;
* lists of things with an id (tariffs, trade_costs, retaliation, acts, contingent, ledger.changes) merge by id: an entry
  with an inherited id replaces the keys it names, `{id: ..., remove: true}` takes the inherited entry out;
* any other value replaces the inherited one; `null` takes it out;
* schema, id, title, note and sweep are never inherited.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from foederis import yamlsource
from foederis.errors import Fault, ScenarioError
from foederis.scenario_codes import nearest
from foederis.yamlsource import Node, Source

PRESETS = Path(__file__).parent / "presets"
MAX_CHAIN = 16
MERGED_LISTS = frozenset({"tariffs", "trade_costs", "retaliation", "acts", "contingent", "ledger.changes"})
MERGED_MAPPINGS = frozenset(
    "horizon actors economics ledger responses side_payments security security.host_nation_support "
    "security.reassurance side_payments.investment".split()
)
OWN = frozenset({"schema", "id", "title", "note", "sweep", "extends"})  # what a scenario does not inherit
TEXT = "<text>"  # what faults call a scenario that is given as text
SETTING = "--set"  # what faults call the text of a setting


@dataclass(frozen=True)
class Origin:
    """Where a scenario comes from: a preset, a file, or a text. `folder` is what its relative paths start from."""

    name: str  # what faults call it
    key: str  # what tells it from others in a chain
    folder: Path | None = None

    @property
    def is_text(self) -> bool:
        """Whether the scenario was given as text: such a scenario may come from anyone and reads no files."""
        return self.key == TEXT


@dataclass(frozen=True)
class Gathered:
    """The merged tree (None when nothing can be merged), where it came from, and every fault so far."""

    node: Node | None
    origin: Origin
    chain: tuple[str, ...]  # names of what it extends, nearest first
    faults: tuple[Fault, ...]

    @property
    def whole(self) -> bool:
        """Whether everything that it extends could be read."""
        return not any(fault.code in ("unknown-scenario", "cycle", "file", "yaml") for fault in self.faults)


@cache
def preset_names() -> tuple[str, ...]:
    """The names of the presets, in order."""
    return tuple(sorted(path.stem for path in PRESETS.glob("*.yaml")))


@cache
def preset_text(name: str) -> bytes:
    """The text of a preset."""
    return (PRESETS / f"{name}.yaml").read_bytes()


def gather(source: str | bytes | Path, settings: tuple[str, ...] = ()) -> Gathered:
    """Read a scenario with everything it extends. `source`: the name of a preset, a path, or the text of a scenario.

    Raises ScenarioError when there is no such preset or file; other faults are in the answer.
    """
    origin, parsed = _opened(source)
    faults = list(parsed.faults)
    node, chain = _extended(parsed.node, origin, faults, (origin.key,))
    for setting in settings:
        node = _with_setting(node, setting, faults)
    return Gathered(node, origin, chain, tuple(faults))


def is_text(source: str) -> bool:
    """Whether a string is the text of a scenario and no name or path."""
    return "\n" in source or ": " in source or source.lstrip().startswith("{")


def _opened(source: str | bytes | Path) -> tuple[Origin, yamlsource.Parsed]:
    if isinstance(source, bytes) or (isinstance(source, str) and is_text(source)):
        return Origin(TEXT, TEXT), yamlsource.parse(source, TEXT)
    if isinstance(source, str) and source in preset_names():
        return _preset(source)
    path = Path(source)
    if isinstance(source, str) and not _looks_like_path(source) and not path.exists():
        raise ScenarioError([_unknown(Source("<name>", source), 1, 1, source)])
    return _file(path, str(source))


def _preset(name: str) -> tuple[Origin, yamlsource.Parsed]:
    shown = f"preset {name}"
    return Origin(shown, f"preset:{name}"), yamlsource.parse(preset_text(name), shown)


def _file(path: Path, shown: str) -> tuple[Origin, yamlsource.Parsed]:
    return Origin(shown, str(path.resolve()), path.parent), yamlsource.read(path, shown)


def _looks_like_path(text: str) -> bool:
    return text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text


def _unknown(source: Source, line: int, column: int, name: str) -> Fault:
    near = nearest(name, preset_names())
    cure = f"{near} list them with: foederis codes presets" if near else "name a preset, or a file such as ./mine.yaml"
    return source.fault(line, column, "unknown-scenario", f"there is no scenario {name[:60]!r}", cure)


def named(node: Node, origin: Origin) -> tuple[Origin, yamlsource.Parsed] | Fault:
    """The scenario that a value names: a preset, or a file relative to the one it stands in."""
    name = node.data
    if not isinstance(name, str) or not name:
        return node.fault("type", "the name of a scenario is expected", "name a preset, or a file such as ./mine.yaml")
    if name in preset_names():
        return _preset(name)
    if not _looks_like_path(name):
        return _unknown(node.source, node.line, node.column, name)
    if origin.is_text:
        message = f"{name[:60]!r}: a scenario given as text cannot read files"
        return node.fault("unknown-scenario", message, "save it as a file, or name a preset")
    path = Path(name) if origin.folder is None else origin.folder / name
    if not _is_file(path):
        message = f"there is no file {name[:60]!r}"
        return node.fault("unknown-scenario", message, "paths are relative to this file")
    return _file(path, str(path))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _extended(
    node: Node | None, origin: Origin, faults: list[Fault], seen: tuple[str, ...]
) -> tuple[Node | None, tuple[str, ...]]:
    """The tree with what it extends below it, and the names of the chain."""
    if node is None:
        return None, ()
    if not isinstance(node.data, Mapping):
        faults.append(node.fault("type", "a scenario is a mapping", "start from: foederis new"))
        return None, ()
    extends = node.data.get("extends")
    if extends is None or extends.data is None:
        return _merged(None, node, "", faults), ()
    found = named(extends, origin)
    if isinstance(found, Fault):
        faults.append(found)
        return _merged(None, node, "", faults), ()
    below, parsed = found
    if below.key in seen or len(seen) >= MAX_CHAIN:
        what = "a circle" if below.key in seen else f"a chain of more than {MAX_CHAIN}"
        names = " -> ".join([*(_shown(key) for key in seen), _shown(below.key)])
        faults.append(extends.fault("cycle", f"{what} of scenarios: {names[:300]}", "break the chain of `extends`"))
        return _merged(None, node, "", faults), ()
    faults.extend(parsed.faults)
    parent, chain = _extended(parsed.node, below, faults, (*seen, below.key))
    parent = _seen_from(parent, below, origin)
    return _merged(parent, node, "", faults), (str(extends.data), *chain)


def _seen_from(node: Node | None, below: Origin, origin: Origin) -> Node | None:
    """An inherited tree with its relative paths as they read from the folder of the file that inherits it."""
    if node is None or below.folder is None or origin.folder is None or below.folder == origin.folder:
        return node
    for parts in (["compare_to"], ["economics", "tariffs"]):
        value: Node | None = node
        for part in parts:
            value = value.entries().get(part) if value is not None else None
        if value is None or not isinstance(value.data, str) or value.data in preset_names():
            continue
        path = os.path.relpath(below.folder / value.data, origin.folder)
        node = put(node, tuple(replace(value, data=part) for part in parts), replace(value, data=path))
    return node


def _shown(key: str) -> str:
    return key.removeprefix("preset:") if key.startswith("preset:") else Path(key).name


def _merged(parent: Node | None, child: Node, path: str, faults: list[Fault]) -> Node:
    """The child over the parent at one place of the tree. With no parent only removals and duplicates are checked."""
    if path in MERGED_LISTS and isinstance(child.data, tuple):
        return _merged_list(parent, child, faults)
    if not isinstance(child.data, Mapping) or not (
        path == "" or path in MERGED_MAPPINGS or path.startswith("responses.")
    ):
        return child
    entries, keys = {}, {}
    inherited = parent.entries() if parent is not None else {}
    for key, value in inherited.items():
        if path or key not in OWN:
            entries[key], keys[key] = value, parent.keys[key]  # type: ignore[union-attr]
    for key, value in child.data.items():
        below = f"{path}.{key}" if path else key
        entries[key], keys[key] = _merged(inherited.get(key), value, below, faults), child.keys[key]
    if path == "":
        entries.pop("extends", None)
    return replace(child, data=entries, keys=keys)


def _merged_list(parent: Node | None, child: Node, faults: list[Fault]) -> Node:
    inherited = {_id(item): item for item in (parent.items() if parent is not None else ()) if _id(item) is not None}
    result: dict[str | int, Node] = {key: item for key, item in inherited.items() if key is not None}
    first: dict[str, Node] = {}
    for k, item in enumerate(child.items()):
        name = _id(item)
        if name is None:
            result[k] = item
            continue
        place = item.entries()["id"]
        if name in first:
            message = f"{name!r} stands here twice; first on line {first[name].line}"
            faults.append(place.fault("duplicate-id", message, "give each its own id"))
            continue
        first[name] = place
        if "remove" in item.entries():
            faults.extend(_removal(item, name, inherited))
            result.pop(name, None)
        else:
            result[name] = _over(inherited.get(name), item)
    return replace(child, data=tuple(result.values()))


def _removal(item: Node, name: str, inherited: Mapping[str | None, Node]) -> Iterator[Fault]:
    entries = item.entries()
    if entries["remove"].data is not True:
        yield entries["remove"].fault("type", "remove takes the value true only", "write remove: true, or take it out")
    if name not in inherited:
        known = [key for key in inherited if key is not None]
        cure = nearest(name, known) or (f"inherited: {', '.join(known[:20])}" if known else "nothing is inherited here")
        yield entries["id"].fault("unknown-id", f"{name!r} is not inherited and cannot be removed", cure)
    for key in entries:
        if key not in ("id", "remove"):
            yield item.keys[key].fault("unknown-key", f"{key[:60]!r} beside remove", "keep id and remove alone")


def _over(parent: Node | None, child: Node) -> Node:
    """An entry of a list with the keys of the inherited entry that it does not name itself."""
    if parent is None:
        return child
    data, keys = dict(parent.entries()), dict(parent.keys)
    for key, value in child.entries().items():
        data[key], keys[key] = value, child.keys[key]
    return replace(child, data=data, keys=keys)


def _id(node: Node) -> str | None:
    name = node.entries().get("id")
    return name.data if name is not None and isinstance(name.data, str) and name.data else None


def _with_setting(node: Node | None, setting: str, faults: list[Fault]) -> Node | None:
    """The tree with one setting `a.b=value`; its faults point into the text of the setting."""
    whole = Source(SETTING, setting)
    path, sign, text = setting.partition("=")
    if not sign or not path:
        cure = "write it as path=value, for example tariffs.flat.rate=15%"
        faults.append(whole.fault(1, 1, "setting", f"{setting[:60]!r} is no setting", cure))
        return node
    parsed = yamlsource.parse(text or "null", SETTING, prefix=f"{path}=")
    faults.extend(parsed.faults)
    if node is None or parsed.node is None:
        return node
    parts = path.split(".")
    column = [1 + sum(len(part) + 1 for part in parts[:depth]) for depth in range(len(parts))]
    found = place(node, parts)
    if isinstance(found, Misplaced):
        faults.append(whole.fault(1, column[found.depth], found.code, found.message, found.help))
        return node
    steps = tuple(Node(whole, 1, start, step) for step, start in zip(found, column, strict=True))
    return put(node, steps, parsed.node)


@dataclass(frozen=True)
class Misplaced:
    """A path that leads nowhere: the number of the part at fault, and what is wrong."""

    depth: int
    code: str
    message: str
    help: str


def place(node: Node, parts: list[str]) -> tuple[str | int, ...] | Misplaced:
    """The keys and positions that a dotted path means; entries of lists go by their id."""
    at: list[str | int] = []
    here: Node | None = node
    for depth, part in enumerate(parts):
        if not part:
            return Misplaced(depth, "setting", "an empty part in the path", "write it as tariffs.flat.rate")
        above = ".".join(parts[:depth])
        if above in MERGED_LISTS or (here is not None and isinstance(here.data, tuple)):
            items = here.items() if here is not None else ()
            ids = [_id(item) for item in items]
            if part not in ids:
                known = [name for name in ids if name is not None]
                cure = nearest(part, known) or (f"there are {', '.join(known[:20])}" if known else "the list is empty")
                return Misplaced(depth, "unknown-id", f"no entry {part[:60]!r} in {above}", cure)
            at.append(ids.index(part))
            here = items[ids.index(part)]
        elif here is None or here.data is None or isinstance(here.data, Mapping):
            at.append(part)
            here = here.entries().get(part) if here is not None else None
        else:
            return Misplaced(depth, "setting", f"{above} is a single value, nothing is below it", "shorten the path")
    return tuple(at)


def put(node: Node, steps: tuple[Node, ...], value: Node) -> Node:
    """The tree with a value at the place that steps lead to; mappings on the way that are missing come into being."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step.data, int):
        items = node.items()
        return replace(node, data=(*items[: step.data], put(items[step.data], rest, value), *items[step.data + 1 :]))
    name = str(step.data)
    inner = node.entries().get(name, replace(step, data=None))
    return replace(
        node,
        data={**node.entries(), name: put(inner, rest, value)},
        keys={**node.keys, name: step},
    )
