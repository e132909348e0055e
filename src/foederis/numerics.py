"""Numerics that need nothing but NumPy: the array namespace of an equation, and Anderson acceleration.

Equations are written once and run on NumPy and on JAX: each asks its arrays for their namespace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

Array = np.ndarray


def namespace(array: Any) -> Any:
    """The module whose functions apply to an array: `numpy`, or `jax.numpy` for a JAX array."""
    return array.__array_namespace__()


@dataclass(frozen=True)
class FixedPoint:
    """The end of an iteration: the point of least error met, its error, the number of map evaluations."""

    point: Float[Array, " state"]
    passes: int
    error: float

    def converged(self, tolerance: float) -> bool:
        """True if the error is finite and within tolerance (NaN never passes)."""
        return bool(self.error <= tolerance and np.isfinite(self.error))


def anderson(
    step: Callable[[Float[Array, " state"]], tuple[Float[Array, " state"], float]],
    start: Float[Array, " state"],
    *,
    tolerance: float,
    memory: int = 5,
    max_passes: int = 400,
) -> FixedPoint:
    """Solve x = g(x) by type-II Anderson acceleration (Walker & Ni 2011, eq. 2.2, normal equations, unit-scaled).

    `step` returns g(x) and the error at x. Stops at the first error within tolerance, at a value that is not finite, or
    after `max_passes`; the caller decides by `converged`. The history is a ring: the newest takes the oldest place.
    """
    slots = memory + 1
    residuals = np.zeros((slots, start.size))
    images = np.zeros((slots, start.size))
    gram = np.zeros((slots, slots))
    point, best, least = start, start, np.inf
    for passes in range(1, max_passes + 1):
        image, error = step(point)
        if not np.isfinite(error):
            return FixedPoint(best, passes, float(least))
        if error < least:
            best, least = point, float(error)
        if error <= tolerance:
            return FixedPoint(point, passes, float(error))
        slot = (passes - 1) % slots
        np.subtract(image, point, out=residuals[slot])
        images[slot] = image
        gram[slot] = gram[:, slot] = residuals @ residuals[slot]
        older = [k for k in range(min(passes, slots)) if k != slot]
        point = _mixed(image, images, gram, slot, older)
    return FixedPoint(best, max_passes, float(least))


def _mixed(
    image: Float[Array, " state"],
    images: Float[Array, "slot state"],
    gram: Float[Array, "slot slot"],
    slot: int,
    older: list[int],
) -> Float[Array, " state"]:
    """The combination of past images whose residual is smallest in the least-squares sense."""
    if not older:
        return image
    newest = gram[slot, slot]
    matrix = newest - gram[older, slot][:, None] - gram[slot, older][None, :] + gram[np.ix_(older, older)]
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(matrix), 1e-300))
    matrix = matrix * scale[:, None] * scale[None, :] + 1e-13 * np.eye(len(older))
    weights = np.zeros(len(gram))
    weights[older] = np.linalg.solve(matrix, (newest - gram[older, slot]) * scale) * scale
    mixed: Float[Array, " state"] = (1.0 - weights.sum()) * image + weights @ images
    return mixed
