"""Solve the Liberation Day model: a chord on the analytic Jacobian with Anderson acceleration, and a certificate.

The state is the log of (wage, expenditure, employment, price) changes, four numbers a country. The Jacobian is inverted
once per economy at its base point and serves every tariff; if that is too far away, it is rebuilt where the iteration
stands. An equilibrium is returned only if all residuals, computed anew, are within tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError, SolveError
from foederis.numerics import anderson
from foederis.published.liberation_model import (
    LiberationEconomy,
    Outcome,
    Parameters,
    labour_income,
    log_labour_supply,
    log_price_index,
    log_unit_cost,
    tariff_weight,
)

Array = np.ndarray
Numeraire = Literal["prices", "wages"]
MARKETS = ("labour", "expenditure", "employment", "price")
TOLERANCE = 1e-10
CHORD_PASSES = 60
NEWTON_STEPS = 40
LARGEST_STEP = 0.5


@dataclass(frozen=True, eq=False)
class _Point:
    """Everything that follows from a state: shares, flows, incomes, and the four blocks of residuals."""

    share: Float[Array, "importer exporter"]
    X: Float[Array, "importer exporter"]
    R: Float[Array, " country"]
    Y: Float[Array, " country"]
    E: Float[Array, " country"]
    due: Float[Array, " country"]  # what labour must earn: income, and the gap in transfers if there is one
    from_sales: Float[Array, " country"]
    from_market: Float[Array, " country"]
    income: Float[Array, " country"]
    residual: Float[Array, "market country"]


@dataclass(eq=False)
class LiberationSolver:
    """Solver for one economy and one set of elasticities; keeps the inverse Jacobian between calls.

    `numeraire` sets the unit: `prices` keeps the expenditure-weighted world price level (baseline model), `wages` the
    income-weighted world wage (input-output model), as in the study. One labour market is redundant by Walras' law; the
    numeraire is folded into all of them as a rank-one term. Transfers that do not sum to zero leave one market open:
    as in the study, the last country's, whose labour then earns the gap (table 10).
    """

    economy: LiberationEconomy
    parameters: Parameters
    numeraire: Numeraire = "prices"
    _home: Float[Array, " state"] | None = field(default=None, repr=False)
    _inverse: Float[Array, "state state"] | None = field(default=None, repr=False)

    def solve(self, tariff: Float[Array, "importer exporter"]) -> Outcome:
        """The equilibrium at a tariff (rates, zero on the diagonal).

        Raises DataError on a bad tariff, SolveError when a residual stays above 1e-10.
        """
        n = len(self.economy.countries)
        if tariff.shape != (n, n) or not np.isfinite(tariff).all() or np.any(tariff <= -1.0):
            raise DataError("liberation day: the tariff must be finite, above -100 %, [importer, exporter]")
        state, passes, error = self._chord(tariff)
        if not error <= TOLERANCE:
            state, more = self._newton(tariff)
            passes += more
        return self._certify(state, tariff, passes)

    def move_home(self, outcome: Outcome) -> None:
        """Start from an equilibrium, and expand the chord there, from now on."""
        self._home = np.log(np.concatenate([outcome.w, outcome.E, outcome.L, outcome.P]))
        self._inverse = np.linalg.inv(self._jacobian(self._home, outcome.tariff))

    def _at_home(self) -> tuple[Float[Array, " state"], Float[Array, "state state"]]:
        """The starting point (no change, no tariff) and its inverse Jacobian, made once."""
        if self._home is None or self._inverse is None:
            n = len(self.economy.countries)
            self._home = np.zeros(4 * n)
            self._inverse = np.linalg.inv(self._jacobian(self._home, np.zeros((n, n))))
        return self._home, self._inverse

    @property
    def _gap(self) -> Float[Array, " country"]:
        """The sum of all transfers, laid on the last country; rounding apart, zero in an economy that adds up."""
        total = float(self.economy.T.sum())
        gap = np.zeros_like(self.economy.T)
        gap[-1] = total if abs(total) > 1e-9 * float(self.economy.Y.sum()) else 0.0
        return gap

    def _weight(self, tariff: Float[Array, "importer exporter"]) -> Float[Array, "importer exporter"]:
        return tariff_weight(self.economy.lam, tariff, self.parameters.eps, self._phi)

    @property
    def _phi(self) -> Float[Array, " country"]:
        return self.parameters.passthrough(self.economy.nu)

    def _chord(self, tariff: Float[Array, "importer exporter"]) -> tuple[Float[Array, " state"], int, float]:
        """Newton's step with the Jacobian of home, accelerated: (state, passes, error)."""
        home, inverse = self._at_home()
        weight = self._weight(tariff)

        def step(x: Float[Array, " state"]) -> tuple[Float[Array, " state"], float]:
            residual = self._system(x, self._point(x, weight, tariff))
            return x + _capped(-inverse @ residual), float(np.abs(residual).max())

        with np.errstate(all="ignore"):  # a wild step shows as a non-finite error and ends the loop
            end = anderson(step, home, tolerance=TOLERANCE / 10.0, memory=8, max_passes=CHORD_PASSES)
        return end.point, end.passes, end.error

    def _newton(self, tariff: Float[Array, "importer exporter"]) -> tuple[Float[Array, " state"], int]:
        """Newton's method proper from home, steps capped: for equilibria too far for the chord."""
        state, _ = self._at_home()
        weight = self._weight(tariff)
        passes = 0
        while passes < NEWTON_STEPS:
            passes += 1
            with np.errstate(all="ignore"):
                residual = self._system(state, self._point(state, weight, tariff))
            if not np.abs(residual).max() > TOLERANCE / 10.0:  # done, or not a number any more
                break
            state = state + _capped(np.linalg.solve(self._jacobian(state, tariff), -residual))
        return state, passes

    def _point(
        self,
        state: Float[Array, " state"],
        weight: Float[Array, "importer exporter"],
        tariff: Float[Array, "importer exporter"],
    ) -> _Point:
        """Equations (1)-(6) at a state; residuals are shares of income, of expenditure, and logs."""
        e, p = self.economy, self.parameters
        w, E, L, P = state.reshape(4, -1)
        pull = weight * np.exp(-p.eps * log_unit_cost(w, P, L, e.beta, p.psi))[None, :]
        total = pull.sum(axis=1)
        share = pull / total[:, None]
        spending, income = e.E * np.exp(E), e.Y * np.exp(w + L)
        X = share * spending[:, None] / (1.0 + tariff)
        R = (tariff * X).sum(axis=1)
        from_sales, from_market = labour_income(X, e.nu, e.beta)
        inputs = (1.0 - e.beta) / e.beta * from_sales
        available = R + income + inputs + e.T * (income.sum() / e.Y.sum())
        due = income + self._gap * (income.sum() / e.Y.sum())
        relief = np.zeros_like(R) if p.rebate == "lump_sum" else -np.log1p(-R / income)
        residual = np.stack(
            [
                (from_sales + from_market) / due - 1.0,
                available / spending - 1.0,
                log_labour_supply(w, P, relief, p.kappa) - L,
                log_price_index(E, w, np.log(total), self._phi, p.eps) - P,
            ]
        )
        return _Point(share, X, R, income, spending, due, from_sales, from_market, available, residual)

    def _numeraire(self, state: Float[Array, " state"]) -> tuple[float, int, Float[Array, " country"]]:
        """How far the unit is off, the block of the state it looks at, and its gradient there."""
        block, weight = (3, self.economy.E) if self.numeraire == "prices" else (0, self.economy.Y)
        weight = weight / weight.sum()
        level = np.exp(state.reshape(4, -1)[block])
        return float(weight @ level - 1.0), block, weight * level

    def _system(self, state: Float[Array, " state"], at: _Point) -> Float[Array, " state"]:
        """The residuals with the numeraire folded in: added to each labour market (a rank-one term, nil in the end)."""
        residual = at.residual.copy()
        residual[0] += self._numeraire(state)[0]
        return residual.ravel()

    def _jacobian(
        self, state: Float[Array, " state"], tariff: Float[Array, "importer exporter"]
    ) -> Float[Array, "state state"]:
        """The derivative of the system in the state (logs), by blocks [market, country, variable, country]."""
        e, p, at = self.economy, self.parameters, self._point(state, self._weight(tariff), tariff)
        n = len(e.countries)
        diagonal = np.arange(n)
        by_cost, by_spending = self._flow_derivatives(at, tariff)
        J = np.zeros((4, n, 4, n))
        cost_of = (e.beta - p.psi * (1.0 - e.beta), 0.0, -p.psi, (1.0 - e.beta) * (1.0 + p.psi))
        for market in range(3):
            J[market, :, 1, :] += by_spending[market]
            for variable in (0, 2, 3):
                J[market, :, variable, :] += cost_of[variable] * by_cost[market]
        for variable in (0, 2, 3):
            J[3, :, variable, :] += cost_of[variable] * at.share
        scale = at.Y / e.Y.sum()
        labour = (1.0 + at.residual[0])[:, None] * (np.diag(at.Y) + np.outer(self._gap, scale)) / at.due[:, None]
        income = np.diag(at.Y / at.E) + np.outer(e.T / at.E, scale)
        for variable in (0, 2):
            J[0, :, variable, :] -= labour
            J[1, :, variable, :] += income
            if p.rebate == "income_tax":
                J[2, diagonal, variable, diagonal] -= p.kappa * at.R / (at.Y - at.R)
        J[1, diagonal, 1, diagonal] -= at.income / at.E
        J[2, diagonal, 0, diagonal] += p.kappa
        J[2, diagonal, 3, diagonal] -= p.kappa
        J[2, diagonal, 2, diagonal] -= 1.0
        J[3, diagonal, 1, diagonal] += 1.0 - self._phi
        J[3, diagonal, 0, diagonal] -= 1.0 - self._phi
        J[3, diagonal, 3, diagonal] -= 1.0
        _, block, gradient = self._numeraire(state)
        J[0, :, block, :] += gradient
        return J.reshape(4 * n, 4 * n)

    def _flow_derivatives(
        self, at: _Point, tariff: Float[Array, "importer exporter"]
    ) -> tuple[list[Float[Array, "country country"]], list[Float[Array, "country country"]]]:
        r"""How labour income, expenditure and tax relief move with log costs and with log spending, through trade.

        From (1): $d\ln X_{ni} = d\ln E_n - \varepsilon\, d\ln c_i + \varepsilon \sum_k \lambda_{nk}\, d\ln c_k$.
        """
        e, p = self.economy, self.parameters
        sales = e.beta * (1.0 - e.nu)[:, None] * at.X
        sales_cost = p.eps * (sales.T @ at.share - np.diag(at.from_sales))
        imports = at.X.sum(axis=1)
        market_cost = p.eps * e.nu[:, None] * (imports[:, None] * at.share - at.X)
        revenue_cost = p.eps * (at.R[:, None] * at.share - tariff * at.X)
        inputs = (1.0 - e.beta) / e.beta
        relief = np.zeros_like(at.R) if p.rebate == "lump_sum" else p.kappa / (at.Y - at.R)
        by_cost = [
            (sales_cost + market_cost) / at.due[:, None],
            (revenue_cost + inputs * sales_cost) / at.E[:, None],
            revenue_cost * relief[:, None],
        ]
        by_spending = [
            (sales.T + np.diag(at.from_market)) / at.due[:, None],
            (np.diag(at.R) + inputs * sales.T) / at.E[:, None],
            np.diag(at.R * relief),
        ]
        return by_cost, by_spending

    def _certify(
        self,
        state: Float[Array, " state"],
        tariff: Float[Array, "importer exporter"],
        passes: int,
    ) -> Outcome:
        """Compute every residual anew and refuse the state if one is too large or not a number."""
        with np.errstate(all="ignore"):
            at = self._point(state, self._weight(tariff), tariff)
        checked = np.abs(at.residual)
        residuals = {market: float(checked[k].max()) for k, market in enumerate(MARKETS)}
        residuals["numeraire"] = abs(self._numeraire(state)[0])
        worst = max(residuals, key=lambda market: residuals[market] if np.isfinite(residuals[market]) else np.inf)
        if not all(value <= TOLERANCE for value in residuals.values()):  # NaN fails as well
            row = checked[MARKETS.index(worst)] if worst in MARKETS else checked.max(axis=0)
            country = self.economy.countries[int(np.nan_to_num(row, nan=np.inf).argmax())]
            message = f"liberation day: {worst} of {country} is off by {residuals[worst]:.2e} after {passes} passes"
            raise SolveError(message, residuals, f"{worst}, {country}")
        w, E, L, P = np.exp(state.reshape(4, -1))
        return Outcome(self.economy, self.parameters, tariff, w, E, L, P, at.X, at.R, residuals, passes)


def _capped(move: Float[Array, " state"]) -> Float[Array, " state"]:
    """A step no longer than the cap in any log change."""
    return move * min(1.0, LARGEST_STEP / max(float(np.abs(move).max()), 1e-300))
