"""A command that ends with its worker waits until people were told, and not for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledger.notices import Posted
from ledger.opening import Ledger
from producer.last_word import MOST_WAIT_S, last_word
from schemas.batch import Batch
from schemas.notify import Event, Notify, Occasion
from schemas.settings import Settings
from tests.steps.instant_clock import InstantClock
from tests.submission.test_watching import opened

HOOK = Notify(url="https://hooks.example.com/mill")
END = Occasion(Event.FINISHED, "1")


@pytest.fixture
def batch(ledger: Ledger) -> Batch:
    found = opened(ledger, "night", 1000)
    ledger.batches.start("night")
    return found


class Patient(InstantClock):
    """Something happens at its first sleep."""

    def __init__(self, meanwhile: Any = lambda: None) -> None:
        super().__init__()
        self.meanwhile = meanwhile


def settings(**changes: Any) -> Settings:
    return Settings(notify=HOOK.model_copy(update=changes))


def post(ledger: Ledger, occasion: Occasion = END) -> Posted:
    ledger.notices.post("night", occasion, f"evt_{occasion}", "{}")
    return next(one for one in ledger.notices.take("night", 60) if one.occasion == occasion)


def test_nobody_waits_where_nobody_is_told(ledger: Ledger, batch: Batch) -> None:
    clock = InstantClock()
    assert last_word(batch, Event.FINISHED, ledger, Settings(), clock) == ""
    deaf = settings(events=[Event.BUDGET])
    assert last_word(batch, Event.FINISHED, ledger, deaf, clock) == ""
    assert clock.slept_s == []


def test_it_waits_until_the_end_is_posted_and_taken(ledger: Ledger, batch: Batch) -> None:
    ledger.batches.finish("night", "2026-11-21T05:00:00Z")
    steps: Iterator[Callable[[], object]] = iter(
        [
            lambda: post(ledger),
            lambda: ledger.notices.end("night", Posted("evt_finished:1", END, "", 0, 0)),
        ]
    )

    def go_on() -> None:
        next(steps)()

    clock = Patient(go_on)
    assert last_word(batch, Event.FINISHED, ledger, settings(), clock) == ""
    assert len(clock.slept_s) == 2


def test_the_end_of_an_earlier_round_is_not_this_one(ledger: Ledger, batch: Batch) -> None:
    ledger.notices.end("night", post(ledger))
    ledger.batches.finish("night", "2026-11-21T05:00:00Z")
    ledger.client.hset("mill:{batch/night}:record", "round_number", 2)
    said = last_word(batch, Event.FINISHED, ledger, settings(), InstantClock())
    assert "no worker has looked" in said


def test_it_gives_up_in_time_and_says_why(ledger: Ledger, batch: Batch) -> None:
    ledger.batches.finish("night", "2026-11-21T05:00:00Z")
    ledger.notices.put_off("night", post(ledger), "it answered HTTP 500; tried again", 60.0)
    clock = InstantClock()
    said = last_word(batch, Event.FINISHED, ledger, settings(), clock)
    assert said.startswith("Nobody could be told of night: it answered HTTP 500; tried again.")
    assert clock.passed_s <= MOST_WAIT_S + 1


def test_who_waits_may_be_interrupted_between_two_looks(ledger: Ledger, batch: Batch) -> None:
    clock = InstantClock()

    def check() -> None:
        if clock.slept_s:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        last_word(batch, Event.FINISHED, ledger, settings(), clock, check=check)
    assert len(clock.slept_s) == 1


def test_a_batchs_own_receiver_counts(ledger: Ledger, batch: Batch) -> None:
    own = batch.model_copy(update={"notify": HOOK})
    assert last_word(own, Event.BUDGET, ledger, Settings(), InstantClock())


def test_what_is_noticed_at_a_look_is_looked_for(ledger: Ledger, batch: Batch) -> None:
    ledger.batches.due(60.0)

    def notice() -> None:
        if ledger.batches.due(60.0) == ["night"]:
            ledger.notices.end("night", post(ledger, Occasion(Event.STOPPED, "a:b@c")))

    assert last_word(batch, Event.STOPPED, ledger, settings(), Patient(notice)) == ""
