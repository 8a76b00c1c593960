"""A browser for all tests here, and a desk for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import run_chromium
from tests.browser.desk import Desk


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with run_chromium() as browser:
        yield browser


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Desk]:
    found = Desk(chromium)
    yield found
    found.close()
