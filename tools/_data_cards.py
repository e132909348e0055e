"""The sections of docs/data.md on everything but the world: one per card in src/foederis/data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_WORLD = "world-"
_CELL = 600  # characters of a note in a table


def sections(folder: Path) -> str:
    """Every card but the world's, by file name."""
    cards = sorted(path for path in folder.glob("*.json") if not path.name.startswith(_WORLD))
    return "\n\n".join(section(path, json.loads(path.read_text(encoding="utf-8"))) for path in cards)


def section(path: Path, card: Mapping[str, Any]) -> str:
    """One card: what it is, files, sources, notes."""
    data = [path, *sorted(p for p in path.parent.glob(f"{path.stem}.*") if p != path)]
    files = ", ".join(f"`{p.name}` ({p.stat().st_size / 1000:.0f} kB)" for p in data)
    title = str(card.get("title") or path.stem)
    what = str(card.get("what") or card.get("study") or "")
    parts = [
        f"# {title}",
        f"Files: {files}.",
        f"{what.rstrip('.')}." if what else "",
        _sources(card),
        *_notes(card),
        _errors(card),
    ]
    return "\n\n".join(part for part in parts if part)


def _sources(card: Mapping[str, Any]) -> str:
    listed = card.get("sources", ())
    if not listed:
        return f"Source: {card['source']}."
    head = list(dict.fromkeys(key for source in listed for key in source))
    rows = [[_cell(source.get(key, "")) for key in head] for source in listed]
    return _table([key.replace("_", " ") for key in head], rows)


def _notes(card: Mapping[str, Any]) -> Iterable[str]:
    """The keys that hold words meant for people: notes, decisions, checks."""
    for key in ("checks", "decisions", "clock_notes", "notes", "left_out"):
        value = card.get(key)
        if isinstance(value, Mapping):
            rows = [(f"`{name}`", _cell(text)) for name, text in value.items()]
            yield f"## {key.replace('_', ' ').capitalize()}\n\n{_table(('name', 'what'), rows)}"
        elif value:
            yield f"## {key.replace('_', ' ').capitalize()}\n\n" + "\n".join(f"* {text}" for text in value)


def _errors(card: Mapping[str, Any]) -> str:
    """Of emulators: how many exact runs each goes through, and the errors found on runs it had not seen."""
    if "first_screen" not in card:
        return ""
    presets = card["presets"]
    columns = list(next(iter(presets.values()))["errors"])
    rows = [
        [f"`{name}`", *(str(found[key]) for key in ("states", "checked", "run_id")), *_pairs(found, columns)]
        for name, found in presets.items()
    ]
    head = ["preset", "exact runs", "runs that check it", "run with no lever moved", *columns]
    told = f"Errors that 19 in 20 of the checking runs stay within, and the largest; {card['first_screen']}."
    return f"## Errors\n\n{told}\n\n{_table([text.replace('_', ' ') for text in head], rows)}"


def _pairs(found: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    return [f"{found['errors'][key]:.2f} ({found['worst'][key]:.2f})" if found["errors"] else "none" for key in columns]


def _cell(value: Any) -> str:
    text = f"`{value[:16]}`" if isinstance(value, str) and _is_digest(value) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:_CELL]


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
