"""Workbooks: their rows as Excel shows and numbers them, and what cannot be read said so."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from producer.row import Broken, Kind, Odd, Row
from tests.producer.manifests import complaints, given, jobs
from tests.producer.workbook_rows import HEADER, rows_of
from tests.producer.workbooks import Failed, Formula, SheetOf, Styled, workbook


def cells_of(*rows: list[Any], **fields: Any) -> list[list[str]]:
    found = rows_of(workbook(SheetOf("Sheet1", [HEADER, *rows], **fields)))
    return [list(row.cells.values()) for row in found if isinstance(row, Row)]


def test_cells_are_what_excel_shows() -> None:
    assert cells_of(
        [690123456789, "红色水杯", 3.0, "a\nb"],
        [6901234567892.0, "a cup", None, True],
        [Styled(17, "zeros"), "<b> & 'c'", 0.1, None],
        [Styled(17, "prefixed"), "🎁", -2, Failed("#N/A")],
    ) == [
        ["690123456789", "红色水杯", "3", "a\nb"],
        ["6901234567892", "a cup", "", "TRUE"],
        ["0000000000017", "<b> & 'c'", "0.1", ""],
        ["MUG-017", "🎁", "-2", "#N/A"],
    ]


CELL = st.one_of(
    st.none(),
    st.integers(-(10**14), 10**14),
    st.text(
        st.characters(
            codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="_\ufffe\uffff"
        ),
        max_size=12,
    ),
)


@settings(max_examples=40, deadline=None)
@examples(table=st.lists(st.tuples(CELL, CELL), max_size=6))
def test_whatever_openpyxl_wrote_reads_back_with_its_row(table: list[tuple[Any, Any]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "prompt", "note"])
    expected = []
    for line, (prompt, note) in enumerate(table, 2):
        for column, value in enumerate((line, prompt, note), 1):
            cell = sheet.cell(line, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # also where it begins like a formula
        texts = ["" if value is None else str(value) for value in (line, prompt, note)]
        expected.append((line, texts))
    written = io.BytesIO()
    book.save(written)
    assert [
        (row.line, list(row.cells.values()))
        for row in rows_of(written.getvalue())
        if isinstance(row, Row)
    ] == expected


def test_rows_keep_their_numbers_over_empty_ones() -> None:
    numbered: dict[int, Any] = {
        3: HEADER,
        5: ["A1", "cup"],
        6: [None, " "],
        9: ["A2", "jug", None, "x"],
    }
    found = rows_of(workbook(SheetOf("Sheet1", numbered)))
    assert [(row.line, row.cells) for row in found] == [
        (5, {"sku": "A1", "prompt": "cup", "n": "", "note": ""}),
        (9, {"sku": "A2", "prompt": "jug", "n": "", "note": "x"}),
    ]


@pytest.mark.parametrize("dimension", ["A1", "A1:XFD1048576", "A1:B2"])
def test_a_wrong_dimension_changes_nothing(dimension: str) -> None:
    assert cells_of(["A1", "cup", 1, "x"], ["A2", "jug"], dimension=dimension) == [
        ["A1", "cup", "1", "x"],
        ["A2", "jug", "", ""],
    ]


def test_merged_titles_are_skipped_and_said() -> None:
    rows: list[Any] = [
        ["2026 秋季商品表"],
        [],
        HEADER,
        ["杯子类"],
        ["A1", "cup"],
        ["壶类"],
        ["A2", "jug"],
    ]
    content = workbook(SheetOf("秋季", rows, merged=["A1:D1", "A4:D4", "A6:D6"]))
    with given(content) as manifest:
        assert [row.line for row in manifest.rows()] == [5, 7]
        assert manifest.told() == (
            'stdin is read from sheet "秋季", with the columns\' names in row 3, without the titles'
            " in rows 4, 6."
        )


def test_a_lone_cell_that_is_not_merged_is_a_row() -> None:
    found = rows_of(workbook(SheetOf("Sheet1", [HEADER, ["A1"], ["A2", "jug"]])))
    assert [row.line for row in found] == [2, 3]


def test_what_a_cell_above_has_grown_over_is_marked() -> None:
    rows: list[Any] = [HEADER, ["A1", "cup", 2, "x"], ["A2", "jug"], ["A3", "pot"]]
    found = rows_of(workbook(SheetOf("Sheet1", rows, merged=["C2:D3"])))
    assert [row.odd for row in found if isinstance(row, Row)] == [
        None,
        {"n": Odd(Kind.MERGED, "C2:D3"), "note": Odd(Kind.MERGED, "C2:D3")},
        None,
    ]


def test_dates_and_long_numbers_are_marked_with_their_cells() -> None:
    rows: list[Any] = [
        HEADER,
        [Styled(46086, "date"), "cup", Styled(0.6729166666666667, "time"), 6901234567890120],
    ]
    (row,) = rows_of(workbook(SheetOf("Sheet1", rows)))
    assert isinstance(row, Row)
    assert list(row.cells.values()) == ["2026-03-05", "cup", "16:09", "6901234567890120"]
    assert row.odd == {
        "sku": Odd(Kind.DATE, "A2"),
        "n": Odd(Kind.TIME, "C2"),
        "note": Odd(Kind.ROUNDED, "D2"),
    }


def test_a_formula_is_its_stored_value_and_without_one_an_error() -> None:
    rows: list[Any] = [
        [*HEADER, "model"],
        ["A1", Formula('"a "&D2', "a cup", "str"), Formula("1+1", "2"), Formula('""', "", "str"), "wanx-v1"],
        ["A2", Formula("D3"), None, "jug", "wanx-v1"],
        ["A3", "a pot", None, Formula("VLOOKUP(A4,E:F,2,0)"), "wanx-v1"],
    ]  # fmt: skip
    content = workbook(SheetOf("Sheet1", rows))
    assert complaints(content) == [
        "line 3, column prompt: B3 is a formula without a stored value; open the file in Excel,"
        " save it, and hand it in again",
        "line 4, column note: D4 is a formula without a stored value; open the file in Excel,"
        " save it, and hand it in again",
    ]
    (first, *_) = rows_of(content)
    assert isinstance(first, Row)
    assert (first.cells["prompt"], first.cells["n"], first.cells["note"]) == ("a cup", "2", "")


def test_the_first_visible_sheet_is_read_unless_another_is_said() -> None:
    content = workbook(
        SheetOf("参数", [["x"]], state="hidden"),
        SheetOf("秋季", [HEADER, ["A1", "cup"]]),
        SheetOf("冬季", [HEADER, ["B1", "sock"]]),
    )
    with given(content) as manifest:
        assert manifest.told() == (
            'stdin is read from sheet "秋季" of 2 (--sheet takes another: 秋季, 冬季).'
        )
        assert manifest.reading.sheet == "秋季"
    for said in ("冬季", "2"):
        (row,) = rows_of(content, said)
        assert row.cells == {"sku": "B1", "prompt": "sock", "n": "", "note": ""}


def test_what_stands_beside_the_table_is_a_problem_of_its_row() -> None:
    good, bad = rows_of(
        workbook(
            SheetOf(
                "Sheet1", [HEADER, ["A1", "cup", 1, "x", None], ["A2", "jug", 1, "x", None, "!"]]
            )
        )
    )
    assert isinstance(good, Row)
    assert isinstance(bad, Broken)
    assert str(bad.problem) == (
        "line 3: cell F3 is beside the table: its column has no name; name it, or clear the cell"
    )


def test_a_workbook_orders_what_the_same_csv_orders() -> None:
    rows: list[Any] = [
        ["商品编码", "提示词", "模型", "尺寸", "数量"],
        ["杯-1", "青瓷茶杯", "wanx-v1", "1024*1024", 3],
    ]
    table = "\n".join(",".join(map(str, row)) for row in rows)
    of_sheet, of_csv = jobs(workbook(SheetOf("Sheet1", rows))), jobs(table)
    assert [job.model_dump(exclude={"row"}) for job in of_sheet] == [
        job.model_dump(exclude={"row"}) for job in of_csv
    ]


def test_rows_can_be_read_again_and_the_copy_is_removed() -> None:
    manifest = given(workbook(SheetOf("Sheet1", [HEADER, ["A1", "cup"]])))
    assert list(manifest.rows()) == list(manifest.rows())
    manifest.close()
    with pytest.raises(FileNotFoundError):
        list(manifest.rows())


def test_a_packed_workbook_and_one_under_another_name_are_read(tmp_path: Path) -> None:
    content = workbook(SheetOf("Sheet1", [HEADER, ["A1", "cup"]]))
    assert len(rows_of(gzip.compress(content))) == 1
    path = tmp_path / "really-a-workbook.csv"
    path.write_bytes(content)
    assert len(rows_of(path.read_bytes())) == 1


def test_text_named_like_a_workbook_is_read_as_text() -> None:
    assert len(rows_of(b"sku,prompt\nA1,cup\n")) == 1
