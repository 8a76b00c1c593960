"""`healthcheck`: whether a part of the mill gets on, for containers and people on call."""

from __future__ import annotations

import socket
import sys

import click
import httpx2
from pydantic import SecretStr

from ledger.errors import LedgerError
from ledger.fleet import Fleet
from ledger.opening import open_ledger
from producer.exit_codes import ExitCode
from producer.health import Health, judge_fleet, judge_process
from producer.session import open_session
from schemas.flower_section import FlowerSection

PARTS = ("worker", "beat", "fleet", "flower")
ASK_S = 5.0


@click.command(short_help="Say whether a process gets on: exit code 0 or 8.")
@click.argument("part", type=click.Choice(PARTS), default="worker")
@click.option(
    "--live",
    is_flag=True,
    help="Only what a restart would mend counts: a Redis that does not answer does not.",
)
def healthcheck(part: str, *, live: bool) -> None:
    """Say whether a process gets on, by what it did lately: exit code 0 or 8.

    worker, beat: the one on this host has reported to Redis, which it does only while it takes
    work. fleet: somebody leads, looks at lanes in time, and works. flower: its page answers.
    """
    settings = open_session().settings
    health = (
        _flower(settings.flower) if part == "flower" else _fleet(part, settings.redis_url, live)
    )
    click.echo(health.found)
    if not health.good:
        sys.exit(ExitCode.UNREACHABLE)


def _fleet(part: str, url: SecretStr | None, live: bool) -> Health:
    if url is None:
        return Health(good=False, found="IMAGEMILL_REDIS_URL is not set: there is no fleet.")
    try:
        ledger = open_ledger(url.get_secret_value(), threads=1, patient=False)
        try:
            return _judged(part, ledger.fleet)
        finally:
            ledger.close()
    except LedgerError as error:
        return Health(good=live, found=str(error))


def _judged(part: str, fleet: Fleet) -> Health:
    if part == "fleet":
        return judge_fleet(fleet.leader(), fleet.workers(), fleet.overdue_s())
    names = list(fleet.workers()) if part == "worker" else fleet.beats()
    return judge_process(part, socket.gethostname(), names)


def _flower(section: FlowerSection) -> Health:
    host = "127.0.0.1" if section.listen in ("0.0.0.0", "::") else section.listen  # noqa: S104 - asked, not bound
    try:
        answer = httpx2.get(
            f"http://{host}:{section.port}/healthcheck", timeout=ASK_S, trust_env=False
        )
    except httpx2.HTTPError as error:
        return Health(good=False, found=f"Flower does not answer ({type(error).__name__}).")
    return Health(good=answer.status_code == 200, found=f"Flower answers {answer.status_code}.")
