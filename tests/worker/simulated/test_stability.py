"""Stability's client against the stand-in provider, as a real process."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from results.picture import inspect
from schemas.account import Account
from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from tests.shared_token import ProcessToken
from tests.simulator.running import RunningSimulator
from tests.worker.stability_scene import job
from worker.providers.port import (
    Done,
    InlinePicture,
    Picture,
    Provider,
    Refused,
    SubmitAnswer,
    Unanswered,
)
from worker.providers.registry import open_provider

ENGINE = "stable-diffusion-xl-1024-v1-0"
CORE = "stable-image-core"
MODELS = [model.name for model in catalogue() if model.provider == "stability"]
SECOND = [
    model.name
    for model in catalogue()
    if model.provider == "stability" and model.protocol != "stability-v1"
]
DRAWS_ON = [
    model.name
    for model in catalogue()
    if model.provider == "stability" and "image" in model.parameters
]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    options = ("--rate", "1000", "--seed", "5", "--generation-s", "0.02", "--images", "small")
    started = RunningSimulator(*options)
    yield started
    started.stop()


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    """As it was in the beginning, whatever an earlier test changed."""
    running.configure(retired="", credits=1000.0, burst=1000, images="small")
    running.client.post("/_reset")
    return running


def open_client(simulator: RunningSimulator, key: str = "sk-test") -> Provider:
    account = Account(provider="stability", api_key=SecretStr(key), base_url=simulator.url)
    return open_provider("stability", account, 4, ProcessToken())


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Provider]:
    opened = open_client(simulator)
    yield opened
    opened.close()


def order(client: Provider, model: str, **changes: Any) -> SubmitAnswer:
    fields = {"prompt": "a lighthouse", **changes}
    return client.submit(job(**fields), catalogue().find(model, "stability"))


def refusal(answer: SubmitAnswer) -> tuple[ErrorClass, str]:
    assert isinstance(answer, Refused)
    return answer.failure.error_class, answer.failure.code


def size(picture: Picture) -> tuple[int, int]:
    assert isinstance(picture, InlinePicture)
    facts = inspect(picture.data)
    return facts.width, facts.height


def charged(simulator: RunningSimulator) -> int:
    return sum(task["images_charged"] for task in simulator.ledger()["tasks"])


def data_uri() -> str:
    written = io.BytesIO()
    Image.linear_gradient("L").resize((640, 640)).convert("RGB").save(written, "PNG")
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


@pytest.mark.parametrize("model", MODELS)
def test_every_model_draws(simulator: RunningSimulator, client: Provider, model: str) -> None:
    found = order(client, model)
    assert isinstance(found, Done)
    assert [picture.index for picture in found.pictures] == [1]
    assert len(found.facts["seeds"]) == 1
    assert charged(simulator) == 1


def test_an_engine_draws_several_in_the_size_ordered(
    simulator: RunningSimulator, client: Provider
) -> None:
    simulator.configure(images="full")
    parameters = {
        "size": "1152x896",
        "cfg_scale": 7,
        "clip_guidance_preset": "NONE",
        "sampler": "K_EULER",
        "seed": 42,
        "steps": 30,
        "style_preset": "cinematic",
    }
    found = order(client, ENGINE, n=3, negative_prompt="blurry", parameters=parameters)
    assert isinstance(found, Done)
    assert [size(picture) for picture in found.pictures] == [(1152, 896)] * 3
    assert charged(simulator) == 3


@pytest.mark.parametrize("model", SECOND)
def test_an_aspect_ratio_is_kept(simulator: RunningSimulator, client: Provider, model: str) -> None:
    simulator.configure(images="full")
    found = order(client, model, parameters={"aspect_ratio": "21:9", "seed": 4294967294})
    assert isinstance(found, Done)
    width, height = size(found.pictures[0])
    assert width / height == pytest.approx(21 / 9, rel=0.1)


@pytest.mark.parametrize("model", DRAWS_ON)
def test_a_picture_to_begin_with_arrives(
    simulator: RunningSimulator, client: Provider, model: str
) -> None:
    found = order(client, model, parameters={"image": data_uri(), "strength": 0.6})
    assert isinstance(found, Done)
    (task,) = simulator.ledger()["tasks"]
    assert "image" in task["inputs"]


def test_a_filtered_picture_of_several_is_billed_and_no_picture(
    simulator: RunningSimulator, client: Provider
) -> None:
    found = order(client, ENGINE, prompt="a swimsuit", n=2)
    assert isinstance(found, Done)
    assert [picture.index for picture in found.pictures] == [1]
    assert [failure.error_class for failure in found.failures] == [ErrorClass.MODERATED]
    assert found.charged == charged(simulator) == 2


@pytest.mark.parametrize("model", SECOND)
def test_a_filtered_picture_is_billed_and_no_picture(
    simulator: RunningSimulator, client: Provider, model: str
) -> None:
    found = order(client, model, prompt="a swimsuit")
    assert isinstance(found, Done)
    assert found.pictures == ()
    assert [failure.code for failure in found.failures] == ["CONTENT_FILTERED"]
    assert found.charged == charged(simulator) == 1


@pytest.mark.parametrize(
    ("model", "name"), [(ENGINE, "invalid_prompts"), (CORE, "content_moderation")]
)
def test_a_prompt_it_refuses_is_moderated_and_free(
    simulator: RunningSimulator, client: Provider, model: str, name: str
) -> None:
    assert refusal(order(client, model, prompt="a gun")) == (ErrorClass.MODERATED, name)
    assert charged(simulator) == 0


def test_a_picture_that_failed_is_free_and_leaves_the_others(
    simulator: RunningSimulator, client: Provider
) -> None:
    simulator.script({"on": "create", "do": {"kind": "partial", "images": 1}})
    found = order(client, ENGINE, n=3)
    assert isinstance(found, Done)
    assert len(found.pictures) == charged(simulator) == 2
    assert [failure.code for failure in found.failures] == ["ERROR"]


@pytest.mark.parametrize("model", [ENGINE, CORE])
def test_a_wrong_key_is_an_account_error(simulator: RunningSimulator, model: str) -> None:
    client = open_client(simulator, "sk-wrong")
    assert refusal(order(client, model)) == (ErrorClass.ACCOUNT, "unauthorized")
    client.close()


@pytest.mark.parametrize("model", [ENGINE, CORE])
def test_without_credits_the_account_stops(
    simulator: RunningSimulator, client: Provider, model: str
) -> None:
    simulator.configure(credits=0.0)
    assert refusal(order(client, model))[0] is ErrorClass.ACCOUNT
    assert charged(simulator) == 0


@pytest.mark.parametrize("model", [ENGINE, CORE])
def test_one_request_too_many_shuts_the_account_out_for_a_minute(
    simulator: RunningSimulator, client: Provider, model: str
) -> None:
    simulator.configure(burst=1)
    assert isinstance(order(client, model), Done)
    for _ in range(2):
        found = order(client, model)
        assert isinstance(found, Refused)
        assert found.failure.error_class is ErrorClass.THROTTLED
        assert found.retry_after_s == 60.0


@pytest.mark.parametrize(
    ("model", "parameters"),
    [(ENGINE, {"size": "512x512"}), (ENGINE, {"steps": 9}), (CORE, {"aspect_ratio": "7:3"})],
)
def test_a_wrong_row_is_refused(client: Provider, model: str, parameters: dict[str, Any]) -> None:
    assert refusal(order(client, model, parameters=parameters))[0] is ErrorClass.INVALID


def test_an_engine_that_is_gone_stops_the_lane(
    simulator: RunningSimulator, client: Provider
) -> None:
    simulator.configure(retired=ENGINE)
    assert refusal(order(client, ENGINE)) == (ErrorClass.MODEL_GONE, "not_found")


@pytest.mark.parametrize("model", [ENGINE, CORE])
@pytest.mark.parametrize(("kind", "cost"), [("drop", 0), ("drop-after", 1), ("garbage", 0)])
def test_a_lost_answer_may_have_been_paid_for(
    simulator: RunningSimulator, client: Provider, model: str, kind: str, cost: int
) -> None:
    simulator.script({"on": "create", "do": {"kind": kind}})
    assert isinstance(order(client, model), Unanswered)
    assert charged(simulator) == cost
