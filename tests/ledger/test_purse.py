"""Money is set aside before an order and settled after it, to the millionth."""

from __future__ import annotations

import pytest

from ledger.keys import account_purse_keys, batch_purse_keys
from ledger.opening import Ledger
from ledger.purse import (
    DAY_S,
    FORGET_AFTER_S,
    BatchPurse,
    Day,
    Figures,
    Purse,
    Refused,
    Reserved,
    Settlement,
)
from schemas.money import MOST_MICRO

BATCH_KEYS = batch_purse_keys("night", "CNY")
ACCOUNT_KEYS = account_purse_keys("dashscope", "default", "CNY")
SOON_S = 60


@pytest.fixture
def purse(ledger: Ledger) -> BatchPurse:
    """A batch's, with room for ten."""
    found = ledger.batch_purse("night", "CNY")
    found.set_limit(10)
    return found


def _account(ledger: Ledger, limit_micro: int = 10, utc_offset_s: int = 0) -> Purse:
    return ledger.account_purse("dashscope", "default", "CNY", Day(limit_micro, utc_offset_s))


def _offset_s(ledger: Ledger, time_of_day_s: int) -> int:
    """The offset of a place where it is this late now."""
    return time_of_day_s - ledger.fleet.now_ms() // 1000 % DAY_S


def test_the_limit_can_be_used_up_and_not_exceeded(purse: BatchPurse) -> None:
    assert purse.reserve("a", 6) == Reserved(Figures(10, 0, 6))
    assert purse.reserve("b", 5) == Refused(Figures(10, 0, 6), None)
    assert purse.reserve("b", 4) == Reserved(Figures(10, 0, 10))
    assert purse.reserve("c", 1) == Refused(Figures(10, 0, 10), None)
    assert purse.read() == Figures(10, 0, 10)


def test_what_is_spent_takes_room_like_what_is_reserved(purse: BatchPurse) -> None:
    purse.reserve("a", 6)
    purse.settle("a", 5)
    assert purse.reserve("b", 6) == Refused(Figures(10, 5, 0), None)
    assert purse.reserve("b", 5) == Reserved(Figures(10, 5, 5))


def test_reserving_twice_reserves_once(purse: BatchPurse) -> None:
    assert purse.reserve("a", 10) == purse.reserve("a", 10) == Reserved(Figures(10, 0, 10))


def test_another_amount_takes_the_place_of_the_first(purse: BatchPurse) -> None:
    purse.reserve("a", 4)
    assert purse.reserve("a", 10) == Reserved(Figures(10, 0, 10))
    assert purse.reserve("a", 3) == Reserved(Figures(10, 0, 3))
    assert purse.reserve("a", 11) == Refused(Figures(10, 0, 3), None)
    assert purse.settle("a", 0) == Settlement(1, 0, Figures(10, 0, 0))


def test_below_a_lowered_limit_nothing_more_is_reserved(purse: BatchPurse) -> None:
    purse.reserve("a", 8)
    purse.set_limit(5)
    assert purse.reserve("a", 8) == Reserved(Figures(5, 0, 8))
    assert purse.reserve("a", 7) == Reserved(Figures(5, 0, 7))
    assert purse.reserve("a", 8) == Refused(Figures(5, 0, 7), None)
    assert purse.reserve("free", 0) == Reserved(Figures(5, 0, 7))
    assert purse.read().room_micro == 0


def test_a_raised_limit_makes_room(purse: BatchPurse) -> None:
    purse.reserve("a", 10)
    assert isinstance(purse.reserve("b", 1), Refused)
    purse.set_limit(11)
    assert purse.reserve("b", 1) == Reserved(Figures(11, 0, 11))


def test_without_a_limit_a_purse_only_counts(ledger: Ledger) -> None:
    purse = ledger.batch_purse("night", "CNY")
    assert purse.read() == Figures(None, 0, 0)
    assert purse.reserve("a", MOST_MICRO) == Reserved(Figures(None, 0, MOST_MICRO))
    assert purse.settle("a", 7) == Settlement(1, 0, Figures(None, 7, 0))
    assert purse.read().room_micro is None
    purse.set_limit(7)
    assert isinstance(purse.reserve("b", 1), Refused)


def test_a_limit_of_nothing_lets_only_through_what_is_free(ledger: Ledger) -> None:
    purse = ledger.batch_purse("night", "CNY")
    purse.set_limit(0)
    assert purse.reserve("free", 0) == Reserved(Figures(0, 0, 0))
    assert purse.settle("free", 0) == Settlement(1, 0, Figures(0, 0, 0))
    assert isinstance(purse.reserve("dear", 1), Refused)
    assert _account(ledger, limit_micro=0).reserve("dear", 1).figures.limit_micro == 0


def test_settling_releases_and_counts_once(purse: BatchPurse) -> None:
    purse.reserve("a", 6)
    purse.reserve("b", 4)
    assert purse.settle("a", 5) == Settlement(1, 0, Figures(10, 5, 4))
    assert purse.settle("a", 5) == Settlement(0, 0, Figures(10, 5, 4))
    assert purse.settle("nobody", 5) == Settlement(0, 0, Figures(10, 5, 4))


def test_many_are_settled_at_once(purse: BatchPurse) -> None:
    for ref in "abc":
        purse.reserve(ref, 3)
    settlement = purse.settle_all({"a": 1, "nobody": 9, "c": 2})
    assert settlement == Settlement(2, 0, Figures(10, 3, 3))
    assert purse.settle_all({}) == Settlement(0, 0, Figures(10, 3, 3))


def test_a_cost_above_the_limit_is_a_fact(purse: BatchPurse) -> None:
    purse.reserve("a", 10)
    assert purse.settle("a", 12).figures == Figures(10, 12, 0)
    assert purse.read().room_micro == 0
    assert isinstance(purse.reserve("b", 1), Refused)


def test_settling_tells_of_the_refused_until_they_come_back(purse: BatchPurse) -> None:
    for ref in "ab":
        purse.reserve(ref, 5)
    assert purse.settle("a", 0).waiting == 0
    purse.reserve("a", 5)
    for ref in "cd":
        assert isinstance(purse.reserve(ref, 5), Refused)
    assert purse.settle("a", 0).waiting == 2
    assert purse.settle("a", 0).waiting == 2, "said again: the first caller may have died"
    purse.reserve("c", 5)
    assert purse.settle("b", 0).waiting == 1
    assert purse.settle("d", 0) == Settlement(0, 0, Figures(10, 0, 5))


@pytest.mark.parametrize("kind", ["batch", "account"])
def test_the_largest_amounts_are_exact(ledger: Ledger, kind: str) -> None:
    if kind == "account":
        purse = _account(ledger, MOST_MICRO, _offset_s(ledger, DAY_S // 2))
    else:
        purse = ledger.batch_purse("night", "CNY")
        ledger.batch_purse("night", "CNY").set_limit(MOST_MICRO)
    assert isinstance(purse.reserve("a", MOST_MICRO - 1), Reserved)
    assert isinstance(purse.reserve("b", 2), Refused)
    assert isinstance(purse.reserve("b", 1), Reserved)
    assert purse.settle("a", MOST_MICRO - 2).figures == Figures(MOST_MICRO, MOST_MICRO - 2, 1)
    assert purse.read() == Figures(MOST_MICRO, MOST_MICRO - 2, 1)
    assert purse.read().room_micro == 1


@pytest.mark.parametrize("micro", [-1, MOST_MICRO + 1])
def test_amounts_no_purse_can_hold_are_refused(ledger: Ledger, micro: int) -> None:
    purse = ledger.batch_purse("night", "CNY")
    for call in (
        lambda: purse.reserve("a", micro),
        lambda: purse.settle("a", micro),
        lambda: purse.set_limit(micro),
        lambda: _account(ledger, micro),
    ):
        with pytest.raises(ValueError, match=str(micro)):
            call()
    assert not ledger.client.exists(*BATCH_KEYS)


def test_purses_share_nothing(ledger: Ledger) -> None:
    day = Day(1)
    purses = [
        ledger.batch_purse("night", "CNY"),
        ledger.batch_purse("night", "USD"),
        ledger.batch_purse("day", "CNY"),
        ledger.account_purse("dashscope", "default", "CNY", day),
        ledger.account_purse("dashscope", "default", "USD", day),
        ledger.account_purse("dashscope", "second", "CNY", day),
        ledger.account_purse("qianfan", "default", "CNY", day),
    ]
    for purse in purses:
        if isinstance(purse, BatchPurse):
            purse.set_limit(1)
    assert [purse.reserve("a", 1) for purse in purses] == [Reserved(Figures(1, 0, 1))] * 7
    assert all(isinstance(purse.reserve("b", 1), Refused) for purse in purses)


def test_a_new_day_begins_with_nothing_spent_and_keeps_what_is_reserved(ledger: Ledger) -> None:
    offset_s = _offset_s(ledger, DAY_S - SOON_S)
    today, tomorrow = _account(ledger, 10, offset_s), _account(ledger, 10, offset_s + SOON_S)
    for ref in "ab":
        today.reserve(ref, 5)
    assert today.settle("a", 4).figures == Figures(10, 4, 5)
    assert isinstance(today.reserve("c", 5), Refused)
    assert tomorrow.read() == Figures(10, 0, 5)
    assert tomorrow.reserve("c", 5) == Reserved(Figures(10, 0, 10))
    assert tomorrow.read() == Figures(10, 0, 10)
    assert tomorrow.settle("b", 3) == Settlement(1, 0, Figures(10, 3, 5))
    assert tomorrow.read() == Figures(10, 3, 5)


def test_a_new_day_may_begin_by_settling(ledger: Ledger) -> None:
    offset_s = _offset_s(ledger, DAY_S - SOON_S)
    today, tomorrow = _account(ledger, 10, offset_s), _account(ledger, 10, offset_s + SOON_S)
    for ref in "ab":
        today.reserve(ref, 5)
    today.settle("a", 5)
    assert tomorrow.settle("b", 4).figures == Figures(10, 4, 0)
    assert tomorrow.settle("b", 4).figures == Figures(10, 4, 0), "the day began once"


def test_a_refusal_says_when_the_next_day_begins(ledger: Ledger) -> None:
    for time_of_day_s in (SOON_S, DAY_S - SOON_S):
        refused = _account(ledger, 0, _offset_s(ledger, time_of_day_s)).reserve("a", 1)
        assert isinstance(refused, Refused)
        assert refused.next_day_s is not None
        assert refused.next_day_s == pytest.approx(DAY_S - time_of_day_s, abs=SOON_S / 2)
        ledger.client.delete(*ACCOUNT_KEYS)


def test_a_clock_set_back_does_not_give_a_days_money_twice(ledger: Ledger) -> None:
    offset_s = _offset_s(ledger, SOON_S)
    now, before = _account(ledger, 10, offset_s), _account(ledger, 10, offset_s - 2 * SOON_S)
    now.reserve("a", 9)
    now.settle("a", 9)
    assert before.read() == Figures(10, 9, 0)
    refused = before.reserve("b", 2)
    assert isinstance(refused, Refused)
    assert refused.figures == Figures(10, 9, 0)
    assert refused.next_day_s == pytest.approx(DAY_S + SOON_S, abs=SOON_S / 2)
    assert before.settle("b", 2).figures == Figures(10, 9, 0)
    assert now.read() == Figures(10, 9, 0)


def test_an_accounts_limit_comes_with_each_call(ledger: Ledger) -> None:
    offset_s = _offset_s(ledger, DAY_S // 2)
    _account(ledger, 10, offset_s).reserve("a", 10)
    assert isinstance(_account(ledger, 10, offset_s).reserve("b", 2), Refused)
    assert isinstance(_account(ledger, 12, offset_s).reserve("b", 2), Reserved)
    assert _account(ledger, 11, offset_s).settle("a", 8).figures == Figures(11, 8, 2)


def test_an_accounts_purse_is_forgotten_when_nobody_uses_it(ledger: Ledger) -> None:
    purse = _account(ledger)

    def assert_kept_for_long() -> None:
        for key in ACCOUNT_KEYS:
            left_s = ledger.client.ttl(key)
            assert FORGET_AFTER_S - SOON_S < left_s <= FORGET_AFTER_S
            ledger.client.expire(key, SOON_S)

    purse.reserve("a", 10)
    purse.reserve("b", 1)
    assert_kept_for_long()
    purse.settle("nobody", 0)
    assert_kept_for_long()
    purse.reserve("b", 1)
    assert_kept_for_long()


def test_a_batchs_purse_stays_and_its_reservations_go_when_all_is_settled(
    ledger: Ledger, purse: BatchPurse
) -> None:
    purse.reserve("a", 10)
    purse.reserve("b", 1)
    assert [ledger.client.ttl(key) for key in BATCH_KEYS] == [-1, -1, -1]
    purse.settle_all({"a": 10, "b": 0})
    assert [ledger.client.exists(key) for key in BATCH_KEYS] == [1, 0, 0]


def test_keys_of_one_purse_share_a_tag() -> None:
    assert BATCH_KEYS == (
        "mill:{batch/night}:purse:CNY",
        "mill:{batch/night}:reservations:CNY",
        "mill:{batch/night}:refused:CNY",
    )
    assert ACCOUNT_KEYS.purse == "mill:{account/dashscope/default}:purse:CNY"
