"""Simulation-based calibration of a block: draw truths from the prior, make data, fit, and rank the truth.

If model and sampler are right, a truth falls anywhere among its posterior draws with equal chance (Talts, Betancourt,
Simpson, Vehtari & Gelman 2018). Compiled once, so that many small fits are cheap. For blocks whose answers are sites of
the model: hedging and coercion; the trade response is checked in closed form, the others by recovery (tests).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import calibrate_coercion as coercion
from foederis import calibrate_hedging as hedging
from foederis.calibrate_fit import Sampling

__all__ = ["Ranks", "check_coercion", "check_hedging"]

Array = np.ndarray
Q95 = 1.36  # Kolmogorov's 95 % bound, over the root of the number of fits


@dataclass(frozen=True, eq=False)
class Ranks:
    """Rank of the truth among its draws, 0 to 1, by parameter and fit."""

    ranks: Mapping[str, Float[Array, " fit"]]

    @property
    def worst(self) -> tuple[str, float]:
        """The parameter farthest from even ranks, with its Kolmogorov distance."""
        return max(((name, _distance(values)) for name, values in self.ranks.items()), key=lambda pair: pair[1])

    @property
    def share_even(self) -> float:
        """Share of parameters whose ranks are even within the 95 % bound."""
        bound = Q95 / np.sqrt(len(next(iter(self.ranks.values()))))
        return float(np.mean([_distance(values) < bound for values in self.ranks.values()]))


def _distance(values: Array) -> float:
    ordered, n = np.sort(values), len(values)
    steps = np.arange(1, n + 1) / n
    return float(max((steps - ordered).max(), (ordered - steps + 1.0 / n).max()))


def check_hedging(data: hedging.Panel, fits: int, sampling: Sampling) -> Ranks:
    """Ranks of the parameters of H5, data remade at the panel's regressors."""
    fields = ("country", "year", "change", "lagged", "x")
    remake = {"change": "change"}
    return _check(hedging.model, data, fields, ("countries", "years", "on"), remake, hedging.PARAMETERS, fits, sampling)


def check_coercion(data: coercion.Panel, fits: int, sampling: Sampling) -> Ranks:
    """Ranks of the coefficients of case ends and of threats carried out."""
    fields = ("x", "end", "target", "threat_x", "carried")
    remake = {"end": "end", "carried": "carried"}
    return _check(coercion.model, data, fields, ("targets",), remake, coercion.PARAMETERS, fits, sampling)


def _check(
    model: Callable[..., None], data: Any, fields: Sequence[str], fixed: Sequence[str], remake: Mapping[str, str],
    names: Mapping[str, Any], fits: int, sampling: Sampling,
) -> Ranks:  # fmt: skip
    """Remake the observed sites `fits` times from the prior and fit each; `remake` maps a site to its field."""
    import jax
    from numpyro import handlers
    from numpyro.infer import MCMC, NUTS

    from foederis import numerics_jax  # noqa: F401  (64-bit numbers, before JAX traces anything)

    _register(type(data), fields, fixed)
    kernel = NUTS(model, target_accept_prob=sampling.accept, max_tree_depth=sampling.depth)
    run = MCMC(
        kernel, num_warmup=sampling.warmup, num_samples=sampling.samples, progress_bar=False, jit_model_args=True
    )
    found: dict[str, list[float]] = {name: [] for name in names}
    for k in range(fits):
        seed = jax.random.PRNGKey(sampling.seed + k)
        sites = handlers.trace(handlers.seed(handlers.uncondition(model), seed)).get_trace(data)
        made = {field: np.asarray(sites[site]["value"]) for site, field in remake.items()}
        run.run(jax.random.fold_in(seed, 1), replace(data, **made))
        draws = run.get_samples()
        for name in names:
            found[name].append(float((np.asarray(draws[name]) < float(sites[name]["value"])).mean()))
    return Ranks({name: np.array(values) for name, values in found.items()})


_registered: list[type] = []


def _register(kind: type, fields: Sequence[str], fixed: Sequence[str]) -> None:
    """Make a panel a JAX pytree, once, so that fits of equal shape share one program."""
    import jax

    if kind not in _registered:
        jax.tree_util.register_dataclass(kind, list(fields), list(fixed))
        _registered.append(kind)
