"""Leases are renewed while a step runs, and not one moment longer."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.errors import LedgerUnreachable
from ledger.jobs import Jobs
from ledger.keys import LaneKeys
from ledger.moves import Claim, Move, Moved
from ledger.opening import Ledger
from schemas.states import JobState
from tests.steps.logs import logged
from tests.steps.mill import LANE, LEASE_S, Mill, job
from tests.steps.watched_ledger import Wire, watched_ledger
from tests.valkey import Valkey
from tests.waiting import wait_until
from worker.heartbeat import STUCK_BEATS, Heartbeat


def shorten(mill: Mill, claim: Claim) -> None:
    soon_ms = mill.ledger.fleet.now_ms() + 1000
    mill.ledger.client.zadd(LaneKeys(LANE).agenda, {claim.ref: soon_ms}, xx=True)


def test_a_held_claim_is_renewed_and_a_released_one_is_not(mill: Mill) -> None:
    claim = mill.released()
    shorten(mill, claim)
    with mill.heartbeat.holding(claim):
        mill.heartbeat.beat()
        assert (mill.wait_s(claim) or 0) > LEASE_S - 5
    shorten(mill, claim)
    mill.heartbeat.beat()
    assert (mill.wait_s(claim) or 0) <= 1


def test_a_step_that_breaks_holds_nothing(mill: Mill) -> None:
    claim = mill.released()
    with pytest.raises(RuntimeError), mill.heartbeat.holding(claim):
        raise RuntimeError
    shorten(mill, claim)
    mill.heartbeat.beat()
    assert (mill.wait_s(claim) or 0) <= 1


def test_many_threads_hold_many_claims(mill: Mill) -> None:
    mill.hand_in([job(f"SKU-{i}") for i in range(8)])
    claims = [handout.claim for handout in mill.hand_out()]
    for claim in claims:
        shorten(mill, claim)
    ready, go_on = threading.Barrier(len(claims) + 1), threading.Event()

    def hold(claim: Claim) -> None:
        with mill.heartbeat.holding(claim):
            ready.wait(10)
            go_on.wait(10)

    with ThreadPoolExecutor(len(claims)) as pool:
        for claim in claims:
            pool.submit(hold, claim)
        ready.wait(10)
        mill.heartbeat.beat()
        go_on.set()
    assert all((mill.wait_s(claim) or 0) > LEASE_S - 5 for claim in claims)


def test_a_lost_claim_is_logged_and_stays_lost(mill: Mill) -> None:
    claim = mill.released()
    newer = mill.due_again(JobState.RELEASED)
    shorten(mill, newer)
    with mill.heartbeat.holding(claim), logged() as lines:
        mill.heartbeat.beat()
    (line,) = lines.all()
    assert (line["event"], line["job"], line["lane"]) == ("claim.lost", "SKU-1", LANE)
    assert (mill.wait_s(claim) or 0) <= 1


def test_a_renewal_that_comes_after_the_outcome_puts_nothing_off(mill: Mill) -> None:
    booked, renewing = threading.Event(), threading.Event()

    class SlowJobs(Jobs):
        def renew(self, claims: Iterable[Claim], lease_s: float) -> list[bool]:
            renewing.set()
            booked.wait(10)
            return super().renew(claims, lease_s)

    jobs = SlowJobs(mill.ledger.client, mill.ledger.scripts)
    heartbeat = Heartbeat(jobs, mill.ledger.fleet, LEASE_S, "slow", 1)
    claim = mill.running()
    found = mill.ledger.jobs.take(claim)
    assert found is not None
    beat = threading.Thread(target=heartbeat.beat)
    with heartbeat.holding(claim):
        beat.start()
        assert renewing.wait(10)
        look_in_2_s = Move(JobState.RUNNING, JobState.RUNNING, delay_s=2)
        assert mill.ledger.jobs.move(claim, found.chunk, look_in_2_s) is Moved.YES
    booked.set()
    beat.join(10)
    assert (mill.wait_s(claim) or 0) <= 2


def test_a_worker_reports_in_and_signs_off(mill: Mill) -> None:
    heartbeat = Heartbeat(mill.ledger.jobs, mill.ledger.fleet, LEASE_S, "host-1", 6)
    heartbeat.start()
    wait_until(lambda: mill.ledger.fleet.workers() == {"host-1": 6}, what="the first beat")
    heartbeat.stop()
    assert mill.ledger.fleet.workers() == {}


def test_the_thread_beats_again_and_again(mill: Mill) -> None:
    heartbeat = Heartbeat(mill.ledger.jobs, mill.ledger.fleet, 0.06, "host-1", 6)
    heartbeat.start()
    for _ in range(2):
        wait_until(lambda: mill.ledger.fleet.workers() == {"host-1": 6}, what="a beat")
        mill.ledger.fleet.sign_off("host-1", 6)
    heartbeat.stop()


def test_a_worker_that_takes_no_messages_any_more_does_not_count_as_alive(mill: Mill) -> None:
    heartbeat = Heartbeat(mill.ledger.jobs, mill.ledger.fleet, LEASE_S, "host-1", 6)
    heartbeat.looked()
    with logged() as lines:
        for _ in range(STUCK_BEATS):
            heartbeat.beat()
            assert mill.ledger.fleet.workers() == {"host-1": 6}
        mill.ledger.fleet.sign_off("host-1", 6)
        heartbeat.beat()
        assert mill.ledger.fleet.workers() == {}
        assert len(lines.of("worker.stuck")) == 1
    heartbeat.looked()
    heartbeat.beat()
    assert mill.ledger.fleet.workers() == {"host-1": 6}


def test_a_ledger_that_is_away_is_waited_for(valkey: Valkey, ledger: Ledger) -> None:
    wire = Wire()
    with watched_ledger(valkey.port, wire) as away:
        assert away.fleet.now_ms() > 0
        wire.breaks_at = wire.round_trips + 1
        heartbeat = Heartbeat(away.jobs, away.fleet, 0.06, "host-1", 6)
        with logged() as lines:
            heartbeat.start()
            wait_until(lambda: len(lines.of("heartbeat.missed")) > 1, what="missed beats")
            wire.breaks_at = None
            wait_until(lambda: ledger.fleet.workers() == {"host-1": 6}, what="a beat")
            wire.breaks_at = 0
            heartbeat.stop()
        assert lines.of("worker.sign_off_failed")


def test_unreachable_is_what_the_wire_says(valkey: Valkey) -> None:
    wire = Wire()
    wire.breaks_at = 1
    with (
        watched_ledger(valkey.port, wire) as away,
        pytest.raises(LedgerUnreachable, match="the process is no more"),
    ):
        away.fleet.now_ms()
