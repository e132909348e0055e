"""Answers while someone drags: what they hold, where they come from, and how fast they are when many ask."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from foederis import charts_live, emulator, report_sentence, words_page
from foederis.scenario_levers import DEFAULT, PAGE_PRESETS, State
from foederis.web.cards import FIRST, cards
from foederis.web.kept import Kept
from web_case import Stand, finished, serving

ROOT = Path(__file__).resolve().parents[1]
TARGET_MS, MARGIN, TRIES = 500.0, 3.0, 4  # p99 for 64 people at once on two cores; test servers are slower and shared
LIVE = "/api/v1/live"


@pytest.fixture(scope="module")
def server():
    with serving(worker=Stand()) as client:
        yield client


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_an_answer_is_that_of_the_emulator_worded_as_everywhere(server, lang):
    told = server.get(LIVE, params={"p": DEFAULT, "tariff": 10, "lang": lang}).json()
    page = emulator.load(DEFAULT).answer({"tariff": 10.0})
    assert (told["source"], told["state"]) == ("emulator", f"p={DEFAULT}&tariff=10")
    assert told["error"] == page.error > 0
    assert told["sentence"] == report_sentence.sentence(page, lang)
    assert [number["key"] for number in told["numbers"]] == list(FIRST)
    assert told["numbers"] == [card._asdict() for card in cards(page, lang)]
    assert f"{100 * page.error:.0f}" in told["chip"]


def test_a_comparison_fills_what_is_compared(server):
    told = server.get(LIVE, params={"p": DEFAULT, "tariff": 30, "vs": "before-2025"}).json()
    assert all(number["compared"] and number["difference"] for number in told["numbers"])
    alone = server.get(LIVE, params={"p": DEFAULT, "tariff": 30}).json()
    assert not any(number["compared"] for number in alone["numbers"])
    assert told["data"]["trust_b"]
    assert not alone["data"]["trust_b"]


def names(part: object) -> set[str]:
    """The data sets that a specification names."""
    if isinstance(part, list):
        return set().union(*map(names, part), set())
    if not isinstance(part, dict):
        return set()
    own = {part["data"]["name"]} if isinstance(part.get("data"), dict) and "name" in part["data"] else set()
    return own.union(*map(names, part.values()), set())


@pytest.mark.parametrize("name", charts_live.CHARTS)
def test_every_data_set_that_a_chart_names_comes_with_the_answer(server, name):
    told = server.get(LIVE, params={"p": DEFAULT}).json()
    spec = server.get(f"/api/v1/charts/{name}.json", params={"width": 600})
    assert spec.status_code == 200
    assert names(spec.json())
    assert names(spec.json()) <= set(told["data"])


def test_the_exact_run_takes_the_place_of_the_emulator_once_it_is_kept():
    state = State(DEFAULT, {"tariff": 10})
    page = replace(emulator.load(DEFAULT).answer({"tariff": 10.0}), source="exact", run_id="0123abcd", error=0.0)
    stand = Stand(Kept("0123abcd", {DEFAULT: page}, report={"scenarios": {DEFAULT: {"sentence": ""}}}))
    with serving(worker=stand) as client:
        before = client.get(f"{LIVE}?{state.query()}").json()
        id = client.post("/api/v1/runs", json={"state": state.query()}).json()["id"]
        stand.let.set()
        finished(client, id)
        after = client.get(f"{LIVE}?{state.query()}").json()
        other = client.post("/api/v1/runs", json={"state": f"p={DEFAULT}&tariff=11", "draws": 20}).json()["id"]
        finished(client, other)
        fewer = client.get(f"{LIVE}?p={DEFAULT}&tariff=11").json()
        for form, begins in (("svg", b"<svg"), ("png", b"\x89PNG")):
            drawn = client.get(f"/api/v1/runs/{id}/trust.{form}")
            assert drawn.content.startswith(begins)
        assert client.get(f"/api/v1/runs/{id}/nothing.svg").status_code == 404
    assert (before["source"], after["source"], after["run_id"]) == ("emulator", "exact", "0123abcd")
    assert fewer["source"] == "emulator"  # a run with other draws is not the answer of the page


def test_every_preset_of_the_page_has_an_answer_or_says_that_it_has_none(server):
    emulated = server.get("/api/v1/meta").json()["emulated"]
    assert DEFAULT in emulated
    for preset in PAGE_PRESETS:
        assert server.get(LIVE, params={"p": preset}).json()["source"] == "exact"  # no lever is moved
        told = server.get(LIVE, params={"p": preset, "hns": 9}).json()
        assert told["source"] == ("emulator" if preset in emulated else "none")
        if told["source"] == "none":
            assert told["sentence"] == words_page.say("page.waiting", "en")


def test_faults_of_a_state_are_named(server):
    for query, where in (("tariff=99", "tariff"), ("p=nothing", "p"), ("vs=nothing", "p"), ("hns=x", "hns")):
        answer = server.get(f"{LIVE}?{query}")
        assert (answer.status_code, answer.json()["loc"]) == (422, ["query", where])
    assert server.get("/api/v1/charts/nothing.json").status_code == 404


def test_sixty_four_people_drag_at_once(monkeypatch):
    """Against a server in a process of its own: no error, and p99 within three times the target.

    No measure may have an error; the time has to be met by one of a few, because another test may have had the cores.
    """
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    import web as bench

    with bench.serving() as (host, port):
        for _ in range(TRIES):
            found = asyncio.run(bench.drag(host, port, 64, 8.0))
            print(found.line())
            assert not found.errors
            if len(found.times) > 256 and found.percentile(0.99) < MARGIN * TARGET_MS:
                return
    raise AssertionError(f"too slow {TRIES} times: {found.line()}")


def test_a_client_of_the_bench_opens_a_closed_connection_again(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    import web as bench

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def main() -> list[tuple[int, bytes]]:
        async with await asyncio.start_server(once, "127.0.0.1", 0) as server:
            line = await bench._Line.to(*server.sockets[0].getsockname())
            found = [await line.get("/") for _ in range(3)]
            await line.close()
            return found

    assert asyncio.run(main()) == [(200, b"{}")] * 3
