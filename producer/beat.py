"""The beat: fires schedules that are due, and has manifests read that the fleet is to read.

Any number may run; none leads. What is due is handed out once, a night's intake has a name of its
own, and handing in is idempotent, so that two which meet do no harm.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from ledger.errors import LedgerError, LedgerNewer
from ledger.intakes import IntakeRecord
from ledger.opening import Ledger
from ledger.schedules import Planned
from producer.beat_metrics import BeatMetrics
from producer.later import Later
from producer.nights import Cron, due, night_name
from producer.progress import Read
from schemas import beat_figures
from schemas.clock import SystemClock
from schemas.intake import ENDED, Intake, IntakeEnd, IntakeState, run_id
from schemas.schedule import Schedule

log = logging.getLogger(__name__)

TURN_S = 1.0
LOOK_S = 60.0
"""Each schedule is looked at this often at least: a clock that was put right is noticed."""
LEASE_S = 60.0
"""Another reads what was being read by one that ended, after so long."""
READERS = 2
"""Manifests read at once: reading takes a processor, and a small one need not wait for a large one."""
PATIENCE_S = 3600.0
"""How long a night's manifest that is not there yet is waited for: exports are late."""
BROKE_S = 60.0
MOST_TRIES = 5
"""An intake that breaks its reader so often is refused, never tried for ever."""
STOP_S = 8.0

ReadIntake = Callable[[IntakeRecord, Read], IntakeEnd | Later]
"""Reads a manifest and hands its batch in, or says when to try again. Raises LedgerError."""


class Beat:
    """One process's part in it."""

    def __init__(
        self,
        ledger: Ledger,
        read: ReadIntake,
        clock: SystemClock,
        name: str,
        metrics: BeatMetrics,
    ) -> None:
        """`name` tells it from others."""
        self._metrics = metrics
        self._ledger = ledger
        self._read = read
        self._clock = clock
        self._name = name
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        """Intakes being read, and how many rows of each."""
        self._threads: dict[str, threading.Thread] = {}
        metrics.reading(self._rows.__len__)

    def run(self) -> None:
        """Turn until the process is asked to stop; what is not read by then is read by others.

        Raises LedgerNewer, once a newer imagemill has taken over the ledger.
        """
        while not self._clock.interrupted:
            try:
                self.turn()
            except LedgerNewer:
                self._leave()
                raise
            except LedgerError as error:
                self._metrics.count(beat_figures.TROUBLE, "ledger")
                log.warning("beat.ledger", extra={"why": str(error)})
            except Exception as error:  # the edge: tomorrow's nights must not end with it
                self._metrics.count(beat_figures.TROUBLE, "broke")
                log.exception("beat.broke", extra={"why": f"{type(error).__name__}: {error}"})
            self._clock.sleep(TURN_S)
        self._leave()

    def turn(self) -> None:
        """Fire what is due, keep what is being read, and begin to read what waits."""
        self._ledger.version.check()
        self._ledger.fleet.report_beat(self._name)
        for name in self._ledger.schedules.due(LOOK_S):
            self._look_at(name)
        with self._lock:  # none of them ends in between, and is kept after that
            for intake, rows in self._rows.items():
                self._ledger.intakes.keep(intake, LEASE_S, rows)
        free = READERS - len(self._rows)
        if free > 0:
            for intake in self._ledger.intakes.take(LEASE_S, free):
                self._begin(intake)

    def join(self) -> None:
        """Return once nothing is being read any more."""
        for thread in list(self._threads.values()):
            thread.join()

    def _leave(self) -> None:
        for thread in list(self._threads.values()):
            thread.join(STOP_S / READERS)
        try:
            self._ledger.fleet.sign_off_beat(self._name)
            for intake in list(self._rows):
                self._ledger.intakes.wait(intake, 0.0, "its reader was stopped")
        except LedgerError as error:  # leases end by themselves
            log.info("beat.not_signed_off", extra={"why": str(error)})

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._ledger.fleet.now_ms() / 1000, UTC)

    def _look_at(self, name: str) -> None:
        planned = self._ledger.schedules.find(name)
        if planned is None:
            self._ledger.schedules.forget(name)
            return
        now = self._now()
        next_at = self._fire(planned, now)
        wait_s = (next_at - now).total_seconds()
        self._ledger.schedules.look_at(name, min(max(wait_s, 0.0), LOOK_S))

    def _fire(self, planned: Planned, now: datetime) -> datetime:
        """Hand over the night that is due, note those that were missed; when the next one is."""
        schedule = planned.schedule
        cron = Cron(schedule.cron, schedule.tz)
        found = due(cron, _moment(planned.next_ms), now, schedule.missed)
        nights: dict[str, int] = {}
        for night in found.missed:
            self._note_missed(schedule, cron, night, now, "nobody looked at its time")
            nights[run_id(night_name(schedule.name, cron, night))] = _ms(night)
        if found.night is not None:
            nights[self._hand_over(schedule, cron, found.night, now)] = _ms(found.night)
        if nights:
            next_ms = _ms(found.next)
            self._ledger.schedules.book(schedule.name, planned.next_ms, next_ms, nights)
        return found.next

    def _hand_over(self, schedule: Schedule, cron: Cron, night: datetime, now: datetime) -> str:
        """Have a night's manifest read, unless an earlier night still waits; its intake."""
        intake = night_intake(schedule, cron, night, night_name(schedule.name, cron, night), now)
        earlier = next(self._open_nights(schedule.name, intake.id), None)
        if earlier is not None:
            self._note_missed(schedule, cron, night, now, f"{earlier} was still waiting")
        elif self._ledger.intakes.open(intake):
            self._metrics.count(beat_figures.NIGHTS, schedule.name, "fired")
            log.info("schedule.fired", extra={"schedule": schedule.name, "intake": intake.id})
        return intake.id

    def _open_nights(self, schedule: str, but: str) -> Iterator[str]:
        """What its nights are called that are neither read nor refused."""
        for intake in self._ledger.schedules.nights(schedule, limit=10):
            status = self._ledger.intakes.status(intake)
            if intake != but and status is not None and status.state not in ENDED:
                yield status.batch or intake

    def _note_missed(
        self, schedule: Schedule, cron: Cron, night: datetime, now: datetime, why: str
    ) -> None:
        intake = night_intake(schedule, cron, night, night_name(schedule.name, cron, night), now)
        ended_at = now.isoformat(timespec="seconds")
        end = IntakeEnd(state=IntakeState.MISSED, ended_at=ended_at, batch=None, said=why)
        self._ledger.intakes.note(intake, end)
        self._metrics.count(beat_figures.NIGHTS, schedule.name, "missed")
        log.warning(
            "schedule.missed", extra={"schedule": schedule.name, "intake": intake.id, "why": why}
        )

    def _begin(self, name: str) -> None:
        record = self._ledger.intakes.record(name)
        if record is None or record.end is not None:
            self._ledger.intakes.forget(name)
            return
        if name in self._rows:  # ours, and its lease ended while we were held up
            return
        with self._lock:
            self._rows[name] = 0
        self._ledger.intakes.keep(name, LEASE_S, 0)
        thread = threading.Thread(target=self._work, args=(record,), name=name, daemon=True)
        self._threads[name] = thread
        thread.start()

    def _work(self, record: IntakeRecord) -> None:
        """In a thread of its own: read one intake, and write down what became of it."""
        name = record.intake.id

        def tell(rows: int) -> None:
            with self._lock:
                self._rows[name] = rows

        began_s = self._clock.monotonic_s()
        try:
            outcome = self._read(record, tell)
            with self._lock:
                del self._rows[name]
            self._finish(record, outcome)
        except LedgerError as error:  # its lease brings it back
            log.warning("intake.ledger", extra={"intake": name, "why": str(error)})
        except Exception as error:  # noqa: BLE001 - the edge: one manifest must not end the others
            self._broke(record, error)
        finally:
            self._metrics.read_in(self._clock.monotonic_s() - began_s)
            with self._lock:
                self._rows.pop(name, None)
            del self._threads[name]

    def _finish(self, record: IntakeRecord, outcome: IntakeEnd | Later) -> None:
        name = record.intake.id
        match outcome:
            case Later(wait_s, why):
                self._ledger.intakes.wait(name, wait_s, why)
                self._metrics.count(beat_figures.INTAKES, "later")
                log.info("intake.waits", extra={"intake": name, "why": why})
            case IntakeEnd() as end:
                self._ledger.intakes.end(name, end)
                self._metrics.count(beat_figures.INTAKES, end.state.name.lower())
                self._metrics.count(beat_figures.INTAKE_JOBS, by=end.total)
                facts = {"intake": name, "outcome": str(end.state), "batch": end.batch}
                log.info("intake.ended", extra={**facts, "jobs": end.total})

    def _broke(self, record: IntakeRecord, error: Exception) -> None:
        name, why = record.intake.id, f"{type(error).__name__}: {error}"
        self._metrics.count(beat_figures.INTAKES, "broke")
        log.error("intake.broke", extra={"intake": name, "why": why})
        try:
            if self._ledger.intakes.count_try(name) < MOST_TRIES:
                self._ledger.intakes.wait(name, BROKE_S, f"reading broke: {why}")
                return
            ended_at = self._now().isoformat(timespec="seconds")
            said = f"reading broke {MOST_TRIES} times: {why}"
            end = IntakeEnd(state=IntakeState.REFUSED, ended_at=ended_at, exit_code=1, said=said)
            self._ledger.intakes.end(name, end)
        except LedgerError:
            return  # its lease brings it back


def night_intake(
    schedule: Schedule, cron: Cron, moment: datetime, batch: str, now: datetime
) -> Intake:
    """What is to be read for a night; `{date}` and `{yyyymmdd}` in the address are its local date."""
    local = cron.local(moment)
    address = schedule.order.manifest.replace("{date}", f"{local:%Y-%m-%d}")
    address = address.replace("{yyyymmdd}", f"{local:%Y%m%d}")
    return Intake(
        id=run_id(batch),
        order=schedule.order.model_copy(update={"manifest": address, "batch": batch}),
        asked_at=now.isoformat(timespec="seconds"),
        schedule=schedule.name,
        planned_at=moment.astimezone(UTC).isoformat(timespec="seconds"),
        hours=schedule.hours,
        patience_s=PATIENCE_S,
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
