"""Puts a worker process together: nothing else constructs a client."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from celery import Celery, bootsteps, signals
from prometheus_client import ProcessCollector

from ledger.opening import Ledger, open_ledger
from schemas import queues
from schemas.clock import SystemClock, SystemDice
from schemas.settings import Settings
from storage.configured import storage_from
from worker import figures
from worker.accounts import Accounts
from worker.app import make_app
from worker.dispatcher import Dispatcher
from worker.endpoint import Endpoint, open_endpoint
from worker.fleet_metrics import FleetMetrics
from worker.heartbeat import Heartbeat
from worker.measured import MeasuredProviders, Stopwatch
from worker.measured_storage import MeasuredStorage
from worker.metrics import Metrics
from worker.models import Models
from worker.policy.long_calls import long_threads
from worker.publisher import Publisher
from worker.signing import sealer_of
from worker.task_events import TaskEvents
from worker.tasks import Desk, register
from worker.tools import Tools
from worker.tracing import NoTracing, Tracing

TAKE_AGAIN_S = 0.05
"""A worker whose threads were all busy looks for messages again after this: Celery's loop would
sleep for up to a second, as nothing wakes it when a thread becomes free."""


class NoTraces(Exception):
    """Traces are asked for and cannot be had; the message says what to do."""


@dataclass
class WorkerProcess:
    """The parts of one worker process that begin and end with it."""

    app: Celery
    ledger: Ledger
    clock: SystemClock
    heartbeat: Heartbeat
    dispatcher: Dispatcher
    accounts: Accounts
    tools: Tools
    fleet_metrics: FleetMetrics

    def __post_init__(self) -> None:
        """Prepare the dispatcher's thread."""
        self._endpoint: Endpoint | None = None
        self._thread = threading.Thread(
            target=self.dispatcher.run, args=(self.clock,), name="dispatcher", daemon=True
        )

    def expose(self) -> None:
        """Let the metrics be read where the settings say so. Raises NoEndpoint."""
        section, registry = self.tools.settings.metrics, self.tools.metrics.registry
        if section.port is not None:
            self._endpoint = open_endpoint(registry, section.listen, section.port)

    def start(self) -> None:
        """Begin to beat and to dispatch."""
        self.heartbeat.start()
        self._thread.start()

    def drain(self) -> None:
        """Take nothing new: waits end, the dispatcher hands out nothing more."""
        self.clock.interrupt()
        self.ledger.leave()

    def stop(self) -> None:
        """Hand out nothing more; the pool still works off what it holds."""
        self.drain()
        self._thread.join(timeout=5)

    def close(self) -> None:
        """Give everything back, once the pool has ended: its steps need leases and connections."""
        self.heartbeat.stop()
        self.accounts.close()
        self.tools.inputs.close()
        if self._endpoint is not None:
            self._endpoint.close()
            self._endpoint = None
        self.fleet_metrics.close()
        self.tools.tracing.close()


def make_worker(
    settings: Settings,
    decorate: Callable[[Tools], Tools] = lambda tools: tools,
    taken: Collection[str] = queues.QUEUES,
) -> WorkerProcess:
    """A worker process, not started; its steps and chores work with what `decorate` returns.

    It takes from the queues in `taken`.

    Raises LedgerError (LedgerNewer among them), StorageError, CannotSeal, NoTraces.
    """
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else ""
    threads = settings.worker.concurrency
    name = f"{socket.gethostname()}-{os.getpid()}"
    ledger = open_ledger(redis_url, threads=threads)
    storage = storage_from(settings, max_connections=threads + 4)
    storage.check()
    ledger.version.admit()
    sealer = sealer_of(settings.c2pa)
    accounts = Accounts(settings, ledger.access_token)
    clock = SystemClock()
    models = Models(settings.known_models(), ledger.lanes)
    made = Tools(ledger, storage, accounts, settings, models, clock, SystemDice(), sealer=sealer)
    tools = decorate(_measured(made, name))
    lease_s = settings.worker.lease_s
    heartbeat = Heartbeat(ledger.jobs, ledger.fleet, lease_s, name, threads, outdated=_leave)
    heartbeat.long_threads = long_threads(threads, taken)
    app = make_app(redis_url, threads, ledger.patience)
    register(app, Desk(tools, heartbeat))
    dispatcher = Dispatcher(ledger, Publisher(app), models, name, lease_s, tools.metrics)
    fleet = _fleet_metrics(redis_url, settings, dispatcher, clock)
    process = WorkerProcess(app, ledger, clock, heartbeat, dispatcher, accounts, tools, fleet)
    _count_itself(process, threads)
    _follow(process)
    return process


def _count_itself(process: WorkerProcess, threads: int) -> None:
    """What is known of the process and of the fleet is read when somebody asks for metrics."""
    metrics, dispatcher, clock = process.tools.metrics, process.dispatcher, process.clock
    metrics.registry.register(process.fleet_metrics)
    ProcessCollector(registry=metrics.registry)
    metrics.read_when_asked(
        {
            figures.LEADER: lambda: float(dispatcher.leads(clock.monotonic_s())),
            figures.THREADS: lambda: threads,
            figures.THREADS_BUSY: lambda: process.heartbeat.busy,
        }
    )


def _measured(tools: Tools, name: str) -> Tools:
    """The same tools; whatever they ask of others is timed and counted."""
    metrics, tracing = Metrics(), _tracing(tools.settings, name)
    stopwatch = Stopwatch(metrics, tracing, tools.clock)
    return replace(
        tools,
        storage=MeasuredStorage(tools.storage, metrics, tools.clock),
        providers=MeasuredProviders(tools.providers, stopwatch),
        metrics=metrics,
        tracing=tracing,
    )


def _tracing(settings: Settings, name: str) -> Tracing:
    """Raises NoTraces where they are asked for and cannot be had."""
    section = settings.traces
    if section.endpoint is None:
        return NoTracing()
    try:
        from worker.otel import open_tracing  # noqa: PLC0415 - an extra, and 0.2 s to import
    except ImportError as error:
        raise NoTraces(
            "Traces are asked for (traces.endpoint), but OpenTelemetry is not installed:"
            f" pip install 'imagemill[otel]' ({error})."
        ) from error
    return open_tracing(section.endpoint, name, section.sample)


def _fleet_metrics(
    redis_url: str, settings: Settings, dispatcher: Dispatcher, clock: SystemClock
) -> FleetMetrics:
    """With a connection of its own: a reader must not wait as patiently as a job may."""
    ledger = open_ledger(redis_url, threads=1, patient=False)
    models = Models(settings.known_models(), ledger.lanes)
    return FleetMetrics(ledger, models, lambda: dispatcher.leads(clock.monotonic_s()), clock)


def _leave() -> None:
    """End in order: whoever starts us again is told why we cannot work here any more."""
    os.kill(os.getpid(), signal.SIGTERM)


def _follow(process: WorkerProcess) -> None:
    """Start and stop with the Celery worker."""

    class Companion(bootsteps.StartStopStep):
        """Runs heartbeat and dispatcher beside the pool."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: Any) -> None:
            if parent.hub is not None:
                parent.hub.call_repeatedly(TAKE_AGAIN_S, process.heartbeat.looked)
            process.start()

        def stop(self, _parent: Any) -> None:
            process.stop()

        def terminate(self, _parent: Any) -> None:
            process.stop()
            process.close()

    process.app.steps["worker"].add(Companion)
    process.app.steps["consumer"].add(TaskEvents)
    signals.worker_shutting_down.connect(lambda **_: process.drain(), weak=False)
    signals.worker_shutdown.connect(lambda **_: process.close(), weak=False)
