"""Takes the guides' pictures of the contact sheet: `python -m tests.docs.guide_pictures`, or make pictures.

They are of the real page, after a real evening, reviewed by keyboard; so what examples/evening.py
writes as review.csv is compared with what the page exports.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import BrowserContext, ViewportSize

from tests.browser.chromium import run_chromium
from tests.browser.desk import Desk, Window
from tests.docs.evening import evening
from tests.system.conftest import end_embedded_server

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
NOTED = "6901234567908_scene"
"""The row whose note is shown while it is written."""
WINDOW: ViewportSize = {"width": 1400, "height": 1080}
LOW_WINDOW: ViewportSize = {"width": 1400, "height": 870}
"""Three pictures fill one line."""
KEYS = {"approve": "a", "reject": "r", "reroll": "x"}


class Reader(NamedTuple):
    """Somebody who reads the page in a language of their own."""

    language: str
    context: BrowserContext

    def save(self, window: Window, name: str) -> None:
        """Keep what the window shows."""
        with Image.open(io.BytesIO(window.page.screenshot())) as shot:
            path = PICTURES / f"guide-{name}.{self.language}.webp"
            shot.convert("RGB").save(path, "WEBP", quality=72, method=6)


def main() -> None:
    """Have the evening, and take the pictures on the way."""
    script = evening()
    with tempfile.TemporaryDirectory(prefix="imagemill-") as place, run_chromium() as chromium:
        os.chdir(place)  # so that no path of this machine is in a picture
        office, desk = script.sit_down(Path("evening")), Desk(chromium)
        readers = [
            Reader(name, desk.context(locale=locale, viewport=WINDOW))
            for name, locale in (("en", "en-GB"), ("zh", "zh-CN"))
        ]
        sheet = office.folder.absolute() / script.BATCH / "index.html"
        try:
            for step in script.EVENING:
                step(office)
                if step is script.look:
                    for reader in readers:
                        first_look(reader, desk.open(sheet, reader.context), script, office)
                if step is script.draw_anew:
                    for reader in readers:
                        second_look(reader, desk.open(sheet, reader.context))
        finally:
            end_embedded_server(office.folder.absolute() / "out" / ".imagemill")
            desk.close()


def first_look(reader: Reader, window: Window, script: Any, office: Any) -> None:
    """Review all pictures, as the script says; the page must export what the script writes."""
    window.begin()
    for row, mark in script.FIRST_LOOK.items():
        if mark.note:
            window.press("n")
            fill(window, mark._asdict())
            if row == NOTED:
                reader.save(window, "note")
            window.press("Control+Enter")
        if mark.prompt:
            window.press("ArrowRight")
        else:
            window.press(KEYS[mark.decision])
    written = (office.folder / "review.csv").read_bytes()
    if window.exported() != written:
        raise SystemExit("The page exports another review.csv than examples/evening.py writes.")
    window.page.evaluate("scrollTo(0, 0)")
    reader.save(window, "sheet")


def second_look(reader: Reader, window: Window) -> None:
    """Of the pictures that were drawn anew nothing is decided yet; the others need no look."""
    window.one(".decisions [data-decision=open]").click()
    window.page.set_viewport_size(LOW_WINDOW)
    reader.save(window, "anew")


def fill(window: Window, mark: Mapping[str, str]) -> None:
    """Write a note, and a prompt where there is one."""
    window.one(".note-text").fill(mark["note"])
    if mark["prompt"]:
        window.one(".prompt-text").fill(mark["prompt"])


if __name__ == "__main__":
    main()
