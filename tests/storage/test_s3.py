"""What is peculiar to buckets."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import (
    BadKey,
    BadUrl,
    Broken,
    BucketMissing,
    Denied,
    Full,
    S3Options,
    Storage,
    StorageError,
    StoredObject,
    Unreachable,
)
from storage.s3 import S3Storage
from tests.seaweed import Seaweed
from tests.storage.scripted_s3 import Answer, Objects, Request, run_scripted_s3

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


def test_a_server_that_is_down_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        endpoint_url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        options = S3Options(endpoint_url, "us-east-1", "a", "the-secret")
        storage = S3Storage("mill", "", options)
        calls: list[Callable[[], object]] = [
            storage.check,
            lambda: storage.put_new("a", b"1", PNG),
            lambda: storage.head("a"),
        ]
        for call in calls:
            with pytest.raises(Unreachable, match=r"s3://mill.*check the endpoint") as caught:
                call()
            assert "secret" not in str(caught.value)
        storage.close()


def test_a_server_that_is_silent_is_unreachable() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        options = S3Options(
            f"http://127.0.0.1:{silent.getsockname()[1]}", "us-east-1", "a", "b", read_timeout_s=0.2
        )
        storage = S3Storage("mill", "", options)
        with pytest.raises(Unreachable, match="in time"):
            storage.put("a", b"1", PNG)
        storage.close()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(503, "SlowDown"), Unreachable),
        (Answer(500, "InternalError"), Unreachable),
        (Answer(502), Unreachable),
        (Answer(429), Unreachable),
        (Answer(507), Full),
        (Answer(403, "QuotaExceeded"), Full),
        (Answer(403), Denied),
        (Answer(403, "RequestTimeTooSkewed"), Denied),
        (Answer(400, "MalformedXML"), Broken),
        (Answer(400, "KeyTooLongError"), BadKey),
    ],
)
def test_answers_become_storage_errors_after_one_try(
    answer: Answer, kind: type[StorageError]
) -> None:
    with run_scripted_s3(lambda _: answer) as server:
        storage = S3Storage("mill", "", server.options)
        with pytest.raises(kind, match=r"^s3://mill/a cannot be used: .*HTTP \d+\)\.$"):
            storage.put("a", b"1", PNG)
        assert len(server.requests) == 1
        storage.close()


@pytest.mark.parametrize(
    "refusal", [Answer(301, "PermanentRedirect"), Answer(400, "AuthorizationHeaderMalformed")]
)
def test_a_bucket_in_another_region_is_left_to_boto3(refusal: Answer) -> None:
    objects = Objects()
    answers = iter([refusal])
    with run_scripted_s3(lambda request: next(answers, None) or objects(request)) as server:
        storage = S3Storage("mill", "", server.options)
        storage.put("a", b"1", PNG)
        assert list(objects.by_path.values()) == [b"1"]
        storage.close()


def test_a_torn_answer_is_unreachable() -> None:
    with socket.socket() as torn:
        torn.bind(("127.0.0.1", 0))
        torn.listen()

        def hang_up() -> None:
            torn.accept()[0].close()

        listener = threading.Thread(target=hang_up)
        listener.start()
        options = S3Options(f"http://127.0.0.1:{torn.getsockname()[1]}", "us-east-1", "a", "b")
        storage = S3Storage("mill", "", options)
        with pytest.raises(Unreachable, match="connection"):
            storage.put("a", b"1", PNG)
        listener.join()
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


def test_attempts_are_counted_with_the_first() -> None:
    with run_scripted_s3(lambda _: Answer(503, "SlowDown")) as server:
        storage = S3Storage("mill", "", dataclasses.replace(server.options, attempts=2))
        with pytest.raises(Unreachable):
            storage.get("a")
        assert len(server.requests) == 2
        storage.close()


def test_a_torn_body_is_unreachable() -> None:
    with run_scripted_s3(lambda _: Answer(200, body=b"half", promised_bytes=8)) as server:
        storage = S3Storage("mill", "", server.options)
        with pytest.raises(Unreachable, match="s3://mill/a"):
            storage.get("a")
        with storage.open("a") as stream, pytest.raises(Unreachable, match="s3://mill/a"):
            stream.read()
        storage.close()


@pytest.mark.parametrize("refusal", [Answer(501, "NotImplemented"), Answer(400, "InvalidArgument")])
def test_a_server_without_conditions_is_asked_beforehand(refusal: Answer) -> None:
    objects = Objects()
    with run_scripted_s3(lambda r: refusal if r.if_none_match else objects(r)) as server:
        storage = S3Storage("mill", "", server.options)
        assert storage.put_new("a", b"1", PNG)
        assert not storage.put_new("a", b"2", PNG)
        assert storage.get("a") == b"1"
        assert sum(request.if_none_match for request in server.requests) == 1
        assert storage.probe().conditional_put == "refused"
        storage.close()


def test_a_server_that_ignores_conditions_is_found_out() -> None:
    objects = Objects()
    with run_scripted_s3(objects) as server:
        storage = S3Storage("mill", "", server.options)
        probe = storage.probe()
        assert (probe.write_ok, probe.read_ok, probe.conditional_put) == (True, True, "ignored")
        assert objects.by_path == {}
        storage.close()


def test_a_server_that_changes_objects_is_found_out() -> None:
    objects = Objects()

    def answer(request: Request) -> Answer:
        found = objects(request)
        return Answer(200, body=b"changed") if found.body and "list" not in request.path else found

    with run_scripted_s3(answer) as server:
        storage: Storage = S3Storage("mill", "", server.options)
        probe = storage.probe()
        assert (probe.write_ok, probe.read_ok) == (True, False)
        assert "read back otherwise" in str(probe.problem)
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


def test_a_conflict_is_tried_again() -> None:
    answers = iter([Answer(409, "ConditionalRequestConflict"), Answer(412, "PreconditionFailed")])
    with run_scripted_s3(lambda _: next(answers)) as server:
        storage = S3Storage("mill", "", server.options)
        assert not storage.put_new("a", b"1", PNG)
        storage.close()


def test_an_endless_conflict_is_worth_a_later_try() -> None:
    with run_scripted_s3(lambda _: Answer(409, "ConditionalRequestConflict")) as server:
        storage = S3Storage("mill", "", server.options)
        with pytest.raises(Unreachable, match="somebody else"):
            storage.put_new("a", b"1", PNG)
        assert len(server.requests) == 3
        storage.close()


@pytest.mark.parametrize("endpoint_url", ["localhost:8333", "nonsense", "http://"])
def test_a_wrong_endpoint_is_a_bad_url(endpoint_url: str) -> None:
    with pytest.raises(BadUrl, match="endpoint"):
        S3Storage("mill", "", S3Options(endpoint_url=endpoint_url))


def test_options_do_not_show_their_secrets() -> None:
    shown = repr(S3Options(access_key_id="AKI", secret_access_key="SEC", session_token="TOK"))
    assert not {"AKI", "SEC", "TOK"} & set(shown.replace("'", " ").split())
    assert "SEC" not in shown
