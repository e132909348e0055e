"""The page of what is not known: current, and true to the audit, the priors, the scores and the page of sensitivity."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scipy.special import ndtr

from foederis import posterior, score, words
from foederis import simulation_parameters as parameters
from foederis.audit_claims import CLAIMS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
SENSITIVITY = (ROOT / "docs" / "sensitivity.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tool() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        import make_not_known

        yield make_not_known


@pytest.fixture(scope="module")
def unidentified() -> list[str]:
    """From the page of the audit, which has a test of its own."""
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    return re.findall(r"^\| (\d+) \| [^|]* \| not identified \|", page, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def text(tool: Any, unidentified: list[str]) -> str:
    found: str = tool.page(unidentified, score.run(), SENSITIVITY)
    return found


def test_the_page_is_the_one_the_code_gives(tool: Any, text: str) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == text, "run python tools/make_not_known.py"


def test_every_claim_without_a_verdict_is_there_with_what_would_decide_it(text: str, unidentified: list[str]) -> None:
    assert len(unidentified) >= 1
    for claim in unidentified:
        assert f"| {claim} | {CLAIMS[claim].text} | {CLAIMS[claim].change} |" in text
    assert f"Of 45 claims of the essay {len(unidentified)} are not identified" in text


def test_every_uncertain_number_of_a_run_is_named_once(tool: Any, text: str) -> None:
    part = text[text.index("## Numbers that are priors") : text.index("Why some of them were not")]
    part = part.split(" Moved, though")[0] + part[part.index("Never fitted:") :]
    drawn = [name for name, p in parameters.parameters().items() if p.family != "fixed"]
    for label in {tool._label(name) for name in drawn}:
        assert part.count(label) == sum(tool._label(name) == label for name in drawn), label
    informed, tried, never = (
        int(n) for n in re.findall(r"deviation of (\d+); (\d+) more were fitted .*?; (\d+) could", part)[0]
    )
    assert informed + tried + never == len(drawn)
    known = [k for k in posterior.load().estimates.values() if k.known]
    assert informed == sum(not k.prior_driven for k in known)


def test_a_free_sign_has_its_chance_before_and_after(tool: Any, text: str) -> None:
    b_r = parameters.parameters()["b_r"]
    assert tool.below_zero(b_r) == pytest.approx(ndtr(-b_r.args[0] / b_r.args[1]), abs=1e-3)
    assert tool.below_zero(parameters.parameters()["b_1"]) == 0.0
    drawn = posterior.load().draws(posterior.FULL, "region")["beta_S"]
    before, after = (words.percent(v, decimals=0) for v in (50.0, 100.0 * float((drawn < 0).mean())))
    assert f"(β_S) | {before} | {after} |" in text


def test_what_leads_is_read_from_the_page_of_sensitivity(tool: Any) -> None:
    found = tool.outcomes(SENSITIVITY)
    assert len(found) == len(re.findall(r"^## ", SENSITIVITY, flags=re.MULTILINE))
    for title, figure, rows, _ in found:
        assert f"## {title}\n" in SENSITIVITY
        assert figure in SENSITIVITY
        assert len(rows) == tool.LEADING
        for name, total in rows:
            assert re.search(
                rf"^\| {re.escape(name)} \|[^|]+\|[^|]*\| {re.escape(total)} \|", SENSITIVITY, re.MULTILINE
            )
    with pytest.raises(SystemExit, match="another form"):
        tool.outcomes(SENSITIVITY.replace("Alone, the inputs explain", "Alone the inputs tell"))


def test_every_lost_contest_is_told(text: str) -> None:
    for contest in score.run().contests:
        assert (f"| {contest.title} | {contest.winner} |" in text) is (contest.winner != score.OURS)


def test_the_rival_without_acts_is_counted_by_contest(text: str) -> None:
    scored = [{s.name: s.crps for s in c.standings} for c in score.run().contests]
    polls = [s for s in scored if "trust, no acts" in s]
    better = sum(s["trust, no acts"] < s["foederis"] for s in polls)
    assert f"In {better} of {len(polls)} contests of polls" in text
