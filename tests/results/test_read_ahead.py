"""Reading ahead: in order, a bounded number at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from results.read_ahead import AHEAD, read_ahead


def test_items_come_in_order_with_what_was_read() -> None:
    assert list(read_ahead(range(100), lambda n: n * n)) == [(n, n * n) for n in range(100)]
    assert list(read_ahead([], str)) == []


def test_several_are_read_at_once() -> None:
    both = threading.Barrier(2, timeout=20)  # breaks when one waits alone
    list(read_ahead(range(2), lambda _: both.wait()))


def test_no_more_than_that_are_held() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    for number, _ in read_ahead(items(), str):
        assert len(taken) <= number + AHEAD
    assert len(taken) == 1000


def test_a_failure_comes_at_its_item() -> None:
    found = read_ahead([2, 1, 0, 5], lambda n: 10 // n)
    assert [next(found), next(found)] == [(2, 5), (1, 10)]
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_who_stops_early_leaves_no_thread_behind() -> None:
    found = read_ahead(range(1000), str)
    next(found)
    found.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("read-ahead")]
