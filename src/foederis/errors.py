"""The exception tree and the exit codes of the command line.

    FoederisError                     exit
      UsageError                        2   the command was called wrongly
      ScenarioError                     3   a scenario (or another user's file) is wrong; carries every fault found
      DataError                         4   data are missing, damaged or inconsistent
      SolveError                        5   an equilibrium was refused: residual above tolerance or not finite

Each message names what, where and the cure, on one line; the command line prints it without a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_SCENARIO = 3
EXIT_DATA = 4
EXIT_NOT_CONVERGED = 5
EXIT_INTERRUPTED = 130


class FoederisError(Exception):
    """Root of all errors a user may meet."""

    exit_code = 1


class UsageError(FoederisError):
    """The call itself cannot be carried out: an unknown name, two options that exclude each other."""

    exit_code = EXIT_USAGE


@dataclass(frozen=True)
class Fault:
    """One fault in a user's file: where it is (1-based line and column), its code, what is wrong, how to mend it."""

    file: str
    line: int
    column: int
    code: str
    message: str
    help: str = ""
    excerpt: str = ""

    def render(self) -> str:
        """The fault in the form `file:line:col: error[code]: message`, the source line with a caret, then the help."""
        text = f"{self.file}:{self.line}:{self.column}: error[{self.code}]: {self.message}"
        if self.excerpt:
            number = str(self.line)
            pad = " " * len(number)
            text += f"\n{pad} |\n{number}| {self.excerpt}\n{pad} | {' ' * (self.column - 1)}^"
        if self.help:
            text += f"\n   = help: {self.help}"
        return text


class ScenarioError(FoederisError):
    """Every fault found in a user's file, in the order of the file."""

    exit_code = EXIT_SCENARIO

    def __init__(self, faults: Sequence[Fault]):
        self.faults = tuple(sorted(faults, key=lambda f: (f.file, f.line, f.column)))
        super().__init__("\n".join(f.render() for f in self.faults))


class DataError(FoederisError):
    """Data that are missing, damaged or violate an accounting identity."""

    exit_code = EXIT_DATA


class SolveError(FoederisError):
    """An equilibrium that did not converge; `residuals` maps a market to its residual and `where` names the worst."""

    exit_code = EXIT_NOT_CONVERGED

    def __init__(self, message: str, residuals: dict[str, float] | None = None, where: str = ""):
        self.residuals = dict(residuals or {})
        self.where = where
        super().__init__(message)
