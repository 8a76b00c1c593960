"""The contact sheet: one page that shows every picture of a batch, opened straight from disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from results.card import card
from results.link import embedded, relative_link
from results.markup import both
from results.page_head import PageHead
from results.page_parts import page_parts
from results.picture import NotAPicture, thumbnail
from results.svg import SVG_TYPE
from results.words import Wording
from schemas.layout import thumbnail_key
from schemas.result import Image, JobResult
from storage.errors import BadKey, NotFound
from storage.port import Storage


class SheetLimits(NamedTuple):
    """How much one page takes before browsers suffer."""

    embedded: int
    """Pictures held by the page itself; later ones are shown from the files beside it."""
    embedded_bytes: int
    """How much of the page they may be, about: photographs take three times as much as drawings."""
    cards: int
    """Jobs on the page; the tables list all."""


SHEET_LIMITS = SheetLimits(embedded=4000, embedded_bytes=64_000_000, cards=20_000)

_READERS = 8
_AHEAD = 32
_LARGEST_THUMBNAIL_BYTES = 150_000
_JPEG_START = b"\xff\xd8\xff"
_REST = Wording(
    "The first {shown:,} jobs are shown; {more:,} more are in the results table.",
    "这里显示前 {shown:,} 个任务；另有 {more:,} 个见结果表格。",
)


class ContactSheet:
    """Cards gathered in a file result by result; `write_page` makes the page of them.

    Without `thumbnails` no picture is read: the page shows each from its own file.
    """

    def __init__(
        self,
        storage: Storage,
        batch: str,
        folder: Path,
        limits: SheetLimits = SHEET_LIMITS,
        *,
        thumbnails: bool = True,
    ) -> None:
        self._storage = storage
        self._batch = batch
        self._limits = limits if thumbnails else limits._replace(embedded=0)
        self._thumbnails = thumbnails
        self._path = folder / "cards.html"
        self._cards = self._path.open("w", encoding="utf-8", newline="\n")
        self._waiting: list[JobResult] = []
        self._pictures = 0
        self._embedded_bytes = 0
        self._taken = 0
        self._left_out = 0
        # Thumbnails are many small reads, which a bucket answers slowly but gladly side by side.
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="thumbnail")

    def add(self, result: JobResult) -> None:
        """Take one result for the page."""
        if self._taken >= self._limits.cards:
            self._left_out += 1
            return
        self._taken += 1
        self._waiting.append(result)
        if len(self._waiting) >= _AHEAD:
            self._write_cards()

    def close(self) -> None:
        """Write what is waiting and finish the cards."""
        try:
            self._write_cards()
        finally:
            self._readers.shutdown()
            self._cards.close()

    def write_page(self, path: Path, head: PageHead) -> None:
        """Write the whole page, after `close`."""
        page = page_parts()
        before = page.before.substitute(head.fields(), policy=page.policy)
        with path.open("wb") as target, self._path.open("rb") as cards:
            target.write(before.encode("utf-8"))
            shutil.copyfileobj(cards, target)
            target.write(f"{page.between}{self._rest()}{page.after}".encode())

    def _write_cards(self) -> None:
        waiting, self._waiting = self._waiting, []
        images = [image for result in waiting for image in result.images]
        sources = iter(self._sources(images))
        for result in waiting:
            own = [next(sources) for _ in result.images]
            self._cards.write(card(result, self._batch, own))

    def _sources(self, images: list[Image]) -> Iterable[str | None]:
        full = self._embedded_bytes >= self._limits.embedded_bytes
        room = 0 if full else max(0, self._limits.embedded - self._pictures)
        self._pictures += len(images)
        held = list(self._readers.map(self._embedded, images[:room]))
        self._embedded_bytes += sum(len(source) for source in held if source)
        return [*held, *map(self._beside, images[room:])]

    def _beside(self, image: Image) -> str | None:
        if image.content_type == SVG_TYPE:
            return None
        key = thumbnail_key(image.key) if self._thumbnails else image.key
        return relative_link(key, self._batch)

    def _embedded(self, image: Image) -> str | None:
        if image.content_type == SVG_TYPE:
            return None
        thumbnail = self._stored_thumbnail(image) or self._made_thumbnail(image)
        return embedded(thumbnail) if thumbnail else None

    def _stored_thumbnail(self, image: Image) -> bytes | None:
        try:
            data = self._storage.get(thumbnail_key(image.key))
        except (NotFound, BadKey):
            return None
        fits = data.startswith(_JPEG_START) and len(data) <= _LARGEST_THUMBNAIL_BYTES
        return data if fits else None

    def _made_thumbnail(self, image: Image) -> bytes | None:
        try:
            return thumbnail(self._storage.get(image.key))
        except (NotFound, BadKey, NotAPicture):
            return None

    def _rest(self) -> str:
        if not self._left_out:
            return ""
        return both("p", _REST, "rest", shown=self._taken, more=self._left_out)
