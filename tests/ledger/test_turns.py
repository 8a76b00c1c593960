"""The batches of a lane share its places as their weights say; nobody starves, nobody catches up."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.moves import Move
from ledger.opening import Ledger
from ledger.tick import Tick
from ledger.turns import SEATS, WEIGHTS
from schemas.batch import ChunkRef, Hold, Priority
from schemas.states import JobState
from tests.ledger.scene import Scene

EXAMPLES = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PRIORITIES = st.sampled_from(Priority)
MANY = 400
"""Jobs of a chunk that lasts as long as a test."""


class SharedLane:
    """One lane with one place in its window: the order of releases is the order of turns."""

    def __init__(self, ledger: Ledger) -> None:
        ledger.client.flushall()
        self.ledger = ledger
        self.scene = Scene(ledger)
        self.scene.open(rate_per_s=1.0, burst=1000, window=1)
        self.loaded: list[ChunkRef] = []

    def enter(self, batch: str, priority: Priority, sizes: list[int] | None = None) -> Scene:
        scene = Scene(self.ledger, batch=batch)
        scene.hand_in(*(sizes or [MANY]), priority=priority)
        while self._load(self.scene.tick(room=100)):
            pass
        return scene

    def serve(self, count: int) -> list[str]:
        """Whose jobs get the next places; each fails at once."""
        served: list[str] = []
        for _ in range(3 * count):
            tick = self.scene.tick()
            for handout in tick.handouts:
                served.append(handout.claim.batch)
                self.scene.move(handout.claim, Move(JobState.RELEASED, JobState.FAILED))
            self._load(tick)
            if len(served) >= count:
                break
        return served

    def _load(self, tick: Tick) -> bool:
        """Do the chores; what was released meanwhile ends."""
        for handout in tick.handouts:
            if self.scene.record(handout.claim.ref)["state"] == JobState.RELEASED:
                self.scene.move(handout.claim, Move(JobState.RELEASED, JobState.FAILED))
        for chore in tick.chores:
            scene = Scene(self.ledger, batch=chore.chunk.batch)
            if chore.what == "load":
                self.loaded.append(chore.chunk)
                assert scene.load(chore.chunk)
            else:
                scene.seal(chore.chunk)
        return any(chore.what == "load" for chore in tick.chores)


def assert_fair(served: list[str], priorities: dict[str, Priority]) -> None:
    """Of any number of turns a batch has its share, but for one turn of each."""
    weights = {batch: WEIGHTS[priority] for batch, priority in priorities.items()}
    total = sum(weights.values())
    had: Counter[str] = Counter()
    for turns, batch in enumerate(served, 1):
        had[batch] += 1
        for name, weight in weights.items():
            assert abs(had[name] - turns * weight / total) <= len(weights), (name, turns)


@EXAMPLES
@given(priorities=st.lists(PRIORITIES, min_size=2, max_size=3))
def test_batches_share_the_places_as_their_weights(
    ledger: Ledger, priorities: list[Priority]
) -> None:
    lane = SharedLane(ledger)
    named = {f"batch-{index}": priority for index, priority in enumerate(priorities)}
    for batch, priority in named.items():
        Scene(ledger, batch=batch).hand_in(MANY, priority=priority)
    lane.ledger.lanes.stop(lane.scene.lane, "until all are loaded")
    while lane._load(lane.scene.tick()):
        pass
    lane.ledger.lanes.resume(lane.scene.lane)
    assert_fair(lane.serve(150), named)
    ledger.client.flushall()


@EXAMPLES
@given(
    first=PRIORITIES,
    late=PRIORITIES,
    alone=st.integers(1, 120),
)
def test_a_batch_that_comes_late_neither_waits_nor_catches_up(
    ledger: Ledger, first: Priority, late: Priority, alone: int
) -> None:
    lane = SharedLane(ledger)
    lane.enter("first", first)
    assert set(lane.serve(alone)) == {"first"}
    lane.ledger.lanes.stop(lane.scene.lane, "until it is loaded")
    lane.enter("late", late)
    lane.ledger.lanes.resume(lane.scene.lane)
    assert_fair(lane.serve(130), {"first": first, "late": late})
    ledger.client.flushall()


@EXAMPLES
@given(
    stays=PRIORITIES,
    leaves=PRIORITIES,
    away=st.integers(1, 80),
    reason=st.sampled_from([Hold.PAUSE, Hold.BUDGET]),
)
def test_a_batch_that_was_held_neither_waits_nor_catches_up(
    ledger: Ledger, stays: Priority, leaves: Priority, away: int, reason: Hold
) -> None:
    lane = SharedLane(ledger)
    lane.enter("stays", stays)
    guest = lane.enter("leaves", leaves)
    lane.serve(20)
    guest.hold(reason)
    assert set(lane.serve(away)) == {"stays"}
    guest.unhold(reason)
    served = lane.serve(130)
    # Coming back it may have a turn of its old stride to wait for; then all is as if it never left.
    behind = served.index("leaves") if "leaves" in served else len(served)
    assert behind <= WEIGHTS[stays] / WEIGHTS[leaves] + 2
    assert_fair(served[behind:], {"stays": stays, "leaves": leaves})
    ledger.client.flushall()


@pytest.mark.parametrize("others", [1, SEATS, 3 * SEATS])
def test_an_urgent_batch_starts_at_once_however_many_wait(ledger: Ledger, others: int) -> None:
    lane = SharedLane(ledger)
    for number in range(others):
        lane.enter(f"batch-{number:02}", Priority.NORMAL, [40] * 5)
    lane.serve(30)
    lane.enter("urgent", Priority.HIGH, [3])
    assert "urgent" in lane.serve(2 * SEATS)
    ledger.client.flushall()


def test_of_many_batches_only_a_few_are_loaded_at_the_same_time(ledger: Ledger) -> None:
    """Two chunks of each of thirty: as many jobs as seats have at most, and all come to their end."""
    lane = SharedLane(ledger)
    batches = [f"batch-{number:02}" for number in range(30)]
    for batch in batches:
        lane.enter(batch, Priority.NORMAL, [30, 30])
    assert len(lane.loaded) == SEATS
    served: list[str] = []
    while more := lane.serve(100):
        served += more
        ready = [len(Scene(ledger, batch=batch).ready()) for batch in batches]
        assert sum(ready) <= SEATS * (30 + 16) + 16 * len(batches)
        assert sum(count >= 16 for count in ready) <= SEATS
    had = Counter(served)
    assert set(had) <= set(batches)
    assert all(scene.ready() == [] for scene in (Scene(ledger, batch=b) for b in batches))
    # Chunk by chunk everybody had one before anybody had two.
    assert {chunk.batch for chunk in lane.loaded[: len(batches)]} == set(batches)


def test_a_load_that_nobody_does_holds_up_no_other_priority(scene: Scene) -> None:
    scene.hand_in(20)
    urgent = Scene(scene.ledger, batch="urgent")
    assert [chore.chunk.batch for chore in scene.tick().chores] == ["night"]
    assert scene.tick().chores == []
    urgent.hand_in(20, priority=Priority.HIGH)
    assert [chore.chunk.batch for chore in scene.tick().chores] == ["urgent"]


def test_a_round_keeps_the_priority(scene: Scene) -> None:
    scene.ledger.batches.open(scene.document(2), 1000)
    scene.ledger.batches.prioritize(scene.document(2), Priority.HIGH)
    scene.ledger.client.flushall()
    scene.finish_batch()
    scene.ledger.batches.prioritize(scene.document(2), Priority.HIGH)
    scene.reopen_batch(2)
    Scene(scene.ledger, batch="day").hand_in(20)
    assert scene.backlog() == ["night", "day"]


@pytest.mark.parametrize("before", list(Priority))
@pytest.mark.parametrize("after", list(Priority))
def test_a_priority_that_changes_counts_from_the_next_job_on(
    ledger: Ledger, before: Priority, after: Priority
) -> None:
    lane = SharedLane(ledger)
    lane.enter("other", Priority.NORMAL)
    lane.enter("changed", before)
    lane.serve(70)
    document = Scene(ledger, batch="changed").document(MANY)
    ledger.batches.prioritize(document, after)
    served = lane.serve(130)
    if after is not before:
        assert_fair(served, {"other": Priority.NORMAL, "changed": after})
    ledger.client.flushall()


def test_a_priority_set_before_the_chunks_come_is_kept(scene: Scene) -> None:
    scene.ledger.batches.prioritize(scene.document(2), Priority.HIGH)
    scene.hand_in(2, priority=Priority.LOW)
    Scene(scene.ledger, batch="day").hand_in(2)
    assert scene.backlog() == ["night", "day"]
