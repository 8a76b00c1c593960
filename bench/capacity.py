"""Measures what lanes cost: the server's memory, and a look of the dispatcher at a thousand of them.

Nothing is ordered; the numbers carry docs/scaling.md: python -m bench.capacity [LANES].
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.mill import running_valkey
from bench.rows import prompts
from bench.server_work import read_server, work_between
from ledger.keys import LaneKeys
from ledger.lanes import Lanes
from ledger.opening import Ledger, open_ledger
from ledger.tick import Tick
from ledger.tickets import KEPT
from schemas.batch import Batch, ChunkRef
from schemas.catalogue import catalogue
from schemas.job import Job
from schemas.lane import LaneLimits
from worker.dispatcher import LANES_AT_ONCE, TICK_S, Dispatcher, Message
from worker.models import Models

LANES = 1000
RATE = 2.0
"""Orders a second of each lane: DashScope's own for its picture models."""
JOBS = 40
"""Ready in each lane: enough for as long as we look."""
LOOK_S = 15.0
THREADS = 3200
"""Of a hundred workers."""
LEASE_S = 25.0
FULL_SPEED_S = 5.0
ROOM = 32
"""Messages that each of 200 lanes may send at once, with so many threads."""
WRITES = 500


@dataclass(frozen=True)
class Capacity:
    """A mill of many lanes, none of which has a worker."""

    lanes: int
    kb_per_lane: float
    """used_memory of a lane that was opened and has nothing to do."""
    kb_per_batch: float
    """More for a batch in it with 40 jobs that wait in storage; most of it stays for good."""
    kb_per_job: float
    """More for each of its jobs once loaded, its prompt included."""
    kb_per_ticket: float
    """Of the last 10,000 orders that each lane remembers."""
    write_ms: float
    """One write of one client that waits until it is on disk; the median."""
    looks_per_s: float
    """By one dispatcher. Each lane is due once a second: its next order waits for a worker."""
    most_looks_per_s: float
    """When it looks again and again, 200 lanes at once, without a pause."""
    cpu_ms_per_look: float
    """Of the dispatcher's thread, publishing excluded."""
    dispatcher_share: float
    """Of one core."""
    server_busy_ms_per_look: float
    """Of the server's one thread."""
    server_cpu_ms_per_look: float
    server_share: float
    """Of that thread."""

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return asdict(self)


class _Counted(Lanes):
    """Says how many lanes were looked at."""

    looks = 0

    def tick(
        self, lanes: Sequence[str], *arguments: Any, **options: Any
    ) -> dict[str, Tick]:  # whatever a tick takes, it is passed on
        """Count, and look."""
        self.looks += len(lanes)
        return super().tick(lanes, *arguments, **options)


class _Nobody:
    """Takes messages to no worker."""

    def publish(self, messages: Sequence[Message]) -> None:
        """Nothing is ordered."""


def measure(lanes: int = LANES, seconds: float = LOOK_S) -> Capacity:
    """Fill a server with lanes, then look at them as the dispatcher does."""
    with (
        tempfile.TemporaryDirectory(prefix="mill-lanes-") as folder,
        running_valkey(Path(folder)) as url,
        closing(open_ledger(url, threads=2)) as ledger,
    ):
        return _measured(ledger, lanes, seconds)


def _measured(ledger: Ledger, lanes: int, seconds: float) -> Capacity:
    names = [f"dashscope:wanx-v1@shop-{number:04}" for number in range(lanes)]
    ledger.lanes.open("dashscope:wanx-v1@warm-up", LaneLimits(rate_per_s=RATE, burst=1, window=1))
    write_ms = _write_ms(ledger)
    used = [_memory(ledger)]
    for name in names:
        ledger.lanes.open(name, LaneLimits(rate_per_s=RATE, burst=1, window=JOBS))
    used.append(_memory(ledger))
    chunks = [ChunkRef(batch=f"b{number:04}", number=1, size=JOBS) for number in range(lanes)]
    for number, (name, chunk) in enumerate(zip(names, chunks, strict=True)):
        ledger.batches.open(_batch(name, chunk), number)
        ledger.lanes.hand_in(name, chunk.batch, [chunk])
    used.append(_memory(ledger))
    dispatcher, counted = _dispatcher(ledger)
    _turn(dispatcher, ledger, 3.0)  # every lane has asked for its chunk
    requests = _requests()
    for name, chunk in zip(names, chunks, strict=True):
        ledger.lanes.load(name, chunk, requests)
    used.append(_memory(ledger))
    counted.looks = 0
    before, began_s, cpu_s = read_server(ledger), time.monotonic(), time.thread_time()
    _turn(dispatcher, ledger, seconds)
    cpu_s, took_s = time.thread_time() - cpu_s, time.monotonic() - began_s
    work = work_between(before, read_server(ledger), max(counted.looks, 1))
    kb = [(later - sooner) / lanes / 1000 for sooner, later in pairwise(used)]
    return Capacity(
        lanes=lanes,
        kb_per_lane=kb[0],
        kb_per_batch=kb[1],
        kb_per_job=kb[2] / JOBS,
        kb_per_ticket=_kb_per_ticket(ledger, names[0]),
        write_ms=write_ms,
        looks_per_s=counted.looks / took_s,
        most_looks_per_s=_most_looks_per_s(ledger, names),
        cpu_ms_per_look=1000 * cpu_s / max(counted.looks, 1),
        dispatcher_share=cpu_s / took_s,
        server_busy_ms_per_look=work.busy_ms,
        server_cpu_ms_per_look=work.cpu_ms,
        server_share=work.busy_ms * counted.looks / 1000 / took_s,
    )


def _dispatcher(ledger: Ledger) -> tuple[Dispatcher, _Counted]:
    counted = _Counted(ledger.client, ledger.scripts)
    models = Models(catalogue(), ledger.lanes)
    watched = replace(ledger, lanes=counted)
    return Dispatcher(watched, _Nobody(), models, "bench", LEASE_S), counted


def _turn(dispatcher: Dispatcher, ledger: Ledger, seconds: float) -> None:
    """Tick at the dispatcher's own pace, as if a hundred workers were there."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        ledger.fleet.report_in("hundred", THREADS)
        dispatcher.tick()
        time.sleep(TICK_S)


def _requests() -> list[tuple[str, str]]:
    lane, asked = "dashscope:wanx-v1@shop-0001", {"style": "<photography>", "size": "1024*1024"}
    jobs = [
        Job(id=f"HW-{n:06}", line=n, lane=lane, prompt=prompt, parameters=asked, name=f"HW-{n:06}")
        for n, prompt in enumerate(prompts(JOBS), 1)
    ]
    return [(job.id, job.request_json()) for job in jobs]


def _most_looks_per_s(ledger: Ledger, names: Sequence[str]) -> float:
    began_s, looks = time.monotonic(), 0
    while time.monotonic() - began_s < FULL_SPEED_S:
        for first in range(0, len(names), LANES_AT_ONCE):
            some = names[first : first + LANES_AT_ONCE]
            moments = {
                lane: tick.next_s for lane, tick in ledger.lanes.tick(some, LEASE_S, ROOM).items()
            }
            ledger.fleet.book(moments, "0")
            looks += len(some)
    return looks / (time.monotonic() - began_s)


def _batch(lane: str, chunk: ChunkRef) -> Batch:
    return Batch(
        batch=chunk.batch,
        manifest="mugs.csv",
        manifest_sha256="0" * 64,
        columns=["sku", "product_name", "prompt", "model", "size", "style", "n"],
        total=chunk.size,
        lanes={lane: chunk.size},
        currencies={lane: "CNY"},
        created_at="2026-11-21T05:00:00Z",
    )


def _kb_per_ticket(ledger: Ledger, lane: str) -> float:
    before = _memory(ledger)
    tickets = {str(uuid.uuid4()): number for number in range(KEPT)}
    ledger.client.zadd(LaneKeys(lane).tickets, tickets)
    return (_memory(ledger) - before) / KEPT / 1000


def _write_ms(ledger: Ledger) -> float:
    taken_s = []
    for number in range(WRITES):
        began_s = time.perf_counter()
        ledger.client.set("bench", number)
        taken_s.append(time.perf_counter() - began_s)
    return 1000 * statistics.median(taken_s)


def _memory(ledger: Ledger) -> int:
    return int(ledger.fleet.server_info()["used_memory"])


def main() -> None:
    """One run with nothing around it, to look at."""
    lanes = int(sys.argv[1]) if len(sys.argv) > 1 else LANES
    print(json.dumps(measure(lanes).document(), indent=1))


if __name__ == "__main__":
    main()
