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
        (b"PK\x03\x04\x14\0", "sheet.csv is an Excel workbook or a zip archive; save the table as CSV UTF-8 first"),
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


def test_gbk_is_refused_with_the_place_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes("id,prompt\n1,cup\n2,红色水杯\n".encode("gbk"))
    assert said_of(path) == (
        "sheet.csv is not UTF-8: line 3, byte 3 is 0xBA; if it comes from Excel in Chinese,"
        " say --encoding gb18030, or save it as CSV UTF-8"
    )
    with open_manifest(str(path), encoding="gb18030") as manifest:
        assert [row.cells["prompt"] for row in manifest.rows()] == ["cup", "红色水杯"]  # type: ignore[call-overload]  # rows of this table are all whole


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
