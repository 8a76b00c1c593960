"""What the operating system's error numbers mean for a storage directory."""

from __future__ import annotations

import errno
from pathlib import Path

from storage.errors import BadKey, Broken, Denied, Full, NotFound, StorageError, Unreachable

_IN_THE_WAY = (
    Broken,
    "a file lies where a directory is needed, or a directory where a file is: move it away or "
    "name another directory",
)
_LOST = (
    Unreachable,
    "the disk or network share does not answer: check that it is mounted and healthy",
)
_TOO_MANY = (
    Unreachable,
    "too many files are open: raise the limit (ulimit -n) or lower the concurrency",
)
_DENIED = (Denied, "permission is missing: give this user write access")
_FULL = (Full, "no room is left: free some or raise the quota")
_NAME = (BadKey, "the file system does not take this name: use a shorter or plainer one")

BY_ERRNO: dict[int, tuple[type[StorageError], str]] = {
    errno.ENOENT: (NotFound, "there is no such object"),
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: (Denied, "the file system is mounted read-only: mount it writable"),
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.ENAMETOOLONG: _NAME,
    errno.EILSEQ: _NAME,
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EISDIR: _IN_THE_WAY,
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOTEMPTY: _IN_THE_WAY,
    errno.EIO: _LOST,
    errno.ESTALE: _LOST,
    errno.ETIMEDOUT: _LOST,
    errno.EHOSTDOWN: _LOST,
    errno.EHOSTUNREACH: _LOST,
    errno.ENOTCONN: _LOST,
    errno.EMFILE: _TOO_MANY,
    errno.ENFILE: _TOO_MANY,
}


def storage_error(error: OSError, path: Path) -> StorageError:
    """The storage's word for what happened to `path`."""
    kind, meaning = BY_ERRNO.get(error.errno or 0, (Broken, error.strerror or "unknown failure"))
    return kind(f"{path} cannot be used: {meaning}.")
