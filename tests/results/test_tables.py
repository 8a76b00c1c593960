from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.review import read_review
from results.cell import guarded
from results.tables import OUTCOME_COLUMNS, ResultsCsv, ResultsJsonl
from schemas.failure import ErrorClass
from schemas.recipe import Recipe
from schemas.result import JobResult
from schemas.states import JobState
from tests.results.orders import batch, failure, image, result

DONE = result(
    2,
    id="杯-1",
    n=2,
    images=[image("b", 2, seed=8), image("b", 1, seed=7)],
    cost_micro=320_000,
    ticket="t-1",
    submitted_at="2026-11-20T22:00:01Z",
    finished_at="2026-11-20T22:00:21Z",
    row={"sku": "杯-1", "prompt": '=cup, "blue"', "seed": "7"},
)
REFUSED = result(
    3,
    JobState.FAILED,
    failures=[failure()],
    row={"sku": "-5", "prompt": "+toy pistol", "seed": None},
)
COLUMNS = ("sku", "prompt", "seed")
SAID = (
    "The provider's content rules refused this prompt or its picture."
    " Reword the prompt and run the row again."
)


def written_csv(
    path: Path, results: list[JobResult], columns: tuple[str, ...] = COLUMNS, **fields: Any
) -> bytes:
    table = ResultsCsv(path, batch(columns, **fields))
    for one in results:
        table.add(one)
    table.close()
    return path.read_bytes()


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_results_csv_to_the_byte(tmp_path: Path) -> None:
    expected = (
        "\ufeffsku,prompt,seed,status,images,width,height,size_bytes,mill_seed,cost,currency,error,"
        "error_class,attempts,possible_double_charges,ticket,started_at,finished_at,beside,"
        "renditions,facts,reused_from,remarks\r\n"
        '杯-1,"\'=cup, ""blue""",7,succeeded,'
        "batches/shop-20261120/images/b_01.png | batches/shop-20261120/images/b_02.png,"
        "64,48,100 | 100,7 | 8,0.32,CNY,,,1,0,t-1,2026-11-20T22:00:01Z,2026-11-20T22:00:21Z,,,,,\r\n"
        f"-5,'+toy pistol,,failed,,,,,,0.00,CNY,{SAID},moderated,1,0,,,,,,,,\r\n"
    )

    assert written_csv(tmp_path / "r.csv", [DONE, REFUSED]) == expected.encode()


def test_results_jsonl_is_the_results_themselves(tmp_path: Path) -> None:
    table = ResultsJsonl(tmp_path / "r.jsonl")
    for one in (DONE, REFUSED):
        table.add(one)
    table.close()

    lines = (tmp_path / "r.jsonl").read_bytes().decode().split("\n")
    assert [JobResult.model_validate_json(line) for line in lines[:-1]] == [DONE, REFUSED]
    assert lines[-1] == ""


def test_sizes_that_differ_are_listed_each(tmp_path: Path) -> None:
    tall = image("b", 2).model_copy(update={"height": 96})
    written_csv(tmp_path / "r.csv", [result(n=2, images=[image("b"), tall])], ())

    header, row = read_csv(tmp_path / "r.csv")
    told = dict(zip(header, row, strict=True))
    assert (told["width"], told["height"], told["seed"]) == ("64", "48 | 96", "")


def test_a_whole_jobs_failure_names_the_row_before_a_pictures(tmp_path: Path) -> None:
    failures = [failure(index=2), failure(ErrorClass.TIMEOUT)]
    written_csv(tmp_path / "r.csv", [result(state=JobState.FAILED, failures=failures)], ())

    assert read_csv(tmp_path / "r.csv")[1][OUTCOME_COLUMNS.index("error_class")] == "timeout"


@pytest.mark.parametrize(
    ("columns", "name"), [(("sku",), "ordered_as"), (("sku", "Ordered as"), "mill_ordered_as")]
)
def test_of_a_matrix_each_order_is_named_and_found_again(
    tmp_path: Path, columns: tuple[str, ...], name: str
) -> None:
    """The row's own id is that of several orders, and a failed one has no picture that names it."""
    recipe = Recipe(matrix={"angle": {"front": "from the front", "side": "from the side"}})
    orders = [
        result(id=f"CUP_{label}", state=state, row={"sku": "CUP"})
        for label, state in (("front", JobState.SUCCEEDED), ("side", JobState.FAILED))
    ]
    path = tmp_path / "results.csv"
    written_csv(path, orders, columns, recipe=recipe)

    header, *rows = read_csv(path)
    assert header[: len(columns) + 2] == [*columns, name, "status"]
    assert [row[0] for row in rows] == ["CUP", "CUP"]

    decided = [[*header, "decision"], [*rows[0], ""], [*rows[1], "reroll"]]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(decided)
    (mark,) = read_review(str(path)).marks
    assert (mark.id, mark.image) == ("CUP_side", "")


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(cells=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5))
def test_the_owners_cells_come_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str, str]]
) -> None:
    results = [
        result(line, row=dict(zip(COLUMNS, row, strict=True)))
        for line, row in enumerate(cells, start=2)
    ]
    path = tmp_path_factory.mktemp("table") / "r.csv"
    written_csv(path, results)

    read = [tuple(row[:3]) for row in read_csv(path)[1:]]
    assert read == [tuple(map(guarded, row)) for row in cells]
