"""What the lane's scripts should do, in plain Python: dictionaries, and the time as an argument."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from ledger.jobs import Move
from schemas.batch import ChunkRef
from schemas.states import ENDED_STATES, IN_PLAY_STATES, JobState

LOW = 16
"""Ready jobs below which a chunk is asked for, at the slow rates the tests use."""


@dataclass
class ModelJob:
    chunk: str
    state: JobState = JobState.PENDING
    claim: int = 0
    attempts: int = 0
    handouts: int = 0


@dataclass
class ModelChunk:
    size: int
    ended: int = 0
    loaded: bool = False


@dataclass
class LaneModel:
    window_limit: int
    slots: int
    """Jobs that may be released and not sent: burst, and slots within the horizon."""
    stopped: bool = False
    loading: int = 0
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    chunks: dict[str, ModelChunk] = field(default_factory=dict)
    waiting: deque[str] = field(default_factory=deque)
    ready: deque[str] = field(default_factory=deque)
    window: set[str] = field(default_factory=set)
    agenda: dict[str, float] = field(default_factory=dict)
    chores: dict[str, float] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def hand_in(self, batch: str, chunks: list[ChunkRef]) -> bool:
        if batch in self.counts:
            return False
        jobs = sum(chunk.size for chunk in chunks)
        self.waiting.extend(str(chunk) for chunk in chunks)
        self.counts[batch] = Counter(pending=jobs, chunks=len(chunks))
        self.tally["pending"] += jobs
        return True

    def load(self, chunk: ChunkRef, jobs: list[str]) -> bool:
        if self.chores.pop(f"load:{chunk}", None) is not None:
            self.loading -= 1
        known = self.chunks.get(str(chunk))
        if known is None or known.loaded:
            return False
        known.loaded = True
        for job in jobs:
            self.jobs[f"{chunk.batch}/{job}"] = ModelJob(str(chunk))
            self.ready.append(f"{chunk.batch}/{job}")
        return True

    def seal(self, chunk: ChunkRef, jobs: list[str]) -> bool:
        self.chores.pop(f"seal:{chunk}", None)
        if self.chunks.pop(str(chunk), None) is None:
            return False
        for job in jobs:
            del self.jobs[f"{chunk.batch}/{job}"]
        self.counts[chunk.batch]["sealed"] += 1
        return True

    def take_due(self, now: float, lease: float, limit: int) -> list[tuple[str, str, int, int]]:
        handed = []
        for ref in _due(self.agenda, now)[:limit]:
            job = self.jobs[ref]
            if job.state is JobState.PENDING:
                del self.agenda[ref]
                self.ready.appendleft(ref)
                continue
            self.agenda[ref] = now + lease
            job.claim += 1
            job.handouts += 1
            handed.append((ref, str(job.state), job.claim, job.handouts))
        return handed

    def release(self, now: float, lease: float, limit: int) -> list[tuple[str, int]]:
        if self.stopped:
            return []
        free = self.window_limit - len(self.window)
        room = min(free, self.slots - self.tally["released"], limit)
        released: list[tuple[str, int]] = []
        while self.ready and len(released) < room:
            ref = self.ready.popleft()
            job = self.jobs[ref]
            job.claim += 1
            job.handouts = 1
            self._count(ref, job, JobState.RELEASED)
            self.window.add(ref)
            self.agenda[ref] = now + lease
            released.append((ref, job.claim))
        return released

    def take_chores(self, now: float, lease: float, limit: int) -> list[str]:
        if not limit:
            return []
        if not self.loading and len(self.ready) < LOW and self.waiting:
            chunk = self.waiting.popleft()
            self.chunks[chunk] = ModelChunk(ChunkRef.parse(chunk).size)
            self.chores[f"load:{chunk}"] = now
            self.loading += 1
        handed = _due(self.chores, now)[:limit]
        for chore in handed:
            self.chores[chore] = now + lease
        return handed

    def has_work(self) -> bool:
        return bool(self.waiting or self.ready or self.agenda or self.chores)

    def move(self, ref: str, claim: int, move: Move, now: float) -> bool:
        job = self.jobs.get(ref)
        if job is None or job.claim != claim or job.state is not move.source:
            return False
        if not move.lease_left_s:
            job.handouts = 0
        job.attempts += move.attempts
        if move.source is JobState.PENDING and ref in self.ready:
            self.ready.remove(ref)
        self._count(ref, job, move.target)
        (self.window.add if move.target in IN_PLAY_STATES else self.window.discard)(ref)
        self.agenda.pop(ref, None)
        if move.target in ENDED_STATES:
            self._end(ref, job, move, now)
        elif move.ready:
            self.ready.appendleft(ref)
        else:
            self.agenda[ref] = now + move.delay_s * 1000
        return True

    def renew(self, ref: str, claim: int, until: float) -> bool:
        job = self.jobs.get(ref)
        if job is None or job.claim != claim:
            return False
        if job.handouts and ref in self.agenda:
            self.agenda[ref] = until
        return True

    def _count(self, ref: str, job: ModelJob, target: JobState) -> None:
        if target is job.state:
            return
        if (job.state, target) == (JobState.SUBMITTING, JobState.RUNNING):
            self.tally["submits"] += 1
        for figures in (self.tally, self.counts[_batch(ref)]):
            figures[job.state] -= 1
            figures[target] += 1
        job.state = target

    def _end(self, ref: str, job: ModelJob, move: Move, now: float) -> None:
        counts = self.counts[_batch(ref)]
        counts["images"] += move.images
        counts["cost_micro"] += move.cost_micro
        chunk = self.chunks[job.chunk]
        chunk.ended += 1
        if chunk.ended == chunk.size:
            self.chores[f"seal:{job.chunk}"] = now


def _batch(ref: str) -> str:
    return ref.split("/", 1)[0]


def _due(moments: dict[str, float], now: float) -> list[str]:
    """Redis's order: by score, and by name where scores are the same."""
    return sorted((n for n, at in moments.items() if at <= now), key=lambda n: (moments[n], n))
