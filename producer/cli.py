"""The command line `imagemill`. Exit codes are in exit_codes.py and in README.md."""

from __future__ import annotations

import importlib
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

_COMMANDS = {
    "cancel": "cancel", "pause": "pause", "resume": "pause", "retry": "retry",
    "prioritize": "prioritize", "reroll": "reroll", "notify": "notify",
    "run": "run", "submit": "submit", "validate": "submit", "estimate": "estimate",
    "status": "look", "watch": "look", "results": "results", "batches": "look",
    "lanes": "lanes", "models": "models", "doctor": "doctor",
    "schedule": "schedule", "beat": "beat",
    "config": "config", "init": "init",
    "worker": "processes", "simulator": "processes", "flower": "processes",
    "healthcheck": "healthcheck",
    "prune": "prune", "ui": "ui",
}  # fmt: skip
"""Each command and the file in producer/commands that has it. It is read when the command is typed:
a worker or a simulator that is about to become another program needs none of the others."""


class NobodyReads(Exception):
    """Whoever read our output has gone."""


class Commands(click.Group):
    """All commands. A closed pipe is no fault of theirs, where click itself would exit with 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """All names, in order."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """The command of that name; None when there is none."""
        if cmd_name not in _COMMANDS:
            return None
        room = importlib.import_module(f"producer.commands.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(room, cmd_name)
        return command

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
        _say(f"The system refused: {error}.")
        code = ExitCode.UNEXPECTED
    except Exception as error:  # noqa: BLE001 - the edge: the user gets a sentence, a file the rest
        _say(
            f"imagemill broke: {error}. The details are in {_keep_traceback()}; please report them."
        )
        code = ExitCode.UNEXPECTED
    sys.exit(int(code or 0))


def _say(text: str) -> None:
    if text:
        click.echo(for_terminal(text), err=True)


def _keep_traceback() -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="imagemill-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return Path(file.name)
