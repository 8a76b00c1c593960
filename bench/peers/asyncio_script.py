"""An asyncio script with a limiter of its own: what whoever knows asyncio writes.

python -m bench.peers.asyncio_script MANIFEST FOLDER BASE_URL [RATE]
"""

from __future__ import annotations

import asyncio
import csv
import os
import random
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2

TASKS = 256
POLL_S = 1.0
ENDED = ("SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN")


class Limiter:
    """Spaces whoever waits at it; knows nothing of other processes."""

    def __init__(self, rate_per_s: float) -> None:
        self._gap_s = 1.0 / rate_per_s
        self._next_s = 0.0

    async def turn(self) -> None:
        """Return when the next request may leave."""
        now_s = time.monotonic()
        self._next_s = max(self._next_s, now_s)
        wait_s = self._next_s - now_s
        self._next_s += self._gap_s
        await asyncio.sleep(wait_s)


class Script:
    """Orders pictures from one account."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        pictures: httpx2.AsyncClient,
        folder: Path,
        rate_per_s: float,
    ) -> None:
        self._client = client
        self._pictures = pictures
        self._folder = folder
        self._limiter = Limiter(rate_per_s)
        self._room = asyncio.Semaphore(TASKS)

    async def draw(self, row: dict[str, str]) -> None:
        """Order a picture, look at it every second, keep it."""
        async with self._room:
            task_id = await self._order(row)
            url = await self._picture(task_id)
            picture = (await self._pictures.get(url)).raise_for_status()
            path = self._folder / f"{row['sku']}.png"
            await asyncio.to_thread(path.write_bytes, picture.content)

    async def _order(self, row: dict[str, str]) -> str:
        body = {
            "model": "wanx-v1",
            "input": {"prompt": row["prompt"]},
            "parameters": {"n": 1, "size": "1024*1024", "style": "<photography>"},
        }
        path = "services/aigc/text2image/image-synthesis"
        headers = {"X-DashScope-Async": "enable"}
        answer = await self._asked("POST", path, json=body, headers=headers)
        return str(answer["output"]["task_id"])

    async def _picture(self, task_id: str) -> str:
        while True:
            await asyncio.sleep(POLL_S)
            output = (await self._asked("GET", f"tasks/{task_id}"))["output"]
            if output["task_status"] == "SUCCEEDED":
                return str(output["results"][0]["url"])
            if output["task_status"] in ENDED:
                raise RuntimeError(f"{task_id}: {output['task_status']}")

    async def _asked(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The answer; refused as too many, asked again a little later."""
        while True:
            if method == "POST":
                await self._limiter.turn()
            answer = await self._client.request(method, path, **options)
            if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                document: dict[str, Any] = answer.raise_for_status().json()
                return document
            await asyncio.sleep(random.uniform(0.5, 1.5))


async def main() -> None:
    """Draw every row of the manifest."""
    manifest, folder, base_url = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    rate_per_s = float(sys.argv[4]) if len(sys.argv) > 4 else 20.0
    text = await asyncio.to_thread(manifest.read_text, encoding="utf-8")
    headers = {"Authorization": f"Bearer {os.environ['DASHSCOPE_API_KEY']}"}
    limits = httpx2.Limits(max_connections=TASKS)
    base_url = f"{base_url.rstrip('/')}/"
    async with (
        httpx2.AsyncClient(
            base_url=base_url, headers=headers, timeout=60.0, limits=limits
        ) as client,
        # Signed addresses want neither our key nor our headers.
        httpx2.AsyncClient(timeout=60.0, limits=limits) as pictures,
    ):
        script = Script(client, pictures, folder, rate_per_s)
        rows = csv.DictReader(text.splitlines())
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(script.draw(row))


if __name__ == "__main__":
    asyncio.run(main())
