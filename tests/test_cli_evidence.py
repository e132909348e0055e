"""The commands that confront the model with data, as a user calls them."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from foederis import forecast
from foederis.cli import app
from foederis.errors import EXIT_DATA, EXIT_SCENARIO, EXIT_USAGE

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = "three-documents-2026"


def call(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_score_names_a_winner_and_repeats_to_the_bit() -> None:
    first, again = (call("score", "D-coercion", "--json", "-q") for _ in range(2))
    assert first.exit_code == 0, first.stderr
    drop = {"seconds"}
    one, two = ({k: v for k, v in json.loads(r.stdout).items() if k not in drop} for r in (first, again))
    assert one == two
    assert "Winner: " in call("score", "D-coercion", "-q").stdout


def test_score_draws_what_the_contests_allow_with_the_seed_of_the_page(tmp_path: Path) -> None:
    told = call("score", "B-polls", "-q", "--charts", tmp_path / "drawn")
    assert told.exit_code == 0, told.stderr
    assert {path.name for path in (tmp_path / "drawn").iterdir()} == {"score-reliability.png", "score-reliability.svg"}
    assert "Charts:" in told.stdout
    assert "seed 20161231" in told.stdout
    assert "seed 7" in call("score", "B-polls", "-q", "--seed", "7").stdout


def test_audit_of_a_users_claims(tmp_path: Path) -> None:
    claims = tmp_path / "mine.yaml"
    claims.write_text(
        "schema: foederis/claims/v1\nclaims:\n"
        '  - {id: up, text: The budget cap went up., test: "29"}\n'
        '  - {id: flat, text: The cap stayed., test: "29", negated: true}\n',
        encoding="utf-8",
    )
    found = call("audit", "--text", claims, "--json", "-q")
    assert found.exit_code == 0, found.stderr
    up, flat = (row["verdict"] for row in json.loads(found.stdout)["rows"])
    assert (up, flat) == ("supported", "contradicted")
    claims.write_text("schema: foederis/claims/v1\nclaims:\n  - {id: x, text: A., test: nope}\n", encoding="utf-8")
    refused = call("audit", "--text", claims, "-q")
    assert refused.exit_code == EXIT_SCENARIO
    assert "mine.yaml:3:" in refused.stderr


def test_a_forecast_is_made_listed_settled_and_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)  # while the question is open
    for verb in (forecast.make, forecast.settle, forecast.list_, forecast.score):
        assert verb.__kwdefaults__ is not None
        monkeypatch.setitem(verb.__kwdefaults__, "clock", lambda: moment)
    ledger = tmp_path / "forecasts.jsonl"
    assert call("forecast", "make", QUESTION, "--ledger", ledger).exit_code == 0
    assert QUESTION in call("forecast", "list", "--ledger", ledger).stdout
    assert "nothing is settled yet" in call("forecast", "score", "--ledger", ledger).stdout
    early = ("forecast", "settle", QUESTION, 1, "--source", "gazette", "--ledger", ledger)
    assert call(*early, "--known", "2020-01-01").exit_code == EXIT_USAGE
    assert "not a day" in call(*early, "--known", "soon").stderr
    ledger.write_bytes(ledger.read_bytes().replace(b"2026", b"2025", 1))
    changed = call("forecast", "list", "--ledger", ledger)
    assert changed.exit_code == EXIT_DATA
    assert "Traceback" not in changed.output


def test_sensitivity_prints_shares_and_draws_a_tornado(tmp_path: Path) -> None:
    found = call(
        "sensitivity", "trust", "--samples", 32, "--draws", 64, "--workers", 1, "-q", "--chart", tmp_path / "tornado"
    )
    assert found.exit_code == 0, found.stderr
    assert "Beta(3, 8)" in found.stdout
    assert (tmp_path / "tornado.png").stat().st_size > 10_000
    assert "Screening" in found.stdout


@pytest.mark.parametrize(
    "args", [("audit", "77"), ("score", "nope"), ("sensitivity", "nope"), ("forecast", "make", "nope")]
)
def test_a_wrong_name_is_one_error(args: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = call(*args)
    assert found.exit_code == EXIT_USAGE
    assert found.stderr.startswith("error: ")
    assert not list(tmp_path.iterdir())
