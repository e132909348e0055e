"""Members side by side: the same equilibria as one by one, whatever stands beside them; refusals name the member."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foederis.errors import DataError, SolveError
from foederis.numerics import anderson, anderson_block
from foederis.trade import (
    CLOSURES,
    Economy,
    MemberRefused,
    Shock,
    calibrate,
    lend_chord,
    purge,
    rebase,
    solve,
    solve_block,
)
from foederis.trade import block as blocks
from foederis.trade.solver import chord_of
from strategies import build_world
from test_trade_engines import AGREE, gap

KINDS = (
    {"n": 6, "j": 3},
    {"n": 6, "j": 1},
    {"n": 7, "j": 2, "zero_flows": True, "tariffs": False},
    {"n": 6, "j": 2, "intermediates": False},
    {"n": 6, "j": 2, "unused": True},
)
MOBILITIES = (1.2, 4 / 3, 3.0)


def shocks_on(economy: Economy, seed: int, count: int, finite: bool, closure: str) -> list[Shock]:
    """Tariffs of one or two importers, elasticities and mobilities that differ from member to member."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(count):
        tariff = economy.tariff.copy()
        for importer in ([], [1], [1, 4])[k % 3]:
            tariff[importer] += 0.4 * rng.random(tariff.shape[1:])
            tariff[importer, importer] = 0.0
        iceberg = np.ones_like(tariff)
        iceberg[4, 2] = 1.0 + 0.1 * (k % 2)
        found.append(
            Shock(
                tariff=tariff,
                iceberg_hat=iceberg,
                trade_elasticity=economy.trade_elasticity * np.exp(rng.normal(0.0, 0.3)),
                mobility=MOBILITIES[k % 3] if finite else np.inf,
                closure=closure,  # type: ignore[arg-type]
            )
        )
    return found


@settings(max_examples=25)
@given(st.sampled_from(KINDS), st.integers(0, 10_000), st.booleans(), st.sampled_from(CLOSURES))
def test_members_are_what_they_are_alone(kind: dict[str, int], seed: int, finite: bool, closure: str) -> None:
    economy = calibrate(build_world(seed=seed, **kind))
    shocks = shocks_on(economy, seed, 5, finite, closure)
    try:
        alone = [solve(economy, shock) for shock in shocks]
    except SolveError as refusal:
        assert "one way only" in str(refusal)  # noqa: PT017  no engine can balance such a country
        return
    starts = [None, alone[0], alone[1], None, alone[3]]
    for found, one in zip(solve_block(economy, shocks, starts), alone, strict=True):
        assert gap(found, one) <= AGREE
        assert max(found.residuals.values()) <= 1e-10
        assert found.shock.mobility == one.shock.mobility


def test_a_block_is_one_loop_and_not_many(monkeypatch: pytest.MonkeyPatch) -> None:
    economy = calibrate(build_world(6, 3, 1))
    shocks = shocks_on(economy, 1, 6, finite=True, closure="fixed_share")

    def alone(*_: object, **__: object) -> None:
        raise AssertionError("solved alone")

    monkeypatch.setattr(blocks, "solve", alone)
    assert len(solve_block(economy, shocks)) == 6


def test_what_has_too_little_in_common_is_solved_one_by_one() -> None:
    economy = calibrate(build_world(6, 2, 3))
    cut = np.ones_like(economy.tariff)
    cut[0, 1] = np.inf
    everywhere = economy.tariff + 0.1 * (1.0 - np.eye(6))[:, :, None]
    shocks = [Shock(iceberg_hat=cut), Shock(tariff=everywhere), Shock(closure="purged"), Shock(mobility=1.2)]
    for found, shock in zip(solve_block(economy, shocks), shocks, strict=True):
        assert gap(found, solve(economy, shock)) <= AGREE


def test_a_member_that_does_not_arrive_is_searched_for_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    economy = calibrate(build_world(6, 3, 2))
    shocks = shocks_on(economy, 2, 4, finite=False, closure="fixed_nominal")
    expected = [solve(economy, shock) for shock in shocks]
    monkeypatch.setattr(blocks, "CHORD_PASSES", 3)
    for found, one in zip(solve_block(economy, shocks), expected, strict=True):
        assert gap(found, one) <= AGREE


def test_a_refusal_names_the_member_and_travels_between_processes() -> None:
    economy = calibrate(build_world(6, 2, 3))
    lone = np.ones_like(economy.tariff)
    lone[2] = np.inf  # a buyer without any supplier
    with pytest.raises(MemberRefused, match="member 1: no supplier") as caught:
        solve_block(economy, [Shock(), Shock(iceberg_hat=lone)])
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.member, str(again)) == (1, str(caught.value))
    with pytest.raises(DataError, match="mobility"):
        solve_block(economy, [Shock(), Shock(mobility=0.5)])


def test_a_lent_chord_gives_the_same_equilibrium() -> None:
    economy = calibrate(build_world(6, 3, 5))
    shocks = shocks_on(economy, 5, 3, finite=False, closure="fixed_share")
    after = solve(economy, shocks[2])
    lent, own = lend_chord(economy, to=rebase(after)), rebase(after)
    assert chord_of(lent) is chord_of(economy)
    assert chord_of(own) is not chord_of(economy)
    back = Shock(tariff=economy.tariff)
    assert gap(solve(lent, back), solve(own, back)) <= AGREE
    assert chord_of(purge(economy)) is not chord_of(economy)


def test_flows_of_one_country_are_those_of_the_whole_to_the_bit() -> None:
    economy = calibrate(build_world(6, 3, 7))
    found = solve(economy, shocks_on(economy, 7, 3, finite=False, closure="fixed_share")[2])
    for k in range(6):
        assert np.array_equal(found.flow_to(k), found.flow_new[k])
        assert np.array_equal(found.flow_from(k), found.flow_new[:, k])


def test_accelerated_side_by_side_each_goes_its_own_way() -> None:
    rng = np.random.default_rng(4)
    matrices = [c * np.linalg.qr(rng.normal(size=(12, 12)))[0] for c in (0.05, 0.3, 0.5, 2.0)]
    shift, start = rng.normal(size=(4, 12)), rng.normal(size=(4, 12))

    def one(k: int, x: np.ndarray) -> tuple[np.ndarray, float]:
        image = matrices[k] @ x + shift[k]
        error = np.abs(image - x).max()
        return image, float("nan") if k == 3 and error < 1.0 else float(error)

    def together(members: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        images, errors = zip(*(one(k, x) for k, x in zip(members, points, strict=True)), strict=True)
        return np.array(images), np.array(errors)

    ends = anderson_block(together, start, tolerance=1e-10, max_passes=90)
    for k, end in enumerate(ends):
        alone = anderson(lambda x, k=k: one(k, x), start[k], tolerance=1e-10, max_passes=90)
        assert end.passes == alone.passes
        np.testing.assert_allclose(end.point, alone.point, atol=1e-9)
    assert len({end.passes for end in ends}) > 2
    assert not ends[3].converged(1e-10)
