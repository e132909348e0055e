r"""Balance of power and self-defeat (P1-P4): log balance, break-even price of power, self-defeat index, five terms.

`Sides` holds both sides of the balance at one time; a change compares two of them: a scenario with another, or a
quarter with the base. Forces are bn constant 2023 USD a year, money bn USD a year. Two unmeasured parameters, the
response of base access to reliability (b_1) and of rearmament to distrust (epsilon_e), carry most of the answer:
`balance_phase` shows it over both as axes.

The index compares a gain the patron measures in dollars with power at a price. Where the gain is not positive, or the
balance does not fall, a ratio says nothing and the case is named instead (`CASES`).

Off: a block that is off hands in sides that do not change, and its term is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from jaxtyping import Float, Int

from foederis.numerics import namespace
from foederis.priors import Parameter

__all__ = ["CASES", "PRIORS", "Inputs", "Sides", "Terms", "Trace", "break_even_price", "case_of", "decompose",
           "initial", "log_balance", "net_gain", "price_of_power", "self_defeat_index", "step"]  # fmt: skip

Array = Any  # numpy.ndarray or jax.Array
Draws = Mapping[str, Array]
CASES = ("pays", "self-defeating", "both gain", "dominated", "buys power", "no change")
DISCOUNT = 0.04  # a year: what a present value is worth as an annuity

PRIORS: tuple[Parameter, ...] = (
    Parameter("contest_rate", "h_c", "uniform", (0.01, 0.05), "P", "A", "balance",
              "yearly rate at which the prize is decided, by force or by yielding, in the hazard-weighted price",
              "assumed; weighs the price of power, never shown as a chance of war"),
    Parameter("mu_fall", "Δμ", "triangular", (0.1, 0.4, 0.8), "P", "A", "balance",
              "fall of the belief that the patron is principled, where no path of beliefs is run",
              "spread of the belief block's prototype; assumed"),
)  # fmt: skip


@dataclass(frozen=True)
class Sides:
    """Both sides at one time. `patron` effective forces, `ally` its own, `pooled` the share of those that fights along,
    `bystander` forces, `with_patron` and `with_rival` chances of siding (they need not sum to 1), `rival` forces."""

    patron: Float[Array, " draw"]
    ally: Float[Array, " draw"]
    pooled: Float[Array, " draw"]
    bystander: Float[Array, "draw country"]
    with_patron: Float[Array, "draw country"]
    with_rival: Float[Array, "draw country"]
    rival: Float[Array, " draw"]

    @property
    def coalition(self) -> Float[Array, " draw"]:
        """Forces of the patron's side, bn USD."""
        return self.patron + self.pooled * self.ally + (self.with_patron * self.bystander).sum(axis=1)

    @property
    def opposed(self) -> Float[Array, " draw"]:
        """Forces of the rival's side, bn USD."""
        return self.rival + (self.with_rival * self.bystander).sum(axis=1)


@dataclass(frozen=True)
class Terms:
    """The change of the log balance in parts [draw]; the five terms and the remainder sum to `total`.

    The remainder is curvature and interactions: each term moves one component at the base values of the others.
    """

    access: Float[Array, " draw"]
    rearmament: Float[Array, " draw"]
    pooling: Float[Array, " draw"]
    bystanders: Float[Array, " draw"]
    rival: Float[Array, " draw"]
    remainder: Float[Array, " draw"]
    total: Float[Array, " draw"]

    def parts(self) -> dict[str, Float[Array, " draw"]]:
        """The six parts by name, without the total."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "total"}


def log_balance(sides: Sides) -> Float[Array, " draw"]:
    r"""[P1] Log balance, $\ln B = \ln[K_U^{eff} + \pi_J K_J + \sum_i P_i^U K_i] - \ln[K_C^{th} + \sum_i P_i^C K_i]$.

    Balance of power with alignment as a chance, after Clayton, Maggiori & Schreger (2026). Only its changes mean much:
    levels rest on market exchange rates and assumed theatre weights.
    """
    xp = namespace(sides.patron)
    return xp.log(sides.coalition) - xp.log(sides.opposed)


def break_even_price(gain: Float[Array, " draw"], change: Float[Array, " draw"]) -> Float[Array, " draw"]:
    r"""[P2] Price of power at which the policy breaks even, $\chi^* = \Delta W_U/(-100\,\Delta\ln B)$.

    bn USD a year per 1 % of balance, `gain` in bn USD a year. Above it the policy costs the patron more than it earns.
    Where both gain and balance do not fall there is no such price (infinity); where a gain is bought with nothing but
    loss the price is 0; where power is bought (gain negative, balance up) it is the price *below* which it is not worth
    it. NaN where neither moves. Source: this model.
    """
    xp = namespace(change)
    safe = xp.where(change == 0.0, 1.0, change)
    price = gain / (-100.0 * safe)
    loss_only = (gain <= 0.0) & (change <= 0.0)
    price = xp.where((gain >= 0.0) & (change >= 0.0), xp.inf, xp.where(loss_only, 0.0, price))
    return xp.where((gain == 0.0) & (change == 0.0), xp.nan, price)


def self_defeat_index(
    gain: Float[Array, " draw"], change: Float[Array, " draw"], chi: Float[Array, " draw"]
) -> Float[Array, " draw"]:
    r"""[P3] Self-defeat index, $SDI = \chi\,(-100\,\Delta\ln B)/\Delta W_U$; above 1 the policy defeats itself.

    On the patron's own terms: `gain` bn USD a year, `chi` its price of power (bn a year per 1 % of balance).
    "Dominated" (no gain and a falling balance) is infinity; "both gain" is 0; NaN where power is bought or nothing
    moves: see `case_of`. Source: this model.
    """
    xp = namespace(change)
    safe = xp.where(gain > 0.0, gain, 1.0)
    index = xp.where(gain > 0.0, xp.maximum(-100.0 * chi * change, 0.0) / safe, xp.nan)
    return xp.where((gain <= 0.0) & (change < 0.0), xp.inf, index)


def decompose(before: Sides, after: Sides) -> Terms:
    r"""[P4] The change of the log balance in five terms and an explicit remainder; they sum exactly.

    $\Delta\ln B \approx [\Delta K_U^{eff} + \pi_J\Delta K_J + K_J\Delta\pi_J + \sum_i K_i\Delta P_i^U]/A_{coal}
    - \Delta C/C$: access, rearmament, pooling, bystanders, the rival's side. With
    $\Delta K_U^{eff} = K_U\psi\eta_b\Delta r$, $\Delta K_J = K_J\epsilon_e(-\Delta r/r)$ and
    $\Delta\pi_J = \eta_\pi\Delta r$ it is the formula in elasticities (`balance_phase.respond`). Source: this model,
    first-order expansion of P1. Changes of bystanders' own forces are in the terms of the side they stand on.
    """
    A, C = before.coalition, before.opposed
    moved = (after.with_patron * after.bystander - before.with_patron * before.bystander).sum(axis=1)
    access = (after.patron - before.patron) / A
    rearmament = before.pooled * (after.ally - before.ally) / A
    pooling = before.ally * (after.pooled - before.pooled) / A
    rival = -(after.opposed - C) / C
    total = log_balance(after) - log_balance(before)
    remainder = total - (access + rearmament + pooling + moved / A + rival)
    return Terms(access, rearmament, pooling, moved / A, rival, remainder, total)


def case_of(
    gain: Float[Array, " draw"], change: Float[Array, " draw"], chi: Float[Array, " draw"]
) -> Int[Array, " draw"]:
    """Which of CASES holds, as its position: a gain worth its price, or not; both gain; dominated; power is bought."""
    xp = namespace(change)
    trade_off = xp.where(self_defeat_index(gain, change, chi) > 1.0, 1, 0)
    found = xp.where(gain > 0.0, xp.where(change < 0.0, trade_off, 2), xp.where(change < 0.0, 3, 4))
    return xp.where((gain == 0.0) & (change == 0.0), 5, found)


def net_gain(
    gain: Float[Array, " draw"], change: Float[Array, " draw"], chi: Float[Array, " draw"]
) -> Float[Array, " draw"]:
    """Gain plus the value of the change of power, bn USD a year: negative is a net loss on the patron's own terms."""
    return gain + 100.0 * chi * change


def price_of_power(
    prize: Float[Array, " draw"],
    patron_gdp: float,
    win: Float[Array, " draw"],
    contest_m: Float[Array, " draw"],
    rate: Float[Array, " draw"] | None = None,
) -> Float[Array, " draw"]:
    r"""Price of 1 % of balance, bn USD a year, $\chi = prize\cdot GDP\cdot m\,p(1-p)\cdot 0.01\cdot\delta$.

    `prize` in multiples of the patron's GDP (bn USD): Alekseev & Lin (2025) reveal 2.5. With a yearly `rate` at which
    the contest is decided it is weighted by rate/(rate + DISCOUNT), the present value of a prize coming at that rate.
    """
    annuity = prize * patron_gdp * contest_m * win * (1.0 - win) * 0.01 * DISCOUNT
    return annuity if rate is None else annuity * rate / (rate + DISCOUNT)


@dataclass(frozen=True)
class Inputs:
    """One quarter: both sides, and the patron's gain from trade, bn USD a year [draw]."""

    sides: Sides
    gain: Float[Array, " draw"]


@dataclass(frozen=True)
class Trace:
    """Results of a quarter [draw]: log balance, its change since the base in parts, break-even price, index, case."""

    log_balance: Float[Array, " draw"]
    terms: Terms
    break_even: Float[Array, " draw"]
    index: Float[Array, " draw"]
    case: Int[Array, " draw"]
    net_gain: Float[Array, " draw"]


def initial(sides: Sides) -> Sides:
    """The state of this block is the base against which changes are taken."""
    return sides


def step(state: Sides, inputs: Inputs, p: Draws) -> tuple[Sides, Trace]:
    """One quarter against the base. `p` needs `chi`, the price of power [draw], from `price_of_power`."""
    terms = decompose(state, inputs.sides)
    args = inputs.gain, terms.total
    return state, Trace(
        log_balance(inputs.sides),
        terms,
        break_even_price(*args),
        self_defeat_index(*args, p["chi"]),
        case_of(*args, p["chi"]),
        net_gain(*args, p["chi"]),
    )
