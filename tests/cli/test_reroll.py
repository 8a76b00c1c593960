"""`reroll` and `results --approved` from anywhere: what they say, print and hand in; no worker acts."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from ledger.opening import Ledger
from results.earlier import drawn_before
from schemas.failure import ErrorClass
from schemas.states import JobState
from storage import LocalStorage
from tests.cli.command import CommandLine
from tests.earlier_batch import leave_drawn
from tests.submission.finished import finish
from tests.submission.manifests import jobs_of

ENDINGS: dict[str, tuple[Any, ...]] = {"cups-003": (JobState.FAILED, ErrorClass.MODERATED)}
REVIEW = """\ufeffid,image,decision,note,prompt\r
cups-000,images/cups-000_01.png,approve,,\r
cups-000,images/cups-000_02.png,reject,blurred,\r
cups-001,images/cups-001_02.png,reroll,手坏了,\r
cups-002,images/cups-002_01.png,reroll,,... on linen\r
cups-003,,reroll,,a decent teapot\r
"""


@pytest.fixture
def cups(shared: CommandLine, ledger: Ledger) -> CommandLine:
    """A mill with one finished batch of four rows, and a review of it."""
    assert shared("submit", shared.manifest("cups", 4, n=2), "--batch", "cups").code == 0
    end(shared, ledger, ENDINGS)
    shared.write("review.csv", REVIEW)
    return shared


def end(command_line: CommandLine, ledger: Ledger, endings: dict[str, tuple[Any, ...]]) -> None:
    finish(ledger, LocalStorage(command_line.folder / "out"), "cups", endings)


def test_a_rehearsal_says_what_it_would_cost(cups: CommandLine) -> None:
    before = cups("status", "--json").document

    ran = cups("reroll", "cups", "review.csv", "--dry-run", "--json")

    assert (ran.code, ran.document) == (
        0,
        {
            "batch": "cups",
            "round": None,
            "jobs": 3,
            "images": 4,
            "reworded": 2,
            "done_before": 0,
            "rejected": 0,
            "at_most_cost": {"CNY": "0.64"},
            "dry_run": True,
            "status": None,
        },
    )
    assert "4 pictures anew (3 rows, 2 with a new prompt), at most 0.64 CNY" in ran.err
    assert cups("status", "--json").document == before


def test_pictures_are_ordered_once_however_often_it_is_typed(
    cups: CommandLine, ledger: Ledger
) -> None:
    ran = cups("reroll", "cups", "review.csv")

    assert (ran.code, ran.out) == (0, "cups\n")
    status = cups("status", "--json").document
    assert (status["state"], status["pending"], status["succeeded"]) == ("running", 3, 1)
    refused = cups("reroll", "cups", "review.csv")
    assert (refused.code, refused.out) == (9, "")

    end(cups, ledger, {})
    again = cups("reroll", "cups", "review.csv", "--json")
    assert (again.code, again.document["round"], again.document["done_before"]) == (0, None, 3)
    assert "3 pictures were drawn anew since this review, and left alone." in again.err
    assert "Nothing is to be drawn anew." in again.err


def test_rejections_are_taken_note_of_and_order_nothing(cups: CommandLine) -> None:
    """Whoever rejected all of a row's pictures does not get them again the next night."""
    storage = LocalStorage(cups.folder / "out")
    (chunk,) = [one for one in storage.list("batches/cups/input/") if "wanx-v1" in one.key]
    jobs = {job.id: job for job in jobs_of(storage.get(chunk.key))}
    for job in jobs.values():
        leave_drawn(storage, job, batch="night")
    both = "".join(f"cups-00{row},cups-00{row}_0{n}.png,reject\n" for row in (0, 2) for n in (1, 2))
    one = "cups-001,cups-001_01.png,reject\ncups-001,cups-001_02.png,approve\n"
    cups.write("review.csv", f"id,image,decision\n{both}{one}")

    def there() -> list[str]:
        return [name for name, job in jobs.items() if drawn_before(job, storage)]

    rehearsed = cups("reroll", "cups", "review.csv", "--dry-run", "--json")
    assert (rehearsed.document["rejected"], rehearsed.document["jobs"]) == (2, 0)
    assert there() == list(jobs)

    ran = cups("reroll", "cups", "review.csv")
    assert (ran.code, ran.out) == (0, "")
    assert "2 rows have rejected pictures only" in ran.err
    assert "Nothing is to be drawn anew." in ran.err
    assert there() == ["cups-001", "cups-003"]
    assert cups("status", "--json").document["state"] == "finished"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,image,decision\nx,cups-000_09.png,reroll\n", "is no picture of this batch (did you"),
        ("id,image,decision\nx,cups-000_01.png,maybe\n", "must be approve, reject or reroll"),
        ("sku,prompt\nx,a cat\n", "is no review"),
    ],
)
def test_a_review_that_is_none_changes_nothing(cups: CommandLine, content: str, said: str) -> None:
    cups.write("review.csv", content)

    for command in (["reroll", "cups", "review.csv"], ["results", "--approved", "review.csv"]):
        ran = cups(*command)
        assert (ran.code, ran.out) == (3, "")
        assert said in ran.err
    assert cups("status", "--json").document["state"] == "finished"


def test_a_review_that_is_not_there_is_a_wrong_command_line(cups: CommandLine) -> None:
    ran = cups("reroll", "cups", "revue.csv")
    assert ran.code == 2
    assert "revue.csv" in ran.err


def test_results_are_narrowed_to_approved_pictures(cups: CommandLine) -> None:
    table = cups("results", "cups", "--approved", "review.csv").out
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert [(row["sku"], row["images"]) for row in rows] == [
        ("cups-000", "batches/night/images/cups-000_01.png")
    ]

    (line,) = cups("results", "--approved", "review.csv", "--format", "jsonl").documents
    assert [image["index"] for image in line["images"]] == [1]

    cups("results", "--approved", "review.csv", "--output", "approved.csv")
    assert (cups.folder / "approved.csv").read_bytes().decode() == table

    taken = cups("results", "--approved", "review.csv", "-o", "approved.csv", "--json")
    assert taken.document == {"file": "approved.csv"}
    assert (cups.folder / "approved.csv").read_bytes().decode() == table, "a CSV all the same"

    ran = cups("results", "--approved", "review.csv", "--format", "openai", "--json")
    (file,) = ran.document["files"]
    assert (cups.folder / file).read_text("utf-8").count("\n") == 1
    refused = cups("results", "--approved", "review.csv", "--format", "failed")
    assert refused.code == 2
