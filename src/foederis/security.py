r"""Security of the ally: expected capability, contest, deterrence, bases as a complement (S1-S5).

Only ratios of the hazard leave this block: its level, the value of what is at stake and the weight of a challenger's
gain are not identified, and no report may show a probability of war. Letters are those of the model: `A` defending
capability, `Z` the rival's, `r` reliability, `b` base access, `psi` the share of the patron's theatre power that needs
the bases, `m` decisiveness. Forces are bn constant 2023 USD a year.

Off: psi = 0 makes bases irrelevant (S5 returns the patron's forces); eta_h = 0 makes risk deaf to the odds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float

from foederis.numerics import namespace

__all__ = ["Inputs", "State", "Trace", "base_access", "challenge_loss", "effective_forces", "expected_capability",
           "hazard_ratio", "initial", "security_utility", "step", "win_chance"]  # fmt: skip

Array = Any  # numpy.ndarray or jax.Array


def expected_capability(
    K_own: Float[Array, " draw"],
    K_partners: Float[Array, " draw"],
    p_m: Float[Array, " draw"],
    r: Float[Array, " draw"],
    K_U_eff: Float[Array, " draw"],
) -> Float[Array, " draw"]:
    r"""[S1] Capability the ally expects to defend it, $A_t = K^{own}_t + p_m K^{partners}_t + r_t K_U^{eff}$, bn USD.

    Additive defence with doubt about each contributor: Olson & Zeckhauser (1966); Snyder (1984) on abandonment.
    """
    return K_own + p_m * K_partners + r * K_U_eff


def win_chance(A: Float[Array, " draw"], Z: Float[Array, " draw"], m: Float[Array, " draw"]) -> Float[Array, " draw"]:
    r"""[S2] Chance that the defence prevails, $p_{win} = A^m/(A^m + Z^m)$: Tullock (1980), Hirshleifer (1989).

    Concave in A for $m \le 1$; for $m > 1$ convex where odds are hopeless, $(A/Z)^m < (m-1)/(m+1)$ (Skaperdas 1996).
    """
    xp = namespace(A)
    return 1.0 / (1.0 + xp.exp(m * (xp.log(Z) - xp.log(A))))


def hazard_ratio(
    lose: Float[Array, " draw"],
    gain: Float[Array, " draw"],
    lose_base: Float[Array, " draw"],
    gain_base: Float[Array, " draw"],
    cost_change: Float[Array, " draw"],
    eta_h: Float[Array, " draw"],
) -> Float[Array, " draw"]:
    r"""[S3] Hazard of a challenge over its hazard in the base quarter, a pure number.

    $h_t/h_0 = \exp\{\eta_h[(1-p_{win})B_C - (1-p_{win,0})B_{C,0} - \Delta(C_C + OCW_C)]\}$: opportunity cost of war in
    Martin, Mayer & Thoenig (2008) and Thoenig (2024). `lose` is the defence's chance of losing, `gain` the
    challenger's gain from winning in units of its base value, `cost_change` the change of its cost and of trade lost.
    """
    xp = namespace(lose)
    return xp.exp(eta_h * (lose * gain - lose_base * gain_base - cost_change))


def security_utility(
    h_ratio: Float[Array, " draw"], p_win: Float[Array, " draw"], V: Float[Array, " draw"] | float = 1.0
) -> Float[Array, " draw"]:
    r"""[S4] The ally's security, $U_{sec} = -h_t(1-p_{win})V_J$, in units of the base hazard times the stake V_J.

    The unit is not identified, so only relative changes mean anything. Form: Alekseev & Lin (2025).
    """
    return -h_ratio * (1.0 - p_win) * V


def base_access(
    b_0: Float[Array, " draw"],
    b_1: Float[Array, " draw"],
    b_2: Float[Array, " draw"],
    r_change: Float[Array, " draw"],
    align_change: Float[Array, " draw"],
) -> Float[Array, " draw"]:
    r"""Base access, $b_t = \Lambda(b_0 + [b_1\Delta r + b_2\Delta align]/[\bar b(1-\bar b)])$, $\bar b=\Lambda(b_0)$.

    Dividing by the slope of the logit makes b_1 the fall of access per unit of reliability at the base, $db/dr$, which
    is what its prior speaks of; a bare logit would make it a tenth of that. `align_change` as a fraction.
    """
    xp = namespace(b_0)
    base = 1.0 / (1.0 + xp.exp(-b_0))
    return 1.0 / (1.0 + xp.exp(-(b_0 + (b_1 * r_change + b_2 * align_change) / (base * (1.0 - base)))))


def effective_forces(
    K_th: Float[Array, " draw"], psi: Float[Array, " draw"], b: Float[Array, " draw"]
) -> Float[Array, " draw"]:
    r"""[S5] The patron's forces that can fight, $K_U^{eff} = K_U^{th}[1 - \psi(1 - b_t)]$, bn USD.

    Bases are a complement, not a sum: Morrow (1991), Lake (2009); size of psi unknown. `b` from `base_access`.
    """
    return K_th * (1.0 - psi * (1.0 - b))


def challenge_loss(
    A: Float[Array, " draw"],
    a: Float[Array, " draw"],
    Z: Float[Array, " draw"],
    p: Mapping[str, Float[Array, " draw"]],
) -> tuple[Float[Array, " draw"], Float[Array, " draw"], Float[Array, " draw"], Float[Array, " draw"]]:
    r"""Relative security loss $e^{\eta_h q(1-a)}q$ with $q = 1-p_{win}$: (loss, slope in A, slope and curvature in a).

    S2-S4 in one, as the ally's optimum needs it: accommodation `a` (0..1) takes that share of the challenger's gain
    away. Slopes: $-e^x(1+x)\,m p q/A$ and $-e^x\eta q^2$, curvature $e^x\eta^2q^3$, with $x = \eta q(1-a)$.
    """
    xp = namespace(A)
    win = win_chance(A, Z, p["contest_m"])
    q, eta = 1.0 - win, p["eta_h"]
    x = eta * q * (1.0 - a)
    grown = xp.exp(x)
    in_a = -grown * eta * q * q
    return grown * q, -grown * (1.0 + x) * p["contest_m"] * win * q / A, in_a, -in_a * eta * q


@dataclass(frozen=True)
class State:
    """What the block remembers: the base quarter, against which everything is a ratio or a change."""

    reliability_base: Float[Array, " draw"]
    alignment_base: Float[Array, " draw"]
    lose_base: Float[Array, " draw"]


@dataclass(frozen=True)
class Inputs:
    """One quarter, each [draw]; forces in bn USD.

    `partners` is K of partners whose pacts are ready; `alignment` the ally's own, a fraction; `gain` the challenger's
    gain over its base (1 - accommodation); `cost_change` the change of its cost of a challenge, trade lost included.
    """

    own: Float[Array, " draw"]
    partners: Float[Array, " draw"]
    reliability: Float[Array, " draw"]
    alignment: Float[Array, " draw"]
    patron: Float[Array, " draw"]
    rival: Float[Array, " draw"]
    gain: Float[Array, " draw"]
    cost_change: Float[Array, " draw"]


@dataclass(frozen=True)
class Trace:
    """Results of a quarter [draw]. `win_chance` is internal: reports may show the ratios, not this."""

    access: Float[Array, " draw"]
    effective_forces: Float[Array, " draw"]
    capability: Float[Array, " draw"]
    win_chance: Float[Array, " draw"]
    hazard_ratio: Float[Array, " draw"]
    security: Float[Array, " draw"]


def initial(inputs: Inputs, p: Mapping[str, Float[Array, " draw"]]) -> State:
    """The base: this quarter's reliability and alignment, and the chance of losing at the base access."""
    zero = 0.0 * inputs.reliability
    access = base_access(p["b_0"], p["b_1"], p["b_2"], zero, zero)
    forces = effective_forces(inputs.patron, p["psi"], access)
    A = expected_capability(inputs.own, inputs.partners, p["p_m"], inputs.reliability, forces)
    return State(inputs.reliability, inputs.alignment, 1.0 - win_chance(A, inputs.rival, p["contest_m"]))


def step(state: State, inputs: Inputs, p: Mapping[str, Float[Array, " draw"]]) -> tuple[State, Trace]:
    """One quarter: access, the patron's effective forces, capability, contest, hazard ratio, security."""
    access = base_access(
        p["b_0"],
        p["b_1"],
        p["b_2"],
        inputs.reliability - state.reliability_base,
        inputs.alignment - state.alignment_base,
    )
    forces = effective_forces(inputs.patron, p["psi"], access)
    A = expected_capability(inputs.own, inputs.partners, p["p_m"], inputs.reliability, forces)
    win = win_chance(A, inputs.rival, p["contest_m"])
    one = 1.0 + 0.0 * inputs.gain
    ratio = hazard_ratio(1.0 - win, inputs.gain, state.lose_base, one, inputs.cost_change, p["eta_h"])
    utility = security_utility(ratio, win)
    return state, Trace(access, forces, A, win, ratio, utility)
