"""Reads a manifest for the fleet: fetched, kept, checked and handed in, as `submit` does it here."""

from __future__ import annotations

import hashlib
import io
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ledger.intakes import IntakeRecord
from ledger.opening import Ledger
from producer.commands.checked_manifest import checked_manifest
from producer.commands.ordering import models_from, order_from, order_options, summary
from producer.connecting import NotReachable
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.fetched_manifest import fetched
from producer.handing_in import Submitted, hand_in
from producer.later import Later
from producer.packed_order import unpacked
from producer.progress import Read
from producer.session import Session
from producer.submission import describe, lane_limits
from producer.table import WIDE
from producer.web_manifest import NotThere
from schemas import layout
from schemas.clock import SystemClock
from schemas.intake import (
    ENDED,
    NOTICE_LIMIT_CHARACTERS,
    Intake,
    IntakeEnd,
    IntakeState,
)
from schemas.manifest_place import StoredManifest, read_place
from schemas.settings import Settings
from storage import Storage, StorageError

AGAIN_S = 60.0
"""A manifest that is not there, or a storage that is away, is tried again after this."""
BEFORE_S = 30.0
"""A night that waits for the one before looks again after this."""
LEAST_PATIENCE_S = 600.0
"""With what does not answer, whoever asked."""
GOES_ON = ("opening", "running", "cancelling", "paused", "outside its hours")
"""States of a batch that may still order rows which the next one has too, and would pay twice."""


@click.command()
@order_options
def _nothing_said(**_: object) -> None:
    """Stands for an order of which only the defaults are known."""


def usual_options() -> dict[str, Any]:
    """The options of an order, as they are where nobody says anything."""
    return dict(_nothing_said.make_context("order", []).params)


class Reader:
    """Reads intakes; shared by threads."""

    def __init__(
        self, settings: Settings, ledger: Ledger, storage: Storage, clock: SystemClock
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._storage = storage
        self._clock = clock

    def __call__(self, record: IntakeRecord, tell: Read) -> IntakeEnd | Later:
        """Read one. Raises LedgerError."""
        intake, notes = record.intake, io.StringIO()
        before = self._night_before(intake)
        if before is not None:
            return Later(BEFORE_S, f"waits for {before}, which is not finished")
        try:
            submitted = self._hand_in(record, notes, tell)
        except ProducerError as error:
            if self._may_wait(record, error):
                return Later(AGAIN_S, str(error))
            return self._refused(error, notes)
        return IntakeEnd(
            state=IntakeState.HANDED_IN,
            ended_at=self._now().isoformat(timespec="seconds"),
            batch=submitted.batch.batch,
            total=submitted.batch.total,
            new=submitted.fresh,
            said=_shortened(notes.getvalue()),
        )

    def _night_before(self, intake: Intake) -> str | None:
        """The batch of the same schedule that goes on; None where nothing is in the way."""
        if intake.schedule is None:
            return None
        for night in self._ledger.schedules.nights(intake.schedule, limit=20):
            found = self._ledger.intakes.status(night)
            if found is None or night == intake.id or not _is_earlier(found.planned_at, intake):
                continue
            if found.state not in ENDED:
                return found.batch or night
            if found.state is IntakeState.HANDED_IN and found.batch is not None:
                status = self._ledger.batches.status(found.batch)
                return found.batch if status is not None and status.state in GOES_ON else None
        return None

    def _hand_in(self, record: IntakeRecord, notes: io.StringIO, tell: Read) -> Submitted:
        intake = record.intake
        key = record.copy or self._kept_copy(intake)
        console = Console(file=notes, width=WIDE, force_terminal=False)
        session = Session(self._settings, self._clock, console, as_json=False, quiet=False)
        options = unpacked(intake.order, usual_options())
        models = models_from(options, session)
        order = order_from(options, session, models)
        if intake.hours is not None:
            order = replace(order, hours=intake.hours)
        with tempfile.TemporaryDirectory(prefix="imagemill-") as folder:
            options |= {"invalid_rows": str(Path(folder) / "invalid.csv"), "tell_rows": tell}
            with checked_manifest(key, order, options, session, models) as checked:
                session.say(summary(checked.tally, order.budgets, hours=order.hours))
                batch = describe(checked, order, models, self._now())
                limits = lane_limits(batch.lanes, self._settings, models)
                submitted = hand_in(
                    batch, checked.chunks, self._ledger, self._storage, limits, order.budgets
                )
                if checked.invalid is not None:
                    left_out = layout.invalid_rows_key(submitted.batch.batch)
                    self._store(left_out, checked.invalid, "text/csv")
                    session.say(f"The rows left out are in {self._storage.location(left_out)}.")
        return submitted

    def _kept_copy(self, intake: Intake) -> str:
        """The key of the manifest as it is now, or as whoever began before found it.

        So a reader that ended half-way is followed by one that reads the very same rows.
        """
        place = read_place(intake.order.manifest)
        if isinstance(place, StoredManifest):
            return place.key
        with fetched(intake.order.manifest, self._settings, self._clock) as path:
            key = layout.manifest_key(_sha256(path), place.name)
            self._store(key, Path(path), "application/octet-stream")
        return self._ledger.intakes.note_copy(intake.id, key)

    def _store(self, key: str, path: Path, content_type: str) -> None:
        try:
            if self._storage.head(key) is None:
                self._storage.put_file(key, path, content_type)
        except StorageError as error:
            raise NotReachable(str(error)) from error

    def _may_wait(self, record: IntakeRecord, error: ProducerError) -> bool:
        waited_s = (self._ledger.fleet.now_ms() - record.first_ms) / 1000
        if isinstance(error, NotThere):
            return waited_s < record.intake.patience_s
        if error.exit_code == ExitCode.UNREACHABLE:
            return waited_s < max(record.intake.patience_s, LEAST_PATIENCE_S)
        return False

    def _refused(self, error: ProducerError, notes: io.StringIO) -> IntakeEnd:
        said = "\n".join(filter(None, [str(error), notes.getvalue()]))
        return IntakeEnd(
            state=IntakeState.REFUSED,
            ended_at=self._now().isoformat(timespec="seconds"),
            exit_code=int(error.exit_code),
            said=_shortened(said),
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._ledger.fleet.now_ms() / 1000, UTC)


def _is_earlier(planned_at: str | None, intake: Intake) -> bool:
    return (planned_at or "") < (intake.planned_at or "")


def _sha256(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shortened(text: str) -> str:
    text = text.strip()
    if len(text) <= NOTICE_LIMIT_CHARACTERS:
        return text
    return text[: NOTICE_LIMIT_CHARACTERS - 1] + "…"
