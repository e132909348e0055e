"""What the audit reads: evidence, acts, leaders, the files of the dyad and its bystanders, rates, the world, one run.

Rows of 2025 and later are read too: an audit is no calibration. Everything is a plain value, so that a test can change
one input and see what becomes of the verdict.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from foederis import acts, acts_leaders, dyad, evidence, ledger, posterior, region_data, world
from foederis.acts import Act
from foederis.acts_leaders import Leader
from foederis.ensemble_alliance import Alliance
from foederis.evidence import Table
from foederis.ledger import Ledger
from foederis.posterior import Known
from foederis.scenario_codes import EU27
from foederis.world import World

__all__ = ["ALLY", "EU", "PATRON", "RETURNED", "RIVAL", "Inputs", "gather", "year_of"]

Array = np.ndarray
PATRON, ALLY, RIVAL, EU = "USA", "JPN", "CHN", "EU27"
RETURNED = "Trump"  # the leader whose terms the claims are about
FIRST_TERM, SECOND_TERM = dt.date(2017, 1, 20), dt.date(2025, 1, 20)
BEFORE_2025 = dt.date(2024, 12, 31)


def year_of(date: str) -> int:
    """The year of a date such as 2022, 2022-12 or 2022-12-16."""
    return int(date[:4])


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything that tests read. `run` is the assembled model under what happened, `other` the same under the other
    prior on leaders; `known` says what calibration learned of parameters; `as_of` is the last day that the list of acts
    claims to cover."""

    tables: Mapping[str, Table]
    acts: tuple[Act, ...]
    leaders: tuple[Leader, ...]
    dyad: Mapping[str, Any]
    region: Mapping[str, Any]
    ledger: Ledger
    world: World
    run: Alliance
    other: Alliance
    known: Mapping[str, Known]
    as_of: dt.date

    # Polls and country-years

    def poll(
        self, code: str, measure: str, year: int, pollster: str = "", mode: str = ""
    ) -> tuple[float, float] | None:
        """Share and number of respondents of one wave; the largest sample where there are several."""
        t = self.tables["poll_obs"]
        keep = (t["iso3"] == code) & (t["measure"] == measure) & (t["year"] == year)
        keep &= np.char.startswith(t["pollster"].astype(str), pollster) & np.char.startswith(
            t["mode"].astype(str), mode
        )
        rows = np.flatnonzero(keep & np.isfinite(t["value"]))
        if not len(rows):
            return None
        k = rows[np.argmax(t["n"][rows])]
        return float(t["value"][k]), float(t["n"][k])

    def series(self, column: str, code: str) -> dict[int, float]:
        """One column of country-years of a country, by year, where it is known."""
        t = self.tables["country_year"]
        keep = (t["iso3"] == code) & np.isfinite(t[column].astype(float))
        return {int(y): float(v) for y, v in zip(t["year"][keep], t[column][keep], strict=True)}

    @cached_property
    def pact(self) -> Mapping[str, bool]:
        """Whether the patron owed defence to a country in the last year on record."""
        found = {}
        for code in np.unique(self.tables["country_year"]["iso3"]):
            known = self.series("us_defence_pact", str(code))
            if known and code != PATRON:
                found[str(code)] = known[max(known)] > 0
        return found

    @property
    def allies(self) -> tuple[str, ...]:
        """Countries to which the patron owed defence."""
        return tuple(code for code, owed in self.pact.items() if owed)

    # Acts

    def on_ally(self, *kinds: str, code: str = ALLY) -> tuple[Act, ...]:
        """Acts of the patron on the ally (or on all), of these kinds."""
        return tuple(a for a in self.acts if a.target in (code, acts.ALL) and (not kinds or a.kind in kinds))

    def in_office(self, day: dt.date) -> str:
        """Name of the patron's leader on a day."""
        return next((t.person for t in self.leaders if t.country == PATRON and t.start <= day < t.end), "")

    @property
    def spells(self) -> int:
        """Terms of the returned leader that have begun."""
        return sum(t.person == RETURNED and t.country == PATRON and t.start <= self.as_of for t in self.leaders)

    def years_of(self, first: dt.date, last: dt.date, person: str = RETURNED) -> float:
        """Years between two days in which a person led the patron."""
        days = sum(
            max(0, (min(t.end, last) - max(t.start, first)).days)
            for t in self.leaders
            if t.person == person and t.country == PATRON
        )
        return days / 365.25

    # The dyad

    @property
    def signed(self) -> tuple[Mapping[str, Any], ...]:
        """Agreements of the ally with others, when they were signed or announced (`when`: decimal year)."""
        found = []
        for row in self.dyad["rungs"]["pacts"]:
            if row["kind"] in ("acsa", "access", "co-development") and row.get("event", "signed") in (
                "signed",
                "announced",
            ):
                date = row.get("signed") or row["date"]
                part = [int(x) for x in date.split("-")]
                when = part[0] + ((part[1] - 0.5) / 12 if len(part) > 1 else 0.5)
                found.append({**row, "when": when})
        return tuple(sorted(found, key=lambda row: row["when"]))

    def support(self, code: str, period: str) -> Mapping[str, Any] | None:
        """A row of host-nation support by payer and period."""
        rows = (r for r in self.dyad["host_nation_support"] if r["payer_iso3"] == code and r["period"] == period)
        return next((r for r in rows if r["amount"] is not None), None)

    def informed(self, parameter: str) -> bool:
        """Whether data took at least a tenth of a parameter's prior spread away."""
        return parameter in self.known and not self.known[parameter].prior_driven

    # Trade

    def added(self, day: dt.date, partner: str = ALLY) -> float:
        """Points that the average tariff on a partner is above the end of 2024."""
        path = self.paths[partner]
        now = [step for step in path if step.date <= day][-1]
        return now.total - path[0].total

    @cached_property
    def paths(self) -> Mapping[str, Sequence[Any]]:
        """Average rates by partner since the end of 2024."""
        return {code: self.ledger.path(code, BEFORE_2025, self.ledger.end) for code in self.ledger.partners}

    def deficit_ratio(self, partner: str) -> float:
        """The patron's goods deficit with a partner over its imports from it; NaN where the world lacks it."""
        w = self.world
        codes = [c for c in (EU27 if partner == EU else (partner,)) if c in w.countries]
        if not codes:
            return float("nan")
        us, place = w.country(PATRON), [w.country(c) for c in codes]
        goods = [j for j, code in enumerate(w.sectors) if code != "SERV"]
        bought = float(w.flow[us][np.ix_(place, goods)].sum())
        sold = float(w.flow[:, us][np.ix_(place, goods)].sum())
        return (bought - sold) / bought

    def imports(self, year: int, months: range, industries: Sequence[str] = (), partner: str = ALLY) -> float:
        """The patron's imports from a partner over months of a year, million USD; NaN where a month is missing."""
        value, months_seen = self._monthly(tuple(industries), partner)
        wanted = [f"{year}-{m:02d}" for m in months]
        return float(sum(value[m] for m in wanted)) if set(wanted) <= months_seen else float("nan")

    def _monthly(self, industries: tuple[str, ...], partner: str) -> tuple[dict[str, float], set[str]]:
        t = self.tables["trade_obs"]
        keep = t["iso3"] == partner
        if industries:
            keep &= np.isin(t["naics3"], industries)
        months, place = np.unique(t["month"][keep], return_inverse=True)
        total = np.bincount(place, weights=t["value_musd"][keep].astype(float), minlength=len(months))
        found = {str(m): float(v) for m, v in zip(months, total, strict=True)}
        return found, set(found)


def gather(run: Alliance, other: Alliance, tables: Mapping[str, Table] | None = None) -> Inputs:
    """The shipped inputs around a run of the model. Raises DataError when a shipped file is missing or damaged."""
    book = {name: evidence.load(name) for name in evidence.TABLES} if tables is None else tables  # type: ignore[arg-type]
    return Inputs(
        tables=MappingProxyType(dict(book)),
        acts=acts.load(),
        leaders=acts_leaders.terms(PATRON),
        dyad=dyad.load(PATRON, ALLY).card,
        region=region_data.load(PATRON, ALLY).card,
        ledger=ledger.load(),
        world=world.load(),
        run=run,
        other=other,
        known=posterior.load().estimates,
        as_of=acts.recorded_until(),
    )
