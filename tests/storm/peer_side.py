"""The same order in a plain Celery app, in the same storm: bench/peers/late_ack.py."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import redis

from schemas.clock import SystemClock
from tests.cli.command import CommandLine
from tests.storm.crew import Crew, Job, Worker
from tests.storm.ground import THREADS, Ground
from tests.storm.plan import pictures_of
from tests.storm.side import log_text
from tests.verdict import Figures, Verdict

ROOT = Path(__file__).parents[2]
MODULE = "bench.peers.late_ack"
VISIBILITY_S = 60
"""As late_ack.py has it."""
DRAINED_S = 10.0
LISTED = 10


class PeerSide:
    """Celery workers, and all rows as messages."""

    quiet_s = VISIBILITY_S + 60.0

    def __init__(self, ground: Ground, stack: ExitStack, clock: SystemClock) -> None:
        self._ground = ground
        self._clock = clock
        self._pictures = ground.folder / "pictures"
        self._pictures.mkdir()
        self._redis = redis.Redis.from_url(ground.valkey.url)
        stack.callback(self._redis.close)
        self._empty_since_s: float | None = None
        self._command_line = CommandLine(
            ROOT,
            {
                "BROKER_URL": ground.valkey.url,
                "PICTURES": str(self._pictures),
                "DASHSCOPE_API_KEY": "sk-test",
                "DASHSCOPE_HTTP_BASE_URL": f"{ground.simulator.url}/api/v1",
                "NO_PROXY": "127.0.0.1",
            },
        )

    def worker(self, _name: str) -> Job:
        """`celery worker`, with as many threads as the mill's workers have."""
        command = [
            *(str(Path(sys.executable).parent / "celery"), "-A", MODULE, "worker"),
            *("--pool=threads", f"--concurrency={THREADS}", f"--hostname=peer-{_name}@%h"),
            "--loglevel=INFO",
        ]
        return Job(command, ROOT, self._command_line.environment)

    def hand_in(self) -> None:
        """Every row as one message."""
        order = f"from {MODULE} import order_all; order_all()"
        subprocess.run(
            [sys.executable, "-c", order, str(self._ground.manifest)],
            cwd=ROOT,
            env=self._command_line.environment,
            check=True,
        )

    def is_ready(self, worker: Worker) -> bool:
        """Whether Celery says so."""
        return " ready." in log_text(worker.log)

    def ended(self) -> int | None:
        """Rows all of whose pictures are there."""
        return sum(self._complete())

    def is_done(self) -> bool:
        """Whether all pictures are there, or no message has been waiting or held for a while."""
        if all(self._complete()):
            return True
        try:
            left = int(self._redis.llen("celery")) + int(self._redis.hlen("unacked"))
        except redis.RedisError:
            left = 1
        now_s = self._clock.monotonic_s()
        if left:
            self._empty_since_s = None
        elif self._empty_since_s is None:
            self._empty_since_s = now_s
        return self._empty_since_s is not None and now_s - self._empty_since_s > DRAINED_S

    def settle(self) -> None:
        """Nothing follows its end."""

    def judged(self, tasks: list[dict[str, Any]]) -> Verdict:
        """In the same words: what was handed in, charged and stored."""
        paid = Counter(task["prompt"] for task in tasks if task["images_charged"])
        stored = dict(zip(self._ground.rows, self._complete(), strict=True))
        lost = [name for name, complete in stored.items() if not complete]
        abandoned = [name for name in lost if paid[self._ground.rows[name]]]
        twice = [name for name, prompt in self._ground.rows.items() if paid[prompt] > 1]
        findings = [
            *_listed("lost, no picture and nothing that speaks of it", lost),
            *_listed("charged more than once, reported nowhere", twice),
            *_listed("abandoned: paid for, no picture", abandoned),
        ]
        figures = Figures(
            jobs=len(stored),
            states={"succeeded": sum(stored.values())},
            charged=paid.total(),
            charged_twice=sum(times - 1 for times in paid.values()),
            abandoned=len(abandoned),
            lost=len(lost),
            possible_doubles=0,
            images=sum(1 for _ in self._pictures.glob("*.png")),
        )
        return Verdict(figures, tuple(findings))

    def told(self, crew: Crew) -> dict[str, int]:
        """What was still waiting or held when it ended, and how its tasks ended."""
        ends: Counter[str] = Counter()
        for log in crew.logs:
            for word in ("succeeded in", "retry: Retry", "raised unexpected"):
                ends[word] += log_text(log).count(word)
        ends["messages waiting"] = int(self._redis.llen("celery"))
        ends["messages unacknowledged"] = int(self._redis.hlen("unacked"))
        return dict(ends)

    def _complete(self) -> list[bool]:
        there = {path.name for path in self._pictures.glob("*.png")}
        return [
            all(f"{name}_{index:02}.png" in there for index in range(1, pictures_of(row) + 1))
            for row, name in enumerate(self._ground.rows)
        ]


def _listed(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return [f"{len(names)} rows {what}: {', '.join(names[:LISTED])}{more}"]
