"""What is not done now, and when it is tried again."""

from __future__ import annotations

from typing import NamedTuple


class Later(NamedTuple):
    """Try again after a while."""

    wait_s: float
    why: str
    """For people."""
