"""The brief: one A4 page that says what the run says, needs nothing else, and is refused rather than unreadable."""

from __future__ import annotations

import io
import json
import re
import sys
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pypdf
import pytest
from typer.testing import CliRunner

import charts_case
from charts_case import DEAL
from foederis import (
    cli_run,
    report_brief,
    report_brief_files,
    report_brief_text,
    report_sentence,
    scenario,
    words_brief,
    words_page,
)
from foederis.cli import app
from foederis.errors import DataError, UsageError
from foederis.report_brief import state_of
from foederis.report_brief_files import JAPANESE_FONTS, fonts
from foederis.report_page import NUMBERS, Estimate
from foederis.scenario_levers import LEVERS, PAGE_PRESETS, State

LANGUAGES = ("en", "ja")
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
SPACES = str.maketrans({"\u202f": " ", "\u2009": " ", "\u00a0": " "})


@cache
def content(lang: str = "en") -> dict[str, Any]:
    run = charts_case.run()
    return report_brief.content(
        run.results[DEAL], run.paths[DEAL], run.findings[DEAL], run.alliance[DEAL], run.manifest, lang
    )


def plain(text: str) -> str:
    return text.translate(SPACES)


@cache
def pdf_of(lang: str) -> bytes:
    return report_brief_files.pdf(content(lang))


def pages(data: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_numbers_are_those_of_the_page(lang):
    run, page = charts_case.run(), charts_case.run().page()
    numbers = {one["key"]: one for one in content(lang)["numbers"]}
    assert list(numbers) == ["gain", "target_income", "trust", "balance", "self_defeat"]
    for key in ("gain", "target_income", "trust", "balance"):
        value, interval = words_page.figure(*page.numbers[key], NUMBERS[key].unit, NUMBERS[key].badge, lang)
        assert (plain(numbers[key]["value"]), plain(numbers[key]["interval"])) == (plain(value), plain(interval))
        assert numbers[key]["badge"] == NUMBERS[key].badge
    chance = run.alliance[DEAL].self_defeat
    assert plain(numbers["self_defeat"]["value"]) == plain(words_page.probability(chance, lang))
    said = plain(content(lang)["sentence"])
    for key in ("gain", "trust"):
        assert plain(numbers[key]["value"]) in said
    assert plain(words_page.probability(chance, lang)) in said
    assert run.run_id in content(lang)["meta"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_sentence_can_come_out_either_way(lang):
    page = charts_case.answer()
    lost = replace(page, numbers={**page.numbers, "gain": Estimate(-30.0, -60.0, -9.0)},
                   chances={**page.chances, "self_defeat": 0.97})  # fmt: skip
    untaxed = replace(page, taxes_target=False)
    still = replace(page, numbers={**page.numbers, "balance": Estimate(0.0, 0.0, 0.0)})
    falls = replace(page, numbers={**page.numbers, "balance": Estimate(-1.2, -3.0, 0.4)})
    alone = replace(page, chances={"probability_gain": 0.5}, numbers={"gain": page.numbers["gain"]})
    pages = {"base": page, "lost": lost, "untaxed": untaxed, "still": still, "falls": falls, "alone": alone}
    said = {name: plain(report_sentence.sentence(one, lang)) for name, one in pages.items()}
    assert len(set(said.values())) == len(pages)
    for name, text in (
        ("lost", {"en": "costs the US $30 bn a year (9 to 60)", "ja": "年300億ドルの損失となる（90〜600億）"}),
        ("lost", {"en": "almost certain (97 %)", "ja": "大きいことはほぼ確実（97 %）"}),
        ("untaxed", {"en": "no measure of the US on Japan", "ja": "米国の対日本措置がない"}),
        ("still", {"en": "balance of power does not change", "ja": "戦力バランスは変わらない"}),
        ("falls", {"en": "falls by 1.2 % (−3.0 … +0.4)", "ja": "1.2 %下がる（−3.0〜+0.4）"}),
        ("alone", {"en": "roughly even (50 %)", "ja": "得をするかどうかは五分五分（50 %）"}),
    ):
        assert text[lang] in said[name], said[name]
    assert "trust" not in said["alone"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_findings_follow_from_the_numbers(lang):
    run, page = charts_case.run(), charts_case.answer()
    found, allied = run.findings[DEAL], run.alliance[DEAL]
    first = report_brief_text.findings(page, found, allied, lang)
    assert len(first) == 3
    rows = [dict(row) for row in page.frames["sectors"]]
    rows[4] |= {"median": -99.0, "low90": -99.5, "high90": -90.0}
    why = [dict(row) for row in page.frames["why"]]
    why[7]["value"] = 80.0
    near = [{**row, "low": 1.0, "high": 2.0} for row in page.frames["bystanders"]]
    frames = {**page.frames, "sectors": rows, "why": why, "bystanders": near}
    second = report_brief_text.findings(replace(page, frames=frames), found, allied, lang)
    assert all(a != b for a, b in zip(first, second, strict=True))
    sector = words_page.sector(rows[4]["sector"], lang)
    assert (sector.lower() if lang == "en" else sector) in second[0].lower()
    assert words_page.channel(why[7]["channel"], lang).lower() in second[1].lower()
    assert f"{len(near)} of {len(near)}" in second[2] or f"{len(near)}か国。" in second[2]
    trade = report_brief_text.findings(page, found, None, lang)
    assert words_page.country("MEX", lang) in trade[1]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_would_change_the_verdict_is_computed(lang):
    run, page = charts_case.run(), charts_case.answer()
    found, allied = run.findings[DEAL], run.alliance[DEAL]
    first = report_brief_text.changes(page, found, allied, lang)
    assert len(first) == 3
    largest = allied.largest[0]
    assert words_page.unknown(largest.name, largest.moves, lang) in first[0]
    for row in allied.priors.values():
        assert words_page.probability(row["self_defeat"], lang) in first[1]
    for end in (min, max):
        assert words_page.money(end(row[2] for row in found.turns_on), lang) in first[2]
    turned = replace(allied, largest=(replace(allied.largest[1], correlation=-allied.largest[1].correlation),))
    bad = [{"price": row["price"], "probability": row["price"] / 40} for row in page.frames["worth"]]
    signs = replace(found, turns_on=(("closure", "purged", -2.0, 0.0), *found.turns_on))
    second = report_brief_text.changes(replace(page, frames={**page.frames, "worth": bad}), signs, turned, lang)
    assert all(a != b for a, b in zip(first, second, strict=True))
    assert words_page.money(21.0, lang) in second[1]
    assert words_brief.say("turn.variants.sign", lang).strip() in second[2]
    assert report_brief_text.changes(page, found, None, lang) == [first[2]]


def test_measures_in_force_stand_with_their_legal_source():
    table = content()["measures"]
    rows = {(law, plain(rate)): (goods, since, source) for law, rate, goods, since, source in table["rows"]}
    assert rows["IEEPA", "15 %"][2].startswith("EO 14345")
    assert rows["s.232", "15 %"][1] == "16 Sep 2025"
    assert not table["note"]
    assert all(source for *_, source in table["rows"])
    run = charts_case.run()
    plan = run.results[DEAL].plan
    for name, law, rate in (
        ("full-decoupling", "trade itself", "embargo"),
        ("ten-percent-linked", "asked for the troops", "8 bn USD/yr"),
    ):
        other = replace(plan, scenario=scenario.load(name), date=scenario.load(name).evaluate)
        found = report_brief._measures(other, "en")["rows"]
        assert [law, rate] in [row[:2] for row in found], found
    before = replace(plan, scenario=scenario.load("before-2025"))
    assert report_brief._measures(before, "en") == {"head": table["head"], "rows": [], "note": words_brief.say(
        "brief.measures.none", "en")}  # fmt: skip


def test_the_command_and_the_address_give_the_same_scenario():
    run = charts_case.run()
    command, address = report_brief.reproduction(run.results[DEAL].plan.scenario, run.manifest)
    assert command == f"foederis run {DEAL} --draws 100 --alliance-draws 100"
    assert address == f"/?p={DEAL}"
    moved = {key: lever.low + lever.step * (1 + k) if lever.unit else 1.0
             for k, (key, lever) in enumerate(LEVERS.items())}  # fmt: skip
    for state in (*(State(name) for name in PAGE_PRESETS), State(DEAL, moved), State(DEAL, {"hns": 7.5, "china": 40})):
        found = state_of(state.scenario())
        assert found == state
        again = State.parse(dict(part.split("=") for part in found.query().split("&")))
        assert again.scenario().sha256 == state.scenario().sha256
    own = scenario.load(DEAL, settings=("evaluate=2025-10-01",))
    assert state_of(own) is None
    command, address = report_brief.reproduction(own, run.manifest)
    assert command.startswith(f"foederis run {DEAL}.yaml")
    assert address == ""


class Reader(HTMLParser):
    """Tags with attributes, and the text, of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_html_needs_nothing_else(lang):
    text = report_brief_files.html(content(lang))
    read = Reader(text)
    assert ("html", {"lang": lang}) in read.tags
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint({tag for tag, _ in read.tags})
    assert not [attrs for _, attrs in read.tags if "src" in attrs or "http" in str(attrs.get("href"))]
    assert not re.search(r"@import|url\((?!#)", text)
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids)) > 0
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)
    assert sum(tag == "svg" for tag, _ in read.tags) == 3
    for part in (content(lang)["sentence"], *content(lang)["findings"], *content(lang)["leaves"]):
        assert part in read.text
    assert content(lang)["command"] in read.text


def test_texts_are_escaped():
    odd = {**content(), "title": "<script>alert(1)</script> & more"}
    text = report_brief_files.html(odd)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def japanese_or_refused() -> bool:
    """Whether this machine has a font for Japanese; where it has none, a PDF in it must be refused."""
    if set(JAPANESE_FONTS) & set(report_brief_files._families()):
        return True
    with pytest.raises(DataError, match="fonts-noto-cjk"):
        pdf_of("ja")
    return False


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pdf_is_one_a4_page_that_can_be_read(lang):
    if lang == "ja" and not japanese_or_refused():
        return
    reader = pypdf.PdfReader(io.BytesIO(pdf_of(lang)))
    (page,) = reader.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    text = re.sub(r"\s+", "", plain(page.extract_text()))
    for part in (content(lang)["title"], content(lang)["sentence"], *content(lang)["findings"], content(lang)["meta"]):
        assert re.sub(r"\s+", "", plain(part)) in text, part
    assert re.sub(r"\s+", "", content(lang)["command"]) in text
    assert bool(JAPANESE.search(text)) == (lang == "ja")
    assert reader.trailer["/Root"]["/Lang"] == lang
    assert "/StructTreeRoot" in reader.trailer["/Root"]
    fonts_used = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    files = [one["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for one in fonts_used]
    assert files
    assert all({"/FontFile2", "/FontFile3"} & set(one) for one in files)  # every font travels with the file


def test_the_same_content_gives_the_same_pdf():
    assert report_brief_files.pdf(content()) == pdf_of("en")


def test_a_page_with_more_to_say_stays_one_page():
    full = content()
    longer = {
        **full,
        "line": full["line"] * 2,
        "changes": full["changes"] * 2,
        "measures": {**full["measures"], "rows": full["measures"]["rows"] * 2},
    }
    assert len(pages(report_brief_files.pdf(longer))) == 1


def test_without_an_alliance_the_brief_says_so():
    run = charts_case.run()
    alone = replace(run.results[DEAL], alliance=None, under={}, no_alliance="not asked for")
    found = report_brief.content(alone, run.paths[DEAL], run.findings[DEAL], None, run.manifest, "en")
    assert [one["key"] for one in found["numbers"]] == ["gain", "target_income"]
    assert [one["name"] for one in found["charts"]] == ["strip", "sectors"]
    assert "not asked for" in report_brief_files.html(found)
    assert len(pages(report_brief_files.pdf(found))) == 1


def test_japanese_without_a_font_is_refused_and_says_which_package():
    with pytest.raises(DataError, match="fonts-noto-cjk") as refused:
        fonts("ja", ["DejaVu Sans", "Arial"])
    assert refused.value.exit_code == 4
    assert fonts("ja", ["Arial", "IPAexGothic"]) == ("IPAexGothic",)
    assert fonts("en", ["DejaVu Sans", "Arial"]) == ("Arial",)


def brief_command(monkeypatch, *words: str) -> Any:
    ran: list[Any] = []

    def simulate(given, **options):
        ran.append((given, options))
        return charts_case.run(), None

    monkeypatch.setattr(cli_run, "simulate", simulate)
    return CliRunner().invoke(app, ["brief", DEAL, *words]), ran


def test_the_command_writes_what_the_name_of_the_file_asks_for(monkeypatch, tmp_path):
    for name in ("page.html", "page.pdf"):
        done, ran = brief_command(monkeypatch, "-o", str(tmp_path / name), "--set", "evaluate=2025-10-01", "-q")
        assert done.exit_code == 0, done.stderr
        assert f"wrote {tmp_path / name}" in done.stdout
        assert charts_case.run().run_id in done.stdout
        assert ran[0][0] == {None: (DEAL, ("evaluate=2025-10-01",))}
    assert (tmp_path / "page.html").read_bytes().startswith(b"<!doctype html>")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("-o", "brief.docx"), 2, "not as .docx"),
        (("-o", "brief"), 2, "a file without a suffix"),
        (("--lang", "fr"), 2, "no language 'fr'; there are en, ja"),
        (("-o", "nowhere/brief.html"), 2, "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_run(monkeypatch, tmp_path, words, code, said):
    monkeypatch.chdir(tmp_path)
    done, ran = brief_command(monkeypatch, *words)
    assert done.exit_code == code
    assert said in done.stderr
    assert not ran
    assert not list(tmp_path.iterdir())


def test_a_machine_without_the_font_or_the_extra_is_told_before_the_run(monkeypatch, tmp_path):
    target = tmp_path / "brief.pdf"
    monkeypatch.setattr(report_brief_files, "_families", lambda: ("DejaVu Sans",))
    done, ran = brief_command(monkeypatch, "-o", str(target), "--lang", "ja")
    assert (done.exit_code, ran) == (4, [])
    assert "fonts-noto-cjk" in done.stderr
    monkeypatch.undo()
    report_brief_files._families.cache_clear()
    monkeypatch.setitem(sys.modules, "typst", None)
    done, ran = brief_command(monkeypatch, "-o", str(target))
    assert (done.exit_code, ran) == (4, [])
    assert "pip install 'foederis[pdf]'" in done.stderr
    assert not target.exists()


def test_a_run_writes_its_brief(tmp_path):
    run = charts_case.run()
    file = run.brief(tmp_path / "own.html", lang="ja")
    assert '<html lang="ja">' in file.read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="scenario"):
        run.brief(tmp_path / "own.html", scenario="another")
    with pytest.raises(UsageError, match="no language"):
        run.brief(tmp_path / "other.html", lang="de")
    assert not (tmp_path / "other.html").exists()


def test_both_languages_say_the_same_things():
    one, two = words_brief.TEXTS["en"], words_brief.TEXTS["ja"]
    assert set(one) == set(two)
    for key in one:
        assert set(re.findall(r"{(\w+)}", one[key])) == set(re.findall(r"{(\w+)}", two[key])), key
        assert JAPANESE.search(two[key]) or not re.search(r"[a-z]{4}", two[key]), key
    assert not set(one) & set(words_page.TEXTS["en"])


def test_a_notebook_shows_the_sentence_and_the_charts():
    run = charts_case.run()
    bundle = run._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == run.text()
    read = Reader(bundle["text/html"])
    assert report_sentence.sentence(run.page(), "en") in read.text
    assert sum(tag == "svg" for tag, _ in read.tags) == 4
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", bundle["text/html"])
    json.dumps(bundle)
