"""What the data are, for people and for programs: sources, licences, vintage, checks, what balancing removed.

    facts(world)   everything as plain values, ready for JSON
    lines(facts)   the same as text, one line per fact
    shipped()      every data file of the installation with its checksum, compared with the recorded one

The identities are computed anew from the arrays in memory, and the checksums from the files on disk; nothing is copied
from the card that could be verified instead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np

from foederis import words
from foederis.errors import DataError
from foederis.world import World

__all__ = ["CHECKSUMS", "TOLERANCE", "facts", "lines", "shipped"]

TOLERANCE = 1e-9  # relative: what an accounting identity may be off
CHECKSUMS = "SHA256SUMS"
_SHOWN_ECONOMIES = ("USA", "CHN", "DEU", "JPN", "KOR", "TWN")
_LARGEST = 6


def facts(world: World) -> dict[str, Any]:
    """Everything `foederis data` says about a world, ready for JSON; a user's own table has fewer entries.

    Raises DataError when an identity is off by more than 1e-9 or a shipped file is damaged.
    """
    meta = world.meta
    residuals = world.check()
    worst = max(residuals, key=lambda name: residuals[name])
    if residuals[worst] > TOLERANCE:
        raise DataError(
            f"world: {worst} is off by {residuals[worst]:.2e} (1e-9 allowed); build the table again from its source"
        )
    kept = ("name", "what", "vintage", "licence", "bytes", "sha256", "us_imports", "aggregation", "decisions")
    return {
        **{key: meta[key] for key in kept if key in meta},
        "countries": list(world.countries),
        "sectors": list(world.sectors),
        "figures": _figures(world),
        "checks": residuals,
        "tolerance": TOLERANCE,
        "removed": _removed(world),
        "tariffs": _tariffs(world),
        "elasticities": _elasticities(world),
        "sources": list(meta.get("sources", ())),
        "files": shipped(),
    }


def shipped() -> list[dict[str, Any]]:
    """Each data file of the installation: name, bytes, SHA-256, what it is, sources. Raises DataError on damage."""
    folder = resources.files("foederis") / "data"
    try:
        recorded = _recorded((folder / CHECKSUMS).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"the list of checksums cannot be read ({error}); install foederis again") from None
    return [_file(name, _bytes(name), digest) for name, digest in recorded.items()]


def lines(found: Mapping[str, Any]) -> list[str]:
    """The facts as text, in sections; widths fit a terminal of 100 columns where the values allow."""
    parts = [
        _head(found),
        _section("Figures", _figure_rows(found["figures"])),
        _section(
            "Checks (largest relative residual, 1e-9 allowed)",
            [(name, f"{value:.1e}") for name, value in found["checks"].items()],
        ),
        _section("Imbalance removed", _removed_rows(found["removed"])),
        _section("Tariffs", _tariff_rows(found["tariffs"])),
        _section("Trade elasticities", _elasticity_rows(found["elasticities"])),
        _section("Sources", _source_rows(found["sources"])),
        _section("Files (checksums verified)", [(f["file"], _file_text(f)) for f in found["files"]]),
    ]
    return [line for part in parts for line in part][:-1]


def _figures(world: World) -> dict[str, Any]:
    countries = [code for code in _SHOWN_ECONOMIES if code in world.countries]
    abroad = world.flow.sum() - np.einsum("nnj->", world.flow)
    return {
        "world_output_usd_bn": float(world.output.sum() / 1e3),
        "world_value_added_usd_bn": float(world.value_added.sum() / 1e3),
        "world_trade_usd_bn": float(abroad / 1e3),
        "value_added_usd_bn": {c: float(world.value_added[world.country(c)] / 1e3) for c in countries},
        "deficit_usd_bn": {c: float(world.deficit[world.country(c)] / 1e3) for c in countries},
    }


def _removed(world: World) -> dict[str, Any]:
    """What building and balancing changed, million USD; empty for a world that came balanced."""
    meta = world.meta
    found: dict[str, Any] = {}
    if "balance" in meta:
        found["balance"] = dict(meta["balance"])
        found["balance"]["share_of_world_output"] = meta["balance"]["negative_final_demand_musd"] / float(
            world.output.sum()
        )
    if "removed" in meta:
        found["user_table"] = dict(meta["removed"])
    if "value_added_floor" in meta:
        found["value_added_floor"] = dict(meta["value_added_floor"])
    if meta.get("us_imports") == "customs":
        whole = ("total_icio_musd", "total_customs_musd", "total_used_musd", "cells_limited", "limited_absolute_musd")
        found["us_imports"] = {key: meta["customs"][key] for key in (*whole, "services_factor")}
    return found


def _tariffs(world: World) -> dict[str, Any]:
    """Which importers have tariffs at all, and where they come from."""
    paying = [code for code, rate in zip(world.countries, world.tariff, strict=True) if (rate > 0).any()]
    found: dict[str, Any] = {"importers": paying, "year": world.meta.get("tariff_year")}
    if "user_tariffs" in world.meta:
        found["file"] = dict(world.meta["user_tariffs"])
    return found


def _elasticities(world: World) -> dict[str, Any]:
    cards = world.meta.get("elasticities", {})
    same = [name for name, theta in world.elasticity_sets.items() if np.array_equal(theta, world.trade_elasticity)]
    return {
        "in_use": same[0] if same else None,
        "sets": {name: dict(cards.get(name, {})) for name in world.elasticity_sets},
        "range": [float(world.trade_elasticity.min()), float(world.trade_elasticity.max())],
    }


def _recorded(text: str) -> dict[str, str]:
    """File name to SHA-256, from the usual two columns (digest, two spaces, name)."""
    pairs = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return {name: digest for digest, name in pairs}


def _bytes(name: str) -> bytes:
    try:
        return (resources.files("foederis") / "data" / name).read_bytes()
    except OSError:
        raise DataError(f"the data file {name} is missing; install foederis again") from None


def _file(name: str, raw: bytes, recorded: str) -> dict[str, Any]:
    digest = hashlib.sha256(raw).hexdigest()
    if digest != recorded:
        raise DataError(
            f"the data file {name} is damaged: checksum {digest[:12]}, expected {recorded[:12]}; install foederis again"
        )
    found: dict[str, Any] = {"file": name, "bytes": len(raw), "sha256": digest}
    if name.endswith(".json"):
        card = json.loads(raw)
        found["what"] = card.get("title") or card.get("what", "")
    return found


def _section(title: str, rows: list[tuple[str, str]]) -> list[str]:
    if not rows:
        return []
    width = min(48, max(len(name) for name, _ in rows))
    return [title, *(f"  {name:<{width}}  {text}" for name, text in rows), ""]


def _head(found: Mapping[str, Any]) -> list[str]:
    size = f"{len(found['countries'])} regions by {len(found['sectors'])} sectors"
    rows = [("what", str(found.get("what", size))), ("vintage", str(found.get("vintage", "not stated")))]
    if "aggregation" in found:
        rows.append(("aggregated", size))
    if "us_imports" in found:
        levels = {"customs": "at 2022 customs values", "icio": "at the levels of the input-output table"}
        rows.append(("US goods imports", levels[found["us_imports"]]))
    if "licence" in found:
        rows.append(("licence", str(found["licence"])))
    if "sha256" in found:
        rows.append(("checksum", f"sha256 {found['sha256']} ({found['bytes'] / 1000:.0f} kB)"))
    return _section(f"World {found.get('name', 'of your own table')}", rows)


def _figure_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("World gross output", _tn(figures["world_output_usd_bn"])),
        ("World value added", _tn(figures["world_value_added_usd_bn"])),
        ("World trade", _tn(figures["world_trade_usd_bn"])),
    ]
    for code, value in figures["value_added_usd_bn"].items():
        deficit = figures["deficit_usd_bn"][code]
        balance = f"trade {'deficit' if deficit > 0 else 'surplus'} {words.money(abs(deficit))}"
        rows.append((f"Value added {code}", f"{_tn(value)}; {balance}"))
    return rows


def _tn(usd_bn: float) -> str:
    """Trillion USD with two decimals where the amount allows, else as money is always written."""
    return f"${words.number(usd_bn / 1e3, decimals=2)} tn" if abs(usd_bn) >= 100 else words.money(usd_bn)


def _removed_rows(removed: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = []
    if balance := removed.get("balance"):
        largest = list(balance["by_country"].items())[:_LARGEST]
        text = (
            f"{words.money(balance['negative_final_demand_musd'] / 1e3)} in {balance['countries']} economies"
            f" ({words.percent(100 * balance['share_of_world_output'])} of world output)"
        )
        rows.append(("Negative final demand", text))
        parts = [f"{code} {row['negative_final_demand_musd'] / 1e3:.0f}" for code, row in largest]
        rows.append(("  the largest, bn USD", ", ".join(parts)))
        rows.append(("Input use moved between products", words.money(balance["input_use_moved_musd"] / 1e3)))
        rows.append(("  of it turned into value added", words.money(balance["to_value_added_musd"] / 1e3)))
    if floor := removed.get("value_added_floor"):
        text = f"{int(floor['cells'])} industries, {words.money(floor['value_added_musd'] / 1e3)}"
        rows.append(("Value added raised to 1 %", text))
    if scaled := removed.get("us_imports"):
        before, after = (_tn(scaled[f"total_{k}_musd"] / 1e3) for k in ("icio", "used"))
        rows.append(("US goods imports rescaled", f"{before} to {after} (services by {scaled['services_factor']:g})"))
        left = words.money(scaled["limited_absolute_musd"] / 1e3)
        rows.append(("  left unmatched", f"{left} in {scaled['cells_limited']} cells at the limit of the factor"))
    for key, value in removed.get("user_table", {}).items():
        if isinstance(value, int | float) and key.endswith("_musd"):
            rows.append((key.removesuffix("_musd").replace("_", " ").capitalize(), words.money(value / 1e3)))
    return rows


def _tariff_rows(tariffs: Mapping[str, Any]) -> list[tuple[str, str]]:
    importers = tariffs["importers"]
    if "file" in tariffs:
        given, missing = (tariffs["file"].get(key, []) for key in ("importers", "importers_without_rates"))
        return [("From your file", _few(given)), ("Without rates (zero)", _few(missing))]
    if importers == ["USA"]:
        year = f" in {tariffs['year']}" if tariffs["year"] else ""
        return [
            ("United States", f"duty collected over customs value{year}, by partner and sector"),
            ("Other importers", "zero: no source that may be shipped was found; give your own with --tariffs FILE"),
        ]
    return [("Importers with tariffs", f"{len(importers)}")]


def _few(codes: Sequence[str]) -> str:
    """Up to eight codes by name, more as their number."""
    return words.joined(codes) if len(codes) <= 8 else f"{len(codes)} importers"


def _elasticity_rows(elasticities: Mapping[str, Any]) -> list[tuple[str, str]]:
    low, high = elasticities["range"]
    rows = [("In use", f"{elasticities['in_use'] or 'as given'}, {low:.2g} to {high:.2g} by sector")]
    return rows + [(name, text.get("citation", "")) for name, text in elasticities["sets"].items()]


def _source_rows(sources: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(s["file"], f"{s['publisher']}; {s['edition']} (class {s['class']})") for s in sources]


def _file_text(row: Mapping[str, Any]) -> str:
    size = f"{row['bytes'] / 1000:.0f} kB" if row["bytes"] >= 1000 else f"{row['bytes']} B"
    return f"{size:>7}  {row['sha256'][:16]}"
