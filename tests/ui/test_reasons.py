"""Why rows did not come whole, grouped."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.ui import reasons as reading
from producer.ui.reasons import Reason, Reasons, rows_of
from results.words import FAILURES, UNEXPLAINED
from schemas.failure import ErrorClass
from schemas.result import JobResult
from schemas.states import JobState
from storage import LocalStorage
from tests.results.orders import BATCH, failure, result, seal

MODERATED = Reason(JobState.FAILED, ErrorClass.MODERATED, "DataInspectionFailed")
TIMEOUT = Reason(JobState.FAILED, ErrorClass.TIMEOUT, "Timeout")


def refused(line: int) -> JobResult:
    return result(line, JobState.FAILED, failures=[failure()])


def late(line: int) -> JobResult:
    return result(line, JobState.FAILED, failures=[failure(ErrorClass.TIMEOUT, code="Timeout")])


class CountingStorage(LocalStorage):
    """Counts what is read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, fsync=False)
        self.read = 0

    def get(self, key: str) -> bytes:
        self.read += 1
        return super().get(key)


@pytest.fixture
def storage(tmp_path: Path) -> CountingStorage:
    return CountingStorage(tmp_path)


def found(reasons: Reasons) -> dict[Reason, int]:
    return {group.reason: group.count for group in reasons.of(BATCH).groups}


def test_rows_are_grouped_by_reason_the_most_frequent_first(storage: CountingStorage) -> None:
    seal(storage, [late(2), *(refused(line) for line in range(3, 8)), result(9)])
    groups = Reasons(storage).of(BATCH).groups
    assert [(group.reason, group.count) for group in groups] == [(MODERATED, 5), (TIMEOUT, 1)]
    assert groups[0].examples == ["SKU-3", "SKU-4", "SKU-5"]
    assert groups[0].reason.wording == FAILURES[ErrorClass.MODERATED]


def test_what_a_later_round_says_of_a_row_counts(storage: CountingStorage) -> None:
    seal(storage, [refused(2), refused(3), late(4)])
    seal(storage, [result(2), late(3)], round_=2)
    assert found(Reasons(storage)) == {TIMEOUT: 2}


def test_a_part_is_read_once(storage: CountingStorage) -> None:
    reasons = Reasons(storage)
    seal(storage, [refused(2)], number=1)
    assert found(reasons) == {MODERATED: 1}
    seal(storage, [refused(3)], number=2)
    assert found(reasons) == {MODERATED: 2}
    assert found(reasons) == {MODERATED: 2}
    assert storage.read == 2


def test_a_large_batch_is_counted_page_by_page(
    storage: CountingStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PARTS_AT_ONCE", 2)
    for number in range(1, 6):
        seal(storage, [refused(number + 1)], number=number)
    reasons = Reasons(storage)
    looks = [reasons.of(BATCH) for _ in range(3)]
    assert [(look.read, look.parts) for look in looks] == [(2, 5), (4, 5), (5, 5)]
    assert looks[-1].groups[0].count == 5


def test_an_ending_without_a_failure_has_words(storage: CountingStorage) -> None:
    seal(storage, [result(2, JobState.CANCELLED), result(3, JobState.UNCERTAIN)])
    for group in Reasons(storage).of(BATCH).groups:
        assert group.reason.wording == UNEXPLAINED[group.reason.state]


def test_a_row_that_talks_of_success_is_not_mistaken_for_one() -> None:
    row = {"note": '"state":"succeeded" "failures":[],"attempts":'}
    (found_,) = rows_of(
        refused(2).model_copy(update={"row": row}).model_dump_json().encode(), later_round=False
    ).values()
    assert found_ == MODERATED


def test_of_whole_rows_nothing_is_kept() -> None:
    lines = b"".join(result(line).model_dump_json().encode() + b"\n" for line in range(9))
    assert rows_of(lines, later_round=False) == {}
    assert set(rows_of(lines, later_round=True).values()) == {None}
