"""Three numbers that are often confused, as three types.

* `Theta`: elasticity of expenditure shares to trade costs (tariff-inclusive values); what T2 and T3 take.
* `EpsFob`: elasticity of tariff-exclusive flows to the tariff factor; equals theta + 1.
* `Dispersion`: the Frechet dispersion 1 / theta of some published parameter files.

Feeding one for the other changes every answer silently, so conversion is explicit and refuses the inadmissible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError

Array = np.ndarray


@dataclass(frozen=True)
class Theta:
    """Trade elasticity of expenditure shares, by sector; > 0."""

    value: Float[Array, " sector"]

    def __post_init__(self) -> None:
        _positive(self.value, "theta", "an elasticity of tariff-exclusive flows goes through EpsFob.theta()")


@dataclass(frozen=True)
class EpsFob:
    """Elasticity of tariff-exclusive flows to the tariff factor, by sector, as a positive number; theta + 1."""

    value: Float[Array, " sector"]

    def theta(self) -> Theta:
        """The trade elasticity, eps_fob - 1; raises DataError where eps_fob <= 1 (no admissible theta exists)."""
        return theta_from_eps_fob(self.value)


@dataclass(frozen=True)
class Dispersion:
    """Frechet dispersion 1 / theta, by sector; > 0."""

    value: Float[Array, " sector"]

    def theta(self) -> Theta:
        """The trade elasticity, 1 / dispersion."""
        _positive(self.value, "dispersion", "a dispersion is 1 / theta")
        return Theta(1.0 / np.asarray(self.value, dtype=float))


def theta_from_eps_fob(eps_fob: Float[Array, " sector"]) -> Theta:
    """Theta = eps_fob - 1. Raises DataError at or below 1, as for one-year responses (0.76 gives theta = -0.24)."""
    value = np.asarray(eps_fob, dtype=float) - 1.0
    if not np.all(value > 0):
        raise DataError(
            f"eps_fob {np.min(np.asarray(eps_fob)):.3g} gives theta <= 0: a short-run response is no trade elasticity;"
            " use labour mobility (T7) for the short run"
        )
    return Theta(value)


def _positive(value: Float[Array, " sector"], name: str, cure: str) -> None:
    array = np.asarray(value, dtype=float)
    if not (np.all(np.isfinite(array)) and np.all(array > 0)):
        raise DataError(f"{name} must be finite and positive, got {np.min(array):.3g}; {cure}")
