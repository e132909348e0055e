"""Put new files `x_part.py` into the layer of `x` in the import contract of pyproject.toml.

    python tools/place_modules.py [--check]

The order of the layers is written by hand; this fills in and removes parts. A module that belongs to no layer is an
error: give it a line, or a name beside a colon, first. --check writes nothing and fails when something would change.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "foederis"
LIST = re.compile(r"^layers = \[\n(.*?)^\]\n", flags=re.MULTILINE | re.DOTALL)
WIDTH = 114


def modules() -> set[str]:
    """Modules and packages directly below foederis."""
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    return files | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def layers(text: str) -> list[list[str]]:
    """The names of each layer, from the top down, without their parts."""
    lines = re.findall(r'"""(.*?)"""|"(.*?)"', text.replace("\\\n", " "), flags=re.DOTALL)
    names = [re.sub(r"[()]", "", long or short) for long, short in lines]
    found = [[name.strip() for name in line.split(":")] for line in names]
    whole = {name for layer in found for name in layer}
    return [[name for name in layer if not is_part(name, whole)] for layer in found]


def is_part(name: str, names: set[str]) -> bool:
    """True for `x_part` where `x` is among the names."""
    return any(name.startswith(f"{other}_") for other in names)


def placed(order: list[list[str]], present: set[str]) -> list[str]:
    """One line per layer with every module in it; a name without a module stands in parentheses."""
    lines, left = [], set(present)
    for layer in order:
        own = {m for m in present if m in layer or is_part(m, set(layer))}
        absent = [f"({name})" for name in layer if name not in present]
        lines.append(" : ".join([*absent, *sorted(own)]))
        left -= own
    if left:
        raise SystemExit(f"no layer for {', '.join(sorted(left))}; add a line to [tool.importlinter] in pyproject.toml")
    return lines


def rendered(lines: list[str]) -> str:
    """The lines as a TOML list, long ones folded."""
    out = []
    for line in lines:
        parts = textwrap.wrap(line, WIDTH)
        folded = " \\\n  ".join(parts)
        out.append(f'  "{line}",' if len(parts) == 1 else f'  """\\\n  {folded}""",')
    return "layers = [\n" + "\n".join(out) + "\n]\n"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    path = ROOT / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    match = LIST.search(text)
    if match is None:
        raise SystemExit("pyproject.toml has no list of layers")
    new = text[: match.start()] + rendered(placed(layers(match[1]), modules())) + text[match.end() :]
    if options.check:
        return int(new != text)
    path.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
