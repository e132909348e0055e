r"""The closed-chord step: one pass from a trial equilibrium to a better one, written once for NumPy and JAX.

The unknowns are the log change of labour income by country, of unit cost and of the relative sector wage by country and
sector, and expenditure in units of base value added. One pass

1. reads T2 and T3 off two products with the trade weights, because $(\hat\kappa \hat c)^{-\theta}$ splits into a
   scenario constant and $e^{-\theta \ln \hat c}$: no power is taken inside the loop;
2. takes the price step (T1, T2) and the expenditure step (T4, T5) *domestically closed*: what a country buys from
   itself is solved for, what it buys abroad is taken as it stands;
3. moves labour income by a Newton step with the Jacobian of the calibration point, corrected for the labour demand
   that the unfinished expenditure step still owes, and carries that move into costs and expenditure to first order;
4. moves sector wages (T7) by the gap divided by one plus the response of the sector's own sales.

The matrices of 2-4 are made once (`precondition.py`). They set the speed and never the answer: a fixed point of the
step satisfies T1-T7 whatever they are. Anderson acceleration of the step does the rest.

Layout: [sector, importer, exporter] and [sector, country], so that every product is over contiguous memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from foederis.numerics import namespace
from foederis.trade.economy import Economy, Shock, deficit_rule

Array = Any  # numpy.ndarray or jax.Array
ByCountry = Callable[[Array, Array], Array]  # matrix times vector, country by country
LARGEST_EXPONENT = 700.0  # exp beyond this is not a double
LARGEST_WAGE_STEP = 0.3  # log points a pass
LEAST_DEMAND = 0.3  # floor of the corrected labour demand, as a share of the uncorrected


@dataclass(frozen=True, eq=False)
class Problem:
    """The constants of one equilibrium, laid out for the loop."""

    weight: Float[Array, "sector side importer exporter"]  # side 0: pi kappa_hat^-theta; side 1: the same net of tariff
    theta: Float[Array, "sector 1"]
    value_added_share: Float[Array, "sector country"]
    final_share: Float[Array, "sector country"]
    input_share: Float[Array, "country output input"]
    value_added: Float[Array, " country"]  # base, million USD
    output: Float[Array, "sector country"]  # base, million USD
    deficit_constant: Float[Array, " country"]
    deficit_share: Float[Array, " country"]  # of world GDP
    deficit_by_wage: Float[Array, " country"]
    wage_of: Float[Array, " country"]  # one-hot: the numeraire country of deficit_by_wage
    numeraire: Float[Array, "country country"]  # by bloc: times labour income, its value added over that of the base
    immobility: Float[Array, ""] | None  # 1 / mobility; None when labour is fully mobile


class State(NamedTuple):
    """A trial equilibrium."""

    log_income: Float[Array, " country"]  # log change of labour income
    log_cost: Float[Array, "sector country"]  # log change of unit cost
    spending: Float[Array, "sector country"]  # expenditure over the country's base value added
    log_wage: Float[Array, "sector country"] | None  # log sector wage less log labour income; None: one wage


class Markets(NamedTuple):
    """What follows from a trial equilibrium."""

    log_price: Float[Array, "sector importer"]
    expenditure: Float[Array, "sector importer"]
    output: Float[Array, "sector exporter"]
    imports: Float[Array, " importer"]  # from all origins, home included, tariff-exclusive
    revenue: Float[Array, " importer"]
    labour_income: Float[Array, " country"]  # what workers are taken to earn
    labour_demand: Float[Array, " country"]  # what producers pay at these sales
    deficit: Float[Array, " country"]
    wage_gap: Float[Array, "sector country"] | None  # T7 less the trial relative wage


@dataclass(frozen=True, eq=False)
class Chord:
    """The matrices of the step; see `precondition.chord_at` for what each one is."""

    own_share: Float[Array, "sector country"]
    own_share_net: Float[Array, "sector country"]
    revenue_share: Float[Array, "sector country"]
    cost_of_income: Float[Array, "sector country"]
    cost_of_price: Float[Array, "country sector sector"]
    cost_of_wage: Float[Array, "country sector sector"]
    spending_of_output: Float[Array, "country sector sector"]
    spending_of_income: Float[Array, "sector country"]
    response: Float[Array, "sector both country"]  # rows: log cost, then spending, by country; columns: log income
    demand_owed: Float[Array, "sector country country"]
    income_step: Float[Array, "country country"]
    sales_of_wage: Float[Array, "country sector sector"]
    wage_step: Float[Array, "country sector sector"] | None  # None: one wage in each country


def problem_of(economy: Economy, shock: Shock, weight: Float[Array, "sector side importer exporter"]) -> Problem:
    """The constants of an economy under a checked shock."""
    rule = deficit_rule(economy, shock)
    base = layout(economy)
    assert shock.trade_elasticity is not None
    return Problem(
        weight=weight,
        theta=shock.trade_elasticity[:, None],
        value_added_share=base["value_added_share"],
        final_share=base["final_share"],
        input_share=base["input_share"],
        value_added=economy.value_added,
        output=base["output"],
        deficit_constant=rule.constant,
        deficit_share=rule.share,
        deficit_by_wage=rule.by_wage,
        wage_of=rule.wage_of,
        numeraire=numeraire_by_bloc(economy, shock),
        immobility=None if np.isinf(shock.mobility) else np.asarray(1.0 / shock.mobility),
    )


def layout(economy: Economy) -> dict[str, Array]:
    """The economy's arrays with the sector first, made once and kept with it."""
    kept: dict[str, Array] | None = economy.kept.get("layout")
    if kept is None:
        gross = economy.trade_share.transpose(2, 0, 1)
        tau = np.ascontiguousarray(1.0 + economy.tariff.transpose(2, 0, 1))
        kept = {
            "weight": np.stack([gross, gross / tau], axis=1),
            "numeraire": _by_bloc(economy.value_added, economy.trade_share),
            "tau": tau,
            "input_share": np.ascontiguousarray(economy.input_share.transpose(0, 2, 1)),
            "value_added_share": np.ascontiguousarray(economy.value_added_share.T),
            "final_share": np.ascontiguousarray(economy.final_share.T),
            "output": np.ascontiguousarray(economy.output.T),
            "spending": np.ascontiguousarray((economy.expenditure / economy.value_added[:, None]).T),
        }
        economy.kept["layout"] = kept
    return kept


def numeraire_by_bloc(economy: Economy, shock: Shock) -> Float[np.ndarray, "country country"]:
    """Rows that add up the labour income of a country's bloc, over its base value added; one bloc if all trade.

    Countries that no chain of trade links have no relative wage: no market sets it. Each bloc then keeps its own value
    added, so that the equilibrium is one point.
    """
    assert shock.iceberg_hat is not None
    if shock.iceberg_hat is economy.no_iceberg or np.isfinite(shock.iceberg_hat).all():
        whole: Float[np.ndarray, "country country"] = layout(economy)["numeraire"]
        return whole
    return _by_bloc(economy.value_added, np.where(np.isfinite(shock.iceberg_hat), economy.trade_share, 0.0))


def _by_bloc(
    value_added: Float[Array, " country"], share: Float[Array, "importer exporter sector"]
) -> Float[np.ndarray, "country country"]:
    traded = share.max(axis=2) > 0.0
    bloc = chained(traded | traded.T)
    return np.asarray(bloc / (bloc @ value_added)[:, None])


def chained(linked: Bool[np.ndarray, "country country"]) -> Bool[np.ndarray, "country country"]:
    """True where a chain of links leads from one country to another; every country reaches itself."""
    reached = linked | np.eye(len(linked), dtype=bool)
    for _ in range(int(np.ceil(np.log2(len(linked) + 1)))):  # each squaring doubles the length of the chains
        reached = (reached.astype(float) @ reached) > 0.0
    return reached


@dataclass(frozen=True, eq=False)
class Wedge:
    """The cells whose trade cost a shock changes: what of the trade weights does not depend on elasticities."""

    cells: Int[np.ndarray, " cell"]  # positions of the gross weights in the [sector, side, importer, exporter] array
    sector: Int[np.ndarray, " cell"]
    log_kappa: Float[np.ndarray, " cell"]  # log change of tariff factor times iceberg cost; infinite: trade is cut
    tau_new: Float[np.ndarray, " cell"]

    @classmethod
    def of(cls, economy: Economy, shock: Shock) -> Wedge:
        """The wedge of a checked shock."""
        assert shock.tariff is not None
        assert shock.iceberg_hat is not None
        changed = shock.tariff != economy.tariff
        if shock.iceberg_hat is not economy.no_iceberg:
            changed |= shock.iceberg_hat != 1.0
        place = np.flatnonzero(changed)
        n, j = len(economy.countries), len(economy.sectors)
        pair, sector = np.divmod(place, j)
        tau_new, tau = 1.0 + shock.tariff.reshape(-1)[place], 1.0 + economy.tariff.reshape(-1)[place]
        log_kappa = np.log(tau_new / tau * shock.iceberg_hat.reshape(-1)[place])
        return cls(sector * (2 * n * n) + pair, sector, log_kappa, tau_new)

    @property
    def cuts(self) -> bool:
        """True if some trade is cut off altogether."""
        return bool(np.isinf(self.log_kappa).any())

    def weights(
        self, economy: Economy, theta: Float[np.ndarray, " sector"]
    ) -> Float[np.ndarray, "sector side importer exporter"]:
        """Base trade share times kappa_hat^-theta, gross and net of the new tariff."""
        weight: Float[np.ndarray, "sector side importer exporter"] = layout(economy)["weight"].copy()
        flat, n = weight.reshape(-1), len(economy.countries)
        gross = flat[self.cells] * np.exp(-theta[self.sector] * self.log_kappa)
        flat[self.cells] = gross
        flat[self.cells + n * n] = gross / self.tau_new
        return weight


def pack(state: State) -> Float[Array, " state"]:
    """The state as one vector."""
    xp = namespace(state.log_income)
    return xp.concatenate([part.reshape(-1) for part in state if part is not None])


def unpack(problem: Problem, vector: Float[Array, "... state"]) -> State:
    """The state held in a vector, or the states held in the rows of a matrix."""
    j, n = problem.final_share.shape
    parts = vector[..., n:].reshape(*vector.shape[:-1], -1, j, n)
    log_wage = None if problem.immobility is None else parts[..., 2, :, :]
    return State(vector[..., :n], parts[..., 0, :, :], parts[..., 1, :, :], log_wage)


def start_of(economy: Economy, problem: Problem) -> Float[np.ndarray, " state"]:
    """No change from the base year."""
    j, n = problem.final_share.shape
    zero = np.zeros((j, n))
    wage = None if problem.immobility is None else zero
    return np.asarray(pack(State(np.zeros(n), zero, layout(economy)["spending"], wage)))


def markets(problem: Problem, state: State) -> Markets:
    """Prices, sales, revenue and incomes at a trial equilibrium (T2, T3, T5, T7 in the loop's layout)."""
    xp = namespace(state.log_income)
    j, _, n, _ = problem.weight.shape
    pull = pull_of(problem, state)
    sums = _times(problem.weight.reshape(j, 2 * n, n), pull).reshape(j, 2, n)
    total, total_net = sums[:, 0], sums[:, 1]
    expenditure = state.spending * problem.value_added
    per_pull = expenditure / total
    output = pull * xp.matmul(per_pull[:, None, :], problem.weight[:, 1])[:, 0, :]
    return markets_at(problem, state, total, expenditure, (per_pull * total_net).sum(axis=0), output)


def pull_of(problem: Problem, state: State) -> Float[Array, "... sector country"]:
    """What an origin adds to a buyer's sum, before trade costs: its change of unit cost to the power of minus theta."""
    xp = namespace(state.log_cost)
    return xp.exp(xp.clip(-problem.theta * state.log_cost, -LARGEST_EXPONENT, LARGEST_EXPONENT))


def markets_at(
    problem: Problem,
    state: State,
    total: Float[Array, "... sector importer"],
    expenditure: Float[Array, "... sector importer"],
    imports: Float[Array, "... importer"],
    output: Float[Array, "... sector exporter"],
) -> Markets:
    """Incomes, deficits and gaps once trade is known, for one state or for several in the leading axis (T5, T7)."""
    xp = namespace(state.log_income)
    revenue = expenditure.sum(axis=-2) - imports
    labour_income = xp.exp(state.log_income) * problem.value_added
    labour_demand = (problem.value_added_share * output).sum(axis=-2)
    world_gdp = labour_income.sum(axis=-1, keepdims=True) + revenue.sum(axis=-1, keepdims=True)
    numeraire_wage = xp.exp((problem.wage_of * state.log_income).sum(axis=-1, keepdims=True))
    return Markets(
        log_price=-xp.log(total) / problem.theta,
        expenditure=expenditure,
        output=output,
        imports=imports,
        revenue=revenue,
        labour_income=labour_income,
        labour_demand=labour_demand,
        deficit=problem.deficit_constant + problem.deficit_share * world_gdp + problem.deficit_by_wage * numeraire_wage,
        wage_gap=_wage_gap(problem, state, output, labour_demand),
    )


def _wage_gap(
    problem: Problem,
    state: State,
    output: Float[Array, "... sector country"],
    labour_demand: Float[Array, "... country"],
) -> Float[Array, "... sector country"] | None:
    """T7 in logs: (1/nu) (log change of the sector's value added - of the country's), less the trial relative wage."""
    if problem.immobility is None or state.log_wage is None:
        return None
    xp = namespace(output)
    made = problem.output > 0  # a sector that makes nothing keeps the country's wage
    output_hat = xp.where(made, output, 1.0) / xp.where(made, problem.output, 1.0)
    relative = xp.where(made, xp.log(output_hat) - xp.log(labour_demand / problem.value_added)[..., None, :], 0.0)
    return problem.immobility * relative - state.log_wage


def step(
    problem: Problem, chord: Chord, vector: Float[Array, " state"]
) -> tuple[Float[Array, " state"], Float[Array, ""]]:
    """One pass: (the next state, the largest error of this one).

    The error is the largest of: log unit cost, expenditure over value added, labour demand over labour income less one
    (less the deviation of the numeraire), log sector wage.
    """
    xp = namespace(vector)
    state = unpack(problem, vector)
    at = markets(problem, state)
    d_cost = cost_step(chord, state, at, by_country)
    d_spending = spending_step(problem, chord, at, by_country)
    numeraire = problem.numeraire @ at.labour_income - 1.0
    labour_error = at.labour_demand / at.labour_income - 1.0 - numeraire
    gaps = [d_cost, d_spending, labour_error] + ([] if at.wage_gap is None else [at.wage_gap])
    error = xp.stack([xp.max(xp.abs(gap)) for gap in gaps]).max()

    owed = xp.matmul((d_spending * problem.value_added)[:, None, :], chord.demand_owed)[:, 0, :].sum(axis=0)
    demand = xp.maximum(at.labour_demand + owed, LEAST_DEMAND * at.labour_demand)
    d_income = chord.income_step @ (xp.log(demand / at.labour_income) - numeraire)
    d_income = d_income * xp.minimum(1.0, LARGEST_WAGE_STEP / xp.maximum(xp.max(xp.abs(d_income)), 1e-30))
    j, n = state.log_cost.shape
    carried = _times(chord.response, d_income[None, :]).reshape(j, 2, n)
    log_wage = None
    if at.wage_gap is not None and state.log_wage is not None:
        assert chord.wage_step is not None
        d_wage = by_country(chord.wage_step, at.wage_gap)
        d_wage = d_wage * xp.minimum(1.0, LARGEST_WAGE_STEP / xp.maximum(xp.max(xp.abs(d_wage)), 1e-30))
        d_cost = d_cost + by_country(chord.cost_of_wage, d_wage)
        log_wage = state.log_wage + d_wage
    moved = State(
        state.log_income + d_income,
        state.log_cost + d_cost + carried[:, 0],
        state.spending + d_spending + carried[:, 1],
        log_wage,
    )
    return pack(moved), error


def cost_step(chord: Chord, state: State, at: Markets, times: ByCountry) -> Float[Array, "... sector country"]:
    """T1 and T2 with the domestic share of input prices solved for, less the trial cost. `times`: `by_country`, or the
    same for several states in the leading axis."""
    closed = chord.cost_of_income * state.log_income[..., None, :]
    closed = closed + times(chord.cost_of_price, at.log_price - chord.own_share * state.log_cost)
    if state.log_wage is not None:
        closed = closed + times(chord.cost_of_wage, state.log_wage)
    return closed - state.log_cost


def spending_step(problem: Problem, chord: Chord, at: Markets, times: ByCountry) -> Float[Array, "... sector country"]:
    """T4 and T5 with domestic sales and own tariff revenue solved for, less the trial spending. `times`: as above."""
    foreign_output = at.output - chord.own_share_net * at.expenditure
    foreign_revenue = at.revenue - (chord.revenue_share * at.expenditure).sum(axis=-2)
    income = at.labour_income + at.deficit + foreign_revenue
    closed = times(chord.spending_of_output, foreign_output) + chord.spending_of_income * income[..., None, :]
    return (closed - at.expenditure) / problem.value_added


def _times(
    matrix: Float[Array, "sector row column"], vector: Float[Array, "sector column"]
) -> Float[Array, "sector row"]:
    """Matrix times vector, sector by sector."""
    return namespace(vector).matmul(matrix, vector[..., None])[..., 0]


def by_country(
    matrix: Float[Array, "country sector sector"], values: Float[Array, "sector country"]
) -> Float[Array, "sector country"]:
    """Matrix times vector, country by country."""
    return _times(matrix, values.T).T
