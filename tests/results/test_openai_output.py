"""A batch's results as OpenAI's Batch API hands them out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from results.openai_output import write_openai
from schemas.failure import ErrorClass
from schemas.result import JobResult
from schemas.states import JobState
from tests.results.orders import BATCH, failure, image, result

FINISHED = "2026-11-20T22:00:00+00:00"


def written(folder: Path, results: Iterable[JobResult]) -> tuple[list[Any], list[Any]]:
    found = write_openai(results, folder, BATCH, lambda key: f"s3://shop/{key}")
    assert found.output == folder / f"{BATCH}.output.jsonl"
    output = lines(found.output)
    errors = lines(found.errors) if found.errors else []
    assert (found.succeeded, found.failed) == (len(output), len(errors))
    return output, errors


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_row_that_succeeded_is_a_response_with_its_pictures(tmp_path: Path) -> None:
    row = result(
        id="row-17",
        images=[image("b", 2), image("b", 1)],
        n=2,
        ticket="t-1",
        finished_at=FINISHED,
        actual_prompt="一只蓝色的杯子",
        facts={"usage": {"total_tokens": 7}, "seed": 3},
    )
    output, errors = written(tmp_path, [row])
    assert errors == []
    (line,) = output
    assert line["custom_id"] == "row-17"
    assert line["id"].startswith("batch_req_")
    assert line["error"] is None
    assert line["response"] == {
        "status_code": 200,
        "request_id": "t-1",
        "body": {
            "created": 1795212000,
            "data": [
                {"url": f"s3://shop/{one.key}", "revised_prompt": "一只蓝色的杯子"}
                for one in (image("b", 1), image("b", 2))
            ],
            "usage": {"total_tokens": 7},
            "facts": {"seed": 3},
        },
    }


def test_a_row_that_failed_is_an_error_with_code_and_words(tmp_path: Path) -> None:
    refused = failure(code="moderation_blocked", message="rejected by the safety system")
    row = result(state=JobState.FAILED, failures=[refused])
    output, errors = written(tmp_path, [row])
    assert output == []
    assert errors[0] == {
        "id": errors[0]["id"],
        "custom_id": "SKU-2",
        "response": None,
        "error": {"code": "moderation_blocked", "message": "rejected by the safety system"},
    }


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        (JobState.CANCELLED, "batch_cancelled", "Cancelled"),
        (JobState.UNCERTAIN, "uncertain", "may have been charged"),
        (JobState.FAILED, "failed", "no reason was recorded"),
    ],
)
def test_a_row_that_ended_without_a_providers_word_says_why(
    tmp_path: Path, state: JobState, code: str, words: str
) -> None:
    _, errors = written(tmp_path, [result(state=state)])
    assert errors[0]["error"]["code"] == code
    assert words in errors[0]["error"]["message"]


def test_a_row_with_some_of_its_pictures_is_in_the_output_and_names_what_is_missing(
    tmp_path: Path,
) -> None:
    refused = failure(ErrorClass.MODERATED, code="Sensitive", message="no", index=2)
    row = result(state=JobState.PARTIAL, n=2, images=[image("b", 1)], failures=[refused])
    output, errors = written(tmp_path, [row])
    assert errors == []
    body = output[0]["response"]["body"]
    assert len(body["data"]) == 1
    assert body["errors"] == [{"index": 2, "code": "Sensitive", "message": "no"}]


def test_a_row_that_draws_nothing_succeeds_with_what_it_told(tmp_path: Path) -> None:
    output, _ = written(tmp_path, [result(facts={"is_face": True})])
    body = output[0]["response"]["body"]
    assert body["data"] == []
    assert body["facts"] == {"is_face": True}


def test_no_file_of_errors_is_left_where_no_row_failed(tmp_path: Path) -> None:
    written(tmp_path, [result(), result(3, JobState.FAILED)])
    assert names(tmp_path) == [f"{BATCH}.errors.jsonl", f"{BATCH}.output.jsonl"]
    written(tmp_path, [result(), result(3)])
    assert names(tmp_path) == [f"{BATCH}.output.jsonl"]


def test_ids_stay_when_the_files_are_written_again(tmp_path: Path) -> None:
    first, _ = written(tmp_path, [result(), result(3)])
    second, _ = written(tmp_path, [result(), result(3)])
    assert [line["id"] for line in first] == [line["id"] for line in second]
    assert len({line["id"] for line in first}) == 2


def test_rows_are_written_as_they_come(tmp_path: Path) -> None:
    """So that a batch of a million rows is never in memory at once."""
    seen: list[int] = []

    def rows() -> Iterator[JobResult]:
        for line in range(2, 5000):
            yield result(line, prompt="x" * 200)
            parts = list(tmp_path.glob(".*.output.jsonl.part"))
            seen.append(parts[0].stat().st_size)

    written(tmp_path, rows())
    assert seen[1000] > 0


def test_results_that_break_off_leave_the_older_files_alone(tmp_path: Path) -> None:
    written(tmp_path, [result(), result(3, JobState.FAILED)])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def rows() -> Iterator[JobResult]:
        yield result(9)
        raise ConnectionError("the bucket went away")

    with pytest.raises(ConnectionError):
        written(tmp_path, rows())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
