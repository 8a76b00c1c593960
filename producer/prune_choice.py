"""What is old enough to go: decided from what is there, before anything is touched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ledger.retention import KeptBatch
from schemas.layout import BATCHES_PREFIX, RESULTS_JSONL, sidecar_key, thumbnail_key
from schemas.states import BatchState
from storage import StoredObject

_IMAGE_KEY = re.compile(rb'"(batches/([^"/]+)/(?:images|renditions)/[^"]+)"')
_INPUT_KEY = re.compile(rb"inputs/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,5}")


class Kind(StrEnum):
    """What may be removed."""

    RECORDS = "records"
    """A batch's records in the ledger, always."""
    CHUNKS = "chunks"
    """Its orders and results in chunks, always: only a retry reads them, and there is none without
    records. The tables have all of it."""
    PICTURES = "pictures"
    """All the rest of its folder: pictures, tables, contact sheet."""
    INPUTS = "inputs"
    """Pictures that went in, which no batch that stays has ordered from."""
    MANIFESTS = "manifests"
    """Manifests as the fleet read them, or as they were uploaded, that no schedule names and nobody
    is about to read."""
    MARKERS = "markers"
    """What says that an order was drawn before."""


@dataclass
class Folder:
    """A batch's folder in storage."""

    name: str
    newest: datetime | None = None
    """When its youngest object was written; None: the place does not say of every one."""
    undated: bool = False
    has_results: bool = False

    def see(self, stored: StoredObject) -> None:
        """Take one more object of it into account."""
        self.has_results |= stored.key == f"{BATCHES_PREFIX}{self.name}/{RESULTS_JSONL}"
        if stored.modified_at is None:
            self.undated = True
        elif self.newest is None or stored.modified_at > self.newest:
            self.newest = stored.modified_at

    def is_abandoned(self, before: datetime) -> bool:
        """Whether it is a finished batch's that nobody has written into since."""
        return self.has_results and not self.undated and bool(self.newest and self.newest < before)


@dataclass(frozen=True)
class Choice:
    """Which batches go, and which stay."""

    forgotten: list[KeptBatch]
    """Those of the ledger that go."""
    folders: list[str]
    """Batches whose folders are cleared: of these, and of those that are in no ledger any more."""
    staying: list[str]
    """Batches whose folders are left alone."""
    opening: list[str]
    """Batches that are being handed in."""


def choose(kept: Iterable[KeptBatch], folders: Iterable[Folder], before: datetime) -> Choice:
    """What is older than a moment. A batch that is under way, or unknown and in use, stays."""
    known = list(kept)
    forgotten = [batch for batch in known if batch.is_older_than(before)]
    going = {batch.name for batch in forgotten}
    staying_here = {batch.name for batch in known} - going
    clear: list[str] = []
    staying: list[str] = []
    for folder in folders:
        abandoned = folder.name not in staying_here and folder.is_abandoned(before)
        (clear if folder.name in going or abandoned else staying).append(folder.name)
    opening = [batch.name for batch in known if batch.state is BatchState.OPENING]
    return Choice(forgotten, sorted(clear), sorted(staying), opening)


def is_chunk(key: str) -> bool:
    """Whether an object of a batch's folder is a chunk of orders or of results."""
    part = key.removeprefix(BATCHES_PREFIX).split("/")
    return len(part) > 2 and part[1] in ("input", "results")


def is_old(stored: StoredObject, before: datetime) -> bool:
    """Whether an object was written before a moment; what says nothing is young."""
    return stored.modified_at is not None and stored.modified_at < before


def borrowed(results: bytes, own: str) -> Iterator[str]:
    """Objects in other batches' folders that lines of results name, and what lies beside these."""
    for match in _IMAGE_KEY.finditer(results):
        key, batch = match[1].decode(), match[2].decode()
        if batch != own:
            yield from (key, sidecar_key(key), thumbnail_key(key))


def inputs_named(chunk: bytes) -> set[str]:
    """The input pictures that a chunk's orders name."""
    return {found.decode() for found in _INPUT_KEY.findall(chunk)}
