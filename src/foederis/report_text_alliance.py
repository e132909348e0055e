"""The alliance on the terminal: its rows of the table, why trust moved, the largest unknowns, bystanders."""

from __future__ import annotations

import math
from collections.abc import Mapping

from foederis import posterior, report_text, words
from foederis.report_alliance import AllianceFindings, Bystander
from foederis.report_findings import Number

__all__ = ["bystanders", "outcomes", "shown", "why"]

SHOWN_BYSTANDERS = 5
SURE = 0.05  # a chance below this, or above one minus it, is not worth a word of doubt


def outcomes(found: AllianceFindings) -> str:
    """The alliance's rows, with interval, shape of the draws and what each rests on."""
    rows = [
        (n.label, shown(n), _interval(n), words.sparkline(n.draws), report_text.BADGES[n.badge])
        for n in found.numbers.values()
    ]
    drawn = ", fitted" if "fitted" in found.variant else ""
    head = (f"Alliance, {found.draws:,} draws{drawn}", "median", "90 % interval", "", "source")
    table = report_text.table(head, rows, left=(0, 2, 3, 4))
    cases = ", ".join(f"{name} {words.probability(share)}" for name, share in found.cases.items() if share > 0.005)
    return (
        f"{table}\n  Costs more than it earns    {words.likely(found.self_defeat)}; at the price of a contest that is"
        f" certain {words.probability(found.self_defeat_annuity)}\n  Of the draws                {cases}"
    )


def shown(n: Number) -> str:
    """The median with its unit and the decimals that its interval supports, of trade or of the alliance."""
    if math.isnan(n.median):
        return "nothing moves"
    if n.unit == "bn USD":
        return report_text.value(n) if _finite(n.median) else "no such price"
    if n.badge == "L":
        return report_text.value(n)
    places = _places(n)
    text = words.number(n.median, decimals=places, signed=n.unit in ("pp", "%"))
    unit = {"% of people": "%", "% of GDP": "%", "%": "%", "pp": " pp"}[n.unit]
    return f"{text}{words.THIN_SPACE if unit == '%' else ''}{unit}"


def _interval(n: Number) -> str:
    if math.isnan(n.median):
        return ""
    if not _finite(n.high):
        low = words.number(n.low, decimals=1) if _finite(n.low) else "no such price"
        return f"{low} {words.ELLIPSIS} none"
    return words.interval(n.low, n.high, decimals=_places(n), signed=n.unit in ("pp", "%"))


def _finite(value: float) -> bool:
    return abs(value) < 1e12


def _places(n: Number) -> int:
    width = abs(n.high - n.low)
    return 0 if width >= 10 else 1 if width >= 1 else 2


def why(found: AllianceFindings) -> str:
    """Why trust moved and what moves the balance: parts that sum, the interaction explicit; the largest unknowns."""
    mark = found.marks[0].replace("-", " ")
    lines = [
        f"  Why trust moved by {mark} (mean points of {found.poll}; they sum)",
        *_parts(found.why_trust, 1),
        f"  What the acts on the ally do to the balance at {mark} (mean per cent; they sum)",
        *_parts(found.terms, 2),
        *_priors(found),
        "  Largest unknowns of the balance (* prior-driven)",
        *(f"    {line}" for line in report_text.fill(_drivers(found), report_text.WIDTH - 4)),
    ]
    return "\n".join(lines)


def _parts(parts: Mapping[str, tuple[float, float, float]], decimals: int) -> list[str]:
    shown = [
        f"{name} {words.number(value, decimals=decimals, signed=True)}"
        for name, (value, _, _) in parts.items()
        if abs(value) >= 0.5 * 10**-decimals or name in ("interaction", "remainder")
    ]
    total = sum(value for value, _, _ in parts.values())
    shown.append(f"sum {words.number(total, decimals=decimals, signed=True)}")
    return [f"    {line}" for line in report_text.fill(shown, report_text.WIDTH - 4)]


def _priors(found: AllianceFindings) -> list[str]:
    """What the answer is under each prior on the share of transactional leaders, and with the rest fitted to data."""
    lines = ["  What the priors decide (chance that the next leader is transactional, before and after)"]
    width = max(len(name) for name in found.priors)
    for name, row in found.priors.items():
        trust = ", ".join(
            f"{mark.replace('-', ' ')} {words.percent(row[f'trust_{mark}'], decimals=0)}" for mark in found.marks
        )
        lines.append(
            f"    {name:<{width}}  {words.number(row['transactional_start'], decimals=2)} →"
            f" {words.number(row['transactional_end'], decimals=2)}; trust {trust}; costs more than it earns"
            f" {words.probability(row['self_defeat'])}"
        )
    if any("fitted" in name for name in found.priors):
        lines.append(
            "    fitted: what data to 2024 inform is taken from calibration (docs/scores.md tells how good it is)"
        )
    return lines


def _drivers(found: AllianceFindings) -> list[str]:
    after = posterior.load()
    return [
        f"{d.moves} {words.percent(100 * d.share, decimals=0)}{' *' if after.prior_driven(d.name) else ''}"
        for d in found.largest[:4]
    ]


def bystanders(found: AllianceFindings) -> str:
    """Bystanders by the size of the median change: own treatment and watching the ally as two numbers."""
    mark = found.marks[0].replace("-", " ")
    ordered = sorted(found.bystanders, key=lambda b: -(b.change.high - b.change.low))[:SHOWN_BYSTANDERS]
    rows = [
        (
            b.name,
            words.percent(b.start, decimals=0),
            _change(b.change),
            _change(b.own),
            _change(b.watching),
        )
        for b in ordered
    ]
    head = (f"Siding with the patron, {mark}", "before", "change, points", "own treatment", "watching the ally")
    known = sum(_signed(b) for b in found.bystanders)
    moved = [f"{name} {words.number(row['siding'], decimals=1, signed=True)}" for name, row in found.priors.items()]
    note = (
        f"  The sign is known for {known} of {len(found.bystanders)}; the priors leave both open. Mean of all, points:"
        f"\n    {'   '.join(moved)}"
    )
    return f"{report_text.table(head, rows)}\n{note}"


def _signed(b: Bystander) -> bool:
    return b.change.low > 0 or b.change.high < 0


def _change(n: Number) -> str:
    places = 0 if abs(n.high - n.low) >= 10 else 1
    middle = words.number(n.median, decimals=places, signed=True)
    return f"{middle} ({words.interval(n.low, n.high, decimals=places, signed=True)})"
