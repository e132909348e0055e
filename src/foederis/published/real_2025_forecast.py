"""The forecast of foederis for United States imports of April to November 2025, held against what was collected.

What is predicted: the change in the tariff-exclusive dollar value of US imports, by partner and sector, that the US
tariffs alone bring about. Base: the shipped world and the duties collected in 2024. New tariffs: the ledger of US law,
averaged over the days of the window. Deficits keep their share of world GDP; world value added is the unit of money.

What is not predicted, and is part of the error: growth and inflation of 2025, exchange rates, the boom in computers for
data centres, stocks built before the tariffs, goods under way when rates changed, foreign retaliation.

Nothing is chosen for this test. Elasticities and labour mobility are the draws that every run uses
(`ensemble.draw_parameters`): a published set of long-run elasticities times a common lognormal factor; mobility 1.2 to
1.5 in the short run (T7). The horizon of eight months is the short run; it is the forecast that is tested. Two other
horizons are scored beside it and change nothing in it. One-year responses to tariffs never enter as theta.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from foederis.published import real_2025
from foederis.published.real_2025 import Collected, Contest

if TYPE_CHECKING:
    from foederis.ledger import Ledger
    from foederis.trade import Economy, Equilibrium
    from foederis.world import World

Array = np.ndarray
IMPORTER = "USA"
PARTNERS = ("JPN", "KOR", "CHN")
DRAWS, SEED = 200, 2025
CLOCK = "law"  # the day from which a rate applies by law; the ledger's other clock is that of the collected panel
SHORT_RUN, FIRST_YEAR, LONG_RUN = "foederis short run", "foederis short run (theta 0.5 to 2)", "foederis long run"
FIRST_YEAR_THETA = (0.5, 2.0)  # prior for theta within a year, uniform, all sectors alike (model page, table of priors)


@dataclass(frozen=True, eq=False)
class Forecast:
    """All forecasts by product group (per cent), the tariffs behind them, and their scores."""

    partners: tuple[str, ...]
    products: tuple[str, ...]
    predicted_pct: Mapping[str, Float[Array, "draw partner product"]]  # the one that is tested first
    tariff_before: Float[Array, "partner sector"]
    tariff_after: Float[Array, "partner sector"]
    mean_tariff: Mapping[str, tuple[float, float]]  # before and after, weighted by imports of the base year
    contest: Contest
    by_partner: Mapping[str, Contest]
    residual: float  # the largest over all equilibria
    equilibria: int


@dataclass(frozen=True)
class Cell:
    """One product group from one partner: what was collected, and each forecast as (median, 5 %, 95 %), per cent."""

    partner: str
    product: str
    name: str
    value_2024_bn: float
    collected_pct: float
    forecasts: Mapping[str, tuple[float, float, float]]


def window_tariff(
    book: Ledger, world: World, first: dt.date, last: dt.date, clock: str = CLOCK
) -> Float[Array, "importer exporter sector"]:
    """Tariffs of the ledger on top of the world's, averaged over the days from `first` to `last`, both included."""
    end = last + dt.timedelta(days=1)
    starts = [first, *(day for day in book.dates(clock) if first < day < end)]
    days = np.array([(b - a).days for a, b in zip(starts, [*starts[1:], end], strict=True)], dtype=float)
    total = np.zeros_like(world.tariff)
    for day, weight in zip(starts, days / days.sum(), strict=True):
        total += weight * book.cut(world, day, clock=clock).total
    return total


def forecast(
    world: World,
    tariff: Float[Array, "importer exporter sector"],
    data: Collected | None = None,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Forecast:
    """Predict, carry to product groups, and score.

    Raises SolveError if an equilibrium cannot be certified, DataError if the world lacks a partner or a sector.
    """
    from foederis import trade

    table = real_2025.read() if data is None else data
    economy = trade.calibrate(world)
    hats, theta, residual = _all_draws(world, economy, tariff, draws, seed)
    predicted = {name: real_2025.to_products(table, hat, PARTNERS, world.sectors) for name, hat in hats.items()}
    order = [world.sector(code) for code in table.sectors]
    rows = [world.country(code) for code in PARTNERS]
    before, after = (rates[world.country(IMPORTER)][rows][:, order] for rates in (world.tariff, tariff))
    predicted |= real_2025.rivals(table, PARTNERS, theta[:, order], (before, after))
    each = {code: real_2025.contest(table, [code], _only(predicted, k)) for k, code in enumerate(PARTNERS)}
    return Forecast(
        partners=PARTNERS,
        products=table.products,
        predicted_pct=predicted,
        tariff_before=before,
        tariff_after=after,
        mean_tariff=dict(zip(PARTNERS, _mean_tariff(world, rows, order, before, after), strict=True)),
        contest=real_2025.contest(table, PARTNERS, predicted),
        by_partner=each,
        residual=residual,
        equilibria=len(hats) * draws,
    )


def cells(result: Forecast, data: Collected | None = None) -> tuple[Cell, ...]:
    """What was predicted and collected for every partner and product group, the largest imports of 2024 first."""
    table = real_2025.read() if data is None else data
    found = []
    for p, partner in enumerate(result.partners):
        row = table.partners.index(partner)
        for k in table.scored:
            value, seen = float(table.value[row, k, 0]), float(table.change_pct[row, k])
            if value <= 0.0 or not math.isfinite(seen):
                continue
            code = table.products[k]
            each = {name: _band(draws[:, p, k]) for name, draws in result.predicted_pct.items()}
            found.append(Cell(partner, code, table.names[code], value / 1e9, seen, each))
    return tuple(sorted(found, key=lambda cell: -cell.value_2024_bn))


def notes(result: Forecast) -> tuple[str, ...]:
    """What was predicted, from what, and what the error also holds: to be printed beside the scores."""
    rates = ", ".join(f"{code} {100 * a:.1f} and {100 * b:.1f} %" for code, (a, b) in result.mean_tariff.items())
    return (
        "predicted: the change in the dollar value of US imports, net of tariffs, that the US tariffs of the ledger"
        f" (daily mean, {real_2025.WINDOW_DAYS[0]} to {real_2025.WINDOW_DAYS[1]}) bring about from the base year alone",
        "not predicted, and part of the error: growth, inflation and exchange rates of 2025, the boom in computers for"
        " data centres (NAICS 334 from all partners: +24.5 %), stocks built before the tariffs, goods under way when"
        " rates changed, foreign retaliation",
        f"US tariff before and in the window, weighted by imports of the base year: {rates}",
        "nothing was fitted to or chosen by these rows: elasticities and mobility are the draws of every run; the short"
        " run is the forecast that is tested, the other horizons stand beside it",
        f"largest residual of {result.equilibria} equilibria {result.residual:.1e}",
    )


def _all_draws(
    world: World,
    economy: Economy,
    tariff: Float[Array, "importer exporter sector"],
    draws: int,
    seed: int,
) -> tuple[dict[str, Float[Array, "draw partner sector"]], Float[Array, "draw sector"], float]:
    """Changes of US imports by horizon, the elasticities drawn, and the largest residual of all equilibria."""
    from foederis import ensemble, trade

    drawn = [ensemble.draw_parameters(world, seed, number) for number in range(draws)]
    theta = np.array([each.trade_elasticity for each in drawn])
    low, high = FIRST_YEAR_THETA
    first_year = [low + (high - low) * np.random.default_rng([seed, number, 1]).random() for number in range(draws)]
    mobility = [each.mobility for each in drawn]
    horizons = {
        SHORT_RUN: (theta, mobility),
        FIRST_YEAR: (np.outer(first_year, np.ones(theta.shape[1])), mobility),
        LONG_RUN: (theta, [math.inf] * draws),
    }
    hats: dict[str, list[Array]] = {name: [] for name in horizons}
    worst = 0.0
    for k in range(draws):
        for name, (elasticity, nu) in horizons.items():
            shock = trade.Shock(tariff=tariff, trade_elasticity=elasticity[k], mobility=nu[k], closure="fixed_share")
            found = trade.solve(economy, shock)
            hats[name].append(_imports_hat(found, PARTNERS))
            worst = max(worst, *found.residuals.values())
    return {name: np.array(each) for name, each in hats.items()}, theta, worst


def _imports_hat(found: Equilibrium, partners: Sequence[str]) -> Float[Array, "partner sector"]:
    """Change of US imports, tariff-exclusive (new over old); 1 where nothing was imported."""
    economy = found.economy
    us, rows = economy.index(IMPORTER), [economy.index(code) for code in partners]
    before, after = economy.flow[us][rows], found.flow_new[us][rows]
    return np.asarray(np.divide(after, before, out=np.ones_like(before), where=before > 0.0))


def _mean_tariff(
    world: World,
    rows: Sequence[int],
    order: Sequence[int],
    before: Float[Array, "partner sector"],
    after: Float[Array, "partner sector"],
) -> list[tuple[float, float]]:
    """Mean rate before and after by partner, over the sectors of the product groups."""
    weight = world.flow[world.country(IMPORTER)][rows][:, order]
    pairs = [(weight * rates).sum(axis=1) / weight.sum(axis=1) for rates in (before, after)]
    return [(float(a), float(b)) for a, b in zip(*pairs, strict=True)]


def _only(predicted: Mapping[str, Array], partner: int) -> dict[str, Array]:
    return {name: draws[:, partner : partner + 1] for name, draws in predicted.items()}


def _band(draws: Float[Array, " draw"]) -> tuple[float, float, float]:
    low, high = np.quantile(draws, [0.05, 0.95])
    return float(np.median(draws)), float(low), float(high)
