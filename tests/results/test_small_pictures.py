"""Small pictures for tables."""

from __future__ import annotations

from io import BytesIO

import PIL.Image
import pytest

from results.small_pictures import SmallPictures
from schemas.layout import thumbnail_key
from storage import Unreachable
from storage.local import LocalStorage
from tests.results.orders import image, picture

SIDE_PX = 40


def opened(data: bytes | None) -> PIL.Image.Image:
    assert data is not None
    return PIL.Image.open(BytesIO(data))


def test_the_one_made_at_storing_time_is_taken(storage: LocalStorage) -> None:
    stored = image("a")
    storage.put(thumbnail_key(stored.key), picture("red", (80, 40)), "image/jpeg")

    small = opened(SmallPictures(storage, SIDE_PX).of(stored))

    assert (small.format, small.size) == ("JPEG", (40, 20))


@pytest.mark.parametrize("thumbnail", [None, b"no picture"])
def test_without_one_it_is_made_from_the_picture(
    storage: LocalStorage, thumbnail: bytes | None
) -> None:
    stored = image("a")
    storage.put(stored.key, picture("red", (64, 48)), "image/png")
    if thumbnail is not None:
        storage.put(thumbnail_key(stored.key), thumbnail, "image/jpeg")

    assert opened(SmallPictures(storage, SIDE_PX).of(stored)).size == (40, 30)


def test_what_is_not_there_or_may_not_be_drawn_has_none(storage: LocalStorage) -> None:
    drawn = image("b").model_copy(update={"content_type": "image/svg+xml"})
    storage.put(drawn.key, b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
    small = SmallPictures(storage, SIDE_PX)

    assert small.of(image("gone")) is None
    assert small.of(drawn) is None


class Away(LocalStorage):
    """A place that does not answer."""

    def get(self, key: str) -> bytes:
        raise Unreachable(f"The disk with {key} has gone.")


def test_a_storage_that_is_away_is_no_picture_that_is_missing(storage: LocalStorage) -> None:
    away = Away(storage._root)
    with pytest.raises(Unreachable):
        SmallPictures(away, SIDE_PX).of(image("a"))
