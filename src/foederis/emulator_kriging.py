"""Kriging: a smooth surface through exact answers, for many outputs at once.

An input is a lever's value and whether it was moved. The covariance of two states is a product over levers of one
plus a squared exponential of their distance, so that effects of single levers weigh most, those of pairs less, and so
on (the ANOVA decomposition of Durrande et al. 2013; kriging as in Santner, Williams & Notz 2018, ch. 3). Its three
settings are chosen by the leave-one-out error, which has a closed form: nothing is drawn, and the same answers give
the same surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float

__all__ = ["Kriging", "covariance", "fitted", "met"]

Array = np.ndarray
LENGTHS = (0.7, 1.0, 1.5, 2.5, 4.0)  # over which a lever's effect bends; its range is 2
WEIGHTS = (0.03, 0.1, 0.3, 1.0)  # of an effect against the mean, of a pair's against a single one's ...
NUGGETS = (1e-8, 1e-6, 1e-4, 1e-3, 1e-2)
MOVED = 1.0  # distance between a lever that was moved and one that was not


def covariance(
    one: Float[Array, "point input"], other: Float[Array, "node input"], length: float, weight: float
) -> Float[Array, "point node"]:
    """Covariance of outputs at two sets of states, 1 where they are the same; inputs are all values, then all flags."""
    levers = one.shape[1] // 2
    square = (one[:, None, :] - other[None, :, :]) ** 2
    apart = square[:, :, :levers] + MOVED * square[:, :, levers:]
    return np.asarray(((1.0 + weight * np.exp(-apart / (2.0 * length**2))) / (1.0 + weight)).prod(axis=2))


@dataclass(frozen=True, eq=False)
class Kriging:
    """A surface: inputs of the exact answers (scaled), the weights of each, and the three settings."""

    nodes: Float[Array, "node input"]
    weights: Float[Array, "node output"]
    length: float
    weight: float
    nugget: float

    def at(self, point: Float[Array, " input"]) -> Float[Array, " output"]:
        """Outputs at one point."""
        near = covariance(point[None, :], self.nodes, self.length, self.weight)
        return np.asarray(near[0] @ self.weights)


def met(surface: Kriging) -> Float[Array, "node output"]:
    """The outputs that a surface was made through; `fitted` makes the same surface of them."""
    return np.asarray(_noisy(surface.nodes, surface.length, surface.weight, surface.nugget) @ surface.weights)


def fitted(
    nodes: Float[Array, "node input"],
    outputs: Float[Array, "node output"],
    settings: Sequence[tuple[float, float, float]] | None = None,
) -> Kriging:
    """The surface with the smallest leave-one-out error, summed over outputs as they are scaled."""
    tried = list(product(LENGTHS, WEIGHTS, NUGGETS)) if settings is None else list(settings)
    best: tuple[float, tuple[float, float, float], Array] | None = None
    for length, weight, nugget in tried:
        inverse = np.linalg.inv(_noisy(nodes, length, weight, nugget))
        weights = inverse @ outputs
        loss = float(((weights / np.diag(inverse)[:, None]) ** 2).sum())
        if best is None or loss < best[0]:
            best = loss, (length, weight, nugget), weights
    assert best is not None
    return Kriging(nodes, best[2], *best[1])


def _noisy(nodes: Float[Array, "node input"], length: float, weight: float, nugget: float) -> Array:
    found = covariance(nodes, nodes, length, weight)
    return np.asarray(found + nugget * np.eye(len(found)))
