r"""TIES: how coercion cases of the United States against 18 partners ended, a multinomial logit with partial pooling.

    ln P(end = k) / P(end = stalemate) = a[k] + b[k] imposed + c[k] pact + d[k] trade + e[target, k]

Ends: concede (target yields fully or partly), back down (the sender does), settle, stalemate. `imposed`: it went beyond
the threat; `pact`: the United States owed the target defence; `trade`: the issue was trade practices. A second, binary
part: whether a threat was carried out. Cases whose end was not coded (82 of 293, mostly open-ended trade cases) stay
out: not missing at random, so levels may be off.

L6, the choice of 60 economies in 2025 to retaliate, deal or wait, is not fitted: no row of the evidence says who did
which (docs/leaves-out.md), and every such row would be of 2025, held out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis.calibrate_fit import Diagnostics, Sampling, distribution, nuts
from foederis.errors import DataError
from foederis.evidence import Table, require_training
from foederis.priors import Parameter

__all__ = ["ENDS", "FEATURES", "OF_OUTCOME", "PARAMETERS", "Panel", "chances", "fit", "panel"]

Array = np.ndarray
ENDS = ("concede", "back down", "settle", "stalemate")
FEATURES = ("level", "imposed", "pact", "trade")
OF_OUTCOME: Mapping[str, str] = {
    "target yields fully": "concede", "target yields partly": "concede", "sender backs down": "back down",
    "negotiated settlement": "settle", "stalemate": "stalemate",
}  # fmt: skip
_A = "assumed, weakly informative"


def _name(feature: str, end: str) -> str:
    return f"coercion.{feature}.{end.replace(' ', '_')}"


PARAMETERS: Mapping[str, Parameter] = {
    _name(feature, end): Parameter(
        _name(feature, end), feature[0], "normal", (0.0, 1.0), "E", "D", "strategy",
        f"{feature} in the log odds of '{end}' over stalemate", _A,
    )
    for end in ENDS[:-1]
    for feature in FEATURES
} | {
    f"carried_out.{feature}": Parameter(
        f"carried_out.{feature}", "q", "normal", (0.0, 1.0), "E", "D", "strategy",
        f"{feature} in the log odds that a threat is carried out", _A,
    )
    for feature in ("level", "pact", "trade")
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Panel:
    """Coded cases: features [case, feature], how each ended, target; and threats with whether they were carried out."""

    x: Float[Array, "case feature"]
    end: Int[Array, " case"]
    target: Int[Array, " case"]
    targets: tuple[str, ...]
    threat_x: Float[Array, "threat feature"]
    carried: Float[Array, " threat"]


def features(table: Table) -> Float[Array, "case feature"]:
    """Level, imposed, pact, trade of every row."""
    one = np.ones(len(table))
    trade = (table["issue"] == "trade practices").astype(float)
    return np.stack([one, table["imposed"].astype(float), np.nan_to_num(table["defence_pact"]), trade], axis=1)


def ends(table: Table) -> Int[Array, " case"]:
    """How each case ended, a position in ENDS; -1 where that was not coded."""
    return np.array([ENDS.index(OF_OUTCOME[o]) if o in OF_OUTCOME else -1 for o in table["outcome"]])


def panel(table: Table, test: str | None = None) -> Panel:
    """Training rows of coercion_case as a panel; DataError on rows held out or without a coded case."""
    require_training(table, test)
    x, end = features(table), ends(table)
    coded = end >= 0
    if not coded.any():
        raise DataError("no coercion case has a coded end")
    targets, place = np.unique(table["target"], return_inverse=True)
    threat = table["threat"] > 0
    return Panel(
        x[coded], end[coded], place[coded], tuple(str(t) for t in targets), x[threat][:, [0, 2, 3]],
        table["imposed"][threat].astype(float),
    )  # fmt: skip


def model(data: Panel) -> None:
    """The two parts as NumPyro statements."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    p = {name: numpyro.sample(name, distribution(parameter)) for name, parameter in PARAMETERS.items()}
    weight = jnp.stack([jnp.stack([p[_name(f, end)] for f in FEATURES]) for end in ENDS[:-1]], axis=1)
    spread = numpyro.sample("target_spread", dist.HalfNormal(0.5))
    own = numpyro.sample("target_z", dist.Normal().expand([len(data.targets), len(ENDS) - 1]))
    logits = jnp.asarray(data.x) @ weight + spread * own[data.target]
    full = jnp.concatenate([logits, jnp.zeros((len(data.end), 1))], axis=1)
    numpyro.sample("end", dist.Categorical(logits=full), obs=data.end)
    carried = jnp.asarray(data.threat_x) @ jnp.stack([p[f"carried_out.{f}"] for f in ("level", "pact", "trade")])
    numpyro.sample("carried", dist.Bernoulli(logits=carried), obs=data.carried)


def fit(data: Panel, sampling: Sampling) -> tuple[dict[str, Array], Diagnostics]:
    """Draws of all coefficients, and the diagnostics of the sampler."""
    return nuts(model, data, sampling)


def chances(draws: Mapping[str, Any], x: Float[Array, "case feature"]) -> Float[Array, "draw case end"]:
    """Chance of each end for cases with these features, target effects at zero (a new target)."""
    weight = np.stack([[draws[_name(f, end)] for f in FEATURES] for end in ENDS[:-1]], axis=0)  # end, feature, draw
    logits = np.einsum("cf,efd->dce", x, weight)
    full = np.concatenate([logits, np.zeros((*logits.shape[:2], 1))], axis=2)
    full = np.exp(full - full.max(axis=2, keepdims=True))
    return full / full.sum(axis=2, keepdims=True)
