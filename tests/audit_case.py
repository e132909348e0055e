"""What the tests of the audit share: one small run under both priors, and inputs with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from alliance_case import DRAWS, SEED, SET, cast, main_run, main_run_plan
from foederis import audit
from foederis.audit_inputs import Inputs, gather
from foederis.ensemble_alliance import Alliance, cast_of, run_alliance
from foederis.evidence import Table


@cache
def runs() -> tuple[Alliance, Alliance]:
    """The main job of the tests of the alliance, and the same under the other prior on leaders."""
    first = main_run()
    other = cast_of("USA", "JPN", draws=DRAWS, seed=SEED, variant="Beta(3, 8)")
    assert cast().variant != other.variant
    return first, run_alliance(main_run_plan(), other, elasticities=SET, trade=first.trade, workers=1)


@cache
def inputs() -> Inputs:
    """The shipped inputs around that run."""
    return gather(*runs())


@cache
def found() -> audit.Audit:
    """The audit of the shipped inputs."""
    return audit.run(inputs=inputs())


def verdict(claim: str, changed: Inputs) -> str:
    """The verdict on one claim with changed inputs."""
    return audit.run([claim], inputs=changed)[claim].verdict


def with_table(name: str, change: Callable[[dict[str, np.ndarray]], Mapping[str, np.ndarray]]) -> Inputs:
    """Inputs with the columns of one table changed."""
    e = inputs()
    columns = {key: np.array(values) for key, values in e.tables[name].columns.items()}
    table = Table(name, MappingProxyType(dict(change(columns))))
    return replace(e, tables=MappingProxyType({**e.tables, name: table}))


def without(name: str, drop: Callable[[Table], np.ndarray]) -> Inputs:
    """Inputs without the rows of a table for which `drop` is true."""
    e = inputs()
    table = e.tables[name]
    return replace(e, tables=MappingProxyType({**e.tables, name: table.where(~drop(table))}))


def with_card(name: str, **changes: Any) -> Inputs:
    """Inputs with entries of the file of the dyad (`dyad`) or of the bystanders (`region`) replaced."""
    e = inputs()
    return replace(e, **{name: MappingProxyType({**getattr(e, name), **changes})})


def with_acts(change: Callable[[Any], Any | None]) -> Inputs:
    """Inputs with each act changed, or dropped where the change gives None."""
    e = inputs()
    kept = (change(act) for act in e.acts)
    return replace(e, acts=tuple(act for act in kept if act is not None))


def with_rates(change: Callable[[str, float, Any], float]) -> Inputs:
    """Inputs in which the total rate of each step of each partner is changed; the first step of a path stays."""
    e = inputs()
    paths = {
        code: tuple(
            step if k == 0 else replace(step, total=change(code, path[0].total, step)) for k, step in enumerate(path)
        )
        for code, path in e.paths.items()
    }
    fresh = replace(e)
    fresh.__dict__["paths"] = paths
    return fresh
