"""The verbs: `solve` one equilibrium, `solve_many` for ensembles, `purge` an economy of its deficits.

Every equilibrium starts from the base year (or a given start), is searched for by the chosen engine with the chord kept
with the economy (`search.py`), and is certified or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError, SolveError, UsageError
from foederis.trade.chord import (
    Chord,
    Problem,
    State,
    Wedge,
    chained,
    layout,
    pack,
    problem_of,
    start_of,
    unpack,
)
from foederis.trade.economy import Economy, Shock, deficit_rule
from foederis.trade.equilibrium import Equilibrium, equilibrium_of, refuse
from foederis.trade.precondition import at_mobility, chord_at
from foederis.trade.search import Loop, Search, loop_of, numpy_loop

Array = np.ndarray
Engine = Literal["reference", "numpy", "jax"]
T = TypeVar("T")
ENGINES: tuple[Engine, ...] = ("reference", "numpy", "jax")
TOLERANCE = 1e-10
KEPT_MOBILITIES = 4  # wage steps kept for each economy: the horizons of a run
PURGE_TOLERANCE = 1e-12  # below what users ask for: the purged economy is a base year


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
    return _solve_checked(base, checked, wedge, chord, loop_of(engine), engine, tolerance, start)


def _chord_for(economy: Economy, shock: Shock) -> Chord:
    """The chord for a checked shock: that of the purged economy, at its own elasticities, if deficits are purged."""
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
    loop = loop_of(engine)
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

    As Ossa (2014) does before an experiment. Kept with the economy for its own elasticities. Raises SolveError, also
    where trade runs one way only (see `require_two_way_trade`).
    """
    own = _own(economy, trade_elasticity)
    if own and "purged" in economy.kept:
        kept: Economy = economy.kept["purged"]
        return kept
    purged = rebase(purging(economy, trade_elasticity))
    if own:
        economy.kept["purged"] = purged
    return purged


def purging(economy: Economy, trade_elasticity: Float[Array, " sector"] | None = None) -> Equilibrium:
    """The equilibrium that takes the base year to zero deficits (see `purge`)."""
    own = _own(economy, trade_elasticity)
    if own and "purging" in economy.kept:
        kept: Equilibrium = economy.kept["purging"]
        return kept
    require_two_way_trade(economy)
    shock = Shock(trade_elasticity=trade_elasticity, closure="fixed_nominal", transfer=-economy.deficit).check(economy)
    wedge, chord = Wedge.of(economy, shock), chord_of(economy)
    found = _solve_checked(economy, shock, wedge, chord, numpy_loop, "numpy", PURGE_TOLERANCE, None)
    if own:
        economy.kept["purging"] = found
    return found


def _own(economy: Economy, trade_elasticity: Float[Array, " sector"] | None) -> bool:
    """True for the economy's own elasticities."""
    return trade_elasticity is None or np.array_equal(trade_elasticity, economy.trade_elasticity)


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


def lend_chord(economy: Economy, to: Economy) -> Economy:
    """Let an economy near another one, with the same labels, be solved with the other's chord; returns it.

    Right for a few solves: a chord of its own costs as much as many passes, and sets the speed, never the answer.
    """
    chord_of(economy)
    to.kept.setdefault("chords", {}).setdefault(np.inf, economy.kept["chords"][np.inf])
    return to


def chord_of(economy: Economy, mobility: float = np.inf) -> Chord:
    """The chord of an economy at its base year, made at the first call and kept with it, set to a mobility.

    Only the wage step depends on mobility; those of the last few mobilities are kept as well.
    """
    chords: dict[float, Chord] = economy.kept.setdefault("chords", {})
    if np.inf not in chords:
        calm = Shock().check(economy)
        problem = problem_of(economy, calm, layout(economy)["weight"])
        chords[np.inf] = chord_at(problem, unpack(problem, start_of(economy, problem)))
    if mobility not in chords:
        if len(chords) > KEPT_MOBILITIES:  # mobilities that are drawn never come back
            chords.pop(next(key for key in chords if key != np.inf))
        chords[mobility] = at_mobility(chords[np.inf], 1.0 / mobility)
    return chords[mobility]


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
    """Search from the start, certify or refuse."""
    assert shock.trade_elasticity is not None
    weight = wedge.weights(economy, shock.trade_elasticity)
    if wedge.cuts:
        require_suppliers(economy, weight[:, 0])
    problem = problem_of(economy, shock, weight)
    home = start_of(economy, problem)
    search = Search(problem, lambda: _unshocked(economy, shock, problem), home, loop, tolerance)
    found = search.run(chord, home if start is None else state_vector(start, economy, shock.mobility))
    if not found.certified(tolerance):
        raise refuse(economy, found.residuals, tolerance, found.passes)
    return equilibrium_of(economy, shock, engine, found.passes, found.state, found.at, found.residuals)


def _unshocked(economy: Economy, shock: Shock, problem: Problem) -> Problem:
    """The problem with the base year's trade costs, deficits and blocs."""
    constant = deficit_rule(economy, replace(shock, transfer=None)).constant
    base = layout(economy)
    return replace(problem, weight=base["weight"], deficit_constant=constant, numeraire=base["numeraire"])


def state_vector(start: Equilibrium, economy: Economy, mobility: float) -> Float[Array, " state"]:
    """The loop's state at an equilibrium; raises DataError when its labels are not those of the economy."""
    if (start.economy.countries, start.economy.sectors) != (economy.countries, economy.sectors):
        raise DataError("start: an equilibrium of other countries or sectors")
    log_income = np.log(start.labour_income_hat)
    limited = not np.isinf(mobility)
    state = State(
        log_income,
        np.log(start.cost_hat).T,
        (start.expenditure_new / economy.value_added[:, None]).T,
        np.log(start.wage_hat).T - log_income if limited else None,
    )
    return np.asarray(pack(state))


def require_suppliers(economy: Economy, weight: Float[Array, "sector importer exporter"]) -> None:
    """Refuse a shock that leaves a buyer without any supplier: its price would be infinite."""
    cut = ~(weight.max(axis=2) > 0.0)
    if cut.any():
        sector, importer = np.argwhere(cut)[0]
        where = f"{economy.countries[importer]}, {economy.sectors[sector]}"
        raise SolveError(
            f"no supplier of {economy.sectors[sector]} is left to {economy.countries[importer]} ({int(cut.sum())} such"
            " markets): every origin it buys from is cut off; leave one open",
            where=f"price: {where}",
        )


def require_two_way_trade(economy: Economy) -> None:
    """Refuse to balance trade that runs one way: goods go out of a country or bloc and none come back by any route."""
    buys = economy.flow.sum(axis=2) > 0.0
    reaches = chained(buys)
    one_way = buys & ~reaches.T
    if one_way.any():
        importer, exporter = (economy.countries[k] for k in np.argwhere(one_way)[0])
        raise SolveError(
            f"deficits cannot be purged: trade from {exporter} to {importer} runs one way only, so that no change of"
            " wages balances it; use closure fixed_share",
            where=f"trade_balance: {importer}",
        )
