"""The target data that travel with the package: a compressed array file and its card, checked against each other."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from foederis.errors import DataError

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Shipped:
    """Arrays by name and the card: publisher, licence, edition, columns, checksum."""

    arrays: dict[str, Array]
    card: dict[str, Any]


def load(name: str) -> Shipped:
    """Read `targets-NAME.npz` and its card; raises DataError if one is absent or the checksum does not hold."""
    folder = resources.files("foederis") / "data"
    try:
        card: dict[str, Any] = json.loads((folder / f"targets-{name}.json").read_text(encoding="utf-8"))
        raw = (folder / f"targets-{name}.npz").read_bytes()
    except FileNotFoundError as missing:
        raise DataError(f"target data {name!r} are not in this installation ({missing.filename}); reinstall") from None
    except ValueError as bad:
        raise DataError(f"target data {name!r} are damaged: their card cannot be read ({bad}); reinstall") from None
    digest, expected = hashlib.sha256(raw).hexdigest(), str(card.get("sha256")) if isinstance(card, dict) else ""
    if digest != expected:
        raise DataError(
            f"target data {name!r} are damaged: checksum {digest[:12]}, expected {expected[:12]}; reinstall"
        )
    with np.load(io.BytesIO(raw), allow_pickle=False) as file:
        return Shipped({key: file[key] for key in file.files}, card)
