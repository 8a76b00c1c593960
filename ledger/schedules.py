"""Schedules: what is handed in again and again, when it is due, and what its nights were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import redis

from ledger.errors import translated
from ledger.index import nudge, put_off, take_turns
from ledger.keys import INTAKES, SCHEDULES, intake_record, schedule_record, schedule_runs
from ledger.scripts import Argument, Call, Scripts
from schemas.intake import IntakeEnd, IntakeState
from schemas.schedule import Schedule

NIGHTS_KEPT = 1000


class Planned(NamedTuple):
    """A schedule, and when it is due next."""

    schedule: Schedule
    next_ms: int


class NightsSeen(NamedTuple):
    """Whether what is to be handed in gets there."""

    failed: Mapping[str, bool]
    """Of each schedule, whether its last night was missed or refused."""
    manifests_waiting: int
    """All that are to be read, or are being read."""


class Schedules:
    """All schedules."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def put(self, schedule: Schedule, next_ms: int) -> None:
        """Write a schedule, over one of that name; its nights stay."""
        key, document = schedule_record(schedule.name), schedule.model_dump_json()
        with translated():
            self._client.hset(key, mapping={"document": document, "next_ms": next_ms})
        self._scripts.run(nudge(SCHEDULES, schedule.name))

    def find(self, name: str) -> Planned | None:
        """A schedule, or None where there is none of that name."""
        with translated():
            document, next_ms = self._client.hmget(schedule_record(name), "document", "next_ms")
        if document is None or next_ms is None:
            return None
        return Planned(Schedule.model_validate_json(document), int(next_ms))

    def names(self) -> list[str]:
        """All of them, in order."""
        with translated():
            return sorted(str(name) for name in self._client.zrange(SCHEDULES, 0, -1))

    def remove(self, name: str) -> bool:
        """Forget a schedule and its nights; False where there was none."""
        with translated():
            found = bool(self._client.delete(schedule_record(name)))
            self._client.delete(schedule_runs(name))
            self._client.zrem(SCHEDULES, name)
        return found

    def due(self, again_s: float, limit: int = 100) -> list[str]:
        """Schedules to look at; each is looked at again after `again_s`."""
        return list(self._scripts.run(take_turns(SCHEDULES, again_s, limit))[1:])

    def look_at(self, name: str, delay_s: float) -> None:
        """Book the next look; one that was removed gets none."""
        self._scripts.run(put_off(SCHEDULES, name, delay_s))

    def forget(self, name: str) -> None:
        """Look no more at a schedule that was removed."""
        with translated():
            self._client.zrem(SCHEDULES, name)

    def book(
        self, name: str, expected_ms: int, next_ms: int, nights: Mapping[str, int] | None = None
    ) -> bool:
        """Note nights (intake -> planned time in ms) and when it is due next.

        False, and nothing is written, where it was replaced or removed since `expected_ms` was read.
        """
        args: list[Argument] = [expected_ms, next_ms, NIGHTS_KEPT]
        for intake, planned_ms in (nights or {}).items():
            args += [intake, planned_ms]
        names = [schedule_record(name), schedule_runs(name)]
        return bool(self._scripts.run(Call("book_night", names, args)))

    def nights_seen(self, limit: int) -> NightsSeen:
        """How the last nights ended, of the schedules that are due first."""
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(SCHEDULES, 0, limit - 1)
            pipe.zcard(INTAKES)
            names, waiting = pipe.execute()
            last = self._last_nights(list(map(str, names)))
            for intake in last.values():
                pipe.hget(intake_record(intake), "end")
            ends = dict(zip(last, pipe.execute(), strict=True)) if last else {}
        return NightsSeen({name: _failed(ends.get(name)) for name in map(str, names)}, waiting)

    def _last_nights(self, names: list[str]) -> dict[str, str]:
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.zrange(schedule_runs(name), 0, 0, desc=True)
        found = pipe.execute() if names else []
        return {name: str(last[0]) for name, last in zip(names, found, strict=True) if last}

    def nights(self, name: str, limit: int = NIGHTS_KEPT) -> list[str]:
        """The intakes of its nights, the newest first."""
        with translated():
            found = self._client.zrange(schedule_runs(name), 0, limit - 1, desc=True)
        return [str(intake) for intake in found]


def _failed(end: str | None) -> bool:
    """Of what a night's intake says of its end; None where it has not ended."""
    return end is not None and (
        IntakeEnd.model_validate_json(end).state is not IntakeState.HANDED_IN
    )
