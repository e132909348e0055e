"""How measures stack: every rule by hand, and laws over random measures."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from itertools import pairwise
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis.errors import DataError
from foederis.measures import Measure, additions, applied_tariff, breakpoints

START = dt.date(2025, 4, 5)
COUNTRIES, SECTORS = ("USA", "JPN", "KOR"), ("C24A", "C29", "SERV")
BASE = np.zeros((3, 3, 3))
BASE[0, 1] = (0.01, 0.025, 0.0)


def measure(**changed: Any) -> Measure:
    given_fields: dict[str, Any] = {
        "id": "one",
        "authority": "ieepa",
        "importer": "USA",
        "exporter": "JPN",
        "coverage": {"C29": 1.0},
        "rate": ((START, 0.10),),
        "rule": ((START, "add"),),
        "start": START,
        "end": None,
        "source": "test",
    }
    return Measure(**{**given_fields, **changed})


def total(*measures: Measure, date: dt.date = START, sector: str = "C29") -> float:
    cut = applied_tariff(measures, date, BASE, COUNTRIES, SECTORS)
    np.testing.assert_allclose(cut.total, cut.base + sum(cut.by_authority.values(), np.zeros_like(BASE)), atol=1e-15)
    return float(cut.total[0, 1, SECTORS.index(sector)])


def test_add_comes_on_top_for_the_covered_part() -> None:
    assert total(measure()) == pytest.approx(0.125)
    assert total(measure(coverage={"C29": 0.4})) == pytest.approx(0.025 + 0.04)
    assert total(measure(), measure(id="two", authority="s301", rate=((START, 0.07),))) == pytest.approx(0.195)


def test_all_in_is_the_larger_of_normal_duty_and_rate() -> None:
    ceiling = ((START, "all_in"),)
    assert total(measure(rate=((START, 0.15),), rule=ceiling)) == pytest.approx(0.15)
    assert total(measure(rate=((START, 0.02),), rule=ceiling)) == pytest.approx(0.025)
    named = measure(rate=((START, 0.15),), rule=ceiling, normal_duty={"C29": 0.05})
    assert total(named) == pytest.approx(0.025 + 0.10)


def test_a_normal_duty_that_a_measure_does_not_name_is_the_base() -> None:
    both = {"C29": 1.0, "C24A": 1.0}
    one = measure(coverage=both, rate=((START, 0.15),), rule=((START, "all_in"),), normal_duty={"C29": 0.05})
    assert total(one, sector="C24A") == pytest.approx(0.15)


def test_goods_of_another_measure_are_not_taxed_twice_and_come_back_when_it_goes() -> None:
    reciprocal = measure(yields_to=("s232",))
    cars = measure(id="cars", authority="s232", coverage={"C29": 0.9}, rate=((START, 0.25),))
    assert total(reciprocal, cars) == pytest.approx(0.025 + 0.9 * 0.25 + 0.1 * 0.10)
    assert total(reciprocal) == pytest.approx(0.025 + 0.10)
    assert total(cars) == pytest.approx(0.025 + 0.9 * 0.25)


def test_a_measure_yields_by_id_and_never_to_itself() -> None:
    by_id = measure(yields_to=("cars",))
    cars = measure(id="cars", authority="s232", coverage={"C29": 0.9}, rate=((START, 0.25),))
    other = measure(id="steel", authority="s232", coverage={"C29": 0.1}, rate=((START, 0.50),))
    assert total(by_id, cars, other) == pytest.approx(0.025 + 0.9 * 0.25 + 0.1 * 0.50 + 0.1 * 0.10)
    assert total(measure(yields_to=("ieepa",))) == pytest.approx(0.125)


def test_measures_ahead_that_cover_everything_leave_nothing() -> None:
    behind = measure(yields_to=("s232",))
    ahead = [measure(id=f"m{k}", authority="s232", coverage={"C29": 0.7}, rate=((START, 0.20),)) for k in range(2)]
    assert total(behind, *ahead) == pytest.approx(0.025 + 2 * 0.7 * 0.20)


def test_a_measure_that_is_over_is_not_ahead_of_anything() -> None:
    end = dt.date(2025, 6, 1)
    cars = measure(id="cars", authority="s232", rate=((START, 0.25),), end=end)
    both = (measure(yields_to=("s232",)), cars)
    assert total(*both, date=end - dt.timedelta(1)) == pytest.approx(0.275)
    assert total(*both, date=end) == pytest.approx(0.125)


def test_each_authority_has_one_array_whatever_the_number_of_measures() -> None:
    many = [measure(id=f"m{k}", authority=name) for k, name in enumerate(["ieepa", "s232"] * 20)]
    with mock.patch("foederis.measures.np.zeros_like", wraps=np.zeros_like) as made:
        cut = applied_tariff(many, START, BASE, COUNTRIES, SECTORS)
    assert list(cut.by_authority) == ["ieepa", "s232"]
    assert made.call_count <= 3  # an array for each measure once took most of the time of a run's laws
    assert cut.total[0, 1, 1] == pytest.approx(0.025 + 40 * 0.10)


def test_intervals_are_half_open_and_paths_step() -> None:
    later, end = dt.date(2025, 8, 7), dt.date(2025, 9, 1)
    one = measure(start=START, end=end, rate=((START, 0.10), (later, 0.15)), rule=((START, "add"), (later, "all_in")))
    day = dt.timedelta(1)
    assert [one.in_force(d) for d in (START - day, START, end - day, end)] == [False, True, True, False]
    assert (one.rate_on(START - day), one.rate_on(later - day), one.rate_on(later)) == (0.0, 0.10, 0.15)
    assert (one.rule_on(START - day), one.rule_on(later - day), one.rule_on(later)) == ("add", "add", "all_in")
    assert one.changes() == (START, later, end)
    assert total(one, date=later) == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"exporter": "USA"}, "its own goods"),
        ({"end": START}, "not after its start"),
        ({"rate": ()}, "rate path"),
        ({"rate": ((START, 0.1), (START, 0.2))}, "rate path"),
        ({"rule": ()}, "rule path"),
        ({"rate": ((START, math.nan),)}, "finite"),
        ({"coverage": {"C29": 1.1}}, "share between 0 and 1"),
        ({"coverage": {"C29": -0.1}}, "share between 0 and 1"),
        ({"coverage": {"C29": math.nan}}, "share between 0 and 1"),
        ({"normal_duty": {"C29": math.inf}}, "normal duty"),
    ],
)
def test_what_is_no_measure_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        measure(**changed)


def test_what_does_not_fit_the_world_is_refused() -> None:
    with pytest.raises(DataError, match="'C99' is not in this world"):
        total(measure(coverage={"C99": 1.0}))
    with pytest.raises(DataError, match="'FRA' is not in this world"):
        total(measure(exporter="FRA"))
    with pytest.raises(DataError, match="'C99' is not in this world"):
        total(measure(rule=((START, "all_in"),), normal_duty={"C99": 0.1}))
    with pytest.raises(DataError, match="do not fit"):
        applied_tariff([], START, np.zeros((2, 2, 3)), COUNTRIES, SECTORS)
    with pytest.raises(DataError, match=r"USA on JPN C29 .* below zero"):
        total(measure(rate=((START, -0.50),)))


def test_a_measure_not_in_force_need_not_fit_and_adds_nothing() -> None:
    early = START - dt.timedelta(1)
    cut = applied_tariff([measure(coverage={"C99": 1.0})], early, BASE, COUNTRIES, SECTORS)
    np.testing.assert_array_equal(cut.total, BASE)
    assert set(cut.by_authority) == {"ieepa"}


# Laws over random measures

SHARE = st.floats(0.0, 1.0, allow_subnormal=False)
RATE = st.floats(0.0, 1.5, allow_subnormal=False)
DAY = st.integers(0, 400).map(lambda n: START + dt.timedelta(n))
AUTHORITIES = ("ieepa", "s232", "s122", "s301")


@st.composite
def random_measures(draw: st.DrawFn) -> list[Measure]:
    found = []
    for k in range(draw(st.integers(1, 5))):
        days = sorted(draw(st.sets(DAY, min_size=2, max_size=4)))
        rules = st.sampled_from(["add", "all_in"])
        found.append(
            measure(
                id=f"m{k}",
                authority=draw(st.sampled_from(AUTHORITIES)),
                exporter=draw(st.sampled_from(["JPN", "KOR"])),
                coverage={s: draw(SHARE) for s in draw(st.sets(st.sampled_from(SECTORS)))},
                start=days[0],
                end=draw(st.sampled_from([None, days[-1]])),
                rate=tuple((d, draw(RATE)) for d in days),
                rule=tuple((d, draw(rules)) for d in days),
                yields_to=tuple(draw(st.sets(st.sampled_from([*AUTHORITIES, "m0"]), max_size=2))),
                normal_duty=draw(st.none() | st.fixed_dictionaries({"C29": RATE})),
            )
        )
    return found


@given(random_measures(), DAY)
def test_the_parts_add_up_and_nothing_falls_below_the_base(found: list[Measure], day: dt.date) -> None:
    cut = applied_tariff(found, day, BASE, COUNTRIES, SECTORS)
    np.testing.assert_allclose(cut.total, BASE + sum(cut.by_authority.values(), np.zeros_like(BASE)), atol=1e-14)
    assert (cut.total >= BASE - 1e-14).all()
    assert (cut.total[1:] == BASE[1:]).all()


@given(random_measures(), DAY)
def test_taking_a_measure_away_never_lowers_what_the_others_add(found: list[Measure], day: dt.date) -> None:
    gone, kept = found[0], found[1:]
    column = {s: k for k, s in enumerate(SECTORS)}
    for pair in ("JPN", "KOR"):
        both = [m for m in found if m.exporter == pair and m.in_force(day)]
        with_it = {m.id: added for m, added in additions(both, day, BASE[0, 1], column)}
        less = [m for m in both if m.id != gone.id]
        without = {m.id: added for m, added in additions(less, day, BASE[0, 1], column)}
        for m in kept:
            if m.id in without:
                assert (without[m.id] >= with_it[m.id] - 1e-14).all()


@given(random_measures())
def test_nothing_changes_between_breakpoints(found: list[Measure]) -> None:
    days = breakpoints(found)
    for first, after in pairwise(days):
        last = after - dt.timedelta(1)
        one, two = (applied_tariff(found, day, BASE, COUNTRIES, SECTORS).total for day in (first, last))
        np.testing.assert_array_equal(one, two)
    before = applied_tariff(found, days[0] - dt.timedelta(1), BASE, COUNTRIES, SECTORS)
    np.testing.assert_array_equal(before.total, BASE)


@given(random_measures(), DAY)
def test_the_order_of_measures_does_not_matter(found: list[Measure], day: dt.date) -> None:
    one, two = (applied_tariff(ms, day, BASE, COUNTRIES, SECTORS).total for ms in (found, found[::-1]))
    np.testing.assert_allclose(one, two, atol=1e-14)


@given(RATE, RATE)
def test_a_ceiling_over_everything_is_the_larger_of_the_two(rate: float, normal: float) -> None:
    base = np.zeros_like(BASE)
    base[0, 1, 1] = normal
    one = replace(measure(), rate=((START, rate),), rule=((START, "all_in"),))
    cut = applied_tariff([one], START, base, COUNTRIES, SECTORS)
    assert cut.total[0, 1, 1] == pytest.approx(max(rate, normal), abs=1e-15)
