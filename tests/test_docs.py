"""Every Python block of the pages runs, in the order of its page, in an empty folder; every command named exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


README = ROOT / "README.md"
WITH_PYTHON = [page for page in PAGES if blocks(page, "python") and page != README]


def test_pages_with_code_are_found() -> None:
    assert "own-data.md" in {page.name for page in WITH_PYTHON}


def test_the_readme_shows_what_its_own_code_prints(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The example of the README, line by line, from the run that its Python block makes."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import make_readme

    monkeypatch.chdir(tmp_path)
    names: dict = {}
    (block,) = blocks(README, "python")
    exec(compile(block, "README.md", "exec"), names)
    assert make_readme.differences(names["run"].text()) == [], "run python tools/make_readme.py"
    wrong = names["run"].text().replace("gain", "loss", 1)
    assert make_readme.differences(wrong)


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_the_python_blocks_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for number, block in enumerate(blocks(page, "python"), 1):
        exec(compile(block, f"{page.name}, block {number}", "exec"), names)


def test_the_claims_of_the_page_on_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page says of its example: the identities hold, a small tariff helps its country, all markets clear."""
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in blocks(ROOT / "docs" / "own-data.md", "python"):
        exec(block, names)
    found = names["result"]
    assert found.welfare_hat[0] > 1 > found.welfare_hat[1]
    assert max(found.residuals.values()) < 1e-10
    assert len(names["small"].countries) == 21
    assert len(names["halves"].countries) == 2
    assert names["small"].value_added.sum() == pytest.approx(names["full"].value_added.sum(), rel=1e-12)


def test_commands_named_on_the_pages_exist() -> None:
    from typer.main import get_command

    from foederis.cli import app

    known = set(get_command(app).commands)
    assert {"run", "data"} <= known
    for page in PAGES:
        named = re.findall(r"`foederis ([a-z]+)", page.read_text(encoding="utf-8"))
        named += [m for block in blocks(page, "sh") for m in re.findall(r"^(?:.*/)?foederis ([a-z]+)", block, re.M)]
        assert set(named) <= known, f"{page.name}: {set(named) - known}"
