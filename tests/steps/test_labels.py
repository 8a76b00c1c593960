"""Pictures are labelled on their way into storage, and the sidecar says what was done."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

import pytest

from schemas.finishing import Finishing, Label
from schemas.job import Job
from schemas.result import Image, Sidecar
from schemas.states import JobState
from tests.results.metadata import (
    MADE_BY_AI,
    drawn,
    pixels,
    told,
    with_jpeg_segment,
    with_png_packet,
)
from tests.steps.mill import PROMPT, Mill
from tests.steps.picture_host import picture
from tests.steps.scripted_provider import done
from worker.fetching import Fetched
from worker.outcomes import Ended
from worker.providers.port import Done, InlinePicture, RemotePicture, SubmitAnswer
from worker.steps import store

FIRST = picture("https://pictures.test/task-1/1.png")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>'


def stored(mill: Mill, file: bytes | None = None, **changes: Any) -> tuple[Image, bytes, Sidecar]:
    """The one picture of a job, as the host delivers it and as it lies in storage."""
    if file is not None:
        mill.host.troubles["/1.png"].append(Fetched(file))
    claim = mill.storing(**changes)
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert result.state is JobState.SUCCEEDED
    (image,) = result.images
    sidecar = mill.storage.get(f"{image.key.rsplit('.', 1)[0]}.json")
    return image, mill.storage.get(image.key), Sidecar.model_validate_json(sidecar)


def finishing(**changes: Any) -> dict[str, Any]:
    return {"finishing": Finishing(**changes)}


def test_a_file_says_that_it_was_made_by_ai_by_whom_and_from_what(mill: Mill) -> None:
    image, data, sidecar = stored(
        mill, negative_prompt="text", parameters={"seed": 41, "size": "24*16"}
    )
    said = told(data)
    assert said["DigitalSourceType"] == MADE_BY_AI
    aigc = json.loads(said["AIGC"])
    assert (aigc["ContentProducer"], aigc["ProduceID"]) == ("dashscope", "task-1-01")
    assert said["AIPromptInformation"] == f"{PROMPT}\nNegative prompt: text"
    assert (said["AISystemUsed"], said["Seed"]) == ("wanx-v1 (dashscope)", "41")
    assert (said["Size"], said["Ticket"]) == ("24x16", "task-1")
    assert pixels(data) == pixels(FIRST)
    assert (image.sha256, image.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (sidecar.image, sidecar.label, sidecar.seal_broken) == (image, Label.ALL, False)
    assert sidecar.vendor_sha256 == hashlib.sha256(FIRST).hexdigest() != image.sha256


def test_a_batch_may_want_none(mill: Mill) -> None:
    image, data, sidecar = stored(mill, **finishing(label=Label.NONE))
    assert data == FIRST
    assert (image.sha256, sidecar.label) == (sidecar.vendor_sha256, Label.NONE)


def test_prompts_stay_at_home_where_files_are_not_to_tell_them(mill: Mill) -> None:
    _, data, sidecar = stored(mill, **finishing(parameters=False))
    assert told(data).keys() == {"about", "DigitalSourceType", "AIGC"}
    assert PROMPT.encode() not in data
    assert sidecar.prompt == PROMPT


def test_whoever_answers_for_the_pictures_has_a_code(mill: Mill) -> None:
    code = "001191110102MAD55U9H0F10002"
    _, data, _ = stored(mill, **finishing(producer=code))
    aigc = json.loads(told(data)["AIGC"])
    assert aigc["ContentProducer"] == aigc["ContentPropagator"] == code


def test_a_rehearsals_pictures_are_nobodys(mill: Mill) -> None:
    mill.use(mill.tools.settings.model_copy(update={"simulator_url": "http://127.0.0.1:1"}))
    lane = "dashscope:wanx-v1@simulator"
    mill.hand_in([job_of(lane)])
    (released,) = mill.hand_out(lane)
    mill.desk.step("submit", released.claim)
    mill.let_time_pass()
    (running,) = mill.hand_out(lane)
    mill.desk.go("poll", running.claim)
    (image,) = mill.result(running.claim).images
    assert json.loads(told(mill.storage.get(image.key))["AIGC"])["ContentProducer"] == (
        "imagemill-simulator"
    )


def job_of(lane: str) -> Job:
    return Job(id="A", line=2, lane=lane, prompt=PROMPT, name="A")


def test_without_a_ticket_the_bytes_are_the_pictures_number(mill: Mill) -> None:
    def inline(order: Job) -> SubmitAnswer:
        return Done((InlinePicture(1, FIRST),))

    mill.provider.to_submit.append(inline)
    claim = mill.released()
    mill.desk.step("submit", claim)
    (image,) = mill.result(claim).images
    said = told(mill.storage.get(image.key))
    assert json.loads(said["AIGC"])["ProduceID"] == hashlib.sha256(FIRST).hexdigest()
    assert "Ticket" not in said


def test_what_comes_along_is_labelled_too(mill: Mill) -> None:
    word = (
        RemotePicture(1, "https://pictures.test/1.png"),
        RemotePicture(1, "https://pictures.test/1.svg", part="svg"),
    )
    mill.provider.to_poll.append(Done(word))
    mill.host.troubles["1.svg"].append(Fetched(SVG))
    image, _, _ = stored(mill)
    (along,) = image.beside
    drawing = mill.storage.get(along.key).decode()
    assert MADE_BY_AI in drawing
    assert '"ProduceID":"task-1-01-svg"' in drawing
    assert "imagemill:Seed" not in drawing


def test_a_file_that_cannot_be_labelled_is_stored_as_it_came(
    mill: Mill, caplog: pytest.LogCaptureFixture
) -> None:
    file = with_png_packet(b"no packet")
    with caplog.at_level(logging.WARNING):
        image, data, sidecar = stored(mill, file)
    assert data == file
    assert image.unlabelled.startswith("its metadata cannot be read: ")
    assert sidecar.image == image
    assert sidecar.vendor_sha256 == image.sha256
    (line,) = [record for record in caplog.records if record.message == "picture.unlabelled"]
    assert PROMPT not in str(line.__dict__)


def test_a_broken_seal_is_told(mill: Mill) -> None:
    file = with_jpeg_segment(drawn("JPEG"), 0xEB, b"JP\0\1\0\0\0\1\0\0\0\x20jumbc2pa")
    _, data, sidecar = stored(mill, file)
    assert (sidecar.seal_broken, b"jumbc2pa" in data) == (True, True)


def test_storing_twice_gives_the_same_labels(mill: Mill) -> None:
    """Whatever worker does it, and whenever: what was stored is what the result says."""
    claim = mill.storing(n=2)
    held = mill.desk._take(claim)
    assert held is not None
    first, second = store(held, mill.tools), store(held, mill.tools)
    assert isinstance(first, Ended)
    assert isinstance(second, Ended)
    assert first.result.images == second.result.images


def test_a_picture_that_is_fetched_again_after_trouble_is_labelled(mill: Mill) -> None:
    mill.provider.to_poll.append(done("task-1", 2))
    mill.storage.down_for = "_02.png"
    claim = mill.storing(n=2)
    mill.desk.step("store", claim)
    mill.storage.down_for = ""
    mill.desk.step("store", mill.due_again(JobState.STORING))
    for image in mill.result(claim).images:
        aigc = json.loads(told(mill.storage.get(image.key))["AIGC"])
        assert aigc["ProduceID"] == f"task-1-{image.index:02}"
