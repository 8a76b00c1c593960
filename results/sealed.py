"""The sealed results of a batch, in the order of the manifest."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator

from schemas.layout import results_prefix
from schemas.result import JobResult
from storage.port import Storage

_SUFFIX = ".jsonl"


def sealed_results(storage: Storage, batch: str) -> Iterator[JobResult]:
    """Every sealed result, by line of the manifest; one chunk of each lane is held at a time.

    Chunks of a lane follow each other in the manifest, so that merging the lanes orders all.
    """
    lanes = _chunk_keys(storage, batch).values()
    return heapq.merge(*(_lane_results(storage, keys) for keys in lanes), key=_line)


def _chunk_keys(storage: Storage, batch: str) -> dict[str, list[str]]:
    """Each lane's chunks by their numbers, which outgrow five digits in the largest batches."""
    lanes: dict[str, list[str]] = defaultdict(list)
    for found in storage.list(results_prefix(batch)):
        folder, name = found.key.rsplit("/", 1)
        if name.endswith(_SUFFIX) and name.removesuffix(_SUFFIX).isdecimal():
            lanes[folder].append(found.key)
    return {
        folder: sorted(keys, key=lambda key: (len(key), key))
        for folder, keys in sorted(lanes.items())
    }


def _lane_results(storage: Storage, keys: list[str]) -> Iterator[JobResult]:
    for key in keys:
        yield from _chunk_results(storage, key)


def _chunk_results(storage: Storage, key: str) -> list[JobResult]:
    """A chunk is read whole: a bucket would cut a stream left waiting for the other lanes."""
    lines = storage.get(key).splitlines()
    results = [JobResult.model_validate_json(line) for line in lines if line.strip()]
    return sorted(results, key=_line)


def _line(result: JobResult) -> int:
    return result.line
