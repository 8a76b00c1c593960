"""Small pictures of stored ones, for tables that show them."""

from __future__ import annotations

from contextlib import suppress

from results.picture import NotAPicture, thumbnail
from results.svg import SVG_TYPE
from schemas.layout import thumbnail_key
from schemas.result import Image
from storage.errors import BadKey, NotFound
from storage.port import Storage


class SmallPictures:
    """Reads what was made at storing time, or the picture itself where there is none."""

    def __init__(self, storage: Storage, side_px: int) -> None:
        self._storage = storage
        self._side_px = side_px

    def of(self, image: Image) -> bytes | None:
        """A JPEG that fits into the square; None where there is nothing to show.

        Raises StorageError where the storage fails.
        """
        if image.content_type == SVG_TYPE:
            return None
        for key in (thumbnail_key(image.key), image.key):
            with suppress(NotFound, BadKey, NotAPicture):
                return thumbnail(self._storage.get(key), self._side_px)
        return None
