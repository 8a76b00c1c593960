"""`prioritize`: how large a share of its lanes a batch has, while it is on its way."""

from __future__ import annotations

from typing import Any

import click

from producer.connecting import connected
from producer.session import open_session, session_options
from producer.watching import document_of, status_of
from schemas.batch import Priority
from schemas.states import BatchState


@click.command()
@click.argument("batch")
@click.argument("priority", type=click.Choice([str(each) for each in Priority]))
@session_options
def prioritize(batch: str, priority: str, **options: Any) -> None:
    """Give BATCH a larger or smaller share beside others, from its next order on."""
    session = open_session(**options)
    with connected(session.settings, session.clock) as connection:
        batches = connection.ledger.batches
        document = document_of(batches, batch)
        if status_of(batches, batch).state == BatchState.FINISHED:
            session.say(f"{batch} is finished; its priority counts when rows of it run again.")
        batches.prioritize(document, Priority(priority))
        session.say(f"{batch} has priority {priority} from now on.")
        if session.as_json:
            session.data(status_of(batches, batch))
