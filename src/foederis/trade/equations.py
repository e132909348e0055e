r"""The equations of trade in changes (T1-T9), one pure function each, readable beside the paper.

Letters are the paper's: `pi` trade share, `tau` tariff factor 1 + tariff, `kappa_hat` the change of all trade costs
(tariff factor and iceberg), `theta` trade elasticity, `gamma` input share, `beta` value-added share, `alpha` final
share, `w` wage, `P` price, `c` unit cost, `X` expenditure, `Y` output. `_hat` is new over old, `_new` a counterfactual
level. Shares are [importer, exporter, sector]; technology is [country, input, output].

Each function runs on NumPy and on JAX arrays. None fails: what is not finite goes in and out, and is caught at the
edge, where an equilibrium is certified.

Source: Caliendo & Parro (2015), Review of Economic Studies 82(1), equations as cited; Dekle, Eaton & Kortum (2007) for
the solution in changes.
"""

from __future__ import annotations

from typing import Any

from jaxtyping import Float

from foederis.numerics import namespace

Array = Any  # numpy.ndarray or jax.Array


def unit_cost(
    w_hat: Float[Array, "country sector"],
    P_hat: Float[Array, "country sector"],
    beta: Float[Array, "country sector"],
    gamma: Float[Array, "country input output"],
) -> Float[Array, "country sector"]:
    r"""[T1] Change in the cost of an input bundle.

    $\hat c_i^j = (\hat w_i^j)^{\beta_i^j} \prod_k (\hat P_i^k)^{\gamma_i^{k,j}}$: Caliendo & Parro (2015), eq. (10).
    `w_hat` is the wage of the sector (one value for all sectors of a country when labour is mobile).
    """
    xp = namespace(P_hat)
    return xp.exp(beta * xp.log(w_hat) + xp.einsum("nkj,nk->nj", gamma, xp.log(P_hat)))


def price_index(
    pi: Float[Array, "importer exporter sector"],
    kappa_hat: Float[Array, "importer exporter sector"],
    c_hat: Float[Array, "country sector"],
    theta: Float[Array, " sector"],
) -> Float[Array, "importer sector"]:
    r"""[T2] Change in the price index of a sector.

    $\hat P_n^j = [\sum_i \pi_{ni}^j (\hat\kappa_{ni}^j \hat c_i^j)^{-\theta^j}]^{-1/\theta^j}$: Caliendo & Parro
    (2015), eq. (11). A cell with no trade (pi = 0) stays out; an infinite trade cost removes its cell.
    """
    xp = namespace(pi)
    log_cost = xp.log(kappa_hat) + xp.log(c_hat)[None, :, :]
    total = (pi * xp.exp(-theta * log_cost)).sum(axis=1)
    return xp.exp(-xp.log(total) / theta)


def trade_share(
    pi: Float[Array, "importer exporter sector"],
    kappa_hat: Float[Array, "importer exporter sector"],
    c_hat: Float[Array, "country sector"],
    P_hat: Float[Array, "importer sector"],
    theta: Float[Array, " sector"],
) -> Float[Array, "importer exporter sector"]:
    r"""[T3] New trade shares, tariff-inclusive; they sum to 1 over exporters.

    $\pi'^j_{ni} = \pi_{ni}^j (\hat\kappa_{ni}^j \hat c_i^j / \hat P_n^j)^{-\theta^j}$: Caliendo & Parro (2015),
    eq. (12).
    """
    xp = namespace(pi)
    log_relative = xp.log(kappa_hat) + xp.log(c_hat)[None, :, :] - xp.log(P_hat)[:, None, :]
    return pi * xp.exp(-theta * log_relative)


def output(
    pi_new: Float[Array, "importer exporter sector"],
    tau_new: Float[Array, "importer exporter sector"],
    X_new: Float[Array, "importer sector"],
) -> Float[Array, "exporter sector"]:
    r"""Gross output: sales to all buyers net of tariffs, $Y'^j_i = \sum_n \pi'^j_{ni} X'^j_n / \tau'^j_{ni}$."""
    return (pi_new / tau_new * X_new[:, None, :]).sum(axis=0)


def tariff_revenue(
    pi_new: Float[Array, "importer exporter sector"],
    tau_new: Float[Array, "importer exporter sector"],
    X_new: Float[Array, "importer sector"],
) -> Float[Array, " importer"]:
    r"""Tariff revenue: $R'_n = \sum_{j,i} (\tau' - 1)/\tau' \cdot \pi'^j_{ni} X'^j_n$.

    Caliendo & Parro (2015), below eq. (6).
    """
    return ((tau_new - 1.0) / tau_new * pi_new * X_new[:, None, :]).sum(axis=(1, 2))


def expenditure(
    Y_new: Float[Array, "country sector"],
    I_new: Float[Array, " country"],
    gamma: Float[Array, "country input output"],
    alpha: Float[Array, "country sector"],
) -> Float[Array, "country sector"]:
    r"""[T4] Expenditure on each sector: intermediate use plus final demand.

    $X'^j_n = \sum_k \gamma_n^{j,k} Y'^k_n + \alpha_n^j I'_n$: Caliendo & Parro (2015), eq. (13).
    """
    xp = namespace(Y_new)
    return xp.einsum("nkj,nj->nk", gamma, Y_new) + alpha * I_new[:, None]


def income(
    labour_income: Float[Array, " country"],
    revenue: Float[Array, " country"],
    deficit: Float[Array, " country"],
) -> Float[Array, " country"]:
    r"""[T5] Final income: $I'_n = w'_n L_n + R'_n + D'_n$: Caliendo & Parro (2015), after eq. (13)."""
    return labour_income + revenue + deficit


def trade_balance(
    pi_new: Float[Array, "importer exporter sector"],
    tau_new: Float[Array, "importer exporter sector"],
    X_new: Float[Array, "importer sector"],
    deficit: Float[Array, " country"],
) -> Float[Array, " country"]:
    r"""[T6] Excess of imports over exports and the deficit; zero in equilibrium (Caliendo & Parro 2015, eq. 14).

    $\sum_{j,i} \pi'^j_{ni} X'^j_n/\tau'^j_{ni} - D'_n - \sum_{j,i} \pi'^j_{in} X'^j_i/\tau'^j_{in}$
    """
    flow = pi_new / tau_new * X_new[:, None, :]
    return flow.sum(axis=(1, 2)) - deficit - flow.sum(axis=(0, 2))


def sector_wage(
    labour_income_hat: Float[Array, " country"],
    value_added_hat: Float[Array, "country sector"],
    mobility: float,
) -> Float[Array, "country sector"]:
    r"""[T7] Change in the wage per efficiency unit of a sector under imperfect labour mobility.

    Galle, Rodriguez-Clare & Yi (2023), their labour supply: workers' productivities are Frechet with shape
    $\nu$ = `mobility`, so $\hat{VA}^j_n = (\hat w^j_n)^\nu \hat\Phi_n^{1/\nu-1}$ and $\hat\Phi_n^{1/\nu} = \hat{VA}_n$,
    which gives $\hat w^j_n = \hat{VA}_n (\hat{VA}^j_n / \hat{VA}_n)^{1/\nu}$. $\nu \to 1$: specific factors (Jones
    1971); $\nu \to \infty$: one wage, Caliendo & Parro. `mobility` is at least 1.
    """
    relative = value_added_hat / labour_income_hat[:, None]
    return labour_income_hat[:, None] * relative ** (1.0 / mobility)


def elasticity_at_horizon(
    theta_short: Float[Array, " sector"],
    theta_long: Float[Array, " sector"],
    years: float,
    time_constant: float,
) -> Float[Array, " sector"]:
    r"""[T8] Trade elasticity after some years.

    $\theta(h) = \theta_{SR} + (\theta_{LR} - \theta_{SR})(1 - e^{-h/\tau_\theta})$. Shape after Boehm,
    Levchenko & Pandalai-Nayar (2023): about nine tenths of the way after 7-10 years. Their published short-run number
    is an `eps_fob` below 1 and is no admissible `theta`; see `elasticity.theta_from_eps_fob`.
    """
    xp = namespace(theta_long)
    return theta_short + (theta_long - theta_short) * (1.0 - xp.exp(xp.asarray(-years / time_constant)))


def price_level(
    P_hat: Float[Array, "country sector"], alpha: Float[Array, "country sector"]
) -> Float[Array, " country"]:
    r"""Change in the consumer price index, $\prod_j (\hat P_n^j)^{\alpha_n^j}$."""
    xp = namespace(P_hat)
    return xp.exp((alpha * xp.log(P_hat)).sum(axis=1))


def welfare(
    I_hat: Float[Array, " country"], P_hat: Float[Array, "country sector"], alpha: Float[Array, "country sector"]
) -> Float[Array, " country"]:
    r"""[T9] Exact change in real income: $\hat V_n = \hat I_n / \prod_j (\hat P_n^j)^{\alpha_n^j}$."""
    return I_hat / price_level(P_hat, alpha)


def welfare_first_order(
    flow: Float[Array, "importer exporter sector"],
    tariff: Float[Array, "importer exporter sector"],
    I: Float[Array, " country"],
    c_hat: Float[Array, "country sector"],
    flow_hat: Float[Array, "importer exporter sector"],
) -> tuple[Float[Array, " country"], Float[Array, " country"]]:
    r"""The published first-order welfare formula: (terms of trade, volume of trade), each a fraction of income.

    Caliendo & Parro (2015), the welfare decomposition of section 2, with hat - 1 for log changes as in their tables:
    $\sum_{j,i} (E^j_{ni}\, d\ln c^j_n - M^j_{ni}\, d\ln c^j_i)/I_n$ and
    $\sum_{j,i} t^j_{ni} M^j_{ni} (d\ln M^j_{ni} - d\ln c^j_i)/I_n$. `flow` is the old tariff-exclusive value. It is a
    one-step approximation and can differ a lot from the exact change; both are reported, each under its own name.
    """
    d_cost = c_hat - 1.0
    exports = (flow.sum(axis=0) * d_cost).sum(axis=1)
    imports = (flow * d_cost[None, :, :]).sum(axis=(1, 2))
    volume = (tariff * flow * (flow_hat - c_hat[None, :, :])).sum(axis=(1, 2))
    return (exports - imports) / I, volume / I
