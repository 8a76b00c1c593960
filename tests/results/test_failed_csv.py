"""failed.csv: the rows to do again, in their owner's own words."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from results.failed_csv import FailedCsv
from schemas.failure import ErrorClass
from schemas.result import JobResult
from schemas.states import ENDED_STATES, JobState
from tests.results.orders import batch, failure, result

SAID = (
    "The provider's content rules refused this prompt or its picture."
    " Reword the prompt and run the row again."
)


def failed(row: dict[str, Any], line: int = 3, **fields: Any) -> JobResult:
    return result(line, JobState.FAILED, failures=[failure()], row=row, **fields)


def written(path: Path, results: list[JobResult], columns: list[str], **fields: Any) -> Path:
    table = FailedCsv(path / "failed.csv", batch(columns, **fields))
    for one in results:
        table.add(one)
    table.close()
    return path / "failed.csv"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_to_the_byte_it_is_the_manifest_and_why_each_row_failed(tmp_path: Path) -> None:
    done = result(2, row={"sku": "A", "prompt": "a cup", "seed": "7"})
    refused = failed({"sku": "-5", "prompt": "+toy pistol", "seed": None})

    path = written(tmp_path, [done, refused], ["sku", "prompt", "seed"])

    assert path.read_bytes().decode() == (
        "\ufeffsku,prompt,seed,error_class,code,error\r\n"
        f"-5,'+toy pistol,,moderated,DataInspectionFailed,{SAID}\r\n"
    )


def test_it_lists_what_may_be_ordered_again_without_a_decision(tmp_path: Path) -> None:
    """An uncertain row may have been paid for; a cancelled one was meant."""
    ended = [result(line, state, row={"sku": state}) for line, state in enumerate(ENDED_STATES, 2)]

    listed = rows(written(tmp_path, ended, ["sku"]))

    assert sorted(row["sku"] for row in listed) == ["failed", "partial"]


def test_every_cell_is_guarded(tmp_path: Path) -> None:
    told = failure(ErrorClass.INVALID, code="=cmd()")
    one = result(state=JobState.FAILED, failures=[told], row={"sku": "=1"})

    (row,) = rows(written(tmp_path, [one], ["sku"]))

    assert (row["sku"], row["error_class"], row["code"]) == ("'=1", "invalid", "'=cmd()")


def test_there_is_none_while_nothing_failed(tmp_path: Path) -> None:
    assert not written(tmp_path, [result(2)], ["sku"]).exists()


def test_what_the_command_line_said_stands_in_the_rows(tmp_path: Path) -> None:
    """Without it the same row would be another order: one picture instead of three."""
    defaults = {"model": "wanx-v1", "n": "3", "style": "<anime>", "account": "shop"}
    silent = failed({"sku": "A", "prompt": "a cup", "数量": " "}, n=3, parameters={"style": "x"})
    spoken = failed({"sku": "B", "prompt": "a jug", "数量": "2"}, n=2)

    path = written(tmp_path, [silent, spoken], ["sku", "prompt", "数量"], defaults=defaults)

    first, second = rows(path)
    assert (first["数量"], first["model"], first["style"]) == ("3", "wanx-v1", "<anime>")
    assert (second["数量"], second["model"]) == ("2", "wanx-v1")
    assert second["style"] == "", "its model does not know the default, so it was not applied"
    assert "account" not in first


def test_json_lines_that_name_fields_each_in_their_way_share_one_header(tmp_path: Path) -> None:
    orders = [
        failed({"sku": "A", "prompt": "a cup", "tags": ["x", 1]}, 1),
        failed({"custom_id": "B", "description": "a jug", "Tags": True}, 2),
    ]

    path = written(tmp_path, orders, ["sku", "prompt", "tags", "custom_id", "description", "Tags"])

    first, second = rows(path)
    assert (first["sku"], first["prompt"], first["tags"]) == ("A", "a cup", '["x", 1]')
    assert (second["sku"], second["prompt"], second["Tags 2"]) == ("B", "a jug", "true")
