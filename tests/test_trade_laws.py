"""Laws of the model as property tests on random worlds: what must hold whatever the numbers are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from foederis.errors import SolveError
from foederis.trade import CLOSURES, Economy, Equilibrium, Shock, calibrate, purge, rebase, solve
from foederis.trade.economy import WORLD_VALUE_ADDED
from foederis.trade.reference import audit
from foederis.world import World
from strategies import build_world, worlds

EXACT = 1e-12
SOLVED = 1e-10
MOBILITIES = (1.0, 1.5, np.inf)
seeds = st.integers(0, 2**31 - 1)
closures = st.sampled_from(CLOSURES)
mobilities = st.sampled_from(MOBILITIES)
many = settings(max_examples=max(200, settings.default.max_examples if settings.default else 0))


def random_tariff(economy: Economy, seed: int, top: float = 0.5) -> np.ndarray:
    """Base tariffs and, on half of the foreign cells, up to `top` more."""
    rng = np.random.default_rng(seed)
    tariff = economy.tariff + top * rng.random(economy.tariff.shape) * (rng.random(economy.tariff.shape) < 0.5)
    home = np.arange(len(economy.countries))
    tariff[home, home] = 0.0
    return tariff


def balanced(world: World) -> Economy:
    """The purged economy; worlds where trade runs one way only are left out (nothing can balance them)."""
    economy = calibrate(world)
    try:
        return purge(economy)
    except SolveError as refusal:
        assume("one way only" not in str(refusal))
        raise


def isolation(economy: Economy) -> np.ndarray:
    """Infinite trade costs between all countries."""
    iceberg = np.full(economy.tariff.shape, np.inf)
    home = np.arange(len(economy.countries))
    iceberg[home, home] = 1.0
    return iceberg


def hats(found: Equilibrium) -> np.ndarray:
    """Every change in one vector."""
    parts = (
        "wage_hat",
        "labour_income_hat",
        "cost_hat",
        "price_hat",
        "welfare_hat",
        "real_wage_hat",
        "price_level_hat",
    )
    return np.concatenate([getattr(found, part).ravel() for part in parts])


@given(worlds(unused=True), closures, mobilities)
def test_no_shock_changes_nothing(world: World, closure: str, mobility: float) -> None:
    economy = balanced(world) if closure == "purged" else calibrate(world)
    found = solve(economy, Shock(closure=closure, mobility=mobility))
    assert np.abs(hats(found) - 1.0).max() <= EXACT
    np.testing.assert_allclose(found.trade_share_new, found.economy.trade_share, rtol=0, atol=EXACT)
    np.testing.assert_allclose(found.income_new, found.economy.income, rtol=EXACT)
    assert found.passes == 1


@pytest.mark.parametrize("engine", ["reference", "jax"])
def test_no_shock_changes_nothing_in_the_other_engines(engine: str) -> None:
    for mobility in MOBILITIES:
        found = solve(calibrate(build_world(3, 2, 5)), Shock(mobility=mobility), engine=engine)
        assert np.abs(hats(found) - 1.0).max() <= EXACT


@many
@given(worlds(unused=True), seeds, st.sampled_from(("fixed_share", "fixed_nominal")), mobilities)
def test_every_market_clears_the_one_of_walras_too(world: World, seed: int, closure: str, mobility: float) -> None:
    """Residuals by the labelled equations, from the reported numbers alone; then adding-up from the flows."""
    economy = calibrate(world)
    found = solve(economy, Shock(tariff=random_tariff(economy, seed, 0.2), closure=closure, mobility=mobility))
    for name, part in audit(found).items():
        assert np.abs(part).max() <= 2 * SOLVED, name
    assert all(value <= SOLVED for value in found.residuals.values())
    scale = economy.value_added.sum()
    np.testing.assert_allclose(found.trade_share_new.sum(axis=1), 1.0, rtol=0, atol=EXACT)
    np.testing.assert_allclose(found.flow_new.sum(axis=0), found.output_new, rtol=0, atol=1e-11 * scale)
    np.testing.assert_allclose(
        (found.tariff_new * found.flow_new).sum(axis=(1, 2)), found.tariff_revenue_new, rtol=0, atol=1e-11 * scale
    )
    np.testing.assert_allclose(
        ((1.0 + found.tariff_new) * found.flow_new).sum(axis=1), found.expenditure_new, rtol=0, atol=1e-11 * scale
    )
    np.testing.assert_allclose(found.value_added_new.sum(axis=1), found.labour_income_new, rtol=2 * SOLVED)
    assert abs(found.deficit_new.sum()) <= 1e-11 * scale
    assert found.labour_income_new.sum() == pytest.approx(scale, rel=SOLVED)


@given(worlds(), seeds)
def test_nominal_scale_does_not_matter(world: World, seed: int) -> None:
    economy = calibrate(world)
    large = calibrate(replace(world, flow=1e6 * world.flow))
    shock = Shock(tariff=random_tariff(economy, seed, 0.2))
    one, other = solve(economy, shock), solve(large, shock)
    np.testing.assert_allclose(hats(other), hats(one), rtol=SOLVED)
    np.testing.assert_allclose(other.income_new, 1e6 * one.income_new, rtol=SOLVED)


@given(worlds(), seeds, mobilities)
def test_the_numeraire_does_not_matter(world: World, seed: int, mobility: float) -> None:
    """Balanced trade: fixing deficits in any country's wage is the same, and all nominal values scale together."""
    economy = balanced(world)
    tariff = random_tariff(economy, seed, 0.3)
    found = solve(economy, Shock(tariff=tariff, closure="fixed_nominal", mobility=mobility))
    for numeraire in (WORLD_VALUE_ADDED, economy.countries[-1]):
        other = solve(economy, Shock(tariff=tariff, closure="fixed_nominal", numeraire=numeraire, mobility=mobility))
        np.testing.assert_allclose(hats(other), hats(found), rtol=SOLVED)
    unit = 1.0 / found.labour_income_hat[0]
    nominal = ("wage_hat", "labour_income_hat", "cost_hat", "price_hat", "expenditure_new", "output_new")
    in_wages = replace(found, **{name: unit * getattr(found, name) for name in nominal})
    for name, part in audit(in_wages).items():
        if name != "numeraire":
            assert np.abs(part).max() <= 1e-9 * max(unit, 1.0), name


@given(worlds(), seeds, closures)
def test_labels_do_not_matter(world: World, seed: int, closure: str) -> None:
    economy = balanced(world) if closure == "purged" else calibrate(world)
    rng = np.random.default_rng(seed)
    order, sort = rng.permutation(len(economy.countries)), rng.permutation(len(economy.sectors))
    bilateral = np.ix_(order, order, sort)
    turned = Economy(
        countries=tuple(economy.countries[k] for k in order),
        sectors=tuple(economy.sectors[k] for k in sort),
        trade_share=economy.trade_share[bilateral],
        tariff=economy.tariff[bilateral],
        input_share=economy.input_share[np.ix_(order, sort, sort)],
        value_added_share=economy.value_added_share[np.ix_(order, sort)],
        final_share=economy.final_share[np.ix_(order, sort)],
        value_added=economy.value_added[order],
        deficit=economy.deficit[order],
        trade_elasticity=economy.trade_elasticity[sort],
        expenditure=economy.expenditure[np.ix_(order, sort)],
    )
    tariff = random_tariff(economy, seed, 0.2)
    one = solve(economy, Shock(tariff=tariff, closure="fixed_share"))
    other = solve(turned, Shock(tariff=tariff[bilateral], closure="fixed_share"))
    np.testing.assert_allclose(other.welfare_hat, one.welfare_hat[order], rtol=SOLVED)
    np.testing.assert_allclose(other.price_hat, one.price_hat[np.ix_(order, sort)], rtol=SOLVED)


@pytest.mark.parametrize("mobility", MOBILITIES)
@pytest.mark.parametrize("engine", ["reference", "numpy"])
def test_a_symmetric_world_stays_symmetric(engine: str, mobility: float) -> None:
    n, j = 4, 3
    flow = np.full((n, n, j), 1.0) * np.array([1.0, 2.0, 3.0])
    home = np.arange(n)
    flow[home, home] *= 8.0
    world = World(
        countries=tuple("ABCD"),
        sectors=("x", "y", "z"),
        flow=flow,
        tariff=np.zeros((n, n, j)),
        input_share=np.full((n, j, j), 0.15),
        trade_elasticity=np.array([3.0, 5.0, 8.0]),
    )
    tariff = np.full((n, n, j), 0.25)
    tariff[home, home] = 0.0
    found = solve(calibrate(world), Shock(tariff=tariff, mobility=mobility), engine=engine)
    np.testing.assert_allclose(found.welfare_hat, found.welfare_hat[0], rtol=1e-9)
    np.testing.assert_allclose(found.labour_income_hat, 1.0, rtol=1e-9)
    assert found.welfare_hat[0] < 1.0


@many
@given(seeds, st.integers(2, 5), st.booleans())
def test_autarky_of_one_sector_is_the_closed_form(seed: int, n: int, zero_flows: bool) -> None:
    """One sector, no inputs, no tariffs: real income falls to pi_nn^(1/theta) (Arkolakis et al. 2012)."""
    economy = balanced(build_world(n, 1, seed, zero_flows=zero_flows, intermediates=False, tariffs=False))
    found = solve(economy, Shock(iceberg_hat=isolation(economy)))
    own = np.einsum("nnj->n", economy.trade_share)
    np.testing.assert_allclose(found.welfare_hat, own ** (1.0 / economy.trade_elasticity[0]), rtol=SOLVED)


@many
@given(worlds(), mobilities)
def test_autarky_with_inputs_and_the_gains_from_trade(world: World, mobility: float) -> None:
    """With inputs: ln V = sum_j alpha_j [(I - gamma')^-1 ln(pi_nn)/theta]_j; nobody gains from isolation."""
    assume(not world.tariff.any())  # with tariffs at home, less trade may be better
    economy = balanced(world)
    own = np.einsum("nnj->nj", economy.trade_share)
    assume(own.min() > 1e-6)
    shock = Shock(iceberg_hat=isolation(economy), mobility=mobility)
    found = solve(economy, shock)
    if np.isinf(mobility):
        closed = np.linalg.solve(
            np.eye(len(economy.sectors)) - economy.input_share.transpose(0, 2, 1),
            (np.log(own) / economy.trade_elasticity)[:, :, None],
        )[:, :, 0]
        expected = (economy.final_share * closed).sum(axis=1)
        np.testing.assert_allclose(np.log(found.welfare_hat), expected, rtol=0, atol=1e-9)
    assert np.all(found.welfare_hat <= 1.0 + SOLVED)


def test_autarky_is_found_where_a_sector_of_fixed_workers_loses_nearly_all_it_sells() -> None:
    """Far from the base year: found in steps, on which countries are one bloc until the last trade is gone."""
    economy = balanced(build_world(4, 3, 12110, intermediates=False, tariffs=False))
    found = solve(economy, Shock(iceberg_hat=isolation(economy), mobility=1.0))
    made = economy.final_share * economy.value_added[:, None] / economy.output  # what is made at home is bought there
    assert made.min() < 0.2
    np.testing.assert_allclose(found.wage_hat / found.labour_income_hat[:, None], made, atol=SOLVED)


def test_isolation_cannot_finance_a_deficit() -> None:
    economy = calibrate(build_world(3, 2, 0))
    with pytest.raises(SolveError) as refusal:
        solve(economy, Shock(iceberg_hat=isolation(economy)))
    assert refusal.value.where.split(":")[0] in ("trade_balance", "labour", "expenditure")


def test_trade_that_runs_one_way_cannot_be_balanced() -> None:
    """B and C sell to A and buy only from each other."""
    flow = np.array([[9.0, 1.0, 0.0], [0.0, 9.0, 2.0], [0.0, 1.0, 9.0]])[:, :, None]
    world = World(("A", "B", "C"), ("x",), flow, np.zeros((3, 3, 1)), np.zeros((3, 1, 1)), np.array([4.0]))
    with pytest.raises(SolveError, match="trade from B to A runs one way only"):
        purge(calibrate(world))
    assert solve(calibrate(world)).passes == 1


def test_blocs_that_do_not_trade_keep_their_value_added() -> None:
    """Two pairs of countries, cut off from each other by the shock: each bloc solves as if alone."""
    economy = purge(calibrate(build_world(4, 2, 3)))
    iceberg = np.ones_like(economy.tariff)
    iceberg[:2, 2:] = iceberg[2:, :2] = np.inf
    for engine in ("reference", "numpy"):
        found = solve(economy, Shock(iceberg_hat=iceberg), engine=engine)
        for bloc in ([0, 1], [2, 3]):
            assert found.labour_income_new[bloc].sum() == pytest.approx(economy.value_added[bloc].sum(), rel=SOLVED)
    alone = solve(rebase(found), Shock(tariff=random_tariff(economy, 1)))
    tariff = random_tariff(economy, 1)
    tariff[2:] = economy.tariff[2:]
    other = solve(rebase(found), Shock(tariff=tariff))
    np.testing.assert_allclose(alone.welfare_hat[:2], other.welfare_hat[:2], rtol=SOLVED)
    np.testing.assert_allclose(other.welfare_hat[2:], 1.0, rtol=SOLVED)


def test_a_buyer_without_a_supplier_is_named() -> None:
    economy = calibrate(build_world(3, 2, 0, specialised=True))  # C00 imports all it buys of S01
    iceberg = np.ones_like(economy.tariff)
    iceberg[0, 1:, 1] = np.inf
    with pytest.raises(SolveError, match="no supplier of S01 is left to C00"):
        solve(economy, Shock(iceberg_hat=iceberg))


@given(seeds, closures, mobilities)
def test_splitting_a_sector_in_two_equal_halves_changes_nothing(seed: int, closure: str, mobility: float) -> None:
    """Adding-up under aggregation: twins with one elasticity add up to the sector they came from."""
    world = build_world(3, 2, seed)
    half = 0.5 * world.flow[:, :, 1:]
    inputs = np.concatenate([world.input_share[:, :1], *[0.5 * world.input_share[:, 1:]] * 2], axis=1)
    split = World(
        countries=world.countries,
        sectors=("S00", "S01a", "S01b"),
        flow=np.concatenate([world.flow[:, :, :1], half, half], axis=2),
        tariff=np.concatenate([world.tariff, world.tariff[:, :, 1:]], axis=2),
        input_share=np.concatenate([inputs, inputs[:, :, 1:]], axis=2),
        trade_elasticity=world.trade_elasticity[[0, 1, 1]],
    )
    economy, finer = calibrate(world), calibrate(split)
    if closure == "purged":
        balanced(world)
    tariff = random_tariff(economy, seed, 0.3)
    one = solve(economy, Shock(tariff=tariff, closure=closure, mobility=mobility))
    other = solve(finer, Shock(tariff=tariff[:, :, [0, 1, 1]], closure=closure, mobility=mobility))
    np.testing.assert_allclose(other.welfare_hat, one.welfare_hat, rtol=SOLVED)
    whole = np.stack([other.flow_new[..., 0], other.flow_new[..., 1:].sum(axis=-1)], axis=-1)
    np.testing.assert_allclose(whole, one.flow_new, rtol=1e-9, atol=1e-9 * economy.value_added.sum())


@given(worlds(), seeds)
def test_labour_that_cannot_move_keeps_its_shares(world: World, seed: int) -> None:
    """nu = 1: a sector's wage moves with its own sales; labour stays where it is."""
    economy = calibrate(world)
    found = solve(economy, Shock(tariff=random_tariff(economy, seed, 0.2), mobility=1.0))
    made = economy.output > 0
    np.testing.assert_allclose(found.wage_hat[made], found.output_new[made] / economy.output[made], rtol=SOLVED)


@given(worlds(), seeds)
def test_very_mobile_labour_is_one_wage(world: World, seed: int) -> None:
    economy = calibrate(world)
    tariff = random_tariff(economy, seed, 0.2)
    one, other = (solve(economy, Shock(tariff=tariff, mobility=nu)) for nu in (np.inf, 1e9))
    np.testing.assert_allclose(hats(other), hats(one), rtol=1e-7)
    assert np.ptp(one.wage_hat, axis=1).max() <= EXACT
