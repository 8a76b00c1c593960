"""Pictures in the user's own S3, and whether a provider can get at what storage has."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from producer.input_pictures import InputPictures
from producer.picture_places import PicturesDenied, PicturesOutOfReach
from schemas.layout import is_input_picture
from schemas.picture_rule import PictureRule
from schemas.settings import Settings
from storage import S3Options
from storage.configured import Buckets
from storage.s3 import S3Storage
from tests.producer.drawn import RULE, drawn, painting, pictures_in, put, reason, refer
from tests.seaweed import Seaweed, run_seaweed

URL_ONLY = painting(RULE.model_copy(update={"taken_as": ("url",)}))
PNG = "image/png"


@pytest.fixture(scope="module")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with run_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


def settings_of(server: Seaweed, **changes: Any) -> Settings:
    said = {
        "storage_url": f"s3://{server.bucket}/mill",
        "s3_endpoint_url": server.endpoint_url,
        "s3_region": "us-east-1",
        "aws_access_key_id": server.access_key,
        "aws_secret_access_key": server.secret_key,
    }
    return Settings(**{**said, **changes})


@pytest.fixture
def bucket(seaweed: Seaweed) -> Iterator[S3Storage]:
    options = S3Options(seaweed.endpoint_url, "us-east-1", seaweed.access_key, seaweed.secret_key)
    storage = S3Storage(seaweed.bucket, f"photos-{uuid4().hex}", options)
    yield storage
    storage.close()


@pytest.fixture
def pictures(seaweed: Seaweed, tmp_path: Path) -> Iterator[InputPictures]:
    found = pictures_in(tmp_path, settings_of(seaweed), simulated=True)
    yield found
    found.close()


def test_an_object_is_checked_like_a_file_and_referred_to_as_it_is(
    bucket: S3Storage, pictures: InputPictures
) -> None:
    bucket.put("红 茶.png", drawn((300, 200)), PNG)
    address = bucket.location("红 茶.png")
    assert refer(pictures, address, painting()) == address
    small = painting(PictureRule(min_side=256))
    assert reason(pictures, address, small).startswith("is 300x200 pixels;")
    bucket.put("text.png", b"no picture", PNG)
    assert reason(pictures, bucket.location("text.png"), small).startswith("is no picture")


def test_sizes_of_objects_and_files_are_compared(
    tmp_path: Path, bucket: S3Storage, pictures: InputPictures
) -> None:
    bucket.put("mask.png", drawn((300, 200), mode="L"), PNG)
    put(tmp_path, "base.png", drawn((300, 200)))
    put(tmp_path, "other.png", drawn((300, 201)))
    mask = refer(pictures, bucket.location("mask.png"), painting())
    base, other = (refer(pictures, f"{name}.png", painting()) for name in ("base", "other"))
    assert pictures.same_size(base, mask) is True
    assert pictures.same_size(other, mask) is False


def test_an_object_is_read_once(bucket: S3Storage, pictures: InputPictures) -> None:
    bucket.put("a.png", drawn(), PNG)
    address = bucket.location("a.png")
    assert refer(pictures, address, painting()) == address
    bucket.delete("a.png")
    assert refer(pictures, address, painting()) == address


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://mill/no/such.png", "does not exist; check bucket and key"),
        ("s3://no-such-bucket/a.png", "does not exist: there is no bucket no-such-bucket"),
        ("s3://mill/a//b.png", "cannot be used. The key"),
        ("s3://m/a.png", "cannot be used. 'm' is not the name of a bucket"),
    ],
)
def test_an_object_that_is_not_there_is_the_rows_problem(
    bucket: S3Storage, pictures: InputPictures, address: str, said: str
) -> None:
    assert reason(pictures, address, painting()).startswith(said)
    buckets = bucket._client.list_buckets()["Buckets"]
    assert [each["Name"] for each in buckets] == ["mill"]


def test_a_server_that_is_down_is_not_the_rows_fault(seaweed: Seaweed, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        endpoint_url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        pictures = pictures_in(tmp_path, settings_of(seaweed, s3_endpoint_url=endpoint_url))
        with pytest.raises(PicturesOutOfReach, match="could not be checked"):
            refer(pictures, "s3://mill/a.png", painting())
        pictures.close()


def test_wrong_keys_are_not_the_rows_fault(seaweed: Seaweed, tmp_path: Path) -> None:
    pictures = pictures_in(tmp_path, settings_of(seaweed, aws_secret_access_key="guessed"))
    with pytest.raises(PicturesDenied, match="could not be checked") as caught:
        refer(pictures, "s3://mill/a.png", painting())
    assert "guessed" not in str(caught.value)
    pictures.close()


def test_a_cloud_cannot_fetch_from_this_machine(
    tmp_path: Path, seaweed: Seaweed, bucket: S3Storage
) -> None:
    bucket.put("a.png", drawn(), PNG)
    put(tmp_path, "a.png", drawn())
    pictures = pictures_in(tmp_path, settings_of(seaweed))
    for written in (bucket.location("a.png"), "a.png"):
        said = reason(pictures, written, URL_ONLY)
        assert f"cannot fetch from {seaweed.endpoint_url}" in said
        assert "IMAGEMILL_S3_ENDPOINT_URL" in said
        assert refer(pictures, written, painting(RULE))  # which takes the data itself, too
    pictures.close()


def test_a_rehearsal_can(tmp_path: Path, bucket: S3Storage, pictures: InputPictures) -> None:
    bucket.put("a.png", drawn(), PNG)
    put(tmp_path, "a.png", drawn())
    address = bucket.location("a.png")
    assert refer(pictures, address, URL_ONLY) == address
    assert is_input_picture(refer(pictures, "a.png", URL_ONLY))


def test_a_public_endpoint_can_be_fetched_from(seaweed: Seaweed, tmp_path: Path) -> None:
    put(tmp_path, "a.png", drawn())
    settings = settings_of(seaweed, s3_endpoint_url="https://oss-cn-beijing.aliyuncs.com")
    pictures = pictures_in(tmp_path, settings)
    assert is_input_picture(refer(pictures, "a.png", URL_ONLY))
    pictures.close()


def test_a_directory_serves_models_that_take_data_or_bytes(tmp_path: Path) -> None:
    put(tmp_path, "a.png", drawn())
    pictures = pictures_in(tmp_path, Settings(storage_url=str(tmp_path / "out")))
    said = reason(pictures, "a.png", URL_ONLY)
    assert "IMAGEMILL_STORAGE_URL=s3://bucket/prefix" in said
    for how in ("data", "bytes"):
        model = painting(RULE.model_copy(update={"taken_as": (how,)}))
        assert is_input_picture(refer(pictures, "a.png", model))


def test_what_goes_into_the_request_is_limited_where_an_address_is_not(
    tmp_path: Path, seaweed: Seaweed, pictures: InputPictures
) -> None:
    put(tmp_path, "large.bmp", drawn((2000, 2000), "BMP"))
    assert is_input_picture(refer(pictures, "large.bmp", painting(RULE)))
    in_the_request = pictures_in(tmp_path, settings_of(seaweed))
    said = reason(in_the_request, "large.bmp", painting(RULE))
    assert said.startswith("has 12.000054 MB, and goes into the request itself;")
    assert said.endswith("takes at most 10 MB there")
    in_the_request.close()


def test_buckets_are_not_connected_to_before_they_are_named(tmp_path: Path) -> None:
    buckets = Buckets(Settings(s3_endpoint_url="no address at all"))
    buckets.close()
    pictures = pictures_in(tmp_path, Settings(s3_endpoint_url="no address at all"))
    put(tmp_path, "a.png", drawn())
    assert refer(pictures, "https://example.com/a.png", URL_ONLY)
    assert refer(pictures, "a.png", painting(RULE))
    pictures.close()
