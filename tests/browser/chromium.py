"""A headless Chromium: the system's own, or the one playwright fetched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def run_chromium() -> Iterator[Browser]:
    """The browser, as long as the block runs; without one the tests that want it are skipped.

    Where NEEDS_CHROMIUM is set, as in CI, they fail instead.
    """
    with sync_playwright() as playwright:
        program = _program(playwright)
        if program is None:
            reason = "no Chromium; apt-get install chromium, or playwright install chromium"
            if os.environ.get("NEEDS_CHROMIUM"):  # noqa: TID251 - what CI says of itself
                pytest.fail(reason)
            pytest.skip(reason)
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


def _program(playwright: Playwright) -> str | None:
    found = [path for name in PROGRAMS if (path := shutil.which(name))]
    own = playwright.chromium.executable_path
    return found[0] if found else own if Path(own).exists() else None
