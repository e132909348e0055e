"""What is shipped: the wheel, the data with their checksums and licences, and nothing that may not be."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from foederis import world_report
from test_house import ROOT, SRC, tracked

DATA = SRC / "data"
LIMIT = 12_000_000  # bytes of shipped data, compressed
# Raw files whose provenance grants no right to redistribute.
NOT_OURS = ("icio/tariffs_gtd_2011_2021.parquet", "targets/cp_nafta", "targets/ossa2014")


def data_files() -> list[Path]:
    return sorted(path for path in tracked() if path.parent == DATA)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy of what is tracked, so that no stale build folder enters it."""
    copy = tmp_path_factory.mktemp("source")
    for path in tracked():
        if path.is_relative_to(SRC) or path.parent == ROOT:
            target = copy / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    out = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        str(copy),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_package_and_no_more(wheel: zipfile.ZipFile) -> None:
    inside = {name for name in wheel.namelist() if not name.startswith("foederis-")}
    expected = {path.relative_to(SRC.parent).as_posix() for path in tracked() if path.is_relative_to(SRC)}
    assert inside == expected
    for name in ("foederis/py.typed", "foederis/data/world-icio2022.npz", "foederis/presets/us-japan-2025.yaml"):
        assert name in inside
    about = {Path(name).name for name in wheel.namelist() if ".dist-info/" in name}
    assert {"LICENSE", "NOTICE", "METADATA", "entry_points.txt"} <= about
    card = next(wheel.read(name).decode() for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    assert "License-Expression: Apache-2.0" in card
    assert "Requires-Python: >=3.11" in card


def test_the_wheel_runs(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    code = (
        "import foederis; from foederis import world, world_report, scenario; w = world.load()\n"
        "print(foederis.__file__); print(len(w.countries), len(world_report.shipped()))\n"
        "print(scenario.load('us-japan-2025').id)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    place, counts, name = done.stdout.split("\n")[:3]
    assert Path(place).is_relative_to(tmp_path)
    assert counts == f"77 {len(data_files()) - 1}"
    assert name == "us-japan-2025"


def test_every_data_file_matches_its_checksum() -> None:
    recorded = {row["file"]: row["sha256"] for row in world_report.shipped()}
    files = [path for path in data_files() if path.name != world_report.CHECKSUMS]
    assert {path.name for path in files} == set(recorded), "run python tools/make_data_page.py"
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == recorded[path.name]
        card = path.with_suffix(".json")
        if path.suffix != ".json":
            assert json.loads(card.read_text("utf-8"))["sha256"] == recorded[path.name], (
                f"{card.name} is of another file"
            )
    assert sum(path.stat().st_size for path in files) < LIMIT


def test_every_data_file_has_its_attribution_and_no_attribution_is_left_over() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    lines = re.findall(r"^[a-z][\w-]+ \(.*\)$", notice, flags=re.MULTILINE)
    headings = [name for line in lines for name in re.findall(r"([a-z][\w-]+) \(", line)]
    assert set(headings) == {path.stem for path in data_files() if path.name != world_report.CHECKSUMS}
    classes = re.findall(r"^  ([A-Z])  \S", notice, flags=re.MULTILINE)
    assert set(classes) == {"A", "B"}


LICENCE = re.compile(r"public domain|public record|CC BY 4\.0|Etalab|published articles|\(MIT\)|free with|derived")


def test_every_card_names_its_sources_with_a_licence() -> None:
    for path in (p for p in data_files() if p.suffix == ".json"):
        card = json.loads(path.read_text(encoding="utf-8"))
        whole = str(card.get("licence", ""))
        for source in card.get("sources") or [card["source"]]:
            text = json.dumps(source)
            assert LICENCE.search(text) or LICENCE.search(whole), f"{path.name}: {text}"
            if isinstance(source, dict):
                assert source.get("class", "A") in ("A", "B"), path.name


def test_provenance_still_says_what_may_not_be_shipped(shared_data: Path) -> None:
    text = (shared_data / "trade" / "PROVENANCE.md").read_text(encoding="utf-8")
    for name in NOT_OURS:
        row = next(line for line in text.splitlines() if line.startswith(f"| {name.split('/')[-1]}"))
        assert row.rstrip("| ").endswith("C"), row


def test_nothing_without_a_licence_is_shipped(shared_data: Path) -> None:
    """No raw file of that class is in the repository, by content; none is named as a source of a shipped file."""
    raw = [
        path
        for name in NOT_OURS
        for path in [shared_data / "trade" / name, *(shared_data / "trade" / name).glob("*")]
        if path.is_file()
    ]
    assert len(raw) > 5
    theirs = {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in raw}
    for path in tracked():
        assert hashlib.sha256(path.read_bytes()).hexdigest() not in theirs, path
    cards = "".join(path.read_text(encoding="utf-8") for path in data_files() if path.suffix == ".json")
    for path in raw:
        assert path.name not in cards or path.name == "published_welfare.csv", path.name
        assert hashlib.sha256(path.read_bytes()).hexdigest() not in cards


def test_the_world_holds_tariffs_of_the_united_states_only() -> None:
    """No bilateral tariffs with a licence were found for other importers: there is no array that could hold them."""
    with np.load(DATA / "world-icio2022.npz") as file:
        rates = {name: file[name].shape for name in file.files if "tariff" in name}
        bilateral = {name for name in file.files if file[name].ndim == 3 and file[name].shape[:2] == (77, 77)}
    assert rates == {"us_tariff": (77, 25)}
    assert bilateral == {"flow_icio"}
