"""The Liberation Day study: its model, its solver and its printed tables."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis.errors import DataError, SolveError
from foederis.published import liberation_day as study
from foederis.published import liberation_solver, liberation_tables
from foederis.published.liberation_model import LiberationEconomy, Parameters, labour_income, log_unit_cost
from foederis.published.liberation_solver import LiberationSolver
from foederis.published.rows import count


@pytest.fixture(scope="module")
def inputs():
    return study.read()


@pytest.fixture(scope="module")
def scenarios(inputs):
    return study.Scenarios(inputs)


@pytest.fixture(scope="module")
def rows(inputs, scenarios):
    return liberation_tables.compare(inputs, scenarios)


def test_no_row_misses_and_every_row_not_computed_has_a_reason(rows):
    assert count(rows) == {"match": 252, "miss": 0, "known": 1, "out of scope": 20}
    assert all(row.ours is not None for row in rows if row.status != "out of scope")
    assert all(len(row.out_of_scope) > 30 for row in rows if row.ours is None)


def test_tables_1_2_3_8_match_in_full_and_9_10_but_for_the_rows_named(rows):
    status = Counter((row.table, row.status) for row in rows)
    for table, size in {"1": 36, "2": 48, "3": 4, "8": 48, "9": 48, "10": 39}.items():
        assert status[table, "match"] == size
    assert {row.case for row in rows if row.table == "9" and row.status != "match"} == {"multiple sectors"}
    (odd,) = [row for row in rows if row.status == "known"]
    assert (odd.table, odd.unit, odd.outcome, odd.published) == ("10", "non-US", "welfare", -0.26)


def test_the_eaton_kortum_krugman_row_matches(rows):
    row = {r.outcome: r for r in rows if r.table == "9" and "Krugman" in r.case and r.unit == "USA"}
    assert len(row) == 6
    assert all(r.status == "match" for r in row.values())
    assert row["welfare"].published == 1.24


@pytest.mark.parametrize("name", ["no_retaliation", "optimal_retaliation"])
def test_all_194_economies_agree_with_the_published_files(scenarios, shared_data, name):
    scenario = {"no_retaliation": "ustr", "optimal_retaliation": "optimal retaliation"}[name]
    file = shared_data / "trade" / "targets" / "liberation_day" / f"published_by_country_{name}.csv"
    worst = study.largest_gap_by_country(scenarios.outcome(scenario), file)
    assert set(worst) == {"welfare", "deficit", "exports_gdp", "imports_gdp", "employment", "prices", "revenue"}
    assert max(gap for gap, _ in worst.values()) < 1e-5


def test_every_scenario_is_certified(scenarios):
    for name in scenarios.names:
        outcome = scenarios.outcome(name)
        assert set(outcome.residuals) == {"labour", "expenditure", "employment", "price", "numeraire"}
        assert max(outcome.residuals.values()) < 1e-10


def test_the_certificate_holds_when_written_out_anew(scenarios):
    """Equations (1) to (6) of the article, from the outcome's own numbers and not through the solver."""
    o = scenarios.outcome("ustr")
    e, p = o.economy, o.parameters
    phi = p.passthrough(e.nu)
    pull = e.lam * (1 + o.tariff) ** (-p.eps * phi[:, None]) * ((o.w / o.L**p.psi) ** -p.eps)[None, :]
    spending = e.E * o.E
    flow = pull / pull.sum(axis=1, keepdims=True) * spending[:, None] / (1 + o.tariff)
    np.testing.assert_allclose(flow, o.X, rtol=1e-12)
    income = e.Y * o.w * o.L
    np.testing.assert_allclose(((1 - e.nu)[:, None] * flow).sum(axis=0) + e.nu * flow.sum(axis=1), income, rtol=1e-9)
    revenue = (o.tariff * flow).sum(axis=1)
    np.testing.assert_allclose(revenue + income + e.T * income.sum() / e.Y.sum(), spending, rtol=1e-9)
    np.testing.assert_allclose((o.w / o.P / (1 - revenue / income)) ** p.kappa, o.L, rtol=1e-9)
    np.testing.assert_allclose((o.E / o.w) ** (1 - phi) * pull.sum(axis=1) ** (-1 / p.eps), o.P, rtol=1e-9)


def test_no_tariff_changes_nothing(scenarios):
    zero = np.zeros_like(scenarios.announced)
    for economy, numeraire in ((scenarios.base, "prices"), (scenarios.io, "wages"), (scenarios.ekk, "prices")):
        outcome = LiberationSolver(economy, Parameters(), numeraire).solve(zero)
        assert max(np.abs(x - 1).max() for x in (outcome.w, outcome.E, outcome.L, outcome.P)) < 1e-9


def small_economy(seed: int, n: int = 4) -> LiberationEconomy:
    rng = np.random.default_rng(seed)
    X = rng.lognormal(1.0, 0.6, (n, n))
    X[np.arange(n), np.arange(n)] *= 30.0
    nu = rng.uniform(0.0, 0.3, n)
    sales, market = labour_income(X, nu, 1.0)
    return LiberationEconomy(tuple("ABCD"[:n]), X, nu, sales + market, X.sum(axis=1) - sales - market)


@given(seed=st.integers(0, 10_000), rate=st.floats(0.0, 0.5))
def test_real_outcomes_do_not_depend_on_the_numeraire(seed, rate):
    economy = small_economy(seed)
    tariff = np.zeros((4, 4))
    tariff[0, 1:] = rate
    by = {unit: LiberationSolver(economy, Parameters(), unit).solve(tariff) for unit in ("prices", "wages")}
    np.testing.assert_allclose(by["prices"].L, by["wages"].L, rtol=1e-8)
    np.testing.assert_allclose(by["prices"].welfare_pct(), by["wages"].welfare_pct(), atol=1e-6)
    np.testing.assert_allclose(by["prices"].w / by["prices"].P, by["wages"].w / by["wages"].P, rtol=1e-8)


@given(seed=st.integers(0, 10_000))
def test_the_jacobian_is_the_derivative_of_the_system(seed):
    solver = LiberationSolver(small_economy(seed), Parameters())
    rng = np.random.default_rng(seed + 1)
    state, tariff = 0.1 * rng.standard_normal(16), 0.2 * rng.random((4, 4))
    np.fill_diagonal(tariff, 0.0)
    weight = solver._weight(tariff)

    def system(x):
        return solver._system(x, solver._point(x, weight, tariff))

    step = 1e-6
    numeric = np.array([(system(state + d) - system(state - d)) / (2 * step) for d in step * np.eye(16)]).T
    np.testing.assert_allclose(solver._jacobian(state, tariff), numeric, atol=1e-7)


def test_the_newton_fallback_finds_the_same_equilibrium(scenarios, monkeypatch):
    expected = scenarios.outcome("reciprocal")
    solver = LiberationSolver(scenarios.base, Parameters())
    monkeypatch.setattr(liberation_solver, "CHORD_PASSES", 1)
    found = solver.solve(expected.tariff)
    np.testing.assert_allclose(found.w, expected.w, rtol=1e-9)


def test_an_equilibrium_that_is_not_reached_is_refused_with_its_market(scenarios, monkeypatch):
    monkeypatch.setattr(liberation_solver, "CHORD_PASSES", 1)
    monkeypatch.setattr(liberation_solver, "NEWTON_STEPS", 1)
    with pytest.raises(SolveError, match="is off by") as refused:
        LiberationSolver(scenarios.base, Parameters()).solve(scenarios.announced)
    assert refused.value.where
    assert max(refused.value.residuals.values()) > 1e-10


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_a_bad_tariff_is_refused(scenarios, bad):
    tariff = scenarios.announced.copy()
    tariff[0, 1] = bad
    with pytest.raises(DataError, match="tariff"):
        LiberationSolver(scenarios.base, Parameters()).solve(tariff)
    with pytest.raises(DataError, match="tariff"):
        LiberationSolver(scenarios.base, Parameters()).solve(tariff[:3])


def test_economies_and_scenarios_that_are_not_there_are_refused(scenarios):
    with pytest.raises(DataError, match="no scenario 'typo'"):
        scenarios.outcome("typo")
    with pytest.raises(DataError, match="no country 'XXX'"):
        scenarios.base.index("XXX")
    with pytest.raises(DataError, match="do not match"):
        replace(scenarios.base, countries=("A",))
    with pytest.raises(DataError, match="no expenditure"):
        replace(scenarios.base, Y=np.zeros_like(scenarios.base.Y))


def test_without_intermediates_unit_cost_is_the_wage_over_scale():
    w, P, L = (np.array([x]) for x in (0.1, 0.7, 0.2))
    assert log_unit_cost(w, P, L, 1.0, 0.25) == pytest.approx(0.1 - 0.25 * 0.2)


def test_another_elasticity_turns_matches_into_misses(inputs, monkeypatch):
    """If the tables matched whatever the model did, they would show nothing."""
    monkeypatch.setattr(study, "Parameters", lambda **kw: Parameters(**{"eps": 4.2, **kw}))
    changed = liberation_tables.compare(inputs)
    assert count(changed)["miss"] > 100


def test_reading_and_solving_import_neither_jax_nor_pandas():
    code = (
        "import sys; from foederis.published import liberation_tables as t; t.compare();"
        "assert not {'jax', 'pandas', 'xarray'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
