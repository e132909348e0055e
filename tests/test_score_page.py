"""The page of scores and its charts: current, and true to the numbers they are drawn from."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from foederis import charts_scores, charts_style, score, score_charts, score_page, words

DOCS = Path(__file__).resolve().parents[1] / "docs"


@cache
def report() -> score.Report:
    return score.run()


@cache
def drawn() -> dict[str, object]:
    return score_charts.charts(report())


def test_the_page_of_scores_is_the_one_the_scores_give() -> None:
    page = (DOCS / "scores.md").read_text(encoding="utf-8")
    assert page == score_page.markdown(report()), "run python tools/make_scores_page.py"


@pytest.mark.parametrize("name", score_page.PICTURES)
def test_the_pictures_of_the_page_are_those_of_the_scores(name: str) -> None:
    text = charts_style.svg(drawn()[name])
    assert (DOCS / "img" / f"{name}.svg").read_text(encoding="utf-8") == text, "run python tools/make_scores_page.py"


def test_every_picture_has_its_place_and_every_contest_its_section() -> None:
    page = score_page.markdown(report())
    assert set(re.findall(r"\(img/([\w-]+)\.svg\)", page)) == set(score_page.PICTURES)
    for contest in report().contests:
        assert f"## {contest.title}\n" in page
        assert f"Winner: {contest.winner}, over" in page
    assert set(drawn()) == set(score_page.PICTURES)


def test_the_tool_checks_what_it_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(DOCS.parent / "tools"))
    import make_scores_page as tool

    monkeypatch.setattr(tool.score_charts, "charts", lambda found: {})
    monkeypatch.setattr(tool, "PAGE", tmp_path / "scores.md")
    monkeypatch.setattr(sys, "argv", ["tool", "--check"])
    assert tool.main() == 1
    monkeypatch.setattr(sys, "argv", ["tool"])
    assert tool.main() == 0
    monkeypatch.setattr(sys, "argv", ["tool", "--check"])
    assert tool.main() == 0


def test_frequencies_are_those_of_the_levels_and_bands_hold_ninety_per_cent() -> None:
    seen = charts_scores.frequencies([0.1, 0.5, 0.5, 0.9])
    assert [seen[charts_scores.GRID.index(p)] for p in (0.05, 0.1, 0.5, 0.85, 1.0)] == [0.0, 25.0, 75.0, 75.0, 100.0]
    bands = charts_scores._bands(30, "cells")
    k = charts_scores.GRID.index(0.5)
    low, high = (round(bands[f"cells_{end}"][k] * 0.3) for end in ("low", "high"))
    assert binom.cdf(high, 30, 0.5) - binom.cdf(low - 1, 30, 0.5) >= 0.9
    assert binom.cdf(high - 1, 30, 0.5) - binom.cdf(low, 30, 0.5) < 0.9


def test_a_reliability_chart_refuses_what_it_cannot_draw() -> None:
    import pandas as pd

    rows = pd.DataFrame({"contest": ["a"], "model": ["foederis"], "country": ["JPN"], "level": [1.2]})
    with pytest.raises(ValueError, match="outside 0 to 1"):
        charts_scores.reliability(rows)
    with pytest.raises(ValueError, match="column level missing"):
        charts_scores.reliability(rows.drop(columns="level"))


def _fan(outcomes: list[float]) -> dict[str, object]:
    import pandas as pd

    cells = pd.DataFrame(
        [(name, 2017, 10.0, 20.0, 30.0, 40.0, 50.0, seen) for name, seen in zip("AB", outcomes, strict=True)],
        columns=["country", "year", "low90", "low50", "median", "high50", "high90", "outcome"],
    )
    history = pd.DataFrame({"country": ["A", "B"], "year": [2015, 2015], "value": [25.0, 25.0]})
    found: dict[str, object] = charts_scores.fan(cells, history, freeze=2016, title="t", unit="%").to_dict()
    return found


def _told(drawn: dict[str, object]) -> str:
    return json.dumps(drawn, ensure_ascii=False)


def test_a_fan_puts_the_farthest_off_first_and_says_how_many_it_held() -> None:
    text = _told(_fan([31.0, 70.0]))
    half, whole = (words.percent(v, decimals=0) for v in (50.0, 100.0))
    assert f"Of 2 outcomes {half} lie inside 50 %, {half} inside 90 %" in text
    assert text.index('"text": "B"') < text.index('"text": "A"')
    assert f"{whole} inside 90 %" in _told(_fan([31.0, 33.0]))


def test_a_fan_refuses_quantiles_that_do_not_rise() -> None:
    import pandas as pd

    row = ("A", 2017, 10.0, 20.0, 15.0, 40.0, 50.0, 31.0)
    columns = ["country", "year", "low90", "low50", "median", "high50", "high90", "outcome"]
    past = pd.DataFrame({"country": ["A"], "year": [2015], "value": [25.0]})
    with pytest.raises(ValueError, match="does not hold in row 1"):
        charts_scores.fan(pd.DataFrame([row], columns=columns), past, freeze=2016, title="t", unit="%")


def test_quantiles_and_levels_belong_to_their_cells() -> None:
    for contest in report().contests:
        for model, rows in contest.quantiles.items():
            bands = np.array(rows)
            assert bands.shape == (len(contest.places), 5)
            assert (np.diff(bands, axis=1) >= 0).all()
            np.testing.assert_allclose(bands[:, 2], contest.medians[model])
            below = np.array(contest.levels[model]) < 0.05
            held = np.array(contest.outcomes)
            assert (held[below] <= bands[below, 0] + 1e-9).all()


def test_contests_without_predictive_draws_have_no_reliability() -> None:
    coercion = next(c for c in report().contests if c.name == "D-coercion")
    assert coercion.levels == {}
    assert "D-coercion" not in score_charts.SHORT


def test_what_is_odd_follows_from_a_binomial() -> None:
    assert score_page._odd(0.5, 0.9, 0.5, 100) == []
    assert score_page._odd(0.8, 1.0, 0.5, 100) == ["intervals too wide"]
    assert score_page._odd(0.3, 0.6, 0.2, 100) == ["intervals too narrow", "outcomes higher than forecast"]
    assert score_page._odd(0.5, 0.9, 0.8, 100) == ["outcomes lower than forecast"]
    assert score_page._odd(1.0, 1.0, 1.0, 2) == []
