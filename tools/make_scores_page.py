"""Write docs/scores.md ("How good is it?") from the shipped posterior and the held-out rows.

    python tools/make_scores_page.py [--check]

--check writes nothing and fails when the page on disk is not the one the scores give.
"""

from __future__ import annotations

import sys
from pathlib import Path

from foederis import score
from foederis.score_render import markdown

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scores.md"


def main() -> int:
    text = markdown(score.run())
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        print(f"{PAGE} is not what the scores give; run python tools/make_scores_page.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
