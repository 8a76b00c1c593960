"""From a manifest to a batch: every row is checked before anything is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ledger.opening import Ledger
from producer.accounts_asked import Accounts
from producer.batch_name import batch_name, fit_name
from producer.checking import Good, RowChecker
from producer.chunk_files import ChunkFiles
from producer.defaults import Defaults
from producer.errors import ManifestError, OptionError, ProducerError
from producer.exit_codes import ExitCode
from producer.invalid_rows import InvalidRows
from producer.manifest import Manifest
from producer.pictures_asked import PictureCheck, UrlsOnly
from producer.progress import Read, ignore
from producer.tally import Tally
from producer.unlisted_models import WithUnlisted
from producer.validation import validate
from schemas import layout
from schemas.account import DEFAULT_ACCOUNT
from schemas.batch import Batch, Priority
from schemas.catalogue import Catalogue
from schemas.lane import Lane
from schemas.settings import Settings
from schemas.states import BatchState
from schemas.unlisted import Unlisted
from storage import Storage, StorageError

_TOLD_EVERY = 500
"""Rows; at a slow thousand rows a second that is often enough."""


class NameTaken(ProducerError):
    """Another manifest's batch has that name."""

    exit_code = ExitCode.USAGE


class NotHandedIn(ProducerError):
    """Storage failed while the batch was handed in."""

    exit_code = ExitCode.UNREACHABLE


class UnknownAccount(ProducerError):
    """The settings know no such account."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True)
class Order:
    """What the command line says about a batch."""

    name: str | None = None
    defaults: Defaults = field(default_factory=Defaults)
    account: str = "default"
    skip_invalid: bool = False
    simulated: bool = False
    priority: Priority = Priority.NORMAL
    budgets: Mapping[str, int] = field(default_factory=dict)
    """The most it may cost, in millionths, by currency; empty: no limit."""
    known_accounts: frozenset[tuple[str, str]] | None = None
    """(provider, account) of the settings; None: rows may name any."""
    pictures: PictureCheck = field(default_factory=UrlsOnly)

    @property
    def accounts(self) -> Accounts:
        """Through which account each row is ordered; a rehearsal's is the simulator's."""
        return Accounts(self.account, fixed=self.simulated, known=self.known_accounts)


@dataclass(frozen=True)
class Checked:
    """A manifest whose rows were all read and judged; its good jobs lie in chunk files."""

    manifest: Manifest
    tally: Tally
    chunks: ChunkFiles
    invalid: Path | None
    """Where the bad rows were written, if they were left out."""


@dataclass(frozen=True)
class Submitted:
    """A batch that is in the ledger."""

    batch: Batch
    fresh: bool
    """False: the same batch was handed in before."""


def check(
    manifest: Manifest,
    catalogue: Catalogue,
    order: Order,
    folder: Path,
    invalid: Path,
    read: Read = ignore,
) -> Checked:
    """Read every row. Raises ManifestError for a manifest that as a whole cannot be used."""
    tally, chunks = Tally(catalogue), ChunkFiles(folder, pictures=order.pictures)
    checker = RowChecker(
        catalogue, order.defaults, accounts=order.accounts, pictures=order.pictures
    )
    with InvalidRows(invalid, lambda: manifest.columns) as left_out:
        for number, checked in enumerate(validate(manifest, checker), 1):
            tally.add(checked)
            if isinstance(checked, Good):
                chunks.add(checked.job)
            elif order.skip_invalid:
                left_out.add(checked)
            if number % _TOLD_EVERY == 0:
                read(number)
    chunks.close()
    if order.skip_invalid and tally.bad and not tally.good:
        raise ManifestError(f"none of the {tally.bad} rows of {manifest.name} can be ordered")
    return Checked(manifest, tally, chunks, invalid if left_out.count else None)


def describe(checked: Checked, order: Order, catalogue: Catalogue, now: datetime) -> Batch:
    """The batch that a checked manifest makes. The same one on the same day has the same name."""
    manifest, lanes = checked.manifest, checked.chunks.lanes
    orders: dict[str, Any] = {**order.defaults.values, "account": order.account}
    if order.simulated:
        orders["simulated"] = True
    unlisted = _unlisted(checked.tally, catalogue)
    if unlisted:
        orders["unlisted"] = sorted({f"{said.like} {said.price}" for said in unlisted.values()})
    name = order.name or batch_name(manifest.stem, manifest.sha256, now.astimezone().date(), orders)
    if fit_name(name) != name:
        raise OptionError(
            f"--batch {name!r}: a batch's name has letters, digits, - _ and . only,"
            f" at most 60; {fit_name(name) or 'my-batch'!r} would do"
        )
    return Batch(
        batch=name,
        manifest=manifest.name,
        manifest_sha256=manifest.sha256,
        columns=list(manifest.columns),
        total=sum(lanes.values()),
        lanes=lanes,
        currencies=_currencies(lanes, catalogue),
        created_at=now.isoformat(timespec="seconds"),
        invalid=checked.tally.bad,
        simulated=order.simulated,
        priority=order.priority,
        defaults=orders,
        unlisted=unlisted,
    )


def hand_in(
    batch: Batch,
    chunks: ChunkFiles,
    ledger: Ledger,
    storage: Storage,
    limits: Mapping[str, Any],
    budgets: Mapping[str, int] | None = None,
) -> Submitted:
    """Put a batch into storage and ledger. Interrupted at any point, the same call completes it.

    Raises NameTaken, NotHandedIn.
    """
    state = ledger.batches.open(batch, ledger.fleet.now_ms())
    # Read after it is opened: of two that open a name at once, one is the first.
    known = ledger.batches.document(batch.batch) or batch
    if _source(known) != _source(batch):
        raise NameTaken(
            f"Batch {batch.batch} was made from {known.manifest} with other content or other options."
            " Choose another --batch NAME."
        )
    # One that is opening again was finished before: a retry died, and what it announced is certain.
    if state is not BatchState.OPENING or ledger.batches.hand_in_round(batch.batch):
        return Submitted(known, fresh=False)
    _store(batch, chunks, storage)
    for currency, limit_micro in (budgets or {}).items():
        ledger.batches.set_budget(batch, currency, limit_micro)
    for lane in batch.lanes:
        said = batch.unlisted.get(lane)
        ledger.lanes.open(
            lane, limits[lane], unlisted=said.model_dump_json(exclude_none=True) if said else ""
        )
        refs = chunks.refs(batch.batch, lane)
        ledger.lanes.hand_in(lane, batch.batch, refs, known.priority)
    ledger.batches.start(batch.batch)
    return Submitted(batch, fresh=True)


def _store(batch: Batch, chunks: ChunkFiles, storage: Storage) -> None:
    """Put pictures, chunks and the batch's document where workers find them. Raises NotHandedIn."""
    try:
        chunks.upload_pictures(storage)
        for lane in batch.lanes:
            chunks.upload(batch.batch, lane, storage)
        document = batch.model_dump_json(indent=1).encode()
        storage.put(layout.batch_document(batch.batch), document, "application/json")
    except StorageError as error:
        raise NotHandedIn(f"{error} Nothing was ordered; run the same command again.") from error


def lane_limits(lanes: Iterable[str], settings: Settings, catalogue: Catalogue) -> dict[str, Any]:
    """Each lane's limits as the settings have them."""
    found = {}
    for text in lanes:
        lane = Lane.parse(text)
        found[text] = settings.limits(lane, catalogue.find(lane.model, lane.provider))
    return found


def check_account(name: str, settings: Settings) -> None:
    """Raises UnknownAccount for an account the settings do not have."""
    if name not in {DEFAULT_ACCOUNT, *settings.accounts}:
        known = ", ".join(sorted({DEFAULT_ACCOUNT, *settings.accounts}))
        raise UnknownAccount(
            f"There is no account {name!r} (known: {known}); add [accounts.{name}] to imagemill.toml."
        )


def _unlisted(tally: Tally, catalogue: Catalogue) -> dict[str, Unlisted]:
    """The lanes whose models nobody lists, with what the user says of them."""
    if not isinstance(catalogue, WithUnlisted):
        return {}
    lanes = {lane: tally.model(lane) for lane in tally.lanes}
    return {lane: catalogue.unlisted for lane, model in lanes.items() if catalogue.has_made(model)}


def _source(batch: Batch) -> tuple[str, dict[str, Any]]:
    return batch.manifest_sha256, batch.defaults


def _currencies(lanes: Iterable[str], catalogue: Catalogue) -> dict[str, str]:
    found = {}
    for text in lanes:
        lane = Lane.parse(text)
        found[text] = catalogue.find(lane.model, lane.provider).currency
    return found
