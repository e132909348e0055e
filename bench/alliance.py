"""How long the alliance takes: its blocks alone, one run from the library, and the whole process of the main job.

    python bench/alliance.py [--draws 2000] [--workers N] [--json FILE]

The blocks run on a path of trade that is at hand, on one thread: three worlds, 80 quarters. The process is
`foederis run us-japan-2025` in an empty folder, charts and files included; its memory is the largest of it and its
workers.
"""

# ruff: noqa: E402  threads are set before NumPy is loaded

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC"):
    os.environ.setdefault(_name, "1")

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

from foederis import ensemble_alliance, scenario, simulation, world
from foederis.ensemble_alliance import cast_of, run_alliance
from foederis.report_alliance import find_alliance

TARGET_SECONDS, TARGET_GIB = 15.0, 2.0
PRESET, BASE = "us-japan-2025", "us-japan-baseline"


def library(draws: int, workers: int | None) -> dict[str, float]:
    """Seconds of each part of a run, called from the library."""
    marks = [time.perf_counter()]

    def lap() -> float:
        marks.append(time.perf_counter())
        return marks[-1] - marks[-2]

    plan = simulation.plan(scenario.load(PRESET), scenario.load(BASE), world.load(), horizons=("long run",))
    seconds = {"plan": lap()}
    cast = cast_of(plan.coercer, plan.target, draws=draws)
    seconds["parameters and surveys"] = lap()
    found = run_alliance(plan, cast, workers=workers)
    whole = lap()
    with mock.patch.object(ensemble_alliance, "solve_path", return_value=found.trade):
        run_alliance(plan, cast, workers=workers)
    seconds["alliance, three worlds"] = lap()
    seconds["trade by quarter"] = whole - seconds["alliance, three worlds"]
    find_alliance(found, "bench")
    seconds["findings"] = lap()
    return seconds


def process(draws: int, workers: int | None) -> tuple[float, float]:
    """Seconds and peak memory (GiB) of the main job as a user runs it."""
    options = [] if workers is None else ["--workers", str(workers)]
    command = [sys.executable, "-m", "foederis", "run", PRESET, "--draws", str(draws), "--quiet", *options]
    environment = {name: value for name, value in os.environ.items() if name != "NPROC"}
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
        seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(done.stderr)
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--draws", type=int, default=2000)
    options.add_argument("--workers", type=int)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    seconds, gib = process(given.draws, given.workers)
    parts = library(given.draws, given.workers)
    print(f"{given.draws} draws, 80 quarters, {os.cpu_count()} cores, {platform.machine()}")
    for name, value in parts.items():
        print(f"  {name:28}{value:8.2f} s")
    met = "met" if seconds < TARGET_SECONDS and gib < TARGET_GIB else "missed"
    target = f"target {TARGET_SECONDS:g} s, {TARGET_GIB:g} GiB: {met}"
    print(f"  {'whole process':28}{seconds:8.2f} s   {gib:.2f} GiB   {target}")
    if given.json:
        given.json.write_text(json.dumps({"seconds": {**parts, "process": seconds}, "peak_gib": gib}, indent=1))


if __name__ == "__main__":
    main()
