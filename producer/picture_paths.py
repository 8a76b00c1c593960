"""From what a row says of a picture to the local file it means."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from schemas.picture_way import PICTURE_LIMIT_BYTES

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_DATA_HINT = (
    "is the picture itself; write its file's name or its URL: it is put into the request where"
    " the provider takes it so"
)


class FoundFile(NamedTuple):
    """A file that is there, and what tells it from what it was before."""

    path: Path
    device: int
    inode: int
    changed_ns: int
    size_bytes: int


def find_file(written: str, folders: tuple[Path, ...]) -> FoundFile:
    """The file a row means, looked for in `folders` in turn.

    `~` is the home directory and file:// an absolute path. Raises ValueError saying what is wrong,
    to be read on from what the row has.
    """
    path = _path(written)
    candidates = [folder / path for folder in folders]
    for candidate in candidates:
        try:
            status = candidate.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}; check its permissions") from error
        return _checked(candidate, status)
    where = " and ".join(dict.fromkeys(str(each.parent) for each in candidates))
    raise ValueError(f"does not exist; looked in {where}")


def read_file(found: FoundFile) -> bytes:
    """Its bytes. Raises ValueError saying what is wrong."""
    try:
        with found.path.open("rb") as file:
            data = file.read(PICTURE_LIMIT_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}; check its permissions") from error
    if len(data) > PICTURE_LIMIT_BYTES:
        raise too_large()
    return data


def _path(written: str) -> Path:
    if "\0" in written or any("\ud800" <= letter <= "\udfff" for letter in written):
        raise ValueError("is no path: it holds characters that no file's name has")
    scheme = _SCHEME.match(written)
    name = scheme[1].lower() if scheme else ""
    if name == "data":
        raise ValueError(_DATA_HINT)
    if name == "file":
        return _from_url(written)
    if scheme and written[scheme.end() :].startswith("//"):
        raise ValueError(
            f"begins with {name}://; write an https:// address, a local path or s3://bucket/key"
        )
    try:
        return Path(written).expanduser()
    except RuntimeError as error:
        raise ValueError("names a home directory nobody knows; write the path out") from error


def _from_url(written: str) -> Path:
    parts = urlsplit(written)
    path = unquote(parts.path, errors="surrogateescape")
    if parts.netloc not in ("", "localhost") or not path.startswith("/") or "\0" in path:
        raise ValueError("is no file:// address; write file:///absolute/path, or the path alone")
    return Path(path)


def _checked(path: Path, status: os.stat_result) -> FoundFile:
    if stat.S_ISDIR(status.st_mode):
        raise ValueError("is a directory; name a picture in it")
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("is no file")
    if not status.st_size:
        raise ValueError("is empty")
    if status.st_size > PICTURE_LIMIT_BYTES:
        raise too_large()
    return FoundFile(path, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def too_large() -> ValueError:
    """What is said of a picture that nobody would take."""
    return ValueError(
        f"has more than {PICTURE_LIMIT_BYTES // 1_000_000} MB; no provider takes that"
    )
