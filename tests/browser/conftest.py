"""A desk for each test here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.desk import Desk


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Desk]:
    found = Desk(chromium)
    yield found
    found.close()
