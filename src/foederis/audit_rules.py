"""How a verdict comes about: statistics go in, a rule with named thresholds decides, a reason comes out.

A rule is a list of cases tried in order; the first that holds decides. A statistic that a rule needs and that rests on
no rows makes the claim `not identified`, and so does a rule of which no case holds. Verdicts are named here and in
rules, nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from foederis import words

if TYPE_CHECKING:
    from foederis.audit_inputs import Inputs

__all__ = ["CONTRADICTED", "NOT_IDENTIFIED", "NOT_YET_DUE", "REFINED", "SUPPORTED", "TESTS", "VERDICTS", "Case", "Rule",
           "Statistic", "Statistics", "Test", "Verdict", "opposite", "test"]  # fmt: skip

Verdict = Literal["supported", "refined", "contradicted", "not identified", "not yet due"]
SUPPORTED: Final = "supported"
REFINED: Final = "refined"
CONTRADICTED: Final = "contradicted"
NOT_IDENTIFIED: Final = "not identified"
NOT_YET_DUE: Final = "not yet due"
VERDICTS: tuple[Verdict, ...] = (SUPPORTED, REFINED, CONTRADICTED, NOT_IDENTIFIED, NOT_YET_DUE)


@dataclass(frozen=True)
class Statistic:
    """A number with its 90 % interval, the number of rows (or draws) it rests on, its unit and what it is."""

    what: str
    value: float
    low: float
    high: float
    n: int
    unit: str = ""
    decimals: int = 2

    @property
    def known(self) -> bool:
        """Whether it rests on data at all."""
        return self.n > 0 and math.isfinite(self.value)

    @property
    def exact(self) -> bool:
        """Whether it is a count or a fact without an interval."""
        return self.low == self.value == self.high

    @property
    def spans_zero(self) -> bool:
        """Whether the interval holds both signs (or touches zero)."""
        return self.low <= 0.0 <= self.high

    def text(self) -> str:
        """Value, unit and interval, as people read it."""
        if not self.known:
            return "no rows"
        places = 0 if self.exact and self.value == round(self.value) else self.decimals
        value, low, high = (_number(x, places) for x in (self.value, self.low, self.high))
        unit = f" {self.unit}" if self.unit else ""
        return f"{value}{unit}" if self.exact else f"{value}{unit} ({low} to {high})"

    __str__ = text

    def __format__(self, spec: str) -> str:
        return format(self.text(), spec)


Statistics = Mapping[str, Statistic]


def opposite(verdict: Verdict) -> Verdict:
    """The verdict on the denial of a claim: supported and contradicted change places, the others stay."""
    swapped: dict[Verdict, Verdict] = {SUPPORTED: CONTRADICTED, CONTRADICTED: SUPPORTED}
    return swapped.get(verdict, verdict)


def _number(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return "unbounded"
    return words.number(value, decimals=decimals)


@dataclass(frozen=True)
class Case:
    """One line of a rule: the verdict, when it holds, and the sentence for it with {names} of statistics."""

    verdict: Verdict
    when: Callable[[Statistics], bool]
    because: str


@dataclass(frozen=True)
class Rule:
    """Cases in order. `needs` names the statistics without which nothing can be said; `otherwise` is the reason when
    no case holds."""

    cases: tuple[Case, ...]
    needs: tuple[str, ...]
    otherwise: str

    def decide(self, found: Statistics) -> tuple[Verdict, str]:
        """Verdict and reason for these statistics."""
        empty = [found[name].what for name in self.needs if not found[name].known]
        if empty:
            return NOT_IDENTIFIED, f"The data hold no rows for: {'; '.join(empty)}."
        for case in self.cases:
            if case.when(found):
                return case.verdict, case.because.format_map(found)
        return NOT_IDENTIFIED, self.otherwise.format_map(found)


@dataclass(frozen=True)
class Test:
    """A shipped test of one claim. `window` says which years it looked at, `data` what it read."""

    __test__ = False  # not a test of this package

    id: str
    what: str
    compute: Callable[[Inputs], dict[str, Statistic]]
    rule: Rule
    data: str
    window: str

    @property
    def where(self) -> str:
        """Module and function of the code."""
        return f"{self.compute.__module__}.{self.compute.__name__}"


TESTS: dict[str, Test] = {}
Compute = Callable[["Inputs"], dict[str, Statistic]]


def test(id: str, *, rule: Rule, data: str, window: str) -> Callable[[Compute], Compute]:
    """Register a function as the test of a claim; its docstring says what is computed."""

    def register(compute: Compute) -> Compute:
        assert id not in TESTS, id
        what = " ".join((compute.__doc__ or "").split())
        TESTS[id] = Test(id, what, compute, rule, data, window)
        return compute

    return register


test.__test__ = False  # type: ignore[attr-defined]
