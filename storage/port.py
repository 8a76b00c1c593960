"""What the rest of imagemill wants of a place that keeps objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What is known of an object without reading it.

    `content_type` and `sha256` (from the metadata of that name) are None where the place does not
    say: a directory keeps no metadata, and listings of a bucket name neither. `modified_at` is when
    it was last written, by the place's own clock; the same object is the same whenever it was written.
    """

    key: str
    size_bytes: int
    content_type: str | None = None
    sha256: str | None = None
    modified_at: datetime | None = field(default=None, compare=False)


PRESIGNED_LIMIT_S = 7 * 24 * 3600.0
"""Signature version 4 admits no longer life (AWS: query string authentication)."""

ConditionalPut = Literal["honoured", "ignored", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class StorageProbe:
    """What a trial write showed.

    `conditional_put` says what became of "write only if absent": honoured; ignored, so that two
    writers may both believe they were first; refused, so that `put_new` looks before it writes;
    unknown, as the probe did not get that far. `problem` is a sentence when something failed.
    """

    write_ok: bool
    read_ok: bool
    conditional_put: ConditionalPut
    problem: str | None = None


class Storage(Protocol):
    """A place that keeps objects under keys; one object of it serves any number of threads.

    Every method may raise `Unreachable`, `Denied`, `BucketMissing` or `Broken`, and those that
    take a key or prefix `BadKey`; only what is peculiar to a method is named there. Calls are
    tried once: whoever has a better moment to try again is above.
    """

    @property
    def url(self) -> str:
        """The place as an address, without secrets."""
        ...

    def put(
        self, key: str, data: bytes, content_type: str, *, metadata: Mapping[str, str] | None = None
    ) -> None:
        """Write an object, over an older one if need be; readers see the old or the new one whole.

        Raises BadMetadata before anything is sent, and Full.
        """
        ...

    def put_new(
        self, key: str, data: bytes, content_type: str, *, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """Write an object unless its key is taken; whether it was written.

        Of several writers at once exactly one is told True, except where the place knows no such
        promise; `probe` tells. Raises BadMetadata and Full.
        """
        ...

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        """Write a local file's content like `put`, without holding it in memory. Raises Full."""
        ...

    def get(self, key: str) -> bytes:
        """A whole object. Raises NotFound."""
        ...

    def open(self, key: str) -> BinaryIO:
        """An object as a stream, to be read forwards and closed. Raises NotFound."""
        ...

    def head(self, key: str) -> StoredObject | None:
        """What is known of an object; None when there is none."""
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """The objects whose keys begin with `prefix`, read as they are asked for.

        Keys within one folder come in order of their UTF-8 bytes. Between folders the place
        decides: servers that keep folders list `a/x` before `a-b`, others after it.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        ...

    def location(self, key: str) -> str:
        """Where an object lies, for people: an absolute path or s3://bucket/key."""
        ...

    def presigned(self, key: str, lifetime_s: float) -> str | None:
        """An address at which whoever has it can GET the object for so long; None: there is none.

        Pure arithmetic: nothing is asked, and there need be no such object. It holds a signature,
        so it belongs into no log. `lifetime_s` is at most `PRESIGNED_LIMIT_S`; temporary
        credentials (a session token) end it earlier. A directory has no addresses.
        """
        ...

    def check(self) -> None:
        """Return if the place can be used; raise what is wrong with it otherwise."""
        ...

    def probe(self) -> StorageProbe:
        """Write, read, compare and delete a small object under `.probe/`; never raises."""
        ...

    def close(self) -> None:
        """Let go of connections; no other method may be called afterwards."""
        ...
