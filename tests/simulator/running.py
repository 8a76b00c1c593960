"""A simulator as a real process, and the requests tests make of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import IO, Any

import httpx2

from tests.waiting import wait_until

KEY = "sk-test"
CREATE = "/api/v1/services/aigc/text2image/image-synthesis"
ENDED = ("SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN")


class RunningSimulator:
    """`python -m simulator` on a free port, with a client that has a key and one that has none."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "simulator", "--port", "0", "--exit-with-parent", *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._stdin, self._stdout = _pipe(self.process.stdin), _pipe(self.process.stdout)
        self.url: str = json.loads(self._stdout.readline())["url"]
        self.client = httpx2.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=20
        )
        self.anonymous = httpx2.Client(base_url=self.url, timeout=20)

    def stop(self) -> int:
        """Close everything and return the exit code."""
        self.client.close()
        self.anonymous.close()
        self.process.terminate()
        code = self.process.wait(timeout=10)
        self._stdin.close()
        self._stdout.close()
        return code

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.stop()

    def close_stdin(self) -> None:
        self._stdin.close()

    def create(
        self, prompt: str = "a cat", model: str = "wanx-v1", **parameters: object
    ) -> httpx2.Response:
        """Create a task; wanx-v1 makes one picture unless told otherwise."""
        if model == "wanx-v1":
            parameters = {"n": 1, **parameters}
        return self.client.post(
            CREATE,
            headers={"X-DashScope-Async": "enable"},
            json={"model": model, "input": {"prompt": prompt}, "parameters": parameters},
        )

    def created(self, prompt: str = "a cat", model: str = "wanx-v1", **parameters: object) -> str:
        """The id of a task that must be accepted."""
        answer = self.create(prompt, model, **parameters)
        assert answer.status_code == 200, answer.text
        task_id: str = answer.json()["output"]["task_id"]
        return task_id

    def output(self, task_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/tasks/{task_id}")
        assert answer.status_code == 200, answer.text
        output: dict[str, Any] = answer.json()["output"]
        return output

    def ended(self, task_id: str) -> dict[str, Any]:
        """The output of a task once it has ended."""
        wait_until(
            lambda: self.output(task_id)["task_status"] in ENDED, what=f"the end of task {task_id}"
        )
        return self.output(task_id)

    def made(self, prompt: str = "a cat", model: str = "wanx-v1", **parameters: object) -> str:
        """The URL of the first picture of a new task."""
        url: str = self.ended(self.created(prompt, model, **parameters))["results"][0]["url"]
        return url

    def script(self, *faults: dict[str, Any]) -> None:
        answer = self.client.post("/_faults", json=list(faults))
        assert answer.status_code == 200, answer.text

    def configure(self, **settings: object) -> None:
        answer = self.client.put("/_config", json=settings)
        assert answer.status_code == 200, answer.text

    def ledger(self, **asked: str) -> dict[str, Any]:
        document: dict[str, Any] = self.client.get("/_ledger", params=asked).json()
        return document


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
