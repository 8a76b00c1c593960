"""The Celery edge: a message becomes a step, its outcome is recorded, one line is logged."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import NamedTuple

from celery import Celery

from ledger.jobs import Record
from ledger.moves import Claim, Move, Moved
from schemas.batch import ChunkRef
from schemas.batch_file import BatchFile
from schemas.catalogue import UnknownModel
from schemas.intake import Intake, order_id
from schemas.job import Job
from schemas.lane import Lane
from schemas.queues import step_task
from schemas.states import OPEN_STATES, JobState
from worker import chores, figures, looking, steps, telling
from worker.accounts import ProviderUnavailable
from worker.heartbeat import Heartbeat
from worker.held import HeldJob
from worker.outcomes import Drawn, GiveBack, Outcome, Ticketed, Wait
from worker.recording import record
from worker.reporting import report
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
        for task in (*STEPS, *CHORES, "close", "tell", "look", "ingest"):
            tools.metrics.count(figures.BROKEN, task, by=0)  # what begins at 1 never rose

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
            log.debug("step.stale", extra=_named(name, claim))
            return None
        return held

    def _do(self, name: str, held: HeldJob, *, goes_on: bool) -> Next | None:
        """One step; returns what follows it where the job stays in these hands."""
        step, _ = STEPS[name]
        tools, claim, began_s = self._tools, held.claim, self._tools.clock.monotonic_s()
        with tools.tracing.step(name, claim, held.job.round):
            outcome = self._run(steps.poisoned if held.record.takes > MOST_TAKES else step, held)
            then = _next(outcome) if goes_on else None
            moved = record(held, outcome, tools, goes_on=then is not None)
            tools.tracing.outcome(type(outcome).__name__)
        elapsed_s = tools.clock.monotonic_s() - began_s
        report(held, name, outcome, moved, elapsed_s, tools)
        # A ticket may have been brought home under a claim that is not ours.
        ours = then is not None and held.record.state in STEPS[then.name][1]
        return then if ours and moved is Moved.YES else None

    def chore(self, name: str, lane: str, chunk: str) -> None:
        """Load, seal or withdraw a chunk, however long that takes."""
        chore, ref, lanes = CHORES[name], ChunkRef.parse(chunk), self._tools.ledger.lanes
        began_s = self._tools.clock.monotonic_s()
        with self._heartbeat.keeping(lambda left_s: lanes.keep_chore(lane, name, ref, left_s)):
            done = chore(lane, ref, self._tools)
        if done:
            self._tools.metrics.count(figures.CHUNKS, lane, name)
        extra = {"chore": name, "lane": lane, "chunk": chunk, "done": done}
        log.info("chore.ended", extra={**extra, **self._elapsed(began_s)})

    def look(self, lane: str) -> None:
        """Look at the provider's task list for all of a lane's tasks."""
        began_s = self._tools.clock.monotonic_s()
        try:
            found = looking.look(lane, self._tools)
        except ProviderUnavailable:
            found = looking.put_off(lane, self._tools)
        log.info("look.ended", extra={"lane": lane, "found": found, **self._elapsed(began_s)})

    def close(self, batch: str) -> None:
        """Finish a batch whose jobs have all ended; large tables take longer than its next look."""
        began_s = self._tools.clock.monotonic_s()
        closable = chores.to_close(batch, self._tools)
        batches, lease_s = self._tools.ledger.batches, self._tools.settings.worker.lease_s
        if closable is None or not batches.begin_closing(batch, lease_s):
            return
        try:
            with self._heartbeat.keeping(lambda left_s: batches.keep_closing(batch, left_s)):
                finished = chores.close(closable, self._tools)
        finally:
            batches.end_closing(batch)
        if finished:
            self._tools.metrics.count(figures.BATCHES_FINISHED)
        event = "batch.finished" if finished else "batch.rerolled"
        log.info(event, extra={"batch": batch, **self._elapsed(began_s)})

    def tell(self, batch: str) -> None:
        """Send what there is to tell of a batch."""
        began_s = self._tools.clock.monotonic_s()
        delivered = telling.tell(batch, self._tools)
        extra = {"batch": batch, "delivered": delivered}
        log.info("tell.ended", extra={**extra, **self._elapsed(began_s)})

    def ingest(self, address: str, order: str) -> None:
        """Have a manifest read that another program names; `order` is a batch file as JSON."""
        asked_at = self._tools.clock.now().isoformat(timespec="seconds")
        try:
            file = BatchFile.model_validate({**json.loads(order), "manifest": address})
            intake = Intake(id=order_id(file), order=file, asked_at=asked_at)
        except (ValueError, TypeError) as error:  # ValidationError shows no value
            log.warning("intake.refused", extra={"why": str(error)})
            return
        opened = self._tools.ledger.intakes.open(intake, again=True)
        log.info("intake.opened", extra={"intake": intake.id, "new": opened})

    def at_the_edge(self, action: Callable[[], None], said: dict[str, str]) -> None:
        """Nothing escapes to Celery: what failed unforeseen comes back when its lease ends.

        `said`: what the log says of it, its step among that.
        """
        try:
            action()
        except Exception:  # the edge: a bug in one job must not end the worker
            self._tools.metrics.count(figures.BROKEN, said["step"])
            log.exception("step.broke", extra=said)

    def _elapsed(self, began_s: float) -> dict[str, float]:
        return {"elapsed_s": round(self._tools.clock.monotonic_s() - began_s, 4)}

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
        desk.at_the_edge(lambda: desk.close(batch), {"step": "close", "batch": batch})

    @app.task(name=step_task("tell"), shared=False)
    def tell(batch: str) -> None:
        desk.at_the_edge(lambda: desk.tell(batch), {"step": "tell", "batch": batch})

    @app.task(name=step_task("ingest"), shared=False)
    def ingest(address: str, order: str = "{}") -> None:
        desk.at_the_edge(lambda: desk.ingest(address, order), {"step": "ingest"})

    @app.task(name=step_task("look"), shared=False)
    def look(lane: str) -> None:
        desk.at_the_edge(lambda: desk.look(lane), {"step": "look", "lane": lane})


def _step_body(desk: Desk, name: str) -> Callable[[str, str, int], None]:
    def body(lane: str, ref: str, number: int) -> None:
        claim = Claim(lane, ref, number)
        desk.at_the_edge(lambda: desk.go(name, claim), _named(name, claim))

    body.__name__ = name
    return body


def _chore_body(desk: Desk, name: str) -> Callable[[str, str], None]:
    def body(lane: str, chunk: str) -> None:
        said = {"step": name, "lane": lane, "chunk": chunk}
        desk.at_the_edge(lambda: desk.chore(name, lane, chunk), said)

    body.__name__ = name
    return body


def _named(step: str, claim: Claim) -> dict[str, str]:
    """What the log calls a step of a job."""
    return {"step": step, "batch": claim.batch, "job": claim.job, "lane": claim.lane}
