"""Intakes: the manifests that the fleet is to read, and what became of them."""

from __future__ import annotations

from typing import NamedTuple

import redis

from ledger.errors import translated
from ledger.index import nudge, put_off, take_turns
from ledger.keys import INTAKES, intake_record
from ledger.scripts import Argument, Call, Scripts
from schemas.intake import Intake, IntakeEnd, IntakeState, IntakeStatus
from schemas.manifest_place import read_place

KEPT_S = 400 * 86_400
"""An intake can be looked at for so long: a year, and some weeks."""
_AHEAD_S = 30.0
"""A look is booked before the record is there, so that no intake is left without one."""


class IntakeRecord(NamedTuple):
    """An intake on its way."""

    intake: Intake
    copy: str | None
    """The key of its manifest as it was read first."""
    first_ms: int
    """When it was opened."""
    end: IntakeEnd | None


class Intakes:
    """All intakes."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def open(self, intake: Intake, *, again: bool = False) -> bool:
        """Have an intake read; False when it is there already. `again`: even if it has ended."""
        self._scripts.run(nudge(INTAKES, intake.id, _AHEAD_S))
        opened = self._open(intake, again=again)
        if opened:
            self._scripts.run(nudge(INTAKES, intake.id))
        return opened

    def note(self, intake: Intake, end: IntakeEnd) -> None:
        """Write down an intake that ended before it began, unless it is there."""
        self._open(intake, again=False)
        self.end(intake.id, end)

    def _open(self, intake: Intake, *, again: bool) -> bool:
        args: list[Argument] = [intake.model_dump_json(), int(again), KEPT_S * 1000]
        return bool(self._scripts.run(Call("open_intake", [intake_record(intake.id)], args)))

    def take(self, lease_s: float, limit: int) -> list[str]:
        """Intakes to read; each is somebody else's unless it is kept within `lease_s`."""
        return list(self._scripts.run(take_turns(INTAKES, lease_s, limit))[1:])

    def keep(self, intake: str, lease_s: float, rows: int) -> None:
        """It is still being read."""
        self._scripts.run(put_off(INTAKES, intake, lease_s))
        with translated():
            self._client.hset(intake_record(intake), mapping={"reads": 1, "rows": rows})

    def wait(self, intake: str, wait_s: float, note: str) -> None:
        """Look at it again after a while; `note` says why it is not read yet."""
        with translated():
            self._client.hset(intake_record(intake), mapping={"reads": 0, "note": note})
        self._scripts.run(put_off(INTAKES, intake, wait_s))

    def forget(self, intake: str) -> None:
        """Look no more at what has ended, or is not there."""
        with translated():
            self._client.zrem(INTAKES, intake)

    def open_ones(self) -> list[str]:
        """All that are to be read, or are being read."""
        with translated():
            return [str(intake) for intake in self._client.zrange(INTAKES, 0, -1)]

    def record(self, intake: str) -> IntakeRecord | None:
        """An intake as it stands; None where there is none."""
        with translated():
            document, copy, first_ms, end = self._client.hmget(
                intake_record(intake), "document", "copy", "first_ms", "end"
            )
        if document is None:
            return None
        return IntakeRecord(
            Intake.model_validate_json(document),
            None if copy is None else str(copy),
            int(first_ms or 0),
            None if end is None else IntakeEnd.model_validate_json(end),
        )

    def note_copy(self, intake: str, key: str) -> str:
        """Say where a copy of its manifest lies; the first that was said counts, and comes back."""
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.hsetnx(intake_record(intake), "copy", key)
            pipe.hget(intake_record(intake), "copy")
            return str(pipe.execute()[-1])

    def count_try(self, intake: str) -> int:
        """How often reading broke without any reason we know."""
        with translated():
            return int(self._client.hincrby(intake_record(intake), "tries", 1))

    def end(self, intake: str, end: IntakeEnd) -> bool:
        """Write down what became of it, once; False when that was done."""
        with translated():
            key = intake_record(intake)
            first = bool(self._client.hsetnx(key, "end", end.model_dump_json()))
        self.forget(intake)
        return first

    def status(self, intake: str) -> IntakeStatus | None:
        """How it stands, for people; None where there is none."""
        with translated():
            found = self._client.hgetall(intake_record(intake))
        if "document" not in found:
            return None
        asked = Intake.model_validate_json(found["document"])
        told = {
            "id": asked.id,
            "manifest": read_place(asked.order.manifest).shown,
            "schedule": asked.schedule,
            "planned_at": asked.planned_at,
            "asked_at": asked.asked_at,
            "batch": asked.order.batch,
            "rows_read": int(found.get("rows", 0)),
        }
        if "end" not in found:
            reads = found.get("reads") == "1"
            state = IntakeState.READING if reads else IntakeState.WAITING
            return IntakeStatus(**told, state=state, said="" if reads else found.get("note", ""))
        end = IntakeEnd.model_validate_json(found["end"])
        told |= end.model_dump(include={"state", "ended_at", "total", "exit_code", "said"})
        if end.batch is not None:  # otherwise it goes by the name its batch was to have
            told["batch"] = end.batch
        return IntakeStatus(**told)
