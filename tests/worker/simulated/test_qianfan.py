"""Qianfan's client against the stand-in provider, as a real process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import SecretStr

from results.picture import inspect
from schemas.account import Account
from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.model import Model
from tests.shared_token import ProcessToken
from tests.simulator.running import RunningSimulator
from tests.worker.qianfan_scene import job
from worker.providers.port import Done, InlinePicture, Provider, Refused, SubmitAnswer, Unanswered
from worker.providers.registry import open_provider

SECRET = "sk-simulated"
RATE = 1000.0

Connect = Callable[..., Provider]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    options = ("--rate", str(RATE), "--seed", "5", "--generation-s", "0.02", "--images", "small")
    started = RunningSimulator(*options)
    yield started
    started.stop()


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    """As it was in the beginning, whatever an earlier test changed."""
    running.configure(rate=RATE, retired="", token_era=1, token_ttl_s=2592000.0, images="small")
    running.client.post("/_reset")
    return running


@pytest.fixture
def connect(simulator: RunningSimulator) -> Iterator[Connect]:
    opened: list[Provider] = []

    def open_client(access: str = "ak-1", secret: str = SECRET, **fields: Any) -> Provider:
        account = Account(
            provider="qianfan",
            api_key=SecretStr(access),
            secret_key=SecretStr(secret),
            base_url=simulator.url,
            **fields,
        )
        opened.append(open_provider("qianfan", account, 16, ProcessToken()))
        return opened[-1]

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def client(connect: Connect) -> Provider:
    return connect()


def sd_xl() -> Model:
    return catalogue().find("sd_xl", "qianfan")


def order(client: Provider, **changes: Any) -> SubmitAnswer:
    return client.submit(job(**{"prompt": "a cat", **changes}), sd_xl())


def refusal(answer: SubmitAnswer) -> tuple[ErrorClass, str]:
    assert isinstance(answer, Refused)
    return answer.failure.error_class, answer.failure.code


def asked(simulator: RunningSimulator, endpoint: str) -> int:
    return sum(simulator.ledger()["requests"].get(endpoint, {}).values())


def test_pictures_come_in_the_size_ordered(simulator: RunningSimulator, client: Provider) -> None:
    simulator.configure(images="full")
    found = order(client, n=2, parameters={"size": "576x1024", "seed": 7})
    assert isinstance(found, Done)
    assert [picture.index for picture in found.pictures] == [1, 2]
    for picture in found.pictures:
        assert isinstance(picture, InlinePicture)
        facts = inspect(picture.data)
        assert (facts.width, facts.height) == (576, 1024)


def test_everything_the_catalogue_knows_is_taken(
    simulator: RunningSimulator, client: Provider
) -> None:
    parameters = {
        "size": "768x768",
        "steps": 20,
        "sampler_index": "DPM++ SDE Karras",
        "seed": 4294967295,
        "cfg_scale": 7.5,
        "style": "Photographic",
        "user_id": "u-1",
    }
    assert set(parameters) == set(sd_xl().parameters)
    found = order(client, n=4, negative_prompt="white", parameters=parameters)
    assert isinstance(found, Done)
    (task,) = simulator.ledger()["tasks"]
    assert (task["model"], task["n"], task["images_charged"]) == ("sd_xl", 4, 4)


def test_a_token_serves_until_it_is_revoked_and_is_replaced_once(
    simulator: RunningSimulator, client: Provider
) -> None:
    for _ in range(3):
        assert isinstance(order(client), Done)
    assert asked(simulator, "token") == 1
    simulator.configure(token_era=2)
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: order(client), range(16)))
    assert all(isinstance(one, Done) for one in found)
    assert asked(simulator, "token") == 2
    assert len(simulator.ledger()["tasks"]) == 19


def test_a_token_that_ends_at_once_is_an_account_error(
    simulator: RunningSimulator, client: Provider
) -> None:
    simulator.configure(token_ttl_s=0.0)
    assert refusal(order(client)) == (ErrorClass.ACCOUNT, "111")
    assert asked(simulator, "token") == 2
    assert simulator.ledger()["tasks"] == []


@pytest.mark.parametrize("keys", [("wrong-ak", SECRET), ("ak-1", "wrong-sk")])
def test_a_wrong_key_buys_no_token(connect: Connect, keys: tuple[str, str]) -> None:
    assert refusal(order(connect(*keys))) == (ErrorClass.ACCOUNT, "invalid_client")


def test_a_signed_order_is_taken_and_needs_no_token(
    simulator: RunningSimulator, connect: Connect
) -> None:
    assert isinstance(order(connect(auth="signature")), Done)
    assert asked(simulator, "token") == 0


def test_a_wrong_signature_is_an_account_error(connect: Connect) -> None:
    client = connect("ak-1", "another-secret", auth="signature")
    assert refusal(order(client)) == (ErrorClass.ACCOUNT, "14")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"prompt": "a gun on a table"}, (ErrorClass.MODERATED, "336003")),
        ({"parameters": {"steps": 51}}, (ErrorClass.INVALID, "336003")),
        ({"prompt": " "}, (ErrorClass.INVALID, "336001")),
    ],
)
def test_a_row_it_refuses_is_told_apart(
    client: Provider, changes: dict[str, Any], expected: tuple[ErrorClass, str]
) -> None:
    assert refusal(order(client, **changes)) == expected


def test_a_withheld_picture_leaves_the_others(client: Provider) -> None:
    found = order(client, prompt="a swimsuit", n=3)
    assert isinstance(found, Done)
    assert [picture.index for picture in found.pictures] == [1, 2]


def test_too_many_at_once_are_throttled(simulator: RunningSimulator, client: Provider) -> None:
    simulator.configure(rate=1.0)
    assert isinstance(order(client), Done)
    assert refusal(order(client)) == (ErrorClass.THROTTLED, "18")


def test_a_model_that_is_gone_stops_the_lane(simulator: RunningSimulator, client: Provider) -> None:
    simulator.configure(retired="sd_xl")
    assert refusal(order(client)) == (ErrorClass.MODEL_GONE, "336005")


@pytest.mark.parametrize(("kind", "charged"), [("drop", 0), ("drop-after", 1), ("garbage", 0)])
def test_a_lost_answer_may_have_been_paid_for(
    simulator: RunningSimulator, client: Provider, kind: str, charged: int
) -> None:
    simulator.script({"on": "create", "do": {"kind": kind}})
    assert isinstance(order(client), Unanswered)
    assert sum(task["images_charged"] for task in simulator.ledger()["tasks"]) == charged


@pytest.mark.parametrize(
    ("code", "meaning"),
    [("2", ErrorClass.TRANSIENT), ("17", ErrorClass.ACCOUNT), ("336100", ErrorClass.TRANSIENT)],
)
def test_the_vendors_own_errors_are_understood(
    simulator: RunningSimulator, client: Provider, code: str, meaning: ErrorClass
) -> None:
    fault = {"kind": "error", "status": 200, "code": code, "message": "because"}
    simulator.script({"on": "create", "do": fault})
    assert refusal(order(client)) == (meaning, code)
