"""A manifest's bytes: a file, a pipe or standard input, packed or not."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from producer.encoding import (
    Encoding,
    certain_encoding,
    told_encoding,
    undecided,
    undecodable,
)
from producer.errors import ManifestError

STDIN = "-"
_SAMPLE_BYTES = 1 << 16
_EVIDENCE_BYTES = 1 << 14
"""Of lines that are more than ASCII: a few hundred cells, read in all encodings at once."""
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that can be read more than once."""

    name: str
    path: Path
    sha256: str
    packed: bool
    spooled: bool

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes, unpacked. What goes wrong while they are read becomes a ManifestError."""
        try:
            with self.path.open("rb") as raw:
                if self.packed:
                    with gzip.GzipFile(fileobj=raw) as unpacked:
                        yield io.BufferedReader(unpacked)
                else:
                    yield raw
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ManifestError(
                f"{self.name} is a damaged gzip file; copy it again or unpack it to see"
            ) from error
        except OSError as error:
            raise unreadable(self.name, error) from error

    def start(self, size_bytes: int) -> bytes:
        """The first bytes, unpacked."""
        with self.open() as raw:
            return raw.read(size_bytes)

    def discard(self) -> None:
        """Remove the copy, where the bytes had to be copied."""
        if self.spooled:
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Text:
    """A source read in an encoding."""

    source: Source
    encoding: Encoding

    @contextmanager
    def open(self, newline: str = "") -> Iterator[io.TextIOWrapper]:
        """The characters; bytes that are none become a ManifestError naming the first."""
        try:
            with self.source.open() as raw:
                text = io.TextIOWrapper(raw, encoding=self.encoding.name, newline=newline)
                try:
                    yield text
                finally:
                    text.detach()
        except UnicodeDecodeError as error:
            raise self._undecodable() from error

    def sample(self) -> str:
        """The first characters, enough for any header."""
        with self.source.open() as raw:
            chunk = raw.read(_SAMPLE_BYTES)
            at_end = not raw.read(1)
        try:
            return codecs.getincrementaldecoder(self.encoding.name)().decode(chunk, at_end)
        except UnicodeDecodeError as error:
            raise self._undecodable() from error

    def _undecodable(self) -> ManifestError:
        with self.source.open() as raw:
            return undecodable(raw, self.encoding, self.source.name)


def open_source(source: str, stdin: BinaryIO) -> Source:
    """Find, hash and, where it can be read only once, copy the bytes."""
    path = Path(source)
    try:
        if source == STDIN:
            return _spooled("stdin", stdin)
        if path.is_dir():
            raise ManifestError(f"{source} is a directory; name a manifest file in it")
        with path.open("rb") as raw:
            if not path.is_file():  # a named pipe or a shell's <(...)
                return _spooled(_readable(path.name), raw)
            digest = hashlib.file_digest(raw, "sha256").hexdigest()
            raw.seek(0)
            packed = raw.read(2) == _GZIP
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from error
    return Source(_readable(path.name), path, digest, packed, spooled=False)


def open_text(source: Source, said: str | None) -> Text:
    """Find the encoding that is said, marked, or told by the text.

    Raises ManifestError where nothing tells, or several would do.
    """
    start = source.start(_SAMPLE_BYTES)
    if not start:
        raise ManifestError(f"{source.name} is empty; a manifest has a header and rows")
    encoding = certain_encoding(start, said, source.name)
    if encoding is None:
        told = told_encoding(_evidence(source))
        if isinstance(told, list):
            with source.open() as raw:
                raise undecided(raw, told, source.name)
        encoding = told
    return Text(source, encoding)


def _evidence(source: Source) -> list[bytes]:
    """The first lines that are more than ASCII: what an encoding is told by."""
    found: list[bytes] = []
    size_bytes = 0
    begins = True
    with source.open() as raw:
        while size_bytes < _EVIDENCE_BYTES and (line := raw.readline(_SAMPLE_BYTES)):
            if begins and not line.isascii():
                # The last line is as whole as the others; a piece of a longer one is not.
                at_end = not line.endswith(b"\n") and len(line) < _SAMPLE_BYTES
                found.append(line + b"\n" if at_end else line)
                size_bytes += len(line)
            begins = line.endswith(b"\n")
    return found


def unreadable(name: str, error: OSError | ValueError) -> ManifestError:
    """The error for a file the system does not give us."""
    if isinstance(error, FileNotFoundError):
        return ManifestError(f"{name} does not exist; check the path of the manifest")
    if isinstance(error, PermissionError):
        return ManifestError(f"{name} may not be read; check its permissions")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ManifestError(f"{name!r} cannot be read: {reason}; check the path of the manifest")


def _readable(name: str) -> str:
    """A file's name with what is no text replaced: some archives unpack GBK names as they are."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _spooled(name: str, stream: BinaryIO) -> Source:
    digest = hashlib.sha256()
    # Not deleted on close: it is opened again by name, once for each pass.
    with tempfile.NamedTemporaryFile(prefix="imagemill-", delete=False) as copy:
        try:
            start = b""
            while block := stream.read(1 << 20):
                start = start or block[:2]
                digest.update(block)
                copy.write(block)
        except BaseException:
            Path(copy.name).unlink(missing_ok=True)
            raise
    return Source(name, Path(copy.name), digest.hexdigest(), start == _GZIP, spooled=True)
