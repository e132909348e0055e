"""Raw tables of the world build: what is read, from where, and the labels every step shares."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FOLDED = ("AGO", "ARE", "COD", "STP")  # economies of the flow cube without a technology table: part of ROW
YEAR = 2022
US = "USA"
_SECTORS = (
    "A01_02 A03 B05_06 B07_08 B09 C10T12 C13T15 C16 C17_18 C19 C20 C21 C22 C23 C24A C24B C25 C26 C27 C28 C29 C301"
    " C302T309 C31T33 SERV"
)
_EU27 = "AUT BEL BGR CYP CZE DEU DNK ESP EST FIN FRA GRC HRV HUN IRL ITA LTU LUX LVA MLT NLD POL PRT ROU SVK SVN SWE"
SECTORS = tuple(_SECTORS.split())
EU27 = tuple(_EU27.split())
MERGED = {"A01": "A01_02", "A02": "A01_02", "B05": "B05_06", "B06": "B05_06", "B07": "B07_08", "B08": "B07_08"}
SPLIT = {"C24": ("C24A", "C24B"), "C30": ("C301", "C302T309")}


@dataclass
class Raw:
    """The raw folder; remembers the checksum of every file read."""

    folder: Path
    sha256: dict[str, str] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """A file of the trade folder, its checksum noted."""
        path = self.folder / "trade" / name
        self.sha256[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return path

    def csv(self, name: str, **options: Any) -> pd.DataFrame:
        """A CSV file of the trade folder."""
        return pd.read_csv(self.path(name), **options)

    def parquet(self, name: str, **options: Any) -> pd.DataFrame:
        """A Parquet file of the trade folder, category columns as plain text."""
        frame = pd.read_parquet(self.path(name), **options)
        for column in frame.columns[frame.dtypes == "category"]:
            frame[column] = frame[column].astype(str)
        return frame


def cube(frame: pd.DataFrame, value: str, axes: dict[str, tuple[str, ...]]) -> np.ndarray:
    """A dense array from a long table: one axis per column of `axes`, cells absent or repeated summed from zero."""
    out = np.zeros([len(labels) for labels in axes.values()])
    index = []
    for column, labels in axes.items():
        code = pd.Categorical(frame[column], categories=list(labels)).codes
        if (code < 0).any():
            unknown = sorted(set(frame[column]) - set(labels))
            raise SystemExit(f"column {column}: codes not expected: {unknown[:8]}")
        index.append(code)
    np.add.at(out, tuple(index), frame[value].to_numpy(dtype=float))
    return out
