"""The JAX side of the numerics: 64-bit set-up, compilation cache, Anderson acceleration as one compiled loop.

Importing this module imports JAX; nothing above imports it at module level outside `trade.fast`.
No LAPACK call and no host callback stands inside a compiled loop: both stall or spoil the compilation cache.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault(
    "TF_CPP_MIN_LOG_LEVEL", "3"
)  # the compilation cache is chatty on some CPUs; JAX sets 1 if we do not

import jax
import jax.numpy as jnp
import numpy as np

_configure: Any = jax.config.update  # untyped in JAX
_configure("jax_enable_x64", True)

JaxArray = jax.Array


def enable_compilation_cache(folder: Path | None = None) -> Path | None:
    """Keep compiled programs on disk (default: the user's cache folder); returns the folder.

    None, and no cache, if it is not writable, or if JAX was imported first with its log on: on some CPUs it then warns
    at each program it reads.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "3":
        return None
    if folder is None:
        root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        folder = Path(root) / "foederis" / f"jax-{jax.__version__}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    if not os.access(folder, os.W_OK):
        return None
    _configure("jax_compilation_cache_dir", str(folder))
    _configure("jax_persistent_cache_min_compile_time_secs", 0.1)
    _configure("jax_persistent_cache_min_entry_size_bytes", 0)
    return folder


def anderson_loop(
    step: Callable[[JaxArray], tuple[JaxArray, JaxArray]],
    start: JaxArray,
    tolerance: float | JaxArray,
    memory: int = 5,
    max_passes: int | JaxArray = 200,
) -> tuple[JaxArray, JaxArray, JaxArray]:
    """Type-II Anderson acceleration (Walker & Ni 2011) as a `lax.while_loop`: (point of least error, passes, error).

    Same method as `numerics.anderson`, with an unrolled solve of the small system. Stops on an error within tolerance
    or not finite, or after `max_passes`; never raises.
    """
    slots = memory + 1
    size = start.shape[0]

    def body(state: Any) -> Any:
        point, residuals, images, gram, count, _, best, least = state
        image, error = step(point)
        slot = count % slots
        residual = image - point
        residuals = residuals.at[slot].set(residual)
        images = images.at[slot].set(image)
        row = residuals @ residual
        gram = gram.at[slot].set(row).at[:, slot].set(row)
        weights = _mixing_weights(gram, slot, (jnp.arange(slots) <= count) & (jnp.arange(slots) != slot))
        mixed = image * (1.0 - weights.sum()) + weights @ images
        best = jnp.where(error < least, point, best)
        return mixed, residuals, images, gram, count + 1, error, best, jnp.fmin(least, error)

    def unfinished(state: Any) -> Any:
        return (state[5] > tolerance) & (state[5] < jnp.inf) & (state[4] < max_passes)  # a NaN error ends the loop

    history = jnp.zeros((slots, size))
    largest = float(np.finfo(float).max)  # before the first pass; an infinite error ends the loop
    state = (start, history, history, jnp.zeros((slots, slots)), 0, largest, start, jnp.asarray(jnp.inf))
    end: Any = jax.lax.while_loop(unfinished, body, state)
    return end[6], end[4], end[7]


def _mixing_weights(gram: JaxArray, slot: JaxArray, valid: JaxArray) -> JaxArray:
    """Weights of the past images, from the Gram matrix of the residuals; zero on invalid slots."""
    newest = gram[slot, slot]
    matrix = newest - gram[:, slot][:, None] - gram[slot][None, :] + gram
    scale = jnp.where(valid, 1.0 / jnp.sqrt(jnp.maximum(jnp.diagonal(matrix), 1e-300)), 0.0)
    matrix = matrix * scale[:, None] * scale[None, :] + jnp.diag(jnp.where(valid, 1e-13, 1.0))
    return solve_small(matrix, (newest - gram[:, slot]) * scale) * scale


def solve_small(matrix: JaxArray, right: JaxArray) -> JaxArray:
    """Solve a small symmetric positive definite system by Gauss-Jordan elimination (no LAPACK call in a loop)."""
    system = jnp.concatenate([matrix, right[:, None]], axis=1)
    unit = jnp.eye(right.shape[0])
    for k in range(right.shape[0]):
        row = system[k] / system[k, k]
        system = system - (system[:, k] - unit[k])[:, None] * row[None, :]
    return system[:, -1]
