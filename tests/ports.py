"""Ports for servers that are started, killed and started again on the same address.

They lie below those the system gives away by itself: a port from there, free when it was chosen,
may be somebody else's when the server listens, and whoever looks for the server finds a stranger.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import tempfile
from pathlib import Path

FIRST, LAST = 15_000, 32_000
_held: list[int] = []
"""Files whose locks keep other test processes away from our ports, for as long as we live."""


def free_ports(count: int) -> list[int]:
    """That many ports of this machine which nobody has, and no other test process is given."""
    found: list[int] = []
    while len(found) < count:
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if port not in found and _is_free(port) and _is_ours(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _is_ours(port: int) -> bool:
    folder = Path(tempfile.gettempdir()) / "imagemill-test-ports"
    folder.mkdir(exist_ok=True)
    file = os.open(folder / str(port), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return False
    _held.append(file)
    return True
