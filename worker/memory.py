"""How a worker's threads share the memory they allocate."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8
"""glibc's mallopt(3), from malloc.h."""
ARENAS = 1
"""Python's own lock lets one thread allocate at a time: more arenas only hold more free memory."""


def share_arenas() -> bool:
    """Let all threads to come allocate from one arena: glibc would give each of them its own.

    Each keeps the most it ever held: measured over 20,000 jobs, 35 MB more in each worker. To be called
    before threads are started. False where the C library knows no arenas.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_M_ARENA_MAX, ARENAS))
