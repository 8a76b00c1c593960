"""`submit` and `validate`: hand a manifest to the workers, or only check it."""

from __future__ import annotations

import sys
from typing import Any

import click

from producer.commands.announcement import announce
from producer.commands.checked_manifest import checked_manifest
from producer.commands.estimate import say_estimate
from producer.commands.following import waited_for
from producer.commands.hours import HOURS, TZ
from producer.commands.ordering import (
    before_ordering,
    handed_in_before,
    models_from,
    order_from,
    order_options,
    summary,
)
from producer.commands.remote import submit_remote
from producer.commands.told import told
from producer.connecting import Connection, connected
from producer.exit_codes import of_finished
from producer.handing_in import Submitted, hand_in
from producer.preview import MOST_PREVIEWED, previews, render_previews
from producer.problem import for_terminal
from producer.session import Session, open_session, session_options, session_part
from producer.submission import Order, describe, lane_limits
from producer.watching import status_of


@click.command()
@click.argument("manifest")
@order_options
@before_ordering
@session_options
@HOURS
@TZ
@click.option(
    "--remote",
    is_flag=True,
    help="Have the fleet read MANIFEST (`imagemill beat`); a local file is uploaded first.",
)
@click.option("--wait", is_flag=True, help="Follow the batch until it is finished.")
@click.option(
    "--timeout",
    "timeout_s",
    type=float,
    metavar="SECONDS",
    help="With --wait or --remote: give up waiting after this.",
)
def submit(
    manifest: str, *, wait: bool, timeout_s: float | None, remote: bool, **options: Any
) -> None:
    """Hand MANIFEST (XLSX, CSV or JSONL, .gz, or - for stdin) to the workers.

    It may be a file, https://... or s3://bucket/key. A .toml file is a batch file: it names the
    manifest and says the rest of the order.
    """
    session = open_session(**session_part(options))
    manifest, options = told(manifest, options)
    if options["dry_run"]:
        say_estimate(manifest, options, session)
        return
    if remote:
        _submit_remote(manifest, options, session, wait=wait, timeout_s=timeout_s)
        return
    models = models_from(options, session)
    order = order_from(options, session, models)
    with checked_manifest(manifest, order, options, session, models) as checked:
        batch = describe(checked, order, models, session.clock.now())
        limits = lane_limits(batch.lanes, session.settings, models)
        with connected(session.settings, session.clock, create=True) as connection:
            ledger, storage = connection.ledger, connection.storage
            announce(checked, batch, order, (ledger, storage), session, yes=options["yes"])
            submitted = hand_in(batch, checked.chunks, ledger, storage, limits, order.budgets)
            _say_submitted(submitted, order, connection, session)
            name = submitted.batch.batch
            _say_handed_in(name, connection, session, wait=wait, timeout_s=timeout_s)


@click.command()
@click.argument("manifest")
@click.option(
    "--preview",
    type=click.IntRange(1, MOST_PREVIEWED),
    metavar="NUMBER",
    help="Show the first orders: their prompts, and what their pictures will be called.",
)
@order_options
@session_options
def validate(manifest: str, **options: Any) -> None:
    """Check every row of MANIFEST, or of the one a batch file (.toml) names; nothing is sent."""
    session = open_session(**session_part(options))
    manifest, options = told(manifest, options)
    models = models_from(options, session)
    order = order_from(options, session, models)
    with checked_manifest(manifest, order, options, session, models) as checked:
        found = previews(checked.tally.first) if options["preview"] else []
        if session.as_json:
            for preview in found:
                session.data(preview)
        elif found:
            click.echo(for_terminal(render_previews(found)))
        said = summary(checked.tally, order.budgets, hours=order.hours)
        click.echo(
            f"{checked.manifest.name} can be ordered: {said}.",
            err=session.as_json and bool(found),
        )


def _submit_remote(
    manifest: str,
    options: dict[str, Any],
    session: Session,
    *,
    wait: bool,
    timeout_s: float | None,
) -> None:
    with connected(session.settings, session.clock, create=True) as connection:
        name = submit_remote(manifest, options, connection, session, timeout_s)
        if name is not None:
            _say_handed_in(name, connection, session, wait=wait, timeout_s=timeout_s)


def _say_handed_in(
    batch: str, connection: Connection, session: Session, *, wait: bool, timeout_s: float | None
) -> None:
    if wait:
        _wait(batch, connection, session, timeout_s)
    elif session.as_json:
        session.data(status_of(connection.ledger.batches, batch))
    else:
        click.echo(batch)


def _wait(batch: str, connection: Connection, session: Session, timeout_s: float | None) -> None:
    status = waited_for(connection.ledger, batch, session, timeout_s)
    if session.as_json:
        session.data(status)
    else:
        click.echo(batch)
    sys.exit(of_finished(status))


def _say_submitted(
    submitted: Submitted, order: Order, connection: Connection, session: Session
) -> None:
    name = submitted.batch.batch
    if not submitted.fresh:
        session.say(handed_in_before(submitted.batch, order))
    elif connection.embedded:
        session.say(f"Batch {name} waits. `imagemill run --resume` works on it.")
    elif not connection.ledger.fleet.workers():
        session.say(f"Batch {name} waits: no worker is running. Start `imagemill worker`.")
    else:
        session.say(f"Batch {name} is on its way. `imagemill watch {name}` follows it.")
