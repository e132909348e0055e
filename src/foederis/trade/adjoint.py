r"""Derivatives of an objective in every tariff, iceberg cost, elasticity and transfer, by one adjoint solve.

The equilibrium is found and certified first; then the objective is differentiated backwards through it with the
implicit function theorem (`fast.equilibrium_state`). That costs about one more solve, however many inputs there are.

The objective is the log welfare of a country, a weighted sum of log welfares, or any function of an `Outcome` written
with `jax.numpy`. Importing this module imports JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from foederis.errors import SolveError, UsageError
from foederis.numerics_jax import JaxArray
from foederis.trade import equations
from foederis.trade.chord import Chord, Markets, Problem, State, Wedge, layout, markets, problem_of, unpack
from foederis.trade.economy import Economy, Shock, deficit_rule
from foederis.trade.equilibrium import Equilibrium
from foederis.trade.fast import device_chord, equilibrium_state
from foederis.trade.solver import TOLERANCE, Engine, chord_of, purging, solve, state_vector

Array = np.ndarray
INPUTS = ("tariff", "iceberg_hat", "trade_elasticity", "transfer")


class Outcome(NamedTuple):
    """What an objective may be made of: JAX arrays, named and ordered as in `Equilibrium`."""

    welfare_hat: Float[JaxArray, " country"]
    real_wage_hat: Float[JaxArray, " country"]
    price_level_hat: Float[JaxArray, " country"]
    labour_income_hat: Float[JaxArray, " country"]
    income_new: Float[JaxArray, " country"]  # million USD, world value added the numeraire
    tariff_revenue_new: Float[JaxArray, " country"]
    deficit_new: Float[JaxArray, " country"]
    wage_hat: Float[JaxArray, "country sector"]
    cost_hat: Float[JaxArray, "country sector"]
    price_hat: Float[JaxArray, "country sector"]
    output_new: Float[JaxArray, "country sector"]
    value_added_new: Float[JaxArray, "country sector"]
    expenditure_new: Float[JaxArray, "country sector"]
    trade_share_new: Float[JaxArray, "importer exporter sector"]
    flow_new: Float[JaxArray, "importer exporter sector"]


Objective = str | Mapping[str, float] | Callable[[Outcome], JaxArray]


@dataclass(frozen=True, eq=False)
class Gradient:
    """An objective at an equilibrium and its derivatives; None for inputs that were not asked for.

    `tariff` is by unit of the rate (0.01 of it: one percentage point), `iceberg_hat` by unit of the ratio,
    `trade_elasticity` by unit of theta, `transfer` by million USD received after the shock. Only differences of
    `transfer` between countries mean anything, for one country's receipt is another's payment: it is shown with mean
    zero. Cells with no trade have derivative zero.
    """

    value: float
    equilibrium: Equilibrium
    tariff: Float[Array, "importer exporter sector"] | None
    iceberg_hat: Float[Array, "importer exporter sector"] | None
    trade_elasticity: Float[Array, " sector"] | None
    transfer: Float[Array, " country"] | None


def gradient(
    economy: Economy,
    shock: Shock,
    objective: Objective,
    *,
    wrt: tuple[str, ...] = INPUTS,
    engine: Engine = "jax",
    tolerance: float = TOLERANCE,
    start: Equilibrium | None = None,
) -> Gradient:
    """The derivatives of an objective at the equilibrium after a shock.

    `objective`: a country (its log welfare), weights by country (of log welfare), or a function of an `Outcome`; a
    function is compiled once for each function object. `wrt` names the inputs of `INPUTS`, `engine` the one that finds
    the equilibrium. Under the `purged` closure the elasticities also move the purged base year; leaving them out of
    `wrt` saves its adjoint.

    Raises as `solve`; UsageError on an unknown input or country; SolveError when the adjoint does not converge.
    """
    unknown = [name for name in wrt if name not in INPUTS]
    if unknown:
        raise UsageError(f"gradient: unknown input {unknown[0]!r}; there are {', '.join(INPUTS)}")
    weights, function = _objective(economy, objective)
    found = solve(economy, shock, engine=engine, tolerance=tolerance, start=start)
    inputs = _inputs(found)
    purging = found.shock.closure == "purged" and "trade_elasticity" in wrt
    first = _purging(economy, found) if purging else None
    second = _stage(found.economy, found)
    value, slope = _value_and_slope(
        inputs, first, second, found.economy.income, np.asarray(tolerance), weights, objective=function
    )
    parts = _by_input(found, slope)
    if not np.isfinite(value) or not all(np.isfinite(part).all() for part in parts.values()):
        raise SolveError(
            "the derivatives at this equilibrium did not converge: it is too close to one where trade ends; lower the"
            " tariffs or trade costs",
            residuals=dict(found.residuals),
        )
    chosen = {name: parts[name] if name in wrt else None for name in INPUTS}
    return Gradient(value=float(value), equilibrium=found, **chosen)


def _objective(economy: Economy, objective: Objective) -> tuple[Float[Array, " country"], Any]:
    """Weights of log welfare and no function, or a function and no weights."""
    weights = np.zeros(len(economy.countries))
    if callable(objective):
        return weights, objective
    for country, weight in ({objective: 1.0} if isinstance(objective, str) else objective).items():
        weights[economy.index(country)] = weight
    return weights, None


class _Inputs(NamedTuple):
    """What the program differentiates in; as slopes, by log trade cost and by rate (see `_in_rates`)."""

    factor: Float[Array, "sector importer exporter"]  # kappa_hat^-theta; slope: by log kappa_hat
    tau_new: Float[Array, "sector importer exporter"]  # slope: by tau_new, the change of kappa_hat included
    theta: Float[Array, "sector 1"]  # slope: at given trade costs to the power of minus theta
    deficit_constant: Float[Array, " country"]


class _Stage(NamedTuple):
    """A solved problem: its constants (the weights those of its base year), chord and solution."""

    problem: Problem
    chord: Chord
    solution: Float[Array, " state"]


def _inputs(found: Equilibrium) -> _Inputs:
    economy, wedge, theta = found.economy, Wedge.of(found.economy, found.shock), found.trade_elasticity
    n, j = economy.final_share.shape
    factor, tau_new = np.ones(j * n * n), layout(economy)["tau"].reshape(-1).copy()
    cells = wedge.cells - wedge.sector * n * n
    factor[cells] = np.exp(-theta[wedge.sector] * wedge.log_kappa)
    tau_new[cells] = wedge.tau_new
    constant = deficit_rule(economy, found.shock).constant
    return _Inputs(factor.reshape(j, n, n), tau_new.reshape(j, n, n), theta[:, None], constant)


def _stage(economy: Economy, found: Equilibrium) -> _Stage:
    problem = problem_of(economy, found.shock, layout(economy)["weight"])
    chord = device_chord(chord_of(economy, found.shock.mobility))
    return _Stage(problem, chord, state_vector(found, economy, found.shock.mobility))


def _purging(economy: Economy, found: Equilibrium) -> _Stage:
    """The stage that takes the data to the purged base year of an equilibrium."""
    return _stage(economy, purging(economy, found.trade_elasticity))


@partial(jax.jit, static_argnames=("objective",))
def _value_and_slope(
    inputs: _Inputs,
    first: _Stage | None,
    second: _Stage,
    income: JaxArray,
    tolerance: JaxArray,
    weights: JaxArray,
    objective: Callable[[Outcome], JaxArray] | None,
) -> tuple[JaxArray, _Inputs]:
    """The objective and its derivatives in the inputs."""

    def value(moving: _Inputs) -> JaxArray:
        base, base_income = second.problem, income
        if first is not None:
            base, base_income = _base_year(moving, first, second, tolerance)
        gross = base.weight[:, 0] * moving.factor
        problem = replace(
            base,
            weight=jnp.stack([gross, gross / moving.tau_new], axis=1),
            theta=moving.theta,
            deficit_constant=moving.deficit_constant,
        )
        state = unpack(problem, equilibrium_state(problem, second.chord, second.solution, tolerance))
        outcome = outcome_of(problem, state, markets(problem, state), base_income)
        return (weights * jnp.log(outcome.welfare_hat)).sum() if objective is None else objective(outcome)

    objective_value, slope = jax.value_and_grad(value)(inputs)
    return objective_value, _in_rates(inputs, slope)


def _in_rates(inputs: _Inputs, slope: _Inputs) -> _Inputs:
    """Slopes by log kappa_hat, and by tau_new with kappa_hat = tau_new / tau * iceberg following it."""
    by_log_kappa = -inputs.theta[:, :, None] * slope.factor * inputs.factor
    return slope._replace(factor=by_log_kappa, tau_new=slope.tau_new + by_log_kappa / inputs.tau_new)


def _base_year(
    moving: _Inputs, first: _Stage, second: _Stage, tolerance: JaxArray
) -> tuple[Problem, Float[JaxArray, " country"]]:
    """The purged base year as it moves with the elasticities, and its income."""
    problem = replace(first.problem, theta=moving.theta)
    state = unpack(problem, equilibrium_state(problem, first.chord, first.solution, tolerance))
    at = markets(problem, state)
    base = replace(second.problem, weight=_shares(problem, state, at), value_added=at.labour_income, output=at.output)
    return base, at.labour_income + at.revenue + at.deficit


def _shares(problem: Problem, state: State, at: Markets) -> Float[JaxArray, "sector side importer exporter"]:
    """Trade shares at a state (T3), gross and net of tariffs."""
    relative = state.log_cost[:, None, None, :] - at.log_price[:, None, :, None]
    return jnp.asarray(problem.weight * jnp.exp(-problem.theta[:, :, None, None] * relative))


def outcome_of(problem: Problem, state: State, at: Markets, base_income: JaxArray) -> Outcome:
    """The outcome of a solved state, measured from its base year."""
    price_hat = jnp.exp(at.log_price).T
    log_wage = jnp.broadcast_to(state.log_income, state.log_cost.shape)
    log_wage = log_wage if state.log_wage is None else log_wage + state.log_wage
    income_new = equations.income(at.labour_income, at.revenue, at.deficit)
    labour_income_hat = jnp.exp(state.log_income)
    price_level_hat = equations.price_level(price_hat, problem.final_share.T)
    share = _shares(problem, state, at).transpose(2, 3, 0, 1)
    return Outcome(
        welfare_hat=equations.welfare(income_new / base_income, price_hat, problem.final_share.T),
        real_wage_hat=labour_income_hat / price_level_hat,
        price_level_hat=price_level_hat,
        labour_income_hat=labour_income_hat,
        income_new=income_new,
        tariff_revenue_new=at.revenue,
        deficit_new=at.deficit,
        wage_hat=jnp.exp(log_wage).T,
        cost_hat=jnp.exp(state.log_cost).T,
        price_hat=price_hat,
        output_new=at.output.T,
        value_added_new=(problem.value_added_share * at.output).T,
        expenditure_new=at.expenditure.T,
        trade_share_new=share[..., 0],
        flow_new=share[..., 1] * at.expenditure.T[:, None, :],
    )


def _by_input(found: Equilibrium, slope: _Inputs) -> dict[str, Array]:
    """Slopes as derivatives in tariffs, iceberg costs, elasticities and transfers.

    An elasticity also acts through kappa_hat^-theta, in the cells whose trade cost changes; a cell that is cut off has
    factor zero and stays so.
    """
    assert found.shock.iceberg_hat is not None
    economy, wedge = found.economy, Wedge.of(found.economy, found.shock)
    n, j = economy.final_share.shape
    by_log_kappa, theta = np.asarray(slope.factor), found.trade_elasticity
    open_ = np.isfinite(wedge.log_kappa)
    sector = wedge.sector[open_]
    through_cost = by_log_kappa.reshape(-1)[(wedge.cells - wedge.sector * n * n)[open_]] * wedge.log_kappa[open_]
    by_theta = np.asarray(slope.theta)[:, 0] + np.bincount(sector, through_cost / theta[sector], minlength=j)
    transfer = np.asarray(slope.deficit_constant)
    return {
        "tariff": np.asarray(slope.tau_new).transpose(1, 2, 0),
        "iceberg_hat": by_log_kappa.transpose(1, 2, 0) / found.shock.iceberg_hat,
        "trade_elasticity": by_theta,
        "transfer": transfer - transfer.mean(),
    }
