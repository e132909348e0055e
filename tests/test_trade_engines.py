"""The three engines find the same equilibrium, find hard ones, and refuse what is none."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foederis.errors import DataError, SolveError, UsageError
from foederis.trade import CLOSURES, Economy, Equilibrium, Shock, calibrate, purge, rebase, solve, solve_many
from foederis.trade.chord import Wedge, layout, markets, problem_of, start_of, step, unpack
from foederis.trade.reference import audit
from foederis.trade.search import CHORD_PASSES, NEW_CHORDS, between
from foederis.trade.solver import chord_of, state_vector
from strategies import build_world

AGREE = 1e-9
TOLERANCE = 1e-10
MOBILITIES = (1.0, 1.2, 3.0, np.inf)
KINDS = (  # few shapes, so that few programs are compiled
    {"n": 3, "j": 2},
    {"n": 3, "j": 2, "zero_flows": True, "tariffs": False},
    {"n": 3, "j": 2, "intermediates": False},
    {"n": 3, "j": 2, "unused": True},
)


def shock_on(economy: Economy, seed: int, **options: object) -> Shock:
    """Tariffs up to 40 points and iceberg costs on foreign cells."""
    rng = np.random.default_rng(seed)
    shape, home = economy.tariff.shape, np.arange(len(economy.countries))
    tariff = economy.tariff + 0.4 * rng.random(shape)
    iceberg = np.exp(rng.normal(0.0, 0.15, shape))
    tariff[home, home], iceberg[home, home] = 0.0, 1.0
    return Shock(tariff=tariff, iceberg_hat=iceberg, **options)  # type: ignore[arg-type]


def gap(one: Equilibrium, other: Equilibrium) -> float:
    """Largest relative difference of changes and levels."""
    scale = one.economy.value_added.sum()
    relative = ("welfare_hat", "wage_hat", "price_hat", "cost_hat", "real_wage_hat")
    level = ("output_new", "expenditure_new", "tariff_revenue_new", "deficit_new", "flow_new")
    parts = [np.abs(getattr(one, k) / getattr(other, k) - 1.0).max() for k in relative]
    return float(max(*parts, *(np.abs(getattr(one, k) - getattr(other, k)).max() / scale for k in level)))


@settings(max_examples=15)
@given(st.sampled_from(KINDS), st.integers(0, 10_000), st.sampled_from(CLOSURES), st.sampled_from(MOBILITIES))
def test_reference_numpy_and_jax_agree(kind: dict[str, int], seed: int, closure: str, mobility: float) -> None:
    economy = calibrate(build_world(seed=seed, **kind))
    shock = shock_on(economy, seed, closure=closure, mobility=mobility)
    try:
        found = [solve(economy, shock, engine=engine) for engine in ("reference", "numpy", "jax")]
    except SolveError as refusal:
        assert "one way only" in str(refusal)  # noqa: PT017  no engine can balance such a country
        return
    assert gap(found[0], found[1]) <= AGREE
    assert gap(found[2], found[1]) <= 1e-11  # the same steps in another order of addition
    for each in found:
        assert max(np.abs(part).max() for part in audit(each).values()) <= 2 * TOLERANCE


@pytest.mark.parametrize("numeraire", ["C00", "C02"])
def test_engines_agree_on_deficits_fixed_in_a_wage(numeraire: str) -> None:
    economy = calibrate(build_world(3, 2, 8))
    shock = shock_on(economy, 8, closure="fixed_nominal", numeraire=numeraire)
    found = [solve(economy, shock, engine=engine) for engine in ("reference", "numpy", "jax")]
    assert gap(found[0], found[1]) <= AGREE
    assert gap(found[2], found[1]) <= 1e-11
    wage = found[0].labour_income_hat[economy.index(numeraire)]
    np.testing.assert_allclose(found[0].deficit_new, economy.deficit * wage, rtol=1e-9)


def test_the_step_is_the_same_function_in_numpy_and_jax() -> None:
    import jax.numpy as jnp

    economy = calibrate(build_world(3, 2, 4))
    for mobility in (np.inf, 1.3):
        shock = shock_on(economy, 4, mobility=mobility).check(economy)
        problem = problem_of(economy, shock, Wedge.of(economy, shock).weights(economy, economy.trade_elasticity))
        vector = start_of(economy, problem)
        plain, error = step(problem, chord_of(economy, mobility), vector)
        other, other_error = step(problem, chord_of(economy, mobility), jnp.asarray(vector))
        np.testing.assert_allclose(plain, other, rtol=0, atol=1e-13)
        assert float(error) == pytest.approx(float(other_error), rel=1e-12)


def test_the_loop_reads_the_labelled_equations() -> None:
    """Prices, sales, revenue and incomes of the loop at an arbitrary point are those of T2, T3 and T5."""
    from foederis.trade import equations

    economy = calibrate(build_world(4, 3, 12, zero_flows=True))
    shock = shock_on(economy, 12).check(economy)
    problem = problem_of(economy, shock, Wedge.of(economy, shock).weights(economy, economy.trade_elasticity))
    rng = np.random.default_rng(0)
    vector = start_of(economy, problem) + 0.1 * rng.random(start_of(economy, problem).size)
    state = unpack(problem, vector)
    at = markets(problem, state)
    assert shock.tariff is not None
    tau = 1.0 + shock.tariff
    kappa, theta = tau / (1.0 + economy.tariff) * shock.iceberg_hat, economy.trade_elasticity
    cost = np.exp(state.log_cost).T
    price = equations.price_index(economy.trade_share, kappa, cost, theta)
    share = equations.trade_share(economy.trade_share, kappa, cost, price, theta)
    np.testing.assert_allclose(np.exp(at.log_price).T, price, rtol=1e-12)
    np.testing.assert_allclose(at.output.T, equations.output(share, tau, at.expenditure.T), rtol=1e-12)
    np.testing.assert_allclose(at.revenue, equations.tariff_revenue(share, tau, at.expenditure.T), rtol=1e-9)


@pytest.mark.parametrize("mobility", MOBILITIES)
def test_prohibitive_tariffs_have_an_answer(mobility: float) -> None:
    """Tariffs of 2,000 % on everything: near autarky, for any mobility."""
    economy = calibrate(build_world(4, 3, 21))
    tariff = np.full_like(economy.tariff, 20.0)
    home = np.arange(4)
    tariff[home, home] = 0.0
    found = solve(economy, Shock(tariff=tariff, closure="purged", mobility=mobility))
    assert np.all(found.welfare_hat < 1.0)
    assert max(found.residuals.values()) <= TOLERANCE


def test_a_cell_can_be_cut_off_and_flows_elsewhere() -> None:
    economy = calibrate(build_world(4, 3, 2))
    iceberg = np.ones_like(economy.tariff)
    iceberg[0, 1, :] = iceberg[1, 0, :] = np.inf
    for engine in ("reference", "numpy", "jax"):
        found = solve(economy, Shock(iceberg_hat=iceberg), engine=engine)
        assert found.flow_new[0, 1].sum() == 0.0
        assert found.flow_new[1, 0].sum() == 0.0
        assert found.flow_new[0, 2:].sum() > economy.flow[0, 2:].sum()


def test_the_limit_of_growing_costs_is_the_cut() -> None:
    economy = purge(calibrate(build_world(3, 2, 6)))
    home = np.arange(3)
    gaps = []
    for cost in (1e2, 1e4, np.inf):
        iceberg = np.full_like(economy.tariff, cost)
        iceberg[home, home] = 1.0
        gaps.append(solve(economy, Shock(iceberg_hat=iceberg)).welfare_hat)
    assert np.abs(gaps[1] - gaps[2]).max() < np.abs(gaps[0] - gaps[2]).max() < 1e-2
    assert np.abs(gaps[1] - gaps[2]).max() < 1e-5


def test_the_search_goes_in_steps_where_the_direct_way_fails() -> None:
    """A country that only exports, and hardly mobile labour: new chords at the best point do not help."""
    economy, shock = _hard_case()
    found = solve(economy, shock)
    assert found.passes > CHORD_PASSES
    assert gap(found, solve(economy, shock, engine="reference")) <= AGREE


def _hard_case() -> tuple[Economy, Shock]:
    flow = np.array([[713.6, 15.5, 2.8, 6.0], [0, 1568.9, 0, 29.2], [8.4, 0, 147.4, 10.9], [0, 0, 0, 209.6]])
    share = flow / flow.sum(axis=1, keepdims=True)
    output, spending = flow.sum(axis=0), flow.sum(axis=1)
    economy = Economy(
        countries=("A", "B", "C", "D"),
        sectors=("x",),
        trade_share=share[:, :, None],
        tariff=np.zeros((4, 4, 1)),
        input_share=np.zeros((4, 1, 1)),
        value_added_share=np.ones((4, 1)),
        final_share=np.ones((4, 1)),
        value_added=output,
        deficit=spending - output,
        trade_elasticity=np.array([7.7]),
        expenditure=spending[:, None],
    )
    iceberg = np.array([[1, 1.4, 0.9, 1.4], [1.1, 1, 1.2, 1.6], [0.9, 1.1, 1, 1.5], [1.4, 1.25, 0.88, 1]])
    return economy, Shock(iceberg_hat=iceberg[:, :, None], mobility=1.5, closure="fixed_nominal")


def test_between_runs_from_the_base_year_to_the_shock() -> None:
    economy = calibrate(build_world(3, 2, 1, zero_flows=True))
    shock = replace(shock_on(economy, 1), iceberg_hat=None).check(economy)
    weight = Wedge.of(economy, shock).weights(economy, economy.trade_elasticity)
    problem = problem_of(economy, shock, weight)
    base = replace(problem, weight=layout(economy)["weight"])
    np.testing.assert_allclose(between(base, problem, 0.0).weight, base.weight, rtol=1e-15)
    np.testing.assert_allclose(between(base, problem, 1.0).weight, weight, rtol=1e-14)
    halfway = between(base, problem, 0.5).weight
    np.testing.assert_allclose(halfway**2, base.weight * weight, rtol=1e-12)


def test_an_impossible_tolerance_is_refused_with_the_residuals() -> None:
    economy = calibrate(build_world(3, 2, 7))
    for engine in ("reference", "numpy", "jax"):
        with pytest.raises(SolveError, match=r"no equilibrium found in \d+ passes: .* \(tolerance 1e-19\)") as refusal:
            solve(economy, shock_on(economy, 7), engine=engine, tolerance=1e-19)
        assert refusal.value.exit_code == 5
        assert refusal.value.residuals["price"] < 1e-9
        market, place = refusal.value.where.split(": ")
        assert market in refusal.value.residuals
        assert place.split(",")[0] in economy.countries


def test_bad_shocks_are_named() -> None:
    economy = calibrate(build_world(3, 2, 7))
    nan, low, negative = (np.array(economy.tariff) for _ in range(3))
    nan[0, 1, 0], low[0, 1, 0], negative[...] = np.nan, -1.0, -0.5
    bad = {
        "tariff holds NaN": Shock(tariff=nan),
        "above -100 %": Shock(tariff=low),
        "must be positive": Shock(iceberg_hat=negative),
        r"tariff has shape \(2,\)": Shock(tariff=np.zeros(2)),
        "mobility 0.5 is below 1": Shock(mobility=0.5),
        "mobility nan": Shock(mobility=float("nan")),
        "closure 'open'": Shock(closure="open"),  # type: ignore[arg-type]
        "country 'XYZ'": Shock(closure="fixed_nominal", numeraire="XYZ"),
        "elasticities must be finite": Shock(trade_elasticity=np.array([1.0, np.inf])),
        "transfers sum to": Shock(transfer=np.array([1.0, 1.0, 1.0])),
    }
    for message, shock in bad.items():
        with pytest.raises(DataError, match=message):
            solve(economy, shock)
    with pytest.raises(UsageError, match="unknown engine 'fortran'"):
        solve(economy, engine="fortran")  # type: ignore[arg-type]


def test_a_warm_start_is_quicker_and_ends_at_the_same_point() -> None:
    economy = calibrate(build_world(4, 3, 9))
    shock = shock_on(economy, 9, mobility=2.0)
    cold = solve(economy, shock)
    warm = solve(economy, shock, start=cold)
    assert warm.passes == 1
    assert gap(cold, warm) <= 1e-12
    near = solve(economy, replace(shock, tariff=1.01 * np.asarray(shock.tariff)), start=cold)
    assert near.passes < cold.passes
    with pytest.raises(DataError, match="other countries or sectors"):
        solve(calibrate(build_world(3, 2, 9)), start=cold)


def test_a_start_is_the_state_it_came_from() -> None:
    economy = calibrate(build_world(3, 2, 3))
    found = solve(economy, shock_on(economy, 3, mobility=1.4))
    problem = problem_of(economy, found.shock, layout(economy)["weight"])
    state = unpack(problem, state_vector(found, economy, found.shock.mobility))
    np.testing.assert_allclose(np.exp(state.log_cost).T, found.cost_hat, rtol=1e-14)
    assert state.log_wage is not None
    np.testing.assert_allclose(np.exp(state.log_income + state.log_wage).T, found.wage_hat, rtol=1e-14)


def test_many_solves_give_the_bits_of_single_ones_whatever_the_grouping() -> None:
    economy = calibrate(build_world(4, 3, 13))
    shock = shock_on(economy, 13)
    rng = np.random.default_rng(0)
    draws = economy.trade_elasticity * np.exp(0.3 * rng.normal(size=(6, 1)))
    for closure in CLOSURES:
        shock = replace(shock, closure=closure)
        together = list(solve_many(economy, shock, trade_elasticity=draws, measure=_bits))
        apart = [next(solve_many(economy, shock, trade_elasticity=[draw], measure=_bits)) for draw in draws[::-1]]
        single = [_bits(solve(economy, replace(shock, trade_elasticity=draw))) for draw in draws]
        assert together == apart[::-1] == single
        fresh = calibrate(build_world(4, 3, 13))
        assert _bits(solve(fresh, replace(shock, trade_elasticity=draws[2]))) == together[2]


def _bits(found: Equilibrium) -> bytes:
    return found.welfare_hat.tobytes() + found.output_new.tobytes()


def test_many_shocks_come_in_order_and_a_refusal_names_its_member() -> None:
    economy = calibrate(build_world(3, 2, 14))
    shocks = [Shock(), shock_on(economy, 14), Shock(mobility=1.5)]
    found = list(solve_many(economy, shocks))
    assert [each.passes == 1 for each in found] == [True, False, True]
    assert gap(found[1], solve(economy, shocks[1])) == 0.0
    with pytest.raises(SolveError, match="member 1: no supplier of S00"):
        list(solve_many(economy, [Shock(), Shock(iceberg_hat=np.full_like(economy.tariff, np.inf))]))
    with pytest.raises(UsageError, match="one shock"):
        list(solve_many(economy, shocks, trade_elasticity=[economy.trade_elasticity]))


def test_a_rebased_economy_starts_where_the_shock_ended() -> None:
    """Two shocks in a row are one: the base year moves, the end does not."""
    economy = calibrate(build_world(4, 2, 15))
    first, last = shock_on(economy, 15), shock_on(economy, 16)
    assert first.iceberg_hat is not None
    assert last.iceberg_hat is not None
    middle = solve(economy, replace(first, closure="fixed_nominal"), tolerance=1e-12)
    onward = Shock(tariff=last.tariff, iceberg_hat=last.iceberg_hat / first.iceberg_hat, closure="fixed_nominal")
    end = solve(rebase(middle), onward, tolerance=1e-12)
    direct = solve(economy, replace(last, closure="fixed_nominal"), tolerance=1e-12)
    np.testing.assert_allclose(middle.welfare_hat * end.welfare_hat, direct.welfare_hat, rtol=1e-10)
    np.testing.assert_allclose(end.flow_new, direct.flow_new, rtol=1e-8, atol=1e-9 * economy.value_added.sum())


def test_what_is_kept_stays_with_the_economy() -> None:
    economy = calibrate(build_world(3, 2, 17))
    assert not economy.kept
    solve(economy, shock_on(economy, 17, closure="purged"))
    assert economy.kept["purged"] is purge(economy)
    draw = 1.1 * economy.trade_elasticity
    assert purge(economy, draw) is not purge(economy)
    assert set(economy.kept) == {"layout", "chords", "purging", "purged"}
    assert np.abs(purge(economy).deficit).max() <= 1e-12 * economy.value_added.sum()


def test_a_solve_loads_neither_jax_nor_xarray() -> None:
    code = (
        "import sys; from foederis.trade import solve, solve_many, purge, Shock, Economy, calibrate;"
        "print([m for m in ('jax', 'xarray', 'pandas') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_search_has_an_end() -> None:
    """Passes are bounded whatever the input: the direct way, the new chords, the steps."""
    from foederis.trade.search import MOST_STEPS

    economy = calibrate(build_world(3, 2, 7))
    with pytest.raises(SolveError) as refusal:
        solve(economy, shock_on(economy, 7), tolerance=1e-19)
    passes = int(str(refusal.value).split("found in ")[1].split()[0])
    assert passes <= 2 * CHORD_PASSES * (1 + NEW_CHORDS + MOST_STEPS)
