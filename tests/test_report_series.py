"""The series of the alliance by name, from Python and in the saved file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import foederis as fo
from foederis import ensemble_work, posterior, report, report_alliance, report_series, store
from foederis.ensemble_alliance import cast_of, run_alliance
from foederis.ensemble_path import first_draws
from foederis.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def run() -> fo.Run:
    return fo.simulate("us-japan-2025", draws=40, alliance_draws=60, seed=1, elasticities="LL")


def test_a_series_is_summarised_at_the_quarter_asked_for(run: fo.Run) -> None:
    early, late = (run.summary("trust", at=at).iloc[0] for at in ("2025-Q1", "2035-Q4"))
    draws = next(iter(run.results.values())).alliance.trust
    assert late["quarter"] == "2035-Q4"
    assert 0.0 <= late["low"] <= late["median"] <= late["high"] <= 100.0
    assert late["median"] == pytest.approx(100.0 * np.median(draws[-5]), rel=0.02)
    assert early["median"] != late["median"]


def test_what_a_run_does_not_know_is_refused_by_name(run: fo.Run) -> None:
    with pytest.raises(UsageError, match="trust"):
        run.summary("trsut")
    with pytest.raises(UsageError, match="2050-Q1"):
        run.summary("trust", at="2050-Q1")
    with pytest.raises(UsageError):
        run.why("tariff")


def test_the_parts_of_a_change_in_trust_sum_to_it(run: fo.Run) -> None:
    found = next(iter(run.results.values())).alliance
    t = found.quarters.index(run.as_dict()["scenarios"]["us-japan-2025"]["alliance"]["marks"][0].replace(" ", "-"))
    change = 100.0 * (found.trust - found.trust_reference)[t].mean()
    assert change < 0.0
    assert run.why("trust")["mean"].sum() == pytest.approx(change, abs=1e-6)


def test_the_saved_file_holds_every_series_and_parameter(run: fo.Run, tmp_path: Path) -> None:
    tree = store.read_netcdf(run.save(tmp_path) / "results.nc")
    (saved,) = tree["alliance"].children.values()
    assert set(report_series.SERIES) <= set(saved.data_vars)
    alliance = next(iter(run.results.values())).alliance
    np.testing.assert_allclose(saved["trust"].values, 100.0 * alliance.trust, rtol=1e-5)
    assert all("provenance" in saved[name].attrs for name in report_series.SERIES)


def test_fitted_parameters_come_from_calibration_and_the_rest_stay() -> None:
    prior, fitted = (cast_of("USA", "JPN", draws=300, seed=3, fitted=flag) for flag in (False, True))
    after = posterior.load()
    moved = {name for name in prior.p if not np.array_equal(prior.p[name], fitted.p[name])}
    assert moved == set(after.names)
    for name in ("Phi", "beta_S", "w_X"):
        known = after.estimates[name]
        assert fitted.p[name].mean() == pytest.approx(known.mean, abs=4.0 * known.sd / np.sqrt(300.0))
    few = cast_of("USA", "JPN", draws=50, seed=3, fitted=True)
    np.testing.assert_array_equal(few.p["Phi"], fitted.p["Phi"][:50])


def test_a_run_prints_priors_and_fitted_parameters_side_by_side(run: fo.Run) -> None:
    (result,) = run.results.values()
    assert result.alliance is not None
    assert result.alliance.cast.label == "Beta(1, 12)"
    assert list(result.under) == ["Beta(3, 8)", "Beta(1, 12), fitted"]
    fewer = min(len(result.alliance.cast.numbers), report.OTHER_PRIOR_DRAWS)
    cast = cast_of("USA", "JPN", draws=fewer, seed=result.alliance.cast.seed, fitted=True)
    again = run_alliance(result.plan, cast, trade=first_draws(result.alliance.trade, fewer))
    assert result.under["Beta(1, 12), fitted"] == report_alliance.under(again)
    text = run.text()
    assert all(label in text for label in ("Beta(1, 12) ", "Beta(3, 8) ", "Beta(1, 12), fitted "))
    assert run.manifest.options["fitted"] == [False]


def test_charts_are_drawn_where_processes_must_be_spawned(
    run: fo.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jax  # noqa: F401  with JAX in the process, workers are spawned and the run travels to them

    monkeypatch.setattr(ensemble_work, "_cores", lambda: 2)
    files = run.save(tmp_path)
    assert {"trust.png", "welfare.svg"} <= {path.name for path in files.rglob("*.*")}
