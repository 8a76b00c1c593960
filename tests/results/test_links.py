"""Addresses for people: which there are, and how long they hold."""

from __future__ import annotations

import pytest

from results.links import Links, NoAddresses
from storage.local import LocalStorage
from storage.s3 import S3Storage
from storage.s3_options import S3Options

DAY_S = 24 * 3600.0


def bucket(session_token: str | None = None) -> S3Storage:
    """A bucket nobody is asked about: signing is arithmetic."""
    return S3Storage(
        "shop",
        "mill",
        S3Options(
            endpoint_url="http://127.0.0.1:1",
            region="us-east-1",
            access_key_id="AKIDEXAMPLE",
            secret_access_key="secret",
            session_token=session_token,
        ),
    )


@pytest.mark.parametrize("token", [None, "a-token"])
def test_links_of_temporary_credentials_are_known(token: str | None) -> None:
    storage = bucket(token)
    links = Links(storage, DAY_S)
    assert not links.temporary

    address = links.address("batches/x/images/杯_01.png")

    assert address.startswith("http://127.0.0.1:1/shop/mill/batches/x/images/")
    assert "X-Amz-Expires=86400" in address
    assert links.temporary == (token is not None)
    storage.close()


def test_a_directory_has_none(storage: LocalStorage) -> None:
    with pytest.raises(NoAddresses):
        Links(storage, DAY_S).address("batches/x/images/a_01.png")
