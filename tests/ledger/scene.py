"""One lane with a batch in it: what most tests of the ledger begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.jobs import learn_call
from ledger.keys import LaneKeys
from ledger.moves import Claim, Move, Moved
from ledger.opening import Ledger
from ledger.tick import Tick
from ledger.turns import WEIGHTS, stride
from schemas.batch import Batch, ChunkRef, Hold, LaneRound, Priority, Round
from schemas.lane import LaneLimits
from schemas.states import JobState

LANE = "dashscope:wanx-v1@default"
BATCH = "night"
LEASE_S = 30.0
FINISHED_AT = "2026-11-21T05:00:00Z"

OPEN_AFTER_RELEASE = (
    JobState.RELEASED,
    JobState.SUBMITTING,
    JobState.RUNNING,
    JobState.STORING,
)

_WAYS = {
    JobState.RELEASED: (),
    JobState.SUBMITTING: (JobState.SUBMITTING,),
    JobState.RUNNING: (JobState.SUBMITTING, JobState.RUNNING),
    JobState.STORING: (JobState.SUBMITTING, JobState.RUNNING, JobState.STORING),
    JobState.SUCCEEDED: (JobState.SUBMITTING, JobState.STORING, JobState.SUCCEEDED),
    JobState.PARTIAL: (JobState.SUBMITTING, JobState.STORING, JobState.PARTIAL),
    JobState.FAILED: (JobState.FAILED,),
    JobState.CANCELLED: (JobState.CANCELLED,),
    JobState.UNCERTAIN: (JobState.SUBMITTING, JobState.UNCERTAIN),
    JobState.PENDING: (JobState.PENDING,),
}
"""How a released job comes to be in each state."""


@dataclass
class Scene:
    ledger: Ledger
    lane: str = LANE
    batch: str = BATCH

    @property
    def keys(self) -> LaneKeys:
        return LaneKeys(self.lane)

    def open(self, rate_per_s: float = 1000.0, burst: int = 1000, window: int = 1000) -> None:
        limits = LaneLimits(rate_per_s=rate_per_s, burst=burst, window=window)
        self.ledger.lanes.open(self.lane, limits)

    def chunks(self, *sizes: int) -> list[ChunkRef]:
        return [ChunkRef(batch=self.batch, number=n, size=s) for n, s in enumerate(sizes, 1)]

    def hand_in(self, *sizes: int, priority: Priority = Priority.NORMAL) -> list[ChunkRef]:
        chunks = self.chunks(*sizes)
        assert self.ledger.lanes.hand_in(self.lane, self.batch, chunks, priority)
        return chunks

    def jobs_of(self, chunk: ChunkRef) -> list[str]:
        return [f"c{chunk.number}j{index:02}" for index in range(chunk.size)]

    def refs_of(self, chunk: ChunkRef) -> list[str]:
        return [f"{chunk.batch}/{job}" for job in self.jobs_of(chunk)]

    def load(self, chunk: ChunkRef) -> bool:
        jobs = [(job, f'{{"id":"{job}"}}') for job in self.jobs_of(chunk)]
        return self.ledger.lanes.load(self.lane, chunk, jobs)

    def seal(self, chunk: ChunkRef) -> bool:
        return self.ledger.lanes.seal(self.lane, chunk, self.jobs_of(chunk))

    def tick(self, room: int = 100, lease_s: float = LEASE_S) -> Tick:
        return self.ledger.lanes.tick([self.lane], lease_s, room)[self.lane]

    def make_ready(self, *sizes: int, priority: Priority = Priority.NORMAL) -> list[ChunkRef]:
        """Hand in chunks and load them all, releasing nothing: the lane is not open yet."""
        chunks = self.hand_in(*sizes, priority=priority)
        for _ in chunks:
            for chore in self.tick().chores:
                assert chore.what == "load"
                assert self.load(chore.chunk)
        return chunks

    def release(self, room: int = 100) -> list[Claim]:
        return [handout.claim for handout in self.tick(room).handouts]

    def released(self, *sizes: int) -> list[Claim]:
        """Claims of freshly released jobs, of an open lane with room for all."""
        self.make_ready(*sizes)
        self.open()
        return self.release()

    def learn(self, *generation_s: float) -> None:
        self.ledger.scripts.run_all([learn_call(self.lane, took_s) for took_s in generation_s])

    def move(self, claim: Claim, move: Move) -> Moved:
        return self.ledger.jobs.move(claim, self.record(claim.ref)["chunk"], move)

    def go(self, claim: Claim, target: JobState) -> Claim:
        """Move on, with an hour until the next moment, and count an image when it succeeds."""
        source = JobState(self.record(claim.ref)["state"])
        images = 1 if target in (JobState.SUCCEEDED, JobState.PARTIAL) else 0
        move = Move(source, target, delay_s=3600, images=images, cost_micro=images * 160_000)
        assert self.move(claim, move) is Moved.YES
        return claim

    def bring(self, claim: Claim, state: JobState) -> Claim:
        """Take a released job to a state."""
        for target in _WAYS[state]:
            self.go(claim, target)
        return claim

    def end(self, claim: Claim) -> None:
        self.bring(claim, JobState.SUCCEEDED)

    def record(self, ref: str) -> dict[str, str]:
        record: Any = self.ledger.client.hgetall(self.keys.job(ref))
        return dict(record)

    def ready(self) -> list[str]:
        return self._list(self.keys.ready(self.batch))

    def window(self) -> set[str]:
        return {str(ref) for ref in self.ledger.client.smembers(self.keys.window)}

    def agenda(self) -> dict[str, float]:
        return self._moments(self.keys.agenda)

    def chores(self) -> dict[str, float]:
        return self._moments(self.keys.chores)

    def _moments(self, key: str) -> dict[str, float]:
        moments: Any = self.ledger.client.zrange(key, 0, -1, withscores=True)
        return dict(moments)

    def waiting(self) -> list[str]:
        return self._list(self.keys.waiting(self.batch))

    def turns(self) -> dict[str, float]:
        """The lane's batches that have jobs ready and are not held, with their virtual times."""
        return self._moments(self.keys.turns)

    def backlog(self) -> list[str]:
        """The lane's batches of which a chunk may be asked for, the next first, high before low."""
        keys = [self.keys.backlog(str(stride(priority))) for priority in WEIGHTS]
        return [name for key in keys for name in self._moments(key)]

    def _list(self, key: str) -> list[str]:
        return [str(name) for name in self.ledger.client.lrange(key, 0, -1)]

    def hold(self, reason: Hold) -> None:
        self.ledger.batches.hold(self.batch, [self.lane], reason)

    def unhold(self, reason: Hold) -> bool:
        return self.ledger.batches.unhold(self.batch, [self.lane], reason)

    def finish_batch(self, jobs: int = 2, finished_at: str = FINISHED_AT) -> None:
        """A batch whose jobs have all succeeded, with its tables written."""
        self.ledger.batches.open(self.document(jobs), 1000)
        for claim in self.released(jobs):
            self.end(claim)
        self.ledger.batches.start(self.batch)
        self.tick()
        assert self.seal(self.chunks(jobs)[0])
        assert self.ledger.batches.finish(self.batch, finished_at, [self.lane])

    def announce_round(self, number: int, finished_at: str = FINISHED_AT) -> Round:
        """One of the succeeded jobs is to be run again."""
        chunk = ChunkRef(batch=self.batch, round=number, number=1, size=1)
        part = LaneRound(
            chunks=[chunk], states={JobState.SUCCEEDED: 1}, images=1, cost_micro=160_000
        )
        round_ = Round(number=number, lanes={self.lane: part})
        assert self.ledger.batches.reopen(self.batch, round_, finished_at)
        return round_

    def reopen_batch(self, number: int) -> ChunkRef:
        """Announce a round and hand it in."""
        round_ = self.announce_round(number)
        assert self.ledger.batches.hand_in_round(self.batch)
        return round_.lanes[self.lane].chunks[0]

    def make_due(self, *refs: str) -> None:
        """Let the moment of jobs have come, the first first."""
        now_ms = self.ledger.fleet.now_ms()
        for index, ref in enumerate(refs):
            score = now_ms - 1000 + index
            self.ledger.client.zadd(self.keys.agenda, {ref: score}, xx=True)

    def delay_s(self, ref: str) -> float:
        """Seconds until a job's next moment."""
        return (self.agenda()[ref] - self.ledger.fleet.now_ms()) / 1000

    def snapshot(self) -> dict[str, object]:
        """Everything the server keeps, to show that nothing changed."""
        client = self.ledger.client
        return {str(key): client.dump(key) for key in client.scan_iter("mill:{dashscope*")}

    def states(self, key: str) -> dict[JobState, int]:
        figures: Any = self.ledger.client.hgetall(key)
        return {state: int(figures.get(state, 0)) for state in JobState}

    def assert_sums(self, total: int) -> None:
        """The lane's tally and the batch's counts add up, and say the same."""
        tally, counts = self.states(self.keys.tally), self.states(self.keys.counts(self.batch))
        assert tally == counts
        assert sum(tally.values()) == total
        assert min(tally.values()) >= 0

    def document(self, total: int) -> Batch:
        return Batch(
            batch=self.batch,
            manifest="night.csv",
            manifest_sha256="0" * 64,
            columns=["sku", "prompt"],
            total=total,
            lanes={self.lane: total},
            currencies={self.lane: "CNY"},
            created_at="2026-11-20T20:00:00+00:00",
        )
