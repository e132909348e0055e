"""What the tests of beliefs share: parameters at their centres, acts made up for one purpose, one observer's path."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from foederis import acts, beliefs, beliefs_polls, priors
from foederis.acts import Act
from foederis.acts_arrays import ActArrays, act_arrays, quarter_range

QUARTERS = quarter_range("2017-Q1", "2036-Q4")
CENTRE = {"lambda_U": 1.5, "w_P": 2.0, "w_X": 0.4}  # of the worked example
BLOCK = (*beliefs.PRIORS, *beliefs_polls.PRIORS)


def parameters(draws: int = 1, seed: int = 7, **fixed: float) -> dict[str, np.ndarray]:
    """The central values (one draw), or draws from the priors; `fixed` sets some."""
    own = {one.name: one for one in BLOCK}
    names = [name for name in priors.PARAMETERS if name not in own]
    rng = np.random.default_rng(seed)
    if draws == 1:
        p = {name: np.array([priors.median(name)]) for name in names}
        p |= {name: priors.quantile(one, np.array([0.5])) for name, one in own.items()}
        fixed = {**CENTRE, **fixed}
    else:
        p = priors.draw(seed, range(draws), names)
        p |= {name: priors.quantile(one, rng.random(draws)) for name, one in own.items()}
    return p | {name: np.full(draws, value) for name, value in fixed.items()}


def act(key: str = "X1", **changes: Any) -> Act:
    """A 20-point tariff of the United States on Japan in June 2018, changed as told."""
    row: dict[str, Any] = {
        "id": key,
        "date": "2018-06-01",
        "actor": "USA",
        "target": "JPN",
        "domain": "trade",
        "kind": "tariff",
        "title": key,
        "zeta": 1.0,
        "source": "assumed",
        "magnitude": 20.0,
        "unit": "%",
    }
    return acts.from_row({**row, **changes})


def arrays(*made: Act, observers: tuple[str, ...] = ("JPN",), quiet: bool = False) -> ActArrays:
    """Arrays of these acts; quiet quarters tell nothing unless `quiet`."""
    until = dt.date(2036, 12, 31) if quiet else dt.date(2016, 12, 31)
    return act_arrays(made, QUARTERS, observers, recorded_until=until)


def told(one: Act, **fixed: float) -> float:
    """What one act tells at the central values, log odds."""
    return float(beliefs.learn(arrays(one), parameters(**fixed))[0, 1])
