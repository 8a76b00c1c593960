"""A Celery app as tutorials have it: rate_limit paces, retry(countdown=...) waits for the picture.

celery -A bench.peers.plain_celery worker
python -c 'from bench.peers.plain_celery import order; order()' MANIFEST
"""

from __future__ import annotations

import csv
import os
import sys
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any

from celery import Celery
from dashscope import ImageSynthesis

app = Celery("pictures", broker=os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/0"))
app.conf.broker_connection_retry_on_startup = True

FOLDER = Path(os.environ.get("PICTURES", "pictures"))


# rate_limit holds for each worker: two of them together may order 20 a second.
@app.task(bind=True, rate_limit="10/s", max_retries=None)
def draw(self: Any, sku: str, prompt: str, task_id: str | None = None) -> None:
    """Order a picture, then look at it every two seconds until it can be kept."""
    if task_id is None:
        answer = ImageSynthesis.async_call(
            model="wanx-v1", prompt=prompt, n=1, size="1024*1024", style="<photography>"
        )
        if answer.status_code != HTTPStatus.OK:
            raise self.retry(countdown=2)
        raise self.retry(args=(sku, prompt, answer.output.task_id), countdown=2)
    answer = ImageSynthesis.fetch(task_id)
    if answer.status_code != HTTPStatus.OK or answer.output.task_status in ("PENDING", "RUNNING"):
        raise self.retry(args=(sku, prompt, task_id), countdown=2)
    with urllib.request.urlopen(answer.output.results[0].url) as picture:
        (FOLDER / f"{sku}.png").write_bytes(picture.read())


def order() -> None:
    """Send every row of the manifest."""
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            draw.delay(row["sku"], row["prompt"])
