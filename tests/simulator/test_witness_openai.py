"""OpenAI's own client, unmodified but for its base URL, as the witness of the protocol."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import httpx2
import openai
import pytest
from PIL import Image

from tests.simulator.running import KEY, RunningSimulator


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=KEY, base_url=simulator.url + "/v1", max_retries=0) as client:
        yield client


def test_pictures_in_the_answer(client: openai.OpenAI) -> None:
    answer = client.images.generate(
        model="gpt-image-1", prompt="a cat", n=2, size="1024x1024", quality="low"
    )

    assert answer.data is not None
    assert answer.usage is not None
    contents = [base64.b64decode(one.b64_json or "") for one in answer.data]
    assert [Image.open(io.BytesIO(content)).format for content in contents] == ["PNG", "PNG"]
    assert answer.usage.output_tokens == 2 * 272
    assert answer.size == "1024x1024"


def test_pictures_by_address(client: openai.OpenAI) -> None:
    answer = client.images.generate(model="dall-e-3", prompt="a cat", response_format="url")

    assert answer.data is not None
    (one,) = answer.data
    assert one.revised_prompt
    assert httpx2.get(one.url or "").headers["content-type"] == "image/png"


def test_errors_are_the_clients_own(simulator: RunningSimulator, client: openai.OpenAI) -> None:
    generate = client.images.generate
    with pytest.raises(openai.BadRequestError) as blocked:
        generate(model="gpt-image-1", prompt="a gun")
    assert (blocked.value.code, blocked.value.type) == (
        "moderation_blocked",
        "image_generation_user_error",
    )
    with pytest.raises(openai.NotFoundError) as gone:
        generate(model="gpt-image-9", prompt="a cat")
    assert gone.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="nonsense").images.generate(model="dall-e-2", prompt="a cat")
    simulator.configure(rate=0.1)
    generate(model="gpt-image-1", prompt="a cat")
    with pytest.raises(openai.RateLimitError) as limited:
        generate(model="gpt-image-1", prompt="a cat")
    assert limited.value.response.headers["retry-after"] == "10"


def test_the_client_waits_as_it_is_told(simulator: RunningSimulator) -> None:
    simulator.configure(rate=4, limiter="sliding-window")
    with openai.OpenAI(api_key=KEY, base_url=simulator.url + "/v1", max_retries=5) as client:
        for _ in range(5):
            client.images.generate(model="gpt-image-1", prompt="a cat")

    assert simulator.ledger()["throttled"]["create"] >= 1
    assert simulator.ledger()["totals"]["accepted_creates"] == 5


def test_the_client_resends_an_order_whose_answer_was_lost(simulator: RunningSimulator) -> None:
    """Known of it: a lost answer makes it order, and pay, twice."""
    simulator.script({"on": "create", "do": {"kind": "drop-after"}})
    with openai.OpenAI(api_key=KEY, base_url=simulator.url + "/v1", max_retries=1) as client:
        client.images.generate(model="gpt-image-1", prompt="a cat")

    assert simulator.ledger()["totals"]["images_charged"] == 2


def test_other_houses_answer_it_too(client: openai.OpenAI) -> None:
    for model, extra in (
        ("doubao-seedream-4-0-250828", {"watermark": False}),
        ("my-own-flux", {"seed": 7, "num_inference_steps": 20}),
        ("Kwai-Kolors/Kolors", {"image_size": "1024x1024"}),
    ):
        answer = client.images.generate(model=model, prompt="a cat", extra_body=extra)
        found = answer.data or (answer.model_extra or {})["images"]
        assert len(found) == 1


def test_it_speaks_to_baidus_second_api(simulator: RunningSimulator) -> None:
    with openai.OpenAI(
        api_key="bce-v3/ALTAK-abc/def", base_url=simulator.url + "/v2", max_retries=0
    ) as client:
        answer = client.images.generate(model="irag-1.0", prompt="a cat", n=2)
        assert answer.data is not None
        assert [httpx2.get(one.url or "").status_code for one in answer.data] == [200, 200]
        with pytest.raises(openai.PermissionDeniedError) as unsafe:
            client.images.generate(model="irag-1.0", prompt="a gun")
        assert unsafe.value.code == "system_unsafe"
