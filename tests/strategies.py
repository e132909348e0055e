"""Hypothesis strategies: small random balanced worlds, exact by construction."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from foederis.world import World


def build_world(
    n: int,
    j: int,
    seed: int,
    *,
    zero_flows: bool = False,
    intermediates: bool = True,
    tariffs: bool = True,
    specialised: bool = False,
    unused: bool = False,
) -> World:
    """A random consistent world of n countries and j sectors.

    `zero_flows` cuts some trade; `specialised` lets a country import all it buys of a sector; `unused` lets a country
    neither buy nor make the last sector.
    """
    rng = np.random.default_rng(seed)
    flow = rng.lognormal(2.0, 1.0, (n, n, j))
    flow[np.arange(n), np.arange(n)] *= 5.0 * n
    if zero_flows:
        cut = rng.random((n, n, j)) < 0.4
        cut[np.arange(n), np.arange(n)] = False
        flow[cut] = 0.0
    if specialised and n > 1 and j > 1:
        flow[0, 1, j - 1] += 1.0
        flow[0, 0, j - 1] = 0.0
    if unused and n > 1 and j > 1:
        flow[0, :, j - 1] = 0.0
        flow[:, 0, j - 1] = 0.0
    tariff = np.where(rng.random((n, n, j)) < 0.6, 0.4 * rng.random((n, n, j)), 0.0) * float(tariffs)
    tariff[np.arange(n), np.arange(n)] = 0.0
    return World(
        countries=tuple(f"C{k:02d}" for k in range(n)),
        sectors=tuple(f"S{k:02d}" for k in range(j)),
        flow=flow,
        tariff=tariff,
        input_share=_input_share(flow, tariff, rng) if intermediates else np.zeros((n, j, j)),
        trade_elasticity=rng.uniform(1.5, 8.0, j),
        meta={"name": "random"},
    )


def _input_share(flow: np.ndarray, tariff: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random input shares under which at most 90 % of what a country buys of a product is used as an input."""
    n, _, j = flow.shape
    share = rng.dirichlet(np.ones(j), (n, j)).transpose(0, 2, 1) * rng.uniform(0.2, 0.7, (n, 1, j))
    output = flow.sum(axis=0)
    bought = ((1.0 + tariff) * flow).sum(axis=1)
    used = np.einsum("nkj,nj->nk", share, output)
    room = np.minimum(1.0, 0.9 * bought / np.where(used > 0, used, 1.0))
    return share * room[:, :, None]


@st.composite
def worlds(
    draw: st.DrawFn, max_countries: int = 4, max_sectors: int = 3, min_countries: int = 2, unused: bool = False
) -> World:
    """Worlds with any mix of zero flows, no intermediates, one sector, no tariffs, and sectors imported altogether."""
    return build_world(
        draw(st.integers(min_countries, max_countries), label="countries"),
        draw(st.integers(1, max_sectors), label="sectors"),
        draw(st.integers(0, 2**31 - 1), label="seed"),
        zero_flows=draw(st.booleans(), label="zero flows"),
        intermediates=draw(st.booleans(), label="intermediates"),
        tariffs=draw(st.booleans(), label="tariffs"),
        specialised=draw(st.booleans(), label="specialised"),
        unused=unused and draw(st.booleans(), label="unused"),
    )
