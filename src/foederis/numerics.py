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
    """The end of an iteration: the point, the number of map evaluations, the last error, and whether it converged."""

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
    after `max_passes`; the caller decides by `converged`.
    """
    point = start
    residuals: list[Float[Array, " state"]] = []
    images: list[Float[Array, " state"]] = []
    error = np.inf
    for passes in range(1, max_passes + 1):
        image, error = step(point)
        if error <= tolerance or not np.isfinite(error):
            return FixedPoint(point, passes, float(error))
        residuals = [*residuals[-memory:], image - point]
        images = [*images[-memory:], image]
        point = _mix(residuals, images)
    return FixedPoint(point, max_passes, float(error))


def _mix(residuals: list[Float[Array, " state"]], images: list[Float[Array, " state"]]) -> Float[Array, " state"]:
    """The combination of past images whose residual is smallest in the least-squares sense."""
    if len(residuals) == 1:
        return images[0]
    differences = np.array(residuals[:-1]) - residuals[-1]
    scale = 1.0 / np.maximum(np.sqrt((differences**2).sum(axis=1)), 1e-300)
    differences = differences * scale[:, None]
    normal = differences @ differences.T + 1e-13 * np.eye(len(scale))
    weights = np.linalg.solve(normal, -differences @ residuals[-1]) * scale
    mixed: Float[Array, " state"] = images[-1] + weights @ (np.array(images[:-1]) - images[-1])
    return mixed
