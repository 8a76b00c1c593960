"""Addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import BadUrl, LocalStorage, S3Options, open_storage
from storage.s3 import S3Storage

KEYED = S3Options(region="us-east-1", access_key_id="a", secret_access_key="b")


@pytest.mark.parametrize(
    ("url", "directory"),
    [
        ("./out", "{cwd}/out"),
        ("out", "{cwd}/out"),
        ("夜 班#1?", "{cwd}/夜 班#1?"),
        ("a:b", "{cwd}/a:b"),
        ("/data/mill", "/data/mill"),
        ("file:///data/mill", "/data/mill"),
        ("file:/data/mill", "/data/mill"),
        ("FILE:///data/mill", "/data/mill"),
        ("file://localhost/data/mill", "/data/mill"),
        ("file:///data/a%20b%23c", "/data/a b#c"),
        ("file://./out", "{cwd}/out"),
        ("file://../out", "{cwd}/../out"),
    ],
)
def test_directories(
    url: str, directory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    storage = open_storage(url)
    assert isinstance(storage, LocalStorage)
    assert storage.location("a") == directory.format(cwd=tmp_path) + "/a"
    assert not Path(directory.format(cwd=tmp_path)).exists()


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_storage("~/out").location("a") == f"{tmp_path}/out/a"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("s3://bucket", "s3://bucket/a"),
        ("s3://bucket/", "s3://bucket/a"),
        ("s3://bucket/pre/fix/", "s3://bucket/pre/fix/a"),
        ("s3://bucket/夜班 #1%20", "s3://bucket/夜班 #1%20/a"),
    ],
)
def test_buckets(url: str, location: str) -> None:
    storage = open_storage(url, s3=KEYED)
    assert isinstance(storage, S3Storage)
    assert storage.location("a") == location
    storage.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "  ",
        "a\0b",
        "file://host/data",
        "file://",
        "file:relative",
        "file:///data?x=1",
        "file:///data#x",
        "file:///a%00b",
        "file://[/data",
        "s3://",
        "s3:///prefix",
        "s3:bucket",
        "s3://b",
        "s3://bu cket/x",
        "s3://bucket:9000/x",
        "s3://bucket/../x",
        "s3://bucket/a//b",
        "s3://bucket/p?endpoint=x",
        "s3://key:hush@bucket/p",
        "https://key:hush@host/bucket",
        "oss://bucket/p",
        "~nobody-of-this-name/out",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadUrl) as caught:
        open_storage(url, s3=KEYED)
    assert "hush" not in str(caught.value)
    assert len(str(caught.value)) > 40
