"""What the page must hold in a browser: quick paint, quick answers, no barrier, levers by keyboard, nobody else asked.

Times are measured and printed (`pytest -s`); the bounds are three times what is aimed at, because machines differ, and
the best of a few measures has to meet them, because another test may have had the cores during the first.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser_case import Visit, browsing
from foederis.scenario_levers import DEFAULT, LEVERS, legal
from page_case import kept
from web_case import Stand, serving

PAINT_S, ANSWER_S, SLACK, TRIES = 0.3, 0.1, 3.0, 5
TALL = {"width": 1440, "height": 2400}  # all charts are on the screen at once
PHONE = {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PRESS = """async (key) => {
  const slider = document.getElementById(key);
  const before = document.body.dataset.answered;
  const begun = performance.now();
  slider.value = Number(slider.value) + Number(slider.step) * (slider.dataset.back ? -1 : 1);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => {
    const watch = new MutationObserver(() => {
      if (document.body.dataset.answered === before) return;
      watch.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(done));
    });
    watch.observe(document.body, { attributes: true });
  });
  return performance.now() - begun;
}"""


@pytest.fixture(scope="module")
def browser():
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def stand():
    return Stand(kept())  # holds exact runs back: what is measured is the emulator


@pytest.fixture(scope="module")
def url(stand):
    with serving(worker=stand) as client:
        yield str(client.base_url).rstrip("/")


def drawn(page) -> None:
    """Wait until every chart that is on the screen is drawn."""
    page.wait_for_function(
        """() => [...document.querySelectorAll(".chart .plot")]
          .filter((one) => { const at = one.getBoundingClientRect(); return at.top < innerHeight && at.bottom > 0; })
          .every((one) => one.querySelector("canvas"))"""
    )


def best(measure: Callable[[], float], bound: float) -> float:
    """The first measure within the bound, or the least of several."""
    found: list[float] = []
    for _ in range(TRIES):
        found.append(measure())
        if found[-1] < bound:
            break
    return min(found)


def test_a_moved_slider_is_painted_quickly_with_all_charts(browser, url):
    visit = Visit(browser, url, viewport=TALL)
    page = visit.go()
    drawn(page)
    assert page.locator("figure canvas").count() == 9
    for _ in range(4):
        page.evaluate(PRESS, "lever-tariff")  # the first strokes compile what the later ones use

    def late() -> float:
        page.evaluate("() => delete document.getElementById('lever-tariff').dataset.back")
        times = sorted(page.evaluate(PRESS, "lever-tariff") for _ in range(12))
        page.evaluate("() => document.getElementById('lever-tariff').dataset.back = '1'")
        times = sorted([*times, *(page.evaluate(PRESS, "lever-tariff") for _ in range(12))])
        found: float = times[int(0.95 * (len(times) - 1))]
        print(f"\nslider to last paint, nine charts: median {statistics.median(times):.0f} ms, p95 {found:.0f} ms")
        return found

    bound = 1000 * ANSWER_S * SLACK
    assert best(late, bound) < bound
    visit.context.close()


def test_the_first_paint_is_quick(browser, url):
    visit = Visit(browser, url)
    visit.page.goto(f"{url}/")  # the server has answered once before: it is warm
    visit.answered()

    def paint() -> float:
        visit.page.goto(f"{url}/?p=letter-25")
        visit.page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length > 0")
        found: float = visit.page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime")
        print(f"\nfirst paint: {found:.0f} ms")
        return found

    bound = 1000 * PAINT_S * SLACK
    assert best(paint, bound) < bound
    visit.context.close()


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_there_is_no_barrier(browser, url, lang, scheme, size):
    visit = Visit(browser, url, viewport=size, color_scheme=scheme)
    page = visit.go(f"?tariff=30&lang={lang}")
    drawn(page)
    if size is not PHONE:
        page.keyboard.press("t")
        for name in ("drivers", "assumptions", "model", "leaves", "glossary"):
            page.locator(f"#{name} > summary").click()
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
    visit.context.close()


def test_every_lever_moves_by_keyboard_alone(browser, url):
    visit = Visit(browser, url)
    page = visit.go()
    moved: dict[str, str] = {}
    for _ in range(80):
        page.keyboard.press("Tab")
        name = page.evaluate("() => document.activeElement.id")
        if not name.startswith("lever-"):
            if len(moved) == len(LEVERS):
                break
            continue
        key = name.removeprefix("lever-")
        if key in moved:
            continue
        kind = page.evaluate("() => document.activeElement.type")
        page.keyboard.press("Space" if kind == "checkbox" else "ArrowRight")
        moved[key] = page.locator(f"#out-{key}").inner_text()
    assert list(moved) == list(LEVERS)
    for key in LEVERS:
        expect(page).to_have_url(re.compile(f"[?&]{key}="))
    visit.answered(page.url.partition("?")[2])
    page.keyboard.press("u")
    expect(page).not_to_have_url(re.compile("exempt="))
    visit.context.close()


def test_nobody_but_the_server_is_asked(browser, url):
    visit = Visit(browser, url, viewport=TALL)
    page = visit.go("?lang=ja")
    drawn(page)
    page.evaluate(PRESS, "lever-china")
    for name in ("drivers", "assumptions", "model", "leaves", "glossary"):
        page.locator(f"#{name} > summary").click()
    assert [one for one in visit.asked if not one.startswith((f"{url}/", "data:", "blob:"))] == []
    assert visit.violations() == []
    assert visit.context.cookies() == []
    visit.context.close()


def test_levers_stand_at_the_law(browser, url):
    visit = Visit(browser, url)
    page = visit.go()
    for key, value in legal(DEFAULT).items():
        if key == "exempt":
            assert page.locator("#lever-exempt").is_checked() is bool(value)
        else:
            assert float(page.locator(f"#lever-{key}").input_value()) == value
    visit.context.close()


def test_holding_an_assumption_asks_for_the_exact_run(browser, url, stand):
    stand.let.set()
    visit = Visit(browser, url)
    page = visit.go()
    page.locator("#assumptions > summary").click()
    slider = page.locator("[data-held='w_P']")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("a\\.w_P="))
    page.locator(".chip-exact").wait_for()
    expect(page.locator("[data-release='w_P']")).to_be_enabled()
    page.locator("[data-release='w_P']").click()
    expect(page).not_to_have_url(re.compile("a\\.w_P="))
    visit.context.close()
