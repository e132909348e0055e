"""Numerics that need nothing but NumPy: the array namespace of an equation, and Anderson acceleration.

Equations are written once and run on NumPy and on JAX: each asks its arrays for their namespace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

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


def anderson_block(
    step: Callable[
        [Int[Array, " active"], Float[Array, "active state"]],
        tuple[Float[Array, "active state"], Float[Array, " active"]],
    ],
    start: Float[Array, "member state"],
    *,
    tolerance: float,
    memory: int = 5,
    max_passes: int = 400,
) -> list[FixedPoint]:
    """`anderson` for several problems at once, each with weights of its own.

    `step` gets the positions of the members that are still under way and their points, and returns their images and
    errors. A member leaves at its first error within tolerance, or at a value that is not finite.
    """
    slots = memory + 1
    count, size = start.shape
    members, point = np.arange(count), start
    residuals, images = np.zeros((count, slots, size)), np.zeros((count, slots, size))
    gram = np.zeros((count, slots, slots))
    best, least, passed = start.copy(), np.full(count, np.inf), np.full(count, max_passes)
    for passes in range(1, max_passes + 1):
        image, error = step(members, point)
        better = error < least[members]  # NaN is not
        best[members[better]], least[members[better]] = point[better], error[better]
        going = np.isfinite(error) & (error > tolerance)
        if not going.all():
            passed[members[~going]] = passes
            members, point, image = members[going], point[going], image[going]
            residuals, images, gram = residuals[going], images[going], gram[going]
        if not len(members):
            break
        slot = (passes - 1) % slots
        np.subtract(image, point, out=residuals[:, slot])
        images[:, slot] = image
        gram[:, slot] = gram[:, :, slot] = (residuals @ residuals[:, slot, :, None])[..., 0]
        older = [k for k in range(min(passes, slots)) if k != slot]
        point = _mixed_block(image, images, gram, slot, older)
    return [FixedPoint(best[k], int(passed[k]), float(least[k])) for k in range(count)]


def _mixed_block(
    image: Float[Array, "member state"],
    images: Float[Array, "member slot state"],
    gram: Float[Array, "member slot slot"],
    slot: int,
    older: list[int],
) -> Float[Array, "member state"]:
    """`_mixed`, member by member."""
    if not older:
        return image
    newest = gram[:, slot, slot]
    cross, among = gram[:, older, slot], gram[:, older][:, :, older]
    matrix = newest[:, None, None] - cross[:, :, None] - cross[:, None, :] + among
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(matrix, axis1=1, axis2=2), 1e-300))
    matrix = matrix * scale[:, :, None] * scale[:, None, :] + 1e-13 * np.eye(len(older))
    right = ((newest[:, None] - cross) * scale)[..., None]
    weights = np.zeros(gram.shape[:2])
    weights[:, older] = np.linalg.solve(matrix, right)[..., 0] * scale
    mixed: Float[Array, "member state"] = (1.0 - weights.sum(axis=1))[:, None] * image + (weights[:, None] @ images)[
        :, 0
    ]
    return mixed
