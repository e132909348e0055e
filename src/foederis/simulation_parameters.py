"""Every parameter of the alliance with its prior: the shared table and what each block adds, under one seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Int

from foederis import balance, beliefs, beliefs_polls, hedging, priors
from foederis.errors import DataError, UsageError
from foederis.priors import Parameter

__all__ = ["VARIANTS", "coherent", "draw", "held", "medians", "parameters", "support"]

Array = np.ndarray
PRIORS: tuple[Parameter, ...] = (
    Parameter(
        "disbursed", "d", "triangular", (0.03, 0.15, 0.60), "P", "A", "beliefs",
        "share of a pledge to the patron that counts as paid", "assumed; deal texts leave it open",
    ),
)  # fmt: skip
VARIANTS: Mapping[str, tuple[float, float]] = beliefs.STRUCTURAL  # priors on the share of transactional leaders


@cache
def parameters() -> Mapping[str, Parameter]:
    """All parameters by name, in the order of the blocks; DataError when two blocks use one name."""
    found = dict(priors.PARAMETERS)
    for parameter in (*beliefs.PRIORS, *beliefs_polls.PRIORS, *hedging.PRIORS, *balance.PRIORS, *PRIORS):
        if parameter.name in found:
            raise DataError(f"two blocks have a parameter {parameter.name!r}; rename one")
        found[parameter.name] = parameter
    return MappingProxyType(found)


def draw(
    seed: int,
    numbers: Sequence[int] | Int[Array, " draw"],
    variant: str = "Beta(1, 12)",
    fixed: Mapping[str, float] | None = None,
) -> dict[str, Float[Array, " draw"]]:
    """Values of all parameters at these draw numbers. `variant` is the prior on leaders, `fixed` sets some by hand.

    Raises UsageError on an unknown variant or parameter.
    """
    if variant not in VARIANTS:
        raise UsageError(f"no prior on leaders {variant!r}; one of {', '.join(VARIANTS)}")
    found = priors.draw(seed, numbers, table=parameters())
    n_X, n_P = VARIANTS[variant]
    for name, value in {"n_X0": n_X, "n_P0": n_P, **(fixed or {})}.items():
        if name not in found:
            raise UsageError(f"no parameter {name!r}; list them with: foederis assumptions")
        found[name] = np.full(len(numbers), float(value))
    return coherent(found)


def held(fixed: Mapping[str, float], draws: int) -> dict[str, Float[Array, " draw"]]:
    """Parameters held at a value in all draws.

    Raises UsageError on an unknown name, or a value that the prior holds for impossible.
    """
    table, found = parameters(), {}
    for name, value in fixed.items():
        if name not in table:
            near = get_close_matches(name, list(table), 1)
            hint = f"did you mean {near[0]!r}?" if near else "list them with: foederis assumptions"
            raise UsageError(f"assumptions: no parameter {name[:60]!r}; {hint}")
        low, high = support(name)
        if not low <= value <= high:
            raise UsageError(f"assumptions: {name} is {value:g}, outside its prior, {table[name].describe()}")
        found[name] = np.full(draws, float(value))
    return found


def support(name: str) -> tuple[float, float]:
    """Between which values a parameter can lie at all (infinite where its prior has no end)."""
    one = parameters()[name]
    if one.family in ("uniform", "triangular"):
        return one.args[0], one.args[-1]
    if one.family == "fixed":
        return -np.inf, np.inf
    return {"unit_normal": (0.0, 1.0), "positive_normal": (0.0, np.inf), "lognormal": (0.0, np.inf)}.get(
        one.family, (-np.inf, np.inf)
    )


def coherent(p: Mapping[str, Float[Array, " draw"]]) -> dict[str, Float[Array, " draw"]]:
    """Values drawn one by one made to fit together: a principled patron is by definition the more reliable one."""
    return {**p, "r_P": np.maximum(p["r_P"], p["r_X0"]), "r_X0": np.minimum(p["r_P"], p["r_X0"])}


def medians(draws: int = 1) -> dict[str, Float[Array, " draw"]]:
    """Every parameter at the median of its prior."""
    half = np.full(draws, 0.5)
    return {name: priors.quantile(parameter, half) for name, parameter in parameters().items()}
