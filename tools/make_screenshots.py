"""Take the pictures of the page for the docs: `python tools/make_screenshots.py [--out docs/img]`.

Needs Chromium. Starts a server of its own, opens the page in English, in Japanese, dark and on a telephone, waits until
its charts are drawn and writes page-en.png, page-ja.png, page-dark.png, page-phone.png.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PORT = 8765
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "en": ("?p=july-2025-deal&tariff=20&hns=8", {"viewport": {"width": 1440, "height": 1180}}),
    "ja": ("?p=july-2025-deal&lang=ja", {"viewport": {"width": 1440, "height": 1180}}),
    "dark": (
        "?p=july-2025-deal&hns=8&linkage=80",
        {"viewport": {"width": 1440, "height": 1180}, "color_scheme": "dark"},
    ),
    "phone": ("?p=july-2025-deal&tariff=20", {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}),
}
DRAWN = """() => document.body.dataset.answered && [...document.querySelectorAll(".chart .plot")]
  .filter((one) => { const at = one.getBoundingClientRect(); return at.top < innerHeight && at.bottom > 0; })
  .every((one) => one.querySelector("canvas"))"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "img")
    out: Path = parser.parse_args().out
    command = [sys.executable, "-m", "foederis", "serve", "--no-open", "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ready()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for name, (query, view) in VIEWS.items():
                page = browser.new_context(**view).new_page()
                page.goto(f"http://127.0.0.1:{PORT}/{query}")
                page.wait_for_function(DRAWN)
                page.wait_for_timeout(400)
                page.screenshot(path=out / f"page-{name}.png")
            browser.close()
    finally:
        server.terminate()
        server.wait(20)
    return 0


def ready() -> None:
    for _ in range(120):
        time.sleep(0.5)
        try:
            with urlopen(f"http://127.0.0.1:{PORT}/healthz") as answer:
                if b'"ready":true' in answer.read():
                    return
        except OSError:
            continue
    raise SystemExit("the server did not become ready")


if __name__ == "__main__":
    sys.exit(main())
