"""Manifests brought from buckets, from the mill's own storage, and packed ones that are too much."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from producer.errors import ManifestError
from producer.fetched_manifest import NotOpenToUs, _check_unpacked, fetched
from producer.web_manifest import NotThere, OutOfReach
from schemas import layout
from schemas.clock import SystemClock
from schemas.settings import Settings
from storage import S3Options
from storage.local import LocalStorage
from storage.s3 import S3Storage
from tests.ports import free_ports
from tests.seaweed import Seaweed, run_seaweed

TABLE = b"sku,prompt\nA,a cat\n"


@pytest.fixture(scope="module")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with run_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


def settings_of(server: Seaweed, **changes: Any) -> Settings:
    said = {
        "s3_endpoint_url": server.endpoint_url,
        "aws_access_key_id": server.access_key,
        "aws_secret_access_key": server.secret_key,
        "s3_region": "us-east-1",
    }
    return Settings(**{**said, **changes})


def read(source: str, settings: Settings) -> bytes:
    with fetched(source, settings, SystemClock()) as path:
        found = Path(path).read_bytes()
    assert source == path or not Path(path).exists()
    return found


def test_an_object_of_any_bucket_is_read_with_its_name(seaweed: Seaweed) -> None:
    options = S3Options(seaweed.endpoint_url, "us-east-1", seaweed.access_key, seaweed.secret_key)
    bucket = S3Storage(seaweed.bucket, "exports", options)
    bucket.put("春/night.csv", TABLE, "text/csv")
    bucket.close()
    source = f"s3://{seaweed.bucket}/exports/春/night.csv"
    assert read(source, settings_of(seaweed)) == TABLE
    with fetched(source, settings_of(seaweed), SystemClock()) as path:
        assert Path(path).name == "night.csv"


@pytest.mark.parametrize("place", ["mill/exports/gone.csv", "no-such-bucket/night.csv"])
def test_what_is_not_there_may_come(seaweed: Seaweed, place: str) -> None:
    with pytest.raises(NotThere, match="does not exist"):
        read(f"s3://{place}", settings_of(seaweed))


def test_a_bucket_that_refuses_us_is_a_matter_of_settings(seaweed: Seaweed) -> None:
    with pytest.raises(NotOpenToUs):
        read(f"s3://{seaweed.bucket}/x.csv", settings_of(seaweed, aws_secret_access_key="wrong"))


def test_a_server_that_is_away_is_out_of_reach(seaweed: Seaweed) -> None:
    (port,) = free_ports(1)
    away = settings_of(seaweed, s3_endpoint_url=f"http://127.0.0.1:{port}")
    with pytest.raises(OutOfReach):
        read(f"s3://{seaweed.bucket}/x.csv", away)


def test_an_uploaded_manifest_is_read_from_the_mills_storage(tmp_path: Path) -> None:
    key = layout.manifest_key("ab" * 32, "night.csv")
    LocalStorage(tmp_path).put(key, TABLE, "text/csv")
    assert read(key, Settings(storage_url=str(tmp_path))) == TABLE


def test_a_local_path_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "night.csv").write_bytes(TABLE)
    assert read(str(tmp_path / "night.csv"), Settings()) == TABLE
    assert (tmp_path / "night.csv").exists()


def test_a_packed_manifest_that_would_fill_the_disk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 5_000_000))
    with pytest.raises(ManifestError, match="unpacks to more than 1,000,000 bytes"):
        _check_unpacked(path, "bomb.csv.gz", limit_bytes=1_000_000)
    _check_unpacked(path, "bomb.csv.gz", limit_bytes=6_000_000)


def test_damage_is_told_by_whoever_reads(tmp_path: Path) -> None:
    path = tmp_path / "half.csv.gz"
    path.write_bytes(gzip.compress(TABLE * 100)[:-12])
    _check_unpacked(path, "half.csv.gz")
