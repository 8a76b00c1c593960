"""What a job costs the ledger: round trips are what a worker waits for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.moves import Claim
from ledger.opening import Ledger
from schemas.states import JobState
from tests.steps.looking import learn
from tests.steps.mill import LANE, Mill, job
from tests.steps.watched_ledger import Wire, watched_ledger
from tests.valkey import Valkey

SUBMIT = 4
"""Read the record; take a slot; write the mark, which must be on disk before the order leaves; write
the ticket."""
POLL = 3
"""Read the record; take a slot of the account's questions; write the addresses and the time."""
STORE = 2
"""Read the record; write the result."""
ON = SUBMIT + POLL + STORE - 1
"""Whoever finds the pictures stores them: the record is not read again."""
AT_ONCE = ON - 1
"""Nor is it where the pictures are there before a message could be."""
IDLE_TICK = 2
"""Lanes that are due; batches that are due."""
TICK = 8
"""The same; who works (the time, then the list); how long the queues are; the lanes' rates; three
scripts for each lane in one; when to look again."""


@pytest.fixture
def wire() -> Wire:
    return Wire()


def steps(mill: Mill, wire: Wire, claim: Claim) -> list[int]:
    """Round trips of each of a job's steps."""
    trips = []
    for name, state in (("submit", JobState.RUNNING), ("poll", JobState.STORING), ("store", None)):
        before = wire.round_trips
        mill.desk.step(name, claim)
        trips.append(wire.round_trips - before)
        if state is not None:
            claim = mill.due_again(state)
    return trips


def test_a_job_costs_nine_round_trips_step_by_step(
    valkey: Valkey, ledger: Ledger, wire: Wire, tmp_path: Path
) -> None:
    with watched_ledger(valkey.port, wire) as watched:
        mill = Mill(watched, tmp_path)
        mill.hand_in([job("SKU-1"), job("SKU-2", n=4)])
        (first, second) = [handout.claim for handout in mill.hand_out()]
        mill.ledger.client.zrem(f"mill:{{{LANE}}}:agenda", second.ref)
        trips = steps(mill, wire, first)
        assert all(trip <= most for trip, most in zip(trips, (SUBMIT, POLL, STORE), strict=True))
        assert mill.record(first)["state"] == "succeeded"


def test_a_job_costs_eight_where_whoever_asks_stores(
    valkey: Valkey, ledger: Ledger, wire: Wire, tmp_path: Path
) -> None:
    with watched_ledger(valkey.port, wire) as watched:
        mill = Mill(watched, tmp_path)
        mill.hand_in([job("SKU-1"), job("SKU-2")])
        first, second = (handout.claim for handout in mill.hand_out())
        before = wire.round_trips
        mill.desk.go("submit", first)
        trips = wire.round_trips - before
        mill.ledger.client.zrem(f"mill:{{{LANE}}}:agenda", second.ref)
        claim = mill.due_again(JobState.RUNNING)
        before = wire.round_trips
        mill.desk.go("poll", claim)
        assert trips + wire.round_trips - before <= ON
        assert mill.record(first)["state"] == "succeeded"


def test_a_job_costs_seven_where_the_provider_is_instant(
    valkey: Valkey, ledger: Ledger, wire: Wire, tmp_path: Path
) -> None:
    with watched_ledger(valkey.port, wire) as watched:
        mill = Mill(watched, tmp_path)
        claim = mill.released()
        learn(mill, 0.02)
        before = wire.round_trips
        mill.desk.go("submit", claim)
        assert wire.round_trips - before <= AT_ONCE
        assert mill.record(claim)["state"] == "succeeded"


def test_pictures_cost_no_round_trips(
    valkey: Valkey, ledger: Ledger, wire: Wire, tmp_path: Path
) -> None:
    with watched_ledger(valkey.port, wire) as watched:
        mill = Mill(watched, tmp_path)
        claim = mill.storing(n=4)
        before = wire.round_trips
        mill.desk.step("store", claim)
        assert wire.round_trips - before <= STORE


def test_a_stale_message_costs_one(
    valkey: Valkey, ledger: Ledger, wire: Wire, tmp_path: Path
) -> None:
    with watched_ledger(valkey.port, wire) as watched:
        mill = Mill(watched, tmp_path)
        claim = mill.released()
        before = wire.round_trips
        mill.desk.step("poll", claim)
        assert wire.round_trips - before <= 1


def test_a_tick_costs_the_same_however_much_is_due(
    valkey: Valkey, ledger: Ledger, wire: Wire, tmp_path: Path
) -> None:
    with watched_ledger(valkey.port, wire) as watched:
        mill = Mill(watched, tmp_path)
        watched.fleet.report_in("worker-1", 32)
        mill.dispatcher.tick()  # loads the scripts
        before = wire.round_trips
        mill.dispatcher.tick()
        assert wire.round_trips - before <= IDLE_TICK
        lanes = [f"dashscope:wanx-v1@{name}" for name in ("default", "second")]
        mill.hand_in([job(f"SKU-{i}", lane=lanes[i % 2]) for i in range(40)])
        for lane in lanes:
            mill.hand_out(lane)
        mill.let_time_pass()
        before = wire.round_trips
        assert mill.dispatcher.tick() > 40
        assert wire.round_trips - before <= TICK
