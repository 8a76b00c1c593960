"""A whole mill for one test: Valkey, storage, simulator, workers, and what they are asked after."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.keys import BROKER_PREFIX, IN_MOTION, PERMANENT
from ledger.opening import Ledger, open_ledger
from schemas import layout
from schemas.batch import BatchStatus
from schemas.result import JobResult
from schemas.states import BatchState, JobState
from storage import Storage, open_storage
from storage.s3_options import S3Options
from tests.cli import forked
from tests.cli.command import CommandLine
from tests.seaweed import Seaweed
from tests.simulator.running import RunningSimulator
from tests.system.worker_process import WorkerProcess
from tests.valkey import Valkey, run_valkey
from tests.waiting import wait_until

WANX = "dashscope:wanx-v1"
FLUX = "dashscope:flux-schnell"
LEASE_S = 3
SETTINGS = f"""
[worker]
concurrency = 16
lease_s = {LEASE_S}
thumbnails = false
[lanes."{WANX}"]
rate = "50/s"
window = 60
[lanes."{FLUX}"]
rate = "50/s"
window = 60
[accounts.default]
query_rate = "200/s"
settle_s = 1
"""
ACCOUNT = """
[accounts.{0}]
api_key = "sk-{0}"
query_rate = "200/s"
settle_s = 1
"""
SIMULATOR = (
    *("--rate", "100", "--running", "100", "--query-rate", "200", "--images", "small"),
    *("--generation-s", "0.3", "--seed", "7"),
)


@dataclass(frozen=True)
class Servers:
    """What a mill works with, and several mills may share one after another."""

    valkey: Valkey
    simulator: RunningSimulator


def start_servers(folder: Path, stack: ExitStack) -> Servers:
    """Servers of one's own; they end with the stack."""
    (folder / "valkey").mkdir(parents=True)
    valkey = stack.enter_context(run_valkey(folder / "valkey"))
    simulator = RunningSimulator(*SIMULATOR)
    stack.callback(simulator.stop)
    return Servers(valkey, simulator)


class Mill:
    """Everything between a manifest and its pictures, on free ports and in one folder."""

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        seaweed: Seaweed | None = None,
        accounts: str = "",
        servers: Servers | None = None,
    ) -> None:
        (folder / "desk").mkdir(parents=True)
        self._folder = folder
        self._stack = stack
        servers = servers or start_servers(folder, stack)
        self.valkey, self.simulator = servers.valkey, servers.simulator
        settings = folder / "mill.toml"
        settings.write_text(SETTINGS + "".join(map(ACCOUNT.format, accounts.split())))
        self.command_line = CommandLine(
            folder / "desk",
            {
                "IMAGEMILL_CONFIG": str(settings),
                "IMAGEMILL_REDIS_URL": self.valkey.url,
                "DASHSCOPE_API_KEY": "sk-test",
                "DASHSCOPE_HTTP_BASE_URL": f"{self.simulator.url}/api/v1",
                **_place(folder, seaweed),
            },
        )
        self.workers: list[WorkerProcess] = []
        self.storage = _open_storage(folder, seaweed)
        stack.callback(self.storage.close)
        self.ledger: Ledger = open_ledger(self.valkey.url)
        stack.callback(self.ledger.close)

    def start_workers(self, count: int, **variables: str) -> list[WorkerProcess]:
        """Worker processes that have reported in."""
        started = [self.start_worker(**variables) for _ in range(count)]
        self.wait_for(*started)
        return started

    def start_worker(
        self,
        program: forked.Program = forked.worker,
        arguments: Sequence[str] = (),
        /,
        **variables: str,
    ) -> WorkerProcess:
        """A worker process that is only just starting."""
        log = self._folder / f"worker-{len(self.workers)}.log"
        command_line = self.command_line.with_variables(**variables)
        worker = WorkerProcess(command_line, log, program, arguments)
        self._stack.callback(worker.kill)
        self.workers.append(worker)
        return worker

    def wait_for(self, *workers: WorkerProcess) -> None:
        """Return once they have reported in."""
        names = {worker.name for worker in workers}
        wait_until(lambda: names <= set(self.ledger.fleet.workers()), 60, "workers to report in")

    def submit(self, manifest: str, *options: str) -> str:
        """Hand a manifest in; the batch's name."""
        ran = self.command_line("submit", manifest, *options)
        assert ran.code == 0, ran.err
        return ran.out.strip()

    def status(self, batch: str) -> BatchStatus:
        found = self.ledger.batches.status(batch)
        assert found is not None
        return found

    def finished(self, batch: str, timeout_s: float = 40.0) -> BatchStatus:
        """The batch's status once it is finished; its counts add up."""
        try:
            wait_until(
                lambda: self.ledger.batches.state(batch) is BatchState.FINISHED, timeout_s, batch
            )
        except AssertionError as error:
            error.add_note(self.status(batch).model_dump_json(indent=1))
            error.add_note(json.dumps(self.simulator.ledger(limit="0"), indent=1))
            raise
        found = self.status(batch)
        assert found.ended == found.total
        return found

    def results(self, batch: str) -> dict[str, JobResult]:
        """Every job's ending by its id; each is there once."""
        lines = self.storage.get(layout.batch_file(batch, layout.RESULTS_JSONL)).splitlines()
        found = [JobResult.model_validate_json(line) for line in lines]
        by_id = {result.id: result for result in found}
        assert len(by_id) == len(found) == self.status(batch).total
        return by_id

    def orders(self, part_of_prompt: str = "") -> Counter[str]:
        """How often each prompt was accepted, hence charged, by the provider."""
        tasks: list[dict[str, Any]] = self.simulator.ledger(prompt=part_of_prompt)["tasks"]
        return Counter(task["prompt"] for task in tasks)

    def check_pictures(self, results: dict[str, JobResult]) -> None:
        """Whatever a job says it stored lies there, whole, with its sidecar."""
        for result in results.values():
            if result.state is JobState.SUCCEEDED:
                assert len(result.images) == result.n, result.id
            for image in result.images:
                data = self.storage.get(image.key)
                assert hashlib.sha256(data).hexdigest() == image.sha256
                assert len(data) == image.size_bytes
                sidecar = json.loads(self.storage.get(layout.sidecar_key(image.key)))
                assert sidecar["image"]["sha256"] == image.sha256

    def check_nothing_in_motion(self) -> None:
        """Redis keeps what it must of finished batches, and nothing else for ever."""
        # The last of it goes a moment after people see their batch finished.
        wait_until(lambda: not self._in_motion(), 10, "nothing to be in motion")
        for key in self.ledger.client.scan_iter(count=1000):
            for_ever = self.ledger.client.ttl(key) == -1
            expected = PERMANENT.fullmatch(key) or key.startswith(BROKER_PREFIX)
            assert not for_ever or expected, key

    def _in_motion(self) -> list[str]:
        keys = map(str, self.ledger.client.scan_iter(count=1000))
        return [key for key in keys if IN_MOTION.fullmatch(key)]


def _place(folder: Path, seaweed: Seaweed | None) -> dict[str, str]:
    if seaweed is None:
        return {"IMAGEMILL_STORAGE_URL": str(folder / "pictures")}
    return {
        "IMAGEMILL_STORAGE_URL": f"s3://{seaweed.bucket}/{_prefix(folder)}",
        "IMAGEMILL_S3_ENDPOINT_URL": seaweed.endpoint_url,
        "AWS_ACCESS_KEY_ID": seaweed.access_key,
        "AWS_SECRET_ACCESS_KEY": seaweed.secret_key,
    }


def _open_storage(folder: Path, seaweed: Seaweed | None) -> Storage:
    if seaweed is None:
        return open_storage(str(folder / "pictures"))
    options = S3Options(
        endpoint_url=seaweed.endpoint_url,
        access_key_id=seaweed.access_key,
        secret_access_key=seaweed.secret_key,
    )
    return open_storage(f"s3://{seaweed.bucket}/{_prefix(folder)}", s3=options)


def _prefix(folder: Path) -> str:
    """Its own in the bucket, or a mill would find what another one drew."""
    return f"{folder.parent.name}-{folder.name}"
