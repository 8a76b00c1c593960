"""How much of its limits each lane uses, and which of them binds.

Read for people and for monitoring, of many lanes at once; no job ever waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from ledger.errors import translated
from ledger.keys import BATCHES, LaneKeys, query_bucket
from ledger.tick import FAULTS_IN_A_ROW, STORE_BACKLOG, horizon_s
from ledger.turns import WEIGHTS, stride
from schemas.batch import Hold
from schemas.lane import Lane, LaneLimits, Limit
from schemas.states import OPEN_STATES, JobState

QUERIES_FULL_S = 0.5
"""An account whose queries are booked so far ahead has no room for more."""
DEPARTURES_READ = 100
BATCHES_READ = 50
"""Of each list of waiting batches, those whose turns come first: one of them is old enough."""


@dataclass(frozen=True)
class LaneUsage:
    """One lane at one moment."""

    limits: LaneLimits
    jobs: Mapping[JobState, int]
    """Unfinished ones."""
    in_window: int = 0
    stopped: bool = False
    holds: frozenset[Hold] = frozenset()
    """Why batches are held, if any are."""
    turns: bool = False
    """Jobs wait for a place, or chunks to be loaded, of batches that are not held."""
    booked_s: float = 0.0
    """How far ahead the slots of the bucket are taken."""
    closed_s: float = 0.0
    """For how long no slot is given,"""
    capped: bool = False
    """because the account's daily cap is reached."""
    faults: int = 0
    """Orders in a row that went wrong by no fault of their rows."""
    rate_left: float = 1.0
    """Share of the rate that refusals have left."""
    queries_booked_s: float = 0.0
    """How far ahead the account's task queries are taken."""
    leaving_per_s: float = 0.0
    """Orders a second, of the last ones."""
    agenda_lag_s: float = 0.0
    """By how much the most overdue moment of a job is late."""
    oldest_waiting_s: float | None = None
    """Age of the oldest batch that waits and is not held; None: none does."""

    @property
    def binds(self) -> Limit:
        """What keeps the lane from ordering more: what `release_ready` would run into first."""
        if self.stopped:
            return Limit.STOPPED
        if not self.jobs[JobState.PENDING]:
            return Limit.NOTHING_TO_DO
        horizon = horizon_s(self.limits.rate_per_s)
        if self.closed_s > horizon and self.capped:
            return Limit.BUDGET
        if self.closed_s > horizon or self.faults >= FAULTS_IN_A_ROW:
            return Limit.PROVIDER
        if not self.turns:
            return self._held_by
        if self.jobs[JobState.STORING] > STORE_BACKLOG:
            return Limit.STORING
        if self.in_window >= self.limits.window:
            asked_late = self.queries_booked_s >= QUERIES_FULL_S and self.jobs[JobState.RUNNING]
            return Limit.QUERY_RATE if asked_late else Limit.RUNNING
        # Half: between two ticks a slot or two are free.
        return Limit.RATE if self._taken_s >= horizon / 2 else Limit.WORKERS

    @property
    def _held_by(self) -> Limit:
        if Hold.BUDGET in self.holds:
            return Limit.BUDGET
        if Hold.PAUSE in self.holds:
            return Limit.PAUSED
        return Limit.HOURS if Hold.HOURS in self.holds else Limit.NOTHING_TO_DO

    @property
    def _taken_s(self) -> float:
        """How far ahead slots are taken, by jobs too that are released and will book theirs."""
        interval_s = 1 / (self.limits.rate_per_s * self.rate_left)
        unbooked = self.jobs[JobState.RELEASED] - math.ceil(self.booked_s / interval_s)
        return self.booked_s + max(unbooked, 0) * interval_s


def read_usage(client: redis.Redis, lanes: Sequence[str]) -> dict[str, LaneUsage]:
    """How much lanes use of their limits; those that nobody opened are left out.

    Three round trips for all of them together. Raises LedgerError.
    """
    if not lanes:
        return {}
    with translated():
        seconds, micros = client.time()
        now_us = int(seconds) * 1_000_000 + int(micros)
        pipe = client.pipeline(transaction=False)
        for lane in lanes:
            _ask(pipe, lane, now_us)
        replies = pipe.execute()
        width = len(replies) // len(lanes)
        parts = [replies[i * width : (i + 1) * width] for i in range(len(lanes))]
        waiting = [_waiting(part) for part in parts]
        names = sorted({name for found in waiting for name in found})
        moments = client.zmscore(BATCHES, names) if names else []
    made_ms = {
        name: float(moment)
        for name, moment in zip(names, moments, strict=True)
        if moment is not None
    }
    return {
        lane: _usage(part, now_us, [made_ms[name] for name in found if name in made_ms])
        for lane, part, found in zip(lanes, parts, waiting, strict=True)
        if part[0][0] is not None
    }


def _ask(pipe: Any, lane: str, now_us: int) -> None:
    keys, parsed = LaneKeys(lane), Lane.parse(lane)
    pipe.hmget(keys.config, "rate", "burst", "window", "stopped")
    pipe.hmget(keys.tally, *OPEN_STATES, "faults")
    pipe.scard(keys.window)
    pipe.hmget(keys.bucket, "tat_us", "cut", "closed_until_us", "shut_until_us")
    pipe.hmget(query_bucket(parsed.provider, parsed.account), "tat_us", "closed_until_us")
    pipe.zrange(keys.agenda, 0, 0, withscores=True)
    pipe.zrevrangebyscore(keys.departures, now_us, "-inf", 0, DEPARTURES_READ, withscores=True)
    pipe.hkeys(keys.holds)
    pipe.hlen(keys.loading)
    pipe.zrange(keys.turns, 0, BATCHES_READ - 1)
    for priority in WEIGHTS:
        pipe.zrange(keys.backlog(str(stride(priority))), 0, BATCHES_READ - 1)


def _waiting(part: Sequence[Any]) -> list[str]:
    """Batches of which something waits."""
    return [name for names in part[9:] for name in names]


def _usage(part: Sequence[Any], now_us: int, made_ms: Sequence[float]) -> LaneUsage:
    config, tally, in_window, bucket, queries, agenda, departures, holds, loading = part[:9]
    rate_per_s, burst = float(config[0]), int(config[1])
    tat_us, cut, closed_us, shut_us = (float(value or 0) for value in bucket)
    tolerance_us = 1e6 * (burst - 1) / rate_per_s
    asked_us = max(float(value or 0) for value in queries)
    return LaneUsage(
        limits=LaneLimits(rate_per_s=rate_per_s, burst=burst, window=int(config[2])),
        jobs={state: int(n or 0) for state, n in zip(OPEN_STATES, tally, strict=False)},
        in_window=in_window,
        stopped=config[3] is not None,
        holds=frozenset(Hold(name.split(":", 1)[0]) for name in holds),
        turns=bool(loading or _waiting(part)),
        booked_s=max(tat_us - tolerance_us - now_us, 0) / 1e6,
        closed_s=max(closed_us - now_us, 0) / 1e6,
        capped=shut_us > now_us and shut_us >= closed_us,
        faults=int(tally[-1] or 0),
        rate_left=cut / 1000 if cut else 1.0,
        queries_booked_s=max(asked_us - now_us, 0) / 1e6,
        leaving_per_s=leaving_per_s([moment for _, moment in departures], now_us, rate_per_s),
        agenda_lag_s=max(now_us - agenda[0][1] * 1000, 0) / 1e6 if agenda else 0.0,
        oldest_waiting_s=max(now_us / 1e6 - min(made_ms) / 1000, 0.0) if made_ms else None,
    )


def leaving_per_s(departed_us: Sequence[float], now_us: float, rate_per_s: float) -> float:
    """How many orders leave in a second, by the last that did (the latest first).

    At even spacing the oldest of n left n - 1 intervals ago, and half of one on average.
    """
    if not departed_us:
        return 0.0
    since_s = max(now_us - departed_us[-1], 0) / 1e6 + 0.5 / rate_per_s
    return min(len(departed_us) / since_s, rate_per_s)
