"""`notify`: tries whether people can be told of a batch."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import Field

from producer.batch_file import read_batch_file
from producer.exit_codes import ExitCode
from producer.session import Session, SettingsError, open_session, session_options
from results.telling.answers import Delivered
from results.telling.sending import deliver
from results.telling.target import NoTarget, find_target
from schemas.contract import Contract
from schemas.notice import News, Notice, NoticeType
from schemas.notify import Notify
from schemas.settings import variable


class Trial(Contract):
    """What `notify test --json` prints."""

    id: str = Field(description="the notice's")
    host: str = Field(description="who was to be told; the rest of the address may be a secret")
    format: str
    delivered: bool
    why: str | None = Field(default=None, description="why it was not")


@click.group()
def notify() -> None:
    """Tell people of a batch: see [notify] in imagemill.toml and in a batch file."""


@notify.command()
@click.argument("batch_file", required=False, type=click.Path(exists=True, dir_okay=False))
@session_options
def test(batch_file: str | None, **options: Any) -> None:
    """Send a test from here, once, to whom the settings name, or BATCH_FILE.

    Workers send notices. Where they run elsewhere, try it there: they need the address and the secret.
    """
    session = open_session(**options)
    tried = _try(_whom(batch_file, session), session)
    if session.as_json:
        session.data(tried)
    elif tried.delivered:
        session.say(f"{tried.host} took it ({tried.format}).")
    if not tried.delivered:
        session.complain(f"Not delivered: {tried.why}.")
        sys.exit(ExitCode.UNREACHABLE)


def _whom(batch_file: str | None, session: Session) -> Notify:
    """Raises SettingsError, ManifestError where nobody is named."""
    found = session.settings.notify
    place = "imagemill.toml"
    if batch_file is not None:
        path = Path(batch_file)
        found, place = read_batch_file(path).notify or found, path.name
    if found is None:
        raise SettingsError(
            f"Nobody is to be told: {place} has no [notify]."
            ' Write [notify] and url_env = "HOOK_URL" there, and the address into that variable.'
        )
    return found


def _try(named: Notify, session: Session) -> Trial:
    try:
        target = find_target(named, variable)
    except NoTarget as error:
        raise SettingsError(f"Nobody can be told: {error}.") from error
    now = session.clock.now()
    notice = Notice(
        id=f"evt_{secrets.token_hex(12)}",
        type=NoticeType.TEST,
        timestamp=now.isoformat(timespec="milliseconds"),
        data=News(),
    )
    outcome = deliver(named, notice.model_dump_json(), variable, session.clock)
    return Trial(
        id=notice.id,
        host=target.host,
        format=target.format,
        delivered=isinstance(outcome, Delivered),
        why=None if isinstance(outcome, Delivered) else outcome.why,
    )
