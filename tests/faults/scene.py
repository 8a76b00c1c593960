"""A fleet under test, the faults that strike it, and the verdict on what came of it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import psutil

from ledger.keys import BATCH_AGENDA, LaneKeys
from producer.handing_in import hand_in
from producer.shares import Spread
from producer.submission import Order
from schemas.lane import LaneLimits
from schemas.result import JobResult
from schemas.states import JobState
from tests.cli.command import prompt_of
from tests.faults.points import (
    BATCH_POINTS,
    JOB_POINTS,
    PATIENCE_S,
    TRANSFER_POINTS,
    Action,
    Fault,
    Placed,
    Point,
    place,
)
from tests.faults.worker import labelled
from tests.seaweed import Seaweed
from tests.submission.manifests import prepared
from tests.system.gate import Gate
from tests.system.mill import WANX, Mill, Servers
from tests.system.worker_process import WorkerProcess
from tests.verdict import judge
from tests.waiting import wait_until

LEASE_S = 1.5
ROWS = 6
CHOSEN = 3
"""The row that faults strike."""
N = 2
"""Pictures of each row: a fault at the first leaves one to be made."""
RATE_PER_S = 50.0
OTHER_ACCOUNTS = ("first", "second", "third", "fourth")
"""Through which nobody orders but the test that names one: no other order is lost there."""
SPREAD = ("third", "fourth")
"""Of these: accounts that take over from each other, for rows that name none."""
GENERATION_S = 0.3
LONG_S = 3.0
"""A task that still runs when it is looked at first, after a second."""
IMAGE_BYTES = 300_000
"""More than one read of a socket gives, so that a download has a middle."""

DYING_S = 1.0
"""For so long other threads of a process may go on after it was struck."""


class Scene:
    """A mill whose workers pass labelled points, with gates before the provider and the bucket."""

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        servers: Servers,
        seaweed: Seaweed | None = None,
        *,
        gated: bool = True,
    ) -> None:
        self._folder = folder
        self.seaweed = seaweed
        self.mill = Mill(folder, stack, seaweed, " ".join(OTHER_ACCOUNTS), servers)
        self._accounts: dict[str, str] = {}
        self.provider_gate = stack.enter_context(Gate(servers.simulator.url))
        self._provider_url = self.provider_gate.url if gated else servers.simulator.url
        self.bucket_gate = stack.enter_context(Gate(seaweed.endpoint_url)) if seaweed else None
        self.mill.simulator.configure(image_bytes=IMAGE_BYTES)

    @property
    def workers(self) -> list[WorkerProcess]:
        """Those that live."""
        return [worker for worker in self.mill.workers if worker.process.poll() is None]

    @property
    def now_s(self) -> float:
        """Seconds since 1970 on the ledger's clock."""
        return self.mill.ledger.fleet.now_ms() / 1000

    def worker(self, pid: int) -> WorkerProcess:
        (found,) = (each for each in self.mill.workers if each.process.pid == pid)
        return found

    def staff(self, count: int) -> list[WorkerProcess]:
        """As many workers as that, all of them at work."""
        for _ in range(len(self.workers), count):
            self.start_worker()
        self.mill.wait_for(*self.workers)
        return self.workers

    def start_worker(self) -> WorkerProcess:
        """One more that is only just starting."""
        variables = {
            "IMAGEMILL_WORKER__LEASE_S": str(LEASE_S),
            "IMAGEMILL_WORKER__CONCURRENCY": "8",
            **_settling(*OTHER_ACCOUNTS, "default"),
            "IMAGEMILL_SPREAD__DASHSCOPE": json.dumps(SPREAD),
            "DASHSCOPE_HTTP_BASE_URL": f"{self._provider_url}/api/v1",
        }
        if self.bucket_gate is not None:
            variables["IMAGEMILL_S3_ENDPOINT_URL"] = self.bucket_gate.url
        return self.mill.start_worker(labelled, [str(self._faults)], **variables)

    def place(self, batch: str, point: Point, action: Action, passage: int = 1) -> Placed:
        """Let a fault strike the batch's chosen job, its chunk, or itself, whichever comes there."""
        subject = batch
        if point in JOB_POINTS:
            subject = f"{batch}/{sku_of(batch, CHOSEN)}"
        elif point not in (*BATCH_POINTS, *TRANSFER_POINTS):
            subject = f"{batch}/00001"
        return place(self._faults, Fault(point, action, subject, passage))

    def hand_in(
        self,
        batch: str,
        generation_s: float = GENERATION_S,
        account: str = "default",
        rate_per_s: float = RATE_PER_S,
        spread: Spread | None = None,
    ) -> None:
        """Order a batch of a few rows, as `imagemill submit` does."""
        self._accounts[batch] = account
        self.let_tasks_run(generation_s)
        if generation_s >= LONG_S:  # each is asked for by itself, while it runs
            self.mill.ledger.looks.end(lane_of(account), PATIENCE_S)
        lines = [f"{sku_of(batch, i)},{prompt_of(batch, i)},wanx-v1,{N}" for i in range(ROWS)]
        manifest = "\n".join(["sku,prompt,model,n", *lines])
        order = Order(name=batch, account=account, spread=spread or Spread())
        ready = prepared(manifest, self._folder / f"chunks-{batch}", order)
        limits = dict.fromkeys(
            ready.batch.lanes, LaneLimits(rate_per_s=rate_per_s, burst=1, window=60)
        )
        hand_in(ready.batch, ready.chunks, self.mill.ledger, self.mill.storage, limits)

    def frozen(self, placed: Placed) -> WorkerProcess:
        """The worker that froze, once nothing of it moves."""
        worker = self.worker(placed.victim())
        status = psutil.Process(worker.process.pid).status
        wait_until(lambda: status() == psutil.STATUS_STOPPED, PATIENCE_S, "the worker to freeze")
        return worker

    def thawed(self, worker: WorkerProcess, batch: str) -> None:
        """Let a frozen worker go on; returns once it has had its say."""
        heard = self.heard(worker, batch)
        worker.thaw()
        wait_until(lambda: self.heard(worker, batch) > heard, PATIENCE_S, "its step to end")

    def killed(self, placed: Placed) -> WorkerProcess:
        """The worker that was killed, once it is gone."""
        worker = self.worker(placed.victim())
        worker.process.wait(PATIENCE_S)
        return worker

    def record(self, batch: str, field: str) -> str | None:
        """A field of the chosen job's record; None once it is gone. Each move has its `nonce`."""
        lane = lane_of(self._accounts[batch])
        key = LaneKeys(lane).job(f"{batch}/{sku_of(batch, CHOSEN)}")
        found = self.mill.ledger.client.hget(key, field)
        return None if found is None else str(found)

    def let_tasks_run(self, generation_s: float) -> None:
        """How long tasks take from now on; the lane has not learned it yet."""
        self.mill.simulator.configure(generation_s=generation_s, generation_sigma=0)
        self.mill.ledger.client.delete(LaneKeys(lane_of("default")).learned)

    def heard(self, worker: WorkerProcess, batch: str) -> int:
        """How many lines of a worker's log are about the batch's chosen job, chunk or end."""
        job, chunk = sku_of(batch, CHOSEN), f"{batch}/00001/{ROWS}"
        return sum(
            entry.get("job") == job
            or entry.get("chunk") == chunk
            or (entry["event"] == "batch.finished" and entry.get("batch") == batch)
            for entry in worker.entries()
        )

    def judge(self, batch: str, struck_until_s: float) -> dict[str, JobResult]:
        """The verdict, which must be clean; and every job succeeded, or was being sent by then."""
        self.mill.finished(batch, PATIENCE_S)
        # Who comes late may ask for one more look at a finished batch.
        agenda = self.mill.ledger.client
        wait_until(lambda: not agenda.zcard(BATCH_AGENDA), PATIENCE_S, "the last look")
        rows = {sku_of(batch, row): prompt_of(batch, row) for row in range(ROWS)}
        tasks = self.mill.simulator.ledger(prompt=f" {batch} ")["tasks"]
        verdict = judge(self.mill.ledger, self.mill.storage, tasks, batch, rows)
        assert verdict.clean, str(verdict)
        results = self.mill.results(batch)
        for result in results.values():
            if result.state is JobState.UNCERTAIN:
                assert _marked_s(result) <= struck_until_s + DYING_S, result
            else:
                assert result.state is JobState.SUCCEEDED, result
        return results

    @property
    def sound(self) -> bool:
        """Whether another test may go on here."""
        try:
            self.mill.check_nothing_in_motion()
        except AssertionError:
            return False
        return all(
            psutil.Process(worker.process.pid).status() != psutil.STATUS_STOPPED
            for worker in self.workers
        )

    @property
    def _faults(self) -> Path:
        return self._folder / "faults"


def sku_of(batch: str, row: int) -> str:
    return f"{batch}-{row:03}"


def lane_of(account: str) -> str:
    return f"{WANX}@{account}"


def _settling(*accounts: str) -> dict[str, str]:
    """Lost orders are looked for soon, and an account is ours alone."""
    found: dict[str, str] = {}
    for account in accounts:
        prefix = f"IMAGEMILL_ACCOUNTS__{account.upper()}"
        found |= {f"{prefix}__EXCLUSIVE": "true", f"{prefix}__SETTLE_S": "1"}
    return found


def _marked_s(result: JobResult) -> float:
    assert result.submitted_at is not None
    return datetime.fromisoformat(result.submitted_at).timestamp()
