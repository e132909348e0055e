"""The charts of the alliance: what is drawn is what was given, nothing overlaps, what cannot be drawn is refused."""

from __future__ import annotations

import datetime as dt
import json
import math
import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import altair as alt
import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import charts, words, words_names
from foederis.charts_balance import waterfall_rows
from foederis.charts_hedging import stack_of
from foederis.charts_parts import apart, places
from foederis.charts_region import PLACES, step_of, zero_line
from foederis.charts_trust import pin_lines, pin_places
from foederis.words_palette import DIVERGING, LIGHT

INF = math.inf
FOOT = {"source": "own computation", "run_id": "r-1"}
NONE = pd.DataFrame(columns=["date"])
LONG = "an act with a very long title that goes on until it needs three lines of the list below the plot and more"


def fan(quarters: int = 48, start: str = "2025-01-01", level: float = 36.0, width: float = 10.0) -> pd.DataFrame:
    dates = pd.date_range(start, periods=quarters, freq="QS")
    median = level - np.minimum(0.5 * np.arange(quarters), level / 2)
    shares = {"low90": -1.0, "low50": -0.4, "median": 0.0, "high50": 0.4, "high90": 1.0}
    ends = {name: np.clip(median + k * width, 0.0, 100.0) for name, k in shares.items()}
    return pd.DataFrame({"date": dates.date, **ends})


def polls(*rows: tuple[str, float, str, bool]) -> pd.DataFrame:
    known = rows or (("2024-11-15", 34.0, "Yomiuri-Gallup", False), ("2025-06-15", 22.0, "Yomiuri", True))
    return pd.DataFrame(known, columns=["date", "share", "pollster", "holdout"])


def pins(dates: list[str], label: str = "an act") -> pd.DataFrame:
    rows = [(k + 1, dt.date.fromisoformat(day), f"{label} {k + 1}") for k, day in enumerate(dates)]
    return pd.DataFrame(rows, columns=["number", "date", "label"])


FOURTEEN = [
    "2025-04-02",
    "2025-04-02",
    *[f"2025-{m:02}-05" for m in range(4, 13)],
    "2026-02-20",
    "2026-02-24",
    "2027-03-31",
]


def draw_trust(**tables: pd.DataFrame) -> alt.VConcatChart:
    plain = fan()
    given = {"fan": plain, "polls": polls(), "pins": pins(FOURTEEN), "reference": plain[["date"]].assign(median=37.0)}
    return charts.trust_fan(
        **{**given, **tables},
        title_who="Japanese who trust the United States",
        wording="“Do you trust the United States?”",
        evaluated=dt.date(2025, 9, 30),
        **FOOT,
    )


def channels(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    known = rows or (("Tariff", -1.8, -3.9, -0.4), ("Linkage", -5.0, -9.0, 0.2), ("Reassurance", 1.4, 0.3, 2.6))
    return pd.DataFrame(known, columns=["channel", "value", "low90", "high90"])


def draw_why(
    frame: pd.DataFrame | None = None, before: float = 38.0, after: float = 32.0, **more: Any
) -> alt.VConcatChart:
    more = {"unit": "points", "what": "trust in the United States", **FOOT, **more}
    return charts.why_waterfall(channels() if frame is None else frame, before=before, after=after, **more)


def stack(**values: Any) -> pd.DataFrame:
    dates = pd.date_range("2025-01-01", periods=12, freq="QS").date
    known = values or {"Own arms": np.linspace(50, 90, 12), "Ties with partners": 6.0, "Accommodation": 0.5}
    tables = [pd.DataFrame({"date": dates, "component": n, "value": v * np.ones(12)}) for n, v in known.items()]
    return pd.concat(tables, ignore_index=True)


def tiles(**changes: float) -> pd.DataFrame:
    known = changes or {"KOR": -1.2, "TWN": 0.02, "VNM": -3.4, "GBR": 1.1, "DEU": -0.8}
    rows = [(code, v, v - 1.0, v + 1.0, v / 2, -0.2) for code, v in known.items()]
    return pd.DataFrame(rows, columns=["country", "change", "low90", "high90", "own", "watching"])


def q(low90: float, low50: float, median: float, high50: float, high90: float) -> dict[str, float]:
    return {"low90": low90, "low50": low50, "median": median, "high50": high50, "high90": high90}


def draw_strip(break_even: dict[str, float], probability: float = 0.31, **more: Any) -> alt.VConcatChart:
    given = {
        "gain": q(7, 8, 9, 10, 11),
        "change": q(-2.8, -1.5, -0.9, -0.3, 0.6),
        "price": q(4.1, 8, 12, 19, 38),
        **more,
    }
    return charts.break_even_strip(break_even=break_even, probability=probability, **given, **FOOT)


def grid(shift: float = 0.0, rows: int = 6, columns: int = 7) -> pd.DataFrame:
    access, arms = np.meshgrid(np.linspace(0, 1, rows), np.linspace(-0.5, 1, columns), indexing="ij")
    change = -0.02 * access + 0.025 * arms - 0.004 + shift
    defeat = 1 / (1 + np.exp(200 * change))
    table = {"access": access, "rearmament": arms, "change": change, "defeat": defeat}
    return pd.DataFrame({name: values.ravel() for name, values in table.items()})


DRAWN: dict[str, Callable[[], alt.VConcatChart]] = {
    "trust": draw_trust,
    "trust, nothing else": lambda: draw_trust(polls=NONE, pins=NONE, reference=NONE),
    "trust, two quarters": lambda: draw_trust(fan=fan(2), pins=pins(["2025-04-02"] * 14, LONG)),
    "trust, zero": lambda: draw_trust(fan=fan(8, level=0.0, width=0.0), polls=NONE, reference=NONE),
    "trust, near 100": lambda: draw_trust(
        fan=fan(8, level=99.0), polls=polls(*[("2025-05-01", 100.0, p, False) for p in "abcdefgh"])
    ),
    "why": draw_why,
    "why, from zero": lambda: draw_why(before=0.0, after=-1.6, rest="Remainder", unit="per cent"),
    "why, nothing": lambda: draw_why(channels(("a", 0.0, 0.0, 0.0)), 0.0, 0.0),
    "why, all negative": lambda: draw_why(channels(*[(LONG, -k, -2 * k, -k / 2) for k in range(1, 9)]), 50.0, 0.0),
    "why, huge": lambda: draw_why(channels(("a", 1e6, -1e9, 1e9), ("b", -1e-3, -1e-2, 0.0)), 5.0, 1e6),
    "hedging": lambda: charts.hedging_stack(stack(), unit="bn USD of 2023 a year", who="Japan", **FOOT),
    "hedging, zero": lambda: charts.hedging_stack(stack(**dict.fromkeys("abcdefg", 0.0)), unit="bn USD"),
    "hedging, huge": lambda: charts.hedging_stack(stack(**{LONG: 1e9, "b": 1e-9, "c": 0.0}), unit="per cent of effort"),
    "tiles": lambda: charts.bystander_tiles(tiles(), when="2035 Q4 against 2024 Q4", **FOOT),
    "tiles, zero": lambda: charts.bystander_tiles(tiles(KOR=0.0, AUS=0.0)),
    "tiles, all": lambda: charts.bystander_tiles(tiles(**dict.fromkeys(PLACES, -99.0)), **FOOT),
    "tiles, off the map": lambda: charts.bystander_tiles(tiles(**{f"X{k}": k - 4.0 for k in range(8)}, CIV=0.1)),
    "strip": lambda: draw_strip(q(5, 7.6, 10, 16, 34)),
    "strip, no upper end": lambda: draw_strip(q(4, 8, 14, INF, INF)),
    "strip, never loses": lambda: draw_strip(q(INF, INF, INF, INF, INF), 0.0),
    "strip, always loses": lambda: draw_strip(q(0, 0, 0, 0, 0), 1.0),
    "strip, huge": lambda: draw_strip(q(1e-7, 1, 10, 1e6, 1e12), price=q(1e-3, 1e2, 2e4, 1e6, 1e8)),
    "strip, a point": lambda: draw_strip(q(9, 9, 9, 9, 9), price=q(9, 9, 9, 9, 9)),
    "phase": lambda: charts.phase(grid(), **FOOT),
    "phase, one sign": lambda: charts.phase(grid(-1.0)),
    "phase, fine": lambda: charts.phase(grid(rows=40, columns=50)),
}


@cache
def schema() -> dict[str, Any]:
    found = next((Path(alt.__file__).parent / "vegalite").glob("v*/schema/vega-lite-schema.json"))
    return json.loads(found.read_text("utf-8"))


def data_with(chart: alt.VConcatChart, *columns: str) -> pd.DataFrame:
    """The first data set of a chart that has the columns."""
    sets = [pd.DataFrame(rows) for rows in chart.to_dict()["datasets"].values()]
    return next(table for table in sets if set(columns) <= set(table))


def texts(chart: alt.VConcatChart) -> str:
    """All text of the drawn chart, a line per element."""
    root = ElementTree.fromstring(charts.svg(chart))
    return "\n".join("".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")).replace("\u00a0", " ")


@pytest.mark.parametrize("name", DRAWN)
def test_each_chart_is_valid_vega_lite_and_can_be_drawn(name: str) -> None:
    chart = DRAWN[name]()
    spec = chart.to_dict()
    jsonschema.validate(spec, schema(), cls=jsonschema.Draft7Validator)
    assert "http" not in json.dumps({k: v for k, v in spec.items() if k != "$schema"})  # nothing to be fetched
    drawn = charts.png(chart, scale=1.0)
    width, height = struct.unpack(">II", drawn[16:24])
    assert 500 < width < 1250
    assert 200 < height < 1250
    shown = texts(chart)
    title = spec["vconcat"][0]["title"]
    assert title["text"] in shown
    assert title["subtitle"] in shown
    for wrong in ("NaN", "undefined", "Infinity", "n/a", "None"):
        assert wrong not in shown


def test_the_fan_shows_the_values_given() -> None:
    chart = draw_trust()
    drawn = data_with(chart, "low90", "high50")
    for end in ("low90", "low50", "median", "high50", "high90"):
        np.testing.assert_array_equal(drawn[end], fan()[end])
    assert list(drawn["quarter"][:2]) == ["2025 Q1", "2025 Q2"]
    dots = data_with(chart, "pollster")
    assert list(dots["share"]) == [34.0, 22.0]
    assert list(dots["fill"]) == [LIGHT["ink"], LIGHT["card"]]  # hollow: kept for testing
    shown = texts(chart)
    for text in (
        "Yomiuri-Gallup",
        "Hollow: kept for testing",
        "without the acts",
        "37\u2009%",
        "in 2036 Q4",
        "Source: own",
    ):
        assert text in shown, text


def test_the_median_is_solid_up_to_the_evaluated_quarter_and_dashed_from_there() -> None:
    plot = draw_trust(pins=NONE).to_dict()["vconcat"][0]
    sets = draw_trust(pins=NONE).to_dict()["datasets"]
    lines = [x for x in plot["layer"] if x["mark"]["type"] == "line" and x["mark"]["color"] == LIGHT["blue"]]
    solid, dashed = ([row["t"] for row in sets[x["data"]["name"]]] for x in lines)
    assert [x["mark"]["strokeDash"] for x in lines] == [[1, 0], [7, 4]]
    assert max(solid) == min(dashed) == pd.Timestamp("2025-07-01").timestamp() * 1000
    assert len(solid) + len(dashed) == len(fan()) + 1


def test_pins_keep_apart_and_point_at_their_dates() -> None:
    drawn = data_with(draw_trust(), "place", "figure")
    domain = [1.7e12, 2.1e12]
    assert len(drawn) == 14
    assert list(drawn["t"]) == sorted(pd.Timestamp(day).timestamp() * 1000 for day in FOURTEEN)
    assert list(drawn["figure"]) == [str(k + 1) for k in range(14)]
    placed = pin_places([int(1.75e12)] * 14, domain)
    gaps = {round(770 * (b - a) / (domain[1] - domain[0]), 6) for a, b in pairwise(placed)}
    assert gaps == {21.0}


def test_the_list_of_pins_is_whole_and_in_order() -> None:
    rows = pin_lines(pins(["2025-04-02"] * 6, LONG))
    assert list(rows.loc[rows["number"] != "", "number"]) == list("123456")
    assert set(rows["column"]) == {0, 1}
    assert not rows.duplicated(["column", "line"]).any()
    assert " ".join(rows["text"]).replace("\u00a0", " ").count(f"{LONG} 3 (2 Apr 2025)") == 1
    assert set(pin_lines(pins(["2025-04-02"] * 4))["column"]) == {0}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"fan": fan().assign(high90=np.nan)}, "high90 is not a finite number in 48 of 48 rows, first in row 1"),
        ({"fan": fan().assign(high90=INF)}, "not a finite number"),
        ({"fan": fan().assign(high90=140.0)}, "outside 0 to 100"),
        ({"fan": fan().assign(low50=90.0)}, "low90 <= low50 <= median"),
        ({"fan": fan().drop(columns="low50")}, "column low50 missing"),
        ({"fan": fan(1)}, "two quarters or more"),
        ({"fan": fan().assign(date=fan()["date"] + dt.timedelta(days=3))}, "first day"),
        ({"fan": fan()[:0]}, "no rows"),
        ({"polls": polls(("2025-01-01", -3.0, "a", False))}, "outside 0 to 100"),
        ({"polls": polls(("2025-01-01", math.nan, "a", False))}, "polls of trust: share"),
        ({"reference": fan()[["date"]].assign(median=INF)}, "path without the acts"),
        ({"pins": pins(["2025-01-01", "2025-02-01"]).assign(number=1)}, "given twice"),
    ],
)
def test_trust_that_cannot_be_drawn_is_refused(tables: dict[str, pd.DataFrame], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_trust(**tables)


parts = st.lists(st.floats(-50, 50, allow_nan=False), min_size=1, max_size=8)


@given(parts, st.floats(1, 99), st.floats(0, 99))
def test_a_waterfall_runs_from_before_to_after(values: list[float], before: float, after: float) -> None:
    rows = waterfall_rows(
        channels(*[(f"c{k}", v, v - 1, v + 1) for k, v in enumerate(values)]), before=before, after=after
    )
    assert list(rows["kind"]) == ["level", *["part"] * (len(values) + 1), "total"]
    assert list(rows["value"][1:-2]) == values
    inner = rows[rows["kind"] == "part"]
    assert inner["start"].iloc[0] == before
    np.testing.assert_allclose(inner["start"].iloc[1:], inner["stop"].iloc[:-1], atol=1e-9)
    assert inner["stop"].iloc[-1] == pytest.approx(after, abs=1e-9)
    assert rows["label"].iloc[-2] == "Interaction"


def test_a_rest_that_is_given_must_add_up() -> None:
    good = channels(("a", -2.0, -3, -1), ("interaction", 0.5, 0.0, 1.0))
    rows = waterfall_rows(good, before=10.0, after=8.5)
    assert list(rows["label"]) == ["Before", "a", "interaction", "After"]
    with pytest.raises(
        ValueError, match=r"rows sum to -1\.5, the change is -2; means over draws add up, medians do not"
    ):
        waterfall_rows(good, before=10.0, after=8.0)


def test_the_waterfall_shows_values_with_signs_and_colours() -> None:
    chart = draw_why()
    drawn = data_with(chart, "colour", "value").set_index("label")
    assert list(drawn.loc[["Tariff", "Linkage", "Reassurance"], "value"]) == [-1.8, -5.0, 1.4]
    assert drawn.loc["Interaction", "value"] == pytest.approx(-0.6)
    assert drawn.loc["Tariff", "colour"] == LIGHT["loss"]
    assert drawn.loc["Reassurance", "colour"] == LIGHT["gain"]
    shown = texts(chart)
    for text in (
        "−1.8 (−3.9 … −0.4)",
        "+1.4 (+0.3 … +2.6)",
        "−0.6",
        "32.0 (−6.0)",
        "From 38.0 to 32.0. Change in points.",
    ):
        assert text in shown, text
    alone = texts(DRAWN["why, from zero"]())
    assert "Before" not in alone
    assert "Total" in alone
    assert "Remainder" in alone
    assert "From" not in alone


def test_a_long_interval_of_a_channel_is_cut_and_marked() -> None:
    chart = DRAWN["why, huge"]()
    drawn = data_with(chart, "cut_low").set_index("label")
    assert bool(drawn.loc["a", "cut_low"])
    assert bool(drawn.loc["a", "cut_high"])
    assert drawn.loc["a", "low90"] == -1e9
    assert "Arrowhead" in texts(chart)
    assert "Arrowhead" not in texts(DRAWN["why, nothing"]())


@pytest.mark.parametrize("bad", [math.nan, INF])
def test_a_waterfall_that_cannot_be_drawn_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match=r"value is not a finite number in 1 of 1 rows, first in row 1 \(a\)"):
        draw_why(channels(("a", bad, 0, 1)))
    with pytest.raises(ValueError, match="must be finite"):
        draw_why(after=bad)
    with pytest.raises(ValueError, match="low90 <= high90"):
        draw_why(channels(("a", 0, 1, 0)))


def test_layers_are_stacked_in_the_order_given() -> None:
    frame = stack()
    layers = stack_of(frame.sample(frac=1.0, random_state=1).sort_values("component", kind="stable"))
    for _, column in layers.groupby("t"):
        np.testing.assert_allclose(column["low"].iloc[1:], column["high"].iloc[:-1])
        assert column["low"].iloc[0] == 0
    drawn = data_with(charts.hedging_stack(frame, unit="bn USD"), "component", "value")
    for name, group in frame.groupby("component"):
        np.testing.assert_array_equal(drawn.loc[drawn["component"] == name, "value"], group["value"])
    assert list(dict.fromkeys(drawn["component"])) == ["Own arms", "Ties with partners", "Accommodation"]


def test_names_and_last_values_stand_beside_the_stack() -> None:
    programme = pd.DataFrame({"date": ["2025-01-01", "2027-10-01"], "value": [50.0, 60.0]})
    chart = charts.hedging_stack(stack(), unit="bn USD", who="Japan", programme=programme)
    shown = texts(chart)
    for text in (
        "Own arms 90",
        "Ties with partners 6",
        "Accommodation 0.50",
        "Announced programme 60",
        "How Japan insures",
    ):
        assert text in shown, text
    heights = sorted(data_with(chart, "place", "from")["place"])
    top = 1.05 * 96.5
    assert min(b - a for a, b in pairwise(heights)) * 340 / top >= 18 - 1e-6
    assert list(data_with(chart, "t", "value").query("value in (50, 60)")["value"]) != []


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (stack(a=-1.0), "negative"),
        (stack(a=math.nan), "not a finite number"),
        (stack(**dict.fromkeys("abcdefgh", 1.0)), "at most 7"),
        (stack(a=1.0, b=2.0)[:-1], "one value on each date"),
        (stack(a=1.0)[:1], "two dates"),
    ],
)
def test_a_stack_that_cannot_be_drawn_is_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        charts.hedging_stack(frame, unit="bn USD")


def test_tiles_show_the_values_given_with_steps_arrows_and_borders() -> None:
    chart = charts.bystander_tiles(tiles())
    drawn = data_with(chart, "fill", "watching").set_index("country")
    given_ = tiles().set_index("country")
    for column in ("change", "low90", "high90", "own", "watching"):
        np.testing.assert_array_equal(drawn.loc[given_.index, column].astype(float), given_[column])
    assert step_of(given_["change"]) == 1.0
    expected = {"KOR": DIVERGING[2], "TWN": DIVERGING[3], "VNM": DIVERGING[0], "GBR": DIVERGING[4], "DEU": DIVERGING[2]}
    assert drawn.loc[list(expected), "fill"].to_dict() == expected
    assert drawn.loc[list(expected), "unsure"].to_dict() == {
        "KOR": False,
        "TWN": True,
        "VNM": False,
        "GBR": False,
        "DEU": True,
    }
    assert drawn.loc[list(expected), "way"].to_dict() == {"KOR": -1, "TWN": 0, "VNM": -1, "GBR": 1, "DEU": -1}
    assert not drawn.loc[["CHN", "JPN"], "given"].any()
    shown = texts(chart)
    for text in ("Viet Nam", "−3.4", "(−4.4 … −2.4)", "own −1.7", "watching −0.2", "towards China"):
        assert text in shown, text


def test_no_two_tiles_share_a_place() -> None:
    assert len(set(PLACES.values())) == len(PLACES)
    assert set(PLACES) <= set(words_names.COUNTRY)
    frame = tiles(**dict.fromkeys([*PLACES, *[f"X{k}" for k in range(9)]], 1.0))
    drawn = data_with(charts.bystander_tiles(frame), "fill", "watching")
    assert len(drawn) == len(PLACES) + 9
    assert not drawn.duplicated(["x", "y"]).any()


@given(st.lists(st.floats(-100, 100), min_size=1))
def test_the_steps_hold_every_change(changes: list[float]) -> None:
    step, largest = step_of(changes), max(map(abs, changes))
    assert largest <= 3.5 * step * (1 + 1e-8)
    assert largest == 0 or largest >= 1.7 * step


def test_tiles_that_cannot_be_drawn_are_refused() -> None:
    for change, message in ((math.nan, "not a finite number"), (INF, "not a finite number"), (-101.0, "beyond 100")):
        with pytest.raises(ValueError, match=message):
            charts.bystander_tiles(tiles(KOR=change))
    with pytest.raises(ValueError, match="KOR given twice"):
        charts.bystander_tiles(pd.concat([tiles(KOR=1.0), tiles(KOR=1.0)]))


def test_the_strip_has_its_zones_at_the_break_even_interval() -> None:
    chart = DRAWN["strip"]()
    zones = data_with(chart, "from", "to", "fill")
    assert list(zones["to"][:2]) == list(zones["from"][1:]) == [5, 34]
    assert zones["fill"].iloc[0] == LIGHT["gain"]
    assert zones["fill"].iloc[2] == LIGHT["loss"]
    assert sorted(data_with(chart, "median")["median"]) == [10]
    shown = texts(chart)
    for text in ("break-even price: $10 bn (5–34)", "pays", "self-defeating", "depends on the draw",
                 "It is unlikely (31\u2009%) that this costs the coercer more than it earns.",
                 "Gain: $9 bn (7–11) a year.", "(−2.8 … +0.6)"):  # fmt: skip
        assert text in shown, text
    assert "Arrowhead" not in shown


def test_prices_without_an_end_are_said_in_words() -> None:
    open_ = texts(DRAWN["strip, no upper end"]())
    assert "$14 bn ($4.0 bn or more)" in open_
    assert "In at least 5 % of the draws there is no" in open_
    assert "self-defeating" not in open_
    assert "Arrowhead" in open_
    never = texts(DRAWN["strip, never loses"]())
    assert "break-even price: none, no price at which it loses" in never
    assert "pays at any price shown" in never
    assert "There is almost no chance (<1\u2009%)" in never
    always = texts(DRAWN["strip, always loses"]())
    assert "none, it loses at any price" in always
    assert "self-defeating at any price shown" in always


def test_where_power_is_bought_the_ends_change_places() -> None:
    chart = draw_strip(q(5, 7, 10, 16, 34), 0.45, gain=q(-11, -10, -9, -8, -7), change=q(0.1, 0.5, 0.9, 1.5, 2.5))
    zones = data_with(chart, "from", "to", "fill")
    assert [zones["fill"].iloc[0], zones["fill"].iloc[2]] == [LIGHT["loss"], LIGHT["gain"]]
    assert "does not pay" in texts(chart)


def test_a_strip_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="break-even price: not a number"):
        draw_strip(q(1, 2, math.nan, 4, 5))
    with pytest.raises(ValueError, match="price of power: not a number"):
        draw_strip(q(1, 2, 3, 4, 5), price=q(1, 2, 3, 4, INF))
    with pytest.raises(ValueError, match="negative"):
        draw_strip(q(-1, 2, 3, 4, 5))
    with pytest.raises(ValueError, match="does not hold"):
        draw_strip(q(5, 2, 3, 4, 5))
    with pytest.raises(ValueError, match="gain: high90 missing"):
        draw_strip(q(1, 2, 3, 4, 5), gain={"low90": 0, "low50": 0, "median": 0, "high50": 0})
    with pytest.raises(ValueError, match="likelihood"):
        draw_strip(q(1, 2, 3, 4, 5), probability=31.0)


def test_the_phase_diagram_shows_probabilities_in_the_colours_of_the_words() -> None:
    frame = grid()
    drawn = data_with(charts.phase(frame), "defeat", "word")
    np.testing.assert_array_equal(drawn["defeat"], frame["defeat"])
    for row in drawn.to_dict("records"):
        assert row["word"].startswith(words.likelihood(row["defeat"]))
        assert f"{row['figure']}\u2009%" == words.probability(row["defeat"])
        assert row["left"] < row["rearmament"] < row["right"]
        assert row["lower"] < row["access"] < row["upper"]
    assert drawn.loc[drawn["defeat"].idxmax(), "fill"] == DIVERGING[0]
    assert "it falls to the left of the line" in texts(DRAWN["phase"]())
    assert "falls in every cell" in texts(DRAWN["phase, one sign"]())


def test_the_line_of_no_change_lies_where_the_change_is_zero() -> None:
    line = zero_line(grid())  # the change is linear in both, so that interpolation is exact
    for a, b in (("access", "rearmament"), ("access_2", "rearmament_2")):
        np.testing.assert_allclose(-0.02 * line[a] + 0.025 * line[b], 0.004, atol=1e-12)
    ends = set(zip(line["access"].round(9), line["rearmament"].round(9), strict=True))
    ends |= set(zip(line["access_2"].round(9), line["rearmament_2"].round(9), strict=True))
    assert len(ends) == len(line) + 1  # one unbroken line
    assert zero_line(grid(-1.0)).empty


def test_a_phase_diagram_that_cannot_be_drawn_is_refused() -> None:
    for frame, message in (
        (grid()[1:], "each pair of responses needs one row"),
        (pd.concat([grid()[1:], grid()[1:2]]), "each pair of responses needs one row"),
        (grid().assign(defeat=31.0), "outside 0 to 1"),
        (grid().assign(change=math.nan), "change is not a finite number"),
        (grid(rows=1), "two values or more"),
        (grid(rows=80, columns=80), "more than the 4900"),
    ):
        with pytest.raises(ValueError, match=message):
            charts.phase(frame)


@given(st.lists(st.floats(0, 100), max_size=9), st.floats(0.1, 30))
def test_labels_are_kept_apart_inside_the_plot(wanted: list[float], gap: float) -> None:
    placed = apart(wanted, gap, 0.0, 100.0)
    room = min(gap, 100.0 / max(1, len(wanted) - 1))
    assert all(-1e-9 <= x <= 100 + 1e-9 for x in placed)
    assert all(b - a >= room - 1e-9 for a, b in pairwise(sorted(placed)))
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    assert [placed[k] for k in order] == sorted(placed)
    if all(b - a >= gap for a, b in pairwise(sorted(wanted))):
        np.testing.assert_allclose(placed, wanted, atol=1e-9)


@pytest.mark.parametrize(
    ("values", "decimals"), [([0.0], 0), ([12.3, 0.1], 0), ([9.99], 1), ([-0.15], 2), ([1e-9], 6), ([10.0], 0)]
)
def test_a_column_has_the_digits_of_its_largest_number(values: list[float], decimals: int) -> None:
    assert places(values) == decimals
