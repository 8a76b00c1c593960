"""What every place must do, the directory and the bucket alike."""

from __future__ import annotations

import gzip
import io
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import BadKey, BadMetadata, Broken, NotFound, Storage, StorageError

PNG = "image/png"
KEYS = [
    "plain.png",
    "batches/夜班/images/茶壶-红_01.png",
    "a b/c+d & e=f?g#h%2F.png",
    "é/\U0001f375.png",
    "quotes'\"<>|*:.png",
    ".hidden/.name",
    "~/tilde",
    "x" * 255,
    "图" * 85,
    "/".join(["y" * 190] * 5),
]
BAD_KEYS = [
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "a/./b",
    "a\\b",
    "a\nb",
    "a\0b",
    "a\x7fb",
    "a\x85b",
    "\ud800",
    "x" * 256,
    "图" * 86,
    "/".join(["y" * 204] * 6),
    unicodedata.normalize("NFD", "é"),
    ".unfinished-1",
    "a/.unfinished-1/b",
]


@pytest.mark.parametrize("key", KEYS)
def test_what_was_put_comes_back(storage: Storage, key: str) -> None:
    storage.put(key, b"\0image\xff", PNG)
    assert storage.get(key) == b"\0image\xff"
    assert [found.key for found in storage.list("")] == [key]


def test_an_empty_object_comes_back(storage: Storage) -> None:
    storage.put("empty", b"", PNG)
    assert storage.get("empty") == b""
    found = storage.head("empty")
    assert found is not None
    assert found.size_bytes == 0


def test_put_overwrites(storage: Storage) -> None:
    storage.put("a", b"old and long", PNG)
    storage.put("a", b"new", PNG)
    assert storage.get("a") == b"new"


def test_put_new_writes_once(storage: Storage) -> None:
    assert storage.put_new("a/b", b"first", PNG, metadata={"sha256": "ab"})
    assert not storage.put_new("a/b", b"second", PNG)
    assert storage.get("a/b") == b"first"
    storage.delete("a/b")
    assert storage.put_new("a/b", b"third", PNG)


def test_of_sixteen_writers_one_is_the_first(storage: Storage) -> None:
    start = threading.Barrier(16)

    def write(number: int) -> bool:
        start.wait()
        return storage.put_new("race/a", b"%d" % number, PNG)

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(write, range(16)))
    assert won.count(True) == 1
    assert storage.get("race/a") == b"%d" % won.index(True)


def test_readers_see_the_old_or_the_new_object(storage: Storage) -> None:
    versions = [bytes([letter]) * 200_000 for letter in b"ab"]
    storage.put("a", versions[0], PNG)

    def write(number: int) -> None:
        storage.put("a", versions[number % 2], PNG)

    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(write, number) for number in range(40)]
        while not all(write.done() for write in writes):
            assert storage.get("a") in versions
    for done in writes:
        done.result()


def test_32_threads_share_one_storage(storage: Storage) -> None:
    def work(number: int) -> bytes:
        storage.put(f"many/{number % 8}/{number:03}", b"%d" % number, PNG)
        return storage.get(f"many/{number % 8}/{number:03}")

    with ThreadPoolExecutor(32) as pool:
        read = list(pool.map(work, range(320)))
    assert read == [b"%d" % number for number in range(320)]
    assert len(list(storage.list("many/"))) == 320


def test_put_file_streams_a_file(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"0123456789abcdef" * (2 * 1024 * 1024 + 1))  # three parts
    storage.put_file("big/源.bin", source, "application/octet-stream")
    found = storage.head("big/源.bin")
    assert found is not None
    assert found.size_bytes == source.stat().st_size
    assert storage.get("big/源.bin") == source.read_bytes()
    source.write_bytes(b"small")
    storage.put_file("big/源.bin", source, "application/octet-stream")
    assert storage.get("big/源.bin") == b"small"


def test_put_file_of_no_file_blames_the_file(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"gone.*No such file"):
        storage.put_file("a", tmp_path / "gone", PNG)
    assert storage.head("a") is None


def test_head_knows_size_and_content_type(storage: Storage) -> None:
    storage.put("a/b.png", b"12345", PNG, metadata={"sha256": "ab12"})
    found = storage.head("a/b.png")
    assert found is not None
    assert (found.key, found.size_bytes, found.content_type) == ("a/b.png", 5, PNG)


@pytest.mark.parametrize("key", ["missing", "a/missing", "a", "a/b/c"])
def test_a_missing_key_is_not_found(storage: Storage, key: str) -> None:
    storage.put("a/b", b"1", PNG)
    assert storage.head(key) is None
    with pytest.raises(NotFound, match=key):
        storage.get(key)
    with pytest.raises(NotFound, match=key):
        storage.open(key)
    storage.delete(key)
    assert storage.get("a/b") == b"1"


def test_delete_removes(storage: Storage) -> None:
    storage.put("a/b", b"1", PNG)
    storage.delete("a/b")
    assert storage.head("a/b") is None
    assert list(storage.list("")) == []


def test_list_takes_a_prefix_of_a_name(storage: Storage) -> None:
    for key in ["b/2", "b/1", "b/10", "b/x/1", "bc/1", "c"]:
        storage.put(key, b"12", PNG)
    assert [found.key for found in storage.list("b/1")] == ["b/1", "b/10"]
    assert {found.key for found in storage.list("b")} == {"b/1", "b/10", "b/2", "b/x/1", "bc/1"}
    assert [found.key for found in storage.list("b/x/")] == ["b/x/1"]
    assert [found.size_bytes for found in storage.list("c")] == [2]
    assert list(storage.list("nothing/")) == []
    assert list(storage.list("c/")) == []


def test_list_goes_on_after_a_thousand_keys_in_order(storage: Storage) -> None:
    keys = [f"lane/{number:05}.jsonl" for number in range(1100)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: storage.put(key, b"", PNG), reversed(keys)))
    assert [found.key for found in storage.list("lane/")] == keys


def test_open_streams_gzipped_lines(storage: Storage) -> None:
    lines = [f'{{"id": "茶壶-{number}"}}\n' for number in range(50_000)]
    storage.put("a.jsonl.gz", gzip.compress("".join(lines).encode(), 1), "application/gzip")
    with (
        storage.open("a.jsonl.gz") as stream,
        gzip.open(stream) as plain,
        io.TextIOWrapper(plain, encoding="utf-8") as text,
    ):
        assert list(text) == lines


def test_an_open_stream_may_be_left_early(storage: Storage) -> None:
    storage.put("a", b"x" * 3_000_000, PNG)
    for _ in range(100):  # more than there are connections: each must be let go
        with storage.open("a") as stream:
            assert stream.read(3) == b"xxx"


@pytest.mark.parametrize("key", BAD_KEYS)
def test_bad_keys_are_refused_alike(storage: Storage, key: str, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"1")
    calls: list[Callable[[], object]] = [
        lambda: storage.put(key, b"1", PNG),
        lambda: storage.put_new(key, b"1", PNG),
        lambda: storage.put_file(key, tmp_path / "source", PNG),
        lambda: storage.get(key),
        lambda: storage.open(key),
        lambda: storage.head(key),
        lambda: storage.delete(key),
        lambda: storage.location(key),
    ]
    for call in calls:
        with pytest.raises(BadKey, match=r"The key .* cannot name an object"):
            call()
    assert list(storage.list("")) == []


@pytest.mark.parametrize("prefix", ["/", "../", "a//", "\0"])
def test_bad_prefixes_are_refused(storage: Storage, prefix: str) -> None:
    with pytest.raises(BadKey):
        storage.list(prefix)


@pytest.mark.parametrize(
    "metadata",
    [
        {"under_score": "a"},
        {"Upper": "a"},
        {"": "a"},
        {"-a": "a"},
        {"a": ""},
        {"a": "茶"},
        {"a": " outer"},
        {"a": "line\nbreak"},
        {"a": "x" * 2048},
        {"a": "x" * 1024, "b": "x" * 1024},
    ],
)
def test_bad_metadata_are_refused_before_anything_is_written(
    storage: Storage, metadata: dict[str, str]
) -> None:
    with pytest.raises(BadMetadata, match="metadata"):
        storage.put("a", b"1", PNG, metadata=metadata)
    with pytest.raises(BadMetadata, match="metadata"):
        storage.put_new("a", b"1", PNG, metadata=metadata)
    assert storage.head("a") is None


def test_check_accepts_a_good_place(storage: Storage) -> None:
    storage.check()
    assert list(storage.list("")) == []


def test_probe_of_a_good_place(storage: Storage) -> None:
    probe = storage.probe()
    assert (probe.write_ok, probe.read_ok, probe.conditional_put) == (True, True, "honoured")
    assert probe.problem is None
    assert list(storage.list("")) == []


def test_errors_of_values_are_value_errors() -> None:
    for kind in (BadKey, BadMetadata):
        assert issubclass(kind, ValueError)
        assert issubclass(kind, StorageError)
