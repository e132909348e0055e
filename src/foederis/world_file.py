"""The shipped world on disk: a compressed array file and its card, checked against each other before use."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from importlib import resources
from typing import Any

import numpy as np

from foederis.errors import DataError

Array = np.ndarray
US = "USA"
CURE = "reinstall the package"


def read(name: str, us_imports: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of the world `name` and its card; raises DataError if absent, damaged or with unknown options."""
    if us_imports not in ("customs", "icio"):
        raise DataError(f"us_imports is {us_imports!r}; choose 'customs' (2022 customs values) or 'icio'")
    arrays, card = read_raw(name)
    fields = fields_from(arrays, card, us_imports)
    return fields, {**card, "us_imports": us_imports, "balance": card["balance"][us_imports]}


def read_raw(name: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """The stored arrays and the card, after the checksum; raises DataError if absent or damaged."""
    folder = resources.files("foederis") / "data"
    try:
        text = (folder / f"world-{name}.json").read_text(encoding="utf-8")
        raw = (folder / f"world-{name}.npz").read_bytes()
    except FileNotFoundError as missing:
        raise DataError(f"world {name!r} is not in this installation ({missing.filename}); {CURE}") from None
    return unpack(name, raw, text)


def unpack(name: str, raw: bytes, text: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """Arrays and card from the bytes of the two files; raises DataError when they do not belong together."""
    try:
        card: dict[str, Any] = json.loads(text)
        expected = str(card["sha256"])
    except (ValueError, KeyError, TypeError) as broken:
        raise DataError(f"world {name!r} is damaged: its card cannot be read ({broken}); {CURE}") from None
    digest = hashlib.sha256(raw).hexdigest()
    if digest != expected:
        raise DataError(f"world {name!r} is damaged: checksum {digest[:12]}, expected {expected[:12]}; {CURE}")
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as file:
            return {key: file[key] for key in file.files}, card
    except (ValueError, OSError, zipfile.BadZipFile) as broken:
        raise DataError(f"world {name!r} is damaged: {broken}; {CURE}") from None


def fields_from(arrays: dict[str, Array], card: dict[str, Any], us_imports: str) -> dict[str, Any]:
    """The fields of a world from the stored arrays; the US import block is the one asked for."""
    countries = tuple(code.decode() for code in arrays["countries"])
    sectors = tuple(code.decode() for code in arrays["sectors"])
    us = countries.index(US)
    flow = arrays["flow_icio"].astype(float)
    if us_imports == "customs":
        flow[us] = arrays["us_flow_customs"]
    tariff = np.zeros_like(flow)
    tariff[us] = arrays["us_tariff"]
    names = [code.decode() for code in arrays["elasticity_names"]]
    sets = {name: arrays["elasticities"][k].astype(float) for k, name in enumerate(names)}
    return {
        "countries": countries,
        "sectors": sectors,
        "flow": flow,
        "tariff": tariff,
        "input_share": arrays[f"input_share_{us_imports}"].astype(float),
        "trade_elasticity": sets[card["elasticity_default"]],
        "elasticity_sets": sets,
        "gdp_usd_bn": arrays["gdp_usd_bn"],
        "population": arrays["population"],
    }
