"""Write docs/scores.md ("How good is it?") and its pictures from the shipped posteriors and the held-out rows.

    python tools/make_scores_page.py [--check]

--check writes nothing and fails when the page or a picture on disk is not the one the scores give.
"""

from __future__ import annotations

import sys
from pathlib import Path

from foederis import charts_style, score, score_charts
from foederis.score_page import markdown

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "scores.md"


def files(report: score.Report) -> dict[Path, str]:
    """The page and its pictures as the scores give them."""
    drawn = score_charts.charts(report)
    return {PAGE: markdown(report)} | {DOCS / "img" / f"{n}.svg": charts_style.svg(c) for n, c in drawn.items()}


def main() -> int:
    wrong = 0
    for path, text in files(score.run()).items():
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            print(f"{path} is not what the scores give; run python tools/make_scores_page.py", file=sys.stderr)
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
