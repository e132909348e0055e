"""Laws that every equilibrium obeys, whatever the data: run on the shipped world, so that a user can see them hold.

Each row has the law's number as published (mostly 0: nothing may be left over) and ours: the largest deviation found.
The same laws, and more, are tested on random worlds in `tests/`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from foederis import trade
from foederis.published.rows import Row
from foederis.trade import Economy, Equilibrium
from foederis.world import INDO_PACIFIC_21, World

Array = np.ndarray
STUDY = "laws"
IMPORTER, RISE = "USA", 0.10  # the experiment: United States tariffs on all goods and partners rise by ten points
SHORT_RUN = 1.35  # labour mobility of T7, between specific factors (1) and one wage (infinity)
ZERO = 1e-12  # nothing changes: rounding only
CERTIFIED = 1e-9  # an equilibrium certified at 1e-10, its parts added up
SAME = 1e-9  # two ways to the same equilibrium


def compare(world: World) -> list[Row]:
    """All laws on a world and on its aggregation to 21 regions; raises SolveError if an equilibrium is refused."""
    economy, small = trade.calibrate(world), world.aggregate(regions=INDO_PACIFIC_21)
    shocked = {nu: trade.solve(economy, _shock(economy, mobility=nu)) for nu in (math.inf, SHORT_RUN)}
    rows = [_row("accounts", "the world adds up", max(world.check().values()), CERTIFIED)]
    rows += [_row("accounts", name, gap, CERTIFIED) for name, gap in _adding_up(world, small).items()]
    for closure in ("fixed_share", "fixed_nominal"):
        for nu in shocked:
            still = trade.solve(economy, trade.Shock(closure=closure, mobility=nu))
            rows.append(_row("zero shock", f"nothing moves: {closure}, {_horizon(nu)}", _largest_move(still), ZERO))
    for nu, found in shocked.items():
        rows += [_row(f"equilibrium, {_horizon(nu)}", name, law(found), CERTIFIED) for name, law in MARKETS.items()]
    rows += [_row("invariance", name, gap, SAME) for name, gap in _invariance(economy, shocked[math.inf]).items()]
    return [*rows, _engines(trade.calibrate(small)), _partial_elasticity(economy)]


def _horizon(mobility: float) -> str:
    return "long run" if math.isinf(mobility) else f"short run, mobility {mobility:g}"


def _row(table: str, case: str, ours: float, tolerance: float, law: float = 0.0, outcome: str = "deviation") -> Row:
    return Row(STUDY, table, case, "world", outcome, law, float(ours), 12, tolerance_given=tolerance)


def _shock(economy: Economy, mobility: float = math.inf) -> trade.Shock:
    tariff = economy.tariff.copy()
    us = economy.index(IMPORTER)
    goods = [k for k, sector in enumerate(economy.sectors) if sector != "SERV"]
    for exporter in range(len(economy.countries)):
        if exporter != us:
            tariff[us, exporter, goods] += RISE
    return trade.Shock(tariff=tariff, closure="fixed_share", mobility=mobility)


def _largest_move(found: Equilibrium) -> float:
    hats = (found.wage_hat, found.cost_hat, found.price_hat, found.welfare_hat, found.price_level_hat)
    return max(float(np.abs(hat - 1.0).max()) for hat in hats)


def _walras(found: Equilibrium) -> float:
    """Imports less exports less the deficit, over income; every country is checked, none follows from the others."""
    flow = found.flow_new
    gap = flow.sum(axis=(1, 2)) - flow.sum(axis=(0, 2)) - found.deficit_new
    return float(np.abs(gap / found.income_new).max())


def _labour(found: Equilibrium) -> float:
    """What labour earns against the value-added share of all sales, country by country."""
    demand = (found.economy.value_added_share * found.flow_new.sum(axis=0)).sum(axis=1)
    return float(np.abs(demand / found.labour_income_new - 1.0).max())


def _spending(found: Equilibrium) -> float:
    """Intermediate and final demand against expenditure, over the country's expenditure."""
    e = found.economy
    inputs = np.einsum("nkj,nj->nk", e.input_share, found.flow_new.sum(axis=0))
    gap = inputs + e.final_share * found.income_new[:, None] - found.expenditure_new
    return float(np.abs(gap / found.expenditure_new.sum(axis=1, keepdims=True)).max())


def _revenue(found: Equilibrium) -> float:
    tariff = found.economy.tariff if found.shock.tariff is None else found.shock.tariff
    gap = (tariff * found.flow_new).sum(axis=(1, 2)) - found.tariff_revenue_new
    return float(np.abs(gap / found.income_new).max())


def _income(found: Equilibrium) -> float:
    whole = found.value_added_new.sum(axis=1) + found.tariff_revenue_new + found.deficit_new
    return float(np.abs(whole / found.income_new - 1.0).max())


def _numeraire(found: Equilibrium) -> float:
    return abs(float(found.value_added_new.sum() / found.economy.value_added.sum()) - 1.0)


def _shares(found: Equilibrium) -> float:
    return float(np.abs(found.trade_share_new.sum(axis=1) - 1.0).max())


MARKETS: dict[str, Callable[[Equilibrium], float]] = {
    "Walras: imports less exports are the deficit": _walras,
    "labour earns its share of sales": _labour,
    "inputs and final demand are expenditure": _spending,
    "tariffs times trade are the revenue": _revenue,
    "income is value added, revenue, deficit": _income,
    "trade shares sum to 1": _shares,
    "numeraire: world value added is unchanged": _numeraire,
}


def _adding_up(world: World, small: World) -> dict[str, float]:
    """Each of the 21 regions has the output, value added, revenue, deficit and foreign trade of its members."""
    place = {code: k for k, code in enumerate(world.countries)}
    member = np.zeros((len(small.countries), len(world.countries)))
    for r, region in enumerate(small.countries):
        member[r, [place[code] for code in INDO_PACIFIC_21[region]]] = 1.0
    abroad = 1.0 - np.eye(len(small.countries))[:, :, None]
    trade_between = np.einsum("rn,si,nij->rsj", member, member, world.flow)
    pairs = {
        "output": (member @ world.output, small.output),
        "value added": (member @ world.value_added, small.value_added),
        "tariff revenue": (member @ world.tariff_revenue, small.tariff_revenue),
        "deficits": (member @ world.deficit, small.deficit),
        "trade between them": (trade_between * abroad, small.flow * abroad),
    }
    return {
        f"21 regions: {name}": float(np.abs(part - whole).max() / np.abs(whole).max())
        for name, (whole, part) in pairs.items()
    }


def _invariance(economy: Economy, found: Equilibrium) -> dict[str, float]:
    """The same shock in another unit of money, and with the countries in reverse order."""
    scaled = {name: 1e-3 * getattr(economy, name) for name in ("value_added", "deficit", "expenditure")}
    coarse = replace(economy, **scaled)
    unit = trade.solve(coarse, _shock(coarse))
    turned = _reversed(economy)
    order = trade.solve(turned, _shock(turned))
    return {
        "unit of money: welfare in billions": _apart(unit.welfare_hat, found.welfare_hat),
        "labels: welfare with countries reversed": _apart(order.welfare_hat[::-1], found.welfare_hat),
    }


def _reversed(economy: Economy) -> Economy:
    both = {name: getattr(economy, name)[::-1, ::-1] for name in ("trade_share", "tariff")}
    names = ("input_share", "value_added_share", "final_share", "value_added", "deficit", "expenditure")
    return replace(economy, countries=economy.countries[::-1], **both, **{n: getattr(economy, n)[::-1] for n in names})


def _apart(a: Float[Array, " country"], b: Float[Array, " country"]) -> float:
    return float(np.abs(a / b - 1.0).max())


def _engines(economy: Economy) -> Row:
    """The solver to be read beside the paper and the fast one, on 21 regions."""
    shock = _shock(economy, mobility=SHORT_RUN)
    plain, fast = (trade.solve(economy, shock, engine=engine) for engine in ("reference", "numpy"))
    return _row("invariance", "two solvers: welfare in 21 regions", _apart(plain.welfare_hat, fast.welfare_hat), SAME)


def _partial_elasticity(economy: Economy) -> Row:
    r"""$d\ln\pi/d\ln\tau = -\theta(1-\pi)$ at given costs, by central differences: US purchases of Japanese cars."""
    from foederis.trade.equations import price_index, trade_share

    us, partner = economy.index(IMPORTER), economy.index("JPN")
    sector = economy.sectors.index("C29")
    pi, theta = economy.trade_share, economy.trade_elasticity
    ones = np.ones(economy.expenditure.shape)
    step = 1e-5
    ends = []
    for sign in (1.0, -1.0):
        kappa = np.ones_like(pi)
        kappa[us, partner, sector] = np.exp(sign * step)
        share = trade_share(pi, kappa, ones, price_index(pi, kappa, ones, theta), theta)
        ends.append(float(np.log(share[us, partner, sector])))
    law = float(-theta[sector] * (1.0 - pi[us, partner, sector]))
    ours = (ends[0] - ends[1]) / (2.0 * step)
    case = "share of Japanese cars in US purchases: -theta (1 - share)"
    return _row("partial equilibrium", case, ours, 1e-7, law, "elasticity")
