"""Simulation-based calibration of a block: draw truths from the prior, make data, fit, and rank the truth.

    found = calibrate_check.check("hedging", fits=64)
    found.smallest, found.even            # the least p value over all numbers, and whether ranks pass as even

If model, priors and sampler are right, a truth falls anywhere among its posterior draws with equal chance (Talts,
Betancourt, Simpson, Vehtari & Gelman 2018). Ranks are taken among draws that are thinned until they are as good as
independent, for neighbours in a chain push truths to the ends (their section 5.1): two chains from random starts go
on until their effective size reaches the number of draws that are kept and R-hat is as small as a fit of real data
must have it. A fit that never gets there is refused, as it would be with real data, counted, and not ranked; that
leaves the ranks of the others even, for whether a fit is refused depends on the data and not on the truth. Divergent
draws refuse no fit here.

Two tests on the ranks of each number, both exact: Kolmogorov-Smirnov on the rank itself (the posterior leans to one
side) and on its distance from the middle (the posterior is too narrow or too wide). The smaller of the two p values
counts twice, and over all numbers of a block the smallest is held against ALPHA over their number (Bonferroni).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis import calibrate_simulate as simulate
from foederis import calibrate_trade as trade
from foederis.calibrate_fit import LARGEST_RHAT, Sampling, thin
from foederis.calibrate_simulate import Design
from foederis.errors import DataError, SolveError, UsageError

__all__ = ["ALPHA", "KEPT", "SAMPLING", "Ranks", "check", "p_value"]

Array = np.ndarray
ALPHA = 0.01  # chance that a right block is refused
KEPT = 63  # draws among which a truth is ranked: 64 places
LONGEST = 8  # a chain goes on to so many times its first length at most
SAMPLING = Sampling(warmup=300, samples=300, chains=2, depth=8, seed=1)
_ELEMENT = re.compile(r"(.+)\[([\d,]+)\]")


@dataclass(frozen=True, eq=False)
class Ranks:
    """Rank of each truth, 0 to `kept`, by number and fit that was not refused; how many were refused; seconds."""

    block: str
    ranks: Mapping[str, Int[Array, " fit"]]
    kept: int
    refused: int = 0
    seconds: float = 0.0

    @property
    def fits(self) -> int:
        """How many data sets were fitted and ranked."""
        return len(next(iter(self.ranks.values())))

    @property
    def p_values(self) -> dict[str, float]:
        """Chance of ranks at least as uneven, by number, if the block is right."""
        return {name: p_value(ranks, self.kept) for name, ranks in self.ranks.items()}

    @property
    def smallest(self) -> tuple[str, float]:
        """The number with the least even ranks, and its p value."""
        return min(self.p_values.items(), key=lambda pair: pair[1])

    @property
    def even(self) -> bool:
        """Whether no number is refused: the smallest p value is at least ALPHA over how many numbers there are."""
        return self.smallest[1] >= ALPHA / len(self.ranks)

    @property
    def verdict(self) -> str:
        """ "even", or which number is refused and how: intervals too narrow, too wide, or to one side of the truth."""
        if self.even:
            return "even"
        name = self.smallest[0]
        lean, width = _tests(self.ranks[name], self.kept)
        spread = float(self.ranks[name].std()) / self.kept * np.sqrt(12.0)
        fault = "to one side of the truth" if lean < width else "too narrow" if spread > 1.0 else "too wide"
        return f"refused: intervals of {name} are {fault}"


def p_value(ranks: Int[Array, " fit"], kept: int) -> float:
    """Chance of ranks (0 to `kept`) so uneven if every place were as likely: twice the smaller of two exact tests."""
    return min(1.0, 2.0 * min(_tests(ranks, kept)))


def _tests(ranks: Array, kept: int) -> tuple[float, float]:
    """p values of the place and of its distance from the middle.

    Ranks are spread over their places by numbers from a fixed seed, which makes them uniform on 0 to 1 exactly.
    """
    from scipy.stats import kstest

    place = (ranks + np.random.default_rng(0).uniform(size=len(ranks))) / (kept + 1)
    lean, width = (float(kstest(u, "uniform", method="exact").pvalue) for u in (place, np.abs(2.0 * place - 1.0)))
    return lean, width


def check(block: str | Design, fits: int, sampling: Sampling = SAMPLING, kept: int = KEPT) -> Ranks:
    """Ranks of `fits` truths among `kept` draws each, on the small design of a block or on a design of your own.

    Raises UsageError on an unknown block or fewer than two fits, DataError when NumPyro is missing, SolveError when
    every fit was refused.
    """
    if fits < 2:
        raise UsageError(f"ranks need two fits or more, not {fits}")
    plan = simulate.design(block) if isinstance(block, str) else block
    began = time.perf_counter()
    draw = _closed(plan, kept) if plan.model is None else _sampler(plan, sampling, kept)
    ranks: dict[str, list[int]] = {name: [] for name in plan.priors}
    refused = 0
    for k in range(fits):
        rng = np.random.default_rng([sampling.seed, k])
        truth = simulate.truths(plan.priors, rng)
        draws = draw(plan.simulate(truth, rng), int(rng.integers(1 << 31)))
        refused += draws is None
        for name, values in (draws or {}).items():
            ranks[name].append(int((values < truth[name]).sum()))
    if refused == fits:
        raise SolveError(f"every fit of {plan.block} was refused; sample longer", where=plan.block)
    told = {name: np.array(values) for name, values in ranks.items()}
    return Ranks(plan.block, told, kept, refused, time.perf_counter() - began)


Draw = Callable[[Mapping[str, Array], int], Mapping[str, Float[Array, " draw"]] | None]


def _closed(plan: Design, kept: int) -> Draw:
    """Draws of a block that is fitted without a sampler: independent, so none is refused."""

    def draw(made: Mapping[str, Array], seed: int) -> Mapping[str, Array]:
        fitted = trade.fit(replace(plan.panel, **made), kept, seed)[0]
        return {name: fitted[name] for name in plan.priors}

    return draw


def _sampler(plan: Design, sampling: Sampling, kept: int) -> Draw:
    """Draws by NUTS, thinned to `kept`; None when the chains stay apart or too slow. Compiled once for all fits."""
    start, advance = _compiled(plan, sampling)

    def draw(made: Mapping[str, Array], seed: int) -> Mapping[str, Array] | None:
        states = [start(key, dict(made)) for key in np.random.SeedSequence(seed).generate_state(sampling.chains)]
        found: dict[str, Array] = {}
        for round_ in range(_rounds(sampling) + LONGEST):
            moved = [advance(state, dict(made)) for state in states]
            states = [state for state, _ in moved]
            if round_ < _rounds(sampling):
                continue
            parts = [_numbers(more, plan) for _, more in moved]
            fresh = {name: np.stack([part[name] for part in parts]) for name in plan.priors}
            found = {name: np.concatenate([found.get(name, v[:, :0]), v], axis=1) for name, v in fresh.items()}
            if _settled(found, kept):
                return thin({name: values.ravel() for name, values in found.items()}, kept)
        return None

    return draw


def _rounds(sampling: Sampling) -> int:
    """Rounds of `samples` steps that adapt and are thrown away: `warmup`, rounded up."""
    return -(-sampling.warmup // sampling.samples)


def _settled(found: Mapping[str, Float[Array, "chain draw"]], kept: int) -> bool:
    """Whether chains agree and are worth `kept` independent draws, in every number."""
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin

    return all(
        float(effective_sample_size(values)) >= kept and float(split_gelman_rubin(values)) <= LARGEST_RHAT
        for values in found.values()
    )


def _compiled(plan: Design, sampling: Sampling) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Two programs: the state of a chain at a random start, and `samples` steps on from a state, with the draws.

    The library's own driver traces a model anew at every data set, which takes far longer than a small fit.
    """
    import foederis.numerics_jax  # noqa: F401  (64-bit numbers, before JAX traces anything)

    try:
        from numpyro.infer.hmc import hmc
        from numpyro.infer.util import ParamInfo, initialize_model
    except ImportError:
        raise DataError("ranks need NumPyro; install it with: pip install 'foederis[calibrate]'") from None
    import jax
    from jax.flatten_util import ravel_pytree

    model, panel = plan.model, plan.panel
    assert model is not None
    first = plan.simulate(simulate.truths(plan.priors, np.random.default_rng(0)), np.random.default_rng(0))
    info = initialize_model(
        jax.random.PRNGKey(0), lambda made: model(replace(panel, **made)), model_args=(first,), dynamic_args=True
    )
    flat, shaped = ravel_pytree(info.param_info.z)
    begin, step = hmc(potential_fn_gen=info.potential_fn, algo="NUTS")

    def start(key: Any, made: Any) -> Any:
        place, key = jax.random.split(key)
        z = shaped(jax.random.uniform(place, flat.shape, minval=-2.0, maxval=2.0))
        energy, slope = jax.value_and_grad(info.potential_fn(made))(z)
        return begin(
            ParamInfo(z, energy, slope), warmup, dense_mass=[plan.dense] if plan.dense else False, model_args=(made,),
            target_accept_prob=sampling.accept, max_tree_depth=sampling.depth, rng_key=key,
        )  # fmt: skip

    def advance(state: Any, made: Any) -> Any:
        def one(now: Any, _: Any) -> Any:
            then = step(now, model_args=(made,))
            return then, then.z

        state, z = jax.lax.scan(one, state, None, length=sampling.samples)
        return state, jax.vmap(info.postprocess_fn(made))(z)

    warmup = sampling.samples * _rounds(sampling)
    begun = jax.jit(start)
    return lambda seed, made: begun(jax.random.PRNGKey(seed), made), jax.jit(advance)


def _numbers(samples: Mapping[str, Any], plan: Design) -> dict[str, Array]:
    """Draws of every ranked number: a site, or an element of one."""
    found: dict[str, Array] = {}
    for name in plan.priors:
        element = _ELEMENT.fullmatch(name)
        if element is None:
            found[name] = np.asarray(samples[name])
        else:
            values = np.asarray(samples[element[1]])
            place = tuple(int(k) for k in element[2].split(","))
            found[name] = values.reshape(len(values), -1)[:, np.ravel_multi_index(place, values.shape[1:])]
    return found
