from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from producer.errors import ManifestError
from producer.row import Broken, Row
from tests.producer.manifests import given

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def rows_of(content: str | bytes) -> list[Row | Broken]:
    with given(content) as manifest:
        return list(manifest.rows())


def cells_of(content: str | bytes) -> list[list[str]]:
    return [list(row.cells.values()) for row in rows_of(content) if isinstance(row, Row)]


@settings(max_examples=80, deadline=None)
@examples(table=st.lists(st.tuples(CELL, CELL), max_size=8), delimiter=st.sampled_from(",;\t|"))
def test_whatever_csv_writer_wrote_reads_back_with_its_line(
    table: list[tuple[str, str]], delimiter: str
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerow(["id", "prompt", "note"])
    expected = []
    for number, (prompt, note) in enumerate(table):
        lines_above = len(list(io.StringIO(written.getvalue(), newline="")))
        expected.append((lines_above + 1, [str(number), prompt, note]))
        writer.writerow([number, prompt, note])
    read = rows_of(written.getvalue())
    assert [
        (row.line, list(row.cells.values())) for row in read if isinstance(row, Row)
    ] == expected
    assert len(read) == len(table)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = delimiter.join(["id", "prompt"]) + "\n" + delimiter.join(["1", "cup"]) + "\n"
    assert cells_of(text) == [["1", "cup"]]


def test_known_names_count_more_than_many_delimiters() -> None:
    assert cells_of("id;prompt;a,b,c,d,e\n1;cup;x\n") == [["1", "cup", "x"]]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    with given("\ufeffid,prompt\n1,cup\n") as manifest:
        assert manifest.columns == ("id", "prompt")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_marked_encoding_is_read(encoding: str) -> None:
    assert cells_of("id\tprompt\r\n1\t一只猫\r\n".encode(encoding)) == [["1", "一只猫"]]


def test_windows_newlines_blank_lines_and_empty_rows_are_no_rows() -> None:
    rows = rows_of("id,prompt\r\n\r\n1,cup\r\n,\r\n , \r\n2,jug\r\n,,\r\n\r\n")
    assert [(row.line, row.cells) for row in rows] == [
        (3, {"id": "1", "prompt": "cup"}),
        (6, {"id": "2", "prompt": "jug"}),
    ]


def test_a_quoted_newline_counts_as_a_line() -> None:
    rows = rows_of('id,prompt\n1,"a\nred\ncup"\n2,jug\n')
    assert [row.line for row in rows] == [2, 5]


def test_missing_cells_are_empty() -> None:
    assert cells_of("id,prompt,note\n1,cup\n") == [["1", "cup", ""]]


def test_a_row_with_more_cells_than_the_header_is_a_problem() -> None:
    (row,) = rows_of("id,prompt\n1,red, round cup\n")
    assert isinstance(row, Broken)
    assert row.cells == ("1", "red", " round cup")
    assert str(row.problem) == (
        'line 2: the row has 3 cells, the header 2; put cells that contain "," in quotes'
    )


def test_empty_cells_beyond_the_header_are_forgiven() -> None:
    assert cells_of("id,prompt,,\n1,cup,,\n2,jug,, \n") == [["1", "cup"], ["2", "jug"]]


def test_a_column_without_a_name_is_called_by_its_place() -> None:
    with given(",id,prompt\n0,1,cup\n") as manifest:
        assert manifest.columns == ("column 1", "id", "prompt")


def test_text_after_a_closing_quote_is_a_problem_of_that_row_alone() -> None:
    broken, good = rows_of('id,prompt\n1,"5" screen\n2,jug\n')
    assert isinstance(broken, Broken)
    assert "line 2: text follows a closing quote" in str(broken.problem)
    assert broken.cells == ('1,"5" screen',)
    assert isinstance(good, Row)


def test_a_row_that_cannot_be_read_is_shown_whole_and_alone() -> None:
    """Also where it has several lines, and so have the rows above it."""
    above = 'A1,"a\ncup"\r\n\nA2,"two\n\njugs"\n'
    broken = 'A3,"three\nmugs" and more'
    with given(f"sku,prompt\n{above}{broken}\nA4,a pot\n") as manifest:
        found = list(manifest.rows())
    assert [(row.line, isinstance(row, Row)) for row in found] == [
        (2, True),
        (5, True),
        (8, False),
        (10, True),
    ]
    assert found[2].cells == (broken,)


def test_a_quote_never_closed_ends_the_reading_with_its_line() -> None:
    with pytest.raises(ManifestError, match=r"line 3: a quote is opened and never closed"):
        rows_of('id,prompt\n1,cup\n2,"jug\n3,bowl\n')


def test_a_cell_beyond_all_measure_ends_the_reading() -> None:
    with pytest.raises(ManifestError, match=r"line 2: a cell is longer than 131,072 characters"):
        rows_of("id,prompt\n1," + "x" * 140_000 + "\n")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("id,prompt,prompt", "stdin has two columns named 'prompt'; rename or remove one"),
        (
            "id,Brand Name,brand_name",
            "stdin has two columns named 'brand_name' (the other is 'Brand Name')",
        ),
    ],
)
def test_two_columns_of_one_name_are_an_error(header: str, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        given(header + "\n1,cup,x\n")
    assert str(caught.value).startswith(message)


def test_a_title_above_the_header_is_no_header() -> None:
    rows = rows_of("2026 秋季商品表,,\n\n制表：小王,,\nsku,prompt,店\nA1,cup,x\n")
    assert [(row.line, row.cells) for row in rows] == [
        (5, {"sku": "A1", "prompt": "cup", "店": "x"})
    ]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("sku\nA1\n", ("sku",)),
        ("sku\nA1,a cup, size, style\n", ("sku",)),
        ("编码X\nA1\nA2\n", ("编码X",)),
        ("sku\tprompt\nA1\ta cup, size, style, model\n", ("sku", "prompt")),
        ("sku;prompt\nA1;a cup, n, size, style, model\n", ("sku", "prompt")),
    ],
)
def test_a_row_below_is_never_taken_for_the_header(content: str, columns: tuple[str, ...]) -> None:
    with given(content) as manifest:
        assert manifest.columns == columns


def test_rows_can_be_read_again() -> None:
    with given("id,prompt\n1,cup\n") as manifest:
        assert list(manifest.rows()) == list(manifest.rows())
