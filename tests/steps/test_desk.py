"""Messages become steps: stale ones, breaking ones, and what is logged of each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from celery import Celery

from ledger.errors import LedgerUnreachable
from ledger.keys import LaneKeys
from ledger.moves import Claim
from schemas.catalogue import Catalogue, catalogue
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.queues import step_task
from schemas.states import JobState
from tests.steps.logs import logged
from tests.steps.mill import LANE, PROMPT, STEP_OF, Mill, job
from tests.steps.picture_host import failed
from tests.steps.scripted_provider import trouble
from worker.accounts import ProviderUnavailable
from worker.models import Models
from worker.providers.port import Refused, SubmitAnswer
from worker.tasks import CHORES, MOST_TAKES, STEPS, UNAVAILABLE_S, Desk, register

NO_KEY = ProviderUnavailable(trouble(ErrorClass.ACCOUNT, "no-key"))


def explode(_: object) -> SubmitAnswer:
    raise RuntimeError("a bug")


def task(desk: Desk, name: str) -> object:
    app = Celery("imagemill", set_as_current=False)
    register(app, desk)
    return app.tasks[step_task(name)]


def deliver(mill: Mill, name: str, *args: str | int) -> None:
    """What Celery does with a message."""
    body = task(mill.desk, name)
    assert callable(body)
    body(*args)


@pytest.mark.parametrize("step", ["poll", "store", "reconcile", "cancel"])
def test_a_message_for_another_state_does_nothing(mill: Mill, step: str) -> None:
    claim = mill.released()
    before = mill.snapshot()
    mill.desk.step(step, claim)
    assert mill.snapshot() == before


@pytest.mark.parametrize("step", STEPS)
def test_a_message_under_an_older_claim_does_nothing(mill: Mill, step: str) -> None:
    claim = mill.released()
    mill.due_again(JobState.RELEASED)
    before = mill.snapshot()
    mill.desk.step(step, claim)
    assert mill.snapshot() == before


def test_a_message_for_a_job_that_is_gone_does_nothing(mill: Mill) -> None:
    before = mill.snapshot()
    mill.desk.step("submit", Claim(LANE, "night/SKU-9", 1))
    assert mill.snapshot() == before


def test_the_same_message_twice_orders_once(mill: Mill) -> None:
    claim = mill.released()
    mill.desk.step("submit", claim)
    mill.desk.step("submit", claim)
    assert len(mill.provider.ordered) == 1


def test_every_step_and_chore_has_a_task(mill: Mill) -> None:
    app = Celery("imagemill", set_as_current=False)
    register(app, mill.desk)
    ours = {name for name in app.tasks if name.startswith("imagemill.")}
    assert ours == {
        step_task(name) for name in (*STEPS, *CHORES, "close", "look", "tell", "ingest")
    }


def test_a_step_that_breaks_is_logged_once_and_comes_back(mill: Mill) -> None:
    claim = mill.running()
    mill.provider.to_poll.append(explode)  # type: ignore[arg-type]  # it answers nothing
    with logged() as lines:
        deliver(mill, "poll", *claim)
    (broke,) = lines.all()
    assert (broke["event"], broke["level"], broke["step"]) == ("step.broke", "error", "poll")
    assert "RuntimeError: a bug" in broke["traceback"]
    assert mill.record(claim)["state"] == "running"
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    assert mill.record(claim)["state"] == "storing"


def test_a_ledger_that_is_away_ends_no_worker(mill: Mill) -> None:
    claim = mill.running()

    def fail(_: str) -> SubmitAnswer:
        raise LedgerUnreachable

    mill.provider.to_poll.append(fail)  # type: ignore[arg-type]  # it answers nothing
    with logged() as lines:
        deliver(mill, "poll", *claim)
    assert [line["event"] for line in lines.all()] == ["step.broke"]


@pytest.mark.parametrize("state", [JobState.RELEASED, JobState.RUNNING, JobState.STORING])
def test_a_job_that_breaks_every_step_fails_as_poison(mill: Mill, state: JobState) -> None:
    bring = {"released": mill.released, "running": mill.running, "storing": mill.storing}
    claim = bring[state]()
    for _ in range(MOST_TAKES):  # the worker dies of it, each time
        claim = mill.due_again(state)
        assert mill.ledger.jobs.take(claim) is not None
    mill.desk.step(STEP_OF[state], mill.due_again(state))
    result = mill.result(claim)
    assert result.state is JobState.FAILED
    assert result.failures[0].error_class is ErrorClass.POISON
    assert result.failures[0].message == "taken up by workers 5 times without any outcome"
    assert (mill.wait_s(claim), mill.window()) == (None, set())


def test_messages_nobody_took_up_poison_nothing(mill: Mill) -> None:
    claim = mill.running()
    for _ in range(3 * MOST_TAKES):  # its messages wait in a queue longer than its lease
        claim = mill.due_again(JobState.RUNNING)
    mill.desk.step("poll", claim)
    assert mill.record(claim)["state"] != "failed"


def test_a_poisoned_job_keeps_what_is_stored(mill: Mill) -> None:
    claim = mill.storing(n=2)
    mill.host.troubles["/2.png"].append(failed("transient"))
    mill.desk.step("store", claim)
    mill.poison(mill.due_again(JobState.STORING))
    result = mill.result(claim)
    assert (result.state, [image.index for image in result.images]) == (JobState.PARTIAL, [1])
    assert result.cost_micro == 2 * 160_000


def test_a_poisoned_order_that_may_have_left_is_uncertain(mill: Mill) -> None:
    claim = mill.released()
    mill.provider.to_submit.append(explode)
    deliver(mill, "submit", *claim)
    mill.poison(mill.due_again(JobState.SUBMITTING))
    result = mill.result(claim)
    assert (result.state, result.attempts) == (JobState.UNCERTAIN, 1)


def test_an_outcome_begins_the_count_anew(mill: Mill) -> None:
    claim = mill.running()
    for _ in range(MOST_TAKES - 1):
        mill.ledger.jobs.take(mill.due_again(JobState.RUNNING))
    mill.provider.to_poll.append(Refused(trouble(ErrorClass.TRANSIENT)))
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    found = mill.ledger.jobs.take(mill.due_again(JobState.RUNNING))
    assert found is not None
    assert (claim.job, found.takes) == (claim.job, 1)


def test_a_missing_key_stops_the_lane_before_anything_is_sent(mill: Mill) -> None:
    claim = mill.released()
    mill.providers.unavailable = NO_KEY
    mill.desk.step("submit", claim)
    record = mill.record(claim)
    assert (record["state"], record["attempts"]) == ("pending", "0")
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    assert status.stopped == "no-key: a reason for people"


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.STORING])
def test_a_missing_key_loses_nothing_that_was_paid_for(mill: Mill, state: JobState) -> None:
    claim = mill.running() if state is JobState.RUNNING else mill.storing()
    step = "poll" if state is JobState.RUNNING else "store"
    mill.providers.unavailable = NO_KEY
    mill.desk.step(step, claim)
    for _ in range(MOST_TAKES + 2):
        assert mill.record(claim)["state"] == state
        wait_s = mill.wait_s(claim)
        assert wait_s is not None
        assert UNAVAILABLE_S - 5 < wait_s <= UNAVAILABLE_S
        mill.desk.step(step, mill.due_again(state))
    mill.providers.unavailable = None
    mill.desk.step(step, mill.due_again(state))
    assert mill.record(claim)["state"] in ("storing", "succeeded")


def test_a_model_this_worker_does_not_know_stops_its_lane(mill: Mill) -> None:
    claim = mill.released()
    rest = Catalogue([model for model in catalogue() if model.name != "wanx-v1"])
    models = Models(rest, mill.ledger.lanes)
    old = Desk(replace(mill.tools, models=models), mill.heartbeat)
    with logged() as lines:
        old.step("submit", claim)
    assert lines.all()[0]["event"] == "lane.unknown"
    assert mill.record(claim)["state"] == "pending"
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    assert str(status.stopped).startswith("unknown-model: unknown model 'wanx-v1'")
    assert mill.ledger.lanes.resume(LANE)
    (handout,) = mill.hand_out()
    mill.desk.step("submit", handout.claim)
    assert mill.record(claim)["state"] == "running"


def test_one_line_for_each_step(mill: Mill) -> None:
    with logged() as lines:
        claim = mill.storing(n=2)
        mill.desk.step("store", claim)
    ended = lines.of("step.ended")
    assert [(line["step"], line["outcome"]) for line in ended] == [
        ("submit", "Ticketed"),
        ("poll", "Drawn"),
        ("store", "Ended"),
    ]
    for line in ended:
        assert (line["batch"], line["job"], line["lane"]) == ("night", "SKU-1", LANE)
        assert (line["attempt"], line["moved"], line["level"]) == (1, "YES", "info")
        assert line["elapsed_s"] >= 0
    assert ended[0]["time"].endswith("+00:00")


def test_a_late_writer_says_so(mill: Mill) -> None:
    claim = mill.running()

    def hold_up(ticket: str) -> Refused:
        mill.due_again(JobState.RUNNING)
        return Refused(trouble(ErrorClass.TRANSIENT))

    mill.provider.to_poll.append(hold_up)
    with logged() as lines:
        mill.desk.step("poll", claim)
    (line,) = lines.of("step.ended")
    assert (line["moved"], line["level"]) == ("LOST", "warning")


def test_no_log_line_holds_a_secret(mill: Mill) -> None:
    with logged() as lines:
        claim = mill.storing(prompt=PROMPT)
        mill.desk.step("store", claim)
        (other,) = _ready(mill, job("SKU-2"))
        broken = job("SKU-2").request_json().replace('"lane"', '"prompts":["a cat with a")],"lane"')
        mill.ledger.client.hset(LaneKeys(LANE).job(other.ref), "request", broken)
        deliver(mill, "submit", *other)
        mill.ledger.client.hset(
            LaneKeys(LANE).job(other.ref), "request", f'{{"id": 7, "prompt": ["{PROMPT}"]}}'
        )
        deliver(mill, "submit", *other)
    assert len(lines.of("step.broke")) == 2
    for secret in (PROMPT, "cat with", "sk-of-nobody", "Signature"):
        assert secret not in lines.text


def _ready(mill: Mill, order: Job) -> list[Claim]:
    mill.hand_in([order], batch="other")
    return [handout.claim for handout in mill.hand_out()]


def test_a_manifest_another_program_names_is_put_down_to_be_read(mill: Mill) -> None:
    order = '{"model": "wanx-v1", "batch": "evening"}'
    deliver(mill, "ingest", "s3://shop/night.csv", order)
    deliver(mill, "ingest", "s3://shop/night.csv", order)
    (name,) = mill.ledger.intakes.take(60, 9)
    record = mill.ledger.intakes.record(name)
    assert record is not None
    assert record.intake.order.manifest == "s3://shop/night.csv"
    assert (record.intake.order.batch, record.intake.order.model) == ("evening", "wanx-v1")


@pytest.mark.parametrize(
    ("address", "order"),
    [
        ("/etc/passwd", "{}"),
        ("s3://shop/night.csv", "no json"),
        ("s3://shop/night.csv", "[]"),
        ("s3://shop/night.csv", '{"modell": "wanx-v1"}'),
    ],
)
def test_a_message_that_names_none_is_logged_and_asks_nobody(
    mill: Mill, address: str, order: str
) -> None:
    with logged() as lines:
        deliver(mill, "ingest", address, order)
    assert len(lines.of("intake.refused")) == 1
    assert mill.ledger.intakes.take(60, 9) == []
