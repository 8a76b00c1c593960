"""`schedule`: orders that are handed in every night."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import click

from ledger.opening import Ledger
from ledger.schedules import Planned
from producer.beat import night_intake
from producer.commands.checked_manifest import checked_manifest
from producer.commands.hours import HOURS, hours_from
from producer.commands.ordering import (
    models_from,
    order_from,
    order_options,
    summary,
)
from producer.commands.reading import GOES_ON
from producer.commands.remote import reachable, require_fleet, say_beats
from producer.commands.schedule_view import (
    night_row,
    planned_schedule,
    schedule_row,
    schedule_status,
    server_time,
    shown_moment,
    still_coming,
    with_batch,
)
from producer.commands.told import told
from producer.connecting import connected, connected_ledger
from producer.errors import OptionError, ProducerError
from producer.exit_codes import ExitCode
from producer.fetched_manifest import NotOpenToUs
from producer.nights import Cron, check_name, extra_name, night_name
from producer.packed_order import packed
from producer.session import Session, open_session, session_options, session_part
from producer.table import print_table
from producer.web_manifest import NotThere, OutOfReach
from schemas.batch_file import BatchFile
from schemas.intake import ENDED, IntakeState, IntakeStatus
from schemas.schedule import Missed, Schedule
from schemas.zone import UTC_NAME

RECENT = 20
"""Nights among which one may still be going on."""
TWICE_S = 60.0
"""What is said again so soon was meant once."""


class ScheduleThere(ProducerError):
    """There is one of that name."""

    exit_code = ExitCode.USAGE


@click.group()
def schedule() -> None:
    """Hand in an order every night. `imagemill beat` must be running."""


@schedule.command()
@click.argument("called", metavar="NAME")
@click.argument("manifest")
@click.option(
    "--cron",
    required=True,
    metavar="LINE",
    help='When: minute hour day month weekday, "0 1 * * *".',
)
@click.option(
    "--tz",
    metavar="ZONE",
    help="Time zone of --cron and --window, as Asia/Shanghai. [default: the batch file's, or UTC]",
)
@HOURS
@click.option(
    "--missed",
    type=click.Choice([str(each) for each in Missed]),
    default=str(Missed.CATCH_UP),
    show_default=True,
    help="When nobody looked at its time: hand the last such night in afterwards, or leave it out.",
)
@click.option("--replace", is_flag=True, help="Replace the schedule of that name.")
@order_options
@session_options
def add(called: str, manifest: str, **options: Any) -> None:
    """Hand MANIFEST in whenever --cron says so, as batch NAME-DATE.

    MANIFEST is a batch file (.toml), https://..., s3://bucket/key or a local file, which is uploaded
    as it is now. {date} in an address is the night's date.
    """
    session = open_session(**session_part(options))
    require_fleet(session)
    said = {key: options.pop(key) for key in ("cron", "missed", "replace")}
    manifest, options = told(manifest, options)
    cron = Cron(said["cron"], options["tz"] or UTC_NAME)
    if options["name"] is not None:
        raise OptionError("a night's batch is called NAME-DATE; take --batch (batch = ...) out")
    check_name(called)
    hours_from(options)  # what is wrong is said before anything is uploaded
    with connected(session.settings, session.clock, create=True) as connection:
        ledger = connection.ledger
        if ledger.schedules.find(called) is not None and not said["replace"]:
            raise ScheduleThere(f"There is a schedule {called!r}; --replace replaces it.")
        address = reachable(manifest, connection.storage, session)
        made = _made(called, said, packed(address, options), options, session)
        next_at = cron.after(server_time(ledger))
        _check(made, cron, next_at, options, session)
        ledger.schedules.put(made, int(next_at.timestamp() * 1000))
        session.say(f"{called} is due next at {shown_moment(next_at, made.tz)}.")
        say_beats(ledger, session)
        if session.as_json:
            session.data(schedule_status(called, ledger))


@schedule.command(name="list")
@session_options
def list_all(**options: Any) -> None:
    """Show all schedules: when each is due next, and what became of its last night."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        found = [schedule_status(name, ledger) for name in ledger.schedules.names()]
        if session.as_json:
            for entry in found:
                session.data(entry)
            return
        if not found:
            session.say("There is no schedule yet. `imagemill schedule add` makes one.")
            return
        columns = ("schedule", "cron", "next", "hours", "missed", "manifest", "last", "")
        print_table(columns, [schedule_row(entry) for entry in found])
        say_beats(ledger, session)


@schedule.command()
@click.argument("name")
@session_options
def remove(name: str, **options: Any) -> None:
    """Forget the schedule NAME and its history; its batches stay as they are."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        planned_schedule(name, ledger)
        coming = still_coming(name, ledger)
        ledger.schedules.remove(name)
        session.say(f"{name} is removed; batches that were handed in go on.{coming}")


@schedule.command(name="run-now")
@click.argument("name")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The night of that date, which was missed or refused. [default: a batch besides]",
)
@session_options
def run_now(name: str, *, day: datetime | None, **options: Any) -> None:
    """Hand the order of schedule NAME in now, as a batch of its own; what was drawn is not paid again.

    Said again within a minute, or while that batch may still order, it names the same.
    """
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        planned = planned_schedule(name, ledger)
        found = None if day else _asked_before(planned.schedule, ledger)
        if found is None:
            found = _handed_over(planned, day, ledger, session)
        else:
            session.say(f"{found.batch} was asked for before: {found.batch_state or found.state}.")
        if planned.schedule.hours is not None:
            session.say(f"It orders within its hours only: {planned.schedule.hours}.")
        say_beats(ledger, session)
        if session.as_json:
            session.data(found)
        else:
            click.echo(found.batch)


@schedule.command()
@click.argument("name")
@click.option(
    "--limit", type=click.IntRange(1), default=30, show_default=True, help="Nights shown."
)
@session_options
def history(name: str, *, limit: int, **options: Any) -> None:
    """Show what became of the nights of schedule NAME, the newest first."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        tz = planned_schedule(name, ledger).schedule.tz
        found = [
            with_batch(status, ledger)
            for night in ledger.schedules.nights(name, limit)
            if (status := ledger.intakes.status(night)) is not None
        ]
    if session.as_json:
        for entry in found:
            session.data(entry)
        return
    if not found:
        session.say(f"{name} was not due yet.")
        return
    columns = ("batch", "planned", "", "rows", "batch is", "")
    print_table(columns, [night_row(entry, tz) for entry in found])


def _made(
    name: str, said: dict[str, Any], order: BatchFile, options: dict[str, Any], session: Session
) -> Schedule:
    return Schedule(
        name=name,
        cron=said["cron"],
        tz=options["tz"] or UTC_NAME,
        missed=Missed(said["missed"]),
        order=order,
        hours=hours_from(options),
        added_at=session.clock.now().isoformat(timespec="seconds"),
    )


def _check(
    made: Schedule, cron: Cron, next_at: datetime, options: dict[str, Any], session: Session
) -> None:
    """Read the manifest as at night. Raises RowsRefused; one that is not there yet may come."""
    models = models_from(options, session)
    order = order_from(options, session, models)
    address = night_intake(made, cron, next_at, made.name, next_at).order.manifest
    try:
        with checked_manifest(address, order, options, session, models) as checked:
            session.say(summary(checked.tally, order.budgets, hours=order.hours))
    except (NotThere, OutOfReach, NotOpenToUs) as error:
        session.complain(f"warning: {str(error).rstrip('.')}. It is read when {made.name} is due.")


def _night_of(day: date, schedule: Schedule, cron: Cron, now: datetime) -> datetime:
    """The moment of a date's night. Raises OptionError."""
    if cron.several_a_day:
        raise OptionError(f"--date: {schedule.name} is due several times a day")
    midnight = datetime.combine(day, time(), cron.local(now).tzinfo)
    moment = cron.after(midnight - timedelta(seconds=1))
    if moment.date() != day:
        raise OptionError(f"--date: {schedule.name} has no night on {day}")
    if moment > now:
        raise OptionError(f"--date: {schedule.name} is not due on {day} before {moment:%H:%M}")
    return moment


def _handed_over(
    planned: Planned, day: datetime | None, ledger: Ledger, session: Session
) -> IntakeStatus:
    """Have the order read: as the night of a day, or besides the nights. Raises OptionError."""
    made, now = planned.schedule, server_time(ledger)
    cron = Cron(made.cron, made.tz)
    if day is None:
        moment, batch = now, extra_name(made.name, cron, now)
    else:
        moment = _night_of(day.date(), made, cron, now)
        batch = night_name(made.name, cron, moment)
    intake = night_intake(made, cron, moment, batch, now)
    opened = ledger.intakes.open(intake, again=True)
    nights = {intake.id: int(moment.timestamp() * 1000)}
    ledger.schedules.book(made.name, planned.next_ms, planned.next_ms, nights)
    session.say(f"{batch} is on its way." if opened else f"{batch} is on its way already.")
    status = ledger.intakes.status(intake.id)
    assert status is not None
    return status


def _asked_before(made: Schedule, ledger: Ledger) -> IntakeStatus | None:
    """The batch besides the nights that is the same order still: another would order nothing else."""
    cron, now = Cron(made.cron, made.tz), server_time(ledger)
    for night in ledger.schedules.nights(made.name, RECENT):
        record, status = ledger.intakes.record(night), ledger.intakes.status(night)
        if record is None or status is None or status.batch is None or status.planned_at is None:
            continue
        moment = datetime.fromisoformat(status.planned_at)
        if status.batch == night_name(made.name, cron, moment):
            continue
        if night_intake(made, cron, moment, status.batch, now).order != record.intake.order:
            continue  # the schedule was replaced since
        found = with_batch(status, ledger)
        recent = now.timestamp() - record.first_ms / 1000 < TWICE_S
        if found.state not in ENDED or found.batch_state in GOES_ON:
            return found
        if recent and found.state is IntakeState.HANDED_IN:
            return found
    return None
