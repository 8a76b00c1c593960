"""The packages the house rules hold for, and their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "ledger", "storage", "results", "worker", "producer", "simulator")


def python_files(*packages: str) -> Iterator[Path]:
    """Every Python file of some packages, or of all."""
    for package in packages or PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    """The file as people say it, for messages and test names."""
    return path.relative_to(ROOT).as_posix()
