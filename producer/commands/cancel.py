"""`cancel`: what was not ordered yet is withdrawn; what was is fetched, since it is paid for."""

from __future__ import annotations

import sys
from typing import Any

import click

from ledger.opening import Ledger
from producer.commands.lanes import lane_status
from producer.commands.pause import is_lane
from producer.commands.working import Manner, continue_batch
from producer.connecting import connected_ledger, nobody_works_here
from producer.session import Session, open_session, session_options, session_part
from producer.watching import document_of, status_of
from schemas.batch import Batch, Hold, LaneCounts
from schemas.states import BatchState, JobState


@click.command()
@click.argument("target", metavar="BATCH|LANE")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@session_options
def cancel(target: str, *, yes: bool, **options: Any) -> None:
    """Withdraw what is left of BATCH, or of all batches in LANE.

    Rows not ordered yet end as cancelled. What waits at the provider is cancelled there where it
    can be; what it draws already is paid for, and stored when it comes.
    """
    session = open_session(**session_part(options))
    with connected_ledger(session.settings, session.clock) as ledger:
        found = _meant(target, ledger)
        if not found:
            session.say(f"{target}: every row has ended; there is nothing to cancel.")
        elif _agreed(found, ledger, session, yes=yes):
            for batch, lanes in found:
                ledger.batches.hold(batch.batch, lanes, Hold.CANCEL)
        else:
            session.say("Nothing was done.")
            return
        others = _others_wait([batch.batch for batch, _ in found], ledger)
        statuses = [status_of(ledger.batches, name) for name in _names(target, found)]
    alone = found and nobody_works_here(session.settings)
    if alone and len(found) == 1 and not others:
        continue_batch(found[0][0].batch, session, Manner(resumes_lanes=False))
    if alone:
        # A worker started here would order what other batches have left, which nobody asked for.
        session.say("`imagemill run --resume` finishes the withdrawal.")
    if session.as_json:
        for status in statuses:
            session.data(status)


def _meant(target: str, ledger: Ledger) -> list[tuple[Batch, list[str]]]:
    """The unfinished batches and their lanes that are to be withdrawn. Raises NoSuchBatch."""
    if not is_lane(target):
        batch = document_of(ledger.batches, target)
        state = ledger.batches.state(target)
        return [] if state is BatchState.FINISHED else [(batch, list(batch.lanes))]
    lane_status(ledger, target)
    batches = [document_of(ledger.batches, name) for name in _unfinished(ledger)]
    return [(batch, [target]) for batch in batches if target in batch.lanes]


def _names(target: str, found: list[tuple[Batch, list[str]]]) -> list[str]:
    return [batch.batch for batch, _ in found] or ([] if is_lane(target) else [target])


def _unfinished(ledger: Ledger) -> list[str]:
    names = ledger.batches.names()
    return [name for name in names if ledger.batches.state(name) is not BatchState.FINISHED]


def _others_wait(names: list[str], ledger: Ledger) -> bool:
    """Whether other batches have rows that a worker would order."""
    others = [
        document_of(ledger.batches, name) for name in _unfinished(ledger) if name not in names
    ]
    return any(not counts.holds for batch in others for counts in ledger.batches.counts(batch))


def _agreed(
    found: list[tuple[Batch, list[str]]], ledger: Ledger, session: Session, *, yes: bool
) -> bool:
    """Say what will happen; on a terminal, ask."""
    for batch, lanes in found:
        counts = [each for each in ledger.batches.counts(batch) if each.lane in lanes]
        session.say(f"{batch.batch}: {_consequences(counts)}")
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    return click.confirm("Withdraw them?", err=True)


def _consequences(counts: list[LaneCounts]) -> str:
    def total(*states: JobState) -> int:
        return sum(each.states[state] for each in counts for state in states)

    waiting = total(JobState.PENDING, JobState.RELEASED)
    ordered = total(JobState.SUBMITTING, JobState.RUNNING, JobState.STORING)
    said = f"{waiting:,} row{' is' if waiting == 1 else 's are'} withdrawn"
    if ordered:
        what = "is at the provider: paid for, and stored when it comes"
        if ordered > 1:
            what = "are at the provider: paid for, and stored when they come"
        said += f"; {ordered:,} {what}"
    return f"{said}."
