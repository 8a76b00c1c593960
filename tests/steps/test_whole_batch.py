"""Whole batches, turned by hand in one process, with whatever may go wrong going wrong."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.keys import IN_MOTION, LaneKeys
from ledger.opening import Ledger
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.money import to_text
from schemas.result import JobResult
from schemas.states import BatchState, JobState
from tests.steps.ageing import age
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.picture_host import failed, truncated
from tests.steps.scripted_provider import ScriptedProvider, ToPoll, ToSubmit, trouble
from worker.fetching import Fetched, FetchFailed
from worker.providers.port import (
    Accepted,
    Done,
    NotSent,
    PollAnswer,
    Refused,
    StillRunning,
    SubmitAnswer,
    TaskFailed,
    TaskUnknown,
    Unanswered,
)

OTHER = "dashscope:wanx-v1@second"
JOBS = 30
MOST_TURNS = 600
T = TypeVar("T")

SUBMIT_TROUBLES: list[ToSubmit] = [
    NotSent("no route"),
    Refused(trouble(ErrorClass.TRANSIENT)),
    Refused(trouble(ErrorClass.THROTTLED)),
    Refused(trouble(ErrorClass.ACCOUNT)),
    Refused(trouble(ErrorClass.MODERATED)),
    Unanswered("reset"),
]
POLL_TROUBLES: list[PollAnswer] = [
    StillRunning(queued=True),
    StillRunning(queued=False),
    Refused(trouble(ErrorClass.THROTTLED)),
    Refused(trouble(ErrorClass.ACCOUNT)),
    NotSent("no route"),
    Unanswered("reset"),
    TaskUnknown(),
    TaskFailed(trouble(ErrorClass.TRANSIENT)),
    TaskFailed(trouble(ErrorClass.MODERATED)),
]
FETCH_TROUBLES: list[Fetched | FetchFailed] = [
    truncated(),
    failed("transient"),
    failed("expired"),
    failed("forbidden"),
]


class ProcessDied(Exception):
    """A worker was killed in the middle of a step."""


class Accident:
    """A provider with a run of bad luck, and a mill that loses messages and processes."""

    def __init__(self, mill: Mill, draw: st.DataObject) -> None:
        self.mill = mill
        provider = mill.provider
        submits: list[ToSubmit] = [
            provider.take,
            provider.take_and_say_nothing,
            self.die,
            *SUBMIT_TROUBLES,
        ]
        polls: list[ToPoll] = [
            self.honest,
            self.die_asking,
            *map(self.while_it_lasts, POLL_TROUBLES),
        ]
        provider.to_submit.extend(draw.draw(_some(submits), "submits"))
        provider.to_poll.extend(draw.draw(_some(polls), "polls"))
        mill.host.troubles[""].extend(draw.draw(_some(FETCH_TROUBLES), "fetches"))
        self.deliveries = deque(draw.draw(_some([0, 1, 1, 1, 2]), "deliveries"))
        self.outages = deque(draw.draw(_some(["", "", "_01", ".json"]), "outages"))

    def die(self, _: Job) -> SubmitAnswer:
        raise ProcessDied

    def die_asking(self, _: str) -> PollAnswer:
        raise ProcessDied

    def honest(self, ticket: str) -> PollAnswer:
        return self.mill.provider.drawn(ticket)

    def while_it_lasts(self, answer: PollAnswer) -> ToPoll:
        """A task that is done stays done, whatever happens to questions about it."""

        def told(ticket: str) -> PollAnswer:
            provider = self.mill.provider
            is_done = any(one == ticket and isinstance(a, Done) for one, a in provider.told)
            final = isinstance(answer, TaskFailed | StillRunning | TaskUnknown)
            return provider.drawn(ticket) if is_done and final else answer

        return told

    def turn(self) -> None:
        """One turn of the mill; then every lease runs out, and people resume what stopped."""
        mill = self.mill
        mill.ledger.fleet.report_in("worker-1", 8)
        mill.dispatcher.tick()
        messages, mill.outbox.messages = mill.outbox.messages, deque()
        for message in messages:
            for _ in range(self.deliveries.popleft() if self.deliveries else 1):
                mill.storage.down_for = self.outages.popleft() if self.outages else ""
                try:
                    mill.work(message)
                except ProcessDied:
                    break
                finally:
                    mill.storage.down_for = ""
        for lane in (LANE, OTHER):
            mill.ledger.lanes.resume(lane)
        age(mill.ledger, mill.provider)
        mill.let_time_pass()


def _some(choices: Sequence[T]) -> st.SearchStrategy[list[T]]:
    return st.lists(st.sampled_from(choices), max_size=40)


def turned(mill: Mill, accident: Accident | None = None) -> None:
    """Turn the mill until the batch is finished."""
    for _ in range(MOST_TURNS):
        if accident is None:
            mill.turn()
            age(mill.ledger, mill.provider)
            mill.let_time_pass()
        else:
            accident.turn()
        if mill.ledger.batches.state(BATCH) is BatchState.FINISHED:
            return
    raise AssertionError(f"not finished after {MOST_TURNS} turns: {mill.snapshot().keys()}")


def results(mill: Mill) -> list[JobResult]:
    lines = mill.storage.get("batches/night/results.jsonl").decode().splitlines()
    return [JobResult.model_validate_json(line) for line in lines]


def orders(count: int = JOBS) -> list[Job]:
    lanes = (LANE, OTHER)
    return [
        job(f"SKU-{i:02}", lane=lanes[i % 3 == 0], n=1 + i % 3, line=2 + i) for i in range(count)
    ]


def test_a_job_goes_all_the_way(mill: Mill) -> None:
    mill.hand_in([job(n=2)])
    turned(mill)
    (result,) = results(mill)
    assert (result.state, result.row["sku"]) == (JobState.SUCCEEDED, "SKU-1")
    assert (len(mill.provider.ordered), len(mill.provider.polled)) == (1, 1)
    assert_all_is_well(mill, [job(n=2)])


def test_a_batch_over_two_lanes_goes_all_the_way(mill: Mill) -> None:
    mill.hand_in(orders())
    turned(mill)
    assert {result.state for result in results(mill)} == {JobState.SUCCEEDED}
    assert len(mill.provider.ordered) == JOBS
    assert_all_is_well(mill, orders())


@settings(max_examples=20, deadline=None)
@given(draw=st.data())
def test_whatever_happens_every_job_ends_and_nothing_is_paid_twice(
    session_ledger: Ledger, draw: st.DataObject
) -> None:
    session_ledger.client.flushall()
    with TemporaryDirectory() as folder:
        mill = Mill(session_ledger, Path(folder))
        mill.hand_in(orders())
        turned(mill, Accident(mill, draw))
        assert_all_is_well(mill, orders())


def assert_all_is_well(mill: Mill, ordered: list[Job]) -> None:
    """The invariants of a finished batch."""
    found = results(mill)
    assert [(result.id, result.line) for result in found] == [(one.id, one.line) for one in ordered]
    status = mill.ledger.batches.status(BATCH)
    assert status is not None
    states = Counter(result.state for result in found)
    assert {state: getattr(status, state) for state in JobState} == {
        state: states[state] for state in JobState
    }
    assert status.ended == status.total == len(ordered)
    assert status.cost == to_text(sum(result.cost_micro for result in found))
    assert_nothing_in_motion(mill)
    assert_images_are_stored(mill, found, status.images)
    assert_nothing_is_paid_twice(mill.provider, found)


def assert_nothing_in_motion(mill: Mill) -> None:
    keys = [str(key) for key in mill.ledger.client.scan_iter("mill:*")]
    assert [key for key in keys if IN_MOTION.fullmatch(key)] == []
    for lane in mill.ledger.lanes.names():
        tally = mill.ledger.client.hgetall(LaneKeys(lane).tally)
        assert all(int(tally.get(state, 0)) == 0 for state in ("pending", "released", "submitting"))
        assert all(int(tally.get(state, 0)) == 0 for state in ("running", "storing", "loading"))


def assert_images_are_stored(mill: Mill, found: list[JobResult], counted: int) -> None:
    stored = {
        entry.key: hashlib.sha256(mill.storage.get(entry.key)).hexdigest()
        for entry in mill.storage.list("batches/night/images/")
        if entry.key.endswith(".png")
    }
    images = [image for result in found for image in result.images]
    assert {image.key: image.sha256 for image in images}.items() <= stored.items()
    assert len(images) == counted
    for result in found:
        if result.state is JobState.SUCCEEDED:
            assert [image.index for image in result.images] == list(range(1, result.n + 1))
    lost = {result.id for result in found if result.state in (JobState.PARTIAL, JobState.FAILED)}
    for key in stored.keys() - {image.key for image in images}:
        assert any(f"/{name}_" in key for name in lost), f"{key} is in no result"


def assert_nothing_is_paid_twice(provider: ScriptedProvider, found: list[JobResult]) -> None:
    accepted = Counter(order.id for order in provider.accepted.values())
    failures = Counter(
        provider.accepted[ticket].id
        for ticket, answer in provider.told
        if isinstance(answer, TaskFailed)
    )
    for result in found:
        assert accepted[result.id] <= 1 + failures[result.id], result
        if result.state is JobState.SUCCEEDED:
            assert result.cost_micro == result.n * 160_000
            assert result.ticket in provider.accepted


def test_accepted_is_what_take_says(mill: Mill) -> None:
    scripted: ToSubmit = mill.provider.take
    assert callable(scripted)
    assert isinstance(scripted(job()), Accepted)
