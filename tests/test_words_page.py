"""The catalogue of the page in both languages, and numbers in Japanese."""

from __future__ import annotations

import math
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import (
    cli_alliance,
    report_page,
    report_text,
    report_text_alliance,
    words,
    words_guide_ja,
    words_names,
    words_names_ja,
    words_page,
    words_page_ja,
)
from foederis.acts import CHANNELS, load
from foederis.balance import Terms
from foederis.report_findings import Number
from foederis.scenario_levers import PAGE_PRESETS

CASES = st.floats(-60, 60, allow_nan=False)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_every_key_with_the_same_placeholders() -> None:
    english, japanese = words_page.TEXTS["en"], words_page.TEXTS["ja"]
    assert len(english) > 250
    assert set(english) == set(japanese)
    for key, text in english.items():
        assert text.strip()
        assert japanese[key].strip()
        # A language may say "日本語" of the country instead of asking for its name, but may not ask for more.
        assert placeholders(japanese[key]) <= placeholders(text), key


def test_japanese_is_japanese() -> None:
    kana_or_kanji = re.compile(r"[぀-ヿ一-鿿]")
    foreign = {k for k, text in words_page.TEXTS["ja"].items() if not kana_or_kanji.search(text)}
    assert foreign <= {
        "act.yaml",
        "act.python",
        "foot.api",
        "unit.%",
        "compare.a",
        "key.name.arrows",
        "key.name.page",
        "chart.strip.y",
        "page.other_language",
    }


def test_every_code_of_the_model_has_a_name_in_both_languages() -> None:
    codes = {f"channel.{name}" for name in (*CHANNELS, "turnover", "others", "structural", "interaction", "total")}
    codes |= {f"term.{name}" for name in Terms.__dataclass_fields__}
    codes |= {f"part.{name}" for name in ("own_forces", "partners", "patron")}
    codes |= {f"number.{name}" for name in report_page.NUMBERS}
    assert codes <= set(words_page.TEXTS["en"])
    for english, japanese in (
        (words_names.COUNTRY, words_names_ja.COUNTRY),
        (words_names.SECTOR, words_names_ja.SECTOR),
        (words_names.AUTHORITY, words_names_ja.AUTHORITY),
        (words_names.AUTHORITY, words_names_ja.AUTHORITY_SHORT),
        (words_names.AUTHORITY, words_page.AUTHORITY_SHORT_EN),
        (words_names.ROLE, words_names_ja.ROLE),
    ):
        assert set(english) == set(japanese)
    assert words_page.country("KOR", "ja") == "韓国"
    assert words_page.country("XYZ", "ja") == "XYZ"
    assert words_page.country("USA", "en", short=True) == "US"


def test_every_act_on_japan_since_2017_that_can_be_pinned_has_a_japanese_title() -> None:
    titles = {a.title for a in load() if a.target in ("JPN", "ALL") and a.date.year >= 2017}
    assert len(titles) >= 30
    assert titles == set(words_page_ja.PINS)
    assert words_page.pin("my own act", "ja") == "my own act"


def test_unknown_keys_languages_and_missing_values_are_refused() -> None:
    for key, lang, values in (("no.such", "en", {}), ("number.gain", "fr", {}), ("number.gain", "en", {"x": 1})):
        with pytest.raises(KeyError):
            words_page.say(key, lang, **values)
    assert words_page.say("number.gain", "en", coercer="US", target="Japan") == "US gain from taxing Japan"


@pytest.mark.parametrize(
    ("usd_bn", "text"),
    [(8, "80億ドル"), (7.26, "73億ドル"), (0.35, "3.5億ドル"), (0.021, "2,100万ドル"), (-0.35, "−3.5億ドル"),
     (550, "5,500億ドル"), (1200, "1.2兆ドル"), (0, "0億ドル"), (math.nan, "該当なし")],
)  # fmt: skip
def test_japanese_money(usd_bn: float, text: str) -> None:
    assert words_page.money(usd_bn, "ja") == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.002, "ほぼあり得ない（1 %未満）"), (0.1, "可能性は非常に低い（10 %）"), (0.36, "可能性は低い（36 %）"),
     (0.5, "五分五分（50 %）"), (0.7, "可能性が高い（70 %）"), (0.9, "可能性が非常に高い（90 %）"),
     (0.999, "ほぼ確実（99 %超）")],
)  # fmt: skip
def test_japanese_likelihoods(fraction: float, text: str) -> None:
    assert words_page.likely(fraction, "ja") == text.replace(" %", f"{words.THIN_SPACE}%")


def test_japanese_ranges_dates_and_units() -> None:
    assert words_page.interval(6, 10, "ja") == "6〜10"
    assert words_page.interval(-3.2, 0.2, "ja") == "−3.2〜+0.2"
    assert words_page.estimate(-0.15, -0.21, -0.1, "%", "ja") == "−0.15\u2009%（−0.21〜−0.10）"
    assert words_page.points(-9, "ja") == "−9.0ポイント"
    assert words_page.quarter("2027-Q1", "ja") == "2027年第1四半期"
    assert words_page.day("2025-08-07", "ja") == "2025年8月7日"
    assert words_page.day("2025-08-07", "en") == "7 Aug 2025"
    assert words_page.lever_value(8, "bn USD/yr", "ja") == "年80億ドル"
    assert words_page.lever_value(2.5, "bn USD/yr", "ja") == "年25億ドル"
    assert words_page.lever_value(8, "bn USD/yr") == "$8 bn a year"
    assert words_page.vintage("2022 flows, law of 2025-09-16", "ja") == "2022年の貿易、2025年9月16日の法"
    assert words_page.vintage("2022 flows, law of 2025-09-16", "en") == "2022 flows, law of 16 Sep 2025"
    assert words_page.vintage("our table", "ja") == "our table"


@given(CASES, st.floats(0.11, 40), st.sampled_from(["bn USD", "%", "pp", "% of people", "% of GDP"]))
def test_figures_of_the_page_are_those_of_the_terminal(median: float, width: float, unit: str) -> None:
    low, high = median - width / 2, median + width / 2
    for badge, shown, interval in (
        ("L", report_text.value, report_text._interval),
        ("A", report_text_alliance.shown, report_text_alliance._interval),
    ):
        if badge == "L" and unit not in ("bn USD", "%"):
            continue
        row = Number("x", "x", unit, median, low, high, badge, "v", "t", ())
        value, band = words_page.figure(median, low, high, unit, badge, "en")
        assert value == shown(row)
        assert band == interval(row)


@given(CASES, st.floats(0.001, 40))
def test_japanese_figures_carry_the_digits_of_the_english_ones(median: float, width: float) -> None:
    low, high = median - width / 2, median + width / 2
    for badge in "LA":
        digits = [
            re.sub(r"[^1-9]", "", words_page.figure(median, low, high, "bn USD", badge, lang)[0])
            for lang in ("en", "ja")
        ]
        assert digits[0] == digits[1]


def test_prices_that_do_not_exist_are_named() -> None:
    inf = math.inf
    assert words_page.figure(inf, 2.02, inf, "bn USD", "A", "en") == ("no such price", "2.0 … none")
    assert words_page.figure(inf, 2.02, inf, "bn USD", "A", "ja") == ("該当する価格なし", "20億 … なし")
    assert words_page.figure(math.nan, math.nan, math.nan, "%", "A", "en") == ("nothing moves", "")


def test_every_unknown_and_preset_is_named_in_japanese() -> None:
    listed = {row["name"] for row in cli_alliance.assumptions(None, None)[1]}
    assert len(listed) > 60
    assert listed <= set(words_guide_ja.UNKNOWNS)
    assert words_page.unknown("psi", "share", "en") == "share"
    assert words_page.unknown("my_own", "mine", "ja") == "mine"
    for name in PAGE_PRESETS:
        for lang in words_page.LANGUAGES:
            assert words_page.preset(name, "", lang)
    assert words_page.preset("my-own", "My title", "ja") == "My title"
