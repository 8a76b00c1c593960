"""`reroll`: pictures that nobody liked are drawn anew, in the same batch."""

from __future__ import annotations

from typing import Any

import click
from pydantic import Field

from producer.another_round import Gathered
from producer.budget import prices
from producer.commands.further_round import RoundReport, counted, gather_round, order_round
from producer.connecting import Connection
from producer.reroll_choice import Rerolls
from producer.review import Review, read_review
from producer.session import Session, open_session, session_options, session_part
from schemas.batch import Batch
from schemas.catalogue import Catalogue
from schemas.money import to_texts
from schemas.states import JobState


class RerollReport(RoundReport):
    """What `reroll --json` prints."""

    reworded: int = Field(description="rows that are drawn with a new prompt")
    done_before: int = Field(description="pictures that were drawn anew since they were reviewed")
    rejected: int = Field(
        description="rows with rejected pictures only: drawn anew when they are handed in again"
    )


@click.command()
@click.argument("batch")
@click.argument("review", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--fresh-seeds", is_flag=True, help="Draw rows that fix their seed with another one as well."
)
@click.option("--dry-run", is_flag=True, help="Only say what it would be, and what it would cost.")
@click.option("--wait", is_flag=True, help="Follow the batch until it is finished.")
@session_options
def reroll(batch: str, review: str, **options: Any) -> None:
    """Draw pictures of a finished BATCH anew: those that REVIEW says `reroll` of.

    REVIEW is the review.csv that the contact sheet exports. A new picture gets a file of its own,
    with the revision in its name; all others stay as they are. A cell `prompt` is what the row is
    drawn with; one that begins with ... is added to the present prompt. What was drawn anew since
    the review is left alone, so that the same command twice orders once. Later batches get what was
    drawn last; a row whose pictures are all rejected is drawn anew when it is handed in again.
    """
    session = open_session(**session_part(options))
    decided = read_review(review)

    def make(name: str, connection: Connection) -> RerollReport:
        return _draw_anew(name, decided, options, connection, session)

    order_round(batch, make, session, wait=options["wait"])


def _draw_anew(
    name: str, review: Review, options: dict[str, Any], connection: Connection, session: Session
) -> RerollReport:
    dry_run: bool = options["dry_run"]

    def select(batch: Batch, models: Catalogue) -> Rerolls:
        return Rerolls(
            review,
            models,
            fresh_seeds=options["fresh_seeds"],
            first_revision=batch.revision,
        )

    def say(gathered: Gathered, rerolls: Rerolls) -> None:
        _say(gathered, rerolls, name, session)

    gathered, rerolls, number = gather_round(
        name, select, say, connection, session, dry_run=dry_run
    )
    tally = gathered.tally
    return RerollReport(
        batch=name,
        round=number,
        jobs=tally.jobs,
        images=tally.images,
        reworded=rerolls.reworded,
        done_before=rerolls.done_before,
        rejected=rerolls.rejected,
        at_most_cost=to_texts(tally.costs_micro),
        dry_run=dry_run,
    )


def _say(gathered: Gathered, rerolls: Rerolls, name: str, session: Session) -> None:
    tally, before, rejected = gathered.tally, rerolls.done_before, rerolls.rejected
    if before:
        what = "1 picture was" if before == 1 else f"{before:,} pictures were"
        session.say(f"{what} drawn anew since this review, and left alone.")
    if gathered.passed_over:
        session.say(f"Not drawn anew, though named: {counted(gathered.passed_over)}.")
        if gathered.passed_over.get(JobState.UNCERTAIN):
            session.say(f"`imagemill retry {name} --uncertain` orders uncertain rows once more.")
    if rejected:
        what = "1 row has" if rejected == 1 else f"{rejected:,} rows have"
        session.say(f"{what} rejected pictures only: drawn anew when handed in again, not now.")
    if not tally.jobs:
        session.say("Nothing is to be drawn anew.")
        return
    for caution in rerolls.cautions:
        session.complain(f"warning: {caution}")
    images = f"{tally.images:,} picture{'' if tally.images == 1 else 's'} anew"
    rows = f"{tally.jobs:,} row{'' if tally.jobs == 1 else 's'}"
    reworded = f", {rerolls.reworded:,} with a new prompt" if rerolls.reworded else ""
    session.say(
        f"{images} ({rows}{reworded}), at most {prices(tally.costs_micro)} at list price."
        " Everything else stays as it is."
    )
