"""docs/embedding.md: its tables and its message are those there are. tests/system runs its programs."""

from __future__ import annotations

import base64
import inspect
import json
import re

import producer
from ledger.keys import BROKER_PREFIX
from producer import Batch
from schemas import queues
from schemas.batch_file import BatchFile
from tests.docs.blocks import DOCS, blocks
from tests.house.packages import PACKAGES
from worker.broker import BODY_LIMIT_BYTES, fault_of

PAGE = (DOCS / "embedding.md").read_text(encoding="utf-8")


def test_every_call_is_on_the_page() -> None:
    table = "".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    shown = dict(re.findall(r"`(\w+)\(([\w, ]*)\)`", table))
    calls = {
        name: ", ".join(list(inspect.signature(call).parameters)[1:])
        for name, call in vars(Batch).items()
        if inspect.isfunction(call) and not name.startswith("_")
    }
    assert shown == {**calls, "read": "image", "location": "image"}


def test_every_error_it_names_is_one() -> None:
    named = set(re.findall(r"`([A-Z]\w+(?:Error|Refused|Taken|Stopped|Spent|Long))`?s?", PAGE))
    assert named >= {"ProducerError", "RowsRefused", "WaitedTooLong"}
    assert named <= set(producer.__all__)


def test_the_message_is_one_that_is_taken() -> None:
    (text,) = blocks("embedding.md", "json")
    message = json.loads(text)
    assert fault_of(message) is None
    assert message["headers"]["task"] == queues.step_task("ingest")
    assert message["properties"]["delivery_info"]["routing_key"] == queues.INGEST
    assert f"LPUSH {BROKER_PREFIX}{queues.INGEST}" in PAGE
    (manifest, order), _, _ = json.loads(base64.b64decode(message["body"]))
    file = BatchFile.model_validate({**json.loads(order), "manifest": manifest})
    assert (file.model, file.batch) == ("wanx-v1", "autumn")
    assert f"at most {BODY_LIMIT_BYTES // 1024} KB" in PAGE


def test_the_packages_are_the_ones_there_are() -> None:
    (sentence,) = re.findall(r"packages are called (.+?): a", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", sentence)) == set(PACKAGES)
