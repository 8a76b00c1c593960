"""Storing jobs that go well, or nearly: what lies in storage, and what the result says of it."""

from __future__ import annotations

import hashlib
import io
import json

import PIL.Image
import pytest

from schemas.failure import ErrorClass
from schemas.finishing import Label
from schemas.job import Job, content_key
from schemas.result import Sidecar
from schemas.states import JobState
from tests.results.metadata import pixels
from tests.steps.mill import LANE, PROMPT, Mill, job
from tests.steps.picture_host import SIZE, picture
from tests.steps.scripted_provider import done, trouble
from worker.outcomes import Ended
from worker.providers.port import Done, InlinePicture, SubmitAnswer
from worker.steps import store

IMAGES = "batches/night/images"


def keys(mill: Mill, prefix: str = "batches/night/") -> list[str]:
    return [found.key for found in mill.storage.list(prefix) if "/input/" not in found.key]


def test_every_picture_is_stored_with_its_facts(mill: Mill) -> None:
    claim = mill.storing(n=2, parameters={"seed": 41})
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert (result.state, result.failures, result.ticket) == (JobState.SUCCEEDED, [], "task-1")
    assert (result.cost_micro, result.currency) == (2 * 160_000, "CNY")
    for index, image in enumerate(result.images, start=1):
        data = mill.storage.get(image.key)
        assert pixels(data) == pixels(picture(f"https://pictures.test/task-1/{index}.png"))
        assert image.sha256 == hashlib.sha256(data).hexdigest()
        assert (image.key, image.index) == (f"{IMAGES}/SKU-1_{index:02}.png", index)
        assert ((image.width, image.height), image.size_bytes) == (SIZE, len(data))
        assert (image.content_type, image.seed) == ("image/png", 40 + index)
    counts = mill.ledger.batches.status("night")
    assert counts is not None
    assert (counts.succeeded, counts.images, counts.cost) == (1, 2, "0.32")
    assert (mill.wait_s(claim), mill.window()) == (None, set())


def test_times_and_request_are_in_the_result(mill: Mill) -> None:
    claim = mill.storing(parameters={"size": "720*1280"}, line=9)
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert (result.line, result.prompt, result.parameters) == (9, PROMPT, {"size": "720*1280"})
    assert result.submitted_at is not None
    assert result.submitted_at.endswith("Z")
    assert result.finished_at == "2026-11-20T20:00:00.000Z"
    assert result.attempts == 1


def test_a_sidecar_says_how_a_picture_came_to_be(mill: Mill) -> None:
    order = job(negative_prompt="text", parameters={"seed": 3})
    claim = mill.storing(negative_prompt="text", parameters={"seed": 3})
    mill.desk.step("store", claim)
    data = json.loads(mill.storage.get(f"{IMAGES}/SKU-1_01.json"))
    sidecar = Sidecar.model_validate(data)
    (image,) = mill.result(claim).images
    assert sidecar == Sidecar(
        batch="night",
        job="SKU-1",
        image=image,
        provider="dashscope",
        model="wanx-v1",
        prompt=PROMPT,
        negative_prompt="text",
        parameters={"seed": 3},
        ticket="task-1",
        content_key=content_key(order),
        label=Label.ALL,
        vendor_sha256=hashlib.sha256(picture("https://pictures.test/task-1/1.png")).hexdigest(),
        created_at="2026-11-20T20:00:00.000+00:00",
    )
    assert "Signature" not in json.dumps(data)


def test_a_small_picture_lies_beside_for_the_contact_sheet(mill: Mill) -> None:
    mill.desk.step("store", mill.storing())
    small = mill.storage.get("batches/night/thumbnails/SKU-1_01.jpg")
    with PIL.Image.open(io.BytesIO(small)) as opened:
        assert opened.format == "JPEG"


def test_no_small_pictures_where_nobody_wants_them(mill: Mill) -> None:
    worker = mill.tools.settings.worker.model_copy(update={"thumbnails": False})
    settings = mill.tools.settings.model_copy(update={"worker": worker})
    object.__setattr__(mill.tools, "settings", settings)
    mill.desk.step("store", mill.storing())
    assert keys(mill) == [f"{IMAGES}/SKU-1_01.json", f"{IMAGES}/SKU-1_01.png"]


def test_only_delivered_pictures_cost(mill: Mill) -> None:
    mill.provider.withheld.add(PROMPT)
    claim = mill.storing(n=3)
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.PARTIAL, 2 * 160_000)
    assert [image.index for image in result.images] == [1, 2]
    (withheld,) = result.failures
    assert (withheld.error_class, withheld.index) == (ErrorClass.MODERATED, 3)


def test_a_job_without_any_picture_fails_and_costs_nothing(mill: Mill) -> None:
    mill.provider.withheld.add(PROMPT)
    claim = mill.storing(n=1)
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert (result.state, result.cost_micro, result.images) == (JobState.FAILED, 0, [])


def test_pictures_nobody_speaks_of_are_missed(mill: Mill) -> None:
    mill.provider.to_poll.append(done("task-1", 1))
    claim = mill.storing(n=3)
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert (result.state, len(result.images)) == (JobState.PARTIAL, 1)
    assert result.failures[0].message == "the provider drew 2 picture(s) fewer than were ordered"


def test_storing_twice_changes_nothing(mill: Mill) -> None:
    """The process died between storage and ledger: the step begins anew under another claim."""
    claim = mill.storing(n=2)
    held = mill.desk._take(claim)
    assert held is not None
    assert isinstance(store(held, mill.tools), Ended)
    before = {key: mill.storage.get(key) for key in keys(mill)}
    assert mill.record(claim)["state"] == "storing"
    mill.desk.step("store", mill.due_again(JobState.STORING))
    assert {key: mill.storage.get(key) for key in keys(mill)} == before
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.SUCCEEDED, 2 * 160_000)


def test_a_synchronous_providers_pictures_are_stored_at_once(mill: Mill) -> None:
    claim = mill.released(n=2)
    mill.provider.to_submit.append(_inline)
    mill.desk.step("submit", claim)
    result = mill.result(claim)
    assert (result.state, result.ticket, result.attempts) == (JobState.SUCCEEDED, None, 1)
    assert pixels(mill.storage.get(f"{IMAGES}/SKU-1_02.png")) == pixels(picture("inline/2"))
    assert (mill.host.fetched, mill.provider.polled, mill.window()) == ([], [], set())


def test_a_synchronous_providers_addresses_are_written_down_first(mill: Mill) -> None:
    claim = mill.released()
    mill.provider.to_submit.append(done("now", 1, took_s=None))
    mill.desk.step("submit", claim)
    assert (mill.record(claim)["state"], mill.host.fetched) == ("storing", [])
    assert not mill.ledger.client.exists(f"mill:{{{LANE}}}:learned")
    mill.desk.step("store", mill.due_again(JobState.STORING))
    assert mill.result(claim).state is JobState.SUCCEEDED


def test_pictures_that_are_nowhere_else_wait_for_the_storage(mill: Mill) -> None:
    claim = mill.released(n=2)
    mill.provider.to_submit.append(_inline)
    mill.storage.down_for = "_02.png"

    def repair() -> None:
        if len(mill.clock.slept_s) == 10:
            mill.storage.down_for = ""

    mill.clock.meanwhile = repair
    mill.desk.step("submit", claim)
    assert mill.result(claim).state is JobState.SUCCEEDED
    assert len(mill.clock.slept_s) == 10


def test_a_process_that_must_end_says_which_pictures_it_lost(mill: Mill) -> None:
    claim = mill.released(n=2)
    mill.provider.to_submit.append(_inline)
    mill.storage.down_for = "_02.png"
    mill.clock.interrupt_after = 4
    mill.desk.step("submit", claim)
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.PARTIAL, 2 * 160_000)
    assert result.failures[0].code == "storage"


def test_an_inline_answer_that_is_no_picture_is_not_waited_for(mill: Mill) -> None:
    claim = mill.released()
    mill.provider.to_submit.append(Done((InlinePicture(1, b"sorry"),)))
    mill.desk.step("submit", claim)
    result = mill.result(claim)
    assert (result.state, result.failures[0].code) == (JobState.FAILED, "not-a-picture")
    assert sum(mill.clock.slept_s) < 0.1


@pytest.mark.parametrize("kind", [ErrorClass.INVALID, ErrorClass.MODERATED])
def test_a_failure_of_one_picture_keeps_its_class(mill: Mill, kind: ErrorClass) -> None:
    withheld = trouble(kind).model_copy(update={"index": 2})
    mill.provider.to_poll.append(Done(done("task-1", 1).pictures, (withheld,)))
    claim = mill.storing(n=2)
    mill.desk.step("store", claim)
    assert mill.result(claim).failures == [withheld]


def _inline(order: Job) -> SubmitAnswer:
    indexes = range(1, order.n + 1)
    return Done(tuple(InlinePicture(index, picture(f"inline/{index}")) for index in indexes))
