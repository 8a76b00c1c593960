"""Removes what is older than its keep time, or only counts it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from ledger.opening import Ledger
from ledger.retention import KeptBatch
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.prune_choice import (
    Choice,
    Folder,
    Kind,
    borrowed,
    choose,
    inputs_named,
    is_chunk,
    is_old,
)
from schemas import layout
from schemas.states import BatchState
from storage import NotFound, Storage, StoredObject

INPUTS_PREFIX = "inputs/"
_AT_ONCE = 16
"""Each removal is a way to the storage and back."""


class InUse(ProducerError):
    """What is to be removed is being used just now."""

    exit_code = ExitCode.WAITED


@dataclass
class Count:
    """How much of one kind there is."""

    objects: int = 0
    size_bytes: int = 0


@dataclass
class Removal:
    """What goes, or went."""

    batches: list[str] = field(default_factory=list)
    counts: dict[Kind, Count] = field(default_factory=dict)

    def add(self, kind: Kind, objects: int, size_bytes: int = 0) -> None:
        """Count something."""
        count = self.counts.setdefault(kind, Count())
        count.objects += objects
        count.size_bytes += size_bytes


class Pruning:
    """One look for what is old. Nothing is removed unless `remove`."""

    def __init__(
        self, ledger: Ledger, storage: Storage, before: datetime, *, remove: bool = False
    ) -> None:
        self._ledger = ledger
        self._storage = storage
        self._before = before
        self._remove = remove
        self.removal = Removal()

    def run(self, kinds: Iterable[Kind]) -> Removal:
        """Take away records and chunks of old batches, and what else is asked for.

        Raises InUse before anything is touched, LedgerError, StorageError.
        """
        kinds = set(kinds)
        choice = self._choose()
        self._refuse_what_is_in_use(kinds, choice)
        lent = self._lent(choice) if Kind.PICTURES in kinds else set()
        named = self._inputs_of(choice.staying) if Kind.INPUTS in kinds else set()
        revived = {batch.name for batch in choice.forgotten if not self._forget(batch)}
        for name in choice.folders:
            if name not in revived:
                self._clear(name, lent, pictures=Kind.PICTURES in kinds)
        if Kind.INPUTS in kinds:
            named |= self._inputs_of(revived)
            self._take(Kind.INPUTS, self._old(INPUTS_PREFIX), lambda key: key not in named)
        if Kind.MANIFESTS in kinds:
            old = list(self._old(layout.MANIFESTS_PREFIX))  # what is named after this look is young
            asked = self._manifests_named()
            self._take(Kind.MANIFESTS, old, lambda key: key not in asked)
        if Kind.MARKERS in kinds:
            self._take(Kind.MARKERS, self._old(layout.MARKERS_PREFIX))
        return self.removal

    def _choose(self) -> Choice:
        folders: dict[str, Folder] = {}
        for stored in self._storage.list(layout.BATCHES_PREFIX):
            name = layout.batch_of(stored.key)
            folders.setdefault(name, Folder(name)).see(stored)
        # After the folders: a batch is in the ledger before anything of it lies in storage.
        return choose(self._ledger.retention.batches(), folders.values(), self._before)

    def _refuse_what_is_in_use(self, kinds: set[Kind], choice: Choice) -> None:
        """Pictures and inputs have users whose results and orders nobody can read yet."""
        if Kind.INPUTS in kinds and choice.opening:
            raise InUse(
                f"{choice.opening[0]} is being handed in, and may order from pictures that are there:"
                " prune --inputs once it is. If its submit died, run that again first."
            )
        if Kind.PICTURES not in kinds:
            return
        for batch in self._ledger.retention.batches():
            if batch.state in (None, BatchState.FINISHED):
                continue
            status = self._ledger.batches.status(batch.name)
            if status is not None and status.reused:
                raise InUse(
                    f"{batch.name} is under way and uses pictures of earlier batches:"
                    " prune --pictures once it is finished."
                )

    def _forget(self, batch: KeptBatch) -> bool:
        """Whether the ledger has forgotten it, or would."""
        gone: int | None = 1
        if self._remove:
            gone = self._ledger.retention.forget(batch)
        if gone is None:
            return False
        self.removal.batches.append(batch.name)
        self.removal.add(Kind.RECORDS, 1)
        return True

    def _clear(self, batch: str, lent: set[str], *, pictures: bool) -> None:
        """Take a folder's chunks away, and its pictures where that is asked for."""
        found = self._storage.list(f"{layout.BATCHES_PREFIX}{batch}/")
        chunks: list[StoredObject] = []
        others: list[StoredObject] = []
        for stored in found:
            (chunks if is_chunk(stored.key) else others).append(stored)
        self._take(Kind.CHUNKS, chunks)
        if pictures:
            self._take(Kind.PICTURES, others, lambda key: key not in lent)

    def _old(self, prefix: str) -> Iterator[StoredObject]:
        return (stored for stored in self._storage.list(prefix) if is_old(stored, self._before))

    def _take(
        self,
        kind: Kind,
        found: Iterable[StoredObject],
        wanted: Callable[[str], bool] = lambda _key: True,
    ) -> None:
        going = []
        for stored in found:
            if wanted(stored.key):
                self.removal.add(kind, 1, stored.size_bytes)
                going.append(stored.key)
        if self._remove:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="prune") as pool:
                for _ in pool.map(self._storage.delete, going):
                    pass

    def _lent(self, choice: Choice) -> set[str]:
        """Objects of batches that go, which the results of batches that stay point at."""
        going = set(choice.folders)
        return {
            key
            for batch in choice.staying
            for results in self._results_of(batch)
            for key in borrowed(results, batch)
            if layout.batch_of(key) in going
        }

    def _results_of(self, batch: str) -> Iterator[bytes]:
        """Lines of results, in parts: of a finished batch its table, else what is sealed."""
        try:
            with self._storage.open(layout.batch_file(batch, layout.RESULTS_JSONL)) as lines:
                yield from lines
        except NotFound:
            for stored in self._storage.list(layout.results_prefix(batch)):
                yield self._storage.get(stored.key)

    def _manifests_named(self) -> set[str]:
        """Manifests that are yet to be read, by a schedule or by an intake that is not at its end."""
        schedules, intakes = self._ledger.schedules, self._ledger.intakes
        planned = [schedules.find(name) for name in schedules.names()]
        waiting = [intakes.record(name) for name in intakes.open_ones()]
        named = {found.schedule.order.manifest for found in planned if found is not None}
        for record in waiting:
            if record is not None:
                named |= {record.intake.order.manifest, record.copy or ""}
        return named

    def _inputs_of(self, batches: Iterable[str]) -> set[str]:
        return {
            key
            for batch in batches
            for stored in self._storage.list(f"{layout.BATCHES_PREFIX}{batch}/input/")
            for key in inputs_named(gzip.decompress(self._storage.get(stored.key)))
        }
