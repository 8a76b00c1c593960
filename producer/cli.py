"""The command line `imagemill`. Exit codes are in exit_codes.py and in README.md."""

from __future__ import annotations

import importlib
import io
import os
import sys
import tempfile
import traceback
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from ledger.errors import LedgerError
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.problem import for_terminal
from storage import StorageError

_SECTIONS = {
    "Order": {
        "run": "run", "validate": "submit", "estimate": "estimate", "submit": "submit",
        "models": "models",
    },
    "Look": {
        "status": "look", "watch": "look", "batches": "look", "results": "results", "ui": "ui",
    },
    "Steer": {
        "retry": "retry", "reroll": "reroll", "pause": "pause", "resume": "pause",
        "prioritize": "prioritize", "cancel": "cancel",
    },
    "Every night": {"schedule": "schedule", "beat": "beat"},
    "Set up": {
        "init": "init", "config": "config", "doctor": "doctor", "notify": "notify",
        "simulator": "processes",
    },
    "Operate": {
        "worker": "processes", "lanes": "lanes", "flower": "processes",
        "healthcheck": "healthcheck", "prune": "prune",
    },
}  # fmt: skip
"""Each command and the file in producer/commands that has it. It is read when the command is typed:
a worker or a simulator that is about to become another program needs none of the others."""
_COMMANDS = {name: file for section in _SECTIONS.values() for name, file in section.items()}
_ENOUGH = 300
"""Characters of a command's first sentence in the list of all: none is cut."""


class NobodyReads(Exception):
    """Whoever read our output has gone."""


class Commands(click.Group):
    """All commands. A closed pipe is no fault of theirs, where click itself would exit with 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """All names, as a newcomer comes to need them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """The command of that name; None when there is none."""
        if cmd_name not in _COMMANDS:
            return None
        room = importlib.import_module(f"producer.commands.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(room, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was typed. Raises NoSuchCommand with those that look like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=_COMMANDS, ctx=ctx
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what they are for, each with its whole first sentence."""
        widest = max(map(len, _COMMANDS))
        for title, names in _SECTIONS.items():
            found = {name: self.get_command(ctx, name) for name in names}
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name.ljust(widest), command.get_short_help_str(_ENOUGH))
                        for name, command in found.items()
                        if command is not None
                    ]
                )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was typed. Raises NobodyReads."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise NobodyReads from error


@click.group(cls=Commands, context_settings={"help_option_names": ["--help", "-h"]})
@click.version_option(
    metadata.version("imagemill"), "--version", "-V", message="%(prog)s %(version)s"
)
def cli() -> None:
    """Order images in bulk: a manifest goes in, verified pictures lie in storage.

    Try it without a key: imagemill run examples/catalog.csv --simulate
    """


def main() -> None:
    """The program. Faults become one sentence and an exit code."""
    _write_what_can_be()
    try:
        code = cli.main(standalone_mode=False, prog_name="imagemill")
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = ExitCode.INTERRUPTED
    except ProducerError as error:
        _say(str(error))
        code = error.exit_code
    except (LedgerError, StorageError) as error:
        _say(str(error))
        code = ExitCode.UNREACHABLE
    except (NobodyReads, BrokenPipeError):
        # `| head`: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.OK
    except OSError as error:
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        _say(f"The system refused: {place}{error.strerror or error}.")
        code = ExitCode.UNEXPECTED
    except Exception as error:  # noqa: BLE001 - the edge: the user gets a sentence, a file the rest
        _say(
            f"imagemill broke: {error}. The details are in {_keep_traceback()}; please report them."
        )
        code = ExitCode.UNEXPECTED
    sys.exit(int(code or 0))


def _write_what_can_be() -> None:
    """A terminal that knows no Chinese gets ? for it, and a command without stdout still works."""
    if sys.stdout is None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        sys.stdout = os.fdopen(nowhere, "w", encoding="utf-8", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _say(text: str) -> None:
    if text:
        click.echo(for_terminal(text), err=True)


def _keep_traceback() -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="imagemill-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return Path(file.name)
