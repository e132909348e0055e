"""What a run was made from: the manifest that travels with every result, and the run id derived from it."""

from __future__ import annotations

import datetime as dt
import platform as machine
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from foederis import store

__all__ = ["Manifest", "code_sha256", "run_id"]

_REPORTED_LIBRARIES = ("numpy", "jax", "jaxlib", "pandas", "pyarrow", "xarray", "altair", "vl-convert-python")


@dataclass(frozen=True)
class Manifest:
    """The inputs of a run and the certificate of its result. Same inputs, same `run_id`, on any machine.

    `data` maps a data file to its SHA-256, `residuals` a market to its residual (relative, 0 is exact), `options` what
    else determines the result (engine, closure, mobility ...). `platform`, `command`, `created_utc` and `residuals`
    describe and do not enter the id; nor does `code_sha256`, which tells two builds of one version apart.
    """

    scenario_id: str
    scenario_sha256: str
    data: Mapping[str, str]
    seed: int
    draws: int
    options: Mapping[str, Any] = field(default_factory=dict)
    residuals: Mapping[str, float] = field(default_factory=dict)
    command: str = field(default_factory=lambda: _command(sys.argv))
    version: str = field(default_factory=lambda: metadata.version("foederis"))
    code_sha256: str = field(default_factory=lambda: code_sha256())
    platform: Mapping[str, str] = field(default_factory=lambda: _platform())
    created_utc: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))

    @property
    def run_id(self) -> str:
        """Eight hexadecimal digits that name the run."""
        return run_id(self.version, self.scenario_sha256, self.data, self.seed, self.draws, self.options)

    @property
    def folder_name(self) -> str:
        """The name of the run folder: scenario and run id."""
        return f"{self.scenario_id}-{self.run_id}"

    def as_dict(self) -> dict[str, Any]:
        """The manifest as plain values, the run id first; `store.run_folder` adds the files."""
        return {"run_id": self.run_id, **asdict(self)}


def run_id(
    version: str, scenario_sha256: str, data: Mapping[str, str], seed: int, draws: int, options: Mapping[str, Any]
) -> str:
    """First 8 hexadecimal digits of the SHA-256 of everything that determines a result."""
    inputs = {
        "version": version,
        "scenario": scenario_sha256,
        "data": dict(data),
        "seed": seed,
        "draws": draws,
        "options": dict(options),
    }
    return store.sha256_json(inputs)[:8]


def code_sha256(package: Path | None = None) -> str:
    """SHA-256 over names and contents of the package's sources and presets (data files have their own checksums)."""
    root = Path(__file__).parent if package is None else package
    files = sorted(path for pattern in ("*.py", "*.yaml") for path in root.rglob(pattern))
    return store.sha256_json({path.relative_to(root).as_posix(): store.sha256_file(path) for path in files})


def _command(argv: Sequence[str]) -> str:
    """The command line without the folder of the program, which says nothing about the run."""
    import shlex

    return shlex.join([Path(argv[0]).name, *argv[1:]]) if argv else ""


def _platform() -> dict[str, str]:
    """System, machine, Python and the libraries whose version may move a last digit; no host or user name."""
    found = {"system": machine.system(), "machine": machine.machine(), "python": machine.python_version()}
    for library in _REPORTED_LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            found[library] = "not installed"
    return found
