"""What allies come to believe about the patron: state, one quarter's step, and the path over quarters.

Order inside a quarter: the leader of the quarter takes office (B5); acts are seen (B2-B4), on oneself and, as `region`
weighs them, on others; rapport moves (B6); reliability follows (B7). Polls (B8) read the state and never feed back.

Rival readings are switches, not parameters:

    bayes   observers learn from every act that the leader chose
    none    nobody learns (Mercer 1996, Press 2005, Whang 2011); also the way to switch signalling off
    henry   only acts about defence tell, and disloyalty to others reassures (Henry 2020)
    sukin   as bayes, but a credible guarantee raises the wish for independence (Sukin 2020)

Both priors on the share of transactional leaders, Beta(1, 12) and Beta(3, 8), are in `STRUCTURAL`; print both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float

from foederis.acts_arrays import ActArrays
from foederis.beliefs_equations import (
    evidence,
    leader_trust,
    logistic,
    logit,
    perceived_linkage,
    rapport,
    reliability,
    structural_share,
    turnover,
)
from foederis.errors import DataError, UsageError
from foederis.numerics import namespace
from foederis.priors import Parameter

__all__ = [
    "NAMES",
    "PRIORS",
    "RIVALS",
    "STRUCTURAL",
    "Inputs",
    "Path",
    "State",
    "Trace",
    "half_life",
    "heard",
    "independence_wish",
    "initial",
    "inputs",
    "learn",
    "register",
    "run",
    "step",
]

Array = Any  # numpy.ndarray or jax.Array
Rival = Literal["bayes", "none", "henry", "sukin"]
RIVALS: tuple[str, ...] = get_args(Rival)
STRUCTURAL: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"Beta(1, 12)": (1.0, 12.0), "Beta(3, 8)": (3.0, 8.0)}  # n_X0, n_P0
)
PRIORS: tuple[Parameter, ...] = (
    Parameter(
        "leader_memory", "m", "uniform", (0.0, 1.0), "P", "A", "beliefs", "what is still held of a leader who returns",
        "assumed; 0 is the full reset of McGillivray & Smith (2008), 1 a public that forgets nothing",
    ),
    Parameter(
        "henry_reversal", "ε", "uniform", (0.0, 0.5), "P", "A", "beliefs",
        "how far disloyalty to others reassures, in the reading of Henry only", "Henry (2020): direction; size assumed",
    ),
)  # fmt: skip
NAMES = (
    *"lambda_U w_P w_X kappa_sign n_X0 n_P0 rho_R_mass rho_R_elite r_P r_X0 lambda_G lambda_c".split(),
    *(parameter.name for parameter in PRIORS),
)


@dataclass(frozen=True)
class State:
    """Beliefs of each observer at the end of a quarter.

    `L` log odds that the leader is principled; `n_X`, `n_P` counts of leaders (B1); `R_mass`, `R_elite` rapport in
    summits; `left` how far L stood above a fresh start when each person left office.
    """

    L: Float[Array, "draw country"]
    n_X: Float[Array, "draw country"]
    n_P: Float[Array, "draw country"]
    R_mass: Float[Array, "draw country"]
    R_elite: Float[Array, "draw country"]
    left: Float[Array, "draw country person"]


@dataclass(frozen=True)
class Inputs:
    """What happens in one quarter.

    `seen` decisions made towards each observer; `leaves` 1 at a turnover; `incoming`, `outgoing` who takes and leaves
    office (1 for that person; all 0 without turnover); `visits` summits; `watched` log odds that the treatment of
    others adds (computed by region from `Trace.news`); `grievance` and `concession` in standard deviations of the
    bilateral balance.
    """

    seen: Float[Array, "country act"]
    leaves: Float[Array, ""]
    incoming: Float[Array, " person"]
    outgoing: Float[Array, " person"]
    visits: Float[Array, " country"]
    watched: Float[Array, "#draw country"]
    grievance: Float[Array, "#draw country"]
    concession: Float[Array, "#draw country"]


@dataclass(frozen=True)
class Trace:
    """What a quarter did: belief, reliability, linkage index, wish for independence, and where L came from."""

    mu: Float[Array, "draw country"]
    r: Float[Array, "draw country"]
    pli: Float[Array, "draw country"]
    independence: Float[Array, "draw country"]
    E_q: Float[Array, "draw country"]
    news: Float[Array, "draw country"]  # log odds from acts on the observer itself
    watched: Float[Array, "draw country"]  # log odds from acts on others, as weighed
    reset: Float[Array, "draw country"]  # log odds that the turnover moved


@dataclass(frozen=True)
class Path:
    """States and traces over quarters, stacked: [quarter, draw, country]."""

    quarters: tuple[str, ...]
    observers: tuple[str, ...]
    start: State
    L: Float[Array, "quarter draw country"]
    n_X: Float[Array, "quarter draw country"]
    n_P: Float[Array, "quarter draw country"]
    R_mass: Float[Array, "quarter draw country"]
    r: Float[Array, "quarter draw country"]
    mu: Float[Array, "quarter draw country"]
    news: Float[Array, "quarter draw country"]
    watched: Float[Array, "quarter draw country"]
    reset: Float[Array, "quarter draw country"]


def initial(p: Mapping[str, Array], observers: int, persons: int) -> State:
    """Beliefs before the first quarter: counts of the prior, and a leader as the prior has him.

    Raises UsageError when a parameter is missing.
    """
    missing = [name for name in NAMES if name not in p]
    if missing:
        raise UsageError(f"beliefs: parameters {', '.join(missing)} are missing; draw them from the priors")
    xp = namespace(p["n_X0"])
    ones = xp.ones((p["n_X0"].shape[0], observers))
    n_X, n_P = p["n_X0"][:, None] * ones, p["n_P0"][:, None] * ones
    zero = 0.0 * ones
    left = xp.zeros((*ones.shape, persons))
    return State(logit(1.0 - structural_share(n_X, n_P)), n_X, n_P, zero, zero, left)


def learn(arrays: ActArrays, p: Mapping[str, Array], rival: Rival = "bayes") -> Float[Array, "draw act"]:
    """What each act tells under a reading (B3), the same for every observer it is done to; [draw, act].

    Raises UsageError on an unknown reading.
    """
    if rival not in RIVALS:
        raise UsageError(f"no reading {rival!r} of beliefs; one of {', '.join(RIVALS)}")
    xp = namespace(p["lambda_U"])
    told = evidence(
        p["lambda_U"], p["w_P"], p["w_X"], xp.asarray(arrays.gain), xp.asarray(arrays.harm),
        xp.asarray(arrays.allowed), xp.asarray(arrays.chosen),
    )  # fmt: skip
    return heard(arrays, rival) * told


def heard(arrays: ActArrays, rival: Rival) -> Float[Array, " act"]:
    """How far each act is heard under a reading: 1, or 0."""
    return {"none": 0.0 * arrays.security, "henry": arrays.security}.get(rival, np.ones_like(arrays.security))


def step(
    state: State,
    inputs: Inputs,
    p: Mapping[str, Array],
    ell: Float[Array, "draw act"],
    zeta: Float[Array, " act"],
    rival: Rival = "bayes",
    turning: bool = True,
) -> tuple[State, Trace]:
    """One quarter. `ell` is the evidence of `learn`, `zeta` the share the leader chose. Nothing here depends on values:
    the same code runs on NumPy and inside a compiled JAX loop.

    `turning` false skips B5: for a quarter known to be without a turnover, where it would change nothing.
    """
    L, n_X, n_P, left = state.L, state.n_X, state.n_P, state.left
    if turning:
        L, n_X, n_P, left = _take_office(state, inputs, p, rival)
    told = leader_trust(L, p["kappa_sign"], zeta, ell, inputs.seen)
    watched = _watched(inputs.watched, p, rival)
    R_mass = rapport(state.R_mass, p["rho_R_mass"], inputs.visits)
    R_elite = rapport(state.R_elite, p["rho_R_elite"], inputs.visits)
    new = State(told + watched, n_X, n_P, R_mass, R_elite, left)
    mu = logistic(new.L)
    r = reliability(mu, p["r_P"], p["r_X0"], p["lambda_G"], p["lambda_c"], inputs.grievance, inputs.concession)
    wish = independence_wish(r, rival)
    zero = 0.0 * L
    trace = Trace(mu, r, perceived_linkage(mu), wish, structural_share(n_X, n_P), told - L, watched + zero, L - state.L)
    return new, trace


def _take_office(
    state: State, inputs: Inputs, p: Mapping[str, Array], rival: Rival
) -> tuple[Array, Array, Array, Array]:
    """B5, with what was believed of each person when he left; returns L, n_X, n_P, left."""
    leaves = inputs.leaves * (0.0 if rival == "none" else 1.0)
    above = state.L - logit(1.0 - structural_share(state.n_X, state.n_P))
    left = state.left + inputs.outgoing * (above[..., None] - state.left)
    recalled = (left * inputs.incoming).sum(axis=-1)
    return (*turnover(state.L, state.n_X, state.n_P, leaves, recalled, p["leader_memory"]), left)


def _watched(watched: Array, p: Mapping[str, Array], rival: Rival) -> Array:
    """The treatment of others as a reading hears it."""
    if rival == "henry":
        return -p["henry_reversal"][:, None] * watched
    return 0.0 * watched if rival == "none" else watched


def independence_wish(r: Float[Array, "draw country"], rival: Rival = "bayes") -> Float[Array, "draw country"]:
    """The wish to stand alone: it falls with reliability, and rises with it in the reading of Sukin (2020)."""
    return r if rival == "sukin" else 1.0 - r


def inputs(arrays: ActArrays, quarter: int) -> Inputs:
    """What the acts say of one quarter; no grievance, no concession, nobody watched (replace these as known)."""
    countries, persons = len(arrays.observers), len(arrays.persons)
    incoming, outgoing = np.zeros(persons), np.zeros(persons)
    if arrays.turnover[quarter]:
        incoming[arrays.leader[quarter]] = 1.0
        outgoing[arrays.leader[quarter - 1]] = 1.0
    zero = np.zeros((1, countries))
    return Inputs(
        arrays.seen[quarter], np.asarray(arrays.turnover[quarter]), incoming, outgoing, arrays.visits[quarter],
        zero, zero, zero,
    )  # fmt: skip


def run(
    arrays: ActArrays,
    p: Mapping[str, Float[Array, " draw"]],
    *,
    rival: Rival = "bayes",
    grievance: Float[Array, "quarter country"] | None = None,
    concession: Float[Array, "quarter country"] | None = None,
    watched: Float[Array, "quarter draw country"] | None = None,
    occurs: Float[Array, "draw act"] | None = None,
) -> Path:
    """The path of beliefs over all quarters, in NumPy. Raises DataError when a result is not finite.

    `occurs` says in which draws an act happens at all (1 or 0; None: every act in every draw), for contingent ones.
    """
    ell = learn(arrays, p, rival)
    if occurs is not None:
        ell = ell * occurs
    state = start = initial(p, len(arrays.observers), len(arrays.persons))
    shape = (len(arrays.quarters), *state.L.shape)
    kept = {name: np.empty(shape) for name in _KEPT}
    for t, quarter in enumerate(_quarters(arrays, grievance, concession, watched)):
        made = np.flatnonzero(quarter.seen.any(axis=0))  # only decisions of this quarter can tell anything
        quarter = replace(quarter, seen=quarter.seen[:, made])
        turning = bool(arrays.turnover[t])
        state, trace = step(state, quarter, p, ell[:, made], arrays.zeta[made], rival, turning)
        for name, values in kept.items():
            values[t] = getattr(state, name) if hasattr(state, name) else getattr(trace, name)
        if not np.isfinite(state.L).all():
            raise DataError(f"beliefs: trust is not finite in {arrays.quarters[t]}; check the parameters and the acts")
    return Path(arrays.quarters, arrays.observers, start, **kept)


_KEPT = ("L", "n_X", "n_P", "R_mass", "r", "mu", "news", "watched", "reset")


def _quarters(
    arrays: ActArrays, grievance: Array | None, concession: Array | None, watched: Array | None
) -> Iterator[Inputs]:
    for t in range(len(arrays.quarters)):
        found = inputs(arrays, t)
        given = {"grievance": grievance, "concession": concession}
        extra = {name: path[t][None, :] for name, path in given.items() if path is not None}
        if watched is not None:
            extra["watched"] = watched[t]
        yield replace(found, **extra)


def register() -> None:
    """Make the dataclasses here JAX pytrees, so that `step` runs under `jax.lax.scan`. Imports JAX; acts once."""
    if _registered:
        return
    import jax

    for kind in (State, Inputs, Trace):
        jax.tree_util.register_dataclass(kind, [field.name for field in fields(kind)], [])
    _registered.append(True)


_registered: list[bool] = []


def half_life(response: Sequence[float]) -> float:
    """Steps until half of the first value of an impulse response is gone; infinite when it never is."""
    values = np.abs(np.asarray(response, dtype=float))
    gone = np.flatnonzero(values <= 0.5 * values[0])
    if not gone.size:
        return float("inf")
    k = int(gone[0])
    before, after = values[k - 1], values[k]
    return float(k - 1 + (before - 0.5 * values[0]) / (before - after)) if k else 0.0
