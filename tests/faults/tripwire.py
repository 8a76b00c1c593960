"""In a worker under test: strikes when the labelled code passes a point where a fault lies."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from tests.faults.points import PATIENCE_S, Action, Point, count_passage, faults_in
from tests.waiting import wait_until


class Tripwire:
    """Looks for faults at every passage, so that a worker is armed and disarmed while it runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = threading.local()

    def at_hand(self, ref: str) -> None:
        """This thread works on a job from now on."""
        self._thread.ref = ref

    def pass_job(self, point: Point) -> None:
        """This thread's job passes a point."""
        self.passes(point, self._thread.ref)

    def passes(self, point: Point, subject: str) -> None:
        """A subject passes a point."""
        for file, fault in faults_in(self._folder):
            here = fault.point is point and fault.subject == subject
            if here and count_passage(file) == fault.passage:
                _strike(file, fault.action)


def _strike(file: Path, action: Action) -> None:
    note = file.with_suffix(".striking")
    note.write_text(str(os.getpid()))
    note.rename(file.with_suffix(".struck"))
    match action:
        case Action.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case Action.FREEZE:
            # Sent to the process, another thread may take the signal, and this one goes a bit further.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        case Action.HOLD:
            wait_until(file.with_suffix(".go").exists, PATIENCE_S, "leave to go on")
