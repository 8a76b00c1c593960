"""What the fleet reads: fetched once, kept, checked as `submit` does it, and handed in once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ledger.opening import Ledger
from producer.commands.reading import Reader
from producer.exit_codes import ExitCode
from producer.later import Later
from producer.progress import ignore
from schemas import layout
from schemas.batch import Hold
from schemas.batch_file import BatchFile
from schemas.hours import Hours
from schemas.intake import Intake, IntakeEnd, IntakeState
from schemas.schedule import Schedule
from schemas.settings import Settings
from schemas.states import BatchState
from storage.local import LocalStorage
from tests.http_server import QuietHandler, serving
from tests.steps.instant_clock import InstantClock

TABLE = "sku,name\nMUG-1,mug\nJUG-2,jug\n"
ASKED = "2026-02-01T17:00:00+00:00"
SAID: dict[str, Any] = {"model": "wanx-v1", "template": {"text": "a {{ name }}"}}


class Shop:
    """What lies behind an address, and how often somebody asked."""

    def __init__(self) -> None:
        self.body: bytes | None = TABLE.encode()
        self.asked = 0
        self.url = ""


@pytest.fixture
def shop() -> Iterator[Shop]:
    found = Shop()

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the library calls it so
            found.asked += 1
            if found.body is None:
                self.answer(404, b"")
            else:
                self.answer(200, found.body)

    with serving(Handler) as url:
        found.url = url
        yield found


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "store")


@pytest.fixture
def reader(ledger: Ledger, storage: LocalStorage, shop: Shop, tmp_path: Path) -> Reader:
    own = {"own_hosts": [shop.url.removeprefix("http://")]}
    settings = Settings(storage_url=str(tmp_path / "store"), manifests=own)
    return Reader(settings, ledger, storage, InstantClock())


def asked_for(shop: Shop, name: str | None = "nightly-20260202", **said: Any) -> Intake:
    """An intake of the shop's table."""
    about = {key: said.pop(key) for key in ("schedule", "planned_at", "hours") if key in said}
    patience_s = said.pop("patience_s", 0.0)
    order = BatchFile(manifest=f"{shop.url}/night.csv?sig=secret", batch=name, **{**SAID, **said})
    return Intake(id=f"run:{name}", order=order, asked_at=ASKED, patience_s=patience_s, **about)


def read(ledger: Ledger, reader: Reader, intake: Intake) -> IntakeEnd | Later:
    """One reading; what ended is written down as the beat does it."""
    ledger.intakes.open(intake)
    record = ledger.intakes.record(intake.id)
    assert record is not None
    outcome = reader(record, ignore)
    if isinstance(outcome, IntakeEnd):
        ledger.intakes.end(intake.id, outcome)
    return outcome


def test_a_manifest_becomes_a_batch_and_a_copy_is_kept(
    ledger: Ledger, reader: Reader, storage: LocalStorage, shop: Shop
) -> None:
    end = read(ledger, reader, asked_for(shop))
    assert isinstance(end, IntakeEnd)
    assert (end.state, end.batch, end.total) == (IntakeState.HANDED_IN, "nightly-20260202", 2)
    assert "2 images, at most 0.32 CNY" in end.said
    batch = ledger.batches.document("nightly-20260202")
    assert batch is not None
    assert batch.manifest == "night.csv"
    assert batch.recipe is not None
    copy = layout.manifest_key(hashlib.sha256(TABLE.encode()).hexdigest(), "night.csv")
    assert storage.get(copy) == TABLE.encode()


def test_whoever_reads_again_reads_the_very_same_rows(
    ledger: Ledger, reader: Reader, shop: Shop
) -> None:
    intake = asked_for(shop)
    first = read(ledger, reader, intake)
    shop.body = b"sku,name\nCUP-3,cup\n"  # the shop exports anew while a second reader is at it
    record = ledger.intakes.record(intake.id)
    assert record is not None
    second = reader(record._replace(end=None), ignore)
    assert isinstance(first, IntakeEnd)
    assert isinstance(second, IntakeEnd)
    assert (second.state, second.new, second.total) == (IntakeState.HANDED_IN, False, 2)
    assert shop.asked == 1


def test_another_content_under_the_same_name_is_refused(
    ledger: Ledger, reader: Reader, shop: Shop
) -> None:
    read(ledger, reader, asked_for(shop))
    shop.body = b"sku,name\nCUP-3,cup\n"
    intake = asked_for(shop)
    ledger.intakes.open(intake, again=True)
    end = read(ledger, reader, intake)
    assert isinstance(end, IntakeEnd)
    assert (end.state, end.exit_code) == (IntakeState.REFUSED, ExitCode.USAGE)
    assert "other content" in end.said


def test_bad_rows_are_told_of_line_by_line(ledger: Ledger, reader: Reader, shop: Shop) -> None:
    shop.body = b"sku,name,n\nMUG-1,mug,99\nJUG-2,jug,1\n"
    end = read(ledger, reader, asked_for(shop))
    assert isinstance(end, IntakeEnd)
    assert (end.state, end.exit_code) == (IntakeState.REFUSED, ExitCode.MANIFEST)
    assert "line 2, column n" in end.said
    assert ledger.batches.names() == []


def test_rows_left_out_lie_beside_the_batch(
    ledger: Ledger, reader: Reader, storage: LocalStorage, shop: Shop, tmp_path: Path
) -> None:
    shop.body = b"sku,name,n\nMUG-1,mug,99\nJUG-2,jug,1\n"
    end = read(ledger, reader, asked_for(shop, skip_invalid=True))
    assert isinstance(end, IntakeEnd)
    assert (end.state, end.total) == (IntakeState.HANDED_IN, 1)
    left_out = storage.get(layout.invalid_rows_key("nightly-20260202"))
    assert b"MUG-1" in left_out
    assert b"JUG-2" not in left_out
    assert not Path("invalid.csv").exists()


def test_a_late_export_is_waited_for_only_by_the_patient(
    ledger: Ledger, reader: Reader, shop: Shop
) -> None:
    shop.body = None
    waits = read(ledger, reader, asked_for(shop, "patient", patience_s=3600))
    assert isinstance(waits, Later)
    assert "HTTP 404" in waits.why
    assert "secret" not in waits.why
    end = read(ledger, reader, asked_for(shop, "hasty"))
    assert isinstance(end, IntakeEnd)
    assert (end.state, end.exit_code) == (IntakeState.REFUSED, ExitCode.MANIFEST)
    shop.body = TABLE.encode()
    later = read(ledger, reader, asked_for(shop, "patient", patience_s=3600))
    assert isinstance(later, IntakeEnd)
    assert later.state is IntakeState.HANDED_IN


def test_a_manifest_from_elsewhere_names_no_file_of_this_machine(
    ledger: Ledger, reader: Reader, shop: Shop, tmp_path: Path
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (512, 512)).save(picture, "PNG")
    (tmp_path / "secret.png").write_bytes(picture.getvalue())
    shop.body = f"sku,name,ref_img\nMUG-1,mug,{tmp_path / 'secret.png'}\n".encode()
    end = read(ledger, reader, asked_for(shop))
    assert isinstance(end, IntakeEnd)
    assert end.state is IntakeState.REFUSED
    assert "a file of one machine" in end.said


def test_an_order_from_elsewhere_reads_no_template_of_this_machine(
    ledger: Ledger, reader: Reader, shop: Shop
) -> None:
    end = read(ledger, reader, asked_for(shop, template={"file": "/etc/passwd"}))
    assert isinstance(end, IntakeEnd)
    assert (end.state, end.exit_code) == (IntakeState.REFUSED, ExitCode.MANIFEST)


NIGHT = Hours.parse("01:00-07:00", "Asia/Shanghai")


@pytest.mark.parametrize(
    "said",
    [
        {"hours": NIGHT},
        {"window": "01:00-07:00", "tz": "Asia/Shanghai"},
        {"hours": NIGHT, "window": "12:00-13:00"},
    ],
    ids=["beside the order", "in it", "both"],
)
def test_outside_its_hours_nothing_is_ordered(
    ledger: Ledger, reader: Reader, shop: Shop, said: dict[str, Any]
) -> None:
    end = read(ledger, reader, asked_for(shop, **said))
    assert isinstance(end, IntakeEnd)
    assert "ordered within 01:00-07:00 Asia/Shanghai only" in end.said
    batch = ledger.batches.document("nightly-20260202")
    assert batch is not None
    assert batch.hours == NIGHT
    (counts,) = ledger.batches.counts(batch)
    assert counts.holds == [Hold.HOURS]
    assert ledger.hours.due(60) == ["nightly-20260202"]


def night(shop: Shop, day: int, **said: Any) -> Intake:
    planned_at = f"2026-02-{day:02}T17:00:00+00:00"
    return asked_for(
        shop, f"nightly-202602{day:02}", schedule="nightly", planned_at=planned_at, **said
    )


def note_nights(ledger: Ledger, *nights: Intake) -> None:
    order = nights[0].order
    made = Schedule(name="nightly", cron="0 1 * * *", tz="UTC", order=order, added_at=ASKED)
    ledger.schedules.put(made, 1)
    moments = {
        one.id: int(datetime.fromisoformat(one.planned_at or "").timestamp() * 1000)
        for one in nights
    }
    assert ledger.schedules.book("nightly", 1, 2, moments)


@pytest.mark.parametrize(
    ("hold", "waits"),
    [(None, True), (Hold.PAUSE, True), (Hold.HOURS, True), (Hold.BUDGET, False)],
)
def test_a_night_waits_for_the_one_before_which_may_order_the_same_rows(
    ledger: Ledger, reader: Reader, shop: Shop, hold: Hold | None, *, waits: bool
) -> None:
    first, second = night(shop, 1), night(shop, 2)
    note_nights(ledger, first, second)
    read(ledger, reader, first)
    batch = ledger.batches.document("nightly-20260201")
    assert batch is not None
    if hold is not None:
        ledger.batches.hold(batch.batch, batch.lanes, hold)
    outcome = read(ledger, reader, second)
    if waits:
        assert isinstance(outcome, Later)
        assert "nightly-20260201" in outcome.why
    else:
        assert isinstance(outcome, IntakeEnd)


def test_a_night_goes_on_once_the_one_before_is_finished(
    ledger: Ledger, reader: Reader, shop: Shop
) -> None:
    first, second = night(shop, 1), night(shop, 2)
    note_nights(ledger, first, second)
    read(ledger, reader, first)
    ledger.batches.finish("nightly-20260201", ASKED)
    assert ledger.batches.state("nightly-20260201") is BatchState.FINISHED
    end = read(ledger, reader, second)
    assert isinstance(end, IntakeEnd)
    assert end.batch == "nightly-20260202"


def test_without_a_name_the_batch_is_called_after_file_day_and_content(
    ledger: Ledger, reader: Reader, shop: Shop
) -> None:
    end = read(ledger, reader, asked_for(shop, None))
    assert isinstance(end, IntakeEnd)
    assert end.batch is not None
    assert end.batch.startswith("night-20")
