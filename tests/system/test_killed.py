"""Workers and servers that die in the middle: nothing is lost, and nothing is paid for twice."""

from __future__ import annotations

import time

import pytest

from ledger.keys import BROKER_PREFIX
from schemas.batch import BatchStatus
from schemas.queues import QUEUES
from schemas.states import OPEN_STATES, JobState
from tests.cli.command import prompt_of
from tests.system.mill import Mill
from tests.system.worker_process import WorkerProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.system


def slowed_down(mill: Mill) -> None:
    """Orders and downloads take long enough for jobs to be found in every state."""
    mill.simulator.script(
        {"on": "create", "times": -1, "do": {"kind": "slow", "seconds": 0.15}},
        {"on": "download", "times": -1, "do": {"kind": "slow", "seconds": 0.1}},
    )


def jobs_in(status: BatchStatus) -> dict[JobState, int]:
    return {state: getattr(status, state) for state in OPEN_STATES}


def frozen_in_every_state(
    mill: Mill, batch: str, workers: list[WorkerProcess]
) -> dict[JobState, int]:
    """Freeze all workers while jobs are in every state; how many jobs are in which."""
    found: dict[JobState, int] = {}

    def all_states() -> bool:
        if not all(jobs_in(mill.status(batch)).values()):
            return False
        for worker in workers:
            worker.freeze()
        found.update(jobs_in(mill.status(batch)))
        if all(found.values()):
            return True
        for worker in workers:
            worker.thaw()
        return False

    wait_until(all_states, 20, "jobs in every state")
    return found


def check_once(mill: Mill, batch: str, name: str, rows: int, most_uncertain: int) -> None:
    """Every job ended well but the uncertain ones; no prompt was ordered twice."""
    results = mill.results(batch)
    states = {result.state for result in results.values()}
    assert states <= {JobState.SUCCEEDED, JobState.UNCERTAIN}
    uncertain = [result for result in results.values() if result.state is JobState.UNCERTAIN]
    assert len(uncertain) <= most_uncertain
    mill.check_pictures(results)
    orders = mill.orders()
    assert set(orders.values()) == {1}
    for row in range(rows):
        result = results[f"{name}-{row:03}"]
        assert orders[prompt_of(name, row)] == 1 or result.state is JobState.UNCERTAIN
    mill.check_nothing_in_motion()


def test_a_killed_worker_loses_nothing(mill: Mill) -> None:
    slowed_down(mill)
    workers = mill.start_workers(2)
    batch = mill.submit(mill.command_line.manifest("vases", 200))
    found = frozen_in_every_state(mill, batch, workers)
    workers[0].kill()
    workers[1].thaw()

    mill.finished(batch)

    check_once(mill, batch, "vases", 200, found[JobState.SUBMITTING])


def test_all_workers_killed_and_another_started(mill: Mill) -> None:
    slowed_down(mill)
    workers = mill.start_workers(1)
    batch = mill.submit(mill.command_line.manifest("bowls", 120))
    found = frozen_in_every_state(mill, batch, workers)
    workers[0].kill()
    before = mill.simulator.ledger(limit="0")["totals"]["accepted_creates"]
    mill.start_workers(1)

    mill.finished(batch)

    assert 0 < before < 120
    check_once(mill, batch, "bowls", 120, found[JobState.SUBMITTING])


def test_sigterm_hands_everything_back_in_time(mill: Mill) -> None:
    slowed_down(mill)
    workers = mill.start_workers(2)
    batch = mill.submit(mill.command_line.manifest("plates", 120))
    wait_until(lambda: all(jobs_in(mill.status(batch)).values()), 20, "jobs in every state")

    began_s = time.perf_counter()
    assert workers[0].terminate(timeout_s=15) == 0
    assert time.perf_counter() - began_s < 10
    assert "Traceback" not in workers[0].log()
    assert len(mill.ledger.fleet.workers()) == 1

    mill.finished(batch)
    check_once(mill, batch, "plates", 120, most_uncertain=0)
    assert workers[1].terminate(timeout_s=10) == 0


def test_an_idle_worker_ends_at_once(mill: Mill) -> None:
    (worker,) = mill.start_workers(1)

    began_s = time.perf_counter()
    assert worker.terminate(timeout_s=10) == 0
    assert time.perf_counter() - began_s < 5


def test_the_server_killed_and_started_again_loses_nothing(mill: Mill) -> None:
    slowed_down(mill)
    workers = mill.start_workers(2)
    batch = mill.submit(mill.command_line.manifest("trays", 120))
    found = frozen_in_every_state(mill, batch, workers)
    mill.valkey.kill()
    for worker in workers:
        worker.thaw()
    mill.valkey.restart()

    mill.finished(batch)

    check_once(mill, batch, "trays", 120, found[JobState.SUBMITTING])
    assert all(worker.process.poll() is None for worker in workers)


def test_every_celery_message_deleted_is_handed_out_again(mill: Mill) -> None:
    slowed_down(mill)
    (worker,) = mill.start_workers(1)
    batch = mill.submit(mill.command_line.manifest("pots", 120))
    deleted: list[str] = []

    def messages_deleted() -> bool:
        worker.freeze()
        queues = [f"{BROKER_PREFIX}{name}" for name in QUEUES]
        deleted.extend(name for name in queues if mill.ledger.client.delete(name))
        worker.thaw()
        return len(set(deleted)) >= 2  # orders and looks; what is drawn is stored without one

    wait_until(messages_deleted, 20, "messages to delete")

    mill.finished(batch)

    check_once(mill, batch, "pots", 120, most_uncertain=0)
