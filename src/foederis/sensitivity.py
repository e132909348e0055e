"""Which unknowns decide an outcome: screening, variance shares, and structural choices beside them.

    report = sensitivity.run("balance", plan, cast, trade)
    print(sensitivity.render(report))               # or sensitivity.as_dict(report) for JSON

All parameters are screened (Morris). The largest go into variance shares (Sobol'), one by one; the others together, as
one group, so that what was left out is seen. The trade that was solved and chance are inputs like parameters. Switches
of the model's form stand beside: they can move an answer more than any parameter does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from foederis import sensitivity_switches
from foederis import simulation_parameters as parameters
from foederis.ensemble_alliance import Cast
from foederis.ensemble_path import TradePath
from foederis.errors import DataError, UsageError
from foederis.sensitivity_indices import Screening, Shares, morris, sobol
from foederis.sensitivity_render import as_dict, render
from foederis.sensitivity_space import CHANCE, TRADE, VARIABLES, Space, variable
from foederis.sensitivity_switches import Switched
from foederis.simulation import Plan

__all__ = ["VARIABLES", "Index", "Report", "Screened", "Switched", "as_dict", "contractions", "render", "run"]

Array = np.ndarray
SAMPLES, TRAJECTORIES, KEEP, RESAMPLES = 512, 20, 25, 200
REST = "all other parameters"
PRIOR_DRIVEN = 0.10  # a contraction below this counts as none
TENTH = 0.10
Stage = Callable[[str, int, int], None]  # what is being done, done so far, of how many


@dataclass(frozen=True)
class Screened:
    """One input in the screening: effects on the outcome of moving it over half of its probability."""

    name: str
    mean_abs: float
    mean: float
    spread: float
    kept: bool


@dataclass(frozen=True)
class Index:
    """One input, or group of inputs, with its shares of the outcome's variance and their 90 % intervals.

    `low_mean` and `high_mean`: mean outcome in the tenth of the runs where the input is lowest and highest (None for a
    group and for chance, which have no order). `prior_driven`: the run takes it from its prior, or data have narrowed
    it by less than a tenth.
    """

    name: str
    symbol: str
    label: str
    badge: str
    prior_driven: bool
    first: float
    first_interval: tuple[float, float]
    total: float
    total_interval: tuple[float, float]
    low_mean: float | None
    high_mean: float | None


@dataclass(frozen=True)
class Report:
    """The sensitivity of one outcome. `indices` are sorted by total share, `screened` by size of effect."""

    variable: str
    label: str
    unit: str
    mark: str
    scenario: str
    variant: str
    ranked: bool
    median: float
    low: float
    high: float
    indices: tuple[Index, ...]
    screened: tuple[Screened, ...]
    switched: tuple[Switched, ...]
    samples: int
    trajectories: int
    evaluations: int
    seed: int
    seconds: float

    @property
    def alone(self) -> float:
        """Sum of the first-order shares: what inputs do each by itself; the rest is done jointly."""
        return sum(index.first for index in self.indices)

    @property
    def prior_driven(self) -> float:
        """Sum of the first-order shares of inputs that are prior-driven."""
        return sum(index.first for index in self.indices if index.prior_driven)


def contractions() -> dict[str, float]:
    """By how much data narrowed each parameter that has a shipped posterior: 1 - sd after / sd before."""
    from foederis import posterior

    return {k.known: k.contraction for k in posterior.load().estimates.values() if k.known}


def run(
    name: str,
    plan: Plan,
    cast: Cast,
    trade: TradePath,
    *,
    samples: int = SAMPLES,
    trajectories: int = TRAJECTORIES,
    keep: int = KEEP,
    resamples: int = RESAMPLES,
    contraction: Mapping[str, float] | None = None,
    elasticities: str | None = None,
    switches: bool = True,
    workers: int | None = None,
    progress: Stage | None = None,
) -> Report:
    """The sensitivity of an outcome of `VARIABLES` in the scenario of a plan.

    `trade` is the path of the plan for the draws of the cast, `contraction` what data did to parameters that the cast
    does not take from their priors (see `contractions`), `elasticities` the one set trade was solved with, if
    so. The seed is the cast's; the same call gives the same report however many workers.

    Raises UsageError on an unknown outcome or a bad number, DataError when an outcome is not finite, SolveError when
    trade under another closure is refused.
    """
    began = time.perf_counter()
    if keep < 1:
        raise UsageError(f"keep is {keep}; keep at least one parameter")
    if trade.gain.shape[1] != len(cast.numbers):
        raise DataError(f"trade has {trade.gain.shape[1]} draws, the cast {len(cast.numbers)}; solve it for this cast")
    space = Space(plan, cast, trade, variable(name))
    tell = progress or (lambda stage, done, of: None)

    def evaluate(stage: str) -> Callable[[Array], Array]:
        return lambda u: space.evaluate(u, workers, lambda done, of: tell(stage, done, of))

    found = morris(evaluate("screening"), len(space.names), trajectories, cast.seed)
    groups = _groups(space, found, keep)
    shares = sobol(
        evaluate("variance shares"),
        list(groups.values()),
        len(space.names),
        samples=samples,
        seed=cast.seed,
        resamples=resamples,
        ranked=space.outcome.ranked,
    )
    low, middle, high = np.quantile(shares.base, [0.05, 0.5, 0.95]).tolist()
    switched: tuple[Switched, ...] = ()
    if switches:
        switched = sensitivity_switches.run_switches(
            space, elasticities=elasticities, workers=workers, progress=lambda done, of: tell("switches", done, of)
        )
    return Report(
        variable=name,
        label=space.outcome.label,
        unit=space.outcome.unit,
        mark=space.mark,
        scenario=plan.scenario.id,
        variant=cast.variant,
        ranked=space.outcome.ranked,
        median=middle,
        low=low,
        high=high,
        indices=_indices(space, groups, shares, contraction or {}),
        screened=_screened(space, found, groups),
        switched=switched,
        samples=samples,
        trajectories=trajectories,
        evaluations=found.evaluations + shares.evaluations,
        seed=cast.seed,
        seconds=time.perf_counter() - began,
    )


def _groups(space: Space, found: Screening, keep: int) -> dict[str, list[int]]:
    """Columns by group: the parameters with the largest effects one by one, trade, chance, and the rest together."""
    own = {name: k for k, name in enumerate(space.names) if name in (TRADE, CHANCE)}
    ranked = sorted((k for k in range(len(space.names)) if k not in own.values()), key=lambda k: -found.mean_abs[k])
    kept = [k for k in ranked[:keep] if found.mean_abs[k] > 0]
    groups = {space.names[k]: [k] for k in kept} | {name: [k] for name, k in own.items()}
    rest = [k for k in ranked if k not in kept]
    return groups | ({REST: rest} if rest else {})


def _screened(space: Space, found: Screening, groups: Mapping[str, list[int]]) -> tuple[Screened, ...]:
    rows = [
        Screened(name, float(found.mean_abs[k]), float(found.mean[k]), float(found.spread[k]), name in groups)
        for k, name in enumerate(space.names)
    ]
    return tuple(sorted(rows, key=lambda row: -row.mean_abs))


def _indices(
    space: Space, groups: Mapping[str, list[int]], found: Shares, contraction: Mapping[str, float]
) -> tuple[Index, ...]:
    rows = []
    for g, (name, columns) in enumerate(groups.items()):
        low, high = (None, None) if name in (REST, CHANCE) else _tenths(found, columns[0])
        (a, b), (c, d) = found.first_interval[g].tolist(), found.total_interval[g].tolist()
        symbol, label, badge = _about(name)
        driven = _prior_driven(space, name, contraction)
        rows.append(
            Index(
                name,
                symbol,
                label,
                badge,
                driven,
                float(found.first[g]),
                (a, b),
                float(found.total[g]),
                (c, d),
                low,
                high,
            )
        )
    return tuple(sorted(rows, key=lambda row: -row.total))


def _tenths(found: Shares, column: int) -> tuple[float, float]:
    """Mean outcome where an input is in its lowest and in its highest tenth, all others anywhere."""
    u = found.points[:, column]
    return float(found.base[u <= TENTH].mean()), float(found.base[u >= 1.0 - TENTH].mean())


def _about(name: str) -> tuple[str, str, str]:
    """Symbol, what it is, and mark of an input."""
    special = {
        TRADE: ("θ", "trade elasticities", "L"),
        CHANCE: ("", "chance: errors of surveys, dates of caps and rungs", "A"),
        REST: ("", REST, "A"),
    }
    if name in special:
        return special[name]
    known = parameters.parameters()[name]
    return known.symbol, known.moves, known.badge


def _prior_driven(space: Space, name: str, contraction: Mapping[str, float]) -> bool:
    """Whether this run takes an input from its prior, or data have hardly narrowed it; trade rests on published
    estimates, and chance is no belief."""
    if name in (TRADE, CHANCE):
        return False
    return name in space.from_priors or contraction.get(name, 0.0) < PRIOR_DRIVEN
