"""Notices in the ledger: each occasion once, until somebody took it, whoever dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ledger.keys import NOTICES, notice_keys
from ledger.notices import KEPT_S, WAITING, Notices, Posted
from ledger.opening import Ledger
from schemas.notify import Event, Occasion
from schemas.states import JobState
from tests.ledger.scene import BATCH, LANE, Scene

FAILURE = Occasion(Event.FIRST_FAILURE)
END = Occasion(Event.FINISHED, "1")
LEASE_S = 30.0


@pytest.fixture
def notices(ledger: Ledger) -> Notices:
    return ledger.notices


def taken(notices: Notices) -> list[str]:
    return [found.id for found in notices.take(BATCH, LEASE_S)]


def only(notices: Notices) -> Posted:
    (found,) = notices.take(BATCH, LEASE_S)
    return found


def test_a_posted_notice_is_due_at_once_and_its_batch_is_looked_at(notices: Notices) -> None:
    assert notices.post(BATCH, FAILURE, "evt_1", "{}")
    assert notices.due(LEASE_S) == [BATCH]
    found = only(notices)
    assert (found.id, found.occasion, found.document, found.tries) == ("evt_1", FAILURE, "{}", 0)
    assert notices.untold(BATCH) == {FAILURE: WAITING}


def test_an_occasion_is_told_by_one_notice(notices: Notices) -> None:
    assert notices.post(BATCH, FAILURE, "evt_1", "{}")
    assert not notices.post(BATCH, FAILURE, "evt_2", "{}")
    assert notices.post(BATCH, END, "evt_3", "{}")
    assert notices.post("other", FAILURE, "evt_4", "{}")
    assert taken(notices) == ["evt_1", "evt_3"]
    assert notices.told(BATCH) == {FAILURE, END}


def test_of_many_that_notice_it_at_once_one_posts(notices: Notices) -> None:
    with ThreadPoolExecutor(8) as threads:
        posted = list(
            threads.map(lambda n: notices.post(BATCH, FAILURE, f"evt_{n}", "{}"), range(40))
        )
    assert sum(posted) == 1
    assert taken(notices) == [f"evt_{posted.index(True)}"]


def test_the_same_call_sent_twice_posts_once_and_says_so_twice(notices: Notices) -> None:
    """The answer to the first was lost; what was delivered meanwhile does not come back."""
    assert notices.post(BATCH, FAILURE, "evt_1", "{}")
    assert notices.end(BATCH, only(notices))
    assert notices.post(BATCH, FAILURE, "evt_1", "{}")
    assert taken(notices) == []
    assert notices.untold(BATCH) == {}


def test_who_takes_a_notice_has_it_until_the_lease_ends(notices: Notices) -> None:
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    assert [found.id for found in notices.take(BATCH, 0.0)] == ["evt_1"]
    assert taken(notices) == ["evt_1"], "whoever had it is dead: another, and the same id"
    assert taken(notices) == []


def test_a_notice_put_off_counts_its_tries_and_says_why(ledger: Ledger, notices: Notices) -> None:
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    assert notices.put_off(BATCH, only(notices), "it answered HTTP 500", 0.0)
    again = only(notices)
    assert (again.id, again.tries) == ("evt_1", 1)
    assert notices.untold(BATCH) == {FAILURE: "it answered HTTP 500"}
    assert notices.put_off(BATCH, again, "it answered HTTP 500", 600.0)
    assert taken(notices) == []
    score = ledger.client.zscore(notice_keys(BATCH).due, "evt_1")
    assert score is not None
    assert 590_000 < float(score) - ledger.fleet.now_ms() <= 600_000


def test_who_was_told_leaves_nothing_but_that(ledger: Ledger, notices: Notices) -> None:
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    found = only(notices)
    assert notices.end(BATCH, found)
    assert not notices.end(BATCH, found)
    assert notices.untold(BATCH) == {}
    keys = {str(key) for key in ledger.client.scan_iter("mill:{batch/*")}
    assert keys == {notice_keys(BATCH).told}


def test_what_was_given_up_stays_to_be_seen(notices: Notices) -> None:
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    assert notices.end(BATCH, only(notices), "given up: it answered HTTP 404")
    assert notices.untold(BATCH) == {FAILURE: "given up: it answered HTTP 404"}
    assert taken(notices) == []


def test_a_late_sender_brings_nothing_back(notices: Notices) -> None:
    """Its lease ran out, another sent the notice, and then it fails."""
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    late = only(notices)
    assert notices.end(BATCH, late)
    assert not notices.put_off(BATCH, late, "it answered HTTP 500", 0.0)
    assert notices.untold(BATCH) == {}
    assert taken(notices) == []


def test_what_is_over_is_told_again_when_it_comes_again(notices: Notices) -> None:
    notices.post(BATCH, Occasion(Event.BUDGET), "evt_1", "{}")
    assert notices.end(BATCH, only(notices))
    notices.forget(BATCH, [Occasion(Event.BUDGET)])
    assert notices.post(BATCH, Occasion(Event.BUDGET), "evt_2", "{}")
    assert taken(notices) == ["evt_2"]


def test_a_notice_that_was_forgotten_holds_up_nobody(ledger: Ledger, notices: Notices) -> None:
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    notices.post(BATCH, END, "evt_2", "{}")
    ledger.client.delete(notice_keys(BATCH).notice("evt_1"))
    assert [found.id for found in notices.take(BATCH, 0.0)] == ["evt_2"]
    assert ledger.client.zrange(notice_keys(BATCH).due, 0, -1) == ["evt_2"]


def test_nobody_keeps_a_notice_for_ever(ledger: Ledger, notices: Notices) -> None:
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    notices.put_off(BATCH, only(notices), "why", 60.0)
    keys = notice_keys(BATCH)
    for key in (keys.due, keys.notice("evt_1")):
        assert 0 < ledger.client.ttl(key) <= KEPT_S


def index(ledger: Ledger) -> dict[str, float]:
    found: Any = ledger.client.zrange(NOTICES, 0, -1, withscores=True)
    return dict(found)


def test_a_batch_rests_until_its_next_notice_is_due(ledger: Ledger, notices: Notices) -> None:
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    notices.due(LEASE_S)
    booked = notices.booked(BATCH)
    notices.put_off(BATCH, only(notices), "why", 3600.0)
    notices.rest(BATCH, booked)
    assert 3_590_000 < index(ledger)[BATCH] - ledger.fleet.now_ms() <= 3_600_000


def test_a_batch_with_nothing_to_tell_is_looked_at_no_more(
    ledger: Ledger, notices: Notices
) -> None:
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    notices.due(LEASE_S)
    booked = notices.booked(BATCH)
    notices.end(BATCH, only(notices))
    notices.rest(BATCH, booked)
    assert index(ledger) == {}


def test_what_is_posted_meanwhile_is_looked_at(ledger: Ledger, notices: Notices) -> None:
    notices.post(BATCH, FAILURE, "evt_1", "{}")
    notices.due(LEASE_S)
    booked = notices.booked(BATCH)
    notices.end(BATCH, only(notices))
    notices.post(BATCH, END, "evt_2", "{}")
    notices.rest(BATCH, booked)
    assert notices.due(LEASE_S) == [BATCH]


def test_a_look_asked_for_meanwhile_is_not_forgotten(notices: Notices) -> None:
    """Whoever finishes a batch asks for one before there is a notice, and may die then."""
    notices.look_at(BATCH)
    notices.due(LEASE_S)
    booked = notices.booked(BATCH)
    notices.look_at(BATCH)
    notices.rest(BATCH, booked)
    assert notices.due(LEASE_S) == [BATCH]


def test_a_look_that_is_asked_for_comes_in_its_time(ledger: Ledger, notices: Notices) -> None:
    notices.look_at(BATCH, 60.0)
    assert notices.due(LEASE_S) == []
    notices.look_at(BATCH)
    assert notices.due(LEASE_S) == [BATCH]


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.PARTIAL, JobState.UNCERTAIN])
def test_the_first_job_that_did_not_come_whole_is_remembered(scene: Scene, state: JobState) -> None:
    good, first, second = scene.released(3)
    scene.end(good)
    assert scene.ledger.notices.first_failure(LANE, BATCH) is None
    scene.bring(first, state)
    scene.bring(second, JobState.FAILED)
    assert scene.ledger.notices.first_failure(LANE, BATCH) == first.ref


def test_the_round_with_which_a_batch_is_finished(scene: Scene) -> None:
    assert scene.ledger.notices.finished_round(BATCH) is None
    scene.finish_batch()
    assert scene.ledger.notices.finished_round(BATCH) == 1
    number = scene.ledger.batches.new_round(BATCH)
    scene.announce_round(number)
    assert scene.ledger.notices.finished_round(BATCH) is None
