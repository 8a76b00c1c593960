"""The policy of deploy/bucket-policy.json, as a real server enforces it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storage import Denied
from storage.s3 import S3Storage
from tests.hostile.fortress import PREFIX, Fortress

pytestmark = pytest.mark.system

CALLS: list[Callable[[S3Storage], object]] = [
    lambda bucket: bucket.put("a/x.txt", b"1", "text/plain"),
    lambda bucket: bucket.put_new("a/y.txt", b"1", "text/plain"),
    lambda bucket: bucket.head("a/x.txt"),
    lambda bucket: bucket.get("a/x.txt"),
    lambda bucket: list(bucket.list("a/")),
    lambda bucket: bucket.check(),
    lambda bucket: bucket.delete("a/x.txt"),
    lambda bucket: bucket.delete("a/y.txt"),
]


def test_the_policy_is_enough(fortress: Fortress) -> None:
    for call in CALLS:
        call(fortress.storage)
    assert fortress.storage.head("a/x.txt") is None
    assert fortress.storage.probe().problem is None


@pytest.mark.parametrize("prefix", ["", "other", "nightly"])
def test_nothing_else_of_the_bucket_is_open(fortress: Fortress, prefix: str) -> None:
    bucket = fortress.bucket(prefix)
    for call in CALLS:
        with pytest.raises(Denied):
            call(bucket)
    bucket.close()


def test_the_bucket_itself_is_out_of_reach(fortress: Fortress) -> None:
    client = fortress.storage._client
    name = fortress.seaweed.bucket
    another = {"Bucket": "another"}
    grant = {"Bucket": name, "Key": f"{PREFIX}/a", "ACL": "public-read"}
    calls: list[Callable[[], object]] = [
        lambda: client.list_buckets()["Buckets"][0],
        lambda: client.create_bucket(**another),
        lambda: client.delete_bucket(Bucket=name),
        lambda: client.put_bucket_policy(Bucket=name, Policy="{}"),
        lambda: client.put_object_acl(**grant),
    ]
    for call in calls:
        with pytest.raises((client.exceptions.ClientError, IndexError, KeyError)):
            call()
