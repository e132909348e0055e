"""Write docs/magnitudes.md: orders of magnitude worked out before the code, beside what the code gives.

    python tools/make_magnitudes.py [--check]

--check writes nothing and fails when a number of the page is not what the code gives now. A number that is off by more
than a factor of three must have an explanation here; without one nothing is written.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import numpy as np

from foederis import ensemble, ensemble_alliance, scenario, simulation, world
from foederis.balance import CASES, price_of_power
from foederis.balance_phase import prior_predictive
from foederis.dyad import load as load_dyad
from foederis.ensemble_alliance import Alliance, cast_of, run_alliance
from foederis.simulation_alliance import ALL_ON, Switches
from foederis.trade import Economy, Equilibrium, Shock, solve

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "magnitudes.md"
DRAWS, SEED = 100, 1
SET, RUN_SET = "FGO", "LL"  # the central set for the table of trade; a moderate one for the run of draws
COLUMNS = ("USA", "JPN", "CHN", "VNM", "revenue", "exports")
SMALL = {
    "USA": 0.05,
    "JPN": 0.05,
    "CHN": 0.05,
    "VNM": 0.1,
    "revenue": 5.0,
    "exports": 5.0,
}  # below it no factor is taken
FACTOR = 3.0
# Treaty allies of the United States among the economies of the table.
ALLIES = (
    "JPN KOR AUS PHL THA CAN GBR FRA DEU ITA ESP NLD BEL POL CZE DNK NOR PRT GRC HUN ROU BGR SVK SVN HRV EST LVA LTU"
    " LUX ISL TUR FIN SWE"
).split()
SKETCH: dict[str, tuple[float | None, ...]] = {
    "15 % on Japan only": (0.01, -0.19, 0.00, 0.06, 11.0, -63.0),
    "10 % on everyone": (0.35, -0.10, -0.22, -1.9, 247.0, -16.0),
    "Law of the end of 2025": (0.30, -0.13, -0.49, -3.2, 286.0, -26.0),
    "the same, Japan exempt": (0.26, 0.15, -0.48, -3.3, 261.0, 36.0),
    "the same, all treaty allies exempt": (0.08, 0.09, -0.42, -3.4, 143.0, 23.0),
    "US-Japan embargo on goods": (-0.11, -0.64, 0.00, 0.09, None, None),
    "China-Japan embargo on goods": (0.00, -0.90, -0.23, 0.09, None, None),
    "law of 2025 and Japan answers in kind (against it)": (-0.015, 0.02, None, None, None, None),
}
WHY: dict[str, str] = {  # by column
    "USA": "The rates of the law differ by sector (steel, vehicles, machines), and losses grow with the square of a"
    "\n  rate. With each partner's average on all its goods instead, the United States gains {flat:+.2f}, as in the"
    "\n  sketch within the factor.",
    "VNM": "The sketch has one sector and goods trade over GDP, which inflates Vietnam, as it says itself: the"
    "\n  ranking holds, the level does not.",
}
SHUT = {
    "all": "all on",
    "deaf": "signalling off: nobody learns from acts",
    "unpaid": "a pledge counts for nothing (lambda_c = 0)",
    "no money": "nor does the deficit (lambda_G = 0)",
    "no memory": "and the returning leader is not remembered (leader_memory = 0)",
}
TEXT = """# Orders of magnitude

What was worked out by hand and in a one-sector prototype before the code, beside what the code gives (written by
`tools/make_magnitudes.py`). A factor of three is allowed; what is further off, or of the other sign, has a star and a
reason.

## Trade

Each cell: sketch / code. Sketch: 17 regions, one sector, elasticity 4, value-added share one half, fixed deficits.
Code: the shipped world, all sectors, the central set of elasticities ({set}), fixed shares of deficits, long run.
Countries: real income in per cent. Revenue: change of United States tariff revenue, bn USD a year. Exports: from
Japan to the United States, log points.

| scenario | USA | JPN | CHN | VNM | revenue | exports |
|---|---|---|---|---|---|---|
{trade}

What is off:

{why}

What holds: taxed alone Japan loses about twice what it loses when its rivals are taxed too; being the one that is
spared is a gain; a cut of trade with China costs Japan more than one with the United States; sparing allies halves
the revenue.

## Power

The run is `us-japan-2025` against `us-japan-baseline`, {draws} draws, seed {seed}, one set of elasticities
({run_set}). Changes of balance are those that the acts on Japan make: positive is good for the coalition. Intervals
are 90 %.

| figure | sketch | code |
|---|---|---|
{power}

The priors alone agree with the sketch. The run does not: its change of balance is near zero and its sign is not
known. The same run with one channel after the other shut says why. Per cent of balance; the sketch of the change is
-1.2.

| run | average, 2025 to 2036 | 2025 to 2028 | chance of a fall |
|---|---|---|---|
{shut}

- **A promise that is bought.** In B7 the promise of a transactional leader rises with what the ally pays and falls
  with the deficit. The acts of 2025 came with a pledge and made the deficit with Japan smaller; sparing Japan alone
  while its rivals are taxed would have made it larger. So, while trust in the leader falls to almost nothing,
  reliability, to which bases, pooling and hedging respond, hardly moves. The prior-predictive figure has neither
  pledge nor deficit: there a fall of trust is a fall of reliability.
- **Trust that was low already.** The leader returns and is remembered, so that belief falls in the reference too,
  before any act of 2025. What the acts add starts from there and not from the 90 per cent of the sketch.
- **Trust that is reset.** Beliefs attach to leaders (B5). From 2029 on the next one starts almost where he would have
  started anyway, so that the average weighs four years against eight ordinary ones. The sketch compares two lasting
  states. With the three channels shut the term of the leader shows the size of the sketch, the average over the run a
  third of it.

Rearmament is nil in the run and positive in the sketch: effort stands at or just below its cap of 2 %, and deliveries
take years.

What follows: the answer turns on how far a pledge and a deficit move the promise ($\\lambda_c$, $\\lambda_G$, the
paid share of the pledge), on memory, and on how much of the loss outlives the leader. None of these is measured.
"Both gain" in a run means that both figures are positive in that draw; it does not say that coercion is free.
"""


@dataclass(frozen=True)
class Line:
    """A figure of the alliance part: the sketch, ours, and how it is written."""

    name: str
    sketch: str
    ours: str


def number(value: float | None, places: int = 2) -> str:
    """A number for a cell; a dash where there is none."""
    if value is None:
        return "-"
    text = f"{value:+.{places}f}" if places else f"{value:.0f}"
    return text if float(text) else text.lstrip("+-")


def off(sketch: float | None, ours: float | None, small: float) -> bool:
    """Whether ours is more than a factor of three off, or of the other sign; small numbers are not compared."""
    if sketch is None or ours is None or (abs(sketch) <= small and abs(ours) <= small):
        return False
    if abs(ours - sketch) <= small:
        return False
    return ours * sketch <= 0 or not 1 / FACTOR <= ours / sketch <= FACTOR


def solved(economy: Economy, theta: np.ndarray) -> dict[str, tuple[float | None, ...]]:
    """The rows of the trade table, computed."""
    us, jp, cn = (economy.index(code) for code in ("USA", "JPN", "CHN"))
    goods = [k for k, code in enumerate(economy.sectors) if code != "SERV"]
    law = scenario.load("us-japan-2025").tariff_cut(world.load()).total

    def run(tariff: np.ndarray | None = None, cut: tuple[int, int] | None = None) -> Equilibrium:
        iceberg = None
        if cut is not None:
            iceberg = np.ones_like(economy.tariff)
            for n, m in (cut, cut[::-1]):
                iceberg[n, m, goods] = np.inf
        return solve(economy, Shock(tariff=tariff, iceberg_hat=iceberg, trade_elasticity=theta))

    def raised(base: np.ndarray, importer: int, exporters: list[int], rate: float) -> np.ndarray:
        found = base.copy()
        for m in exporters:
            if m != importer:
                found[importer, m, goods] += rate
        return found

    def spared(codes: list[int]) -> np.ndarray:
        found = law.copy()
        found[us, codes] = economy.tariff[us, codes]
        return found

    everyone = list(range(len(economy.countries)))
    allies = [economy.index(code) for code in ALLIES if code in economy.countries]
    base = run()
    ends = {
        "15 % on Japan only": run(raised(economy.tariff, us, [jp], 0.15)),
        "10 % on everyone": run(raised(economy.tariff, us, everyone, 0.10)),
        "Law of the end of 2025": run(law),
        "the same, Japan exempt": run(spared([jp])),
        "the same, all treaty allies exempt": run(spared(allies)),
        "US-Japan embargo on goods": run(cut=(us, jp)),
        "China-Japan embargo on goods": run(cut=(cn, jp)),
        "law of 2025 and Japan answers in kind (against it)": run(raised(law, jp, [us], 0.15)),
    }
    found = {name: row(economy, base, end, goods) for name, end in ends.items()}
    last = "law of 2025 and Japan answers in kind (against it)"
    whole = found["Law of the end of 2025"]
    found[last] = tuple(a - b for a, b in zip(found[last], whole, strict=True))  # type: ignore[operator]
    return {
        name: tuple(o if s is not None else None for s, o in zip(SKETCH[name], ours, strict=True))
        for name, ours in found.items()
    }


def row(economy: Economy, base: Equilibrium, end: Equilibrium, goods: list[int]) -> tuple[float, ...]:
    """Welfare of four countries (100 log), change of US revenue (bn USD), Japan's exports to the US (log points)."""
    us, jp = economy.index("USA"), economy.index("JPN")
    welfare = [100 * float(np.log(end.welfare_hat[economy.index(code)])) for code in ("USA", "JPN", "CHN", "VNM")]
    revenue = float(end.tariff_revenue_new[us] - base.tariff_revenue_new[us]) / 1e3
    flows = [float(eq.flow_new[us, jp, goods].sum()) for eq in (end, base)]
    return (*welfare, revenue, 100 * float(np.log(max(flows[0], 1e-9) / flows[1])))


def quantiles(draws: np.ndarray, places: int = 1) -> str:
    """Median and 90 % interval."""
    low, middle, high = (number(float(q), places) for q in np.quantile(draws, [0.05, 0.5, 0.95]))
    return f"{middle} ({low} to {high})"


def assembled() -> dict[str, Alliance]:
    """The main job for some draws, and the same with one channel after the other shut; trade is solved once."""
    plan = simulation.plan(
        scenario.load("us-japan-2025"), scenario.load("us-japan-baseline"), world.load(), horizons=("long run",)
    )
    cast = cast_of("USA", "JPN", draws=DRAWS, seed=SEED)
    whole = run_alliance(plan, cast, elasticities=RUN_SET, workers=1)

    def variant(*shut: str, switches: Switches = ALL_ON) -> Alliance:
        p = {**cast.p, **{name: np.zeros(DRAWS) for name in shut}}
        with mock.patch.object(ensemble_alliance, "solve_path", return_value=whole.trade):
            return run_alliance(plan, replace(cast, p=p), elasticities=RUN_SET, switches=switches, workers=1)

    return {
        "all": whole,
        "deaf": variant(switches=Switches(signalling=False)),
        "unpaid": variant("lambda_c"),
        "no money": variant("lambda_c", "lambda_G"),
        "no memory": variant("lambda_c", "lambda_G", "leader_memory"),
    }


def changes(found: Alliance) -> tuple[str, str, str]:
    """Change of balance in per cent, average over the run and over the term of the acts; chance of a fall."""
    office = slice(found.begin, found.scenario.at("2028-Q4") + 1)
    term = 100 * found.balance_change[office].mean(axis=0)
    return quantiles(100 * found.mean_balance), quantiles(term), f"{(found.mean_balance < 0).mean():.2f}"


def power(found: Alliance) -> list[Line]:
    """The lines of the balance table."""
    pair = load_dyad()
    half = np.array([0.5])
    annuity = float(price_of_power(np.array([2.5]), pair.patron_gdp_bn, half, np.ones(1))[0])
    prior = prior_predictive(pair, draws=20_000)
    total = 100 * prior.terms.total
    net = [float((prior.gain + 100 * price * prior.terms.total < 0).mean()) for price in (prior.chi_hazard, prior.chi)]
    share = np.bincount(found.case, minlength=len(CASES)) / DRAWS
    t = found.scenario.at("2028-Q4")
    trust = [100 * float(np.median(world_.trust.mu[t, :, 0])) for world_ in (found.scenario, found.exempt)]
    kept = [100 * float(np.median(world_.reliability[t])) for world_ in (found.scenario, found.exempt)]
    return [
        Line("price of 1 % of balance, prize certain, even odds, bn USD a year", "7", number(annuity, 1)),
        Line("gain from taxing Japan, bn USD a year", "7 to 11", quantiles(found.mean_gain)),
        Line("priors alone: change of balance, %", "-1.2 (-4.7 to +0.4)", quantiles(total)),
        Line("priors alone: chance of a fall", ".90", f"{(total < 0).mean():.2f}"),
        Line("priors alone: chance of a net loss, weighted; annuity", ".23; .44", f"{net[0]:.2f}; {net[1]:.2f}"),
        Line("run: chance of a net loss, weighted", ".23", f"{(found.net < 0).mean():.2f}"),
        Line("run: gain and power both up", "-", f"{share[CASES.index('both gain')]:.2f}"),
        Line(
            "run, end of 2028: belief that the leader is principled, %; if spared", "-", "{:.0f}; {:.0f}".format(*trust)
        ),
        Line("run, end of 2028: reliability, %; if spared", "-", "{:.0f}; {:.0f}".format(*kept)),
    ]


def flagged(ours: Mapping[str, tuple[float | None, ...]]) -> dict[str, list[str]]:
    """Columns of each row that are off by more than the factor."""
    return {
        name: [c for c, s, o in zip(COLUMNS, SKETCH[name], values, strict=True) if off(s, o, SMALL[c])]
        for name, values in ours.items()
    }


def flat_law(economy: Economy, theta: np.ndarray) -> float:
    """Welfare of the United States (100 log) when each partner pays its average rate on all its goods."""
    us = economy.index("USA")
    goods = [k for k, code in enumerate(economy.sectors) if code != "SERV"]
    law = scenario.load("us-japan-2025").tariff_cut(world.load()).total
    flat = law.copy()
    for m in range(len(economy.countries)):
        weight = economy.flow[us, m, goods]
        if m != us and weight.sum() > 0:
            flat[us, m, goods] = (law[us, m, goods] * weight).sum() / weight.sum()
    base, end = (solve(economy, Shock(tariff=t, trade_elasticity=theta)) for t in (None, flat))
    return row(economy, base, end, goods)[0]


def page() -> str:
    """The page as the code gives it now; SystemExit when a number is far off without an explanation."""
    plan = simulation.plan(
        scenario.load("us-japan-2025"), scenario.load("us-japan-baseline"), world.load(), horizons=("long run",)
    )
    theta = ensemble.central_parameters(plan.world, SET).trade_elasticity
    ours = solved(plan.economy, theta)
    far = flagged(ours)
    missing = {column for columns in far.values() for column in columns} - set(WHY)
    if missing:
        raise SystemExit(f"more than a factor of {FACTOR:g} off and not explained: {', '.join(sorted(missing))}")
    rows = []
    for name, values in ours.items():
        cells = []
        for column, theirs, mine in zip(COLUMNS, SKETCH[name], values, strict=True):
            places = 0 if column in ("revenue", "exports") else 3 if abs(theirs or 1.0) < 0.03 else 2
            mark = "*" if column in far[name] else ""
            cells.append("-" if theirs is None else f"{number(theirs, places)} / {number(mine, places)}{mark}")
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    marked = sorted({column for columns in far.values() for column in columns})
    why = [f"- {column}: {WHY[column]}".format(flat=flat_law(plan.economy, theta)) for column in marked]
    runs = assembled()
    lines = [f"| {line.name} | {line.sketch} | {line.ours} |" for line in power(runs["all"])]
    shut = [f"| {SHUT[name]} | " + " | ".join(changes(found)) + " |" for name, found in runs.items()]
    return TEXT.format(
        trade="\n".join(rows),
        why="\n".join(why),
        power="\n".join(lines),
        shut="\n".join(shut),
        set=SET,
        run_set=RUN_SET,
        draws=DRAWS,
        seed=SEED,
    )


NUMBER = re.compile(r"(?<![\w.-])[+-]?(?:\d+\.\d+|\.\d+|\d+)")


def differences(old: str, new: str, relative: float = 0.05, absolute: float = 0.11) -> list[str]:
    """Lines in which two pages differ by words, or by numbers beyond rounding on another machine."""
    found = []
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    if len(old.splitlines()) != len(new.splitlines()):
        return ["the pages have different numbers of lines"]
    for mine, theirs in pairs:
        numbers = [[float(x) for x in NUMBER.findall(line)] for line in (mine, theirs)]
        words = [NUMBER.sub("#", line) for line in (mine, theirs)]
        same = words[0] == words[1] and np.allclose(*numbers, rtol=relative, atol=absolute)
        if not same:
            found.append(f"{mine}  ->  {theirs}")
    return found


def main() -> int:
    """Write the page, or check it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true")
    if not options.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    found = differences(PAGE.read_text(encoding="utf-8"), page())
    print("\n".join(found) or "docs/magnitudes.md is what the code gives")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
