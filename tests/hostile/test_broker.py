"""Messages that are none of ours, put into the queues of a running worker."""

from __future__ import annotations

import base64
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.keys import BROKER_PREFIX
from schemas.queues import QUEUES, SUBMIT
from schemas.states import JobState
from tests.hostile.fortress import Fortress
from tests.waiting import wait_until
from worker.broker import BODY_LIMIT_BYTES, fault_of

NOTHING_MORE: dict[str, Any] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
CLAIM = ["dashscope:wanx-v1@default", "no-batch/no-job", 1]


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._path,)


def body(args: object = CLAIM, kwargs: object = None, embedded: object = None) -> bytes:
    return json.dumps([args, kwargs or {}, embedded or NOTHING_MORE]).encode()


def envelope(data: bytes | None = None, **changes: Any) -> dict[str, Any]:
    """A message as Celery writes ours, but for what is changed."""
    headers: dict[str, Any] = {
        "lang": "py",
        "task": "imagemill.submit",
        "id": "1",
        "eta": None,
        "expires": None,
        "retries": 0,
        "timelimit": [None, None],
        "root_id": "1",
        "parent_id": None,
        "group": None,
    }
    properties = {
        "correlation_id": "1",
        "delivery_mode": 2,
        "delivery_tag": "1",
        "delivery_info": {"exchange": "", "routing_key": SUBMIT},
        "priority": 0,
        "body_encoding": "base64",
    }
    given = {
        "body": base64.b64encode(body() if data is None else data).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers | changes.pop("headers", {}),
        "properties": properties | changes.pop("properties", {}),
    }
    return given | {name.replace("_", "-"): value for name, value in changes.items()}


def pickled(path: Path) -> dict[str, Any]:
    return envelope(
        pickle.dumps((CLAIM, {}, Touch(path))),
        content_type="application/x-python-serialize",
        content_encoding="binary",
    )


def hostile(path: Path) -> list[dict[str, Any]]:
    """Envelopes, each wrong in its own way."""
    yaml = f"!!python/object/apply:pathlib.Path.touch [{path}]".encode()
    evil = {"task": "imagemill.close", "args": ["x"], "kwargs": {}, "options": {}}
    return [
        pickled(path),
        envelope(pickle.dumps(Touch(path))),
        envelope(yaml, content_type="application/x-yaml"),
        envelope(content_type="application/data", content_encoding="binary"),
        envelope(content_type=["application/json"]),
        envelope(content_encoding="utf-7"),
        envelope(headers={"task": "os.system"}),
        envelope(headers={"task": "celery.backend_cleanup"}),
        envelope(headers={"task": ["imagemill.submit"]}),
        envelope(headers={"task": None}),
        envelope(headers={"id": None}),
        envelope(headers={"eta": "2099-01-01T00:00:00"}),
        envelope(headers={"expires": "never"}),
        envelope(headers={"lang": "x" * 10_000}),
        {**envelope(), "headers": "none"},
        envelope(properties={"delivery_info": None}),
        envelope(properties={"delivery_tag": 5}),
        {**envelope(), "properties": []},
        envelope(b'["a"]'),
        envelope(b"5"),
        envelope(b"not json"),
        envelope(b"[" * 3000),
        envelope(b""),
        envelope(body([["a", {}], {}, 1])),
        envelope(body([1.5, None, True])),
        envelope(body({"lane": "x"})),
        envelope(body(kwargs={"number": 2})),
        envelope(body(embedded=NOTHING_MORE | {"chain": [evil]})),
        envelope(body(embedded=NOTHING_MORE | {"callbacks": [evil]})),
        envelope(body(["x" * BODY_LIMIT_BYTES, "y", 1])),
        envelope(body=5),
        envelope(body="%%%"),
        {},
        {"body": "x", "headers": {}, "properties": {}},
    ]


TASKLESS = ["not json", "", "[]", "5", '"text"', "null", "\x00\xff", "[" * 100_000, "{" * 1000]
"""What is no envelope at all."""
STALE = [
    envelope(body(["dashscope:wanx-v1@default", "b/{x}:y}{", 1])),
    envelope(body(["{fleet}", "a/b", 10**18])),
    envelope(body(["x", "y", "NaN"])),
    envelope(body(["", "", -1])),
    envelope(body([])),
    envelope(body(CLAIM * 9)),
    envelope(headers={"task": "imagemill.no-such-task"}),
    envelope(body(["no/such/chunk", "x"]), headers={"task": "imagemill.seal"}),
    envelope(body(["../../etc"]), headers={"task": "imagemill.close"}),
]
"""What looks like ours, and names nothing there is."""


def test_our_own_messages_pass() -> None:
    assert fault_of(envelope()) is None
    assert fault_of(envelope(body(["dashscope:wanx-v1@default", "批/猫 {}", 3]))) is None
    for message in STALE:
        assert fault_of(message) is None


@pytest.mark.parametrize("number", range(len(hostile(Path()))))
def test_others_do_not(tmp_path: Path, number: int) -> None:
    assert fault_of(hostile(tmp_path / "touched")[number]) is not None
    assert not (tmp_path / "touched").exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
PARTS = st.sampled_from(["body", "headers", "properties", "content-type", "content-encoding"])


@given(st.one_of(JSON, st.dictionaries(PARTS, JSON).map(lambda parts: {**envelope(), **parts})))
def test_any_json_is_judged_without_an_error(message: Any) -> None:
    if fault_of(message) is None:
        assert {**message, "content-encoding": ""} == {**envelope(), "content-encoding": ""}


@pytest.mark.system
def test_a_running_worker_drops_them_and_goes_on(fortress: Fortress, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    texts = [*TASKLESS, *map(json.dumps, [*hostile(touched), *STALE])]
    with fortress.client("worker") as client:
        for number, text in enumerate(texts):
            client.lpush(f"{BROKER_PREFIX}{QUEUES[number % len(QUEUES)]}", text)
        client.hset(f"{BROKER_PREFIX}unacked", mapping={"1": "not json", "2": "[1, 2, 3]"})
        client.zadd(f"{BROKER_PREFIX}unacked_index", {"1": 0, "2": 0})
        wait_until(
            lambda: not any(client.llen(f"{BROKER_PREFIX}{queue}") for queue in QUEUES),
            20,
            "the queues to be read",
        )

    batch = fortress.order("after", 3)
    assert {one.state for one in fortress.results(batch)} == {JobState.SUCCEEDED}
    assert not touched.exists()
    assert fortress.worker.process.poll() is None
    dropped = [e for e in fortress.worker.entries() if e["event"] == "message.dropped"]
    assert len(dropped) >= len(TASKLESS) + len(hostile(touched)) - 1
    assert max(map(len, fortress.worker.log().splitlines())) < 20_000
