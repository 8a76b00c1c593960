"""Writes a finished batch's results as files that people open and programs read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from producer.progress import Read, ignore
from producer.review import Review
from results.archive import Packed, write_archive
from results.links import Links
from results.openai_output import Written, write_openai
from results.sealed import sealed_results
from results.tables import ResultsCsv
from results.workbook import Places, Shown, write_workbook
from schemas.batch import Batch
from schemas.result import JobResult
from storage import LocalStorage, Storage


@dataclass(frozen=True)
class ResultFiles:
    """One batch's results, and how they are handed out.

    Each method raises StorageError, NoAddresses where links are wanted and there are none,
    ReviewError where a review is not of this batch, OSError.
    """

    batch: Batch
    storage: Storage
    links: Links | None = None
    """None: pictures are named by their keys."""
    read: Read = ignore
    """Told how many rows were read."""
    review: Review | None = None
    """None: all pictures; else those it approves of."""

    def write_csv(self, path: Path) -> None:
        """The table, with a column of links."""
        link = self.links.address if self.links else None
        with closing(ResultsCsv(path, self.batch, link)) as table:
            for result in self.rows():
                table.add(result)

    def write_jsonl(self, path: Path) -> None:
        """Every result whole, each picture with its `url`."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for result in self.rows():
                file.write(json.dumps(self._document(result), ensure_ascii=False) + "\n")

    def write_xlsx(self, path: Path, folder: Path | None) -> Shown:
        """The table with small pictures, which lead to the pictures themselves.

        `folder` is where the file will lie in the end; None: nobody knows. Raises TooManyRows.
        """
        places = Places(
            self.storage,
            self.links.address if self.links else None,
            lambda key: self._way(key, folder),
        )
        return write_workbook(self.rows(), path, self.batch, places)

    def write_zip(self, target: IO[bytes]) -> Packed:
        """The pictures, and their table."""
        return write_archive(self.rows(), target, self.batch, self.storage)

    def write_openai(self, folder: Path) -> Written:
        """An output file and one of errors, as OpenAI's Batch API hands them out."""
        address = self.links.address if self.links else self.storage.location
        return write_openai(self.rows(), folder, self.batch.batch, address)

    def rows(self) -> Iterator[JobResult]:
        """The results that are handed out, in the manifest's order."""
        found = self._read()
        yield from found if self.review is None else self.review.approved(found)

    def _read(self) -> Iterator[JobResult]:
        for number, result in enumerate(sealed_results(self.storage, self.batch.batch), 1):
            yield result
            self.read(number)

    def _document(self, result: JobResult) -> dict[str, Any]:
        document = result.model_dump(mode="json")
        if self.links is not None:
            for image in document["images"]:
                for each in (image, *image["beside"], *image["renditions"]):
                    each["url"] = self.links.address(each["key"])
        return document

    def _way(self, key: str, folder: Path | None) -> str | None:
        """The relative path to a picture, so that both may be moved together."""
        if folder is None or not isinstance(self.storage, LocalStorage):
            return None
        return Path(os.path.relpath(self.storage.location(key), folder.absolute())).as_posix()
