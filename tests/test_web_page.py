"""The page as HTML: the first screen without a script, both languages, nothing that the security policy forbids."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser

import pytest

from foederis import words_palette
from foederis.report_page import Estimate
from foederis.scenario_levers import LEVERS, PAGE_PRESETS, State, legal
from foederis.web import assets, equations, page, page_parts, tables
from foederis.web.cards import FIRST, cards, chip
from foederis.words_page import TEXTS
from page_case import NUMBERS, answer, kept
from web_case import Stand, finished, serving

VOID = {"meta", "link", "input", "br", "hr", "img"}


class Reader(HTMLParser):
    """Elements with their attributes and text; unbalanced tags are an error."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[dict] = []
        self.elements: list[dict] = []
        self.feed(text)
        assert not self.open, f"not closed: {[one['tag'] for one in self.open]}"

    def handle_starttag(self, tag, attrs):
        one = {"tag": tag, "attrs": dict(attrs), "text": "", "in": [o["tag"] for o in self.open]}
        self.elements.append(one)
        if tag not in VOID:
            self.open.append(one)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> without a beginning"
        assert self.open[-1]["tag"] == tag, f"</{tag}> closes <{self.open[-1]['tag']}>"
        self.open.pop()

    def handle_data(self, data):
        for one in self.open:
            one["text"] += data

    def all(self, tag=None, **attrs):
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}
        return [
            one
            for one in self.elements
            if (tag is None or one["tag"] == tag)
            and all(one["attrs"].get(k) == v or (v is True and k in one["attrs"]) for k, v in wanted.items())
        ]

    def one(self, tag=None, **attrs):
        (found,) = self.all(tag, **attrs)
        return found


@pytest.fixture(scope="module", params=["en", "ja"])
def lang(request):
    return request.param


STATE = State("july-2025-deal", {"tariff": 10.0, "hns": 8.0}, "before-2025")


@pytest.fixture(scope="module")
def text(lang):
    return page.render(STATE, answer(), answer(scenario="before-2025"), lang)


@pytest.fixture(scope="module")
def read(text):
    return Reader(text)


def test_the_first_paint_has_sentence_numbers_and_levers(read, lang):
    shown = {one["attrs"]["data-number"]: one["text"] for one in read.all("div", data_number=True)}
    assert tuple(shown) == FIRST
    for card in cards(answer(), lang):
        assert card.label in shown[card.key]
        assert card.value in shown[card.key]
        assert card.interval in shown[card.key]
        assert card.badge in shown[card.key]
    sliders = [one for one in read.all("input", type="range") if "data-held" not in one["attrs"]]
    assert len(sliders) == len(LEVERS) - 1
    assert read.one("html")["attrs"]["lang"] == lang


def test_levers_have_names_ranges_and_the_mark_of_the_law(read, lang):
    law = legal("july-2025-deal")
    for key, lever in LEVERS.items():
        control = read.one("input", name=key)["attrs"]
        assert read.one("label", for_=control["id"])["text"].strip() == TEXTS[lang][f"lever.{key}"]
        for described in control["aria-describedby"].split():
            assert read.one(id=described)["text"].strip()
        if lever.unit:
            assert (float(control["min"]), float(control["max"])) == (lever.low, lever.high)
            assert float(control["value"]) == STATE.levers.get(key, law[key])
            marks = read.one("datalist", id=control["list"])
            mark = read.elements[read.elements.index(marks) + 1]
            assert float(mark["attrs"]["value"]) == law[key]
    moved = {one["attrs"]["data-lever"] for one in read.all("div") if "moved" in one["attrs"].get("class", "").split()}
    assert moved == set(STATE.levers)


def test_presets_are_links_that_work_without_a_script(read):
    links = read.all("a", data_preset=True)
    assert [one["attrs"]["data-preset"] for one in links] == list(PAGE_PRESETS)
    assert [one["attrs"]["data-preset"] for one in links if "aria-current" in one["attrs"]] == ["july-2025-deal"]
    assert all(one["attrs"]["href"].startswith(f"/?p={one['attrs']['data-preset']}&vs=before-2025") for one in links)


def test_nothing_that_the_content_security_policy_forbids(read):
    for one in read.elements:
        assert one["tag"] != "style"
        assert "style" not in one["attrs"]
        assert not [name for name in one["attrs"] if name.startswith("on")]
        for name in ("src", "href", "action"):
            assert re.match(r"(/(?!/)|#|$)", one["attrs"].get(name, "")), one["attrs"]
    inline = [one for one in read.all("script") if "src" not in one["attrs"]]
    assert [one["attrs"]["type"] for one in inline] == ["application/json"]
    for one in [*read.all("script", src=True), *read.all("link", href=True)]:
        name = (one["attrs"].get("src") or one["attrs"].get("href")).removeprefix("/static/")
        assert name == "vega.js" or name in assets.files()


def test_references_between_elements_lead_somewhere(read):
    ids = [one["attrs"]["id"] for one in read.all(id=True)]
    assert len(ids) == len(set(ids))
    for one in read.elements:
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls", "popovertarget", "list"):
            assert set((one["attrs"].get(name) or "").split()) <= set(ids), (name, one["attrs"])
        if one["attrs"].get("href", "").startswith("#"):
            assert one["attrs"]["href"][1:] in ids


def test_controls_have_names_and_headings_descend(read):
    for one in [*read.all("button"), *read.all("a"), *read.all("summary")]:
        assert one["text"].strip() or one["attrs"].get("aria-label"), one
    levels = [int(one["tag"][1]) for one in read.elements if re.fullmatch(r"h[1-6]", one["tag"])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_every_chart_has_a_name_a_table_and_files(read, lang):
    figures = read.all("figure")
    assert {one["attrs"]["data-chart"] for one in figures} == set(tables.CHARTS)
    for name in tables.CHARTS:
        table = read.one("details", data_table=name)
        for made in tables.tables(answer(), name, lang):
            for row in made.rows:
                assert all(cell in table["text"] for cell in row)
        assert read.one("details", data_name=name)["attrs"]["data-files"] in answer().frames


def test_numbers_in_tables_are_those_of_the_answer():
    (why,) = tables.tables(answer(), "why", "en")
    assert why.rows[0] == ("Tariffs", "−3.7", "−5.7 … −1.7")
    assert why.rows[-1] == ("Total", "−8.8", "")
    (worth,) = tables.tables(answer(), "worth", "ja")
    assert worth.rows[2] == ("20", "4\u2009%")
    strip = tables.tables(answer(), "strip", "en")[0]
    assert strip.head == ("date", "MFN", "s.232", "Total")
    assert strip.rows[1] == ("16 Sep 2025", "1.6", "6.4", "8.0")
    fan, polls = tables.tables(answer(), "trust", "ja")
    assert len(fan.rows) == 80
    assert polls.rows[1][-1] == "はい"


def test_the_other_scenario_and_the_difference_are_on_the_cards():
    other = answer(numbers={**NUMBERS, "gain": Estimate(2.0, 1.0, 3.0)}, chances={"self_defeat": 0.36})
    found = {card.key: card for card in cards(answer(), "en", other)}
    assert found["gain"].compared == "$2.0 bn"
    assert found["gain"].difference == "+$5.3 bn"
    assert found["self_defeat"].compared == "36\u2009%"
    assert found["self_defeat"].difference == "−27 pp"
    assert found["trust"].difference == "0 pp"
    assert cards(answer(), "en")[0].compared == ""
    japanese = {card.key: card for card in cards(answer(), "ja", other)}
    assert japanese["gain"].difference == "+53億ドル"


def test_the_chip_says_where_the_answer_comes_from():
    assert chip(answer(), "en") == "exact · run 227d942c"
    assert "8\u2009%" in chip(answer(source="emulator", error=0.08), "en")
    assert chip(None, "ja") == TEXTS["ja"]["chip.none"]


def test_a_page_without_an_answer_says_so_and_has_its_levers(lang):
    read = Reader(page.render(State(), None, None, lang))
    assert read.one("p", id="sentence")["text"] == TEXTS[lang]["page.waiting"]
    assert len(read.all("div", data_number=True)) == len(FIRST)
    sliders = [one for one in read.all("input", type="range") if "data-held" not in one["attrs"]]
    assert len(sliders) == len(LEVERS) - 1


def test_texts_of_others_are_escaped():
    evil = "</script><img src=x onerror=alert(1)>"
    html = page.render(State(), answer(vintage=evil), None, "en", fault=evil)
    assert evil not in html
    assert "&lt;img src=x" in html
    assert json.loads(Reader(html).one("script", id="setup")["text"])["state"]["preset"] == "july-2025-deal"
    assert str(page._data({"a": evil})).count("<") == 0


def test_what_the_cards_say_is_strong_in_the_sentence():
    card = cards(answer(), "en")[0]._asdict()
    told = page.emphasised("Washington earns $7.3 bn a year & more", {"gain": card})
    assert told == "Washington earns <strong>$7.3 bn</strong> <strong>a year</strong> &amp; more"
    assert page.emphasised("<b>", {}) == "&lt;b&gt;"


def test_the_script_is_told_what_it_says(lang):
    told = page_parts.setup(STATE, lang)
    said = set()
    for name, file in assets.files().items():
        if name.endswith(".js"):
            code = file.data.decode()
            said |= set(re.findall(r'say\("([^"]+)"', code))
            said |= set(re.findall(r'\? "([a-z]+\.[a-z_.]+)" : "[a-z]+\.', code))
    assert len(said) > 12
    assert said <= set(told["words"])
    assert set(told["law"]) == set(PAGE_PRESETS)
    assert told["levers"]["hns"]["factor"] == (10 if lang == "ja" else 1)


def test_the_style_sheet_has_the_colours_of_the_palette():
    css = assets.files()["style.css"].data.decode()
    light, system, chosen = (
        dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6})", block))
        for block in re.findall(r":root[^{]*\{[^}]*\}", css)[:3]
    )  # fmt: skip
    assert system == chosen
    for mine, theirs in ((light, words_palette.LIGHT), (chosen, words_palette.DARK)):
        shared = set(mine) & set(theirs)
        assert shared >= {"page", "card", "ink", "muted", "grid", "blue", "gain", "loss", "reference"}
        assert {name: mine[name] for name in shared} == {name: theirs[name] for name in shared}
        for text, ground in (
            ("ink", "page"),
            ("muted", "page"),
            ("blue", "card"),
            ("loss", "card"),
            ("on-blue", "blue"),
        ):
            assert contrast(mine[text], mine[ground]) >= 4.5, (text, ground)
        assert contrast(mine["focus"], mine["card"]) >= 3


def contrast(one: str, other: str) -> float:
    """Contrast of two colours by WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_assumptions_and_drivers_are_complete_and_linked(read, lang):
    rows = page_parts.assumptions(lang)
    assert len(rows) > 60
    ids = {one["attrs"]["id"] for one in read.all("tr", id=True)}
    assert {f"a-{row['name']}" for row in rows} <= ids
    for outcome in page_parts.drivers(lang):
        assert len(outcome["rows"]) >= 5
        assert all(not row["anchor"] or row["anchor"] in ids for row in outcome["rows"])
        totals = [row["meter"] for row in outcome["rows"]]
        assert totals == sorted(totals, reverse=True)


def test_equations_are_well_formed():
    for _, line in equations.EQUATIONS:
        found = Reader(equations.mathml(line))
        assert found.elements[0]["tag"] == "math"
        assert "_" not in found.elements[0]["text"]
        assert "^" not in found.elements[0]["text"].replace("χ^", "")
    assert equations.mathml("L_t") == '<math display="block"><mrow><msub><mi>L</mi><mi>t</mi></msub></mrow></math>'


def test_the_link_to_the_brief_is_there_where_the_server_makes_briefs():
    for brief in (False, True):
        link = Reader(page.render(State(), answer(), None, "en", brief=brief)).one("a", id="brief")["attrs"]
        assert ("data-runs" in link) == brief
        assert "hidden" in link  # until there is a run


def test_the_route_says_what_is_wrong_with_an_address_and_prefers_the_language_asked_for():
    with serving(worker=Stand()) as client:
        wrong = client.get("/", params={"tariff": "many"})
        assert wrong.status_code == 422
        assert "tariff=" in Reader(wrong.text).all("p", role="alert")[0]["text"]
        japanese = {"Accept-Language": "fr-FR, ja;q=0.8, en;q=0.5"}
        assert Reader(client.get("/", headers=japanese).text).one("html")["attrs"]["lang"] == "ja"
        assert Reader(client.get("/?lang=en", headers=japanese).text).one("html")["attrs"]["lang"] == "en"
        assert client.get("/tables/why").status_code == 200
        assert client.get("/tables/why", params={"a.w_P": "2.5"}).status_code == 204  # no surface is over assumptions
        for name in ("app.js", "style.css", "favicon.svg"):
            assert client.get(f"/static/{name}").status_code == 200


def test_the_route_shows_a_run_that_the_server_keeps_and_its_tables():
    stand = Stand(kept())
    stand.let.set()
    with serving(worker=stand) as client:
        finished(client, client.post("/api/v1/runs", json={"state": "p=july-2025-deal"}).json()["id"])
        read = Reader(client.get("/").text)
        assert read.one("span", id="chip")["text"] == "exact · run 227d942c"
        assert "$7.3 bn" in read.one("div", data_number="gain")["text"]
        table = Reader(client.get("/tables/why?lang=ja").text)
        assert table.all("tr")[-1]["text"].startswith("合計")
