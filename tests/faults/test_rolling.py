"""Workers replaced in the middle of a batch: its results are those of a night without any of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from schemas.layout import sidecar_key
from schemas.result import JobResult, Sidecar
from schemas.states import OPEN_STATES, JobState
from tests.cli.command import prompt_of
from tests.system.mill import Mill
from tests.system.worker_process import WorkerProcess
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
ROWS = 80
EXIT_S = 10.0


@pytest.fixture
def mill(tmp_path: Path) -> Iterator[Mill]:
    with ExitStack() as stack:
        mill = Mill(tmp_path / "mill", stack)
        mill.simulator.configure(images="full")
        yield mill


def manifest(mill: Mill, batch: str) -> str:
    """The same rows under another file's name; their seeds say what is drawn."""
    lines = [f"cup-{row:03},{prompt_of('cups', row)},wanx-v1,1,{row}" for row in range(ROWS)]
    return mill.command_line.write(f"{batch}.csv", "\n".join(["sku,prompt,model,n,seed", *lines]))


def ended(mill: Mill, batch: str) -> dict[str, tuple[JobState, int, list[str]]]:
    """Each row's state, attempts and pictures; every row was ordered once."""
    mill.finished(batch)
    results = mill.results(batch)
    mill.check_pictures(results)
    mill.check_nothing_in_motion()
    assert mill.orders() == {prompt_of("cups", row): 1 for row in range(ROWS)}
    return {name: what_came(mill, result) for name, result in results.items()}


def what_came(mill: Mill, result: JobResult) -> tuple[JobState, int, list[str]]:
    """The pictures as the provider delivered them: their labels name their orders."""
    sidecars = [mill.storage.get(sidecar_key(image.key)) for image in result.images]
    came = [Sidecar.model_validate_json(sidecar).vendor_sha256 for sidecar in sidecars]
    return result.state, result.attempts, came


def end(worker: WorkerProcess) -> None:
    """SIGTERM, and an orderly end in time."""
    began_s = time.perf_counter()
    assert worker.terminate(timeout_s=30) == 0
    assert time.perf_counter() - began_s < EXIT_S
    assert "Traceback" not in worker.log()


def test_all_workers_replaced_one_after_another(mill: Mill) -> None:
    first, second = mill.start_workers(2)
    calm = ended(mill, mill.submit(manifest(mill, "calm")))
    mill.simulator.client.post("/_reset")
    mill.simulator.script(
        {"on": "create", "times": -1, "do": {"kind": "slow", "seconds": 0.3}},
        {"on": "get", "times": -1, "do": {"kind": "slow", "seconds": 0.1}},
        {"on": "download", "times": -1, "do": {"kind": "slow", "seconds": 0.3}},
    )
    pace(mill, "3/s")  # until all are replaced

    batch = mill.submit(manifest(mill, "rolled"), "--fresh")  # all of it is drawn once more
    for worker in (first, second):
        successor = mill.start_worker()
        wait_until(lambda: under_load(mill, batch), 30, "orders, questions and pictures under way")
        end(worker)
        mill.wait_for(successor)

    assert mill.status(batch).ended < ROWS
    pace(mill, "50/s")
    rolled = ended(mill, batch)
    assert {state for state, _, _ in rolled.values()} == {JobState.SUCCEEDED}
    assert rolled == calm


def pace(mill: Mill, rate: str) -> None:
    ran = mill.command_line("lanes", "set", "dashscope:wanx-v1@default", "--rate", rate)
    assert ran.code == 0, ran.err


def under_load(mill: Mill, batch: str) -> bool:
    status = mill.status(batch)
    return all(getattr(status, state) for state in OPEN_STATES)


def test_an_order_on_its_way_is_waited_for(mill: Mill) -> None:
    prompt = prompt_of("slow", 0)
    slow = {"kind": "slow", "seconds": 3}
    mill.simulator.script({"on": "create", "match": prompt, "do": slow})
    (worker,) = mill.start_workers(1)
    batch = mill.submit(mill.command_line.manifest("slow", 1))
    wait_until(lambda: fired(mill) == 1, 30, "the order to arrive")

    end(worker)
    assert mill.orders(prompt)[prompt] == 1
    assert (mill.status(batch).running, mill.status(batch).submitting) == (1, 0)

    mill.start_workers(1)
    mill.finished(batch)
    (result,) = mill.results(batch).values()
    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 1)
    assert mill.orders(prompt)[prompt] == 1


def fired(mill: Mill) -> int:
    return sum(fault["fired"] for fault in mill.simulator.client.get("/_faults").json())
