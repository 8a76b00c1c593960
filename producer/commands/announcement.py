"""Says what is about to be ordered, and asks whoever sits at the terminal where it is much."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from ledger.opening import Ledger
from producer.already_done import quickly_found
from producer.commands.estimate import look_up
from producer.commands.ordering import summary
from producer.consent import question
from producer.errors import ProducerError
from producer.estimate import costs_micro, images_to_order
from producer.exit_codes import ExitCode
from producer.session import Session
from producer.submission import Checked, Order
from producer.tally import AlreadyDone, Tally
from schemas.batch import Batch
from storage import Storage


class NotAgreed(ProducerError):
    """Whoever was asked said no."""

    exit_code = ExitCode.CANCELLED


def announce(
    checked: Checked,
    batch: Batch,
    order: Order,
    places: tuple[Ledger, Storage],
    session: Session,
    *,
    yes: bool,
) -> None:
    """Say rows, images and money, less what is already done where that is known at once.

    `yes`: nobody is asked. Raises NotAgreed.
    """
    ledger, storage = places
    tally = checked.tally
    is_new = ledger.batches.state(batch.batch) is None  # otherwise it was agreed to before
    looks = is_new and not batch.fresh
    done = quickly_found(checked.chunks.jobs(), None, tally, storage) if looks else None
    unseen = looks and done is None
    session.say(summary(tally, order.budgets, done, hours=order.hours, unseen=unseen))
    if is_new:
        _ask(tally, session, lambda: done or look_up(checked, batch, None, session), yes=yes)


def _ask(
    tally: Tally, session: Session, look: Callable[[], AlreadyDone | None], *, yes: bool
) -> None:
    """On a terminal, ask before a large order. Raises NotAgreed.

    What an earlier batch has drawn is looked up where it matters, since it is not ordered again.
    """
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    asked = _question(tally, None, session)
    if asked is not None:
        asked = _question(tally, look(), session)
    if asked is not None and not click.confirm(asked, err=True):
        raise NotAgreed("Nothing was ordered.")


def _question(tally: Tally, done: AlreadyDone | None, session: Session) -> str | None:
    images, costs = images_to_order(tally, done), costs_micro(tally, done)
    return question(images, costs, session.settings.ask)
