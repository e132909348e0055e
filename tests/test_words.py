"""Numbers, likelihoods and dates as text."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foederis import words, words_names, words_palette, world

finite = st.floats(-1e12, 1e12, allow_nan=False)
NUMBER = re.compile(r"[−+]?\d[\d,]*(\.\d+)?")


def parsed(text: str) -> float:
    return float(text.replace("−", "-").replace("+", "").replace(",", ""))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.31, "9.3"),
        (-0.1549, "−0.15"),
        (8, "8.0"),
        (9.96, "10"),
        (0.0996, "0.10"),
        (123_456, "120,000"),
        (-0.0, "0"),
        (0.125, "0.12"),
        (math.nan, "n/a"),
        (-math.inf, "n/a"),
    ],
)
def test_two_significant_figures(value: float, text: str) -> None:
    assert words.number(value) == text


@given(finite)
def test_a_number_is_within_one_twentieth_and_never_carries_a_hyphen(value: float) -> None:
    text = words.number(value)
    assert NUMBER.fullmatch(text)
    assert parsed(text) == pytest.approx(value, rel=0.0501, abs=1e-300)  # 2 figures: at worst 1.05 -> 1.0 or 1.1
    assert "-" not in text


short = st.integers(-(10**6), 10**6).map(lambda k: k / 20.0)  # ties, as they are written


@example(0.15, 1)
@example(-2.675, 2)
@given(st.one_of(finite, short), st.integers(0, 6))
def test_rounding_is_that_of_what_a_float_is_written_as(value: float, decimals: int) -> None:
    """Half to even: 0.15 is 0.2, although its binary form lies below."""
    wanted = Decimal(repr(abs(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    assert words.number(value, decimals=decimals).lstrip("−") == f"{wanted:,f}"


@example(0.145)
@example(9.95)
@given(st.one_of(finite, short))
def test_two_figures_are_those_of_what_a_float_is_written_as(value: float) -> None:
    wanted = Context(prec=2, rounding=ROUND_HALF_EVEN).plus(Decimal(repr(abs(value))))
    assert Decimal(words.number(value).lstrip("−").replace(",", "")) == wanted


@given(finite)
def test_sign_is_the_only_difference_between_a_number_and_its_opposite(value: float) -> None:
    if value > 0:
        assert words.number(-value) == "−" + words.number(value)
        assert words.number(value, signed=True) == "+" + words.number(value)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(6, 10, "6–10"), (-3.2, 0.2, "−3.2 … +0.2"), (-0.21, -0.1, "−0.21 … −0.10"), (0, 5, "0.0–5.0")],
)
def test_interval(low: float, high: float, text: str) -> None:
    assert words.interval(low, high) == text


def test_estimates_of_the_house_style() -> None:
    assert words.estimate(-0.15, -0.21, -0.10, "%") == "−0.15\u2009% (−0.21 … −0.10)"
    assert words.estimate(14, 7, 20, "%") == "14\u2009% (7–20)"
    assert words.estimate(-0.9, -2.8, 0.6, "%") == "−0.9\u2009% (−2.8 … +0.6)"
    assert words.money_estimate(9, 7, 11) == "$9 bn (7–11)"


def test_a_third_figure_only_where_two_would_hide_the_interval() -> None:
    assert words.estimate(9.31, 9.30, 9.32) == "9.31 (9.30–9.32)"
    assert words.estimate(9.31, 9.0, 9.6) == "9.3 (9.0–9.6)"


@given(finite, finite, finite)
def test_an_estimate_keeps_its_order(a: float, b: float, c: float) -> None:
    low, median, high = sorted((a, b, c))
    shown = [parsed(match.group()) for match in NUMBER.finditer(words.estimate(median, low, high))]
    assert shown[1] <= shown[0] <= shown[2]


@pytest.mark.parametrize(
    ("usd_bn", "text"), [(9.1, "$9.1 bn"), (-0.35, "−$350 m"), (1234, "$1.2 tn"), (0.0, "$0 m"), (math.nan, "n/a")]
)
def test_money(usd_bn: float, text: str) -> None:
    assert words.money(usd_bn) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.15, "falls by 0.15\u2009%"),
        (2, "rises by 2.0\u2009%"),
        (1e-5, "does not change"),
        (math.nan, "is not known"),
    ],
)
def test_change(value: float, text: str) -> None:
    assert words.change(value) == text


def test_change_that_its_interval_cannot_tell_from_zero_digits() -> None:
    assert words.change(0.01, -3.0, 3.0) == "does not change"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.0, "almost no chance (<1\u2009%)"),
        (0.049, "very unlikely (5\u2009%)"),  # word and printed number agree
        (0.19, "very unlikely (19\u2009%)"),
        (0.36, "unlikely (36\u2009%)"),
        (0.45, "roughly even (45\u2009%)"),
        (0.55, "roughly even (55\u2009%)"),
        (0.56, "likely (56\u2009%)"),
        (0.80, "likely (80\u2009%)"),
        (0.95, "very likely (95\u2009%)"),
        (0.96, "almost certain (96\u2009%)"),
        (1.0, "almost certain (>99\u2009%)"),
    ],
)
def test_likelihood(fraction: float, text: str) -> None:
    assert words.likely(fraction) == text


@given(st.integers(0, 100))
def test_likelihood_words_mirror_each_other(percent: int) -> None:
    mirror = {
        "almost no chance": "almost certain",
        "very unlikely": "very likely",
        "unlikely": "likely",
        "roughly even": "roughly even",
    }
    mirror |= {right: left for left, right in mirror.items()}
    assert words.likelihood(1 - percent / 100) == mirror[words.likelihood(percent / 100)]


@given(st.floats(0, 1))
def test_a_likelihood_is_never_certain(fraction: float) -> None:
    assert words.probability(fraction) not in {"0\u2009%", "100\u2009%"}


@pytest.mark.parametrize("fraction", [-0.01, 1.01, math.nan])
def test_a_likelihood_outside_its_range_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        words.likely(fraction)


def test_dates() -> None:
    assert words.quarter("2027-Q1") == words.quarter(dt.date(2027, 3, 31)) == words.quarter("2027-02-14") == "2027 Q1"
    assert words.quarter(dt.date(2026, 12, 1)) == "2026 Q4"
    assert words.day(dt.date(2025, 8, 7)) == "7 Aug 2025"
    with pytest.raises(ValueError, match="2027-Q5"):
        words.quarter("2027-Q5")


def test_lists() -> None:
    assert [words.joined(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_sparkline() -> None:
    peaked = [0.0] + [5.0] * 50 + [10.0]
    assert words.sparkline([]) == ""
    assert words.sparkline([3.0, 3.0]) == "█"
    assert words.sparkline([*peaked, math.nan]) in {"▁▁▁█▁▁", "█"}
    assert len(words.sparkline(list(range(100)), bins=8)) == 8


def test_text_for_a_terminal_without_the_signs() -> None:
    text = words.estimate(-0.15, -0.21, -0.10, "%") + words.sparkline([1, 2, 2, 3])
    assert words.shown(text, "utf-8") == text
    assert words.shown(text, "ascii").startswith("-0.15 % (-0.21 ... -0.10)")
    assert words.shown(text, None).isascii()
    assert words.shown(text, "no such encoding").isascii()


def test_every_code_of_the_world_has_a_name() -> None:
    embedded = world.load()
    assert not set(embedded.countries) - set(words_names.COUNTRY)
    assert not set(embedded.sectors) - set(words_names.SECTOR)
    assert not set(world.INDO_PACIFIC_21) - set(words_names.COUNTRY)
    assert set(words_palette.AUTHORITY_ORDER) == set(words_palette.AUTHORITY_COLOUR) == set(words_names.AUTHORITY)
    assert words_names.sector("my own") == "my own"


def test_names_are_unique() -> None:
    for names in (words_names.COUNTRY, words_names.SECTOR, words_names.AUTHORITY):
        assert len(set(names.values())) == len(names)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("palette", [words_palette.LIGHT, words_palette.DARK], ids=["light", "dark"])
def test_contrast_on_the_card(palette: dict[str, str]) -> None:
    """WCAG 2.2: 3:1 for marks, 4.5:1 for text."""
    least = dict.fromkeys(("blue", "amber", "green", "pink", "slate", "loss", "gain", "reference"), 3.0)
    least |= {"ink": 4.5, "muted": 4.5}
    for name, ratio in least.items():
        lighter, darker = sorted((luminance(palette[name]), luminance(palette["card"])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= ratio, name
