"""Build `posterior.npz` and its card in src/foederis/data: calibrate every vintage and keep what travels.

    python tools/build_posterior.py [FOLDER_OF_KEPT_FITS]

About twenty minutes on two cores; fits that are in the folder are found again. Afterwards run tools/make_data_page.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

from foederis import calibrate

DATA = Path(__file__).resolve().parents[1] / "src" / "foederis" / "data"


def main() -> None:
    report = calibrate.run(
        sys.argv[1] if len(sys.argv) > 1 else None, progress=lambda text: print(text, file=sys.stderr)
    )
    print(calibrate.render(report))
    calibrate.ship(report, DATA)


if __name__ == "__main__":
    main()
