"""`worker`, `flower` and `simulator`: the long-running processes, each a program of its own."""

from __future__ import annotations

import os
import sys

import click

_PASS_ON = {"ignore_unknown_options": True, "help_option_names": []}


@click.command(context_settings=_PASS_ON, short_help="Work on batches until SIGTERM.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def worker(arguments: tuple[str, ...]) -> None:
    """Work on batches until SIGTERM. `imagemill worker --help` lists the options."""
    _become("worker", arguments)


@click.command(context_settings=_PASS_ON, short_help="Show the queues in a browser.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def flower(arguments: tuple[str, ...]) -> None:
    """Show the queues and their tasks in a browser, behind a password, until SIGTERM."""
    _become("worker.flower", arguments)


@click.command(context_settings=_PASS_ON, short_help="Stand in for the providers on a port.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulator(arguments: tuple[str, ...]) -> None:
    """Stand in for the providers. `imagemill simulator --help` lists the options."""
    _become("simulator", arguments)


def _become(module: str, arguments: tuple[str, ...]) -> None:
    """Become that program: signals reach it and nothing stands between."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - our own module
