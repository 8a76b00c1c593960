"""A mill whose settings name somebody who is told, and time that passes until he is."""

from __future__ import annotations

from typing import Any

from ledger.keys import NOTICES, notice_keys
from schemas.notify import Notify, Occasion
from tests.receiver import Receiver
from tests.steps.ageing import age
from tests.steps.mill import BATCH, Mill, job

MOST_TURNS = 40


def tells(mill: Mill, receiver: Receiver, **changes: Any) -> None:
    """The settings name the receiver."""
    notify = Notify.model_validate({"url": receiver.url, **changes})
    mill.use(mill.tools.settings.model_copy(update={"notify": notify}))


def let_time_pass(mill: Mill) -> None:
    mill.let_time_pass()
    now_ms = mill.ledger.fleet.now_ms()
    for key in (NOTICES, notice_keys(BATCH).due):
        for name in mill.ledger.client.zrange(key, 0, -1):
            mill.ledger.client.zadd(key, {str(name): now_ms}, xx=True, lt=True)


def turn(mill: Mill, times: int = MOST_TURNS) -> None:
    for _ in range(times):
        mill.turn()
        age(mill.ledger, mill.provider)
        let_time_pass(mill)


def untold(mill: Mill) -> dict[Occasion, str]:
    return mill.ledger.notices.untold(BATCH)


def jobs(count: int) -> list[Any]:
    return [job(f"SKU-{i}", line=i + 2) for i in range(count)]
