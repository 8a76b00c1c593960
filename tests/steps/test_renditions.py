"""Renditions are made while pictures are stored; whatever becomes of them, the picture stays."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import PIL.Image
import pytest

from schemas import layout
from schemas.finishing import Finishing, Label
from schemas.job import Job
from schemas.result import Image, JobResult, Sidecar
from schemas.states import BatchState, JobState
from storage import Denied, Unreachable
from tests.results.metadata import drawn, told
from tests.steps.mill import Mill, job
from tests.steps.storages import StumblingStorage
from worker.fetching import Fetched
from worker.outcomes import Ended
from worker.providers.port import Done, InlinePicture, RemotePicture, SubmitAnswer
from worker.steps import store

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>'
WANTED = ["square-64.jpg", "shop=fit-16.webp"]
MOST_TURNS = 60


def wanting(*renditions: str, **changes: Any) -> Finishing:
    return Finishing(renditions=list(renditions or WANTED), **changes)


def stored(mill: Mill, file: bytes | None = None, **changes: Any) -> tuple[JobResult, Image]:
    if file is not None:
        mill.host.troubles["/1.png"].append(Fetched(file))
    claim = mill.storing(**{"finishing": wanting(), **changes})
    mill.desk.step("store", claim)
    result = mill.result(claim)
    (image,) = result.images
    return result, image


def sidecar_of(mill: Mill, image: Image) -> Sidecar:
    return Sidecar.model_validate_json(mill.storage.get(layout.sidecar_key(image.key)))


def size_of(data: bytes) -> tuple[int, int]:
    with PIL.Image.open(io.BytesIO(data)) as image:
        return image.size


def test_each_lies_in_its_folder_and_the_result_tells_of_it(mill: Mill) -> None:
    result, image = stored(mill)
    assert result.state is JobState.SUCCEEDED
    square, shop = image.renditions
    assert square.key == "batches/night/renditions/square-64/SKU-1_01.jpg"
    assert shop.key == "batches/night/renditions/shop/SKU-1_01.webp"
    for each in (square, shop):
        data = mill.storage.get(each.key)
        assert (each.sha256, each.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
        assert (each.width, each.height) == size_of(data)
        assert each.made_of == image.sha256
        assert told(data) == told(mill.storage.get(image.key))
    assert (square.width, square.height, square.not_filled) == (64, 64, True)
    assert (square.content_type, shop.content_type) == ("image/jpeg", "image/webp")
    assert sidecar_of(mill, image).image == image


def test_without_a_word_nothing_is_made(mill: Mill) -> None:
    _, image = stored(mill, finishing=Finishing())
    assert image.renditions == []
    assert list(mill.storage.list("batches/night/renditions/")) == []


def test_of_a_drawing_none_is_made_and_the_row_is_done_all_the_same(mill: Mill) -> None:
    result, image = stored(mill, SVG)
    assert (result.state, result.cost_micro, image.renditions) == (JobState.SUCCEEDED, 160_000, [])
    assert list(image.unrendered) == WANTED
    assert all("SVG" in why for why in image.unrendered.values())


def test_what_comes_along_has_none(mill: Mill) -> None:
    word = (
        RemotePicture(1, "https://pictures.test/1.png"),
        RemotePicture(1, "https://pictures.test/2.png", part="overlay"),
    )
    mill.provider.to_poll.append(Done(word))
    _, image = stored(mill)
    assert (len(image.renditions), image.beside[0].renditions) == (2, [])


def test_a_storage_that_does_not_take_one_is_waited_for(mill: Mill) -> None:
    """The picture is not fetched again, nor made again what is there."""
    mill.storage.down_for = "renditions/"
    claim = mill.storing(n=2, finishing=wanting())
    mill.desk.step("store", claim)
    assert mill.record(claim)["state"] == JobState.STORING
    fetched, mill.storage.down_for = len(mill.host.fetched), ""
    mill.desk.step("store", mill.due_again(JobState.STORING))
    result = mill.result(claim)
    assert (result.state, len(mill.host.fetched)) == (JobState.SUCCEEDED, fetched)
    for image in result.images:
        assert [each.spec for each in image.renditions] == WANTED
        assert sidecar_of(mill, image).image == image


def test_a_storage_that_takes_none_for_an_hour_is_waited_for_no_more(mill: Mill) -> None:
    mill.storage.down_for = "renditions/"
    claim = mill.storing(finishing=wanting())
    mill.desk.step("store", claim)
    hours_ago = mill.ledger.fleet.now_ms() - 2 * 3_600_000
    later = mill.due_again(JobState.STORING)
    key = f"{{{later.lane}}}"
    (record,) = [
        name
        for name in map(str, mill.ledger.client.scan_iter("*"))
        if key in name and name.endswith(f"job:{later.ref}")
    ]
    mill.ledger.client.hset(record, "storing_ms", hours_ago)
    mill.desk.step("store", later)
    result = mill.result(claim)
    assert (result.state, result.images[0].renditions) == (JobState.SUCCEEDED, [])
    assert set(result.images[0].unrendered.values()) == {"the storage did not take it"}


class Forbidding(StumblingStorage):
    """A bucket whose policy knows nothing of renditions."""

    def put(self, key: str, data: bytes, content_type: str, **more: Any) -> None:
        if "/renditions/shop/" in key:
            raise Denied("The bucket does not allow it.")
        super().put(key, data, content_type, **more)


def test_a_storage_that_forbids_one_has_the_others(mill: Mill) -> None:
    mill.storage = Forbidding(mill.folder / "forbidding")
    mill.configure()
    result, image = stored(mill)
    assert result.state is JobState.SUCCEEDED
    assert [each.name for each in image.renditions] == ["square-64"]
    assert image.unrendered == {"shop=fit-16.webp": "The bucket does not allow it."}


def test_pictures_that_come_with_the_answer_have_them_too(mill: Mill) -> None:
    def inline(order: Job) -> SubmitAnswer:
        return Done((InlinePicture(1, drawn("JPEG", size=(80, 40))),))

    mill.provider.to_submit.append(inline)
    claim = mill.released(finishing=wanting())
    mill.desk.step("submit", claim)
    (image,) = mill.result(claim).images
    assert [(each.width, each.height) for each in image.renditions] == [(64, 64), (16, 8)]
    assert not image.renditions[0].not_filled


def test_storing_twice_gives_the_same_files(mill: Mill) -> None:
    """Whatever worker does it, and whenever: what was stored is what the result says."""
    claim = mill.storing(n=2, finishing=wanting("square-64.jpg", "full.avif", "fit-19.webp"))
    held = mill.desk._take(claim)
    assert held is not None
    first, second = store(held, mill.tools), store(held, mill.tools)
    assert isinstance(first, Ended)
    assert isinstance(second, Ended)
    assert first.result.images == second.result.images
    assert [len(image.renditions) for image in first.result.images] == [3, 3]


def night(mill: Mill, batch: str, jobs: Sequence[Job], *, fresh: bool = False) -> list[JobResult]:
    mill.hand_in(jobs, batch=batch, fresh=fresh)
    turns(mill, batch)
    lines = mill.storage.get(layout.batch_file(batch, layout.RESULTS_JSONL)).splitlines()
    return sorted(map(JobResult.model_validate_json, lines), key=lambda found: found.id)


def turns(mill: Mill, batch: str) -> None:
    for _ in range(MOST_TURNS):
        mill.let_time_pass()
        mill.turn()
        if mill.ledger.batches.state(batch) is BatchState.FINISHED:
            return
    raise AssertionError(f"{batch} came to no end")


def test_the_next_night_points_at_what_is_there(mill: Mill) -> None:
    (first,) = night(mill, "monday", [job(finishing=wanting())])
    (second,) = night(mill, "tuesday", [job(finishing=wanting())])
    assert (second.reused_from, second.cost_micro) == ("monday", 0)
    assert second.images == first.images
    assert list(mill.storage.list("batches/tuesday/renditions/")) == []


def test_renditions_thought_of_later_are_made_of_what_is_there_for_nothing(mill: Mill) -> None:
    (first,) = night(mill, "monday", [job(finishing=wanting("square-64.jpg"))])
    (second,) = night(mill, "tuesday", [job(finishing=wanting("full.avif", "square-64.jpg"))])
    assert (second.reused_from, len(mill.provider.ordered)) == ("monday", 1)
    made = {each.spec: each for each in second.images[0].renditions}
    assert list(made) == ["full.avif", "square-64.jpg"], "in the order in which they are wanted"
    assert made["square-64.jpg"] == first.images[0].renditions[0]
    assert made["full.avif"].key == "batches/tuesday/renditions/full/SKU-1_01.avif"
    data = mill.storage.get(made["full.avif"].key)
    assert size_of(data) == (first.images[0].width, first.images[0].height)


def test_what_this_batch_does_not_want_it_does_not_name(mill: Mill) -> None:
    night(mill, "monday", [job(finishing=wanting())])
    (second,) = night(mill, "tuesday", [job()])
    assert (second.reused_from, second.images[0].renditions) == ("monday", [])


@pytest.mark.parametrize("left", ["gone", "cut short"])
def test_one_that_is_not_there_any_more_is_made_anew(mill: Mill, left: str) -> None:
    (first,) = night(mill, "monday", [job(finishing=wanting("square-64.jpg"))])
    key = first.images[0].renditions[0].key
    mill.storage.delete(key)
    if left == "cut short":
        mill.storage.put(key, b"half", "image/jpeg")
    (second,) = night(mill, "tuesday", [job(finishing=wanting("square-64.jpg"))])
    (made,) = second.images[0].renditions
    assert (second.reused_from, made.key) == (
        "monday",
        "batches/tuesday/renditions/square-64/SKU-1_01.jpg",
    )
    assert mill.storage.head(made.key)


def test_a_reused_row_is_named_as_this_batch_names_it(mill: Mill) -> None:
    night(mill, "monday", [job(name="old", id="A")])
    (second,) = night(mill, "tuesday", [job(name="new", id="A", finishing=wanting("full.jpg"))])
    assert second.reused_from == "monday"
    assert second.images[0].renditions[0].key == "batches/tuesday/renditions/full/new_01.jpg"


def test_a_storage_that_is_away_while_they_are_made_loses_nothing(mill: Mill) -> None:
    night(mill, "monday", [job()])
    mill.storage.down_for = "renditions/"
    mill.hand_in([job(finishing=wanting())], batch="tuesday")
    mill.let_time_pass()
    with pytest.raises(Unreachable):
        mill.turn()
    mill.storage.down_for = ""
    turns(mill, "tuesday")
    lines = mill.storage.get(layout.batch_file("tuesday", layout.RESULTS_JSONL)).splitlines()
    (second,) = map(JobResult.model_validate_json, lines)
    assert (second.reused_from, len(second.images[0].renditions)) == ("monday", 2)
    assert len(mill.provider.ordered) == 1


def test_labels_are_those_of_the_picture(mill: Mill) -> None:
    _, image = stored(mill, finishing=wanting(label=Label.NONE))
    assert all(b"xmp" not in mill.storage.get(each.key) for each in image.renditions)


def test_a_chore_that_takes_long_is_not_done_by_others_meanwhile(mill: Mill) -> None:
    """A chunk of reused pictures may need minutes of drawing; its lease is kept like a claim's."""
    mill.hand_in([job()])
    mill.let_time_pass()
    (lane,) = mill.ledger.lanes.names()
    (chore,) = mill.ledger.lanes.tick([lane], 0.001, 100)[lane].chores
    mill.ledger.lanes.keep_chore(lane, chore.what, chore.chunk, 30.0)
    assert mill.ledger.lanes.tick([lane], 30.0, 100)[lane].chores == []
    mill.desk.chore(chore.what, lane, str(chore.chunk))
    mill.ledger.lanes.keep_chore(lane, chore.what, chore.chunk, 0.0)
    assert mill.ledger.lanes.tick([lane], 30.0, 100)[lane].chores == [], "done stays done"
