"""The Celery app a careful engineer writes: late acknowledgement, retries with countdown, no limits.

celery -A bench.peers.late_ack worker --pool=threads
python -c 'from bench.peers.late_ack import order_all; order_all()' MANIFEST

What is careful about it: messages are acknowledged when their task has ended, and come back when
a worker dies; every failure is tried again with a growing, jittered countdown, for ever; a picture
is checked before it is kept, and kept under its final name in one move; what is there is not
ordered again. What it lacks is any memory of what was ordered besides its messages.
"""

from __future__ import annotations

import csv
import io
import os
import random
import sys
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any

from celery import Celery
from dashscope import ImageSynthesis
from PIL import Image

VISIBILITY_S = 60
"""After this, messages of a dead worker come back. Longer than any countdown below, or living
workers' messages would be handed out twice."""
LONGEST_COUNTDOWN_S = 20.0
TIMEOUT_S = 30

app = Celery("pictures", broker=os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/0"))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_S,
        # The defaults look every 100 s for ten messages: an unfair wait for the comparison.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "unacked_restore_limit": 1000,
    },
)

FOLDER = Path(os.environ.get("PICTURES", "pictures"))


class NotYet(Exception):
    """The provider's answer is not what we want; ask again."""


@app.task(bind=True, max_retries=None)
def order(self: Any, sku: str, prompt: str, count: int) -> None:
    """Order a row's pictures, then have somebody look at them."""
    if _is_there(sku, count):
        return
    try:
        answer = _good(
            ImageSynthesis.async_call(model="wanx-v1", prompt=prompt, n=count, size="1024*1024")
        )
    except Exception as error:
        raise self.retry(exc=error, countdown=_countdown_s(self.request.retries)) from error
    look.apply_async((sku, prompt, count, answer.output.task_id), countdown=1)


@app.task(bind=True, max_retries=None)
def look(self: Any, sku: str, prompt: str, count: int, task_id: str) -> None:
    """Fetch the pictures once they are drawn; order again what failed, as that is not billed."""
    if _is_there(sku, count):
        return
    try:
        output = _good(ImageSynthesis.fetch(task_id)).output
        if output.task_status == "SUCCEEDED":
            for index, result in enumerate(output.results, 1):
                _keep(_path(sku, index), result.url)
    except Exception as error:
        raise self.retry(exc=error, countdown=_countdown_s(self.request.retries)) from error
    if output.task_status == "FAILED":
        order.delay(sku, prompt, count)
    elif output.task_status != "SUCCEEDED":
        raise self.retry(countdown=1)


def order_all() -> None:
    """Send every row of the manifest."""
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            order.delay(row["sku"], row["prompt"], int(row["n"]))


def _good(answer: Any) -> Any:
    if answer.status_code != HTTPStatus.OK or answer.output.task_status == "UNKNOWN":
        raise NotYet(f"{answer.status_code} {answer.code}")
    return answer


def _keep(path: Path, url: str) -> None:
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
        data = answer.read()
    with Image.open(io.BytesIO(data)) as image:
        image.load()
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def _is_there(sku: str, count: int) -> bool:
    return all(_path(sku, index).exists() for index in range(1, count + 1))


def _path(sku: str, index: int) -> Path:
    return FOLDER / f"{sku}_{index:02}.png"


def _countdown_s(tries: int) -> float:
    """Doubling from a second, with jitter."""
    return min(LONGEST_COUNTDOWN_S, 2.0 ** min(tries, 10)) * random.uniform(0.5, 1.0)
