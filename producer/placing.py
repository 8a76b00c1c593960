"""Places a program's order: what `imagemill submit` does, without a command line."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Unpack

from producer.commands.checked_manifest import RowsRefused, checked_manifest
from producer.commands.ordering import models_from, order_from, summary
from producer.commands.run import need_keys
from producer.connecting import NotReachable, connected
from producer.handing_in import Submitted, hand_in
from producer.order_words import OrderWords, said_by_program
from producer.ordered_batch import Batch
from producer.progress import ignore
from producer.quiet_session import quiet_session
from producer.rows_file import Rows, rows_file
from producer.session import Session
from producer.submission import describe, lane_limits
from schemas import layout
from schemas.settings import Settings
from storage import Storage, StorageError


def submit(
    manifest: str | os.PathLike[str] | Rows,
    *,
    settings: Mapping[str, Any] | Settings | None = None,
    simulate: bool = False,
    **order: Unpack[OrderWords],
) -> Batch:
    """Check every row, then hand all of them in as one batch; nothing is printed or asked.

    `manifest` is a path, a batch file's path, an address (https://, s3://), or rows: mappings of
    columns to values. `order` are the keys of a batch file. The same rows ordered the same way are
    the same batch, all day, or for good with `batch="name"`: a program that died between ordering and
    writing that down just orders again. `settings` count before environment and imagemill.toml:
    `{"redis_url": ..., "storage_url": ...}`. `simulate` orders from the simulator, on this machine.

    Safe to call from several threads. Raises RowsRefused with every bad row, ManifestError where
    nothing can be read, and further ProducerErrors: SettingsError, NameTaken, NotReachable.
    """
    session, said = quiet_session(settings)
    if simulate:
        session = session.embedded()
    try:
        with _source(manifest) as source:
            place, options = said_by_program(source, order)
            submitted = _hand_in(place, options, session, simulated=simulate)
    except RowsRefused as error:
        raise RowsRefused(said.getvalue().strip(), error.problems) from None
    return Batch(
        submitted.batch.batch,
        settings=session.settings,
        new=submitted.fresh,
        said=said.getvalue().strip(),
    )


@contextmanager
def _source(manifest: str | os.PathLike[str] | Rows) -> Iterator[str]:
    """Where the manifest lies, for as long as the block runs."""
    if isinstance(manifest, str | os.PathLike):
        yield os.fspath(manifest)
        return
    with rows_file(manifest) as path:
        yield str(path)


def _hand_in(
    source: str, options: dict[str, Any], session: Session, *, simulated: bool
) -> Submitted:
    settings = session.settings
    models = models_from(options, session, simulated=simulated)
    order = order_from(options, session, models, simulated=simulated)
    with tempfile.TemporaryDirectory(prefix="imagemill-") as folder:
        options |= {"invalid_rows": str(Path(folder) / "invalid.csv"), "tell_rows": ignore}
        with checked_manifest(source, order, options, session, models) as checked:
            if settings.redis_url is None and not simulated:
                need_keys(checked.tally.lanes, session)
            session.say(summary(checked.tally, order.budgets, hours=order.hours))
            batch = describe(checked, order, models, session.clock.now())
            limits = lane_limits(batch.lanes, settings, models)
            with connected(settings, session.clock, create=True) as connection:
                ledger, storage = connection.ledger, connection.storage
                submitted = hand_in(batch, checked.chunks, ledger, storage, limits, order.budgets)
                if checked.invalid is not None:
                    _keep_left_out(submitted.batch.batch, checked.invalid, storage, session)
    return submitted


def _keep_left_out(batch: str, rows: Path, storage: Storage, session: Session) -> None:
    key = layout.invalid_rows_key(batch)
    try:
        storage.put_file(key, rows, "text/csv")
    except StorageError as error:
        raise NotReachable(f"{error} The batch is handed in; say the same again.") from error
    session.say(f"The rows left out are in {storage.location(key)}.")
