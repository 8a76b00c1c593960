"""Describes the machine the figures come from; names neither it nor any path."""

from __future__ import annotations

import os
import platform
import re
import statistics
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.mill import running_valkey
from ledger.opening import open_ledger

LOOPS = 9
ADDITIONS = 5_000_000
_LIBRARIES = ("celery", "redis", "httpx2", "dashscope")


def describe() -> dict[str, str]:
    """What is measured on, label -> words."""
    return {
        "CPU": f"{_cpu_model()}, {os.cpu_count()} cores",
        "RAM": f"{_memory_gib():.0f} GiB",
        "kernel": f"{platform.system()} {_release()}",
        "disk": f"{_filesystem(Path(tempfile.gettempdir()))}, where the temporary folder lies",
        "Python": platform.python_version(),
        "server": f"{_server()}, appendonly yes, appendfsync always",
        "libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
    }


def moment() -> dict[str, str]:
    """When, and how busy it is just then."""
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "load before": f"{load} (1, 5, 15 minutes)",
    }


def loop_ms() -> float:
    """How long a fixed loop of additions takes here just now: the median of some."""
    return statistics.median(_once_ms() for _ in range(LOOPS))


def _once_ms() -> float:
    began_s = time.perf_counter()
    sum(range(ADDITIONS))
    return 1000 * (time.perf_counter() - began_s)


def _cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _release() -> str:
    found = re.match(r"\d+(\.\d+)*", platform.release())
    return found[0] if found else platform.release()


def _filesystem(path: Path) -> str:
    """The kind of the mount that holds a path: the longest mount point that leads to it."""
    mounts = [line.split()[1:3] for line in _read("/proc/mounts").splitlines()]
    holding = [(len(at), kind) for at, kind in mounts if path.resolve().is_relative_to(at)]
    return max(holding)[1] if holding else "unknown file system"


def _server() -> str:
    with tempfile.TemporaryDirectory() as folder, running_valkey(Path(folder)) as url:
        ledger = open_ledger(url, threads=1)
        info = ledger.fleet.server_info()
        ledger.close()
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info['redis_version']}"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""
