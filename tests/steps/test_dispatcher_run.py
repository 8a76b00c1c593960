"""The dispatcher's thread: who leads, and what it survives."""

from __future__ import annotations

import threading

import pytest

from ledger.errors import LedgerUnreachable
from ledger.keys import LEADER, LaneKeys
from tests.steps.instant_clock import InstantClock
from tests.steps.logs import logged
from tests.steps.mill import LANE, LEASE_S, Mill, Outbox, job
from tests.waiting import wait_until
from worker.dispatcher import STANDBY_S, TERM_S, TICK_S, Dispatcher, NotPublished


def dispatcher(mill: Mill, name: str, outbox: Outbox | None = None) -> Dispatcher:
    return Dispatcher(mill.ledger, outbox or mill.outbox, mill.models, name, LEASE_S)


def rounds(mill: Mill, one: Dispatcher, count: int) -> InstantClock:
    """Let a dispatcher run for so many rounds."""
    clock = InstantClock()
    clock.interrupt_after = count
    one.run(clock)
    return clock


def test_the_leader_ticks_and_the_other_stands_by(mill: Mill) -> None:
    mill.hand_in([job()])
    first, second = dispatcher(mill, "first"), dispatcher(mill, "second")
    assert rounds(mill, first, 3).slept_s == [TICK_S] * 3
    sent = len(mill.outbox.messages)
    assert sent > 0
    assert mill.ledger.fleet.lead("first", 60)
    assert rounds(mill, second, 3).slept_s == [STANDBY_S] * 3
    assert len(mill.outbox.messages) == sent


def test_another_takes_over_when_the_term_ends(mill: Mill) -> None:
    mill.hand_in([job()])
    assert mill.ledger.fleet.lead("first", 0.8)
    second = dispatcher(mill, "second")
    assert rounds(mill, second, 1).slept_s == [STANDBY_S]
    wait_until(lambda: not mill.ledger.client.exists(LEADER), what="the end of the term")
    assert rounds(mill, second, 1).slept_s == [TICK_S]
    assert mill.outbox.messages


def test_a_leader_renews_its_term_before_it_ends(mill: Mill) -> None:
    clock, leader = InstantClock(), dispatcher(mill, "first")
    terms: list[int] = []

    def look() -> None:
        terms.append(int(mill.ledger.client.pttl(LEADER)))
        mill.ledger.client.pexpire(LEADER, 1500)  # as if half the term had passed

    clock.meanwhile = look
    clock.interrupt_after = int(TERM_S / TICK_S)
    leader.run(clock)
    renewals = [term for term in terms if term > 2000]
    assert len(renewals) == 3  # once in each third of the term


def test_a_leader_that_leaves_makes_room_at_once(mill: Mill) -> None:
    mill.hand_in([job()])
    rounds(mill, dispatcher(mill, "first"), 1)
    wait_until(lambda: not mill.ledger.client.exists(LEADER), timeout_s=1, what="its resignation")
    assert rounds(mill, dispatcher(mill, "second"), 1).slept_s == [TICK_S]


def test_whoever_never_led_does_not_resign_for_another(mill: Mill) -> None:
    assert mill.ledger.fleet.lead("first", 60)
    rounds(mill, dispatcher(mill, "second"), 2)
    assert mill.ledger.client.pttl(LEADER) > 50_000


def test_a_leader_that_was_replaced_steps_back(mill: Mill) -> None:
    leader = dispatcher(mill, "first")
    clock = InstantClock()
    clock.interrupt_after = 40
    clock.meanwhile = lambda: mill.ledger.client.set(LEADER, "second", px=60_000)
    leader.run(clock)
    assert clock.slept_s[0] == TICK_S
    assert clock.slept_s[-1] == STANDBY_S


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (NotPublished("OperationalError: away"), "dispatcher.broker"),
        (LedgerUnreachable("away"), "dispatcher.ledger"),
        (RuntimeError("a bug"), "dispatcher.broke"),
    ],
)
def test_the_thread_survives_what_goes_wrong(mill: Mill, error: Exception, event: str) -> None:
    mill.hand_in([job()])
    mill.outbox.fails_with = error
    one = dispatcher(mill, "first")
    with logged() as lines:
        clock = rounds(mill, one, 1)
    assert clock.slept_s == [STANDBY_S]
    assert [line["event"] for line in lines.all()] == [event]
    mill.outbox.fails_with = None
    mill.let_time_pass()
    rounds(mill, one, 1)
    assert mill.outbox.messages


@pytest.mark.parametrize("garbage", ["load:garbage", "garbage", "seal:night/1/x"])
def test_a_garbage_chore_does_not_end_the_thread(mill: Mill, garbage: str) -> None:
    mill.ledger.fleet.report_in("worker-1", 8)
    claim = mill.released()
    mill.ledger.client.zadd(LaneKeys(LANE).chores, {garbage: 1})
    mill.let_time_pass()
    one = dispatcher(mill, "first")
    clock = InstantClock()
    clock.interrupt_after = 3
    with logged() as lines:
        one.run(clock)
    assert "dispatcher.broke" in [line["event"] for line in lines.all()]
    # What was handed out in the same moment comes back when its lease ends.
    now_ms = mill.ledger.fleet.now_ms()
    mill.ledger.client.zadd(LaneKeys(LANE).agenda, {claim.ref: now_ms})
    mill.ledger.fleet.book({LANE: 0.0}, "0")
    rounds(mill, one, 1)
    assert [m.args[1] for m in mill.outbox.messages if m.queue == "submit"] == [claim.ref]


def test_an_interrupted_dispatcher_hands_out_nothing(mill: Mill) -> None:
    mill.hand_in([job()])
    clock = InstantClock()
    clock.interrupt()
    dispatcher(mill, "first").run(clock)
    assert (list(mill.outbox.messages), clock.slept_s) == ([], [])


def test_two_leaders_at_once_do_no_harm(mill: Mill) -> None:
    """A frozen leader wakes up: both hand out, and the claims tell the messages apart."""
    mill.ledger.fleet.report_in("worker-1", 8)
    jobs = [job(f"SKU-{i:02}") for i in range(20)]
    mill.hand_in(jobs)
    mill.hand_out()
    mill.let_time_pass()
    outboxes = [Outbox(), Outbox()]
    leaders = [dispatcher(mill, "first", outboxes[0]), dispatcher(mill, "second", outboxes[1])]
    threads = [threading.Thread(target=one.tick) for one in leaders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    messages = [message for outbox in outboxes for message in outbox.messages]
    mill.let_time_pass()
    leaders[0].tick()
    for message in [*messages, *outboxes[0].messages]:
        mill.work(message)
    assert len(mill.provider.ordered) == len({order.id for order in mill.provider.ordered})
