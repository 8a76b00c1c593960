"""`estimate`: what a manifest would order, cost and take, before it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import click

from ledger.opening import Ledger
from producer.already_done import already_done
from producer.commands.checked_manifest import checked_manifest, refuse_bad_rows
from producer.commands.hours import HOURS, TZ
from producer.commands.ordering import models_from, order_from, order_options
from producer.commands.told import told
from producer.connecting import NoMill, NotReachable, WrongAccess, connected_ledger, storage_to_read
from producer.embedded import EmbeddedServerError
from producer.estimate import LaneStanding, Prospect, estimated
from producer.estimate_text import render
from producer.handing_in import check_source
from producer.local_mill import SIMULATED_GENERATION_S
from producer.progress import reading
from producer.session import Session, open_session, session_options, session_part
from producer.submission import Checked, describe, lane_limits
from producer.tally import AlreadyDone
from schemas.batch import Batch
from schemas.lane import Lane, LaneLimits
from schemas.marker import MadeBatch
from schemas.money import Amount
from schemas.settings import Settings
from schemas.states import OPEN_STATES, BatchState

_AWAY = (NotReachable, WrongAccess, EmbeddedServerError)


@click.command()
@click.argument("manifest")
@click.option("--simulate", is_flag=True, help="Of a rehearsal: what `run --simulate` would order.")
@order_options
@session_options
@HOURS
@TZ
def estimate(manifest: str, *, simulate: bool, **options: Any) -> None:
    """Say what MANIFEST would order, cost and take; nothing is sent."""
    session = open_session(**session_part(options))
    if simulate:
        session = session.embedded()  # as a rehearsal has a server of its own
    manifest, options = told(manifest, options)
    say_estimate(manifest, options, session, simulated=simulate)


def say_estimate(
    manifest: str, options: dict[str, Any], session: Session, *, simulated: bool = False
) -> None:
    """Print the estimate, of the good rows where others are wrong. Raises RowsRefused at the end."""
    models = models_from(options, session, simulated=simulated)
    order = order_from(options, session, models, simulated=simulated)
    with checked_manifest(manifest, order, options, session, models, refuse=False) as checked:
        batch = describe(checked, order, models, session.clock.now())
        limits = lane_limits(batch.lanes, session.settings, models)
        prospect, made = _prospect(checked, batch, limits, session)
        if not prospect.handed_in_before:
            prospect = replace(prospect, done=look_up(checked, batch, made, session))
        found = estimated(replace(prospect, budgets=order.budgets, hours=order.hours))
        if session.as_json:
            session.data(found)
        else:
            click.echo(render(found))
        refuse_bad_rows(checked, order)


def _prospect(
    checked: Checked, batch: Batch, limits: Mapping[str, LaneLimits], session: Session
) -> tuple[Prospect, MadeBatch | None]:
    """What is known beside the manifest: the lanes as they are, and the batch where it is there."""
    standings = {lane: LaneStanding(found) for lane, found in limits.items()}
    handed_in_before, made = False, None
    try:
        with connected_ledger(session.settings, session.clock) as ledger:
            handed_in_before, made = _is_there(batch, ledger), _made(batch.batch, ledger)
            standings |= _standings(batch, limits, ledger)
    except NoMill:
        pass  # nothing was ever ordered here, so that the settings are all there is
    except _AWAY as error:
        made = MadeBatch(batch.batch, made_at=None)
        session.complain(f"{error} The lanes are taken to be empty, with the settings' limits.")
    if batch.simulated:
        standings = {lane: _rehearsed(found) for lane, found in standings.items()}
    prospect = Prospect(
        batch=batch.batch,
        manifest=checked.manifest.name,
        tally=checked.tally,
        fresh=batch.fresh,
        standings=standings,
        handed_in_before=handed_in_before,
        daily_caps=_daily_caps(batch.lanes, session.settings),
    )
    return prospect, made


def _rehearsed(standing: LaneStanding) -> LaneStanding:
    """The lane as the simulator works: it is faster than the provider it stands in for."""
    return replace(standing, learned_s=standing.learned_s or SIMULATED_GENERATION_S)


def look_up(
    checked: Checked, batch: Batch, made: MadeBatch | None, session: Session
) -> AlreadyDone | None:
    """Which rows were drawn in an earlier batch; None: nobody looks, or the storage is away.

    `made` is the batch where it was begun before: what it has drawn itself is no earlier one's.
    """
    if batch.fresh:
        return None
    name = checked.manifest.name
    try:
        with (
            storage_to_read(session.settings) as storage,
            reading(
                session.err, session.clock, name, done="looked up", quiet=session.quiet
            ) as read,
        ):
            return already_done(checked.chunks.jobs(), made, checked.tally, storage, read)
    except _AWAY as error:
        session.complain(f"{error} What was drawn before is not known; every row counts as new.")
        return None


def _is_there(batch: Batch, ledger: Ledger) -> bool:
    """Whether the same batch was handed in before. Raises NameTaken where another has its name."""
    known = ledger.batches.document(batch.batch)
    if known is None:
        return False
    check_source(batch, known)
    return ledger.batches.state(batch.batch) is not BatchState.OPENING


def _made(batch: str, ledger: Ledger) -> MadeBatch | None:
    known = ledger.batches.document(batch)
    return None if known is None else MadeBatch(batch, known.created_at)


def _standings(
    batch: Batch, limits: Mapping[str, LaneLimits], ledger: Ledger
) -> dict[str, LaneStanding]:
    """The lanes that were ordered from before, as they are."""
    own_rows = {
        counts.lane: sum(counts.states[state] for state in OPEN_STATES)
        for counts in ledger.batches.counts(batch)
        if counts.chunks  # otherwise nothing of it was handed in yet
    }
    found = {}
    for lane, said in limits.items():
        status = ledger.lanes.status(lane)
        if status is None:
            continue
        stopped = f"stopped: {status.stopped}" if status.stopped else None
        rows = status.waiting + status.ready + status.in_play
        found[lane] = LaneStanding(
            limits=status.limits if status.pinned else said,  # submitting writes the settings' own
            pinned=status.pinned,
            learned_s=status.typical_s,
            ahead=max(rows - own_rows.get(lane, 0), 0),
            hindrance=stopped or status.trouble,
        )
    return found


def _daily_caps(lanes: Iterable[str], settings: Settings) -> dict[tuple[str, str], Amount]:
    """The daily caps of the accounts that are ordered through, by provider and account."""
    caps = {}
    for text in lanes:
        lane = Lane.parse(text)
        account = settings.accounts.get(lane.account)
        if account is not None and account.daily_cap and account.provider == lane.provider:
            caps[lane.provider, lane.account] = Amount.parse(account.daily_cap)
    return caps
