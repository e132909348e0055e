"""Audit the essay: 45 claims, each with a test that can refuse it, and a verdict computed when you ask.

    found = audit.run()                      # all claims, with one run of the model
    found = audit.run(["5", "34"], run=mine) # some claims, with a run at hand
    print(audit.render(found))               # or audit.as_dict(found) for JSON
    audit.user_claims("claims.yaml")         # your own claims, bound to these tests

A verdict is one of supported, refined, contradicted, not identified, not yet due. It follows from statistics by the
rule that stands beside the test; no verdict is typed in. Rows of 2025 and later are read: an audit calibrates nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foederis import (
    audit_tests_hedging,
    audit_tests_history,
    audit_tests_model,
    audit_tests_region,
    audit_tests_trade,
    audit_tests_trust,
    ensemble_alliance,
    posterior,
    scenario,
    simulation,
    world,
    yamlsource,
)
from foederis.audit_claims import CLAIMS, Claim
from foederis.audit_inputs import ALLY, PATRON, Inputs, gather
from foederis.audit_render import as_dict, render
from foederis.audit_rules import TESTS, VERDICTS, Statistic, Test, Verdict, opposite
from foederis.ensemble_alliance import VARIANTS, Alliance
from foederis.errors import Fault, ScenarioError, UsageError
from foederis.evidence import Table, card

if TYPE_CHECKING:
    from foederis.report import Run

__all__ = ["DRAWS", "Audit", "Row", "as_dict", "model_runs", "render", "run", "user_claims"]

SCENARIO = "us-japan-2025"  # what happened
DRAWS = 1000
SEED = 1
SCHEMA = "foederis/claims/v1"
FIELDS = ("id", "text", "test", "negated")
MODULES = (
    audit_tests_trade,
    audit_tests_trust,
    audit_tests_history,
    audit_tests_hedging,
    audit_tests_region,
    audit_tests_model,
)
Progress = Callable[[str], None]
Pair = tuple[Alliance, Alliance]


@dataclass(frozen=True, eq=False)
class Row:
    """One claim and what became of it. `test` says what was computed, `where` in which function."""

    id: str
    place: str
    claim: str
    test: str
    data: str
    window: str
    statistics: Mapping[str, Statistic]
    verdict: Verdict
    reason: str
    change: str
    where: str


@dataclass(frozen=True, eq=False)
class Audit:
    """All rows, and what they rest on: checksum of the evidence, last recorded day, draws and prior of the run."""

    rows: tuple[Row, ...]
    vintage: Mapping[str, Any]
    seconds: float
    title: str = "The essay's 45 claims"

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows by verdict, in the order of the vocabulary."""
        return {verdict: sum(row.verdict == verdict for row in self.rows) for verdict in VERDICTS}

    def __getitem__(self, id: str) -> Row:
        """The row of a claim; UsageError when it was not audited."""
        for row in self.rows:
            if row.id == id:
                return row
        raise UsageError(f"claim {id!r} was not audited; there are {', '.join(row.id for row in self.rows)}")


def model_runs(draws: int = DRAWS, seed: int = SEED) -> tuple[Alliance, Alliance]:
    """The assembled model under what happened, with each prior on leaders; trade is solved once.

    Raises SolveError or DataError; nothing is returned that did not converge.
    """
    table = world.load()
    loaded = scenario.load(SCENARIO)
    plan = simulation.plan(
        loaded, scenario.load(loaded.compare_to or "us-japan-baseline"), table, horizons=("long run",)
    )
    ours, other = (
        ensemble_alliance.cast_of(PATRON, ALLY, draws=draws, seed=seed, variant=v) for v in list(VARIANTS)[:2]
    )
    first = ensemble_alliance.run_alliance(plan, ours)
    return first, ensemble_alliance.run_alliance(plan, other, trade=first.trade)


def pair_of(run: Pair | Run) -> Pair:
    """The model under both priors, from a run, whose trade serves both; UsageError when the run has no alliance."""
    if isinstance(run, tuple):
        return run
    for result in run.results.values():
        if result.alliance is not None:
            mine = result.alliance.cast
            other = ensemble_alliance.cast_of(
                result.plan.coercer,
                result.plan.target,
                draws=len(mine.numbers),
                seed=mine.seed,
                variant=next(name for name in VARIANTS if name != mine.variant),
                fitted=mine.fitted,
                fixed=result.plan.scenario.assumptions,
            )
            return result.alliance, ensemble_alliance.run_alliance(result.plan, other, trade=result.alliance.trade)
    raise UsageError("the run holds no alliance; leave `run` out, or simulate one")


def run(
    claims: Sequence[str] | None = None,
    evidence: Mapping[str, Table] | None = None,
    run: Pair | Run | None = None,
    *,
    inputs: Inputs | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Audit claims (ids; none named: all).

    `evidence`: tables in place of the shipped ones; `run`: the model under both priors on leaders, as `model_runs`
    gives it, or a `foederis.simulate` run that has both (made here if absent); `inputs`: everything at once. Raises
    UsageError on an unknown claim.
    """
    began = time.perf_counter()
    chosen = list(dict.fromkeys(CLAIMS if claims is None else claims))
    unknown = [id for id in chosen if id not in CLAIMS]
    if unknown:
        raise UsageError(f"no claim {', '.join(map(repr, unknown))}; there are 1 to {len(CLAIMS)}")
    if inputs is None:
        if progress is not None and run is None:
            progress("the model under what happened")
        inputs = gather(*(model_runs() if run is None else pair_of(run)), evidence)
    rows = tuple(_row(CLAIMS[id], TESTS[id], inputs) for id in chosen)
    return Audit(rows, _vintage(inputs), time.perf_counter() - began)


def _row(claim: Claim, test: Test, inputs: Inputs) -> Row:
    found = test.compute(inputs)
    verdict, reason = test.rule.decide(found)
    return Row(
        id=claim.id,
        place=claim.place,
        claim=claim.text,
        test=test.what,
        data=test.data,
        window=test.window,
        statistics=found,
        verdict=verdict,
        reason=reason,
        change=claim.change,
        where=test.where,
    )


def _vintage(inputs: Inputs) -> dict[str, Any]:
    return {
        "evidence": str(card()["sha256"])[:12],
        "posterior": posterior.load().sha256[:12],
        "ledger": inputs.ledger.sha256[:12],
        "world": str(inputs.world.meta.get("vintage", "")),
        "acts until": inputs.as_of.isoformat(),
        "scenario": SCENARIO,
        "draws": len(inputs.run.cast.numbers),
        "seed": inputs.run.cast.seed,
        "priors": f"{inputs.run.cast.variant} and {inputs.other.cast.variant}",
    }


def user_claims(path: str | Path, run_of: Pair | Run | None = None, *, inputs: Inputs | None = None) -> Audit:
    """Audit a user's claims: a YAML file that binds each to a shipped test by the id of its claim.

        schema: foederis/claims/v1
        claims:
          - {id: mine, text: Allies shrug it off., test: "5", negated: true}

    `negated: true` says that the claim denies what the test's claim says: supported and contradicted change places.
    Raises ScenarioError with every fault (file:line:column).
    """
    began = time.perf_counter()
    wanted = _read(Path(path))
    tests = sorted({test for _, _, test, _ in wanted}, key=int)
    base = run(tests, run=run_of, inputs=inputs)
    rows = tuple(_rewritten(base[test], id, text, negated) for id, text, test, negated in wanted)
    return Audit(rows, base.vintage, time.perf_counter() - began, title=f"Claims of {Path(path).name}")


def _rewritten(row: Row, id: str, text: str, negated: bool) -> Row:
    reason = f"The claim denies claim {row.id}. {row.reason}" if negated else row.reason
    verdict = opposite(row.verdict) if negated else row.verdict
    return replace(row, id=id, place=f"test {row.id}", claim=text, verdict=verdict, reason=reason)


def _read(path: Path) -> list[tuple[str, str, str, bool]]:
    """The claims of a file; raises ScenarioError with every fault."""
    parsed = yamlsource.read(path)
    root = parsed.require()
    faults: list[Fault] = []
    if not isinstance(root.data, Mapping):
        raise ScenarioError([root.fault("type", "a mapping with schema and claims is expected")])
    for key, where in root.keys.items():
        if key not in ("schema", "claims"):
            faults.append(where.fault("unknown-field", f"there is no field {key!r}", "use schema and claims"))
    schema, claims = root.entries().get("schema"), root.entries().get("claims")
    if schema is None or schema.data != SCHEMA:
        where = root if schema is None else schema
        faults.append(where.fault("schema", f"schema must be {SCHEMA}", f"begin with schema: {SCHEMA}"))
    if claims is None or not isinstance(claims.data, list | tuple) or not claims.data:
        where = root if claims is None else claims
        faults.append(where.fault("type", "claims must be a list with at least one claim"))
        raise ScenarioError(faults)
    found = [_claim(node, faults) for node in claims.data]
    seen: set[str] = set()
    for node, one in zip(claims.data, found, strict=True):
        if one[0] in seen:
            faults.append(node.fault("duplicate-id", f"the id {one[0]!r} is used twice"))
        seen.add(one[0])
    if faults:
        raise ScenarioError(faults)
    return found


def _claim(node: yamlsource.Node, faults: list[Fault]) -> tuple[str, str, str, bool]:
    if not isinstance(node.data, Mapping):
        faults.append(node.fault("type", "a claim is a mapping with id, text and test"))
        return ("", "", "", False)
    for key, where in node.keys.items():
        if key not in FIELDS:
            faults.append(where.fault("unknown-field", f"there is no field {key!r}", f"use {', '.join(FIELDS)}"))
    values = {}
    for name in ("id", "text", "test"):
        given = node.entries().get(name)
        text = "" if given is None or isinstance(given.data, Mapping | list | tuple) else str(given.data or "")
        if not text.strip():
            faults.append((given or node).fault("missing", f"a claim needs {name}"))
        elif name == "test" and text not in TESTS:
            faults.append(
                (given or node).fault("unknown-test", f"there is no test {text!r}", f"tests are 1 to {len(TESTS)}")
            )
        values[name] = text
    negated = node.entries().get("negated")
    if negated is not None and not isinstance(negated.data, bool):
        faults.append(negated.fault("type", "negated must be true or false"))
    return (values["id"], values["text"], values["test"], bool(negated is not None and negated.data is True))
