"""Draws and paths for tests of the security, hedging and balance blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from foederis import balance, dyad, hedging, priors, security

Array = np.ndarray


def parameters(draws: int, **fixed: float) -> dict[str, Array]:
    """Every parameter by its prior, with some fixed."""
    p = priors.draw(11, range(draws))
    u = np.random.default_rng(12)
    for parameter in (*hedging.PRIORS, *balance.PRIORS):
        p.setdefault(parameter.name, priors.quantile(parameter, u.random(draws)))
    return p | {name: np.full(draws, value) for name, value in fixed.items()}


def medians(draws: int = 1, **fixed: float) -> dict[str, Array]:
    """Every parameter at its median, with some fixed."""
    p = {name: np.full(draws, priors.median(name)) for name in priors.PARAMETERS}
    for parameter in (*hedging.PRIORS, *balance.PRIORS):
        p.setdefault(parameter.name, np.full(draws, priors.quantile(parameter, np.array([0.5]))[0]))
    return p | {name: np.full(draws, value) for name, value in fixed.items()}


def paths(reliability: Array, quarters: int = 80, **changes: Array) -> dict[str, Array]:
    """Inputs of the hedging block stacked over time, [quarter, draw]; `reliability` is [quarter, draw]."""
    pair = dyad.load()
    years = dyad.quarters(count=quarters)
    draws = reliability.shape[1]
    own = hedging.exogenous(pair, years)
    wide = {
        name: np.repeat(path[:, None], draws, axis=1) if path.ndim == 1 else path
        for name, path in own.items()
        if name not in ("open", "rungs_known")
    }
    zero = np.zeros((quarters, draws))
    found = {
        **wide,
        "open": own["open"],
        "rungs_known": own["rungs_known"],
        "reliability": reliability,
        "demand": zero,
        "fiscal": zero,
        "effort_limit": zero + 9.0,
        "uniform": np.random.default_rng(13).random((quarters, draws)),
        "patron": zero + 400.0,
        "rapport": zero,
        "pli": zero,
        "stake": zero + 1.0,
    }
    return found | changes


def at(found: Mapping[str, Array], quarter: int) -> hedging.Inputs:
    """The inputs of one quarter."""
    return hedging.Inputs(**{name: path[quarter] for name, path in found.items()})


def simulate(
    found: Mapping[str, Array], p: Mapping[str, Array], settings: hedging.Settings | None = None
) -> tuple[hedging.State, list[hedging.Trace]]:
    """The block run over its paths."""
    settings = settings or hedging.settings_of(dyad.load())
    state = hedging.initial(at(found, 0), p, settings, security.challenge_loss)
    traces = []
    for quarter in range(len(found["open"])):
        state, trace = hedging.step(state, at(found, quarter), p, settings=settings, value=security.challenge_loss)
        traces.append(trace)
    return state, traces


def fall(draws: int, quarters: int = 80, before: float = 0.75, drop: float = 0.1, start: int = 32) -> Array:
    """Reliability that falls once and stays down, [quarter, draw]."""
    path = np.full((quarters, draws), before)
    path[start:] -= drop
    return path


def registered(*classes: Any) -> None:
    """Make dataclasses known to JAX; a class may be registered once in a process."""
    import contextlib

    import jax

    for cls in classes:
        with contextlib.suppress(ValueError):
            jax.tree_util.register_dataclass(cls, list(cls.__dataclass_fields__), [])
