"""The live charts: no value in a specification, all in the data; legible in two languages, themes and widths."""

from __future__ import annotations

import itertools
import json
import math
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import pytest
import vl_convert

import charts_case
from foederis import charts_live, charts_live_effects, words_charts, words_page
from foederis.charts_live import CHARTS, datasets, filled, spec
from foederis.charts_live_parts import text_pixels
from foederis.charts_style import vega_lite_version
from foederis.errors import UsageError
from foederis.report_page import MARKS
from foederis.words_palette import DARK, LIGHT

PHONE, DESK = 345, 770
LOOKS = tuple(itertools.product(("en", "ja"), ("light", "dark"), (PHONE, DESK)))
# Functions and constants of Vega expressions that its interpreter without eval has (it has `datetime`, but wrong).
SAFE = set(
    "datum item parent event isValid isFinite isDate isArray isNaN toDate toNumber toString join format"
    " utcyear utcFormat timeFormat NaN null true false value label scale bandwidth domain range max min length data"
    " width height".split()
)
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("}text")]


def drawn(name: str, lang: str = "en", theme: str = "light", width: int = DESK, **more: Any) -> str:
    return charts_live.svg(filled(name, charts_case.answer(), lang=lang, theme=theme, width=width, **more))


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_drawn_in_both_languages_themes_and_widths(name):
    for lang, theme, width in LOOKS:
        svg = drawn(name, lang, theme, width)
        root = ElementTree.fromstring(svg)
        assert float(root.attrib["width"]) == width
        background = next(node for node in root.iter() if node.tag.endswith("}rect")).attrib["fill"]
        assert background == (DARK if theme == "dark" else LIGHT)["card"]
        said = texts(svg)
        assert len(said) > 8
        assert bool(JAPANESE.search("".join(said))) == (lang == "ja")
        assert not [text for text in said if text in ("undefined", "null", "NaN") or "undefined" in text]
        sizes = [float(px) for px in re.findall(r'font-size="([\d.]+)px"', svg)]
        assert min(sizes) >= 10


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_in_a_specification_depends_on_values(name):
    for lang, theme, width in LOOKS:
        given = {"lang": lang, "theme": theme, "width": width}
        assert spec(name, data=charts_case.answer(), **given) == spec(name, data=charts_case.other(), **given)
    one = filled(name, charts_case.answer(), width=DESK)
    two = filled(name, charts_case.other(), width=DESK)
    assert one.pop("datasets") != two.pop("datasets")
    assert one == two


def names_in(part: Any) -> set[str]:
    if isinstance(part, list):
        return set().union(*map(names_in, part))
    if not isinstance(part, dict):
        return set()
    here = {part["data"]["name"]} if isinstance(part.get("data"), dict) and "name" in part["data"] else set()
    return here | set().union(*map(names_in, part.values()))


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_asks_for_the_data_that_it_is_given(name):
    for lang in ("en", "ja"):
        alone = datasets(name, charts_case.answer(), lang)
        both = datasets(name, charts_case.answer(), lang, charts_case.other())
        assert names_in(spec(name, lang=lang, data=charts_case.answer())) == set(alone) | set(both) == set(alone)
        compared = f"{name}_b"
        if name == "frontier":  # the other policy is a point among the others
            assert len(both[name]) == len(alone[name]) + 1
        else:
            assert alone[compared] == []
            assert both[compared]
        json.dumps(both, allow_nan=False)
        for rows in both.values():
            assert all(isinstance(value, str | int | float | bool | None) for row in rows for value in row.values())


def test_names_of_data_sets_differ_between_charts():
    found = [name for chart in CHARTS for name in datasets(chart, charts_case.answer(), "en")]
    assert len(found) == len(set(found))
    assert set(charts_live.STATIC) <= set(found)


def expressions(part: Any, key: str = "") -> list[str]:
    if isinstance(part, list):
        return [text for one in part for text in expressions(one, key)]
    if isinstance(part, dict):
        return [text for name, one in part.items() for text in expressions(one, name)]
    return [part] if key in ("expr", "signal", "test", "update", "init") and isinstance(part, str) else []


@pytest.mark.parametrize("name", CHARTS)
def test_expressions_run_without_eval(name):
    for lang in ("en", "ja"):
        vega = vl_convert.vegalite_to_vega(
            spec(name, lang=lang, data=charts_case.answer()), vl_version=vega_lite_version()
        )
        found = expressions(vega)
        assert found
        for text in found:
            bare = re.sub(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"", "''", text)
            assert not re.search(r"=>|\bnew\b|\bfunction\b|;|`|(?<![=!<>])=(?!=)", bare), text
            words = set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", bare)) - SAFE
            words -= {word for word in words if re.fullmatch(r"(child|concat|layer)_\w+|[xy]_?\w*", word)}
            assert not words, (words, text)


def test_values_are_texts_of_the_charts():
    page = charts_case.answer()
    trust, last = texts(drawn("trust")), page.frames["trust"][-1]
    assert words_page.percent(last["median"], "en", decimals=0) in trust
    assert f"({last['low90']:.0f}–{last['high90']:.0f})" in trust
    why = texts(drawn("why", "ja"))
    assert words_page.number(page.frames["why"][-1]["value"], "ja", decimals=1, signed=True) in why
    sectors = texts(drawn("sectors", "en", "dark", PHONE))
    for row in page.frames["sectors"]:
        decimals = 0 if row["high90"] - row["low90"] >= 5 or abs(row["median"]) >= 10 else 1
        assert words_page.percent(row["median"], "en", decimals=decimals, signed=True) in sectors
    worth = " ".join(texts(drawn("worth")))
    assert words_page.probability(page.frames["worth"][-1]["probability"]) in worth
    assert words_page.figure(*page.numbers["price"], "bn USD", "A", "en")[0] in worth
    total = sum(row["rate"] for row in page.frames["tariff"] if row["t"] == page.frames["tariff"][-1]["t"])
    assert words_page.percent(total, "en", decimals=1) in texts(drawn("strip"))


def test_the_strip_stacks_to_the_total_and_greys_what_is_after_the_day():
    page = charts_case.answer()
    found = datasets("strip", page, "en")
    for day in {row["x"] for row in found["strip"]}:
        layers = [row for row in found["strip"] if row["x"] == day]
        assert layers[0]["low"] == 0.0
        assert all(b["low"] == a["high"] for a, b in itertools.pairwise(layers))
        total = next(row for row in found["strip_total"] if row["x"] == day)
        assert total["high"] == pytest.approx(layers[-1]["high"])
    assert found["strip_ahead"][0]["from"] == charts_live.time.ms(page.date)
    assert found["strip_axis"][1]["end"] >= max(row["high"] for row in found["strip_total"])


def test_strip_and_trust_share_their_years():
    for width in (PHONE, DESK):
        one, two = (spec(name, width=width, data=charts_case.answer()) for name in ("strip", "trust"))
        assert (one["width"], one["padding"]["left"]) == (two["width"], two["padding"]["left"])
        scales = {json.dumps(layer["encoding"]["x"]["scale"]) for part in (one, two) for layer in part["layer"]
                  if layer["encoding"].get("x", {}).get("type") == "temporal"}  # fmt: skip
        assert len(scales) == 1


def test_the_trust_line_is_whole_and_pins_keep_apart():
    found = datasets("trust", charts_case.answer(), "en")
    assert found["trust_known"][-1] == found["trust_next"][0]
    assert len(found["trust_known"]) + len(found["trust_next"]) == len(found["trust"]) + 1
    for place, width in (("narrow", charts_live.time._NARROW), ("wide", charts_live.time._WIDE)):
        at = sorted(row[place] for row in found["trust_pins"])
        span = charts_live.time.ms("2037-01-01") - charts_live.time.ms("2017-01-01")
        assert min(b - a for a, b in itertools.pairwise(at)) * width / span >= 14.9
    assert [row["number"] for row in found["trust_pins"]] == [str(k + 1) for k in range(len(found["trust_pins"]))]


@pytest.mark.parametrize(("name", "column"), [("why", "channel"), ("balance", "term")])
def test_waterfalls_add_up_in_a_fixed_order(name, column):
    page = charts_case.answer()
    short = replace(page, frames={**page.frames, name: [r for r in page.frames[name] if r[column] != "linkage"]})
    for one in (page, short):
        rows = datasets(name, one, "en")[name]
        codes = charts_live.why._CODES[name][1]
        assert [row["code"] for row in rows] == list(codes)
        assert all(b["start"] == a["end"] or a["code"] == "linkage" or b["code"] == "total"
                   for a, b in itertools.pairwise(rows) if name != "why" or one is page)  # fmt: skip
    whole = datasets(name, page, "en")[name]
    assert whole[-1]["end"] == pytest.approx(math.fsum(row["end"] - row["start"] for row in whole[:-1]))
    assert not whole[-1]["interval"]


def test_zones_of_the_price_follow_the_words_of_likelihood():
    page = charts_case.answer()
    rising = [{"price": float(k), "probability": k / 40} for k in range(41)]
    zones = datasets("worth", replace(page, frames={**page.frames, "worth": rising}), "en")["worth_zones"]
    assert [zone["kind"] for zone in zones] == ["good", "open", "bad"]
    assert (zones[0]["from"], zones[-1]["to"]) == (0.0, 40.0)
    assert all(b["from"] == a["to"] for a, b in itertools.pairwise(zones))
    assert 7.5 <= zones[0]["to"] <= 8.5
    assert 32 <= zones[1]["to"] <= 33


def test_a_price_that_does_not_exist_is_said_and_not_drawn():
    page = charts_case.answer()
    never = replace(page, numbers={**page.numbers, "break_even": (math.inf, math.inf, math.inf)})
    still = replace(page, numbers={**page.numbers, "break_even": (math.nan, math.nan, math.nan)})
    for one, said in ((never, "figure.no_price"), (still, "figure.nothing")):
        row = datasets("worth", one, "ja")["worth_prices"][0]
        assert row["text"].startswith(words_page.say(said, "ja"))
        assert row["median"] is None
        assert "undefined" not in charts_live.svg(filled("worth", one, lang="ja", width=PHONE))


def test_whiskers_beyond_the_axis_are_cut_and_marked():
    page = charts_case.answer()
    rows = [dict(row) for row in page.frames["sectors"]]
    rows[2]["high90"] = 4000.0
    found = datasets("sectors", replace(page, frames={**page.frames, "sectors": rows}), "en")
    cut = found["sectors"][2]
    assert cut["high90"] == cut["beyond_right"] < 4000.0
    assert found["sectors_axis"][1]["end"] >= cut["high90"]
    assert "4,000" in cut["interval"]
    assert all(row["beyond_right"] is None for row in found["sectors"][:2])


def test_tiles_say_their_sign_in_colour_arrow_figure_and_border():
    page = charts_case.answer()
    base = page.frames["bystanders"][0]
    values = {"KOR": (-6.0, -8.0, -4.0), "TWN": (5.0, 2.0, 8.0), "VNM": (0.2, -3.0, 3.0), "AUS": (-1.0, -4.0, 2.0)}
    rows = [{**base, "country": code, "change": c, "low": lo, "high": hi} for code, (c, lo, hi) in values.items()]
    found = datasets("bystanders", replace(page, frames={**page.frames, "bystanders": rows}), "en")
    tiles = {row["code"]: row for row in found["bystanders"]}
    assert set(tiles) == {*values, "CHN", "JPN"}
    assert tiles["KOR"]["step"] < 3 < tiles["TWN"]["step"]
    assert tiles["VNM"]["step"] == 3
    for code, (change, low, high) in values.items():
        tile = tiles[code]
        assert (tile["unsure"] is not None) == (low <= 0 <= high) == (tile["sure"] is None)
        assert (tile["to_left"] is not None) == (tile["figure"].startswith("−"))
        assert (tile["to_right"] is not None) == (tile["figure"].startswith("+"))
        assert f"{change:+.1f}".replace("-", "−") == tile["figure"]
    assert [row["step"] for row in found["bystanders_key"]] == list(range(7))
    dashes = re.findall(r"stroke-dasharray", drawn("bystanders"))
    assert dashes


def test_a_country_without_a_place_takes_a_free_tile():
    page = charts_case.answer()
    rows = [{**row, "country": f"X{k:02}"} for k, row in enumerate(page.frames["bystanders"])][:5]
    found = datasets("bystanders", replace(page, frames={**page.frames, "bystanders": rows}), "en")["bystanders"]
    places = [(row["left"], row["top"]) for row in found]
    assert len(set(places)) == len(places) == 7
    many = [{**rows[0], "country": f"Y{k:02}"} for k in range(30)]
    with pytest.raises(ValueError, match="free tiles"):
        datasets("bystanders", replace(page, frames={**page.frames, "bystanders": many}), "en")


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_names_on_the_frontier_do_not_cover_one_another(lang):
    found = datasets("frontier", charts_case.answer(), lang, charts_case.other())
    labels, axis = found["frontier_labels"], found["frontier_axis"]
    for size, width in (("narrow", charts_live_effects._NARROW_PLOT), ("wide", charts_live_effects._WIDE_PLOT)):
        across = width / (axis[1]["x"] - axis[0]["x"])
        down = charts_live_effects._FRONTIER_HEIGHT / (axis[1]["y"] - axis[0]["y"])
        boxes = [((row[f"{size}_x"] - axis[0]["x"]) * across, (axis[1]["y"] - row[f"{size}_y"]) * down,
                  text_pixels(row["text"], 11)) for row in labels]  # fmt: skip
        for (x, y, long), (x2, y2, long2) in itertools.combinations(boxes, 2):
            assert abs(y - y2) >= 12 or x + long <= x2 or x2 + long2 <= x
        assert all(x >= 0 and x + long <= width + 1 for x, _, long in boxes)


def test_a_far_point_of_the_frontier_stands_at_the_edge_with_its_figure():
    found = datasets("frontier", charts_case.answer(), "en")
    far = next(row for row in found["frontier"] if row["scenario"] == "full-decoupling")
    assert far["kind"] == "left"
    assert far["x"] > -38.6
    assert any("−$39 bn" in row["text"] for row in found["frontier_labels"])
    assert sum(row["kind"] == "this" for row in found["frontier"]) == 1
    names = [row["text"] for row in found["frontier_labels"]]
    assert names.count(words_page.preset("july-2025-deal", "", "en")) == 1
    assert words_page.say("chart.frontier.this", "en") not in names  # it stands on a preset, whose name says it


def test_without_an_alliance_the_charts_of_trade_remain():
    page = charts_case.answer()
    bare = {name: rows if name in ("tariff", "sectors", "sectors_all") else [] for name, rows in page.frames.items()}
    alone = replace(page, frames=bare, numbers={"gain": page.numbers["gain"]}, chances={})
    for name in CHARTS:
        assert charts_live.svg(filled(name, alone)).startswith("<svg")
    assert datasets("trust", alone, "en")["trust"] == []


def test_what_is_not_there_is_refused_with_what_is():
    page = charts_case.answer()
    for call, said in (
        (lambda: spec("pie", data=page), "no chart 'pie'; there are strip"),
        (lambda: spec("why", lang="fr", data=page), "no language 'fr'"),
        (lambda: spec("why", theme="sepia", data=page), "no theme 'sepia'; there are light, dark"),
        (lambda: spec("why", width=20, data=page), "width is 20; choose 280 to 1,600"),
        (lambda: datasets("pie", page), "no chart 'pie'"),
        (lambda: datasets("why", page, "fr"), "no language 'fr'"),
    ):
        with pytest.raises(UsageError, match=re.escape(said)):
            call()


def test_both_languages_say_the_same_things():
    one, two = words_charts.TEXTS["en"], words_charts.TEXTS["ja"]
    assert set(one) == set(two)
    for key in one:
        assert set(re.findall(r"{(\w+)}", one[key])) == set(re.findall(r"{(\w+)}", two[key])), key
        assert JAPANESE.search(two[key]), key
    assert not set(one) & set(words_page.TEXTS["en"])
    assert words_charts.say("worth.good", "ja") == "割に合う"
    assert words_charts.say("chart.why.short", "en") == words_page.say("chart.why.short", "en")
    with pytest.raises(KeyError):
        words_charts.say("no.such.key", "en")
    assert len(MARKS) == 2
