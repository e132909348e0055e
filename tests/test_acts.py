"""Dated acts: the shipped list, the rules that turn facts into gain and harm, the checks, the arrays."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import acts, acts_leaders, acts_rules
from foederis.acts import ALL, CHANNELS, Act
from foederis.acts_arrays import act_arrays, quarter_range
from foederis.acts_check import FIELDS, faults
from foederis.errors import DataError

QUARTERS = quarter_range("2017-Q1", "2036-Q4")


def act(**changes: Any) -> Act:
    """A 20-point tariff of the United States on Japan, changed as told."""
    row: dict[str, Any] = {
        "id": "X1",
        "date": "2018-06-01",
        "actor": "USA",
        "target": "JPN",
        "domain": "trade",
        "kind": "tariff",
        "title": "a tariff",
        "zeta": 1.0,
        "source": "assumed",
        "magnitude": 20.0,
        "unit": "%",
    }
    return acts.from_row({**row, **changes})


def total(one: Act) -> float:
    return sum(acts_rules.harm(one).values())


def test_the_shipped_list_is_sound_and_each_row_has_its_source() -> None:
    found = acts.load()
    assert len(found) > 120
    assert all(a.source and a.title for a in found)
    assert len({a.id for a in found}) == len(found)
    assert list(found) == sorted(found, key=lambda a: (a.date, a.id))
    assert {a.target for a in found} >= {"JPN", "KOR", "TWN", "VNM", "PHL", "AUS", "DEU"}


def test_rows_of_2025_and_later_are_marked() -> None:
    assert all(a.holdout == (a.date.year >= 2025) for a in acts.load())
    assert {row["holdout"] for row in acts.card()["acts"]} == {True, False}


def test_acts_of_others_towards_others_are_there() -> None:
    by_id = {a.id: a for a in acts.load()}
    korea = by_id["E045"]
    assert (korea.target, korea.kind, korea.tied) == ("KOR", "demand", True)
    april = [a for a in by_id.values() if a.id.startswith("E070-")]
    assert len(april) > 8
    assert by_id["E070-VNM"].magnitude == 46


def test_every_event_of_the_patron_is_typed_or_left_out_with_a_reason(shared_data: Path) -> None:
    import csv

    with (shared_data / "security" / "events_alliance_1951_2026.csv").open(encoding="utf-8", newline="") as file:
        events = {row["event_id"]: row for row in csv.DictReader(file)}
    used = {a.id.split("-")[0]: a for a in acts.load() if a.id.startswith("E")}
    assert not set(used) & set(acts.card()["left_out"])
    for key, one in used.items():
        assert one.date.isoformat().startswith(events[key]["date"][:4])
    assert all(acts.card()["left_out"].values())


def test_a_candidate_is_not_a_leader() -> None:
    """The demand voiced in October 2024 came from a man not in office: as an act of his it is refused."""
    assert "E066" in acts.card()["left_out"]
    with pytest.raises(DataError, match="Trump was not in office on 2024-10-15; Biden was"):
        act(date="2024-10-15", kind="demand", magnitude=10, before=1.1, leader="Trump")
    assert act(date="2026-01-05", leader="Trump").leader == "Trump"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"zeta": 1.2}, "zeta", "outside 0 to 1"),
        ({"zeta": True}, "zeta", "not a number"),
        ({"zeta": float("nan")}, "zeta", "not a number"),
        ({"coverage": -0.1}, "coverage", "outside 0 to 1"),
        ({"payment": -5}, "payment", "below zero"),
        ({"kind": "tarif"}, "kind", "tarif"),
        ({"date": "2018-02-30"}, "date", "2018-02-30"),
        ({"date": "1900-01-01"}, "date", "no leader of USA"),
        ({"target": "USA"}, "target", "acts on itself"),
        ({"target": "Japan"}, "target", "three-letter"),
        ({"magnitude": None}, "magnitude", "needs the rate"),
        ({"magnitude": 5, "before": 5}, "magnitude", "nothing was done"),
        ({"kind": "demand", "magnitude": 8}, "before", "asks for nothing"),
        ({"kind": "exit", "magnitude": 1}, "magnitude", "two signatories"),
        ({"kind": "ruling", "zeta": 0.5}, "zeta", "not chosen by the leader"),
        ({"feasible": ["restraint"]}, "feasible", "not among what could be done"),
        ({"feasible": "act"}, "feasible", "a list of"),
        ({"tied": "yes"}, "tied", "true or false"),
        ({"magnitud": 5}, "magnitud", "did you mean 'magnitude'"),
        ({"source": ""}, "source", "missing"),
        ({"actor": "FRA", "leader": "Macron"}, "leader", "no table of leaders"),
    ],
)
def test_a_bad_act_is_refused_by_field_and_cure(changes: dict[str, Any], field: str, words: str) -> None:
    row = {**_plain(act()), **changes}
    found = faults(row)
    assert field in {fault.field for fault in found}
    with pytest.raises(DataError, match="act 'X1'") as error:
        acts.from_row(row)
    assert words in str(error.value)


def test_every_fault_is_named_at_once() -> None:
    found = {fault.field for fault in faults({"id": "X", "zeta": 2, "kind": "war", "magnitud": 1})}
    assert found >= {"date", "actor", "target", "domain", "title", "source", "zeta", "kind", "magnitud"}


def _plain(one: Act) -> dict[str, Any]:
    kept = {name: getattr(one, name) for name in FIELDS if getattr(one, name) not in (None, "", ())}
    return {**kept, "date": one.date.isoformat()}


@given(st.sampled_from(acts.load()))
def test_an_act_survives_being_written_down(one: Act) -> None:
    assert acts.from_row(json.loads(json.dumps(_plain(one)))) == one


def test_a_changed_list_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "acts-usa-jpn.json").write_text("{}", encoding="utf-8")
    (tmp_path / "data" / "SHA256SUMS").write_text("0  acts-usa-jpn.json\n", encoding="utf-8")
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(DataError, match="not the file of the list of checksums"):
        acts.shipped("acts-usa-jpn.json")
    with pytest.raises(DataError, match="cannot be read"):
        acts.shipped("polls-usa-jpn.json")


def test_harm_grows_with_points_and_with_a_tie_to_defence() -> None:
    small, large = act(magnitude=10.0), act(magnitude=24.0)
    assert 0 < total(small) < total(large)
    assert total(act(tied=True)) == pytest.approx(total(act()) + acts_rules.coefficient("harm_of_linkage"))
    assert total(act(coverage=0.5)) == pytest.approx(0.5 * total(act()))
    assert total(act(magnitude=10.0, before=24.0)) == pytest.approx(-0.06 * 14)
    assert total(act(surprise=True)) > total(act())


def test_a_threat_counts_at_its_chance_and_stands_under_unpredictability() -> None:
    threat = act(carried_out=False)
    assert total(threat) == pytest.approx(14 / 38 * total(act()))
    assert set(acts_rules.harm(threat)) == {"unpredictability"}
    assert total(act(carried_out=False, chance=1.0)) == pytest.approx(total(act()))
    assert total(act(carried_out=False, chance=0.0)) == 0.0
    assert threat.points == act().points
    assert acts_rules.gain(threat) < acts_rules.gain(act())


def test_a_demand_harms_by_the_ratio_and_its_tie_as_a_threat() -> None:
    plain = act(kind="demand", magnitude=8.0, before=1.8, unit="USD bn per year")
    tied = replace(plain, tied=True, carried_out=False)
    assert total(plain) == pytest.approx(0.3 * np.log(8 / 1.8))
    assert acts_rules.harm(tied)["host_nation_support"] == pytest.approx(total(plain))
    assert acts_rules.harm(tied)["linkage"] == pytest.approx(14 / 38)


def test_row_07_a_demand_is_expected_to_bring_a_tenth() -> None:
    """The patron's gain from a demand is that of the concession, less than a tenth of what was asked."""
    asked = act(kind="demand", magnitude=8.0, before=1.8, unit="USD bn per year")
    in_full = acts_rules.coefficient("gain_per_billion") * (8.0 - 1.8)
    assert acts_rules.gain(asked) <= 0.1 * in_full + 1e-12


def test_the_gain_of_a_tariff_is_largest_at_the_published_optimum() -> None:
    gains = {rate: acts_rules.gain(act(magnitude=float(rate))) for rate in range(1, 60)}
    assert max(gains, key=lambda rate: gains[rate]) == 19
    assert gains[45] < 0 < gains[10]


def test_a_menu_holds_what_was_done_last_and_once() -> None:
    for one in acts.load():
        options = acts_rules.menu(one)
        names = [choice.name for choice in options]
        assert names[-1] == "act"
        assert len(set(names)) == len(names)
        if one.kind != "ruling":
            assert len(options) > 4
            assert options[-1].harm == pytest.approx(total(one))
    assert [c.name for c in acts_rules.menu(act(carried_out=False))][-3:] == ["other_framing", "carry_out", "act"]


def test_a_scenario_may_narrow_what_was_feasible() -> None:
    names = [c.name for c in acts_rules.menu(act(feasible=["restraint", "act"]))]
    assert names == ["restraint", "act"]


def test_every_coefficient_has_a_source_and_a_mark() -> None:
    for name, one in acts_rules.COEFFICIENTS.items():
        assert one.badge in ("D", "L", "A"), name
        assert one.source, name
        assert np.isfinite(one.value)
        assert (one.badge == "A") or "assumed" not in one.source


def test_terms_follow_one_another_and_cover_the_horizon() -> None:
    for country in acts_leaders.countries():
        terms = acts_leaders.terms(country)
        assert all(a.end == b.start for a, b in pairwise(terms))
    assert acts_leaders.in_office("USA", dt.date(2017, 1, 20)).person == "Trump"
    assert acts_leaders.in_office("USA", dt.date(2021, 1, 19)).person == "Trump"
    assert acts_leaders.in_office("USA", dt.date(2036, 12, 31)).known is False
    with pytest.raises(DataError, match="no table of leaders for FRA"):
        acts_leaders.terms("FRA")


def test_arrays_place_each_act_in_its_quarter_and_country() -> None:
    arrays = act_arrays(acts.load(), QUARTERS, ("JPN", "KOR"))
    place = {name: k for k, name in enumerate(arrays.acts)}
    assert arrays.seen[QUARTERS.index("2019-Q3"), :, place["E044"]].tolist() == [1.0, 0.0]
    assert arrays.seen[QUARTERS.index("2019-Q3"), :, place["E045"]].tolist() == [0.0, 1.0]
    assert arrays.zeta[place["E095-JPN"]] == 0.0
    assert arrays.turnover.nonzero()[0].tolist() == [16, 32, 48, 64]
    assert [arrays.persons[k] for k in arrays.leader[[0, 16, 32, 48]]] == [
        "Trump",
        "Biden",
        "Trump",
        "the president of 2029",
    ]
    np.testing.assert_allclose(arrays.channel_harm.sum(axis=1), arrays.harm[np.arange(len(arrays.acts)), arrays.chosen])
    assert (arrays.channel_main.sum(axis=1) == 1).all()
    assert len(CHANNELS) == arrays.channel_harm.shape[1]


def test_restraint_is_told_in_quiet_quarters_of_the_record_only() -> None:
    quiet = act_arrays([act()], QUARTERS, ("JPN", "KOR"), recorded_until=dt.date(2020, 12, 31))
    told = quiet.seen[:, :, 0]
    assert told[:, 1].sum() == 16  # nothing happened to Korea
    assert told[:, 0].sum() == 15
    assert told[QUARTERS.index("2018-Q2"), 0] == 0.0
    court = act(kind="ruling", zeta=0.0)
    with_court = act_arrays([court], QUARTERS, ("JPN", "KOR"), recorded_until=dt.date(2020, 12, 31))
    assert with_court.seen[:, 0, 0].sum() == 16  # a ruling does not end the leader's restraint


def test_an_act_of_the_outgoing_leader_is_not_laid_on_the_new_one() -> None:
    late = act(id="late", date="2021-01-10")
    arrays = act_arrays([late], QUARTERS, ("JPN",))
    assert arrays.seen[:, 0, 1].nonzero()[0].tolist() == [QUARTERS.index("2020-Q4")]


def test_an_act_on_all_reaches_everyone_but_the_actor() -> None:
    arrays = act_arrays([act(target=ALL)], QUARTERS, ("JPN", "USA", "KOR"))
    assert arrays.seen[QUARTERS.index("2018-Q2"), :, 1].tolist() == [1.0, 0.0, 1.0]


def test_acts_of_others_and_outside_the_quarters_are_left_out() -> None:
    other = act(id="X2", actor="CHN", target="JPN")
    early = act(id="X3", date="1987-04-17")
    arrays = act_arrays([act(), other, early], QUARTERS, ("JPN",))
    assert arrays.acts == ("restraint", "X1")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: act_arrays([act(), act()], QUARTERS, ("JPN",)), "stand twice"),
        (lambda: act_arrays([], ("2017-Q1", "2017-Q3"), ("JPN",)), "without a gap"),
        (lambda: act_arrays([], ("2017",), ("JPN",)), "not a quarter"),
        (lambda: act_arrays([], quarter_range("2039-Q1", "2039-Q2"), ("JPN",)), "no leader covers 2039-Q1"),
        (lambda: quarter_range("2018-Q1", "2017-Q1"), "before they start"),
    ],
)
def test_bad_arrays_are_refused(made: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        made()
