"""`run`: everything in one command on one machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from producer.commands.announcement import announce
from producer.commands.checked_manifest import checked_manifest
from producer.commands.estimate import say_estimate
from producer.commands.hours import HOURS, TZ, hours_from
from producer.commands.ordering import (
    before_ordering,
    handed_in_before,
    models_from,
    order_from,
    order_options,
)
from producer.commands.told import told
from producer.commands.working import Manner, continue_batch, opened_mill, work
from producer.handing_in import hand_in
from producer.session import Session, SettingsError, open_session, session_options, session_part
from producer.submission import describe, lane_limits
from schemas.lane import Lane
from schemas.provider import PROVIDERS


@click.command()
@click.argument("manifest", required=False)
@click.option(
    "--simulate", is_flag=True, help="Order from the simulator: no key, no cost, drawn pictures."
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the last batch (or --batch NAME) instead of a manifest.",
)
@order_options
@before_ordering
@session_options
@HOURS
@TZ
def run(manifest: str | None, *, simulate: bool, resume: bool, **options: Any) -> None:
    """Order the pictures of MANIFEST and wait for them, all on this machine.

    A .toml file is a batch file: it names the manifest and says the rest of the order.
    """
    session = open_session(**session_part(options))
    if (manifest is None) != resume:
        raise click.UsageError("Give a MANIFEST, or --resume to go on with the last batch.")
    if manifest is None and options["dry_run"]:
        raise click.UsageError("--dry-run goes with a MANIFEST.")
    if manifest is None:
        continue_batch(options["name"], session, Manner(unpauses=True))
        return
    if simulate and session.settings.redis_url is not None:
        # Workers elsewhere have no simulator: they would stop its lanes.
        session.say(
            "A rehearsal has a server of its own; unset IMAGEMILL_REDIS_URL to see it later."
        )
        session = session.embedded()
    manifest, options = told(manifest, options)
    if simulate and hours_from(options) is not None:
        session.say("A rehearsal orders at any hour.")
    if options["dry_run"]:
        say_estimate(manifest, options, session, simulated=simulate)
        return
    models = models_from(options, session, simulated=simulate)
    order = order_from(options, session, models, simulated=simulate)
    with checked_manifest(manifest, order, options, session, models) as checked:
        if not simulate:
            need_keys(checked.tally.lanes, session)
        batch = describe(checked, order, models, session.clock.now())
        limits = lane_limits(batch.lanes, session.settings, models)
        with opened_mill(session) as (mill, ledger, storage):
            agreed = options["yes"] or simulate
            announce(checked, batch, order, (ledger, storage), session, yes=agreed)
            submitted = hand_in(batch, checked.chunks, ledger, storage, limits, order.budgets)
            if not submitted.fresh:
                session.say(handed_in_before(submitted.batch, order))
            work(submitted.batch.batch, mill, (ledger, storage), session, Manner())


def need_keys(lanes: Iterable[str], session: Session) -> None:
    """Raises SettingsError: without a key nothing could be ordered."""
    for text in lanes:
        lane = Lane.parse(text)
        try:
            account = session.settings.account(lane.account, lane.provider)
        except KeyError:
            raise SettingsError(
                f"There is no account {lane.account!r} at {lane.provider}; add"
                f' [accounts.{lane.account}] with provider = "{lane.provider}" to imagemill.toml.'
            ) from None
        if account.needs_key and not account.has_key:
            raise SettingsError(
                "There is no key to order with: set"
                f" {PROVIDERS[lane.provider].key_variable}, or rehearse with --simulate."
            )
