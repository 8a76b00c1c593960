"""The dispatcher: asks the ledger what is due, and publishes one message for each thing.

Every worker process runs one; the one that leads acts. Claims keep two leaders harmless.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ledger.errors import LedgerError
from ledger.opening import Ledger
from ledger.tick import Chore, Handout
from schemas import queues
from schemas.clock import SystemClock
from schemas.lane import Lane
from schemas.states import JobState
from worker import figures
from worker.hours import keep_hours
from worker.metrics import Metrics
from worker.models import Models

log = logging.getLogger(__name__)

TICK_S = 0.05
TERM_S = 3.0
"""A frozen leader is replaced after this."""
RESIGN_S = 0.001
"""The term of a leader that leaves."""
STANDBY_S = 0.5
AGAIN_S = 1.0
"""A lane with work is looked at this often even if nobody asks."""
BATCH_AGAIN_S = 10.0
NOTICES_EVERY = 10
"""Ticks after which somebody looks whether there is something to tell: no job waits for that."""
TELL_AGAIN_S = 30.0
"""Whoever sends a batch's notices and dies leaves them to others after this."""
LANES_AT_ONCE = 200
HOURS_S = 1.0
"""Batches are held or let go within a second of the end or the beginning of their hours."""


class Message(NamedTuple):
    """One Celery message: ids only."""

    queue: str
    task: str
    args: tuple[str | int, ...]


class NotPublished(Exception):
    """The broker did not take the messages; leases bring back what they were about."""


class Publishes(Protocol):
    """Sends messages to the workers."""

    def publish(self, messages: Sequence[Message]) -> None:
        """Send messages, in one round trip. Raises NotPublished."""
        ...


class Dispatcher:
    """Hands out what is due, while it leads."""

    def __init__(
        self,
        ledger: Ledger,
        publisher: Publishes,
        models: Models,
        name: str,
        lease_s: float,
        metrics: Metrics | None = None,
    ) -> None:
        self._ledger = ledger
        self._publisher = publisher
        self._models = models
        self._name = name
        self._lease_s = lease_s
        self._metrics = metrics or Metrics()
        self._leads_until_s = 0.0
        self._ticks = 0
        self._hours_at_s = 0.0
        self._queues: dict[str, str] = {}
        """Where each lane's orders go: looked up once, since every tick asks."""

    def run(self, clock: SystemClock) -> None:
        """Tick until the process is asked to stop."""
        while not clock.interrupted:
            clock.sleep(self._turn(clock))
        self._resign()

    def leads(self, now_s: float) -> bool:
        """Whether it leads at this moment of its clock: renewed each third of a term, or over soon."""
        return bool(self._leads_until_s) and now_s < self._leads_until_s + TERM_S * 2 / 3

    def _turn(self, clock: SystemClock) -> float:
        """One look, and how long to wait until the next. Whatever breaks, there is a next."""
        try:
            if self._leading(clock):
                self._keep_hours(clock)
                self.tick()
                return TICK_S
        except LedgerError as error:
            log.warning("dispatcher.ledger", extra={"why": str(error)})
        except NotPublished as error:
            log.warning("dispatcher.broker", extra={"why": str(error)})
        except Exception:  # the thread's edge: a worker that dispatches no more looks alive
            log.exception("dispatcher.broke")
        return STANDBY_S

    def _resign(self) -> None:
        """Another may lead at once; where that cannot be said, it leads when our term ends."""
        if not self._leads_until_s:
            return
        self._leads_until_s = 0.0
        try:
            self._ledger.fleet.lead(self._name, RESIGN_S)
        except LedgerError as error:
            log.info("dispatcher.not_resigned", extra={"why": str(error)})

    def _leading(self, clock: SystemClock) -> bool:
        now_s = clock.monotonic_s()
        if now_s < self._leads_until_s:
            return True
        if not self._ledger.fleet.lead(self._name, TERM_S):
            self._leads_until_s = 0.0
            return False
        self._leads_until_s = now_s + TERM_S / 3
        return True

    def _keep_hours(self, clock: SystemClock) -> None:
        now_s = clock.monotonic_s()
        if now_s >= self._hours_at_s:
            keep_hours(self._ledger)
            self._hours_at_s = now_s + HOURS_S

    def tick(self) -> int:
        """Hand out everything that is due now; returns how many messages went out."""
        booked, lanes = self._ledger.fleet.due_lanes(AGAIN_S, LANES_AT_ONCE)
        messages = [
            Message(queues.CHORES, queues.step_task("close"), (batch,))
            for batch in self._ledger.batches.due(BATCH_AGAIN_S)
        ]
        messages += self._tell()
        if lanes:
            messages += self._hand_out(lanes, booked)
        if messages:
            self._publisher.publish(messages)
        return len(messages)

    def _hand_out(self, lanes: Sequence[str], booked: str) -> list[Message]:
        """What is due in lanes, each of which has its next look booked."""
        threads = sum(self._ledger.fleet.workers().values())
        room = self._room(threads, len(lanes))
        releases = self._long_releases(lanes)
        ticks = self._ledger.lanes.tick(lanes, self._lease_s, room, releases)
        messages: list[Message] = []
        for lane, tick in ticks.items():
            messages += [_look(lane)] if tick.look else []
            messages += [self._step(handout) for handout in tick.handouts]
            self._count_expired(lane, tick.handouts)
            messages += [_chore(chore) for chore in tick.chores]
        self._ledger.fleet.book({lane: tick.next_s for lane, tick in ticks.items()}, booked)
        return messages

    def _tell(self) -> list[Message]:
        self._ticks += 1
        if self._ticks % NOTICES_EVERY != 1:
            return []
        batches = self._ledger.notices.due(TELL_AGAIN_S)
        return [Message(queues.CHORES, queues.step_task("tell"), (batch,)) for batch in batches]

    def _count_expired(self, lane: str, handouts: Sequence[Handout]) -> None:
        """Of none too: whoever leads may do no step of the lane, and what begins at 40 never rose."""
        expired = sum(handout.handouts > 1 for handout in handouts)
        self._metrics.count(figures.CLAIMS_EXPIRED, lane, by=expired)

    def _long_releases(self, lanes: Sequence[str]) -> dict[str, int]:
        """How many more long calls each lane may begin: together no more than have a thread."""
        found = [lane for lane in lanes if self._submit_queue(lane) == queues.GENERATE]
        if not found:
            return {}
        in_play = self._ledger.lanes.in_play(self._long_lanes())
        free = self._ledger.fleet.long_threads() - in_play
        return dict.fromkeys(found, -(-max(free, 0) // len(found)))

    def _room(self, threads: int, lanes: int) -> int:
        """How many messages of each lane the workers can take: none while their queues are long."""
        waiting = sum(self._ledger.fleet.queue_lengths(queues.QUEUES).values())
        room = 2 * threads - waiting
        return max(room // lanes, 1) if room > 0 else 0

    def _step(self, handout: Handout) -> Message:
        queue, step = self._route(handout)
        claim = handout.claim
        return Message(queue, queues.step_task(step), (claim.lane, claim.ref, claim.number))

    def _route(self, handout: Handout) -> tuple[str, str]:
        match handout.state:
            case JobState.RELEASED:
                return self._submit_queue(handout.claim.lane), "submit"
            case JobState.PENDING:
                return queues.CHORES, "cancel"
            case JobState.SUBMITTING:
                return queues.POLL, "reconcile"
            case JobState.RUNNING:
                return queues.POLL, "poll"
            case JobState.STORING:
                return queues.STORE, "store"
            case other:
                raise ValueError(f"a job in state {other} is not handed out")

    def _long_lanes(self) -> list[str]:
        """Lanes met so far whose orders keep a thread until the picture is drawn."""
        return [lane for lane, queue in self._queues.items() if queue == queues.GENERATE]

    def _submit_queue(self, lane: str) -> str:
        queue = self._queues.get(lane)
        if queue is None:
            try:
                model = self._models.find(Lane.parse(lane))
            except ValueError:  # UnknownModel is one too
                return queues.SUBMIT  # where the lane is stopped, with the reason
            queue = queues.GENERATE if model.synchronous else queues.SUBMIT
            self._queues[lane] = queue
        return queue


def _chore(chore: Chore) -> Message:
    return Message(queues.CHORES, queues.step_task(chore.what), (chore.lane, str(chore.chunk)))


def _look(lane: str) -> Message:
    return Message(queues.POLL, queues.step_task("look"), (lane,))
