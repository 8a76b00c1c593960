"""`beat`: the process that fires schedules and reads manifests for the fleet."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
from datetime import UTC, datetime
from types import FrameType

import click

from ledger.errors import LedgerNewer
from ledger.opening import Ledger
from producer.beat import Beat
from producer.beat_metrics import BeatMetrics
from producer.commands.reading import Reader
from producer.commands.remote import require_fleet
from producer.connecting import WrongAccess, connected
from producer.problem import for_terminal
from producer.session import open_session
from schemas.clock import SystemClock

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Lines(logging.Formatter):
    """One JSON object a line: time, level, event, and what the caller added."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of one record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        return for_terminal(json.dumps(line, ensure_ascii=False, default=str))


@click.command()
def beat() -> None:
    """Fire schedules and read manifests for the fleet, until SIGTERM. Any number may run."""
    session = open_session()
    require_fleet(session)
    clock = session.clock
    _keep_log(session.settings.log_level)
    name = f"{socket.gethostname()}-{os.getpid()}"
    metrics, section = BeatMetrics(), session.settings.metrics
    if section.beat_port is not None:
        metrics.expose(section.listen, section.beat_port)
    with connected(session.settings, clock) as connection:
        _end_in_order(clock, connection.ledger)
        reader = Reader(session.settings, connection.ledger, connection.storage, clock)
        logging.getLogger(__name__).info("beat.ready", extra={"beat": name})
        try:
            Beat(connection.ledger, reader, clock, name, metrics).run()
        except LedgerNewer as error:
            raise WrongAccess(str(error)) from error


def _end_in_order(clock: SystemClock, ledger: Ledger) -> None:
    """At a signal every wait ends, and a server that does not answer is given up."""

    def end(_number: int, _frame: FrameType | None) -> None:
        clock.interrupt()
        ledger.leave()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _keep_log(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    ours = logging.getLogger(
        "producer"
    )  # the libraries' lines might hold an address with its query
    ours.handlers, ours.propagate = [handler], False
    ours.setLevel(level)
