r"""Who gains when whom grows, and who holds what over whom: exposures and measures of economic power.

Friend-enemy matrices of Kleinman, Liu & Redding (2024, "International friends and enemies", AEJ: Macroeconomics): one
matrix solve gives the first-order effect of every country's productivity on every country's income and welfare, in the
one-sector model with balanced trade. Letters are theirs: `S` shares in expenditure [importer, exporter], `T` shares in
income [exporter, importer], `M = TS - I`, `Q = 1q'`, `V`, and [country, source] the elasticities `W` of income and `U`
of welfare. Deficits are purged first; flows are summed over sectors and net of tariffs.

`model_pull` takes the same derivatives from the whole model with sectors, inputs and tariffs. Beside them stand the
supply-side power of Clayton, Maggiori & Schreger (2026), market-access power (the same from the seller's side), and
Hirschman's (1945) concentration and influence effect. `power` returns them as a labelled dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from foederis.errors import SolveError, UsageError
from foederis.trade.chord import chained
from foederis.trade.economy import Closure, Economy, Shock
from foederis.trade.equilibrium import Equilibrium
from foederis.trade.solver import lend_chord, purge, rebase, solve

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Exposure", "concentration", "friend_enemy", "influence", "market_access_power", "mean_elasticity",
           "model_pull", "power", "pull_change", "supply_power"]  # fmt: skip

Array = np.ndarray
PullMethod = Literal["friend_enemy", "model"]
STEP = 1e-4  # log change of productivity in central differences
MEASURES = ("welfare_exposure", "income_exposure", "supply_power", "influence", "export_concentration",
            "import_concentration", "market_access_power")  # fmt: skip
CHEAP = MEASURES[:-1]  # what needs no solve per pair


@dataclass(frozen=True, eq=False)
class Exposure:
    """Friend-enemy matrices of one base year. Rows and columns are `countries`; `q` is a share of world income."""

    countries: tuple[str, ...]
    theta: float
    S: Float[Array, "importer exporter"]
    T: Float[Array, "exporter importer"]
    q: Float[Array, " country"]

    @cached_property
    def M(self) -> Float[Array, "country source"]:
        """Cross-substitution, $M = TS - I$: where i's sales meet the rivals it has in each market."""
        return self.T @ self.S - np.eye(len(self.q))

    @cached_property
    def Q(self) -> Float[Array, "country country"]:
        """Numeraire, $Q = 1q'$: world income is fixed."""
        return np.tile(self.q, (len(self.q), 1))

    @cached_property
    def V(self) -> Float[Array, "country country"]:
        r"""$V = I - (T + \theta TS)/(\theta + 1) + Q$."""
        return np.eye(len(self.q)) - (self.T + self.theta * self.T @ self.S) / (self.theta + 1.0) + self.Q

    @cached_property
    def W(self) -> Float[Array, "country source"]:
        r"""Income exposure $W = -\frac{\theta}{\theta+1} V^{-1} M$: d ln income by d ln productivity of the source."""
        return np.asarray(-self.theta / (self.theta + 1.0) * np.linalg.solve(self.V, self.M))

    @cached_property
    def U(self) -> Float[Array, "country source"]:
        """Welfare exposure $U = (I - S)W + S$: d ln welfare by d ln productivity of the source."""
        return (np.eye(len(self.q)) - self.S) @ self.W + self.S

    def pull(self, patron: str, rival: str) -> Float[Array, " country"]:
        """Economic pull $E_{iU} - E_{iC}$: i's gain if the patron grows by 1 %, less its gain if the rival does.

        In per cent of real income, from `U`. Raises UsageError on an unknown country.
        """
        return self.U[:, _place(self.countries, patron)] - self.U[:, _place(self.countries, rival)]


def mean_elasticity(economy: Economy) -> float:
    """One trade elasticity for a model of one sector: the mean over sectors, weighted by trade between countries."""
    abroad = economy.flow.sum(axis=(0, 1)) - np.einsum("nnj->j", economy.flow)
    if not abroad.sum() > 0.0:
        raise UsageError("exposure: no country trades with another, so there is no mean trade elasticity")
    return float(abroad @ economy.trade_elasticity / abroad.sum())


def friend_enemy(economy: Economy, trade_elasticity: float | None = None) -> Exposure:
    """Friend-enemy matrices of an economy; deficits are purged first. Elasticity: `mean_elasticity` if not given.

    Raises UsageError unless the elasticity is positive, SolveError where deficits cannot be purged and where no chain
    of trade links two countries.
    """
    theta = mean_elasticity(economy) if trade_elasticity is None else float(trade_elasticity)
    if not (theta > 0.0 and np.isfinite(theta)):
        raise UsageError(f"exposure: the trade elasticity must be positive, not {theta:g}")
    flow = purge(economy).flow.sum(axis=2)
    apart = np.argwhere(~chained((flow > 0.0) | (flow > 0.0).T))
    if len(apart):
        one, other = (economy.countries[k] for k in apart[0])
        raise SolveError(
            f"exposure: no chain of trade links {one} and {other}, so nothing sets their incomes against each other",
            where=f"labour: {other}",
        )
    income = flow.sum(axis=0)
    return Exposure(
        economy.countries, theta, flow / flow.sum(axis=1)[:, None], flow.T / income[:, None], income / income.sum()
    )


def model_pull(economy: Economy, patron: str, rival: str, step: float = STEP) -> Float[Array, " country"]:
    """The economic pull from the whole model: sectors, inputs, tariffs, one wage per country, deficits purged.

    Central differences in the log productivity of all of a country's sectors (equal to cheaper delivery everywhere), in
    per cent of real income by per cent. Raises UsageError on an unknown country, SolveError as `solve`.
    """
    base = lend_chord(economy, to=replace(purge(economy)))  # a copy: what is kept with the purged economy stays its own
    columns = []
    for source in (patron, rival):
        i = _place(economy.countries, source)
        logs = []
        for sign in (1.0, -1.0):
            iceberg = np.ones_like(base.trade_share)
            iceberg[:, i, :] = np.exp(-sign * step)
            logs.append(np.log(solve(base, Shock(iceberg_hat=iceberg, closure="fixed_nominal")).welfare_hat))
        columns.append((logs[0] - logs[1]) / (2.0 * step))
    return np.asarray(columns[0] - columns[1])


def pull_change(
    equilibrium: Equilibrium, patron: str, rival: str, method: PullMethod = "friend_enemy"
) -> Float[Array, " country"]:
    """How a shock moved the pull: at the economy after it less the one before, in per cent of real income by per cent.

    `method`: "friend_enemy" (one elasticity for both, that of the base year, so that only flows move it) or "model"
    (`model_pull`). Raises UsageError on an unknown method or country, SolveError as `solve`.
    """
    before, after = equilibrium.economy, rebase(equilibrium)
    if method == "model":
        return model_pull(after, patron, rival) - model_pull(before, patron, rival)
    if method != "friend_enemy":
        raise UsageError(f"exposure: no method {method!r}; there are friend_enemy, model")
    theta = mean_elasticity(before)
    return friend_enemy(after, theta).pull(patron, rival) - friend_enemy(before, theta).pull(patron, rival)


def supply_power(economy: Economy, coalition: Sequence[str]) -> Float[Array, " country"]:
    r"""Log welfare a country would lose if a coalition stopped selling to it.

    $\sum_j b_n^j [-\ln(1-s_{nm}^j)]/\theta^j$, where $s_{nm}^j$ is the coalition's share in n's spending on j and
    $b_n = \alpha_n'(I - \mathrm{diag}(\pi_{nn})\Gamma_n')^{-1}$ carries the price through home-made inputs, at given
    wages and foreign prices. Explodes near monopoly (infinite at 1). Zero for members.
    Clayton, Maggiori & Schreger (2026), "A theory of economic coercion and fragmentation"; the algebra is the loss of a
    supplier under CES.
    """
    members = [_place(economy.countries, code) for code in coalition]
    if not members:
        raise UsageError("power: a coalition needs a member")
    share = economy.trade_share[:, members, :].sum(axis=1)
    with np.errstate(divide="ignore"):
        shock = -np.log1p(-np.minimum(share, 1.0)) / economy.trade_elasticity
    home = np.einsum("nnj->nj", economy.trade_share)
    passed = economy.input_share * home[:, None, :]
    weight = np.linalg.solve(np.eye(len(economy.sectors)) - passed, economy.final_share[:, :, None])[:, :, 0]
    used = weight > 1e-15
    loss = np.where(used, weight * np.where(used, shock, 0.0), 0.0).sum(axis=1)
    loss[members] = 0.0
    return loss


def market_access_power(economy: Economy, coalition: Sequence[str], target: str, closure: Closure = "purged") -> float:
    r"""Log welfare the target loses if a coalition stops buying from it, $-\ln\hat V_n$ at $\hat d_{mn} = \infty$.

    Exact, from the whole model: the tariff-side leverage beside `supply_power`. Raises UsageError if the target is a
    member, SolveError as `solve`.
    """
    members = [_place(economy.countries, code) for code in coalition]
    n = _place(economy.countries, target)
    if n in members or not members:
        raise UsageError(f"power: the coalition must have members and not hold its target {target!r}")
    iceberg = np.ones_like(economy.trade_share)
    iceberg[members, n, :] = np.inf
    return float(-np.log(solve(economy, Shock(iceberg_hat=iceberg, closure=closure)).welfare_hat[n]))


def influence(economy: Economy) -> Float[Array, "country partner"]:
    """Hirschman's influence effect of a partner: the share of n's exports it takes, less that of its exports n takes.

    $X_{nm}/X_n - X_{mn}/X_m$, goods and services; positive where the country needs the partner more. Antisymmetric.
    Hirschman (1945), National Power and the Structure of Foreign Trade.
    """
    exports = _abroad(economy).T
    share = exports / exports.sum(axis=1)[:, None]
    return np.asarray(share - share.T)


def concentration(economy: Economy) -> tuple[Float[Array, " country"], Float[Array, " country"]]:
    """Herfindahl-Hirschman index over partners of (exports, imports): 1 is one partner. Hirschman (1945)."""
    imports = _abroad(economy)
    by_buyer, by_seller = imports / imports.sum(axis=0), imports / imports.sum(axis=1)[:, None]
    return np.asarray((by_buyer**2).sum(axis=0)), np.asarray((by_seller**2).sum(axis=1))


def power(
    economy: Economy, measures: Sequence[str] = CHEAP, targets: Sequence[str] | None = None,
    partners: Sequence[str] | None = None,
) -> xr.Dataset:  # fmt: skip
    """Measures of `MEASURES` as a labelled dataset, `country` by `partner`; concentration has `country` only.

    `market_access_power` solves the model for each pair, so it is left out unless asked for. Raises UsageError on an
    unknown measure or country.
    """
    import xarray as xr

    unknown = [name for name in measures if name not in MEASURES]
    if unknown:
        raise UsageError(f"power: no measure {unknown[0]!r}; there are {', '.join(MEASURES)}")
    rows = tuple(economy.countries if targets is None else targets)
    columns = tuple(economy.countries if partners is None else partners)
    at = np.ix_([_place(economy.countries, c) for c in rows], [_place(economy.countries, c) for c in columns])
    exposure = friend_enemy(economy) if {"welfare_exposure", "income_exposure"} & set(measures) else None
    found = {name: _measure(economy, name, exposure, rows, columns, at) for name in measures}
    attributes = {"deficits": "purged for exposures", "theta": exposure.theta if exposure is not None else np.nan}
    return xr.Dataset(found, coords={"country": list(rows), "partner": list(columns)}, attrs=attributes)


_LABELS = {
    "welfare_exposure": ("% by %", "gain in real income if the partner's productivity grows (U)"),
    "income_exposure": ("% by %", "gain in income if the partner's productivity grows, world income fixed (W)"),
    "supply_power": ("log points", "welfare lost if the partner stopped selling to the country"),
    "influence": ("share of exports", "Hirschman's influence effect of the partner"),
    "export_concentration": ("1", "Herfindahl index of exports over partners"),
    "import_concentration": ("1", "Herfindahl index of imports over partners"),
    "market_access_power": ("log points", "welfare lost if the partner stopped buying from the country"),
}


def _measure(
    economy: Economy, name: str, exposure: Exposure | None, rows: Sequence[str], columns: Sequence[str], at: Any
) -> tuple[tuple[str, ...], Array, dict[str, str]]:
    """One variable of the dataset: dimensions, values, attributes."""
    units, text = _LABELS[name]
    attributes = {"units": units, "long_name": text}
    if name.endswith("concentration"):
        return ("country",), concentration(economy)[name.startswith("import")][at[0][:, 0]], attributes
    if name == "supply_power":
        table = np.stack([supply_power(economy, (code,)) for code in columns], axis=1)[at[0][:, 0]]
    elif name == "market_access_power":
        table = np.array([[0.0 if n == m else market_access_power(economy, (m,), n) for m in columns] for n in rows])
    elif name == "influence":
        table = influence(economy)[at]
    else:
        assert exposure is not None
        table = (exposure.U if name == "welfare_exposure" else exposure.W)[at]
    return ("country", "partner"), table, attributes


def _abroad(economy: Economy) -> Float[Array, "importer exporter"]:
    """Trade between countries over all sectors, home sales left out, million USD; refuses a country without any."""
    flow = economy.flow.sum(axis=2)
    np.fill_diagonal(flow, 0.0)
    for axis, what in ((0, "exports"), (1, "imports")):
        if not (flow.sum(axis=axis) > 0.0).all():
            raise UsageError(f"power: {economy.countries[int(flow.sum(axis=axis).argmin())]} has no {what}")
    return flow


def _place(countries: tuple[str, ...], code: str) -> int:
    if code not in countries:
        raise UsageError(f"power: no country {code!r} in this economy; it has {', '.join(countries)}")
    return countries.index(code)
