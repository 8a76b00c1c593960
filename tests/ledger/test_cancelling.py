"""A cancelled batch comes to its end: what was never sent is withdrawn, the rest is let finish."""

from __future__ import annotations

import pytest

from ledger.moves import Claim, Move, Moved
from ledger.tick import WITHDRAWN_AT_ONCE
from schemas.batch import ChunkRef, Hold, LaneRound
from schemas.states import JobState
from tests.ledger.lane_drain import drain
from tests.ledger.leftovers import assert_nothing_in_motion
from tests.ledger.scene import LEASE_S, Scene
from tests.ledger.worker_moves import MARK

WITHDRAW = Move(JobState.PENDING, JobState.CANCELLED)


def _withdraw(scene: Scene, chunk: ChunkRef) -> bool:
    ended = LaneRound(chunks=[chunk], states={JobState.CANCELLED: chunk.size})
    return scene.ledger.lanes.withdraw(scene.lane, chunk, ended)


def test_ready_jobs_are_handed_out_as_pending_under_a_claim_with_a_lease(scene: Scene) -> None:
    (chunk,) = scene.make_ready(3)
    scene.hold(Hold.CANCEL)
    handouts = scene.tick().handouts
    assert [handout.claim.ref for handout in handouts] == scene.refs_of(chunk)
    assert {(h.state, h.claim.number, h.handouts) for h in handouts} == {(JobState.PENDING, 1, 1)}
    assert scene.delay_s(handouts[0].claim.ref) == pytest.approx(LEASE_S, abs=5)
    assert scene.tick().handouts == []
    for handout in handouts:
        assert scene.move(handout.claim, WITHDRAW) is Moved.YES
    assert [chore.what for chore in scene.tick().chores] == ["seal"]
    scene.assert_sums(3)


def test_a_withdrawal_nobody_makes_is_handed_out_again_and_counted(scene: Scene) -> None:
    (chunk,) = scene.make_ready(1)
    scene.hold(Hold.CANCEL)
    (ref,) = scene.refs_of(chunk)
    found = []
    for _ in range(3):
        found += [(h.claim.number, h.handouts) for h in scene.tick().handouts]
        scene.make_due(ref)
    assert found == [(1, 1), (2, 2), (3, 3)]


def test_a_slow_withdrawal_after_its_lease_leaves_nothing_behind(scene: Scene) -> None:
    """Its lease ran out and it waits to be handed out again, when the first outcome comes."""
    (chunk,) = scene.make_ready(1)
    scene.hold(Hold.CANCEL)
    (handout,) = scene.tick().handouts
    scene.make_due(handout.claim.ref)
    scene.ledger.lanes.tick([scene.lane], LEASE_S, 1)
    slow = handout.claim._replace(number=int(scene.record(handout.claim.ref)["claim"]))
    assert scene.move(handout.claim, WITHDRAW) is Moved.LOST
    assert scene.move(slow, WITHDRAW) is Moved.YES
    for chore in scene.tick().chores:
        scene.seal(chore.chunk)
    assert scene.tick().next_s is None
    scene.unhold(Hold.CANCEL)
    assert_nothing_in_motion(scene.ledger)
    assert chunk.size == 1


def test_chunks_that_were_never_loaded_become_chores(scene: Scene) -> None:
    chunks = scene.hand_in(5, 3)
    scene.hold(Hold.CANCEL)
    chores = scene.tick().chores
    assert [(chore.what, chore.chunk) for chore in chores] == [("withdraw", c) for c in chunks]
    assert scene.tick().chores == []
    for chunk in chunks:
        assert _withdraw(scene, chunk)
        assert not _withdraw(scene, chunk)
    scene.assert_sums(8)
    (counts,) = scene.ledger.batches.counts(scene.document(8))
    assert (counts.states[JobState.CANCELLED], counts.chunks, counts.sealed) == (8, 2, 2)
    assert scene.tick().next_s is None


def test_a_withdrawn_chunk_counts_what_earlier_rounds_left(scene: Scene) -> None:
    (chunk,) = scene.hand_in(3)
    scene.hold(Hold.CANCEL)
    scene.tick()
    states = {JobState.CANCELLED: 2, JobState.PARTIAL: 1}
    ended = LaneRound(chunks=[chunk], states=states, images=2, cost_micro=320_000)
    assert scene.ledger.lanes.withdraw(scene.lane, chunk, ended)
    (counts,) = scene.ledger.batches.counts(scene.document(3))
    assert (counts.images, counts.cost_micro) == (2, 320_000)
    assert counts.states[JobState.PARTIAL] == 1
    scene.assert_sums(3)


def test_a_withdrawal_of_a_chunk_nobody_asked_for_changes_nothing(scene: Scene) -> None:
    (chunk,) = scene.hand_in(2)
    before = scene.snapshot()
    assert not _withdraw(scene, chunk)
    assert scene.snapshot() == before


def test_running_jobs_are_asked_about_at_once(scene: Scene) -> None:
    running, polled = scene.released(2)
    for claim in (running, polled):
        scene.bring(claim, JobState.RUNNING)
    scene.make_due(polled.ref)
    scene.tick()
    scene.hold(Hold.CANCEL)
    assert scene.delay_s(running.ref) == pytest.approx(0, abs=5)
    assert scene.delay_s(polled.ref) == pytest.approx(LEASE_S, abs=5)  # somebody is asking
    assert [h.claim.ref for h in scene.tick().handouts] == [running.ref]
    record = scene.ledger.jobs.peek(running)
    assert record is not None
    assert record.cancelled


def test_a_retry_does_not_wait_for_its_moment(scene: Scene) -> None:
    before, after = scene.released(2)
    later = Move(JobState.RELEASED, JobState.PENDING, delay_s=3600)
    scene.move(before, later)
    scene.hold(Hold.CANCEL)
    scene.move(after, later)
    handed = {handout.claim.ref: handout.state for handout in scene.tick().handouts}
    assert handed == {before.ref: JobState.PENDING, after.ref: JobState.PENDING}


def test_a_released_job_is_not_sent_and_is_withdrawn_when_it_comes_back(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.hold(Hold.CANCEL)
    assert scene.ledger.jobs.mark(claim, MARK)[0] is Moved.HELD
    scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, ready=True))
    (handout,) = scene.tick().handouts
    assert (handout.state, handout.claim.number) == (JobState.PENDING, 2)


def test_a_chunk_being_loaded_is_withdrawn_job_by_job(scene: Scene) -> None:
    (chunk,) = scene.hand_in(2)
    scene.tick()
    scene.hold(Hold.CANCEL)
    assert scene.tick().handouts == []
    scene.load(chunk)
    assert [h.claim.ref for h in scene.tick().handouts] == scene.refs_of(chunk)


def test_chunks_handed_in_after_the_cancellation_are_withdrawn_at_once(scene: Scene) -> None:
    """Behind another batch's whole backlog, in a lane that is stopped."""
    Scene(scene.ledger, batch="day").hand_in(*[1] * 5)
    scene.ledger.lanes.stop(scene.lane, "arrears")
    scene.hold(Hold.CANCEL)
    chunks = scene.hand_in(2)
    chores = [chore for chore in scene.tick().chores if chore.what == "withdraw"]
    assert [chore.chunk for chore in chores] == chunks


def test_a_stopped_lane_with_a_full_window_still_cancels(scene: Scene) -> None:
    scene.make_ready(3)
    scene.open(window=1)
    (running,) = scene.release()
    scene.bring(running, JobState.RUNNING)
    scene.ledger.lanes.stop(scene.lane, "arrears")
    scene.hold(Hold.CANCEL)
    states = sorted(handout.state for handout in scene.tick().handouts)
    assert states == [JobState.PENDING, JobState.PENDING, JobState.RUNNING]


def test_the_lane_is_looked_at_again_until_all_is_withdrawn(scene: Scene) -> None:
    scene.hand_in(*[1] * 5)
    scene.hold(Hold.CANCEL)
    seen = 0
    while scene.waiting():
        tick = scene.tick(room=2)
        assert len(tick.chores) <= 2
        assert tick.next_s == (0 if scene.waiting() else pytest.approx(LEASE_S, abs=5))
        for chore in tick.chores:
            seen += _withdraw(scene, chore.chunk)
    assert seen == 5


def test_no_room_withdraws_nothing_and_looks_again(scene: Scene) -> None:
    scene.make_ready(2)
    scene.hold(Hold.CANCEL)
    tick = scene.tick(room=0)
    assert (tick.handouts, tick.next_s) == ([], 0)


def test_no_more_are_withdrawn_at_once_than_workers_can_take(scene: Scene) -> None:
    scene.make_ready(WITHDRAWN_AT_ONCE + 5)
    scene.hold(Hold.CANCEL)
    assert len(scene.tick(room=1000).handouts) == WITHDRAWN_AT_ONCE
    assert len(scene.tick(room=1000).handouts) == 5


def test_a_paused_batch_can_be_cancelled_and_another_goes_on(scene: Scene) -> None:
    (chunk,) = scene.make_ready(2)
    day = Scene(scene.ledger, batch="day")
    (other,) = day.make_ready(1)
    scene.open()
    scene.hold(Hold.PAUSE)
    scene.hold(Hold.CANCEL)
    handed = {handout.claim.ref: handout.state for handout in scene.tick().handouts}
    withdrawn = dict.fromkeys(scene.refs_of(chunk), JobState.PENDING)
    assert handed == {**withdrawn, day.refs_of(other)[0]: JobState.RELEASED}


def test_two_dispatchers_hand_out_each_withdrawal_once(scene: Scene) -> None:
    (chunk,) = scene.make_ready(4)
    scene.hold(Hold.CANCEL)
    refs = [h.claim.ref for _ in range(3) for h in scene.tick(room=2).handouts]
    assert sorted(refs) == scene.refs_of(chunk)


@pytest.mark.parametrize("state", [s for s in JobState if s is not JobState.PENDING])
def test_a_cancelled_batch_leaves_nothing_in_motion(scene: Scene, state: JobState) -> None:
    """Wherever its jobs are: in a chunk, ready, in a state, or waiting for a retry."""
    chunks = scene.hand_in(3, 20, 2)
    for chunk in chunks[:2]:
        scene.tick()
        scene.load(chunk)
    scene.open(rate_per_s=1, window=2)
    claim, retried = scene.release()
    assert scene.waiting() == [str(chunks[2])]
    scene.bring(claim, state)
    scene.move(retried, Move(JobState.RELEASED, JobState.PENDING, delay_s=3600))
    drain(scene.ledger, scene.lane, [scene.batch], scene.jobs_of)
    assert_nothing_in_motion(scene.ledger)
    scene.assert_sums(25)


def test_a_claim_on_a_withdrawn_job_is_gone_with_its_chunk(scene: Scene) -> None:
    (chunk,) = scene.make_ready(1)
    drain(scene.ledger, scene.lane, [scene.batch], scene.jobs_of)
    claim = Claim(scene.lane, scene.refs_of(chunk)[0], 1)
    assert scene.ledger.jobs.peek(claim) is None
    assert scene.ledger.jobs.move(claim, str(chunk), WITHDRAW) is Moved.LOST
    assert_nothing_in_motion(scene.ledger)
