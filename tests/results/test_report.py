from __future__ import annotations

import tracemalloc
from dataclasses import FrozenInstanceError

import pytest

from results.report import Report, write_results
from schemas.layout import CONTACT_SHEET, FAILED_CSV, RESULTS_CSV, RESULTS_JSONL, batch_file
from schemas.states import JobState
from storage.local import LocalStorage
from tests.results.orders import BATCH, batch, failure, image, picture, result, seal
from tests.results.sheet_reader import SheetReader

FINISHED_AT = "2026-11-20T23:00:00Z"
OTHER_LANE = "stability:core@default"


def write(storage: LocalStorage) -> Report:
    return write_results(storage, batch(), finished_at=FINISHED_AT)


def contents(storage: LocalStorage) -> dict[str, bytes]:
    files = (RESULTS_JSONL, RESULTS_CSV, FAILED_CSV, CONTACT_SHEET)
    keys = [batch_file(BATCH, name) for name in files]
    return {key: storage.get(key) for key in keys if storage.head(key)}


@pytest.fixture
def sealed(storage: LocalStorage) -> LocalStorage:
    storage.put(image("a").key, picture(), "image/png")
    seal(
        storage,
        [
            result(2, images=[image("a")], cost_micro=160_000),
            result(4, JobState.FAILED, failures=[failure()]),
        ],
    )
    seal(
        storage,
        [result(3, images=[image("b")], cost_micro=30_000, currency="USD")],
        lane=OTHER_LANE,
    )
    return storage


def test_the_report_adds_up(sealed: LocalStorage) -> None:
    report = write(sealed)

    assert (report.batch, report.jobs, report.images) == (BATCH, 3, 2)
    assert report.states == {
        JobState.SUCCEEDED: 2,
        JobState.PARTIAL: 0,
        JobState.FAILED: 1,
        JobState.CANCELLED: 0,
        JobState.UNCERTAIN: 0,
    }
    assert report.costs_micro == {"CNY": 160_000, "USD": 30_000}
    assert list(report.keys) == list(contents(sealed))
    with pytest.raises(FrozenInstanceError):
        report.jobs = 0  # type: ignore[misc]  # that it is frozen is the point


def test_rows_of_all_lanes_come_in_the_manifests_order(sealed: LocalStorage) -> None:
    write(sealed)

    lines = sealed.get(batch_file(BATCH, RESULTS_JSONL)).decode().splitlines()
    assert [f'"line":{n},' in line for n, line in zip((2, 3, 4), lines, strict=True)] == [True] * 3


def test_writing_again_changes_nothing(sealed: LocalStorage) -> None:
    first = write(sealed), contents(sealed)

    assert (write(sealed), contents(sealed)) == first


def test_a_batch_without_failures_has_no_failed_csv(storage: LocalStorage) -> None:
    seal(storage, [result(2)])

    report = write(storage)

    assert batch_file(BATCH, FAILED_CSV) not in report.keys
    assert FAILED_CSV.encode() not in storage.get(batch_file(BATCH, CONTACT_SHEET))


def test_when_a_later_round_put_all_right_the_old_failed_csv_goes(sealed: LocalStorage) -> None:
    write(sealed)
    seal(sealed, [result(4, cost_micro=160_000)], round_=2)

    report = write(sealed)

    assert batch_file(BATCH, FAILED_CSV) not in contents(sealed)
    assert (report.states[JobState.FAILED], report.states[JobState.SUCCEEDED]) == (0, 3)
    assert report.costs_micro["CNY"] == 320_000
    assert FAILED_CSV.encode() not in sealed.get(batch_file(BATCH, CONTACT_SHEET))


def test_what_may_have_been_paid_for_twice_is_counted(storage: LocalStorage) -> None:
    seal(storage, [result(2, possible_double_charges=2), result(3, possible_double_charges=1)])

    write(storage)

    table = storage.get(batch_file(BATCH, RESULTS_CSV)).decode("utf-8-sig").splitlines()
    header, first, second = (line.split(",") for line in table)
    column = header.index("possible_double_charges")
    assert (first[column], second[column]) == ("2", "1")
    page = SheetReader(storage.get(batch_file(BATCH, CONTACT_SHEET)).decode())
    figures = [one.text for one in page.root.one("dl", "figures").all("div")]
    assert "Possibly paid twice3" in figures


def test_an_empty_batch_has_its_files_too(storage: LocalStorage) -> None:
    report = write(storage)

    assert report.jobs == report.images == 0
    assert len(report.keys) == 3


def test_thousands_of_jobs_pass_in_little_memory(storage: LocalStorage) -> None:
    prompt = "a long prompt about a cup " * 40
    for number in range(4):
        first = 2 + number * 500
        rows = [
            result(line, JobState.FAILED, prompt=prompt, row={"sku": str(line), "prompt": prompt})
            for line in range(first, first + 500)
        ]
        seal(storage, rows, number=number + 1)
    size_bytes = 2000 * 2 * len(prompt)

    write(storage)  # what is read once and kept, as the page is, is not what is measured
    tracemalloc.start()
    try:
        report = write(storage)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert report.jobs == 2000
    # Two of the four chunks, one as text and one as objects, and what the writers hold.
    assert peak_bytes < size_bytes * 1.5
    assert peak_bytes < 12_000_000
