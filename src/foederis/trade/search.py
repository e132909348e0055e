"""The search for an equilibrium: the step under Anderson acceleration, new chords, smaller steps, the certificate.

1. From the start, with the chord kept with the economy: the usual case, 10 to 20 passes.
2. Not there after `CHORD_PASSES` passes: the chord is made anew at the best point met, `NEW_CHORDS` times.
3. Not there either: from the base year to the shock in steps, each from the end of the one before and with a chord made
   there; a step that fails is halved. Near autarky, or with labour that cannot move, this is what arrives.

What comes out is certified by residuals computed anew (`equilibrium.certificate`); the caller refuses what fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from foederis.errors import UsageError
from foederis.numerics import FixedPoint, anderson
from foederis.trade.chord import Chord, Markets, Problem, State, markets, step, unpack
from foederis.trade.equilibrium import certificate
from foederis.trade.precondition import chord_at

Array = np.ndarray
Loop = Callable[[Problem, Chord, Float[Array, " state"], float, int, int], FixedPoint]
MARGIN = 0.5  # the loop stops at this part of the tolerance: its error and the certificate weigh markets differently
TIGHTER = 0.1  # and at this part of that, if the certificate still asks for more
CHORD_PASSES = 60
NEW_CHORDS = 3
MEMORY = 5
MEMORY_FAR = 8  # after a new chord: a far equilibrium gains from a longer memory
FAR = 1.0  # an error above this is no better start than the base year
STEP_TOLERANCE = 1e-6  # on the way; only the end is certified
FIRST_STEP = 0.5
STEP_GROWTH = 1.5
LEAST_STEP = 1.0 / 256.0
MOST_STEPS = 40


@dataclass(frozen=True, eq=False)
class Found:
    """Where a search ended: the state, its markets, the residuals by market, all passes made."""

    state: State
    at: Markets
    residuals: dict[str, Array]
    passes: int

    def certified(self, tolerance: float) -> bool:
        """True if every residual is within tolerance (NaN is not)."""
        return all(bool(np.abs(part).max() <= tolerance) for part in self.residuals.values())


@dataclass(eq=False)
class Search:
    """One search; counts its passes. `unshocked` makes the problem at no shock, `home` is its solution."""

    problem: Problem
    unshocked: Callable[[], Problem]
    home: Float[Array, " state"]
    loop: Loop
    tolerance: float
    passes: int = 0

    def run(self, chord: Chord, start: Float[Array, " state"]) -> Found:
        """The best that the three ways find, certified or not."""
        with np.errstate(all="ignore"):  # a wild step shows as an error that is not finite and ends the loop
            found = self._directly(chord, start)
            if not found.certified(self.tolerance):
                stepped = self._in_steps()
                found = found if stepped is None else stepped
        return replace(found, passes=self.passes)

    def _directly(self, chord: Chord, start: Float[Array, " state"]) -> Found:
        found, end = self._from(chord, start, MEMORY)
        for _ in range(NEW_CHORDS):
            if found.certified(self.tolerance):
                break
            start = end.point if end.error < FAR else self.home
            try:
                chord = chord_at(self.problem, unpack(self.problem, start))
            except np.linalg.LinAlgError:
                break
            found, end = self._from(chord, start, MEMORY_FAR)
        return found

    def _from(self, chord: Chord, start: Float[Array, " state"], memory: int) -> tuple[Found, FixedPoint]:
        """One run of the loop, and a second to a tighter error if the certificate asks for it."""
        goal = MARGIN * self.tolerance
        end = self._loop(self.problem, chord, start, goal, memory)
        found = self._check(end.point)
        if end.converged(goal) and not found.certified(self.tolerance):
            end = self._loop(self.problem, chord, end.point, TIGHTER * goal, memory)
            found = self._check(end.point)
        return found, end

    def _in_steps(self) -> Found | None:
        """From the base year to the shock in steps; None if a step of the least size fails."""
        base = self.unshocked()
        done, width, point = 0.0, FIRST_STEP, self.home
        for _ in range(MOST_STEPS):
            part = min(1.0, done + width)
            if part == 1.0:  # with the blocs of the end: where trade is almost cut, wages of one bloc are almost free
                here = self.problem
            elif done == 0.0:
                here = base
            else:
                here = between(base, self.problem, done)
            try:
                chord = chord_at(here, unpack(here, point))
            except np.linalg.LinAlgError:
                return None
            if part == 1.0:
                found, end = self._from(chord, point, MEMORY_FAR)
                if found.certified(self.tolerance):
                    return found
            else:
                end = self._loop(between(base, self.problem, part), chord, point, STEP_TOLERANCE, MEMORY_FAR)
            if part < 1.0 and end.converged(STEP_TOLERANCE):
                done, point, width = part, end.point, width * STEP_GROWTH
            else:
                width /= 2.0
            if width < LEAST_STEP:
                return None
        return None

    def _loop(
        self, problem: Problem, chord: Chord, start: Float[Array, " state"], tolerance: float, memory: int
    ) -> FixedPoint:
        end = self.loop(problem, chord, start, tolerance, memory, CHORD_PASSES)
        self.passes += end.passes
        return end

    def _check(self, point: Float[Array, " state"]) -> Found:
        state = unpack(self.problem, point)
        at = markets(self.problem, state)
        return Found(state, at, certificate(self.problem, state, at), self.passes)


def between(base: Problem, problem: Problem, part: float) -> Problem:
    """The problem a part of the way from the base year to the shock: trade costs in logs, deficits in levels.

    A cell that the shock cuts off shrinks in proportion instead, for its cost has no logarithm. Until it is gone its
    ends are one bloc, as in the base year, with one numeraire.
    """
    old, new = base.weight, problem.weight
    traded = (old > 0) & (new > 0)
    ratio = np.where(traded, new, 1.0) / np.where(traded, old, 1.0)
    weight = np.where(traded, old * ratio**part, old * (1.0 - part))
    constant = base.deficit_constant + part * (problem.deficit_constant - base.deficit_constant)
    return replace(problem, weight=weight, deficit_constant=constant, numeraire=base.numeraire)


def numpy_loop(
    problem: Problem, chord: Chord, start: Float[Array, " state"], tolerance: float, memory: int, most: int
) -> FixedPoint:
    """The step under Anderson acceleration in NumPy."""

    def pass_(vector: Float[Array, " state"]) -> tuple[Float[Array, " state"], float]:
        image, error = step(problem, chord, vector)
        return image, float(error)

    return anderson(pass_, start, tolerance=tolerance, memory=memory, max_passes=most)


def loop_of(engine: str) -> Loop:
    """The loop of an engine; raises UsageError on an unknown one. Asking for "jax" imports JAX."""
    if engine == "numpy":
        return numpy_loop
    if engine == "jax":
        from foederis.trade.fast import jax_loop

        return jax_loop
    raise UsageError(f"unknown engine {engine!r}; there are reference, numpy, jax")
