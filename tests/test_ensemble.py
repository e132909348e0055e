"""Draws: fixed by seed and number, equal for any number of workers, read off exact solutions with a measured error."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import ensemble, ensemble_surface, scenario, simulation, world
from foederis.ensemble_surface import RANGE, Check, barycentric, nodes
from foederis.errors import SolveError, UsageError
from foederis.simulation import VARIABLES, Plan

SET = "LL"  # one set of moderate elasticities: a run of seconds


@pytest.fixture(scope="module")
def flat() -> Plan:
    """A flat US tariff with a surcharge on surplus countries, long run only."""
    return simulation.plan(
        scenario.load("ten-percent-linked"), scenario.load("us-japan-baseline"), world.load(), horizons=("long run",)
    )


@pytest.fixture(scope="module")
def interpolated(flat: Plan) -> ensemble.Draws:
    return ensemble.run_draws(flat, draws=60, seed=3, elasticities=SET, workers=1)


def test_interpolation_agrees_with_solving_every_draw(flat: Plan, interpolated: ensemble.Draws) -> None:
    exact = ensemble.run_draws(flat, draws=60, seed=3, elasticities=SET, workers=1, exact=True)
    assert exact.check is None
    assert interpolated.check is not None
    assert interpolated.check.worst < 0.05
    for name in VARIABLES:
        low, high = np.quantile(np.nan_to_num(exact.values[name]), [0.05, 0.95], axis=0)
        width = np.maximum((high - low) / 2, ensemble.LEAST_WIDTH)
        gap = np.nan_to_num(np.abs(interpolated.values[name] - exact.values[name]) / width)
        assert gap.max() < 0.05, name
        assert np.array_equal(np.isnan(interpolated.values[name]), np.isnan(exact.values[name])), name
    assert interpolated.equilibria < exact.equilibria * 2


def test_results_are_equal_to_the_bit_for_any_number_of_workers(flat: Plan, interpolated: ensemble.Draws) -> None:
    two = ensemble.run_draws(flat, draws=60, seed=3, elasticities=SET, workers=2)
    for name in VARIABLES:
        assert np.array_equal(interpolated.values[name], two.values[name], equal_nan=True), name
    assert two.check == interpolated.check


def test_a_surface_is_sharpened_until_its_check_holds(flat: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = ensemble._check, [0]

    def after(bad: int):
        def check(*given: object) -> Check:
            seen[0] += 1
            return Check(10, 0.2, "welfare") if seen[0] <= bad else real(*given)  # type: ignore[arg-type]

        return check

    def read(bad: int) -> ensemble_surface.Surface:
        seen[0] = 0
        monkeypatch.setattr(ensemble, "_check", after(bad))
        found = ensemble.run_draws(flat, draws=20, seed=3, elasticities=SET, workers=1)
        assert seen[0] == bad + 1
        assert found.check is not None
        assert found.check.good
        assert found.surface is not None
        return found.surface

    least = ensemble_surface.DEGREE["long run"] + 1
    for bad, logs, extra in ((0, False, 0), (1, True, 0), (2, False, 3), (3, True, 3)):
        surface = read(bad)
        (part,) = surface.patches.values()
        assert (surface.logs, len(part.at)) == (logs, least + extra)
    with pytest.raises(SolveError, match="choose exact solutions"):
        read(4)


def test_draws_do_not_change_when_more_are_added(flat: Plan, interpolated: ensemble.Draws) -> None:
    fewer = ensemble.run_draws(flat, draws=30, seed=3, elasticities=SET, workers=1)
    assert np.array_equal(fewer.trade_elasticity, interpolated.trade_elasticity[:30])
    assert np.array_equal(fewer.values["welfare"], interpolated.values["welfare"][:30])


def test_every_exact_solution_is_certified(interpolated: ensemble.Draws) -> None:
    assert set(interpolated.residuals) >= {"price", "expenditure", "labour", "trade_balance"}
    assert max(interpolated.residuals.values()) <= ensemble_surface.TOLERANCE


def test_the_prior_of_the_elasticities() -> None:
    table = world.load()
    drawn = [ensemble.draw_parameters(table, 11, k) for k in range(3000)]
    factor = np.array([p.log_factor for p in drawn])
    assert abs(factor.mean()) < 0.03
    assert factor.std() == pytest.approx(ensemble.SIGMA, rel=0.05)
    share = {name: np.mean([p.elasticity_set == name for p in drawn]) for name in ensemble.SETS}
    assert all(abs(s - 1 / len(ensemble.SETS)) < 0.03 for s in share.values())
    mobility = np.array([p.mobility for p in drawn])
    assert ensemble.MOBILITY[0] <= mobility.min() <= mobility.max() <= ensemble.MOBILITY[1]
    assert np.array_equal(
        ensemble.draw_parameters(table, 11, 7, "CP").trade_elasticity,
        table.elasticity_sets["CP"] * math.exp(drawn[7].log_factor),
    )


def test_senseless_numbers_of_draws_and_unknown_sets_are_refused(flat: Plan) -> None:
    with pytest.raises(UsageError, match="draws is 5"):
        ensemble.run_draws(flat, draws=5, seed=1)
    with pytest.raises(UsageError, match="no elasticity set 'XX'"):
        ensemble.run_draws(flat, draws=30, seed=1, elasticities="XX")


def test_a_surface_that_is_off_is_refused() -> None:
    with pytest.raises(SolveError, match="--exact"):
        Check(10, 0.06, "welfare").require()
    with pytest.raises(SolveError, match="--exact"):
        Check(10, float("nan"), "welfare").require()
    Check(10, 0.01, "welfare").require()


@given(st.integers(2, 12), st.integers(0, 2**31))
def test_interpolation_is_exact_for_polynomials(degree: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    poly = np.polynomial.Polynomial(rng.normal(size=degree + 1))
    at = nodes(degree)
    x = np.concatenate([rng.uniform(-RANGE, RANGE, 20), at])
    weight = barycentric(x, at)
    assert np.allclose(weight.sum(axis=1), 1.0)
    assert np.allclose(weight @ poly(at), poly(x), atol=1e-9 * (1 + np.abs(poly(x)).max()))


def test_variants_cover_every_set_and_closure(flat: Plan) -> None:
    found = ensemble.variants(flat)
    assert {v.name for v in found if v.kind == "closure"} == {"purged", "fixed_share", "fixed_nominal"}
    assert {v.name for v in found if v.kind == "elasticities"} == set(world.load().elasticity_sets)
    us = flat.world.country("USA")
    gains = [float(v.values["adds_welfare_usd_bn"][us]) for v in found]
    assert len(set(gains)) == len(gains) - 1  # the default set under the default closure stands in both lists
