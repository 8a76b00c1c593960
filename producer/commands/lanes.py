"""`lanes`: how fast each lane goes, what stopped it, and how to change that."""

from __future__ import annotations

from typing import Any

import click
from pydantic import ValidationError

from ledger.opening import Ledger
from producer.connecting import connected_ledger
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.session import Session, open_session, session_options
from producer.table import print_table
from schemas.lane import LaneLimits, LaneStatus, Limit, parse_rate
from schemas.parameter import nearest

NO_LANE = "There is no lane yet: the first batch of a model and account makes theirs."


class NoSuchLane(ProducerError):
    """Nobody ever ordered through that lane."""

    exit_code = ExitCode.USAGE


@click.group(invoke_without_command=True)
@session_options
@click.pass_context
def lanes(context: click.Context, /, **options: Any) -> None:
    """Show all lanes: limits, how much of them is used, what waits, and which limit binds."""
    context.obj = options
    if context.invoked_subcommand is not None:
        return
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        found = [lane_status(ledger, name) for name in ledger.lanes.names()]
        working = bool(ledger.fleet.workers())
    if session.as_json:
        for entry in found:
            session.data(entry)
        return
    if not found:
        session.say(NO_LANE)
        return
    columns = (
        "lane",
        "rate",
        "used",
        "window",
        "in play",
        "waiting",
        "ready",
        "storing",
        "429s",
        "typical",
        "limited by",
    )
    print_table(columns, [_row(entry, working=working) for entry in found])


def _row(entry: LaneStatus, *, working: bool) -> tuple[str, ...]:
    return (
        entry.lane,
        f"{entry.limits.rate_per_s:g}/s",
        f"{entry.leaving_per_s / entry.limits.rate_per_s:.0%}",
        str(entry.limits.window),
        str(entry.in_play),
        str(entry.waiting),
        str(entry.ready),
        str(entry.storing),
        str(entry.throttled),
        "" if entry.typical_s is None else f"{entry.typical_s:.1f} s",
        _remark(entry, working=working),
    )


_WORDS = {
    Limit.NOTHING_TO_DO: "nothing to do",
    Limit.HOURS: "outside the hours of what waits",
    Limit.QUERY_RATE: "the account's task queries",
    Limit.PROVIDER: "the provider, which refuses or fails",
    Limit.STORING: "storing, which lags",
    Limit.RUNNING: "window",
    Limit.WORKERS: "workers: more threads would help",
}
"""Where a limit's own name says too little."""
_WORKED_OFF = {Limit.WORKERS, Limit.RATE, Limit.RUNNING, Limit.STORING, Limit.QUERY_RATE}
"""What binds nobody who does not work."""


def _remark(entry: LaneStatus, *, working: bool) -> str:
    """What keeps the lane from ordering more, and why nothing leaves where that is known."""
    if entry.stopped is not None:
        return f"stopped: {entry.stopped}"
    binds = _WORDS.get(entry.binds, entry.binds)
    if not working and entry.binds in _WORKED_OFF:
        binds = "workers: none is running"
    return f"{binds}; {entry.trouble}" if entry.trouble else binds


@lanes.command("set")
@click.argument("lane")
@click.option("--rate", metavar="RATE", help="Orders per second or minute: 2/s, 2/min.")
@click.option(
    "--window", type=click.IntRange(1), metavar="JOBS", help="Jobs at the provider at once."
)
@click.option(
    "--burst", type=click.IntRange(1), metavar="ORDERS", help="Orders that may leave at one moment."
)
@click.pass_obj
def set_limits(options: dict[str, Any], /, lane: str, **changes: Any) -> None:
    """Change LANE's limits, at once and until changed again."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        before = lane_status(ledger, lane).limits
        try:
            if changes["rate"] is not None:
                changes["rate_per_s"] = parse_rate(changes["rate"])
            del changes["rate"]
            given = {name: value for name, value in changes.items() if value is not None}
            limits = LaneLimits(**{**before.model_dump(), **given})
        except (ValueError, ValidationError) as error:
            raise click.BadParameter(str(error), param_hint="--rate") from error
        ledger.lanes.open(lane, limits, pin=True)
    session.say(f"{lane}: {limits.rate_per_s:g}/s, burst {limits.burst}, window {limits.window}.")


@lanes.command()
@click.argument("lane")
@click.pass_obj
def resume(options: dict[str, Any], /, lane: str) -> None:
    """Take new jobs in LANE again after it was stopped."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        resume_lane(lane, ledger, session)


def resume_lane(lane: str, ledger: Ledger, session: Session) -> None:
    """Let a lane take new jobs again, and say so. Raises NoSuchLane."""
    lane_status(ledger, lane)
    was_stopped = ledger.lanes.resume(lane)
    session.say(f"{lane} goes on." if was_stopped else f"{lane} was not stopped.")


def lane_status(ledger: Ledger, lane: str) -> LaneStatus:
    """A lane's figures. Raises NoSuchLane naming those there are."""
    status = ledger.lanes.status(lane)
    if status is None:
        known = ledger.lanes.names()
        hint = nearest(lane, known) or f"; there is {', '.join(known)}."
        raise NoSuchLane(f"There is no lane {lane!r}{hint}" if known else NO_LANE)
    return status
