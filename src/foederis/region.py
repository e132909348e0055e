r"""Bystanders between the patron and the rival: alignment, what they learn from others, courtship and sticks (R1-R4).

Each bystander's own treatment stands apart from its watching the ally's: a duty on Vietnam moves Vietnam through R1
and through its own column of R3; a duty on Japan alone moves Vietnam only through the watching weight omega. Every
change of a share is split into the channels of `CHANNELS`, which sum to it.

Everything is a change since the first quarter of a run: the level of a share comes from surveys (`region_data`), and
what survey and channels do not explain is the remainder, never a treatment. Letters: `P` chance of siding with the
patron, `u` utility of doing so over siding with the rival, in logit units; `L` log odds that the patron's leader is
principled; `k` courtship, `z` coercion by the rival.

Off (`on`): `region` keeps shares as they start; `watching` sets omega to 0; `own_treatment` drops own duties and own
acts; `china` freezes courtship and coercion where they start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float

from foederis.numerics import namespace

__all__ = ["ALL_ON", "CHANNELS", "Inputs", "Setting", "State", "Trace", "alignment_share",
           "alignment_utility", "courtship", "initial", "learn", "register", "reliability", "step", "watched",
           "watching_weight"]  # fmt: skip

Array = Any  # numpy.ndarray or jax.Array
Draws = Mapping[str, Array]
CHANNELS = ("own treatment", "watching", "economic pull", "courtship", "coercion", "remainder")
ALL_ON: Mapping[str, bool] = {"region": True, "watching": True, "own_treatment": True, "china": True}


def alignment_utility(
    alpha: Float[Array, "draw country"],
    pull: Float[Array, "draw country"],
    treatment: Float[Array, "draw country"],
    trust: Float[Array, "draw country"],
    k: Float[Array, "draw country"],
    z: Float[Array, "draw country"],
    shock: Float[Array, "draw country"],
    p: Draws,
) -> Float[Array, "draw country"]:
    r"""[R1] Utility of siding with the patron over the rival, logit units.

    $u_i(U) - u_i(C) = \alpha_i + \beta_E(E_{iU} - E_{iC}) + \beta_{own} T_i + \beta_S \hat r_i - \beta_C k_i
    + \beta_z z_i + \epsilon_i$. Random utility: McFadden (1974); the economic pull: Kleinman, Liu & Redding (2024),
    Broner et al. (2025). Regressors are changes since the start in the units of `Inputs`. No sign of a beta is imposed.
    """
    return (
        alpha
        + p["beta_E"][:, None] * pull
        + p["beta_own"][:, None] * treatment
        + p["beta_S"][:, None] * trust
        - p["beta_C"][:, None] * k
        + p["beta_z"][:, None] * z
        + shock
    )


def alignment_share(u: Float[Array, "draw country"], sigma: Float[Array, " country"]) -> Float[Array, "draw country"]:
    r"""[R2] Chance of siding with the patron when forced to choose, $P_i = \Lambda(u_i/\sigma_i)$, a fraction.

    Logit choice: McFadden (1974); the same as the quantal response of a one-shot choice (McKelvey & Palfrey 1995).
    """
    xp = namespace(u)
    return 0.5 * (1.0 + xp.tanh(0.5 * u / sigma))


def learn(
    own: Float[Array, "draw country"],
    seen: Float[Array, "draw country"],
    own_signal: Float[Array, "draw country"],
    ally_signal: Float[Array, "draw country"],
    omega: Float[Array, "draw country"],
) -> tuple[Float[Array, "draw country"], Float[Array, "draw country"]]:
    r"""[R3] What a bystander has learnt about the leader, log odds: (from acts on itself, from acts on the ally).

    $L_{i,t} = L_{i,t-1} + \zeta\,[\ell(a \to i) + \omega_{iJ}\,\ell(a \to J)]$ with the two sums kept apart; their sum
    with the belief at the leader's start is L. Signals are $\zeta\ell$ (B3), summed over the acts of the quarter.
    Vicarious reputation: Crescenzi (2007), Henry (2020); no learning from others: Press (2005), Mercer (1996).
    """
    return own + own_signal, seen + omega * ally_signal


def courtship(
    P: Float[Array, "draw country"],
    v: Float[Array, " country"],
    cost: Float[Array, ""],
    beta_C: Float[Array, "draw one"],
    sigma: Float[Array, " country"],
) -> Float[Array, "draw country"]:
    r"""[R4] The rival's best courtship, $k_i^* = \max\{0, (v_i/c_k)\,\beta_C\,P_i(1-P_i)/\sigma_i\}$.

    First-order condition of $\max_k \sum_i v_i P_i^C(k_i) - \tfrac12 c_k k_i^2$, $k \ge 0$: swing states are worth most
    (Lindbeck & Weibull 1987, applied to states). Where courtship repels (beta_C < 0) there is none. `cost` sets the
    unit (`Region.setting`). Coercion z_i is the other half of the rival's choice: a dated dummy where a
    red line was crossed (`region_data`), not an optimum.
    """
    xp = namespace(P)
    return xp.maximum(v / cost * beta_C * P * (1.0 - P) / sigma, 0.0)


def watching_weight(omega_0: Float[Array, " draw"], distance: Float[Array, " country"]) -> Float[Array, "draw country"]:
    r"""Weight of the ally's treatment in a bystander's learning, $\omega_{iJ} = \omega_0 \exp(-d_i)$.

    `distance` adds up differences from the ally in alliance type, regime, surplus and threat, each 0 to 1.
    """
    xp = namespace(omega_0)
    return omega_0[:, None] * xp.exp(-distance)[None, :]


def reliability(L: Float[Array, "draw country"], p: Draws) -> Float[Array, "draw country"]:
    """Reliability of the patron as a bystander sees it: a mix of two types, with no grievance of its own (as in B7)."""
    xp = namespace(L)
    return p["r_X0"][:, None] + (p["r_P"] - p["r_X0"])[:, None] * 0.5 * (1.0 + xp.tanh(0.5 * L))


def watched(seen: Float[Array, "quarter country act"], ally: int, bystanders: Array) -> Array:
    """How often each bystander watched an act on the ally that was not on itself too, [quarter, bystander, act].

    An act on everyone is one decision: who is hit by it learns from it once. Axis `country` of `seen` holds all
    observers; `ally` and `bystanders` are positions on it.
    """
    xp = namespace(seen)
    return xp.maximum(seen[:, ally, None, :] - seen[:, bystanders, :], 0.0)


@dataclass(frozen=True)
class Setting:
    """What does not change in a run, [country] or a number. See `region_data.Region.setting`.

    `distance` from the ally; `value` to the rival (v, mean 1); `sigma` noise of choice; `cost` of courtship (c_k);
    `speed` share of the way to its best courtship that the rival goes in a quarter; `treatment_unit` points of duty and
    `trust_unit` change of reliability that count as 1 in R1.
    """

    distance: Float[Array, " country"]
    value: Float[Array, " country"]
    sigma: Float[Array, " country"]
    cost: Float[Array, ""]
    speed: Float[Array, ""]
    treatment_unit: Float[Array, ""]
    trust_unit: Float[Array, ""]


@dataclass(frozen=True)
class State:
    """What the block remembers, [draw, country]. `_base` is the first quarter. Log odds for `belief`, `own`, `seen`."""

    share: Float[Array, "draw country"]
    share_base: Float[Array, "draw country"]
    belief: Float[Array, "draw country"]
    belief_base: Float[Array, "draw country"]
    own: Float[Array, "draw country"]
    seen: Float[Array, "draw country"]
    courtship: Float[Array, "draw country"]
    courtship_base: Float[Array, "draw country"]
    coercion_base: Float[Array, "draw country"]
    remainder: Float[Array, "draw country"]


@dataclass(frozen=True)
class Inputs:
    """One quarter, [draw, country] or [country]; all but `turnover` (a number 0 or 1) and `fresh_belief` ([draw]).

    `treatment`: own treatment since the start, in percentage points of the patron's average duty, better is positive (a
    duty up by 20 points is -20; aid may be added as the duty it is worth).
    `own_signal`, `ally_signal`: sums of zeta times ell (B3) over acts on the bystander
    and over acts on the ally only (`watched`). `pull`: change of E_iU - E_iC since the start, in standard deviations
    across countries. `coercion`: 1 where the rival uses a stick. `fresh_belief`: log odds at a turnover (B5). `shock`:
    innovation of the remainder, logit units. `observed`, `known`: a survey's share, and 1 where there is one this
    quarter; the remainder then moves so that the share is the survey's.
    """

    treatment: Float[Array, "draw country"]
    own_signal: Float[Array, "draw country"]
    ally_signal: Float[Array, "draw country"]
    pull: Float[Array, "draw country"]
    coercion: Float[Array, " country"]
    turnover: Float[Array, ""]
    fresh_belief: Float[Array, " draw"]
    shock: Float[Array, "draw country"]
    observed: Float[Array, "draw country"]
    known: Float[Array, " country"]


@dataclass(frozen=True)
class Trace:
    """Results of a quarter, [draw, country]; `channels` [draw, country, channel] sums to share minus its start.

    `innovation` is the step of the remainder, survey corrections included: a paired run (the same world with other
    acts) takes it as its `shock` with `known` 0, so that the survey is not fitted twice.
    """

    share: Float[Array, "draw country"]
    change: Float[Array, "draw country"]
    channels: Float[Array, "draw country channel"]
    reliability: Float[Array, "draw country"]
    courtship: Float[Array, "draw country"]
    coercion: Float[Array, "draw country"]
    innovation: Float[Array, "draw country"]


def initial(
    share: Float[Array, "draw country"],
    belief: Float[Array, " draw"],
    coercion: Float[Array, " country"],
    setting: Setting,
    p: Draws,
) -> State:
    """The first quarter: shares in (0, 1) from surveys, the belief all begin with (log odds), sticks in use already."""
    zero = 0.0 * share
    L = zero + belief[:, None]
    k = courtship(share, setting.value, setting.cost, p["beta_C"][:, None], setting.sigma)
    return State(share, share, L, L, zero, zero, k, k, zero + coercion, zero)


def step(
    state: State, inputs: Inputs, p: Draws, setting: Setting, on: Mapping[str, bool] = ALL_ON
) -> tuple[State, Trace]:
    """One quarter in the order of the model: bystanders learn, the rival courts on last quarter's shares, they choose.

    `on` holds the switches of `ALL_ON`; they are Python truths, fixed when compiled. Raises KeyError on a missing one.
    """
    xp = namespace(state.share)
    zero = 0.0 * state.share
    treats, watches, rivals = (float(on[name]) for name in ("own_treatment", "watching", "china"))
    belief, own, seen = _learnt(state, inputs, p, setting, treats, watches)
    trust, by_own, by_seen = _trust(state, belief, own, seen, p, setting)
    best = courtship(state.share, setting.value, setting.cost, p["beta_C"][:, None], setting.sigma)
    k = state.courtship + rivals * setting.speed * (best - state.courtship)
    z = rivals * (inputs.coercion - state.coercion_base) + zero
    treatment = treats * inputs.treatment / setting.treatment_unit + zero
    alpha = _logit(state.share_base) * setting.sigma
    regressors = (inputs.pull, treatment, trust, k - state.courtship_base, z)
    u = alignment_utility(alpha, *regressors, state.remainder + inputs.shock, p)
    correction = inputs.known * (setting.sigma * _logit(inputs.observed) - u)
    remainder = state.remainder + inputs.shock + correction
    u = alignment_utility(alpha, *regressors, remainder, p)
    share = alignment_share(u, setting.sigma)
    beta_S = p["beta_S"][:, None]
    parts = (
        p["beta_own"][:, None] * treatment + beta_S * by_own,
        beta_S * by_seen,
        p["beta_E"][:, None] * inputs.pull + zero,
        -p["beta_C"][:, None] * regressors[3],
        p["beta_z"][:, None] * z,
        remainder + beta_S * (trust - by_own - by_seen),
    )
    if not on["region"]:
        share, parts = state.share_base, (zero,) * len(CHANNELS)
    slope = _slope(u - alpha, share - state.share_base, share * (1.0 - share) / setting.sigma)
    channels = xp.stack([slope * part for part in parts], axis=-1)
    new = State(
        share, state.share_base, belief, state.belief_base, own, seen, k, state.courtship_base, state.coercion_base,
        remainder,
    )  # fmt: skip
    seen_as = reliability(belief + own + seen, p)
    return new, Trace(
        share, share - state.share_base, channels, seen_as, k, z + state.coercion_base, inputs.shock + correction
    )


def _learnt(
    state: State, inputs: Inputs, p: Draws, setting: Setting, treats: float, watches: float
) -> tuple[Array, Array, Array]:
    """Belief the leader began with, and what was learnt since; a turnover starts afresh."""
    keep = 1.0 - inputs.turnover
    belief = keep * state.belief + inputs.turnover * inputs.fresh_belief[:, None]
    omega = watches * watching_weight(p["omega_0"], setting.distance)
    own, seen = learn(keep * state.own, keep * state.seen, treats * inputs.own_signal, inputs.ally_signal, omega)
    return belief, own, seen


def _trust(
    state: State, belief: Array, own: Array, seen: Array, p: Draws, setting: Setting
) -> tuple[Array, Array, Array]:
    """Change of perceived reliability since the start in units of R1: whole, from own acts, from watching.

    The parts share the mean slope along the straight path (Aumann & Shapley 1974), so that with what the change of
    leader did they sum to the whole.
    """
    L = belief + own + seen
    r = reliability(L, p)
    change = r - reliability(state.belief_base, p)
    odds = 0.5 * (1.0 + namespace(L).tanh(0.5 * L))
    at_point = (p["r_P"] - p["r_X0"])[:, None] * odds * (1.0 - odds)
    slope = _slope(L - state.belief_base, change, at_point) / setting.trust_unit
    return change / setting.trust_unit, slope * own, slope * seen


def _slope(run: Array, rise: Array, at_point: Array) -> Array:
    """Mean slope rise over run; the derivative where the run is too small to divide by."""
    xp = namespace(run)
    far = xp.abs(run) > 1e-7
    return xp.where(far, rise / xp.where(far, run, 1.0), at_point)


def _logit(P: Array) -> Array:
    xp = namespace(P)
    return xp.log(P) - xp.log1p(-P)


def register() -> None:
    """Make the dataclasses here JAX pytrees, so that `step` runs under `jax.lax.scan`. Imports JAX; acts once."""
    if _registered:
        return
    import jax

    for kind in (Setting, State, Inputs, Trace):
        jax.tree_util.register_dataclass(kind, list(kind.__dataclass_fields__), [])
    _registered.append(True)


_registered: list[bool] = []
