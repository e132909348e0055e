"""What nobody has measured, as axes: the balance over base access and rearmament, and the answer of the priors alone.

`respond` turns a fall of reliability into sides by elasticities (the formula in P4); `phase` sweeps the two unmeasured
ones; `prior_predictive` draws everything from the priors, before any path of beliefs is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis.balance import PRIORS, Sides, Terms, decompose, log_balance, net_gain, price_of_power, self_defeat_index
from foederis.dyad import Dyad
from foederis.numerics import namespace
from foederis.priors import Parameter, draw, quantile

__all__ = ["Phase", "Predictive", "base_sides", "phase", "prior_predictive", "respond"]

Array = Any
Draws = Mapping[str, Array]
NAMES = ("psi", "b_0", "b_1", "theatre_share", "pi_J", "eta_pi", "epsilon_e", "omega_0", "beta_S", "prize", "contest_m",
         "r_P", "r_X0")  # fmt: skip
GAIN = (7.0, 11.0)  # bn USD a year that taxing the ally earns the patron, where trade is not run: a prototype's range


@dataclass(frozen=True)
class Phase:
    """Over access response [access] and rearmament response [rearmament]: median change of log balance, P(SDI > 1)."""

    access: Float[np.ndarray, " access"]
    rearmament: Float[np.ndarray, " rearmament"]
    change: Float[np.ndarray, "access rearmament"]
    defeat: Float[np.ndarray, "access rearmament"]


@dataclass(frozen=True)
class Predictive:
    """Prior-predictive draws: terms, price of power (annuity and hazard-weighted), gain, the parameters behind them."""

    terms: Terms
    chi: Float[np.ndarray, " draw"]
    chi_hazard: Float[np.ndarray, " draw"]
    gain: Float[np.ndarray, " draw"]
    r_change: Float[np.ndarray, " draw"]
    parameters: Draws

    def summary(self) -> dict[str, float]:
        """The figures of the page: change of balance in per cent, chances of a fall and of a net loss, break-even."""
        change = self.terms.total
        low, median, high = np.quantile(100.0 * change, [0.05, 0.5, 0.95])
        tipping = self.gain / self.chi
        return {
            "median_pct": float(median),
            "low_pct": float(low),
            "high_pct": float(high),
            "p_fall": float(np.mean(change < 0.0)),
            "p_net_loss_annuity": float(np.mean(net_gain(self.gain, change, self.chi) < 0.0)),
            "p_net_loss_hazard": float(np.mean(net_gain(self.gain, change, self.chi_hazard) < 0.0)),
            "tipping_pct": float(np.median(tipping)),
            "chi_bn_per_pct": float(np.median(self.chi)),
        }


def base_sides(dyad: Dyad, p: Draws, year: float = 2024.0) -> Sides:
    """The sides of a dyad before any shock. Needs b_0, psi, pi_J and theatre_share (over the file's weight)."""
    at = np.array([year])
    one = np.ones_like(p["pi_J"])
    codes = dyad.of_role("bystander")
    forces = np.array([dyad.actors[c].theatre_weight * dyad.actors[c].at(at)[0] for c in codes])
    chance = np.array([dyad.actors[c].alignment for c in codes])
    access = 1.0 / (1.0 + np.exp(-p["b_0"]))
    patron = p["theatre_share"] * dyad.actors[dyad.patron].at(at)[0] * (1.0 - p["psi"] * (1.0 - access))
    rival = dyad.actors[dyad.rival]
    return Sides(
        patron=patron,
        ally=dyad.actors[dyad.ally].at(at)[0] * one,
        pooled=p["pi_J"] * one,
        bystander=forces * one[:, None],
        with_patron=chance * one[:, None],
        with_rival=(1.0 - chance) * one[:, None],
        rival=rival.theatre_weight * rival.at(at)[0] * one,
    )


def respond(
    before: Sides,
    p: Draws,
    r: Float[Array, " draw"],
    r_change: Float[Array, " draw"],
    treatment: Float[Array, "draw country"] | float = 0.0,
) -> Sides:
    """Sides after reliability changed by `r_change` from `r`, by the elasticities in P4.

    Access falls by b_1 per unit of reliability on the share psi of the patron's theatre forces; the ally's forces move
    by epsilon_e times the relative fall; pooling by eta_pi; a bystander's log odds by beta_S omega_0 r_change plus its
    own `treatment`. Long-run effects: no lags. What is not taken from the patron goes to the rival one for one.
    """
    xp = namespace(r)
    base = 1.0 / (1.0 + xp.exp(-p["b_0"]))
    full = before.patron / (1.0 - p["psi"] * (1.0 - base))
    access = xp.clip(base + p["b_1"] * r_change, 0.0, 1.0)
    push = (p["beta_S"] * p["omega_0"] * r_change)[:, None] + treatment
    odds = before.with_patron / xp.maximum(1.0 - before.with_patron, 1e-12) * xp.exp(push)
    with_patron = odds / (1.0 + odds)
    return replace(
        before,
        patron=full * (1.0 - p["psi"] * (1.0 - access)),
        ally=before.ally * xp.exp(-p["epsilon_e"] * r_change / r),
        pooled=xp.clip(before.pooled + p["eta_pi"] * r_change, 0.0, 1.0),
        with_patron=with_patron,
        with_rival=xp.clip(before.with_rival - (with_patron - before.with_patron), 0.0, 1.0),
    )


def phase(
    before: Sides,
    p: Draws,
    r: Float[np.ndarray, " draw"],
    r_change: Float[np.ndarray, " draw"],
    gain: Float[np.ndarray, " draw"],
    chi: Float[np.ndarray, " draw"],
    access: Sequence[float] = tuple(np.linspace(0.0, 1.0, 11)),
    rearmament: Sequence[float] = tuple(np.linspace(-0.5, 1.0, 13)),
) -> Phase:
    """The phase diagram: each cell sets b_1 and epsilon_e for all draws and keeps the rest of each draw."""
    change = np.zeros((len(access), len(rearmament)))
    defeat = np.zeros_like(change)
    for i, b_1 in enumerate(access):
        for k, epsilon in enumerate(rearmament):
            cell = {**p, "b_1": np.full_like(r, b_1), "epsilon_e": np.full_like(r, epsilon)}
            total = log_balance(respond(before, cell, r, r_change)) - log_balance(before)
            change[i, k] = np.median(total)
            defeat[i, k] = np.mean(self_defeat_index(gain, total, chi) > 1.0)
    return Phase(np.array(access), np.array(rearmament), change, defeat)


def prior_predictive(
    dyad: Dyad, seed: int = 1, draws: int = 2000, overrides: Mapping[str, Parameter] | None = None
) -> Predictive:
    """The change of balance from the priors alone: a fall `mu_fall` of the belief, from 0.9, times r_P - r_X.

    The gain is uniform on GAIN. Long run, no lags, no other treatment of bystanders.
    """
    numbers = range(draws)
    p = draw(seed, numbers, NAMES, overrides)
    u = np.random.default_rng([seed, 7]).random((len(PRIORS) + 1, draws))
    p |= {parameter.name: quantile(parameter, u[k]) for k, parameter in enumerate(PRIORS)}
    spread = np.abs(p["r_P"] - p["r_X0"])  # a principled patron is the more reliable one by definition
    r = np.minimum(p["r_P"], p["r_X0"]) + 0.9 * spread
    r_change = -p["mu_fall"] * spread
    before = base_sides(dyad, p)
    terms = decompose(before, respond(before, p, r, r_change))
    win = 1.0 / (1.0 + np.exp(-p["contest_m"] * log_balance(before)))
    price = (p["prize"], dyad.patron_gdp_bn, win, p["contest_m"])
    gain = GAIN[0] + (GAIN[1] - GAIN[0]) * u[-1]
    return Predictive(terms, price_of_power(*price), price_of_power(*price, p["contest_rate"]), gain, r_change, p)
