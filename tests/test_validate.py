"""The validation report: what runs, what is skipped, what fails, and that a wrong model is reported as wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from foederis import trade, validate, world
from foederis.errors import SolveError, UsageError
from foederis.published import laws, liberation_day, liberation_tables, nafta, real_2025_forecast
from foederis.published.liberation_model import Parameters
from foederis.published.rows import Row, count
from foederis.validate import Report, Study


@pytest.fixture(scope="module")
def liberation():
    return validate.run(["liberation-day"])


@pytest.fixture(scope="module")
def base():
    return world.load()


@pytest.fixture
def no_test_server(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv(nafta.ENVIRONMENT, raising=False)


def test_liberation_day_is_valid(liberation):
    assert not liberation.failed
    assert liberation.counts == {"match": 252, "miss": 0, "known": 1, "out of scope": 20}
    (study,) = liberation.studies
    assert study.state == "done"
    assert 0 < study.seconds <= liberation.seconds


def test_nafta_is_valid(shared_data):
    report = validate.run(["nafta"], targets=shared_data / "trade" / "targets")
    assert not report.failed
    assert report.counts["match"] == 18


def test_the_laws_hold_on_the_shipped_world():
    report = validate.run(["laws"])
    assert not report.failed
    assert report.counts["match"] == len(report.rows) >= 25


def test_another_parameter_is_reported_as_misses(monkeypatch):
    """The whole way: a wrong elasticity in the model, misses in the rows, a failed report, a verdict that says so."""
    monkeypatch.setattr(liberation_day, "Parameters", lambda **kw: Parameters(**{"kappa": 0.55, **kw}))
    report = validate.run(["liberation-day"])
    assert report.failed
    assert len(report.missed) > 20
    text = validate.render(report)
    assert text.endswith(f"Not valid: {len(report.missed)} of {len(report.rows)} rows miss.")
    assert "miss" in text
    assert validate.as_dict(report)["failed"] is True


def test_a_wrong_equilibrium_breaks_its_law(base):
    economy = trade.calibrate(base)
    found = trade.solve(economy, laws._shock(economy))
    hurt = {
        "Walras: imports less exports are the deficit": {"deficit_new": found.deficit_new + 1e3},
        "labour earns its share of sales": {"labour_income_hat": found.labour_income_hat * 1.001},
        "inputs and final demand are expenditure": {"expenditure_new": found.expenditure_new * 1.001},
        "tariffs times trade are the revenue": {"tariff_revenue_new": found.tariff_revenue_new + 1e3},
        "trade shares sum to 1": {"price_hat": found.price_hat * 1.001},
        "numeraire: world value added is unchanged": {"output_new": found.output_new * 1.001},
        "income is value added, revenue, deficit": {"output_new": found.output_new * 1.001},
    }
    assert set(hurt) == set(laws.MARKETS)
    for name, change in hurt.items():
        assert laws.MARKETS[name](found) < laws.CERTIFIED
        assert laws.MARKETS[name](replace(found, **change)) > 1e-6, name


def test_a_shock_that_moves_something_breaks_the_law_of_no_change(base):
    economy = trade.calibrate(base)
    assert laws._largest_move(trade.solve(economy, trade.Shock())) < laws.ZERO
    assert laws._largest_move(trade.solve(economy, laws._shock(economy))) > 1e-3


def test_files_that_are_not_here_are_a_skip_that_says_so(no_test_server, monkeypatch):
    monkeypatch.setattr(nafta, "FILES", ("no-such-file.csv",))
    monkeypatch.setattr(validate, "STUDIES", {"nafta": "NAFTA"})
    report = validate.run()
    assert not report.failed
    assert [study.state for study in report.studies] == ["skipped"]
    text = validate.render(report)
    assert "SKIPPED" in text
    assert "--targets" in text
    assert "Skipped: nafta." in text


@pytest.mark.parametrize("how", ["test server", "named study", "folder given", "folder in the environment"])
def test_files_that_must_be_here_are_a_failure(no_test_server, monkeypatch, tmp_path, how):
    monkeypatch.setattr(nafta, "FILES", ("no-such-file.csv",))
    monkeypatch.setattr(validate, "STUDIES", {"nafta": "NAFTA"})
    if how == "test server":
        monkeypatch.setenv("CI", "true")
    if how == "folder in the environment":
        monkeypatch.setenv(nafta.ENVIRONMENT, str(tmp_path))
    names = ["nafta"] if how == "named study" else []
    report = validate.run(names, targets=tmp_path if how == "folder given" else None)
    assert report.failed
    assert [study.state for study in report.studies] == ["failed"]
    assert validate.render(report).endswith("Not valid: nafta could not be carried out.")


def test_a_refused_equilibrium_fails_its_study_and_the_others_go_on(monkeypatch):
    def refuse(*args):
        raise SolveError("liberation day: labour of USA is off", {"labour": 1.0}, "labour, USA")

    monkeypatch.setattr(liberation_tables, "compare", refuse)
    report = validate.run(["liberation-day", "laws"])
    assert [study.state for study in report.studies] == ["failed", "done"]
    assert report.failed
    assert "labour of USA is off" in validate.render(report)


@pytest.mark.parametrize(("studies", "more", "what"), [(["nafat"], {}, "'nafat'"), (["laws"], {"draws": 5}, "5 draws")])
def test_a_senseless_call_is_refused(studies, more, what):
    with pytest.raises(UsageError, match=what):
        validate.run(studies, **more)


def test_progress_names_each_study():
    heard = []
    validate.run(["laws"], progress=heard.append)
    assert heard == [validate.STUDIES["laws"]]


def test_the_report_prints_nothing_itself(capsys, liberation):
    validate.render(liberation)
    out = capsys.readouterr()
    assert (out.out, out.err) == ("", "")


def test_text_shows_published_ours_and_difference(liberation):
    text = validate.render(liberation, all_rows=True)
    line = next(row for row in text.splitlines() if row.strip().startswith("USA welfare"))
    assert line.split()[2:] == ["1.13", "1.1307", "+0.0007", "0.005", "match"]
    assert text.count(" match\n") == 252
    assert "18 out of scope: needs trade and value added by sector" in text
    assert max(len(row) for row in text.splitlines() if "note:" not in row and "scope:" not in row) <= 130


def test_the_short_text_leaves_matches_out_but_never_a_row_that_differs(liberation):
    text = validate.render(liberation)
    assert len(text) < 0.5 * len(validate.render(liberation, all_rows=True))
    assert text.count("  known\n") == 1
    assert "rows are not shown here, but counted" in text


def test_json_has_every_row_and_no_number_that_json_lacks(liberation):
    plain = json.loads(json.dumps(validate.as_dict(liberation), allow_nan=False))
    (study,) = plain["studies"]
    assert len(study["rows"]) == 273
    assert plain["counts"] == liberation.counts
    known = [row for row in study["rows"] if row["status"] == "known"]
    assert len(known) == 1
    assert "repeats the average" in known[0]["reason"]
    assert all(row["ours"] is None and row["reason"] for row in study["rows"] if row["status"] == "out of scope")


def test_a_row_that_is_not_a_number_is_a_miss_in_text_and_json():
    row = Row("study", "1", "case", "USA", "welfare", 1.0, float("nan"), 2)
    report = Report((Study("study", "Study", (row,), 0.1),), 0.1)
    assert report.failed
    assert "n/a" in validate.render(report)
    assert validate.as_dict(report)["studies"][0]["rows"][0]["ours"] is None


class Book:
    """A ledger that adds the same points on Japanese, Korean and Chinese goods on every day."""

    def dates(self, clock):
        return ()

    def cut(self, base, day, clock):
        total = base.tariff.copy()
        goods = [k for k, s in enumerate(base.sectors) if s != "SERV"]
        for code in real_2025_forecast.PARTNERS:
            total[base.country("USA"), base.country(code), goods] += 0.15
        return SimpleNamespace(total=total)


@pytest.fixture(scope="module")
def forecast():
    from foederis import ledger

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "load", Book)
        return validate.run(["real-2025"], draws=20)


def test_scores_are_reported_and_are_no_pass_mark(forecast):
    assert not forecast.failed
    prediction = forecast.studies[0].prediction
    names = [score.name for score in prediction.forecast.contest.scores]
    assert names[0] == real_2025_forecast.SHORT_RUN
    assert {"no change", "constant elasticity", "constant elasticity first year (0.76)"} < set(names)
    text = validate.render(forecast)
    for name in names:
        assert name in text
    assert "JPN 336 transportation equipment" in text
    assert "nothing was fitted to or chosen by these rows" in text


def test_the_forecast_in_json_has_scores_winners_and_cells(forecast):
    plain = json.loads(json.dumps(validate.as_dict(forecast), allow_nan=False))["studies"][0]["forecast"]
    assert plain["draws"] == 20
    assert set(plain["by_partner"]) == {"JPN", "KOR", "CHN"}
    assert set(plain["all"]["best"]) == {"mae", "rmse", "crps", "rank"}
    point = next(s for s in plain["all"]["scores"] if s["forecast"] == "no change")
    assert point["rank"] is None
    assert point["mae"] == pytest.approx(point["crps"])
    cell = next(c for c in plain["cells"] if (c["partner"], c["naics3"]) == ("JPN", "336"))
    assert cell["collected_pct"] == pytest.approx(-12.0, abs=0.05)
    assert set(cell["forecasts_pct"][real_2025_forecast.SHORT_RUN]) == {"median", "p05", "p95"}


def test_weights_of_scores_are_2024_imports(forecast):
    prediction = forecast.studies[0].prediction
    errors = np.array([abs(c.forecasts[real_2025_forecast.SHORT_RUN][0] - c.collected_pct) for c in prediction.cells])
    weight = np.array([c.value_2024_bn for c in prediction.cells])
    assert prediction.forecast.contest.scores[0].mae == pytest.approx(np.average(errors, weights=weight))


def test_every_study_has_its_rows_counted(liberation):
    assert sum(count(liberation.rows).values()) == len(liberation.rows)
