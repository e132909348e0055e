"""Check a merged tree against the models and the rules: every fault with its place, code and cure, or the model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from foederis import scenario_codes as codes
from foederis import scenario_fields as fields
from foederis import scenario_files, scenario_rules
from foederis.errors import Fault
from foederis.scenario_model import SCHEMA, ScenarioFile
from foederis.scenario_units import KEY, Fail, Fails
from foederis.yamlsource import Node

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MAX_SETTINGS = 1_000  # values under sweep and contingent, each of which is tried

Path = tuple[str | int, ...]

_CURES = {
    "schema": f"schema: {SCHEMA}",
    "id": "id: a-name",
    "horizon": "horizon: {start: 2025-Q1, end: 2035-Q4}",
    "actors": "actors: {coercer: USA, target: JPN}",
    "authority": "authority: s232, or other where no statute fits",
    "importer": "importer: USA (who taxes)",
    "exporter": "exporter: JPN (whose goods)",
    "sectors": "sectors: all_goods, or a list such as [C29]",
    "rate": "rate: 15%",
    "from": "from: 2025-04-05",
    "source": "source: a legal text, or assumption",
    "kind": "kind: tariff (demand, exit, agreement, reassurance ...)",
    "zeta": "zeta: 1 (the leader chose it) to 0 (a court, a lapse)",
    "title": "title: what happened, in a few words",
}


def check(node: Node, whole: bool = True) -> tuple[ScenarioFile | None, list[Fault]]:
    """The scenario of a tree, or None and every fault in it.

    A tree is not `whole` when what it extends could not be read: keys that it may have inherited are then not missed.
    """
    data = node.plain()
    faults: dict[tuple[Any, ...], Fault] = {}
    model = None
    try:
        model = ScenarioFile.model_validate(data)
    except ValidationError as error:
        found = ((path, fail) for path, fail in _all_fails(error) if whole or path or fail.code != "missing")
        _collect(faults, node, found)
    _collect(faults, node, scenario_rules.broken(data))
    if not faults:
        _collect(faults, node, _settings(node, data))
    return (None if faults else model), list(faults.values())


def _collect(faults: dict[tuple[Any, ...], Fault], node: Node, found: Iterator[tuple[Path, Fail]]) -> None:
    """Turn fails into faults; one fault for one place and code."""
    for path, fail in found:
        fault = _at(node, path).fault(fail.code, fail.message, fail.help)
        faults.setdefault((fault.file, fault.line, fault.column, fault.code, fault.message), fault)


def _at(node: Node, path: Path) -> Node:
    """The node that a path leads to, as far as it goes; a path that ends in KEY means the key."""
    for k, step in enumerate(path):
        if isinstance(step, int) and isinstance(node.data, tuple) and step < len(node.data):
            node = node.data[step]
        elif isinstance(step, str) and isinstance(node.data, Mapping) and step in node.data:
            node = node.keys[step] if path[k + 1 :] == (KEY,) else node.data[step]
        else:
            return node
    return node


def _all_fails(error: ValidationError) -> Iterator[tuple[Path, Fail]]:
    """The fails of a validation, keys that are missing at one place joined into one."""
    missing: dict[Path, list[str]] = {}
    for details in error.errors(include_url=False):
        if details["type"] == "missing":
            missing.setdefault(details["loc"][:-1], []).append(str(details["loc"][-1]))
        else:
            yield from _fails(details)
    for path, keys in missing.items():
        yield path, _missing(path, keys)


def _fails(details: ErrorDetails) -> Iterator[tuple[Path, Fail]]:
    """What a fault of pydantic means, in the words of a scenario."""
    path: Path = tuple(details["loc"])
    kind = details["type"]
    error = (details.get("ctx") or {}).get("error")
    if isinstance(error, Fail):
        yield (*path, *error.at), error
    elif isinstance(error, Fails):
        yield from (((*path, *fail.at), fail) for fail in error.fails)
    elif kind == "extra_forbidden":
        yield (*path, KEY), _unknown_key(path)
    elif kind == "literal_error":
        yield path, _choice(path, details["input"], str((details.get("ctx") or {}).get("expected", "")))
    elif kind in ("model_type", "dict_type", "model_attributes_type"):
        yield path, Fail("type", "a mapping is expected here", f"keys: {', '.join(_keys(path))}" if _keys(path) else "")
    elif kind == "tuple_type":
        yield (
            path,
            Fail("type", "a list is expected here", "write one line for each entry, with a dash: - ...; or [a, b]"),
        )
    elif kind == "bool_type":
        yield path, Fail("type", "true or false is expected here", "write true or false")
    else:
        yield path, Fail("type", details["msg"].removeprefix("Input should be ").strip(), "see: foederis new")


def _unknown_key(path: Path) -> Fail:
    key, known = str(path[-1]), _keys(path[:-1])
    if fields.QUOTA.fullmatch(key):
        return fields.not_yet(key)
    if key == "remove":
        return Fail("unknown-key", "'remove' works in lists that inherit entries by id", "take it out")
    if key == "channel" and "acts" in path:
        cure = "take it out; it follows from kind, tied and surprise"
        return Fail("unknown-key", "the channel of an act is not written", cure)
    where = ".".join(str(step) for step in path[:-1] if isinstance(step, str))
    message = f"{key[:60]!r} is no key of {where or 'a scenario'}"
    return Fail("unknown-key", message, codes.nearest(key, known) or f"known: {', '.join(known)}")


def _missing(path: Path, keys: list[str]) -> Fail:
    shown = ", ".join(repr(key) for key in keys)
    cures = "; ".join(f"write {_CURES[key]}" for key in keys if key in _CURES)
    message = f"{shown} {'is' if len(keys) == 1 else 'are'} missing"
    if not path and set(keys) & {"horizon", "actors"}:
        cures += "; or extend a scenario that has them: extends: us-japan-baseline"
    return Fail("missing", message, cures or f"add {', '.join(keys)}")


def _choice(path: Path, value: Any, expected: str) -> Fail:
    known = re.findall(r"'([^']*)'", expected)
    if path == ("schema",):
        return Fail("schema", f"{str(value)[:60]!r} is not a format that is read here", f"write schema: {SCHEMA}")
    near = codes.nearest(value, known) if isinstance(value, str) else ""
    shown = repr(value[:60]) if isinstance(value, str) else "the value"
    return Fail("choice", f"{shown} is not one of the choices", near or f"known: {', '.join(known)}")


def _keys(path: Path) -> tuple[str, ...]:
    """The keys that the models allow at a place."""
    model: type[BaseModel] = ScenarioFile
    for step in path:
        if isinstance(step, int):
            continue
        below = {(info.alias or name): info.annotation for name, info in model.model_fields.items()}
        found = _model_in(below[step]) if step in below else (model if step in codes.COUNTRIES else None)
        if found is None:
            return ()
        model = found
    return tuple(info.alias or name for name, info in model.model_fields.items())


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation: `X | None`, `tuple[X, ...]`, `dict[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for m in map(_model_in, get_args(annotation)) if m is not None), None)


def _settings(node: Node, data: Mapping[str, Any]) -> Iterator[tuple[Path, Fail]]:
    """Try every value under `sweep` and `contingent`: each must be a setting that this scenario accepts."""
    tried = 0
    for path, base, setting, value in _proposed(data):
        tried += 1
        if tried > MAX_SETTINGS:
            yield (
                path,
                Fail("too-large", f"more than {MAX_SETTINGS} values under sweep and contingent", "propose fewer"),
            )
            return
        parts = [*base, *setting.split(".")]
        found = scenario_files.place(node, parts)
        if isinstance(found, scenario_files.Misplaced):
            yield (
                (*path[: path.index(setting) + 1], KEY),
                Fail(found.code, f"{setting[:60]!r}: {found.message}", found.help),
            )
            continue
        for fail in _tried(data, found, value):
            yield path, Fail(fail.code, f"{setting[:60]}: {fail.message}", fail.help)


def _proposed(data: Mapping[str, Any]) -> Iterator[tuple[Path, tuple[str, ...], str, Any]]:
    """(place in the file, path to put before, path as written, value) of every proposed setting."""
    for setting, values in (data.get("sweep") or {}).items():
        for k, value in enumerate(values):
            yield ("sweep", setting, k), (), setting, value
    for k, event in enumerate(data.get("contingent") or ()):
        for setting, value in (event["then"].get("set") or {}).items():
            base = () if setting.split(".")[0] in ScenarioFile.model_fields else ("tariffs",)
            yield ("contingent", k, "then", "set", setting), base, setting, value


def _tried(data: Mapping[str, Any], at: Path, value: Any) -> Iterator[Fail]:
    """The fails of one value at a place, tried on the part of the scenario that holds it."""
    if str(at[0]) in ("sweep", "contingent", "extends", "id", "schema"):
        yield Fail("setting", f"{at[0]} cannot be varied", "vary a measure, security, economics, evaluate ...")
        return
    top = str(at[0])
    part = {key: data[key] for key in ("schema", "id", "horizon", "actors", top) if key in data}
    if top == "tariffs" and len(at) > 1:
        part["tariffs"], at = (data["tariffs"][at[1]],), (top, 0, *at[2:])
    changed = _replaced(part, at, value)
    try:
        ScenarioFile.model_validate(changed)
    except ValidationError as error:
        yield from (fail for _, fail in _all_fails(error))
        return
    ids = {item["id"] for item in data.get("tariffs") or ()}
    yield from (fail for _, fail in scenario_rules.broken(changed, ids))


def _replaced(data: Any, at: Path, value: Any) -> Any:
    if not at:
        return value
    step, rest = at[0], at[1:]
    if isinstance(step, int):
        return (*data[:step], _replaced(data[step], rest, value), *data[step + 1 :])
    below = data if isinstance(data, Mapping) else {}
    return {**below, step: _replaced(below.get(step), rest, value)}
