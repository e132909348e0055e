"""Fit one block: NUTS with diagnostics that can refuse, priors as distributions, results kept by content.

NumPyro (the extra `calibrate`) is imported inside the functions that need it: a run of a scenario never does.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import store
from foederis.errors import DataError, SolveError
from foederis.priors import Parameter, quantile

__all__ = ["Diagnostics", "Draws", "Estimate", "Sampling", "beta_binomial", "cached", "distribution", "estimate",
           "nuts", "prior_sd", "refuse", "thin"]  # fmt: skip

Array = np.ndarray
Draws = Mapping[str, Array]
PRIOR_DRIVEN = 0.10  # contraction below this: the data said nothing
LARGEST_RHAT = 1.03
LEAST_ESS = 100.0
LARGEST_DIVERGENT = 0.01  # share of draws


@dataclass(frozen=True)
class Sampling:
    """How to sample: steps of adaptation, kept draws of each chain, chains, seed, target acceptance, tree depth."""

    warmup: int = 500
    samples: int = 800
    chains: int = 2
    seed: int = 20241231
    accept: float = 0.85
    depth: int = 8


@dataclass(frozen=True)
class Diagnostics:
    """Largest split R-hat and least effective size over all sampled numbers (with their names), divergent draws."""

    rhat: float
    rhat_of: str
    ess: float
    ess_of: str
    divergences: int
    draws: int

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the fit must not be used; empty when it may."""
        found = []
        if not self.rhat <= LARGEST_RHAT:
            found.append(f"R-hat of {self.rhat_of} is {self.rhat:.3f}, above {LARGEST_RHAT}")
        if not self.ess >= min(LEAST_ESS, 0.2 * self.draws):
            found.append(f"effective size of {self.ess_of} is {self.ess:.0f} of {self.draws} draws")
        if self.divergences > LARGEST_DIVERGENT * self.draws:
            found.append(f"{self.divergences} of {self.draws} draws diverge")
        return tuple(found)


@dataclass(frozen=True)
class Estimate:
    """One parameter before and after: means, standard deviations, 90 % interval, contraction (1 - sd after / before).

    `known` is the name under which a run draws the parameter, or empty when only scores use it.
    """

    name: str
    block: str
    what: str
    prior_mean: float
    prior_sd: float
    mean: float
    sd: float
    low: float
    high: float
    known: str = ""

    @property
    def contraction(self) -> float:
        """Share of the prior's standard deviation that the data took away; negative where they widened it."""
        return 1.0 - self.sd / self.prior_sd

    @property
    def prior_driven(self) -> bool:
        """Whether the data said next to nothing: show it in grey wherever it matters."""
        return self.contraction < PRIOR_DRIVEN


def _grid(parameter: Parameter) -> Float[Array, " point"]:
    return quantile(parameter, (np.arange(20_000) + 0.5) / 20_000)


def prior_sd(parameter: Parameter) -> float:
    """Standard deviation of a prior."""
    return float(_grid(parameter).std())


def estimate(parameter: Parameter, draws: Float[Array, " draw"], block: str, known: bool = True) -> Estimate:
    """A parameter's prior beside its draws."""
    grid = _grid(parameter)
    low, high = np.quantile(draws, [0.05, 0.95])
    return Estimate(
        parameter.name, block, parameter.moves, round(float(grid.mean()), 9) + 0.0, float(grid.std()),
        float(draws.mean()), float(draws.std()), float(low), float(high), parameter.name if known else "",
    )  # fmt: skip


def distribution(parameter: Parameter) -> Any:
    """A prior as a NumPyro distribution; DataError on a family that is never sampled (fixed, triangular)."""
    import numpyro.distributions as dist

    a = parameter.args
    if parameter.family == "normal":
        return dist.Normal(a[0], a[1])
    if parameter.family == "lognormal":
        return dist.LogNormal(np.log(a[0]), a[1])
    if parameter.family == "uniform":
        return dist.Uniform(a[0], a[1])
    if parameter.family == "positive_normal":
        return dist.TruncatedNormal(a[0], a[1], low=0.0)
    if parameter.family == "unit_normal":
        return dist.TruncatedNormal(a[0], a[1], low=0.0, high=1.0)
    raise DataError(f"prior {parameter.name!r}: a {parameter.family} prior cannot be calibrated")


def beta_binomial(count: Any, n: Any, share: Any, spread: Any) -> Any:
    """Log chance of counts under a beta-binomial with mean `share` and intra-class correlation `spread`, in JAX.

    Without the binomial coefficient, which does not depend on the parameters. `spread` is held below one half.
    """
    import jax.numpy as jnp
    from jax.scipy.special import betaln

    size = 1.0 / jnp.clip(spread, 1e-5, 0.5) - 1.0
    mean = jnp.clip(share, 1e-5, 1.0 - 1e-5)
    a, b = mean * size, (1.0 - mean) * size
    return betaln(count + a, n - count + b) - betaln(a, b)


def nuts(
    model: Callable[..., None], data: Any, sampling: Sampling, keep: Sequence[str] = (), dense: Sequence[str] = ()
) -> tuple[dict[str, Array], Diagnostics]:
    """Draws of a model (chains joined) and its diagnostics. `keep` names deterministic sites beside the sampled ones,
    `dense` those that get a full mass matrix together (few numbers that move as one).

    Raises DataError when NumPyro is not installed. Does not judge: see `refuse`.
    """
    import foederis.numerics_jax  # noqa: F401  (64-bit numbers, before JAX traces anything)

    try:
        from numpyro.infer import MCMC, NUTS
    except ImportError:
        raise DataError("calibration needs NumPyro; install it with: pip install 'foederis[calibrate]'") from None
    import jax

    kernel = NUTS(
        model,
        target_accept_prob=sampling.accept,
        max_tree_depth=sampling.depth,
        dense_mass=[tuple(dense)] if dense else False,
    )
    run = MCMC(
        kernel, num_warmup=sampling.warmup, num_samples=sampling.samples, num_chains=sampling.chains,
        chain_method="sequential", progress_bar=False,
    )  # fmt: skip
    run.run(jax.random.PRNGKey(sampling.seed), data, extra_fields=("diverging",))
    grouped = {name: np.asarray(values) for name, values in run.get_samples(group_by_chain=True).items()}
    divergent = int(np.asarray(run.get_extra_fields()["diverging"]).sum())
    sampled = {name: values for name, values in grouped.items() if name not in keep}
    joined = {name: values.reshape(-1, *values.shape[2:]) for name, values in grouped.items()}
    return joined, _diagnose(sampled, divergent)


def _diagnose(grouped: Mapping[str, Array], divergent: int) -> Diagnostics:
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin

    worst_rhat, least_ess = (0.0, ""), (np.inf, "")
    size = 0
    for name, values in grouped.items():
        size = values.shape[0] * values.shape[1]
        rhat, ess = float(np.max(split_gelman_rubin(values))), float(np.min(effective_sample_size(values)))
        worst_rhat = max(worst_rhat, (rhat, name))
        least_ess = min(least_ess, (ess, name))
    return Diagnostics(*worst_rhat, *least_ess, divergent, size)


def refuse(block: str, diagnostics: Diagnostics) -> None:
    """Raise SolveError naming what is wrong when a fit must not be used."""
    if diagnostics.faults:
        raise SolveError(
            f"the fit of {block} is refused: {'; '.join(diagnostics.faults)}; sample longer (--samples) or report it",
            residuals={"rhat": diagnostics.rhat, "ess": diagnostics.ess}, where=block,
        )  # fmt: skip


def thin(draws: Draws, size: int) -> dict[str, Array]:
    """Evenly spaced draws, the same places in every parameter; fewer draws than asked for are kept whole."""
    total = len(next(iter(draws.values())))
    places = np.unique(np.linspace(0, total - 1, min(size, total)).round().astype(int))
    return {name: values[places] for name, values in draws.items()}


def cached(
    folder: Path | None, block: str, key: Mapping[str, Any], work: Callable[[], tuple[dict[str, Array], Diagnostics]]
) -> tuple[dict[str, Array], Diagnostics, bool]:
    """The fit of a block, from the folder when the same data, priors and settings were fitted before.

    Returns draws, diagnostics and whether they were found. A fit is kept only when it is good, whole or not at all.
    """
    digest = store.sha256_json({"block": block, **key})[:20]
    path = None if folder is None else folder / f"{block}-{digest}.npz"
    if path is not None and path.is_file():
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            found = {name: file[name] for name in file.files if name != "diagnostics"}
            return found, Diagnostics(**json.loads(str(file["diagnostics"]))), True
    draws, diagnostics = work()
    refuse(block, diagnostics)
    if path is not None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, diagnostics=np.array(json.dumps(asdict(diagnostics))), **draws)
        store.write_bytes(path, buffer.getvalue())
    return draws, diagnostics, False
