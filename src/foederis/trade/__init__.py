"""The trade engine: exact hat algebra of Caliendo & Parro (2015) with input-output links and tariff revenue.

    economy        the calibrated economy, the shock, the deficit closures
    elasticity     theta, eps_fob and dispersion, as three types
    equations      T1-T9, one function each
    reference      the plain solver, the equations in the paper's order
    chord          the closed-chord step, written once for NumPy and JAX
    precondition   the matrices of the step
    search         the loop, new chords, smaller steps
    solver         solve, solve_many, purge
    block          solve_block: members side by side in one loop
    fast           the compiled loop (JAX)
    adjoint        gradient: derivatives of any objective in tariffs, elasticities, transfers, iceberg costs (JAX)
    equilibrium    the certified result
    results        the result as a labelled dataset (xarray)

Names are loaded when first asked for: `solve` needs NumPy alone, `engine="jax"` and `gradient` import JAX.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foederis.trade.adjoint import Gradient, Outcome, gradient
    from foederis.trade.block import MemberRefused, solve_block
    from foederis.trade.economy import CLOSURES, Closure, Economy, Shock, calibrate
    from foederis.trade.elasticity import Dispersion, EpsFob, Theta
    from foederis.trade.equilibrium import Equilibrium
    from foederis.trade.solver import ENGINES, TOLERANCE, Engine, lend_chord, purge, rebase, solve, solve_many

_HOME = {
    "CLOSURES": "economy",
    "ENGINES": "solver",
    "TOLERANCE": "solver",
    "Closure": "economy",
    "Dispersion": "elasticity",
    "Economy": "economy",
    "Engine": "solver",
    "EpsFob": "elasticity",
    "Equilibrium": "equilibrium",
    "Gradient": "adjoint",
    "MemberRefused": "block",
    "Outcome": "adjoint",
    "Shock": "economy",
    "Theta": "elasticity",
    "calibrate": "economy",
    "gradient": "adjoint",
    "lend_chord": "solver",
    "purge": "solver",
    "rebase": "solver",
    "solve": "solver",
    "solve_block": "block",
    "solve_many": "solver",
}

__all__ = [
    "CLOSURES",
    "ENGINES",
    "TOLERANCE",
    "Closure",
    "Dispersion",
    "Economy",
    "Engine",
    "EpsFob",
    "Equilibrium",
    "Gradient",
    "MemberRefused",
    "Outcome",
    "Shock",
    "Theta",
    "calibrate",
    "gradient",
    "lend_chord",
    "purge",
    "rebase",
    "solve",
    "solve_block",
    "solve_many",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"foederis.trade.{_HOME[name]}"), name)
    raise AttributeError(f"module 'foederis.trade' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
