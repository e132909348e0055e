"""The OpenAPI document against the server: whatever is sent, answers are as described, and never a server error."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

import charts_case
import page_case
from charts_case import DEAL
from foederis import report_brief
from foederis.report_page import NUMBERS, Estimate
from foederis.scenario_levers import PAGE_PRESETS
from foederis.web import export
from foederis.web.app import create_app
from foederis.web.kept import Kept
from foederis.web.limits import Settings
from foederis.words_page import LANGUAGES
from web_case import Stand, finished, serving

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.unsupported_method,
]
NEGATIVE = [*CHECKS, checks.negative_data_rejection]
EXAMPLES = 12
DOCUMENT = create_app(Settings(warm=False)).openapi()
OPERATIONS = [(path, method) for path, operations in DOCUMENT["paths"].items() for method in operations]
ROW: dict[str, Any] = {"part": "tariff", "mean": -1.0, "low": -2.0, "high": None}
BY_HAND = page_case.answer(
    scenario="by-hand", run_id="0123abcd", numbers={key: Estimate(1.0, float("-inf"), float("nan")) for key in NUMBERS}
)


def _brief(lang: str) -> dict[str, Any]:
    """The texts of the brief of a real run."""
    run = charts_case.run()
    parts = run.results[DEAL], run.findings[DEAL], run.alliance[DEAL], run.manifest
    return report_brief.written(charts_case.answer(), *parts, lang)


KEPT = Kept(
    run_id="0123abcd",
    pages={"by-hand": BY_HAND},
    why={"by-hand": {name: {"2028-Q4": [ROW]} for name in ("trust", "balance", "effort")}},
    report={"scenarios": {"by-hand": {"sentence": "It is made by hand."}}},
    manifest={"run_id": "0123abcd"},
    audit={"counts": {}},
    briefs={"by-hand": {lang: _brief(lang) for lang in LANGUAGES}},
)


@pytest.fixture(scope="module")
def schema():
    """The document of a server whose runs end at once with a result made by hand, one of them known."""
    stand = Stand(KEPT)
    stand.let.set()
    with serving(Settings(kept=1000, warm=False), stand) as client:
        asked = client.post("/api/v1/runs", json={"scenario": "july-2025-deal"}).json()["id"]
        assert finished(client, asked)["run_id"] == KEPT.run_id
        yield schemathesis.openapi.from_url(f"{client.base_url}/api/v1/openapi.json")


def send(operation: Any, mode: GenerationMode, known: str = "") -> dict[int, int]:
    """Send what is generated for an operation and check every answer; counts by status."""
    counts: dict[int, int] = {}

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        if known:
            case.path_parameters["id"] = known
        answer = case.call()
        counts[answer.status_code] = counts.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=CHECKS if mode is GenerationMode.POSITIVE else NEGATIVE)

    one()
    return counts


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_what_the_document_allows_is_answered_as_it_says(schema, path, method):
    counts = send(schema[path][method], GenerationMode.POSITIVE)
    assert sum(counts.values()) >= 1
    assert not {status for status in counts if status >= 500}, counts


@pytest.mark.parametrize(("path", "method"), [(p, m) for p, m in OPERATIONS if "parameters" in DOCUMENT["paths"][p][m]
                                              or "requestBody" in DOCUMENT["paths"][p][m]])  # fmt: skip
def test_what_it_forbids_is_refused_with_a_problem(schema, path, method):
    counts = send(schema[path][method], GenerationMode.NEGATIVE)
    assert not {status for status in counts if status >= 500}, counts


@pytest.mark.parametrize("path", [path for path, _ in OPERATIONS if path.startswith("/api/v1/runs/{id}")])
def test_what_is_told_of_a_run_is_as_the_document_says(schema, path):
    counts = send(schema[path]["get"], GenerationMode.POSITIVE, known=KEPT.run_id)
    assert not {status for status in counts if status >= 500}, counts
    if "{variable}" not in path:
        assert counts.get(200), counts


def test_presets_that_were_run_are_points_of_the_frontier_and_the_others_are_named(schema):
    base = schema.location.rpartition("/api/")[0]
    told = httpx.get(f"{base}/api/v1/frontier").json()
    by_name = {point["scenario"]: point for point in told["points"]}
    mine = by_name["july-2025-deal"]
    assert mine["run_id"] == KEPT.run_id  # its run is there; of the others what is shipped
    assert mine["gain"] == 1.0
    assert mine["gain_low"] is None  # infinite
    assert not set(by_name) & set(told["missing"])
    assert set(by_name) | set(told["missing"]) == set(PAGE_PRESETS)
    assert httpx.get(f"{base}/api/v1/frontier?case=usa-kor").status_code == 404


def test_columns_of_numbers_and_words_are_written_as_words():
    rows = [{"rate": 1, "n": 1, "ok": True, "none": None}, {"rate": "2%", "n": 2.5, "ok": False, "none": None}]
    table = export.Table("table", rows, "", "", "", "x", "y", "z", own=True)
    found = pq.read_table(io.BytesIO(export.written(table, "parquet", {}))).to_pydict()
    assert (found["rate"], found["n"], found["ok"]) == (["1", "2%"], [1.0, 2.5], [True, False])


def test_every_operation_says_what_it_refuses():
    for path, method in OPERATIONS:
        responses = DOCUMENT["paths"][path][method]["responses"]
        assert {"405", "421", "422", "500", "503"} <= set(responses), path
        for status, response in responses.items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)
        if method == "post":
            assert {"403", "408", "413", "415"} <= set(responses)
        if "{" in path:
            assert "404" in responses
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]
