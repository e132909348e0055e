"""Simulation-based calibration: ranks that must pass, ranks that must be refused, and blocks that are mis-stated.

Fits are few in the normal run: enough for a mis-stated block to be refused, not for a fine fault. docs/ranks.md has the
larger run (tools/make_ranks_page.py).
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from foederis import (
    calibrate_check,
    calibrate_simulate,
    numerics_jax,  # noqa: F401  (64-bit numbers before JAX traces anything)
)
from foederis import calibrate_trade as trade
from foederis import calibrate_trust as trust
from foederis.calibrate_check import ALPHA, KEPT, Ranks, check, p_value
from foederis.errors import SolveError, UsageError
from foederis.priors import Parameter

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
nightly = pytest.mark.skipif(not NIGHTLY, reason="half a minute and more: nightly")
FEW, MORE = 8, 48  # fits in the normal run and at night


def places(rng, fits):
    return rng.integers(0, KEPT + 1, size=fits)


def test_even_ranks_are_refused_as_often_as_promised():
    """Over 2,000 sets of even ranks, at most as many p values below 5 % as doubling the smaller of two allows."""
    rng = np.random.default_rng(0)
    p = np.array([p_value(places(rng, 32), KEPT) for _ in range(2_000)])
    assert 0.02 < (p < 0.05).mean() < 0.065


@pytest.mark.parametrize(
    ("bent", "told"),
    [
        (lambda u: u**2, "one side"),
        (lambda u: 1 - (1 - u) ** 2, "one side"),
        (lambda u: 0.5 + 0.5 * np.sign(u - 0.5) * np.abs(2 * u - 1) ** 0.4, "too narrow"),
        (lambda u: 0.5 + 0.5 * np.sign(u - 0.5) * np.abs(2 * u - 1) ** 2.5, "too wide"),
    ],
)
def test_uneven_ranks_are_refused(bent, told):
    u = bent(np.random.default_rng(1).uniform(size=128))
    ranks = np.minimum((u * (KEPT + 1)).astype(int), KEPT)
    found = Ranks("x", {"x": ranks, "y": places(np.random.default_rng(2), 128)}, KEPT)
    assert found.smallest[0] == "x"
    assert not found.even
    assert "intervals of x" in found.verdict
    assert told in found.verdict


def test_one_number_among_many_must_be_worse_to_be_refused():
    ranks = {f"n{k}": places(np.random.default_rng(k), 64) for k in range(40)}
    found = Ranks("x", ranks, KEPT)
    assert found.even
    assert found.smallest[1] == min(found.p_values.values()) < 0.1
    assert found.fits == 64
    assert found.smallest[1] > ALPHA / 40


def test_truths_follow_their_priors():
    plan = calibrate_simulate.design("hedging")
    drawn = [calibrate_simulate.truths(plan.priors, np.random.default_rng(k))["b_d"] for k in range(400)]
    assert np.mean(drawn) == pytest.approx(0.0, abs=0.03)
    assert np.std(drawn) == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("block", list(calibrate_simulate.BLOCKS))
def test_designs_repeat_and_let_every_coefficient_see_data(block):
    plan = calibrate_simulate.design(block)
    truth = calibrate_simulate.truths(plan.priors, np.random.default_rng(3))
    one, two = (plan.simulate(truth, np.random.default_rng(4)) for _ in range(2))
    for name, values in one.items():
        np.testing.assert_array_equal(values, two[name])
        assert values.shape == getattr(plan.panel, name).shape
        assert np.isfinite(values).all()
    x = getattr(plan.panel, "x", None)
    if x is not None:
        assert (np.asarray(x).reshape(-1, x.shape[-1]).std(axis=0) > 0)[block == "coercion" :].all()


def test_the_design_of_trust_tells_some_presidents_one_by_one_and_some_not():
    panel = calibrate_simulate.design("trust").panel
    assert trust.polled(panel).tolist() == [False, True, True]
    assert panel.gap.max() > 1
    assert set(panel.measure) == {trust.PEW_FAVOURABLE, trust.PEW_CONFIDENCE, 2}


@pytest.mark.parametrize(("block", "fits"), [("hedging", 4), ("coercion", FEW)])
def test_few_ranks_are_even(block, fits):
    assert check(block, fits).even


def test_trade_ranks_are_even_and_with_the_usual_sandwich_they_are_not(monkeypatch):
    """A fault mended: standard errors that do not leave clusters out were too narrow."""
    assert check("trade", 16).even
    monkeypatch.setattr(trade, "LEFT_OUT_ONCE", 0)
    narrow = check("trade", 256)
    assert not narrow.even
    assert "too narrow" in narrow.verdict


def _prior(name, family, *args):
    return Parameter(name, name, family, args, "E", "A", "test", name, "mis-stated on purpose", "")


def test_a_mis_stated_prior_is_refused():
    plan = calibrate_simulate.design("coercion")
    wrong = {**plan.priors, "carried_out.level": _prior("carried_out.level", "normal", 3.0, 0.3)}
    found = check(replace(plan, priors=wrong), FEW)
    assert not found.even
    assert found.smallest[0] == "carried_out.level"


def test_a_mis_stated_likelihood_is_refused():
    """Budgets that answer to threat with the other sign than the model has it."""
    plan = calibrate_simulate.design("hedging")
    threat = np.array([-1.0, 1.0, 1.0, 1.0])
    other = replace(plan.panel, x=plan.panel.x * threat)
    sharp = {"Phi": _prior("Phi", "uniform", 0.3, 0.5), "b_Z": _prior("b_Z", "uniform", 0.9, 1.1)}
    small = {
        "scale": _prior("scale", "uniform", 0.01, 0.02),
        "year_spread": _prior("year_spread", "uniform", 0.0, 0.01),
    }

    def answer(truth, rng):
        return calibrate_simulate._budgets(other, truth, rng)

    found = check(replace(plan, priors={**plan.priors, **sharp, **small}, simulate=answer), 4)
    assert not found.even
    assert found.ranks["b_Z"].min() == KEPT  # every truth far above its draws


@pytest.mark.slow
@nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("block", list(calibrate_simulate.BLOCKS))
def test_ranks_are_even(block):
    found = check(block, MORE)
    assert found.even, found.smallest
    assert found.refused <= MORE // 4


def test_too_few_fits_and_unknown_blocks_are_named():
    with pytest.raises(UsageError, match="two fits or more"):
        check("hedging", 1)
    with pytest.raises(UsageError, match="no design of 'polls'"):
        check("polls", 4)


def test_chains_that_never_agree_are_refused_not_ranked(monkeypatch):
    monkeypatch.setattr(calibrate_check, "LARGEST_RHAT", 0.0)
    monkeypatch.setattr(calibrate_check, "LONGEST", 1)
    with pytest.raises(SolveError, match="every fit of coercion was refused"):
        check("coercion", 2)
