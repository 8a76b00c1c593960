"""A mill for each test here that wants one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.system.mill import Mill


@pytest.fixture
def mill(tmp_path: Path) -> Iterator[Mill]:
    """A mill that keeps its pictures in a directory; no worker is running yet."""
    with ExitStack() as stack:
        yield Mill(tmp_path / "mill", stack)
