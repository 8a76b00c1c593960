"""Messages on a real broker, through Celery's own transport."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from ledger.keys import BROKER_PREFIX
from ledger.opening import Ledger, open_ledger
from schemas import queues
from tests.valkey import Valkey, run_valkey
from tests.waiting import wait_until
from worker.app import make_app
from worker.dispatcher import Message, NotPublished
from worker.publisher import Publisher

MESSAGES = [
    Message("submit", "imagemill.submit", ("dashscope:wanx-v1@default", "night/SKU-1", 3)),
    Message("chores", "imagemill.close", ("night",)),
]


@pytest.fixture
def app(valkey: Valkey, ledger: Ledger) -> Iterator[Celery]:
    made = make_app(valkey.url, threads=2)
    yield made
    made.close()


def lengths(ledger: Ledger) -> dict[str, int]:
    return {name: n for name, n in ledger.fleet.queue_lengths(queues.QUEUES).items() if n}


def test_each_message_is_in_its_queue_with_ids_only(app: Celery, ledger: Ledger) -> None:
    Publisher(app).publish(MESSAGES)
    assert lengths(ledger) == {"submit": 1, "chores": 1}
    (text,) = ledger.client.lrange(f"{BROKER_PREFIX}submit", 0, -1)
    message = json.loads(text)
    assert message["headers"]["task"] == "imagemill.submit"
    assert (message["headers"]["eta"], message["headers"]["ignore_result"]) == (None, True)
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    assert (args, kwargs) == (list(MESSAGES[0].args), {})


def test_a_queue_no_worker_knows_is_refused(app: Celery) -> None:
    with pytest.raises(Exception, match="sbumit"):
        Publisher(app).publish([Message("sbumit", "imagemill.submit", ("lane", "ref", 1))])


def test_a_broker_that_lost_everything_takes_messages(app: Celery, ledger: Ledger) -> None:
    publisher = Publisher(app)
    publisher.publish(MESSAGES)
    ledger.client.flushall()
    publisher.publish(MESSAGES)
    assert lengths(ledger) == {"submit": 1, "chores": 1}


def test_a_broker_that_is_away_says_so_and_is_found_again(tmp_path: Path) -> None:
    with run_valkey(tmp_path, fsync="no") as mortal:
        app, ledger = make_app(mortal.url, threads=2), open_ledger(mortal.url)
        publisher = Publisher(app)
        publisher.publish(MESSAGES)
        mortal.kill()
        for _ in range(2):  # the first time on a connection that breaks, then on none
            with pytest.raises(NotPublished):
                publisher.publish(MESSAGES)
        mortal.restart()
        before = lengths(ledger)

        def published() -> bool:
            publisher.publish(MESSAGES)
            return lengths(ledger) != before

        wait_until(published, what="the broker")
        ledger.close()
        app.close()
