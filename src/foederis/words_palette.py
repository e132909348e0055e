"""Colours by meaning, light and dark, with a shape or a place for each: colour never stands alone.

The categories keep a distance of at least 12 (CIE76) from one another as seen with each of the three kinds of colour
blindness, and 3:1 contrast on their card. Gains and losses are green and orange, never green and red.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["AUTHORITY_COLOUR", "AUTHORITY_ORDER", "DARK", "DIVERGING", "LIGHT", "ROLE_COLOUR", "ROLE_SHAPE"]

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "page": "#FBFAF7",
        "card": "#FFFFFF",
        "ink": "#16202A",
        "muted": "#56626B",
        "grid": "#E3E5E4",
        "interval_50": "#7FB0E0",
        "interval_90": "#CFE1F3",
        "reference": "#5E6A74",
        "loss": "#B5490D",
        "gain": "#00755A",
        "blue": "#0B5CAB",
        "amber": "#C77700",
        "green": "#00855F",
        "pink": "#C2669B",
        "slate": "#37424B",
    }
)
DARK: Mapping[str, str] = MappingProxyType(
    {
        "page": "#10161C",
        "card": "#18212A",
        "ink": "#E8EDF1",
        "muted": "#9FB0BD",
        "grid": "#2A3641",
        "interval_50": "#2F6EA8",
        "interval_90": "#1D4263",
        "reference": "#98A6B1",
        "loss": "#F2995C",
        "gain": "#4CC9B0",
        "blue": "#5AA9F0",
        "amber": "#F0B93A",
        "green": "#2FB98C",
        "pink": "#F3B0D3",
        "slate": "#7C8C99",
    }
)

# Seven steps from the rival's side (or a loss) through neutral to the patron's (or a gain).
DIVERGING = ("#A8460A", "#D98A55", "#F0CDB4", "#ECEBE6", "#BDD3EA", "#6EA3D6", "#0B5CAB")

# From the bottom of the stack to its top: the oldest law first.
AUTHORITY_ORDER = ("mfn", "s201", "s301", "s232", "ieepa", "s122", "s338", "retaliation", "agreement", "other")
AUTHORITY_COLOUR: Mapping[str, str] = MappingProxyType(
    {
        "mfn": "slate",
        "s201": "interval_50",
        "s301": "pink",
        "s232": "blue",
        "ieepa": "amber",
        "s122": "green",
        "s338": "loss",
        "retaliation": "loss",
        "agreement": "gain",
        "other": "reference",
    }
)
ROLE_COLOUR: Mapping[str, str] = MappingProxyType(
    {"coercer": "blue", "target": "amber", "rival": "pink", "bystander": "slate"}
)
ROLE_SHAPE: Mapping[str, str] = MappingProxyType(
    {"coercer": "square", "target": "diamond", "rival": "triangle-up", "bystander": "circle"}
)
