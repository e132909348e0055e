"""Fits that only scores read: freezes and rungs that a run never draws from, kept apart from the posterior of a run.

    report = score_freeze.fit(folder)            # needs NumPyro; tools/build_score_posterior.py ships what it finds
    score_freeze.draws("C:AUS", "trust")         # what travels, from this file or from the posterior of a run

    to:2013, to:2020   the other freezes that the design of the tests names
    C:XXX              one ally left out from 2017 on, everybody else kept: one fit an ally
    A, to:2021, D      the rungs between nothing and the whole model, fitted each by itself

Test C is refitted and not reweighted: the polls that an ally loses pin its latent states, of which each belongs to one
or two polls, so that importance weights from a fit with them would rest on a few draws.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from foederis import calibrate_coercion as coercion
from foederis import calibrate_hedging as hedging
from foederis import calibrate_trust as trust
from foederis import evidence, posterior, store
from foederis.calibrate_fit import Diagnostics, Draws, Sampling, cached, thin
from foederis.errors import UsageError

__all__ = ["RUNGS", "VINTAGES", "Frozen", "countries", "draws", "fit", "latent", "load", "ship"]

Array = np.ndarray
FILE = "score-posterior"
KEPT = 400  # draws of each block that travel
VERSION = 1  # raise when a model changes: kept fits of the old one are then left aside
RUNGS: Mapping[str, tuple[str, ...]] = {  # causes or features that a rung leaves out
    "hedging-threat": ("distrust", "demand", "fiscal"),
    "hedging-trade": ("distrust", "demand"),
    "hedging-trust": ("demand",),
    "hedging": (),
    "coercion-trade": ("imposed", "pact"),
    "coercion-linkage": ("imposed",),
}
EFFORT = ("hedging-threat", "hedging-trade", "hedging-trust", "hedging")
VINTAGES: Mapping[str, tuple[str, ...]] = {
    "D": ("coercion-trade", "coercion-linkage"),
    "to:2013": ("trust", *EFFORT),
    **{f"C:{ally}": ("trust", *EFFORT) for ally in evidence.LEFT_OUT},
    "A": ("hedging-trade", "hedging-trust"),
    "to:2021": ("hedging-trade", "hedging-trust"),
    "to:2020": ("trust",),
}
YEARS_GIVEN = 5  # test C: year effects of 2017 to 2021, which the others teach
_BY_COUNTRY = ("mean", "state", "since", "effects", "resting", "scale_ratio")
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Frozen:
    """One fit: what travels of its draws, whose columns they are, favourable shares behind it, its diagnostics."""

    vintage: str
    block: str
    draws: Draws
    countries: tuple[str, ...]
    latent: Mapping[str, Mapping[str, float]]
    diagnostics: Diagnostics


def fit(
    folder: str | Path | None = None,
    *,
    vintages: Sequence[str] | None = None,
    sampling: Sampling | None = None,
    progress: Progress | None = None,
) -> tuple[Frozen, ...]:
    """Fit what scores read; kept fits of the folder are found again. SolveError when a fit must not be used.

    Raises UsageError on an unknown vintage, DataError when NumPyro is missing.
    """
    chosen = list(VINTAGES) if vintages is None else list(vintages)
    unknown = [v for v in chosen if v not in VINTAGES]
    if unknown:
        raise UsageError(f"no vintage {unknown[0]!r} for scores; there are {', '.join(VINTAGES)}")
    where, how = None if folder is None else Path(folder), sampling or Sampling()
    found: list[Frozen] = []
    for vintage in chosen:
        shares = None if "trust" in VINTAGES[vintage] or vintage == "D" else posterior.load().card["latent"][vintage]
        for block in VINTAGES[vintage]:
            if progress is not None:
                progress(f"{block}, vintage {vintage}")
            one = _fit(block, vintage, shares, where, how)
            shares = one.latent if block == "trust" else shares
            found.append(one)
    return tuple(found)


def _fit(
    block: str, vintage: str, shares: Mapping[str, Mapping[str, float]] | None, folder: Path | None, how: Sampling
) -> Frozen:
    if block == "trust":
        return _fit_trust(vintage, folder, replace(how, samples=2 * how.samples))
    if block.startswith("coercion"):
        cases = evidence.training("coercion_case", vintage)
        whole = coercion.panel(cases, vintage)
        on = np.array([name not in RUNGS[block] for name in coercion.FEATURES], float)
        data = replace(whole, x=whole.x * on, threat_x=whole.threat_x * on[[0, 2, 3]])
        key = _key(block, vintage, how, [cases], coercion.PARAMETERS, "")
        draws, told, _ = cached(folder, block, key, lambda: coercion.fit(data, how))
        return Frozen(vintage, block, {n: draws[n] for n in coercion.PARAMETERS}, (), {}, told)
    assert shares is not None
    states = evidence.training("country_year", vintage)
    panel = hedging.without(hedging.panel(states, as_trust(shares), vintage), *RUNGS[block])
    key = _key(block, vintage, how, [states], hedging.PARAMETERS, store.sha256_json(dict(shares)))
    draws, told, _ = cached(folder, block, key, lambda: hedging.fit(panel, how))
    kept = {name: draws[name] for name in (*hedging.PARAMETERS, *hedging.STATE)}
    if vintage.startswith("C:"):
        kept["year_effect"] = (draws["year_spread"][:, None] * draws["year_z"])[:, -YEARS_GIVEN:]
    return _narrowed(Frozen(vintage, block, kept, panel.countries, {}, told))


def _fit_trust(vintage: str, folder: Path | None, how: Sampling) -> Frozen:
    polls = evidence.training("poll_obs", vintage)
    data = trust.panel(polls, vintage)
    key = _key("trust", vintage, how, [polls], trust.PARAMETERS, "")
    draws, told, _ = cached(folder, "trust", key, lambda: trust.fit(data, how))
    shares: dict[str, dict[str, float]] = {}
    for (code, year), share in trust.latent(data, draws, "favourable").items():
        shares.setdefault(code, {})[str(year)] = round(share, 4)
    kept = {name: values for name, values in trust.compact(data, draws).items() if name != "offset"}  # never scored
    return _narrowed(Frozen(vintage, "trust", kept, data.countries, shares, told))


def _narrowed(found: Frozen) -> Frozen:
    """Where one ally is left out, its columns alone: nothing else is scored."""
    if not found.vintage.startswith("C:"):
        return found
    ally = found.vintage.removeprefix("C:")
    at = [k for k, code in enumerate(found.countries) if code == ally]  # none: too few polls before it was left out
    kept = {name: v[:, at] if name in _BY_COUNTRY else v for name, v in found.draws.items()}
    return replace(found, draws=kept, countries=(ally,) if at else ())


def _key(
    block: str, vintage: str, how: Sampling, rows: Sequence[evidence.Table], priors: Mapping[str, Any], given: str
) -> dict[str, Any]:
    told = {name: [p.family, *p.args] for name, p in priors.items()}
    return {"version": VERSION, "vintage": vintage, "sampling": asdict(how), "rows": [t.sha256 for t in rows],
            "priors": told, "given": given, "without": list(RUNGS.get(block, ()))}  # fmt: skip


def as_trust(shares: Mapping[str, Mapping[str, float]]) -> dict[tuple[str, int], float]:
    """Favourable shares of a card by country and year."""
    return {(code, int(year)): share for code, years in shares.items() for year, share in years.items()}


def ship(found: Sequence[Frozen], folder: str | Path) -> str:
    """Write score-posterior.npz and its card into a folder; returns the SHA-256 of the archive."""
    arrays: dict[str, Array] = {}
    for one in found:
        for name, values in thin(one.draws, KEPT).items():
            arrays[f"{one.vintage}/{one.block}/{name}"] = values.astype("float32")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    digest = store.sha256_bytes(buffer.getvalue())
    card = {
        "title": "Posterior for scores",
        "what": "Fits that only scores read: other freezes, allies left out one at a time, rungs of the ladder",
        "sha256": digest,
        "draws": KEPT,
        "estimates": [],
        "diagnostics": [{"vintage": o.vintage, "block": o.block, **asdict(o.diagnostics)} for o in found],
        "countries": {f"{o.vintage}/{o.block}": list(o.countries) for o in found if not o.block.startswith("coercion")},
        "latent": {o.vintage: o.latent for o in found if o.latent},
        "sources": [{"publisher": "evidence.json (sources there)", "licence": "derived"}],
        "decisions": [
            "An ally is left out by refitting without its rows from 2017 on, one fit an ally; no reweighting.",
            "A rung is fitted by itself with the causes of higher rungs switched off; their draws are then the prior"
            " and are multiplied by zero.",
            "A refused fit (R-hat, effective size, divergences as in the posterior of a run) is not shipped.",
        ],
    }  # fmt: skip
    store.write_bytes(Path(folder) / f"{FILE}.npz", buffer.getvalue())
    store.write_bytes(Path(folder) / f"{FILE}.json", (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return digest


@cache
def load() -> posterior.Posterior:
    """The shipped fits of this module; DataError when they are missing or damaged."""
    return posterior.read(store.shipped(f"{FILE}.npz"), store.shipped(f"{FILE}.json"))


def _own(vintage: str, block: str) -> bool:
    return block in VINTAGES.get(vintage, ())


def draws(vintage: str, block: str) -> dict[str, Array]:
    """Draws of a block at a vintage, from this file or the posterior of a run; UsageError when neither has it."""
    return (load() if _own(vintage, block) else posterior.load()).draws(vintage, block)


def countries(vintage: str, block: str, otherwise: Sequence[str]) -> tuple[str, ...]:
    """Whose columns the draws have: what the card says, else (posterior of a run) all of the panel."""
    return tuple(load().card["countries"][f"{vintage}/{block}"] if _own(vintage, block) else otherwise)


def latent(vintage: str) -> dict[tuple[str, int], float]:
    """Favourable shares that the fit of latent trust at a vintage handed on, by country and year."""
    card = (load() if _own(vintage, "trust") else posterior.load()).card
    return as_trust(card["latent"][vintage])
