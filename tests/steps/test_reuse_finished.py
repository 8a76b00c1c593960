"""What an earlier batch drew is labelled and judged as this one asks for, and never paid for again."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any
from zipfile import ZipFile

import pytest

from results.archive import write_archive
from results.sealed import sealed_results
from schemas import layout
from schemas.failure import ErrorClass
from schemas.finishing import Finishing, Gate, Label
from schemas.flaw import FlawKind
from schemas.job import Job, content_key
from schemas.marker import Marker
from schemas.result import Image, JobResult, Sidecar
from schemas.states import JobState
from storage import Unreachable
from tests.results.metadata import drawn, pixels, told
from tests.steps.mill import PROMPT, Mill, job
from tests.steps.nights import FIRST, SECOND, THIRD, night, rows
from tests.steps.picture_host import picture
from tests.steps.scripted_provider import trouble
from worker.fetching import Fetched
from worker.labelling import label, origin
from worker.providers.port import Done, Refused, RemotePicture

CODE = "001191110102MAD55U9H0F10002"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>'
PRICE = 160_000


def finishing(**changes: Any) -> Finishing:
    return Finishing(**changes)


def row(name: str = "A", finished: Finishing | None = None, **changes: Any) -> Job:
    return job(name, finishing=finished or Finishing(), **changes)


def only(results: list[JobResult]) -> Image:
    (result,) = results
    (image,) = result.images
    return image


def sidecar_of(mill: Mill, image: Image) -> Sidecar:
    return Sidecar.model_validate_json(mill.storage.get(layout.sidecar_key(image.key)))


def kinds(result: JobResult) -> list[list[FlawKind]]:
    return [[flaw.kind for flaw in image.flaws] for image in result.images]


def good(mill: Mill, *places: str) -> None:
    """Pictures that pass; all others the host draws are of one colour."""
    for place in places:
        mill.host.troubles[place].append(Fetched(drawn("PNG")))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (finishing(label=Label.NONE), finishing()),
        (finishing(), finishing(label=Label.NONE)),
        (finishing(label=Label.IPTC), finishing(label=Label.TC260)),
        (finishing(), finishing(producer=CODE)),
        (finishing(), finishing(parameters=False)),
    ],
)
def test_other_labels_are_written_and_nothing_is_paid(
    mill: Mill, before: Finishing, now: Finishing
) -> None:
    """The file is the very one that the batch would have got from its provider."""
    first = only(night(mill, FIRST, [row(finished=before)]))
    results = night(mill, SECOND, [row(finished=now)])
    assert len(mill.provider.ordered) == len(mill.host.fetched) == 1
    assert (results[0].reused_from, results[0].cost_micro) == (FIRST, 0)
    image = only(results)
    assert image.key == layout.image_key(SECOND, "A", 1, "png")
    data, earlier = mill.storage.get(image.key), mill.storage.get(first.key)
    assert (image.sha256, image.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert hashlib.sha256(earlier).hexdigest() == first.sha256, "as it was"
    assert data != earlier
    assert pixels(data) == pixels(earlier)

    sidecar = sidecar_of(mill, image)
    assert (sidecar.batch, sidecar.image, sidecar.label) == (SECOND, image, now.label)
    assert sidecar.ticket == "task-1"
    assert sidecar.vendor_sha256 == sidecar_of(mill, first).vendor_sha256
    assert (sidecar.vendor_sha256 == image.sha256) is (now.label is Label.NONE)
    assert mill.storage.head(layout.thumbnail_key(image.key))
    vendor = picture("https://pictures.test/task-1/1.png")
    told_of = origin(row(finished=now), image, "task-1", sidecar.vendor_sha256)
    assert data == label(vendor, "image/png", row(finished=now), told_of).data


def test_prompts_do_not_go_out_with_a_picture_that_told_them_before(mill: Mill) -> None:
    night(mill, FIRST, [row()])
    image = only(night(mill, SECOND, [row(finished=finishing(parameters=False))]))
    assert PROMPT.encode() not in mill.storage.get(image.key)


@pytest.mark.parametrize(
    "now",
    [finishing(gate=Gate()), finishing(label=Label.ALL)],
)
def test_where_the_labels_are_the_same_the_file_is_pointed_at(mill: Mill, now: Finishing) -> None:
    first = only(night(mill, FIRST, [row()]))
    written = len(mill.storage.written)
    image = only(night(mill, SECOND, [row(finished=now)]))
    assert image.key == first.key
    assert not [key for key in mill.storage.written[written:] if "/images/" in key]


def test_labelled_anew_once_it_is_pointed_at_the_next_night(mill: Mill) -> None:
    now = finishing(label=Label.IPTC)
    night(mill, FIRST, [row()])
    second = only(night(mill, SECOND, [row(finished=now)]))
    results = night(mill, THIRD, [row(finished=now)])
    assert only(results).key == second.key
    assert results[0].reused_from == FIRST, "where it was drawn"


def test_a_worker_that_dies_over_it_pays_for_nothing_when_it_is_done_again(mill: Mill) -> None:
    night(mill, FIRST, rows("A", "B"))
    now = finishing(label=Label.IPTC)
    mill.storage.down_for = "tuesday/images/B_01.png"
    mill.hand_in(rows("A", "B", finishing=now), batch=SECOND)
    mill.let_time_pass()
    with pytest.raises(Unreachable):
        mill.turn()
    mill.storage.down_for = ""
    results = night(mill, SECOND, rows("A", "B", finishing=now))
    assert [result.reused_from for result in results] == [FIRST, FIRST]
    assert [result.images[0].key for result in results] == [
        layout.image_key(SECOND, name, 1, "png") for name in "AB"
    ]
    assert len(mill.provider.ordered) == 2


def test_a_picture_that_was_changed_by_somebody_is_drawn_anew(mill: Mill) -> None:
    """Of a file nobody knows no label could say who made it."""
    first = only(night(mill, FIRST, [row()]))
    data = mill.storage.get(first.key)
    mill.storage.put(first.key, data[:-1] + b"\0", "image/png")
    (again,) = night(mill, SECOND, [row(finished=finishing(label=Label.IPTC))])
    assert (again.reused_from, len(mill.provider.ordered)) == (None, 2)


def test_without_its_sidecar_a_picture_is_labelled_all_the_same(mill: Mill) -> None:
    first = only(night(mill, FIRST, [row()]))
    vendor_sha256 = sidecar_of(mill, first).vendor_sha256
    mill.storage.delete(layout.sidecar_key(first.key))
    image = only(night(mill, SECOND, [row(finished=finishing(producer=CODE))]))
    aigc = json.loads(told(mill.storage.get(image.key))["AIGC"])
    assert (aigc["ContentProducer"], aigc["ProduceID"]) == (CODE, "task-1-01")
    assert sidecar_of(mill, image).vendor_sha256 == vendor_sha256


def test_what_came_along_is_labelled_anew_too(mill: Mill) -> None:
    word = (
        RemotePicture(1, "https://pictures.test/1.png"),
        RemotePicture(1, "https://pictures.test/1.svg", part="svg"),
    )
    mill.provider.to_poll.append(Done(word))
    mill.host.troubles["1.svg"].append(Fetched(SVG))
    night(mill, FIRST, [row()])
    image = only(night(mill, SECOND, [row(finished=finishing(label=Label.NONE))]))
    (along,) = image.beside
    assert along.key.startswith("batches/tuesday/")
    assert b"<metadata" not in mill.storage.get(along.key)
    assert b"imagemill" not in mill.storage.get(image.key)


def test_a_picture_that_was_refused_is_marked_the_next_night(mill: Mill) -> None:
    gate = finishing(gate=Gate())
    (first,) = night(mill, FIRST, [row(finished=gate)])
    assert kinds(first) == [[FlawKind.BLANK]]
    for batch, now in (
        (SECOND, gate),
        (THIRD, finishing()),
        ("friday", finishing(label=Label.IPTC)),
    ):
        (again,) = night(mill, batch, [row(finished=now)])
        assert (kinds(again), again.reused_from) == ([[FlawKind.BLANK]], FIRST)
    assert len(mill.provider.ordered) == 1


@pytest.mark.parametrize("thumbnails", [True, False])
@pytest.mark.parametrize("now", [finishing(), finishing(label=Label.NONE)])
def test_what_nobody_looked_at_is_looked_at_now(
    mill: Mill, now: Finishing, *, thumbnails: bool
) -> None:
    worker = mill.tools.settings.worker.model_copy(update={"thumbnails": thumbnails})
    mill.use(mill.tools.settings.model_copy(update={"worker": worker}))
    good(mill, "task-2/1.png")
    night(mill, FIRST, rows("A", "B", parameters={"size": "24*16"}))
    gated = now.model_copy(update={"gate": Gate()})
    sized = rows("A", "B", parameters={"size": "24*16"}, finishing=gated)
    first, second = night(mill, SECOND, sized)
    assert len(mill.provider.ordered) == 2
    assert (kinds(first), kinds(second)) == ([[FlawKind.BLANK]], [[]])
    assert [len(result.images[0].look) for result in (first, second)] == [64, 64]


def test_limits_are_those_of_today(mill: Mill) -> None:
    good(mill, "task-1/1.png")
    (first,) = night(mill, FIRST, [row(finished=finishing(gate=Gate(max_size_bytes=10)))])
    assert kinds(first) == [[FlawKind.LARGE_FILE]]
    (again,) = night(mill, SECOND, [row(finished=finishing(gate=Gate(min_size_bytes=10**6)))])
    assert kinds(again) == [[FlawKind.SMALL_FILE]]


def test_of_two_that_are_alike_the_later_is_marked_though_both_were_drawn_before(
    mill: Mill,
) -> None:
    twin = Fetched(drawn("PNG"))
    mill.host.troubles["/1.png"] += (twin, twin)
    night(mill, FIRST, rows("A"))
    night(mill, SECOND, rows("B"))
    third = night(mill, THIRD, rows("A", "B", finishing=finishing(gate=Gate())))
    assert [kinds(result) for result in third] == [[[]], [[FlawKind.ALIKE]]]
    assert third[1].images[0].flaws[0].seen == "A"


def test_a_batch_that_was_rerolled_costs_nothing_the_next_night(mill: Mill) -> None:
    """The first revision and the second have markers of their own, and each is found again."""
    gate = finishing(gate=Gate(rerolls=1))
    good(mill, "task-2/1.png")
    (first,) = night(mill, FIRST, [row(finished=gate, parameters={"seed": 7})])
    assert (first.revision, first.cost_micro) == (2, 2 * PRICE)
    (again,) = night(mill, SECOND, [row(finished=gate, parameters={"seed": 7})])
    assert len(mill.provider.ordered) == 2
    assert (again.images, kinds(again), again.revision) == (first.images, [[]], 2)
    assert (again.cost_micro, again.attempts, again.reused_from) == (0, 0, FIRST)
    assert [image.key for image in again.replaced] == [image.key for image in first.replaced]
    status = mill.ledger.batches.status(SECOND)
    assert status is not None
    assert (status.succeeded, status.images, status.reused, status.total) == (1, 1, 1, 1)


def test_a_marker_belongs_to_its_revision(mill: Mill) -> None:
    good(mill, "task-2/1.png")
    night(mill, FIRST, [row(finished=finishing(gate=Gate(rerolls=1)))])
    for revision in (1, 2):
        key = layout.marker_key(content_key(row(revision=revision)))
        marker = Marker.model_validate_json(mill.storage.get(key))
        assert [image.revision for image in marker.result.images] == [revision]


def test_only_what_was_refused_is_taken_from_the_second_revision(mill: Mill) -> None:
    gate = finishing(gate=Gate(rerolls=1))
    good(mill, "task-1/1.png", "task-1/3.png", "task-2/1.png")
    (first,) = night(mill, FIRST, [row(n=3, finished=gate)])
    (again,) = night(mill, SECOND, [row(n=3, finished=gate)])
    assert (again.images, len(mill.provider.ordered)) == (first.images, 2)
    assert [image.revision for image in again.images] == [1, 2, 1]


def test_a_stricter_gate_gets_nothing_that_the_earlier_one_kept(mill: Mill) -> None:
    """The second revision kept a picture of the first, which this batch refuses: it is drawn."""
    good(mill, "task-1/1.png", "task-2/1.png")
    night(mill, FIRST, [row(n=2, finished=finishing(gate=Gate(rerolls=1)))])
    strict = finishing(gate=Gate(rerolls=1, max_size_bytes=1))
    (again,) = night(mill, SECOND, [row(n=2, finished=strict)])
    assert (mill.provider.ordered[-1].n, again.reused_from) == (2, None)
    assert [image.revision for image in again.images] == [2, 2]


def test_a_row_that_was_reused_and_is_drawn_anew_is_reused_no_more(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    gate = finishing(gate=Gate(rerolls=1))
    good(mill, "task-2/1.png")
    (again,) = night(mill, SECOND, [row(finished=gate)])
    assert (again.revision, again.cost_micro, again.reused_from) == (2, PRICE, None)
    status = mill.ledger.batches.status(SECOND)
    assert status is not None
    assert (status.succeeded, status.reused) == (1, 0)


def test_what_comes_to_nothing_the_second_time_is_the_picture_of_the_first_night(
    mill: Mill,
) -> None:
    first = only(night(mill, FIRST, rows("A")))
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED, "No")))
    (again,) = night(mill, SECOND, [row(finished=finishing(gate=Gate(rerolls=1)))])
    assert (again.state, again.images[0].key) == (JobState.SUCCEEDED, first.key)
    assert kinds(again) == [[FlawKind.BLANK, FlawKind.KEPT]]


def test_reused_pictures_are_on_the_sheet_in_the_tables_and_in_the_zip(mill: Mill) -> None:
    night(mill, FIRST, rows("A", "B"))
    results = night(mill, SECOND, rows("A", "C"))
    page = mill.storage.get(layout.batch_file(SECOND, layout.CONTACT_SHEET)).decode()
    assert 'href="../monday/images/A_01.png"' in page
    assert page.count("data:image/jpeg;base64,") == 2
    table = mill.storage.get(layout.batch_file(SECOND, layout.RESULTS_CSV)).decode("utf-8-sig")
    assert "batches/monday/images/A_01.png" in table
    assert "batches/tuesday/images/C_01.png" in table
    target = io.BytesIO()
    document = mill.ledger.batches.document(SECOND)
    assert document is not None
    packed = write_archive(sealed_results(mill.storage, SECOND), target, document, mill.storage)
    assert (packed.pictures, packed.missing) == (2, 0)
    with ZipFile(target) as archive:
        assert archive.read("images/A_01.png") == mill.storage.get(results[0].images[0].key)
