r"""The equations of hedging after the optimum: adjustment, capability, cap ratchet, panel form, posture (H2-H6).

Quarterly; yearly rates are turned into quarterly ones inside. Each runs on NumPy and JAX arrays with fixed shapes.
"""

from __future__ import annotations

from typing import Any

from jaxtyping import Float

from foederis.numerics import namespace

__all__ = ["CAUSES", "RELIABILITY_UNIT", "STAGES", "adjust", "adoption_chance", "capability", "effort_change",
           "performativity", "posture", "quarterly", "raise_chance", "reliability_kept", "steady_pipeline"]  # fmt: skip

Array = Any  # numpy.ndarray or jax.Array
STAGES = 3  # stages of the delivery lag: an Erlang lag of that shape
RELIABILITY_UNIT = 0.10  # distrust of this size counts as one unit in the ratchet (the prior spread of r_P)
CAUSES = ("threat", "distrust", "demand", "fiscal")  # axis `cause` of the effort equation


def quarterly(yearly: Array) -> Array:
    """The quarterly rate that compounds to a yearly rate between 0 and 1."""
    return 1.0 - (1.0 - yearly) ** 0.25


def adjust(
    x: Float[Array, " draw"],
    target: Float[Array, " draw"],
    Phi: Float[Array, " draw"],
    u: Float[Array, " draw"] | float = 0.0,
) -> Float[Array, " draw"]:
    r"""[H2] Next quarter's value under quadratic adjustment costs, $x_{t+1} = x_t + \Phi(x^*_t - x_t) + u_t$.

    Gould (1968), Lucas (1967). `Phi` is the yearly rate; a gap left alone halves in ln 2 / -ln(1 - Phi) years.
    """
    return x + quarterly(Phi) * (target - x) + u


def capability(
    K: Float[Array, " draw"],
    pipeline: Float[Array, "draw stage"],
    investment: Float[Array, " draw"],
    lag: Float[Array, " draw"],
    delta_K: Float[Array, " draw"],
) -> tuple[Float[Array, " draw"], Float[Array, "draw stage"]]:
    r"""[H3] Own capability and the delivery pipeline next quarter, bn USD a year and bn USD a year times quarters.

    $K_{t+1} = (1-\delta_K)K_t + \delta_K I_{t-L}$, with K in units of the spending that keeps it (hence the second
    delta) and the lag spread as an Erlang lag of mean L years in STAGES stages: most of an order arrives around L, none
    at once. Perpetual inventory as in depreciation tables of military capital.
    """
    xp = namespace(K)
    share = 1.0 / (1.0 + 4.0 * lag / STAGES)
    flow, stages = investment, []
    for k in range(STAGES):
        held = pipeline[:, k] + flow
        flow = share * held
        stages.append(held - flow)
    rate = quarterly(delta_K)
    return K + rate * (flow - K), xp.stack(stages, axis=1)


def steady_pipeline(investment: Float[Array, " draw"], lag: Float[Array, " draw"]) -> Float[Array, "draw stage"]:
    """The pipeline in which orders of this size have always been under way."""
    xp = namespace(investment)
    return xp.stack([investment * 4.0 * lag / STAGES] * STAGES, axis=1)


def raise_chance(
    rho_0: Float[Array, " draw"],
    rho_1: Float[Array, " draw"],
    rho_2: Float[Array, " draw"],
    threat: Float[Array, " draw"],
    distrust: Float[Array, " draw"],
) -> Float[Array, " draw"]:
    r"""[H4] Chance that the cap on effort rises this quarter, $\Lambda(\rho_0 + \rho_1 Z + \rho_2(1 - r))$.

    `threat` is the standard score since the base, `distrust` the fall of reliability since the base over
    RELIABILITY_UNIT. Base rate: two rises in fifty years. Loadings have free signs. Stands for domestic politics.
    """
    xp = namespace(threat)
    return 1.0 / (1.0 + xp.exp(-(rho_0 + rho_1 * threat + rho_2 * distrust)))


def adoption_chance(
    odds: Float[Array, " rung"],
    rho_1: Float[Array, " draw"],
    rho_2: Float[Array, " draw"],
    threat: Float[Array, " draw"],
    distrust: Float[Array, " draw"],
) -> Float[Array, "draw rung"]:
    """Chance that a rung is taken this quarter: the form of H4 with each rung's own base rate (`odds` a quarter)."""
    xp = namespace(odds)
    base = xp.log(odds / (1.0 - odds))
    return 1.0 / (1.0 + xp.exp(-(base[None, :] + (rho_1 * threat + rho_2 * distrust)[:, None])))


def effort_change(
    deviation: Float[Array, "draw cause"],
    loading: Float[Array, "draw cause"],
    regressor: Float[Array, "draw cause"],
    a: Float[Array, " draw"],
) -> Float[Array, "draw cause"]:
    r"""[H5] Change of log effort beyond the announced programme, by cause (axis CAUSES).

    $\Delta\ln M_t = \Delta\ln\bar M_t + a\,[b_Z\ln Z_t + b_r(1-r_t) + b_d\,demand_t + b_y\,fiscal_t -
    \ln(M_{t-1}/\bar M_{t-1})]$, regressors as changes since the record of spending ends; $\bar M$ is the programme,
    because budgets follow one and only the deviation is news. Panel form after DiGiuseppe & Poast (2018); linear, so
    the parts by cause add up to the whole. `a` yearly.
    """
    return quarterly(a)[:, None] * (loading * regressor - deviation)


def posture(
    private: Float[Array, " draw"],
    chi_R: Float[Array, " draw"],
    rapport: Float[Array, " draw"],
    chi_F: Float[Array, " draw"],
    pli: Float[Array, " draw"],
    stake: Float[Array, " draw"],
) -> tuple[Float[Array, " draw"], Float[Array, " draw"]]:
    r"""[H6] Public posture and its gap to private alignment: $s_t = a^{priv}_t + \chi_R R_t + \chi_F PLI_t\,stake_t$.

    Returns (s, s - a_priv). Preference falsification, Kuran (1995): warmth and fear speak in public, acts in private.
    Exploratory: the measurement of posture is unsettled.
    """
    gap = chi_R * rapport + chi_F * pli * stake
    return private + gap, gap


def performativity(gap: Float[Array, "draw quarter"], public: Float[Array, "draw quarter"]) -> Float[Array, " draw"]:
    r"""Share of the variance of posture over a path that is not private alignment, $\Pi = Var(s - a^{priv})/Var(s)$.

    Zero where posture does not move. Can exceed 1 when warm words cover a hedge that moves against them.
    """
    xp = namespace(gap)
    total = xp.var(public, axis=1)
    return xp.where(total > 0.0, xp.var(gap, axis=1) / xp.where(total > 0.0, total, 1.0), 0.0)


def reliability_kept(
    partners: Float[Array, " draw"], own: Float[Array, " draw"], entrapment: Float[Array, " draw"]
) -> Float[Array, " draw"]:
    """Share of the patron's reliability that is left when pooled partners exceed 1.5 times own forces (0..1).

    Grant (2012): beyond that multiple further allies make intervention less likely. `partners` and `own` in bn USD;
    `entrapment` is the share lost per unit of the ratio beyond it.
    """
    xp = namespace(partners)
    return xp.clip(1.0 - entrapment * xp.maximum(partners / own - 1.5, 0.0), 0.0, 1.0)
