"""Truths and data for simulation-based calibration: what each block's equations make of parameters drawn from priors.

Written in NumPy from the equations at the head of each block, not from its NumPyro statements, so that an error in
either shows as uneven ranks. Truths come from `priors.quantile`, which knows nothing of the sampler's distributions.
Designs are small: one fit takes seconds. Events keep the dated acts and polls of eight publics and coercion its coded
cases (what was asked of whom is given, the answers are made); the other designs are drawn once, from a fixed seed.

Two things a design must keep to. No regressor depends on a truth through anything that the block leaves out of its
likelihood, so a path starts at a fixed level. And no regressor stands at zero throughout: a coefficient without data
has even ranks whatever the model does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from foederis import beliefs, evidence
from foederis import calibrate_coercion as coercion
from foederis import calibrate_events as events
from foederis import calibrate_hedging as hedging
from foederis import calibrate_region as region
from foederis import calibrate_trade as trade
from foederis import calibrate_trust as trust
from foederis.beliefs_equations import poll_index
from foederis.errors import UsageError
from foederis.priors import PARAMETERS as KNOWN
from foederis.priors import Family, Parameter, median, quantile

__all__ = ["BLOCKS", "Design", "design", "truths"]

Array = np.ndarray
Truth = Mapping[str, float]
Made = dict[str, Array]
Random = np.random.Generator
SEED = 2018  # of the designs; truths and data take the seed of the check
# posterior means of L2 at the full vintage, rounded: what the events block takes as given
SCATTER = events.Scatter(0.83, 0.24, 1.3, 0.83, 0.27, (0.007, 0.014, 0.016))


@dataclass(frozen=True, eq=False)
class Design:
    """A block on a small panel.

    `priors` are of every number whose truth is ranked: the block's parameters, and the scalars it samples beside them
    (an element of a vector is named `site[k]` or `site[j,k]`). `simulate` draws what is latent by itself and returns
    the fields of the panel that hold data. `model` is None where the block is fitted in closed form.
    """

    block: str
    panel: Any
    model: Callable[[Any], None] | None
    dense: tuple[str, ...]
    priors: Mapping[str, Parameter]
    simulate: Callable[[Truth, Random], Made]


def design(block: str) -> Design:
    """The small design of a block; UsageError when there is none."""
    if block not in BLOCKS:
        raise UsageError(f"no design of {block!r}; there are {', '.join(BLOCKS)}")
    return BLOCKS[block]()


def truths(priors: Mapping[str, Parameter], rng: Random) -> dict[str, float]:
    """One truth of every number, from its prior."""
    return {name: float(quantile(prior, rng.uniform(size=1))[0]) for name, prior in priors.items()}


def _beside(family: Family, first: float, second: float, *names: str) -> dict[str, Parameter]:
    """Priors of numbers that a block samples beside its parameters, restated by hand."""
    return {n: Parameter(n, n, family, (first, second), "E", "A", "ranks", n, "restated", "") for n in names}


def _axes(*sizes: int) -> tuple[Array, ...]:
    return tuple(axis.ravel() for axis in np.meshgrid(*(np.arange(n) for n in sizes), indexing="ij"))


# --- L2 ---------------------------------------------------------------------------------------------------------------


def _trust() -> Design:
    """Five publics over nine years, some without a poll; three presidents, the first asked about in one year only."""
    rng = np.random.default_rng(SEED)
    publics, years, other = 5, 9, trust.MEASURES.index("trust")
    c, t = _axes(publics, years)
    polled = rng.uniform(size=len(c)) > 0.15
    rows = [
        (c[use], t[use], np.full(use.sum(), measure))
        for measure, use in (
            (trust.PEW_FAVOURABLE, polled),
            (trust.PEW_CONFIDENCE, polled & (t >= 2)),
            (other, polled & (rng.uniform(size=len(c)) < 0.6)),
        )
    ]
    country, year, measure = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    cells, cell = np.unique(country * years + year, return_inverse=True)
    of, when = cells // years, cells % years
    panel = trust.Panel(
        tuple("ABCDE"), tuple(range(2002, 2002 + years)), 3, ("own",), country, year, measure,
        np.where(measure == other, 0, -1), np.repeat([0, 1, 2], 3), np.tile([0, 1, 2], 3), np.zeros(len(country)),
        np.full(len(country), 1000.0), cell, of, when,
        np.where(np.diff(of, prepend=-1) == 0, np.diff(when, prepend=0), 0),
    )  # fmt: skip
    priors = {
        **trust.PARAMETERS,
        **_beside("normal", 0.4, 1.0, "level"),
        **_beside("normal", 0.0, 1.0, "confidence_level"),
        **_beside("normal", 0.0, 1.5, "offset[0]"),
        **_beside("lognormal", 1.0, 0.5, "wording_slope[0]"),
        **_beside("normal", 0.5, 0.3, "wording_lead[0]"),
        **dict.fromkeys(("spread[0]", "spread[1]", "spread[2]"), trust.SPREAD),
    }
    return Design("trust", panel, trust.model, trust.DENSE, priors, lambda p, r: _polls(panel, p, r))


def _polls(panel: trust.Panel, p: Truth, rng: Random) -> Made:
    publics, years = len(panel.countries), len(panel.years)
    common, deviation = np.zeros(years), np.zeros((publics, years))
    deviation[:, 0] = p["trust.shock"] / np.sqrt(1 - p["trust.persistence"] ** 2) * rng.normal(size=publics)
    common[0] = p["trust.common"] * rng.normal()
    for t in range(1, years):
        common[t] = p["trust.persistence"] * common[t - 1] + p["trust.common"] * rng.normal()
        deviation[:, t] = p["trust.persistence"] * deviation[:, t - 1] + p["trust.shock"] * rng.normal(size=publics)
    mean = p["level"] + p["trust.spread"] * rng.normal(size=publics)
    C = (mean[:, None] + common + deviation)[panel.country, panel.year]
    on_all = p["confidence_level"] + p["leader.effect"] * rng.normal(size=panel.leaders)
    effect = on_all + p["leader.country"] * rng.normal(size=(publics, panel.leaders))
    left = p["leader.keep"] ** panel.tenure[panel.year]
    lead = p["confidence_level"] + (effect[panel.country, panel.leader[panel.year]] - p["confidence_level"]) * left
    odds = np.where(
        panel.measure == trust.PEW_FAVOURABLE,
        C + p["leader.share"] * lead,
        np.where(
            panel.measure == trust.PEW_CONFIDENCE,
            p["leader.country_part"] * C + lead,
            p["offset[0]"] + p["wording_slope[0]"] * C + p["wording_lead[0]"] * lead,
        ),
    )
    spread = np.array([p[f"spread[{k}]"] for k in range(3)])[np.minimum(panel.measure, 2)]
    size, share = 1 / np.clip(spread, 1e-5, 0.5) - 1, np.clip(1 / (1 + np.exp(-odds)), 1e-5, 1 - 1e-5)
    return {"count": rng.binomial(panel.n.astype(int), rng.beta(share * size, (1 - share) * size)).astype(float)}


# --- L3 ---------------------------------------------------------------------------------------------------------------


def _events() -> Design:
    """The acts and the polls asked as they were, of the publics at which acts were aimed."""
    panel = events.panel(evidence.training("poll_obs"), SCATTER)
    effects = [f"leader_z[{j},{k}]" for j in range(int(panel.leader.max())) for k in range(2)]
    priors = {**events.PARAMETERS, **_beside("normal", 0.0, 1.0, *effects)}
    dense = (*events.PARAMETERS, "leader_z")
    return Design("events", panel, events.model, dense, priors, lambda p, r: _answers_to_acts(panel, p, r))


def _answers_to_acts(panel: events.Panel, p: Truth, rng: Random) -> Made:
    full = {name: np.full(1, median(name)) for name in beliefs.NAMES if name in KNOWN}
    full |= {prior.name: np.zeros(1) for prior in beliefs.PRIORS}
    full |= {name: np.full(1, p[name]) for name in events.PARAMETERS}
    path = beliefs.run(panel.arrays, full)
    omega = (full["omega_1"], full["omega_2"], full["omega_3"])
    start = poll_index(*omega, path.start.L, path.start.n_X, path.start.n_P, path.start.R_mass)
    index = [poll_index(*omega, *now) - start for now in zip(path.L, path.n_X, path.n_P, path.R_mass, strict=True)]
    y = np.zeros(panel.y.shape)
    for k, s in zip(*np.nonzero(panel.known), strict=True):
        quarter, leader, word = panel.quarter[k, s], panel.leader[k, s], events.SLOPES[panel.wording[k, s]]
        moved = index[quarter][0, k] if quarter >= 0 else 0.0
        of = p[f"leader_z[{leader - 1},{0 if word == 'confidence' else 1}]"] if leader else 0.0
        y[k, s] = p[f"poll_b.{word}"] * moved + SCATTER.weight(word) * SCATTER.leader_effect * of
    return {"y": y + np.einsum("kst,kt->ks", panel.root, rng.normal(size=y.shape)) * panel.known}


# --- L4 ---------------------------------------------------------------------------------------------------------------


def _hedging() -> Design:
    """Six allies over fifteen years; effort starts at fixed levels and answers to causes that were drawn once."""
    rng = np.random.default_rng(SEED)
    allies, years = 6, 15
    country, year = _axes(allies, years)
    x = rng.normal(0.0, [0.5, 0.3, 0.3, 0.5], size=(allies * years, 4))
    empty = np.zeros(allies * years)
    panel = hedging.Panel(tuple("ABCDEF"), tuple(range(1961, 1961 + years)), country, year, empty, empty, x)
    priors = {
        **hedging.PARAMETERS,
        **_beside("positive_normal", 0.0, 0.6, "country_spread"),
        **_beside("positive_normal", 0.0, 0.05, "year_spread"),
        **_beside("normal", 0.2, 0.5, "country_mean"),
        **_beside("lognormal", 0.05, 0.7, "scale"),
        **_beside("lognormal", 1.0, 0.5, *(f"scale_ratio[{k}]" for k in range(allies))),
    }
    return Design("hedging", panel, hedging.model, hedging.DENSE, priors, lambda p, r: _budgets(panel, p, r))


def _budgets(panel: hedging.Panel, p: Truth, rng: Random) -> Made:
    allies, years = len(panel.countries), len(panel.years)
    resting = p["country_mean"] + p["country_spread"] * rng.normal(size=allies)
    scale = p["scale"] * np.array([p[f"scale_ratio[{k}]"] for k in range(allies)])
    wanted = resting[:, None] + (panel.x @ [p[name] for name in hedging.LOADINGS]).reshape(allies, years)
    shock = p["year_spread"] * rng.normal(size=years) + scale[:, None] * rng.standard_t(4, size=(allies, years))
    level = np.empty((allies, years + 1))
    level[:, 0] = np.linspace(-0.3, 0.9, allies)
    for t in range(years):
        level[:, t + 1] = level[:, t] + p["Phi"] * (wanted[:, t] - level[:, t]) + shock[:, t]
    return {"change": np.diff(level, axis=1).ravel(), "lagged": level[:, :-1].ravel()}


# --- L5 ---------------------------------------------------------------------------------------------------------------


def _region() -> Design:
    """Six countries, eight years, one to two answers a year (the second of elites), the last slots of some unknown."""
    rng = np.random.default_rng(SEED)
    countries, years, slots = 6, 8, 12
    year = np.tile(np.sort(np.r_[np.arange(years), 1, 3, 5, 7]), (countries, 1))
    elite = np.tile(np.diff(year[0], prepend=-1) == 0, (countries, 1)).astype(float)
    known = (np.arange(slots) < np.array([12, 12, 11, 10, 9, 12])[:, None]).astype(float)
    year = np.where(known > 0, year, -1000 * (1 + np.arange(slots)))
    x = rng.normal(size=(countries, slots, 3)) * known[:, :, None]
    error = np.where(known > 0, rng.uniform(0.08, 0.25, size=year.shape), 1.0)
    panel = region.Panel(
        tuple("ABCDEF"), tuple(range(2005, 2005 + years)), np.zeros(year.shape), error, known, year, elite * known, x
    )
    priors = {
        **region.PARAMETERS,
        **_beside("positive_normal", 0.0, 1.0, "country_spread"),
        **_beside("normal", 0.0, 1.0, "country_mean", "elite"),
        **_beside("positive_normal", 0.0, 0.3, "wave_spread"),
        **_beside("positive_normal", 0.0, 0.7, "remainder"),
        **_beside("uniform", 0.0, 0.99, "persistence"),
    }
    return Design("region", panel, region.model, region.DENSE, priors, lambda p, r: _choices(panel, p, r))


def _choices(panel: region.Panel, p: Truth, rng: Random) -> Made:
    countries, years = len(panel.countries), len(panel.years)
    wave = p["wave_spread"] * rng.normal(size=years)
    own = np.empty((countries, years))
    own[:, 0] = p["remainder"] * rng.normal(size=countries)
    for t in range(1, years):
        fresh = np.sqrt(1 - p["persistence"] ** 2) * p["remainder"] * rng.normal(size=countries)
        own[:, t] = p["persistence"] * own[:, t - 1] + fresh
    level = p["country_mean"] + p["country_spread"] * rng.normal(size=countries)
    place = np.maximum(panel.year, 0)
    beta = np.array([p[name] for name in region.REGRESSORS])
    mean = level[:, None] + p["elite"] * panel.elite + np.take(wave, place) + panel.x @ beta
    y = mean + own[np.arange(countries)[:, None], place] + panel.error * rng.normal(size=mean.shape)
    return {"y": y * panel.known}


# --- L1 ---------------------------------------------------------------------------------------------------------------


def _trade() -> Design:
    """Twenty partners, twelve products, sixty months; two cells in five are taxed in the second half."""
    rng = np.random.default_rng(SEED)
    I, K, M = 20, 12, 60
    i, k, m = _axes(I, K, M)
    taxed = (rng.uniform(size=(I, K)) < 0.4)[i, k] & (m > M // 2)
    tariff = np.where(taxed, rng.uniform(0.05, 0.3, size=(I, K))[i, k], 0.02) * rng.uniform(0.5, 1.5, size=len(i))
    before = np.where(m >= trade.LAG, np.roll(tariff, trade.LAG), 0.02)
    codes = tuple(np.unique(code, return_inverse=True)[1] for code in (i * K + k, i * M + m, k * M + m))
    panel = trade.Panel(np.ones(len(i)), -np.stack([np.log1p(tariff), np.log1p(before)], axis=1), codes, codes[0])
    return Design("trade", panel, None, (), trade.PARAMETERS, lambda p, r: _imports(panel, p, r))


def _imports(panel: trade.Panel, p: Truth, rng: Random) -> Made:
    effects = np.zeros(len(panel.value))
    for sd, code in zip((1.0, 0.3, 0.3), panel.effects, strict=True):
        effects += sd * rng.normal(size=code.max() + 1)[code]
    value = rng.poisson(np.exp(3.0 + effects + panel.x @ [p["eps_fob_0"], p["eps_fob_1"]])).astype(float)
    return {"value": value / value.mean()}


# --- TIES -------------------------------------------------------------------------------------------------------------


def _coercion(cases: int = 60) -> Design:
    """Every fifth coded case or so, and as many threats, with the features they had."""
    whole = coercion.panel(evidence.training("coercion_case"))
    some = np.linspace(0, len(whole.end) - 1, cases).astype(int)
    threats = np.linspace(0, len(whole.carried) - 1, cases).astype(int)
    panel = replace(
        whole, x=whole.x[some], end=whole.end[some], target=whole.target[some], threat_x=whole.threat_x[threats],
        carried=whole.carried[threats],
    )  # fmt: skip
    priors = {**coercion.PARAMETERS, **_beside("positive_normal", 0.0, 0.5, "target_spread")}
    return Design("coercion", panel, coercion.model, (), priors, lambda p, r: _endings(panel, p, r))


def _endings(panel: coercion.Panel, p: Truth, rng: Random) -> Made:
    names = list(coercion.PARAMETERS)
    ends, features = len(coercion.ENDS) - 1, len(coercion.FEATURES)
    weight = np.array([p[name] for name in names[: ends * features]]).reshape(ends, features)
    own = p["target_spread"] * rng.normal(size=(len(panel.targets), ends))
    odds = np.column_stack([panel.x @ weight.T + own[panel.target], np.zeros(len(panel.end))])
    # the largest of odds plus Gumbel noise is a draw from the multinomial logit
    end = (odds + rng.gumbel(size=odds.shape)).argmax(axis=1)
    carried = panel.threat_x @ [p[name] for name in names[ends * features :]]
    return {"end": end, "carried": (carried > rng.logistic(size=len(carried))).astype(float)}


BLOCKS: Mapping[str, Callable[[], Design]] = {
    "trust": _trust,
    "events": _events,
    "hedging": _hedging,
    "region": _region,
    "trade": _trade,
    "coercion": _coercion,
}
