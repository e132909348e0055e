"""The charts of a run: the values in the specification are those given; each is drawn without a network."""

from __future__ import annotations

import datetime as dt
import json
import struct
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import jsonschema
import numpy as np
import pandas as pd
import pytest

from foederis import charts, words_names
from foederis.charts_effects import axis_limits
from foederis.charts_path import stacked
from foederis.words_palette import AUTHORITY_COLOUR, AUTHORITY_ORDER, LIGHT, ROLE_COLOUR, ROLE_SHAPE

ENDS = ["low90", "low50", "median", "high50", "high90"]
JAPAN = {
    "2025-01-01": {"mfn": 1.5},
    "2025-04-03": {"mfn": 1.5, "s232": 9.0},
    "2025-04-05": {"mfn": 1.5, "s232": 9.0, "ieepa": 13.9},
    "2025-08-07": {"mfn": 1.5, "s232": 11.0, "ieepa": 6.6},
    "2025-09-16": {"mfn": 1.5, "s232": 6.2, "ieepa": 6.8},
    "2026-02-20": {"mfn": 1.5, "s232": 6.2},
    "2026-02-24": {"mfn": 1.5, "s232": 6.2, "s122": 3.8},
}


def sectors(median: list[float], half_width: float = 1.0, **more: Any) -> pd.DataFrame:
    """One row per median, under the codes of the embedded world; intervals one and two half-widths wide."""
    codes = list(words_names.SECTOR)[: len(median)]
    names = [words_names.SECTOR[c] for c in codes]
    return pd.DataFrame({"sector": codes, "name": names, **ends(median, half_width), **more})


def countries(medians: dict[str, float], half_width: float = 0.1) -> pd.DataFrame:
    roles = {"USA": "coercer", "JPN": "target", "CHN": "rival"}
    return pd.DataFrame(
        {"country": list(medians), "role": [roles.get(c, "bystander") for c in medians], **ends(medians, half_width)}
    )


def ends(medians: Any, half_width: float) -> dict[str, np.ndarray]:
    m = np.asarray(list(medians.values()) if isinstance(medians, dict) else medians, dtype=float)
    return {end: m + k * half_width for end, k in zip(ENDS, (-2, -1, 0, 1, 2), strict=True)}


def path(rows: dict[str, dict[str, float]] = JAPAN) -> pd.DataFrame:
    long = [(dt.date.fromisoformat(d), a, r) for d, row in rows.items() for a, r in row.items()]
    return pd.DataFrame(long, columns=["date", "authority", "rate"])


def draw_path(rows: dict[str, dict[str, float]] = JAPAN, evaluated: str = "2025-09-16") -> alt.VConcatChart:
    day = dt.date.fromisoformat(evaluated)
    return charts.tariff_path(path(rows), partner="Japan", evaluated=day, source="Federal Register", run_id="r-1")


def draw_sectors(frame: pd.DataFrame, **more: Any) -> alt.VConcatChart:
    more = {"measure": "exports to the United States", "who": "Japan", "source": "OECD", "run_id": "r-1", **more}
    return charts.sector_effects(frame, **more)


@cache
def schema() -> dict[str, Any]:
    return json.loads(
        next((Path(alt.__file__).parent / "vegalite").glob("v*/schema/vega-lite-schema.json")).read_text("utf-8")
    )


def data_with(spec: dict[str, Any], column: str) -> pd.DataFrame:
    """The first data set of a specification that has the column."""
    sets = [pd.DataFrame(rows) for rows in spec["datasets"].values()]
    return next(frame for frame in sets if column in frame)


def texts(chart: alt.VConcatChart) -> str:
    """All text of the drawn chart, a line per element."""
    root = ElementTree.fromstring(charts.svg(chart))
    return "\n".join("".join(e.itertext()) for e in root.iter() if e.tag.endswith("text"))


TWELVE = [-20.0, -15, -12, -9, -7, -4, 1, 3, 5, 8, 11, 30]
DRAWN = {
    "path": lambda: draw_path(),
    "sectors": lambda: draw_sectors(sectors(TWELVE)),
    "two horizons": lambda: draw_sectors(
        pd.concat([sectors(TWELVE, horizon="short run"), sectors(TWELVE[::-1], horizon="long run")])
    ),
    "countries": lambda: charts.welfare_by_country(countries({"USA": 0.1, "JPN": -0.3, "CHN": 0.02, "VNM": 0.4})),
    "zero": lambda: draw_sectors(sectors([0.0] * 9, 0.0)),
    "one sector": lambda: draw_sectors(sectors([-3.0])),
    "one economy": lambda: charts.welfare_by_country(countries({"JPN": -0.3})),
    "all negative": lambda: draw_sectors(sectors([-50.0, -40, -45], 2.0)),
    "no interval": lambda: draw_sectors(sectors([-5.0, 3], 0.0)),
    "huge": lambda: draw_sectors(sectors([1e6, -99.9], 1e5)),
    "no duty": lambda: draw_path({"2025-01-01": {"mfn": 0.0}}, "2025-01-01"),
    "eight years": lambda: draw_path({"2018-01-01": {"mfn": 1.5}, **JAPAN}),
}


@pytest.mark.parametrize("name", DRAWN)
def test_each_chart_is_valid_vega_lite_and_can_be_drawn(name: str) -> None:
    chart = DRAWN[name]()
    spec = chart.to_dict()
    jsonschema.validate(spec, schema(), cls=jsonschema.Draft7Validator)
    assert "http" not in json.dumps({k: v for k, v in spec.items() if k != "$schema"})  # nothing to be fetched
    drawn = charts.png(chart, scale=1.0)
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", drawn[16:24])
    assert 400 < width < 1400
    assert 100 < height < 900
    shown = texts(chart)
    assert spec["vconcat"][0]["title"]["text"] in shown
    assert "NaN" not in shown
    assert "undefined" not in shown


def test_a_chart_is_drawn_the_same_each_time() -> None:
    assert charts.svg(DRAWN["sectors"]()) == charts.svg(DRAWN["sectors"]())
    assert charts.png(DRAWN["countries"]()) == charts.png(DRAWN["countries"]())


def test_sector_values_are_those_given() -> None:
    frame = sectors(TWELVE)
    drawn = data_with(draw_sectors(frame, top=12).to_dict(), "median").set_index("sector")
    for end in ENDS:
        np.testing.assert_array_equal(drawn[end].loc[frame["sector"]], frame[end])


def test_the_largest_sectors_are_chosen_and_sorted() -> None:
    chart = draw_sectors(sectors(TWELVE), top=4)
    drawn = data_with(chart.to_dict(), "median")
    assert sorted(drawn["median"]) == [-20, -15, -12, 30]
    shown = texts(chart)
    assert "The 4 largest of 12 sectors." in shown
    order = [shown.index(words_names.SECTOR[code]) for code in drawn.sort_values("median")["sector"]]
    assert order == sorted(order)


def test_how_the_sectors_were_chosen_is_said() -> None:
    assert "Change in per cent. The largest by trade." in texts(
        draw_sectors(sectors([1.0]), chosen_by="The largest by trade.")
    )


def test_two_horizons_have_the_same_sectors_in_the_same_order_and_one_axis() -> None:
    short, long = sectors(TWELVE, horizon="short run"), sectors(TWELVE[::-1], horizon="long run")
    spec = draw_sectors(pd.concat([short, long]), top=3).to_dict()
    panels = spec["vconcat"][0]["hconcat"]
    assert [p["title"]["text"] for p in panels] == ["short run", "long run"]
    sorts = [layer["encoding"]["y"]["sort"] for p in panels for layer in p["layer"] if "y" in layer["encoding"]]
    assert all(order == sorts[0] for order in sorts)
    domains = {json.dumps(layer["encoding"]["x"]["scale"]["domain"]) for p in panels for layer in p["layer"][:2]}
    assert len(domains) == 1


def test_titles_units_and_captions() -> None:
    shown = texts(DRAWN["sectors"]())
    for text in (
        "Japan: exports to the United States, by sector",
        "Change in per cent.",
        "change in per cent",
        "Thick line: half of the draws; thin line: 90 % of them",
        "Source: OECD.",
        "r-1",
    ):
        assert text in shown.replace("\u00a0", " "), text
    shown = texts(DRAWN["path"]()).replace("\u00a0", " ")
    for text in ("per cent of customs value", "evaluated on 16 Sep 2025: 14.5\u2009%", "weighted with 2024 imports"):
        assert text in shown, text


def test_figures_beside_the_rows_use_the_words_of_the_report() -> None:
    shown = texts(draw_sectors(sectors([-5.0, 3.0])))
    assert "−5.0\u2009% (−7.0 … −3.0)" in shown
    assert "+3.0\u2009% (+1.0 … +5.0)" in shown
    alone = texts(DRAWN["no interval"]())
    assert "−5.0\u2009%" in alone
    assert "…" not in alone


def test_a_long_whisker_is_cut_and_marked() -> None:
    frame = sectors([-4.0, -3, 2, 3])
    frame.loc[0, ["low90", "high90"]] = [-900.0, 800.0]
    spec = draw_sectors(frame).to_dict()
    drawn = data_with(spec, "cut_low").set_index("sector")
    low, high = axis_limits(frame)
    assert -15 < low < high < 15
    first = frame.loc[0, "sector"]
    assert list(drawn.loc[first, ["cut_low", "cut_high"]]) == [True, True]
    assert not drawn.drop(index=first)[["cut_low", "cut_high"]].any().any()
    assert drawn.loc[first, "low90_shown"] == low
    assert drawn.loc[first, "low90"] == -900  # the table behind the chart keeps the value
    shown = texts(draw_sectors(frame))
    assert "Arrowhead: the interval goes on beyond the axis." in shown
    assert "(−900 … +800)" in shown
    assert "Arrowhead" not in texts(DRAWN["sectors"]())


@pytest.mark.parametrize("medians", [[0.0, 0.0], [-5.0, -9.0], [1e6, -99.9], [1e-9, 2e-9]])
def test_the_axis_holds_zero_and_every_median(medians: list[float]) -> None:
    frame = sectors(medians, abs(medians[0]) / 5)
    low, high = axis_limits(frame)
    assert low < 0 < high
    assert low < frame["median"].min()
    assert frame["median"].max() < high


def test_long_and_equal_names_stay_apart() -> None:
    frame = sectors([-3.0, -2.0, 1.0]).assign(name="A very long name that a user gave to a sector of a table")
    shown = texts(draw_sectors(frame))
    for code in frame["sector"]:
        assert f"… ({code})" in shown
    assert len(data_with(draw_sectors(frame).to_dict(), "median")) == 3
    assert all(f"{m:+.1f}".replace("-", "−") in shown or f"{m:+.0f}".replace("-", "−") in shown for m in (-3, -2, 1))


def test_actors_are_always_shown_and_unsure_marks_hollow() -> None:
    codes = [c for c in words_names.COUNTRY if c not in ("USA", "JPN", "CHN", "EU27", "REU")]
    medians = {"USA": 0.01, "JPN": -0.01, "CHN": 0.0, **{c: 1.0 + k for k, c in enumerate(codes[:40])}}
    chart = charts.welfare_by_country(countries(medians, 0.05), top=10)
    drawn = data_with(chart.to_dict(), "country").set_index("country")
    assert len(drawn) == 10
    assert set(drawn.index) == {"USA", "JPN", "CHN", *codes[33:40]}
    assert drawn["unsure"].sum() == 3
    shown = texts(chart)
    assert "10 of 43 economies: those with a part" in shown
    assert "Coercer" in shown
    assert words_names.country("JPN") in shown


def test_roles_differ_in_colour_and_in_shape() -> None:
    assert len(set(ROLE_SHAPE.values())) == len(set(ROLE_COLOUR.values())) == len(ROLE_SHAPE)
    assert set(ROLE_COLOUR) == set(ROLE_SHAPE) == set(words_names.ROLE)
    assert set(AUTHORITY_COLOUR) == set(AUTHORITY_ORDER) == set(words_names.AUTHORITY)
    assert set(AUTHORITY_COLOUR.values()) <= set(LIGHT)


def test_the_path_stacks_to_the_total_at_every_date() -> None:
    steps = stacked(path(), end=None, evaluated=dt.date(2025, 9, 16))
    total = path().groupby("date")["rate"].sum()
    for date, group in steps.groupby("date"):
        ordered = group.sort_values("order")
        assert ordered["high"].iloc[-1] == pytest.approx(total[date.date()])
        np.testing.assert_allclose(ordered["low"].iloc[1:], ordered["high"].iloc[:-1])
        assert list(ordered["authority"]) == ["mfn", "s232", "ieepa", "s122"]
    assert (steps["until"] > steps["date"]).all()
    drawn = data_with(draw_path().to_dict(), "authority")
    for code, rate in path()[path()["date"] == dt.date(2025, 4, 5)][["authority", "rate"]].itertuples(index=False):
        row = drawn[(drawn["authority"] == code) & (drawn["t"] == pd.Timestamp("2025-04-05").timestamp() * 1000)]
        assert list(row["rate"]) == [rate]


def test_a_peak_of_one_week_is_labelled() -> None:
    shown = texts(draw_path())
    assert "24.4\u2009%" in shown
    assert shown.count("14.5\u2009%") == 2  # on the rule and over the plateau


def test_labels_in_the_layers_keep_clear_of_the_rule() -> None:
    """The name of a layer was once drawn across the rule of the evaluation date."""
    rows = {"2025-01-01": {"ieepa": 20.0}, "2025-12-31": {"ieepa": 20.0}}
    chart = charts.tariff_path(path(rows), partner="Japan", evaluated=dt.date(2025, 7, 2), end=dt.date(2026, 1, 1))
    label = data_with(chart.to_dict(), "ink")
    rule = pd.Timestamp("2025-07-02").timestamp() * 1000
    year = 365 * 86_400_000
    assert (label["t"] - rule).abs().min() > 0.02 * year


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "at least one row"),
        ({"2025-01-01": {"mfn": -1.0}}, "zero or more"),
        ({"2025-01-01": {"x": 1.0}}, "unknown"),
    ],
)
def test_a_path_that_cannot_be_drawn_is_refused(rows: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_path(rows, "2025-01-01")


def test_effects_that_cannot_be_drawn_are_refused() -> None:
    frame = sectors([1.0, 2.0])
    with pytest.raises(ValueError, match="finite low90 <= low50"):
        draw_sectors(frame.assign(low50=5.0))
    with pytest.raises(ValueError, match="finite low90 <= low50"):
        draw_sectors(frame.assign(high90=float("inf")))
    with pytest.raises(ValueError, match="finite low90 <= low50"):
        draw_sectors(frame.assign(median=float("nan")))
    with pytest.raises(ValueError, match="'high90'"):
        draw_sectors(frame.drop(columns="high90"))
    with pytest.raises(ValueError, match="rows missing"):
        draw_sectors(frame[:0])
    with pytest.raises(ValueError, match="given twice: A01_02"):
        draw_sectors(pd.concat([frame, frame[:1]]))


def test_files_are_written_under_their_names(tmp_path: Path) -> None:
    written = charts.save(DRAWN["one sector"](), tmp_path / "figures" / "sectors")
    assert [p.name for p in written] == ["sectors.png", "sectors.svg"]
    assert (tmp_path / "figures" / "sectors.svg").read_text("utf-8").startswith("<svg")
    with pytest.raises(ValueError, match="unknown chart format 'gif'"):
        charts.save(DRAWN["one sector"](), tmp_path / "x", ("gif",))
