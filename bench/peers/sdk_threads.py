"""The vendor's SDK in a pool of threads: what most people write first.

python -m bench.peers.sdk_threads MANIFEST FOLDER
"""

from __future__ import annotations

import csv
import random
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

from dashscope import ImageSynthesis

THREADS = 128


def patiently(ask: Callable[[], Any]) -> Any:
    """The answer, once it is not that there are too many."""
    while True:
        answer = ask()
        if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            return answer
        time.sleep(random.uniform(0.5, 1.5))


def draw(row: dict[str, str], folder: Path) -> None:
    """Order a picture, wait for it, keep it; refused as too many, try again a little later."""
    task = patiently(
        lambda: ImageSynthesis.async_call(
            model="wanx-v1", prompt=row["prompt"], n=1, size="1024*1024", style="<photography>"
        )
    )
    # The SDK's own waiting ends with whatever refuses it: without the retry the picture is lost.
    answer = patiently(lambda: ImageSynthesis.wait(task))
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(f"{answer.code}: {answer.message}")
    with urllib.request.urlopen(answer.output.results[0].url) as picture:
        (folder / f"{row['sku']}.png").write_bytes(picture.read())


def main() -> None:
    """Draw every row of the manifest."""
    manifest, folder = Path(sys.argv[1]), Path(sys.argv[2])
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with ThreadPoolExecutor(THREADS) as pool:
        for drawn in [pool.submit(draw, row, folder) for row in rows]:
            drawn.result()


if __name__ == "__main__":
    main()
