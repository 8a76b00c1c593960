"""From references to what a provider can be given, right before an order is sent."""

from __future__ import annotations

import base64
import hashlib
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from schemas.account import Account
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.layout import input_picture_key
from schemas.model import Model
from schemas.parameter import Kind
from schemas.picture_rule import PictureRule
from schemas.settings import Settings
from storage import LocalStorage
from storage.configured import storage_from
from storage.s3 import S3Storage
from tests.producer.drawn import drawn, painting
from tests.seaweed import Seaweed, run_seaweed
from tests.steps.mill import Mill
from tests.worker.wire import answer, wire
from worker.addressing import LIFETIME_S, NotNow, Unusable, addressed
from worker.input_places import AnyPublicHost
from worker.tools import Tools

HERE = "http://127.0.0.1:1/api/v1"
CLOUD = "https://dashscope.aliyuncs.com/api/v1"
PICTURE = drawn()
KEY = input_picture_key(hashlib.sha256(PICTURE).hexdigest(), "png")
BY_ADDRESS = painting(PictureRule(taken_as=("url",)))
EITHER = painting(PictureRule(taken_as=("url", "data")))
ITSELF = painting(PictureRule(taken_as=("bytes",)))


@pytest.fixture(scope="module")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with run_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


def settings_of(server: Seaweed, provider_url: str = HERE, **changes: Any) -> Settings:
    said = {
        "storage_url": f"s3://{server.bucket}/磨坊",
        "s3_endpoint_url": server.endpoint_url,
        "s3_region": "us-east-1",
        "aws_access_key_id": server.access_key,
        "aws_secret_access_key": server.secret_key,
        "accounts": {"default": Account(base_url=provider_url)},
    }
    return Settings(**{**said, **changes})


@pytest.fixture
def in_bucket(mill: Mill, seaweed: Seaweed) -> Iterator[Tools]:
    """Tools of a mill whose storage is a bucket and whose provider is on this machine."""
    settings = settings_of(seaweed)
    storage = storage_from(settings)
    storage.put(KEY, PICTURE, "image/png")
    tools = replace(mill.tools, storage=storage, settings=settings)
    yield tools
    tools.inputs.close()
    storage.close()


@pytest.fixture
def in_directory(mill: Mill, tmp_path: Path) -> Iterator[Tools]:
    storage = LocalStorage(tmp_path / "pictures", fsync=False)
    storage.put(KEY, PICTURE, "image/png")
    settings = Settings(accounts={"default": Account(base_url=HERE)})
    tools = replace(mill.tools, storage=storage, settings=settings)
    yield tools
    tools.inputs.close()


def order(picture: Any = KEY, **parameters: Any) -> Job:
    return Job(
        id="cup",
        line=2,
        lane="dashscope:x-painting@default",
        prompt="a cup",
        parameters={"base_image_url": picture, **parameters},
        name="cup",
    )


def given(found: Job | Unusable | NotNow) -> Any:
    assert isinstance(found, Job), found
    return found.parameters["base_image_url"]


def with_provider(tools: Tools, url: str) -> Tools:
    accounts = {"default": Account(base_url=url)}
    return replace(tools, settings=tools.settings.model_copy(update={"accounts": accounts}))


def code(found: Job | Unusable | NotNow) -> str:
    assert isinstance(found, Unusable), found
    assert found.failure.error_class is ErrorClass.INVALID
    return found.failure.code


def test_a_stored_picture_gets_an_address_that_anybody_can_fetch(in_bucket: Tools) -> None:
    url = given(addressed(order(), BY_ADDRESS, in_bucket))
    assert url.isascii()
    assert httpx2.get(url).content == PICTURE


def test_an_address_works_for_longer_than_a_task_may_wait(in_bucket: Tools) -> None:
    url = given(addressed(order(), BY_ADDRESS, in_bucket))
    query = parse_qs(urlsplit(url).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert float(query["X-Amz-Expires"][0]) == LIFETIME_S
    assert 24 * 3600 < LIFETIME_S <= 7 * 24 * 3600


def test_a_users_own_object_gets_one_too(in_bucket: Tools) -> None:
    storage = in_bucket.storage
    assert isinstance(storage, S3Storage)
    storage.put("他的/红 茶.png", PICTURE, "image/png")
    url = given(addressed(order(storage.location("他的/红 茶.png")), BY_ADDRESS, in_bucket))
    assert httpx2.get(url).content == PICTURE


def test_a_mill_in_a_directory_reaches_buckets_all_the_same(
    in_bucket: Tools, in_directory: Tools, seaweed: Seaweed
) -> None:
    tools = replace(in_directory, settings=settings_of(seaweed, storage_url="./out"))
    url = given(addressed(order(in_bucket.storage.location(KEY)), BY_ADDRESS, tools))
    assert httpx2.get(url).content == PICTURE
    tools.inputs.close()


def test_the_order_that_is_recorded_holds_no_address(in_bucket: Tools) -> None:
    job = order(size="1024*1024", seed=7)
    found = addressed(job, BY_ADDRESS, in_bucket)
    assert job.parameters == {"base_image_url": KEY, "size": "1024*1024", "seed": 7}
    assert isinstance(found, Job)
    assert (found.parameters["size"], found.parameters["seed"]) == ("1024*1024", 7)


def test_an_address_is_not_logged(in_bucket: Tools, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        given(addressed(order(), BY_ADDRESS, in_bucket))
    assert "X-Amz" not in caplog.text


@pytest.mark.parametrize("model", [EITHER, ITSELF])
def test_a_directory_gives_the_picture_itself(in_directory: Tools, model: Model) -> None:
    kind, data = given(addressed(order(), model, in_directory)).split(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == PICTURE


@pytest.mark.parametrize("form", ["JPEG", "BMP", "WEBP", "GIF", "TIFF"])
def test_the_pictures_own_bytes_say_what_it_is(in_directory: Tools, form: str) -> None:
    key = input_picture_key("ab" * 32, "png")
    in_directory.storage.put(key, drawn((30, 20), form), "image/png")
    url = given(addressed(order(key), EITHER, in_directory))
    assert url.startswith(f"data:image/{form.lower()};base64,")


def test_a_bucket_on_this_machine_gives_a_cloud_the_picture_itself(in_bucket: Tools) -> None:
    tools = with_provider(in_bucket, CLOUD)
    assert given(addressed(order(), EITHER, tools)).startswith("data:image/png;base64,")
    found = addressed(order(), BY_ADDRESS, tools)
    assert code(found) == "input-out-of-reach"
    assert "IMAGEMILL_S3_ENDPOINT_URL" in str(found)
    tools.inputs.close()


def test_a_public_url_goes_as_it_is(in_directory: Tools) -> None:
    url = "https://example.com/a%20b.png?signature=1%2B"
    assert given(addressed(order(url), BY_ADDRESS, with_provider(in_directory, CLOUD))) == url


def test_several_pictures_keep_their_order(in_bucket: Tools) -> None:
    model = painting(PictureRule(taken_as=("url",)), Kind.PICTURES)
    public = "https://example.com/a.png"
    first, second, third = given(addressed(order([public, KEY, public]), model, in_bucket))
    assert (first, third) == (public, public)
    assert httpx2.get(second).content == PICTURE


def test_an_order_without_pictures_is_the_same_order(in_directory: Tools) -> None:
    job = Job(id="a", line=2, lane="nobody:x@y", prompt="a cup", name="a", parameters={"seed": 1})
    assert addressed(job, BY_ADDRESS, in_directory) is job


@pytest.mark.parametrize("reference", [f"inputs/ab/{'ab' * 32}.png", "s3://mill/no/such.png"])
def test_a_picture_that_is_gone_ends_the_order(in_bucket: Tools, reference: str) -> None:
    found = addressed(order(reference), BY_ADDRESS, in_bucket)
    assert code(found) == "input-missing"
    assert "the picture of base_image_url is gone: s3://" in str(found)


def test_what_no_storage_could_hold_ends_the_order(in_bucket: Tools) -> None:
    assert code(addressed(order("s3://m/a.png"), EITHER, in_bucket)) == "input-missing"
    assert code(addressed(order("a.png"), EITHER, in_bucket)) == "input-unknown"


def test_too_much_for_a_request_is_not_read(in_directory: Tools) -> None:
    tight = painting(PictureRule(taken_as=("data",), max_bytes=len(PICTURE) - 1))
    assert code(addressed(order(), tight, in_directory)) == "input-too-large"


def test_a_storage_that_is_away_is_waited_for(in_bucket: Tools, seaweed: Seaweed) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        settings = settings_of(seaweed, s3_endpoint_url=url)
        away = replace(in_bucket, settings=settings, storage=storage_from(settings))
        for reference in (KEY, f"s3://{seaweed.bucket}/a.png"):
            found = addressed(order(reference), EITHER, away)
            assert isinstance(found, NotNow)
            assert "cannot be used: no connection could be made" in found.why
            assert seaweed.secret_key not in found.why
        away.inputs.close()
        away.storage.close()


def test_a_public_url_is_fetched_for_a_provider_that_takes_no_addresses(
    in_directory: Tools,
) -> None:
    with wire() as host:
        host.plays(
            answer(200, PICTURE),
            answer(404),
            answer(503),
            answer(200, b"<html>no picture</html>"),
        )
        url = f"{host.url}/a.png?signature=hush"
        data = given(addressed(order(url), ITSELF, in_directory))
        assert base64.b64decode(data.split(",")[1]) == PICTURE
        missing = addressed(order(url), ITSELF, in_directory)
        assert code(missing) == "input-not-fetched"
        busy = addressed(order(url), ITSELF, in_directory)
        assert isinstance(busy, NotNow)
        assert code(addressed(order(url), ITSELF, in_directory)) == "input-not-a-picture"
        assert "hush" not in f"{missing}{busy}"


def test_nobodys_url_leads_a_worker_into_its_own_network(in_directory: Tools) -> None:
    tools = with_provider(in_directory, CLOUD)
    with wire() as host:
        assert code(addressed(order(f"{host.url}/a.png"), ITSELF, tools)) == "input-out-of-reach"
        private = addressed(order("http://10.0.0.1/a.png"), ITSELF, in_directory)
        assert code(private) == "input-not-fetched"
        assert host.heard == []
    tools.inputs.close()


def test_any_public_host_may_be_asked_for_what_a_user_names() -> None:
    hosts = AnyPublicHost((), loopback=True)
    assert hosts.admits("pictures.example.com")
    assert hosts.admits_port("pictures.example.com", "https", None)
    assert hosts.admits_address("pictures.example.com", "93.184.215.14")
    for private in ("10.0.0.1", "169.254.169.254", "127.0.0.1", "100.100.100.200", "fd00::1"):
        assert not hosts.admits_address("pictures.example.com", private)
