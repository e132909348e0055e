"""Predicted against collected: United States imports, April to November 2025 over the same months of 2024.

What was collected: customs value and duty of imports for consumption (US Census Bureau) by product group (NAICS-3) from
Japan, Korea, China and the world. A model hands in changes by partner and world sector; they are carried to product
groups with 2024 import weights and scored, beside three naive rivals, weighted by 2024 import value.

The rivals know the tariffs but no equilibrium: nothing changes; constant-elasticity demand with long-run elasticities;
the same with the published response in the year after a tariff (Boehm, Levchenko & Pandalai-Nayar 2023: 0.76).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from foederis.errors import DataError
from foederis.published import shipped
from foederis.published.rows import Row
from foederis.published.scores import Score, score, skill

Array = np.ndarray
STUDY = "real-2025"
PARTNERS = ("JPN", "KOR", "CHN", "WORLD")
MONTHS = ("04", "05", "06", "07", "08", "09", "10", "11")
WINDOW_DAYS = ("2025-04-01", "2025-11-30")
SHORT_RUN_EPS_FOB = 0.76  # tariff-exclusive values, the year after: an eps_fob, no theta
METRICS = ("mae", "rmse", "crps")

# Product group -> world sectors it holds, and the classes of the source that measure their 2024 weight. Groups outside
# the list (scrap, used goods, returned goods, special provisions) belong to no sector.
CONCORDANCE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "111": {"A01_02": ("A01",)},
    "112": {"A01_02": ("A01",)},
    "113": {"A01_02": ("A02",)},
    "114": {"A03": ("A03",)},
    "115": {"A01_02": ("A01",)},
    "211": {"B05_06": ("B06",)},
    "212": {"B05_06": ("B05",), "B07_08": ("B07", "B08")},
    "311": {"C10T12": ("C10T12",)},
    "312": {"C10T12": ("C10T12",)},
    "313": {"C13T15": ("C13T15",)},
    "314": {"C13T15": ("C13T15",)},
    "315": {"C13T15": ("C13T15",)},
    "316": {"C13T15": ("C13T15",)},
    "321": {"C16": ("C16",)},
    "322": {"C17_18": ("C17_18",)},
    "323": {"C17_18": ("C17_18",)},
    "324": {"C19": ("C19",)},
    "325": {"C20": ("C20",), "C21": ("C21",)},
    "326": {"C22": ("C22",)},
    "327": {"C23": ("C23",)},
    "331": {"C24A": ("C24A",), "C24B": ("C24B",)},
    "332": {"C25": ("C25",)},
    "333": {"C28": ("C28",)},
    "334": {"C26": ("C26",)},
    "335": {"C27": ("C27",)},
    "336": {"C29": ("C29",), "C301": ("C301",), "C302T309": ("C302T309",)},
    "337": {"C31T33": ("C31T33",)},
    "339": {"C31T33": ("C31T33",)},
}

# Changes stated with the data (per cent): a check that the shipped totals are those totals.
STATED = (
    ("JPN", "00", -6.8),
    ("JPN", "336", -12.0),
    ("JPN", "333", -11.9),
    ("JPN", "334", 6.5),
    ("JPN", "335", 29.4),
    ("JPN", "325", -12.1),
    ("KOR", "00", -9.4),
    ("KOR", "336", -18.8),
    ("CHN", "00", -40.4),
    ("WORLD", "336", -14.5),
    ("WORLD", "334", 24.5),
)


@dataclass(frozen=True, eq=False)
class Collected:
    """What was collected and what links it to the model. Values in USD, tariffs as rates.

    `concordance[p, k, j]` is the share of world sector j in product group k of partner p (2024 imports); a group
    outside the model has no shares. `tariff_2024` is the collected rate; `tariff_2025` adds the scheduled increments,
    averaged over the days of the window.
    """

    partners: tuple[str, ...]
    products: tuple[str, ...]
    sectors: tuple[str, ...]
    names: Mapping[str, str]
    value: Float[Array, "partner product year"]
    duty: Float[Array, "partner product year"]
    concordance: Float[Array, "partner product sector"]
    tariff_2024: Float[Array, "partner sector"]
    tariff_2025: Float[Array, "partner sector"]

    @property
    def change_pct(self) -> Float[Array, "partner product"]:
        """Collected change in import value, per cent; NaN where nothing was imported in 2024."""
        before = self.value[..., 0]
        return np.asarray(
            100.0 * (np.divide(self.value[..., 1], before, out=np.full_like(before, np.nan), where=before > 0) - 1.0)
        )

    @property
    def collected_rate(self) -> Float[Array, "partner product year"]:
        """Duty over customs value; NaN where there is no value."""
        return np.asarray(np.divide(self.duty, self.value, out=np.full_like(self.value, np.nan), where=self.value > 0))

    @property
    def scored(self) -> Array:
        """Product groups that the model can speak about, as positions."""
        return np.flatnonzero(self.concordance.sum(axis=(0, 2)) > 0)


def read() -> Collected:
    """The data that the package ships."""
    data = shipped.load("real-2025")
    a = data.arrays
    labels = {key: tuple(code.decode() for code in a[key]) for key in ("partner", "naics3", "sector")}
    return Collected(
        labels["partner"],
        labels["naics3"],
        labels["sector"],
        data.card["naics3_names"],
        a["customs_value_usd"],
        a["duty_usd"],
        a["concordance"],
        a["tariff_2024"],
        a["tariff_2025"],
    )


def stated_rows(data: Collected | None = None) -> list[Row]:
    """The changes stated with the source against the shipped totals."""
    table = read() if data is None else data
    change = table.change_pct
    return [
        Row(
            STUDY,
            "collected",
            "April-November 2025 over 2024",
            partner,
            "all goods" if product == "00" else f"NAICS {product}",
            stated,
            float(change[table.partners.index(partner), table.products.index(product)]),
            1,
        )
        for partner, product, stated in STATED
    ]


def to_products(
    data: Collected,
    sector_hat: Float[Array, "draw partner sector"],
    partners: Sequence[str],
    sectors: Sequence[str],
) -> Float[Array, "draw partner product"]:
    """Changes by world sector (ratios new/old of tariff-exclusive value) carried to product groups, per cent.

    Rows follow `partners`; groups outside the model are NaN. Raises DataError if a partner or a sector is missing.
    """
    if sector_hat.ndim != 3 or sector_hat.shape[1:] != (len(partners), len(sectors)):
        raise DataError(
            f"real 2025: predictions {sector_hat.shape} do not fit {len(partners)} partners x {len(sectors)}"
        )
    missing = [*set(data.sectors) - set(sectors), *set(partners) - set(data.partners)]
    if missing:
        raise DataError(f"real 2025: {', '.join(sorted(missing))} unknown or not predicted")
    order = [list(sectors).index(s) for s in data.sectors]
    where = [data.partners.index(p) for p in partners]
    hat = np.einsum("pks,dps->dpk", data.concordance[where], sector_hat[:, :, order])
    inside = data.concordance[where].sum(axis=2) > 0
    return np.where(inside[None], 100.0 * (hat - 1.0), np.nan)


def constant_elasticity(
    tariff_before: Float[Array, "partner sector"],
    tariff_after: Float[Array, "partner sector"],
    eps_fob: Float[Array, "draw sector"] | Float[Array, " sector"] | float,
) -> Float[Array, "draw partner sector"]:
    r"""A naive rival: $\hat v = ((1+t')/(1+t))^{-\varepsilon_{fob}}$, supply prices, demand, competitors unchanged."""
    ratio = np.log1p(tariff_after) - np.log1p(tariff_before)
    elasticity = np.atleast_2d(np.asarray(eps_fob, dtype=float))
    hat: Float[Array, "draw partner sector"] = np.exp(-elasticity[:, None, :] * ratio[None])
    return hat


def rivals(
    data: Collected,
    partners: Sequence[str],
    trade_elasticity: Float[Array, "draw sector"] | Float[Array, " sector"],
    tariff: tuple[Float[Array, "partner sector"], Float[Array, "partner sector"]] | None = None,
) -> dict[str, Float[Array, "draw partner product"]]:
    """The three naive forecasts, per cent by product group.

    `trade_elasticity` is theta in the order of `data.sectors`, one or many draws (the forecast uses eps_fob = theta +
    1). `tariff` is (before, after) by partner and `data.sectors`; by default the shipped schedule.
    """
    where = [data.partners.index(p) for p in partners]
    before, after = (data.tariff_2024[where], data.tariff_2025[where]) if tariff is None else tariff
    long_run = constant_elasticity(before, after, 1.0 + trade_elasticity)
    forecasts = {
        "no change": np.ones_like(long_run[:1]),
        "constant elasticity": long_run,
        "constant elasticity first year (0.76)": constant_elasticity(before, after, SHORT_RUN_EPS_FOB),
    }
    return {
        name: to_products(data, np.nan_to_num(hat, nan=1.0), partners, data.sectors) for name, hat in forecasts.items()
    }


@dataclass(frozen=True)
class Contest:
    """Scores of forecasts over the same cells, and who won."""

    scores: tuple[Score, ...]  # the forecast that is tested first
    skill: Mapping[str, Mapping[str, float]]  # other forecast -> metric -> share of its error that the first one saves
    winner: Mapping[str, str]  # metric -> name


def contest(
    data: Collected,
    partners: Sequence[str],
    forecasts: Mapping[str, Float[Array, "draw partner product"]],
) -> Contest:
    """Score forecasts by product group (per cent, the one that is tested first), weighted by 2024 import value."""
    where = [data.partners.index(p) for p in partners]
    cells = np.ix_(np.array(where), data.scored)
    seen, weight = data.change_pct[cells].ravel(), data.value[..., 0][cells].ravel()
    scores = tuple(
        score(label, forecast[:, :, data.scored].reshape(len(forecast), -1), seen, weight)
        for label, forecast in forecasts.items()
    )
    ours = scores[0]
    saved = {s.name: {m: skill(getattr(ours, m), getattr(s, m)) for m in METRICS} for s in scores[1:]}
    winner = {m: min(scores, key=lambda s: float(getattr(s, m))).name for m in METRICS}
    ranked = [s for s in scores if np.isfinite(s.rank)]
    if ranked:
        winner["rank"] = max(ranked, key=lambda s: s.rank).name
    return Contest(scores, saved, winner)
