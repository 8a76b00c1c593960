"""`run`: everything in one command on one machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ledger.opening import Ledger
from producer.commands.ordering import checked_manifest, order_from, order_options, summary
from producer.connecting import open_checked_storage, opened_ledger, require_mill
from producer.exit_codes import ExitCode, of_finished
from producer.local_mill import LocalMill, mill_folder
from producer.processes import ChildError
from producer.progress import money, progress
from producer.session import Session, SettingsError, open_session, session_options, session_part
from producer.submission import describe, hand_in, lane_limits
from producer.watching import LanesStopped, NoSuchBatch, all_stopped, chosen, status_of, watch
from schemas import layout
from schemas.batch import Batch, BatchStatus
from schemas.catalogue import catalogue
from schemas.states import BatchState
from storage import Storage


@click.command()
@click.argument("manifest", required=False)
@click.option(
    "--simulate", is_flag=True, help="Order from the simulator: no key, no cost, drawn pictures."
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the last batch (or --batch NAME) instead of a manifest.",
)
@order_options
@session_options
def run(manifest: str | None, *, simulate: bool, resume: bool, **options: Any) -> None:
    """Order the pictures of MANIFEST and wait for them, all on this machine."""
    session = open_session(**session_part(options))
    if (manifest is None) != resume:
        raise click.UsageError("Give a MANIFEST, or --resume to go on with the last batch.")
    if manifest is None:
        continue_batch(options["name"], session)
        return
    if simulate and session.settings.redis_url is not None:
        # Workers elsewhere have no simulator: they would stop its lanes.
        session.say(
            "A rehearsal has a server of its own; unset IMAGEMILL_REDIS_URL to see it later."
        )
        session = session.embedded()
    order = order_from(options, session, simulated=simulate)
    with checked_manifest(manifest, order, options, session) as checked:
        if not simulate:
            _need_key(order.account, session)
        session.say(summary(checked.tally))
        batch = describe(checked, order, catalogue(), session.clock.now())
        limits = lane_limits(batch.lanes, session.settings, catalogue())
        with _opened_mill(session) as (mill, ledger, storage):
            submitted = hand_in(batch, checked.chunks, ledger, storage, limits)
            if not submitted.fresh:
                session.say(f"Batch {batch.batch} was handed in before; nothing is ordered twice.")
            _work(submitted.batch.batch, mill, ledger, storage, session)


def continue_batch(name: str | None, session: Session) -> None:
    """Go on with a batch on this machine. Raises NoMill where there is none."""
    require_mill(session.settings)
    with _opened_mill(session) as (mill, ledger, storage):
        _work(chosen(ledger.batches, name), mill, ledger, storage, session)


@contextmanager
def _opened_mill(session: Session) -> Iterator[tuple[LocalMill, Ledger, Storage]]:
    storage = open_checked_storage(session.settings)
    mill = LocalMill(mill_folder(storage), session.settings, session.clock)
    with mill, opened_ledger(mill.start_server()) as ledger:
        yield mill, ledger, storage


def _work(batch: str, mill: LocalMill, ledger: Ledger, storage: Storage, session: Session) -> None:
    """Run a worker until the batch is finished, show it, say where things are, and exit."""
    document = ledger.batches.document(batch)
    if document is None:
        raise NoSuchBatch(f"There is no batch {batch!r}.")
    try:
        status = _until_finished(document, mill, ledger, session)
    except KeyboardInterrupt:
        session.complain(
            f"\nStopped; nothing is lost and nothing is paid twice."
            f" Go on with: {_resume_command(session)}"
        )
        sys.exit(ExitCode.INTERRUPTED)
    _say_where(status, storage, session)
    if session.as_json:
        session.data(status)
    # A rehearsal has done its work when it is finished, refused rows and all.
    sys.exit(ExitCode.OK if document.simulated else of_finished(status))


def _until_finished(
    document: Batch, mill: LocalMill, ledger: Ledger, session: Session
) -> BatchStatus:
    status = status_of(ledger.batches, document.batch)
    if status.state == BatchState.FINISHED:
        return status
    for lane in document.lanes:
        ledger.lanes.resume(lane)  # whoever says run has seen to what stopped it
    worker = mill.start_worker(simulated=document.simulated)

    def check() -> None:
        if worker.ended:
            raise ChildError(f"The worker ended: {worker.last_words()} (see {worker.log})")
        stopped = all_stopped(ledger.batches.counts(document))
        if stopped:
            raise LanesStopped(f"{stopped} Then go on with: {_resume_command(session)}")

    with progress(session.err, quiet=session.quiet) as show:
        return watch(ledger.batches, document.batch, show, session.clock, check=check)


def _resume_command(session: Session) -> str:
    place = session.settings.storage_url
    return "imagemill run --resume" + ("" if place == "./out" else f" --out {place}")


def _say_where(status: BatchStatus, storage: Storage, session: Session) -> None:
    troubles = {"partial": status.partial, "failed": status.failed, "uncertain": status.uncertain}
    counts = [f"{status.succeeded} of {status.total} rows complete"]
    counts += [f"{count} {name}" for name, count in troubles.items() if count]
    session.say(f"{', '.join(counts)}; {status.images} images for {money(status)}.")
    for title, name in (
        ("Contact sheet", layout.CONTACT_SHEET),
        ("Results", layout.RESULTS_CSV),
        ("", layout.RESULTS_JSONL),
        ("Pictures", "images"),
    ):
        place = storage.location(layout.batch_file(status.batch, name))
        session.say(f"{title + ':' if title else '':<15}{_short(place)}")
    if status.failed or status.partial or status.uncertain:
        place = storage.location(layout.batch_file(status.batch, layout.FAILED_CSV))
        session.say(f"{'To do again:':<15}{_short(place)}")


def _short(place: str) -> str:
    try:
        return str(Path(place).relative_to(Path.cwd()))
    except ValueError:
        return place


def _need_key(account: str, session: Session) -> None:
    """Raises SettingsError: without a key nothing could be ordered."""
    key = session.settings.account(account).api_key
    if key is None or not key.get_secret_value():
        raise SettingsError(
            "There is no key to order with: set DASHSCOPE_API_KEY, or rehearse with --simulate."
        )
