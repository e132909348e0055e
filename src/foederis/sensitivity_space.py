"""The inputs of an alliance run as columns of the unit cube, and the run at any point of it.

A column is a parameter (through the quantiles of its distribution), the trade that was solved (its draws in the order
of the gain from taxing the target), or chance (errors of surveys, the dates on which caps and rungs move).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from foederis import ensemble, priors
from foederis import simulation_parameters as parameters
from foederis.ensemble_alliance import Alliance, Cast, cast_of, run_alliance
from foederis.ensemble_path import TradePath
from foederis.errors import UsageError
from foederis.region_data import Paths
from foederis.simulation import Plan
from foederis.simulation_alliance import ALL_ON, Switches

__all__ = ["CHANCE", "TRADE", "VARIABLES", "Case", "Space", "Variable", "variable"]

Array = np.ndarray
TRADE, CHANCE = "trade", "chance"
MARKS = ("2028-Q4", "2035-Q4")
ROWS = 1024  # runs side by side in one process
WITH_DRAWS = ("gain", "income", "deficit", "deficit_added", "revenue")


@dataclass(frozen=True)
class Variable:
    """An outcome: what it is, its unit, how it is read from a run. `mark` chooses among `MARKS`; None: whole run.

    `ranked`: the tails are so heavy that shares are taken of the ranks.
    """

    name: str
    label: str
    unit: str
    read: Callable[[Alliance, int], Float[Array, " draw"]]
    mark: int | None = None
    ranked: bool = False


def _reliability(run: Alliance, t: int) -> Float[Array, " draw"]:
    return np.asarray(100.0 * (run.scenario.reliability[t] - run.exempt.reliability[t]))


def _effort(run: Alliance, t: int) -> Float[Array, " draw"]:
    return np.asarray(run.scenario.effort[t] - run.exempt.effort[t])


VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {
        v.name: v
        for v in (
            Variable(
                "balance", "coalition balance, from the acts on the ally", "%", lambda run, t: 100.0 * run.mean_balance
            ),
            Variable("trust", "trust in the patron (poll)", "% of people", lambda run, t: 100.0 * run.trust[t], 0),
            Variable(
                "trust_change",
                "trust in the patron (poll), against the reference",
                "pp",
                lambda run, t: 100.0 * (run.trust[t] - run.trust_reference[t]),
                0,
            ),
            Variable("reliability", "reliability as the ally sees it, from the acts on it", "pp", _reliability, 0),
            Variable("effort", "defence effort of the ally", "% of GDP", lambda run, t: run.scenario.effort[t], 1),
            Variable("effort_change", "defence effort of the ally, from the acts on it", "pp of GDP", _effort, 1),
            Variable("net", "gain plus power gained or lost, a year", "bn USD", lambda run, t: run.net, ranked=True),
        )
    }
)


def variable(name: str) -> Variable:
    """The outcome of a name; UsageError when there is none."""
    if name not in VARIABLES:
        raise UsageError(f"no outcome {name!r} for sensitivity; choose one of {', '.join(VARIABLES)}")
    return VARIABLES[name]


@dataclass(frozen=True, eq=False)
class Case:
    """What is run other than the base: switches, parameters set by hand, a path of trade of one draw, or the draws of
    trade to take in turn."""

    switches: Switches = ALL_ON
    fixed: Mapping[str, float] | None = None
    trade: TradePath | None = None
    taken: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Space:
    """The columns of an alliance run, and the outcome at points of their unit cube."""

    plan: Plan
    cast: Cast
    trade: TradePath
    outcome: Variable

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every parameter that varies, then trade (where its draws differ) and chance."""
        moving = [name for name, values in self.cast.p.items() if np.ptp(values) > 0]
        return (*moving, *([TRADE] if np.ptp(self.trade.gain) > 0 else []), CHANCE)

    @cached_property
    def from_priors(self) -> frozenset[str]:
        """The parameters whose values are draws of their prior; the others come from data or from a choice."""
        table = parameters.parameters()
        drawn = parameters.coherent(priors.draw(self.cast.seed, self.cast.numbers, table=table))
        return frozenset(n for n in self.names if n in drawn and np.array_equal(drawn[n], self.cast.p[n]))

    @cached_property
    def mark(self) -> str:
        """The quarter at which the outcome is read, or the quarters over which it is averaged."""
        quarters = self.trade.quarters
        if self.outcome.mark is None:
            return f"average to {quarters[-1]}"
        wanted = MARKS[self.outcome.mark]
        return wanted if wanted in quarters else quarters[-1]

    @cached_property
    def _place(self) -> int:
        return 0 if self.outcome.mark is None else self.trade.quarters.index(self.mark)

    @cached_property
    def _trade_order(self) -> Int[Array, " draw"]:
        return np.argsort(self.trade.gain.mean(axis=0), kind="stable")

    def values(self, name: str, u: Float[Array, " row"]) -> Float[Array, " row"]:
        """The value of a parameter at probabilities: the prior's quantile, or that of the cast's own draws."""
        if name in self.from_priors:
            return priors.quantile(parameters.parameters()[name], u)
        return np.asarray(np.quantile(self.cast.p[name], u))

    def at(self, u: Float[Array, "row column"]) -> Float[Array, " row"]:
        """The outcome at points of the cube, in one process."""
        column = {name: u[:, k] for k, name in enumerate(self.names)}
        p = {
            name: self.values(name, column[name]) if name in column else np.full(len(u), values[0])
            for name, values in self.cast.p.items()
        }
        p = parameters.coherent(p)
        order = self._trade_order
        traded = order[_index(column[TRADE], len(order))] if TRADE in column else np.zeros(len(u), dtype=int)
        chance = _index(column[CHANCE], len(self.cast.numbers))
        return self._run(_recast(self.cast, p, chance), _columns(self.trade, traded), ALL_ON)

    def drawn(self, rows: int, cases: Sequence[Case]) -> Float[Array, "case row"]:
        """The outcome at the first draws of the cast under each case; the cases have the same switches."""
        first, count = np.arange(rows), len(cases)
        p = {name: np.tile(values[:rows], count) for name, values in self.cast.p.items()}
        for k, case in enumerate(cases):
            for name, value in (case.fixed or {}).items():
                p[name] = p[name].astype(float)
                p[name][k * rows : (k + 1) * rows] = value
        paths = [_columns(case.trade or self.trade, _taken(case, first)) for case in cases]
        joined: dict[str, Any] = {n: np.concatenate([getattr(x, n) for x in paths], axis=1) for n in WITH_DRAWS}
        path = replace(self.trade, **joined)
        return self._run(_recast(self.cast, p, np.tile(first, count)), path, cases[0].switches).reshape(count, rows)

    def evaluate(
        self, u: Float[Array, "row column"], workers: int | None = None, progress: ensemble.Progress | None = None
    ) -> Float[Array, " row"]:
        """The outcome at many points, in pieces and in several processes; the same to the bit however many."""
        pieces = [u[k : k + ROWS] for k in range(0, len(u), ROWS)]
        found: dict[int, Array] = {}
        for k, values in ensemble.spread(self, "at", pieces, workers):
            found[k] = values
            if progress is not None:
                progress(len(found), len(pieces))
        return np.concatenate([found[k] for k in range(len(pieces))])

    def _run(self, cast: Cast, path: TradePath, switches: Switches) -> Float[Array, " row"]:
        run = run_alliance(self.plan, cast, switches=switches, trade=path)
        return np.asarray(self.outcome.read(run, self._place), dtype=float)

    def __getstate__(self) -> dict[str, Any]:
        # The facts of a dyad and the functions of `Variable` cannot be pickled: a process that is not forked reads the
        # facts again and looks the outcome up by name.
        cast, dyad = self.cast, self.cast.stage.dyad
        made = {"draws": len(cast.numbers), "seed": cast.seed, "variant": cast.variant, "last": cast.stage.quarters[-1]}
        return {
            "plan": self.plan,
            "trade": self.trade,
            "outcome": self.outcome.name,
            "cast": ((dyad.patron, dyad.ally), made, dict(cast.p)),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        pair, made, p = state["cast"]
        restored = {
            "plan": state["plan"],
            "trade": state["trade"],
            "outcome": VARIABLES[state["outcome"]],
            "cast": replace(cast_of(*pair, **made), p=p),
        }
        for name, value in restored.items():
            object.__setattr__(self, name, value)


def _index(u: Float[Array, " row"], size: int) -> Int[Array, " row"]:
    return np.minimum((u * size).astype(int), size - 1)


def _taken(case: Case, rows: Int[Array, " row"]) -> Int[Array, " row"]:
    """The draw of trade of each row."""
    if case.trade is not None:
        return np.zeros(len(rows), dtype=int)
    return rows if case.taken is None else np.resize(np.asarray(case.taken), len(rows))


def _columns(path: TradePath, which: Int[Array, " row"]) -> TradePath:
    """The path with these of its draws."""
    kept: dict[str, Any] = {name: getattr(path, name)[:, which] for name in WITH_DRAWS}
    return replace(path, **kept)


def _recast(cast: Cast, p: Mapping[str, Array], chance: Int[Array, " row"]) -> Cast:
    """The cast with these parameters, each row with the random numbers of one of its draws."""
    s = cast.stage.surveys
    surveys = Paths(s.start[chance], s.observed[:, chance], s.known, s.coercion)
    stage = replace(cast.stage, surveys=surveys, uniform=cast.stage.uniform[:, chance])
    return replace(cast, stage=stage, p=p, numbers=cast.numbers[chance])
