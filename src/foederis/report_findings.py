"""What a run found, as numbers with their interval, mark and vintage: one list for terminal, JSON, page and brief."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis import goods, measures, words_names
from foederis.ensemble import Draws, Variant
from foederis.ensemble_alliance import Alliance
from foederis.scenario_codes import EU27, SERVICES
from foederis.simulation import VARIABLES, Plan, Solved

__all__ = [
    "Findings",
    "Number",
    "Path",
    "Result",
    "SectorRow",
    "chosen_sectors",
    "find",
    "number",
    "quantiles",
    "tariff_path",
]

Array = np.ndarray
QUANTILES = {"low90": 0.05, "low50": 0.25, "median": 0.5, "high50": 0.75, "high90": 0.95}
NAMED_SECTORS = ("C29", "C26", "C28")  # motor vehicles, electronics, machinery: always shown
TOP_SECTORS, TOP_GAINERS = 9, 6


@dataclass(frozen=True, eq=False)
class Result:
    """One scenario of a run: the plan, the answer at central parameters, all draws, the structural variants, and the
    alliance (None, with the reason in `no_alliance`, where the dyad has no data of its own or it was not asked for)."""

    plan: Plan
    central: Mapping[str, Solved]
    draws: Draws
    variants: tuple[Variant, ...]
    alliance: Alliance | None = None
    # What the alliance says (`report_alliance.under`) with fewer draws under the other prior on leaders, and with
    # parameters fitted to data where they were drawn from priors, or the reverse; by the label of what was drawn.
    under: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    no_alliance: str = ""

    def of(self, variable: str, horizon: str, label: str | None = None) -> Float[Array, " draw"]:
        """Draws of one number: a variable, at one horizon, for one country or sector where it has such an axis."""
        value = self.draws.values[variable][:, self.plan.horizons.index(horizon)]
        dims = VARIABLES[variable].dims
        if not dims:
            return np.asarray(value)
        labels = self.labels(dims[0])
        return np.asarray(value[:, labels.index(str(label))])

    def labels(self, dim: str) -> tuple[str, ...]:
        """Labels of an axis, `country` or `sector`."""
        return self.plan.world.countries if dim == "country" else self.plan.world.sectors


@dataclass(frozen=True)
class Number:
    """A published number: value with interval, unit, mark (D data, L literature, A assumption) and vintage."""

    key: str
    label: str
    unit: str
    median: float
    low: float
    high: float
    badge: str
    vintage: str
    horizon: str = ""
    draws: Sequence[float] = field(default=(), repr=False, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, without the draws; a number that is not finite (no such price) is None."""
        names = ("key", "label", "unit", "median", "low", "high", "badge", "vintage", "horizon")
        plain = {name: getattr(self, name) for name in names}
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in plain.items()}


@dataclass(frozen=True)
class SectorRow:
    """One sector of the target: what it exported to the coercer, the rate before and after, and what changes."""

    sector: str
    name: str
    exports_usd_bn: float
    rate_before: float
    rate_after: float
    exports: Number
    exports_short_run: Number | None
    output: Number


@dataclass(frozen=True)
class Path:
    """The coercer's tariff on the target by date and authority: rates in per cent, weighted with 2024 imports."""

    dates: tuple[dt.date, ...]
    authorities: tuple[str, ...]
    rate: Float[Array, "date authority"]

    def on(self, day: dt.date) -> dict[str, float]:
        """Rate by authority on a day (the last step at or before it)."""
        k = max((i for i, date in enumerate(self.dates) if date <= day), default=0)
        return {name: float(self.rate[k, a]) for a, name in enumerate(self.authorities)}


@dataclass(frozen=True)
class Findings:
    """Everything that the pages of a run print."""

    scenario: str
    compared_with: str
    date: dt.date
    coercer: str
    target: str
    vintage: str
    draws: int
    seed: int
    rate_before: float  # per cent, average on the target's goods
    rate_after: float
    by_authority: Mapping[str, float]
    probability_gain: float  # that taxing the target raises the coercer's real income
    taxes_target: bool
    numbers: Mapping[str, Number]
    sectors: tuple[SectorRow, ...]
    gainers: tuple[Number, ...]  # who exports more to the coercer because the target is taxed
    losers: tuple[Number, ...]
    turns_on: tuple[tuple[str, str, float, float], ...]  # kind, name, coercer's gain bn USD, target's change per cent
    residuals: Mapping[str, float]
    equilibria: int
    interpolation: tuple[float, int] | None  # worst error in half-widths of an interval, on how many exact draws
    unused: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        named = {key: number.as_dict() for key, number in self.numbers.items()}
        rows = [
            {
                "sector": row.sector,
                "name": row.name,
                "exports_usd_bn": row.exports_usd_bn,
                "rate_before": row.rate_before,
                "rate_after": row.rate_after,
                "exports": row.exports.as_dict(),
                "exports_short_run": None if row.exports_short_run is None else row.exports_short_run.as_dict(),
                "output": row.output.as_dict(),
            }
            for row in self.sectors
        ]
        plain = {
            name: getattr(self, name)
            for name in (
                *("scenario", "compared_with", "coercer", "target", "vintage", "draws", "seed", "rate_before"),
                *(
                    "rate_after",
                    "by_authority",
                    "probability_gain",
                    "residuals",
                    "equilibria",
                    "interpolation",
                    "unused",
                ),
            )
        }
        return {
            **plain,
            "date": self.date.isoformat(),
            "numbers": named,
            "sectors": rows,
            "gainers": [n.as_dict() for n in self.gainers],
            "losers": [n.as_dict() for n in self.losers],
            "turns_on": [
                {"kind": kind, "name": name, "coercer_gain_usd_bn": gain, "target_change_pct": loss}
                for kind, name, gain, loss in self.turns_on
            ],
        }


def quantiles(draws: Float[Array, " draw"]) -> dict[str, float]:
    """Median, 50 % and 90 % interval by name; NaN where no draw is finite."""
    kept = draws[np.isfinite(draws)]
    if not kept.size:
        return dict.fromkeys(QUANTILES, float("nan"))
    found = np.quantile(kept, list(QUANTILES.values()))
    return {name: float(value) for name, value in zip(QUANTILES, found, strict=True)}


def number(result: Result, key: str, label: str, variable: str, horizon: str, of: str | None = None) -> Number:
    """A published number of a run, from the draws of a variable."""
    draws = result.of(variable, horizon, of)
    found, known = quantiles(draws), VARIABLES[variable]
    return Number(
        key=key,
        label=label,
        unit=known.units,
        median=found["median"],
        low=found["low90"],
        high=found["high90"],
        badge=known.badge,
        vintage=vintage(result.plan),
        horizon=horizon,
        draws=tuple(float(d) for d in draws),
    )


def vintage(plan: Plan) -> str:
    """The years of what a number rests on."""
    meta = plan.world.meta
    year = meta.get("year")
    return f"{year} flows, law of {plan.date.isoformat()}" if year else f"{meta.get('name', 'user table')}"


def find(result: Result, path: Path | None = None) -> Findings:
    """What a run found. `path` is its tariff path (computed when absent)."""
    plan, draws = result.plan, result.draws
    coercer, target = plan.coercer, plan.target
    steps = tariff_path(plan) if path is None else path
    before, after = _rates(plan)
    weight = _weights(plan)
    adds = result.of("adds_welfare_usd_bn", "long run", coercer)
    partners = [_partner(result, code) for code in plan.world.countries if code not in (coercer, target)]
    partners = sorted((p for p in partners if np.isfinite(p.median)), key=lambda p: -p.median)
    return Findings(
        scenario=plan.scenario.id,
        compared_with=plan.compared_with.id,
        date=plan.date,
        coercer=coercer,
        target=target,
        vintage=vintage(plan),
        draws=draws.size,
        seed=draws.seed,
        rate_before=float(before @ weight),
        rate_after=float(after @ weight),
        by_authority={name: rate for name, rate in steps.on(plan.date).items() if abs(rate) > 1e-9},
        probability_gain=float((adds > 0).mean()),
        taxes_target=plan.exempt is not None,
        numbers=_numbers(result),
        sectors=_sector_rows(result, before, after),
        gainers=tuple(p for p in partners[:TOP_GAINERS] if p.median > 0),
        losers=tuple(p for p in reversed(partners[-3:]) if p.median < 0),
        turns_on=_turns_on(result),
        residuals=draws.residuals,
        equilibria=draws.equilibria,
        interpolation=None if draws.check is None else (draws.check.worst, draws.check.draws),
        unused=tuple(plan.scenario.unused(alliance=result.alliance is not None, hazards=result.alliance is not None)),
    )


def _numbers(result: Result) -> dict[str, Number]:
    """The table of a run."""
    plan = result.plan
    us, jp = (words_names.country(code) for code in (plan.coercer, plan.target))
    rows = [
        ("gain", f"{us}: gain from taxing {jp}", "adds_welfare_usd_bn", "long run", plan.coercer),
        ("loss", f"{jp}: real income, from being taxed", "adds_welfare", "long run", plan.target),
        ("target_income", f"{jp}: real income, all measures", "welfare", "long run", plan.target),
        ("coercer_income", f"{us}: real income, all measures", "welfare", "long run", plan.coercer),
        ("revenue", f"{us}: tariff revenue", "revenue_usd_bn", "long run", None),
        ("revenue_target", f"  of it on goods from {jp}", "revenue_from_target_usd_bn", "long run", None),
        ("exports", f"{jp}: exports to {us}", "exports_to_coercer", "long run", plan.target),
        ("target_income_short", f"{jp}: real income, short run", "welfare", "short run", plan.target),
        ("coercer_income_short", f"{us}: real income, short run", "welfare", "short run", plan.coercer),
        ("exports_short", f"{jp}: exports to {us}, short run", "exports_to_coercer", "short run", plan.target),
    ]
    return {
        key: number(result, key, label, variable, horizon, of)
        for key, label, variable, horizon, of in rows
        if horizon in plan.horizons
    }


def chosen_sectors(result: Result) -> list[str]:
    """The goods sectors to show: the named ones and those whose exports to the coercer move most in dollars."""
    plan = result.plan
    base = plan.economy.flow[plan.world.country(plan.coercer), plan.world.country(plan.target)] / 1e3
    median = np.array([quantiles(d)["median"] for d in result.draws.values["target_exports_to_coercer"][:, 0].T])
    moved = np.abs(np.nan_to_num(base * median))
    order = [plan.world.sectors[k] for k in np.argsort(-moved, kind="stable") if base[k] > 0]
    named = [code for code in NAMED_SECTORS if code in order]
    chosen = [*named, *(code for code in order if code not in named and code not in SERVICES)]
    return sorted(chosen[:TOP_SECTORS], key=order.index)


def _sector_rows(result: Result, before: Array, after: Array) -> tuple[SectorRow, ...]:
    plan = result.plan
    base = plan.economy.flow[plan.world.country(plan.coercer), plan.world.country(plan.target)] / 1e3

    def row(code: str) -> SectorRow:
        k, name = plan.world.sector(code), words_names.sector(code)
        short = "short run" in plan.horizons
        return SectorRow(
            sector=code,
            name=name,
            exports_usd_bn=float(base[k]),
            rate_before=float(before[k]),
            rate_after=float(after[k]),
            exports=number(result, code, name, "target_exports_to_coercer", "long run", code),
            exports_short_run=number(result, code, name, "target_exports_to_coercer", "short run", code)
            if short
            else None,
            output=number(result, code, name, "target_output", "long run", code),
        )

    return tuple(row(code) for code in chosen_sectors(result))


def _partner(result: Result, code: str) -> Number:
    return number(result, code, words_names.country(code), "adds_exports_to_coercer_usd_bn", "long run", code)


def _turns_on(result: Result) -> tuple[tuple[str, str, float, float], ...]:
    plan = result.plan
    us, jp = plan.world.country(plan.coercer), plan.world.country(plan.target)
    return tuple(
        (v.kind, v.name, float(v.values["adds_welfare_usd_bn"][us]), float(v.values["welfare"][jp]))
        for v in result.variants
    )


def _rates(plan: Plan) -> tuple[Array, Array]:
    """The coercer's rate on the target by sector under the reference and under the scenario, per cent."""
    where = plan.world.country(plan.coercer), plan.world.country(plan.target)
    old = plan.world.tariff if plan.reference is None else plan.reference.tariff
    return 100.0 * old[where], 100.0 * plan.case.tariff[where]


def _weights(plan: Plan) -> Float[Array, " sector"]:
    """Weights for averages over goods: 2024 US imports where they are known, else the base year's flows of goods."""
    world = plan.world
    if plan.coercer == "USA" and world.meta.get("tariff_year") == 2024:
        raw = np.array([goods.sector_value(plan.target, code, plan.target in EU27) for code in world.sectors])
    else:
        raw = world.flow[world.country(plan.coercer), world.country(plan.target)].copy()
        raw[[k for k, code in enumerate(world.sectors) if code in SERVICES]] = 0.0
    total = raw.sum()
    return raw / total if total > 0 else np.full(len(raw), 1.0 / len(raw))


def tariff_path(plan: Plan) -> Path:
    """The coercer's average tariff on the target by authority, at every date on which a measure changes."""
    world, where = plan.world, (plan.world.country(plan.coercer), plan.world.country(plan.target))
    horizon = plan.scenario.horizon
    mine = [m for m in plan.scenario.measures(world) if m.importer == plan.coercer and m.exporter == plan.target]
    first, last = horizon.start.first_day, max(horizon.end.last_day, plan.date)
    inside = [day for day in measures.breakpoints(mine) if first < day <= last]
    dates = tuple(sorted({first, *inside}))
    weight = _weights(plan)
    cuts = [measures.applied_tariff(mine, day, world.tariff, world.countries, world.sectors) for day in dates]
    names = ("mfn", *sorted({name for cut in cuts for name in cut.by_authority}))
    rate = np.array(
        [
            [
                100.0
                * (cut.base[where] if name == "mfn" else cut.by_authority.get(name, np.zeros_like(cut.base))[where])
                @ weight
                for name in names
            ]
            for cut in cuts
        ]
    )
    kept = [a for a, name in enumerate(names) if name == "mfn" or np.abs(rate[:, a]).max() > 1e-9]
    return Path(dates, tuple(names[a] for a in kept), rate[:, kept])
