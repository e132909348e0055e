"""Scenarios in a world: who is meant, what is covered, tariffs in force, retaliation, trade costs, the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from foederis import goods, ledger, scenario, world
from foederis.errors import DataError
from foederis.measures import Measure, TariffCut
from foederis.scenario_codes import EU27
from foederis.world import World
from strategies import build_world

HEAD = "schema: foederis/scenario/v1\nid: case\nextends: us-japan-baseline\n"
EXACT = 1e-12
CARS = (
    "sectors: [C29]; rate: {2025-04-05: 10%, 2025-08-07: 15%}; rule: {2025-04-05: add, 2025-08-07: all_in}; "
    "to: 2026-02-20"
)


@pytest.fixture(scope="module")
def real() -> World:
    return world.load()


def case(*entries: str, **keys: str) -> scenario.Scenario:
    """A scenario with measures given as the keys that differ from a flat 10 % on Japan."""
    lines = [f"{key}: {value}" for key, value in keys.items()]
    plain = {"authority": "other", "importer": "USA", "exporter": "JPN", "sectors": "all_goods", "rate": "10%"}
    plain |= {"from": "2025-04-05", "source": "test"}
    if entries:
        lines.append("tariffs:")
    for k, entry in enumerate(entries):
        named = [part.split(":")[0].strip() for part in entry.split(";")]
        filled = [part.strip() for part in entry.split(";") if part.strip()]
        filled += [f"{key}: {value}" for key, value in plain.items() if key not in named]
        lines.append("  - {id: m" + str(k) + ", " + ", ".join(filled) + "}")
    return scenario.load(HEAD + "\n".join(lines) + "\n")


def added(cut: TariffCut, importer: str, exporter: str, sector: str | None = None) -> np.ndarray | float:
    """What is added to the base rates of a pair."""
    n, i = cut.countries.index(importer), cut.countries.index(exporter)
    row = (cut.total - cut.base)[n, i]
    return row if sector is None else float(row[cut.sectors.index(sector)])


def taxed(cut: TariffCut, importer: str = "USA") -> set[str]:
    """The exporters whose goods pay more than the base rates."""
    return {code for code in cut.countries if np.any(np.abs(added(cut, importer, code)) > EXACT)}


# Who is meant


def test_world_means_everyone_else(real: World):
    cut = case("exporter: world").tariff_cut(real)
    assert taxed(cut) == set(real.countries) - {"USA"}
    assert {importer for importer in real.countries if taxed(cut, importer)} == {"USA"}


@pytest.mark.parametrize(
    ("exporter", "members"),
    [
        ("eu27", set(EU27)),
        ("[JPN, KOR]", {"JPN", "KOR"}),
        ("[quad, KOR]", {"JPN", "AUS", "IND", "KOR"}),
        ("usmca", {"CAN", "MEX"}),
    ],
)
def test_groups_and_lists(real: World, exporter: str, members: set[str]):
    assert taxed(case(f"exporter: {exporter}").tariff_cut(real)) == members


def test_everyone_but(real: World):
    cut = case("exporter: {all_except: [CAN, eu27]}").tariff_cut(real)
    assert taxed(cut) == set(real.countries) - {"USA", "CAN", *EU27}


def test_members_of_the_union_do_not_tax_each_other(real: World):
    cut = case("importer: eu27; exporter: world").tariff_cut(real)
    assert taxed(cut, "DEU") == set(real.countries) - set(EU27)


def test_surplus_countries_come_from_the_trade_of_the_world(real: World):
    cut = case("exporter: {surplus_with: USA, over: 20 bn USD/yr}").tariff_cut(real)
    u, goods_only = real.country("USA"), [sector != "SERV" for sector in real.sectors]
    surplus = (real.flow[u][:, goods_only].sum(axis=1) - real.flow[:, u][:, goods_only].sum(axis=1)) / 1e3
    expected = {code for code, value in zip(real.countries, surplus, strict=True) if value > 20 and code != "USA"}
    assert taxed(cut) == expected
    assert {"JPN", "CHN", "DEU", "MEX"} <= expected
    assert "AUS" not in expected


# Rates and formulas


def test_a_formula_takes_the_flows_of_the_pair(real: World):
    scn = case('exporter: [JPN, CHN, MEX]; rate: {formula: "min(10pp, 0.25 * surplus / imports)"}')
    cut = scn.tariff_cut(real)
    u = real.country("USA")
    for code in ("JPN", "CHN", "MEX"):
        i = real.country(code)
        imports, exports = real.flow[u, i, :-1].sum(), real.flow[i, u, :-1].sum()
        assert added(cut, "USA", code, "C29") == pytest.approx(min(0.10, 0.25 * (imports - exports) / imports))


def test_a_formula_that_leaves_the_range_is_refused(real: World):
    with pytest.raises(DataError, match="m0, USA on AUS: the formula gives -"):
        case('exporter: AUS; rate: {formula: "0.5 * surplus / imports"}').tariff_cut(real)
    with pytest.raises(DataError, match="divides by zero"):
        case('rate: {formula: "imports / (surplus - deficit)"}').tariff_cut(real)


def test_a_dated_rate_and_rule(real: World):
    scn = case(CARS)
    base = float(real.tariff[real.country("USA"), real.country("JPN"), real.sector("C29")])
    expected = {
        "2025-04-04": 0,
        "2025-04-05": 0.10,
        "2025-08-06": 0.10,
        "2025-08-07": 0.15 - base,
        "2026-02-19": 0.15 - base,
    }
    expected["2026-02-20"] = 0
    for day, rate in expected.items():
        assert added(scn.tariff_cut(real, dt.date.fromisoformat(day)), "USA", "JPN", "C29") == pytest.approx(
            rate, abs=EXACT
        )


def test_measures_stack_and_authorities_are_kept_apart(real: World):
    scn = case(
        "authority: s232; sectors: [C29]; rate: 25%; from: 2025-04-03",
        "authority: ieepa; rate: 10%; yields_to: [s232]",
        "authority: s301; sectors: [C26]; rate: 5%",
    )
    cut = scn.tariff_cut(real)
    assert added(cut, "USA", "JPN", "C29") == pytest.approx(0.25)
    assert added(cut, "USA", "JPN", "C28") == pytest.approx(0.10)
    assert added(cut, "USA", "JPN", "C26") == pytest.approx(0.15)
    assert added(cut, "USA", "JPN", "SERV") == 0
    assert set(cut.by_authority) == {"s232", "ieepa", "s301"}
    np.testing.assert_allclose(cut.base + sum(cut.by_authority.values()), cut.total, atol=EXACT)


# What is covered


def test_joined_sectors_are_covered_by_the_weight_of_their_parts(real: World):
    cut = case("sectors: [A01, C24]").tariff_cut(real)
    farm, forest = (goods.sector_value("JPN", activity) for activity in ("A01", "A02"))
    assert added(cut, "USA", "JPN", "A01_02") == pytest.approx(0.10 * farm / (farm + forest))
    assert added(cut, "USA", "JPN", "C24A") == added(cut, "USA", "JPN", "C24B") == pytest.approx(0.10)
    assert added(cut, "USA", "JPN", "C25") == 0


def test_all_goods_except(real: World):
    row = added(case("sectors: {all_goods_except: [C24, C29]}").tariff_cut(real), "USA", "JPN")
    out = {real.sectors[k] for k in np.flatnonzero(np.asarray(row) < EXACT)}
    assert out == {"C24A", "C24B", "C29", "SERV"}


def test_a_carve_out_takes_its_share(real: World):
    cut = case("exempt: [civil-aircraft, generic-pharma]").tariff_cut(real)
    for sector in ("C302T309", "C21", "C28"):
        out = sum(goods.covered(name, "JPN", sector) for name in ("civil-aircraft", "generic-pharma"))
        assert added(cut, "USA", "JPN", sector) == pytest.approx(0.10 * (1 - out))
    assert added(cut, "USA", "JPN", "C302T309") < 0.09


def test_headings_and_named_lists_are_mapped_to_sectors(real: World):
    cut = case("sectors: {hs: [8703]}").tariff_cut(real)
    assert added(cut, "USA", "JPN", "C29") == pytest.approx(0.10 * goods.headings(["8703"])["C29"])
    assert 0.3 < added(cut, "USA", "JPN", "C29") / 0.10 < 0.9
    chapter = case("sectors: {hs: [0101, 87]}").tariff_cut(real)
    assert added(chapter, "USA", "JPN", "A01_02") > 0
    autos = case("sectors: {goods: [autos]}").tariff_cut(real)
    assert added(autos, "USA", "JPN", "C29") == pytest.approx(0.10 * goods.covered("autos", "JPN", "C29"))


def test_a_world_without_icio_sectors_is_refused():
    foreign = build_world(3, 2, seed=1)
    named = World(
        countries=("USA", "JPN", "ROW"),
        sectors=foreign.sectors,
        flow=foreign.flow,
        tariff=foreign.tariff,
        input_share=foreign.input_share,
        trade_elasticity=foreign.trade_elasticity,
    )
    with pytest.raises(DataError, match="'S00' of this world is no ICIO activity"):
        case("rate: 10%").tariff_cut(named)


def test_an_economy_that_is_not_in_the_world_is_refused(real: World):
    coarse = real.aggregate(world.INDO_PACIFIC_21)
    with pytest.raises(DataError, match=r"scenario case, measure m0: AUT, BEL.* of eu27 not in this world"):
        case("exporter: eu27").tariff_cut(coarse)
    assert taxed(case("exporter: JPN").tariff_cut(coarse)) == {"JPN"}
    assert taxed(case("exporter: world").tariff_cut(coarse)) == set(coarse.countries) - {"USA"}


# Taking a partner out


def test_exempting_takes_the_coercers_measures_out_and_leaves_the_base(real: World):
    scn = case("exporter: world", "importer: CHN; exporter: USA; authority: retaliation")
    spared = scn.exempting("JPN")
    cut = spared.tariff_cut(real)
    assert taxed(cut) == set(real.countries) - {"USA", "JPN"}
    assert taxed(cut, "CHN") == {"USA"}
    u, j = real.country("USA"), real.country("JPN")
    np.testing.assert_array_equal(cut.total[u, j], real.tariff[u, j])
    assert spared.sha256 != scn.sha256
    assert spared.id == scn.id
    twice = spared.exempting("KOR")
    assert taxed(twice.tariff_cut(real)) == set(real.countries) - {"USA", "JPN", "KOR"}
    assert spared.exempting("JPN") == spared
    assert scenario.load(scenario.dump(spared)) == spared


def test_exempting_takes_trade_costs_and_retaliation_out(real: World):
    embargo = scenario.load("full-decoupling")
    assert embargo.exempting("JPN").iceberg_hat(real) is None
    answered = case("rate: 10%", responses="{JPN: {counter_measures: in_kind}}")
    assert taxed(answered.tariff_cut(real), "JPN") == {"USA"}
    assert taxed(answered.exempting("JPN").tariff_cut(real), "JPN") == set()


def test_exempt_partners_may_be_a_group(real: World):
    cut = case("exporter: world", exempt_partners="treaty_allies").tariff_cut(real)
    assert {"JPN", "DEU", "KOR", "CAN"} & taxed(cut) == set()
    assert {"CHN", "VNM", "MEX"} <= taxed(cut)


# Retaliation


def test_retaliation_in_kind_mirrors_the_added_rate_by_sector_and_day(real: World):
    scn = case(
        CARS,
        "sectors: [C26]; rate: 4%; from: 2025-06-01",
        responses="{JPN: {counter_measures: {share: 50%, from: 2025-05-01}}}",
    )
    for day in ("2025-04-20", "2025-05-01", "2025-07-01", "2025-08-07", "2026-03-01"):
        cut = scn.tariff_cut(real, dt.date.fromisoformat(day))
        share = 0.0 if day < "2025-05-01" else 0.5
        expected = share * np.asarray(added(cut, "USA", "JPN"))
        np.testing.assert_allclose(added(cut, "JPN", "USA"), expected, atol=EXACT)
    assert set(cut.by_authority) == {"other", "retaliation"}


def test_retaliation_of_a_group_on_chosen_goods(real: World):
    scn = case("exporter: world", retaliation="[{id: back, by: eu27, share: 80%, sectors: [C10T12], to: 2025-12-01}]")
    cut = scn.tariff_cut(real)
    assert added(cut, "FRA", "USA", "C10T12") == pytest.approx(0.08)
    assert added(cut, "FRA", "USA", "C29") == 0
    assert taxed(cut, "FRA") == {"USA"}
    assert taxed(cut, "JPN") == set()
    assert taxed(scn.tariff_cut(real, dt.date(2025, 12, 1)), "FRA") == set()


def test_without_measures_there_is_nothing_to_answer(real: World):
    scn = case(retaliation="[{id: back, by: CHN}]")
    assert scn.measures(real) == ()


# Trade costs


def test_an_embargo_is_a_cost_without_bound_in_both_directions(real: World):
    hat = scenario.load("full-decoupling").iceberg_hat(real)
    assert hat is not None
    u, j, services = real.country("USA"), real.country("JPN"), real.sector("SERV")
    blocked = np.isinf(hat)
    for n, i in ((u, j), (j, u)):
        assert blocked[n, i].sum() == len(real.sectors) - 1
        assert hat[n, i, services] == 1
    assert blocked.sum() == 2 * (len(real.sectors) - 1)
    assert scenario.load("full-decoupling").iceberg_hat(real, dt.date(2025, 4, 4)) is None


def test_trade_costs_multiply_and_count_by_their_share(real: World):
    common = "importer: USA, exporter: CHN, from: 2025-01-01, source: test"
    scn = case(
        trade_costs=f"[{{id: a, sectors: [C26, SERV], change: +20%, {common}}}, "
        f"{{id: b, sectors: everything, change: -10%, {common}}}, "
        f"{{id: c, sectors: {{hs: [8703]}}, change: +50%, {common}}}]"
    )
    hat = scn.iceberg_hat(real)
    assert hat is not None
    row = dict(zip(real.sectors, hat[real.country("USA"), real.country("CHN")], strict=True))
    assert row["C26"] == row["SERV"] == pytest.approx(1.2 * 0.9)
    assert row["C28"] == pytest.approx(0.9)
    assert row["C29"] == pytest.approx(0.9 * (1 + 0.5 * goods.headings(["8703"])["C29"]))
    assert np.all(hat[real.country("USA"), real.country("JPN")] == 1)


# The ledger, with measures chosen for the test


@dataclass(frozen=True)
class Book:
    """A ledger of given measures."""

    given: Sequence[Measure]

    def measures(
        self, clock: str = "law", partners: Sequence[str] | None = None, authorities: Sequence[str] | None = None
    ) -> tuple[Measure, ...]:
        return tuple(
            m
            for m in self.given
            if (partners is None or m.exporter in partners) and (authorities is None or m.authority in authorities)
        )

    def history(
        self, partners: Sequence[str] | None = None, authorities: Sequence[str] | None = None
    ) -> tuple[Measure, ...]:
        return ()

    def dates(self, clock: str = "law") -> tuple[dt.date, ...]:
        return tuple(sorted({day for m in self.given for day in m.changes()}))


def _entry(authority: str, exporter: str, start: str, end: str | None, rate: dict[str, float]) -> Measure:
    return Measure(
        id=f"{authority}-{exporter}-{start}",
        authority=authority,  # type: ignore[arg-type]
        importer="USA",
        exporter=exporter,
        coverage={"C28": 1.0, "C26": 0.5},
        rate=tuple((dt.date.fromisoformat(day), value) for day, value in rate.items()),
        rule=((dt.date.fromisoformat(start), "add"),),
        start=dt.date.fromisoformat(start),
        end=None if end is None else dt.date.fromisoformat(end),
        source="test",
    )


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger of three measures in the place of the real one."""
    entries = (
        _entry("ieepa", "JPN", "2025-04-05", "2026-02-20", {"2025-04-05": 0.10, "2025-08-07": 0.15}),
        _entry("s232", "JPN", "2025-03-12", None, {"2025-03-12": 0.25, "2025-06-04": 0.50}),
        _entry("ieepa", "CHN", "2025-02-04", "2026-02-20", {"2025-02-04": 0.20}),
    )
    monkeypatch.setattr(ledger, "load", lambda: Book(entries))


def rate_on(scn: scenario.Scenario, real: World, day: str, exporter: str = "JPN") -> float:
    """The rate added on machinery."""
    return float(added(scn.tariff_cut(real, dt.date.fromisoformat(day)), "USA", exporter, "C28"))


@pytest.mark.usefixtures("book")
def test_the_ledger_counts_with_its_own_measures_beside(real: World):
    scn = case("authority: s301; rate: 5%", ledger="{}")
    assert rate_on(scn, real, "2025-12-31") == pytest.approx(0.15 + 0.50 + 0.05)
    assert rate_on(scn, real, "2025-12-31", "CHN") == pytest.approx(0.20)
    assert scenario.load(HEAD + "ledger: {}\n").evaluate == dt.date(2026, 2, 20)
    assert scenario.load(HEAD + "evaluate: latest\n").evaluate == dt.date(2026, 2, 20)


@pytest.mark.usefixtures("book")
def test_the_ledger_of_some_partners_and_authorities(real: World):
    scn = case(ledger="{partners: [JPN, eu27], authorities: [ieepa]}")
    assert rate_on(scn, real, "2025-12-31") == pytest.approx(0.15)
    assert rate_on(scn, real, "2025-12-31", "CHN") == 0


@pytest.mark.usefixtures("book")
def test_the_ledger_between_two_days(real: World):
    scn = case(ledger="{from: 2025-05-01, until: 2025-09-01}")
    rates = [rate_on(scn, real, day) for day in ("2025-04-30", "2025-05-01", "2025-08-31", "2025-09-01")]
    np.testing.assert_allclose(rates, [0, 0.35, 0.65, 0])


@pytest.mark.usefixtures("book")
def test_the_ledger_frozen_on_a_day(real: World):
    scn = case(ledger="{frozen_on: 2025-05-01}")
    assert rate_on(scn, real, "2025-04-01") == pytest.approx(0.25)
    assert rate_on(scn, real, "2025-12-31") == pytest.approx(0.35)
    assert rate_on(scn, real, "2030-01-01") == pytest.approx(0.35)
    early = case(ledger="{frozen_on: 2025-04-01}")
    assert rate_on(early, real, "2030-01-01") == pytest.approx(0.25)


@pytest.mark.usefixtures("book")
def test_a_departure_from_the_ledger(real: World):
    change = (
        "{id: letter, partners: JPN, authorities: [ieepa], rate: 25%, from: 2025-08-01, to: 2025-10-01, source: letter}"
    )
    scn = case(ledger=f"{{changes: [{change}]}}")
    days = ("2025-07-31", "2025-08-01", "2025-09-30", "2025-10-01", "2026-02-20")
    np.testing.assert_allclose([rate_on(scn, real, day) for day in days], [0.60, 0.75, 0.75, 0.65, 0.50])
    assert rate_on(scn, real, "2025-09-01", "CHN") == pytest.approx(0.20)
    (letter,) = [m for m in scn.measures(real) if m.source == "letter"]
    assert (letter.start, letter.end) == (dt.date(2025, 8, 1), dt.date(2025, 10, 1))
    assert letter.coverage == {"C28": 1.0, "C26": 0.5}


@pytest.mark.usefixtures("book")
def test_exempting_takes_the_ledger_out_too(real: World):
    scn = case(ledger="{}").exempting("JPN")
    assert rate_on(scn, real, "2025-12-31") == 0
    assert rate_on(scn, real, "2025-12-31", "CHN") == pytest.approx(0.20)


# The ledger as it is


@pytest.mark.parametrize("day", ["2019-06-01", "2024-12-31", "2025-01-01", "2025-04-09", "2025-09-16", "2026-02-23"])
@pytest.mark.parametrize("clock", ["law", "panel"])
def test_a_scenario_of_the_ledger_alone_has_the_tariffs_of_the_ledger(real: World, day: str, clock: str):
    date = dt.date.fromisoformat(day)
    ours = scenario.load("us-japan-2025", [f"ledger.clock={clock}"]).tariff_cut(real, date)
    book = ledger.load().cut(real, date, clock)
    np.testing.assert_allclose(ours.total, book.total, atol=EXACT)
    np.testing.assert_allclose(ours.base, book.base, atol=EXACT)


def test_a_world_built_with_the_past_in_its_base_is_changed_by_no_scenario_without_the_ledger(real: World):
    cut = scenario.load("us-japan-baseline").tariff_cut(real, dt.date(2019, 6, 1))
    np.testing.assert_array_equal(cut.total, real.tariff)


def test_the_letter_changes_the_reciprocal_rate_on_japan_alone(real: World):
    letter, day = scenario.load("letter-25"), dt.date(2025, 9, 15)
    ours, book = letter.tariff_cut(real, day), ledger.load().cut(real, day)
    u, j = real.country("USA"), real.country("JPN")
    others = np.delete(np.arange(len(real.countries)), j)
    np.testing.assert_allclose(ours.total[:, others], book.total[:, others], atol=EXACT)
    np.testing.assert_allclose(ours.by_authority["s232"], book.by_authority["s232"], atol=EXACT)
    machinery = real.sector("C28")
    assert ours.by_authority["ieepa"][u, j, machinery] > book.by_authority["ieepa"][u, j, machinery] + 0.05
    assert ours.by_authority["ieepa"][u, j].max() <= 0.25 + EXACT
    cars = real.sector("C29")
    assert ours.by_authority["s232"][u, j, cars] > 0.2
    deal = scenario.load("july-2025-deal").tariff_cut(real)
    assert deal.by_authority["s232"][u, j, cars] < ours.by_authority["s232"][u, j, cars] - 0.08


def test_current_law_is_the_newest_day_of_the_ledger(real: World):
    law = scenario.load("current-law")
    assert law.evaluate == max(ledger.load().dates("law"))
    assert law.evaluate.isoformat() in law.title()
    assert law.evaluate.isoformat() in law.note
    assert np.all(law.tariff_cut(real).by_authority["ieepa"] == 0)


def test_without_japan_the_others_pay_what_they_paid(real: World):
    scn = scenario.load("us-japan-2025")
    whole, spared = scn.tariff_cut(real), scn.exempting("JPN").tariff_cut(real)
    u, j = real.country("USA"), real.country("JPN")
    np.testing.assert_array_equal(spared.total[u, j], real.tariff[u, j])
    others = np.delete(np.arange(len(real.countries)), j)
    np.testing.assert_array_equal(spared.total[:, others], whole.total[:, others])


def test_a_group_of_partners_may_hold_the_importer(real: World):
    cut = case(ledger="{partners: treaty_allies}", evaluate="2025-12-31").tariff_cut(real)
    assert {"JPN", "DEU", "CAN"} <= taxed(cut)
    assert "CHN" not in taxed(cut)


def test_the_year_from_which_the_base_counts_is_that_of_the_ledger():
    from foederis.scenario_tariffs import BASE_YEAR

    assert dt.date(BASE_YEAR, 1, 1) == ledger.TAKEOVER
