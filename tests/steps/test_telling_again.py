"""Notices that do not arrive: sent again under the same id, given up, taken over from the dead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.keys import NOTICES, notice_keys
from ledger.notices import Notices
from schemas.notify import Event, Occasion
from schemas.states import BatchState
from tests.receiver import Receiver, Reply
from tests.steps.logs import logged
from tests.steps.mill import BATCH, Mill
from tests.steps.told import jobs, tells, turn, untold
from worker.dispatcher import NOTICES_EVERY


def test_who_is_away_is_told_later_under_the_same_id(mill: Mill, receiver: Receiver) -> None:
    tells(mill, receiver)
    receiver.replies += [Reply(500), Reply(500)]
    mill.hand_in(jobs(1))
    turn(mill)
    assert len(receiver.received) == 3
    assert len({found.id for found in receiver.received}) == 1
    assert len({found.body for found in receiver.received}) == 1
    assert untold(mill) == {}
    assert mill.ledger.client.zcard(NOTICES) == 0


def test_why_nobody_is_told_can_be_seen_meanwhile(mill: Mill, receiver: Receiver) -> None:
    tells(mill, receiver)
    receiver.usual = Reply(503)
    mill.hand_in(jobs(1))
    with logged() as lines:
        turn(mill, 12)
    assert untold(mill) == {Occasion(Event.FINISHED, "1"): "it answered HTTP 503; tried again"}
    assert {line["why"] for line in lines.of("notice.put_off")} == {"it answered HTTP 503"}
    assert receiver.url not in lines.text


def test_after_a_day_it_is_given_up_and_that_can_be_seen(mill: Mill, receiver: Receiver) -> None:
    tells(mill, receiver)
    receiver.usual = Reply(500)
    mill.hand_in(jobs(1))
    turn(mill, 12)
    (id_,) = mill.ledger.client.zrange(notice_keys(BATCH).due, 0, -1)
    mill.ledger.client.hincrby(notice_keys(BATCH).notice(str(id_)), "posted_ms", -86_400_000)
    with logged() as lines:
        turn(mill, 2 * NOTICES_EVERY)
    assert len(lines.of("notice.given_up")) == 1
    assert untold(mill) == {Occasion(Event.FINISHED, "1"): "given up: it answered HTTP 500"}
    sent = len(receiver.received)
    turn(mill, 2 * NOTICES_EVERY)
    assert len(receiver.received) == sent


def test_who_wants_nothing_more_gets_nothing_more(mill: Mill, receiver: Receiver) -> None:
    tells(mill, receiver)
    receiver.usual = Reply(410)
    mill.hand_in(jobs(1))
    turn(mill)
    assert len(receiver.received) == 1


class Killed(Exception):
    """The process is no more."""


class DiesWhenSent(Notices):
    """Of a worker that dies when it has sent a notice, before the ledger knows."""

    def end(self, *_: object, **__: object) -> bool:
        raise Killed


class DiesWhenFinished(Notices):
    """Of a worker that dies when it has finished a batch, before it tells of that."""

    def finished_round(self, batch: str) -> int | None:
        if super().finished_round(batch) is not None:
            raise Killed
        return None


def dies(mill: Mill, notices: type[Notices]) -> None:
    """Another worker does all there is to do, until it dies."""
    own = notices(mill.ledger.client, mill.ledger.scripts)
    doomed = mill.twin(replace(mill.ledger, notices=own))
    with pytest.raises(Killed):
        turn(doomed)


def test_a_worker_that_dies_after_sending_leaves_the_same_notice_to_another(
    mill: Mill, receiver: Receiver
) -> None:
    tells(mill, receiver)
    mill.hand_in(jobs(1))
    dies(mill, DiesWhenSent)
    assert len(receiver.received) == 1
    turn(mill, 2 * NOTICES_EVERY)
    assert len(receiver.received) == 2
    assert receiver.received[0].id == receiver.received[1].id
    assert receiver.received[0].body == receiver.received[1].body
    assert untold(mill) == {}


def test_a_worker_that_dies_between_finishing_and_saying_so_is_stood_in_for(
    mill: Mill, receiver: Receiver
) -> None:
    tells(mill, receiver)
    mill.hand_in(jobs(1))
    dies(mill, DiesWhenFinished)
    assert mill.ledger.batches.state(BATCH) is BatchState.FINISHED
    assert mill.ledger.notices.told(BATCH) == set()
    turn(mill, 2 * NOTICES_EVERY)
    assert receiver.types == ["batch.finished"]


def test_when_all_is_told_nobody_looks_any_more(mill: Mill, receiver: Receiver) -> None:
    tells(mill, receiver)
    mill.hand_in(jobs(1))
    turn(mill)
    mill.ledger.notices.look_at(BATCH)
    mill.ledger.notices.due(60.0)
    mill.desk.tell(BATCH)
    assert mill.ledger.client.zcard(NOTICES) == 0
    assert receiver.types == ["batch.finished"]
