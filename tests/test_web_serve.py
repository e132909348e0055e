"""The command `serve` as a user starts and stops it, and the process behind it."""

from __future__ import annotations

import asyncio
import pickle
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from foederis import cli_web, store
from foederis.web import job, orders
from foederis.web.limits import Settings
from web_case import Stand, serving

COMMAND = (sys.executable, "-m", "foederis", "serve", "--no-open", "--port", "0")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def started() -> tuple[subprocess.Popen[str], str]:
    """A server in a process of its own, and its address."""
    process = subprocess.Popen(COMMAND, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    address = re.search(r"http://\S+?/(?= )", line)
    assert address, line
    return process, address[0]


def wait_until_ready(address: str) -> None:
    """Wait until it says that it is ready."""
    until = time.monotonic() + 280
    while time.monotonic() < until:
        try:
            if httpx.get(f"{address}healthz", timeout=100).json()["ready"]:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("never ready")


def below(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:  # it ended, perhaps while we looked
        return False


def gone(pids: list[int], seconds: float = 60.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(map(alive, pids)):
            return True
        time.sleep(0.05)
    return False


@linux
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_serve_leaves_nothing_behind(sent):
    """Stopped in the middle of a run, in whatever way, it takes with it everything that it started."""
    process, address = started()
    with process:
        try:
            wait_until_ready(address)
            httpx.post(f"{address}api/v1/runs", json={"scenario": "july-2025-deal"}, timeout=100)
            children = below(process.pid)
            assert children  # the process that runs the model
            while not (workers := [pid for child in children for pid in below(child)]):
                time.sleep(0.05)
            process.send_signal(sent)
            process.wait(60)
            assert gone([*children, *workers])
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()
    expected = {signal.SIGINT: (0, 130), signal.SIGTERM: (0, -signal.SIGTERM), signal.SIGKILL: (-signal.SIGKILL,)}
    assert process.returncode in expected[sent]


def test_the_server_answers_before_it_is_ready_and_says_so():
    """What has to be loaded is loaded beside the answers; the job process is the last of it."""

    class Slow(Stand):
        loaded = False

        async def start(self) -> None:
            while not self.loaded:
                await asyncio.sleep(0.01)

    slow = Slow()
    with serving(Settings(warm=True), slow) as client:
        told = client.get("/healthz")
        assert (told.status_code, told.json()["ready"]) == (200, False)
        assert client.get("/api/v1/levers").status_code == 200
        slow.loaded = True
        wait_until_ready(f"{client.base_url}/")


def test_a_port_in_use_is_said_with_the_cure():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND[:-1], port], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "choose another" in done.stderr
    assert "Traceback" not in done.stderr


def test_small_answers_do_not_wait_for_an_echo():
    """The event loop turns off Nagle's delay of 40 ms only on sockets that are named as TCP."""
    with cli_web._listening("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_run_folder_is_kept_where_one_was_asked_for_and_the_run_is_not_made_twice(tmp_path, monkeypatch):
    import foederis as fo

    made = []

    def simulate(order: orders.Order, tell: object = None) -> fo.Run:
        made.append(order.id)
        return fo.simulate("before-2025", draws=20, alliance_draws=20)

    monkeypatch.setattr(job, "simulate", simulate)
    bench, order = job.Bench(), orders.run(orders.source("before-2025", None), 20, 20)
    kept = bench.answer(job.Task(order, tmp_path / "runs"), lambda *_: None)
    assert kept is not None
    folder = Path(kept.folder)
    assert folder == tmp_path / "runs" / f"before-2025-{kept.run_id}"
    assert store.verify(folder) == []
    assert bench.answer(job.Export(order, tmp_path / "x.nc"), lambda *_: None) is None
    assert store.sha256_file(tmp_path / "x.nc") == store.sha256_file(folder / "results.nc")
    assert made == [order.id]


@linux
def test_the_job_process_speaks_only_in_messages():
    """What a library prints goes to the log, not between the messages."""
    code = "import sys; from foederis.web import job; job._warm = lambda: print('noise', flush=True); job.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, timeout=280, check=True
    )

    assert pickle.loads(done.stdout) == ("ready",)
    assert b"noise" in done.stderr
