"""Contact sheets on disk, as a finished batch leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from results.report import write_results
from schemas.layout import CONTACT_SHEET, batch_file, image_key, results_prefix
from schemas.result import Image, JobResult
from storage.local import LocalStorage
from tests.results.orders import BATCH, batch, image, picture, result, seal

FINISHED_AT = "2026-11-20T23:00:00Z"
COLOURS = ("teal", "maroon", "olive", "navy", "purple", "gray", "peru", "green")


def row(number: int, pictures: int = 1, **fields: Any) -> JobResult:
    """A row with so many pictures, on a line of its own."""
    name = f"CUP-{number}"
    images = [image(name, index) for index in range(1, pictures + 1)]
    given = {"id": name, "n": max(pictures, 1), "images": images, "prompt": f"cup {number}"}
    return result(number + 1, **{**given, **fields})


def drawn_anew(number: int) -> Image:
    """The second revision of such a row's only picture."""
    key = image_key(BATCH, f"CUP-{number}", 1, "png", revision=2)
    return image(f"CUP-{number}").model_copy(update={"key": key, "revision": 2})


def write_sheet(folder: Path, results: Sequence[JobResult], **fields: Any) -> Path:
    """A batch's pictures, tables and contact sheet; the sheet's path. What was there is replaced."""
    storage = LocalStorage(folder, fsync=False)
    for stored in list(storage.list(results_prefix(BATCH))):
        storage.delete(stored.key)
    for place, one in enumerate(results):
        for stored_image in one.images:
            data = picture(COLOURS[place % len(COLOURS)])
            storage.put(stored_image.key, data, stored_image.content_type)
    seal(storage, list(results))
    write_results(storage, batch(**fields), finished_at=FINISHED_AT)
    return folder / batch_file(BATCH, CONTACT_SHEET)
