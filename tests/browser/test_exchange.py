"""review.csv between the page, spreadsheets and the command line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from producer.review import Decision, Mark, read_review
from schemas.fields import ALIASES, SPARE
from schemas.states import JobState
from tests.browser.desk import Desk, Window
from tests.browser.sheets import row, write_sheet
from tests.results.orders import failure

AWKWARD = ['=HYPERLINK("x")', "杯,2", 'a "good" cup', "'quoted", "-5", "@home", "two; three"]
NOTES = ["+1 for this", 'he said "no"', "first line\nsecond line", "全角＝号", "'='", "-3", ";,\t|"]


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Rows with awkward ids, the last of them without a picture."""
    rows = [row(number, id=name) for number, name in enumerate(AWKWARD, 1)]
    failed = row(99, pictures=0, state=JobState.FAILED, failures=[failure()])
    return write_sheet(tmp_path, [*rows, failed])


def annotate(window: Window, text: str) -> None:
    window.press("n")
    window.one(".note-text").fill(text)
    window.press("Control+Enter")


def test_what_is_decided_on_the_page_is_what_the_command_line_reads(
    desk: Desk, sheet: Path, tmp_path: Path
) -> None:
    window = desk.open(sheet)
    window.begin()
    for place, note in enumerate(NOTES):
        annotate(window, note)
        window.press("arx"[place % 3])
    window.press("x")

    data = window.exported()
    (tmp_path / "review.csv").write_bytes(data)

    decisions = [Decision.APPROVE, Decision.REJECT, Decision.REROLL]
    expected = [
        Mark(line, name, f"CUP-{line - 1}_01.png", decisions[(line - 2) % 3], note, "")
        for line, (name, note) in enumerate(zip(AWKWARD, NOTES, strict=True), 2)
    ]
    lineless = [mark._replace(line=0) for mark in read_review(str(tmp_path / "review.csv")).marks]
    assert lineless == [
        *(mark._replace(line=0) for mark in expected),
        Mark(0, "CUP-99", "", Decision.REROLL, "", ""),
    ]
    assert data.startswith(b"\xef\xbb\xbfid,image,decision,note,prompt\r\n"), "as Excel wants it"
    for cells in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "＝"))]


def test_what_is_exported_comes_in_again(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    for place, note in enumerate(NOTES):
        annotate(window, note)
        window.press("arx"[place % 3])
    window.press("x")
    data, decisions = window.exported(), window.decisions

    other = desk.open(sheet)
    assert other.take_in(data) == "8 lines taken over, 0 are not of this page."

    assert other.decisions == decisions
    assert other.exported() == data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheet_may_have_saved_it(
    desk: Desk, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    window = desk.open(write_sheet(tmp_path, [row(1, id="杯-1"), row(2)]))
    lines = [["备注", "商品编码", "审核"], ["手柄", "杯-1", "不通过"], ["", "CUP-2", "Approved"]]
    content = "\r\n".join(delimiter.join(cells) for cells in lines)

    window.take_in(content.encode(encoding))

    assert window.decisions == {"images/CUP-1_01.png": "reject", "images/CUP-2_01.png": "approve"}
    assert window.one(".notes").text_content() == "手柄"


def test_a_picture_is_found_by_its_file_wherever_it_lay(desk: Desk, tmp_path: Path) -> None:
    window = desk.open(write_sheet(tmp_path, [row(1, pictures=2)]))
    content = "image,decision,prompt\nC:\\mill\\CUP-1_02.png,reroll,a cup\nCUP-9_01.png,reject,\n"

    told = window.take_in(content.encode())

    assert told == "1 line taken over, 1 is not of this page."
    assert window.decisions == {"images/CUP-1_02.png": "reroll"}
    assert "New prompt: a cup" in (window.one(".notes").text_content() or "")


def test_columns_are_named_as_for_the_command_line(desk: Desk, tmp_path: Path) -> None:
    window = desk.open(write_sheet(tmp_path, [row(1)]))
    for place, name in enumerate((*ALIASES["id"], *SPARE["id"])):
        word = ("approve", "reject")[place % 2]
        told = window.take_in(f"{name},decision\nCUP-1,{word}\n".encode())
        assert told == "1 line taken over, 0 are not of this page.", name
        assert set(window.decisions.values()) == {word}


def test_results_with_decisions_come_in_and_name_no_prompt(desk: Desk, tmp_path: Path) -> None:
    """A template may have made another prompt of what stands in the manifest."""
    window = desk.open(write_sheet(tmp_path, [row(1, prompt="a mug on linen")]))
    header = "sku,image,prompt,status,images,decision"
    content = f"{header}\nCUP-1,mug.jpg,mug,succeeded,batches/x/images/CUP-1_01.png,reroll\n"

    told = window.take_in(content.encode(), name="results.csv")

    assert told == "1 line taken over, 0 are not of this page."
    assert window.decisions == {"images/CUP-1_01.png": "reroll"}
    assert window.one(".notes").count() == 0


@pytest.mark.parametrize("content", ["sku,prompt\nCUP-1,a cup\n", "", "\x00\x01\x02"])
def test_what_is_no_review_changes_nothing(desk: Desk, tmp_path: Path, content: str) -> None:
    window = desk.open(write_sheet(tmp_path, [row(1)]))
    told = window.take_in(content.encode(), name="wrong.csv")
    assert told == "wrong.csv is no review.csv."
    assert window.decisions == {}
