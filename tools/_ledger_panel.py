"""Split the partner x sector x date panel of tariff increments into the statutes that made it.

The panel is first merged to the sectors of the world (A01 with A02 and so on, by 2024 customs values); what belongs to
none of them (returned goods, scrap) stays apart as OTH. It holds totals on 19 dates; each date is a change of known
statutes, so differences identify them:

* before 5 April 2025 (China, Hong Kong, Canada, Mexico apart) and on 20 February 2026 only section 232 is in force;
* nothing of section 232 changes between 20 February 2026 and 1 November 2025 (backwards), nor between 1 November and
  7 August 2025 save the Japanese (16 September) and Korean (1 November) car rates, nor between 3 April and 12 May 2025;
* the emergency duties do not change on 4 June 2025, so that day's step is section 232;
* what section 232 does not explain until February 2026 is IEEPA; what it does not explain on 24 February is s.122.

All arrays are [sector] vectors of ad valorem fractions on top of the 2024 base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from _world_raw import MERGED

Array = np.ndarray

DATES = [
    *("2025-02-04", "2025-03-06", "2025-03-12", "2025-04-03", "2025-04-05", "2025-04-08", "2025-04-09", "2025-04-11"),
    *("2025-05-12", "2025-06-03", "2025-08-07", "2025-09-16", "2025-11-01", "2025-11-14", "2025-12-04"),
    *("2026-02-07", "2026-02-20", "2026-02-24", "2026-04-06"),
]
CAR_SECTORS = ("C22", "C23", "C25", "C26", "C27", "C28", "C29", "OTH")  # where the lists of car parts reach
COPPER_SECTORS = ("C24B", "C27")
CAR_DEALS = {"EU27": "2025-08-07", "GBR": "2025-08-07", "JPN": "2025-09-16", "KOR": "2025-11-01"}
# The first rate of the fentanyl duty; Canada and Mexico: 25 % of the share outside USMCA.
FENTANYL = {"CHN": 0.20, "HKG": 0.20, "CAN": 0.0875, "MEX": 0.045}
CHINA_RECIPROCAL = 0.34  # the panel's rate of 5 April 2025 on China and Hong Kong


@dataclass(frozen=True)
class Panel:
    """The raw panel: `increment[partner, sector, date]`, `base`, `weight` [partner, sector]; fractions and USD."""

    partners: tuple[str, ...]
    sectors: tuple[str, ...]
    increment: Array
    base: Array
    weight: Array

    @classmethod
    def read(cls, path: str) -> Panel:
        frame = pd.read_csv(path).fillna({"customs_value_2024_usd": 0.0, "applied_2024_pct": 0.0})
        frame["increment_adj_pct"] = frame["increment_adj_pct"].fillna(0.0)
        frame = _merged(frame)
        partners, sectors = tuple(dict.fromkeys(frame.iso3)), tuple(sorted(frame.sector.unique()))
        dates = tuple(sorted(frame.date.unique()))
        if dates != tuple(DATES):
            raise SystemExit(f"{path}: dates {dates} are not the 19 expected")
        row, column = frame.iso3.map(partners.index), frame.sector.map(sectors.index)
        increment = np.zeros((len(partners), len(sectors), len(dates)))
        increment[row, column, frame.date.map(dates.index)] = frame.increment_adj_pct / 100
        base, weight = np.zeros(increment.shape[:2]), np.zeros(increment.shape[:2])
        base[row, column] = frame.applied_2024_pct / 100
        weight[row, column] = frame.customs_value_2024_usd
        return cls(partners, sectors, increment, base, weight)


def _merged(frame: pd.DataFrame) -> pd.DataFrame:
    """The panel with sectors that the world joins averaged by value (plain mean where nothing was imported)."""
    frame = frame.assign(sector=frame.sector.replace(MERGED))
    keys, rates = ["iso3", "date", "sector"], ["applied_2024_pct", "increment_adj_pct"]
    value = frame.customs_value_2024_usd
    worth = frame[rates].mul(value, axis=0).assign(customs_value_2024_usd=value).join(frame[keys])
    total, plain = worth.groupby(keys, sort=False).sum(), frame.groupby(keys, sort=False)[rates].mean()
    mean = total[rates].div(total.customs_value_2024_usd.where(total.customs_value_2024_usd > 0), axis=0)
    return mean.fillna(plain).assign(customs_value_2024_usd=total.customs_value_2024_usd).reset_index()


@dataclass
class Split:
    """One partner's increments by statute and panel date; a date that is not a key repeats the one before.

    `rates` holds the reciprocal rate by date where the panel does not show it (pools of partners).
    """

    partner: str
    sectors: tuple[str, ...]
    inc: Mapping[str, Array]
    s232: dict[str, Array] = field(default_factory=dict)
    ieepa: dict[str, Array] = field(default_factory=dict)
    s122: dict[str, Array] = field(default_factory=dict)
    metals: dict[str, Array] = field(default_factory=dict)
    cars: dict[str, Array] = field(default_factory=dict)
    copper: dict[str, Array] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)

    def mask(self, names: tuple[str, ...]) -> Array:
        return np.isin(self.sectors, names)

    def step(self, before: str, after: str) -> Array:
        return self.inc[after] - self.inc[before]


def split(panel: Panel, partner: str, tier_rate: Array) -> Split:
    """Everything the panel says on one partner, by statute; `tier_rate` is the metals rate of April 2026 by sector."""
    row = panel.partners.index(partner)
    found = Split(partner, panel.sectors, {d: panel.increment[row, :, k] for k, d in enumerate(DATES)})
    _section232(found)
    _emergency(found)
    _components(found)
    _april_2026(found, tier_rate)
    return found


def _section232(s: Split) -> None:
    """The section 232 total on each date until 24 February 2026."""
    inc, final = s.inc, s.inc["2026-02-20"]
    for date in ("2025-11-01", "2025-11-14", "2025-12-04", "2026-02-07", "2026-02-20", "2026-02-24"):
        s.s232[date] = final
    s.s232["2025-09-16"] = final - (s.step("2025-09-16", "2025-11-01") if s.partner == "KOR" else 0)
    s.s232["2025-08-07"] = s.s232["2025-09-16"] - (s.step("2025-08-07", "2025-09-16") if s.partner == "JPN" else 0)
    early = _with_fentanyl(s) if s.partner in FENTANYL else (inc["2025-03-12"], inc["2025-04-03"])
    s.s232["2025-03-12"], s.s232["2025-04-03"] = (np.clip(e, 0, inc[d]) for e, d in zip(early, DATES[2:4], strict=True))
    for date in ("2025-04-05", "2025-04-08", "2025-04-09", "2025-04-11", "2025-05-12"):
        s.s232[date] = s.s232["2025-04-03"]
    s.s232["2025-06-03"] = s.s232["2025-05-12"] + s.step("2025-05-12", "2025-06-03")


def _with_fentanyl(s: Split) -> tuple[Array, Array]:
    """Section 232 on 12 March and 3 April for partners that paid the fentanyl duty on everything else."""
    inc, first = s.inc, FENTANYL[s.partner]
    if s.partner in ("CHN", "HKG"):  # 5 April adds 34 % on what s.232 does not cover
        share = 1 - s.step("2025-04-03", "2025-04-05") / CHINA_RECIPROCAL
        cars = np.where(s.mask(CAR_SECTORS), s.step("2025-03-12", "2025-04-03") / (0.25 - first), 0)
        return inc["2025-03-12"] - first * (1 - share + cars), inc["2025-04-03"] - first * (1 - share)
    metals = np.clip((inc["2025-03-12"] - first) / (0.25 - first), 0, 1)  # no duty was paid on them in 2024
    if s.partner == "CAN":  # 1 November adds 3.5 points on what s.232 and the exemptions leave
        left = s.step("2025-09-16", "2025-11-01") / 0.035
    else:
        left = (inc["2025-12-04"] - inc["2026-02-20"] + inc["2025-11-01"] - inc["2025-11-14"]) / first
    return 0.25 * metals, inc["2025-04-03"] - (first * left + inc["2025-04-09"] - inc["2025-04-11"])


def _emergency(s: Split) -> None:
    """IEEPA and s.122: what section 232 leaves."""
    for date in DATES[:16]:
        s.ieepa[date] = np.maximum(0.0, s.inc[date] - s.s232.get(date, 0.0))
    s.ieepa["2025-06-03"] = s.ieepa["2025-05-12"]
    s.s122["2026-02-24"] = np.maximum(0.0, s.inc["2026-02-24"] - s.inc["2026-02-20"])


def _components(s: Split) -> None:
    """Section 232 into cars with parts, copper, and metals with derivatives (the remainder)."""
    zero = np.zeros(len(s.sectors))
    cars = np.where(s.mask(CAR_SECTORS), np.maximum(0.0, s.s232["2025-04-03"] - s.s232["2025-03-12"]), 0)
    s.cars = {"2025-03-12": zero, "2025-04-03": cars, "2025-06-03": cars}
    jump = s.s232["2025-08-07"] - s.s232["2025-06-03"]
    s.cars["2025-08-07"] = _european_cars(s, cars, jump) if s.partner in ("EU27", "GBR") else cars
    grown = np.maximum(0.0, jump + cars - s.cars["2025-08-07"])
    s.copper = dict.fromkeys(("2025-03-12", "2025-04-03", "2025-06-03"), zero)
    s.copper["2025-08-07"] = np.where(s.mask(COPPER_SECTORS), grown, 0)
    for before, date in (("2025-08-07", "2025-09-16"), ("2025-09-16", "2025-11-01")):
        change = s.s232[date] - s.s232[before] if CAR_DEALS.get(s.partner) == date else 0
        s.cars[date] = np.maximum(0.0, s.cars[before] + change)
        s.copper[date] = s.copper[before]
    for date, worth in s.cars.items():
        worth = np.minimum(worth, s.s232[date])
        s.cars[date], s.copper[date] = worth, np.minimum(s.copper[date], s.s232[date] - worth)
        s.metals[date] = s.s232[date] - worth - s.copper[date]


def _european_cars(s: Split, cars: Array, jump: Array) -> Array:
    """The lower car rate of the EU and the UK, which the panel dates with the copper duty of August."""
    ratio = np.clip(1 + np.divide(jump, cars, out=np.zeros_like(cars), where=cars > 0), 0, 1)
    typical = ratio[s.sectors.index("C29")]
    return cars * np.where(s.mask(("C22", "C23", "C29")), ratio, typical)


def _april_2026(s: Split, tier_rate: Array) -> None:
    """6 April 2026: the metals tiers and what is left to s.122.

    A good under the new tiers pays `tier_rate` instead of the 10 % of s.122, which tells the two apart; where the
    total fell although no tier reaches it, the goods were exempted.
    """
    final = "2025-11-01"
    surcharge = 0.0 if s.partner in ("CAN", "MEX") else 0.10
    covered = (s.metals[final] + s.copper[final]) / 0.50
    without = np.minimum(s.s122["2026-02-24"] + surcharge * covered, 1.0) + s.cars[final]
    share = np.clip((s.inc["2026-04-06"] - without) / (tier_rate - surcharge), 0, 1)
    metals = np.minimum(share * tier_rate, s.inc["2026-04-06"] - s.cars[final])
    if surcharge == 0:
        metals = s.inc["2026-04-06"] - s.cars[final]
    metals = np.maximum(0.0, metals)
    s.cars["2026-04-06"] = np.minimum(s.cars[final], s.inc["2026-04-06"])
    rest = s.inc["2026-04-06"] - s.cars["2026-04-06"]
    # Neither may reach beyond the goods there are: surcharge / 10 % + metals / 50 % + cars / 25 % <= 1.
    room = np.maximum(0.0, (0.10 * (1 - s.cars["2026-04-06"] / 0.25) - 0.20 * rest) / 0.80)
    s.s122["2026-04-06"] = np.minimum(np.maximum(0.0, rest - metals), room)
    s.metals["2026-04-06"] = rest - s.s122["2026-04-06"]
