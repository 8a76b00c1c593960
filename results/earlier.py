"""What was drawn for the very same order in an earlier batch, as far as it is still there."""

from __future__ import annotations

from pydantic import ValidationError

from schemas import layout
from schemas.job import Job, content_key
from schemas.marker import Marker
from schemas.result import Image
from storage import NotFound, Storage


def drawn_before(job: Job, storage: Storage) -> Marker | None:
    """The marker of the order, while all pictures that it has for it are there. Raises StorageError."""
    marker = marker_under(content_key(job), storage)
    wanted = marker.pictures_for(job) if marker else []
    return marker if wanted and all(_is_there(image, storage) for image in wanted) else None


def marker_under(order: str, storage: Storage) -> Marker | None:
    """The marker of the order with that content key, if it can be read. Raises StorageError."""
    try:
        return Marker.model_validate_json(storage.get(layout.marker_key(order)))
    except (NotFound, ValidationError):
        return None


def _is_there(image: Image, storage: Storage) -> bool:
    for each in (image, *image.beside):
        stored = storage.head(each.key)
        if stored is None or stored.size_bytes != each.size_bytes:
            return False
    return True
