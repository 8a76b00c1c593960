"""Chunks are handed in once, loaded once, sealed once."""

from __future__ import annotations

import pytest

from schemas.batch import ChunkRef
from schemas.result import Image, JobResult
from schemas.states import JobState
from tests.ledger.leftovers import assert_nothing_in_motion
from tests.ledger.scene import Scene


def test_chunks_are_handed_in_once(scene: Scene) -> None:
    chunks = scene.hand_in(3, 2)
    assert not scene.ledger.lanes.hand_in(scene.lane, scene.batch, chunks)
    assert scene.waiting() == [str(c) for c in chunks]
    scene.assert_sums(5)


def test_two_batches_wait_in_one_lane(scene: Scene) -> None:
    scene.hand_in(2)
    other = Scene(scene.ledger, batch="day")
    other.hand_in(3)
    assert scene.backlog() == ["day", "night"]
    assert scene.states(scene.keys.tally)[JobState.PENDING] == 5
    assert scene.states(scene.keys.counts("night"))[JobState.PENDING] == 2
    assert scene.states(scene.keys.counts("day"))[JobState.PENDING] == 3


def test_handing_in_asks_for_a_look_at_the_lane(scene: Scene) -> None:
    scene.hand_in(1)
    assert scene.ledger.fleet.due_lanes(again_s=5, limit=10)[1] == [scene.lane]


def test_a_chunk_is_loaded_once(scene: Scene) -> None:
    (chunk,) = scene.hand_in(3)
    scene.tick()
    assert scene.load(chunk)
    assert not scene.load(chunk)
    assert scene.ready() == scene.refs_of(chunk)
    scene.assert_sums(3)


def test_a_lane_without_a_limit_does_not_load_its_whole_backlog(scene: Scene) -> None:
    scene.hand_in(500, 500, 500, 500)
    scene.open(rate_per_s=100_000.0, burst=1, window=1)
    loads = [
        scene.load(chore.chunk)
        for _ in range(8)
        for chore in scene.tick().chores
        if chore.what == "load"
    ]
    assert 2 <= len(loads) <= 3


def test_a_loaded_record_is_pending_and_keeps_its_request(scene: Scene) -> None:
    (chunk,) = scene.make_ready(1)
    assert scene.record(scene.refs_of(chunk)[0]) == {
        "state": "pending",
        "claim": "0",
        "attempts": "0",
        "chunk": str(chunk),
        "request": '{"id":"c1j00"}',
    }


def test_a_chunk_nobody_asked_for_is_not_loaded(scene: Scene) -> None:
    (chunk,) = scene.hand_in(2)
    assert not scene.load(chunk)
    assert scene.ready() == []


def test_loading_again_does_not_reset_jobs_on_their_way(scene: Scene) -> None:
    claim, *_ = scene.released(3)
    scene.bring(claim, JobState.RUNNING)
    before = scene.record(claim.ref)
    assert not scene.load(scene.chunks(3)[0])
    assert scene.record(claim.ref) == before
    assert scene.ready() == []


def test_a_sealed_chunk_is_gone_and_never_loaded_again(scene: Scene) -> None:
    for claim in scene.released(2):
        scene.end(claim)
    (chunk,) = scene.chunks(2)
    assert scene.seal(chunk)
    assert not scene.seal(chunk)
    assert not scene.load(chunk)
    assert scene.ready() == []
    assert scene.ledger.client.hget(scene.keys.counts(scene.batch), "sealed") == "1"
    scene.assert_sums(2)
    assert_nothing_in_motion(scene.ledger)


def test_a_priority_asks_for_one_chunk_at_a_time(scene: Scene) -> None:
    first, second = scene.hand_in(2, 2)
    assert [chore.chunk for chore in scene.tick().chores] == [first]
    assert scene.tick().chores == []
    scene.load(first)
    assert [chore.chunk for chore in scene.tick().chores] == [second]


def test_no_chunk_is_asked_for_while_enough_jobs_are_ready(scene: Scene) -> None:
    first, second = scene.hand_in(20, 2)
    assert [chore.chunk for chore in scene.tick().chores] == [first]
    scene.load(first)
    assert scene.tick().chores == []  # 20 ready, and 16 is where loading begins
    scene.open(rate_per_s=1, window=4)
    tick = scene.tick()
    assert (len(tick.handouts), tick.chores) == (4, [])
    scene.open(rate_per_s=1, window=5)
    tick = scene.tick()
    assert (len(tick.handouts), [chore.chunk for chore in tick.chores]) == (1, [second])


def test_a_fast_lane_asks_for_its_next_chunk_earlier(scene: Scene) -> None:
    first, second = scene.hand_in(20, 2)
    scene.open(rate_per_s=5, window=1)
    scene.tick()
    scene.load(first)
    assert [chore.chunk for chore in scene.tick().chores] == [second]


def test_a_load_nobody_does_is_handed_out_again(scene: Scene) -> None:
    (chunk,) = scene.hand_in(2)
    assert scene.tick().chores
    scene.ledger.client.zadd(scene.keys.chores, {f"load:{chunk}": 1})
    assert [(c.what, c.chunk) for c in scene.tick().chores] == [("load", chunk)]
    assert scene.load(chunk)
    assert not scene.ledger.client.exists(scene.keys.loading)


def test_the_last_job_to_end_makes_the_seal_due(scene: Scene) -> None:
    first, second, third = scene.released(2, 1)
    scene.end(first)
    scene.end(third)
    assert [(c.what, str(c.chunk)) for c in scene.tick().chores] == [("seal", "night/00002/1")]
    scene.bring(second, JobState.FAILED)
    assert [(c.what, str(c.chunk)) for c in scene.tick().chores] == [("seal", "night/00001/2")]


def test_a_seal_nobody_does_is_handed_out_again(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.end(claim)
    assert scene.tick().chores
    assert scene.tick().chores == []
    (chore,) = scene.chores()
    scene.ledger.client.zadd(scene.keys.chores, {chore: 1})
    assert [c.what for c in scene.tick().chores] == ["seal"]


def test_no_room_means_no_chores_and_no_chunk(scene: Scene) -> None:
    scene.hand_in(2)
    tick = scene.tick(room=0)
    assert tick.chores == []
    assert tick.next_s == 0
    assert len(scene.waiting()) == 1


def test_the_next_moment_of_a_lane(scene: Scene) -> None:
    assert scene.tick().next_s is None
    (claim,) = scene.released(1)
    assert scene.tick().next_s == pytest.approx(30, abs=5)
    scene.make_due(claim.ref)
    assert scene.tick(room=0).next_s == 0
    scene.go(claim, JobState.CANCELLED)
    assert scene.tick(room=0).next_s == 0  # the seal
    scene.tick()
    assert scene.tick().next_s == pytest.approx(30, abs=5)
    scene.seal(scene.chunks(1)[0])
    assert scene.tick().next_s is None


def test_results_of_ended_jobs_are_read_until_they_are_sealed(scene: Scene) -> None:
    (chunk,) = scene.make_ready(2)
    scene.open()
    claim, _ = scene.release()
    scene.bring(claim, JobState.STORING)
    scene.ledger.client.hset(scene.keys.job(claim.ref), "result", "{}")
    refs = scene.refs_of(chunk)
    assert scene.ledger.jobs.results(scene.lane, refs) == ["{}", None]
    scene.seal(chunk)
    assert scene.ledger.jobs.results(scene.lane, refs) == [None, None]
    scene.ledger.client.flushall()  # sealed with jobs on their way: never so in earnest


def test_a_chunk_reference_reads_as_it_is_written() -> None:
    chunk = ChunkRef(batch="night", number=7, size=500)
    assert str(chunk) == "night/00007/500"
    assert ChunkRef.parse(str(chunk)) == chunk


def drawn(job: str, scene: Scene) -> JobResult:
    """A result of an earlier batch, two pictures of it."""
    image = Image(
        key="k", index=1, sha256="0" * 64, size_bytes=1, width=1, height=1, content_type="image/png"
    )
    return JobResult(
        id=job, line=2, state=JobState.SUCCEEDED, lane=scene.lane, model="wanx-v1", n=2,
        images=[image, image.model_copy(update={"index": 2})], attempts=0, currency="CNY",
        reused_from="yesterday",
    )  # fmt: skip


def load_with(scene: Scene, chunk: ChunkRef, *reused: int) -> bool:
    """Load a chunk of which these were drawn before."""
    names = [ref.rpartition("/")[2] for ref in scene.refs_of(chunk)]
    results = [drawn(names[place], scene) for place in reused]
    jobs = [(name, "{}") for name in names]
    return scene.ledger.lanes.load(scene.lane, chunk, jobs, results)


def test_what_was_drawn_before_ends_when_its_chunk_is_loaded(scene: Scene) -> None:
    (chunk,) = scene.hand_in(3)
    scene.tick()
    assert load_with(scene, chunk, 1)
    refs = scene.refs_of(chunk)
    assert scene.ready() == [refs[0], refs[2]]
    for counts in (scene.keys.tally, scene.keys.counts(scene.batch)):
        states = scene.states(counts)
        assert (states[JobState.PENDING], states[JobState.SUCCEEDED]) == (2, 1)
    assert not load_with(scene, chunk, 1)
    (document,) = scene.ledger.jobs.results(scene.lane, [refs[1]])
    assert document is not None
    assert JobResult.model_validate_json(document).reused_from == "yesterday"


def test_a_chunk_of_nothing_new_is_sealed_and_orders_nothing(scene: Scene) -> None:
    (chunk,) = scene.hand_in(3)
    scene.tick()
    assert load_with(scene, chunk, 0, 1, 2)
    (chore,) = scene.tick().chores
    assert chore.what == "seal"
    assert scene.ready() == []
    assert scene.tick().handouts == []
    assert scene.ledger.lanes.seal(scene.lane, chunk, ["a"])
