"""Somebody at a desk who opens contact sheets in a browser and reviews them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page

from tests.waiting import wait_until

_WHERE = "document.activeElement.closest('.tile')?.dataset.image ?? null"
_DECISIONS = """() => Object.fromEntries([...document.querySelectorAll('.tile[data-decision]')]
  .map((tile) => [tile.dataset.image || tile.closest('.card').dataset.id, tile.dataset.decision]))"""
_SHOWN = """() => [...document.querySelectorAll('.card:not([hidden])')].map((c) => c.dataset.id)"""


class Window:
    """A browser's window with a contact sheet in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._listen)

    def press(self, *keys: str) -> None:
        """Type keys, one after the other, wherever the focus is."""
        for key in keys:
            self.page.keyboard.press(key)

    def wait_for(self, condition: str, arg: Any = None) -> None:
        """Until an expression holds. Asked from outside: the page's policy lets nothing evaluate texts."""
        wait_until(lambda: bool(self.page.evaluate(condition, arg)), 45, condition)

    def begin(self) -> None:
        """Put the focus on the first picture, as an arrow key does."""
        self.press("ArrowRight")

    @property
    def where(self) -> str | None:
        """The picture that has the focus."""
        found: str | None = self.page.evaluate(_WHERE)
        return found

    @property
    def decisions(self) -> dict[str, str]:
        """Everything decided, by picture, or by row where there is none."""
        found: dict[str, str] = self.page.evaluate(_DECISIONS)
        return found

    @property
    def shown(self) -> list[str]:
        """The rows that are shown."""
        found: list[str] = self.page.evaluate(_SHOWN)
        return found

    @property
    def told(self) -> str:
        """What the page said last."""
        return self.page.locator("body > .told").text_content() or ""

    def one(self, selector: str) -> Locator:
        """The one element."""
        return self.page.locator(selector)

    def exported(self) -> bytes:
        """review.csv as the page hands it out."""
        with self.page.expect_download() as download:
            self.page.locator(".export").click()
        assert download.value.suggested_filename == "review.csv"
        return Path(download.value.path()).read_bytes()

    def take_in(self, content: bytes, name: str = "review.csv") -> str:
        """Import a review; what the page says of it."""
        self.page.evaluate("document.querySelectorAll('.told').forEach((t) => t.textContent = '')")
        file: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": content}
        self.page.locator(".import input").set_input_files(files=file)
        self.wait_for("document.querySelector('.told').textContent !== ''")
        return self.told

    def _listen(self, said: Any) -> None:
        if said.type == "error":
            self.faults.append(said.text)


class Desk:
    """Opens windows; those of one context share what the browser keeps."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._windows: list[Window] = []

    def context(self, **options: Any) -> BrowserContext:
        """A browser of its own, as far as memory goes. English unless a locale is given."""
        given = {"locale": "en-GB", "accept_downloads": True, **options}
        context = self._browser.new_context(**given)
        # Below a test's own limit, so that it is said what did not come; a busy machine takes its time.
        context.set_default_timeout(45_000)
        self._contexts.append(context)
        return context

    def open(self, sheet: Path | str, context: BrowserContext | None = None) -> Window:
        """A window with a sheet, in a browser of its own unless one is given."""
        window = Window((context or self.context()).new_page())
        self._windows.append(window)
        window.page.goto(sheet if isinstance(sheet, str) else sheet.as_uri())
        return window

    def close(self) -> None:
        """Close everything. Whatever went wrong in a page fails the test."""
        faults = [fault for window in self._windows for fault in window.faults]
        for context in self._contexts:
            context.close()
        assert faults == []
