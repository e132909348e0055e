"""Build `score-posterior.npz` and its card in src/foederis/data: the fits that only scores read.

    python tools/build_score_posterior.py [FOLDER_OF_KEPT_FITS]

About half an hour on one core; fits that are in the folder are found again. Afterwards run tools/make_data_page.py and,
in a commit of its own after this one, tools/make_scores_page.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

from foederis import score_freeze

DATA = Path(__file__).resolve().parents[1] / "src" / "foederis" / "data"


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    found = score_freeze.fit(folder, progress=lambda text: print(text, file=sys.stderr, flush=True))
    score_freeze.ship(found, DATA)


if __name__ == "__main__":
    main()
