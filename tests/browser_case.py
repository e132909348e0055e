"""A browser for tests: Chromium without a window, and what it complained about."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
)
PATIENCE_S = 240  # machines for tests are slow and shared; nothing below waits longer than it must
WATCH = """() => {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
}"""


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """A browser; without one the test is skipped, except on the test server, where that is a failure."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    expect.set_options(timeout=1000 * PATIENCE_S)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        except Error as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"no browser: {error}")
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A page with what was said to the console, what was asked of whom, and what the security policy refused."""

    def __init__(self, browser: Browser, url: str, **context: Any):
        self.url = url
        usual = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}  # nothing fades while we look
        self.context = browser.new_context(**{**usual, **context})
        self.context.set_default_timeout(1000 * PATIENCE_S)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.add_init_script(f"({WATCH})()")

    def go(self, query: str = "") -> Page:
        """Open an address and wait for its answer."""
        self.page.goto(f"{self.url}/{query}")
        self.answered()
        return self.page

    def answered(self, query: str = "") -> None:
        """Wait until the charts show an answer (to a query)."""
        self.page.wait_for_function(
            "(query) => query ? document.body.dataset.answered === query : document.body.dataset.answered",
            arg=query,
        )

    def violations(self) -> list[str]:
        """What the security policy refused."""
        found: list[str] = self.page.evaluate("() => window.violations")
        return found

    def save(self, folder: Path, name: str) -> None:
        """A picture, to look at when a test fails."""
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)
