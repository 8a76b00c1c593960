"""In which form results are handed out, and whether what was asked for can be meant so."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from producer.lifetime import parse_lifetime
from storage.port import PRESIGNED_LIMIT_S

FORMS = ("csv", "xlsx", "jsonl", "zip", "failed", "openai")
STDOUT = Path("-")
_LINKED = ("csv", "xlsx", "jsonl", "openai")
"""Forms that name pictures; a ZIP has them, and rows that failed have none."""
_BY_ENDING = {".csv": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".zip": "zip"}
_OTHERS = {".xls", ".ods", ".docx", ".pdf", ".html", ".json", ".tar", ".gz", ".tgz", ".png", ".jpg"}
"""Endings of what a program would not open, if there were CSV in it."""


def form_of(form: str | None, output: Path | None, *, as_json: bool) -> str:
    """The form that was named, else the one that the file's ending or `--json` means.

    Raises BadParameter for an ending that means another kind of file.
    """
    if form is not None:
        return form
    if output is None or output == STDOUT:
        return "jsonl" if as_json else "csv"
    ending = output.suffix.lower()
    if ending in _OTHERS:
        raise click.BadParameter(
            f"{output}: results are no {ending} file; end it in"
            f" {', '.join(_BY_ENDING)}, or say --format.",
            param_hint="--output",
        )
    return _BY_ENDING.get(ending, "csv")


def lifetime_of(presign: str | None, form: str) -> float | None:
    """Raises BadParameter for what is no time, and where there are no pictures to link to."""
    if presign is None:
        return None
    if form not in _LINKED:
        has = "holds the pictures themselves" if form == "zip" else "names no pictures"
        raise click.BadParameter(f"--format {form} {has}.", param_hint="--presign")
    try:
        return parse_lifetime(presign, PRESIGNED_LIMIT_S)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--presign") from error


def check_places(form: str, output: Path | None, out: str | None) -> None:
    """Raises BadParameter where the places named cannot be meant so."""
    if output is not None and output.is_dir() and form != "openai":
        raise click.BadParameter(f"{output} is a folder; name a file.", param_hint="--output")
    if form == "openai" and output is not None and (output == STDOUT or output.is_file()):
        raise click.BadParameter(
            f"--format openai writes files; {output} is no folder.", param_hint="--output"
        )
    if form in ("xlsx", "zip") and output == STDOUT and sys.stdout.isatty():
        raise click.BadParameter(
            f"a terminal cannot show --format {form}; name a file.", param_hint="--output"
        )
    if out is not None and Path(out).suffix.lower() in _BY_ENDING and not Path(out).is_dir():
        raise click.BadParameter(
            f"--out names the place where the batch lies; to write to a file, say -o {out}.",
            param_hint="--out",
        )
