"""Objects as file objects whose failures are this room's own."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from storage.errors import Broken, StorageError

# Large enough that neither gzip nor line reading shows in the number of reads.
_BUFFER_BYTES = 128 * 1024


class Readable(Protocol):
    """What both an open file and the body of an S3 answer are."""

    def read(self, size_bytes: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...

    def close(self) -> None:
        """Let go of the file or connection."""
        ...


class _TranslatingReader(io.RawIOBase):
    """Reads on, turning a library's exceptions into storage errors."""

    def __init__(
        self,
        source: Readable,
        expected: tuple[type[Exception], ...],
        translate: Callable[[Exception], StorageError],
    ) -> None:
        self._source = source
        self._expected = expected
        self._translate = translate

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # typeshed's WriteableBuffer has no runtime name
        try:
            data = self._source.read(len(buffer))
        except self._expected as error:
            raise self._translate(error) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()


def object_stream(
    source: Readable,
    expected: tuple[type[Exception], ...],
    translate: Callable[[Exception], StorageError],
) -> BinaryIO:
    """`source` as a buffered stream; `expected` exceptions leave it as `translate` says."""
    return io.BufferedReader(_TranslatingReader(source, expected, translate), _BUFFER_BYTES)


def open_source(path: Path) -> BinaryIO:
    """A local file that is to be stored; raises Broken, as the storage is not to blame."""
    try:
        return path.open("rb")
    except OSError as error:
        raise Broken(
            f"The file {path} cannot be read and was not stored: {error.strerror}."
        ) from error
