"""What the ledger says of the whole fleet, read when somebody asks, by the process that leads.

One process exports it, so that sums over all of them are right. A reading takes a dozen round trips for all lanes
and schedules together, and stands for some seconds: any number of readers costs the ledger no more than one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ledger.errors import LedgerError
from ledger.opening import Ledger
from ledger.schedules import NightsSeen
from ledger.usage import LaneUsage
from schemas import queues
from schemas.catalogue import UnknownModel
from schemas.clock import Clock
from schemas.figure import Figure
from schemas.lane import Lane, Limit
from schemas.model import Model
from schemas.states import JobState
from worker import figures
from worker.models import Models
from worker.policy.demand import LaneLoad, threads_wanted

log = logging.getLogger(__name__)

STANDS_S = 5.0
"""A reading is given out again for so long."""
LANES_MOST = 500
"""More lanes than this are not told apart: the first by name are read."""
SCHEDULES_MOST = 100

Sample = tuple[Figure, tuple[str, ...], float]


@dataclass(frozen=True)
class Reading:
    """What the ledger said."""

    lanes: Mapping[str, LaneUsage]
    models: Mapping[str, Model]
    """By lane; those this process does not know are left out."""
    queues: Mapping[str, int]
    workers: Mapping[str, int]
    batches_open: int
    beats: int
    nights: NightsSeen


class FleetMetrics(Collector):
    """The fleet's figures, for as long as this process leads."""

    def __init__(
        self, ledger: Ledger, models: Models, leads: Callable[[], bool], clock: Clock
    ) -> None:
        """`ledger` should not be a patient one: whoever reads metrics waits some seconds only."""
        self._ledger = ledger
        self._models = models
        self._leads = leads
        self._clock = clock
        self._lock = threading.Lock()
        self._read_s: float | None = None
        self._reading: Reading | None = None

    def describe(self) -> Iterable[Metric]:
        """Nothing is read to find out what there is."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The figures, or none where another process leads or the ledger cannot be read."""
        reading = self._latest() if self._leads() else None
        if reading is None:
            return
        families = {
            figure: GaugeMetricFamily(figure.name, figure.says, labels=figure.labels)
            for figure in figures.FLEET
        }
        for figure, labels, value in samples(reading):
            families[figure].add_metric(labels, value)
        yield from families.values()

    def close(self) -> None:
        """Give back connections."""
        self._ledger.close()

    def _latest(self) -> Reading | None:
        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._read_s is None or now_s - self._read_s >= STANDS_S:
                self._reading, self._read_s = self._read(), now_s
            return self._reading

    def _read(self) -> Reading | None:
        ledger = self._ledger
        try:
            lanes = ledger.lanes.usage(ledger.lanes.names()[:LANES_MOST])
            return Reading(
                lanes=lanes,
                models=dict(self._known(lanes)),
                queues=ledger.fleet.queue_lengths(queues.QUEUES),
                workers=ledger.fleet.workers(),
                batches_open=ledger.fleet.open_batches(),
                beats=len(ledger.fleet.beats()),
                nights=ledger.schedules.nights_seen(SCHEDULES_MOST),
            )
        except LedgerError as error:
            log.warning("metrics.ledger", extra={"why": str(error)})
            return None

    def _known(self, lanes: Iterable[str]) -> Iterator[tuple[str, Model]]:
        for lane in lanes:
            try:
                yield lane, self._models.find(Lane.parse(lane))
            except UnknownModel:
                continue


def samples(reading: Reading) -> Iterator[Sample]:
    """A reading as figures with their labels."""
    for lane, usage in reading.lanes.items():
        yield from _of_lane(lane, usage)
        if lane in reading.models:
            wanted = threads_wanted(_load(usage, reading.models[lane]))
            yield figures.THREADS_WANTED, (lane, "short"), wanted.short
            yield figures.THREADS_WANTED, (lane, "long"), wanted.long
    for queue, messages in reading.queues.items():
        yield figures.QUEUE, (queue,), messages
    yield figures.WORKERS, (), len(reading.workers)
    yield figures.WORKER_THREADS, (), sum(reading.workers.values())
    yield figures.BATCHES_OPEN, (), reading.batches_open
    yield figures.BEATS, (), reading.beats
    yield figures.MANIFESTS_WAITING, (), reading.nights.manifests_waiting
    for schedule, failed in reading.nights.failed.items():
        yield figures.NIGHT_FAILED, (schedule,), float(failed)


def _of_lane(lane: str, usage: LaneUsage) -> Iterator[Sample]:
    for state, jobs in usage.jobs.items():
        yield figures.JOBS, (lane, str(state)), jobs
    for limit in Limit:
        yield figures.BINDS, (lane, str(limit)), float(limit is usage.binds)
    yield figures.OLDEST_WAITING, (lane,), usage.oldest_waiting_s or 0.0
    yield figures.AGENDA_LAG, (lane,), usage.agenda_lag_s
    yield figures.WINDOW_USED, (lane,), usage.in_window
    yield figures.WINDOW_LIMIT, (lane,), usage.limits.window
    yield figures.RATE_USED, (lane,), usage.leaving_per_s
    yield figures.RATE_LIMIT, (lane,), usage.limits.rate_per_s
    yield figures.RATE_LEFT, (lane,), usage.rate_left


def _load(usage: LaneUsage, model: Model) -> LaneLoad:
    return LaneLoad(
        orders=usage.turns and not usage.stopped,
        pending=usage.jobs[JobState.PENDING],
        at_provider=usage.in_window,
        storing=usage.jobs[JobState.STORING],
        rate_per_s=usage.limits.rate_per_s * usage.rate_left,
        window=usage.limits.window,
        generation_s=model.typical_s,
        synchronous=model.synchronous,
    )
