"""The tariff ledger as a book: what it holds, how it stacks, what it refuses, and the build from the raw data."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from foederis import ledger, ledger_file
from foederis.errors import DataError
from foederis.measures import applied_tariff
from foederis.world import INDO_PACIFIC_21, World
from foederis.world import load as load_world

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "src" / "foederis" / "data" / "ledger-us.json"
BOOK = ledger.load()
DAYS = [dt.date(2018, 1, 1), dt.date(2021, 6, 1), dt.date(2025, 1, 1), dt.date(2025, 4, 9), dt.date(2025, 8, 7)]
DAYS += [dt.date(2025, 12, 31), dt.date(2026, 2, 20), dt.date(2026, 4, 6), dt.date(2026, 8, 19), dt.date(2026, 11, 25)]


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def test_the_build_gives_the_shipped_bytes(shared_data: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tools" / "build_ledger.py"), "--raw", str(shared_data)]
    done = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / FILE.name).read_bytes() == FILE.read_bytes(), "run tools/build_ledger.py"


def test_a_damaged_ledger_is_refused() -> None:
    raw = FILE.read_bytes()
    assert ledger_file.unpack(raw)["sha256"] == BOOK.sha256
    with pytest.raises(DataError, match="checksum"):
        ledger_file.unpack(raw.replace(b'"coverage":{"C29":', b'"coverage":{"C28":', 1))
    with pytest.raises(DataError, match="cannot be read"):
        ledger_file.unpack(raw[: len(raw) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        ledger_file.unpack(b"[]\n")


def test_loading_is_light() -> None:
    code = "import sys; from foederis import ledger; ledger.load().measures(); print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=280, check=True)
    assert done.stdout.strip() == "False"


def test_measures_are_built_once_and_each_question_gets_its_own() -> None:
    whole = BOOK.measures()
    assert all(one is other for one, other in zip(whole, BOOK.measures(), strict=True))
    assert all("OTH" not in m.coverage for m in (*whole, *BOOK.history()))
    assert {m.exporter for m in BOOK.measures(partners=["JPN"])} == {"JPN"}
    assert {m.authority for m in BOOK.measures(authorities=["s232"])} == {"s232"}
    assert BOOK.measures("panel", ["CHN"]) != BOOK.measures("law", ["CHN"])
    assert not {m.id for m in BOOK.history(["CHN"])} & {m.id for m in BOOK.measures(partners=["CHN"])}
    assert BOOK.measures() == whole
    fresh = ledger.Ledger(BOOK.card)
    assert fresh.history(["CHN"]) == BOOK.history(["CHN"])
    assert fresh.measures() == whole


def test_the_card_says_what_it_is_and_where_it_is_from() -> None:
    card = json.loads(FILE.read_text(encoding="utf-8"))
    assert len(BOOK.partners) == 50
    assert all(len(source["sha256"]) == 64 and source["what"] for source in card["sources"])
    assert BOOK.notes
    assert BOOK.clock_notes
    assert len(BOOK.actions) == 43
    assert dt.date(2026, 8, 19) == BOOK.end
    for family in card["families"]:
        assert card["references"][family][""] or family in ("ieepa-fentanyl",), family


def test_every_region_of_the_world_is_taxed_by_a_stated_rule(world: World) -> None:
    assert set(BOOK.economies) == set(world.countries) - {"USA"}
    union = set(json.loads(FILE.read_text())["union"]["EU27"])
    assert set(BOOK.regions) == set(BOOK.economies) - set(BOOK.partners) - union
    exporters = {m.exporter for m in BOOK.measures()}
    assert exporters == set(BOOK.economies)


@pytest.mark.parametrize("clock", ledger.CLOCKS)
def test_measures_are_typed_dated_and_cited(clock: str) -> None:
    found = [*BOOK.measures(clock), *BOOK.history()]
    assert len({m.id for m in found}) == len(found)
    for m in found:
        assert m.source, m.id
        assert m.importer == "USA"
        assert "OTH" not in m.coverage
    assert {m.authority for m in found} == {"s122", "s201", "s232", "s301", "ieepa", "other"}
    assert all(m.start >= ledger.TAKEOVER for m in BOOK.measures(clock))
    assert all(m.end is not None and m.end <= ledger.TAKEOVER for m in BOOK.history())


def test_what_came_before_2025_is_counted_once(world: World) -> None:
    """On the first day of 2025 the panel clock has the base alone; the day before, history on the base without it."""
    first = BOOK.cut(world, ledger.TAKEOVER, "panel")
    np.testing.assert_array_equal(first.total, world.tariff)
    last = BOOK.cut(world, dt.date(2024, 12, 31))
    us, china = world.country("USA"), world.country("CHN")
    assert last.base[us, china].sum() < world.tariff[us, china].sum() - 1.0  # the China lists are out of the base
    gap = last.total[us] - world.tariff[us]
    assert np.abs(np.delete(gap, china, axis=0)).max() < 2e-3  # safeguards fell within 2024
    assert gap[china].min() > -1e-6
    assert gap[china].max() < 0.10  # the review of September 2024 weighs a quarter in the year
    flow = world.flow[us, china]
    assert 0 <= (gap[china] * flow).sum() / flow[:-1].sum() < 0.005


@pytest.mark.parametrize("clock", ledger.CLOCKS)
def test_the_parts_add_up_on_every_day(world: World, clock: str) -> None:
    for day in DAYS:
        cut = BOOK.cut(world, day, clock)
        parts = sum(cut.by_authority.values(), np.zeros_like(cut.base))
        np.testing.assert_allclose(cut.total, cut.base + parts, atol=1e-12)
        us = world.country("USA")
        assert (np.delete(cut.total, us, axis=0) == np.delete(world.tariff, us, axis=0)).all()
        assert (cut.total[us, us] == 0).all()


def test_a_cut_of_one_authority_has_that_authority_alone(world: World) -> None:
    cut = BOOK.cut(world, dt.date(2025, 12, 31), authorities=["s232"])
    assert set(cut.by_authority) == {"s232"}
    whole = BOOK.cut(world, dt.date(2025, 12, 31))
    np.testing.assert_allclose(cut.by_authority["s232"], whole.by_authority["s232"])


def test_section_232_goods_do_not_pay_the_reciprocal_rate(world: World) -> None:
    """Take section 232 away and its goods go back to the reciprocal rate, no more than they are."""
    day = dt.date(2025, 7, 1)
    found = [m for m in BOOK.measures("law", ["JPN"]) if m.in_force(day)]
    steel = {m.authority: m for m in found if m.coverage.get("C24A", 0) > 0.5}
    assert set(steel) == {"s232", "ieepa"}
    assert steel["ieepa"].yields_to == ("s232",)
    args = (day, world.tariff, world.countries, world.sectors)
    us, japan, column = world.country("USA"), world.country("JPN"), world.sector("C24A")
    both = applied_tariff(found, *args)
    without = applied_tariff([m for m in found if m.authority != "s232"], *args)
    paid, back = (c.by_authority["ieepa"][us, japan, column] for c in (both, without))
    scope = sum(m.coverage.get("C24A", 0.0) for m in found if m.authority == "s232")
    assert scope > 0.8
    assert paid < 0.02
    assert back == pytest.approx(0.10 * min(1.0, steel["ieepa"].coverage["C24A"]))
    assert back - paid == pytest.approx(0.10 * scope, abs=0.003)
    assert without.total[us, japan, column] < both.total[us, japan, column]


def test_the_ceiling_of_the_deals_includes_the_normal_duty(world: World) -> None:
    """Cars from Japan: 25 % on top of the duty, then 15 % in all."""
    us, japan, cars = world.country("USA"), world.country("JPN"), world.sector("C29")
    before, after = (BOOK.cut(world, dt.date(2025, 9, day)) for day in (15, 16))
    base = world.tariff[us, japan, cars]
    found = {m.rule_on(dt.date(2025, 9, 16)): m for m in BOOK.measures("law", ["JPN"], ["s232"]) if "cars" in m.id}
    deal = found["all_in"]
    assert deal.rate_on(dt.date(2025, 9, 16)) == 0.15
    assert 0.15 < after.total[us, japan, cars] < 0.17  # cars and parts at 15 %, metal parts above
    assert before.total[us, japan, cars] - base > 0.22
    for rate in (0.15, 0.0):
        alone = applied_tariff([deal], dt.date(2025, 9, 16), world.tariff, world.countries, world.sectors)
        assert alone.total[us, japan, cars] >= max(base, rate * deal.coverage["C29"])


def test_the_emergency_duties_end_and_the_surcharge_lapses() -> None:
    for clock in ledger.CLOCKS:
        found = BOOK.measures(clock)
        assert max(m.end or dt.date.max for m in found if m.authority == "ieepa") == dt.date(2026, 2, 20)
        surcharge = [m for m in found if m.authority == "s122"]
        assert min(m.start for m in surcharge) == dt.date(2026, 2, 24)
        assert {m.rate_on(dt.date(2026, 7, 23)) for m in surcharge} == {0.10}
        assert max(m.end or dt.date.max for m in surcharge) == dt.date(2026, 7, 24)
        assert not {m.exporter for m in surcharge} & {"CAN", "MEX"}


def test_members_of_the_union_pay_the_same() -> None:
    german, french = (BOOK.measures("law", [code]) for code in ("DEU", "FRA"))
    assert [(m.coverage, m.rate, m.rule, m.start, m.end) for m in german] == [
        (m.coverage, m.rate, m.rule, m.start, m.end) for m in french
    ]
    union = BOOK.measures("law", ["EU27"])
    assert len({m.exporter for m in union}) == 27
    assert len(union) == 27 * len(german)


def test_economies_outside_the_panel_pay_their_own_reciprocal_rate() -> None:
    day = dt.date(2025, 9, 1)

    def rate(code: str) -> set[float]:
        found = BOOK.measures("law", [code], ["ieepa"])
        return {round(m.rate_on(day), 4) for m in found if m.in_force(day)}

    assert rate("LAO") == {0.40}
    assert rate("TUN") == {0.25}
    assert rate("ISL") == {0.15}
    assert rate("SEN") == {0.10}
    assert rate("BLR") == rate("RUS") == set()
    assert all(0.10 < value < 0.25 for value in rate("ROW"))


def test_dates_are_the_days_on_which_a_measure_changes() -> None:
    for clock in ledger.CLOCKS:
        days = BOOK.dates(clock)
        assert all(a < b for a, b in pairwise(days))
        assert {day for m in [*BOOK.measures(clock), *BOOK.history()] for day in m.changes()} == set(days)
    assert dt.date(2025, 8, 7) in BOOK.dates("panel")
    assert max(BOOK.dates()) == BOOK.end


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: BOOK.measures("calendar"), "clock is 'calendar'"),
        (lambda: BOOK.measures(partners=["JPM"]), "'JPM' is not in the ledger; did you mean JPN"),
        (lambda: BOOK.measures(authorities=["s999"]), "'s999' is not in the ledger; it has"),
        (lambda: BOOK.path("USA", DAYS[0], DAYS[1]), "'USA' is not in the ledger"),
        (lambda: BOOK.path("JPN", DAYS[1], DAYS[0]), "before its start"),
        (lambda: BOOK.path("UKR", DAYS[0], DAYS[1]), "no import weights of UKR"),
        (lambda: BOOK.measures_on("JPN", DAYS[0], "x"), "clock is 'x'"),
    ],
)
def test_what_the_ledger_does_not_know_is_refused(call: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        call()  # type: ignore[operator]


def test_an_aggregated_world_is_cut_in_full_and_then_averaged(world: World) -> None:
    day = dt.date(2025, 12, 31)
    with pytest.raises(DataError, match="cut the shipped world and average"):
        BOOK.cut(world.aggregate(regions=INDO_PACIFIC_21), day)
    cut = BOOK.cut(world, day)
    grouped = world.aggregation(INDO_PACIFIC_21)
    small = grouped.rate(cut.total)
    assert small.shape[0] == 21
    revenue = (cut.total * world.flow)[world.country("USA")].sum()
    table = grouped.world()
    assert (small * table.flow)[table.country("USA")].sum() == pytest.approx(revenue)
