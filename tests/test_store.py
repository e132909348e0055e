"""Atomic writes, checksums, run folders, manifests: nothing half-written, whatever fails."""

from __future__ import annotations

import builtins
import datetime as dt
import errno
import multiprocessing
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from foederis import store
from foederis.errors import DataError, FoederisError
from foederis.store_manifest import Manifest, code_sha256, run_id

OLD, NEW = b"old content", b"new content, longer than the old"


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".part")]


def tree() -> xr.DataTree:
    draws = xr.Dataset(
        {"welfare": (("draw", "country"), np.arange(600.0).reshape(300, 2), {"units": "%"})},
        coords={"country": ["JPN", "USA"]},
        attrs={"run_id": "1a2b3c4d"},
    )
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs={"foederis_version": "0"}), "/posterior": draws})


def frame() -> pd.DataFrame:
    return pd.DataFrame({"country": ["JPN", "USA"], "median": [-0.16, 0.02]})


def test_a_write_returns_the_checksum_and_makes_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.bin"
    assert store.write_bytes(path, NEW) == store.sha256_file(path) == store.sha256_bytes(NEW)
    assert path.read_bytes() == NEW
    assert not leftovers(tmp_path)


class Failing:
    """A file handle whose write or flush fails with the given error, after half of the bytes."""

    def __init__(self, handle: Any, step: str, code: int):
        self.handle, self.step, self.code = handle, step, code

    def __enter__(self) -> Failing:
        return self

    def __exit__(self, *error: object) -> None:
        self.handle.close()

    def write(self, data: bytes) -> int:
        if self.step == "write":
            self.handle.write(data[: len(data) // 2])
            raise OSError(self.code, os.strerror(self.code))
        return int(self.handle.write(data))

    def flush(self) -> None:
        if self.step == "flush":
            raise OSError(self.code, os.strerror(self.code))
        self.handle.flush()

    def fileno(self) -> int:
        return int(self.handle.fileno())


def inject(monkeypatch: pytest.MonkeyPatch, step: str, code: int) -> None:
    """Let one step of an atomic write fail."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    real_open = builtins.open
    if step == "mkdir":
        monkeypatch.setattr(Path, "mkdir", fail)
    elif step == "open":
        monkeypatch.setattr(builtins, "open", lambda *a, **k: fail() if "x" in str(a[1:]) else real_open(*a, **k))
    elif step in {"write", "flush"}:
        monkeypatch.setattr(builtins, "open", lambda *a, **k: Failing(real_open(*a, **k), step, code))
    else:
        monkeypatch.setattr(os, step, fail)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("step", ["mkdir", "open", "write", "flush", "fsync", "replace"])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(OLD)
    with monkeypatch.context() as patch:
        inject(patch, step, code)
        with pytest.raises(DataError, match=f"cannot write .*file.bin: {os.strerror(code)}"):
            store.write_bytes(path, NEW)
    assert path.read_bytes() == OLD
    assert not leftovers(tmp_path)


def test_the_message_names_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inject(monkeypatch, "fsync", errno.ENOSPC)
    with pytest.raises(FoederisError, match="free some space or choose another folder") as caught:
        store.write_bytes(tmp_path / "file.bin", NEW)
    assert caught.value.exit_code == 4


def test_a_folder_that_cannot_be_synced_is_reported_but_holds_a_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(OLD)
    real, calls = os.fsync, []

    def second_fails(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(handle)

    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises(DataError):
        store.write_bytes(path, NEW)
    assert path.read_bytes() in (OLD, NEW)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_without_folder_sync_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    real, calls = os.fsync, []

    def folder_fails(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(code, os.strerror(code))
        real(handle)

    monkeypatch.setattr(os, "fsync", folder_fails)
    store.write_bytes(tmp_path / "file.bin", NEW)
    assert len(calls) == 2


WRITERS: dict[str, Callable[[Path], str]] = {
    "text": lambda path: store.write_text(path, "−" * 20_000),
    "json": lambda path: store.write_json(path, list(range(20_000))),
    "parquet": lambda path: store.write_parquet(path, pd.DataFrame({"x": np.arange(20_000) ** 0.5})),
    "netcdf": lambda path: store.write_netcdf(path, tree()),
}


def fill_the_disk(kind: str, path: Path) -> None:
    """Write in a process that may not write more than 2 kB to a file; ends with 0 if it was told so."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
    try:
        WRITERS[kind](path)
    except DataError as error:
        os._exit(0 if "cannot write" in str(error) else 2)
    except BaseException:
        os._exit(3)
    os._exit(1)


@pytest.mark.parametrize("kind", WRITERS)
def test_every_writer_survives_a_full_disk(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "result"
    path.write_bytes(OLD)
    process = multiprocessing.get_context("spawn").Process(target=fill_the_disk, args=(kind, path))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert path.read_bytes() == OLD
    assert not leftovers(tmp_path)


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    contents = [bytes([digit]) * 50_000 for digit in b"01"]
    store.write_bytes(path, contents[0])
    stop, seen = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            seen.append(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        store.write_bytes(path, contents[turn % 2])
    stop.set()
    reader.join()
    assert seen
    assert set(seen) <= set(contents)


def test_json_says_what_it_is_given(tmp_path: Path) -> None:
    value = {
        "a": np.float64(0.1),
        "b": np.arange(2),
        "c": dt.date(2025, 8, 7),
        "d": Path("x/y"),
        "e": {"z", "y"},
        "f": "−",
    }
    store.write_json(tmp_path / "f.json", value)
    plain = {"a": 0.1, "b": [0, 1], "c": "2025-08-07", "d": "x/y", "e": ["y", "z"], "f": "−"}
    assert store.read_json(tmp_path / "f.json") == plain


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("nan")])
def test_json_refuses_numbers_that_are_not_finite(tmp_path: Path, value: float) -> None:
    with pytest.raises(DataError, match="not finite"):
        store.write_json(tmp_path / "f.json", {"a": value})
    assert not (tmp_path / "f.json").exists()


def test_damaged_and_missing_files_are_data_errors(tmp_path: Path) -> None:
    store.write_netcdf(tmp_path / "t.nc", tree())
    cut = (tmp_path / "t.nc").read_bytes()[:3000]
    (tmp_path / "t.nc").write_bytes(cut)
    (tmp_path / "f.json").write_text("{")
    with pytest.raises(DataError, match=r"f\.json is damaged: .*line 1 column 2"):
        store.read_json(tmp_path / "f.json")
    with pytest.raises(DataError, match=r"cannot read .*t\.nc"):
        store.read_netcdf(tmp_path / "t.nc")
    for read in (store.read_json, store.read_netcdf, store.sha256_file):
        with pytest.raises(DataError, match="cannot read"):
            read(tmp_path / "absent")


def test_tables_and_trees_come_back_as_written(tmp_path: Path) -> None:
    store.write_parquet(tmp_path / "t.parquet", frame())
    store.write_netcdf(tmp_path / "t.nc", tree())
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), frame())
    back = store.read_netcdf(tmp_path / "t.nc")
    xr.testing.assert_identical(back["posterior"].to_dataset(), tree()["posterior"].to_dataset())
    assert back.attrs["foederis_version"] == "0"


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    assert store.write_netcdf(tmp_path / "a.nc", tree()) == store.write_netcdf(tmp_path / "b.nc", tree())
    assert store.write_parquet(tmp_path / "a.parquet", frame()) == store.write_parquet(tmp_path / "b.parquet", frame())


@given(st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()))
def test_a_hash_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    assert store.sha256_json(value) == store.sha256_json(dict(reversed(value.items())))


def test_a_run_folder_appears_whole_with_its_manifest(tmp_path: Path) -> None:
    target = tmp_path / "runs" / "case-1a2b3c4d"
    with store.run_folder(target, {"run_id": "1a2b3c4d"}) as folder:
        store.write_parquet(folder / "summary.parquet", frame())
        store.write_bytes(folder / "charts" / "a.png", NEW)
        assert not target.exists()
    manifest = store.read_json(target / store.MANIFEST)
    assert manifest["run_id"] == "1a2b3c4d"
    assert manifest["files"]["charts/a.png"] == store.sha256_bytes(NEW)
    assert set(manifest["files"]) == {"charts/a.png", "summary.parquet"}
    assert store.verify(target) == []
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_verify_names_what_was_changed(tmp_path: Path) -> None:
    with store.run_folder(tmp_path / "run", {}) as folder:
        for name in ("kept", "changed", "lost"):
            store.write_bytes(folder / name, OLD)
    (tmp_path / "run" / "changed").write_bytes(NEW)
    (tmp_path / "run" / "lost").unlink()
    (tmp_path / "run" / "added").write_bytes(NEW)
    assert store.verify(tmp_path / "run") == ["lost is missing", "changed was changed", "added is not in the manifest"]


def test_an_older_run_of_the_same_name_is_replaced(tmp_path: Path) -> None:
    for content in (OLD, NEW):
        with store.run_folder(tmp_path / "run", {}) as folder:
            store.write_bytes(folder / "file", content)
    assert (tmp_path / "run" / "file").read_bytes() == NEW
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_run_leaves_nothing_and_keeps_the_older_one(tmp_path: Path, error: type[BaseException]) -> None:
    with store.run_folder(tmp_path / "run", {}) as folder:
        store.write_bytes(folder / "file", OLD)

    def interrupted() -> None:
        with store.run_folder(tmp_path / "run", {}) as folder:
            store.write_bytes(folder / "file", NEW)
            raise error

    with pytest.raises(error):
        interrupted()
    assert (tmp_path / "run" / "file").read_bytes() == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("failing_rename", [1, 2, 3])
def test_a_run_folder_that_cannot_be_renamed_keeps_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing_rename: int
) -> None:
    """Renames at the end: the manifest, the older run out of the way, the new run in place."""
    with store.run_folder(tmp_path / "run", {}) as folder:
        store.write_bytes(folder / "file", OLD)
    real, calls = os.replace, []

    def fail_once(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == failing_rename:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        real(source, target)

    def run() -> None:
        with store.run_folder(tmp_path / "run", {}) as folder:
            (folder / "file").write_bytes(NEW)
            monkeypatch.setattr(os, "replace", fail_once)

    with pytest.raises(DataError, match="Permission denied"):
        run()
    assert (tmp_path / "run" / "file").read_bytes() == OLD
    assert store.verify(tmp_path / "run") == []
    assert not leftovers(tmp_path)


def test_a_killed_run_leaves_no_run_and_is_swept_later(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\nfrom foederis import store\n"
        "with store.run_folder(sys.argv[1] + '/run', {}) as folder:\n"
        "    store.write_bytes(folder / 'file', b'x')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=280)
    assert done.returncode == -9
    assert not (tmp_path / "run").exists()
    assert len(leftovers(tmp_path)) == 1
    assert store.sweep_stale(tmp_path) == []  # young: another process may still be at it
    assert len(store.sweep_stale(tmp_path, older_than_s=-1.0)) == 1
    assert not leftovers(tmp_path)


def manifest(**changes: Any) -> Manifest:
    given: dict[str, Any] = {
        "scenario_id": "us-japan-2025",
        "scenario_sha256": "ab" * 32,
        "data": {"world.npz": "cd" * 32},
        "seed": 1,
        "draws": 500,
        "options": {"closure": "purged"},
        "residuals": {"labour market": 3e-12},
        "version": "0.1.0",
    }
    return Manifest(**{**given, **changes})


def test_same_inputs_same_run_id() -> None:
    plain = manifest()
    assert plain.run_id == manifest(command="elsewhere", residuals={}, platform={}, created_utc="later").run_id
    assert plain.run_id == run_id("0.1.0", "ab" * 32, {"world.npz": "cd" * 32}, 1, 500, {"closure": "purged"})
    assert plain.folder_name == f"us-japan-2025-{plain.run_id}"
    assert len(plain.run_id) == 8
    assert int(plain.run_id, 16) >= 0


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "0.1.1"},
        {"scenario_sha256": "ac" * 32},
        {"data": {"world.npz": "ce" * 32}},
        {"seed": 2},
        {"draws": 501},
        {"options": {"closure": "fixed_share"}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_any_other_input_is_another_run(changes: dict[str, Any]) -> None:
    assert manifest(**changes).run_id != manifest().run_id


def test_the_manifest_is_complete_and_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/foederis", "run", "a b.yaml"])
    written = manifest().as_dict()
    store.write_json(tmp_path / "m.json", written)
    assert store.read_json(tmp_path / "m.json") == written
    assert written["command"] == "foederis run 'a b.yaml'"
    assert dt.datetime.fromisoformat(written["created_utc"]).utcoffset() == dt.timedelta(0)
    assert {"python", "system", "machine", "numpy", "jax", "xarray"} <= set(written["platform"])
    expected = {"run_id", "version", "code_sha256", "scenario_id", "scenario_sha256", "data", "seed", "draws"}
    assert expected | {"options", "residuals", "platform", "command", "created_utc"} == set(written)


def test_the_code_hash_sees_every_source(tmp_path: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "presets" / "p.yaml").write_text("id: p\n")
    hashes = [code_sha256(tmp_path)]
    for path, text in ((tmp_path / "a.py", "x = 2\n"), (tmp_path / "presets" / "p.yaml", "id: q\n")):
        path.write_text(text)
        hashes.append(code_sha256(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    hashes.append(code_sha256(tmp_path))
    assert len(set(hashes)) == 4
    assert code_sha256() == code_sha256()


def test_importing_the_store_is_cheap() -> None:
    program = "import sys, foederis.store, foederis.store_manifest; print(*(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=280)
    assert not {"pandas", "xarray", "jax", "altair", "pyarrow", "numpy"} & set(done.stdout.split())
