from __future__ import annotations

import gzip
import hashlib
import io
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from producer.errors import ManifestError
from producer.manifest import open_manifest
from producer.validation import validate
from tests.producer.manifests import checker, given

TABLE = "id,prompt\n1,一只猫\n"


def said_of(source: str | Path, **options: str) -> str:
    """The sentence for a manifest that cannot be used."""
    with pytest.raises(ManifestError) as caught, open_manifest(str(source), **options) as manifest:  # type: ignore[arg-type]  # options are named in each test
        list(validate(manifest, checker("wanx-v1")))
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_a_file_has_name_stem_and_the_hash_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "night.v2.csv.gz"
    path.write_bytes(gzip.compress(TABLE.encode()))
    with open_manifest(str(path)) as manifest:
        assert (manifest.name, manifest.stem) == ("night.v2.csv.gz", "night.v2")
        assert manifest.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert [row.cells for row in manifest.rows()] == [{"id": "1", "prompt": "一只猫"}]


def test_a_name_that_is_no_text_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "x") + "秋季.csv".encode("gbk")
    Path(os.fsdecode(path)).write_text(TABLE, encoding="utf-8")
    with open_manifest(os.fsdecode(path)) as manifest:
        assert "\ufffd" in manifest.name.encode().decode()
        assert manifest.name.endswith(".csv")
        assert len(list(manifest.rows())) == 1


def test_gzip_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(gzip.compress(TABLE.encode()))
    with open_manifest(str(path)) as manifest:
        assert len(list(manifest.rows())) == 1


def test_standard_input_is_copied_and_the_copy_removed() -> None:
    manifest = given(gzip.compress(TABLE.encode()))
    assert (manifest.name, manifest.stem) == ("stdin", "stdin")
    assert len(list(manifest.rows())) == 1
    copy = manifest._source.path
    assert copy.exists()
    manifest.close()
    assert not copy.exists()


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.csv", TABLE, "csv"),
        ("a.tsv", TABLE, "csv"),
        ("a.jsonl", '{"id": 1}', "jsonl"),
        ("a.ndjson", '{"id": 1}', "jsonl"),
        ("a.jsonl.gz", '{"id": 1}', "jsonl"),
        ("a.txt", '\n \ufeff {"id": 1}', "jsonl"),
        ("a", TABLE, "csv"),
    ],
)
def test_the_form_is_told_by_name_or_else_by_content(
    tmp_path: Path, name: str, content: str, form: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with open_manifest(str(path)) as manifest:
        assert manifest.form == form


def test_the_form_said_wins_over_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('{"id": 1}', encoding="utf-8")
    with open_manifest(str(path), form="jsonl") as manifest:
        assert manifest.columns == ("id",)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.csv"
    assert said_of(path) == f"{path} does not exist; check the path of the manifest"


def test_a_directory_is_no_manifest(tmp_path: Path) -> None:
    assert said_of(tmp_path) == f"{tmp_path} is a directory; name a manifest file in it"


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000])
def test_a_path_the_system_refuses_is_one_sentence(path: str) -> None:
    assert "cannot be read: " in said_of(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "sheet.csv is empty; a manifest has a header and rows"),
        (b"\n \r\n", "sheet.csv is empty; a manifest has a header and rows"),
        (gzip.compress(b"", mtime=0), "sheet.csv is empty; a manifest has a header and rows"),
        (b"id,prompt\n\n,\n", "sheet.csv has a header but no rows; add one row for each picture order"),
        (b"PK\x03\x04\x14\0", "sheet.csv is a damaged workbook or zip archive; copy it again, or open it in Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "sheet.csv is an Excel file of the old form (.xls), or has a password"),
        (b"<html><table><tr><td>sku</td></tr></table></html>", "sheet.csv is a web page or XML, as some shops export it under the name of a table"),
        (bytes(range(256)), "sheet.csv is no text file; a manifest is CSV or JSON lines in UTF-8"),
        (gzip.compress(TABLE.encode() * 9, mtime=0)[:-9], "sheet.csv is a damaged gzip file"),
        (gzip.compress(TABLE.encode(), mtime=0)[:-8] + b"\1" * 8, "sheet.csv is a damaged gzip file"),
        (b"\x1f\x8bnonsense", "sheet.csv is a damaged gzip file"),
        (TABLE.encode("utf-16")[:-1], "sheet.csv is not utf-16: it ends within a character or is damaged"),
        (b'"id\nprompt', "sheet.csv has no readable header; its first row must name the columns"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_manifest_gets_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content)
    assert said_of(path).startswith(sentence)


def prompts_of(path: Path, **options: str) -> list[str]:
    with open_manifest(str(path), **options) as manifest:  # type: ignore[arg-type]  # likewise
        return [row.cells["prompt"] for row in manifest.rows()]  # type: ignore[call-overload]  # rows of this table are all whole


@pytest.mark.parametrize("encoding", [None, "gb18030", "gbk"])
def test_gbk_is_read_whether_it_is_said_or_not(tmp_path: Path, encoding: str | None) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes("id,prompt\n1,cup\n2,红色水杯\n".encode("gbk"))
    options = {} if encoding is None else {"encoding": encoding}
    assert prompts_of(path, **options) == ["cup", "红色水杯"]


def test_how_it_is_read_is_part_of_what_it_is_but_not_who_said_so(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes("id,prompt\n1,红色水杯\n".encode("gbk"))
    readings = []
    for encoding in (None, "gbk", "gb18030", "latin-1"):
        with open_manifest(str(path), encoding=encoding) as manifest:
            readings.append(manifest.reading)
    assert readings[0] == readings[1] == readings[2] != readings[3]


def test_what_was_guessed_is_said_with_a_line_that_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes("秋季商品表;;\nsku;prompt;店铺\nA1;a cup;x\nA2;红色水杯;杭州\n".encode("gbk"))
    with open_manifest(str(path)) as manifest:
        assert manifest.told() == (
            "sheet.csv is read as GB18030 by its looks, with cells parted by semicolons, with the columns'"
            " names in line 2; say --encoding if that is wrong. Line 4: A2 | 红色水杯 | 杭州"
        )


def test_of_plain_ascii_nothing_needs_saying(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("sku,prompt\nA1,a cup\n", encoding="utf-8")
    with open_manifest(str(path)) as manifest:
        assert manifest.told() == ""


def test_a_line_that_is_shown_has_no_escapes_of_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(f"sku,prompt\nA1,\x1b[31m杯{'x' * 500}\n", encoding="utf-8")
    with open_manifest(str(path)) as manifest:
        told = manifest.told()
    assert "\x1b" not in told
    assert len(told) < 200


def test_bytes_that_could_be_two_encodings_are_refused_with_both(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes("id,prompt\n1,杯\n".encode("gbk"))
    said = said_of(path)
    assert said.startswith("sheet.csv is not UTF-8: line 2, byte 3 is 0xB1, and could be several")
    assert '--encoding gb18030 if "1,杯" is right' in said
    assert "--encoding cp950 if" in said
    assert prompts_of(path, encoding="gb18030") == ["杯"]


def test_bytes_that_read_like_nothing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes("id,prompt\n1,красная чашка на столе\n".encode("cp1251"))
    assert said_of(path) == (
        "sheet.csv is not UTF-8: line 2, byte 3 is 0xEA; save it as CSV UTF-8, or say which"
        " --encoding it has, such as gb18030, big5 or cp1252"
    )


def test_a_guess_that_a_later_line_refutes_is_no_silent_replacement(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    rows = "".join(f"{n},北欧风陶瓷马克杯，哑光奶白色\n" for n in range(2000)).encode("gbk")
    path.write_bytes(b"id,prompt\n" + rows + b"2000,\xff\xff\n")
    assert said_of(path) == (
        "sheet.csv is not gb18030: line 2002, byte 6 is 0xFF, although its lines above read like"
        " it; save it as CSV UTF-8, or say which --encoding it has"
    )


def test_a_bad_byte_far_down_is_found_too(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(TABLE.encode() + b"2,cup\n" * 20_000 + b"3,\xff\n")
    assert "line 20003, byte 3 is 0xFF; save it as CSV UTF-8, or say which" in said_of(path)


def test_a_wrong_encoding_said_is_told_from_a_wrong_file(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(b"id,prompt\n1,\xff\xff\n")
    assert said_of(path, encoding="gb18030") == (
        "sheet.csv is not gb18030: line 2, byte 3 is 0xFF; say another --encoding"
    )


@pytest.mark.parametrize("encoding", ["klingon", "base64", "undefined", "unicode_escape", "a\0b"])
def test_an_unknown_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(TABLE, encoding="utf-8")
    assert said_of(path, encoding=encoding).startswith(f"unknown encoding {encoding!r}; write for")


def test_a_json_array_is_told_what_to_become(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"id": 1}]', encoding="utf-8")
    assert said_of(path) == (
        "rows.json is one JSON array; write one object a line instead"
        " (jq -c '.[]' does it) and name it .jsonl"
    )


def test_json_lines_without_a_row_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n\n", encoding="utf-8")
    assert said_of(path).startswith("rows.jsonl has no rows; add one row")


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "orders.csv"
    os.mkfifo(pipe)
    content = "id,prompt\n" + "".join(f"{n},cup\n" for n in range(20_000))
    writer = threading.Thread(target=lambda: pipe.write_text(content, encoding="utf-8"))
    writer.start()
    with open_manifest(str(pipe)) as manifest:
        writer.join()
        assert manifest.name == "orders.csv"
        assert sum(1 for _ in manifest.rows()) == 20_000


class Flow(io.RawIOBase):
    """A stream that makes its bytes as they are asked for."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines

    def readable(self) -> bool:
        return True

    def read(self, _size: int = -1) -> bytes:
        return next(self._lines, b"")


def csv_flow(rows: int) -> Iterator[bytes]:
    yield b"sku,prompt\n"
    for n in range(rows):
        yield b"%d," % n + b"x" * 4000 + b"\n"


def jsonl_flow(rows: int) -> Iterator[bytes]:
    for n in range(rows):
        yield b'{"sku": %d, "prompt": "' % n + b"x" * 4000 + b'"}\n'


@pytest.mark.parametrize("flow", [csv_flow, jsonl_flow])
def test_a_manifest_is_never_held_whole(flow: Callable[[int], Iterator[bytes]]) -> None:
    rows = 5_000  # 20 MB
    manifest = open_manifest("-", stdin=Flow(flow(rows)))  # type: ignore[arg-type]  # read() is all that is asked of it
    judge = checker("wanx-v1")
    tracemalloc.start()
    try:
        assert sum(1 for _ in validate(manifest, judge)) == rows
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        manifest.close()
    assert peak_bytes < 3 << 20  # of which the ids take 24 bytes a slot
