"""What is peculiar to buckets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import (
    BadKey,
    BadUrl,
    BucketMissing,
    Denied,
    S3Options,
    StoredObject,
)
from storage.s3 import S3Storage
from tests.seaweed import Seaweed
from tests.storage.scripted_s3 import Objects, run_scripted_s3

PNG = "image/png"


def raw_head(storage: S3Storage, key: str) -> dict[str, Any]:
    name = storage.location(key).split("/", 3)[3]
    found: dict[str, Any] = storage._client.head_object(Bucket=storage._bucket, Key=name)
    return found


def test_head_knows_the_sha256_of_the_metadata(s3_storage: S3Storage) -> None:
    s3_storage.put("a", b"1", PNG, metadata={"sha256": "ab12", "run-id": "night-7"})
    assert s3_storage.head("a") == StoredObject("a", 1, PNG, "ab12")
    assert raw_head(s3_storage, "a")["Metadata"] == {"sha256": "ab12", "run-id": "night-7"}


@pytest.mark.parametrize("content_type", ["image/svg+xml", "image/SVG+xml; charset=utf-8"])
def test_svg_is_saved_not_run(s3_storage: S3Storage, content_type: str) -> None:
    s3_storage.put("a.svg", b"<svg/>", content_type)
    s3_storage.put("a.png", b"1", PNG)
    assert raw_head(s3_storage, "a.svg")["ContentDisposition"] == "attachment"
    assert "ContentDisposition" not in raw_head(s3_storage, "a.png")


def test_locations_and_url(seaweed: Seaweed, s3_options: S3Options) -> None:
    prefixed = S3Storage(seaweed.bucket, "夜/班", s3_options)
    assert prefixed.url == "s3://mill/夜/班"
    assert prefixed.location("a/b.png") == "s3://mill/夜/班/a/b.png"
    whole = S3Storage(seaweed.bucket, options=s3_options)
    assert whole.url == "s3://mill"
    assert whole.location("a") == "s3://mill/a"
    prefixed.close()
    whole.close()


def test_a_prefix_is_a_room_of_its_own(s3_storage: S3Storage, s3_options: S3Options) -> None:
    prefix = s3_storage.url.removeprefix("s3://mill/")
    whole = S3Storage("mill", options=s3_options)
    whole.put(f"{prefix}-neighbour/a", b"1", PNG)
    whole.put(f"{prefix}/a", b"2", PNG)
    assert s3_storage.get("a") == b"2"
    assert [found.key for found in s3_storage.list("")] == ["a"]
    whole.close()


def test_a_key_too_long_with_its_prefix_is_refused(s3_storage: S3Storage) -> None:
    with pytest.raises(BadKey, match="prefix"):
        s3_storage.put("/".join(["y" * 203] * 5), b"1", PNG)


@pytest.mark.parametrize("change", [{"access_key_id": "nobody"}, {"secret_access_key": "wrong"}])
def test_wrong_keys_are_denied(
    seaweed: Seaweed, s3_options: S3Options, change: dict[str, Any]
) -> None:
    storage = S3Storage(seaweed.bucket, "", dataclasses.replace(s3_options, **change))
    calls: list[Callable[[], object]] = [
        storage.check,
        lambda: storage.put("a", b"1", PNG),
        lambda: storage.get("a"),
        lambda: storage.head("a"),
        lambda: list(storage.list("")),
    ]
    for call in calls:
        with pytest.raises(Denied, match="s3://mill") as caught:
            call()
        assert "wrong" not in str(caught.value).replace("is wrong", "")
        assert "nobody" not in str(caught.value)
    probe = storage.probe()
    assert (probe.write_ok, probe.read_ok, probe.conditional_put) == (False, False, "unknown")
    assert probe.problem is not None
    storage.close()


def test_a_missing_bucket_is_named_and_not_made(seaweed: Seaweed, s3_options: S3Options) -> None:
    storage = S3Storage("no-such-bucket", "a", s3_options)
    for call in (storage.check, lambda: storage.get("a"), lambda: list(storage.list(""))):
        with pytest.raises(BucketMissing, match=r"s3://no-such-bucket/a.*create it or correct"):
            call()
    probe = storage.probe()
    assert not probe.write_ok
    assert "does not exist" in str(probe.problem)
    buckets = storage._client.list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == [seaweed.bucket]
    storage.close()


def test_credentials_of_the_environment_are_used(
    seaweed: Seaweed, s3_options: S3Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweed.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweed.secret_key)
    bare = dataclasses.replace(s3_options, access_key_id=None, secret_access_key=None)
    storage = S3Storage(seaweed.bucket, "of-the-environment", bare)
    storage.put("a", b"1", PNG)
    assert storage.get("a") == b"1"
    storage.close()


def test_bodies_are_sent_at_once(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"1")
    with run_scripted_s3(Objects()) as server:
        storage = S3Storage("mill", "", server.options)
        storage.put("a", b"1", PNG)
        storage.put_new("b", b"1", PNG)
        storage.put_file("c", tmp_path / "source", PNG)
        assert [request.asks_leave for request in server.requests] == [False] * 3
        storage.close()


@pytest.mark.parametrize("endpoint_url", ["localhost:8333", "nonsense", "http://"])
def test_a_wrong_endpoint_is_a_bad_url(endpoint_url: str) -> None:
    with pytest.raises(BadUrl, match="endpoint"):
        S3Storage("mill", "", S3Options(endpoint_url=endpoint_url))


def test_options_do_not_show_their_secrets() -> None:
    shown = repr(S3Options(access_key_id="AKI", secret_access_key="SEC", session_token="TOK"))
    assert not {"AKI", "SEC", "TOK"} & set(shown.replace("'", " ").split())
    assert "SEC" not in shown
