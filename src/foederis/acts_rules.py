"""What an act is worth to the patron and what it costs the ally, by stated rules in its magnitudes.

`harm` h and `gain` g are in one unit: the unit of the patron's payoff in which the weights w and the sharpness lambda
of a leader's choice are stated (equations B2 and B3). Only differences between the options of one decision matter.
Every number is in `COEFFICIENTS` with its source, or marked as an assumption; none belongs to one event.

A decision is a menu: what was done, and what else could have been done.

    restraint        leave things as they are, say something kind
    consultation     raise the matter in talks between governments
    dispute          an ordinary complaint, a case before a court of trade
    reassurance      costly: forces, binding duties
    reference        a tariff of the reference size, unconnected with defence
    reference_tied   the same, with defence made part of it
    act              what was done
    other_framing    the same with defence taken out of it, or made part of it
    carry_out        a threat, carried out
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from foederis.acts import CHANNELS, Act

__all__ = ["COEFFICIENTS", "Coefficient", "coefficient", "gain", "harm", "main_channel", "menu", "reference_menu"]

_ASSUMED = "assumed"
_DESIGN = (
    "assumed: with weights 2 and 0.4 and sharpness 1.5 it gives the log odds of the worked example in docs/model.md"
)


@dataclass(frozen=True)
class Coefficient:
    """One number of the rules: value, unit, mark (D data, L literature, A assumption), source."""

    value: float
    unit: str
    badge: str
    source: str


COEFFICIENTS: Mapping[str, Coefficient] = MappingProxyType(
    {
        "harm_per_point": Coefficient(0.06, "harm per point of tariff on all the ally's exports", "A", _DESIGN),
        "harm_of_linkage": Coefficient(1.0, "harm of making defence part of it", "A", _DESIGN),
        "harm_of_surprise": Coefficient(0.3, "harm of no notice, or of a decision reversed", "A", _ASSUMED),
        "harm_per_log_demand": Coefficient(0.3, "harm per log of what is asked over what is paid", "A", _ASSUMED),
        "harm_of_exit": Coefficient(1.2, "harm of leaving a treaty, as a tariff of the reference size", "A", _ASSUMED),
        "harm_per_log_party": Coefficient(0.1, "harm per log of half the signatories left", "A", _ASSUMED),
        "harm_of_breach": Coefficient(0.6, "harm of breaking a promise, on top of what is done", "A", _ASSUMED),
        "harm_of_consultation": Coefficient(-0.1, "harm", "A", _DESIGN),
        "harm_of_dispute": Coefficient(0.1, "harm", "A", _DESIGN),
        "harm_of_reassurance": Coefficient(-1.0, "harm", "A", _DESIGN),
        "chance_carried_out": Coefficient(
            14 / 38,
            "chance that a threat is carried out",
            "D",
            "TIES 4.1: 14 of 38 United States threats to Japan, 1969-2005",
        ),
        "best_tariff": Coefficient(
            19.0,
            "per cent at which the patron's gain is largest",
            "L",
            "Ignatenko et al. (2025), optimal uniform tariff",
        ),
        "gain_of_best_tariff": Coefficient(0.2, "gain", "A", _DESIGN),
        "gain_of_linkage": Coefficient(0.4, "gain of leverage", "A", _DESIGN),
        "gain_of_dispute": Coefficient(0.1, "gain", "A", _DESIGN),
        "gain_of_consultation": Coefficient(0.0, "gain", "A", _DESIGN),
        "gain_of_reassurance": Coefficient(-1.945, "gain (a cost)", "A", _DESIGN),
        "gain_of_exit": Coefficient(0.3, "gain", "A", _ASSUMED),
        "gain_per_billion": Coefficient(
            0.022,
            "gain per billion USD a year",
            "A",
            "0.2 over 9 bn USD a year, the trade model's gain from taxing Japan",
        ),
        "share_of_demand_paid": Coefficient(
            0.1,
            "share of a demand that is paid",
            "D",
            "special measures agreements: 196 to 211 bn yen after a demand of 8 bn USD",
        ),
        "grant_share": Coefficient(0.05, "share of a pledge that is a gift", "A", _ASSUMED),
        "reference_tariff": Coefficient(20.0, "points of the reference tariff", "A", _DESIGN),
    }
)


def coefficient(name: str) -> float:
    """The value of a coefficient."""
    return COEFFICIENTS[name].value


@dataclass(frozen=True)
class Choice:
    """One option of a decision: its name, the patron's gain, the ally's harm, the harm by channel."""

    name: str
    gain: float
    harm: float
    by_channel: tuple[float, ...]


def harm(act: Act) -> Mapping[str, float]:
    """Harm of an act by channel. A threat counts at its chance of being carried out, as unpredictability or linkage."""
    if act.kind == "ruling":
        return {}
    found = dict(_RULES[act.kind](act))
    if act.surprise and act.kind != "surprise":
        found["unpredictability"] = found.get("unpredictability", 0.0) + coefficient("harm_of_surprise")
    if act.tied:
        found["linkage"] = coefficient("harm_of_linkage") * act.tied
    return found if act.carried_out else _threatened(act, found)


def _threatened(act: Act, found: Mapping[str, float]) -> dict[str, float]:
    """What was not done harms by the chance that it would be; of a demand that was made only the tie is a threat."""
    chance = _chance(act)
    if act.kind == "demand":
        return {name: value * (chance if name == "linkage" else 1.0) for name, value in found.items()}
    moved = {"tariff": "unpredictability", "treaty_exit": "unpredictability"}
    result: dict[str, float] = {}
    for name, value in found.items():
        where = moved.get(name, name)
        result[where] = result.get(where, 0.0) + chance * value
    return result


def gain(act: Act) -> float:
    """The patron's gain from an act, threats at their chance of being carried out."""
    if act.kind == "ruling":
        return 0.0
    rule = _GAINS.get(act.kind)
    value = 0.0 if rule is None else rule(act)
    value += coefficient("gain_per_billion") * coefficient("grant_share") * act.payment
    if act.tied:
        value += coefficient("gain_of_linkage") * act.tied
    return value if act.carried_out else _chance(act) * value


def main_channel(act: Act) -> str:
    """The channel of the largest part of an act's harm; restraint for words, court for rulings."""
    if act.kind == "ruling":
        return "court"
    parts = harm(act)
    return max(parts, key=lambda name: abs(parts[name])) if parts else "restraint"


def menu(act: Act) -> tuple[Choice, ...]:
    """The options of the decision in which the act was chosen; a ruling has no alternative."""
    done = _choice("act", act)
    if act.kind == "ruling":
        return (done,)
    others = {choice.name: choice for choice in _standing()}
    if act.coercive:
        others = {name: c for name, c in others.items() if not name.startswith("reference")}
        others["other_framing"] = _choice("other_framing", replace(act, tied=1.0 - act.tied))
        if not act.carried_out:
            others["carry_out"] = _choice("carry_out", replace(act, carried_out=True))
    same = {"words": "restraint", "summit": "restraint", "agreement": "consultation", "dispute": "dispute"}
    same["reassurance"] = "reassurance"
    if act.carried_out and not act.coercive:
        others.pop(same.get(act.kind, ""), None)  # what was done stands once in the menu
    kept = [c for name, c in others.items() if not act.feasible or name in act.feasible]
    return (*kept, done)


def reference_menu() -> tuple[Choice, ...]:
    """The standing menu of a quarter without an act: restraint was chosen (last)."""
    first, *others = _standing()
    return (*others, first)


def _standing() -> tuple[Choice, ...]:
    size = coefficient("reference_tariff")
    rows: tuple[tuple[str, float, dict[str, float]], ...] = (
        ("restraint", 0.0, {}),
        ("consultation", coefficient("gain_of_consultation"), {"reassurance": coefficient("harm_of_consultation")}),
        ("dispute", coefficient("gain_of_dispute"), {"tariff": coefficient("harm_of_dispute")}),
        ("reassurance", coefficient("gain_of_reassurance"), {"reassurance": coefficient("harm_of_reassurance")}),
        ("reference", _tariff_gain(size), {"tariff": coefficient("harm_per_point") * size}),
        (
            "reference_tied",
            _tariff_gain(size) + coefficient("gain_of_linkage"),
            {"tariff": coefficient("harm_per_point") * size, "linkage": coefficient("harm_of_linkage")},
        ),
    )
    return tuple(_packed(name, value, parts) for name, value, parts in rows)


def _choice(name: str, act: Act) -> Choice:
    return _packed(name, gain(act), harm(act))


def _packed(name: str, value: float, parts: Mapping[str, float]) -> Choice:
    by_channel = tuple(parts.get(channel, 0.0) for channel in CHANNELS)
    return Choice(name, value, sum(by_channel), by_channel)


def _chance(act: Act) -> float:
    return coefficient("chance_carried_out") if act.chance is None else act.chance


def _tariff_gain(points: float) -> float:
    """Largest at the best tariff, zero at none, a parabola between."""
    best = coefficient("best_tariff")
    return coefficient("gain_of_best_tariff") * (1.0 - (1.0 - points / best) ** 2)


def _tariff(act: Act) -> dict[str, float]:
    return {"tariff": coefficient("harm_per_point") * act.points}


def _demand(act: Act) -> dict[str, float]:
    if act.magnitude is None:
        return {"host_nation_support": 0.0}
    return {"host_nation_support": coefficient("harm_per_log_demand") * math.log(act.magnitude / act.before)}


def _exit(act: Act) -> dict[str, float]:
    parties = math.log((act.magnitude or 2.0) / 2.0)
    return {"treaty_exit": coefficient("harm_of_exit") + coefficient("harm_per_log_party") * parties}


def _demand_gain(act: Act) -> float:
    if act.magnitude is None or not act.unit.startswith("USD bn"):
        return coefficient("gain_of_dispute")
    return coefficient("gain_per_billion") * coefficient("share_of_demand_paid") * (act.magnitude - act.before)


def _tariff_change_gain(act: Act) -> float:
    after = (act.magnitude or 0.0) * act.coverage
    return _tariff_gain(after) - _tariff_gain(act.before * act.coverage)


_RULES: Mapping[str, Callable[[Act], dict[str, float]]] = {
    "tariff": _tariff,
    "demand": _demand,
    "exit": _exit,
    "renege": lambda act: {**_tariff(act), "treaty_exit": coefficient("harm_of_breach")},
    "surprise": lambda act: {"unpredictability": coefficient("harm_of_surprise")},
    "dispute": lambda act: {"tariff": coefficient("harm_of_dispute")},
    "agreement": lambda act: {"reassurance": coefficient("harm_of_consultation")},
    "reassurance": lambda act: {"reassurance": coefficient("harm_of_reassurance") * act.coverage},
    "words": lambda act: {},
    "summit": lambda act: {},
}
_GAINS: Mapping[str, Callable[[Act], float]] = {
    "tariff": _tariff_change_gain,
    "renege": _tariff_change_gain,
    "demand": _demand_gain,
    "exit": lambda act: coefficient("gain_of_exit"),
    "dispute": lambda act: coefficient("gain_of_dispute"),
    "agreement": lambda act: coefficient("gain_of_consultation"),
    "reassurance": lambda act: coefficient("gain_of_reassurance") * act.coverage,
}
