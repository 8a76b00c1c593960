"""docs/notifications.md: its receiver checks what really comes, and its notice is one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from producer.last_word import MOST_WAIT_S
from results.telling.answers import Delivered
from results.telling.sending import TIMEOUT_S, deliver
from schemas.notice import News, Notice, NoticeType
from schemas.notify import Event, Notify
from tests.receiver import receiving
from tests.results.notices import FINISHED
from tests.steps.instant_clock import BEGAN, InstantClock
from worker.dispatcher import BATCH_AGAIN_S

PAGE = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def is_genuine() -> Callable[..., bool]:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    found: Callable[..., bool] = names["is_genuine"]
    return found


def test_the_receiver_knows_a_genuine_notice(is_genuine: Callable[..., bool]) -> None:
    with receiving() as receiver:
        notify = Notify(url=receiver.url, secret_env="S")
        document = FINISHED.model_dump_json()
        outcome = deliver(notify, document, {"S": SECRET}.get, InstantClock())
    assert isinstance(outcome, Delivered)
    (found,) = receiver.received
    now_s = BEGAN.timestamp()
    assert is_genuine(found.headers, found.body, SECRET, now=now_s)
    assert not is_genuine(found.headers, found.body + b" ", SECRET, now=now_s)
    assert not is_genuine(found.headers, found.body, "whsec_AAAA", now=now_s)
    assert not is_genuine(found.headers, found.body, SECRET, now=now_s + 301)
    other = {**found.headers, "webhook-id": "evt_other"}
    assert not is_genuine(other, found.body, SECRET, now=now_s)


def test_the_notice_shown_is_one_and_has_every_field() -> None:
    shown = json.loads(block("json"))
    notice = Notice.model_validate(shown)
    assert notice.type is NoticeType.FIRST_FAILURE
    assert shown.keys() == Notice.model_fields.keys()
    assert shown["data"].keys() == News.model_fields.keys()


def test_every_type_event_and_format_is_explained() -> None:
    assert set(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", PAGE, re.MULTILINE)) == set(NoticeType)
    assert [event for event in Event if f'"{event}"' not in PAGE] == []
    unsaid = [name for name in Notify.model_fields if name not in PAGE]
    assert unsaid == []


def test_the_times_are_those_there_are() -> None:
    assert f"up to {MOST_WAIT_S:g} s" in PAGE
    assert (TIMEOUT_S, BATCH_AGAIN_S) == (10, 10)
    assert "within ten seconds" in PAGE
