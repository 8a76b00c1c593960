"""A ZIP of a batch's pictures with their table, written while they are read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from results.read_ahead import read_ahead
from results.tables import ResultsCsv
from schemas.batch import Batch
from schemas.layout import RESULTS_CSV
from schemas.result import Image, JobResult
from storage.errors import BadKey, NotFound
from storage.port import Storage

FOLDER = "images/"
RENDITIONS = "renditions/"
MISSING_NAMED = 5
_NO_WINDOWS_NAME = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_FIRST_YEAR, _LAST_YEAR = 1980, 2107
"""What a ZIP's two bytes for a date can say."""
_READABLE = 0o644 << 16


class Packed(NamedTuple):
    """What is in the ZIP."""

    pictures: int
    missing: int
    """Files of the results that the storage does not have any more."""
    missing_keys: tuple[str, ...]
    """The first of them."""
    renditions: int = 0


def write_archive(
    results: Iterable[JobResult], target: IO[bytes], batch: Batch, storage: Storage
) -> Packed:
    """Write the pictures, what came along and what was made of them, each under a name of its own.

    results.csv names them as they are in the ZIP. `target` need not be seekable. A picture is held
    at a time, and those read ahead; of each that is written some hundred bytes remain until the end.
    Raises StorageError, OSError.
    """
    names, missing = _Names(), _Missing()
    pictures = renditions = 0
    with TemporaryDirectory(prefix="imagemill-zip-") as folder, ZipFile(target, "w") as archive:
        path = Path(folder) / RESULTS_CSV
        ahead = read_ahead(results, lambda one: _contents(one, storage))
        with closing(ResultsCsv(path, batch)) as table, closing(ahead):
            for result, contents in ahead:
                given: dict[str, str] = {}
                folders = _folders(result)
                for key, data in contents.items():
                    if data is None:
                        missing.note(key)
                        continue
                    given[key] = names.name(key, folders[key])
                    archive.writestr(_entry(given[key], result), data)
                    renditions += folders[key] != FOLDER
                    pictures += folders[key] == FOLDER
                table.add(_renamed(result, given))
        archive.write(path, RESULTS_CSV, ZIP_DEFLATED)
    return Packed(pictures, missing.count, tuple(missing.first), renditions)


class _Missing:
    """Counts what was not found, and remembers the first."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def note(self, key: str) -> None:
        self.count += 1
        if len(self.first) < MISSING_NAMED:
            self.first.append(key)


class _Names:
    """Names in their folders, no two of which any file system takes for the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, key: str, folder: str) -> str:
        """The picture's own name, or the nearest that is free: it may lie in another batch."""
        own = _NO_WINDOWS_NAME.sub("-", key.rsplit("/", 1)[-1])
        stem, dot, ending = own.rpartition(".")
        name, count = folder + own, 2
        while _folded(name) in self._taken:
            name = f"{folder}{stem}-{count}{dot}{ending}"
            count += 1
        self._taken.add(_folded(name))
        return name


def _folded(name: str) -> str:
    """As a file system sees it that ignores case and compositions."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _contents(result: JobResult, storage: Storage) -> dict[str, bytes | None]:
    """All files of a result; None for what is not there."""
    return {key: _read(key, storage) for key in _folders(result)}


def _folders(result: JobResult) -> dict[str, str]:
    """The keys of a result's files, and the folder each is put into."""
    folders: dict[str, str] = {}
    for image in result.images:
        folders |= {each.key: FOLDER for each in (image, *image.beside)}
        folders |= {each.key: f"{RENDITIONS}{each.name}/" for each in image.renditions}
    return folders


def _read(key: str, storage: Storage) -> bytes | None:
    try:
        return storage.get(key)
    except (NotFound, BadKey):
        return None


def _entry(name: str, result: JobResult) -> ZipInfo:
    """Stored as it is, since pictures are compressed already; dated by the row's end."""
    entry = ZipInfo(name, _moment(result.finished_at))
    entry.compress_type = ZIP_STORED
    entry.external_attr = _READABLE
    return entry


def _moment(finished_at: str | None) -> tuple[int, int, int, int, int, int]:
    try:
        moment = datetime.fromisoformat(finished_at or "").astimezone(UTC)
    except ValueError:
        return (_FIRST_YEAR, 1, 1, 0, 0, 0)
    year = min(max(moment.year, _FIRST_YEAR), _LAST_YEAR)
    return (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)


def _renamed(result: JobResult, given: dict[str, str]) -> JobResult:
    """The result with its pictures as the ZIP has them; without those it does not have."""
    images = [_image(image, given) for image in result.images if image.key in given]
    return result.model_copy(update={"images": images})


def _image(image: Image, given: dict[str, str]) -> Image:
    beside = [
        along.model_copy(update={"key": given[along.key]})
        for along in image.beside
        if along.key in given
    ]
    renditions = [
        each.model_copy(update={"key": given[each.key]})
        for each in image.renditions
        if each.key in given
    ]
    told = {"key": given[image.key], "beside": beside, "renditions": renditions}
    return image.model_copy(update=told)
