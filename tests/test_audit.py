"""The audit: 45 rows computed by rules, the same on every run, in own words, with a page that agrees."""

from __future__ import annotations

import ast
import importlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit_case import found, inputs, runs
from foederis import audit, audit_measure
from foederis.audit_claims import CLAIMS
from foederis.audit_render import in_japanese, page
from foederis.audit_rules import TESTS, VERDICTS, Case, Rule, Statistic, opposite
from foederis.errors import ScenarioError, UsageError
from foederis.words_claims_ja import CLAIMS_JA

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "foederis"
NAMES = ("SUPPORTED", "REFINED", "CONTRADICTED", "NOT_IDENTIFIED", "NOT_YET_DUE")


# Rows


def test_there_are_45_claims_and_each_has_a_test_and_a_verdict() -> None:
    assert list(CLAIMS) == [str(k) for k in range(1, 46)]
    assert set(TESTS) == set(CLAIMS)
    assert [row.id for row in found().rows] == list(CLAIMS)
    assert sum(found().counts.values()) == 45
    for row in found().rows:
        assert row.verdict in VERDICTS
        assert row.reason.endswith("."), row.id
        assert "{" not in row.reason, row.id
        assert all((row.statistics, row.data, row.window, row.change, row.test)), row.id


def test_every_row_leads_to_the_function_that_computed_it() -> None:
    for row in found().rows:
        module, _, name = row.where.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name)), row.where


def test_a_statistic_lies_in_its_interval() -> None:
    for row in found().rows:
        for name, s in row.statistics.items():
            if s.known:
                assert s.low <= s.value <= s.high, (row.id, name)
                assert s.n > 0
            else:
                assert s.text() == "no rows"


def test_the_same_inputs_give_the_same_audit() -> None:
    again = audit.run(["5", "21", "38"], inputs=replace(inputs()))
    for row in again.rows:
        assert row.statistics == found()[row.id].statistics
        assert row.reason == found()[row.id].reason


def test_an_unknown_claim_is_refused() -> None:
    with pytest.raises(UsageError, match="no claim '46'"):
        audit.run(["1", "46"], inputs=inputs())
    with pytest.raises(UsageError, match="was not audited"):
        found()["0"]


def test_a_run_at_hand_is_used() -> None:
    assert audit.pair_of(runs()) is runs()
    one = audit.run(["36"], run=runs())
    assert one["36"].statistics == found()["36"].statistics
    assert one.vintage["draws"] == len(runs()[0].cast.numbers)


# Rules


def test_no_verdict_is_named_outside_a_rule() -> None:
    """The names of verdicts stand in the first place of a `Case` only, and their words in the module of rules only."""
    for path in sorted(SOURCE.glob("audit*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        allowed = {id(node.args[0]) for node in ast.walk(tree)
                   if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Case"}  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in NAMES and path.name != "audit_rules.py":
                assert id(node) in allowed, f"{path.name}:{node.lineno} names {node.id} outside a rule"
            if isinstance(node, ast.Constant) and node.value in VERDICTS and path.name.startswith("audit_tests"):
                pytest.fail(f"{path.name}:{node.lineno} types in the verdict {node.value!r}")
    text = (SOURCE / "audit_claims.py").read_text(encoding="utf-8")
    assert not [word for word in VERDICTS if re.search(rf"\b{word}\b", text)]


def test_tests_never_see_a_verdict() -> None:
    """A test hands statistics to its rule and nothing else."""
    for test in TESTS.values():
        result = test.compute(inputs())
        assert all(isinstance(s, Statistic) for s in result.values()), test.id
        assert set(test.rule.needs) <= set(result), test.id


def test_every_threshold_is_a_named_constant() -> None:
    """Numbers in the conditions of rules are 0, 1, a count of what there is, or a name."""
    for path in sorted(SOURCE.glob("audit_tests_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Lambda):
                bare = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
                assert set(bare) <= {0.0, 1.0, 0.5}, f"{path.name}:{node.lineno} {bare}"


def test_without_rows_a_claim_is_not_identified_and_says_what_is_missing() -> None:
    rule = Rule((Case("supported", lambda s: True, "Yes."),), ("x",), "No case.")
    assert rule.decide({"x": audit_measure.none("the series")}) == (
        "not identified",
        "The data hold no rows for: the series.",
    )
    assert rule.decide({"x": audit_measure.fact("x", 1.0)}) == ("supported", "Yes.")
    never = Rule((Case("supported", lambda s: False, "Yes."),), ("x",), "At {x}.")
    assert never.decide({"x": audit_measure.fact("x", 2.0)}) == ("not identified", "At 2.")


def test_the_first_case_that_holds_decides() -> None:
    rule = Rule((Case("refined", lambda s: s["x"].value > 1, "a"), Case("supported", lambda s: True, "b")), ("x",), "")
    assert rule.decide({"x": audit_measure.fact("x", 2.0)})[0] == "refined"
    assert rule.decide({"x": audit_measure.fact("x", 0.5)})[0] == "supported"


def test_the_denial_of_a_claim_turns_two_verdicts_and_leaves_three() -> None:
    assert [opposite(v) for v in VERDICTS] == ["contradicted", "refined", "supported", "not identified", "not yet due"]


# Measures


def test_a_poll_change_has_twice_the_sampling_error() -> None:
    s = audit_measure.poll_change("x", (0.5, 1000.0), (0.4, 1000.0))
    se = np.sqrt(0.5 * 0.5 / 1000 + 0.4 * 0.6 / 1000)
    assert s.value == pytest.approx(-10.0)
    assert s.high - s.low == pytest.approx(2 * 1.6448536 * 2 * 100 * se)
    assert not audit_measure.poll_change("x", None, (0.4, 1000.0)).known


def test_intervals_cover_what_they_should() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(60):
        x = rng.normal(size=40)
        y = 0.5 * x + rng.normal(size=40)
        s = audit_measure.slope("x", y, np.column_stack([x, np.ones(40)]), np.arange(40))
        hits += s.low <= 0.5 <= s.high
    assert 46 <= hits <= 60
    assert audit_measure.share("x", 0, 0).known is False
    assert audit_measure.share("x", 9, 10).low > 0.5
    assert audit_measure.rate_ratio("x", 10, 1.0, 10, 10.0).low > 1.0


def test_two_heaps_are_told_from_one() -> None:
    rng = np.random.default_rng(4)
    one = rng.normal(size=200)
    two = np.concatenate([rng.normal(-4, 1, 100), rng.normal(4, 1, 100)])
    assert audit_measure.modes(one) > 0.10
    assert audit_measure.modes(two) < 0.05
    assert audit_measure.modes(np.ones(10)) == 1.0


def test_a_half_life_is_found() -> None:
    rng = np.random.default_rng(5)
    rows = []
    for code in "ABCDEFGHIJ":
        value = 0.0
        for year in range(1900, 2000):
            value = 0.8 * value + rng.normal()
            rows.append((code, year, value))
    found_ = audit_measure.half_life(rows)
    assert np.quantile(found_, 0.05) < np.log(0.5) / np.log(0.8) < np.quantile(found_, 0.95) * 1.3
    assert len(audit_measure.half_life(rows[:300])) == 0


# Pages


def test_text_and_json_tell_the_same() -> None:
    text, values = audit.render(found()), audit.as_dict(found())
    json.dumps(values, allow_nan=False)
    assert len(values["rows"]) == 45
    flat = " ".join(text.split())
    for row in values["rows"]:
        assert f"{row['verdict'].upper()}: {row['reason']}" in flat, row["id"]
        assert row["code"] in flat
    short = audit.render(found(), details=False)
    assert len(short) < len(text)
    assert max(map(len, short.splitlines())) <= 116


def test_claims_are_told_in_japanese_and_what_was_computed_stays() -> None:
    assert list(CLAIMS_JA) == list(CLAIMS)
    texts = [text for pair in CLAIMS_JA.values() for text in pair]
    assert len(set(texts)) >= len(texts) - 2  # two claims may wait for the same thing
    assert not [text for text in texts if not re.search("[ぁ-ん]", text) or not text.endswith("。")]
    plain = audit.as_dict(found())
    told = in_japanese(plain)
    for before, after in zip(plain["rows"], told["rows"], strict=True):
        assert (after["claim"], after["would_change_it"]) == CLAIMS_JA[before["id"]]
        assert {k: after[k] for k in ("verdict", "reason", "statistics")} == {
            k: before[k] for k in ("verdict", "reason", "statistics")
        }
    own = {**plain, "rows": [{**plain["rows"][0], "claim": "Ours."}]}
    assert in_japanese(own) == own


def test_the_page_opens_with_what_events_refuted() -> None:
    text = page(found())
    head = text[: text.index("## Verdicts")]
    for row in found().rows:
        assert (f"- **{row.id}** " in head) is (row.verdict in ("contradicted", "refined", "supported")), row.id
    order = re.findall(r"- \*\*(\d+)\*\*", head)
    kinds = [found()[row_id].verdict for row_id in order]
    assert kinds == sorted(kinds, key=("contradicted", "refined", "supported").index)


def test_claims_are_in_own_words() -> None:
    """No run of six words of a claim stands in the essay, where it is at hand."""
    essay = ROOT.parent / "shared" / "design" / "essay.txt"
    if not essay.is_file():
        pytest.skip("the essay is not here")
    plain = re.sub(r"[^a-z ]", " ", essay.read_text(encoding="utf-8").lower())
    known = " ".join(plain.split())
    for claim in CLAIMS.values():
        words = re.sub(r"[^a-z ]", " ", claim.text.lower()).split()
        runs_ = [" ".join(words[k : k + 6]) for k in range(len(words) - 5)]
        assert not [run for run in runs_ if run in known], claim.id


# A user's own claims

GOOD = """schema: foederis/claims/v1
claims:
  - {id: shrug, text: Trust did not suffer., test: "4", negated: true}
  - id: sticks
    text: Beijing would woo Tokyo.
    test: 34
"""


def test_a_users_claims_are_bound_to_shipped_tests(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD, encoding="utf-8")
    mine = audit.user_claims(file, inputs=inputs())
    assert [row.id for row in mine.rows] == ["shrug", "sticks"]
    assert mine["shrug"].verdict == opposite(found()["4"].verdict)
    assert mine["shrug"].reason.startswith("The claim denies claim 4.")
    assert mine["sticks"].verdict == found()["34"].verdict
    assert mine["sticks"].claim == "Beijing would woo Tokyo."
    assert "Claims of mine.yaml" in audit.render(mine)


@pytest.mark.parametrize(
    ("old", "new", "where", "code"),
    [
        ('test: "4"', 'test: "99"', "3:52", "unknown-test"),
        ("text: Trust did not suffer., ", "", "3:5", "missing"),
        ("foederis/claims/v1", "foederis/claims/v9", "1:9", "schema"),
        ("negated: true", "negated: perhaps", "3:66", "type"),
        ("negated: true", "denied: true", "3:57", "unknown-field"),
        ("id: sticks", "id: shrug", "4:5", "duplicate-id"),
        ("claims:", "claim:", "2:1", "unknown-field"),
    ],
)
def test_a_fault_says_where_it_is(tmp_path: Path, old: str, new: str, where: str, code: str) -> None:
    file = tmp_path / "mine.yaml"
    assert old in GOOD
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        audit.user_claims(file, inputs=inputs())
    assert any(f"mine.yaml:{where}: error[{code}]" in f.render() for f in caught.value.faults), str(caught.value)


@pytest.mark.parametrize("text", ["[]\n", "schema: foederis/claims/v1\n", "schema: foederis/claims/v1\nclaims: 3\n"])
def test_a_file_without_claims_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError):
        audit.user_claims(file, inputs=inputs())


def test_the_page_in_the_docs_agrees_with_the_shipped_data() -> None:
    """Verdicts of rows that need no run of the model are those of the page; the tool writes the rest."""
    text = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| (\d+) \| [^|]* \| ([a-z ]+) \|", text, flags=re.MULTILINE))
    assert set(told) == set(CLAIMS)
    for row in found().rows:
        if "assembled model" not in row.data:
            assert told[row.id] == row.verdict, f"claim {row.id}: run tools/make_audit.py"
        assert row.claim in text
