"""What is uncertain about the alliance: every parameter with its prior, mark, source and what it moves.

Modes: E estimated where data speak, C calibrated, P prior only, S a structural switch. Marks: L literature, A
assumption.
A draw is fixed by seed, parameter name and draw number: adding parameters or draws changes no old value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal
from zlib import crc32

import numpy as np
from jaxtyping import Float, Int

from foederis.errors import DataError, UsageError

__all__ = ["PARAMETERS", "Parameter", "draw", "median", "quantile"]

Array = np.ndarray
Family = Literal["normal", "lognormal", "uniform", "positive_normal", "unit_normal", "fixed", "triangular"]
Mode = Literal["E", "C", "P", "S"]
Badge = Literal["D", "L", "A"]


@dataclass(frozen=True)
class Parameter:
    """A parameter of the model and its prior.

    Families: normal (mean, sd); positive_normal and unit_normal, the normal cut to above 0 and to 0..1; lognormal
    (median, sigma of the log); uniform (low, high); triangular (low, mode, high); fixed (value).
    """

    name: str
    symbol: str
    family: Family
    args: tuple[float, ...]
    mode: Mode
    badge: Badge
    block: str
    moves: str
    source: str
    note: str = ""

    def __post_init__(self) -> None:
        if not all(math.isfinite(a) for a in self.args):
            raise DataError(f"prior {self.name!r}: {self.args} is not finite")
        wanted = {"fixed": 1, "triangular": 3}.get(self.family, 2)
        if len(self.args) != wanted:
            raise DataError(f"prior {self.name!r}: {self.family} takes {wanted} numbers, not {len(self.args)}")
        if self.family in ("normal", "positive_normal", "unit_normal", "lognormal") and not self.args[1] > 0:
            raise DataError(f"prior {self.name!r}: the spread {self.args[1]} is not positive")
        if self.family in ("uniform", "triangular") and not self.args[0] < self.args[-1]:
            raise DataError(f"prior {self.name!r}: {self.args} is no range")
        if self.family == "lognormal" and not self.args[0] > 0:
            raise DataError(f"prior {self.name!r}: the median {self.args[0]} is not positive")

    def describe(self) -> str:
        """The prior in words, for tables."""
        shown = [f"{a:g}" for a in self.args]
        if self.family == "fixed":
            return shown[0]
        if self.family in ("uniform", "triangular"):
            return f"{self.family} {' … '.join(shown)}"
        if self.family == "lognormal":
            return f"lognormal, median {shown[0]}, sigma {shown[1]}"
        cut = {"positive_normal": ", above 0", "unit_normal": ", 0 to 1"}.get(self.family, "")
        return f"{shown[0]} ± {shown[1]}{cut}"


def quantile(parameter: Parameter, u: Float[Array, " draw"]) -> Float[Array, " draw"]:
    """The value of a prior at probabilities between 0 and 1."""
    from scipy.special import ndtr, ndtri

    a = parameter.args
    if parameter.family == "fixed":
        return np.full(np.shape(u), a[0])
    if parameter.family == "uniform":
        return np.asarray(a[0] + (a[1] - a[0]) * u)
    if parameter.family == "triangular":
        return _triangular(a, u)
    if parameter.family == "lognormal":
        return np.asarray(a[0] * np.exp(a[1] * ndtri(u)))
    low, high = {"positive_normal": (0.0, math.inf), "unit_normal": (0.0, 1.0)}.get(
        parameter.family, (-math.inf, math.inf)
    )
    ends = ndtr((low - a[0]) / a[1]), ndtr((high - a[0]) / a[1])
    return np.asarray(a[0] + a[1] * ndtri(ends[0] + (ends[1] - ends[0]) * u))


def _triangular(a: tuple[float, ...], u: Array) -> Array:
    low, mode, high = a
    split = (mode - low) / (high - low)
    left = low + np.sqrt(u * (high - low) * (mode - low))
    right = high - np.sqrt((1.0 - u) * (high - low) * (high - mode))
    return np.where(u < split, left, right)


def median(name: str) -> float:
    """The median of a parameter's prior."""
    return float(quantile(_known(name, PARAMETERS), np.array([0.5]))[0])


def draw(
    seed: int,
    numbers: Sequence[int] | Int[Array, " draw"],
    names: Iterable[str] | None = None,
    overrides: Mapping[str, Parameter] | None = None,
    table: Mapping[str, Parameter] | None = None,
) -> dict[str, Float[Array, " draw"]]:
    """Values of the parameters at these draw numbers. `overrides` replaces priors by name, `table` the whole table.

    Raises UsageError on an unknown name.
    """
    chosen = dict(PARAMETERS if table is None else table)
    for name, parameter in (overrides or {}).items():
        chosen[_known(name, chosen).name] = replace(parameter, name=name)
    wanted = list(chosen) if names is None else list(names)
    return {name: quantile(_known(name, chosen), _uniform(seed, name, numbers)) for name in wanted}


def _uniform(seed: int, name: str, numbers: Sequence[int] | Array) -> Float[Array, " draw"]:
    """One uniform number for each draw, from a counter-based stream of the seed and the parameter's name."""
    index = np.asarray(numbers, dtype=np.uint64)
    if not index.size:
        return np.zeros(0)
    bits = np.random.Philox(key=[np.uint64(seed), np.uint64(crc32(name.encode()))])
    raw = bits.random_raw(int(index.max()) + 1)
    kept = (raw[index.astype(np.int64)] >> np.uint64(11)).astype(float)
    return (kept + 0.5) / 2.0**53


def _known(name: str, table: Mapping[str, Parameter]) -> Parameter:
    if name not in table:
        from difflib import get_close_matches

        near = get_close_matches(name, list(table), 1)
        hint = f"did you mean {near[0]!r}?" if near else "list them with: foederis assumptions"
        raise UsageError(f"no parameter {name!r}; {hint}")
    return table[name]


def _table(rows: Iterable[tuple[object, ...]]) -> Mapping[str, Parameter]:
    found = [Parameter(*row) for row in rows]  # type: ignore[arg-type]
    names = [p.name for p in found]
    if len(set(names)) < len(names):
        raise DataError(f"priors: {sorted({n for n in names if names.count(n) > 1})} stand twice")
    return MappingProxyType({p.name: p for p in found})


_B, _S, _H, _R, _P = "beliefs", "security", "hedging", "region", "balance"
_KYDD = "form: Kydd (2005), Fearon (1997), McKelvey & Palfrey (1998); size assumed"
PARAMETERS: Mapping[str, Parameter] = _table(
    [
        # name, symbol, family, args, mode, badge, block, what it moves, source, note
        (
            "tau_theta",
            "τ_θ",
            "positive_normal",
            (3.0, 1.0),
            "E",
            "L",
            "trade",
            "years until trade has adjusted",
            "Boehm, Levchenko & Pandalai-Nayar (2023): most of the way in 7-10 years",
        ),
        ("lambda_U", "λ_U", "positive_normal", (1.5, 0.5), "P", "A", _B, "how much an act tells", _KYDD),
        ("w_P", "w_P", "positive_normal", (2.0, 0.5), "P", "A", _B, "weight a principled leader gives the ally", _KYDD),
        (
            "w_X",
            "w_X",
            "positive_normal",
            (0.4, 0.3),
            "P",
            "A",
            _B,
            "weight a transactional leader gives the ally",
            _KYDD,
        ),
        (
            "kappa_sign",
            "κ",
            "fixed",
            (1.0,),
            "P",
            "A",
            _B,
            "extra weight of bad news",
            "asymmetry must emerge, not be set",
        ),
        (
            "n_X0",
            "n_X",
            "fixed",
            (1.0,),
            "S",
            "A",
            _B,
            "prior count of transactional leaders",
            "Beta(1, 12); variant Beta(3, 8) counts 1971, 1986-89, 1993-95",
        ),
        ("n_P0", "n_P", "fixed", (12.0,), "S", "A", _B, "prior count of principled leaders", "as n_X0"),
        (
            "rho_R_mass",
            "ρ_R",
            "positive_normal",
            (0.05, 0.02),
            "E",
            "L",
            _B,
            "what is left of rapport after a quarter, mass",
            "Goldsmith, Horiuchi & Matush (2021): a visit's effect lasts about 20 days",
        ),
        (
            "rho_R_elite",
            "ρ_R",
            "unit_normal",
            (0.5, 0.2),
            "P",
            "A",
            _B,
            "what is left of rapport after a quarter, elites",
            "assumed",
        ),
        (
            "r_P",
            "r_P",
            "unit_normal",
            (0.80, 0.10),
            "P",
            "L",
            _B,
            "reliability of a principled patron",
            "base rates of 22-74 %: Berkemeier & Fuhrmann (2018), Leeds et al. (2000)",
            "levels mean nothing, changes do",
        ),
        (
            "r_X0",
            "r_X(0)",
            "unit_normal",
            (0.55, 0.15),
            "P",
            "A",
            _B,
            "reliability of a transactional patron without grievance",
            "as r_P",
        ),
        (
            "lambda_G",
            "λ_G",
            "positive_normal",
            (0.5, 0.5),
            "P",
            "A",
            _B,
            "how far grievance lowers the promise",
            "assumed",
        ),
        ("lambda_c", "λ_c", "positive_normal", (0.3, 0.3), "P", "A", _B, "how far a concession raises it", "assumed"),
        ("omega_1", "ω_1", "positive_normal", (1.0, 0.3), "P", "A", _B, "weight of leader trust in polls", "assumed"),
        (
            "omega_2",
            "ω_2",
            "positive_normal",
            (1.0, 0.3),
            "P",
            "A",
            _B,
            "weight of structural trust in polls",
            "assumed",
        ),
        ("omega_3", "ω_3", "positive_normal", (0.3, 0.2), "P", "A", _B, "weight of rapport in polls", "assumed"),
        (
            "psi",
            "ψ",
            "unit_normal",
            (0.40, 0.15),
            "P",
            "A",
            _S,
            "share of US theatre power that needs the ally's bases",
            "qualitative: CSIS (2023) war games; never measured",
            "dominant",
        ),
        (
            "b_1",
            "b_1",
            "positive_normal",
            (0.3, 0.3),
            "P",
            "A",
            _S,
            "response of base access to reliability",
            "never measured",
            "dominant",
        ),
        ("b_0", "b_0", "normal", (2.2, 0.4), "P", "A", _S, "log odds of access at today's reliability", "assumed"),
        ("b_2", "b_2", "positive_normal", (0.3, 0.3), "P", "A", _S, "response of base access to alignment", "assumed"),
        (
            "contest_m",
            "m",
            "positive_normal",
            (1.0, 0.3),
            "P",
            "L",
            _S,
            "decisiveness of forces",
            "contest form: Tullock (1980), Hirshleifer (1989)",
        ),
        (
            "eta_h",
            "η_h",
            "positive_normal",
            (1.0, 0.5),
            "P",
            "A",
            _S,
            "response of risk to the odds",
            "only ratios are shown",
        ),
        (
            "p_m",
            "p_m",
            "unit_normal",
            (0.45, 0.15),
            "P",
            "L",
            _S,
            "partner follow-through",
            "Berkemeier & Fuhrmann (2018): 41 % of defence pacts",
        ),
        (
            "theatre_share",
            "K_U^th/K_U",
            "unit_normal",
            (0.45, 0.12),
            "P",
            "A",
            _S,
            "US forces that count in the theatre",
            "force posture, assumed",
        ),
        (
            "Phi",
            "Φ",
            "unit_normal",
            (0.25, 0.10),
            "E",
            "A",
            _H,
            "yearly adjustment of defence effort",
            "partial adjustment: Gould (1968), Lucas (1967)",
        ),
        ("b_Z", "b_Z", "normal", (0.3, 0.2), "E", "A", _H, "response of effort to threat", "panel of allies to come"),
        (
            "b_r",
            "b_r",
            "normal",
            (0.25, 0.35),
            "E",
            "A",
            _H,
            "response of effort to distrust, sign free",
            "free riding against matching; Becker et al. (2024) find none",
        ),
        (
            "b_d",
            "b_d",
            "normal",
            (0.0, 0.2),
            "E",
            "L",
            _H,
            "response of effort to demands",
            "Becker, Kreps, Poast & Terman (2024): null or negative",
        ),
        ("b_y", "b_y", "normal", (0.2, 0.2), "E", "A", _H, "response of effort to fiscal room", "assumed"),
        (
            "lag_own",
            "L",
            "positive_normal",
            (7.0, 3.0),
            "C",
            "A",
            _H,
            "years from budget to capability, own arms",
            "programmes of the Ministry of Defence",
        ),
        (
            "lag_partner",
            "L_m",
            "positive_normal",
            (2.0, 1.0),
            "C",
            "A",
            _H,
            "years from pact to capability, partners",
            "as lag_own",
        ),
        (
            "delta_K",
            "δ_K",
            "positive_normal",
            (0.07, 0.02),
            "C",
            "L",
            _H,
            "yearly depreciation of forces",
            "depreciation tables of military capital",
        ),
        ("epsilon_e", "ε_e", "normal", (0.25, 0.35), "E", "A", _H, "rearmament elasticity, sign free", "as b_r"),
        (
            "chi_R",
            "χ_R",
            "positive_normal",
            (0.3, 0.3),
            "E",
            "A",
            _H,
            "rapport in public posture",
            "Kuran (1995), exploratory",
        ),
        (
            "chi_F",
            "χ_F",
            "positive_normal",
            (0.3, 0.3),
            "E",
            "A",
            _H,
            "fear in public posture",
            "Kuran (1995), exploratory",
        ),
        (
            "rho_0",
            "ρ_0",
            "normal",
            (-4.6, 0.5),
            "P",
            "A",
            _H,
            "base rate of a cap rising in a quarter (log odds)",
            "two rises in fifty years: .04 a year",
        ),
        ("rho_1", "ρ_1", "normal", (0.5, 0.5), "P", "A", _H, "threat in the cap ratchet", "assumed"),
        ("rho_2", "ρ_2", "normal", (0.5, 0.5), "P", "A", _H, "distrust in the cap ratchet", "assumed"),
        (
            "omega_0",
            "ω_0",
            "positive_normal",
            (0.25, 0.15),
            "E",
            "L",
            _R,
            "weight of another ally's treatment",
            "Crescenzi (2007), Henry (2020) against Press (2005), Mercer (1996): nil",
        ),
        (
            "beta_E",
            "β_E",
            "normal",
            (0.0, 1.0),
            "E",
            "A",
            _R,
            "economic pull on alignment",
            "sign free; Kleinman et al. (2024) find a pull",
        ),
        ("beta_own", "β_own", "normal", (0.0, 1.0), "E", "A", _R, "own treatment in alignment", "sign free"),
        ("beta_S", "β_S", "normal", (0.0, 1.0), "E", "A", _R, "trust in the patron in alignment", "sign free"),
        ("beta_C", "β_C", "normal", (0.0, 1.0), "E", "A", _R, "courtship by the rival in alignment", "sign free"),
        ("beta_z", "β_z", "normal", (0.0, 1.0), "E", "A", _R, "coercion by the rival in alignment", "sign free"),
        (
            "prize",
            "prize/GDP",
            "lognormal",
            (2.5, 0.7),
            "P",
            "L",
            _P,
            "value of prevailing, multiples of US GDP",
            "Alekseev & Lin (2025): revealed prize 2.5 GDP",
        ),
        (
            "pi_J",
            "π_J",
            "unit_normal",
            (0.85, 0.08),
            "P",
            "A",
            _P,
            "share of the ally's forces that pool with the patron's",
            "assumed",
        ),
        ("eta_pi", "η_π", "positive_normal", (0.4, 0.3), "P", "A", _P, "response of pooling to reliability", "assumed"),
    ]
)
