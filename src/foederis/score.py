"""Score the frozen models where they could fail: backtests with naive rivals, and who won, also when it is the rival.

    report = score.run()                     # all contests, from the shipped posterior: no sampler
    print(score.render(report))              # or score.as_dict(report)

    A   2017-20, frozen at the end of 2016: polls of three allies, polls of all publics, effort in 2019
    B   2025, frozen at the end of 2024: polls; and effort in 2024, frozen at 2021
    C   an ally left out from 2017 on, one at a time and five together: favourable views of 2017 and 2021, effort of
        2019 and 2021; rows of the others are given
    D   coercion cases of 1990-2005, frozen at 1989
    and polls of 2021-24, frozen at 2020; effort in 2016, frozen at 2013

Nothing is tuned on these rows: the posterior of each vintage was fitted without them, and was committed before any
score. Scores are reported whatever they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from foederis import calibrate_coercion as coercion
from foederis import evidence, posterior, score_budgets, score_freeze, score_ladder, score_polls
from foederis.errors import UsageError
from foederis.score_render import as_dict, render
from foederis.score_rules import Skill, Standing, level, standing, with_bootstrap

__all__ = ["CONTESTS", "NOT_SCORED", "Contest", "Place", "Report", "Sharp", "as_dict", "render", "run"]

Array = np.ndarray
T = TypeVar("T")
SEED = 20161231
DRAWS = 400
OURS = "foederis"
ALLIES_A = ("JPN", "KOR", "AUS")
CONTESTS: Mapping[str, str] = {
    "A-allies": "A · polls of Japan, Korea and Australia 2017-20, frozen at the end of 2016",
    "A-publics": "A · polls of all publics 2017-20, frozen at the end of 2016",
    "polls-2020": "Polls of all publics 2021-24, frozen at the end of 2020",
    "B-polls": "B · polls of 2025, frozen at the end of 2024",
    "effort-2013": "Defence effort of allies in 2016 (log of % of GDP), frozen at the end of 2013",
    "A-effort": "A · defence effort of allies in 2019 (log of % of GDP), frozen at the end of 2016",
    "B-effort": "B · defence effort of allies in 2024 (log of % of GDP), frozen at the end of 2021",
    "C-publics": "C · favourable views in 2017 and 2021 of allies left out from 2017 on, one at a time",
    "C-together": "C · the same, five allies left out at once",
    "C-effort": "C · defence effort in 2019 and 2021 (log of % of GDP) of allies left out from 2017 on, one at a time",
    "D-coercion": "D · how coercion cases of 1990-2005 ended, frozen at the end of 1989",
}
NOT_SCORED: Mapping[str, str] = {
    "court ruling of 20 February 2026": "no poll after it is in the evidence: not yet due. That Japan kept its pledge"
    " is one event, and no model here gave it a probability beforehand",
    "United States imports, April to November 2025": "scored by foederis validate (study real-2025), with its rivals",
    "regional choice 2025": "fieldwork ended before the tariffs; the panel has no forecast of its regressors",
    "60 economies in 2025": "retaliate, deal or wait: no rows were found",
    "test C, polls of the Philippines": "four waves of Pew before 2017, and latent trust asks for five: the ally has no"
    " state to carry on; its effort is scored",
}
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
Drawn = Mapping[str, Array]


@dataclass(frozen=True)
class Place:
    """What one outcome is, for tables and charts: whose, of which series, when, and the series before the freeze."""

    label: str
    country: str
    series: str
    year: int
    before: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, eq=False)
class Contest:
    """One contest: scores of every model (best CRPS first), skill of ours against each rival, the winner.

    By cell: `places`, `outcomes`; by model and cell: `quantiles` (5, 25, 50, 75, 95 %) and `levels`, the share of draws
    below the outcome (both empty where forecasts are chances of ends), and `medians`.
    """

    name: str
    title: str
    unit: str
    standings: tuple[Standing, ...]
    skills: tuple[Skill, ...]
    places: tuple[Place, ...]
    outcomes: tuple[float, ...]
    medians: Mapping[str, tuple[float, ...]]
    quantiles: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    levels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def winner(self) -> str:
        """The model with the lowest CRPS."""
        return self.standings[0].name

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the cells."""
        return tuple(place.label for place in self.places)


@dataclass(frozen=True)
class Sharp:
    """The sharp test of A: did the frozen model leave room for the split of 2017-18 in Japan?

    Confidence in the president fell from 78 to 24 per cent; favourable views were back near their level by 2018.
    """

    chance: float
    confidence_2017: tuple[float, float, float]
    favourable_2018: tuple[float, float, float]
    inside: bool

    @property
    def verdict(self) -> str:
        """One sentence."""
        lead = "The frozen model could not make the split"
        if self.inside:
            foreseen = self.chance >= 0.5
            lead = (
                "The frozen model foresaw the split"
                if foreseen
                else "The frozen model left room for the split, no more"
            )
        return (
            f"{lead}: confidence in 2017 {_band(self.confidence_2017)} (seen 24 %), favourable in 2018"
            f" {_band(self.favourable_2018)} (seen 67 %), in per cent, median and 90 %; chance it gave to a fall of 40"
            f" points or more with favourable views within 8 points of 2016 a year later: {self.chance:.2f}."
        )


@dataclass(frozen=True, eq=False)
class Report:
    """The outcome of all contests asked for."""

    contests: tuple[Contest, ...]
    sharp: Sharp | None
    posterior: str
    frozen: str
    seed: int
    draws: int
    seconds: float
    not_scored: Mapping[str, str]


def run(
    names: Sequence[str] | None = None, *, seed: int = SEED, progress: Callable[[str], None] | None = None
) -> Report:
    """Carry out contests in order; the same posterior and seed give the same bits. UsageError on an unknown name."""
    chosen = list(CONTESTS) if names is None else list(names)
    unknown = [name for name in chosen if name not in CONTESTS]
    if unknown:
        raise UsageError(f"no contest {unknown[0]!r}; there are {', '.join(CONTESTS)}")
    began = time.perf_counter()
    done, sharp = [], None
    for name in chosen:
        if progress is not None:
            progress(CONTESTS[name])
        found, extra = _carry_out(name, seed)
        done.append(found)
        sharp = extra or sharp
    return Report(tuple(done), sharp, posterior.load().sha256, score_freeze.load().sha256, seed, DRAWS,
                  time.perf_counter() - began, NOT_SCORED)  # fmt: skip


def _carry_out(name: str, seed: int) -> tuple[Contest, Sharp | None]:
    if name == "A-allies":
        cells, found = _poll_window("A", 2016, 2020, seed, ALLIES_A)
        return _polls(name, cells, found, seed), _sharp(cells, found)
    if name == "D-coercion":
        return _coercion(seed), None
    windows = {"A-publics": ("A", 2016, 2020), "polls-2020": ("to:2020", 2020, 2024), "B-polls": ("B", 2024, 2025)}
    if name in windows:
        return _polls(name, *_poll_window(*windows[name], seed), seed), None
    if name == "C-publics":
        return _polls(name, *_joined([_left_out(f"C:{ally}", [ally], seed) for ally in evidence.LEFT_OUT]), seed), None
    if name == "C-together":
        return _polls(name, *_left_out("C", evidence.LEFT_OUT, seed), seed), None
    if name == "C-effort":
        return _efforts(name, *_joined([_left_alone(ally, seed) for ally in evidence.LEFT_OUT]), seed), None
    vintage, freeze = {"effort-2013": ("to:2013", 2013), "A-effort": ("A", 2016), "B-effort": ("to:2021", 2021)}[name]
    allies = score_budgets.outcomes(freeze)
    return _efforts(name, allies, score_budgets.forecasts(allies, vintage, freeze, seed, DRAWS), seed), None


def _poll_window(
    test: str, freeze: int, last: int, seed: int, countries: Sequence[str] | None = None
) -> tuple[tuple[score_polls.Cell, ...], dict[str, Array]]:
    cells = score_polls.cells(test, freeze, last, countries)
    return cells, _poll_forecasts(cells, test, freeze, seed)


def _poll_forecasts(cells: tuple[score_polls.Cell, ...], test: str, freeze: int, seed: int) -> dict[str, Array]:
    found = score_polls.forecasts(cells, test, freeze, seed, DRAWS)
    rows = [evidence.training(table, None if test == "B" else test) for table in ("poll_obs", "country_year")]
    return found | score_ladder.poll_rungs(cells, rows[0], rows[1], seed, DRAWS)


def _left_out(test: str, allies: Sequence[str], seed: int) -> tuple[tuple[score_polls.Cell, ...], dict[str, Array]]:
    """Favourable views of 2017 and 2021 of allies whose rows from 2017 on the fit did not see."""
    cells = score_polls.cells(test, 2016, 2021, allies)
    cells = tuple(c for c in cells if c.measure == "favourable_us" and c.year in (2017, 2021))
    if not cells:
        return (), {}
    found = _poll_forecasts(cells, test, 2016, seed)
    return cells, found | {"others": score_polls.as_others(cells, test, seed, DRAWS)}


def _left_alone(ally: str, seed: int) -> tuple[tuple[score_budgets.Cell, ...], dict[str, Array]]:
    """Effort of 2019 and 2021 of one ally, the others known."""
    test = f"C:{ally}"
    cells = score_budgets.outcomes(2016, (3, 5), [ally])
    found = score_budgets.forecasts(cells, test, 2016, seed, DRAWS)
    return cells, found | {"others": score_budgets.as_others(cells, test, 2016, seed, DRAWS)}


def _joined(parts: Sequence[tuple[tuple[T, ...], dict[str, Array]]]) -> tuple[tuple[T, ...], dict[str, Array]]:
    """Cells of several fits side by side; a fit without cells drops out."""
    full = [(cells, found) for cells, found in parts if cells]
    joined = {name: np.concatenate([found[name] for _, found in full], axis=1) for name in full[0][1]}
    return tuple(cell for cells, _ in full for cell in cells), joined


def _polls(name: str, cells: Sequence[score_polls.Cell], found: Drawn, seed: int) -> Contest:
    points = {model: 100.0 * values for model, values in found.items()}
    seen = np.array([100.0 * c.outcome for c in cells])
    places = [
        Place(c.label, c.country, c.measure, c.year,
              tuple((y, float(100.0 / (1.0 + np.exp(-odds)))) for y, odds in c.before))
        for c in cells
    ]  # fmt: skip
    return _contest(name, "points", points, seen, places, seed)


def _efforts(name: str, cells: Sequence[score_budgets.Cell], found: Drawn, seed: int) -> Contest:
    places = [
        Place(c.label, c.country, "effort", c.year,
              tuple((c.year - c.ahead - len(c.before) + 1 + k, v) for k, v in enumerate(c.before)))
        for c in cells
    ]  # fmt: skip
    return _contest(name, "log effort", found, np.array([c.outcome for c in cells]), places, seed)


def _contest(
    name: str, unit: str, drawn: Drawn, seen: Float[Array, " cell"], places: Sequence[Place], seed: int
) -> Contest:
    scored = [standing(model, values, seen) for model, values in drawn.items()]
    found = _sorted(name, unit, scored, seed, places, seen,
                    {m: tuple(float(v) for v in np.median(d, axis=0)) for m, d in drawn.items()})  # fmt: skip
    bands = {m: np.quantile(d, QUANTILES, axis=0).T for m, d in drawn.items()}
    return replace(
        found,
        quantiles={m: tuple(tuple(map(float, row)) for row in rows) for m, rows in bands.items()},
        levels={m: tuple(map(float, level(d, seen))) for m, d in drawn.items()},
    )


def _sorted(
    name: str, unit: str, scored: Sequence[Standing], seed: int, places: Sequence[Place], seen: Array,
    medians: Mapping[str, tuple[float, ...]],
) -> Contest:  # fmt: skip
    clusters = np.array([place.country for place in places])
    ours = next(s for s in scored if s.name == OURS)
    skills = [with_bootstrap(ours, s, clusters, seed) for s in scored if s.name != OURS]
    best = sorted(scored, key=lambda s: s.crps)
    return Contest(name, CONTESTS[name], unit, tuple(best), tuple(skills), tuple(places),
                   tuple(float(v) for v in seen), medians)  # fmt: skip


def _coercion(seed: int) -> Contest:
    """How cases ended: Brier score over the four ends, and log score of what happened."""
    held = evidence.holdout("coercion_case", "D")
    end = coercion.ends(held)
    held, end = held.where(end >= 0), end[end >= 0]
    x = coercion.features(held)
    past = evidence.training("coercion_case", "D")
    past_end, past_x = coercion.ends(past), coercion.features(past)
    given = {OURS: _chances(posterior.load().draws("D", "coercion"), x)}
    for model, block in (("trade issue", "coercion-trade"), ("trade issue and pact", "coercion-linkage")):
        on = np.array([name not in score_freeze.RUNGS[block] for name in coercion.FEATURES])
        given[model] = _chances(score_freeze.draws("D", block), x * on)
    given |= {"base rate": np.tile(_rate(past_end), (len(end), 1)), "uniform": np.full(given[OURS].shape, 0.25)}
    stages = [_rate(past_end[past_x[:, 1] == s]) for s in (0.0, 1.0)]
    given["base rate by stage"] = np.array([stages[int(s)] for s in x[:, 1]])
    scored = [_brier(name, p, end) for name, p in given.items()]
    places = [Place(f"{t} {y}", str(t), "end", int(y)) for t, y in zip(held["target"], held["year"], strict=True)]
    medians = {name: tuple(float(v) for v in p[np.arange(len(end)), end]) for name, p in given.items()}
    return _sorted("D-coercion", "Brier score", scored, seed, places, end.astype(float), medians)


def _chances(drawn: Mapping[str, Array], x: Array) -> Float[Array, "case end"]:
    """Chance of each end, mean over the draws."""
    return np.asarray(coercion.chances({k: v.astype(float) for k, v in drawn.items()}, x).mean(axis=0))


def _rate(end: Array) -> Float[Array, " end"]:
    """Shares of the ends, one case of each added."""
    count = np.bincount(end[end >= 0], minlength=len(coercion.ENDS)) + 1.0
    return count / count.sum()


def _brier(name: str, chance: Float[Array, "case end"], end: Array) -> Standing:
    """Brier score in the place of CRPS; coverage has no meaning here (NaN)."""
    each = ((chance - np.eye(chance.shape[1])[end]) ** 2).sum(axis=1)
    log = float(np.log(chance[np.arange(len(end)), end]).mean())
    miss = float((chance.argmax(axis=1) != end).mean())
    return Standing(name, float(each.mean()), log, float("nan"), float("nan"), miss, len(end), tuple(map(float, each)))


def _sharp(cells: Sequence[score_polls.Cell], found: Mapping[str, Array]) -> Sharp:
    def column(measure: str, year: int) -> Array:
        at = [k for k, c in enumerate(cells) if (c.country, c.measure, c.year) == ("JPN", measure, year)]
        return found[OURS][:, at[0]]

    confidence, favourable = column("confidence_us_president", 2017), column("favourable_us", 2018)
    before = {c.measure: c.before[-1][1] for c in cells if c.country == "JPN"}
    start = {m: 1.0 / (1.0 + np.exp(-v)) for m, v in before.items()}
    split = (confidence <= start["confidence_us_president"] - 0.40) & (
        np.abs(favourable - start["favourable_us"]) <= 0.08
    )
    bands = [_three(values) for values in (confidence, favourable)]
    seen = [next(c.outcome for c in cells if (c.country, c.measure, c.year) == key)
            for key in (("JPN", "confidence_us_president", 2017), ("JPN", "favourable_us", 2018))]  # fmt: skip
    inside = all(low <= 100.0 * value <= high for value, (low, _, high) in zip(seen, bands, strict=True))
    return Sharp(float(split.mean()), bands[0], bands[1], inside)


def _three(values: Array) -> tuple[float, float, float]:
    low, middle, high = np.quantile(100.0 * values, [0.05, 0.5, 0.95])
    return float(low), float(middle), float(high)


def _band(values: tuple[float, float, float]) -> str:
    return f"{values[1]:.0f} ({values[0]:.0f} to {values[2]:.0f})"
