"""What the Liberation Day module says about the study, computed."""

from __future__ import annotations

import numpy as np
import pytest

from foederis.published import liberation_day as study
from foederis.published import liberation_tables
from foederis.published.liberation_model import Parameters
from foederis.published.liberation_solver import LiberationSolver


@pytest.fixture(scope="module")
def runs():
    return study.Scenarios(study.read())


def test_revenue_is_over_expenditure_not_over_gdp(runs):
    revenue = runs.outcome("ustr").R[runs.us]
    assert round(100 * revenue / runs.base.E[runs.us], 2) == 1.14  # as printed
    assert round(100 * revenue / runs.inputs.gdp[runs.us], 2) == 1.17


def test_czechia_and_slovakia_are_not_in_the_average_of_the_union(runs):
    table = runs.outcome("war EU China").table()

    def average(codes):
        where = [runs.base.index(code) for code in codes]
        return round(float(np.average(table["deficit"][where], weights=runs.base.E[where])), 1)

    assert average(study.EU25) == 17.8  # as printed
    assert average([*study.EU25, "CZE", "SVK"]) == 17.4


def test_the_optimal_rate_depends_on_what_stands_in_the_denominator(runs):
    on = {income: study.optimal_us_rate(runs.base, runs.us, Parameters(), on_income=income) for income in (True, False)}
    assert round(100 * on[True], 1) == 18.5
    assert round(100 * on[False], 1) == 21.8


def test_the_transfers_of_balanced_trade_do_not_sum_to_zero(runs):
    received = study.balanced_transfers(runs.base, runs.us)
    assert received.sum() / runs.base.T[runs.us] == pytest.approx(1.21, abs=0.005)
    assert abs(runs.base.T.sum()) < 1e-6
    assert runs.base.countries[-1] == "ZWE"


def test_the_open_market_is_the_last_country_and_no_other(runs):
    outcome = runs.outcome("balanced base")
    e = outcome.economy
    earned = ((1 - e.nu)[:, None] * outcome.X).sum(axis=0) + e.nu * outcome.X.sum(axis=1)
    gap = earned / (e.Y * outcome.w * outcome.L) - 1
    assert np.abs(gap[:-1]).max() < 1e-9
    assert gap[-1] > 1


def test_the_cell_known_to_differ_repeats_the_case_above(runs):
    above = runs.outcome("ekk retaliation").table()["welfare"][runs.inputs.abroad].mean()
    assert round(float(above), 2) == -0.26  # what the cell prints
    (row,) = [row for row in liberation_tables.compare(runs.inputs, runs) if row.status == "known"]
    assert round(row.ours, 2) == -0.15


def test_the_headline_gain_is_smaller_in_the_articles_own_utility(runs):
    outcome = runs.outcome("ustr")
    assert round(float(outcome.welfare_pct()[runs.us]), 2) == 1.13
    assert round(float(outcome.utility_pct()[runs.us]), 2) == 0.63


def test_the_optimum_with_inputs_is_not_what_is_printed(runs):
    solver = LiberationSolver(runs.io, Parameters(), "wages")

    def gain(rate):
        return float(solver.solve(runs._with_us(rate)).welfare_pct()[runs.us])

    assert round(gain(0.126), 2) == 2.15  # as printed
    assert round(gain(0.179), 2) == 2.28
    assert gain(0.16) < gain(0.179) > gain(0.20)


def test_the_uniform_answer_with_inputs_is_milder_than_what_is_printed(runs):
    solver, weight = LiberationSolver(runs.io, Parameters(), "wages"), runs.io.Y[runs.inputs.abroad]

    def after(rate):
        welfare = solver.solve(runs._answered_at(rate)).welfare_pct()
        return float(np.average(welfare[runs.inputs.abroad], weights=weight)), float(welfare[runs.us])

    assert round(after(0.1705)[1], 2) == -3.52
    assert after(0.15)[0] < after(0.1705)[0] > after(0.19)[0]
