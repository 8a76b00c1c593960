"""A shared access token, as the ledger keeps it and as tests stand in for it: one set of rules."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import pytest

from ledger.access_token import FETCHING_S, AccessToken
from ledger.keys import access_token_keys
from ledger.opening import Ledger
from tests.shared_token import ProcessToken
from worker.providers.port import SharedToken


class Kept(Protocol):
    """One way to keep a token, whose time can be made to pass."""

    token: SharedToken

    def pass_time(self, passed_s: float) -> None: ...


class InLedger:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.token: SharedToken = ledger.access_token("qianfan", "default")

    def pass_time(self, passed_s: float) -> None:
        for key in access_token_keys("qianfan", "default"):
            left_ms = self.ledger.client.pttl(key)
            if left_ms > 0:
                self.ledger.client.pexpire(key, max(0, int(left_ms - passed_s * 1000)))


class InProcess:
    def __init__(self) -> None:
        self.now_s = 1000.0
        self.token: SharedToken = ProcessToken(lambda: self.now_s)

    def pass_time(self, passed_s: float) -> None:
        self.now_s += passed_s


@pytest.fixture(params=["ledger", "process"])
def kept(request: pytest.FixtureRequest, ledger: Ledger) -> Kept:
    return InLedger(ledger) if request.param == "ledger" else InProcess()


def test_at_first_there_is_none_and_one_may_fetch_it(kept: Kept) -> None:
    assert kept.token.current() is None
    assert kept.token.may_fetch(None)
    assert not kept.token.may_fetch(None)


def test_a_renewed_token_is_everybodys(kept: Kept) -> None:
    kept.token.may_fetch(None)
    kept.token.renew("a", 60)
    assert kept.token.current() == "a"
    assert not kept.token.may_fetch(None)


def test_one_that_does_not_work_is_replaced_by_one_fetcher(kept: Kept) -> None:
    kept.token.renew("a", 60)
    assert kept.token.may_fetch("a")
    assert not kept.token.may_fetch("a")
    kept.token.renew("b", 60)
    assert kept.token.current() == "b"


def test_who_comes_late_with_an_older_token_does_not_fetch(kept: Kept) -> None:
    kept.token.renew("b", 60)
    assert not kept.token.may_fetch("a")
    assert kept.token.may_fetch("b")


def test_a_token_runs_out_and_may_be_fetched_whatever_one_had(kept: Kept) -> None:
    kept.token.renew("a", 60)
    kept.pass_time(59)
    assert kept.token.current() == "a"
    kept.pass_time(2)
    assert kept.token.current() is None
    assert kept.token.may_fetch("a")


def test_a_fetcher_that_gave_up_leaves_it_to_the_next(kept: Kept) -> None:
    assert kept.token.may_fetch(None)
    kept.token.give_up()
    assert kept.token.may_fetch(None)


def test_a_fetcher_that_died_is_replaced_after_a_while(kept: Kept) -> None:
    assert kept.token.may_fetch(None)
    kept.pass_time(FETCHING_S - 1)
    assert not kept.token.may_fetch(None)
    kept.pass_time(2)
    assert kept.token.may_fetch(None)


def test_renewing_ends_the_fetching(kept: Kept) -> None:
    kept.token.may_fetch(None)
    kept.token.renew("a", 60)
    assert kept.token.may_fetch("a")


def test_many_at_once_are_told_yes_once(kept: Kept) -> None:
    kept.token.renew("old", 60)
    with ThreadPoolExecutor(16) as threads:
        told = list(threads.map(lambda _: kept.token.may_fetch("old"), range(16)))
    assert told.count(True) == 1


def test_each_account_has_a_token_of_its_own(ledger: Ledger) -> None:
    ledger.access_token("qianfan", "default").renew("a", 60)
    other = ledger.access_token("qianfan", "second")
    assert other.current() is None
    assert other.may_fetch(None)


@dataclass
class Race:
    """Fetchers that look, take and renew at once, and count what they fetched."""

    open_token: Callable[[], AccessToken]
    fetched: int = 0

    def run(self, number: int) -> str:
        token = self.open_token()
        while True:
            current = token.current()
            if current is not None and current != "old":
                return current
            if token.may_fetch(current):
                self.fetched += 1
                token.renew(f"new-{number}", 60)


def test_looking_and_taking_leave_no_gap_for_a_second_fetcher(ledger: Ledger) -> None:
    """One that looked before the renewal and takes the right after it must be told no."""
    for _ in range(20):
        ledger.access_token("qianfan", "default").renew("old", 60)
        race = Race(lambda: ledger.access_token("qianfan", "default"))
        with ThreadPoolExecutor(16) as threads:
            found = set(threads.map(race.run, range(16)))
        assert race.fetched == 1
        assert len(found) == 1
