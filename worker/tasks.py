"""The Celery edge: a message becomes a step, its outcome is recorded, one line is logged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from celery import Celery

from ledger.jobs import Record
from ledger.moves import Claim, Move, Moved
from schemas.batch import ChunkRef
from schemas.catalogue import UnknownModel
from schemas.job import Job
from schemas.lane import Lane
from schemas.queues import step_task
from schemas.states import OPEN_STATES, JobState
from worker import chores, looking, steps, telling
from worker.accounts import ProviderUnavailable
from worker.heartbeat import Heartbeat
from worker.held import HeldJob
from worker.outcomes import Drawn, GiveBack, Outcome, Ticketed, Wait
from worker.recording import record
from worker.tools import Tools

log = logging.getLogger(__name__)

Step = Callable[[HeldJob, Tools], Outcome]


class Next(NamedTuple):
    """The step that follows in the same hands."""

    name: str
    wait_s: float = 0.0


STEPS: dict[str, tuple[Step, tuple[JobState, ...]]] = {
    "submit": (steps.submit, (JobState.RELEASED,)),
    "reconcile": (steps.reconcile, (JobState.SUBMITTING,)),
    "poll": (steps.poll, (JobState.RUNNING,)),
    "store": (steps.store, (JobState.STORING,)),
    "cancel": (steps.cancel, (JobState.PENDING,)),
}
"""Each step's task, and the states in which it may begin."""

SOON_S = 0.1
"""Two ticks of the dispatcher: no message would come sooner, and a thread may well wait so long."""

MOST_TAKES = 5
"""Taken up more often than this without any outcome, a job is failed as poison."""

CHORES = {"load": chores.load, "seal": chores.seal, "withdraw": chores.withdraw}

UNAVAILABLE_S = 30.0
"""A job whose provider this worker cannot ask is looked at again after this."""


class Desk:
    """Where messages become steps."""

    def __init__(self, tools: Tools, heartbeat: Heartbeat) -> None:
        self._tools = tools
        self._heartbeat = heartbeat

    def go(self, name: str, claim: Claim) -> None:
        """Do a step of a job, and whatever can follow at once, if the claim still holds.

        What follows is written down first, so that it is somebody else's when this process ends.
        """
        with self._heartbeat.holding(claim):
            held = self._pick_up(name, claim)
            then = None if held is None else Next(name)
            while held is not None and then is not None:
                self._tools.clock.sleep(then.wait_s)
                then = self._do(then.name, held, goes_on=not self._tools.clock.interrupted)

    def step(self, name: str, claim: Claim) -> None:
        """Do one step of a job, if the claim still holds, and record how it ended."""
        with self._heartbeat.holding(claim):
            held = self._pick_up(name, claim)
            if held is not None:
                self._do(name, held, goes_on=False)

    def _pick_up(self, name: str, claim: Claim) -> HeldJob | None:
        _, states = STEPS[name]
        held = self._take(claim, states)
        if held is None or held.record.state not in states:
            log.debug("step.stale", extra={"step": name, "job": claim.job})
            return None
        return held

    def _do(self, name: str, held: HeldJob, *, goes_on: bool) -> Next | None:
        """One step; returns what follows it where the job stays in these hands."""
        step, _ = STEPS[name]
        claim, began_s = held.claim, self._tools.clock.monotonic_s()
        outcome = self._run(steps.poisoned if held.record.takes > MOST_TAKES else step, held)
        then = _next(outcome) if goes_on else None
        moved = record(held, outcome, self._tools, goes_on=then is not None)
        log.log(
            logging.INFO if moved is Moved.YES else logging.WARNING,
            "step.ended",
            extra={
                "batch": claim.batch,
                "job": claim.job,
                "lane": claim.lane,
                "step": name,
                "attempt": held.record.attempts,
                "outcome": type(outcome).__name__,
                "moved": moved.name,
                "elapsed_s": round(self._tools.clock.monotonic_s() - began_s, 4),
            },
        )
        # A ticket may have been brought home under a claim that is not ours.
        ours = then is not None and held.record.state in STEPS[then.name][1]
        return then if ours and moved is Moved.YES else None

    def chore(self, name: str, lane: str, chunk: str) -> None:
        """Load, seal or withdraw a chunk, however long that takes."""
        chore, ref, lanes = CHORES[name], ChunkRef.parse(chunk), self._tools.ledger.lanes
        with self._heartbeat.keeping(lambda left_s: lanes.keep_chore(lane, name, ref, left_s)):
            done = chore(lane, ref, self._tools)
        log.info("chore.ended", extra={"chore": name, "lane": lane, "chunk": chunk, "done": done})

    def look(self, lane: str) -> None:
        """Look at the provider's task list for all of a lane's tasks."""
        try:
            found = looking.look(lane, self._tools)
        except ProviderUnavailable:
            found = looking.put_off(lane, self._tools)
        log.info("look.ended", extra={"lane": lane, "found": found})

    def close(self, batch: str) -> None:
        """Finish a batch whose jobs have all ended; large tables take longer than its next look."""
        closable = chores.to_close(batch, self._tools)
        batches, lease_s = self._tools.ledger.batches, self._tools.settings.worker.lease_s
        if closable is None or not batches.begin_closing(batch, lease_s):
            return
        try:
            with self._heartbeat.keeping(lambda left_s: batches.keep_closing(batch, left_s)):
                finished = chores.close(closable, self._tools)
        finally:
            batches.end_closing(batch)
        log.info("batch.finished" if finished else "batch.rerolled", extra={"batch": batch})

    def tell(self, batch: str) -> None:
        """Send what there is to tell of a batch."""
        delivered = telling.tell(batch, self._tools)
        log.info("tell.ended", extra={"batch": batch, "delivered": delivered})

    def _take(self, claim: Claim, states: tuple[JobState, ...] = OPEN_STATES) -> HeldJob | None:
        found = self._tools.ledger.jobs.take(claim, states)
        if found is None:
            return None
        lane = Lane.parse(claim.lane)
        try:
            model = self._tools.models.find(lane)
        except UnknownModel as error:
            self._give_back_unknown(claim, found, error)
            return None
        return HeldJob(
            claim=claim,
            record=found,
            job=Job.model_validate_json(found.request),
            model=model,
            lane=lane,
            limits=found.limits or model.limits,
        )

    def _run(self, step: Step, held: HeldJob) -> Outcome:
        try:
            return step(held, self._tools)
        except ProviderUnavailable as error:
            if held.record.state is JobState.RELEASED:
                return GiveBack(refund=False, stop_lane=error.failure)
            # Paid for already: it waits for whoever brings the key back.
            self._tools.stop_lane(held, error.failure)
            return Wait(UNAVAILABLE_S, held.troubles)

    def _give_back_unknown(self, claim: Claim, found: Record, error: UnknownModel) -> None:
        """A lane this worker's catalogue does not know stops; what was not sent goes back."""
        self._tools.ledger.lanes.stop(claim.lane, f"unknown-model: {error}")
        if found.state is JobState.RELEASED:
            move = Move(JobState.RELEASED, JobState.PENDING, ready=True)
            self._tools.ledger.jobs.move(claim, found.chunk, move)
        log.warning("lane.unknown", extra={"lane": claim.lane, "job": claim.job})


def _next(outcome: Outcome) -> Next | None:
    """What can follow at once, with nothing to wait for that takes longer than a message."""
    match outcome:
        case Drawn():
            return Next("store")
        case Ticketed(next_poll_s=wait_s, relying_s=None) if wait_s <= SOON_S:
            return Next("poll", wait_s)
        case _:
            return None


def register(app: Celery, desk: Desk) -> None:
    """Make the tasks of an app, and of no other: each has a desk of its own."""
    for name in STEPS:
        app.task(name=step_task(name), shared=False)(_step_body(desk, name))
    for name in CHORES:
        app.task(name=step_task(name), shared=False)(_chore_body(desk, name))

    @app.task(name=step_task("close"), shared=False)
    def close(batch: str) -> None:
        _at_the_edge(lambda: desk.close(batch), "close")

    @app.task(name=step_task("tell"), shared=False)
    def tell(batch: str) -> None:
        _at_the_edge(lambda: desk.tell(batch), "tell")

    @app.task(name=step_task("look"), shared=False)
    def look(lane: str) -> None:
        _at_the_edge(lambda: desk.look(lane), "look")


def _step_body(desk: Desk, name: str) -> Callable[[str, str, int], None]:
    def body(lane: str, ref: str, number: int) -> None:
        _at_the_edge(lambda: desk.go(name, Claim(lane, ref, number)), name)

    body.__name__ = name
    return body


def _chore_body(desk: Desk, name: str) -> Callable[[str, str], None]:
    def body(lane: str, chunk: str) -> None:
        _at_the_edge(lambda: desk.chore(name, lane, chunk), name)

    body.__name__ = name
    return body


def _at_the_edge(action: Callable[[], None], name: str) -> None:
    """Nothing escapes to Celery: what failed unforeseen comes back when its lease ends."""
    try:
        action()
    except Exception:  # the edge: a bug in one job must not end the worker
        log.exception("step.broke", extra={"step": name})
