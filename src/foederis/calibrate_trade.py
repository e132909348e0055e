r"""L1: how United States imports answered tariffs within one year and after it (2013-2024), by product group and month.

    E[value[i,k,m]] = exp( -eps_0 ln(1 + t[i,k,m]) - eps_1 ln(1 + t[i,k,m-12]) + a[i,k] + b[i,m] + c[k,m] )

Poisson pseudo-maximum likelihood (Santos Silva & Tenreyro 2006) with partner-product, partner-month and product-month
effects. Standard errors are clustered by partner and product and jackknifed: a few cells hold most of what is learned,
and the usual sandwich, blind to how far such cells fit themselves, is far too narrow. Values exclude the duty, so eps
is an eps_fob: the response of what is paid to the seller. t is duty collected over value, mean of the three months to
m, so that one month's mix weighs less.

It is the response of the first years, for one importer. It is no theta: the long-run elasticity of T2 stays where the
literature puts it, and tau_theta keeps its prior, for the panel sees one tariff war over six years and no end of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from foederis.calibrate_fit import Diagnostics
from foederis.errors import DataError, SolveError
from foederis.evidence import Table, require_training
from foederis.priors import Parameter

__all__ = ["PARAMETERS", "Panel", "Response", "fit", "panel", "ppml"]

Array = np.ndarray
LEFT_OUT = ("910", "920", "930", "980", "990")  # scrap, used and returned goods, special provisions
LAG = 12
SMOOTH = 3
LONGEST_CELL = 60  # months a partner-product cell must have
LEFT_OUT_ONCE = 50  # clusters left out one by one; the influence of the others is told by their scores
_SOURCE = "centred on Boehm, Levchenko & Pandalai-Nayar (2023), 0.76 in the year after, doubled spread"
PARAMETERS: Mapping[str, Parameter] = {
    p.name: p
    for p in (
        Parameter("eps_fob_0", "ε_0", "normal", (0.76, 0.8), "E", "L", "trade",
                  "fall of import value per log point of tariff within the year, duty excluded", _SOURCE),
        Parameter("eps_fob_1", "ε_1", "normal", (0.0, 0.8), "E", "A", "trade",
                  "further fall a year later", "assumed"),
    )
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Panel:
    """Cells by month: value (mean 1), regressors [row, horizon], and the codes of the three effects and the cluster."""

    value: Float[Array, " row"]
    x: Float[Array, "row horizon"]
    effects: tuple[Int[Array, " row"], ...]
    cluster: Int[Array, " row"]


@dataclass(frozen=True, eq=False)
class Response:
    """The estimate before the prior: coefficients, jackknifed covariance, clusters, passes of the reweighting."""

    coefficient: Float[Array, " horizon"]
    covariance: Float[Array, "horizon horizon"]
    clusters: int
    passes: int


def panel(table: Table, test: str | None = None) -> Panel:
    """Training rows of trade_obs as a panel; DataError on rows held out or an empty panel."""
    require_training(table, test)
    use = ~np.isin(table["naics3"], LEFT_OUT)
    partner, product = (np.unique(table[c][use], return_inverse=True)[1] for c in ("iso3", "naics3"))
    month = np.array([12 * int(m[:4]) + int(m[5:7]) - 1 for m in table["month"][use]])
    month -= month.min()
    shape = (partner.max() + 1, product.max() + 1, month.max() + 1)
    value, duty = np.zeros(shape), np.zeros(shape)
    value[partner, product, month] = table["value_musd"][use]
    duty[partner, product, month] = table["duty_musd"][use]
    rate = _rolling(duty) / np.maximum(_rolling(value), 1e-9)
    log = np.log1p(np.clip(rate, 0.0, 1.0))
    kept = (value > 0) & ((value > 0).sum(axis=2) >= LONGEST_CELL)[:, :, None]
    kept[:, :, :LAG] = False
    i, k, m = np.nonzero(kept)
    if not i.size:
        raise DataError("the trade panel is empty: no cell has enough months")
    x = np.stack([log[i, k, m], log[i, k, m - LAG]], axis=1)
    effects = tuple(
        np.unique(code, return_inverse=True)[1] for code in (i * shape[1] + k, i * shape[2] + m, k * shape[2] + m)
    )
    seen = value[i, k, m]
    return Panel(seen / seen.mean(), -x, effects, effects[0])


def _rolling(values: Array) -> Array:
    total = np.cumsum(np.concatenate([np.zeros((*values.shape[:2], 1)), values], axis=2), axis=2)
    ends = np.arange(1, values.shape[2] + 1)
    return total[:, :, ends] - total[:, :, np.maximum(ends - SMOOTH, 0)]


def ppml(data: Panel, tolerance: float = 1e-7, most: int = 60) -> Response:
    """Poisson pseudo-maximum likelihood with the effects projected out (Correia, Guimaraes & Zylkin 2020).

    Raises SolveError when the reweighting does not settle.
    """
    from scipy.special import xlogy

    mean = (data.value + data.value.mean()) / 2.0
    eta = np.log(mean)
    before = np.inf
    for step in range(1, most + 1):
        working = eta + (data.value - mean) / mean
        tilde = _absorb(np.column_stack([working, data.x]), mean, data.effects)
        X, z = tilde[:, 1:], tilde[:, 0]
        beta = np.linalg.solve(X.T @ (mean[:, None] * X), X.T @ (mean * z))
        residual = z - X @ beta
        eta = np.clip(working - residual, -30.0, 30.0)
        mean = np.exp(eta)
        parts = xlogy(data.value, data.value / mean) - (data.value - mean)
        deviance = 2.0 * float(parts.sum())
        if abs(deviance - before) < tolerance * (0.1 + abs(deviance)):
            return Response(beta, _jackknifed(beta, working, mean, data), int(data.cluster.max()) + 1, step)
        before = deviance
    raise SolveError(f"the trade response did not settle in {most} passes", residuals={"deviance": deviance})


def _absorb(columns: Array, weight: Array, effects: tuple[Array, ...], most: int = 400) -> Array:
    """Columns less their weighted means by each effect in turn, until nothing moves."""
    sums = [np.bincount(code, weight) for code in effects]
    for _ in range(most):
        moved = 0.0
        for code, total in zip(effects, sums, strict=True):
            for j in range(columns.shape[1]):
                mean = np.bincount(code, weight * columns[:, j]) / total
                columns[:, j] -= mean[code]
                moved = max(moved, float(np.abs(mean).max()))
        if moved < 1e-8:
            break
    return columns


def _jackknifed(beta: Array, working: Array, mean: Array, data: Panel) -> Float[Array, "horizon horizon"]:
    """Covariance over clusters: the sum of squares of how far the estimate moves when one of them is left out.

    One step at the weights of the whole, with all effects absorbed again. Clusters of little weight and influence move
    it by what their scores say. It errs on the wide side (docs/ranks.md); the sandwich of scores alone errs on the
    narrow one, and by more: MacKinnon, Nielsen & Webb (2023).
    """
    tilde = _absorb(np.column_stack([working, data.x]), mean, data.effects)
    X, z = tilde[:, 1:], tilde[:, 0]
    information = X.T @ (mean[:, None] * X)
    groups = int(data.cluster.max()) + 1
    score = X * (mean * (z - X @ beta))[:, None]
    moved = np.linalg.solve(information, _by_cluster(score, data.cluster, groups).T).T
    weight = _by_cluster(mean[:, None] * X**2, data.cluster, groups) / np.diag(information)
    share = np.maximum(weight, moved**2 / (moved**2).sum(axis=0)).max(axis=1)
    for g in np.argsort(-share)[:LEFT_OUT_ONCE]:
        kept = data.cluster != g
        effects = tuple(np.unique(code[kept], return_inverse=True)[1] for code in data.effects)
        rest = _absorb(np.column_stack([working[kept], data.x[kept]]), mean[kept], effects)
        Y, y = mean[kept, None] * rest[:, 1:], rest[:, 0]
        moved[g] = beta - np.linalg.solve(Y.T @ rest[:, 1:], Y.T @ y)
    return moved.T @ moved * (groups - 1) / groups


def _by_cluster(rows: Array, cluster: Array, groups: int) -> Array:
    """Sums of rows [row, horizon] by cluster."""
    return np.stack([np.bincount(cluster, column, groups) for column in rows.T], axis=1)


def fit(data: Panel, draws: int, seed: int) -> tuple[dict[str, Array], Diagnostics]:
    """Draws of the responses: normal prior times the normal approximation to the pseudo-likelihood, exactly combined.

    No sampler, so R-hat is 1 and every draw counts.
    """
    found = ppml(data)
    prior = [PARAMETERS[name].args for name in PARAMETERS]
    precision = np.diag([1.0 / sd**2 for _, sd in prior])
    mean = np.array([m for m, _ in prior])
    data_precision = np.linalg.inv(found.covariance)
    covariance = np.linalg.inv(precision + data_precision)
    centre = covariance @ (precision @ mean + data_precision @ found.coefficient)
    values = np.random.default_rng(seed).multivariate_normal(centre, covariance, size=draws, method="cholesky")
    kept = {name: values[:, k] for k, name in enumerate(PARAMETERS)}
    kept |= {"estimate": found.coefficient[None, :].repeat(draws, 0)}
    return kept, Diagnostics(1.0, "closed form", float(draws), "closed form", 0, draws)
