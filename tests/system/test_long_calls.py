"""Providers that answer an order with its picture: a thread, and money, hang on every call."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.states import BatchState, JobState
from tests.system.mill import Mill
from tests.waiting import wait_until

pytestmark = pytest.mark.system
CORE = "stable-image-core"
LANE = f"stability:{CORE}@slow"
SETTINGS = """
[accounts.slow]
provider = "stability"
api_key = "sk-slow"
base_url = "{url}"
settle_s = 1
[lanes."{lane}"]
rate = "50/s"
window = {window}
"""


def slow(mill: Mill, window: int, generation_s: float) -> None:
    """An account whose every call takes a while."""
    path = Path(mill.command_line.variables["IMAGEMILL_CONFIG"])
    settings = SETTINGS.format(url=mill.simulator.url, lane=LANE, window=window)
    path.write_text(path.read_text() + settings)
    mill.simulator.configure(
        generation_s=generation_s, generation_sigma=0.0, connections=100, burst=1000
    )


def calls(mill: Mill) -> int:
    """Orders that are at the provider, unanswered."""
    return mill.ledger.lanes.in_play([LANE])


def test_a_call_cut_off_by_a_kill_is_never_made_again_by_itself(mill: Mill) -> None:
    slow(mill, window=4, generation_s=2.0)
    (worker,) = mill.start_workers(1)
    batch = mill.submit(mill.command_line.manifest("cups", 4, CORE), "--account", "slow")
    wait_until(lambda: mill.orders("cups").total() == 4, 20, "four calls at the provider")
    worker.kill()
    mill.start_workers(1)

    status = mill.finished(batch)
    assert (status.uncertain, status.total) == (4, 4)
    results = mill.results(batch)
    assert {result.at_risk_micro for result in results.values()} == {30_000}
    assert set(mill.orders("cups").values()) == {1}

    again = mill.command_line("retry", batch, "--uncertain", "--wait", timeout_s=60)
    assert again.code == 0, again.err
    results = mill.results(batch)
    assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
    mill.check_pictures(results)
    assert set(mill.orders("cups").values()) == {2}
    mill.check_nothing_in_motion()


def test_a_worker_that_is_told_to_end_brings_its_calls_home(mill: Mill) -> None:
    slow(mill, window=3, generation_s=2.5)
    (worker,) = mill.start_workers(1)
    batch = mill.submit(mill.command_line.manifest("jugs", 3, CORE), "--account", "slow")
    wait_until(lambda: mill.orders("jugs").total() == 3, 20, "three calls at the provider")
    assert worker.terminate(20) == 0
    mill.start_workers(1)

    status = mill.finished(batch)
    assert (status.succeeded, status.uncertain) == (3, 0)
    assert set(mill.orders("jugs").values()) == {1}
    mill.check_pictures(mill.results(batch))


def test_long_calls_leave_threads_for_everything_else(mill: Mill) -> None:
    slow(mill, window=40, generation_s=1.5)
    mill.start_workers(1)
    long = mill.submit(mill.command_line.manifest("bowls", 24, CORE), "--account", "slow")
    wait_until(lambda: calls(mill) == 8, 20, "half of the sixteen threads in calls")
    short = mill.submit(mill.command_line.manifest("lids", 20))

    seen: list[int] = []

    def ended() -> bool:
        seen.append(calls(mill))
        return mill.ledger.batches.state(long) is BatchState.FINISHED

    wait_until(ended, 40, "the long calls to end")
    assert max(seen) == 8
    assert mill.finished(short).succeeded == 20
    assert mill.finished(long).succeeded == 24
    assert set(mill.orders("bowls").values()) == {1}
