"""`status`, `watch`, `results` and `batches`: how things stand."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from ledger.opening import Ledger
from producer.commands.working import continue_batch
from producer.connecting import Connection, connected, connected_ledger
from producer.errors import ProducerError
from producer.exit_codes import ExitCode, of_finished
from producer.problem import printable
from producer.progress import progress
from producer.session import Session, open_session, session_options
from producer.standing import advice, budget, hindrances, money, priority, risk
from producer.table import print_table
from producer.watching import chosen, status_of
from producer.watching import watch as follow
from results.openai_output import write_openai
from results.sealed import sealed_results
from schemas import layout
from schemas.batch import BatchStatus
from schemas.states import BatchState


class NotFinished(ProducerError):
    """The tables are written when the batch is finished."""

    exit_code = ExitCode.WAITED


@click.command()
@click.argument("batch", required=False)
@session_options
def status(batch: str | None, **options: Any) -> None:
    """Show how BATCH stands (default: the newest): counts, cost, and what is in its way."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        batches = ledger.batches
        found = status_of(batches, chosen(batches, batch))
        if session.as_json:
            session.data(found)
            return
        for name, value in _lines(found):
            click.echo(f"{name:<12}{printable(value)}")


@click.command()
@click.argument("batch", required=False)
@session_options
@click.option(
    "--timeout",
    "timeout_s",
    type=float,
    metavar="SECONDS",
    help="Give up waiting after this; the batch goes on.",
)
def watch(batch: str | None, *, timeout_s: float | None, **options: Any) -> None:
    """Follow BATCH until it is finished (default: the newest).

    On the machine of an interrupted `run` this goes on with the batch.
    """
    session = open_session(**options)
    if _interrupted_here(batch, session):
        continue_batch(batch, session)
        return
    with connected_ledger(session.settings, session.clock) as ledger:
        found = _follow(batch, ledger, session, timeout_s)
    if session.as_json:
        session.data(found)
    sys.exit(of_finished(found))


@click.command()
@click.argument("batch", required=False)
@session_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl", "failed", "openai"]),
    default="csv",
    show_default=True,
    help="Which table: results as CSV or JSON lines, the rows to do again, or OpenAI's batch files.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Write to a file instead of stdout; with --format openai, to files in this folder.",
)
def results(batch: str | None, *, form: str, output: Path | None, **options: Any) -> None:
    """Print the results table of a finished BATCH (default: the newest).

    --format openai writes BATCH.output.jsonl and BATCH.errors.jsonl, as OpenAI's Batch API does.
    """
    if output is not None and output.is_dir() and form != "openai":
        raise click.BadParameter(f"{output} is a folder; name a file.", param_hint="--output")
    session = open_session(**options)
    with connected(session.settings, session.clock) as connection:
        name = chosen(connection.ledger.batches, batch)
        found = status_of(connection.ledger.batches, name)
        if found.state != BatchState.FINISHED:
            raise NotFinished(
                f"{name} is not finished: {found.ended} of {found.total} rows are done."
                f" `imagemill watch {name}` follows it."
            )
        if form == "openai":
            _write_batch_files(name, output or Path(), connection, session)
        else:
            _print_table(name, "jsonl" if session.as_json else form, output, connection, session)


def _print_table(
    batch: str, form: str, output: Path | None, connection: Connection, session: Session
) -> None:
    names = {"csv": layout.RESULTS_CSV, "jsonl": layout.RESULTS_JSONL, "failed": layout.FAILED_CSV}
    key = layout.batch_file(batch, names[form])
    if connection.storage.head(key) is None:
        session.say("No row failed.")
        return
    with connection.storage.open(key) as source:
        if output is None:
            shutil.copyfileobj(source, sys.stdout.buffer)
        else:
            with output.open("wb") as target:
                shutil.copyfileobj(source, target)


def _write_batch_files(batch: str, folder: Path, connection: Connection, session: Session) -> None:
    storage = connection.storage
    written = write_openai(sealed_results(storage, batch), folder, batch, storage.location)
    files = [str(path) for path in (written.output, written.errors) if path is not None]
    session.say(f"{written.succeeded} rows with pictures, {written.failed} without.")
    click.echo(json.dumps({"files": files}) if session.as_json else "\n".join(files))


@click.command()
@session_options
def batches(**options: Any) -> None:
    """List all batches, the newest first."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        found = [status_of(ledger.batches, name) for name in ledger.batches.names()]
    if session.as_json:
        for entry in found:
            session.data(entry)
        return
    columns = ("batch", "state", "done", "failed", "images", "cost", "started", "")
    print_table(columns, [_row(entry) for entry in found])


def _row(entry: BatchStatus) -> tuple[str, ...]:
    failed = entry.failed + entry.partial + entry.uncertain
    return (
        entry.batch,
        entry.state,
        f"{entry.ended}/{entry.total}",
        str(failed or ""),
        str(entry.images),
        money(entry),
        (entry.started_at or "")[:19],
        "; ".join([*filter(None, [_urgency(entry), risk(entry)]), *hindrances(entry)]),
    )


def _urgency(entry: BatchStatus) -> str:
    return f"{priority(entry)} priority" if priority(entry) else ""


def _follow(
    batch: str | None, ledger: Ledger, session: Session, timeout_s: float | None
) -> BatchStatus:
    name = chosen(ledger.batches, batch)
    try:
        with progress(session.err, quiet=session.quiet) as show:
            return follow(ledger.batches, name, show, session.clock, timeout_s=timeout_s)
    except KeyboardInterrupt:
        session.complain(f"\nThe batch goes on. `imagemill watch {name}` follows it again.")
        sys.exit(ExitCode.INTERRUPTED)


def _interrupted_here(batch: str | None, session: Session) -> bool:
    """Whether the batch waits on this machine for somebody to go on with it."""
    if session.settings.redis_url is not None:
        return False
    with connected_ledger(session.settings, session.clock) as ledger:
        state = ledger.batches.state(chosen(ledger.batches, batch))
        return state is not BatchState.FINISHED and not ledger.fleet.workers()


def _lines(found: BatchStatus) -> list[tuple[str, str]]:
    lines = [("batch", found.batch), ("state", found.state)]
    lines += [("priority", priority(found)), ("total", str(found.total))]
    for name in ("pending", "released", "submitting", "running", "storing"):
        if getattr(found, name):
            lines.append((name, str(getattr(found, name))))
    lines.append(("succeeded", str(found.succeeded)))
    for name in ("partial", "failed", "cancelled", "uncertain"):
        if getattr(found, name):
            lines.append((name, str(getattr(found, name))))
    lines += [("images", str(found.images)), ("cost", money(found)), ("budget", budget(found))]
    lines += [("at risk", risk(found))]
    lines += [("started", found.started_at or ""), ("finished", found.finished_at or "")]
    lines += [("stopped", f"{lane}: {why}") for lane, why in found.stopped.items()]
    lines += [("trouble", f"{lane}: {why}") for lane, why in found.troubles.items()]
    lines += [("to do", advice(found))]
    return [(name, value) for name, value in lines if value]
