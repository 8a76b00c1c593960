"""Notices: what there is to tell of each batch, until somebody took it.

A batch's notices lie in its own slot of a cluster; an index of the fleet's says when to look at which
batch. Whoever takes a notice has it for a lease; whoever dies with it lets another send it once more,
under the same id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from ledger.errors import translated
from ledger.index import forget_idle, nudge, take_turns
from ledger.keys import NOTICES, LaneKeys, batch_record, notice_keys
from ledger.scripts import Argument, Call, Scripts
from schemas.notify import Occasion
from schemas.states import BatchState

KEPT_S = 3 * 86_400
"""A notice that no worker sent is forgotten after this; whoever sends gives up much sooner."""
WAITING = "not sent yet"


@dataclass(frozen=True)
class Posted:
    """A notice in somebody's hands."""

    id: str
    occasion: Occasion
    document: str
    tries: int
    """Times it was sent, and nobody took it."""
    age_s: float
    """Since it was posted."""


class Notices:
    """All batches' notices."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def post(self, batch: str, occasion: Occasion, id_: str, document: str) -> bool:
        """Have somebody told; False where another notice tells of the occasion."""
        keys = notice_keys(batch)
        names = [keys.told, keys.untold, keys.due, keys.notice(id_)]
        args: list[Argument] = [str(occasion), id_, document, WAITING, KEPT_S]
        posted = self._scripts.run_all([Call("post_notice", names, args), nudge(NOTICES, batch)])
        return bool(posted[0])

    def look_at(self, batch: str, delay_s: float = 0.0) -> None:
        """Have somebody look whether there is something to tell of a batch."""
        self._scripts.run(nudge(NOTICES, batch, delay_s))

    def due(self, again_s: float, limit: int = 20) -> list[str]:
        """Batches with something to tell; each is looked at again after `again_s`."""
        return list(self._scripts.run(take_turns(NOTICES, again_s, limit))[1:])

    def booked(self, batch: str) -> str | None:
        """When the batch is looked at next (ms), as `rest` wants it; None: it is not."""
        with translated():
            found: Any = self._client.zscore(NOTICES, batch)
        return None if found is None else f"{float(found):.0f}"

    def take(self, batch: str, lease_s: float, limit: int = 20) -> list[Posted]:
        """The notices whose moment has come; each is due again after `lease_s`."""
        keys = notice_keys(batch)
        ids = [str(id_) for id_ in self._scripts.run(take_turns(keys.due, lease_s, limit))[1:]]
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.time()
            for id_ in ids:
                pipe.hgetall(keys.notice(id_))
            (seconds, micros), *records = pipe.execute()
            gone = [id_ for id_, record in zip(ids, records, strict=True) if not record]
            if gone:  # they were forgotten, as nobody sent them for so long
                self._client.zrem(keys.due, *gone)
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        found = zip(ids, records, strict=True)
        return [_posted(id_, record, now_ms) for id_, record in found if record]

    def end(self, batch: str, notice: Posted, why: str = "") -> bool:
        """Somebody was told or, where there is a `why`, nobody ever will be; False: ended before."""
        keys = notice_keys(batch)
        names = [keys.untold, keys.due, keys.notice(notice.id)]
        return bool(
            self._scripts.run(Call("end_notice", names, [notice.id, str(notice.occasion), why]))
        )

    def put_off(self, batch: str, notice: Posted, why: str, delay_s: float) -> bool:
        """Nobody took it: it is tried again after a while; False: it was ended before."""
        keys = notice_keys(batch)
        names = [keys.untold, keys.due, keys.notice(notice.id)]
        args: list[Argument] = [notice.id, str(notice.occasion), why, int(delay_s * 1000)]
        return bool(self._scripts.run(Call("put_off_notice", names, args)))

    def rest(self, batch: str, booked: str | None) -> None:
        """Look at the batch when its next notice is due, unless somebody asked since `booked`."""
        with translated():
            first: Any = self._client.zrange(notice_keys(batch).due, 0, 0, withscores=True)
            seconds, micros = self._client.time()
        calls = [] if booked is None else [forget_idle(NOTICES, batch, booked)]
        for _, moment_ms in first:
            delay_s = float(moment_ms) / 1000 - int(seconds) - int(micros) / 1e6
            calls.append(nudge(NOTICES, batch, delay_s))
        if calls:
            self._scripts.run_all(calls)

    def told(self, batch: str) -> set[Occasion]:
        """Everything there was to tell, whether somebody took it or not."""
        with translated():
            found = self._client.hkeys(notice_keys(batch).told)
        return {Occasion.parse(str(text)) for text in found}

    def untold(self, batch: str) -> dict[Occasion, str]:
        """What nobody could be told, and why."""
        with translated():
            found: Mapping[Any, Any] = self._client.hgetall(notice_keys(batch).untold)
        return {Occasion.parse(str(text)): str(why) for text, why in found.items()}

    def forget(self, batch: str, occasions: Sequence[Occasion]) -> None:
        """These are over: should they come again, they are told again."""
        with translated():
            self._client.hdel(notice_keys(batch).told, *map(str, occasions))

    def finished_round(self, batch: str) -> int | None:
        """The round with which the batch is finished; None where it is not."""
        with translated():
            state, number = self._client.hmget(batch_record(batch), "state", "round_number")
        return int(number or 1) if state == BatchState.FINISHED else None

    def first_failure(self, lane: str, batch: str) -> str | None:
        """The first job of a lane that did not come whole, as `batch/id`."""
        with translated():
            found = self._client.hget(LaneKeys(lane).counts(batch), "first_failure")
        return None if found is None else str(found)


def _posted(id_: str, record: Mapping[str, str], now_ms: int) -> Posted:
    return Posted(
        id=id_,
        occasion=Occasion.parse(record["occasion"]),
        document=record["document"],
        tries=int(record["tries"]),
        age_s=(now_ms - int(record["posted_ms"])) / 1000,
    )
