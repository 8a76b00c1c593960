"""Which small picture a contact sheet shows, and where it comes from."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from results.contact_sheet import SHEET_LIMITS
from results.picture import thumbnail
from schemas.layout import thumbnail_key
from storage.errors import Unreachable
from storage.local import LocalStorage
from tests.results.orders import image, picture, result
from tests.results.rendered_sheet import PIXEL_LINK, Silent, render
from tests.results.sheet_reader import SheetReader


def test_the_stored_thumbnail_is_taken(storage: LocalStorage) -> None:
    stored = thumbnail(picture("red"))
    storage.put(image("a").key, picture("blue"), "image/png")
    storage.put(thumbnail_key(image("a").key), stored, "image/jpeg")

    assert thumbnails(render(storage, result(images=[image("a")]))) == [stored]


@pytest.mark.parametrize("stored", [None, b"<html>", b"\xff\xd8\xff" + b"0" * 200_000])
def test_a_missing_or_strange_thumbnail_is_made_anew(
    storage: LocalStorage, stored: bytes | None
) -> None:
    storage.put(image("a").key, picture("blue"), "image/png")
    if stored is not None:
        storage.put(thumbnail_key(image("a").key), stored, "image/jpeg")

    made = thumbnail(picture("blue"))
    assert thumbnails(render(storage, result(images=[image("a")]))) == [made]


def test_a_picture_nobody_can_read_has_a_placeholder(storage: LocalStorage) -> None:
    storage.put(image("a").key, b"broken", "image/png")
    given = [result(images=[image("a")]), result(3, images=[image("gone")])]

    for card in SheetReader(render(storage, *given)).cards:
        assert card.one("span", "blank").text == "No preview"
        assert card.one("a", "picture").attributes["href"].startswith("images/")


def test_a_storage_that_does_not_answer_is_no_missing_picture(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        render(Silent(tmp_path), result(images=[image("a")]))


def test_pictures_beyond_the_limit_are_shown_from_their_files(storage: LocalStorage) -> None:
    given = [result(line, images=[image(f"a{line}")]) for line in (2, 3)]
    storage.put(given[0].images[0].key, picture(), "image/png")

    page = render(storage, *given, limits=SHEET_LIMITS._replace(embedded=1))

    sources = [card.one("img").attributes["src"] for card in SheetReader(page).cards]
    assert sources[0].startswith("data:")
    assert sources[1] == "thumbnails/a3_01.jpg"


def test_large_thumbnails_fill_the_page_sooner(storage: LocalStorage) -> None:
    given = [result(line, images=[image("a")]) for line in range(2, 102)]
    storage.put(given[0].images[0].key, picture(), "image/png")

    page = render(storage, *given, limits=SHEET_LIMITS._replace(embedded_bytes=1000))

    sources = [card.one("img").attributes["src"] for card in SheetReader(page).cards]
    assert sources[0].startswith("data:")
    assert sources[-1] == "thumbnails/a_01.jpg"


def test_without_thumbnails_pictures_are_shown_from_their_files_and_none_is_read(
    tmp_path: Path,
) -> None:
    svg = image("b").model_copy(update={"content_type": "image/svg+xml"})
    given = [result(images=[image("a")]), result(3, images=[svg])]

    pixels, drawing = SheetReader(render(Silent(tmp_path), *given, small=False)).cards

    assert pixels.one("img").attributes["src"] == PIXEL_LINK
    assert drawing.one("span", "blank").text == "No preview"


def thumbnails(page: str) -> list[bytes]:
    return [base64.b64decode(text) for text in re.findall(r"data:image/jpeg;base64,([^\"]+)", page)]
