"""Dated tracks of each statute on each partner, on two clocks, and their division into measures.

`panel`: the dates of the raw panel, whose totals the measures reproduce. `law`: the dates and rates of the legal texts,
with the coverage that the panel reveals. They part where the panel is a snapshot or the source erred; each departure is
a line of `CLOCK_NOTES`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from _ledger_panel import CAR_DEALS, DATES, Split

Array = np.ndarray
State = tuple[Array, float, str, Array | None]  # coverage, rate, rule, normal duty
Point = tuple[str, Array, float, str, Array | None]  # date, coverage, rate, rule, normal duty

ROUNDING = 1e-5  # of coverage: the panel has four decimals of a point
PAUSED = "2025-04-10"
VOID = "2026-02-20"
LAPSED = "2026-07-24"
ALL_IN = {"JPN": "2025-08-07", "EU27": "2025-08-07", "KOR": "2025-11-14", "CHE": "2025-11-14"}
ANNEX_BY_LAW = {"KOR": 0.25, "IND": 0.26, "CHE": 0.31, "THA": 0.36, "ZAF": 0.30}  # where the panel's list differs
NOT_RECIPROCAL = ("RUS",)  # column 2 countries were outside EO 14257; the panel charges them
CAR_RATE = {"GBR": 0.10}
CAR_DEAL_BY_LAW = {"EU27": "2025-08-01", "GBR": "2025-06-30", "JPN": "2025-09-16", "KOR": "2025-11-01"}
ENERGY = ("B05_06", "C19")

CLOCK_NOTES = (
    "2025-02-04 China, Hong Kong: the panel has 20 % at once; by law 10 %, and 20 % from 2025-03-04.",
    "Canada, Mexico, share outside USMCA: the panel has 35 and 18 % of every sector. Collected was far less, 0 to 20 %"
    " by sector: nearly all that could claim USMCA did. The law clock takes what was collected from April to November"
    " 2025 by NAICS-3; sectors with section 232 goods get the mean of the other manufactures.",
    "2025-03-06 Canada, Mexico: by law 25 % on all goods from 2025-03-04, USMCA goods free from 2025-03-07.",
    "2025-04-03 car parts: by law from 2025-05-03; until then they paid the reciprocal rate.",
    "2025-04-05 country rates: the panel has them from 5 to 8 April; by law 10 % from 2025-04-05, country rates on"
    " 2025-04-09 alone (EO 14266 suspended them from 2025-04-10). Rates of KOR, IND, CHE, THA, ZAF as executed.",
    "2025-04-11 annex II and electronics: the panel exempts both from 11 April; by law both from 2025-04-05.",
    "Annex II until November 2025: the panel misses most lines of it (it takes 2 to 9 % of medicines out where the list"
    " names 87 to 96 %, and pays on fuels); the law clock takes out what the list names. Collected on"
    " chemicals and medicines in October 2025: 2.1 % (EU27) and 6.1 % (JPN), where the panel has 13.7 and 14.6 %.",
    "2025-04-08/09 China: the panel has 104 and 125 % in all; by law 84 % from 2025-04-09, 125 % from 2025-04-10, each"
    " on top of 20 %.",
    "2025-05-12 China: by law from 2025-05-14.",
    "China, Hong Kong, s.232 goods: the panel takes them out of the fentanyl duty; by law it comes on top of s.232.",
    "2025-11-14 China, Hong Kong: the panel takes farm goods and annex II out of both duties; by law the lists hold for"
    " the reciprocal rate alone (scope from them).",
    "2025-05-12 Hong Kong, electronics: the panel spares them the fentanyl duty too; by law they pay it.",
    "Metal derivatives: the panel's section 232 part falls between June and August 2025 and the reciprocal part grows:"
    " from then on it charges section 232 on the metal content alone. By law from 2025-06-04 (Proc. 10947); both clocks"
    " keep the panel's date. From August 2025 to February 2026 only car rates are taken to change in section 232.",
    "2025-06-03 metals doubled: by law 2025-06-04; UK cars 10 % from 2025-06-30 (panel: 2025-08-07).",
    "2025-08-07 copper: by law 2025-08-01; EU cars 15 % from 2025-08-01; Canada 35 % from 2025-08-01; Brazil 40 % from"
    " 2025-08-06; India's second 25 % from 2025-08-27.",
    "2025-08-07 China, Hong Kong: the panel charges 34 %; by law 30 % until 2025-11-10, then 20 %.",
    "2025-11-01 Canada: the panel adds 10 points that were announced and never ordered; by law 35 % until 2026-02-20.",
    "2025-11-14 farm exemptions: by law from 2025-11-13, and for the reciprocal rate only (the panel also applies them"
    " to the fentanyl duties of China, Canada and Mexico).",
    "2025-04-05 Russia: the panel charges the reciprocal rate; by law column 2 countries were outside it.",
)


@dataclass
class Track:
    """One statute on one partner on one clock: dated coverage, rate and rule; an empty coverage ends a stretch."""

    family: str
    authority: str
    partner: str
    clock: str
    points: list[Point]
    end: str | None = None
    yields_to: tuple[str, ...] = ()
    precision: str = "panel"
    note: str = ""


@dataclass
class Segment:
    """A stretch of a track over which coverage and normal duty do not change: one measure."""

    start: str
    end: str | None
    coverage: Array
    normal: Array | None
    rate: list[tuple[str, float]] = field(default_factory=list)
    rule: list[tuple[str, str]] = field(default_factory=list)


def segments(track: Track, tolerance: float) -> list[Segment]:
    """Divide a track where its coverage changes by more than rounding; `tolerance` in rate (1e-6: 0.0001 points)."""
    found: list[Segment] = []
    for date, coverage, rate, rule, normal in track.points:
        last = found[-1] if found else None
        same = last is not None and np.abs(last.coverage - coverage).max() * rate <= tolerance
        if last is None or not (same and _equal(last.normal, normal)):
            if last is not None:
                last.end = date
            found.append(Segment(date, None, coverage, normal, [(date, rate)], [(date, rule)]))
            continue
        if last.rate[-1][1] != rate:
            last.rate.append((date, rate))
        if last.rule[-1][1] != rule:
            last.rule.append((date, rule))
    if found:
        found[-1].end = track.end
    return [s for s in found if s.coverage.any()]


def within_scope(track: Track) -> list[Track]:
    """The track with coverage capped at 1, and a companion for what the panel charges beyond it.

    Derivative articles pay section 232 on their metal content and the other rate on the rest, so both cover them.
    """
    excess = [np.where(p[1] > 1 + ROUNDING, p[1] - 1, 0) for p in track.points]
    capped = replace(track, points=[(p[0], np.minimum(p[1], 1), *p[2:]) for p in track.points])
    if not any(e.any() for e in excess):
        return [capped]
    points = [(p[0], e, *p[2:]) for p, e in zip(track.points, excess, strict=True)]
    note = "derivative articles: section 232 on the metal content, this rate on the rest"
    return [capped, replace(track, family=track.family + "-content", points=points, yields_to=(), note=note)]


def _equal(a: Array | None, b: Array | None) -> bool:
    return (a is None) == (b is None) and (a is None or b is None or bool(np.abs(a - b).max() < 1e-12))


@dataclass
class Cover:
    """Coverage of the section 232 statutes of one partner at each panel date, and what IEEPA and s.122 cover gross."""

    split: Split
    vehicle_share: float
    exempt: Array  # share listed in annex II and the memorandum of 11 April 2025
    exempt_late: Array  # share listed in annex II of November 2025 and the memorandum
    outside: Array | None = None  # Canada, Mexico: share that did not claim USMCA, as collected

    def metals(self, date: str) -> Array:
        return self.split.metals[_at(self.split.metals, date)] / self.metal_rate(date)

    def metal_rate(self, date: str) -> float:
        return 0.25 if date < "2025-06-03" or self.split.partner == "GBR" else 0.50

    def copper(self, date: str) -> Array:
        known = self.split.copper
        return known[_at(known, date)] / 0.50 if date < "2026-04-06" else np.zeros(len(self.split.sectors))

    def cars(self, date: str) -> State:
        """Coverage, rate, rule and normal duty of cars and parts together."""
        worth = self.split.cars[_at(self.split.cars, date)]
        deal = CAR_DEALS.get(self.split.partner)
        if deal is None or date < deal:
            return worth / 0.25, 0.25, "add", None
        rate = CAR_RATE.get(self.split.partner, 0.15)
        covered, normal = ceiling(worth, self.split.cars["2025-04-03"] / 0.25, rate, 1 - self.metals(date))
        return covered, rate, "all_in", normal

    def section232(self, date: str) -> Array:
        if date < "2025-03-12":
            return np.zeros(len(self.split.sectors))
        return self.metals(date) + self.copper(date) + self.cars(date)[0]

    def parts(self, date: str) -> Array:
        """Coverage of car parts alone."""
        c29 = np.array([s == "C29" for s in self.split.sectors])
        return self.cars(date)[0] * (1 - c29 * self.vehicle_share)

    def gross(self, net: Array, date: str) -> Array:
        """Scope of a statute that yields to section 232, its goods included."""
        return net + self.section232(date)


def _at(known: dict[str, Array], date: str) -> str:
    return max((d for d in known if d <= date), default=min(known))


def ceiling(worth: Array, scope: Array, rate: float, room: Array) -> tuple[Array, Array]:
    """Coverage and normal duty with coverage * (rate - normal duty) = worth.

    The coverage is `scope`, that of the rate it replaced, where known.

    `room` is the largest coverage allowed; where the scope is too small or too large the normal duty gives way.
    """
    scope = np.clip(scope, 0, room)
    ratio = np.divide(worth, scope, out=np.full_like(worth, rate), where=scope > 0)
    normal = np.where(worth > 0, np.clip(rate - ratio, 0, rate - 1e-4), 0.0)
    return worth / (rate - normal), normal


def section232(cover: Cover, clock: str) -> list[Track]:
    """Metals, cars, car parts and copper of one partner."""
    law, partner = clock == "law", cover.split.partner
    dates = ["2025-03-12", "2025-04-03", "2025-06-03", "2025-08-07", "2025-09-16", "2025-11-01", "2026-04-06"]
    legal = {"2025-06-03": "2025-06-04"} if law else {}
    metals: list[Point] = [(legal.get(d, d), cover.metals(d), cover.metal_rate(d), "add", None) for d in dates]
    deal = {CAR_DEALS[partner]: CAR_DEAL_BY_LAW[partner]} if law and partner in CAR_DEALS else {}
    cars: dict[str, list[Point]] = {"s232-cars": [], "s232-parts": []}
    c29 = np.array([s == "C29" for s in cover.split.sectors])
    for date in dates[1:-1]:
        covered, rate, rule, normal = cover.cars(date)
        when = deal.get(date, date)
        for name, share in (("s232-cars", c29 * cover.vehicle_share), ("s232-parts", 1 - c29 * cover.vehicle_share)):
            first = "2025-05-03" if law and name == "s232-parts" and date == "2025-04-03" else when
            cars[name].append((first, covered * share, rate, rule, normal))
    for name, points in cars.items():
        cars[name] = sorted(_last_of_each_day(points), key=lambda p: p[0])
    copper: list[Point] = [(d, cover.copper(d), 0.50, "add", None) for d in ("2025-08-07", "2025-09-16", "2025-11-01")]
    if law:
        copper[0] = ("2025-08-01", *copper[0][1:])
    tracks = [Track("s232-metals", "s232", partner, clock, metals)]
    tracks += [Track(name, "s232", partner, clock, points) for name, points in cars.items()]
    return [*tracks, Track("s232-copper", "s232", partner, clock, copper, end="2026-04-06")]


def _last_of_each_day(points: list[Point]) -> list[Point]:
    return list({p[0]: p for p in points}.values())


def surcharge(cover: Cover, clock: str) -> list[Track]:
    """Section 122."""
    points: list[Point] = []
    for date in ("2026-02-24", "2026-04-06"):
        points.append((date, cover.gross(cover.split.s122[date] / 0.10, date), 0.10, "add", None))
    if not any(cover.split.s122[d].any() for d in ("2026-02-24", "2026-04-06")):
        return []
    return [Track("s122-surcharge", "s122", cover.split.partner, clock, points, LAPSED, ("s232",))]


def emergency(cover: Cover, clock: str) -> list[Track]:
    """IEEPA duties of one partner."""
    special = {"CHN": _china, "HKG": _china, "CAN": _north_america, "MEX": _north_america}
    return special.get(cover.split.partner, _reciprocal)(cover, clock)


def headline(split: Split, date: str) -> float:
    """The reciprocal rate of a date in the panel: the most frequent increment among the sectors that s.232 spares."""
    if split.rates:
        return split.rates[max(d for d in split.rates if d <= date)]
    if ALL_IN.get(split.partner, "9") <= date:
        return 0.15
    if date > "2025-08-07":
        return 0.18 if split.partner == "IND" and date >= "2026-02-07" else headline(split, "2025-08-07")
    values = np.round(split.ieepa[date][split.ieepa[date] > 1e-3], 4)
    seen, count = np.unique(values, return_counts=True)
    return float(np.round(seen[count.argmax()], 3))


def _reciprocal(cover: Cover, clock: str) -> list[Track]:
    split, partner = cover.split, cover.split.partner

    def state(date: str) -> State:
        rate = headline(split, date)
        if ALL_IN.get(partner, "9") > date:
            return cover.gross(np.minimum(split.ieepa[date] / rate, 1.0), date), rate, "add", None
        first = ALL_IN[partner]
        early = first == "2025-08-07"
        scope = split.ieepa["2025-06-03"] / 0.10 if early else split.s122["2026-02-24"] / 0.10
        room = 1 - cover.section232(first)
        _, normal = ceiling(split.ieepa[first], scope, rate, room)
        net = split.ieepa[date] / (rate - normal)
        normal = np.where(net > 1 - cover.section232(date), 0.0, normal)
        return cover.gross(split.ieepa[date] / (rate - normal), date), rate, "all_in", normal

    if clock == "law" and partner in NOT_RECIPROCAL:
        return []
    points: list[Point] = [(d, *state(d)) for d in DATES[4:16]]
    if clock == "law":
        points = _reciprocal_by_law(cover, state, headline(split, "2025-04-05"))
    extra = {"IND": ("ieepa-russia-oil", 0.25), "BRA": ("ieepa-brazil", 0.40)}.get(partner)
    main = Track("ieepa-reciprocal", "ieepa", partner, clock, points, VOID, ("s232",))
    beyond = _beyond(split, clock)
    return [main, *beyond] if extra is None else [*_divided(main, *extra), *beyond]


def _beyond(split: Split, clock: str) -> list[Track]:
    """What the panel charges until February 2026 beyond the reciprocal rate on every good: metals it drops that day."""
    points: list[Point] = []
    for date in DATES[10:16]:
        rate = headline(split, date)
        over = np.maximum(0.0, split.ieepa[date] - rate * (1 + ROUNDING))
        if over.any() and ALL_IN.get(split.partner, "9") > date:
            points.append((date, over / (0.50 - rate), 0.50, "add", None))
    if not any(p[1].any() for p in points):
        return []
    note = "metal derivatives that the panel charges from August 2025 and drops with the IEEPA duties"
    return [Track("s232-derivatives", "s232", split.partner, clock, points, VOID, note=note)]


def _reciprocal_by_law(cover: Cover, panel_state: Callable[[str], State], annex: float) -> list[Point]:
    """Legal dates and rates; the whole of annex II is out from the first day (the panel misses most of it)."""
    partner = cover.split.partner

    def state(date: str) -> State:
        gross, rate, rule, normal = panel_state(date)
        if date >= "2025-11-14":
            return gross, rate, rule, normal
        metals = cover.section232(date)
        return np.minimum(gross - metals, 1 - cover.exempt) + metals, rate, rule, normal

    spring = state("2025-04-11")
    legal = {} if ALL_IN.get(partner) == "2025-11-14" else {"2025-11-14": "2025-11-13"}
    if partner == "BRA":
        legal["2025-08-07"] = "2025-08-06"
    points: list[Point] = [
        ("2025-04-05", spring[0], 0.10, "add", None),
        ("2025-04-09", spring[0], ANNEX_BY_LAW.get(partner, annex), "add", None),
        (PAUSED, spring[0], 0.10, "add", None),
        ("2025-06-04", *state("2025-06-03")),
    ]
    return points + [(legal.get(d, d), *state(d)) for d in DATES[10:16]]


def _divided(track: Track, family: str, rate: float) -> list[Track]:
    """The part of the rate since August 2025 that a second order imposed (India: Russian oil; Brazil)."""
    second: list[Point] = []
    first: list[Point] = []
    for date, coverage, total, rule, normal in track.points:
        both = date >= "2025-08-06" and not (track.partner == "IND" and date >= "2026-02-07")
        first.append((date, coverage, total - rate if both else total, rule, normal))
        if both:
            second.append((date, coverage, rate, rule, normal))
    end = "2026-02-07" if track.partner == "IND" else VOID
    if track.clock == "law" and track.partner == "IND":
        second[0] = ("2025-08-27", *second[0][1:])
        second = sorted({p[0]: p for p in [*second[:1], *(p for p in second if p[0] > "2025-08-27")]}.values())
    track.points = first
    return [track, Track(family, "ieepa", track.partner, track.clock, second, end, ("s232",))]


def _china(cover: Cover, clock: str) -> list[Track]:
    split, partner = cover.split, cover.split.partner
    worth = split.ieepa
    reciprocal = dict(zip(DATES[4:12], (0.34, 0.84, 1.05, 1.05, 0.10, 0.10, 0.14, 0.14), strict=True))
    left = {d: worth[d] / 0.20 for d in DATES[:4]}  # what s.232 leaves to the fentanyl duty
    left |= dict.fromkeys(DATES[4:10], worth["2025-04-05"] / 0.54)
    left |= dict.fromkeys(DATES[10:13], worth["2025-11-01"] / 0.2)
    dropped = worth["2025-05-12"] < 0.20 * left["2025-05-12"] - ROUNDING  # the panel spares electronics of both duties
    by_law = {d: np.where(dropped, left["2025-04-05"], share) for d, share in left.items()}
    for date in DATES[8:10]:
        left[date] = np.where(dropped, worth[date] / (0.20 + reciprocal[date]), left[date])
    net = {d: np.clip((worth[d] - 0.20 * left[d]) / reciprocal[d], 0, 1) for d in DATES[4:12]}
    half = {d: worth[d] / 0.20 for d in DATES[12:16]}  # the panel exempts from both alike since November
    if clock == "panel":
        fentanyl = [(d, cover.gross(left[d], d), 0.20) for d in DATES[:12]]
        fentanyl += [(d, cover.gross(half[d], d), 0.10) for d in half]
        country = [(d, cover.gross(net[d], d), reciprocal[d]) for d in net]
        country += [(d, cover.gross(half[d], d), 0.10) for d in half]
    else:
        path = {"2025-02-04": (0, 0.10), "2025-03-04": (0, 0.20), "2025-03-12": (2, 0.20), "2025-04-03": (3, 0.20)}
        path |= {"2025-04-05": (4, 0.20), "2025-06-04": (9, 0.20), "2025-08-07": (10, 0.20), "2025-11-10": (12, 0.10)}
        days = {d: DATES[k] for d, (k, _) in path.items()}
        fentanyl = [(d, np.minimum(1.0, cover.gross(by_law[days[d]], days[d])), r) for d, (_, r) in path.items()]
        rates = {"2025-04-05": (7, 0.10), "2025-04-09": (7, 0.84), PAUSED: (7, 1.25), "2025-05-14": (7, 0.10)}
        rates |= {"2025-06-04": (9, 0.10), "2025-08-07": (10, 0.10), "2025-11-13": (11, 0.10)}
        country = []
        for day, (k, rate) in rates.items():
            listed = cover.exempt_late if day >= "2025-11-13" else cover.exempt
            country.append((day, cover.gross(np.minimum(net[DATES[k]], 1 - listed), DATES[k]), rate))
    found = []
    for family, points in (("ieepa-fentanyl", fentanyl), ("ieepa-reciprocal", country)):
        full: list[Point] = [(d, c, r, "add", None) for d, c, r in points]
        stacks = clock == "law" and family == "ieepa-fentanyl"
        found.append(Track(family, "ieepa", partner, clock, full, VOID, () if stacks else ("s232",)))
    return found


def _north_america(cover: Cover, clock: str) -> list[Track]:
    split, partner = cover.split, cover.split.partner
    canada = partner == "CAN"
    rates = {"2025-08-07": 0.35, "2025-11-01": 0.45} if canada else {}

    def rate(date: str) -> float:
        return max((r for d, r in rates.items() if d <= date), default=0.25)

    def point(date: str, when: str, paid: float) -> Point:
        return when, cover.gross(split.ieepa[date] / rate(date), date), paid, "add", None

    dates = [d for d in DATES[1:16] if np.any(split.ieepa[d])]
    points = [point(d, d, rate(d)) for d in dates] if clock == "panel" else _north_america_by_law(cover)
    note = "coverage is the share outside USMCA: 35 % of each sector for Canada, 18 % for Mexico, as in the panel"
    if clock == "law":
        note = "coverage is the share that did not claim USMCA, as collected from April to November 2025"
    return [Track("ieepa-fentanyl", "ieepa", partner, clock, points, VOID, ("s232",), note=note)]


def _north_america_by_law(cover: Cover) -> list[Point]:
    canada, outside = cover.split.partner == "CAN", cover.outside
    assert outside is not None
    energy = np.array([s in ENERGY for s in cover.split.sectors]) & canada
    whole = np.where(energy, 0.4, 1.0)  # Canadian energy paid 10 %
    points: list[Point] = [("2025-03-04", whole, 0.25, "add", None)]
    days = {"2025-03-07": "2025-03-06", "2025-03-12": "2025-03-12", "2025-04-03": "2025-04-03"}
    days |= {"2025-05-03": "2025-04-03", "2025-06-04": "2025-06-03", "2025-08-01": "2025-08-07"}
    for day, date in days.items():
        paid = 0.35 if canada and day >= "2025-08-01" else 0.25
        ahead = cover.section232(date)
        if "2025-04-03" <= day < "2025-05-03":
            ahead = ahead - cover.parts(date)
        left = np.maximum(0.0, 1 - ahead)
        points.append((day, outside * left + ahead, paid, "add", None))
    return points


def to_date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
