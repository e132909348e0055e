"""The shipped ledger on disk: one text file whose first line holds the checksum of the rest, verified before use."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import Any

from foederis.errors import DataError

CURE = "reinstall the package"
FILE = "ledger-us.json"


def read() -> dict[str, Any]:
    """The card and the measures; raises DataError when the file is missing or damaged."""
    try:
        raw = (resources.files("foederis") / "data" / FILE).read_bytes()
    except OSError as error:
        raise DataError(f"the tariff ledger is not in this installation ({error}); {CURE}") from None
    return unpack(raw)


def unpack(raw: bytes) -> dict[str, Any]:
    """Card and measures from the bytes of the file; raises DataError when they do not match their checksum."""
    _, _, rest = raw.partition(b"\n")
    digest = hashlib.sha256(rest).hexdigest()
    try:
        found: dict[str, Any] = json.loads(raw)
        expected = str(found["sha256"])
    except (ValueError, KeyError, TypeError) as broken:
        raise DataError(f"the tariff ledger is damaged: it cannot be read ({broken}); {CURE}") from None
    if digest != expected:
        raise DataError(f"the tariff ledger is damaged: checksum {digest[:12]}, expected {expected[:12]}; {CURE}")
    return found
