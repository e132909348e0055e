"""A ledger that only grows: one JSON record a line, each with the checksum of the one before it.

A record is written under a lock, synced, and put in place whole; what stood before is kept to the byte. Changing,
removing or inserting a record breaks the chain from there on, and every read checks it. Who rewrites the whole file can
forge a new chain: note the last checksum (`head`) somewhere else, and give it when reading.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foederis import store
from foederis.errors import DataError

__all__ = ["SCHEMA", "START", "Clock", "Record", "append", "head", "now", "read"]

SCHEMA = "foederis/forecast/v1"
START = "0" * 64  # what the first record names as the one before it
KEYS = frozenset(("schema", "number", "kind", "made", "previous", "body", "sha256"))
KINDS = ("forecast", "outcome")
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class Record:
    """A line of the ledger: its number from 1, kind (forecast or outcome), time (UTC), body, and checksums."""

    number: int
    kind: str
    made: dt.datetime
    previous: str
    body: Mapping[str, Any]
    sha256: str


def now() -> dt.datetime:
    """The time of a new record, UTC, whole seconds."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def read(path: str | Path, expected_head: str | None = None) -> tuple[Record, ...]:
    """All records of a ledger, checked; empty when there is no file.

    Raises DataError naming the first line that was changed, removed or damaged, or when `expected_head` is not the
    checksum of any record: then the ledger is another one, or its end was cut off.
    """
    path = Path(path)
    if not path.exists():
        if expected_head not in (None, START):
            raise DataError(f"{path} does not exist; a ledger whose last checksum is {expected_head} was expected")
        return ()
    records = _records(path, _bytes(path))
    if expected_head not in (None, START, *(r.sha256 for r in records)):
        raise DataError(f"{path} holds no record with the checksum {expected_head}; it was rewritten or cut off")
    return records


def head(path: str | Path) -> str:
    """The checksum of the last record, which vouches for all before it."""
    records = read(path)
    return records[-1].sha256 if records else START


def append(
    path: str | Path, build: Callable[[tuple[Record, ...]], list[tuple[str, Mapping[str, Any]]]], clock: Clock = now
) -> tuple[Record, ...]:
    """Add records to a ledger and return them. `build` is given what the ledger holds and returns kinds and bodies.

    It runs under the lock, so that what it decides still holds when it is written. Raises DataError when the ledger is
    damaged, cannot be written, or is newer than the clock; then nothing changes.
    """
    path = Path(path)
    with _locked(path):
        old = _bytes(path) if path.exists() else b""
        records = _records(path, old)
        made = clock()
        if made.tzinfo is None:
            raise DataError("a ledger is dated in UTC; the clock gives no time zone")
        if records and made < records[-1].made:
            raise DataError(
                f"{path}: the last record is of {records[-1].made.isoformat()}, later than the clock"
                f" ({made.isoformat()}); set the clock, records are not dated back"
            )
        added: list[Record] = []
        for kind, body in build(records):
            last = (added or list(records))[-1:]
            added.append(_record(len(records) + len(added) + 1, kind, made, last[0].sha256 if last else START, body))
        if added:
            store.write_bytes(path, old + "".join(_line(record) for record in added).encode())
    return tuple(added)


def _record(number: int, kind: str, made: dt.datetime, previous: str, body: Mapping[str, Any]) -> Record:
    # What is hashed is what will be read: the body as JSON gives it back.
    plain = json.loads(store.canonical_json(body))
    record = Record(number, kind, made, previous, plain, "")
    return Record(number, kind, made, previous, plain, store.sha256_json(_content(record)))


def _content(record: Record) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "number": record.number,
        "kind": record.kind,
        "made": record.made.isoformat(),
        "previous": record.previous,
        "body": record.body,
    }


def _line(record: Record) -> str:
    return store.canonical_json({**_content(record), "sha256": record.sha256}) + "\n"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; check the name and the permissions") from error


def _records(path: Path, raw: bytes) -> tuple[Record, ...]:
    if raw and not raw.endswith(b"\n"):
        raise DataError(f"{path} ends in the middle of a record; take it from a copy")
    found: list[Record] = []
    previous = START
    for number, line in enumerate(raw.splitlines(), 1):
        found.append(_checked(f"{path}, line {number}", line, number, previous))
        previous = found[-1].sha256
    return tuple(found)


def _checked(where: str, line: bytes, number: int, previous: str) -> Record:
    try:
        row = json.loads(line)
        made = dt.datetime.fromisoformat(row["made"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{where} is no record of a ledger ({error}); take the ledger from a copy") from None
    if set(row) != KEYS or row["schema"] != SCHEMA or row["kind"] not in KINDS:
        raise DataError(f"{where} is of another schema; this version reads {SCHEMA}")
    record = Record(row["number"], row["kind"], made, row["previous"], row["body"], row["sha256"])
    if (record.number, record.previous) != (number, previous):
        raise DataError(f"{where}: a record before it was removed, inserted or exchanged; take the ledger from a copy")
    if store.sha256_json(_content(record)) != record.sha256 or _line(record).encode() != line + b"\n":
        raise DataError(f"{where} was changed after it was written; take the ledger from a copy")
    return record


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time: a lock on a file beside the ledger, freed by the system if the process dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o644)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}; choose another folder") from error
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    """Wait for the lock; closing the file gives it back."""
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
