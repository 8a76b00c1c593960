"""Starts one worker process: `python -m worker`, or `imagemill worker`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from urllib.parse import unquote

import click
from pydantic import SecretStr

from ledger.errors import LedgerDenied, LedgerError
from results.labels.sealing import CannotSeal
from schemas import queues
from schemas.settings import Settings, WrongSettings, load_settings, variable
from storage import BadUrl, Denied, StorageError
from worker.bootstrap import make_worker
from worker.logbook import keep_logbook
from worker.memory import share_arenas

EXIT_SETTINGS = 7
EXIT_UNREACHABLE = 8


@click.command()
@click.option("--concurrency", "-c", type=click.IntRange(1, 512), help="Threads of this process.")
@click.option(
    "--queues",
    "-Q",
    "only",
    default=",".join(queues.QUEUES),
    show_default=True,
    help="Queues to take from.",
)
@click.option("--exit-with-parent", is_flag=True, hidden=True, help="End when stdin is closed.")
def main(concurrency: int | None, only: str, *, exit_with_parent: bool) -> None:
    """Work on batches until SIGTERM."""
    share_arenas()
    unknown = sorted(set(only.split(",")) - set(queues.QUEUES))
    if unknown:
        raise click.BadParameter(f"no queue {unknown[0]!r}; there are {', '.join(queues.QUEUES)}")
    try:
        settings = load_settings()
    except WrongSettings as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_SETTINGS)
    if concurrency is not None:
        section = settings.worker.model_copy(update={"concurrency": concurrency})
        settings = settings.model_copy(update={"worker": section})
    if settings.redis_url is None:
        click.echo(
            "A worker needs a Redis server shared with `imagemill submit`:"
            " set IMAGEMILL_REDIS_URL=redis://host:6379/0. For one machine use `imagemill run`.",
            err=True,
        )
        sys.exit(EXIT_SETTINGS)
    keep_logbook(settings.log_level, _secrets(settings))
    try:
        process = make_worker(settings)
    except (LedgerDenied, BadUrl, Denied, CannotSeal) as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_SETTINGS)
    except (LedgerError, StorageError) as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_UNREACHABLE)
    if exit_with_parent:
        threading.Thread(target=_follow_parent, daemon=True).start()
    process.app.worker_main(_arguments(settings, only))


def _secrets(settings: Settings) -> list[str]:
    """Whatever of the settings no log may show."""
    accounts = settings.accounts.values()
    keys = [key for account in accounts for key in (account.api_key, account.secret_key)]
    fields = [getattr(settings, name) for name in type(settings).model_fields]
    found = [f.get_secret_value() for f in (*fields, *keys) if isinstance(f, SecretStr)]
    # Not taken apart as an address: an unreadable one holds a password too.
    password = [url.rpartition("@")[0].rpartition(":")[2] for url in found if "://" in url]
    return [*found, *password, *map(unquote, password), *_secrets_of_notices(settings)]


def _secrets_of_notices(settings: Settings) -> list[str]:
    """The address is one, too, where it is a chat's."""
    if settings.notify is None:
        return []
    names = [settings.notify.url_env, settings.notify.secret_env]
    try:
        found = [variable(name) for name in names if name is not None]
    except (OSError, ValueError):  # whoever sends says so, and what cannot be read is in no log
        found = []
    return [text for text in (settings.notify.url, *found) if text]


def _arguments(settings: Settings, only: str) -> list[str]:
    """What Celery is told: threads, which wait well on sockets, and no chatter between workers."""
    return [
        "worker",
        "--pool=threads",
        f"--concurrency={settings.worker.concurrency}",
        f"--queues={only}",
        f"--hostname=imagemill-{os.getpid()}@%h",
        f"--loglevel={settings.log_level}",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]


def _follow_parent() -> None:
    """End with the process that started us, however it ended."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(prog_name="imagemill worker")
