"""Ctrl-C while a batch is followed: never lost, and never between a command and its reply."""

from __future__ import annotations

import io
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from rich.console import Console

from ledger.connection import connect
from ledger.opening import Ledger, ledger_on, open_ledger
from ledger.scripts import Scripts
from producer.commands.following import followed, waited_for
from producer.interruption import interruption
from producer.session import Session
from producer.watching import LanesStopped, WaitedTooLong
from schemas.settings import Settings
from tests.steps.instant_clock import InstantClock
from tests.submission.test_watching import opened
from tests.valkey import Valkey, run_valkey

NAME = "night"


@pytest.fixture(autouse=True)
def at_a_terminal() -> Iterator[None]:
    """SIGINT does what it does in a command, whatever the tests' runner made of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _batch(ledger: Ledger) -> None:
    opened(ledger, NAME, 1000)


@pytest.fixture
def session() -> Session:
    return Session(
        Settings(), InstantClock(), Console(file=io.StringIO()), as_json=False, quiet=True
    )


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def meanwhile(session: Session, what: Callable[[], object]) -> Session:
    """The same, with something that happens between two looks."""
    clock = InstantClock()
    clock.meanwhile = what
    return replace(session, clock=clock)


class Vanishing:
    """Somebody presses Ctrl-C in its last moment, where Python loses whatever is raised."""

    def __del__(self) -> None:
        press()


def test_in_an_objects_last_moment_it_is_not_lost(ledger: Ledger, session: Session) -> None:
    with pytest.raises(KeyboardInterrupt):
        followed(ledger, NAME, meanwhile(session, Vanishing), timeout_s=3)


def test_no_reply_is_left_for_the_next_command(
    ledger: Ledger, session: Session, valkey: Valkey
) -> None:
    unread: list[str] = []

    class Pressed(redis.Connection):
        """Somebody presses Ctrl-C when a command was sent and its reply not read."""

        def read_response(self, *args: Any, **options: Any) -> Any:
            if armed:
                armed.clear()
                unread.append("a reply")
                press()
                reply = super().read_response(*args, **options)
                unread.clear()
                return reply
            return super().read_response(*args, **options)

    armed: list[bool] = []
    client = connect(valkey.url)
    client.connection_pool.connection_class = Pressed
    own = ledger_on(client, Scripts(client))
    try:
        with pytest.raises(KeyboardInterrupt):
            followed(own, NAME, meanwhile(session, lambda: armed.append(True)), timeout_s=3)
        assert unread == []
        assert own.batches.document(NAME) == ledger.batches.document(NAME)
    finally:
        own.close()


def test_a_server_that_is_gone_is_not_waited_for_then(session: Session, tmp_path: Path) -> None:
    with run_valkey(tmp_path) as server, closing(open_ledger(server.url)) as own:
        opened(own, NAME, 1000)

        def press_in_vain() -> None:
            press()
            server.kill()

        with pytest.raises(KeyboardInterrupt):
            followed(own, NAME, meanwhile(session, press_in_vain), timeout_s=3)


def test_who_only_waits_is_told_that_the_batch_goes_on(ledger: Ledger, session: Session) -> None:
    with pytest.raises(SystemExit) as left:
        waited_for(ledger, NAME, meanwhile(session, press))
    assert left.value.code == 130
    assert isinstance(session.err.file, io.StringIO)
    assert "`imagemill watch night` follows it again" in session.err.file.getvalue()


def test_where_all_lanes_have_stopped_this_machines_mill_goes_on_or_the_fleet(
    ledger: Ledger, session: Session
) -> None:
    lane = "dashscope:wanx-v1@default"
    ledger.lanes.stop(lane, "in arrears")
    with pytest.raises(LanesStopped, match=r"in arrears\..*go on with: imagemill run --resume$"):
        waited_for(ledger, NAME, session, timeout_s=3)
    fleet = replace(session, settings=Settings(redis_url=SecretStr("redis://redis.internal")))
    with pytest.raises(LanesStopped, match=rf"say `imagemill resume {lane}`; .* again\.$"):
        waited_for(ledger, NAME, fleet, timeout_s=3)


def test_nobody_presses_and_nothing_is_raised(ledger: Ledger, session: Session) -> None:
    with pytest.raises(WaitedTooLong):
        followed(ledger, NAME, session, timeout_s=3)
    ledger.batches.finish(NAME, "2026-11-21T06:00:00+00:00")
    assert followed(ledger, NAME, session).state == "finished"


def test_it_is_raised_where_it_is_checked_for() -> None:
    seen: list[str] = []
    with pytest.raises(KeyboardInterrupt), interruption() as check:  # noqa: PT012 - the place counts
        check()
        press()
        seen.append("went on")
        check()
        seen.append("never")
    assert seen == ["went on"]


def test_pressed_twice_it_is_raised_at_once() -> None:
    seen: list[str] = []
    with pytest.raises(KeyboardInterrupt), interruption():  # noqa: PT012 - likewise
        press()
        seen.append("went on")
        press()
        seen.append("never")
    assert seen == ["went on"]


def test_whoever_could_hurry_is_told_once() -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt), interruption(lambda: told.append("hurry")):  # noqa: PT012 - likewise
        press()
        press()
    assert told == ["hurry"]


def test_what_nobody_checked_for_is_raised_at_the_end() -> None:
    with pytest.raises(KeyboardInterrupt), interruption():
        press()


def test_afterwards_all_is_as_before() -> None:
    with interruption() as check:
        check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        press()


def test_who_ignores_it_goes_on_to_ignore_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interruption() as check:
        press()
        check()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_in_another_thread_nothing_is_changed() -> None:
    def enter() -> object:
        with interruption() as check:
            check()
            return signal.getsignal(signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(enter).result() is signal.default_int_handler
