"""Many at once never exceed a limit by a millionth, and use it up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Barrier, Event

import pytest

from ledger.opening import Ledger, open_ledger
from ledger.purse import Day, Figures, Purse, Refused, Reserved, Settlement
from tests.valkey import Valkey

WORKERS = 8
ORDERS = 60
PRICE_MICRO = 160_000
LIMIT_MICRO = 100 * PRICE_MICRO
"""Less than a quarter of what all the workers' orders would cost."""


def _purse(ledger: Ledger, kind: str) -> Purse:
    if kind == "account":
        noon_s = 43_200 - ledger.fleet.now_ms() // 1000 % 86_400
        return ledger.account_purse("dashscope", "default", "CNY", Day(LIMIT_MICRO, noon_s))
    purse = ledger.batch_purse("night", "CNY")
    purse.set_limit(LIMIT_MICRO)
    return purse


def _work(purse: Purse, start: Barrier, name: str) -> list[Figures]:
    """Order, and settle every second order at half its price. All calls are made twice."""
    start.wait()
    seen = []
    for number in range(ORDERS):
        ref = f"{name}/{number}"
        answers: list[Reserved | Refused | Settlement] = [purse.reserve(ref, PRICE_MICRO)]
        if isinstance(answers[0], Reserved):
            answers.append(purse.reserve(ref, PRICE_MICRO))
            if number % 2:
                answers += [purse.settle(ref, PRICE_MICRO // 2) for _ in range(2)]
        seen += [answer.figures for answer in answers]
    return seen


def _watch(purse: Purse, done: Event) -> list[Figures]:
    seen = [purse.read()]
    while not done.is_set():
        seen.append(purse.read())
    return seen


@pytest.mark.parametrize("kind", ["batch", "account"])
def test_a_limit_holds_under_many_workers(ledger: Ledger, valkey: Valkey, kind: str) -> None:
    start, done = Barrier(WORKERS), Event()
    purse = _purse(ledger, kind)
    with ExitStack() as stack:
        own = [
            stack.enter_context(closing(open_ledger(valkey.url, threads=1))) for _ in range(WORKERS)
        ]
        purses = [_purse(one, kind) for one in own]
        pool = stack.enter_context(ThreadPoolExecutor(WORKERS + 1))
        watcher = pool.submit(_watch, purse, done)
        workers = [pool.submit(_work, one, start, f"w{index}") for index, one in enumerate(purses)]
        try:
            seen = [figures for worker in workers for figures in worker.result()]
        finally:
            done.set()
        seen += watcher.result()
    assert all(one.spent_micro + one.reserved_micro <= LIMIT_MICRO for one in seen)
    end = purse.read()
    assert end.room_micro is not None
    assert end.room_micro < PRICE_MICRO, "what was refused did not fit"
    assert end.spent_micro > 0


@pytest.mark.parametrize("kind", ["batch", "account"])
def test_a_limit_that_prices_divide_is_used_up(ledger: Ledger, valkey: Valkey, kind: str) -> None:
    purse = _purse(ledger, kind)
    start = Barrier(WORKERS)

    def work(name: int) -> int:
        with closing(open_ledger(valkey.url, threads=1)) as own:
            mine = _purse(own, kind)
            start.wait()
            got = [
                ref
                for ref in (f"w{name}/{number}" for number in range(ORDERS))
                if isinstance(mine.reserve(ref, PRICE_MICRO), Reserved)
            ]
            return sum(mine.settle(ref, PRICE_MICRO).settled for ref in got)

    with ThreadPoolExecutor(WORKERS) as pool:
        settled = sum(pool.map(work, range(WORKERS)))
    assert settled * PRICE_MICRO == LIMIT_MICRO
    assert purse.read() == Figures(LIMIT_MICRO, LIMIT_MICRO, 0)
