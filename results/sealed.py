"""The sealed results of a batch, in the order of the manifest: of every job the newest round's."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from schemas.batch import TRANSFERRED, parse_chunk_name
from schemas.layout import results_prefix
from schemas.result import JobResult
from storage.port import Storage

_SUFFIX = ".jsonl"
_Chunk = tuple[int, str]
"""A chunk's number, and where its results lie."""


class Sealed(NamedTuple):
    """A job's newest result, and the chunk in which the job was run for it."""

    result: JobResult
    round: int
    chunk: int
    """Its number, in that round and in the result's lane."""


def sealed_results(storage: Storage, batch: str) -> Iterator[JobResult]:
    """Every job's newest result, by line of the manifest."""
    return (sealed.result for sealed in sealed_jobs(storage, batch))


def sealed_jobs(storage: Storage, batch: str) -> Iterator[Sealed]:
    """The same with each result's chunk; one chunk of each lane and round is held at a time.

    Chunks of a lane and round follow each other in the manifest, so that merging orders all.
    """
    streams = [
        _lines(storage, round_, row)
        for (_, round_), chunks in _chunk_keys(storage, batch).items()
        for row in _in_order(storage, chunks)
    ]
    merged = heapq.merge(*streams, key=_place)
    for _, lines in groupby(merged, key=_line):
        yield from _newest(lines)


def _newest(lines: Iterable[Sealed]) -> Iterator[Sealed]:
    """Of each job on a line of the manifest the newest result; the newest round comes first.

    A matrix makes several jobs of a line: the first round, which has all of them, says their order.
    """
    newest: dict[str, Sealed] = {}
    places: dict[str, int] = {}
    for place, line in enumerate(lines):
        newest.setdefault(line.result.id, line)
        places[line.result.id] = place
    return iter(sorted(newest.values(), key=lambda sealed: places[sealed.result.id]))


def _chunk_keys(storage: Storage, batch: str) -> dict[tuple[str, int], list[_Chunk]]:
    """Each lane's and round's chunks by their numbers, which outgrow five digits."""
    found: dict[tuple[str, int], list[_Chunk]] = defaultdict(list)
    for stored in storage.list(results_prefix(batch)):
        folder, name = stored.key.rsplit("/", 1)
        if not name.endswith(_SUFFIX):
            continue
        try:
            round_, number = parse_chunk_name(name.removesuffix(_SUFFIX))
        except ValueError:
            continue
        found[folder, round_].append((number, stored.key))
    return {place: sorted(chunks) for place, chunks in sorted(found.items())}


def _in_order(storage: Storage, chunks: list[_Chunk]) -> list[list[_Chunk]]:
    """A lane's and round's chunks, in rows of which each is in the manifest's order.

    Its own are. Those that came from other lanes are looked at: they may overlap.
    """
    own = [chunk for chunk in chunks if chunk[0] < TRANSFERRED]
    spans = []
    for number, key in chunks[len(own) :]:
        lines = [result.line for result in _chunk_results(storage, key)]
        if lines:
            spans.append((lines[0], lines[-1], (number, key)))
    rows: list[list[_Chunk]] = []
    ends: list[int] = []
    for first, last, chunk in sorted(spans):
        place = next((i for i, end in enumerate(ends) if end < first), len(rows))
        if place == len(rows):
            rows.append([])
            ends.append(last)
        rows[place].append(chunk)
        ends[place] = last
    return [own, *rows]


def _lines(storage: Storage, round_: int, chunks: list[_Chunk]) -> Iterator[Sealed]:
    for number, key in chunks:
        for result in _chunk_results(storage, key):
            yield Sealed(result, round_, number)


def _chunk_results(storage: Storage, key: str) -> list[JobResult]:
    """A chunk is read whole: a bucket would cut a stream left waiting for the other lanes."""
    lines = storage.get(key).splitlines()
    results = [JobResult.model_validate_json(line) for line in lines if line.strip()]
    return sorted(results, key=lambda result: result.line)


def _place(line: Sealed) -> tuple[int, int]:
    return line.result.line, -line.round


def _line(line: Sealed) -> int:
    return line.result.line
