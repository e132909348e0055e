"""Bystanders: the equations, the switches, channels that sum, and the rows of the essay that turn on them."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import priors, region, region_data

DRAWS, COUNTRIES = 40, 5
OWN, WATCHING, PULL, COURTED, COERCED, REST = range(6)
Arrays = dict[str, np.ndarray]


def parameters(draws: int = DRAWS, seed: int = 7, **fixed: float) -> Arrays:
    p = priors.draw(seed, range(draws))
    return p | {name: np.full(draws, value) for name, value in fixed.items()}


def setting(countries: int = COUNTRIES) -> region.Setting:
    rng = np.random.default_rng(1)
    numbers = (np.asarray(x) for x in (0.2, 0.25, 10.0, 0.1))
    return region.Setting(rng.uniform(0, 2, countries), rng.uniform(0.2, 3, countries), np.ones(countries), *numbers)


def quarter(draws: int = DRAWS, countries: int = COUNTRIES, **given_: object) -> region.Inputs:
    """A quarter in which nothing happens, but for what is given."""
    zero = np.zeros((draws, countries))
    values: dict[str, object] = {f.name: zero for f in fields(region.Inputs)}
    values |= {"coercion": np.zeros(countries), "turnover": np.asarray(0.0), "fresh_belief": np.full(draws, 2.0)}
    values |= {"observed": zero + 0.5, "known": np.zeros(countries)}
    return region.Inputs(**(values | given_))  # type: ignore[arg-type]


def begin(p: Arrays, share: np.ndarray | float = 0.6, countries: int = COUNTRIES) -> region.State:
    draws = len(p["beta_C"])
    start = np.broadcast_to(share, (draws, countries)) + 0.0
    return region.initial(start, np.full(draws, 2.5), np.zeros(countries), setting(countries), p)


def run(p: Arrays, quarters: list[region.Inputs], **off: bool) -> region.Trace:
    """The last quarter of a run from shares of 0.6."""
    state = begin(p)
    for inputs in quarters:
        state, trace = region.step(state, inputs, p, setting(), {**region.ALL_ON, **off})
    return trace


@pytest.mark.eq("R1")
def test_each_regressor_moves_utility_by_its_beta() -> None:
    p = parameters()
    names = ("alpha", "pull", "treatment", "trust", "k", "z", "shock")
    loads = {"pull": "beta_E", "treatment": "beta_own", "trust": "beta_S", "k": "beta_C", "z": "beta_z"}
    rng = np.random.default_rng(2)
    x = {name: rng.normal(size=(DRAWS, COUNTRIES)) for name in names}
    base = region.alignment_utility(**x, p=p)
    for name in names:
        moved = region.alignment_utility(**(x | {name: x[name] + 1.0}), p=p) - base
        slope = np.ones(DRAWS) if name not in loads else p[loads[name]] * (-1.0 if name == "k" else 1.0)
        np.testing.assert_allclose(moved, np.tile(slope[:, None], (1, COUNTRIES)), atol=1e-12)


@pytest.mark.eq("R2")
def test_shares_are_logit_and_sum_to_one_with_the_other_side() -> None:
    u, sigma = np.linspace(-800, 800, 33)[None, :], np.full(33, 1.7)
    P = region.alignment_share(u, sigma)
    assert ((P >= 0) & (P <= 1)).all()
    np.testing.assert_allclose(P + region.alignment_share(-u, sigma), 1.0, atol=1e-15)
    inner = np.abs(u) < 30
    np.testing.assert_allclose(np.log(P[inner] / (1 - P[inner])), u[inner] / 1.7, rtol=1e-6, atol=1e-12)


@pytest.mark.eq("R3")
def test_learning_adds_own_acts_and_weighs_those_on_the_ally() -> None:
    p = parameters()
    omega = region.watching_weight(p["omega_0"], np.array([0.0, 1.0, 3.0]))
    np.testing.assert_allclose(omega[:, 0], p["omega_0"])
    np.testing.assert_allclose(omega[:, 1] / omega[:, 2], np.exp(2.0))
    zero = np.zeros((DRAWS, 3))
    own, seen = region.learn(zero + 1.0, zero - 1.0, zero - 2.0, zero - 4.0, omega)
    np.testing.assert_array_equal(own, zero - 1.0)
    np.testing.assert_allclose(seen, -1.0 - 4.0 * omega)


def test_an_act_on_everyone_is_learnt_from_once() -> None:
    """Acts: on the ally only, on all, on the second bystander only."""
    seen = np.zeros((1, 3, 3))
    seen[0, 0, 0] = seen[0, :, 1] = seen[0, 2, 2] = 1.0
    found = region.watched(seen, 0, np.array([1, 2]))
    np.testing.assert_array_equal(found, [[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]])


@pytest.mark.eq("R4")
def test_courtship_is_the_first_order_condition_and_never_negative() -> None:
    """k* maximises v P_C(k) - c k^2 / 2 where P_C moves with k at the slope of the current share."""
    v, cost, sigma, beta = np.array([1.0, 2.0, 1.0]), np.asarray(0.3), np.ones(3), np.array([[0.8]])
    P = np.array([[0.5, 0.5, 0.9]])
    k = region.courtship(P, v, cost, beta, sigma)
    grid = np.linspace(0, 3, 3001)
    for i in range(3):
        worth = v[i] * beta[0, 0] * P[0, i] * (1 - P[0, i]) / sigma[i] * grid - 0.5 * cost * grid**2
        assert k[0, i] == pytest.approx(grid[worth.argmax()], abs=1e-3)
    assert (region.courtship(P, v, cost, -beta, sigma) == 0.0).all()
    swing = np.linspace(0.02, 0.98, 49)[None, :]
    best = region.courtship(swing, np.ones(49), cost, beta, np.ones(49))
    assert swing[0, best[0].argmax()] == pytest.approx(0.5)


def busy(rng: np.random.Generator, draws: int, countries: int, size: float) -> region.Inputs:
    def noise() -> np.ndarray:
        return size * rng.normal(size=(draws, countries))

    return quarter(
        draws, countries, treatment=10.0 * noise(), own_signal=noise(), ally_signal=noise(), pull=noise(),
        shock=noise(),
        coercion=(rng.random(countries) < 0.3) * 1.0, turnover=np.asarray(float(rng.random() < 0.2)),
        observed=rng.uniform(0.02, 0.98, (draws, countries)), known=(rng.random(countries) < 0.2) * 1.0,
    )  # fmt: skip


@given(seed=st.integers(0, 2**31 - 1), size=st.floats(0.0, 5.0), share=st.floats(0.01, 0.99))
def test_shares_stay_between_bounds_and_channels_sum_to_the_change(seed: int, size: float, share: float) -> None:
    rng = np.random.default_rng(seed)
    p = parameters(12, seed)
    state = begin(p, share)
    for _ in range(6):
        inputs = busy(rng, 12, COUNTRIES, size)
        state, trace = region.step(state, inputs, p, setting())
        assert np.isfinite(trace.channels).all()
        assert ((trace.share >= 0) & (trace.share <= 1)).all()
        assert (trace.courtship >= 0).all()
        np.testing.assert_allclose(trace.channels.sum(axis=-1), trace.change, atol=1e-9)
        asked = inputs.known > 0
        np.testing.assert_allclose(trace.share[:, asked], inputs.observed[:, asked], atol=1e-9)


def test_a_quarter_in_which_nothing_happens_changes_nothing() -> None:
    trace = run(parameters(), [quarter()] * 8)
    np.testing.assert_allclose(trace.change, 0.0, atol=1e-12)
    np.testing.assert_allclose(trace.channels, 0.0, atol=1e-12)


def test_row_32_without_watching_the_ally_treatment_changes_nothing_for_others() -> None:
    """Both ways of switching it off; and with it on, a bad act on the ally lowers trust everywhere, less far away."""
    hit = [quarter(ally_signal=np.full((DRAWS, COUNTRIES), -3.0))] * 4
    calm = [quarter()] * 4
    for p, off in ((parameters(omega_0=0.0), {}), (parameters(), {"watching": False})):
        for f in fields(region.Trace):
            np.testing.assert_array_equal(getattr(run(p, hit, **off), f.name), getattr(run(p, calm, **off), f.name))
    p = parameters(r_P=0.8, r_X0=0.5)
    learnt, before = run(p, hit), run(p, calm)
    seeing = p["omega_0"] > 0.02
    assert (learnt.reliability < before.reliability)[seeing].all()
    fall = (before.reliability - learnt.reliability)[seeing].mean(axis=0)
    assert fall[setting().distance.argmin()] == fall.max()
    np.testing.assert_array_equal(learnt.channels[..., OWN], 0.0)
    assert np.abs(learnt.channels[..., WATCHING]).max() > 0.01


def test_own_treatment_stands_apart_from_watching() -> None:
    hit = [quarter(own_signal=np.full((DRAWS, COUNTRIES), -2.0), treatment=np.full((DRAWS, COUNTRIES), -20.0))]
    p = parameters(beta_own=0.5, beta_S=0.5, r_P=0.8, r_X0=0.5)
    trace = run(p, hit)
    assert (trace.channels[..., OWN] < 0).all()
    np.testing.assert_array_equal(trace.channels[..., WATCHING], 0.0)
    off = run(p, hit, own_treatment=False)
    np.testing.assert_allclose(off.change, 0.0, atol=1e-12)


def test_a_turnover_starts_learning_afresh() -> None:
    hit = quarter(own_signal=np.full((DRAWS, COUNTRIES), -4.0), ally_signal=np.full((DRAWS, COUNTRIES), -4.0))
    p = parameters()
    trace = run(p, [hit, quarter(turnover=np.asarray(1.0), fresh_belief=np.full(DRAWS, 2.5))])
    np.testing.assert_allclose(trace.reliability, begin_reliability(p), atol=1e-12)
    np.testing.assert_allclose(trace.channels[..., [OWN, WATCHING]], 0.0, atol=1e-12)


def begin_reliability(p: Arrays) -> np.ndarray:
    return region.reliability(np.full((DRAWS, COUNTRIES), 2.5), p)


def test_region_off_keeps_shares_and_china_off_freezes_the_rival() -> None:
    rng = np.random.default_rng(5)
    p = parameters()
    quarters = [replace(busy(rng, DRAWS, COUNTRIES, 1.0), known=np.zeros(COUNTRIES)) for _ in range(5)]
    still = run(p, quarters, region=False)
    np.testing.assert_array_equal(still.share, 0.6)
    np.testing.assert_array_equal(still.channels, 0.0)
    calm = run(p, quarters, china=False)
    np.testing.assert_array_equal(calm.channels[..., [COURTED, COERCED]], 0.0)
    np.testing.assert_array_equal(calm.courtship, begin(p).courtship)
    assert np.abs(run(p, quarters).channels[..., COURTED]).max() > 0


def test_a_paired_run_that_takes_the_innovations_does_not_fit_the_survey_twice() -> None:
    """The survey settles the remainder in the run of the record; in the paired run what was not done stays undone."""
    p = parameters(beta_own=0.6)
    asked = quarter(observed=np.full((DRAWS, COUNTRIES), 0.4), known=np.ones(COUNTRIES))
    act = quarter(treatment=np.full((DRAWS, COUNTRIES), -10.0))
    recorded = run(p, [act, replace(asked, treatment=act.treatment)])
    np.testing.assert_allclose(recorded.share, 0.4, atol=1e-12)
    without = run(p, [quarter(), quarter(shock=recorded.innovation)])
    assert (without.share > recorded.share).all()


@pytest.mark.parametrize("off", [{}, {"region": False}, {"watching": False}, {"china": False}])
def test_numpy_and_jax_agree_and_the_step_scans(off: dict[str, bool]) -> None:
    jax = pytest.importorskip("jax")
    import foederis.numerics_jax  # noqa: F401  (64 bits)

    region.register()
    rng = np.random.default_rng(3)
    p, switches = parameters(), {**region.ALL_ON, **off}
    quarters = [busy(rng, DRAWS, COUNTRIES, 1.0) for _ in range(6)]
    state, expected = begin(p), []
    for inputs in quarters:
        state, trace = region.step(state, inputs, p, setting(), switches)
        expected.append(trace)
    stacked = jax.tree_util.tree_map(lambda *x: jax.numpy.stack(x), *quarters)
    on_device = jax.tree_util.tree_map(jax.numpy.asarray, (begin(p), p, setting()))

    def body(carry: region.State, inputs: region.Inputs) -> tuple[region.State, region.Trace]:
        return region.step(carry, inputs, on_device[1], on_device[2], switches)

    last, found = jax.jit(lambda s, x: jax.lax.scan(body, s, x))(on_device[0], stacked)
    for f in fields(region.Trace):
        direct = np.stack([getattr(trace, f.name) for trace in expected])
        np.testing.assert_allclose(getattr(found, f.name), direct, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(last.remainder, state.remainder, rtol=1e-9, atol=1e-11)


def run_record(draws: int, until: float, **inputs: np.ndarray) -> list[region.Trace]:
    """The shipped file from 2017 with its surveys, and no act unless given."""
    record = region_data.load()
    years = np.arange(2017.0, until, 0.25)
    p = parameters(draws)
    paths = record.paths(years, range(draws), 7)
    state = region.initial(paths.start, np.full(draws, 2.5), paths.coercion[0], record.setting(), p)
    traces = []
    for t in range(len(years)):
        now = quarter(draws, 14, observed=paths.observed[t], known=paths.known[t], coercion=paths.coercion[t], **inputs)
        state, trace = region.step(state, now, p, record.setting())
        traces.append(trace)
    return traces


def test_row_33_the_fall_of_2024_is_not_laid_to_tariffs() -> None:
    """No act lies in the window: the survey's fall is reproduced, and none of it is treatment, own or watched."""
    traces = run_record(60, 2024.5)
    before, after = traces[24], traces[28]  # first quarters of 2023 and 2024
    record = region_data.load()
    asked = [record.bystanders.index(code) for code in ("IDN", "MYS", "THA")]
    fall = np.median(after.share - before.share, axis=0)[asked]
    assert (fall < -0.05).all()
    moved = after.channels - before.channels
    np.testing.assert_array_equal(moved[..., [OWN, WATCHING, PULL]], 0.0)
    explained = moved[:, asked][..., REST] / (after.share - before.share)[:, asked]
    assert np.median(explained) > 0.9
    total = {row["quarter"]: row["share"] for row in record.rows("aggregate")}
    assert total["2024-Q1"] - total["2023-Q1"] == pytest.approx(-0.116, abs=1e-9)


def test_row_34_courtship_goes_to_swing_states_and_the_ally_gets_sticks() -> None:
    """Per unit of value to the rival; at the shares of 2024, with the ally on the axis too."""
    record = region_data.load()
    codes = ("JPN", *record.bystanders)
    shares = {code: record.share(code, 2024.5) for code in codes}
    P = np.array([[shares[code] for code in codes]])
    now = record.setting(codes, 2024.5)
    k = region.courtship(P, now.value, now.cost, np.array([[1.0]]), now.sigma)[0]
    per_value = dict(zip(codes, k / now.value, strict=True))
    nearest = sorted(codes, key=lambda code: abs(shares[code] - 0.5))
    assert sorted(codes, key=lambda code: -per_value[code]) == nearest
    swing = [code for code in codes if 0.35 < shares[code] < 0.65]
    assert {"THA", "SGP"} <= set(swing)
    assert per_value["JPN"] < min(per_value[code] for code in swing) * 0.6
    years = np.arange(2025.0, 2026.5, 0.25)
    sticks = dict(zip(codes, record.coercion(years, codes).T, strict=True))
    assert sticks["JPN"][3] == sticks["JPN"][4] == 1.0  # from the last quarter of 2025
    assert not any(sticks[code].any() for code in swing)


def test_without_value_the_ally_is_not_courted_first_but_with_it_the_condition_says_it_is() -> None:
    """What the first-order condition cannot say: with capability as value the ally comes first. Kept in view."""
    record = region_data.load()
    codes = ("JPN", *record.bystanders)
    P = np.array([[record.share(code, 2024.5) for code in codes]])
    now = record.setting(codes, 2024.5)
    k = region.courtship(P, now.value, now.cost, np.array([[1.0]]), now.sigma)[0]
    assert codes[int(k.argmax())] == "JPN"
