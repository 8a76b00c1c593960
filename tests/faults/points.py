"""The points of a job's, a chunk's and a batch's way at which a fault can be placed."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from tests.waiting import wait_until

PATIENCE_S = 60.0
"""How long a test waits for a fault to strike, and a worker that is held for leave to go on."""


class Point(StrEnum):
    """Where on the way; a job's first, then a chunk's, then a batch's."""

    UNMARKED = "unmarked"
    """A slot was taken; the submitting mark is about to be written."""
    MARKED = "marked"
    """The mark is on disk; the order has not left."""
    SENT = "sent"
    """The order was answered; the answer is not recorded."""
    LISTED = "listed"
    """An answer was lost; the provider's tasks are listed, what they tell is not recorded."""
    TICKETED = "ticketed"
    """The ticket is recorded; nobody has asked for the task yet."""
    UNPOLLED = "unpolled"
    """The task is about to be asked for."""
    BETWEEN_POLLS = "between-polls"
    """The task still runs, and the time of its next look is recorded."""
    DRAWN = "drawn"
    """The provider said that it is done; the addresses are not recorded."""
    UNFETCHED = "unfetched"
    """The addresses are recorded; a download is about to begin."""
    HALF_FETCHED = "half-fetched"
    """The first bytes of a picture came; others are still to come."""
    IMAGE_STORED = "image-stored"
    """A picture is stored, its sidecar is not."""
    ALL_STORED = "all-stored"
    """Pictures and sidecars are stored; the job's end is not recorded."""

    CHUNK_UNREAD = "chunk-unread"
    """A chunk of jobs is about to be read."""
    CHUNK_READ = "chunk-read"
    """A chunk was read; its jobs are not loaded."""
    CHUNK_LOADED = "chunk-loaded"
    """The jobs are loaded; the message's work has not ended."""
    RESULTS_UNWRITTEN = "results-unwritten"
    """All jobs of a chunk have ended; its results are about to be written."""
    RESULTS_WRITTEN = "results-written"
    """Results are written; the chunk is not sealed."""
    CHUNK_SEALED = "chunk-sealed"
    """The chunk is sealed; its batch was not told."""

    BETWEEN_TABLES = "between-tables"
    """One of the batch's tables is written, the next is not."""
    TABLES_WRITTEN = "tables-written"
    """All tables are written; the batch is not recorded as finished."""

    TRANSFER_BEGUN = "transfer-begun"
    """Rows were taken out of a lane whose account is at fault; another does not have them."""
    TRANSFER_RECEIVED = "transfer-received"
    """The other lane has them; the first still counts them."""
    TRANSFER_ENDED = "transfer-ended"
    """They are gone from the first; nobody has looked what is left there."""


JOB_POINTS = tuple(Point)[: tuple(Point).index(Point.CHUNK_UNREAD)]
BATCH_POINTS = (Point.BETWEEN_TABLES, Point.TABLES_WRITTEN)
TRANSFER_POINTS = (Point.TRANSFER_BEGUN, Point.TRANSFER_RECEIVED, Point.TRANSFER_ENDED)
"""A batch's, where an account fails."""
LATE_POINTS = (Point.CHUNK_SEALED, *BATCH_POINTS)
"""From here on a batch goes on when it is looked at anyway, every ten seconds."""
ONE_BY_ONE = tuple(
    point for point in Point if point not in (Point.LISTED, *LATE_POINTS, *TRANSFER_POINTS)
)
"""Those that every batch passes, the late ones left out."""


class Action(StrEnum):
    """What a process does at a point."""

    KILL = "kill"
    """It ends at once, as by a power cut."""
    FREEZE = "freeze"
    """None of its threads goes on, until somebody thaws it."""
    HOLD = "hold"
    """The thread that is there waits for leave; the process lives."""


@dataclass(frozen=True)
class Fault:
    """One thing to happen, once."""

    point: Point
    action: Action
    subject: str
    """A job (`batch/id`), a chunk (`batch/00001`) or a batch."""
    passage: int = 1
    """Which passage of the subject through the point it strikes."""


class Placed:
    """A fault that lies in a folder all workers look into, and what became of it."""

    def __init__(self, folder: Path, fault: Fault) -> None:
        self.fault = fault
        self._file = folder / f"{uuid.uuid4().hex}.fault"
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(fault)))
        fresh.rename(self._file)

    @property
    def struck(self) -> bool:
        """Whether a worker is at the point, or was."""
        return self._file.with_suffix(".struck").exists()

    def victim(self) -> int:
        """The id of the process it struck, once it has."""
        wait_until(lambda: self.struck, PATIENCE_S, f"{self.fault} to strike")
        return int(self._file.with_suffix(".struck").read_text())

    @property
    def struck_s(self) -> float:
        """When it struck, in seconds since 1970."""
        return self._file.with_suffix(".struck").stat().st_mtime

    def let_go(self) -> None:
        """A worker that is held goes on."""
        self._file.with_suffix(".go").touch()


def place(folder: Path, fault: Fault) -> Placed:
    """Let a fault strike whichever worker comes to its point with its subject."""
    folder.mkdir(exist_ok=True)
    return Placed(folder, fault)


def faults_in(folder: Path) -> list[tuple[Path, Fault]]:
    """All faults ever placed in a folder."""
    found = []
    for file in folder.glob("*.fault"):
        entry = json.loads(file.read_text())
        point, action = Point(entry.pop("point")), Action(entry.pop("action"))
        found.append((file, Fault(point, action, **entry)))
    return found


def count_passage(file: Path) -> int:
    """Count one more passage, of whichever process."""
    descriptor = os.open(file.with_suffix(".passages"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, b".")
        return os.lseek(descriptor, 0, os.SEEK_CUR)
    finally:
        os.close(descriptor)
