"""Whole ways of notices: noticed by a look, posted once, sent to a real server, sent again."""

from __future__ import annotations

import pytest

from ledger.keys import NOTICES, notice_keys
from ledger.opening import Ledger
from schemas.batch import Hold
from schemas.failure import ErrorClass
from schemas.notify import Notify
from schemas.settings import Settings
from schemas.states import JobState
from tests.receiver import Receiver, Reply, receiving
from tests.steps.logs import logged
from tests.steps.mill import BATCH, LANE, Mill, chunk, job
from tests.steps.scripted_provider import trouble
from tests.steps.told import jobs, let_time_pass, tells, turn, untold
from worker import chores, telling
from worker.dispatcher import NOTICES_EVERY
from worker.hidden import hidden_words
from worker.providers.port import TaskFailed

PRICE = 160_000


def fail_next(mill: Mill, count: int = 1) -> None:
    mill.provider.to_poll.extend([TaskFailed(trouble(ErrorClass.MODERATED))] * count)


def test_a_finished_batch_is_told_once_with_all_its_figures(mill: Mill, receiver: Receiver) -> None:
    tells(mill, receiver)
    mill.hand_in(jobs(3))
    turn(mill)
    (found,) = receiver.received
    assert found.type == "batch.finished"
    assert found.id == found.document["id"]
    data = found.document["data"]
    assert (data["status"]["state"], data["status"]["succeeded"]) == ("finished", 3)
    assert data["status"]["finished_at"]
    assert data["round"] == 1
    assert data["places"]["contact_sheet"].endswith("batches/night/index.html")
    assert untold(mill) == {}


def test_nobody_is_told_where_nobody_wants_to_know(mill: Mill, receiver: Receiver) -> None:
    mill.hand_in(jobs(1))
    turn(mill)
    tells(mill, receiver, events=["budget"])
    mill.hand_in([job("SKU-9")], batch="second")
    turn(mill)
    assert receiver.received == []
    assert mill.ledger.client.exists(NOTICES, notice_keys(BATCH).told) == 0


def test_a_batch_that_names_somebody_tells_him_and_nobody_else(
    mill: Mill, receiver: Receiver
) -> None:
    tells(mill, receiver)
    with receiving() as own:
        document = mill.hand_in(jobs(1))
        named = document.model_copy(update={"notify": Notify(url=own.url)})
        key = "mill:{batch/night}:record"
        mill.ledger.client.hset(key, "document", named.model_dump_json())
        turn(mill)
        assert own.types == ["batch.finished"]
    assert receiver.received == []


def test_the_first_failure_is_told_once_while_the_batch_goes_on(
    mill: Mill, receiver: Receiver
) -> None:
    tells(mill, receiver)
    mill.hand_in(jobs(4))
    fail_next(mill, 2)
    (first, second, *_) = [handout.claim for handout in mill.hand_out()]
    for claim in (first, second):
        mill.desk.step("submit", claim)
    let_time_pass(mill)
    for handout in mill.hand_out():
        if handout.state is JobState.RUNNING:
            mill.desk.step("poll", handout.claim)
    mill.desk.close(BATCH)
    mill.desk.tell(BATCH)
    (found,) = receiver.received
    assert found.type == "batch.first_failure"
    assert found.document["data"]["status"]["state"] == "running"
    failure = found.document["data"]["failure"]
    assert failure["id"] in {first.job, second.job}
    assert (failure["state"], failure["error_class"]) == ("failed", "moderated")
    turn(mill)
    assert receiver.types == ["batch.first_failure", "batch.finished"]


def test_a_failure_of_a_short_batch_is_told_before_its_record_goes(
    mill: Mill, receiver: Receiver
) -> None:
    """The batch is sealed before anybody looks at it again."""
    tells(mill, receiver)
    mill.hand_in(jobs(1))
    fail_next(mill)
    for step in ("submit", "poll"):
        for handout in mill.hand_out():
            mill.desk.step(step, handout.claim)
        mill.let_time_pass()
    assert chores.seal(LANE, chunk(1), mill.tools)
    mill.desk.tell(BATCH)
    (found,) = receiver.received
    assert found.document["data"]["failure"]["id"] == "SKU-0"
    turn(mill)
    assert receiver.types == ["batch.first_failure", "batch.finished"]


def test_a_spent_budget_is_told_and_told_again_when_more_is_spent(
    mill: Mill, receiver: Receiver
) -> None:
    tells(mill, receiver)
    document = mill.hand_in(jobs(4))
    mill.ledger.batches.set_budget(document, "CNY", PRICE)
    turn(mill)
    assert receiver.types == ["batch.parked"]
    status = receiver.received[0].document["data"]["status"]
    assert (status["state"], status["pending"]) == ("parked: budget", 3)
    assert status["budgets"]["CNY"]["limit"] == "0.16"
    mill.ledger.batches.set_budget(document, "CNY", 2 * PRICE)
    mill.desk.close(BATCH)  # somebody looks while it goes on
    turn(mill)
    assert receiver.types == ["batch.parked", "batch.parked"]
    assert len({found.id for found in receiver.received}) == 2
    mill.ledger.batches.set_budget(document, "CNY", 9 * PRICE)
    turn(mill)
    assert receiver.types == ["batch.parked", "batch.parked", "batch.finished"]


def test_a_stopped_lane_is_told_with_its_reason_and_again_after_it_went_on(
    mill: Mill, receiver: Receiver
) -> None:
    tells(mill, receiver)
    mill.hand_in(jobs(2))
    mill.ledger.lanes.stop(LANE, "Arrearage: please pay")
    turn(mill, 2 * NOTICES_EVERY)
    assert receiver.types == ["lane.stopped"]
    assert receiver.received[0].document["data"]["stopped"] == {
        "lane": LANE,
        "why": "Arrearage: please pay",
    }
    mill.ledger.lanes.resume(LANE)
    mill.desk.close(BATCH)
    mill.ledger.lanes.stop(LANE, "Arrearage: please pay")
    mill.desk.close(BATCH)
    mill.desk.tell(BATCH)
    assert receiver.types == ["lane.stopped", "lane.stopped"]


def test_a_further_round_has_an_end_of_its_own(mill: Mill, receiver: Receiver) -> None:
    tells(mill, receiver)
    mill.hand_in(jobs(1))
    turn(mill)
    mill.ledger.client.hset(
        "mill:{batch/night}:record", mapping={"state": "finished", "round_number": 2}
    )
    mill.ledger.notices.look_at(BATCH)
    mill.desk.tell(BATCH)
    assert [found.document["data"]["round"] for found in receiver.received] == [1, 2]


def test_two_looks_at_once_tell_once(mill: Mill, ledger: Ledger, receiver: Receiver) -> None:
    tells(mill, receiver)
    mill.hand_in(jobs(2))
    mill.ledger.lanes.stop(LANE, "Arrearage")
    document = mill.ledger.batches.document(BATCH)
    assert document is not None
    counts = mill.ledger.batches.counts(document)
    telling.tell_of_standing(document, counts, mill.tools)
    telling.tell_of_standing(document, counts, mill.twin(ledger).tools)
    mill.desk.tell(BATCH)
    mill.desk.tell(BATCH)
    assert receiver.types == ["lane.stopped"]


def test_a_batch_held_by_a_person_is_no_news(mill: Mill, receiver: Receiver) -> None:
    tells(mill, receiver)
    mill.hand_in(jobs(2))
    mill.ledger.batches.hold(BATCH, [LANE], Hold.PAUSE)
    turn(mill, 2 * NOTICES_EVERY)
    assert receiver.received == []


def test_secrets_are_in_no_record(
    mill: Mill, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "whsec_s3cr3ts3cr3t")
    monkeypatch.setenv("HOOK_URL", f"{receiver.url}/s3cr3t")
    tells(mill, receiver, url=None, url_env="HOOK_URL", secret_env="HOOK_SECRET")
    receiver.usual = Reply(500)
    mill.hand_in(jobs(1))
    with logged() as lines:
        turn(mill, 2 * NOTICES_EVERY)
    assert receiver.received
    client = mill.ledger.client
    stored = [client.dump(key) or b"" for key in client.scan_iter("*")]
    assert not [value for value in stored if b"s3cr3t" in bytes(value)]
    assert "s3cr3t" not in lines.text


def test_a_job_costs_no_look_at_whom_to_tell(mill: Mill) -> None:
    """An idle mill asks for notices now and then, in one question."""
    mill.ledger.fleet.report_in("worker-1", 8)
    mill.ledger.notices.look_at(BATCH)
    found: list[str] = []
    for _ in range(NOTICES_EVERY):
        mill.dispatcher.tick()
        found += [message.task for message in mill.outbox.messages]
        mill.outbox.messages.clear()
    assert found == ["imagemill.tell"]


def test_a_workers_log_knows_what_to_hide_of_webhooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "whsec_s3cr3t")
    monkeypatch.setenv("HOOK_URL", "https://hooks.example.com/s3cr3t")
    by_name = Notify(url_env="HOOK_URL", secret_env="HOOK_SECRET")
    hidden = hidden_words(Settings(notify=by_name))
    assert {"whsec_s3cr3t", "https://hooks.example.com/s3cr3t"} <= set(hidden)
    assert "https://chat/abcdef" in hidden_words(Settings(notify=Notify(url="https://chat/abcdef")))
