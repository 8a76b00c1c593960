"""`prune`: removes what is older than its keep time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
from pydantic import Field

from producer.connecting import connected
from producer.lifetime import parse_lifetime
from producer.prune_choice import Kind
from producer.pruning import Pruning, Removal
from producer.session import open_session, session_options
from producer.table import print_table
from schemas.contract import Contract

MOST_S = 36_500 * 86_400.0
_WHAT = {
    Kind.RECORDS: "records of batches in the ledger",
    Kind.CHUNKS: "their orders and results in chunks",
    Kind.PICTURES: "their pictures, tables and contact sheets",
    Kind.INPUTS: "pictures that went in",
    Kind.MANIFESTS: "manifests the fleet read",
    Kind.MARKERS: "markers of what was drawn",
}
_ASKED = (Kind.PICTURES, Kind.INPUTS, Kind.MANIFESTS, Kind.MARKERS)


class Part(Contract):
    """How much of one kind goes, or went."""

    kind: Kind
    objects: int = Field(description="batches, for records; files otherwise")
    size_bytes: int = Field(description="in storage; of the ledger nothing is said")


class Pruned(Contract):
    """What `prune --json` prints."""

    removed: bool = Field(description="false: it was only counted")
    before: str = Field(description="what is older than this moment goes; UTC, ISO 8601")
    batches: list[str] = Field(description="those the ledger forgets")
    parts: list[Part]


@click.command()
@click.option(
    "--keep",
    default="90d",
    show_default=True,
    metavar="TIME",
    help="What is older goes: 90d, 12h. A batch is as old as its end.",
)
@click.option(
    "--pictures",
    is_flag=True,
    help="Old batches' pictures, tables and contact sheets too, except what younger batches use.",
)
@click.option(
    "--inputs", is_flag=True, help="Old pictures that went in too, if no batch that stays has them."
)
@click.option(
    "--manifests",
    is_flag=True,
    help="Old manifests too that were uploaded or kept for the fleet, if no schedule names them.",
)
@click.option(
    "--markers",
    is_flag=True,
    help="Old markers too: what is ordered again then is drawn, and paid for, again.",
)
@click.option("--yes", "-y", is_flag=True, help="Do it; without, it is only counted.")
@session_options
def prune(*, keep: str, yes: bool, **options: Any) -> None:
    """Remove what finished batches left and nobody needs any more: records and chunks.

    Batches that are not finished are never touched. Pictures, tables, input pictures, manifests and
    markers stay unless you ask for them too.
    """
    kinds = {Kind.RECORDS, Kind.CHUNKS, *(kind for kind in _ASKED if options.pop(str(kind)))}
    try:
        keep_s = parse_lifetime(keep, MOST_S)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--keep") from error
    session = open_session(**options)
    before = session.clock.now() - timedelta(seconds=keep_s)
    with connected(session.settings, session.clock) as connection:
        pruning = Pruning(connection.ledger, connection.storage, before, remove=yes)
        removal = pruning.run(kinds)
    found = _document(removal, before.isoformat(timespec="seconds"), removed=yes)
    if session.as_json:
        session.data(found)
        return
    rows = [(_WHAT[part.kind], f"{part.objects:,}", _size(part)) for part in found.parts]
    if not rows:
        session.say(f"Nothing is older than {keep}.")
        return
    print_table(("what", "number", "size"), rows)
    session.say("All this was removed." if yes else "Nothing was removed. --yes removes it.")


def _document(removal: Removal, before: str, *, removed: bool) -> Pruned:
    parts = [
        Part(kind=kind, objects=count.objects, size_bytes=count.size_bytes)
        for kind in Kind
        if (count := removal.counts.get(kind)) is not None
    ]
    return Pruned(removed=removed, before=before, batches=removal.batches, parts=parts)


def _size(part: Part) -> str:
    if part.kind is Kind.RECORDS:
        return ""
    size = float(part.size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"
