"""Equilibria side by side: members that share an economy and a chord in one accelerated loop.

A single solve reads every matrix of the step for one vector and waits for memory. Here each matrix is read once for
all members, whose states are rows of one array: the chord, and the trade weights of the base year. What a member
changes of the weights are rows of few importers; those are kept apart, member by member.

Members that arrive leave the loop. Each is certified like a single solve; one that is not is searched for alone, from
where the block left it (`search.py`). Members decide one another's last bits: a block is made of the same members for
any number of workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis.errors import SolveError
from foederis.numerics import FixedPoint, anderson_block
from foederis.trade.chord import (
    LARGEST_WAGE_STEP,
    LEAST_DEMAND,
    Chord,
    Markets,
    Problem,
    State,
    Wedge,
    cost_step,
    layout,
    markets_at,
    problem_of,
    pull_of,
    spending_step,
    start_of,
    unpack,
)
from foederis.trade.economy import Economy, Shock
from foederis.trade.equilibrium import Equilibrium, certificate, equilibrium_of
from foederis.trade.search import CHORD_PASSES, FAR, MARGIN, MEMORY
from foederis.trade.solver import TOLERANCE, chord_of, solve, state_vector

__all__ = ["MemberRefused", "solve_block"]

Array = np.ndarray
MOST_ROWS = 1 / 3  # share of importers whose weights may differ before members have too little in common


class MemberRefused(SolveError):
    """A member of a block that did not converge: its position, and the refusal as of a solve of its own."""

    def __init__(self, member: int, refusal: SolveError):
        self.member, self.refusal = member, refusal
        super().__init__(f"member {member}: {refusal}", refusal.residuals, refusal.where)

    def __reduce__(self) -> tuple[type[MemberRefused], tuple[int, SolveError]]:
        return type(self), (self.member, self.refusal)


def solve_block(
    economy: Economy,
    shocks: Sequence[Shock],
    starts: Sequence[Equilibrium | None] | None = None,
    *,
    tolerance: float = TOLERANCE,
) -> list[Equilibrium]:
    """The equilibria of one economy after several shocks, from given starts: `solve` for each, to the same tolerance.

    Shocks that have too little in common for a block (deficits purged, trade cut off, tariffs changed by many
    importers) are solved one by one.

    Raises DataError as `solve`, MemberRefused when a member stays above tolerance.
    """
    begin = [None] * len(shocks) if starts is None else list(starts)
    checked = [shock.check(economy) for shock in shocks]
    wedges = [Wedge.of(economy, shock) for shock in checked]
    if len(shocks) < 2 or not _alike(economy, checked, wedges):
        return [_alone(economy, shock, k, begin[k], tolerance) for k, shock in enumerate(checked)]
    block = _block(economy, checked, wedges)
    home = start_of(economy, block.problem)
    points = np.stack(
        [
            home if near is None else state_vector(near, economy, shock.mobility)
            for near, shock in zip(begin, checked, strict=True)
        ]
    )
    with np.errstate(all="ignore"):  # a wild step shows as an error that is not finite and takes the member out
        ends = _loop(
            block, chord_of(economy), _wage_steps(economy, np.unique(block.mobility)), points, MARGIN * tolerance
        )
        at = markets_of(block, unpack(block.problem, np.stack([end.point for end in ends])))
    found = []
    for k, (shock, end) in enumerate(zip(checked, ends, strict=True)):
        problem = block.of(k)
        state, here = unpack(problem, end.point), _member(at, k)
        residuals = certificate(problem, state, here)
        arrived = all(bool(np.abs(part).max() <= tolerance) for part in residuals.values())
        near = equilibrium_of(economy, shock, "numpy", end.passes, state, here, residuals)
        start = near if end.error <= FAR else begin[k]
        found.append(near if arrived else _alone(economy, shock, k, start, tolerance))
    return found


def _alone(economy: Economy, shock: Shock, k: int, start: Equilibrium | None, tolerance: float) -> Equilibrium:
    """One member by itself; a start far from the solution can mislead, the base year is the other one we have."""
    try:
        try:
            return solve(economy, shock, start=start, tolerance=tolerance)
        except SolveError:
            if start is None:
                raise
            return solve(economy, shock, tolerance=tolerance)
    except SolveError as refusal:
        raise MemberRefused(k, refusal) from refusal


def _alike(economy: Economy, shocks: Sequence[Shock], wedges: Sequence[Wedge]) -> bool:
    """Whether shocks can share a block."""
    first = shocks[0]
    rows = np.unique(np.concatenate([_rows(economy, wedge) for wedge in wedges]))
    return (
        all(s.closure != "purged" and np.isinf(s.mobility) == np.isinf(first.mobility) for s in shocks)
        and not any(wedge.cuts for wedge in wedges)
        and len(rows) <= MOST_ROWS * len(economy.countries)
    )


def _rows(economy: Economy, wedge: Wedge) -> Int[Array, " cell"]:
    """The importers of the cells of a wedge."""
    n = len(economy.countries)
    return np.asarray(wedge.cells % (n * n) // n)


MEMBERS_OWN = ("theta", "deficit_constant", "deficit_share", "deficit_by_wage", "wage_of", "immobility")


@dataclass(frozen=True, eq=False)
class Block:
    """The constants of several equilibria, laid out for the loop."""

    problem: Problem  # at the base year's weights; what members have of their own (`MEMBERS_OWN`) in a leading axis
    rows: Int[Array, " row"]  # importers whose weights differ
    changed: Float[Array, "sector member both_rows exporter"]  # their weights, gross over net of tariff
    mobility: Float[Array, " member"]  # infinite in all members or in none

    def of(self, members: Int[Array, " kept"] | int) -> Problem:
        """The constants of some members, or of one; its weights are those of the base year."""
        own = {name: getattr(self.problem, name) for name in MEMBERS_OWN}
        return replace(self.problem, **{name: None if part is None else part[members] for name, part in own.items()})

    def take(self, members: Int[Array, " kept"]) -> Block:
        """The block of some of its members."""
        return Block(self.of(members), self.rows, self.changed[:, members], self.mobility[members])


def _block(economy: Economy, shocks: Sequence[Shock], wedges: Sequence[Wedge]) -> Block:
    base = layout(economy)["weight"]
    j, _, n, _ = base.shape
    problems = [problem_of(economy, shock, base) for shock in shocks]
    rows = np.unique(np.concatenate([_rows(economy, wedge) for wedge in wedges]))
    own = np.ascontiguousarray(base[:, :, rows])
    changed = np.empty((j, len(shocks), 2 * len(rows), n))
    for k, (wedge, problem) in enumerate(zip(wedges, problems, strict=True)):
        mine = own.copy()
        exporter = wedge.cells % n
        row = np.searchsorted(rows, _rows(economy, wedge))
        gross = mine[wedge.sector, 0, row, exporter] * np.exp(-problem.theta[wedge.sector, 0] * wedge.log_kappa)
        mine[wedge.sector, 0, row, exporter] = gross
        mine[wedge.sector, 1, row, exporter] = gross / wedge.tau_new
        changed[:, k] = mine.reshape(j, 2 * len(rows), n)
    beside: dict[str, Any] = {name: np.stack([getattr(p, name) for p in problems]) for name in MEMBERS_OWN[:-1]}
    mobility = np.array([shock.mobility for shock in shocks])
    beside["immobility"] = None if problems[0].immobility is None else (1.0 / mobility)[:, None, None]
    return Block(replace(problems[0], **beside), rows, changed, mobility)


def _member(at: Markets, k: int) -> Markets:
    found: dict[str, Any] = {name: None if part is None else part[k] for name, part in at._asdict().items()}
    return Markets(**found)


def markets_of(block: Block, state: State) -> Markets:
    """`chord.markets` for all members: every array has the member as its first axis (T2, T3)."""
    problem, rows = block.problem, block.rows
    _, j, n = state.log_cost.shape
    pull = pull_of(problem, state)
    by_sector = pull.transpose(1, 0, 2)
    sums = by_sector @ problem.weight.reshape(j, 2 * n, n).transpose(0, 2, 1)  # sector, member, importer gross and net
    if len(rows):
        own = (block.changed @ np.ascontiguousarray(by_sector)[..., None])[..., 0]
        sums[:, :, rows], sums[:, :, n + rows] = own[..., : len(rows)], own[..., len(rows) :]
    total, total_net = sums[..., :n].transpose(1, 0, 2), sums[..., n:].transpose(1, 0, 2)
    expenditure = state.spending * problem.value_added
    per_pull = expenditure / total
    common = per_pull.transpose(1, 0, 2).copy()
    common[:, :, rows] = 0.0
    sold = common @ problem.weight[:, 1]
    if len(rows):
        mine = per_pull[:, :, rows].transpose(1, 0, 2)[:, :, None]
        sold += (mine @ block.changed[:, :, len(rows) :])[:, :, 0]
    imports = (per_pull * total_net).sum(axis=1)
    return markets_at(problem, state, total, expenditure, imports, pull * sold.transpose(1, 0, 2))


def step_of(
    block: Block, chord: Chord, wage_steps: Mapping[float, Array], points: Float[Array, "member state"]
) -> tuple[Float[Array, "member state"], Float[Array, " member"]]:
    """`chord.step` for all members: (the next states, the largest error of each). `wage_steps` by mobility."""
    problem, state = block.problem, unpack(block.problem, points)
    at = markets_of(block, state)
    members, j, n = state.log_cost.shape
    d_cost = cost_step(chord, state, at, _by_country)
    d_spending = spending_step(problem, chord, at, _by_country)
    numeraire = at.labour_income @ problem.numeraire.T - 1.0
    labour_error = at.labour_demand / at.labour_income - 1.0 - numeraire
    gaps = [d_cost, d_spending, labour_error] + ([] if at.wage_gap is None else [at.wage_gap])
    error = np.max([_largest(gap) for gap in gaps], axis=0)

    weighed = (d_spending * problem.value_added).reshape(members, j * n)
    owed = weighed @ chord.demand_owed.reshape(j * n, n)
    demand = np.maximum(at.labour_demand + owed, LEAST_DEMAND * at.labour_demand)
    d_income = _capped((np.log(demand / at.labour_income) - numeraire) @ chord.income_step.T)
    carried = (d_income @ chord.response.reshape(2 * j * n, n).T).reshape(members, j, 2, n)
    image = np.empty_like(points)
    moved = unpack(problem, image)
    np.add(state.log_income, d_income, out=moved.log_income)
    if at.wage_gap is not None and state.log_wage is not None and moved.log_wage is not None:
        d_wage = np.empty_like(at.wage_gap)
        for mobility in np.unique(block.mobility):
            mine = block.mobility == mobility
            d_wage[mine] = _by_country(wage_steps[mobility], at.wage_gap[mine])
        d_wage = _capped(d_wage)
        d_cost += _by_country(chord.cost_of_wage, d_wage)
        np.add(state.log_wage, d_wage, out=moved.log_wage)
    np.add(state.log_cost + d_cost, carried[:, :, 0], out=moved.log_cost)
    np.add(state.spending + d_spending, carried[:, :, 1], out=moved.spending)
    return image, error


def _largest(gap: Float[Array, "member ..."]) -> Float[Array, " member"]:
    return np.asarray(np.abs(gap).reshape(len(gap), -1).max(axis=1))


def _capped(change: Float[Array, "member ..."]) -> Float[Array, "member ..."]:
    """A step in logs no longer than the largest, member by member."""
    share = np.minimum(1.0, LARGEST_WAGE_STEP / np.maximum(_largest(change), 1e-30))
    return np.asarray(change * share.reshape(-1, *(1,) * (change.ndim - 1)))


def _by_country(
    matrix: Float[Array, "country sector sector"], values: Float[Array, "member sector country"]
) -> Float[Array, "member sector country"]:
    """Matrix times vector, country by country; the result is contiguous."""
    beside = np.ascontiguousarray(values.transpose(2, 0, 1)) @ matrix.transpose(0, 2, 1)
    return np.ascontiguousarray(beside.transpose(1, 2, 0))


def _wage_steps(economy: Economy, mobilities: Iterable[float]) -> dict[float, Array]:
    """The wage step of each finite mobility."""
    steps = {float(mobility): chord_of(economy, float(mobility)).wage_step for mobility in mobilities}
    return {mobility: step for mobility, step in steps.items() if step is not None}


def _loop(
    block: Block,
    chord: Chord,
    wage_steps: Mapping[float, Array],
    points: Float[Array, "member state"],
    tolerance: float,
) -> list[FixedPoint]:
    """The step under Anderson acceleration; the block shrinks with the members that are still under way."""
    kept = np.arange(len(points))
    now = block

    def pass_(members: Int[Array, " kept"], at: Float[Array, "kept state"]) -> tuple[Array, Array]:
        nonlocal kept, now
        if len(members) != len(kept):
            kept, now = members, block.take(members)
        return step_of(now, chord, wage_steps, at)

    return anderson_block(pass_, points, tolerance=tolerance, memory=MEMORY, max_passes=CHORD_PASSES)
