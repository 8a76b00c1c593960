"""Addresses under which others fetch objects."""

from __future__ import annotations

import dataclasses
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from schemas.settings import Settings
from storage import BadKey, BadUrl, Denied, LocalStorage, S3Options, Storage
from storage.configured import Buckets
from storage.port import PRESIGNED_LIMIT_S
from storage.s3 import S3Storage
from tests.seaweed import Seaweed
from tests.waiting import wait_until

PNG = "image/png"
DAY_S = 24 * 3600.0
BYTES = bytes(range(256)) * 40


def address(storage: Storage, key: str, lifetime_s: float = DAY_S) -> str:
    found = storage.presigned(key, lifetime_s)
    assert found is not None
    return found


@pytest.fixture
def settings(seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("IMAGEMILL_S3_ENDPOINT_URL", seaweed.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweed.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweed.secret_key)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return Settings()


@pytest.mark.parametrize(
    "key", ["inputs/ab/abc.png", "茶壶/红 茶.png", "a b/c+d & e=f?g#h%2F.png", "é/\U0001f375.png"]
)
def test_anybody_fetches_a_presigned_address_byte_for_byte(s3_storage: S3Storage, key: str) -> None:
    s3_storage.put(key, BYTES, PNG)
    url = address(s3_storage, key)
    assert url.isascii()
    answer = httpx2.get(url)
    assert (answer.status_code, answer.content) == (200, BYTES)
    assert answer.headers["content-type"] == PNG


def test_an_address_is_signed_with_version_4_for_as_long_as_was_asked(
    s3_storage: S3Storage,
) -> None:
    query = parse_qs(urlsplit(address(s3_storage, "a", DAY_S + 3600)).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["90000"]


@pytest.mark.parametrize("lifetime_s", [0, -1, PRESIGNED_LIMIT_S + 1])
def test_no_address_lives_longer_than_version_4_admits(
    s3_storage: S3Storage, lifetime_s: float
) -> None:
    with pytest.raises(ValueError, match="604800"):
        s3_storage.presigned("a", lifetime_s)


def test_an_address_opens_one_key_only(s3_storage: S3Storage) -> None:
    s3_storage.put("mine", b"1", PNG)
    s3_storage.put("theirs", b"2", PNG)
    other = address(s3_storage, "mine").replace("/mine?", "/theirs?")
    assert httpx2.get(other).status_code == 403


def test_an_address_does_not_let_anybody_write(s3_storage: S3Storage) -> None:
    s3_storage.put("mine", b"1", PNG)
    assert httpx2.put(address(s3_storage, "mine"), content=b"2").status_code == 403
    assert s3_storage.get("mine") == b"1"


def test_an_expired_address_is_refused(s3_storage: S3Storage) -> None:
    s3_storage.put("a", b"1", PNG)
    url = address(s3_storage, "a", 1)
    wait_until(lambda: httpx2.get(url).status_code == 403, 15, "the address to run out")
    assert httpx2.get(address(s3_storage, "a", DAY_S)).content == b"1"


def test_keys_of_a_stranger_open_nothing(
    s3_storage: S3Storage, seaweed: Seaweed, s3_options: S3Options
) -> None:
    s3_storage.put("a", b"1", PNG)
    prefix = s3_storage.url.split("/", 3)[3]
    wrong = dataclasses.replace(s3_options, secret_access_key="guessed")
    stranger = S3Storage(seaweed.bucket, prefix, wrong)
    assert httpx2.get(address(stranger, "a")).status_code == 403
    stranger.close()


def test_an_address_of_nothing_is_made_and_finds_nothing(s3_storage: S3Storage) -> None:
    assert httpx2.get(address(s3_storage, "no/such.png")).status_code == 404


def test_an_address_shows_no_secret(s3_storage: S3Storage, seaweed: Seaweed) -> None:
    assert seaweed.secret_key not in address(s3_storage, "a")


def test_without_credentials_nothing_is_signed(
    seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/no/such/file")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    storage = S3Storage(seaweed.bucket, "", S3Options(endpoint_url=seaweed.endpoint_url))
    with pytest.raises(Denied, match="AWS_ACCESS_KEY_ID"):
        storage.presigned("a", DAY_S)
    storage.close()


def test_a_directory_has_no_addresses(local_storage: LocalStorage) -> None:
    local_storage.put("a", b"1", PNG)
    assert local_storage.presigned("a", DAY_S) is None


@pytest.mark.parametrize("key", ["", "a/../b", "/a"])
def test_a_bad_key_has_no_address(storage: Storage, key: str) -> None:
    with pytest.raises(BadKey):
        storage.presigned(key, DAY_S)


def test_other_buckets_open_with_the_same_credentials(
    s3_storage: S3Storage, settings: Settings
) -> None:
    s3_storage.put("红.png", BYTES, PNG)
    bucket, key = s3_storage.location("红.png").removeprefix("s3://").split("/", 1)
    buckets = Buckets(settings)
    found = buckets.bucket(bucket)
    assert found.get(key) == BYTES
    assert httpx2.get(address(found, key)).content == BYTES
    missing = buckets.bucket("no-such-bucket")
    assert missing.head("a") is None
    # A server may make a bucket at the mere question for it.
    assert "no-such-bucket" not in {
        each["Name"] for each in s3_storage._client.list_buckets()["Buckets"]
    }
    buckets.close()


@pytest.mark.parametrize("name", ["", "a", "a b", "key:hush@bucket"])
def test_no_bucket_has_such_a_name(settings: Settings, name: str) -> None:
    with pytest.raises(BadUrl) as caught:
        Buckets(settings).bucket(name)
    assert "hush" not in str(caught.value)
