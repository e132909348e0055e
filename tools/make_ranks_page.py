"""Write docs/ranks.md: whether each block of the calibration finds again what made its data.

    python tools/make_ranks_page.py FOLDER [BLOCK ...]

An hour on one core. Finished blocks are kept in the folder and found again; with blocks named, only these are run, and
the page is written once all are there. After a change of a block's model use a new folder.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
from scipy.special import ndtr

from foederis import calibrate_check as ranks
from foederis import store
from foederis.calibrate_check import Ranks

PAGE = Path(__file__).resolve().parents[1] / "docs" / "ranks.md"
FITS = {"trust": 64, "events": 96, "hedging": 256, "region": 128, "trade": 256, "coercion": 256}
NOTES = {
    "trust": (
        "Slow: on so few publics the chains need thousands of steps, and some never agree. Divergent draws are common"
        " where the truth of a spread is near zero; above 1 % they refuse a fit of real data, and the shipped ones"
        " have fewer."
    ),
    "events": (
        "A chain that starts far off can stay at a false peak, where a principled leader gives the ally next to no"
        " weight (`w_P` near zero) and the fit is worse by 30 to 180 units of log density. Single chains, ranked all"
        " the same, were refused for it. Two chains seldom go there together, and R-hat tells when one does: that is"
        " why many fits are refused here. The shipped draws are at the true peak (`w_P` near 2)."
    ),
    "hedging": (
        "An earlier check of this block failed on chains of 60 draws that were not thinned. Thinned to independent"
        " draws it passes: the model and what simulates it agree."
    ),
    "trade": (
        "This check found a fault. The clustered sandwich gave standard errors that were too narrow, since a few cells"
        " hold most of what is learned; clusters are now left out one by one. On the real panel the standard errors of"
        " the two responses go from 0.59 and 0.76 to 1.21 and 1.74, and the contraction of the posterior from 40 and"
        " 30 % to 22 and 11 %. What is left is the safe fault: intervals a little too wide."
    ),
}


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder, wanted = Path(sys.argv[1]), sys.argv[2:] or list(FITS)
    for block in wanted:
        kept(folder, block, run=True)
    found = [one for one in (kept(folder, block, run=False) for block in FITS) if one is not None]
    if len(found) < len(FITS):
        print(f"no page yet: {len(FITS) - len(found)} blocks are to come", file=sys.stderr)
        return 0
    PAGE.write_text(page(found), encoding="utf-8")
    return 0


def kept(folder: Path, block: str, *, run: bool) -> Ranks | None:
    """Ranks of a block from the folder, made first where they are absent and `run` says so."""
    settings = {"fits": FITS[block], "kept": ranks.KEPT, "sampling": asdict(ranks.SAMPLING)}
    path = folder / f"{block}-{store.sha256_json(settings)[:12]}.json"
    if not path.is_file():
        if not run:
            return None
        found = ranks.check(block, FITS[block])
        store.write_json(path, {**asdict(found), "ranks": {name: v.tolist() for name, v in found.ranks.items()}})
    known = json.loads(path.read_text(encoding="utf-8"))
    return Ranks(**{**known, "ranks": {name: np.array(v) for name, v in known["ranks"].items()}})


def page(found: list[Ranks]) -> str:
    """The page as Markdown."""
    sampling = ranks.SAMPLING
    lines = [
        "# Does calibration find what made the data?",
        "",
        "Written by `tools/make_ranks_page.py`. Do not edit by hand.",
        "",
        "Simulation-based calibration (Talts, Betancourt, Simpson, Vehtari & Gelman 2018), block by block: truths are"
        " drawn from the priors, data are made by the block's equations as written a second time in NumPy, the block is"
        f" fitted, and each truth is ranked among {ranks.KEPT} thinned draws. If prior, likelihood and sampler are"
        " right, every rank is as likely. Designs are small (five publics, six allies); this tests the model and its"
        " code, not the choice of model: for that see [scores.md](scores.md).",
        "",
        "| block | data sets | refused fits | numbers | smallest p value | of | allowed | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        name, p = one.smallest
        lines.append(
            f"| {one.block} | {one.fits + one.refused} | {one.refused} | {len(one.ranks)} | {p:.4f} | `{name}` |"
            f" {ranks.ALPHA / len(one.ranks):.4f} | {one.verdict} |"
        )
    lines += [
        "",
        f"Allowed: {ranks.ALPHA:g} over the numbers of the block, so a right block is refused in one of"
        f" {1 / ranks.ALPHA:.0f} such checks. p values: twice the smaller of two exact Kolmogorov-Smirnov tests, of the"
        f" ranks and of their distance from the middle. {sampling.chains} chains from random starts, {sampling.warmup}"
        f" steps of adaptation, then rounds of {sampling.samples} draws, at most {ranks.LONGEST}, until R-hat is at"
        f" most {ranks.LARGEST_RHAT} and {ranks.KEPT} draws are as good as independent; else the fit is refused, as one"
        " of real data would be, and not ranked. The numbers of a block are its parameters and the scalars sampled"
        " beside them.",
        "",
        "What such a check can see, for a block of fifteen numbers of which one is wrong:",
        "",
        "| fault of the posterior of one number | seen with 64 data sets | with 256 |",
        "|---|---|---|",
        *(
            f"| {told} | {power(64, lean, width):.0%} | {power(256, lean, width):.0%} |"
            for told, lean, width in (
                ("off by a third of its standard deviation", 0.33, 1.0),
                ("off by two thirds", 0.66, 1.0),
                ("standard deviation too small by a quarter", 0.0, 1.33),
                ("too small by half", 0.0, 2.0),
                ("too large by a quarter", 0.0, 0.8),
                ("too large by a half", 0.0, 0.67),
            )
        ),
        "",
    ]
    for one in found:
        if one.block in NOTES:
            lines += [f"- **{one.block}.** {NOTES[one.block]}"]
    return "\n".join(lines) + "\n"


def power(fits: int, lean: float, width: float, numbers: int = 15, times: int = 400) -> float:
    """How often a normal posterior is refused whose truths lie `lean` off, `width` times as far as it says."""
    rng = np.random.default_rng(0)
    seen = [
        ranks.p_value((ndtr(lean + width * rng.normal(size=fits)) * (ranks.KEPT + 1)).astype(int), ranks.KEPT)
        for _ in range(times)
    ]
    return float(np.mean(np.array(seen) < ranks.ALPHA / numbers))


if __name__ == "__main__":
    sys.exit(main())
