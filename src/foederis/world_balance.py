"""Make input use fit what is bought: the smallest change to a use table that leaves no final demand negative.

Technology of one year applied to flows of another can ask for more of a product than a country buys. Then the use
table Z[input, output] of that country is moved as little as possible (in relative entropy) such that

* each column keeps its sum: value added of every industry is untouched;
* no row exceeds its cap: expenditure on the product less a small floor for final demand.

The solution scales the rows that are over the cap down and each column up to its sum, in turn (iterative proportional
fitting with inequality rows; Bregman 1967, Censor & Zenios 1997). Where that is impossible, because an industry has no
other input to turn to, what is left over goes to its value added and is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError

Array = np.ndarray
FINAL_FLOOR = 1e-4  # final demand is at least this part of expenditure where the cap binds
TOLERANCE = 1e-12
ROUNDS = 2_000


@dataclass(frozen=True, eq=False)
class Balanced:
    """Input shares after balancing and what it took, million USD by country."""

    input_share: Float[Array, "country input output"]
    negative_removed: Float[Array, " country"]  # negative final demand before, as a positive amount
    moved: Float[Array, " country"]  # input use moved between products: half the sum of absolute changes
    cells: Float[Array, " country"]  # products whose final demand was negative
    value_added_change: Float[Array, " country"]  # input use that had nowhere to go and became value added


def cap_input_use(
    flow: Float[Array, "importer exporter sector"],
    tariff: Float[Array, "importer exporter sector"],
    input_share: Float[Array, "country input output"],
    countries: Sequence[str] = (),
) -> Balanced:
    """Input shares under which every final demand is positive; raises DataError where a country buys less than it uses.

    The tariff counts: expenditure includes it. Countries without negative final demand are left as they are.
    """
    output = flow.sum(axis=0)
    bought = ((1.0 + tariff) * flow).sum(axis=1)
    use = input_share * output[:, None, :]
    short = np.maximum(use.sum(axis=2) - bought, 0.0)
    fitted, share = use.copy(), input_share.copy()
    made = np.where(output > 0, output, 1.0)
    for n in (int(k) for k in np.nonzero(short.sum(axis=1) > 0)[0]):
        name = countries[n] if countries else f"country number {n}"
        fitted[n] = _fit(use[n], (1.0 - FINAL_FLOOR) * bought[n], name)
        share[n] = np.where(output[n] > 0, fitted[n] / made[n], input_share[n])
    return Balanced(
        input_share=share,
        negative_removed=short.sum(axis=1),
        moved=0.5 * np.abs(fitted - use).sum(axis=(1, 2)),
        cells=(short > 0).sum(axis=1).astype(float),
        value_added_change=(use - fitted).sum(axis=(1, 2)),
    )


def _fit(use: Array, cap: Array, country: str) -> Array:
    """Iterative proportional fitting of one country's use table: column sums kept, row sums at most `cap`."""
    column = use.sum(axis=0)
    if column.sum() >= cap.sum():
        raise DataError(f"{country}: its inputs ({column.sum():.6g}) exceed all that it buys ({cap.sum():.6g})")
    fitted = use.copy()
    for _ in range(ROUNDS):
        row = fitted.sum(axis=1)
        fitted = fitted * np.minimum(1.0, cap / np.where(row > 0, row, 1.0))[:, None]
        left = fitted.sum(axis=0)
        ratio = np.where(left > 0, column / np.where(left > 0, left, 1.0), 1.0)
        if np.abs(ratio - 1.0).max() < TOLERANCE:
            return fitted
        fitted = fitted * ratio[None, :]
    row = fitted.sum(axis=1)
    return np.asarray(fitted * np.minimum(1.0, cap / np.where(row > 0, row, 1.0))[:, None])
