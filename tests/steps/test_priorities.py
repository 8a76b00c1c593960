"""Batches of one lane share it, as their priorities say, whatever came first."""

from __future__ import annotations

from itertools import groupby

import pytest

from schemas.batch import Hold, Priority
from schemas.lane import LaneLimits
from tests.steps.mill import LANE, Mill, job

ONE_AT_A_TIME = LaneLimits(rate_per_s=1000, burst=1, window=1)
BIG = [job(f"BIG-{i:03}", prompt=f"big {i}") for i in range(600)]
SMALL = [job(f"SMALL-{i}", prompt=f"small {i}") for i in range(4)]


def next_orders(mill: Mill, count: int) -> list[str]:
    """Of which batches the next pictures are ordered, one after the other."""
    before = len(mill.provider.ordered)
    for _ in range(8 * count):
        mill.turn()
        mill.let_time_pass()
        if len(mill.provider.ordered) >= before + count:
            break
    ordered = mill.provider.ordered[before:]
    assert len(ordered) == count
    return [order.prompt.split()[0] for order in ordered]


def runs(batches: list[str]) -> list[tuple[str, int]]:
    return [(batch, len(list(group))) for batch, group in groupby(batches)]


def test_an_urgent_batch_goes_before_one_that_is_under_way(mill: Mill) -> None:
    mill.hand_in(BIG, "big", ONE_AT_A_TIME)
    assert set(next_orders(mill, 5)) == {"big"}
    mill.hand_in(SMALL, "small", ONE_AT_A_TIME, Priority.HIGH)
    orders = next_orders(mill, 10)
    assert orders.index("small") <= 1
    assert runs(orders)[-2:] == [("small", 4), ("big", 10 - 4 - orders.index("small"))]


def test_two_alike_take_turns(mill: Mill) -> None:
    mill.hand_in(BIG, "big", ONE_AT_A_TIME)
    next_orders(mill, 5)
    mill.hand_in(SMALL, "small", ONE_AT_A_TIME)
    assert max(count for _, count in runs(next_orders(mill, 8))) <= 2


def test_a_batch_is_made_urgent_while_it_waits_and_stays_so(mill: Mill) -> None:
    mill.hand_in(BIG, "big", ONE_AT_A_TIME)
    small = mill.hand_in(SMALL, "small", ONE_AT_A_TIME, Priority.LOW)
    next_orders(mill, 3)
    mill.ledger.batches.prioritize(small, Priority.HIGH)
    mill.ledger.batches.prioritize(small, Priority.HIGH)
    assert next_orders(mill, 5).count("small") >= 3
    status = mill.ledger.batches.status("small")
    assert status is not None
    assert status.priority is Priority.HIGH


@pytest.mark.parametrize("reason", list(Hold))
def test_a_held_batch_leaves_its_turns_to_the_others(mill: Mill, reason: Hold) -> None:
    mill.hand_in(BIG, "big", ONE_AT_A_TIME, Priority.HIGH)
    mill.hand_in(SMALL, "small", ONE_AT_A_TIME, Priority.LOW)
    assert next_orders(mill, 3)
    mill.ledger.batches.hold("big", [LANE], reason)
    assert set(next_orders(mill, 3)) == {"small"}
