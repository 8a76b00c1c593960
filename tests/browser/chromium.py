"""A headless Chromium: the system's own, or the one playwright fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.program import lacking

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def run_chromium() -> Iterator[Browser]:
    """The browser, as long as the block runs; without one the tests that want it are skipped."""
    with sync_playwright() as playwright:
        program = _program(playwright)
        if program is None:
            lacking(
                "chromium", "no Chromium; apt-get install chromium, or playwright install chromium"
            )
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


def _program(playwright: Playwright) -> str | None:
    found = [path for name in PROGRAMS if (path := shutil.which(name))]
    own = playwright.chromium.executable_path
    return found[0] if found else own if Path(own).exists() else None
