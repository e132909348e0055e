"""Screening and variance shares of any function on the unit cube, with inputs in groups.

Morris (1991), "Factorial sampling plans for preliminary computational experiments", Technometrics 33(2); the mean of
absolute effects is Campolongo, Cariboni & Saltelli (2007). Variance shares: Sobol' (1993); the estimators of Saltelli
et al. (2010), Computer Physics Communications 181, as SciPy has them, with a seeded bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError, UsageError

__all__ = ["Screening", "Shares", "design", "morris", "shares", "sobol", "trajectories"]

Array = np.ndarray
Function = Callable[[Float[Array, "row column"]], Float[Array, " row"]]
LEVELS = np.array([0.125, 0.375, 0.625, 0.875])
JUMP = 2  # levels: a step goes over half of the probability


@dataclass(frozen=True, eq=False)
class Screening:
    """Effects on the outcome of moving one input over half of its probability, others anywhere; [column].

    `mean_abs` ranks the inputs, `mean` shows the direction, `spread` how far the effect depends on the others.
    """

    mean_abs: Float[Array, " column"]
    mean: Float[Array, " column"]
    spread: Float[Array, " column"]
    evaluations: int


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares of the variance by group with 90 % bootstrap intervals [group, (low, high)], and the runs they rest on.

    `first`: what a group does by itself; `total`: with all it does jointly with others. `base` [row] are the outcomes
    at the rows of both base matrices, `points` [row, column] these rows.
    """

    first: Float[Array, " group"]
    total: Float[Array, " group"]
    first_interval: Float[Array, "group end"]
    total_interval: Float[Array, "group end"]
    base: Float[Array, " row"]
    points: Float[Array, "row column"]
    evaluations: int


def trajectories(columns: int, count: int, seed: int) -> Float[Array, "trajectory step column"]:
    """Random one-at-a-time paths: `columns` steps from a random start, each column moved once by half of its range."""
    if count < 2 or columns < 1:
        raise UsageError(f"screening needs at least 2 trajectories and one input, not {count} and {columns}")
    rng = np.random.default_rng([seed, 11])
    paths = np.empty((count, columns + 1, columns))
    for r in range(count):
        level = rng.integers(0, len(LEVELS), columns)
        paths[r, 0] = LEVELS[level]
        for step, column in enumerate(rng.permutation(columns)):
            level[column] += JUMP if level[column] < JUMP else -JUMP
            paths[r, step + 1] = LEVELS[level]
    return paths


def morris(function: Function, columns: int, count: int, seed: int) -> Screening:
    """Screen the inputs of a function. Raises UsageError on too few trajectories, DataError on a result not finite."""
    paths = trajectories(columns, count, seed)
    outcome = _finite(function(paths.reshape(-1, columns))).reshape(count, columns + 1)
    moved = np.diff(paths, axis=1)
    which = np.abs(moved).argmax(axis=2)
    sign = np.sign(np.take_along_axis(moved, which[:, :, None], axis=2)[:, :, 0])
    effects = np.empty((count, columns))
    np.put_along_axis(effects, which, np.diff(outcome, axis=1) * sign, axis=1)
    return Screening(np.abs(effects).mean(axis=0), effects.mean(axis=0), effects.std(axis=0, ddof=1), int(outcome.size))


def design(groups: Sequence[Sequence[int]], columns: int, samples: int, seed: int) -> Float[Array, "matrix row column"]:
    """The matrices A, B and, for each group, A with the columns of the group from B; scrambled Sobol' points.

    Raises UsageError unless `samples` is a power of two and every column is in exactly one group.
    """
    from scipy.stats import qmc

    if samples < 16 or samples & (samples - 1):
        raise UsageError(f"samples is {samples}; choose a power of two from 16 on, such as 512 or 1024")
    if sorted(c for group in groups for c in group) != list(range(columns)):
        raise UsageError("each input belongs to exactly one group")
    engine = qmc.Sobol(2 * columns, seed=np.random.default_rng([seed, 12]))
    # The first points of a scrambled sequence can fall on 0, where unbounded priors have no value.
    both = np.clip(engine.random(samples), 1e-6, 1.0 - 1e-6)
    found = np.empty((2 + len(groups), samples, columns))
    found[0], found[1] = both[:, :columns], both[:, columns:]
    for g, group in enumerate(groups):
        found[2 + g] = found[0]
        found[2 + g][:, list(group)] = found[1][:, list(group)]
    return found


def sobol(
    function: Function,
    groups: Sequence[Sequence[int]],
    columns: int,
    *,
    samples: int,
    seed: int,
    resamples: int = 200,
    ranked: bool = False,
) -> Shares:
    """Variance shares of a function by group of inputs.

    With `ranked` the outcome is replaced by its place among the outcomes of the base matrices (0 to 1): for outcomes
    whose tails are so heavy that a few runs make up the variance. Raises UsageError on a bad design, DataError where
    the function is not finite.
    """
    matrices = design(groups, columns, samples, seed)
    outcome = _finite(function(matrices.reshape(-1, columns))).reshape(len(matrices), samples)
    base = outcome[:2].ravel()
    scale = np.searchsorted(np.sort(base), outcome, side="right") / len(base) if ranked else outcome
    first, total = shares(scale)
    rng = np.random.default_rng([seed, 13])
    again = [shares(scale[:, rng.integers(0, samples, samples)]) for _ in range(resamples)]
    low_high = [np.quantile(np.stack([a[k] for a in again]), [0.05, 0.95], axis=0).T for k in (0, 1)]
    points = matrices[:2].reshape(-1, columns)
    return Shares(first, total, low_high[0], low_high[1], base, points, int(outcome.size))


def shares(outcome: Float[Array, "matrix row"]) -> tuple[Float[Array, " group"], Float[Array, " group"]]:
    """First-order and total shares from the outcomes at A, B and each A with a group from B.

    An outcome that does not vary has no shares: zeros. Formulas: SciPy `sobol_indices`, method saltelli_2010.
    """
    from scipy.stats import sobol_indices

    if np.ptp(outcome[:2]) == 0.0:
        return np.zeros(len(outcome) - 2), np.zeros(len(outcome) - 2)
    # Centred: the estimators lose figures where the mean is large against the spread.
    y = outcome - outcome[:2].mean()
    parts = {"f_A": y[None, 0], "f_B": y[None, 1], "f_AB": y[2:, None, :]}
    found = sobol_indices(func=parts, n=outcome.shape[1])
    return np.ravel(found.first_order), np.ravel(found.total_order)


def _finite(outcome: Float[Array, " row"]) -> Float[Array, " row"]:
    bad = int((~np.isfinite(outcome)).sum())
    if bad:
        raise DataError(f"sensitivity: the outcome is not finite in {bad} of {outcome.size} runs")
    return np.asarray(outcome, dtype=float)
