"""What `retry` and `reroll` have in common: another round of a finished batch, seen to its end."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from pydantic import Field

from producer.another_round import (
    Gathered,
    check_finished,
    forget_unwanted,
    gather,
    hand_in_again,
)
from producer.choice import Selection
from producer.chunk_files import ChunkFiles
from producer.commands.following import waited_for
from producer.commands.working import Manner, continue_batch
from producer.connecting import Connection, connected, nobody_works_here
from producer.exit_codes import of_finished
from producer.session import Session
from producer.unlisted_models import described
from producer.watching import chosen, document_of, status_of
from schemas.batch import Batch, BatchStatus
from schemas.catalogue import Catalogue
from schemas.contract import Contract
from schemas.lane import Lane
from schemas.states import ENDED_STATES, JobState

AnySelection = TypeVar("AnySelection", bound=Selection)


class RoundReport(Contract):
    """What every command that makes a round prints with --json."""

    batch: str
    round: int | None = Field(description="null where nothing was handed in")
    jobs: int
    images: int = Field(description="pictures ordered: of a row only those it lacks")
    at_most_cost: dict[str, str] = Field(description="at list price, by currency")
    dry_run: bool
    status: BatchStatus | None = Field(
        default=None, description="how the batch stood in the end, where the command waited for it"
    )


def order_round(
    batch: str | None,
    make: Callable[[str, Connection], RoundReport],
    session: Session,
    *,
    wait: bool,
) -> None:
    """Let `make` hand in a round of the batch, or of the newest; follow it or say who does; exit.

    Without IMAGEMILL_REDIS_URL the round is worked on at once.
    """
    with connected(session.settings, session.clock) as connection:
        name = chosen(connection.ledger.batches, batch)
        report = make(name, connection)
        workers = connection.ledger.fleet.workers()
        if report.round is None or (wait and not connection.embedded):
            status = None
            if report.round is not None:
                status = waited_for(connection.ledger, name, session)
            _end(report, status, session)
    if nobody_works_here(session.settings):
        manner = Manner(document=lambda status: report.model_copy(update={"status": status}))
        continue_batch(name, session, manner)
    if workers:
        session.say(f"{name} is on its way. `imagemill watch {name}` follows it.")
    else:
        session.say(f"{name} waits: no worker is running. Start `imagemill worker`.")
    _end(report, None, session)


def gather_round(
    name: str,
    select: Callable[[Batch, Catalogue], AnySelection],
    say: Callable[[Gathered, AnySelection], None],
    connection: Connection,
    session: Session,
    *,
    dry_run: bool,
) -> tuple[Gathered, AnySelection, int | None]:
    """Choose the rows, say what they are, and hand them in unless it is only a rehearsal.

    `select` is given the batch and the models it orders from. The round's number comes along; None where
    nothing was handed in.
    """
    ledger, storage = connection.ledger, connection.storage
    document = document_of(ledger.batches, name)
    models = _models(document, connection, session)
    selection = select(document, models)
    finished_at = check_finished(status_of(ledger.batches, name))
    with tempfile.TemporaryDirectory(prefix="imagemill-") as folder:
        if dry_run:
            gathered = gather(name, selection, storage, models, None)
            say(gathered, selection)
            return gathered, selection, None
        chunks = ChunkFiles(Path(folder), round_=ledger.batches.new_round(name))
        gathered = gather(name, selection, storage, models, chunks)
        say(gathered, selection)
        forget_unwanted(gathered, storage)
        if not gathered.tally.jobs:
            return gathered, selection, None
        hand_in_again(document, gathered, chunks, finished_at, (ledger, storage))
        return gathered, selection, chunks.round


def counted(states: dict[JobState, int]) -> str:
    """Rows by how they ended, in words."""
    counts = [f"{states[state]:,} {state}" for state in ENDED_STATES if states.get(state)]
    return ", ".join(counts) or "no rows"


def _models(document: Batch, connection: Connection, session: Session) -> Catalogue:
    """The catalogue, with the models nobody lists as they were handed in."""
    lanes = ((text, connection.ledger.lanes.unlisted(text)) for text in document.lanes)
    said = [(Lane.parse(text), words) for text, words in lanes if words]
    known = session.settings.known_models()
    return described(known, [(lane.provider, lane.model, words) for lane, words in said])


def _end(report: RoundReport, status: BatchStatus | None, session: Session) -> None:
    """Print what is asked for, and exit."""
    if session.as_json:
        session.data(report.model_copy(update={"status": status}))
    elif report.round is not None:
        click.echo(report.batch)
    sys.exit(0 if status is None else of_finished(status))
