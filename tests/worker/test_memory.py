"""Threads that share one arena, as the C library itself tells."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_HEAPS = """
import ctypes, threading
from worker.memory import share_arenas
if {shared}:
    assert share_arenas()
libc, ready = ctypes.CDLL(None), threading.Barrier(8)
def allocate():
    kept = [bytes(2_000) for _ in range(100)]
    ready.wait(30)
threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def _heaps(*, shared: bool) -> int:
    script = _HEAPS.format(shared=shared)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc knows arenas")
def test_threads_share_one_arena() -> None:
    assert _heaps(shared=False) > 1
    assert _heaps(shared=True) == 1
