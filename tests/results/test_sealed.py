from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.sealed import sealed_jobs, sealed_results
from schemas.batch import TRANSFERRED
from schemas.layout import results_prefix
from schemas.states import JobState
from storage.local import LocalStorage
from tests.results.orders import BATCH, LANE, result, seal

SECOND_LANE = "dashscope:flux-schnell@default"


def lines(storage: LocalStorage) -> list[int]:
    return [one.line for one in sealed_results(storage, BATCH)]


def test_rows_of_several_lanes_come_in_the_manifests_order(storage: LocalStorage) -> None:
    seal(storage, [result(line) for line in (2, 5, 6)], number=1)
    seal(storage, [result(line) for line in (9, 10)], number=2)
    seal(storage, [result(line) for line in (3, 4, 7, 8, 11)], lane=SECOND_LANE)

    assert lines(storage) == list(range(2, 12))


def test_a_chunk_sealed_in_another_order_is_put_right(storage: LocalStorage) -> None:
    seal(storage, [result(line) for line in (4, 2, 3)])

    assert lines(storage) == [2, 3, 4]


def test_chunk_numbers_beyond_five_digits_follow_the_smaller_ones(storage: LocalStorage) -> None:
    seal(storage, [result(2)], number=99_999)
    seal(storage, [result(3)], number=100_000)

    assert lines(storage) == [2, 3]


def test_what_is_no_chunk_is_passed_over(storage: LocalStorage) -> None:
    seal(storage, [result(2)])
    storage.put(f"{results_prefix(BATCH)}lane/notes.txt", b"?", "text/plain")
    storage.put(f"{results_prefix(BATCH)}lane/old.jsonl", b"?", "text/plain")

    assert lines(storage) == [2]


def test_a_batch_without_results_yields_none(storage: LocalStorage) -> None:
    assert lines(storage) == []


def test_later_chunks_are_not_read_before_they_are_needed(storage: LocalStorage) -> None:
    for number in (1, 2, 3):
        seal(storage, [result(1 + number)], number=number)
    results = sealed_results(storage, BATCH)
    assert next(results).line == 2

    seal(storage, [result(4, id="changed")], number=3)

    assert [one.id for one in results] == ["SKU-3", "changed"]


def test_of_each_job_the_newest_rounds_result_counts(storage: LocalStorage) -> None:
    seal(storage, [result(line, JobState.FAILED) for line in (2, 3, 4)])
    seal(storage, [result(3, JobState.FAILED), result(4)], round_=2)
    seal(storage, [result(3, JobState.PARTIAL)], round_=10)

    states = [one.state for one in sealed_results(storage, BATCH)]
    assert states == [JobState.FAILED, JobState.PARTIAL, JobState.SUCCEEDED]


def test_what_a_matrix_makes_of_a_line_keeps_its_order_when_some_of_it_runs_again(
    storage: LocalStorage,
) -> None:
    front, side, top = (result(2, id=f"CUP_{angle}") for angle in ("front", "side", "top"))
    seal(storage, [front, side, top])
    seal(storage, [side, top], round_=2)
    seal(storage, [top], round_=3)

    assert [one.id for one in sealed_results(storage, BATCH)] == [
        "CUP_front",
        "CUP_side",
        "CUP_top",
    ]


def test_a_newest_result_is_told_with_the_chunk_it_was_run_in(storage: LocalStorage) -> None:
    seal(storage, [result(2), result(3)], number=1)
    seal(storage, [result(4), result(5)], number=2)
    seal(storage, [result(3, JobState.FAILED), result(4)], round_=2)

    jobs = [(one.result.id, one.round, one.chunk) for one in sealed_jobs(storage, BATCH)]
    assert jobs == [("SKU-2", 1, 1), ("SKU-3", 2, 1), ("SKU-4", 2, 1), ("SKU-5", 1, 2)]


ROUNDS = st.lists(st.lists(st.integers(2, 25), unique=True, max_size=24), max_size=4)


@settings(max_examples=60, deadline=None)
@given(lanes=st.tuples(ROUNDS, ROUNDS), size=st.integers(1, 7))
def test_rounds_merge_like_a_table_that_is_written_over(
    tmp_path_factory: pytest.TempPathFactory, lanes: tuple[list[list[int]], ...], size: int
) -> None:
    """Whatever jobs run again in whatever rounds, chunk sizes and lanes."""
    storage = LocalStorage(tmp_path_factory.mktemp("rounds"), fsync=False)
    model: dict[int, tuple[str, int]] = {}
    for place, (lane, rounds) in enumerate(zip((LANE, SECOND_LANE), lanes, strict=True)):
        own = [2 * line + place for line in range(2, 26)]
        for round_, again in enumerate(
            [own, *([2 * n + place for n in some] for some in rounds)], 1
        ):
            some = sorted(again)
            for number, first in enumerate(range(0, len(some), size), 1):
                chunk = some[first : first + size]
                results = [result(line, attempts=round_) for line in chunk]
                seal(storage, results, number=number, lane=lane, round_=round_)
            model |= {line: (f"SKU-{line}", round_) for line in some}

    merged = [(one.line, (one.id, one.attempts)) for one in sealed_results(storage, BATCH)]
    assert merged == sorted(model.items())


SPANS = st.lists(st.sets(st.integers(2, 60), max_size=12), max_size=6)


@given(SPANS, st.integers(0, 3))
def test_chunks_that_came_from_other_lanes_fall_into_place(parts: list[set[int]], own: int) -> None:
    """Those are in no order of their own, and may overlap."""
    with tempfile.TemporaryDirectory() as folder:
        storage = LocalStorage(Path(folder), fsync=False)
        taken: set[int] = set()
        for index, part in enumerate(parts):
            fresh = sorted(part - taken)
            taken |= part
            number = index + 1 if index < own else TRANSFERRED + index + 1
            if index < own:
                fresh = sorted(100 * (index + 1) + line for line in fresh)
            if fresh:
                seal(storage, [result(line, id=f"SKU-{line}") for line in fresh], number=number)
        found = lines(storage)
    assert found == sorted(found)
    assert len(found) == len(set(found)) == len(taken)
