"""Puts a worker process together: nothing else constructs a client."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import Celery, bootsteps, signals

from ledger.opening import Ledger, open_ledger
from schemas.clock import SystemClock, SystemDice
from schemas.settings import Settings
from storage.configured import storage_from
from worker.accounts import Accounts
from worker.app import make_app
from worker.dispatcher import Dispatcher
from worker.heartbeat import Heartbeat
from worker.models import Models
from worker.publisher import Publisher
from worker.signing import sealer_of
from worker.tasks import Desk, register
from worker.tools import Tools

TAKE_AGAIN_S = 0.05
"""A worker whose threads were all busy looks for messages again after this: Celery's loop would
sleep for up to a second, as nothing wakes it when a thread becomes free."""


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

    def __post_init__(self) -> None:
        """Prepare the dispatcher's thread."""
        self._thread = threading.Thread(
            target=self.dispatcher.run, args=(self.clock,), name="dispatcher", daemon=True
        )

    def start(self) -> None:
        """Begin to beat and to dispatch."""
        self.heartbeat.start()
        self._thread.start()

    def drain(self) -> None:
        """Take nothing new: waits end, the dispatcher hands out nothing more."""
        self.clock.interrupt()

    def stop(self) -> None:
        """Hand out nothing more; the pool still works off what it holds."""
        self.drain()
        self._thread.join(timeout=5)

    def close(self) -> None:
        """Give everything back, once the pool has ended: its steps need leases and connections."""
        self.heartbeat.stop()
        self.accounts.close()
        self.tools.inputs.close()


def make_worker(
    settings: Settings, decorate: Callable[[Tools], Tools] = lambda tools: tools
) -> WorkerProcess:
    """A worker process, not started; its steps and chores work with what `decorate` returns.

    Raises LedgerError, StorageError, CannotSeal.
    """
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else ""
    threads = settings.worker.concurrency
    name = f"{socket.gethostname()}-{os.getpid()}"
    ledger = open_ledger(redis_url, threads=threads)
    storage = storage_from(settings, max_connections=threads + 4)
    storage.check()
    ledger.fleet.now_ms()
    sealer = sealer_of(settings.c2pa)
    accounts = Accounts(settings, ledger.access_token)
    clock = SystemClock()
    models = Models(settings.known_models(), ledger.lanes)
    made = Tools(ledger, storage, accounts, settings, models, clock, SystemDice(), sealer=sealer)
    tools = decorate(made)
    lease_s = settings.worker.lease_s
    heartbeat = Heartbeat(ledger.jobs, ledger.fleet, lease_s, name, threads)
    app = make_app(redis_url, threads)
    register(app, Desk(tools, heartbeat))
    dispatcher = Dispatcher(ledger, Publisher(app), models, name, lease_s)
    process = WorkerProcess(app, ledger, clock, heartbeat, dispatcher, accounts, tools)
    _follow(process)
    return process


def _follow(process: WorkerProcess) -> None:
    """Start and stop with the Celery worker."""

    class Companion(bootsteps.StartStopStep):
        """Runs heartbeat and dispatcher beside the pool."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: Any) -> None:
            if parent.hub is not None:
                parent.hub.call_repeatedly(TAKE_AGAIN_S, lambda: None)
            process.start()

        def stop(self, _parent: Any) -> None:
            process.stop()

        def terminate(self, _parent: Any) -> None:
            process.stop()
            process.close()

    process.app.steps["worker"].add(Companion)
    signals.worker_shutting_down.connect(lambda **_: process.drain(), weak=False)
    signals.worker_shutdown.connect(lambda **_: process.close(), weak=False)
