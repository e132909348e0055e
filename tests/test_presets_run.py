"""Every preset, as a user asks for it: it runs, is told, is saved with its charts, and its page and brief are there."""

from __future__ import annotations

import numpy as np
import pytest

import foederis as fo
from foederis import scenario
from foederis.report_charts import CHARTS
from foederis.report_charts_alliance import ALLIANCE_CHARTS
from foederis.report_page import NUMBERS, page_data
from foederis.report_sentence import sentence

PRESETS = [info.id for info in scenario.presets()]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_runs_and_is_saved(preset, tmp_path):
    run = fo.simulate(preset, draws=20, elasticities="FGO", alliance_draws=40, workers=1)
    assert preset in run.text()
    folder = run.save(tmp_path, charts=True)
    drawn = {path.stem for path in folder.rglob("*.svg")}
    undefined = bool(np.isnan(run.results[preset].alliance.break_even).all())
    wanted = {name for name in (*CHARTS, *ALLIANCE_CHARTS) if not (undefined and name == "break-even")}
    assert drawn == wanted
    page = page_data(run.results[preset], run.paths[preset], run.run_id)
    assert set(page.numbers) <= set(NUMBERS)
    for lang in ("en", "ja"):
        assert sentence(page, lang)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_preset_is_set_against_is_in_force_on_its_day(preset):
    case = scenario.load(preset)
    if case.compare_to is not None:
        assert scenario.load(case.compare_to).evaluate <= case.evaluate
