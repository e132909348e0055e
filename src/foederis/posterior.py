"""What calibration learned, as draws that travel with the package: a run needs no sampler.

    after = posterior.load()
    after.estimates                          # prior beside posterior, with contraction, by parameter
    after.take(seed, numbers)                # values at draw numbers, joint within a block
    after.draws("A", "trust")                # everything a block kept at a vintage, for scores
    after.prior_driven("b_r")                # whether data say next to nothing of a parameter of a run

Vintages: `full` (all training rows, to 2024) and one for each test, whose window it never saw.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Float, Int

from foederis import store
from foederis.errors import DataError, UsageError

__all__ = ["FULL", "Known", "Posterior", "load", "read"]

Array = np.ndarray
FULL = "full"
PRIOR_DRIVEN = 0.10


@dataclass(frozen=True)
class Known:
    """A parameter before and after the data. `contraction` is 1 - sd after / sd before."""

    name: str
    block: str
    what: str
    prior_mean: float
    prior_sd: float
    mean: float
    sd: float
    low: float
    high: float
    known: str

    @property
    def contraction(self) -> float:
        """Share of the prior's standard deviation that the data took away."""
        return 1.0 - self.sd / self.prior_sd

    @property
    def prior_driven(self) -> bool:
        """Whether the data said next to nothing (contraction below 10 %): show it in grey."""
        return self.contraction < PRIOR_DRIVEN


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws by `vintage/block/name`, estimates of the full vintage by name, and the card."""

    arrays: Mapping[str, Array]
    estimates: Mapping[str, Known]
    card: Mapping[str, Any]
    sha256: str

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters of a run that have a posterior."""
        return tuple(known.known for known in self.estimates.values() if known.known)

    def prior_driven(self, name: str) -> bool:
        """Whether a parameter of a run was never fitted, or fitted and not told more about: mark it wherever shown."""
        return name not in self.names or self.estimates[name].prior_driven

    def draws(self, vintage: str, block: str) -> dict[str, Array]:
        """What a block kept at a vintage, the draw axis first; UsageError when there is none."""
        head = f"{vintage}/{block}/"
        found = {key.removeprefix(head): values for key, values in self.arrays.items() if key.startswith(head)}
        if not found:
            have = sorted({"/".join(key.split("/")[:2]) for key in self.arrays})
            raise UsageError(f"no posterior of {block} at {vintage}; there are {', '.join(have)}")
        return found

    def take(
        self, seed: int, numbers: Sequence[int] | Int[Array, " draw"], names: Iterable[str] | None = None
    ) -> dict[str, Float[Array, " draw"]]:
        """Values of parameters of a run at these draw numbers. Parameters of one block come from one kept draw.

        Draw k depends on the seed, the block and k only. Raises UsageError on a parameter without a posterior.
        """
        wanted = list(self.names) if names is None else list(names)
        missing = [name for name in wanted if name not in self.names]
        if missing:
            raise UsageError(f"no posterior of {missing[0]!r}; there is one of {', '.join(self.names)}")
        found = {}
        for name in wanted:
            known = self.estimates[name]
            values = self.draws(FULL, known.block)[name]
            found[name] = values[_places(seed, known.block, numbers, len(values))].astype(float)
        return found


def _places(seed: int, block: str, numbers: Sequence[int] | Array, size: int) -> Array:
    index = np.asarray(numbers, dtype=np.int64)
    if not index.size:
        return index
    bits = np.random.Philox(key=[np.uint64(seed), np.uint64(crc32(f"posterior {block}".encode()))])
    return (bits.random_raw(int(index.max()) + 1)[index] % np.uint64(size)).astype(np.int64)


@cache
def load() -> Posterior:
    """The shipped posterior; DataError when it is missing or damaged."""
    return read(store.shipped("posterior.npz"), store.shipped("posterior.json"))


def read(raw: bytes, text: bytes) -> Posterior:
    """A posterior from its archive and card; DataError when they do not belong together."""
    card = json.loads(text)
    digest = store.sha256_bytes(raw)
    if card["sha256"] != digest:
        raise DataError("the posterior and its card do not belong together; calibrate again")
    with np.load(io.BytesIO(raw), allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    estimates = {row["name"]: Known(**row) for row in card["estimates"]}
    return Posterior(MappingProxyType(arrays), MappingProxyType(estimates), MappingProxyType(card), digest)
