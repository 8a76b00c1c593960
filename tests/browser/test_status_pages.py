"""The status pages in a browser: signing in, live progress, contact sheet, two languages, no script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.opening import Ledger
from schemas.failure import ErrorClass
from tests.browser.desk import Desk
from tests.steps.mill import Mill
from tests.steps.nights import FIRST, SECOND, night, rows
from tests.steps.scripted_provider import trouble
from tests.ui.running import TOKEN, Pages, command_line_of, running_pages
from tests.valkey import Valkey
from worker.providers.port import Refused


@pytest.fixture
def mill(ledger: Ledger, tmp_path: Path) -> Mill:
    """A finished batch with a refused row, and one that waits for a worker."""
    mill = Mill(ledger, tmp_path)
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    night(mill, FIRST, rows("MUG-1", "MUG-2"))
    mill.hand_in(rows("CUP-1", "CUP-2"), batch=SECOND)
    mill.ledger.fleet.report_in("worker-1", 8)
    return mill


@pytest.fixture
def pages(mill: Mill, valkey: Valkey, tmp_path: Path) -> Iterator[Pages]:
    with running_pages(command_line_of(tmp_path, valkey)) as found:
        yield found


def test_signing_in_watching_and_looking_at_the_pictures(
    desk: Desk, mill: Mill, pages: Pages
) -> None:
    window = desk.open(f"{pages.url}/batches/{SECOND}")
    page = window.page
    assert page.url.startswith(f"{pages.url}/login")
    window.one("input[name=token]").fill(TOKEN)
    window.press("Enter")
    page.wait_for_url(f"{pages.url}/batches/{SECOND}")
    assert "0 / 2" in (window.one("#standing").text_content() or "")

    for _ in range(20):
        mill.let_time_pass()
        mill.turn()
    page.locator("#standing .state.finished").wait_for()  # nobody has loaded the page anew
    assert "2 / 2" in (window.one("#standing").text_content() or "")

    page.get_by_role("link", name="Batches").click()
    page.get_by_role("link", name=FIRST).click()
    assert "content rules" in (window.one("#errors").text_content() or "")
    page.locator("a.sheet").click()
    page.locator("html.scripted .card").first.wait_for()
    assert sorted(window.shown) == ["MUG-1", "MUG-2"]
    assert page.evaluate("document.querySelector('.picture img').naturalWidth") > 0
    window.begin()
    window.press("ArrowRight", "a")  # of the first there is no picture
    assert list(window.decisions.values()) == ["approve"]


def test_everything_is_there_without_a_script_and_in_chinese(desk: Desk, pages: Pages) -> None:
    context = desk.context(java_script_enabled=False, locale="zh-CN")
    window = desk.open(f"{pages.url}/?token={TOKEN}", context)
    page = window.page
    assert page.url == f"{pages.url}/"
    assert "批次" in page.title()
    assert page.locator("tbody tr").count() == 2
    page.get_by_role("link", name=SECOND).click()
    assert "等待中" in (window.one("#standing").text_content() or "")
    page.get_by_role("link", name="通道").first.click()
    assert page.locator("meter").count() == 2
    page.get_by_role("link", name="English").click()
    assert page.get_by_role("heading", name="Lanes").count() == 1
    assert page.locator("noscript").count() == 1


def test_a_server_that_is_gone_is_said_to_be(
    desk: Desk, mill: Mill, valkey: Valkey, tmp_path: Path
) -> None:
    with running_pages(command_line_of(tmp_path, valkey)) as pages:
        window = desk.open(f"{pages.url}/?token={TOKEN}")
        assert window.one(".stale").is_hidden()
    window.one(".stale").wait_for()
    window.faults.clear()  # that it cannot be reached is what the browser complains of
