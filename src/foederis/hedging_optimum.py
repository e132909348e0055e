r"""The ally's optimum (H1): effort, partners and accommodation against convex costs, under caps.

The problem, in units of the base hazard times the stake, which cancel (see `calibrate`):

$\min_{e,m,a}\; loss(A(e,m),a) + \tfrac12(c_e e^2 + c_m m^2 + c_a a^2)$ with $e_{low}\le e\le\bar e$, $0\le m\le\bar m$
and $0\le a\le 1$.

Effort and partners help through one sum, $A$, and their costs are separable. So three unknowns become one: the
marginal value of capability $\lambda = -\partial loss/\partial A$. At any $\lambda$ the best e and m are closed forms
clipped to their bounds, and the best a solves one convex equation. What is left is $\lambda = -\partial loss/\partial
A(A(\lambda), a)$. Where the loss is convex in A the right side falls in $\lambda$ and the root is unique. Where not
(decisive contests with hopeless odds) there may be several, and where partners stop at the kink two: the search from
scratch compares the objective on a grid of $\lambda$ and on a finer one, and bisects around the best; the search from a
start follows the optimum the ally is at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from jaxtyping import Float

from foederis.numerics import namespace

__all__ = ["Choice", "Loss", "Problem", "ally_optimum", "calibrate", "capability_of", "objective"]

Array = Any  # numpy.ndarray or jax.Array
Loss = Callable[
    [Array, Array], tuple[Array, Array, Array, Array]
]  # of (A, a): value, slope in A, slope, curvature in a
ENTRAPMENT_RATIO = 1.5  # Grant (2012): beyond this multiple of own forces, more allies make rescue less likely
_GRID, _BISECTIONS, _FOLLOW, _NEWTON = 33, 40, 3, 3
_TOLD_APART = 1e-9  # of the objective: a second optimum that is not better by more is the first
_SPAN = 8.0  # the grid covers marginal values from exp(-8) to exp(8) times that of the base
_FINER = 1.0  # the finer grid covers those from exp(-1) to exp(1) times that of its best point


@dataclass(frozen=True)
class Problem:
    """What the ally weighs, each [draw]. Capability in bn USD, effort in % of GDP, partners as a share of all.

    `fixed`: capability without effort and pacts. `per_effort`: bn per % of GDP. `per_partners`: bn for all
    potential partners. `kink`: the share of partners beyond which the patron doubts; `loss_beyond`: bn of the
    patron's help lost per unit of share beyond it. `cost_*`: curvature of costs. `effort_low`, `effort_high`,
    `partners_high`: bounds.
    """

    fixed: Float[Array, " draw"]
    per_effort: Float[Array, " draw"]
    per_partners: Float[Array, " draw"]
    kink: Float[Array, " draw"]
    loss_beyond: Float[Array, " draw"]
    cost_effort: Float[Array, " draw"]
    cost_partners: Float[Array, " draw"]
    cost_accommodation: Float[Array, " draw"]
    effort_low: Float[Array, " draw"]
    effort_high: Float[Array, " draw"]
    partners_high: Float[Array, " draw"]


@dataclass(frozen=True)
class Choice:
    """A choice [draw]: effort (% of GDP), partners, accommodation (0..1), and the marginal value of capability."""

    effort: Float[Array, " draw"]
    partners: Float[Array, " draw"]
    accommodation: Float[Array, " draw"]
    value: Float[Array, " draw"]


def ally_optimum(problem: Problem, loss: Loss, scale: Float[Array, " draw"], start: Choice | None = None) -> Choice:
    r"""[H1] The ally's optimum of effort, partners and accommodation under caps (Morrow 1991, 1993).

    $\max U_{sec} - \tfrac12\sum_k c_k k^2$ subject to the bounds; the method is that of the module. `scale` is a
    marginal value of the right size (that of the base). Without `start`: grid and bisection, to about 1e-9 of `scale`.
    With it: a few accelerated steps from there, for a quarter-by-quarter run.
    """
    if start is None:
        value = _from_scratch(problem, loss, scale)
        accommodation = 0.0 * value
    else:
        value, accommodation = _follow(problem, loss, scale, start)
    e, m = _bundle(problem, value)
    a = _accommodation(problem, loss, capability_of(problem, e, m), accommodation, _NEWTON + (start is None) * 5)
    return Choice(e, m, a, value)


def calibrate(
    problem: Problem, loss: Loss, effort: Array, partners: Array, accommodation: Array, cap_share: Array
) -> tuple[Problem, Choice]:
    """Costs that make the base quarter's choice the best one, so that no level of risk or stake is needed.

    First-order conditions read backwards: c_k = (marginal benefit of k) / k. For effort, `cap_share` (0..1) of the
    benefit was held back by the cap and not by cost: that much effort would come if the cap rose. Partners
    beyond the kink that cost more help than they bring are no optimum at any cost: theirs is set as if before it.
    Returns the problem with its costs and the choice.
    """
    A = capability_of(problem, effort, partners)
    _, slope, in_a, _ = loss(A, accommodation)
    xp = namespace(A)
    net = problem.per_partners - xp.where(partners > problem.kink, problem.loss_beyond, 0.0)
    net = xp.where(net > 0.0, net, problem.per_partners)
    costs = {
        "cost_effort": -slope * problem.per_effort * (1.0 - cap_share) / effort,
        "cost_partners": -slope * net / partners,
        "cost_accommodation": -in_a / accommodation,
    }
    return replace(problem, **costs), Choice(effort, partners, accommodation, -slope)


def capability_of(problem: Problem, effort: Array, partners: Array) -> Float[Array, " draw"]:
    """A(e, m): what is there anyway, own effort, partners, less the help lost by leaning on partners past the kink."""
    xp = namespace(effort)
    lost = problem.loss_beyond * xp.maximum(partners - problem.kink, 0.0)
    return problem.fixed + problem.per_effort * effort + problem.per_partners * partners - lost


def objective(problem: Problem, loss: Loss, effort: Array, partners: Array, accommodation: Array) -> Array:
    """What the ally minimises: security loss plus the costs of its choices."""
    value = loss(capability_of(problem, effort, partners), accommodation)[0]
    return value + 0.5 * (
        problem.cost_effort * effort**2
        + problem.cost_partners * partners**2
        + problem.cost_accommodation * accommodation**2
    )


def _bundle(problem: Problem, value: Array) -> tuple[Array, Array]:
    """Best effort and partners at a marginal value of capability. Partners stop at the kink unless more is worth it."""
    xp = namespace(value)
    effort = xp.clip(value * problem.per_effort / problem.cost_effort, problem.effort_low, problem.effort_high)
    before = xp.minimum(value * problem.per_partners / problem.cost_partners, problem.kink)
    beyond = value * (problem.per_partners - problem.loss_beyond) / problem.cost_partners
    return effort, xp.clip(xp.maximum(before, beyond), 0.0, problem.partners_high)


def _accommodation(problem: Problem, loss: Loss, A: Array, start: Array, passes: int) -> Array:
    """Best accommodation given capability: Newton on c_a a = -d loss/d a, which converges from below (concave)."""
    xp = namespace(A)
    a = start
    for _ in range(passes):
        _, _, slope, curvature = loss(A, a)
        a = xp.clip(a - (problem.cost_accommodation * a + slope) / (problem.cost_accommodation + curvature), 0.0, 1.0)
    return a


def _demand(problem: Problem, loss: Loss, value: Array, a: Array, passes: int) -> tuple[Array, Array]:
    """Marginal value of capability at the choice made at a marginal value, and the accommodation there."""
    A = capability_of(problem, *_bundle(problem, value))
    a = _accommodation(problem, loss, A, a, passes)
    return -loss(A, a)[1], a


def _follow(problem: Problem, loss: Loss, scale: Array, start: Choice) -> tuple[Array, Array]:
    """Aitken-accelerated steps on log marginal value from where the ally was."""
    xp = namespace(scale)
    x, a = xp.log(start.value), start.accommodation
    for _ in range(_FOLLOW):
        first, a = _demand(problem, loss, xp.exp(x), a, 1)
        y = xp.log(first)
        second, a = _demand(problem, loss, first, a, 1)
        bend = (xp.log(second) - y) - (y - x)
        safe = xp.where(xp.abs(bend) > 1e-13, bend, 1.0)
        x = xp.where(xp.abs(bend) > 1e-13, x - (y - x) ** 2 / safe, xp.log(second))
    return xp.exp(x), a


def _from_scratch(problem: Problem, loss: Loss, scale: Array) -> Array:
    """The marginal value of the best choice: the best point of a grid, then bisection between its neighbours.

    Where partners stop at the kink, a second optimum may lie just beyond it, between two points of the grid: a finer
    grid around the first looks for it, and counts where it is better.
    """
    xp = namespace(scale)
    coarse, fine = (2.0 * span / (_GRID - 1) for span in (_SPAN, _FINER))  # from one point of a grid to the next
    _, at = _best(problem, loss, xp.log(scale), _SPAN)
    first = _between(problem, loss, at - coarse, at + coarse)
    reached = _reached(problem, loss, first)
    better, near = _best(problem, loss, at, _FINER)
    second = _between(problem, loss, near - fine, near + fine)
    return xp.exp(xp.where(better < reached - _TOLD_APART * xp.abs(reached), second, first))


def _reached(problem: Problem, loss: Loss, x: Array) -> Array:
    """The objective at the choice made at a log marginal value of capability."""
    xp = namespace(x)
    e, m = _bundle(problem, xp.exp(x))
    return objective(problem, loss, e, m, _accommodation(problem, loss, capability_of(problem, e, m), 0.0 * x, 5))


def _best(problem: Problem, loss: Loss, middle: Array, span: float) -> tuple[Array, Array]:
    """The best point of a grid of log marginal values and the objective there."""
    xp = namespace(middle)
    best, at = middle * 0.0 + xp.inf, middle
    for k in range(_GRID):
        x = middle + span * (2.0 * k / (_GRID - 1) - 1.0)
        found = _reached(problem, loss, x)
        best, at = xp.minimum(best, found), xp.where(found < best, x, at)
    return best, at


def _between(problem: Problem, loss: Loss, low: Array, high: Array) -> Array:
    """The log marginal value between two at which capability is worth what it is taken to be, by bisection."""
    xp = namespace(low)
    a = 0.0 * low
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        demand, a = _demand(problem, loss, xp.exp(middle), 0.0 * a, 5)
        too_low = demand > xp.exp(middle)
        low, high = xp.where(too_low, middle, low), xp.where(too_low, high, middle)
    return 0.5 * (low + high)
