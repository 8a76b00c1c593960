"""Schedules and intakes in the ledger: handed out once, kept, and never changed by a latecomer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ledger.keys import INTAKES, SCHEDULES, intake_record, schedule_record
from ledger.opening import Ledger
from schemas.batch_file import BatchFile
from schemas.intake import Intake, IntakeEnd, IntakeState
from schemas.schedule import Schedule

ORDER = BatchFile(manifest="https://shop.example/night.csv?sig=secret", model="wanx-v1")
ASKED = "2026-02-01T00:00:00+00:00"


def schedule(name: str = "nightly", cron: str = "0 1 * * *") -> Schedule:
    return Schedule(name=name, cron=cron, tz="Asia/Shanghai", order=ORDER, added_at=ASKED)


def intake(name: str = "run:nightly-20260201") -> Intake:
    return Intake(id=name, order=ORDER, asked_at=ASKED)


def ended(state: IntakeState = IntakeState.HANDED_IN, said: str = "") -> IntakeEnd:
    return IntakeEnd(state=state, ended_at=ASKED, batch="nightly-20260201", total=3, said=said)


def test_a_schedule_is_found_listed_and_removed(ledger: Ledger) -> None:
    ledger.schedules.put(schedule("b"), 1000)
    ledger.schedules.put(schedule("a"), 2000)
    assert ledger.schedules.names() == ["a", "b"]
    found = ledger.schedules.find("a")
    assert found == (schedule("a"), 2000)
    assert ledger.schedules.remove("a")
    assert not ledger.schedules.remove("a")
    assert ledger.schedules.find("a") is None
    assert ledger.schedules.names() == ["b"]


def test_what_is_due_is_handed_out_once(ledger: Ledger) -> None:
    for number in range(20):
        ledger.schedules.put(schedule(f"s{number}"), 1000)
    with ThreadPoolExecutor(8) as threads:
        taken = [
            name
            for one in threads.map(lambda _: ledger.schedules.due(60, 5), range(8))
            for name in one
        ]
    assert sorted(taken) == sorted(f"s{number}" for number in range(20))


def test_only_who_knows_the_present_moment_books_the_next(ledger: Ledger) -> None:
    ledger.schedules.put(schedule(), 1000)
    assert ledger.schedules.book("nightly", 1000, 2000, {"run:a": 1000})
    assert not ledger.schedules.book("nightly", 1000, 3000, {"run:b": 1000})
    found = ledger.schedules.find("nightly")
    assert found is not None
    assert found.next_ms == 2000
    assert ledger.schedules.nights("nightly") == ["run:a"]


def test_a_removed_schedule_is_not_brought_back(ledger: Ledger) -> None:
    ledger.schedules.put(schedule(), 1000)
    ledger.schedules.remove("nightly")
    assert not ledger.schedules.book("nightly", 1000, 2000, {"run:a": 1000})
    ledger.schedules.look_at("nightly", 5)
    assert ledger.client.exists(schedule_record("nightly"), SCHEDULES) == 0
    assert ledger.schedules.nights("nightly") == []


def test_replacing_keeps_the_history(ledger: Ledger) -> None:
    ledger.schedules.put(schedule(), 1000)
    ledger.schedules.book("nightly", 1000, 2000, {"run:a": 1000, "run:b": 1500})
    ledger.schedules.put(schedule(cron="0 2 * * *"), 5000)
    assert ledger.schedules.nights("nightly") == ["run:b", "run:a"]


def test_an_intake_is_opened_once(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: ledger.intakes.open(intake()), range(8)))
    assert opened.count(True) == 1
    assert ledger.intakes.take(60, 9) == [intake().id]
    assert ledger.intakes.take(60, 9) == []


def test_an_intake_that_ended_is_opened_again_only_when_asked(ledger: Ledger) -> None:
    ledger.intakes.open(intake())
    assert ledger.intakes.end(intake().id, ended())
    assert not ledger.intakes.end(intake().id, ended(IntakeState.REFUSED)), "the first counts"
    assert not ledger.intakes.open(intake())
    record = ledger.intakes.record(intake().id)
    assert record is not None
    assert record.end == ended()
    assert ledger.intakes.open(intake(), again=True)
    again = ledger.intakes.record(intake().id)
    assert again is not None
    assert again.end is None
    assert not ledger.intakes.open(intake(), again=True), "it is under way"


def test_what_is_kept_is_nobody_elses_and_what_waits_comes_back(ledger: Ledger) -> None:
    ledger.intakes.open(intake())
    assert ledger.intakes.take(0.0, 1) == [intake().id]
    ledger.intakes.keep(intake().id, 60, rows=500)
    assert ledger.intakes.take(60, 1) == []
    status = ledger.intakes.status(intake().id)
    assert status is not None
    assert (status.state, status.rows_read) == (IntakeState.READING, 500)
    ledger.intakes.wait(intake().id, 0.0, "not there yet")
    status = ledger.intakes.status(intake().id)
    assert status is not None
    assert (status.state, status.said) == (IntakeState.WAITING, "not there yet")
    assert ledger.intakes.take(60, 1) == [intake().id]


def test_the_first_copy_counts(ledger: Ledger) -> None:
    ledger.intakes.open(intake())
    assert ledger.intakes.note_copy(intake().id, "one") == "one"
    assert ledger.intakes.note_copy(intake().id, "two") == "one"


def test_a_status_shows_no_signature(ledger: Ledger) -> None:
    ledger.intakes.open(intake())
    ledger.intakes.end(intake().id, ended(said="3 rows"))
    status = ledger.intakes.status(intake().id)
    assert status is not None
    assert "secret" not in status.model_dump_json()
    assert (status.batch, status.total, status.said) == ("nightly-20260201", 3, "3 rows")
    assert ledger.intakes.status("run:nobody") is None


def test_a_missed_night_is_noted_and_asked_of_nobody(ledger: Ledger) -> None:
    ledger.intakes.note(intake(), ended(IntakeState.MISSED))
    assert ledger.intakes.take(60, 1) == []
    ledger.intakes.note(intake(), ended(IntakeState.REFUSED))
    record = ledger.intakes.record(intake().id)
    assert record is not None
    assert record.end is not None
    assert record.end.state is IntakeState.MISSED


def test_records_go_by_themselves_and_nothing_stays_on_the_agenda(ledger: Ledger) -> None:
    ledger.intakes.open(intake())
    ledger.intakes.end(intake().id, ended())
    assert ledger.client.ttl(intake_record(intake().id)) > 366 * 86_400
    assert ledger.client.exists(INTAKES) == 0


def test_beats_report_in_and_sign_off(ledger: Ledger) -> None:
    assert ledger.fleet.beats() == []
    ledger.fleet.report_beat("a")
    ledger.fleet.report_beat("b")
    assert sorted(ledger.fleet.beats()) == ["a", "b"]
    ledger.fleet.sign_off_beat("a")
    assert ledger.fleet.beats() == ["b"]
