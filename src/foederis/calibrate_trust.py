r"""L2: latent trust in the patron by country and year, over pollsters and wordings (dynamic, beta-binomial).

Two latent parts. The country part C moves slowly: AR(1) around a country's mean, with shocks of its own and shocks
common to all. The leader part belongs to who is in office: an effect common to all publics, a deviation for each
country, both fading by a constant factor a year towards the mean of all presidents. A favourable view of the country
takes the country part and a share of the leader part; confidence in the president takes the leader part and some of the
country's:

    logit favourable[c,t] = C[c,t] + lambda lead[c,t]
    logit confidence[c,t] = psi C[c,t] + lead[c,t]
    logit other[s,t]      = offset[s] + b[wording] C~[c,t] + l[wording] lead[c,t]

Answers are beta-binomial around it. Each pollster, wording and mode has an offset of its own. After Jackman (2005),
Claassen (2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis.beliefs_polls import PRIORS as POLL_PRIORS
from foederis.calibrate_fit import Diagnostics, Sampling, beta_binomial, distribution, nuts
from foederis.errors import DataError
from foederis.evidence import Table, require_training
from foederis.priors import Parameter

__all__ = ["LEADERS", "MEASURES", "PARAMETERS", "SPREAD", "Panel", "compact", "country_part", "effects", "fit",
           "latent", "lead", "leader_of", "panel"]  # fmt: skip

Array = np.ndarray
START = 2002
LEAST_ASKED = 10  # publics, for the effects of a president to be told one by one
LEAST_WAVES = 5  # publics with fewer waves of Pew teach little about change
PEW_FAVOURABLE, PEW_CONFIDENCE = 0, 1
MEASURES = ("favourable_us", "confidence_us_president", "trust", "relations", "affinity", "alliance")
WORDING: Mapping[str, str] = {
    "trust_us": "trust", "trust_us_responsible": "trust", "us_trustworthy": "trust", "trust_us_right_thing": "trust",
    "us_trustworthy_ally_yes": "trust", "relations_good": "relations", "relations_good_us": "relations",
    "affinity_us": "affinity", "us_alliance_important": "alliance", "confidence_trump": "confidence_us_president",
}  # fmt: skip
LEADERS = ("Bush the younger", "Obama", "Trump", "Biden", "Trump again")
TOOK_OFFICE = (2001, 2009, 2017, 2021, 2025)
_A = "assumed, weakly informative"
SPREAD = next(p for p in POLL_PRIORS if p.name == "poll_spread")


def _prior(name: str, symbol: str, family: Any, args: tuple[float, ...], moves: str) -> Parameter:
    return Parameter(name, symbol, family, args, "E", "D", "beliefs", moves, _A)


PARAMETERS: Mapping[str, Parameter] = {
    p.name: p
    for p in (
        _prior("trust.persistence", "φ", "uniform", (0.0, 0.995), "yearly persistence of the country part"),
        _prior("trust.shock", "σ_C", "positive_normal", (0.0, 0.5), "yearly shock to the country part, logits"),
        _prior("trust.common", "σ_η", "positive_normal", (0.0, 0.3), "yearly shock common to all countries, logits"),
        _prior("trust.spread", "s_m", "positive_normal", (0.0, 1.0), "spread of country means, logits"),
        _prior("leader.effect", "τ_M", "positive_normal", (0.0, 1.0), "size of a president's effect on all publics"),
        _prior("leader.country", "τ_u", "positive_normal", (0.0, 1.0), "size of a president's effect on one public"),
        _prior("leader.keep", "κ", "uniform", (0.0, 1.0), "share of a president's effect that is left after a year"),
        _prior("leader.share", "λ", "unit_normal", (0.5, 0.3), "share of the leader part in the favourable view"),
        _prior("leader.country_part", "ψ", "positive_normal", (0.5, 0.5), "share of the country part in confidence"),
    )
}
DENSE = (*PARAMETERS, "confidence_level", "level", "common", "leader_common", "spread", "wording_slope", "wording_lead",
         "offset")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Panel:
    """Polls as arrays: axis `row` is one poll, axis `cell` a country-year with a poll, by country and then year.

    `series` numbers the offset groups that are not Pew's, -1 for Pew. `gap` is the years since the country's cell
    before, 0 for its first.
    """

    countries: tuple[str, ...]
    years: tuple[int, ...]
    leaders: int
    series: tuple[str, ...]
    country: Int[Array, " row"]
    year: Int[Array, " row"]
    measure: Int[Array, " row"]
    group: Int[Array, " row"]
    leader: Int[Array, " year"]
    tenure: Int[Array, " year"]
    count: Float[Array, " row"]
    n: Float[Array, " row"]
    cell: Int[Array, " row"]
    cell_country: Int[Array, " cell"]
    cell_year: Int[Array, " cell"]
    gap: Int[Array, " cell"]


def leader_of(year: int) -> int:
    """Who was president when spring polls of a year were taken: a position in LEADERS."""
    return int(np.searchsorted(TOOK_OFFICE, year, side="right")) - 1


def panel(table: Table, test: str | None = None, until: int | None = None) -> Panel:
    """Polls of training rows as arrays; refuses rows that are held out (DataError), or too few countries."""
    require_training(table, test)
    measure = np.array([WORDING.get(m, m) for m in table["measure"]])
    usable = np.isin(measure, MEASURES) & (table["year"] >= START)
    pew = (table["measure"] == "favourable_us") & usable
    codes, waves = np.unique(table["iso3"][pew], return_counts=True)
    countries = tuple(str(c) for c in codes[waves >= LEAST_WAVES])
    if len(countries) < 5:
        raise DataError(f"latent trust needs 5 publics with {LEAST_WAVES} waves; there are {len(countries)}")
    use = usable & np.isin(table["iso3"], countries)
    rows, measure = table.where(use), measure[use]
    last = int(rows["year"].max()) if until is None else until
    years = tuple(range(START, last + 1))
    own = ~np.isin(rows["measure"], ("favourable_us", "confidence_us_president"))
    series = tuple(sorted({str(g) for g in rows["offset_group"][own]}))
    leader = np.array([leader_of(y) for y in years])
    country, year = np.array([countries.index(c) for c in rows["iso3"]]), rows["year"] - START
    cells, cell = np.unique(country * len(years) + year, return_inverse=True)
    cell_country, cell_year = cells // len(years), cells % len(years)
    same = np.concatenate([[False], cell_country[1:] == cell_country[:-1]])
    gap = np.where(same, np.diff(cell_year, prepend=0), 0)
    return Panel(
        countries, years, int(leader.max()) + 1, series,
        country=country,
        year=year,
        measure=np.array([MEASURES.index(m) for m in measure]),
        group=np.array([series.index(g) if mine else -1 for g, mine in zip(rows["offset_group"], own, strict=True)]),
        leader=leader,
        tenure=np.array(years) - np.array(TOOK_OFFICE)[leader],
        count=np.round(rows["value"] * rows["n"]),
        n=np.maximum(np.round(rows["n"]), 1.0),
        cell=cell, cell_country=cell_country, cell_year=cell_year, gap=gap,
    )  # fmt: skip


def model(data: Panel) -> None:
    """The model as NumPyro statements. Sites: `view` [cell], `common` [year] shocks, `mean` [country], parameters."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    p = {name: numpyro.sample(name, distribution(parameter)) for name, parameter in PARAMETERS.items()}
    by_country = _leader_part(p, data)
    C = _country_part(p, data, by_country)[data.cell]
    lead = by_country[data.country, data.year]
    slope = numpyro.sample("wording_slope", dist.LogNormal(jnp.zeros(4), 0.5))
    take = numpyro.sample("wording_lead", dist.Normal(0.5, 0.3).expand([4]))
    offset = numpyro.sample("offset", dist.Normal(0.0, 1.5).expand([max(len(data.series), 1)]))
    spread = numpyro.sample("spread", distribution(SPREAD).expand([3]))
    kind = np.clip(data.measure - 2, 0, 3)
    own_level = jnp.where(data.group >= 0, offset[np.maximum(data.group, 0)], 0.0)
    logit = jnp.select(
        [data.measure == PEW_FAVOURABLE, data.measure == PEW_CONFIDENCE],
        [C + p["leader.share"] * lead, own_level + p["leader.country_part"] * C + lead],
        own_level + slope[kind] * C + take[kind] * lead,
    )
    share = 1.0 / (1.0 + jnp.exp(-logit))
    numpyro.factor("answers", beta_binomial(data.count, data.n, share, spread[np.minimum(data.measure, 2)]).sum())


def _country_part(p: Mapping[str, Any], data: Panel, leader: Any) -> Any:
    """C [cell]: a country's mean, a common AR(1) and an AR(1) of its own, seen only in years with a poll.

    What is sampled is the favourable view itself, C + lambda lead: it is what most polls ask, so it mixes best.
    """
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    level = numpyro.sample("level", dist.Normal(0.4, 1.0))
    score = numpyro.sample("mean_z", dist.Normal().expand([len(data.countries)]))
    mean = numpyro.deterministic("mean", level + p["trust.spread"] * score)
    shock = numpyro.sample("common", dist.Normal(0.0, p["trust.common"]).expand([len(data.years)]))
    common = decay(p["trust.persistence"], len(data.years)) @ shock
    view = numpyro.sample("view", dist.ImproperUniform(dist.constraints.real, (), (len(data.gap),)))
    path = view - p["leader.share"] * leader[data.cell_country, data.cell_year]
    resting = mean[data.cell_country] + common[data.cell_year]
    kept = jnp.where(data.gap > 0, p["trust.persistence"] ** data.gap, 0.0)
    before = jnp.concatenate([jnp.zeros(1), (path - resting)[:-1]])
    stationary = p["trust.shock"] / jnp.sqrt(1.0 - p["trust.persistence"] ** 2)
    sd = stationary * jnp.sqrt(1.0 - kept**2)
    numpyro.factor("shocks", dist.Normal(resting + kept * before, sd).log_prob(path).sum())
    return path


def decay(persistence: Any, years: int) -> Any:
    """Matrix [year, year] that turns yearly shocks into the AR(1) they make."""
    import jax.numpy as jnp

    gap = np.subtract.outer(np.arange(years), np.arange(years))
    return jnp.where(gap >= 0, persistence ** np.maximum(gap, 0), 0.0)


def _leader_part(p: Mapping[str, Any], data: Panel) -> Any:
    """lead [country, year]: a president's effect on all publics and on each, fading.

    Where hardly anybody was asked about a president his effects are sampled as standard scores: it mixes better.
    """
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    mean = numpyro.sample("confidence_level", dist.Normal(0.0, 1.0))
    common = numpyro.sample("leader_common", dist.Normal(mean, p["leader.effect"]).expand([data.leaders]))
    z = numpyro.sample("leader_effect", leader_density(data, common, p["leader.country"]))
    effect = jnp.where(polled(data), z, common + p["leader.country"] * z)
    return mean + (effect[:, data.leader] - mean) * p["leader.keep"] ** data.tenure


def polled(data: Panel) -> Array:
    """Which presidents enough publics were asked about, [leader]."""
    asked = np.bincount(data.leader[data.year[data.measure == PEW_CONFIDENCE]], minlength=data.leaders)
    return asked >= LEAST_ASKED


def leader_density(data: Panel, common: Any, sd: Any) -> Any:
    """Density of the numbers behind a president's effects: the effects themselves, or their standard scores."""
    import jax.numpy as jnp
    import numpyro.distributions as dist

    well = polled(data)
    shape = [len(data.countries), data.leaders]
    return dist.Normal(jnp.where(well, common, 0.0), jnp.where(well, sd, 1.0)).expand(shape)


def fit(data: Panel, sampling: Sampling) -> tuple[dict[str, Array], Diagnostics]:
    """Draws of all parameters and latent parts, and the diagnostics of the sampler."""
    return nuts(model, data, sampling, keep=("mean",), dense=DENSE)


def effects(data: Panel, draws: Mapping[str, Array]) -> Float[Array, "draw country leader"]:
    """Effect of each president on each public, at the start of his term."""
    scores = draws["leader_common"][:, None, :] + draws["leader.country"][:, None, None] * draws["leader_effect"]
    return np.where(polled(data), draws["leader_effect"], scores)


def lead(data: Panel, draws: Mapping[str, Array]) -> Float[Array, "draw cell"]:
    """The leader part in the country-years with a poll."""
    level = draws["confidence_level"][:, None]
    effect = effects(data, draws)[:, data.cell_country, data.leader[data.cell_year]]
    return level + (effect - level) * draws["leader.keep"][:, None] ** data.tenure[data.cell_year]


def latent(data: Panel, draws: Mapping[str, Array], of: str) -> dict[tuple[str, int], float]:
    """Latent share, `favourable` or `confidence`, by country and year: posterior mean, between polls on a line."""
    leader = lead(data, draws)
    if of == "favourable":
        odds = draws["view"]
    else:
        odds = draws["leader.country_part"][:, None] * country_part(data, draws) + leader
    share = (1.0 / (1.0 + np.exp(-odds))).mean(axis=0)
    found = {}
    for k, code in enumerate(data.countries):
        mine = data.cell_country == k
        known = data.cell_year[mine]
        for t in range(known[0], known[-1] + 1):
            found[code, data.years[t]] = float(np.interp(t, known, share[mine]))
    return found


def country_part(data: Panel, draws: Mapping[str, Array]) -> Float[Array, "draw cell"]:
    """C in the country-years with a poll."""
    return draws["view"] - draws["leader.share"][:, None] * lead(data, draws)


def compact(data: Panel, draws: Mapping[str, Array]) -> dict[str, Array]:
    """What a forecast needs: parameters, and each country's state in the year of its last poll.

    `state` [draw, country] is C there and `since` [draw, country] the years from then to the last year of the panel;
    `effects` [draw, country, leader] the effect of each president.
    """
    last = np.array([np.flatnonzero(data.cell_country == k)[-1] for k in range(len(data.countries))])
    kept = {name: draws[name] for name in (*PARAMETERS, "confidence_level", "wording_slope", "wording_lead", "offset",
                                           "spread", "mean")}  # fmt: skip
    size = len(draws["mean"])
    kept["state"] = country_part(data, draws)[:, last]
    kept["since"] = np.tile(len(data.years) - 1 - data.cell_year[last], (size, 1)).astype(float)
    kept["effects"] = effects(data, draws)
    return kept
