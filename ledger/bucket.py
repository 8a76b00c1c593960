"""Token buckets: when the next request may leave."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.keys import LaneKeys, query_bucket
from ledger.scripts import Argument, Call, Scripts

RECOVERY = 10
"""Thousandths of the full rate won back with each slot: after a cut to a half, 50 slots."""
LOWEST_RATE = 125
"""Thousandths of the full rate that refusals never cut below."""


@dataclass(frozen=True)
class Slot:
    """When a request may leave."""

    booked: bool
    """False: the slot lies too far ahead and was not taken."""
    wait_s: float


class Bucket:
    """One token bucket, shared by all workers."""

    def __init__(self, scripts: Scripts, key: str) -> None:
        self._scripts = scripts
        self._key = key

    def take(self, rate_per_s: float, burst: int, patience_s: float) -> Slot:
        """Book the next slot, unless it lies more than `patience_s` ahead."""
        emission_us = 1e6 / rate_per_s
        args: list[Argument] = [f"{emission_us:.3f}", burst, int(patience_s * 1e6), RECOVERY]
        booked, wait_us = self._scripts.run(Call("take_slot", [self._key], args))
        return Slot(booked == 1, int(wait_us) / 1e6)

    def slow_down(self, pause_s: float) -> float:
        """Give no slot for `pause_s`, and halve the rate; returns the share of it that is left."""
        args = [int(pause_s * 1e6), LOWEST_RATE]
        left: int = self._scripts.run(Call("slow_down", [self._key], args))
        return left / 1000

    def close(self, pause_s: float) -> None:
        """Give no slot for `pause_s`; the rate stays."""
        self._scripts.run(Call("close_bucket", [self._key], [int(pause_s * 1e6)]))


def submit_bucket(scripts: Scripts, lane: str) -> Bucket:
    """The bucket a lane's orders are paced by."""
    return Bucket(scripts, LaneKeys(lane).bucket)


def poll_bucket(scripts: Scripts, provider: str, account: str) -> Bucket:
    """The bucket all task queries of an account are paced by."""
    return Bucket(scripts, query_bucket(provider, account))
