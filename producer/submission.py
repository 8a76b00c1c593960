"""From a manifest to a batch: every row is checked before anything is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from producer.accounts_asked import Accounts
from producer.batch_name import batch_name, fit_name
from producer.checking import Bad, Good, RowChecker
from producer.chunk_files import ChunkFiles
from producer.damage import watched
from producer.default_values import Defaults
from producer.errors import ManifestError, OptionError, ProducerError
from producer.exit_codes import ExitCode
from producer.invalid_rows import InvalidRows
from producer.lost_zeros import CodeColumns
from producer.manifest import Manifest
from producer.matrix import Matrix
from producer.pictures_asked import PictureCheck, UrlsOnly
from producer.progress import Read, ignore
from producer.recipe import recipe_of
from producer.row import Row
from producer.shares import Spread
from producer.style_packs import StylePacks
from producer.tally import FIRST_KEPT, Tally
from producer.unlisted_models import WithUnlisted
from producer.validation import validate
from producer.wording import Wording
from schemas.account import DEFAULT_ACCOUNT
from schemas.batch import Batch, Priority
from schemas.catalogue import Catalogue
from schemas.finishing import Finishing
from schemas.hours import Hours
from schemas.job import Job
from schemas.lane import Lane
from schemas.notify import Notify
from schemas.recipe import Recipe
from schemas.settings import Settings
from schemas.unlisted import Unlisted

_TOLD_EVERY = 500
"""Rows; at a slow thousand rows a second that is often enough."""


class UnknownAccount(ProducerError):
    """The settings know no such account."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True)
class Order:
    """What the command line says about a batch."""

    name: str | None = None
    defaults: Defaults = field(default_factory=Defaults)
    account: str = DEFAULT_ACCOUNT
    account_named: bool = False
    """Somebody said that account, if only by its name `default`."""
    skip_invalid: bool = False
    simulated: bool = False
    fresh: bool = False
    """All of it is ordered, whatever was drawn before."""
    revision: int = 1
    """Of all its rows: what was drawn as another revision is another picture."""
    priority: Priority = Priority.NORMAL
    budgets: Mapping[str, int] = field(default_factory=dict)
    """The most it may cost, in millionths, by currency; empty: no limit."""
    known_accounts: frozenset[tuple[str, str]] | None = None
    """(provider, account) of the settings; None: rows may name any."""
    spread: Spread = field(default_factory=Spread)
    """Which accounts share the rows for which nobody named one."""
    pictures: PictureCheck = field(default_factory=UrlsOnly)
    wording: Wording = field(default_factory=Wording)
    packs: StylePacks = field(default_factory=StylePacks)
    matrix: Matrix | None = None
    notify: Notify | None = None
    hours: Hours | None = None
    """The hours in which it orders."""
    previewed: int = FIRST_KEPT
    """Jobs kept to be shown."""
    finishing: Finishing = field(default_factory=Finishing)
    """What is done with its pictures; the same rows are the same batch, whatever it is."""

    @property
    def accounts(self) -> Accounts:
        """Through which account each row is ordered; a rehearsal's is the simulator's."""
        return Accounts(
            self.account,
            fixed=self.simulated,
            known=self.known_accounts,
            named=self.account_named,
            spread=self.spread,
        )

    def checker(self, catalogue: Catalogue) -> RowChecker:
        """What judges the rows of a manifest."""
        return RowChecker(
            catalogue,
            self.defaults,
            accounts=self.accounts,
            pictures=self.pictures,
            packs=self.packs,
            wording=self.wording,
        )

    @property
    def of_all(self) -> dict[str, Any]:
        """What it says of every job alike, as far as that is not what holds of any."""
        said = {"finishing": self.finishing, "revision": self.revision}
        usual = {name: Job.model_fields[name].get_default() for name in said}
        return {name: value for name, value in said.items() if value != usual[name]}

    def columns(self, manifest: Manifest) -> tuple[str, ...]:
        """A manifest's columns, then those a matrix adds."""
        return manifest.columns if self.matrix is None else self.matrix.columns(manifest.columns)


@dataclass(frozen=True)
class Checked:
    """A manifest whose rows were all read and judged; its good jobs lie in chunk files."""

    manifest: Manifest
    tally: Tally
    chunks: ChunkFiles
    invalid: Path | None
    """Where the bad rows were written, if they were left out."""
    columns: tuple[str, ...]
    """The manifest's, then those a matrix adds."""
    recipe: Recipe | None
    cautions: tuple[str, ...] = ()
    """What to say once, of no row in particular."""
    bound: frozenset[str] = frozenset()
    """Lanes of rows for which somebody named the account."""


def check(
    manifest: Manifest,
    catalogue: Catalogue,
    order: Order,
    folder: Path,
    invalid: Path,
    read: Read = ignore,
) -> Checked:
    """Read every row. Raises ManifestError for a manifest that as a whole cannot be used."""
    tally = Tally(
        catalogue, unit="row" if order.matrix is None else "order", first_kept=order.previewed
    )
    chunks, checker = ChunkFiles(folder, pictures=order.pictures), order.checker(catalogue)
    codes, of_all = CodeColumns(_code_columns(manifest, checker)), order.of_all
    with InvalidRows(invalid, lambda: order.columns(manifest)) as left_out:
        for number, judged in enumerate(validate(manifest, checker, order.matrix), 1):
            checked = _ordered_alike(judged, of_all)
            tally.add(checked)
            if codes.is_watching:
                _see(checked, codes)
            if isinstance(checked, Good):
                chunks.add(checked.job)
            elif order.skip_invalid:
                left_out.add(checked)
            if number % _TOLD_EVERY == 0:
                read(number)
    chunks.close()
    tally.warn(codes.cautions())
    _check_any_good(tally, manifest, order)
    return Checked(
        manifest,
        tally,
        chunks,
        invalid if left_out.count else None,
        order.columns(manifest),
        recipe_of(order.wording, checker.packs.used, order.packs.usual, order.matrix),
        checker.cautions(order.columns(manifest)) if manifest.has_header else (),
        frozenset(checker.lanes.bound),
    )


def _ordered_alike(judged: Good | Bad, of_all: Mapping[str, Any]) -> Good | Bad:
    """The row with what the order says of every job."""
    if not of_all or isinstance(judged, Bad):
        return judged
    return Good(judged.job.model_copy(update=of_all), judged.cautions)


def _check_any_good(tally: Tally, manifest: Manifest, order: Order) -> None:
    if order.skip_invalid and tally.bad and not tally.good:
        raise ManifestError(
            f"none of the {tally.bad} {tally.unit}s of {manifest.name} can be ordered"
        )


def _code_columns(manifest: Manifest, checker: RowChecker) -> tuple[str, ...]:
    """The columns that hold codes; JSON lines keep their zeros."""
    if not manifest.has_header:
        return ()
    return watched(manifest.columns, checker.fields(manifest.columns).columns).codes


def _see(checked: Good | Bad, codes: CodeColumns) -> None:
    if isinstance(checked, Good):
        codes.see(checked.job.line, checked.job.row)
    elif isinstance(checked.row, Row):
        codes.see(checked.row.line, checked.row.cells)


def describe(checked: Checked, order: Order, catalogue: Catalogue, now: datetime) -> Batch:
    """The batch that a checked manifest makes. The same one on the same day has the same name."""
    manifest, lanes = checked.manifest, checked.chunks.lanes
    unlisted = _unlisted(checked.tally, catalogue)
    orders = _orders(order, unlisted)
    reading = manifest.reading.model_copy(update={"columns": dict(order.defaults.columns)})
    recipe = {} if checked.recipe is None else {"recipe": checked.recipe.model_dump()}
    told = {**orders, **reading.model_dump(exclude_defaults=True), **recipe}
    name = order.name or batch_name(manifest.stem, manifest.sha256, now.astimezone().date(), told)
    if fit_name(name) != name:
        raise OptionError(
            f"--batch {name!r}: a batch's name has letters, digits, - _ and . only,"
            f" at most 60; {fit_name(name) or 'my-batch'!r} would do"
        )
    return Batch(
        batch=name,
        manifest=manifest.name,
        manifest_sha256=manifest.sha256,
        columns=list(checked.columns),
        total=sum(lanes.values()),
        lanes=lanes,
        currencies=_currencies(lanes, catalogue),
        created_at=now.isoformat(timespec="seconds"),
        invalid=checked.tally.bad,
        simulated=order.simulated,
        fresh=order.fresh,
        revision=order.revision,
        priority=order.priority,
        finishing=order.finishing,
        defaults=orders,
        unlisted=unlisted,
        reading=reading,
        recipe=checked.recipe,
        notify=order.notify,
        hours=order.hours,
        unbound=[lane for lane in lanes if lane not in checked.bound],
    )


def _orders(order: Order, unlisted: Mapping[str, Unlisted]) -> dict[str, Any]:
    """What the command line said of all rows: said otherwise, it is another batch."""
    orders: dict[str, Any] = {**order.defaults.values, "account": order.account}
    if order.simulated:
        orders["simulated"] = True
    if order.fresh:
        orders["fresh"] = True
    if order.revision > 1:
        orders["revision"] = order.revision
    if unlisted:
        orders["unlisted"] = sorted({f"{said.like} {said.price}" for said in unlisted.values()})
    return orders


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


def _currencies(lanes: Iterable[str], catalogue: Catalogue) -> dict[str, str]:
    found = {}
    for text in lanes:
        lane = Lane.parse(text)
        found[text] = catalogue.find(lane.model, lane.provider).currency
    return found
