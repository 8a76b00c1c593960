"""`status`, `watch` and `batches`: how things stand."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from producer.commands.following import waited_for
from producer.commands.working import continue_batch
from producer.connecting import connected_ledger
from producer.exit_codes import of_finished
from producer.problem import printable
from producer.session import Session, open_session, session_options
from producer.standing import advice, budget, hindrances, money, priority, reused, risk
from producer.table import print_table
from producer.watching import chosen, status_of
from schemas.batch import BatchStatus
from schemas.notify import Occasion
from schemas.states import BatchState


@click.command()
@click.argument("batch", required=False)
@session_options
def status(batch: str | None, **options: Any) -> None:
    """Show how BATCH stands (default: the newest): counts, cost, and what is in its way."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        batches = ledger.batches
        found = status_of(batches, chosen(batches, batch))
        if session.as_json:
            session.data(found)
            return
        untold = ledger.notices.untold(found.batch)
        lines = [*_lines(found), *_untold(untold)]
        if found.state == BatchState.RUNNING and not ledger.fleet.workers():
            lines.append(("to do", _nobody_works(session)))
        for name, value in lines:
            click.echo(f"{name:<12}{printable(value)}")


@click.command()
@click.argument("batch", required=False)
@session_options
@click.option(
    "--timeout",
    "timeout_s",
    type=float,
    metavar="SECONDS",
    help="Give up waiting after this; the batch goes on.",
)
def watch(batch: str | None, *, timeout_s: float | None, **options: Any) -> None:
    """Follow BATCH until it is finished (default: the newest).

    On the machine of an interrupted `run` this goes on with the batch.
    """
    session = open_session(**options)
    if _interrupted_here(batch, session):
        continue_batch(batch, session)
        return
    with connected_ledger(session.settings, session.clock) as ledger:
        name = chosen(ledger.batches, batch)
        found = waited_for(ledger, name, session, timeout_s)
    if session.as_json:
        session.data(found)
    sys.exit(of_finished(found))


@click.command()
@session_options
def batches(**options: Any) -> None:
    """List all batches, the newest first."""
    session = open_session(**options)
    with connected_ledger(session.settings, session.clock) as ledger:
        found = [status_of(ledger.batches, name) for name in ledger.batches.names()]
    if session.as_json:
        for entry in found:
            session.data(entry)
        return
    if not found:
        session.say("There is no batch yet. Begin with `imagemill run MANIFEST`.")
        return
    columns = ("batch", "state", "done", "failed", "images", "cost", "started", "")
    print_table(columns, [_row(entry) for entry in found])


def _row(entry: BatchStatus) -> tuple[str, ...]:
    failed = entry.failed + entry.partial + entry.uncertain
    return (
        entry.batch,
        entry.state,
        f"{entry.ended}/{entry.total}",
        str(failed or ""),
        str(entry.images),
        money(entry),
        (entry.started_at or "")[:19],
        "; ".join([*filter(None, [_urgency(entry), risk(entry)]), *hindrances(entry)]),
    )


def _urgency(entry: BatchStatus) -> str:
    return f"{priority(entry)} priority" if priority(entry) else ""


def _interrupted_here(batch: str | None, session: Session) -> bool:
    """Whether the batch waits on this machine for somebody to go on with it."""
    if session.settings.redis_url is not None:
        return False
    with connected_ledger(session.settings, session.clock) as ledger:
        state = ledger.batches.state(chosen(ledger.batches, batch))
        return state is not BatchState.FINISHED and not ledger.fleet.workers()


def _nobody_works(session: Session) -> str:
    embedded = session.settings.redis_url is None
    command = "imagemill run --resume" if embedded else "imagemill worker"
    return f"no worker is running: `{command}` goes on"


def _untold(untold: Mapping[Occasion, str]) -> list[tuple[str, str]]:
    """What nobody could be told so far; of what was told nothing is said."""
    return [("not told", f"{occasion}: {why}") for occasion, why in untold.items()]


def _lines(found: BatchStatus) -> list[tuple[str, str]]:
    lines = [("batch", found.batch), ("state", found.state)]
    lines += [("priority", priority(found)), ("total", str(found.total))]
    for name in ("pending", "released", "submitting", "running", "storing"):
        if getattr(found, name):
            lines.append((name, str(getattr(found, name))))
    lines.append(("succeeded", str(found.succeeded)))
    for name in ("partial", "failed", "cancelled", "uncertain"):
        if getattr(found, name):
            lines.append((name, str(getattr(found, name))))
    lines += [("images", str(found.images)), ("reused", reused(found))]
    lines += [("cost", money(found)), ("budget", budget(found))]
    lines += [("at risk", risk(found))]
    lines += [("started", found.started_at or ""), ("finished", found.finished_at or "")]
    lines += [("stopped", f"{lane}: {why}") for lane, why in found.stopped.items()]
    lines += [("trouble", f"{lane}: {why}") for lane, why in found.troubles.items()]
    lines += [("to do", advice(found))]
    return [(name, value) for name, value in lines if value]
