"""imagemill in the storm."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from contextlib import ExitStack
from typing import Any

from ledger.errors import LedgerError
from ledger.keys import IN_MOTION
from ledger.opening import open_ledger
from schemas.batch import BatchStatus
from schemas.states import BatchState
from storage.opening import open_storage
from storage.port import Storage
from storage.s3_options import S3Options
from tests.cli.command import PROGRAM, CommandLine
from tests.seaweed import run_seaweed
from tests.storm.crew import Crew, Job, Worker
from tests.storm.ground import QUERY_RATE_PER_S, RATE_PER_S, THREADS, Ground
from tests.storm.side import log_text
from tests.verdict import Verdict, judge
from tests.waiting import wait_until

LEASE_S = 4
SETTINGS = f"""
[worker]
concurrency = {THREADS}
lease_s = {LEASE_S}
thumbnails = false
[lanes."dashscope:wanx-v1"]
rate = "{RATE_PER_S}/s"
window = 80
[accounts.default]
query_rate = "{QUERY_RATE_PER_S}/s"
exclusive = true
settle_s = 5
"""
RECONCILED = ("reconcile: Ticketed", "reconcile: Retry")
"""A lost answer turned out to be an order of ours, or none: how that is logged."""
SEALED_S = 10.0
_TASK_ID = re.compile(r"'[0-9a-f-]{36}'")


class MillSide:
    """A fleet of `imagemill worker`, and one batch."""

    quiet_s = 60.0

    def __init__(self, ground: Ground, stack: ExitStack, *, seaweed: bool) -> None:
        self._ground = ground
        self._ledger = open_ledger(ground.valkey.url, threads=2)
        stack.callback(self._ledger.close)
        self._storage, place = _place(ground, stack, seaweed=seaweed)
        stack.callback(self._storage.close)
        settings = ground.folder / "imagemill.toml"
        settings.write_text(SETTINGS, encoding="utf-8")
        self._command_line = CommandLine(
            ground.folder,
            {
                "IMAGEMILL_CONFIG": str(settings),
                "IMAGEMILL_REDIS_URL": ground.valkey.url,
                "DASHSCOPE_API_KEY": "sk-test",
                "DASHSCOPE_HTTP_BASE_URL": f"{ground.simulator.url}/api/v1",
                **place,
            },
        )
        self._batch = ""

    def worker(self, _name: str) -> Job:
        """`imagemill worker`, as anybody starts it."""
        command_line = self._command_line
        return Job([str(PROGRAM), "worker"], command_line.folder, command_line.environment)

    def hand_in(self) -> None:
        """`imagemill submit`."""
        ran = self._command_line("submit", str(self._ground.manifest))
        assert ran.code == 0, ran.err
        self._batch = ran.out.strip()

    def is_ready(self, worker: Worker) -> bool:
        """Whether it has reported in; False while nobody can say."""
        try:
            return f"{socket.gethostname()}-{worker.process.pid}" in self._ledger.fleet.workers()
        except LedgerError:
            return False

    def ended(self) -> int | None:
        """As `imagemill status` counts."""
        status = self._status()
        return None if status is None else status.ended

    def is_done(self) -> bool:
        """Whether the batch is finished."""
        status = self._status()
        return status is not None and status.state == BatchState.FINISHED

    def judged(self, tasks: list[dict[str, Any]]) -> Verdict:
        """The verdict that tests give as well."""
        return judge(self._ledger, self._storage, tasks, self._batch, self._ground.rows)

    def told(self, crew: Crew) -> dict[str, int]:
        """Steps by their outcomes, from all workers' logs."""
        steps: Counter[str] = Counter()
        for log in crew.logs:
            for line in log_text(log).splitlines():
                steps[_told(line)] += 1
        del steps[""]
        steps["reconciled"] = sum(steps[each] for each in RECONCILED)
        return dict(sorted(steps.items()))

    def settle(self) -> None:
        """Wait until what follows a batch's end has been done; what stays, the verdict names."""

        def still() -> bool:
            return not any(map(IN_MOTION.fullmatch, self._ledger.client.scan_iter(count=1000)))

        try:
            wait_until(still, SEALED_S, "nothing to be in motion")
        except AssertionError:
            return

    def _status(self) -> BatchStatus | None:
        try:
            return self._ledger.batches.status(self._batch)
        except LedgerError:
            return None


def _told(line: str) -> str:
    """What one line of a log adds to the figures."""
    if not line.startswith("{"):
        return "tracebacks" if line.startswith("Traceback") else ""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return ""  # cut short by a kill
    if entry["event"] == "step.ended":
        held = "" if entry["moved"] == "YES" else f" ({entry['moved'].lower()})"
        return f"{entry['step']}: {entry['outcome']}{held}"
    if "traceback" in entry:
        return f"broke: {_TASK_ID.sub('...', entry['event'])[:100]}"
    return ""


def _place(ground: Ground, stack: ExitStack, *, seaweed: bool) -> tuple[Storage, dict[str, str]]:
    if not seaweed:
        folder = str(ground.folder / "pictures")
        return open_storage(folder), {"IMAGEMILL_STORAGE_URL": folder}
    server = stack.enter_context(run_seaweed(ground.folder / "seaweed"))
    options = S3Options(
        endpoint_url=server.endpoint_url,
        access_key_id=server.access_key,
        secret_access_key=server.secret_key,
    )
    url = f"s3://{server.bucket}/storm"
    return open_storage(url, s3=options), {
        "IMAGEMILL_STORAGE_URL": url,
        "IMAGEMILL_S3_ENDPOINT_URL": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
    }
