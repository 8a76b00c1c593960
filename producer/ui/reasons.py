"""Why rows of a batch did not come whole, grouped: read from its sealed results, each part once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from results.words import FAILURES, UNEXPLAINED, Wording, first_failure
from schemas.batch import parse_chunk_name
from schemas.failure import ErrorClass
from schemas.layout import results_prefix
from schemas.result import JobResult
from schemas.states import JobState
from storage import Storage

PARTS_AT_ONCE = 200
"""Parts of 500 rows that are read for one page; the next page reads on."""
BATCHES_KEPT = 16
EXAMPLES = 3
_ALL_WELL = (b'"state":"succeeded"', b'"failures":[],"attempts":')


class Reason(NamedTuple):
    """What rows have in common that did not come whole."""

    state: JobState
    error_class: ErrorClass | None
    code: str

    @property
    def wording(self) -> Wording:
        """The reason in plain words."""
        if self.error_class is not None:
            return FAILURES[self.error_class]
        return UNEXPLAINED.get(self.state, UNEXPLAINED[JobState.FAILED])


@dataclass
class Group:
    """Rows with one reason."""

    reason: Reason
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, job: str) -> None:
        """Count one row."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(job)


@dataclass(frozen=True)
class Grouped:
    """All reasons of a batch, the most frequent first."""

    groups: list[Group]
    read: int
    """Parts of the results that are counted,"""
    parts: int
    """of so many."""


class _Part(NamedTuple):
    size_bytes: int
    rows: dict[str, Reason | None]
    """None: it came whole. In a batch's first round only the others are kept."""


class Reasons:
    """Remembers what it read of the batches looked at last; for many threads."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._batches: OrderedDict[str, dict[str, _Part]] = OrderedDict()

    def of(self, batch: str) -> Grouped:
        """Why rows of a batch did not come whole, as far as is known. Raises StorageError."""
        with self._lock:
            known = self._batches.setdefault(batch, {})
            self._batches.move_to_end(batch)
            while len(self._batches) > BATCHES_KEPT:
                self._batches.popitem(last=False)
            places = self._read_on(batch, known)
            parts = [known[key].rows for key in places if key in known]
        return Grouped(grouped(parts), len(parts), len(places))

    def _read_on(self, batch: str, known: dict[str, _Part]) -> list[str]:
        """Read what is new; all parts, in order of their rounds."""
        rounds = {}
        budget = PARTS_AT_ONCE
        for stored in self._storage.list(results_prefix(batch)):
            round_ = _round_of(stored.key)
            if round_ is None:
                continue
            rounds[stored.key] = round_
            part = known.get(stored.key)
            if (part is None or part.size_bytes != stored.size_bytes) and budget:
                budget -= 1
                rows = rows_of(self._storage.get(stored.key), later_round=round_ > 1)
                known[stored.key] = _Part(stored.size_bytes, rows)
        return sorted(rounds, key=lambda key: rounds[key])


def grouped(parts: Iterable[dict[str, Reason | None]]) -> list[Group]:
    """Rows by reason, the most frequent first; what a later part says of a row counts."""
    newest: dict[str, Reason] = {}
    for rows in parts:
        for job, reason in rows.items():
            if reason is None:
                newest.pop(job, None)
            else:
                newest[job] = reason
    groups: dict[Reason, Group] = {}
    for job, reason in newest.items():
        groups.setdefault(reason, Group(reason)).add(job)
    return sorted(groups.values(), key=lambda group: -group.count)


def rows_of(lines: bytes, *, later_round: bool) -> dict[str, Reason | None]:
    """Rows of a part and why they did not come whole."""
    found = {}
    for line in lines.splitlines():
        well = all(mark in line for mark in _ALL_WELL)
        if not line.strip() or (well and not later_round):
            continue  # most lines, which need not be understood
        result = JobResult.model_validate_json(line)
        found[result.id] = reason_of(result)
    return found


def reason_of(result: JobResult) -> Reason | None:
    """Why a row did not come whole; None where it did."""
    if result.state is JobState.SUCCEEDED:
        return None
    failure = first_failure(result)
    if failure is None:
        return Reason(result.state, None, "")
    return Reason(result.state, failure.error_class, failure.code)


def _round_of(key: str) -> int | None:
    name = key.rsplit("/", 1)[-1]
    try:
        return parse_chunk_name(name.removesuffix(".jsonl"))[0]
    except ValueError:
        return None
