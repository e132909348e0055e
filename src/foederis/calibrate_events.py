r"""L3: what acts weigh in polls (B2-B6, B8), given latent trust (L2): polls of 2009-2024 in countries with dated acts.

    logit share[s,t] = level[s] + g[leader, wording] + b[wording] (I[c,t] - I[c,0]) + remainder
    I = omega_1 L + omega_2 logit(1 - E q) + omega_3 R

L, E q and R follow from the dated acts by the equations of `beliefs`, at every step of the sampler. A leader has an
effect g of his own on all publics, which no act need explain: so event weights are learned from how publics that were
treated differently moved apart, not from how low all of them sank. Given L2, cut style: the remainder has the
country's AR(1) shocks, a country's own view of each leader and the scatter of polls, all at L2's posterior means.
Two leaders were treated as shocks here (N = 2); that is little, and the contraction says how little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis import acts, beliefs
from foederis.acts_arrays import ActArrays, act_arrays, quarter_range
from foederis.beliefs_equations import poll_index
from foederis.beliefs_polls import PRIORS as POLL_PRIORS
from foederis.beliefs_polls import WORDINGS
from foederis.calibrate_fit import Diagnostics, Sampling, distribution, nuts
from foederis.calibrate_trust import leader_of
from foederis.errors import DataError
from foederis.evidence import Table, require_training
from foederis.priors import PARAMETERS as KNOWN
from foederis.priors import Parameter

__all__ = ["PARAMETERS", "Panel", "Scatter", "fit", "observers", "panel"]

Array = np.ndarray
FIRST, ACTS_FROM = 2009, 2017  # polls from; the record of acts reaches polls from
LEAST = 3  # polls of a country
LEVEL_SD = 2.0  # logits: the level of a series is as good as free
SLOPES = ("trust", "relations", "affinity", "confidence")
WEIGHTS = ("lambda_U", "w_P", "w_X", "omega_1", "omega_2", "omega_3", "rho_R_mass")
PARAMETERS: Mapping[str, Parameter] = {
    **{name: KNOWN[name] for name in WEIGHTS},
    **{p.name: p for p in POLL_PRIORS if p.name.removeprefix("poll_b.") in SLOPES},
}


@dataclass(frozen=True)
class Scatter:
    """What L2 says of the remainder (posterior means): see `calibrate_trust.PARAMETERS`; `spread` of polls by kind."""

    persistence: float
    shock: float
    leader_effect: float
    leader_country: float
    leader_share: float
    spread: tuple[float, float, float]  # favourable, confidence, others

    def weight(self, wording: str) -> float:
        """How much of a leader's effect a wording takes."""
        return 1.0 if wording == "confidence" else self.leader_share


@dataclass(frozen=True, eq=False)
class Panel:
    """Polls in a padded grid [country, slot] with the fixed part of their covariance, and the acts.

    `quarter` is the place of a poll on the quarters of the acts (-1 before them), `wording` a position in SLOPES,
    `leader` who was in office (0: before 2017, 1 and 2 after).
    """

    countries: tuple[str, ...]
    y: Float[Array, "country slot"]
    known: Float[Array, "country slot"]
    quarter: Int[Array, "country slot"]
    wording: Int[Array, "country slot"]
    leader: Int[Array, "country slot"]
    root: Float[Array, "country slot slot"]
    effect_sd: Float[Array, " wording"]
    arrays: ActArrays


def observers() -> tuple[str, ...]:
    """Countries that a dated act of the patron before the held-out years was aimed at."""
    aimed = {act.target for act in acts.load() if act.actor == "USA" and not act.holdout}
    return tuple(sorted(aimed - {acts.ALL}))


def panel(table: Table, scatter: Scatter, test: str | None = None) -> Panel:
    """Training rows of poll_obs as a panel, with the acts of the same years; DataError on rows held out."""
    require_training(table, test)
    rows = [r for r in _rows(table) if r[0] in observers()]
    codes = tuple(sorted({r[0] for r in rows if sum(q[0] == r[0] for q in rows) >= LEAST}))
    if len(codes) < 3:
        raise DataError(f"event weights need 3 countries with acts and polls; there are {len(codes)}")
    last = max(r[1] for r in rows)
    known = [act for act in acts.load() if act.date.year <= last]
    arrays = act_arrays(known, quarter_range(f"{ACTS_FROM}-Q1", f"{max(last, ACTS_FROM)}-Q4"), codes)
    width = max(sum(r[0] == c for r in rows) for c in codes)
    shape = (len(codes), width)
    y, seen = np.zeros(shape), np.zeros(shape)
    quarter, wording, leader = (np.zeros(shape, int) for _ in range(3))
    root = np.tile(np.eye(width), (len(codes), 1, 1))
    for k, code in enumerate(codes):
        mine = sorted(r for r in rows if r[0] == code)
        n = len(mine)
        y[k, :n], seen[k, :n] = [r[3] for r in mine], 1.0
        quarter[k, :n] = [max(4 * (r[1] - ACTS_FROM) + (r[2] - 1) // 3, -1) for r in mine]
        wording[k, :n] = [SLOPES.index(r[5]) for r in mine]
        leader[k, :n] = [max(leader_of(r[1]) - 1, 0) for r in mine]
        root[k, :n, :n] = np.linalg.cholesky(_covariance(mine, scatter))
    sd = np.array([scatter.weight(w) * scatter.leader_effect for w in SLOPES])
    return Panel(codes, y, seen, quarter, wording, leader, root, sd, arrays)


def _rows(table: Table) -> list[tuple[str, int, int, float, float, str, str]]:
    """(country, year, month, log odds, n, wording, series) of the polls that B8 speaks of."""
    found = []
    for code, year, date, measure, value, n, group in zip(
        *(table[c] for c in ("iso3", "year", "date", "measure", "value", "n", "offset_group")), strict=True
    ):
        wording = WORDINGS.get(str(measure), "")
        if wording in SLOPES and year >= FIRST:
            odds = float(np.log(value / (1.0 - value)))
            found.append((str(code), int(year), int(str(date)[5:7]), odds, float(n), wording, str(group)))
    return found


def _covariance(rows: list[tuple[str, int, int, float, float, str, str]], s: Scatter) -> Array:
    """Covariance of one country's answers: series level, AR(1) shocks, own view of each leader, scatter, sampling."""
    time = np.array([r[1] + (r[2] - 0.5) / 12.0 for r in rows])
    group = np.array([r[6] for r in rows])
    leader = np.array([leader_of(r[1]) for r in rows])
    weight = np.array([s.weight(r[5]) for r in rows])
    slow = s.shock**2 / (1.0 - s.persistence**2) * s.persistence ** np.abs(np.subtract.outer(time, time))
    own = np.equal.outer(leader, leader) * s.leader_country**2 * np.multiply.outer(weight, weight)
    level = np.equal.outer(group, group) * LEVEL_SD**2
    share = 1.0 / (1.0 + np.exp(-np.array([r[3] for r in rows])))
    kind = np.array([1 if r[5] == "confidence" else 0 if "favourable_us" in r[6] else 2 for r in rows])
    noise = (1.0 / np.array([r[4] for r in rows]) + np.array(s.spread)[kind]) / (share * (1.0 - share))
    return slow + own + level + np.diag(noise)


def model(data: Panel) -> None:
    """The panel as NumPyro statements; levels and remainders are integrated out."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    p = {name: numpyro.sample(name, distribution(parameter)) for name, parameter in PARAMETERS.items()}
    leaders = int(data.leader.max())
    effect = numpyro.sample("leader_z", dist.Normal().expand([max(leaders, 1), 2]))
    index = _index(data, {name: jnp.reshape(value, (1,)) for name, value in p.items()})
    slope = jnp.stack([p[f"poll_b.{name}"] for name in SLOPES])
    moved = jnp.concatenate([jnp.zeros((1, len(data.countries))), index])[
        data.quarter + 1, np.arange(len(data.countries))[:, None]
    ]
    kind = (data.wording != SLOPES.index("confidence")).astype(int)
    g = jnp.concatenate([jnp.zeros((1, 2)), effect])[data.leader, kind] * jnp.asarray(data.effect_sd)[data.wording]
    mean = slope[data.wording] * moved + g
    white = jnp.linalg.solve(jnp.asarray(data.root), (data.known * (data.y - mean))[..., None])
    numpyro.factor("answers", -0.5 * (white**2).sum())


def _index(data: Panel, p: Mapping[str, Any]) -> Any:
    """Change of the index of B8 since the start, [quarter, country], by the equations of `beliefs` in one JAX loop."""
    import jax
    import jax.numpy as jnp

    beliefs.register()
    held = {name: jnp.full(1, KNOWN[name].args[0]) for name in beliefs.NAMES if name in KNOWN and name not in p}
    held |= {q.name: jnp.zeros(1) for q in beliefs.PRIORS}  # memory: no leader returns before 2025
    full = {**held, **p}
    a = data.arrays
    ell = beliefs.learn(a, full)
    state = beliefs.initial(full, len(a.observers), len(a.persons))
    steps = [beliefs.inputs(a, t) for t in range(len(a.quarters))]
    stacked = jax.tree.map(lambda *xs: jnp.stack([jnp.asarray(x, float) for x in xs]), *steps)

    def advance(now: Any, step: Any) -> Any:
        then, _ = beliefs.step(now, step, full, ell, jnp.asarray(a.zeta))
        return then, _bracket(then, full)

    _, path = jax.lax.scan(advance, state, stacked)
    return path[:, 0, :] - _bracket(state, full)


def _bracket(state: Any, p: Mapping[str, Any]) -> Any:
    return poll_index(p["omega_1"], p["omega_2"], p["omega_3"], state.L, state.n_X, state.n_P, state.R_mass)


def fit(data: Panel, sampling: Sampling) -> tuple[dict[str, Array], Diagnostics]:
    """Draws of weights and slopes, and the diagnostics of the sampler."""
    return nuts(model, data, sampling, dense=(*PARAMETERS, "leader_z"))
