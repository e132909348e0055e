r"""The matrices of the closed-chord step: the linearised model at a point, reduced to what each country needs.

Made once for an economy (a few closed passes on N right-hand sides, no matrix larger than N x J N) and kept with it;
made again at the best point when an equilibrium is far away. They change the speed of the solver, never its answer.

With $\pi$ the trade shares at the point, $\tilde\pi = \pi/\tau$, $G_n$ the input shares [output, input] of country n:

* costs: $T_n = (I - G_n \mathrm{diag}(\pi_{nn}))^{-1}$ solves T1-T2 for what a country sells to itself;
* spending: $U_n = (I - G_n' \mathrm{diag}(\tilde\pi_{nn}) - \alpha_n f_n')^{-1}$ does so for T4-T5, with
  $f_n = 1 - \sum_i \tilde\pi_{ni}$ the part of spending that is tariff revenue;
* responses: d log cost and d spending by d log income, all else following;
* demand owed: the labour demand still to come when an unfinished spending step is carried to its end;
* income step: minus the inverse Jacobian of log labour demand less log income less the numeraire (the deviation of
  world value added, a term of rank one: no country's equation is dropped);
* wage step: the inverse of one plus 1/nu times the response of a country's own sales to its own sector wages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from foederis.trade.chord import Chord, Problem, State, markets

Array = np.ndarray
PRECISION = 1e-4  # of the responses: finer makes no pass fewer
MOST_PASSES = 200


@dataclass(frozen=True, eq=False)
class _Point:
    """Shares and technology at the point of expansion, and the two domestic closures."""

    share: Float[Array, "sector importer exporter"]
    share_net: Float[Array, "sector importer exporter"]
    own: Float[Array, "sector country"]
    own_net: Float[Array, "sector country"]
    revenue_share: Float[Array, "sector country"]
    expenditure: Float[Array, "sector country"]
    output: Float[Array, "sector country"]
    income: Float[Array, " country"]
    cost_closure: Float[Array, "country sector sector"]  # T
    spending_closure: Float[Array, "country sector sector"]  # U


def chord_at(problem: Problem, state: State) -> Chord:
    """The chord of a problem at a state; raises numpy.linalg.LinAlgError where the linear model is singular."""
    point = _point(problem, state)
    n = len(problem.value_added)
    cost_of_price = point.cost_closure @ problem.input_share
    cost_of_wage = point.cost_closure * problem.value_added_share.T[:, None, :]
    d_cost = _cost_response(point, cost_of_price, cost_of_wage.sum(axis=2).T)
    d_output, d_revenue = _substitution(problem, point, d_cost)
    d_spending = _spending_response(problem, point, d_output, d_revenue)
    d_demand = _labour(problem, d_output + _sales(point, d_spending))
    demand = (problem.value_added_share * point.output).sum(axis=0)
    numeraire = problem.numeraire * point.income
    jacobian = d_demand / demand[:, None] - np.eye(n) - numeraire
    parts = {
        "own_share": point.own,
        "own_share_net": point.own_net,
        "revenue_share": point.revenue_share,
        "cost_of_income": cost_of_wage.sum(axis=2).T,
        "cost_of_price": cost_of_price,
        "cost_of_wage": cost_of_wage,
        "spending_of_output": point.spending_closure @ problem.input_share.transpose(0, 2, 1),
        "spending_of_income": (point.spending_closure @ problem.final_share.T[:, :, None])[:, :, 0].T,
        "response": np.concatenate([d_cost, d_spending / problem.value_added[:, None]], axis=1),
        "demand_owed": _demand_owed(problem, point),
        "income_step": -np.linalg.inv(jacobian),
        "sales_of_wage": _sales_of_wage(problem, point, cost_of_wage),
    }
    # Contiguous: a pass multiplies with each of them, and would copy it first.
    chord = Chord(**{name: np.ascontiguousarray(part) for name, part in parts.items()}, wage_step=None)
    return chord if problem.immobility is None else at_mobility(chord, float(problem.immobility))


def at_mobility(chord: Chord, immobility: float) -> Chord:
    """The chord with the wage step of a mobility: (I + immobility * sales response)^-1 by country; immobility 1/nu."""
    eye = np.eye(chord.sales_of_wage.shape[1])
    return replace(chord, wage_step=np.linalg.inv(eye + immobility * chord.sales_of_wage))


def _point(problem: Problem, state: State) -> _Point:
    at = markets(problem, state)
    pull = np.exp(-problem.theta * state.log_cost)[:, None, :] / np.exp(-problem.theta * at.log_price)[:, :, None]
    share, share_net = problem.weight[:, 0] * pull, problem.weight[:, 1] * pull
    home = np.arange(share.shape[1])
    own, own_net = share[:, home, home], share_net[:, home, home]
    revenue_share = 1.0 - share_net.sum(axis=2)
    eye = np.eye(share.shape[0])
    inputs = problem.input_share  # [country, output, input]
    cost = eye - inputs * own.T[:, None, :]
    spending = (
        eye
        - inputs.transpose(0, 2, 1) * own_net.T[:, None, :]
        - problem.final_share.T[:, :, None] * revenue_share.T[:, None, :]
    )
    return _Point(
        share=share,
        share_net=share_net,
        own=np.ascontiguousarray(own),
        own_net=np.ascontiguousarray(own_net),
        revenue_share=revenue_share,
        expenditure=at.expenditure,
        output=at.output,
        income=at.labour_income,
        cost_closure=np.linalg.inv(cost),
        spending_closure=np.linalg.inv(spending),
    )


def _by_country(matrix: Array, values: Float[Array, "sector country column"]) -> Float[Array, "sector country column"]:
    """Country-block matrices times [sector, country, column]."""
    return np.asarray((matrix @ values.transpose(1, 0, 2)).transpose(1, 0, 2))


def _iterate(step: Callable[[Array], Array], start: Array) -> Array:
    """x = step(x) to `PRECISION`, relative to the largest entry; the step contracts."""
    x = start
    for _ in range(MOST_PASSES):
        new = step(x)
        change, size = np.abs(new - x).max(), np.abs(new).max()
        x = new
        if not change > PRECISION * size:
            break
    return x


def _on_home(values: Float[Array, "sector country"]) -> Float[Array, "sector country country"]:
    """[sector, country] values on the diagonal of [sector, country, country]."""
    return np.asarray(values[:, :, None] * np.eye(values.shape[1]))


def _cost_response(
    point: _Point, cost_of_price: Array, cost_of_income: Float[Array, "sector country"]
) -> Float[Array, "sector country country"]:
    """d log cost by d log income [sector, country, income of]: the closed price step carried to its end."""
    direct = _on_home(cost_of_income)

    def step(d_cost: Array) -> Array:
        abroad = point.share @ d_cost - point.own[:, :, None] * d_cost
        return np.asarray(direct + _by_country(cost_of_price, abroad))

    return _iterate(step, direct)


def _substitution(
    problem: Problem, point: _Point, d_cost: Float[Array, "sector country country"]
) -> tuple[Float[Array, "sector country country"], Float[Array, "country country"]]:
    """Changes of output and tariff revenue by d log income at unchanged spending (T3): buyers switch suppliers."""
    theta = problem.theta[:, :, None]
    sales = point.share_net * point.expenditure[:, :, None]
    d_price = point.share @ d_cost
    d_output = -theta * (sales.sum(axis=1)[:, :, None] * d_cost - sales.transpose(0, 2, 1) @ d_price)
    d_revenue = theta * (sales @ d_cost - sales.sum(axis=2)[:, :, None] * d_price)
    return d_output, d_revenue.sum(axis=0)


def _spending_response(
    problem: Problem, point: _Point, d_output: Array, d_revenue: Array
) -> Float[Array, "sector country country"]:
    """d expenditure by d log income, million USD: the closed expenditure step carried to its end."""
    inputs = problem.input_share.transpose(0, 2, 1)
    source = _by_country(inputs, d_output) + problem.final_share[:, :, None] * d_revenue[None]
    source = source + _on_home(problem.final_share * point.income)
    direct = _by_country(point.spending_closure, source)
    carry = point.spending_closure @ inputs

    def step(d_spending: Array) -> Array:
        abroad = _sales(point, d_spending) - point.own_net[:, :, None] * d_spending
        return np.asarray(direct + _by_country(carry, abroad))

    return _iterate(step, direct)


def _sales(point: _Point, spending: Float[Array, "sector country column"]) -> Float[Array, "sector country column"]:
    """Output that a change of spending calls for."""
    return np.asarray(point.share_net.transpose(0, 2, 1) @ spending)


def _labour(problem: Problem, output: Float[Array, "sector country column"]) -> Float[Array, "country column"]:
    """Value added in a change of output."""
    return np.asarray(np.einsum("jn,jnm->nm", problem.value_added_share, output))


def _demand_owed(problem: Problem, point: _Point) -> Float[Array, "sector country country"]:
    """Labour demand of each country [.., .., of] by a unit of spending step: the transposed expenditure iteration.

    If X is a closed step away from its end, the end is X + (I - U C)^-1 times the step, with C the foreign part of T4.
    """
    direct = point.share_net * problem.value_added_share[:, None, :]
    carry = problem.input_share @ point.spending_closure.transpose(0, 2, 1)

    def step(owed: Array) -> Array:
        used = _by_country(carry, owed)
        return np.asarray(direct + point.share_net @ used - point.own_net[:, :, None] * used)

    return _iterate(step, direct)


def _sales_of_wage(
    problem: Problem, point: _Point, cost_of_wage: Float[Array, "country sector sector"]
) -> Float[Array, "country sector sector"]:
    """How much a sector's sales fall against its country's, in logs, by the log wages of the country's sectors.

    (I - 1 s') diag(eps) T diag(beta), with eps the elasticity of a sector's sales to its own cost at given spending and
    s the sectors' shares in value added.
    """
    sales = point.share_net * point.expenditure[:, :, None]
    made = np.where(point.output > 0, point.output, 1.0)
    elasticity = problem.theta * (1.0 - (sales * point.share).sum(axis=1) / made)
    value_added = problem.value_added_share * point.output
    weight = value_added / value_added.sum(axis=0)
    response = elasticity.T[:, :, None] * cost_of_wage
    return np.asarray(response - weight.T[:, None, :] @ response)
