r"""The plain solver: the labelled equations in the paper's order, to be read beside Caliendo & Parro (2015, section 4).

One pass takes trial wages, prices and expenditure through T1 to T7 and returns better ones; nothing is precomputed and
nothing is rearranged. It is the second opinion of the fast engines: another path to the same equilibrium, through the
equation functions themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from foederis.numerics import anderson
from foederis.trade import equations
from foederis.trade.chord import numeraire_by_bloc
from foederis.trade.economy import DeficitRule, Economy, Shock, deficit_rule
from foederis.trade.equilibrium import Equilibrium, refuse

Array = np.ndarray
WAGE_RESPONSE = 0.4  # log points of the wage by one unit of trade imbalance over value added
SECTOR_RESPONSE = 0.5  # of the gap between sector wages and T7, times nu / (1 + nu)
LARGEST_STEP = 0.2  # log points of wages a pass
MEMORY = 10
MOST_PASSES = 2000
MARGIN = 0.1  # the loop stops at this part of the tolerance


@dataclass(frozen=True, eq=False)
class Trial:
    """A trial equilibrium, by country and by [country, sector]."""

    labour_income_hat: Float[Array, " country"]
    w_hat: Float[Array, "country sector"]
    P_hat: Float[Array, "country sector"]
    X_new: Float[Array, "country sector"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What T1 to T7 make of a trial."""

    c_hat: Float[Array, "country sector"]
    P_hat: Float[Array, "country sector"]
    pi_new: Float[Array, "importer exporter sector"]
    Y_new: Float[Array, "country sector"]
    R_new: Float[Array, " country"]
    D_new: Float[Array, " country"]
    X_new: Float[Array, "country sector"]
    imbalance: Float[Array, " country"]
    w_hat: Float[Array, "country sector"]


def solve_reference(economy: Economy, shock: Shock, tolerance: float) -> Equilibrium:
    """The equilibrium of an economy (purged where the closure asks for it) under a checked shock.

    Raises SolveError when a residual stays above tolerance.
    """
    rule, numeraire = deficit_rule(economy, shock), numeraire_by_bloc(economy, shock)
    shape = economy.final_share.shape
    start = Trial(np.ones(shape[0]), np.ones(shape), np.ones(shape), economy.expenditure)

    def pass_(vector: Float[Array, " state"]) -> tuple[Float[Array, " state"], float]:
        trial = _unpack(economy, vector)
        outcome = through_the_equations(economy, shock, rule, trial)
        return _pack(economy, _better(economy, shock, numeraire, trial, outcome)), _error(economy, trial, outcome)

    with np.errstate(all="ignore"):  # a wild step shows as an error that is not finite and ends the loop
        vector = _pack(economy, start)
        end = anderson(pass_, vector, tolerance=MARGIN * tolerance, memory=MEMORY, max_passes=MOST_PASSES)
        trial = _unpack(economy, end.point)
        outcome = through_the_equations(economy, shock, rule, trial)
    found = Equilibrium(
        economy=economy,
        shock=shock,
        engine="reference",
        passes=end.passes,
        residuals={},
        wage_hat=trial.w_hat,
        labour_income_hat=trial.labour_income_hat,
        cost_hat=outcome.c_hat,
        price_hat=outcome.P_hat,
        expenditure_new=outcome.X_new,
        output_new=outcome.Y_new,
        tariff_revenue_new=outcome.R_new,
        deficit_new=outcome.D_new,
    )
    parts = audit(found)
    if not all(np.abs(part).max() <= tolerance for part in parts.values()):
        raise refuse(economy, parts, tolerance, end.passes)
    return replace(found, residuals={name: float(np.abs(part).max()) for name, part in parts.items()})


def through_the_equations(economy: Economy, shock: Shock, rule: DeficitRule, trial: Trial) -> Outcome:
    """T1 to T7, in order."""
    assert shock.tariff is not None
    assert shock.iceberg_hat is not None
    pi, gamma, alpha, beta = economy.trade_share, economy.input_share, economy.final_share, economy.value_added_share
    theta, tau_new = shock.trade_elasticity, 1.0 + shock.tariff
    kappa_hat = tau_new / (1.0 + economy.tariff) * shock.iceberg_hat
    labour_income = trial.labour_income_hat * economy.value_added

    c_hat = equations.unit_cost(trial.w_hat, trial.P_hat, beta, gamma)  # T1
    P_hat = equations.price_index(pi, kappa_hat, c_hat, theta)  # T2
    pi_new = equations.trade_share(pi, kappa_hat, c_hat, P_hat, theta)  # T3
    Y_new = equations.output(pi_new, tau_new, trial.X_new)
    R_new = equations.tariff_revenue(pi_new, tau_new, trial.X_new)
    D_new = _deficit(rule, trial.labour_income_hat, labour_income.sum() + R_new.sum())
    I_new = equations.income(labour_income, R_new, D_new)  # T5
    X_new = equations.expenditure(Y_new, I_new, gamma, alpha)  # T4
    imbalance = equations.trade_balance(pi_new, tau_new, trial.X_new, D_new)  # T6
    w_hat = _sector_wage(economy, shock, Y_new, trial)  # T7
    return Outcome(c_hat, P_hat, pi_new, Y_new, R_new, D_new, X_new, imbalance, w_hat)


def _deficit(
    rule: DeficitRule, labour_income_hat: Float[Array, " country"], world_gdp: float
) -> Float[Array, " country"]:
    """Deficits by the closure's rule."""
    numeraire_wage = np.prod(labour_income_hat**rule.wage_of)
    return np.asarray(rule.constant + rule.share * world_gdp + rule.by_wage * numeraire_wage)


def _sector_wage(
    economy: Economy, shock: Shock, Y_new: Float[Array, "country sector"], trial: Trial
) -> Float[Array, "country sector"]:
    """T7 at the sales of a pass; a sector that makes nothing keeps the wage of its country."""
    if np.isinf(shock.mobility):
        return np.asarray(np.repeat(trial.labour_income_hat[:, None], len(economy.sectors), axis=1))
    country_hat = (economy.value_added_share * Y_new).sum(axis=1) / economy.value_added
    made = economy.output > 0
    sector_hat = np.divide(
        Y_new, economy.output, out=np.repeat(country_hat[:, None], made.shape[1], axis=1), where=made
    )
    relative: Array = equations.sector_wage(country_hat, sector_hat, shock.mobility) / country_hat[:, None]
    return np.asarray(relative * trial.labour_income_hat[:, None])


def _better(
    economy: Economy, shock: Shock, numeraire: Float[Array, "country country"], trial: Trial, outcome: Outcome
) -> Trial:
    """The next trial: prices and spending as they came out, wages against the imbalance (Alvarez & Lucas 2007)."""
    move = np.clip(-WAGE_RESPONSE * outcome.imbalance / economy.value_added, -LARGEST_STEP, LARGEST_STEP)
    labour_income_hat = trial.labour_income_hat * np.exp(move)
    labour_income_hat = labour_income_hat / (numeraire @ (labour_income_hat * economy.value_added))
    part = 0.0 if np.isinf(shock.mobility) else SECTOR_RESPONSE * shock.mobility / (1.0 + shock.mobility)
    relative = np.log(trial.w_hat / trial.labour_income_hat[:, None])
    target = np.log(outcome.w_hat / trial.labour_income_hat[:, None])
    relative = relative + np.clip(part * (target - relative), -LARGEST_STEP, LARGEST_STEP)
    return Trial(labour_income_hat, labour_income_hat[:, None] * np.exp(relative), outcome.P_hat, outcome.X_new)


def _error(economy: Economy, trial: Trial, outcome: Outcome) -> float:
    """The largest gap between what went in and what came out."""
    gaps = (
        np.log(outcome.P_hat / trial.P_hat),
        (outcome.X_new - trial.X_new) / economy.value_added[:, None],
        outcome.imbalance / economy.value_added,
        np.log(outcome.w_hat / trial.w_hat),
    )
    return float(np.max([np.abs(gap).max() for gap in gaps]))


def _pack(economy: Economy, trial: Trial) -> Float[Array, " state"]:
    relative = np.log(trial.w_hat / trial.labour_income_hat[:, None])
    spending = trial.X_new / economy.value_added[:, None]
    parts = (np.log(trial.labour_income_hat), relative, np.log(trial.P_hat), spending)
    return np.concatenate([part.ravel() for part in parts])


def _unpack(economy: Economy, vector: Float[Array, " state"]) -> Trial:
    n, j = economy.final_share.shape
    relative, log_price, spending = vector[n:].reshape(3, n, j)
    labour_income_hat = np.exp(vector[:n])
    w_hat = labour_income_hat[:, None] * np.exp(relative)
    return Trial(labour_income_hat, w_hat, np.exp(log_price), spending * economy.value_added[:, None])


def audit(found: Equilibrium) -> dict[str, Array]:
    """The certificate of an equilibrium of any engine, worked out by the labelled equations.

    Markets and units as `equilibrium.certificate`: two-dimensional parts are [sector, country].
    """
    economy, shock = found.economy, found.shock
    rule = deficit_rule(economy, shock)
    trial = Trial(found.labour_income_hat, found.wage_hat, found.price_hat, found.expenditure_new)
    outcome = through_the_equations(economy, shock, rule, trial)
    demand = (economy.value_added_share * outcome.Y_new).sum(axis=1)
    parts = {
        "price": np.maximum(
            np.abs(np.log(outcome.P_hat / trial.P_hat)), np.abs(np.log(outcome.c_hat / found.cost_hat))
        ).T,
        "expenditure": ((outcome.X_new - trial.X_new) / economy.value_added[:, None]).T,
        "labour": demand / found.labour_income_new - 1.0,
        "trade_balance": outcome.imbalance / economy.value_added,
        "numeraire": numeraire_by_bloc(economy, shock) @ found.labour_income_new - 1.0,
    }
    if not np.isinf(shock.mobility):
        parts["sector_wage"] = np.log(outcome.w_hat / trial.w_hat).T
    return parts
