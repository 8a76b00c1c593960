"""`doctor`: looks at everything a mill needs, and says what to do about each fault."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ledger.errors import LedgerError
from ledger.opening import Ledger, open_ledger
from producer.connecting import server_url
from producer.diagnosis import (
    Finding,
    Verdict,
    judge_clock,
    judge_eviction,
    judge_key,
    judge_persistence,
    judge_storage,
    judge_version,
    judge_workers,
)
from producer.embedded import EmbeddedServer
from producer.exit_codes import ExitCode
from producer.local_mill import mill_folder
from producer.session import Session, open_session, session_options
from schemas.origins import Sources
from schemas.settings import child_environment
from storage import StorageError
from storage.configured import storage_from

_MARKS = {Verdict.OK: "ok  ", Verdict.WARN: "warn", Verdict.FAIL: "FAIL"}


@click.command()
@session_options
def doctor(**options: Any) -> None:
    """Check Redis, storage, keys and clocks."""
    session = open_session(**options)
    findings = list(_examine(session))
    for finding in findings:
        if session.as_json:
            session.data(finding)
            continue
        click.echo(f"{_MARKS[finding.verdict]}  {finding.subject}: {finding.found}")
        if finding.advice:
            click.echo(f"      {finding.advice}")
    if any(finding.verdict is Verdict.FAIL for finding in findings):
        sys.exit(ExitCode.UNREACHABLE)


def _examine(session: Session) -> Iterator[Finding]:
    for said in Sources({}, child_environment(), "", {}).unknown_variables():
        yield Finding(
            subject="settings",
            verdict=Verdict.WARN,
            found=said,
            advice="Nobody reads it; `imagemill config show` lists what counts.",
        )
    storage = _storage(session)
    yield storage
    # The embedded server lives beside the pictures: without a storage there is no place for it.
    if session.settings.redis_url is not None or storage.verdict is not Verdict.FAIL:
        yield from _server(session)
    for provider, account in sorted(session.settings.known_accounts()):
        found = session.settings.account(account, provider)
        if found.needs_key:
            yield judge_key(provider, account, present=found.has_key)


def _storage(session: Session) -> Finding:
    try:
        storage = storage_from(session.settings)
        storage.check()
    except StorageError as error:
        without_password = session.settings.storage_url.rpartition("@")[2]
        return judge_storage(without_password, str(error), "")
    probe = storage.probe()
    storage.close()
    return judge_storage(storage.url, probe.problem, probe.conditional_put)


def _server(session: Session) -> Iterator[Finding]:
    settings = session.settings
    folder = mill_folder(storage_from(settings)) if settings.redis_url is None else Path()
    server = EmbeddedServer(folder)
    with server_url(settings, server, session.clock) as url:
        ledger = open_ledger(url.get_secret_value(), patient=False)
        try:
            yield from _examine_server(ledger, session, embedded=settings.redis_url is None)
        except LedgerError as error:
            yield Finding(
                subject="server", verdict=Verdict.FAIL, found="does not answer", advice=str(error)
            )
        finally:
            ledger.close()


def _examine_server(ledger: Ledger, session: Session, *, embedded: bool) -> Iterator[Finding]:
    now_s = session.clock.now().timestamp()
    skew_s = ledger.fleet.now_ms() / 1000 - now_s
    info = ledger.fleet.server_info()
    yield judge_version(info)
    yield judge_persistence(info, ledger.fleet.server_setting("appendfsync") or "unknown")
    yield judge_eviction(str(info.get("maxmemory_policy", "unknown")))
    yield judge_clock(skew_s)
    yield judge_workers(ledger.fleet.workers(), embedded=embedded)
