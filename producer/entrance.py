"""Where the program `imagemill` begins: Ctrl-C before all of it is read is no fault either."""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""As in exit_codes.py, which is not read yet."""


def main() -> None:
    """The program, from its first moment on."""
    try:
        # Reading it takes most of a second, in which people notice that they typed the wrong file.
        from producer.cli import main as command_line  # noqa: PLC0415 - what may be interrupted
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(INTERRUPTED)
    command_line()
