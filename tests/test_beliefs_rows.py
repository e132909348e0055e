"""What must emerge from the belief block, row by row of the claims it serves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from belief_cases import CENTRE, QUARTERS, act, arrays, parameters, told
from foederis import acts, acts_rules, beliefs, beliefs_equations
from foederis.acts_arrays import act_arrays


def standing() -> dict[str, float]:
    """What each option of the standing menu tells at the central values."""
    options = acts_rules.reference_menu()
    gain, harm = ([[getattr(c, name) for c in options]] * len(options) for name in ("gain", "harm"))
    p = parameters()
    found = beliefs_equations.evidence(
        p["lambda_U"], p["w_P"], p["w_X"], np.array(gain), np.array(harm), np.ones((6, 6), bool), np.arange(6)
    )
    return dict(zip((c.name for c in options), found[0], strict=True))


def test_the_worked_example_is_reproduced() -> None:
    expected = {
        "restraint": 0.05,
        "consultation": 0.29,
        "dispute": -0.19,
        "reference": -2.8,
        "reference_tied": -5.2,
        "reassurance": 2.5,
    }
    found = standing()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=0.05 if abs(value) > 1 else 0.005), name


def test_asymmetry_emerges_with_a_neutral_kappa() -> None:
    """Bad news moves belief more than the usual good behaviour, though kappa is 1; no sign enters the equations."""
    assert parameters()["kappa_sign"][0] == 1.0
    found = standing()
    assert abs(found["reference"]) > 50 * abs(found["restraint"])
    assert abs(found["reference"]) > 9 * abs(found["consultation"])


def chances() -> dict[str, np.ndarray]:
    """How often each type does each thing on the standing menu, at the central values: [option], in its order."""
    options = acts_rules.reference_menu()
    gain, harm = (np.array([[getattr(c, name) for c in options]]) for name in ("gain", "harm"))
    p = parameters()
    of_type = {"P": p["w_P"], "X": p["w_X"]}
    allowed = np.ones_like(gain, dtype=bool)
    return {
        name: np.exp(beliefs_equations.choice_log_probability(p["lambda_U"], w, gain, harm, allowed))[0, 0]
        for name, w in of_type.items()
    }


def test_bad_news_is_rare_from_a_principled_leader_and_therefore_loud() -> None:
    """The reason for the asymmetry: he coerces in one decision of a hundred, a transactional one in a third or so."""
    names = [choice.name for choice in acts_rules.reference_menu()]
    coercion = np.array([name.startswith("reference") for name in names])
    found = chances()
    ell = np.log(found["P"] / found["X"])
    assert found["P"][coercion].sum() < 0.015
    assert 0.2 < found["X"][coercion].sum() < 0.4
    assert (found["P"] * ell).sum() > 0 > (found["X"] * ell).sum()  # each type is found out in the long run
    usual = names.index("restraint")
    assert abs(ell[coercion]).min() > 40 * abs(ell[usual])


def test_asymmetry_comes_from_what_types_do() -> None:
    """With types that weigh harm alike nothing tells anything, and swapping them turns every sign."""
    assert told(act(), w_X=2.0) == pytest.approx(0.0, abs=1e-12)
    assert told(act(), w_P=0.4, w_X=2.0) == pytest.approx(-told(act()))


@pytest.mark.parametrize("kind", ["words", "summit"])
def test_row_06_cheap_talk_tells_nothing(kind: str) -> None:
    """Row 6: words have almost no harm, and so almost no evidence, in any draw of the priors."""
    made = arrays(act(kind=kind), act("T"))
    ell = beliefs.learn(made, parameters(2000))
    words, tariff = ell[:, 1], ell[:, 2]
    assert abs(np.median(words)) < 0.1
    assert abs(np.median(words)) < 0.1 * abs(np.median(tariff))


def test_row_08_leaving_a_treaty_tells_no_less_than_a_tariff() -> None:
    """Row 8: the exit from a trade treaty of twelve, against a plain tariff of the reference size."""
    exit_ = told(act(kind="exit", magnitude=12))
    tariff = told(act())
    assert exit_ <= tariff < 0


def test_row_10_rapport_never_moves_trust() -> None:
    """Row 10: a hundred summits, each worth its warmth and the nothing that words tell."""
    meetings = [act(f"S{k}", kind="summit", date=f"{2017 + k // 12}-{k % 12 + 1:02d}-05") for k in range(48)]
    p = parameters()
    with_, without = (beliefs.run(arrays(*made), p) for made in (meetings, []))
    words = beliefs.learn(arrays(*meetings), p)[0, 1]
    end = QUARTERS.index("2020-Q4")
    assert with_.L[end, 0, 0] - without.L[end, 0, 0] == pytest.approx(48 * words)
    assert with_.R_mass[end, 0, 0] > 1 > abs(words)


def test_row_11_warmth_is_a_pulse() -> None:
    """Row 11: rapport rises with a meeting and is gone within a quarter among the public, later among elites."""
    made = arrays(act(kind="summit"))
    t = QUARTERS.index("2018-Q2")
    p = parameters()
    path = beliefs.run(made, p)
    pulse = path.R_mass[t:, 0, 0]
    assert pulse[0] == 1.0
    assert beliefs.half_life(pulse) < 1.0
    assert p["rho_R_elite"][0] > p["rho_R_mass"][0]


@pytest.mark.parametrize(
    ("prior", "expected"),
    [((1.0, 12.0), (0.077, 0.143, 0.133, 0.188)), ((3.0, 8.0), (0.273, 0.333, 0.308, 0.357))],
)
def test_row_13_the_structural_share_moves_as_its_prior_lets_it(
    prior: tuple[float, float], expected: tuple[float, ...]
) -> None:
    """Row 13: transactional, principled, transactional, each known for certain at the end: the verdict is the prior."""
    assert prior in beliefs.STRUCTURAL.values()
    n_X, n_P = (np.full((1, 1), n) for n in prior)
    found = [beliefs_equations.structural_share(n_X, n_P)[0, 0]]
    for L in (-40.0, 40.0, -40.0):
        _, n_X, n_P = beliefs_equations.turnover(
            np.full((1, 1), L), n_X, n_P, np.ones(()), np.zeros((1, 1)), np.zeros(1)
        )
        found.append(beliefs_equations.structural_share(n_X, n_P)[0, 0])
    np.testing.assert_allclose(found, expected, atol=5e-4)
    change = beliefs_equations.logit(np.array(found[-1])) - beliefs_equations.logit(np.array(found[0]))
    assert change == pytest.approx(1.0 if prior[0] == 1.0 else 0.4, abs=0.05)


def test_row_13_the_shipped_acts_give_that_sequence() -> None:
    path = beliefs.run(act_arrays(acts.load(), QUARTERS, ("JPN",)), parameters())
    share = (path.n_X / (path.n_X + path.n_P))[:, 0, 0]
    at = [share[QUARTERS.index(q)] for q in ("2020-Q4", "2021-Q1", "2025-Q1", "2029-Q1")]
    np.testing.assert_allclose(at, (0.077, 0.143, 0.133, 0.188), atol=0.01)


def test_row_19_no_linkage_is_perceived_where_trust_is_complete() -> None:
    full = beliefs_equations.logistic(np.array([[800.0]]))
    assert beliefs_equations.perceived_linkage(full)[0, 0] == 0.0
    made = arrays(act(), act("L", tied=True, date="2018-09-01"))
    path = beliefs.run(made, parameters())
    pli = 1 - path.mu[:, 0, 0]
    plain, tied = QUARTERS.index("2018-Q2"), QUARTERS.index("2018-Q3")
    assert 0 < pli[0] < pli[plain] < pli[tied]


def test_row_24_loyalty_stops_counting_where_grievance_is_high() -> None:
    """Row 24: what one more concession is worth goes to nothing as grievance grows, whatever the belief."""
    p = parameters(200)
    worth = []
    for G in (0.0, 4.0, 8.0, 40.0):
        cell = np.full((200, 1), 0.2), p["r_P"], p["r_X0"], np.full(200, 1.0), p["lambda_c"]
        less, more = (beliefs_equations.reliability(*cell, np.full((1, 1), G), np.full((1, 1), c)) for c in (0.0, 1.0))
        worth.append(float((more - less).mean()))
    assert worth[0] > worth[1] > worth[2] > worth[3]
    assert worth[3] < 1e-6


def test_row_27_the_reading_without_learning_cuts_the_link() -> None:
    """Row 27: where data show no learning the whole signal is switched off and reliability stays what it was."""
    made = act_arrays(acts.load(), QUARTERS, ("JPN",))
    path = beliefs.run(made, parameters(), rival="none")
    assert np.ptp(path.r[:, 0, 0]) < 1e-12


def test_row_37_credibility_must_be_built_and_words_do_not() -> None:
    """Row 37: costly reassurance tells much, words nothing; the gap is in every draw where types differ."""
    made = arrays(act("F", kind="reassurance", domain="security"), act("W", kind="words"))
    p = parameters(2000)
    ell = beliefs.learn(made, p)
    apart = p["lambda_U"] * (p["w_P"] - p["w_X"]) > 0.3
    assert apart.mean() > 0.9
    assert (ell[apart, 1] > ell[apart, 2] + 0.25).all()
    assert np.median(ell[:, 1]) > 10 * abs(np.median(ell[:, 2]))


def test_row_38_a_broken_promise_tells_more_than_the_tariff_itself() -> None:
    assert told(act(kind="renege")) < told(act()) < 0


def test_row_38_keeping_a_pledge_is_worth_more_to_those_who_trust_less() -> None:
    """Row 38: when the tariff's legal basis fell Japan kept its pledge. A lapse tells nothing, and where the leader is
    thought transactional the concession still buys reliability, more than where he is trusted.
    """
    lapse = act("C", kind="ruling", zeta=0.0, magnitude=0, before=15)
    assert told(lapse) == 0.0
    p = parameters()
    nil = np.zeros((1, 1))

    def worth(mu: float) -> float:
        cell = np.full((1, 1), mu), p["r_P"], p["r_X0"], p["lambda_G"], p["lambda_c"], nil
        return float(
            (beliefs_equations.reliability(*cell, nil + 1.0) - beliefs_equations.reliability(*cell, nil))[0, 0]
        )

    assert worth(0.05) > 10 * worth(0.95) > 0


def test_row_39_old_storms_are_measured_by_the_same_rules() -> None:
    """Row 39: the chip tariff of 1987 touched a three-hundredth of trade; the surcharge of 1971 more."""
    by_id = {a.id: a for a in acts.load()}
    chips, surcharge, april = by_id["E023"], by_id["E009"], by_id["E070-JPN"]
    harm = {a.id: sum(acts_rules.harm(a).values()) for a in (chips, surcharge, april)}
    assert 0 < harm["E023"] < 0.1 < harm["E009"] < harm["E070-JPN"]


def test_row_40_a_threat_alone_moves_belief_and_no_income() -> None:
    threat = arrays(act(carried_out=False))
    path = beliefs.run(threat, parameters())
    t = QUARTERS.index("2018-Q2")
    assert path.L[t, 0, 0] < path.L[t - 1, 0, 0] - 0.3
    assert not threat.points.any()
    done = arrays(act())
    assert done.points[t, 0] == 20.0
    assert told(act()) < told(act(carried_out=False)) < 0


def test_a_court_ruling_moves_the_tariff_and_not_belief() -> None:
    """The experiment of 20 February 2026, and of the proclamation four days later."""
    listed = acts.load()
    quarter = QUARTERS.index("2026-Q1")
    p = parameters()

    def path(*without: str) -> tuple[float, float]:
        kept = [a for a in listed if a.id not in without]
        made = act_arrays(kept, QUARTERS, ("JPN",))
        return made.points[quarter, 0], beliefs.run(made, p).L[quarter, 0, 0]

    both = path()
    no_ruling, no_proclamation = path("E095-JPN"), path("E096-JPN")
    assert no_ruling[0] - both[0] == pytest.approx(15 * 0.5496, abs=0.2)  # points of tariff that the court took away
    assert no_ruling[1] == both[1]  # and not a hair of belief
    assert no_proclamation[0] < both[0]
    assert no_proclamation[1] > both[1] + 0.3


def test_the_ruling_in_the_ledger_is_a_fall_of_the_tariff() -> None:
    """The dated ledger of tariffs agrees on what the ruling did to Japan's rate."""
    ledger = pytest.importorskip("foederis.ledger")
    import datetime as dt

    steps = {s.date: s.total for s in ledger.load().path("JPN", dt.date(2026, 2, 1), dt.date(2026, 3, 1))}
    days = sorted(steps)
    assert steps[days[-1]] != steps[days[0]]
    assert min(steps.values()) < steps[days[0]] - 0.04


def test_row_45_speeds_are_ordered() -> None:
    """Row 45: warmth is gone in weeks; what an act did to trust lasts until the leader leaves, quarters to years."""
    p = parameters()
    made, without = arrays(act()), arrays()
    t = QUARTERS.index("2018-Q2")
    shock = beliefs.run(made, p).L[t:, 0, 0] - beliefs.run(without, p).L[t:, 0, 0]
    warmth = beliefs.run(arrays(act(kind="summit")), p).R_mass[t:, 0, 0]
    weeks = 13 * np.log(0.5) / np.log(p["rho_R_mass"][0])
    assert weeks < 4
    assert beliefs.half_life(warmth) < beliefs.half_life(shock)
    assert 4 < beliefs.half_life(shock) < 16
    assert abs(shock[QUARTERS.index("2022-Q1") - t]) < 0.25 * abs(shock[0])  # a scar stays, by the counts alone


def test_trust_is_never_reported_as_structural_when_it_is_the_leader() -> None:
    """After the turnover of 2021 most of the first term's loss is gone: it was about the man."""
    path = beliefs.run(act_arrays(acts.load(), QUARTERS, ("JPN",)), parameters())
    L = path.L[:, 0, 0]
    low, new, start = L[QUARTERS.index("2020-Q4")], L[QUARTERS.index("2021-Q1")], path.start.L[0, 0]
    assert low < start - 4
    assert new - low > 0.85 * (start - low)
    assert new < start


def test_the_centre_is_that_of_the_page() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "model.md").read_text(encoding="utf-8")
    assert CENTRE == {"lambda_U": 1.5, "w_P": 2.0, "w_X": 0.4}
    for shown in ("+0.05", "+0.29", "-0.19", "-2.8", "-5.2", "+2.5"):
        assert shown in page
