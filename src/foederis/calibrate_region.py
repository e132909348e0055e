r"""L5: what moves the choice between the powers (R1-R2), from surveys of elites and publics by country and year.

    logit share[i,t] = alpha[i] + kind + wave[t] + beta_E pull + beta_S trust + beta_z coercion + u[i,t] + error

The share is the answer of Southeast Asian elites who were forced to choose (ISEAS, 2022-24) or, elsewhere, favourable
views of the patron over the sum of those of both powers (Pew, from 2005), which has a level of its own. `u` is AR(1) in
each country. Units are those of `region`: pull in standard deviations across countries of exports to the United States
less exports to China (shares of all exports, deviation from the country's mean), trust in `units.trust` of reliability
(0.25 times the share that trusts the president, from L2), coercion 1 in a year with a stick in force.

Not identified here, and left at their priors: beta_own (no bystander was taxed before 2025 beyond metals), beta_C (no
series of courtship), omega_0 (its effect is a product with beta_S and needs acts on Japan alone).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis import region_data
from foederis.calibrate_fit import Diagnostics, Sampling, distribution, nuts
from foederis.errors import DataError
from foederis.evidence import Table, require_training
from foederis.priors import PARAMETERS as KNOWN
from foederis.priors import Parameter

__all__ = ["PARAMETERS", "REGRESSORS", "Panel", "Trust", "ar_normal", "fit", "panel"]

Array = np.ndarray
REGRESSORS = ("beta_E", "beta_S", "beta_z")
PARAMETERS: Mapping[str, Parameter] = {name: KNOWN[name] for name in REGRESSORS}
DENSE = (*REGRESSORS, "country_spread", "country_mean", "elite", "wave_spread", "remainder", "persistence")
RELIABILITY_RANGE = 0.25  # as in calibrate_hedging
ISEAS_ERROR = 0.25  # logits: about five points
FIRST = 2005
Trust = Mapping[tuple[str, int], float]  # share that trusts the president, by country and year, from L2


@dataclass(frozen=True, eq=False)
class Panel:
    """Answers in a padded grid [country, slot]: `y` log odds, `error` its sd, `known` 1 where there is one."""

    countries: tuple[str, ...]
    years: tuple[int, ...]
    y: Float[Array, "country slot"]
    error: Float[Array, "country slot"]
    known: Float[Array, "country slot"]
    year: Int[Array, "country slot"]
    elite: Float[Array, "country slot"]
    x: Float[Array, "country slot regressor"]


def panel(polls: Table, states: Table, trust: Trust, test: str | None = None) -> Panel:
    """Training rows of poll_obs and country_year as a panel; DataError on rows held out or too few countries."""
    require_training(polls, test)
    require_training(states, test)
    rows = _answers(polls)
    codes = sorted({c for c, *_ in rows if sum(r[0] == c for r in rows) >= 2})
    if len(codes) < 5:
        raise DataError(f"regional choice needs 5 countries with two answers; there are {len(codes)}")
    grid = {c: sorted(r for r in rows if r[0] == c) for c in codes}
    width = max(len(found) for found in grid.values())
    last = max(r[1] for r in rows)
    shape = (len(codes), width)
    y, error, known, elite = (np.zeros(shape) for _ in range(4))
    year, x = np.zeros(shape, int), np.zeros((*shape, len(REGRESSORS)))
    pull, coercion = _pull(states), _coercion()
    for k, code in enumerate(codes):
        for s, (_, when, odds, sd, kind) in enumerate(grid[code]):
            y[k, s], error[k, s], known[k, s], elite[k, s], year[k, s] = odds, sd, 1.0, kind, when - FIRST
            x[k, s] = (pull.get((code, when), 0.0), _trusted(trust, code, when), float((code, when) in coercion))
        error[k, len(grid[code]) :] = 1.0
        year[k, len(grid[code]) :] = -1000 * (1 + np.arange(width - len(grid[code])))
    return Panel(tuple(codes), tuple(range(FIRST, last + 1)), y, error, known, year, elite, x)


def _answers(polls: Table) -> list[tuple[str, int, float, float, float]]:
    """(country, year, log odds, sd, 1 if elites) of every answer."""
    found, views = [], {}
    for code, year, measure, value, n, pollster in zip(
        *(polls[c] for c in ("iso3", "year", "measure", "value", "n", "pollster")), strict=True
    ):
        if measure == "align_us" and len(code) == 3:
            found.append((str(code), int(year), float(np.log(value / (1 - value))), ISEAS_ERROR, 1.0))
        elif pollster.startswith("Pew") and measure in ("favourable_us", "favourable_china") and year >= FIRST:
            views[str(code), int(year), measure[11:]] = (float(value), float(n))
    for (code, year, of), (us, n) in views.items():
        china = views.get((code, year, "china"))
        if of == "us" and china is not None and code not in ("CHN", "USA"):
            sd = float(np.sqrt(1.0 / (us * n) + 1.0 / (china[0] * china[1])))
            found.append((code, year, float(np.log(us / china[0])), max(sd, 0.08), 0.0))
    return found


def _pull(states: Table) -> dict[tuple[str, int], float]:
    """Exports to the United States less those to China, from each country's mean, over the spread across countries."""
    gap = states["exports_us"] - states["exports_cn"]
    known = np.isfinite(gap)
    codes, years, gap = states["iso3"][known], states["year"][known], gap[known]
    mean = {c: float(gap[codes == c].mean()) for c in np.unique(codes)}
    spread = float(np.std(list(mean.values())))
    found = {(str(c), int(y)): (g - mean[c]) / spread for c, y, g in zip(codes, years, gap, strict=True)}
    last = int(years.max())
    for c in mean:
        for ahead in range(last + 1, last + 4):
            found[str(c), ahead] = found[str(c), last]
    return found


def _coercion() -> set[tuple[str, int]]:
    """Country-years with a stick of the rival in force for at least half the year."""
    region = region_data.load()
    codes = (region.ally, *region.bystanders)
    quarters = 2005.0 + np.arange(80) / 4.0
    on = region.coercion(quarters, codes)
    return {
        (code, year)
        for k, code in enumerate(codes)
        for year in range(2005, 2025)
        if on[(quarters >= year) & (quarters < year + 1), k].sum() >= 2
    }


def _trusted(trust: Trust, code: str, year: int) -> float:
    """Trust in the unit of `region`, from the country's mean; zero where no poll reaches."""
    mine = [v for (c, _), v in trust.items() if c == code]
    unit = float(region_data.load().card["units"]["trust"])
    return RELIABILITY_RANGE * (trust[code, year] - float(np.mean(mine))) / unit if (code, year) in trust else 0.0


def ar_normal(residual: Any, error: Any, known: Any, time: Any, sd: Any, persistence: Any) -> Any:
    """Log density of residuals [group, slot] that are AR(1) in `time` plus independent errors; unknown slots drop out.

    `sd` is that of the AR(1) process itself. Slots of one group at one time share the process.
    """
    import jax.numpy as jnp

    gap = jnp.abs(time[:, :, None] - time[:, None, :])
    both = known[:, :, None] * known[:, None, :]
    eye = jnp.eye(time.shape[1])
    cov = both * sd**2 * persistence**gap + eye * jnp.where(known > 0, error**2, 1.0)[:, :, None]
    root = jnp.linalg.cholesky(cov)
    white = jnp.linalg.solve(root, (known * residual)[..., None])[..., 0]
    logdet = (known * jnp.log(jnp.diagonal(root, axis1=1, axis2=2))).sum()
    return -0.5 * (white**2).sum() - logdet - 0.5 * known.sum() * jnp.log(2 * jnp.pi)


def model(data: Panel) -> None:
    """The panel as NumPyro statements; the AR(1) remainder is integrated out."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    beta = jnp.stack([numpyro.sample(name, distribution(PARAMETERS[name])) for name in REGRESSORS])
    spread = numpyro.sample("country_spread", dist.HalfNormal(1.0))
    level = numpyro.sample("country_mean", dist.Normal(0.0, 1.0))
    own = numpyro.sample("country_z", dist.Normal().expand([len(data.countries)]))
    kind = numpyro.sample("elite", dist.Normal(0.0, 1.0))
    wave_sd = numpyro.sample("wave_spread", dist.HalfNormal(0.3))
    wave = numpyro.sample("wave_z", dist.Normal().expand([len(data.years)]))
    sd = numpyro.sample("remainder", dist.HalfNormal(0.7))
    persistence = numpyro.sample("persistence", dist.Uniform(0.0, 0.99))
    place = np.clip(data.year, 0, len(data.years) - 1)
    mean = (level + spread * own)[:, None] + kind * data.elite + wave_sd * wave[place] + data.x @ beta
    numpyro.deterministic("alpha", level + spread * own)
    numpyro.factor("answers", ar_normal(data.y - mean, data.error, data.known, data.year, sd, persistence))


def fit(data: Panel, sampling: Sampling) -> tuple[dict[str, Array], Diagnostics]:
    """Draws of the betas, levels and the remainder, and the diagnostics of the sampler."""
    return nuts(model, data, sampling, keep=("alpha",), dense=DENSE)
