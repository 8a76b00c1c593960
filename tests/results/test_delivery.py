"""Notices on their way to a real server: what is posted, what counts as taken, what is never done."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from results.telling.answers import Answer, Delivered, Undelivered, judge
from results.telling.sending import deliver
from schemas.notify import Notify
from tests.ports import free_ports
from tests.receiver import Received, Receiver, Reply, hmac_sha256, is_signed, receiving
from tests.results.notices import EACH, FAILURE, FINISHED
from tests.steps.instant_clock import BEGAN, InstantClock

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DINGTALK_OK = Reply(200, b'{"errcode":0,"errmsg":"ok"}')
FEISHU_OK = Reply(200, b'{"code":0,"msg":"success","data":{}}')


def told(
    receiver: Receiver,
    notice: str = FINISHED.model_dump_json(),
    variables: Mapping[str, str] | None = None,
    **changes: object,
) -> Delivered | Undelivered:
    notify = Notify.model_validate({"url": receiver.url, **changes})
    return deliver(notify, notice, (variables or {}).get, InstantClock())


def nothing(_name: str) -> None:
    """No variable is set."""


def only(receiver: Receiver) -> Received:
    (found,) = receiver.received
    return found


def test_json_is_the_notice_itself_signed(receiver: Receiver) -> None:
    document = FAILURE.model_dump_json()
    assert told(receiver, document, {"S": SECRET}, secret_env="S") == Delivered(204)
    found = only(receiver)
    assert found.body == document.encode()
    assert found.id == FAILURE.id
    assert found.headers["webhook-timestamp"] == str(int(BEGAN.timestamp()))
    assert found.headers["content-type"].startswith("application/json")
    assert is_signed(found, SECRET)
    assert not is_signed(found, "whsec_AAAA")


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    assert told(receiver) == Delivered(204)
    assert "webhook-signature" not in only(receiver).headers
    assert only(receiver).id == FINISHED.id


def test_what_was_to_be_signed_never_leaves_unsigned(receiver: Receiver) -> None:
    outcome = told(receiver, secret_env="HOOK_SECRET")
    assert isinstance(outcome, Undelivered)
    assert "HOOK_SECRET is not set" in outcome.why
    assert receiver.received == []


def test_the_address_may_be_in_a_variable(receiver: Receiver) -> None:
    assert told(receiver, variables={"HOOK": receiver.url}, url=None, url_env="HOOK") == Delivered(
        204
    )
    for wrong in ("redis://me:s3cr3t@host/0", "http://203.0.113.7/s3cr3t", "s3cr3t"):
        outcome = told(receiver, variables={"HOOK": wrong}, url=None, url_env="HOOK")
        assert isinstance(outcome, Undelivered)
        assert outcome.why.startswith("the address in HOOK must b")
        assert "s3cr3t" not in outcome.why
    assert len(receiver.received) == 1


def test_dingtalk_gets_markdown_and_a_signed_address(receiver: Receiver) -> None:
    receiver.usual = DINGTALK_OK
    url = f"{receiver.url}?access_token=abc"
    outcome = told(
        receiver,
        FAILURE.model_dump_json(),
        {"S": "SECabc+/="},
        url=url,
        format="dingtalk",
        secret_env="S",
    )
    assert outcome == Delivered(200)
    found = only(receiver)
    timestamp = str(int(BEGAN.timestamp() * 1000))
    expected = hmac_sha256(b"SECabc+/=", f"{timestamp}\nSECabc+/=".encode())
    assert found.query == {
        "access_token": "abc",
        "timestamp": timestamp,
        "sign": base64.b64encode(expected).decode(),
    }
    assert found.document["msgtype"] == "markdown"
    markdown = found.document["markdown"]
    assert markdown["title"].startswith("imagemill: ")
    assert "杯子-7" in markdown["text"]
    assert "](" not in markdown["text"], "a provider's words make no link"


def test_feishu_gets_plain_text_and_its_signature_in_the_body(receiver: Receiver) -> None:
    receiver.usual = FEISHU_OK
    outcome = told(
        receiver, FAILURE.model_dump_json(), {"S": "abc"}, format="feishu", secret_env="S"
    )
    assert outcome == Delivered(200)
    document = only(receiver).document
    timestamp = str(int(BEGAN.timestamp()))
    expected = hmac_sha256(f"{timestamp}\nabc".encode(), b"")
    assert (document["timestamp"], document["sign"]) == (
        timestamp,
        base64.b64encode(expected).decode(),
    )
    assert document["msg_type"] == "post"
    post = document["content"]["post"]["zh_cn"]
    assert post["title"] == "imagemill: 批次 autumn 出现第一个失败"
    assert {part["tag"] for line in post["content"] for part in line} == {"text"}
    assert len(only(receiver).body) < 20_000, "Feishu takes no more"


def test_slack_gets_text_that_calls_nobody(receiver: Receiver) -> None:
    receiver.usual = Reply(200, b"ok")
    assert told(receiver, FAILURE.model_dump_json(), format="slack") == Delivered(200)
    text = only(receiver).document["text"]
    assert text.startswith("*imagemill: first failure in batch autumn*\n")
    assert "<!channel>" not in text
    assert "&lt;!channel&gt;" in text


def test_the_language_can_be_chosen(receiver: Receiver) -> None:
    receiver.usual = DINGTALK_OK
    told(receiver, format="dingtalk", language="en")
    assert "is finished" in only(receiver).document["markdown"]["title"]


@pytest.mark.parametrize("form", ["json", "dingtalk", "feishu", "slack"])
def test_every_notice_has_every_form(receiver: Receiver, form: str) -> None:
    receiver.usual = Reply(200, b'{"errcode":0,"code":0}')
    for notice in EACH:
        assert told(receiver, notice.model_dump_json(), format=form) == Delivered(200)
    assert all(found.document for found in receiver.received)


@pytest.mark.parametrize(
    ("form", "reply", "why"),
    [
        ("json", Reply(500, b"s3cr3t"), "it answered HTTP 500"),
        ("json", Reply(404), "it answered HTTP 404"),
        ("slack", Reply(404, b"no_service"), "it answered HTTP 404: no_service"),
        (
            "dingtalk",
            Reply(200, b'{"errcode":310000,"errmsg":"sign not match"}'),
            "it refused with code 310000: sign not match",
        ),
        (
            "feishu",
            Reply(
                200, b'{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}'
            ),
            "it refused with code 19021: sign match fail or timestamp is not within one hour",
        ),
        ("feishu", Reply(200, b'{"StatusCode":9499,"msg":""}'), "it refused with code 9499"),
        ("feishu", Reply(200, b'{"code":false}'), "it refused with code False"),
        (
            "dingtalk",
            Reply(200, b"<html>login</html>"),
            "its answer is none that such a robot gives",
        ),
        ("dingtalk", Reply(200, b"[0]"), "its answer is none that such a robot gives"),
    ],
)
def test_what_is_not_taken_is_said(receiver: Receiver, form: str, reply: Reply, why: str) -> None:
    """A chat refuses with HTTP 200."""
    receiver.usual = reply
    assert told(receiver, format=form) == Undelivered(why)


def test_an_old_feishu_bot_says_it_otherwise() -> None:
    answer = Answer(200, b'{"StatusCode":0,"StatusMessage":"success"}')
    assert judge("feishu", answer) == Delivered(200)


def test_when_to_come_again_and_when_never(receiver: Receiver) -> None:
    receiver.replies += [
        Reply(429, headers={"Retry-After": "120"}),
        Reply(503, headers={"Retry-After": "Sat, 21 Nov 2026 07:28:00 GMT"}),
        Reply(410),
    ]
    outcomes = [told(receiver) for _ in range(3)]
    assert outcomes == [
        Undelivered("it answered HTTP 429", asked_s=120),
        Undelivered("it answered HTTP 503"),
        Undelivered("it answered HTTP 410", is_gone=True),
    ]


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.usual = Reply(307, headers={"Location": elsewhere.url})
        assert told(receiver) == Undelivered("it answered HTTP 307")
        assert elsewhere.received == []


def test_who_is_not_there_is_said_without_the_address() -> None:
    (port,) = free_ports(1)
    notify = Notify(url=f"http://127.0.0.1:{port}/s3cr3t?token=s3cr3t")
    outcome = deliver(notify, FINISHED.model_dump_json(), nothing, InstantClock())
    assert isinstance(outcome, Undelivered)
    assert outcome.why.startswith("127.0.0.1 cannot be reached")
    assert "s3cr3t" not in outcome.why


class HastyClock(InstantClock):
    """Every look at it finds it four seconds on."""

    def monotonic_s(self) -> float:
        self.passed_s += 4
        return self.passed_s


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends its status line letter by letter, without end."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                while True:
                    connection.sendall(b"H")
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.close()
        thread.join()


def test_a_receiver_that_drips_holds_nobody() -> None:
    with dripping() as url:
        outcome = deliver(Notify(url=url), FINISHED.model_dump_json(), nothing, HastyClock())
    assert outcome == Undelivered(f"{urlsplit(url).hostname} did not answer within 10 s")


def test_a_long_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    receiver.usual = Reply(200, b"x" * 10_000_000)
    assert told(receiver) == Delivered(200)
