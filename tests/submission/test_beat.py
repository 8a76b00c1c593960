"""The beat: what is due is handed in once, whoever looks, however late, and whatever breaks."""

from __future__ import annotations

import threading
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from ledger.errors import LedgerNewer
from ledger.intakes import IntakeRecord
from ledger.keys import INTAKES
from ledger.opening import Ledger, open_ledger
from ledger.version import LEDGER_VERSION
from producer.beat import MOST_TRIES, Beat, night_intake
from producer.beat_metrics import BeatMetrics
from producer.connecting import WrongAccess
from producer.later import Later
from producer.nights import Cron, night_name
from producer.progress import Read
from schemas.batch_file import BatchFile
from schemas.intake import IntakeEnd, IntakeState, IntakeStatus, run_id
from schemas.schedule import Missed, Schedule
from tests.steps.instant_clock import InstantClock

ORDER = BatchFile(manifest="s3://shop/{date}/night-{yyyymmdd}.csv", model="wanx-v1")
ZONE = "Asia/Shanghai"


JOBS = 7


@dataclass
class Readings:
    """Reads nothing, and ends as it is told to."""

    outcome: IntakeState | Later | Exception = IntakeState.HANDED_IN
    seen: list[IntakeRecord] = field(default_factory=list)
    held: threading.Event | None = None
    """Until it is set, nothing is read to its end."""

    def __call__(self, record: IntakeRecord, tell: Read) -> IntakeEnd | Later:
        self.seen.append(record)
        tell(500)
        if self.held is not None:
            assert self.held.wait(10)
        match self.outcome:
            case Exception() as error:
                raise error
            case Later() as later:
                return later
            case state:
                ended_at = "2026-02-01T00:00:00+00:00"
                return IntakeEnd(
                    state=state, ended_at=ended_at, batch=record.intake.order.batch, total=JOBS
                )


@pytest.fixture
def readings() -> Readings:
    return Readings()


def beat(ledger: Ledger, readings: Readings, name: str = "one") -> Beat:
    return Beat(ledger, readings, InstantClock(), name, BeatMetrics())


def turn(one: Beat) -> None:
    one.turn()
    one.join()


def now(ledger: Ledger) -> datetime:
    return datetime.fromtimestamp(ledger.fleet.now_ms() / 1000, UTC)


def planned(
    ledger: Ledger, ago: timedelta, missed: Missed = Missed.CATCH_UP, name: str = "nightly"
) -> tuple[Cron, datetime]:
    """A schedule that is due every day at the time it was `ago`; since when it is due."""
    first = (now(ledger) - ago).replace(second=0, microsecond=0)
    local = Cron("0 0 * * *", ZONE).local(first)
    line = f"{local.minute} {local.hour} * * *"
    made = Schedule(
        name=name, cron=line, tz=ZONE, missed=missed, order=ORDER, added_at=first.isoformat()
    )
    ledger.schedules.put(made, int(first.timestamp() * 1000))
    return Cron(line, ZONE), first


def history(ledger: Ledger, name: str = "nightly") -> list[IntakeStatus]:
    """Its nights, the oldest first."""
    found = [ledger.intakes.status(night) for night in reversed(ledger.schedules.nights(name))]
    assert None not in found
    return [status for status in found if status is not None]


def test_a_night_is_handed_in_at_its_time(ledger: Ledger, readings: Readings) -> None:
    cron, at = planned(ledger, timedelta(minutes=2))
    turn(beat(ledger, readings))
    (record,) = readings.seen
    name = night_name("nightly", cron, at)
    local = cron.local(at)
    assert record.intake.id == run_id(name)
    assert record.intake.order.batch == name
    address = f"s3://shop/{local:%Y-%m-%d}/night-{local:%Y%m%d}.csv"
    assert record.intake.order.manifest == address
    (night,) = history(ledger)
    assert (night.state, night.batch) == (IntakeState.HANDED_IN, name)
    found = ledger.schedules.find("nightly")
    assert found is not None
    assert found.next_ms == int((at + timedelta(days=1)).timestamp() * 1000)
    assert ledger.client.exists(INTAKES) == 0


def test_before_its_time_nothing_happens(ledger: Ledger, readings: Readings) -> None:
    planned(ledger, timedelta(minutes=-30))
    turn(beat(ledger, readings))
    assert readings.seen == []
    assert history(ledger) == []


def test_two_beats_make_one_batch(ledger: Ledger, readings: Readings) -> None:
    planned(ledger, timedelta(minutes=2))
    beats = [beat(ledger, readings, name) for name in ("one", "two", "three")]
    threads = [threading.Thread(target=turn, args=(one,)) for one in beats * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(readings.seen) == 1
    assert len(history(ledger)) == 1
    assert sorted(ledger.fleet.beats()) == ["one", "three", "two"]


def test_one_that_was_frozen_before_it_booked_fires_nothing_twice(
    ledger: Ledger, readings: Readings
) -> None:
    cron, at = planned(ledger, timedelta(minutes=2))
    turn(beat(ledger, readings))
    found = ledger.schedules.find("nightly")
    assert found is not None
    # As if the first had died between handing over and booking.
    ledger.schedules.book("nightly", found.next_ms, int(at.timestamp() * 1000))
    ledger.schedules.look_at("nightly", 0)
    turn(beat(ledger, readings, "two"))
    assert len(readings.seen) == 1
    assert [night.batch for night in history(ledger)] == [night_name("nightly", cron, at)]


@pytest.mark.parametrize(
    ("policy", "states"),
    [
        (Missed.CATCH_UP, [IntakeState.MISSED, IntakeState.MISSED, IntakeState.HANDED_IN]),
        (Missed.SKIP, [IntakeState.MISSED] * 3),
    ],
)
def test_missed_nights_are_caught_up_or_left_out(
    ledger: Ledger, readings: Readings, policy: Missed, states: list[IntakeState]
) -> None:
    planned(ledger, timedelta(days=2, hours=5), policy)
    turn(beat(ledger, readings))
    assert [night.state for night in history(ledger)] == states
    assert "nobody looked" in history(ledger)[0].said
    assert len(readings.seen) == states.count(IntakeState.HANDED_IN)
    turn(beat(ledger, readings))
    assert len(history(ledger)) == 3


def test_a_night_is_left_out_while_the_one_before_still_waits(
    ledger: Ledger, readings: Readings
) -> None:
    cron, at = planned(ledger, timedelta(days=1, minutes=2))
    readings.outcome = Later(3600, "waits for something")
    yesterday = ledger.schedules.find("nightly")
    assert yesterday is not None
    name = night_name("nightly", cron, at)
    ledger.intakes.open(night_intake(yesterday.schedule, cron, at, name, at))
    today = at + timedelta(days=1)
    ledger.schedules.book(
        "nightly", yesterday.next_ms, int(today.timestamp() * 1000), {run_id(name): 1}
    )
    turn(beat(ledger, readings))
    first, second = history(ledger)
    assert (first.state, first.said) == (IntakeState.WAITING, "waits for something")
    assert (second.state, second.said) == (IntakeState.MISSED, f"{name} was still waiting")


def test_a_schedule_that_was_removed_is_looked_at_no_more(
    ledger: Ledger, readings: Readings
) -> None:
    planned(ledger, timedelta(minutes=2))
    ledger.client.delete(*ledger.client.keys("mill:{schedule/*"))
    turn(beat(ledger, readings))
    assert ledger.schedules.names() == []
    assert readings.seen == []


def test_a_reader_that_breaks_is_tried_again_and_given_up(
    ledger: Ledger, readings: Readings
) -> None:
    planned(ledger, timedelta(minutes=2))
    readings.outcome = RuntimeError("no idea")
    one = beat(ledger, readings)
    for _ in range(MOST_TRIES + 2):
        turn(one)
        for intake in ledger.schedules.nights("nightly"):
            ledger.client.zadd(INTAKES, {intake: 0}, xx=True)
    (night,) = history(ledger)
    assert len(readings.seen) == MOST_TRIES
    assert night.state is IntakeState.REFUSED
    assert "no idea" in night.said


def test_what_a_dead_beat_was_reading_is_read_by_the_next(
    ledger: Ledger, readings: Readings
) -> None:
    planned(ledger, timedelta(minutes=2))
    readings.held = threading.Event()
    dead, other = beat(ledger, readings), beat(ledger, readings, "two")
    dead.turn()
    (night,) = history(ledger)
    ledger.client.zadd(INTAKES, {night.id: 0}, xx=True)  # its lease has run out
    other.turn()
    readings.held.set()
    other.join()
    dead.join()
    assert [record.intake.id for record in readings.seen] == [night.id] * 2
    assert history(ledger)[0].state is IntakeState.HANDED_IN


def test_what_is_being_read_is_kept_and_shows_how_far_it_is(
    ledger: Ledger, readings: Readings
) -> None:
    planned(ledger, timedelta(minutes=2))
    readings.held = threading.Event()
    one, other = beat(ledger, readings), beat(ledger, readings, "two")
    one.turn()
    one.turn()
    (night,) = history(ledger)
    assert night.state is IntakeState.READING
    other.turn()
    readings.held.set()
    one.join()
    assert len(readings.seen) == 1
    assert history(ledger)[0].state is IntakeState.HANDED_IN


def test_no_more_is_read_at_once_than_there_are_readers(ledger: Ledger, readings: Readings) -> None:
    for name in "abcde":
        planned(ledger, timedelta(minutes=2), name=name)
    readings.held = threading.Event()
    one = beat(ledger, readings)
    one.turn()
    one.turn()
    assert len(readings.seen) <= 2
    readings.held.set()
    one.join()
    for _ in range(2):
        turn(one)
    assert Counter(record.intake.schedule for record in readings.seen) == Counter("abcde")


def test_a_beat_that_ends_gives_back_what_it_reads(ledger: Ledger, readings: Readings) -> None:
    planned(ledger, timedelta(minutes=2))
    readings.outcome = Later(3600, "not there")
    clock = InstantClock()
    clock.interrupt_after = 2
    Beat(ledger, readings, clock, "one", BeatMetrics()).run()
    assert ledger.fleet.beats() == []
    assert history(ledger)[0].said == "not there"


def told(metrics: BeatMetrics) -> dict[tuple[str, ...], float]:
    """A figure's samples by its name and what its labels say."""
    return {
        (sample.name.removeprefix("imagemill_"), *sample.labels.values()): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
    }


def test_figures_tell_nights_and_manifests(ledger: Ledger, readings: Readings) -> None:
    metrics = BeatMetrics()
    one = Beat(ledger, readings, InstantClock(), "one", metrics)
    assert told(metrics)["intakes_total", "refused"] == 0
    planned(ledger, timedelta(minutes=2))
    planned(ledger, timedelta(hours=2), Missed.SKIP, "skipped")
    readings.held = threading.Event()
    one.turn()
    assert told(metrics)["intakes_reading",] == 1
    readings.held.set()
    one.join()
    readings.outcome = RuntimeError("a fault")
    planned(ledger, timedelta(minutes=2), name="broken")
    turn(one)
    readings.outcome = Later(60, "not there")
    planned(ledger, timedelta(minutes=2), name="late")
    turn(one)
    found = told(metrics)
    assert found["schedule_nights_total", "nightly", "fired"] == 1
    assert found["schedule_nights_total", "skipped", "missed"] == 1
    assert found["intakes_total", "handed_in"] == found["intakes_total", "broke"] == 1
    assert found["intakes_total", "later"] == 1
    assert found["intake_jobs_total",] == JOBS
    assert found["intake_seconds_count",] == 3
    assert found["intakes_reading",] == 0


def test_turns_that_no_ledger_answers_are_counted(readings: Readings) -> None:
    metrics, clock = BeatMetrics(), InstantClock()
    clock.interrupt_after = 2
    Beat(open_ledger("redis://127.0.0.1:1/0", patient=False), readings, clock, "one", metrics).run()
    assert told(metrics)["beat_trouble_total", "ledger"] == 2


def test_a_port_that_is_taken_is_said() -> None:
    port = BeatMetrics().expose("127.0.0.1", 0)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert b"imagemill_intakes_total" in answer.read()
    with pytest.raises(WrongAccess, match=rf"127\.0\.0\.1:{port}.*IMAGEMILL_METRICS__BEAT_PORT"):
        BeatMetrics().expose("127.0.0.1", port)


def test_a_ledger_that_a_newer_release_took_over_is_left(
    ledger: Ledger, readings: Readings
) -> None:
    planned(ledger, timedelta(minutes=2))
    ledger.version.admit(LEDGER_VERSION + 1)
    one = beat(ledger, readings)
    with pytest.raises(LedgerNewer):
        one.run()
    assert (readings.seen, ledger.fleet.beats()) == ([], [])
