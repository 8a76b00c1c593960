"""`retry`: rows of a finished batch once more, in the same batch."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from pydantic import Field

from producer.another_round import Gathered, check_finished, gather, hand_in_again
from producer.budget import prices
from producer.choice import USUAL_STATES, Choice, error_classes, named_ids
from producer.chunk_files import ChunkFiles
from producer.commands.working import Manner, continue_batch
from producer.connecting import Connection, connected, nobody_works_here
from producer.exit_codes import of_finished
from producer.progress import progress
from producer.session import Session, open_session, session_options, session_part
from producer.unlisted_models import described
from producer.watching import NoSuchBatch, chosen, status_of, watch
from schemas.batch import Batch, BatchStatus
from schemas.catalogue import Catalogue
from schemas.contract import Contract
from schemas.lane import Lane
from schemas.money import to_text
from schemas.states import ENDED_STATES, JobState

_STATES = ("failed", "partial", "uncertain", "cancelled")


class RetryReport(Contract):
    """What `retry --json` prints."""

    batch: str
    round: int | None = Field(description="null where nothing was handed in")
    jobs: int
    images: int = Field(description="pictures ordered; of a partial row only the missing ones")
    by_state: dict[JobState, int] = Field(description="rows run again, by how they had ended")
    at_most_cost: dict[str, str] = Field(description="at list price, by currency")
    possible_double_charges: int = Field(description="rows that may have been paid for already")
    dry_run: bool
    status: BatchStatus | None = Field(
        default=None, description="how the batch stood in the end, where the command waited for it"
    )


@click.command()
@click.argument("batch", required=False)
@click.option("--failed", is_flag=True, help="Rows without any picture. [default, with --partial]")
@click.option("--partial", is_flag=True, help="Rows of which pictures are missing: only those.")
@click.option("--uncertain", is_flag=True, help="Rows that may have been paid for already.")
@click.option("--cancelled", is_flag=True, help="Rows that were withdrawn.")
@click.option("--class", "classes", metavar="CLASSES", help="Only such errors: moderated,timeout.")
@click.option("--ids", metavar="IDS", help="Only these rows: A-1,A-2, or @FILE with one a line.")
@click.option("--dry-run", is_flag=True, help="Only say what it would be, and what it would cost.")
@click.option("--wait", is_flag=True, help="Follow the batch until it is finished.")
@session_options
def retry(batch: str | None, **options: Any) -> None:
    """Run rows of a finished BATCH again (default: the newest batch's failed and partial ones).

    Without IMAGEMILL_REDIS_URL this works on them at once. Where no row is meant it says so, and
    exits 0.
    """
    session = open_session(**session_part(options))
    choice = _choice(options)
    with connected(session.settings, session.clock) as connection:
        name = chosen(connection.ledger.batches, batch)
        report = _run_again(name, choice, options, connection, session)
        workers = connection.ledger.fleet.workers()
        if report.round is None or (options["wait"] and not connection.embedded):
            status = None if report.round is None else _wait(name, connection, session)
            _end(report, status, session)
    if nobody_works_here(session.settings):
        manner = Manner(document=lambda status: report.model_copy(update={"status": status}))
        continue_batch(name, session, manner)
    if workers:
        session.say(f"{name} is on its way. `imagemill watch {name}` follows it.")
    else:
        session.say(f"{name} waits: no worker is running. Start `imagemill worker`.")
    _end(report, None, session)


def _choice(options: dict[str, Any]) -> Choice:
    """What the options say. Raises OptionError."""
    states = frozenset(JobState(state) for state in _STATES if options[state])
    return Choice(
        states=states or USUAL_STATES,
        classes=frozenset() if options["classes"] is None else error_classes(options["classes"]),
        ids=None if options["ids"] is None else named_ids(options["ids"]),
    )


def _run_again(
    name: str, choice: Choice, options: dict[str, Any], connection: Connection, session: Session
) -> RetryReport:
    """Choose the rows, say what they are, and hand them in unless it is only a rehearsal."""
    ledger, storage = connection.ledger, connection.storage
    document = _document(name, connection)
    models = _models(document, connection, session)
    finished_at = check_finished(status_of(ledger.batches, name))
    with tempfile.TemporaryDirectory(prefix="imagemill-") as folder:
        if options["dry_run"]:
            gathered = gather(name, choice, storage, models, None)
            _say(gathered, name, session)
            return _report(name, gathered, None, dry_run=True)
        chunks = ChunkFiles(Path(folder), round_=ledger.batches.new_round(name))
        gathered = gather(name, choice, storage, models, chunks)
        _say(gathered, name, session)
        if not gathered.tally.jobs:
            return _report(name, gathered, None, dry_run=False)
        hand_in_again(document, gathered, chunks, finished_at, (ledger, storage))
        return _report(name, gathered, chunks.round, dry_run=False)


def _document(name: str, connection: Connection) -> Batch:
    document = connection.ledger.batches.document(name)
    if document is None:
        raise NoSuchBatch(f"There is no batch {name!r}.")
    return document


def _models(document: Batch, connection: Connection, session: Session) -> Catalogue:
    """The catalogue, with the models nobody lists as they were handed in."""
    lanes = ((text, connection.ledger.lanes.unlisted(text)) for text in document.lanes)
    said = [(Lane.parse(text), words) for text, words in lanes if words]
    known = session.settings.known_models()
    return described(known, [(lane.provider, lane.model, words) for lane, words in said])


def _say(gathered: Gathered, name: str, session: Session) -> None:
    tally = gathered.tally
    if gathered.passed_over:
        session.say(f"Not run again, though named: {_counted(gathered.passed_over)}.")
    if not tally.jobs:
        session.say(f"No row is meant by that: {name} has {_counted(gathered.left)}.")
        if gathered.left.get(JobState.UNCERTAIN):
            session.say(f"`imagemill retry {name} --uncertain` orders uncertain rows once more.")
        return
    rows = f"{tally.jobs:,} row{'' if tally.jobs == 1 else 's'} again"
    session.say(
        f"{rows} ({_counted(tally.states)}), {tally.images:,} images,"
        f" at most {prices(tally.costs_micro)} at list price"
    )
    uncertain = tally.states[JobState.UNCERTAIN]
    if uncertain:
        session.complain(
            f"warning: {uncertain:,} of them {'is' if uncertain == 1 else 'are'} uncertain: each may"
            " have been paid for, and then is paid for twice."
        )
    lost = tally.possible_double_charges - uncertain
    if lost:
        session.complain(
            f"warning: of {lost:,} of them the provider lost the order or never finished it;"
            " it may have charged for that."
        )


def _counted(states: dict[JobState, int]) -> str:
    counts = [f"{states[state]:,} {state}" for state in ENDED_STATES if states.get(state)]
    return ", ".join(counts) or "no rows"


def _report(name: str, gathered: Gathered, number: int | None, *, dry_run: bool) -> RetryReport:
    tally = gathered.tally
    costs = {currency: to_text(micro) for currency, micro in tally.costs_micro.items()}
    return RetryReport(
        batch=name,
        round=number,
        jobs=tally.jobs,
        images=tally.images,
        by_state=dict(tally.states),
        at_most_cost=costs,
        possible_double_charges=tally.possible_double_charges,
        dry_run=dry_run,
    )


def _wait(name: str, connection: Connection, session: Session) -> BatchStatus:
    with progress(session.err, quiet=session.quiet) as show:
        return watch(connection.ledger.batches, name, show, session.clock)


def _end(report: RetryReport, status: BatchStatus | None, session: Session) -> None:
    """Print what is asked for, and exit."""
    if session.as_json:
        session.data(report.model_copy(update={"status": status}))
    elif report.round is not None:
        click.echo(report.batch)
    sys.exit(0 if status is None else of_finished(status))
