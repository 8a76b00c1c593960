"""How a picture reaches its provider, as a pure rule."""

from __future__ import annotations

import pytest

from schemas.picture_way import NoWay, Reach, Way, origin, reach_of, way_of_object, way_of_url

CLOUD = "https://dashscope.aliyuncs.com/api/v1"
NEXT_ROOM = "http://192.168.1.20:8000/v1"
SIMULATOR = "http://127.0.0.1:4000/api/v1"

S3_CLOUD = "https://bucket.s3.eu-west-1.amazonaws.com"
S3_NEXT_ROOM = "http://minio:9000"
S3_HERE = "http://127.0.0.1:8333"


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("http://127.0.0.1:8333", Reach.HERE),
        ("http://localhost", Reach.HERE),
        ("http://s3.localhost:9000/a", Reach.HERE),
        ("http://[::1]/a", Reach.HERE),
        ("http://0.0.0.0:80", Reach.HERE),
        ("http://", Reach.HERE),
        ("http://[broken", Reach.HERE),
        ("http://10.0.0.3", Reach.NEARBY),
        ("http://192.168.1.2/a", Reach.NEARBY),
        ("http://169.254.169.254/a", Reach.NEARBY),
        ("http://[fd00::1]:9000", Reach.NEARBY),
        ("http://minio:9000", Reach.NEARBY),
        ("http://nas.local", Reach.NEARBY),
        ("https://oss-cn-beijing-internal.aliyuncs.com", Reach.NEARBY),
        ("https://oss-cn-beijing.aliyuncs.com", Reach.EVERYWHERE),
        ("https://s3.amazonaws.com./bucket", Reach.EVERYWHERE),
        ("http://8.8.8.8", Reach.EVERYWHERE),
        ("https://user:hush@example.com/a", Reach.EVERYWHERE),
    ],
)
def test_a_host_tells_from_where_it_can_be_asked(url: str, reach: Reach) -> None:
    assert reach_of(url) is reach


@pytest.mark.parametrize(
    ("taken_as", "signed_at", "provider", "way"),
    [
        (("url",), S3_CLOUD, CLOUD, Way.ADDRESS),
        (("url", "data"), S3_CLOUD, CLOUD, Way.ADDRESS),
        (("data", "url"), S3_CLOUD, CLOUD, Way.ADDRESS),
        (("url",), S3_HERE, SIMULATOR, Way.ADDRESS),
        (("url",), S3_NEXT_ROOM, NEXT_ROOM, Way.ADDRESS),
        (("url", "data"), S3_HERE, CLOUD, Way.DATA),
        (("url", "data"), S3_HERE, NEXT_ROOM, Way.DATA),
        (("url", "data"), None, CLOUD, Way.DATA),
        (("data",), S3_CLOUD, CLOUD, Way.DATA),
        (("bytes",), S3_CLOUD, CLOUD, Way.DATA),
        (("bytes",), S3_HERE, CLOUD, Way.DATA),
        (("bytes",), None, CLOUD, Way.DATA),
    ],
)
def test_an_object_goes_by_its_address_where_it_can(
    taken_as: tuple[str, ...], signed_at: str | None, provider: str, way: Way
) -> None:
    assert way_of_object(taken_as, signed_at, provider) is way


@pytest.mark.parametrize(
    ("signed_at", "setting"),
    [
        (None, "IMAGEMILL_STORAGE_URL=s3://bucket/prefix"),
        (S3_HERE, "cannot fetch from http://127.0.0.1:8333. Set IMAGEMILL_S3_ENDPOINT_URL"),
        (S3_NEXT_ROOM + "/mill/a?X-Amz-Signature=hush", "cannot fetch from http://minio:9000."),
    ],
)
def test_where_there_is_no_way_the_setting_is_named(signed_at: str | None, setting: str) -> None:
    with pytest.raises(NoWay) as caught:
        way_of_object(("url",), signed_at, CLOUD)
    assert setting in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_public_url_goes_as_it_is_where_addresses_are_taken() -> None:
    assert way_of_url(("url",), "https://example.com/a.png", CLOUD) is Way.ADDRESS
    assert way_of_url(("bytes",), "https://example.com/a.png", CLOUD) is Way.DATA
    assert way_of_url(("url",), "http://127.0.0.1:1/a.png", SIMULATOR) is Way.ADDRESS


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a.png", "http://nas/a.png?hush", "http://10.1.1.1"]
)
def test_a_url_of_ones_own_network_is_no_public_one(url: str) -> None:
    with pytest.raises(NoWay, match="no public address") as caught:
        way_of_url(("url", "data"), url, CLOUD)
    assert "hush" not in str(caught.value)


def test_an_origin_holds_no_secret() -> None:
    assert origin("https://me:hush@host:9000/path?signature=hush") == "https://host:9000"
