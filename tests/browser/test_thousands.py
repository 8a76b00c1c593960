"""Five thousand pictures on one page, most of them in the page itself."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from zlib import crc32

import PIL.Image
import pytest

from results.contact_sheet import ContactSheet
from results.page_head import PageHead
from results.picture import thumbnail
from results.tally import Tally
from storage.local import LocalStorage
from tests.browser.desk import Desk, Window
from tests.browser.sheets import FINISHED_AT, row
from tests.results.orders import BATCH, batch

MANY = 5000
LAID_OUT = """() => [...document.querySelectorAll('.card > :first-child')]
  .filter((inner) => inner.checkVisibility({ contentVisibilityAuto: true })).length"""
LOADED = "() => [...document.images].filter((image) => image.currentSrc).length"
BESIDE = re.compile(r'<img src="(thumbnails/[^"]+)"')


class Gallery(LocalStorage):
    """A storage full of thumbnails, no two of them alike, and none of which lies anywhere."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, fsync=False)
        self._drawn = [_noisy(shade) for shade in range(0, 250, 25)]

    def get(self, key: str) -> bytes:
        number = crc32(key.encode())
        drawn = self._drawn[number % len(self._drawn)]
        # A comment: a browser would load pictures that it has already at once.
        return b"%b\xff\xfe\x00\x06%b%b" % (drawn[:2], number.to_bytes(4), drawn[2:])


def _noisy(shade: int) -> bytes:
    """As large in bytes as a photograph's."""
    noise = PIL.Image.effect_noise((25, 25), 60).resize((400, 400), PIL.Image.Resampling.BICUBIC)
    tinted = PIL.Image.merge("RGB", (noise, noise.point(lambda v: v * shade // 250), noise))
    written = BytesIO()
    tinted.save(written, "PNG")
    return thumbnail(written.getvalue())


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    gallery = Gallery(folder)
    page = ContactSheet(gallery, BATCH, folder)
    tally = Tally()
    for number in range(1, MANY + 1):
        prompt = f"cup {number} of {'glass' if number % 2 else 'clay'}"
        one = row(number, prompt=prompt, model=("wanx-v1", "flux")[number % 2])
        page.add(one)
        tally.add(one)
    page.close()
    path = folder / "index.html"
    page.write_page(path, PageHead(batch(), tally, FINISHED_AT, has_failed=False))
    (folder / "thumbnails").mkdir()
    for name in BESIDE.findall(path.read_text("utf-8")):
        (folder / name).write_bytes(gallery.get(name))
    return path


@pytest.fixture
def window(desk: Desk, sheet: Path) -> Window:
    return desk.open(sheet)


@pytest.mark.timeout(180)  # on a busy machine the browser takes a while for 70 MB
def test_five_thousand_pictures_are_looked_through_and_decided(window: Window) -> None:
    assert window.one(".card").count() == MANY
    assert window.page.evaluate(LAID_OUT) < 100, "only what is near the window is laid out"
    assert window.page.evaluate(LOADED) < 100, "and only that is loaded"

    window.begin()
    window.press("a", "End")
    assert window.where == f"images/CUP-{MANY}_01.png"
    last = window.one(f".tile[data-image='images/CUP-{MANY}_01.png'] img")
    window.wait_for("(image) => image.naturalWidth === 400", last.element_handle())
    assert window.page.evaluate(LAID_OUT) < 100
    assert window.page.evaluate(LOADED) < 200
    assert last.evaluate("(image) => image.getBoundingClientRect().bottom <= innerHeight")
    window.press("x")

    window.one(".search input").fill("clay")
    window.one(".models").select_option("wanx-v1")
    assert len(window.shown) == MANY // 2
    window.one(".search input").fill(f"cup {MANY}")
    assert window.shown == [f"CUP-{MANY}"]
    window.one(".language [lang=zh-Hans]").click()
    assert window.one(".card:visible .badge").text_content() == "成功"
    assert window.exported().count(b"\r\n") == 3


@pytest.mark.timeout(180)  # likewise
def test_five_thousand_decisions_come_in_and_are_kept(desk: Desk, sheet: Path) -> None:
    context = desk.context()
    window = desk.open(sheet, context)
    lines = [f"images/CUP-{number}_01.png,approve,note {number}" for number in range(1, MANY + 1)]
    told = window.take_in("\n".join(["image,decision,note", *lines]).encode())
    assert told == f"{MANY} lines taken over, 0 are not of this page."

    again = desk.open(sheet, context)
    assert len(again.decisions) == MANY
    assert again.one(".decisions [data-decision=approve] .count").text_content() == "5,000"
    assert again.page.evaluate(LAID_OUT) < 100
