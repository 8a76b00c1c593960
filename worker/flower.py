"""Starts Flower, the web view of the queues: `python -m worker.flower`, or `imagemill flower`.

It is told everything here and nothing on a command line, where a password could be read by anybody.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import click
from celery import Celery
from flower.app import Flower
from flower.options import default_options as options
from flower.urls import settings as pages
from flower.views import BaseHandler
from flower.views.monitor import Metrics
from tornado.web import authenticated

from ledger.connection import answers
from ledger.patience import Patience
from schemas.flower_section import FlowerSection
from schemas.settings import Settings, WrongSettings, load_settings
from worker.app import make_app
from worker.hidden import hidden_words
from worker.logbook import keep_logbook

EXIT_SETTINGS = 7
SAVED_EVERY_MS = 60_000
FORGET_WORKER_S = 3600
"""Each start of a worker is a name of its own; those that left are not shown for ever."""
COLUMNS = "name,args,state,received,runtime,worker,uuid"
FILE = "tasks"

log = logging.getLogger(__name__)


class CannotStart(Exception):
    """Flower must not start like this; the message says what to do."""


class GuardedMetrics(Metrics):  # type: ignore[misc] # flower has no types
    """Flower shows its metrics to anybody; they name workers and tasks."""

    @authenticated
    async def get(self) -> None:
        """The metrics, for whoever logged in."""
        await super().get()


class Ready(BaseHandler):  # type: ignore[misc] # likewise
    """Says that the web server answers, and nothing else, to anybody."""

    async def get(self) -> None:
        """What `imagemill healthcheck flower` asks for."""
        self.write("OK")


@click.command(context_settings={"help_option_names": ["--help", "-h"]})
def main() -> None:
    """Show the queues and their tasks in a browser, until SIGTERM."""
    try:
        settings = load_settings()
        redis_url, password = _required(settings)
        _configure(settings.flower, password, _own_directory(Path(settings.flower.directory)))
    except (WrongSettings, CannotStart) as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_SETTINGS)
    keep_logbook(settings.log_level, hidden_words(settings))
    logging.getLogger("tornado.access").setLevel(logging.WARNING)  # not every look, only refusals
    try:
        patience = Patience(lambda: answers(redis_url))
        port, flower = open_flower(make_app(redis_url, 2, patience), settings.flower)
    except OSError as error:
        click.echo(f"Flower cannot listen on port {settings.flower.port}: {error}.", err=True)
        sys.exit(EXIT_SETTINGS)
    atexit.register(flower.stop)  # where it saves what it remembers
    signal.signal(signal.SIGTERM, lambda *_: _leave(patience))
    address = f"http://{settings.flower.listen}:{port}/"
    click.echo(json.dumps({"flower": address, "read_only": settings.flower.read_only}))
    sys.stdout.flush()
    try:
        flower.start()
    except (KeyboardInterrupt, SystemExit):
        log.info("flower.stopping")


def _leave(patience: Patience) -> NoReturn:
    patience.leave()
    sys.exit(0)


def open_flower(app: Celery, section: FlowerSection) -> tuple[int, Any]:
    """Flower as it was configured, listening, and its port; raises OSError where it cannot."""
    flower = Flower(capp=app, options=options, **pages)
    # Rules that are added are asked first.
    flower.add_handlers(r".*", [(r"/metrics", GuardedMetrics), (r"/healthcheck", Ready)])
    return flower.start_http_server() or section.port, flower


def _required(settings: Settings) -> tuple[str, str]:
    if settings.redis_url is None:
        raise CannotStart(
            "Flower looks at the server your workers share:"
            " set IMAGEMILL_REDIS_URL=redis://host:6379/0."
        )
    password = settings.flower_password
    if password is None or not password.get_secret_value():
        raise CannotStart(
            "Flower starts with a password only: set IMAGEMILL_FLOWER_PASSWORD, or"
            " IMAGEMILL_FLOWER_PASSWORD_FILE."
        )
    if not password.get_secret_value().isascii():
        raise CannotStart("Browsers send ASCII only: choose another IMAGEMILL_FLOWER_PASSWORD.")
    return settings.redis_url.get_secret_value(), password.get_secret_value()


def _configure(section: FlowerSection, password: str, directory: Path) -> None:
    options.address, options.port = section.listen, section.port
    options.basic_auth = [f"{section.user}:{password}"]
    options.read_only = section.read_only
    options.persistent, options.db = True, str(directory / FILE)
    options.state_save_interval = SAVED_EVERY_MS
    options.max_tasks = section.tasks
    options.purge_offline_workers = FORGET_WORKER_S
    options.tasks_columns = COLUMNS
    pages["cookie_secret"] = secrets.token_urlsafe(64)


def _own_directory(directory: Path) -> Path:
    """Nobody else may write there: what Flower remembers is a pickle, and reading one runs it.

    Raises CannotStart.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.stat()
    except OSError as error:
        raise CannotStart(f"Flower cannot remember anything: {error}.") from error
    # Clusters give volumes to the group we run as.
    strangers = 0o002 if found.st_gid == os.getgid() else 0o022
    if found.st_mode & strangers or found.st_uid not in (0, os.getuid()):
        raise CannotStart(
            f"Others may write into {directory}, and what Flower reads there it runs:"
            " chmod 700, and give it to the user that runs Flower."
        )
    os.umask(0o077)
    return directory


if __name__ == "__main__":
    main(prog_name="imagemill flower")
