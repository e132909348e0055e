r"""L4: what moves the defence effort of allies, a panel of about thirty from 1960 on (the panel form of H5).

    d ln M[i,t] = alpha[i] + tau[t] + Phi (b_Z ln Z + b_r (1 - r) + b_d demand + b_y fiscal - ln M[i,t-1]) + e

M is military expenditure over GDP. Regressors are of the year before, so that a budget could answer them:

    threat     ln Z: mean of the logs of geopolitical risk (by country) and of the rival's share of world capability,
               each as a deviation from the country's mean. Rival: Russia (Soviet Union) in Europe and Canada, China in
               Asia and the Pacific, China and North Korea for Korea.
    distrust   1 - r: minus 0.25 (the prior range of reliability) times the share of the public that sees the United
               States favourably, as latent trust (L2) has it; from 2002, deviation from the country's mean. Assumed.
    demand     log of 2 % over the effort, where below, for members of NATO from 2015: the Wales pledge, the one dated
               demand for effort on record. Host-nation support is asked in another coin and stays out.
    fiscal     growth of GDP in deviation from the country's mean, from 1996.

A regressor without data is at its mean, zero. Errors are Student-t with a scale for each country.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis.calibrate_fit import Diagnostics, Sampling, distribution, nuts
from foederis.errors import DataError
from foederis.evidence import Table, require_training
from foederis.priors import PARAMETERS as KNOWN
from foederis.priors import Parameter

__all__ = ["CAUSES", "PARAMETERS", "STATE", "Panel", "Trust", "expected_change", "fit",
           "grid", "panel", "without"]  # fmt: skip

Array = np.ndarray
CAUSES = ("threat", "distrust", "demand", "fiscal")
RELIABILITY_RANGE = 0.25  # r_P - r_X(0) at their prior means
PLEDGE_FROM, PLEDGE = 2015, 2.0  # Wales Summit Declaration, 5 September 2014, paragraph 14; budgets from 2015
LEAST_YEARS = 10
FREEDOM = 4.0  # of the Student-t errors
ASIA = "JPN KOR AUS NZL PHL THA".split()
RIVALS: Mapping[str, tuple[str, ...]] = {"KOR": ("PRK", "CHN"), **{c: ("CHN",) for c in ASIA if c != "KOR"}}
JOINED: Mapping[str, int] = {
    "CZE": 1999, "HUN": 1999, "POL": 1999, "BGR": 2004, "EST": 2004, "LTU": 2004, "LVA": 2004, "ROU": 2004,
    "SVK": 2004, "SVN": 2004, "HRV": 2009, "ESP": 1982,
}  # fmt: skip
OUTSIDE = ("USA", "CHN", "RUS", "PRK", "TWN", "IND", "IDN", "MYS", "SGP", "VNM")
STATE = ("resting", "scale", "scale_ratio", "year_spread")  # what a forecast needs beside the parameters
LOADINGS = ("b_Z", "b_r", "b_d", "b_y")
PARAMETERS: Mapping[str, Parameter] = {name: KNOWN[name] for name in ("Phi", *LOADINGS)}
DENSE = (*PARAMETERS, "country_spread", "year_spread", "country_mean", "scale")
Trust = Mapping[tuple[str, int], float]  # latent favourable share by country and year, from L2


@dataclass(frozen=True, eq=False)
class Panel:
    """Rows of allies by year. `x` [row, cause]; `lagged` ln of the effort a year before; `change` of the log, or NaN.

    `on` switches a cause off (0) for rival models: threat only is (1, 0, 0, 0).
    """

    countries: tuple[str, ...]
    years: tuple[int, ...]
    country: Int[Array, " row"]
    year: Int[Array, " row"]
    change: Float[Array, " row"]
    lagged: Float[Array, " row"]
    x: Float[Array, "row cause"]
    on: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)


def without(data: Panel, *causes: str) -> Panel:
    """The panel with causes switched off: `without(p, "distrust", "demand", "fiscal")` is threat only."""
    a, b, c, d = (0.0 if cause in causes else 1.0 for cause in CAUSES)
    return replace(data, on=(a, b, c, d))


def grid(table: Table) -> _Grid:
    """country_year by country over years: effort, causes. For forecasts; a fit takes `panel`."""
    return _Grid(table)


def panel(table: Table, trust: Trust, test: str | None = None) -> Panel:
    """Training rows of country_year as a panel; DataError on rows held out or fewer than five allies.

    `trust` must come from a fit of L2 with the same test: the panel cannot check that.
    """
    require_training(table, test)
    by_country = _Grid(table)
    codes = [c for c in by_country.codes if c not in OUTSIDE and np.isfinite(by_country.effort[c]).sum() >= LEAST_YEARS]
    if len(codes) < 5:
        raise DataError(f"the panel of allies needs 5 allies with {LEAST_YEARS} years; there are {len(codes)}")
    rows = [
        (k, y, by_country.change(c, y), by_country.log(c, y - 1), by_country.causes(c, y, trust))
        for k, c in enumerate(codes)
        for y in range(max(1961, JOINED.get(c, 0)), by_country.last + 1)
        if np.isfinite(by_country.change(c, y))
    ]
    years = tuple(range(1961, by_country.last + 1))
    return Panel(
        tuple(codes), years, np.array([r[0] for r in rows]), np.array([r[1] for r in rows]) - 1961,
        np.array([r[2] for r in rows]), np.array([r[3] for r in rows]), np.array([r[4] for r in rows]),
    )  # fmt: skip


class _Grid:
    """country_year by country as arrays over years, with the causes in deviations from country means."""

    def __init__(self, table: Table) -> None:
        self.first, self.last = 1960, int(table["year"].max())
        self.codes = [str(c) for c in np.unique(table["iso3"])]
        self.effort = self._series(table, "milex_share_gdp")
        growth, gpr, cinc = (self._series(table, name) for name in ("gdp_growth", "gpr", "cinc"))
        self.fiscal = {c: _centred(growth[c]) for c in self.codes}
        self.threat = {c: self._threat(c, gpr, cinc) for c in self.codes}

    def _series(self, table: Table, column: str) -> dict[str, Array]:
        found = {c: np.full(self.last - self.first + 1, np.nan) for c in self.codes}
        for code, year, value in zip(table["iso3"], table["year"], table[column], strict=True):
            found[str(code)][year - self.first] = value
        return found

    def _threat(self, code: str, gpr: Mapping[str, Array], cinc: Mapping[str, Array]) -> Array:
        rivals = [cinc[r] for r in RIVALS.get(code, ("RUS",)) if r in cinc]
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = [np.log(gpr[code])] if np.isfinite(gpr[code]).any() else []
            parts += [np.log(np.nansum(rivals, axis=0))] if rivals else []
        parts = [_centred(np.where(np.isfinite(p), p, np.nan)) for p in parts]
        held = [_carried(p) for p in parts]
        return np.mean(held, axis=0) if held else np.zeros(self.last - self.first + 1)

    def log(self, code: str, year: int) -> float:
        k = year - self.first
        return float(np.log(self.effort[code][k])) if 0 <= k < len(self.effort[code]) else np.nan

    def change(self, code: str, year: int) -> float:
        return self.log(code, year) - self.log(code, year - 1)

    def causes(self, code: str, year: int, trust: Trust) -> tuple[float, float, float, float]:
        """Threat, distrust, demand and fiscal room of the year before."""
        k = year - 1 - self.first
        shares = [v for (c, _), v in trust.items() if c == code]
        seen = trust.get((code, year - 1))
        distrust = 0.0 if seen is None else -RELIABILITY_RANGE * (seen - float(np.mean(shares)))
        pledged = year >= PLEDGE_FROM and code not in ASIA
        demand = max(0.0, float(np.log(PLEDGE)) - self.log(code, year - 1)) if pledged else 0.0
        fiscal = self.fiscal[code][k]
        return float(self.threat[code][k]), distrust, demand, float(fiscal) if np.isfinite(fiscal) else 0.0


def _centred(values: Array) -> Array:
    return values - np.nanmean(values) if np.isfinite(values).any() else values


def _carried(values: Array) -> Array:
    """Gaps at the end take the last value (the series of capability ends before that of effort); others the mean."""
    known = np.flatnonzero(np.isfinite(values))
    filled = np.where(np.isfinite(values), values, 0.0)
    filled[known[-1] + 1 :] = values[known[-1]]
    return filled


def model(data: Panel) -> None:
    """The panel as NumPyro statements."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    p = {name: numpyro.sample(name, distribution(parameter)) for name, parameter in PARAMETERS.items()}
    loading = jnp.stack([p[name] for name in LOADINGS]) * jnp.asarray(data.on)
    spread = numpyro.sample("country_spread", dist.HalfNormal(0.6))
    wave = numpyro.sample("year_spread", dist.HalfNormal(0.05))
    common = numpyro.sample("country_mean", dist.Normal(0.2, 0.5))
    level = numpyro.sample("country_z", dist.Normal().expand([len(data.countries)]))
    year = numpyro.sample("year_z", dist.Normal().expand([len(data.years)]))
    scale = numpyro.sample("scale", dist.LogNormal(jnp.log(0.05), 0.7))
    ratio = numpyro.sample("scale_ratio", dist.LogNormal(jnp.zeros(len(data.countries)), 0.5))
    # the long-run level of a country is what the partial adjustment pulls to, so it stands inside the bracket
    resting = common + spread * level
    pull = resting[data.country] + jnp.asarray(data.x) @ loading - jnp.asarray(data.lagged)
    mean = p["Phi"] * pull + wave * year[data.year]
    numpyro.deterministic("resting", resting)
    numpyro.sample("change", dist.StudentT(FREEDOM, mean, scale * ratio[data.country]), obs=jnp.asarray(data.change))


def fit(data: Panel, sampling: Sampling) -> tuple[dict[str, Array], Diagnostics]:
    """Draws of loadings, adjustment, resting levels and scales, and the diagnostics of the sampler."""
    return nuts(model, data, sampling, keep=("resting",), dense=DENSE)


def expected_change(draws: Mapping[str, Any], country: int, x: Array, lagged: Array) -> Array:
    """Mean change of log effort [draw] for one country, causes [cause] and lagged log effort [draw]."""
    loading = np.stack([draws[name] for name in LOADINGS], axis=1)
    return np.asarray(draws["Phi"] * (draws["resting"][:, country] + loading @ x - lagged))
