"""Servers, buckets, keys and settings that are wrong: one sentence, the right code, and soon."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import redis

from storage import BucketMissing, S3Options
from storage.s3 import S3Storage
from tests.cli.command import CommandLine
from tests.ports import free_ports
from tests.seaweed import Seaweed
from tests.valkey import Valkey


@pytest.fixture
def closed_url() -> Iterator[str]:
    """An address whose port nobody can take as long as we hold it, and nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"redis://127.0.0.1:{held.getsockname()[1]}/0"


def at_s3(alone: CommandLine, seaweed: Seaweed, **changes: str) -> CommandLine:
    settings = {
        "IMAGEMILL_STORAGE_URL": f"s3://{seaweed.bucket}/cli",
        "IMAGEMILL_S3_ENDPOINT_URL": seaweed.endpoint_url,
        "AWS_ACCESS_KEY_ID": seaweed.access_key,
        "AWS_SECRET_ACCESS_KEY": seaweed.secret_key,
    }
    return alone.with_variables(**settings | changes)


def test_a_server_that_does_not_answer_is_said_within_seconds(
    alone: CommandLine, closed_url: str
) -> None:
    manifest = alone.manifest("good", 1)
    mill = alone.with_variables(IMAGEMILL_REDIS_URL=closed_url)
    for arguments in (("submit", manifest), ("status",), ("worker",)):
        began_s = time.perf_counter()
        ran = mill(*arguments)

        assert (ran.code, ran.out) == (8, "")
        assert "does not answer" in ran.err
        assert "IMAGEMILL_REDIS_URL" in ran.err
        assert arguments[0] == "worker" or time.perf_counter() - began_s < 6
    assert not (alone.folder / "out" / "batches").exists()


def test_a_wrong_redis_password_is_said_and_not_shown(alone: CommandLine, valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("requirepass", "open-sesame")
    manifest = alone.manifest("good", 1)
    for secret in ("", ":wrong-secret@"):
        url = valkey.url.replace("redis://", f"redis://{secret}")
        mill = alone.with_variables(IMAGEMILL_REDIS_URL=url)
        for arguments in (("submit", manifest), ("worker",)):
            ran = mill(*arguments)

            assert ran.code == 7
            assert "refuses us" in ran.err
            assert "wrong-secret" not in ran.err


def test_a_missing_bucket_is_said_and_not_made(
    alone: CommandLine, valkey: Valkey, seaweed: Seaweed
) -> None:
    mill = at_s3(
        alone, seaweed, IMAGEMILL_REDIS_URL=valkey.url, IMAGEMILL_STORAGE_URL="s3://no-such/place"
    )
    for arguments in (("submit", alone.manifest("good", 1)), ("worker",)):
        ran = mill(*arguments)

        assert (ran.code, ran.out) == (8, "")
        assert "no-such" in ran.err
    options = S3Options(
        endpoint_url=seaweed.endpoint_url,
        access_key_id=seaweed.access_key,
        secret_access_key=seaweed.secret_key,
    )
    bucket = S3Storage("no-such", "", options)
    with pytest.raises(BucketMissing):
        bucket.check()
    bucket.close()


def test_a_wrong_s3_key_is_said_and_not_shown(
    alone: CommandLine, valkey: Valkey, seaweed: Seaweed
) -> None:
    mill = at_s3(alone, seaweed, IMAGEMILL_REDIS_URL=valkey.url)
    manifest = alone.manifest("good", 1)
    for wrong in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        ran = mill.with_variables(**{wrong: "wrong-secret"})("submit", manifest)

        assert (ran.code, ran.out) == (7, ""), ran.err
        assert "wrong-secret" not in ran.err
    assert mill("batches", "--json").out == ""


@pytest.mark.parametrize("url", ["ftp://host/x", "s3://", "s3:bucket", "file://host/x", " "])
def test_an_address_that_is_none_is_said(alone: CommandLine, url: str) -> None:
    ran = alone("submit", alone.manifest("good", 1), "--out", url)

    assert (ran.code, ran.out) == (7, ""), ran.err
    assert "s3://bucket/prefix" in ran.err or "file:///" in ran.err


def test_a_directory_is_refused_when_the_workers_are_elsewhere(alone: CommandLine) -> None:
    remote = "redis://mill.invalid:6379/0"
    ran = alone("submit", alone.manifest("good", 1), "--redis-url", remote)

    assert (ran.code, ran.out) == (7, ""), ran.err
    assert "IMAGEMILL_SHARED_STORAGE" in ran.err
    assert "s3://bucket/prefix" in ran.err

    shared = alone.with_variables(IMAGEMILL_SHARED_STORAGE="1")
    assert shared("submit", "good.csv", "--redis-url", remote).code == 8


def test_a_real_run_needs_a_key(alone: CommandLine) -> None:
    ran = alone("run", alone.manifest("good", 1))

    assert (ran.code, ran.out) == (7, "")
    assert "DASHSCOPE_API_KEY" in ran.err
    assert "--simulate" in ran.err


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("[worker\n", "imagemill.toml"),
        ('[worker]\nconcurrency = "many"\n', "worker.concurrency"),
        ('[lanes."dashscope:wanx-v1"]\nrate = "fast"\n', "rate"),
        ("[accounts.default]\nspeed = 3\n", "accounts.default.speed"),
    ],
    ids=["syntax", "number", "rate", "unknown"],
)
def test_broken_settings_are_named(alone: CommandLine, content: str, word: str) -> None:
    alone.write("imagemill.toml", content)
    for arguments in (("status",), ("worker",)):
        ran = alone(*arguments)

        assert (ran.code, ran.out) == (7, "")
        assert word in ran.err


def test_settings_and_secrets_in_files_that_are_not_there_are_named(alone: CommandLine) -> None:
    for variable in ("IMAGEMILL_CONFIG", "DASHSCOPE_API_KEY_FILE"):
        ran = alone.with_variables(**{variable: "/nowhere/at-all"})("status")

        assert (ran.code, ran.out) == (7, ""), ran.err
        assert "/nowhere/at-all" in ran.err


def test_a_worker_without_a_server_says_what_to_set(alone: CommandLine) -> None:
    ran = alone("worker")

    assert ran.code == 7
    assert "IMAGEMILL_REDIS_URL" in ran.err


@pytest.mark.parametrize("command", ["status", "watch", "results", "batches", "lanes"])
def test_where_nothing_was_ever_ordered_the_first_step_is_named(
    alone: CommandLine, command: str
) -> None:
    ran = alone(command)

    assert (ran.code, ran.out) == (7, "")
    assert "imagemill run MANIFEST" in ran.err


@pytest.mark.parametrize("command", ["status", "watch", "results"])
def test_an_unknown_batch_is_said(shared: CommandLine, command: str) -> None:
    ran = shared(command, "no-such-batch")

    assert (ran.code, ran.out) == (2, "")
    assert "no-such-batch" in ran.err


def test_what_needs_no_picture_works_while_the_storage_is_away(shared: CommandLine) -> None:
    shared("submit", shared.manifest("good", 2), "--batch", "night", "--quiet")
    away = shared.with_variables(
        IMAGEMILL_STORAGE_URL="s3://mill/night",
        IMAGEMILL_S3_ENDPOINT_URL=f"http://127.0.0.1:{free_ports(1)[0]}",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="secret",
    )
    pausing = (("pause", "night"), ("resume", "night"))
    for arguments in (
        ("status",),
        ("batches",),
        ("lanes",),
        *pausing,
        ("cancel", "night", "--yes"),
    ):
        ran = away(*arguments)

        assert ran.code == 0, ran.err
    assert away("results").code != 0
