"""Starts one worker process: `python -m worker`, or `imagemill worker`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence

import click

from ledger.errors import LedgerDenied, LedgerError, LedgerNewer
from results.labels.sealing import CannotSeal
from schemas import queues
from schemas.settings import Settings, WrongSettings, load_settings
from storage import BadUrl, Denied, StorageError
from worker.bootstrap import NoTraces, WorkerProcess, make_worker
from worker.endpoint import NoEndpoint
from worker.hidden import hidden_words
from worker.logbook import keep_logbook
from worker.memory import share_arenas

EXIT_SETTINGS = 7
EXIT_UNREACHABLE = 8


@click.command(context_settings={"help_option_names": ["--help", "-h"]})
@click.option("--concurrency", "-c", type=click.IntRange(1, 512), help="Threads of this process.")
@click.option(
    "--queues",
    "-Q",
    "only",
    default=",".join(queues.QUEUES),
    show_default=True,
    metavar="NAME,NAME",
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
    keep_logbook(settings.log_level, hidden_words(settings))
    process = _made(settings, only.split(","))
    if exit_with_parent:
        threading.Thread(target=_follow_parent, daemon=True).start()
    process.app.worker_main(_arguments(settings, only))


def _made(settings: Settings, taken: Sequence[str]) -> WorkerProcess:
    """The process, with its metrics to be read; ends the program where it cannot be."""
    wrong = (LedgerDenied, LedgerNewer, BadUrl, Denied, CannotSeal, NoEndpoint, NoTraces)
    try:
        process = make_worker(settings, taken=taken)
        process.expose()
    except wrong as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_SETTINGS)
    except (LedgerError, StorageError) as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_UNREACHABLE)
    return process


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
    ]


def _follow_parent() -> None:
    """End with the process that started us, however it ended."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(prog_name="imagemill worker")
