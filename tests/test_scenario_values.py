"""Values of a scenario one by one: quantities with units, formulas, codes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import goods, measures, scenario_formula, world
from foederis import scenario_codes as codes
from foederis import scenario_fields as fields
from foederis import scenario_units as units
from foederis.scenario_units import Fail, Fails, Quarter


def code_of(parse: Any, value: Any) -> str:
    """The code of the fault of a value."""
    with pytest.raises((Fail, Fails)) as caught:
        parse(value)
    error = caught.value
    return error.fails[0].code if isinstance(error, Fails) else error.code


@pytest.mark.parametrize(
    ("text", "value"), [("15%", 0.15), ("5pp", 0.05), ("2.5 %", 0.025), ("10000%", 100.0), ("0%", 0.0)]
)
def test_rates(text: str, value: float):
    assert float(units.rate(text)) == pytest.approx(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (25, "unit"),
        (Decimal("0.25"), "unit"),
        ("25", "unit"),
        ("-1%", "range"),
        ("10000.1%", "range"),
        ("nan", "nan"),
        ("inf%", "nan"),
        ("15 per cent", "unit"),
        (True, "type"),
        (None, "type"),
        ((), "type"),
        ("15%%", "unit"),
        ("１５%", "unit"),
    ],
)
def test_rates_that_are_refused(value: Any, code: str):
    assert code_of(units.rate, value) == code


def test_a_fraction_is_told_as_a_percentage():
    with pytest.raises(Fail) as caught:
        units.rate(Decimal("0.15"))
    assert "'15%'" in caught.value.help


@given(st.decimals(0, 10_000, places=4), st.sampled_from(["%", "pp"]))
def test_a_rate_written_out_reads_the_same(number: Decimal, unit: str):
    found = units.rate(f"{number}{unit}")
    assert units.rate(str(found)) == found
    assert float(found) == pytest.approx(float(number) / 100)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("550 bn USD", 550e9),
        ("8 bn USD/yr", 8e9),
        ("211 bn JPY/yr", 211e9),
        ("1 m USD/month", 12e6),
        ("2 tn JPY", 2e12),
        ("3 EUR/quarter", 12.0),
    ],
)
def test_money(text: str, amount: float):
    found = units.money(text)
    assert found.amount == pytest.approx(amount)
    assert str(found) == text


@pytest.mark.parametrize(
    ("text", "flow", "code"),
    [
        ("8 bn USD", True, "unit"),
        ("8 bn USD/yr", False, "unit"),
        ("8 bn", None, "unit"),
        ("8 bn XYZ", None, "unit"),
        ("-8 bn USD", None, "range"),
        ("nan USD", None, "nan"),
    ],
)
def test_money_that_is_refused(text: str, flow: bool | None, code: str):
    assert code_of(lambda value: units.money(value, flow), text) == code


def test_quarters():
    assert units.quarter("2025-Q4").next == Quarter(2026, 1)
    assert units.quarter("2025-Q4").first_day == dt.date(2025, 10, 1)
    assert units.quarter("2025-Q4").last_day == dt.date(2025, 12, 31)
    assert [code_of(units.quarter, text) for text in ("2025-Q5", "2025Q1", "1800-Q1")] == [
        "quarter",
        "quarter",
        "range",
    ]


def test_distributions():
    found = units.distribution({"dist": "triangular", "low": "3%", "mode": "15%", "high": "60%"})
    assert (found["low"], found["mode"], found["high"]) == (0.03, 0.15, 0.60)
    with pytest.raises(Fails) as caught:
        units.distribution({"dist": "beta", "a": "x", "c": 1})
    assert [(fail.code, fail.at) for fail in caught.value.fails] == [
        ("unknown-key", ("c", units.KEY)),
        ("type", ("a",)),
        ("missing", ()),
    ]
    assert code_of(units.share_or_distribution, {"dist": "uniform", "low": 0, "high": 2}) == "range"


# Formulas


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("min(10pp, 0.25 * surplus / imports)", 0.10),
        ("max(0%, deficit / imports)", 0.5),
        ("5% + 2pp", 0.07),
        ("-(1 - 2) * 10%", 0.1),
        ("0.5 * surplus / imports / 5", 0.05),
        ("max(10%, min(0.5 * surplus / imports, 50%))", 0.25),
        ("(imports - exports) / (imports + exports)", 1 / 3),
    ],
)
def test_formulas(text: str, rate: float):
    flows = {"imports": 100.0, "exports": 50.0, "surplus": 50.0, "deficit": 50.0}
    assert scenario_formula.parse(text).rate(flows) == pytest.approx(rate)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1 +", "surplus", "surplus * imports", "min(1)", "min(1%, surplus)", "f(1)", "x", "1 2", "(1", "1)"),
        *(
            "__import__",
            "1; 2",
            "a.b",
            "[1]",
            "1 if 1 else 2",
            "lambda: 1",
            "1 ** 9",
            "0x10",
            "1e5",
            "1 % %",
            "(" * 500,
        ),
    ],
)
def test_formulas_that_are_refused(text: str):
    assert code_of(scenario_formula.parse, text) == "formula"


@given(st.text("0123456789.%p+-*/(), minaxsurplodefcet", max_size=40))
def test_any_text_is_a_formula_or_a_fault(text: str):
    try:
        formula = scenario_formula.parse(text)
    except Fail as fail:
        told = fail.code == "formula" and bool(fail.help)
        assert told
    else:
        assert scenario_formula.parse(formula.text) == formula


# Codes


def test_codes_agree_with_the_world_and_the_measures():
    real = world.load()
    assert set(codes.COUNTRIES) == set(real.countries)
    assert set(real.sectors) - {"SERV"} <= set(codes.SECTORS)
    assert {activity for sector in real.sectors for activity in codes.activities(sector)} == set(codes.GOODS)
    assert get_args(measures.Authority) == codes.AUTHORITIES
    assert tuple(codes.RULES) == get_args(measures.Rule)
    assert set(codes.ELASTICITIES) == set(real.elasticity_sets)
    assert {name for family in codes.OVERLAPPING for name in family} <= set(goods.names())
    assert fields.SERVICES in real.sectors
    for name, members in codes.GROUPS.items():
        assert set(members) <= set(real.countries), name
        assert len(set(members)) == len(members)
        assert name in codes.GROUP_NOTES
    assert len(codes.EU27) == 27


def test_overlapping_lists_do_overlap():
    """Of two lists in a family one is larger in some sector by no more than the other covers: they share products."""
    partners = goods.card()["imports"]
    for family in codes.OVERLAPPING:
        for small in family:
            others = family - {small}
            assert any(
                goods.covered(small, partner, sector) > 0 and goods.covered(other, partner, sector) > 0
                for other in others
                for partner in partners
                for sector in codes.GOODS
            )


@pytest.mark.parametrize("kind", ["sectors", "countries", "groups", "authorities", "goods", "rules", "units"])
def test_code_tables_are_plain_data(kind: str):
    rows = codes.table(kind)
    assert rows
    assert all(row.code and row.name for row in rows)
    assert len({row.code for row in rows}) == len(rows)


def test_every_example_of_the_units_reads():
    readers: dict[str, Any] = {
        "25%": units.rate,
        "5pp": units.rate,
        "+75%": units.change,
        "0.8": units.share,
        "550 bn USD": units.money,
        "8 bn USD/yr": units.money,
        "2025-04-03": units.date,
        "2025-Q1": units.quarter,
    }
    examples = set(codes.UNITS)
    assert set(readers) <= examples
    for text, read in readers.items():
        read(text)
    assert {text[:2] for text in examples - set(readers)} == {"{d", "{f"}


def test_nearest_says_nothing_when_nothing_is_near():
    assert codes.nearest("C3O1", codes.SECTORS) == "did you mean 'C301'?"
    assert codes.nearest("qqqq", codes.SECTORS) == ""
    assert codes.nearest("x" * 10_000, codes.SECTORS) == ""
