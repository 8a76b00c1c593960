"""Rows of a finished batch once more: the right ones, with what they bring along, once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.errors import LedgerUnreachable
from ledger.keys import LaneKeys
from ledger.opening import Ledger
from producer.another_round import NotFinished, NotRunAgain, check_finished, gather, hand_in_again
from producer.choice import Choice, error_classes, named_ids
from producer.chunk_files import ChunkFiles
from producer.errors import OptionError
from producer.submission import Order
from producer.watching import status_of
from schemas.batch import BatchStatus, ChunkRef
from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.layout import input_chunk
from schemas.states import JobState
from tests.steps.storages import StumblingStorage
from tests.steps.watched_ledger import Wire, watched_ledger
from tests.submission.finished import PRICE_MICRO, finish
from tests.submission.manifests import FLUX, WANX, Prepared, jobs_of, prepared, rows
from tests.submission.statuses import status
from tests.valkey import Valkey

NIGHT = Order(name="night")
SIX = "sku,prompt,model,n,colour\n" + "".join(
    f"SKU-{i},a cat,{('wanx-v1', 'flux-schnell')[i % 2]},{4 if i == 2 else 1},sage\n"
    for i in range(6)
)
ENDINGS: dict[str, tuple[JobState | ErrorClass, ...]] = {
    "SKU-1": (JobState.FAILED, ErrorClass.MODERATED),
    "SKU-2": (JobState.PARTIAL, ErrorClass.DOWNLOAD),
    "SKU-3": (JobState.UNCERTAIN, ErrorClass.AMBIGUOUS),
    "SKU-4": (JobState.FAILED, ErrorClass.TIMEOUT),
    "SKU-5": (JobState.CANCELLED, ErrorClass.CANCELLED),
}


@pytest.fixture
def night(ledger: Ledger, storage: StumblingStorage, tmp_path: Path) -> Prepared:
    """A finished batch: one row complete, the others each in their way not."""
    ready = prepared(SIX, tmp_path / "chunks", NIGHT)
    ready.hand_in(ledger, storage)
    finish(ledger, storage, "night", ENDINGS)
    storage.written.clear()
    return ready


def run_again(
    night: Prepared,
    ledger: Ledger,
    storage: StumblingStorage,
    folder: Path,
    choice: Choice | None = None,
) -> None:
    finished_at = check_finished(status_of(ledger.batches, "night"))
    chunks = ChunkFiles(folder, round_=ledger.batches.new_round("night"))
    gathered = gather("night", choice or Choice(), storage, catalogue(), chunks)
    hand_in_again(night.batch, gathered, chunks, finished_at, (ledger, storage))


def waiting(ledger: Ledger, storage: StumblingStorage) -> dict[str, Job]:
    """The jobs that were handed in, by id; each once."""
    found = []
    for lane in (WANX, FLUX):
        for ref in ledger.client.lrange(LaneKeys(lane).waiting("night"), 0, -1):
            found += jobs_of(storage.get(input_chunk(lane, ChunkRef.parse(str(ref)))))
    assert len({job.id for job in found}) == len(found)
    return {job.id: job for job in found}


def choice(*states: JobState, classes: str | None = None, ids: str | None = None) -> Choice:
    return Choice(
        frozenset(states) or Choice().states,
        error_classes(classes) if classes else frozenset(),
        named_ids(ids) if ids else None,
    )


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        (choice(), "124"),
        (choice(JobState.FAILED), "14"),
        (choice(JobState.UNCERTAIN), "3"),
        (choice(JobState.CANCELLED, JobState.PARTIAL), "25"),
        (choice(classes="timeout, Moderated"), "14"),
        (choice(JobState.PARTIAL, classes="timeout"), ""),
        (choice(ids="SKU-4,SKU-3,SKU-0"), "4"),
        (choice(classes="ambiguous"), ""),
    ],
)
def test_rows_are_chosen_by_state_class_and_id(
    night: Prepared, storage: StumblingStorage, chosen: Choice, ids: str
) -> None:
    """An uncertain row only where it is asked for by name of its state."""
    gathered = gather("night", chosen, storage, catalogue(), None)
    assert gathered.tally.jobs == len(ids)
    assert gathered.tally.jobs + sum(gathered.left.values()) == 6
    taken = {f"SKU-{i}": ENDINGS[f"SKU-{i}"][0] for i in ids}
    assert sorted(gathered.tally.states.elements()) == sorted(taken.values())


def test_a_round_takes_back_what_its_rows_counted_for(
    night: Prepared, ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    before = status_of(ledger.batches, "night")
    assert (before.images, before.cost) == (2, "0.32")

    run_again(night, ledger, storage, tmp_path / "again")

    after = status_of(ledger.batches, "night")
    assert (after.state, after.total, after.pending, after.ended) == ("running", 6, 3, 3)
    assert (after.partial, after.failed, after.uncertain, after.cancelled) == (0, 0, 1, 1)
    assert (after.images, after.cost) == (1, "0.16")
    assert after.possible_double_charges == 1, "the provider never finished SKU-4"


def test_a_row_brings_along_what_it_came_to_and_its_owners_cells(
    night: Prepared, ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    run_again(night, ledger, storage, tmp_path / "again")

    jobs = waiting(ledger, storage)
    assert set(jobs) == {"SKU-1", "SKU-2", "SKU-4"}
    partial, lost = jobs["SKU-2"].again, jobs["SKU-4"].again
    assert partial is not None
    assert lost is not None
    assert [image.index for image in partial.kept] == [1]
    assert (partial.round, partial.attempts, partial.cost_micro) == (2, 1, PRICE_MICRO)
    assert (partial.possible_double_charges, lost.possible_double_charges) == (0, 1)
    assert jobs["SKU-2"].row["colour"] == "sage"
    assert jobs["SKU-2"].n == 4


def test_rounds_follow_each_other_and_the_newest_counts(
    night: Prepared, ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    run_again(night, ledger, storage, tmp_path / "2")
    finish(ledger, storage, "night", {"SKU-4": (JobState.UNCERTAIN, ErrorClass.AMBIGUOUS)})
    run_again(night, ledger, storage, tmp_path / "3", choice(JobState.UNCERTAIN))

    jobs = waiting(ledger, storage)
    assert set(jobs) == {"SKU-3", "SKU-4"}
    for job, doubles in ((jobs["SKU-3"], 1), (jobs["SKU-4"], 2)):
        assert job.again is not None
        assert (job.again.round, job.again.possible_double_charges) == (3, doubles)
    finish(ledger, storage, "night", {})
    last = status_of(ledger.batches, "night")
    assert (last.succeeded, last.cancelled, last.images) == (5, 1, 8)
    assert gather("night", Choice(), storage, catalogue(), None).tally.jobs == 0


def test_only_missing_pictures_are_counted_and_priced(
    night: Prepared, storage: StumblingStorage
) -> None:
    tally = gather("night", choice(JobState.PARTIAL), storage, catalogue(), None).tally
    assert (tally.images, tally.costs_micro) == (3, {"CNY": 3 * PRICE_MICRO})


def test_jobs_of_every_chunk_are_found(
    ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    ready = prepared(rows(1203), tmp_path / "chunks", NIGHT)
    ready.hand_in(ledger, storage)
    failed = {f"SKU-{i}": (JobState.FAILED, ErrorClass.INVALID) for i in (1, 499, 500, 1202)}
    finish(ledger, storage, "night", failed)

    run_again(ready, ledger, storage, tmp_path / "again")

    jobs = waiting(ledger, storage)
    assert set(jobs) == set(failed)
    assert all(job.row["sku"] == job.id for job in jobs.values())


def test_unknown_ids_and_classes_are_answered_with_near_ones(
    night: Prepared, storage: StumblingStorage
) -> None:
    with pytest.raises(OptionError, match=r"no row SKU-44 \(did you mean SKU-4\?\)"):
        gather("night", choice(ids="SKU-44,SKU-1"), storage, catalogue(), None)
    with pytest.raises(OptionError, match="did you mean moderated"):
        error_classes("moderation")
    with pytest.raises(OptionError, match="names no row"):
        named_ids(" , ")
    with pytest.raises(OptionError, match="cannot be read"):
        named_ids("@nowhere.txt")


def test_ids_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("\ufeffSKU-1\n\n 杯,2 \n", encoding="utf-8")
    assert named_ids(f"@{path}") == {"SKU-1", "杯,2"}


@pytest.mark.parametrize(
    ("shown", "hint"),
    [
        (status(), "imagemill watch night"),
        (status(state="paused"), "imagemill resume night"),
        (status(state="parked: budget"), "--budget"),
        (status(state="opening"), "imagemill watch night"),
        (status(state="finished"), "imagemill watch night"),
    ],
)
def test_what_goes_on_is_not_run_again(shown: BatchStatus, hint: str) -> None:
    with pytest.raises(NotFinished, match=rf"{shown.state}\): 0 of 100 rows.*{hint}"):
        check_finished(shown)


def test_of_two_at_once_one_wins_and_the_other_says_so(
    night: Prepared, ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    finished_at = check_finished(status_of(ledger.batches, "night"))
    both = []
    for place in ("one", "other"):
        chunks = ChunkFiles(tmp_path / place, round_=ledger.batches.new_round("night"))
        both.append((gather("night", Choice(), storage, catalogue(), chunks), chunks))

    hand_in_again(night.batch, *both[1], finished_at, (ledger, storage))
    with pytest.raises(NotFinished, match="Somebody else"):
        hand_in_again(night.batch, *both[0], finished_at, (ledger, storage))

    assert {job.again.round for job in waiting(ledger, storage).values() if job.again} == {3}
    left = {found.key for found in storage.list("batches/night/input") if "/r" in found.key}
    assert {key.rsplit("/r", 1)[1] for key in left} == {"3-00001.jsonl.gz"}


def assert_once(ledger: Ledger, storage: StumblingStorage) -> None:
    """The three rows wait, once, whoever completed it."""
    after = status_of(ledger.batches, "night")
    assert (after.state, after.pending, after.ended) == ("running", 3, 3)
    assert (after.images, after.cost, after.possible_double_charges) == (1, "0.16", 1)
    assert set(waiting(ledger, storage)) == {"SKU-1", "SKU-2", "SKU-4"}


@pytest.mark.parametrize("point", [1, 2])
def test_where_storage_dies_nothing_has_happened(
    night: Prepared, ledger: Ledger, storage: StumblingStorage, tmp_path: Path, point: int
) -> None:
    before = status_of(ledger.batches, "night")
    storage.dies_at = point
    with pytest.raises(NotRunAgain, match="run the same command again"):
        run_again(night, ledger, storage, tmp_path / "dying")
    assert status_of(ledger.batches, "night") == before

    storage.dies_at = None
    run_again(night, ledger, storage, tmp_path / "again")
    assert_once(ledger, storage)


@pytest.mark.parametrize("answer_lost", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("helper", ["retry", "fleet", "submit"])
def test_it_may_die_at_every_call_of_the_ledger(
    valkey: Valkey,
    ledger: Ledger,
    storage: StumblingStorage,
    tmp_path: Path,
    answer_lost: bool,
    helper: str,
) -> None:
    """Then the same command, the fleet, or a submit of the same manifest completes it."""
    points = 0
    for point in range(1, 40):
        ledger.client.flushall()
        night = prepared(SIX, tmp_path / f"{point}", NIGHT)
        night.hand_in(ledger, storage)
        finish(ledger, storage, "night", ENDINGS)
        wire = Wire()
        wire.breaks_at, wire.answer_lost = point, answer_lost
        with watched_ledger(valkey.port, wire) as dying:
            try:
                run_again(night, dying, storage, tmp_path / f"{point}-dying")
            except LedgerUnreachable:
                points += 1
            else:
                break
        if helper == "fleet":
            ledger.batches.hand_in_round("night")
        elif helper == "submit":
            assert not night.hand_in(ledger, storage).fresh
        if status_of(ledger.batches, "night").state == "finished":
            run_again(night, ledger, storage, tmp_path / f"{point}-again")
        ledger.batches.hand_in_round("night")
        assert_once(ledger, storage)
    assert points >= 8, "the calls of a retry"


def test_a_batch_whose_model_is_unknown_now_is_left_alone(
    night: Prepared, storage: StumblingStorage
) -> None:
    known = [model for model in catalogue() if model.name != "flux-schnell"]
    fewer = type(catalogue())(known)
    with pytest.raises(NotRunAgain, match=re.escape("flux-schnell")):
        gather("night", Choice(), storage, fewer, None)
