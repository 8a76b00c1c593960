"""A directory that keeps objects as files."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast
from uuid import uuid4

from storage.content_type import content_type_of
from storage.errors import NotFound, StorageError
from storage.keys import TEMPORARY_PREFIX, checked_key, checked_prefix, is_key
from storage.local_errors import storage_error
from storage.metadata import checked_metadata
from storage.port import ConditionalPut, StorageProbe, StoredObject
from storage.probe import run_probe
from storage.stream import object_stream, open_source

# Some file systems (exFAT, a few network shares) know no hard links.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}

_TRIES = 100
"""A folder that was just made may go with the last object that another removes from it; each time
is a matter of microseconds."""


class LocalStorage:
    """Keys are paths below `root`, which is made when it is missing.

    A write goes to a temporary file beside its goal, then takes the goal's name in one move. With
    `fsync` it is on disk, name and all, when the call returns; without, a power cut may take back
    the last seconds. A killed process leaves at most a temporary file, which no listing shows.
    Metadata is checked and dropped: a directory has no place for it.
    """

    def __init__(self, root: Path, *, fsync: bool = True) -> None:
        self._root = root.absolute()
        self._fsync = fsync

    @property
    def url(self) -> str:
        """The directory as a file:// address."""
        return self._root.as_uri()

    def put(
        self,
        key: str,
        data: bytes,
        content_type: str,  # noqa: ARG002 - a file's ending says it
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write an object; readers see the old or the new one whole. Raises Full."""
        checked_metadata(metadata)
        self._replace(self._path(key), lambda file: file.write(data))

    def put_new(
        self,
        key: str,
        data: bytes,
        content_type: str,  # noqa: ARG002 - a file's ending says it
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        """Write an object unless its key is taken; whether it was written. Raises Full."""
        checked_metadata(metadata)
        return self._put_new(key, data) != "exists"

    def put_file(
        self,
        key: str,
        path: Path,
        content_type: str,  # noqa: ARG002 - a file's ending says it
    ) -> None:
        """Write a copy of a local file like `put`. Raises Full."""
        goal = self._path(key)
        with open_source(path) as source:
            self._replace(goal, lambda file: shutil.copyfileobj(source, file, 1024 * 1024))

    def get(self, key: str) -> bytes:
        """A whole object. Raises NotFound."""
        path = self._path(key)
        with _read_errors_of(path):
            return path.read_bytes()

    def open(self, key: str) -> BinaryIO:
        """An object as a stream, to be read forwards and closed. Raises NotFound."""
        path = self._path(key)

        def translate(error: Exception) -> StorageError:
            return storage_error(cast(OSError, error), path)

        with _read_errors_of(path):
            file = path.open("rb", buffering=0)
        return object_stream(cast(BinaryIO, file), (OSError,), translate)

    def head(self, key: str) -> StoredObject | None:
        """What is known of an object, the content type by its ending; None when there is none."""
        path = self._path(key)
        try:
            with _read_errors_of(path):
                status = path.stat()
        except NotFound:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
        return StoredObject(key, status.st_size, content_type_of(key), modified_at=modified_at)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """The objects whose keys begin with `prefix`, in order of their UTF-8 bytes."""
        folder, slash, start = checked_prefix(prefix).rpartition("/")
        return self._below(self._root / folder, folder + slash, start)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        path = self._path(key)
        with _errors_of(path):
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return
            self._sync_gone(path.parent)

    def location(self, key: str) -> str:
        """The object's absolute path."""
        return str(self._path(key))

    def presigned(self, key: str, lifetime_s: float) -> str | None:  # noqa: ARG002 - there is none
        """None: nobody elsewhere can fetch from a directory."""
        checked_key(key)
        return None

    def check(self) -> None:
        """Make the directory if need be and write into it; raise what is wrong otherwise."""
        with _errors_of(self._root), self._staged(self._root / "check", lambda _: None):
            return

    def probe(self) -> StorageProbe:
        """Try the directory out; never raises."""
        return run_probe(self, self._try_conditional)

    def close(self) -> None:
        """Nothing is held open."""

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _try_conditional(self, key: str) -> ConditionalPut:
        first, second = self._put_new(key, b"1"), self._put_new(key, b"2")
        if first == "moved":
            return "refused"
        return "honoured" if (first, second) == ("linked", "exists") else "ignored"

    def _put_new(self, key: str, data: bytes) -> str:
        """How it went: "linked" (surely first), "moved" (seemingly first) or "exists"."""
        path = self._path(key)
        with _errors_of(path):
            if os.path.lexists(path):
                return "exists"
            with self._staged(path, lambda file: file.write(data)) as temporary:
                how = _take_name(temporary, path)
            self._sync_written(path)
        return how

    def _replace(self, path: Path, fill: Callable[[BinaryIO], object]) -> None:
        with _errors_of(path):
            with self._staged(path, fill) as temporary:
                temporary.replace(path)
            self._sync_written(path)

    @contextmanager
    def _staged(self, path: Path, fill: Callable[[BinaryIO], object]) -> Iterator[Path]:
        """A filled temporary file beside `path`, gone afterwards unless it was renamed."""
        temporary = path.parent / f"{TEMPORARY_PREFIX}{uuid4().hex}"
        try:
            with self._created(temporary) as file:
                fill(file)
                if self._fsync:
                    file.flush()
                    os.fsync(file.fileno())
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _created(self, path: Path) -> BinaryIO:
        for _ in range(_TRIES):
            with suppress(FileNotFoundError):
                return path.open("xb")
            with suppress(FileNotFoundError):
                self._make_directory(path.parent)
        return path.open("xb")

    def _make_directory(self, directory: Path) -> None:
        if not directory.parent.exists():
            self._make_directory(directory.parent)
        try:
            directory.mkdir()
        except FileExistsError:
            # One look, as another may take it away between two; it is made with the next try then.
            with suppress(FileNotFoundError):
                if not stat.S_ISDIR(directory.stat().st_mode):
                    raise
        self._sync(directory.parent)

    def _sync_written(self, path: Path) -> None:
        # Another may have deleted it since, and its folder with it.
        with suppress(FileNotFoundError):
            self._sync(path.parent)

    def _sync_gone(self, directory: Path) -> None:
        """Put on disk that a name is gone; as in a bucket, folders go with what was in them."""
        while directory != self._root:
            try:
                directory.rmdir()
            except OSError:  # there is more in it, or another took it away
                break
            directory = directory.parent
        with suppress(FileNotFoundError):
            self._sync(directory)

    def _sync(self, directory: Path) -> None:
        """Put the names in `directory` on disk; a file's own fsync does not."""
        if not self._fsync:
            return
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _below(self, directory: Path, folder: str, start: str) -> Iterator[StoredObject]:
        for name, is_folder in _entries(directory, start):
            key = folder + name
            if is_folder:
                yield from self._below(directory / name, key + "/", "")
            elif is_key(key):
                found = self.head(key)
                if found is not None:
                    yield found


def _take_name(temporary: Path, path: Path) -> str:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return "exists"
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        temporary.replace(path)
        return "moved"
    return "linked"


def _entries(directory: Path, start: str) -> list[tuple[str, bool]]:
    """Names in key order and whether each is a folder; links to folders are not followed."""
    try:
        with _read_errors_of(directory), os.scandir(directory) as entries:
            found = [
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if entry.name.startswith(start) and not entry.name.startswith(TEMPORARY_PREFIX)
            ]
    except NotFound:
        return []
    # A folder sorts as its keys do: with the slash, `a-b` and `a.b` come before `a/x`.
    return sorted(found, key=lambda entry: entry[0] + "/" if entry[1] else entry[0])


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(error, path) from error


@contextmanager
def _read_errors_of(path: Path) -> Iterator[None]:
    """Like `_errors_of`, where a folder on the way or in the place of the object is no object."""
    try:
        with _errors_of(path):
            yield
    except StorageError as error:
        if isinstance(error.__cause__, IsADirectoryError | NotADirectoryError):
            raise NotFound(f"{path} cannot be used: there is no such object.") from error
        raise
