"""The calibrated economy, deficit rules, elasticity types, and the package's public names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

import foederis.trade as trade
from foederis.errors import DataError
from foederis.trade import Dispersion, Economy, EpsFob, Shock, Theta, calibrate
from foederis.trade.economy import deficit_rule
from foederis.world import World
from strategies import build_world, worlds


@given(worlds(unused=True))
def test_calibration_keeps_the_accounts_of_the_world(world: World) -> None:
    economy = calibrate(world)
    scale = world.output.sum()
    np.testing.assert_allclose(economy.flow, world.flow, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(economy.output, world.output, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(economy.tariff_revenue, world.tariff_revenue, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(economy.income, world.income, rtol=1e-12)


def _broken(**change: object) -> Economy:
    return replace(calibrate(build_world(3, 2, 0)), **change)  # type: ignore[arg-type]


def test_an_economy_that_does_not_add_up_is_refused_by_name() -> None:
    economy = calibrate(build_world(3, 2, 0))
    share, final, elasticity = (
        np.array(x) for x in (economy.trade_share, economy.final_share, economy.trade_elasticity)
    )
    share[1, 2, 0] += 1e-6
    final[2, 1] -= 1e-6
    elasticity[1] = 0.0
    value_added = np.array(economy.value_added)
    value_added[0] = -1.0
    infinite = np.array(economy.expenditure)
    infinite[0, 0] = np.inf
    cases: dict[str, dict[str, object]] = {
        "trade_share over exporters is 1.000001 for C01, S00": {"trade_share": share},
        "final_share over sectors is 0.999999 for C02": {"final_share": final},
        "elasticity of S01": {"trade_elasticity": elasticity},
        "value added of C00": {"value_added": value_added},
        "not finite": {"expenditure": infinite},
        r"deficit has shape \(2,\)": {"deficit": np.zeros(2)},
        "deficits sum to": {"deficit": economy.value_added},
    }
    for message, change in cases.items():
        with pytest.raises(DataError, match=message):
            _broken(**change)
    with pytest.raises(DataError, match="'XYZ' is not in this economy"):
        economy.index("XYZ")


@pytest.mark.parametrize("closure", ["fixed_share", "fixed_nominal", "in a wage"])
def test_deficit_rules_give_the_base_deficits_at_the_base(closure: str) -> None:
    economy = calibrate(build_world(3, 2, 4))
    shock = Shock(closure="fixed_nominal", numeraire="C01") if closure == "in a wage" else Shock(closure=closure)  # type: ignore[arg-type]
    rule = deficit_rule(economy, shock.check(economy))
    world_gdp = (economy.value_added + economy.tariff_revenue).sum()
    base = rule.constant + rule.share * world_gdp + rule.by_wage
    np.testing.assert_allclose(base, economy.deficit, rtol=1e-12)
    for part in (rule.constant, rule.share, rule.by_wage):
        assert abs(part.sum()) <= 1e-12 * world_gdp
    assert rule.wage_of.sum() == (1.0 if closure == "in a wage" else 0.0)


def test_a_transfer_comes_on_top_of_the_rule() -> None:
    economy = calibrate(build_world(3, 2, 4))
    transfer = np.array([5.0, -2.0, -3.0])
    for closure in ("fixed_share", "fixed_nominal"):
        found = trade.solve(economy, Shock(transfer=transfer, closure=closure))  # type: ignore[arg-type]
        without = trade.solve(economy, Shock(closure=closure))  # type: ignore[arg-type]
        np.testing.assert_allclose(found.deficit_new - without.deficit_new, transfer, atol=0.05)
        assert found.welfare_hat[0] > 1.0 > found.welfare_hat[1]


def test_elasticity_types_convert_and_refuse() -> None:
    np.testing.assert_allclose(EpsFob(np.array([5.0, 2.5])).theta().value, [4.0, 1.5])
    np.testing.assert_allclose(Dispersion(np.array([0.25])).theta().value, [4.0])
    with pytest.raises(DataError, match=r"eps_fob 0\.76 gives theta <= 0"):
        EpsFob(np.array([0.76, 3.0])).theta()  # a published one-year response
    with pytest.raises(DataError, match="theta must be finite and positive"):
        Theta(np.array([1.0, -2.0]))
    with pytest.raises(DataError, match="a dispersion is 1 / theta"):
        Dispersion(np.array([0.0])).theta()


def test_public_names_are_those_listed() -> None:
    assert trade.__all__ == sorted(trade.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert len(trade.__all__) <= 25
    for name in trade.__all__:
        assert getattr(trade, name) is not None
    assert dir(trade) == sorted(trade.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = trade.nothing
