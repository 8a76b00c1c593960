"""What a worker counts: each figure moves when, and only when, what it says has happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.batch import Hold
from schemas.failure import ErrorClass
from schemas.figure import Figure
from schemas.lane import Lane
from schemas.states import ENDED_STATES, JobState
from storage import NotFound, Unreachable
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.nights import FIRST, SECOND, night, rows
from tests.steps.scripted_provider import trouble
from worker import figures
from worker.dispatcher import Dispatcher
from worker.measured import MeasuredProviders, Stopwatch
from worker.measured_storage import MeasuredStorage
from worker.metrics import Metrics
from worker.providers.port import Accepted, NotSent, Refused, TaskFailed
from worker.tasks import Desk
from worker.tracing import NoTracing


def value(metrics: Metrics, figure: Figure, *labels: str, ending: str = "") -> float:
    """A sample as a reader sees it; 0 where there is none."""
    named = dict(zip(figure.labels, labels, strict=True))
    return metrics.registry.get_sample_value(figure.name + ending, named) or 0.0


def test_a_whole_job(mill: Mill) -> None:
    mill.desk.step("store", mill.storing(n=2))
    metrics = mill.tools.metrics
    result = {"state": "succeeded"}
    assert value(metrics, figures.JOBS_ENDED, LANE, result["state"]) == 1
    assert value(metrics, figures.IMAGES, LANE) == 2
    assert value(metrics, figures.IMAGE_BYTES, LANE) > 100
    assert value(metrics, figures.COST, LANE, "CNY") == pytest.approx(0.32)
    assert value(metrics, figures.CHUNKS, LANE, "load") == 1
    for step, outcome in (("submit", "Ticketed"), ("poll", "Drawn"), ("store", "Ended")):
        assert value(metrics, figures.STEPS, LANE, step, outcome) == 1
        assert value(metrics, figures.STEP_SECONDS, step, ending="_count") == 1
    assert value(metrics, figures.SLOTS, LANE, "orders", "granted") == 1
    assert value(metrics, figures.SLOTS, LANE, "queries", "granted") == 1
    assert value(metrics, figures.LATE_WRITES, LANE) == 0


def test_rare_figures_begin_at_zero(mill: Mill) -> None:
    """A counter whose first sample is 1 was never seen to rise, and no alert would tell."""
    mill.desk.step("submit", mill.released())
    read = mill.tools.metrics.registry.get_sample_value
    for state in ENDED_STATES:
        assert read(figures.JOBS_ENDED.name, {"lane": LANE, "state": state}) == 0
    for figure in (figures.CLAIMS_EXPIRED, figures.LATE_WRITES, figures.DOUBLE_CHARGES):
        assert read(figure.name, {"lane": LANE}) == 0
    for figure in (figures.JOBS_REUSED, figures.IMAGES, figures.IMAGE_BYTES):
        assert read(figure.name, {"lane": LANE}) == 0
    for figure in (figures.COST, figures.AT_RISK):
        assert read(figure.name, {"lane": LANE, "currency": "CNY"}) == 0
    assert read(figures.BROKEN.name, {"task": "poll"}) == 0


def test_rows_withdrawn_before_they_were_loaded_are_counted_once(mill: Mill) -> None:
    mill.hand_in([job("SKU-1"), job("SKU-2")])
    mill.ledger.batches.hold(BATCH, [LANE], Hold.CANCEL)
    (chore,) = mill.ledger.lanes.tick([LANE], 30, 100)[LANE].chores
    for _ in range(2):
        mill.desk.chore(chore.what, LANE, str(chore.chunk))
    metrics = mill.tools.metrics
    assert value(metrics, figures.CHUNKS, LANE, "withdraw") == 1
    assert value(metrics, figures.JOBS_ENDED, LANE, "cancelled") == 2
    assert value(metrics, figures.JOB_ERRORS, LANE, "cancelled") == 2
    assert value(metrics, figures.COST, LANE, "CNY") == 0


def test_rows_that_were_drawn_before_are_counted_apart(mill: Mill) -> None:
    night(mill, FIRST, rows("a", "b"))
    night(mill, SECOND, rows("a", "b", "c"))
    metrics = mill.tools.metrics
    assert value(metrics, figures.JOBS_REUSED, LANE) == 2
    assert value(metrics, figures.JOBS_ENDED, LANE, "succeeded") == 3
    assert value(metrics, figures.IMAGES, LANE) == 3
    assert value(metrics, figures.COST, LANE, "CNY") == pytest.approx(0.48)


def test_a_row_that_fails_is_counted_by_its_class(mill: Mill) -> None:
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.INVALID)))
    mill.desk.step("submit", mill.released())
    metrics = mill.tools.metrics
    assert value(metrics, figures.JOBS_ENDED, LANE, "failed") == 1
    assert value(metrics, figures.JOB_ERRORS, LANE, "invalid") == 1
    assert value(metrics, figures.COST, LANE, "CNY") == 0


def test_what_may_have_been_paid_for_is_counted_apart(mill: Mill) -> None:
    mill.lost()
    mill.poison(mill.settled())
    metrics = mill.tools.metrics
    assert value(metrics, figures.JOBS_ENDED, LANE, "uncertain") == 1
    assert value(metrics, figures.AT_RISK, LANE, "CNY") == pytest.approx(0.16)


def test_an_order_that_is_sent_again_may_be_paid_twice(mill: Mill) -> None:
    mill.configure(on_uncertain="resubmit")
    mill.lost()
    mill.poison(mill.settled())
    assert value(mill.tools.metrics, figures.DOUBLE_CHARGES, LANE) == 1


def test_a_late_writer_counts_no_ending(mill: Mill) -> None:
    claim = mill.storing()

    def take_over() -> None:
        mill.let_time_pass()
        mill.hand_out()

    mill.host.meanwhile = take_over
    mill.desk.step("store", claim)
    metrics = mill.tools.metrics
    assert value(metrics, figures.LATE_WRITES, LANE) == 1
    assert value(metrics, figures.JOBS_ENDED, LANE, "succeeded") == 0
    assert value(metrics, figures.IMAGES, LANE) == 0


def test_whoever_leads_tells_of_lost_claims_before_there_are_any(mill: Mill) -> None:
    """Its threads may take from other queues, and of a killed worker all jobs come back at once."""
    metrics = Metrics()
    mill.ledger.fleet.report_in("w", 8)
    mill.hand_in([job()])
    Dispatcher(mill.ledger, mill.outbox, mill.models, "w", 30.0, metrics).tick()
    assert metrics.registry.get_sample_value(figures.CLAIMS_EXPIRED.name, {"lane": LANE}) == 0


def test_a_claim_that_ran_out_is_counted_once(mill: Mill) -> None:
    metrics = Metrics()
    dispatcher = Dispatcher(mill.ledger, mill.outbox, mill.models, "w", 30.0, metrics)
    mill.ledger.fleet.report_in("w", 8)
    claim = mill.released()
    dispatcher.tick()
    assert value(metrics, figures.CLAIMS_EXPIRED, LANE) == 0
    mill.let_time_pass()
    dispatcher.tick()
    assert value(metrics, figures.CLAIMS_EXPIRED, LANE) == 1
    fresh = claim._replace(number=claim.number + 1)
    mill.desk.step("submit", fresh)
    mill.let_time_pass()
    dispatcher.tick()
    assert value(metrics, figures.CLAIMS_EXPIRED, LANE) == 1, "a poll that is due is no lost claim"


def test_what_nobody_foresaw_is_counted_by_its_task(mill: Mill) -> None:
    def explode(_: str) -> TaskFailed:
        raise RuntimeError("a bug")

    claim = mill.running()
    mill.provider.to_poll.append(explode)
    mill.desk.at_the_edge(lambda: mill.desk.go("poll", claim), {"step": "poll"})
    assert value(mill.tools.metrics, figures.BROKEN, "poll") == 1


def test_requests_are_counted_by_what_was_answered(mill: Mill) -> None:
    metrics = measured(mill)
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.THROTTLED), 1.0))
    mill.desk.step("submit", mill.released())
    claim = mill.due_again(JobState.RELEASED)
    mill.desk.step("submit", claim)
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("store", mill.due_again(JobState.STORING))
    assert value(metrics, figures.REQUESTS, LANE, "submit", "throttled") == 1
    for phase in ("submit", "poll", "fetch"):
        assert value(metrics, figures.REQUESTS, LANE, phase, "ok") == 1
    assert value(metrics, figures.REQUEST_SECONDS, LANE, "submit", ending="_count") == 2


def measured(mill: Mill) -> Metrics:
    """Let the mill's requests be timed and counted."""
    tools = mill.tools
    stopwatch = Stopwatch(tools.metrics, NoTracing(), tools.clock)
    providers = MeasuredProviders(tools.providers, stopwatch)
    mill.desk = Desk(replace(tools, providers=providers), mill.heartbeat)
    return tools.metrics


def test_waiting_for_its_moment_is_not_the_providers_time(mill: Mill) -> None:
    metrics, clock = Metrics(), mill.clock

    def takes_a_second(_: object) -> Accepted:
        clock.sleep(1.0)
        return Accepted("T-1")

    def waits_for_its_moment() -> bool:
        clock.sleep(5.0)
        return True

    mill.provider.to_submit.append(takes_a_second)
    providers = MeasuredProviders(mill.providers, Stopwatch(metrics, NoTracing(), clock))
    model = mill.models.find(Lane.parse(LANE))
    client = providers.client(Lane.parse(LANE))
    assert client.submit(job(), model, may_send=waits_for_its_moment) == Accepted("T-1")
    told_s = value(metrics, figures.REQUEST_SECONDS, LANE, "submit", ending="_sum")
    assert told_s == pytest.approx(1.0)


def test_what_was_never_sent_took_no_time(mill: Mill) -> None:
    metrics = Metrics()
    providers = MeasuredProviders(mill.providers, Stopwatch(metrics, NoTracing(), mill.clock))
    model = mill.models.find(Lane.parse(LANE))
    answer = providers.client(Lane.parse(LANE)).submit(job(), model, may_send=lambda: False)
    assert isinstance(answer, NotSent)
    assert value(metrics, figures.REQUESTS, LANE, "submit", "not_sent") == 1
    assert value(metrics, figures.REQUEST_SECONDS, LANE, "submit", ending="_count") == 0


def test_a_storage_that_fails_is_counted(mill: Mill) -> None:
    metrics = Metrics()
    storage = MeasuredStorage(mill.storage, metrics, mill.clock)
    mill.storage.down_for = "images"
    storage.put("notes/a", b"a", "text/plain")
    with pytest.raises(Unreachable):
        storage.put("images/a", b"a", "text/plain")
    with pytest.raises(NotFound):
        storage.get("notes/b")
    assert (storage.get("notes/a"), storage.head("notes/b")) == (b"a", None)
    assert value(metrics, figures.STORAGE_ERRORS, "put") == 1
    assert value(metrics, figures.STORAGE_ERRORS, "get") == 0, "an answer is no failure"
    assert value(metrics, figures.STORAGE_SECONDS, "put", ending="_count") == 2
