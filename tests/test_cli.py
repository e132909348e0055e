"""The command line as a user meets it: output, exit codes, errors without tracebacks, nothing heavy for help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from foederis import cli, scenario

FAST = ("--draws", "40", "--alliance-draws", "60", "--elasticities", "LL", "--quiet")


def call(*args: str) -> Result:
    return CliRunner().invoke(cli.app, list(args))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """One saved run of a preset, with few draws of one elasticity set."""
    folder = tmp_path_factory.mktemp("runs")
    return folder, call("run", "us-japan-2025", *FAST, "--out", str(folder))


def test_run_prints_a_sentence_a_table_and_where_it_was_saved(ran: tuple[Path, Result]) -> None:
    _, result = ran
    assert result.exit_code == 0, result.stderr
    text = result.stdout
    for wanted in ("real income in Japan", "Taxing Japan in particular", "Outcome, per year", "90 % interval"):
        assert wanted in text
    for sector in ("Motor vehicles", "Electronics and optics", "Machinery"):
        assert sector in text
    for wanted in ("What it turns on", "Who sells more to the US", "worst residual", "Saved", "Next"):
        assert wanted in text
    assert max(map(len, text.splitlines())) <= 130


def test_run_writes_a_folder_that_verifies(ran: tuple[Path, Result]) -> None:
    from foederis import store

    root, _ = ran
    (folder,) = root.iterdir()
    assert store.verify(folder) == []
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    charts = {f"charts/{c}.{kind}" for c in ("tariff-path", "sector-effects", "welfare") for kind in ("png", "svg")}
    assert charts | {"results.nc", "results.parquet", "manifest.json", "report.txt", "report.json"} <= names
    manifest = store.read_json(folder / "manifest.json")
    assert manifest["run_id"] == folder.name.rsplit("-", 1)[1]
    assert manifest["seed"] == 1
    assert {"world", "ledger"} <= set(manifest["data"])
    assert max(manifest["residuals"].values()) <= 1e-8
    again = scenario.load(str(folder / "us-japan-2025.yaml"))
    assert again.sha256 == manifest["scenario_sha256"]


def test_tree_table_and_json_hold_the_same_numbers(ran: tuple[Path, Result]) -> None:
    import pandas as pd

    from foederis import store

    root, _ = ran
    (folder,) = root.iterdir()
    tree = store.read_netcdf(folder / "results.nc")
    draws = tree["prior_predictive"]["welfare"].sel(country="JPN", horizon="long run", scenario="us-japan-2025")
    median = float(draws.quantile(0.5))
    table = pd.read_parquet(folder / "results.parquet")
    row = table.query("variable == 'welfare' and area == 'JPN' and horizon == 'long run' and quantile == 0.5")
    page = store.read_json(folder / "report.json")["scenarios"]["us-japan-2025"]["numbers"]["target_income"]
    assert row["value"].item() == pytest.approx(median, rel=1e-12)
    assert page["median"] == pytest.approx(median, rel=1e-12)
    assert (page["badge"], page["unit"]) == ("L", "%")
    assert table["vintage"].str.contains("2022 flows").all()


def test_json_is_json_and_equal_runs_have_equal_ids(ran: tuple[Path, Result]) -> None:
    root, _ = ran
    result = call("run", "us-japan-2025", *FAST, "--no-save", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    (folder,) = root.iterdir()
    assert report["run_id"] == folder.name.rsplit("-", 1)[1]
    assert report["scenarios"]["us-japan-2025"]["coercer"] == "USA"


def test_a_setting_changes_the_run_and_its_id() -> None:
    plain, changed = (
        json.loads(call("run", "ten-percent-linked", *FAST, "--no-save", "--json", *extra).stdout)
        for extra in ((), ("--set", "tariffs.flat.rate=20%"))
    )
    assert plain["run_id"] != changed["run_id"]
    loss = [r["scenarios"]["ten-percent-linked"]["numbers"]["revenue"]["median"] for r in (plain, changed)]
    assert loss[1] > loss[0]


def test_compare_prints_the_difference_of_paired_draws(tmp_path: Path) -> None:
    result = call("compare", "ten-percent-linked", "us-japan-baseline", *FAST, "--out", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    assert "second minus first" in result.stdout
    report = json.loads(call("compare", "us-japan-2025", "us-japan-2025-deal", *FAST, "--no-save", "--json").stdout)
    for row in report["differences"]:
        gap = row["difference"]
        assert gap["low"] <= gap["median"] <= gap["high"]


@pytest.mark.parametrize(
    ("args", "code", "wanted"),
    [
        (("run", "no-such-scenario"), 3, "no-such-scenario"),
        (("run", "us-japan-2025", "--draws", "3"), 2, "draws is 3"),
        (("run", "us-japan-2025", "--elasticities", "XX"), 2, "no elasticity set 'XX'"),
        (("run", "us-japan-2025", "--set", "tariffs.nothing.rate=5%"), 3, "nothing"),
        (("run", "us-japan-2025", "--tariffs", "/does/not/exist.csv"), 4, "no such file"),
        (("compare", "us-japan-2025", "us-japan-2025"), 2, "same name"),
        (("codes", "sektors"), 2, "did you mean 'sectors'"),
        (("ledger", "JPN", "--from", "2025-13"), 2, "2025-13"),
        (("ledger", "JPN", "--from", "2025-06", "--to", "2025-01"), 2, "before"),
        (("ledger", "XXX"), 2, "XXX"),
        (("validate", "napfta"), 2, "napfta"),
        (("new", "Not An Id"), 3, "Not An Id"),
    ],
)
def test_wrong_calls_end_in_one_message_and_the_right_code(args: tuple[str, ...], code: int, wanted: str) -> None:
    result = call(*args)
    assert result.exit_code == code, result.output
    assert wanted in result.stderr
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_bad_file_is_answered_with_every_fault(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "schema: foederis/scenario/v1\nid: bad\nextends: us-japan-baseline\ntariffs:\n"
        "  - {id: a, authority: s232, importer: USA, exporter: JPN, sectors: [C3O1], rate: 25, rule: add,"
        " from: 2025-01-01, source: x}\n",
        encoding="utf-8",
    )
    for command in ("check", "run"):
        result = call(command, str(bad))
        assert result.exit_code == 3
        assert "error[unit]" in result.output
        assert "did you mean 'C301'" in result.output


def test_new_check_and_run_follow_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("new", "my-case").exit_code == 0
    assert call("check", "my-case.yaml").exit_code == 0
    assert call("run", "my-case.yaml", *FAST, "--no-charts").exit_code == 0
    assert call("new", "my-case").exit_code == 2  # never over an existing file


def test_codes_ledger_data_and_doctor_answer() -> None:
    assert "JPN" in call("codes", "countries").stdout
    assert "us-japan-2025" in call("codes", "presets").stdout
    path = call("ledger", "JPN", "--from", "2025-01", "--to", "2026-08")
    assert path.exit_code == 0
    assert "IEEPA" in path.stdout
    rows = json.loads(call("ledger", "JPN", "--from", "2025-01", "--to", "2026-08", "--json").stdout)
    assert all(abs(sum(r["by_authority"].values()) - r["total"]) < 1e-9 for r in rows)
    assert "checksum" in call("data").stdout
    assert call("doctor").exit_code == 0


def run_process(*args: str, **more: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from foederis.cli import main; sys.argv = ['foederis', *sys.argv[1:]]; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, env={**os.environ, **more}, check=False
    )


def test_a_terminal_without_unicode_gets_ascii() -> None:
    done = run_process("ledger", "JPN", "--from", "2025-01", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_help_and_version_import_nothing_heavy() -> None:
    code = (
        "import sys, foederis.cli as c\n"
        "from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(c.app, ['--help']).exit_code == 0\n"
        "heavy = {'numpy', 'jax', 'pandas', 'xarray', 'altair', 'pydantic', 'scipy'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_reader_that_goes_away_is_no_error() -> None:
    script = f"{sys.executable} -m foederis codes sectors | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", script], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
