"""The verbs: `solve` one equilibrium, `solve_many` for ensembles, `purge` an economy of its deficits.

Every equilibrium starts from the base year (or a given start), is iterated by the chosen engine with the chord kept
with the economy, and is certified. After `CHORD_PASSES` passes without an end the chord is made anew at the best point
met; after `MOST_CHORDS` chords the solve is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError, SolveError, UsageError
from foederis.numerics import FixedPoint, anderson
from foederis.trade.chord import Chord, Problem, State, Wedge, layout, markets, pack, problem_of, start_of, step, unpack
from foederis.trade.economy import Economy, Shock
from foederis.trade.equilibrium import Equilibrium, certificate, equilibrium_of, refuse
from foederis.trade.precondition import chord_at

Array = np.ndarray
Engine = Literal["reference", "numpy", "jax"]
T = TypeVar("T")
ENGINES: tuple[Engine, ...] = ("reference", "numpy", "jax")
TOLERANCE = 1e-10
PURGE_TOLERANCE = 1e-12  # below what users ask for: the purged economy is a base year
MARGIN = 0.5  # the loop stops at this part of the tolerance: its error and the certificate weigh markets differently
CHORD_PASSES = 60
MOST_CHORDS = 6
MEMORY = 5
MEMORY_FAR = 8  # after a new chord: a far equilibrium gains from a longer memory
Loop = Callable[[Problem, Chord, Float[Array, " state"], float, int, int], FixedPoint]


def solve(
    economy: Economy,
    shock: Shock | None = None,
    *,
    engine: Engine = "numpy",
    tolerance: float = TOLERANCE,
    start: Equilibrium | None = None,
) -> Equilibrium:
    """The equilibrium of an economy after a shock (Caliendo & Parro 2015, in changes; T1-T7).

    `engine`: "reference" (plain NumPy, the equations in the paper's order), "numpy" (closed chord with Anderson
    acceleration), "jax" (the same, compiled). `tolerance` bounds every residual of the certificate. `start`: an
    equilibrium of the same countries and sectors to start from.

    Raises DataError on a bad shock, UsageError on an unknown engine, SolveError when a residual stays above tolerance.
    """
    checked = (Shock() if shock is None else shock).check(economy)
    base = purge(economy, checked.trade_elasticity) if checked.closure == "purged" else economy
    if engine == "reference":
        from foederis.trade.reference import solve_reference

        return solve_reference(base, checked, tolerance)
    wedge, chord = Wedge.of(base, checked), _chord_for(economy, checked)
    return _solve_checked(base, checked, wedge, chord, _loop(engine), engine, tolerance, start)


def _chord_for(economy: Economy, shock: Shock) -> Chord:
    """The chord a checked shock is solved with: of the purged economy at its own elasticities if deficits are purged."""
    return chord_of(purge(economy) if shock.closure == "purged" else economy, shock.mobility)


def solve_many(
    economy: Economy,
    shocks: Shock | Iterable[Shock],
    *,
    trade_elasticity: Iterable[Float[Array, " sector"]] | None = None,
    measure: Callable[[Equilibrium], T] | None = None,
    engine: Literal["numpy", "jax"] = "numpy",
    tolerance: float = TOLERANCE,
) -> Iterator[Equilibrium | T]:
    """Many equilibria of one economy, in order, with one chord: `solve` without its set-up per member.

    `shocks`: the members, or one shock that each draw of `trade_elasticity` changes. `measure` turns each equilibrium
    into what is kept; what it does not ask for is not computed. Every member starts from the base year, so that its
    bits do not depend on its neighbours, on the order, or on how members are spread over processes.

    Raises as `solve`; a SolveError names the member.
    """
    loop = _loop(engine)
    last: tuple[Economy, Shock, Wedge] | None = None
    for number, shock in enumerate(_members(shocks, trade_elasticity)):
        checked = shock.check(economy)
        base = purge(economy, checked.trade_elasticity) if checked.closure == "purged" else economy
        same = last is not None and _same_wedge(last[0], last[1], base, checked)
        wedge = last[2] if last is not None and same else Wedge.of(base, checked)
        last = base, checked, wedge
        try:
            found = _solve_checked(base, checked, wedge, _chord_for(economy, checked), loop, engine, tolerance, None)
        except SolveError as refusal:
            raise SolveError(f"member {number}: {refusal}", refusal.residuals, refusal.where) from refusal
        yield found if measure is None else measure(found)


def _same_wedge(old_base: Economy, old: Shock, base: Economy, shock: Shock) -> bool:
    """True if two members share tariffs and iceberg costs as the very same arrays, over the same base tariffs."""
    same_shock = old.tariff is shock.tariff and old.iceberg_hat is shock.iceberg_hat
    return same_shock and old_base.tariff is base.tariff


def _members(
    shocks: Shock | Iterable[Shock], trade_elasticity: Iterable[Float[Array, " sector"]] | None
) -> Iterator[Shock]:
    if trade_elasticity is None:
        yield from [shocks] if isinstance(shocks, Shock) else shocks
        return
    if not isinstance(shocks, Shock):
        raise UsageError("solve_many: draws of trade_elasticity go with one shock, not with several")
    for draw in trade_elasticity:
        yield replace(shocks, trade_elasticity=draw)


def purge(economy: Economy, trade_elasticity: Float[Array, " sector"] | None = None) -> Economy:
    """The economy with its aggregate deficits removed at base tariffs, in the long run (one wage per country).

    As Ossa (2014) does before an experiment. Kept with the economy for its own elasticities. Raises SolveError.
    """
    own = trade_elasticity is None or np.array_equal(trade_elasticity, economy.trade_elasticity)
    if own and "purged" in economy.kept:
        kept: Economy = economy.kept["purged"]
        return kept
    shock = Shock(trade_elasticity=trade_elasticity, closure="fixed_nominal", transfer=-economy.deficit).check(economy)
    wedge, chord = Wedge.of(economy, shock), chord_of(economy, shock.mobility)
    purged = rebase(_solve_checked(economy, shock, wedge, chord, numpy_loop, "numpy", PURGE_TOLERANCE, None))
    if own:
        economy.kept["purged"] = purged
    return purged


def rebase(equilibrium: Equilibrium) -> Economy:
    """The economy after the shock, as a base year for the next one."""
    old = equilibrium.economy
    share = equilibrium.trade_share_new
    return Economy(
        countries=old.countries,
        sectors=old.sectors,
        trade_share=share / share.sum(axis=1, keepdims=True),
        tariff=equilibrium.tariff_new,
        input_share=old.input_share,
        value_added_share=old.value_added_share,
        final_share=old.final_share,
        value_added=equilibrium.labour_income_new,
        deficit=equilibrium.deficit_new,
        trade_elasticity=equilibrium.trade_elasticity,
        expenditure=equilibrium.expenditure_new,
    )


def chord_of(economy: Economy, mobility: float = np.inf) -> Chord:
    """The chord of an economy at its base year for a mobility, made at the first call and kept with the economy."""
    chords: dict[float, Chord] = economy.kept.setdefault("chords", {})
    if mobility not in chords:
        calm = Shock(mobility=mobility).check(economy)
        problem = problem_of(economy, calm, layout(economy)["weight"])
        chords[mobility] = chord_at(problem, unpack(problem, start_of(economy, problem)))
    return chords[mobility]


def numpy_loop(
    problem: Problem, chord: Chord, start: Float[Array, " state"], tolerance: float, memory: int, most: int
) -> FixedPoint:
    """The step under Anderson acceleration in NumPy."""

    def pass_(vector: Float[Array, " state"]) -> tuple[Float[Array, " state"], float]:
        image, error = step(problem, chord, vector)
        return image, float(error)

    return anderson(pass_, start, tolerance=tolerance, memory=memory, max_passes=most)


def _loop(engine: str) -> Loop:
    if engine == "numpy":
        return numpy_loop
    if engine == "jax":
        from foederis.trade.fast import jax_loop

        return jax_loop
    raise UsageError(f"unknown engine {engine!r}; there are {', '.join(ENGINES)}")


def _solve_checked(
    economy: Economy,
    shock: Shock,
    wedge: Wedge,
    chord: Chord,
    loop: Loop,
    engine: str,
    tolerance: float,
    start: Equilibrium | None,
) -> Equilibrium:
    """Iterate, refresh the chord when it does not end, certify or refuse."""
    assert shock.trade_elasticity is not None
    problem = problem_of(economy, shock, wedge.weights(economy, shock.trade_elasticity))
    if wedge.cuts:
        require_suppliers(economy, problem)
    home = start_of(economy, problem)
    vector = home if start is None else _vector_of(start, economy, problem)
    passes = 0
    goal = MARGIN * tolerance
    with np.errstate(all="ignore"):  # a wild step shows as an error that is not finite and ends the loop
        for chords in range(MOST_CHORDS + 1):
            memory = MEMORY if chords == 0 else MEMORY_FAR
            end = loop(problem, chord, vector, goal, memory, CHORD_PASSES)
            passes += end.passes
            state = unpack(problem, end.point)
            at = markets(problem, state)
            parts = certificate(problem, state, at)
            if all(np.abs(part).max() <= tolerance for part in parts.values()):
                return equilibrium_of(economy, shock, engine, passes, problem, state, at)
            if end.converged(goal):
                goal, vector = goal / 10.0, end.point
                continue
            vector = end.point if end.error < 1.0 else home
            try:
                chord = chord_at(problem, unpack(problem, vector))
            except np.linalg.LinAlgError:
                break
    raise refuse(economy, parts, tolerance, passes)


def _vector_of(start: Equilibrium, economy: Economy, problem: Problem) -> Float[Array, " state"]:
    """The loop's state at an equilibrium; raises DataError when its labels are not those of the economy."""
    if (start.economy.countries, start.economy.sectors) != (economy.countries, economy.sectors):
        raise DataError("start: an equilibrium of other countries or sectors")
    log_income = np.log(start.labour_income_hat)
    limited = problem.immobility is not None
    state = State(
        log_income,
        np.log(start.cost_hat).T,
        (start.expenditure_new / economy.value_added[:, None]).T,
        np.log(start.wage_hat).T - log_income if limited else None,
    )
    return np.asarray(pack(state))


def require_suppliers(economy: Economy, problem: Problem) -> None:
    """Refuse a shock that leaves a buyer without any supplier: its price would be infinite."""
    cut = ~(problem.weight[:, 0].max(axis=2) > 0.0)
    if cut.any():
        sector, importer = np.argwhere(cut)[0]
        where = f"{economy.countries[importer]}, {economy.sectors[sector]}"
        raise SolveError(
            f"no supplier of {economy.sectors[sector]} is left to {economy.countries[importer]} ({int(cut.sum())} such"
            " markets): every origin it buys from is cut off; leave one open",
            where=f"price: {where}",
        )
