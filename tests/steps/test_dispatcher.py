"""One tick: what is due becomes messages, as many as the workers can take."""

from __future__ import annotations

import pytest

from ledger.keys import BROKER_PREFIX, LaneKeys
from ledger.moves import Claim
from schemas import queues
from schemas.catalogue import Catalogue, catalogue
from schemas.lane import LaneLimits
from schemas.states import JobState
from tests.steps.mill import BATCH, LANE, LEASE_S, Mill, job
from worker.dispatcher import Dispatcher, Message, NotPublished
from worker.models import Models


def ticked(mill: Mill, dispatcher: Dispatcher | None = None) -> list[Message]:
    """The messages of one tick."""
    (dispatcher or mill.dispatcher).tick()
    found = list(mill.outbox.messages)
    mill.outbox.messages.clear()
    return found


@pytest.fixture(autouse=True)
def one_worker(mill: Mill) -> None:
    mill.ledger.fleet.report_in("worker-1", 8)


def test_nothing_to_do_is_nothing_published(mill: Mill) -> None:
    assert (mill.dispatcher.tick(), list(mill.outbox.messages)) == (0, [])


def test_a_new_batch_is_looked_at_and_its_chunk_loaded(mill: Mill) -> None:
    mill.hand_in([job()])
    assert ticked(mill) == [
        Message("chores", "imagemill.close", (BATCH,)),
        Message("chores", "imagemill.load", (LANE, "night/00001/1")),
    ]


@pytest.mark.parametrize(
    ("state", "queue", "task"),
    [
        (JobState.RELEASED, "submit", "submit"),
        (JobState.SUBMITTING, "poll", "reconcile"),
        (JobState.RUNNING, "poll", "poll"),
        (JobState.STORING, "store", "store"),
    ],
)
def test_each_state_has_its_queue(mill: Mill, state: JobState, queue: str, task: str) -> None:
    claim = mill.released() if state is not JobState.STORING else mill.storing()
    if state is not JobState.STORING:
        mill.ledger.client.hset(LaneKeys(LANE).job(claim.ref), "state", state)
    mill.let_time_pass()
    messages = [message for message in ticked(mill) if message.queue != "chores"]
    assert messages == [Message(queue, f"imagemill.{task}", (LANE, claim.ref, claim.number + 1))]


def test_a_synchronous_model_has_a_queue_of_its_own(mill: Mill) -> None:
    models = [model.model_copy(update={"synchronous": True}) for model in catalogue()]
    dispatcher = Dispatcher(
        mill.ledger, mill.outbox, Models(Catalogue(models), mill.ledger.lanes), "worker-1", LEASE_S
    )
    mill.released()
    mill.let_time_pass()
    assert "generate" in [message.queue for message in ticked(mill, dispatcher)]


@pytest.mark.parametrize(("long_threads", "most"), [(None, 4), (8, 8), (0, 0)])
def test_no_more_long_calls_begin_than_have_a_thread(
    mill: Mill, long_threads: int | None, most: int
) -> None:
    mill.ledger.fleet.report_in("worker-1", 8, long_threads)
    wanx = catalogue().find("wanx-v1")
    long = [
        wanx.model_copy(update={"synchronous": True, "name": name}) for name in ("wanx-v1", "b")
    ]
    models = Models(Catalogue(long), mill.ledger.lanes)
    dispatcher = Dispatcher(mill.ledger, mill.outbox, models, "worker-1", LEASE_S)
    lanes = [LANE, LANE.replace("wanx-v1", "b")]
    wide = LaneLimits(rate_per_s=1000, window=50)
    orders = [job(id=f"{lane[10]}-{i}", lane=lane) for lane in lanes for i in range(20)]
    mill.hand_in(orders, limits=wide)
    begun: set[str | int] = set()
    for _ in range(6):
        mill.let_time_pass()
        messages = ticked(mill, dispatcher)
        begun.update(message.args[1] for message in messages if message.queue == "generate")
        for message in messages:
            if message.queue == "chores":
                mill.work(message)
    assert len(begun) == most
    assert mill.ledger.lanes.in_play(lanes) == most


def test_an_unknown_model_is_handed_out_for_the_step_to_refuse(mill: Mill) -> None:
    dispatcher = Dispatcher(
        mill.ledger, mill.outbox, Models(Catalogue([]), mill.ledger.lanes), "worker-1", LEASE_S
    )
    mill.released()
    mill.let_time_pass()
    assert "submit" in [message.queue for message in ticked(mill, dispatcher)]


def test_messages_carry_ids_only(mill: Mill) -> None:
    claim = mill.released()
    mill.let_time_pass()
    (message,) = [message for message in ticked(mill) if message.queue == "submit"]
    assert Claim(*message.args) == Claim(LANE, claim.ref, claim.number + 1)  # type: ignore[arg-type]  # a claim is its three ids


def test_long_queues_hold_everything_back(mill: Mill) -> None:
    mill.hand_in([job(f"SKU-{i}") for i in range(40)])
    mill.hand_out()
    mill.let_time_pass()
    key = f"{BROKER_PREFIX}{queues.POLL}"
    mill.ledger.client.rpush(key, *["message"] * 13)
    assert len([m for m in ticked(mill) if m.queue == "submit"]) == 3  # 2 x 8 threads less 13
    mill.ledger.client.rpush(key, *["message"] * 3)
    mill.let_time_pass()
    assert [m for m in ticked(mill) if m.queue == "submit"] == []
    mill.ledger.client.delete(key)
    mill.let_time_pass()
    assert len([m for m in ticked(mill) if m.queue == "submit"]) == 16


def test_nothing_is_handed_out_where_nobody_works(mill: Mill) -> None:
    claim = mill.released()
    mill.ledger.fleet.sign_off("worker-1", 8)
    mill.let_time_pass()
    assert [message for message in ticked(mill) if message.queue != "chores"] == []
    assert mill.record(claim)["claim"] == str(claim.number)
    mill.ledger.fleet.report_in("worker-2", 1)
    mill.let_time_pass()
    assert "submit" in [message.queue for message in ticked(mill)]


def test_a_publish_that_fails_loses_nothing(mill: Mill) -> None:
    mill.hand_in([job(), job("SKU-2")])
    mill.outbox.fails_with = NotPublished("the broker is away")
    for _ in range(3):
        with pytest.raises(NotPublished):
            mill.dispatcher.tick()
        mill.let_time_pass()
    mill.outbox.fails_with = None
    while mill.turn():
        mill.let_time_pass()
    status = mill.ledger.batches.status(BATCH)
    assert status is not None
    assert (status.state, status.succeeded) == ("finished", 2)
    assert len(mill.provider.ordered) == 2


def test_a_garbage_ref_holds_up_nobody(mill: Mill) -> None:
    claim = mill.released()
    keys, client = LaneKeys(LANE), mill.ledger.client
    client.zadd(keys.agenda, {"garbage": 1, "night/no-such-job": 2, "": 3})
    client.rpush(keys.ready(BATCH), "garbage", "night/no-such-job")
    client.zadd(keys.turns, {BATCH: 0})
    client.zadd("mill:{fleet}:lanes", {"garbage": 1, "": 2})
    client.zadd("mill:{fleet}:batch-agenda", {"no-such-batch": 1})
    mill.let_time_pass()
    messages = ticked(mill)
    assert Message("submit", "imagemill.submit", (*claim[:2], claim.number + 1)) in messages
    assert client.zrange(keys.agenda, 0, -1) == [claim.ref]
    assert client.zrange("mill:{fleet}:lanes", 0, -1) == [LANE]
    mill.desk.close("no-such-batch")


def test_a_finished_chunk_is_sealed_and_the_batch_closed(mill: Mill) -> None:
    mill.hand_in([job()])
    seen: list[str] = []
    status = mill.ledger.batches.status(BATCH)
    while status is not None and status.state != "finished":
        for message in ticked(mill):
            seen.append(message.task.removeprefix("imagemill."))
            mill.work(message)
        mill.let_time_pass()
        status = mill.ledger.batches.status(BATCH)
    assert list(dict.fromkeys(seen)) == ["close", "load", "submit", "poll", "seal"]
    assert seen[-1] == "close"
    mill.let_time_pass()
    assert ticked(mill) == []


def test_an_idle_mill_is_asked_little(mill: Mill) -> None:
    mill.hand_in([job()])
    while mill.turn():
        mill.let_time_pass()
    assert mill.ledger.client.zcard("mill:{fleet}:lanes") == 0
    assert mill.ledger.client.zcard("mill:{fleet}:batch-agenda") == 0
