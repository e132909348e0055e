"""How fast the trade engine is: reference, NumPy and JAX on the shipped world and, where its files are at hand, NAFTA.

    python bench/trade_engine.py [--targets FOLDER] [--repeats 50] [--json FILE]

One thread on one core (pinned where the system can). Every figure of a row is from the same run, the engines taken in
turn, so that ratios survive a busy machine; each is the least of the repeats, with the median beside it. `solve` is the
whole call: shock, weights, search, certificate. The first call of JAX, which compiles, is shown apart.
"""

# ruff: noqa: E402  threads are set before NumPy is loaded

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC"):
    os.environ[_name] = "1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import argparse
import json
import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from foederis import world
from foederis.errors import DataError
from foederis.published import nafta
from foederis.trade import Economy, Shock, calibrate, purge, solve, solve_block, solve_many
from foederis.trade.solver import chord_of

TOLERANCE = 1e-10
DRAWS = 100
BESIDE = 16
TARGETS_MS = {("NAFTA", "solve, jax"): 1.5, ("world", "solve, numpy"): 5.0, ("world", "solve, jax"): 5.0}


@dataclass(frozen=True)
class Case:
    """A data set, a shock on it, and the country whose welfare is differentiated."""

    name: str
    economy: Economy
    shock: Shock
    country: str


def cases(targets: Path | None) -> list[Case]:
    """The shipped world under a US tariff of ten points; NAFTA if its files are found."""
    economy = calibrate(world.load())
    usa, goods = economy.index("USA"), [k for k, sector in enumerate(economy.sectors) if sector != "SERV"]
    tariff = economy.tariff.copy()
    tariff[usa][:, goods] += 0.10
    tariff[usa, usa] = 0.0
    found = [Case("world", economy, Shock(tariff=tariff), "USA")]
    try:
        data = nafta.read(targets)
    except DataError as absent:
        print(f"NAFTA left out: {absent}")
        return found
    return [Case("NAFTA", data.economy(), Shock(tariff=data.tariff_nafta, closure="purged"), "MEX"), *found]


def interleaved(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, tuple[float, float]]:
    """(least, median) milliseconds of each piece of work, taken in turn."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for call in work.values():
        call()
    for _ in range(repeats):
        for name, call in work.items():
            begin = time.perf_counter()
            call()
            times[name].append(1e3 * (time.perf_counter() - begin))
    return {name: (min(each), statistics.median(each)) for name, each in times.items()}


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    begin = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - begin)


def measure(case: Case, repeats: int) -> dict[str, object]:
    """All figures of a case."""
    from foederis.trade import gradient

    economy, shock = case.economy, case.shock
    fresh = replace(economy)  # nothing kept
    calibration = timed(lambda: chord_of(purge(fresh) if shock.closure == "purged" else fresh))
    first = {
        "numpy": timed(lambda: solve(economy, shock)),
        "jax": timed(lambda: solve(economy, shock, engine="jax")),
        "gradient": timed(lambda: gradient(economy, shock, case.country, wrt=("tariff",))),
    }
    mobile, limited = solve(economy, shock), replace(shock, mobility=1.5)
    solve(economy, limited)
    solve(economy, limited, engine="jax")
    work: dict[str, Callable[[], object]] = {
        "solve, numpy": lambda: solve(economy, shock),
        "solve, jax": lambda: solve(economy, shock, engine="jax"),
        "solve, numpy, nu 1.5": lambda: solve(economy, limited),
        "solve, jax, nu 1.5": lambda: solve(economy, limited, engine="jax"),
        "warm start, numpy": lambda: solve(economy, shock, start=mobile),
        "value and all tariffs": lambda: gradient(economy, shock, case.country, wrt=("tariff",)),
    }
    figures: dict[str, object] = dict(interleaved(work, repeats))
    figures["solve, reference"] = interleaved({"r": lambda: solve(economy, shock, engine="reference")}, 3)["r"]
    rng = np.random.default_rng(0)
    theta = economy.trade_elasticity * np.exp(0.35 * rng.normal(size=(DRAWS, 1)))
    block = {}
    if shock.closure != "purged":  # deficits purged at other elasticities are other economies
        members = [replace(shock, trade_elasticity=draw) for draw in theta[:BESIDE]]
        alone = {"alone": lambda: [solve(economy, one) for one in members]}
        block = interleaved({**alone, "block": lambda: solve_block(economy, members)}, max(3, repeats // 10))
    draws = timed(lambda: [*solve_many(economy, shock, trade_elasticity=theta, measure=lambda end: end.welfare_hat)])
    return {
        "size": list(economy.final_share.shape),
        "passes": {"numpy": mobile.passes, "reference": solve(economy, shock, engine="reference").passes},
        "worst residual": max(mobile.residuals.values()),
        "milliseconds": figures,
        "member of an ensemble": draws / DRAWS,
        "side by side": {name: [t / BESIDE for t in times] for name, times in block.items()},
        "calibration": calibration,
        "first call": first,
    }


def show(name: str, found: dict[str, object]) -> None:
    """One table for people."""
    figures: dict[str, tuple[float, float]] = found["milliseconds"]  # type: ignore[assignment]
    unit = figures["solve, numpy"][0]
    print(
        f"\n{name}: {found['size']} countries x sectors, passes {found['passes']},"
        f" residual {found['worst residual']:.0e}"
    )
    print(f"  {'':28}{'least ms':>10}{'median':>10}{'solves':>9}")
    for label, (least, median) in figures.items():
        target = TARGETS_MS.get((name, label))
        note = "" if target is None else f"   target {target} ms: {'met' if least <= target else 'missed'}"
        print(f"  {label:28}{least:10.2f}{median:10.2f}{least / unit:9.2f}{note}")
    compiled = figures["solve, jax"][0]
    extra = figures["value and all tariffs"][0] - compiled  # the gradient finds its equilibrium with the compiled loop
    print(f"  {'gradient beyond its solve':28}{extra:10.2f}{'':10}{extra / compiled:9.2f}   of jax solves; target 1.5")
    print(f"  {'member of an ensemble':28}{found['member of an ensemble']:10.2f}")
    if found["side by side"]:
        alone, block = (found["side by side"][name][0] for name in ("alone", "block"))  # type: ignore[index]
        print(f"  {f'one of {BESIDE} in a block':28}{block:10.2f}{'':10}{block / alone:9.2f}   of the same alone")
    print(f"  {'calibration and chord':28}{found['calibration']:10.2f}")
    for label, first in found["first call"].items():  # type: ignore[attr-defined]
        print(f"  {'first call, ' + label:28}{first:10.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=Path)
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    print(f"1 thread, tolerance {TOLERANCE:.0e}, load {os.getloadavg()[0]:.1f}")
    results = {}
    for case in cases(options.targets):
        results[case.name] = measure(case, options.repeats)
        show(case.name, results[case.name])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of the process {peak:.0f} MiB")
    if options.json is not None:
        options.json.write_text(json.dumps({**results, "peak MiB": peak}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
