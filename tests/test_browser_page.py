"""The page in a browser: levers move numbers, the address comes back, nothing is lost when the server goes."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from browser_case import PATIENCE_S, Visit, browsing
from foederis.scenario_levers import DEFAULT
from foederis.words_page import TEXTS
from page_case import kept
from web_case import Stand, serving

CHARTS = 9


@pytest.fixture(scope="module")
def browser():
    with browsing() as found:
        yield found


@pytest.fixture
def stand():
    return Stand(kept())  # holds exact runs back until a test lets them through: until then the emulator answers


@pytest.fixture
def url(stand):
    with serving(worker=stand) as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture
def visit(browser, url):
    found = Visit(browser, url)
    yield found
    found.page.unroute_all(behavior="ignoreErrors")  # a request that is held up may still be under way
    found.context.close()


def value(page, key):
    return page.locator(f"[data-number={key}] .value").inner_text()


def at(page, end):
    """Wait until the address ends so: the browser tells of it a moment after the key."""
    expect(page).to_have_url(re.compile(f"{re.escape(end)}$"))


def held(page, asked, count):
    """Wait until so many requests were held up; the last of them. One more would come within a moment."""
    until = time.monotonic() + PATIENCE_S
    while len(asked) < count and time.monotonic() < until:
        page.wait_for_timeout(20)
    page.wait_for_timeout(200)
    assert len(asked) == count
    return asked[-1]


def test_the_page_loads_draws_and_asks_nobody_else(visit, url):
    page = visit.go()
    for figure in page.locator("figure").all():
        figure.scroll_into_view_if_needed()
        figure.locator("canvas").wait_for()
    assert page.locator("figure canvas").count() == CHARTS
    assert page.locator("#sentence strong").count() >= 1
    assert re.match(r"\$[\d.]+ bn", value(page, "gain"))
    page.locator(f"text={TEXTS['en']['page.ready']}").first.wait_for()
    assert visit.violations() == []
    assert all(one.startswith((f"{url}/", "data:", "blob:")) for one in visit.asked)
    assert [one for one in visit.said if not one.startswith("info")] == []
    assert visit.context.cookies() == []


def test_a_page_that_rests_is_whole_on_paper(visit):
    page = visit.go()
    page.wait_for_function(f"() => document.querySelectorAll('.plot canvas').length === {CHARTS}")
    assert page.evaluate("() => scrollY") == 0
    page.emulate_media(media="print")
    assert page.locator("#levers").is_hidden()
    assert [box for box in (one.bounding_box() for one in page.locator(".plot canvas").all()) if not box] == []


def test_a_lever_moves_numbers_its_text_and_the_address(visit):
    page = visit.go()
    before = value(page, "gain")
    page.locator("#lever-tariff").focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowRight")
    start = float(page.locator("#marks-tariff option").get_attribute("value"))
    moved = f"p={DEFAULT}&tariff={start + 11:g}"
    visit.answered(moved)
    assert page.locator("#out-tariff").inner_text() == f"{start + 11:g}\u2009%"
    at(page, f"/?{moved}")
    assert value(page, "gain") != before
    assert page.locator("#sentence").inner_text().count(value(page, "gain")) == 1
    page.locator("[data-reset=tariff]").click()
    visit.answered(f"p={DEFAULT}")
    assert value(page, "gain") == before


def test_an_address_is_a_state_and_comes_back(visit):
    query = "?p=liberation-day&tariff=30&hns=8&exempt=1&vs=before-2025&lang=ja"
    page = visit.go(query)
    assert page.locator("html").get_attribute("lang") == "ja"
    assert page.locator("#lever-tariff").input_value() == "30"
    assert page.locator("#out-hns").inner_text() == "年80億ドル"
    assert page.locator("#lever-exempt").is_checked()
    assert page.locator("#versus").input_value() == "before-2025"
    assert page.locator(".preset[aria-current]").get_attribute("data-preset") == "liberation-day"
    page.locator("#lever-tariff").focus()
    page.keyboard.press("ArrowLeft")
    at(page, query.replace("tariff=30", "tariff=29"))
    page.go_back()
    at(page, query)
    expect(page.locator("#lever-tariff")).to_have_value("30")
    page.keyboard.press("Escape")
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.locator("#lever-tariff").input_value() == "30"


def test_undo_and_presets(visit):
    page = visit.go()
    page.locator(".preset[data-preset=letter-25]").click()
    visit.answered("p=letter-25")
    page.locator("#lever-china").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("china="))
    page.keyboard.press("u")
    at(page, "?p=letter-25")
    page.keyboard.press("u")
    at(page, f"?p={DEFAULT}")
    assert page.locator("#undo").is_disabled()


def test_comparing_shows_both_and_the_difference(visit):
    page = visit.go("?tariff=30")
    page.keyboard.press("c")
    visit.answered(f"p={DEFAULT}&tariff=30&vs={DEFAULT}")
    card = page.locator("[data-number=gain]")
    assert card.locator(".compared").inner_text().startswith("$")
    page.keyboard.press("d")
    expect(card.locator(".value")).to_have_text(re.compile(r"^[+−]?\$"))
    expect(card.locator(".word")).to_have_text(re.compile("→"))
    page.keyboard.press("c")
    visit.answered(f"p={DEFAULT}&tariff=30")
    assert page.locator("#comparison").is_hidden()


def test_one_request_is_under_way_and_the_newest_counts(visit):
    page = visit.go()
    asked = []

    def hold_up(route):
        asked.append(route)  # until the levers have moved

    page.route("**/api/v1/live?*", hold_up)
    page.locator("#lever-autos").focus()
    start = float(page.locator("#lever-autos").input_value())
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    newest = f"p={DEFAULT}&autos={start + 15:g}"
    first = held(page, asked, 1)
    assert f"autos={start + 1:g}&" in first.request.url
    first.continue_()
    visit.answered(f"p={DEFAULT}&autos={start + 1:g}")
    last = held(page, asked, 2)
    assert f"{newest}&" in last.request.url  # what was asked in between is forgotten
    last.continue_()
    visit.answered(newest)
    assert len(asked) == 2


def test_the_last_answer_stays_when_the_server_goes(visit):
    page = visit.go()
    before = value(page, "gain")
    page.route("**/api/v1/**", lambda route: route.abort())
    page.locator("#lever-tariff").focus()
    page.keyboard.press("PageUp")
    page.locator("#fault").wait_for()
    assert "does not answer" in page.locator("#fault").inner_text()
    assert value(page, "gain") == before
    page.unroute("**/api/v1/**")
    page.locator("#fault").wait_for(state="hidden")
    expect(page.locator("[data-number=gain] .value")).not_to_have_text(before)


def test_an_exact_run_takes_the_place_of_the_emulator(visit, stand):
    page = visit.go("?china=65")
    page.locator("#exact").click()
    page.locator("#progress-text", has_text="%").wait_for()  # once it has begun; before that it waits
    stand.let.set()
    page.locator(".chip-exact").wait_for()
    assert "227d942c" in page.locator("#chip").inner_text()
    page.locator("details[data-name=trust] summary").click()
    links = page.locator("details[data-name=trust] a")
    assert links.first.get_attribute("href") == "/api/v1/runs/227d942c/trust.csv"
    assert page.request.get(f"{visit.url}{links.first.get_attribute('href')}").text().startswith("t,low90")


def test_tables_have_the_numbers_and_open_with_a_key(visit):
    page = visit.go()
    page.keyboard.press("t")
    assert page.locator("details.table[open]").count() == CHARTS
    total = page.locator("[data-table=why] tbody tr").last
    assert total.inner_text().startswith("Total")
    page.keyboard.press("t")
    assert page.locator("details.table[open]").count() == 0


def test_the_keyboard_alone_reaches_levers_and_help(visit):
    page = visit.go()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # past the heading, which closes the sheet on a phone
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('#levers') !== null")
    page.keyboard.press("?")
    page.locator("#help-dialog").wait_for()
    page.keyboard.press("Escape")
    page.locator("#help-dialog").wait_for(state="hidden")


def test_the_answer_is_told_once_after_the_last_change(visit):
    page = visit.go()
    page.locator("#lever-tariff").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        """() => {
          const [told, shown] = ["spoken", "sentence"].map((id) => document.getElementById(id).textContent.trim());
          return told.length > 20 && told === shown;
        }"""
    )
    assert page.locator("[aria-live]").count() == 1


def test_on_a_phone_the_answer_comes_first_and_levers_are_a_sheet(browser, url):
    visit = Visit(browser, url, viewport={"width": 390, "height": 844})
    page = visit.go()
    sheet, sentence = page.locator("#levers").bounding_box(), page.locator("#sentence").bounding_box()
    assert sheet["height"] == pytest.approx(0.38 * 844, abs=2)
    assert sheet["y"] + sheet["height"] == pytest.approx(844, abs=2)
    assert sentence["y"] < 250
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.locator("#sheet").click()
    page.wait_for_function("() => document.getElementById('levers').getBoundingClientRect().height < 60")
    visit.context.close()


def test_on_paper_there_are_no_levers(visit):
    page = visit.go()
    page.emulate_media(media="print")
    assert page.locator("#levers").is_hidden()
    assert page.locator("#sentence").is_visible()


def test_without_a_script_the_answer_is_there(browser, url):
    visit = Visit(browser, url, java_script_enabled=False)
    visit.page.goto(f"{url}/?lang=ja")
    assert visit.page.locator("#sentence").inner_text()
    visit.page.locator(".preset[data-preset=letter-25]").click()
    expect(visit.page).to_have_url(re.compile("p=letter-25"))
    visit.context.close()


def test_targets_are_large_enough(visit):
    page = visit.go()
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select, summary")]
          .filter((one) => one.checkVisibility() && !one.closest(".note, .scroll, .unseen, .skip"))
          .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect().height])
          .filter(([, height]) => height > 0 && height < 27.5)"""
    )
    assert small == []
