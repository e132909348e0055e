"""Cases: another pair of allies than the one the data are shipped for, and what is missing for it.

Trade runs for any pair of economies of the world table. Beliefs, security and the bystanders need data of the pair
itself; none of it is ever borrowed from another pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from foederis import scenario_codes as codes
from foederis import words_names
from foederis.errors import DataError

__all__ = ["Case", "case_of", "missing", "parse", "require", "require_record"]

_PACIFIC = ("JPN", "KOR", "TWN", "AUS", "PHL", "IND", "VNM", "IDN", "SGP")
_ATLANTIC = ("GBR", "FRA", "DEU", "ITA", "POL", "CAN", "JPN", "KOR")
_FILES = {
    "security-{pair}.json": "defence (effort, budgets, caps, rungs, troops, threat)",
    "acts-{pair}.json": "acts (what the patron did to this ally, dated, with sources)",
    "polls-{pair}.json": "polls (how far the ally's public trusts the patron, by date)",
    "region-{pair}.json": "bystanders (starting shares, distances from this ally, value, sticks)",
}
_SUPPLY = {
    "security-{pair}.json": "SIPRI and budget documents, in the layout of security-usa-jpn.json",
    "acts-{pair}.json": "a dated list in the fields of foederis.acts.Act, as acts-usa-jpn.json",
    "polls-{pair}.json": "repeated polls with their wording, as polls-usa-jpn.json",
    "region-{pair}.json": "surveys of alignment and dyadic facts, as region-usa-jpn.json",
}


@dataclass(frozen=True)
class Case:
    """The actors of a case: who coerces whom, the rival, and who watches."""

    coercer: str
    target: str
    rival: str | None
    bystanders: tuple[str, ...]


def parse(name: str) -> tuple[str, str] | None:
    """The pair that a name such as `usa-kor` means, or None when it is no pair of two different economies."""
    parts = tuple(part.upper() for part in name.split("-"))
    if len(parts) != 2 or parts[0] == parts[1] or any(part not in codes.COUNTRIES for part in parts):
        return None
    return parts[0], parts[1]


def case_of(coercer: str, target: str) -> Case:
    """The actors that a new case starts from; the author of the file may name others.

    The rival is Russia where both are members of NATO, else China; the bystanders are the allies and swing states of
    that theatre. DataError when the two are not two economies of the world table, or are of one customs union.
    """
    for code in (coercer, target):
        if code not in codes.COUNTRIES:
            raise DataError(f"{code!r} is not an economy of the world table; list them with: foederis codes countries")
    if coercer == target:
        raise DataError(f"coercer and target are both {coercer}; name two different economies")
    if {coercer, target} <= set(codes.EU27):
        raise DataError(f"{coercer} and {target} are in one customs union; name an economy outside it")
    atlantic = {coercer, target} <= set(codes.GROUPS["nato"])
    rival = "RUS" if atlantic else "CHN"
    if rival in (coercer, target):
        rival = "USA"
    listed = _ATLANTIC if atlantic else _PACIFIC
    watching = tuple(code for code in listed if code not in (coercer, target, rival))
    return Case(coercer, target, None if rival in (coercer, target) else rival, watching)


def missing(coercer: str, target: str) -> tuple[str, ...]:
    """The data that an alliance run of a pair lacks, each with what would supply it; empty where nothing is missing."""
    pair = f"{coercer.lower()}-{target.lower()}"
    found = []
    for name, what in _FILES.items():
        if not _shipped(name.format(pair=pair)):
            found.append(f"{what}: no {name.format(pair=pair)}; it would come from {_SUPPLY[name]}")
    return (*found, *_leaders(coercer, target))


def _leaders(coercer: str, target: str) -> list[str]:
    from foederis import acts_leaders

    known = acts_leaders.countries()
    supply = "it would come from the terms of its heads of government, under leaders of the record of acts"
    lacking = [code for code in (coercer, target) if code not in known]
    return [f"leaders of {words_names.country(code)}: no table of terms; {supply}" for code in lacking]


def _shipped(name: str) -> bool:
    return (resources.files("foederis") / "data" / name).is_file()


def require(coercer: str, target: str) -> None:
    """Refuse a pair that lacks data of its own: DataError naming everything that is missing."""
    lacking = missing(coercer, target)
    if lacking:
        raise DataError(
            f"no alliance run for {coercer}-{target}: {len(lacking)} parts of its data are missing and are not "
            f"borrowed from another pair; the trade part runs. Missing: {'. '.join(lacking)}."
        )


def require_record(coercer: str, target: str) -> None:
    """Refuse a pair without a record of acts of its own: DataError."""
    if not _shipped(f"acts-{coercer.lower()}-{target.lower()}.json"):
        require(coercer, target)


TEMPLATE = """\
# {id}.yaml: a case for foederis, {coercer} and {target}. Check it: foederis check {id}.yaml
# Run the trade part: foederis run {id}.yaml
#
{state}
schema: foederis/scenario/v1
id: {id}
title: "{coercer_name} and {target_name}"
horizon: {{start: 2025-Q1, end: 2036-Q4}}
actors:                           # who coerces whom, against which rival, and who watches; change them as you see fit
  coercer: {coercer}
  target: {target}
{rival}  bystanders: [{bystanders}]
evaluate: 2025-12-31              # the day whose tariffs a run takes

{ledger}
tariffs:                          # who taxes whom, on what, how much, how it stacks, since when, and why we believe it
  - id: flat
    authority: other              # list them: foederis codes authorities
    importer: {coercer}
    exporter: {target}
    sectors: all_goods            # or [C29], {{all_goods_except: [C29]}}, {{hs: [8703]}}, {{goods: [autos]}}
    rate: 10%                     # or by date: {{2025-04-05: 10%, 2025-08-07: 15%}}
    rule: add                     # add: on top of other duties; all_in: a ceiling that includes the normal duty
    from: 2025-04-05
    source: "assumption"

# acts:                           # what else is done, with its date; zeta: the share that the leader chose
#   - {{id: talks, date: 2026-03-01, kind: agreement, title: Talks on trade opened, zeta: 1, source: assumption}}
# responses: {{{target}: {{counter_measures: {{share: 50%}}}}}}     # in kind: half of what {target} faces
"""
_LEDGER = "# ledger: {partners: %s}         # the real US measures since 2025 on this partner, by date, as well\n"


def template(name: str, coercer: str, target: str) -> str:
    """A commented case file for a pair, with the actors filled in and the missing data listed; it loads as it is.

    Raises DataError when the two are not two economies of the world table.
    """
    case = case_of(coercer, target)
    return TEMPLATE.format(
        id=name,
        coercer=coercer,
        target=target,
        coercer_name=words_names.country(coercer),
        target_name=words_names.country(target),
        state=_state(missing(coercer, target)),
        rival="" if case.rival is None else f"  rival: {case.rival}\n",
        bystanders=", ".join(case.bystanders),
        ledger=_LEDGER % target if coercer == "USA" else "",
    )


def _state(lacking: tuple[str, ...]) -> str:
    """The missing data as comments."""
    if not lacking:
        return "# The data of the alliance are shipped for this pair."
    head = (
        "# Not known for this pair, and never borrowed from another one, so that trade runs and the alliance does not:"
    )
    lines = [head]
    for text in lacking:
        what, _, supply = text.partition("; ")
        lines += [f"#   - {what};", f"#     {supply}"]
    return "\n".join(lines)
