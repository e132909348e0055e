"""Rates by formula: `min(10pp, 0.25 * surplus / imports)` as a tree of white-listed parts, never evaluated as code.

Grammar:   sum = product (("+" | "-") product)*      product = sign (("*" | "/") sign)*      sign = "-"? part
           part = number ["%" | "pp"] | name | ("min" | "max") "(" sum ("," sum)+ ")" | "(" sum ")"

Names are yearly goods flows between the importer and the exporter of a measure, in billion USD:

    imports   what the importer buys from the exporter
    exports   what the importer sells to the exporter
    surplus   of the exporter with the importer: imports - exports
    deficit   of the importer with the exporter: the same number

Units are checked: a formula must be a pure number, so money has to be divided by money.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from foederis.scenario_codes import nearest
from foederis.scenario_units import Fail

NAMES = ("surplus", "imports", "exports", "deficit")
FUNCTIONS = ("min", "max")
MAX_LENGTH = 200
MAX_NESTING = 20

_TOKEN = re.compile(r"\s*(?:([0-9]{1,20}(?:\.[0-9]{1,20})?)\s*(%|pp\b)?|([A-Za-z_]\w*)|([-+*/(),]))")


@dataclass(frozen=True)
class Term:
    """A node of the tree: a number, a name, an operator or a function. `money` is its power of money (0: pure)."""

    kind: Literal["number", "name", "+", "-", "*", "/", "min", "max"]
    money: int
    value: float = 0.0
    name: str = ""
    parts: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Formula:
    """A formula for a rate: its text, in one spelling of spaces, and its tree."""

    text: str
    term: Term

    def rate(self, amounts: Mapping[str, float]) -> float:
        """The rate (0.25 = 25 %) for flows in billion USD a year; raises ZeroDivisionError on division by zero."""
        return _evaluate(self.term, amounts)


def parse(text: str) -> Formula:
    """Read a formula; raises Fail("formula") with the place counted in characters."""
    if len(text) > MAX_LENGTH:
        raise Fail("formula", f"a formula of {len(text)} characters", f"at most {MAX_LENGTH}")
    term = _Reader(text).whole()
    if term.money:
        raise Fail("formula", "the formula gives an amount of money, not a rate", "divide by imports, for example")
    return Formula(" ".join(text.split()), term)


class _Reader:
    """Recursive descent over the tokens, with a bound on nesting."""

    def __init__(self, text: str):
        self.text = text
        self.nesting = 0
        self.tokens = self._tokens()
        self.next = 0

    def whole(self) -> Term:
        term = self.sum()
        if self.next < len(self.tokens):
            raise self.fail(f"unexpected {self.tokens[self.next][1]!r}")
        return term

    def sum(self) -> Term:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise Fail("formula", "the formula is nested too deeply", f"at most {MAX_NESTING} levels")
        term = self.product()
        while sign := self.accept("+", "-"):
            other = self.product()
            self.same_unit(sign, (term, other))
            term = Term("+" if sign == "+" else "-", term.money, parts=(term, other))
        self.nesting -= 1
        return term

    def product(self) -> Term:
        term = self.sign()
        while sign := self.accept("*", "/"):
            other = self.sign()
            money = term.money + (other.money if sign == "*" else -other.money)
            term = Term("*" if sign == "*" else "/", money, parts=(term, other))
        return term

    def sign(self) -> Term:
        if self.accept("-"):
            part = self.part()
            return Term("*", part.money, parts=(Term("number", 0, -1.0), part))
        return self.part()

    def part(self) -> Term:
        kind, text = self.take()
        if kind == "number":
            return Term("number", 0, float(text))
        if kind == "name" and text in NAMES:
            return Term("name", 1, name=text)
        if kind == "name" and text in FUNCTIONS:
            return self.call(text)
        if kind == "name":
            cure = nearest(text, (*NAMES, *FUNCTIONS)) or f"allowed: {', '.join((*NAMES, *FUNCTIONS))}"
            raise Fail("formula", f"unknown name {text[:40]!r} in the formula", cure)
        if text != "(":
            raise self.fail(f"unexpected {text!r}")
        term = self.sum()
        self.expect(")")
        return term

    def call(self, name: str) -> Term:
        self.expect("(")
        parts = [self.sum()]
        while self.accept(","):
            parts.append(self.sum())
        self.expect(")")
        if len(parts) < 2:
            raise self.fail(f"{name} needs two values at least")
        self.same_unit(name, parts)
        return Term("min" if name == "min" else "max", parts[0].money, parts=tuple(parts))

    def same_unit(self, what: str, parts: tuple[Term, ...] | list[Term]) -> None:
        if len({part.money for part in parts}) > 1:
            raise Fail("formula", f"{what!r} mixes money with a pure number", "divide money by money first")

    def accept(self, *signs: str) -> str:
        if self.next < len(self.tokens) and self.tokens[self.next][1] in signs:
            self.next += 1
            return self.tokens[self.next - 1][1]
        return ""

    def take(self) -> tuple[str, str]:
        if self.next == len(self.tokens):
            raise self.fail("the formula ends too early")
        self.next += 1
        return self.tokens[self.next - 1]

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            found = repr(self.tokens[self.next][1]) if self.next < len(self.tokens) else "the end"
            raise self.fail(f"{sign!r} expected, {found} found")

    def fail(self, message: str) -> Fail:
        return Fail("formula", message, "an example: min(10pp, 0.25 * surplus / imports)")

    def _tokens(self) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        text, place = self.text.rstrip(), 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if not match:
                rest = text[place:].lstrip()
                raise Fail("formula", f"{rest[:12]!r} does not belong in a formula", "use + - * / min max and numbers")
            place = match.end()
            number, unit, name, sign = match.groups()
            if number:
                tokens.append(("number", repr(float(number) / 100 if unit else float(number))))
            else:
                tokens.append(("name", name) if name else ("sign", sign))
        return tokens


def _evaluate(term: Term, amounts: Mapping[str, float]) -> float:
    if term.kind == "number":
        return term.value
    if term.kind == "name":
        return amounts[term.name]
    values = [_evaluate(part, amounts) for part in term.parts]
    if term.kind in FUNCTIONS:
        return min(values) if term.kind == "min" else max(values)
    left, right = values
    if term.kind == "/":
        return left / right
    return left + right if term.kind == "+" else left - right if term.kind == "-" else left * right
