"""Target data that are absent or damaged are refused, with what to do."""

from __future__ import annotations

from importlib import resources

import pytest

from foederis.errors import DataError
from foederis.published import shipped


@pytest.fixture
def installation(tmp_path, monkeypatch):
    """A copy of the shipped files in the place of the package's own."""
    (tmp_path / "data").mkdir()
    for file in (resources.files("foederis") / "data").iterdir():
        if file.name.startswith("targets-"):
            (tmp_path / "data" / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(shipped.resources, "files", lambda package: tmp_path)
    return tmp_path / "data"


@pytest.mark.parametrize("name", ["liberation-day", "real-2025"])
def test_what_is_shipped_loads_and_carries_its_sources(name):
    data = shipped.load(name)
    assert data.arrays
    assert all({"what", "publisher", "licence", "change"} <= set(source) for source in data.card["sources"])


def test_an_untouched_copy_loads(installation):
    assert shipped.load("real-2025").arrays["partner"].tolist() == [b"JPN", b"KOR", b"CHN", b"WORLD"]


def test_one_changed_byte_is_refused(installation):
    file = installation / "targets-real-2025.npz"
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(bytes(raw))
    with pytest.raises(DataError, match="damaged"):
        shipped.load("real-2025")


@pytest.mark.parametrize("ending", ["npz", "json"])
def test_an_absent_file_is_refused(installation, ending):
    (installation / f"targets-real-2025.{ending}").unlink()
    with pytest.raises(DataError, match="reinstall"):
        shipped.load("real-2025")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_card_that_cannot_be_read_is_refused(installation, text):
    (installation / "targets-real-2025.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="damaged"):
        shipped.load("real-2025")
