"""`retry`: rows of a finished batch once more, in the same batch."""

from __future__ import annotations

from typing import Any

import click
from pydantic import Field

from producer.another_round import Gathered
from producer.budget import prices
from producer.choice import USUAL_STATES, Choice, error_classes, named_ids
from producer.commands.further_round import RoundReport, counted, gather_round, order_round
from producer.connecting import Connection
from producer.session import Session, open_session, session_options, session_part
from schemas.money import to_texts
from schemas.states import JobState

_STATES = ("failed", "partial", "uncertain", "cancelled")


class RetryReport(RoundReport):
    """What `retry --json` prints."""

    by_state: dict[JobState, int] = Field(description="rows run again, by how they had ended")
    possible_double_charges: int = Field(description="rows that may have been paid for already")


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

    def make(name: str, connection: Connection) -> RetryReport:
        return _run_again(name, choice, options, connection, session)

    order_round(batch, make, session, wait=options["wait"])


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
    dry_run: bool = options["dry_run"]

    def say(gathered: Gathered, _: Choice) -> None:
        _say(gathered, name, session)

    gathered, _, number = gather_round(
        name, lambda *_: choice, say, connection, session, dry_run=dry_run
    )
    tally = gathered.tally
    return RetryReport(
        batch=name,
        round=number,
        jobs=tally.jobs,
        images=tally.images,
        by_state=dict(tally.states),
        at_most_cost=to_texts(tally.costs_micro),
        possible_double_charges=tally.possible_double_charges,
        dry_run=dry_run,
    )


def _say(gathered: Gathered, name: str, session: Session) -> None:
    tally = gathered.tally
    if gathered.passed_over:
        session.say(f"Not run again, though named: {counted(gathered.passed_over)}.")
    if not tally.jobs:
        session.say(f"No row is meant by that: {name} has {counted(gathered.left)}.")
        if gathered.left.get(JobState.UNCERTAIN):
            session.say(f"`imagemill retry {name} --uncertain` orders uncertain rows once more.")
        return
    rows = f"{tally.jobs:,} row{'' if tally.jobs == 1 else 's'} again"
    session.say(
        f"{rows} ({counted(tally.states)}), {tally.images:,} images,"
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
