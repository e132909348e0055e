"""Tidy evidence: sources in every row, two doors that never mix, and the guard of every fit."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foederis import evidence
from foederis.errors import DataError, UsageError

TESTS = (None, "A", "B", "C", "C:DEU", "D", "to:2013", "to:2021")


@pytest.mark.parametrize("name", evidence.TABLES)
def test_every_row_names_a_source_and_fits_its_marks(name):
    table = evidence.load(name)
    assert len(table) > 100
    assert (table["source"] != "").all()
    assert {len(values) for values in table.columns.values()} == {len(table)}
    np.testing.assert_array_equal(table["holdout"], table["year"] >= 2025)


@pytest.mark.parametrize("name", evidence.TABLES)
@pytest.mark.parametrize("test", TESTS)
def test_the_two_doors_share_no_row_and_lose_none(name, test):
    inside, outside = evidence.training(name, test), evidence.holdout(name, test)
    assert len(inside) + len(outside) == len(evidence.load(name))
    assert not evidence.held(inside, test).any()
    assert evidence.held(outside, test).all()
    assert not (inside["year"] >= 2025).any()


def test_windows_end_where_their_test_begins():
    assert evidence.training("poll_obs", "A")["year"].max() == 2016
    assert evidence.training("coercion_case", "D")["year"].max() == 1989
    assert evidence.training("country_year", "to:2013")["year"].max() == 2013
    left_out = evidence.training("poll_obs", "C:AUS")
    assert left_out["year"][left_out["iso3"] == "AUS"].max() == 2016
    assert left_out["year"].max() == 2021
    five = evidence.training("poll_obs", "C")
    assert five["year"][np.isin(five["iso3"], evidence.LEFT_OUT)].max() == 2016
    assert (five["iso3"][five["year"] == 2021] == "JPN").any()


def test_the_guard_refuses_a_held_out_row_and_names_it():
    whole = evidence.load("poll_obs")
    with pytest.raises(DataError, match=r"52 rows of poll_obs that are held out.*2025"):
        evidence.require_training(whole)
    with pytest.raises(DataError, match="window of test A"):
        evidence.require_training(evidence.training("poll_obs"), "A")
    fine = evidence.training("poll_obs", "A")
    assert evidence.require_training(fine, "A") is fine


@given(st.integers(0, 51), st.sampled_from(["poll_obs"]))
def test_one_held_out_row_among_many_is_enough(k, name):
    whole = evidence.load(name)
    keep = ~evidence.held(whole)
    keep[np.flatnonzero(evidence.held(whole))[k]] = True
    with pytest.raises(DataError, match="1 rows of poll_obs"):
        evidence.require_training(whole.where(keep))


def test_values_are_in_range_and_known_figures_stand():
    polls = evidence.load("poll_obs")
    assert ((polls["value"] > 0) & (polls["value"] < 1)).all()
    assert (polls["n"] > 10).all()

    def poll(iso3, measure, year):
        at = (polls["iso3"] == iso3) & (polls["measure"] == measure) & (polls["year"] == year)
        return float(polls["value"][at & (polls["pollster"] == "Pew Global Attitudes")][0])

    assert poll("JPN", "confidence_us_president", 2016) == pytest.approx(0.78)
    assert poll("JPN", "confidence_us_president", 2017) == pytest.approx(0.24)
    assert poll("JPN", "favourable_us", 2016) == pytest.approx(0.72, abs=0.015)
    cases = evidence.load("coercion_case")
    assert (cases["target"] == "JPN").sum() == 47
    years = evidence.load("country_year")
    at = (years["iso3"] == "JPN") & (years["year"] == 2024)
    assert float(years["milex_share_gdp"][at][0]) == pytest.approx(1.37)
    assert "sipri" in str(years["source"][at][0])


def test_large_tables_of_restricted_sources_are_not_shipped():
    table = evidence.load("country_year")
    assert (np.char.find(table["milex_source"].astype(str), "sipri") >= 0).sum() < 100
    assert set(table["year"][table["milex_source"] == "sipri"]) == {2023, 2024}


def test_one_series_has_one_offset_group_and_a_mode_break_has_two():
    polls = evidence.load("poll_obs")
    cabinet = np.char.startswith(polls["pollster"].astype(str), "Cabinet") & (polls["measure"] == "affinity_us")
    assert len(set(polls["offset_group"][cabinet])) == 2
    assert set(polls["mode"][cabinet & (polls["year"] >= 2020)]) == {"mail"}


def test_unknown_names_are_refused():
    with pytest.raises(UsageError, match="no table"):
        evidence.load("polls")
    with pytest.raises(UsageError, match="no test"):
        evidence.training("poll_obs", "E")
    with pytest.raises(UsageError, match="no column"):
        evidence.load("poll_obs")["share"]


def test_a_damaged_file_is_refused(monkeypatch):
    folder = resources.files("foederis") / "data"
    assert json.loads((folder / "evidence.json").read_text("utf-8"))["sha256"]
    monkeypatch.setattr(evidence, "_FILE", "evidence.json")
    monkeypatch.setattr(evidence.hashlib, "sha256", lambda raw: type("H", (), {"hexdigest": lambda self: "0" * 64})())
    evidence._stored.cache_clear()
    with pytest.raises(DataError, match="list of checksums"):
        evidence.load("poll_obs")
    evidence._stored.cache_clear()


def test_equal_content_has_equal_checksums_and_a_change_shows():
    table = evidence.training("poll_obs", "A")
    same = evidence.load("poll_obs").where(~evidence.held(evidence.load("poll_obs"), "A"))
    assert table.sha256 == same.sha256
    assert table.where(np.arange(len(table)) > 0).sha256 != table.sha256
