"""Calibration: the guard, panels by hand, known answers recovered, simulation-based calibration, refusal, resuming."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from foederis import (
    calibrate,
    evidence,
    numerics_jax,  # noqa: F401  (64-bit numbers before JAX traces anything)
    priors,
)
from foederis import calibrate_coercion as coercion
from foederis import calibrate_events as events
from foederis import calibrate_fit as fitting
from foederis import calibrate_hedging as hedging
from foederis import calibrate_region as region
from foederis import calibrate_trade as trade
from foederis import calibrate_trust as trust
from foederis.errors import EXIT_INTERRUPTED, DataError, SolveError, UsageError
from foederis.priors import Parameter

QUICK = fitting.Sampling(warmup=150, samples=150, chains=2, depth=6)
SCATTER = events.Scatter(0.83, 0.24, 1.3, 0.83, 0.27, (0.007, 0.014, 0.016))


@pytest.mark.parametrize(
    "call",
    [
        lambda t: trust.panel(t["poll_obs"]),
        lambda t: events.panel(t["poll_obs"], SCATTER),
        lambda t: hedging.panel(t["country_year"], {}, "A"),
        lambda t: region.panel(t["poll_obs"], t["country_year"], {}),
        lambda t: trade.panel(t["trade_obs"]),
        lambda t: coercion.panel(t["coercion_case"], "D"),
    ],
)
def test_every_block_refuses_a_held_out_row(call):
    whole = {name: evidence.load(name) for name in ("poll_obs", "country_year", "trade_obs", "coercion_case")}
    with pytest.raises(DataError, match="held out"):
        call(whole)


def test_an_unknown_vintage_is_refused():
    with pytest.raises(UsageError, match="no vintage"):
        calibrate.run(vintages=["E"])


def test_priors_become_the_same_distributions():
    import jax

    for family, args in (
        ("normal", (0.3, 0.2)), ("lognormal", (0.2, 0.8)), ("uniform", (0.0, 0.9)), ("positive_normal", (0.3, 0.3)),
        ("unit_normal", (0.25, 0.1)),
    ):  # fmt: skip
        parameter = Parameter("x", "x", family, args, "E", "A", "test", "", "")
        drawn = np.asarray(fitting.distribution(parameter).sample(jax.random.PRNGKey(0), (40_000,)))
        wanted = priors.quantile(parameter, np.array([0.1, 0.5, 0.9]))
        np.testing.assert_allclose(np.quantile(drawn, [0.1, 0.5, 0.9]), wanted, rtol=0.05, atol=0.01)
    with pytest.raises(DataError, match="cannot be calibrated"):
        fitting.distribution(Parameter("x", "x", "fixed", (1.0,), "S", "A", "test", "", ""))


def test_beta_binomial_agrees_with_the_library():
    from scipy.stats import betabinom

    count, n, share, spread = np.array([300.0, 20.0]), np.array([1000.0, 90.0]), np.array([0.33, 0.3]), 0.01
    size = 1 / spread - 1
    wanted = betabinom.logpmf(count, n, share * size, (1 - share) * size)
    ours = np.asarray(fitting.beta_binomial(count, n, share, spread))
    other = np.array([0.4, 0.2])
    wanted_other = betabinom.logpmf(count, n, other * size, (1 - other) * size)
    np.testing.assert_allclose(
        ours - np.asarray(fitting.beta_binomial(count, n, other, spread)), wanted - wanted_other, rtol=1e-8
    )


def test_ar_normal_agrees_with_the_dense_density():
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(1)
    y, error = rng.normal(size=(2, 4)), np.full((2, 4), 0.3)
    known = np.array([[1.0, 1, 1, 1], [1, 1, 0, 0]])
    time = np.array([[0, 1, 1, 5], [2, 3, -1000, -2000]])
    got = float(region.ar_normal(y, error, known, time, 0.7, 0.8))
    wanted = 0.0
    for g in range(2):
        m = known[g] > 0
        gap = np.abs(np.subtract.outer(time[g][m], time[g][m]))
        cov = 0.49 * 0.8**gap + 0.09 * np.eye(m.sum())
        wanted += multivariate_normal.logpdf(y[g][m], np.zeros(m.sum()), cov)
    assert got == pytest.approx(wanted, rel=1e-10)


def test_bad_diagnostics_are_refused_and_named():
    good = fitting.Diagnostics(1.01, "a", 400.0, "b", 0, 1000)
    fitting.refuse("block", good)
    for bad, what in (
        (replace(good, rhat=1.2), "R-hat of a"),
        (replace(good, ess=20.0), "effective size of b"),
        (replace(good, divergences=50), "50 of 1000 draws diverge"),
        (replace(good, rhat=float("nan")), "R-hat of a"),
    ):
        with pytest.raises(SolveError, match=what):
            fitting.refuse("block", bad)


def test_a_good_fit_is_kept_by_content_and_found_again(tmp_path):
    calls = []

    def work():
        calls.append(1)
        return {"x": np.arange(6.0)}, fitting.Diagnostics(1.0, "x", 6.0, "x", 0, 6)

    first = fitting.cached(tmp_path, "block", {"rows": "a"}, work)
    again = fitting.cached(tmp_path, "block", {"rows": "a"}, work)
    fitting.cached(tmp_path, "block", {"rows": "b"}, work)
    assert (first[2], again[2], len(calls)) == (False, True, 2)
    np.testing.assert_array_equal(first[0]["x"], again[0]["x"])
    assert first[1] == again[1]


def test_a_refused_fit_leaves_nothing_behind(tmp_path):
    bad = fitting.Diagnostics(2.0, "x", 6.0, "x", 0, 6)
    with pytest.raises(SolveError):
        fitting.cached(tmp_path, "block", {}, lambda: ({"x": np.zeros(6)}, bad))
    assert not list(tmp_path.iterdir())


def test_contraction_says_what_the_data_took_away():
    p = Parameter("x", "x", "normal", (0.0, 2.0), "E", "A", "test", "", "")
    drawn = 0.5 * np.random.default_rng(0).normal(size=20_000)
    row = fitting.estimate(p, drawn, "block")
    assert row.contraction == pytest.approx(0.75, abs=0.01)
    assert not row.prior_driven
    assert fitting.estimate(p, 4 * drawn, "block").prior_driven


def test_the_trust_panel_knows_who_was_president():
    panel = trust.panel(evidence.training("poll_obs", "A"), "A")
    assert panel.years[-1] == 2016
    assert [trust.LEADERS[k] for k in (panel.leader[0], panel.leader[7], panel.leader[-1])] == [
        "Bush the younger",
        "Obama",
        "Obama",
    ]
    assert trust.LEADERS[trust.leader_of(2017)] == "Trump"
    assert trust.LEADERS[trust.leader_of(2025)] == "Trump again"
    assert len(panel.countries) >= 30
    assert (panel.gap[np.diff(panel.cell_country, prepend=-1) != 0] == 0).all()


def _tiny_trust(rng):
    """Five publics, eight years and two presidents, drawn from the model; the truth and a panel."""
    truth = {"trust.persistence": 0.8, "trust.shock": 0.25, "leader.share": 0.3, "leader.country_part": 0.9}
    countries, years = 5, 8
    C = np.zeros((countries, years))
    mean = 0.4 + 0.7 * rng.normal(size=countries)
    C[:, 0] = truth["trust.shock"] / 0.6 * rng.normal(size=countries)
    for t in range(1, years):
        C[:, t] = 0.8 * C[:, t - 1] + truth["trust.shock"] * rng.normal(size=countries)
    C += mean[:, None]
    effect = np.array([-1.5, 0.8]) + 0.5 * rng.normal(size=(countries, 2))
    leader = (np.arange(years) >= 4).astype(int)
    lead = effect[:, leader]
    c, t = (v.ravel() for v in np.meshgrid(np.arange(countries), np.arange(years), indexing="ij"))
    rows = []
    for measure, odds in ((0, C + 0.3 * lead), (1, 0.9 * C + lead)):
        share = 1 / (1 + np.exp(-odds[c, t]))
        share = rng.beta(share * 140, (1 - share) * 140)
        rows.append((c, t, np.full(len(c), measure), rng.binomial(1000, share)))
    country, year, which, count = (np.concatenate(v) for v in zip(*rows, strict=True))
    cells, cell = np.unique(country * years + year, return_inverse=True)
    return truth, trust.Panel(
        tuple("ABCDE"), tuple(range(2002, 2002 + years)), 2, (), country, year, which, np.full(len(country), -1),
        leader, np.zeros(years, int), count.astype(float), np.full(len(country), 1000.0), cell, cells // years,
        cells % years, np.where(cells % years == 0, 0, 1),
    )  # fmt: skip


@pytest.mark.slow
def test_trust_recovers_what_made_the_polls():
    truth, panel = _tiny_trust(np.random.default_rng(3))
    draws, diagnostics = trust.fit(panel, replace(QUICK, chains=1, warmup=120, samples=80, depth=5))
    for name, value in truth.items():
        assert abs(draws[name].mean() - value) < 4 * draws[name].std() + 0.02, name
    assert draws["leader.share"].std() < 0.25
    assert diagnostics.draws == 80


def _tiny_hedging(rng, truth):
    """Six allies and fifteen years of H5, drawn from the model."""
    allies, years = 6, 15
    x = rng.normal(0.0, [0.5, 0.3, 0.3, 0.5], size=(allies, years, 4))
    resting = 0.2 + 0.3 * rng.normal(size=allies)
    loading = np.array([truth[n] for n in hedging.LOADINGS])
    level, rows = resting.copy(), []
    for t in range(years):
        change = truth["Phi"] * (resting + x[:, t] @ loading - level) + 0.03 * rng.standard_t(4, size=allies)
        rows += [(k, t, change[k], level[k], x[k, t]) for k in range(allies)]
        level = level + change
    k, t, change, lagged, causes = (np.array(v) for v in zip(*rows, strict=True))
    return hedging.Panel(tuple("ABCDEF"), tuple(range(years)), k, t, change, lagged, causes)


@pytest.mark.eq("H5")
@pytest.mark.slow
def test_the_hedging_panel_recovers_what_made_the_budgets():
    truth = {"Phi": 0.3, "b_Z": 0.5, "b_r": -0.4, "b_d": 0.3, "b_y": -0.2}
    draws, _ = hedging.fit(_tiny_hedging(np.random.default_rng(4), truth), replace(QUICK, chains=1))
    for name, value in truth.items():
        assert abs(draws[name].mean() - value) < 4 * draws[name].std(), name
    assert draws["b_r"].mean() < 0.0  # the prior leans the other way
    assert fitting.estimate(hedging.PARAMETERS["b_Z"], draws["b_Z"], "hedging").contraction > 0.2


def test_switching_causes_off_leaves_threat_alone():
    panel = hedging.panel(evidence.training("country_year", "A"), {}, "A")
    assert hedging.without(panel, "distrust", "demand", "fiscal").on == (1.0, 0.0, 0.0, 0.0)
    assert len(panel.countries) >= 25
    assert panel.year.max() + 1961 == 2016
    pledged = panel.x[:, 2] > 0
    assert set(panel.year[pledged] + 1961) <= {2015, 2016}
    assert not {panel.countries[k] for k in panel.country[pledged]} & set(hedging.ASIA)


def test_distrust_is_the_fall_of_the_favourable_share():
    shares = {("DEU", y): 0.6 for y in range(2005, 2016)} | {("DEU", 2015): 0.4}
    panel = hedging.panel(evidence.training("country_year", "A"), shares, "A")
    mine = panel.country == panel.countries.index("DEU")
    value = dict(zip(panel.year[mine] + 1961, panel.x[mine][:, 1], strict=True))
    assert value[2016] - value[2015] == pytest.approx(hedging.RELIABILITY_RANGE * 0.2)
    assert value[1970] == 0.0


def _tiny_trade(rng, eps):
    I, K, M = 20, 12, 60
    i, k, m = (v.ravel() for v in np.meshgrid(np.arange(I), np.arange(K), np.arange(M), indexing="ij"))
    treated = (rng.uniform(size=(I, K)) < 0.4)[i, k] & (m > M // 2)
    tariff = np.where(treated, rng.uniform(0.05, 0.3, size=(I, K))[i, k], 0.02) * rng.uniform(0.5, 1.5, size=len(i))
    before = np.where(m >= 12, np.roll(tariff, 12), 0.02)
    effects = rng.normal(size=(I, K))[i, k] + 0.3 * rng.normal(size=(I, M))[i, m] + 0.3 * rng.normal(size=(K, M))[k, m]
    mean = np.exp(3.0 + effects - eps[0] * np.log1p(tariff) - eps[1] * np.log1p(before))
    value = rng.poisson(mean).astype(float)
    codes = tuple(np.unique(c, return_inverse=True)[1] for c in (i * K + k, i * M + m, k * M + m))
    x = -np.stack([np.log1p(tariff), np.log1p(before)], axis=1)
    return trade.Panel(value / value.mean(), x, codes, codes[0])


def test_the_trade_response_covers_the_truth_in_24_simulated_panels():
    """The 90 % interval holds the truth in 78-100 % of panels; ranks are centred. Finer: test_ranks."""
    rng = np.random.default_rng(5)
    ranks = []
    for _ in range(24):
        eps = rng.normal([0.76, 0.0], 0.8)
        draws, _ = trade.fit(_tiny_trade(rng, eps), 200, int(rng.integers(1 << 30)))
        ranks.append(float((draws["eps_fob_0"] < eps[0]).mean()))
    inside = np.mean([0.05 <= rank <= 0.95 for rank in ranks])
    assert 0.78 <= inside <= 1.0
    assert 0.33 < np.mean(ranks) < 0.67


def test_poisson_responses_agree_with_dummies_by_hand():
    """A panel small enough for one dummy per effect: the same first-order conditions hold at our estimate."""
    panel = _tiny_trade(np.random.default_rng(2), (1.2, 0.4))
    found = trade.ppml(panel)
    assert found.coefficient == pytest.approx([1.2, 0.4], abs=0.5)
    assert (np.diag(found.covariance) > 0).all()
    scaled = replace(panel, value=panel.value * 7.0)
    np.testing.assert_allclose(trade.ppml(scaled).coefficient, found.coefficient, atol=1e-5)


def test_coercion_features_and_ends_are_read_as_coded():
    table = evidence.training("coercion_case")
    end, x = coercion.ends(table), coercion.features(table)
    assert (end >= 0).sum() == 211
    assert x.shape == (293, 4)
    chance = coercion.chances({name: np.zeros(3) for name in coercion.PARAMETERS}, x)
    np.testing.assert_allclose(chance, 0.25)


@pytest.mark.slow
def test_coercion_posterior_matches_raw_shares():
    panel = coercion.panel(evidence.training("coercion_case"))
    draws, _ = coercion.fit(panel, replace(QUICK, chains=1))
    chance = coercion.chances(draws, panel.x).mean(axis=(0, 1))
    np.testing.assert_allclose(chance, np.bincount(panel.end, minlength=4) / len(panel.end), atol=0.06)


def test_event_weights_follow_the_equations_of_belief():
    """Moved by JAX in the sampler and by NumPy in a run: one path."""
    import jax.numpy as jnp

    from foederis import beliefs
    from foederis.beliefs_equations import poll_index

    panel = events.panel(evidence.training("poll_obs"), SCATTER)
    assert "JPN" in panel.countries
    p = {name: np.array([priors.quantile(q, np.array([0.5]))[0]]) for name, q in events.PARAMETERS.items()}
    moved = np.asarray(events._index(panel, {name: jnp.asarray(value) for name, value in p.items()}))
    full = {n: np.full(1, priors.median(n)) for n in beliefs.NAMES if n in priors.PARAMETERS}
    full |= {q.name: np.zeros(1) for q in beliefs.PRIORS} | p
    path = beliefs.run(panel.arrays, full)
    omega = (full["omega_1"], full["omega_2"], full["omega_3"])
    start = poll_index(*omega, path.start.L, path.start.n_X, path.start.n_P, path.start.R_mass)
    by_hand = np.stack(
        [poll_index(*omega, *at) - start for at in zip(path.L, path.n_X, path.n_P, path.R_mass, strict=True)]
    )
    np.testing.assert_allclose(moved, by_hand[:, 0], rtol=1e-9, atol=1e-9)


def test_regional_answers_are_those_of_the_surveys():
    polls, states = evidence.training("poll_obs"), evidence.training("country_year")
    panel = region.panel(polls, states, {})
    k = panel.countries.index("SGP")
    odds = panel.y[k][panel.elite[k] > 0]
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), [0.779, 0.61, 0.615], atol=1e-6)
    assert panel.known.sum() > 400
    assert panel.x[..., 2].sum() > 3  # sticks of the rival in force


def test_a_report_tells_what_was_refused():
    fit = calibrate.Fit("trust", "full", {}, None, 1.0, False, 0, "R-hat of x is 2")
    report = calibrate.Report((fit,), (), 1.0, fitting.Sampling(), MappingProxyType({}))
    assert report.failed
    assert "REFUSED" in calibrate.render(report)
    with pytest.raises(DataError, match="nothing was shipped"):
        calibrate.ship(report, "nowhere")


INTERRUPTED = """
import sys, time, pathlib
from foederis import calibrate, cli
from foederis import calibrate_coercion as coercion
folder = sys.argv[1]
calibrate.VINTAGES = {"full": ("trade", "coercion")}
def slow(data, sampling):
    pathlib.Path(folder, "started").touch()
    time.sleep(600)
coercion.fit = slow
sys.argv[1:] = ["calibrate", folder]
cli.main()
"""


def test_an_interrupted_calibration_keeps_what_is_finished_and_goes_on(tmp_path, monkeypatch):
    """Ctrl-C in the second block: the first is kept whole and not fitted again."""
    script = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{INTERRUPTED}"
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 280
        while not (tmp_path / "started").exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=100)[1]
    assert process.returncode == EXIT_INTERRUPTED, told
    assert "interrupted" in told
    (kept,) = tmp_path.glob("*.npz")
    assert kept.name.startswith("trade-")
    before = kept.read_bytes(), kept.stat().st_mtime_ns

    def fitted_again(*_):
        raise AssertionError("a finished block was fitted again")

    monkeypatch.setattr(trade, "fit", fitted_again)
    monkeypatch.setattr(calibrate, "VINTAGES", {"full": ("trade", "coercion")})
    tiny = {name: np.random.default_rng(1).normal(size=40) for name in coercion.PARAMETERS}
    monkeypatch.setattr(coercion, "fit", lambda *_: (tiny, fitting.Diagnostics(1.0, "x", 40.0, "x", 0, 40)))
    report = calibrate.run(tmp_path)
    assert [(fit.block, fit.found) for fit in report.fits] == [("trade", True), ("coercion", False)]
    assert (kept.read_bytes(), kept.stat().st_mtime_ns) == before
    again = calibrate.run(tmp_path)
    assert all(fit.found for fit in again.fits)
    assert again.estimates == report.estimates


def test_other_settings_are_another_fit(tmp_path, monkeypatch):
    """--samples and --warmup reach the sampler, and fits kept under other settings are left aside."""
    from typer.testing import CliRunner

    from foederis.cli import app

    seen = []

    def fit(data, sampling):
        seen.append((sampling.samples, sampling.warmup))
        draws = {name: np.random.default_rng(1).normal(size=40) for name in coercion.PARAMETERS}
        return draws, fitting.Diagnostics(1.0, "x", 40.0, "x", 0, 40)

    monkeypatch.setattr(calibrate, "VINTAGES", {"D": ("coercion",)})
    monkeypatch.setattr(coercion, "fit", fit)
    for options in ((), ("--samples", "30", "--warmup", "40"), ()):
        done = CliRunner().invoke(app, ["calibrate", str(tmp_path), "-q", *options])
        assert done.exit_code == 0, done.output
    assert seen == [(800, 500), (30, 40)]


def test_the_jackknife_is_that_of_clusters_left_out_one_by_one(monkeypatch):
    """Against estimates made anew without each cluster, and far from the sandwich where one cluster leads."""
    panel = _tiny_trade(np.random.default_rng(6), (1.0, 0.3))
    few = (panel.effects[0] // 12 < 6) & (panel.effects[0] % 12 < 5)
    codes = tuple(np.unique(code[few], return_inverse=True)[1] for code in panel.effects)
    small = trade.Panel(panel.value[few], panel.x[few], codes, codes[0])
    found = trade.ppml(small)
    moved = []
    for g in range(found.clusters):
        kept = small.cluster != g
        codes = tuple(np.unique(code[kept], return_inverse=True)[1] for code in small.effects)
        rest = trade.ppml(trade.Panel(small.value[kept], small.x[kept], codes, codes[0]))
        moved.append(found.coefficient - rest.coefficient)
    wanted = np.transpose(moved) @ np.array(moved) * (found.clusters - 1) / found.clusters
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), np.sqrt(np.diag(wanted)), rtol=0.1)
    monkeypatch.setattr(trade, "LEFT_OUT_ONCE", 0)
    assert (np.diag(trade.ppml(small).covariance) < np.diag(found.covariance)).all()


def test_what_data_hardly_inform_is_marked_wherever_it_is_listed():
    from foederis import cli_alliance, posterior

    after = posterior.load()
    for known in after.estimates.values():
        if known.known:
            assert after.prior_driven(known.known) == (known.sd > 0.9 * known.prior_sd)
    assert after.prior_driven("leader_memory")  # never fitted
    text, rows = cli_alliance.assumptions(None, None)
    marked = {row["name"] for row in rows if row["prior_driven"]}
    assert {"b_r", "leader_memory", "tau_theta", "psi"} <= marked
    assert not {"Phi", "beta_S", "kappa_sign"} & marked
    for row in rows:
        (line,) = [line for line in text.splitlines() if line.startswith(f"  {row['name']} ")]
        assert line.endswith("prior-driven") == row["prior_driven"]
        assert (row["posterior"] is not None) == (row["name"] in after.names)
