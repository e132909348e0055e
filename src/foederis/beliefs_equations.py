r"""The equations of belief (B1-B8), one pure function each, on NumPy or JAX arrays.

An observer (the ally, a bystander) does not know whether the patron's leader is principled (P: keeps defence apart from
economic grievance) or transactional (X). `L` is the log odds that he is principled. Axes: `draw` first, then `country`
(the observer) or `act` and `option`. A leader's choices follow a quantal response (McKelvey & Palfrey 1998): he does
what is better for him more often. None of these functions fails; what is not finite goes in and out.

Sources: Kydd (2005) on trust as belief about a type; Fearon (1997) on costly signals; McGillivray & Smith (2008) on
reputations that end with the leader; Goldsmith, Horiuchi & Matush (2021) on visits.
"""

from __future__ import annotations

from typing import Any

from jaxtyping import Bool, Float, Int

from foederis.numerics import namespace

Array = Any  # numpy.ndarray or jax.Array


def logistic(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    r"""$\Lambda(x) = 1 / (1 + e^{-x})$, without overflow."""
    xp = namespace(x)
    return 0.5 * (1.0 + xp.tanh(0.5 * x))


def logit(p: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    r"""$\ln(p / (1 - p))$."""
    xp = namespace(p)
    return xp.log(p) - xp.log1p(-p)


def structural_share(
    n_X: Float[Array, "draw country"], n_P: Float[Array, "draw country"]
) -> Float[Array, "draw country"]:
    r"""[B1] Expected chance that the next leader is transactional, $E[q] = n_X / (n_X + n_P)$.

    $q \sim \mathrm{Beta}(n_X, n_P)$, counts of leaders of each type seen so far (prior included).
    """
    return n_X / (n_X + n_P)


def choice_log_probability(
    lambda_U: Float[Array, " draw"],
    w: Float[Array, " draw"],
    gain: Float[Array, "act option"],
    harm: Float[Array, "act option"],
    allowed: Bool[Array, "act option"],
) -> Float[Array, "draw act option"]:
    r"""[B2] Log chance of each option for a leader who gives the ally's harm the weight `w`.

    $\ln \Pr(a \mid \vartheta, x) = \lambda_U [g(a,x) - w_\vartheta h(a,x)] - \ln Z_\vartheta(x)$: quantal response,
    McKelvey & Palfrey (1998). Options that are not feasible have chance 0 (minus infinity here).
    """
    xp = namespace(gain)
    value = lambda_U[:, None, None] * (gain - w[:, None, None] * harm)
    value = xp.where(allowed, value, -xp.inf)
    top = value.max(axis=-1, keepdims=True)
    return value - top - xp.log(xp.exp(value - top).sum(axis=-1, keepdims=True))


def evidence(
    lambda_U: Float[Array, " draw"],
    w_P: Float[Array, " draw"],
    w_X: Float[Array, " draw"],
    gain: Float[Array, "act option"],
    harm: Float[Array, "act option"],
    allowed: Bool[Array, "act option"],
    chosen: Int[Array, " act"],
) -> Float[Array, "draw act"]:
    r"""[B3] What each act tells: the log likelihood ratio of a principled to a transactional leader.

    $\ell(a,x) = \ln \frac{\Pr(a \mid P)}{\Pr(a \mid X)} = \lambda_U (w_X - w_P) h(a,x) - [\ln Z_P(x) - \ln Z_X(x)]$:
    Bayes' rule on B2 (Kydd 2005). Zero where there was no alternative.
    """
    xp = namespace(gain)
    ratio = choice_log_probability(lambda_U, w_P, gain, harm, allowed)
    other = choice_log_probability(lambda_U, w_X, gain, harm, allowed)
    act = xp.arange(gain.shape[0])
    return ratio[:, act, chosen] - other[:, act, chosen]


def leader_trust(
    L: Float[Array, "draw country"],
    kappa_sign: Float[Array, " draw"],
    zeta: Float[Array, " act"],
    ell: Float[Array, "draw act"],
    seen: Float[Array, "country act"],
) -> Float[Array, "draw country"]:
    r"""[B4] Log odds that the leader is principled after the acts of a quarter.

    $L_t = L_{t-1} + \sum_a \kappa_\pm \zeta_a \ell_a$, with $\zeta$ the share of the act that the leader chose and
    $\kappa_-$ = `kappa_sign` on bad news ($\ell < 0$), $\kappa_+ = 1$. At 1 (the default) nothing is set by hand: that
    bad news weighs more must come from B3.
    """
    return L + weighted_evidence(kappa_sign, zeta, ell) @ seen.T


def weighted_evidence(
    kappa_sign: Float[Array, " draw"], zeta: Float[Array, " act"], ell: Float[Array, "draw act"]
) -> Float[Array, "draw act"]:
    """Evidence times the share chosen and the weight of its sign (the summand of B4)."""
    xp = namespace(ell)
    return xp.where(ell < 0.0, kappa_sign[:, None], 1.0) * zeta * ell


def turnover(
    L: Float[Array, "draw country"],
    n_X: Float[Array, "draw country"],
    n_P: Float[Array, "draw country"],
    leaves: Float[Array, ""],
    recalled: Float[Array, "draw country"],
    memory: Float[Array, " draw"],
) -> tuple[Float[Array, "draw country"], Float[Array, "draw country"], Float[Array, "draw country"]]:
    r"""[B5] A leader leaves: he joins the counts as what he was believed to be, and belief starts anew.

    $n_P \mathrel{+}= \mu$, $n_X \mathrel{+}= 1 - \mu$, then $L = \mathrm{logit}(1 - E[q])$: beliefs attach to leaders
    and reset at turnover (McGillivray & Smith 2008). `leaves` is 1 at a turnover, else 0. If the new leader was in
    office before, `recalled` holds how far belief about him then stood above a fresh start (else 0) and `memory` the
    share of it that is still held; memory 0 is the reset as stated above. Returns L, n_X, n_P.
    """
    mu = logistic(L)
    new_X, new_P = n_X + leaves * (1.0 - mu), n_P + leaves * mu
    fresh = logit(1.0 - structural_share(new_X, new_P))
    started = fresh + memory[:, None] * recalled
    return L + leaves * (started - L), new_X, new_P


def rapport(
    R: Float[Array, "draw country"], rho: Float[Array, " draw"], visits: Float[Array, " country"]
) -> Float[Array, "draw country"]:
    r"""[B6] Warmth between leaders, in summits: $R_t = \rho_R R_{t-1} + v_t$.

    It enters polls and public posture, never the belief (Goldsmith, Horiuchi & Matush 2021: about 20 days).
    """
    return rho[:, None] * R + visits


def reliability(
    mu: Float[Array, "draw country"],
    r_P: Float[Array, " draw"],
    r_X0: Float[Array, " draw"],
    lambda_G: Float[Array, " draw"],
    lambda_c: Float[Array, " draw"],
    G: Float[Array, "#draw country"],
    c: Float[Array, "#draw country"],
) -> Float[Array, "draw country"]:
    r"""[B7] Chance that the promise of defence is kept, as the observer sees it.

    $r = \mu r_P + (1 - \mu) r_X$, $r_X = \Lambda(\mathrm{logit}(r_X(0)) - \lambda_G G + \lambda_c c)$: a transactional
    leader's promise falls with grievance G (standard deviations of the bilateral balance) and rises with concessions c
    (same unit). $\mu = \Lambda(L)$. Levels mean little; changes are what is used.
    """
    r_X = logistic(logit(r_X0)[:, None] - lambda_G[:, None] * G + lambda_c[:, None] * c)
    return mu * r_P[:, None] + (1.0 - mu) * r_X


def poll_share(
    anchor: Float[Array, "#draw #country"],
    slope: Float[Array, "#draw #country"],
    omega_1: Float[Array, " draw"],
    omega_2: Float[Array, " draw"],
    omega_3: Float[Array, " draw"],
    L: Float[Array, "draw country"],
    n_X: Float[Array, "draw country"],
    n_P: Float[Array, "draw country"],
    R: Float[Array, "draw country"],
) -> Float[Array, "draw country"]:
    r"""[B8] Expected share of a public that answers with trust; the answers are beta-binomial around it.

    $y \sim \mathrm{BetaBinomial}(n, \Lambda(a_p + b_p I))$,
    $I = \omega_1 L + \omega_2\, \mathrm{logit}(1 - E[q]) + \omega_3 R$;
    `anchor` is $a_p$ with the pollster's offset. Measurement as in Jackman (2005).
    """
    return logistic(anchor + slope * poll_index(omega_1, omega_2, omega_3, L, n_X, n_P, R))


def poll_index(
    omega_1: Float[Array, " draw"],
    omega_2: Float[Array, " draw"],
    omega_3: Float[Array, " draw"],
    L: Float[Array, "draw country"],
    n_X: Float[Array, "draw country"],
    n_P: Float[Array, "draw country"],
    R: Float[Array, "draw country"],
) -> Float[Array, "draw country"]:
    """The bracket of B8: what polls respond to."""
    structural = logit(1.0 - structural_share(n_X, n_P))
    return omega_1[:, None] * L + omega_2[:, None] * structural + omega_3[:, None] * R


def perceived_linkage(mu: Float[Array, "draw country"]) -> Float[Array, "draw country"]:
    """Perceived-linkage index: the chance that defence is tied to grievance, 1 - mu. Zero when trust is complete."""
    return 1.0 - mu
