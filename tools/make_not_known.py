"""Write docs/not-known.md: what data do not tell, which numbers are priors, what was lost, what not to conclude.

    python tools/make_not_known.py [--check]

Verdicts come from an audit made now, priors and posteriors from the shipped files, scores from the contests, the fan of
trust from the run that the page opens with; what leads the spread is read from docs/sensitivity.md, which has a command
of its own. --check writes nothing and fails when the page on disk is another.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from foederis import audit, emulator, posterior, priors, score, words
from foederis import simulation_parameters as parameters
from foederis.audit_claims import CLAIMS
from foederis.audit_rules import NOT_IDENTIFIED
from foederis.priors import Parameter
from foederis.scenario_levers import DEFAULT

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "not-known.md"
SENSITIVITY = DOCS / "sensitivity.md"
LEADING = 4  # inputs of an outcome
FREE = 0.10  # of a prior on each side of zero: its sign counts as free
MOVED = 0.5  # prior standard deviations between the means before and after
POINTS = (np.arange(20_000) + 0.5) / 20_000
NEVER: dict[str, tuple[str, str]] = {  # parameter: what it is in a sentence, what would measure it
    "psi": (
        "How much of American power in the theatre cannot be had without the ally's bases",
        "war games played again with and without them, or at least eight experts asked in a fixed form",
    ),
    "b_1": (
        "How far access to bases answers to trust",
        "cases of refused and granted access, with the trust of the day, over several hosts",
    ),
    "epsilon_e": (
        "How far an ally rearms when it trusts less (in the balance; b_r in the panel)",
        "a fall of trust that hits some allies and not others, three and more budgets before and after it",
    ),
    "b_r": (
        "The same, as yearly effort answers to distrust",
        "more polls of trust by ally and year than the panel has, and budgets that no pledge fixed beforehand",
    ),
    "prize": (
        "The price of power: what prevailing is worth to the patron",
        "a second estimate; one published value exists, made for another purpose",
    ),
    "lambda_G": ("How far a deficit lowers the promise", "promises to several allies, with their balances"),
    "lambda_c": ("How far paying raises it", "the terms on which pledges are paid out, and what was promised after"),
    "leader_memory": ("What is still held of a leader who returns", "polls of 2025 to 2028 in ten or more countries"),
}


def page(unidentified: Sequence[str], found: score.Report, sensitivity: str) -> str:
    """The page, given the claims that are not identified, a full report of scores, and the page of sensitivity."""
    parts = [
        "# What we do not know",
        "Written by `tools/make_not_known.py` from the audit, the priors and posteriors, the scores and the page of"
        " sensitivity. Every number is one that `foederis audit`, `foederis assumptions`, `foederis score`,"
        " `foederis sensitivity` or the first screen of `foederis serve` print. Intervals are 90 %.",
        "## Claims that the data cannot tell",
        f"Of {len(CLAIMS)} claims of the essay {len(unidentified)} are not identified: no test that the shipped data"
        " allow could refuse or support them. That is no verdict against a claim. What would decide it:",
        _table(("#", "claim", "what would decide it"), [(c, CLAIMS[c].text, CLAIMS[c].change) for c in unidentified]),
        "## Numbers that are priors",
        *_priors(),
        "## Signs left free",
        *_signs(),
        "## Never measured",
        "Each of these moves the main answers, and no row of data speaks of it, or the rows that do left it as it was."
        " Where the prior has one sign only, that sign is assumed.",
        _never(),
        "## What leads the spread",
        *_leading(sensitivity),
        "## What the scores lost",
        *_lost(found),
        "## Where the first chart is off",
        *_missed(),
        "## What must not be concluded",
        *_conclusions(found, sensitivity),
    ]
    return "\n\n".join(parts) + "\n"


def _priors() -> Iterable[str]:
    """How many parameters of a run data informed, which, and why the others not."""
    drawn = [name for name, p in parameters.parameters().items() if p.family != "fixed"]
    known = {k.known: k for k in posterior.load().estimates.values() if k.known}
    informed = [name for name in drawn if name in known and not known[name].prior_driven]
    tried = [name for name in drawn if name in known and known[name].prior_driven]
    never = [name for name in drawn if name not in known]
    yield (
        f"A run draws {len(drawn)} uncertain numbers. Data to 2024 took a tenth or more off the prior's standard"
        f" deviation of {len(informed)}; {len(tried)} more were fitted and are as wide as before; {len(never)}"
        " could not be fitted at all. Without `--fitted` a run takes all of them from their priors."
    )
    rows = [
        (_label(name), words.percent(100.0 * known[name].contraction, decimals=0), known[name].block)
        for name in sorted(informed, key=lambda n: -known[n].contraction)
    ]
    yield _table(("informed by data", "taken off the prior's sd", "fitted with"), rows)
    moved = [name for name in tried if abs(known[name].mean - known[name].prior_mean) > MOVED * known[name].prior_sd]
    also = f" Moved, though, by more than half of that width: {words.joined(map(_label, moved))}." if moved else ""
    yield f"Fitted, and as wide as the prior: {words.joined([_label(name) for name in tried])}.{also}"
    yield f"Never fitted: {words.joined([_label(name) for name in never])}."
    told = posterior.load().card["left_out"]
    yield "Why some of them were not:\n\n" + "\n".join(f"* {name}: {why}." for name, why in told.items())


def _label(name: str) -> str:
    p = parameters.parameters()[name]
    return f"{p.moves.removesuffix(', sign free')} ({p.symbol})"


def below_zero(p: Parameter) -> float:
    """Chance of a negative value under a prior."""
    return float((priors.quantile(p, POINTS) < 0.0).mean())


def _signs() -> Iterable[str]:
    """Parameters with a tenth or more of the prior on each side of zero, before and after the data."""
    after = posterior.load()
    known = {k.known: k for k in after.estimates.values() if k.known}
    rows = []
    for name, p in parameters.parameters().items():
        before = below_zero(p) if p.family != "fixed" else 0.0
        if not FREE <= before <= 1.0 - FREE:
            continue
        then = "not fitted"
        if name in known:
            drawn = after.draws(posterior.FULL, known[name].block)[name]
            then = words.percent(100.0 * float((drawn < 0.0).mean()), decimals=0)
        rows.append((_label(name), words.percent(100.0 * before, decimals=0), then))
    yield (
        f"{len(rows)} parameters may have either sign. A run averages over both, so its median may stand near zero"
        " where either sign would make it large."
    )
    yield _table(("parameter", "chance of a minus, prior", "after the data"), rows)


def _never() -> str:
    rows = []
    for name, (what, data) in NEVER.items():
        p = parameters.parameters()[name]
        low, middle, high = priors.quantile(p, np.array([0.05, 0.5, 0.95])).tolist()
        share = p.family in ("unit_normal", "uniform", "triangular")
        sign = "either" if below_zero(p) > 0.0 else "a share" if share else "plus only"
        rows.append((f"{what} ({p.symbol})", words.estimate(middle, low, high), sign, p.source, data))
    return _table(("unknown", "prior", "sign", "where the prior is from", "what would measure it"), rows)


def outcomes(sensitivity: str) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """From the page of sensitivity: outcome, its figure, leading inputs with their shares in all, share of priors."""
    found = []
    for section in re.split(r"^## ", sensitivity, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        figure = re.search(r"^`\w+`, [^:]+: (.*)\.$", body, flags=re.MULTILINE)
        rows = re.findall(r"^\| (.+?) \| [^|]+ \| [^|]* \| ([^|]+) \| [^|]* \| [^|]* \| [^|]* \|$", body, re.MULTILINE)
        share = re.search(r"Alone, the inputs explain [^;]+; (\S+(?:\s%)?) is by prior-driven", body)
        if figure is None or share is None or len(rows) < LEADING:
            raise SystemExit(f"{SENSITIVITY} has another form; run python tools/make_sensitivity.py and mend this tool")
        found.append((title, figure[1], rows[1 : LEADING + 1], share[1]))
    return found


def _leading(sensitivity: str) -> Iterable[str]:
    yield (
        "Shares of the variance, with all that an input does jointly; \\* marks what a run takes from its prior"
        " ([sensitivity.md](sensitivity.md))."
    )
    lines = []
    for title, figure, rows, share in outcomes(sensitivity):
        told = "; ".join(f"{name} {total.strip()}" for name, total in rows)
        lines.append(f"* **{title}**: {figure}. Led by {told}. By prior-driven inputs alone: {share}.")
    yield "\n".join(lines)


def _lost(found: score.Report) -> Iterable[str]:
    """Contests that a rival won, and intervals that did not hold."""
    lost = [c for c in found.contests if c.winner != score.OURS]
    rows = []
    for c in lost:
        ours = next(s for s in c.standings if s.name == score.OURS)
        against = next(k for k in c.skills if k.rival == c.winner)
        rows.append(
            (c.title, c.winner, f"{c.standings[0].crps:.3f}", f"{ours.crps:.3f}", f"{against.value:+.2f}", against.told)
        )
    yield f"{len(lost)} of {len(found.contests)} contests were won by a rival ([scores.md](scores.md)):"
    yield _table(("contest", "winner", "its score", "ours", "skill", "told apart?"), rows)


def _missed() -> Iterable[str]:
    """The fan of trust on the first screen beside the polls that were taken, from the run that the page opens with."""
    run = emulator.exact(DEFAULT)
    assert run is not None
    trust = {row["t"]: row for row in run.frames["trust"]}
    own = Counter(poll["pollster"] for poll in run.frames["polls"]).most_common(1)[0][0]
    rows, off, inside = [], {}, {"50": 0, "90": 0}
    for poll in run.frames["polls"]:
        day = dt.date.fromisoformat(poll["t"])
        fan = trust[dt.date(day.year, day.month - (day.month - 1) % 3, 1).isoformat()]
        if poll["pollster"] == own:
            off[words.quarter(day)] = fan["median"] - poll["share"]
            for width in inside:
                inside[width] += fan[f"low{width}"] <= poll["share"] <= fan[f"high{width}"]
        band = [words.interval(fan[f"low{w}"], fan[f"high{w}"], decimals=0) for w in inside]
        middle = words.number(fan["median"], decimals=0)
        rows.append((words.quarter(day), poll["pollster"], words.number(poll["share"], decimals=0), middle, *band))
    worst = max(off, key=lambda when: abs(off[when]))
    mean = words.number(float(np.mean(np.abs(list(off.values())))), decimals=0)
    yield (
        f"The fan of trust (`{DEFAULT}`, run {run.run_id}, from the priors) beside what was asked, in per cent of"
        f" those asked. The fan is of the question of the {own}; others use other words and are not counted."
        f" Of {len(off)} polls its 50 % band holds {inside['50']}, its 90 % band {inside['90']}; the median is off by"
        f" {mean} points on average, and most at {worst}: {words.points(off[worst], decimals=0, signed=True)}."
        f" {_direction(off[worst])}"
    )
    yield _table(("quarter", "poll", "found", "median", "50 %", "90 %"), rows)


def _direction(off: float) -> str:
    more = "more good" if off > 0 else "less good"
    return f"There the model reads {more} into what the patron had done than the public did; acts explain polls poorly."


def _conclusions(found: score.Report, sensitivity: str) -> Iterable[str]:
    """What a reader may be tempted to say, and why not, with the figures at hand."""
    by_name = {c.name: c for c in found.contests}
    polls = [c for c in found.contests if {"trust, no acts", score.OURS} <= set(c.medians)]
    crps = {c.name: {s.name: s.crps for s in c.standings} for c in found.contests}
    better = sum(crps[c.name]["trust, no acts"] < crps[c.name][score.OURS] for c in polls)
    last = by_name["B-effort"]
    held = next(s for s in last.standings if s.name == score.OURS).coverage_90
    net = next(row for row in outcomes(sensitivity) if "power" in row[0])
    lines = [
        f"*That acts of the patron explain the polls.* In {better} of {len(polls)} contests of polls the model without"
        " any acts forecasts better than the one with them.",
        f"*That defence budgets are forecast.* Frozen at 2021, 90 % intervals of effort in 2024 held"
        f" {words.percent(100.0 * held, decimals=0)} of outcomes: war in Europe was not in them.",
        f"*That coercion pays, or does not.* {net[0]}: {net[1]}; {net[3]} of the spread is by inputs that are priors"
        " by themselves.",
        "*That a level means something.* Reliability, access and the balance are of use as changes between worlds. The"
        f" level of reliability rests on this: {parameters.parameters()['r_P'].source}.",
        "*That anything here is a chance of war.* Ratios of risk within a run are printed, levels never.",
        "*That an allied government thinks what its public says.* Polls are of publics; in the model cabinets share"
        " one belief with them, by assumption.",
        "*That what holds for Japan holds for another ally.* Another pair needs data and priors of its own; transfer"
        " was tested for polls and effort only (test C).",
        "*That not identified means false,* or that a narrow interval means known: within one choice of form it leaves"
        " out what other forms would give.",
    ]
    yield "\n".join(f"* {line}" for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main() -> int:
    """Write the page, or check it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true", help="compare, write nothing")
    check = options.parse_args().check
    unidentified = [row.id for row in audit.run().rows if row.verdict == NOT_IDENTIFIED]
    text = page(unidentified, score.run(), SENSITIVITY.read_text(encoding="utf-8"))
    if not check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE} is not what the code gives; run python tools/make_not_known.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
