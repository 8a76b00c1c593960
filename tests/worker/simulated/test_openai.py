"""The client of OpenAI's images API against every house that speaks it, as a real process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from results.picture import inspect
from schemas.account import SIMULATOR_ACCOUNT, Account
from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.model import Model
from schemas.settings import Settings
from tests.shared_token import ProcessToken
from tests.simulator.running import RunningSimulator
from worker.fetching import Fetched
from worker.providers.port import Done, InlinePicture, Picture, Refused, SubmitAnswer, Unanswered
from worker.providers.registry import open_fetcher, open_provider

MODELS = [model for model in catalogue() if model.provider in ("openai", "qianfan-v2")]
OWN = (
    catalogue()
    .find("gpt-image-2", "openai")
    .model_copy(update={"name": "sdxl-in-the-next-room", "parameters": {}})
)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    options = ("--rate", "1000", "--seed", "5", "--generation-s", "0.02")
    started = RunningSimulator(*options)
    yield started
    started.stop()


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    """As it was in the beginning, whatever an earlier test changed."""
    running.configure(retired="", rate=1000.0, images="small")
    running.client.post("/_reset")
    return running


def account_of(simulator: RunningSimulator, provider: str, **changes: Any) -> Account:
    account = Settings(simulator_url=simulator.url).account(SIMULATOR_ACCOUNT, provider)
    return account.model_copy(update=changes)


def order(
    simulator: RunningSimulator, model: Model, prompt: str = "a lighthouse", **changes: Any
) -> SubmitAnswer:
    lane = f"{model.provider}:{model.name}@simulator"
    job = Job(**{"id": "SKU-1", "line": 2, "lane": lane, "prompt": prompt, "name": "S", **changes})
    account = account_of(simulator, model.provider)
    client = open_provider(model.provider, account, 2, ProcessToken())
    try:
        return client.submit(job, model)
    finally:
        client.close()


def bytes_of(simulator: RunningSimulator, model: Model, picture: Picture) -> bytes:
    if isinstance(picture, InlinePicture):
        return picture.data
    fetcher = open_fetcher(model.provider, account_of(simulator, model.provider), 1)
    found = fetcher.fetch(picture.url)
    fetcher.close()
    assert isinstance(found, Fetched), found
    assert picture.expires_at_s is not None
    return found.data


def charged(simulator: RunningSimulator) -> int:
    return sum(task["images_charged"] for task in simulator.ledger()["tasks"])


@pytest.mark.parametrize("model", [*MODELS, OWN], ids=lambda one: f"{one.provider}:{one.name}")
def test_every_model_is_ordered_once_and_drawn(simulator: RunningSimulator, model: Model) -> None:
    n = min(2, model.max_n)
    done = order(simulator, model, n=n)
    assert isinstance(done, Done), done
    assert done.failures == ()
    assert [picture.index for picture in done.pictures] == list(range(1, n + 1))
    for picture in done.pictures:
        assert inspect(bytes_of(simulator, model, picture)).width > 0
    assert charged(simulator) == n
    assert done.charged is None


@pytest.mark.parametrize("model", [*MODELS, OWN], ids=lambda one: f"{one.provider}:{one.name}")
def test_content_is_refused_in_each_houses_words_and_costs_nothing(
    simulator: RunningSimulator, model: Model
) -> None:
    answer = order(simulator, model, "a toy pistol")
    assert isinstance(answer, Refused), answer
    assert answer.failure.error_class is ErrorClass.MODERATED
    assert "pistol" not in answer.failure.message
    assert charged(simulator) == 0


@pytest.mark.parametrize("model", [*MODELS, OWN], ids=lambda one: f"{one.provider}:{one.name}")
def test_a_model_that_is_gone_stops_its_lane(simulator: RunningSimulator, model: Model) -> None:
    simulator.configure(retired=model.wire_name or model.name)
    answer = order(simulator, model)
    assert isinstance(answer, Refused), answer
    assert answer.failure.error_class is ErrorClass.MODEL_GONE


@pytest.mark.parametrize("model", [*MODELS, OWN], ids=lambda one: f"{one.provider}:{one.name}")
def test_too_many_orders_are_a_throttle(simulator: RunningSimulator, model: Model) -> None:
    simulator.configure(rate=0.01)
    answers = [order(simulator, model) for _ in range(2)]
    last = answers[-1]
    assert isinstance(last, Refused), last
    assert last.failure.error_class is ErrorClass.THROTTLED
    if model.name.startswith("gpt-"):
        assert last.retry_after_s is not None
        assert last.retry_after_s > 0


@pytest.mark.parametrize(
    "model",
    [one for one in MODELS if one.name in ("gpt-image-2", "irag-1.0", "doubao-seedream-4-5")],
    ids=lambda one: f"{one.provider}:{one.name}",
)
def test_a_wrong_key_is_the_accounts_fault(simulator: RunningSimulator, model: Model) -> None:
    account = account_of(simulator, model.provider, api_key=None)
    client = open_provider(model.provider, account, 1, ProcessToken())
    lane = f"{model.provider}:{model.name}@simulator"
    job = Job(id="SKU-1", line=2, lane=lane, prompt="a lighthouse", name="S")
    answer = client.submit(job, model)
    client.close()
    assert isinstance(answer, Refused), answer
    assert answer.failure.error_class is ErrorClass.ACCOUNT


def test_a_server_in_the_next_room_is_asked_without_a_key(simulator: RunningSimulator) -> None:
    account = account_of(simulator, "openai", api_key=None)
    assert not account.needs_key
    client = open_provider("openai", account, 1, ProcessToken())
    lane = f"openai:{OWN.name}@default"
    job = Job(id="SKU-1", line=2, lane=lane, prompt="a lighthouse", name="S")
    assert isinstance(client.submit(job, OWN), Done)
    client.close()


def test_an_answer_lost_on_its_way_may_have_been_paid_for(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "do": {"kind": "drop-after"}})
    model = catalogue().find("gpt-image-2", "openai")
    assert isinstance(order(simulator, model), Unanswered)
    assert charged(simulator) == 1
