"""The command line `imagemill`. Exit codes are in exit_codes.py and in README.md."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from ledger.errors import LedgerError
from producer.commands.cancel import cancel
from producer.commands.doctor import doctor
from producer.commands.lanes import lanes
from producer.commands.look import batches, results, status, watch
from producer.commands.models import models
from producer.commands.pause import pause, resume
from producer.commands.processes import simulator, worker
from producer.commands.retry import retry
from producer.commands.run import run
from producer.commands.submit import submit, validate
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.problem import for_terminal
from storage import StorageError


class NobodyReads(Exception):
    """Whoever read our output has gone."""


class Commands(click.Group):
    """All commands. A closed pipe is no fault of theirs, where click itself would exit with 1."""

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


for command in (
    run, validate, submit, status, watch, results, retry, cancel, pause, resume, batches, lanes,
    models, doctor, worker, simulator,
):  # fmt: skip
    cli.add_command(command)


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
