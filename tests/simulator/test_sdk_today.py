"""The vendor's SDK, unmodified, as the witness for the newer models, files and fine-tune jobs."""

from __future__ import annotations

import zipfile
from http import HTTPStatus
from pathlib import Path
from typing import Any

import dashscope
import dashscope.aigc.image_generation
import httpx2
import pytest
from dashscope.aigc.image_synthesis import ImageSynthesis
from dashscope.files import Files
from dashscope.finetune.finetunes import FineTunes

from tests.simulator.orders import PICTURE
from tests.simulator.running import KEY, RunningSimulator
from tests.waiting import wait_until

# The package types every answer of these as one that may be a stream; none here is.
ImageGeneration: Any = dashscope.aigc.image_generation.ImageGeneration
MultiModalConversation: Any = dashscope.MultiModalConversation

WORDS = [{"role": "user", "content": [{"text": "a flower shop"}]}]
EDIT = [{"role": "user", "content": [{"image": PICTURE}, {"text": "make it red"}]}]


@pytest.fixture(autouse=True)
def sdk(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dashscope, "base_http_api_url", simulator.url + "/api/v1")
    monkeypatch.setattr(dashscope, "api_key", KEY)
    # The SDK uploads any text that happens to name a file of the working directory.
    monkeypatch.chdir(tmp_path)


def test_image_synthesis_of_wan(simulator: RunningSimulator) -> None:
    answer = ImageSynthesis.call(
        model="wan2.5-t2i-preview", prompt="a cat", n=2, size="1280*1280", prompt_extend=True
    )

    assert answer.output.task_status == "SUCCEEDED"
    assert answer.usage.image_count == 2
    first = answer.output.results[0]
    assert first["orig_prompt"] == "a cat"
    assert first["actual_prompt"].startswith("a cat, ")
    assert httpx2.get(first.url).status_code == 200


def test_image_synthesis_of_wan_on_the_open_connection(simulator: RunningSimulator) -> None:
    answer = ImageSynthesis.sync_call(model="wan2.2-t2i-flash", prompt="a cat", n=1)

    assert answer.status_code == HTTPStatus.OK
    assert len(answer.output.results) == 1
    assert simulator.ledger()["totals"]["images_charged"] == 1


def test_image_synthesis_finds_the_endpoint_of_edits(simulator: RunningSimulator) -> None:
    edited = ImageSynthesis.call(
        model="wanx2.1-imageedit",
        function="description_edit_with_mask",
        prompt="a red bow",
        base_image_url=PICTURE,
        mask_image_url=PICTURE,
        n=1,
    )
    drawn = ImageSynthesis.call(
        model="wan2.5-i2i-preview", prompt="a red bow", images=[PICTURE], n=1
    )

    assert edited.output.task_status == "SUCCEEDED"
    assert drawn.output.task_status == "SUCCEEDED"


def test_image_synthesis_of_a_sketch(simulator: RunningSimulator) -> None:
    answer = ImageSynthesis.call(
        model="wanx-sketch-to-image-lite",
        prompt="a tree",
        sketch_image_url=PICTURE,
        task="image2image",
        n=1,
    )

    assert answer.output.task_status == "SUCCEEDED"


def test_image_generation_waits_for_its_task(simulator: RunningSimulator) -> None:
    task = ImageGeneration.async_call(
        model="wan2.6-t2i", messages=WORDS, n=2, negative_prompt="dog", prompt_extend=False
    )
    assert task.status_code == HTTPStatus.OK, task.message
    done = ImageGeneration.wait(task)

    assert done.output.task_status == "SUCCEEDED"
    assert done.output.finished is True
    urls = [choice.message.content[0]["image"] for choice in done.output.choices]
    assert [httpx2.get(url).status_code for url in urls] == [200, 200]
    assert done.usage["image_count"] == 2


@pytest.mark.parametrize("model", ["wan2.6-t2i", "wan2.7-image", "qwen-image-3.0"])
def test_image_generation_on_the_open_connection(simulator: RunningSimulator, model: str) -> None:
    answer = ImageGeneration.call(model=model, messages=WORDS, n=1)

    assert answer.status_code == HTTPStatus.OK, answer.message
    assert httpx2.get(answer.output.choices[0].message.content[0]["image"]).status_code == 200
    assert simulator.ledger()["totals"]["images_charged"] == 1


@pytest.mark.parametrize("model", ["qwen-image-2.0-pro", "z-image-turbo"])
def test_a_conversation_draws(simulator: RunningSimulator, model: str) -> None:
    answer = MultiModalConversation.call(model=model, messages=WORDS, size="1024*1024")

    assert answer.status_code == HTTPStatus.OK, answer.message
    content = answer.output.choices[0].message.content
    assert httpx2.get(content[0]["image"]).status_code == 200
    assert answer.usage["width"] == 1024


def test_a_conversation_edits(simulator: RunningSimulator) -> None:
    answer = MultiModalConversation.call(model="qwen-image-edit-plus", messages=EDIT, n=2)

    assert len(answer.output.choices[0].message.content) == 2


def test_a_conversation_is_refused_in_the_sdks_form(simulator: RunningSimulator) -> None:
    simulator.configure(retired="qwen-image-max")
    gone = MultiModalConversation.call(model="qwen-image-max", messages=WORDS)
    waiting = ImageGeneration.async_call(model="z-image-turbo", messages=WORDS)

    assert (gone.status_code, gone.code) == (404, "ModelNotFound")
    assert (waiting.status_code, waiting.code) == (400, "InvalidParameter")
    assert waiting.message == "url error, please check url!"


def test_a_face_is_trained(simulator: RunningSimulator, tmp_path: Path) -> None:
    faces = tmp_path / "faces.zip"
    with zipfile.ZipFile(faces, "w") as archive:
        archive.writestr("1.jpg", b"a face")
    uploaded = Files.upload(str(faces), purpose="inference", description="faces")
    file_id = uploaded.output["uploaded_files"][0]["file_id"]

    assert Files.get(file_id).output["name"] == "faces.zip"
    assert Files.list().output["total"] == 1

    created = FineTunes.call(model="facechain-finetune", training_file_ids=file_id)
    job_id = created.output.job_id
    # The SDK's own wait sleeps half a minute between two looks.
    wait_until(lambda: FineTunes.get(job_id).output.status == "SUCCEEDED")
    done = FineTunes.get(job_id)
    assert done.output.finetuned_output == f"facechain-finetune-{job_id}"
    assert FineTunes.list().output.total == 1
    assert FineTunes.cancel(job_id).code == "UnsupportedOperation"
