"""One order of every DashScope system against the stand-in provider, as a real process."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from results.picture import inspect
from schemas.catalogue import catalogue
from schemas.model import Model
from tests.simulator.running import RunningSimulator
from tests.waiting import wait_until
from tests.worker.dashscope_scene import job
from tests.worker.dashscope_systems import INPUT, SYSTEMS, System
from tests.worker.dashscope_tools import TOOLS
from worker.fetching import Fetched, Fetcher
from worker.providers.port import (
    Accepted,
    Done,
    NotSent,
    PollAnswer,
    Provider,
    RemotePicture,
    StillRunning,
    Unanswered,
)


def data_uri() -> str:
    packed = io.BytesIO()
    picture = Image.linear_gradient("L").resize((640, 640)).convert("RGB")
    picture.save(packed, "PNG")
    return f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode()}"


TODAY: dict[str, dict[str, Any]] = {
    "wanx2.0-t2i-turbo": {},
    "wanx2.1-t2i-turbo": {},
    "wanx2.1-t2i-plus": {},
    "wan2.2-t2i-flash": {"n": 2, "negative_prompt": "dogs"},
    "wan2.2-t2i-plus": {"parameters": {"size": "512*1440"}},
    "wan2.5-t2i-preview": {"parameters": {"prompt_extend": False}},
    "wan2.6-t2i": {"n": 2, "negative_prompt": "dogs", "parameters": {"size": "1280*1280"}},
    "wan2.6-image": {"parameters": {"images": [data_uri(), f"{INPUT}/b.png"], "size": "1K"}},
    "wan2.7-image": {"n": 2, "parameters": {"images": [data_uri()]}},
    "wan2.7-image-pro": {"parameters": {"size": "1K"}},
    "wan2.5-i2i-preview": {"parameters": {"images": [data_uri()], "size": "1280*1280"}},
    "wanx2.1-imageedit": {
        "parameters": {"function": "stylization_all", "base_image_url": data_uri()}
    },
    "qwen-image": {},
    "qwen-image-plus": {},
    "qwen-image-max": {},
    "qwen-image-2.0": {"n": 2, "parameters": {"size": "512*512"}},
    "qwen-image-2.0-pro": {"parameters": {"size": "512*512", "images": [data_uri()]}},
    "qwen-image-3.0": {"parameters": {"size": "512*512"}},
    "qwen-image-3.0-pro": {"n": 2, "parameters": {"size": "2048*2048"}},
    "z-image-turbo": {"parameters": {"size": "512*512", "prompt_extend": True}},
}


def found_model(name: str) -> Model:
    return catalogue().find(name, "dashscope")


def finished(client: Provider, ticket: str) -> Done:
    seen: list[PollAnswer] = []

    def ended() -> bool:
        seen.append(client.poll(ticket))
        return not isinstance(seen[-1], StillRunning)

    wait_until(ended, what=f"the end of {ticket}")
    assert isinstance(seen[-1], Done), seen[-1]
    return seen[-1]


def done(client: Provider, name: str, fields: dict[str, Any]) -> Done:
    """The end of an order, in the way its model goes."""
    model = found_model(name)
    answer = client.submit(job(**fields), model)
    if model.synchronous:
        assert isinstance(answer, Done), answer
        return answer
    assert isinstance(answer, Accepted), answer
    return finished(client, answer.ticket)


def parts(found: Done, fetcher: Fetcher) -> set[tuple[str, str]]:
    """Part and content type of each picture, fetched and looked at."""
    seen = set()
    for picture in found.pictures:
        assert isinstance(picture, RemotePicture)
        fetched = fetcher.fetch(picture.url)
        assert isinstance(fetched, Fetched), fetched
        seen.add((picture.part, inspect(fetched.data).content_type))
    return seen


@pytest.mark.parametrize(
    "system", [pytest.param(system, id=system.model) for system in (*SYSTEMS, *TOOLS)]
)
def test_an_order_of_a_system_becomes_its_pictures(
    client: Provider, fetcher: Fetcher, system: System
) -> None:
    fields = system.job
    if system.model == "facechain-generation":
        trained = done(client, "facechain-finetune", {"parameters": {"images": [data_uri()]}})
        resource = {"resource_id": trained.facts["finetuned_output"], "resource_type": "facelora"}
        fields = {**fields, "parameters": {**fields["parameters"], "resources": [resource]}}
    found = done(client, system.model, fields)
    assert found.failures == ()
    assert found.charged is None
    assert {name for _, name in system.pictures} - {"text"} <= {
        name for name, _ in parts(found, fetcher)
    }
    whole = [picture.index for picture in found.pictures if not picture.part]
    assert whole == list(range(1, fields.get("n", 1) + 1))
    assert set(found.facts) == set(system.facts) - {"text_results"}


@pytest.mark.parametrize(
    ("name", "fields"), [pytest.param(*row, id=row[0]) for row in TODAY.items()]
)
def test_an_order_of_a_model_of_today_becomes_its_pictures(
    client: Provider, fetcher: Fetcher, name: str, fields: dict[str, Any]
) -> None:
    found = done(client, name, {"prompt": "a calm lake", **fields})
    assert parts(found, fetcher) == {("", "image/png")}
    assert [picture.index for picture in found.pictures] == list(range(1, fields.get("n", 1) + 1))
    assert found.failures == ()
    assert found.charged is None


def test_what_a_models_answer_tells_besides_is_kept(client: Provider) -> None:
    prompt = {"prompt": "a calm lake"}
    rewritten = done(client, "z-image-turbo", {**prompt, **TODAY["z-image-turbo"]})
    assert rewritten.actual_prompt not in (None, "a calm lake")
    plain = done(client, "z-image-turbo", {**prompt, "parameters": {"prompt_extend": False}})
    assert plain.actual_prompt is None
    billed = done(client, "qwen-image-3.0-pro", {**prompt, **TODAY["qwen-image-3.0-pro"]})
    assert billed.facts == {"output_image_type": "qima_output_2k"}


def test_faces_are_found_at_once(client: Provider) -> None:
    found = done(client, "facechain-facedetect", {"parameters": {"images": [f"{INPUT}/a.png"]}})
    assert found.pictures == ()
    assert found.facts == {"is_face": [True]}


def test_pictures_whose_answer_was_lost_were_drawn_and_are_in_no_list(
    client: Provider, simulator: RunningSimulator
) -> None:
    simulator.script({"on": "create", "match": "lost", "do": {"kind": "drop-after"}})
    answer = client.submit(job(prompt="a lost lake"), found_model("z-image-turbo"))
    assert isinstance(answer, Unanswered)
    assert simulator.ledger(prompt="a lost lake")["tasks"]


def test_a_training_file_whose_answer_was_lost_trains_nobody(
    client: Provider, simulator: RunningSimulator
) -> None:
    simulator.script({"on": "upload", "do": {"kind": "drop-after"}})
    order = job(prompt="", parameters={"images": [data_uri()]})
    finetune = found_model("facechain-finetune")
    assert isinstance(client.submit(order, finetune), NotSent)
    assert isinstance(client.submit(order, finetune), Accepted)
