"""What the lane's scripts should do, in plain Python: dictionaries, and the time as an argument."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ledger.lanes import first_claim
from ledger.moves import Move, Moved
from schemas.batch import ChunkRef, Hold, LaneRound, Priority
from schemas.states import ENDED_STATES, IN_PLAY_STATES, JobState
from tests.ledger.model_parts import ModelChunk, ModelJob
from tests.ledger.turns_model import TurnsModel

_TAKEN = (JobState.RUNNING, JobState.STORING, JobState.SUCCEEDED, JobState.PARTIAL)
"""Where an order goes that the provider took."""
_NOT_WHOLE = (JobState.FAILED, JobState.PARTIAL, JobState.UNCERTAIN)
TICK_MS = 1000.0
"""No tick takes so long."""


@dataclass
class LaneModel:
    window_limit: int
    slots: int
    """Jobs that may be released and not sent: burst, and slots within the horizon."""
    stopped: bool = False
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    chunks: dict[str, ModelChunk] = field(default_factory=dict)
    window: set[str] = field(default_factory=set)
    agenda: dict[str, float] = field(default_factory=dict)
    chores: dict[str, float] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    holds: dict[str, set[Hold]] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    first_failures: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.turns = TurnsModel(self.holds)

    def hand_in(self, batch: str, chunks: list[ChunkRef], priority: Priority) -> bool:
        if batch in self.counts:
            return False
        jobs = sum(chunk.size for chunk in chunks)
        self.turns.hand_in(batch, priority, [str(chunk) for chunk in chunks])
        self.counts[batch] = Counter(pending=jobs, chunks=len(chunks))
        self.tally["pending"] += jobs
        return True

    def hand_in_round(self, batch: str, number: int, part: LaneRound) -> bool:
        counts = self.counts[batch]
        if max(counts["round"], 1) >= number:
            return False
        self.turns.hand_in(batch, Priority.NORMAL, [str(chunk) for chunk in part.chunks])
        counts["round"] = number
        for state, jobs in part.states.items():
            for figures in (self.tally, counts):
                figures[state] -= jobs
                figures["pending"] += jobs
        counts["chunks"] += len(part.chunks)
        counts["images"] -= part.images
        counts["cost_micro"] -= part.cost_micro
        counts["doubles"] += part.possible_double_charges
        counts["reused"] -= part.reused
        return True

    def withdraw(self, chunk: ChunkRef, ended: LaneRound) -> bool:
        if self.chores.pop(f"withdraw:{chunk}", None) is None:
            return False
        counts = self.counts[chunk.batch]
        for state, jobs in ended.states.items():
            for figures in (self.tally, counts):
                figures["pending"] -= jobs
                figures[state] += jobs
        counts["images"] += ended.images
        counts["cost_micro"] += ended.cost_micro
        counts["sealed"] += 1
        return True

    def over(self, batch: str) -> bool:
        """Whether all of a batch that was handed in has ended."""
        counts = self.counts.get(batch)
        return counts is not None and counts["sealed"] == counts["chunks"]

    def hold(self, batch: str, reason: Hold, now: float) -> None:
        self.holds.setdefault(batch, set()).add(reason)
        self.turns.leave(batch)
        if reason is not Hold.CANCEL:
            return
        for ref, moment in self.agenda.items():
            job = self.jobs[ref]
            brought = job.state in (JobState.PENDING, JobState.RUNNING) and not job.handouts
            if _batch(ref) == batch and brought:
                self.agenda[ref] = min(moment, now)

    def unhold(self, batch: str, reason: Hold) -> bool:
        held = self.holds.get(batch, set())
        removed = reason in held
        held.discard(reason)
        if not held:
            self.holds.pop(batch, None)
            self.turns.join(batch)
        return removed

    def forget_holds(self, batch: str) -> None:
        if self.over(batch):
            self.holds.pop(batch, None)

    def take_cancelled(
        self, now: float, lease: float, limit: int
    ) -> list[tuple[str, str, int, int]]:
        handed: list[tuple[str, str, int, int]] = []
        for batch in self.cancelled():
            ready, waiting = self.turns.ready[batch], self.turns.waiting[batch]
            while ready and len(handed) < limit:
                ref = ready.popleft()
                job = self.jobs[ref]
                job.claim += 1
                job.handouts += 1
                self.agenda[ref] = now + lease
                handed.append((ref, "pending", job.claim, job.handouts))
            while waiting and len(self.chores) < limit:
                self.chores[f"withdraw:{waiting.popleft()}"] = now
        return handed

    def cancelled(self) -> list[str]:
        return sorted(batch for batch, held in self.holds.items() if Hold.CANCEL in held)

    def load(self, chunk: ChunkRef, jobs: list[str]) -> bool:
        self.chores.pop(f"load:{chunk}", None)
        self.turns.loading.pop(str(chunk), None)
        known = self.chunks.get(str(chunk))
        if known is None or known.loaded:
            return False
        known.loaded = True
        for job in jobs:
            self.jobs[f"{chunk.batch}/{job}"] = ModelJob(str(chunk), claim=first_claim(chunk))
            self.turns.ready[chunk.batch].append(f"{chunk.batch}/{job}")
        self.turns.join(chunk.batch)
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
        handed: list[tuple[str, str, int, int]] = []
        for ref in _due(self.agenda, now) if limit else []:
            job = self.jobs[ref]
            if job.state is JobState.PENDING:
                del self.agenda[ref]
                self.turns.ready[_batch(ref)].appendleft(ref)
                self.turns.join(_batch(ref))
                continue
            if len(handed) == limit:
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
        while len(released) < room and (ref := self.turns.next_job()):
            job = self.jobs[ref]
            job.claim += 1
            job.handouts = 1
            self._count(ref, job, JobState.RELEASED)
            self.window.add(ref)
            self.agenda[ref] = now + lease
            released.append((ref, job.claim))
        return released

    def take_chores(self, now: float, lease: float, limit: int, found: list[str]) -> bool:
        """Whether these may be handed out; what became due in one tick has no certain order."""
        if not limit:
            return not found
        for chunk in self.turns.chunks_asked_for():
            self.chunks[chunk] = ModelChunk(ChunkRef.parse(chunk).size)
            self.chores[f"load:{chunk}"] = now
        due = {chore: self.chores[chore] for chore in _due(self.chores, now)}
        if len(found) != min(limit, len(due)) or not set(found) <= due.keys():
            return False
        latest = max((due.pop(chore) for chore in found), default=0.0)
        for chore in found:
            self.chores[chore] = now + lease
        return all(at > latest - TICK_MS for at in due.values())

    def has_work(self) -> bool:
        turns = self.turns
        if any(turns.ready[batch] or turns.waiting[batch] for batch in self.cancelled()):
            return True
        return bool(turns.turns or any(turns.backlog.values()) or self.agenda or self.chores)

    def mark(self, ref: str, claim: int, move: Move, now: float) -> Moved:
        job = self.jobs.get(ref)
        if job is None or job.claim != claim or job.state is not JobState.RELEASED:
            return Moved.LOST
        if self.agenda[ref] - now < move.lease_left_s * 1000:
            return Moved.LATE
        if self.stopped or _batch(ref) in self.holds:
            return Moved.HELD
        job.attempts += move.attempts
        self._count(ref, job, JobState.SUBMITTING)
        self.agenda[ref] = now + move.delay_s * 1000
        return Moved.YES

    def move(self, ref: str, claim: int, move: Move, now: float) -> bool:
        job = self.jobs.get(ref)
        if job is None or job.claim != claim or job.state is not move.source:
            return False
        job.handouts = 0
        job.attempts += move.attempts
        self._add_up(ref, move)
        if move.source is JobState.PENDING:
            self.turns.take_out(_batch(ref), ref)
        self._count(ref, job, move.target)
        (self.window.add if move.target in IN_PLAY_STATES else self.window.discard)(ref)
        self.agenda.pop(ref, None)
        if move.target in ENDED_STATES:
            self._end(job, now)
        elif move.ready or (move.target is JobState.PENDING and _batch(ref) in self.cancelled()):
            self.agenda[ref] = now
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
        for figures in (self.tally, self.counts[_batch(ref)]):
            figures[job.state] -= 1
            figures[target] += 1
        job.state = target
        if target in _NOT_WHOLE:
            self.first_failures.setdefault(_batch(ref), ref)

    def _add_up(self, ref: str, move: Move) -> None:
        counts = self.counts[_batch(ref)]
        counts["images"] += move.images
        counts["cost_micro"] += move.cost_micro
        counts["doubles"] += move.doubles
        counts["at_risk_micro"] += move.at_risk_micro
        if move.source is JobState.SUBMITTING and move.target in _TAKEN:
            self.tally["submits"] += 1
        if move.ticket:
            self.tickets.add(move.ticket)

    def _end(self, job: ModelJob, now: float) -> None:
        chunk = self.chunks[job.chunk]
        chunk.ended += 1
        if chunk.ended == chunk.size:
            self.chores[f"seal:{job.chunk}"] = now


def _batch(ref: str) -> str:
    return ref.split("/", 1)[0]


def _due(moments: dict[str, float], now: float) -> list[str]:
    """Redis's order: by score, and by name where scores are the same."""
    return sorted((n for n, at in moments.items() if at <= now), key=lambda n: (moments[n], n))
