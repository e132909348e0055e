"""Files that are either whole or absent: atomic writes, checksums, the run folder and its manifest.

Every file is built in memory, written to a temporary file in the same folder, synced, and put in place by `os.replace`;
then the folder is synced. A reader, or a machine that loses power, sees the old file or the new one, never a part. A
run folder is filled under a temporary name and renamed once its manifest, with the checksum of every file, is in it.

A failed write (disk full, no permission) raises DataError and leaves what was there before.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import io
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foederis.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = [
    "MANIFEST",
    "canonical_json",
    "checksums",
    "json_text",
    "read_json",
    "read_netcdf",
    "run_folder",
    "sha256_bytes",
    "sha256_file",
    "sha256_json",
    "shipped",
    "sweep_stale",
    "verify",
    "write_bytes",
    "write_json",
    "write_netcdf",
    "write_parquet",
    "write_text",
]

MANIFEST = "manifest.json"
_STALE_AFTER_S = 86_400.0  # a temporary file of this age belongs to a process that was killed
_TEMPORARY = ".part"
_CURE = {
    errno.ENOSPC: "free some space or choose another folder",
    errno.EDQUOT: "free some space or choose another folder",
    errno.EFBIG: "raise the limit on file sizes or choose another folder",
    errno.EACCES: "choose a folder you may write to",
    errno.EPERM: "choose a folder you may write to",
    errno.EROFS: "choose a folder you may write to",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another folder",
    errno.EEXIST: "a file stands where a folder is needed; choose another folder",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's content, in hex; DataError if it cannot be read."""
    try:
        with open(path, "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise _read_error(path, error) from error


def sha256_json(value: Any) -> str:
    """SHA-256 of the canonical JSON of a value: the same for equal values, whatever the order of their keys."""
    return sha256_bytes(canonical_json(value).encode())


def shipped(name: str, absent: str | None = None) -> bytes:
    """A file of the embedded data, checked against the list of checksums.

    Raises DataError when it was changed or cannot be read; `absent` is what to say when it is not there.
    """
    folder = resources.files("foederis") / "data"
    try:
        raw = (folder / name).read_bytes()
        recorded = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        if absent is not None and isinstance(error, FileNotFoundError):
            raise DataError(absent) from None
        raise DataError(f"{name} cannot be read ({error}); install foederis again") from None
    if f"{sha256_bytes(raw)}  {name}" not in recorded:
        raise DataError(f"{name} is not the file of the list of checksums; install foederis again")
    return raw


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces, for hashing; DataError on a number that is not finite."""
    return _json(value, sort_keys=True, separators=(",", ":"))


def json_text(value: Any) -> str:
    """Indented JSON of a value, for people; the same conversions and refusals as `write_json`."""
    return _json(value, indent=2)


def write_bytes(path: str | Path, data: bytes) -> str:
    """Write a file atomically and return the SHA-256 of its content. Missing folders are made.

    Raises DataError if any step fails; up to the last step (the sync of the folder) the old file is still in place.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{_TEMPORARY}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_synced(temporary, data)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return sha256_bytes(data)


def write_text(path: str | Path, text: str) -> str:
    """Write text as UTF-8, atomically; returns its SHA-256."""
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: str | Path, value: Any) -> str:
    """Write a value as indented UTF-8 JSON, atomically; returns the SHA-256 of the file.

    NumPy scalars and arrays, dates, paths and sets are converted; DataError on a number that is not finite.
    """
    return write_text(path, json_text(value) + "\n")


def write_parquet(path: str | Path, frame: pd.DataFrame) -> str:
    """Write a data frame (without its index) as zstd-compressed Parquet, atomically; returns the SHA-256."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", compression="zstd", index=False)
    return write_bytes(path, buffer.getvalue())


def write_netcdf(path: str | Path, tree: xr.DataTree) -> str:
    """Write a DataTree as compressed netCDF-4, atomically; returns the SHA-256. Equal trees give equal bytes."""
    buffer = io.BytesIO()
    tree.to_netcdf(buffer, engine="h5netcdf", encoding=_compression(tree))
    return write_bytes(path, buffer.getvalue())


def read_json(path: str | Path) -> Any:
    """Read JSON; DataError naming file, line and column if it cannot be read."""
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise _read_error(path, error) from error
    except ValueError as error:
        raise DataError(f"{path} is damaged: {error}; make it again") from error


def read_netcdf(path: str | Path) -> xr.DataTree:
    """Read a netCDF file into memory as a DataTree; DataError if it is missing or damaged."""
    import xarray as xr

    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            return tree.load()
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"cannot read {path}: {error}; make it again") from error


def checksums(folder: str | Path) -> dict[str, str]:
    """SHA-256 of every file in a folder and below, by relative path with "/", sorted; the manifest left out."""
    root = Path(folder)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    named = {path.relative_to(root).as_posix(): path for path in files}
    return {name: sha256_file(path) for name, path in named.items() if name != MANIFEST}


def verify(folder: str | Path) -> list[str]:
    """What differs between a run folder and its manifest, one line per file; empty if it is intact."""
    recorded: Mapping[str, str] = read_json(Path(folder) / MANIFEST)["files"]
    found = checksums(folder)
    missing = [f"{name} is missing" for name in recorded if name not in found]
    extra = [f"{name} is not in the manifest" for name in found if name not in recorded]
    changed = [f"{name} was changed" for name in recorded if name in found and found[name] != recorded[name]]
    return missing + changed + extra


@contextlib.contextmanager
def run_folder(target: str | Path, manifest: Mapping[str, Any]) -> Iterator[Path]:
    """A folder to fill; at the end of the block it gets its manifest and appears whole under the name `target`.

    An older folder of that name is replaced. If the block raises, or a write fails, nothing appears, what was there
    before stays, and the partial folder is removed. `manifest` is written with `files` (path to SHA-256) added.
    """
    target = Path(target)
    sweep_stale(target.parent)
    partial = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}{_TEMPORARY}")
    try:
        partial.mkdir(parents=True)
        yield partial
        write_json(partial / MANIFEST, {**manifest, "files": checksums(partial)})
        _put_in_place(partial, target)
    except OSError as error:
        raise _write_error(target, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def sweep_stale(folder: str | Path, older_than_s: float = _STALE_AFTER_S) -> list[Path]:
    """Remove what killed processes left behind in a folder; returns what was removed. Younger files are left alone."""
    oldest_kept = time.time() - older_than_s
    removed = []
    for path in sorted(Path(folder).glob(f".*{_TEMPORARY}")):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest_kept:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                removed.append(path)
    return removed


def _put_in_place(partial: Path, target: Path) -> None:
    """Rename a filled folder to its name; an older one steps aside first and comes back if the rename fails."""
    for folder in [path for path in partial.rglob("*") if path.is_dir()] + [partial]:
        _sync_folder(folder)
    aside = partial.with_name(f"{partial.name.removesuffix(_TEMPORARY)}-old{_TEMPORARY}")
    replaces = target.exists()
    if replaces:
        os.replace(target, aside)
    try:
        os.replace(partial, target)
    except OSError:
        if replaces:
            os.replace(aside, target)
        raise
    if replaces:
        shutil.rmtree(aside) if aside.is_dir() else aside.unlink()
    _sync_folder(target.parent)


def _write_synced(path: Path, data: bytes) -> None:
    with open(path, "xb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename durable. Windows cannot open a folder, and some file systems cannot sync one: both are let pass."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _write_error(path: Path, error: OSError) -> DataError:
    reason = error.strerror or str(error)
    cure = _CURE.get(error.errno or 0, "choose another folder")
    return DataError(f"cannot write {path}: {reason}; nothing was left half-written; {cure}")


def _read_error(path: str | Path, error: OSError) -> DataError:
    return DataError(f"cannot read {path}: {error.strerror or error}; check the name and the permissions")


def _json(value: Any, **style: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain, **style)
    except ValueError as error:
        raise DataError(f"cannot write JSON: {error}; a result is not finite or refers to itself") from error


def _plain(value: Any) -> Any:
    """What JSON cannot say, in what it can; TypeError (a programming error) for anything else."""
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _compression(tree: xr.DataTree) -> dict[str, dict[str, dict[str, Any]]]:
    """zlib for every numeric variable large enough to gain from it."""
    packed = {"zlib": True, "complevel": 4}
    found = {
        node.path: {str(name): packed for name, v in node.data_vars.items() if v.dtype.kind in "fiu" and v.size > 256}
        for node in tree.subtree
    }
    return {path: variables for path, variables in found.items() if variables}
