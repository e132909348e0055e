"""Write docs/audit.md: 45 claims, the test of each, and the verdict that the shipped data give.

    python tools/make_audit.py [--check]

--check writes nothing and fails when a verdict of the page is not what the code gives now.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from foederis import audit
from foederis.audit_render import page

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "audit.md"
HEAD = """# Audit of the essay

The essay of January 2025 on tariffs and the alliance of the United States and Japan makes 45 claims. Each stands here
in our own words, with the test that could refuse it and the verdict that the data give. The page is written by
`tools/make_audit.py`; `foederis audit` computes it anew.

A verdict is *supported*, *refined* (true in part, or otherwise than said), *contradicted*, *not identified* (the data
cannot tell), or *not yet due*. It follows from the statistics by a rule that stands beside the test in the code; the
thresholds are constants there. Intervals are 90 %. Survey errors are twice those of sampling alone (Shirani-Mehr,
Rothschild, Goel & Gelman 2018). An audit calibrates nothing, so it reads the years from 2025 on; each test says which
window it used. Where a claim is about the mechanism, the number comes from a run of the model, and parameters that no
data inform move it: read those rows with [what the model leaves out](leaves-out.md).

"""


def text() -> str:
    """The page as the code gives it now."""
    found = audit.run()
    rests = "; ".join(f"{key} {value}" for key, value in found.vintage.items())
    return f"{HEAD}Rests on: {rests}.\n\n{page(found)}"


def verdicts(page_text: str) -> dict[str, str]:
    """Verdicts of the table of a page by claim."""
    return dict(re.findall(r"^\| (\d+) \| [^|]* \| ([a-z ]+) \|", page_text, flags=re.MULTILINE))


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or compare verdicts with --check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    now = text()
    if not options.check:
        PAGE.write_text(now, encoding="utf-8")
        return 0
    old, new = verdicts(PAGE.read_text(encoding="utf-8")), verdicts(now)
    for claim in sorted(set(old) | set(new), key=int):
        if old.get(claim) != new.get(claim):
            print(f"claim {claim}: the page says {old.get(claim)}, the code {new.get(claim)}; run tools/make_audit.py")
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main())
