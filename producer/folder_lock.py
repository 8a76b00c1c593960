"""One process at a time may own a folder."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO


class FolderLock:
    """The right to start and stop what runs in a folder; the system takes it back from the dead."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file: IO[str] | None = None

    def try_acquire(self) -> bool:
        """Take it, if nobody has it."""
        if self._file is not None:
            return True
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None
