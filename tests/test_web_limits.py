"""What the server refuses, and how: hosts, origins, sizes, load, queue, time; what every answer carries."""

from __future__ import annotations

import asyncio
import socket
import sys
import time

import httpx
import pytest

from foederis.web.errors import KINDS, Problem
from foederis.web.kept import Kept
from foederis.web.limits import CSP, HEADERS, Gate, Guard, Settings
from foederis.web.orders import Order
from foederis.web.runs import Runs
from foederis.web.worker import Failed, Worker
from web_case import Stand, finished, serving

RUN = {"scenario": "july-2025-deal", "draws": 20, "alliance_draws": 20}


@pytest.fixture(scope="module")
def server():
    """A server whose runs end at once, with nothing in them."""
    stand = Stand(Kept(run_id="0123abcd", audit={"counts": {"supported": 1}}))
    stand.let.set()
    with serving(worker=stand) as client:
        yield client


def problem(answer: httpx.Response, kind: str) -> dict:
    """The document of a refusal, which has the form of RFC 9457 and tells nothing of our code."""
    assert answer.status_code == KINDS[kind].status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert {"type", "title", "status", "detail", "loc", "hint"} <= set(found)
    assert found["type"] == f"/api/#problem-{kind}"
    assert found["status"] == answer.status_code
    assert found["detail"]
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text
    return found


@pytest.mark.parametrize(
    "path", ["/healthz", "/api/v1/meta", "/api/", "/api/v1/nothing", "/static/api.css", "/api/v1/runs/x"]
)
def test_every_answer_carries_the_headers_and_no_cookie(server, path):
    answer = server.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, name
    assert "default-src 'none'" in CSP
    assert "unsafe" not in CSP
    assert "set-cookie" not in answer.headers
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost@evil", "", "[::1"]
)
def test_other_hosts_are_refused(server, host):
    problem(server.get("/api/v1/health", headers={"Host": host}), "host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:8000"])
def test_this_machine_is_answered_under_any_port(server, host):
    assert server.get("/api/v1/health", headers={"Host": host}).status_code == 200


def test_listening_on_every_interface_answers_addresses_but_not_names():
    everywhere = Settings(host="0.0.0.0")
    assert everywhere.answers_for("192.168.1.7:8000")
    assert everywhere.answers_for(socket.gethostname())
    assert not everywhere.answers_for("evil.example")
    assert not Settings().answers_for("192.168.1.7")
    assert Settings(host="model.lan").answers_for("model.lan:8000")


def test_a_page_of_another_site_cannot_post(server):
    problem(server.post("/api/v1/runs", json=RUN, headers={"Origin": "https://evil.example"}), "origin")
    problem(server.post("/api/v1/runs", json=RUN, headers={"Origin": "null"}), "origin")
    own = str(server.base_url).rstrip("/")
    assert server.post("/api/v1/runs", json=RUN, headers={"Origin": own}).status_code in (200, 202)


@pytest.mark.parametrize("path", ["runs", "compare", "sweep", "check"])
@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_can_send_is_refused(server, path, media):
    problem(server.post(f"/api/v1/{path}", content=b"{}", headers={"Content-Type": media}), "media-type")


def test_a_large_body_is_refused_whether_or_not_it_says_so(server):
    head = {"Content-Type": "application/json"}
    problem(server.post("/api/v1/check", content=b"x" * 300_000, headers=head), "too-large")

    def parts():
        for _ in range(40):
            yield b"x" * 10_000

    problem(server.post("/api/v1/check", content=parts(), headers=head), "too-large")


def test_a_body_that_does_not_come_is_not_waited_for():
    sent: list[dict] = []

    async def never() -> dict:
        await asyncio.sleep(60)
        return {}

    async def send(message) -> None:
        sent.append(message)

    async def app(scope, receive, send) -> None:
        raise AssertionError("the body never came")

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/check", "headers": headers}
    asyncio.run(Guard(app, Settings(body_s=0.02))(scope, never, send))
    assert sent[0]["status"] == KINDS["slow"].status


def test_a_fault_of_ours_is_answered_without_its_insides(caplog):
    sent: list[dict] = []

    async def send(message) -> None:
        sent.append(message)

    async def broken(scope, receive, send) -> None:
        raise RuntimeError("secret: 42")

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}
    asyncio.run(Guard(broken, Settings())(scope, None, send))
    assert sent[0]["status"] == 500
    assert b"secret" not in sent[1]["body"]
    number = sent[1]["body"].split(b"number ")[1][:8].decode()
    assert number in caplog.text
    assert "secret: 42" in caplog.text


def test_too_many_requests_at_once_are_turned_away():
    async def main() -> list[int]:
        release, statuses = asyncio.Event(), []

        async def app(scope, receive, send) -> None:
            await release.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def send(message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        guard = Guard(app, Settings(concurrency=3))
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}
        tasks = [asyncio.create_task(guard(scope, None, send)) for _ in range(5)]
        await asyncio.sleep(0.01)
        release.set()
        await asyncio.gather(*tasks)
        return statuses

    assert asyncio.run(main()) == [503, 503, 200, 200, 200]


def test_heavy_work_waits_its_turn_and_only_so_much_of_it():
    async def main() -> tuple[list[str], int]:
        gate, order = Gate(1, 1, "things"), []

        async def one(name: str) -> None:
            async with gate.place():
                order.append(name)
                await asyncio.sleep(0.01)

        found = await asyncio.gather(one("a"), one("b"), one("c"), return_exceptions=True)
        return order, sum(isinstance(e, Exception) for e in found)

    assert asyncio.run(main()) == (["a", "b"], 1)


def test_methods_that_do_not_apply_are_named_with_those_that_do(server):
    answer = server.delete("/api/v1/runs")
    problem(answer, "method")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert server.put("/api/v1/levers").headers["allow"] == "GET, HEAD"
    head = server.head("/api/v1/levers")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 100


@pytest.mark.parametrize(
    ("query", "where"),
    [("lang=fr", "lang"), ("lang=", "lang"), ("lang=en%00", "lang")],
)
def test_parameters_out_of_range_are_named(server, query, where):
    found = problem(server.get(f"/api/v1/glossary?{query}"), "invalid")
    assert found["loc"] == ["query", where]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ["body", "scenario"]),
        ({**RUN, "draws": 10**9}, ["body", "draws"]),
        ({**RUN, "scenario": "july-2025-dael"}, ["body", "scenario"]),
        ({**RUN, "scenario": "/etc/passwd"}, ["body", "scenario"]),
        ({**RUN, "scenario": "./x.yaml"}, ["body", "scenario"]),
        ({"state": "p=july-2025-deal&tariff=80"}, ["body", "state"]),
        ({"state": "p=july-2025-deal&tariff=many"}, ["body", "state"]),
        ({"state": "p=nothing"}, ["body", "state"]),
        ({"scenario": "letter-25", "state": "p=july-2025-deal"}, ["body", "state"]),
        ({**RUN, "file": "x"}, ["body", "file"]),
    ],
)
def test_a_run_that_cannot_be_asked_for_says_where_and_how_to_mend_it(server, body, loc):
    found = problem(server.post("/api/v1/runs", json=body), "invalid")
    assert found["loc"] == loc
    assert found["hint"] or "goes from" in found["detail"]


def test_a_scenario_with_faults_is_refused_with_their_lines(server):
    text = "schema: foederis/scenario/v1\nid: x\nextends: july-2025-deal\nnope: 1\n"
    found = problem(server.post("/api/v1/runs", json={"scenario": text}), "scenario")
    assert [(fault["line"], fault["column"]) for fault in found["errors"]] == [(4, 1)]
    assert "line 4, column 1" in found["detail"]


@pytest.mark.parametrize("setting", ["compare_to", "economics.tariffs", "extends"])
def test_nothing_that_is_posted_opens_a_file(server, setting, tmp_path):
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: hunter2\n")
    grid = {setting: [str(secret)]}
    answer = server.post("/api/v1/sweep", json={"scenario": "july-2025-deal", "grid": grid})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    head, _, tail = setting.partition(".")
    value = f"{{{tail}: {secret}}}" if tail else str(secret)
    text = f"schema: foederis/scenario/v1\nid: x\nextends: july-2025-deal\n{head}: {value}\n"
    if setting == "extends":
        text = f"schema: foederis/scenario/v1\nid: x\nextends: {secret}\n"
    answer = server.post("/api/v1/check", json={"scenario": text})
    assert answer.json()["ok"] is False
    assert "hunter2" not in answer.text


NASTY = (
    b'{"\\ud800": 1}',
    b'{"scenario": "\\ud800: x"}',
    b"[" * 100_000,
    b'{"scenario": 1e999}',
    b'{"draws": ' + b"9" * 5000 + b', "scenario": "letter-25"}',
    b'{"seed": NaN, "scenario": "letter-25"}',
    b"\xff\xfe",
    b"null",
    b"",
    b'{"state": "p=july-2025-deal&tariff=1e400"}',
    b'{"state": "p=july-2025-deal&tariff=NaN"}',
)


@pytest.mark.parametrize("body", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("path", ["runs", "check", "compare", "sweep"])
def test_what_no_one_would_write_is_refused_like_anything_else(server, path, body):
    answer = server.post(f"/api/v1/{path}", content=body, headers={"Content-Type": "application/json"})
    problem(answer, answer.json()["type"].rpartition("problem-")[2])
    assert answer.status_code == 422


def test_a_scenario_that_would_keep_the_server_busy_is_not_worked_out_by_it(server):
    one = (
        "importer: world, exporter: world, sectors: all_goods, rate: 1%, from: 2025-04-05, source: x, authority: other"
    )
    rows = "".join(f"  - {{id: t{k}, {one}, rule: add}}\n" for k in range(1000))
    text = f"schema: foederis/scenario/v1\nid: x\nextends: july-2025-deal\ntariffs:\n{rows}"
    begun = time.perf_counter()
    told = server.post("/api/v1/check", content=text.encode(), headers={"Content-Type": "application/yaml"}).json()
    assert time.perf_counter() - begun < 20  # adding up the rates would take minutes
    assert told["ok"] is True
    assert "a run does that" in told["notes"][0]


def test_the_queue_is_bounded_and_the_newest_order_of_a_page_takes_the_place_of_its_older_one():
    stand = Stand(Kept(run_id="0123abcd"))
    with serving(Settings(queue=2, warm=False), stand) as client:

        def ask(tariff: int, name: str = "") -> httpx.Response:
            body = {"state": f"p=july-2025-deal&tariff={tariff}"}
            return client.post("/api/v1/runs", json=body, headers={"X-Client": name} if name else {})

        def status(answer: httpx.Response) -> str:
            return client.get(answer.headers["location"]).json()["status"]

        first = ask(1, "a")
        assert first.json()["progress"]["position"] == 0
        while status(first) != "running":
            time.sleep(0.01)
        older = ask(2, "a")
        assert older.json()["progress"]["position"] == 1
        newer = ask(3, "a")
        assert (status(first), status(older), status(newer)) == ("running", "cancelled", "queued")
        other = ask(4)
        full = ask(5, "b")
        assert problem(full, "queue-full")["hint"]
        assert int(full.headers["retry-after"]) >= 1
        assert ask(3).json()["id"] == newer.json()["id"]  # the same order has one place
        stand.let.set()
        for answer in (first, newer, other):
            assert finished(client, answer.json()["id"])["status"] == "done"
        again = ask(3)
        assert (again.status_code, again.json()["run_id"]) == (200, "0123abcd")


def test_the_last_results_are_kept_and_no_more():
    stand = Stand()
    stand.let.set()
    with serving(Settings(kept=3, warm=False), stand) as client:
        ids = []
        for tariff in range(6):
            answer = client.post("/api/v1/runs", json={"state": f"p=july-2025-deal&tariff={tariff}"})
            ids.append(answer.json()["id"])
            finished(client, ids[-1])
        known = [row["id"] for row in client.get("/api/v1/runs").json()]
        assert known == list(reversed(ids))[:3]
        assert problem(client.get(f"/api/v1/runs/{ids[0]}"), "not-found")["hint"]


def test_a_run_that_fails_says_so_and_can_be_asked_for_again(server):
    stand = Stand()
    stand.problem = Problem("timeout", "stopped after 1 s", hint="ask for fewer draws").as_dict()
    stand.let.set()
    with serving(worker=stand) as client:
        id = client.post("/api/v1/runs", json=RUN).json()["id"]
        found = finished(client, id)
        assert (found["status"], found["problem"]) == ("failed", stand.problem)
        problem(client.get(f"/api/v1/runs/{id}/numbers.csv"), "not-done")
        stand.problem = None
        assert client.post("/api/v1/runs", json=RUN).json()["id"] == id
        assert finished(client, id)["status"] == "done"


def test_the_audit_is_asked_for_once_and_waited_for(server):
    assert server.get("/api/v1/audit", params={"wait": 10}).json() == {"counts": {"supported": 1}}


BEGIN = "import pickle, sys, time, os\nsend = lambda *m: (pickle.dump(m, sys.stdout.buffer), sys.stdout.flush())\n"
READ = "asked = pickle.load(sys.stdin.buffer)\n"


@pytest.mark.parametrize(
    ("code", "seconds", "says"),
    [
        ("send('ready'); " + READ + "time.sleep(60)", 0.5, "stopped after 0.5 s"),
        ("send('ready'); " + READ + "os._exit(3)", 20, "exit code 3"),
        ("send('ready'); " + READ + "os.abort()", 20, "SIGABRT"),
        ("os._exit(1)", 20, "did not start"),
    ],
)
def test_a_process_that_hangs_or_dies_ends_in_a_message(code, seconds, says):
    async def main() -> str:
        worker = Worker((sys.executable, "-c", BEGIN + code))
        try:
            await worker.perform(Order("audit"), lambda *_: None, seconds)
        except Failed as failed:
            assert not worker.alive
            return str(failed)
        finally:
            worker.stop()
        return ""

    assert says in asyncio.run(main())


def test_a_process_that_was_lost_is_started_again():
    code = BEGIN + "send('ready'); " + READ + "send('done', os.getpid()); os._exit(0)"

    async def main() -> tuple[int, int]:
        worker = Worker((sys.executable, "-c", code))
        first = await worker.perform(Order("audit"), lambda *_: None, 20)
        while worker.alive:
            await asyncio.sleep(0.01)
        second = await worker.perform(Order("audit"), lambda *_: None, 20)
        worker.stop()
        return first, second

    first, second = asyncio.run(main())
    assert first != second


def test_a_server_that_stops_takes_its_process_with_it():
    async def main() -> bool:
        runs = Runs(Settings())
        runs.start()
        await runs.warm()
        worker = runs._worker
        assert worker.alive
        await runs.close()
        return worker.alive

    assert asyncio.run(main()) is False
