"""`pause` and `resume`: nothing more of a batch or a lane is ordered, until somebody says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ledger.opening import Ledger
from producer.budget import BudgetRefused, budgets_from, prices
from producer.commands.lanes import lane_status, resume_lane
from producer.commands.working import Manner, continue_batch
from producer.connecting import connected_ledger, nobody_works_here
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.session import Session, open_session, session_options, session_part
from producer.standing import budget
from producer.watching import all_parked, document_of, status_of
from schemas.batch import Batch, Hold
from schemas.lane import PAUSED_BY_HAND
from schemas.states import BatchState


class Withdrawn(ProducerError):
    """A cancelled batch does not go on."""

    exit_code = ExitCode.CANCELLED


def is_lane(target: str) -> bool:
    """Whether a lane is meant: no batch's name has a colon."""
    return ":" in target


@click.command()
@click.argument("target", metavar="BATCH|LANE")
@session_options
def pause(target: str, **options: Any) -> None:
    """Order nothing more of BATCH, or in LANE, until `resume`. What was ordered is fetched."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        if is_lane(target):
            _pause_lane(target, ledger, session)
        else:
            _pause_batch(target, ledger, session)


@click.command()
@click.argument("target", metavar="BATCH|LANE")
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    metavar="AMOUNT",
    help="The most BATCH may cost from now on, e.g. 80CNY.",
)
@session_options
def resume(target: str, *, budgets: tuple[str, ...], **options: Any) -> None:
    """Let BATCH or LANE go on after `pause`, or BATCH after its budget was spent.

    Without IMAGEMILL_REDIS_URL this works on the batch at once.
    """
    session = open_session(**session_part(options))
    limits = budgets_from(budgets)
    with connected_ledger(session.settings, session.clock) as ledger:
        if is_lane(target):
            if limits:
                raise click.UsageError("--budget belongs to a batch, not to a lane.")
            _resume_lane(target, ledger, session)
            return
        goes_on = _resume_batch(target, limits, ledger, session)
        status = status_of(ledger.batches, target)
    if goes_on and nobody_works_here(session.settings):
        continue_batch(target, session, Manner())
    if session.as_json:
        session.data(status)


def _pause_lane(lane: str, ledger: Ledger, session: Session) -> None:
    stopped = lane_status(ledger, lane).stopped
    if stopped is None:
        ledger.lanes.stop(lane, PAUSED_BY_HAND)
        session.say(f"{lane} is paused. `imagemill resume {lane}` lets it go on.")
    else:
        session.say(f"{lane} takes no new jobs anyway: {stopped}.")
    if session.as_json:
        session.data(lane_status(ledger, lane))


def _resume_lane(lane: str, ledger: Ledger, session: Session) -> None:
    resume_lane(lane, ledger, session)
    if session.as_json:
        session.data(lane_status(ledger, lane))


def _pause_batch(name: str, ledger: Ledger, session: Session) -> None:
    batch = document_of(ledger.batches, name)
    status = status_of(ledger.batches, name)
    if status.state == BatchState.FINISHED:
        session.say(f"{name} is finished; there is nothing to pause.")
    else:
        ledger.batches.hold(name, batch.lanes, Hold.PAUSE)
        at_provider = status.in_play - status.released
        fetched = f" {at_provider:,} at the provider will be fetched." if at_provider else ""
        session.say(f"{name} is paused.{fetched} `imagemill resume {name}` lets it go on.")
    if session.as_json:
        session.data(status_of(ledger.batches, name))


def _resume_batch(name: str, limits: Mapping[str, int], ledger: Ledger, session: Session) -> bool:
    """Take back what holds it; whether it goes on. Raises Withdrawn, BudgetRefused."""
    batch = document_of(ledger.batches, name)
    finished = status_of(ledger.batches, name).state == BatchState.FINISHED
    withdrawn = [Hold.CANCEL in counts.holds for counts in ledger.batches.counts(batch)]
    if all(withdrawn) and not finished:
        raise Withdrawn(
            f"{name} was cancelled. When its last orders have come in,"
            f" `imagemill retry {name} --cancelled` orders the withdrawn rows again."
        )
    _raise_budget(batch, limits, ledger, session)
    if finished:
        session.say(f"{name} is finished. `imagemill retry {name}` runs failed rows again.")
    else:
        was_paused = ledger.batches.unhold(name, batch.lanes, Hold.PAUSE)
        if all_parked(ledger.batches.counts(batch)):
            raise BudgetRefused(
                f"{name} is parked: {budget(status_of(ledger.batches, name))}."
                f" `imagemill resume {name} --budget AMOUNT` raises the budget."
            )
        session.say(f"{name} goes on." if was_paused or limits else f"{name} was not held.")
    return not finished


def _raise_budget(
    batch: Batch, limits: Mapping[str, int], ledger: Ledger, session: Session
) -> None:
    currencies = sorted(set(batch.currencies.values()))
    strange = sorted(limits.keys() - set(currencies))
    if strange:
        raise BudgetRefused(
            f"{batch.batch} is billed in {', '.join(currencies)}, not in {', '.join(strange)}."
        )
    for currency, limit_micro in limits.items():
        ledger.batches.set_budget(batch, currency, limit_micro)
    if limits:
        session.say(f"{batch.batch} may cost {prices(limits)} from now on.")
