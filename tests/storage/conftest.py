"""Every test gets a place of its own: a new directory, or a new prefix in one bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from storage import LocalStorage, S3Options, Storage
from storage.s3 import S3Storage
from tests.seaweed import Seaweed, run_seaweed


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with run_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_options(seaweed: Seaweed) -> S3Options:
    return S3Options(
        endpoint_url=seaweed.endpoint_url,
        region="us-east-1",
        access_key_id=seaweed.access_key,
        secret_access_key=seaweed.secret_key,
    )


@pytest.fixture
def local_storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "place")


@pytest.fixture
def s3_storage(seaweed: Seaweed, s3_options: S3Options) -> Iterator[S3Storage]:
    storage = S3Storage(seaweed.bucket, f"test-{uuid4().hex}", s3_options)
    yield storage
    storage.close()


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest) -> Storage:
    found: Storage = request.getfixturevalue(f"{request.param}_storage")
    return found
