"""What the command's exit code says. Stable: scripts rely on it."""

from __future__ import annotations

from enum import IntEnum

from schemas.batch import BatchStatus


class ExitCode(IntEnum):
    """Documented in README.md."""

    OK = 0
    """Everything asked for was done."""
    UNEXPECTED = 1
    """A fault of ours."""
    USAGE = 2
    """The command line is wrong."""
    MANIFEST = 3
    """The manifest has rows that cannot be ordered, or cannot be read."""
    SOME_FAILED = 4
    """The batch is finished, and some of its rows failed."""
    ALL_FAILED = 5
    """The batch is finished, and none of its rows succeeded."""
    BUDGET = 6
    """The budget does not allow it."""
    SETTINGS = 7
    """A key, an account or another setting is missing or wrong."""
    UNREACHABLE = 8
    """Redis or the storage cannot be reached."""
    WAITED = 9
    """Waiting took too long; the batch goes on."""
    CANCELLED = 10
    """The batch was cancelled: all its rows that are not complete were withdrawn."""
    INTERRUPTED = 130
    """Ctrl-C; the batch can be continued."""


def of_finished(status: BatchStatus) -> ExitCode:
    """The code for a finished batch."""
    if status.succeeded == status.total:
        return ExitCode.OK
    if status.succeeded + status.cancelled == status.total:
        return ExitCode.CANCELLED  # whatever was not done yet was withdrawn
    return ExitCode.SOME_FAILED if status.succeeded + status.partial else ExitCode.ALL_FAILED
