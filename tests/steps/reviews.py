"""Reviews of finished batches, acted on: `reroll` and `retry` without their command lines."""

from __future__ import annotations

from producer.another_round import check_finished, forget_unwanted, gather, hand_in_again
from producer.choice import Choice, Selection
from producer.chunk_files import ChunkFiles
from producer.reroll_choice import Rerolls
from producer.review import Decision, Mark, Review
from producer.watching import status_of
from schemas import layout
from schemas.batch import Batch
from schemas.result import JobResult
from schemas.states import BatchState
from tests.steps.mill import Mill

MOST_TURNS = 60


def rejected(image: str) -> Mark:
    return Mark(2, "", image, Decision.REJECT, "", "")


def unliked(image: str, prompt: str = "") -> Mark:
    """To be drawn anew."""
    return Mark(2, "", image, Decision.REROLL, "", prompt)


def approved(image: str) -> Mark:
    return Mark(2, "", image, Decision.APPROVE, "", "")


def reviewed(mill: Mill, batch: str, *marks: Mark, fresh_seeds: bool = False) -> list[JobResult]:
    """What is marked is drawn anew, to the batch's end; the results of its rows."""
    first = _document(mill, batch).revision
    review = Review("review.csv", marks)
    rerolls = Rerolls(review, mill.known, fresh_seeds=fresh_seeds, first_revision=first)
    return _run_again(mill, batch, rerolls)


def retried(mill: Mill, batch: str) -> list[JobResult]:
    """What failed is run again, to the batch's end; the results of its rows."""
    return _run_again(mill, batch, Choice())


def _document(mill: Mill, batch: str) -> Batch:
    document = mill.ledger.batches.document(batch)
    assert document is not None
    return document


def _run_again(mill: Mill, batch: str, selection: Selection) -> list[JobResult]:
    finished_at = check_finished(status_of(mill.ledger.batches, batch))
    number = mill.ledger.batches.new_round(batch)
    chunks = ChunkFiles(mill.folder / f"{batch}-{number}", round_=number)
    gathered = gather(batch, selection, mill.storage, mill.known, chunks)
    forget_unwanted(gathered, mill.storage)
    if gathered.tally.jobs:
        places = mill.ledger, mill.storage
        hand_in_again(_document(mill, batch), gathered, chunks, finished_at, places)
    for _ in range(MOST_TURNS):
        if mill.ledger.batches.state(batch) is BatchState.FINISHED:
            lines = mill.storage.get(layout.batch_file(batch, layout.RESULTS_JSONL)).splitlines()
            return sorted(map(JobResult.model_validate_json, lines), key=lambda found: found.id)
        mill.let_time_pass()
        mill.turn()
    raise AssertionError(f"{batch} came to no end")
