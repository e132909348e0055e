"""The compiled engine: the closed-chord step under Anderson acceleration as one XLA program, and its implicit gradient.

Importing this module imports JAX and sets it to 64 bits. One program serves every shock on an economy of given size:
tariffs, elasticities, deficits, mobility and tolerance are arguments. No LAPACK call, no host callback and no `vmap`
stands in it; ensembles run members one at a time, so that bits do not depend on the batch.
"""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from foederis.numerics import FixedPoint
from foederis.numerics_jax import JaxArray, anderson_loop
from foederis.trade.chord import Chord, Problem, step

Array = np.ndarray
ADJOINT_MEMORY = 5
ADJOINT_TOLERANCE = 1e-10  # relative to the largest derivative handed in
ADJOINT_PASSES = 200

for _kind in (Problem, Chord):
    jax.tree_util.register_dataclass(_kind, data_fields=[field.name for field in fields(_kind)], meta_fields=[])

_on_device: WeakKeyDictionary[Chord, Chord] = WeakKeyDictionary()


def device_chord(chord: Chord) -> Chord:
    """The chord as JAX arrays, moved once for each chord that is alive."""
    if chord not in _on_device:
        _on_device[chord] = jax.tree_util.tree_map(jnp.asarray, chord)
    return _on_device[chord]


def jax_loop(
    problem: Problem, chord: Chord, start: Float[Array, " state"], tolerance: float, memory: int, most: int
) -> FixedPoint:
    """The step under Anderson acceleration, compiled; the same contract as `solver.numpy_loop`."""
    point, passes, error = _run(problem, device_chord(chord), start, tolerance, most, memory=memory)
    return FixedPoint(np.asarray(point), int(passes), float(error))


@partial(jax.jit, static_argnames=("memory",))
def _run(
    problem: Problem, chord: Chord, start: JaxArray, tolerance: float, most: int, memory: int
) -> tuple[JaxArray, JaxArray, JaxArray]:
    return anderson_loop(lambda vector: step(problem, chord, vector), start, tolerance, memory, most)


@jax.custom_vjp
def equilibrium_state(problem: Problem, chord: Chord, start: JaxArray, tolerance: JaxArray) -> JaxArray:
    """The equilibrium of a problem as a differentiable function of everything in it.

    Backwards, the implicit function theorem: at a fixed point x = g(x, p) the cotangent obeys
    lambda = v + (dg/dx)' lambda, solved by the same accelerated loop, and the answer is (dg/dp)' lambda. The chord and
    the start get no derivative: they do not move the equilibrium. A state or an adjoint that did not converge comes out
    as NaN, for the caller to refuse.
    """
    point, _, error = anderson_loop(
        lambda vector: step(problem, chord, vector), start, tolerance, ADJOINT_MEMORY, ADJOINT_PASSES
    )
    return jnp.where(error <= tolerance, point, jnp.nan)


def _forward(problem: Problem, chord: Chord, start: JaxArray, tolerance: JaxArray) -> tuple[JaxArray, Any]:
    point = equilibrium_state(problem, chord, start, tolerance)
    return point, (problem, chord, point)


def _backward(kept: Any, cotangent: JaxArray) -> tuple[Any, Any, JaxArray, JaxArray]:
    problem, chord, point = kept
    _, pull_back = jax.vjp(lambda p, x: step(p, chord, x)[0], problem, point)
    size = jnp.maximum(jnp.max(jnp.abs(cotangent)), 1e-300)

    def adjoint_step(adjoint: JaxArray) -> tuple[JaxArray, JaxArray]:
        image = cotangent + pull_back(adjoint)[1]
        return image, jnp.max(jnp.abs(image - adjoint)) / size

    adjoint, _, error = anderson_loop(adjoint_step, cotangent, ADJOINT_TOLERANCE, ADJOINT_MEMORY, ADJOINT_PASSES)
    adjoint = jnp.where(error <= ADJOINT_TOLERANCE, adjoint, jnp.nan)
    return pull_back(adjoint)[0], jax.tree_util.tree_map(jnp.zeros_like, chord), jnp.zeros_like(point), jnp.zeros(())


equilibrium_state.defvjp(_forward, _backward)
