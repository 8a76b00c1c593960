"""What is read by the fleet and not here: `submit --remote`, and what schedules share with it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ledger.opening import Ledger
from producer.commands.hours import hours_from
from producer.commands.ordering import models_from, order_from
from producer.connecting import Connection, NotReachable
from producer.errors import ManifestError, OptionError, ProducerError
from producer.exit_codes import ExitCode
from producer.fetched_manifest import NotOpenToUs
from producer.packed_order import packed
from producer.session import Session
from producer.source import STDIN, unreadable
from producer.watching import WaitedTooLong
from schemas import layout
from schemas.intake import ENDED, Intake, IntakeState, IntakeStatus, order_id
from schemas.manifest_place import is_remote
from storage import Denied, Storage, StorageError

LOOK_S = 0.25
NO_BEAT = "no beat is running. Start `imagemill beat`"


class FleetNeeded(ProducerError):
    """There is no server that others share."""

    exit_code = ExitCode.SETTINGS


class Refused(ProducerError):
    """Whoever read the manifest says that it cannot be ordered."""

    def __init__(self, status: IntakeStatus) -> None:
        super().__init__(status.said)
        self.exit_code = status.exit_code


def require_fleet(session: Session) -> None:
    """Raises FleetNeeded where nobody else could read anything."""
    if session.settings.redis_url is None:
        raise FleetNeeded(
            "`imagemill beat` reads manifests for a fleet that shares a Redis server: set"
            " IMAGEMILL_REDIS_URL=redis://host:6379/0. On one machine use `imagemill run`, and the"
            " system's cron for every night."
        )


def submit_remote(
    manifest: str,
    options: dict[str, Any],
    connection: Connection,
    session: Session,
    timeout_s: float | None,
) -> str | None:
    """Have a manifest read by the fleet; the batch's name, or None where nobody reads yet.

    Raises FleetNeeded, Refused, WaitedTooLong.
    """
    require_fleet(session)
    order_from(options, session, models_from(options, session))  # what is wrong here is said here
    hours = hours_from(options)
    address = reachable(manifest, connection.storage, session)
    order = packed(address, options)
    asked_at = session.clock.now().isoformat(timespec="seconds")
    intake = Intake(id=order_id(order, hours), order=order, asked_at=asked_at, hours=hours)
    ledger = connection.ledger
    ledger.intakes.open(intake, again=True)
    if not ledger.fleet.beats():
        session.complain(f"The manifest waits to be read: {NO_BEAT}.")
        status = ledger.intakes.status(intake.id)
        if session.as_json and status is not None:
            session.data(status)
        return None
    return _followed(intake.id, ledger, session, timeout_s)


def reachable(manifest: str, storage: Storage, session: Session) -> str:
    """An address at which every process finds the manifest: a local file is uploaded as it is.

    Raises ManifestError, NotReachable.
    """
    if is_remote(manifest):
        return manifest
    if manifest == STDIN:
        raise OptionError("standard input is nobody else's; write the manifest into a file")
    if "://" in manifest:
        scheme = manifest.partition("://")[0]  # the rest may hold a password
        raise ManifestError(
            f"{scheme}:// is no address of a manifest; write https://host/path or s3://bucket/key"
        )
    path = Path(manifest)
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise unreadable(manifest, error) from error
    key = layout.manifest_key(sha256, path.name)
    try:
        if storage.head(key) is None:
            storage.put_file(key, path, "application/octet-stream")
    except Denied as error:
        raise NotOpenToUs(str(error)) from error
    except StorageError as error:
        raise NotReachable(str(error)) from error
    session.say(f"{path.name} was uploaded as it is now: {storage.location(key)}")
    return key


def _followed(intake: str, ledger: Ledger, session: Session, timeout_s: float | None) -> str:
    """Its batch, once it is read. Raises Refused, WaitedTooLong."""
    began_s, told = session.clock.monotonic_s(), ""
    while True:
        status = ledger.intakes.status(intake)
        assert status is not None
        if status.state in ENDED:
            break
        if status.said and status.said != told:
            told = status.said
            session.say(f"Not read yet: {told}")
        if timeout_s is not None and session.clock.monotonic_s() - began_s > timeout_s:
            raise WaitedTooLong(
                f"The manifest is not read after {timeout_s:g} s; it goes on."
                " The same command again follows it."
            )
        session.clock.sleep(LOOK_S)
    if status.state is not IntakeState.HANDED_IN or status.batch is None:
        raise Refused(status)
    session.say(status.said)
    return status.batch


def say_beats(ledger: Ledger, session: Session) -> None:
    """Say so where nobody would notice that the time has come."""
    if not ledger.fleet.beats():
        session.complain(f"Nothing will happen yet: {NO_BEAT}.")
