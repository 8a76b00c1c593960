"""Schedules and their nights, as people see them."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.opening import Ledger
from ledger.schedules import Planned
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.nights import Cron
from schemas.intake import ENDED, IntakeState, IntakeStatus
from schemas.manifest_place import is_remote, read_place
from schemas.schedule import ScheduleStatus

_RECENT = 20
"""Nights among which some may still be on their way."""


class NoSuchSchedule(ProducerError):
    """There is no schedule of that name."""

    exit_code = ExitCode.USAGE


def schedule_status(name: str, ledger: Ledger) -> ScheduleStatus:
    """A schedule, and what became of its last night. Raises NoSuchSchedule."""
    planned = planned_schedule(name, ledger)
    found = planned.schedule
    next_at = datetime.fromtimestamp(planned.next_ms / 1000, UTC)
    nights = ledger.schedules.nights(name, 1)
    last = ledger.intakes.status(nights[0]) if nights else None
    if last is not None:
        last = with_batch(last, ledger)
    address = found.order.manifest
    return ScheduleStatus(
        schedule=name,
        cron=found.cron,
        tz=found.tz,
        missed=found.missed,
        hours=None if found.hours is None else f"{found.hours.start}-{found.hours.end}",
        manifest=read_place(address).shown if is_remote(address) else address,
        next_at=Cron(found.cron, found.tz).local(next_at).isoformat(timespec="minutes"),
        last=None if last is None else last.batch,
        last_state=None if last is None else (last.batch_state or str(last.state)),
    )


def with_batch(status: IntakeStatus, ledger: Ledger) -> IntakeStatus:
    """With how its batch stands, where there is one."""
    if status.state is not IntakeState.HANDED_IN or status.batch is None:
        return status
    found = ledger.batches.status(status.batch)
    return status.model_copy(update={"batch_state": None if found is None else found.state})


def still_coming(name: str, ledger: Ledger) -> str:
    """What to say of nights that are being read, which a schedule's end does not call back."""
    found = map(ledger.intakes.status, ledger.schedules.nights(name, _RECENT))
    count = sum(status is not None and status.state not in ENDED for status in found)
    return f" {count} more that are on their way are handed in still." if count else ""


def schedule_row(entry: ScheduleStatus) -> tuple[str, ...]:
    """A line of `schedule list`."""
    return (
        entry.schedule,
        f"{entry.cron} {entry.tz}",
        entry.next_at[:16].replace("T", " "),
        entry.hours or "",
        str(entry.missed),
        entry.manifest,
        entry.last or "",
        entry.last_state or "",
    )


def night_row(entry: IntakeStatus, tz: str) -> tuple[str, ...]:
    """A line of `schedule history`."""
    planned = datetime.fromisoformat(entry.planned_at or entry.asked_at)
    return (
        entry.batch or entry.id,
        shown_moment(planned, tz),
        str(entry.state),
        str(entry.total or entry.rows_read or ""),
        entry.batch_state or "",
        entry.said.partition("\n")[0],
    )


def shown_moment(moment: datetime, tz: str) -> str:
    """A moment as its schedule has it."""
    return f"{Cron('0 0 * * *', tz).local(moment):%Y-%m-%d %H:%M} {tz}"


def planned_schedule(name: str, ledger: Ledger) -> Planned:
    """Raises NoSuchSchedule naming those there are."""
    found = ledger.schedules.find(name)
    if found is None:
        known = ", ".join(ledger.schedules.names())
        raise NoSuchSchedule(
            f"There is no schedule {name!r}; there {f'is {known}' if known else 'is none yet'}."
        )
    return found


def server_time(ledger: Ledger) -> datetime:
    """The time by the server, as all that is due goes by."""
    return datetime.fromtimestamp(ledger.fleet.now_ms() / 1000, UTC)
