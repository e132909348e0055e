"""The interface over HTTP: every address as it says, and the numbers and run ids of command line and Python."""

from __future__ import annotations

import csv
import io
import json
import shlex

import pytest
from typer.testing import CliRunner

import foederis as fo
from foederis import cli, cli_alliance, scenario, store
from foederis.errors import ScenarioError
from foederis.report_page import FRAMES, page_data
from foederis.report_series import SERIES
from foederis.scenario_levers import LEVERS, PAGE_PRESETS, State, legal
from foederis.web import orders
from web_case import finished, serving

DEAL = "july-2025-deal"
MOVED = State("before-2025", {"tariff": 15, "hns": 4})  # one law after the preset's own: quick to run
NAME = MOVED.preset
SMALL = {"draws": 100, "alliance_draws": 100}
LEAST = {"draws": 20, "alliance_draws": 20}
API = "/api/v1"


@pytest.fixture(scope="module")
def server():
    with serving() as client:
        yield client


@pytest.fixture(scope="module")
def asked(server):
    """The answer to the order of a run, and the run when it has ended."""
    first = server.post(f"{API}/runs", json={"state": MOVED.query(), **SMALL})
    return first, finished(server, first.json()["id"])


@pytest.fixture(scope="module")
def done(asked):
    return asked[1]


@pytest.fixture(scope="module")
def run():
    """The same run in Python."""
    return fo.simulate(MOVED.scenario(), **SMALL)


def get(server, path: str, **query) -> dict | list:
    answer = server.get(f"{API}{path}", params=query or None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_the_page_of_a_run_is_that_of_python_to_the_last_digit(done, run):
    assert done["status"] == "done"
    assert done["run_id"] == run.run_id
    here = page_data(run.results[NAME], run.paths[NAME], run.run_id).as_dict()
    assert done["page"] == json.loads(json.dumps(here))
    assert done["sentence"][NAME] == run.as_dict()["scenarios"][NAME]["sentence"]


def test_the_command_line_gives_the_same_numbers_and_run_id(done):
    copied = shlex.split(MOVED.cli())[1:]  # what the page gives to copy
    command = [*copied, "--draws", "100", "--alliance-draws", "100", "--json", "--no-save", "-q"]
    printed = json.loads(CliRunner().invoke(cli.app, command).stdout)
    assert printed["run_id"] == done["run_id"]
    page = printed["scenarios"][NAME]
    for key, theirs in (("gain", page["numbers"]["gain"]), ("balance", page["alliance"]["numbers"]["balance"])):
        ours = done["page"]["numbers"][key]
        assert [ours[k] for k in ("median", "low", "high", "unit", "badge")] == [
            theirs[k] for k in ("median", "low", "high", "unit", "badge")
        ]
    assert done["page"]["chances"]["self_defeat"] == page["alliance"]["self_defeat"]


def test_an_order_is_accepted_with_where_to_look_and_answered_at_once_when_known(server, asked, done):
    first, _ = asked
    assert first.status_code == 202
    assert first.headers["location"] == f"{API}/runs/{done['id']}"
    again = server.post(f"{API}/runs", json={"scenario": NAME, "state": f"{MOVED.query()}&vs={DEAL}", **SMALL})
    assert again.status_code == 200
    assert again.json()["run_id"] == done["run_id"]
    assert get(server, f"/runs/{done['run_id']}")["id"] == done["id"]
    assert [row["id"] for row in get(server, "/runs")] == [done["id"]]


def test_the_manifest_says_what_the_run_was_made_from(server, done, run):
    found, here = get(server, f"/runs/{done['id']}/manifest.json"), run.manifest.as_dict()
    for key in ("run_id", "scenario_sha256", "data", "seed", "draws", "options", "version", "code_sha256"):
        assert found[key] == json.loads(json.dumps(here[key])), key


@pytest.mark.parametrize("variable", ["trust", "balance", "effort"])
def test_the_reasons_sum_to_what_the_run_says(server, done, run, variable):
    told = get(server, f"/runs/{done['id']}/why", var=variable)
    here = run.why(variable)
    assert [part["mean"] for part in told["parts"]] == pytest.approx(list(here["mean"]), abs=1e-12)
    assert told["run_id"] == run.run_id
    if variable == "trust":
        late = get(server, f"/runs/{done['id']}/why", var="trust", at="2035-Q4")
        found = run.results[NAME].alliance
        t = found.scenario.at("2035-Q4")
        moved = 100.0 * float((found.trust[t] - found.trust_reference[t]).mean())
        assert sum(part["mean"] for part in late["parts"]) == pytest.approx(moved, abs=1e-9)
        missing = server.get(f"{API}/runs/{done['id']}/why", params={"at": "2031-Q1"})
        assert (missing.status_code, missing.json()["loc"]) == (404, ["query", "at"])


def test_every_data_set_comes_as_csv_json_and_parquet_with_unit_mark_run_and_source(server, done):
    import pyarrow.parquet as pq

    for name in (*FRAMES, "numbers", "effort"):
        where = f"{API}/runs/{done['id']}/{name}"
        told = server.get(f"{where}.json").json()
        text = server.get(f"{where}.csv")
        assert text.headers["content-type"] == "text/csv; charset=utf-8"
        assert done["run_id"] in text.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(text.text)))
        parquet = pq.read_table(io.BytesIO(server.get(f"{where}.parquet").content))
        assert len(rows) == parquet.num_rows == len(told["rows"]) > 0
        assert {"unit", "badge", "run_id", "scenario", "source"} <= set(rows[0]) == set(parquet.column_names)
        assert {row["run_id"] for row in rows} == {told["run_id"]} == {done["run_id"]}
        about = {key.decode(): value.decode() for key, value in parquet.schema.metadata.items()}
        assert json.loads(about["foederis.manifest"])["run_id"] == done["run_id"]
        if name in FRAMES:
            assert told["rows"] == done["page"]["frames"][name]


def test_series_hold_the_quantiles_of_the_draws(server, done, run):
    import numpy as np

    told = server.get(f"{API}/runs/{done['id']}/trust.csv", params={"series": True}).text
    rows = {row["quarter"]: row for row in csv.DictReader(io.StringIO(told))}
    found = run.results[NAME].alliance
    draws = SERIES["trust"].read(found)[found.quarters.index("2035-Q4")]
    assert float(rows["2035-Q4"]["low90"]) == pytest.approx(np.quantile(draws, 0.05), rel=1e-12)
    assert rows["2035-Q4"]["badge"] == "A"


def test_the_netcdf_of_a_run_holds_its_draws(server, done, run, tmp_path):
    answer = server.get(f"{API}/runs/{done['id']}/results.nc")
    assert answer.headers["content-type"] == "application/x-netcdf"
    assert f"{done['run_id']}.nc" in answer.headers["content-disposition"]
    (tmp_path / "x.nc").write_bytes(answer.content)
    tree = store.read_netcdf(tmp_path / "x.nc")
    assert tree.attrs["run_id"] == run.run_id
    ours = run.tree["prior_predictive"]["welfare"].to_numpy()
    assert tree["prior_predictive"]["welfare"].to_numpy() == pytest.approx(ours, rel=1e-12, nan_ok=True)


def test_a_variable_that_is_not_there_is_named_with_its_neighbour(server, done):
    answer = server.get(f"{API}/runs/{done['id']}/trsut.csv")
    assert answer.status_code == 404
    assert "trust" in answer.json()["hint"]


def test_two_scenarios_are_compared_draw_by_draw(server):
    names = [NAME, f"{NAME}?tariff=30"]
    body = {"first": {"scenario": NAME}, "second": {"state": f"p={names[1].replace('?', '&')}"}, **LEAST}
    found = finished(server, server.post(f"{API}/compare", json=body).json()["id"])
    assert found["status"] == "done", found["problem"]
    assert found["scenarios"] == list(found["pages"]) == names
    gap = {d["first"]["key"]: d for d in found["differences"]}
    assert gap["revenue_target"]["first"]["median"] != gap["revenue_target"]["second"]["median"]
    assert gap["exports"]["difference"]["high"] < 0  # a higher tariff sells less in every draw
    assert gap["gain"]["second"]["median"] == found["pages"][names[1]]["numbers"]["gain"]["median"]
    table = server.get(f"{API}/runs/{found['id']}/differences.json").json()["rows"]
    assert {row["outcome"] for row in table} == set(gap)
    same = {"first": {"scenario": DEAL}, "second": {"state": f"p={DEAL}"}, **LEAST}
    assert server.post(f"{API}/compare", json=same).json()["loc"] == ["body", "second"]


def test_a_sweep_gives_a_row_for_each_point_and_number(server):
    body = {"scenario": NAME, "grid": {"tariff": [40]}, **LEAST}
    found = finished(server, server.post(f"{API}/sweep", json=body).json()["id"])
    assert found["status"] == "done", found["problem"]
    gain = next(row for row in found["table"] if row["number"] == "gain")
    assert gain["tariff"] == 40.0
    assert gain["unit"] == "bn USD"
    assert len(gain["run_id"]) == 8
    text = server.get(f"{API}/runs/{found['id']}/table.csv").text
    assert len(text.splitlines()) == len(found["table"]) + 1
    many = {"scenario": DEAL, "grid": {"tariff": list(range(20))}}
    refused = server.post(f"{API}/sweep", json=many)
    assert (refused.status_code, refused.json()["loc"]) == (422, ["body", "grid"])


def test_a_sweep_takes_settings_and_levers_together():
    base = orders.source(DEAL, None)
    order = orders.sweep(base, {"linkage": [0, 50], "security.linkage": ["0.5"]}, 16, 20, 20, 1)
    assert [dict(point) for point in order.points] == [
        {"linkage": 0, "security.linkage": "0.5"},
        {"linkage": 50, "security.linkage": "0.5"},
    ]
    assert len(set(order.hashes)) == 2
    assert all(one.text and not one.preset for one in order.sources)  # free settings never stand on a preset's folder


@pytest.mark.parametrize("state", [State(DEAL, {"tariff": 10, "hns": 8}), State("before-2025", {}, DEAL)])
def test_a_state_is_the_same_in_every_form(server, state):
    told = get(server, f"/state?{state.query()}")
    assert told["query"] == state.query()
    assert told["scenario_sha256"] == state.scenario().sha256
    assert (told["yaml"], told["cli"], told["python"]) == (state.yaml(), state.cli(), state.python())
    assert orders.run(orders.source(None, state.query())).hashes == (state.scenario().sha256,)
    fault = server.get(f"{API}/state", params={"tariff": 70})
    assert (fault.status_code, fault.json()["loc"]) == (422, ["query", "tariff"])


def test_levers_stand_where_the_law_has_them(server):
    for preset in ("current-law", "before-2025"):
        told = get(server, "/levers", p=preset)
        assert {row["key"]: row["legal"] for row in told["levers"]} == dict(legal(preset))
    assert [row["key"] for row in get(server, "/levers")["levers"]] == list(LEVERS)


def test_scenarios_come_as_documents_and_as_files_that_load(server):
    listed = get(server, "/scenarios")
    assert [row["id"] for row in listed if row["on_page"]] == list(PAGE_PRESETS)
    assert {row["id"] for row in listed} == {preset.id for preset in scenario.presets()}
    for row in listed:
        answer = server.get(f"{API}/scenarios/{row['id']}.yaml")
        assert answer.headers["content-type"].startswith("application/yaml")
        assert scenario.load(answer.content) == scenario.load(row["id"])
    told = get(server, f"/scenarios/{DEAL}")
    assert told["sha256"] == scenario.load(DEAL).sha256
    assert told["title"]["ja"] != told["title"]["en"]
    assert "did you mean" in server.get(f"{API}/scenarios/july-2025-dael").json()["hint"]


def test_a_check_finds_what_loading_finds(server):
    text = "schema: foederis/scenario/v1\nid: x\nextends: july-2025-deal\nevaluate: 2025-13-01\nnope: 1\n"
    with pytest.raises(ScenarioError) as refused:
        scenario.load(text)
    expected = [(fault.line, fault.column, fault.code) for fault in refused.value.faults]
    for answer in (
        server.post(f"{API}/check", json={"scenario": text}),
        server.post(f"{API}/check", content=text.encode(), headers={"Content-Type": "application/yaml"}),
    ):
        told = answer.json()
        assert (answer.status_code, told["ok"]) == (200, False)
        assert [(fault["line"], fault["column"], fault["code"]) for fault in told["faults"]] == expected
    good = server.post(f"{API}/check", json={"scenario": DEAL}).json()
    assert (good["ok"], good["id"], good["sha256"]) == (True, DEAL, scenario.load(DEAL).sha256)
    noise = server.post(f"{API}/check", content=b"\xff\x00\x81{", headers={"Content-Type": "application/yaml"})
    assert noise.json()["ok"] is False


def test_lists_are_those_of_the_command_line(server):
    assert get(server, "/assumptions") == json.loads(json.dumps(cli_alliance.assumptions(None, None)[1]))
    assert {row["code"] for row in get(server, "/codes/sectors")} >= {"C29", "C26"}
    assert get(server, "/codes/countries", find="japan") == [{"code": "JPN", "name": "Japan"}]
    assert server.get(f"{API}/codes/nothing").status_code == 404
    case = next(row for row in get(server, "/cases") if row["case"] == "usa-jpn")
    assert (case["missing"], case["rival"]) == ([], "CHN")
    words = {lang: get(server, "/glossary", lang=lang)["words"] for lang in ("en", "ja")}
    assert set(words["en"]) == set(words["ja"])
    meta = get(server, "/meta")
    assert meta["version"] == fo.__version__
    assert meta["variables"]["page"] == list(FRAMES)


def test_the_page_of_the_interface_names_every_address_and_needs_nothing_from_outside(server):
    page = server.get("/api/").text
    document = get(server, "/openapi.json")
    for path, operations in document["paths"].items():
        assert path in page
        for operation in operations.values():
            assert operation["description"] in page.replace("&#x27;", "'").replace("&quot;", '"').replace("&amp;", "&")
    assert "http://" not in page.replace(str(server.base_url).rstrip("/"), "")
    assert "https://" not in page
    assert "<script" not in page
    for kind in ("not-found", "queue-full"):
        assert f'id="problem-{kind}"' in page
