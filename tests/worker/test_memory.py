"""Threads that share one arena, as the C library itself tells."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc knows arenas")
_SHARED = """
from worker.memory import share_arenas
assert share_arenas()
"""
_AS_A_WORKER = """
import click
from worker.__main__ import main
try:
    main(["--queues", "none of ours"], standalone_mode=False)
except click.BadParameter:
    pass
"""
_HEAPS = """
import ctypes, threading
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


def _heaps(before: str) -> int:
    """Arenas of a process whose threads have allocated, after what it did before they began."""
    script = [sys.executable, "-c", before + _HEAPS]
    done = subprocess.run(script, capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.count("<heap nr=")


def test_threads_share_one_arena() -> None:
    assert _heaps("") > 1
    assert _heaps(_SHARED) == 1


def test_a_worker_has_its_threads_share_one() -> None:
    assert _heaps(_AS_A_WORKER) == 1
