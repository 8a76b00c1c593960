"""What every command has in common: settings, a clock, and where to write."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import click
from pydantic import BaseModel
from rich.console import Console

from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.problem import for_terminal
from schemas.clock import SystemClock
from schemas.settings import Settings, WrongSettings, load_settings


class SettingsError(ProducerError):
    """A setting is wrong."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True)
class Session:
    """One command's settings, clock and voice. Data go to stdout, everything else to stderr."""

    settings: Settings
    clock: SystemClock
    err: Console
    as_json: bool
    quiet: bool

    def embedded(self) -> Session:
        """The same session, with the embedded server instead of the one the settings name."""
        settings = self.settings.model_copy(update={"redis_url": None})
        return replace(self, settings=settings)

    def say(self, text: str) -> None:
        """A sentence for the person; not data."""
        if not self.quiet:
            self.err.print(for_terminal(text), highlight=False, soft_wrap=True, markup=False)

    def complain(self, text: str) -> None:
        """A sentence that --quiet does not silence."""
        if text:
            self.err.print(for_terminal(text), highlight=False, soft_wrap=True, markup=False)

    def data(self, document: BaseModel) -> None:
        """One JSON document on stdout."""
        click.echo(document.model_dump_json())


def session_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options every command that works on a mill takes."""
    for option in reversed(
        [
            click.option(
                "--out",
                metavar="PLACE",
                help="Directory or s3://bucket/prefix for pictures and results. [default: ./out]",
            ),
            click.option(
                "--redis-url",
                metavar="URL",
                help="The Redis server the workers share. [default: an embedded one]",
            ),
            click.option("--json", "as_json", is_flag=True, help="Print data as JSON."),
            click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong."),
        ]
    ):
        command = option(command)
    return command


def session_part(options: dict[str, Any]) -> dict[str, Any]:
    """Take what `session_options` added out of a command's options."""
    return {name: options.pop(name) for name in ("out", "redis_url", "as_json", "quiet")}


def open_session(
    *,
    out: str | None = None,
    redis_url: str | None = None,
    as_json: bool = False,
    quiet: bool = False,
) -> Session:
    """Read the settings. Raises SettingsError naming each wrong value."""
    try:
        settings = load_settings(storage_url=out, redis_url=redis_url)
    except WrongSettings as error:
        raise SettingsError(str(error)) from error
    return Session(settings, SystemClock(), Console(file=sys.stderr), as_json, quiet)
