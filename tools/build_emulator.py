"""Build the emulators of the page: `python tools/build_emulator.py [PRESET ...]` (default: those of the page).

Each takes the run of the command line, a few hundred exact runs with fewer draws, a fit and a check; finished presets
are kept in a work folder (`--work`), so that an interrupted build goes on. Writes src/foederis/data/emulators.*; run
tools/make_data_page.py after it.
"""

from __future__ import annotations

import argparse
import io
import json
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import foederis as fo
from foederis import emulator_design as design
from foederis import report_page, store
from foederis.emulator import BOUND, FILE
from foederis.report_page import PageData
from foederis.scenario_levers import PAGE_PRESETS, State

DATA = Path(__file__).resolve().parents[1] / "src" / "foederis" / "data"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presets", nargs="*", default=list(PAGE_PRESETS))
    parser.add_argument("--work", type=Path, default=Path("emulator-work"))
    parser.add_argument("--states", type=int, default=design.STATES)
    parser.add_argument("--checked", type=int, default=design.CHECKED)
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for preset in options.presets:
        card = options.work / f"{preset}.json"
        if not card.exists():
            arrays, found = built(preset, options)
            buffer = io.BytesIO()
            np.savez_compressed(buffer, **arrays)
            store.write_bytes(options.work / f"emulator-{preset}.npz", buffer.getvalue())
            store.write_json(card, found)
        print(preset, card.read_text(), flush=True)
        shipped(options.work)
    return 0


def built(preset: str, options: argparse.Namespace) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    begun = time.perf_counter()
    run = fo.simulate(preset, workers=options.workers)
    exact = report_page.page_data(run.results[preset], run.paths[preset], run.run_id)
    about = {"run_id": exact.run_id, "draws": design.DRAWS, "seed": design.SEED}
    if not options.states:  # no surface: the page then asks for exact runs as soon as a lever moves
        return design.alone(exact), {"errors": {}, "worst": {}, "checked": 0, "states": 0, **about}
    lab = design.laboratory(preset)
    base = lab.answer(State(preset))
    states = design.design(preset, options.states + options.checked)
    print(f"{preset}: {len(states)} states from {time.perf_counter() - begun:.0f} s on", flush=True)

    def told(done: int, of: int) -> None:
        if done % 20 == 0:
            print(f"  {done}/{of} {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)

    pages = kept(options.work / f"{preset}-pages.pkl", lambda: design.answers(lab, states, options.workers, told))
    pages = [page if state.levers else base for state, page in zip(states, pages, strict=True)]
    cut = options.states
    made = design.fit(preset, exact, base, states[:cut], pages[:cut])
    made = design.checked(made, base, states[cut:], pages[cut:])
    arrays, card = design.plain(made)
    return arrays, {**card, **about}


def kept(file: Path, make: Callable[[], list[PageData]]) -> list[PageData]:
    """Answers of an earlier build of the same preset, or new ones: the fit can then be tried again at once."""
    if file.exists():
        return pickle.loads(file.read_bytes())
    pages = make()
    file.write_bytes(pickle.dumps(pages))
    return pages


def shipped(work: Path) -> None:
    """Put what is finished beside the other presets shipped; then run tools/make_data_page.py for the checksums."""
    cards, arrays = json.loads((DATA / f"{FILE}.json").read_text())["presets"], {}
    with np.load(DATA / f"{FILE}.npz", allow_pickle=False) as file:
        arrays |= {name: file[name] for name in file.files}
    for preset in [p for p in PAGE_PRESETS if (work / f"{p}.json").exists()]:
        cards[preset] = json.loads((work / f"{preset}.json").read_text())
        arrays = {name: values for name, values in arrays.items() if not name.startswith(f"{preset}.")}
        with np.load(work / f"emulator-{preset}.npz", allow_pickle=False) as file:
            arrays |= {f"{preset}.{name}": file[name] for name in file.files}
    cards = {preset: cards[preset] for preset in PAGE_PRESETS if preset in cards}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    store.write_bytes(DATA / f"{FILE}.npz", buffer.getvalue())
    card = {
        "title": "Emulators of the page",
        "what": "Surfaces through exact runs over the levers, by preset of the page, with the errors that were checked",
        "sha256": store.sha256_file(DATA / f"{FILE}.npz"),
        "draws": design.DRAWS,
        "seed": design.SEED,
        "first_screen": "errors in half-widths of the 90 % interval; self_defeat as a chance",
        "bound": BOUND,
        "presets": cards,
        "sources": [{"publisher": "runs of this model on the files above", "licence": "derived"}],
    }
    store.write_json(DATA / f"{FILE}.json", card)


if __name__ == "__main__":
    sys.exit(main())
