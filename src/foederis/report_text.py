"""A run on the terminal: one honest sentence, a table with intervals, sectors, diversion, what it turns on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from foederis import words, words_names
from foederis.report_alliance import AllianceFindings
from foederis.report_findings import Findings, Number

__all__ = ["BADGES", "WIDTH", "fill", "render", "sentence", "table", "value", "wrapped"]

BADGES = {"D": "data", "L": "literature", "A": "assumption"}
WIDTH = 98


def sentence(found: Findings, allied: AllianceFindings | None = None) -> str:
    """What the run says, in a few sentences that can come out either way."""
    us, jp = (words_names.country_in_text(code) for code in (found.coercer, found.target))
    target, coercer = (_changes(found.numbers[key]) for key in ("target_income", "coercer_income"))
    day = words.day(found.date)
    first = f"With the tariffs in force on {day}, real income in {jp} {target} and in {us} it {coercer}."
    if not found.taxes_target:
        return f"{first} The scenario has no measure of {us} on {jp} beyond the base year's."
    gain = found.numbers["gain"]
    verb = "earns" if gain.median >= 0 else "costs"
    low, high = (gain.low, gain.high) if gain.median >= 0 else (-gain.high, -gain.low)
    size = words.money_estimate(abs(gain.median), low, high)
    second = f"Taxing {jp} in particular {verb} {us} {size} a year"
    if allied is None:
        return (
            f"{first} {second}: it is {words.likely(found.probability_gain)} that {us} gains by it, before any answer"
            f" from {jp} and before what it does to the alliance."
        )
    return f"{first} {second}. {_bargain(found, allied)}"


def _bargain(found: Findings, allied: AllianceFindings) -> str:
    """What the gain is bought with, and whether that is worth it."""
    us, jp = (words_names.country_in_text(code) for code in (found.coercer, found.target))
    mark = allied.marks[0]
    moved, level = allied.numbers[f"trust_change_{mark}"], allied.numbers[f"trust_{mark}"]
    balance = allied.numbers["balance"]
    chance = words.it_is(allied.self_defeat)
    return (
        f"With all that {us} did, trust in it stands at {words.percent(level.median, decimals=0)}"
        f" ({words.interval(level.low, level.high, decimals=0)}) of people in {jp} at the end of {mark[:4]},"
        f" {words.number(moved.median, decimals=0, signed=True)} points"
        f" ({words.interval(moved.low, moved.high, decimals=0, signed=True)}) against the reference; the coalition's"
        f" balance of power {_changes(balance)}. {chance} that coercing {jp} costs {us} more than it earns."
    )


def _changes(n: Number) -> str:
    """A change and its interval as a verb phrase: falls by 0.15 % (−0.21 … −0.10)."""
    return f"{words.change(n.median, n.low, n.high)} ({words.interval(n.low, n.high, signed=True)})"


def render(
    found: Findings, allied: AllianceFindings | None = None, folder: str | None = None, no_alliance: str = ""
) -> str:
    """The whole page as plain text; `no_alliance` says why the alliance was not run."""
    from foederis import report_text_alliance  # it prints with the words of this module

    blocks = [
        _header(found),
        wrapped(sentence(found, allied)),
        _tariffs(found),
        _outcomes(found),
        "" if allied is None else report_text_alliance.outcomes(allied),
        "" if allied is None else report_text_alliance.why(allied),
        "" if allied is None else report_text_alliance.bystanders(allied),
        _sectors(found),
        _diversion(found),
        _turns_on(found),
        _foot(found, folder, allied, no_alliance),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _header(found: Findings) -> str:
    return f"{found.scenario}  vs  {found.compared_with}      {found.draws:,} draws  seed {found.seed}  {found.vintage}"


def _tariffs(found: Findings) -> str:
    us, jp = words_names.country(found.coercer), words_names.country(found.target)
    parts = [
        f"{words_names.authority(name).split(' (')[0]} {words.number(rate, decimals=1)}"
        for name, rate in found.by_authority.items()
    ]
    before, after = (words.percent(rate, decimals=1) for rate in (found.rate_before, found.rate_after))
    lead = f"  {us}: average tariff on goods from {jp}  {before} -> {after}".replace("->", "→")
    detail = f"  points by authority: {', '.join(parts)}" if parts else ""
    return "\n".join(line for line in (f"{lead}   data", detail) if line)


def _outcomes(found: Findings) -> str:
    rows = [
        (n.label, value(n), _interval(n), words.sparkline(n.draws), BADGES[n.badge]) for n in found.numbers.values()
    ]
    return table(("Outcome, per year", "median", "90 % interval", "", "source"), rows, left=(0, 2, 3, 4))


def value(n: Number) -> str:
    """The median with its unit and the decimals that its interval supports."""
    places = _places(n)
    if n.unit == "bn USD":
        text = words.number(n.median, decimals=places)
        sign = words.MINUS if text.startswith(words.MINUS) else ""
        return f"{sign}${text.removeprefix(words.MINUS)} bn"
    return words.percent(n.median, decimals=places, signed=True)


def _interval(n: Number) -> str:
    return words.interval(n.low, n.high, decimals=_places(n), signed=n.unit != "bn USD")


def _places(n: Number) -> int:
    """Decimals that the interval supports: two figures of its width, one where it is wide, at most three."""
    width = abs(n.high - n.low)
    if not width > 0:
        return 2
    if width >= 10:
        return 0
    return 1 if width >= 1 else 2 if width >= 0.1 else 3


def _sectors(found: Findings) -> str:
    if not found.sectors:
        return ""
    us, jp = words_names.country(found.coercer), words_names.country(found.target)
    rows = []
    for row in found.sectors:
        short = row.exports_short_run
        rows.append(
            (
                row.name,
                words.number(row.exports_usd_bn, decimals=1),
                f"{words.number(row.rate_before, decimals=1)} → {words.number(row.rate_after, decimals=1)}",
                f"{value(row.exports)} ({_interval(row.exports)})",
                "" if short is None else value(short),
                f"{value(row.output)} ({_interval(row.output)})",
            )
        )
    head = (f"{jp}'s sectors", "bn USD", "tariff, %", f"exports to {_short(us)}", "short run", "output, volume")
    return table(head, rows, left=(0,))


def _short(name: str) -> str:
    return "the US" if name == "United States" else name


def _diversion(found: Findings) -> str:
    if not found.gainers:
        return ""
    us, jp = words_names.country(found.coercer), words_names.country(found.target)
    lines = [f"  Who sells more to {_short(us)} because {jp} is taxed (bn USD a year, 90 % interval)"]
    parts = [f"{n.label} {words.estimate(n.median, n.low, n.high, signed=True)}" for n in found.gainers]
    lines += ["    " + line for line in fill(parts, WIDTH - 4)]
    return "\n".join(lines)


def _turns_on(found: Findings) -> str:
    if not found.turns_on:
        return ""
    us, jp = words_names.country(found.coercer), words_names.country(found.target)
    lines = [f"  What it turns on (long run; {us}'s gain from taxing {jp}, bn USD | {jp}'s real income, %)"]
    for kind, title in (("closure", "deficits"), ("elasticities", "elasticities")):
        parts = [
            f"{name.replace('_', ' ')} {words.number(gain, decimals=1, signed=True)}"
            f" | {words.number(loss, decimals=2, signed=True)}"
            for k, name, gain, loss in found.turns_on
            if k == kind
        ]
        filled = fill(parts, WIDTH - 18)
        lines += [f"    {title if i == 0 else '':<14}{line}" for i, line in enumerate(filled)]
    return "\n".join(lines)


def _foot(found: Findings, folder: str | None, allied: AllianceFindings | None, no_alliance: str) -> str:
    worst = max(found.residuals, key=lambda market: found.residuals[market])
    rows = [
        (
            "Solver",
            f"worst residual {found.residuals[worst]:.1e} ({worst.replace('_', ' ')})"
            f" over {found.equilibria:,} exact equilibria",
        ),
        *_interpolation(found),
        *_quarters(allied),
        ("Not in it", "finance, plants moving abroad, retaliation not listed, politics inside the ally"),
    ]
    if allied is None:
        rows += [("Alliance", f"not run: {no_alliance}")]
    rows += [("Not used", text) for text in found.unused]
    if folder is not None:
        rows += [
            ("Saved", f"{folder}/"),
            ("Next", f"foederis why trust | breakeven | spillover | hedge | compare {found.scenario} liberation-day"),
        ]
    return "\n".join(f"  {name:<12}{text}" for name, text in rows)


def _quarters(allied: AllianceFindings | None) -> list[tuple[str, str]]:
    if allied is None:
        return []
    error = words.percent(100 * allied.interpolation)
    return [
        (
            "Quarters",
            f"{allied.laws} laws, {allied.equilibria:,} exact equilibria; read off with an error of at most {error}",
        )
    ]


def _interpolation(found: Findings) -> list[tuple[str, str]]:
    if found.interpolation is None:
        return []
    worst, probes = found.interpolation
    error = words.percent(100 * worst)
    return [("Draws", f"read off them; worst error {error} of an interval's half-width, on {probes} exact draws")]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Columns aligned by the width of their text; `left` are the positions of left-aligned columns."""
    cells = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = []
    for row in cells:
        parts = [
            text.ljust(width) if k in left else text.rjust(width)
            for k, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(parts)).rstrip())
    return "\n".join(lines)


def wrapped(text: str) -> str:
    """A paragraph in lines of the page's width."""
    import textwrap

    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def fill(parts: Sequence[str], width: int) -> list[str]:
    """Parts joined by a wide space, as many to a line as fit."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 3 + len(part) <= width:
            lines[-1] += f"   {part}"
        else:
            lines.append(part)
    return lines
