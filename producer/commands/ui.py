"""`ui`: the status pages, for a browser."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from contextlib import closing
from functools import partial
from typing import Any

import click
from pydantic import Field

from producer.connecting import opened_ledger, require_mill, storage_to_read
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.session import Session, SettingsError, open_session, session_options
from producer.ui.access import SHORTEST, Access
from producer.ui.lookout import Lookout
from producer.ui.server import Desk, serve
from producer.ui.views import Views
from schemas.contract import Contract

PORT = 8790


class CannotListen(ProducerError):
    """Somebody else has the port, or the address is not of this machine."""

    exit_code = ExitCode.USAGE


class Address(Contract):
    """What `ui --json` prints once it accepts connections."""

    url: str
    token: str | None = Field(description="made for this run; null: it is the one of the settings")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: a free one."
)
@session_options
def ui(host: str, port: int, **options: Any) -> None:
    """Show batches, lanes and contact sheets in a browser. Nothing can be changed there.

    Whoever looks needs the token: IMAGEMILL_UI_TOKEN, or one that is made now. Put TLS in front of it
    where others look from elsewhere.
    """
    session = open_session(**options)
    token = _token(session, host)
    require_mill(session.settings)
    if session.settings.redis_url is not None:
        with opened_ledger(session.settings.redis_url) as ledger:
            ledger.fleet.now_ms()
    listener = _listen(host, port)
    access = Access(token or secrets.token_urlsafe(24))
    url = _url(host, listener)
    with (
        storage_to_read(session.settings) as storage,
        closing(Lookout(session.settings, storage, session.clock)) as lookout,
    ):
        desk = Desk(Views(lookout, storage, session.clock), access, session.clock)
        announce = partial(_announce, url, access, session, made=token is None)
        serve(desk, listener, announce, lookout.leave)


def _token(session: Session, host: str) -> str | None:
    """The settings' token; None: one is to be made. Raises SettingsError."""
    said = session.settings.ui_token or None  # an empty variable says nothing
    if said is not None and len(said.get_secret_value()) < SHORTEST:
        raise SettingsError(
            f"IMAGEMILL_UI_TOKEN is too easily guessed: take {SHORTEST} characters or more,"
            " such as `openssl rand -hex 24` prints."
        )
    if said is None and not _is_own(host):
        raise SettingsError(
            f"Others reach {host}: set IMAGEMILL_UI_TOKEN (or IMAGEMILL_UI_TOKEN_FILE), so that"
            " you know what to hand them."
        )
    return None if said is None else said.get_secret_value()


def _is_own(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    # A restart on the same port must not wait for old connections to be forgotten.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"{host}:{port} cannot be listened on ({error.strerror}): take another with --port."
        ) from error
    listener.listen(128)
    return listener


def _url(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}/"


def _announce(url: str, access: Access, session: Session, *, made: bool) -> None:
    if session.as_json:
        session.data(Address(url=url, token=access.token if made else None))
    # Without it nobody could look: also said to those who want it quiet.
    session.complain(f"Look at {url}{f'?token={access.token}' if made else ''}")
