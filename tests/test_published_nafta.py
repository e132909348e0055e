"""NAFTA as Caliendo & Parro (2015) printed it, from files that are not shipped."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest

from foederis.errors import DataError
from foederis.published import nafta
from foederis.published.rows import count


@pytest.fixture(scope="module")
def place(shared_data):
    return nafta.folder(shared_data / "trade" / "targets")


@pytest.fixture(scope="module")
def data(place):
    return nafta.read(place)


@pytest.fixture(scope="module")
def outcome(data):
    return nafta.solve(data)


def by_country(outcome, values):
    return {code: float(values[outcome.countries.index(code)]) for code in nafta.MEMBERS}


def test_every_published_number_matches(outcome):
    rows = nafta.compare(outcome)
    assert count(rows) == {"match": 18, "miss": 0, "known": 0, "out of scope": 0}


def test_welfare_by_the_published_formula(outcome):
    welfare = by_country(outcome, outcome.terms_of_trade + outcome.volume_of_trade)
    assert welfare == pytest.approx({"MEX": 1.31211370, "CAN": -0.06381631, "USA": 0.08475332}, abs=1e-6)


def test_real_wages_and_the_exact_change_of_real_income(outcome):
    assert by_country(outcome, outcome.real_wage) == pytest.approx({"MEX": 1.72, "CAN": 0.32, "USA": 0.11}, abs=0.005)
    exact = by_country(outcome, outcome.real_income)
    assert exact == pytest.approx({"MEX": 0.007, "CAN": -0.110, "USA": 0.074}, abs=5e-4)


def test_the_published_table_beside_the_files_is_the_table_compared_with(place):
    with (place / "published_welfare.csv").open(encoding="utf-8", newline="") as handle:
        lines = {line["country"]: line for line in csv.DictReader(handle)}
    columns = {
        "welfare": "welfare_pct",
        "terms of trade": "terms_of_trade_pct",
        "volume of trade": "volume_of_trade_pct",
        "real wage": "real_wage_pct",
    }
    for outcome_name, column in columns.items():
        assert nafta.PUBLISHED[outcome_name] == {code: float(lines[code][column]) for code in nafta.MEMBERS}


def test_the_equilibrium_is_certified(outcome):
    assert {"price", "expenditure", "labour", "trade_balance"} <= set(outcome.residuals)
    assert max(outcome.residuals.values()) < 1e-10


def test_other_elasticities_turn_matches_into_misses(data):
    changed = replace(data, trade_elasticity=1.1 * data.trade_elasticity)
    assert count(nafta.compare(nafta.solve(changed)))["miss"] >= 6


def test_only_tariffs_among_the_three_change(data):
    members = [data.countries.index(code) for code in nafta.MEMBERS]
    moved = np.argwhere(data.tariff_nafta != data.tariff)
    assert len(moved) > 20
    assert {int(k) for pair in moved[:, :2] for k in pair} <= set(members)
    np.testing.assert_array_equal(
        data.tariff_nafta[np.ix_(members, members)], data.tariff_2005[np.ix_(members, members)]
    )


def test_the_data_add_up(data):
    assert (len(data.countries), len(data.sectors)) == (31, 40)
    np.testing.assert_allclose(data.trade_share.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(data.input_share.sum(axis=1) + data.value_added_share, 1.0, rtol=1e-12)
    np.testing.assert_allclose(data.final_share.sum(axis=1), 1.0, rtol=1e-12)
    assert abs(data.deficit.sum()) < 1e-6 * data.value_added.sum()
    assert data.economy().countries == data.countries


def copy(place, folder):
    for name in nafta.FILES:
        shutil.copy(place / name, folder / name)
        (folder / name).chmod(0o644)
    return folder


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        (
            "io_coefficients_1993.csv",
            "ARG,Agriculture,Agriculture,0.2834494",
            "ARG,Agriculture,Agriculture,0.9",
            "sum to 1",
        ),
        ("va_output_1993.csv", "Agriculture,ARG,0.57327082", "Agriculture,ARG,nan", "value added is missing"),
        ("theta.csv", "Agriculture,9.11\nMining,13.53", "Mining,13.53\nAgriculture,9.11", "first sectors"),
    ],
)
def test_a_damaged_file_is_refused(place, tmp_path, name, old, new, what):
    file = copy(place, tmp_path) / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=what):
        nafta.read(tmp_path)


def test_a_folder_that_is_named_and_lacks_the_files_is_not_replaced_by_another(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="--targets"):
        nafta.folder(tmp_path)
    monkeypatch.setenv(nafta.ENVIRONMENT, str(tmp_path))
    with pytest.raises(DataError, match=str(tmp_path)):
        nafta.folder()


def test_the_environment_names_the_folder(place, monkeypatch):
    monkeypatch.setenv(nafta.ENVIRONMENT, str(place))
    assert nafta.folder() == place
