"""An audit as text for a terminal, as plain values for JSON, and as a page in Markdown."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foederis.audit_claims import CLAIMS
from foederis.audit_rules import VERDICTS, Statistic
from foederis.words_claims_ja import CLAIMS_JA

if TYPE_CHECKING:
    from foederis.audit import Audit, Row

__all__ = ["as_dict", "in_japanese", "page", "render"]

WIDTH = 116
PRINTED = ("contradicted", "refined", "supported", "not yet due", "not identified")  # order of the page
HEADINGS = {
    "contradicted": "Contradicted",
    "refined": "Refined",
    "supported": "Supported",
    "not yet due": "Not yet due",
    "not identified": "Not identified",
}


def render(found: Audit, *, details: bool = True) -> str:
    """The audit as text: verdicts and reasons by claim, then counts. `details` adds test, data and code of each."""
    lines = [found.title, "-" * len(found.title), ""]
    for row in found.rows:
        lines += _entry(row, details)
    return "\n".join([*lines, *_totals(found)])


def _entry(row: Row, details: bool) -> list[str]:
    lines = [
        *_wrapped(f"{row.id} [{row.place}] {row.claim}", ""),
        *_wrapped(f"{row.verdict.upper()}: {row.reason}", "  "),
    ]
    if details:
        told = "; ".join(f"{s.what}: {s.text()} [n {s.n}]" for s in row.statistics.values())
        parts = (("statistic", told), ("test", row.test), ("data", f"{row.data}. Window: {row.window}"),
                 ("would change it", row.change), ("code", row.where))  # fmt: skip
        for name, text in parts:
            lines += _wrapped(f"{name}: {text}", "    ")
    return [*lines, ""]


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_long_words=False)


def _totals(found: Audit) -> list[str]:
    counts = ", ".join(f"{number} {verdict}" for verdict, number in found.counts.items())
    vintage = "; ".join(f"{key} {value}" for key, value in found.vintage.items())
    rests = _wrapped(f"Rests on: {vintage}. {found.seconds:.1f} s.", "")
    return [f"{len(found.rows)} claims: {counts}.", *rests]


def as_dict(found: Audit) -> dict[str, Any]:
    """The audit as values that `json.dumps` takes; numbers that are not finite become None."""
    return {
        "title": found.title,
        "counts": found.counts,
        "vintage": dict(found.vintage),
        "seconds": found.seconds,
        "rows": [
            {
                **{name: getattr(row, name) for name in ("id", "place", "claim", "verdict", "reason", "test", "data")},
                "window": row.window,
                "statistics": {name: _plain(s) for name, s in row.statistics.items()},
                "would_change_it": row.change,
                "code": row.where,
            }
            for row in found.rows
        ],
    }


def in_japanese(plain: Mapping[str, Any]) -> dict[str, Any]:
    """An audit (as `as_dict` gives it) with its claims, and what would change the verdicts, in Japanese; reasons and
    statistics stay as they were computed, in English."""
    return {**plain, "rows": [_in_japanese(row) for row in plain.get("rows", ())]}


def _in_japanese(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["id"] not in CLAIMS_JA or row["claim"] != CLAIMS[row["id"]].text:
        return dict(row)  # a claim of a list of the user's own
    claim, change = CLAIMS_JA[row["id"]]
    return {**row, "claim": claim, "would_change_it": change}


def _plain(s: Statistic) -> dict[str, Any]:
    numbers = {name: _finite(getattr(s, name)) for name in ("value", "low", "high")}
    return {"what": s.what, **numbers, "n": s.n, "unit": s.unit}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def page(found: Audit) -> str:
    """The body of docs/audit.md: what events refuted first, then a table by verdict, then each claim."""
    parts = [_opening(found), "## Verdicts", _table(found.rows)]
    for verdict in PRINTED:
        rows = [row for row in found.rows if row.verdict == verdict]
        if rows:
            parts += [f"## {HEADINGS[verdict]}", *(_section(row) for row in rows)]
    return "\n\n".join(parts) + "\n"


def _opening(found: Audit) -> str:
    against = [row for verdict in ("contradicted", "refined") for row in found.rows if row.verdict == verdict]
    bullets = [f"- **{row.id}** {row.claim} *{row.verdict}.* {row.reason}" for row in against]
    bullets += [
        f"- **{row.id}** {row.claim} *supported.* {row.reason}" for row in found.rows if row.verdict == "supported"
    ]
    counts = ", ".join(f"{found.counts[v]} {v}" for v in VERDICTS)
    return "\n".join(
        [
            f"{len(found.rows)} claims: {counts}.",
            "",
            "What events have already refuted, refined or borne out:",
            "",
            *bullets,
        ]
    )


def _table(rows: Sequence[Row]) -> str:
    head = ["| # | place | verdict | claim |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| {row.id} | {row.place} | {row.verdict} | {row.claim} |" for row in rows)])


def _section(row: Row) -> str:
    told = "\n".join(f"| {s.what} | {s.text()} | {s.n} |" for s in row.statistics.values())
    return "\n".join(
        [
            f"### {row.id}. {row.claim}",
            "",
            f"**{row.verdict}** ({row.place}). {row.reason}",
            "",
            f"*Test.* {row.test}",
            "",
            "| statistic | value and 90 % interval | n |",
            "|---|---|---|",
            told,
            "",
            f"*Data.* {row.data}. *Window.* {row.window}. *Would change it.* {row.change} *Code.* `{row.where}`",
        ]
    )
