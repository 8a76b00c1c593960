from __future__ import annotations

from results.sealed import sealed_results
from schemas.layout import results_prefix
from storage.local import LocalStorage
from tests.results.orders import BATCH, result, seal

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
    seal(storage, [result(2)], number=1)
    seal(storage, [result(3)], number=2)
    results = sealed_results(storage, BATCH)
    assert next(results).line == 2

    seal(storage, [result(3, id="changed")], number=2)

    assert next(results).id == "changed"
