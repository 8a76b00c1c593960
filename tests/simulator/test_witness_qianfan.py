"""Baidu's own SDK, unmodified but for its base URL, as the witness of the protocol."""

from __future__ import annotations

import io

import pytest
import qianfan
from PIL import Image
from qianfan.errors import APIError, AuthError
from qianfan.resources.typing import QfResponse

from tests.simulator.running import RunningSimulator


@pytest.fixture(autouse=True)
def sdk(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    config = qianfan.get_config()
    monkeypatch.setattr(config, "BASE_URL", simulator.url)
    monkeypatch.setattr(config, "CONSOLE_API_BASE_URL", simulator.url)
    monkeypatch.setattr(config, "DISABLE_CACHE", True)


def drawn(client: qianfan.Text2Image, prompt: str = "a cat", **fields: object) -> QfResponse:
    answer = client.do(prompt=prompt, with_decode="base64", **fields)  # type: ignore[arg-type]  # its fields are untyped
    assert isinstance(answer, QfResponse)
    return answer


def test_an_access_token_is_fetched_and_pictures_drawn(simulator: RunningSimulator) -> None:
    client = qianfan.Text2Image(ak="ak", sk="sk")
    answer = drawn(client, n=2, size="768x768", steps=20, sampler_index="DPM++ SDE Karras")

    assert answer.code == 200
    pictures = [Image.open(io.BytesIO(one["image"])) for one in answer["body"]["data"]]
    assert [picture.format for picture in pictures] == ["PNG", "PNG"]
    assert answer["body"]["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
    assert simulator.ledger()["requests"]["token"] == {"200": 1}
    assert simulator.ledger()["totals"]["images_charged"] == 2


def test_a_signed_order(simulator: RunningSimulator) -> None:
    client = qianfan.Text2Image(access_key="ak", secret_key="sk-simulated")
    assert drawn(client)["body"]["data"][0]["index"] == 1
    assert "token" not in simulator.ledger()["requests"]

    with pytest.raises(APIError) as refused:
        drawn(qianfan.Text2Image(access_key="ak", secret_key="sk-other"))
    assert refused.value.error_code == 14


def test_wrong_credentials(simulator: RunningSimulator) -> None:
    with pytest.raises(AuthError):
        drawn(qianfan.Text2Image(ak="wrong-ak", sk="sk"))


def test_errors_are_the_sdks_own(simulator: RunningSimulator) -> None:
    client = qianfan.Text2Image(ak="ak", sk="sk")
    for prompt, fields, code in (("a gun", {}, 336003), ("a cat", {"n": 5}, 336003)):
        with pytest.raises(APIError) as refused:
            drawn(client, prompt, **fields)
        assert refused.value.error_code == code
    assert simulator.ledger()["totals"]["images_charged"] == 0


def test_the_sdk_waits_for_its_turn(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "do": {"kind": "error", "status": 200, "code": "18"}})
    client = qianfan.Text2Image(ak="ak", sk="sk")
    assert drawn(client, retry_count=3)["body"]["data"]
    assert simulator.ledger()["totals"]["accepted_creates"] == 1


def test_the_sdk_fetches_a_new_token_when_the_old_one_is_revoked(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It would not ask again within the hour.
    monkeypatch.setattr(qianfan.get_config(), "ACCESS_TOKEN_REFRESH_MIN_INTERVAL", 0)
    client = qianfan.Text2Image(ak="ak", sk="sk")
    drawn(client)
    simulator.configure(token_era=2)

    drawn(client)
    assert simulator.ledger()["requests"]["token"] == {"200": 2}
    assert simulator.ledger()["totals"]["images_charged"] == 2
