"""Polls of trust: what was observed, how a series is tied to belief (B8), how likely an answer is, and how to draw one.

A series is one pollster, one wording, one mode, one country. Its level before 2017 is its anchor: the observations of
the five years before 2017, or all earlier ones where there are none. Nothing later moves it. The slope from belief to
answers cannot be learned before 2017, since no act list reaches polls of that time: it is a wide prior, the same for
every wording. A series that begins after 2016 takes the anchor of its kin and an offset of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Float, Int

from foederis.acts import shipped
from foederis.beliefs import Path, State
from foederis.beliefs_equations import logit, poll_index, poll_share
from foederis.errors import DataError
from foederis.priors import Parameter

__all__ = ["PRIORS", "Poll", "Series", "expected", "log_likelihood", "offset_sd", "sample", "series"]

Array = Any
FREEZE = 2017  # anchors use observations before this year only
RECENT = 2012  # and of these the ones from this year on, where there are any
ASSUMED_N = 1000  # respondents, where a page does not print them
LEAST_SD = 0.15  # logits: no anchor is better known than this
KIN_SD = 0.5  # logits: offset of a series that borrows its anchor (another mode or pollster)
WORDINGS: Mapping[str, str] = {
    "trust_us": "trust",
    "us_trustworthy": "trust",
    "us_trustworthy_ally_yes": "trust",
    "trust_us_responsible": "trust",
    "relations_good": "relations",
    "relations_good_us": "relations",
    "affinity_us": "affinity",
    "favourable_us": "affinity",
    "confidence_us_president": "confidence",
    "us_will_protect_japan": "defend",
    "us_would_defend_australia": "defend",
}
_SLOPE = "assumed: 90 % from 0.05 to 0.75; no observation before 2017 identifies it"
PRIORS: tuple[Parameter, ...] = (
    *(
        Parameter(
            f"poll_b.{name}", "b", "lognormal", (0.2, 0.8), "P", "A", "beliefs", f"slope of polls on {name}", _SLOPE
        )
        for name in ("trust", "relations", "affinity", "confidence", "defend")
    ),
    Parameter(
        "poll_spread",
        "ρ_p",
        "lognormal",
        (0.006, 0.7),
        "P",
        "A",
        "beliefs",
        "scatter of polls beyond sampling",
        "assumed: 4 points around a half",
    ),
)


@dataclass(frozen=True)
class Poll:
    """One observation: share (0..1) of `n` respondents; `assumed_n` where the page does not print the number."""

    date: dt.date
    share: float
    n: int
    assumed_n: bool
    source: str
    confidence: str
    note: str

    @property
    def holdout(self) -> bool:
        """Whether it is of 2025 or later: shown, never calibrated on."""
        return self.date.year >= 2025


@dataclass(frozen=True)
class Series:
    """One pollster's wording in one country and mode, with its observations in order."""

    country: str
    pollster: str
    measure: str
    mode: str
    polls: tuple[Poll, ...]

    @property
    def wording(self) -> str:
        """Which slope it takes: trust, relations, affinity, confidence or defend."""
        return WORDINGS[self.measure]

    @property
    def name(self) -> str:
        """Pollster, measure and mode on one line."""
        return " · ".join(part for part in (self.country, self.pollster, self.measure, self.mode) if part)

    @property
    def early(self) -> tuple[Poll, ...]:
        """The observations that set the anchor; empty for a series that begins after 2016."""
        before = tuple(poll for poll in self.polls if poll.date.year < FREEZE)
        return tuple(poll for poll in before if poll.date.year >= RECENT) or before


@cache
def series(country: str = "") -> tuple[Series, ...]:
    """The shipped series, of one country or of all; DataError when the file is missing or damaged."""
    rows = shipped("polls-usa-jpn.json")["polls"]
    keys = dict.fromkeys((r["country"], r["pollster"], r["measure"], r["mode"]) for r in rows)
    found = [
        Series(*key, tuple(_poll(r) for r in rows if (r["country"], r["pollster"], r["measure"], r["mode"]) == key))
        for key in keys
    ]
    return tuple(s for s in found if country in ("", s.country))


def _poll(row: Mapping[str, Any]) -> Poll:
    n = row["n"]
    return Poll(
        dt.date.fromisoformat(row["date"]), row["share"], n or ASSUMED_N, n is None, row["source"], row["confidence"],
        row["note"],
    )  # fmt: skip


def _anchor(one: Series) -> tuple[float, float]:
    """Mean and standard deviation of the anchor in logits; DataError when neither it nor its kin has an early poll."""
    source, sd = one, 0.0
    if not one.early:
        kin = [s for s in series(one.country) if s.wording == one.wording and s.early]
        kin.sort(key=lambda s: (s.measure != one.measure, s.pollster[:6] != one.pollster[:6]))
        if not kin:
            raise DataError(f"poll {one.name}: no observation before {FREEZE} to anchor it, nor of its wording")
        source, sd = kin[0], KIN_SD
    values = logit(np.array([poll.share for poll in source.early]))
    own = float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return float(values.mean()), float(np.hypot(max(own, LEAST_SD), sd))


def offset_sd(one: Series) -> float:
    """How well the level of a series is known before 2017, in logits."""
    return _anchor(one)[1]


def expected(
    one: Series, path: Path, p: Mapping[str, Array], seed: int = 0, numbers: Int[Array, " draw"] | None = None
) -> Float[Array, "quarter draw"]:
    """Expected share of a series in every quarter (B8), with the doubt about its level drawn for each draw.

    `p` needs omega_1..3, the slope of the wording (`PRIORS`) and the parameters of `beliefs`. Draw k of the level
    depends on the seed, the series and the number k only.
    """
    c = path.observers.index(one.country)
    slope = p[f"poll_b.{one.wording}"]
    mean, sd = _anchor(one)
    level = mean + sd * _normal(seed, one.name, numbers, len(slope))
    omega = (p["omega_1"], p["omega_2"], p["omega_3"])
    start: State = path.start
    zero = poll_index(
        *omega, start.L[:, c : c + 1], start.n_X[:, c : c + 1], start.n_P[:, c : c + 1], 0.0 * start.L[:, :1]
    )
    anchor = level[:, None] - slope[:, None] * zero
    rows = []
    for t in range(len(path.quarters)):
        at = slice(c, c + 1)
        shares = poll_share(
            anchor,
            slope[:, None],
            *omega,
            path.L[t][:, at],
            path.n_X[t][:, at],
            path.n_P[t][:, at],
            path.R_mass[t][:, at],
        )
        rows.append(shares[:, 0])
    return np.stack(rows)


def log_likelihood(share: Float[Array, " draw"], spread: Float[Array, " draw"], poll: Poll) -> Float[Array, " draw"]:
    """Log chance of a poll's count under a beta-binomial with mean `share` and intra-class correlation `spread`."""
    from scipy.special import betaln, gammaln

    count = np.round(poll.share * poll.n)
    a, b = _beta(share, spread)
    choose = gammaln(poll.n + 1.0) - gammaln(count + 1.0) - gammaln(poll.n - count + 1.0)
    return np.asarray(choose + betaln(count + a, poll.n - count + b) - betaln(a, b))


def sample(
    share: Float[Array, " draw"],
    spread: Float[Array, " draw"],
    n: int = ASSUMED_N,
    *,
    seed: int = 0,
    stream: str = "poll",
    numbers: Int[Array, " draw"] | None = None,
) -> Float[Array, " draw"]:
    """Draw the share that a poll of `n` respondents would find: beta-binomial, one stream for each name and draw."""
    from scipy.special import betaincinv
    from scipy.stats import binom

    index = np.arange(len(share)) if numbers is None else np.asarray(numbers)
    u = _uniform(seed, stream, index, 2)
    a, b = _beta(share, spread)
    theta = betaincinv(a, b, u[:, 0])
    return np.asarray(binom.ppf(u[:, 1], n, np.clip(theta, 1e-12, 1.0 - 1e-12)) / n)


def _beta(share: Array, spread: Array) -> tuple[Array, Array]:
    size = 1.0 / spread - 1.0
    safe = np.clip(share, 1e-6, 1.0 - 1e-6)
    return safe * size, (1.0 - safe) * size


def _normal(seed: int, stream: str, numbers: Array | None, draws: int) -> Array:
    from scipy.special import ndtri

    index = np.arange(draws) if numbers is None else np.asarray(numbers)
    return ndtri(_uniform(seed, stream, index, 1)[:, 0])


def _uniform(seed: int, stream: str, index: Array, columns: int) -> Array:
    """Numbers in (0, 1) that depend on seed, stream and draw number only."""
    if not index.size:
        return np.zeros((0, columns))
    bits = np.random.Philox(key=[np.uint64(seed), np.uint64(crc32(stream.encode()))])
    raw = bits.random_raw(columns * (int(index.max()) + 1)).reshape(-1, columns)
    return ((raw[index] >> np.uint64(11)).astype(float) + 0.5) / 2.0**53
