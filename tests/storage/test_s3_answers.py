"""What storage says of servers that are down, silent, torn, refusing or odd."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Callable

import pytest

from storage import (
    BadKey,
    Broken,
    Denied,
    Full,
    S3Options,
    Storage,
    StorageError,
    Unreachable,
)
from storage.s3 import S3Storage
from tests.storage.scripted_s3 import Answer, Objects, Request, run_scripted_s3

PNG = "image/png"


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
