"""Long tables from a user's file, and the faults found in them: file, row, column, what is wrong, how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from foederis.errors import DataError, Fault

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20  # faults spelled out in the message; all are in `faults`
PER_COLUMN = 50  # faults of one kind kept; the rest is counted


class TableError(DataError):
    """Every fault found in a user's table, in the order of its rows."""

    def __init__(self, faults: Sequence[Fault]):
        self.faults = tuple(sorted(faults, key=lambda f: (f.file, f.line, f.column)))
        lines = [fault.render() for fault in self.faults[:SHOWN]]
        if len(self.faults) > SHOWN:
            lines.append(f"and {len(self.faults) - SHOWN} more faults")
        super().__init__("\n".join(lines))


@dataclass
class Faults:
    """A collector: checks add faults, `raise_if_any` raises them together.

    Rows of a frame are numbered by its index; the file's line is the row plus `offset` (2 for CSV with a header).
    """

    file: str
    found: list[Fault] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    offset: int = 2

    def add(self, row: int, column: str, message: str, cure: str) -> None:
        """Note one fault; `row` is the frame's index, `column` its name (the position is reported)."""
        position = self.columns.index(column) + 1 if column in self.columns else 1
        text = f"column {column!r}: {message}"
        self.found.append(Fault(self.file, row + self.offset, position, "table", text, cure))

    def raise_if_any(self) -> None:
        """Raise TableError when something was found."""
        if self.found:
            raise TableError(self.found)

    def require_columns(self, frame: pd.DataFrame, needed: Sequence[str]) -> None:
        """Raise at once when a column is missing: nothing else can be checked then."""
        self.columns = tuple(str(c) for c in frame.columns)
        for name in needed:
            if name not in self.columns:
                near = difflib.get_close_matches(name, self.columns, 1)
                hint = f"rename {near[0]!r}" if near else "add it"
                have = ", ".join(self.columns)
                self.found.append(
                    Fault(self.file, 1, 1, "table", f"column {name!r} is missing (there are {have})", hint)
                )
        self.raise_if_any()
        if frame.empty:
            self.found.append(Fault(self.file, 1, 1, "table", "no rows", "give at least one row"))
        self.raise_if_any()

    def require_known(self, frame: pd.DataFrame, column: str, known: Sequence[object], what: str) -> None:
        """Every value of the column must be one of `known`."""
        bad = frame.index[~frame[column].isin(list(known))]
        texts = [str(k) for k in known]
        for row in bad[:PER_COLUMN]:
            value = frame.loc[row, column]
            near = difflib.get_close_matches(str(value), texts, 1)
            cure = (
                f"did you mean {near[0]!r}?"
                if near
                else f"use one of the {what}: {', '.join(texts[:12])}" + (" ..." if len(texts) > 12 else "")
            )
            self.add(int(row), column, f"{value!r} is not among the {what}", cure)
        self._count(bad, column)

    def require_number(self, frame: pd.DataFrame, column: str, low: float, high: float, what: str) -> None:
        """Every value of the column must be a number between the bounds."""
        import pandas as pd

        value = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
        wrong = ~(np.isfinite(value) & (value >= low) & (value <= high))
        bad = frame.index[wrong]
        for row in bad[:PER_COLUMN]:
            text = f"{frame.loc[row, column]!r} is not a number in [{low:g}, {high:g}]"
            self.add(int(row), column, text, f"give {what}")
        self._count(bad, column)

    def require_text(self, frame: pd.DataFrame, column: str) -> None:
        """Every value of the column must be a non-empty label."""
        empty = frame[column].isna() | (frame[column].astype(str).str.strip() == "")
        for row in frame.index[empty][:PER_COLUMN]:
            self.add(int(row), column, "no label", "give a code in every row")
        self._count(frame.index[empty], column)

    def require_unique(self, frame: pd.DataFrame, key: Sequence[str]) -> None:
        """No two rows may describe the same cell."""
        twice = frame.index[frame.duplicated(list(key))]
        for row in twice[:PER_COLUMN]:
            label = " / ".join(str(v) for v in frame.loc[row, list(key)])
            self.add(int(row), key[0], f"{label} was given before", "keep one row for each cell")
        self._count(twice, key[0])

    def _count(self, bad: pd.Index, column: str) -> None:
        if len(bad) > PER_COLUMN:
            rest = len(bad) - PER_COLUMN
            self.add(int(bad[PER_COLUMN]), column, f"{rest} more rows have this fault", "mend the column as a whole")


def read_frame(source: str | Path | pd.DataFrame) -> pd.DataFrame:
    """A data frame from a CSV or Parquet file (or a frame, as it is), category columns as plain values.

    Raises DataError when the file is absent, of another kind, or cannot be parsed.
    """
    import pandas as pd

    frame = source.reset_index(drop=True) if isinstance(source, pd.DataFrame) else _read_file(Path(source))
    for column in frame.columns:
        if isinstance(frame[column].dtype, pd.CategoricalDtype):
            frame[column] = frame[column].astype(frame[column].cat.categories.dtype)
    return frame


def faults_of(source: str | Path | pd.DataFrame) -> Faults:
    """An empty collector for a source; a CSV file has a header line, rows of Parquet files and frames count from 1."""
    if not isinstance(source, str | Path):
        return Faults("table", offset=1)
    return Faults(str(source), offset=2 if Path(source).suffix.lower() == ".csv" else 1)


def _read_file(path: Path) -> pd.DataFrame:
    import pandas as pd

    kind = path.suffix.lower()
    if kind not in (".csv", ".parquet"):
        raise DataError(f"{path}: tables are read from .csv or .parquet files, not {kind or 'a bare name'}")
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        if kind == ".csv":
            # Country codes such as NA must stay text; an empty field is a missing value.
            return pd.read_csv(path, keep_default_na=False, na_values=[""])
        return pd.read_parquet(path)
    except (ValueError, OSError, UnicodeDecodeError) as broken:
        raise DataError(f"{path}: cannot be read as {kind[1:]} ({str(broken).splitlines()[0]})") from None
