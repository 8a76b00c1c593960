"""Lanes: their limits, their chunks, and what the dispatcher asks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis

from ledger.errors import translated
from ledger.index import nudge
from ledger.keys import KNOWN_LANES, LANES, LaneKeys
from ledger.looks import LOOK
from ledger.scripts import Argument, Call, Scripts
from ledger.tick import FAULTS_IN_A_ROW, Tick, read_tick, tick_calls
from ledger.turns import stride
from ledger.usage import LaneUsage, read_usage
from schemas.batch import TRANSFERRED, ChunkRef, LaneRound, Priority
from schemas.lane import LaneLimits, LaneStatus
from schemas.result import JobResult
from schemas.states import JobState
from schemas.unlisted import Unlisted

TROUBLE_S = 60
BREAKER_S = 5.0
"""It stays open for so long, twice as long after each probe that fails too,"""
BREAKER_MOST_S = 120.0
"""and for this at most."""
CLAIMS_A_TIME = 10**6
"""No job is handed out so often in one lane and round,"""
CLAIMS_A_ROUND = 10**12
"""nor comes into one lane a million times in a round. A worker that slept through the end of a round,
or while its job went to another lane and back, finds a claim it never had."""


class Lanes:
    """All lanes."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def open(
        self, lane: str, limits: LaneLimits, *, pin: bool = False, unlisted: Unlisted | None = None
    ) -> bool:
        """Write a lane's limits; False when somebody pinned others with `lanes set`.

        `unlisted` is what its workers must know of a model that is in nobody's catalogue.
        """
        with translated():
            self._client.sadd(KNOWN_LANES, lane)
        args: list[Argument] = [
            repr(limits.rate_per_s),
            limits.burst,
            limits.window,
            int(pin),
            "" if unlisted is None else unlisted.model_dump_json(exclude_none=True),
        ]
        return bool(self._scripts.run(Call("open_lane", [LaneKeys(lane).config], args)))

    def unlisted(self, lane: str) -> str | None:
        """What was said of the lane's model when it was handed in, where no catalogue has it."""
        with translated():
            found = self._client.hget(LaneKeys(lane).config, "unlisted")
        return None if found is None else str(found)

    def names(self) -> list[str]:
        """All lanes anybody ever opened, in order."""
        with translated():
            return sorted(str(name) for name in self._client.smembers(KNOWN_LANES))

    def hand_in(
        self,
        lane: str,
        batch: str,
        chunks: Sequence[ChunkRef],
        priority: Priority = Priority.NORMAL,
    ) -> bool:
        """Put a batch's chunks into the backlog; False when they are there already."""
        keys = LaneKeys(lane)
        jobs = sum(chunk.size for chunk in chunks)
        names = [keys.waiting(batch), keys.tally, keys.counts(batch), keys.holds]
        args: list[Argument] = [
            batch, keys.backlog_prefix, stride(priority), jobs, *map(str, chunks),
        ]  # fmt: skip
        calls = [Call("hand_in_chunks", names, args), nudge(LANES, lane)]
        return bool(self._scripts.run_all(calls)[0])

    def load(
        self,
        lane: str,
        chunk: ChunkRef,
        jobs: Sequence[tuple[str, str]],
        reused: Sequence[JobResult] = (),
    ) -> bool:
        """Make a chunk's jobs (id, request) ready; False when that was done before.

        Those with a result in `reused` were drawn before: they have ended at once.
        """
        keys = LaneKeys(lane)
        names = [
            keys.ready(chunk.batch), keys.chunk(str(chunk)), keys.chores, keys.loading, keys.holds,
            keys.turns, keys.tally, keys.counts(chunk.batch),
        ]  # fmt: skip
        args: list[Argument] = [
            chunk.batch, keys.job_prefix, f"load:{chunk}", f"seal:{chunk}", str(chunk),
            first_claim(chunk), len(reused),
        ]  # fmt: skip
        for result in reused:
            args += [f"{chunk.batch}/{result.id}", len(result.images), result.model_dump_json()]
        ended = {result.id for result in reused}
        for job, request in jobs:
            args += [] if job in ended else [f"{chunk.batch}/{job}", request]
        calls = [Call("load_chunk", names, args), nudge(LANES, lane)]
        return bool(self._scripts.run_all(calls)[0])

    def seal(self, lane: str, chunk: ChunkRef, jobs: Sequence[str]) -> bool:
        """Forget a chunk whose results are written; False when that was done before."""
        keys = LaneKeys(lane)
        names = [
            keys.chunk(str(chunk)), keys.chores, keys.counts(chunk.batch), keys.window, keys.looks,
        ]  # fmt: skip
        args = [keys.job_prefix, f"seal:{chunk}", LOOK, *(f"{chunk.batch}/{job}" for job in jobs)]
        return bool(self._scripts.run(Call("seal_chunk", names, args)))

    def in_motion(self, lane: str, chunk: ChunkRef) -> bool:
        """Whether a chunk is loaded, or being loaded, and not sealed."""
        with translated():
            return bool(self._client.exists(LaneKeys(lane).chunk(str(chunk))))

    def withdraw(self, lane: str, chunk: ChunkRef, ended: LaneRound) -> bool:
        """Count a chunk that was never loaded as ended, as `ended` says; False when that was done."""
        keys = LaneKeys(lane)
        args: list[Argument] = [f"withdraw:{chunk}", ended.images, ended.cost_micro]
        for state, jobs in ended.states.items():
            args += [state, jobs]
        names = [keys.chores, keys.tally, keys.counts(chunk.batch)]
        calls = [Call("withdraw_chunk", names, args), nudge(LANES, lane)]
        return bool(self._scripts.run_all(calls)[0])

    def count_fault(self, lane: str) -> tuple[int, float]:
        """Count an order that went wrong by no fault of its row.

        Returns such orders in a row, and the seconds for which the lane's breaker is open.
        """
        keys = LaneKeys(lane)
        limits = [FAULTS_IN_A_ROW, int(BREAKER_S * 1e6), int(BREAKER_MOST_S * 1e6)]
        faults, wait_us = self._scripts.run(Call("count_fault", [keys.tally, keys.bucket], limits))
        return int(faults), int(wait_us) / 1e6

    def in_play(self, lanes: Sequence[str]) -> int:
        """How many jobs of all these lanes are at the provider, or about to be."""
        with translated():
            pipe = self._client.pipeline(transaction=False)
            for lane in lanes:
                pipe.scard(LaneKeys(lane).window)
            return sum(pipe.execute()) if lanes else 0

    def tick(
        self,
        lanes: Sequence[str],
        lease_s: float,
        room: int,
        releases: Mapping[str, int] | None = None,
    ) -> dict[str, Tick]:
        """Hand out what is due in each lane: at most `room` jobs each.

        `releases` has, for lanes that need it, how many jobs at most get a place in the window.
        """
        with translated():
            pipe = self._client.pipeline(transaction=False)
            for lane in lanes:
                pipe.hget(LaneKeys(lane).config, "rate")
            rates = pipe.execute()
        calls: list[Call] = []
        for lane, rate in zip(lanes, rates, strict=True):
            most = min(room, (releases or {}).get(lane, room))
            calls += tick_calls(lane, float(rate or 1), int(lease_s * 1000), (room, most))
        replies = self._scripts.run_all(calls) if calls else []
        return {
            lane: read_tick(lane, replies[5 * index : 5 * index + 5])
            for index, lane in enumerate(lanes)
        }

    def keep_chore(self, lane: str, what: str, chunk: ChunkRef, lease_s: float) -> None:
        """Somebody is still at a chore; one that is done stays done."""
        with translated():
            seconds, micros = self._client.time()
            until_ms = seconds * 1000 + micros // 1000 + int(lease_s * 1000)
            self._client.zadd(LaneKeys(lane).chores, {f"{what}:{chunk}": until_ms}, xx=True)

    def stop(self, lane: str, reason: str, *, fault: str = "", leaving: bool = False) -> None:
        """Take no new jobs from now on.

        `fault` is "account" where it is the account's; `leaving`: what waits is about to go to others,
        until a look at its batch says otherwise.
        """
        config = LaneKeys(lane).config
        said: dict[Any, Any] = {"stopped": reason, "fault": fault, "leaving": int(leaving)}
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.hset(config, mapping=said)
            pipe.hincrby(config, "stops", 1)
            pipe.execute()

    def note_leaving(self, lane: str, batch: str, *, leaving: bool) -> None:
        """Whether what waits of a batch in a lane that stopped is about to go to other lanes."""
        keys = LaneKeys(lane)
        with translated():
            stops = str(self._client.hget(keys.config, "stops"))
            self._client.hset(keys.counts(batch), "leaving", f"{int(leaving)}@{stops}")

    def resume(self, lane: str) -> bool:
        """Take new jobs again; False when the lane was not stopped."""
        config = LaneKeys(lane).config
        with translated():
            was_stopped = bool(self._client.hdel(config, "stopped"))
            self._client.hdel(config, "fault", "leaving")
        self._scripts.run(nudge(LANES, lane))
        return was_stopped

    def note_trouble(self, lane: str, why: str, for_s: float = 0.0) -> None:
        """Remember for a minute, or longer, why orders do not leave."""
        with translated():
            self._client.set(LaneKeys(lane).trouble, why, ex=max(TROUBLE_S, int(for_s)))

    def count(self, lane: str, figure: str) -> None:
        """Count what happened in a lane: a figure of its status."""
        with translated():
            self._client.hincrby(LaneKeys(lane).tally, figure, 1)

    def usage(self, lanes: Sequence[str]) -> dict[str, LaneUsage]:
        """How much lanes use of their limits; those that nobody opened are left out."""
        return read_usage(self._client, lanes)

    def status(self, lane: str) -> LaneStatus | None:
        """A lane's figures; None when nobody opened it."""
        keys = LaneKeys(lane)
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.hgetall(keys.config)
            pipe.hgetall(keys.tally)
            pipe.zrange(keys.turns, 0, -1)
            pipe.lrange(keys.learned, 0, -1)
            pipe.get(keys.trouble)
            config, tally, batches, learned, trouble = pipe.execute()
            for batch in batches:
                pipe.llen(keys.ready(batch))
            ready = sum(pipe.execute())
        if "rate" not in config:
            return None
        usage = self.usage([lane])[lane]
        count = {state: int(tally.get(state, 0)) for state in JobState}
        times = sorted(float(value) for value in learned)
        return LaneStatus(
            lane=lane,
            limits=LaneLimits(
                rate_per_s=float(config["rate"]), burst=config["burst"], window=config["window"]
            ),
            pinned="pinned" in config,
            stopped=config.get("stopped"),
            waiting=max(count[JobState.PENDING] - ready, 0),
            ready=ready,
            in_play=count[JobState.RELEASED] + count[JobState.SUBMITTING] + count[JobState.RUNNING],
            storing=count[JobState.STORING],
            throttled=int(tally.get("throttled", 0)),
            submits=int(tally.get("submits", 0)),
            adopted=int(tally.get("adopted", 0)),
            absent=int(tally.get("absent", 0)),
            trouble=trouble,
            typical_s=times[len(times) // 2] if times else None,
            leaving_per_s=round(usage.leaving_per_s, 3),
            binds=usage.binds,
        )


def first_claim(chunk: ChunkRef) -> int:
    """The number after which the claims of a chunk's jobs begin."""
    times = max(chunk.number - TRANSFERRED, 0)
    return (chunk.round - 1) * CLAIMS_A_ROUND + times * CLAIMS_A_TIME
