"""An emulator of exact runs: what the page says while a lever moves, in a millisecond, with an error that was checked.

For each preset of the page, exact runs at a few hundred states (see `emulator_design`) are shipped as a surface:
medians, interval ends, chances and waterfalls as functions of the levers. Its error was measured on states that it has
not seen; beyond `BOUND` it is refused. Where no lever is moved it gives the exact answer. Rows and codes of an answer
are those of the exact one (`report_page.PageData`); bands come from the same surface as the middle.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis import report_page, store
from foederis.emulator_kriging import Kriging, fitted
from foederis.errors import DataError
from foederis.report_page import Estimate, PageData
from foederis.scenario_levers import LEVERS, State, legal, paid

__all__ = [
    "BOUND",
    "Emulator",
    "Part",
    "exact",
    "load",
    "page_of",
    "read",
    "scaled",
    "slots",
    "spared",
    "written",
]

Array = np.ndarray
Slot = tuple[str, Any, str]  # frame (or "numbers", "chances"), row (or key), column
BOUND = 0.35  # of a half-width of the 90 % interval of a number of the first screen; beyond it there is no emulator
FILE = "emulators"
KEPT = {
    "trust": ("low90", "low50", "median", "high50", "high90"),
    "tariff": ("rate",),
    "why": ("value", "low", "high"),
    "worth": ("probability",),
    "sectors": ("low90", "low50", "median", "high50", "high90"),
    "sectors_all": ("low90", "low50", "median", "high50", "high90"),
    "hedging": ("value",),
    "bystanders": ("change", "low", "high", "own", "own_low", "own_high", "watching", "watching_low", "watching_high"),
    "balance": ("value", "low", "high"),
}
ON_SECURITY = ("hns", "reassurance", "linkage")
GROUPS = ("trade", "trust", "power")
TRADE = ("gain", "target_income", "coercer_income", "probability_gain", "sectors", "sectors_all", "tariff")
TRUST = ("trust", "why")
DUTIES = ("tariff", "autos")
ON_TARGET = (*DUTIES, "counter")
STILL = ("price", "break_even")  # no lever moves the one; the other is read off the curve of `worth`
OF_COERCION = ("balance", "net", "break_even", "self_defeat", "self_defeat_annuity", "falls", "worth")
ENDS = ("low90", "low50", "median", "high50", "high90")
TRIPLES = (("low", "change", "high"), ("own_low", "own", "own_high"), ("watching_low", "watching", "watching_high"))


def spared(levers: Mapping[str, float]) -> bool:
    """Whether the target is spared: a world of its own, in which what is set on the target does nothing."""
    return bool(levers.get("exempt", 0.0))


def scaled(preset: str, levers: Mapping[str, float]) -> Float[Array, " input"]:
    """The state of the levers as inputs of a surface: each value on -1 to 1, and whether it was moved at all.

    A demand up to what is paid is none, and no act of size zero is one: such levers count as not moved, unless they
    take back what the preset asks. Nor do levers that do nothing where the target is spared.
    """
    still, nothing = legal(preset), paid(preset)
    values, moved = [], []
    for key, lever in LEVERS.items():
        if key == "exempt":
            continue
        mute = spared(levers) and key in ON_TARGET
        touched = key in levers and not mute and not _idle(key, levers[key], still[key], nothing)
        value = levers[key] if touched else still[key]
        if key == "hns" and touched:
            value = max(value, nothing)
        values.append(2.0 * (value - lever.low) / (lever.high - lever.low) - 1.0)
        moved.append(1.0 if touched else 0.0)
    return np.array(values + moved)


def _idle(key: str, value: float, still: float, nothing: float) -> bool:
    if key == "hns":
        return max(value, still) <= nothing
    return key in ("reassurance", "linkage", "counter") and value == still == 0


def slots(page: PageData) -> list[Slot]:
    """Where the emulated values of an answer stand, in a fixed order."""
    found: list[Slot] = []
    for key in page.numbers:
        if key not in STILL:
            found += [("numbers", key, name) for name in Estimate._fields]
    found += [("chances", key, "") for key in page.chances]
    for name, columns in KEPT.items():
        for k, row in enumerate(page.frames[name]):
            found += [(name, k, column) for column in columns if row[column] is not None]
    return found


def read(page: PageData, where: list[Slot]) -> Float[Array, " output"]:
    """The values of an answer at its slots."""
    return np.array([_value(page, slot) for slot in where], dtype=float)


def _value(page: PageData, slot: Slot) -> float:
    part, key, column = slot
    if part == "numbers":
        return float(getattr(page.numbers[key], column))
    if part == "chances":
        return float(page.chances[key])
    return float(page.frames[part][key][column])


def written(page: PageData, where: list[Slot], values: Float[Array, " output"]) -> PageData:
    """An answer with these values at its slots: chances and shares within their range, bands in order, sums whole."""
    numbers = {key: list(value) for key, value in page.numbers.items() if key not in STILL}
    chances = dict(page.chances)
    frames = {name: [dict(row) for row in rows] for name, rows in page.frames.items()}
    for (part, key, column), value in zip(where, values.tolist(), strict=True):
        if part == "numbers":
            numbers[key][Estimate._fields.index(column)] = value
        elif part == "chances":
            chances[key] = min(max(value, 0.0), 1.0)
        else:
            frames[part][key][column] = value
    done = {key: _ordered_estimate(key, value) for key, value in numbers.items()}
    _mend(frames)
    if "price" in page.numbers:
        done |= {"price": page.numbers["price"], "break_even": _break_even(frames["worth"])}
    here = {"gain": done["gain"].median, "trust_change": done["trust_change"].median} if "trust_change" in done else {}
    frames["frontier"] = [{"scenario": "this", **here}] if here else []
    return replace(page, numbers=done, chances=chances, frames=frames)


def _break_even(worth: report_page.Rows) -> Estimate:
    """The price that turns the policy into a bad trade: where a share of draws does so, by interpolation; infinite
    where it is not reached, 0 where it is from the start."""
    price = [row["price"] for row in worth]
    share = np.maximum.accumulate([row["probability"] for row in worth])

    def reached(part: float) -> float:
        if share[0] >= part:
            return 0.0
        return float("inf") if share[-1] < part else float(np.interp(part, share, price))

    return Estimate(reached(0.5), reached(0.05), reached(0.95))


def _ordered_estimate(key: str, value: list[float]) -> Estimate:
    low, high = min(value), max(value)
    share = report_page.NUMBERS[key].unit == "% of people"
    ends = [min(max(v, 0.0), 100.0) if share else v for v in (value[0], low, high)]
    return Estimate(*ends)


def _mend(frames: dict[str, list[dict[str, Any]]]) -> None:
    for name in ("trust", "sectors", "sectors_all"):
        least, most = (0.0, 100.0) if name == "trust" else (-100.0, float("inf"))
        ends = np.array([[row[column] for column in ENDS] for row in frames[name]]).reshape(-1, len(ENDS))
        for row, mended in zip(frames[name], np.sort(np.clip(ends, least, most), axis=1).tolist(), strict=True):
            row.update(zip(ENDS, mended, strict=True))
    for row in frames["tariff"]:
        row["rate"] = max(0.0, row["rate"])
    for row in frames["worth"]:
        row["probability"] = min(max(row["probability"], 0.0), 1.0)
    for row in frames["bystanders"]:
        for triple in TRIPLES:
            row.update(zip(triple, sorted(row[column] for column in triple), strict=True))
    by_year: dict[str, float] = {}
    for row in frames["hedging"]:
        row["value"] = max(0.0, row["value"])
        by_year[row["t"]] = by_year.get(row["t"], 0.0) + row["value"]
    for row in frames["hedging"]:
        row["share"] = 100.0 * row["value"] / by_year[row["t"]]
    for name, column in (("why", "channel"), ("balance", "term")):
        if frames[name]:
            parts = {row[column]: (row["value"], row["low"], row["high"]) for row in frames[name][:-1]}
            frames[name] = report_page.waterfall(column, parts)


@dataclass(frozen=True, eq=False)
class Piece:
    """A surface for some outputs from some inputs: outputs are `offset + scale * (principal parts @ basis)`."""

    inputs: Int[Array, " own"]
    outputs: Int[Array, " mine"]
    surface: Kriging
    scale: Float[Array, " mine"]
    basis: Float[Array, "part mine"]
    offset: Float[Array, " mine"]

    def at(self, inputs: Float[Array, " input"]) -> Float[Array, " mine"]:
        """Its outputs at one state."""
        return np.asarray(self.offset + self.scale * (self.surface.at(inputs[self.inputs]) @ self.basis))


@dataclass(frozen=True, eq=False)
class Part:
    """All outputs, by group: each group has the inputs that it can depend on, and a smoothness of its own."""

    pieces: Mapping[str, Piece]

    def at(self, inputs: Float[Array, " input"]) -> Float[Array, " output"]:
        """All outputs at one state."""
        found = np.empty(sum(len(piece.outputs) for piece in self.pieces.values()))
        for piece in self.pieces.values():
            found[piece.outputs] = piece.at(inputs)
        return found


def groups(where: Sequence[Slot]) -> dict[str, Int[Array, " mine"]]:
    """The outputs of each group: incomes and trade, which security does not move; trust; everything else."""
    found: dict[str, list[int]] = {name: [] for name in GROUPS}
    for k, (part, key, _) in enumerate(where):
        name = str(key) if part in ("numbers", "chances") else part
        found["trade" if name in TRADE else "trust" if name.startswith(TRUST) else "power"].append(k)
    return {name: np.array(places, dtype=int) for name, places in found.items()}


def inputs_of(group: str) -> Int[Array, " own"]:
    """Positions of the inputs that a group can depend on: values, then whether each was moved."""
    keys = [key for key in LEVERS if key != "exempt"]
    own = [k for k, key in enumerate(keys) if group != "trade" or key not in ON_SECURITY]
    return np.array([*own, *(len(keys) + k for k in own)], dtype=int)


@dataclass(frozen=True, eq=False)
class Emulator:
    """The emulator of a preset: one surface where the target is taxed, one where it is spared.

    `errors`: error by number of the first screen that 95 % of `checked` states it had not seen stay within, in
    half-widths of the 90 % interval (self-defeat: of a chance), and `worst` the largest; `error` is the largest of
    `errors`.
    """

    preset: str
    base: PageData  # the exact answer with no lever moved
    moved: PageData  # its form where one is: the rows of the tariff's path differ
    where: list[Slot]
    taxed: Part
    free: Part
    errors: Mapping[str, float]
    worst: Mapping[str, float]
    checked: int
    spared_pays: bool = False  # the preset takes something from a spared target too: an embargo is no duty

    @property
    def error(self) -> float:
        """The error that nearly all answers stay within, whichever number of the first screen is taken."""
        return max(self.errors.values())

    def values(self, levers: Mapping[str, float]) -> Float[Array, " output"]:
        """The values at the slots of an answer with these levers moved."""
        part = self.free if spared(levers) else self.taxed
        return part.at(scaled(self.preset, levers))

    def answer(self, levers: Mapping[str, float]) -> PageData:
        """The answer with these levers moved; UsageError when one is none or out of its range."""
        state = State(self.preset, levers)
        if not state.levers:
            return self.base
        found = self.said(self.values(state.levers), state.levers)
        return replace(found, source="emulator", run_id="", error=self.error)

    def said(self, values: Float[Array, " output"], levers: Mapping[str, float]) -> PageData:
        """The answer that has these values at its slots. Who takes nothing from the target gains nothing; where the
        preset does not coerce it either, what coercion does stands as in the preset."""
        found, taxes = written(self.moved, self.where, values), self.taxes(levers)
        numbers = found.numbers if taxes else {**found.numbers, "gain": Estimate(0.0, 0.0, 0.0)}
        found = replace(found, numbers=numbers, taxes_target=taxes)
        if self.coerces(levers) or any(self.base.numbers["balance"]):
            return found
        still = {key: self.base.numbers[key] for key in OF_COERCION if key in numbers}
        frames = {name: self.base.frames[name] for name in OF_COERCION if name in found.frames}
        chances = {key: self.base.chances[key] for key in OF_COERCION if key in found.chances}
        return replace(
            found,
            numbers={**numbers, **still},
            chances={**found.chances, **chances},
            frames={**found.frames, **frames},
        )

    def coerces(self, levers: Mapping[str, float]) -> bool:
        """Whether anything is taken from the target, asked of it, or tied."""
        still = legal(self.preset)
        asked = levers.get("hns", still["hns"]) > paid(self.preset)
        return self.taxes(levers) or asked or levers.get("linkage", still["linkage"]) > 0.0

    def taxes(self, levers: Mapping[str, float]) -> bool:
        """Whether anything is taken from the target: by the law of the preset, or by a lever."""
        set_here = any(levers.get(key, 0.0) > 0.0 for key in (*DUTIES, "surcharge"))
        return self.spared_pays if spared(levers) else self.base.taxes_target or set_here


@cache
def _card() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(store.shipped(f"{FILE}.json"))
    return found


@cache
def _file() -> zipfile.ZipFile:
    """The shipped arrays, each read when it is asked for."""
    return zipfile.ZipFile(io.BytesIO(store.shipped(f"{FILE}.npz")))


def exact(preset: str) -> PageData | None:
    """The exact answer of a preset with no lever moved, as shipped; None where there is none."""
    return None if preset not in _card()["presets"] else _pages(preset)[0]


@cache
def _pages(preset: str) -> tuple[PageData, PageData]:
    pages = json.loads(_array(preset, "pages").tobytes().decode())
    return page_of(pages["base"]), page_of(pages["moved"])


def _names(preset: str) -> list[str]:
    head = f"{preset}."
    return [n.removeprefix(head).removesuffix(".npy") for n in _file().namelist() if n.startswith(head)]


def _array(preset: str, name: str) -> Array:
    raw = io.BytesIO(_file().read(f"{preset}.{name}.npy"))
    return np.asarray(np.lib.format.read_array(raw, allow_pickle=False))


@cache
def load(preset: str) -> Emulator | None:
    """The emulator of a preset; None where there is none or its checked error is beyond the bound.

    Raises DataError when the shipped file is damaged or was made for another version of the model's inputs.
    """
    card = _card()["presets"].get(preset)
    if card is None or not card["errors"] or max(card["errors"].values()) > BOUND:
        return None
    kept = {name: _array(preset, name) for name in _names(preset)}
    base, moved = _pages(preset)
    where = slots(moved)
    if any(len(mine) != len(kept[f"taxed_{group}_offset"]) for group, mine in groups(where).items()):
        raise DataError(f"the emulator of {preset} does not fit its answer; build it again")
    return Emulator(
        preset=preset,
        base=base,
        moved=moved,
        where=where,
        taxed=_part(kept, "taxed", where),
        free=_part(kept, "free", where),
        errors=MappingProxyType(dict(card["errors"])),
        worst=MappingProxyType(dict(card["worst"])),
        checked=int(card["checked"]),
        spared_pays=bool(card["spared_pays"]),
    )


def _part(kept: Mapping[str, Array], name: str, where: Sequence[Slot]) -> Part:
    pieces = {}
    for group, outputs in groups(where).items():

        def of(what: str, head: str = f"{name}_{group}") -> Array:
            return kept[f"{head}_{what}"].astype(float)

        inputs = inputs_of(group)
        surface = fitted(kept[f"{name}_nodes"].astype(float)[:, inputs], of("parts"), [tuple(of("settings").tolist())])
        pieces[group] = Piece(inputs, outputs, surface, of("scale"), of("basis"), of("offset"))
    return Part(pieces)


def page_of(plain: Mapping[str, Any]) -> PageData:
    """An answer from its plain form (`PageData.as_dict`); what was not finite is not a number, or infinite."""

    def back(value: float | None, other: float) -> float:
        return other if value is None else value

    numbers = {
        key: Estimate(back(v["median"], float("inf")), back(v["low"], float("nan")), back(v["high"], float("inf")))
        for key, v in plain["numbers"].items()
    }
    rest = {k: plain[k] for k in ("scenario", "date", "coercer", "target", "rival", "source", "run_id", "draws")}
    more = {k: plain[k] for k in ("vintage", "taxes_target", "chances", "frames", "error")}
    return PageData(**rest, **more, marks=tuple(plain["marks"]), numbers=numbers)
