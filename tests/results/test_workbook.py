"""results.xlsx, read back by another library."""

from __future__ import annotations

import re
import tracemalloc
import zipfile
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.workbook import (
    BookLimits,
    Places,
    Shown,
    TooManyRows,
    sheet_text,
    write_workbook,
)
from schemas.failure import ErrorClass
from schemas.recipe import Recipe
from schemas.result import JobResult
from schemas.states import JobState
from storage.local import LocalStorage
from tests.results.orders import batch, failure, result
from tests.results.written_workbook import COLUMNS, REFUSED, rows, written


def test_the_manifests_columns_come_first_then_pictures_then_the_outcome(
    tmp_path: Path, storage: LocalStorage, done: JobResult
) -> None:
    sheet, shown = written(tmp_path, storage, [done, REFUSED])

    header = [cell.value for cell in sheet[1]]
    assert header[:7] == ["sku", "prompt", "条码", "picture", "picture 2", "status", "images"]
    assert {"size_bytes", "seed", "cost", "currency", "error"} <= set(header)
    first, second = rows(sheet)
    assert (first["sku"], first["prompt"], first["条码"]) == ("杯-1", "=1+1", "0069012345678")
    assert (first["status"], second["status"]) == ("succeeded", "failed")
    assert (second["sku"], second["prompt"], second["条码"]) == ("-5", "+toy pistol", None)
    assert "content rules refused" in second["error"]
    assert shown == Shown(rows=2, pictures=2, not_shown=0)


def test_texts_stay_texts_and_our_figures_are_numbers(
    tmp_path: Path, storage: LocalStorage, done: JobResult
) -> None:
    sheet, _ = written(tmp_path, storage, [done, REFUSED])

    for row in sheet.iter_rows(min_row=2, max_col=3):
        assert {cell.data_type for cell in row if cell.value is not None} == {"s"}, row
    first, second = rows(sheet)
    assert (first["cost"], first["width"], first["height"]) == (0.32, 64, 48)
    assert (first["seed"], second["seed"]) == ("7 | 8", None)
    assert second["cost"] == 0


FORMULAS = ['=HYPERLINK("http://evil.test","x")', "=cmd|'/C calc'!A0", "+1+1", "@SUM(1)", "{=1}"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula_or_a_link(
    tmp_path: Path, storage: LocalStorage, formula: str
) -> None:
    told = failure(ErrorClass.INVALID, code=formula, message=formula)
    odd = result(
        state=JobState.FAILED, failures=[told], ticket=formula, row={"sku": formula, "=1": formula}
    )
    written(tmp_path, storage, [odd], ("sku", "=1"))

    with zipfile.ZipFile(tmp_path / "r.xlsx") as parts:
        text = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in text
    assert "<hyperlink" not in text
    found = openpyxl.load_workbook(tmp_path / "r.xlsx")["results"]
    assert found["A2"].value == formula


def test_a_manifests_column_of_our_name_keeps_it(
    tmp_path: Path, storage: LocalStorage, done: JobResult
) -> None:
    own = done.model_copy(update={"row": {"sku": "a", "picture": "mine", "status": "new"}})
    sheet, _ = written(tmp_path, storage, [own], ("sku", "picture", "status"))

    (row,) = rows(sheet)
    assert (row["picture"], row["status"], row["mill_status"]) == ("mine", "new", "succeeded")
    assert "mill_picture" in row


def test_a_batch_of_nothing_is_a_header(tmp_path: Path, storage: LocalStorage) -> None:
    sheet, shown = written(tmp_path, storage, [])
    assert (rows(sheet), shown) == ([], Shown(0, 0, 0))


def test_more_rows_than_a_sheet_has_are_refused(tmp_path: Path, storage: LocalStorage) -> None:
    two = BookLimits(rows=2, pictures=0)
    with pytest.raises(TooManyRows):
        written(tmp_path, storage, [result(line) for line in range(2, 5)], limits=two)
    _, shown = written(tmp_path, storage, [result(line) for line in range(2, 4)], limits=two)
    assert shown.rows == 2


TEXTS = st.text(st.characters(), max_size=30)
_MARKED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_any_text_comes_back_from_the_sheet(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("sheet")
    storage = LocalStorage(folder / "storage", fsync=False)
    # Halves of surrogate pairs are in no manifest: it is UTF-8 when it is read.
    given_texts = [re.sub(r"[\ud800-\udfff]", "", text) for text in texts]
    results = [result(line, row={"sku": text}) for line, text in enumerate(given_texts, 2)]

    sheet, _ = written(folder, storage, results, ("sku",))

    found = [row["sku"] or "" for row in rows(sheet)]
    # XML turns the ends of lines into \n.
    expected = [
        _MARKED.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
        for text in given_texts
    ]
    assert [text.replace("\r\n", "\n").replace("\r", "\n") for text in found] == expected


@pytest.mark.parametrize("letter", ["a", "猫", "\U0001f375"])
def test_a_text_too_long_for_a_cell_is_cut_with_a_mark(letter: str) -> None:
    units = len(letter.encode("utf-16-le")) // 2
    fits, cut = letter * (32_767 // units), letter * 40_000

    assert sheet_text(fits) == fits
    shown = sheet_text(cut)
    assert len(shown.encode("utf-16-le")) // 2 in (32_766, 32_767)
    assert shown == letter * (len(shown) - 1) + "…"


def test_of_a_matrix_each_order_is_named(tmp_path: Path, storage: LocalStorage) -> None:
    recipe = Recipe(matrix={"angle": {"front": "from the front"}})
    own = result(id="00123_front", row={"sku": "00123"})
    sheet, _ = written(tmp_path, storage, [own], batch(["sku"], recipe=recipe))
    (row,) = rows(sheet)
    assert (row["sku"], row["ordered_as"]) == ("00123", "00123_front")


def test_thousands_of_rows_pass_in_little_memory(tmp_path: Path, storage: LocalStorage) -> None:
    prompt = "a long prompt about a cup " * 40

    def many() -> Iterable[JobResult]:
        for line in range(2, 4002):
            yield result(line, row={"sku": str(line), "prompt": prompt})

    tracemalloc.start()
    try:
        written_to = tmp_path / "many.xlsx"
        shown = write_workbook(many(), written_to, batch(COLUMNS), Places(storage))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert shown.rows == 4000
    assert peak_bytes < 4000 * len(prompt) * 0.5
