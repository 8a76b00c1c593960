"""`results`: what a finished batch came to, in the form in which somebody opens it."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from producer.commands.result_form import FORMS, STDOUT, check_places, form_of, lifetime_of
from producer.connecting import Connection, connected
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.progress import reading
from producer.result_files import ResultFiles
from producer.review import read_review
from producer.session import Session, open_session, session_options, session_part
from producer.watching import chosen, document_of, status_of
from producer.whole_file import whole_file
from results.archive import Packed
from results.links import Links, NoAddresses
from results.workbook import BOOK_LIMITS, Shown, TooManyRows
from schemas import layout
from schemas.batch import Batch
from schemas.states import BatchState

_STORED = {"csv": layout.RESULTS_CSV, "jsonl": layout.RESULTS_JSONL, "failed": layout.FAILED_CSV}
"""Tables that lie in the storage as they are asked for."""

_Made = TypeVar("_Made")


class NotFinished(ProducerError):
    """The tables are written when the batch is finished."""

    exit_code = ExitCode.WAITED


class NothingToSign(ProducerError):
    """Links are wanted where there can be none."""

    exit_code = ExitCode.USAGE


class TooLong(ProducerError):
    """The batch has more rows than the form takes."""

    exit_code = ExitCode.USAGE


class PicturesMissing(ProducerError):
    """Some pictures are not in the storage any more."""

    exit_code = ExitCode.UNREACHABLE


@click.command()
@click.argument("batch", required=False)
@session_options
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="The table as CSV, as XLSX with small pictures or as JSON lines; a ZIP of the pictures; the"
    " rows to do again; OpenAI's batch files. [default: what FILE's ending says, else csv; with --json jsonl]",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write to a file instead of stdout, - for stdout. XLSX and ZIP go to BATCH.xlsx and"
    " BATCH.zip by default. With --format openai, a folder.",
)
@click.option(
    "--presign",
    metavar="TIME",
    help="Add links with which anybody can fetch the pictures for so long, e.g. 7d (the most) or"
    " 12h. For pictures in a bucket.",
)
@click.option(
    "--approved",
    "review_file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="REVIEW",
    help="Only the pictures that this review.csv of the contact sheet approves of.",
)
def results(
    batch: str | None,
    *,
    form: str | None,
    output: Path | None,
    presign: str | None,
    review_file: str | None,
    **options: Any,
) -> None:
    """Hand out the results of a finished BATCH (default: the newest).

    --format openai writes BATCH.output.jsonl and BATCH.errors.jsonl, as OpenAI's Batch API does.
    """
    form = form_of(form, output, as_json=options["as_json"])
    lifetime_s = lifetime_of(presign, form)
    check_places(form, output, options["out"])
    if review_file is not None and form == "failed":
        raise click.UsageError("What failed has no pictures to approve of; leave out --approved.")
    review = None if review_file is None else read_review(review_file)
    session = open_session(**session_part(options))
    with connected(session.settings, session.clock) as connection:
        document = _finished(batch, connection)
        links = Links(connection.storage, lifetime_s) if lifetime_s else None
        with _told(document, connection, links, session) as found:
            files = replace(found, review=review)
            _hand_out(form, output, files, session)
        if links is not None and lifetime_s is not None:
            _say_until(links, lifetime_s, session)


def _finished(batch: str | None, connection: Connection) -> Batch:
    """The batch that is meant. Raises NotFinished, NoSuchBatch."""
    batches = connection.ledger.batches
    name = chosen(batches, batch)
    found = status_of(batches, name)
    if found.state != BatchState.FINISHED:
        raise NotFinished(
            f"{name} is not finished: {found.ended} of {found.total} rows are done."
            f" `imagemill watch {name}` follows it."
        )
    return document_of(batches, name)


@contextmanager
def _told(
    batch: Batch, connection: Connection, links: Links | None, session: Session
) -> Iterator[ResultFiles]:
    """The batch's results, their reading shown; what stands against a form in our own words."""
    try:
        with reading(session.err, session.clock, batch.batch, quiet=session.quiet) as read:
            yield ResultFiles(batch, connection.storage, links, read)
    except NoAddresses as error:
        raise NothingToSign(
            f"The pictures lie in {connection.storage.url}, a directory, from which nobody"
            " elsewhere can fetch them. Leave --presign away, or hand out --format zip."
        ) from error
    except TooManyRows as error:
        raise TooLong(
            f"{batch.batch} has {batch.total:,} rows, and a spreadsheet holds {BOOK_LIMITS.rows:,}."
            " Take --format csv."
        ) from error


def _hand_out(form: str, output: Path | None, files: ResultFiles, session: Session) -> None:
    plain = files.links is None and files.review is None
    match form:
        case "openai":
            _write_openai(output or Path(), files, session)
        case "xlsx":
            _write_xlsx(output or Path(f"{files.batch.batch}.xlsx"), files, session)
        case "zip":
            _write_zip(output or Path(f"{files.batch.batch}.zip"), files, session)
        case "jsonl" if not plain:
            _write_table(files.write_jsonl, output, session)
        case "csv" if not plain:
            _write_table(files.write_csv, output, session)
        case _:
            _copy(form, output, files, session)


def _copy(form: str, output: Path | None, files: ResultFiles, session: Session) -> None:
    """A table as it lies in the storage."""
    key = layout.batch_file(files.batch.batch, _STORED[form])
    if form == "failed" and files.storage.head(key) is None:
        session.say("No row failed.")
        return

    def copy(path: Path) -> None:
        with path.open("wb") as target, files.storage.open(key) as source:
            shutil.copyfileobj(source, target)

    if output in (None, STDOUT):
        with files.storage.open(key) as source:
            shutil.copyfileobj(source, sys.stdout.buffer)
    else:
        _write_table(copy, output, session)


def _write_table(make: Callable[[Path], None], output: Path | None, session: Session) -> None:
    _write(make, output)
    _say_file(output or STDOUT, {}, session)


def _write(make: Callable[[Path], _Made], output: Path | None) -> _Made:
    """Make a file: it takes its name when it is whole, or goes to stdout then."""
    if output is not None and output != STDOUT:
        with whole_file(output) as path:
            return make(path)
    with tempfile.TemporaryDirectory(prefix="imagemill-") as folder:
        path = Path(folder) / "results"
        made = make(path)
        with path.open("rb") as source:
            shutil.copyfileobj(source, sys.stdout.buffer)
    return made


def _write_xlsx(output: Path, files: ResultFiles, session: Session) -> None:
    folder = None if output == STDOUT else output.parent
    shown: Shown = _write(lambda path: files.write_xlsx(path, folder), output)
    said = f"{shown.rows:,} rows, {shown.pictures:,} small pictures."
    if shown.not_shown:
        said += f" {shown.not_shown:,} more are only named."
    session.say(said)
    _say_file(output, {"rows": shown.rows, "pictures": shown.pictures}, session)


def _write_zip(output: Path, files: ResultFiles, session: Session) -> None:
    def pack(path: Path) -> Packed:
        with path.open("wb") as target:
            return files.write_zip(target)

    packed = files.write_zip(sys.stdout.buffer) if output == STDOUT else _write(pack, output)
    besides = f", {packed.renditions:,} renditions" if packed.renditions else ""
    session.say(f"{packed.pictures:,} pictures{besides}.")
    _say_file(output, {"pictures": packed.pictures, "missing": packed.missing}, session)
    if packed.missing:
        more = " ..." if packed.missing > len(packed.missing_keys) else ""
        raise PicturesMissing(
            f"{packed.missing:,} pictures are not in the storage any more, and not in the ZIP:"
            f" {', '.join(packed.missing_keys)}{more}"
        )


def _write_openai(folder: Path, files: ResultFiles, session: Session) -> None:
    written = files.write_openai(folder)
    named = [str(path) for path in (written.output, written.errors) if path is not None]
    session.say(f"{written.succeeded} rows with pictures, {written.failed} without.")
    click.echo(json.dumps({"files": named}) if session.as_json else "\n".join(named))


def _say_file(output: Path, figures: dict[str, int], session: Session) -> None:
    """Name the file on stdout, unless that is where it went."""
    if output == STDOUT:
        return
    click.echo(json.dumps({"file": str(output), **figures}) if session.as_json else str(output))


def _say_until(links: Links, lifetime_s: float, session: Session) -> None:
    until = session.clock.now() + timedelta(seconds=lifetime_s)
    session.say(
        f"The links are good until {until:%Y-%m-%d %H:%M} UTC;"
        " whoever has one can fetch its picture."
    )
    if links.temporary:
        session.complain(
            "warning: they were signed with temporary credentials and end with these, maybe long"
            " before. Links that last need the access key of a user."
        )
