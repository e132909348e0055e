"""Screening and variance shares against functions whose answer is known, and the sensitivity of a small run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import sobol_indices, uniform

from alliance_case import SET, cast, main_run, main_run_plan
from foederis import charts_sensitivity, charts_style, sensitivity, store, words
from foederis import simulation_parameters as parameters
from foederis.errors import DataError, UsageError
from foederis.sensitivity import Report
from foederis.sensitivity_indices import design, morris, shares, sobol, trajectories
from foederis.sensitivity_space import CHANCE, TRADE, Case, Space, variable
from foederis.sensitivity_switches import run_switches, signs
from foederis.simulation_alliance import Switches

ROOT = Path(__file__).resolve().parents[1]
ONE_BY_ONE = [[0], [1], [2]]


def ishigami(u: np.ndarray) -> np.ndarray:
    """Ishigami & Homma (1990) with a = 7, b = 0.1 on the unit cube."""
    x = np.pi * (2.0 * u - 1.0)
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


# The estimators


def test_shares_of_ishigami_are_the_analytic_ones() -> None:
    found = sobol(ishigami, ONE_BY_ONE, 3, samples=2048, seed=1)
    np.testing.assert_allclose(found.first, [0.3139, 0.4424, 0.0], atol=0.03)
    np.testing.assert_allclose(found.total, [0.5576, 0.4424, 0.2437], atol=0.03)
    for value, (low, high) in zip(found.total, found.total_interval, strict=True):
        assert low <= value <= high
        assert high - low < 0.12
    assert found.evaluations == 2048 * 5


def test_an_additive_function_has_its_exact_shares_and_no_joint_ones() -> None:
    weights = np.array([3.0, 2.0, 1.0])
    found = sobol(lambda u: u @ weights, ONE_BY_ONE, 3, samples=4096, seed=2)
    exact = weights**2 / (weights**2).sum()
    np.testing.assert_allclose(found.first, exact, atol=0.005)
    np.testing.assert_allclose(found.total, exact, atol=0.005)


def test_a_group_has_the_shares_of_what_is_in_it_jointly() -> None:
    """x0 x1 acts only jointly: apart it is nobody's alone, as a group it is all."""

    def product(u: np.ndarray) -> np.ndarray:
        return (u[:, 0] - 0.5) * (u[:, 1] - 0.5) + 0.0 * u[:, 2]

    apart = sobol(product, ONE_BY_ONE, 3, samples=1024, seed=3)
    together = sobol(product, [[0, 1], [2]], 3, samples=1024, seed=3)
    np.testing.assert_allclose(apart.first, 0.0, atol=0.05)
    np.testing.assert_allclose(apart.total, [1.0, 1.0, 0.0], atol=0.05)
    np.testing.assert_allclose(together.first, [1.0, 0.0], atol=0.05)
    np.testing.assert_allclose(together.total, [1.0, 0.0], atol=0.05)


def test_shares_agree_with_scipy_on_its_own_design() -> None:
    theirs = sobol_indices(func=lambda x: ishigami(x.T), n=1024, dists=[uniform()] * 3, rng=7)
    a, b, ab = theirs._f_A, theirs._f_B, theirs._f_AB
    first, total = shares(np.concatenate([a, b, ab[:, 0]]))
    np.testing.assert_allclose(first, np.ravel(theirs.first_order), atol=1e-9)
    np.testing.assert_allclose(total, np.ravel(theirs.total_order), atol=1e-9)


def test_ranks_are_blind_to_a_monotone_change_of_the_outcome() -> None:
    def plain(u: np.ndarray) -> np.ndarray:
        return u[:, 0] + 0.5 * u[:, 1] + 0.1 * u[:, 2]

    def bent(u: np.ndarray) -> np.ndarray:
        return np.exp(12.0 * plain(u))

    one = sobol(plain, ONE_BY_ONE, 3, samples=256, seed=4, ranked=True)
    other = sobol(bent, ONE_BY_ONE, 3, samples=256, seed=4, ranked=True)
    np.testing.assert_array_equal(one.total, other.total)
    assert abs(sobol(bent, ONE_BY_ONE, 3, samples=256, seed=4).first[0] - one.first[0]) > 0.1


def test_an_outcome_that_does_not_move_has_no_shares() -> None:
    found = sobol(lambda u: np.full(len(u), 3.0), ONE_BY_ONE, 3, samples=64, seed=1)
    assert not found.first.any()
    assert not found.total.any()
    assert not morris(lambda u: np.full(len(u), 3.0), 3, 4, 1).mean_abs.any()


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6), st.integers(0, 50))
def test_screening_of_a_linear_function_is_exact(weights: list[float], seed: int) -> None:
    w = np.array(weights)
    found = morris(lambda u: u @ w, len(w), 5, seed)
    np.testing.assert_allclose(found.mean, w / 2.0, atol=1e-9)
    np.testing.assert_allclose(found.mean_abs, np.abs(w) / 2.0, atol=1e-9)
    np.testing.assert_allclose(found.spread, 0.0, atol=1e-9)


def test_screening_sees_what_depends_on_others() -> None:
    found = morris(ishigami, 3, 200, 1)
    assert found.spread[2] > 0.5
    assert abs(found.mean[2]) < 0.3 * found.mean_abs[2]


def test_each_trajectory_moves_each_input_once_and_stays_inside() -> None:
    paths = trajectories(7, 30, 2)
    steps = np.diff(paths, axis=1)
    assert ((steps != 0).sum(axis=2) == 1).all()
    assert ((steps != 0).sum(axis=1) == 1).all()
    assert (np.abs(steps[steps != 0]) == 0.5).all()
    assert 0 < paths.min() < paths.max() < 1


def test_designs_and_functions_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(UsageError, match="power of two"):
        design(ONE_BY_ONE, 3, 100, 1)
    with pytest.raises(UsageError, match="exactly one group"):
        design([[0, 1], [1, 2]], 3, 64, 1)
    with pytest.raises(UsageError, match="trajectories"):
        trajectories(3, 1, 1)
    with pytest.raises(DataError, match="not finite in 64 of 320"):
        sobol(lambda u: np.where(np.arange(len(u)) < 64, np.nan, 1.0), ONE_BY_ONE, 3, samples=64, seed=1)


# The inputs of a run


@cache
def space(name: str = "balance") -> Space:
    return Space(main_run_plan(), cast(), main_run().trade, variable(name))


def test_the_space_at_the_draws_of_a_run_gives_the_run() -> None:
    run = main_run()
    for name, expected in {
        "balance": 100 * run.mean_balance,
        "trust": 100 * run.trust[run.scenario.at("2028-Q4")],
        "net": run.net,
    }.items():
        found = space(name).drawn(len(run.cast.numbers), [Case(), Case(fixed={"psi": 0.0})])
        np.testing.assert_allclose(found[0], expected, rtol=1e-12, atol=1e-12)
    assert not np.array_equal(found[0], found[1])


def test_a_point_of_the_cube_is_read_through_the_priors() -> None:
    """Putting each parameter's own probability in gives the run's value again; trade and chance by their places."""
    s, run = space(), main_run()
    rows = len(run.cast.numbers)
    u = np.full((rows, len(s.names)), 0.5)
    for k, name in enumerate(s.names):
        if name in s.from_priors:
            grid = np.linspace(1e-6, 1 - 1e-6, 200_001)
            u[:, k] = np.interp(run.cast.p[name], s.values(name, grid), grid)
    gain_order = np.argsort(np.argsort(run.trade.gain.mean(axis=0), kind="stable"), kind="stable")
    u[:, s.names.index(TRADE)] = (gain_order + 0.5) / rows
    u[:, s.names.index(CHANCE)] = (np.arange(rows) + 0.5) / rows
    np.testing.assert_allclose(s.at(u), 100 * run.mean_balance, atol=5e-3)


def test_a_parameter_that_is_no_draw_of_its_prior_keeps_its_own_distribution() -> None:
    narrow = np.linspace(0.1, 0.2, len(cast().numbers))
    other = replace(cast(), p={**cast().p, "psi": narrow})
    s = Space(main_run_plan(), other, main_run().trade, variable("balance"))
    assert "psi" not in s.from_priors
    assert "b_1" in s.from_priors
    np.testing.assert_allclose(s.values("psi", np.array([0.0, 0.5, 1.0])), [0.1, 0.15, 0.2])


def test_a_space_survives_a_process_that_is_not_forked() -> None:
    s = space("trust")
    again = pickle.loads(pickle.dumps(s))
    assert again.outcome is s.outcome
    u = np.full((3, len(s.names)), 0.4)
    np.testing.assert_array_equal(again.at(u), s.at(u))


def test_unknown_outcomes_and_paths_of_other_draws_are_refused() -> None:
    with pytest.raises(UsageError, match="no outcome 'war'"):
        variable("war")
    with pytest.raises(DataError, match="solve it for this cast"):
        sensitivity.run("balance", main_run_plan(), cast(draws=100), main_run().trade)
    with pytest.raises(UsageError, match="keep is 0"):
        sensitivity.run("balance", main_run_plan(), cast(), main_run().trade, keep=0)


# The report


@cache
def report(name: str = "balance", switches: bool = True, workers: int = 1) -> Report:
    return sensitivity.run(
        name,
        main_run_plan(),
        cast(),
        main_run().trade,
        samples=32,
        trajectories=4,
        keep=6,
        resamples=20,
        contraction={"w_P": 0.5, "b_1": 0.05},
        elasticities=SET,
        switches=switches,
        workers=workers,
    )


def test_a_report_is_the_same_however_many_processes() -> None:
    one, two = (report("trust", switches=False, workers=n) for n in (1, 2))
    assert replace(one, seconds=0.0) == replace(two, seconds=0.0)


def test_trust_turns_on_how_polls_answer_and_not_on_forces() -> None:
    found = report("trust", switches=False)
    assert found.indices[0].name in ("poll_b.trust", "w_P", "lambda_U", "leader_memory")
    still = {row.name for row in found.screened if row.mean_abs == 0.0}
    assert {"psi", "b_1", "lag_own", "prize", "pi_J", "Phi"} <= still
    assert found.mark == "2028-Q4"


def test_what_was_left_out_stands_as_one_group() -> None:
    found = report()
    names = {i.name for i in found.indices}
    assert {CHANCE, TRADE, "all other parameters"} <= names
    assert len(names) == 6 + 3
    assert sum(row.kept for row in found.screened) == 6 + 2
    sizes = [row.mean_abs for row in found.screened if row.name not in (TRADE, CHANCE)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) > 40
    assert [i.total for i in found.indices] == sorted((i.total for i in found.indices), reverse=True)


def test_inputs_taken_from_their_priors_are_marked_and_those_that_data_narrowed_are_not() -> None:
    flags = {i.name: i.prior_driven for i in report().indices}
    assert flags.pop(TRADE) is flags.pop(CHANCE) is False
    assert all(flags.values())  # this cast draws from priors, whatever data would say
    p = cast().p
    informed = replace(cast(), p={**p, **{name: 0.9 * p[name] + 0.1 * np.median(p[name]) for name in ("w_P", "b_1")}})
    found = sensitivity.run(
        "balance", main_run_plan(), informed, main_run().trade, samples=16, trajectories=3, keep=60, resamples=5,
        switches=False, contraction={"w_P": 0.5, "b_1": 0.05}, workers=1,
    )  # fmt: skip
    flags = {i.name: i.prior_driven for i in found.indices}
    assert not flags["w_P"]
    assert flags["b_1"]  # data took less than a tenth
    assert flags["lambda_U"]


def test_reliabilities_of_the_types_keep_their_order() -> None:
    """The prior of a principled patron lies partly below that of a transactional one; a run orders each pair."""
    s = space("reliability")
    u = np.full((2, len(s.names)), 0.5)
    k, m = s.names.index("r_P"), s.names.index("r_X0")
    table = parameters.parameters()
    low, high = 0.6, 0.7
    for row, (principled, transactional) in enumerate(((high, low), (low, high))):
        for column, name, value in ((k, "r_P", principled), (m, "r_X0", transactional)):
            grid = np.linspace(1e-6, 1 - 1e-6, 200_001)
            u[row, column] = np.interp(value, s.values(name, grid), grid)
    assert table["r_P"].family == "unit_normal"
    one, other = s.at(u)
    assert one == pytest.approx(other, rel=1e-4)


def test_switches_are_compared_with_their_own_base() -> None:
    rows = {(s.group, s.name): s for s in report().switched}
    groups = {group for group, _ in rows}
    assert groups == {
        "closure of trade", "prior on leaders", "reading of acts", "effort", "switched off", "sign",
    }  # fmt: skip
    run = main_run()
    less = space().drawn(len(run.cast.numbers), [Case(Switches(bases=False))])[0]
    found = rows["switched off", "access to bases does not count"]
    assert found.median == pytest.approx(float(np.median(less)))
    assert found.shift == pytest.approx(float(np.median(less) - np.median(100 * run.mean_balance)))
    low, high = np.quantile(100 * run.mean_balance, [0.05, 0.95])
    assert found.ratio == pytest.approx(abs(found.shift) / (high - low))
    none = rows["reading of acts", "none: nobody learns from acts"]
    assert none.high - none.low < 0.5 * (high - low)


def test_closures_move_the_gain_and_free_signs_are_held_to_each_side() -> None:
    found = run_switches(space("net"), elasticities=SET, workers=1)
    closures = {s.name: s.shift for s in found if s.group == "closure of trade"}
    assert set(closures) == {"purged", "fixed nominal"}
    assert any(abs(shift) > 0.01 for shift in closures.values())
    both = signs(space())
    assert {"b_r", "b_d", "epsilon_e", "beta_E", "beta_S"} <= set(both)
    assert not set(both) & {"psi", "b_Z", "b_0", "rho_0"}
    for name, (minus, plus) in both.items():
        assert minus < 0 < plus
        assert parameters.parameters()[name].family == "normal"
    assert both["beta_E"] == pytest.approx((-0.6745, 0.6745), abs=1e-4)


def test_the_text_and_the_json_say_the_same() -> None:
    found = report()
    text = sensitivity.render(found)
    assert "coalition balance, from the acts on the ally" in text
    first = next(i for i in found.indices)
    assert words.percent(100 * first.total, decimals=0) in text
    assert "prior-driven" in text
    assert max(len(line) for line in text.splitlines()) <= 132
    plain = json.loads(store.json_text(sensitivity.as_dict(found)))
    assert plain["alone"] == pytest.approx(found.alone)
    assert [i["name"] for i in plain["indices"]] == [i.name for i in found.indices]
    assert len(plain["switched"]) == len(found.switched)


def test_the_tornado_draws_the_largest_inputs_and_choices() -> None:
    found = report()
    text = charts_style.svg(charts_sensitivity.of_report(found, source="runs", run_id="0a1b2c3d"))
    ordered = [i for i in found.indices if i.low_mean is not None]
    assert ordered[0].label[:30] in text
    strongest = max(found.switched, key=lambda s: abs(s.shift))
    assert f"{strongest.group}: {strongest.name}"[:30] in text
    assert "alone · in all" in text
    assert "0a1b2c3d" in text


def test_a_tornado_without_inputs_or_numbers_is_refused() -> None:
    import pandas as pd

    columns = ["label", "low_mean", "high_mean", "first", "total", "prior_driven"]
    none = pd.DataFrame([], columns=["label", "median"])
    with pytest.raises(ValueError, match="no rows"):
        charts_sensitivity.tornado(
            pd.DataFrame([], columns=columns), none, what="x", unit="%", median=0.0, low90=-1.0, high90=1.0
        )
    row = pd.DataFrame([("a", 0.0, 1.0, 0.5, 0.5, True)], columns=columns)
    with pytest.raises(ValueError, match="finite"):
        charts_sensitivity.tornado(row, none, what="x", unit="%", median=float("nan"), low90=-1.0, high90=1.0)
    alone = charts_sensitivity.tornado(row, none, what="x", unit="%", median=0.0, low90=-1.0, high90=1.0)
    assert "Diamonds" not in charts_style.svg(alone)


# The page


@pytest.fixture(scope="module")
def tool() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        import make_sensitivity

        yield make_sensitivity


def test_the_page_says_what_the_code_does(tool: ModuleType) -> None:
    """Its words are those of the code, its rows are inputs and choices that there are."""
    text = tool.PAGE.read_text(encoding="utf-8")
    assert text.startswith(tool.prose()), "run tools/make_sensitivity.py"
    labels = {f"{p.moves} {p.symbol}".strip() for p in parameters.parameters().values()}
    labels |= {"trade elasticities θ", "chance: errors of surveys, dates of caps and rungs", "all other parameters"}
    rows = [line.split(" | ")[0].removeprefix("| ").removesuffix(" \\*") for line in text.splitlines()]
    inputs = [row for row in rows if row in labels]
    assert len(inputs) >= len(tool.SHOWN) * 5
    for name in tool.SHOWN:
        assert f"`{name}`, {tool.SCENARIO}" in text


def test_a_section_of_the_page_holds_the_numbers_of_its_report(tool: ModuleType) -> None:
    found = report()
    section = tool.section(found)
    assert found.indices[0].label in section
    assert words.number(found.median, decimals=2 if found.high - found.low < 10 else 1) in section
    assert section.count("\n| ") >= 10
