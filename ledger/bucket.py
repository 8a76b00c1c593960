"""Token buckets: when the next request may leave.

A provider counts requests in windows: so many in a second, or one in some seconds. Slots are evenly
spaced, and no window of any place and of the provider's length, margin included, ever holds more
departures than it admits. The margin is for what lies between our clock and the provider's: it is
learned from refusals (docs/decisions/0009).

A bucket is a hash. tat_us: the next slot by even spacing; cut: thousandths of the rate that are left;
until cut_until_us refusals do not cut again; until closed_until_us no slot is given, and until
shut_until_us because we said so, not the provider. The limit as it was last used: `admitted`
departures in a window of window_us, which is period_us where the rate is cut and with the margin,
interval_us apart. What refusals taught: margin_us, last widened at widened_us, by step_us; `quiet` slots ago; after `calm` of them it is tried
with less, which `eased` remembers. The last refusal: whose (refused), when that left (refused_us), how
many in a row, and the verdict on it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ledger.keys import LaneKeys, query_bucket, query_departures
from ledger.scripts import Argument, Call, Scripts

RECOVERY = 10
"""Thousandths of the full rate won back with each slot: after a cut to a half, 50 slots."""
LOWEST_RATE = 125
"""Thousandths of the full rate that refusals never cut below."""
MARGIN_S = 0.002
"""Added to a window as long as nothing was refused: 0.2 % of a second."""
MARGIN_STEP_S = 0.004
"""A first refusal widens the margin by this, those that follow soon by up to four times as
much."""
MARGIN_MOST = 100
"""Thousandths of a window that the margin never exceeds: beyond, the limit itself is lower."""
REFUSALS_IN_A_ROW = 3
"""With nothing taken between them they say that the limit is lower than we think."""
MARGIN_EASE_S = 0.001
"""What the margin loses after a calm while."""
CALM_SLOTS = 500
"""Slots without a refusal that are such a while; twice as many after each that ended in one."""


@dataclass(frozen=True)
class Slot:
    """When a request may leave."""

    booked: bool
    """False: the slot lies too far ahead and was not taken."""
    wait_s: float
    at_s: float = 0.0
    """The same moment on the server's clock."""


class Bucket:
    """One token bucket, shared by all workers."""

    def __init__(self, scripts: Scripts, key: str, departures: str) -> None:
        self._scripts = scripts
        self._key = key
        self._departures = departures

    def take(self, rate_per_s: float, burst: int, patience_s: float, order: str = "") -> Slot:
        """Book the next slot, unless it lies more than `patience_s` ahead.

        `order` names what leaves, where its departure is marked; nothing else leaves under that name.
        """
        args: list[Argument] = [
            order or secrets.token_hex(8), f"{1e6 / rate_per_s:.3f}", burst, int(patience_s * 1e6),
            RECOVERY, _us(MARGIN_S), _us(MARGIN_EASE_S), CALM_SLOTS,
        ]  # fmt: skip
        call = Call("take_slot", [self._key, self._departures], args)
        booked, wait_us, at_us = self._scripts.run(call)
        return Slot(booked == 1, int(wait_us) / 1e6, int(at_us) / 1e6)

    def widen_margin(self, order: str, rest_s: float) -> bool:
        """Keep a greater distance from the limit after a refusal; no slot is given for `rest_s`.

        False where refusals say more: that the limit is lower than we think.
        """
        args: list[Argument] = [
            order, _us(rest_s), _us(MARGIN_S), _us(MARGIN_STEP_S), REFUSALS_IN_A_ROW, MARGIN_MOST
        ]  # fmt: skip
        return bool(self._scripts.run(Call("widen_margin", [self._key, self._departures], args)))

    def slow_down(self, pause_s: float) -> float:
        """Give no slot for `pause_s`, and halve the rate; returns the share of it that is left."""
        args = [_us(pause_s), LOWEST_RATE]
        left: int = self._scripts.run(Call("slow_down", [self._key], args))
        return left / 1000

    def close(self, pause_s: float) -> None:
        """Give no slot for `pause_s`; the rate stays."""
        self._scripts.run(Call("close_bucket", [self._key], [_us(pause_s)]))


def submit_bucket(scripts: Scripts, lane: str) -> Bucket:
    """The bucket a lane's orders are paced by."""
    keys = LaneKeys(lane)
    return Bucket(scripts, keys.bucket, keys.departures)


def poll_bucket(scripts: Scripts, provider: str, account: str) -> Bucket:
    """The bucket all task queries of an account are paced by."""
    key, departures = query_bucket(provider, account), query_departures(provider, account)
    return Bucket(scripts, key, departures)


def _us(wait_s: float) -> int:
    return int(wait_s * 1e6)
