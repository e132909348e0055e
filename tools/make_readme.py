"""Write the example of README.md, text and picture, from a run of the main job.

    python tools/make_readme.py [--check]

--check writes nothing and fails when the run does not print what the README shows (lines on the solver and on where the
run was saved aside: their last digits differ between machines).
"""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "img" / "us-japan-2025.svg"
PRESET, CHART = "us-japan-2025", "sector-effects.svg"
EXAMPLE = re.compile(r"(<!-- example -->\n```text\n).*?(```\n<!-- /example -->)", flags=re.DOTALL)
VARYING = ("Solver", "Draws", "Saved", "Next")


def run(folder: Path, *options: str) -> str:
    """What the main job prints, run in a folder of its own."""
    command = [sys.executable, "-m", "foederis", "run", PRESET, "--quiet", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def stable(text: str) -> list[str]:
    """The lines that are the same on every machine."""
    return [line.rstrip() for line in text.splitlines() if not line.strip().startswith(VARYING)]


def shown() -> str:
    """The text of the example in the README."""
    match = EXAMPLE.search(README.read_text(encoding="utf-8"))
    if match is None:
        raise SystemExit("README.md has no example between its marks")
    return match[0].removeprefix(match[1]).removesuffix(match[2])


def differences(printed: str) -> list[str]:
    """What differs between the README and what a run printed; empty when they agree and the picture is of that run."""
    there = shown()
    found = list(difflib.unified_diff(stable(there), stable(printed), "README.md", "the run", lineterm="", n=0))
    saved = re.search(r"Saved +runs/[\w-]+-([0-9a-f]+)/", there)
    if saved is None or f"run\u00a0{saved[1]}" not in PICTURE.read_text(encoding="utf-8"):
        found.append("the picture is of another run")
    return found


def check() -> int:
    """0 when the run prints what is shown."""
    with tempfile.TemporaryDirectory() as folder:
        found = differences(run(Path(folder), "--no-save"))
    if found:
        print("\n".join([*found, "run python tools/make_readme.py"]), file=sys.stderr)
    return int(bool(found))


def write() -> int:
    """Run the main job, put its text into the README and its chart beside it."""
    with tempfile.TemporaryDirectory() as folder:
        printed = run(Path(folder))
        (chart,) = Path(folder).glob(f"runs/*/charts/{CHART}")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(chart, PICTURE)
    text = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    page = README.read_text(encoding="utf-8")
    README.write_text(EXAMPLE.sub(lambda m: f"{m[1]}{text}{m[2]}", page), encoding="utf-8")
    return 0


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    return check() if parser.parse_args().check else write()


if __name__ == "__main__":
    sys.exit(main())
