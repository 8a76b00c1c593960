"""Workbooks that are none, damaged, empty or too large, and what is said of each."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from producer.errors import ManifestError, OptionError
from producer.source import open_source
from producer.workbook import Bounds, copy_sheet
from tests.producer.manifests import given
from tests.producer.workbook_rows import HEADER, said_of
from tests.producer.workbooks import SheetOf, Styled, packed, workbook


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"xl/workbook.xml": None}, "is no Excel workbook (.xlsx)"),
        ({"xl/workbook.xml": None, "xl/workbook.bin": b""}, "is a binary workbook (.xlsb)"),
        ({"xl/workbook.xml": None, "mimetype": b""}, "is an OpenDocument file (.ods)"),
        ({"xl/workbook.xml": b"<workbook xmlns='http://purl.oclc.org/ooxml/x'/>"}, "Strict Open XML"),
        ({"xl/workbook.xml": b"<workbook"}, "cannot be read as a workbook (ParseError)"),
        ({"xl/styles.xml": b"<styleSheet/>"}, "cannot be read as a workbook"),
        ({"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row>"}, "cannot be read as a workbook"),
        ({"[Content_Types].xml": None}, "is a damaged workbook or zip archive"),
    ],
)  # fmt: skip
def test_a_workbook_that_is_none_or_damaged_is_one_sentence(
    parts: dict[str, bytes | None], words: str
) -> None:
    content = workbook(SheetOf("Sheet1", [HEADER, [Styled(1, "date"), "cup"]]), changed=parts)
    assert words in said_of(content)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_workbook_cut_short_is_one_sentence(kept: float) -> None:
    content = workbook(SheetOf("Sheet1", [HEADER, ["A1", "cup"]]))
    assert "damaged workbook" in said_of(content[: int(len(content) * kept)])


def test_a_bomb_is_refused_by_what_it_declares() -> None:
    parts: dict[str, bytes | None] = {}
    with zipfile.ZipFile(io.BytesIO(workbook(SheetOf("Sheet1", [HEADER])))) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts["xl/styles.xml"] = b" " * (65 << 20)
    assert "unpacks to 68,157,440 bytes in xl/styles.xml, more than" in said_of(
        packed(parts, small=True)
    )


def test_a_row_beyond_the_last_is_refused_without_walking_there_for_ever() -> None:
    content = workbook(SheetOf("Sheet1", {1: HEADER, 2_000_000_000: ["A1", "cup"]}))
    assert "is larger than any table of orders: the sheet reaches to" in said_of(content)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Bounds(rows=20), "the sheet reaches to B21;"),
        (Bounds(columns=3), "the sheet reaches to D1;"),
        (Bounds(cells=40), "the sheet reaches to B20;"),
        (Bounds(characters=1000), "the sheet has 1,034 characters up to row 21;"),
        (Bounds(characters_of_a_cell=49), "the sheet has 65 characters up to row 2;"),
    ],
    ids=str,
)
def test_more_than_any_table_has_is_refused(tmp_path: Path, bounds: Bounds, words: str) -> None:
    path = tmp_path / "large.xlsx"
    path.write_bytes(workbook(SheetOf("Sheet1", [HEADER, *([["A", "x" * 50]] * 30)])))
    with pytest.raises(ManifestError) as caught:
        copy_sheet(open_source(str(path), io.BytesIO()), None, bounds)
    assert str(caught.value).startswith(f"large.xlsx is larger than any table of orders: {words}")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoding": "gb18030"}, "--encoding is for text"),
        ({"sheet": "x"}, "has no such sheet; it has: Sheet1"),
    ],
)
def test_an_option_that_suits_no_workbook_is_said(options: dict[str, str], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        given(workbook(SheetOf("Sheet1", [HEADER])), **options)  # type: ignore[arg-type]  # options are named in each case


def test_a_csv_has_no_sheets_and_a_csv_said_to_be_a_workbook_is_none() -> None:
    with pytest.raises(OptionError, match="--sheet is for workbooks"):
        given("sku,prompt\nA1,cup\n", sheet="1")
    with pytest.raises(ManifestError, match="is no Excel workbook"):
        given("sku,prompt\nA1,cup\n", form="xlsx")


@pytest.mark.parametrize("rows", [[], [[]], [[" "]]])
def test_an_empty_sheet_is_said_to_be_empty(rows: list[list[Any]]) -> None:
    assert said_of(workbook(SheetOf("空", rows))).startswith("stdin, sheet 空: is empty")
