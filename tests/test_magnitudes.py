"""The page of orders of magnitude is what the code gives, and nothing far off goes without a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def tool():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        import make_magnitudes

        yield make_magnitudes


def test_the_page_is_what_the_code_gives(tool) -> None:
    assert tool.differences(tool.PAGE.read_text(encoding="utf-8"), tool.page()) == [], "run tools/make_magnitudes.py"


def test_a_changed_number_or_word_is_seen(tool) -> None:
    page = tool.PAGE.read_text(encoding="utf-8")
    assert tool.differences(page, page) == []
    assert len(tool.differences(page, page.replace("+7.1", "+9.1"))) == 1
    assert len(tool.differences(page, page.replace("Vietnam", "Laos"))) == 1
    assert tool.differences(page, page.replace("+7.1", "+7.2")) == []  # rounding on another machine
    assert tool.differences(page, page + "\nmore\n")


@pytest.mark.parametrize(
    ("sketch", "ours", "expected"),
    [
        (1.0, 2.9, False),
        (1.0, 3.1, True),
        (1.0, 0.3, True),
        (1.0, -1.0, True),
        (0.01, -0.01, False),
        (None, 1.0, False),
    ],
)
def test_a_factor_of_three_or_another_sign_is_far_off(tool, sketch: float | None, ours: float, expected: bool) -> None:
    assert tool.off(sketch, ours, 0.05) is expected


def test_what_is_far_off_without_a_reason_is_refused(tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "WHY", {"USA": "a reason {flat}"})
    with pytest.raises(SystemExit, match="not explained: VNM"):
        tool.page()
