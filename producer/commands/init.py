"""`init`: an imagemill.toml to begin with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.settings_file import settings_file
from schemas.settings import CONFIG_NAME


class AlreadyThere(ProducerError):
    """There is such a file, with somebody's settings in it."""

    exit_code = ExitCode.USAGE


@click.command()
@click.argument("file", default=CONFIG_NAME)
def init(file: str) -> None:
    """Write an imagemill.toml with every setting, explained and commented out.

    FILE is imagemill.toml in the working directory where it is not said; - is stdout.
    """
    text = settings_file()
    if file == "-":
        click.echo(text, nl=False)
        return
    try:
        with Path(file).open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise AlreadyThere(
            f"{file} is there already and stays as it is; `imagemill init -` prints a new one."
        ) from error
    click.echo(f"{file} is written; nothing in it is set yet.", file=sys.stderr)
