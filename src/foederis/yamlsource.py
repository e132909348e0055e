"""Safe YAML 1.2 with positions: text in, nodes that know their file, line and column out.

Only the event stream of the parser is read, and the tree is built here, so that nothing is constructed before it has
been looked at. Refused, each with its own code: anchors and aliases, tags, merge keys, directives, a second document,
duplicate keys, nesting beyond 16 levels, more than 20 000 values, files over 1 MB, text that is not UTF-8, control
characters, not-a-number and infinity, and the words that older readers take for true and false (`on`, `no`, ...).

Numbers: integers become int, decimals become `decimal.Decimal` (so that 0.8 stays 0.8); dates, everything with a unit
and whole numbers with a leading zero stay text. All faults of a file are collected; only a fault of syntax or size ends
the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from foederis.errors import Fault, ScenarioError

MAX_BYTES = 1_000_000
MAX_DEPTH = 16
MAX_VALUES = 20_000
EXCERPT = 120  # characters of the source line shown with a fault

# Words that YAML 1.1 readers turn into true and false; as a country code NO is the best-known victim.
AMBIGUOUS = frozenset({"on", "off", "yes", "no", "y", "n"})

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
# Patterns over all of Unicode take milliseconds to compile; text that is printable throughout never needs them.
_FORBIDDEN = r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_FORBIDDEN_IN_VALUE = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
_HARMLESS = {ord(sign): None for sign in "\t\n\r\u00a0\u3000"}  # not printable, and allowed
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")  # a code and no number: 0101 is a tariff heading
_DECIMAL = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

Data = None | bool | int | Decimal | str | tuple["Node", ...] | Mapping[str, "Node"]


@dataclass(frozen=True, eq=False)
class Source:
    """A file, or a piece of text under a name: what a fault quotes. `prefix` counts characters shown before the text
    on its first line (a setting on the command line is shown as `path=value`)."""

    name: str
    text: str
    prefix: str = ""

    @cached_property
    def lines(self) -> list[str]:
        return _LINE_BREAK.split(self.prefix + self.text)

    def fault(self, line: int, column: int, code: str, message: str, help: str = "") -> Fault:
        """A fault at a 1-based position of the text, with the source line where it can be shown."""
        column += len(self.prefix) if line == 1 else 0
        shown = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        # A tab or an unprintable sign would push the caret away from its column.
        excerpt = "".join(sign if sign.isprintable() else " " for sign in shown[:EXCERPT]).rstrip()
        return Fault(self.name, line, column, code, message, help, excerpt if column <= EXCERPT else "")


@dataclass(frozen=True, eq=False)
class Node:
    """A value and where it stands. `data`: a scalar, a tuple of nodes, or a mapping from key to node; `keys` holds the
    nodes of the keys; `written` is a scalar as it stands in the file (unquoted, or without its quotes)."""

    source: Source
    line: int
    column: int
    data: Data
    keys: Mapping[str, Node] = field(default_factory=dict)
    written: str = ""

    def plain(self) -> Any:
        """The value without positions: dict, tuple, str, int, Decimal, bool or None."""
        if isinstance(self.data, tuple):
            return tuple(item.plain() for item in self.data)
        if isinstance(self.data, Mapping):
            return {key: item.plain() for key, item in self.data.items()}
        return self.data

    def items(self) -> tuple[Node, ...]:
        """The entries of a list; nothing where this is no list."""
        return self.data if isinstance(self.data, tuple) else ()

    def entries(self) -> Mapping[str, Node]:
        """The entries of a mapping; nothing where this is no mapping."""
        return self.data if isinstance(self.data, Mapping) else {}

    def fault(self, code: str, message: str, help: str = "") -> Fault:
        """A fault at this node."""
        return self.source.fault(self.line, self.column, code, message, help)


@dataclass(frozen=True)
class Parsed:
    """A tree (None when there is none) and the faults found while reading it."""

    node: Node | None
    faults: tuple[Fault, ...]

    def require(self) -> Node:
        """The tree; raises ScenarioError with every fault when there is one."""
        if self.faults or self.node is None:
            raise ScenarioError(self.faults)
        return self.node


def read(path: Path, name: str | None = None) -> Parsed:
    """Read and parse a file; `name` is what faults call it (default: the path).

    Raises ScenarioError when the file cannot be read; other faults are returned.
    """
    shown = str(path) if name is None else name
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)  # never more, whatever the size on disk
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError([Source(shown, "").fault(1, 1, "file", f"cannot be read: {reason}")]) from None
    return parse(content, shown)


def parse(content: bytes | str, name: str, prefix: str = "") -> Parsed:
    """Parse one document. Never raises for what is in the text: each fault is in the answer."""
    text, fault = _decoded(content, name)
    if fault is not None:
        return Parsed(None, (fault,))
    source = Source(name, text, prefix)
    for fault in _unreadable(source):
        return Parsed(None, (fault,))
    builder = _Builder(source)
    builder.run()
    if builder.root is None and not builder.faults:
        builder.faults.append(source.fault(1, 1, "empty", "the file holds no scenario", "start from: foederis new"))
    return Parsed(builder.root, tuple(builder.faults))


def scalar(source: Source, line: int, column: int, text: str, plain: bool, faults: list[Fault]) -> Node:
    """The node of one scalar by the YAML 1.2 core rules (decimal numbers only); adds its faults to the list."""
    node = Node(source, line, column, _resolved(text) if plain else text, written=text)
    if plain and text.lower() in AMBIGUOUS:
        message = f"unquoted {text!r} means true or false to many YAML readers"
        faults.append(node.fault("ambiguous", message, f'write true or false, or "{text}" in quotes if it is a name'))
    if plain and _NOT_A_NUMBER.fullmatch(text):
        faults.append(node.fault("nan", f"{text!r} is not a finite number", "write a finite number with its unit"))
    if _search(_FORBIDDEN_IN_VALUE, text):
        faults.append(node.fault("yaml", "the text holds a control character", "take the escape sequence out"))
        return Node(source, line, column, "", written="")
    return node


class _Builder:
    """Builds the tree from the events of the parser, with an explicit stack: hostile depth cannot exhaust Python's."""

    def __init__(self, source: Source):
        self.source = source
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self.stack: list[_Open] = []
        self.values = 0

    def run(self) -> None:
        try:
            for event in _events(self.source.text):
                if not self.take(type(event).__name__, event):
                    return
        except ScenarioError:
            raise
        except Exception as error:  # the parser is foreign code and the text may be hostile: any failure is a fault
            self.faults.append(_syntax_fault(self.source, error))

    def take(self, kind: str, event: Any) -> bool:
        """Take one event; False stops the reading."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if kind == "DocumentStartEvent":
            return self._document(event, line, column)
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._add(self.stack.pop().close())
            return True
        if kind not in ("AliasEvent", "ScalarEvent", "MappingStartEvent", "SequenceStartEvent"):
            return True
        self._refuse_features(event, line, column)
        self.values += 1
        if self.values > MAX_VALUES:
            return self._stop(line, column, "too-large", f"more than {MAX_VALUES} values in one file")
        if kind == "ScalarEvent":
            plain = event.style is None or event.style == ""
            self._add(scalar(self.source, line, column, event.value, plain, self.faults))
        elif kind == "AliasEvent":
            self._add(Node(self.source, line, column, None))
        else:
            self.stack.append(_Open(self, line, column, kind == "MappingStartEvent"))
            if len(self.stack) > MAX_DEPTH:
                return self._stop(line, column, "depth", f"nested deeper than {MAX_DEPTH} levels")
        return True

    def _document(self, event: Any, line: int, column: int) -> bool:
        if self.root is not None:
            return self._stop(line, column, "documents", "a second document starts here", "one file, one scenario")
        if event.version or event.tags:
            at = next((k for k, text in enumerate(self.source.lines, 1) if text.startswith("%")), 1)
            self.faults.append(
                self.source.fault(at, 1, "directive", "a % directive", "take it out: files are YAML 1.2")
            )
        return True

    def _refuse_features(self, event: Any, line: int, column: int) -> None:
        cure = "write the value out in full"
        if type(event).__name__ == "AliasEvent":
            self.faults.append(self.source.fault(line, column, "alias", f"an alias (*{event.anchor})", cure))
            return
        if event.anchor is not None:
            self.faults.append(self.source.fault(line, column, "alias", f"an anchor (&{event.anchor})", cure))
        if event.tag is not None:
            shown = str(event.tag)
            self.faults.append(self.source.fault(line, column, "tag", f"a tag ({shown})", "take the tag out"))

    def _stop(self, line: int, column: int, code: str, message: str, help: str = "") -> bool:
        self.faults.append(self.source.fault(line, column, code, message, help or "make the file smaller and flatter"))
        self.root = None
        return False

    def _add(self, node: Node) -> None:
        if self.stack:
            self.stack[-1].add(node)
        else:
            self.root = node


class _Open:
    """A list or mapping that has begun and not ended."""

    def __init__(self, builder: _Builder, line: int, column: int, mapping: bool):
        self.builder, self.line, self.column, self.mapping = builder, line, column, mapping
        self.items: list[Node] = []
        self.entries: dict[str, Node] = {}
        self.keys: dict[str, Node] = {}
        self.key: Node | None = None

    def add(self, node: Node) -> None:
        if not self.mapping:
            self.items.append(node)
        elif self.key is None:
            self.key = node
        else:
            self._entry(self.key, node)
            self.key = None

    def _entry(self, key: Node, value: Node) -> None:
        faults = self.builder.faults
        if isinstance(key.data, (tuple, Mapping)):
            faults.append(key.fault("key", "a key must be a word", "write `key: value`"))
        elif key.written == "<<":
            faults.append(key.fault("merge-key", "merge keys (<<) are not read", "use `extends`, or write it out"))
        elif key.written in self.entries:
            first = self.keys[key.written].line
            message = f"{key.written[:60]!r} stands here twice; first on line {first}"
            faults.append(key.fault("duplicate-key", message, "keep one of the two"))
        else:
            self.entries[key.written], self.keys[key.written] = value, key

    def close(self) -> Node:
        data: Data = self.entries if self.mapping else tuple(self.items)
        return Node(self.builder.source, self.line, self.column, data, self.keys)


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML  # here, so that a command that reads no scenario does not pay for it

    return iter(YAML(typ="safe", pure=True).parse(text))


def _decoded(content: bytes | str, name: str) -> tuple[str, Fault | None]:
    size = len(content) if isinstance(content, bytes) else len(content.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        cure = "a scenario is text of a few kilobytes; is this the right file?"
        return "", Source(name, "").fault(1, 1, "too-large", f"larger than {MAX_BYTES:,} bytes", cure)
    if isinstance(content, str):
        return content.removeprefix("\ufeff"), None
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        good = content[: error.start].decode("utf-8", "replace").removeprefix("\ufeff")
        lines = _LINE_BREAK.split(good)
        message = f"byte 0x{content[error.start]:02x} is not UTF-8 text"
        source = Source(name, good)
        return "", source.fault(len(lines), len(lines[-1]) + 1, "encoding", message, "save the file as UTF-8")


def _unreadable(source: Source) -> Iterable[Fault]:
    """The first character that no scenario may hold (NUL, control characters, exotic line breaks)."""
    found = _search(_FORBIDDEN, source.text)
    if found:
        before = _LINE_BREAK.split(source.text[: found.start()])
        message = f"character U+{ord(found.group()):04X} is not allowed"
        yield source.fault(len(before), len(before[-1]) + 1, "encoding", message, "delete it")


def _search(pattern: str, text: str) -> re.Match[str] | None:
    return None if text.translate(_HARMLESS).isprintable() else re.search(pattern, text)


def _resolved(text: str) -> Data:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text[0] in "tT"
    if _LEADING_ZERO.fullmatch(text):
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


def _syntax_fault(source: Source, error: Exception) -> Fault:
    problem = str(getattr(error, "problem", None) or "the text cannot be read as YAML")
    context, opened = getattr(error, "context", None), getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or opened
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    if opened is not None and ("stream end" in problem or "end of stream" in problem):
        cure = "close the quote or bracket that opens here"
        return source.fault(opened.line + 1, opened.column + 1, "yaml", "the text ends before this is closed", cure)
    cure = "indent with spaces, not with tabs" if "\\t" in problem else "check indentation, quotes and brackets"
    message = f"{context}: {problem}" if context else problem
    return source.fault(line, column, "yaml", " ".join(message.split()), cure)
