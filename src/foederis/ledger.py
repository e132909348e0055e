"""The tariff ledger: US measures on 50 partners, 2018 to 2026, by date and legal authority.

Two clocks. `law`: dates and rates of the legal texts, with the scope that customs data reveal. `panel`: the 19 dates of
the customs panel, whose partner averages the ledger reproduces; `clock_notes` says where the two part and why.

The base is the duty collected in 2024 (`World.tariff`). It already holds the safeguards, the metal duties of 2018 and
the China lists. So from 1 January 2025 on (`TAKEOVER`) only measures that came later are stacked on it (`measures`).
For days before, the measures of 2018 to 2024 (`history`) are stacked on the base without them. `cut` and `path` do the
right thing on every day.

Members of the European Union pay the Union's rates; `regions` says by which rule economies without a row of their own
get theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from jaxtyping import Float

from foederis import ledger_file, ledger_path
from foederis.errors import DataError
from foederis.ledger_path import Books, Detail, Names, Step
from foederis.measures import Authority, Measure, TariffCut, applied_tariff

if TYPE_CHECKING:
    from foederis.world import World

__all__ = ["CLOCKS", "IMPORTER", "TAKEOVER", "Clock", "Detail", "Ledger", "Step", "load"]

Array = np.ndarray
Clock = Literal["law", "panel"]
CLOCKS = ("law", "panel")
IMPORTER = "USA"
TAKEOVER = dt.date(2025, 1, 1)  # from here on the base is the duty collected in 2024
BEFORE = "before"
OTHER = "OTH"  # goods of no sector of the world: in the averages, not in the measures
UNION = "EU27"


@cache
def load() -> Ledger:
    """The shipped ledger; raises DataError when it is missing or damaged."""
    return Ledger(ledger_file.read())


@dataclass(frozen=True, eq=False)
class Ledger:
    """The ledger over the plain values of its file."""

    card: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """Checksum of the file."""
        return str(self.card["sha256"])

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners with data of their own: 49 economies and EU27."""
        return tuple(self.card["partners"])

    @property
    def economies(self) -> tuple[str, ...]:
        """Every exporter of the world that has measures: all regions of the shipped world but the United States."""
        return tuple(self.card["economies"])

    @property
    def regions(self) -> Mapping[str, str]:
        """Economies the panel lacks and the rule that gave them their measures."""
        return dict(self.card["regions"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What is approximate, left out or not known."""
        return tuple(self.card["notes"])

    @property
    def clock_notes(self) -> tuple[str, ...]:
        """Where the dates and rates of the panel and of the law part."""
        return tuple(self.card["clock_notes"])

    @property
    def actions(self) -> tuple[Mapping[str, str], ...]:
        """The dated legal actions behind the ledger, quantified or not, with their references."""
        return tuple(self.card["actions"])

    @property
    def end(self) -> dt.date:
        """The last day on which the law is known; what was in force then is carried forward."""
        return dt.date.fromisoformat(self.card["last_known"])

    def measures(
        self,
        clock: str = "law",
        partners: Iterable[str] | None = None,
        authorities: Iterable[str] | None = None,
    ) -> tuple[Measure, ...]:
        """Measures since 2025, to be stacked on the duty collected in 2024, on sectors of the world.

        `partners`: codes of the world, EU27 for all its members; None: every economy. `authorities`: legal authorities;
        None: all. Raises DataError on an unknown clock, partner or authority.
        """
        wanted = self._authorities(authorities)
        clock = _clock(clock)
        found = (m for code in self._exporters(partners) for m in self._in_world(code, clock, self._since(code, clock)))
        return tuple(m for m in found if m.authority in wanted)

    def history(
        self, partners: Iterable[str] | None = None, authorities: Iterable[str] | None = None
    ) -> tuple[Measure, ...]:
        """Measures of 2018 to 2024, to be stacked on the base without them (`base`), for days before 2025 only."""
        wanted = self._authorities(authorities)
        found = (m for code in self._exporters(partners) for m in self._in_world(code, BEFORE, self._before(code)))
        return tuple(m for m in found if m.authority in wanted)

    def base(self, world: World, date: dt.date) -> Float[Array, "importer exporter sector"]:
        """The rates on which the measures of a day are stacked: the world's, before 2025 without what they hold."""
        if date >= TAKEOVER:
            return world.tariff
        rates, us = world.tariff.copy(), world.country(IMPORTER)
        for exporter in self.economies:
            parts = self.card["inside"].get(self._source(exporter), {})
            for sectors in parts.values():
                for sector, rate in sectors.items():
                    if sector != OTHER:
                        rates[us, world.country(exporter), world.sector(sector)] -= rate
        return np.maximum(rates, 0.0)

    def cut(
        self, world: World, date: dt.date, clock: str = "law", authorities: Iterable[str] | None = None
    ) -> TariffCut:
        """Tariffs in force on a day in the shipped world: its base rates and the measures of the ledger.

        Raises DataError when the world has not the regions and sectors of the ledger (an aggregated world: cut the full
        one, then average with `Aggregation.rate`).
        """
        self._require_fits(world)
        _clock(clock)
        found = self.measures(clock, None, authorities) if date >= TAKEOVER else self.history(None, authorities)
        return applied_tariff(found, date, self.base(world, date), world.countries, world.sectors)

    def path(self, partner: str, start: dt.date, end: dt.date, clock: str = "law") -> tuple[Step, ...]:
        """The average tariff on a partner: a step at `start` and one for each day up to `end` on which it changes.

        Members of the European Union with monthly data are averaged with their own imports. Raises DataError on an
        unknown clock or a partner without import weights, or when the end is before the start.
        """
        if end < start:
            raise DataError(f"the path ends on {end}, before its start {start}")
        books = self._books(partner)
        rows = [*self._before(partner), *self._since(partner, _clock(clock))]
        changes = {day for _, m in rows for day in m.changes()}
        return ledger_path.path(rows, books, self._names(partner), start, end, sorted(changes))

    def measures_on(self, partner: str, date: dt.date, clock: str = "law") -> tuple[Detail, ...]:
        """The measures in force on a partner on a day, and the points each adds to its average, largest first."""
        rows = [*self._before(partner), *self._since(partner, _clock(clock))]
        return ledger_path.details(rows, date, self._books(partner))

    def dates(self, clock: str = "law") -> tuple[dt.date, ...]:
        """The days on which any measure changes, and the day on which the base takes over."""
        return self._dates[_clock(clock)]

    @cached_property
    def _dates(self) -> dict[str, tuple[dt.date, ...]]:
        found: dict[str, set[dt.date]] = {clock: {TAKEOVER} for clock in CLOCKS}
        for clock in CLOCKS:
            for row in self.card["measures"]:
                if row["clock"] in ("both", clock, BEFORE):
                    found[clock] |= {day for day, _ in _dated([*row["rate"], *row["rule"]])}
                    found[clock].add(_end(row) or TAKEOVER)
        return {clock: tuple(sorted(days)) for clock, days in found.items()}

    @cached_property
    def _rows(self) -> dict[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.card["measures"]:
            found.setdefault(row["partner"], []).append(row)
        return found

    @cached_property
    def _built(self) -> dict[tuple[str, str], tuple[tuple[str, Measure], ...]]:
        return {}

    def _since(self, exporter: str, clock: str) -> tuple[tuple[str, Measure], ...]:
        return self._of(exporter, clock, ("both", clock))

    def _before(self, exporter: str) -> tuple[tuple[str, Measure], ...]:
        return self._of(exporter, BEFORE, (BEFORE,))

    def _of(self, exporter: str, key: str, clocks: Sequence[str]) -> tuple[tuple[str, Measure], ...]:
        """(family, measure) of an exporter, goods of no sector included; built once."""
        found = self._built.get((exporter, key))
        if found is None:
            rows = self._rows.get(self._source(exporter), [])
            found = tuple((row["family"], self._measure(row, exporter)) for row in rows if row["clock"] in clocks)
            self._built[exporter, key] = found
        return found

    @cached_property
    def _shortened(self) -> dict[tuple[str, str], tuple[Measure, ...]]:
        return {}

    def _in_world(self, exporter: str, key: str, rows: Sequence[tuple[str, Measure]]) -> tuple[Measure, ...]:
        """The measures of an exporter without goods of no sector of the world; built once."""
        found = self._shortened.get((exporter, key))
        if found is None:
            found = self._shortened[exporter, key] = tuple(_in_world(measure) for _, measure in rows)
        return found

    def _measure(self, row: Mapping[str, Any], exporter: str) -> Measure:
        rate, start = _dated(row["rate"]), dt.date.fromisoformat(row["start"])
        names = self._names(exporter)
        family = row["family"].removesuffix(ledger_path.CONTENT)
        return Measure(
            id=f"us-{row['family']}-{exporter.lower()}-{row['start']}",
            authority=cast(Authority, self.card["families"][family]["authority"]),
            importer=IMPORTER,
            exporter=exporter,
            coverage=row["coverage"],
            rate=rate,
            rule=cast(Any, _dated(row["rule"])),
            start=start,
            end=_end(row),
            source="; ".join(dict.fromkeys(names.cited(family, day) for day, _ in rate)),
            yields_to=tuple(row.get("yields_to", ())),
            note=row.get("note", ""),
            normal_duty=row.get("normal"),
        )

    def _books(self, partner: str) -> Books:
        source, sectors = self._source(partner), tuple(self.card["sectors"])
        weights = self.card["weights"].get(partner) or self.card["weights"].get(source)
        if weights is None:
            raise DataError(f"no import weights of {partner} are at hand, so it has measures but no average")
        weight = _vector(weights, sectors)
        inside = self.card["inside"].get(source, {})
        return Books(
            sectors,
            weight / weight.sum(),
            _vector(self.card["base"].get(source, {}), sectors),
            {authority: _vector(part, sectors) for authority, part in inside.items()},
            TAKEOVER,
        )

    def _names(self, partner: str) -> Names:
        return self._named(self._source(partner))

    @cached_property
    def _name_cache(self) -> dict[str, Names]:
        return {}

    def _named(self, source: str) -> Names:
        if source not in self._name_cache:
            rows = self.card["references"]
            self._name_cache[source] = Names(
                {family: card["name"] for family, card in self.card["families"].items()},
                {family: _dated(by.get(source, by[""])) for family, by in rows.items()},
            )
        return self._name_cache[source]

    def _source(self, exporter: str) -> str:
        """The code under which an economy is booked; raises DataError on one the ledger does not know."""
        if exporter in self.card["union"][UNION]:
            return UNION
        if exporter in self._rows:
            return exporter
        known = sorted({*self.economies, *self.partners})
        close = get_close_matches(exporter.upper(), known, 1)
        hint = f"; did you mean {close[0]}?" if close else f"; it has {', '.join(known)}"
        raise DataError(f"partner {exporter!r} is not in the ledger{hint}")

    def _exporters(self, partners: Iterable[str] | None) -> tuple[str, ...]:
        if partners is None:
            return self.economies
        found: dict[str, None] = {}
        for code in partners:
            self._source(code)
            found |= dict.fromkeys(self.card["union"][UNION] if code == UNION else (code,))
        return tuple(found)

    def _authorities(self, authorities: Iterable[str] | None) -> frozenset[str]:
        known = frozenset(card["authority"] for card in self.card["families"].values())
        if authorities is None:
            return known
        wanted = frozenset(authorities)
        if wanted - known:
            raise DataError(
                f"authority {sorted(wanted - known)[0]!r} is not in the ledger; it has {', '.join(sorted(known))}"
            )
        return wanted

    def _require_fits(self, world: World) -> None:
        regions, sectors = {*self.economies, IMPORTER}, set(self.card["sectors"]) - {OTHER}
        missing = sorted(regions - set(world.countries)) + sorted(sectors - set(world.sectors))
        if missing:
            raise DataError(
                f"the ledger does not fit this world: it lacks {', '.join(missing[:4])}; cut the shipped world and"
                " average the result with its aggregation"
            )


def _in_world(measure: Measure) -> Measure:
    """The measure without goods of no sector of the world."""
    if OTHER not in measure.coverage:
        return measure
    coverage = {s: share for s, share in measure.coverage.items() if s != OTHER}
    normal = measure.normal_duty
    normal = None if normal is None else {s: rate for s, rate in normal.items() if s != OTHER}
    return replace(measure, coverage=coverage, normal_duty=normal)


def _clock(name: str) -> str:
    if name not in CLOCKS:
        raise DataError(
            f"clock is {name!r}; choose law (dates of the legal texts) or panel (dates of the customs panel)"
        )
    return name


def _end(row: Mapping[str, Any]) -> dt.date | None:
    """The end of a measure; one of before 2025 ends when the base takes it over."""
    end = None if row["end"] is None else dt.date.fromisoformat(row["end"])
    if row["clock"] == BEFORE:
        return TAKEOVER if end is None else min(end, TAKEOVER)
    return end


def _dated(steps: Iterable[Sequence[Any]]) -> tuple[tuple[dt.date, Any], ...]:
    return tuple((dt.date.fromisoformat(day), value) for day, value in steps)


def _vector(values: Mapping[str, float], sectors: Sequence[str]) -> Array:
    return np.array([values.get(sector, 0.0) for sector in sectors])
